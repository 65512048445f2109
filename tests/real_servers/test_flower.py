# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ready definition for Flower against a real one, with Celery and Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from definition_proof import Case, DefinitionProof, one_task

if TYPE_CHECKING:
    from flower_server import FlowerServer
    from playbook_runner import Run

NAP = "/api/task/async-apply/jobs.nap"
WRONG = "quite-the-wrong-password"


@pytest.fixture(scope="module")
def case(flower: FlowerServer) -> Case:
    """Sleep for a moment, fail at once, sleep long."""
    return Case(
        definition="flower",
        api_url=flower.url,
        good={"path": NAP, "body": {"args": [0.5]}},
        bad={"path": NAP, "body": {"args": [0, True]}},
        long={"path": NAP, "body": {"args": [300]}},
        reason="the disk is full",
        unknown_id="00000000-0000-4000-8000-000000000000",
        login={"username": flower.username, "password": flower.password},
        wrong_login={"password": WRONG},
        secrets=(flower.password, WRONG),
    )


class TestFlower(DefinitionProof):
    """Tasks that sleep."""

    def test_fields(self, played: dict[str, Run]) -> None:
        """What Flower knows of a task is where a playbook looks for it."""
        task = one_task(played["good"])
        assert task["type"] == "jobs.nap"
        assert task["result"] == "{'napped': 0.5}"
        assert task["created_at"] <= task["started_at"] <= task["finished_at"]
