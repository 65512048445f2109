# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The definition `lxd_instance`: waiting for instances of a real LXD. They have no image, so they are Stopped."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from playbook_runner import SOON, PlaybookRunner, Run, play_until_a_look, words
from server_process import direct_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from definition_proof import Show
    from lxd_server import LxdServer

pytestmark = pytest.mark.on_demand
Answer = dict[str, Any]


class Instances:
    """Instances as their owner makes and removes them, by plain requests, and plays that wait for them."""

    def __init__(self, lxd: LxdServer, runner: PlaybookRunner) -> None:
        """Work on a server."""
        self._lxd = lxd
        self._runner = runner

    def make(self, name: str) -> str:
        """Return the name of a new instance, when it is there."""
        self._finish(self.launch(name))
        return name

    def launch(self, name: str) -> Answer:
        """Return the answer to a request for a new instance."""
        root = {"type": "disk", "path": "/", "pool": "default"}
        return self._send(
            "POST", "/1.0/instances", {"name": name, "source": {"type": "none"}, "devices": {"root": root}}
        )

    def delete(self, name: str) -> None:
        """Return when it is gone."""
        self._finish(self._send("DELETE", f"/1.0/instances/{name}"))

    def _finish(self, launched: Answer) -> None:
        ended = self._send("GET", f"{launched['operation']}/wait")["metadata"]
        assert ended["status"] == "Success", ended

    def _send(self, method: str, path: str, body: object = None) -> Answer:
        with direct_session() as session:
            session.cert, session.verify = str(self._lxd.client_path), str(self._lxd.ca_path)
            answer = session.request(method, f"{self._lxd.url}{path}", json=body, timeout=60)
        answer.raise_for_status()
        said: Answer = answer.json()
        return said

    def wait(self, name: str, **options: object) -> Run:
        """Wait for it in a playbook."""
        return self.play(task_id=name, **options)

    def play(self, **options: object) -> Run:
        """Wait in a playbook."""
        login = {"client_cert": str(self._lxd.client_path), "ca_path": str(self._lxd.ca_path)}
        usual = {"definition": "lxd_instance", "api_url": self._lxd.url, **login, **SOON}
        return self._runner.module("task_wait", {**usual, **options})

    def wait_while(self, then: Callable[[str], object], name: str, **options: object) -> Run:
        """Wait for it, and do something to it when the wait has looked."""
        looks = self._lxd.looks(name)
        play = partial(self.wait, name, **options)
        return play_until_a_look(play, lambda: self._lxd.looks(name) > looks, partial(then, name))


@pytest.fixture(scope="module")
def instances(lxd: LxdServer, tmp_path_factory: pytest.TempPathFactory) -> Instances:
    """Instances of the trusted client."""
    return Instances(lxd, PlaybookRunner(tmp_path_factory.mktemp("instances")))


def test_an_instance_appears(instances: Instances, show: Show) -> None:
    """The wait begins before somebody makes it. One that is as it should be needs one look."""
    run = instances.wait_while(
        instances.make, "appears", success_states=["Stopped"], failure_states=["Error"], not_found="wait"
    )
    show("appears", f"{run.result['msg']} {words(run)}")
    assert run.result["outcome"] == "succeeded"
    assert words(run) == [None, "Stopped"]
    again = instances.wait("appears", success_states=["Stopped"])
    assert (again.result["outcome"], again.result["polls"], words(again)) == ("succeeded", 1, ["Stopped"])


def test_the_answer_to_the_launch_says_which_instance(instances: Instances, show: Show) -> None:
    """It is LXD's answer with the operation, which has the instance's path."""
    launched = {"status": 202, "json": instances.launch("launched")}
    run = instances.play(launch_results=launched, success_states=["Stopped"], not_found="wait")
    show("launched", run.result["msg"])
    assert (run.result["outcome"], run.result["task"]["id"]) == ("succeeded", "launched")


def test_a_word_in_the_wrong_case(instances: Instances, show: Show) -> None:
    """The message says how LXD writes it, in either option."""
    name = instances.make("case")
    for option, given in (("success_states", "stopped"), ("failure_states", "STOPPED")):
        run = instances.wait(name, **{"success_states": ["Running"], option: [given]})
        show(option, run.msg)
        assert f"{option} holds '{given}', but LXD instance writes 'Stopped'" in run.msg


def test_a_word_of_failure(instances: Instances, show: Show) -> None:
    """It is a failure, though the definition calls it a success."""
    name = instances.make("failure")
    run = instances.wait(name, success_states=["Running"], failure_states=["Stopped"])
    show("failure", run.msg)
    assert "Its state is Stopped, one of failure_states." in run.msg
    assert (run.result["outcome"], run.result["polls"]) == ("failed", 1)


def test_an_instance_is_gone(instances: Instances, show: Show) -> None:
    """While it is there it is no success, though it is well."""
    name = instances.make("gone")
    run = instances.wait_while(instances.delete, name, success_states=["Deleted"], not_found="succeed")
    show("gone", f"{run.result['msg']} {words(run)}")
    assert (run.result["outcome"], run.result["task"]["state"]) == ("succeeded", "not_found")
    assert words(run) == ["Stopped", None]


def test_a_timeout_says_the_state(instances: Instances, show: Show) -> None:
    """Nobody starts it."""
    name = instances.make("timeout")
    run = instances.wait(name, success_states=["Running"], timeout=2)
    show("timeout", run.msg)
    assert run.result["outcome"] == "timed_out"
    assert words(run) == ["Stopped"]
    assert "Stopped" in run.msg
