# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools
import re
import sys

import jsonschema
import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._api import schemas as _schemas
from ansible_collections.longrunning.tasks.plugins.module_utils._api.schemas import AnswerSchema
from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import MissingLibraryError
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS

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
        ({}, "at $: name and age are missing"),
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


@pytest.mark.kind
def test_the_mistake_is_told_however_large_the_data_are():
    problem = AnswerSchema({"type": "string", "maxLength": 500}).problem("(" * 2000)
    assert re.fullmatch(r"at \$: '\(+… is too long", problem)
    assert len(problem) < 100


class Counted(list):
    """Counts which of its items are looked at."""

    seen = 0

    def __iter__(self):
        for item in super().__iter__():
            self.seen += 1
            yield item


def test_a_list_of_which_nothing_fits_is_not_explained_to_its_end():
    people = Counted([{}] * 1000)
    assert AnswerSchema({"items": PERSON}).problem(people).startswith("at $[")
    assert people.seen < 50


def test_the_odd_entry_of_a_long_list_is_found():
    people = [{"name": "Ann", "age": 1}] * 9 + [{"name": "Ann"}]
    assert AnswerSchema({"items": PERSON}).problem(people) == "at $[9]: age is missing"


def test_a_schema_is_compiled_once(monkeypatch):
    schema = AnswerSchema(PERSON)
    schema.problem({})
    monkeypatch.setattr(jsonschema, "Draft202012Validator", None)
    monkeypatch.setattr(_schemas, "_quick_check", None)
    assert schema.problem({}) is not None


def test_without_jsonschema_the_library_is_named(monkeypatch):
    monkeypatch.setattr(_schemas, "HAS_JSONSCHEMA", False)
    with pytest.raises(MissingLibraryError) as caught:
        AnswerSchema(PERSON).problem({})
    assert caught.value.library == "jsonschema"


def test_a_jsonschema_that_does_not_import_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    with pytest.raises(MissingLibraryError):
        AnswerSchema(PERSON).problem({})


# --- the quick check --------------------------------------------------------------------------------------------

#: What JSON can hold, in small, with what Python takes for the same: 1, 1.0 and true.
LEAVES = (None, True, False, -1, 0, 1, 1.0, 2, 2.5, float("nan"), "", "x", "xx", "xxx")
LISTS = ([], *([leaf] for leaf in LEAVES), [1, "x"], ["x", None, 2], [0, 1, 1.0])
DICTS = ({}, *({"a": leaf} for leaf in LEAVES), {"b": "x"}, {"a": 1, "b": 2}, {"a": None, "b": ["x"]}, {"c": 1})
DATA = (*LEAVES, *LISTS, *DICTS, [{"a": 1}, {}], [[1], []])
TYPES = (*sorted(_schemas._CLASSES), ["null", "string"], ["integer", "array", "object"])
SIMPLE = ({}, *({"type": kind} for kind in TYPES), {"minimum": 0}, {"minimum": 2})
PAIRS = tuple(itertools.combinations(SIMPLE, 2))
#: Each keyword, and what it can be.
KEYWORDS = {
    "type": TYPES,
    "required": ([], ["a"], ["a", "b"]),
    "properties": ({}, *({"a": one} for one in SIMPLE), *({"a": one, "b": other} for one, other in PAIRS[::5])),
    "items": SIMPLE,
    "minLength": (0, 1, 3),
    "pattern": ("x", "^x{2}$", "y"),
    "minimum": (-1, 0, 2),
    "maximum": (-1, 1, 2),
    "anyOf": (*([one] for one in SIMPLE), *(list(pair) for pair in PAIRS[::5])),
    "then": SIMPLE,
    "else": SIMPLE,
    "const": LEAVES,
}
#: What stands beside a keyword.
OTHERS = ({}, {"type": "number"}, {"type": ["object", "string"], "if": {"type": "object"}}, {"if": {"minimum": 1}})


def test_all_keywords_are_tried():
    assert set(_schemas._KEYWORDS) < set(KEYWORDS)


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_the_quick_check_is_sure_only_of_what_fits(keyword):
    for value, others in itertools.product(KEYWORDS[keyword], OTHERS):
        schema = {keyword: value, **others}
        fits = jsonschema.Draft202012Validator(schema).is_valid
        surely_fits, checked = _schemas._quick_check(schema), AnswerSchema(schema)
        for answer in DATA:
            expected = fits(answer)
            assert expected or not surely_fits(answer), (schema, answer)
            assert expected is (checked.problem(answer) is None), (schema, answer)


@pytest.mark.parametrize(
    "data", [[{"a": "x", "b": 2}], [{"a": 1, "b": 0, "c": None}, {"a": "xx", "b": 1, "d": [[]]}], [], {"n": True}]
)
def test_the_quick_check_is_sure_of_what_plainly_fits(data):
    word = {"anyOf": [{"type": "string", "minLength": 1}, {"type": "integer"}]}
    entry = {
        "type": "object",
        "required": ["a", "b"],
        "properties": {
            "a": word,
            "b": {"type": "number", "minimum": 0, "maximum": 2},
            "c": {"type": ["null", "array"]},
        },
    }
    schema = {
        "type": ["array", "object"],
        "items": entry,
        "if": {"required": ["n"]},
        "then": {"properties": {"n": {"type": "boolean"}}},
    }
    assert _schemas._quick_check(schema)(data)


def parts_of(schema):
    """Return a schema and all schemas in it."""
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    inner += [schema[keyword] for keyword in ("items", "then") if keyword in schema]
    return [schema, *(part for one in inner for part in parts_of(one))]


def test_the_quick_check_knows_all_keywords_of_the_answers():
    assert all(PROVIDERS.values())
    # A definition is no answer.
    names = [name for name in sys.modules if "._providers." in name and not name.endswith(".custom.definition")]
    files = [vars(sys.modules[name]) for name in names]
    things = [thing for names in files for thing in names.values()]
    things += [value for thing in things if isinstance(thing, type) for value in vars(thing).values()]
    schemas = [thing.schema for thing in things if isinstance(thing, AnswerSchema)]
    known = {"type", "if", *_schemas._KEYWORDS}
    assert len(schemas) > len(PROVIDERS)
    assert [part for schema in schemas for part in parts_of(schema) if not part.keys() <= known] == []
