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
import urllib.request
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from unit.support.json_server import JsonHandler, serving
from unit.support.vendors import ACCOUNT, KOODRIVE_USER

COLLECTION = Path(os.environ["LONGRUNNING_TESTS_COLLECTIONS"], "ansible_collections", "longrunning", "tasks")
GUIDES = COLLECTION / "docs" / "docsite" / "rst"

GOOD = "11111111-0000-4000-8000-000000000001"
ALSO_GOOD = "11111111-0000-4000-8000-000000000002"
BROKEN = "11111111-0000-4000-8000-000000000003"
#: Its disk is too big, which no other try can help.
TOO_BIG = "11111111-0000-4000-8000-000000000005"
#: The first answer about it comes from a gateway.
SHAKY = "11111111-0000-4000-8000-000000000004"

#: Those that cannot be run, by the name of their first task, and why.
NOT_RUN = {
    "Wait for what was launched": "test_ready_definitions.py waits by every ready definition",
    "Wait for each job": "the collection awx.awx can only be had from Galaxy, and needs an AWX",
}
#: How an example ends with other variables than usual: those, and what its failure says, None for a success.
VARIANTS: dict[str, list[tuple[dict[str, Any], str | None]]] = {
    "Count a code as success": [({"import_id": BROKEN}, None), ({"import_id": TOO_BIG}, "code 413")],
    "Decide what to do about a failed import": [
        ({"image_import_retryable": True}, None),
        ({"image_import_retryable": False, "image_import_message": "code 614"}, "code 614"),
        ({}, "ended from outside"),
    ],
    "Import, and act on the code of a failure": [
        ({}, None),
        ({"import_id": TOO_BIG}, None),
        ({"import_id": BROKEN}, "code 396"),
    ],
    "Import, and once more if that can help": [
        ({"import_from": "exports/good-at-once.vhd"}, None),
        ({"import_from": "exports/good-at-the-second-try.vhd"}, None),
        ({"import_from": "exports/never-good.vhd"}, "code 396"),
        ({"import_from": "exports/too-big.vhd"}, "code 413"),
    ],
    "Stop waiting as soon as one import fails": [({}, None), ({"import_ids": [GOOD, BROKEN]}, "1 of 2")],
    "Wait for the imports that CI asks about": [({"import_ids": [GOOD, BROKEN]}, None)],
    "Wait, then tell the team": [({}, None), ({"import_id": BROKEN}, None)],
    "Wait for all, whatever becomes of them": [({}, None), ({"import_ids": [GOOD, BROKEN]}, None)],
    "Wait for an import, and say whether another try can help": [({"import_id": BROKEN}, "code 396")],
    "Wait for two image tasks": [
        ({}, None),
        ({"import_id": TOO_BIG}, None),
        ({"import_id": BROKEN}, "code 396"),
    ],
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
        if "sources" in first:
            return "part"
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
        answer = self.server.answers.get(self.path.partition("?")[0], {})
        self.answer(404 if answer is None else 200, answer)

    def do_POST(self):
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.endswith("/cancel/"):
            self.server.answers[self.path.removesuffix("cancel/")]["status"] = "canceled"
            self.answer(202, {})
            return
        if self.path.endswith("/auth/tokens"):
            self.answer(201, {}, {"X-Subject-Token": "session"})
            return
        self.server.posted.append(json.loads(sent))
        self.answer(200, {})


class Proxy(JsonHandler):
    """Passes GET on to the server that the request names, and keeps the address."""

    def do_GET(self):
        self.server.passed.append(self.path)
        request = urllib.request.Request(self.path, headers=dict(self.headers))
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request) as answer:
            self.answer(answer.status, json.load(answer))


def awx_job(number, status, explanation=""):
    started, finished = "2026-11-22T07:30:00.123456Z", "2026-11-22T07:31:00.654321Z"
    told = {"job_explanation": explanation, "started": started, "finished": finished}
    url = f"/api/v2/jobs/{number}/"
    return {"id": number, "url": url, "type": "job", "name": f"job {number}", "status": status, **told}


def saved_answer():
    (answer,) = rst_blocks((GUIDES / "describe_your_api.rst").read_text(encoding="utf-8"), "json")
    return answer


@pytest.fixture
def json_server():
    jobs = [awx_job(3, "successful"), awx_job(4, "successful"), awx_job(5, "error", "Previous Task Failed")]
    running = awx_job(6, "running") | {"finished": None}
    answers = {job["url"]: job for job in (*jobs, running)} | {
        "/api/v2/unified_jobs/": {"count": 4, "next": None, "previous": None, "results": [*jobs, running]},
        "/api/v2/jobs/": {"count": len(jobs), "next": None, "previous": None, "results": jobs},
        "/api/v2/jobs/17": json.loads(saved_answer()),
        f"/volumes/{GOOD}": {"volume": {"id": GOOD, "status": "in-use"}},
        f"/servers/{GOOD}": {"server": {"id": GOOD, "status": "ACTIVE"}},
        f"/servers/{ALSO_GOOD}": None,
    }
    posted = []
    with serving(Answers, answers=answers, posted=posted) as url:
        yield url, posted


@pytest.fixture
def proxy():
    passed = []
    with serving(Proxy, passed=passed) as url:
        yield url, passed


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
    others = {
        "dbvisit_standby": "7",
        "huawei_koodrive": "1534087020903704704",
        "vmware_live_site_recovery": "configure-7",
    }
    tasks += [
        {"provider": provider, "id": task_id, "steps": [], "end": {"state": ends[provider]}}
        for provider, task_id in others.items()
    ]
    tasks.append(
        {"provider": "rackspace_images", "id": TOO_BIG, "steps": [], "end": {"state": "failure", "code": "413"}}
    )
    tasks.append({"provider": "netapp_astra_control", "id": GOOD, "steps": [], "end": {"state": "completed"}})
    return {
        "tasks": tasks,
        "faults": [{"path": f"/image/v2/tasks/{SHAKY}", "kind": "html", "status": 502, "count": 1}],
        "launches": [
            *(failing_import("good-at-the-second-try", "396", count=1), failing_import("never-good", "396")),
            failing_import("too-big", "413"),
            *({"provider": name, "steps": [], "end": {"state": state}} for name, state in ends.items()),
        ],
    }


def failing_import(name, code, **rule):
    end = {"state": "failure", "code": code}
    match = {"input.import_from": f"exports/{name}.vhd"}
    return {"provider": "rackspace_images", "match": match, "steps": [], "end": end, **rule}


def variables(secrets, url, folder):
    account = {"username": "demo", "api_key": secrets["api_key"]}
    return {
        "account_id": ACCOUNT,
        "accounts": {"production": account, "staging": account},
        "app_id": ALSO_GOOD,
        "application_credential_id": "robot",
        "application_credential_secret": secrets["application_credential_secret"],
        "astra_account": ACCOUNT,
        "astra_token": secrets["astra_token"],
        "astra_url": url,
        "awx_token": secrets["wrong"],
        "backup_key": secrets["wrong"],
        "backup_ids": [GOOD],
        "control_center": url,
        "dbvisit_password": secrets["dbvisit_password"],
        "dbvisit_username": "admin",
        "image_api": f"{url}/image",
        "image_sources": ["https://images.example.com/a.qcow2", "https://images.example.com/b.qcow2"],
        "image_task_ids": [GOOD, "99999999-0000-4000-8000-000000000009"],
        "image_uuids": [GOOD, ALSO_GOOD],
        "import_id": GOOD,
        "import_ids": [GOOD, ALSO_GOOD],
        "first_wait": {"tasks": [{"id": GOOD, "state": "succeeded"}]},
        "second_wait": {"skipped": True},
        "imported": {"results": [{"json": {"id": GOOD}}, {"json": {"id": ALSO_GOOD}}]},
        "job_seconds": 1,
        "jump_host": "example_0",
        "leaver": KOODRIVE_USER,
        "mirror_task_ids": [GOOD, ALSO_GOOD],
        "new_primary_host": "db2.example.com",
        "password": secrets["vmware_password"],
        "rackspace_api_key": secrets["api_key"],
        "rackspace_username": "demo",
        "pipeline_api": {
            "login": {"type": "bearer"},
            "get": {"path": "/api/v2/jobs/{id}/"},
            "cancel": {"path": "/api/v2/jobs/{id}/cancel/"},
            "fields": {"id": "id", "state": "status"},
            "states": {"running": "running", "canceled": "cancelled"},
        },
        "pipeline_token": secrets["wrong"],
        "pipelines": {"json": {"id": 6}},
        "plan_test": {"json": {"id": "configure-7"}},
        "report_dir": str(folder),
        "srm_password": secrets["vmware_sso_password"],
        # One that is gone, and one that runs.
        "server_id": ALSO_GOOD,
        "started_server_id": GOOD,
        "volume_id": GOOD,
        "successor": "1395497048157130882",
        "survey_task_ids": f"{GOOD}, {ALSO_GOOD}",
        "task_simulator_state_dir": str(folder / "simulator"),
        "token": secrets["image_token"],
        # What the launch of a backup returned.
        "launched": {"json": {"id": 17}},
        "koodrive_token": secrets["koodrive_token"],
        "koodrive_user": KOODRIVE_USER,
    }


def adapted(text, url, others):
    for address, here in {
        "https://awx.example.com": others.json_url,
        "https://backup.example": others.json_url,
        "https://chat.example.com": others.json_url,
        "https://pipelines.example.com": others.json_url,
        "https://glance.internal.example.com": f"{others.tls_url}/image",
        "https://dfw.images.api.rackspacecloud.com": url,
        "https://glance.example.com": f"{url}/image",
        "https://intl.myhuaweicloud-koodrive.com": url,
        "https://srm.example.com": url,
        "https://standby.example.com:4433": url,
    }.items():
        text = text.replace(address, here)
    return re.sub(r"quiet_seconds: \d+", "quiet_seconds: 1", text.replace("delay: 10\n", "delay: 1\n"))


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


class Others(NamedTuple):
    """What examples speak to, apart from the simulator: a JSON API, a vendor with TLS, a proxy; and what these got."""

    json_url: str
    posted: list[dict[str, str]]
    tls_url: str
    authority: str
    proxy_url: str
    passed: list[str]


@pytest.fixture
def others(simulate, certificates, json_server, proxy):
    guarded = simulate(scenario(), tls_certificate=certificates["server"], tls_key=certificates["key"])
    return Others(*json_server, guarded.url, certificates["authority"], *proxy)


@pytest.fixture
def run_examples(run_playbook, simulate, others, secrets, tmp_path):
    """Return a function that runs examples, each in a play and on a host of its own, and fails for any wrong end."""
    simulator = simulate(scenario())
    known = variables(secrets, simulator.url, tmp_path)
    known |= {"ca_file": others.authority, "proxy_url": others.proxy_url}
    known |= dict.fromkeys(("compute_api", "keystone", "volume_api"), others.json_url)

    def run(examples):
        plays, hosts, expected = [], {}, {}
        for example in examples:
            text = adapted(example.text, simulator.url, others)
            for special, end in VARIANTS.get(example.name, [({}, None)]):
                host = f"example_{len(hosts)}"
                plays.append(play_of(example, text, host, {**known, **special}))
                hosts[host] = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
                expected[host] = (f"{example.page}: {example.name} {special or ''}".strip(), end)
        ends = tmp_path / "ends.json"
        every = "{{ dict(groups.all | zip(groups.all | map('extract', hostvars, 'example_end'))) | to_json }}"
        copy = {"ansible.builtin.copy": {"content": every, "dest": str(ends), "mode": "0600"}}
        plays.append({"hosts": "example_0", "gather_facts": False, "tasks": [copy]})
        inventory = tmp_path / "hosts.yml"
        inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts}}), encoding="utf-8")
        playbook = tmp_path / "examples.yml"
        playbook.touch(mode=0o600)
        playbook.write_text(yaml.safe_dump(plays, sort_keys=False, width=10000), encoding="utf-8")
        environment = surroundings(simulator.url, secrets, tmp_path)
        run_playbook(playbook, "-i", str(inventory), verbosity=None, environment=environment).assert_clean()
        found = json.loads(ends.read_text(encoding="utf-8"))
        wrong = [
            f"{name}: {found[host]}"
            for host, (name, end) in expected.items()
            if (found[host] != "succeeded" if end is None else not re.search(end, found[host], re.DOTALL))
        ]
        if wrong:
            pytest.fail("\n".join(wrong), pytrace=False)

    return run


def surroundings(url, secrets, folder):
    """Make the files and return the environment that examples expect to find."""
    (folder / "job.json").write_text(saved_answer(), encoding="utf-8")
    (folder / "jobs.json").write_text(json.dumps({"jobs": [json.loads(saved_answer())["job"]]}), encoding="utf-8")
    definitions = folder / "task_definitions"
    definitions.mkdir()
    (definitions / "backup.yml").write_text(yaml.safe_dump(definition()), encoding="utf-8")
    script = folder / "bin" / "wait-for-import"
    script.parent.mkdir()
    script.write_text(WAIT_FOR_IMPORT.format(python=sys.executable, url=f"{url}/image"), encoding="utf-8")
    script.chmod(0o700)
    login = {"auth_url": f"{url}/identity/v3", "username": "admin", "password": secrets["admin_password"]}
    domains = {"project_name": "demo", "user_domain_name": "Default", "project_domain_name": "Default"}
    clouds = folder / "clouds.yaml"
    clouds.touch(mode=0o600)
    cloud = {"auth": {**login, **domains}, "region_name": "RegionOne"}
    clouds.write_text(yaml.safe_dump({"clouds": {"production": cloud}}), encoding="utf-8")
    return {
        "ANSIBLE_ASYNC_DIR": str(folder / "async"),
        "DBVISIT_API_URL": url,
        "DBVISIT_PASSWORD": secrets["dbvisit_password"],
        "DBVISIT_USERNAME": "admin",
        "KOODRIVE_API_URL": url,
        # Else what is on loopback is asked without a recipe's proxy.
        **dict.fromkeys(("NO_PROXY", "no_proxy"), ""),
        "NETAPP_ASTRA_ACCOUNT_ID": ACCOUNT,
        "NETAPP_ASTRA_API_TOKEN": secrets["astra_token"],
        "NETAPP_ASTRA_API_URL": url,
        "OS_CLIENT_CONFIG_FILE": str(clouds),
        "IMAGE_TOKEN": secrets["image_token"],
        "PATH": f"{script.parent}{os.pathsep}{os.environ['PATH']}",
        "RACKSPACE_API_KEY": secrets["api_key"],
        "RACKSPACE_AUTH_URL": url,
        "RACKSPACE_USERNAME": "demo",
    }


#: Their examples are run in another test, those of the ready definitions in test_ready_definitions.py.
APART = {"cookbook", "ready_definitions"}


def runnable(*pages):
    """Return the examples of these pages; without any, those of all pages that have no test of their own."""
    return [
        example
        for example in EXAMPLES
        if example.kind != "part"
        and example.name not in NOT_RUN
        and (example.page in pages if pages else example.page not in APART)
    ]


@pytest.mark.newest
def test_every_example_does_what_it_says(run_examples):
    run_examples(runnable())


@pytest.mark.newest
def test_every_recipe_does_what_it_says(run_examples, others, tmp_path):
    run_examples(runnable("cookbook"))

    # What recipes leave elsewhere than in the play.
    assert [path for path in others.passed if path.endswith(f"/v2/tasks/{GOOD}")], "the proxy was not asked"
    assert [message["text"].partition(":")[0] for message in others.posted] == ["succeeded", "failed"]
    report = ET.parse(tmp_path / "imports.xml")  # noqa: S314 - the recipe has just written it
    assert {case.get("name") for case in report.iter("testcase")} == {GOOD, BROKEN}
    assert ["Internal Error" in failure.text for failure in report.iter("failure")] == [True]


def test_every_exception_is_an_example():
    assert set(NOT_RUN) | set(VARIANTS) <= {example.name for example in EXAMPLES if example.kind != "part"}


# Parts of a definition are run as a whole; parts of a scenario are looked at in tests/unit/simulator/test_scenario.py,
# what a new provider needs in tests/unit/tooling, and playbooks as jobs of AWX in tests/awx.
def test_what_is_no_playbook_is_looked_at_elsewhere():
    pages = {example.page for example in EXAMPLES if example.kind == "part"}
    elsewhere = {
        "adding_a_provider",
        "awx_guide",
        "cookbook",
        "custom_guide",
        "describe_your_api",
        "eda_guide",
        "README",
    }
    assert pages <= elsewhere


def test_the_cookbook_has_enough_recipes():
    titles = re.findall(r"(?m)^(.+)\n\^{3,}$", (GUIDES / "cookbook.rst").read_text(encoding="utf-8"))
    blocks = [example for example in EXAMPLES if example.page == "cookbook"]
    assert len(titles) == len(blocks) == len({example.name for example in blocks})
    assert len(blocks) >= 20
    assert [example.name for example in blocks if example.kind == "part"] == ["Import again when an import fails"]
    assert not {example.name for example in blocks} & set(NOT_RUN)


# tests/eda runs rulebooks.
@pytest.mark.parametrize("page", ["cookbook", "eda_guide"])
def test_the_rulebook_uses_options_that_exist(page):
    (rulebook,) = [example for example in EXAMPLES if example.page == page and "\n  sources:\n" in example.text]
    source = COLLECTION / "extensions" / "eda" / "plugins" / "event_source" / "task_events.yml"
    text = yaml.safe_load(source.read_text(encoding="utf-8"))["DOCUMENTATION"]
    fragment = (COLLECTION / "plugins" / "doc_fragments" / "connection.py").read_text(encoding="utf-8")
    known = set(text["options"]) | set(re.findall(r"(?m)^  (\w+):$", fragment))
    (given,) = [given for play in rulebook.content for given in play["sources"]]
    assert set(given["longrunning.tasks.task_events"]) <= known
