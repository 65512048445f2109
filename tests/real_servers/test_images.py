# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for a resource: images of a real Glance, by the words of their status."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import image_tasks
import pytest
import requests
from playbook_runner import PLAY_TIMEOUT, PlaybookRunner, Run, find_secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from openstack_server import Endpoints


class Images:
    """Images as their owner makes and removes them, by plain requests, and plays that wait for them."""

    def __init__(self, endpoints: Endpoints, runner: PlaybookRunner) -> None:
        """Log in."""
        self._endpoints = endpoints
        self._runner = runner
        self._token = image_tasks.login(endpoints)

    def make(self) -> str:
        """Return the ID of a new image, which has no data."""
        body = {"name": "resource", "disk_format": "raw", "container_format": "bare"}
        image_id: str = self.send("POST", "", json=body).json()["id"]
        return image_id

    def upload(self, image_id: str) -> None:
        """Give it data."""
        self.send("PUT", f"/{image_id}/file", data=b"\0" * 1024)

    def send(self, method: str, path: str, *, json: object = None, data: bytes | None = None) -> requests.Response:
        """Send a request about images."""
        headers = {"X-Auth-Token": self._token}
        if data is not None:
            headers["Content-Type"] = "application/octet-stream"
        with requests.Session() as session:
            # Neither a proxy nor a .netrc of the caller has a say here.
            session.trust_env = False
            url = f"{self._endpoints.image_url}/v2/images{path}"
            answer = session.request(method, url, headers=headers, json=json, data=data, timeout=30)
        answer.raise_for_status()
        return answer

    def wait(self, image_id: str, **options: object) -> Run:
        """Wait for it in a playbook."""
        variables = {
            "image_url": self._endpoints.image_url,
            "auth_url": self._endpoints.auth_url,
            "login": {
                "id": self._endpoints.application_credential.id,
                "secret": self._endpoints.application_credential.secret,
            },
            "options": {"task_id": image_id, **options},
        }
        return self._runner.run("images.yml", variables, verbosity="-vvv")

    def wait_while(self, then: Callable[[str], object], image_id: str, **options: object) -> Run:
        """Wait for it, and do something to it when the wait has looked."""
        watch = image_tasks.RequestWatch(self._endpoints, "glance")
        with ThreadPoolExecutor(1) as pool:
            playing = pool.submit(self.wait, image_id, **options)
            until = time.monotonic() + PLAY_TIMEOUT
            while ("GET", f"/v2/images/{image_id}") not in watch.requests() and not playing.done():
                assert time.monotonic() < until, "nobody looked at the image"
                time.sleep(0.05)
            then(image_id)
            return playing.result()


@pytest.fixture(scope="module")
def images(openstack: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Images:
    """Images of the administrator."""
    runner = PlaybookRunner(
        tmp_path_factory.mktemp("images"),
        environment_prefix="OS_",
        find_leak=lambda text: find_secret(text, openstack.secrets()),
    )
    return Images(openstack, runner)


def words(run: Run) -> list[str | None]:
    """Return the words that the wait has seen, in their order."""
    return [change["raw_state"] for change in run.result["task"]["history"]]


def test_an_image_becomes_active(images: Images) -> None:
    """It is queued until somebody gives it data. An image that is as it should be needs one look."""
    image_id = images.make()
    run = images.wait_while(images.upload, image_id, success_states=["active"], failure_states=["killed"])
    assert run.result["outcome"] == "succeeded"
    assert words(run)[0] == "queued"
    assert words(run)[-1] == "active"
    again = images.wait(image_id, success_states=["active"])
    assert (again.result["outcome"], again.result["polls"], words(again)) == ("succeeded", 1, ["active"])


def test_no_other_word_is_a_success(images: Images) -> None:
    """An active image is none that is deactivated, whatever the definition calls active."""
    image_id = images.make()
    images.upload(image_id)
    run = images.wait_while(
        lambda image_id: images.send("POST", f"/{image_id}/actions/deactivate"),
        image_id,
        success_states=["deactivated"],
    )
    assert (run.result["outcome"], words(run)) == ("succeeded", ["active", "deactivated"])
    failed = images.wait(image_id, success_states=["active"], failure_states=["deactivated"])
    assert "Its state is deactivated, one of failure_states." in failed.msg
    assert failed.result["outcome"] == "failed"
    other_case = images.wait(image_id, success_states=["Deactivated"])
    assert "success_states holds 'Deactivated', but OpenStack images writes 'deactivated'" in other_case.msg


def test_an_image_is_gone(images: Images) -> None:
    """While it is there it is no success, though it is active."""
    image_id = images.make()
    images.upload(image_id)
    run = images.wait_while(
        lambda image_id: images.send("DELETE", f"/{image_id}"),
        image_id,
        success_states=["deleted"],
        not_found="succeed",
    )
    assert (run.result["outcome"], run.result["task"]["state"]) == ("succeeded", "not_found")
    assert words(run) == ["active", None]
