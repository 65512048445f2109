# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a playbook as AWX runs a job: ansible-runner transmits it, a worker of its own runs it, and events come back.

So do ``awx/main/tasks/jobs.py`` and ``receptor.py`` of AWX 24.6.1, with receptor and a container around the worker.
The answers of a survey are extra variables, a credential's injectors are ``envvars``; both reach the worker in the
stream (``suppress_env_files``).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

import ansible_runner
import yaml

#: What AWX writes for a job; AWX itself leaves the timeouts out where they are 0.
SETTINGS = {"suppress_ansible_output": True, "suppress_output_file": True}
#: A host that AWX has in the inventory of its installation.
INVENTORY = {
    "all": {
        "hosts": {
            "localhost": {
                "ansible_connection": "local",
                "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            }
        }
    }
}
#: Seconds.
LONGEST_JOB = 600


@dataclass
class Job:
    """What AWX keeps of a job, and the folder with all its files: sent, of the worker, and kept."""

    folder: Path
    status: str = "new"
    explanation: str = ""
    events: list = field(default_factory=list)
    #: What set_stats left, which AWX hands to the next node of a workflow.
    artifacts: dict = field(default_factory=dict)
    #: The worker, while it runs.
    worker: subprocess.Popen = None

    @property
    def stdout(self):
        return "\n".join(event["stdout"] for event in self.events if event.get("stdout"))

    def results(self, event="runner_on_ok"):
        """Return the results of tasks by the tasks' names."""
        found = [one["event_data"] for one in self.events if one["event"] == event]
        return {data["task"]: data["res"] for data in found}

    def files(self):
        """Return what was written by the job, by file."""
        return {
            path.relative_to(self.folder).as_posix(): path.read_bytes().decode(errors="replace")
            for path in self.folder.rglob("*")
            if path.is_file()
        }


def run_job(folder, playbook, *, answers, environment, project=None, settings=None, meanwhile=None):
    """Run a playbook to its end. ``meanwhile`` is called with each event, as it comes, and the job."""
    folder = Path(folder)
    sent, worked, kept = folder / "sent", folder / "worked", folder / "kept"
    for name in ("env", "inventory", "project"):
        (sent / name).mkdir(parents=True)
    for path in Path(project).iterdir() if project else ():
        (sent / "project" / path.name).write_bytes(path.read_bytes())
    (sent / "inventory" / "hosts.yml").write_text(yaml.safe_dump(INVENTORY), encoding="utf-8")
    (sent / "env" / "settings").write_text(json.dumps({**SETTINGS, **(settings or {})}), encoding="utf-8")
    parameters = {
        "ident": "42",
        "playbook": playbook,
        "inventory": "inventory/hosts.yml",
        "suppress_env_files": True,
        "envvars": environment,
        "extravars": answers,
        "private_data_dir": str(sent),
    }
    job = Job(folder)
    worker = Path(sys.executable).with_name("ansible-runner")
    job.worker = subprocess.Popen(
        [worker, "worker", "--private-data-dir", worked],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "HOME": str(folder)},
    )
    too_long = threading.Timer(LONGEST_JOB, job.worker.kill)
    too_long.start()

    def note_event(event):
        job.events.append(event)
        # As AWX does: the last that has any counts.
        job.artifacts = event.get("event_data", {}).get("artifact_data") or job.artifacts
        if meanwhile:
            meanwhile(event, job)
        return False

    def note_status(status, runner_config):
        job.status = status["status"]
        job.explanation = status.get("job_explanation", job.explanation)

    try:
        ansible_runner.interface.run(streamer="transmit", _output=job.worker.stdin, **parameters)
        job.worker.stdin.close()
        ansible_runner.interface.run(
            streamer="process",
            quiet=True,
            _input=job.worker.stdout,
            event_handler=note_event,
            status_handler=note_status,
            ident="42",
            private_data_dir=str(kept),
        )
        job.worker.wait()
    finally:
        too_long.cancel()
        job.worker.kill()
        job.worker.stdout.close()
        job.worker.wait()
    return job
