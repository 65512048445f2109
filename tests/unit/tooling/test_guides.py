# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every vendor's guide tells. Its tables are looked at in test_document_providers.py."""

from __future__ import annotations

import re

import pytest
import yaml

from ansible_collections.longrunning.tasks.plugins.module_utils._module import argument_specs
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.connecting import environment_names
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.options import CONNECTION_OPTIONS
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS
from ansible_collections.longrunning.tasks.tests.tooling.document_providers import GUIDES, WITHOUT_TABLES

VENDORS = sorted(set(PROVIDERS) - WITHOUT_TABLES)
#: Mean the same for every vendor, and are told with the modules.
EVERYWHERE = {"validate_certs", "ca_path", "client_cert", "client_key", "request_timeout"}
MODULES = {name: name.upper() for name in ("task_info", "task_launch", "task_list", "task_wait")}
EACH_PROVIDER = pytest.mark.parametrize("name", sorted(PROVIDERS))
EACH_VENDOR = pytest.mark.parametrize("name", VENDORS)


def guide(name):
    return (GUIDES / f"{name}_guide.rst").read_text(encoding="utf-8")


def titles(text):
    return re.findall(r"(?m)^(.+)\n-{3,}$", text)


def examples(text):
    """Return the YAML of every example."""
    blocks = re.findall(r"(?m)^\.\. code-block:: yaml\n\n((?:   .*\n|\n)+)", text)
    return [yaml.safe_load(re.sub(r"(?m)^   ", "", block)) for block in blocks]


@EACH_PROVIDER
def test_every_option_is_told(name):
    options = PROVIDERS[name].description.used_options - EVERYWHERE
    text = guide(name)
    # As ``region``, ``region: intl`` or, in a definition, ``{region}``.
    assert [option for option in sorted(options) if not re.search(rf"``\{{?{option}\b", text)] == []


@EACH_PROVIDER
def test_every_environment_variable_is_told(name):
    description = PROVIDERS[name].description
    known = {variable for option in CONNECTION_OPTIONS for variable in environment_names(description, option)}
    prefix = description.environment_prefix
    assert set(re.findall(rf"``({prefix}_[A-Z_]+)``", guide(name))) == known


@EACH_VENDOR
def test_the_parts_are_there(name):
    found = titles(guide(name))
    for words in ("Log in", "Launch a task and wait for it", "States", "Failures"):
        assert words in found
    assert re.search(r"^What is (inferred or )?not documented$", found[-1])


@EACH_VENDOR
def test_an_example_launches_a_task_and_waits_for_it(name):
    launching = {"ansible.builtin.uri", "longrunning.tasks.task_launch"}
    (steps,) = [steps for steps in examples(guide(name)) if any(launching & set(step) for step in steps)]
    (wait,) = [step["longrunning.tasks.task_wait"] for step in steps if "longrunning.tasks.task_wait" in step]
    registered = {step["register"] for step in steps if "register" in step}
    assert registered
    asked = wait.get("launch_results", wait.get("task_ids"))
    assert [variable for variable in registered if variable in asked]


@EACH_PROVIDER
def test_examples_use_options_that_exist(name):
    plays = [example for example in examples(guide(name)) if isinstance(example, list) and isinstance(example[0], dict)]
    steps = [step for example in plays for step in example]
    assert steps
    for step in steps:
        for module, spec in MODULES.items():
            params = step.get(f"longrunning.tasks.{module}", {})
            own = getattr(argument_specs, spec)
            aliases = {alias for option in own.values() for alias in option.get("aliases", [])}
            assert set(params) <= set(argument_specs.CONNECTION) | set(own) | aliases
            assert params.get("provider", name) == name
