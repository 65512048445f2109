# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading once, for task_info and task_list: with repeats where trouble may pass, and with a limit for the whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from .._core.clock import Deadline
from .._core.errors import OutOfTimeError, TransientError
from .._core.retrying import Backoff, repeat_transient
from .._core.task import Task
from .._core.text import seconds_in_words, sentence
from .._waiting.loop import ReadTasks
from .context import Context, distinct

T = TypeVar("T")

#: The seconds that a lookup or a list may take in all. A vendor's quota alone can make a long list take minutes.
MOST_LOOKUP_SECONDS = 600.0
#: What each task adds to them where tasks are asked for by their IDs: a quota can be 50 requests a minute.
SECONDS_PER_TASK = 2.0


def look_up(context: Context, read: Callable[[Deadline], T], *, seconds: float, repeat_for: float, advice: str) -> T:
    """Return what ``read`` reads within so many seconds. Trouble that may pass is retried for ``repeat_for`` of them.

    Raises:
        OutOfTimeError: the time is up; its message ends with the advice.
        TransientError: the trouble did not pass.
    """
    deadline = Deadline(context.clock, context.options.request_timeout, context.clock.monotonic() + seconds)

    def attempt() -> T:
        try:
            return read(deadline)
        except TransientError as error:
            if deadline.left > 0:
                raise
            # Without an address it is only the time that was up.
            why = f" The last request failed: {sentence(error.message)}" if error.url else ""
            raise OutOfTimeError(
                f"Reading everything from {context.provider.description.title} took longer than "
                f"{seconds_in_words(seconds)}.{why} {advice}"
            ) from None

    return repeat_transient(attempt, budget=repeat_for, clock=context.clock, backoff=Backoff())


def look_up_tasks(
    context: Context, read: ReadTasks, task_ids: Sequence[str], *, repeat_for: float, advice: str
) -> Mapping[str, Task]:
    """Return what ``look_up`` reads of tasks: trouble with one of them is trouble with all. Raises as it does."""

    def read_all(deadline: Deadline) -> Mapping[str, Task]:
        snapshot = read(distinct(task_ids), deadline)
        for trouble in snapshot.troubles.values():
            raise trouble
        return snapshot.tasks

    return look_up(context, read_all, seconds=lookup_seconds(task_ids), repeat_for=repeat_for, advice=advice)


def lookup_seconds(task_ids: Sequence[str]) -> float:
    """Return the seconds that reading so many tasks may take in all."""
    return MOST_LOOKUP_SECONDS + SECONDS_PER_TASK * len(task_ids)
