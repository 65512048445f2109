# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where definitions are looked for, and what is said of files that are none. A playbook test does it in playbooks."""

from __future__ import annotations

import re

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import OptionError
from ansible_collections.longrunning.tasks.plugins.plugin_utils._definitions import (
    ENDINGS,
    OWN,
    definition_named,
    with_definition,
)

SHIPPED = sorted(file.stem for file in OWN.iterdir() if file.suffix in ENDINGS)


def write(folder, name, text):
    file = folder / "task_definitions" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def refusal(name, *search_path):
    with pytest.raises(OptionError) as caught:
        definition_named(name, search_path)
    assert caught.value.option == "definition"
    return caught.value.message


@pytest.mark.parametrize("name", SHIPPED)
def test_those_of_the_collection_are_found_by_either_name(name):
    assert definition_named(name, ()) == definition_named(f"longrunning.tasks.{name}", ())


def test_the_first_folder_counts_and_the_collection_comes_last(tmp_path):
    write(tmp_path / "playbook", "pulp.yaml", "{get: {}, title: playbook}")
    folders = [str(tmp_path / "role"), str(tmp_path / "playbook")]
    assert definition_named("pulp", folders) == {"get": {}, "title": "playbook"}
    write(tmp_path / "role", "pulp.yml", "{get: {}, title: role}")
    assert definition_named("pulp", folders) == {"get": {}, "title": "role"}
    assert definition_named("longrunning.tasks.pulp", folders)["title"] == "Pulp"


def test_a_playbook_of_the_same_name_is_no_definition(tmp_path):
    (tmp_path / "pulp.yml").write_text("- hosts: all", encoding="utf-8")
    assert definition_named("pulp", [str(tmp_path)])["title"] == "Pulp"


@pytest.mark.parametrize("path", ["task_definitions/a.yml", "a.yml", "./a.yml", "{folder}/task_definitions/a.yml"])
def test_a_path_is_looked_for_where_a_name_is(tmp_path, path):
    write(tmp_path, "a.yml", "get: {path: /a}")
    assert definition_named(path.format(folder=tmp_path), ["/nowhere", str(tmp_path)]) == {"get": {"path": "/a"}}


def test_what_is_no_name_stays_as_it_is():
    for given in ({}, "", " ", None, {"get": {}}, ["a"], "a: 1", "a:\n  b", '{"get": {}}', "---\na"):
        assert with_definition({"definition": given, "x": 1}, ()) == {"definition": given, "x": 1}
    assert with_definition({"x": 1}, ()) == {"x": 1}
    assert with_definition({"definition": " pulp "}, ())["definition"]["title"] == "Pulp"


def test_a_definition_that_is_given_as_the_provider_is_told(tmp_path):
    write(tmp_path, "backup.yml", "a: 1")
    for name in ("pulp", "backup"):
        with pytest.raises(OptionError, match=f"Write definition: {name} instead") as caught:
            with_definition({"provider": name}, [str(tmp_path)])
        assert caught.value.option == "provider"
    for name in ("custom", "openstack_images", "zzz", "../pulp", "", None, ["pulp"]):
        assert with_definition({"provider": name}, [str(tmp_path)]) == {"provider": name}


def test_values_are_those_that_a_module_gets(tmp_path):
    write(tmp_path, "a.yml", "states: {0: queued, true: running}\nget: {version: 2024-03-01}")
    expected = {"states": {"0": "queued", "true": "running"}, "get": {"version": "2024-03-01"}}
    assert definition_named("a", [tmp_path]) == expected


def test_a_merge_that_is_overridden_is_no_key_twice(tmp_path):
    write(tmp_path, "a.yml", "a: &a {x: 1, y: 1}\nget: {<<: *a, x: 2}\n")
    assert definition_named("a", [tmp_path])["get"] == {"x": 2, "y": 1}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("get:\n  path: [", r"is no YAML: .* in line \d, column"),
        ("get: !vault |\n  a", "is no YAML: could not determine a constructor for the tag '!vault' in line 1"),
        ("$ANSIBLE_VAULT;1.1;AES256\n00", "is encrypted. A definition holds no secrets"),
        ("- a", "contains no mapping"),
        ("", "contains no mapping"),
        ("a: \x01", "contains control characters"),
        (b"a: \xff", "is not UTF-8"),
        ("[" * 5000, "is nested too deeply|is no YAML"),
        ("get: &b [*b]", "holds itself"),
        ("get:\n  done: failed\n  done: succeeded", "is no YAML: the key done is there twice in line 3, column 3"),
        ("? [a]\n: b", "is no YAML|a key that is no text"),
        (b"#" * 1_000_001, "is too large"),
        (
            "get: &a [1, 1, 1, 1]\n"
            + "".join(f"b{n}: &b{n} [{'*a, ' if not n else f'*b{n - 1}, ' * 9}]\n" for n in range(60)),
            "is too large for a definition, with what its aliases repeat",
        ),
    ],
)
def test_a_file_that_is_none_is_named_with_the_reason(tmp_path, content, told):
    file = write(tmp_path, "a.yml", content)
    message = refusal("a", tmp_path)
    assert message.startswith(f"definition: {file} cannot be used: it ")
    assert re.search(told, message), message


@pytest.mark.parametrize(
    "text",
    [
        "database_password: kept",
        "kept: {get: 1}",
        "kept: 1\nkept: 2",
        "- kept: 1",
        "kept",
        "root:kept:0:0",
        "get_url: kept",
    ],
)
def test_of_a_file_that_is_no_definition_nothing_is_shown(tmp_path, text):
    file = tmp_path / "secrets.yml"
    file.write_text(text, encoding="utf-8")
    told = refusal(str(file))
    assert told.startswith(f"definition: {file} cannot be used: it ")
    assert re.search("contains no mapping|lacks the key get, which every definition has", told)
    assert not re.search("kept|password|root", told.replace(str(file), ""))


def test_a_file_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    file = write(tmp_path, "a.yml", "a: 1")

    def refuse(*_args):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(file), "open", refuse)
    assert refusal("a", tmp_path) == f"definition: {file} cannot be used: Permission denied"


def test_an_unknown_name_is_told_with_its_folders_and_names_like_it(tmp_path):
    write(tmp_path, "backup.yml", "a: 1")
    own = f"{tmp_path}/task_definitions or {OWN}"
    looked = "and there is no file 'bakup.yml' or 'bakup.yaml' in"
    assert refusal("bakup", tmp_path, tmp_path) == f"definition is 'bakup', {looked} {own}. Did you mean backup?"
    assert refusal("Pulp").endswith("Did you mean pulp?")
    assert "Names that are there: " in refusal("zzz")
    assert "no/a.yml', and there is no such file in" in refusal("no/a.yml", tmp_path)
    assert refusal("/no/a.yml", tmp_path) == "definition is '/no/a.yml', and there is no such file"


@pytest.mark.parametrize(
    "name", ["longrunning.tasks.zzz", "no_such.collection.a", "a" * 5000, "a\0b", "..", "a.b", "~no/a"]
)
def test_odd_names_are_refused(name, tmp_path):
    assert refusal(name, tmp_path).startswith("definition is '")
