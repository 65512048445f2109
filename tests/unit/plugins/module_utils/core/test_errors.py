# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each error makes its own result."""

from __future__ import annotations

import json

import pytest

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

RUNNING = Task("7", "example", TaskState.RUNNING)
REQUEST = {"method": "GET", "url": "https://api.example/tasks/7", "status": 502, "code": "E1"}


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
