# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every real server needs of this machine: a virtual environment, programs that end, private files."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MINIMUM_PYTHON = (3, 11)

LOG_LINES = 30
"""How many of a log's last lines an error carries."""


class ServerError(RuntimeError):
    """The servers could not be prepared, started or reached; the text has the last lines of the log."""


def python_version(python: str) -> tuple[int, int] | None:
    """Return major and minor version of an interpreter, or None when it cannot be run."""
    if python == sys.executable:
        return sys.version_info[:2]
    code = "import sys; print(*sys.version_info[:2])"
    try:
        answer = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return None
    major, minor = answer.stdout.split()
    return int(major), int(minor)


def clean_environment(**additions: str) -> dict[str, str]:
    """Return the environment for the servers' programs, without what could bend them.

    oslo.config takes options from variables named OS_<group>__<option>, Keystone from OS_BOOTSTRAP_*, and a proxy would
    catch what the servers say to each other on loopback.
    """
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("OS_", "PYTHON")) and not name.lower().endswith("_proxy")
    }
    return {**environment, "PYTHONUNBUFFERED": "1", **additions}


def as_user(name: str | None) -> dict[str, Any]:
    """Return what lets a program run as another user; nothing for the caller."""
    return {} if name is None else {"user": name, "group": name, "extra_groups": []}


def last_lines(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-LOG_LINES:])


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    environment: Mapping[str, str] | None = None,
    user: str | None = None,
) -> None:
    """Run a program to its end; when it fails, raise with the last lines of what it said."""
    result = subprocess.run(
        command,
        cwd=cwd,
        env=clean_environment() if environment is None else dict(environment),
        **as_user(user),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        name = " ".join(str(part) for part in command[:2])
        message = f"{name} ... ended with status {result.returncode}:\n{last_lines(result.stdout)}"
        raise ServerError(message)


def write_private(path: Path, text: str) -> None:
    """Write a file that nobody else can read, not even for a moment; the old file, if any, is replaced as a whole."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)


class VirtualEnvironment:
    """The servers' own Python environment; made once for one set of pins."""

    def __init__(self, directory: Path, python: str, requirements: Path) -> None:
        self.directory = directory
        self._python = python
        self._requirements = requirements

    def program(self, name: str) -> Path:
        """Return the path of an installed program."""
        return self.directory / "bin" / name

    def make(self) -> None:
        """Install the requirements, unless an environment of earlier is still right."""
        marker = self.directory / "longrunning-requirements.txt"
        wanted = f"# Python {python_version(self._python)}\n{self._requirements.read_text(encoding='utf-8')}"
        if marker.is_file() and marker.read_text(encoding="utf-8") == wanted:
            return
        # Half an environment, or one for other pins: a new one is made in seconds, a repaired one is never quite known.
        shutil.rmtree(self.directory, ignore_errors=True)
        python = self.program("python")
        # The installers read their settings (an index to use, a cache) from the environment and from files, so they
        # get the environment as it is.
        environment = dict(os.environ)
        uv = self._uv()
        if uv:
            steps: list[list[str | Path]] = [
                [*uv, "venv", "--quiet", "--python", self._python, self.directory],
                [*uv, "pip", "install", "--quiet", "--python", python, "--requirement", self._requirements],
            ]
        else:
            steps = [
                [self._python, "-m", "venv", self.directory],
                [python, "-m", "pip", "install", "--quiet", "--requirement", self._requirements],
            ]
        for step in steps:
            run(step, cwd=self.directory.parent, environment=environment)
        # Last of all, so that an interrupted installation is not taken for a whole one.
        marker.write_text(wanted, encoding="utf-8")

    @staticmethod
    def _uv() -> list[str | Path]:
        """Return how to call uv, which is ten times as quick as pip here; empty when it is not installed."""
        if importlib.util.find_spec("uv"):
            return [sys.executable, "-m", "uv"]
        found = shutil.which("uv")
        return [found] if found else []
