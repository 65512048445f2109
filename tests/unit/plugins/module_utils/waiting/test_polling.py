# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When the next look comes: estimates from progress, their bounds, and what they are worth over thousands of tasks."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from statistics import NormalDist, mean

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import TransientError
from ansible_collections.longrunning.tasks.plugins.module_utils._core.snapshot import Snapshot
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import Task, TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.loop import Outcome, WaitPlan, wait_for_tasks
from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.polling import (
    PollingPolicy,
    ProgressTrack,
    seconds_left,
)
from ansible_collections.longrunning.tasks.tests.unit.support.fake_clock import FakeClock
from ansible_collections.longrunning.tasks.tests.unit.support.scripted_reader import ScriptedReader, Step

NOW = 1000.0
NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)


def running(percent, **fields):
    return Task("t", "example", TaskState.RUNNING, "running", percent=percent, **fields)


def seen(*percents, ago=(30, 0)):
    """The track of a task that was seen with each percent so many seconds ago."""
    moments = [NOW - seconds for seconds in ago]
    track = ProgressTrack.begun(percents[0], moments[0])
    for percent, moment in zip(percents[1:], moments[1:]):
        track = track.then(percent, moment)
    return track


def test_the_rate_since_the_first_sight_tells_what_is_left():
    assert seconds_left(running(40.0), seen(10.0, 40.0), NOW) == 60


def test_before_there_is_a_rate_the_vendors_own_times_tell_it():
    task = running(25.0, started_at=NOON, updated_at=NOON + timedelta(seconds=50))
    assert seconds_left(task, seen(25.0, ago=(0,)), NOW) == 150
    assert seconds_left(task, seen(25.0, 25.0), NOW) == 120


def test_what_was_seen_here_counts_more_than_the_vendors_times():
    task = running(40.0, started_at=NOON, updated_at=NOON + timedelta(hours=5))
    assert seconds_left(task, seen(10.0, 40.0), NOW) == 60


def test_time_since_the_last_progress_is_taken_off_down_to_nothing():
    assert seconds_left(running(50.0), seen(0.0, 50.0, 50.0, ago=(100, 40, 0)), NOW) == 20
    assert seconds_left(running(99.0), seen(0.0, 99.0, 99.0, ago=(200, 100, 0)), NOW) == 0


def test_progress_that_fell_begins_anew():
    assert seconds_left(running(20.0), seen(10.0, 90.0, 20.0, ago=(30, 20, 0)), NOW) is None
    assert seconds_left(running(40.0), seen(90.0, 20.0, 40.0, ago=(30, 10, 0)), NOW) == 30


@pytest.mark.parametrize(
    ("task", "track"),
    [
        (running(None), None),
        (running(40.0), seen(40.0, 40.0)),
        (running(0.0), seen(0.0, 0.0)),
        # Not ended, though it says so: it may end at any moment.
        (running(100.0), seen(10.0, 100.0)),
        (replace(running(40.0), state=TaskState.PAUSED), seen(10.0, 40.0)),
        (replace(running(40.0), state=TaskState.QUEUED), seen(10.0, 40.0)),
        (running(40.0, started_at=NOON), seen(40.0, 40.0)),
        (running(40.0, updated_at=NOON), seen(40.0, 40.0)),
        (running(40.0, started_at=NOON, updated_at=NOON), seen(40.0, 40.0)),
        (running(40.0, started_at=NOON, updated_at=NOON - timedelta(hours=1)), seen(40.0, 40.0)),
    ],
)
def test_there_is_no_estimate_without_a_rate(task, track):
    assert seconds_left(task, track, NOW) is None


# A step from 0 to 5e-324 percent, the smallest float, made the estimate infinite, and live progress died of it.
@pytest.mark.parametrize("percent", [5e-324, 1e-300, 1e-9])
def test_an_estimate_is_never_infinite_nor_longer_than_anybody_waits(percent):
    assert seconds_left(running(percent), seen(0.0, percent), NOW) is None


@pytest.mark.kind
def test_a_rate_of_almost_nothing_costs_a_wait_nothing():
    steps = (Step(0, TaskState.RUNNING, percent=0), Step(5, TaskState.RUNNING, percent=5e-324))
    reader, looks = ScriptedReader({"t": (*steps, Step(25, TaskState.SUCCEEDED))}), []
    plan = WaitPlan(timeout=3600, poll_interval=10, max_poll_interval=60, backs_off=False)
    assert reader.wait(plan, observer=looks.append).outcome is Outcome.SUCCEEDED
    assert reader.moments == [0, 10, 20, 30]
    assert [dict(look.seconds_left) for look in looks] == [{}] * 4


@pytest.mark.parametrize(("left", "delay"), [(0, 5), (6, 5), (20, 16), (75, 60), (100000, 60)])
def test_a_delay_stays_within_its_bounds(left, delay):
    assert PollingPolicy(least=5, most=60).delay(left) == delay


def steady(seconds, step=1):
    """A task whose percent grows evenly, told every ``step`` seconds."""
    told = [Step(second, TaskState.RUNNING, percent=100 * second / seconds) for second in range(0, seconds, step)]
    return (*told, Step(seconds, TaskState.SUCCEEDED))


def test_looks_come_closer_together_towards_the_end():
    reader = ScriptedReader({"t": steady(200)})
    reader.wait(WaitPlan(timeout=3600, poll_interval=5, max_poll_interval=60, backs_off=False))
    assert reader.moments == [0, 5, 65, 125, 185, 197, 202]


def test_a_fixed_interval_stays_fixed_whatever_the_progress():
    reader = ScriptedReader({"t": steady(50)})
    reader.wait(WaitPlan(timeout=3600, poll_interval=10))
    assert reader.moments == [0, 10, 20, 30, 40, 50]


def test_the_task_that_ends_first_decides_when_all_are_looked_at():
    reader = ScriptedReader({"slow": steady(600), "quick": steady(100)})
    reader.wait(WaitPlan(timeout=3600, poll_interval=5, max_poll_interval=60, backs_off=False))
    assert reader.moments[:5] == [0, 5, 65, 93, 98.6]
    assert reader.looks[3].ids == ("slow", "quick")


def test_a_task_without_progress_keeps_the_interval_for_all():
    reader = ScriptedReader({"told": steady(600), "silent": (Step(0, TaskState.RUNNING),)})
    reader.wait(WaitPlan(timeout=30, poll_interval=10, max_poll_interval=60, backs_off=False))
    assert reader.moments == [0, 10, 20, 30]


def test_a_state_that_begins_anew_has_a_rate_of_its_own():
    timeline = (
        Step(0, TaskState.RUNNING, percent=0),
        Step(10, TaskState.RUNNING, percent=50),
        Step(12, TaskState.PAUSED, percent=50),
        Step(100, TaskState.RUNNING, percent=50),
        Step(110, TaskState.RUNNING, percent=60),
        Step(150, TaskState.SUCCEEDED),
    )
    reader = ScriptedReader({"t": timeline})
    reader.wait(WaitPlan(timeout=3600, poll_interval=10, max_poll_interval=60, backs_off=False))
    # At 110 it made 10 percent in 10 seconds; with the pause in it the rate would be far less.
    assert reader.moments[-4:] == [100, 110, 142, 152]


# --- what the vendor asks for -----------------------------------------------------------------------------------


def asking_for(clock, seconds, end=1000.0, moments=None):
    """Return what reads a task of a vendor that asks for so many seconds between two looks."""

    def read(_task_ids, _deadline):
        moments.append(clock.elapsed)
        state = TaskState.SUCCEEDED if clock.elapsed >= end else TaskState.RUNNING
        return Snapshot({"t": Task("t", "example", state, "word")}, retry_after=seconds)

    return read


@pytest.mark.kind
@pytest.mark.parametrize(
    ("seconds", "plan", "expected"),
    [
        (4.0, {"poll_interval": 1}, [0, 4, 8, 10]),
        (4.0, {"poll_interval": 5}, [0, 5, 10]),
        (0.0, {"poll_interval": 5}, [0, 5, 10]),
        # The last look is at the deadline all the same.
        (3600.0, {"poll_interval": 1}, [0, 10]),
        (1e300, {"poll_interval": 1}, [0, 10]),
        # No other limit makes it come sooner.
        (4.0, {"poll_interval": 1, "stall_timeout": 2}, [0, 4]),
    ],
)
def test_no_look_comes_before_the_vendor_wants_it(seconds, plan, expected):
    clock, moments = FakeClock(), []
    plan = WaitPlan(timeout=10, **plan)
    read = asking_for(clock, seconds, moments=moments)
    wait_for_tasks(("t",), read, plan, provider="example", clock=clock, request_timeout=30)
    assert moments == expected


def test_no_trouble_of_another_task_makes_it_come_sooner():
    clock, moments = FakeClock(), []

    def read(task_ids, _deadline):
        moments.append((clock.elapsed, tuple(task_ids)))
        tasks = {task_id: running(None) for task_id in task_ids if task_id == "t"}
        troubles = {task_id: TransientError("502") for task_id in task_ids if task_id != "t"}
        return Snapshot(tasks, troubles, retry_after=4)

    plan = WaitPlan(timeout=8, poll_interval=6)
    wait_for_tasks(("t", "u"), read, plan, provider="example", clock=clock, request_timeout=30)
    assert moments == [(0, ("t", "u")), (4, ("u",)), (8, ("t", "u"))]


# --- what it is worth -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SyntheticTask:
    """Ends after ``duration`` seconds. ``percent_at`` tells its progress at a part of that time, 0 to 1."""

    duration: float
    percent_at: object

    def read(self, clock):
        def read(task_ids, deadline):
            part = clock.elapsed / self.duration
            if part >= 1:
                return Snapshot({"t": Task("t", "example", TaskState.SUCCEEDED, "done")})
            return Snapshot({"t": running(self.percent_at(part))})

        return read


#: How vendors' progress runs: evenly, in steps, fast at first, slow at first, held at 99, and not at all.
PROGRESS = {
    "even": lambda part: 100 * part,
    "steps of 10": lambda part: 100 * part // 10 * 10,
    "fast first": lambda part: 100 * part**0.5,
    "slow first": lambda part: 100 * part**2,
    "held at 99": lambda part: min(99.0, 140 * part),
    "none": lambda _part: None,
}
TASKS_OF_A_KIND = 40
FIXED = {f"every {seconds} s": WaitPlan(timeout=10**6, poll_interval=seconds) for seconds in (5, 10, 30, 60)}
ADAPTIVE = WaitPlan(timeout=10**6, poll_interval=5, max_poll_interval=60, backs_off=False)


def cost_of(plan, tasks):
    """Return the mean seconds between a task's end and its detection, and the mean number of requests."""
    delays, requests = [], []
    for task in tasks:
        clock = FakeClock()
        outcome = wait_for_tasks(("t",), task.read(clock), plan, provider="example", clock=clock, request_timeout=30)
        assert outcome.outcome is Outcome.SUCCEEDED
        delays.append(outcome.elapsed - task.duration)
        requests.append(outcome.polls)
    assert max(delays) <= max(plan.poll_interval, plan.max_poll_interval)
    return mean(delays), mean(requests)


def test_delay_times_requests_beats_fixed_intervals():
    # Most take minutes, some an hour: evenly spread over what lasts as tasks do.
    spread = NormalDist(6, 1.2)
    durations = [math.exp(spread.inv_cdf((number + 0.5) / TASKS_OF_A_KIND)) for number in range(TASKS_OF_A_KIND)]
    # A fixed interval does not care for progress.
    fixed = {
        name: cost_of(plan, [SyntheticTask(each, PROGRESS["none"]) for each in durations])
        for name, plan in FIXED.items()
    }
    print(f"\n{'progress':12} {'policy':12} {'delay, s':>9} {'requests':>9} {'product':>9}")
    for kind, percent_at in PROGRESS.items():
        costs = {**fixed, "adaptive": cost_of(ADAPTIVE, [SyntheticTask(each, percent_at) for each in durations])}
        products = {name: delay * requests for name, (delay, requests) in costs.items()}
        for name, (delay, requests) in costs.items():
            print(f"{kind:12} {name:12} {delay:9.1f} {requests:9.1f} {products[name]:9.0f}")
        if kind == "none":
            assert costs["adaptive"] == costs["every 5 s"]
        else:
            assert products["adaptive"] < min(products[name] for name in FIXED), kind
