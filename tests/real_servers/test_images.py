# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for a resource: images of a real Glance, by the words of their status."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from image_tasks import RequestWatch
from playbook_runner import SOON, PlaybookRunner, Run, play_until_a_look, words

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests
    from openstack_server import OpenStackServer

#: An image of Glance is a resource and no task: its status says how far it is.
DEFINITION = yaml.safe_load("""
title: OpenStack images
login:
  type: session
  header: X-Auth-Token
  session:
    path: "{auth_url}/auth/tokens"
    body:
      auth:
        identity:
          methods: [application_credential]
          application_credential: {id: "{app_id}", secret: "{app_secret}"}
    token_header: X-Subject-Token
get: {path: "/v2/images/{id}"}
list: {path: /v2/images, items: images, paging: {style: link, next: next}}
fields: {id: id, state: status, name: name}
states:
  queued: queued
  saving: running
  uploading: running
  importing: running
  active: succeeded
  killed: failed
  deleted: cancelled
""")


class Images:
    """Images as their owner makes and removes them, by plain requests, and plays that wait for them."""

    def __init__(self, openstack: OpenStackServer, folder: Path) -> None:
        """Log in."""
        self._openstack = openstack
        self._runner = PlaybookRunner(folder, openstack.secrets())
        self._token = openstack.token()

    def make(self) -> str:
        """Return the ID of a new image, which has no data."""
        body = {"name": "resource", "disk_format": "raw", "container_format": "bare"}
        image_id: str = self.send("POST", "", json=body).json()["id"]
        return image_id

    def upload(self, image_id: str) -> None:
        """Give it data."""
        headers = {"Content-Type": "application/octet-stream"}
        self.send("PUT", f"/{image_id}/file", data=b"\0" * 1024, headers=headers)

    def send(self, method: str, path: str, **more: Any) -> requests.Response:
        """Send a request about images."""
        return self._openstack.ask(method, f"{self._openstack.url}/v2/images{path}", self._token, **more)

    def wait(self, image_id: str, **options: object) -> Run:
        """Wait for it in a playbook."""
        credential = self._openstack.application_credential
        login = {"auth_url": self._openstack.auth_url, "app_id": credential.id, "app_secret": credential.secret}
        usual = {"definition": DEFINITION, "api_url": self._openstack.url, **login, **SOON}
        return self._runner.module("task_wait", {**usual, "task_id": image_id, **options})

    def wait_while(self, then: Callable[[str], object], image_id: str, **options: object) -> Run:
        """Wait for it, and do something to it when the wait has looked."""
        watch, look = RequestWatch(self._openstack, "glance"), ("GET", f"/v2/images/{image_id}")
        play = partial(self.wait, image_id, **options)
        return play_until_a_look(play, lambda: look in watch.requests(), partial(then, image_id))


@pytest.fixture(scope="module")
def images(openstack: OpenStackServer, tmp_path_factory: pytest.TempPathFactory) -> Images:
    """Images of the administrator."""
    return Images(openstack, tmp_path_factory.mktemp("images"))


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
