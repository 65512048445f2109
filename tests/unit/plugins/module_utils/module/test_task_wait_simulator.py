# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each option of a wait at each vendor of the simulator, and what waits for many tasks cost in requests.

A clock moved by hand is the time of both sides. The looks are at 0, 10, 20 seconds and so on.
"""

from __future__ import annotations

import contextlib
import json
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import OptionError
from ansible_collections.longrunning.tasks.plugins.module_utils._core.masking import Mask
from ansible_collections.longrunning.tasks.plugins.module_utils._core.threads import MOST_PARALLEL_REQUESTS
from ansible_collections.longrunning.tasks.plugins.module_utils._module.runner import shown
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS
from ansible_collections.longrunning.tasks.tests.unit.support.socket_server import answer, closed_port, serving
from ansible_collections.longrunning.tasks.tests.unit.support.stage import Stage
from ansible_collections.longrunning.tasks.tests.unit.support.vendors import VENDORS, Vendor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

RACKSPACE = VENDORS["rackspace_images"]
EACH = pytest.mark.parametrize("vendor", VENDORS.values(), ids=VENDORS)
LISTING = [vendor for vendor in VENDORS.values() if vendor.name != "custom"]
EACH_WITH_A_LIST = pytest.mark.parametrize("vendor", LISTING, ids=[vendor.name for vendor in LISTING])


@pytest.fixture
def stage():
    """Return a function that starts a simulator with a vendor's tasks."""
    with contextlib.ExitStack() as stack:
        yield lambda vendor, *tasks, **scenario: Stage(stack, vendor, *tasks, **scenario).start()


def states(result):
    return [task["state"] for task in result["tasks"]]


# --- what each option and each of its values does ---------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A wait for the tasks 1, 2 ... with some options, and how it ends. ``elapsed`` is in seconds."""

    tasks: Callable[[Vendor], Sequence[dict[str, Any]]]
    outcome: str
    elapsed: float
    states: str
    #: None where the module does not fail.
    reason: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    warnings: int = 0


def bad_then_good(vendor):
    return vendor.failing(1, 5), vendor.task(2, 25)


def bad_good_and_endless(vendor):
    return vendor.failing(1, 5), vendor.task(2, 15), vendor.endless(3)


def two_bad(vendor):
    return vendor.failing(1, 5), vendor.failing(2, 15)


def bad_and_endless(vendor):
    return vendor.failing(1, 5), vendor.endless(2)


def good_and_endless(vendor):
    return vendor.task(1, 5), vendor.endless(2)


def late_move(vendor):
    """Stand still for 20 seconds, move, and end well after 40."""
    task = vendor.task(1, 20)
    return ({**task, "steps": [{"state": vendor.queued, "seconds": 20, **vendor.begins}, *task["steps"]]},)


def endless(vendor):
    return (vendor.endless(1),)


def not_yet_registered(vendor):
    return vendor.task(1, 30, appears_after=15), vendor.task(2, 5)


def forgotten(vendor):
    return vendor.task(1, 5, forgotten_after=2), vendor.task(2, 15)


def odd(vendor):
    task = vendor.task(1)
    return ({**task, "steps": [{"state": vendor.odd, "seconds": 15}]},)


CASES = {
    "wait_for=all": Case(bad_then_good, "failed", 30, "failed succeeded", "task_failed", {"wait_for": "all"}),
    "wait_for=any": Case(bad_good_and_endless, "succeeded", 20, "failed succeeded running", None, {"wait_for": "any"}),
    "wait_for=any, none": Case(two_bad, "failed", 20, "failed failed", "task_failed", {"wait_for": "any"}),
    "wait_for=any, late": Case(
        bad_and_endless, "timed_out", 25, "failed running", "task_failed", {"wait_for": "any", "timeout": 25}
    ),
    "fail_fast=false": Case(bad_then_good, "failed", 30, "failed succeeded", "task_failed", {"fail_fast": False}),
    "fail_fast=true": Case(bad_then_good, "failed", 10, "failed running", "task_failed", {"fail_fast": True}),
    "on_failure=fail": Case(bad_then_good, "failed", 30, "failed succeeded", "task_failed", {"on_failure": "fail"}),
    "on_failure=continue": Case(bad_then_good, "failed", 30, "failed succeeded", None, {"on_failure": "continue"}),
    "on_timeout=fail": Case(
        good_and_endless, "timed_out", 25, "succeeded running", "timed_out", {"timeout": 25, "on_timeout": "fail"}
    ),
    "on_timeout=continue": Case(
        good_and_endless, "timed_out", 25, "succeeded running", None, {"timeout": 25, "on_timeout": "continue"}
    ),
    "timeout=0": Case(good_and_endless, "timed_out", 0, "running running", "timed_out", {"timeout": 0}),
    "stall_timeout": Case(endless, "stalled", 25, "running", "stalled", {"stall_timeout": 25}),
    "stall_timeout, on_timeout=continue": Case(
        endless, "stalled", 25, "running", None, {"stall_timeout": 25, "on_timeout": "continue"}
    ),
    "stall_timeout, it moves": Case(late_move, "succeeded", 40, "succeeded", None, {"stall_timeout": 25}),
    "not_found=fail, early": Case(
        not_yet_registered, "failed", 10, "not_found succeeded", "task_failed", {"not_found": "fail"}
    ),
    "not_found=fail, forgotten": Case(
        forgotten, "failed", 30, "not_found succeeded", "task_failed", {"not_found": "fail"}
    ),
    "not_found=wait, early": Case(
        not_yet_registered, "succeeded", 30, "succeeded succeeded", None, {"not_found": "wait"}
    ),
    "not_found=wait, forgotten": Case(
        forgotten, "timed_out", 45, "not_found succeeded", "timed_out", {"not_found": "wait", "timeout": 45}
    ),
    "not_found=succeed, early": Case(
        not_yet_registered, "succeeded", 10, "not_found succeeded", None, {"not_found": "succeed"}
    ),
    "not_found=succeed, forgotten": Case(
        forgotten, "succeeded", 30, "not_found succeeded", None, {"not_found": "succeed"}
    ),
    "unknown_state=wait": Case(odd, "succeeded", 20, "succeeded", None, {"unknown_state": "wait"}, warnings=1),
    "unknown_state=fail": Case(odd, "failed", 0, "unknown", "task_failed", {"unknown_state": "fail"}, warnings=1),
}


# Each at one vendor with a list in turn, and at one without a list.
EACH_CASE = [(name, vendor) for number, name in enumerate(CASES) for vendor in (LISTING[number % 6], VENDORS["custom"])]


@pytest.mark.parametrize(("name", "vendor"), EACH_CASE, ids=[f"{name}, {vendor.name}" for name, vendor in EACH_CASE])
def test_an_option_does_what_its_value_says(stage, vendor, name):
    case = CASES[name]
    tasks = case.tasks(vendor)
    here = stage(vendor, *tasks)
    wait = here.wait if case.reason is None else here.fails
    result = wait(*range(1, len(tasks) + 1), poll_interval=10, **case.params)
    assert (result["outcome"], result.get("reason")) == (case.outcome, case.reason)
    assert states(result) == case.states.split()
    assert result["elapsed"] == case.elapsed
    assert len(here.warnings) == case.warnings
    assert result["timed_out"] is (case.outcome == "timed_out")


def test_every_value_of_every_option_that_judges_an_end_is_in_the_table():
    given = {(option, value) for case in CASES.values() for option, value in case.params.items()}
    choices = {
        "wait_for": ["all", "any"],
        "fail_fast": [True, False],
        "on_failure": ["fail", "continue"],
        "on_timeout": ["fail", "continue"],
        "not_found": ["fail", "wait", "succeed"],
        "unknown_state": ["wait", "fail"],
    }
    assert {(option, value) for option, values in choices.items() for value in values} <= given


#: What stands in front of an API answers in its place.
FOREIGN = {
    "a proxy": "404 page not found\n",
    "an ingress": "default backend - 404",
    "a gateway": json.dumps({"message": "no Route matched with those values"}),
    "another gateway": json.dumps({"error": {"code": "404", "message": "Resource not found"}}),
    "a framework": json.dumps(
        {"timestamp": "2026-03-01T12:00:00Z", "status": 404, "error": "Not Found", "path": "/v2"}
    ),
    "a store": "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>",
    "a page": "<html><title>404 Not Found</title></html>",
    "nothing": "",
}
EACH_FOREIGN = pytest.mark.parametrize("body", FOREIGN.values(), ids=FOREIGN)


@pytest.mark.kind
@pytest.mark.parametrize("not_found", ["fail", "wait", "succeed"])
@EACH_FOREIGN
@pytest.mark.parametrize(("times", "apart"), [(1, 1), (2, 1), (3, 2)])
def test_a_404_between_good_answers_ends_no_wait(body, times, apart, not_found):
    vendor = VENDORS["custom"]
    running, done = (answer({"id": vendor.task_id(1), "status": status}) for status in ("processing", "success"))
    misses = [answer(body, 404), *[running] * (apart - 1)] * times
    with serving(running, *misses, running, done) as server, contextlib.ExitStack() as stack:
        here = Stage(stack, vendor)
        here.url = server.url
        result = here.wait(1, poll_interval=10, not_found=not_found)
    assert (result["outcome"], result["polls"]) == ("succeeded", len(misses) + 3)
    assert [change["state"] for change in result["task"]["history"]] == ["running", "succeeded"]


#: Of a failure that ansible-playbook prints in one line, with the tasks that the wait was for.
MOST_CHARACTERS = {1: 2_500, 20: 16_000}


@EACH
@pytest.mark.parametrize("count", MOST_CHARACTERS)
def test_a_failure_is_short_enough_to_be_read(stage, vendor, count):
    numbers = range(1, count + 1)
    tasks = [vendor.failing(number, 25) if number in (1, 20) else vendor.task(number, 25) for number in numbers]
    result = stage(vendor, *tasks).fails(*numbers, poll_interval=10, return_history=False)
    # ansible-playbook shows no invocation.
    printed = json.dumps({**shown(result, {}, Mask()), "invocation": None})
    assert len(result["failed_task_ids"]) == min(count, 2)
    assert len(printed) <= MOST_CHARACTERS[count], f"{len(printed)} characters: {printed}"


@pytest.mark.kind
@EACH
@EACH_FOREIGN
@pytest.mark.parametrize("alone", [True, False], ids=["one", "many"])
def test_what_answers_404_in_an_apis_place_for_a_minute_ends_no_wait(stage, vendor, body, alone):
    fault = {"kind": "status", "status": 404, "body": body, "from_second": 15, "for_seconds": 60}
    numbers = (1,) if alone else (1, 2, 3)
    here = stage(vendor, *(vendor.task(number, 95) for number in numbers), faults=[fault])
    if vendor.name == "custom":
        # As a user writes it who does not think of this.
        here.login = {**here.login, "definition": {**here.login["definition"]}}
        del here.login["definition"]["refusal"]
    result = here.wait(*numbers, poll_interval=10, not_found="succeed")
    assert (result["outcome"], set(states(result))) == ("succeeded", {"succeeded"})
    assert "HTTP 404" in result["last_transient_error"]


#: Answers with HTTP 200 that refuse, in the shapes of others.
REFUSALS = {
    "JSON-RPC": {"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": "Spike arrest"}},
    "GraphQL": {"data": None, "errors": [{"message": "Spike arrest", "extensions": {"code": "THROTTLED"}}]},
    "a gateway": {"fault": {"faultstring": "Spike arrest", "detail": {"errorcode": "policies.ratelimit"}}},
    "a flag": {"success": False, "message": "Spike arrest"},
    "a list": [{"message": "Spike arrest"}],
    "a text": "Spike arrest",
}


@pytest.mark.kind
@EACH
@pytest.mark.parametrize("body", REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_inside_a_good_answer_is_no_missing_task_and_tells_its_words(stage, vendor, body):
    path = vendor.single_request.partition(" ")[2].replace("{id}", vendor.task_id(1)).partition("{")[0]
    fault = {"kind": "status", "status": 200, "body": json.dumps(body), "path": path, "from_second": 5}
    here = stage(vendor, vendor.task(1, 95), faults=[fault])
    result = here.fails(1, poll_interval=10, not_found="succeed")
    assert (result["outcome"], result["reason"], states(result)) == ("unreachable", "bad_answer", ["running"])
    assert "Spike arrest" in result["msg"]


@EACH
@pytest.mark.parametrize("alone", [True, False], ids=["one", "many"])
def test_only_a_failure_code_that_is_accepted_is_a_success(stage, vendor, alone):
    here = stage(vendor, vendor.failing(1, 5), *(vendor.task(number) for number in (2, 3)))
    numbers = (1,) if alone else (1, 2, 3)
    for codes in ([], ["396"], ["None", "null", ""]):
        result = here.fails(*numbers, poll_interval=10, accept_failure_codes=codes)
        assert (result["reason"], result["failed_task_ids"]) == ("task_failed", [vendor.task_id(1)])
    if vendor.code is None:
        assert result["tasks"][0]["error"]["code"] is None
        return
    result = here.wait(*numbers, poll_interval=10, accept_failure_codes=["396", vendor.code])
    assert (result["outcome"], result["failed_task_ids"]) == ("succeeded", [])
    assert (result["tasks"][0]["state"], result["tasks"][0]["error"]["code"]) == ("failed", vendor.code)


@pytest.mark.kind
@EACH
@pytest.mark.parametrize("alone", [True, False], ids=["one", "many"])
def test_an_address_at_which_nobody_listens_is_given_up_soon(vendor, alone):
    with contextlib.ExitStack() as stack:
        here = Stage(stack, vendor)
        here.url = f"http://127.0.0.1:{closed_port()}"
        result = here.fails(*((1,) if alone else (1, 2, 3)))
    assert (result["outcome"], result["reason"], result["elapsed"]) == ("unreachable", "unreachable", 20.0)
    assert "refused" in result["msg"]
    # Where a login comes first, its address is the one that nobody listens at.
    option = "auth_url" if vendor.name == "rackspace_images" else "api_url"
    assert f"Nothing has answered within 20 s, so the wait gave up. Check {option}," in result["msg"]
    assert result["request"]["url"].startswith(here.url)


# --- launch_results ---------------------------------------------------------------------------------------------

SKIPPED = {"changed": False, "skipped": True, "skip_reason": "Conditional result was False"}
LAUNCHES = [vendor for vendor in VENDORS.values() if vendor.name != "netapp_astra_control"]
EACH_THAT_LAUNCHES = pytest.mark.parametrize("vendor", LAUNCHES, ids=[vendor.name for vendor in LAUNCHES])


def check_launches(here, number, shape):
    """Launch tasks, and wait for what ``shape`` makes of their registered results: the newest first."""
    launched = [here.launch() for _number in range(number)]
    result = here.wait(launch_results=shape(launched), poll_interval=10)
    assert (result["outcome"], states(result)) == ("succeeded", ["succeeded"] * number)
    for launch, task in zip(reversed(launched), result["tasks"]):
        assert re.search(rf"\b{task['id']}\b", json.dumps(launch["json"]))


@EACH_THAT_LAUNCHES
def test_a_loop_of_launches_is_waited_for_in_its_order_and_skipped_items_pass(stage, vendor):
    check_launches(stage(vendor), 2, lambda launched: {"results": [launched[1], SKIPPED, launched[0], SKIPPED]})


@EACH
@pytest.mark.parametrize("results", [SKIPPED, {"results": [SKIPPED, SKIPPED]}, {"results": [], "skipped": True}])
def test_when_every_launch_was_skipped_nothing_is_asked(stage, vendor, results):
    here = stage(vendor)
    result = here.wait(launch_results=results)
    assert (result["outcome"], result["tasks"], result["requests"]) == ("succeeded", [], 0)
    assert here.simulator.requests()["total"] == 0


@EACH_THAT_LAUNCHES
def test_a_launch_that_failed_is_named_and_nothing_is_asked(stage, vendor):
    here = stage(vendor)
    launched = here.launch()
    here.simulator.reset_requests()
    with pytest.raises(OptionError, match=r"launch_results.results\[1\] is the result of a task that failed"):
        here.wait(launch_results={"results": [launched, {**launched, "failed": True}]})
    assert here.simulator.requests()["total"] == 0


# --- requests ---------------------------------------------------------------------------------------------------

MANY = 250


def pages_of(vendor):
    """Return how many pages a list of MANY tasks has."""
    one_page = vendor.name in ("netapp_astra_control", "dbvisit_standby")
    return 1 if one_page else math.ceil(MANY / PROVIDERS[vendor.name].description.page_size)


@EACH_WITH_A_LIST
def test_requests_per_round_are_no_more_than_the_pages_of_the_list(stage, vendor):
    here = stage(vendor, *(vendor.endless(number) for number in range(1, MANY + 1)))
    result = here.fails(*range(1, MANY + 1), poll_interval=10, timeout=35)
    assert (result["polls"], result["counts"]["running"]) == (5, MANY)
    assert here.lists <= pages_of(vendor) * result["polls"]
    assert here.singles == 0


#: Those whose lists lack the outcome of a task, or its reason.
LISTS_LACK = {"rackspace_images", "openstack_images", "huawei_koodrive"}


@EACH_WITH_A_LIST
def test_what_a_list_entry_lacks_is_read_once_when_the_task_has_ended(stage, vendor):
    ended, going_on = range(1, 21), range(21, 41)
    here = stage(
        vendor, *(vendor.task(number, 15) for number in ended), *(vendor.endless(number) for number in going_on)
    )
    result = here.fails(*ended, *going_on, poll_interval=10, timeout=55)
    assert (result["polls"], result["counts"]["succeeded"]) == (7, 20)
    assert here.lists == 7
    assert here.singles == (20 if vendor.name in LISTS_LACK else 0)


@EACH
def test_ids_that_no_list_has_are_read_by_id_side_by_side_but_not_too_many_at_once(stage, vendor):
    listed, missing = range(1, 11), range(101, 125)
    # Answers that take a while: else one can be over before the next request begins.
    slow = {"kind": "slow", "seconds": 0.03}
    here = stage(vendor, *(vendor.endless(number) for number in listed), faults=[slow])
    result = here.fails(*listed, *missing, not_found="wait", timeout=0)
    assert result["counts"]["not_found"] == len(missing)
    reads = len(missing) + (len(listed) if vendor.name == "custom" else 0)
    assert here.singles == reads
    assert 2 <= here.simulator.requests()["peak_concurrent"] <= MOST_PARALLEL_REQUESTS


@EACH_WITH_A_LIST
def test_few_tasks_of_a_long_list_are_soon_read_by_their_ids(stage, vendor):
    # They are older than all others: on the last page.
    others = [vendor.endless(number) for number in range(1, MANY + 1)]
    here = stage(vendor, *(vendor.endless(number, age=50) for number in (901, 902)), *others)
    result = here.fails(901, 902, poll_interval=10, timeout=35)
    assert result["counts"]["running"] == 2
    rounds = result["polls"]
    assert here.lists + here.singles <= 2 * rounds + 2


@EACH_WITH_A_LIST
def test_tasks_that_ended_are_not_paid_for_any_more(stage, vendor):
    here = stage(vendor, *(vendor.task(number, 5) for number in range(1, MANY)), vendor.endless(MANY))
    here.fails(*range(1, MANY + 1), poll_interval=10, timeout=10)
    first_rounds = here.lists + here.singles
    here.simulator.reset_requests()
    here.fails(*range(1, MANY + 1), poll_interval=10, timeout=60)
    # Five more rounds for the one that is left.
    assert here.lists + here.singles <= first_rounds + 5


def test_without_a_list_connections_are_few_and_kept():
    """Twenty tasks and four looks are eighty requests, over no more connections than run side by side."""

    def play(request):
        return [0.005, answer({"id": request.target.rpartition("/")[2], "status": "processing"})]

    vendor = VENDORS["custom"]
    with serving(play) as server, contextlib.ExitStack() as stack:
        here = Stage(stack, vendor)
        here.url = server.url
        result = here.fails(*range(1, 21), poll_interval=10, timeout=30)
    assert (result["polls"], result["requests"], len(server.requests)) == (4, 80, 80)
    assert {request.connection for request in server.requests} <= set(range(1, MOST_PARALLEL_REQUESTS + 1))


def test_many_looks_are_one_login_one_connection_and_no_noise():
    def play(request):
        if request.target == "/v2.0/tokens":
            endpoint = {"region": "DFW", "publicURL": f"http://{request.headers['host']}/v2"}
            catalogue = [{"type": "image", "endpoints": [endpoint]}]
            return answer({"access": {"token": {"id": "t"}, "serviceCatalog": catalogue}})
        return answer({"id": RACKSPACE.task_id(1), "status": "success" if len(server.requests) > 20 else "processing"})

    with serving(play) as server, contextlib.ExitStack() as stack:
        here = Stage(stack, RACKSPACE)
        here.url = server.url
        result = here.wait(1)
    assert (result["polls"], result["requests"], len(server.requests)) == (20, 21, 21)
    assert {request.connection for request in server.requests} == {1}
    assert here.warnings == []


# --- logins and ends --------------------------------------------------------------------------------------------


def test_a_pause_that_outlives_the_login_is_survived(stage):
    here = stage(RACKSPACE, RACKSPACE.task(1, 90), credentials={"token_lifetime": 60})
    here.simulator.add_fault(kind="over_limit", retry_after=80, from_second=9, count=1)
    result = here.wait(1, poll_interval=10)
    assert (result["outcome"], result["elapsed"]) == ("succeeded", 90.0)
    assert here.asked("POST /v2.0/tokens") == 2


@EACH
def test_a_wait_that_runs_out_of_time_leaves_the_task_alone(stage, vendor):
    here = stage(vendor, vendor.endless(1), vendor.endless(2))
    assert here.fails(1, 2, poll_interval=10, timeout=25)["outcome"] == "timed_out"
    reads = {vendor.list_request, vendor.single_request}
    logins = {vendor.login_request, vendor.logout_request}
    assert set(here.simulator.requests()["by_path"]) <= reads | logins
    assert here.fails(1, timeout=0)["task"]["state"] == "running"
