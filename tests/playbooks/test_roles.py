# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles that launch and wait, by their playbooks, as a job of AWX runs them: all variables are text.

What a playbook hands on to a workflow is what the tests look at, and how often the vendor was asked to launch.
"""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from unit.support.vendors import CANCELLERS

COLLECTION = Path(os.environ["LONGRUNNING_TESTS_COLLECTIONS"], "ansible_collections", "longrunning", "tasks")
#: What the playbooks do with their variables.
(PLAY,) = yaml.safe_load((COLLECTION / "playbooks" / "tasks" / "run_role.yml").read_text(encoding="utf-8"))
DEFAULTS = PLAY["module_defaults"]
FIRST_USER, SECOND_USER = "1395497048157130881", "1395497048157130882"
IMAGE = "1d944ab7-6748-4f3c-b7e2-3553bf006677"
GOOD, BROKEN, ALSO_BROKEN, ENDLESS = (f"00000000-0000-4000-8000-00000000000{number}" for number in range(1, 5))
#: Options of the modules, which the playbooks take as variables: seconds, so that no test waits for long.
SOON = {"poll_interval": "0.2", "timeout": "30"}


def options(**given):
    return {f"longrunning_tasks_{name}": value for name, value in {**SOON, **given}.items()}


@dataclass(frozen=True)
class Kind:
    """A role with what it needs, and how its launch looks from outside."""

    role: str
    provider: str
    variables: dict[str, str]
    launching_call: str
    steps: list[dict[str, Any]]
    good: dict[str, Any]
    bad: dict[str, Any]
    #: What a bad end is told as: code, whether another try can help, words.
    told: tuple[str, bool, str]
    results: dict[str, str] = field(default_factory=dict)

    @property
    def name(self):
        return f"{self.role}-{self.provider}"

    def given(self, **others):
        return options() | {f"{self.role}_{name}": value for name, value in {**self.variables, **others}.items()}


IMAGE_STEPS = [{"state": "pending", "seconds": 0.3}, {"state": "processing", "seconds": 0.3}]
KINDS = [
    Kind(
        role="image_import",
        provider="rackspace_images",
        variables={"provider": "rackspace_images", "name": "golden", "source": "exports/golden.vhd"},
        launching_call="POST /v2/tasks",
        steps=IMAGE_STEPS,
        good={"state": "success", "result": {"image_id": IMAGE}},
        bad={"state": "failure", "code": "396"},
        told=("396", True, "with code 396: The file is not a valid VHD.*What to do: "),
        results={"image_id": IMAGE},
    ),
    Kind(
        role="image_import",
        provider="openstack_images",
        variables={
            "provider": "openstack_images",
            "name": "golden",
            "source": "https://images.example.com/golden.qcow2",
            "format": "qcow2",
            "properties": '{"os_distro": "debian", "min_disk": 5}',
        },
        launching_call="POST /image/v2/tasks",
        steps=IMAGE_STEPS,
        good={"state": "success", "result": {"image_id": IMAGE}},
        bad={"state": "failure", "message": "Task failed due to Internal Error"},
        told=("internal_error", False, "with code internal_error: .*Task failed due to Internal Error"),
        results={"image_id": IMAGE},
    ),
    Kind(
        role="image_export",
        provider="rackspace_images",
        variables={"image_id": IMAGE, "container": "exports"},
        launching_call="POST /v2/tasks",
        steps=IMAGE_STEPS,
        good={"state": "success"},
        bad={"state": "failure", "message": "Container not found. Container: exports"},
        told=(
            "container_not_found",
            False,
            "with code container_not_found: The receiving container does not exist.*What to do: Create the container",
        ),
        results={"location": f"exports/{IMAGE}.vhd"},
    ),
    Kind(
        role="drive_transfer",
        provider="huawei_koodrive",
        variables={"from_user": FIRST_USER, "to_user": SECOND_USER},
        launching_call="POST /koodrive/ose/v1/task/create",
        steps=[{"state": 0, "seconds": 0.3}, {"state": 1, "seconds": 0.3}],
        good={"state": 2},
        bad={"state": 3, "code": "18000205"},
        told=("18000205", False, "with code 18000205"),
    ),
    Kind(
        role="standby_switchover",
        provider="dbvisit_standby",
        variables={
            "configuration_id": "2",
            "primary": "db4.example.com",
            "database_type": "postgresql",
            "options": "user_script=after.sh",
        },
        launching_call="POST /api/switchover/postgresql",
        steps=[{"state": "In Progress", "seconds": 0.6}],
        good={"state": "End"},
        bad={"state": "Failed", "messages": ["The standby database cannot be reached"]},
        told=("", False, "The standby database cannot be reached"),
    ),
]
#: Those where the vendor can say that there is nothing to do.
TELLING = [kind for kind in KINDS if kind.role != "image_export"]


#: With the newest ansible-core Molecule and the jobs of AWX use each role; one here is enough.
ALL_BUT_ONE = [KINDS[0], *(pytest.param(kind, marks=pytest.mark.oldest) for kind in KINDS[1:])]


@pytest.fixture
def environment(secrets):
    """Return a function that returns the logins of all vendors at a simulator, as AWX's credentials give them."""

    def logins(url):
        return {
            "ANSIBLE_SHOW_CUSTOM_STATS": "true",
            "DBVISIT_API_URL": url,
            "DBVISIT_PASSWORD": secrets["dbvisit_password"],
            "DBVISIT_USERNAME": "admin",
            "LONGRUNNING_API_TOKEN": secrets["custom_token"],
            "LONGRUNNING_API_URL": f"{url}/custom/v1",
            "KOODRIVE_API_TOKEN": secrets["koodrive_token"],
            "KOODRIVE_API_URL": url,
            "KOODRIVE_USER_ID": "1395497048157130881",
            "OS_AUTH_URL": f"{url}/identity/v3",
            "OS_PASSWORD": secrets["admin_password"],
            "OS_PROJECT_DOMAIN_NAME": "Default",
            "OS_PROJECT_NAME": "demo",
            "OS_USERNAME": "admin",
            "OS_USER_DOMAIN_NAME": "Default",
            "RACKSPACE_API_KEY": secrets["api_key"],
            "RACKSPACE_AUTH_URL": url,
            "RACKSPACE_REGION": "DFW",
            "RACKSPACE_USERNAME": "demo",
        }

    return logins


@dataclass(frozen=True)
class Job:
    """What a job left: its exit status, what it handed on without the role's prefix, and its output."""

    status: int
    facts: dict[str, Any]
    output: str

    def counts(self):
        recap = re.search(r"localhost +: (.*)", self.output)[1]
        return {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", recap)}


@pytest.fixture
def run_job(run_playbook, environment):
    """Return a function that runs a playbook of the collection with variables, and returns the job."""

    def run(simulator, playbook, role, *arguments, **variables):
        name = f"longrunning.tasks.{playbook}"
        logins = environment(simulator.url)
        done = run_playbook(name, *arguments, verbosity=None, environment=logins, **variables)
        done.assert_keeps_secrets()
        assert "Traceback (most recent call last)" not in done.output
        assert done.status in (0, 2), done.output
        handed_on = json.loads(re.search(r"RUN: (\{.*\})", done.output)[1])
        prefix = f"{role}_"
        assert all(key.startswith(prefix) for key in handed_on)
        return Job(done.status, {key[len(prefix) :]: value for key, value in handed_on.items()}, done.output)

    return run


def launches(kind, end, **others):
    return {"provider": kind.provider, "steps": kind.steps, "end": end, **others}


def sent(simulator, kind):
    return simulator.requests()["by_path"].get(kind.launching_call, 0)


@pytest.mark.parametrize("kind", ALL_BUT_ONE, ids=[kind.name for kind in KINDS])
def test_checked_then_done_then_there(run_job, simulate, kind):
    simulator = simulate({"launches": [launches(kind, kind.good)]})
    checked = run_job(simulator, kind.role, kind.role, "--check", **kind.given())
    assert (checked.status, sent(simulator, kind)) == (0, 0), checked.output
    assert (checked.facts["outcome"], checked.facts["changed"], checked.facts["task_id"]) == ("not_launched", True, "")
    assert "(check mode)" in checked.facts["message"]

    job = run_job(simulator, kind.role, kind.role, **kind.given())
    assert (job.status, job.facts["outcome"], job.facts["changed"]) == (0, "succeeded", True), job.output
    assert (job.facts["failure_code"], job.facts["retryable"]) == ("", False)
    assert job.facts["task_id"]
    assert "succeeded" in job.facts["message"]
    assert float(job.facts["elapsed"]) > 0
    assert {name: job.facts[name] for name in kind.results} == kind.results
    assert (sent(simulator, kind), job.counts()["changed"]) == (1, 1)

    if kind not in TELLING:
        return
    # What an earlier job of a workflow handed on comes as variables, which win over facts of the same name.
    stale = {f"{kind.role}_{name}": "stale" for name in job.facts}
    again = run_job(simulator, kind.role, kind.role, **kind.given(), **stale)
    assert (again.status, again.facts["outcome"], again.facts["changed"]) == (0, "succeeded", False), again.output
    assert {name: again.facts[name] for name in kind.results} == kind.results
    assert "stale" not in again.facts.values()
    assert (sent(simulator, kind), again.counts()["changed"]) == (1, 0)


def test_a_failed_job_hands_on_why(run_job, simulate):
    kind = KINDS[0]
    simulator = simulate({"launches": [launches(kind, kind.bad)]})
    stale = {f"{kind.role}_outcome": "stale", f"{kind.role}_message": "stale"}
    job = run_job(simulator, kind.role, kind.role, **kind.given(), **stale)
    assert (job.status, job.facts["outcome"]) == (2, "failed")
    assert (job.facts["failure_code"], job.facts["retryable"]) == ("396", True)
    assert re.search(kind.told[2], job.facts["message"])
    # The failure is the module's own, and told once.
    assert job.output.count("fatal: ") == 1
    assert (job.counts()["failed"], job.counts()["rescued"]) == (1, 0)
    refused = run_job(simulator, kind.role, kind.role, **kind.given(provider="nobody"))
    assert (refused.status, refused.facts["outcome"]) == (2, "not_launched")
    assert sent(simulator, kind) == 1


def test_empty_text_is_a_variable_that_is_not_given(run_job, simulate):
    """As AWX gives what nobody answered."""
    kind = KINDS[0]
    simulator = simulate({"launches": [launches(kind, kind.good)]})
    blank = dict.fromkeys(("format", "properties", "force"), "")
    used = re.findall(r"longrunning_tasks_[a-z_]+", json.dumps(DEFAULTS))
    unused = dict.fromkeys(set(used) - set(options()), "")
    job = run_job(simulator, kind.role, kind.role, **kind.given(**blank), **unused)
    assert (job.status, job.facts["outcome"], job.facts["image_id"]) == (0, "succeeded", IMAGE), job.output


# --- many uses in one run -----------------------------------------------------------------------------------------


@pytest.fixture
def use_roles(run_playbook, environment, tmp_path):
    """Return a function that uses roles one after the other, and returns of each the facts and the failure's words."""

    def use(simulator, *uses):
        ends = tmp_path / "ends.json"
        tasks = [{"ansible.builtin.set_fact": {"ends": []}}]
        for role, variables in uses:
            told = {"facts": f"{{{{ {role}_facts }}}}", "failure": "{{ failure }}"}
            tasks += [
                {"ansible.builtin.set_fact": {f"{role}_facts": {}, "failure": ""}},
                {
                    "block": [
                        {"ansible.builtin.include_role": {"name": f"longrunning.tasks.{role}"}, "vars": variables}
                    ],
                    "rescue": [{"ansible.builtin.set_fact": {"failure": "{{ ansible_failed_result.msg }}"}}],
                    "always": [{"ansible.builtin.set_fact": {"ends": "{{ ends + [told] }}"}, "vars": {"told": told}}],
                },
            ]
        copy = {"content": "{{ ends | to_json }}", "dest": str(ends), "mode": "0600"}
        play = {
            "hosts": "localhost",
            "gather_facts": False,
            "module_defaults": DEFAULTS,
            "tasks": [*tasks, {"ansible.builtin.copy": copy}],
        }
        playbook = tmp_path / "uses.yml"
        playbook.write_text(yaml.safe_dump([play], sort_keys=False, width=10000), encoding="utf-8")
        plugins = {"ANSIBLE_CONNECTION_PLUGINS": str(Path(__file__).parent / "plays" / "connection_plugins")}
        logins = environment(simulator.url)
        settings = {**logins, **plugins, "ANSIBLE_DEPRECATION_WARNINGS": "true"}
        run = run_playbook(playbook, verbosity=None, environment=settings)
        run.assert_clean()
        # Of a value that is neither true nor false, a role says so itself.
        assert "coerced" not in run.output
        found = json.loads(ends.read_text(encoding="utf-8"))
        assert len(found) == len(uses)
        return [(end["facts"], end["failure"]) for end in found]

    return use


def test_a_bad_end_is_told_with_its_reason(use_roles, simulate):
    kinds = [kind for kind in KINDS if kind is not KINDS[0]]
    simulator = simulate({"launches": [launches(kind, kind.bad) for kind in kinds]})
    ends = use_roles(simulator, *((kind.role, kind.given()) for kind in kinds))
    for kind, (facts, failure) in zip(kinds, ends):
        code, retryable, words = kind.told
        assert (facts["outcome"], facts["changed"]) == ("failed", True), kind.name
        assert (facts["failure_code"], facts["retryable"]) == (code, retryable)
        assert re.search(words, facts["message"]), facts["message"]
        assert facts["message"] == failure
        assert facts["task_id"]
        assert {facts[name] for name in kind.results} <= {""}


def test_a_switchover_of_somebody_else_that_leads_elsewhere_is_no_success(use_roles, simulate):
    kind = next(kind for kind in KINDS if kind.role == "standby_switchover")
    theirs = {"provider": kind.provider, "id": "7", "type": "switchover", "input": {"configuration_id": 2}}
    running = [{**theirs, "steps": [{"state": "In Progress", "seconds": 1}], "end": {"state": "End"}}]

    def clock():
        # It ends when it is waited for, and not before, however slow this machine is.
        return 0.0 if simulator is None else 1.0 * simulator.requests()["by_path"].get("POST /api/task/show", 0)

    simulator = None
    simulator = simulate({"tasks": running, "launches": [launches(kind, kind.good)]}, clock=clock)
    # It has the primary database now, and will have lost it when their switchover has ended.
    given = kind.given(primary="db3.example.com")
    (first, failure), (second, no_failure) = use_roles(simulator, (kind.role, given), (kind.role, given))
    assert (first["outcome"], first["changed"], first["retryable"], first["task_id"]) == ("failed", False, True, "7")
    assert 'did not lead to {"primary": "db3.example.com"}' in failure
    assert (second["outcome"], second["changed"], no_failure) == ("succeeded", True, "")
    assert sent(simulator, kind) == 1


def test_a_lost_answer_does_not_launch_twice(use_roles, simulate):
    faults = [
        {"path": kind.launching_call.split()[1], "method": "POST", "kind": "reset", "where": "body", "count": 1}
        # Two of the kinds share a call.
        for kind in KINDS[1:]
    ]
    simulator = simulate({"launches": [launches(kind, kind.good) for kind in KINDS[1:]], "faults": faults})
    ends = use_roles(simulator, *((kind.role, kind.given()) for kind in KINDS[1:]))
    for kind, (facts, failure) in zip(KINDS[1:], ends):
        assert (facts["outcome"], facts["changed"], failure) == ("succeeded", True, ""), (kind.name, failure)
        assert sent(simulator, kind) == 1, kind.name


def test_a_launch_of_which_nobody_knows_is_left_to_a_person(use_roles, simulate):
    # The vendor never saw it, which nobody can tell.
    kinds = KINDS[1:]
    faults = [
        {"path": kind.launching_call.split()[1], "method": "POST", "kind": "status", "status": 502, "count": 1}
        for kind in kinds
    ]
    simulator = simulate({"launches": [launches(kind, kind.good) for kind in kinds], "faults": faults})
    ends = use_roles(simulator, *((kind.role, kind.given() | options(launch_timeout="0")) for kind in kinds))
    for kind, (facts, failure) in zip(kinds, ends):
        assert facts["outcome"] == "launch_unclear", (kind.name, failure)
        # False would say that nothing was launched, which nobody knows.
        assert (facts["changed"], facts["retryable"], facts["task_id"]) == (True, False, "")
        assert "It was not launched again" in facts["message"]
        assert sent(simulator, kind) == 1, kind.name


def test_a_launch_that_leaves_no_result_is_unclear(use_roles, simulate, tmp_path):
    """As of a module that is killed after its request. A connection that is not local makes it a process of its own."""
    interpreter = tmp_path / "python"
    interpreter.write_text(
        f"""#!/bin/sh
case "$*" in *task_launch*) {sys.executable} "$@" >"$0.said"; kill -KILL $$;; esac
exec {sys.executable} "$@"
"""
    )
    interpreter.chmod(0o700)
    simulator = simulate({"launches": [launches(KINDS[3], KINDS[3].good)]})
    elsewhere = {"ansible_connection": "elsewhere", "ansible_python_interpreter": str(interpreter)}
    kind = KINDS[3]
    ((facts, failure),) = use_roles(simulator, (kind.role, kind.given() | elsewhere))
    assert '"outcome": "launched"' in interpreter.with_name("python.said").read_text()
    assert (facts["outcome"], facts["changed"], facts["retryable"]) == ("launch_unclear", True, False)
    assert re.match(r"Nobody can tell whether a task was launched.*Look for it at the vendor", facts["message"])
    assert failure.replace("\n", " ") in facts["message"]
    assert sent(simulator, kind) == 1


def test_what_is_wrong_is_told_before_anything_is_launched(use_roles, simulate):
    cases = [
        *((kind, options(timeout="two hours"), "timeout.*float") for kind in KINDS),
        (KINDS[0], options(poll_interval="0"), "poll_interval"),
        (KINDS[4], options(poll_interval="-1"), "poll_interval"),
        (KINDS[1], {"format": ""}, "image_import_format is missing"),
        (KINDS[1], {"name": " "}, "image_import_name is missing"),
        (KINDS[1], {"name": ["golden"]}, "image_import_name has to be text"),
        (KINDS[0], {"force": "maybe"}, "image_import_force has to be true or false"),
        (KINDS[0], {"properties": "{broken"}, "(?i)property name enclosed in double quotes"),
        (KINDS[0], {"properties": "linux"}, "image_import_properties has to be a dictionary"),
        (KINDS[0], {"properties": ["os_type=linux"]}, "image_import_properties has to be a dictionary"),
        (KINDS[4], {"options": "check.sh"}, "standby_switchover_options has to be a dictionary"),
        (KINDS[2], {"image_id": ""}, "image_export_image_id is missing"),
        (KINDS[2], {"accept_existing": "maybe"}, "image_export_accept_existing has to be true or false"),
        (KINDS[3], {"to_user": ""}, "drive_transfer_to_user is missing"),
        # Else the image with the other name would be imported again with every run.
        (KINDS[1], {"properties": {"name": "another"}}, "image_import_properties must not hold name"),
        (KINDS[0], {"source": "golden.vhd"}, "image_import_source has to be container/object"),
        (KINDS[1], {"source": "exports/golden.vhd"}, "image_import_source has to be an address"),
        (KINDS[3], {"to_user": FIRST_USER}, "are the same user"),
        (KINDS[4], {"primary": "db9.example.com"}, "db9.example.com"),
    ]
    simulator = simulate()
    uses = [
        (kind.role, kind.given() | others if set(others) & set(options()) else kind.given(**others))
        for kind, others, _words in cases
    ]
    ends = use_roles(simulator, *uses)
    for (kind, others, words), (facts, failure) in zip(cases, ends):
        assert re.search(words, failure, re.DOTALL), (kind.name, others, failure)
        assert (facts["outcome"], facts["changed"], facts["retryable"]) == ("not_launched", False, False), others
        assert facts["message"] == failure
    assert {kind.name: sent(simulator, kind) for kind in KINDS} == {kind.name: 0 for kind in KINDS}


def test_a_simulator_that_cannot_start_says_why(use_roles, simulate, tmp_path):
    state = {"task_simulator_state_dir": str(tmp_path / "state")}
    unknown = {"tasks": [{"provider": "nobody"}]}
    (tmp_path / "open").mkdir(mode=0o755)
    ends = use_roles(
        simulate(),
        ("task_simulator", {**state, "task_simulator_name": "../x"}),
        ("task_simulator", {**state, "task_simulator_name": "a/b"}),
        ("task_simulator", {**state, "task_simulator_scenario": unknown}),
        ("task_simulator", {"task_simulator_state_dir": str(tmp_path / "open"), "task_simulator_state": "stopped"}),
    )
    path, folder, scenario, stopped = (failure for _facts, failure in ends)
    assert path.startswith('task_simulator_name is "../x". It is the name of a folder, not a path: use letters, ')
    assert '"a/b"' in folder
    assert re.match(r"The simulator did not start: task_simulator: tasks\[0\].provider must be one of", scenario)
    assert re.match(r"The simulator did not stop: task_simulator: .* is open to other users", stopped)


def test_what_was_launched_by_somebody_else_is_waited_for(use_roles, simulate):
    kind = KINDS[0]
    given = {"import_from": "exports/golden.vhd", "image_properties": {"name": "golden"}}
    task = {"provider": kind.provider, "input": given, "steps": [{"state": "processing", "seconds": 10}]}
    simulator = simulate({"tasks": [{**task, "end": kind.good}]})
    ((facts, _failure),) = use_roles(simulator, (kind.role, kind.given()))
    assert (facts["outcome"], facts["changed"], facts["image_id"]) == ("succeeded", False, IMAGE)
    assert sent(simulator, kind) == 0


def test_force_does_it_once_more(use_roles, simulate, secrets):
    image, transfer = KINDS[0], KINDS[3]
    rules = [launches(kind, kind.good) for kind in (image, transfer)]
    logins = {
        "huawei_koodrive": {"api_tokens": [secrets["koodrive_token"]]},
        "rackspace_images": {"api_key": secrets["api_key"], "images": [{"name": "golden", "id": GOOD}]},
    }
    simulator = simulate({"launches": rules, "credentials": logins})
    done = {"srcUserId": FIRST_USER, "dstUserId": SECOND_USER}
    simulator.add_task(provider=transfer.provider, input=done, steps=[], end=transfer.good)
    ends = use_roles(
        simulator, *((kind.role, kind.given(force=force)) for kind in (image, transfer) for force in ("no", "yes"))
    )
    assert [facts["changed"] for facts, _failure in ends] == [False, True, False, True]
    assert [ends[number][0]["image_id"] for number in (0, 1)] == [GOOD, IMAGE]
    assert (sent(simulator, image), sent(simulator, transfer)) == (1, 1)


def test_running_out_of_time_and_trouble_before_the_launch(use_roles, simulate):
    kind = KINDS[0]
    fault = {"path": "/v2/images", "kind": "status", "status": 503, "count": 1}
    endless = {"provider": kind.provider, "steps": [{"state": "pending"}]}
    simulator = simulate({"launches": [endless], "faults": [fault]})
    trouble, late = use_roles(
        simulator,
        (kind.role, kind.given() | options(launch_timeout="0")),
        (kind.role, kind.given() | options(timeout="0.5")),
    )
    assert (trouble[0]["outcome"], trouble[0]["retryable"]) == ("not_launched", True)
    assert (late[0]["outcome"], late[0]["changed"], late[0]["retryable"]) == ("timed_out", True, False)
    assert late[0]["task_id"] in late[1]


def test_an_object_that_is_there_already_may_be_good_enough(use_roles, simulate):
    kind = KINDS[2]
    known = f"Swift already has an object with id '{IMAGE}.vhd' in container 'exports'"
    other = "Object already exists in user's container. Container/Object: others/x.vhd"
    ends = [{"state": "failure", "message": text} for text in (known, other)]
    match = {"input.receiving_swift_container": "others"}
    simulator = simulate({"launches": [launches(kind, ends[1], match=match), launches(kind, ends[0])]})
    accepted, elsewhere, refused = use_roles(
        simulator,
        (kind.role, kind.given(accept_existing="")),
        (kind.role, kind.given(container="others")),
        (kind.role, kind.given(accept_existing="false")),
    )
    for (facts, failure), container in ((accepted, "exports"), (elsewhere, "others")):
        assert (facts["outcome"], facts["changed"], failure) == ("succeeded", False, "")
        assert facts["location"] == f"{container}/{IMAGE}.vhd"
        assert facts["message"] == f"Nothing was exported, since {container}/{IMAGE}.vhd exists already."
    facts, failure = refused
    assert (facts["outcome"], facts["failure_code"], facts["location"]) == ("failed", "object_exists", "")
    assert "Delete or rename that object" in failure


# --- tasks that others launched -----------------------------------------------------------------------------------

TASKS = [
    {"provider": "rackspace_images", "id": GOOD, "steps": [], "end": KINDS[0].good},
    {"provider": "rackspace_images", "id": BROKEN, "steps": [], "end": {"state": "failure", "code": "396"}},
    {"provider": "rackspace_images", "id": ALSO_BROKEN, "steps": [], "end": {"state": "failure", "code": "614"}},
    {"provider": "rackspace_images", "id": ENDLESS, "steps": [{"state": "pending"}]},
]


#: The variables of wait_for_tasks. All others are the modules' options.
OWN = {"provider", "ids", "launch_results", "accept_failure_codes"}


def waiting(**given):
    own = {name: value for name, value in {"provider": "rackspace_images", **given}.items() if name in OWN}
    others = {name: value for name, value in given.items() if name not in OWN}
    return "wait_for_tasks", options(**others) | {f"wait_for_tasks_{name}": value for name, value in own.items()}


def test_the_playbook_that_waits(run_job, simulate):
    simulator = simulate({"tasks": TASKS})

    def wait(*arguments, **variables):
        return run_job(simulator, "wait", "wait_for_tasks", *arguments, **waiting(**variables)[1])

    job = wait(ids=f"{GOOD}, {BROKEN} {ALSO_BROKEN}", launch_results="")
    assert (job.status, job.facts["outcome"], job.facts["failure_code"]) == (2, "failed", "396")
    assert (job.facts["failure_codes"], job.facts["failed_task_ids"]) == (["396", "614"], [BROKEN, ALSO_BROKEN])
    assert [task["state"] for task in job.facts["tasks"]] == ["succeeded", "failed", "failed"]
    assert job.facts["tasks"][0]["result"] == {"image_id": IMAGE}
    assert not {"raw", "history"} & set(job.facts["tasks"][0])
    looked = wait("--check", ids=ENDLESS)
    assert (looked.status, looked.facts["outcome"], looked.facts["task_id"]) == (0, "timed_out", ENDLESS)


def test_a_wait_that_gives_up_cancels(run_job, simulate):
    simulator = simulate({"tasks": [{"provider": "custom", "id": "job-1", "steps": [{"state": "running"}]}]})
    definition = CANCELLERS["custom"].login["definition"]
    given = {"provider": "custom", "definition": definition, "ids": "job-1", "timeout": "0.5"}
    job = run_job(simulator, "wait", "wait_for_tasks", **waiting(**given, on_timeout="cancel")[1])
    assert (job.status, job.facts["outcome"], job.facts["changed"]) == (2, "timed_out", True)
    assert (job.facts["tasks"][0]["state"], job.facts["pending_task_ids"]) == ("cancelled", [])
    assert "Task job-1 was cancelled." in job.facts["message"]


def test_waits_of_all_kinds(use_roles, simulate):
    three = f"{GOOD}\n{BROKEN}\n\n{ALSO_BROKEN}\n"
    launched = {"results": [{"json": {"id": GOOD}}, {"skipped": True}]}
    cases = [
        (waiting(ids=GOOD), {"outcome": "succeeded", "task_id": GOOD, "changed": False}, ""),
        (waiting(ids=three, on_failure="continue"), {"outcome": "failed", "retryable": False, "task_id": ""}, ""),
        (waiting(ids=three, accept_failure_codes="396, 614"), {"outcome": "succeeded", "failed_task_ids": []}, ""),
        (waiting(ids=three, accept_failure_codes=[396, "614"]), {"outcome": "succeeded"}, ""),
        (waiting(ids=[GOOD, BROKEN]), {"outcome": "failed", "retryable": True}, "code 396"),
        (waiting(ids=[GOOD, BROKEN], wait_for="any"), {"outcome": "succeeded"}, ""),
        (waiting(ids=ENDLESS, timeout="0.5"), {"outcome": "timed_out", "pending_task_ids": [ENDLESS]}, ENDLESS),
        (waiting(ids=ENDLESS, timeout="0", on_timeout="continue"), {"outcome": "timed_out"}, ""),
        (waiting(launch_results=launched), {"outcome": "succeeded", "task_id": GOOD}, ""),
        (waiting(launch_results={"results": [], "skipped": True}), {"outcome": "succeeded", "tasks": []}, ""),
        (waiting(), {"outcome": "not_started", "tasks": []}, "task_ids is empty"),
        (waiting(ids=" "), {"outcome": "not_started"}, "task_ids is empty"),
        (waiting(ids=GOOD, launch_results=launched), {"outcome": "not_started"}, "task_ids|launch_results"),
        (waiting(ids=GOOD, max_poll_interval="0.1"), {"outcome": "not_started"}, "max_poll_interval"),
        (waiting(ids=GOOD, wait_for="some"), {"outcome": "not_started", "tasks": []}, "wait_for"),
    ]
    ends = use_roles(simulate({"tasks": TASKS}), *(use for use, _facts, _words in cases))
    for (use, expected, words), (facts, failure) in zip(cases, ends):
        assert {name: facts.get(name) for name in expected} == expected, use
        assert (words in failure) if words else not failure, use


# --- in a play of one's own ---------------------------------------------------------------------------------------


@pytest.mark.smoke
def test_the_connection_of_the_play_reaches_the_roles(run_playbook, simulate, secrets, tmp_path):
    """With no login in the environment; and nothing that an earlier use left is taken for what a later one did."""
    kind = KINDS[0]
    broken = launches(kind, kind.bad, match={"input.import_from": "exports/broken.vhd"})
    good = launches(kind, kind.good, match={"type": "import"})
    export = {"provider": kind.provider, "steps": kind.steps, "end": {"state": "success"}}
    simulator = simulate({"launches": [broken, good, export]})
    use = {"name": "longrunning.tasks.image_import"}
    given = {"image_import_provider": kind.provider, "looks": 0.2}
    generic = {
        "launch_and_wait_provider": kind.provider,
        "launch_and_wait_type": "export",
        "launch_and_wait_input": {"image_uuid": IMAGE, "receiving_swift_container": "exports"},
    }

    def asserting(*conditions):
        return {"ansible.builtin.assert": {"that": list(conditions)}}

    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "module_defaults": {
            "group/longrunning.tasks.tasks": {
                "auth_url": simulator.url,
                "username": "demo",
                "password": secrets["password"],
                "region": "DFW",
            },
            "longrunning.tasks.task_wait": {"poll_interval": "{{ looks }}"},
        },
        "vars": given,
        "tasks": [
            {
                "ansible.builtin.include_role": use,
                "vars": {"image_import_name": "golden", "image_import_source": "exports/golden.vhd"},
            },
            asserting(
                "image_import_facts.changed",
                f"image_import_facts.image_id == '{IMAGE}'",
                # Not their texts, with any ansible-core.
                "image_import_facts.changed is true",
                "image_import_facts.elapsed is number",
            ),
            {
                "block": [
                    {
                        "ansible.builtin.include_role": use,
                        "vars": {"image_import_name": "broken", "image_import_source": "exports/broken.vhd"},
                    }
                ],
                "rescue": [
                    asserting(
                        "image_import_facts.outcome == 'failed'",
                        "image_import_facts.failure_code == '396'",
                        "image_import_facts.retryable",
                        "image_import_facts.image_id == ''",
                        "image_import_facts.message == ansible_failed_result.msg",
                    )
                ],
            },
            {
                "block": [
                    {
                        "ansible.builtin.include_role": use,
                        "vars": {
                            "image_import_name": "other",
                            "image_import_source": "exports/other.vhd",
                            "looks": 0,
                        },
                    }
                ],
                "rescue": [
                    asserting("image_import_facts.outcome == 'not_launched'", "image_import_facts.task_id == ''")
                ],
            },
            {"ansible.builtin.include_role": {"name": "longrunning.tasks.launch_and_wait"}, "vars": generic},
            asserting(
                "launch_and_wait_facts.outcome == 'succeeded'",
                "launch_and_wait_facts.changed",
                f"launch_and_wait_facts.result.export_location == 'exports/{IMAGE}.vhd'",
            ),
            {
                "ansible.builtin.include_role": {"name": "longrunning.tasks.wait_for_tasks"},
                "vars": {
                    "wait_for_tasks_provider": kind.provider,
                    "wait_for_tasks_ids": ["{{ launch_and_wait_facts.task_id }}"],
                },
            },
            asserting("wait_for_tasks_facts.outcome == 'succeeded'", "not wait_for_tasks_facts.changed"),
        ],
    }
    playbook = tmp_path / "roles.yml"
    playbook.touch(mode=0o600)
    playbook.write_text(yaml.safe_dump([play], sort_keys=False), encoding="utf-8")
    run_playbook(playbook).assert_clean()
    assert sent(simulator, kind) == 3
