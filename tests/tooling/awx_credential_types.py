# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The credential types of AWX, one for each provider, as the providers' descriptions make them.

A field is a connection option that has an environment variable. Of files, a credential holds the content; AWX writes
it into a file of the job, and the variable has the file's path.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from ansible_collections.longrunning.tasks.plugins.doc_fragments.connection import ModuleDocFragment
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.connecting import environment_names
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.options import (
    CONNECTION_OPTIONS,
    SECRET_OPTIONS,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS

if TYPE_CHECKING:
    from ansible_collections.longrunning.tasks.plugins.module_utils._provider.description import ProviderDescription

HEADER = """\
# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
---
# Written by tests/tooling/document_providers.py. The templates are AWX's, and not for Ansible: they are marked unsafe.
"""
#: Whose title says too little in a list of all credential types.
TITLES = {"custom": "Custom API"}
ABBREVIATIONS = {"api": "API", "id": "ID", "url": "URL"}


@dataclass(frozen=True)
class File:
    """What stands for an option that is the path of a file."""

    field: str
    label: str
    help_text: str
    is_secret: bool = False


FILES = {
    "ca_path": File("ca_certificates", "CA certificates", "The authorities to trust instead of others, as PEM."),
    "client_cert": File("client_certificate", "Client certificate", "As PEM. It may hold its key too."),
    "client_key": File("client_key", "Client key", "The key of the client certificate, as PEM.", is_secret=True),
}


class Template(str):
    """A template that is to be filled in by AWX and not by Ansible."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Writes YAML as this project formats it."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless=False)


_Dumper.add_representer(Template, lambda dumper, template: dumper.represent_scalar("!unsafe", str(template), style="'"))


def name_of(description: ProviderDescription) -> str:
    """Return the name of a provider's credential type."""
    return f"{TITLES.get(description.name, description.title)} (longrunning.tasks)"


def credential_type(description: ProviderDescription) -> dict[str, Any]:
    """Return the arguments of ``awx.awx.credential_type`` for a provider."""
    options = [option for option in CONNECTION_OPTIONS if environment_names(description, option)]
    # What logs in comes first, as the provider's first way wants it.
    forms = [form.options for form in description.logins]
    options.sort(key=lambda option: next((n for n, form in enumerate(forms) if option in form), len(forms)))
    every_login = set.intersection(*map(set, forms))
    ways = "; or ".join(", ".join(option for option in form if option in options) for form in forms)
    paths = [option for option in options if option in FILES]
    return {
        "name": name_of(description),
        "description": f"Logs in with {ways}.",
        "kind": "cloud",
        "inputs": {
            "fields": [_field(description, option) for option in options],
            "required": [option for option in options if option in every_login],
        },
        "injectors": {
            "env": {environment_names(description, option)[0]: _value(option) for option in options},
            "file": {f"template.{path}": Template(f"{{{{ {FILES[path].field} }}}}") for path in paths},
        },
    }


def _field(description: ProviderDescription, option: str) -> dict[str, Any]:
    file = FILES.get(option)
    if file:
        shown = {
            "id": file.field,
            "label": file.label,
            "type": "string",
            "help_text": file.help_text,
            "multiline": True,
        }
        return {**shown, "secret": True} if file.is_secret else shown
    words = [ABBREVIATIONS.get(word, word) for word in option.split("_")]
    field: dict[str, Any] = {
        "id": option,
        "label": words[0][0].upper() + " ".join(words)[1:],
        "type": "string",
        "help_text": _help_text(description, option),
    }
    if option in SECRET_OPTIONS:
        field["secret"] = True
    if option in description.choices:
        field["choices"] = list(description.choices[option])
    return field


def _value(option: str) -> Template:
    """Return the template of a variable. A field that is not filled in leaves it empty, which counts as not set."""
    if option in FILES:
        field = FILES[option].field
        return Template(f"{{% if {field} %}}{{{{ tower.filename.{option} }}}}{{% endif %}}")
    return Template(f"{{{{ {option} }}}}")


def _help_text(description: ProviderDescription, option: str) -> str:
    """Return the first sentence of an option's documentation, and what holds when it is left empty."""
    documented = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"][option]["description"][0]
    sentence = re.match(r".+?\.(?= |$)", documented)
    text = re.sub(r"\b[OVEC]\(([^)]*)\)", r"\1", sentence[0] if sentence else documented)
    default = description.defaults.get(option)
    return f"{text} {default} when left empty." if default else text


def playbook_variables() -> str:
    """Return the file of variables that the setup playbook reads."""
    types = {"awx_credential_types": [credential_type(provider.description) for provider in PROVIDERS.values()]}
    return HEADER + yaml.dump(types, Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=False)
