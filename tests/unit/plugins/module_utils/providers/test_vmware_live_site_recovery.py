# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import contextlib
import json
import time
from datetime import datetime, timezone

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core import threads as _threads
from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    AccessDeniedError,
    AuthenticationError,
    BadAnswerError,
    NotFoundError,
    OptionError,
    RejectedError,
    TransientError,
    WorkError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._core.masking import masking
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.contract import TaskQuery
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.vmware_live_site_recovery import (
    DESCRIPTION,
    TASK_SCHEMA,
    task_from_json,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.explaining import explain_task
from ansible_collections.longrunning.tasks.plugins.module_utils._work.reading import list_tasks
from ansible_collections.longrunning.tasks.tests.unit.support.fake_http import reply
from ansible_collections.longrunning.tasks.tests.unit.support.session import FakeSession
from ansible_collections.longrunning.tasks.tests.unit.support.stage import Stage
from ansible_collections.longrunning.tasks.tests.unit.support.vendors import VENDORS

HOST = "https://srm.example"
BASE = f"{HOST}/api/rest/configure/v2"
PASSWORD = "pa55/word"
OPTIONS = {"api_url": HOST, "username": "admin", "password": PASSWORD}
SESSION = reply({"session_id": "one"})
GONE = reply(b"", 401)


class Client(FakeSession):
    """It is logged in by default."""

    name, login = "vmware_live_site_recovery", OPTIONS

    def __init__(self, *script, logged_in=True, **options):
        super().__init__(*([SESSION] if logged_in else []), *script, **options)

    @property
    def sent(self):
        return [(request.method, request.url) for request in self.http.requests]

    @property
    def sessions(self):
        return [request.headers.get("x-dr-session") for request in self.http.requests]


def raw_task(task_id="1", status="RUNNING", **fields):
    return {"id": task_id, "status": status, **fields}


def task(task_id="1", status="RUNNING", **fields):
    return reply(raw_task(task_id, status, **fields))


def listed(*tasks, **meta):
    return reply({"list": list(tasks), "_meta": {"errors": [], **meta}})


def at(*numbers):
    return datetime(*numbers, tzinfo=timezone.utc)


def throwable(message, cause=None, localized=None, **fields):
    """An error as version 1 of the configuration API serializes it."""
    frame = {
        "class_loader_name": "app",
        "module_name": None,
        "module_version": None,
        "method_name": "apply",
        "file_name": "Configurator.java",
        "line_number": 17,
        "class_name": "com.example.Configurator",
        "native_method": False,
    }
    return {
        "message": message,
        "localized_message": localized,
        "stack_trace": [frame],
        "suppressed": [],
        "cause": cause,
        **fields,
    }


# --- one task -------------------------------------------------------------------------------------------------

TEXTS = {"start_time": "2026-03-01T12:00:01Z", "complete_time": "2026-03-01T12:05:01.500Z"}
MILLISECONDS = {"start_time": 1772366401000, "complete_time": 1772366701500}


@pytest.mark.parametrize("status", ["PAUSED", "SUCCEEDED", "WARNING", "SUCCESS "])
def test_an_unknown_state_is_never_an_end(status):
    found = task_from_json(raw_task(status=status, progress=100, result={}, **TEXTS))
    assert (found.state, found.raw_state, found.finished_at) == (TaskState.UNKNOWN, status, None)


@pytest.mark.parametrize("status", ["QUEUED", "RUNNING"])
def test_neither_progress_nor_times_nor_results_make_an_end(status):
    found = task_from_json(raw_task(status=status, progress=100, result={"a": 1}, **MILLISECONDS))
    assert not found.is_final
    assert found.finished_at is None
    assert found.error is None


def test_a_success_with_an_error_is_a_success_as_the_status_says():
    found = task_from_json(raw_task(status="SUCCESS", error={"message": "A warning"}))
    assert (found.state, found.error) == (TaskState.SUCCEEDED, None)
    assert found.raw["error"] == {"message": "A warning"}


@pytest.mark.parametrize(
    ("value", "percent"),
    [(0, 0.0), (55, 55.0), (100, 100.0), (-1, 0.0), (250, 100.0), (33.5, 33.5), (None, None), (10**400, 100.0)],
)
def test_progress(value, percent):
    assert task_from_json(raw_task(progress=value)).percent == percent


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_progress_that_is_no_number(value):
    assert task_from_json(raw_task(progress=value)).percent is None


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (1772366401234, at(2026, 3, 1, 12, 0, 1, 234000)),
        ("2026-03-01T13:00:01+01:00", at(2026, 3, 1, 12, 0, 1)),
        (0, at(1970, 1, 1)),
        (None, None),
        ("", None),
        ("yesterday", None),
        (10**18, None),
        (10**400, None),
        (-(10**18), None),
    ],
)
def test_times(value, moment):
    raw = raw_task(status="SUCCESS", start_time=value, complete_time=value, queued_time=value)
    assert TASK_SCHEMA.problem(raw) is None
    found = task_from_json(raw)
    assert [found.created_at, found.started_at, found.finished_at] == [moment] * 3


# --- why a task failed ----------------------------------------------------------------------------------------


def failure_of(error):
    return task_from_json(raw_task(status="ERROR", error=error))


#: As Java prints a stack trace.
PRINTED = (
    "com.example.RegistrationException: Cannot register\n\tat com.example.A.b(A.java:5)\n"
    "Caused by: java.net.ConnectException: Connection refused\n\tat java.base/sun.nio.C.d(C.java:6)\n\t... 7 more\n"
)


@pytest.mark.parametrize(
    ("error", "title", "detail"),
    [
        (None, None, None),
        ({}, None, None),
        ({"message": None, "details": None}, None, None),
        ({"message": "", "details": " \n "}, None, None),
        ("Out of order", None, "Out of order"),
        ({"message": "A", "details": "A"}, None, "A"),
        ({"message": None, "details": "Only details"}, None, "Only details"),
        ({"message": "Failed", "details": "Failed: no licence"}, None, "Failed: no licence"),
        (throwable("Boom"), None, "Boom"),
        (throwable(None, localized="Bumm"), None, "Bumm"),
        (throwable("Boom", localized="Bumm"), None, "Boom"),
        (throwable("Outer", throwable("Inner")), "Outer", "Inner"),
        (throwable("string", throwable("string", localized="string"), "string"), None, "string"),
        (throwable("Outer", throwable(None)), None, "Outer"),
        (throwable("Outer", throwable("null")), None, "Outer"),
        (throwable("Outer", throwable("java.lang.NullPointerException")), None, "Outer"),
        (throwable(None, throwable(None, throwable("Deep"))), None, "Deep"),
        (throwable("java.io.IOException: Disk full", throwable("Disk full")), None, "Disk full"),
        (throwable("Outer: java.io.IOException: Disk full", throwable("Disk full")), "Outer", "Disk full"),
        (throwable("Outer: Disk full", throwable("Disk full")), "Outer", "Disk full"),
        (throwable("A.", throwable("B", throwable("C"))), "A: B", "C"),
        (throwable("com.a.B: com.c.D: Why"), None, "Why"),
        (throwable("Outer", "no throwable"), None, "Outer"),
        (throwable("Outer", ["no throwable"]), None, "Outer"),
        ({"message": ["odd"], "details": 5, "cause": {"message": 7}}, None, None),
        (throwable("Outer\n\tat com.example.A.b(A.java:5)\n\tat com.example.C.d(C.java:6)"), None, "Outer"),
        (throwable("<b>Not</b> good\n at all"), None, "Not good at all"),
        ({"message": "Failed", "details": PRINTED}, "Failed: Cannot register", "Connection refused"),
        (PRINTED, "Cannot register", "Connection refused"),
        (throwable("Caused by: nobody"), None, "Caused by: nobody"),
    ],
)
def test_the_innermost_message_is_the_detail(error, title, detail):
    failure = failure_of(error).error
    assert (failure.title, failure.detail, failure.code) == (title, detail, None)


def test_the_chain_of_causes_reads_well():
    error = throwable(
        "Failed to configure the appliance.",
        throwable(
            "com.vmware.dr.RegistrationException: Cannot register with vc.example.com: Connection timed out",
            throwable("java.net.SocketTimeoutException: Connection timed out"),
        ),
    )
    found = failure_of(error)
    chain = "Failed to configure the appliance: Cannot register with vc.example.com"
    assert found.error.title == chain
    assert found.error.detail == "Connection timed out"
    assert found.message == f"{chain}: Connection timed out"
    said = explain_task(found, DESCRIPTION.title)
    assert said == f"VMware Live Site Recovery: task 1 failed: {chain}. Connection timed out."
    assert "Configurator" not in json.dumps([found.error.to_result(), found.message])
    assert found.raw["error"] is error


@pytest.mark.parametrize(
    "message", ["\n" * 10**6, "a." * 10**6, "\n at " * 10**6, "x" * 10**7, "\nCaused by: x" * 10**6, f"\n{' ' * 10**7}"]
)
def test_a_huge_message_takes_no_time(message):
    assert len(failure_of(throwable(message)).message or "") <= 600


@pytest.mark.parametrize(
    "text",
    [
        ("\n" * 9_900 + "\nCaused by: ") * 10,
        ("\n \r\t" * 2_450 + "\nCaused by: ") * 10,
        "\n" * 10**5,
        "\nCaused by: " * 10**4,
        "a.A" * 10**5,
        "a.A: " * 10**5,
    ],
    ids=["printed", "printed on Windows", "blank", "causes", "classes", "exceptions"],
)
def test_an_error_is_read_in_linear_time(text):
    error = None
    for _cause in range(30):
        error = {"message": f"x{text}x", "details": f"y{text}", "cause": error}
    started = time.process_time()
    failure_of(error)
    # Of this process, not of the wall. It was minutes when each blank line was a reason to look at all others.
    assert time.process_time() - started < 5


@pytest.mark.parametrize(("size", "cause"), [(10_000, ""), (100_000, "Caused by: x.Y: ")])
def test_no_half_of_a_secret_is_left_where_a_message_is_cut(size, cause):
    with masking() as known:
        known.hide("s3cr3t-of-many-letters")
        error = failure_of(throwable("\n" * (size - 10 - len(cause)) + f"{cause}s3cr3t-of-many-letters"))
    assert "s3cr3t" not in str(error)


def test_causes_that_go_on_for_ever_are_cut():
    error = throwable("0")
    for number in range(1, 5000):
        error = {"message": f"message {number} of many", "cause": error}
    found = failure_of(error)
    assert found.error.detail
    assert len(found.message) <= 600


# --- what is no task ------------------------------------------------------------------------------------------


# JSON Schema takes 4711.0 for a whole number as well.
@pytest.mark.parametrize("answered", [4711, 4711.0])
def test_an_id_that_became_a_number_is_the_same(answered):
    assert Client(task(answered)).read("4711").id == "4711"


@pytest.mark.parametrize("answered", [None, "", "A:B"])
def test_an_id_may_be_missing_and_stays_as_it_was_asked_for(answered):
    found = Client(task(answered)).read("a:b")
    assert (found.id, found.raw["id"]) == ("a:b", answered)


# --- addresses ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("service", ["configure", "srm", "vr"])
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_service_and_version_choose_the_path(service, version):
    client = Client(task(), service=service, api_version=version)
    client.read()
    base = f"{HOST}/api/rest/{service}/{version}"
    assert client.sent == [("POST", f"{base}/session"), ("GET", f"{base}/tasks/1")]


@pytest.mark.parametrize(
    ("options", "base"),
    [
        ({"api_url": f"{HOST}/"}, BASE),
        ({"api_url": f"{HOST}/api/rest"}, BASE),
        ({"api_url": f"{BASE}/"}, BASE),
        ({"api_url": f"{HOST}/proxy/srm/"}, f"{HOST}/proxy/srm/api/rest/configure/v2"),
        ({"api_url": f"{HOST}:8443", "api_path": "dr-rest-api/"}, f"{HOST}:8443/dr-rest-api/configure/v2"),
        ({"api_url": f"{HOST}:8443/dr-rest-api", "api_path": "/dr-rest-api"}, f"{HOST}:8443/dr-rest-api/configure/v2"),
        ({"api_path": "/"}, f"{HOST}/configure/v2"),
        ({"api_path": ""}, f"{HOST}/configure/v2"),
    ],
)
def test_the_address_may_be_given_in_many_ways(options, base):
    client = Client(task(), **options)
    client.read()
    assert client.sent[0] == ("POST", f"{base}/session")


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"service": "vami"}, "service"),
        ({"api_version": "v3"}, "api_version"),
        ({"api_path": "/api?x=1"}, "api_path"),
        ({"api_path": "/a b"}, "api_path"),
        # It would end the user name of a Basic login.
        ({"username": "ann:bob"}, "username"),
        ({"api_url": None}, "api_url"),
        ({"username": None}, "username"),
        ({"password": None}, "password"),
    ],
)
def test_options_that_cannot_be_used(options, option):
    with pytest.raises(OptionError) as caught:
        Client(**options)
    assert caught.value.option == option


# --- the session ----------------------------------------------------------------------------------------------


def test_a_login_gives_a_session():
    client = Client(task())
    client.read()
    login, asked = client.http.requests
    assert login.headers["Authorization"] == f"Basic {base64.b64encode(f'admin:{PASSWORD}'.encode()).decode()}"
    assert (login.json, login.params) == (None, ())
    assert asked.headers["x-dr-session"] == "one"
    assert "Authorization" not in asked.headers
    assert client.hidden == {"one"}
    assert PASSWORD not in repr(login)


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (GONE, AuthenticationError, ["refused the login (HTTP 401)", "appliance itself"]),
        (reply({"error_code": "BAD", "message": "No user"}, 400), RejectedError, ["BAD: No user"]),
        (reply({"error_code": "DENIED", "message": "No"}, 403), AccessDeniedError, ["DENIED: No"]),
        (reply({"message": "Starting"}, 500), TransientError, ["HTTP 500: Starting"]),
        (reply(b"", 503, retry_after="4"), TransientError, ["503"]),
        (reply(b"<html>", content_type="text/html"), TransientError, ["HTML"]),
        (reply({}), BadAnswerError, ["session_id is missing"]),
        (reply({"session_id": ""}), BadAnswerError, ["$.session_id"]),
        (reply({"session_id": 5}), BadAnswerError, ["$.session_id"]),
        (TransientError("refused"), TransientError, ["refused"]),
    ],
)
def test_a_login_that_fails(answer, kind, words):
    client = Client(answer, logged_in=False)
    with pytest.raises(WorkError) as caught:
        client.read()
    assert caught.value.__class__ is kind
    assert len(client.http.requests) == 1
    told = json.dumps(caught.value.to_result())
    assert all(word in caught.value.message for word in words)
    assert PASSWORD not in told
    assert base64.b64encode(f"admin:{PASSWORD}".encode()).decode() not in told


@pytest.mark.parametrize(
    "answer",
    [
        reply(b'{"session_id": "t0ken', 200),
        reply(b"session_id: t0ken", 200),
        reply(b"session_id: t0ken", 400),
        reply(b"<html>t0ken</html>", 200, content_type="text/html"),
        reply({"session_id": ["t0ken"]}),
    ],
)
def test_no_answer_to_a_login_is_quoted(answer):
    with pytest.raises(WorkError) as caught:
        Client(answer, logged_in=False).read()
    assert "t0ken" not in json.dumps(caught.value.to_result())


@pytest.mark.parametrize("service", ["srm", "vr"])
def test_the_advice_names_the_kind_of_user(service):
    with pytest.raises(AuthenticationError, match="Single Sign-On"):
        Client(GONE, logged_in=False, service=service).read()


def test_a_wrong_address_is_no_missing_task():
    with pytest.raises(
        OptionError, match=r"no API of service srm, version v1, at https://srm\.example/api/rest/srm/v1"
    ):
        Client(reply(b"", 404), logged_in=False, service="srm", api_version="v1").read()


def test_an_api_that_was_there_and_is_away_may_come_back():
    client = Client(task(), GONE, reply(b"", 404), reply({"session_id": "two"}), task())
    client.read()
    with pytest.raises(TransientError, match="any more"):
        client.read()
    assert client.read().id == "1"


@pytest.mark.parametrize("answer", [reply(b"", 204), GONE, reply(b"", 500), TransientError("reset"), reply(b"", 404)])
def test_the_session_is_ended_whatever_the_answer(answer):
    client = Client(task(), answer)
    client.read()
    client.close()
    client.close()
    assert client.sent[2:] == [("DELETE", f"{BASE}/session")]
    assert client.sessions[2] == "one"
    assert client.clock.slept == []


def test_without_a_login_there_is_nothing_to_end():
    client = Client(logged_in=False)
    client.close()
    assert client.sent == []


# --- errors ---------------------------------------------------------------------------------------------------

ERROR = {"error_code": "INVALID_ARGUMENT", "message": "No such filter", "op_id": "0f3c-77"}


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({"error_code": "A"}, "A", "A"),
        ({"message": "Why"}, None, "Why"),
        ({"op_id": "7"}, None, "(op_id 7)"),
        ({"error_code": None, "message": "Why", "op_id": None}, None, "Why"),
        ({"error_code": 5, "message": ["x"], "op_id": {}}, None, "HTTP 400"),
        ({}, None, "HTTP 400"),
        ([], None, "HTTP 400"),
        (b"", None, "HTTP 400"),
    ],
)
def test_every_part_of_an_error_may_be_missing(body, code, words):
    with pytest.raises(RejectedError) as caught:
        Client(reply(body, 400)).read()
    assert caught.value.code == code
    assert words in caught.value.message


THERE = reply({"username": "admin"})
PAGE = reply(b"<html>Not found</html>", 404, content_type="text/html")


@pytest.mark.parametrize("answer", [THERE, reply({}), reply(b"", 405), reply({}, 400)])
def test_a_task_that_is_not_there_has_no_body(answer):
    client = Client(reply(b"", 404), answer)
    with pytest.raises(NotFoundError):
        client.read()
    assert client.sent[1:] == [("GET", f"{BASE}/tasks/1"), ("GET", f"{BASE}/session")]


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (ERROR, "INVALID_ARGUMENT", "INVALID_ARGUMENT: No such filter (op_id 0f3c-77)"),
        ({"op_id": "0f3c-77"}, None, "(op_id 0f3c-77)"),
        ({"error_code": "GONE", "message": None}, "GONE", "GONE"),
    ],
)
def test_what_the_api_itself_says_of_a_missing_task_needs_no_question(body, code, words):
    client = Client(reply(body, 404))
    with pytest.raises(NotFoundError) as caught:
        client.read()
    assert (caught.value.code, caught.value.words) == (code, words)
    assert len(client.http.requests) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"default backend - 404",
        b"404 page not found\n",
        {"message": "no Route matched with those values"},
        {"error_message": "Not found", "status": 404},
        {},
        [],
        None,
    ],
)
def test_what_somebody_else_says_is_no_missing_task(body):
    # The API is there again when it is asked the next time: that tells nothing of the task.
    client = Client(reply(body, 404), task())
    with pytest.raises(TransientError, match=r"HTTP 404.*can be away for a while") as caught:
        client.read()
    assert caught.value.status == 404
    assert client.read().id == "1"


@pytest.mark.parametrize(
    "answers",
    [
        [reply(b"", 404), reply(b"", 404)],
        [reply(b"", 404), PAGE],
        [reply(b"", 404), reply(b"", 503)],
        [reply(b"", 404), TransientError("refused")],
        [PAGE],
    ],
)
def test_an_api_that_is_away_is_no_missing_task(answers):
    with pytest.raises(TransientError):
        Client(*answers).read()


@pytest.mark.parametrize("answer", [reply(b"", 404), PAGE])
def test_a_list_that_is_away_may_come_back(answer):
    client = Client(answer, listed(raw_task()))
    with pytest.raises(TransientError, match=r"HTTP 404.*can be away for a while") as caught:
        client.page()
    assert caught.value.url == f"{BASE}/tasks"
    assert len(client.page().tasks) == 1


def test_the_code_of_a_list_that_is_away_is_kept():
    with pytest.raises(TransientError) as caught:
        Client(reply(ERROR, 404)).page()
    assert (caught.value.code, caught.value.words) == (
        "INVALID_ARGUMENT",
        "INVALID_ARGUMENT: No such filter (op_id 0f3c-77)",
    )


# --- lists ----------------------------------------------------------------------------------------------------

FIRST = {"limit": "200", "offset": "0", "sort_by": "start_time", "order_by": "desc"}


def next_link(offset, start=BASE):
    return {"next": {"href": f"{start}/tasks?limit=2&offset={offset}"}, "self": None}


@pytest.mark.parametrize("start", [BASE, "/api/rest/configure/v2", "https://srm.example:443/behind/proxy", ""])
def test_links_are_followed_absolute_or_relative(start):
    client = Client(
        listed(raw_task("1"), raw_task("2"), total=3, links=next_link(2, start)),
        listed(raw_task("3"), total=3, links={"next": None}),
    )
    tasks, truncated = client.list()
    assert ([each.id for each in tasks], truncated) == (["1", "2", "3"], False)
    assert dict(client.http.requests[1].params) == FIRST
    assert client.http.requests[2].url == f"{BASE}/tasks"
    assert dict(client.http.requests[2].params) == {"limit": "2", "offset": "2"}


@pytest.mark.parametrize(
    "meta",
    [
        {},
        {"links": None},
        {"links": {}},
        {"links": {"next": None}},
        {"links": {"next": {}}},
        {"links": {"next": {"href": None}}},
        {"links": {"next": {"href": ""}}, "total": None},
        {"links": {"next": None}, "total": 1},
        {"total": 0},
    ],
)
def test_a_list_without_a_link_is_at_its_end(meta):
    page = Client(listed(raw_task(), **meta)).page()
    assert (len(page.tasks), page.next_cursor) == (1, None)


def test_meta_itself_may_be_missing():
    for answer in ({"list": []}, {"list": [], "_meta": None}):
        assert Client(reply(answer)).page().next_cursor is None


def test_the_total_tells_of_more_where_no_link_does():
    pages = [listed(*(raw_task(str(number)) for number in part), total=5) for part in ((0, 1), (2, 3), (4,))]
    client = Client(*pages)
    tasks, _truncated = client.list()
    assert [each.id for each in tasks] == ["0", "1", "2", "3", "4"]
    assert [dict(request.params)["offset"] for request in client.http.requests[1:]] == ["0", "2", "4"]
    assert dict(client.http.requests[3].params) == {**FIRST, "offset": "4"}


def test_an_empty_page_is_the_last_whatever_the_total():
    client = Client(listed(raw_task(), total=9), listed(total=9))
    tasks, _truncated = client.list()
    assert len(tasks) == 1


@pytest.mark.parametrize(
    "link",
    ["https://evil.example/tasks?offset=2", "//evil.example/tasks?offset=2", "http://srm.example/x?offset=2", "//[x"],
)
def test_a_link_to_another_server_is_refused(link):
    with pytest.raises(BadAnswerError, match="link"):
        Client(listed(raw_task(), links={"next": {"href": link}})).page()


@pytest.mark.kind
def test_entries_without_an_id_are_left_out_and_counted():
    page = Client(listed({"status": "RUNNING"}, raw_task(None), raw_task("2"))).page()
    assert ([each.id for each in page.tasks], page.unreadable) == (["2"], 2)


def test_entries_that_cannot_be_read_are_left_out_and_counted():
    page = Client(listed(raw_task("1"), {"id": "2"}, raw_task("3", progress="half"), "4", raw_task("5"))).page()
    assert ([each.id for each in page.tasks], page.unreadable) == (["1", "5"], 3)


@pytest.mark.parametrize(
    ("options", "query", "filters"),
    [
        ({}, {}, []),
        ({}, {"states": {TaskState.FAILED}}, ["status", "ERROR"]),
        ({}, {"states": {TaskState.QUEUED, TaskState.RUNNING}}, ["status", "QUEUED", "RUNNING"]),
        ({}, {"states": {TaskState.FAILED, TaskState.UNKNOWN}}, []),
        ({}, {"states": {TaskState.PAUSED}}, []),
        ({}, {"types": {"B", "A"}}, ["type", "A", "B"]),
        ({"service": "srm"}, {"types": {"A"}}, ["description_id", "A"]),
        ({}, {"types": {"A"}, "states": {TaskState.FAILED}}, ["status", "ERROR"]),
    ],
)
def test_what_the_vendor_can_filter_it_is_asked_to(options, query, filters):
    client = Client(listed(), **options)
    client.page(**{name: frozenset(values) for name, values in query.items()})
    pairs = [(name, value) for name, value in client.http.requests[1].params if name.startswith("filter")]
    assert pairs == [("filter_property" if number == 0 else "filter", value) for number, value in enumerate(filters)]


def test_what_the_vendor_returns_beyond_the_filter_is_filtered_here():
    client = Client(listed(raw_task("1", "ERROR"), raw_task("2", "SUCCESS"), raw_task("3", "ERROR_X")))
    query = TaskQuery(states=frozenset({TaskState.FAILED}))
    assert [each.id for each in list_tasks(client.provider, query, 10, client.deadline)[0]] == ["1"]


def test_the_users_own_filters_win():
    client = Client(listed())
    own = (("filter_property", "description"), ("filter", "a"), ("filter", "b"), ("sort_by", "id"), ("limit", "5"))
    client.page(filters=own, states=frozenset({TaskState.FAILED}))
    assert client.http.requests[1].params == (("offset", "0"), *own)


# --- the quota ------------------------------------------------------------------------------------------------


# The simulator answers 429 to more requests of a session than the vendor allows, which a wait counts as trouble.
@pytest.mark.parametrize("lifetime", [1800, 40], ids=["one session", "sessions that run out"])
@pytest.mark.parametrize(
    ("count", "is_listed", "interval"),
    [
        pytest.param(200, True, 5, id="in one page"),
        pytest.param(200, False, 5, id="in no list: single reads"),
        pytest.param(1, True, 0.1, id="impatiently"),
    ],
)
def test_a_wait_never_breaks_the_quota(count, is_listed, interval, lifetime, monkeypatch):
    # On a clock that jumps, a thread that waits for its turn would take the others with it into the future.
    monkeypatch.setattr(_threads, "MOST_PARALLEL_REQUESTS", 1)
    vendor = VENDORS["vmware_live_site_recovery"]
    nothing = {"kind": "status", "status": 200, "body": '{"list": []}', "path": "*/tasks"}
    scenario = {"credentials": {"session_lifetime": lifetime}, "faults": [] if is_listed else [nothing]}
    numbers = range(1001, 1001 + count)
    with contextlib.ExitStack() as stack:
        stage = Stage(stack, vendor, *(vendor.task(number, 60 + number % 100) for number in numbers), **scenario)
        result = stage.start().wait(*numbers, poll_interval=interval)
    assert (result["outcome"], result["transient_errors"]) == ("succeeded", 0)


def test_the_logout_does_not_wait_for_its_turn():
    client = Client(*[task()] * 48, reply(b"", 204))
    for _number in range(48):
        client.read()
    client.close()
    assert (client.clock.slept, len(client.requests)) == ([], 50)
