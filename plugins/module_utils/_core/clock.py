# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Time as a collaborator: a clock that is handed in, and how long one request may take under a deadline."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import NamedTuple, Protocol

from .errors import TransientError

#: However close the deadline is, a request gets this many seconds: the last look must have a chance.
LEAST_REQUEST_SECONDS = 5.0


class Clock(Protocol):
    """What the collection needs of time."""

    def monotonic(self) -> float:
        """Return seconds that never run backwards, whatever happens to the wall clock."""

    def now(self) -> datetime:
        """Return the wall clock's time in UTC, for people to read."""

    def sleep(self, seconds: float) -> None:
        """Wait so many seconds."""


class SystemClock:
    """The machine's own clock."""

    def monotonic(self) -> float:
        """Return the system's monotonic seconds."""
        return time.monotonic()

    def now(self) -> datetime:
        """Return the time of day in UTC."""
        return datetime.now(timezone.utc)

    def sleep(self, seconds: float) -> None:
        """Block for so many seconds."""
        time.sleep(seconds)


class Deadline(NamedTuple):
    """When the work must be over, and what that leaves for its next request.

    ``at`` is a moment of the clock's monotonic seconds, infinity for none. ``least`` are the seconds that a request
    gets however close that is.
    """

    clock: Clock
    request_timeout: float
    at: float = float("inf")
    least: float = LEAST_REQUEST_SECONDS

    @property
    def left(self) -> float:
        """Seconds that remain, never negative."""
        return max(0.0, self.at - self.clock.monotonic())

    def next_request_timeout(self) -> float:
        """Return the seconds that a request beginning now may take.

        Raises:
            TransientError: the last look has had its time, and a request more would only delay the end.
        """
        if self.clock.monotonic() >= self.at + self.least:
            raise TransientError("There was no time left for another request", was_sent=False)
        return min(self.request_timeout, max(self.left, self.least))
