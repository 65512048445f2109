# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the module task_wait does."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from .._api.addresses import is_loopback
from .._core.errors import DefectError, OptionError, WaitError
from .._core.snapshot import SELECTION
from .._waiting.loop import (
    NotFoundPolicy,
    Outcome,
    ReadTasks,
    UnknownStatePolicy,
    WaitFor,
    WaitOutcome,
    WaitPlan,
    wait_for_tasks,
)
from .._work.reading import TaskReader
from .._work.selecting import Selection, SelectionReader
from .._work.state_words import JudgedProvider, StateWords
from .context import Context, checked_canceller, distinct
from .queries import read_selection
from .waits import GivenUp, asked_ids, check_longest_interval, poll_interval, results_of, time_limit

#: The most between two looks while estimates allow it, in seconds, where the user sets no interval.
ESTIMATED_INTERVAL = 60.0
#: What a failure returns when no wait began, such as for a wrong option: all keys but those that say why.
NOT_STARTED: Mapping[str, Any] = {
    "outcome": "not_started",
    "timed_out": False,
    **results_of(()),
    "failed_task_ids": [],
    "pending_task_ids": [],
    "failure_codes": [],
    "elapsed": 0.0,
    "polls": 0,
    "requests": 0,
    "transient_errors": 0,
    "last_transient_error": None,
    "cancels": [],
}


def run(context: Context) -> dict[str, Any]:
    """Wait for the tasks and return what became of them.

    Raises:
        WaitError: the wait ended in a way that the options call a failure.
    """
    selection = _selection(context)
    asked = (SELECTION,) if selection is not None else asked_ids(context)
    context.seconds("progress_interval", least=1.0)
    _check_cancelling(context)
    plan = _plan(context, selection)
    read = _reading(context, selection, plan)
    outcome = wait_for_tasks(
        distinct(asked),
        read,
        plan,
        provider=context.provider.description.name,
        clock=context.clock,
        request_timeout=context.options.request_timeout,
        observer=context.observer,
    )
    _warn_of_unknown_states(context, outcome)
    given_up = _given_up(context, outcome, read)
    fields = _result(context, asked if selection is None else tuple(task.id for task in outcome.tasks), given_up)
    reason = _failure_reason(context, outcome)
    if reason is None:
        return fields
    raise WaitError(fields["msg"], fields={**_details(given_up), **fields}, reason=reason)


def _reading(context: Context, selection: Selection | None, plan: WaitPlan) -> ReadTasks:
    """Return what reads the tasks as the options want it."""
    params, provider = context.params, context.provider
    words = StateWords.given(params["success_states"], params["failure_states"]).checked(provider.description)
    if any(words):
        provider = JudgedProvider(provider, words)

    def way(reader: TaskReader) -> ReadTasks:
        if params["follow_subtasks"]:
            return partial(reader.read_following_subtasks, failures_end_at_once=plan.fail_fast)
        return reader.read

    if selection is None:
        return way(TaskReader(provider, context.warn))
    return SelectionReader(provider, selection, way, context.warn).read


def _check_cancelling(context: Context) -> None:
    for option in ("on_timeout", "on_interrupt"):
        if context.params[option] == "cancel":
            checked_canceller(context.provider, option, f"{option}: cancel")


def _given_up(context: Context, outcome: WaitOutcome, read: ReadTasks) -> GivenUp:
    if "cancel" not in (context.params["on_timeout"], context.params["on_interrupt"]):
        return GivenUp(outcome, outcome)
    from .wait_cancelling import give_up  # noqa: PLC0415 - most waits cancel nothing

    return give_up(context, outcome, read)


def _warn_of_unknown_states(context: Context, outcome: WaitOutcome) -> None:
    for raw_state in outcome.unknown_states:
        reports = "a task without a state" if raw_state is None else f"the state {raw_state!r}"
        which = "" if raw_state is None else ", which this collection does not know"
        context.warn(
            f"{context.provider.description.title} reports {reports}{which}. It counts neither as ended nor as "
            "succeeded",
        )


def _selection(context: Context) -> Selection | None:
    params = context.params
    if params["select"] is None:
        return None
    for option, value in (("wait_for", "any"), ("fail_fast", True)):
        if params[option] == value:
            raise OptionError(
                option, f"select waits until no task goes on, which {option}: {str(value).lower()} contradicts. Omit it"
            )
    for option in ("on_timeout", "on_interrupt"):
        if params[option] == "cancel":
            raise OptionError(
                option,
                f"{option}: cancel would cancel tasks of others, which select waits for. Omit it, or give task_ids",
            )
    selection = read_selection(params["select"])
    return selection._replace(quiet_seconds=0.0) if context.check_mode else selection


def _on_failure(params: Mapping[str, Any]) -> str:
    """Return what a failure of a task means. Tasks that merely were under way are somebody else's."""
    return params["on_failure"] or ("fail" if params["select"] is None else "continue")


def _plan(context: Context, selection: Selection | None) -> WaitPlan:
    params = context.params
    description = context.provider.description
    interval = poll_interval(context)
    max_poll_interval = context.seconds("max_poll_interval", above_zero=True)
    if max_poll_interval is not None and max_poll_interval < interval:
        raise OptionError(
            "max_poll_interval",
            f"max_poll_interval is {max_poll_interval:g}, less than the poll_interval of {interval:g} seconds",
        )
    check_longest_interval("poll_interval", interval, description)
    check_longest_interval("max_poll_interval", max_poll_interval or 0.0, description)
    most = interval if max_poll_interval is None else max_poll_interval
    if params["poll_interval"] is None and max_poll_interval is None:
        most = max(interval, min(ESTIMATED_INTERVAL, description.longest_poll_interval or ESTIMATED_INTERVAL))
    if interval < description.least_poll_interval and not _is_rehearsal(context):
        context.warn(
            f"poll_interval is {interval:g}: {description.title} asks for no more than one poll in "
            f"{description.least_poll_interval:g} seconds",
        )
    timeout, deadline = time_limit(context)
    if context.check_mode:
        timeout, deadline = 0.0, None
    return WaitPlan(
        timeout=timeout,
        deadline=deadline,
        watched=None if selection is None else selection.states,
        quiet_seconds=0.0 if selection is None else selection.quiet_seconds,
        failures_count=selection is None or _on_failure(params) == "fail",
        poll_interval=interval,
        max_poll_interval=most,
        backs_off=max_poll_interval is not None,
        wait_for=WaitFor(params["wait_for"]),
        fail_fast=params["fail_fast"],
        accept_failure_codes=frozenset(params["accept_failure_codes"] or ()),
        not_found=NotFoundPolicy(params["not_found"]),
        unknown_state=UnknownStatePolicy(params["unknown_state"]),
        stall_timeout=context.seconds("stall_timeout", above_zero=True),
        transient_timeout=context.seconds("transient_timeout") or 0.0,
    )


def _is_rehearsal(context: Context) -> bool:
    """Whether the vendor is played by a server on this machine, which nobody needs to be spared."""
    return any(url is not None and is_loopback(url) for url in (context.options.api_url, context.options.auth_url))


def _failure_reason(context: Context, outcome: WaitOutcome) -> str | None:
    """Return why the module fails, None when it does not."""
    params = context.params
    ended = outcome.outcome
    if outcome.cause is not None:
        return outcome.cause.reason
    # Some may have failed before the rest ran out of time: each option speaks for its own part.
    has_failed = ended is not Outcome.SUCCEEDED and bool(outcome.failed)
    out_of_time = ended in (Outcome.TIMED_OUT, Outcome.STALLED) and not context.check_mode
    if has_failed and _on_failure(params) == "fail":
        return "task_failed"
    if out_of_time and params["on_timeout"] != "continue":
        return str(ended.value)
    return None


def _details(given_up: GivenUp) -> dict[str, Any]:
    """Return what a failure tells besides: the request, the option or the defect that ended the wait or a cancel."""
    defects = [cancel.error for cancel in given_up.cancels if isinstance(cancel.error, DefectError)]
    causes = [error for error in (*defects, given_up.latest.cause) if error is not None]
    return {key: value for error in causes for key, value in error.to_result().items()}


def _result(context: Context, asked: tuple[str, ...], given_up: GivenUp) -> dict[str, Any]:
    outcome = given_up.latest
    by_id = {task.id: task for task in outcome.tasks}
    tasks = [by_id[task_id].to_result() for task_id in asked]
    if context.params["return_history"]:
        for task in tasks:
            task["history"] = [change.to_result() for change in outcome.histories.get(task["id"], ())]
    message = given_up.explain(context.provider.description.title)
    if context.check_mode:
        message = f"Check mode: looked once and did not wait. {message}"
    return {
        "msg": message,
        "outcome": outcome.outcome.value,
        "timed_out": outcome.outcome is Outcome.TIMED_OUT,
        **results_of(tasks),
        "failed_task_ids": [task.id for task in outcome.failed],
        "pending_task_ids": [task.id for task in outcome.pending],
        "failure_codes": list(
            dict.fromkeys(task.error.code for task in outcome.failed if task.error and task.error.code)
        ),
        "elapsed": round(outcome.elapsed, 3),
        "polls": outcome.polls,
        "requests": context.requests_sent(),
        "transient_errors": outcome.transient_errors,
        "last_transient_error": outcome.last_transient_error,
        "cancels": [cancel.to_result() for cancel in given_up.cancels],
        **({"changed": True} if any(cancel.outcome.is_change for cancel in given_up.cancels) else {}),
    }
