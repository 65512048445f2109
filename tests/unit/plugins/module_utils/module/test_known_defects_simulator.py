# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Defects that other waiters were seen to have and that need a server to show, each as a test that this one passes.

The docstrings say which waiter has it: "uri + until" is ansible.builtin.uri with until, retries and delay, as run with
ansible-core 2.19. The others are in test_known_defects.py.
"""

from __future__ import annotations

import contextlib

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._module import task_info, task_list
from ansible_collections.longrunning.tasks.tests.unit.support.socket_server import (
    answer,
    bare_environment,
    closed_port,
    serving,
)
from ansible_collections.longrunning.tasks.tests.unit.support.stage import Stage
from ansible_collections.longrunning.tasks.tests.unit.support.vendors import VENDORS

EACH = pytest.mark.parametrize("vendor", VENDORS.values(), ids=VENDORS)
RACKSPACE, KOODRIVE, ASTRA, CUSTOM = (
    VENDORS[name] for name in ("rackspace_images", "huawei_koodrive", "netapp_astra_control", "custom")
)


@pytest.fixture
def stack(monkeypatch):
    bare_environment(monkeypatch)
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.fixture
def stage(stack):
    """Return a function that starts a simulator with a vendor's tasks."""
    return lambda vendor, *tasks, **scenario: Stage(stack, vendor, *tasks, **scenario).start()


# --- uri + until ------------------------------------------------------------------------------------------------


def test_many_looks_are_one_login_one_connection_and_no_noise(monkeypatch, stack):
    """uri + until: each poll is a process of its own, 0.3 s, and a line "FAILED - RETRYING"."""

    def play(request):
        if request.target == "/v2.0/tokens":
            endpoint = {"region": "DFW", "publicURL": f"http://{request.headers['host']}/v2"}
            catalogue = [{"type": "image", "endpoints": [endpoint]}]
            return answer({"access": {"token": {"id": "t"}, "serviceCatalog": catalogue}})
        return answer({"id": RACKSPACE.task_id(1), "status": "success" if len(server.requests) > 20 else "processing"})

    with serving(play) as server:
        here = Stage(stack, RACKSPACE)
        here.url = server.url
        result = here.wait(1)
    assert (result["polls"], result["requests"], len(server.requests)) == (20, 21, 21)
    assert {request.connection for request in server.requests} == {1}
    assert here.warnings == []


@EACH
@pytest.mark.parametrize(
    "fault",
    [{"kind": "html", "status": 502}, {"kind": "reset"}, {"kind": "reset", "where": "body"}, {"kind": "html"}],
    ids=["502 with a page", "reset", "reset in the body", "200 with a page"],
)
def test_one_broken_answer_in_mid_wait_is_borne(stage, vendor, fault):
    """uri + until: the play dies at once with "object of type 'dict' has no attribute 'json'"."""
    here = stage(vendor, vendor.task(1, 25))
    # What logs in does so at the first look.
    here.simulator.add_fault(from_second=9, count=1, **fault)
    result = here.wait(1, poll_interval=10)
    assert (result["outcome"], result["transient_errors"]) == ("succeeded", 1)


@EACH
def test_a_server_that_does_not_listen_at_the_first_look_is_waited_for(stack, vendor):
    """uri + until: the play dies at once, with the same words."""
    here = Stage(stack, vendor, vendor.task(1, 5), port=closed_port())
    sleep, starts = here.clock.sleep, [here.start]

    def start_and_sleep(seconds):
        if starts:
            starts.pop()()
        sleep(seconds)

    here.clock.sleep = start_and_sleep
    result = here.wait(1, poll_interval=10)
    assert (result["outcome"], result["transient_errors"]) == ("succeeded", 1)


@EACH
def test_a_failed_task_ends_the_wait_at_once_with_its_own_reason(stage, vendor):
    """uri + until: it polls on until the retries run out, and then says "Action failed: OK (69 bytes)"."""
    here = stage(vendor, vendor.failing(1, 5))
    result = here.fails(1, poll_interval=10, timeout=3600)
    assert (result["elapsed"], result["polls"], result["reason"]) == (10.0, 2, "task_failed")
    assert f"task {vendor.task_id(1)}" in result["msg"]
    assert " failed" in result["msg"]
    assert "OK" not in result["msg"]
    error = result["task"]["error"]
    assert error["code"] == vendor.code
    assert (error["code"] or error["detail"] or error["title"]) in result["msg"]


@EACH
def test_five_tasks_take_as_long_as_the_slowest(stage, vendor):
    """uri + until + loop: one after the other, 29.6 s for what takes 5 s side by side."""
    here = stage(vendor, *(vendor.task(number, 10 * number) for number in range(1, 6)))
    result = here.wait(1, 2, 3, 4, 5, poll_interval=10)
    assert (result["counts"]["succeeded"], result["elapsed"], result["polls"]) == (5, 50.0, 6)


# --- answers that are no success --------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 402, 403, 405, 409, 410, 418, 422, 451])
def test_a_refusal_in_mid_wait_is_told_in_its_own_words(stage, status):
    """awx.awx 24.6.1, wait_on_url: a 4xx that it does not know is a KeyError."""
    here = stage(RACKSPACE, RACKSPACE.endless(1))
    fault = {"kind": "status", "status": status, "body": {"message": "The quota of stamps is used up"}}
    here.simulator.add_fault(from_second=9, **fault)
    result = here.fails(1, poll_interval=10)
    assert (result["outcome"], result["elapsed"]) == ("unreachable", 10.0)
    assert result["reason"] == ("permission" if status == 403 else "rejected")
    assert f"HTTP {status}: The quota of stamps is used up" in result["msg"]
    assert (result["task"]["state"], result["polls"]) == ("running", 2)


@EACH
@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_not_now_in_mid_wait_is_borne(stage, vendor, status):
    """awx.awx 24.6.1 fails of the first 5xx and with a KeyError of a 429; kubernetes.core 6.2.0 of the first 5xx."""
    here = stage(vendor, vendor.task(1, 25))
    here.simulator.add_fault(kind="status", status=status, from_second=9, count=2)
    result = here.wait(1, poll_interval=10)
    assert (result["outcome"], result["transient_errors"]) == ("succeeded", 2)
    assert str(status) in result["last_transient_error"]


@EACH
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_the_server_says_when_to_come_back(stage, vendor, form):
    """Of 90 collections no waiter for tasks honours Retry-After."""
    here = stage(vendor, vendor.task(1, 25))
    here.simulator.add_fault(kind="status", status=503, retry_after=42, retry_after_form=form, from_second=9, count=1)
    result = here.wait(1, poll_interval=10)
    assert (result["outcome"], result["elapsed"], result["polls"]) == ("succeeded", 10.0 + 42, 3)


def test_a_login_that_runs_out_in_mid_wait_is_made_anew_once(stage):
    """awx.awx 24.6.1, wait_on_url: a 401 is the end, and the job's data are lost."""
    here = stage(RACKSPACE, RACKSPACE.task(1, 25))
    here.simulator.add_fault(kind="expire_sessions", from_second=9)
    assert here.wait(1, poll_interval=10)["outcome"] == "succeeded"
    assert here.asked("POST /v2.0/tokens") == 2


def test_a_pause_that_outlives_the_login_is_survived(stage):
    """A client of Cisco's firewall manager was told of by its users: its token ends while it keeps to a rate limit."""
    here = stage(RACKSPACE, RACKSPACE.task(1, 90), credentials={"token_lifetime": 60})
    here.simulator.add_fault(kind="over_limit", retry_after=80, from_second=9, count=1)
    result = here.wait(1, poll_interval=10)
    assert (result["outcome"], result["elapsed"]) == ("succeeded", 90.0)
    assert here.asked("POST /v2.0/tokens") == 2


@EACH
def test_an_empty_answer_is_neither_an_end_nor_a_missing_task(stage, vendor):
    """A toolkit of Cisco's WAN manager was told of by its users: right after a launch the status is empty."""
    here = stage(vendor, vendor.task(1, 5))
    logs_in = vendor.name in ("rackspace_images", "vmware_live_site_recovery")
    here.simulator.add_fault(kind="status", status=200, body="", after=int(logs_in), count=1)
    result = here.wait(1, poll_interval=10)
    assert (result["outcome"], result["transient_errors"]) == ("succeeded", 1)
    assert result["task"]["history"][0]["state"] == "running"


@EACH
def test_a_login_that_is_refused_for_good_ends_the_wait_and_keeps_the_task(stage, vendor):
    """awx.awx 24.6.1 loses the job's data; a waiter of F5's was told to loop for ever when its token ran out."""
    here = stage(vendor, vendor.endless(1))
    here.simulator.add_fault(kind="unauthorized", from_second=9)
    result = here.fails(1, poll_interval=10)
    assert (result["outcome"], result["reason"], result["elapsed"]) == ("unreachable", "authentication", 10.0)
    assert (result["task"]["state"], result["polls"]) == ("running", 2)


# --- what tells an end ------------------------------------------------------------------------------------------

DONE = {
    "get": {"path": "/operations/{id}"},
    "fields": {"id": "name", "state": "status"},
    "states": {"RUNNING": "running", "DONE": "succeeded"},
    "succeeded_if": "error == `null`",
    "failure": {"code": "error.code", "message": "error.message"},
}


def test_done_with_an_error_is_a_failure(stack):
    """google.cloud 1.10.2: an operation that is DONE and has an error is returned as a success."""
    error = {"code": 13, "message": "The zone has no disks left"}
    script = [{"status": "RUNNING"}, {"status": "DONE", "error": error}]
    with serving(*(answer({"name": "operation-1", **each}) for each in script)) as server:
        here = Stage(stack, CUSTOM)
        here.url, here.login = server.url, {"api_url": "", "definition": DONE}
        result = here.fails(task_ids=["operation-1"], poll_interval=10)
    assert (result["outcome"], result["elapsed"], result["task"]["raw_state"]) == ("failed", 10.0, "DONE")
    assert "failed with code 13: The zone has no disks left" in result["msg"]


@pytest.mark.parametrize(("outcome", "succeeds"), [(1, True), (2, False), (3, False)])
def test_completed_is_a_success_only_with_a_good_outcome(stage, outcome, succeeds):
    """google.cloud 1.10.2, at a vendor that tells the two apart in the same way."""
    end = {"state": 2, "taskResultCode": outcome}
    here = stage(KOODRIVE, KOODRIVE.task(1, 5, end, type="copy"))
    here.login = {**KOODRIVE.login, "service": "jobs"}
    result = (here.wait if succeeds else here.fails)(1, poll_interval=10)
    assert result["outcome"] == ("succeeded" if succeeds else "failed")


def test_the_state_alone_tells_an_end(stage):
    """awx.awx 24.6.1 waits for event_processing_finished, which a job in error may never have."""
    moments = {"startTime": "2026-03-01T12:00:00Z", "endTime": "2026-03-01T12:00:05Z"}
    begun = {"state": ASTRA.running, "seconds": 15, **moments}
    failed = ASTRA.task(1, 0, {"state": ASTRA.bad, "without": ["endTime", "startTime", "metadata"]})
    here = stage(ASTRA, {**failed, "steps": [begun]})
    result = here.fails(1, poll_interval=10)
    # Neither the end that it has too early, nor the one that it never gets.
    assert (result["outcome"], result["elapsed"]) == ("failed", 20.0)
    assert result["task"]["finished_at"] is None


def words_of(vendor):
    """Return the vendor's words for its states, and one that it does not have."""
    words = [*vendor.description.states, "completed with errors"]
    return [int(word) if word.isdecimal() else word for word in words] if vendor.name == KOODRIVE.name else words


EVERY_WORD = [(vendor, word) for vendor in VENDORS.values() if vendor is not CUSTOM for word in words_of(vendor)]


@pytest.mark.parametrize(("vendor", "word"), EVERY_WORD, ids=[f"{vendor.name}-{word}" for vendor, word in EVERY_WORD])
def test_a_word_means_the_same_wherever_it_is_read(stage, vendor, word):
    """dellemc.openmanage 9.12.3: "completed with errors" is a success in one file, a failure in another.

    community.proxmox 1.4.0: WARNINGS is a success to one function and a failure to two.
    """
    here = stage(vendor, *(vendor.task(number, 0, {"state": word}) for number in (1, 2)))
    listed = here.run(task_list.run)["tasks"]
    looked_up = here.run(task_info.run, task_ids=[vendor.task_id(1)])["tasks"]
    waited = [
        here.wait(*numbers, timeout=0, on_failure="continue", on_timeout="continue") for numbers in ((1,), (1, 2))
    ]
    every = [*listed, *looked_up, *(task for result in waited for task in result["tasks"])]
    (state,) = {task["state"] for task in every}
    assert len(every) == 6
    expected = {"succeeded": "succeeded", "failed": "failed", "cancelled": "failed", "dismissed": "failed"}
    assert {result["outcome"] for result in waited} == {expected.get(state, "timed_out")}
    assert (state == "unknown") is (word == "completed with errors")


@EACH
def test_a_wait_that_runs_out_of_time_leaves_the_task_alone(stage, vendor):
    """community.general 11.4.2, rundeck_job_run: documented to abort the job then, which it does not by itself."""
    here = stage(vendor, vendor.endless(1), vendor.endless(2))
    assert here.fails(1, 2, poll_interval=10, timeout=25)["outcome"] == "timed_out"
    logins = {"/v2.0/tokens", "/api/rest/configure/v2/session"}
    reads = {vendor.list_request, vendor.single_request}
    sent = set(here.simulator.requests()["by_path"])
    assert {request for request in sent if request.split(" ", 1)[1] not in logins} <= reads
    assert here.fails(1, timeout=0)["task"]["state"] == "running"
