# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Defects that other waiters were seen to have, each as a test that this one passes.

The docstrings say which waiter has it, in the version in which it was read or run. What needs a server is in
test_known_defects_simulator.py; what is about the deadline alone, four stories on which nineteen loops were tried among
it, in test_waiting_deadline.py.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import pytest
import yaml

from ansible_collections.longrunning.tasks.plugins.module_utils._core import errors as _errors
from ansible_collections.longrunning.tasks.plugins.module_utils._module.argument_specs import TASK_INFO, TASK_WAIT
from ansible_collections.longrunning.tasks.plugins.module_utils._module.runner import run_module
from ansible_collections.longrunning.tasks.plugins.module_utils._module.task_wait import LEAST_INTERVAL, run
from ansible_collections.longrunning.tasks.plugins.modules import task_wait as task_wait_module
from ansible_collections.longrunning.tasks.tests.unit.support.fake_provider import (
    DESCRIPTION,
    FakeProvider,
    Run,
    task,
)
from ansible_collections.longrunning.tasks.tests.unit.support.module_run import run_as_module


def wait(tasks, **params):
    """Return a wait that looks every 10 seconds at tasks that are as given, look by look."""
    params.setdefault("task_ids", list(tasks))
    return Run(run, FakeProvider(tasks), **params)


def fails(waiting):
    with pytest.raises(_errors.WaitError) as caught:
        waiting()
    return caught.value.to_result()


def in_state(word):
    """Return a task in a vendor's state, as the vendor's table has it."""
    return replace(task("a", DESCRIPTION.state_of(word).value), raw_state=word)


RUNNING, SUCCEEDED = task("a"), task("a", "succeeded")
AWAY = _errors.TransientError("The server answered with 502")


# --- what is an end, and which ----------------------------------------------------------------------------------


def test_a_state_in_no_list_is_slept_on_and_never_called_an_end():
    """dellemc.openmanage 9.12.3, job_tracking: sixty requests without a sleep, and then a failure."""
    waiting = wait({"a": [*[in_state("New")] * 6, SUCCEEDED]})
    assert (waiting()["outcome"], waiting.clock.slept) == ("succeeded", [10.0] * 6)


def test_a_wait_that_runs_out_in_such_a_state_names_it():
    """dellemc.openmanage 9.12.3, job_tracking: the message is "Job tracking started."."""
    waiting = wait({"a": in_state("New")}, timeout=60)
    result = fails(waiting)
    assert (result["outcome"], result["task"]["raw_state"]) == ("timed_out", "New")
    assert "task a (last seen New) has not ended within the timeout of 60 s" in result["msg"]
    assert ["'New'" in warning for warning in waiting.warnings] == [True]


@pytest.mark.parametrize("word", ["Scheduled", "completed with errors", "partially succeeded", "WARNINGS: 3", "done?"])
def test_what_sounds_like_an_end_is_no_success(word):
    """A success to dellemc.openmanage 9.12.3 (two of these), check_point.mgmt 6.7.0, community.proxmox 1.4.0.

    To scale_computing.hypercore of March 2025 every word that it does not know is one.
    """
    result = fails(wait({"a": in_state(word)}, timeout=60))
    assert (result["outcome"], result["counts"]["succeeded"]) == ("timed_out", 0)
    assert fails(wait({"a": in_state(word)}, unknown_state="fail"))["failed_task_ids"] == ["a"]


@pytest.mark.parametrize("end", ["cancelled", "dismissed"])
def test_an_end_that_is_neither_success_nor_failure_ends_the_wait(end):
    """nutanix.ncp 2.5.0, v4 wait_for_completion: CANCELED is waited on for ever."""
    result = fails(wait({"a": [RUNNING, task("a", end)]}))
    assert (result["outcome"], result["elapsed"], result["counts"][end]) == ("failed", 10.0, 1)
    assert f"task a was {end}" in result["msg"]


def test_a_failed_task_does_not_wait_out_the_timeout():
    """netapp.ontap 23.2.0, na_ontap_wait_for_condition: it has no states that are failures."""
    result = fails(wait({"a": [RUNNING, task("a", "failed", "7")]}, timeout=3600))
    assert (result["reason"], result["elapsed"]) == ("task_failed", 10.0)


def test_a_task_that_does_not_exist_is_no_success():
    """scale_computing.hypercore of March 2025, task_wait: 404 is a success."""
    result = fails(wait({}, task_ids=["a"]))
    assert (result["outcome"], result["failed_task_ids"], result["polls"]) == ("failed", ["a"], 1)


def test_paused_is_waited_on_and_no_failure():
    """theforeman.foreman 5.7.0, wait_for_task: paused is a failure, with an empty list of errors."""
    assert wait({"a": [RUNNING, *[task("a", "paused")] * 3, SUCCEEDED]})()["outcome"] == "succeeded"
    result = fails(wait({"a": task("a", "paused")}, timeout=20))
    assert (result["outcome"], result["failed_task_ids"], result["pending_task_ids"]) == ("timed_out", [], ["a"])
    assert "last seen paused" in result["msg"]


def test_a_task_that_somebody_cancels_before_the_timeout_comes_back_whole():
    """community.general 11.4.2, rundeck_job_run: it exits without a result, with timed_out false."""
    result = fails(wait({"a": [RUNNING, task("a", "cancelled", message="by ann")]}, timeout=3600))
    assert (result["timed_out"], result["outcome"], result["reason"]) == (False, "failed", "task_failed")
    assert result["task"]["message"] == "by ann"
    assert [change["state"] for change in result["task"]["history"]] == ["running", "cancelled"]


# --- time -------------------------------------------------------------------------------------------------------


def test_the_first_look_is_at_once_and_nothing_follows_a_success():
    """dellemc.openmanage 9.12.3 sleeps a minute before its first look, nutanix.ncp 2.5.0 after a success."""
    waiting = wait({"a": SUCCEEDED})
    assert (waiting()["elapsed"], waiting.clock.slept, waiting.provider.asked) == (0.0, [], ["a"])


def test_a_wait_for_which_nothing_is_said_ends_after_an_hour():
    """Without an end: google.cloud 1.10.2, nutanix.ncp 2.5.0 (v4), awx.awx 24.6.1, f5networks.f5_modules 1.39.0,
    ngine_io.cloudstack (poll_job), scale_computing.hypercore of March 2025."""
    waiting = wait({"a": RUNNING})
    assert fails(waiting)["outcome"] == "timed_out"
    assert waiting.clock.elapsed == 3600


@pytest.mark.parametrize("timeout", [math.inf, math.nan, -1.0, -0.5])
def test_no_value_of_timeout_means_for_ever_or_is_guessed_at(timeout):
    """awx.awx 24.6.1, workflow_node_wait: less than nothing is a timeout at once."""
    waiting = wait({"a": RUNNING}, timeout=timeout)
    with pytest.raises(_errors.OptionError, match="timeout is "):
        waiting()
    assert waiting.provider.asked == []


@pytest.mark.parametrize("timeout", [0.0, None])
def test_a_timeout_of_nothing_is_one_look(timeout):
    """awx.awx 24.6.1, job_wait and workflow_node_wait: 0, which remaining time can come to, is infinite."""
    waiting = wait({"a": RUNNING}, timeout=timeout)
    result = fails(waiting)
    assert (result["outcome"], result["polls"], waiting.clock.slept) == ("timed_out", 1, [])


def test_all_times_are_seconds():
    """check_point.mgmt 6.7.0: the timeout is minutes. community.proxmox 1.4.0 counts turns."""
    waiting = wait({"a": RUNNING}, timeout=25)
    fails(waiting)
    assert waiting.clock.elapsed == 25
    options = yaml.safe_load(task_wait_module.DOCUMENTATION)["options"]
    for name, rule in TASK_WAIT.items():
        if rule["type"] == "float":
            assert "econds" in " ".join(options[name]["description"]), name


@pytest.mark.parametrize(("interval", "expected"), [(None, 10.0), (3.0, 3.0), (45.0, 45.0)])
def test_the_interval_is_the_users_or_else_the_vendors(interval, expected):
    """Fixed at 4 s in theforeman.foreman 5.7.0, 1 s in google.cloud 1.10.2 and scale_computing.hypercore, 2 s in
    nutanix.ncp 2.5.0, check_point.mgmt 6.7.0 and ngine_io.cloudstack."""
    waiting = wait({"a": [RUNNING] * 3 + [SUCCEEDED]}, poll_interval=interval)
    waiting()
    assert waiting.clock.slept == [expected] * 3


@pytest.mark.parametrize("interval", [0.0, LEAST_INTERVAL / 2])
def test_an_interval_of_nothing_is_refused(interval):
    """cisco.dnac 6.43.0, check_execution_response_status: it polls without any sleep."""
    with pytest.raises(_errors.OptionError, match="poll_interval is "):
        wait({"a": RUNNING}, poll_interval=interval)()


@pytest.mark.parametrize("state", ["queued", "running", "paused", "unknown"])
def test_between_two_looks_there_is_always_a_sleep(state):
    """cisco.dnac 6.43.0 never sleeps, dellemc.openmanage 9.12.3 not in a state that it does not know."""
    waiting = wait({"a": task("a", state)}, timeout=100)
    polls = fails(waiting)["polls"]
    assert waiting.clock.slept == [10.0] * (polls - 1)


def test_check_mode_does_not_wait():
    """theforeman.foreman 5.7.0, awx.awx 24.6.1, netapp.ontap 23.2.0 wait in it; scale_computing.hypercore has none."""
    waiting = wait({"a": RUNNING}, check_mode=True, timeout=3600)
    assert (waiting()["polls"], waiting.clock.slept) == (1, [])


@pytest.mark.parametrize("jump", [timedelta(days=-1), timedelta(days=365)])
def test_a_clock_that_is_set_neither_ends_nor_lengthens_a_wait(jump):
    """Of 442 files that sleep, in 90 collections, 17 know the monotonic clock."""
    waiting = wait({"a": RUNNING}, timeout=60, stall_timeout=45, on_timeout="continue")
    waiting.clock.set_wall_clock(jump)
    sleep = waiting.clock.sleep
    waiting.clock.sleep = lambda seconds: (sleep(seconds), waiting.clock.set_wall_clock(jump))
    assert (waiting()["outcome"], waiting.clock.elapsed) == ("stalled", 45)


# --- trouble ----------------------------------------------------------------------------------------------------


def test_trouble_that_passed_is_forgiven():
    """netapp.ontap 23.2.0: three "consecutive" errors are three in all. dellemc.openmanage 9.12.3: 30 seconds too."""
    waiting = wait({"a": [AWAY, AWAY, RUNNING] * 30 + [SUCCEEDED]}, transient_timeout=20)
    result = waiting()
    assert (result["outcome"], result["transient_errors"]) == ("succeeded", 60)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (AWAY, "unreachable"),
        (_errors.AuthenticationError("The login was refused"), "authentication"),
        (_errors.AccessDeniedError("Not for you"), "permission"),
        (_errors.RejectedError("No"), "rejected"),
        (_errors.BadAnswerError("What?"), "bad_answer"),
    ],
)
def test_whatever_ends_a_wait_the_task_as_last_seen_comes_back(error, reason):
    """awx.awx 24.6.1, wait_on_url: 5xx, 401 and broken connections end it without the job's data."""
    result = fails(wait({"a": [task("a", percent=40.0), error]}, transient_timeout=20))
    assert (result["outcome"], result["reason"]) == ("unreachable", reason)
    assert (result["task"]["state"], result["task"]["percent"]) == ("running", 40.0)
    assert "task a (last seen busy, 40 %" in result["msg"]


def test_after_an_error_the_old_answer_is_not_judged_again():
    """kubernetes.core 6.2.0, Waiter: after a connection error the stale object is judged once more."""
    result = fails(wait({"a": [in_state("New"), AWAY]}, stall_timeout=25, transient_timeout=60))
    # Judged again, it would have stood still for 25 seconds.
    assert (result["outcome"], result["elapsed"]) == ("unreachable", 70.0)
    assert len(result["task"]["history"]) == 1


# --- what is told -----------------------------------------------------------------------------------------------


def test_a_failure_tells_the_code_the_reason_and_what_to_do():
    """nutanix.ncp 2.5.0 says "Task Failed", f5networks.f5_modules 1.39.0 "Failed to import ASM policy."."""
    result = fails(wait({"a": task("a", "failed", "7", type="import", message="disk full")}))
    assert result["msg"] == "Example Cloud: import task a failed with code 7: It broke. disk full. What to do: Mend it."
    assert result["task"]["error"] == {
        "code": "7",
        "title": "It broke",
        "detail": None,
        "remedy": "Mend it",
        "retryable": None,
        "source": None,
    }


def test_a_timeout_tells_which_task_its_state_and_when_that_was_seen():
    """check_point.mgmt 6.7.0 tells the id only. kubernetes.core 6.2.0, k8s_info, returns nothing but a message."""
    copying = task("a", percent=40.0, type="import", name="web")
    result = fails(wait({"a": [copying, AWAY]}, timeout=60))
    assert "import task a (web) (last seen busy, 40 %, 60 s ago) has not ended within the timeout" in result["msg"]
    assert "wait for the same ids again" in result["msg"]
    assert (result["timed_out"], result["last_transient_error"]) == (True, "The server answered with 502")


@pytest.mark.parametrize(
    ("tasks", "params"),
    [
        ({"a": RUNNING}, {"timeout": 20}),
        ({"a": RUNNING}, {"stall_timeout": 20}),
        ({"a": task("a", "failed")}, {}),
        ({"a": AWAY}, {"transient_timeout": 20}),
        ({}, {"task_ids": ["a"]}),
    ],
    ids=["timed_out", "stalled", "failed", "unreachable", "not_found"],
)
def test_a_failure_returns_all_that_a_success_does(tasks, params):
    """kubernetes.core 6.2.0, check_point.mgmt 6.7.0: a message only. scale_computing.hypercore: "record": null."""
    success = wait({"a": SUCCEEDED})()
    failure = fails(wait(tasks, **params))
    assert failure.keys() - success.keys() == {"reason"}
    assert success.keys() <= failure.keys()
    assert failure["task"].keys() == success["task"].keys()
    assert (failure["task"]["id"], failure["tasks"]) == ("a", [failure["task"]])


@pytest.mark.parametrize(
    ("fail_fast", "states"),
    [(False, ["succeeded", "failed", "succeeded"]), (True, ["running", "failed", "running"])],
)
def test_the_first_failure_does_not_lose_what_the_others_are(fail_fast, states):
    """check_point.mgmt 6.7.0: the first failed task ends it, and what the others were is not told."""
    tasks = {
        "a": [task("a"), task("a"), task("a", "succeeded")],
        "b": [task("b"), task("b", "failed")],
        "c": [task("c"), task("c"), task("c"), task("c", "succeeded")],
    }
    result = fails(wait(tasks, fail_fast=fail_fast))
    assert [each["state"] for each in result["tasks"]] == states
    assert (result["failed_task_ids"], result["pending_task_ids"]) == (["b"], ["a", "c"] if fail_fast else [])


def every_error():
    kinds = [_errors.WorkError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    special = {
        _errors.OptionError: _errors.OptionError("timeout", "words"),
        _errors.MissingLibraryError: _errors.MissingLibraryError("library", "to say words"),
        _errors.WaitError: _errors.WaitError("words", fields={"outcome": "failed"}, reason="task_failed"),
    }
    return [special[kind] if kind in special else kind("words") for kind in kinds]


@pytest.mark.parametrize("error", every_error(), ids=lambda error: error.__class__.__name__)
def test_every_error_becomes_a_failure_in_words(error, capsys):
    """theforeman.foreman 5.7.0, wait_for_task: timeouts and failures are exceptions that nobody catches."""

    def work(_context):
        raise error

    params = {"provider": "rackspace_images", "task_id": "a", "api_token": "t0ken-9", "region": "DFW"}
    code, result, written = run_as_module(lambda: run_module(work, TASK_INFO), params, capsys)
    assert (code, result["failed"], result["changed"]) == (1, True, False)
    assert "words" in result["msg"]
    assert result["reason"] == error.to_result()["reason"]
    assert "Traceback" not in written
