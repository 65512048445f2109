# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs playbooks and modules as their users do, each in a process of its own, and times them from outside."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
#: Seconds after which a playbook is given up.
_PATIENCE = 1800
#: Seconds between two looks at the memory.
_LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class TaskRun:
    """One task of a play. Times are in seconds; ``ended`` is the time of day as Unix counts it."""

    name: str
    seconds: float
    ended: float
    failed: bool
    told: Mapping[str, Any]


@dataclass(frozen=True)
class PlaybookRun:
    """A whole ansible-playbook: seconds on the clock and on the processors, and its tasks in their order.

    ``peak`` is the most memory that all its processes had at once, in MB, where that was watched.
    """

    seconds: float
    cpu: float
    tasks: tuple[TaskRun, ...]
    peak: float = 0.0


@dataclass(frozen=True)
class ProcessRun:
    """A module's own process: seconds on the clock and on the processor, and its peak memory in MB."""

    seconds: float
    cpu: float
    peak: float


class Player:
    """Plays with one installation of the collection, and keeps what it writes in a scratch folder."""

    def __init__(self, collections: Path, scratch: Path) -> None:
        self._scratch = scratch
        self._environment = {
            **os.environ,
            "ANSIBLE_CALLBACKS_ENABLED": "timings",
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_FORCE_COLOR": "false",
            "ANSIBLE_HOME": str(scratch / "ansible-home"),
            "ANSIBLE_LIBRARY": str(HERE / "library"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "LONGRUNNING_BENCHMARK_TIMINGS": str(scratch / "timings.jsonl"),
        }
        # As everywhere: what pip installs is compiled once, and not anew by each process.
        self._environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def play(
        self,
        name: str,
        variables: Mapping[str, Any],
        *arguments: str,
        payloads: Path | None = None,
        watched: bool = False,
    ) -> PlaybookRun:
        """Run a playbook of the folder plays; leave the modules' files in ``payloads`` where that is given."""
        extra, timings = self._scratch / "variables.json", self._scratch / "timings.jsonl"
        extra.write_text(json.dumps(variables), encoding="utf-8")
        timings.unlink(missing_ok=True)
        environment = {**self._environment, "ANSIBLE_REMOTE_TMP": str(payloads or self._scratch / "tmp")}
        if payloads is not None:
            environment["ANSIBLE_KEEP_REMOTE_FILES"] = "true"
        program = str(Path(sys.executable).with_name("ansible-playbook"))
        command = [program, *arguments, "-e", f"@{extra}", str(HERE / "plays" / name)]
        output = self._scratch / "output.txt"
        peak = 0.0
        began, cpu = time.perf_counter(), _cpu_of_children()
        with (
            output.open("wb") as file,
            subprocess.Popen(
                command,
                stdout=file,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=environment,
                cwd=self._scratch,
                start_new_session=True,
            ) as process,
        ):
            while watched and process.poll() is None:
                peak = max(peak, _memory(str(self._scratch)))
                time.sleep(_LOOK_SECONDS)
            status = process.wait(_PATIENCE)
        seconds, cpu = time.perf_counter() - began, _cpu_of_children() - cpu
        lines = timings.read_text(encoding="utf-8").splitlines() if timings.is_file() else []
        # 2: a task has failed, as some shall.
        if status not in (0, 2) or not lines:
            raise RuntimeError(f"{name} did not run:\n{output.read_text(encoding='utf-8')[-3000:]}")
        return PlaybookRun(seconds, cpu, tuple(TaskRun(**json.loads(line)) for line in lines), peak)

    def run_payload(self, payload: Path) -> ProcessRun:
        """Run the file that Ansible made of a module."""
        peak = self._scratch / "peak"
        command = [sys.executable, str(HERE / "run_payload.py"), str(payload), str(peak)]
        began, cpu = time.perf_counter(), _cpu_of_children()
        subprocess.run(command, stdout=subprocess.DEVNULL, env=self._environment, check=True, timeout=_PATIENCE)
        seconds, cpu = time.perf_counter() - began, _cpu_of_children() - cpu
        return ProcessRun(seconds, cpu, peak=int(peak.read_text(encoding="utf-8")) / 1024)


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _memory(mark: str) -> float:
    """Return the memory in MB of all processes with the mark in their command, what they share counted once."""
    kilobytes = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in process.joinpath("cmdline").read_text(encoding="utf-8", errors="replace"):
                rollup = process.joinpath("smaps_rollup").read_text(encoding="utf-8")
                kilobytes += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return kilobytes / 1024
