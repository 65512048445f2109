# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The private folder in which a running simulator leaves word of itself."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from . import processes


class StateError(Exception):
    """The folder cannot be used; the text says why and what to do."""


@dataclass(frozen=True)
class Running:
    """What ``simulator.json`` says; ``started`` and ``pid`` together name a process."""

    pid: int
    url: str
    started: str
    fingerprint: str

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return processes.is_simulator(self.pid, self.started)


class StateFolder:
    """One folder for one simulator, readable only by its user."""

    def __init__(self, folder: str) -> None:
        """Name the folder; ``~`` is the user's home. Nothing is made yet."""
        self.path = Path(folder).expanduser().absolute()
        self.file = self.path / "simulator.json"
        self.log = self.path / "simulator.log"

    @property
    def exists(self) -> bool:
        """Whether there is anything at all."""
        return self.path.is_dir()

    def make(self) -> None:
        """Make the folder with mode 0700, or check that the one that is there is private."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                self.path.mkdir(mode=0o700)
        except OSError as error:
            raise StateError(f"cannot make {self.path}: {error.strerror}") from None
        self._check()

    def _check(self) -> None:
        """Refuse a folder that others can write to: what it says decides which process gets a signal."""
        found = self.path.lstat()
        if not stat.S_ISDIR(found.st_mode):
            raise StateError(f"{self.path} is not a folder")
        if found.st_uid != os.geteuid():
            raise StateError(f"{self.path} belongs to another user")
        if stat.S_IMODE(found.st_mode) & 0o077:
            raise StateError(f"{self.path} is open to other users: set its mode to 0700 or name another folder")

    @contextlib.contextmanager
    def lock(self) -> Iterator[int]:
        """Keep other starts and stops away; gives the descriptor, which a child has to close."""
        self._check()
        descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
        finally:
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def read(self) -> Running | None:
        """Return what was left; None when there is nothing."""
        try:
            descriptor = os.open(self.file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, encoding="utf-8") as file:
                # Of the open file: nobody can put another one in its place between this look and the reading.
                if os.fstat(descriptor).st_uid != os.geteuid():
                    raise StateError(f"{self.file} belongs to another user")
                document = json.load(file)
            running: Running | None = Running(
                pid=int(document["pid"]),
                url=document["url"],
                started=document["started"],
                fingerprint=document["fingerprint"],
            )
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            running = None
        if running is None or running.pid <= 1:
            raise StateError(f"{self.file} cannot be read: remove it if no simulator runs")
        return running

    def alive(self) -> Running | None:
        """Return the simulator that runs; what a dead one left does not count."""
        running = self.read()
        return running if running is not None and running.is_alive else None

    def write(self, running: Running) -> None:
        """Leave word, whole or not at all, with mode 0600."""
        descriptor, name = tempfile.mkstemp(dir=self.path, prefix=".simulator-", suffix=".json")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(asdict(running), file, indent=2)
                file.write("\n")
            Path(name).replace(self.file)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise

    def forget(self, pid: int) -> None:
        """Take back the word of this process, and nobody else's."""
        with contextlib.suppress(StateError, OSError):
            running = self.read()
            if running is not None and running.pid == pid:
                self.file.unlink()

    def remove(self) -> bool:
        """Remove what the simulator made, and the folder if nothing else is in it; tell whether anything went."""
        removed = False
        for file in (self.file, self.log):
            with contextlib.suppress(FileNotFoundError):
                file.unlink()
                removed = True
        with contextlib.suppress(OSError):
            self.path.rmdir()
            removed = True
        return removed
