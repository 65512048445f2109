# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ready definition for OGC API Processes against a real pygeoapi."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from definition_proof import Case, DefinitionProof, one_task

if TYPE_CHECKING:
    from definition_proof import Show
    from playbook_runner import Run
    from pygeoapi_server import PygeoapiServer


def execute(**inputs: object) -> dict[str, object]:
    """Return the launch of a job."""
    return {"path": "/processes/slow/execution", "body": {"inputs": inputs}}


@pytest.fixture(scope="module")
def case(pygeoapi: PygeoapiServer) -> Case:
    """Sleep for a moment, fail, sleep long."""
    return Case(
        definition="ogc_api_processes",
        api_url=pygeoapi.url,
        good=execute(seconds=0.5),
        bad=execute(seconds=0, fail=True),
        long=execute(seconds=120),
        reason="no raster there",
        unknown_id="00000000-0000-1000-8000-000000000000",
        headers={"Prefer": "respond-async"},
    )


@pytest.mark.on_demand
class TestPygeoapi(DefinitionProof):
    """Jobs of a process. The list has one of them a page. Of a cancelled one pygeoapi knows nothing any more."""

    def in_the_list(self) -> dict[str, str]:
        """Return those that were not cancelled."""
        return {"good": "succeeded", "bad": "failed"}

    def test_cancel(self, played: dict[str, Run], show: Show) -> None:
        """A job that is gone was not seen to be cancelled, and that is told."""
        run = played["cancelled"]
        show("cancel", run.result["msg"])
        assert (run.failed, run.result["outcome"], run.states) == (False, "gone", ["not_found"])

    def test_fields(self, played: dict[str, Run]) -> None:
        """What the job's status has is where a playbook looks for it."""
        task = one_task(played["good"])
        assert (task["type"], task["percent"]) == ("slow", 100)
