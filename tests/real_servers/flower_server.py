# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real Celery: a Redis as its broker, one worker, and Flower, whose API shows the tasks."""

from __future__ import annotations

import requests
from machine import ServerError
from real_server import Command, RealServer
from server_process import free_port

#: The worker's tasks, in a module that worker and Flower import.
JOBS = """
import time
from celery import Celery
app = Celery("jobs", broker="redis://127.0.0.1:{port}/0", backend="redis://127.0.0.1:{port}/1")
app.conf.update(worker_send_task_events=True, task_send_sent_event=True, task_track_started=True)
@app.task(name="jobs.nap")
def nap(seconds, fail=False):
    time.sleep(seconds)
    if fail:
        raise RuntimeError("the disk is full")
    return {{"napped": seconds}}
"""


class FlowerServer(RealServer):
    """Flower with HTTP Basic."""

    name = "flower"
    is_python = True
    programs = ("redis-server",)
    username = "watcher"

    def start(self) -> None:
        """Start all three."""
        broker = free_port()
        (self.state / "jobs.py").write_text(JOBS.format(port=broker), encoding="utf-8")
        redis = ["redis-server", "--port", str(broker), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.state)]
        self.serve("redis", redis, "Ready to accept connections")
        celery: Command = [self.program("celery"), "-A", "jobs"]
        worker: Command = [*celery, "worker", "--concurrency", "2", "--task-events", "--loglevel", "INFO"]
        self.serve("worker", worker, " ready.", folder=self.state)
        flower: Command = [*celery, "flower", "--address=127.0.0.1", f"--port={self.port}", "--persistent=false"]
        # Not among the arguments, which everybody can read.
        login = {"FLOWER_BASIC_AUTH": f"{self.username}:{self.password}"}
        self.serve("flower", flower, self._sees_tasks, folder=self.state, variables=login)

    def _sees_tasks(self) -> bool:
        """Whether it gets the worker's events: it never learns of a task whose events came before."""
        try:
            self.send("POST", "/api/task/async-apply/jobs.nap", {"args": [0]})
            return bool(self.send("GET", "/api/tasks"))
        except (requests.RequestException, ServerError):
            return False
