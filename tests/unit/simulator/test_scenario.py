# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenario files: defaults, IDs of many tasks, and errors that name the place."""

from __future__ import annotations

import pytest

from task_simulator import Scenario, ScenarioError
from task_simulator.faces import FACES


def task(*texts, provider="rackspace_images"):
    """Return a scenario with a task for each text."""
    return f"tasks: [{', '.join(f'{{provider: {provider}, {text}}}' for text in texts)}]"


def end(text, **more):
    return task(f"end: {{{text}}}", **more)


def credentials(provider, text):
    return f"credentials: {{{provider}: {{{text}}}}}"


def test_nothing_at_all_is_a_scenario():
    scenario = Scenario.parse("")
    assert scenario.credentials["rackspace_images"].api_key == "demo-key"
    assert scenario.credentials["openstack_images"].users[0].roles == ("admin",)
    assert (list(scenario.tasks), dict(scenario.launches), list(scenario.faults)) == ([], {}, [])


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("[]", "the scenario must be a mapping, not a list"),
        ("a: [", "the scenario is not YAML: "),
        ("task: []", "the scenario has an unknown key: task; keys here are: credentials, faults, launches, tasks"),
        ("tasks: {}", "tasks must be a list, not a mapping"),
        ("tasks: [7]", r"tasks\[0\] must be a mapping, not a number"),
        ("tasks: [{}]", r"tasks\[0\].provider is required"),
        ("tasks: [{provider: none}]", r"tasks\[0\].provider must be one of: "),
        (task("colour: red, age: 1"), r"tasks\[0\] has an unknown key: colour; keys here are: .*count"),
        (task("", "age: -1"), r"tasks\[1\].age must be a number >= 0"),
        (task("age: .inf"), r"tasks\[0\].age must be a number >= 0"),
        (task("age: true"), r"tasks\[0\].age must be a number >= 0"),
        (task("count: 0"), r"tasks\[0\].count must be a whole number from 1 to 1000000"),
        (task("count: 2, id: x"), r"tasks\[0\].id must contain \{n\} when count is more than 1"),
        (task("id: 5"), r"tasks\[0\].id must be text, not a number \(put it in quotes\)"),
        (task("id: a", "id: a"), r"tasks\[1\].id is already the ID of another task: a"),
        (task("steps: []"), r"tasks\[0\].steps must have an entry when there is no end"),
        (
            task("steps: [{state: a, seconds: x}], end: {state: b}"),
            r"tasks\[0\].steps\[0\].seconds must be a number >= 0",
        ),
        (task("steps: [{state: a}], end: {state: b}"), r"tasks\[0\].steps\[0\].seconds is required"),
        (task("steps: [{seconds: 1}]"), r"tasks\[0\].steps\[0\].state is required"),
        (end("state: failure, seconds: 1"), r"tasks\[0\].end has an unknown key: seconds"),
        (end("state: failure, code: []"), r"tasks\[0\].end.code must be text or a whole"),
        (end("state: failure, code: 396", provider="openstack_images"), r"tasks\[0\].end has an unknown key: code"),
        (
            "launches: [{provider: rackspace_images, match: {type: '/(/'}}]",
            r"launches\[0\].match.type is not a regular",
        ),
        ("faults: [{kind: fire}]", r"faults\[0\].kind must be one of: bad_json, content_type, "),
        ("faults: [{kind: status}]", r"faults\[0\].status is required"),
        ("faults: [{kind: status, status: 99}]", r"faults\[0\].status must be a whole number from 200 to 599"),
        ("faults: [{kind: slow}]", r"faults\[0\].seconds is required"),
        ("faults: [{kind: refuse}]", r"faults\[0\].for_seconds is required by the kind refuse"),
        ("faults: [{kind: reset, where: nowhere}]", r"faults\[0\].where must be one of: before, head, body"),
        ("faults: [{kind: set_clock}]", r"faults\[0\].seconds is required"),
        ("faults: [{kind: set_clock, seconds: fast}]", r"faults\[0\].seconds must be a number$"),
        ("faults: [{kind: over_limit, retry_after: soon}]", r"faults\[0\].retry_after must be a number$"),
        ("faults: [{kind: id_type, type: text}]", r"faults\[0\] has an unknown key: type"),
        ("faults: [{kind: slow, seconds: 1, state: x}]", r"faults\[0\] has an unknown key: state"),
        (
            'faults: [{kind: status, status: 503, headers: {A: "b\\r\\nC: d"}}]',
            r"faults\[0\].headers must not have line",
        ),
        ("credentials: {vmware: {}}", "credentials has an unknown key: vmware"),
        (credentials("rackspace_images", "tenant_id: 000123"), "credentials.rackspace_images.tenant_id must be text"),
        (credentials("rackspace_images", "regions: []"), "credentials.rackspace_images.regions must name at least one"),
        (
            credentials("rackspace_images", "regions: [DFW, 1]"),
            r"credentials.rackspace_images.regions\[1\] must be text",
        ),
        (credentials("openstack_images", "users: [{name: a}]"), r"openstack_images.users\[0\].password is required"),
        (
            credentials("openstack_images", "application_credentials: [{id: a, secret: b, user: c}]"),
            r"application_credentials\[0\].user names nobody",
        ),
    ],
)
def test_an_error_names_the_place(text, error):
    with pytest.raises(ScenarioError, match=f"^{error}|{error}"):
        Scenario.parse(text)


def test_the_documented_example_is_right(files):
    readme = (files.parent / "README.md").read_text(encoding="utf-8")
    example = readme.partition("## A complete scenario")[2].partition("```yaml\n")[2].partition("```")[0]
    scenario = Scenario.parse(example)
    assert len(scenario.tasks) >= 5
    # What it shows as the defaults of a vendor are the defaults.
    for vendor in set(FACES) - {"openstack_images"}:
        assert scenario.credentials[vendor] == Scenario.parse("").credentials[vendor]


def test_json_may_be_indented_with_tabs():
    assert (
        Scenario.parse('\n{\n\t"tasks": [\n\t\t{"provider": "rackspace_images", "input": null}\n\t]\n}').tasks[0].input
        is None
    )


def test_no_error_repeats_a_secret():
    with pytest.raises(ScenarioError) as caught:
        Scenario.parse(credentials("rackspace_images", "password: [hunter2]"))
    assert "hunter2" not in str(caught.value)


def test_many_tasks_get_derived_ids():
    scenario = Scenario.parse(task("count: 3, id: 'copy-{n}-{n:04d}'", "count: 2"))
    assert scenario.tasks[0].ids == ("copy-1-0001", "copy-2-0002", "copy-3-0003")
    assert len(set(scenario.tasks[1].ids)) == 2


def test_the_end_alone_keeps_the_vendors_steps():
    life = Scenario.parse(end("state: failure, code: 396")).tasks[0].life
    assert [step.state for step in life.steps] == ["pending", "processing"]
    assert life.end is not None
    assert life.end.fields == {"message": "Image cannot be imported. Error code: '396'"}


def test_steps_alone_never_end():
    life = Scenario.parse(task("steps: [{state: pending}]")).tasks[0].life
    assert life.end is None


def test_a_message_wins_over_the_codes_own():
    life = Scenario.parse(end("state: failure, code: 396, message: why")).tasks[0].life
    assert life.end is not None
    assert life.end.fields == {"message": "why"}
