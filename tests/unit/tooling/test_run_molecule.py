# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from ansible_collections.longrunning.tasks.tests.tooling import run_molecule

ROOT = Path(__file__).resolve().parents[3]
SCENARIOS = ROOT / "extensions" / "molecule"
PLAYBOOKS = sorted(
    path for action in ("create", "prepare", "converge", "verify") for path in SCENARIOS.glob(f"*/{action}.yml")
)


def made(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def report(folder, action, *cases):
    """Write what the callback plugin junit writes, with pairs of a host and what went wrong with its task."""
    told = "".join(
        f'<testcase name="[{host}] Play: Task">{f"<{wrong} />" if wrong else ""}</testcase>' for host, wrong in cases
    )
    folder.mkdir(parents=True, exist_ok=True)
    number = len(list(folder.iterdir()))
    (folder / f"{action}-{number}.0.xml").write_text(f"<testsuites><testsuite>{told}</testsuite></testsuites>")


@pytest.fixture
def root(tmp_path):
    """A collection with a component of each kind, and a whole scenario for each."""
    made(
        tmp_path,
        "plugins/action/wait.py",
        "plugins/doc_fragments/connection.py",
        "plugins/lookup/code.py",
        "plugins/modules/wait.py",
        "plugins/module_utils/_core/task.py",
        "roles/drill/tasks/main.yml",
        "extensions/molecule/config.yml",
        "extensions/molecule/inventory/hosts.yml",
        "extensions/molecule/utils/playbooks/hosts.yml",
        "extensions/molecule/default/molecule.yml",
        *(f"extensions/molecule/{name}/{file}" for name in ("code", "drill", "wait") for file in run_molecule.NEEDED),
    )
    return tmp_path


# This collection's own scenarios


def test_every_module_plugin_and_role_has_a_scenario():
    assert run_molecule.gaps(ROOT) == []


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_playbook_fails_where_there_are_no_hosts(path):
    first = yaml.safe_load(path.read_text(encoding="utf-8"))[0]
    assert first["ansible.builtin.import_playbook"] == "../utils/playbooks/hosts_are_there.yml"


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*/molecule.yml")), ids=lambda path: path.parent.name)
def test_every_playbook_is_in_the_sequence(path):
    shared = yaml.safe_load((SCENARIOS / "config.yml").read_text(encoding="utf-8"))
    own = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    sequence = own["scenario"].get("test_sequence", shared["scenario"]["test_sequence"])
    there = {action for action in run_molecule.ACTIONS if (path.parent / f"{action}.yml").is_file()}
    assert set(sequence) - {"idempotence"} == there


def test_the_reports_are_written_where_they_are_read():
    shared = yaml.safe_load((SCENARIOS / "config.yml").read_text(encoding="utf-8"))
    written = shared["ansible"]["env"]["JUNIT_OUTPUT_DIR"]
    said = written.replace("${MOLECULE_PROJECT_DIRECTORY}", str(ROOT)).replace("${MOLECULE_SCENARIO_NAME}", "one")
    assert Path(said) == run_molecule.REPORTS / "one"
    assert shared["prerun"] is False, "else the user's own collections get a copy of the working tree"


# What is missing


def test_a_whole_collection_has_no_gaps(root):
    assert run_molecule.scenarios(root) == ["code", "drill", "wait"]
    assert run_molecule.gaps(root) == []


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("plugins/modules/launch.py", "launch"),
        ("plugins/filter/codes.py", "codes"),
        ("roles/wait_for_many/tasks/main.yml", "wait_for_many"),
    ],
)
def test_a_component_without_a_scenario_is_told_with_what_to_add(root, path, name):
    made(root, path)
    (gap,) = run_molecule.gaps(root)
    assert path.startswith(gap.split()[0])
    assert gap.endswith(f"add extensions/molecule/{name} with molecule.yml, converge.yml, verify.yml")


def test_a_scenario_of_nothing_is_told(root):
    (root / "plugins" / "lookup" / "code.py").unlink()
    assert run_molecule.gaps(root) == [
        "extensions/molecule/code is named after no module, plugin or role: rename or remove it"
    ]


@pytest.mark.parametrize("file", run_molecule.NEEDED)
def test_a_scenario_without_a_file_is_told(root, file):
    (root / "extensions" / "molecule" / "wait" / file).unlink()
    assert run_molecule.gaps(root) == [f"extensions/molecule/wait has no {file}: add it"]


# What did nothing


def test_a_scenario_whose_playbooks_did_something_has_passed(root, tmp_path):
    reports = tmp_path / "reports"
    report(reports, "converge", ("localhost", ""), ("controller", ""), ("controller", "failure"))
    report(reports, "converge", ("controller", ""))
    report(reports, "verify", ("controller", ""), ("controller", "skipped"))
    assert run_molecule.faults(root / "extensions" / "molecule" / "wait", reports) == []


@pytest.mark.parametrize(
    "cases",
    [
        [],
        [("localhost", "")],
        [("include", "")],
        [("localhost", ""), ("controller", "skipped")],
        [("controller", "failure"), ("controller", "error")],
    ],
)
def test_a_playbook_without_a_task_that_went_well_is_told(root, tmp_path, cases):
    reports = tmp_path / "reports"
    report(reports, "converge", ("controller", ""))
    # Of two runs, one that did nothing is enough.
    report(reports, "converge", *cases)
    report(reports, "verify", ("controller", ""))
    assert run_molecule.faults(root / "extensions" / "molecule" / "wait", reports) == [
        "converge.yml ran, but no task went well on a host of the inventory"
    ]


def test_a_playbook_that_did_not_run_is_told(root, tmp_path):
    made(root, "extensions/molecule/wait/cleanup.yml")
    reports = tmp_path / "reports"
    report(reports, "converge", ("controller", ""))
    assert run_molecule.faults(root / "extensions" / "molecule" / "wait", reports) == [
        "verify.yml was not run to its end",
        "cleanup.yml was not run to its end",
    ]


# What is left


def test_a_simulator_that_still_runs_is_stopped_and_told(tmp_path):
    program = [sys.executable, "-B", "-m", "task_simulator"]
    folder = ROOT / "roles" / "task_simulator" / "files"
    state = tmp_path / "scenario" / "simulator"
    state.parent.mkdir()
    started = subprocess.run(
        [*program, "--daemonize", "--json", "--state-dir", str(state)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    pid = json.loads(started.stdout)["pid"]
    assert run_molecule.stop_simulators(tmp_path) == ["the simulator of scenario/simulator was left running"]
    until = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()
    assert run_molecule.stop_simulators(tmp_path) == []


# What Molecule says


def test_the_scenario_that_failed_is_told_by_molecule(tmp_path, monkeypatch, capsys):
    program = tmp_path / "molecule"
    program.write_text(
        "#!/bin/sh\n"
        'echo "$@"\n'
        "echo \"WARNING  [wait > idempotence] An error occurred during the test sequence action: 'idempotence'.\" >&2\n"
        "exit 3\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert run_molecule.run_molecule(["wait", "code"]) == (3, {"wait": "idempotence"})
    assert capsys.readouterr().out.startswith("test --scenario-name=wait --scenario-name=code --report")
    assert run_molecule.run_molecule([]) == (3, {"wait": "idempotence"})
    assert capsys.readouterr().out.startswith("test --all --report")
