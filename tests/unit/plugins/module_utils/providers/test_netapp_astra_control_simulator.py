# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules' work with Astra Control as the simulator plays it, over real sockets and on a clock moved by hand."""

from __future__ import annotations

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._api.http import RequestsClient
from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    AuthenticationError,
    TaskNotFoundError,
    WaitError,
    WorkError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._module import task_info, task_list, task_wait
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.connecting import connection_options
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.contract import ProviderTools
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.netapp_astra_control import PROVIDER
from ansible_collections.longrunning.tasks.tests.unit.support.fake_provider import Run
from task_simulator import Simulator

ACCOUNT = "fdaa655c-15ab-4d34-aa61-1e9098e67be0"
GOOD, BAD, PART, PAUSED, CANCELLED, ENDLESS = (f"00000000-0000-4000-8000-00000000000{number}" for number in range(6))
MISSING = "99999999-0000-4000-8000-000000000000"


def planned(task_id, *steps, end="completed", **keys):
    lasting = [{"state": state, "seconds": seconds} for state, seconds in steps]
    return {
        "provider": "netapp_astra_control",
        "id": task_id,
        "steps": lasting,
        "end": end if isinstance(end, dict) else {"state": end},
        **keys,
    }


TASKS = [
    planned(GOOD, ("notStarted", 7), ("running", 20), ("pausing", 1), ("running", 5)),
    planned(BAD, ("running", 12), end={"state": "failed", "code": 7}),
    planned(
        PART,
        ("running", 60),
        type="astra.backup.prep",
        input={"parentTaskID": GOOD, "orderHint": 1},
        end={"state": "failed", "code": "problems/24"},
    ),
    planned(PAUSED, ("paused", 40)),
    planned(CANCELLED, ("cancelling", 3), end="cancelled"),
    planned(ENDLESS, ("running", 1e9)),
]


class Play:
    """A simulator whose time passes when the modules' work sleeps."""

    def __init__(self, **scenario):
        self.clock = None
        self.simulator = Simulator({"tasks": TASKS, **scenario}, clock=self._now)
        self.http = None

    def _now(self):
        return 0.0 if self.clock is None else self.clock.elapsed

    def run(self, work, before=None, **params):
        login = {"api_url": self.simulator.url, "account_id": ACCOUNT, "api_token": params.pop("token", "demo-token")}
        run = Run(work, None, **params)
        self.clock = run.clock

        def make_http(tls):
            self.http = RequestsClient(tls)
            return self.http

        options = connection_options(PROVIDER.description, login, {})
        run.options = options
        tools = ProviderTools(run.clock, make_http, run.warnings.append, lambda _text: None)
        run.provider = PROVIDER.create(options, tools)
        # The count of requests of the fake is not wanted here.
        run.provider.asked = run.provider.queries = ()
        if before:
            sleep = run.clock.sleep

            def interrupted(seconds):
                before(run.clock)
                sleep(seconds)

            run.clock.sleep = interrupted
        try:
            return run()
        finally:
            self.http.close()


@pytest.fixture
def play(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    started = []

    def start(**scenario):
        started.append(Play(**scenario))
        started[-1].simulator.start()
        return started[-1]

    yield start
    for each in started:
        each.simulator.stop()


def failed(play, **params):
    with pytest.raises(WaitError) as caught:
        play.run(task_wait.run, **params)
    return caught.value.to_result()


def test_info(play):
    result = play().run(task_info.run, task_ids=[BAD, MISSING], not_found="succeed", subtasks=True)
    assert [task["state"] for task in result["tasks"]] == ["running", "not_found"]
    assert [task["subtasks"] for task in result["tasks"]] == [[], []]


def test_info_with_subtasks(play):
    result = play().run(task_info.run, task_ids=[GOOD], subtasks=True)
    assert [(part["id"], part["type"], part["parent_id"]) for part in result["task"]["subtasks"]] == [
        (PART, "astra.backup.prep", GOOD)
    ]


def test_a_missing_task_fails(play):
    with pytest.raises(TaskNotFoundError, match="has no task"):
        play().run(task_info.run, task_ids=[MISSING])


def test_list(play):
    game = play()
    assert game.run(task_list.run)["count"] == 6
    assert [task["id"] for task in game.run(task_list.run, states=["paused"])["tasks"]] == [PAUSED]
    running = game.run(task_list.run, states=["running"])
    assert {task["id"] for task in running["tasks"]} == {BAD, PART, CANCELLED, ENDLESS}
    assert [task["id"] for task in game.run(task_list.run, types=["astra.backup.prep"])["tasks"]] == [PART]
    assert game.simulator.requests()["total"] == 4


def test_a_list_that_a_limit_cuts_off_is_truncated(play):
    game = play()
    assert game.run(task_list.run, filters={"limit": 2})["truncated"] is True
    assert game.run(task_list.run, filters={"limit": 7})["truncated"] is False
    assert game.run(task_list.run, limit=2)["truncated"] is True


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        ({"skip": 3}, "problem 6, .*skip: is not supported"),
        ({"limit": 0}, "problem 5, .*limit: is not in the appropriate format"),
        ({"include": "id"}, "Omit it"),
    ],
)
def test_a_list_with_filters_that_do_not_exist(play, filters, words):
    with pytest.raises(WorkError, match=words):
        play().run(task_list.run, filters=filters)


def test_a_wait_to_success(play):
    result = play().run(task_wait.run, task_ids=[GOOD])
    assert (result["outcome"], result["task"]["percent"]) == ("succeeded", 100.0)
    assert [change["state"] for change in result["task"]["history"]] == ["queued", "running", "succeeded"]
    assert result["elapsed"] == 35.0


def test_a_wait_to_failure(play):
    result = failed(play(), task_ids=[BAD])
    assert (result["outcome"], result["elapsed"]) == ("failed", 15.0)
    assert result["task"]["error"]["code"] == "stateDetails/7"
    assert f"NetApp Astra Control: astra.backup task {BAD} (Backup) failed with code stateDetails/7" in result["msg"]


def test_a_wait_for_many_costs_one_list_a_look(play):
    game = play()
    result = failed(game, task_ids=[GOOD, BAD, PAUSED, CANCELLED])
    assert [task["state"] for task in result["tasks"]] == ["succeeded", "failed", "succeeded", "cancelled"]
    assert [change["state"] for change in result["tasks"][2]["history"]] == ["paused", "succeeded"]
    paths = game.simulator.requests()["by_path"]
    lists = paths["GET /accounts/{account_id}/core/v1/tasks"]
    assert result["polls"] == sum(paths.values())
    assert lists >= result["polls"] - 2


def test_a_wait_that_follows_subtasks(play):
    result = play().run(task_wait.run, task_ids=[GOOD], follow_subtasks=True)
    # The task itself has ended after 33 seconds, its part after 60.
    assert (result["outcome"], result["elapsed"]) == ("succeeded", 60.0)
    assert [change["raw_state"] for change in result["task"]["history"]][-2:] == ["completed", "completed"]
    assert "Subtask: NetApp Astra Control: astra.backup.prep task" in result["task"]["message"]
    assert "failed with code 24: Service unavailable" in result["task"]["message"]
    assert [part["state"] for part in result["task"]["subtasks"]] == ["failed"]


def test_a_token_that_is_revoked_mid_wait_ends_the_wait(play):
    game = play()

    def revoke(clock):
        if clock.elapsed == 10:
            game.simulator.expire_sessions()

    result = failed(game, before=revoke, task_ids=[ENDLESS])
    assert (result["outcome"], result["reason"], result["elapsed"]) == ("unreachable", "authentication", 15.0)
    assert "never works again" in result["msg"]
    assert "demo-token" not in str(result)
    # Asked once: nothing can renew it.
    assert game.simulator.requests()["total"] == 4


def test_a_wrong_token(play):
    with pytest.raises(AuthenticationError, match="problem 4, Invalid bearer token"):
        play().run(task_info.run, task_ids=[GOOD], token="wrong")


def test_a_wrong_account_is_no_task_that_was_forgotten(play):
    # With problem 1, which is all that the path lists, nobody could tell the two apart.
    other = {"account_id": MISSING[:19] + "8" + MISSING[20:], "path_problems": "own"}
    game = play(credentials={"netapp_astra_control": other})
    result = failed(game, task_ids=[GOOD], not_found="succeed")
    assert (result["outcome"], result["reason"]) == ("unreachable", "rejected")
    assert "Account not found" in result["msg"]


def test_bad_weather_passes(play):
    faults = [
        {"kind": "status", "status": 503, "count": 2, "after": 1},
        {"kind": "html", "count": 1},
        {"kind": "truncate", "count": 1},
        {"kind": "reset", "count": 1},
    ]
    result = play(faults=faults).run(task_wait.run, task_ids=[GOOD])
    assert result["outcome"] == "succeeded"
    assert result["transient_errors"] == 5
