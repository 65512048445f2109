# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs every YAML example of the guides, the READMEs and the plugins' EXAMPLES, as it stands there.

Only addresses are replaced, by the simulator's, and pauses shortened. Logins come from variables and the environment,
and what a reader has to have, such as IDs, from variables. All run in one playbook, a play and a host for each, so that
nothing that one registers is seen by another.
"""

from __future__ import annotations

import ast
import json
import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from unit.support.json_server import JsonHandler, serving
from unit.support.vendors import ACCOUNT, KOODRIVE_USER

COLLECTION = Path(os.environ["LONGRUNNING_TESTS_COLLECTIONS"], "ansible_collections", "longrunning", "tasks")
GUIDES = COLLECTION / "docs" / "docsite" / "rst"

GOOD = "11111111-0000-4000-8000-000000000001"
ALSO_GOOD = "11111111-0000-4000-8000-000000000002"
BROKEN = "11111111-0000-4000-8000-000000000003"
#: The first answer about it comes from a gateway.
SHAKY = "11111111-0000-4000-8000-000000000004"

#: Those that cannot be run, by the name of their first task, and why.
NOT_RUN = {
    "Wait for each job": "the collection awx.awx can only be had from Galaxy, and needs an AWX",
}
#: How an example ends with other variables than usual: those, and what its failure says, None for a success.
VARIANTS: dict[str, list[tuple[dict[str, Any], str | None]]] = {
    "Decide what to do about a failed import": [
        ({"image_import_retryable": True}, None),
        ({"image_import_retryable": False, "image_import_message": "code 614"}, "code 614"),
        ({}, "ended from outside"),
    ],
    "Wait for an import, and say whether another try can help": [({"import_id": BROKEN}, "code 396")],
    "Wait for two image tasks": [({}, None), ({"import_id": BROKEN}, "code 396")],
    # The guide says that the careful form ends at once when the task has failed. What it says then is not the reason.
    # It also says that an answer without JSON is borne.
    "Wait with uri and until": [({}, None), ({"import_id": SHAKY}, None), ({"import_id": BROKEN}, "OK ")],
    "Wait for all with task_wait": [({}, None), ({"import_ids": [GOOD, BROKEN]}, "1 of 2.*due to Internal Error")],
    "Wait for a job": [({}, "with code 28: The target is full.*no space.*Remove old backups")],
    "Wait for all jobs": [
        ({"launched": {"results": [{"id": 3}, {"id": 4}]}}, None),
        ({"launched": {"results": [{"id": 3}, {"id": 5}]}}, "1 of 2 tasks.*job 5.*Previous Task Failed"),
    ],
}


@dataclass(frozen=True)
class Example:
    """A piece of YAML in a text."""

    page: str
    text: str
    content: Any = field(repr=False)

    @property
    def name(self):
        return self.content[0]["name"] if isinstance(self.content, list) else next(iter(self.content))

    @property
    def kind(self):
        """Say what it is: plays, tasks, play keywords, or else a part of something that is no playbook."""
        first = self.content[0] if isinstance(self.content, list) else self.content
        if "hosts" in first:
            return "plays"
        if isinstance(self.content, list):
            return "tasks" if "name" in first and "import_playbook" not in first else "part"
        return "keywords" if "module_defaults" in first else "part"


def rst_blocks(text, language):
    found = re.findall(rf"(?m)^\.\. code-block:: {language}\n\n((?:   .*\n|\n)+)", text)
    return [re.sub(r"(?m)^   ", "", block) for block in found]


def examples_of_plugin(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "EXAMPLES"
    ]


def all_examples():
    texts = {path: rst_blocks(path.read_text(encoding="utf-8"), "yaml") for path in GUIDES.glob("*.rst")}
    for path in (COLLECTION / "README.md", *COLLECTION.glob("roles/*/README.md")):
        texts[path] = re.findall(r"(?ms)^```yaml\n(.*?)^```", path.read_text(encoding="utf-8"))
    for kind in ("modules", "lookup", "filter", "test"):
        texts |= {path: examples_of_plugin(path) for path in (COLLECTION / "plugins" / kind).glob("*.py")}
    return [Example(path.stem, text, yaml.safe_load(text)) for path in sorted(texts) for text in texts[path]]


EXAMPLES = all_examples()


# --- the other end of custom definitions ------------------------------------------------------------------------


class Answers(JsonHandler):
    """Answers GET with what its server has for the path."""

    def do_GET(self):
        self.answer(200, self.server.answers.get(self.path.partition("?")[0], {}))


def awx_job(number, status, explanation=""):
    started, finished = "2026-11-22T07:30:00.123456Z", "2026-11-22T07:31:00.654321Z"
    told = {"job_explanation": explanation, "started": started, "finished": finished}
    return {"id": number, "type": "job", "name": f"job {number}", "status": status, **told}


def saved_answer():
    (answer,) = rst_blocks((GUIDES / "describe_your_api.rst").read_text(encoding="utf-8"), "json")
    return answer


@pytest.fixture
def json_server():
    jobs = [awx_job(3, "successful"), awx_job(4, "successful"), awx_job(5, "error", "Previous Task Failed")]
    answers = {f"/api/v2/jobs/{job['id']}/": job for job in jobs} | {
        "/api/v2/jobs/": {"count": len(jobs), "next": None, "previous": None, "results": jobs},
        "/api/v2/jobs/17": json.loads(saved_answer()),
    }
    with serving(Answers, answers=answers) as url:
        yield url


def definition():
    """Put together the definition that the page about describing an API writes step by step."""
    pieces = [example for example in EXAMPLES if example.page == "describe_your_api" and example.kind == "part"]
    return {key: value for piece in pieces for key, value in piece.content.items()}


# --- the run ------------------------------------------------------------------------------------------------------


def scenario():
    ends = {
        "dbvisit_standby": "End",
        "huawei_koodrive": "2",
        "netapp_astra_control": "completed",
        "openstack_images": "success",
        "rackspace_images": "success",
        "vmware_live_site_recovery": "SUCCESS",
    }
    images = ("openstack_images", "rackspace_images")
    good = [
        *(GOOD, ALSO_GOOD, SHAKY),
        # Named by examples.
        *("d8dd8c24-2534-473c-881f-9097bc784068", "7bdc8ede-9098-4d79-9477-697f586cb333"),
    ]
    broken = {"openstack_images": {"message": "Task failed due to Internal Error"}, "rackspace_images": {"code": "396"}}
    tasks = [
        {"provider": provider, "id": task_id, "type": "import", "steps": [], "end": {"state": "success"}}
        for provider in images
        for task_id in good
    ]
    tasks += [
        {"provider": provider, "id": BROKEN, "steps": [], "end": {"state": "failure", **broken[provider]}}
        for provider in images
    ]
    tasks.append({"provider": "netapp_astra_control", "id": GOOD, "steps": [], "end": {"state": "completed"}})
    return {
        "tasks": tasks,
        "faults": [{"path": f"/image/v2/tasks/{SHAKY}", "kind": "html", "status": 502, "count": 1}],
        "launches": [{"provider": name, "steps": [], "end": {"state": state}} for name, state in ends.items()],
    }


def variables(secrets, url, folder):
    return {
        "account_id": ACCOUNT,
        "app_id": ALSO_GOOD,
        "astra_account": ACCOUNT,
        "astra_token": secrets["astra_token"],
        "astra_url": url,
        "awx_token": secrets["wrong"],
        "backup_key": secrets["wrong"],
        "backups": {"tasks": [{"id": GOOD}]},
        "control_center": url,
        "dbvisit_password": secrets["dbvisit_password"],
        "dbvisit_username": "admin",
        "image_api": f"{url}/image",
        "image_sources": ["https://images.example.com/a.qcow2", "https://images.example.com/b.qcow2"],
        "image_task_ids": [GOOD, "99999999-0000-4000-8000-000000000009"],
        "import_id": GOOD,
        "import_ids": [GOOD, ALSO_GOOD],
        "first_wait": {"tasks": [{"id": GOOD, "state": "succeeded"}]},
        "second_wait": {"skipped": True},
        "imported": {"results": [{"json": {"id": GOOD}}, {"json": {"id": ALSO_GOOD}}]},
        "leaver": KOODRIVE_USER,
        "mirror_task_ids": [GOOD, ALSO_GOOD],
        "new_primary_host": "db2.example.com",
        "password": secrets["vmware_password"],
        "rackspace_api_key": secrets["api_key"],
        "rackspace_username": "demo",
        "successor": "1395497048157130882",
        "task_simulator_state_dir": str(folder / "simulator"),
        "token": secrets["image_token"],
        # What the launch of a backup returned.
        "launched": {"json": {"id": 17}},
        "koodrive_token": secrets["koodrive_token"],
        "koodrive_user": KOODRIVE_USER,
    }


def adapted(text, url, other):
    for address, here in {
        "https://awx.example.com": other,
        "https://backup.example": other,
        "https://dfw.images.api.rackspacecloud.com": url,
        "https://glance.example.com": f"{url}/image",
        "https://intl.myhuaweicloud-koodrive.com": url,
        "https://srm.example.com": url,
        "https://standby.example.com:4433": url,
    }.items():
        text = text.replace(address, here)
    return text.replace("delay: 10\n", "delay: 1\n")


def play_of(example, text, host, given):
    """Return a play that does what the example says, and remembers how that ended."""
    content = yaml.safe_load(text)
    keywords = {}
    if example.kind == "keywords":
        keywords, tasks = content, [{"longrunning.tasks.task_list": {"limit": 1}}]
    elif example.kind == "plays":
        ((keywords, tasks),) = [(play, play.pop("tasks")) for play in content]
    else:
        tasks = content
    end = {"ansible.builtin.set_fact": {"example_end": "succeeded"}}
    failure = {"ansible.builtin.set_fact": {"example_end": "{{ ansible_failed_result.msg }}"}}
    return {
        **keywords,
        "hosts": host,
        "gather_facts": False,
        "vars": given,
        "tasks": [{"block": [*tasks, end], "rescue": [failure]}],
    }


WAIT_FOR_IMPORT = """\
#!{python}
import json, os, sys, time, urllib.request
request = urllib.request.Request("{url}/v2/tasks/" + sys.argv[1], headers={{"X-Auth-Token": os.environ["IMAGE_TOKEN"]}})
while json.load(urllib.request.urlopen(request))["status"] not in ("success", "failure"):
    time.sleep(1)
"""


@pytest.mark.newest
def test_every_example_does_what_it_says(run_playbook, simulate, json_server, secrets, tmp_path):
    simulator = simulate(scenario())
    given = variables(secrets, simulator.url, tmp_path)

    plays, hosts, expected = [], {}, {}
    for example in EXAMPLES:
        if example.kind == "part" or example.name in NOT_RUN:
            continue
        text = adapted(example.text, simulator.url, json_server)
        for others, end in VARIANTS.get(example.name, [({}, None)]):
            host = f"example_{len(hosts)}"
            plays.append(play_of(example, text, host, {**given, **others}))
            hosts[host] = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
            expected[host] = (f"{example.page}: {example.name} {others or ''}".strip(), end)
    ends = tmp_path / "ends.json"
    every = "{{ dict(groups.all | zip(groups.all | map('extract', hostvars, 'example_end'))) | to_json }}"
    copy = {"ansible.builtin.copy": {"content": every, "dest": str(ends), "mode": "0600"}}
    plays.append({"hosts": "example_0", "gather_facts": False, "tasks": [copy]})

    (tmp_path / "job.json").write_text(saved_answer(), encoding="utf-8")
    (tmp_path / "jobs.json").write_text(json.dumps({"jobs": [json.loads(saved_answer())["job"]]}), encoding="utf-8")
    definitions = tmp_path / "task_definitions"
    definitions.mkdir()
    (definitions / "backup.yml").write_text(yaml.safe_dump(definition()), encoding="utf-8")
    script = tmp_path / "bin" / "wait-for-import"
    script.parent.mkdir()
    script.write_text(WAIT_FOR_IMPORT.format(python=sys.executable, url=f"{simulator.url}/image"), encoding="utf-8")
    script.chmod(0o700)
    inventory = tmp_path / "hosts.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts}}), encoding="utf-8")
    playbook = tmp_path / "examples.yml"
    playbook.touch(mode=0o600)
    playbook.write_text(yaml.safe_dump(plays, sort_keys=False, width=10000), encoding="utf-8")
    login = {"auth_url": f"{simulator.url}/identity/v3", "username": "admin", "password": secrets["admin_password"]}
    domains = {"project_name": "demo", "user_domain_name": "Default", "project_domain_name": "Default"}
    clouds = tmp_path / "clouds.yaml"
    clouds.touch(mode=0o600)
    cloud = {"auth": {**login, **domains}, "region_name": "RegionOne"}
    clouds.write_text(yaml.safe_dump({"clouds": {"production": cloud}}), encoding="utf-8")

    run = run_playbook(
        playbook,
        *("-i", str(inventory)),
        verbosity=None,
        environment={
            "ANSIBLE_ASYNC_DIR": str(tmp_path / "async"),
            "DBVISIT_API_URL": simulator.url,
            "DBVISIT_PASSWORD": secrets["dbvisit_password"],
            "DBVISIT_USERNAME": "admin",
            "KOODRIVE_API_URL": simulator.url,
            "OS_CLIENT_CONFIG_FILE": str(clouds),
            "IMAGE_TOKEN": secrets["image_token"],
            "PATH": f"{script.parent}{os.pathsep}{os.environ['PATH']}",
            "RACKSPACE_API_KEY": secrets["api_key"],
            "RACKSPACE_AUTH_URL": simulator.url,
            "RACKSPACE_USERNAME": "demo",
        },
    )
    run.assert_clean()
    found = json.loads(ends.read_text(encoding="utf-8"))
    wrong = {
        name: found[host]
        for host, (name, end) in expected.items()
        if (found[host] != "succeeded" if end is None else not re.search(end, found[host], re.DOTALL))
    }
    assert wrong == {}


def test_every_exception_is_an_example():
    assert set(NOT_RUN) | set(VARIANTS) <= {example.name for example in EXAMPLES if example.kind != "part"}


# Parts of a definition are run as a whole; parts of a scenario are looked at in tests/unit/simulator/test_scenario.py,
# what a new provider needs in tests/unit/tooling, and playbooks as jobs of AWX in tests/awx.
def test_what_is_no_playbook_is_looked_at_elsewhere():
    pages = {example.page for example in EXAMPLES if example.kind == "part"}
    assert pages <= {"adding_a_provider", "awx_guide", "custom_guide", "describe_your_api", "README"}
