# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter timeline in a playbook: waits in a loop become one picture."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

GOOD, BROKEN, MISSING = (f"11111111-0000-4000-8000-00000000000{number}" for number in range(1, 4))


@pytest.mark.smoke
def test_draws_a_loop_of_waits(run_playbook, simulate, tmp_path):
    task = {"provider": "rackspace_images", "type": "import", "steps": [{"state": "processing", "seconds": 2}]}
    tasks = [
        {**task, "id": GOOD, "end": {"state": "success"}},
        {**task, "id": BROKEN, "end": {"state": "failure", "code": "396"}},
    ]
    picture = tmp_path / "picture.svg"
    run = run_playbook(
        "timeline.yml",
        url=simulate({"tasks": tasks}).url,
        waits=[[GOOD, BROKEN], [MISSING]],
        picture=str(picture),
    )
    run.assert_clean()
    texts = [element.text for element in ET.parse(picture).iter() if element.tag.endswith("}text")]  # noqa: S314 - ours
    assert texts[0] == "Two <waits>"
    assert "1 succeeded, 1 failed, 1 not found" in texts[1]
    assert [text for text in texts if "code 396" in text]
