# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every definition that the collection ships has to bring along, and what has to become of its golden examples."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    AuthenticationError,
    NotFoundError,
    WorkError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._module.argument_specs import TASK_WAIT
from ansible_collections.longrunning.tasks.plugins.module_utils._module.runner import with_connection
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.options import SECRET_OPTIONS
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.custom.definition import ABOUT
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS
from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.loop import Outcome, WaitPlan, wait_for_tasks
from ansible_collections.longrunning.tasks.plugins.module_utils._work.reading import TaskReader
from ansible_collections.longrunning.tasks.tests.tooling.definition_page import every
from ansible_collections.longrunning.tasks.tests.unit.support.definitions import PlayedApi, every_described, kind_of
from ansible_collections.longrunning.tasks.tests.unit.support.fuzzing import OTHER_VALUES, changed, has, places
from ansible_collections.longrunning.tasks.tests.unit.support.golden import DEFINITIONS, Answer
from ansible_collections.longrunning.tasks.tests.unit.support.session import SocketSession
from ansible_collections.longrunning.tasks.tests.unit.support.socket_server import serving

ALL = every_described()
SHIPPED = [one for one in ALL if one.is_shipped]
EACH = pytest.mark.parametrize("one", ALL, ids=str)
EXAMPLES = [(one, example) for one in ALL for example in one.examples.values()]
LINES = 130


def examples_of(*, launched=False, error=False):
    chosen = [
        (one, example)
        for one, example in EXAMPLES
        if (example.launched is not None) is launched and (example.error is not None) is error
    ]
    return pytest.mark.parametrize(("one", "example"), chosen, ids=[example.name for _one, example in chosen])


def differences(found, expected):
    return [
        f"{name} is {found.get(name)!r} and has to be {wanted!r}"
        for name, wanted in expected.items()
        if found.get(name) != wanted
    ]


def check_requests(connection, one):
    for request in connection.requests:
        sent = {name.lower(): value for name, value in request.headers.items()}
        for name, value in one.login.carries.items():
            assert fnmatchcase(sent.get(name.lower(), "nothing"), value), f"{name} has to be {value}"
        assert not [secret for secret in one.login.every_secret if secret in request.url]


# --- what it says of itself -----------------------------------------------------------------------------------


def test_every_shipped_definition_is_proven_by_examples_or_by_a_server():
    by_examples = {one.name for one in SHIPPED}
    assert not [one.name for one in every() if one.name not in by_examples and not one.is_played]


@pytest.mark.parametrize("one", [one for one in every() if "about" in one.given], ids=lambda one: one.name)
def test_a_definition_claims_no_server_that_did_not_run(one):
    assert one.about["proven_on"].startswith("No server") is not one.is_played


@pytest.mark.parametrize("one", SHIPPED, ids=str)
def test_a_definition_tells_its_readers_everything(one):
    about = one.definition["about"]
    assert not [key for key in (*ABOUT, "sources") if key not in about], "about lacks these"
    assert ("cancel" in one.definition) == (one.cancel is not None), "the golden examples have to show the cancelling"
    assert "cancel" in one.definition or about["cancel"].startswith(("Not ", "None", "There is no")), about["cancel"]
    assert "title" in one.definition
    assert not any(character.isupper() for character in one.name)
    text = (DEFINITIONS / f"{one.name}.yml").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LINES


@pytest.mark.parametrize("one", [one for one in every() if "example" in one.about], ids=lambda one: one.name)
def test_its_example_has_options_of_a_wait(one):
    assert one.about["example"].keys() <= with_connection(TASK_WAIT).keys()


@EACH
def test_every_word_of_the_documents_is_mapped(one):
    named = {str(word).casefold() for word in one.definition.get("states", {})} - {"*", "null"}
    assert {word.casefold() for word in one.words} == named, (
        "words of the golden examples and states of the definition differ"
    )


@EACH
def test_its_examples_show_what_matters(one):
    shown = {kind_of(example) for example in one.examples.values()}
    needed = {"succeeded", "failed", "NotFoundError", *(["list"] if "list" in one.definition else [])}
    assert needed <= shown
    assert shown & {"queued", "running", "paused"}
    if one.is_shipped:
        assert "launched" in shown
    failed = [example.task for example in one.examples.values() if example.task and example.task["state"] == "failed"]
    if "failure" in one.definition or "when_ended" in one.definition:
        assert any((task.get("error") or {}).get("detail") for task in failed)


# --- what becomes of its examples -----------------------------------------------------------------------------


@examples_of()
def test_an_answer_becomes_the_expected_tasks(one, example):
    connection = one.connect(example.answers)
    tasks, _truncated = connection.ask(example)
    found = [task.to_result() for task in tasks]
    if example.task is None:
        assert [[task["id"], task["state"]] for task in found] == [
            [task["id"], task["state"]] for task in example.tasks
        ]
    else:
        ((task,), (expected,)) = found, example.expected_tasks
        assert not differences(task, expected)
    assert len(connection.requests) == len(example.answers), "not every answer of the example was asked for"
    check_requests(connection, one)


@pytest.mark.parametrize("one", [one for one in SHIPPED if not {"list", "handle"} & one.definition.keys()], ids=str)
def test_without_a_list_some_answer_says_that_a_seen_task_is_gone(one):
    going = next(one.example(state) for state in ("running", "queued") if one.example(state))
    told = set()
    for gone in (example for example in one.examples.values() if kind_of(example) == "NotFoundError"):
        connection = one.connect([*going.answers, *gone.answers])
        connection.ask(going)
        with pytest.raises(WorkError) as caught:
            connection.ask(going)
        told.add(type(caught.value))
    assert NotFoundError in told


@examples_of(error=True)
def test_an_answer_becomes_the_expected_error(one, example):
    connection = one.connect(example.answers)
    with pytest.raises(WorkError) as caught:
        connection.ask(example)
    told = json.dumps(caught.value.to_result())
    names = ("message", "status", "code", "retry_after")
    found = {name: getattr(caught.value, name, None) for name in names}
    found["class"] = caught.value.__class__.__name__
    assert not differences(found, {key: value for key, value in example.error.items() if key != "says"})
    assert example.error.get("says", "") in told
    assert not [secret for secret in one.login.every_secret if secret in told]


@examples_of(launched=True)
def test_a_launch_has_the_expected_ids(one, example):
    connection = one.connect(())
    launched = connection.launched(example)
    assert launched == example.launched
    for task_id in launched:
        connection.provider.description.read_task_id(task_id)


@EACH
def test_a_task_is_followed_to_its_end(one):
    begun = next(one.example(kind) for kind in ("running", "queued", "paused") if one.example(kind) is not None)
    for kind, outcome in (("succeeded", Outcome.SUCCEEDED), ("failed", Outcome.FAILED)):
        ended = one.example(kind)
        # What leads to a task is asked for once.
        connection = one.connect((*begun.answers, *(answer for answer in ended.answers if answer not in begun.answers)))
        task_id = connection.provider.description.read_task_id(ended.task_id)
        done = wait_for_tasks(
            [task_id],
            TaskReader(connection.provider).read,
            WaitPlan(timeout=3600.0, poll_interval=connection.provider.description.poll_interval),
            provider="custom",
            clock=connection.clock,
            request_timeout=30.0,
        )
        assert done.outcome is outcome
        assert [task.id for task in done.tasks] == [ended.expected_tasks[0]["id"]]
        connection.close()
        if one.logout is not None:
            last = connection.http.requests[-1]
            assert f"{last.method} {urlsplit(last.url).path}" == one.logout


@EACH
def test_a_refused_login_is_told_as_one(one):
    refused = [Answer(answer.to, 401, body='{"error": "invalid_client"}') for answer in one.login.answers]
    if refused:
        connection = one.connect(())
        connection.golden_login = type(one.login)(one.options, "", tuple(refused))
    else:
        connection = one.connect([Answer(one.example("succeeded").answers[0].to, 401)])
    with pytest.raises(AuthenticationError) as caught:
        connection.ask(one.example("succeeded"))
    told = json.dumps(caught.value.to_result())
    assert not [secret for secret in one.login.every_secret if secret in told]


@EACH
def test_secrets_stay_hidden(one):
    connection = one.connect(one.example("succeeded").answers)
    connection.ask(one.example("succeeded"))
    given = {one.options[name] for name in SECRET_OPTIONS if name in one.options}
    for secret in (*given, *one.login.secrets):
        assert secret not in repr(connection.requests)
        assert secret not in json.dumps(one.definition)
    assert {*one.login.secrets} <= connection.hidden


@pytest.mark.parametrize("one", [one for one in ALL if one.cancel is not None], ids=str)
def test_a_task_is_cancelled_by_the_documented_request(one):
    example = one.examples[one.cancel["of"]] if "of" in one.cancel else one.example("running")
    connection = one.connect((*example.answers, Answer(one.cancel["to"], 204)))
    (task,), _truncated = connection.ask(example)
    assert connection.provider.why_not_cancellable(task) is None
    connection.provider.cancel(task, connection.deadline)
    request = connection.http.requests[-1]
    assert Answer(one.cancel["to"]).fits(request)
    assert request.json == one.cancel.get("json")
    check_requests(connection, one)


@pytest.mark.parametrize("one", [one for one in ALL if "possible_if" in one.definition.get("cancel", {})], ids=str)
def test_a_task_that_has_ended_cannot_be_cancelled(one):
    connection = one.connect(one.example("succeeded").answers)
    (task,), _truncated = connection.ask(one.example("succeeded"))
    assert connection.provider.why_not_cancellable(task) is not None


def body_of(answer):
    """Return the JSON of an answer. XML is spoiled where it is read."""
    return json.loads(answer.body) if answer.body and not answer.body.startswith("<") else None


@EACH
@pytest.mark.usefixtures("_definitions_are_read_once")
def test_a_spoiled_answer_never_makes_a_success(one):
    good = [body_of(answer) for answer in one.example("succeeded").answers]
    for kind in ("running", "failed"):
        example = one.example(kind)
        for number, documented in enumerate(example.answers):
            body = body_of(documented)
            for path in places(body):
                for value in ((), (None,), *((other,) for other in OTHER_VALUES)):
                    if value and any(has(answer, path, *value) for answer in good):
                        # It is how the API tells a success: a flag.
                        continue
                    spoiled = example.with_body(number, changed(body, path, *value))
                    # Only what comes once the task has ended well asks for more than the example has.
                    connection = one.connect((*spoiled.answers, Answer("* *", 404), Answer("* *", 404)))
                    tasks, _error = connection.outcome(spoiled)
                    assert [task.state for task in tasks] != [TaskState.SUCCEEDED], (path, value)


# --- over real sockets ----------------------------------------------------------------------------------------


@EACH
def test_a_session_that_has_run_out_is_begun_anew(one):
    example = one.example("running")
    # The one request for the task itself is refused when it is sent for the second time.
    api = PlayedApi(one, example, refused=len(example.answers) + 1)
    with serving(api) as server, SocketSession(provider=PROVIDERS["custom"], **api.options(server.url)) as visit:
        task_id = visit.provider.description.read_task_id(api.task_id(server.url))
        assert visit.read(task_id).state is TaskState.RUNNING
        if one.login.answers:
            assert visit.read(task_id).state is TaskState.RUNNING
            assert api.logins == 2
        else:
            with pytest.raises(AuthenticationError):
                visit.read(task_id)
        visit.close()
        last = server.requests[-1]
        ended = f"{last.method} {urlsplit(last.target).path}" == one.logout
        assert ended is (one.logout is not None)
