# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A clock for tests: time passes only when somebody sleeps or something is said to take time."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

#: Where the monotonic seconds begin: not at 0, so that a test sees when a moment is taken for a duration.
MONOTONIC_START = 1000.0
WALL_START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=timezone.utc)
#: More sleeps than these are a loop that never ends, which a test has to fail of and not to hang in.
MOST_SLEEPS = 5_000


class FakeClock:
    """Satisfies the collection's Clock. ``slept`` has every sleep, in seconds."""

    def __init__(self, start: float = MONOTONIC_START) -> None:
        self.slept: list[float] = []
        self._start = start
        self._monotonic = start
        self._wall_offset = timedelta()

    @property
    def elapsed(self) -> float:
        """Seconds since the clock was made."""
        return self._monotonic - self._start

    def monotonic(self) -> float:
        return self._monotonic

    def now(self) -> datetime:
        return WALL_START + timedelta(seconds=self.elapsed) + self._wall_offset

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0, f"nobody can sleep {seconds} seconds"
        assert len(self.slept) < MOST_SLEEPS, f"nothing has come of {MOST_SLEEPS} sleeps"
        self.slept.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Let time pass: what is done at this point takes so long."""
        self._monotonic += seconds

    def set_wall_clock(self, by: timedelta) -> None:
        """Move the time of day, as NTP or a person does."""
        self._wall_offset += by
