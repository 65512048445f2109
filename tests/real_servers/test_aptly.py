# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ready definition for aptly against a real one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aptly_server import RELEASE
from definition_proof import Case, DefinitionProof, one_task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aptly_server import AptlyServer
    from definition_proof import Show
    from playbook_runner import Run

SNAPSHOT = {"path": "/api/repos/main/snapshots?_async=1", "body": {"Name": "today"}}


@pytest.fixture(scope="module")
def case(aptly: AptlyServer) -> Iterator[Case]:
    """Make a snapshot; make it again; update a mirror whose upstream keeps it waiting."""
    aptly.upstream.hold(RELEASE)
    yield Case(
        definition="aptly",
        api_url=aptly.url,
        good=SNAPSHOT,
        bad=SNAPSHOT,
        long={"path": "/api/mirrors/patient?_async=1", "method": "PUT", "body": {"IgnoreSignatures": True}},
        reason="snapshot with name today already exists",
        unknown_id="4711",
    )
    aptly.upstream.release(RELEASE)


class TestAptly(DefinitionProof):
    """aptly's tasks, which nobody can cancel."""

    def in_the_list(self) -> dict[str, str]:
        """Return those that have ended."""
        return {"good": "succeeded", "bad": "failed", "after": "running"}

    def test_cancel(self, played: dict[str, Run], show: Show) -> None:
        """It is told that the API has no such request."""
        run = played["cancelled"]
        show("cancel", run.msg)
        assert "cancel" in run.msg
        assert one_task(played["after"])["state"] == "running"

    def test_fields(self, played: dict[str, Run]) -> None:
        """States are numbers; what a task printed is asked for apart."""
        assert (one_task(played["good"])["raw_state"], one_task(played["bad"])["raw_state"]) == ("2", "3")
        assert "already exists" in one_task(played["bad"])["error"]["detail"]
