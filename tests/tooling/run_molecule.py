# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the Molecule scenarios of extensions/molecule, and believe only those whose playbooks did something.

python tests/tooling/run_molecule.py [SCENARIO ...]

Molecule calls a scenario a success when its plays find no host. So the callback plugin junit, which
extensions/molecule/config.yml turns on, reports every task, and a scenario has passed only if each of its playbooks
had a task that went well on a host of the inventory.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / ".build" / "molecule"
#: Said in config.yml too.
REPORTS = WORK / "reports"
#: The sentences about what is wrong, with each scenario and with the run.
RESULTS = WORK / "results.json"

#: It starts and stops what the others talk to.
DEFAULT = "default"
NEEDED = ("molecule.yml", "converge.yml", "verify.yml")
#: The playbooks of Molecule's actions.
ACTIONS = ("create", "prepare", "converge", "side_effect", "verify", "cleanup", "destroy")
#: Kinds of plugins that no playbook names: an action plugin is a part of the module of its name.
NO_PLUGINS = ("action", "doc_fragments", "module_utils", "modules", "plugin_utils")
#: A junit report says the host of each task so; "include" stands for a file that was included.
ON_HOST = re.compile(r"\[(?!(?:localhost|include)\])[^\]]+\] ")

#: Molecule says so in which scenario it failed, and during which action. Its own recap calls some of them successful.
FAILED_IN = re.compile(r"\[(\S+) > (\S+)\] An error occurred during")
#: Seconds for Molecule to end when it is interrupted.
PATIENCE = 8.0


# Which scenarios there have to be


def components(root: Path) -> dict[str, str]:
    """Return what needs a scenario: the name and the path of each module, plugin and role."""
    found = {path.stem: path for path in (root / "plugins" / "modules").glob("*.py")}
    for kind in sorted((root / "plugins").iterdir()):
        if kind.is_dir() and kind.name not in NO_PLUGINS:
            found |= {path.stem: path for path in kind.glob("*.py")}
    found |= {path.name: path for path in (root / "roles").iterdir() if (path / "tasks").is_dir()}
    return {name: str(path.relative_to(root)) for name, path in sorted(found.items()) if name != "__init__"}


def scenarios(root: Path) -> list[str]:
    """Return the names of the scenarios, that of the shared simulator aside."""
    found = {path.parent.name for path in (root / "extensions" / "molecule").glob("*/*.yml")}
    return sorted(found - {DEFAULT, "inventory"})


def gaps(root: Path) -> list[str]:
    """Compare the scenarios with the collection; return what is missing, a sentence each."""
    wanted, present = components(root), scenarios(root)
    said = [
        f"{path} has no Molecule scenario: add extensions/molecule/{name} with {', '.join(NEEDED)}"
        for name, path in wanted.items()
        if name not in present
    ]
    for name in present:
        folder = Path("extensions", "molecule", name)
        if name not in wanted:
            said.append(f"{folder} is named after no module, plugin or role: rename or remove it")
        said += [f"{folder} has no {file}: add it" for file in NEEDED if not (root / folder / file).is_file()]
    return said


# Whether they did something


def tasks_that_went_well(reports: Iterable[Path]) -> list[int]:
    """Return, for each report of a run of a playbook, how many tasks went well on hosts of the inventory."""
    bad = ("error", "failure", "skipped")
    return [
        sum(
            1
            # Written by ansible-core just now.
            for case in ET.parse(report).iter("testcase")  # noqa: S314
            if ON_HOST.match(case.get("name", "")) and all(case.find(word) is None for word in bad)
        )
        for report in reports
    ]


def faults(folder: Path, reports: Path) -> list[str]:
    """Return what is wrong with the reports of the scenario in a folder, a sentence each."""
    said = []
    for action in ACTIONS:
        if not (folder / f"{action}.yml").is_file():
            continue
        counts = tasks_that_went_well(sorted(reports.glob(f"{action}-*.xml")))
        if not counts:
            said.append(f"{action}.yml was not run to its end")
        elif 0 in counts:
            said.append(f"{action}.yml ran, but no task went well on a host of the inventory")
    return said


def judge(root: Path, names: Iterable[str]) -> dict[str, list[str]]:
    """Return what is wrong with each scenario that was to run."""
    return {name: faults(root / "extensions" / "molecule" / name, REPORTS / name) for name in names}


# Running them


def run_molecule(names: list[str]) -> tuple[int, dict[str, str]]:
    """Run Molecule and show what it says; return its exit code, and which scenario failed during which action.

    It has a process group of its own, all of which ends when this is interrupted.
    """
    chosen = [f"--scenario-name={name}" for name in names] or ["--all"]
    command = ["molecule", "test", *chosen, "--report", "--no-command-borders"]
    failed: dict[str, str] = {}
    # In another folder it would not read extensions/molecule/config.yml.
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            for line in process.stdout or ():
                print(line, end="", flush=True)
                found = FAILED_IN.search(line)
                if found:
                    failed[found[1]] = found[2]
            return process.wait(), failed
        except KeyboardInterrupt:
            for how in (signal.SIGINT, signal.SIGKILL):
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, how)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(PATIENCE)
                    break
            raise


def stop_simulators(folder: Path) -> list[str]:
    """Stop each simulator that has its state below a folder; return where one still ran."""
    program = ROOT / "roles" / "task_simulator" / "files"
    left = []
    for state in sorted({file.parent for file in folder.rglob("simulator.json")}):
        command = [sys.executable, "-B", "-m", "task_simulator", "stop", "--json", "--state-dir", str(state)]
        done = subprocess.run(command, cwd=program, capture_output=True, text=True, check=False)
        if '"stopped"' in done.stdout or done.returncode:
            left.append(f"the simulator of {state.relative_to(folder)} was left running {done.stderr}".strip())
    return left


def show(results: Mapping[str, list[str]], general: Iterable[str]) -> None:
    """Print how it went."""
    print("\nWhat the reports of the scenarios' tasks say:")
    for name, said in results.items():
        print(f"  {name}: {'; '.join(said) or 'every playbook did something'}")
    print("".join(f"  {sentence}\n" for sentence in general), flush=True)


def main(names: list[str]) -> int:
    """Run the scenarios with these names, or all; return 0 if all went well and did something."""
    RESULTS.unlink(missing_ok=True)
    ephemeral = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"])
    known = scenarios(ROOT)
    unknown = sorted(set(names) - set(known))
    if unknown:
        print(f"There is no scenario {', '.join(unknown)}. There are {', '.join(known)}.", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # An earlier run that was ended by force may have left something.
    stop_simulators(ephemeral)
    for folder in (ephemeral, REPORTS):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    general: list[str] = [] if names else gaps(ROOT)
    try:
        code, failed = run_molecule(names)
    except KeyboardInterrupt:
        stop_simulators(ephemeral)
        return 130
    general += stop_simulators(ephemeral)
    results = judge(ROOT, [DEFAULT, *(names or known)])
    for name, action in failed.items():
        results.setdefault(name, []).insert(0, f"{action} failed")
    if code and not failed:
        general.append(f"Molecule ended with code {code}")
    RESULTS.write_text(json.dumps({"scenarios": results, "general": general}), encoding="utf-8")
    show(results, general)
    return 1 if general or any(results.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
