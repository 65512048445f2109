# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Playbooks with the modules of the collection against a real Glance and Keystone.

Every test runs ``ansible-playbook``. ANSIBLE_COLLECTIONS_PATH says where the collection is.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import re
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import image_tasks
import pytest
from playbook_runner import PLAY_TIMEOUT, PlaybookRunner, Run, find_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from image_source import ImageSource
    from openstack_server import Account, Endpoints

UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"
INTERNAL_ERROR = "Task failed due to Internal Error"

TOKEN = re.compile(r"gAAAA[\w-]{20,}")
"""Keystone's tokens (Fernet) all begin like this, so one that leaks is found without being known."""

MOST_VERBOSE = "-vvvvv"


class Player:
    """Runs the playbooks of this folder against the servers at some endpoints."""

    def __init__(self, folder: Path, endpoints: Endpoints) -> None:
        """Work in a folder."""
        self._endpoints = endpoints
        self._runner = PlaybookRunner(folder, environment_prefix="OS_", find_leak=self._find_leak)

    def password_login(self, account: Account | None = None, **changes: str) -> dict[str, str]:
        """Return the variable ``openstack`` for the playbooks that log in with a password."""
        account = account or self._endpoints.admin
        return {
            "auth_url": self._endpoints.auth_url,
            "region": self._endpoints.region,
            "username": account.username,
            "password": account.password,
            "project_name": account.project,
            **changes,
        }

    def play(
        self,
        playbook: str,
        openstack: Mapping[str, str] | None = None,
        *,
        verbosity: str | None = MOST_VERBOSE,
        environment: Mapping[str, str] | None = None,
        **variables: object,
    ) -> Run:
        """Run a playbook with a login (as the administrator unless told otherwise) and variables."""
        login = self.password_login() if openstack is None else dict(openstack)
        return self._runner.run(
            playbook, {**variables, "openstack": login}, verbosity=verbosity, environment=environment
        )

    def _find_leak(self, text: str) -> str | None:
        return find_secret(text, self._endpoints.secrets()) or ("a token" if TOKEN.search(text) else None)


def states_by_id(run: Run) -> dict[str, str]:
    """Return the state of each returned task."""
    return {task["id"]: task["state"] for task in run.result["tasks"]}


@pytest.fixture(scope="session")
def player(openstack: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Player:
    """Run playbooks in a folder of their own."""
    return Player(tmp_path_factory.mktemp("plays"), openstack)


@dataclasses.dataclass(frozen=True)
class Finished:
    """Ids of tasks that have ended, in the order of their launch."""

    succeeded: list[str]
    failed: list[str]


@pytest.fixture(scope="session")
def finished(openstack: Endpoints, image_source: ImageSource) -> Finished:
    """Three imports that went well and two that did not."""

    def run(url: str) -> str:
        task_id = image_tasks.launch_import(openstack, url)
        image_tasks.wait_for_status(openstack, task_id)
        return task_id

    return Finished(
        succeeded=[run(image_source.fast_url) for _number in range(3)],
        failed=[run(image_source.missing_url) for _number in range(2)],
    )


def wait_for_look(watch: image_tasks.RequestWatch, playing: Future[Run], *task_ids: str) -> None:
    """Return when the playbook has asked for the tasks; also when it has ended, then its result says why."""
    deadline = time.monotonic() + PLAY_TIMEOUT
    while not watch.has_looked_at(*task_ids) and not playing.done():
        assert time.monotonic() < deadline, f"nobody asked for the tasks {', '.join(task_ids)}"
        time.sleep(0.05)


# Waiting


def test_wait_for_success(
    player: Player, openstack: Endpoints, image_source: ImageSource, show: Callable[[str, object], None]
) -> None:
    """The result of a good import is the ID of the image."""
    task_id = image_tasks.launch_import(openstack, image_source.fast_url)
    run = player.play("task_wait.yml", task_ids=[task_id])
    assert not run.failed, run.result.get("msg")
    assert run.result["changed"] is False
    assert run.result["outcome"] == "succeeded"
    assert run.result["timed_out"] is False
    task = run.result["tasks"][0]
    show("result", task["result"])
    expected = image_tasks.get_task(openstack, task_id)
    assert (task["id"], task["provider"], task["type"]) == (task_id, "openstack_images", "import")
    assert (task["state"], task["raw_state"], task["is_final"]) == ("succeeded", "success", True)
    assert task["error"] is None
    assert task["result"] == expected["result"] == {"image_id": expected["result"]["image_id"]}
    assert task["raw"] == expected


def test_wait_for_failure(
    player: Player, openstack: Endpoints, image_source: ImageSource, show: Callable[[str, object], None]
) -> None:
    """The failure names the task and has what Glance said about it."""
    task_id = image_tasks.launch_import(openstack, image_source.missing_url)
    run = player.play("task_wait.yml", task_ids=[task_id], verbosity=None)
    show("failure", run.msg)
    assert task_id in run.msg
    assert INTERNAL_ERROR in run.msg
    assert run.result["outcome"] == "failed"
    assert run.result["failed_task_ids"] == [task_id]
    task = run.result["tasks"][0]
    assert (task["state"], task["raw_state"], task["result"]) == ("failed", "failure", None)
    assert INTERNAL_ERROR in json.dumps(task["error"])


def test_history(
    player: Player, openstack: Endpoints, image_source: ImageSource, show: Callable[[str, object], None]
) -> None:
    """A wait over two imports sees the second one wait for the first, run, and end."""
    # Each import goes on only when the module has seen it as it is: no state is missed, on a machine of any speed.
    with image_source.held() as first_image, image_source.held() as second_image, ThreadPoolExecutor(1) as pool:
        first = image_tasks.launch_import(openstack, first_image.url)
        image_tasks.wait_for_status(openstack, first, {"processing"})
        second = image_tasks.launch_import(openstack, second_image.url, queue=True)
        watch = image_tasks.RequestWatch(openstack, "glance")
        playing = pool.submit(player.play, "task_wait.yml", task_ids=[first, second], poll_interval=0.5)
        wait_for_look(watch, playing, first, second)
        first_image.release()
        image_tasks.wait_for_status(openstack, second, {"processing"})
        watch = image_tasks.RequestWatch(openstack, "glance")
        wait_for_look(watch, playing, second)
        second_image.release()
        run = playing.result()
    assert not run.failed, run.result.get("msg")
    assert [task["id"] for task in run.result["tasks"]] == [first, second]
    history = {task["id"]: task["history"] for task in run.result["tasks"]}
    for task_id, name in ((first, "first"), (second, "second")):
        show(
            f"states of the {name}",
            " -> ".join(f"{entry['raw_state']} ({entry['state']})" for entry in history[task_id]),
        )
    assert [entry["raw_state"] for entry in history[first]] == ["processing", "success"]
    assert [entry["raw_state"] for entry in history[second]] == ["pending", "processing", "success"]
    assert [entry["state"] for entry in history[second]] == ["queued", "running", "succeeded"]
    # One look for each state of the second task at least.
    assert run.result["polls"] >= 3
    assert run.result["elapsed"] > 0.5


def test_wait_ends_in_time(
    player: Player, openstack: Endpoints, image_source: ImageSource, show: Callable[[str, object], None]
) -> None:
    """A wait that takes too long fails and says for which task."""
    with image_source.held() as image:
        task_id = image_tasks.launch_import(openstack, image.url)
        image_tasks.wait_for_status(openstack, task_id, {"processing"})
        run = player.play("task_wait.yml", task_ids=[task_id], timeout=1, verbosity=None)
    show("timeout", run.msg)
    assert task_id in run.msg
    assert (run.result["outcome"], run.result["timed_out"]) == ("timed_out", True)
    assert run.result["pending_task_ids"] == [task_id]
    assert states_by_id(run) == {task_id: "running"}
    assert run.result["elapsed"] >= 1
    # The task itself goes on, and ends well.
    assert image_tasks.wait_for_status(openstack, task_id)["status"] == "success"


def test_wait_for_unknown_task(player: Player, show: Callable[[str, object], None]) -> None:
    """A task that Glance does not know ends the wait at once."""
    run = player.play("task_wait.yml", task_ids=[UNKNOWN_ID], verbosity=None)
    show("not found", run.msg)
    assert UNKNOWN_ID in run.msg
    assert run.result["elapsed"] < 30


def test_wait_for_what_was_launched(player: Player, openstack: Endpoints, image_source: ImageSource) -> None:
    """The registered result of a launch is enough to wait for it."""
    login = player.password_login(api_url=openstack.image_url, api_token=image_tasks.login(openstack))
    # As verbose as it gets: the whole result of the launch is an option of task_wait and is printed with it.
    run = player.play("launch_and_wait.yml", login, import_task=image_tasks.import_task(image_source.slow_url(2)))
    assert run.result["outcome"] == "succeeded"


def test_launch(player: Player, image_source: ImageSource, show: Callable[[str, object], None]) -> None:
    """An import is launched once: not beside itself, and not where its image is."""
    task = image_tasks.import_task(image_source.slow_url(4), name="launched-once")
    result = player.play("task_launch.yml", import_task=task).result
    outcomes = {name: step.get("outcome") for name, step in result.items()}
    show("launches", outcomes)
    assert outcomes == {
        "would": "would_launch",
        "launched": "launched",
        "beside": "reused",
        "waited": "succeeded",
        "again": "not_needed",
        "reused": "reused",
        "refused": None,
    }
    task_id = result["launched"]["task_id"]
    assert [result[name]["task_id"] for name in ("would", "beside", "again", "reused")] == [
        None,
        task_id,
        None,
        task_id,
    ]
    assert [name for name, step in result.items() if step["changed"]] == ["would", "launched"]
    assert result["again"]["existing"]["id"] == result["waited"]["task"]["result"]["image_id"]
    show("refused", result["refused"]["msg"])
    assert (result["refused"]["reason"], result["refused"]["request"]["status"]) == ("rejected", 400)


# Looking


def test_info(player: Player, finished: Finished) -> None:
    """Tasks come in the order asked; one that failed is no failure of the module."""
    wanted = [finished.failed[0], finished.succeeded[0]]
    run = player.play("task_info.yml", task_ids=wanted)
    assert not run.failed, run.result.get("msg")
    assert run.result["changed"] is False
    assert [task["id"] for task in run.result["tasks"]] == wanted
    assert [task["state"] for task in run.result["tasks"]] == ["failed", "succeeded"]


def test_info_of_unknown_task(player: Player, finished: Finished, show: Callable[[str, object], None]) -> None:
    """A task that Glance does not know is a failure, or a state, as asked."""
    run = player.play("task_info.yml", task_ids=[UNKNOWN_ID], verbosity=None)
    show("not found", run.msg)
    assert UNKNOWN_ID in run.msg
    wanted = [UNKNOWN_ID, finished.succeeded[0]]
    run = player.play("task_info.yml", task_ids=wanted, not_found="succeed")
    assert not run.failed, run.result.get("msg")
    assert states_by_id(run) == {UNKNOWN_ID: "not_found", finished.succeeded[0]: "succeeded"}


def test_list_goes_through_pages(
    player: Player, openstack: Endpoints, finished: Finished, show: Callable[[str, object], None]
) -> None:
    """Two tasks a page, and yet all of them come, each once; the module only reads."""
    watch = image_tasks.RequestWatch(openstack, "glance")
    run = player.play("task_list.yml", filters={"limit": 2}, types=["import"])
    assert not run.failed, run.result.get("msg")
    ids = [task["id"] for task in run.result["tasks"]]
    assert len(ids) == len(set(ids)) == run.result["count"]
    assert {*finished.succeeded, *finished.failed} <= set(ids)
    assert run.result["truncated"] is False
    asked = watch.requests()
    assert {method for method, _target in asked} == {"GET"}
    pages = [target for _method, target in asked if target.startswith("/v2/tasks?") and "limit=2" in target]
    show("pages", f"{len(pages)} for {len(ids)} tasks")
    assert len(pages) >= len(ids) / 2


@pytest.mark.parametrize(("states", "kind"), [(["succeeded"], "succeeded"), (["failed"], "failed")])
def test_list_of_states(player: Player, finished: Finished, states: list[str], kind: str) -> None:
    """Only tasks in the wanted states come, from every page."""
    run = player.play("task_list.yml", states=states, filters={"limit": 2})
    assert not run.failed, run.result.get("msg")
    assert set(states_by_id(run).values()) == {kind}
    assert set(getattr(finished, kind)) <= set(states_by_id(run))


def test_list_of_two_states(player: Player, finished: Finished) -> None:
    """Glance filters by one status at a time; the module knows how to ask for two."""
    run = player.play("task_list.yml", states=["succeeded", "failed"])
    assert not run.failed, run.result.get("msg")
    assert set(states_by_id(run).values()) == {"succeeded", "failed"}
    assert {*finished.succeeded, *finished.failed} <= set(states_by_id(run))


@pytest.mark.usefixtures("finished")
def test_list_with_limit(player: Player) -> None:
    """No more than the limit, and a word about the rest."""
    run = player.play("task_list.yml", limit=3, filters={"limit": 2})
    assert not run.failed, run.result.get("msg")
    assert (len(run.result["tasks"]), run.result["count"], run.result["truncated"]) == (3, 3, True)


# Logging in


def test_application_credential(player: Player, openstack: Endpoints, finished: Finished) -> None:
    """An application credential needs neither user nor project."""
    login = {
        "auth_url": openstack.auth_url,
        "region": openstack.region,
        "application_credential_id": openstack.application_credential.id,
        "application_credential_secret": openstack.application_credential.secret,
    }
    run = player.play("task_info_application_credential.yml", login, task_ids=finished.succeeded[:1])
    assert not run.failed, run.result.get("msg")
    assert run.result["task"]["state"] == "succeeded"


@pytest.mark.parametrize("suffix", ["", "/v2"])
def test_ready_token(player: Player, openstack: Endpoints, finished: Finished, suffix: str) -> None:
    """A token and the address of Glance, with or without the version, are a login too."""
    login = {"api_url": openstack.image_url + suffix, "api_token": image_tasks.login(openstack)}
    run = player.play("task_info_token.yml", login, task_ids=finished.succeeded[:1])
    assert not run.failed, run.result.get("msg")
    assert run.result["task"]["state"] == "succeeded"


def test_cloud(player: Player, openstack: Endpoints, finished: Finished, tmp_path: Path) -> None:
    """A clouds.yaml carries everything."""
    if importlib.util.find_spec("openstack") is None:
        pytest.skip("openstacksdk, which reads clouds.yaml, is not installed")
    auth = {
        "auth_url": openstack.auth_url,
        "username": openstack.admin.username,
        "password": openstack.admin.password,
        "project_name": openstack.admin.project,
        "user_domain_name": "Default",
        "project_domain_name": "Default",
    }
    clouds = tmp_path / "clouds.yaml"
    clouds.touch(mode=0o600)
    # JSON is YAML, and needs no library to be written.
    clouds.write_text(
        json.dumps({"clouds": {"here": {"auth": auth, "region_name": openstack.region}}}), encoding="utf-8"
    )
    run = player.play(
        "task_info_cloud.yml",
        {"cloud": "here"},
        environment={"OS_CLIENT_CONFIG_FILE": str(clouds)},
        task_ids=finished.succeeded[:1],
    )
    assert not run.failed, run.result.get("msg")
    assert run.result["task"]["state"] == "succeeded"


def test_ordinary_user_is_refused(player: Player, openstack: Endpoints, show: Callable[[str, object], None]) -> None:
    """Glance shows tasks to administrators only; the failure says so in Glance's words."""
    run = player.play("task_list.yml", player.password_login(openstack.member), verbosity=None)
    show("403", run.msg)
    assert "You are not authorized to complete tasks_api_access action." in run.msg


@pytest.mark.parametrize("verbosity", [None, MOST_VERBOSE])
def test_wrong_password(
    player: Player, openstack: Endpoints, verbosity: str | None, show: Callable[[str, object], None]
) -> None:
    """A wrong password is a sentence, not a traceback; it is not shown, and not tried again and again."""
    wrong = "quite-the-wrong-password"
    watch = image_tasks.RequestWatch(openstack, "keystone")
    run = player.play("task_list.yml", player.password_login(password=wrong), verbosity=verbosity)
    show("401 of Keystone", run.msg)
    assert wrong not in run.output
    assert re.search(r"\b401\b|log ?in|authenticat|credentials", run.msg, re.IGNORECASE)
    # Keystone can be set up to lock an account after some wrong logins.
    assert watch.requests().count(("POST", "/v3/auth/tokens")) == 1


def test_wrong_token(player: Player, openstack: Endpoints, show: Callable[[str, object], None]) -> None:
    """A token that Glance does not take cannot be renewed without a login: the failure says so."""
    wrong = "quite-the-wrong-token"
    login = {"api_url": openstack.image_url, "api_token": wrong}
    run = player.play("task_info_token.yml", login, task_ids=[UNKNOWN_ID], verbosity=None)
    show("401 of Glance", run.msg)
    assert wrong not in run.output
    assert re.search(r"\b401\b|log ?in|authenticat|credentials|token", run.msg, re.IGNORECASE)


def test_region_without_glance(player: Player, show: Callable[[str, object], None]) -> None:
    """A region that the catalogue does not have is named in the failure."""
    run = player.play("task_list.yml", player.password_login(region="Nowhere"), verbosity=None)
    show("region", run.msg)
    assert "Nowhere" in run.msg
