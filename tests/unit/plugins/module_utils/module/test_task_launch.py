# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import OptionError, TransientError
from ansible_collections.longrunning.tasks.plugins.module_utils._module import argument_specs, launch_results
from ansible_collections.longrunning.tasks.plugins.module_utils._module.launch_results import launched_task_ids
from ansible_collections.longrunning.tasks.plugins.module_utils._module.task_launch import run
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS
from ansible_collections.longrunning.tasks.plugins.module_utils._work.launching import LaunchOutcome, ReusePolicy
from ansible_collections.longrunning.tasks.tests.unit.support.fake_provider import (
    FakeProvider,
    LaunchingProvider,
    Run,
    task,
)

LOST = TransientError("the connection was reset")


def busy(name=None):
    return task("old", type="import", raw={}, name=name)


def launch(provider, **params):
    return Run(run, provider, **{"type": "import", **params})


@pytest.mark.parametrize(
    ("provider", "params", "outcome", "is_changed", "msg"),
    [
        (LaunchingProvider("new"), {}, "launched", True, "import task new was launched"),
        (
            LaunchingProvider(LOST, tasks={"old": [None, busy()]}),
            {},
            "found",
            True,
            "the launch got no clear answer, but import task old, which matches it, has appeared since",
        ),
        (
            LaunchingProvider(tasks={"old": busy("web")}),
            {},
            "reused",
            False,
            "import task old (web) matches this launch and is running. Nothing was launched",
        ),
        (
            LaunchingProvider(),
            {"check_mode": True},
            "would_launch",
            True,
            "a task of type import would be launched (check mode)",
        ),
        (
            LaunchingProvider(tasks={"old": busy()}),
            {"check_mode": True},
            "reused",
            False,
            "import task old matches this launch and is running. Nothing was launched",
        ),
    ],
    ids=["launched", "found", "reused", "would_launch", "reused in check mode"],
)
def test_what_is_told(provider, params, outcome, is_changed, msg):
    result = launch(provider, **params)()
    assert (result["outcome"], result["changed"], result["msg"]) == (outcome, is_changed, f"Example Cloud: {msg}.")
    assert (result["task"] or {}).get("id") == result["task_id"]
    assert result["existing"] is None


def test_what_is_there_already_is_returned():
    provider = LaunchingProvider()
    provider.existing = {"id": "i-1", "name": "golden"}
    result = launch(provider, desired={"name": "golden"})()
    assert (result["outcome"], result["changed"], result["task"]) == ("not_needed", False, None)
    assert result["existing"] == provider.existing
    assert result["msg"] == "Example Cloud: the desired result (name: golden) is there already. Nothing was launched."


def test_a_launched_task_that_is_not_told_yet_has_its_id():
    provider = LaunchingProvider("new", tasks={"new": LOST})
    result = launch(provider)()
    assert (result["task_id"], result["task"]) == ("new", None)
    assert result["msg"] == "Example Cloud: import task new was launched."


@pytest.mark.parametrize(
    ("description", "params", "option", "words"),
    [
        ({}, {"type": "clone"}, "type", "type is 'clone'; provider example launches import or export"),
        ({}, {"desired": {}}, "desired", "desired is empty"),
        ({}, {"desired": {"name": ""}}, "desired", "the value of name has to be a text or a number"),
        ({}, {"desired": {"name": "\ud800"}}, "desired", "desired contains a broken character"),
        ({}, {"input": {"size": float("nan")}}, "input", "input contains something that JSON cannot express"),
        ({}, {"desired": {"name": ["a"]}}, "desired", "the value of name has to be a text or a number"),
        ({}, {"transient_timeout": -1.0}, "transient_timeout", "transient_timeout is -1"),
        ({"success_lasts": False}, {"reuse": "succeeded"}, "reuse", "reuse cannot be succeeded at Example Cloud"),
    ],
)
def test_bad_options_launch_nothing(description, params, option, words):
    provider = LaunchingProvider("new", **description)
    with pytest.raises(OptionError, match=words.replace("(", r"\(")) as caught:
        launch(provider, **params)()
    assert caught.value.option == option
    assert provider.launches == []


def test_a_vendor_whose_tasks_cannot_be_launched():
    with pytest.raises(OptionError, match="task_launch cannot launch tasks of Example Cloud") as caught:
        launch(FakeProvider())()
    assert caught.value.option == "provider"


def test_the_words_for_reuse_are_those_of_the_option():
    assert argument_specs.TASK_LAUNCH["reuse"]["choices"] == [policy.value for policy in ReusePolicy]


# --- what task_wait makes of it -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_wait_takes_the_result(name):
    description = PROVIDERS[name].description
    result = {"changed": True, "outcome": "launched", "task_id": "7", "task": None, "existing": None, "msg": "x"}
    assert launched_task_ids(result, description) == ("7",)
    loop = {"results": [result, {**result, "task_id": "8", "outcome": "reused"}]}
    assert launched_task_ids(loop, description) == ("7", "8")


@pytest.mark.parametrize("outcome", ["not_needed", "would_launch"])
@pytest.mark.parametrize("name", PROVIDERS)
def test_there_is_nothing_to_wait_for_where_nothing_was_launched(name, outcome):
    result = {"changed": False, "outcome": outcome, "task_id": None, "task": None, "existing": None, "msg": "x"}
    assert launched_task_ids(result, PROVIDERS[name].description) == ()


def test_the_outcomes_without_a_task_are_those_of_a_launch():
    assert {LaunchOutcome.NOT_NEEDED.value, LaunchOutcome.WOULD_LAUNCH.value} == launch_results._NOTHING_LAUNCHED
