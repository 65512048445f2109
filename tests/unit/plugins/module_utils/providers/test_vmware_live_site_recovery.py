# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import math
import time

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core import threads as _threads
from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    AuthenticationError,
    BadAnswerError,
    NotFoundError,
    OptionError,
    RejectedError,
    TransientError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._core.masking import masking
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.vmware_live_site_recovery import (
    task_from_json,
)
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


def throwable(message, cause=None, localized=None, **fields):
    """An error as version 1 of the configuration API serializes it."""
    return {
        "message": message,
        "localized_message": localized,
        "stack_trace": [{"class_name": "com.example.Configurator", "line_number": 17}],
        "suppressed": [],
        "cause": cause,
        **fields,
    }


# --- one task -------------------------------------------------------------------------------------------------


def test_a_success_with_an_error_is_a_success_as_the_status_says():
    found = task_from_json(raw_task(status="SUCCESS", error={"message": "A warning"}))
    assert (found.state, found.error) == (TaskState.SUCCEEDED, None)
    assert found.raw["error"] == {"message": "A warning"}


@pytest.mark.parametrize(
    ("value", "percent"),
    [
        (0, 0.0),
        (55, 55.0),
        (100, 100.0),
        (-1, 0.0),
        (250, 100.0),
        (33.5, 33.5),
        (None, None),
        (10**400, 100.0),
        (math.nan, None),
        (math.inf, None),
    ],
)
def test_progress(value, percent):
    assert task_from_json(raw_task(progress=value)).percent == percent


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


# --- the session ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "words"), [("configure", "appliance itself"), ("srm", "Single Sign-On"), ("vr", "Single Sign-On")]
)
def test_the_advice_names_the_kind_of_user(service, words):
    with pytest.raises(AuthenticationError, match=words):
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
        None,
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
    page = Client(reply({"list": [raw_task()], "_meta": meta})).page()
    assert (len(page.tasks), page.next_cursor) == (1, None)


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


def test_a_link_to_another_server_is_refused():
    with pytest.raises(BadAnswerError, match="link"):
        Client(listed(raw_task(), links=next_link(2, "https://evil.example"))).page()


@pytest.mark.kind
def test_entries_without_an_id_are_left_out_and_counted():
    page = Client(listed({"status": "RUNNING"}, raw_task(None), raw_task("2"))).page()
    assert ([each.id for each in page.tasks], page.unreadable) == (["2"], 2)


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
