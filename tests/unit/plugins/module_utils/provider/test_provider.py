# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.longrunning.tasks.plugins.module_utils._api.addresses import path_segment
from ansible_collections.longrunning.tasks.plugins.module_utils._api.http_client import HttpRequest, RequestsClient
from ansible_collections.longrunning.tasks.plugins.module_utils._api.tls import TlsOptions
from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import OptionError
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import Task, TaskError, TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.contract import TaskQuery
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.description import (
    DocumentedError,
    LoginForm,
    ProviderDescription,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.fields import dig
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.options import ConnectionOptions
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS
from ansible_collections.longrunning.tasks.tests.unit.support.fuzzing import FUZZ
from ansible_collections.longrunning.tasks.tests.unit.support.socket_server import answer, serving

# --- IDs ------------------------------------------------------------------------------------------------------

IDS = [
    ("d8dd8c24-2534-473c-881f-9097bc784068", "d8dd8c24-2534-473c-881f-9097bc784068"),
    ("Task~1_a.b", "Task~1_a.b"),
    ("a/b", "a%2Fb"),
    ("/", "%2F"),
    ("../images", "..%2Fimages"),
    ("..\\images", "..%5Cimages"),
    ("a?b=c&d", "a%3Fb%3Dc%26d"),
    ("a#b", "a%23b"),
    ("a b", "a%20b"),
    (" a ", "%20a%20"),
    ("a\nb", "a%0Ab"),
    ("a\r\nHost: evil", "a%0D%0AHost%3A%20evil"),
    ("%2F", "%252F"),
    ("%2e%2e", "%252e%252e"),
    ("%2E%2E%2Fx", "%252E%252E%252Fx"),
    ("..;/x", "..%3B%2Fx"),
    ("...", "..."),
    (".a", ".a"),
    ("@evil.example", "%40evil.example"),
    ("//evil.example/", "%2F%2Fevil.example%2F"),
    ("http://evil.example", "http%3A%2F%2Fevil.example"),
    ("\u00fc\u2603", "%C3%BC%E2%98%83"),
    ("\uff0e\uff0e\uff0fx", "%EF%BC%8E%EF%BC%8E%EF%BC%8Fx"),
    ("%", "%25"),
    ("100%zz", "100%25zz"),
    ("{x}[y]", "%7Bx%7D%5By%5D"),
]


@pytest.mark.parametrize("task_id", ["", " ", "\n", "\t ", ".", "..", "\ud800"])
def test_an_id_that_cannot_be_asked_for(task_id):
    with pytest.raises(OptionError, match=r"^task_ids ") as caught:
        path_segment(task_id)
    assert caught.value.option == "task_ids"


@pytest.fixture(scope="module")
def wire():
    client = RequestsClient(TlsOptions())
    with serving(lambda _request: answer({})) as server:
        yield lambda path: (client.send(HttpRequest("GET", server.url + path), 5), server.requests[-1].target)[1]
    client.close()


@pytest.mark.parametrize(("task_id", "segment"), IDS)
def test_an_id_crosses_the_wire_as_one_segment(wire, task_id, segment):
    target = wire(f"/v2/tasks/{path_segment(task_id)}")
    assert target == f"/v2/tasks/{segment}"


@FUZZ
@given(task_id=st.text() | st.text(alphabet="./%\\2eEfF?#;@: \n"))
def test_no_id_leaves_its_place_on_the_wire(wire, task_id):
    try:
        segment = path_segment(task_id)
    except OptionError:
        return
    target = wire(f"/v2/tasks/{segment}")
    start, _slash, last = target.rpartition("/")
    assert start == "/v2/tasks"
    assert "?" not in last
    assert unquote(last) == task_id


# --- descriptions ---------------------------------------------------------------------------------------------

DOCUMENTED_ERRORS = (
    DocumentedError("7", "Seven", "It is seven", "Try eight", retryable=True, source="Book", pattern=r"code 7\b"),
    DocumentedError(None, "Moon", "The moon", "Wait", retryable=None, source="Sky", pattern="moon"),
    DocumentedError("9", "Nine", "It is nine", "Go", retryable=False, source="Book"),
)
EXAMPLE = ProviderDescription(
    name="example",
    title="Example",
    states={
        "Open": TaskState.QUEUED,
        "Busy": TaskState.RUNNING,
        "Ready": TaskState.QUEUED,
        "DONE": TaskState.SUCCEEDED,
    },
    logins=(LoginForm(("username", "password")),),
    documents={},
    environment_prefix="EXAMPLE",
    documented_errors=DOCUMENTED_ERRORS,
)


@pytest.mark.parametrize(
    ("raw", "state"),
    [
        ("Open", TaskState.QUEUED),
        ("open", TaskState.QUEUED),
        ("OPEN", TaskState.QUEUED),
        ("done", TaskState.SUCCEEDED),
        ("Done!", TaskState.UNKNOWN),
        ("", TaskState.UNKNOWN),
        (" Done", TaskState.UNKNOWN),
    ],
)
def test_states_are_looked_up_without_regard_to_case(raw, state):
    assert EXAMPLE.state_of(raw) is state


@pytest.mark.parametrize(
    ("states", "words"),
    [
        (set(), []),
        ({TaskState.QUEUED}, ["Open", "Ready"]),
        ({TaskState.RUNNING, TaskState.SUCCEEDED}, ["Busy", "DONE"]),
        ({TaskState.PAUSED}, []),
    ],
)
def test_the_vendors_words_for_our_states(states, words):
    assert EXAMPLE.raw_states(frozenset(states)) == words


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Error CODE 7 again", TaskError("7", "Seven", "It is seven", "Try eight", True, "Book")),
        ("Error code 77", TaskError(detail="Error code 77")),
        ("Blame the Moon", TaskError(None, "Moon", "Blame the Moon", "Wait", None, "Sky")),
        ("9", TaskError(detail="9")),
        ("", TaskError(detail="")),
        (None, TaskError()),
    ],
)
def test_failures_are_recognised_by_their_text(message, expected):
    assert EXAMPLE.error_for(message) == expected


def test_documented_codes_can_be_looked_up():
    assert EXAMPLE.documented_error("9") is DOCUMENTED_ERRORS[2]
    assert EXAMPLE.documented_error("moon") is None


@pytest.mark.parametrize(
    ("given", "missing"),
    [({}, ["username", "password"]), ({"password": "x"}, ["username"]), ({"username": "a", "password": "x"}, [])],
)
def test_what_a_login_lacks(given, missing):
    assert EXAMPLE.logins[0].missing(ConnectionOptions("example", **given)) == missing


@pytest.mark.parametrize("provider", [provider for name, provider in PROVIDERS.items() if name != "custom"])
def test_every_description_is_sound(provider):
    description = provider.description
    assert description.documents
    assert all(url.startswith("https://") for url in description.documents.values())
    assert TaskState.UNKNOWN not in description.states.values()
    assert TaskState.SUCCEEDED in description.states.values()
    assert description.poll_interval >= description.least_poll_interval
    codes = [error.code for error in description.documented_errors if error.code]
    assert len(codes) == len(set(codes))
    for error in description.documented_errors:
        assert error.title
        assert error.remedy
        assert error.source
    for form in description.logins:
        form.missing(ConnectionOptions(description.name))


def test_providers_are_registered_by_their_names():
    assert {name: provider.description.name for name, provider in PROVIDERS.items()} == {
        name: name for name in PROVIDERS
    }


# --- queries --------------------------------------------------------------------------------------------------

NOON = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)
TASK = Task("1", "example", TaskState.RUNNING, type="import", created_at=NOON)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, True),
        ({"states": {TaskState.RUNNING, TaskState.FAILED}}, True),
        ({"states": {TaskState.FAILED}}, False),
        ({"types": {"import", "export"}}, True),
        ({"types": {"Import"}}, False),
        ({"started_after": NOON}, True),
        ({"started_after": NOON + HOUR}, False),
        ({"started_before": NOON}, False),
        ({"started_before": NOON + HOUR}, True),
        ({"started_after": NOON - HOUR, "started_before": NOON + HOUR}, True),
        ({"filters": (("owner", "nobody"),)}, True),
        ({"states": {TaskState.RUNNING}, "types": {"export"}}, False),
    ],
)
def test_a_query_matches(query, expected):
    assert TaskQuery(**query).matches(TASK) is expected


def test_a_start_counts_before_a_creation():
    started = Task("1", "example", TaskState.RUNNING, created_at=NOON, started_at=NOON + 2 * HOUR)
    assert TaskQuery(started_after=NOON + HOUR).matches(started)


@pytest.mark.parametrize("query", [{"started_after": NOON}, {"started_before": NOON}, {"types": {"import"}}])
def test_what_is_not_known_does_not_match(query):
    assert not TaskQuery(**query).matches(Task("1", "example", TaskState.RUNNING))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("a", "b"), 1),
        (("a",), {"b": 1}),
        ((), {"a": {"b": 1}, "c": [1], "d": None}),
        (("a", "x"), None),
        (("a", "b", "c"), None),
        (("c", "0"), None),
        (("d", "x"), None),
    ],
)
def test_dig(path, expected):
    assert dig({"a": {"b": 1}, "c": [1], "d": None}, path) == expected
