# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every wait, whatever the tasks, the troubles and the plan are."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.longrunning.tasks.plugins.module_utils._core.clock import LEAST_REQUEST_SECONDS
from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import AuthenticationError
from ansible_collections.longrunning.tasks.plugins.module_utils._core.retrying import Backoff
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.loop import (
    NOT_FOUND_ANSWERS,
    NotFoundPolicy,
    Outcome,
    UnknownStatePolicy,
    Verdict,
    WaitFor,
    WaitPlan,
)
from ansible_collections.longrunning.tasks.tests.unit.support.fake_clock import FakeClock
from ansible_collections.longrunning.tasks.tests.unit.support.scripted_reader import (
    ScriptedReader,
    Step,
    refusal,
    trouble,
)

IDS = ("a", "b", "c", "d")
LEAST_INTERVAL = 0.5
REQUEST_TIMEOUT = 30.0
A_MOMENT = 0.01

# Fractions that floats have, and some that they have not.
seconds = st.one_of(st.integers(0, 120).map(float), st.floats(0, 120, allow_nan=False))
steps = st.builds(
    Step,
    since=seconds,
    state=st.sampled_from(TaskState),
    raw_state=st.sampled_from([None, "copying", "checking"]),
    percent=st.sampled_from([None, 10.0, 90.0]),
    code=st.sampled_from([None, "396", "397"]),
)
timelines = st.dictionaries(
    st.sampled_from(IDS),
    st.lists(steps, min_size=1, max_size=5).map(lambda some: sorted(some, key=lambda step: step.since)),
    min_size=1,
)
troubles = st.builds(
    lambda since, length, ids, retry_after: trouble(since, since + length, *ids, retry_after=retry_after),
    seconds,
    seconds,
    st.lists(st.sampled_from(IDS), unique=True),
    st.sampled_from([None, None, 0.0, 7.5, 60.0]),
)
refusals = st.builds(lambda since: refusal(AuthenticationError("The login was refused"), since), seconds)
plans = st.builds(
    WaitPlan,
    timeout=seconds,
    poll_interval=st.floats(LEAST_INTERVAL, 60),
    max_poll_interval=st.sampled_from([0.0, 20.0, 90.0]),
    wait_for=st.sampled_from(WaitFor),
    fail_fast=st.booleans(),
    accept_failure_codes=st.frozensets(st.sampled_from(["396"])),
    not_found=st.sampled_from(NotFoundPolicy),
    unknown_state=st.sampled_from(UnknownStatePolicy),
    stall_timeout=st.one_of(st.none(), st.floats(1, 60)),
    transient_timeout=seconds,
    # Of a selection, and of a message.
    deadline=st.none(),
    watched=st.none(),
    quiet_seconds=st.just(0.0),
    failures_count=st.just(True),
)
backoffs = st.sampled_from([Backoff(uniform=lambda low, _high: low), Backoff(uniform=lambda _low, high: high)])


@settings(max_examples=80, deadline=None)
@given(
    timelines=timelines,
    stretches=st.lists(st.one_of(troubles, troubles, refusals), max_size=4),
    plan=plans,
    backoff=backoffs,
    request_seconds=st.sampled_from([0.0, 0.0, 0.3, 4.0, 45.0]),
    start=st.sampled_from([0.0, 1000.0, 1e7 + 0.1]),
)
def test_whatever_happens(*, timelines, stretches, plan, backoff, request_seconds, start):
    most_looks = 3 * len(timelines) * (2 + int(plan.timeout / min(backoff.least, LEAST_INTERVAL)))
    reader = ScriptedReader(
        timelines,
        *stretches,
        request_seconds=request_seconds,
        clock=FakeClock(start),
        most_looks=most_looks,
    )
    outcome = reader.wait(plan, request_timeout=REQUEST_TIMEOUT, backoff=backoff)
    verdicts = [outcome.verdict_of(task) for task in outcome.tasks]

    # It ends, and in time: a request under way at the deadline is let finish, and then comes the last look.
    assert outcome.elapsed <= plan.timeout + 2 * LEAST_REQUEST_SECONDS + A_MOMENT
    assert outcome.elapsed <= plan.timeout + A_MOMENT or request_seconds
    assert outcome.polls == len(reader.looks)

    # No two looks at one moment.
    starts = [look.at for look in reader.looks]
    assert starts[0] == 0
    assert all(earlier < later for earlier, later in zip(starts, starts[1:]))

    # What it tells is what was told to it, in the order asked for.
    assert [task.id for task in outcome.tasks] == list(timelines)
    for task in outcome.tasks:
        told = reader.told.get(task.id, [])
        given_up = [one.state is TaskState.NOT_FOUND for one in told][-NOT_FOUND_ANSWERS:]
        was_there = any(one.state is not TaskState.NOT_FOUND for one in told)
        if task.id in outcome.lost and task.state is not TaskState.NOT_FOUND:
            # Not found now, and not yet given up.
            assert given_up[-1]
            assert outcome.verdict_of(task) is Verdict.PENDING
            assert task == next(one for one in reversed(told) if one.state is not TaskState.NOT_FOUND)
        else:
            assert told[-1:] in ([], [task])
            assert task.state is not TaskState.NOT_FOUND or not was_there or given_up == [True] * NOT_FOUND_ANSWERS
        assert bool(outcome.histories[task.id]) == (task.id in reader.told)
        assert not outcome.histories[task.id] or outcome.histories[task.id][-1].state is task.state
        assert (task.id in outcome.last_seen) == (task.id in reader.told)

    # Each outcome has its grounds.
    if outcome.outcome is Outcome.SUCCEEDED:
        good_enough = any if plan.wait_for is WaitFor.ANY else all
        assert good_enough(verdict is Verdict.GOOD for verdict in verdicts)
        assert all(task.id in reader.told for task in outcome.tasks if outcome.verdict_of(task) is Verdict.GOOD)
    if outcome.outcome is Outcome.FAILED:
        assert outcome.failed
        assert plan.fail_fast or not outcome.pending
    if outcome.outcome in (Outcome.TIMED_OUT, Outcome.STALLED):
        assert outcome.pending
        assert outcome.last_seen
    if outcome.outcome is Outcome.TIMED_OUT:
        assert outcome.elapsed >= plan.timeout - A_MOMENT
        # Whoever is pending was asked for once more at the deadline, or was being asked for then.
        assert starts[-1] <= plan.timeout + LEAST_REQUEST_SECONDS
        assert {task.id for task in outcome.pending} <= set(reader.looks[-1].ids)
    assert (outcome.cause is not None) == (outcome.outcome is Outcome.UNREACHABLE)
    assert bool(outcome.stalled) == (outcome.outcome is Outcome.STALLED)
    assert {task.id for task in outcome.stalled} <= {task.id for task in outcome.pending}
