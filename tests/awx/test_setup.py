# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The setup playbook gives the modules of awx.awx what they take, and AWX what it would accept.

awx.awx is on no index of Python packages. Its modules' arguments are recorded in awx_modules.json from AWX's sources,
with their version, and stand-ins check what they are given as any module checks its arguments. What they were given,
awxkit, AWX's own client, sends to a server with AWX's shapes. Where LONGRUNNING_AWX_COLLECTIONS names a folder with
ansible_collections/awx/awx in it, the true modules speak to that server too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import yaml
from awx_rules import check_credential_type, check_survey, load
from awx_server import TOKEN, AwxServer
from installed import COLLECTION, COLLECTIONS

from ansible_collections.longrunning.tasks.plugins.module_utils._module.argument_specs import TASK_WAIT

with warnings.catch_warnings():
    # pkg_resources, which it imports, has been given up by its makers.
    warnings.simplefilter("ignore")
    from awxkit.api import Api
    from awxkit.api.client import Connection
    from awxkit.exceptions import BadRequest, Duplicate

REAL = os.environ.get("LONGRUNNING_AWX_COLLECTIONS")
RECORDED = json.loads((Path(__file__).parent / "awx_modules.json").read_text(encoding="utf-8"))
STAND_IN = """\
import json
import os

from ansible.module_utils.basic import AnsibleModule

module = AnsibleModule(argument_spec=json.loads({specification!r}), supports_check_mode=True)
given = {{name: value for name, value in module.params.items() if value is not None}}
with open(os.environ["AWX_CALLS"], "a") as calls:
    calls.write(json.dumps([{name!r}, given]) + "\\n")
module.exit_json(changed=True)
"""
#: Where the API has what a module makes.
COLLECTION_OF = {
    "credential_type": "credential_types",
    "execution_environment": "execution_environments",
    "project": "projects",
    "inventory": "inventories",
    "host": "hosts",
    "job_template": "job_templates",
}
#: Arguments that say what the module has to do, or that it sends elsewhere.
OWN = {"state", "wait", "interval", "update_project", "survey_spec"}
#: The kinds of answers that fit a type of a role's variable.
ANSWERS = {
    "str": {"text", "multiplechoice"},
    "int": {"integer"},
    "float": {"integer", "float"},
    "bool": {"multiplechoice"},
    # With a dictionary, a list or something that can be true or false, in which empty text counts as not given.
    "raw": {"text", "multiplechoice"},
}


def set_up(collections, folder, **environment):
    """Run the playbook; return what it printed."""
    answers = {"awx_setup_image": "registry.example.com/ee:1", "awx_setup_project_url": "https://git.example.com/a.git"}
    program = Path(sys.executable).with_name("ansible-playbook")
    done = subprocess.run(
        [program, "-e", json.dumps(answers), "longrunning.tasks.awx_setup"],
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": f"{COLLECTIONS}:{collections}",
            "ANSIBLE_HOME": str(folder / "home"),
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def calls(tmp_path_factory):
    """Return what the playbook gave the modules, one after the other."""
    folder = tmp_path_factory.mktemp("awx")
    modules = folder / "ansible_collections" / "awx" / "awx" / "plugins" / "modules"
    modules.mkdir(parents=True)
    for name, specification in RECORDED["modules"].items():
        text = STAND_IN.format(name=name, specification=json.dumps(specification))
        modules.joinpath(f"{name}.py").write_text(text, encoding="utf-8")
    set_up(folder, folder, AWX_CALLS=str(folder / "calls"))
    return [json.loads(line) for line in (folder / "calls").read_text(encoding="utf-8").splitlines()]


def given(calls, module):
    return [arguments for name, arguments in calls if name == module]


def test_awx_would_take_the_credential_types(calls):
    types = given(calls, "credential_type")
    assert types
    for value in types:
        check_credential_type(value)
    # The templates are AWX's. Ansible has filled in none of them.
    written = load(COLLECTION / "playbooks" / "vars" / "awx" / "credential_types.yml")["awx_credential_types"]
    assert [value["injectors"] for value in types] == [value["injectors"] for value in written]


def test_awx_would_take_the_surveys(calls):
    templates = given(calls, "job_template")
    assert [template["playbook"].rpartition("/")[2] for template in templates] == [
        "wait.yml",
        "image_import.yml",
        "image_export.yml",
        "drive_transfer.yml",
        "standby_switchover.yml",
    ]
    for template in templates:
        check_survey(template["survey_spec"])


def test_all_that_is_named_was_made_before(calls):
    made = set()
    for name, arguments in calls:
        for kind in ("project", "inventory", "execution_environment"):
            if kind in arguments:
                assert (kind, arguments[kind]) in made
        made.add((name, arguments["name"]))
    assert [arguments["variables"]["ansible_python_interpreter"] for arguments in given(calls, "host")] == [
        "{{ ansible_playbook_python }}"
    ]


def test_awxkit_sets_it_up(calls):
    with AwxServer() as awx:
        connection = Connection(awx.url)
        connection.login(token=TOKEN)
        api = Api(connection).get().current_version.get()
        ids = {"organization": {"Default": api.organizations.get(name="Default").results.pop().id}}
        for kind, arguments in calls:
            fields = {name: value for name, value in arguments.items() if name not in OWN}
            fields |= {name: ids[name][fields[name]] for name in set(ids) & set(fields)}
            made = getattr(api, COLLECTION_OF[kind]).post(fields)
            assert (made.type, made.name) == (kind, arguments["name"])
            ids.setdefault(kind, {})[made.name] = made.id
            if kind == "job_template":
                made.related.survey_spec.post(arguments["survey_spec"])
                assert made.related.survey_spec.get().spec == arguments["survey_spec"]["spec"]
        with pytest.raises(Duplicate):
            api.credential_types.post(given(calls, "credential_type")[0])
        with pytest.raises(BadRequest):
            api.credential_types.post({**given(calls, "credential_type")[0], "name": "x", "kind": "none"})


if REAL:

    def test_awx_awx_sets_it_up_once(tmp_path):
        with AwxServer() as awx:
            login = {"CONTROLLER_HOST": awx.url, "CONTROLLER_OAUTH_TOKEN": TOKEN}
            set_up(REAL, tmp_path, **login)
            assert {name for _method, name in awx.changes} == {*COLLECTION_OF.values(), "survey_spec"}
            awx.changes.clear()
            assert "changed=0 " in set_up(REAL, tmp_path, **login)
            assert awx.changes == []


def test_a_survey_asks_for_variables_of_its_role(calls):
    templates = load(COLLECTION / "playbooks" / "vars" / "awx" / "job_templates.yml")["awx_job_templates"]
    for template, arguments in zip(templates, given(calls, "job_template"), strict=True):
        role = COLLECTION / "roles" / template["role"]
        specification = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
        options = specification["argument_specs"]["main"]["options"]
        options |= {f"longrunning_tasks_{name}": option for name, option in TASK_WAIT.items()}
        assert (COLLECTION / "playbooks" / template["playbook"]).is_file()
        asked = {question["variable"]: question for question in arguments["survey_spec"]["spec"]}
        assert {name for name, option in options.items() if option.get("required")} <= set(asked)
        for name, question in asked.items():
            option = options[name]
            assert question["type"] in ANSWERS[option.get("type", "str")], name
            if "choices" in option:
                assert set(question["choices"]) <= set(option["choices"]), name
            # A task that was launched just now may take longer than others.
            is_same = name != "longrunning_tasks_timeout" and question["required"]
            if is_same and "default" in option and "default" in question:
                assert str(question["default"]).lower() == str(option["default"]).lower(), name
