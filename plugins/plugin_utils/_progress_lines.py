# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Live progress in lines for a person, made of a wait's notes."""

from __future__ import annotations

from ansible_collections.longrunning.tasks.plugins.module_utils._core.text import listed, sentence
from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.progress import Change, ProgressNote

#: So many changes are named in one line.
_MOST_NAMED = 3
#: Lines about the state of things are never closer together, in seconds.
LEAST_SECONDS_BETWEEN_LINES = 1.0
#: Nor further apart than this, which any system can wait for.
MOST_SECONDS_BETWEEN_LINES = 86400.0
#: Estimates that are longer than this, in seconds, tell nothing.
_LONGEST_ESTIMATE = 1e7


class ProgressTeller:
    """Turns notes into lines for a person, at a pace that a person can read.

    A line on the state of things comes when a state has changed or a request failed, at most one a second, and at
    least every ``interval`` seconds; a percentage that grows is no reason for one. With ``one_by_one`` each change and
    each trouble has a line of its own besides. With ``counts_only``, for ``no_log``, nothing is told of what a task is,
    does or says. Moments are monotonic seconds.
    """

    def __init__(self, interval: float, *, one_by_one: bool = False, counts_only: bool = False) -> None:
        self._interval = min(max(interval, LEAST_SECONDS_BETWEEN_LINES), MOST_SECONDS_BETWEEN_LINES)
        self._one_by_one = one_by_one and not counts_only
        self._counts_only = counts_only
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
        parts = [f"{note.ended} of {note.total} tasks have ended", *counts]
        if self._counts_only:
            return ", ".join([*parts, _clock_time(note.elapsed + since)])
        if note.only:
            parts = [note.only]
        if note.percent is not None:
            parts.append(f"{note.percent:g} %")
        parts.append(_clock_time(note.elapsed + since))
        # An estimate that has run out is no longer told.
        if note.seconds_left is not None and since < note.seconds_left < _LONGEST_ESTIMATE:
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
