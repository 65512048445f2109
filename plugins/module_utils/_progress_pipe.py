# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How notes of progress get from a module to the controller while it runs on the same machine: a private named pipe.

A pipe and not a file: it wakes the reader, and it does not grow. Progress is a courtesy, so that whatever goes wrong
with it ends the progress and not the work.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any

from ._progress import ProgressNote, ProgressTeller

#: The environment variable of the module's process that names the pipe.
VARIABLE = "LONGRUNNING_TASKS_PROGRESS"
#: The longest note, in bytes: so many are written in one piece or not at all (POSIX demands 512, Linux has 4096).
_LONGEST_NOTE = select.PIPE_BUF


class PipeWriter:
    """The module's end. Notes that the reader is too slow for are lost."""

    def __init__(self, path: str, hide: Callable[[Any], Any]) -> None:
        self._hide = hide
        self._descriptor: int | None = _open_private_pipe(path)

    def write(self, note: ProgressNote) -> None:
        """Send a note, without the secrets that ``hide`` takes out of it. Raises nothing."""
        if self._descriptor is None:
            return
        line = self._line(note)
        if len(line) > _LONGEST_NOTE:
            line = self._line(note.in_short())
        try:
            os.write(self._descriptor, line)
        except BlockingIOError:
            # The reader has enough to read.
            return
        except OSError:
            self.close()

    def _line(self, note: ProgressNote) -> bytes:
        return json.dumps(self._hide(note.to_json())).encode() + b"\n"

    def close(self) -> None:
        """Give the pipe back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _open_private_pipe(path: str) -> int | None:
    """Open a pipe that nobody else can read, None where there is no such pipe or no reader."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return None
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISFIFO(mode) and not stat.S_IMODE(mode) & 0o077:
        return descriptor
    os.close(descriptor)
    return None


@contextmanager
def live_lines(
    folder: str, teller: ProgressTeller, show: Callable[[str], None], monotonic: Callable[[], float]
) -> Iterator[str | None]:
    """Make the controller's end of a pipe in the folder, and show its notes as lines while the body runs.

    Yields the pipe's path, None where none can be made. Nothing is left behind.
    """
    own = None
    try:
        # Only its owner can look into such a folder.
        own = tempfile.mkdtemp(prefix="longrunning-tasks-", dir=folder)
        path = str(Path(own, "progress"))
        os.mkfifo(path, 0o600)
        # Open for both, so that reading does not end when a writer comes and goes.
        descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        if own is not None:
            shutil.rmtree(own, ignore_errors=True)
        yield None
        return
    follower = _Follower(descriptor, teller, show, monotonic)
    thread = Thread(target=follower.run, name="live progress", daemon=True)
    thread.start()
    try:
        yield path
    finally:
        follower.end()
        thread.join()
        os.close(descriptor)
        shutil.rmtree(own, ignore_errors=True)


class _Follower:
    """Reads notes from a pipe and shows lines, until it is told to end."""

    def __init__(
        self, descriptor: int, teller: ProgressTeller, show: Callable[[str], None], monotonic: Callable[[], float]
    ) -> None:
        self._descriptor = descriptor
        self._teller = teller
        self._show = show
        self._monotonic = monotonic
        self._rest = b""
        self._is_over = False

    def end(self) -> None:
        """Let run() come to its end."""
        self._is_over = True
        # Wakes it. A pipe too full for that does so too.
        with suppress(BlockingIOError):
            os.write(self._descriptor, b"\n")

    def run(self) -> None:
        while not self._is_over:
            select.select([self._descriptor], [], [], self._teller.seconds_to_next(self._monotonic()))
            self._take_notes()
            for line in self._teller.lines(self._monotonic()):
                self._show(line)
        self._take_notes()
        for line in self._teller.events():
            self._show(line)

    def _take_notes(self) -> None:
        with suppress(BlockingIOError):
            while True:
                self._rest += os.read(self._descriptor, 65536)
        *lines, self._rest = self._rest.split(b"\n")
        for line in filter(None, lines):
            # What is no note was not written by us.
            with suppress(ValueError):
                self._teller.take(ProgressNote.from_json(line), self._monotonic())
