# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which process is which: a pid alone may long belong to somebody else."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

#: Words that the command line of every simulator has.
OWN_WORDS = "task_simulator"


@dataclass(frozen=True)
class Process:
    """A process that lives: ``started`` is opaque, and the same text only for the same process."""

    pid: int
    started: str
    command: str


def find(pid: int) -> Process | None:
    """Return the process with this pid; None when there is none or it has ended and only waits to be reaped."""
    if Path("/proc/self/stat").exists():
        return _find_in_proc(pid)
    return _find_by_ps(pid)


def _find_in_proc(pid: int) -> Process | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return None
    # The name in parentheses may hold blanks; the fields after it do not.
    fields = stat.rpartition(")")[2].split()
    if fields[0] in ("Z", "X"):
        return None
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        boot = ""
    return Process(pid, f"{boot}/{fields[19]}", command)


def _find_by_ps(pid: int) -> Process | None:
    """Ask ``ps``, where there is no /proc."""
    argv = ["ps", "-o", "stat=,lstart=,command=", "-p", str(pid)]
    try:
        shown = subprocess.run(  # noqa: S603 - a fixed program and a number
            argv, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"}
        )
    except OSError:
        return None
    words = shown.stdout.split(None, 6)
    if len(words) < 7 or words[0].startswith("Z"):
        return None
    return Process(pid, " ".join(words[1:6]), words[6].strip())


@contextlib.contextmanager
def _handle(pid: int) -> Iterator[Callable[[int], None]]:
    """Give a function that signals a process; where the system can, one that cannot hit a successor of the pid."""
    opener = getattr(os, "pidfd_open", None)
    sender = getattr(signal, "pidfd_send_signal", None)
    handle: int | None = None
    if opener is not None and sender is not None:
        with contextlib.suppress(OSError):
            handle = opener(pid)
    if handle is None or sender is None:
        yield lambda number: os.kill(pid, number)
        return
    try:
        yield lambda number: sender(handle, number)
    finally:
        os.close(handle)


def is_simulator(pid: int, started: str) -> bool:
    """Tell whether this pid still is the simulator that started then."""
    process = find(pid)
    return process is not None and process.started == started and OWN_WORDS in process.command


def end(pid: int, started: str, patience: float = 10.0) -> bool:
    """End the simulator that started then and wait for its end; False when there is none any more.

    After ``patience`` seconds it is killed. A process that is not that simulator is never touched.
    """
    with _handle(pid) as send:
        # Only now that the handle is held is it certain that who is looked at is who gets the signal.
        if not is_simulator(pid, started):
            return False
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                send(number)
            except ProcessLookupError:
                return True
            deadline = time.monotonic() + patience
            while time.monotonic() < deadline:
                # Not by its command line, which a process that is ending has lost already.
                process = find(pid)
                if process is None or process.started != started:
                    return True
                time.sleep(0.02)
    raise TimeoutError(f"process {pid} did not end")
