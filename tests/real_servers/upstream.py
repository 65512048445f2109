# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Web servers of our own, for the servers under test to fetch from."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

LONGEST_HOLD = 300.0
"""Seconds for which an answer is held back at the most."""


class Asked(NamedTuple):
    """A request."""

    method: str
    path: str
    body: str
    host: str


class Answer(NamedTuple):
    """What it is answered with. A HEAD gets the headers alone."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = {}


class SmallServer:
    """Answers each request as a function says, from the start until :meth:`stop`."""

    def __init__(self, answer: Callable[[Asked], Answer]) -> None:
        """Choose a free port of loopback and begin to serve."""

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                said = answer(Asked(self.command, self.path, body, self.headers["Host"]))
                self.send_response(said.status)
                for name, value in {"Content-Length": str(len(said.body)), **said.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(said.body)

            do_HEAD = do_POST = do_GET  # noqa: N815 - http.server chooses the names

            def log_message(self, *_args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        # A client that was ended while its answer was held back is no reason to speak.
        self._server.handle_error = lambda *_args: None  # type: ignore[method-assign]
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        """Serve already."""
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()


class Upstream(SmallServer):
    """Files by path, slowly with ``?seconds=``. They can be held back, so that a task runs so long."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        """Serve these files, at once until :meth:`hold`."""
        self._files = files
        self._held: dict[str, threading.Event] = {}
        super().__init__(self._answer)

    def _answer(self, asked: Asked) -> Answer:
        address = urlsplit(asked.path)
        held = self._held.get(asked.path)
        if held is not None:
            held.wait(LONGEST_HOLD)
        time.sleep(sum(map(float, parse_qs(address.query).get("seconds", []))))
        body = self._files.get(address.path)
        return Answer(404) if body is None else Answer(body=body)

    def hold(self, file: str) -> None:
        """Hold a file back from now on, which its path or address names."""
        self._held[file.removeprefix(self.url)] = threading.Event()

    def release(self, file: str) -> None:
        """Let everybody have it who waits for it."""
        self._held.pop(file.removeprefix(self.url), threading.Event()).set()

    def stop(self) -> None:
        """Stop, and hold nothing back any more."""
        for path in [*self._held]:
            self.release(path)
        super().stop()
