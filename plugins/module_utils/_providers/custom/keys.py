# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys of a definition, each named once: the fields of a frozen class say what a key can hold and how it is read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import field, fields
from functools import partial
from typing import Any, NamedTuple, TypeVar

from ..._core.errors import OptionError

Section = TypeVar("Section")


def mistake(told: str) -> OptionError:
    """Return the error that a definition is wrong."""
    return OptionError("definition", f"definition: {told}")


def _as_it_is(value: Any, where: str) -> Any:  # noqa: ARG001 - as all readers are called
    return value


class Kind(NamedTuple):
    """What a key can hold: its JSON Schema. ``read`` turns its value into ours, and gets the place for its messages."""

    schema: Mapping[str, Any]
    read: Callable[[Any, str], Any] = _as_it_is


def key(kind: Kind, default: Any = None, *, needed: bool = False, name: str = "") -> Any:
    """Describe a field of a section. An omitted key is read as ``default``. Without a default it is None.

    ``name`` is the key where it is not that of the field.
    """
    # pylint: disable-next=invalid-field-call  # what this returns stands in a dataclass
    return field(metadata={"kind": kind, "default": default, "needed": needed, "name": name})


def _keys(of: Any) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield the field, the key and what is said of it."""
    for one in fields(of):
        if one.metadata:
            yield one.name, one.metadata["name"] or one.name, one.metadata


def read(of: Callable[..., Section], given: Mapping[str, Any], where: str) -> Section:
    """Return the section that was given. Its schema has checked it before.

    Raises:
        OptionError: it is wrong in a way that no schema finds.
    """
    values = {}
    for name, called, said in _keys(of):
        value = given.get(called, said["default"])
        values[name] = None if value is None else said["kind"].read(value, f"{where}.{called}")
    return of(**values)


def closed(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    """Describe an object that takes these keys and no other, so that a slip of the pen is found."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


def schema_of(of: Any) -> dict[str, Any]:
    """Return the JSON Schema of a section."""
    keys = [(called, said) for _name, called, said in _keys(of)]
    needed = (called for called, said in keys if said["needed"])
    return closed({called: said["kind"].schema for called, said in keys}, *needed)


def section(of: Callable[..., Any], read_it: Callable[[Any, str], Any] | None = None) -> Kind:
    """Describe a key that holds a section; ``read_it`` reads one that needs more than the readers of its keys."""
    return Kind(schema_of(of), read_it or partial(read, of))


def variants(of: Any, by: str, shapes: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]) -> dict[str, Any]:
    """Return the JSON Schema of a section whose keys depend on one: its value -> those needed, and others."""
    schemas = schema_of(of)["properties"]

    def shape(needed: Collection[str], others: Collection[str]) -> dict[str, Any]:
        return closed({by: {}, **{name: schemas[name] for name in schemas if name in {*needed, *others}}}, *needed)

    return {
        "type": "object",
        "required": [by],
        "properties": {by: {"enum": list(shapes)}},
        "allOf": [
            {"if": {"properties": {by: {"const": value}}, "required": [by]}, "then": shape(*names)}
            for value, names in shapes.items()
        ],
    }


def mapping(values: Mapping[str, Any], read_it: Callable[[Any, str], Any] = _as_it_is, **keywords: Any) -> Kind:
    """Describe a key that holds an object of any keys, whose values have this schema."""
    return Kind({"type": "object", **keywords, "additionalProperties": values}, read_it)


def one_of(*words: str) -> Kind:
    """Describe a key that holds one of these words."""
    return Kind({"enum": list(words)})


def path(begin: str = "", described: str = "") -> Kind:
    """Describe a key that holds a path: it begins with a slash, or with a placeholder that the pattern is of."""
    start, also = (f"(/|{begin})", f" or with {described}, and") if begin else ("/", " and")
    return Kind(
        {
            "type": "string",
            # Python's ``$`` would also stand before a line break at the end.
            "pattern": rf'^{start}[!"$-~]*$(?!\n)',
            "description": f"a path begins with a slash{also} contains no spaces, # or letters beyond ASCII",
        }
    )


ANYTHING = Kind({})
FLAG = Kind({"type": "boolean"})
TEXT = Kind({"type": "string"})
NAME = Kind({"type": "string", "minLength": 1})
SECONDS = Kind({"type": "number", "exclusiveMinimum": 0, "maximum": 366 * 86400}, lambda given, _where: float(given))
PATH = path()
STATUSES = Kind(
    {"type": "array", "items": {"type": "integer", "minimum": 400, "maximum": 599}},
    lambda given, _where: frozenset(given),
)
PARAMETERS = mapping({"type": ["string", "number", "boolean"]})
