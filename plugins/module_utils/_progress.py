# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Live progress: the notes that a wait makes of what it sees, and the lines that tell them to a person.

The notes travel from the module to the controller as JSON; both ends of their way are in ``_progress_pipe``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from ._task import Task, TaskState
from ._text import listed, readable, sentence

if TYPE_CHECKING:
    # The controller needs only the lines, and reads every file anew for each task.
    from ._waiting import Look

T = TypeVar("T")

#: So many changes are told in a note; there may be thousands at once. The number of the others is told too.
MOST_CHANGES = 10
#: So many changes are named in one line.
_MOST_NAMED = 3
#: Vendors' words are cut at so many characters: a note has to fit into one write.
_LONGEST_WORDS = 120
#: Lines about the state of things are never closer together, in seconds.
LEAST_SECONDS_BETWEEN_LINES = 1.0
#: The states in the order in which they are counted: first those that end a task.
_IN_ORDER = tuple(sorted(TaskState, key=lambda state: not state.is_final))
#: So many tasks must have ended for their rate to tell when the others will.
_ENDED_FOR_A_RATE = 3


@dataclass(frozen=True)
class Change:
    """A task that came into a new state, in words for people."""

    task: str
    state: str
    was: str

    def __str__(self) -> str:
        return f"{self.task}: {self.was} -> {self.state}"


@dataclass(frozen=True)
class ProgressNote:
    """What a wait knew after a look. Times are in seconds.

    ``only`` is the task, in words, where there is only one. ``trouble`` is the last error of a task that could not be
    read since.
    """

    elapsed: float
    total: int
    ended: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    percent: float | None = None
    seconds_left: float | None = None
    only: str | None = None
    changes: tuple[Change, ...] = ()
    more_changes: int = 0
    trouble: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as what JSON can carry."""
        return asdict(self)

    @classmethod
    def from_json(cls, text: str | bytes) -> ProgressNote:
        """Read what to_json made.

        Raises:
            ValueError: it is something else.
        """
        try:
            data = json.loads(text)
            changes = tuple(
                Change(*(str(change[word]) for word in ("task", "state", "was"))) for change in data["changes"]
            )
            return cls(
                elapsed=float(data["elapsed"]),
                total=int(data["total"]),
                ended=int(data["ended"]),
                counts={str(state): int(number) for state, number in data["counts"].items()},
                percent=_optional(float, data["percent"]),
                seconds_left=_optional(float, data["seconds_left"]),
                only=_optional(str, data["only"]),
                changes=changes,
                more_changes=int(data["more_changes"]),
                trouble=_optional(str, data["trouble"]),
            )
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(str(error)) from error

    def in_short(self) -> ProgressNote:
        """Return it with the changes counted only."""
        return replace(self, changes=(), more_changes=len(self.changes) + self.more_changes)


def _optional(convert: Callable[[Any], T], value: Any) -> T | None:
    return None if value is None else convert(value)


class ProgressRecorder:
    """The observer of a wait that makes notes, one when anything has changed. Raises what ``write`` raises."""

    def __init__(self, write: Callable[[ProgressNote], None]) -> None:
        self._write = write
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
        if self._told is None or note != replace(self._told, elapsed=note.elapsed, seconds_left=note.seconds_left):
            self._told = replace(note, changes=(), more_changes=0)
            self._write(note)

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


class ProgressTeller:
    """Turns notes into lines for a person, at a pace that a person can read.

    A line on the state of things comes when a state has changed or a request failed, at most one a second, and at
    least every ``interval`` seconds; a percentage that grows is no reason for one. With ``one_by_one`` each change and
    each trouble has a line of its own besides. Moments are monotonic seconds.
    """

    def __init__(self, interval: float, *, one_by_one: bool = False) -> None:
        self._interval = max(interval, LEAST_SECONDS_BETWEEN_LINES)
        self._one_by_one = one_by_one
        self._note: ProgressNote | None = None
        self._noted_at = 0.0
        self._events: list[str] = []
        self._news: list[Change] = []
        self._more_news = 0
        self._is_news = False
        self._told_at: float | None = None

    def take(self, note: ProgressNote, now: float) -> None:
        """Take a note over."""
        before = None if self._note is None else self._note.trouble
        events = [*map(str, note.changes)]
        if note.more_changes:
            events.append(f"{note.more_changes} more tasks are in another state")
        if note.trouble is not None and note.trouble != before:
            events.append(sentence(note.trouble))
        self._is_news = self._is_news or bool(events) or note.trouble != before or self._note is None
        self._note, self._noted_at = note, now
        self._news += note.changes
        self._more_news += note.more_changes
        self._events += [f"{_clock_time(note.elapsed)} {event}" for event in events]

    def lines(self, now: float) -> list[str]:
        """Return the lines that are due."""
        lines = self.events()
        if self._note is not None and not self._is_at_the_end and self.seconds_to_next(now) <= 0:
            lines.append(self._state_of_things(self._note, now))
            self._told_at = now
            self._is_news = False
            self._news, self._more_news = [], 0
        return lines

    def events(self) -> list[str]:
        """Return the lines of single events that were not told yet."""
        events, self._events = (self._events if self._one_by_one else []), []
        return events

    def seconds_to_next(self, now: float) -> float:
        """Return the seconds until another line can be due, if no other note comes."""
        if self._note is None or self._is_at_the_end:
            return self._interval
        if self._told_at is None:
            return 0.0
        pace = LEAST_SECONDS_BETWEEN_LINES if self._is_news else self._interval
        return max(0.0, self._told_at + pace - now)

    @property
    def _is_at_the_end(self) -> bool:
        """Whether the module is about to tell itself how all ended."""
        return self._note is not None and self._note.ended == self._note.total

    def _state_of_things(self, note: ProgressNote, now: float) -> str:
        since = now - self._noted_at
        counts = [f"{number} {state}" for state, number in note.counts.items()]
        parts = [note.only] if note.only else [f"{note.ended} of {note.total} tasks have ended", *counts]
        if note.percent is not None:
            parts.append(f"{note.percent:g} %")
        parts.append(_clock_time(note.elapsed + since))
        # An estimate that has run out is no longer told.
        if note.seconds_left is not None and note.seconds_left > since:
            parts.append(f"about {_clock_time(note.seconds_left - since)} left")
        return ". ".join([", ".join(parts), *([] if self._one_by_one else self._news_in_words(note))])

    def _news_in_words(self, note: ProgressNote) -> list[str]:
        told = []
        if (self._news or self._more_news) and not note.only:
            named = [f"{change.task} {change.state}" for change in self._news[:_MOST_NAMED]]
            more = len(self._news) - len(named) + self._more_news
            told.append(f"New: {listed([*named, f'{more} more'] if more else named)}")
        if note.trouble is not None:
            told.append(f"The last request failed: {sentence(note.trouble)}")
        return told


def _clock_time(seconds: float) -> str:
    """Write a duration as hours, minutes and seconds."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}"
