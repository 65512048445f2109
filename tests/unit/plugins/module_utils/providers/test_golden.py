# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every documented answer of tests/unit/golden becomes the task, the list or the error that stands beside it."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import WorkError
from ansible_collections.longrunning.tasks.tests.unit.support.golden import GOLDEN, every_example, play

EXAMPLES = every_example()
READ = [example for example in EXAMPLES if example.launched is None]
GOOD = [example for example in READ if example.error is None]


def objects(data):
    """Yield every object in some JSON."""
    if isinstance(data, dict):
        yield data
    for part in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from objects(part)


def differences(found, expected):
    """Return what differs between a task and the expected one, field by field."""
    return [
        f"{name} is {found.get(name)!r} and has to be {expected.get(name)!r}"
        for name in sorted({*found, *expected})
        if found.get(name) != expected.get(name)
    ]


def check_requests(connection):
    """Every request has what the login gave it."""
    for request in connection.requests:
        sent = {name.lower(): value for name, value in request.headers.items()}
        for name, value in connection.golden_login.carries.items():
            assert fnmatchcase(sent.get(name.lower(), "nothing"), value), f"{name} has to be {value} after the login"


@pytest.mark.parametrize("example", GOOD, ids=str)
def test_an_answer_becomes_the_expected_tasks(example):
    connection = play(example)
    tasks, truncated = connection.ask(example)
    found = [task.to_result() for task in tasks]
    raws = [task.pop("raw") for task in found]
    assert [task["id"] for task in found] == [task["id"] for task in example.expected_tasks]
    for task, expected in zip(found, example.expected_tasks):
        assert not differences(task, expected), f"task {task['id']}"
    assert truncated is example.truncated
    # The vendor's objects are handed on as they came.
    known = [entry for answer in example.answers if answer.body for entry in objects(json.loads(answer.body))]
    assert [raw for raw in raws if raw not in known] == []
    assert len(connection.requests) == len(example.answers), "not every answer of the example was asked for"
    check_requests(connection)


@pytest.mark.parametrize("example", [example for example in READ if example.error is not None], ids=str)
def test_an_answer_becomes_the_expected_error(example):
    connection = play(example)
    with pytest.raises(WorkError) as caught:
        connection.ask(example)
    names = ("class", "message", "status", "code", "retry_after")
    found = {**{name: getattr(caught.value, name, None) for name in names}, "class": caught.value.__class__.__name__}
    assert not differences(found, example.error)
    told = json.dumps(caught.value.to_result())
    assert not [secret for secret in connection.golden_login.every_secret if secret in told]
    check_requests(connection)


@pytest.mark.parametrize("example", [example for example in EXAMPLES if example.launched is not None], ids=str)
def test_a_launch_has_the_expected_ids(example):
    assert play(example).launched(example) == example.launched


def test_every_file_is_read():
    # Those of definitions are in files of another form, which test_ready_definitions.py reads.
    paths = [path for path in GOLDEN.rglob("*.yml") if path.parent.name != "definitions"]
    names = {f"{path.parent.name}/{path.stem}" for path in paths if not path.stem.startswith("login")}
    assert names == {str(example) for example in EXAMPLES if example.provider != "custom"}
    assert {path.suffix for path in GOLDEN.rglob("*.*")} <= {".yml", ".md"}
