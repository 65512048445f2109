# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import signal
import sys

import pytest
from ansible.module_utils.basic import AnsibleModule

from ansible_collections.longrunning.tasks.plugins.module_utils._api import http_client as _http
from ansible_collections.longrunning.tasks.plugins.module_utils._api import schemas as _schemas
from ansible_collections.longrunning.tasks.plugins.module_utils._core import errors
from ansible_collections.longrunning.tasks.plugins.module_utils._core.clock import SystemClock
from ansible_collections.longrunning.tasks.plugins.module_utils._core.masking import masking
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import Task, TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._module import runner
from ansible_collections.longrunning.tasks.plugins.module_utils._module.argument_specs import (
    CONNECTION,
    TASK_INFO,
    TASK_LAUNCH,
    TASK_LIST,
    TASK_WAIT,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._module.runner import run_module
from ansible_collections.longrunning.tasks.plugins.module_utils._module.task_wait import NOT_STARTED
from ansible_collections.longrunning.tasks.plugins.module_utils._providers import _keystone
from ansible_collections.longrunning.tasks.plugins.module_utils._providers._image_tasks import ImageTaskProvider
from ansible_collections.longrunning.tasks.plugins.modules import task_info, task_launch, task_list, task_wait
from ansible_collections.longrunning.tasks.tests.unit.support.module_run import run_as_module
from ansible_collections.longrunning.tasks.tests.unit.support.socket_server import answer, serving

SECRET = "s3cr3t-v4lue"
TOKEN = "g0t-by-l0gin"


@pytest.fixture(autouse=True)
def _no_login(monkeypatch):
    for name in ("API_KEY", "API_TOKEN", "API_URL", "AUTH_URL", "PASSWORD", "REGION", "USERNAME"):
        monkeypatch.delenv(f"RACKSPACE_{name}", raising=False)


def vendor(request):
    """Play a vendor that repeats whatever it gets, the login included."""
    if request.target == "/v2.0/tokens":
        endpoint = {"region": "DFW", "publicURL": f"http://{request.headers['host']}/v2"}
        token = {"id": TOKEN}
        return answer({"access": {"token": token, "serviceCatalog": [{"type": "image", "endpoints": [endpoint]}]}})
    token = request.headers.get("x-auth-token", "")
    if request.target.startswith("/v2/tasks/"):
        task_id = request.target.rpartition("/")[2]
        if task_id == "gone":
            return answer({"message": f"no task for {token}"}, 404)
        status = "failure" if task_id == "bad" else "success"
        message = "Image cannot be imported. Error code: '396'" if task_id == "bad" else f"done by {token}"
        task = {
            "id": task_id,
            "status": status,
            "type": "import",
            "message": message,
            "owner": token,
            "input": {"by": [token]},
        }
        return answer(task)
    return answer({"tasks": [{"id": "a", "status": "success"}, {"id": "b", "status": "success"}]})


@pytest.fixture
def server():
    with serving(vendor) as server:
        yield server


@pytest.fixture
def run(capsys):
    def run(module, **params):
        call = module if callable(module) else module.main
        return run_as_module(call, {"provider": "rackspace_images", **params}, capsys)

    return run


def ready(server):
    return {"api_url": server.url, "api_token": SECRET}


# --- ends -----------------------------------------------------------------------------------------------------


def test_a_success_exits(run, server):
    code, result, _written = run(task_info, task_id="a", **ready(server))
    assert (code, result["changed"], result.get("failed", False)) == (0, False, False)
    assert (result["task"]["id"], result["task"]["state"]) == ("a", "succeeded")


def test_a_failure_fails(run, server):
    code, result, _written = run(task_wait, task_ids=["a", "bad"], **ready(server))
    assert (code, result["failed"], result["changed"], result["reason"]) == (1, True, False, "task_failed")
    assert "396" in result["msg"]
    assert [task["state"] for task in result["tasks"]] == ["succeeded", "failed"]
    assert result["requests"] == len(server.requests)


def every_error():
    kinds = [errors.WorkError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    special = {
        errors.OptionError: errors.OptionError("timeout", "words"),
        errors.MissingLibraryError: errors.MissingLibraryError("library", "to say words"),
        errors.DefectError: errors.DefectError(KeyError("words")),
        errors.WaitError: errors.WaitError("words", fields={"outcome": "failed"}, reason="task_failed"),
    }
    return [special[kind] if kind in special else kind("words") for kind in kinds]


@pytest.mark.parametrize("error", every_error(), ids=lambda error: error.__class__.__name__)
def test_every_error_becomes_a_failure_in_words(run, error):
    def work(_context):
        raise error

    code, result, written = run(lambda: run_module(work, TASK_INFO), task_id="a", api_token=SECRET, region="DFW")
    assert (code, result["failed"], result["changed"]) == (1, True, False)
    assert "words" in result["msg"]
    assert result["reason"] == error.to_result()["reason"]
    assert "Traceback" not in written


def test_a_list_is_listed(run, server):
    code, result, _written = run(task_list, **ready(server))
    assert (code, result["count"], result["truncated"]) == (0, 2, False)


@pytest.mark.parametrize(
    ("params", "option"),
    [
        ({"task_id": "a"}, "username"),
        ({"task_id": "a", "api_token": "t0ken-9"}, "api_url"),
        ({"task_id": "a", "api_token": "t0ken-9", "api_url": "images.example"}, "api_url"),
        ({"task_id": "..", "api_token": "t0ken-9", "api_url": "https://images.example"}, "task_ids"),
        ({"task_id": "a", "api_token": "t0ken-9", "region": "d.f.w"}, "region"),
        ({"task_id": "a", "api_token": "t0ken-9", "region": "DFW", "request_timeout": "nan"}, "request_timeout"),
        ({"task_id": "a", "api_token": "t0ken-9", "region": "DFW", "ca_path": "/nonexistent/ca.pem"}, "ca_path"),
        ({"task_id": "a", "api_token": "t0ken\n9", "region": "DFW"}, "api_token"),
    ],
)
def test_an_option_that_cannot_be_used_is_named(run, params, option):
    code, result, _written = run(task_info, **params)
    assert (code, result["reason"], result["option"]) == (1, "invalid_option", option)
    assert option in result["msg"]
    assert "exception" not in result


@pytest.mark.parametrize(
    ("module", "params", "words"),
    [
        (task_info, {}, "task_ids"),
        (task_info, {"task_id": "a", "provider": "nobody"}, "provider"),
        (task_info, {"task_id": "a", "colour": "red"}, "colour"),
        (task_wait, {}, "task_ids, launch_results"),
        (task_wait, {"task_id": "a", "launch_results": {}}, "mutually exclusive"),
        (task_wait, {"task_id": "a", "timeout": "soon"}, "timeout"),
        (task_list, {"states": ["not_found"]}, "states"),
    ],
)
def test_ansibles_own_checks_hold(run, module, params, words):
    code, result, _written = run(module, **params)
    assert code == 1
    assert words in result["msg"]


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        # Options that this collection refuses, and those that Ansible does.
        ({"task_id": "a"}, "invalid_option"),
        ({"task_id": "..", "api_token": "t0ken-9", "api_url": "https://images.example"}, "invalid_option"),
        ({"launch_results": {"failed": True}, "api_token": "t0ken-9", "region": "DFW"}, "invalid_option"),
        ({}, "invalid_option"),
        ({"task_id": "a", "launch_results": {}}, "invalid_option"),
        ({"task_id": "a", "timeout": "soon"}, "invalid_option"),
        ({"task_id": "a", "colour": "red"}, "invalid_option"),
        ({"task_id": "a", "provider": "nobody"}, "invalid_option"),
        ({"task_id": "a", "api_token": "t0ken-9", "region": "DFW"}, "missing_library"),
    ],
)
def test_a_wait_that_does_not_start_fails_with_all_keys_of_a_wait(run, monkeypatch, params, reason):
    monkeypatch.setattr(_http, "HAS_REQUESTS", reason != "missing_library")
    code, result, _written = run(task_wait, **params)
    assert (code, result["reason"], result["outcome"]) == (1, reason, "not_started")
    assert {key: result[key] for key in NOT_STARTED} == dict(NOT_STARTED)
    assert result["msg"]


def test_a_defect_of_a_wait_fails_with_all_keys_of_one(run, server, monkeypatch):
    monkeypatch.setattr(ImageTaskProvider, "read_task", lambda *_args: {}[SECRET])
    code, result, _written = run(task_wait, task_id="a", **ready(server))
    assert (code, result["reason"], result["tasks"]) == (1, "defect", [])


def test_other_modules_say_why_ansible_refuses_an_option_too(run):
    _code, result, _written = run(task_info, task_id="a", colour="red")
    assert (result["reason"], "outcome" in result) == ("invalid_option", False)


def test_a_defect_fails_cleanly(run, server):
    def work(_context):
        raise KeyError(SECRET)

    code, result, written = run(lambda: run_module(work, TASK_INFO), task_id="a", **ready(server))
    assert (code, result["reason"], result["failed"]) == (1, "defect", True)
    assert "bug in longrunning.tasks" in result["msg"]
    assert "KeyError" in result["msg"]
    assert SECRET not in written


@pytest.mark.kind
@pytest.mark.parametrize(
    ("flag", "named"),
    [
        ((_http, "HAS_REQUESTS"), "requests"),
        ((_schemas, "HAS_JSONSCHEMA"), "jsonschema"),
        ((_http, "HAS_REQUESTS"), "requests jsonschema"),
        ((_schemas, "HAS_JSONSCHEMA"), "jsonschema requests"),
    ],
)
def test_all_missing_libraries_are_named_with_one_command(run, server, monkeypatch, flag, named):
    monkeypatch.setattr(*flag, False)
    missing = ("jmespath", *named.split()[1:])
    monkeypatch.setattr(runner, "find_spec", lambda name: None if name in missing else name)
    monkeypatch.setattr(_schemas.AnswerSchema, "problem", fresh_problem)
    code, result, _written = run(task_info, task_id="a", **ready(server))
    assert (code, result["reason"]) == (1, "missing_library")
    assert f"({' and '.join(named.split())})" in result["msg"]
    assert result["msg"].endswith(f"To install: {sys.executable} -m pip install {named}")
    assert "exception" not in result


def test_a_library_for_an_option_is_missing_only_with_that(run, monkeypatch):
    monkeypatch.setattr(_keystone, "HAS_KEYSTONEAUTH", False)
    monkeypatch.setattr(runner, "find_spec", lambda _name: None)
    cloud = {"provider": "openstack_images", "task_id": "a", "cloud": "mine"}
    login = {**cloud, "cloud": "", "auth_url": "https://keystone.example", "username": "a", "password": SECRET}
    assert run(task_info, **cloud)[1]["msg"].endswith("install keystoneauth1 requests jsonschema openstacksdk")
    assert run(task_info, **login)[1]["msg"].endswith("install keystoneauth1 requests jsonschema")


def fresh_problem(schema, data, original=_schemas.AnswerSchema.problem):
    # Other tests may have compiled the schema already.
    return original(_schemas.AnswerSchema(schema.schema), data)


@pytest.mark.parametrize("task_id", ["a", "gone", ".."])
def test_clients_are_closed(run, server, monkeypatch, task_id):
    closed = []
    close = _http.RequestsClient.close
    monkeypatch.setattr(_http.RequestsClient, "close", lambda self: (closed.append(self), close(self)))
    run(task_info, task_id=task_id, **ready(server))
    assert len(closed) == 1


def test_check_mode_is_passed_on(run, server):
    code, result, _written = run(task_wait, task_id="a", _ansible_check_mode=True, **ready(server))
    assert (code, result["msg"][:10]) == (0, "Check mode")


@pytest.mark.parametrize(
    ("name", "task"),
    [("lone surrogate", {"id": "a", "status": "success", "input": {"image_properties": {"name": "\ud800"}}})],
)
def test_what_a_vendor_writes_can_be_returned(run, name, task):
    with serving(lambda _request: answer(task)) as server:
        code, result, _written = run(task_info, task_id="a", **ready(server))
    assert (code, result["task"]["state"]) == (0, "succeeded")


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_the_deepest_json_that_is_read_can_be_returned(run, opening, closing):
    deep = opening * 95 + "1" + closing * 95
    body = f'{{"id": "a", "status": "success", "result": {deep}}}'
    with serving(lambda _request: answer(body, Content_Type="application/json")) as server:
        code, _result, _written = run(task_info, task_id="a", **ready(server))
    assert code == 0


# --- interrupts -----------------------------------------------------------------------------------------------


def test_an_interrupt_ends_a_module_in_good_order(run, server, monkeypatch):
    closed = []
    monkeypatch.setattr(ImageTaskProvider, "close", lambda _self, deadline: closed.append(deadline.request_timeout))

    def work(_context):
        signal.raise_signal(signal.SIGTERM)

    code, result, written = run(lambda: run_module(work, TASK_INFO), task_id="a", **ready(server))
    assert (code, result["failed"], result["reason"]) == (1, True, "interrupted")
    assert result["msg"] == "Interrupted by the signal SIGTERM"
    assert "Traceback" not in written
    assert closed == [runner.LAST_LOGOUT_SECONDS]


def test_an_interrupt_of_a_wait_tells_what_is_known(run, server, monkeypatch):
    monkeypatch.setattr(SystemClock, "sleep", lambda _self, _seconds: signal.raise_signal(signal.SIGTERM))
    params = {**ready(server), "not_found": "wait"}
    code, result, _written = run(task_wait, task_ids=["a", "gone"], **params)
    assert (code, result["outcome"], result["reason"]) == (1, "interrupted", "interrupted")
    assert [task["state"] for task in result["tasks"]] == ["succeeded", "not_found"]
    assert result["pending_task_ids"] == ["gone"]


def test_an_interrupt_of_the_logout_does_not_cost_the_result(run, server, monkeypatch):
    monkeypatch.setattr(ImageTaskProvider, "close", lambda _self, _deadline: signal.raise_signal(signal.SIGTERM))
    code, result, _written = run(task_info, task_id="a", **ready(server))
    assert (code, result["task"]["state"]) == (0, "succeeded")


# --- warnings -------------------------------------------------------------------------------------------------


def test_where_nothing_answers_the_option_is_named(run):
    def work(_context):
        raise errors.UnknownHostError("The host name x cannot be resolved")

    _code, result, _written = run(lambda: run_module(work, TASK_INFO), task_id="a", api_token=SECRET, region="DFW")
    expected = "The host name x cannot be resolved. Check api_url, the network and the proxy."
    assert (result["reason"], result["msg"]) == ("unreachable", expected)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, []),
        ({"region": "DFW", "validate_certs": False}, []),
        ({"cloud": "mine"}, ["cloud is ignored: provider rackspace_images does not use it"]),
        (
            {"cloud": "mine", "app_secret": SECRET},
            ["app_secret and cloud are ignored: provider rackspace_images does not use them"],
        ),
    ],
)
def test_options_of_other_providers_are_ignored_with_a_warning(run, server, given, told):
    code, result, _written = run(task_info, task_id="a", **ready(server), **given)
    # ansible-core 2.19 and newer write each as an event.
    warnings = [
        warning if isinstance(warning, str) else warning["event"]["msg"] for warning in result.get("warnings", [])
    ]
    assert (code, warnings) == (0, told)


@pytest.mark.parametrize(("url", "warned"), [("http://images.invalid", True), ("http://127.0.0.1:1", False)])
def test_plain_http_is_warned_of(run, monkeypatch, url, warned):
    def work(_context):
        return {}

    _code, result, _written = run(lambda: run_module(work, TASK_INFO), task_id="a", api_token="t0ken-9", api_url=url)
    assert ("plain http" in json.dumps(result.get("warnings", []))) is warned


# --- secrets --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("task_id", ["a", "gone"])
@pytest.mark.parametrize("way", ["option", "environment"])
def test_a_token_is_nowhere(run, server, monkeypatch, task_id, way):
    if way == "option":
        params = ready(server)
    else:
        params = {"api_url": server.url}
        monkeypatch.setenv("RACKSPACE_API_TOKEN", SECRET)
    _code, result, written = run(task_info, task_id=task_id, **params)
    assert server.requests[0].headers["x-auth-token"] == SECRET
    assert SECRET not in written
    assert result["invocation"]["module_args"]["task_ids"] == [task_id]


@pytest.mark.parametrize("way", ["option", "environment"])
@pytest.mark.parametrize("option", ["api_key", "password"])
def test_a_login_and_its_token_are_nowhere(run, server, monkeypatch, way, option):
    params = {"username": "ann", "auth_url": server.url}
    if way == "option":
        params[option] = SECRET
    else:
        monkeypatch.setenv(f"RACKSPACE_{option.upper()}", SECRET)
    code, result, written = run(task_wait, task_ids=["a", "bad"], on_failure="continue", **params)
    assert code == 0
    assert SECRET in str(server.requests[0].json())
    assert SECRET not in written
    assert TOKEN not in written
    assert result["tasks"][0]["id"] == "a"


@pytest.mark.kind
def test_a_secret_that_is_an_ordinary_word_hides_that_word_and_changes_no_end(run, server):
    params = {"api_url": server.url, "api_token": "succeeded"}
    code, result, _written = run(task_wait, task_id="a", **params)
    assert (code, result["failed_task_ids"], result["counts"]["succeeded"]) == (0, [], 1)
    assert "succeeded" not in (result["outcome"], result["task"]["state"])
    assert run(task_wait, task_id="bad", **params)[0] == 1


def launched(*ids):
    return {
        "results": [
            {"json": {"id": task_id}, "invocation": {"module_args": {"headers": {"X-Auth-Token": "0ther-s3cret"}}}}
            for task_id in ids
        ],
        "msg": "rackspace_images",
    }


def test_ids_of_launch_results_are_shown_and_their_content_is_not(run, server):
    code, result, written = run(task_wait, launch_results=launched("a", "b"), **ready(server))
    assert code == 0
    assert [task["id"] for task in result["tasks"]] == ["a", "b"]
    assert [task["provider"] for task in result["tasks"]] == ["rackspace_images"] * 2
    assert "0ther-s3cret" not in written
    assert SECRET not in written
    shown = result["invocation"]["module_args"]
    assert isinstance(shown["launch_results"], str)
    assert shown["provider"] == "rackspace_images"


@pytest.mark.parametrize("ids", [["a", ".."], ["bad"], ["gone"]])
def test_failures_with_launch_results_show_no_content(run, server, ids):
    code, result, written = run(task_wait, launch_results=launched(*ids), **ready(server))
    assert code == 1
    assert "0ther-s3cret" not in written
    assert "launch_results" in result["invocation"]["module_args"]


def test_a_login_that_cannot_be_made_shows_no_content(run):
    _code, _result, written = run(task_wait, launch_results=launched("a"))
    assert "0ther-s3cret" not in written


@pytest.mark.parametrize("is_wanted", [False, True])
def test_the_vendors_objects_are_returned_where_they_are_wanted(run, server, is_wanted):
    part = Task("b", "example", TaskState.FAILED, raw={"b": 1})
    task = {**Task("a", "example", TaskState.FAILED, raw={"a": 1}, subtasks=(part,)).to_result(), "history": []}

    def wait():
        run_module(lambda _context: {"tasks": [task], "task": task, "existing": {"raw": 1}}, TASK_WAIT)

    _code, result, _written = run(wait, task_id="a", return_raw=is_wanted, **ready(server))
    for found in (result["task"], *result["tasks"]):
        objects = [found.get("raw"), found["subtasks"][0].get("raw")]
        assert objects == ([{"a": 1}, {"b": 1}] if is_wanted else [None, None])
        assert found["history"] == []
    assert result["existing"] == {"raw": 1}


# KooDrive's archives have passwords, which are parameters of the launch.
def test_of_a_launchs_input_only_the_secrets_are_hidden(run, server):
    secrets = {
        "password": "0pen-s3same",
        "nested": [{"accessToken": "t0p-s3cret"}],
        "api_key": ["k3y-s3cret"],
        "passphrase": "p4ss-phr4se",
        "pass": "sh0rt",
        "pwd": 47114711,
        "Authorization": "Bearer b34rer-s3cret",
        "sas_url": "https://blobs.example/x?sig=s4s-s3cret%2F",
        "pin": 7,
    }
    work = {"name": "golden", "token_count": 3, **secrets}
    said = {"b34rer-s3cret": ["p4ss-phr4se sh0rt", 47114711, 7, "s4s-s3cret/ k3y-s3cret"]}

    def launch():
        run_module(lambda context: {"seen": context.params["input"], "raw": said, "name": "golden"}, TASK_LAUNCH)

    code, result, written = run(launch, type="import", input=work, **ready(server))
    assert (code, result["name"], result["seen"]["name"]) == (0, "golden", "golden")
    assert result["raw"] == {"********": ["******** ********", "********", 7, "******** ********"]}
    shown = result["invocation"]["module_args"]
    assert (shown["type"], shown["input"]["name"], shown["input"]["token_count"]) == ("import", "golden", 3)
    assert (shown["input"]["pwd"], shown["input"]["pin"]) == ("********", "********")
    for secret in (
        *("0pen-s3same", "t0p-s3cret", "k3y-s3cret", "p4ss-phr4se", "sh0rt", "47114711", "b34rer-s3cret", "s4s-s3cret"),
        SECRET,
    ):
        assert secret not in written


@pytest.mark.parametrize(
    ("module", "params"),
    [
        (task_wait, {"launch_results": launched("a")}),
        (task_launch, {"type": "import", "input": {"passphrase": "0ther-s3cret", "anything": "0ther-s3cret"}}),
        (task_wait, {"select": {"filters": {"access_token": "0ther-s3cret"}}}),
    ],
)
@pytest.mark.parametrize("further", [{}, {"colour": "red"}])
def test_what_others_named_is_neither_logged_nor_shown(run, monkeypatch, module, params, further):
    """As with an option that is wrong, where Ansible ends the module before any of its work begins."""
    logged = []
    monkeypatch.setattr(AnsibleModule, "log", lambda _self, msg, log_args=None: logged.append(f"{msg} {log_args}"))
    _code, result, written = run(module, **params, **further, api_token=SECRET)
    assert "0ther-s3cret" not in written + str(logged)
    assert "launch_results" not in str(logged)
    assert SECRET not in written + str(logged)
    assert ("Invoked with" in str(logged)) is not bool(further)
    assert ("Unsupported options: colour" in result.get("msg", "")) is bool(further)


def test_an_option_that_there_is_not_counts_before_one_that_is_missing(run):
    code, result, _written = run(task_info, task_idd="a")
    assert code == 1
    assert result["msg"] == "Unsupported options: task_idd. Did you mean task_id?"
    assert result["reason"] == "invalid_option"


def test_a_short_token_leaves_ids_and_numbers_alone(run):
    def by_token(request):
        token = request.headers["x-auth-token"]
        return answer(
            {"id": "a-7", "status": "success", "message": f"7 is {token}, 17", "result": {"n": 7, "id": "x7"}}
        )

    with serving(by_token) as server:
        code, result, _written = run(task_info, task_id="a-7", api_url=server.url, api_token="7")
    assert (code, result["task"]["id"], result["task"]["result"]) == (0, "a-7", {"n": 7, "id": "x7"})
    assert result["task"]["message"] == "******** is ********, 17"


@pytest.mark.parametrize("way", ["option", "environment"])
@pytest.mark.parametrize(
    ("url", "secret"),
    [("https://ann:s3cr3t%21@api.example", "s3cr3t"), ("https://api.example/v2?sig=s3cr3t", "s3cr3t")],
)
def test_secrets_in_an_address_are_hidden(run, monkeypatch, way, url, secret):
    params = {"api_url": url} if way == "option" else {}
    monkeypatch.setenv("RACKSPACE_API_URL", url)
    code, result, written = run(task_info, task_id="a", api_token=SECRET, **params)
    assert (code, result["option"]) == (1, "api_url")
    assert secret not in written


@pytest.mark.kind
def test_warnings_are_masked(run, server):
    def work(context):
        context.warn(f"The vendor repeats {SECRET}")
        return {}

    _code, result, _written = run(lambda: run_module(work, TASK_INFO), task_id="a", **ready(server))
    assert "The vendor repeats ********" in json.dumps(result["warnings"])


@pytest.mark.kind
def test_what_is_surely_secret_is_told_to_ansible_and_guesses_are_not(run, server, monkeypatch):
    """Since 2.22, which hides what it is told in all that comes later."""
    told = []
    monkeypatch.setattr(runner, "register_secrets", told.extend)
    monkeypatch.setenv("RACKSPACE_API_KEY", SECRET)
    results = {"json": {"id": "a", "token": "import-token"}}
    run(task_wait, launch_results=results, username="ann", auth_url=server.url)
    assert {SECRET, TOKEN} < set(told)
    assert not {"import-token", "ann"} & set(told)
    told.clear()
    run(task_info, task_id="a", api_token="7", api_url=server.url)
    assert told == [SECRET]
    told.clear()
    # It would refuse the result of a module that tells it such a thing.
    monkeypatch.setenv("RACKSPACE_API_KEY", "not-utf-8-\udcff")
    run(task_info, task_id="a", api_token=TOKEN, api_url=server.url)
    assert told == [TOKEN]


# --- what AWX gives ---------------------------------------------------------------------------------------------


@pytest.mark.kind
@pytest.mark.parametrize("blank", ["", " ", "\n"])
def test_an_empty_text_is_no_option(run, server, blank):
    empty = {name: blank for name in TASK_WAIT if name not in ("task_ids", "launch_results")}
    connection = {name: blank for name in CONNECTION if name not in ("provider", "api_url", "api_token")}
    code, result, _written = run(task_wait, task_id="a", launch_results=blank, **empty, **connection, **ready(server))
    assert (code, result["outcome"]) == (0, "succeeded")
    shown = result["invocation"]["module_args"]
    assert (shown["timeout"], shown["fail_fast"], shown["progress"], shown["ca_path"]) == (3600.0, False, True, None)


@pytest.mark.parametrize("option", ["task_id", "task_ids"])
def test_an_empty_text_is_missing_where_an_option_is_needed(run, option):
    code, result, _written = run(task_info, **{option: ""})
    assert (code, "task_ids" in result["msg"]) == (1, True)


@pytest.mark.kind
@pytest.mark.parametrize(
    ("text", "read"),
    [('{"a": [1]}', {"a": [1]}), ("\n {'a': 1}", {"a": 1}), ("a=1 b.c=x", {"a": "1", "b.c": "x"}), ("", {})],
)
def test_texts_for_dictionaries_are_read(run, server, text, read):
    def launch():
        run_module(lambda context: {"seen": context.params["input"]}, TASK_LAUNCH)

    _code, result, _written = run(launch, type="import", input=text, **ready(server))
    assert result["seen"] == read


@pytest.mark.kind
@pytest.mark.parametrize("text", ['{"password": "0ther-s3cret"}', "password=0ther-s3cret"])
def test_secrets_of_a_text_for_a_dictionary_are_hidden(run, server, text):
    def launch():
        run_module(lambda context: {"seen": context.params["input"]}, TASK_LAUNCH)

    _code, result, written = run(launch, type="import", input=text, **ready(server))
    assert result["seen"] == {"password": "********"}
    assert "0ther-s3cret" not in written


@pytest.mark.kind
@pytest.mark.parametrize(
    "part",
    [
        {"headers": {"X-Api-Key": "0ther-s3cret"}},
        {"get": {"path": "/jobs/{id}", "query": {"sig": "0ther-s3cret"}}},
        {"get": {"path": "/jobs/{id}", "method": "POST", "body": {"auth": {"password": "0ther-s3cret"}}}},
        {"login": {"type": "oauth2", "session": {"path": "/t", "form": {"client_secret": "0ther-s3cret"}}}},
    ],
)
def test_what_a_definition_should_not_hold_is_hidden(part):
    with masking() as known:
        definition = {"fields": {"state": "token"}, "login": {"session": {"body": {"password": "{password}"}}}, **part}
        params = {"provider": "custom", "definition": definition}
        shown = json.dumps(runner.shown({}, runner.options_to_check(params, {}, known)[0], known))
    assert "0ther-s3cret" not in shown
    assert '"state": "token"' in shown


@pytest.mark.kind
@pytest.mark.parametrize(
    "text", ["a: 1", 'get: {path: "/jobs/{id}?x=1"}', "{a: 1}", "{broken", "[1]", "a", "{'a': " + "[" * 5000]
)
def test_a_text_that_ansible_would_misread_is_refused_with_the_way_out(run, server, text):
    secret = {"password": "0ther-s3cret"}
    code, result, written = run(
        task_launch, type="import", input=secret, desired=text, transient_timeout="", **ready(server)
    )
    assert (code, result["reason"], result["option"]) == (1, "invalid_option", "desired")
    assert 'desired: "{{ the_text | from_yaml }}"' in result["msg"]
    assert SECRET not in written
    assert "0ther-s3cret" not in written


@pytest.mark.kind
def test_such_a_text_is_told_before_what_is_missing_without_it(run, server):
    code, result, _written = run(task_wait, select="types: [import]", **ready(server))
    assert (code, result["option"], result["outcome"]) == (1, "select", "not_started")
    assert 'select: "{{ the_text | from_yaml }}"' in result["msg"]
    code, result, _written = run(task_wait, select="types: [import]", colour="red", **ready(server))
    assert (code, result["msg"].startswith("Unsupported options: colour.")) == (1, True)


DEFINITION = {"get": {"path": "/v2/tasks/{id}"}, "fields": {"state": "status"}, "states": {"success": "succeeded"}}


@pytest.mark.parametrize("provider", ["", "custom"])
@pytest.mark.parametrize("definition", [DEFINITION, f" {json.dumps(DEFINITION)}\n"])
def test_with_a_definition_the_provider_is_custom(run, server, provider, definition):
    code, result, _written = run(task_info, task_id="a", provider=provider, definition=definition, api_url=server.url)
    assert (code, result["task"]["provider"], result["task"]["state"]) == (0, "custom", "succeeded")


@pytest.mark.parametrize(
    ("options", "option", "told"),
    [
        ({"provider": ""}, "provider", "Neither provider nor definition is given"),
        ({"provider": "", "definition": ""}, "provider", "Neither provider nor definition is given"),
        ({"definition": DEFINITION}, "definition", "provider is rackspace_images. Omit one of the two"),
        ({"provider": "", "definition": "title: A"}, "definition", "is text, but not JSON"),
        # Names are for the controller, which every module of the collection passes.
        ({"provider": "custom", "definition": "pulp"}, "definition", "is text, but not JSON"),
        ({"provider": "custom", "definition": "get=a"}, "definition", "is text, but not JSON"),
        ({"provider": "custom", "definition": [1]}, "definition", "definition is wrong at $"),
    ],
)
def test_a_definition_and_a_provider_that_do_not_fit_are_told_of(run, server, options, option, told):
    code, result, _written = run(task_wait, task_id="a", api_url=server.url, **options)
    assert (code, result["reason"], result["option"]) == (1, "invalid_option", option)
    assert told in result["msg"]
    assert result["outcome"] == "not_started"


def test_a_list_as_json_is_a_list(run, server):
    code, result, _written = run(task_info, task_ids='["a", "b"]', **ready(server))
    assert (code, [task["id"] for task in result["tasks"]]) == (0, ["a", "b"])


@pytest.mark.kind
@pytest.mark.parametrize(("option", "variable"), [("api_token", "API_TOKEN"), ("region", "REGION")])
def test_what_is_not_utf_8_in_the_environment_is_refused(run, monkeypatch, option, variable):
    monkeypatch.setenv(f"RACKSPACE_{variable}", "s3cr3t-\udcfcber")
    code, result, written = run(task_info, task_id="a", api_url="https://api.example")
    assert (code, result["reason"], result["option"]) == (1, "invalid_option", option)
    assert f"{option} (environment RACKSPACE_{variable}) is not UTF-8" in result["msg"]
    assert "ber" not in written or option == "region"


@pytest.mark.parametrize("spec", [TASK_INFO, TASK_LAUNCH, TASK_LIST, TASK_WAIT])
def test_specs_are_not_changed_by_a_run(run, server, spec):
    before = json.dumps(spec, sort_keys=True)
    run(
        lambda: run_module(lambda _context: {}, spec),
        **ready(server),
        **({"task_ids": ["a"]} if "task_ids" in spec else {"type": "import"} if "type" in spec else {}),
    )
    assert json.dumps(spec, sort_keys=True) == before


def test_only_the_runner_ends_the_process():
    assert {name for name in vars(runner) if name.startswith("run")} == {"run_module"}
