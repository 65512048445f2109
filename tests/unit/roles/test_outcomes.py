# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What launch_and_wait makes of what its modules registered. The results are as ansible-core gave them."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

VARS = Path(__file__).resolve().parents[3] / "roles" / "launch_and_wait" / "vars" / "main.yml"


def facts(launch=None, wait=None, second_look=None, check=None):
    loader = DataLoader()
    variables = loader.load_from_file(str(VARS), trusted_as_template=True)
    registered = {"check": check, "launch": launch, "wait": wait, "second_look": second_look}
    variables["launch_and_wait_desired"] = {"primary": "db3"}
    variables |= {f"__launch_and_wait_{name}": result or {} for name, result in registered.items()}
    return Templar(loader=loader, variables=variables).template(variables["__launch_and_wait_facts"])


def failed(msg="It broke", **others):
    return {"failed": True, "changed": False, "msg": msg, **others}


LOST = {
    "killed, 2.16": failed("MODULE FAILURE\nSee stdout/stderr for the exact error", rc=137, module_stdout=""),
    "killed, 2.21": failed(
        "Module result deserialization failed: No start of json char found",
        rc=137,
        module_stdout="",
        exception="(traceback unavailable)",
    ),
    "out of time, 2.16": failed(
        "The longrunning.tasks.task_launch action failed to execute in the expected time frame (2) and was terminated"
    ),
    "out of time, 2.21": failed("Task failed: Timed out after 2 second(s).", timedout={"period": 2}),
    "not to be read, 2.16": {"changed": False, "failed": False, "a": "?"},
    "not to be read, 2.21": failed(
        "Task failed: Refusing to deserialize an invalid UTF8 string value: 'utf-8' codec can't encode characters"
    ),
    "a defect": failed("This is a bug in longrunning.tasks", reason="defect"),
}


@pytest.mark.kind
@pytest.mark.parametrize("launch", LOST.values(), ids=LOST)
def test_a_launch_that_left_no_result_is_unclear(launch):
    found = facts(launch)
    assert (found["outcome"], found["changed"], found["retryable"]) == ("launch_unclear", True, False)
    assert found["message"].startswith("Nobody can tell whether a task was launched")
    assert launch.get("msg", "").replace("\n", " ") in found["message"]


LAUNCHED = {"changed": True, "failed": False, "outcome": "launched", "task_id": "7", "msg": "It was launched."}
REUSED = {**LAUNCHED, "changed": False, "outcome": "reused"}
DONE = {"changed": False, "failed": False, "outcome": "succeeded", "msg": "It succeeded.", "elapsed": 1.5, "task": {}}
WRONG = failed("timeout is wrong", reason="invalid_option", option="timeout")


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ({"check": WRONG}, ("not_launched", False, False, "timeout is wrong")),
        ({"launch": failed(reason="invalid_option")}, ("not_launched", False, False, "It broke")),
        ({"launch": failed(reason="interrupted")}, ("not_launched", False, False, "It broke")),
        ({"launch": failed(reason="unreachable")}, ("not_launched", False, True, "It broke")),
        ({"launch": failed(reason="launch_unclear")}, ("launch_unclear", True, False, "It broke")),
        ({"launch": {**LAUNCHED, "outcome": "would_launch"}}, ("not_launched", True, False, "It was launched.")),
        ({"launch": {**REUSED, "outcome": "not_needed"}}, ("succeeded", False, False, "It was launched.")),
        ({"launch": LAUNCHED, "wait": DONE}, ("succeeded", True, False, "It succeeded.")),
        ({"launch": LAUNCHED, "wait": failed(outcome="timed_out")}, ("timed_out", True, False, "It broke")),
        ({"launch": LAUNCHED, "wait": failed(rc=137)}, ("interrupted", True, False, "It broke")),
        (
            {"launch": REUSED, "wait": DONE, "second_look": failed(reason="unreachable")},
            ("unreachable", False, False, "It broke"),
        ),
        (
            {"launch": REUSED, "wait": DONE, "second_look": {"outcome": "not_needed", "failed": False}},
            ("succeeded", False, False, "It succeeded."),
        ),
    ],
)
def test_an_outcome(results, expected):
    found = facts(**results)
    assert (found["outcome"], found["changed"], found["retryable"], found["message"]) == expected


def test_a_task_of_somebody_else_that_led_elsewhere():
    found = facts(REUSED, DONE, {"outcome": "would_launch", "failed": False})
    assert (found["outcome"], found["retryable"], found["task_id"]) == ("failed", True, "7")
    assert 'did not lead to {"primary": "db3"}' in found["message"]


def test_what_a_failure_tells():
    error = {"code": "396", "retryable": True}
    wait = failed(outcome="failed", elapsed=2.5, task={"error": error, "result": {"image_id": "x"}})
    found = facts({**LAUNCHED, "existing": {"id": "y"}}, wait)
    assert found == {
        "outcome": "failed",
        "changed": True,
        "task_id": "7",
        "failure_code": "396",
        "retryable": True,
        "message": "It broke",
        "elapsed": 2.5,
        "result": {"image_id": "x"},
        "existing": {"id": "y"},
    }
