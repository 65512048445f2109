# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A web server for the servers under test to fetch from: its files can be held back, so that a task runs so long."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

LONGEST_HOLD = 60.0


class Upstream:
    """Files by path. What is not there is 404. A context manager."""

    def __init__(self, files: dict[str, bytes]) -> None:
        """Serve these files, at once until :meth:`hold`."""
        self.files = files
        self._open = threading.Event()
        self._open.set()
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                upstream._open.wait(LONGEST_HOLD)
                body = upstream.files.get(self.path.partition("?")[0])
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        # A client that was ended while its file was held back is no reason to speak.
        self._server.handle_error = lambda *_args: None  # type: ignore[method-assign]
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """Address without a slash at its end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def hold(self) -> None:
        """Answer nothing from now on."""
        self._open.clear()

    def release(self) -> None:
        """Answer everything again, what waits included."""
        self._open.set()

    def __enter__(self) -> Self:
        """Begin to serve."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop."""
        self.release()
        self._server.shutdown()
        self._server.server_close()
