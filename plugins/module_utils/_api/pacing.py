# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeping within a vendor's quota of requests by design, instead of running into its refusal."""

from __future__ import annotations

from collections import deque
from threading import Lock
from typing import NamedTuple

from .._core.clock import Clock, Deadline
from .._core.errors import TransientError


class Quota(NamedTuple):
    """So many requests in any stretch of so many seconds."""

    requests: int
    seconds: float


class Pacer:
    """Lets requests through as fast as the quota allows, whichever window the vendor counts in.

    The quota is that of this process, which a provider may choose a little below the vendor's.
    """

    def __init__(self, quota: Quota, clock: Clock) -> None:
        self._quota = quota
        self._clock = clock
        self._lock = Lock()
        self._sent: deque[float] = deque(maxlen=quota.requests)

    def take_turn(self, deadline: Deadline) -> None:
        """Wait until one more request is within the quota, and count it.

        Raises:
            TransientError: that is only after the deadline.
        """
        while (wait := self._take_or_wait()) > 0:
            if wait > deadline.left:
                most = "1 request is" if self._quota.requests == 1 else f"{self._quota.requests} requests are"
                raise TransientError(
                    f"The vendor's quota allows the next request only after the deadline: at most {most} sent in "
                    f"{self._quota.seconds:g} seconds",
                    retry_after=wait,
                    was_sent=False,
                )
            # Without the lock: who ends the work must not wait for others that sleep.
            self._clock.sleep(wait)

    def _take_or_wait(self) -> float:
        """Count a request that is within the quota now; return the seconds to wait for one that is not."""
        with self._lock:
            now = self._clock.monotonic()
            if len(self._sent) == self._quota.requests and self._sent[0] + self._quota.seconds > now:
                return self._sent[0] + self._quota.seconds - now
            self._sent.append(now)
            return 0.0
