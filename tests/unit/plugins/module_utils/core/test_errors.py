# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The error tree is what its module's docstring draws, and each error makes its own result."""

from __future__ import annotations

import inspect
import json
import re

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core import errors as _errors
from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    AuthenticationError,
    MissingLibraryError,
    OptionError,
    RejectedError,
    TransientError,
    WaitError,
    WorkError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import Task, TaskState

_DRAWN = re.compile(r"^    (?P<branch>[│├└─ ]*)(?P<name>[A-Z]\w+Error)(?: {2,}(?P<rest>.*))?$")
RUNNING = Task("7", "example", TaskState.RUNNING)
REQUEST = {"method": "GET", "url": "https://api.example/tasks/7", "status": 502, "code": "E1"}


def drawn_tree():
    """Return name -> (parent's name, what stands beside it) as the docstring has it."""
    tree, path = {}, []
    for line in _errors.__doc__.splitlines():
        match = _DRAWN.match(line)
        if match:
            depth = len(match["branch"]) // 4
            path[depth:] = [match["name"]]
            tree[match["name"]] = (path[depth - 1] if depth else "Exception", match["rest"] or "")
    return tree


def real_classes():
    return {
        name: cls
        for name, cls in inspect.getmembers(_errors, inspect.isclass)
        if issubclass(cls, Exception) and cls.__module__ == _errors.__name__
    }


def test_the_drawing_has_every_class_under_its_parent():
    assert {name: parent for name, (parent, _rest) in drawn_tree().items()} == {
        name: cls.__base__.__name__ for name, cls in real_classes().items()
    }


@pytest.mark.parametrize("name", sorted(set(drawn_tree()) - {"WorkError", "RequestError", "WaitError"}))
def test_the_drawing_has_the_reason_of_each_class(name):
    assert drawn_tree()[name][1].split("  ")[0] == real_classes()[name].reason


def test_every_class_says_what_it_means():
    assert all(cls.__doc__ for cls in real_classes().values())


def test_an_error_is_its_message():
    error = WorkError("It broke", tasks=[RUNNING])
    assert (str(error), error.message, error.tasks) == ("It broke", "It broke", (RUNNING,))


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (WorkError("It broke"), {"msg": "It broke", "reason": "error"}),
        (
            WorkError("It broke", tasks=[RUNNING]),
            {"msg": "It broke", "reason": "error", "tasks": [RUNNING.to_result()]},
        ),
        (
            OptionError("api_url", "api_url is missing"),
            {"msg": "api_url is missing", "reason": "invalid_option", "option": "api_url"},
        ),
        (
            MissingLibraryError("requests", "to talk to vendors"),
            {"msg": "The Python library requests is needed to talk to vendors", "reason": "missing_library"},
        ),
        (
            TransientError("Not now", retry_after=7, **REQUEST),
            {"msg": "Not now", "reason": "unreachable", "request": REQUEST},
        ),
        (
            AuthenticationError("Refused"),
            {
                "msg": "Refused",
                "reason": "authentication",
                "request": {"method": "GET", "url": "", "status": None, "code": None},
            },
        ),
        (
            RejectedError("Malformed", method="POST"),
            {
                "msg": "Malformed",
                "reason": "rejected",
                "request": {"method": "POST", "url": "", "status": None, "code": None},
            },
        ),
        (
            WaitError("Timed out", fields={"msg": "", "outcome": "timed_out", "polls": 3}, reason="timed_out"),
            {"msg": "Timed out", "reason": "timed_out", "outcome": "timed_out", "polls": 3},
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_makes_its_result(error, result):
    assert error.to_result() == result
    assert json.loads(json.dumps(error.to_result())) == result


def test_a_transient_error_knows_how_long_the_server_asked_to_wait():
    assert TransientError("Not now", retry_after=7).retry_after == 7
    assert TransientError("Not now").retry_after is None
