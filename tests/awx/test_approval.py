# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook awx_approval: it decides about the workflow whose job handed the task's ID on, and about no other."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
from awx_server import TOKEN, AwxServer
from installed import COLLECTIONS

TASK = "d8dd8c24-2534-473c-881f-9097bc784068"


@pytest.fixture
def awx():
    with AwxServer() as server:
        yield server


@pytest.fixture
def decide(awx, tmp_path):
    """Return a function that runs the playbook, and returns its status and output."""

    def run(decision="approve", *, token=TOKEN, **variables):
        variables = {"awx_approval_task_id": TASK, "awx_approval_decision": decision, **variables}
        done = subprocess.run(
            ["ansible-playbook", "-v", "longrunning.tasks.awx_approval", "-e", json.dumps(variables)],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env={
                **os.environ,
                "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
                "ANSIBLE_HOME": str(tmp_path / "ansible-home"),
                "ANSIBLE_REMOTE_TMP": str(tmp_path / "remote-temp"),
                "CONTROLLER_HOST": awx.url,
                "CONTROLLER_OAUTH_TOKEN": token,
            },
        )
        return done.returncode, done.stdout + done.stderr

    return run


def statuses(awx):
    return [approval["status"] for approval in awx.workflows.approvals.values()]


@pytest.mark.parametrize(("decision", "status"), [("approve", "successful"), ("deny", "failed")])
def test_the_workflow_of_the_task_goes_on(awx, decide, decision, status):
    awx.workflows.add(image_import_task_id="another task")
    awx.workflows.add(wait_for_tasks_task_ids=["another task", TASK], wait_for_tasks_outcome="launched")
    # AWX shows so what no_log hides.
    awx.workflows.add_hidden()
    code, output = decide(decision)
    assert code == 0, output
    assert statuses(awx) == ["pending", status, "pending"]


def test_a_workflow_that_has_not_come_that_far_is_a_failure_to_be_tried_again(awx, decide):
    awx.workflows.add(image_import_task_id="another task")
    code, output = decide()
    assert (code, statuses(awx)) == (2, ["pending"])
    assert f"No approval is pending in a workflow whose job handed on the task {TASK}" in output


def test_a_person_who_decides_meanwhile_wins(awx, decide):
    approval = awx.workflows.add(image_import_task_id=TASK)
    awx.workflows.decided_meanwhile(approval, "failed")
    code, output = decide()
    assert code == 0, output
    assert statuses(awx) == ["failed"]
    assert "changed=0" in output


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"decision": "perhaps"}, "approve or deny as awx_approval_decision"),
        ({"token": ""}, "a token as CONTROLLER_OAUTH_TOKEN"),
        ({"token": "wrong"}, "401"),
    ],
)
def test_what_is_wrong_is_told(awx, decide, variables, told):
    awx.workflows.add(image_import_task_id=TASK)
    code, output = decide(**variables)
    assert code == 2
    assert told in " ".join(output.split())
    assert statuses(awx) == ["pending"]
