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
        # The lock is kept while sleeping: turns are taken one after the other.
        with self._lock:
            wait = self._until_free()
            if wait > 0:
                if wait > deadline.left:
                    raise TransientError(
                        f"No more than {self._quota.requests} requests in {self._quota.seconds:g} seconds are sent, to "
                        "stay within what is allowed there, and the time was up before the next one was due",
                        retry_after=wait,
                        was_sent=False,
                    )
                self._clock.sleep(wait)
            self._sent.append(self._clock.monotonic())

    def _until_free(self) -> float:
        if len(self._sent) < self._quota.requests:
            return 0.0
        return max(0.0, self._sent[0] + self._quota.seconds - self._clock.monotonic())
