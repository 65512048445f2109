# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every provider has to bring along, whoever adds it: each failure says what is still missing, and where.

How a provider has to behave stands in ``test_golden.py``, ``test_contract_answers.py``, ``test_contract_logins.py`` and
``test_contract_options.py``.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.connecting import environment_names
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS
from ansible_collections.longrunning.tasks.tests.unit.support.golden import examples, logins, play
from ansible_collections.longrunning.tasks.tests.unit.support.vendors import VENDORS as TABLE
from task_simulator.faces import FACES

ROOT = Path(__file__).parents[5]
#: A definition of the user's stands in the vendor's place, so that there is none to bring things along for.
VENDORS = sorted(set(PROVIDERS) - {"custom"})
#: Their documents know no codes and no texts of failures.
WITHOUT_ERRORS = {"dbvisit_standby", "vmware_live_site_recovery"}


# Each of these yields what a provider lacks, as sentences for who adds it.


def face(provider):
    name = provider.description.name
    if name not in FACES:
        faces = "roles/task_simulator/files/task_simulator/faces"
        yield f"let the simulator play it: write {faces}/{name}.py and name it in {faces}/__init__.py"


def guide(provider):
    page = f"{provider.description.name}_guide"
    if not (ROOT / "docs" / "docsite" / "rst" / f"{page}.rst").is_file():
        yield f"write its guide, docs/docsite/rst/{page}.rst"
    if page not in (ROOT / "docs" / "docsite" / "extra-docs.yml").read_text(encoding="utf-8").split():
        yield f"list {page} in docs/docsite/extra-docs.yml"


def row_in_readme(provider):
    if f"| [`{provider.description.name}`](docs" not in (ROOT / "README.md").read_text(encoding="utf-8"):
        yield "add a row to the table of providers in README.md"


def own_tests(provider):
    name = provider.description.name
    if not Path(__file__).with_name(f"test_{name}.py").is_file():
        yield f"test its own habits in tests/unit/plugins/module_utils/providers/test_{name}.py"


def place_in_the_table(provider):
    if provider.description.name not in TABLE:
        yield "add it to the table in tests/unit/support/vendors.py, from which the faults and the playbooks are played"


def failure_data(provider):
    name, has_some = provider.description.name, bool(provider.description.documented_errors)
    if not has_some and name not in WITHOUT_ERRORS:
        yield (
            "describe the failures that its documents explain, as failures of its description; "
            f"where they explain none, name {name} in WITHOUT_ERRORS of test_contract.py"
        )
    if has_some and name in WITHOUT_ERRORS:
        yield f"take {name} out of WITHOUT_ERRORS in test_contract.py: it has failures"


def useful_states(provider):
    states = set(provider.description.states.values())
    for state in (TaskState.SUCCEEDED, TaskState.FAILED):
        if state not in states:
            yield f"say which of the vendor's states is {state} in the states of its description"
    if not states & {TaskState.QUEUED, TaskState.RUNNING}:
        yield "say which of the vendor's states is queued or running in the states of its description"
    for state in sorted(states & {TaskState.UNKNOWN, TaskState.NOT_FOUND}):
        yield f"take {state} out of the states of its description: no word of a vendor means that"


def login_from_the_environment(provider):
    description = provider.description
    for form in description.logins:
        for option in form.options:
            if not environment_names(description, option):
                yield f"name an environment variable for {option} in the environment of its description"


PARTS = (
    face,
    guide,
    row_in_readme,
    own_tests,
    place_in_the_table,
    failure_data,
    useful_states,
    login_from_the_environment,
)


# As above, of its golden examples.


def golden_login(provider):
    name = provider.description.name
    if "login" not in logins(name):
        yield f"say how the golden examples are logged in: tests/unit/golden/{name}/login.yml, see the README.md there"


def playable(name):
    """Return the golden examples of a provider that says how they are logged in."""
    return examples(name) if "login" in logins(name) else ()


def golden_documents(provider):
    name = provider.description.name
    # An example of a definition comes from the API that the definition is for.
    titles = set(provider.description.documents)
    for example in playable(name):
        known = titles or {play(example).provider.description.title}
        if example.document not in known:
            yield f"name one of {', '.join(sorted(known))} as the document of tests/unit/golden/{example}.yml"


def golden_states(provider):
    name = provider.description.name
    #: What is shown of each table of states: a provider can have several, one for each of its services.
    shown = {tuple(provider.description.states): set()}
    for example in playable(name):
        states = tuple(play(example).provider.description.states)
        shown.setdefault(states, set()).update(task["raw_state"] for task in example.expected_tasks)
    for states, seen in shown.items():
        for state in states:
            if state not in seen:
                yield f"show a task in the state {state} as a golden example, in tests/unit/golden/{name}"


def golden_task(provider):
    name = provider.description.name
    if not any(example.task and not example.options for example in examples(name)):
        yield f"show a task as it is read by its ID as a golden example, in tests/unit/golden/{name}"


def golden_failure(provider):
    name = provider.description.name
    tasks = [task for example in examples(name) for task in example.expected_tasks]
    if not any(task["state"] == "failed" and any((task["error"] or {}).values()) for task in tasks):
        yield f"show a failed task with what is known of its failure as a golden example, in tests/unit/golden/{name}"


def golden_list(provider):
    name = provider.description.name
    if not any(example.tasks for example in examples(name)):
        yield f"show a list of tasks as a golden example, in tests/unit/golden/{name}"


def golden_error(provider):
    name = provider.description.name
    if not any(example.error for example in examples(name)):
        yield f"show how the vendor refuses a request as a golden example, in tests/unit/golden/{name}"


def golden_launch(provider):
    name = provider.description.name
    if provider.description.launch_id_paths and not any(example.launched for example in examples(name)):
        yield (
            f"show the answer of a launching call as a golden example, in tests/unit/golden/{name}, "
            "or empty the launch_id_paths of its description"
        )


GOLDEN_PARTS = (
    golden_login,
    golden_documents,
    golden_states,
    golden_task,
    golden_failure,
    golden_list,
    golden_error,
    golden_launch,
)


def named(part):
    return part.__name__


@pytest.mark.parametrize("part", PARTS, ids=named)
@pytest.mark.parametrize("name", VENDORS)
def test_a_vendor_lacks_nothing(name, part):
    missing = list(part(PROVIDERS[name]))
    assert not missing, f"{name}: {'; '.join(missing)}"


@pytest.mark.parametrize("part", GOLDEN_PARTS, ids=named)
@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_a_provider_has_its_golden_examples(name, part):
    missing = list(part(PROVIDERS[name]))
    assert not missing, f"{name}: {'; '.join(missing)}"


def test_no_two_providers_share_a_variable():
    owners = {}
    for name, provider in PROVIDERS.items():
        for option in provider.description.used_options:
            for variable in environment_names(provider.description, option):
                owners.setdefault(variable, set()).add(name)
    assert not {variable: names for variable, names in owners.items() if len(names) > 1}
