# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Definitions by name: where they are found, and that it does not matter where the module runs."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from unit.support.json_server import JsonHandler, serving

PLAYS = Path(__file__).parent / "plays"
ROBOTS = """\
get: {path: "/{id}"}
fields: {state: state, name: "'of another collection'"}
states: {done: succeeded}
"""
#: What is told of each of the playbook's mistakes.
MISTAKES = [
    r"^definition is 'bakup', and there is no file 'bakup.yml' or .* in .*plays/task_definitions or .*mean backup\?$",
    r"^definition is 'acme.apis.robot', and there is no file .* Did you mean robots\?$",
    r"^definition is 'nobody.apis.robot', and the collection nobody.apis is not installed$",
    r"^definition: .*/no_mapping.yml cannot be used: it contains no mapping",
    r"^definition is 'no/such/file.yml', and there is no such file in .*plays/task_definitions or .*plays$",
    r"^definition is text, but not JSON.* \| from_yaml",
    r"^Neither provider nor definition is given",
    r"^definition is for provider custom, and provider is rackspace_images",
    r"^definition is wrong at \$: expected object, got array$",
]
#: Keys whose values differ between any two runs or hosts, and ansible-core's own of a module.
VOLATILE = {
    *("at", "elapsed", "delta", "start", "end", "ansible_job_id", "results_file"),
    *("ansible_delegated_vars", "ansible_parsed"),
}


class Server(JsonHandler):
    """The server of aptly, and of what the definitions of the test describe."""

    def do_GET(self):
        if self.path.endswith("/output"):
            return self.answer(200, "published")
        return self.answer(200, {"ID": 17, "State": 2, "id": "a", "state": "done"})


@pytest.fixture
def collections(tmp_path):
    """Return the folder of another collection, which brings a definition."""
    root = tmp_path / "collections"
    folder = root / "ansible_collections" / "acme" / "apis" / "plugins" / "plugin_utils" / "task_definitions"
    folder.mkdir(parents=True)
    (folder / "robots.yml").write_text(ROBOTS, encoding="utf-8")
    return root


def settled(value):
    """Return a result without what differs between any two runs or hosts."""
    if isinstance(value, dict):
        return {key: settled(item) for key, item in value.items() if key not in VOLATILE}
    if isinstance(value, list):
        return [settled(item) for item in value]
    return re.sub(r"\d+(\.\d+)? s\b", "_ s", value) if isinstance(value, str) else value


@pytest.mark.parametrize(
    "hosts",
    [
        pytest.param(["worker"], marks=[pytest.mark.oldest, pytest.mark.smoke]),
        pytest.param(["worker", "far"], marks=pytest.mark.newest),
    ],
    ids=",".join,
)
def test_a_definition_is_found_by_its_name_wherever_the_work_is_done(run_playbook, collections, tmp_path, hosts):
    with serving(Server) as url:
        run = run_playbook(
            "definitions.yml",
            *("-i", str(PLAYS / "definitions.inventory.yml"), "--limit", ",".join(hosts)),
            url=url,
            method="ansible.builtin.su" if os.geteuid() == 0 else "ansible.builtin.sudo",
            environment={
                "ANSIBLE_COLLECTIONS_PATH": f"{os.environ['LONGRUNNING_TESTS_COLLECTIONS']}{os.pathsep}{collections}",
                "ANSIBLE_PIPELINING": "true",
            },
        )
    run.assert_clean()
    worker, *others = (settled(json.loads((tmp_path / f"{host}.json").read_text(encoding="utf-8"))) for host in hosts)
    assert all(other == worker for other in others)
    assert [item["task"]["name"] for item in worker["case_loop"]["results"]] == [
        "beside the playbook",
        "of the playbook alone",
        "beside the playbook",
        "beside the playbook",
    ]
    assert worker["case_group"]["tasks"][0]["name"] == "beside the playbook"
    assert worker["case_role"]["tasks"][0]["name"] == "in the role"
    assert worker["case_role_playbook"]["tasks"][0]["name"] == "of the playbook alone"
    assert worker["case_own"]["task"]["message"] == worker["case_own_long"]["task"]["message"] == "published"
    assert worker["case_other"]["task"]["name"] == "of another collection"
    assert worker["case_mapping"]["task"]["name"] == "written here"
    for item, pattern in zip(worker["case_mistakes"]["results"], MISTAKES, strict=True):
        assert re.search(pattern, item["msg"]), item["msg"]
        assert (item["reason"], item["outcome"], item["tasks"]) == ("invalid_option", "not_started", [])
