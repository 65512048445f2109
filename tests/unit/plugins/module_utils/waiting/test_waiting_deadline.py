# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a wait looks, and when it ends: points 1 to 5 and 8 of the wait rule."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.clock import LEAST_REQUEST_SECONDS, Deadline
from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import TransientError
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.loop import Outcome, WaitPlan
from ansible_collections.longrunning.tasks.tests.unit.support.fake_clock import WALL_START, FakeClock
from ansible_collections.longrunning.tasks.tests.unit.support.scripted_reader import (
    FOREVER_RUNNING,
    ScriptedReader,
    Step,
    running_until,
    trouble,
)

SUCCEEDED, CANCELLED, RUNNING, QUEUED = (
    TaskState.SUCCEEDED,
    TaskState.CANCELLED,
    TaskState.RUNNING,
    TaskState.QUEUED,
)


# Four stories with a timeout of 25 and an interval of 10 seconds, on which the loops of nineteen peers were
# tried. The comments say what those do that get them wrong.


# A. nutanix: timeout at 30 although the last answer was a success. vmware, foreman, dell, ovirt, openstacksdk: timeout.
def test_a_task_that_ends_just_before_the_deadline_is_a_success_at_the_deadline():
    reader = ScriptedReader({"a": running_until(24, SUCCEEDED)})
    outcome = reader.wait(WaitPlan(timeout=25, poll_interval=10))
    assert (outcome.outcome, outcome.elapsed) == (Outcome.SUCCEEDED, 25.0)
    assert reader.moments == [0, 10, 20, 25]


# B. hypercore, crypto, cloudstack and f5networks wait for ever; botocore and vultr count tries.
def test_a_task_that_never_ends_is_timed_out_at_the_deadline():
    reader = ScriptedReader({"a": FOREVER_RUNNING})
    outcome = reader.wait(WaitPlan(timeout=25, poll_interval=10))
    assert (outcome.outcome, outcome.elapsed) == (Outcome.TIMED_OUT, 25.0)
    assert reader.moments == [0, 10, 20, 25]


# C. proxmox: 199, docker: 137, netapp.ontap: 58 seconds, for they count turns or add up sleeps.
def test_slow_requests_are_part_of_the_time_and_only_the_last_one_ends_after_the_deadline():
    reader = ScriptedReader({"a": FOREVER_RUNNING}, request_seconds=7)
    outcome = reader.wait(WaitPlan(timeout=25, poll_interval=10))
    # The last request gets the floor of 5 seconds.
    assert (outcome.outcome, outcome.elapsed) == (Outcome.TIMED_OUT, 30.0)
    assert reader.moments == [0, 17, 25]


# C with requests that never come back: none of the nineteen limits the request itself.
def test_requests_that_hang_end_with_the_wait():
    reader = ScriptedReader({"a": FOREVER_RUNNING}, request_seconds=60)
    outcome = reader.wait(WaitPlan(timeout=25, poll_interval=10))
    assert (outcome.outcome, outcome.elapsed) == (Outcome.UNREACHABLE, 25.0)
    assert reader.moments == [0]


# D. nutanix waits on for ever, netapp.ontap calls it a success.
def test_cancelled_ends_the_wait_at_the_next_look():
    reader = ScriptedReader({"a": running_until(5, CANCELLED)})
    outcome = reader.wait(WaitPlan(timeout=25, poll_interval=10))
    assert (outcome.outcome, outcome.elapsed) == (Outcome.FAILED, 10.0)
    assert [task.state for task in outcome.failed] == [CANCELLED]


# dellemc.openmanage sleeps 60 seconds before its first look; nutanix sleeps once more after a success.
def test_what_has_ended_already_costs_one_look_and_no_sleep():
    reader = ScriptedReader({"a": (Step(0, SUCCEEDED),)})
    outcome = reader.wait(WaitPlan(timeout=3600, poll_interval=10))
    assert (outcome.outcome, outcome.polls, outcome.elapsed) == (Outcome.SUCCEEDED, 1, 0.0)
    assert reader.clock.slept == []


def test_the_sleep_ends_with_the_look_that_sees_the_end():
    reader = ScriptedReader({"a": running_until(5, SUCCEEDED)})
    reader.wait(WaitPlan(timeout=3600, poll_interval=10))
    assert reader.clock.slept == [10]


# vmware and dell look at the clock before the state.
def test_a_success_that_is_seen_after_the_deadline_is_a_success():
    reader = ScriptedReader({"a": running_until(28, SUCCEEDED)}, request_seconds=4)
    outcome = reader.wait(WaitPlan(timeout=25, poll_interval=10))
    assert (outcome.outcome, outcome.elapsed) == (Outcome.SUCCEEDED, 29.0)


# awx.awx: a timeout of 0 is infinite.
@pytest.mark.parametrize(
    ("state", "expected"),
    [(RUNNING, Outcome.TIMED_OUT), (SUCCEEDED, Outcome.SUCCEEDED), (TaskState.FAILED, Outcome.FAILED)],
)
def test_a_timeout_of_nothing_is_one_look(state, expected):
    reader = ScriptedReader({"a": (Step(0, state),)})
    outcome = reader.wait(WaitPlan(timeout=0, poll_interval=10))
    assert (outcome.outcome, outcome.polls, outcome.elapsed) == (expected, 1, 0.0)
    assert reader.clock.slept == []


# infrahub: no look at all when the interval is longer than the timeout.
@pytest.mark.parametrize(("ends_at", "expected"), [(4, Outcome.SUCCEEDED), (6, Outcome.TIMED_OUT)])
def test_an_interval_longer_than_the_timeout_means_two_looks(ends_at, expected):
    reader = ScriptedReader({"a": running_until(ends_at, SUCCEEDED)})
    outcome = reader.wait(WaitPlan(timeout=5, poll_interval=60))
    assert (outcome.outcome, outcome.elapsed) == (expected, 5.0)
    assert reader.moments == [0, 5]


@pytest.mark.parametrize("timeout", [20, 20.0000001, 19.9999999, 20.0004])
def test_a_look_that_falls_on_the_deadline_is_the_last_one(timeout):
    reader = ScriptedReader({"a": FOREVER_RUNNING})
    outcome = reader.wait(WaitPlan(timeout=timeout, poll_interval=10))
    assert outcome.outcome is Outcome.TIMED_OUT
    assert outcome.elapsed == pytest.approx(timeout, abs=0.001)
    assert outcome.polls == 3


def test_a_request_gets_what_is_left_but_never_less_than_the_floor():
    reader = ScriptedReader({"a": FOREVER_RUNNING})
    reader.wait(WaitPlan(timeout=50, poll_interval=15), request_timeout=30)
    assert [(look.at, look.allowed) for look in reader.looks] == [(0, 30), (15, 30), (30, 20), (45, 5), (50, 5)]


@pytest.mark.parametrize(
    ("request_timeout", "passed", "allowed"),
    [(30, 0, 30), (30, 80, 20), (30, 99, LEAST_REQUEST_SECONDS), (30, 104, LEAST_REQUEST_SECONDS), (2, 99, 2)],
)
def test_a_deadline_limits_the_next_request(request_timeout, passed, allowed):
    clock = FakeClock()
    deadline = Deadline(clock, request_timeout, clock.monotonic() + 100)
    clock.advance(passed)
    assert deadline.next_request_timeout() == allowed
    assert deadline.left == max(0, 100 - passed)


def test_after_the_last_look_had_its_time_no_request_begins():
    clock = FakeClock()
    deadline = Deadline(clock, 30, clock.monotonic() + 100)
    clock.advance(100 + LEAST_REQUEST_SECONDS)
    with pytest.raises(TransientError, match="no time left"):
        deadline.next_request_timeout()


def test_the_last_requests_of_all_may_be_given_less():
    clock = FakeClock()
    deadline = Deadline(clock, 0.5, clock.monotonic() + 0.5, least=0.125)
    assert deadline.next_request_timeout() == 0.5
    clock.advance(0.5)
    assert deadline.next_request_timeout() == 0.125
    clock.advance(0.125)
    with pytest.raises(TransientError, match="no time left"):
        deadline.next_request_timeout()


def test_without_an_end_a_deadline_is_only_the_request_timeout():
    assert Deadline(FakeClock(), 30).next_request_timeout() == 30


# Three things with three names: google's api_core had to part them after it had mixed them up.
def test_request_timeout_transient_timeout_and_timeout_are_three_things():
    hanging = ScriptedReader({"a": FOREVER_RUNNING}, request_seconds=99)
    outcome = hanging.wait(WaitPlan(timeout=3600, poll_interval=10, transient_timeout=100), request_timeout=20)
    # Each request ends after 20 s; trouble is known from t = 20 on and borne for 100 s from there.
    assert outcome.outcome is Outcome.UNREACHABLE
    assert hanging.looks[0].allowed == 20
    assert 120 <= outcome.elapsed <= 140


# Only 17 of 442 files that sleep, in 90 collections, use the monotonic clock.
@pytest.mark.parametrize("jump", [timedelta(days=-365), timedelta(hours=-1), timedelta(days=365)])
def test_setting_the_wall_clock_moves_no_end(jump):
    class JumpyClock(FakeClock):
        def sleep(self, seconds):
            super().sleep(seconds)
            self.set_wall_clock(jump)

    for plan, end in (({"timeout": 25}, Outcome.TIMED_OUT), ({"timeout": 60, "stall_timeout": 25}, Outcome.STALLED)):
        reader = ScriptedReader({"a": FOREVER_RUNNING}, clock=JumpyClock())
        outcome = reader.wait(WaitPlan(**plan, poll_interval=10))
        assert (outcome.outcome, outcome.elapsed) == (end, 25.0)
        assert reader.moments == [0, 10, 20, 25]


def test_the_history_has_the_wall_clock_of_each_look():
    reader = ScriptedReader({"a": running_until(5, SUCCEEDED)})
    outcome = reader.wait(WaitPlan(timeout=25, poll_interval=10))
    assert [(change.at - WALL_START, change.elapsed) for change in outcome.histories["a"]] == [
        (timedelta(0), 0),
        (timedelta(seconds=10), 10),
    ]


def test_the_interval_begins_when_the_answer_is_there():
    reader = ScriptedReader({"a": FOREVER_RUNNING}, request_seconds=3)
    reader.wait(WaitPlan(timeout=40, poll_interval=10))
    assert reader.moments == [0, 13, 26, 39]


def test_the_interval_stays_where_it_may_not_grow():
    reader = ScriptedReader({"a": FOREVER_RUNNING})
    reader.wait(WaitPlan(timeout=100, poll_interval=20))
    assert reader.moments == [0, 20, 40, 60, 80, 100]


@pytest.mark.parametrize("most", [0.0, 5.0, 20.0])
def test_a_longest_interval_that_is_not_longer_changes_nothing(most):
    reader = ScriptedReader({"a": FOREVER_RUNNING})
    reader.wait(WaitPlan(timeout=100, poll_interval=20, max_poll_interval=most))
    assert reader.moments == [0, 20, 40, 60, 80, 100]


def test_the_interval_grows_while_nothing_changes_up_to_the_longest():
    reader = ScriptedReader({"a": FOREVER_RUNNING})
    reader.wait(WaitPlan(timeout=200, poll_interval=10, max_poll_interval=30))
    # 10, then 15, 22.5 and from there on 30 seconds apart.
    assert reader.moments == [0, 10, 25, 47.5, 77.5, 107.5, 137.5, 167.5, 197.5, 200]


def test_a_change_of_state_makes_the_interval_short_again():
    reader = ScriptedReader({"a": (Step(0, QUEUED), Step(60, RUNNING))})
    reader.wait(WaitPlan(timeout=150, poll_interval=10, max_poll_interval=30))
    assert reader.moments == [0, 10, 25, 47.5, 77.5, 87.5, 102.5, 125, 150]


# cisco.dnac polls without any sleep. Rackspace asks for no more than one poll in 30 seconds.
@pytest.mark.parametrize("request_seconds", [0, 2, 31])
def test_without_trouble_two_looks_are_never_closer_than_the_interval_but_for_the_last(request_seconds):
    reader = ScriptedReader({"a": FOREVER_RUNNING, "b": running_until(95, SUCCEEDED)}, request_seconds=request_seconds)
    reader.wait(WaitPlan(timeout=400, poll_interval=30), request_timeout=60)
    assert all(later - earlier >= 30 for earlier, later in zip(reader.moments, reader.moments[1:-1]))


def test_trouble_at_the_last_look_keeps_the_state_seen_before():
    reader = ScriptedReader({"a": FOREVER_RUNNING}, trouble(21))
    outcome = reader.wait(WaitPlan(timeout=25, poll_interval=10))
    assert (outcome.outcome, outcome.elapsed) == (Outcome.TIMED_OUT, 25.0)
    assert outcome.tasks[0].state is RUNNING
    assert outcome.last_seen == {"a": 5.0}
