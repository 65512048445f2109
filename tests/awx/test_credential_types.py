# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A credential of AWX gives the modules every connection option that its provider takes from the environment."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from awx_rules import check_credential_type, inject, load

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import OptionError
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.connecting import (
    connection_options,
    environment_names,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.options import (
    CONNECTION_OPTIONS,
    SECRET_OPTIONS,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS

ROOT = Path(__file__).parents[2]
TYPES = load(ROOT / "playbooks" / "vars" / "awx" / "credential_types.yml")["awx_credential_types"]
BY_PROVIDER = dict(zip(PROVIDERS, TYPES, strict=True))
#: The option whose file a field holds the content of.
PATHS = {"ca_certificates": "ca_path", "client_certificate": "client_cert", "client_key": "client_key"}
#: What no environment variable carries.
GIVEN = {"custom": {"definition": {}}}


def values(provider):
    """Return something for every field, which its option accepts."""
    choices = PROVIDERS[provider].description.choices
    fields = [field["id"] for field in BY_PROVIDER[provider]["inputs"]["fields"]]
    return {
        field: choices[field][-1]
        if field in choices
        else f"https://{field.replace('_', '-')}.example.com"
        if field.endswith("_url")
        else f"the {field} of {provider}"
        for field in fields
    }


def test_there_is_one_for_every_provider():
    assert len({value["name"] for value in TYPES}) == len(PROVIDERS)
    for name, provider in PROVIDERS.items():
        prefix = f"{provider.description.environment_prefix}_"
        assert all(variable.startswith(prefix) for variable in BY_PROVIDER[name]["injectors"]["env"])


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_field_reaches_its_option(provider, tmp_path):
    description = PROVIDERS[provider].description
    filled = values(provider)
    environ = inject(BY_PROVIDER[provider], filled, tmp_path)
    # The tests of the options say how the environment's login goes with others: here all of it has to arrive.
    options = connection_options(description, GIVEN.get(provider, {}), environ)
    arrived = {option for option in CONNECTION_OPTIONS if environment_names(description, option)}
    assert {PATHS.get(field, field) for field in filled} == arrived
    for field, value in filled.items():
        got = getattr(options, PATHS.get(field, field))
        assert (Path(got).read_text(encoding="utf-8") if field in PATHS else got) == value


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_empty_field_counts_as_not_given(provider, tmp_path):
    description = PROVIDERS[provider].description
    for form in description.logins:
        filled = {field: value for field, value in values(provider).items() if field in form.options}
        if set(form.options) - set(filled) - set(GIVEN.get(provider, {})):
            continue
        # Required is what every way to log in needs, so that none is kept from being used.
        environ = inject(BY_PROVIDER[provider], filled, tmp_path)
        options = connection_options(description, GIVEN.get(provider, {}), environ)
        assert options.login == form.options
        assert (options.ca_path, options.client_cert, options.client_key) == (None, None, None)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_without_a_required_field_there_is_no_login(provider, tmp_path):
    description = PROVIDERS[provider].description
    for field in BY_PROVIDER[provider]["inputs"]["required"]:
        value = copy.deepcopy(BY_PROVIDER[provider])
        value["inputs"]["required"] = []
        environ = inject(value, {**values(provider), field: ""}, tmp_path)
        with pytest.raises(OptionError):
            connection_options(description, GIVEN.get(provider, {}), environ)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_secrets_are_secret_and_nothing_else_is(provider):
    fields = BY_PROVIDER[provider]["inputs"]["fields"]
    secret = {field["id"] for field in fields if field.get("secret")}
    assert secret == {field["id"] for field in fields if field["id"] in (*SECRET_OPTIONS, "client_key")}


def test_two_credentials_of_different_providers_do_not_meet():
    names = [name for value in TYPES for name in value["injectors"]["env"]]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda value: value["injectors"]["env"].update(ANSIBLE_CONFIG="x"), "ANSIBLE_CONFIG"),
        (lambda value: value["injectors"]["env"].update(PATH="x"), "PATH"),
        (lambda value: value["injectors"]["env"].update(A="{{ nothing }}"), "nothing"),
        (lambda value: value["inputs"]["fields"].append({"id": "api_url", "label": "x"}), "api_url"),
        (lambda value: value["inputs"]["fields"][0].update(kind="x"), "kind"),
    ],
)
def test_the_rules_refuse_what_awx_refuses(change, message):
    value = copy.deepcopy(TYPES[0])
    change(value)
    with pytest.raises(Exception, match=message):
        check_credential_type(value)
