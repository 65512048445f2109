# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ready definition for Ganeti against a real cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from definition_proof import Case, DefinitionProof, one_task

if TYPE_CHECKING:
    from ganeti_server import GanetiServer
    from playbook_runner import Run

WRONG = "quite-the-wrong-password"


@pytest.fixture(scope="module")
def case(ganeti: GanetiServer) -> Case:
    """Tag the cluster, remove an instance that is none, and do something for which the node's lock is missing."""
    return Case(
        definition="ganeti",
        api_url=ganeti.url,
        good={"path": "/2/tags?tag=good", "method": "PUT"},
        bad={"path": "/2/instances/nobodys", "method": "DELETE"},
        long={"path": "/2/redistribute-config", "method": "PUT"},
        reason="Instance 'nobodys' not known",
        unknown_id="4711",
        login={"username": ganeti.username, "password": ganeti.password, "ca_path": str(ganeti.ca_path)},
        wrong_login={"password": WRONG},
        secrets=(ganeti.password, WRONG),
        inside=ganeti.inside,
    )


@pytest.mark.on_demand
class TestGaneti(DefinitionProof):
    """Jobs of the cluster."""

    def test_fields(self, played: dict[str, Run]) -> None:
        """The names of a job's parts are its name, and a failure has its kind as code."""
        assert one_task(played["good"])["name"] == "TAGS_SET"
        assert one_task(played["bad"])["error"]["code"] == "OpPrereqError"
