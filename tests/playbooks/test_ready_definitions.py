# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every ready definition by its name in a playbook, against a server that answers as its golden examples do."""

from __future__ import annotations

import contextlib
import json
import os
import sys

import pytest

# The golden examples are read by the collection's own code.
sys.path.append(os.environ["LONGRUNNING_TESTS_COLLECTIONS"])

from unit.support.definitions import PlayedApi, every_described
from unit.support.socket_server import serving

SHIPPED = [one for one in every_described() if one.is_shipped]


@pytest.mark.newest
def test_every_ready_definition_waits(run_playbook, tmp_path):
    with contextlib.ExitStack() as servers:
        apis = []
        for one in SHIPPED:
            for state in ("succeeded", "failed"):
                api = PlayedApi(one, one.example(state))
                url = servers.enter_context(serving(api)).url
                options = {**api.options(url), "definition": one.name, "task_id": api.task_id(url)}
                apis.append({"name": f"{one.name} {state}", "options": options})
        run_playbook("ready_definitions.yml", apis=apis).assert_clean()
    waits = json.loads((tmp_path / "waits.json").read_text(encoding="utf-8"))
    ended = {f"{api['name']}": wait["tasks"][0] if wait["tasks"] else wait["msg"] for api, wait in zip(apis, waits)}
    for one in SHIPPED:
        for state in ("succeeded", "failed"):
            (expected,) = one.example(state).expected_tasks
            found = ended[f"{one.name} {state}"]
            assert (found["state"], found["raw_state"]) == (state, expected["raw_state"])
