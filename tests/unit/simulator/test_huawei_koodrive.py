# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The face of Huawei Cloud KooDrive."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime, timezone

import pytest

from .conftest import EPOCH

ID = "1534087020903704704"
BASE = "/koodrive/ose/v1"
KOODRIVE = {"provider": "huawei_koodrive"}
USER = "1395497048157130881"


@pytest.fixture
def start(play, client, clock):
    """Start a simulator with tasks, launches and credentials of KooDrive; return a function that sends requests."""
    born = clock()

    def begin(*tasks, launches=(), authorization="Bearer demo-token", **credentials):
        simulator = play(
            tasks=[{**KOODRIVE, **task} for task in tasks],
            launches=[{**KOODRIVE, **launch} for launch in launches],
            credentials={"huawei_koodrive": credentials},
        )

        def send(method, path, body=None, **headers):
            date = datetime.fromtimestamp(EPOCH + clock() - born, timezone.utc).strftime("%Y%m%dT%H%M%SZ")
            usual = {"Authorization": authorization, "X-User-Id": USER, "X-Date": date}
            sent = {**usual, **{key.replace("_", "-"): text for key, text in headers.items()}}
            return client(simulator).send(method, BASE + path, body, {key: text for key, text in sent.items() if text})

        send.simulator = simulator
        return send

    return begin


def test_the_example_of_the_documents(start, clock):
    send = start({"id": ID, "end": {"state": 3, "code": "18000205", "taskName": "leaver"}})
    clock.pass_(3)
    assert send("GET", f"/task/{ID}").json() == {
        "taskId": ID,
        "taskName": "leaver",
        "taskType": 0,
        "tenantId": "d5ac574bd2934a69baa4f23c55daa8d4",
        "userId": USER,
        "status": 3,
        "resultCode": "18000205",
        "code": 0,
        "msg": "Success.",
    }


def test_a_task_goes_through_its_states(start, clock):
    send = start({"id": ID})
    seen = []
    for seconds in (0, 1, 2):
        clock.pass_(seconds)
        seen.append(send("GET", f"/task/{ID}").json()["status"])
    assert seen == [0, 1, 2]
    assert "resultCode" not in send("GET", f"/task/{ID}").json()


@pytest.mark.parametrize(("language", "words"), [(None, "Success."), ("en-US", "Success."), ("zh-CN", "成功")])
def test_the_language_follows_a_header(start, language, words):
    assert start({"id": ID})("GET", f"/task/{ID}", language=language).json()["msg"] == words


def test_numbers_can_be_texts(start):
    send = start({"id": ID}, {"id": "7", "type": "copy"}, numbers_as_text=True)
    task, job = send("GET", f"/task/{ID}").json(), send("GET", "/jobs/7").json()
    assert (task["status"], task["taskType"], task["code"]) == ("0", "0", "0")
    assert (job["data"]["jobInfo"]["status"], job["code"]) == ("0", "0")


def test_a_list_shows_less_than_a_task(start):
    send = start({"id": ID}, {"id": "7", "type": "copy"}, {"id": "8", "owner": "somebody"})
    answer = send("GET", "/task/list").json()
    assert answer == {
        "taskListDtos": [
            {
                "taskId": ID,
                "taskName": "transfer 4704",
                "taskType": 0,
                "status": 0,
                "createTime": "2014-02-26T03:02:23.000Z",
            }
        ],
        "code": 0,
        "msg": "Success.",
    }
    assert start({"id": ID}, list_key="taskList")("GET", "/task/list").json()["taskList"]


def test_a_list_shows_what_a_task_was_created_with(start):
    body = {"taskType": 0, "srcUserId": "11", "dstUserId": "22"}
    words = '{"srcUserId":"11","dstUserId":"22"}'
    send = start({"id": ID, "end": {"state": 2, "initParams": "other words"}, "steps": []})
    task_id = send("POST", "/task/create", body).json()["taskId"]
    found = {task["taskId"]: task["initParams"] for task in send("GET", "/task/list").json()["taskListDtos"]}
    assert found == {ID: "other words", task_id: words}
    assert "initParams" not in send("GET", f"/task/{task_id}").json()
    silent = start(init_params="absent")
    silent("POST", "/task/create", body)
    assert "initParams" not in silent("GET", "/task/list").json()["taskListDtos"][0]


def pages(send, size=3):
    cursor, found = "", []
    while True:
        answer = send("GET", f"/task/list?pageSize={size}&pageCursor={cursor}").json()
        found.append([task["taskId"] for task in answer["taskListDtos"]])
        if "nextCursor" not in answer:
            return found
        cursor = answer["nextCursor"]
        assert isinstance(cursor, int)
        assert cursor > 1_700_000_000_000


def test_pages(start):
    assert pages(start({"id": "{n}", "count": 7})) == [["1", "2", "3"], ["4", "5", "6"], ["7"]]
    assert pages(start({"id": "{n}", "count": 3})) == [["1", "2", "3"]]
    assert pages(start()) == [[]]


def test_pages_that_are_short_or_empty(start):
    send = start({"id": "{n}", "count": 4}, sparse_pages=True)
    assert pages(send, 4) == [["1", "2"], [], ["3", "4"]]
    assert pages(send, 1) == [["1"], [], ["2"], [], ["3"], [], ["4"]]


def test_filters(start, clock):
    send = start({"id": "1"}, {"id": "2", "type": "user_import"}, {"id": "3", "steps": [], "end": {"state": 3}})

    def found(query):
        return [task["taskId"] for task in send("GET", f"/task/list?{query}").json()["taskListDtos"]]

    assert found("status=3") == ["3"]
    assert found("taskType=1&status=0") == ["2"]
    assert found("taskType=0&status=0&pageSize=10&pageCursor") == ["1"]


@pytest.mark.parametrize("query", ["pageSize=0", "pageSize=101", "pageSize=x", "pageCursor=x", "pageCursor=5"])
def test_a_bad_page_is_refused(start, query):
    answer = start()("GET", f"/task/list?{query}")
    assert (answer.status, answer.json()["code"]) == (400, 13000102)


def test_ids_have_19_digits(start):
    send = start({"count": 2})
    (made,) = send.simulator.add_task(KOODRIVE)
    ids = [task["taskId"] for task in send("GET", "/task/list").json()["taskListDtos"]]
    assert made in ids
    assert len(set(ids)) == 3
    assert all(re.fullmatch(r"\d{19}", task_id) for task_id in ids)


def test_a_task_is_launched(start, clock):
    send = start(launches=[{"match": {"srcUserId": "broken"}, "end": {"state": 3, "code": "18000205"}}])
    body = {"taskType": 0, "srcUserId": "broken", "dstUserId": "b"}
    answer = send("POST", "/task/create", body).json()
    assert (answer["code"], answer["msg"]) == (0, "Success.")
    clock.pass_(5)
    assert send("GET", f"/task/{answer['taskId']}").json()["resultCode"] == "18000205"
    other = send("POST", "/task/create", {**body, "srcUserId": "a"}).json()["taskId"]
    clock.pass_(5)
    assert send("GET", f"/task/{other}").json()["status"] == 2


@pytest.mark.parametrize("body", ["{", [], {}, {"taskType": 0}, {"taskType": 9}, {"taskType": True}, {"taskType": "0"}])
def test_launches_that_are_refused(start, body):
    send = start()
    for path in ("/task/create", "/jobs"):
        answer = send("POST", path, body)
        assert (answer.status, answer.json()["code"]) == (400, 13000102)


def test_a_job_goes_through_its_states(start, clock):
    send = start()
    job = send("POST", "/jobs", {"taskType": 3, "actionType": 301, "taskInfo": {}}).json()
    assert set(job) == {"code", "msg", "data"}
    path = f"/jobs/{job['data']}"
    info = send("GET", path).json()["data"]["jobInfo"]
    assert (info["status"], info["taskType"], info["createTime"]) == (0, 3, "20140226030223")
    assert "taskResultCode" not in info
    clock.pass_(3)
    answer = send("GET", path).json()
    info = answer["data"]["jobInfo"]
    assert (info["status"], info["taskResultCode"], info["progress"]) == (2, 1, 100)
    assert info["endTime"] == "20140226030226"
    assert answer["data"]["taskInfos"][0]["status"] == "1"
    assert send("GET", f"/task/{job['data']}").status == 400


def test_ends_of_jobs(start):
    ends = [
        {"state": 2, "code": "taskResultCode=2"},
        {"state": 2, "code": "18000301", "taskResultCode": 3},
        {"state": 3},
    ]
    ends += [{"state": 2, "without": ["taskResultCode"]}]
    send = start(*({"id": str(n), "type": "copy", "steps": [], "end": end} for n, end in enumerate(ends)))
    shown = [
        (job["status"], job.get("taskResultCode"), job.get("resultCode")) for job in send("GET", "/jobs").json()["data"]
    ]
    assert shown == [(2, 2, None), (2, 3, "18000301"), (3, None, None), (2, None, None)]


def test_jobs_are_paged_by_offset(start):
    send = start({"id": "{n}", "count": 5, "type": "copy"}, {"id": "9", "type": "delete"}, {"id": ID})

    def found(query):
        return [job["taskId"] for job in send("GET", f"/jobs?{query}").json()["data"]]

    assert found("limit=3") == ["1", "2", "3"]
    assert found("limit=3&offset=3") == ["4", "5", "9"]
    assert found("offset=6") == []
    assert found("type=2&status=0") == ["9"]
    answer = send("GET", "/jobs?limit=0")
    assert (answer.status, set(answer.json())) == (400, {"error_code", "error_msg", "request_id"})
    assert answer.headers["X-request-id"]


def test_the_path_of_a_job_that_the_documents_print(start):
    send = start({"id": "7", "type": "copy"}, job_path="root")
    assert send("GET", "/7").json()["data"]["jobInfo"]["taskId"] == "7"
    answer = send("GET", "/jobs/7")
    assert (answer.status, answer.json()["error_code"]) == (404, "APIGW.0101")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nothing/here"), ("DELETE", "/task/list"), ("POST", f"/task/{ID}")]
)
def test_what_the_gateway_does_not_have(start, method, path):
    answer = start({"id": ID})(method, path)
    assert (answer.status, answer.json()["error_code"]) == (404, "APIGW.0101")


@pytest.mark.parametrize("status", ["200", "400", "404"])
def test_an_unknown_task(start, status):
    send = start(unknown_task=status)
    for path in (f"/task/{ID}", f"/jobs/{ID}"):
        answer = send("GET", path)
        assert (answer.status, answer.json()["code"]) == (int(status), 13000309)


# --- logins ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["Bearer ", "Bearer+", "AT ", "AT+"])
def test_prefixes_of_a_token(start, prefix):
    assert start(authorization=f"{prefix}demo-token")("GET", "/task/list").status == 200


@pytest.mark.parametrize("value", ["", "demo-token", "Bearer wrong", "Basic demo-token", "Bearer  demo-token"])
@pytest.mark.parametrize("refusal", ["400", "401"])
def test_a_bad_token(start, value, refusal):
    send = start({"id": ID}, {"id": "7", "type": "copy"}, authorization=value, refusal=refusal)
    for path in ("/task/list", f"/task/{ID}", "/jobs", "/jobs/7"):
        assert send("GET", path).status == int(refusal)
    for path in ("/task/create", "/jobs"):
        assert send("POST", path, {"taskType": 1}).status == int(refusal)


@pytest.mark.kind
@pytest.mark.parametrize("prefix", ["Bearer ", "Bearer+"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X_User_Id": "", "X_Date": ""}, 400),
        ({"X_Date": ""}, 400),
        ({"X_User_Id": ""}, 400),
        ({"X_User_Id": "somebody"}, 400),
        ({"X_Date": "2014-02-26T03:02:23Z"}, 400),
        ({"X_Date": "20140226T020223Z"}, 400),
        ({}, 200),
    ],
)
def test_what_a_page_calls_mandatory_is_demanded_unless_a_scenario_says_otherwise(start, prefix, headers, status):
    tasks = ({"id": ID}, {"id": "7", "type": "copy"})
    lax = start(*tasks, authorization=f"{prefix}demo-token", strict=False)
    assert lax("GET", "/task/list", **headers).status == 200
    send = start(*tasks, authorization=f"{prefix}demo-token")
    for path in ("/task/list", f"/task/{ID}", "/jobs", "/jobs/7"):
        answer = send("GET", path, **headers)
        assert answer.status == status
        assert status == 200 or "Mandatory: X-" in answer.json()["msg"]
    # Who has no token is told of that first, and a signature has both in it.
    assert send("GET", "/jobs", **{**headers, "Authorization": "Bearer wrong"}).status == 401
    assert send("GET", "/task/list", **signed("/task/list")).status == 200


def test_a_token_lives_as_long_as_it_is_used(start, clock):
    send = start()
    clock.pass_(5000)
    for _look in range(4):
        assert send("GET", "/task/list").status == 200
        clock.pass_(1199)
    assert send("GET", "/task/list").status == 200
    clock.pass_(1200)
    assert send("GET", "/task/list").status == 401
    assert send("GET", "/task/list").status == 401


def signed(path, *, date="20140226T030223Z", secret="demo-app-secret", app="demo-app", user=USER, body=b""):
    """Sign as the documents say, written down once more."""
    canonical = f"GET\n{BASE}{path}/\n\nx-date:{date}\nx-user-id:{user}\n\nx-date;x-user-id\n"
    canonical += hashlib.sha256(body).hexdigest()
    text = "HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
    signature = hmac.new(secret.encode(), text.encode(), "sha256").hexdigest()
    login = f"HMAC-SHA256 AppId={app},SignedHeaders=x-date;x-user-id,Signature={signature}"
    return {"Authorization": login, "X_Date": date, "X_User_Id": user}


def test_a_signature(start, clock):
    send = start()
    send.simulator.expire_sessions()
    assert send("GET", "/task/list", **signed("/task/list")).status == 200
    clock.pass_(900)
    assert send("GET", "/task/list", **signed("/task/list")).status == 200
    clock.pass_(1)
    assert send("GET", "/task/list", **signed("/task/list")).status == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "x"},
        {"app": "x"},
        {"user": "x"},
        {"body": b"x"},
        {"date": "20140226T030230Z"},
        {"date": "20140226T024700Z"},
        {"date": "yesterday"},
        {"date": "2014-02-26T03:02:23Z"},
    ],
)
def test_bad_signatures(start, wrong):
    assert start()("GET", "/task/list", **signed("/task/list", **wrong)).status == 401


def test_a_signature_is_that_of_its_request(start):
    headers = signed("/task/list")
    send = start()
    assert send("GET", "/jobs", **headers).status == 401
    assert send("GET", "/task/list?a=b", **headers).status == 401
    assert send("GET", "/task/list", **{**headers, "X_Date": "20140226T030222Z"}).status == 401
    unsigned_date = headers["Authorization"].replace("x-date;x-user-id", "host")
    assert send("GET", "/task/list", **{**headers, "Authorization": unsigned_date}).status == 401


def test_faults(start):
    send = start({"id": ID}, {"id": "7", "type": "copy"})
    send.simulator.add_fault(kind="over_limit", count=1)
    answer = send("GET", "/task/list")
    assert (answer.status, answer.json()["error_code"], answer.headers["Retry-After"]) == (429, "APIGW.0308", "1")
    send.simulator.add_fault(kind="unauthorized", count=1)
    assert send("GET", "/task/list").status == 401
    send.simulator.add_fault(kind="unknown_state", state=9)
    assert send("GET", "/task/list").json()["taskListDtos"][0]["status"] == 9
    job = send("GET", "/jobs/7").json()["data"]
    assert (job["jobInfo"]["status"], job["taskInfos"][0]["status"]) == (9, "1")
