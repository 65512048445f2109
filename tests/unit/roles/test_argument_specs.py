# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a role's argument_specs say is what its defaults, its README and the modules say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.longrunning.tasks.plugins.module_utils._module.argument_specs import TASK_LAUNCH, TASK_WAIT
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS

ROOT = Path(__file__).resolve().parents[3]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.name != "task_simulator")
#: Of task_wait's options: what the role says otherwise.
_OF_THE_ROLE = {"ids", "launch_results", "provider"}


def load(role, file):
    return yaml.safe_load((ROOT / "roles" / role / file).read_text(encoding="utf-8"))


def options(role):
    return load(role, "meta/argument_specs.yml")["argument_specs"]["main"]["options"]


@pytest.mark.parametrize("role", ROLES)
def test_defaults_are_those_of_the_specification(role):
    specified = {name: option["default"] for name, option in options(role).items() if "default" in option}
    assert load(role, "defaults/main.yml") == specified


@pytest.mark.parametrize("role", ROLES)
def test_the_readme_has_every_variable_with_its_type_and_default(role):
    text = (ROOT / "roles" / role / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"(?m)^\| `(\w+)` \| (\w+) \| (?:`([^`]*)`|(required|)) ?\| ", text)
    told = {name: (kind, default or word) for name, kind, default, word in rows}
    assert set(told) == set(options(role))
    for name, option in options(role).items():
        default = option.get("default", "")
        shown = str(default).lower() if isinstance(default, bool) else "" if default in ([], {}) else str(default)
        assert told[name] == (option["type"], "required" if option.get("required") else shown), name


@pytest.mark.parametrize("role", ROLES)
def test_the_readme_has_every_fact(role):
    text = (ROOT / "roles" / role / "README.md").read_text(encoding="utf-8")
    facts = re.findall(rf"(?m)^    ({role}_\w+): ", (ROOT / "roles" / role / "tasks" / "main.yml").read_text("utf-8"))
    assert len(facts) > 7
    for fact in facts:
        assert f"| `{fact}` | " in text
    handed_on = load(role, "vars/main.yml")[f"__{role}_facts"]
    assert set(handed_on) <= set(facts)


@pytest.mark.parametrize("role", ROLES)
def test_every_connection_comes_from_elsewhere(role):
    names = {name.removeprefix(f"{role}_") for name in options(role)}
    assert not names & {"api_url", "auth_url", "username", "password", "api_token", "api_key", "region", "cloud"}


def test_the_options_of_the_wait_are_those_of_the_module():
    for role, lacking in (
        ("wait_for_tasks", {"task_ids", "return_history", "return_raw"}),
        (
            "launch_and_wait",
            # There is one task, and the role fails where it ends badly.
            {
                *("task_ids", "launch_results", "wait_for", "fail_fast"),
                *("on_failure", "on_timeout", "follow_subtasks"),
                *("return_history", "return_raw"),
            },
        ),
    ):
        specified = {name.removeprefix(f"{role}_"): option for name, option in options(role).items()}
        assert set(TASK_WAIT) - lacking <= set(specified)
        for name in set(TASK_WAIT) & set(specified) - _OF_THE_ROLE:
            mine, module = specified[name], TASK_WAIT[name]
            # Text with codes in it has to be taken apart first.
            assert mine["type"] == ("raw" if name == "accept_failure_codes" else module["type"]), name
            assert mine.get("default") == module.get("default"), name
            assert sorted(mine.get("choices", [])) == sorted(module.get("choices", [])), name


def test_the_options_of_the_launch_are_those_of_the_module():
    specified = {name.removeprefix("launch_and_wait_"): option for name, option in options("launch_and_wait").items()}
    for name in ("type", "input", "desired", "reuse"):
        assert specified[name]["type"] == TASK_LAUNCH[name]["type"]
    assert specified["launch_timeout"]["default"] == TASK_LAUNCH["transient_timeout"]["default"]
    launching = {name for name, provider in PROVIDERS.items() if provider.description.launch_types}
    assert set(specified["provider"]["choices"]) == launching
    assert set(options("wait_for_tasks")["wait_for_tasks_provider"]["choices"]) == set(PROVIDERS)


@pytest.mark.parametrize("role", [role for role in ROLES if role != "launch_and_wait"])
def test_a_playbook_hands_on_the_facts(role):
    path = ROOT / "playbooks" / ("wait.yml" if role == "wait_for_tasks" else f"{role}.yml")
    (play,) = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert (play["hosts"], play["gather_facts"]) == ("localhost", False)
    (task,) = play["tasks"]
    assert task["block"][0]["ansible.builtin.include_role"]["name"] == f"longrunning.tasks.{role}"
    telling, handing = task["always"]
    assert f"{role}_facts.{role}_message" in telling["ansible.builtin.debug"]["msg"]
    assert f"{role}_facts" in handing["ansible.builtin.set_stats"]["data"]
    assert set(handing["vars"]["nothing_begun"]) <= set(load(role, "vars/main.yml")[f"__{role}_facts"])
