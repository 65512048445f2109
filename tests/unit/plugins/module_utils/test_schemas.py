# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils import _schemas
from ansible_collections.longrunning.tasks.plugins.module_utils._errors import MissingLibraryError
from ansible_collections.longrunning.tasks.plugins.module_utils._schemas import AnswerSchema

PERSON = {
    "type": "object",
    "required": ["name", "age"],
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "age": {"type": ["integer", "null"]},
        "pets": {"type": "array", "items": {"enum": ["cat", "dog"]}},
    },
}


@pytest.mark.parametrize(
    "data", [{"name": "Ann", "age": 5}, {"name": "Ann", "age": None}, {"name": "A", "age": 1, "more": [{}], "pets": []}]
)
def test_what_fits_has_no_problem(data):
    assert AnswerSchema(PERSON).problem(data) is None


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (None, "at $: expected object, got null"),
        ([], "at $: expected object, got array"),
        ("x", "at $: expected object, got string"),
        (True, "at $: expected object, got boolean"),
        (1.5, "at $: expected object, got number"),
        ({}, "at $: name, age is missing"),
        ({"name": "Ann"}, "at $: age is missing"),
        ({"name": 5, "age": 1}, "at $.name: expected string, got number"),
        ({"name": "Ann", "age": "1"}, "at $.age: expected integer or null, got string"),
        ({"name": "Ann", "age": 1, "pets": {}}, "at $.pets: expected array, got object"),
    ],
)
def test_what_does_not_fit_is_named(data, problem):
    assert AnswerSchema(PERSON).problem(data) == problem


def test_other_mistakes_are_told_with_their_place():
    problem = AnswerSchema(PERSON).problem({"name": "Ann", "age": 1, "pets": ["cat", "cow"]})
    assert problem.startswith("at $.pets[1]: ")
    assert "cow" in problem


def test_large_data_are_not_repeated():
    problem = AnswerSchema(PERSON).problem({"name": "Ann", "age": 1, "pets": ["x" * 100_000]})
    assert len(problem) < 300
    assert len(AnswerSchema(PERSON).problem(["x" * 100_000])) < 100


def test_a_schema_is_compiled_once(monkeypatch):
    schema = AnswerSchema(PERSON)
    schema.problem({})
    monkeypatch.setattr(_schemas.jsonschema, "Draft202012Validator", None)
    assert schema.problem({}) is not None


def test_without_jsonschema_the_library_is_named(monkeypatch):
    monkeypatch.setattr(_schemas, "HAS_JSONSCHEMA", False)
    with pytest.raises(MissingLibraryError) as caught:
        AnswerSchema(PERSON).problem({})
    assert caught.value.library == "jsonschema"
