# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the real Glance answers, seen without any code of the collection.

The provider ``openstack_images`` and the simulator are built on these facts. When a new Glance changes one of them,
this file says so, before a test of a module fails for a reason that is hard to find.
"""

from __future__ import annotations

import json
import re
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import image_tasks
import pytest
from openstack_server import (
    Endpoints,
    OpenStackServer,
    ServerError,
    _write_private,
    missing_requirements,
    password_login,
)

if TYPE_CHECKING:
    from image_source import ImageSource

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


def show(capsys: pytest.CaptureFixture[str], title: str, value: object) -> None:
    """Print what the server said, so that it stands in the log of the test run."""
    with capsys.disabled():
        print(f"\n    {title}: {json.dumps(value) if isinstance(value, dict) else value}", end="")


def import_and_wait(openstack: Endpoints, url: str) -> dict[str, Any]:
    """Launch an import and return the finished task."""
    return image_tasks.wait_for_status(openstack, image_tasks.launch_import(openstack, url))


def test_import_succeeds(openstack: Endpoints, image_source: ImageSource, capsys: pytest.CaptureFixture[str]) -> None:
    """An import of a good image ends as ``success`` and names the image."""
    task = import_and_wait(openstack, image_source.fast_url)
    show(capsys, "success", task)
    assert task["status"] == "success"
    assert task["message"] == ""
    assert task["type"] == "import"
    assert set(task["result"]) == {"image_id"}
    assert task["self"] == f"/v2/tasks/{task['id']}"
    for field in ("created_at", "updated_at", "expires_at"):
        assert TIME.fullmatch(task[field])
    image_url = f"{openstack.image_url}/v2/images/{task['result']['image_id']}"
    image = image_tasks.send("GET", image_url, token=image_tasks.login(openstack)).json()
    assert (image["status"], image["virtual_size"]) == ("active", 1024 * 1024)


def test_import_fails(openstack: Endpoints, image_source: ImageSource, capsys: pytest.CaptureFixture[str]) -> None:
    """An import of a source which is not there ends as ``failure``; Glance does not say why."""
    task = import_and_wait(openstack, image_source.missing_url)
    show(capsys, "failure", task)
    assert task["status"] == "failure"
    assert task["message"] == "Task failed due to Internal Error"
    assert task["result"] is None


def test_a_task_without_a_format_fails_with_a_reason(
    openstack: Endpoints, image_source: ImageSource, capsys: pytest.CaptureFixture[str]
) -> None:
    """An incomplete input is taken, and the task then says what is missing."""
    body = image_tasks.import_task(image_source.fast_url)
    del body["input"]["import_from_format"]
    token = image_tasks.login(openstack)
    launched = image_tasks.send("POST", f"{openstack.image_url}/v2/tasks", token=token, json=body)
    assert launched.status_code == 201
    task = image_tasks.wait_for_status(openstack, launched.json()["id"])
    show(capsys, "failure", task["message"])
    assert task["status"] == "failure"
    assert task["message"] == "Input does not contain 'import_from_format' field"


def test_statuses(openstack: Endpoints, image_source: ImageSource, capsys: pytest.CaptureFixture[str]) -> None:
    """While one import downloads, the next is ``pending``; then it is ``processing`` and ends as ``success``."""
    with image_source.held() as first_image, image_source.held() as second_image:
        first = image_tasks.launch_import(openstack, first_image.url)
        image_tasks.wait_for_status(openstack, first, {"processing"})
        second = image_tasks.launch_import(openstack, second_image.url, queue=True)
        waiting = image_tasks.get_task(openstack, second)
        first_image.release()
        running = image_tasks.wait_for_status(openstack, second, {"processing"})
        second_image.release()
        ended = image_tasks.wait_for_status(openstack, second)
    show(capsys, "statuses", " -> ".join(task["status"] for task in (waiting, running, ended)))
    assert [task["status"] for task in (waiting, running, ended)] == ["pending", "processing", "success"]
    assert (waiting["result"], running["result"]) == (None, None)
    assert image_tasks.get_task(openstack, first)["status"] == "success"


def test_slow_import(openstack: Endpoints, image_source: ImageSource) -> None:
    """An import takes at least as long as its source."""
    started = time.monotonic()
    task = import_and_wait(openstack, image_source.slow_url(2))
    assert task["status"] == "success"
    assert time.monotonic() - started >= 2


def test_launch_answers_with_the_task(openstack: Endpoints, image_source: ImageSource) -> None:
    """The answer to a launch is 201, the address of the task, and the task without a result."""
    token = image_tasks.login(openstack)
    body = image_tasks.import_task(image_source.fast_url)
    answer = image_tasks.send("POST", f"{openstack.image_url}/v2/tasks", token=token, json=body)
    task = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{openstack.image_url}/v2/tasks/{task['id']}"
    assert (task["status"], task["result"], task["message"]) == ("pending", None, "")
    assert "expires_at" not in task
    assert image_tasks.wait_for_status(openstack, task["id"])["status"] == "success"


def test_list_has_pages(openstack: Endpoints, image_source: ImageSource) -> None:
    """A page names the next one as long as it is full, even when nothing comes after it."""
    for _number in range(3):
        import_and_wait(openstack, image_source.fast_url)
    token = image_tasks.login(openstack)
    page = image_tasks.send("GET", f"{openstack.image_url}/v2/tasks", token=token, params={"limit": 2}).json()
    assert len(page["tasks"]) == 2
    assert page["next"] == f"/v2/tasks?limit=2&marker={page['tasks'][-1]['id']}"
    assert not {"input", "result", "message"} & set(page["tasks"][0])
    found = page["tasks"]
    while "next" in page:
        page = image_tasks.send("GET", f"{openstack.image_url}{page['next']}", token=token).json()
        found += page["tasks"]
    assert len({task["id"] for task in found}) == len(found) >= 3


@pytest.mark.parametrize("status", ["SUCCESS", "done"])
def test_list_refuses_other_statuses(openstack: Endpoints, status: str) -> None:
    """A filter on a status is spelled as the schema has it."""
    answer = image_tasks.send(
        "GET", f"{openstack.image_url}/v2/tasks", token=image_tasks.login(openstack), params={"status": status}
    )
    assert answer.status_code == 400
    assert f"Invalid status value: {status}" in answer.json()["message"]


def test_unknown_task(openstack: Endpoints, capsys: pytest.CaptureFixture[str]) -> None:
    """An id that nobody knows is 404; the JSON has pieces of HTML in it."""
    url = f"{openstack.image_url}/v2/tasks/{UNKNOWN_ID}"
    answer = image_tasks.send("GET", url, token=image_tasks.login(openstack))
    show(capsys, "404", answer.json())
    assert answer.status_code == 404
    assert answer.json()["code"] == "404 Not Found"
    assert answer.json()["message"].startswith(f"Could not find task {UNKNOWN_ID}")


def test_ordinary_user_is_refused(openstack: Endpoints, capsys: pytest.CaptureFixture[str]) -> None:
    """Tasks are for administrators only."""
    token = image_tasks.login(openstack, openstack.member)
    answer = image_tasks.send("GET", f"{openstack.image_url}/v2/tasks", token=token)
    show(capsys, "403", answer.json())
    assert answer.status_code == 403
    assert "You are not authorized to complete tasks_api_access action." in answer.json()["message"]


def test_bad_token_is_refused(openstack: Endpoints, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a good token Glance answers 401 and says where to log in."""
    for token in (None, "not-a-token"):
        answer = image_tasks.send("GET", f"{openstack.image_url}/v2/tasks", token=token)
        show(capsys, "401 of Glance", f"{answer.headers['Content-Type']} {answer.text!r}")
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Keystone uri=")


def test_wrong_password_is_refused(openstack: Endpoints, capsys: pytest.CaptureFixture[str]) -> None:
    """Keystone answers 401 to a wrong password, in JSON."""
    body = json.loads(json.dumps(password_login(openstack.admin)).replace(openstack.admin.password, "wrong"))
    answer = image_tasks.send("POST", f"{openstack.auth_url}/auth/tokens", json=body)
    show(capsys, "401 of Keystone", answer.json())
    assert answer.status_code == 401
    assert answer.json()["error"]["title"] == "Unauthorized"


def test_source_which_is_not_allowed(openstack: Endpoints, capsys: pytest.CaptureFixture[str]) -> None:
    """A source that Glance will not read from is refused at once, and no task is made."""
    for source in ("file:///etc/hostname", "http://127.0.0.2/fast.img", "container/image.vhd"):
        answer = image_tasks.send(
            "POST",
            f"{openstack.image_url}/v2/tasks",
            token=image_tasks.login(openstack),
            json=image_tasks.import_task(source),
        )
        show(capsys, "400", answer.json()["message"].partition("<br")[0])
        assert answer.status_code == 400


def test_secrets_are_kept(openstack: Endpoints) -> None:
    """The representation of the endpoints shows no secret: it is what pytest prints when a test fails."""
    assert len(set(openstack.secrets())) == 3
    for secret in openstack.secrets():
        assert secret not in repr(openstack)
    assert Endpoints.from_json(openstack.to_json()) == openstack


def test_no_secret_in_a_process_list(openstack: Endpoints) -> None:
    """The services carry no secret in their arguments."""
    for pid in openstack.pids.values():
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes()
        assert b"wsgi_service.py" in arguments
        assert not any(secret.encode() in arguments for secret in openstack.secrets())


def test_missing_requirements_are_told_in_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is missing is told together with what to do about it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    missing = missing_requirements(str(tmp_path / "python"))
    assert any("does not run" in line for line in missing)
    assert "qemu-img is not installed: install the package qemu-utils" in missing
    with pytest.raises(ServerError, match="install the package qemu-utils"):
        OpenStackServer(tmp_path / "work").start()


def test_files_are_private(openstack: Endpoints, tmp_path: Path) -> None:
    """Only the owner can read the file with the secrets."""
    path = tmp_path / "endpoints.json"
    path.write_text("old", encoding="utf-8")
    _write_private(path, openstack.to_json())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
