# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a sushy-emulator can prove of the ready definition for Redfish: the look at a task, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from definition_player import DEFINITIONS, DefinitionPlayer

if TYPE_CHECKING:
    from pathlib import Path

    from sushy_server import SushyServer

pytestmark = pytest.mark.on_demand


@pytest.fixture(scope="module")
def player(sushy: SushyServer, tmp_path_factory: pytest.TempPathFactory) -> DefinitionPlayer:
    """Play the definition without its login."""
    folder: Path = tmp_path_factory.mktemp("plays")
    definition = yaml.safe_load((DEFINITIONS / "redfish.yml").read_text(encoding="utf-8"))
    del definition["login"]
    (folder / "without_login.yml").write_text(yaml.safe_dump(definition), encoding="utf-8")
    return DefinitionPlayer(folder, str(folder / "without_login"), sushy.url)


def test_a_task_that_has_ended(player: DefinitionPlayer) -> None:
    """A wait for it ends at once, with the task's fields."""
    run = player.play("task_wait", task_ids=["42"])
    assert not run.failed, run.msg
    (task,) = run.result["tasks"]
    assert (task["state"], task["raw_state"], task["name"], task["percent"]) == (
        "succeeded",
        "Completed",
        "Task 42",
        100,
    )


def test_an_unknown_id(player: DefinitionPlayer) -> None:
    """It is told as such."""
    run = player.play("task_info", task_ids=["43"])
    assert "43" in run.msg
    assert run.result["reason"] == "not_found"


def test_a_service_without_sessions(sushy: SushyServer, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The definition as it is says what it misses, and takes that for no missing task."""
    player = DefinitionPlayer(tmp_path_factory.mktemp("plays"), "redfish", sushy.url, ("wrong-secret",))
    run = player.play("task_info", {"username": "root", "password": "wrong-secret"}, task_ids=["42"])
    assert "/redfish/v1/SessionService/Sessions" in run.msg
    assert run.result["reason"] != "not_found"
