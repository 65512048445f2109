# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task API whose list has very many tasks in pages, each made when it is asked for: the simulator keeps all of them.

``DEFINITION`` describes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE_SIZE = 100
DEFINITION: dict[str, Any] = {
    "list": {
        "path": "/tasks",
        "items": "tasks",
        "is_complete": True,
        "paging": {"style": "offset", "parameter": "offset", "size_parameter": "limit", "size": PAGE_SIZE},
    },
    "get": {"path": "/tasks/{id}"},
    "fields": {"id": "id", "state": "status", "type": "type", "name": "name", "created_at": "created_at"},
    "states": {"running": "running", "success": "succeeded"},
}


def task_id(number: int) -> str:
    """Return the ID of a task, from 0 on."""
    return f"00000000-0000-4000-8000-{number:012d}"


def _task(number: int) -> dict[str, str]:
    return {
        "id": task_id(number),
        "type": "backup",
        "name": f"Backup {number}",
        "status": "success",
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:10:00Z",
        "owner": "a25fc057-1fa1-52bc-b7ac-feae704ddb54",
    }


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    total = 0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        query = {name: int(values[0]) for name, values in parse_qs(address.query).items()}
        body = json.dumps(self._page(**query) if query else _task(int(address.path[-12:]))).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _page(self, offset: int, limit: int) -> dict[str, Any]:
        return {"tasks": [_task(number) for number in range(offset, min(offset + limit, self.server.total))]}

    def log_message(self, *_arguments: Any) -> None:
        """Write nothing."""


@contextmanager
def serving(total: int) -> Iterator[str]:
    """Serve a list of so many tasks, all of which have ended, and return the address."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.total = total
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
