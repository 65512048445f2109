# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a state means for a wait, under each of the plan's options."""

from __future__ import annotations

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.snapshot import Snapshot
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import Task, TaskError, TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.loop import (
    LONGEST_HISTORY,
    NotFoundPolicy,
    Outcome,
    UnknownStatePolicy,
    Verdict,
    WaitPlan,
    wait_for_tasks,
)
from ansible_collections.longrunning.tasks.tests.unit.support.fake_clock import FakeClock
from ansible_collections.longrunning.tasks.tests.unit.support.scripted_reader import (
    FOREVER_RUNNING,
    PROVIDER,
    ScriptedReader,
    Step,
    running_until,
    trouble,
)

QUEUED, RUNNING, PAUSED = TaskState.QUEUED, TaskState.RUNNING, TaskState.PAUSED
SUCCEEDED, FAILED, CANCELLED, DISMISSED = (
    TaskState.SUCCEEDED,
    TaskState.FAILED,
    TaskState.CANCELLED,
    TaskState.DISMISSED,
)
UNKNOWN, NOT_FOUND = TaskState.UNKNOWN, TaskState.NOT_FOUND
PENDING, GOOD, BAD = Verdict.PENDING, Verdict.GOOD, Verdict.BAD


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        (QUEUED, PENDING),
        (RUNNING, PENDING),
        (PAUSED, PENDING),
        (SUCCEEDED, GOOD),
        (FAILED, BAD),
        (CANCELLED, BAD),
        (DISMISSED, BAD),
        (UNKNOWN, PENDING),
        (NOT_FOUND, BAD),
    ],
)
def test_the_verdict_on_each_state_when_nothing_is_said(state, verdict):
    assert WaitPlan(60, 5).judge(Task("a", PROVIDER, state, raw_state="word")) is verdict


def test_every_state_has_been_judged():
    rows = test_the_verdict_on_each_state_when_nothing_is_said.pytestmark[0].args[1]
    assert {state for state, _verdict in rows} == set(TaskState)


class TestUnknownState:
    # dellemc.openmanage: 60 requests without a sleep, then "failed" with the message "Job tracking started.".
    def test_it_is_waited_for_at_the_usual_pace(self):
        reader = ScriptedReader({"a": (Step(0, UNKNOWN, "New"), Step(95, RUNNING), Step(195, SUCCEEDED))})
        outcome = reader.wait(WaitPlan(timeout=3600, poll_interval=10))
        assert (outcome.outcome, outcome.polls) == (Outcome.SUCCEEDED, 21)
        assert set(reader.clock.slept) == {10}

    # hypercore, check_point.mgmt ("partially succeeded"), hcloud-python and dell ("Scheduled") call it a success.
    @pytest.mark.parametrize("raw_state", ["partially succeeded", "WARNINGS: 3", "Scheduled", "complete!"])
    def test_it_is_never_a_success(self, raw_state):
        reader = ScriptedReader({"a": (Step(0, UNKNOWN, raw_state),)})
        outcome = reader.wait(WaitPlan(timeout=60, poll_interval=10))
        assert outcome.outcome is Outcome.TIMED_OUT
        assert outcome.unknown_states == (raw_state,)

    def test_each_is_told_once_in_the_order_seen(self):
        steps = (Step(0, UNKNOWN, "New"), Step(25, UNKNOWN, "Odd"), Step(45, UNKNOWN, "New"))
        reader = ScriptedReader({"a": steps, "b": (Step(0, UNKNOWN, "New"),)})
        assert reader.wait(WaitPlan(timeout=60, poll_interval=10)).unknown_states == ("New", "Odd")

    # A vendor that tells no state has answered: that is another thing than no answer.
    @pytest.mark.parametrize(
        ("policy", "expected"),
        [(UnknownStatePolicy.WAIT, Outcome.TIMED_OUT), (UnknownStatePolicy.FAIL, Outcome.FAILED)],
    )
    def test_a_task_without_a_state_is_in_an_unknown_one(self, policy, expected):
        clock, looks = FakeClock(), []
        outcome = wait_for_tasks(
            ("a",),
            lambda _ids, _deadline: Snapshot({"a": Task("a", PROVIDER, UNKNOWN)}),
            WaitPlan(timeout=20, poll_interval=10, unknown_state=policy),
            provider=PROVIDER,
            clock=clock,
            request_timeout=30,
            observer=looks.append,
        )
        assert (outcome.outcome, outcome.unknown_states) == (expected, (None,))
        assert {look.unseen for look in looks} == {frozenset()}

    @pytest.mark.parametrize("policy", UnknownStatePolicy)
    def test_before_the_first_answer_there_is_none(self, policy):
        reader = ScriptedReader({"a": running_until(5, SUCCEEDED)}, trouble(0, 2))
        outcome = reader.wait(WaitPlan(timeout=60, poll_interval=10, unknown_state=policy))
        assert (outcome.outcome, outcome.unknown_states) == (Outcome.SUCCEEDED, ())

    def test_until_then_a_task_is_not_seen_yet(self):
        reader, looks = ScriptedReader({"a": running_until(5, SUCCEEDED), "b": FOREVER_RUNNING}, trouble(0, 2, "a")), []
        plan = WaitPlan(timeout=10, poll_interval=10, unknown_state=UnknownStatePolicy.FAIL, fail_fast=True)
        reader.wait(plan, observer=looks.append)
        assert [(look.elapsed, set(look.unseen)) for look in looks] == [(0, {"a"}), (1, {"a"}), (3, set()), (10, set())]


class TestNotFound:
    # hypercore: a missing task is a success. dell: finished tasks vanish. cisco wan: unregistered, or gone?
    VANISHES = (Step(0, RUNNING), Step(15, NOT_FOUND))
    APPEARS = (Step(15, RUNNING), Step(35, SUCCEEDED))

    # A proxy without its backend, a node of a cluster that lags behind: 404 between two good answers.
    @pytest.mark.parametrize("policy", NotFoundPolicy)
    @pytest.mark.parametrize("misses", [{20}, {10, 20}, {10, 30, 50}, {10, 20, 40, 50, 70, 80}])
    def test_a_task_that_was_seen_is_not_given_up_for_a_few_of_them(self, policy, misses):
        steps = [Step(second, NOT_FOUND if second in misses else RUNNING) for second in range(0, 90, 10)]
        reader, looks = ScriptedReader({"a": (*steps, Step(90, SUCCEEDED))}), []
        outcome = reader.wait(WaitPlan(timeout=600, poll_interval=10, not_found=policy), observer=looks.append)
        assert (outcome.outcome, outcome.elapsed, outcome.lost) == (Outcome.SUCCEEDED, 90, {})
        assert [str(change.state) for change in outcome.histories["a"]] == ["running", "succeeded"]
        assert {look.elapsed for look in looks if look.trouble is not None} == misses

    @pytest.mark.parametrize(("interval", "elapsed"), [(0.5, 15.5), (2, 18), (5, 25), (30, 90)])
    def test_it_is_given_up_after_three_in_a_row_over_five_seconds(self, interval, elapsed):
        reader = ScriptedReader({"a": (Step(0, RUNNING), Step(10.25, NOT_FOUND))})
        outcome = reader.wait(WaitPlan(timeout=600, poll_interval=interval))
        assert (outcome.outcome, outcome.elapsed) == (Outcome.FAILED, elapsed)
        (was, age) = outcome.lost["a"]
        assert (was.state, elapsed - age) == (RUNNING, 10.25 // interval * interval)

    def test_it_is_asked_for_again_soon(self):
        reader = ScriptedReader({"a": (Step(0, RUNNING), Step(60, NOT_FOUND), Step(85, RUNNING))})
        reader.wait(WaitPlan(timeout=120, poll_interval=10, max_poll_interval=40))
        assert reader.moments[3:6] == [47.5, 81.25, 91.25]

    def test_trouble_between_two_of_them_is_no_answer(self):
        reader = ScriptedReader({"a": self.VANISHES}, trouble(25, 28))
        outcome = reader.wait(WaitPlan(timeout=100, poll_interval=10))
        assert reader.moments == [0, 10, 20, 30, 40]
        assert outcome.outcome is Outcome.FAILED

    @pytest.mark.parametrize("policy", NotFoundPolicy)
    def test_time_that_runs_out_before_that_is_a_timeout(self, policy):
        reader = ScriptedReader({"a": self.VANISHES})
        outcome = reader.wait(WaitPlan(timeout=25, poll_interval=10, not_found=policy))
        assert (outcome.outcome, [task.state for task in outcome.pending]) == (Outcome.TIMED_OUT, [RUNNING])
        assert outcome.last_seen == {"a": 15}

    def test_it_has_not_stalled_meanwhile(self):
        steps = (Step(0, RUNNING), Step(15, NOT_FOUND), Step(35, SUCCEEDED))
        outcome = ScriptedReader({"a": steps}).wait(WaitPlan(timeout=100, poll_interval=10, stall_timeout=25))
        assert outcome.outcome is Outcome.SUCCEEDED

    def test_it_stalls_when_it_is_gone_for_long(self):
        plan = WaitPlan(timeout=600, poll_interval=10, stall_timeout=25, not_found=NotFoundPolicy.WAIT)
        outcome = ScriptedReader({"a": self.VANISHES}).wait(plan)
        # Given up at 40.
        assert (outcome.outcome, outcome.elapsed) == (Outcome.STALLED, 65)

    def test_an_address_that_is_not_there_is_no_task_that_is_not_there(self):
        reader = ScriptedReader({"a": FOREVER_RUNNING}, trouble(0))
        plan = WaitPlan(timeout=20, poll_interval=10, not_found=NotFoundPolicy.SUCCEED)
        assert reader.wait(plan).outcome is Outcome.UNREACHABLE


class TestAcceptedFailureCodes:
    @pytest.mark.parametrize(
        ("state", "code", "verdict"),
        [
            (FAILED, "396", GOOD),
            (CANCELLED, "396", GOOD),
            (FAILED, "397", BAD),
            (FAILED, None, BAD),
            (RUNNING, "396", PENDING),
            (UNKNOWN, "396", PENDING),
        ],
    )
    def test_only_an_end_with_such_a_code_is_good(self, state, code, verdict):
        task = Task("a", PROVIDER, state, raw_state="word", error=TaskError(code=code))
        assert WaitPlan(60, 5, accept_failure_codes=frozenset({"396"})).judge(task) is verdict

    def test_a_failure_without_an_error_has_no_code(self):
        plan = WaitPlan(60, 5, accept_failure_codes=frozenset({"396"}))
        assert plan.judge(Task("a", PROVIDER, FAILED)) is BAD


class TestStalled:
    def test_no_change_for_so_long_ends_the_wait_after_one_more_look(self):
        reader = ScriptedReader({"a": (Step(0, QUEUED), Step(15, RUNNING))})
        outcome = reader.wait(WaitPlan(timeout=3600, poll_interval=10, stall_timeout=25))
        # The change was seen at 20.
        assert (outcome.outcome, outcome.elapsed) == (Outcome.STALLED, 45)
        assert reader.moments == [0, 10, 20, 30, 40, 45]

    def test_the_one_more_look_may_find_it_moving(self):
        reader = ScriptedReader({"a": (Step(0, RUNNING), Step(24, RUNNING, percent=1), Step(48, SUCCEEDED))})
        assert reader.wait(WaitPlan(timeout=3600, poll_interval=20, stall_timeout=25)).outcome is Outcome.SUCCEEDED
        assert reader.moments == [0, 20, 25, 45, 50]

    @pytest.mark.parametrize("moving", [{"percent": 1.0}, {"message": "still copying"}, {"raw_state": "copying"}])
    def test_any_progress_counts(self, moving):
        reader = ScriptedReader({"a": (Step(0, RUNNING), Step(15, RUNNING, **moving))})
        outcome = reader.wait(WaitPlan(timeout=3600, poll_interval=10, stall_timeout=25))
        assert (outcome.outcome, outcome.elapsed) == (Outcome.STALLED, 45)

    def test_an_interval_longer_than_the_stall_timeout_does_not_lengthen_it(self):
        reader = ScriptedReader({"a": FOREVER_RUNNING})
        outcome = reader.wait(WaitPlan(timeout=3600, poll_interval=60, stall_timeout=25))
        assert (outcome.outcome, outcome.elapsed) == (Outcome.STALLED, 25)

    def test_a_task_that_cannot_be_asked_for_is_not_stalled(self):
        reader = ScriptedReader({"a": running_until(58, SUCCEEDED)}, trouble(10, 59))
        outcome = reader.wait(WaitPlan(timeout=3600, poll_interval=10, stall_timeout=25))
        assert outcome.outcome is Outcome.SUCCEEDED

    def test_the_first_answer_begins_the_count(self):
        reader = ScriptedReader({"a": FOREVER_RUNNING}, trouble(0, 60))
        outcome = reader.wait(WaitPlan(timeout=3600, poll_interval=10, stall_timeout=25))
        assert (outcome.outcome, outcome.elapsed) == (Outcome.STALLED, 61 + 25)

    def test_one_stalled_task_among_moving_ones_ends_the_wait_and_is_named(self):
        moving = [Step(second, RUNNING, percent=second) for second in range(0, 100, 5)]
        reader = ScriptedReader({"a": moving, "b": FOREVER_RUNNING, "c": running_until(3, SUCCEEDED)})
        outcome = reader.wait(WaitPlan(timeout=3600, poll_interval=10, stall_timeout=25))
        assert (outcome.outcome, outcome.elapsed) == (Outcome.STALLED, 25)
        assert [task.id for task in outcome.stalled] == ["b"]

    def test_a_slow_request_for_another_task_does_not_take_its_one_more_look(self):
        # b is asked for out of turn from 24 to 27; a moved at 22, which the look at 25 would have seen.
        timelines = dict.fromkeys("ab", (Step(0, RUNNING), Step(22, RUNNING, percent=50), Step(35, SUCCEEDED)))
        reader = ScriptedReader(timelines, trouble(13, 14, "b", retry_after=8), request_seconds=3)
        outcome = reader.wait(WaitPlan(timeout=3600, poll_interval=10, stall_timeout=22))
        assert outcome.outcome is Outcome.SUCCEEDED

    def test_at_the_deadline_it_is_the_timeout_that_counts(self):
        reader = ScriptedReader({"a": FOREVER_RUNNING})
        outcome = reader.wait(WaitPlan(timeout=30, poll_interval=10, stall_timeout=30))
        assert (outcome.outcome, outcome.stalled) == (Outcome.TIMED_OUT, ())


class TestHistory:
    def test_it_has_each_change_of_state_once(self):
        steps = (Step(0, QUEUED), Step(15, RUNNING, percent=5), Step(25, RUNNING, percent=50), Step(35, SUCCEEDED))
        outcome = ScriptedReader({"a": steps}).wait(WaitPlan(timeout=60, poll_interval=10))
        assert [(str(change.state), change.percent, change.elapsed) for change in outcome.histories["a"]] == [
            ("queued", None, 0),
            ("running", 5, 20),
            ("succeeded", None, 40),
        ]

    def test_a_new_word_of_the_vendor_for_the_same_state_is_a_change(self):
        steps = (Step(0, RUNNING, "copying"), Step(15, RUNNING, "checking"))
        outcome = ScriptedReader({"a": steps}).wait(WaitPlan(timeout=20, poll_interval=10))
        assert [change.raw_state for change in outcome.histories["a"]] == ["copying", "checking"]

    def test_a_task_that_flaps_for_hours_keeps_the_newest_changes(self):
        steps = [Step(second, QUEUED if second % 20 else RUNNING) for second in range(0, 10 * 300, 10)]
        outcome = ScriptedReader({"a": steps}).wait(WaitPlan(timeout=2990, poll_interval=10))
        history = outcome.histories["a"]
        assert len(history) == LONGEST_HISTORY
        assert history[-1].elapsed == 2990

    def test_a_task_never_seen_has_none(self):
        reader = ScriptedReader({"a": FOREVER_RUNNING}, trouble(0))
        assert reader.wait(WaitPlan(timeout=20, poll_interval=10)).histories == {"a": ()}


def test_the_age_of_the_last_answer_is_told():
    reader = ScriptedReader({"a": FOREVER_RUNNING, "b": running_until(5, SUCCEEDED)}, trouble(20))
    outcome = reader.wait(WaitPlan(timeout=40, poll_interval=10))
    assert outcome.last_seen == {"a": 30, "b": 30}
