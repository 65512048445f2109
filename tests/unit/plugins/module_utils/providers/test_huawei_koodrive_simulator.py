# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules' work with the provider huawei_koodrive against the simulator, over real sockets, on one clock."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._api.http import RequestsClient
from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    AuthenticationError,
    TaskNotFoundError,
    WaitError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._module import task_info, task_list, task_wait
from ansible_collections.longrunning.tasks.plugins.module_utils._module.context import Context
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.connecting import connection_options
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.contract import ProviderTools
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.huawei_koodrive import DESCRIPTION, PROVIDER
from ansible_collections.longrunning.tasks.tests.unit.support.fake_clock import WALL_START, FakeClock
from ansible_collections.longrunning.tasks.tests.unit.support.fake_provider import Run

sys.path.insert(0, str(Path(__file__).resolve().parents[5] / "roles" / "task_simulator" / "files"))

from task_simulator import Simulator

GOOD, BAD, OTHER = "1534087020903704704", "1534087020903704705", "1534087020903704706"
TOKEN = {"api_token": "demo-token"}
APP = {"app_id": "demo-app", "app_secret": "demo-app-secret", "user_id": "1395497048157130881"}
TASKS = [
    {"id": GOOD, "steps": [{"state": 0, "seconds": 5}, {"state": 1, "seconds": 20}], "end": {"state": 2}},
    {"id": BAD, "steps": [{"state": 1, "seconds": 15}], "end": {"state": 3, "code": "18000205", "taskName": "leaver"}},
]


class Play:
    """A simulator and the modules' work on its clock."""

    def __init__(self, stack, tasks=(), **credentials):
        self.clock = FakeClock()
        self.simulator = stack.enter_context(
            Simulator(
                {
                    "tasks": [{"provider": "huawei_koodrive", **task} for task in tasks],
                    "credentials": {"huawei_koodrive": credentials},
                },
                clock=self.clock.monotonic,
                epoch=WALL_START.timestamp(),
            )
        )
        self._stack = stack
        self.login = TOKEN
        self.service = "task"

    def __call__(self, work, **params):
        given = {**self.login, "service": self.service, "api_url": self.simulator.url}
        options = connection_options(DESCRIPTION, given, {})
        warnings, clients = [], []

        def make_http(tls):
            clients.append(self._stack.enter_context(contextlib.closing(RequestsClient(tls))))
            return clients[-1]

        provider = PROVIDER.create(options, ProviderTools(self.clock, make_http, warnings.append, lambda _secret: None))
        context = Context(
            params=Run(work, provider, **params).params,
            check_mode=False,
            options=options,
            provider=provider,
            clock=self.clock,
            warn=warnings.append,
            requests_sent=lambda: sum(client.requests_sent for client in clients),
        )
        return work(context)

    def wait(self, *task_ids, **params):
        return self(task_wait.run, task_ids=list(task_ids), **params)

    def fails(self, *task_ids, **params):
        with pytest.raises(WaitError) as caught:
            self.wait(*task_ids, **params)
        return caught.value.to_result()

    def requests(self):
        return {
            path.replace("/koodrive/ose/v1", ""): count for path, count in self.simulator.requests()["by_path"].items()
        }


@pytest.fixture
def play(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with contextlib.ExitStack() as stack:
        yield lambda *args, **credentials: Play(stack, *args, **credentials)


# Everything that reads is tried with both logins: the simulator checks the signature with code of its own.
@pytest.fixture(params=[TOKEN, APP], ids=["token", "app"])
def login(request):
    return request.param


def test_info(play, login):
    here = play(TASKS)
    here.login = login
    result = here(task_info.run, task_ids=[BAD, GOOD])
    assert [task["state"] for task in result["tasks"]] == ["running", "queued"]
    here.clock.advance(15)
    task = here(task_info.run, task_ids=[BAD])["task"]
    assert (task["state"], task["error"]["code"], task["raw"]["taskId"]) == ("failed", "18000205", BAD)
    here.service = "jobs"
    with pytest.raises(TaskNotFoundError):
        here(task_info.run, task_ids=[BAD])


@pytest.mark.parametrize("list_key", ["taskList", "taskListDtos"])
@pytest.mark.parametrize("numbers_as_text", [True, False])
def test_list(play, login, list_key, numbers_as_text):
    here = play([*TASKS, {"id": OTHER, "type": "user_import"}], list_key=list_key, numbers_as_text=numbers_as_text)
    here.login = login
    result = here(task_list.run)
    assert [(task["id"], task["type"]) for task in result["tasks"]] == [
        (GOOD, "transfer"),
        (BAD, "transfer"),
        (OTHER, "user_import"),
    ]
    assert [task["id"] for task in here(task_list.run, types=["user_import"])["tasks"]] == [OTHER]
    assert [task["id"] for task in here(task_list.run, states=["running"])["tasks"]] == [BAD]
    assert here(task_list.run, states=["queued", "running"], filters={"taskType": 0})["count"] == 2


def test_pages_that_are_empty_are_not_the_end(play, login):
    here = play([{"id": "15340870209037{n:05d}", "count": 230}], sparse_pages=True)
    here.login = login
    result = here(task_list.run, limit=1000)
    assert (result["count"], result["truncated"]) == (230, False)
    # Five with tasks, four without between them.
    assert here.requests() == {"GET /task/list": 9}


@pytest.mark.parametrize("numbers_as_text", [True, False])
def test_a_wait_to_success(play, login, numbers_as_text):
    here = play(TASKS, numbers_as_text=numbers_as_text)
    here.login = login
    result = here.wait(GOOD)
    assert (result["outcome"], result["elapsed"], result["polls"]) == ("succeeded", 30.0, 4)
    assert [change["state"] for change in result["task"]["history"]] == ["queued", "running", "succeeded"]
    assert here.requests() == {"GET /task/{id}": 4}


def test_a_wait_to_failure(play, login):
    here = play(TASKS)
    here.login = login
    result = here.fails(GOOD, BAD)
    assert (result["reason"], result["outcome"], result["failed_task_ids"]) == ("task_failed", "failed", [BAD])
    assert f"transfer task {BAD} (leaver) failed with code 18000205: Huawei's public documents" in result["msg"]
    # One list for both, while there are both.
    assert here.requests() == {"GET /task/list": 3, "GET /task/{id}": 1}
    assert here.wait(BAD, accept_failure_codes=["18000205"])["outcome"] == "succeeded"


def test_a_token_that_is_polled_lives_on(play):
    here = play([{"id": GOOD, "steps": [{"state": 1, "seconds": 20000}]}, {"id": BAD, "steps": [{"state": 1}]}])
    assert here.wait(GOOD, timeout=30000, poll_interval=1140, on_timeout="continue")["outcome"] == "timed_out"
    here.clock.advance(1200)
    result = here.fails(GOOD)
    assert result["reason"] == "authentication"
    assert "api_token is wrong or has run out" in result["msg"]


@pytest.mark.parametrize("refusal", ["400", "401"])
def test_a_login_that_ends_in_mid_wait(play, refusal):
    here = play(TASKS, refusal=refusal)
    here.simulator.add_fault(kind="expire_sessions", after=1)
    result = here.fails(GOOD)
    assert (result["reason"], result["outcome"]) == ("authentication", "unreachable")
    assert "last seen queued" in result["msg"]
    assert "demo-token" not in str(result)
    assert here.requests() == {"GET /task/{id}": 2}


def test_a_signature_outlives_every_session(play):
    here = play([{"id": GOOD, "steps": [{"state": 1, "seconds": 8000}], "end": {"state": 2}}])
    here.login = APP
    here.simulator.add_fault(kind="expire_sessions", after=1)
    assert here.wait(GOOD, timeout=20000, poll_interval=3600)["outcome"] == "succeeded"


def test_a_signature_that_is_refused_once_is_made_anew(play):
    here = play(TASKS)
    here.login = APP
    here.simulator.add_fault(kind="unauthorized", after=1, count=1)
    result = here.wait(GOOD)
    assert (result["outcome"], result["requests"], result["transient_errors"]) == ("succeeded", result["polls"] + 1, 0)


@pytest.mark.parametrize("ahead", [-3600, 3600])
def test_a_clock_that_is_wrong_is_named(play, ahead):
    here = play(TASKS)
    here.login = APP
    here.simulator.add_fault(kind="set_clock", seconds=ahead, after=1)
    result = here.fails(GOOD)
    assert (result["reason"], result["outcome"], result["requests"]) == ("authentication", "unreachable", 3)
    assert "this machine's clock" in result["msg"]


@pytest.mark.parametrize("refusal", ["400", "401"])
@pytest.mark.parametrize("wrong", [{"api_token": "x"}, {**APP, "app_secret": "x"}, {**APP, "user_id": "1"}])
def test_a_wrong_login(play, wrong, refusal):
    here = play(TASKS, refusal=refusal)
    here.login = wrong
    with pytest.raises(AuthenticationError):
        here(task_list.run)


def test_odd_characters_in_a_signed_query(play):
    here = play(TASKS)
    here.login = APP
    assert here(task_list.run, filters={"näme x": "a b/+&=~%", "empty": ""})["count"] == 2


@pytest.mark.parametrize("unknown_task", ["200", "400", "404"])
def test_an_unknown_task(play, unknown_task):
    here = play(unknown_task=unknown_task)
    result = here.fails(GOOD)
    assert (result["reason"], result["task"]["state"]) == ("task_failed", "not_found")
    assert here.wait(GOOD, not_found="succeed")["outcome"] == "succeeded"


def test_trouble_passes(play):
    here = play(TASKS)
    for fault in ({"kind": "over_limit"}, {"kind": "html", "status": 502}, {"kind": "status", "status": 500}):
        here.simulator.add_fault(count=1, **fault)
    result = here.wait(GOOD)
    assert (result["outcome"], result["transient_errors"]) == ("succeeded", 3)


def test_an_unknown_state_is_no_end(play):
    here = play(TASKS)
    here.simulator.add_fault(kind="unknown_state", state=7)
    assert here.fails(GOOD, timeout=100)["reason"] == "timed_out"


# --- jobs -----------------------------------------------------------------------------------------------------


def ended(task_id, **end):
    return {"id": task_id, "type": "copy", "steps": [{"state": 1, "seconds": 15, "progress": 40}], "end": end}


@pytest.fixture
def jobs(play, login):
    def begin(*tasks, **credentials):
        here = play(tasks, **credentials)
        here.login, here.service = login, "jobs"
        return here

    return begin


@pytest.mark.parametrize("job_path", ["jobs", "root"])
def test_a_job_to_success(jobs, job_path):
    here = jobs(ended(GOOD, state=2), job_path=job_path)
    result = here.wait(GOOD)
    assert (result["outcome"], result["task"]["raw_state"], result["task"]["type"]) == ("succeeded", "2/1", "copy")
    assert [(change["state"], change["percent"]) for change in result["task"]["history"]] == [
        ("running", 40.0),
        ("succeeded", 100.0),
    ]
    # Born at noon, for 15 seconds.
    assert (result["task"]["created_at"], result["task"]["finished_at"]) == (
        "2026-03-01T12:00:00Z",
        "2026-03-01T12:00:15Z",
    )
    assert result["task"]["result"]["taskInfos"]


def test_jobs_to_failure(jobs):
    here = jobs(ended(GOOD, state=2), ended(BAD, state=2, code="taskResultCode=2"), ended(OTHER, state=3))
    result = here.fails(GOOD, BAD, OTHER)
    assert [task["state"] for task in result["tasks"]] == ["succeeded", "failed", "cancelled"]
    assert "with code taskResultCode=2: The job failed in part" in result["msg"]
    assert f"copy task {OTHER} was cancelled" in result["msg"]
    assert here.wait(BAD, accept_failure_codes=["taskResultCode=2"])["outcome"] == "succeeded"


def test_a_completed_job_without_an_outcome_is_no_success(jobs):
    here = jobs(ended(GOOD, state=2, without=["taskResultCode"]))
    assert here.fails(GOOD, timeout=60)["reason"] == "timed_out"
    result = here.fails(GOOD, unknown_state="fail")
    assert "'2 without taskResultCode'" in result["msg"]


def test_jobs_are_listed(jobs):
    here = jobs({"id": "{n}", "type": "move", "count": 120}, {"id": "999", "type": "delete"}, {"id": GOOD})
    assert here(task_list.run, limit=1000)["count"] == 121
    assert [task["id"] for task in here(task_list.run, types=["delete"])["tasks"]] == ["999"]
    here.clock.advance(10)
    assert here(task_list.run, states=["succeeded"], limit=1000)["count"] == 121
