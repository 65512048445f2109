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
from functools import partial
from typing import TYPE_CHECKING

import requests
from machine import ServerError, as_user, last_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

PATIENCE = 400.0
"""Seconds until a server must be ready, or a playbook at its end; few are usual, a busy machine may need much more."""

STOP_TIMEOUT = 10.0
"""Seconds that a server gets between the polite signal and the one that it cannot refuse."""


def wait_for(what: str, is_so: Callable[[], object]) -> None:
    """Return when it is so, looking ten times a second; raise when that takes too long."""
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() >= deadline:
            message = f"not within {PATIENCE:g} s: {what}"
            raise ServerError(message)
        time.sleep(0.1)


class ServerProcess:
    """One program, which runs from the start. ``log`` takes what it says."""

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
        """Start it, in a folder, and as another user where one is named."""
        self.name = name
        self._log = log
        with log.open("wb") as said:
            self._process = subprocess.Popen(
                command,
                cwd=folder or "/",
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                # A group of its own: a Ctrl-C for the test run does not hit it, and stop() reaches its children too.
                start_new_session=True,
                **as_user(user),
            )

    @property
    def pid(self) -> int:
        """The number of the running process."""
        return self._process.pid

    def wait_until(self, ready: Callable[[], bool] | str) -> None:
        """Return as soon as it is ready, or has said these words.

        Raises the end of its log when it ends, or takes too long.
        """
        is_ready = partial(self.count, ready) if isinstance(ready, str) else ready
        try:
            wait_for(f"{self.name} is ready or ends", lambda: self._process.poll() is not None or is_ready())
            problem = None if self._process.poll() is None else f"{self.name} ended"
        except ServerError as late:
            problem = str(late)
        if problem is not None:
            message = f"{problem}. The end of its log:\n{last_lines(self._said())}"
            raise ServerError(message)

    def wait_until_it_says_again(self, words: str) -> None:
        """Return when its log has these words once more."""
        before = self.count(words)
        wait_for(f"{self.name} says {words!r} again", lambda: self.count(words) > before)

    def count(self, words: str) -> int:
        """Return how many lines of the log have these words."""
        return sum(words in line for line in self._said().splitlines())

    def _said(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def stop(self) -> None:
        """End it and its children; fine to call when it has ended."""
        for wanted in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, wanted)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_TIMEOUT)
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
