# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ready definition for LXD against a real one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from definition_proof import Case, DefinitionProof, one_task

if TYPE_CHECKING:
    from definition_proof import Show
    from lxd_server import LxdServer
    from playbook_runner import Run


def download(lxd: LxdServer, name: str) -> dict[str, object]:
    """Return the launch of a download."""
    return {"path": "/1.0/images", "body": {"source": {"type": "url", "url": f"{lxd.images.url}/{name}"}}}


@pytest.fixture(scope="module")
def case(lxd: LxdServer) -> Case:
    """Download an image, one with a wrong checksum, and one that never comes."""
    return Case(
        definition="lxd",
        api_url=lxd.url,
        good=download(lxd, "good"),
        bad=download(lxd, "bad"),
        long=download(lxd, "long"),
        reason="Hash mismatch",
        unknown_id="00000000-0000-4000-8000-000000000000",
        login={"client_cert": str(lxd.client_path), "ca_path": str(lxd.ca_path)},
        wrong_login={"client_cert": str(lxd.stranger_path)},
    )


@pytest.mark.on_demand
class TestLxd(DefinitionProof):
    """Downloads of images. Five seconds after their end LXD has forgotten them."""

    def in_the_list(self) -> dict[str, str]:
        """Return nothing: all tasks may be forgotten by then."""
        return {}

    def test_cancel(self, played: dict[str, Run], show: Show) -> None:
        """LXD calls it failed, and means cancelled."""
        run = played["cancelled"]
        show("cancel", run.result["msg"])
        assert (run.failed, run.result["outcome"], run.states) == (False, "cancelled", ["cancelled"])

    def test_info(self, played: dict[str, Run]) -> None:
        """A task that is forgotten is told as such."""
        run = played["looked"]
        assert run.states == ["succeeded", "failed"] if not run.failed else run.result["reason"] == "not_found"

    def test_fields(self, played: dict[str, Run]) -> None:
        """What LXD says of an operation is where a playbook looks for it."""
        task = one_task(played["good"])
        assert (task["name"], task["type"]) == ("Downloading image", "task")
        assert [entry["state"] for entry in task["history"]] == ["running", "succeeded"]
