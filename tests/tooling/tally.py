# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a session tells tests/tooling/run_all.py: how many checks passed, failed or were skipped, and notes."""

from __future__ import annotations

import json
import os
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from nox.command import CommandFailed

from . import interpreters
from .workspace import BUILD, ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

    import nox

    from .interpreters import Choice

REPORTS = BUILD / "reports"
IN_CI = os.environ.get("CI") == "true"
#: Options of pytest whose value is a word of its own, which may look like a path.
TAKES_A_VALUE = ("-k", "-m", "-n", "-p", "-o", "-W")


def names_a_path(arguments: Sequence[str]) -> bool:
    """Tell whether arguments for pytest say which files or folders it shall run."""
    values = {number + 1 for number, argument in enumerate(arguments) if argument in TAKES_A_VALUE}
    return any(
        number not in values and not argument.startswith("-") and (ROOT / argument.partition("::")[0]).exists()
        for number, argument in enumerate(arguments)
    )


class Tally:
    """Counts what one session checked, and keeps its notes, in .build/reports."""

    def __init__(self, session: nox.Session) -> None:
        self.session = session
        self.path = REPORTS / f"{session.name}.json"
        self.counts = {"passed": 0, "failed": 0, "skipped": 0}
        self.notes: list[str] = []
        self._write()

    def add(self, **counts: int) -> None:
        """Count, and write it down at once: the session may be ended at any time."""
        for name, count in counts.items():
            self.counts[name] += count
        self._write()

    def note(self, text: str) -> None:
        """Say something loudly, now and again at the end of `make test`."""
        self.session.warn(f"NOTE: {self.session.name}: {text}")
        self.notes.append(f"NOTE: {self.session.name} - {text}")
        self._write()

    def skip(self, reason: str) -> NoReturn:
        """Skip the session loudly; where CI=true is set, a skip is a failure."""
        if IN_CI:
            self.add(failed=1)
            self.session.error(f"would be skipped, which CI=true forbids: {reason}")
        self.notes.append(f"SKIPPED: {self.session.name} - {reason}")
        self.add(skipped=1)
        self.session.skip(reason)

    def steps(self, *commands: tuple[str, ...], env: dict[str, str | None] | None = None) -> None:
        """Run all commands, even when one of them fails, and then fail if one did."""
        failed = []
        for command in commands:
            try:
                self.session.run(*command, env=env)
            except CommandFailed:
                failed.append(" ".join(command[:3]))
        self.add(passed=len(commands) - len(failed), failed=len(failed))
        if failed:
            self.session.error(f"failed: {'; '.join(failed)}")

    def expect(self, holds: bool, text: str) -> None:
        """Count a condition, and fail where it does not hold."""
        self.add(passed=int(holds), failed=int(not holds))
        if not holds:
            self.session.error(text)
        self.session.log(text)

    def pytest(
        self,
        *command: str,
        path: str,
        usually: Sequence[str] = (),
        arguments: Sequence[str],
        env: dict[str, str | None],
    ) -> None:
        """Run a command with pytest in it and count the tests. No tests at all is a failure (pytest's own rule).

        It runs all in ``path`` with the options that it ``usually`` has, unless the arguments name paths of their own.
        """
        report = REPORTS / f"{self.session.name}.xml"
        report.unlink(missing_ok=True)
        chosen = [] if names_a_path(arguments) else [*usually, path]
        try:
            self.session.run(*command, *chosen, *arguments, f"--junit-xml={report}", env=env)
        finally:
            if report.is_file():
                self._count(report)
        if IN_CI and self.counts["skipped"]:
            self.session.error(f"{self.counts['skipped']} tests were skipped, which CI=true forbids")

    def branches(self, least: float) -> None:
        """Hold the share of branches that tests take; `coverage report` mixes lines into its own percentage."""
        report = BUILD / "coverage" / "totals.json"
        self.session.run("coverage", "json", "--quiet", "-o", str(report))
        totals = json.loads(report.read_text(encoding="utf-8"))["totals"]
        percent = 100 * totals["covered_branches"] / totals["num_branches"]
        said = f"{percent:.1f} % of {totals['num_branches']} branches are taken, {least} % are wanted"
        self.expect(percent >= least, said)

    def junit(self, tree: Path) -> None:
        """Count what ansible-test ran in a copy of the collection."""
        for report in sorted((tree / "tests" / "output" / "junit").glob("*.xml")):
            self._count(report)

    def tasks(self, tree: Path) -> None:
        """Count the tasks of integration targets that ran to their end, those that had to fail among them."""
        reports = (tree / "tests" / "output" / "junit").glob("*.xml")
        # Written by ansible-core just now.
        self.add(passed=sum(1 for report in reports for _case in ET.parse(report).iter("testcase")))  # noqa: S314

    def need(self, choice: Choice | None, tools: str = "") -> Choice:
        """Return the chosen ansible-core, or skip, also when its Python is too old for tools.

        Say so when it is not the wanted one.
        """
        if choice is None:
            self.skip("no working Python was found for the ansible-core of this session")
        if tools and choice.version < interpreters.OLDEST_FOR_TOOLS:
            self.skip(f"{tools} needs Python {interpreters.dotted(interpreters.OLDEST_FOR_TOOLS)} or newer")
        if choice.note:
            self.note(choice.note)
        return choice

    def _count(self, report: Path) -> None:
        cases = list(ET.parse(report).iter("testcase"))  # noqa: S314 - written by our own pytest just now.
        failed = sum(1 for case in cases if case.find("failure") is not None or case.find("error") is not None)
        skips = [case.find("skipped") for case in cases]
        # An expected failure is a test that did what it should.
        skipped = [skip for skip in skips if skip is not None and skip.get("type") != "pytest.xfail"]
        for reason in sorted({str(skip.get("message")) for skip in skipped}):
            self.notes.append(f"SKIPPED: tests of {self.session.name} - {reason}")
        self.add(passed=len(cases) - failed - len(skipped), failed=failed, skipped=len(skipped))

    def _write(self) -> None:
        REPORTS.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps({**self.counts, "notes": self.notes}), encoding="utf-8")
