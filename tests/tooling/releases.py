# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tarball: built and installed from a clean copy of the tree, and imported as Galaxy does."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from . import sources
from .workspace import BUILD, INSTALLED, NAME, clean_environment, locked

if TYPE_CHECKING:
    import nox

    from .tally import Tally


#: The importer gives it three minutes, however slow the machine.
_LINT_TOOK_LONG = "Timeout on call to ansible-lint"


def build(session: nox.Session, tally: Tally, requirement: str) -> None:
    """Build the tarball and install it into .build/installed, unless nothing has changed."""
    with locked("build"):
        source, dist, stamp = BUILD / "source", BUILD / "dist", BUILD / "dist" / "fingerprint"
        sources.copy(source)
        fingerprint = sources.fingerprint() + requirement
        if stamp.is_file() and stamp.read_text() == fingerprint and (INSTALLED / NAME / "MANIFEST.json").is_file():
            session.log(f"nothing has changed: {', '.join(path.name for path in dist.glob('*.tar.gz'))}")
            tally.add(passed=2)
            return
        shutil.rmtree(dist, ignore_errors=True)
        environment = clean_environment()
        galaxy = ("ansible-galaxy", "collection")
        session.run(*galaxy, "build", str(source), "--output-path", str(dist), env=environment)
        tally.add(passed=1)
        (tarball,) = dist.glob("*.tar.gz")
        fresh = BUILD / "installed.new"
        shutil.rmtree(fresh, ignore_errors=True)
        session.run(*galaxy, "install", "--offline", "-p", str(fresh), str(tarball), env=environment)
        shutil.rmtree(INSTALLED, ignore_errors=True)
        fresh.rename(INSTALLED)
        tally.add(passed=1)
        stamp.write_text(fingerprint)


def as_released(session: nox.Session, tally: Tally) -> Path:
    """Make a copy of the tree as a release would be: with a repository named."""
    tree = BUILD / session.name / NAME
    shutil.rmtree(BUILD / session.name, ignore_errors=True)
    sources.copy(tree)
    galaxy = tree / "galaxy.yml"
    text = galaxy.read_text(encoding="utf-8")
    if "\nrepository:" not in text:
        tally.note("galaxy.yml names no repository, which Galaxy wants: a made-up one stands in for it here")
        galaxy.write_text(f"{text}repository: https://example.invalid/longrunning/tasks\n", encoding="utf-8")
    return tree


def imported(session: nox.Session, tally: Tally, tree: Path) -> None:
    """Build the tarball of a tree, import it as Galaxy does, and count its complaints."""
    dist = tree.parents[2] / "dist"
    environment = clean_environment(PATH=os.pathsep.join([session.bin, os.environ["PATH"]]))
    session.run("ansible-galaxy", "collection", "build", str(tree), "--output-path", str(dist), env=environment)
    (built,) = dist.glob("*.tar.gz")

    def run_importer(**settings: str) -> str:
        command = ("python", "-m", "galaxy_importer.main", str(built))
        # It leaves a file where it runs.
        with session.chdir(dist):
            said = str(session.run(*command, env={**environment, **settings}, silent=True))
        print(said)
        return said

    said = run_importer()
    if _LINT_TOOK_LONG in said:
        tally.note("ansible-lint took the importer too long on this machine: the session ansible_lint alone ran it")
        said = run_importer(GALAXY_IMPORTER_RUN_ANSIBLE_LINT="false")
    wrong = [line for line in said.splitlines() if line.startswith(("ERROR", "WARNING"))]
    tally.expect("Importer processing completed successfully" in said and not wrong, f"complaints: {wrong}")
