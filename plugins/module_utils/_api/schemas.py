# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checking answers against a JSON Schema: lenient about what we do not read, strict about what we do."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from itertools import islice
from typing import Any

from .._core.errors import MissingLibraryError
from .._core.text import listed, readable

#: The pattern of a text that is not blank.
NOT_BLANK = r"\S"

HAS_JSONSCHEMA = find_spec("jsonschema") is not None

#: Differences that are looked at for the one that says most. Each costs time, and an answer can hold a million of them.
_MOST_ERRORS = 20

#: Says yes only to data that fit.
_Check = Callable[[Any], bool]


class AnswerSchema:
    """A schema, compiled at its first use and then kept.

    Nearly every answer fits. That is found out by a quick check of the few keywords that answers need, which spares
    each run the import of jsonschema, and each look at thousands of tasks seconds. What does not surely fit is for
    jsonschema to judge and to explain.

    Raises:
        MissingLibraryError: at the first use, when jsonschema is not installed.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = schema
        self._surely_fits: _Check | None = None
        self._validator: Any = None

    def problem(self, data: object) -> str | None:
        """Return where and how the data differ from the schema, or None when they fit."""
        if not HAS_JSONSCHEMA:
            raise _missing()
        if self._surely_fits is None:
            self._surely_fits = _quick_check(self.schema)
        return None if self._surely_fits(data) else self._explained(data)

    def _explained(self, data: object) -> str | None:
        try:
            import jsonschema  # noqa: PLC0415 - slow to import, see above
            import jsonschema.exceptions  # noqa: PLC0415 - as above
        except ImportError:
            raise _missing() from None
        if self._validator is None:
            # Any: its types are incomplete.
            every: Any = jsonschema.Draft202012Validator
            extend: Any = jsonschema.validators.extend
            self._validator = extend(every, {"items": _odd_items(every.VALIDATORS["items"])})(self.schema)
        error = jsonschema.exceptions.best_match(islice(self._validator.iter_errors(data), _MOST_ERRORS))
        if error is None:
            return None
        return f"at {error.json_path}: {_mistake(error)}"


def _odd_items(every_item: Callable[..., Any]) -> Callable[..., Any]:
    """Return what checks a list for jsonschema, but passes over the items that surely fit: nearly all of them."""

    def items(validator: Any, schema: Any, value: Any, whole: Mapping[str, Any]) -> Any:
        if not isinstance(value, list) or not isinstance(schema, Mapping) or "prefixItems" in whole:
            yield from every_item(validator, schema, value, whole)
            return
        surely_fits = _quick_check(schema)
        for index, item in enumerate(value):
            if not surely_fits(item):
                yield from validator.descend(item, schema, path=index)

    return items


def _missing() -> MissingLibraryError:
    return MissingLibraryError("jsonschema", "to check the vendors' answers")


def _quick_check(schema: Mapping[str, Any]) -> _Check:
    """Compile a schema; one with a keyword that is not known here becomes a check that is never sure."""
    if not schema.keys() <= {"type", "if", *_KEYWORDS}:
        return lambda _value: False
    kinds = schema.get("type", list(_CLASSES))
    classes = frozenset(kind for name in ([kinds] if isinstance(kinds, str) else kinds) for kind in _CLASSES[name])
    checks: dict[type, list[_Check]] = {kind: [] for kind in classes}
    for keyword in schema.keys() & _KEYWORDS.keys():
        concerned, compiled = _KEYWORDS[keyword]
        check = compiled(schema[keyword])
        for kind in classes.intersection(concerned):
            checks[kind].append(check)
    if not any(checks.values()):
        return lambda value: value.__class__ in classes

    def surely_fits(value: Any) -> bool:
        mine = checks.get(value.__class__)
        return mine is not None and all(check(value) for check in mine)

    return surely_fits


def _properties(schemas: Mapping[str, Mapping[str, Any]]) -> _Check:
    checks = [(name, _quick_check(schema)) for name, schema in schemas.items()]
    return lambda value: all(check(value[name]) for name, check in checks if name in value)


def _items(schema: Mapping[str, Any]) -> _Check:
    check = _quick_check(schema)
    return lambda value: all(map(check, value))


def _any_of(schemas: Sequence[Mapping[str, Any]]) -> _Check:
    checks = [_quick_check(schema) for schema in schemas]
    return lambda value: any(check(value) for check in checks)


#: The classes that JSON gives, by JSON Schema's names for them. 1.0 is an integer too: that is left to jsonschema.
_CLASSES: Mapping[str, tuple[type, ...]] = {
    "array": (list,),
    "boolean": (bool,),
    "integer": (int,),
    "null": (type(None),),
    "number": (int, float),
    "object": (dict,),
    "string": (str,),
}
_ALL = tuple({kind for kinds in _CLASSES.values() for kind in kinds})
#: The keywords that answers need: the classes that each concerns, and what compiles it.
_KEYWORDS: Mapping[str, tuple[tuple[type, ...], Callable[[Any], _Check]]] = {
    "required": ((dict,), lambda names: lambda value: all(name in value for name in names)),
    "properties": ((dict,), _properties),
    "items": ((list,), _items),
    "minLength": ((str,), lambda least: lambda value: len(value) >= least),
    "pattern": ((str,), lambda pattern: lambda value: re.search(pattern, value) is not None),
    "minimum": ((int, float), lambda least: lambda value: bool(value >= least)),
    "maximum": ((int, float), lambda most: lambda value: bool(value <= most)),
    "anyOf": (_ALL, _any_of),
    # What fits it fits whatever the condition of "if".
    "then": (_ALL, _quick_check),
}


def _mistake(error: Any) -> str:
    """Say what is wrong without repeating the data, which may be large."""
    if error.validator == "type":
        expected = error.validator_value
        names = [expected] if isinstance(expected, str) else list(expected)
        return f"expected {' or '.join(names)}, got {_kind(error.instance)}"
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return f"{listed(missing)} {'is' if len(missing) == 1 else 'are'} missing"
    if error.validator == "additionalProperties" and isinstance(error.instance, Mapping):
        known = error.schema.get("properties", {})
        strange = [str(name) for name in error.instance if name not in known]
        near = difflib.get_close_matches(strange[0][:60], known, 1)
        meant = f" (did you mean {near[0]}?)" if near and len(strange) == 1 else ""
        verb = "is" if len(strange) == 1 else "are"
        return readable(f"{listed(strange)} {verb} not known here{meant}; choose from {', '.join(known) or 'nothing'}")
    if error.validator == "enum":
        return f"{readable(repr(error.instance), limit=60)} is not one of {', '.join(map(str, error.validator_value))}"
    if error.validator == "pattern" and error.validator_value == NOT_BLANK:
        return "it is blank"
    if error.validator in ("pattern", "minLength", "maxLength") and "description" in error.schema:
        return f"{readable(repr(error.instance), limit=60)}: {error.schema['description']}"
    # jsonschema repeats what is wrong before it says why.
    told = error.message.replace(repr(error.instance), readable(repr(error.instance), limit=60), 1)
    return readable(told, limit=200)


def _kind(value: object) -> str:
    names = {bool: "boolean", type(None): "null", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "number")
