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
    Story,
    running_until,
    stories,
    trouble,
)

SUCCEEDED, FAILED, CANCELLED = TaskState.SUCCEEDED, TaskState.FAILED, TaskState.CANCELLED
RUNNING, QUEUED = TaskState.RUNNING, TaskState.QUEUED


STORIES = {
    # Four stories with a timeout of 25 seconds, on which the loops of nineteen peers were tried. The comments say what
    # those do that get them wrong.
    # A. nutanix: timeout at 30 although the last answer was a success. vmware, foreman, dell, ovirt: timeout.
    "a task that ends just before the deadline is a success at the deadline": Story(
        running_until(24, SUCCEEDED), ends=Outcome.SUCCEEDED, at=25, looks=[0, 10, 20, 25], timeout=25
    ),
    # B. hypercore, crypto, cloudstack and f5networks wait for ever; botocore and vultr count tries.
    "a task that never ends is timed out at the deadline": Story(
        FOREVER_RUNNING, ends=Outcome.TIMED_OUT, at=25, looks=[0, 10, 20, 25], timeout=25
    ),
    # C. proxmox: 199, docker: 137, netapp.ontap: 58 seconds, for they count turns or add up sleeps. The last request
    # gets the floor of 5 seconds.
    "slow requests are part of the time, and only the last one ends after the deadline": Story(
        FOREVER_RUNNING, ends=Outcome.TIMED_OUT, at=30, looks=[0, 17, 25], timeout=25, request_seconds=7
    ),
    # C with requests that never come back: none of the nineteen limits the request itself.
    "requests that hang end with the wait": Story(
        FOREVER_RUNNING, ends=Outcome.UNREACHABLE, at=25, looks=[0], timeout=25, request_seconds=60
    ),
    # D. nutanix waits on for ever, netapp.ontap calls it a success.
    "cancelled ends the wait at the next look": Story(
        running_until(5, CANCELLED), ends=Outcome.FAILED, at=10, states="cancelled", timeout=25
    ),
    # dellemc.openmanage sleeps 60 seconds before its first look; nutanix sleeps once more after a success.
    "what has ended already costs one look and no sleep": Story(
        (Step(0, SUCCEEDED),), ends=Outcome.SUCCEEDED, at=0, looks=[0], tells={"polls": 1}
    ),
    # vmware and dell look at the clock before the state.
    "a success that is seen after the deadline is a success": Story(
        running_until(28, SUCCEEDED), ends=Outcome.SUCCEEDED, at=29, timeout=25, request_seconds=4
    ),
    # awx.awx: a timeout of 0 is infinite.
    "a timeout of nothing is one look": Story(FOREVER_RUNNING, ends=Outcome.TIMED_OUT, at=0, looks=[0], timeout=0),
    "at a timeout of nothing a success is one": Story((Step(0, SUCCEEDED),), ends=Outcome.SUCCEEDED, at=0, timeout=0),
    "at a timeout of nothing a failure is one": Story((Step(0, FAILED),), ends=Outcome.FAILED, at=0, timeout=0),
    # infrahub: no look at all when the interval is longer than the timeout.
    "an interval longer than the timeout means two looks": Story(
        running_until(6, SUCCEEDED), ends=Outcome.TIMED_OUT, at=5, looks=[0, 5], timeout=5, poll_interval=60
    ),
    "the second of them may see the end": Story(
        running_until(4, SUCCEEDED), ends=Outcome.SUCCEEDED, at=5, looks=[0, 5], timeout=5, poll_interval=60
    ),
    # Three things with three names: google's api_core had to part them after it had mixed them up. Each request ends
    # after 20 s; trouble is known from t = 20 on and borne for 100 s from there, and the last request takes 20 s too.
    "request_timeout, transient_timeout and timeout are three things": Story(
        FOREVER_RUNNING,
        ends=Outcome.UNREACHABLE,
        at=140,
        request_seconds=99,
        request_timeout=20,
        transient_timeout=100,
    ),
    "the interval begins when the answer is there": Story(
        FOREVER_RUNNING, looks=[0, 13, 26, 39], timeout=40, request_seconds=3
    ),
    "a longest interval that is not longer changes nothing": Story(
        FOREVER_RUNNING, looks=[0, 20, 40, 60, 80, 100], timeout=100, poll_interval=20, max_poll_interval=5.0
    ),
    # 10, then 15, 22.5 and from there on 30 seconds apart.
    "the interval grows while nothing changes, up to the longest": Story(
        FOREVER_RUNNING,
        looks=[0, 10, 25, 47.5, 77.5, 107.5, 137.5, 167.5, 197.5, 200],
        timeout=200,
        max_poll_interval=30,
    ),
    "a change of state makes the interval short again": Story(
        (Step(0, QUEUED), Step(60, RUNNING)),
        looks=[0, 10, 25, 47.5, 77.5, 87.5, 102.5, 125, 150],
        timeout=150,
        max_poll_interval=30,
    ),
    "trouble at the last look keeps the state seen before": Story(
        FOREVER_RUNNING,
        trouble(21),
        ends=Outcome.TIMED_OUT,
        at=25,
        states="running",
        tells={"last_seen": {"a": 5}},
        timeout=25,
    ),
}


@stories(STORIES)
def test_a_wait_ends_in_time(story):
    story.play()


def test_the_sleep_ends_with_the_look_that_sees_the_end():
    reader = ScriptedReader({"a": running_until(5, SUCCEEDED)})
    reader.wait(WaitPlan(timeout=3600, poll_interval=10))
    assert reader.clock.slept == [10]


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


# cisco.dnac polls without any sleep. Rackspace asks for no more than one poll in 30 seconds.
@pytest.mark.parametrize("request_seconds", [0, 2, 31])
def test_without_trouble_two_looks_are_never_closer_than_the_interval_but_for_the_last(request_seconds):
    reader = ScriptedReader({"a": FOREVER_RUNNING, "b": running_until(95, SUCCEEDED)}, request_seconds=request_seconds)
    reader.wait(WaitPlan(timeout=400, poll_interval=30), request_timeout=60)
    assert all(later - earlier >= 30 for earlier, later in zip(reader.moments, reader.moments[1:-1]))
