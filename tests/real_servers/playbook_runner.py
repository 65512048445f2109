# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run playbooks that report what a module returned, and look at their output for what must not be there."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from server_process import PATIENCE, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PLAYBOOKS = Path(__file__).resolve().parent / "playbooks"
TOKEN = re.compile(r"gAAAA[\w-]{20,}")
"""Keystone's tokens (Fernet) all begin like this, so one that leaks is found without being known."""
#: Variables that would log in somewhere else, and a proxy that would catch what goes to loopback.
FOREIGN = re.compile(r"(OS|LONGRUNNING)_.*|.*_proxy", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Run:
    """What came out of one playbook: the registered result of its module, and all that was printed."""

    result: dict[str, Any]
    output: str

    @property
    def failed(self) -> bool:
        """Whether the module failed."""
        return bool(self.result.get("failed", False))

    @property
    def good(self) -> dict[str, Any]:
        """The result of a module that did not fail."""
        assert not self.failed, self.result["msg"]
        return self.result

    @property
    def msg(self) -> str:
        """The text of a failure, after a look at whether a person can read it."""
        assert self.failed, self.result
        text = self.result["msg"]
        assert isinstance(text, str)
        assert not re.search(r"</?[a-z]+ ?/?>", text), f"HTML in {text!r}"
        assert "\n\n" not in text
        assert "Traceback" not in text
        return text

    @property
    def states(self) -> list[str]:
        """The states of the returned tasks."""
        return [task["state"] for task in self.result["tasks"]]


#: Options of a wait that sees every state.
SOON = {"timeout": 60, "poll_interval": 0.3, "return_history": True}


def play_until_a_look(play: Callable[[], Run], has_looked: Callable[[], bool], then: Callable[[], object]) -> Run:
    """Play, do something when the play has looked, and return what came out."""
    with ThreadPoolExecutor(1) as pool:
        playing = pool.submit(play)
        wait_for("a look", lambda: has_looked() or playing.done())
        then()
        return playing.result()


def told(history: Sequence[Mapping[str, str]]) -> str:
    """Return a task's history in one line."""
    return " -> ".join(f"{change['raw_state']} ({change['state']})" for change in history)


def words(run: Run) -> list[str | None]:
    """Return the words that a wait for one task has seen, in their order."""
    return [change["raw_state"] for change in run.result["task"]["history"]]


class PlaybookRunner:
    """Runs playbooks, one after the other."""

    def __init__(self, folder: Path, secrets: Sequence[str] = ()) -> None:
        """Work in a folder; none of the secrets may turn up in an output."""
        self._folder = folder
        self._secrets = secrets
        # Not even an ansible.cfg of the caller has a say.
        self._configuration = folder / "ansible.cfg"
        self._configuration.touch()
        self._count = 0

    def module(self, name: str, options: Mapping[str, object], **more: Any) -> Run:
        """Run a module of the collection; the test judges what came out."""
        copy = {"content": "{{ outcome | to_json }}", "dest": "{{ report }}", "mode": "0600"}
        tasks = [
            {f"longrunning.tasks.{name}": "{{ options }}", "register": "outcome", "ignore_errors": True},
            {"ansible.builtin.copy": copy},
        ]
        playbook = self._folder / f"{name}.yml"
        # JSON is YAML.
        playbook.write_text(
            json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]), encoding="utf-8"
        )
        return self.run(playbook, {"options": options}, **more)

    def run(
        self,
        playbook: str | Path,
        variables: Mapping[str, object],
        *,
        verbosity: str | None = "-vvv",
        environment: Mapping[str, str] | None = None,
        inside: Sequence[str] = (),
    ) -> Run:
        """Run a playbook of this folder, which writes a result to the file that its variable ``report`` names.

        ``inside``: a command that runs it, as in another network.
        """
        self._count += 1
        report = self._folder / f"report-{self._count}.json"
        # In a file, as everybody can read the arguments of a process.
        variables_file = self._folder / f"variables-{self._count}.json"
        variables_file.touch(mode=0o600)
        variables_file.write_text(json.dumps({**variables, "report": str(report)}), encoding="utf-8")
        program = Path(sys.executable).with_name("ansible-playbook")
        result = subprocess.run(
            [*inside, program, *([verbosity] if verbosity else []), "-e", f"@{variables_file}", PLAYBOOKS / playbook],
            cwd=self._folder,
            env={**self._environment(), **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=PATIENCE,
            check=False,
        )
        output = result.stdout
        self._look_for_leaks(output)
        assert "MODULE FAILURE" not in output, output[-4000:]
        if verbosity is None:
            # A module that fails inside an `except` block shows where it was from -vvv on: that is Ansible's doing.
            assert "Traceback (most recent call last)" not in output, output
        assert result.returncode == 0, output[-4000:]
        reported = report.read_text(encoding="utf-8")
        self._look_for_leaks(reported)
        return Run(json.loads(reported), output)

    def _look_for_leaks(self, text: str) -> None:
        """Fail when a secret is in a text, without showing either: not in the assertion, not among the arguments."""
        __tracebackhide__ = True
        leaks = [number for number, secret in enumerate(self._secrets) if secret in text]
        has_token = TOKEN.search(text) is not None
        assert (leaks, has_token) == ([], False), "secrets of these numbers, or a token, are in the output"

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not FOREIGN.fullmatch(name)}
        return {
            **inherited,
            "ANSIBLE_CONFIG": str(self._configuration),
            "ANSIBLE_HOME": str(self._folder / "home"),
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "False",
            "ANSIBLE_LOCALHOST_WARNING": "False",
            "ANSIBLE_LOCAL_TEMP": str(self._folder / "local"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_REMOTE_TMP": str(self._folder / "remote"),
            "ANSIBLE_RETRY_FILES_ENABLED": "False",
            "LC_ALL": "C.UTF-8",
        }
