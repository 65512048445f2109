# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One wait for many tasks: which of them are asked for when, and what they mean together."""

from __future__ import annotations

import math

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.retrying import Backoff
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.loop import Outcome, WaitFor, WaitPlan
from ansible_collections.longrunning.tasks.tests.unit.support.scripted_reader import (
    FOREVER_RUNNING,
    ScriptedReader,
    Step,
    running_until,
    trouble,
)

SUCCEEDED, FAILED, RUNNING = TaskState.SUCCEEDED, TaskState.FAILED, TaskState.RUNNING
GOOD_AT_5, GOOD_AT_15, GOOD_AT_45 = (running_until(second, SUCCEEDED) for second in (5, 15, 45))
BAD_AT_5, BAD_AT_15, BAD_AT_25 = (running_until(second, FAILED, "E42") for second in (5, 15, 25))


def ids(tasks):
    return [task.id for task in tasks]


def test_what_has_ended_is_not_asked_for_again():
    reader = ScriptedReader({"a": GOOD_AT_15, "b": BAD_AT_5, "c": GOOD_AT_45})
    reader.wait(WaitPlan(timeout=3600, poll_interval=10))
    assert [look.ids for look in reader.looks] == [
        ("a", "b", "c"),
        ("a", "b", "c"),
        ("a", "c"),
        ("c",),
        ("c",),
        ("c",),
    ]


def test_fail_fast_ends_with_the_first_failure_and_tells_who_was_pending():
    reader = ScriptedReader({"a": GOOD_AT_45, "b": BAD_AT_15, "c": BAD_AT_25, "d": GOOD_AT_5})
    outcome = reader.wait(WaitPlan(timeout=3600, poll_interval=10, fail_fast=True))
    assert (outcome.outcome, outcome.elapsed) == (Outcome.FAILED, 20)
    assert (ids(outcome.failed), ids(outcome.pending)) == (["b"], ["a", "c"])


@pytest.mark.parametrize(
    ("timelines", "fail_fast", "expected", "elapsed"),
    [
        ({"a": FOREVER_RUNNING, "b": GOOD_AT_15}, False, Outcome.SUCCEEDED, 20),
        ({"a": BAD_AT_5, "b": GOOD_AT_15}, False, Outcome.SUCCEEDED, 20),
        ({"a": BAD_AT_15, "b": GOOD_AT_15}, False, Outcome.SUCCEEDED, 20),
        ({"a": BAD_AT_15, "b": GOOD_AT_15}, True, Outcome.SUCCEEDED, 20),
        ({"a": BAD_AT_5, "b": GOOD_AT_15}, True, Outcome.FAILED, 10),
        ({"a": BAD_AT_5, "b": BAD_AT_15}, False, Outcome.FAILED, 20),
        ({"a": BAD_AT_5, "b": FOREVER_RUNNING}, False, Outcome.TIMED_OUT, 60),
    ],
)
def test_any_is_over_with_the_first_success(timelines, fail_fast, expected, elapsed):
    reader = ScriptedReader(timelines)
    outcome = reader.wait(WaitPlan(timeout=60, poll_interval=10, wait_for=WaitFor.ANY, fail_fast=fail_fast))
    assert (outcome.outcome, outcome.elapsed) == (expected, elapsed)


@pytest.mark.parametrize("order", [("a", "b", "c"), ("c", "a", "b"), ("b",)])
def test_the_tasks_come_back_in_the_order_asked_for(order):
    reader = ScriptedReader({"a": GOOD_AT_15, "b": BAD_AT_5, "c": GOOD_AT_5})
    assert ids(reader.wait(WaitPlan(timeout=60, poll_interval=10), task_ids=order).tasks) == list(order)


# The reader of the script fails when it is asked twice for one task in a look.
def test_an_id_given_twice_is_asked_for_once_and_comes_back_twice():
    reader = ScriptedReader({"a": GOOD_AT_5, "b": BAD_AT_5})
    outcome = reader.wait(WaitPlan(timeout=60, poll_interval=10), task_ids=("a", "b", "a", "b"))
    assert ids(outcome.tasks) == ["a", "b", "a", "b"]
    assert ids(outcome.failed) == ["b"]


@pytest.mark.parametrize("wait_for", WaitFor)
def test_a_wait_for_nothing_is_over_without_a_look(wait_for):
    reader = ScriptedReader({})
    outcome = reader.wait(WaitPlan(timeout=60, poll_interval=10, wait_for=wait_for))
    assert (outcome.outcome, outcome.polls, outcome.tasks, outcome.elapsed) == (Outcome.SUCCEEDED, 0, (), 0)


def test_a_hundred_tasks_cost_as_many_looks_as_one():
    timelines = {f"t{number}": (Step(0, RUNNING), Step(number / 2, SUCCEEDED)) for number in range(100)}
    reader = ScriptedReader(timelines)
    outcome = reader.wait(WaitPlan(timeout=60, poll_interval=10))
    assert (outcome.outcome, outcome.polls) == (Outcome.SUCCEEDED, 6)


class TestTroubleOfOne:
    def test_it_is_asked_again_out_of_turn_and_joins_the_others_again(self):
        timelines = dict.fromkeys("abc", running_until(55, SUCCEEDED))
        reader = ScriptedReader(timelines, trouble(20, 22, "b"))
        outcome = reader.wait(WaitPlan(timeout=100, poll_interval=20))
        assert outcome.outcome is Outcome.SUCCEEDED
        assert reader.moments_of("a") == [0, 20, 40, 60]
        assert reader.moments_of("b") == [0, 20, 21, 23, 40, 60]
        assert outcome.polls == 6

    def test_a_long_stretch_of_its_errors_does_not_hold_up_the_others(self):
        timelines = {"a": running_until(95, SUCCEEDED), "b": running_until(95, SUCCEEDED)}
        reader = ScriptedReader(timelines, trouble(10, 80, "b"))
        outcome = reader.wait(WaitPlan(timeout=200, poll_interval=10))
        assert outcome.outcome is Outcome.SUCCEEDED
        assert reader.moments_of("a") == [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]
        assert reader.moments_of("b") == [0, 10, 11, 13, 17, 25, 41, 71, 101]

    def test_a_failed_look_out_of_turn_is_no_trouble_of_the_others(self):
        timelines = dict.fromkeys("ab", running_until(25, SUCCEEDED))
        reader = ScriptedReader(timelines, trouble(10, 10.5, "b"), trouble(11, 11.5))
        reader.wait(WaitPlan(timeout=100, poll_interval=10))
        assert reader.moments_of("a") == [0, 10, 20, 30]
        assert reader.moments_of("b") == [0, 10, 11, 13, 20, 30]

    def test_tasks_that_fail_together_are_asked_for_together(self):
        timelines = dict.fromkeys("abc", FOREVER_RUNNING)
        reader = ScriptedReader(timelines, trouble(0, 40))
        reader.wait(WaitPlan(timeout=60, poll_interval=10), backoff=Backoff(cap=10))
        assert all(look.ids == ("a", "b", "c") for look in reader.looks)

    def test_one_error_for_all_of_a_list_counts_once(self):
        reader = ScriptedReader(dict.fromkeys("abc", FOREVER_RUNNING), trouble(0, 0.5))
        assert reader.wait(WaitPlan(timeout=10, poll_interval=10)).transient_errors == 1

    def test_errors_of_single_tasks_count_each(self):
        reader = ScriptedReader(dict.fromkeys("abc", FOREVER_RUNNING), trouble(0, 0.5, "a"), trouble(0, 0.5, "b"))
        assert reader.wait(WaitPlan(timeout=10, poll_interval=10)).transient_errors == 2

    def test_its_budget_is_its_own(self):
        timelines = dict.fromkeys("ab", FOREVER_RUNNING)
        reader = ScriptedReader(timelines, trouble(10, math.inf, "b"))
        outcome = reader.wait(WaitPlan(timeout=3600, poll_interval=10, transient_timeout=50))
        assert (outcome.outcome, outcome.elapsed) == (Outcome.UNREACHABLE, 60)

    def test_any_is_content_with_the_others(self):
        timelines = {"a": running_until(40, SUCCEEDED), "b": FOREVER_RUNNING}
        reader = ScriptedReader(timelines, trouble(10, math.inf, "b"))
        outcome = reader.wait(WaitPlan(timeout=3600, poll_interval=10, wait_for=WaitFor.ANY, transient_timeout=50))
        assert (outcome.outcome, outcome.elapsed) == (Outcome.SUCCEEDED, 40)

    # "Sleep at most until the deadline; look once more at the deadline" holds for each task.
    def test_a_slow_repeat_across_the_deadline_does_not_take_the_last_look_from_the_others(self):
        timelines = {"a": running_until(22, SUCCEEDED), "b": running_until(22, SUCCEEDED)}
        # b is asked again at 24; that request ends at 27, after the deadline.
        reader = ScriptedReader(timelines, trouble(14, 15, "b", retry_after=7), request_seconds=3)
        outcome = reader.wait(WaitPlan(timeout=26, poll_interval=11))
        assert outcome.outcome is Outcome.SUCCEEDED
        assert reader.moments_of("a")[-1] >= 26
