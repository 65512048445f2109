# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a wait does that gives up and cancels its tasks: when its time is up, or when it is interrupted."""

from __future__ import annotations

from .._core.clock import Deadline
from .._core.errors import InterruptError
from .._core.task import StateChange
from .._provider.contract import TaskCanceller
from .._waiting.loop import NOT_FOUND_ANSWERS, NotFoundPolicy, Outcome, ReadTasks, WaitFor, WaitOutcome, wait_for_tasks
from .._work.cancelling import Canceller, CancelOutcome, CancelPlan
from .context import Context
from .waits import GivenUp

#: Seconds to send the requests in. A vendor's quota can hold them back for a minute.
SEND_SECONDS = 60.0
#: Seconds to see the ends of the tasks in.
END_SECONDS = 30.0
#: So many where a signal asked for the end, which has to come within a second, its logout included.
LAST_SECONDS = 0.4


def give_up(context: Context, outcome: WaitOutcome, read: ReadTasks) -> GivenUp:
    """Cancel the tasks of a wait that has ended before them, where that is wanted."""
    provider, params = context.provider, context.params
    if not isinstance(provider, TaskCanceller) or context.check_mode or not outcome.pending:
        return GivenUp(outcome, outcome)
    canceller = Canceller(provider, context.clock, CancelPlan(context.options.request_timeout, SEND_SECONDS))
    if outcome.outcome is Outcome.INTERRUPTED and params["on_interrupt"] == "cancel":
        canceller.cancel_within(LAST_SECONDS, outcome.pending)
        return GivenUp(outcome, outcome, tuple(canceller.done.values()))
    if outcome.outcome in (Outcome.TIMED_OUT, Outcome.STALLED) and params["on_timeout"] == "cancel":
        latest = _cancelled(context, canceller, outcome, read)
        return GivenUp(outcome, latest, tuple(canceller.done.values()))
    return GivenUp(outcome, outcome)


def _cancelled(context: Context, canceller: Canceller, outcome: WaitOutcome, read: ReadTasks) -> WaitOutcome:
    """Send the cancels, and return what became of the tasks in the short time that there is to see it."""
    clock, request_timeout = context.clock, context.options.request_timeout
    began = clock.monotonic()
    try:
        canceller.cancel(outcome.pending, Deadline(clock, request_timeout, clock.monotonic() + SEND_SECONDS))
    except InterruptError:
        unsent = [found.task for found in canceller.done.values() if found.outcome is CancelOutcome.NOT_SENT]
        canceller.cancel_within(LAST_SECONDS, unsent)
        return outcome
    sending = clock.monotonic() - began
    plan = outcome.plan._replace(
        timeout=END_SECONDS,
        deadline=None,
        # That a task is gone takes several answers.
        poll_interval=min(outcome.plan.poll_interval, END_SECONDS / NOT_FOUND_ANSWERS),
        wait_for=WaitFor.ALL,
        fail_fast=False,
        # A vendor may forget a task as soon as it is cancelled.
        not_found=NotFoundPolicy.SUCCEED,
        stall_timeout=None,
        transient_timeout=END_SECONDS,
    )
    waiting = canceller.open_tasks
    later = wait_for_tasks(
        [task.id for task in waiting],
        read,
        plan,
        provider=context.provider.description.name,
        clock=clock,
        request_timeout=request_timeout,
        known=waiting,
    )
    if later.outcome is Outcome.ABORTED and later.cause is not None:
        context.warn(f"What became of the cancelled tasks could not be seen: {later.cause.message}")
    canceller.settle({task.id: task for task in later.tasks if task.id in later.last_seen})
    return _joined(outcome, later, canceller, sending)


def _joined(outcome: WaitOutcome, later: WaitOutcome, canceller: Canceller, sending: float) -> WaitOutcome:
    """Return the outcome of a wait with what its tasks have become since. ``sending``: the seconds between the two."""
    resumed = outcome.elapsed + sending
    newest = {task_id: found.task for task_id, found in canceller.done.items()}
    seen = {task_id: age + sending + later.elapsed for task_id, age in outcome.last_seen.items()}
    return outcome._replace(
        tasks=tuple(newest.get(task.id, task) for task in outcome.tasks),
        histories={
            task_id: (*history, *_shifted(later.histories.get(task_id, ()), history, resumed))
            for task_id, history in outcome.histories.items()
        },
        last_seen={**seen, **later.last_seen},
        elapsed=resumed + later.elapsed,
        polls=outcome.polls + later.polls,
        transient_errors=outcome.transient_errors + later.transient_errors,
        last_transient_error=later.last_transient_error or outcome.last_transient_error,
        cause=later.cause if later.outcome is Outcome.ABORTED else outcome.cause,
    )


def _shifted(
    changes: tuple[StateChange, ...], known: tuple[StateChange, ...], elapsed: float
) -> tuple[StateChange, ...]:
    """Return the changes of a later wait as those of the whole, without one that was known."""
    if changes and known and (changes[0].state, changes[0].raw_state) == (known[-1].state, known[-1].raw_state):
        changes = changes[1:]
    return tuple(change._replace(elapsed=change.elapsed + elapsed) for change in changes)
