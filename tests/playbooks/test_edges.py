# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each case of a playbook through both edges: in ansible-core's worker, and as a module. Field for field the same."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret

from unit.support.json_server import JsonHandler, serving

PLAYS = Path(__file__).parent / "plays"
#: Fields that differ between any two runs.
VOLATILE = {"at", "elapsed", "ansible_job_id", "results_file", "frame"}
#: ansible-core's own marks of a module: in 2.22, and in 2.19 and 2.20 for a failure that failed_when says is none.
MARKS = {"ansible_parsed", "failed_when_suppressed_exception"}
#: The variable of the waiting guide.
SETTING = "longrunning_tasks_in_process"
#: What ansible-core keeps of a result of task_info.
LARGEST_RESULT_MB = 0.03

#: The tasks that are told as cancelled at the next look.
CANCELLED: set[str] = set()


class Vendor(JsonHandler):
    """A vendor, and a proxy to it too. Its tasks say who was asked."""

    def do_GET(self):
        task_id = self.path.rpartition("/")[2]
        if task_id in CANCELLED:
            # Told once, so that both edges find the same.
            CANCELLED.discard(task_id)
            return self.answer(200, {**self._task(task_id), "status": "cancelled"})
        tasks = [self._task("a"), self._task("endless")] if task_id.startswith("tasks") else None
        return self.answer(200, {"tasks": tasks} if tasks else self._task(task_id))

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        if self.path.endswith("/cancel"):
            CANCELLED.add(self.path.split("/")[-2])
        self.answer(201, self._task("new"))

    def _task(self, task_id):
        status = {"bad": "failure", "endless": "processing"}.get(task_id, "success")
        message = f"{self.server.name}, not {self.headers['X-Auth-Token']}. Error code: '396'"
        return {
            "id": task_id,
            "status": status,
            "type": "import",
            "message": message,
            "created_at": "2026-01-01T00:00:00Z",
        }


@pytest.fixture
def vendors():
    """Return the addresses of two vendors."""
    with serving(Vendor, name="vendor 0") as one, serving(Vendor, name="vendor 1") as other:
        yield [one, other]


@pytest.fixture
def vault(tmp_path, secrets):
    """Return the arguments with which ansible-playbook knows a variable of the vault."""
    (tmp_path / "vault-password").write_text("open", encoding="utf-8")
    sealed = VaultLib([("default", VaultSecret(b"open"))]).encrypt(secrets["wrong"]).decode()
    lines = "\n".join(f"  {line}" for line in sealed.splitlines())
    (tmp_path / "vaulted.yml").write_text(f"vaulted_token: !vault |\n{lines}\n", encoding="utf-8")
    return ["--vault-password-file", str(tmp_path / "vault-password"), "-e", f"@{tmp_path / 'vaulted.yml'}"]


def settled(value):
    """Return a result without what differs between any two runs."""
    if isinstance(value, dict):
        return {key: settled(item) for key, item in value.items() if key not in VOLATILE | MARKS}
    if isinstance(value, list):
        return [settled(item) for item in value]
    return re.sub(r"\d+(\.\d+)? s\b", "_ s", value) if isinstance(value, str) else value


def tasks_with_modules(output):
    """Return the names of the tasks for which a module of the collection was run, as -vvv tells it."""
    parts = (part.partition("]") for part in output.split("TASK [")[1:])
    return {name for name, _bracket, told in parts if re.search(r"Using module file .*/task_\w+\.py", told)}


@pytest.fixture
def both(run_playbook, vendors, vault, tmp_path):
    """Return a function that runs the cases through both edges, and returns their results and what was printed."""

    def run(verbosity, strategy, *tags):
        done = run_playbook(
            "edges.yml",
            *("-i", str(PLAYS / "edges.inventory.yml"), *vault, *tags),
            cases="edges_cases.yml",
            url=vendors[0],
            proxies=vendors,
            method="ansible.builtin.su" if os.geteuid() == 0 else "ansible.builtin.sudo",
            verbosity=verbosity,
            environment={"ANSIBLE_STRATEGY": strategy, "ANSIBLE_PIPELINING": "true"},
        )
        done.assert_clean()
        results = {
            edge: {
                host: settled(json.loads((tmp_path / f"{edge}.{host}.json").read_text(encoding="utf-8")))
                for host in ("first", "far")
            }
            for edge in ("worker", "module")
        }
        return results, done.output

    return run


def assert_each_ran_where_it_should(output, least):
    here, _end, there = output.partition("TASK [Keep what was registered]")
    assert {name for name in tasks_with_modules(here) if "as a module" not in name} == set()
    assert {name for name in tasks_with_modules(there) if "as a module" in name} == tasks_with_modules(here)
    assert len(tasks_with_modules(there)) >= least


@pytest.mark.smoke
@pytest.mark.parametrize("way", ["-vvvvv linear", pytest.param(" free", marks=pytest.mark.newest)])
def test_both_edges_give_the_same_results(both, way):
    verbosity, strategy = way.split(" ")
    registered, output = both(verbosity, strategy)
    assert registered["worker"] == registered["module"]
    results = registered["worker"]["first"]
    assert len(results) > 30
    assert len(results["case_warning"]["warnings"]) == 1
    assert [cancel["outcome"] for cancel in results["case_cancel"]["cancels"]] == ["cancelled", "already_ended"]
    assert (results["case_on_timeout_cancel"]["outcome"], results["case_on_timeout_cancel"]["changed"]) == (
        "timed_out",
        True,
    )
    assert [item["task"]["message"][:8] for item in results["case_environment"]["results"]] == ["vendor 0", "vendor 1"]
    if verbosity:
        assert_each_ran_where_it_should(output, 31)


@pytest.mark.newest
@pytest.mark.parametrize("way", ["-v ansible.builtin.host_pinned", "-vv free", "-vvv linear", "-vvvv linear"])
def test_neither_verbosity_nor_strategy_nor_tags_change_a_result(both, way):
    verbosity, strategy = way.split(" ")
    registered, output = both(verbosity, strategy, "--tags", "few")
    assert registered["worker"] == registered["module"]
    assert len(registered["worker"]["first"]) == 13
    assert registered["worker"]["first"]["case_role"]["task"]["state"] == "succeeded"
    if verbosity.count("v") >= 3 and strategy == "linear":
        assert_each_ran_where_it_should(output, 13)


def test_both_edges_end_a_wait_alike(run_playbook, vendors, tmp_path):
    inventory = str(PLAYS / "edges.inventory.yml")
    run = run_playbook("edges.yml", "-i", inventory, cases="edges_ends.yml", url=vendors[0], verbosity="-v")
    run.assert_clean()
    worker, module = (
        settled(json.loads((tmp_path / f"{edge}.first.json").read_text(encoding="utf-8")))
        for edge in ("worker", "module")
    )
    assert worker == module
    # Of the other cases the playbook itself says what they have to be.
    assert {name for name, result in worker.items() if result["failed"]} == {
        "case_select_choice",
        "case_select_unknown",
        "case_select_ids",
    }
    assert "value of states must be one or more of: queued, running, paused" in worker["case_select_choice"]["msg"]
    assert worker["case_select_ids"]["outcome"] == "not_started"


@pytest.fixture
def ad_hoc(vendors, secrets, tmp_path):
    """Return a function that calls a module on the command line, and returns the result and all that was printed."""

    def call(module, *, in_process, **fields):
        login = {"provider": "rackspace_images", "api_url": f"{vendors[0]}/v2", "api_token": secrets["wrong"]}
        done = subprocess.run(
            [
                *(Path(sys.executable).with_name("ansible"), "localhost", "-vvv", "-m", f"longrunning.tasks.{module}"),
                *("-a", json.dumps({**login, **fields}), "-e", json.dumps({SETTING: in_process})),
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env={**os.environ, "ANSIBLE_HOME": str(tmp_path / "home"), "ANSIBLE_REMOTE_TMP": str(tmp_path / "tmp")},
        )
        assert secrets["wrong"] not in done.stdout
        _before, _arrow, result = done.stdout.partition(" => ")
        return settled(json.JSONDecoder().raw_decode(result)[0]), done.stdout

    return call


@pytest.mark.parametrize(
    ("module", "fields", "state"),
    [("task_info", {"task_id": "a"}, "succeeded"), ("task_wait", {"task_ids": ["a", "bad"]}, "failed")],
)
def test_both_edges_give_the_same_results_ad_hoc(ad_hoc, module, fields, state):
    result, printed = ad_hoc(module, in_process=True, **fields)
    as_module, printed_of_module = ad_hoc(module, in_process=False, **fields)
    assert result == as_module
    assert (result["task"] or result["tasks"][-1])["state"] == state
    assert ["Using module file" in text for text in (printed, printed_of_module)] == [False, True]


class CountingVendor(Vendor):
    """Looks at the memory of ansible-playbook and its worker, before an answer now and then."""

    def do_GET(self):
        self.server.asked.append(None)
        if len(self.server.asked) in self.server.looks:
            self.server.looks[len(self.server.asked)] = memory(self.server.folder)
        super().do_GET()


def memory(folder):
    """Return how many MB of its own the process has that has most, of those that name the folder."""
    found = [0.0]
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str(folder) in process.joinpath("cmdline").read_text(encoding="utf-8", errors="replace"):
                lines = process.joinpath("smaps_rollup").read_text(encoding="utf-8").splitlines()
                found.append(sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024)
    return max(found)


@pytest.mark.newest
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from Linux's /proc")
def test_a_thousand_tasks_leave_no_memory_behind(run_playbook, secrets, tmp_path):
    """All items of a loop are the work of one worker, which keeps their results and nothing else."""
    looks = {200: 0.0, 1000: 0.0}
    with serving(CountingVendor, name="vendor", asked=[], looks=looks, folder=tmp_path) as url:
        run = run_playbook("thousand.yml", url=url, verbosity="")
    run.assert_clean()
    print(looks)
    assert 0 < looks[1000] - looks[200] < 800 * LARGEST_RESULT_MB
