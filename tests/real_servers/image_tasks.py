# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Glance's task API by plain requests: how the tests launch imports, and what they compare the modules with."""

from __future__ import annotations

import contextlib
import secrets
import subprocess
from typing import TYPE_CHECKING, Any

from server_process import wait_for
from upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from openstack_server import OpenStackServer

UNFINISHED = ("pending", "processing")
FINISHED = ("success", "failure")
IMAGE_FORMAT = "qcow2"
"""The ``disk_format`` of what is served; Glance refuses data that does not look like the declared format."""


class ImageSource(Upstream):
    """Serves a small disk image to import: at once, slowly, or when a test says so."""

    def __init__(self, folder: Path) -> None:
        """Make an empty disk of 1 MiB in a few KiB."""
        image = folder / "image"
        make = ["qemu-img", "create", "-q", "-f", IMAGE_FORMAT, "-o", "cluster_size=512", str(image), "1M"]
        subprocess.run(make, check=True)
        super().__init__({"/image": image.read_bytes()})
        self.fast_url, self.missing_url = f"{self.url}/image", f"{self.url}/missing"

    def slow_url(self, seconds: float) -> str:
        """Return the address of an image that takes so many seconds."""
        return f"{self.fast_url}?seconds={seconds:g}"

    @contextlib.contextmanager
    def held(self) -> Iterator[str]:
        """Give the address of an image that is held until its release, at the latest at the end of the ``with`` block.

        This is how a test knows that a task is under way, on a machine of any speed.
        """
        url = f"{self.fast_url}?{secrets.token_hex(4)}"
        self.hold(url)
        try:
            yield url
        finally:
            self.release(url)


class RequestWatch:
    """The requests that keystone or glance has answered since this object was made."""

    def __init__(self, openstack: OpenStackServer, service: str) -> None:
        """Begin to watch one of them."""
        self._log = openstack.request_log(service)
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


def launch_import(openstack: OpenStackServer, source_url: str, *, queue: bool = False) -> str:
    """Launch an import from an address and return the ID of the task.

    Glance works at one task at a time here. So that it begins at once, this waits until no other task is unfinished.
    With ``queue`` it does not wait: the new task stays ``pending`` until the one before it has ended.
    """
    url, token = f"{openstack.url}/v2/tasks", openstack.token()

    def is_idle() -> bool:
        return not any(openstack.ask("GET", f"{url}?status={word}", token).json()["tasks"] for word in UNFINISHED)

    if not queue:
        wait_for("no task is unfinished", is_idle)
    task_id: str = openstack.ask("POST", url, token, json=import_task(source_url)).json()["id"]
    return task_id


def wait_for_status(openstack: OpenStackServer, task_id: str, statuses: Collection[str] = FINISHED) -> dict[str, Any]:
    """Return a task as Glance sends it, once it has one of the statuses."""
    token = openstack.token()
    task: dict[str, Any] = {}

    def has_it() -> bool:
        task.update(openstack.ask("GET", f"{openstack.url}/v2/tasks/{task_id}", token).json())
        return task["status"] in statuses

    wait_for(f"task {task_id} is one of {', '.join(statuses)}", has_it)
    return task
