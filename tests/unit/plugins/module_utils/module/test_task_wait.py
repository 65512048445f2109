# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    AuthenticationError,
    BadAnswerError,
    InterruptError,
    OptionError,
    TransientError,
    WaitError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._module.task_wait import run
from ansible_collections.longrunning.tasks.tests.unit.support.fake_provider import DESCRIPTION, FakeProvider, Run, task

KEYS = {
    "msg",
    "outcome",
    "timed_out",
    "tasks",
    "task",
    "counts",
    "failed_task_ids",
    "pending_task_ids",
    "failure_codes",
    "elapsed",
    "polls",
    "requests",
    "transient_errors",
    "last_transient_error",
    "cancels",
}


def wait(tasks, **params):
    return Run(run, FakeProvider(tasks), **{"task_ids": list(tasks), "return_history": True, **params})


def fails(waiting):
    with pytest.raises(WaitError) as caught:
        waiting()
    return caught.value.to_result()


def test_a_task_is_waited_for():
    waiting = wait({"a": [task("a", "queued"), task("a"), task("a"), task("a", "succeeded")]})
    result = waiting()
    assert result.keys() == KEYS
    assert (result["outcome"], result["timed_out"], result["polls"]) == ("succeeded", False, 4)
    assert (result["elapsed"], result["requests"]) == (30.0, 4)
    assert waiting.clock.slept == [10.0] * 3
    assert result["task"] == result["tasks"][0]
    assert [(change["state"], change["elapsed"]) for change in result["task"]["history"]] == [
        ("queued", 0.0),
        ("running", 10.0),
        ("succeeded", 30.0),
    ]
    assert "reason" not in result


@pytest.mark.parametrize(
    ("tasks", "params", "outcome", "reason"),
    [
        ({"a": task("a", "succeeded")}, {}, "succeeded", None),
        ({"a": task("a", "failed")}, {}, "failed", "task_failed"),
        ({"a": task("a", "cancelled")}, {}, "failed", "task_failed"),
        ({"a": task("a", "dismissed")}, {}, "failed", "task_failed"),
        ({}, {"task_ids": ["gone"]}, "failed", "task_failed"),
        ({}, {"task_ids": ["gone"], "not_found": "succeed"}, "succeeded", None),
        ({}, {"task_ids": ["gone"], "not_found": "wait", "timeout": 5}, "timed_out", "timed_out"),
        ({"a": task("a")}, {"timeout": 25}, "timed_out", "timed_out"),
        ({"a": task("a")}, {"stall_timeout": 25}, "stalled", "stalled"),
        ({"a": task("a", "unknown")}, {"unknown_state": "fail"}, "failed", "task_failed"),
        ({"a": TransientError("away")}, {"transient_timeout": 20}, "unreachable", "unreachable"),
        ({"a": AuthenticationError("no")}, {}, "unreachable", "authentication"),
        ({"a": InterruptError("Interrupted")}, {}, "interrupted", "interrupted"),
    ],
)
def test_every_end_has_the_same_keys(tasks, params, outcome, reason):
    waiting = wait(tasks, **params)
    result = waiting() if reason is None else fails(waiting)
    assert result.keys() - {"request"} == KEYS | ({"reason"} if reason else set())
    assert ("request" in result) is (outcome == "unreachable")
    assert (result["outcome"], result.get("reason")) == (outcome, reason)
    assert result["timed_out"] is (outcome == "timed_out")
    assert result["msg"].endswith((".", ".)"))
    assert result["counts"].keys() == {state.value for state in TaskState}
    assert sum(result["counts"].values()) == len(result["tasks"]) == 1
    assert "history" in result["tasks"][0]


def test_a_history_is_returned_only_where_it_is_wanted():
    assert "history" not in wait({"a": task("a", "succeeded")}, return_history=False)()["task"]
    assert Run(run, FakeProvider({"a": task("a")}), task_ids=["a"]).params["return_history"] is False


FAILED_AND_LATE = {"a": task("a", "failed", "7"), "b": task("b")}


@pytest.mark.parametrize(
    ("tasks", "params", "reason"),
    [
        ({"a": task("a", "failed")}, {"on_timeout": "continue"}, "task_failed"),
        ({"a": task("a")}, {"on_failure": "continue"}, "timed_out"),
        (FAILED_AND_LATE, {}, "task_failed"),
        (FAILED_AND_LATE, {"on_failure": "continue"}, "timed_out"),
        (FAILED_AND_LATE, {"on_timeout": "continue"}, "task_failed"),
        (FAILED_AND_LATE, {"on_failure": "continue", "on_timeout": "continue"}, None),
        (FAILED_AND_LATE, {"fail_fast": True, "on_failure": "continue"}, None),
        (FAILED_AND_LATE, {"accept_failure_codes": ["7"]}, "timed_out"),
        (FAILED_AND_LATE, {"accept_failure_codes": ["7"], "on_timeout": "continue"}, None),
        ({"a": TransientError("x")}, {"on_failure": "continue", "on_timeout": "continue"}, "unreachable"),
        ({"a": AuthenticationError("x")}, {"on_failure": "continue", "on_timeout": "continue"}, "authentication"),
        ({"a": InterruptError("x")}, {"on_failure": "continue", "on_timeout": "continue"}, "interrupted"),
    ],
)
def test_what_makes_the_module_fail(tasks, params, reason):
    waiting = wait(tasks, timeout=20, **params)
    if reason is None:
        assert "reason" not in waiting()
    else:
        assert fails(waiting)["reason"] == reason


def test_the_order_the_doubles_and_the_counts():
    tasks = {"a": task("a", "succeeded"), "b": task("b", "failed"), "c": task("c"), "d": task("d", "queued")}
    result = fails(wait(tasks, task_ids=["c", "a", "b", "a", "x"], timeout=0))
    assert [entry["id"] for entry in result["tasks"]] == ["c", "a", "b", "a", "x"]
    assert {state: count for state, count in result["counts"].items() if count} == {
        "succeeded": 2,
        "failed": 1,
        "running": 1,
        "not_found": 1,
    }
    assert (result["failed_task_ids"], result["pending_task_ids"]) == (["b", "x"], ["c"])
    assert result["task"] is None


def test_the_codes_of_the_failed_are_told_once():
    codes = {"a": "7", "b": "9", "c": None, "d": "7", "e": "8"}
    tasks = {task_id: task(task_id, "failed", code) for task_id, code in codes.items()}
    tasks["f"] = task("f", "succeeded")
    assert fails(wait(tasks, accept_failure_codes=["8"]))["failure_codes"] == ["7", "9"]
    assert wait(tasks, on_failure="continue")()["failure_codes"] == ["7", "9", "8"]
    assert wait({"f": tasks["f"]})()["failure_codes"] == []


@pytest.mark.parametrize("kind", [AuthenticationError, TransientError, BadAnswerError])
def test_the_request_that_ended_a_wait_is_told_as_by_the_other_modules(kind):
    error = kind("no", method="GET", url="https://example.com/tasks/a", status=418, code="teapot")
    assert fails(wait({"a": error}, transient_timeout=0))["request"] == error.to_result()["request"]


def test_the_message_says_what_to_do():
    result = fails(wait({"a": task("a", "failed", "7", type="import", name="web")}))
    assert result["msg"] == "Example Cloud: import task a (web) failed with code 7: It broke. What to do: Mend it."


def contradicting(single, **params):
    """Return a wait whose list shows a success, and whose task itself says something else, look by look."""
    waiting = wait({"a": task("a", "succeeded"), "b": task("b", "succeeded")}, **params)
    waiting.provider.list_entry_lacks_something = lambda one: one.id == "a"
    waiting.provider.read_task = lambda _task_id, _deadline: single.pop(0) if len(single) > 1 else single[0]
    return waiting


@pytest.mark.kind
@pytest.mark.parametrize(
    ("single", "params", "outcome"),
    [
        (task("a"), {"timeout": 25}, "timed_out"),
        (replace(task("a", "unknown"), raw_state="odd"), {"unknown_state": "fail"}, "failed"),
        (task("a", "failed", "7"), {}, "failed"),
    ],
)
def test_a_list_that_says_success_proves_nothing_against_the_task_itself(single, params, outcome):
    waiting = contradicting([single], **params)
    result = fails(waiting)
    assert (result["outcome"], result["tasks"][0]["state"]) == (outcome, single.state.value)
    assert sum("until the two agree" in warning for warning in waiting.warnings) == (
        single.state is not TaskState.FAILED
    )


# --- options --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ids", [[], [""], ["a", "\n"], [".."]])
def test_ids_that_cannot_be_waited_for(ids):
    with pytest.raises(OptionError, match="task_ids"):
        wait({"a": task("a")}, task_ids=ids)()


def test_neither_ids_nor_results():
    with pytest.raises(OptionError, match="task_ids, launch_results and select are null or missing"):
        wait({}, task_ids=None, launch_results=None)()


@pytest.mark.parametrize(
    ("option", "zero_is_fine"),
    [
        ("timeout", True),
        ("transient_timeout", True),
        ("poll_interval", False),
        ("max_poll_interval", False),
        ("stall_timeout", False),
        ("progress_interval", False),
    ],
)
@pytest.mark.parametrize("value", [-1.0, -0.001, math.nan, math.inf, -math.inf, 0.0, 1e300])
def test_times_that_cannot_be_waited(option, zero_is_fine, value):
    waiting = wait({"a": task("a", "succeeded")}, **{option: value})
    if value == 0 and zero_is_fine:
        assert waiting()["outcome"] == "succeeded"
        return
    with pytest.raises(OptionError, match=f"^{option} is ") as caught:
        waiting()
    assert caught.value.option == option
    assert waiting.provider.asked == []


@pytest.mark.parametrize(("interval", "most"), [(20.0, 19.9), (None, 5.0)])
def test_the_longest_interval_is_not_below_the_interval(interval, most):
    with pytest.raises(OptionError, match="max_poll_interval is") as caught:
        wait({"a": task("a")}, poll_interval=interval, max_poll_interval=most)()
    assert caught.value.option == "max_poll_interval"


@pytest.mark.parametrize("timeout", [0, None])
def test_zero_seconds_are_one_look(timeout):
    waiting = wait({"a": task("a")}, timeout=timeout)
    assert fails(waiting)["polls"] == 1
    assert waiting.clock.slept == []


def test_a_wait_for_which_nothing_is_said_ends_after_an_hour():
    waiting = wait({"a": task("a")})
    assert fails(waiting)["outcome"] == "timed_out"
    assert waiting.clock.elapsed == 3600


@pytest.mark.parametrize(
    ("given", "moments"),
    [
        # The provider's interval is 10 seconds, and the task makes one percent a second.
        ({}, [10.0, 60.0, 24.0, 10.0]),
        ({"poll_interval": 30}, [30.0, 30.0, 30.0, 30.0]),
        ({"poll_interval": 30, "max_poll_interval": 40}, [30.0, 40.0, 30.0, 30.0]),
        ({"max_poll_interval": 20}, [10.0, 20.0, 20.0, 20.0]),
    ],
)
def test_looks_move_apart_as_far_as_the_options_allow(given, moments):
    waiting = wait({"a": task("a")}, timeout=300, **given)
    waiting.provider.tasks["a"] = lambda: task("a", percent=min(99.0, waiting.clock.elapsed))
    fails(waiting)
    assert waiting.clock.slept[:4] == moments


@pytest.mark.parametrize(
    ("interval", "url", "warned"),
    [
        (9.9, "https://example.com", True),
        (10.0, "https://example.com", False),
        (None, "https://example.com", False),
        (1.0, "http://127.0.0.1:8080", False),
        (1.0, "http://localhost", False),
    ],
)
def test_polling_faster_than_the_vendor_likes_is_warned_of(interval, url, warned):
    waiting = wait({"a": task("a", "succeeded")}, poll_interval=interval)
    waiting.options = replace(waiting.options, api_url=url)
    waiting()
    assert len(waiting.warnings) == warned
    if warned:
        assert "Example Cloud asks for no more than one poll in 10 seconds" in waiting.warnings[0]


def test_without_advice_of_the_vendor_there_is_no_warning():
    provider = FakeProvider({"a": task("a", "succeeded")}, replace(DESCRIPTION, least_poll_interval=0.0))
    waiting = Run(run, provider, task_ids=["a"], poll_interval=0.1)
    waiting()
    assert waiting.warnings == []


def test_a_task_without_a_state_is_warned_of():
    waiting = wait({"a": [replace(task("a", "unknown"), raw_state=None), task("a", "succeeded")]})
    waiting()
    assert waiting.warnings == [
        "Example Cloud reports a task without a state. It counts neither as ended nor as succeeded",
    ]


# --- check mode -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tasks", "outcome"), [({"a": task("a")}, "timed_out"), ({"a": task("a", "succeeded")}, "succeeded")]
)
def test_check_mode_looks_once(tasks, outcome):
    waiting = wait(tasks, check_mode=True, timeout=3600)
    result = waiting()
    assert (result["polls"], waiting.clock.slept, result["outcome"]) == (1, [], outcome)
    assert result["msg"].startswith("Check mode: looked once and did not wait. Example Cloud: ")


def test_check_mode_fails_for_a_failed_task():
    assert fails(wait({"a": task("a", "failed")}, check_mode=True))["reason"] == "task_failed"


def test_check_mode_does_not_hide_bad_options():
    with pytest.raises(OptionError):
        wait({"a": task("a")}, check_mode=True, timeout=-1)()


# --- launch_results -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("results", [{"skipped": True}, {"results": [{"skipped": True}]}, []])
def test_launches_that_were_all_skipped_need_no_wait(results):
    waiting = wait({}, task_ids=None, launch_results=results)
    result = waiting()
    assert result.keys() == KEYS
    assert (result["outcome"], result["tasks"], result["requests"], result["polls"]) == ("succeeded", [], 0, 0)


def test_a_launched_id_that_cannot_be_asked_for():
    with pytest.raises(OptionError):
        wait({}, task_ids=None, launch_results={"id": ".."})()


# --- subtasks -------------------------------------------------------------------------------------------------

LEFT, DONE, BROKEN = task("a1"), task("a1", "succeeded"), task("a2", "failed", "E1")


def following(tasks, subtasks, **params):
    waiting = wait(tasks, follow_subtasks=True, **params)
    waiting.provider.subtasks = subtasks
    return waiting


def test_subtasks_are_not_asked_for_unless_followed():
    waiting = wait({"a": task("a", "succeeded")})
    waiting.provider.subtasks = {"a": (LEFT,)}
    assert waiting()["outcome"] == "succeeded"
    assert waiting.provider.subtasks_asked == []


def test_a_wait_goes_on_until_the_subtasks_have_ended():
    waiting = following({"a": [task("a"), task("a", "succeeded")]}, {"a": [(LEFT,), (LEFT,), (DONE,)]})
    result = waiting()
    assert (result["outcome"], result["polls"], result["elapsed"]) == ("succeeded", 4, 30.0)
    # They are not asked for while the task itself has not ended.
    assert len(waiting.provider.subtasks_asked) == 3
    history = [(change["state"], change["raw_state"]) for change in result["task"]["history"]]
    assert history == [("running", "busy"), ("running", "done"), ("succeeded", "done")]
    assert [part["state"] for part in result["task"]["subtasks"]] == ["succeeded"]
    assert result["task"]["message"] is None


def test_time_that_runs_out_while_subtasks_go_on():
    result = fails(following({"a": task("a", "succeeded")}, {"a": (LEFT, DONE)}, timeout=5))
    assert (result["outcome"], result["pending_task_ids"], result["counts"]["running"]) == ("timed_out", ["a"], 1)
    assert "last seen done with 1 of 2 subtasks not ended" in result["msg"]
    assert result["task"]["message"] == "1 of 2 subtasks has not ended"
    assert (result["task"]["is_final"], result["task"]["finished_at"]) == (False, None)


def test_a_failed_subtask_is_told_and_the_task_decides():
    result = following({"a": task("a", "succeeded", message="Fine")}, {"a": (DONE, BROKEN)})()
    assert result["outcome"] == "succeeded"
    assert result["task"]["message"] == (
        "Fine; Subtask: Example Cloud: task a2 failed with code E1: It broke. What to do: Mend it."
    )


def test_a_failed_task_waits_for_its_subtasks_too():
    result = fails(following({"a": task("a", "failed", "E2")}, {"a": [(LEFT,), (BROKEN,)]}))
    assert (result["outcome"], result["polls"], result["task"]["error"]["code"]) == ("failed", 2, "E2")


def test_a_failed_task_ends_a_fast_wait_in_spite_of_its_subtasks():
    waiting = following({"a": task("a", "failed", "E2"), "b": task("b")}, {"a": (LEFT,)}, fail_fast=True)
    assert (fails(waiting)["polls"], waiting.provider.subtasks_asked) == (1, [])


def test_trouble_with_subtasks_is_borne_and_proves_nothing():
    waiting = following({"a": task("a", "succeeded")}, {"a": [TransientError("away"), (DONE,)]})
    result = waiting()
    assert (result["outcome"], result["polls"], result["transient_errors"]) == ("succeeded", 2, 1)
    assert fails(following({"a": task("a", "succeeded")}, {"a": TransientError("away")}))["outcome"] == "unreachable"


def test_following_changes_nothing_where_there_are_no_subtasks():
    tasks = {"a": task("a", "succeeded"), "b": task("b", "failed", "E1")}
    result = fails(following(tasks, {}))
    assert result["failed_task_ids"] == ["b"]
    assert [entry["subtasks"] for entry in result["tasks"]] == [[], []]
