# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks as jobs of AWX: what they leave for a workflow, what is seen meanwhile, and how they are ended."""

from __future__ import annotations

import math
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

GOOD, BROKEN, ENDLESS = (f"00000000-0000-4000-8000-00000000{name}" for name in ("600d", "bad0", "cafe"))
SCENARIO = {
    "tasks": [
        {
            "provider": "rackspace_images",
            "id": GOOD,
            "type": "import",
            "steps": [{"state": "pending", "seconds": 1}, {"state": "processing", "seconds": 2.5}],
            "end": {"state": "success", "result": {"image_id": "1d944ab7-6748-4f3c-b7e2-3553bf006677"}},
        },
        {
            "provider": "rackspace_images",
            "id": BROKEN,
            "type": "import",
            "steps": [{"state": "processing", "seconds": 1}],
            "end": {"state": "failure", "code": "396"},
        },
        {
            "provider": "rackspace_images",
            "id": ENDLESS,
            "type": "import",
            "steps": [{"state": "processing", "seconds": 100000}],
            "end": {"state": "success"},
        },
    ],
}


@pytest.fixture
def rackspace(simulate, secrets):
    """Return a credential for a simulator that plays Rackspace."""
    simulator = simulate(SCENARIO)
    login = {"username": "demo", "api_key": secrets["api_key"], "region": "DFW", "auth_url": simulator.url}
    return {"Rackspace Cloud Images": login}


def states_told(events):
    """Return the states that the lines of progress tell of a single task."""
    lines = [event["stdout"] for event in events if "WAITING: [localhost] " in event.get("stdout", "")]
    return [re.search(r" (\w+)(?: \(\w+\))?, \d+ s", line)[1] for line in lines]


def test_a_success_and_its_progress(launch, rackspace, clock):
    def move_on(event, _job):
        # The task goes on when a line has told where it is: with a line that comes too late the wait times out.
        for state in states_told([event]):
            clock.now = {"queued": 1.5, "running": 100.0}[state]

    answers = {"wait_provider": "rackspace_images", "wait_task_ids": GOOD}
    job = launch("wait.yml", rackspace, answers=answers, meanwhile=move_on)
    assert job.status == "successful", job.stdout
    told = states_told(job.events)
    assert sorted(set(told), key=told.index) == ["queued", "running"]
    assert job.artifacts == {
        "wait_outcome": "succeeded",
        "wait_failure_codes": [],
        "wait_results": {GOOD: {"image_id": "1d944ab7-6748-4f3c-b7e2-3553bf006677"}},
    }
    assert job.results()["Wait"]["task"]["state"] == "succeeded"


def test_a_failure_with_a_documented_code(launch, rackspace, clock):
    clock.now = 100.0
    answers = {"wait_provider": "rackspace_images", "wait_task_ids": f"{GOOD} {BROKEN}"}
    job = launch("wait.yml", rackspace, answers=answers)
    assert job.status == "failed", job.stdout
    assert (job.artifacts["wait_outcome"], job.artifacts["wait_failure_codes"]) == ("failed", ["396"])
    failed = job.results("runner_on_failed")["Wait"]
    assert failed["reason"] == "task_failed"
    assert "396" in failed["msg"]


VMWARE = {"tasks": [{"provider": "vmware_live_site_recovery", "id": "endless", "steps": [{"state": "RUNNING"}]}]}


@pytest.fixture
def vmware(simulate, secrets):
    """Return a credential for a simulator that plays a VMware appliance, where a task never ends."""
    simulator = simulate(VMWARE)
    login = {"api_url": simulator.url, "username": "admin", "password": secrets["password"]}
    return {"VMware Live Site Recovery": login}


ANSWERS = {"wait_provider": "vmware_live_site_recovery", "wait_task_ids": "endless"}


def test_a_job_that_is_cancelled(launch, vmware):
    def cancel(event, job):
        # What dumb-init in a container hands on to the worker when the container is stopped.
        if states_told([event]):
            job.worker.terminate()

    job = launch("wait.yml", vmware, answers=ANSWERS, meanwhile=cancel)
    assert job.status == "canceled"
    # Nothing was handed on: a branch of a workflow that depends on it needs a default.
    assert job.artifacts == {}


@pytest.fixture
def idle():
    """Return after how much silence a job is taken for idle: many times what Ansible takes to start here and now."""
    began = time.monotonic()
    subprocess.run([Path(sys.executable).with_name("ansible-playbook"), "--version"], check=True, capture_output=True)
    return max(8, math.ceil(12 * (time.monotonic() - began)))


def test_progress_keeps_a_job_from_being_taken_for_idle(launch, vmware, idle):
    answers = {**ANSWERS, "wait_timeout": 1.5 * idle}
    job = launch("wait.yml", vmware, answers=answers, settings={"idle_timeout": idle})
    assert (job.status, job.artifacts["wait_outcome"]) == ("failed", "timed_out")


def test_a_silent_job_is_taken_for_idle(launch, vmware, idle):
    answers = {**ANSWERS, "wait_timeout": 5 * idle, "wait_progress": False}
    job = launch("wait.yml", vmware, answers=answers, settings={"idle_timeout": idle})
    # AWX shows it as failed, and its explanation as "Job terminated due to timeout".
    assert (job.status, job.artifacts) == ("timeout", {})
    assert "WAITING" not in job.stdout
