# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the module task_cancel does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._core.clock import Deadline
from .._core.errors import InterruptError, WaitError, WorkError
from .._core.task import Task, TaskState
from .._core.text import sentence
from .._waiting.loop import NotFoundPolicy, WaitOutcome, WaitPlan, wait_for_tasks
from .._work.cancelling import Cancellation, Canceller, CancelOutcome, CancelPlan, explain_cancellations
from .._work.reading import TaskReader
from .context import Context, checked_canceller
from .lookups import look_up_tasks, lookup_seconds
from .waits import asked_ids, poll_interval, results_of, time_limit

_WORST_LAST = tuple(CancelOutcome)
#: What a failure returns when nothing began, such as for a wrong option: all keys but those that say why.
NOT_STARTED: Mapping[str, Any] = {
    "outcome": "not_started",
    "timed_out": False,
    "cancels": [],
    **results_of(()),
    "pending_task_ids": [],
    "elapsed": 0.0,
    "requests": 0,
}


def run(context: Context) -> dict[str, Any]:
    """Cancel the tasks and return what became of them.

    Raises:
        WaitError: one was not cancelled, and had not ended.
    """
    provider = checked_canceller(context.provider, "provider", "task_cancel")
    began = context.clock.monotonic()
    asked = asked_ids(context)
    plan = _wait_plan(context)
    reader = TaskReader(provider, context.warn)
    advice = "Cancel fewer tasks at a time"
    found = look_up_tasks(context, reader.read, asked, repeat_for=plan.transient_timeout, advice=advice)
    canceller = Canceller(
        provider,
        context.clock,
        CancelPlan(context.options.request_timeout, plan.transient_timeout, is_rehearsed=context.check_mode),
    )
    cause: WorkError | None = _cancel(context, canceller, tuple(found.values()), began + lookup_seconds(asked))
    if cause is None and context.params["wait"]:
        outcome = _wait(context, reader, canceller, plan)
        cause = None if outcome is None else outcome.cause
    done = canceller.done
    fields = _result(context, asked, done, cause, context.clock.monotonic() - began)
    failure = _failure(context, fields, done, cause)
    if failure is not None:
        raise failure
    return fields


def _wait_plan(context: Context) -> WaitPlan:
    return WaitPlan(
        timeout=time_limit(context)[0],
        poll_interval=poll_interval(context),
        backs_off=False,
        # A vendor may forget a task as soon as it is cancelled.
        not_found=NotFoundPolicy.SUCCEED,
        transient_timeout=context.seconds("transient_timeout") or 0.0,
    )


def _cancel(context: Context, canceller: Canceller, tasks: Sequence[Task], until: float) -> InterruptError | None:
    """Send the requests; return the signal that came between."""
    try:
        canceller.cancel(tasks, Deadline(context.clock, context.options.request_timeout, until))
    except InterruptError as error:
        return error
    return None


def _wait(context: Context, reader: TaskReader, canceller: Canceller, plan: WaitPlan) -> WaitOutcome | None:
    """Wait until the tasks have ended that were asked to, and take note of their ends."""
    waiting = canceller.open_tasks
    if not waiting:
        return None
    outcome = wait_for_tasks(
        [task.id for task in waiting],
        reader.read,
        # The requests have taken their time.
        plan._replace(timeout=time_limit(context)[0]),
        provider=context.provider.description.name,
        clock=context.clock,
        request_timeout=context.options.request_timeout,
        known=waiting,
    )
    canceller.settle({task.id: task for task in outcome.tasks if task.id in outcome.last_seen})
    return outcome


def _result(
    context: Context,
    asked: Sequence[str],
    done: Mapping[str, Cancellation],
    cause: WorkError | None,
    elapsed: float,
) -> dict[str, Any]:
    """Return what became of the tasks."""
    title = context.provider.description.title
    worst_first = sorted(done.values(), key=_badness, reverse=True)
    message = f"{title}: {explain_cancellations(worst_first) if done else 'there was no task to cancel.'}"
    return {
        "changed": any(one.outcome.is_change for one in worst_first),
        "msg": message if cause is None else f"{sentence(cause.message)} {message}",
        "outcome": (worst_first[0].outcome if done else CancelOutcome.ALREADY_ENDED).value,
        "timed_out": cause is None and context.params["wait"] and any(one.outcome.is_open for one in worst_first),
        "cancels": [one.to_result() for one in done.values()],
        **results_of([done[task_id].task.to_result() for task_id in asked]),
        "pending_task_ids": [
            one.task.id for one in done.values() if not one.task.is_final and one.task.state is not TaskState.NOT_FOUND
        ],
        "elapsed": round(elapsed, 3),
        "requests": context.requests_sent(),
    }


def _failure(
    context: Context,
    fields: Mapping[str, Any],
    done: Mapping[str, Cancellation],
    cause: WorkError | None,
) -> WaitError | None:
    """Return the failure that this is by what went worst, None when it is none."""
    if isinstance(cause, InterruptError):
        return WaitError(fields["msg"], fields=fields, reason=cause.reason)
    for one in sorted(done.values(), key=_badness, reverse=True):
        reason = _failure_reason(context, one, cause)
        error = cause or one.error
        if reason is not None:
            details = {} if error is None else error.to_result()
            return WaitError(fields["msg"], fields={**details, **fields}, reason=reason)
    return None


def _badness(found: Cancellation) -> int:
    return _WORST_LAST.index(found.outcome)


def _failure_reason(context: Context, found: Cancellation, cause: WorkError | None) -> str | None:
    """Return why what became of a task makes the module fail, None when it does not."""
    params, outcome = context.params, found.outcome
    if outcome.is_open and cause is not None:
        return cause.reason
    reasons: dict[CancelOutcome, str | None] = {
        CancelOutcome.NOT_FOUND: "not_found" if params["not_found"] == "fail" else None,
        CancelOutcome.SENT: "timed_out" if params["wait"] else None,
        CancelOutcome.UNCLEAR: "cancel_unclear",
        CancelOutcome.NOT_CANCELLABLE: "not_cancellable",
        CancelOutcome.REFUSED: "rejected",
        CancelOutcome.NOT_SENT: "unreachable",
    }
    reason = reasons.get(outcome)
    return reason if reason is None or found.error is None or outcome is CancelOutcome.UNCLEAR else found.error.reason
