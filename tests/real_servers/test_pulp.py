# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ready definition for Pulp 3 against a real one."""

from __future__ import annotations

import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from definition_player import DefinitionPlayer
from definition_proof import Case, DefinitionProof, one_task
from playbook_runner import PLAY_TIMEOUT
from pulp_server import USERNAME
from upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playbook_runner import Run
    from pulp_server import PulpServer

WRONG = "quite-the-wrong-password"
TASKS = "/pulp/api/v3/tasks/"
FILES = {"/PULP_MANIFEST": f"hello.txt,{hashlib.sha256(b'hello').hexdigest()},5\n".encode()}


def make_sync(server: PulpServer, name: str, url: str) -> dict[str, object]:
    """Make a repository and where it comes from; return the launch that fetches its list of files."""
    remote = {"name": name, "url": url, "policy": "on_demand", "max_retries": 0}
    made = server.send("POST", "/pulp/api/v3/remotes/file/file/", remote)
    repository = server.send("POST", "/pulp/api/v3/repositories/file/file/", {"name": name})
    return {"path": f"{repository['pulp_href']}sync/", "body": {"remote": made["pulp_href"]}}


class Pulp:
    """Plays playbooks logged in, and launches tasks."""

    def __init__(self, server: PulpServer, player: DefinitionPlayer, upstream: Upstream) -> None:
        """Work with these."""
        self.server = server
        self.upstream = upstream
        self._player = player
        self._count = 0

    def play(self, module: str, **options: object) -> Any:
        """Play a module as the administrator."""
        return self._player.play(module, {"username": USERNAME, "password": self.server.password}, **options)

    def sync(self) -> dict[str, Any]:
        """Let Pulp fetch a repository's list of files from upstream; return the answer of the launch."""
        self._count += 1
        sync = make_sync(self.server, f"r-{self._count}", f"{self.upstream.url}/PULP_MANIFEST")
        launched: dict[str, Any] = self.server.send("POST", str(sync["path"]), sync["body"])
        return launched

    def all_tasks(self) -> set[str]:
        """Return the IDs of all tasks."""
        return {task["pulp_href"] for task in self.server.send("GET", f"{TASKS}?limit=1000")["results"]}

    def wait_for(self, task: str, *states: str) -> None:
        """Return when Pulp itself says that the task is in one of these states."""
        deadline = time.monotonic() + PLAY_TIMEOUT
        while (state := self.server.send("GET", task)["state"]) not in states:
            assert time.monotonic() < deadline, f"{task} is {state}"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def case(pulp: PulpServer) -> Iterator[Case]:
    """Fetch a list of files; fetch one that is not there; fetch one that does not come."""
    with Upstream(FILES) as upstream, Upstream(FILES) as held:
        held.hold()
        yield Case(
            definition="pulp",
            api_url=pulp.url,
            good=make_sync(pulp, "good", f"{upstream.url}/PULP_MANIFEST"),
            bad=make_sync(pulp, "bad", f"{upstream.url}/nothing"),
            long=make_sync(pulp, "long", f"{held.url}/PULP_MANIFEST"),
            reason="404",
            unknown_id=f"{TASKS}00000000-0000-4000-8000-000000000000/",
            login={"username": USERNAME, "password": pulp.password},
            wrong_login={"password": WRONG},
            secrets=(pulp.password, WRONG),
        )


@pytest.fixture(scope="module")
def pulp_play(pulp: PulpServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pulp]:
    """Pulp, a player, and an upstream of one file."""
    player = DefinitionPlayer(tmp_path_factory.mktemp("plays"), "pulp", pulp.url, (pulp.password, WRONG))
    with Upstream(FILES) as upstream:
        yield Pulp(pulp, player, upstream)


class TestPulp(DefinitionProof):
    """Syncs of repositories."""

    def test_fields(self, played: dict[str, Run]) -> None:
        """What Pulp knows of a task is where a playbook looks for it."""
        task = one_task(played["good"])
        assert task["name"].endswith("synchronize")
        assert task["created_at"] <= task["started_at"] <= task["finished_at"]
        assert task["result"][0].startswith("/pulp/api/v3/repositories/file/file/")


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


def test_list_goes_through_pages(pulp_play: Pulp, played: dict[str, Run], show: Callable[[str, object], None]) -> None:
    """Two tasks a page, and yet all of them come, each once."""
    assert played
    before = pulp_play.all_tasks()
    run = pulp_play.play("task_list", filters={"limit": 2})
    assert not run.failed, run.result.get("msg")
    ids = [task["id"] for task in run.result["tasks"]]
    show("list", f"{len(ids)} tasks, 2 a page")
    assert len(set(ids)) == len(ids) > 2
    # Pulp launches tasks of its own now and then.
    assert before <= set(ids) <= pulp_play.all_tasks()
