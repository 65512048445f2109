# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run every nox session, three side by side, and say at the end what passed, failed and was skipped.

The output of a session goes to .build/logs/SESSION.txt. It is shown in whole when the session fails; of one that
passes, the last lines are shown. The sum has the form of pytest's summary. The first and the last lines say what is
left out because a program or a Python is missing.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tooling import interpreters, system_packages

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / ".build"
LOGS = BUILD / "logs"
REPORTS = BUILD / "reports"

FIRST = "build"
# The longest come first, so that the short ones fill the gaps.
THEN = (
    "playbooks-newest",
    "playbooks-oldest",
    "real_servers",
    "ansible_lint",
    "sanity-newest",
    "sanity-middle",
    "sanity-oldest",
    "sanity-2.22",
    "unit",
    "awx",
    "eda",
    "importer",
    "molecule",
    "ansible_test_units",
    "ansible_test_integration",
    "smoke-2.19",
    "smoke-2.20",
    "smoke-2.22",
    "lint",
    "smoke-2.18",
    "docsite",
    "smoke-2.17",
    "demo",
    "faults",
    "tarball",
    "types",
)
# One more than the cores of a small machine: some wait for servers, and for tasks to end.
SIDE_BY_SIDE = 3
LAST_LINES = 6


@dataclass
class Outcome:
    """What one session did."""

    session: str
    seconds: float
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Write it as one line of the table."""
        verdict = "FAILED" if self.failed else "SKIPPED" if not self.passed else "IN PART" if self.skipped else "passed"
        numbers = f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"
        return f"  {self.session:<24} {verdict:<8} {self.seconds:6.1f} s   {numbers}"


class Runner:
    """Starts sessions, each as a nox of its own, and ends them all when it is interrupted."""

    def __init__(self) -> None:
        self._speaking = Lock()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._over = False

    def run(self, session: str) -> Outcome:
        """Run one session to its end and show what it said."""
        log, report = LOGS / f"{session}.txt", REPORTS / f"{session}.json"
        report.unlink(missing_ok=True)
        nox = [sys.executable, "-m", "nox", "--non-interactive", "-s", session]
        environ = {**os.environ, "PYTHONUNBUFFERED": "1"}
        if session != FIRST:
            environ["LONGRUNNING_TARBALL_IS_BUILT"] = "1"
        started = time.monotonic()
        with log.open("wb") as output:
            process = subprocess.Popen(
                nox,
                cwd=ROOT,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._processes.append(process)
            code = process.wait()
        outcome = _read(session, time.monotonic() - started, report)
        nothing = not (outcome.passed or outcome.skipped)
        if (code or nothing) and not outcome.failed:
            outcome.failed = 1
        if not self._over:
            self._show(outcome, log)
        return outcome

    def _show(self, outcome: Outcome, log: Path) -> None:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        shown = lines if outcome.failed else [line for line in lines if line.strip()][-LAST_LINES:]
        with self._speaking:
            print(f"{str(outcome).strip()}\n")
            print("\n".join(f"    | {line}" for line in shown))
            print(flush=True)

    def end(self) -> None:
        """End what still runs: first as Ctrl-C does, so that tests stop the servers they started."""
        self._over = True
        for how, patience in ((signal.SIGINT, 20.0), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
            alive = [process for process in self._processes if process.poll() is None]
            for process in alive:
                os.killpg(process.pid, how)
            until = time.monotonic() + patience
            while alive and time.monotonic() < until:
                time.sleep(0.1)
                alive = [process for process in alive if process.poll() is None]


def _read(session: str, seconds: float, report: Path) -> Outcome:
    """Read what the session counted; it may never have come so far."""
    try:
        counted = json.loads(report.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Outcome(session, seconds)
    return Outcome(session, seconds, **counted)


def main() -> int:
    """Run all sessions."""
    started = time.monotonic()
    for folder in (LOGS, REPORTS):
        folder.mkdir(parents=True, exist_ok=True)
    (REPORTS / "summary.txt").unlink(missing_ok=True)
    without = [
        line
        for line in (
            system_packages.left_out(system_packages.missing()),
            interpreters.left_out(interpreters.working()),
        )
        if line
    ]
    if without:
        print(*without, "", sep="\n")
    print(f"Running {FIRST}, then {', '.join(THEN)}: {SIDE_BY_SIDE} at a time, logs in .build/logs.\n", flush=True)
    runner = Runner()
    # A shell has what it starts in the background ignore Ctrl-C, and all that is started from there: the tests too.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    pool = ThreadPoolExecutor(max_workers=SIDE_BY_SIDE)
    try:
        outcomes = [runner.run(FIRST)]
        outcomes += pool.map(runner.run, THEN)
    except KeyboardInterrupt:
        pool.shutdown(wait=False, cancel_futures=True)
        runner.end()
        print("Interrupted; the sessions that ran were ended.", file=sys.stderr)
        return 130
    code = _sum_up(outcomes, time.monotonic() - started)
    if without:
        print(*without, sep="\n", flush=True)
    return code


def _sum_up(outcomes: list[Outcome], seconds: float) -> int:
    passed, failed, skipped = (sum(getattr(one, what) for one in outcomes) for what in ("passed", "failed", "skipped"))
    print("=" * 78)
    print("\n".join(map(str, outcomes)))
    notes = [note for outcome in outcomes for note in outcome.notes]
    if notes:
        print("\n" + "\n".join(notes))
    print(f"\nTests of pytest, sanity tests and other checks, in {seconds:.0f} s:")
    summary = f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else "")
    (REPORTS / "summary.txt").write_text(summary + "\n", encoding="utf-8")
    print(summary, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
