# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ready definition for Pulp 3 against a real one."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from definition_proof import Case, DefinitionProof, case_of, one_task
from playbook_runner import SOON, PlaybookRunner, told
from server_process import wait_for
from upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from definition_proof import Show
    from playbook_runner import Run
    from pulp_server import PulpServer

TASKS = "/pulp/api/v3/tasks/"
MANIFEST = "/PULP_MANIFEST"
FILES = {MANIFEST: f"hello.txt,{hashlib.sha256(b'hello').hexdigest()},5\n".encode()}


def make_sync(server: PulpServer, name: str, url: str) -> dict[str, object]:
    """Make a repository and where it comes from; return the launch that fetches its list of files."""
    remote = {"name": name, "url": url, "policy": "on_demand", "max_retries": 0}
    made = server.send("POST", "/pulp/api/v3/remotes/file/file/", remote)
    repository = server.send("POST", "/pulp/api/v3/repositories/file/file/", {"name": name})
    return {"path": f"{repository['pulp_href']}sync/", "body": {"remote": made["pulp_href"]}}


class Pulp:
    """Plays playbooks logged in, and launches tasks."""

    def __init__(self, server: PulpServer, runner: PlaybookRunner, upstream: Upstream) -> None:
        """Work with these."""
        self.server = server
        self.upstream = upstream
        self._runner = runner
        self._count = 0

    def play(self, module: str, **options: object) -> Run:
        """Play a module as the administrator."""
        login = {"username": self.server.username, "password": self.server.password}
        return self._runner.module(module, {"definition": "pulp", "api_url": self.server.url, **login, **options})

    def sync(self) -> dict[str, Any]:
        """Let Pulp fetch a repository's list of files from upstream; return the answer of the launch."""
        self._count += 1
        sync = make_sync(self.server, f"r-{self._count}", f"{self.upstream.url}{MANIFEST}")
        launched: dict[str, Any] = self.server.send("POST", str(sync["path"]), sync["body"])
        return launched

    def all_tasks(self) -> set[str]:
        """Return the IDs of all tasks."""
        return {task["pulp_href"] for task in self.server.send("GET", f"{TASKS}?limit=1000")["results"]}


@pytest.fixture(scope="module")
def pulp_play(pulp: PulpServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pulp]:
    """Pulp, a runner of playbooks, and an upstream of one file."""
    runner = PlaybookRunner(tmp_path_factory.mktemp("plays"), (pulp.password,))
    with Upstream(FILES) as upstream:
        yield Pulp(pulp, runner, upstream)


class TestPulp(DefinitionProof):
    """Syncs of repositories."""

    @pytest.fixture(scope="class")
    @classmethod
    def case(cls, pulp: PulpServer) -> Iterator[Case]:
        """Fetch a list of files; fetch one that is not there; fetch one that does not come."""
        with Upstream(FILES) as upstream, Upstream(FILES) as held:
            held.hold(MANIFEST)
            yield case_of(
                pulp,
                definition="pulp",
                good=make_sync(pulp, "good", f"{upstream.url}{MANIFEST}"),
                bad=make_sync(pulp, "bad", f"{upstream.url}/nothing"),
                long=make_sync(pulp, "long", f"{held.url}{MANIFEST}"),
                reason="404",
                unknown_id=f"{TASKS}00000000-0000-4000-8000-000000000000/",
            )

    def test_fields(self, played: dict[str, Run]) -> None:
        """What Pulp knows of a task is where a playbook looks for it."""
        task = one_task(played["good"])
        assert task["name"].endswith("synchronize")
        assert task["created_at"] <= task["started_at"] <= task["finished_at"]
        assert task["result"][0].startswith("/pulp/api/v3/repositories/file/file/")

    def test_list_goes_through_pages(self, pulp_play: Pulp, played: dict[str, Run], show: Show) -> None:
        """Two tasks a page, and yet all of them come, each once."""
        assert played
        before = pulp_play.all_tasks()
        run = pulp_play.play("task_list", filters={"limit": 2})
        assert run.good
        ids = [task["id"] for task in run.result["tasks"]]
        show("list", f"{len(ids)} tasks, 2 a page")
        assert len(set(ids)) == len(ids) > 2
        # Pulp launches tasks of its own now and then.
        assert before <= set(ids) <= pulp_play.all_tasks()


def test_a_wait_sees_every_state(pulp_play: Pulp, show: Show) -> None:
    """There is one worker: the second task waits for it."""
    pulp_play.upstream.hold(MANIFEST)
    try:
        first, second = pulp_play.sync(), pulp_play.sync()
        wait_for("the first runs", lambda: pulp_play.server.send("GET", first["task"])["state"] == "running")
        with ThreadPoolExecutor(1) as pool:
            launched = {"results": [{"json": first, "status": 202}, {"json": second, "status": 202}]}
            playing = pool.submit(pulp_play.play, "task_wait", launch_results=launched, **SOON)
            # Of two tasks it asks with one list. Log lines of the looks above may still be to come.
            pulp_play.server.wait_for_a_look(f"{TASKS}?")
            pulp_play.upstream.release(MANIFEST)
            run = playing.result()
    finally:
        pulp_play.upstream.release(MANIFEST)
    assert run.good
    for task in run.result["tasks"]:
        show(task["id"], told(task["history"]))
    assert [task["id"] for task in run.result["tasks"]] == [first["task"], second["task"]]
    assert run.states == ["succeeded", "succeeded"]
    seen = [[entry["raw_state"] for entry in task["history"]] for task in run.result["tasks"]]
    assert seen[0] == ["running", "completed"]
    assert seen[1][0] == "waiting"
    assert run.result["tasks"][0]["result"][0].startswith("/pulp/api/v3/repositories/file/file/")
