# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import threading
from email.utils import format_datetime
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.longrunning.tasks.plugins.module_utils._api import answers as _answers
from ansible_collections.longrunning.tasks.plugins.module_utils._api.channel import Channel
from ansible_collections.longrunning.tasks.plugins.module_utils._api.http_client import HttpResponse
from ansible_collections.longrunning.tasks.plugins.module_utils._api.json_api import (
    Accepted,
    Answer,
    JsonApi,
    Refusal,
    read_answer,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._api.login import Access, Login
from ansible_collections.longrunning.tasks.plugins.module_utils._api.schemas import AnswerSchema
from ansible_collections.longrunning.tasks.plugins.module_utils._core.clock import Deadline, SystemClock
from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    AccessDeniedError,
    AuthenticationError,
    BadAnswerError,
    NotFoundError,
    RejectedError,
    RequestError,
    TransientError,
    WorkError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._core.retrying import TRANSIENT_STATUSES
from ansible_collections.longrunning.tasks.tests.unit.support.fake_clock import WALL_START, FakeClock
from ansible_collections.longrunning.tasks.tests.unit.support.fake_http import FakeHttp, reply
from ansible_collections.longrunning.tasks.tests.unit.support.fuzzing import FUZZ

BASE = "https://images.example/v2"
TOKEN = "t0ken"
PAGE = b"<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1></body></html>"


class CountingLogin(Login):
    """A login that gives a new token each time, after whatever it is told to raise."""

    def __init__(self, *problems):
        super().__init__()
        self.logins = 0
        self.problems = list(problems)

    @property
    def refusal_advice(self):
        return "look at the password"

    def _log_in(self, deadline):
        self.logins += 1
        if self.problems:
            raise self.problems.pop(0)
        return Access(BASE, {"X-Auth-Token": f"{TOKEN}-{self.logins}"})


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def deadline(clock):
    return Deadline(clock, 30.0)


def traits(**given):
    usual = {"title": "Example", "transient_statuses": frozenset(), "denied_advice": "", "read_refusal": None}
    return SimpleNamespace(**{**usual, "answer_format": _answers.JSON, **given})


def new_api(clock, http, login=None, **given):
    return JsonApi(Channel(http), login or CountingLogin(), clock, traits(**given))


def read(response, *, schema=None, is_login=False, **given):
    return read_answer(
        response, method="GET", traits=traits(**given), clock=FakeClock(), schema=schema, is_login=is_login
    )


# --- what each status means -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (400, RejectedError, "rejected"),
        (401, AuthenticationError, "authentication"),
        (402, RejectedError, "rejected"),
        (403, AccessDeniedError, "permission"),
        (404, NotFoundError, "not_found"),
        (405, RejectedError, "rejected"),
        (409, RejectedError, "rejected"),
        (407, RejectedError, "rejected"),
        (410, RejectedError, "rejected"),
        (413, RejectedError, "rejected"),
        (418, RejectedError, "rejected"),
        (501, RejectedError, "rejected"),
        (505, RejectedError, "rejected"),
        (600, RejectedError, "rejected"),
        (300, RejectedError, "rejected"),
        (304, RejectedError, "rejected"),
        *((status, TransientError, "unreachable") for status in sorted(TRANSIENT_STATUSES)),
    ],
)
def test_a_status_becomes_an_error(clock, deadline, status, kind, reason):
    http = FakeHttp(lambda _request: reply({"code": "E7", "message": "Sorry,<br />no"}, status))
    with pytest.raises(kind) as caught:
        new_api(clock, http).ask("GET", "/tasks/1", deadline)
    assert caught.type is kind
    result = caught.value.to_result()
    assert result["reason"] == reason
    assert result["request"] == {"method": "GET", "url": BASE + "/tasks/1", "status": status, "code": "E7"}
    for words in ("Example", f"HTTP {status}", "Sorry, no"):
        assert words in result["msg"]
    assert TOKEN not in str(result)


@pytest.mark.parametrize("status", [200, 201, 202, 206, 299])
def test_a_good_status_gives_the_json(status):
    assert read(reply({"id": "1"}, status)) == {"id": "1"}


def test_the_head_of_a_good_answer_comes_with_it(clock, deadline):
    http = FakeHttp(reply({"id": "1"}, 202, retry_after="4", location="/tasks/1"), reply(1), reply(b" \n", 204))
    api = new_api(clock, http)
    assert api.ask("GET", "/tasks/1", deadline) == Answer(
        {"id": "1"},
        202,
        {"content-type": "application/json", "retry-after": "4", "location": "/tasks/1"},
        f"{BASE}/tasks/1",
        4.0,
    )
    assert api.ask("GET", "/tasks/1", deadline).retry_after is None
    empty = api.ask("POST", "/tasks", deadline, accepted=Accepted(bare=frozenset({204})))
    assert (empty.data, empty.status) == ("", 204)


@pytest.mark.kind
@pytest.mark.parametrize("status", [200, 202, 204])
def test_an_answer_without_a_body_is_told_as_that(status):
    with pytest.raises(TransientError, match=rf"answered with HTTP {status} and no body: GET"):
        read(reply(b" ", status))


@pytest.mark.kind
@pytest.mark.parametrize("retry_after", ["3", "0", format_datetime(WALL_START.replace(second=42), usegmt=True)])
@pytest.mark.parametrize("status", [400, 403, 404, 409, 423, 501])
def test_a_refusal_that_names_a_time_passes(status, retry_after):
    with pytest.raises(TransientError, match=rf"HTTP {status}: Slow down") as caught:
        read(reply({"message": "Slow down"}, status, retry_after=retry_after))
    assert caught.value.retry_after is not None


@pytest.mark.kind
@pytest.mark.parametrize("status", [403, 429])
def test_a_refusal_by_a_limit_of_requests_passes_when_that_is_reset(status):
    limit = {"x_ratelimit_remaining": "0", "x_ratelimit_reset": f"{WALL_START.timestamp() + 90:.0f}"}
    with pytest.raises(TransientError, match="API rate limit exceeded") as caught:
        read(reply({"message": "API rate limit exceeded"}, status, **limit))
    assert caught.value.retry_after == 90.0


@pytest.mark.parametrize(
    ("status", "retry_after"), [(401, "3"), (407, "3"), (302, "3"), (403, "-3"), (403, "soon"), (409, "")]
)
def test_other_refusals_are_final(status, retry_after):
    with pytest.raises(RequestError) as caught:
        read(reply({}, status, retry_after=retry_after))
    assert not isinstance(caught.value, TransientError)


def test_the_vendors_own_transient_statuses(clock, deadline):
    http = FakeHttp(reply({"overLimit": {"code": 413, "message": "wait"}}, 413, retry_after="7"))
    with pytest.raises(TransientError) as caught:
        new_api(clock, http, transient_statuses=frozenset({413})).ask("GET", "/tasks", deadline)
    assert (caught.value.retry_after, caught.value.code) == (7.0, "413")


def test_a_denied_request_has_the_vendors_advice(clock, deadline):
    api = new_api(clock, FakeHttp(reply({}, 403)), denied_advice="Ask an administrator.")
    with pytest.raises(AccessDeniedError, match=r"HTTP 403.*Ask an administrator\.$"):
        api.ask("GET", "/tasks", deadline)


def test_the_query_is_left_out_of_messages(clock, deadline):
    http = FakeHttp(lambda request: reply(b"", 500) if request.params else reply({}))
    with pytest.raises(TransientError) as caught:
        new_api(clock, http).ask("GET", "/tasks", deadline, params=(("marker", "private"),))
    assert "private" not in str(caught.value.to_result())


# --- the login ------------------------------------------------------------------------------------------------


def test_each_request_may_renew(clock, deadline):
    http = FakeHttp(reply(b"", 401), reply(1), reply(b"", 401), reply(2))
    login = CountingLogin()
    api = new_api(clock, http, login)
    assert [api.ask("GET", "/a", deadline).data, api.ask("GET", "/b", deadline).data] == [1, 2]
    assert login.logins == 3


# Requests that run side by side would else each try the same wrong password, and lock the account.
@pytest.mark.parametrize("logged_in", [False, True])
def test_a_login_that_was_refused_is_tried_by_nobody_again(clock, deadline, logged_in):
    http, login = FakeHttp(lambda _request: reply(b"", 401)), CountingLogin()
    api = new_api(clock, http, login)
    if logged_in:
        login.access(deadline)
    login.problems += [AuthenticationError("wrong password")] * 8
    logins = login.logins
    for _number in range(8):
        with pytest.raises(AuthenticationError, match="wrong password"):
            api.ask("GET", "/tasks/1", deadline)
    assert login.logins == logins + 1


def test_a_login_that_fails_in_renewal_is_tried_anew_by_the_next_request(clock, deadline):
    http = FakeHttp(reply({}), reply(b"", 401), reply({"id": 1}))
    login = CountingLogin()
    api = new_api(clock, http, login)
    api.ask("GET", "/tasks/1", deadline)
    login.problems.append(TransientError("the identity service is away"))
    with pytest.raises(TransientError):
        api.ask("GET", "/tasks/1", deadline)
    assert api.ask("GET", "/tasks/1", deadline).data == {"id": 1}
    assert http.requests[-1].headers["X-Auth-Token"] == TOKEN + "-3"


def test_threads_that_are_refused_together_renew_once(clock, deadline):
    threads = 8
    together = threading.Barrier(threads, timeout=60)
    answers = []

    def play(request):
        if request.headers["X-Auth-Token"] == TOKEN + "-1":
            together.wait()
            return reply(b"", 401)
        return reply({"id": "1"})

    login = CountingLogin()
    api = new_api(clock, FakeHttp(play), login)
    workers = [
        threading.Thread(target=lambda: answers.append(api.ask("GET", "/tasks/1", deadline).data))
        for _number in range(threads)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert login.logins == 2
    assert answers == [{"id": "1"}] * threads


def test_closing_does_not_wait_for_somebody_who_logs_in():
    begun, go_on = threading.Event(), threading.Event()

    class SlowLogin(CountingLogin):
        def _log_in(self, deadline):
            begun.set()
            go_on.wait(60)
            return super()._log_in(deadline)

        def _log_out(self, access, deadline):
            raise AssertionError("there is nothing to end yet")

    login = SlowLogin()
    thread = threading.Thread(target=login.access, args=[Deadline(SystemClock(), 30.0)])
    thread.start()
    begun.wait(60)
    login.close(Deadline(SystemClock(), 0.05))
    assert thread.is_alive()
    go_on.set()
    thread.join()


def test_a_request_gets_what_the_deadline_leaves(clock):
    http = FakeHttp(lambda _request: reply({}))
    api = new_api(clock, http)
    deadline = Deadline(clock, 30.0, clock.monotonic() + 40)
    for _number in range(3):
        api.ask("GET", "/tasks", deadline)
        clock.advance(19)
    assert http.timeouts == [30.0, 21.0, 5.0]


# --- answers that are not what they should be -----------------------------------------------------------------


@pytest.mark.parametrize("label", ["text/html; charset=UTF-8", "text/plain", "application/json", ""])
@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE html><html><head><title>Log in</title></head><body>Please log in</body></html>",
        b"<html>Log in</html>",
    ],
)
def test_a_page_instead_of_json_is_transient(body, label):
    with pytest.raises(TransientError, match=r"an HTML page instead of JSON \(\"Log in.*\): GET") as caught:
        read(reply(body, content_type=label))
    assert caught.value.status == 200
    assert "<" not in caught.value.message


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"id": "1", "sta', '"{"id": "1", "sta"'),
        (b"hello", '"hello"'),
        (b"\xff\xfe\x00", "broken JSON"),
        (b"\x80abc", "broken JSON"),
        (b'{"a":1}{"a":1}', "broken JSON"),
    ],
)
def test_broken_json_is_transient(body, words):
    with pytest.raises(TransientError) as caught:
        read(reply(body))
    assert words in caught.value.message
    assert len(caught.value.message) < 300


@pytest.mark.parametrize("depth", [600, 5_000, 100_000])
@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_json_nested_too_deeply_is_a_bad_answer(depth, opening):
    closing = b"]" if opening == b"[" else b"}"
    body = opening * depth + b"1" + closing * depth
    with pytest.raises(BadAnswerError, match="nested too deeply"):
        read(reply(body))


@pytest.mark.parametrize("depth", [600, 5_000, 100_000])
def test_an_error_nested_too_deeply_is_still_that_error(depth):
    body = b'{"a":' * depth + b'{"message": "x"}' + b"}" * depth
    with pytest.raises(NotFoundError):
        read(reply(body, 404))


def test_json_nested_as_no_vendor_does_is_still_read():
    body = b'{"a":' * 60 + b"1" + b"}" * 60
    assert read(reply(body))["a"]["a"]


# --- refusals -------------------------------------------------------------------------------------------------


def read_refusal(data, _status):
    return Refusal("E7", data["sorry"]) if isinstance(data, dict) and "sorry" in data else None


@pytest.mark.parametrize(
    ("body", "code", "words", "told"),
    [
        ({"sorry": "no such task", "message": "other"}, "E7", "no such task", "HTTP 404: no such task"),
        ({"sorry": ""}, "E7", "", "HTTP 404"),
        # Not the vendor's own: a proxy's, say.
        ({"message": "no route"}, None, None, "HTTP 404: no route"),
        (b"not found", None, None, "HTTP 404: not found"),
    ],
)
def test_the_vendors_own_words_are_told_from_others(body, code, words, told):
    with pytest.raises(NotFoundError) as caught:
        read(reply(body, 404), read_refusal=read_refusal)
    assert (caught.value.code, caught.value.words) == (code, words)
    assert caught.value.message == f"Example refused the request ({told}): GET "


@pytest.mark.kind
@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (None, "Example refused the request (no such task): GET "),
        (NotFoundError, "Example refused the request (no such task): GET "),
        (AuthenticationError, "Example refused the login (no such task): check the login's options"),
        (TransientError, "Example cannot answer now (no such task): GET "),
    ],
)
def test_a_refusal_inside_a_good_answer(kind, message):
    refusal = Refusal("E7", "no such task", kind)
    with pytest.raises(kind or RejectedError) as caught:
        read(reply({"error": "E7"}), read_refusal=lambda _data, _status: refusal)
    assert (caught.value.message, caught.value.code, caught.value.words) == (message, "E7", "no such task")


@pytest.mark.kind
@pytest.mark.parametrize("status", [200, 302, 401, 500])
@pytest.mark.parametrize(
    "body",
    [
        '{"token": "t0p-secret',
        "token=t0p-secret",
        "<html>t0p-secret</html>",
        b"t0p-secret",
        '"t0p-secret"',
        ["t0p-secret"],
        {"session": "t0p-secret"},
        {"errors": [{"token": "t0p-secret"}]},
        {"message": {"access_token": "t0p-secret"}},
        {"message": "The token t0p-secret-0123456789abcdef is for another region"},
    ],
)
def test_nothing_of_a_logins_answer_is_quoted(status, body):
    schema = AnswerSchema({"type": "object", "required": ["token"]})
    with pytest.raises(WorkError) as caught:
        read(reply(body, status), is_login=True, schema=schema)
    assert "t0p-secret" not in caught.value.message


def test_the_words_of_a_refused_login_are_told():
    with pytest.raises(AuthenticationError, match="HTTP 401: The account is locked"):
        read(reply({"error": {"message": "The account is locked", "token": "t0p-secret"}}, 401), is_login=True)


def test_without_a_shape_of_its_own_no_words_count_as_the_vendors_own():
    with pytest.raises(NotFoundError) as caught:
        read(reply({"message": "no such task"}, 404))
    assert caught.value.words is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["message", "error", "code", "x"]), inner),
)


@FUZZ
@given(body=JSON, status=st.integers(100, 599))
def test_any_answer_gives_json_or_one_of_our_errors(body, status):
    try:
        read(reply(body, status))
    except WorkError as error:
        message = error.message
    else:
        message = "fine"
    assert message
    assert "\n" not in message


@FUZZ
@given(body=st.binary(max_size=200), status=st.sampled_from([200, 404, 503]), html=st.booleans())
def test_any_bytes_give_json_or_one_of_our_errors(body, status, html):
    headers = {"content-type": "text/html" if html else "application/json"}
    with contextlib.suppress(WorkError):
        read(HttpResponse(status, headers, body))


# --- links ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v2/tasks?marker=1",
        "//evil.example/v2/tasks",
        "http://images.example/v2/tasks",
        "https://images.example:8443/v2/tasks",
        "https://images.example@evil.example/",
        "javascript:alert(1)",
        "https://[bad",
        "https://images.example:port/x",
        "https://images.example:99999/x",
    ],
)
def test_a_link_to_anywhere_else_is_refused(clock, deadline, link):
    http = FakeHttp()
    with pytest.raises(BadAnswerError, match="link"):
        new_api(clock, http).check_link(link, deadline)
    assert http.requests == []


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/v2/tasks", "http://images.example/v2/tasks", "https://images.example@evil.example/"],
)
def test_a_whole_address_of_another_server_is_not_asked(clock, deadline, address):
    http = FakeHttp(reply({}))
    with pytest.raises(BadAnswerError, match="another server"):
        new_api(clock, http).ask("GET", address, deadline)
    assert http.requests == []


def test_the_longest_time_that_an_answer_asked_for_counts(clock, deadline):
    api = new_api(clock, FakeHttp(reply({}, retry_after="60"), reply({}, retry_after="5")))
    for _answer in range(2):
        api.ask("GET", "/tasks", deadline)
    assert api.asked_to_wait == 60


@pytest.mark.kind
@pytest.mark.parametrize("label", ["text/html", "text/plain", "application/json", ""])
def test_json_is_json_whatever_its_label(label):
    assert read(reply({"id": "1"}, content_type=label)) == {"id": "1"}
    with pytest.raises(NotFoundError, match="no such task"):
        read(reply({"message": "no such task"}, 404, content_type=label))


@pytest.mark.kind
@pytest.mark.parametrize(("body", "label"), [(PAGE, ""), (PAGE, "text/html"), (b"not found", "text/html")])
def test_a_page_of_html_with_404_is_no_missing_task(body, label):
    with pytest.raises(RejectedError, match="That address serves a web page, not an API: check api_url"):
        read(reply(body, 404, content_type=label))


@pytest.mark.parametrize("status", [102, 103])
def test_an_announcement_without_an_answer_passes(status):
    with pytest.raises(TransientError):
        read(reply({}, status))
