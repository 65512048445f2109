# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTP client that answers out of a script, for tests of everything above HTTP."""

from __future__ import annotations

import json
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Any

from ansible_collections.longrunning.tasks.plugins.module_utils._api.http_client import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from collections.abc import Callable


def reply(body: Any = b"", status: int = 200, **headers: str) -> HttpResponse:
    """Return an answer. What is not bytes or text is JSON; ``_`` in header names is ``-``."""
    if isinstance(body, str):
        body = body.encode()
    elif not isinstance(body, bytes):
        body = json.dumps(body).encode()
        headers.setdefault("content_type", "application/json")
    return HttpResponse(status, {name.replace("_", "-").lower(): value for name, value in headers.items()}, body)


class FakeHttp:
    """``HttpClient`` that answers with the next entry of its script, or with what a function makes of the request.

    An entry is an answer or an error to raise.
    """

    def __init__(self, *script: Any) -> None:
        self._function: Callable[[HttpRequest], Any] | None = None
        self._script = list(script)
        if len(script) == 1 and not isinstance(script[0], (HttpResponse, Exception)):
            (self._function,) = script
        self._lock = Lock()
        self.requests: list[HttpRequest] = []
        self.timeouts: list[float] = []
        self.closed = False

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        with self._lock:
            self.requests.append(request)
            self.timeouts.append(timeout)
            if self._function is None:
                assert self._script, f"no answer is left for {request.method} {request.url}"
                entry = self._script.pop(0)
        if self._function is not None:
            entry = self._function(request)
        if isinstance(entry, Exception):
            raise entry
        return replace(entry, url=entry.url or request.url)

    def close(self) -> None:
        self.closed = True

    def asked(self, ending: str) -> list[HttpRequest]:
        """Return the requests whose address ends so."""
        return [request for request in self.requests if request.url.endswith(ending)]
