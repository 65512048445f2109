# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes notes of what a wait sees, for live progress. No module imports this, so that Ansible ships it with none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from .._core.task import Task, TaskState
from .._core.text import readable
from .progress import Change, ProgressNote

if TYPE_CHECKING:
    from .loop import Look

#: So many changes are told in a note; there may be thousands at once. The number of the others is told too.
MOST_CHANGES = 10
#: Vendors' words are cut at so many characters.
_LONGEST_WORDS = 120
#: The states in the order in which they are counted: first those that end a task.
_IN_ORDER = tuple(sorted(TaskState, key=lambda state: not state.is_final))
#: So many tasks must have ended for their rate to tell when the others will.
_ENDED_FOR_A_RATE = 3


class ProgressRecorder:
    """The observer of a wait that makes notes, one when anything has changed. Raises what ``take`` raises."""

    def __init__(self, take: Callable[[ProgressNote], None]) -> None:
        self._take = take
        self._words: dict[str, str] = {}
        self._ended_before: int | None = None
        self._told: ProgressNote | None = None

    def __call__(self, look: Look) -> None:
        """Make a note of a look, unless it brought nothing new."""
        tasks = {task.id: task for task in look.tasks}
        ended = len(tasks) - len(look.pending)
        if self._ended_before is None:
            self._ended_before = ended
        changes = self._changes(look)
        numbers = Counter(_state_words(task) for task in sorted(tasks.values(), key=_place))
        note = ProgressNote(
            elapsed=round(look.elapsed, 3),
            total=len(tasks),
            ended=ended,
            counts=dict(numbers),
            percent=_percent(tasks, look.pending),
            seconds_left=self._seconds_left(look, ended),
            only=f"{_name(look.tasks[0])}: {_words(look.tasks[0])}" if len(tasks) == 1 else None,
            changes=tuple(changes[:MOST_CHANGES]),
            more_changes=len(changes[MOST_CHANGES:]),
            trouble=None if look.trouble is None else readable(look.trouble.message, limit=_LONGEST_WORDS),
        )
        # An estimate alone is no news.
        if self._told is None or note != self._told._replace(elapsed=note.elapsed, seconds_left=note.seconds_left):
            self._told = note._replace(changes=(), more_changes=0)
            self._take(note)

    def _changes(self, look: Look) -> list[Change]:
        """Return the tasks that were seen in another state before. What is seen first has not changed."""
        changes = []
        for task in look.changed:
            words = _words(task)
            was = self._words.get(task.id)
            self._words[task.id] = words
            if was is not None and was != words:
                changes.append(Change(_name(task), words, was))
        return changes

    def _seconds_left(self, look: Look, ended: int) -> float | None:
        """Return the seconds until all have ended, by their own progress or by how many have ended so far."""
        if look.pending and look.pending <= look.seconds_left.keys():
            return round(max(look.seconds_left[task_id] for task_id in look.pending), 1)
        ended_here = ended - (self._ended_before or 0)
        if ended_here < _ENDED_FOR_A_RATE or not look.pending:
            return None
        return round(look.elapsed / ended_here * len(look.pending), 1)


def _name(task: Task) -> str:
    return readable(task.describe(), limit=_LONGEST_WORDS)


def _place(task: Task) -> int:
    return _IN_ORDER.index(task.state)


def _state_words(task: Task) -> str:
    # Without even the vendor's word there was no answer yet.
    is_seen = task.state is not TaskState.UNKNOWN or task.raw_state is not None
    return task.state.value.replace("_", " ") if is_seen else "not seen yet"


def _words(task: Task) -> str:
    """Tell a task's state with the vendor's word where that says more. A bare number says nothing."""
    state = _state_words(task)
    raw = task.raw_state
    if not raw or raw.isdecimal() or raw.casefold().replace("_", " ") == state:
        return state
    return f"{state} ({readable(raw, limit=_LONGEST_WORDS)})"


def _percent(tasks: Mapping[str, Task], pending: frozenset[str]) -> float | None:
    """Return how far all are together; None where one that goes on does not tell it."""
    known = [100.0 if task_id not in pending else task.percent for task_id, task in tasks.items()]
    numbers = [percent for percent in known if percent is not None]
    if not pending or len(numbers) < len(known) or not any(tasks[task_id].percent for task_id in pending):
        return None
    return round(sum(numbers) / len(numbers), 1)
