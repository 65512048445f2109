# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a role's argument_specs say is what its defaults, its README and the modules say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.longrunning.tasks.plugins.module_utils._module.argument_specs import TASK_WAIT
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS

ROOT = Path(__file__).resolve().parents[3]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.name != "task_simulator")
#: The keys that a role on top of launch_and_wait adds to its fact.
OWN_FACTS = {"image_export": {"location"}, "image_import": {"image_id"}}


def read(role, file):
    return (ROOT / "roles" / role / file).read_text(encoding="utf-8")


def load(role, file):
    return yaml.safe_load(read(role, file))


def options(role):
    return load(role, "meta/argument_specs.yml")["argument_specs"]["main"]["options"]


@pytest.mark.parametrize("role", ROLES)
def test_defaults_are_those_of_the_specification(role):
    specified = {name: option["default"] for name, option in options(role).items() if "default" in option}
    assert load(role, "defaults/main.yml") == specified


@pytest.mark.parametrize("role", ROLES)
def test_the_readme_has_every_variable_with_its_default(role):
    rows = re.findall(rf"(?m)^\| `({role}_\w+)` \| (?:`([^`]*)`|(required|)) ?\| ", read(role, "README.md"))
    told = {name: default or word for name, default, word in rows}
    for name, option in options(role).items():
        default = option.get("default")
        # As YAML writes it.
        shown = "" if default is None else yaml.safe_dump(default).split("\n")[0].replace("''", '""')
        assert told.pop(name) == ("required" if option.get("required") else str(shown)), name
    assert told == {}


@pytest.mark.parametrize("role", [*ROLES, "task_simulator"])
def test_the_example_is_that_of_the_readme(role):
    entry = load(role, "meta/argument_specs.yml")["argument_specs"]["main"]
    assert entry["examples"] == re.findall(r"(?ms)^```yaml\n(.*?)^```", read(role, "README.md"))[0]


@pytest.mark.parametrize("role", ROLES)
def test_the_specification_names_the_fact_and_its_keys(role):
    described = " ".join(load(role, "meta/argument_specs.yml")["argument_specs"]["main"]["description"])
    assert f"C({role}_facts)" in described
    keys = OWN_FACTS.get(role, set())
    if role in ("launch_and_wait", "wait_for_tasks"):
        keys = set(re.findall(r"'(\w+)':", load(role, "vars/main.yml")[f"__{role}_facts"]))
    assert [key for key in keys if f"C({key})" not in described] == []


@pytest.mark.parametrize("role", ROLES)
def test_the_readme_has_every_key_of_the_fact(role):
    told = set(re.findall(r"(?m)^\| `([a-z_]+)` \| [^|]+ \|$", read(role, "README.md"))) - set(options(role))
    if role in ("launch_and_wait", "wait_for_tasks"):
        assert told == set(re.findall(r"'(\w+)':", load(role, "vars/main.yml")[f"__{role}_facts"]))
    else:
        assert told == OWN_FACTS.get(role, set())
        assert "launch_and_wait_facts" in read(role, "README.md")


@pytest.mark.parametrize("role", ROLES)
def test_every_connection_comes_from_elsewhere(role):
    names = {name.removeprefix(f"{role}_") for name in options(role)}
    assert not names & {"api_url", "auth_url", "username", "password", "api_token", "api_key", "region", "cloud"}


@pytest.mark.parametrize("role", ROLES)
def test_empty_text_is_taken_for_what_need_not_be_given(role):
    """A survey of AWX gives it for what nobody answered."""
    specified = options(role)
    blank = {name: "" for name, option in specified.items() if not option.get("required")}
    optional = {name: specified[name] for name in blank}
    assert not ArgumentSpecValidator(optional).validate(blank).error_messages


@pytest.mark.parametrize("role", ROLES)
def test_private_names_stay_in_their_role(role):
    files = [*(ROOT / "roles").glob("*/*/main.yml"), *(ROOT / "playbooks").rglob("*.yml")]
    elsewhere = [path for path in files if path.parents[1].name != role]
    assert elsewhere
    assert [str(path) for path in elsewhere if f"__{role}_" in path.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize("role", ["image_export", "image_import"])
def test_a_provider_of_images_can_do_it(role):
    able = {
        name for name, provider in PROVIDERS.items() if role.removeprefix("image_") in provider.description.launch_types
    }
    option = options(role)[f"{role}_provider"]
    assert set(option.get("choices", able)) == able
    assert all(name in str(option) for name in able)


def test_the_playbooks_take_every_option_of_the_wait():
    (task,) = yaml.safe_load((ROOT / "playbooks" / "tasks" / "run_role.yml").read_text(encoding="utf-8"))
    # What to wait for, and which failures count, are variables of the roles, which return tasks in short.
    of_the_roles = {"task_ids", "launch_results", "select", "accept_failure_codes", "return_raw", "return_history"}
    given = task["module_defaults"]["longrunning.tasks.task_wait"]
    assert given == {
        name: f"{{{{ longrunning_tasks_{name} | default(omit) }}}}" for name in set(TASK_WAIT) - of_the_roles
    }


def test_the_guide_has_every_variable_of_the_playbooks():
    pattern = r"\blongrunning_tasks_[a-z_]+"
    used = set(re.findall(pattern, (ROOT / "playbooks" / "tasks" / "run_role.yml").read_text(encoding="utf-8")))
    guide = (ROOT / "docs" / "docsite" / "rst" / "awx_guide.rst").read_text(encoding="utf-8")
    assert set(re.findall(rf"``({pattern})``", guide)) == used


@pytest.mark.parametrize("role", [role for role in ROLES if role != "launch_and_wait"])
def test_a_playbook_runs_the_role(role):
    path = ROOT / "playbooks" / ("wait.yml" if role == "wait_for_tasks" else f"{role}.yml")
    (play,) = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert (play["hosts"], play["gather_facts"]) == ("localhost", False)
    (task,) = play["tasks"]
    assert task["ansible.builtin.include_tasks"] == "tasks/run_role.yml"
    assert task["vars"] == {"job_role": role}
