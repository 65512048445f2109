# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every ready definition has to show on its real server: one playbook, and a test for each thing that it does.

A subclass of ``DefinitionProof`` has a fixture ``case``, which says what is launched at its server.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from playbook_runner import PlaybookRunner, Run, told
from real_server import RealServer

DEFINITIONS = Path(__file__).resolve().parents[2] / "plugins" / "plugin_utils" / "task_definitions"
Show = Callable[[str, object], None]


@dataclasses.dataclass(frozen=True)
class Case:
    """What is launched at a server, and what comes of it. A launch has a path, and if wanted a method and a body."""

    definition: str
    api_url: str
    good: Mapping[str, object]
    bad: Mapping[str, object]
    long: Mapping[str, object]
    #: Words of the failure's reason.
    reason: str
    unknown_id: str
    #: Options of the modules.
    login: Mapping[str, str] = dataclasses.field(default_factory=dict)
    #: What is wrong in a wrong login. Without any, the API has no login.
    wrong_login: Mapping[str, str] = dataclasses.field(default_factory=dict)
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    #: What no output may hold.
    secrets: tuple[str, ...] = ()
    #: The command that runs ansible-playbook, where the server is in another network.
    inside: tuple[str, ...] = ()
    #: How long the wait that is too short waits.
    long_seconds: float = 1

    def play(self, folder: Path) -> dict[str, Run]:
        """Play the playbook and return what each of its tasks registered."""
        variables = {
            "definition_name": self.definition,
            "api_url": self.api_url,
            "right_login": self.login,
            "wrong_login": self.wrong_login,
            "launches": {"good": self.good, "bad": self.bad, "long": self.long},
            "launch_headers": self.headers,
            "unknown_id": self.unknown_id,
            "long_seconds": self.long_seconds,
        }
        runner = PlaybookRunner(folder, self.secrets)
        played = runner.run("prove_definition.yml", variables, inside=self.inside)
        return {name: Run(result, played.output) for name, result in played.result.items()}


def case_of(server: RealServer, *, trust: Mapping[str, str] | None = None, **facts: Any) -> Case:
    """Return the case of a server, with its login, if any. ``trust`` are further options of the login."""
    login, wrong = dict(trust or {}), "quite-the-wrong-password"
    if server.username:
        login |= {"username": server.username, "password": server.password}
        facts |= {"wrong_login": {"password": wrong}, "secrets": (server.password, wrong)}
    return Case(api_url=server.url, login=login, **facts)


def one_task(run: Run) -> dict[str, Any]:
    """Return the only task of a result."""
    assert "tasks" in run.result, run.result.get("msg", run.result)
    (task,) = run.result["tasks"]
    assert isinstance(task, dict)
    return task


class DefinitionProof:
    """The tests. Their fixture ``played`` plays the playbook once for a class."""

    def test_success(self, played: dict[str, Run], show: Show) -> None:
        """The result of the launch is enough to wait, until the task has succeeded."""
        run = played["good"]
        assert run.good
        task = one_task(run)
        show("succeeded", told(task["history"]))
        assert (run.result["outcome"], task["state"]) == ("succeeded", "succeeded")

    def test_failure(self, played: dict[str, Run], case: Case, show: Show) -> None:
        """The message has the server's reason."""
        run = played["bad"]
        show("failed", run.msg)
        assert case.reason in run.msg
        assert (run.result["outcome"], run.states) == ("failed", ["failed"])

    def test_running(self, played: dict[str, Run], show: Show) -> None:
        """A wait that is too short ends, and the task is in the list of those that are not finished."""
        run = played["too_short"]
        show("too short", run.msg)
        assert run.result["outcome"] == "timed_out"
        assert one_task(run)["state"] in ("queued", "running")
        unfinished = played["unfinished"]
        assert unfinished.good
        assert one_task(run)["id"] in self.ids(unfinished)

    def test_cancel(self, played: dict[str, Run], show: Show) -> None:
        """A task that was cancelled has ended, and is no success."""
        run = played["cancelled"]
        show("cancel", run.result["msg"])
        assert run.good
        assert (run.result["outcome"], run.states) == ("cancelled", ["cancelled"])
        after = played["after"]
        show("wait for what was cancelled", after.msg)
        assert (after.result["outcome"], after.states) == ("failed", ["cancelled"])

    def test_list(self, played: dict[str, Run], show: Show) -> None:
        """All tasks are in the list, each once."""
        run = played["all"]
        assert run.good
        ids = self.ids(run)
        show("list", f"{len(ids)} tasks")
        assert len(ids) == len({*ids})
        states = {task["id"]: task["state"] for task in run.result["tasks"]}
        for name, state in self.in_the_list().items():
            assert states[one_task(played[name])["id"]] == state

    def in_the_list(self) -> dict[str, str]:
        """Return which tasks of the playbook the list has at its end, and their states."""
        return {"good": "succeeded", "bad": "failed", "after": "cancelled"}

    def test_info(self, played: dict[str, Run]) -> None:
        """A task that failed is no failure of the look; its times are in order."""
        run = played["looked"]
        assert run.good
        assert run.states == ["succeeded", "failed"]
        for task in run.result["tasks"]:
            times = [task[name] for name in ("created_at", "started_at", "finished_at") if task[name]]
            assert times == sorted(times)

    def test_unknown_id(self, played: dict[str, Run], case: Case, show: Show) -> None:
        """It is told as such."""
        run = played["unknown"]
        show("unknown", run.msg)
        assert case.unknown_id in run.msg
        assert run.result["reason"] == "not_found"

    def test_wrong_login(self, played: dict[str, Run], case: Case, show: Show) -> None:
        """It is told as such, and never taken for a task that does not exist."""
        if not case.wrong_login:
            assert played["refused"].result["skipped"]
            return
        run = played["refused"]
        show("refused", run.msg)
        assert run.result["reason"] in ("authentication", "permission")

    @staticmethod
    def ids(run: Run) -> list[str]:
        """Return the IDs of a result."""
        return [task["id"] for task in run.result["tasks"]]
