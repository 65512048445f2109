# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    NotFoundError,
    OptionError,
    OutOfTimeError,
    TaskNotFoundError,
    TransientError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._core.threads import MOST_PARALLEL_REQUESTS
from ansible_collections.longrunning.tasks.plugins.module_utils._module.context import REPEAT_SECONDS
from ansible_collections.longrunning.tasks.plugins.module_utils._module.lookups import SECONDS_PER_TASK
from ansible_collections.longrunning.tasks.plugins.module_utils._module.task_info import run
from ansible_collections.longrunning.tasks.tests.unit.support.fake_provider import FakeProvider, Run, task


def states(result):
    return [(entry["id"], entry["state"]) for entry in result["tasks"]]


def test_one_task_is_returned_twice_over():
    provider = FakeProvider({"a": task("a")})
    result = Run(run, provider, task_ids=["a"])()
    assert result.keys() == {"tasks", "task"}
    assert result["task"] == result["tasks"][0]
    assert (result["task"]["state"], result["task"]["raw_state"]) == ("running", "busy")
    assert "history" not in result["task"]


def test_tasks_come_in_the_order_asked_for():
    provider = FakeProvider({name: task(name) for name in "abcde"})
    result = Run(run, provider, task_ids=["d", "a", "c"])()
    assert [entry["id"] for entry in result["tasks"]] == ["d", "a", "c"]
    assert result["task"] is None


def test_a_task_asked_for_twice_is_read_once_and_returned_twice():
    provider = FakeProvider({"a": task("a")})
    result = Run(run, provider, task_ids=["a", "a", "a"])()
    assert provider.asked == ["a"]
    assert states(result) == [("a", "running")] * 3


@pytest.mark.parametrize("ids", [[], [""], ["a", " "], ["a", ".."], ["."]])
def test_ids_that_cannot_be_asked_for(ids):
    provider = FakeProvider({"a": task("a")})
    with pytest.raises(OptionError, match="task_ids") as caught:
        Run(run, provider, task_ids=ids)()
    assert caught.value.option == "task_ids"
    assert provider.asked == []


def test_a_missing_task_fails():
    provider = FakeProvider({"a": task("a")})
    with pytest.raises(TaskNotFoundError, match="Example Cloud has no task b") as caught:
        Run(run, provider, task_ids=["b", "a"])()
    result = caught.value.to_result()
    assert result["reason"] == "not_found"
    assert "Set not_found to succeed to get it with the state not_found instead" in result["msg"]
    assert states(result) == [("b", "not_found"), ("a", "running")]


def test_what_the_vendor_said_about_a_missing_task_is_told():
    provider = FakeProvider({"b": NotFoundError("Refused", words="No b here")})
    with pytest.raises(TaskNotFoundError, match=r"no longer has it\. The answer was: No b here\. Check the ID,"):
        Run(run, provider, task_ids=["b"])()


def test_missing_tasks_are_all_named():
    with pytest.raises(TaskNotFoundError, match="none of the tasks x, y and z"):
        Run(run, FakeProvider({"a": task("a")}), task_ids=["x", "a", "y", "z"])()


@pytest.mark.parametrize("ids", [["gone"], ["gone", "a"], ["gone", "gone"]])
def test_a_missing_task_can_be_reported(ids):
    result = Run(run, FakeProvider({"a": task("a")}), task_ids=ids, not_found="succeed")()
    assert states(result)[0] == ("gone", "not_found")
    assert result["tasks"][0]["raw_state"] is None
    assert result["tasks"][0]["is_final"] is False


def test_passing_trouble_is_borne():
    provider = FakeProvider({"a": [TransientError("away"), TransientError("away"), task("a")]})
    lookup = Run(run, provider, task_ids=["a"])
    assert states(lookup()) == [("a", "running")]
    assert len(provider.asked) == 3
    assert lookup.clock.elapsed <= REPEAT_SECONDS


def test_lasting_trouble_ends_it():
    lookup = Run(run, FakeProvider({"a": TransientError("away")}), task_ids=["a"])
    with pytest.raises(TransientError, match="away"):
        lookup()
    assert lookup.clock.elapsed <= REPEAT_SECONDS


def test_a_lookup_has_a_limit_for_the_whole():
    lookup = Run(run, FakeProvider(), task_ids=[f"t{number}" for number in range(50)])

    def read_task(task_id, deadline):
        deadline.next_request_timeout()
        lookup.clock.advance(40)
        return task(task_id)

    lookup.provider.read_task = read_task
    with pytest.raises(OutOfTimeError, match=r"longer than 11 min 40 s\. Ask for fewer tasks at a time") as caught:
        lookup()
    assert lookup.clock.elapsed <= 600 + 50 * SECONDS_PER_TASK + 40 * (MOST_PARALLEL_REQUESTS + 1)
    assert caught.value.to_result()["reason"] == "timed_out"


def test_contradictions_are_warned_of():
    provider = FakeProvider({"a": task("a", "failed"), "b": task("b")})
    provider.list_entry_lacks_something = lambda one: one.is_final
    provider.read_task = lambda task_id, _deadline: task(task_id, "succeeded")
    lookup = Run(run, provider, task_ids=["a", "b"])
    assert states(lookup()) == [("a", "running"), ("b", "running")]
    assert len(lookup.warnings) == 1


def test_one_task_in_trouble_is_trouble():
    provider = FakeProvider({"a": task("a"), "b": TransientError("b is away")})
    with pytest.raises(TransientError, match="b is away"):
        Run(run, provider, task_ids=["a", "b"])()


def test_check_mode_makes_no_difference():
    provider = FakeProvider({"a": task("a")})
    assert Run(run, provider, task_ids=["a"], check_mode=True)() == Run(run, provider, task_ids=["a"])()


# --- subtasks -------------------------------------------------------------------------------------------------


def test_subtasks_come_in_their_order():
    provider = FakeProvider({"a": task("a", "succeeded"), "b": task("b")})
    provider.subtasks = {"a": (task("a2"), task("a1", "failed", "E1"))}
    result = Run(run, provider, task_ids=["b", "a"], subtasks=True)()
    assert [[part["id"] for part in entry["subtasks"]] for entry in result["tasks"]] == [[], ["a2", "a1"]]
    assert result["tasks"][1]["subtasks"][1]["error"]["code"] == "E1"
    # A lookup shows a task as it is.
    assert result["tasks"][1]["state"] == "succeeded"


def test_a_vendor_without_subtasks_gives_an_empty_list():
    result = Run(run, FakeProvider({"a": task("a")}), task_ids=["a"], subtasks=True)()
    assert result["task"]["subtasks"] == []


def test_a_missing_task_has_no_subtasks_and_is_not_asked_for_any():
    provider = FakeProvider()
    provider.subtasks = {"a": NotFoundError("no")}
    result = Run(run, provider, task_ids=["a"], subtasks=True, not_found="succeed")()
    assert result["task"]["subtasks"] == []
    assert provider.subtasks_asked == []
