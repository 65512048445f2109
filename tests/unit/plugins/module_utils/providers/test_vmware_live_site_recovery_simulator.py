# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The adapter against the simulator, over real sockets. Time is a clock that both share: nobody sleeps."""

from __future__ import annotations

import contextlib

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._api.http import RequestsClient
from ansible_collections.longrunning.tasks.plugins.module_utils._core.clock import Deadline
from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    AuthenticationError,
    NotFoundError,
    RejectedError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._core.retrying import Backoff
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.connecting import connection_options
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.contract import ProviderTools, TaskQuery
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.vmware_live_site_recovery import (
    DESCRIPTION,
    PROVIDER,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.explaining import explain_outcome
from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.loop import (
    NotFoundPolicy,
    Outcome,
    WaitPlan,
    wait_for_tasks,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._work.reading import TaskReader, list_tasks
from ansible_collections.longrunning.tasks.tests.unit.support.fake_clock import WALL_START, FakeClock
from ansible_collections.longrunning.tasks.tests.unit.support.socket_server import bare_environment
from task_simulator import Simulator

NAME = DESCRIPTION.name
LOGINS = {
    "configure": {"username": "admin", "password": "demo-password"},
    "srm": {"username": "administrator@vsphere.local", "password": "demo-sso-password"},
    "vr": {"username": "administrator@vsphere.local", "password": "demo-sso-password"},
}
DIALECTS = pytest.mark.parametrize("service", LOGINS)
VERSIONS = pytest.mark.parametrize("version", ["v1", "v2"])
STEPS = [{"state": "QUEUED", "seconds": 10}, {"state": "RUNNING", "seconds": 90}]


def task(task_id, state="SUCCESS", **keys):
    return {"provider": NAME, "id": task_id, "type": "T", "steps": STEPS, "end": {"state": state}, **keys}


class Stage:
    """A simulator, and providers that speak to it."""

    def __init__(self, stack, clock, scenario):
        self.clock = clock
        self.stack = stack
        self.simulator = stack.enter_context(
            Simulator(scenario, clock=lambda: clock.elapsed, epoch=WALL_START.timestamp())
        )

    def provider(self, service="configure", version="v2", **options):
        def make_http(tls):
            http = RequestsClient(tls)
            self.stack.callback(http.close)
            return http

        tools = ProviderTools(self.clock, make_http, lambda _text: None, lambda _secret: None)
        given = {
            "api_url": self.simulator.url,
            "service": service,
            "api_version": version,
            **LOGINS[service],
            **options,
        }
        return PROVIDER.create(connection_options(DESCRIPTION, given, {}), tools)

    @property
    def deadline(self):
        return Deadline(self.clock, 5.0)

    def wait(self, provider, *ids, **plan):
        outcome = wait_for_tasks(
            ids,
            TaskReader(provider).read,
            WaitPlan(**{"timeout": 600.0, "poll_interval": DESCRIPTION.poll_interval, **plan}),
            provider=NAME,
            clock=self.clock,
            request_timeout=5.0,
            backoff=Backoff(uniform=lambda _low, high: high),
        )
        provider.close(self.deadline)
        return outcome

    def count(self, method_and_path):
        return self.simulator.requests()["by_path"].get(method_and_path, 0)


@pytest.fixture
def stage(monkeypatch):
    bare_environment(monkeypatch)
    with contextlib.ExitStack() as stack:
        clock = FakeClock()
        yield lambda **scenario: Stage(stack, clock, scenario)


@DIALECTS
@VERSIONS
def test_a_task_is_read_in_every_dialect(stage, service, version):
    here = stage(tasks=[task("DrTask:1:5"), task("b", "ERROR", steps=[])])
    provider = here.provider(service, version)
    here.clock.advance(55)
    running = provider.read_task("DrTask:1:5", here.deadline)
    assert (running.state, running.percent, running.type) == (TaskState.RUNNING, 50.0, "T")
    assert (running.started_at - WALL_START).total_seconds() == 10.0
    assert running.finished_at is None
    here.clock.advance(45)
    ended = provider.read_task("DrTask:1:5", here.deadline)
    assert (ended.state, isinstance(ended.result, str)) == (TaskState.SUCCEEDED, service != "configure")
    assert (ended.finished_at - WALL_START).total_seconds() == 100.0
    failed = provider.read_task("b", here.deadline)
    assert failed.state is TaskState.FAILED
    assert failed.error.title == "The operation failed"
    assert failed.error.detail == "The service did not answer: Connection refused"
    with pytest.raises(NotFoundError):
        provider.read_task("c", here.deadline)


@DIALECTS
@VERSIONS
def test_a_wait_for_a_success(stage, service, version):
    here = stage(tasks=[task("a"), task("b", age=20)])
    outcome = here.wait(here.provider(service, version), "a", "b")
    assert (outcome.outcome, outcome.elapsed) == (Outcome.SUCCEEDED, 100.0)
    assert [change.raw_state for change in outcome.histories["a"]] == ["QUEUED", "RUNNING", "SUCCESS"]
    assert here.count(f"DELETE /api/rest/{service}/{version}/session") == 1


@DIALECTS
@VERSIONS
def test_a_wait_for_a_failure(stage, service, version):
    here = stage(tasks=[task("a", "ERROR")])
    outcome = here.wait(here.provider(service, version), "a")
    assert outcome.outcome is Outcome.FAILED
    assert explain_outcome(outcome, DESCRIPTION.title) == (
        "VMware Live Site Recovery: T task a failed: The operation failed. "
        "The service did not answer: Connection refused."
    )


def test_a_cancelled_task_is_no_success(stage):
    here = stage(tasks=[task("a", "CANCELLED")])
    outcome = here.wait(here.provider(), "a")
    assert (outcome.outcome, outcome.tasks[0].state) == (Outcome.FAILED, TaskState.CANCELLED)


def test_an_unknown_state_is_waited_out(stage):
    here = stage(tasks=[task("a", "PONDERING")])
    outcome = here.wait(here.provider(), "a", timeout=200.0)
    assert (outcome.outcome, outcome.unknown_states) == (Outcome.TIMED_OUT, ("PONDERING",))


@DIALECTS
def test_sessions_run_out_in_mid_wait(stage, service):
    here = stage(tasks=[task("a")], credentials={NAME: {"session_lifetime": 30}})
    outcome = here.wait(here.provider(service), "a")
    assert (outcome.outcome, outcome.transient_errors) == (Outcome.SUCCEEDED, 0)
    assert here.count(f"POST /api/rest/{service}/v2/session") == 4


def test_an_appliance_that_is_away_is_borne(stage):
    faults = [
        {"kind": "status", "status": 503, "path": "/api/rest", "from_second": 20, "for_seconds": 10},
        {"kind": "html", "status": 502, "path": "/api/rest", "from_second": 30, "for_seconds": 10},
        {"kind": "reset", "path": "/api/rest", "from_second": 40, "for_seconds": 10},
        {"kind": "expire_sessions", "path": "/api/rest", "from_second": 50},
        {"kind": "status", "status": 404, "path": "/api/rest/*/session", "from_second": 50, "for_seconds": 10},
    ]
    here = stage(tasks=[task("a")], faults=faults)
    outcome = here.wait(here.provider(), "a")
    assert outcome.outcome is Outcome.SUCCEEDED
    assert outcome.transient_errors >= 5


@pytest.mark.parametrize("fault", [{"kind": "status"}, {"kind": "html"}])
@pytest.mark.parametrize("ids", ["a", "ab"])
def test_an_appliance_that_somebody_else_answers_for_is_borne(stage, fault, ids):
    away = {**fault, "status": 404, "path": "/api/rest", "from_second": 20, "for_seconds": 30}
    here = stage(tasks=[task(task_id) for task_id in ids], faults=[away])
    # Not even who takes a missing task for a success is told that it ended.
    outcome = here.wait(here.provider(), *ids, not_found=NotFoundPolicy.SUCCEED)
    assert (outcome.outcome, outcome.transient_errors >= 5) == (Outcome.SUCCEEDED, True)
    assert {found.state for found in outcome.tasks} == {TaskState.SUCCEEDED}


def test_a_wrong_password_is_refused_at_once(stage):
    here = stage(tasks=[task("a")])
    outcome = here.wait(here.provider(password="wrong-pass"), "a")
    assert outcome.outcome is Outcome.UNREACHABLE
    assert isinstance(outcome.cause, AuthenticationError)
    assert "wrong-pass" not in outcome.cause.message
    assert here.count("POST /api/rest/configure/v2/session") == 1


@pytest.mark.parametrize("next_links", ["absolute", "relative", "absent"])
@pytest.mark.parametrize("filter_match", ["whole", "part"])
def test_a_long_list_is_paged(stage, next_links, filter_match):
    tasks = [
        {"provider": NAME, "count": 450, "id": "ok-{n}", "steps": [], "end": {"state": "SUCCESS"}},
        {"provider": NAME, "count": 30, "id": "bad-{n}", "steps": [], "end": {"state": "ERROR"}, "age": 60},
    ]
    here = stage(tasks=tasks, credentials={NAME: {"next_links": next_links, "filter_match": filter_match}})
    provider = here.provider()
    found, truncated = list_tasks(provider, TaskQuery(), 1000, here.deadline)
    assert (len(found), truncated) == (480, False)
    assert found[-1].id.startswith("bad-")
    assert here.count("GET /api/rest/configure/v2/tasks") == 3
    failed = TaskQuery(states=frozenset({TaskState.FAILED}))
    assert len(list_tasks(provider, failed, 1000, here.deadline)[0]) == 30
    assert here.count("GET /api/rest/configure/v2/tasks") == 4
    own = TaskQuery(filters=(("filter_property", "id"), ("filter", "ok-7"), ("limit", "2")))
    assert "ok-7" in [each.id for each in list_tasks(provider, own, 1000, here.deadline)[0]]


def test_words_of_a_refused_request_are_shown(stage):
    here = stage()
    with pytest.raises(RejectedError, match="BAD_REQUEST: The parameter limit is not a whole number") as caught:
        list_tasks(here.provider(), TaskQuery(filters=(("limit", "many"),)), 10, here.deadline)
    assert "op_id" in caught.value.message


def test_two_hundred_tasks_are_never_too_many(stage):
    # Each ends at another time, so that the appliance is busy all the while; its limits are those of the documents.
    tasks = [task(f"t{number}", age=number % 90) for number in range(200)]
    here = stage(tasks=tasks)
    outcome = here.wait(here.provider(), *(f"t{number}" for number in range(200)))
    assert (outcome.outcome, outcome.transient_errors) == (Outcome.SUCCEEDED, 0)
    assert here.simulator.requests()["total"] <= 25


def test_a_hundred_single_reads_are_never_too_many(stage):
    here = stage(tasks=[task("a")])
    provider = here.provider()
    for _number in range(120):
        provider.read_task("a", here.deadline)
    provider.close(here.deadline)
    assert here.clock.elapsed > 120.0
