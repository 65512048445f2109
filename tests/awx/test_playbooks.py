# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each playbook of the collection as a job, with the answers of a survey, and what it hands on to a workflow."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field

import pytest
from installed import COLLECTION

GOOD, BROKEN = (f"00000000-0000-4000-8000-00000000{name}" for name in ("600d", "bad0"))
IMAGE = "1d944ab7-6748-4f3c-b7e2-3553bf006677"


@pytest.fixture
def clock():
    """Let the simulated vendors' tasks take their time: it is short."""
    began = time.monotonic()
    return lambda: time.monotonic() - began


@dataclass(frozen=True)
class Case:
    """A playbook, the answers of its survey besides those that shorten the wait, and what it leaves.

    ``answers`` and ``left`` are without the role's name before them.
    """

    playbook: str
    role: str
    vendor: str
    answers: dict
    status: str
    left: dict = field(repr=False)
    #: Of the launch at the simulator; the usual one succeeds.
    launches: tuple = ()
    tasks: tuple = ()


def rackspace(task_type, source, **end):
    return {"provider": "rackspace_images", "match": {"type": task_type}, "steps": [], "end": end}


IMPORT = {"provider": "rackspace_images", "name": "golden", "source": "exports/golden.vhd", "force": "false"}
EXPORT = {"provider": "rackspace_images", "image_id": IMAGE, "container": "exports", "accept_existing": "true"}
TRANSFER = {"from_user": "1397687227244555008", "to_user": "1507947856550550784"}
SWITCHOVER = {"configuration_id": 1, "primary": "db2.example.com", "database_type": "oracle"}
KOODRIVE, DBVISIT = "Huawei Cloud KooDrive", "Dbvisit StandbyMP"
RACKSPACE = "Rackspace Cloud Images"
TASKS = (
    {"provider": "rackspace_images", "id": GOOD, "steps": [], "end": {"state": "success"}},
    {"provider": "rackspace_images", "id": BROKEN, "steps": [], "end": {"state": "failure", "code": "614"}},
)
WAIT = {"provider": "rackspace_images", "accept_failure_codes": ""}
OPTIONS = {"timeout": 60, "poll_interval": 0.5, "wait_for": "all", "on_failure": "fail"}
CASES = {
    "wait, good": Case(
        "wait",
        "wait_for_tasks",
        RACKSPACE,
        {**WAIT, "ids": GOOD},
        "successful",
        {"outcome": "succeeded", "changed": False, "failure_codes": [], "failed_task_ids": [], "pending_task_ids": []},
        tasks=TASKS,
    ),
    "wait, bad": Case(
        "wait",
        "wait_for_tasks",
        RACKSPACE,
        {**WAIT, "ids": f"{GOOD}, {BROKEN}"},
        "failed",
        {"outcome": "failed", "failure_codes": ["614"], "failed_task_ids": [BROKEN], "retryable": False},
        tasks=TASKS,
    ),
    "import, good": Case(
        "image_import",
        "image_import",
        RACKSPACE,
        IMPORT,
        "successful",
        {"outcome": "succeeded", "changed": True, "image_id": IMAGE},
        launches=(rackspace("import", "golden", state="success", result={"image_id": IMAGE}),),
    ),
    "import, bad": Case(
        "image_import",
        "image_import",
        RACKSPACE,
        IMPORT,
        "failed",
        {"outcome": "failed", "changed": True, "failure_code": "396", "retryable": True},
        launches=(rackspace("import", "golden", state="failure", code="396"),),
    ),
    "export, good": Case(
        "image_export",
        "image_export",
        RACKSPACE,
        EXPORT,
        "successful",
        {"outcome": "succeeded", "changed": True, "location": f"exports/{IMAGE}.vhd"},
        launches=(rackspace("export", "golden", state="success", result={"export_location": f"exports/{IMAGE}.vhd"}),),
    ),
    "transfer, bad": Case(
        "drive_transfer",
        "drive_transfer",
        KOODRIVE,
        TRANSFER,
        "failed",
        {"outcome": "failed", "changed": True, "failure_code": "18000205", "retryable": False},
        launches=({"provider": "huawei_koodrive", "steps": [], "end": {"state": 3, "code": "18000205"}},),
    ),
    "switchover, good": Case(
        "standby_switchover",
        "standby_switchover",
        DBVISIT,
        SWITCHOVER,
        "successful",
        {"outcome": "succeeded", "changed": True},
        launches=({"provider": "dbvisit_standby", "steps": [], "end": {"state": "End"}},),
    ),
}


def credential(vendor, url, secrets):
    """Return the fields that a person fills in for a credential."""
    return {
        RACKSPACE: {"username": "demo", "api_key": secrets["api_key"], "region": "DFW", "auth_url": url},
        KOODRIVE: {"api_url": url, "api_token": secrets["api_key"], "user_id": "1395497048157130881"},
        DBVISIT: {"api_url": url, "username": "admin", "password": secrets["password"]},
    }[vendor]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_playbook_as_a_job(launch, simulate, secrets, case):
    simulator = simulate(
        {
            "credentials": {
                "rackspace_images": {"username": "demo", "api_key": secrets["api_key"], "regions": ["DFW"]},
                "huawei_koodrive": {"api_tokens": [secrets["api_key"]]},
                "dbvisit_standby": {"username": "admin", "password": secrets["password"]},
            },
            "tasks": list(case.tasks),
            "launches": list(case.launches),
        }
    )
    answers = {f"{case.role}_{name}": value for name, value in case.answers.items()}
    answers |= {f"longrunning_tasks_{name}": value for name, value in OPTIONS.items()}
    job = launch(
        f"longrunning.tasks.{case.playbook}",
        {case.vendor: credential(case.vendor, simulator.url, secrets)},
        answers=answers,
    )
    assert job.status == case.status, job.stdout
    kept = {name: job.artifacts.get(f"{case.role}_{name}", "is missing") for name in case.left}
    assert kept == case.left
    # What a workflow gets is small, and the failure's words are in it.
    assert len(json.dumps(job.artifacts)) < 4000
    message = job.artifacts[f"{case.role}_message"]
    failures = [event["event_data"]["res"] for event in job.events if event["event"] == "runner_on_failed"]
    # A failure is told once, by the module.
    assert [failure["msg"] for failure in failures] == ([message] if case.status == "failed" else [])
    assert job.events[-1]["event"] == "playbook_on_stats"
    changed = job.events[-1]["event_data"]["changed"].get("localhost", 0)
    assert bool(changed) is case.left.get("changed", False)


def test_the_demo_as_a_job(launch):
    job = launch("longrunning.tasks.demo", {}, answers={})
    assert job.status == "successful", job.stdout
    assert "What happened: The file is not a valid VHD (code 396)." in job.stdout


def test_every_playbook_is_run_as_a_job():
    # awx_setup makes the job templates, and is run in test_setup.py; awx_approval is run in test_approval.py.
    playbooks = {path.stem for path in COLLECTION.joinpath("playbooks").glob("*.yml")} - {"awx_setup", "awx_approval"}
    assert playbooks == {case.playbook for case in CASES.values()} | {"demo"}
