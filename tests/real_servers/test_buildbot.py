# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ready definition for Buildbot against a real one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from definition_proof import Case, DefinitionProof, one_task

if TYPE_CHECKING:
    from buildbot_server import BuildbotServer
    from playbook_runner import Run

WRONG = "quite-the-wrong-password"


def force(builder: str) -> dict[str, object]:
    """Return the launch of a build."""
    body = {"jsonrpc": "2.0", "id": 1, "method": "force", "params": {"builderNames": [builder], "reason": "a test"}}
    return {"path": "/api/v2/forceschedulers/force", "body": body}


@pytest.fixture(scope="module")
def case(buildbot: BuildbotServer) -> Case:
    """Force a build that succeeds, one that fails, one that has to be stopped."""
    return Case(
        definition="buildbot",
        api_url=buildbot.url,
        good=force("good"),
        bad=force("bad"),
        long=force("long"),
        reason="failed 'false' (failure)",
        unknown_id="4711",
        login={"username": buildbot.username, "password": buildbot.password},
        wrong_login={"password": WRONG},
        headers={"Cookie": buildbot.cookie()},
        secrets=(buildbot.password, WRONG),
    )


class TestBuildbot(DefinitionProof):
    """Forced builds, as requests for builds."""

    def test_fields(self, played: dict[str, Run]) -> None:
        """A failure has its code, and what that means."""
        assert one_task(played["bad"])["error"]["code"] == "2"
        assert "A step of the build failed" in played["bad"].msg
