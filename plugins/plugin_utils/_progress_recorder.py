# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Notes of what a wait sees, for live progress: what is told of, and nothing else."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import TransientError
from ansible_collections.longrunning.tasks.plugins.module_utils._core.masking import mask
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import Task, TaskError, TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._core.text import readable

if TYPE_CHECKING:
    from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.loop import Look

#: So many failures and changes are told in a note; there may be thousands at once. The others are counted.
MOST_TOLD = 10
#: Vendors' words are cut at so many characters.
_LONGEST_WORDS = 120
#: The states in the order in which they are counted: first those that end a task.
_IN_ORDER = tuple(sorted(TaskState, key=lambda state: not state.is_final))
#: IDs up to this length are short enough to be told whole beside a name.
_LONGEST_ID = 12
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
#: Of these states the vendor's word says no more.
_PLAIN = frozenset({TaskState.SUCCEEDED, TaskState.FAILED})
#: So many tasks must have ended for their rate to tell when the others will.
_ENDED_FOR_A_RATE = 3


class ProgressNote(NamedTuple):
    """What a wait knew after a look. Times are in seconds.

    ``counts`` has the number of tasks in each state. ``only`` names the task where there is only one. ``failures`` and
    ``changes`` tell in words which tasks have just failed, and which came into another state. ``trouble`` is the last
    error of a task that could not be read since. ``is_open``: further tasks may join, so that nobody knows the total.
    """

    elapsed: float
    total: int
    counts: Mapping[str, int]
    ended: int = 0
    percent: float | None = None
    seconds_left: float | None = None
    only: str | None = None
    failures: tuple[str, ...] = ()
    more_failures: int = 0
    changes: tuple[str, ...] = ()
    more_changes: int = 0
    trouble: str | None = None
    is_open: bool = False


class ProgressRecorder:
    """The observer of a wait that makes notes, one when anything has changed. Raises what ``take`` raises."""

    def __init__(self, take: Callable[[ProgressNote], None]) -> None:
        self._take = take
        self._words: dict[str, str] = {}
        self._ended_before: int | None = None
        self._told: ProgressNote | None = None
        self._beginnings: Counter[str] = Counter()

    def __call__(self, look: Look) -> None:
        """Make a note of a look, unless it brought nothing new."""
        tasks = {task.id: task for task in look.tasks}
        ended = len(tasks) - len(look.pending)
        if self._ended_before is None:
            self._ended_before = ended
            self._beginnings = Counter(_beginning(task_id) for task_id in tasks)
        failures, changes = self._news(look)
        numbers = Counter(_state_words(task, look.unseen) for task in sorted(tasks.values(), key=_place))
        note = ProgressNote(
            elapsed=round(look.elapsed, 3),
            total=len(tasks),
            ended=ended,
            counts=dict(numbers),
            percent=None if look.is_open else _percent(tasks, look.pending),
            seconds_left=None if look.is_open else self._seconds_left(look, ended),
            only=None if look.is_open else self._only(look),
            failures=tuple(failures[:MOST_TOLD]),
            more_failures=len(failures[MOST_TOLD:]),
            changes=tuple(changes[:MOST_TOLD]),
            more_changes=len(changes[MOST_TOLD:]),
            trouble=None if look.trouble is None else _cause(look.trouble),
            is_open=look.is_open,
        )
        # An estimate alone is no news.
        if self._told is None or note != self._told._replace(elapsed=note.elapsed, seconds_left=note.seconds_left):
            self._told = note._replace(failures=(), more_failures=0, changes=(), more_changes=0)
            self._take(note)

    def _only(self, look: Look) -> str | None:
        """Tell of the task where there is only one."""
        if len({task.id for task in look.tasks}) != 1:
            return None
        return f"{self._name(look.tasks[0])} {_words(look.tasks[0], look.unseen)}"

    def _news(self, look: Look) -> tuple[list[str], list[str]]:
        """Tell which tasks have failed, and which others were seen in another state before."""
        failures, changes = [], []
        for task in look.changed:
            words = _words(task, look.unseen)
            was = self._words.get(task.id)
            self._words[task.id] = words
            if task.id in look.failed:
                failures.append(f"{self._name(task)}: {_reason(task)}")
            elif was is not None and was != words:
                changes.append(f"{self._name(task)}: {was} -> {words}")
        return failures, changes

    def _name(self, task: Task) -> str:
        """Name a task in a few words. Beside a name, a long ID is shortened: enough to tell two tasks apart."""
        if task.name in (None, "", task.id):
            return readable(f"{task.type or 'task'} {task.id}", limit=_LONGEST_WORDS)
        short = mask(task.id)
        if len(short) > _LONGEST_ID:
            beginning = _beginning(short)
            is_alone = beginning and self._beginnings[beginning] == 1
            short = beginning if is_alone else f"…{short[1 - _LONGEST_ID :]}"
        return f"{readable(task.name, limit=_LONGEST_WORDS // 2)} ({readable(short)})"

    def _seconds_left(self, look: Look, ended: int) -> float | None:
        """Return the seconds until all have ended, by their own progress or by how many have ended so far."""
        if look.pending and look.pending <= look.seconds_left.keys():
            return round(max(look.seconds_left[task_id] for task_id in look.pending), 1)
        ended_here = ended - (self._ended_before or 0)
        if ended_here < _ENDED_FOR_A_RATE or not look.pending:
            return None
        return round(look.elapsed / ended_here * len(look.pending), 1)


def _beginning(task_id: str) -> str:
    """Return the part of a UUID that tells it from most others; of other IDs there is none."""
    return task_id[:8] if _UUID.fullmatch(task_id) else ""


def _reason(task: Task) -> str:
    """Tell in a few words why a task failed."""
    error = task.error or TaskError()
    words = error.title or error.detail or task.message
    told = [f"code {error.code}"] if error.code else []
    if task.state is not TaskState.FAILED:
        told.append(_words(task))
    if words:
        told.append(words)
    return readable(", ".join(told) or "the vendor gave no reason", limit=_LONGEST_WORDS)


def _cause(error: TransientError) -> str:
    """Tell in a few words why a request failed: the cause first, and the address after it."""
    if error.status is None or error.status < 300:
        return readable(error.message, limit=_LONGEST_WORDS)
    words = f", {error.words}" if error.words else ""
    return readable(f"HTTP {error.status}{words}: {error.method} {error.url}", limit=_LONGEST_WORDS)


def _place(task: Task) -> int:
    return _IN_ORDER.index(task.state)


def _state_words(task: Task, unseen: frozenset[str] = frozenset()) -> str:
    return "not seen yet" if task.id in unseen else task.state.value.replace("_", " ")


def _words(task: Task, unseen: frozenset[str] = frozenset()) -> str:
    """Tell a task's state with the vendor's word where that says more. A number, or a word for an end, does not."""
    state = _state_words(task, unseen)
    raw = task.raw_state
    if not raw or raw.isdecimal() or task.state in _PLAIN or raw.casefold().replace("_", " ") == state:
        return state
    return f"{state} ({readable(raw, limit=_LONGEST_WORDS)})"


def _percent(tasks: Mapping[str, Task], pending: frozenset[str]) -> float | None:
    """Return how far all are together; None where one that goes on does not tell it."""
    known = [100.0 if task_id not in pending else task.percent for task_id, task in tasks.items()]
    numbers = [percent for percent in known if percent is not None]
    if not pending or len(numbers) < len(known) or not any(tasks[task_id].percent for task_id in pending):
        return None
    return round(sum(numbers) / len(numbers), 1)
