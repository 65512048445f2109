# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Live progress in lines for a person, made of a wait's notes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from ansible_collections.longrunning.tasks.plugins.module_utils._core.text import seconds_in_words
from ansible_collections.longrunning.tasks.plugins.plugin_utils._progress_recorder import ProgressNote

#: Lines about the state of things are never closer together, in seconds.
LEAST_SECONDS_BETWEEN_LINES = 1.0
#: Nor further apart than this, which any system can wait for.
MOST_SECONDS_BETWEEN_LINES = 86400.0
#: The usual seconds between two lines while there is news, each until the wait has lasted so many.
_PACES = ((60.0, 10.0), (600.0, 30.0), (math.inf, 60.0))
#: Estimates that are longer than this, in seconds, tell nothing.
_LONGEST_ESTIMATE = 1e7
#: Lines are cut at so many characters, unless the user asks for more with -v.
COLUMNS = 100
#: Who is told how many are done needs no number of these.
_NOT_COUNTED = ("succeeded", "running", "queued")
#: The states of tasks that go on, in the order in which they are told where the total is not known.
_GOES_ON = ("running", "queued", "paused", "unknown", "not seen yet")


class Line(NamedTuple):
    """A line for a person, and whether it tells of a failure."""

    text: str
    is_failure: bool = False


class ProgressTeller:
    """Turns notes into lines for a person, at a pace that a person can read.

    Each line begins with its kind and with ``where``. A failure is told at once. A line on the state of things comes at
    the usual pace while there is news, such as a percentage that has grown, and at least every ``interval`` seconds.
    How it ended is always told. With ``is_verbose`` each change and each trouble has a line of its own besides. With
    ``counts_only``, for ``no_log``, nothing is told of what a task is, does or says. Moments are monotonic seconds.
    """

    def __init__(self, where: str, interval: float, *, is_verbose: bool = False, counts_only: bool = False) -> None:
        self._where = where
        self._interval = min(max(interval, LEAST_SECONDS_BETWEEN_LINES), MOST_SECONDS_BETWEEN_LINES)
        self._is_verbose = is_verbose
        self._counts_only = counts_only
        self._note: ProgressNote | None = None
        self._noted_at = 0.0
        self._at_once: list[Line] = []
        self._is_news = False
        self._told_at: float | None = None

    def take(self, note: ProgressNote, now: float) -> None:
        """Take a note over."""
        before, self._note, self._noted_at = self._note, note, now
        if self._counts_only:
            self._is_news = self._is_news or before is None or note.counts != before.counts
            return
        self._is_news = True
        self._at_once += [self._line("FAILED", failure, is_failure=True) for failure in note.failures]
        if note.more_failures:
            self._at_once.append(self._line("FAILED", f"{note.more_failures} more tasks", is_failure=True))
        if self._is_verbose:
            events = [*note.changes]
            if note.more_changes:
                events.append(f"{note.more_changes} more tasks have changed their state")
            if note.trouble is not None and (before is None or note.trouble != before.trouble):
                events.append(_trouble(note.trouble))
            after = f"after {seconds_in_words(round(note.elapsed))}"
            self._at_once += [self._line("WAITING", f"{after}, {event}") for event in events]

    def lines(self, now: float) -> list[Line]:
        """Return the lines that are due."""
        lines, self._at_once = self._at_once, []
        if self._note is not None and not self._has_ended(self._note) and self.seconds_to_next(now) <= 0:
            lines.append(self._line("WAITING", self._state_of_things(self._note, now)))
            self._told_at = now
            self._is_news = False
        return lines

    def last_lines(self, now: float) -> list[Line]:
        """Return the lines that end it all: what was not told yet, and how it ended."""
        lines, self._at_once = self._at_once, []
        note = self._note
        if note is None:
            return lines
        if not self._has_ended(note):
            return [*lines, self._line("STOPPED", self._state_of_things(note, now, is_last=True))]
        spent = f"in {seconds_in_words(round(note.elapsed))}"
        if note.only and not self._counts_only:
            return [*lines, self._line("DONE", f"{note.only} {spent}")]
        if not note.total:
            return [*lines, self._line("DONE", f"no unfinished task, {spent}")]
        tasks = "1 task" if note.total == 1 else f"{note.total} tasks"
        counts = ", ".join(f"{number} {state}" for state, number in note.counts.items())
        return [*lines, self._line("DONE", f"{tasks} {spent}: {counts}")]

    def seconds_to_next(self, now: float) -> float:
        """Return the seconds until another line can be due, if no other note comes."""
        if self._note is None or self._has_ended(self._note):
            return self._interval
        if self._told_at is None:
            return 0.0
        elapsed = self._note.elapsed + now - self._noted_at
        usual = next(pace for until, pace in _PACES if elapsed <= until)
        return max(0.0, self._told_at + (min(usual, self._interval) if self._is_news else self._interval) - now)

    @staticmethod
    def _has_ended(note: ProgressNote) -> bool:
        return note.ended == note.total and not note.is_open

    def _line(self, kind: str, text: str, *, is_failure: bool = False) -> Line:
        text = f"{kind}: {self._where} {text}"
        if len(text) > COLUMNS and not self._is_verbose:
            text = f"{text[: COLUMNS - 1].rstrip()}…"
        return Line(text, is_failure)

    def _state_of_things(self, note: ProgressNote, now: float, *, is_last: bool = False) -> str:
        since = now - self._noted_at
        counts = [f"{number} {state}" for state, number in note.counts.items() if state not in _NOT_COUNTED]
        parts = [f"{note.ended} of {note.total} done", *counts]
        if note.is_open:
            parts = _under_way(note.counts)
        if note.only and not self._counts_only:
            parts = [note.only]
        if note.percent is not None and not self._counts_only:
            parts.append(f"{int(note.percent)} %")
        parts.append(seconds_in_words(round(note.elapsed + since)))
        if is_last or self._counts_only:
            return ", ".join(parts)
        # An estimate that has run out is no longer told.
        if note.seconds_left is not None and since + 1 <= note.seconds_left < _LONGEST_ESTIMATE:
            parts.append(f"about {seconds_in_words(round(note.seconds_left - since))} left")
        if note.trouble is not None:
            parts.append(_trouble(note.trouble))
        return ", ".join(parts)


def _under_way(counts: Mapping[str, int]) -> list[str]:
    """Tell what goes on first. Nobody knows how many there will be."""
    goes_on = [f"{counts[state]} {state}" for state in _GOES_ON if counts.get(state)]
    return [*(goes_on or ["0 running"]), *(f"{counts[state]} {state}" for state in counts if state not in _GOES_ON)]


def _trouble(message: str) -> str:
    return f"retrying: {message[0].lower()}{message[1:]}" if message.startswith("The ") else f"retrying: {message}"
