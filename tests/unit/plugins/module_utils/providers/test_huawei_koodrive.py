# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import hmac
import json
import re
from datetime import datetime, timezone
from pathlib import Path

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    AuthenticationError,
    BadAnswerError,
    NotFoundError,
    OptionError,
    RejectedError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import TaskError, TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._module import task_wait
from ansible_collections.longrunning.tasks.plugins.module_utils._module.context import checked_task_ids
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.contract import Launch
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.huawei_koodrive import (
    job_service,
    task_service,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.huawei_koodrive.login import authorization
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.huawei_koodrive.provider import (
    DESCRIPTION,
    JOBS_DESCRIPTION,
)
from ansible_collections.longrunning.tasks.tests.unit.support.fake_http import reply
from ansible_collections.longrunning.tasks.tests.unit.support.fake_provider import Run
from ansible_collections.longrunning.tasks.tests.unit.support.fake_provider import task as any_task
from ansible_collections.longrunning.tasks.tests.unit.support.session import FakeSession

ID = "1534087020903704704"
BASE = "https://drive.example/koodrive/ose/v1"
TOKEN = {"api_token": "t0ken", "api_url": "https://drive.example"}
APP = {"app_id": "app-7", "app_secret": "s3cret", "user_id": "1395497048157130881", "api_url": "https://drive.example"}

#: Of the shape that the reference shows for a task that failed.
DETAIL = {
    "taskId": ID,
    "taskName": "leaver4711",
    "taskType": 0,
    "tenantId": "0123456789abcdef0123456789abcdef",
    "userId": "1395497048157130881",
    "status": 3,
    "resultCode": "18000205",
    "code": 0,
    "msg": "Success.",
}
#: An entry of a list lacks the result code and the users.
ENTRY = {
    "taskId": "1486254586942472064",
    "taskName": "leaver4712",
    "taskType": 0,
    "status": 2,
    "createTime": "2024-08-12T07:22:33.000Z",
}
JOB = {
    "taskId": "1734496382746112001",
    "userId": "1395497048157130881",
    "taskType": 1,
    "actionType": 101,
    "status": 2,
    "progress": 100,
    "taskResultCode": 1,
    "contentNum": 3,
    "containerId": "space-9",
    "tenantId": "0123456789abcdef0123456789abcdef",
    "beginTime": "20231212095228",
    "endTime": "20231212095301",
    "createTime": "20231212095227",
}
ITEMS = [{"fileId": "a", "status": "1", "newFileId": "b", "srcContainerId": "space-1"}]


class Session(FakeSession):
    name, login, task_id = "huawei_koodrive", TOKEN, ID

    def asked(self):
        return [request.url.removeprefix(BASE) for request in self.http.requests]


def jobs(*script, **options):
    return Session(*script, service="jobs", **options)


def task_from_json(raw):
    return task_service.task_from_json(raw, DESCRIPTION)


def job_from_json(raw, items=None):
    return job_service.job_from_json({"jobInfo": raw, "taskInfos": items}, JOBS_DESCRIPTION)


def at(*numbers):
    return datetime(*numbers, tzinfo=timezone.utc)


def detail(**fields):
    return {**{key: value for key, value in DETAIL.items() if key != "resultCode"}, **fields}


# --- one task -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [int, str, float, lambda number: f" {number} "])
@pytest.mark.parametrize(
    ("number", "state"),
    [(0, TaskState.QUEUED), (1, TaskState.RUNNING), (2, TaskState.SUCCEEDED), (3, TaskState.FAILED)],
)
def test_states_are_numbers_or_texts(number, state, form):
    task = task_from_json(detail(status=form(number)))
    assert (task.state, task.raw_state) == (state, str(number))
    assert task.error == (TaskError() if state is TaskState.FAILED else None)


@pytest.mark.parametrize("status", [4, -1, "4", "SUCCESS", "", "02", 20, "2.0", "\uff12"])
def test_an_unknown_state_is_never_a_success(status):
    assert task_from_json(detail(status=status)).state is TaskState.UNKNOWN


@pytest.mark.parametrize("code", [None, "", "0", 0, "00000000"])
def test_a_success_has_no_result_code(code):
    assert task_from_json(detail(status=2, resultCode=code)).state is TaskState.SUCCEEDED


@pytest.mark.parametrize("code", ["18000205", 18000205, "1"])
def test_a_success_with_a_result_code_is_nothing_documented(code):
    task = task_from_json(detail(status=2, resultCode=code))
    assert (task.state, task.raw_state) == (TaskState.UNKNOWN, f"2 with resultCode {code}")


@pytest.mark.parametrize(
    ("code", "kept", "words"),
    [
        ("18000205", "18000205", "specific errors"),
        (18000205, "18000205", "specific errors"),
        ("18000001", "18000001", "specific errors"),
        ("180002050", "180002050", "No public document"),
        ("99", "99", "No public document"),
        ("E-7", "E-7", "No public document"),
    ],
)
def test_an_undocumented_result_code_passes_untouched(code, kept, words):
    error = task_from_json(detail(status=3, resultCode=code)).error
    assert (error.code, error.title, error.retryable, error.source) == (kept, None, None, None)
    assert words in error.detail


def test_all_documented_codes_are_there():
    numbers = ["102", *range(301, 313), *range(401, 415)]
    assert {error.code for error in DESCRIPTION.documented_errors} == {
        *(f"13000{number}" for number in numbers),
        *("APIGW.0101", "APIGW.0201", "APIG.0301", "APIG.0307"),
        *("taskResultCode=2", "taskResultCode=3"),
    }


@pytest.mark.parametrize(
    ("fields", "name", "kind"),
    [
        ({"taskName": None, "taskType": None}, None, None),
        ({"taskName": 7, "taskType": "1"}, "7", "user_import"),
        ({"taskName": [], "taskType": 9}, None, "9"),
        ({"taskName": "", "taskType": ""}, None, None),
    ],
)
def test_what_is_missing_or_odd_is_no_reason_to_lose_a_task(fields, name, kind):
    task = task_from_json({"taskId": ID, "status": 1, "createTime": 5, "userId": None, "extra": {}, **fields})
    assert (task.name, task.type, task.owner, task.created_at) == (name, kind, None, None)


# --- one job --------------------------------------------------------------------------------------------------


def job(**fields):
    return job_from_json({**JOB, **fields}, ITEMS)


@pytest.mark.parametrize("form", [int, str])
@pytest.mark.parametrize(
    ("status", "outcome", "state", "raw"),
    [
        (0, None, TaskState.QUEUED, "0"),
        (1, None, TaskState.RUNNING, "1"),
        (1, 1, TaskState.RUNNING, "1"),
        (2, 1, TaskState.SUCCEEDED, "2/1"),
        (2, 2, TaskState.FAILED, "2/2"),
        (2, 3, TaskState.FAILED, "2/3"),
        (2, 4, TaskState.UNKNOWN, "2/4"),
        (2, 0, TaskState.UNKNOWN, "2/0"),
        (2, None, TaskState.UNKNOWN, "2 without taskResultCode"),
        (3, None, TaskState.CANCELLED, "3"),
        (3, 1, TaskState.CANCELLED, "3"),
        (4, 1, TaskState.UNKNOWN, "4"),
    ],
)
def test_the_outcome_of_a_job_is_a_field_of_its_own(status, outcome, state, raw, form):
    task = job(status=form(status), taskResultCode=None if outcome is None else form(outcome))
    assert (task.state, task.raw_state) == (state, raw)
    assert (task.error is not None) is (state is TaskState.FAILED)
    assert (task.finished_at is not None) is task.is_final


@pytest.mark.parametrize("code", ["18000205", 13000311])
def test_a_job_that_succeeded_with_a_result_code_is_nothing_documented(code):
    task = job(resultCode=code)
    assert (task.state, task.raw_state) == (TaskState.UNKNOWN, f"2/1 with resultCode {code}")
    assert (task.finished_at, task.result, task.error) == (None, None, None)
    assert job(resultCode="0").state is TaskState.SUCCEEDED


@pytest.mark.parametrize("missing", [{}, {"taskResultCode": ""}, {"taskResultCode": None}])
def test_completed_alone_is_no_success(missing):
    raw = {key: value for key, value in JOB.items() if key != "taskResultCode"}
    task = job_from_json({**raw, **missing})
    assert task.state is TaskState.UNKNOWN
    assert not task.is_final
    assert jobs().provider.list_entry_lacks_something(task)


def test_the_guide_has_every_state_of_a_job():
    guide = Path(__file__).resolve().parents[5] / "docs" / "docsite" / "rst" / "huawei_koodrive_guide.rst"
    _tasks, _mark, text = guide.read_text(encoding="utf-8").partition("With ``service: jobs``:\n")
    rows = re.findall(r"\n     - ``([^`]+)``\n     - ``([a-z]+)``", text.partition("\n``types``")[0])
    assert dict(rows) == {
        **{word: state.value for word, state in JOBS_DESCRIPTION.states.items()},
        "2 without taskResultCode": "unknown",
    }


def test_a_documented_result_code_of_a_job_is_explained_beside_its_outcome():
    error = job(taskResultCode=2, resultCode=13000311).error
    known = DESCRIPTION.documented_error("13000311")
    assert error == known.to_error()._replace(detail=error.detail)
    assert "some of its items failed" in error.detail


@pytest.mark.parametrize(("progress", "percent"), [(37, 37.0), ("40%", 40.0), (101, None)])
def test_progress(progress, percent):
    assert job(progress=progress).percent == percent


@pytest.mark.parametrize("time", ["20231212095227", 20231212095227, "2023-12-12T09:52:27Z"])
def test_times_of_a_job(time):
    assert job(createTime=time).created_at == at(2023, 12, 12, 9, 52, 27)


# --- reading --------------------------------------------------------------------------------------------------


def test_a_token_goes_with_the_user_and_the_date_of_each_request():
    session = Session(reply(DETAIL), reply(DETAIL), user_id="1395497048157130881")
    session.read()
    session.clock.advance(60)
    session.read()
    sent = [(request.headers["X-User-Id"], request.headers["X-Date"]) for request in session.http.requests]
    assert sent == [("1395497048157130881", "20260301T120000Z"), ("1395497048157130881", "20260301T120100Z")]
    assert session.http.requests[0].headers["Authorization"] == "Bearer t0ken"


NO_API = reply({"error_code": "APIGW.0101", "error_msg": "The API does not exist", "request_id": "1"}, 404)


def test_a_job_is_read_at_the_address_that_the_documents_print_where_the_other_does_not_exist():
    good = reply({"data": {"jobInfo": JOB}, "code": "0"})
    session = jobs(NO_API, good, good)
    assert session.read(JOB["taskId"]).state is TaskState.SUCCEEDED
    session.read(JOB["taskId"])
    assert session.asked() == [f"/jobs/{JOB['taskId']}", f"/{JOB['taskId']}", f"/{JOB['taskId']}"]
    with pytest.raises(RejectedError, match="api_url"):
        jobs(NO_API, NO_API).read(JOB["taskId"])


def test_jobs_read_side_by_side_find_the_other_address_too():
    good = {"code": 0, "data": {"jobInfo": JOB}}

    def answer(request):
        if "/jobs/" not in request.url:
            return reply({**good, "data": {"jobInfo": {**JOB, "taskId": request.url.rpartition("/")[2]}}})
        if request.url.endswith("/1"):
            # While the first one is under way, a second one finds out where jobs are.
            session.read("2")
        return NO_API

    session = jobs(answer)
    assert session.read("1").state is TaskState.SUCCEEDED


@pytest.mark.parametrize("code", [0, "0", 0.0, None])
def test_a_good_code(code):
    assert Session(reply({**DETAIL, "code": code})).read().id == ID


@pytest.mark.parametrize("task_id", [int(ID), ID])
def test_an_id_of_19_digits_loses_none(task_id):
    assert Session(reply({**DETAIL, "taskId": task_id})).read().id == ID
    page = Session(reply({"taskList": [{**ENTRY, "taskId": task_id}], "code": 0})).page()
    assert page.tasks[0].id == ID


def test_an_id_that_became_a_float_is_refused():
    text = json.dumps(DETAIL).replace(f'"{ID}"', "1.534087020903704704E18")
    with pytest.raises(BadAnswerError, match="not a whole number"):
        Session(reply(text.encode())).read()


@pytest.mark.parametrize("task_id", ["1.5340870209037046e+18", "1534087020903704704.0", "a/b", "a b", "..", ""])
def test_ids_that_are_none(task_id):
    with pytest.raises(OptionError, match="task_ids"):
        checked_task_ids([task_id], DESCRIPTION)


@pytest.mark.parametrize("task_id", [ID, "a1b2-c3", "d5ac574bd2934a69baa4f23c55daa8d4"])
def test_ids_that_may_be_some(task_id):
    assert checked_task_ids([task_id], DESCRIPTION) == (task_id,)


def test_ids_are_quoted_and_dots_refused():
    session = Session(reply({**DETAIL, "taskId": "a/../b?c"}))
    session.read("a/../b?c")
    assert session.asked() == ["/task/a%2F..%2Fb%3Fc"]
    with pytest.raises(OptionError):
        session.read("..")


@pytest.mark.parametrize("task_id", ["", " "])
def test_a_blank_id_is_none(task_id):
    with pytest.raises(BadAnswerError, match="taskId: it is blank"):
        Session(reply({**DETAIL, "taskId": task_id})).read()


# --- errors ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [1, "1", 500, "", "x", -1, "00", 18000205])
def test_any_other_code_is_an_error_even_where_all_else_is_good(code):
    with pytest.raises(RejectedError) as caught:
        Session(reply({**detail(status=2), "code": code})).read()
    assert caught.value.code == str(code)
    if code == 18000205:
        assert "not documented publicly" in caught.value.message


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"code": 13000309, "msg": "x"}, 400),
        ({"code": 13000309, "msg": "x"}, 200),
        ({"code": "13000309", "msg": "x"}, 404),
    ],
)
def test_a_task_that_does_not_exist(body, status):
    for session in (Session(reply(body, status)), jobs(reply(body, status))):
        with pytest.raises(NotFoundError):
            session.read()


# A proxy's, an ingress's, a gateway's, and one of KooDrive's own shape: no document says that any means a task.
@pytest.mark.parametrize(
    "body", [b"", b"default backend - 404", {"message": "no Route matched"}, {"code": 404, "msg": "x"}, {"code": 0}]
)
def test_a_404_without_the_documented_code_is_a_wrong_address(body):
    for session in (Session(reply(body, 404)), jobs(reply(body, 404))):
        with pytest.raises(RejectedError, match=r"\. Check api_url and region$") as caught:
            session.read()
        assert caught.value.status == 404


@pytest.mark.parametrize("status", [200, 400, 404])
def test_only_a_single_task_can_be_missing(status):
    with pytest.raises(RejectedError) as caught:
        Session(reply({"code": 13000309, "msg": "x"}, status)).page()
    # It is about what the request names, such as a folder.
    assert "api_url" not in caught.value.message


@pytest.mark.parametrize("status", [401, 400])
@pytest.mark.parametrize(
    "body", [{"code": 13000201, "msg": "鉴权不通过"}, {"code": 401, "msg": "no"}, {"msg": "no"}, b"", b"no", {}]
)
def test_a_refused_login(body, status):
    session = Session(reply(body, status))
    with pytest.raises(AuthenticationError) as caught:
        session.read()
    assert caught.value.status == status
    assert "run out" in caught.value.message
    assert body != b"no" or ": no" in caught.value.message
    assert "t0ken" not in str(caught.value.to_result())
    # A token that was given cannot be renewed, so it is not tried again.
    assert len(session.http.requests) == 1


def test_a_refused_signature_names_what_to_check():
    session = Session(*[reply({"code": 401, "msg": "no"}, 401)] * 2, login=APP)
    with pytest.raises(
        AuthenticationError, match="check app_id, app_secret and user_id, and this machine's clock"
    ) as caught:
        session.read()
    assert "s3cret" not in str(caught.value.to_result())


def test_a_refused_signature_is_made_anew_once():
    def play(_request):
        if len(session.http.requests) == 1:
            # So long it was on its way.
            session.clock.advance(16 * 60)
            return reply({"code": 401, "msg": "no"}, 401)
        return reply(DETAIL)

    session = Session(play, login=APP)
    assert session.read().id == ID
    first, second = (request.headers["X-Date"] for request in session.http.requests)
    assert (first, second) == ("20260301T120000Z", "20260301T121600Z")


# --- logins ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "value"),
    [
        ("abc", "Bearer abc"),
        ("Bearer abc", "Bearer abc"),
        ("Bearer+abc", "Bearer+abc"),
        ("bearer abc", "bearer abc"),
        ("AT 3b91", "AT 3b91"),
        ("AT+3b91", "AT+3b91"),
        ("ATbc", "Bearer ATbc"),
        ("Bearerabc", "Bearer Bearerabc"),
    ],
)
def test_a_token_is_sent_as_it_is_where_it_has_a_prefix(token, value):
    session = Session(reply(DETAIL), api_token=token)
    session.read()
    assert session.http.requests[0].headers["Authorization"] == value == authorization(token)
    assert session.hidden == {value.replace("+", " ").split(" ", 1)[1]}


def test_a_prefix_alone_hides_nothing():
    assert Session(api_token="Bearer ").hidden == set()


# The text to be signed is written by hand from the documents' steps: no line is made by the code under test.
CANONICAL = """GET
/koodrive/ose/v1/task/list/
pageSize=100&status=2&taskType=0&x%20y=%C3%A4%2F%2B
host:drive.example
x-date:20260301T120000Z
x-user-id:1395497048157130881

host;x-date;x-user-id
e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"""


def test_a_signature_by_hand():
    session = Session(reply({"taskList": [], "code": 0}), login=APP)
    session.page(states=frozenset({TaskState.SUCCEEDED}), types=frozenset({"transfer"}), filters=(("x y", "ä/+"),))
    (request,) = session.http.requests
    to_sign = "HMAC-SHA256\n" + hashlib.sha256(CANONICAL.encode()).hexdigest()
    signature = hmac.new(b"s3cret", to_sign.encode(), hashlib.sha256).hexdigest()
    assert {name: request.headers[name] for name in ("Authorization", "X-Date", "X-User-Id", "Host")} == {
        "Authorization": f"HMAC-SHA256 AppId=app-7,SignedHeaders=host;x-date;x-user-id,Signature={signature}",
        "X-Date": "20260301T120000Z",
        "X-User-Id": "1395497048157130881",
        "Host": "drive.example",
    }
    # Made with openssl dgst -sha256 and openssl dgst -sha256 -hmac, so that it does not hang on Python's words.
    assert (
        hashlib.sha256(CANONICAL.encode()).hexdigest()
        == "3aae9ef41afc73686e9de02bc2090b41edec4fed76844d0364066520e892ba76"
    )
    assert signature == "125d1bc59d0410105b42f54f45265beba39abf663e6ff20096d778af25d29453"


def test_a_signature_is_hidden():
    session = Session(reply(DETAIL), reply(DETAIL), login=APP)
    session.read()
    session.clock.advance(60)
    session.read()
    sent = {request.headers["Authorization"].rpartition("=")[2] for request in session.http.requests}
    assert len(sent) == 2
    assert session.hidden == sent


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://drive.example:443", "drive.example"),
        ("https://drive.example:8443", "drive.example:8443"),
        ("http://127.0.0.1:80", "127.0.0.1"),
        ("http://127.0.0.1:443", "127.0.0.1:443"),
    ],
)
def test_the_host_that_is_signed_is_sent(url, host):
    session = Session(reply(DETAIL), login=APP, api_url=url)
    session.read()
    assert session.http.requests[0].headers["Host"] == host


# --- a token's twenty minutes ---------------------------------------------------------------------------------


def wait(session, **params):
    return task_wait.run(session.context(Run(task_wait.run, session.provider, task_ids=[ID], **params).params))


@pytest.mark.parametrize("option", ["poll_interval", "max_poll_interval"])
def test_an_interval_that_would_lose_the_token_is_refused(option):
    session = Session()
    with pytest.raises(OptionError, match=r"1140 seconds or less .*20 minutes without a request") as caught:
        wait(session, **{option: 1141.0})
    assert caught.value.option == option
    assert session.http.requests == []


def test_intervals_that_are_fine():
    assert wait(Session(reply(detail(status=2))), poll_interval=1140.0)["outcome"] == "succeeded"
    # A signature has no session that could end.
    assert wait(Session(reply(detail(status=2)), login=APP), poll_interval=7200.0)["outcome"] == "succeeded"
    assert DESCRIPTION.longest_poll_interval is None


# --- lists ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["taskList", "taskListDtos"])
def test_both_names_of_the_list(key):
    page = Session(reply({key: [ENTRY], "code": 0, "msg": "成功"})).page()
    assert ([task.id for task in page.tasks], page.next_cursor) == ([ENTRY["taskId"]], None)


def test_short_and_empty_pages_are_not_the_end():
    def answer(request):
        pages = {
            None: {"taskListDtos": [ENTRY], "nextCursor": 1723549107000},
            "1723549107000": {"taskListDtos": [], "nextCursor": "1723549107001"},
            "1723549107001": {"taskList": None, "nextCursor": 1723549107002.0},
            "1723549107002": {"taskList": [{**ENTRY, "taskId": int(ID)}]},
        }
        return reply({**pages[dict(request.params).get("pageCursor")], "code": 0})

    session = Session(answer)
    tasks, is_cut = session.list(limit=10)
    assert ([task.id for task in tasks], is_cut) == ([ENTRY["taskId"], ID], False)
    assert session.http.requests[0].params == (("pageSize", "100"),)
    assert session.http.requests[3].params == (("pageSize", "100"), ("pageCursor", "1723549107002"))


def states(*names):
    return frozenset(map(TaskState, names))


@pytest.mark.parametrize(
    ("query", "params"),
    [
        ({}, {}),
        ({"states": states("failed")}, {"status": "3"}),
        ({"states": states("queued")}, {"status": "0"}),
        # How several values are written is documented nowhere.
        ({"states": states("queued", "running")}, {}),
        ({"states": states("failed", "unknown")}, {}),
        ({"states": states("paused")}, {}),
        ({"types": frozenset({"user_import"})}, {"taskType": "1"}),
        ({"types": frozenset({"transfer", "user_import"})}, {}),
        ({"types": frozenset({"transfer", "9"})}, {}),
        ({"types": frozenset({"9"})}, {}),
        ({"filters": (("status", "1"), ("status", "2"))}, {"status": "2"}),
        ({"filters": (("pageSize", "5"),)}, {"pageSize": "5"}),
    ],
)
def test_filters_of_tasks_that_the_server_knows(query, params):
    session = Session(reply({"taskList": [], "code": 0}))
    session.page(**query)
    assert dict(session.http.requests[0].params) == {"pageSize": "100", **params}


@pytest.mark.parametrize(
    ("query", "params"),
    [
        ({"states": states("succeeded")}, {"status": "2"}),
        ({"states": states("failed")}, {"status": "2"}),
        ({"states": states("succeeded", "failed")}, {"status": "2"}),
        ({"states": states("cancelled")}, {"status": "3"}),
        ({"states": states("failed", "cancelled")}, {}),
        ({"states": states("unknown")}, {}),
        ({"types": frozenset({"move"})}, {"type": "3"}),
    ],
)
def test_filters_of_jobs_that_the_server_knows(query, params):
    session = jobs(reply({"data": [], "code": 0}))
    session.page(**query)
    assert dict(session.http.requests[0].params) == {"offset": "0", "limit": "100", **params}


def test_jobs_are_paged_until_a_page_is_empty():
    def answer(request):
        offset = int(dict(request.params)["offset"])
        return reply(
            {"data": [{**JOB, "taskId": str(n)} for n in range(offset, min(offset + 3, 7))] or None, "code": 0}
        )

    session = jobs(answer)
    tasks, is_cut = session.list()
    assert ([task.id for task in tasks], is_cut) == ([str(n) for n in range(7)], False)
    assert [dict(request.params)["offset"] for request in session.http.requests] == ["0", "3", "6", "7"]


def test_an_offset_of_the_users_own():
    session = jobs(reply({"data": [JOB], "code": 0}), reply({"data": [JOB], "code": 0}))
    page = session.page(filters=(("offset", "50"),))
    assert dict(session.http.requests[0].params)["offset"] == "50"
    assert "offset=51" in page.next_cursor
    assert session.page(filters=(("offset", "x"),)).next_cursor is None


@pytest.mark.parametrize(
    ("raw", "lacks"),
    [
        ({"status": 1}, False),
        ({"status": 3}, True),
        ({"status": 3, "resultCode": "18000205"}, False),
        # A result code would say that it was none.
        ({"status": 2}, True),
    ],
)
def test_what_a_list_of_tasks_lacks(raw, lacks):
    assert Session().provider.list_entry_lacks_something(task_from_json({**ENTRY, **raw})) is lacks


@pytest.mark.parametrize(("status", "lacks"), [(0, False), (1, False), (2, True), (3, True)])
def test_what_a_list_of_jobs_lacks(status, lacks):
    assert jobs().provider.list_entry_lacks_something(job(status=status)) is lacks


# --- launches -------------------------------------------------------------------------------------------------

TRANSFER = Launch("transfer", {"srcUserId": "1397687227244555008", "dstUserId": "1507947856550550784"})


def test_a_job_is_launched():
    session = Session(reply({"data": 1534087020903704705, "code": "0", "msg": "x"}), service="jobs")
    assert session.launch("move", {"actionType": 301}) == "1534087020903704705"
    assert session.last_sent == ("POST", "/koodrive/ose/v1/jobs", {"actionType": 301, "taskType": 3})


@pytest.mark.parametrize("service", ["task", "jobs"])
@pytest.mark.parametrize(
    "answer", [{"code": 0}, {"code": 0, "taskId": None, "data": None}, {"code": 0, "taskId": " ", "data": ""}]
)
def test_an_answer_without_an_id_is_no_launch(service, answer):
    session = Session(reply(answer), service=service)
    with pytest.raises(BadAnswerError, match=r"unexpected shape .*: POST "):
        session.launch(session.provider.description.launch_types[0], {})


@pytest.mark.parametrize("service", ["task", "jobs"])
def test_what_a_launch_names_and_does_not_exist_is_no_wrong_address(service):
    session = Session(reply({"code": 13000309, "msg": "x"}, 400), service=service)
    with pytest.raises(RejectedError, match=r"code 13000309 \(The resource does not exist\): x\): POST "):
        session.launch(session.provider.description.launch_types[0], {})


@pytest.mark.parametrize(
    ("known", "is_same"),
    [
        ('{"srcUserId": "1397687227244555008", "dstUserId": "1507947856550550784", "x": 1}', True),
        ({"srcUserId": 1397687227244555008, "dstUserId": "1507947856550550784"}, True),
        ('{"srcUserId": "1397687227244555008", "dstUserId": "2"}', False),
        ('{"srcUserId": "1397687227244555008"}', False),
        ("{", False),
        ("[]", False),
        ("[" * 100_000, False),
        (None, False),
        (7, False),
        ({"srcUserId": ["1397687227244555008"], "dstUserId": "1507947856550550784"}, False),
    ],
    ids=str,
)
def test_the_same_transfer_has_the_same_parameters(known, is_same):
    raw = {"taskId": "1", "status": 1, "taskType": 0, "initParams": known}
    session = Session(reply({"code": 0, "taskList": [raw]}))
    (listed,) = session.provider.read_page(session.provider.launch_query(TRANSFER), None, session.deadline).tasks
    assert listed.state is TaskState.RUNNING
    assert session.provider.is_launch(TRANSFER, listed) is is_same
    assert not session.provider.is_launch(Launch("user_import", TRANSFER.input), listed)
    assert not session.provider.is_launch(Launch("transfer", {}), listed)
    assert not session.provider.lists_lack_input


@pytest.mark.parametrize(
    ("given", "other"), [(["a"], ["b", "c"]), (True, False), (0.5, 0.7), (None, ""), ({"a": 1}, {"a": 2}), (True, 1)]
)
def test_parameters_that_are_no_words_are_compared_too(given, other):
    provider = Session().provider
    launch = Launch("transfer", {"x": given})
    assert provider.is_launch(launch, any_task("1", type="transfer", raw={"initParams": {"x": given}}))
    assert not provider.is_launch(launch, any_task("1", type="transfer", raw={"initParams": {"x": other}}))


def test_nothing_can_be_desired_of_a_drive():
    with pytest.raises(OptionError, match="desired cannot be checked at Huawei Cloud KooDrive"):
        Session().provider.check_launch(TRANSFER, {"owner": "7"})


def test_the_type_of_a_drives_task_is_said_once():
    with pytest.raises(OptionError, match="input must not contain taskType"):
        Session().provider.check_launch(Launch("transfer", {"taskType": 1}), None)
    Session().provider.check_launch(TRANSFER, None)


@pytest.mark.parametrize(
    ("service", "answer"),
    [("task", {"code": "200", "taskId": "1534087020903704704"}), ("jobs", {"code": 13000102, "data": "1"})],
)
def test_a_refusal_with_an_id_may_be_none(service, answer):
    session = Session(reply(answer), service=service)
    with pytest.raises(BadAnswerError, match="but returned an ID anyway"):
        session.launch(session.provider.description.launch_types[0], {})


def test_the_body_of_a_launch_is_signed():
    session = Session(reply({"taskId": "7", "code": 0}), login=APP)
    session.launch("transfer", {"srcUserId": "ä"})
    (request,) = session.http.requests
    assert request.body == b'{"srcUserId": "\\u00e4", "taskType": 0}'
    headers = request.headers
    canonical = "\n".join(
        [
            "POST",
            "/koodrive/ose/v1/task/create/",
            "",
            f"host:{headers['Host']}",
            f"x-date:{headers['X-Date']}",
            f"x-user-id:{APP['user_id']}",
            "",
            "host;x-date;x-user-id",
            hashlib.sha256(request.body).hexdigest(),
        ]
    )
    to_sign = f"HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(b"s3cret", to_sign.encode(), hashlib.sha256).hexdigest()
    assert headers["Authorization"].endswith(f"Signature={signature}")
