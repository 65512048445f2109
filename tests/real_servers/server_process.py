# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A program that serves while tests run: started in a group of its own, waited for, and stopped with its children."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import requests
from machine import ServerError, last_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

START_TIMEOUT = 400.0
"""Seconds until a server must be ready; 3 to 6 are usual, a busy machine may need much more."""

STOP_TIMEOUT = 10.0
"""Seconds that a server gets between the polite signal and the one that it cannot refuse."""


class ServerProcess:
    """One program. ``log`` takes what it says."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        log: Path,
        environment: Mapping[str, str],
        *,
        user: str | None = None,
        folder: Path | None = None,
    ) -> None:
        """Remember what to start, in which folder, and as which user where that is not the caller."""
        self.name = name
        self._command = command
        self._log = log
        self._environment = environment
        self._user = user
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The number of the running process."""
        assert self._process is not None
        return self._process.pid

    def start(self, ready: Callable[[], bool]) -> None:
        """Start it and return as soon as it is ready."""
        self.launch()
        self.wait_until(ready)

    def launch(self, *descriptors: int) -> None:
        """Start it, with file descriptors of ours."""
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder or "/",
                env=dict(self._environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=descriptors,
                # A group of its own: a Ctrl-C for the test run does not hit it, and stop() reaches its children too.
                start_new_session=True,
                user=self._user,
                group=self._user,
                extra_groups=None if self._user is None else [],
            )

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Return as soon as it is ready; raise with the end of its log when it ends or takes too long."""
        deadline = time.monotonic() + START_TIMEOUT
        while not ready():
            ended = self._process is None or self._process.poll() is not None
            if ended or time.monotonic() >= deadline:
                self.stop()
                what = "ended" if ended else "was not ready in time"
                said = last_lines(self._log.read_text(encoding="utf-8", errors="replace"))
                message = f"{self.name} {what}. The end of its log:\n{said}"
                raise ServerError(message)
            time.sleep(0.1)

    def wait_until_it_says(self, words: str, times: int = 1) -> None:
        """Return when the log has these words so many times."""
        deadline = time.monotonic() + START_TIMEOUT
        while self.count(words) < times:
            if time.monotonic() >= deadline:
                message = f"{self.name} never said {words!r}"
                raise ServerError(message)
            time.sleep(0.1)

    def count(self, words: str) -> int:
        """Return how many lines of the log have these words."""
        return sum(words in line for line in self._log.read_text(encoding="utf-8", errors="replace").splitlines())

    def stop(self) -> None:
        """End it and its children; fine to call when it does not run."""
        process, self._process = self._process, None
        if process is None:
            return
        for wanted in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, wanted)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_TIMEOUT)
                return


def free_port() -> int:
    """Return a port of loopback on which nobody listens now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def direct_session() -> requests.Session:
    """Return a session that goes straight to loopback, whatever proxy or .netrc the caller has."""
    session = requests.Session()
    session.trust_env = False
    return session


def answers(url: str) -> bool:
    """Whether the address answers with success."""
    try:
        return direct_session().get(url, timeout=5).ok
    except requests.RequestException:
        return False
