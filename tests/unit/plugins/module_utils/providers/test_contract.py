# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every provider has to bring along, whoever adds it: each failure says what is still missing, and where."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._options import environment_names
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS
from ansible_collections.longrunning.tasks.plugins.module_utils._task import TaskState

ROOT = Path(__file__).parents[5]
sys.path.insert(0, str(ROOT / "roles" / "task_simulator" / "files"))

from task_simulator.faces import FACES  # noqa: E402 - the path above had to be set first

#: A definition of the user's stands in the vendor's place, so that there is none to bring things along for.
VENDORS = sorted(set(PROVIDERS) - {"custom"})
#: Their documents know no codes and no texts of failures.
WITHOUT_FAILURES = {"dbvisit_standby", "vmware_live_site_recovery"}


@pytest.mark.parametrize("name", VENDORS)
def test_the_simulator_plays_it(name):
    assert name in FACES, f"add roles/task_simulator/files/task_simulator/faces/{name}.py to faces/__init__.py"


@pytest.mark.parametrize("name", VENDORS)
def test_there_is_a_guide_that_the_docsite_lists(name):
    guide = f"{name}_guide"
    assert (ROOT / "docs" / "docsite" / "rst" / f"{guide}.rst").is_file(), f"write docs/docsite/rst/{guide}.rst"
    listed = (ROOT / "docs" / "docsite" / "extra-docs.yml").read_text(encoding="utf-8").split()
    assert guide in listed, f"list {guide} in docs/docsite/extra-docs.yml"


@pytest.mark.parametrize("name", VENDORS)
def test_the_readme_names_it(name):
    assert f"| `{name}` |" in (ROOT / "README.md").read_text(encoding="utf-8"), "add a row to the README's table"


@pytest.mark.parametrize("name", VENDORS)
def test_it_has_tests_of_its_own(name):
    assert Path(__file__).with_name(f"test_{name}.py").is_file(), f"write providers/test_{name}.py"
    plays = ROOT / "tests" / "playbooks" / "plays"
    told = "\n".join(path.read_text(encoding="utf-8") for path in plays.glob("*.yml"))
    assert f"provider: {name}" in told, f"write a playbook with provider: {name} in tests/playbooks/plays"


@pytest.mark.parametrize("name", VENDORS)
def test_its_failures_are_data(name):
    has_some = bool(PROVIDERS[name].description.failures)
    assert has_some is (name not in WITHOUT_FAILURES), (
        "describe the documented failures, or say here that there are none"
    )


@pytest.mark.parametrize("name", VENDORS)
def test_every_state_leads_somewhere(name):
    states = set(PROVIDERS[name].description.states.values())
    assert TaskState.SUCCEEDED in states
    assert TaskState.FAILED in states
    assert states & {TaskState.QUEUED, TaskState.RUNNING}
    assert not states & {TaskState.UNKNOWN, TaskState.NOT_FOUND}


@pytest.mark.parametrize("name", VENDORS)
def test_every_login_can_come_from_the_environment(name):
    description = PROVIDERS[name].description
    for form in description.logins:
        for option in form.options:
            assert environment_names(description, option), f"{option} has no environment variable"


def test_no_two_providers_share_a_variable():
    owners = {}
    for name, provider in PROVIDERS.items():
        for option in provider.description.used_options:
            for variable in environment_names(provider.description, option):
                owners.setdefault(variable, set()).add(name)
    assert not {variable: names for variable, names in owners.items() if len(names) > 1}
