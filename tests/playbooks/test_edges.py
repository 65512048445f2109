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
#: The variable of the waiting guide, and its value for each edge.
SETTING = "longrunning_tasks_in_process"
EDGES = {"worker": True, "module": "{{ false }}"}
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


@pytest.fixture(scope="module")
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


def tasks(output):
    """Return the names of the tasks, and of those for which a module of the collection was run, as -vvv tells it."""
    parts = [part.partition("]") for part in output.split("TASK [")[1:]]
    ran = {name for name, _bracket, told in parts if re.search(r"Using module file .*/task_\w+\.py", told)}
    return {name for name, _bracket, _told in parts}, ran


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    """Return the folder of all runs, so that no result differs by a path."""
    return tmp_path_factory.mktemp("edges")


@pytest.fixture
def play(run_playbook, vendors, scratch):
    """Return a function that runs cases through an edge, and returns each host's results and what was printed."""

    def run(cases, edge, *arguments, hosts=("first",), **more):
        done = run_playbook(
            cases,
            *("-i", str(PLAYS / "edges.inventory.yml"), *arguments),
            url=vendors[0],
            scratch=str(scratch),
            edge=edge,
            **{SETTING: EDGES[edge]},
            **more,
        )
        done.assert_clean()
        results = {
            host: settled(json.loads((scratch / f"{edge}.{host}.json").read_text(encoding="utf-8"))) for host in hosts
        }
        return results, done.output

    return run


@pytest.fixture
def play_all(play, vendors, vault):
    """Return a function that runs all cases, or those of a tag, through an edge."""

    def run(edge, verbosity, strategy, *tags):
        return play(
            "edges_cases.yml",
            edge,
            *vault,
            *tags,
            hosts=("first", "far"),
            proxies=vendors,
            method="ansible.builtin.su" if os.geteuid() == 0 else "ansible.builtin.sudo",
            verbosity=verbosity,
            environment={"ANSIBLE_STRATEGY": strategy, "ANSIBLE_PIPELINING": "true"},
        )

    return run


@pytest.fixture(scope="module")
def kept():
    """Return what modules returned: starting them all takes longer than all else here."""
    return []


@pytest.fixture(scope="module")
def tags(request):
    """Return the arguments that choose the cases which the tests that run here compare: all, or a few."""
    chosen = {item.function for item in request.session.items}
    return [] if test_both_edges_give_the_same_results in chosen else ["--tags", "few"]


@pytest.fixture
def as_modules(kept, play_all, tags):
    """Return the results of the cases as modules, and what was printed."""
    if not kept:
        kept += play_all("module", "-vvvvv", "linear", *tags)
    return kept


def assert_each_ran_where_it_should(here, there, least):
    named, ran = tasks(here)
    _all, ran_there = tasks(there)
    assert {name for name in ran_there & named if "as a module" in name} == ran
    assert len(ran_there & named) >= least


@pytest.mark.parametrize("way", ["-vvvvv linear", pytest.param(" free", marks=pytest.mark.newest)])
def test_both_edges_give_the_same_results(as_modules, play_all, way):
    verbosity, strategy = way.split(" ")
    of_modules, there = as_modules
    of_worker, here = play_all("worker", verbosity, strategy)
    assert of_worker == of_modules
    results = of_worker["first"]
    assert len(results) > 30
    assert len(results["case_warning"]["warnings"]) == 1
    assert [cancel["outcome"] for cancel in results["case_cancel"]["cancels"]] == ["cancelled", "already_ended"]
    assert (results["case_on_timeout_cancel"]["outcome"], results["case_on_timeout_cancel"]["changed"]) == (
        "timed_out",
        True,
    )
    assert [item["task"]["message"][:8] for item in results["case_environment"]["results"]] == ["vendor 0", "vendor 1"]
    if verbosity:
        assert_each_ran_where_it_should(here, there, 31)


@pytest.mark.parametrize(
    "way",
    [
        pytest.param("-v ansible.builtin.host_pinned", marks=pytest.mark.newest),
        pytest.param("-vv free", marks=[pytest.mark.newest, pytest.mark.smoke]),
        pytest.param("-vvv linear", marks=pytest.mark.newest),
        pytest.param("-vvvv linear", marks=[pytest.mark.newest, pytest.mark.smoke]),
    ],
)
def test_neither_verbosity_nor_strategy_nor_tags_change_a_result(as_modules, play_all, way):
    verbosity, strategy = way.split(" ")
    of_modules, there = as_modules
    of_worker, here = play_all("worker", verbosity, strategy, "--tags", "few")
    assert of_worker == {host: {name: of_modules[host][name] for name in of_worker[host]} for host in of_worker}
    assert len(of_worker["first"]) == 16
    assert of_worker["first"]["case_role"]["task"]["state"] == "succeeded"
    if verbosity.count("v") >= 3 and strategy == "linear":
        assert_each_ran_where_it_should(here, there, 16)


def test_both_edges_end_a_wait_alike(play):
    ((worker, _here), (module, _there)) = (play("edges_ends.yml", edge, verbosity="-v") for edge in EDGES)
    assert worker == module
    # Of the other cases the playbook itself says what they have to be.
    results = worker["first"]
    assert {name for name, result in results.items() if result["failed"]} == {
        "case_select_choice",
        "case_select_unknown",
        "case_select_ids",
    }
    assert "value of states must be one or more of: queued, running, paused" in results["case_select_choice"]["msg"]
    assert results["case_select_ids"]["outcome"] == "not_started"


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
