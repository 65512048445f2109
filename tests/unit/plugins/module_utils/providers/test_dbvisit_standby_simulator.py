# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The adapter against the simulator over real sockets. One clock, moved by hand, is the time of both."""

from __future__ import annotations

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._api.http import RequestsClient
from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    AuthenticationError,
    RejectedError,
    TaskNotFoundError,
    WaitError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._module import (
    argument_specs,
    task_info,
    task_list,
    task_wait,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._module.context import Context
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.connecting import connection_options
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.contract import ProviderTools
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.dbvisit_standby import DESCRIPTION, PROVIDER
from ansible_collections.longrunning.tasks.tests.unit.support.fake_clock import FakeClock
from ansible_collections.longrunning.tasks.tests.unit.support.socket_server import bare_environment
from task_simulator import Simulator

BASIC = {"username": "admin", "password": "admin-password"}
COOKIE = {"api_token": "demo-cookie"}
SPECS = {
    task_info: argument_specs.TASK_INFO,
    task_list: argument_specs.TASK_LIST,
    task_wait: argument_specs.TASK_WAIT,
}
SHOW, LIST = "POST /api/task/show", "POST /api/task/list"


def plan(task_id, end="End", seconds=12, **fields):
    steps = [{"state": "In Progress", "seconds": seconds}]
    return {"provider": "dbvisit_standby", "id": task_id, "steps": steps, "end": {"state": end, **fields}}


class Stage:
    """A simulator, and the modules' work against it."""

    def __init__(self, clients, simulator, clock):
        self.simulator = simulator
        self.clock = clock
        self.warnings = []
        self._clients = clients

    def __call__(self, module, login=None, **params):
        given = {"api_url": self.simulator.url, "validate_certs": False, **(login or BASIC)}
        options = connection_options(DESCRIPTION, given, {})

        def make_http(tls):
            self._clients.append(RequestsClient(tls))
            return self._clients[-1]

        tools = ProviderTools(self.clock, make_http, self.warnings.append, lambda _secret: None)
        defaults = {name: option.get("default") for name, option in SPECS[module].items()}
        context = Context(
            params={**defaults, **params},
            check_mode=False,
            options=options,
            provider=PROVIDER.create(options, tools),
            clock=self.clock,
            warn=self.warnings.append,
            requests_sent=lambda: self._clients[-1].requests_sent,
        )
        return module.run(context)

    def asked(self):
        return self.simulator.requests()["by_path"]


@pytest.fixture
def stage(monkeypatch):
    """Return a function that starts a simulator with tasks and other keys of a scenario."""
    bare_environment(monkeypatch)
    running, clients = [], []

    def start(*tasks, **scenario):
        clock = FakeClock()
        simulator = Simulator({"tasks": list(tasks), **scenario}, clock=clock.monotonic)
        running.append(simulator)
        simulator.start()
        return Stage(clients, simulator, clock)

    yield start
    for each in clients:
        each.close()
    for simulator in running:
        simulator.stop()


def states(result):
    return [task["state"] for task in result["tasks"]]


@pytest.mark.parametrize("login", [BASIC, COOKIE])
def test_info(stage, login):
    play = stage(plan("7"), plan(str(2**63 - 1), "Failed", seconds=0))
    result = play(task_info, login, task_ids=["7", str(2**63 - 1)])
    assert states(result) == ["running", "failed"]
    assert result["tasks"][1]["error"]["detail"] == "Switchover failed"
    assert result["tasks"][1]["id"] == str(2**63 - 1)


def test_list(stage):
    play = stage(*(plan(str(number), seconds=number) for number in range(1, 8)))
    play.clock.advance(3)
    assert [task["id"] for task in play(task_list, limit=3)["tasks"]] == ["7", "6", "5"]
    ended = play(task_list, states=["succeeded"])
    assert sorted(task["id"] for task in ended["tasks"]) == ["1", "2", "3"]
    assert play(task_list, filters={"configuration_id": 2})["count"] == 0
    assert play(task_list, filters={"configuration_id": 1})["count"] == 7


def test_wait_to_success(stage):
    play = stage(plan("7"))
    result = play(task_wait, task_ids=["7"])
    assert (result["outcome"], result["polls"], result["elapsed"]) == ("succeeded", 4, 15.0)
    assert [change["raw_state"] for change in result["task"]["history"]] == ["In Progress", "End"]


def test_wait_to_failure(stage):
    play = stage(plan("7", "Failed", messages=["Checking", "No archive log on CONF1"]), plan("8"))
    with pytest.raises(WaitError) as caught:
        play(task_wait, task_ids=["7", "8"])
    assert "task 7 (Switchover) failed: No archive log on CONF1." in caught.value.message
    assert caught.value.to_result()["failed_task_ids"] == ["7"]
    # One list answers for both.
    assert set(play.asked()) == {LIST}


@pytest.mark.parametrize("ids", [["9"], ["9", "1", "2"]])
@pytest.mark.parametrize(
    "dialect",
    [
        {},
        {"dismissed_field": "dismissed_by", "no_error": "null"},
        # Its list then never shows a dismissed task, and only /task/show can tell.
        {"dismissed_field": "dismissed_by", "show_parameter": "show_dismissed"},
        {"no_error": "empty"},
        {"no_error": "empty_text"},
    ],
)
def test_a_task_that_fails_and_is_dismissed_between_two_looks(stage, ids, dialect):
    race = {
        **plan("9", "Dismissed"),
        "steps": [{"state": "In Progress", "seconds": 11}, {"state": "Failed", "seconds": 2}],
    }
    play = stage(race, plan("1"), plan("2"), credentials={"dbvisit_standby": dialect})
    with pytest.raises(WaitError) as caught:
        play(task_wait, task_ids=ids)
    result = caught.value.to_result()
    assert (result["outcome"], result["failed_task_ids"]) == ("failed", ["9"])
    assert result["counts"]["dismissed"] == 1
    dismissed = result["tasks"][0]
    assert [change["raw_state"] for change in dismissed["history"]] == ["In Progress", "Dismissed"]
    assert dismissed["message"] == "dismissed by admin; its last message was: Switchover failed"
    assert "dismissed by admin" in result["msg"]


def test_a_task_that_succeeded_before_it_was_dismissed_is_no_success_either(stage):
    play = stage({**plan("9", "Dismissed"), "steps": [{"state": "End", "seconds": 2}]})
    play.clock.advance(3)
    with pytest.raises(WaitError, match="outcome can no longer be known"):
        play(task_wait, task_ids=["9"])


def test_a_list_shows_dismissed_tasks_unless_asked_not_to(stage):
    play = stage(plan("9", "Dismissed", seconds=0), plan("1"))
    assert play(task_list)["count"] == 2
    assert states(play(task_list, states=["dismissed"])) == ["dismissed"]
    assert states(play(task_list, filters={"show_hidden": False})) == ["running"]


@pytest.mark.parametrize("status", [400, 422, 200])
def test_an_unknown_id(stage, status):
    play = stage(plan("1"), credentials={"dbvisit_standby": {"refusal_status": status}})
    expected = TaskNotFoundError if status == 400 else RejectedError
    with pytest.raises(expected, match="task 5 not found"):
        play(task_info, task_ids=["5"])


def test_waiting_for_an_unknown_id_tells_the_vendors_words(stage):
    with pytest.raises(WaitError, match="The answer was: task 5 not found"):
        stage(plan("1"))(task_wait, task_ids=["5"])


@pytest.mark.parametrize("not_found", ["fail", "succeed", "wait"])
def test_a_refusal_of_everything_is_never_an_end_of_a_task(stage, not_found):
    play = stage(plan("7"))
    refused = {"error": {"message": "licence has run out"}, "successful": False}
    play.simulator.add_fault(kind="status", status=400, body=refused, from_second=7)
    with pytest.raises(WaitError, match="licence has run out") as caught:
        play(task_wait, task_ids=["7"], not_found=not_found)
    assert caught.value.to_result()["reason"] == "rejected"


@pytest.mark.parametrize("login", [{**BASIC, "password": "wr0ng"}, {"api_token": "wr0ng"}])
def test_a_refused_login_is_tried_once(stage, login):
    play = stage(plan("7"))
    with pytest.raises(AuthenticationError) as caught:
        play(task_info, login, task_ids=["7"])
    assert "wr0ng" not in str(caught.value.to_result())
    assert play.asked() == {SHOW: 1}


def test_a_cookie_that_runs_out_in_mid_wait_ends_it(stage):
    play = stage(plan("7"))
    play.simulator.add_fault(kind="expire_sessions", from_second=6)
    with pytest.raises(WaitError, match="Give username and password") as caught:
        play(task_wait, COOKIE, task_ids=["7"])
    result = caught.value.to_result()
    assert (result["outcome"], result["reason"]) == ("unreachable", "authentication")


def test_basic_outlives_every_session(stage):
    play = stage(plan("7"))
    play.simulator.add_fault(kind="expire_sessions", from_second=6)
    assert play(task_wait, task_ids=["7"])["outcome"] == "succeeded"


def test_passing_trouble_is_borne(stage):
    play = stage(plan("7"))
    for fault in ({"status": 502}, {"status": 503}, {"kind": "html"}, {"kind": "bad_json"}, {"kind": "over_limit"}):
        play.simulator.add_fault({"kind": "status", **fault, "count": 1})
    result = play(task_wait, task_ids=["7"])
    assert (result["outcome"], result["transient_errors"]) == ("succeeded", 5)


def test_a_state_that_no_page_has(stage):
    play = stage(plan("7", "Archived", seconds=1))
    with pytest.raises(WaitError) as caught:
        play(task_wait, task_ids=["7"], timeout=20)
    assert caught.value.to_result()["outcome"] == "timed_out"
    assert "'Archived'" in play.warnings[0]
