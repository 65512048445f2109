# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The published schema of definitions. That its file is up to date is looked at in test_document_providers.py."""

from __future__ import annotations

import json
import re

import jsonschema
import pytest
import yaml

from ansible_collections.longrunning.tasks.tests.tooling.definition_schema import DEFINITIONS, FILE, words

PUBLISHED = json.loads(FILE.read_text(encoding="utf-8"))
CHECK = jsonschema.Draft7Validator(PUBLISHED)
SHIPPED = sorted(DEFINITIONS.glob("*.yml"))
REQUESTS = ("get", "handle", "list", "when_ended", "cancel")
LEAST = {"get": {"path": "/{id}"}, "fields": {"state": "state"}, "states": {"done": "succeeded"}}


def parts(schema, path=()):
    """Yield each part of a schema that is an object, with its place."""
    if isinstance(schema, dict):
        yield path, schema
    for key, value in schema.items() if isinstance(schema, dict) else enumerate(schema):
        if isinstance(value, (dict, list)) and key not in ("if", "enum", "examples"):
            yield from parts(value, (*path, key))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_definition_fits(path):
    definition = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert [error.message for error in CHECK.iter_errors(json.loads(json.dumps(definition)))] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": {}},
        {"get": {"path": "no slash"}},
        {"get": {"path": "/{id}\n"}},
        {"states": {"done": "good"}},
        {"list": {"path": "/", "items": "a", "paging": {"style": "offset"}}},
        {"fields": {"id": "id"}},
    ],
)
def test_a_mistake_does_not_fit(wrong):
    assert CHECK.is_valid(LEAST)
    assert not CHECK.is_valid({**LEAST, **wrong})


def test_it_is_a_schema_in_which_every_key_is_described():
    jsonschema.Draft7Validator.check_schema(PUBLISHED)
    keys = [(path, part) for path, part in parts(PUBLISHED) if len(path) > 1 and path[-2] == "properties"]
    assert len(keys) > 150
    assert [path for path, part in keys if not part.get("description")] == []


def test_the_guide_tells_of_no_key_that_is_not_there():
    places = [path for path, _part in parts(PUBLISHED) if len(path) > 1 and path[-2] == "properties"]
    keys = [[key for keyword, key in zip(path, path[1:]) if keyword == "properties"] for path in places]
    known = {".".join(["", *path][-2:]) for path in keys}
    assert set(words()) - {f"{request}.{key}" for request in REQUESTS for key in ("method", "query", "body")} <= known


def test_patterns_mean_the_same_in_the_regular_expressions_of_editors():
    """ECMAScript with the flag u takes no needless escape, and has none of what only Python has."""
    patterns = {part["pattern"] for _path, part in parts(PUBLISHED) if isinstance(part.get("pattern"), str)}
    assert len(patterns) > 4
    for pattern in patterns:
        assert re.findall(r"\\(.)", pattern.replace("\\\\", "")) == re.findall(
            r"\\([\^$.*+?()\[\]{}|/nrtdDsSwW])", pattern
        )
        assert not re.search(r"\\[AZ]|\(\?[P#aiLmsux]", pattern), pattern
