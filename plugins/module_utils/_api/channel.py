# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way to one vendor: an HTTP client, and the quota that all its requests share, those of a login too."""

from __future__ import annotations

from typing import NamedTuple

from .._core.clock import Clock, Deadline
from .http import HttpClient, HttpRequest, HttpResponse
from .pacing import Pacer, Quota

#: Of a quota of so many requests one is kept for the logout; a smaller one can spare none.
_LARGE = 10
#: Seconds by which a large quota's window is made longer, since a vendor counts requests when they arrive.
_LONGER = 2.0


class Channel(NamedTuple):
    """Sends requests, each when its turn has come."""

    http: HttpClient
    pacer: Pacer | None = None
    has_spare: bool = True

    @classmethod
    def within(cls, quota: Quota | None, http: HttpClient, clock: Clock) -> Channel:
        """Return a channel that keeps to the quota, of a large one a little below it."""
        if quota is None:
            return cls(http)
        if quota.requests < _LARGE:
            return cls(http, Pacer(quota, clock), has_spare=False)
        return cls(http, Pacer(Quota(quota.requests - 1, quota.seconds + _LONGER), clock))

    def send(self, request: HttpRequest, deadline: Deadline) -> HttpResponse:
        """Send a request and return the answer, of whatever status.

        Raises:
            TransientError: no whole answer came, or the quota allows the request only after the deadline.
            RequestError: as ``HttpClient.send``.
        """
        if self.pacer is not None:
            self.pacer.take_turn(deadline)
        return self.http.send(request, deadline.next_request_timeout())

    def send_last(self, request: HttpRequest, deadline: Deadline) -> HttpResponse:
        """Send a logout: nobody waits for that, so it goes at once or not at all. Raises as ``send`` does."""
        if self.pacer is not None and not self.has_spare:
            self.pacer.take_turn(deadline._replace(at=deadline.clock.monotonic()))
        return self.http.send(request, deadline.next_request_timeout())
