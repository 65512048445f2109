# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options success_states and failure_states: waiting for a resource, in the vendor's words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import OptionError, WaitError
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._module.task_wait import run
from ansible_collections.longrunning.tasks.tests.unit.support.fake_provider import DESCRIPTION, FakeProvider, Run, task


def server(word):
    """Return a resource in the state that the provider's table has for a word."""
    return replace(task("s", DESCRIPTION.state_of(word).value), raw_state=word)


def wait(*words, **params):
    resources = {"s": [server(word) for word in words]} if words else {}
    return Run(run, FakeProvider(resources), task_ids=["s"], timeout=100, return_history=True, **params)


def fails(waiting):
    with pytest.raises(WaitError) as caught:
        waiting()
    return caught.value.to_result()


# What the table knows as well as what it does not: done is a success there, busy goes on, bad is a failure.
@pytest.mark.parametrize("word", ["ACTIVE", "in-use", "busy", "open", "bad", "done"])
def test_a_word_is_a_success_whatever_the_table_says(word):
    result = wait(word, success_states=[word])()
    assert (result["outcome"], result["polls"]) == ("succeeded", 1)
    assert (result["task"]["state"], result["task"]["raw_state"], result["task"]["error"]) == ("succeeded", word, None)
    assert result["counts"]["succeeded"] == 1


def test_any_of_several_words_will_do():
    result = wait("creating", "creating", "in-use", success_states=["available", "in-use"])()
    assert (result["outcome"], result["polls"]) == ("succeeded", 3)
    assert [change["raw_state"] for change in result["task"]["history"]] == ["creating", "in-use"]


def test_no_other_word_is_a_success():
    result = fails(wait("done", success_states=["VERIFY_RESIZE"]))
    assert (result["outcome"], result["task"]["state"], result["task"]["raw_state"]) == ("timed_out", "running", "done")
    assert "last seen done" in result["msg"]


@pytest.mark.parametrize("word", ["done", "busy", "SHUTOFF"])
def test_a_word_is_a_failure_whatever_the_table_says(word):
    result = fails(wait("open", word, failure_states=[word]))
    assert (result["outcome"], result["reason"], result["polls"]) == ("failed", "task_failed", 2)
    assert f"failed: Its state is {word}, one of failure_states." in result["msg"]
    assert (result["failed_task_ids"], result["counts"]["failed"]) == (["s"], 1)


def test_the_failures_of_the_table_stay_failures():
    assert fails(wait("bad", success_states=["ACTIVE"], failure_states=["SHUTOFF"]))["outcome"] == "failed"


def test_with_words_for_failures_alone_the_successes_of_the_table_stay():
    assert wait("busy", "done", failure_states=["SHUTOFF"])()["outcome"] == "succeeded"


def test_the_code_of_a_failure_is_kept_and_can_be_accepted():
    failed = replace(task("s", "failed", "7"), raw_state="ERROR")
    waiting = Run(
        run, FakeProvider({"s": failed}), task_ids=["s"], failure_states=["ERROR"], accept_failure_codes=["7"]
    )
    assert waiting()["task"]["error"]["code"] == "7"


def test_an_unknown_word_that_nobody_named_is_no_end():
    waiting = wait("MIGRATING", success_states=["ACTIVE"])
    assert fails(waiting)["outcome"] == "timed_out"
    assert "reports the state 'MIGRATING'" in waiting.warnings[0]


# A job of which parts failed can have the word of a success.
def test_what_failed_for_more_than_its_word_stays_a_failure():
    failed_in_part = replace(task("s", "failed"), raw_state="done")
    waiting = Run(run, FakeProvider({"s": failed_in_part}), task_ids=["s"], success_states=["done"])
    assert fails(waiting)["outcome"] == "failed"


def test_gone_is_the_good_end_only_when_it_is_gone():
    resources = [server("done"), server("done")]
    waiting = wait("done", success_states=["deleted"], not_found="succeed")
    waiting.provider.tasks["s"] = lambda: resources.pop() if resources else None
    result = waiting()
    assert (result["outcome"], result["task"]["state"]) == ("succeeded", "not_found")
    assert [change["raw_state"] for change in result["task"]["history"]] == ["done", None]


@pytest.mark.parametrize("option", ["success_states", "failure_states"])
def test_a_word_in_another_case_is_told(option):
    with pytest.raises(OptionError) as caught:
        wait("ACTIVE", **{option: ["Active"]})()
    assert caught.value.option == option
    assert f"{option} holds 'Active', but Example Cloud writes 'ACTIVE'" in caught.value.message


@pytest.mark.parametrize("option", ["success_states", "failure_states"])
def test_a_word_in_another_case_that_comes_late_loses_no_task(option):
    result = fails(wait("open", "busy", "ACTIVE", on_timeout="continue", **{option: ["Active"]}))
    assert (result["outcome"], result["reason"], result["option"]) == ("aborted", "invalid_option", option)
    assert (result["task"]["raw_state"], result["pending_task_ids"]) == ("busy", ["s"])
    assert (result["polls"], result["elapsed"], result["counts"]["running"]) == (3, 20, 1)
    assert [change["raw_state"] for change in result["task"]["history"]] == ["open", "busy"]
    assert result["msg"] == (
        f"{option} holds 'Active', but Example Cloud writes 'ACTIVE'. Write the word in the same case. "
        "Example Cloud: task s (last seen busy, 10 s ago) was not seen to end. The vendor keeps working: wait for the "
        "same IDs again."
    )


def test_blanks_around_a_word_do_not_count():
    assert wait("open", "ACTIVE", success_states=[" ACTIVE "])()["outcome"] == "succeeded"
    assert fails(wait("SHUTOFF", failure_states=["SHUTOFF "]))["outcome"] == "failed"


def test_both_cases_of_a_word_can_be_named():
    assert wait("Active", success_states=["ACTIVE"], failure_states=["Active"], on_failure="continue")()["outcome"] == (
        "failed"
    )


@pytest.mark.parametrize(
    ("params", "option", "told"),
    [
        ({"success_states": ["a", "b"], "failure_states": ["b"]}, "failure_states", "'b' is in success_states and in"),
        ({"success_states": [" "]}, "success_states", "holds a blank word"),
        ({"failure_states": [""]}, "failure_states", "holds a blank word"),
    ],
)
def test_words_that_tell_nothing_are_refused_before_anything_is_sent(params, option, told):
    waiting = wait("done", **params)
    with pytest.raises(OptionError) as caught:
        waiting()
    assert (caught.value.option, waiting.provider.asked) == (option, [])
    assert told in caught.value.message


def test_words_for_a_vendor_whose_states_are_numbers_are_refused():
    description = replace(DESCRIPTION, states={"0": TaskState.RUNNING, "2/1": TaskState.SUCCEEDED})
    numbered = replace(task("s"), raw_state="7")
    waiting = Run(run, FakeProvider({"s": numbered}, description), task_ids=["s"], success_states=["done"])
    with pytest.raises(OptionError) as caught:
        waiting()
    assert "are numbers: 0 (running), 2/1 (succeeded). Give the number" in caught.value.message
    waiting.params["success_states"] = ["7"]
    assert waiting()["outcome"] == "succeeded"


@pytest.mark.parametrize("given", [None, []])
def test_no_words_change_nothing(given):
    assert wait("done", success_states=given, failure_states=given)()["outcome"] == "succeeded"


def test_lists_are_read_in_these_words_too():
    resources = {f"s{number}": replace(task(f"s{number}"), raw_state="ACTIVE") for number in range(3)}
    waiting = Run(run, FakeProvider(resources), task_ids=list(resources), success_states=["ACTIVE"])
    assert waiting()["counts"]["succeeded"] == 3
    assert len(waiting.provider.queries) == 1
