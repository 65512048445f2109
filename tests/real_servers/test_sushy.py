# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a sushy-emulator can prove of the ready definition for Redfish: the look at a task, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from definition_proof import DEFINITIONS
from playbook_runner import PlaybookRunner

if TYPE_CHECKING:
    from collections.abc import Callable

    from playbook_runner import Run
    from sushy_server import SushyServer

    Play = Callable[..., Run]

pytestmark = pytest.mark.on_demand


@pytest.fixture(scope="module")
def play(sushy: SushyServer, tmp_path_factory: pytest.TempPathFactory) -> Play:
    """Play a module with the definition without its login, unless there is another one."""
    without_login = yaml.safe_load((DEFINITIONS / "redfish.yml").read_text(encoding="utf-8"))
    del without_login["login"]
    runner = PlaybookRunner(tmp_path_factory.mktemp("plays"), ("wrong-secret",))
    usual = {"definition": without_login, "api_url": sushy.url}
    return lambda module, **options: runner.module(module, {**usual, **options})


def test_a_task_that_has_ended(play: Play) -> None:
    """A wait for it ends at once, with the task's fields."""
    run = play("task_wait", task_ids=["42"])
    assert run.good
    (task,) = run.result["tasks"]
    assert (task["state"], task["raw_state"], task["name"], task["percent"]) == (
        "succeeded",
        "Completed",
        "Task 42",
        100,
    )


def test_an_unknown_id(play: Play) -> None:
    """It is told as such."""
    run = play("task_info", task_ids=["43"])
    assert "43" in run.msg
    assert run.result["reason"] == "not_found"


def test_a_service_without_sessions(play: Play) -> None:
    """The definition as it is says what it misses, and takes that for no missing task."""
    login = {"username": "root", "password": "wrong-secret"}
    run = play("task_info", definition="redfish", task_ids=["42"], **login)
    assert "/redfish/v1/SessionService/Sessions" in run.msg
    assert run.result["reason"] != "not_found"
