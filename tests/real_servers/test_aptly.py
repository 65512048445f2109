# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The provider ``custom`` with the documented definition for aptly, against a real aptly.

Every look at a task is an ``ansible-playbook`` run. ANSIBLE_COLLECTIONS_PATH says where the collection is.
"""

from __future__ import annotations

import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from definition_player import DefinitionPlayer
from upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aptly_server import AptlyServer

NOBODYS = "4711"


@pytest.fixture(scope="module")
def player(aptly: AptlyServer, tmp_path_factory: pytest.TempPathFactory) -> DefinitionPlayer:
    """Run playbooks in a folder of their own."""
    return DefinitionPlayer(tmp_path_factory.mktemp("plays"), "aptly", aptly.url)


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    """Serve an empty Debian repository, which can be held back."""
    digest = hashlib.sha256(b"").hexdigest()
    release = (
        "Suite: stable\nCodename: stable\nArchitectures: amd64\nComponents: main\n"
        f"SHA256:\n {digest} 0 main/binary-amd64/Packages\n"
    )
    files = {"/dists/stable/Release": release.encode(), "/dists/stable/main/binary-amd64/Packages": b""}
    with Upstream(files) as source:
        yield source


@pytest.fixture(scope="module")
def ended(aptly: AptlyServer) -> list[str]:
    """Two tasks: the first has succeeded; the second failed, as it wanted to make the same snapshot again."""
    aptly.send("POST", "/repos", {"Name": "main"})
    tasks = []
    for _number in range(2):
        tasks.append(str(aptly.send("POST", "/repos/main/snapshots?_async=1", {"Name": "today"})["ID"]))
        deadline = time.monotonic() + 30
        while aptly.send("GET", f"/tasks/{tasks[-1]}")["State"] < 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    return tasks


def make_mirror(aptly: AptlyServer, upstream: Upstream, name: str) -> str:
    """Make a mirror and return the path that updates it in the background."""
    body = {
        "Name": name,
        "ArchiveURL": f"{upstream.url}/",
        "Distribution": "stable",
        "Components": ["main"],
        "Architectures": ["amd64"],
        "IgnoreSignatures": True,
    }
    aptly.send("POST", "/mirrors", body)
    return f"/mirrors/{name}?_async=1"


def test_a_wait_until_the_end(
    player: DefinitionPlayer, aptly: AptlyServer, upstream: Upstream, show: Callable[[str, object], None]
) -> None:
    """An update of a mirror runs for as long as upstream keeps it waiting."""
    path = make_mirror(aptly, upstream, "patient")
    upstream.hold()
    try:
        task_id = str(aptly.send("PUT", path, {"IgnoreSignatures": True})["ID"])
        early = player.play("task_wait", task_ids=[task_id], timeout=0)
        with ThreadPoolExecutor(1) as pool:
            playing = pool.submit(player.play, "task_wait", task_ids=[task_id], poll_interval=0.2)
            aptly.wait_for_a_look(task_id)
            upstream.release()
            run = playing.result()
    finally:
        upstream.release()
    show("too early", early.msg)
    assert early.states == ["running"]
    assert not run.failed, run.result.get("msg")
    task = run.result["tasks"][0]
    show(task["name"], " -> ".join(f"{entry['raw_state']} ({entry['state']})" for entry in task["history"]))
    assert [entry["raw_state"] for entry in task["history"]] == ["1", "2"]
    assert (run.result["outcome"], task["state"], task["raw_state"]) == ("succeeded", "succeeded", "2")


def test_a_failure_has_its_reason(
    player: DefinitionPlayer, ended: list[str], show: Callable[[str, object], None]
) -> None:
    """What a task printed is asked for apart and reaches the message."""
    run = player.play("task_wait", task_ids=ended)
    show("failure", run.msg)
    assert "snapshot with name today already exists" in run.msg
    assert run.result["failed_task_ids"] == ended[1:]
    assert run.states == ["succeeded", "failed"]
    assert [task["raw_state"] for task in run.result["tasks"]] == ["2", "3"]


def test_an_upstream_that_fails(
    player: DefinitionPlayer, aptly: AptlyServer, upstream: Upstream, show: Callable[[str, object], None]
) -> None:
    """A launch's registered result is enough to wait for it."""
    path = make_mirror(aptly, upstream, "broken")
    release = upstream.files.pop("/dists/stable/Release")
    try:
        launched = {"json": aptly.send("PUT", path, {"IgnoreSignatures": True}), "status": 202, "changed": False}
        run = player.play("task_wait", launch_results=launched)
    finally:
        upstream.files["/dists/stable/Release"] = release
    show("failure", run.msg)
    assert "404" in run.msg
    assert run.states == ["failed"]


def test_info(player: DefinitionPlayer, ended: list[str], show: Callable[[str, object], None]) -> None:
    """A task that failed is no failure of the look."""
    run = player.play("task_info", task_ids=ended)
    assert run.states == ["succeeded", "failed"]
    first, second = run.result["tasks"]
    show("outputs", f"{first['message']!r}, {second['message']!r}")
    assert first["message"] == "Task succeeded"
    assert "already exists" in second["error"]["detail"]
    assert first["raw"] == {"ID": int(ended[0]), "Name": "Create snapshot of repo main", "State": 2}


def test_list(player: DefinitionPlayer, ended: list[str], show: Callable[[str, object], None]) -> None:
    """All tasks, and those of one state."""
    run = player.play("task_list")
    show("list", ", ".join(f"{task['id']} {task['state']}" for task in run.result["tasks"]))
    assert set(ended) <= {task["id"] for task in run.result["tasks"]}
    failed = player.play("task_list", states=["failed"])
    assert set(failed.states) == {"failed"}
    assert ended[1] in {task["id"] for task in failed.result["tasks"]}


def test_an_unknown_id(player: DefinitionPlayer, ended: list[str], show: Callable[[str, object], None]) -> None:
    """It is a failure, or a state, as asked."""
    run = player.play("task_info", task_ids=[NOBODYS])
    show("not found", run.msg)
    assert NOBODYS in run.msg
    assert player.play("task_info", task_ids=[ended[0], NOBODYS], not_found="succeed").states == [
        "succeeded",
        "not_found",
    ]


def test_an_id_that_is_none(player: DefinitionPlayer, show: Callable[[str, object], None]) -> None:
    """The definition says what an ID looks like, so that nothing is sent."""
    run = player.play("task_wait", task_ids=["abc"])
    show("no id", run.msg)
    assert "is a number" in run.msg
