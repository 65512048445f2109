# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find the Python interpreters that really run here, and choose one for each ansible-core.

A name on PATH proves nothing: pyenv puts a python3.13 there that only prints "command not found". So every candidate
is started once, and only what answers counts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Version = tuple[int, int]

ROOT = Path(__file__).resolve().parents[2]
FETCHED = ROOT / ".build" / "pythons"

# ansible-core: the oldest and the newest Python on which it runs as controller.
CORES: dict[str, tuple[Version, Version]] = {
    "2.16": ((3, 10), (3, 12)),
    "2.17": ((3, 10), (3, 12)),
    "2.18": ((3, 11), (3, 13)),
    "2.19": ((3, 11), (3, 13)),
    "2.20": ((3, 12), (3, 14)),
    "2.21": ((3, 12), (3, 14)),
}
# These are supported too, and tested with their pre-releases. With its final release one moves up into CORES.
NEXT_CORES: dict[str, tuple[Version, Version]] = {"2.22": ((3, 13), (3, 15))}
# Pythons that matter here: controllers, and targets where modules run.
VERSIONS: tuple[Version, ...] = tuple((3, minor) for minor in range(9, 16))
# The tests and tools themselves.
OLDEST_FOR_TOOLS: Version = (3, 11)

_PROBE = (
    "import json, platform, ssl, sys, venv;"
    "base = sys.prefix == sys.base_prefix;"
    "print(json.dumps([platform.python_implementation(), sys.version_info[:2], base, sys.executable]))"
)


@dataclass(frozen=True)
class Choice:
    """An ansible-core and the interpreter that carries it; `note` says when it is not the one that was wanted."""

    core: str
    version: Version
    python: Path
    note: str = ""

    @property
    def requirement(self) -> str:
        """The ansible-core for the installer."""
        return f"ansible-core~={self.core}.0{'rc1' if self.core in NEXT_CORES else ''}"


def dotted(version: Version) -> str:
    """Write (3, 12) as 3.12."""
    return f"{version[0]}.{version[1]}"


def _candidates() -> Iterator[tuple[Version, Path]]:
    home = Path(os.environ.get("HOME", "/nonexistent"))
    on_path = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    pyenv = Path(os.environ.get("PYENV_ROOT") or home / ".pyenv") / "versions"
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    managed = [Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv" / "python"), FETCHED]
    folders = [
        *on_path,
        *sorted(pyenv.glob("*/bin")),
        *(found for top in managed for found in sorted(top.glob("*/bin"))),
        Path(sys.base_prefix) / "bin",
    ]
    for version in VERSIONS:
        for folder in folders:
            candidate = folder / f"python{dotted(version)}"
            if candidate.is_file() and os.access(candidate, os.X_OK):
                yield version, candidate


def _answer(version: Version, candidate: Path) -> Path | None:
    """Start it. If it is CPython of this version, with ssl and venv and no virtual environment, say where it lies."""
    try:
        done = subprocess.run(
            [candidate, "-I", "-c", _PROBE],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
            stdin=subprocess.DEVNULL,
        )
        *described, executable = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    if described != ["CPython", list(version), True]:
        return None
    # A shim that works leads to an interpreter elsewhere; in the shim's own folder others may be broken.
    real = Path(executable).with_name(candidate.name)
    return real if real.is_file() else candidate


def _asked() -> list[tuple[Version, Path, Path | None]]:
    candidates = list(_candidates())
    with ThreadPoolExecutor(max_workers=4) as pool:
        answers = pool.map(lambda candidate: _answer(*candidate), candidates)
        return [(version, path, answer) for (version, path), answer in zip(candidates, answers)]


def working() -> dict[Version, Path]:
    """Return the first working interpreter of each version, PATH before pyenv before uv."""
    found: dict[Version, Path] = {}
    for version, _path, answer in _asked():
        if answer is not None:
            found.setdefault(version, answer)
    return found


def _carried(core: str, pythons: Iterable[Version]) -> list[Version]:
    lowest, highest = {**CORES, **NEXT_CORES}[core]
    return sorted(version for version in pythons if lowest <= version <= highest)


def choose(which: str, pythons: Mapping[Version, Path]) -> Choice | None:
    """Choose the `oldest` ansible-core with its oldest Python here, or the `newest` with its newest."""
    cores = list(CORES) if which == "oldest" else list(reversed(CORES))
    position = 0 if which == "oldest" else -1
    for core in cores:
        versions = _carried(core, pythons)
        if versions:
            stand_in = f"{_needs(cores[0])}, of which none works here: {core} stands in for it as the {which}"
            note = "" if core == cores[0] else stand_in
            return Choice(core, versions[position], pythons[versions[position]], note)
    return None


def carry(core: str, pythons: Mapping[Version, Path]) -> Choice | None:
    """Choose the oldest Python for one ansible-core: over all cores, each Python has its turn."""
    versions = _carried(core, pythons)
    return Choice(core, versions[0], pythons[versions[0]]) if versions else None


def left_out(pythons: Iterable[Version]) -> str:
    """Say in one line which ansible-cores no Python here carries, and which to install. Empty if each has one."""
    known = {**CORES, **NEXT_CORES}
    without = [core for core in known if not _carried(core, pythons)]
    if not without:
        return ""
    wanted: set[Version] = set()
    for core in reversed(without):
        if not _carried(core, wanted):
            wanted.add(max(_carried(core, VERSIONS), key=lambda version: _carries(version, without)))
    names = " and ".join(map(dotted, sorted(wanted)))
    return f"LEFT OUT: tests on ansible-core {', '.join(without)}. To run them too: install Python {names}"


def _carries(version: Version, cores: Iterable[str]) -> int:
    return sum(bool(_carried(core, [version])) for core in cores)


def _needs(core: str) -> str:
    lowest, highest = CORES[core]
    return f"ansible-core {core} needs Python {dotted(lowest)} to {dotted(highest)}"


def newest_for_tools(pythons: Mapping[Version, Path]) -> Path | None:
    """Return the newest Python on which the tests and tools run."""
    fit = [version for version in pythons if version >= OLDEST_FOR_TOOLS]
    return pythons[max(fit)] if fit else None


def path_of(first: str, pythons: Mapping[Version, Path]) -> str:
    """Return a PATH on which every pythonX.Y works: folders that hold a broken one are left out."""
    good = [str(path.parent) for _version, path in sorted(pythons.items(), reverse=True)]
    broken = {str(path.parent) for _version, path, answer in _asked() if answer is None} - set(good)
    kept = [folder for folder in os.environ.get("PATH", "").split(os.pathsep) if folder and folder not in broken]
    return os.pathsep.join(dict.fromkeys([first, *good, *kept]))


def fetch_missing() -> None:
    """Ask uv for what the oldest and the newest ansible-core lack. A refusal costs seconds, no more."""
    environ = {**os.environ, "UV_HTTP_TIMEOUT": "5", "UV_HTTP_RETRIES": "0"}
    uv = Path(sys.executable).with_name("uv")
    for core, wish in ((next(iter(CORES)), (3, 12)), (list(CORES)[-1], (3, 13))):
        if _carried(core, working()):
            continue
        print(f"No Python for ansible-core {core} found; asking uv for {dotted(wish)}.", flush=True)
        try:
            subprocess.run(
                [uv, "python", "install", "--quiet", "--no-bin", "--install-dir", FETCHED, dotted(wish)],
                env=environ,
                timeout=180,
                check=True,
                stderr=subprocess.DEVNULL,
            )
        except (OSError, subprocess.SubprocessError):
            print(
                f"Python {dotted(wish)} could not be installed. The tests that need it say so.",
                flush=True,
            )


if __name__ == "__main__":
    if "--fetch-missing" in sys.argv[1:]:
        fetch_missing()
        sys.exit()
    for found_version, found_path in sorted(working().items()):
        print(f"{dotted(found_version):>5}  {found_path}")
    for which_core in ("oldest", "newest"):
        print(f"{which_core}: {choose(which_core, working())}")
