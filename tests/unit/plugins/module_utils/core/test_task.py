# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The values: tasks, their states, their failures, their times."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import (
    StateChange,
    Task,
    TaskError,
    TaskState,
    format_time,
    missing_task,
    parse_time,
)

# As the documentation of the modules promises them; history is added by task_wait.
TASK_KEYS = [
    "id",
    "provider",
    "state",
    "raw_state",
    "is_final",
    "name",
    "type",
    "description",
    "percent",
    "message",
    "error",
    "result",
    "created_at",
    "started_at",
    "updated_at",
    "finished_at",
    "expires_at",
    "owner",
    "resource",
    "parent_id",
    "raw",
]
FAILURE_KEYS = ["code", "title", "detail", "remedy", "retryable", "source"]
STATES = ["queued", "running", "paused", "succeeded", "failed", "cancelled", "dismissed", "unknown", "not_found"]
NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=timezone.utc)


def utc(*numbers):
    return datetime(*numbers, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01T12:00:00Z", NOON),
        ("2026-03-01t12:00:00z", NOON),
        ("2026-03-01 12:00:00Z", NOON),
        ("  2026-03-01T12:00:00Z\n", NOON),
        # Fractions: of any length, cut after the microseconds, with a comma too.
        ("2026-03-01T12:00:00.5Z", utc(2026, 3, 1, 12, 0, 0, 500_000)),
        ("2026-03-01T12:00:00.123456Z", utc(2026, 3, 1, 12, 0, 0, 123_456)),
        ("2026-03-01T12:00:00.123456789Z", utc(2026, 3, 1, 12, 0, 0, 123_456)),
        ("2026-03-01T12:00:00,123Z", utc(2026, 3, 1, 12, 0, 0, 123_000)),
        ("2026-03-01T12:00:00.999999999", utc(2026, 3, 1, 12, 0, 0, 999_999)),
        # Zones: with a colon or without, behind a space, none at all.
        ("2026-03-01T14:00:00+02:00", NOON),
        ("2026-03-01T14:00:00+0200", NOON),
        ("2026-03-01T06:30:00-05:30", NOON),
        ("2026-03-01 12:00:00 +0000", NOON),
        ("2026-03-01T12:00:00-00:00", NOON),
        ("2026-03-01T12:00:00", NOON),
        ("2026-03-01T00:30:00+01:00", utc(2026, 2, 28, 23, 30)),
        ("2024-02-29T12:00:00Z", utc(2024, 2, 29, 12)),
        ("9999-12-31T23:59:59Z", utc(9999, 12, 31, 23, 59, 59)),
    ],
)
def test_times_that_can_be_read(text, moment):
    assert parse_time(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "None",
        "2026-03-01",
        "12:00:00",
        "2026-03-01T12:00Z",
        "2026-03-01T12:00:00.Z",
        "2026-03-01T12:00:00 UTC",
        "2026-03-01T12:00:00+02",
        "2026-03-01T12:00:00Z and more",
        "Sun, 01 Mar 2026 12:00:00 GMT",
        "1772366400",
        # No such day, hour, second or zone.
        "2026-02-29T12:00:00Z",
        "2026-13-01T12:00:00Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T23:59:61Z",
        "2026-03-01T12:00:00+24:00",
        "2026-03-01T12:00:00+01:60",
        # Years that a datetime does not have, some only once they are in UTC.
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        # Go and .NET have a time there that was never set.
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-01:00",
        "10000-01-01T00:00:00Z",
        None,
        0,
        1772366400,
        b"2026-03-01T12:00:00Z",
        ["2026-03-01T12:00:00Z"],
        NOON,
    ],
    ids=repr,
)
def test_times_that_cannot_be_read_are_none(text):
    assert parse_time(text) is None


@given(st.text() | st.from_regex(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d([.,]\d+)?(Z|[+-]\d\d:\d\d)?", fullmatch=True))
def test_no_text_breaks_the_reading_of_times(text):
    moment = parse_time(text)
    assert moment is None or moment.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (None, None),
        (NOON, "2026-03-01T12:00:00Z"),
        (NOON.replace(microsecond=123_999), "2026-03-01T12:00:00.123Z"),
        (NOON.astimezone(timezone(timedelta(hours=-8))), "2026-03-01T12:00:00Z"),
        (utc(1, 1, 1), "0001-01-01T00:00:00Z"),
    ],
)
def test_format_time(moment, text):
    assert format_time(moment) == text


# The year 1 is read as a time that was never set.
@given(st.datetimes(min_value=utc(2, 1, 1).replace(tzinfo=None), timezones=st.just(timezone.utc)))
def test_what_is_written_can_be_read_again(moment):
    milliseconds = moment.microsecond // 1000 * 1000
    assert parse_time(format_time(moment)) == moment.replace(microsecond=milliseconds)


@pytest.mark.parametrize(
    ("state", "is_final"),
    [
        ("queued", False),
        ("running", False),
        ("paused", False),
        ("succeeded", True),
        ("failed", True),
        ("cancelled", True),
        ("dismissed", True),
        ("unknown", False),
        ("not_found", False),
    ],
)
def test_which_states_are_ends(state, is_final):
    assert TaskState(state).is_final is is_final
    assert Task("a", "example", TaskState(state)).is_final is is_final


def test_the_states_are_those_promised():
    assert [str(state) for state in TaskState] == STATES
    assert [f"{state}" for state in TaskState] == STATES


FULL = Task(
    id="7",
    provider="example",
    state=TaskState.FAILED,
    raw_state="failure",
    name="disk",
    type="import",
    description="Import a disk",
    percent=12.5,
    message="It broke",
    error=TaskError("396", "No format", "Not a disk", "Convert it", retryable=False, source="Guide"),
    result={"image": None},
    created_at=NOON,
    started_at=NOON + timedelta(seconds=1),
    updated_at=NOON + timedelta(seconds=2),
    finished_at=NOON + timedelta(seconds=3),
    expires_at=NOON + timedelta(days=2),
    owner="me",
    resource="image 9",
    parent_id="6",
    raw={"status": "failure"},
)


@pytest.mark.parametrize("task", [FULL, Task("7", "example", TaskState.UNKNOWN), missing_task("7", "example")])
def test_a_task_has_the_promised_keys_and_is_json(task):
    result = task.to_result()
    assert list(result) == TASK_KEYS
    assert json.loads(json.dumps(result)) == result


def test_a_task_as_a_result():
    assert FULL.to_result() == {
        "id": "7",
        "provider": "example",
        "state": "failed",
        "raw_state": "failure",
        "is_final": True,
        "name": "disk",
        "type": "import",
        "description": "Import a disk",
        "percent": 12.5,
        "message": "It broke",
        "error": {
            "code": "396",
            "title": "No format",
            "detail": "Not a disk",
            "remedy": "Convert it",
            "retryable": False,
            "source": "Guide",
        },
        "result": {"image": None},
        "created_at": "2026-03-01T12:00:00Z",
        "started_at": "2026-03-01T12:00:01Z",
        "updated_at": "2026-03-01T12:00:02Z",
        "finished_at": "2026-03-01T12:00:03Z",
        "expires_at": "2026-03-03T12:00:00Z",
        "owner": "me",
        "resource": "image 9",
        "parent_id": "6",
        "raw": {"status": "failure"},
    }


@pytest.mark.parametrize(
    ("value", "field"),
    [(FULL, "id"), (TaskError(), "code"), (StateChange(TaskState.RUNNING, None, None, NOON, 0), "state")],
)
def test_values_cannot_be_changed(value, field):
    with pytest.raises(AttributeError):
        setattr(value, field, "other")


def test_a_failure_has_the_promised_keys():
    assert list(TaskError().to_result()) == FAILURE_KEYS
    assert set(TaskError().to_result().values()) == {None}


def test_no_field_is_forgotten_in_a_result():
    assert {field.name for field in dataclasses.fields(Task)} | {"is_final"} == {*TASK_KEYS, "subtasks"}
    assert list(TaskError._fields) == FAILURE_KEYS


def test_subtasks_are_in_a_result_only_when_they_were_asked_for():
    part = Task("b", "example", TaskState.RUNNING)
    whole = Task("a", "example", TaskState.SUCCEEDED, subtasks=(part, Task("c", "example", TaskState.FAILED)))
    assert "subtasks" not in part.to_result()
    assert [entry["id"] for entry in whole.to_result()["subtasks"]] == ["b", "c"]
    assert whole.to_result()["subtasks"][0] == part.to_result()
    assert (whole.unfinished_subtasks, part.unfinished_subtasks) == (1, 0)


def test_a_change_of_state_as_a_result():
    change = StateChange(TaskState.RUNNING, "processing", 12.5, NOON, 1.23456)
    assert change.to_result() == {
        "state": "running",
        "raw_state": "processing",
        "percent": 12.5,
        "at": "2026-03-01T12:00:00Z",
        "elapsed": 1.235,
    }


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "task 7"),
        ({"type": "import"}, "import task 7"),
        ({"name": "disk"}, "task 7 (disk)"),
        ({"type": "import", "name": "disk"}, "import task 7 (disk)"),
        # Resources often have their name as their ID. "task 7 (7)" says it twice, and so does "task task 7".
        ({"name": "7"}, "task 7"),
        ({"name": ""}, "task 7"),
        ({"type": "Task"}, "Task 7"),
        ({"type": "backup_task", "name": "disk"}, "backup_task 7 (disk)"),
    ],
)
def test_a_task_is_named_for_people(fields, words):
    assert Task("7", "example", TaskState.RUNNING, **fields).describe() == words


def test_a_task_began_when_it_started_or_else_when_it_was_made():
    assert FULL.began_at == FULL.started_at
    assert dataclasses.replace(FULL, started_at=None).began_at == FULL.created_at
    assert Task("7", "example", TaskState.RUNNING).began_at is None


def test_the_raw_object_is_not_in_the_repr():
    assert "secret" not in repr(Task("7", "example", TaskState.RUNNING, raw={"secret": "s3cr3t"}))
