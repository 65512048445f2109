# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The setup playbook gives the modules of awx.awx what they take, and AWX what it would accept.

awx.awx is on no index of Python packages. Its modules' arguments are recorded in awx_modules.json from AWX's sources,
with their version, and stand-ins check what they are given as any module checks its arguments.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from awx_rules import check_credential_type, check_survey, load
from installed import COLLECTION, COLLECTIONS

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
#: The kinds of answers that fit a type of a role's variable.
ANSWERS = {
    "str": {"text", "multiplechoice"},
    "int": {"integer"},
    "float": {"integer", "float"},
    "bool": {"multiplechoice"},
    "list": {"text"},
}


@pytest.fixture(scope="module")
def calls(tmp_path_factory):
    """Return what the playbook gave the modules, one after the other."""
    folder = tmp_path_factory.mktemp("awx")
    modules = folder / "ansible_collections" / "awx" / "awx" / "plugins" / "modules"
    modules.mkdir(parents=True)
    for name, specification in RECORDED["modules"].items():
        text = STAND_IN.format(name=name, specification=json.dumps(specification))
        modules.joinpath(f"{name}.py").write_text(text, encoding="utf-8")
    answers = {"awx_setup_image": "registry.example.com/ee:1", "awx_setup_project_url": "https://git.example.com/a.git"}
    done = subprocess.run(
        [
            Path(sys.executable).with_name("ansible-playbook"),
            *("-e", json.dumps(answers)),
            "longrunning.tasks.awx_setup",
        ],
        env={
            **os.environ,
            "AWX_CALLS": str(folder / "calls"),
            "ANSIBLE_COLLECTIONS_PATH": f"{COLLECTIONS}:{folder}",
            "ANSIBLE_HOME": str(folder / "home"),
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
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


@pytest.mark.xfail(not (COLLECTION / "roles" / "wait_for_tasks").is_dir(), reason="the roles are not there yet")
def test_a_survey_asks_for_variables_of_its_role(calls):
    templates = load(COLLECTION / "playbooks" / "vars" / "awx" / "job_templates.yml")["awx_job_templates"]
    for template, arguments in zip(templates, given(calls, "job_template"), strict=True):
        role = COLLECTION / "roles" / template["role"]
        specification = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
        options = specification["argument_specs"]["main"]["options"]
        assert (COLLECTION / "playbooks" / template["playbook"]).is_file()
        asked = {question["variable"]: question for question in arguments["survey_spec"]["spec"]}
        assert {name for name, option in options.items() if option.get("required")} <= set(asked)
        for name, question in asked.items():
            option = options[name]
            assert question["type"] in ANSWERS[option.get("type", "str")], name
            if "choices" in option:
                assert set(question["choices"]) <= set(option["choices"]), name
            if "default" in option and question["required"] and "default" in question:
                assert str(question["default"]).lower() == str(option["default"]).lower(), name
