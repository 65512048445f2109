# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Play the playbooks of custom definitions, and look at their output for what must not be there."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
DEFINITIONS = HERE.parents[1] / "docs" / "definitions"
PLAY_TIMEOUT = 120


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The registered result of a playbook's module, and all that was printed."""

    result: dict[str, Any]
    output: str

    @property
    def failed(self) -> bool:
        """Whether the module failed."""
        return bool(self.result.get("failed", False))

    @property
    def msg(self) -> str:
        """The text of a failure."""
        assert self.failed, self.result
        text: str = self.result["msg"]
        assert "Traceback" not in text
        return text

    @property
    def states(self) -> list[str]:
        """The states of the returned tasks."""
        return [task["state"] for task in self.result["tasks"]]


class DefinitionPlayer:
    """Runs ``custom_<module>.yml`` with one of the documented definitions."""

    def __init__(self, folder: Path, definition: str, api_url: str, secrets: tuple[str, ...] = ()) -> None:
        """Work in a folder; none of the secrets may turn up in an output."""
        self._folder = folder
        self._variables = {"definition_file": str(DEFINITIONS / f"{definition}.yml"), "api_url": api_url}
        self._secrets = secrets
        self._count = 0
        (folder / "ansible.cfg").touch()

    def play(self, module: str, login: dict[str, str] | None = None, **options: object) -> Outcome:
        """Run a module with these options and return what came out."""
        self._count += 1
        report = self._folder / f"report-{self._count}.json"
        # In a file, as everybody can read the arguments of a process.
        variables = self._folder / f"variables-{self._count}.json"
        variables.touch(mode=0o600)
        content = {**self._variables, "login": login or {}, "options": options, "report": str(report)}
        variables.write_text(json.dumps(content), encoding="utf-8")
        program = Path(sys.executable).with_name("ansible-playbook")
        result = subprocess.run(
            [program, "-vvv", "-e", f"@{variables}", HERE / "playbooks" / f"custom_{module}.yml"],
            cwd=self._folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=PLAY_TIMEOUT,
            check=False,
        )
        assert result.returncode == 0, result.stdout[-4000:]
        assert "MODULE FAILURE" not in result.stdout, result.stdout[-4000:]
        reported = report.read_text(encoding="utf-8")
        leaks = [number for number, secret in enumerate(self._secrets) if secret in result.stdout + reported]
        assert not leaks, f"secrets number {leaks} are in the output"
        return Outcome(json.loads(reported), result.stdout)

    def _environment(self) -> dict[str, str]:
        inherited = {
            name: value
            for name, value in os.environ.items()
            # They would log in somewhere else, and a proxy would catch what goes to loopback.
            if not name.startswith("LONGRUNNING_") and not name.lower().endswith("_proxy")
        }
        return {
            **inherited,
            "ANSIBLE_CONFIG": str(self._folder / "ansible.cfg"),
            "ANSIBLE_HOME": str(self._folder / "home"),
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "False",
            "ANSIBLE_LOCALHOST_WARNING": "False",
            "ANSIBLE_LOCAL_TEMP": str(self._folder / "local"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_REMOTE_TMP": str(self._folder / "remote"),
            "LC_ALL": "C.UTF-8",
        }
