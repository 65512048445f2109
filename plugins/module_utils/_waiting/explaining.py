# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sentences a person can act on: which task, what happened to it, what that means, what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .._core.errors import TransientError
from .._core.task import Task, TaskState
from .._core.text import listed, seconds_in_words, sentence
from .loop import Outcome, Verdict, WaitFor, WaitOutcome

#: So many tasks are told apart in one message; the result has them all.
_MOST_TOLD = 3


def explain_task(task: Task, title: str) -> str:
    """Say what became of one task that did not succeed. ``title`` is the vendor's name for people."""
    who = f"{title}: {task.describe()}"
    if task.state is TaskState.DISMISSED:
        told = f" What is known of it: {sentence(task.message)}" if task.message else ""
        return (
            f"{who} was dismissed by somebody. Its outcome can no longer be known, so it does not count as a success."
            f"{told}"
        )
    if task.state is TaskState.NOT_FOUND:
        told = f" The answer was: {sentence(task.message)}" if task.message else ""
        return (
            f"{who} does not exist, or no longer does.{told} Check the id; if the vendor registers tasks late or "
            "forgets those that ended, set not_found to wait or to succeed."
        )
    if task.state is TaskState.UNKNOWN:
        return f"{who} is in the state {task.raw_state!r}, which this collection does not know."
    verb = "was cancelled" if task.state is TaskState.CANCELLED else "failed"
    return f"{who} {verb}{_reason(task)}"


def _reason(task: Task) -> str:
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
        Outcome.INTERRUPTED: _interrupted,
    }
    text = explain[outcome.outcome](outcome, title)
    # Some may have failed before the wait for the others came to its end.
    if outcome.failed and outcome.outcome not in (Outcome.SUCCEEDED, Outcome.FAILED):
        text += f" {_failed(outcome, title)}"
    return text


def _number(tasks: Sequence[Task]) -> int:
    return len({task.id for task in tasks})


def _succeeded(outcome: WaitOutcome, title: str) -> str:
    if not outcome.tasks:
        return "There was no task to wait for."
    number = _number(outcome.tasks)
    good = outcome.with_verdict(Verdict.GOOD)
    is_one = number == 1 or outcome.plan.wait_for is WaitFor.ANY
    lost = [task for task in good if task.state is TaskState.NOT_FOUND]
    accepted = [task for task in good if task.state not in (TaskState.NOT_FOUND, TaskState.SUCCEEDED)]
    # A failure that is accepted did not succeed.
    verb = "ended" if accepted else "succeeded"
    when = f"{'has' if is_one else 'have'} {verb}"
    if outcome.polls > 1:
        when = f"{verb} after {seconds_in_words(outcome.elapsed)}"
    what = good[0].describe() if is_one else f"all {number} tasks"
    text = f"{title}: {what} {when}."
    if lost and len(lost) == len(good):
        text = f"{title}: {what} is not known, or no longer." if is_one else f"{title}: none of {what} is known."
    if lost:
        text += f" not_found: succeed makes a success of {_few(lost)}; check api_url if that should not be."
    if accepted:
        text += f" accept_failure_codes makes a success of {_few(accepted)}."
    return text


def _few(tasks: Sequence[Task]) -> str:
    """Name some tasks by their ids, and say how many more there are."""
    names = [task.id for task in tasks[:_MOST_TOLD]]
    more = len(tasks) - len(names)
    return listed([*names, f"{more} more"] if more else names)


def _failed(outcome: WaitOutcome, title: str) -> str:
    failed = outcome.failed
    told = " ".join(explain_task(task, title) for task in failed[:_MOST_TOLD])
    if _number(outcome.tasks) == 1:
        return told
    more = f" All {len(failed)} are in failed_task_ids." if len(failed) > _MOST_TOLD else ""
    is_news = outcome.pending and outcome.outcome is Outcome.FAILED
    rest = len(outcome.pending)
    waiting = f" {'One more task' if rest == 1 else f'Another {rest} tasks'} had not ended yet." if is_news else ""
    return f"{len(failed)} of {_number(outcome.tasks)} tasks did not succeed. {told}{more}{waiting}"


def _timed_out(outcome: WaitOutcome, title: str) -> str:
    spent = seconds_in_words(outcome.plan.timeout)
    verb = "has" if len(outcome.pending) == 1 else "have"
    limit = f"not ended within the timeout of {spent}" if outcome.plan.timeout else "not ended yet"
    text = (
        f"{title}: {_named(outcome.pending, outcome)} {verb} {limit}. The work goes on at the vendor: "
        "wait for the same ids again, with a longer timeout if needed."
    )
    if outcome.last_transient_error and any(task.id not in outcome.last_seen for task in outcome.pending):
        text += f" The last request failed: {sentence(outcome.last_transient_error)}"
    return text


def _stalled(outcome: WaitOutcome, title: str) -> str:
    spent = seconds_in_words(outcome.plan.stall_timeout or 0)
    has, it = ("has", "it") if len(outcome.stalled) == 1 else ("have", "them")
    return (
        f"{title}: {_named(outcome.stalled, outcome)} {has} changed neither state nor progress for the stall_timeout "
        f"of {spent}. Look at the vendor's side for what holds {it} up."
    )


def _unreachable(outcome: WaitOutcome, title: str) -> str:
    why = sentence(outcome.cause.message if outcome.cause is not None else f"{title} could not be asked any more")
    if isinstance(outcome.cause, TransientError) and outcome.transient_errors > 1:
        why += f" That was the last of {outcome.transient_errors} transient errors of this wait."
    if not outcome.last_seen or not outcome.pending:
        return why
    return f"{why} What has become of {_named(outcome.pending, outcome)} is not known."


def _interrupted(outcome: WaitOutcome, title: str) -> str:
    why = sentence(outcome.cause.message if outcome.cause is not None else "The wait was interrupted")
    if not outcome.pending:
        return why
    has = "has" if len(outcome.pending) == 1 else "have"
    return (
        f"{why} {title}: {_named(outcome.pending, outcome)} {has} not ended yet. The work goes on at the vendor: "
        "wait for the same ids again."
    )


def _named(tasks: Sequence[Task], outcome: WaitOutcome) -> str:
    """Name tasks, with the state last seen and how long ago that was."""
    named = [f"{task.describe()} ({_last_seen(task, outcome)})" for task in tasks[:_MOST_TOLD]]
    more = len(tasks) - len(named)
    return listed([*named, f"{more} more"] if more else named)


def _last_seen(task: Task, outcome: WaitOutcome) -> str:
    age = outcome.last_seen.get(task.id)
    if age is None:
        return "never seen"
    ago = f", {seconds_in_words(age)} ago" if age >= 1 else ""
    if task.state is TaskState.NOT_FOUND:
        return f"not found{ago}"
    percent = "" if task.percent is None else f", {task.percent:g} %"
    left = task.unfinished_subtasks
    subtasks = f" with {left} of {len(task.subtasks or ())} subtasks not ended" if left else ""
    # A bare number says nothing to a person.
    word = task.raw_state if task.raw_state and not task.raw_state.isdecimal() else task.state
    return f"last seen {word}{percent}{subtasks}{ago}"
