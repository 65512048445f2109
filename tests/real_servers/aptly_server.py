# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bring up a real aptly with its REST API on loopback, and take it down again.

aptly manages Debian repositories; with ``?_async=1`` its API works in the background and answers with a task.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from machine import ServerError, clean_environment
from server_process import ServerProcess, answers, direct_session, free_port

if TYPE_CHECKING:
    import os
    from types import TracebackType

    from typing_extensions import Self


def missing_requirements() -> list[str]:
    """Say in words what this machine lacks; an empty list means: go."""
    return [] if shutil.which("aptly") else ["aptly is not installed: install the package aptly"]


class AptlyServer:
    """aptly below one folder, with an empty database at every start. A context manager."""

    def __init__(self, directory: str | os.PathLike[str]) -> None:
        """Remember where to work."""
        self._state = Path(directory).resolve() / "aptly"
        self._process: ServerProcess | None = None
        self.url = ""

    def __enter__(self) -> Self:
        """Start it."""
        missing = missing_requirements()
        if missing:
            raise ServerError("; ".join(missing))
        shutil.rmtree(self._state, ignore_errors=True)
        self._state.mkdir(parents=True, mode=0o700)
        configuration = self._state / "aptly.conf"
        settings = {
            "rootDir": str(self._state / "root"),
            "architectures": ["amd64"],
            # Nothing is published: no key is needed.
            "gpgDisableSign": True,
            "gpgDisableVerify": True,
            "downloadRetries": 0,
        }
        configuration.write_text(json.dumps(settings), encoding="utf-8")
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        command = ["aptly", f"-config={configuration}", "api", "serve", f"-listen=127.0.0.1:{port}"]
        self._process = ServerProcess("aptly", command, self._state / "aptly.log", clean_environment())
        self._process.start(lambda: answers(f"{self.url}/api/version"))
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop it."""
        if self._process is not None:
            self._process.stop()

    def wait_for_a_look(self, task_id: str) -> None:
        """Return when somebody asks for a task once more."""
        if self._process is not None:
            words = f'"/api/tasks/{task_id}"'
            self._process.wait_until_it_says(words, self._process.count(words) + 1)

    def send(self, method: str, path: str, body: object = None) -> Any:
        """Send a request and return the JSON of its answer."""
        answer = direct_session().request(method, f"{self.url}/api{path}", json=body, timeout=30)
        if not answer.ok:
            message = f"aptly answered {answer.status_code} to {method} {path}: {answer.text}"
            raise ServerError(message)
        return answer.json()
