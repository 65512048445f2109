# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import json
from datetime import datetime, timezone

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    AccessDeniedError,
    BadAnswerError,
    NotFoundError,
    OptionError,
    RejectedError,
    TransientError,
    WorkError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import TaskError, TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.netapp_astra_control import (
    DESCRIPTION,
    FIELDS,
    read_refusal,
    task_from_json,
)
from ansible_collections.longrunning.tasks.tests.unit.support.fake_http import reply
from ansible_collections.longrunning.tasks.tests.unit.support.session import FakeSession
from ansible_collections.longrunning.tasks.tests.unit.support.stage import Stage
from ansible_collections.longrunning.tasks.tests.unit.support.vendors import VENDORS

ACCOUNT = "fdaa655c-15ab-4d34-aa61-1e9098e67be0"
PARENT = "9cc8c321-6af1-406c-8158-2c6582c247f8"
ID = "ae1e6561-9e22-406c-8a5a-762f4604da00"
OTHER = "bc1e6561-9e22-406c-8a5a-762f4604da00"
LOGIN = {"api_url": "https://astra.example", "account_id": ACCOUNT, "api_token": "t0kEn-s3cr3t"}
TASKS_URL = f"https://astra.example/accounts/{ACCOUNT}/core/v1/tasks"


def raw_task(state="running", **fields):
    return {
        "type": "application/astra-task",
        "version": "1.1",
        "id": ID,
        "parentTaskID": PARENT,
        "state": state,
        **fields,
    }


def detail(number=7, title="No space", text="The bucket is full", kind="stateDetails"):
    return {"type": f"https://astra.netapp.io/{kind}/{number}", "title": title, "detail": text}


def problem(number, title="A title", text="A detail.", status=400, **fields):
    body = {
        "type": f"https://astra.netapp.io/problems/{number}",
        "title": title,
        "detail": text,
        "status": str(status),
        **fields,
    }
    return reply(json.dumps(body), status, content_type="application/problem+json")


def listing(*tasks, **metadata):
    return reply({"type": "application/astra-tasks", "version": "1.1", "items": list(tasks), "metadata": metadata})


class Session(FakeSession):
    name, login, task_id = "netapp_astra_control", LOGIN, ID

    @property
    def params(self):
        return self.http.requests[-1].params


# --- one task -------------------------------------------------------------------------------------------------


def utc(*parts):
    return datetime(*parts, tzinfo=timezone.utc)


def test_a_task_with_only_what_must_be_there():
    raw = {"id": ID, "state": "completed"}
    assert FIELDS.schema.problem(raw) is None
    task = task_from_json(raw)
    assert (task.state, task.percent, task.finished_at, task.message) == (TaskState.SUCCEEDED, None, None, None)


@pytest.mark.parametrize("field", sorted(FIELDS.schema.schema["properties"]))
def test_a_wrong_type_is_named(field):
    with pytest.raises(BadAnswerError, match=rf"\$\.{field}"):
        Session(reply(raw_task(**{field: True}))).read()


def test_the_time_of_a_cancellation_stands_in_for_an_end():
    task = task_from_json(raw_task("cancelled", endTime=None, cancelTime="2020-08-06T12:30:00Z"))
    assert task.finished_at == utc(2020, 8, 6, 12, 30)
    assert task.error is None


# --- why it failed --------------------------------------------------------------------------------------------


def test_several_details_are_all_told():
    details = [{"type": "about:blank", "title": "Stopped"}, detail(), detail(8, "Late", "Too late")]
    error = task_from_json(raw_task("failed", stateDetails=details)).error
    assert (error.code, error.title) == ("stateDetails/7", "No space")
    assert error.detail == "Stopped; No space: The bucket is full; Late: Too late"


def test_a_detail_that_is_a_documented_problem_is_explained():
    task = task_from_json(raw_task("failed", stateDetails=[detail(24, "Service unavailable", "Gone", "problems")]))
    assert (task.error.code, task.error.detail, task.error.retryable) == ("24", "Gone", True)
    assert task.error.remedy
    assert task.error.source


def test_details_and_problems_are_numbered_apart():
    # Problem 3 is about tokens; a state detail of that number is something else.
    error = task_from_json(raw_task("failed", stateDetails=[detail(3, "Odd", "Odd")])).error
    assert (error.code, error.title, error.source) == ("stateDetails/3", "Odd", None)


@pytest.mark.parametrize(
    ("kind", "code"),
    [("about:blank", None), ("", None), (None, None), ("urn:something:else", "urn:something:else")],
)
def test_a_type_of_another_kind(kind, code):
    error = task_from_json(raw_task("failed", stateDetails=[{"type": kind, "title": "T", "detail": "D"}])).error
    assert (error.code, error.title, error.detail) == (code, "T", "D")


# The documents allow titles of 40 and details of 511 characters.
def test_the_longest_detail_is_told_whole():
    title, text = "t" * 40, f"{'d' * 508}end"
    task = task_from_json(raw_task("failed", stateDetails=[detail(7, title, text)]))
    assert (task.message, task.error.title, task.error.detail) == (f"{title}: {text}", title, text)
    two = task_from_json(raw_task("failed", stateDetails=[detail(7, title, text), detail(8, title, text)]))
    assert two.error.detail == two.message == f"{title}: {text}; {title}: {text}"
    assert text in error_of(problem(5, title, text)).message


@pytest.mark.parametrize("details", [[], None])
def test_a_failure_without_details(details):
    task = task_from_json(raw_task("failed", stateDetails=details))
    assert (task.error, task.message) == (TaskError(), None)


def test_a_cancellation_with_details_has_a_reason():
    assert task_from_json(raw_task("cancelled", stateDetails=[detail()])).error.code == "stateDetails/7"


# --- lists ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        ({"states": {TaskState.QUEUED}}, "state eq 'notStarted'"),
        ({"states": {TaskState.FAILED}}, "state eq 'failed'"),
        # Three of the vendor's words.
        ({"states": {TaskState.RUNNING}}, None),
        ({"states": {TaskState.FAILED, TaskState.CANCELLED}}, None),
        ({"states": {TaskState.FAILED, TaskState.UNKNOWN}}, None),
        ({"states": {TaskState.UNKNOWN}}, None),
        ({"types": {"astra.backup"}}, "name eq 'astra.backup'"),
        ({"types": {"x' or 'y"}}, None),
        ({"types": {"a", "b"}}, None),
        ({"states": {TaskState.RUNNING}, "types": {"astra.backup"}}, "name eq 'astra.backup'"),
        # Different conditions cannot be joined.
        ({"states": {TaskState.FAILED}, "types": {"astra.backup"}}, "state eq 'failed'"),
    ],
)
def test_one_condition_goes_to_the_server(query, sent):
    session = Session(listing())
    session.page(**{key: frozenset(value) for key, value in query.items()})
    assert session.params == ((("filter", sent),) if sent else ())


def test_a_filter_of_the_user_goes_untouched_and_alone():
    session = Session(listing())
    session.page(filters=(("filter", "resourceID eq 'x'"),), states=frozenset({TaskState.FAILED}))
    assert session.params == (("filter", "resourceID eq 'x'"),)


def test_include_is_refused_before_anything_is_sent():
    session = Session()
    with pytest.raises(OptionError, match="include") as caught:
        session.page(filters=(("include", "id,state"),))
    assert caught.value.option == "filters"
    assert session.http.requests == []


def test_an_entry_that_cannot_be_read_counts_for_the_limit():
    page = Session(listing(raw_task(), {})).page(filters=(("limit", "2"),))
    assert page.is_cut


@pytest.mark.parametrize(
    ("limit", "metadata", "is_cut"),
    [
        ("1", {}, True),
        ("2", {}, True),
        ("3", {}, False),
        (None, {}, False),
        (None, {"continue": "bW9yZQ=="}, True),
        (None, {"continue": ""}, False),
        (None, {"continue": None}, False),
        ("x", {}, False),
    ],
)
def test_a_list_that_is_cut_off_is_not_taken_for_whole(limit, metadata, is_cut):
    session = Session(listing(raw_task(), raw_task(id=OTHER), **metadata))
    filters = (("limit", limit),) if limit else ()
    found, more = session.list(filters=filters)
    assert (len(found), more, len(session.http.requests)) == (2, is_cut, 1)


# --- subtasks -------------------------------------------------------------------------------------------------


def test_subtasks_are_asked_for_by_their_parent_and_sorted_by_their_hint():
    def part(number, **fields):
        return raw_task(id=f"00000000-0000-4000-8000-00000000000{number}", **fields)

    stranger = part(9, parentTaskID=OTHER)
    session = Session(
        listing(part(1, orderHint=10), part(2, orderHint=2.5), part(3, orderHint=None), stranger, part(4, orderHint=-1))
    )
    assert [task.id[-1] for task in session.subtasks(PARENT)] == ["4", "2", "1", "3"]
    assert session.params == (("filter", f"parentTaskID eq '{PARENT}'"),)


def test_a_task_without_subtasks():
    assert Session(listing()).subtasks(ID) == ()


@pytest.mark.parametrize(
    "answer", [listing(raw_task(), **{"continue": "bW9yZQ=="}), listing(raw_task(), {"id": OTHER})]
)
def test_subtasks_of_a_list_that_lacks_some_are_not_taken_for_all(answer):
    with pytest.raises(BadAnswerError, match="all subtasks"):
        Session(answer).subtasks(PARENT)


def test_an_id_that_a_filter_cannot_carry_is_not_put_into_one():
    session = Session(listing(raw_task()))
    assert session.subtasks("x' or 'y") == ()
    assert session.params == ()


# --- errors ---------------------------------------------------------------------------------------------------


def error_of(answer, action="read"):
    session = Session(answer)
    with pytest.raises(WorkError) as caught:
        getattr(session, action)()
    assert len(session.http.requests) == 1
    assert "t0kEn" not in str(caught.value.to_result())
    return caught.value


@pytest.mark.parametrize(
    ("number", "status", "words"),
    [
        (5, 400, "Correct the named parameters"),
        (6, 400, "only filter, include and limit"),
        (12, 400, "proxy"),
        (32, 406, "Accept"),
        (33, 400, "Check account_id: it is a UUID"),
        (35, 400, "Check the task's ID: it is a UUID"),
        (69, 405, "api_url"),
        (164, 409, ""),
        (177, 400, ""),
    ],
)
def test_a_request_that_is_refused(number, status, words):
    error = error_of(problem(number, "Odd", "Very odd.", status))
    assert error.__class__ is RejectedError
    assert (error.code, error.status) == (str(number), status)
    assert f"problem {number}, Odd: Very odd." in error.message
    assert words in error.message


def test_the_parameters_that_are_wrong_are_named():
    invalid = [{"name": "filter", "reason": "bad operator"}, {"name": "limit", "reason": 5}, "odd", {"reason": "why"}]
    error = error_of(problem(5, "Invalid query parameters", "They are invalid.", invalidParams=invalid), "page")
    assert "They are invalid (filter: bad operator; limit: ?; ?: why)): GET " in error.message


def test_several_problems_in_one_are_all_told():
    parts = [{"type": "x", "title": "One", "detail": "First"}, {"title": "Two"}]
    assert "(One: First; Two)" in error_of(problem(68, problemDetails=parts), "page").message


GONE = problem(1, status=404)


def test_problem_1_means_that_a_task_is_gone_once_the_account_is_known_to_be_right():
    session = Session(GONE, listing(), GONE)
    for _read in range(2):
        with pytest.raises(NotFoundError):
            session.read()
    assert [(request.url, request.params) for request in session.requests] == [
        (f"{TASKS_URL}/{ID}", ()),
        (TASKS_URL, (("limit", "1"),)),
        (f"{TASKS_URL}/{ID}", ()),
    ]


def test_after_any_good_answer_problem_1_means_that_a_task_is_gone():
    session = Session(reply(raw_task()), GONE)
    session.read()
    with pytest.raises(NotFoundError):
        session.read()
    assert len(session.requests) == 2


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (GONE, RejectedError),
        (problem(2, status=404), RejectedError),
        (problem(18, status=404), RejectedError),
        (problem(24, status=503), TransientError),
        (problem(11, status=403), AccessDeniedError),
    ],
)
def test_problem_1_alone_is_no_proof_against_a_task(answer, error):
    session = Session(GONE, answer)
    with pytest.raises(error) as caught:
        session.read()
    assert error is not RejectedError or "Check api_url and account_id" in caught.value.message


@pytest.mark.kind
@pytest.mark.parametrize("path_problems", ["listed", "own"])
def test_the_task_of_a_wrong_account_is_not_gone(path_problems):
    vendor = VENDORS["netapp_astra_control"]
    with contextlib.ExitStack() as stack:
        stage = Stage(stack, vendor, vendor.task(1, 5), credentials={"path_problems": path_problems}).start()
        assert stage.wait(2, not_found="succeed")["tasks"][0]["state"] == "not_found"
        stage.login = {**stage.login, "account_id": OTHER}
        result = stage.fails(1, not_found="succeed")
    assert result["reason"] == "rejected"
    assert "account_id" in result["msg"]


@pytest.mark.parametrize(
    "answer",
    [
        problem(2, status=404),
        problem(18, status=404),
        problem(30, status=404),
        reply("default backend - 404", 404, content_type="text/plain"),
        reply("<html>no</html>", 404, content_type="text/html"),
        reply({"code": 404, "message": "no"}, 404),
    ],
)
def test_any_other_404_is_a_wrong_address_and_no_task_that_was_forgotten(answer):
    error = error_of(answer)
    assert error.__class__ is RejectedError
    assert error.status == 404
    assert "heck api_url" in error.message


def test_a_404_to_a_list_is_a_wrong_address():
    assert error_of(problem(1, status=404), "page").__class__ is RejectedError


@pytest.mark.parametrize(
    "data",
    [None, [], "x", {}, {"type": 5}, {"type": "about:blank"}, {"type": "https://astra.netapp.io/stateDetails/3"}],
)
def test_what_is_no_problem_of_the_vendor(data):
    assert read_refusal(data, 400) is None


def test_the_problems_that_tasks_and_their_surroundings_can_have_are_data():
    numbers = [1, 2, 3, 4, 5, 6, 11, 12, 14, 18, 24, 30, 32, 33, 34, 35, 40, 41, 68, 69, 79, 85, 164, 166]
    assert [error.code for error in DESCRIPTION.documented_errors] == [str(number) for number in numbers]


def test_what_is_documented_about_the_problems():
    assert [error.code for error in DESCRIPTION.documented_errors if error.retryable] == ["24", "34", "40", "41", "164"]
    assert DESCRIPTION.documented_error("4").title == "Invalid bearer token"
