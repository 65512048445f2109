# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example of every ready definition on their page, against a server that answers as its golden examples do."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from pathlib import Path

import pytest
import yaml

# The golden examples are read by the collection's own code.
sys.path.append(os.environ["LONGRUNNING_TESTS_COLLECTIONS"])

from unit.support.definitions import PlayedApi, every_described
from unit.support.socket_server import serving

PAGE = Path(__file__).parents[2] / "docs" / "docsite" / "rst" / "ready_definitions.rst"
#: What the server's task stands for, and what plain HTTP has no use for.
APART = {"launch_results", "task_ids", "client_cert", "client_key", "ca_path"}
SHIPPED = [one for one in every_described() if one.is_shipped]


def examples():
    """Return the options in the example of each definition."""
    blocks = re.findall(r"(?m)^\.\. code-block:: yaml\n\n((?:   .*\n)+)", PAGE.read_text(encoding="utf-8"))
    tasks = [yaml.safe_load(block)[0]["longrunning.tasks.task_wait"] for block in blocks]
    return {task["definition"]: task for task in tasks}


@pytest.mark.newest
def test_the_example_of_every_ready_definition_waits(run_playbook, tmp_path):
    shown = examples()
    with contextlib.ExitStack() as servers:
        apis = []
        for one in SHIPPED:
            for state in ("succeeded", "failed"):
                api = PlayedApi(one, one.example(state))
                url = servers.enter_context(serving(api)).url
                known = {**api.options(url), "definition": one.name}
                # What the example launches is the task that the server has.
                options = {key: known.get(key, value) for key, value in shown[one.name].items() if key not in APART}
                options["task_id"] = api.task_id(url)
                apis.append({"name": f"{one.name} {state}", "options": options})
        run_playbook("ready_definitions.yml", apis=apis).assert_clean()
    waits = json.loads((tmp_path / "waits.json").read_text(encoding="utf-8"))
    ended = {f"{api['name']}": wait["tasks"][0] if wait["tasks"] else wait["msg"] for api, wait in zip(apis, waits)}
    for one in SHIPPED:
        for state in ("succeeded", "failed"):
            (expected,) = one.example(state).expected_tasks
            found = ended[f"{one.name} {state}"]
            assert (found["state"], found["raw_state"]) == (state, expected["raw_state"])
