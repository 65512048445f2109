# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ansible-test as users have it: in a copy of the tree, with a home of its own, and what its output says."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from . import interpreters, sources
from .workspace import BUILD, NAME, ROOT, clean_environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    import nox

    from .interpreters import Choice, Version


def prepare(
    session: nox.Session, choice: Choice, pythons: Mapping[Version, Path]
) -> tuple[Path, dict[str, str | None]]:
    """Install ansible-test, go to a copy of the tree, and return that and the environment."""
    session.install(choice.requirement, "pip")
    # ansible-test wants the real path to end in ansible_collections/NAMESPACE/NAME, so a copy and not a link.
    tree = BUILD / "ansible-test" / session.name / NAME
    sources.copy(tree)
    environment = clean_environment(
        HOME=_home(session, pythons),
        PATH=interpreters.path_of(session.bin, pythons),
        # Without this ansible-test asks the git repository above, which ignores .build, and checks no file at all.
        ANSIBLE_TEST_CONTENT_ROOT=tree,
    )
    # ansible-test shall read what a user has: no settings but its own.
    environment |= dict.fromkeys(name for name in environment if name.startswith("ANSIBLE_") and "TEST" not in name)
    session.chdir(tree)
    return tree, environment


def _home(session: nox.Session, pythons: Mapping[Version, Path]) -> Path:
    """Make a home for ansible-test, with the pip that it would download from a host that may be out of reach."""
    home = BUILD / "ansible-test-home" / session.name
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    _keep_pip_settings(home)
    ask = (
        "import sys; from types import SimpleNamespace as Python;"
        "from ansible_test._internal.python_requirements import get_venv_packages as wanted;"
        "packages = {package for version in sys.argv[1:] for package in wanted(Python(version=version)).items()};"
        "print(*sorted(map('=='.join, packages)))"
    )
    answer = session.run("python", "-c", ask, *map(interpreters.dotted, pythons), silent=True)
    for wanted in str(answer).split():
        name, _is, version = wanted.partition("==")
        if not list(cache.glob(f"{name}-{version}-*.whl")):
            session.run("python", "-m", "pip", "download", "--quiet", "--no-deps", "-d", str(cache), wanted)
        if name == "pip":
            shutil.copy(ROOT / "tests" / "tooling" / "get_pip.py", cache / f"get_pip_{version.replace('.', '_')}.py")
    return home


def _keep_pip_settings(home: Path) -> None:
    """Give pip under another home the settings it has here: ansible-test hands neither PIP_... nor the real home on."""
    old, new = Path(".pip", "pip.conf"), Path(".config", "pip", "pip.conf")
    for place in (old, new):
        (home / place).parent.mkdir(parents=True, exist_ok=True)
        (home / place).unlink(missing_ok=True)
    mine = [Path.home() / place for place in (new, old) if (Path.home() / place).is_file()]
    if mine:
        (home / new).symlink_to(mine[0])
    # The section of a command wins over [global], in whichever file, as the environment would.
    chosen = {
        name[4:].lower().replace("_", "-"): value for name, value in os.environ.items() if name.startswith("PIP_")
    }
    chosen.pop("config-file", None)
    (home / old).touch(mode=0o600)
    settings = "".join(f"{name} = {value}\n" for name, value in {**chosen, "quiet": "2"}.items())
    (home / old).write_text(f"[install]\n{settings}", encoding="utf-8")


def sanity(session: nox.Session, environment: dict[str, str | None], choice: Choice, *options: str) -> int:
    """Run the sanity tests and count them. They end well when ansible-test sees no file, so look for some."""
    if choice.core in interpreters.NEXT_CORES:
        # Before its release ansible-test takes a library of pylint from a repository, which may be out of reach.
        options = (*options, "--skip-test", "pylint")
    output = BUILD / "logs" / f"ansible-{session.name}.txt"
    output.parent.mkdir(parents=True, exist_ok=True)
    command = shlex.join(["ansible-test", "sanity", "--color", "no", *options, *session.posargs])
    run = f"set -o pipefail; {command} 2>&1 | tee {shlex.quote(str(output))}"
    session.run("bash", "-c", run, env=environment, external=True)
    lines = output.read_text(encoding="utf-8").splitlines()
    ran = [line.split("sanity test ")[1] for line in lines if line.startswith("Running sanity test ")]
    missing = {f'"{name}"' for name in ("empty-init", "pep8", "validate-modules", "yamllint")} - set(ran)
    if missing and not session.posargs:
        session.error(f"ansible-test did not run {', '.join(sorted(missing))}")
    return len(ran)
