# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import json
from datetime import datetime, timezone

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    AuthenticationError,
    BadAnswerError,
    NotFoundError,
    OptionError,
    RejectedError,
    TransientError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._module.context import checked_task_ids
from ansible_collections.longrunning.tasks.plugins.module_utils._module.launch_results import launched_task_ids
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.contract import Launch
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.dbvisit_standby import (
    DESCRIPTION,
    task_from_json,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.explaining import explain_task
from ansible_collections.longrunning.tasks.plugins.module_utils._work.reading import TaskReader
from ansible_collections.longrunning.tasks.tests.unit.support.fake_http import reply
from ansible_collections.longrunning.tasks.tests.unit.support.fake_provider import task as any_task
from ansible_collections.longrunning.tasks.tests.unit.support.session import FakeSession

URL = "https://standby.example:4433"
LOGIN = {"username": "ann", "password": "pa55word", "api_url": URL}


class Session(FakeSession):
    name, login, task_id = "dbvisit_standby", LOGIN, "7"

    def listed(self, **query):
        return self.page(**query).tasks


def raw(task_id=7, state="In Progress", **fields):
    return {
        "configuration_id": 1,
        "configuration_name": "CONF1",
        "task_id": task_id,
        "hidden_by": "",
        "finished": "",
        "messages": [],
        "performed_by": "ann",
        "started": "2026-07-31T13:57:42.000123456Z",
        "state": state,
        "title": "Switchover",
        "updated": "2026-07-31T13:58:42.5Z",
        **fields,
    }


def says(text, at=None):
    return {"message": text, **({"time": f"2026-07-31T13:58:{at:02d}.000000001Z"} if at is not None else {})}


def good(result, **rest):
    return reply({"result": result, "successful": True, **rest})


def refusal(words="task 7 not found", status=400):
    return reply({"error": {"message": words}, "successful": False}, status)


def at(*numbers):
    return datetime(*numbers, tzinfo=timezone.utc)


# --- one task -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["hidden_by", "dismissed_by"])
@pytest.mark.parametrize(("name", "who"), [("bob", "bob"), ("", "somebody"), (None, "somebody")])
def test_who_dismissed_it_is_told_under_both_names(field, name, who):
    given = raw(state="Dismissed")
    del given["hidden_by"]
    task = task_from_json({**given, field: name})
    assert task.message == f"dismissed by {who}"
    assert task.error is None
    told = explain_task(task, DESCRIPTION.title)
    assert "does not count as a success" in told
    assert told.endswith(f"dismissed by {who}.")


def test_only_the_state_says_that_a_task_was_dismissed():
    assert task_from_json(raw(hidden_by="bob")).state is TaskState.RUNNING
    assert task_from_json(raw(state="End", hidden_by="bob")).state is TaskState.SUCCEEDED


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([says("one", 1), says("two", 2)], "two"),
        ([says("two", 2), says("one", 1)], "two"),
        ([says("one", 1), says("two", 1)], "two"),
        ([says("one"), says("two")], "two"),
        ([says("one", 1), says("", 2), says(None, 3), {"time": None}, {}], "one"),
        ([{"message": "one", "time": "soon"}], "one"),
        ([], None),
    ],
)
def test_the_last_words_are_the_newest_message(messages, words):
    assert task_from_json(raw(messages=messages)).message == words


@pytest.mark.parametrize("number", [1, 2**53 + 1, 2**63 - 1])
def test_ids_are_numbers_there_and_texts_here(number):
    session = Session(good(raw(number)))
    assert session.read(str(number)).id == str(number)
    assert json.dumps(session.http.requests[0].json["params"]) == f'{{"task_id": {number}}}'


@pytest.mark.parametrize("number", ["7", "0000000000000000007"])
def test_an_id_that_became_a_text_is_the_same(number):
    assert Session(good(raw(number))).read("7").id == "7"


@pytest.mark.parametrize("task_id", ["0", "07", "-1", "1.0", "1e3", "x", "7/../8", "\u0667", "1" * 20])
def test_other_ids_are_refused_before_anything_is_sent(task_id):
    with pytest.raises(OptionError, match="whole number"):
        checked_task_ids([task_id], DESCRIPTION)


# --- the envelope ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rest", [{}, {"error": None}, {"error": {}}, {"error": {"message": ""}}, {"error": ""}, {"error": {"message": "x"}}]
)
def test_a_success_may_carry_any_error(rest):
    assert Session(good(raw(state="End"), **rest)).read().state is TaskState.SUCCEEDED


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"message": "licence has run out"}, "successful": False}, " (licence has run out)"),
        ({"error": "broken", "successful": False, "result": raw(state="End")}, " (broken)"),
        ({"error": {"message": ""}, "successful": False, "result": None}, ""),
        ({"error": None, "successful": False}, ""),
        ({"successful": False}, ""),
    ],
)
def test_a_refusal_under_http_200_is_an_error(body, words):
    session = Session(reply(body))
    with pytest.raises(RejectedError) as caught:
        session.read()
    assert caught.value.message == f"Dbvisit StandbyMP refused the request{words}: POST {URL}/api/task/show"
    assert caught.value.to_result()["request"]["status"] == 200
    # Nor is it taken for a missing task.
    assert len(session.http.requests) == 1


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"result": raw(), "successful": "true"}, "$.successful: expected boolean, got string"),
        ({"result": raw(), "successful": 1}, "$.successful: expected boolean, got number"),
        ({"result": None, "successful": True}, "$.result: expected object, got null"),
        ({"result": raw("seven"), "successful": True}, "$.task_id: 'seven' does not match"),
        ({"result": raw("-7"), "successful": True}, "$.task_id: '-7' does not match"),
        ({"result": raw(True), "successful": True}, "$.task_id: expected integer or string, got boolean"),
        ({"result": raw(7.5), "successful": True}, "$.task_id: expected integer or string, got number"),
        ({"result": raw(messages=["x"]), "successful": True}, "$.messages[0]: expected object, got string"),
    ],
)
def test_what_is_read_is_checked(body, where):
    with pytest.raises(BadAnswerError) as caught:
        Session(reply(body)).read()
    assert where in caught.value.message


# --- a task that is not there ---------------------------------------------------------------------------------


def test_the_vendors_words_come_with_a_missing_task():
    session = Session(refusal("no such task"), good({"tasks": []}))
    task = TaskReader(session.provider).read(["7"], session.deadline).tasks["7"]
    words = f"no such task (HTTP 400, POST {URL}/api/task/show)"
    assert (task.state, task.message) == (TaskState.NOT_FOUND, words)


def test_a_task_that_only_the_list_shows_is_there():
    session = Session(refusal("cannot show"), good({"tasks": [raw(8), raw(7, "Failed")]}))
    assert session.read().state is TaskState.FAILED


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (refusal("wrong user or password"), RejectedError, "wrong user or password"),
        (reply(b"", 503), TransientError, "503"),
        (reply(b"", 401), AuthenticationError, "check username"),
    ],
)
def test_a_refusal_of_everything_is_no_missing_task(answer, kind, words):
    with pytest.raises(kind, match=words) as caught:
        Session(refusal("wrong user or password"), answer).read()
    assert not isinstance(caught.value, NotFoundError)


@pytest.mark.parametrize(
    "answer",
    [
        reply(b"Bad Request", 400),
        reply({"message": "bad gateway request"}, 400),
        reply({"error": {"message": "no such task"}}, 400),
        reply({"error": {"message": "no such task"}, "successful": True}, 400),
        reply({"error": {"message": "no such task"}, "successful": False}, 422),
        reply(b"<html>Bad request</html>", 400, content_type="text/html"),
    ],
)
def test_only_the_vendors_own_400_speaks_of_a_task(answer):
    session = Session(answer)
    with pytest.raises(RejectedError):
        session.read()
    assert len(session.http.requests) == 1


@pytest.mark.parametrize("answer", [reply(b"404 page not found", 404), refusal("no such call", 404)])
def test_a_wrong_path_is_no_missing_task(answer):
    session = Session(answer, api_path="/v2")
    with pytest.raises(RejectedError, match=r"Check api_url and api_path") as caught:
        session.read()
    assert f"POST {URL}/v2/task/show" in caught.value.message
    assert (caught.value.status, len(session.http.requests)) == (404, 1)


def test_the_words_of_a_wrong_path_are_kept():
    with pytest.raises(RejectedError) as caught:
        Session(refusal("no such call", 404)).read()
    assert caught.value.words == "no such call"


# --- lists ----------------------------------------------------------------------------------------------------


def test_a_list_is_one_request_for_all_and_the_newest_come_first():
    tasks = [
        raw(1, started="2026-01-01T00:00:00Z"),
        raw(3, started="2026-03-01T00:00:00Z"),
        raw(2, started="2026-01-01T00:00:00Z"),
        raw(9, started=None),
    ]
    session = Session(good({"tasks": tasks}))
    page = session.page()
    assert [task.id for task in page.tasks] == ["3", "2", "1", "9"]
    assert page.next_cursor is None
    (request,) = session.http.requests
    assert (request.method, request.url, request.params) == ("POST", f"{URL}/api/task/list", ())
    assert request.json == {"params": {"show_hidden": True}}


@pytest.mark.parametrize(
    ("filters", "params"),
    [
        ((), {"show_hidden": True}),
        ((("configuration_id", "3"),), {"show_hidden": True, "configuration_id": 3}),
        ((("show_hidden", "false"),), {"show_hidden": False}),
        ((("show_dismissed", "true"), ("show_hidden", "")), {"show_hidden": None, "show_dismissed": True}),
        ((("name", "007"), ("other", "3x"), ("less", "-3")), {"name": "007", "other": "3x", "less": -3}),
        ((("ids", "1"), ("ids", "2")), {"ids": [1, 2]}),
    ],
)
def test_filters_keep_their_types(filters, params):
    session = Session(good({"tasks": []}))
    session.listed(filters=filters)
    assert session.http.requests[0].json["params"] == {"show_hidden": True, **params}


# --- the login ------------------------------------------------------------------------------------------------


def test_basic_carries_any_letters():
    session = Session(good(raw()), password="pä:ss")
    session.read()
    assert (
        session.http.requests[0].headers["Authorization"] == "Basic " + base64.b64encode("ann:pä:ss".encode()).decode()
    )


@pytest.mark.parametrize("given", ["MTcy|a-_w==", "dbvisit-standby=MTcy|a-_w=="])
def test_the_cookie_of_the_older_login(given):
    session = Session(good(raw()), login={"api_token": given, "api_url": URL})
    session.read()
    (request,) = session.http.requests
    assert request.headers["Cookie"] == "dbvisit-standby=MTcy|a-_w=="
    assert "Authorization" not in request.headers
    assert session.hidden == {"MTcy|a-_w=="}


@pytest.mark.parametrize(
    ("options", "advice", "secret"),
    [
        (LOGIN, "check username and password", "pa55word"),
        ({"api_token": "c00kie", "api_url": URL}, "Give username and password", "c00kie"),
    ],
)
def test_a_refused_login_is_final_at_once(options, advice, secret):
    session = Session(good(raw()), reply(b"Unauthorized", 401), login=options)
    session.read()
    with pytest.raises(AuthenticationError, match=advice) as caught:
        session.read()
    assert len(session.http.requests) == 2
    assert secret not in str(caught.value.to_result())
    assert base64.b64encode(f"ann:{secret}".encode()).decode() not in str(caught.value.to_result())


# --- launched tasks ----------------------------------------------------------------------------


def test_a_launch_that_was_refused_has_no_id():
    result = {"json": {"error": {"message": "busy"}, "successful": False}, "status": 200}
    with pytest.raises(OptionError, match=r"json\.result\.task_id"):
        launched_task_ids(result, DESCRIPTION)


# --- launches -------------------------------------------------------------------------------------------------

SWITCHOVER = Launch("switchover/oracle", {"configuration_id": 1})


@pytest.mark.parametrize("launch_type", DESCRIPTION.launch_types)
def test_a_switchover_and_its_like_are_launched(launch_type):
    session = Session(good({"task_id": 9007199254740993}))
    assert session.launch(launch_type, {"configuration_id": 1}) == "9007199254740993"
    assert session.last_sent == ("POST", f"/api/{launch_type}", {"params": {"configuration_id": 1}})


# Playbooks before ansible-core 2.19 make texts of numbers and flags in templates.
def test_parameters_get_the_types_that_the_vendor_documents():
    session = Session(good({"task_id": 1}))
    given = {"configuration_id": "3", "resume": "True", "sync_lag": False, "transportable": "false", "backup_dir": "1"}
    session.launch("sync/oracle", given)
    flags = {"resume": True, "sync_lag": False, "transportable": False}
    assert session.last_sent[2]["params"] == {"configuration_id": 3, **flags, "backup_dir": "1"}


@pytest.mark.parametrize("configuration_id", [None, 0, -1, "", "one", True, 1.5])
def test_a_launch_without_a_configuration_is_refused(configuration_id):
    with pytest.raises(OptionError, match="input: configuration_id has to be a whole number, 1 or more"):
        Session().provider.launch_query(Launch("switchover/oracle", {"configuration_id": configuration_id}))


@pytest.mark.parametrize("result", [{}, {"task_id": 0}, {"task_id": None}, None, []])
def test_an_answer_without_a_task_is_no_launch(result):
    with pytest.raises(BadAnswerError):
        Session(good(result)).launch("switchover/oracle", {"configuration_id": 1})


def test_a_refused_switchover_with_a_task_may_be_none():
    answer = {"error": {"message": "busy"}, "result": {"task_id": 7}, "successful": False}
    with pytest.raises(BadAnswerError, match=r"request \(busy\): POST \S+/switchover/oracle\. It returned the ID"):
        Session(reply(answer)).launch("switchover/oracle", {"configuration_id": 1})


# The calls for other databases are inferred. A 404 is clear: nothing was launched, whatever else has an answer.
def test_a_launching_call_that_does_not_exist():
    session = Session(good({"tasks": []}), reply("404 page not found", 404))
    session.listed()
    with pytest.raises(RejectedError, match="Check api_url and api_path"):
        session.launch("switchover/sqlserver", {"configuration_id": 1})


@pytest.mark.parametrize(
    ("launch_type", "title", "configuration_id", "is_same"),
    [
        ("switchover/oracle", "Switchover", 1, True),
        ("switchover/sqlserver", "Graceful switchover of DB1", 1, True),
        ("switchover/oracle", "Switchover", 2, False),
        ("switchover/oracle", "Synchronize", 1, False),
        ("activate/oracle", "Activate standby", 1, True),
        ("dr-test/start/oracle", "DR test", 1, True),
        ("sync/oracle", "Synchronize", 1, True),
        ("sync/oracle", "", 1, False),
        ("sync/oracle", "Asynchronous log gap report", 1, False),
        ("activate/oracle", "Deactivate observer", 1, False),
        ("dr-test/start/oracle", "Stop DR test", 1, False),
        ("dr-test/start/oracle", "Apply latest logs", 1, False),
        ("dr-test/start/oracle", "Test connection", 1, False),
        ("switchover/oracle", "Switch log file", 1, False),
        ("switchover/oracle", "Switch off observer", 1, False),
    ],
)
def test_the_same_switchover_says_so_in_its_title(launch_type, title, configuration_id, is_same):
    launch = Launch(launch_type, {"configuration_id": "1"})
    raw = {"configuration_id": configuration_id, "title": title}
    assert Session().provider.is_launch(launch, any_task("7", name=title or None, raw=raw)) is is_same


def test_only_the_configurations_tasks_are_looked_at():
    session = Session(good({"tasks": []}))
    session.provider.read_page(session.provider.launch_query(SWITCHOVER), None, session.deadline)
    assert session.last_sent == ("POST", "/api/task/list", {"params": {"show_hidden": True, "configuration_id": 1}})


def configuration(primary, standby, number=1):
    return {"configuration_id": number, "configuration_name": "CONF1", "primary": primary, "standby": standby}


def test_a_host_that_has_the_primary_already():
    mine = configuration({"host": "DB1", "port": 1}, {"host": "db2"})
    session = Session(good({"configurations": [configuration({}, {}, 2), mine]}))
    assert session.desired(SWITCHOVER, {"primary": "db1"}) == mine
    assert session.last_sent == ("POST", "/api/list", {"params": {"configuration_id": 1}})


def test_a_host_that_has_the_standby():
    session = Session(good({"configurations": [configuration({"host": "db1"}, {"host": "db2", "name": "ORCL"})]}))
    assert session.desired(SWITCHOVER, {"primary": "db2"}) is None


@pytest.mark.parametrize(
    ("primary", "standby", "host"),
    [
        ({"host": "db1"}, {"host": "db2"}, "db3"),
        # The databases of both often have one name.
        ({"host": "db1", "name": "ORCL"}, {"host": "db2", "name": "ORCL"}, "ORCL"),
        ({"host": "db1"}, None, "db2"),
    ],
)
def test_a_host_that_decides_nothing(primary, standby, host):
    session = Session(good({"configurations": [configuration(primary, standby)]}))
    with pytest.raises(OptionError, match=f"desired: '{host}' does not identify one .* Its primary is at 'db1'"):
        session.desired(SWITCHOVER, {"primary": host})


@pytest.mark.parametrize("configurations", [None, [], [configuration({}, {}, 2)]])
def test_a_configuration_that_does_not_exist(configurations):
    session = Session(good({"configurations": configurations}))
    with pytest.raises(OptionError, match="has no configuration with the configuration_id 1"):
        session.desired(SWITCHOVER, {"primary": "db1"})


@pytest.mark.parametrize("desired", [{"host": "db1"}, {"primary": 1}, {"primary": "db1", "standby": "db2"}])
def test_only_the_primary_can_be_desired(desired):
    with pytest.raises(OptionError, match="takes only primary in desired"):
        Session().provider.check_launch(SWITCHOVER, desired)


# What a DR test or a synchronisation brings about is no primary: it would be skipped in silence.
@pytest.mark.parametrize("launch_type", ["activate/oracle", "dr-test/start/oracle", "sync/oracle"])
def test_only_of_a_switchover(launch_type):
    with pytest.raises(OptionError, match="desired describes the result of a switchover"):
        Session().provider.check_launch(Launch(launch_type, {"configuration_id": 1}), {"primary": "db1"})
