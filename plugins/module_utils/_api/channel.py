# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way to one vendor: an HTTP client, and the quota that all its requests share, those of a login too."""

from __future__ import annotations

from typing import NamedTuple

from .._core.clock import Clock, Deadline
from .http_client import HttpClient, HttpRequest, HttpResponse
from .pacing import Pacer, Quota

#: Of a quota of so many requests one is kept for the logout; a smaller one can spare none.
_LARGE = 10
#: Seconds by which a large quota's window is made longer, since a vendor counts requests when they arrive.
_LONGER = 2.0


class Channel(NamedTuple):
    """Sends requests, each when its turn has come by every quota."""

    http: HttpClient
    pacers: tuple[Pacer, ...] = ()
    has_spare: bool = True

    @classmethod
    def within(cls, quota: Quota | tuple[Quota, ...] | None, http: HttpClient, clock: Clock) -> Channel:
        """Return a channel that keeps to one quota or several, of large ones a little below them."""
        quotas = (quota,) if isinstance(quota, Quota) else quota or ()
        large = [one.requests >= _LARGE for one in quotas]
        kept = [
            Quota(one.requests - 1, one.seconds + _LONGER) if is_large else one for one, is_large in zip(quotas, large)
        ]
        return cls(http, tuple(Pacer(one, clock) for one in kept), has_spare=all(large))

    def send(self, request: HttpRequest, deadline: Deadline) -> HttpResponse:
        """Send a request and return the answer, of whatever status.

        Raises:
            TransientError: no whole answer came, or the quota allows the request only after the deadline.
            RequestError: as ``HttpClient.send``.
        """
        for pacer in self.pacers:
            pacer.take_turn(deadline)
        return self.http.send(request, deadline.next_request_timeout())

    def send_last(self, request: HttpRequest, deadline: Deadline) -> HttpResponse:
        """Send a logout: nobody waits for that, so it goes at once or not at all. Raises as ``send`` does."""
        for pacer in () if self.has_spare else self.pacers:
            pacer.take_turn(deadline._replace(at=deadline.clock.monotonic()))
        return self.http.send(request, deadline.next_request_timeout())
