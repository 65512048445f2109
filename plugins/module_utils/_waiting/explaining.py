# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sentences a person can act on: which task, what happened to it, what that means, what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .._core.errors import NoConnectionError, TransientError
from .._core.task import Task, TaskState, format_time
from .._core.text import listed, seconds_in_words, sentence
from .loop import Outcome, Verdict, WaitFor, WaitOutcome, WaitPlan

#: So many tasks are told apart in one message; the result has them all.
_MOST_TOLD = 3
_UNDER_WAY = frozenset({TaskState.QUEUED, TaskState.RUNNING, TaskState.PAUSED})


def explain_task(task: Task, title: str, found: tuple[Task, float] | None = None) -> str:
    """Say what became of one task that did not succeed. ``title`` is the vendor's name for people.

    ``found`` is what a task that is not found was when it was last seen, and how many seconds ago.
    """
    who = f"{title}: {task.describe()}"
    if task.state is TaskState.DISMISSED:
        told = f" What is known of it: {sentence(task.message)}" if task.message else ""
        return (
            f"{who} was dismissed by somebody, so its outcome can no longer be known. It does not count as a success."
            f"{told}"
        )
    if task.state is TaskState.NOT_FOUND:
        return _not_found(task, title, found)
    if task.state is TaskState.UNKNOWN:
        state = "has no state" if task.raw_state is None else f"is in the state {task.raw_state!r}"
        which = "" if task.raw_state is None else ", which this collection does not know"
        return f"{who} {state}{which}. unknown_state: fail makes that a failure. Set it to wait to keep waiting."
    verb = "was cancelled" if task.state is TaskState.CANCELLED else "failed"
    return f"{who} {verb}{explain_reason(task)}"


def _not_found(task: Task, title: str, found: tuple[Task, float] | None) -> str:
    answer = f" The answer was: {sentence(task.message)}" if task.message else ""
    if found is None:
        return (
            f"{title}: {task.describe()} was not found.{answer} Check the ID, api_url, and what the login may see. If "
            "the vendor registers tasks late, set not_found to wait. If it forgets tasks that have ended, set it to "
            "succeed."
        )
    was, age = found
    return (
        f"{title}: {was.describe()} is gone. It was {_seen(was, age)}, and is not found any more.{answer} Check at "
        "the vendor what became of it. If the vendor forgets tasks that have ended, set not_found to succeed."
    )


def explain_reason(task: Task) -> str:
    """Say why a task failed, as the end of a sentence."""
    error = task.error
    if error is None:
        return sentence(f": {task.message}") if task.message else ", and the vendor gave no reason."
    parts = [f" with code {error.code}" if error.code else ""]
    words = [part for part in (error.title, error.detail or task.message) if part]
    if len(words) == 2 and words[0].rstrip(".").casefold() in words[1].casefold():
        del words[0]
    parts.append(f": {' '.join(sentence(part) for part in words)}" if words else ", and the vendor gave no reason.")
    if error.remedy:
        parts.append(f" What to do: {sentence(error.remedy)}")
    return "".join(parts)


def explain_outcome(outcome: WaitOutcome, title: str) -> str:
    """Say in one message how a wait ended, and for a bad end what to do."""
    explain: dict[Outcome, Callable[[WaitOutcome, str], str]] = {
        Outcome.SUCCEEDED: _succeeded,
        Outcome.FAILED: _failed,
        Outcome.TIMED_OUT: _timed_out,
        Outcome.STALLED: _stalled,
        Outcome.UNREACHABLE: _unreachable,
        Outcome.INTERRUPTED: _cut_short,
        Outcome.ABORTED: _cut_short,
    }
    text = explain[outcome.outcome](outcome, title)
    # Some may have failed before the wait for the others came to its end.
    if outcome.failed and outcome.outcome not in (Outcome.SUCCEEDED, Outcome.FAILED):
        text += f" {_failed(outcome, title)}"
    return text


def _number(tasks: Sequence[Task]) -> int:
    return len({task.id for task in tasks})


def _quiet(outcome: WaitOutcome, title: str) -> str:
    """Say that no task of a selection goes on, and what became of those that did."""
    spent = f" for {seconds_in_words(outcome.plan.quiet_seconds)}" if outcome.plan.quiet_seconds else ""
    number = _number(outcome.tasks)
    if not number:
        return f"{title}: no unfinished task {'has matched' if spent else 'matches'} the selection{spent}."
    text = f"{title}: no unfinished task {'has matched' if spent else 'matches'} the selection any more{spent}."
    text += f" The wait took {seconds_in_words(outcome.elapsed)} and saw {_tasks(number)} end."
    if outcome.failed:
        text += f" {_few(outcome.failed, outcome)} did not succeed, which counts with on_failure: fail only."
    return text


def _tasks(number: int) -> str:
    return "one task" if number == 1 else f"{number} tasks"


def _succeeded(outcome: WaitOutcome, title: str) -> str:
    if outcome.plan.watched is not None:
        return _quiet(outcome, title)
    if not outcome.tasks:
        return "There was no task to wait for."
    number = _number(outcome.tasks)
    good = outcome.with_verdict(Verdict.GOOD)
    is_one = number == 1 or outcome.plan.wait_for is WaitFor.ANY
    missing = [task for task in good if task.state is TaskState.NOT_FOUND]
    accepted = [task for task in good if task.state not in (TaskState.NOT_FOUND, TaskState.SUCCEEDED)]
    # A failure that is accepted did not succeed.
    verb = "ended" if accepted else "succeeded"
    when = f"{'has' if is_one else 'have'} {verb}"
    if outcome.polls > 1:
        when = f"{verb} after {seconds_in_words(outcome.elapsed)}"
    what = good[0].describe() if is_one else "both tasks" if number == 2 else f"all {number} tasks"
    text = f"{title}: {what} {when}."
    if missing and len(missing) == len(good):
        text = f"{title}: {what} was not found." if is_one else f"{title}: none of the {number} tasks was found."
    if missing:
        text += f" not_found: succeed counts {_few(missing, outcome)} as succeeded. If that is wrong, check api_url."
    if accepted:
        text += f" accept_failure_codes counts {_few(accepted, outcome)} as succeeded."
    return text


def _few(tasks: Sequence[Task], outcome: WaitOutcome) -> str:
    """Name some tasks by their IDs, with what they were if they were seen before, and say how many more there are."""
    found = {task_id: f" ({_seen(*seen)})" for task_id, seen in outcome.lost.items()}
    names = [f"{task.id}{found.get(task.id, '')}" for task in tasks[:_MOST_TOLD]]
    more = len(tasks) - len(names)
    return listed([*names, f"{more} more"] if more else names)


def _failed(outcome: WaitOutcome, title: str) -> str:
    failed = outcome.failed
    told = " ".join(explain_task(task, title, outcome.lost.get(task.id)) for task in failed[:_MOST_TOLD])
    if _number(outcome.tasks) == 1:
        return told
    more = f" All {len(failed)} are in failed_task_ids." if len(failed) > _MOST_TOLD else ""
    is_news = outcome.pending and outcome.outcome is Outcome.FAILED
    rest = len(outcome.pending)
    waiting = f" {'One more task' if rest == 1 else f'Another {rest} tasks'} had not ended yet." if is_news else ""
    return f"{len(failed)} of {_number(outcome.tasks)} tasks did not succeed. {told}{more}{waiting}"


def _timed_out(outcome: WaitOutcome, title: str) -> str:
    has = "has" if len(outcome.pending) == 1 else "have"
    limit, longer = _limit(outcome.plan)
    if not outcome.pending:
        # A selection of which no task goes on.
        quiet = seconds_in_words(outcome.plan.quiet_seconds)
        return f"{title}: no unfinished task matches the selection, but it was not so for {quiet} {limit}."
    text = f"{title}: {_named(outcome.pending, outcome)} {has} not ended {limit}.{_advice(outcome, longer)}"
    if outcome.last_transient_error and any(map(outcome.is_out_of_sight, outcome.pending)):
        text += f" The last request failed: {sentence(outcome.last_transient_error)}"
    return text


def _limit(plan: WaitPlan) -> tuple[str, str]:
    """Say which limit a wait has reached, and how to wait longer."""
    if plan.deadline is not None:
        passed = "" if plan.timeout else ", which had passed when the wait began"
        return f"by the deadline {format_time(plan.deadline)}{passed}", ", with a later deadline if needed"
    if plan.timeout:
        return f"within the timeout of {seconds_in_words(plan.timeout)}", ", with a longer timeout if needed"
    return "yet", ""


def _advice(outcome: WaitOutcome, longer: str = "") -> str:
    """Say what to do about the tasks that are not known to have ended, after a blank."""
    if not outcome.leaves_tasks:
        return ""
    seen = [task for task in outcome.pending if task.id in outcome.last_seen]
    missing = {task.id for task in seen if task.id in outcome.lost or task.state is TaskState.NOT_FOUND}
    odd = [task for task in seen if task.state is TaskState.UNKNOWN and task.id not in missing]
    parts = []
    if any(task.state in _UNDER_WAY and task.id not in missing for task in seen):
        again = "wait again" if outcome.plan.watched is not None else "wait for the same IDs again"
        parts.append(f" The vendor keeps working: {again}{longer}.")
    if odd:
        words = sorted({f"the state {task.raw_state!r}" if task.raw_state else "no state" for task in odd})
        parts.append(
            f" This collection does not know {listed(words)}, so it cannot tell whether such a task has ended: check "
            "at the vendor."
        )
    if missing:
        parts.append(" A task that is not found may not exist: check its ID and api_url.")
    return "".join(parts)


def _stalled(outcome: WaitOutcome, title: str) -> str:
    spent = seconds_in_words(outcome.plan.stall_timeout or 0)
    has, it = ("has", "it") if len(outcome.stalled) == 1 else ("have", "them")
    return (
        f"{title}: {_named(outcome.stalled, outcome)} {has} shown no change of state, progress or message for the "
        f"stall_timeout of {spent}. Check at the vendor what holds {it} up."
    )


def _unreachable(outcome: WaitOutcome, title: str) -> str:
    cause = outcome.cause
    text = sentence(cause.message if cause is not None else f"{title} could not be reached any more")
    if isinstance(cause, NoConnectionError) and not outcome.last_seen:
        spent = seconds_in_words(outcome.elapsed)
        text += f" Nothing has answered within {spent}, so the wait gave up."
        text += f" {cause.advice}"
    elif isinstance(cause, TransientError) and outcome.transient_errors > 1:
        text += f" The wait gave up after {outcome.transient_errors} transient errors."
    if outcome.last_seen and outcome.pending:
        text += f" The outcome of {_named(outcome.pending, outcome)} is unknown."
        if isinstance(cause, TransientError):
            again = "Wait again" if outcome.plan.watched is not None else "Wait for the same IDs again"
            text += f" {again} when {title} answers."
    return text


def _cut_short(outcome: WaitOutcome, title: str) -> str:
    why = sentence(outcome.cause.message if outcome.cause is not None else "The wait was interrupted")
    if not outcome.pending:
        return why
    was = "was" if len(outcome.pending) == 1 else "were"
    return f"{why} {title}: {_named(outcome.pending, outcome)} {was} not seen to end.{_advice(outcome)}"


def _named(tasks: Sequence[Task], outcome: WaitOutcome) -> str:
    """Name tasks, with the state last seen and how long ago that was."""
    named = [f"{task.describe()} ({_last_seen(task, outcome)})" for task in tasks[:_MOST_TOLD]]
    more = len(tasks) - len(named)
    return listed([*named, f"{more} more"] if more else named)


def _last_seen(task: Task, outcome: WaitOutcome) -> str:
    age = outcome.last_seen.get(task.id)
    if age is None:
        return "never seen"
    if task.state is TaskState.NOT_FOUND:
        return f"not found{_ago(age)}"
    return f"{_seen(task, age)}, not found since" if task.id in outcome.lost else _seen(task, age)


def _seen(task: Task, age: float) -> str:
    percent = "" if task.percent is None else f", {task.percent:g} %"
    left = task.unfinished_subtasks
    subtasks = f" with {left} of {len(task.subtasks or ())} subtasks not ended" if left else ""
    # A bare number says nothing to a person.
    word = task.raw_state if task.raw_state and not task.raw_state.isdecimal() else task.state
    return f"last seen {word}{percent}{subtasks}{_ago(age)}"


def _ago(age: float) -> str:
    return f", {seconds_in_words(age)} ago" if age >= 1 else ""
