# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Playbooks with the modules of the collection against a real Glance and Keystone.

Every test runs ``ansible-playbook``. ANSIBLE_COLLECTIONS_PATH says where the collection is.
"""

from __future__ import annotations

import importlib.util
import json
import re
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import image_tasks
import pytest
from playbook_runner import PlaybookRunner, Run, told
from server_process import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from definition_proof import Show
    from image_tasks import ImageSource
    from openstack_server import Account, OpenStackServer

#: IDs by the state that they have come to.
Finished = dict[str, list[str]]
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"
INTERNAL_ERROR = "Task failed due to Internal Error"
MOST_VERBOSE = "-vvvvv"
#: Options of the waits, unless they say otherwise.
WAIT: dict[str, Any] = {"return_raw": True, "return_history": True, "timeout": 60, "poll_interval": 0.5}


class Player:
    """Plays modules and playbooks against the servers."""

    def __init__(self, folder: Path, openstack: OpenStackServer) -> None:
        """Work in a folder."""
        self._openstack = openstack
        self.runner = PlaybookRunner(folder, openstack.secrets())

    def password_login(self, account: Account | None = None, **changes: str) -> dict[str, str]:
        """Return the options that log in with a password, as the administrator unless told otherwise."""
        account = account or self._openstack.admin
        return {
            "auth_url": self._openstack.auth_url,
            "region": self._openstack.region,
            "username": account.username,
            "password": account.password,
            "project_name": account.project,
            "user_domain_name": "Default",
            "project_domain_name": "Default",
            **changes,
        }

    def play(
        self,
        module: str,
        login: Mapping[str, str] | None = None,
        *,
        verbosity: str | None = MOST_VERBOSE,
        environment: Mapping[str, str] | None = None,
        **options: object,
    ) -> Run:
        """Play a module with a login (as the administrator unless told otherwise) and options."""
        given = {"provider": "openstack_images", **(self.password_login() if login is None else login), **options}
        return self.runner.module(module, given, verbosity=verbosity, environment=environment)

    def wait(self, *task_ids: str, verbosity: str | None = MOST_VERBOSE, **options: object) -> Run:
        """Wait for tasks."""
        return self.play("task_wait", None, verbosity=verbosity, **{**WAIT, "task_ids": task_ids, **options})


def states_by_id(result: dict[str, Any]) -> dict[str, str]:
    """Return the state of each returned task."""
    return {task["id"]: task["state"] for task in result["tasks"]}


@pytest.fixture(scope="session")
def player(openstack: OpenStackServer, tmp_path_factory: pytest.TempPathFactory) -> Player:
    """Run playbooks in a folder of their own."""
    return Player(tmp_path_factory.mktemp("plays"), openstack)


@pytest.fixture(scope="session")
def finished(openstack: OpenStackServer, image_source: ImageSource) -> Finished:
    """Three imports that have succeeded and two that have failed, in the order of their launch."""

    def run(url: str) -> str:
        task_id = image_tasks.launch_import(openstack, url)
        image_tasks.wait_for_status(openstack, task_id)
        return task_id

    return {
        "succeeded": [run(image_source.fast_url) for _number in range(3)],
        "failed": [run(image_source.missing_url) for _number in range(2)],
    }


def wait_for_look(watch: image_tasks.RequestWatch, playing: Future[Run], *task_ids: str) -> None:
    """Return when the playbook has asked for the tasks; also when it has ended, then its result says why."""
    wait_for("a look at the tasks", lambda: watch.has_looked_at(*task_ids) or playing.done())


# Waiting


def test_wait_for_success(player: Player, openstack: OpenStackServer, image_source: ImageSource, show: Show) -> None:
    """The result of a good import is the ID of the image."""
    task_id = image_tasks.launch_import(openstack, image_source.fast_url)
    run = player.wait(task_id)
    assert run.good
    assert run.result["changed"] is False
    assert run.result["outcome"] == "succeeded"
    assert run.result["timed_out"] is False
    task = run.result["tasks"][0]
    show("result", task["result"])
    expected = image_tasks.wait_for_status(openstack, task_id)
    assert (task["id"], task["provider"], task["type"]) == (task_id, "openstack_images", "import")
    assert (task["state"], task["raw_state"], task["is_final"]) == ("succeeded", "success", True)
    assert task["error"] is None
    assert task["result"] == expected["result"] == {"image_id": expected["result"]["image_id"]}
    assert task["raw"] == expected


def test_wait_for_failure(player: Player, openstack: OpenStackServer, image_source: ImageSource, show: Show) -> None:
    """The failure names the task and has what Glance said about it."""
    task_id = image_tasks.launch_import(openstack, image_source.missing_url)
    run = player.wait(task_id, verbosity=None)
    show("failure", run.msg)
    assert task_id in run.msg
    assert INTERNAL_ERROR in run.msg
    assert run.result["outcome"] == "failed"
    assert run.result["failed_task_ids"] == [task_id]
    task = run.result["tasks"][0]
    assert (task["state"], task["raw_state"], task["result"]) == ("failed", "failure", None)
    assert INTERNAL_ERROR in json.dumps(task["error"])


def test_history(player: Player, openstack: OpenStackServer, image_source: ImageSource, show: Show) -> None:
    """A wait over two imports sees the second one wait for the first, run, and end."""
    # Each import goes on only when the module has seen it as it is: no state is missed, on a machine of any speed.
    with image_source.held() as first_image, image_source.held() as second_image, ThreadPoolExecutor(1) as pool:
        first = image_tasks.launch_import(openstack, first_image)
        image_tasks.wait_for_status(openstack, first, {"processing"})
        second = image_tasks.launch_import(openstack, second_image, queue=True)
        watch = image_tasks.RequestWatch(openstack, "glance")
        playing = pool.submit(player.wait, first, second)
        wait_for_look(watch, playing, first, second)
        image_source.release(first_image)
        image_tasks.wait_for_status(openstack, second, {"processing"})
        watch = image_tasks.RequestWatch(openstack, "glance")
        wait_for_look(watch, playing, second)
        image_source.release(second_image)
        run = playing.result()
    assert run.good
    assert [task["id"] for task in run.result["tasks"]] == [first, second]
    history = {task["id"]: task["history"] for task in run.result["tasks"]}
    for task_id, name in ((first, "first"), (second, "second")):
        show(f"states of the {name}", told(history[task_id]))
    assert [entry["raw_state"] for entry in history[first]] == ["processing", "success"]
    assert [entry["raw_state"] for entry in history[second]] == ["pending", "processing", "success"]
    assert [entry["state"] for entry in history[second]] == ["queued", "running", "succeeded"]
    # One look for each state of the second task at least.
    assert run.result["polls"] >= 3
    assert run.result["elapsed"] > 0.5


def test_wait_ends_in_time(player: Player, openstack: OpenStackServer, image_source: ImageSource, show: Show) -> None:
    """A wait that takes too long fails and says for which task."""
    with image_source.held() as image:
        task_id = image_tasks.launch_import(openstack, image)
        image_tasks.wait_for_status(openstack, task_id, {"processing"})
        run = player.wait(task_id, timeout=1, verbosity=None)
    show("timeout", run.msg)
    assert task_id in run.msg
    assert (run.result["outcome"], run.result["timed_out"]) == ("timed_out", True)
    assert run.result["pending_task_ids"] == [task_id]
    assert states_by_id(run.result) == {task_id: "running"}
    assert run.result["elapsed"] >= 1
    # The task itself goes on, and ends well.
    assert image_tasks.wait_for_status(openstack, task_id)["status"] == "success"


def test_wait_for_unknown_task(player: Player, show: Show) -> None:
    """A task that Glance does not know ends the wait at once."""
    run = player.wait(UNKNOWN_ID, verbosity=None)
    show("not found", run.msg)
    assert UNKNOWN_ID in run.msg
    assert run.result["elapsed"] < 30


def test_wait_for_what_was_launched(player: Player, openstack: OpenStackServer, image_source: ImageSource) -> None:
    """The registered result of a launch is enough to wait for it."""
    variables = {
        "login": player.password_login(),
        "image_url": openstack.url,
        "image_token": openstack.token(),
        "import_task": image_tasks.import_task(image_source.slow_url(2)),
    }
    # As verbose as it gets: the whole result of the launch is an option of task_wait and is printed with it.
    run = player.runner.run("launch_and_wait.yml", variables, verbosity=MOST_VERBOSE)
    assert run.result["outcome"] == "succeeded"


def test_launch(player: Player, image_source: ImageSource, show: Show) -> None:
    """An import is launched once: not beside itself, and not where its image is."""
    task = image_tasks.import_task(image_source.slow_url(4), name="launched-once")
    variables = {"login": player.password_login(), "import_task": task}
    result = player.runner.run("task_launch.yml", variables, verbosity=MOST_VERBOSE).result
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
    wanted = [finished["failed"][0], finished["succeeded"][0]]
    run = player.play("task_info", task_ids=wanted)
    assert run.good["changed"] is False
    assert states_by_id(run.good) == dict(zip(wanted, ["failed", "succeeded"], strict=True))
    assert list(states_by_id(run.good)) == wanted


def test_info_of_unknown_task(player: Player, finished: Finished, show: Show) -> None:
    """A task that Glance does not know is a failure, or a state, as asked."""
    run = player.play("task_info", task_ids=[UNKNOWN_ID], verbosity=None)
    show("not found", run.msg)
    assert UNKNOWN_ID in run.msg
    known = finished["succeeded"][0]
    run = player.play("task_info", task_ids=[UNKNOWN_ID, known], not_found="succeed")
    assert states_by_id(run.good) == {UNKNOWN_ID: "not_found", known: "succeeded"}


def test_list_goes_through_pages(player: Player, openstack: OpenStackServer, finished: Finished, show: Show) -> None:
    """Two tasks a page, and yet all of them come, each once; the module only reads."""
    watch = image_tasks.RequestWatch(openstack, "glance")
    run = player.play("task_list", filters={"limit": 2}, types=["import"])
    ids = [task["id"] for task in run.good["tasks"]]
    assert len(ids) == len(set(ids)) == run.result["count"]
    assert {*finished["succeeded"], *finished["failed"]} <= set(ids)
    assert run.result["truncated"] is False
    asked = watch.requests()
    assert {method for method, _target in asked} == {"GET"}
    pages = [target for _method, target in asked if target.startswith("/v2/tasks?") and "limit=2" in target]
    show("pages", f"{len(pages)} for {len(ids)} tasks")
    assert len(pages) >= len(ids) / 2


# Glance filters by one status at a time; the module knows how to ask for two.
@pytest.mark.parametrize("states", [["succeeded"], ["failed"], ["succeeded", "failed"]])
def test_list_of_states(player: Player, finished: Finished, states: list[str]) -> None:
    """Only tasks in the wanted states come, from every page."""
    found = states_by_id(player.play("task_list", states=states, filters={"limit": 2}).good)
    assert set(found.values()) == set(states)
    assert {task_id for state in states for task_id in finished[state]} <= set(found)


@pytest.mark.usefixtures("finished")
def test_list_with_limit(player: Player) -> None:
    """No more than the limit, and a word about the rest."""
    result = player.play("task_list", limit=3, filters={"limit": 2}).good
    assert (len(result["tasks"]), result["count"], result["truncated"]) == (3, 3, True)


# Logging in


@pytest.fixture
def assert_login(player: Player, finished: Finished) -> Callable[..., None]:
    """Return what looks at a task with a login."""

    def look(login: Mapping[str, str], environment: Mapping[str, str] | None = None) -> None:
        run = player.play("task_info", login, environment=environment, task_ids=finished["succeeded"][:1])
        assert run.good["task"]["state"] == "succeeded"

    return look


def test_application_credential(openstack: OpenStackServer, assert_login: Callable[..., None]) -> None:
    """An application credential needs neither user nor project."""
    credential = openstack.application_credential
    secret = {"application_credential_id": credential.id, "application_credential_secret": credential.secret}
    assert_login({"auth_url": openstack.auth_url, "region": openstack.region, **secret})


@pytest.mark.parametrize("suffix", ["", "/v2"])
def test_ready_token(openstack: OpenStackServer, assert_login: Callable[..., None], suffix: str) -> None:
    """A token and the address of Glance, with or without the version, are a login too."""
    assert_login({"api_url": openstack.url + suffix, "api_token": openstack.token()})


def test_cloud(player: Player, assert_login: Callable[..., None], tmp_path: Path) -> None:
    """A clouds.yaml carries everything."""
    if importlib.util.find_spec("openstack") is None:
        pytest.skip("openstacksdk, which reads clouds.yaml, is not installed")
    auth = player.password_login()
    here = {"region_name": auth.pop("region"), "auth": auth}
    clouds = tmp_path / "clouds.yaml"
    clouds.touch(mode=0o600)
    # JSON is YAML, and needs no library to be written.
    clouds.write_text(json.dumps({"clouds": {"here": here}}), encoding="utf-8")
    assert_login({"cloud": "here"}, {"OS_CLIENT_CONFIG_FILE": str(clouds)})


def test_ordinary_user_is_refused(player: Player, openstack: OpenStackServer, show: Show) -> None:
    """Glance shows tasks to administrators only; the failure says so in Glance's words."""
    run = player.play("task_list", player.password_login(openstack.member), verbosity=None)
    show("403", run.msg)
    assert "You are not authorized to complete tasks_api_access action." in run.msg


@pytest.mark.parametrize("verbosity", [None, MOST_VERBOSE])
def test_wrong_password(player: Player, openstack: OpenStackServer, verbosity: str | None, show: Show) -> None:
    """A wrong password is a sentence, not a traceback; it is not shown, and not tried again and again."""
    wrong = "quite-the-wrong-password"
    watch = image_tasks.RequestWatch(openstack, "keystone")
    run = player.play("task_list", player.password_login(password=wrong), verbosity=verbosity)
    show("401 of Keystone", run.msg)
    assert wrong not in run.output
    assert re.search(r"\b401\b|log ?in|authenticat|credentials", run.msg, re.IGNORECASE)
    # Keystone can be set up to lock an account after some wrong logins.
    assert watch.requests().count(("POST", "/v3/auth/tokens")) == 1


def test_wrong_token(player: Player, openstack: OpenStackServer, show: Show) -> None:
    """A token that Glance does not take cannot be renewed without a login: the failure says so."""
    wrong = "quite-the-wrong-token"
    login = {"api_url": openstack.url, "api_token": wrong}
    run = player.play("task_info", login, task_ids=[UNKNOWN_ID], verbosity=None)
    show("401 of Glance", run.msg)
    assert wrong not in run.output
    assert re.search(r"\b401\b|log ?in|authenticat|credentials|token", run.msg, re.IGNORECASE)


def test_region_without_glance(player: Player, show: Show) -> None:
    """A region that the catalogue does not have is named in the failure."""
    run = player.play("task_list", player.password_login(region="Nowhere"), verbosity=None)
    show("region", run.msg)
    assert "Nowhere" in run.msg
