# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import signal

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._api import http as _http
from ansible_collections.longrunning.tasks.plugins.module_utils._api import schemas as _schemas
from ansible_collections.longrunning.tasks.plugins.module_utils._core.clock import SystemClock
from ansible_collections.longrunning.tasks.plugins.module_utils._module import runner
from ansible_collections.longrunning.tasks.plugins.module_utils._module.argument_specs import (
    TASK_INFO,
    TASK_LAUNCH,
    TASK_LIST,
    TASK_WAIT,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._module.runner import run_module
from ansible_collections.longrunning.tasks.plugins.module_utils._providers._image_tasks import ImageTaskProvider
from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.progress import VARIABLE
from ansible_collections.longrunning.tasks.plugins.modules import task_info, task_list, task_wait
from ansible_collections.longrunning.tasks.tests.unit.support.module_run import run_as_module
from ansible_collections.longrunning.tasks.tests.unit.support.socket_server import answer, bare_environment, serving

SECRET = "s3cr3t-v4lue"
TOKEN = "g0t-by-l0gin"


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch):
    bare_environment(monkeypatch)
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


def test_a_defect_fails_cleanly(run, server):
    def work(_context):
        raise KeyError(SECRET)

    code, result, written = run(lambda: run_module(work, TASK_INFO), task_id="a", **ready(server))
    assert (code, result["reason"], result["failed"]) == (1, "defect", True)
    assert "defect of longrunning.tasks" in result["msg"]
    assert "KeyError" in result["msg"]
    assert SECRET not in written


def test_what_is_returned_is_not_kept_beside_ansibles_copy(run, server):
    tasks = [{"id": "a"}, {"id": "b"}]

    def work(_context):
        return {"tasks": tasks}

    _code, result, _written = run(lambda: run_module(work, TASK_INFO), task_id="a", **ready(server))
    assert (result["tasks"], tasks) == ([{"id": "a"}, {"id": "b"}], [])


@pytest.mark.parametrize(
    ("flag", "library"), [((_http, "HAS_REQUESTS"), "requests"), ((_schemas, "HAS_JSONSCHEMA"), "jsonschema")]
)
def test_a_missing_library_is_named(run, server, monkeypatch, flag, library):
    monkeypatch.setattr(*flag, False)
    monkeypatch.setattr(_schemas.AnswerSchema, "problem", fresh_problem)
    code, result, _written = run(task_info, task_id="a", **ready(server))
    assert (code, result["reason"]) == (1, "missing_library")
    assert f"({library})" in result["msg"]
    assert "exception" not in result


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
    monkeypatch.setattr(SystemClock, "sleep", lambda _self, _seconds: signal.raise_signal(signal.SIGINT))
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


# KooDrive's archives have passwords, which are parameters of the launch.
def test_of_a_launchs_input_only_the_secrets_are_hidden(run, server):
    secrets = {"password": "0pen-s3same", "nested": [{"accessToken": "t0p-s3cret"}], "api_key": ["k3y-s3cret"]}
    work = {"name": "golden", "token_count": 3, **secrets}

    def launch():
        run_module(lambda context: {"seen": context.params["input"], "name": "golden"}, TASK_LAUNCH)

    code, result, written = run(launch, type="import", input=work, **ready(server))
    assert (code, result["name"], result["seen"]["name"]) == (0, "golden", "golden")
    shown = result["invocation"]["module_args"]
    assert (shown["type"], shown["input"]["name"], shown["input"]["token_count"]) == ("import", "golden", 3)
    for secret in ("0pen-s3same", "t0p-s3cret", "k3y-s3cret", SECRET):
        assert secret not in written


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


def test_progress_goes_to_who_listens_without_secrets(run, server, tmp_path, monkeypatch):
    pipe = tmp_path / "progress"
    os.mkfifo(pipe, 0o600)
    descriptor = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    monkeypatch.setenv(VARIABLE, str(pipe))
    try:
        run(task_wait, task_id=SECRET, **ready(server))
        note = json.loads(os.read(descriptor, 4096))
    finally:
        os.close(descriptor)
    assert (note["total"], note["ended"], note["counts"]) == (1, 1, {"succeeded": 1})
    assert note["only"] == "import task ********: succeeded (success)"


# Silence would make an empty list of what somebody reads twice.
def test_what_is_handed_over_can_be_read_once():
    items = [1, 2]
    handed_over = runner._HandedOver(items)
    assert (len(handed_over), handed_over[1], items) == (2, 2, [])
    assert list(handed_over) == [1, 2]
    with pytest.raises(RuntimeError, match="is gone"):
        list(handed_over)
