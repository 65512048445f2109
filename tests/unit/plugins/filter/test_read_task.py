# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Saved answers give the tasks that the modules return, and mistakes are told with their place and the way out."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from jinja2 import StrictUndefined, UndefinedError

from ansible_collections.longrunning.tasks.plugins.filter import read_task as read_task_file
from ansible_collections.longrunning.tasks.plugins.filter import read_tasks as read_tasks_file
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import Task, TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.custom import expressions
from ansible_collections.longrunning.tasks.plugins.plugin_utils import _filtering

#: How the backup service of the guide answers.
DEFINITION = yaml.safe_load("""
get: {path: "/jobs/{id}", task: job}
list: {path: /jobs, items: jobs}
fields: {id: number, state: phase, percent: done.percent, started_at: since}
states: {WORKING: running, FINISHED: succeeded}
succeeded_if: ok
failure: {code: log.code, message: log.last}
times: epoch_seconds
""")
JOB = {"number": 17, "phase": "FINISHED", "ok": False, "log": {"last": "no space", "code": 28}, "since": 1767323045}
ONE_STATE = {"get": {"path": "/{id}"}, "fields": {"state": "state"}, "states": {"on": "running"}}
MONITOR = {"get": {"path": "/{id}", "statuses": {"202": "running", "200": "succeeded", "500": "task"}}}


@pytest.fixture
def hints(monkeypatch):
    """Return the list of what was displayed as a warning."""
    found = []
    monkeypatch.setattr(_filtering.display, "warning", found.append)
    return found


@pytest.fixture(autouse=True)
def _quiet(hints):
    """Let no warning of another test count."""


def changed(**keys):
    return {**DEFINITION, **keys}


def read(answer, definition=DEFINITION, variables=None, **options):
    return read_task_file.FilterModule().filters()["read_task"](variables or {}, answer, definition, **options)


def read_list(answer, definition=DEFINITION, **options):
    return read_tasks_file.FilterModule().filters()["read_tasks"]({}, answer, definition, **options)


def refusal(answer, definition=DEFINITION, call=read, **options):
    with pytest.raises(AnsibleFilterError) as caught:
        call(answer, definition, **options)
    return str(caught.value)


# --- what is read -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [{"job": JOB}, json.dumps({"job": JOB})])
@pytest.mark.parametrize("options", [{}, {"task_id": 17}, {"task_id": ""}])
def test_an_answer_is_the_task_that_the_modules_return(answer, options):
    task = read(answer, **options)
    assert (task["id"], task["state"], task["raw_state"], task["is_final"]) == ("17", "failed", "FINISHED", True)
    assert (task["error"]["code"], task["error"]["detail"]) == ("28", "no space")
    assert task["started_at"] == "2026-01-02T03:04:05Z"
    assert set(task) == set(Task("17", "custom", TaskState.FAILED).to_result()) - {"raw"}


def test_a_list_is_read():
    tasks = read_list({"jobs": [JOB, {**JOB, "number": 18, "phase": "WORKING"}]})
    assert [(task["id"], task["state"]) for task in tasks] == [("17", "failed"), ("18", "running")]
    assert read_list({"jobs": []}) == []


def test_a_list_of_links_gives_their_ids(hints):
    definition = changed(list={"path": "/jobs", "items": "members", "id": "href"})
    tasks = read_list({"members": [{"href": "/jobs/1"}, {"href": "/jobs/2"}]}, definition)
    assert [(task["id"], task["state"]) for task in tasks] == [("/jobs/1", "unknown"), ("/jobs/2", "unknown")]
    assert hints == ["The list has IDs only, as list.id says: each task is then read by get"]


@pytest.mark.parametrize(("status", "state"), [(202, "running"), ("200", "succeeded")])
def test_a_status_can_be_the_state(status, state):
    assert read("", MONITOR, task_id="17", status=status)["state"] == state


def test_xml_is_read():
    definition = {**DEFINITION, "format": "xml", "succeeded_if": "ok == 'yes'"}
    xml = "<job><number>17</number><phase>FINISHED</phase><ok>yes</ok></job>"
    assert read(xml, definition)["state"] == "succeeded"
    assert refusal({"job": JOB}, definition) == "The definition says format: xml, and the saved answer is no text"


@pytest.mark.parametrize(
    "jobs",
    [
        "",
        "<job><number>1</number><phase>WORKING</phase></job>",
        "<job><number>1</number><phase>WORKING</phase></job>" * 2,
    ],
)
def test_a_list_in_xml_needs_brackets_which_the_message_tells(jobs):
    xml = f"<jobs>{jobs}</jobs>"
    definition = changed(format="xml", list={"path": "/jobs", "items": "[jobs.job][]"})
    assert len(read_list(xml, definition)) == jobs.count("<job>")
    definition["list"]["items"] = "jobs.job"
    if jobs.count("<job>") < 2:
        told = refusal(xml, definition, read_list)
        assert told.startswith("The API answered with no list of tasks where list.items looks. XML has no lists of one")
        assert "write [jobs.job][] there" in told


def test_headers_count():
    definition = {"get": {"path": "/{id}", "statuses": {"303": "succeeded"}}}
    task = read("", definition, task_id="17", status=303, headers={"Location": "/results/17"})
    assert (task["state"], task["result"]) == ("succeeded", "https://saved.answer/results/17")


def test_an_id_can_be_an_address():
    definition = {**MONITOR, "get": {**MONITOR["get"], "path": "{id:path}"}}
    assert read("", definition, task_id="https://a.example/x?y=1", status=202)["id"] == "https://a.example/x?y=1"


def test_a_definition_can_be_named(tmp_path):
    (tmp_path / "task_definitions").mkdir()
    (tmp_path / "task_definitions" / "backup.yml").write_text(yaml.safe_dump(DEFINITION), encoding="utf-8")
    for variables in ({"ansible_search_path": [str(tmp_path)]}, {"playbook_dir": str(tmp_path)}):
        assert read({"job": JOB}, "backup", variables)["id"] == "17"
    assert read({"ID": 3, "State": 1, "Name": "publish"}, "aptly")["state"] == "running"


PAGE = (Path(__file__).parents[4] / "docs" / "docsite" / "rst" / "describe_your_api.rst").read_text(encoding="utf-8")


def blocks(language):
    found = re.findall(rf"(?m)^\.\. code-block:: {language}\n\n((?:   .*\n|\n)+)", PAGE)
    return [re.sub(r"(?m)^   ", "", block) for block in found]


def definition_of_the_page():
    pieces = [yaml.safe_load(block) for block in blocks("yaml")]
    return {key: value for piece in pieces if isinstance(piece, dict) for key, value in piece.items()}


def test_the_page_about_describing_an_api_is_true():
    (answer,), (about_states, about_task) = blocks("json"), blocks("text")
    definition = definition_of_the_page()
    assert len(yaml.safe_dump(definition).splitlines()) < 50
    task = read(answer, definition)
    assert (task["id"], task["state"], task["error"]["title"]) == ("17", "failed", "The target is full")
    assert (task["error"]["detail"], task["started_at"]) == ("no space", "2026-01-02T03:04:05Z")
    states = {word: state for word, state in definition["states"].items() if word != "FINISHED"}
    assert refusal(answer, {**definition, "states": states}) == about_states.strip()
    assert refusal(answer, {**definition, "get": {**definition["get"], "task": "jobs"}}) == about_task.strip()


@pytest.mark.parametrize("call", [read, read_list])
def test_an_undefined_variable_is_named(call):
    for arguments in ((StrictUndefined(name="saved"), DEFINITION), ({}, StrictUndefined(name="saved"))):
        with pytest.raises(UndefinedError, match="'saved' is undefined"):
            call(*arguments)


# --- mistakes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "definition", "options", "told"),
    [
        (
            {"job": {**JOB, "phase": "WAITS"}},
            DEFINITION,
            {},
            "states does not say what 'WAITS' means. Add a line such as \"WAITS\": running. It has WORKING, FINISHED",
        ),
        (
            {"jobs": JOB},
            DEFINITION,
            {},
            "nothing in the answer. get.task looks for job, which is not there: the answer has jobs. Is jobs meant?",
        ),
        (
            {"job": {"number": 17, "state": "FINISHED"}},
            DEFINITION,
            {},
            "fields.state looks for phase, which is not there: the answer has number, state",
        ),
        (
            {"job": {"phase": "FINISHED", "meta": {}}},
            changed(fields={"id": "meta.number", "state": "phase"}),
            {},
            "fields.id looks for number, which is not there: meta has no keys",
        ),
        ({"state": "on"}, ONE_STATE, {}, "fields has no id, so that task_id is needed"),
        ({"job": JOB}, DEFINITION, {"task_id": "18"}, "The answer is about the task 17, and task_id is 18"),
        (
            {"jobs": [JOB]},
            changed(get={"path": "/jobs", "task": "jobs[?number == {id}] | [0]"}),
            {},
            "get.task is 'jobs[?number == {id}] | [0]', so that task_id is needed to find the task",
        ),
        (
            {"jobs": [JOB]},
            changed(get={"path": "/jobs", "task": "jobs[?number == {id}] | [0]"}),
            {"task_id": "17"},
            "get.task is 'jobs[?number == {id}] | [0]', and finds nothing in the answer",
        ),
        ({"job": JOB}, changed(task_id={"pattern": "[a-z]+", "words": "letters"}), {"task_id": "17"}, "is letters"),
        ({"job": JOB}, changed(colour="red"), {}, "definition is wrong at $: colour is not known here"),
        ({"job": JOB}, "title: a", {}, "definition is text, but not a name"),
        ({"job": JOB}, "no_such_name", {}, "there is no file 'no_such_name.yml'"),
        ({"job": JOB}, DEFINITION, {"status": "soon"}, "status is 'soon'"),
        ({"job": JOB}, DEFINITION, {"status": 0}, "status is 0; it has to be an HTTP status such as 200"),
        ({"job": JOB}, DEFINITION, {"status": float("inf")}, "status is inf"),
        ({"job": JOB}, DEFINITION, {"headers": "a: 1"}, "headers has to be a mapping"),
        ({"job": JOB}, DEFINITION, {"task_id": "https://[x"}, "task_ids contains the address https://[x"),
        (b"{}", DEFINITION, {}, "The answer holds a value that JSON cannot express, such as bytes. Give text"),
        ({"job": JOB}, {"get": b"/"}, {}, "definition holds a value that JSON cannot express"),
        ({"job": JOB}, None, {}, "definition is wrong at $: expected object, got null"),
        (None, DEFINITION, {}, "get.task is 'job', and finds nothing in the answer"),
        ([JOB], DEFINITION, {}, "get.task looks for job in the answer, which is no object"),
        ({"json": {"job": JOB}, "status": 200}, DEFINITION, {}, "the answer has json, status"),
        ({"job": [1]}, DEFINITION, {}, "fields.state looks for phase in the answer, which is no object"),
        ({"job": JOB}, changed(fields={"id": "number", "state": "abs(phase)"}), {}, "does not fit the answer"),
    ],
)
def test_a_mistake_is_told_with_its_place(answer, definition, options, told):
    assert told in refusal(answer, definition, **options)


@pytest.mark.parametrize(
    ("answer", "status", "told"),
    [
        ("<html><body>Sign in</body></html>", 200, 'an HTML page instead of JSON ("Sign in")'),
        ("{", 200, "broken JSON"),
        (
            {"message": "gone"},
            404,
            "(HTTP 404: gone): see the saved answer. The modules treat it as a task that does not",
        ),
        ({"message": "busy"}, 503, "The modules ask again after such an answer"),
        ({"message": "who?"}, 401, "The modules treat it as a refused login"),
        ({"message": "bad"}, 422, "The modules treat it as a refusal"),
        ({"message": "gone"}, 410, "The modules treat it as a task that does not exist"),
    ],
)
def test_a_refusal_is_told_with_what_it_means(answer, status, told):
    definition = changed(get={**DEFINITION["get"], "not_found_statuses": [410]})
    assert told in refusal(answer, definition, status=status)


@pytest.mark.parametrize(
    ("answer", "definition", "told"),
    [
        ({"job": []}, DEFINITION, "list.items looks for jobs, which is not there: the answer has job. Is job meant?"),
        ({"jobs": [{"number": 1}]}, DEFINITION, "fields.state looks for phase"),
        ({"jobs": [{"number": 1, "phase": "A"}, {"number": 2, "phase": "B"}]}, DEFINITION, "what 'A' and 'B' mean"),
        ({"jobs": []}, {key: value for key, value in DEFINITION.items() if key != "list"}, "definition has no list"),
        ({"jobs": [{"a": 1}]}, changed(list={"path": "/", "items": "jobs", "id": "href"}), "list.id looks for href"),
    ],
)
def test_a_mistake_about_a_list_is_told(answer, definition, told):
    assert told in refusal(answer, definition, call=read_list)


def test_what_may_be_right_in_other_answers_is_a_warning(hints):
    read({"job": {**JOB, "since": "yesterday", "log": {}}})
    assert hints == [
        "fields.percent looks for done, which is not there: the answer has number, phase, ok, log, since",
        "failure.code looks for code, which is not there: log has no keys",
        "failure.message looks for last, which is not there: log has no keys",
        "fields.started_at finds 'yesterday', which cannot be read: times is epoch_seconds",
    ]


def test_a_list_with_an_odd_entry_warns(hints):
    done = {**JOB, "done": {"percent": 4}}
    assert len(read_list({"jobs": [done, {"no": "job"}]})) == 1
    assert hints == ["1 of 2 entries cannot be read, and are left out"]


@pytest.mark.parametrize(
    ("text", "data", "told"),
    [
        ("a[0].b", {"a": [{"b": 1}]}, None),
        ("a[1].b", {"a": [{"b": 1}]}, None),
        ("a[0].b", {"a": [{"c": 1}]}, "x looks for b, which is not there: a[0] has c"),
        ("a[0]", {"a": 1}, "x looks for an entry of a list at a, and there is none"),
        ("[0]", {"a": 1}, None),
        ('"@odata.id".b', {"@odata.id": {}}, "x looks for b, which is not there: @odata.id has no keys"),
        ("a.b", {"a": None}, None),
        ("a || b", {}, None),
    ],
)
def test_the_place_where_a_way_of_keys_ends(text, data, told):
    assert read_task_file._saved_answers._lost("x", text, data) == told


def test_without_jmespath_the_command_that_installs_it_is_told(monkeypatch):
    monkeypatch.setattr(expressions, "HAS_JMESPATH", False)
    told = refusal({"job": JOB})
    assert "jmespath" in told
    assert "-m pip install" in told
