# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    AccessDeniedError,
    AuthenticationError,
    BadAnswerError,
    NotFoundError,
    OptionError,
    RejectedError,
    RequestError,
    TransientError,
    WorkError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import TaskState, format_time
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.contract import TaskQuery
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.options import ConnectionOptions
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.custom.definition import read_definition
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.custom.provider import (
    describe,
    task_from_json,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS
from ansible_collections.longrunning.tasks.plugins.module_utils._work.reading import TaskReader, list_tasks
from ansible_collections.longrunning.tasks.tests.unit.support.fake_http import reply
from ansible_collections.longrunning.tasks.tests.unit.support.fuzzing import FUZZ
from ansible_collections.longrunning.tasks.tests.unit.support.session import FakeSession

URL = "https://api.example/base"
LEAST = {
    "title": "Example API",
    "get": {"path": "/tasks/{id}"},
    "fields": {"id": "id", "state": "state"},
    "states": {"waiting": "queued", "busy": "running", "done": "succeeded", "broken": "failed", "ended": "cancelled"},
}
LIST = {"path": "/tasks", "items": "tasks"}
SESSION = {"path": "/login", "body": {"user": "{username}", "pass": "{password}"}, "token": "auth.token"}
LOGOUT = {"method": "DELETE", "path": "/login"}
ANN = {"username": "ann", "password": "pa55word"}
EVERY = TaskQuery()


class Api(FakeSession):
    """A session with an API that a definition describes: it has at least what LEAST has."""

    name = "custom"

    def __init__(self, definition, /, *script, **options):
        super().__init__(*script, **{"api_url": URL, "definition": {**LEAST, **definition}, **options})

    @property
    def urls(self):
        return [request.url for request in self.http.requests]

    def ids(self, query=EVERY, limit=100):
        return [task.id for task in list_tasks(self.provider, query, limit, self.deadline)[0]]


def task(task_id="1", state="busy", **fields):
    return {"id": task_id, "state": state, **fields}


def parsed(raw, **definition):
    read = read_definition({**LEAST, **definition}, ConnectionOptions("custom"))
    return task_from_json(raw, read, describe(read))


def login(kind, **keys):
    return {"login": {"type": kind, **keys}}


def session(**keys):
    return login("session", header="X-Session", session={**SESSION, **keys})


# --- a task ---------------------------------------------------------------------------------------------------


def test_every_field_is_read():
    places = ("name", "type", "description", "message", "result", "owner", "resource", "parent_id")
    fields = {"id": "ID", "state": "meta.state", "percent": "meta.done", **{name: f"more.{name}" for name in places}}
    raw = {"ID": 7, "meta": {"state": "busy", "done": "41.5%"}, "more": {name: name.upper() for name in places}}
    found = parsed(raw, fields=fields)
    assert (found.id, found.state, found.raw_state, found.percent) == ("7", TaskState.RUNNING, "busy", 41.5)
    assert [getattr(found, name) for name in places] == [name.upper() for name in places]
    assert (found.raw, found.provider, found.error) == (raw, "custom", None)


@pytest.mark.parametrize(
    ("states", "state", "expected", "raw_state"),
    [
        ({0: "queued", 2: "succeeded"}, 2, "succeeded", "2"),
        ({"0": "queued", "2": "succeeded"}, 0, "queued", "0"),
        ({"2": "succeeded"}, "2", "succeeded", "2"),
        ({True: "succeeded", False: "running"}, True, "succeeded", "true"),
        ({"true": "succeeded", "false": "running"}, False, "running", "false"),
        ({"Done": "succeeded"}, "DONE", "succeeded", "DONE"),
        ({"done": "failed", "DONE": "succeeded"}, "DONE", "succeeded", "DONE"),
        ({"done": "succeeded"}, "Gone", "unknown", "Gone"),
        ({"2": "succeeded"}, 3, "unknown", "3"),
    ],
)
def test_states(states, state, expected, raw_state):
    found = parsed(task(state=state), states=states)
    assert (found.state.value, found.raw_state) == (expected, raw_state)


@pytest.mark.parametrize(
    ("state", "expected", "raw_state"),
    [(None, "queued", "null"), ("OK", "succeeded", "OK"), ("WARNINGS: 2", "failed", "WARNINGS: 2"), (7, "failed", "7")],
)
@pytest.mark.parametrize("null", ["null", None])
def test_no_state_and_any_other_state(state, expected, raw_state, null):
    found = parsed(task(state=state), states={null: "queued", "OK": "succeeded", "*": "failed"})
    assert (found.state.value, found.raw_state) == (expected, raw_state)


def test_any_other_word_is_none_that_could_be_asked_for():
    api = Api(
        {"list": {**LIST, "state_parameter": "state"}, "states": {"OK": "succeeded", "ERR": "failed", "*": "failed"}},
        page(),
    )
    api.ids(TaskQuery(states=frozenset({TaskState.FAILED})))
    assert "state" not in queries(api)[0]


@pytest.mark.parametrize(("state", "ended"), [("done", True), ("broken", True), ("busy", False), ("odd", False)])
def test_only_a_task_that_has_ended_has_a_time_of_its_end(state, ended):
    fields = {**LEAST["fields"], "finished_at": "end"}
    found = parsed(task(state=state, end="2026-03-01T12:00:00Z"), fields=fields)
    assert (found.finished_at is not None) is ended


@pytest.mark.parametrize("raw", [None, [], 5, {}, {"id": 1}, {"state": "busy"}, task(state=[]), task(state="  ")])
def test_a_task_without_state_or_id_is_a_bad_answer(raw):
    with pytest.raises(BadAnswerError, match=r"Example API .* where fields\.(state|id) looks"):
        parsed(raw)


@pytest.mark.parametrize(
    ("ok", "state"), [(True, "succeeded"), (False, "failed"), (None, "failed"), ("true", "failed")]
)
def test_success_can_be_told_elsewhere(ok, state):
    assert parsed(task(state="done", ok=ok), succeeded_if="ok").state.value == state
    assert parsed(task(state="busy", ok=ok), succeeded_if="ok").state is TaskState.RUNNING


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"err": {"no": 12, "text": "It said no"}}, ("12", "No room", "It said no", True)),
        ({"err": {"no": "12"}}, ("12", "No room", "There was no room", True)),
        ({"err": {"no": 13, "text": "Else"}}, ("13", None, "Else", None)),
        ({"err": {"no": 13}, "msg": "The message"}, ("13", None, "The message", None)),
        ({"err": "plain"}, (None, None, None, None)),
        ({}, (None, None, None, None)),
    ],
)
@pytest.mark.parametrize("state", ["broken", "ended"])
def test_failures(raw, expected, state):
    known = {"code": 12, "title": "No room", "detail": "There was no room", "remedy": "Wait", "retryable": True}
    error = parsed(
        task(state=state, **raw),
        fields={"id": "id", "state": "state", "message": "msg"},
        failure={"code": "err.no", "message": "err.text"},
        failure_codes=[known],
    ).error
    assert (error.code, error.title, error.detail, error.retryable) == expected
    assert error.remedy == ("Wait" if error.title else None)


@pytest.mark.parametrize(
    ("times", "value", "expected"),
    [
        ("rfc3339", "2026-01-02T03:04:05+01:00", "2026-01-02T02:04:05Z"),
        ("epoch_seconds", 1767323045, "2026-01-02T03:04:05Z"),
        ("epoch_seconds", "1767323045", "2026-01-02T03:04:05Z"),
        ("epoch_seconds", 1767323045.5, "2026-01-02T03:04:05.500Z"),
        ("epoch_milliseconds", 1767323045250, "2026-01-02T03:04:05.250Z"),
        *[(times, value, None) for times in ("rfc3339", "epoch_seconds") for value in (None, "", True, [], "soon")],
        ("rfc3339", 1767323045, None),
        ("epoch_seconds", 10**400, None),
        ("epoch_seconds", float("nan"), None),
        ("epoch_milliseconds", 10**30, None),
        ("%d.%m.%Y %H:%M:%S", " 31.12.2026 23:59:58", "2026-12-31T23:59:58Z"),
        ("%a %b %d %H:%M:%S %Y %z", "Thu Dec 31 23:59:58 2026 +0100", "2026-12-31T22:59:58Z"),
        (["epoch_milliseconds", "%Y/%m/%d"], "2026/12/31", "2026-12-31T00:00:00Z"),
        (["%Y/%m/%d", "epoch_milliseconds"], 1767323045250, "2026-01-02T03:04:05.250Z"),
        *[("%Y", value, None) for value in (None, "", 5, [], "soon", "x" * 10**5)],
    ],
)
def test_times(times, value, expected):
    fields = {"id": "id", "state": "state", "started_at": "t"}
    assert format_time(parsed(task(t=value), fields=fields, times=times).started_at) == expected


@pytest.mark.parametrize(
    ("value", "percent"),
    [(0, 0), (100, 100), ("50", 50), (101, None), (-1, None), (True, None), (10**400, None), ("nan", None), ([], None)],
)
def test_percent(value, percent):
    assert parsed(task(p=value), fields={"id": "id", "state": "state", "percent": "p"}).percent == percent


@pytest.mark.parametrize(
    ("of", "value", "percent"),
    [
        (1, 0.41, 41),
        (1, "0.07", 7),
        (1, 1.2, None),
        (1, True, None),
        ("total", 3, 37.5),
        ("gone", 3, None),
        ("`0`", 3, None),
        ("`200`", 3, 1.5),
    ],
)
def test_a_progress_of_another_scale(of, value, percent):
    fields = {"id": "id", "state": "state", "percent": "p", "percent_of": of}
    assert parsed(task(p=value, total=8), fields=fields).percent == percent


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (["No room", "", None, "Disk full"], "No room; Disk full"),
        ([{"code": "E1", "message": "No room"}, {"message": "Disk full"}, {"x": 5}], "No room; Disk full"),
        ({"errorCode": "E1", "message": "No room"}, "No room"),
        ([["No room"], ["No room"]], "No room"),
        ([str(number) for number in range(9)], "0; 1; 2; 3; 4; …"),
        ([], None),
        ({}, None),
    ],
)
def test_reasons_that_are_lists(reason, words):
    found = parsed(task(state="broken", why=reason), failure={"message": "why"})
    assert found.error.detail == words
    fields = {"id": "id", "state": "state", "message": "why"}
    assert parsed(task(why=reason), fields=fields).message == words


def test_codes_that_are_a_list():
    found = parsed(task(state="broken", errors=[{"code": 7}, {"code": 8}]), failure={"code": "errors[].code"})
    assert found.error.code == "7"


@pytest.mark.parametrize("expression", ["length(id)", "items[::0]", "sum(items)", "sort(items)"])
def test_an_expression_that_does_not_fit_the_answer(expression):
    fields = {"id": "id", "state": "state", "name": expression}
    with pytest.raises(BadAnswerError, match="does not fit the answer"):
        parsed({"id": 5, "state": "busy", "items": [1, "x"]}, fields=fields)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcde"), inner, max_size=5),
    max_leaves=12,
)


@FUZZ
@given(raw=JSON, times=st.sampled_from(["rfc3339", "epoch_seconds", "epoch_milliseconds"]))
def test_anything_is_a_task_or_a_bad_answer(raw, times):
    fields = {"id": "a", "state": "b", "percent": "c", "message": "d", "created_at": "e", "name": "c", "result": "@"}
    with contextlib.suppress(BadAnswerError):
        found = parsed(
            raw,
            fields=fields,
            times=times,
            states={"0": "succeeded", "true": "failed"},
            succeeded_if="length(c) > `1`",
            failure={"code": "c", "message": "d"},
        )
        assert found.id
        found.to_result()


# --- reading one ----------------------------------------------------------------------------------------------


def test_a_task_is_read():
    api = Api({"base_path": "/v1/{account_id}"}, reply(task("a/b")), account_id="me")
    assert api.read("a/b").id == "a/b"
    (request,) = api.http.requests
    assert (request.method, request.url) == ("GET", f"{URL}/v1/me/tasks/a%2Fb")
    assert "Authorization" not in request.headers


@pytest.mark.parametrize("api_url", ["https://api.example", "https://api.example/", "https://api.example/v1/"])
def test_the_address_may_have_the_base_path_already(api_url):
    api = Api({"base_path": "/v1"}, reply(task("1")), api_url=api_url)
    api.read("1")
    assert api.urls == ["https://api.example/v1/tasks/1"]


def test_a_task_is_read_by_post():
    get = {"method": "POST", "path": "/show", "body": {"params": {"id": "{id:int}"}}, "task": "data"}
    api = Api({"get": get}, reply({"data": task(7)}), reply({"data": None}))
    assert api.read("7").id == "7"
    assert api.http.requests[0].json == {"params": {"id": 7}}
    with pytest.raises(BadAnswerError, match=r"without the task 8 where get\.task looks"):
        api.read("8")


@pytest.mark.kind
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("-1", NotFoundError),
        ("-2", TransientError),
        ("-3", AuthenticationError),
        ("-4", AccessDeniedError),
        ("-5", RejectedError),
        ("-6", RejectedError),
    ],
)
def test_a_refusal_with_http_200(code, kind):
    meanings = {
        "-1": "not_found",
        "-2": "transient",
        "-3": "authentication",
        "-4": "permission",
        "-5": "rejected",
    }
    refusal = {"code": "error.code", "message": "error.message", "meanings": meanings}
    get = {"path": "/jobs/{id}", "task": "result"}
    api = Api({"get": get, "refusal": refusal}, reply({"error": {"code": int(code), "message": "so it is"}}))
    with pytest.raises(kind, match="so it is") as caught:
        api.read("8")
    assert (type(caught.value), caught.value.code) == (kind, code)


def test_a_refusal_is_known_by_an_expression():
    refusal = {"when": "status == 'error'", "message": "message"}
    api = Api({"refusal": refusal}, reply(task(message="fine")), reply({"status": "error", "message": "no"}))
    assert api.read("1").id == "1"
    with pytest.raises(RejectedError, match=r"\(no\): GET \S+/tasks/1$"):
        api.read("1")


@pytest.mark.kind
@pytest.mark.parametrize(
    ("definition", "problem"),
    [
        ({"get": {"path": "/rpc/{id}", "task": "result"}}, "without the task 8 where get.task looks"),
        ({}, "with a task that has no state where fields.state looks"),
    ],
)
def test_words_of_a_refusal_that_nothing_describes(definition, problem):
    api = Api(definition, reply({"error": {"code": 5, "message": "so it is"}}))
    with pytest.raises(BadAnswerError) as caught:
        api.read("8")
    assert caught.value.message == f"Example API answered {problem}. It says: so it is."
    assert caught.value.code == "5"


def test_words_of_a_refusal_in_place_of_a_list():
    api = Api({"list": LIST}, reply({"error": {"code": 5, "message": "so it is"}}))
    with pytest.raises(BadAnswerError) as caught:
        api.ids()
    assert caught.value.message.endswith("no list of tasks where list.items looks. It says: so it is.")


GONE = {"message": "no such job"}


def test_a_404_for_a_task_that_was_seen_is_the_apis_own_where_its_list_can_be_read():
    away, there = reply(GONE, 404), reply({"tasks": []})
    api = Api({"list": LIST}, reply(task()), away, away, away, there)
    api.read()
    with pytest.raises(TransientError, match=r"no such job.* may not be the API's own\."):
        api.read()
    with pytest.raises(NotFoundError):
        api.read()
    assert api.urls[1:] == [f"{URL}/tasks/1", f"{URL}/tasks"] * 2


def test_a_task_that_only_a_list_has_shown_was_seen_too():
    api = Api({"list": LIST}, reply({"tasks": [task("7")]}), reply(GONE, 404), reply(GONE, 404))
    assert api.ids() == ["7"]
    with pytest.raises(TransientError):
        api.read("7")


def test_without_a_list_the_definition_says_whether_a_404_is_the_apis_own():
    with pytest.raises(TransientError, match=r"say so in the definition: get\.not_found_statuses: \[404\]"):
        read_twice({})
    for definition in (
        {"get": {"path": "/tasks/{id}", "not_found_statuses": [404]}},
        {"refusal": {"message": "message"}},
    ):
        with pytest.raises(NotFoundError):
            read_twice(definition)
    # Of a task that was never seen any 404 says so.
    with pytest.raises(NotFoundError):
        Api({}, reply(GONE, 404)).read()


@pytest.mark.parametrize("build", [None, 17])
def test_a_task_whose_handle_was_seen_was_seen(build):
    definition = {"handle": {"path": "/queue/{id}", "next": "build"}, "get": {"path": "/builds/{next}"}}
    running = [] if build is None else [reply(task(str(build)))]
    api = Api(definition, reply({"build": build}), *running, reply(GONE, 404))
    api.read()
    with pytest.raises(TransientError, match=r"may not be the API's own"):
        api.read()
    with pytest.raises(NotFoundError):
        Api(definition, reply(GONE, 404)).read()


def read_twice(definition):
    api = Api(definition, reply(task()), reply(GONE, 404))
    api.read()
    api.read()


@pytest.mark.kind
def test_an_entry_that_cannot_be_read_is_left_out_and_counted():
    items = [task("1"), {"id": "2"}, "what", task("3")]
    api = Api({"list": {"path": "/jobs", "items": "jobs"}}, reply({"jobs": items}))
    page = api.provider.read_page(EVERY, None, api.deadline)
    assert ([found.id for found in page.tasks], page.unreadable) == (["1", "3"], 2)


def test_a_list_of_which_nothing_can_be_read():
    with pytest.raises(BadAnswerError, match="has no state"):
        Api({"list": {"path": "/jobs", "items": "jobs"}}, reply({"jobs": [{"id": "2"}]})).ids()


@pytest.mark.kind
@pytest.mark.parametrize("answer", [reply({}, 403), reply({}, 400), reply({"lines": 5})])
def test_a_refused_second_request_is_no_end_of_the_task(answer):
    fields = {"id": "id", "state": "state", "message": "message"}
    ended = {"fields": fields, "when_ended": {"path": "/jobs/{id}/output", "message": "length(lines)"}}
    found = Api(ended, reply(task(state="done", message="All went well")), answer).read()
    assert found.state is TaskState.SUCCEEDED
    assert found.message.startswith("All went well. The request of when_ended failed: ")


AZURE = {
    "get": {"path": "{id:path}", "query": {"api-version": "2020-01-01"}},
    "fields": {"id": "name", "state": "status"},
    "states": {"Succeeded": "succeeded"},
}


@pytest.mark.kind
@pytest.mark.parametrize(
    ("task_id", "url", "params"),
    [
        (
            "https://api.example/subs/s1/operations/op-a?api-version=7&t=1",
            "https://api.example/subs/s1/operations/op-a?api-version=7&t=1",
            (),
        ),
        (
            "https://api.example/subs/s1/operations/op-a",
            "https://api.example/subs/s1/operations/op-a",
            (("api-version", "2020-01-01"),),
        ),
        ("/subs/s1/operations/op-a?x", f"{URL}/subs/s1/operations/op-a?x", (("api-version", "2020-01-01"),)),
    ],
)
def test_an_id_that_is_an_address(task_id, url, params):
    api = Api(AZURE, reply({"name": "op-a", "status": "Succeeded"}))
    assert api.provider.description.read_task_id(task_id) == task_id
    assert api.read(task_id).id == task_id
    assert [(request.url, request.params) for request in api.http.requests] == [(url, params)]


def test_an_address_of_another_server_is_never_asked():
    api = Api({**AZURE, **login("bearer")}, api_token="t0ken")
    with pytest.raises(BadAnswerError, match="another server"):
        api.read("https://other.example/operations/op-a")
    assert api.http.requests == []


@pytest.mark.parametrize("answered", ["op-b", "a", "xop-a"])
def test_an_address_of_another_task(answered):
    with pytest.raises(BadAnswerError, match="answered with another one"):
        Api(AZURE, reply({"name": answered, "status": "Succeeded"})).read("/operations/op-a")


@pytest.mark.kind
def test_a_name_with_slashes():
    api = Api(
        {"get": {"path": "/v1/{id:path}"}, "fields": {"id": "name", "state": "state"}},
        reply({"name": "p/o/1", "state": "busy"}),
    )
    assert api.read("p/o/1").id == "p/o/1"
    assert api.urls == [f"{URL}/v1/p/o/1"]


@pytest.mark.parametrize("answered", ["UPID:pve1:00:x", "00:x"])
def test_an_id_of_several_parts(answered):
    api = Api(
        {"get": {"path": "/nodes/{id.node}/tasks/{id}"}, "task_id": {"parts": "UPID:{node}:{rest}"}},
        reply(task(answered)),
    )
    assert api.read("UPID:pve1:00:x").id == "UPID:pve1:00:x"
    assert api.urls == [f"{URL}/nodes/pve1/tasks/UPID%3Apve1%3A00%3Ax"]
    with pytest.raises(OptionError, match="looks like UPID"):
        api.provider.description.read_task_id("7")


@pytest.mark.kind
def test_a_long_id_is_not_matched():
    description = Api({"task_id": {"pattern": "[a-z]+", "words": "letters"}}).provider.description
    with pytest.raises(OptionError, match="an ID of 300 characters; at most 255"):
        description.read_task_id("a" * 300)


def test_a_task_is_found_by_its_id():
    get = {"path": "/tasks", "task": "tasks[?to_string(id) == {id}] | [0]"}
    api = Api({"get": get}, lambda _request: page(1, 2))
    assert api.read("2").id == "2"
    with pytest.raises(BadAnswerError, match=r"without the task 3 where get\.task looks"):
        api.read("3")


JENKINS = {
    "handle": {
        "path": "/queue/item/{id}/api/json",
        "next": "executable.url",
        "message": "why",
        "cancelled_if": "cancelled",
    },
    "get": {"path": "{next:path}api/json"},
    "fields": {"id": "number", "state": "result"},
    "states": {"null": "running", "FAILURE": "failed"},
    "task_id": {"address": "/item/{id}"},
}
QUEUED = {"id": 4128, "why": "In the quiet period", "cancelled": False}
LEFT = {"id": 4128, "executable": {"number": 17, "url": "https://api.example/job/cis/17/"}}


def test_a_handle_is_followed():
    builds = [{"number": 17, "result": None}, {"number": 17, "result": "FAILURE"}]
    api = Api(JENKINS, reply(QUEUED), reply(LEFT), *map(reply, builds))
    first, second, third = (api.read("4128") for _look in range(3))
    assert (first.id, first.state.value, first.message) == ("4128", "queued", "In the quiet period")
    assert (second.id, second.state.value, third.id, third.state.value) == ("4128", "running", "4128", "failed")
    # Once the task is known, its handle is no longer asked for: it may be gone.
    build = "https://api.example/job/cis/17/api/json"
    queue = f"{URL}/queue/item/4128/api/json"
    assert api.urls == [queue, queue, build, build]


def test_the_end_of_what_a_handle_led_to():
    ended = {**JENKINS, "when_ended": {"path": "{next:path}logText?x=1", "message": "text"}}
    api = Api(ended, reply(LEFT), reply({"number": 17, "result": "FAILURE"}), reply({"text": "No room"}))
    assert api.read("4128").message == "No room"
    assert api.urls[-1] == "https://api.example/job/cis/17/logText?x=1"
    assert Api(ended, reply({**QUEUED, "cancelled": True})).read("4128").state is TaskState.CANCELLED


def test_a_handle_without_a_task():
    assert Api(JENKINS, reply({**QUEUED, "cancelled": True})).read("4128").state is TaskState.CANCELLED
    with pytest.raises(NotFoundError):
        Api(JENKINS, reply({}, 404)).read("4128")


@pytest.mark.parametrize("url", ["https://other.example/job/17/", "/a/../b", "17"])
def test_a_handle_that_leads_to_no_task(url):
    with pytest.raises(BadAnswerError):
        Api(JENKINS, reply({"executable": {"url": url}})).read("4128")


def test_an_answer_that_does_not_repeat_the_id():
    api = Api({"fields": {"state": "state"}}, reply({"state": "busy"}))
    assert (api.read("7").id, api.http.requests[0].url) == ("7", f"{URL}/tasks/7")


# --- what the HTTP status says --------------------------------------------------------------------------------

MONITOR = {
    "path": "/monitors/{id}",
    "statuses": {"202": "running", 200: "succeeded", "204": "succeeded", "303": "succeeded"},
}


def monitor(answer, **definition):
    least = {"title": "BMC", "get": MONITOR, **definition}
    return FakeSession(answer, provider=PROVIDERS["custom"], api_url=URL, definition=least)


@pytest.mark.kind
@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (reply(b"", 202, retry_after="3"), "running"),
        (reply(b"", 204), "succeeded"),
        (reply({"made": 5}), "succeeded"),
        (reply("all is done"), "succeeded"),
        (reply(b" ", 202, content_type="text/html"), "running"),
    ],
)
def test_the_http_status_is_the_state(answer, state):
    found = monitor(answer).read("42")
    assert (found.id, found.state.value, found.raw_state) == ("42", state, str(answer.status))


@pytest.mark.kind
@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (reply(b"", 204), "succeeded"),
        (reply({"name": "vm1"}), "succeeded"),
        (reply({"properties": {"provisioningState": "Succeeded"}}), "succeeded"),
        (reply({"properties": {"provisioningState": "Failed"}}), "failed"),
        (reply({"properties": {"provisioningState": "Failed"}}, 202), "running"),
    ],
)
def test_an_answer_can_deny_the_success_of_its_http_status(answer, state):
    found = monitor(
        answer,
        succeeded_if="properties.provisioningState == null || properties.provisioningState == 'Succeeded'",
        failure={"code": "properties.provisioningState"},
    ).read("42")
    assert (found.state.value, found.error and found.error.code) == (state, "Failed" if state == "failed" else None)


def test_a_page_of_a_portal_is_no_state():
    with pytest.raises(TransientError, match="HTML"):
        monitor(reply("<html>", 200, content_type="text/html")).read("42")


def test_where_to_look_next():
    get = {**MONITOR, "query": {"v": "1"}, "follow_location": True}
    api = Api(
        {"get": get},
        *(reply(b"", 202, location=where) for where in ("/new/1?t=2", "3")),
        reply(b"", 204),
        reply(b"", 204),
    )
    states = [api.read("42").state.value for _look in range(3)]
    assert states == ["running", "running", "succeeded"]
    asked = [f"{URL}/monitors/42", "https://api.example/new/1?t=2", "https://api.example/new/3"]
    assert api.urls == asked
    with pytest.raises(BadAnswerError, match="another server"):
        Api({"get": get}, reply(b"", 202, location="https://other.example/")).read("42")


def test_a_refusal_is_no_state():
    refusal = {"message": "error.message"}
    with pytest.raises(RejectedError, match="not so"):
        monitor(reply({"error": {"message": "not so"}}), refusal=refusal).read("42")


@pytest.mark.parametrize("status", [404, 500, 400])
def test_other_statuses_are_no_states(status):
    with pytest.raises(RequestError):
        monitor(reply({}, status)).read("42")


@pytest.mark.kind
@pytest.mark.parametrize("status", ["500", "422"])
def test_a_failed_task_under_another_status(status):
    definition = {"get": {**LEAST["get"], "statuses": {status: "task"}}, "failure": {"code": "error.code"}}
    found = Api(definition, reply(task(state="broken", error={"code": "E-DISK"}), int(status))).read()
    assert (found.state.value, found.error.code) == ("failed", "E-DISK")
    with pytest.raises(TransientError, match="and no body"):
        Api(definition, reply(b"", int(status))).read()


@pytest.mark.kind
@pytest.mark.parametrize(
    ("location", "result", "expected"),
    [
        ("/volumes/vol-9", reply({"id": "vol-9"}), {"id": "vol-9"}),
        ("/volumes/vol-9", reply({}, 404), "https://api.example/volumes/vol-9"),
        ("/volumes/vol-9", reply(b"", 500), "https://api.example/volumes/vol-9"),
        ("https://other.example/vol-9", None, "https://other.example/vol-9"),
        ("https://[/vol-9", None, "https://[/vol-9"),
        ("//[/vol-9", None, "//[/vol-9"),
    ],
)
def test_an_end_that_leads_to_the_result(location, result, expected):
    get = {**LEAST["get"], "statuses": {"303": "succeeded"}}
    api = Api({"get": get}, reply(b"", 303, location=location), *([] if result is None else [result]))
    found = api.read()
    assert (found.state.value, found.result) == ("succeeded", expected)
    assert api.urls[1:] == ([] if result is None else ["https://api.example/volumes/vol-9"])


def test_a_redirect_to_what_is_no_task_is_told():
    answer = replace(reply({"size": 100}), url="https://api.example/volumes/vol-9")
    with pytest.raises(BadAnswerError) as caught:
        Api({}, answer).read()
    assert caught.value.message.endswith("The request was redirected to https://api.example/volumes/vol-9")


def test_another_task_than_the_one_asked_for():
    api = Api({}, reply(task("2")), reply(task("ABC")))
    with pytest.raises(BadAnswerError, match="asked for task 1 and answered with another one"):
        api.read("1")
    assert api.read("abc").id == "abc"


@pytest.mark.parametrize(
    ("status", "statuses", "kind"),
    [
        (404, [], NotFoundError),
        (404, [400], NotFoundError),
        (400, [400], NotFoundError),
        (403, [403], NotFoundError),
        (500, [500], NotFoundError),
        (400, [], RejectedError),
        (403, [], AccessDeniedError),
        (500, [], TransientError),
        (503, [], TransientError),
    ],
)
def test_statuses(status, statuses, kind):
    api = Api({"get": {"path": "/tasks/{id}", "not_found_statuses": statuses}}, reply({"message": "No"}, status))
    with pytest.raises(WorkError) as caught:
        api.read()
    assert caught.value.__class__ is kind


@pytest.mark.kind
@pytest.mark.parametrize("status", [400, 401, 403, 500])
def test_a_refused_login_is_no_missing_task(status):
    get = {"get": {"path": "/tasks/{id}", "not_found_statuses": [status]}}
    first = Api({**session(), **get}, reply({"message": "wrong password"}, status), **ANN)
    token, run_out = reply({"auth": {"token": "s3ss10n"}}), reply({}, 401)
    later = Api({**session(), **get}, token, run_out, reply({"message": "wrong password"}, status), **ANN)
    for api in (first, later):
        with pytest.raises(RequestError, match="wrong password") as caught:
            api.read()
        assert not isinstance(caught.value, NotFoundError)


@pytest.mark.kind
def test_a_refusal_of_the_login_inside_another_status_is_no_missing_task():
    get = {"get": {"path": "/tasks/{id}", "not_found_statuses": [500]}}
    refusal = {"refusal": {"code": "error", "meanings": {"DENIED": "authentication"}}}
    with pytest.raises(AuthenticationError):
        Api({**get, **refusal}, reply({"error": "DENIED"}, 500)).read()


@pytest.mark.kind
def test_a_login_that_knows_no_such_user_is_no_missing_task():
    refusal = {"refusal": {"code": "error", "meanings": {"MISSING": "not_found"}}}
    with pytest.raises(RejectedError, match="/login"):
        Api({**session(), **refusal}, reply({"error": "MISSING"}, 400), **ANN).read()


def test_a_login_that_is_away_ends_no_list():
    paging = {"style": "page", "parameter": "page", "size_parameter": "size", "size": 1}
    script = reply({"auth": {"token": "s3ss10n"}}), reply({"tasks": [task()]}), reply({}, 401), reply({}, 404)
    api = Api({**session(), "list": {**LIST, "paging": paging}}, *script, **ANN)
    with pytest.raises(TransientError, match="no login at"):
        api.ids()


def test_statuses_that_pass_at_this_api():
    api = Api({"transient_statuses": [409], **session()}, reply({}, 409), **ANN)
    with pytest.raises(TransientError):
        api.read()


# --- what comes apart -----------------------------------------------------------------------------------------

ENDED = {
    "when_ended": {"path": "/tasks/{id}/output", "message": "text", "result": "value", "code": "no"},
    "fields": {"id": "id", "state": "state", "message": "msg", "result": "res"},
    "failure": {"message": "why"},
    "failure_codes": [{"code": "E1", "title": "Known"}],
}


def test_the_end_of_a_task_can_be_elsewhere():
    api = Api(ENDED, reply(task(state="broken", msg="m")), reply({"text": "All about it", "no": "E1"}))
    found = api.read()
    assert (found.message, found.error.code, found.error.title) == ("All about it", "E1", "Known")
    assert found.error.detail == "All about it"
    assert api.urls == [f"{URL}/tasks/1", f"{URL}/tasks/1/output"]


def test_what_is_not_elsewhere_stays():
    api = Api(ENDED, reply(task(state="broken", msg="m", why="w", res=5)), reply({}))
    found = api.read()
    assert (found.message, found.result, found.error.detail) == ("m", 5, "w")


def test_a_running_task_has_no_end():
    api = Api(ENDED, reply(task()))
    assert api.read().state is TaskState.RUNNING


def test_an_output_that_was_forgotten_is_no_missing_task():
    api = Api(ENDED, reply(task(state="done")), reply({}, 404))
    assert api.read().state is TaskState.SUCCEEDED


# --- lists ----------------------------------------------------------------------------------------------------


def page(*ids, **fields):
    return reply({"tasks": [task(number) for number in ids], **fields})


def paged(**paging):
    return {"list": {**LIST, "query": {"sort": "id"}, "paging": paging}}


OFFSET = {"style": "offset", "parameter": "from", "size_parameter": "size", "size": 2}
PAGE = {"style": "page", "parameter": "page", "size_parameter": "per", "size": 2}


def queries(api):
    return [dict(request.params) for request in api.http.requests]


def test_a_list_without_paging():
    api = Api({"list": LIST}, page(1, 2))
    assert api.ids() == ["1", "2"]


def test_pages_by_link():
    api = Api(
        paged(style="link", next="next"),
        page(1, next="/base/tasks?after=1&sort=id"),
        page(2, next=f"{URL}/tasks?after=2"),
        page(3, next="?after=3"),
        page(next=None),
    )
    assert api.ids() == ["1", "2", "3"]
    assert queries(api) == [{"sort": "id"}, {"after": "1", "sort": "id"}, {"after": "2"}, {"after": "3"}]
    assert set(api.urls) == {f"{URL}/tasks"}


@pytest.mark.parametrize("end", [None, "", False])
def test_the_end_of_links(end):
    assert Api(paged(style="link", next="next"), page(1, next=end)).ids() == ["1"]


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("https://other.example/tasks?after=1", "another server, https://other.example/tasks"),
        ("//other.example/tasks?after=1", "another server"),
        ("http://api.example/base/tasks?after=1", "another server"),
        ("https://[/?a=1", "not an address"),
        ("/tasks/2", "no query"),
        (5, "not text"),
        ({"href": "?a"}, "not text"),
    ],
)
def test_links_that_are_not_followed(link, words):
    api = Api({**paged(style="link", next="next"), **login("bearer")}, page(1, next=link), api_token="t0ken")
    with pytest.raises(BadAnswerError, match=words):
        api.ids()
    assert len(api.http.requests) == 1


def test_pages_by_cursor():
    api = Api(
        paged(style="cursor", next="cursor", parameter="c"), page(1, cursor="x&y"), page(cursor=7), page(2, cursor="")
    )
    assert api.ids() == ["1", "2"]
    assert [query.get("c") for query in queries(api)] == [None, "x&y", "7"]
    assert {query["sort"] for query in queries(api)} == {"id"}


def test_a_cursor_that_is_none():
    with pytest.raises(BadAnswerError, match="neither text nor number"):
        Api(paged(style="cursor", next="cursor", parameter="c"), page(1, cursor={})).ids()


def linked(*numbers, link):
    return replace(page(*numbers), headers={"content-type": "application/json", "link": link})


@pytest.mark.parametrize(
    "link",
    [
        f'<{URL}/tasks?page=9>; rel="last", <{URL}/tasks?page=2>; rel="next"',
        "</tasks?page=2>; title=x; REL=next",
        '<?page=2>;rel="prefetch next"',
    ],
)
def test_pages_by_the_link_header(link):
    api = Api(paged(style="link_header"), linked(1, link=link), linked(2, link='</x?page=1>; rel="nextish"'))
    assert api.ids() == ["1", "2"]
    assert queries(api)[1] == {"page": "2"}


def test_a_link_header_to_another_server():
    api = Api(paged(style="link_header"), linked(1, link="<https://other.example/?page=2>; rel=next"))
    with pytest.raises(BadAnswerError, match="another server"):
        api.ids()


BODY = {"method": "POST", "path": "/search", "items": "tasks", "body": {"kind": "task", "opts": {"x": 1}}}


@pytest.mark.parametrize(
    ("style", "script", "bodies"),
    [
        (
            {"style": "offset", "parameter": "offset", "size_parameter": "opts.limit", "size": 2},
            [page(1, 2), page(3)],
            [{"kind": "task", "opts": {"x": 1, "limit": 2}, "offset": at} for at in (0, 2)],
        ),
        (
            {"style": "cursor", "next": "meta.token", "parameter": "page.token"},
            [page(1, 2, meta={"token": "007"}), page(3)],
            [{"kind": "task", "opts": {"x": 1}}, {"kind": "task", "opts": {"x": 1}, "page": {"token": "007"}}],
        ),
    ],
)
def test_pages_in_the_body(style, script, bodies):
    api = Api({"list": {**BODY, "paging": {**style, "in": "body"}}}, *script)
    assert api.ids(TaskQuery(filters=(("q", "a"),))) == ["1", "2", "3"]
    assert [request.json for request in api.http.requests] == bodies
    assert [request.params for request in api.http.requests] == [(("q", "a"),)] * 2


def test_pages_and_a_token_in_the_body():
    paging = {"style": "page", "parameter": "page", "size_parameter": "size", "size": 1, "in": "body"}
    listing = {**BODY, "body": {"session": "{token}"}, "paging": paging}
    api = Api({"list": listing, **login("session", session=SESSION)}, token("one"), page(1), page(), **ANN)
    assert api.ids() == ["1"]
    assert [request.json for request in api.http.requests[1:]] == [
        {"session": "one", "page": number, "size": 1} for number in (1, 2)
    ]


def test_an_entry_that_is_left_out_ends_no_list():
    items = [[task("1"), {"id": "2"}], [task("3")]]
    api = Api(paged(**OFFSET), *(reply({"tasks": tasks}) for tasks in items))
    assert api.ids() == ["1", "3"]


def test_a_list_by_ids():
    definition = {"list": {"path": "/tasks", "items": "@", "by_id": True}, "fields": {"id": "no", "state": "state"}}
    api = Api(definition, reply({"a": {"state": "busy"}, "b": {"state": "done", "no": "c"}}), reply([]))
    assert api.ids() == ["a", "c"]
    with pytest.raises(BadAnswerError, match=r"no list of tasks where list\.items looks"):
        api.ids()


REDFISH = {"list": {"path": "/Tasks", "items": "Members", "id": '"@odata.id"'}}


@pytest.mark.parametrize(
    ("definition", "members", "url"),
    [
        ({**REDFISH, "get": {"path": "{id:path}"}}, [{"@odata.id": "/Tasks/7"}], f"{URL}/Tasks/7"),
        ({**REDFISH, "task_id": {"address": "/Tasks/{id}"}}, [{"@odata.id": "/rf/Tasks/7"}], f"{URL}/tasks/7"),
        ({**REDFISH, "task_id": {"address": "/Tasks/{id}"}}, [{"@odata.id": f"{URL}/Tasks/7/"}], f"{URL}/tasks/7"),
        ({"list": {**REDFISH["list"], "id": "@"}}, [7], f"{URL}/tasks/7"),
    ],
)
def test_a_list_of_links_or_ids(definition, members, url):
    odd = [{}, {"@odata.id": "https://other.example/Tasks/8"}, None]
    api = Api(definition, reply({"Members": [*members, *odd]}), reply(task(7)))
    found = api.provider.read_page(EVERY, None, api.deadline)
    assert [task.id.rpartition("/")[2] for task in found.tasks] == ["7"]
    assert found.unreadable == 3
    assert api.urls[:2] == [f"{URL}/Tasks", url]
    # A wait asks for the tasks themselves at once.
    assert not api.provider.can_list


def test_pages_that_run_in_a_circle():
    api = Api(paged(style="cursor", next="cursor", parameter="c"), page(1, cursor="a"), page(2, cursor="a"))
    with pytest.raises(BadAnswerError, match="circle"):
        api.ids()


@pytest.mark.parametrize("last", [page(5), page()])
@pytest.mark.parametrize("first", [0, 1, None])
def test_pages_by_offset(last, first):
    api = Api(paged(**OFFSET, **({} if first is None else {"first": first})), page(1, 2), page(3, 4), last)
    assert api.ids()[:4] == ["1", "2", "3", "4"]
    begin = first or 0
    assert [query["from"] for query in queries(api)] == [str(begin), str(begin + 2), str(begin + 4)]
    assert {query["size"] for query in queries(api)} == {"2"}


@pytest.mark.parametrize("last", [page(5), page(), reply({"detail": "Invalid page."}, 404)])
@pytest.mark.parametrize("first", [0, 1, None])
def test_pages_by_number(last, first):
    api = Api(paged(**PAGE, **({} if first is None else {"first": first})), page(1, 2), page(3, 4), last)
    assert api.ids()[:4] == ["1", "2", "3", "4"]
    begin = 1 if first is None else first
    assert [query["page"] for query in queries(api)] == [str(begin), str(begin + 1), str(begin + 2)]


@pytest.mark.parametrize("paging", [OFFSET, PAGE])
def test_an_api_that_does_not_page_ends(paging):
    api = Api(paged(**paging), lambda request: page(1, 2))
    with pytest.raises(BadAnswerError, match=r"does not page as list\.paging says"):
        api.ids()


def test_a_first_page_that_is_not_there():
    with pytest.raises(RejectedError, match="Check api_url, and the paths in the definition"):
        Api(paged(**PAGE), reply({}, 404)).ids()


def test_filters_win():
    api = Api(paged(**OFFSET), page(1, 2, 3), page(4))
    query = TaskQuery(filters=(("size", "3"), ("sort", "name"), ("tag", "a"), ("tag", "b")))
    assert api.ids(query) == ["1", "2", "3", "4"]
    assert api.http.requests[0].params == (("from", "0"), ("size", "3"), ("sort", "name"), ("tag", "a"), ("tag", "b"))
    assert queries(api)[1]["from"] == "3"


@pytest.mark.parametrize(
    ("states", "definition", "asked"),
    [
        ({"queued"}, {}, "waiting"),
        ({"queued", "running"}, {}, None),
        ({"succeeded"}, {"succeeded_if": "ok"}, None),
        ({"dismissed"}, {}, None),
        (set(), {}, None),
    ],
)
def test_the_api_filters_by_one_state(states, definition, asked):
    api = Api({"list": {**LIST, "state_parameter": "state"}, **definition}, page())
    api.ids(TaskQuery(states=frozenset(map(TaskState, states))))
    assert queries(api)[0].get("state") == asked


@pytest.mark.parametrize("answer", [{}, {"tasks": None}, {"tasks": {}}, []])
def test_a_list_that_is_none(answer):
    with pytest.raises(BadAnswerError, match=r"list\.items"):
        Api({"list": LIST}, reply(answer)).ids()


def test_an_expression_makes_null_an_empty_list():
    assert Api({"list": {**LIST, "items": "tasks || `[]`"}}, reply({"tasks": None})).ids() == []


def test_without_a_list_tasks_are_read_one_by_one():
    api = Api({}, lambda request: reply(task(request.url.rpartition("/")[2])))
    assert not api.provider.can_list
    snapshot = TaskReader(api.provider).read(["1", "2", "3"], api.deadline)
    assert sorted(snapshot.tasks) == ["1", "2", "3"]
    assert sorted(api.urls) == [f"{URL}/tasks/{number}" for number in (1, 2, 3)]
    with pytest.raises(OptionError, match="definition has no list"):
        api.ids()


def test_with_a_list_one_request_is_enough():
    api = Api({"list": LIST}, page(1, 2, 3))
    assert len(TaskReader(api.provider).read(["1", "2", "3"], api.deadline).tasks) == 3


@pytest.mark.parametrize(("definition", "lacks"), [({"list": LIST}, False), ({"list": LIST, **ENDED}, True)])
def test_what_a_list_lacks(definition, lacks):
    api = Api(definition)
    ended, running = parsed(task(state="done")), parsed(task())
    assert api.provider.list_entry_lacks_something(ended) is lacks
    assert not api.provider.list_entry_lacks_something(running)
    incomplete = Api({"list": {**LIST, "is_complete": False}})
    assert incomplete.provider.list_entry_lacks_something(ended)


@pytest.mark.kind
@pytest.mark.parametrize(("is_complete", "expected"), [(True, "running"), (False, "succeeded")])
def test_a_list_entry_without_a_state_of_its_own(is_complete, expected):
    definition = {"list": {**LIST, "is_complete": is_complete}, "states": {**LEAST["states"], "null": "running"}}
    script = reply({"tasks": [{"id": 1}, {"id": 2}]}), reply(task(1, "done")), reply(task(2, "done"))
    api = Api(definition, lambda request: script[int(request.url[-1]) if request.url[-1].isdigit() else 0])
    found = TaskReader(api.provider).read(["1", "2"], api.deadline).tasks
    assert {task.state.value for task in found.values()} == {expected}


EVERYTHING = {
    "get": {"path": "/t/{id}", "task": "a || @", "statuses": {"500": "task", "202": "running", "303": "succeeded"}},
    "list": {"path": "/t", "items": "a", "paging": {"style": "link_header"}},
    "when_ended": {"path": "/t/{id}/log", "message": "a", "result": "b", "code": "c"},
    "fields": {"id": "a", "state": "b", "percent": "c", "percent_of": "d", "message": "e", "created_at": "a"},
    "states": {"null": "running", "0": "succeeded", "*": "failed"},
    "failure": {"code": "c", "message": "d"},
    "refusal": {"code": "e", "message": "d", "meanings": {"1": "not_found", "2": "transient"}},
    "times": ["epoch_seconds", "%Y"],
}


@FUZZ
@given(
    definition=st.sampled_from(
        [
            EVERYTHING,
            {**EVERYTHING, "list": {**LIST, "items": "@", "by_id": True}},
            {**EVERYTHING, "list": {**LIST, "items": "a", "id": "b"}, "get": {"path": "{id:path}"}},
            {**EVERYTHING, "handle": {"path": "/q/{id}", "next": "a"}, "get": {"path": "/t/{next}"}},
        ]
    ),
    answers=st.lists(JSON, min_size=1, max_size=4),
    status=st.sampled_from([200, 202, 204, 303, 404, 500]),
    header=st.sampled_from(["", "<", "</x?a>; rel=next", "https://[", "//other.example/x", "9" * 400]),
)
def test_any_answers_are_tasks_or_request_errors(definition, answers, status, header):
    def answer(request):
        body = answers[len(api.http.requests) % len(answers)]
        return reply(json.dumps(body), status, link=header, location=header, retry_after=header)

    api = Api({**definition, **login("none")}, answer)
    for look in (lambda: api.read("/1"), api.page):
        with contextlib.suppress(RequestError):
            look()
    assert all(request.url.startswith("https://api.example/") for request in api.http.requests)


# --- logins ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("definition", "options", "header"),
    [
        (login("none"), {}, None),
        (login("basic"), ANN, ("Authorization", "Basic YW5uOnBhNTV3b3Jk")),
        (login("bearer"), {"api_token": "t0ken"}, ("Authorization", "Bearer t0ken")),
        (login("bearer", prefix="Token "), {"api_token": "t0ken"}, ("Authorization", "Token t0ken")),
        (login("header", header="X-Key"), {"api_token": "t0ken"}, ("X-Key", "t0ken")),
    ],
)
def test_logins_that_are_headers(definition, options, header):
    api = Api(definition, reply(task()), reply({"message": "No"}, 401), **options)
    api.read()
    headers = dict(api.http.requests[0].headers)
    assert headers.pop("Accept") == "application/json"
    assert headers == ({} if header is None else dict([header]))
    with pytest.raises(AuthenticationError, match=r"No.*login in the definition") as caught:
        api.read()
    assert len(api.http.requests) == 2
    for secret in ("pa55word", "t0ken", "YW5u"):
        assert secret not in str(caught.value.to_result())


@pytest.mark.parametrize(
    ("definition", "options", "words"),
    [
        (login("basic"), {"username": "ann"}, "basic) needs password (environment LONGRUNNING_PASSWORD), which is"),
        (login("bearer"), ANN, "bearer) needs api_token (environment LONGRUNNING_API_TOKEN)"),
        (session(), {}, "needs username (environment LONGRUNNING_USERNAME) and password"),
        (session(body={"k": "{api_key}"}), ANN, "session) needs api_key (environment LONGRUNNING_API_KEY)"),
    ],
)
def test_a_login_that_lacks_something(definition, options, words):
    with pytest.raises(OptionError) as caught:
        Api(definition, **options)
    assert words in caught.value.message


HEADERS = {"X-API-Version": "1200", "X-Account": "{account_id}", "X-Second-Key": "{api_key}"}


@pytest.mark.kind
def test_headers_of_every_request():
    api = Api(
        {"headers": HEADERS, **session(logout=LOGOUT)},
        *(token(), reply(task()), reply(b"", 204)),
        **{**ANN, "account_id": "me", "api_key": "s3cret"},
    )
    api.read()
    api.provider.close(api.deadline)
    for request in api.http.requests:
        assert {"X-API-Version": "1200", "X-Account": "me", "X-Second-Key": "s3cret"}.items() <= request.headers.items()
    assert "s3cret" not in repr(api.http.requests)


def test_headers_need_what_they_name():
    with pytest.raises(OptionError, match=r"needs api_key \(environment LONGRUNNING_API_KEY\), which is missing"):
        Api({"headers": HEADERS}, account_id="me")


def test_a_header_of_the_definition_can_replace_ours():
    api = Api({"headers": {"Accept": "application/vnd.api+json"}, **login("bearer")}, reply(task()), api_token="t0ken")
    api.read()
    assert api.http.requests[0].headers == {"Accept": "application/vnd.api+json", "Authorization": "Bearer t0ken"}


def test_a_secret_in_a_body():
    get = {"method": "POST", "path": "/jsonrpc", "body": {"params": ["token:{api_token}", "{id}"]}}
    api = Api({"get": get}, reply(task()), api_token="t0ken")
    api.read("1")
    assert api.http.requests[0].json == {"params": ["token:t0ken", "1"]}
    assert "t0ken" not in repr(api.http.requests)


@pytest.mark.parametrize(("keys", "header"), [({}, None), ({"header": "X-Session"}, "X-Session")])
def test_the_token_of_a_session_in_a_body(keys, header):
    get = {"method": "POST", "path": "/rpc", "body": {"session": "{token}", "id": "{id}"}}
    api = Api(
        {"get": get, **login("session", session=SESSION, **keys)},
        *(token("one"), reply(task("{token}")), reply({}, 401), token("two"), reply(task("{token}"))),
        **ANN,
    )
    api.read("{token}")
    api.read("{token}")
    asked = [request for request in api.http.requests if request.url.endswith("/rpc")]
    assert [request.json["session"] for request in asked] == ["one", "one", "two"]
    assert {request.json["id"] for request in asked} == {"{token}"}
    assert {"X-Session", "Authorization"} & set(asked[0].headers) == ({header} if header else set())


def token(value="t0ken"):
    return reply({"auth": {"token": value}})


def test_a_session_with_its_token_in_the_body():
    api = Api(session(), token(), reply(task()), reply(task()), **ANN)
    api.read()
    api.read()
    begin, first, second = api.http.requests
    assert (begin.method, begin.url, begin.json) == ("POST", f"{URL}/login", {"user": "ann", "pass": "pa55word"})
    assert "Authorization" not in begin.headers
    assert [request.headers["X-Session"] for request in (first, second)] == ["t0ken", "t0ken"]
    assert api.hidden == {"t0ken"}
    assert "pa55word" not in repr(api.http.requests)


def test_a_number_as_token():
    api = Api(session(), token(1234567), reply(task()), **ANN)
    api.read()
    assert api.http.requests[1].headers["X-Session"] == "1234567"
    assert api.hidden == {"1234567"}


@pytest.mark.parametrize("answer", [reply(b"", 204, x_token="t0ken"), reply({}, 201, x_token="t0ken")])
def test_a_session_with_its_token_in_a_header(answer):
    definition = login("session", prefix="Token ", session={"path": "/login", "basic": True, "token_header": "X-Token"})
    api = Api(definition, answer, reply(task()), **ANN)
    api.read()
    begin, asked = api.http.requests
    assert (begin.headers["Authorization"], begin.json) == ("Basic YW5uOnBhNTV3b3Jk", None)
    assert asked.headers["Authorization"] == "Token t0ken"


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (
            reply({"message": "Wrong password"}, 401),
            AuthenticationError,
            "Wrong password.*check username, password and",
        ),
        (reply({}, 403), AccessDeniedError, "403"),
        (reply({}, 404), OptionError, r"api_url: .*404.*Check login in the definition"),
        (reply(b"<html>", 404, content_type="text/html"), OptionError, "api_url"),
        (reply({}, 503), TransientError, "503"),
        (reply({}, 409), TransientError, "409"),
        (reply({}), BadAnswerError, "without a token"),
        (reply([]), BadAnswerError, "without a token"),
        (token(""), BadAnswerError, "without a token"),
        (token("a\nb"), BadAnswerError, "without a token"),
        (token({}), BadAnswerError, "without a token"),
        (reply(b"{"), TransientError, "broken JSON"),
    ],
)
def test_a_session_that_does_not_begin(answer, kind, words):
    api = Api({**session(), "transient_statuses": [409]}, answer, **ANN)
    with pytest.raises(kind, match=words) as caught:
        api.read()
    assert caught.value.__class__ is kind
    assert "pa55word" not in str(caught.value.to_result())
    assert len(api.http.requests) == 1


def test_a_session_that_is_refused_is_renewed_once():
    api = Api(session(), token("one"), reply({}, 401), token("two"), reply(task()), **ANN)
    api.read()
    assert [request.headers.get("X-Session") for request in api.http.requests] == [None, "one", None, "two"]
    api = Api(session(), token("one"), reply({}, 401), token("two"), reply({}, 401), **ANN)
    with pytest.raises(AuthenticationError):
        api.read()
    assert len(api.http.asked("/login")) == 2


@pytest.mark.kind
def test_another_status_can_say_that_a_session_has_run_out():
    refused = reply({"text": "Token timeout"}, 403)
    api = Api(session(expired_statuses=[403]), token("one"), refused, token("two"), reply(task()), refused, **ANN)
    api.read()
    assert [request.headers.get("X-Session") for request in api.http.requests] == [None, "one", None, "two"]
    api = Api(session(expired_statuses=[403]), token("one"), refused, token("two"), refused, **ANN)
    with pytest.raises(AccessDeniedError):
        api.read()
    assert len(api.http.requests) == 4


@pytest.mark.kind
def test_a_refusal_can_say_that_a_session_has_run_out():
    refusal = {"refusal": {"code": "error.code", "meanings": {"-11": "authentication"}}}
    script = [token("one"), reply({"error": {"code": -11}}), token("two"), reply(task())]
    api = Api({**session(), **refusal}, *script, **ANN)
    assert api.read().id == "1"


@pytest.mark.parametrize("statuses", [[], [403]])
def test_a_refusal_that_says_when_to_come_again_passes(statuses):
    api = Api(session(expired_statuses=statuses), token(), reply({"message": "limit"}, 403, retry_after="3"), **ANN)
    with pytest.raises(TransientError, match="limit") as caught:
        api.read()
    assert caught.value.retry_after == 3.0


@pytest.mark.parametrize("status", [401, 400, 403])
def test_a_wrong_password_is_tried_once_by_many_readers(status):
    api = Api(session(), lambda _request: reply({}, status), **ANN)
    with pytest.raises((AuthenticationError, RejectedError, AccessDeniedError)):
        TaskReader(api.provider).read([str(number) for number in range(30)], api.deadline)
    assert api.urls == [f"{URL}/login"]


def test_a_session_is_renewed_before_its_lifetime_is_over():
    api = Api(session(lifetime=100), token("one"), reply(task()), reply(task()), token("two"), reply(task()), **ANN)
    api.read()
    api.clock.advance(89)
    api.read()
    api.clock.advance(2)
    api.read()
    assert [request.headers.get("X-Session") for request in api.http.requests] == [None, "one", "one", None, "two"]


@pytest.mark.parametrize("answer", [reply(b"", 204), reply({}, 401), TransientError("gone")])
def test_a_session_is_ended(answer):
    api = Api(session(logout=LOGOUT), token(), reply(task()), answer, **ANN)
    api.read()
    api.provider.close(api.deadline)
    api.provider.close(api.deadline)
    end = api.http.requests[-1]
    assert (len(api.http.requests), end.method, end.url) == (3, "DELETE", f"{URL}/login")
    assert end.headers["X-Session"] == "t0ken"


def test_a_session_that_never_began_is_not_ended():
    api = Api(session(logout=LOGOUT), **ANN)
    api.provider.close(api.deadline)
    assert api.http.requests == []


def oauth2(grant="client_credentials", **keys):
    return {"login": {"type": "oauth2", "oauth2": {"grant": grant, **keys}}}


APP = {"app_id": "app", "app_secret": "app-s3cret", "auth_url": "https://login.example/t1/token"}


def access_token(value, **more):
    return reply({"access_token": value, "token_type": "Bearer", **more})


@pytest.mark.kind
def test_oauth2_with_client_credentials_at_another_server():
    headers = {"headers": {"X-Version": "1", "X-Key": "{api_key}"}}
    api = Api(
        {**oauth2(scope="all.read", form={"audience": "x y"}), **headers},
        *(access_token("one", expires_in=100), reply(task()), access_token("two"), reply(task())),
        **{**APP, "api_key": "key-s3cret"},
    )
    api.read()
    api.clock.advance(91)
    api.read()
    begin, asked, again, last = api.http.requests
    assert (begin.method, begin.url, begin.json) == ("POST", "https://login.example/t1/token", None)
    assert begin.body == (
        b"grant_type=client_credentials&client_id=app&client_secret=app-s3cret&scope=all.read&audience=x+y"
    )
    # Each server gets its own secrets only.
    assert begin.headers == {"Accept": "application/json", "X-Version": "1"}
    assert (asked.url, asked.headers["Authorization"], asked.headers["X-Key"]) == (
        f"{URL}/tasks/1",
        "Bearer one",
        "key-s3cret",
    )
    assert (again.url, last.headers["Authorization"]) == (begin.url, "Bearer two")
    assert api.hidden == {"one", "two"}
    assert "s3cret" not in repr(api.http.requests)


@pytest.mark.kind
@pytest.mark.parametrize(
    ("keys", "form", "authorization"),
    [
        ({}, b"grant_type=password&username=ann&password=pa55word", None),
        ({"client": "basic"}, b"grant_type=password&username=ann&password=pa55word", "Basic YXBwOmFwcC1zM2NyZXQ="),
        (
            {"form": {"client_id": "public"}},
            b"grant_type=password&username=ann&password=pa55word&client_id=public",
            None,
        ),
    ],
)
def test_oauth2_with_a_password(keys, form, authorization):
    api = Api(oauth2("password", path="/oauth2/token", **keys), access_token("one"), reply(task()), **ANN, **APP)
    api.read()
    begin, asked = api.http.requests
    assert (begin.url, begin.body, begin.headers.get("Authorization")) == (f"{URL}/oauth2/token", form, authorization)
    assert asked.headers["Authorization"] == "Bearer one"


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (reply({"error": "invalid_client", "error_description": "Bad secret"}, 400), AuthenticationError, "Bad secret"),
        (reply({"error": "invalid_grant"}, 400), AuthenticationError, "invalid_grant"),
        (reply({"error": "invalid_scope"}, 400), RejectedError, "invalid_scope"),
        (reply({"error": "temporarily_unavailable"}, 503), TransientError, "temporarily"),
        (reply({}, 404), OptionError, r"auth_url: there is no login at https://login\.example"),
        (reply({"token_type": "x"}), BadAnswerError, "without a token"),
    ],
)
def test_an_oauth2_login_that_is_refused(answer, kind, words):
    api = Api(oauth2(), lambda _request: answer, **APP)
    for _look in range(2):
        with pytest.raises(kind, match=words):
            api.read()
    assert len(api.http.requests) == (2 if kind in (TransientError, OptionError) else 1)


@pytest.mark.parametrize("expires_in", [0, -5, "soon", None, []])
def test_a_lifetime_that_is_none(expires_in):
    api = Api(oauth2(), access_token("one", expires_in=expires_in), reply(task()), reply(task()), **APP)
    api.read()
    api.clock.advance(10**6)
    api.read()


COOKIES = (
    "TWISTED_SESSION=abcdef0123456789; Path=/; HttpOnly; Expires=Wed, 21 Oct 2037 07:28:00 GMT, "
    "csrf=fedcba98; Secure, l=en"
)


def test_a_session_of_cookies_behind_a_redirect():
    definition = login("session", session={"method": "GET", "path": "/auth/login", "basic": True, "cookies": True})
    api = Api(definition, reply(b"", 302, location="/", set_cookie=COOKIES), reply(task()), **ANN)
    api.read()
    begin, asked = api.http.requests
    assert 302 in begin.stops_at
    assert asked.headers == {"Accept": "application/json"}
    # Hiding a cookie of two letters would spoil every message.
    assert api.hidden == {"abcdef0123456789", "fedcba98"}


@pytest.mark.parametrize(
    ("place", "csrf"), [({"token_cookie": "csrf"}, "fedcba98"), ({"token_header": "X-CSRF"}, "header-token")]
)
def test_cookies_with_a_csrf_token(place, csrf):
    keys = {"path": "/login", "form": {"j_user": "{username}", "j_pass": "{password}"}, **place}
    answer = reply(b"<html>", 302, location="/", set_cookie=COOKIES, x_csrf="header-token")
    api = Api(login("session", header="X-CSRF-Token", session=keys), answer, reply(task()), **ANN)
    api.read()
    assert api.http.requests[0].body == b"j_user=ann&j_pass=pa55word"
    assert api.http.requests[1].headers["X-CSRF-Token"] == csrf
    assert csrf in api.hidden


def test_a_login_that_sets_no_cookie():
    definition = login("session", session={"path": "/login", "cookies": True})
    with pytest.raises(BadAnswerError, match="answered the login without a cookie"):
        Api(definition, reply(b"", 302, location="/login?error")).read()


@pytest.mark.kind
@pytest.mark.parametrize(
    ("logout", "answer", "url"),
    [
        ({"path": "/tokens/{token}"}, {}, f"{URL}/tokens/t0%2Fken"),
        ({"address": '"@odata.id"'}, {"@odata.id": "/rf/Sessions/4"}, "https://api.example/rf/Sessions/4"),
        ({"address_header": "Location"}, {}, "https://api.example/rf/Sessions/5"),
        ({"address": "gone"}, {}, None),
        ({"address": "gone"}, {"gone": "https://other.example/4"}, None),
        ({"address": "gone"}, {"gone": "https://[/4"}, None),
    ],
)
@pytest.mark.parametrize("place", [{"token_header": "X-Auth-Token"}, {"token": "tok"}])
def test_a_logout_whose_address_the_login_gave(logout, answer, url, place):
    keys = {"path": "/login", **place, "logout": {"method": "DELETE", **logout}}
    begun = reply({"tok": "t0/ken", **answer}, 201, x_auth_token="t0/ken", location="/rf/Sessions/5")
    api = Api(
        login("session", header="X-Auth-Token", session=keys), begun, reply(task()), *([reply(b"", 204)] if url else [])
    )
    api.read()
    api.provider.close(api.deadline)
    assert [(request.method, request.url) for request in api.http.requests[2:]] == ([("DELETE", url)] if url else [])
    assert all(request.headers["X-Auth-Token"] == "t0/ken" for request in api.http.requests[2:])


def test_a_logout_with_a_body():
    keys = {"path": "/login", "token": "tok", "logout": {"method": "POST", "path": "/logout", "body": {}}}
    api = Api(login("session", session=keys), reply({"tok": "t0ken"}), reply(task()), reply({}))
    api.read()
    api.close()
    assert api.last_sent == ("POST", "/base/logout", {})


def test_an_option_that_only_the_list_needs():
    definition = {"list": {"path": "/projects/{account_id}/tasks", "items": "tasks"}}
    api = Api(definition, reply(task("1")), reply(task("2")))
    # Two tasks, and no list: they are read one by one.
    assert len(TaskReader(api.provider).read(["1", "2"], api.deadline).tasks) == 2
    with pytest.raises(OptionError, match=r"\$\.list\.path has \{account_id\}, but the option account_id is not given"):
        api.ids()
    assert Api(definition, reply({"tasks": [task("1")]}), account_id="p").ids() == ["1"]


# --- the description ------------------------------------------------------------------------------------------


def test_what_the_definition_says_reaches_the_description():
    description = Api(
        {
            "poll_interval": 7,
            "quota": {"requests": 2, "seconds": 60},
            "task_id": {"pattern": "[0-9]+", "words": "a number"},
            "launch_id": ["json.task.id", "json.id", "{json.dag}/{json.run}"],
            "transient_statuses": [409],
            "failure_codes": [{"code": 5, "title": "Five", "source": "the manual"}],
        }
    ).provider.description
    assert (description.title, description.poll_interval, description.quota[0].requests) == ("Example API", 7.0, 2)
    assert (description.task_id_pattern, description.task_id_hint) == ("[0-9]+", "a number")
    assert description.launch_id_paths == (("json", "task", "id"), ("json", "id"), ("{json.dag}/{json.run}",))
    assert description.documented_error("5").source == "the manual"
    assert description.state_of("DONE") is TaskState.SUCCEEDED


def test_the_quota_is_kept():
    api = Api({"quota": {"requests": 2, "seconds": 60}}, lambda request: reply(task()))
    for _number in range(3):
        api.read()
    assert api.clock.slept == [60.0]


def test_two_quotas_are_kept():
    quota = [{"requests": 2, "seconds": 10}, {"requests": 3, "seconds": 60}]
    api = Api({"quota": quota}, lambda request: reply(task()))
    for _number in range(4):
        api.read()
    # The third has to wait for the first quota, the fourth for the second.
    assert api.clock.slept == [10.0, 50.0]


@pytest.mark.kind
def test_good_answers_say_when_to_look_again():
    api = Api({}, reply(task(), retry_after="4"), reply(task("2"), 202, retry_after="30"), reply(task()))
    reader = TaskReader(api.provider)
    assert [reader.read([task_id], api.deadline).retry_after for task_id in ("1", "2", "1")] == [4.0, 30.0, 30.0]
    api.clock.advance(31)
    assert api.provider.asked_to_wait is None


def test_the_quota_counts_logins_too():
    moments = []

    def answer(request):
        moments.append(api.clock.elapsed)
        if request.url.endswith("/login"):
            return token()
        return reply({}, 401) if len(moments) == 2 else reply(task())

    api = Api({**session(), "quota": {"requests": 2, "seconds": 60}}, answer, **ANN)
    api.read()
    api.read()
    # Login, a refusal, a new login, the repeat; the next one.
    assert moments == [0.0, 0.0, 60.0, 60.0, 120.0]


@pytest.mark.parametrize(("requests", "sent"), [(2, 0), (3, 1)])
def test_a_logout_that_would_break_the_quota_is_left_out(requests, sent):
    api = Api(
        {**session(logout=LOGOUT), "quota": {"requests": requests, "seconds": 60}},
        token(),
        reply(task()),
        reply(b"", 204),
        **ANN,
    )
    api.read()
    api.provider.close(api.deadline)
    assert [request.method for request in api.http.requests[2:]] == ["DELETE"] * sent
    assert api.clock.slept == []


@pytest.mark.parametrize("missing", ["api_url", "definition"])
def test_address_and_definition_are_needed(missing):
    with pytest.raises(OptionError, match=f"{missing}.* missing"):
        Api({}, **{missing: None})
