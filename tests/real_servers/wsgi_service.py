# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Serve one WSGI application.

``openstack_server.py`` runs this file with the Python of the servers' own virtual environment:
``python wsgi_service.py MODULE:ATTRIBUTE HOST:PORT THREADS REQUEST_LOG``.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class RequestLog:
    """WSGI middleware that writes a line ``METHOD TARGET`` to a file for each request, once it has been answered.

    waitress keeps no such log. The tests read it to know what a module has asked, and when it has done so.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]], path: Path) -> None:
        """Wrap an application."""
        self._application = application
        self._file = path.open("a", encoding="utf-8")
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request; a target has no secrets, which are in headers and bodies."""
        # Taken now: applications change the environment's paths while they find their way.
        target = environ["PATH_INFO"]
        if environ.get("QUERY_STRING"):
            target = f"{target}?{environ['QUERY_STRING']}"
        line = f"{environ['REQUEST_METHOD']} {target}\n"
        answer = self._application(environ, start_response)
        with self._lock:
            self._file.write(line)
            self._file.flush()
        return answer


def main() -> None:
    """Load the application named on the command line and serve it until the process is told to end."""
    target, address, threads, request_log = sys.argv[1:5]
    # Keystone reads sys.argv while its module is imported, and stops at arguments that it does not know.
    del sys.argv[1:]
    module_name, attribute = target.split(":")
    try:
        application = getattr(importlib.import_module(module_name), attribute)
    except Exception:  # noqa: BLE001 - whatever it is, the process ends with it
        # What Glance has registered for the end of its process fails in a process that never got to work, and would
        # bury the reason under its own tracebacks. So end without it, with the reason as the last lines of the log.
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    waitress = importlib.import_module("waitress")
    waitress.serve(RequestLog(application, Path(request_log)), listen=address, threads=int(threads), ident=None)


if __name__ == "__main__":
    main()
