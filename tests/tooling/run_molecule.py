# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Molecule's scenarios, of which one starts and stops the simulator that all others talk to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .workspace import ROOT, locked

if TYPE_CHECKING:
    import nox

    from .tally import Tally


def run(session: nox.Session, tally: Tally, ephemeral: Path, environment: dict[str, str | None]) -> None:
    """Run the scenarios that the session's arguments name, or all, each of which has passed when Molecule ends well.

    Their playbooks fail where there are no hosts, which Molecule itself takes for a success.
    """
    known = {path.parent.name for path in (ROOT / "extensions" / "molecule").glob("*/molecule.yml")} - {"default"}
    names = session.posargs or sorted(known)
    chosen = [f"--scenario-name={name}" for name in names]
    with locked("molecule"):
        try:
            session.run("molecule", "test", *chosen, "--report", "--no-command-borders", env=environment)
            tally.add(passed=len(names))
        finally:
            # One that was interrupted has not stopped its simulator.
            for state in ephemeral.rglob("simulator.json"):
                stop = ("python", "-B", "-m", "task_simulator", "stop", "--state-dir", str(state.parent))
                session.run(*stop, env={"PYTHONPATH": str(ROOT / "roles" / "task_simulator" / "files")})
