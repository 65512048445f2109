# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWX does with credential types and surveys, written down from its sources of version 24.6.1.

Credential types: ``awx/main/fields.py`` (CredentialTypeInputField, CredentialTypeInjectorField) for what may be saved,
and ``awx/main/models/credential`` (``inject_credential``) for what a job gets. Surveys: ``_validate_spec_data`` in
``awx/api/views/__init__.py``.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import jsonschema
import yaml
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

NAME = r"^[a-zA-Z_]+[a-zA-Z0-9_]*$"
INPUTS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "required": {"type": "array", "items": {"type": "string"}},
        "fields": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["id", "label"],
                "properties": {
                    "type": {"enum": ["string", "boolean"]},
                    "format": {"enum": ["ssh_private_key", "url"]},
                    "choices": {"type": "array", "minItems": 1, "items": {"type": "string"}, "uniqueItems": True},
                    "id": {"type": "string", "pattern": NAME},
                    "label": {"type": "string"},
                    "help_text": {"type": "string"},
                    "multiline": {"type": "boolean"},
                    "secret": {"type": "boolean"},
                    "ask_at_runtime": {"type": "boolean"},
                    "default": {},
                },
            },
        },
    },
}
INJECTORS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "file": {
            "type": "object",
            "additionalProperties": False,
            "patternProperties": {r"^template(\.[a-zA-Z_]+[a-zA-Z0-9_]*)?$": {"type": "string"}},
        },
        "env": {
            "type": "object",
            "additionalProperties": False,
            "patternProperties": {NAME: {"type": "string", "pattern": "^[\x00-\x7f]*$"}},
        },
        # Extra variables too, which the credential types here do without: a job template's survey would be overridden.
    },
}
KINDS = ("net", "cloud")
FORBIDDEN_VARIABLES = {
    "AD_HOC_COMMAND_ID",
    "AWX_HOST",
    "CACHE",
    "CALLBACK_CONNECTION",
    "CALLBACK_QUEUE",
    "INVENTORY_HOSTVARS",
    "INVENTORY_ID",
    "INVENTORY_SOURCE_ID",
    "INVENTORY_UPDATE_ID",
    "JOB_CALLBACK_DEBUG",
    "JOB_ID",
    "MAX_EVENT_RES",
    "PATH",
    "PROJECT_REVISION",
    "PYTHONPATH",
    "REST_API_TOKEN",
    "REST_API_URL",
    "SUPERVISOR_CONFIG_PATH",
    "VIRTUAL_ENV",
}
ANSWERS = {
    "text": str,
    "textarea": str,
    "password": str,
    "multiplechoice": str,
    "multiselect": str,
    "integer": int,
    "float": (float, int),
}


class _Loader(yaml.SafeLoader):
    """Reads what is marked unsafe as plain text, as a module gets it."""


_Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


def load(path):
    """Return the variables of a file that a playbook reads."""
    return yaml.load(Path(path).read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a safe loader, and one more tag


def check_credential_type(value):
    """Raise what AWX would refuse a credential type for."""
    inputs, injectors = value["inputs"], value["injectors"]
    if value["kind"] not in KINDS:
        raise ValueError(f"kind {value['kind']}: one that people make is net or cloud")
    jsonschema.validate(inputs, INPUTS)
    jsonschema.validate(injectors, INJECTORS)
    ids = [field["id"] for field in inputs["fields"]]
    if len(set(ids)) != len(ids) or "tower" in ids:
        raise ValueError(f"the fields' ids are {ids}")
    for name in injectors["env"]:
        if name.startswith("ANSIBLE_") or name in FORBIDDEN_VARIABLES:
            raise ValueError(f"{name} may not be set by a credential")
    files = {name.partition(".")[2] for name in injectors.get("file", {})}
    if "" in files and len(files) > 1:
        raise ValueError("either one file or several with names")
    tower = SimpleNamespace(filename=SimpleNamespace(**dict.fromkeys(files, "/file")) if files else "/file")
    strict = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    for group in injectors.values():
        for template in group.values():
            strict.from_string(template).render({**dict.fromkeys(ids, "EXAMPLE"), "tower": tower})


def inject(credential_type, inputs, folder):
    """Return the environment variables that a job gets from a credential; write its files into a folder."""
    fields = {field["id"] for field in credential_type["inputs"]["fields"]}
    if not set(inputs) <= fields:
        raise ValueError(f"{credential_type['name']} has no field {set(inputs) - fields}")
    missing = [name for name in credential_type["inputs"]["required"] if not inputs.get(name)]
    if missing:
        raise ValueError(f"{credential_type['name']} needs {missing}")
    # An empty field is as good as none, and an undefined name is an empty text.
    known = {name: value for name, value in inputs.items() if value}
    environment = ImmutableSandboxedEnvironment()
    filename = SimpleNamespace()
    for name, template in credential_type["injectors"].get("file", {}).items():
        path = Path(folder) / f"{credential_type['name'].split()[0].lower()}-{name}"
        path.touch(mode=0o600)
        path.write_text(environment.from_string(template).render(**known), encoding="utf-8")
        setattr(filename, name.partition(".")[2], str(path))
    known["tower"] = SimpleNamespace(filename=filename)
    return {
        name: environment.from_string(template).render(**known)
        for name, template in credential_type["injectors"]["env"].items()
    }


def check_survey(survey):
    """Raise what AWX would refuse a survey for."""
    for name, kind in (("name", str), ("description", str), ("spec", list)):
        if not isinstance(survey[name], kind):
            raise TypeError(f"{name} of a survey is {survey[name]!r}")
    variables = [question["variable"] for question in survey["spec"]]
    if not variables or len(set(variables)) != len(variables):
        raise ValueError(f"the variables are {variables}")
    for question in survey["spec"]:
        _check_question(question)


def _check_question(question):
    if not all(isinstance(question[name], str) for name in ("type", "question_name", "variable")):
        raise TypeError(f"a text is none in {question}")
    if not isinstance(question["required"], bool):
        raise TypeError(f"required is not a boolean in {question}")
    default = question.get("default", "")
    if default != "" and (not isinstance(default, ANSWERS[question["type"]]) or isinstance(default, bool)):
        raise TypeError(f"the default of {question['variable']} is {default!r}")
    if not all(isinstance(question[name], int) for name in ("min", "max") if question.get(name) is not None):
        raise TypeError(f"min and max have to be integers in {question}")
    if question["type"] in {"multiplechoice", "multiselect"}:
        choices = question["choices"]
        choices = choices.splitlines() if isinstance(choices, str) else choices
        if not set(str(default).splitlines()) <= set(choices):
            raise ValueError(f"the default of {question['variable']} is none of its choices")
