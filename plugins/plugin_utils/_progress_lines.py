# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's end of live progress: reads a module's notes, and shows them as lines for a person.

No module imports this, so that Ansible ships it with none.
"""

from __future__ import annotations

import math
import os
import select
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from ansible_collections.longrunning.tasks.plugins.module_utils._core.text import seconds_in_words
from ansible_collections.longrunning.tasks.plugins.module_utils._module.interrupts import helper_thread
from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.progress import ProgressNote

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
        return note.ended == note.total

    def _line(self, kind: str, text: str, *, is_failure: bool = False) -> Line:
        text = f"{kind}: {self._where} {text}"
        if len(text) > COLUMNS and not self._is_verbose:
            text = f"{text[: COLUMNS - 1].rstrip()}…"
        return Line(text, is_failure)

    def _state_of_things(self, note: ProgressNote, now: float, *, is_last: bool = False) -> str:
        since = now - self._noted_at
        counts = [f"{number} {state}" for state, number in note.counts.items() if state not in _NOT_COUNTED]
        parts = [f"{note.ended} of {note.total} done", *counts]
        if note.only and not self._counts_only:
            parts = [note.only]
        if note.percent is not None and not self._counts_only:
            parts.append(f"{int(note.percent)} %")
        parts.append(seconds_in_words(round(note.elapsed + since)))
        if is_last or self._counts_only:
            return ", ".join(parts)
        # An estimate that has run out is no longer told.
        if note.seconds_left is not None and since < note.seconds_left < _LONGEST_ESTIMATE:
            parts.append(f"about {seconds_in_words(round(note.seconds_left - since))} left")
        if note.trouble is not None:
            parts.append(_trouble(note.trouble))
        return ", ".join(parts)


def _trouble(message: str) -> str:
    return f"retrying: {message[0].lower()}{message[1:]}" if message.startswith("The ") else f"retrying: {message}"


@contextmanager
def live_lines(
    folder: str, teller: ProgressTeller, show: Callable[[Line], None], monotonic: Callable[[], float]
) -> Iterator[str | None]:
    """Make the controller's end of a pipe in the folder, and show its notes as lines while the body runs.

    Yields the pipe's path, None where none can be made. Nothing is left behind.
    """
    own = None
    try:
        # Only its owner can look into such a folder.
        own = tempfile.mkdtemp(prefix="longrunning-tasks-", dir=folder)
        path = str(Path(own, "progress"))
        os.mkfifo(path, 0o600)
        # Open for both, so that reading does not end when a writer comes and goes.
        descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        if own is not None:
            shutil.rmtree(own, ignore_errors=True)
        yield None
        return
    follower = _Follower(descriptor, teller, show, monotonic)
    try:
        with helper_thread(follower.run, follower.end, name="live progress"):
            yield path
    finally:
        os.close(descriptor)
        shutil.rmtree(own, ignore_errors=True)


class _Follower:
    """Reads notes from a pipe and shows lines, until it is told to end."""

    def __init__(
        self, descriptor: int, teller: ProgressTeller, show: Callable[[Line], None], monotonic: Callable[[], float]
    ) -> None:
        self._descriptor = descriptor
        self._teller = teller
        self._show = show
        self._monotonic = monotonic
        self._rest = b""
        self._is_over = False

    def end(self) -> None:
        """Let run() come to its end."""
        self._is_over = True
        # Wakes it. A pipe too full for that does so too.
        with suppress(BlockingIOError):
            os.write(self._descriptor, b"\n")

    def run(self) -> None:
        """Show lines until the end. Whatever goes wrong with that ends them and nothing else."""
        with suppress(Exception):
            while not self._is_over:
                select.select([self._descriptor], [], [], self._teller.seconds_to_next(self._monotonic()))
                self._take_notes()
                for line in self._teller.lines(self._monotonic()):
                    self._show(line)
            self._take_notes()
            for line in self._teller.last_lines(self._monotonic()):
                self._show(line)

    def _take_notes(self) -> None:
        with suppress(BlockingIOError):
            while True:
                self._rest += os.read(self._descriptor, 65536)
        *lines, self._rest = self._rest.split(b"\n")
        for line in filter(None, lines):
            # What is no note was not written by us.
            with suppress(ValueError):
                self._teller.take(ProgressNote.from_json(line), self._monotonic())
