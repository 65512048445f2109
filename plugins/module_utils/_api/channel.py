# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way to one vendor: an HTTP client, and the quota that all its requests share, those of a login too."""

from __future__ import annotations

from typing import NamedTuple

from .._core.clock import Clock, Deadline
from .http import HttpClient, HttpRequest, HttpResponse
from .pacing import Pacer, Quota

#: Seconds by which a quota's window is made longer, since a vendor counts when requests arrive; and this part of it at
#: most.
_LONGER, _LONGER_PART = 2.0, 1 / 30


class Channel(NamedTuple):
    """Sends requests, each when its turn has come."""

    http: HttpClient
    pacer: Pacer | None = None

    @classmethod
    def within(cls, quota: Quota | None, http: HttpClient, clock: Clock) -> Channel:
        """Return a channel that keeps a little below the quota: one request is left for a logout."""
        if quota is None:
            return cls(http)
        window = quota.seconds + min(_LONGER, quota.seconds * _LONGER_PART)
        return cls(http, Pacer(Quota(max(1, quota.requests - 1), window), clock))

    def send(self, request: HttpRequest, deadline: Deadline, *, takes_turn: bool = True) -> HttpResponse:
        """Send a request and return the answer, of whatever status. A logout takes no turn: nobody waits for it.

        Raises:
            TransientError: no whole answer came, or the quota allows the request only after the deadline.
            RequestError: as ``HttpClient.send``.
        """
        if self.pacer is not None and takes_turn:
            self.pacer.take_turn(deadline)
        return self.http.send(request, deadline.next_request_timeout())
