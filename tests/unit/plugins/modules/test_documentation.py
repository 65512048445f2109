# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

import pytest
import yaml

from ansible_collections.longrunning.tasks.plugins.doc_fragments import attributes, connection
from ansible_collections.longrunning.tasks.plugins.module_utils._core import errors as _errors
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import Task, TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._module import (
    argument_specs,
    task_cancel,
    task_info,
    task_launch,
    task_list,
    task_wait,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.connecting import environment_names
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.options import (
    CONNECTION_OPTIONS,
    SECRET_OPTIONS,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS
from ansible_collections.longrunning.tasks.plugins.module_utils._work.cancelling import CancelOutcome
from ansible_collections.longrunning.tasks.plugins.modules import task_cancel as task_cancel_module
from ansible_collections.longrunning.tasks.plugins.modules import task_info as task_info_module
from ansible_collections.longrunning.tasks.plugins.modules import task_launch as task_launch_module
from ansible_collections.longrunning.tasks.plugins.modules import task_list as task_list_module
from ansible_collections.longrunning.tasks.plugins.modules import task_wait as task_wait_module
from ansible_collections.longrunning.tasks.tests.unit.support.fake_provider import (
    CancellingProvider,
    FakeProvider,
    LaunchingProvider,
    Run,
    task,
)

FRAGMENTS = {"connection": connection, "attributes": attributes}
MODULES = {
    "task_cancel": (task_cancel_module, argument_specs.TASK_CANCEL),
    "task_info": (task_info_module, argument_specs.TASK_INFO),
    "task_launch": (task_launch_module, argument_specs.TASK_LAUNCH),
    "task_list": (task_list_module, argument_specs.TASK_LIST),
    "task_wait": (task_wait_module, argument_specs.TASK_WAIT),
}
EACH = pytest.mark.parametrize("name", MODULES)


def documentation(name):
    return yaml.safe_load(MODULES[name][0].DOCUMENTATION)


def returned(name):
    return yaml.safe_load(MODULES[name][0].RETURN)


def documented_options(name):
    doc = documentation(name)
    options = dict(doc["options"])
    for fragment in doc["extends_documentation_fragment"]:
        text = FRAGMENTS[fragment.removeprefix("longrunning.tasks.")].ModuleDocFragment.DOCUMENTATION
        options.update(yaml.safe_load(text)["options"])
    return options


def texts(node):
    if isinstance(node, dict):
        return [text for value in node.values() for text in texts(value)]
    if isinstance(node, list):
        return [text for value in node for text in texts(value)]
    return [node] if isinstance(node, str) else []


# --- options --------------------------------------------------------------------------------------------------


# rundeck_job_run of community.general 11.4.2 documents an abort on timeout, and its default is not to abort.
@EACH
def test_options_are_documented_as_they_are(name):
    kept = ("type", "elements", "required", "default", "choices", "aliases")

    def kept_of(rules):
        return {
            option: {
                **{key: rule[key] for key in kept if rule.get(key)},
                "of it": kept_of(rule.get("suboptions") or rule.get("options") or {}),
            }
            for option, rule in rules.items()
        }

    assert kept_of(documented_options(name)) == kept_of({**argument_specs.CONNECTION, **MODULES[name][1]})


@EACH
def test_defaults_have_their_types(name):
    kinds = {"str": str, "bool": bool, "float": float, "int": int, "list": list, "path": str, "dict": dict}
    spec = {**argument_specs.CONNECTION, **MODULES[name][1]}
    for option, rule in documented_options(name).items():
        for default in (rule.get("default"), spec[option].get("default")):
            assert default is None or default.__class__ is kinds[rule["type"]], option


@EACH
def test_every_option_is_described(name):
    options = documented_options(name)
    of_options = [pair for rule in options.values() for pair in rule.get("suboptions", {}).items()]
    for option, rule in [*options.items(), *of_options]:
        for line in rule["description"]:
            assert line.endswith("."), (option, line)


def test_the_providers_are_those_of_the_registry():
    assert argument_specs.CONNECTION["provider"]["choices"] == sorted(PROVIDERS)
    described = " ".join(
        yaml.safe_load(connection.ModuleDocFragment.DOCUMENTATION)["options"]["provider"]["description"]
    )
    assert {name for name in PROVIDERS if f"V({name})" in described} == set(PROVIDERS)


def test_the_connection_options_are_those_that_providers_get():
    assert set(argument_specs.CONNECTION) == set(CONNECTION_OPTIONS)
    hidden = {name for name, rule in argument_specs.CONNECTION.items() if rule.get("no_log")}
    assert hidden == set(SECRET_OPTIONS)


@pytest.mark.parametrize("option", CONNECTION_OPTIONS)
def test_the_environment_variables_are_documented(option):
    fragment = yaml.safe_load(connection.ModuleDocFragment.DOCUMENTATION)
    lines = [line for line in fragment["options"][option]["description"] if line.startswith("Environment ")]
    documented = {name for line in lines for name in re.findall(r"E\(([^)]+)\)", line)}
    if f"C(PREFIX_{option.upper()})" in " ".join(lines):
        # The notes say which prefixes there are. A provider has such a variable, or one of another name, or none.
        (note,) = [note for note in fragment["notes"] if note.startswith("C(PREFIX)")]
        prefixes = dict(re.findall(r"C\((\w+)\) for V\((\w+)\)", note))
        assert prefixes == {provider.description.environment_prefix: name for name, provider in PROVIDERS.items()}
        regular = {f"{prefix}_{option.upper()}" for prefix in prefixes}
        taken = {name for p in PROVIDERS.values() for name in environment_names(p.description, option)}
        documented |= regular & taken
    assert len(lines) <= 1
    assert len("".join(lines)) <= 100, "one short line"
    known = {name for provider in PROVIDERS.values() for name in environment_names(provider.description, option)}
    assert documented == known


def test_no_other_environment_variable_is_named():
    names = set(re.findall(r"E\(([^)]+)\)", connection.ModuleDocFragment.DOCUMENTATION))
    known = {
        name
        for provider in PROVIDERS.values()
        for option in CONNECTION_OPTIONS
        for name in environment_names(provider.description, option)
    }
    assert names - known == {"HTTPS_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE"}


def test_the_intervals_of_the_providers_are_told_right():
    text = " ".join(documented_options("task_wait")["poll_interval"]["description"])
    for provider in PROVIDERS.values():
        assert f"V({provider.description.poll_interval:g})" in text


# --- references -----------------------------------------------------------------------------------------------


# job_wait of awx.awx 24.6.1 explains its interval with two options that it does not have any more.
@EACH
def test_options_and_values_that_texts_name_exist(name):
    options, values = documented_options(name), returned(name)
    everything = " ".join(texts([documentation(name), values, documented_options(name)]))
    named = {*options, *(f"{option}.{key}" for option, rule in options.items() for key in rule.get("suboptions", {}))}
    for option in re.findall(r"(?<!\w)O\(([a-z_.]+)(?:=[^)]*)?\)", everything):
        assert option in named
    for value in re.findall(r"RV\(([a-z_]+)\)", everything):
        assert value in values
    for other, value in re.findall(r"RV\(longrunning\.tasks\.(\w+)#module:([a-z_]+)", everything):
        assert value in returned(other)
    for other in re.findall(r"M\(longrunning\.tasks\.(\w+)\)", everything):
        assert other in MODULES


# --- examples -------------------------------------------------------------------------------------------------


def steps(node):
    for entry in node:
        yield entry
        for part in ("block", "rescue", "always"):
            yield from steps(entry.get(part, []))


@EACH
def test_examples_use_options_that_exist(name):
    found = set()
    for step in steps(yaml.safe_load(MODULES[name][0].EXAMPLES)):
        assert step["name"]
        for action, params in step.items():
            short = action.rpartition("longrunning.tasks.")[2]
            if action.startswith("longrunning.tasks."):
                found.add(short)
                options = documented_options(short)
                names = set(options) | {alias for rule in options.values() for alias in rule.get("aliases", [])}
                assert set(params) <= names
                assert all(
                    value in options[key].get("choices", [value])
                    for key, value in params.items()
                    if isinstance(value, str) and key in options
                )
    assert name in found


def test_there_is_an_example_of_a_wait_for_every_provider():
    waits = [
        step.get("longrunning.tasks.task_wait", {}) for step in steps(yaml.safe_load(MODULES["task_wait"][0].EXAMPLES))
    ]
    # A wait with a definition has the provider custom, named or not.
    shown = {wait.get("provider", "custom" if "definition" in wait else None) for wait in waits}
    assert shown - {None} == set(PROVIDERS)
    assert [wait["definition"] for wait in waits if wait.get("definition") == "awx"], "a definition by its name"


@EACH
def test_the_first_example_has_all_that_is_required(name):
    first = yaml.safe_load(MODULES[name][0].EXAMPLES)[0]
    params = next(step for step in steps([first]) if f"longrunning.tasks.{name}" in step)[f"longrunning.tasks.{name}"]
    for option, rule in documented_options(name).items():
        if rule.get("required"):
            assert {option, *rule.get("aliases", [])} & set(params)


# --- what is returned -----------------------------------------------------------------------------------------

RETURNED = ("always", "success")
FAILURE = {"reason", "request", "option", "candidates"}


def result_of(name, **params):
    if name == "task_launch":
        result = Run(task_launch.run, LaunchingProvider("a"), type="import")()
    if name == "task_cancel":
        looks = [task("a"), task("a", "cancelled")]
        result = Run(task_cancel.run, CancellingProvider(None, tasks={"a": looks}), task_ids=["a"])()
    if name in ("task_launch", "task_cancel"):
        # Every module of Ansible returns it; these are the only ones here that ever say true.
        assert result.pop("changed") is True
        return result
    provider = FakeProvider({"a": task("a", "succeeded")})
    work = {"task_info": task_info.run, "task_list": task_list.run, "task_wait": task_wait.run}[name]
    if name != "task_list":
        params["task_ids"] = ["a"]
    return Run(work, provider, **params)()


# A rescue that looks at the failed tasks has to work when no wait began, too.
@pytest.mark.parametrize("work", [task_cancel, task_wait], ids=["task_cancel", "task_wait"])
def test_what_did_not_start_returns_what_it_does_else(work):
    name = work.__name__.rpartition(".")[2]
    documented = {key for key, value in returned(name).items() if value["returned"] == "always"}
    assert {"msg", *work.NOT_STARTED} == documented
    result = result_of(name)
    for key, value in work.NOT_STARTED.items():
        assert value is None or type(value) is type(result[key]), key


# task_wait of scale_computing.hypercore documents nothing of what it returns.
@EACH
def test_what_is_returned_is_documented(name):
    documented = {key for key, value in returned(name).items() if value["returned"] in RETURNED}
    assert set(result_of(name)) == documented
    others = {key for key, value in returned(name).items() if value["returned"] not in RETURNED}
    assert others <= FAILURE


@EACH
def test_the_types_are_documented(name):
    kinds = {"list": list, "dict": dict, "str": str, "int": int, "bool": bool, "float": float}
    for key, value in result_of(name).items():
        assert value is None or isinstance(value, kinds[returned(name)[key]["type"]]), key


def test_the_fields_of_a_task_are_documented():
    documented = returned("task_info")["task"]["contains"]
    assert list(documented) == list(Task("a", "example", TaskState.QUEUED, subtasks=()).to_result())
    error = task("a", "failed").to_result()["error"]
    assert list(documented["error"]["contains"]) == list(error)


def test_the_fields_of_a_waited_for_task_are_documented():
    waited = result_of("task_wait", return_history=True)["task"]
    documented = returned("task_wait")["tasks"]["contains"]
    assert set(documented) <= set(waited)
    assert list(documented["history"]["contains"]) == list(waited["history"][0])
    assert set(returned("task_wait")["counts"]["sample"]) == set(result_of("task_wait")["counts"])


def test_the_sample_of_a_list_has_a_tasks_fields():
    (sample,) = returned("task_list")["tasks"]["sample"]
    # The vendor's own object comes only where it is wanted.
    assert [*sample, "raw"] == list(Task("a", "example", TaskState.QUEUED).to_result())


@pytest.mark.parametrize("state", TaskState)
def test_every_state_is_explained(state):
    assert f"V({state})" in " ".join(returned("task_info")["task"]["contains"]["state"]["description"])


def test_every_reason_is_explained():
    kinds = [_errors.WorkError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    # Those of the two abstract kinds, and of a wait and a launch, which have their own lists.
    raised = {kind.reason for kind in kinds} - {_errors.WorkError.reason, "launch_unclear"} | {"defect"}
    documented = " ".join(returned("task_info")["reason"]["description"])
    assert set(re.findall(r"V\((\w+)\)", documented)) == raised


@pytest.mark.parametrize("outcome", [*CancelOutcome, "not_started"])
def test_every_outcome_of_a_cancel_is_explained(outcome):
    word = getattr(outcome, "value", outcome)
    assert any(line.startswith(f"V({word}) - ") for line in returned("task_cancel")["outcome"]["description"])
