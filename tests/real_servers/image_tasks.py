# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Glance's task API by plain requests: how the tests launch imports, and what they compare the modules with."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from image_source import IMAGE_FORMAT
from openstack_server import password_login
from playbook_runner import PLAY_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from openstack_server import Account, Endpoints

UNFINISHED = frozenset({"pending", "processing"})
FINISHED = frozenset({"success", "failure"})

REQUEST_TIMEOUT = 30.0


class RequestWatch:
    """The requests that one of the servers has answered since this object was made."""

    def __init__(self, endpoints: Endpoints, service: str) -> None:
        """Begin to watch ``keystone`` or ``glance``."""
        self._log = Path(endpoints.request_logs[service])
        self._start = self._log.stat().st_size

    def requests(self) -> list[tuple[str, str]]:
        """Return method and target of each request, in the order of the answers."""
        with self._log.open("rb") as file:
            file.seek(self._start)
            lines = file.read().decode("utf-8").splitlines()
        return [(method, target) for method, _space, target in (line.partition(" ") for line in lines)]

    def has_looked_at(self, *task_ids: str) -> bool:
        """Whether somebody has asked for each of these tasks, one by one or with a list."""
        targets = {target.partition("?")[0] for _method, target in self.requests()}
        return "/v2/tasks" in targets or {f"/v2/tasks/{task_id}" for task_id in task_ids} <= targets


def send(
    method: str,
    url: str,
    *,
    token: str | None = None,
    json: object = None,
    params: Mapping[str, str | int] | None = None,
) -> requests.Response:
    """Send one request straight to loopback and return the answer, whatever its status is."""
    # Glance describes an error in HTML to everybody who does not ask for JSON.
    headers = {"Accept": "application/json"}
    if token is not None:
        headers["X-Auth-Token"] = token
    with requests.Session() as session:
        # Neither a proxy nor a .netrc of the caller has a say here.
        session.trust_env = False
        return session.request(method, url, headers=headers, json=json, params=params, timeout=REQUEST_TIMEOUT)


def login(endpoints: Endpoints, account: Account | None = None) -> str:
    """Log in at Keystone, as the administrator unless told otherwise, and return the token."""
    body = password_login(account or endpoints.admin)
    answer = send("POST", f"{endpoints.auth_url}/auth/tokens", json=body)
    answer.raise_for_status()
    return answer.headers["X-Subject-Token"]


def import_task(source_url: str, name: str = "longrunning-test") -> dict[str, Any]:
    """Return the body of the request that launches an import.

    ``import_from_format`` must be there although Glance does not read it: a task without it fails. What Glance reads is
    the image's ``disk_format``, and the data must look like it. Both formats are needed to make the image active.
    """
    return {
        "type": "import",
        "input": {
            "import_from": source_url,
            "import_from_format": IMAGE_FORMAT,
            "image_properties": {"name": name, "disk_format": IMAGE_FORMAT, "container_format": "bare"},
        },
    }


def list_tasks(endpoints: Endpoints, token: str, **params: str | int) -> list[dict[str, Any]]:
    """Return one page of tasks, as Glance sends it (newest first)."""
    answer = send("GET", f"{endpoints.image_url}/v2/tasks", token=token, params=params)
    answer.raise_for_status()
    tasks: list[dict[str, Any]] = answer.json()["tasks"]
    return tasks


def launch_import(endpoints: Endpoints, source_url: str, *, queue: bool = False) -> str:
    """Launch an import from an address and return the ID of the task.

    Glance works at one task at a time here. So that it begins at once, this waits until no other task is unfinished.
    With ``queue`` it does not wait: the new task stays ``pending`` until the one before it has ended.
    """
    token = login(endpoints)
    if not queue:
        _wait_until_idle(endpoints, token)
    answer = send("POST", f"{endpoints.image_url}/v2/tasks", token=token, json=import_task(source_url))
    answer.raise_for_status()
    task_id: str = answer.json()["id"]
    return task_id


def _wait_until_idle(endpoints: Endpoints, token: str) -> None:
    deadline = time.monotonic() + PLAY_TIMEOUT
    while any(list_tasks(endpoints, token, status=status) for status in sorted(UNFINISHED)):
        if time.monotonic() > deadline:
            message = f"some task has been unfinished for {PLAY_TIMEOUT} s"
            raise TimeoutError(message)
        time.sleep(0.1)


def get_task(endpoints: Endpoints, task_id: str, token: str | None = None) -> dict[str, Any]:
    """Return a task as Glance sends it."""
    answer = send("GET", f"{endpoints.image_url}/v2/tasks/{task_id}", token=token or login(endpoints))
    answer.raise_for_status()
    task: dict[str, Any] = answer.json()
    return task


def wait_for_status(endpoints: Endpoints, task_id: str, statuses: Collection[str] = FINISHED) -> dict[str, Any]:
    """Ask for a task ten times a second until it has one of the statuses, and return it."""
    token = login(endpoints)
    deadline = time.monotonic() + PLAY_TIMEOUT
    while True:
        task = get_task(endpoints, task_id, token)
        if task["status"] in statuses:
            return task
        if time.monotonic() > deadline:
            message = f"task {task_id} is {task['status']} after {PLAY_TIMEOUT} s"
            raise TimeoutError(message)
        time.sleep(0.1)
