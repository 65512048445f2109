# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import os
import signal
import uuid
from pathlib import Path

import pytest
from awx_job import run_job
from awx_rules import inject, load
from installed import COLLECTION, COLLECTIONS
from simulators import HandClock, simulators

PROJECT = Path(__file__).parent / "project"
TYPES = load(COLLECTION / "playbooks" / "vars" / "awx" / "credential_types.yml")["awx_credential_types"]
#: Is in every secret, and must be nowhere else.
MARK = f"mArKeD{uuid.uuid4().hex[:12]}sEcReT"
#: Forms of the mark in a Basic header depend on where it begins: three possibilities.
MARKS = [MARK, *(base64.b64encode(b" " * shift + MARK.encode())[4:-4].decode() for shift in range(3))]
#: ansible-runner writes the whole environment into this file of its worker, and hands it on. AWX blackens the secrets
#: of credentials in what it shows of it (``status_handler`` in awx/main/tasks/callback.py).
OF_THE_RUNNER = {"worked/artifacts/42/command", "kept/artifacts/42/command"}
SECRETS = {"api_key": f"{MARK}-key", "password": f"{MARK}-pass/word?&"}


@pytest.fixture
def clock():
    """Return the clock of the simulators."""
    return HandClock()


@pytest.fixture
def secrets():
    """Return the secrets of the simulators' logins."""
    return SECRETS


@pytest.fixture
def simulate(clock):
    """Return a function that starts a simulator with a scenario."""
    credentials = {
        "rackspace_images": {"username": "demo", "api_key": SECRETS["api_key"], "regions": ["DFW"]},
        "vmware_live_site_recovery": {"password": SECRETS["password"], "ip_rate_limit": 1000},
    }
    with simulators(credentials, clock) as start:
        yield start


@pytest.fixture
def launch(tmp_path):
    """Return a function that runs a job with credentials: {name of the type without its end: its fields}."""

    def start(playbook, credentials, **options):
        environment = {
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_HOME": str(tmp_path / "ansible-home"),
            "ANSIBLE_LOCAL_TEMP": str(tmp_path / "local-temp"),
            "ANSIBLE_REMOTE_TMP": str(tmp_path / "remote-temp"),
            "PATH": os.environ["PATH"],
        }
        for title, inputs in credentials.items():
            kind = next(kind for kind in TYPES if kind["name"] == f"{title} (longrunning.tasks)")
            files = tmp_path / "credentials"
            files.mkdir(exist_ok=True)
            environment |= inject(kind, inputs, files)
        job = run_job(tmp_path / "job", playbook, environment=environment, project=PROJECT, **options)
        for mark in MARKS:
            assert mark not in str(job.events)
            assert [name for name, text in job.files().items() if mark in text and name not in OF_THE_RUNNER] == []
        return job

    yield start
    # A container that ends takes all its processes along. Without one, some outlive a runner that was made to stop.
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = process.joinpath("cmdline").read_bytes()
            if str(tmp_path).encode() in command:
                os.kill(int(process.name), signal.SIGKILL)
        except OSError:
            continue
