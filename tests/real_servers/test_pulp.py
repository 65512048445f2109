# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The provider ``custom`` with the documented definition for Pulp 3, against a real Pulp.

Every look at a task is an ``ansible-playbook`` run. ANSIBLE_COLLECTIONS_PATH says where the collection is.
"""

from __future__ import annotations

import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from definition_player import DefinitionPlayer
from pulp_server import USERNAME
from upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pulp_server import PulpServer

WRONG = "quite-the-wrong-password"
TASKS = "/pulp/api/v3/tasks/"
NOBODYS = f"{TASKS}00000000-0000-4000-8000-000000000000/"


class Pulp:
    """Plays playbooks logged in, and launches tasks."""

    def __init__(self, server: PulpServer, player: DefinitionPlayer, upstream: Upstream) -> None:
        """Work with these."""
        self.server = server
        self.upstream = upstream
        self._player = player
        self._count = 0

    def play(self, module: str, password: str | None = None, **options: object) -> Any:
        """Play a module as the administrator."""
        login = {"username": USERNAME, "password": password or self.server.password}
        return self._player.play(module, login, **options)

    def sync(self, path: str = "/PULP_MANIFEST") -> dict[str, Any]:
        """Let Pulp fetch a repository's list of files from upstream; return the answer of the launch."""
        self._count += 1
        remote = self.server.send(
            "POST",
            "/pulp/api/v3/remotes/file/file/",
            {
                "name": f"remote-{self._count}",
                "url": f"{self.upstream.url}{path}",
                "policy": "on_demand",
                "max_retries": 0,
            },
        )
        repository = self.server.send("POST", "/pulp/api/v3/repositories/file/file/", {"name": f"r-{self._count}"})
        launched: dict[str, Any] = self.server.send(
            "POST", f"{repository['pulp_href']}sync/", {"remote": remote["pulp_href"]}
        )
        return launched

    def all_tasks(self) -> set[str]:
        """Return the IDs of all tasks."""
        return {task["pulp_href"] for task in self.server.send("GET", f"{TASKS}?limit=1000")["results"]}

    def wait_for(self, task: str, *states: str) -> None:
        """Return when Pulp itself says that the task is in one of these states."""
        deadline = time.monotonic() + 60
        while (state := self.server.send("GET", task)["state"]) not in states:
            assert time.monotonic() < deadline, f"{task} is {state}"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def pulp_play(pulp: PulpServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pulp]:
    """Pulp, a player, and an upstream of one file."""
    digest = hashlib.sha256(b"hello").hexdigest()
    player = DefinitionPlayer(tmp_path_factory.mktemp("plays"), "pulp", pulp.url, (pulp.password, WRONG))
    with Upstream({"/PULP_MANIFEST": f"hello.txt,{digest},5\n".encode()}) as upstream:
        yield Pulp(pulp, player, upstream)


@pytest.fixture(scope="module")
def ended(pulp_play: Pulp) -> list[str]:
    """Two tasks that succeeded and one that failed."""
    tasks: list[str] = [pulp_play.sync(path)["task"] for path in ("/PULP_MANIFEST", "/PULP_MANIFEST", "/nothing")]
    for task in tasks:
        pulp_play.wait_for(task, "completed", "failed")
    return tasks


def test_a_wait_sees_every_state(pulp_play: Pulp, show: Callable[[str, object], None]) -> None:
    """There is one worker: the second task waits for it."""
    pulp_play.upstream.hold()
    try:
        first, second = pulp_play.sync(), pulp_play.sync()
        pulp_play.wait_for(first["task"], "running")
        with ThreadPoolExecutor(1) as pool:
            launched = {"results": [{"json": first, "status": 202}, {"json": second, "status": 202}]}
            playing = pool.submit(pulp_play.play, "task_wait", launch_results=launched, poll_interval=0.2)
            # Of two tasks it asks with one list. Log lines of the looks above may still be to come.
            pulp_play.server.wait_for_a_look(f"{TASKS}?")
            pulp_play.upstream.release()
            run = playing.result()
    finally:
        pulp_play.upstream.release()
    assert not run.failed, run.result.get("msg")
    for task in run.result["tasks"]:
        show(task["id"], " -> ".join(f"{entry['raw_state']} ({entry['state']})" for entry in task["history"]))
    assert [task["id"] for task in run.result["tasks"]] == [first["task"], second["task"]]
    assert run.states == ["succeeded", "succeeded"]
    seen = [[entry["raw_state"] for entry in task["history"]] for task in run.result["tasks"]]
    assert seen[0] == ["running", "completed"]
    assert seen[1][0] == "waiting"
    assert run.result["tasks"][0]["result"][0].startswith("/pulp/api/v3/repositories/file/file/")


def test_a_failure_has_its_reason(pulp_play: Pulp, ended: list[str], show: Callable[[str, object], None]) -> None:
    """Pulp's own words reach the message."""
    run = pulp_play.play("task_wait", task_ids=ended)
    show("failure", run.msg)
    assert run.result["failed_task_ids"] == ended[2:]
    error = run.result["tasks"][2]["error"]
    assert error["detail"] in run.msg
    assert error["detail"] == pulp_play.server.send("GET", ended[2])["error"]["description"]


def test_a_cancelled_task(pulp_play: Pulp, show: Callable[[str, object], None]) -> None:
    """A task that somebody cancels during the wait ends it, and is no success."""
    pulp_play.upstream.hold()
    try:
        task = pulp_play.sync()["task"]
        pulp_play.wait_for(task, "running")
        with ThreadPoolExecutor(1) as pool:
            playing = pool.submit(pulp_play.play, "task_wait", task_ids=[task], poll_interval=0.2)
            pulp_play.server.wait_for_a_look(task)
            cancelling = pulp_play.play("task_cancel", task_ids=[task])
            run = playing.result()
        again = pulp_play.play("task_cancel", task_ids=[task])
    finally:
        pulp_play.upstream.release()
    show("history", " -> ".join(entry["raw_state"] for entry in run.result["tasks"][0]["history"]))
    show("cancelled", run.msg)
    show("cancel", cancelling.result["msg"])
    assert (cancelling.result["outcome"], cancelling.result["changed"]) == ("cancelled", True)
    assert (again.result["outcome"], again.result["changed"]) == ("already_ended", False)
    assert run.states == ["cancelled"]
    assert run.result["outcome"] == "failed"


def test_info(pulp_play: Pulp, ended: list[str], show: Callable[[str, object], None]) -> None:
    """Fields come from where the definition says."""
    run = pulp_play.play("task_info", task_ids=ended)
    assert run.states == ["succeeded", "succeeded", "failed"]
    task = run.result["tasks"][0]
    show("task", {name: task[name] for name in ("name", "raw_state", "started_at", "finished_at")})
    assert task["name"].endswith("synchronize")
    assert task["created_at"] <= task["started_at"] <= task["finished_at"]
    raw = {**task["raw"]}
    known = pulp_play.server.send("GET", ended[0])
    # They come in another order each time.
    reports = [sorted(report["code"] for report in one.pop("progress_reports")) for one in (raw, known)]
    assert raw == known
    assert reports[0] == reports[1]


def test_list_goes_through_pages(pulp_play: Pulp, ended: list[str], show: Callable[[str, object], None]) -> None:
    """Two tasks a page, and yet all of them come, each once; a state is filtered by the server."""
    before = pulp_play.all_tasks()
    run = pulp_play.play("task_list", filters={"limit": 2})
    assert not run.failed, run.result.get("msg")
    ids = [task["id"] for task in run.result["tasks"]]
    show("list", f"{len(ids)} tasks, 2 a page")
    assert len(set(ids)) == len(ids) > 2
    # Pulp launches tasks of its own now and then.
    assert before <= set(ids) <= pulp_play.all_tasks()
    assert set(ended) <= set(ids)
    failed = pulp_play.play("task_list", states=["failed"])
    assert set(failed.states) == {"failed"}
    assert ended[2] in {task["id"] for task in failed.result["tasks"]}


def test_an_unknown_id(pulp_play: Pulp, ended: list[str], show: Callable[[str, object], None]) -> None:
    """It is a failure, or a state, as asked; what is no ID at all is told before anything is sent."""
    run = pulp_play.play("task_info", task_ids=[NOBODYS])
    show("not found", run.msg)
    assert NOBODYS in run.msg
    report = pulp_play.play("task_info", task_ids=[NOBODYS, ended[0]], not_found="succeed")
    assert report.states == ["not_found", "succeeded"]
    run = pulp_play.play("task_info", task_ids=["5"])
    show("no id", run.msg)
    assert "is a path, which begins with a /" in run.msg


def test_a_wrong_password(pulp_play: Pulp, ended: list[str], show: Callable[[str, object], None]) -> None:
    """It is a sentence, and it is not shown."""
    run = pulp_play.play("task_wait", password=WRONG, task_ids=ended[:1])
    show("401", run.msg)
    assert run.result["reason"] == "authentication"
