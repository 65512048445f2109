# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A vendor's fields, named once: the table gives the JSON Schema of a task, and reads it into ours."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any, NamedTuple

from .._api.schemas import NOT_BLANK, AnswerSchema
from .._core.errors import BadAnswerError
from .._core.task import Task, TaskState, parse_time
from .._core.text import readable
from .description import ProviderDescription

#: A description or a message longer than this is cut, in characters.
LONGEST_PROSE = 2000


def as_text(value: object) -> str | None:
    """Return a text as it is, None for an empty one and for anything else."""
    return value if isinstance(value, str) and value.strip() else None


def as_word(value: object) -> str | None:
    """Return a state, an ID or a code as text, whether it came as text, number or boolean.

    JSON Schema takes 2.0 for an integer as well.
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip() or None if isinstance(value, (str, int)) else None


def as_prose(value: object) -> str | None:
    """Return words for people, whatever they came as, without line breaks and HTML; None for objects and lists."""
    if value is None or isinstance(value, (dict, list)):
        return None
    return readable(str(value).lower() if isinstance(value, bool) else str(value), limit=LONGEST_PROSE) or None


def as_number(value: object) -> float | None:
    """Return a finite number, also one that is written as text."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (OverflowError, ValueError):
        return None
    return number if math.isfinite(number) else None


def as_percent(value: object) -> float | None:
    """Return a number from 0 to 100, also one that is written as text, with or without its sign."""
    number = as_number(value.strip().rstrip("%") if isinstance(value, str) else value)
    return number if number is not None and 0 <= number <= 100 else None


def as_time(value: object, *, per_second: int = 1) -> datetime | None:
    """Return a time that is written as RFC 3339, or as a number since 1970: in seconds, or so many parts of them."""
    written = parse_time(value)
    number = None if written is not None else as_number(value)
    if number is None:
        return written
    try:
        return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=number / per_second)
    except OverflowError:
        return None


def as_time_in_milliseconds(value: object) -> datetime | None:
    """Return a time that is written as RFC 3339, or in milliseconds since 1970."""
    return as_time(value, per_second=1000)


def as_it_is(value: object) -> Any:
    """Return anything as it came."""
    return value


def dig(data: object, path: tuple[str, ...]) -> Any:
    """Follow keys into nested dicts; None where the way ends."""
    for key in path:
        if not isinstance(data, Mapping):
            return None
        data = data.get(key)
    return data


class Kind(NamedTuple):
    """What a field may hold: the types that JSON Schema knows it by, none for any, and how it is read.

    ``keywords`` of JSON Schema say more of these types.
    """

    types: tuple[str, ...]
    read: Callable[[Any], Any]
    keywords: Mapping[str, Any] = MappingProxyType({})


TEXT = Kind(("string",), as_text)
WORD = Kind(("string", "integer"), as_word)
PROSE = Kind(("string",), as_prose)
PERCENT = Kind(("number",), as_percent)
TIME = Kind(("string",), parse_time)
#: As text, or in milliseconds since 1970.
MOMENT = Kind(("string", "integer"), as_time_in_milliseconds)
OBJECT = Kind(("object",), as_it_is)
LIST = Kind(("array",), as_it_is)
#: Of objects.
OBJECTS = Kind(("array",), as_it_is, {"items": {"type": "object"}})
ANYTHING = Kind((), as_it_is)


class Field(NamedTuple):
    """A field of a vendor's task: the keys that lead to it, what it holds, and whether it has to be there."""

    path: tuple[str, ...]
    kind: Kind
    is_needed: bool = False

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of its value."""
        types = [*self.kind.types]
        named: dict[str, Any] = {"type": types if self.is_needed else [*types, "null"]} if types else {}
        # A blank text says as little as none.
        blank = {"pattern": NOT_BLANK} if self.is_needed and "string" in types else {}
        return {**named, **blank, **self.kind.keywords}

    def find(self, raw: Any) -> Any:
        """Return its value, read."""
        return self.kind.read(dig(raw, self.path))


def at(path: str, kind: Kind = TEXT, *, needed: bool = False) -> Field:
    """Describe a field by its keys, joined with dots."""
    return Field(tuple(path.split(".")), kind, needed)


class TaskFields:
    """The table of one vendor: our name of each field of a task -> the vendor's.

    ``others`` are fields that only the vendor's own code looks at: the schema checks them too.
    """

    def __init__(self, *others: Field, **fields: Field) -> None:
        self._fields = fields
        self.schema = AnswerSchema(object_schema((*fields.values(), *others)))

    def read(self, raw: Any, description: ProviderDescription, known_id: str | None = None) -> Task:
        """Return the task that a vendor's object tells of. ``known_id`` is for one that does not repeat its ID.

        Raises:
            BadAnswerError: it has no ID or no state.
        """
        found = {name: field.find(raw) for name, field in self._fields.items()}
        if found["id"] is None:
            found["id"] = known_id
        return new_task(raw, found, description)


def new_task(
    raw: Any, found: Mapping[str, Any], description: ProviderDescription, state: TaskState | None = None
) -> Task:
    """Return a task of the values that were found for its fields; the description tells the state, unless it is given.

    Raises:
        BadAnswerError: there is no ID or no state.
    """
    missing = next((name for name in ("id", "state") if found.get(name) is None), None)
    if missing is not None:
        what = "ID" if missing == "id" else missing
        raise BadAnswerError(f"{description.title} answered with a task that has no {what}")
    values = {name: value for name, value in found.items() if name != "state"}
    state = description.state_of(found["state"]) if state is None else state
    if not state.is_final:
        # The state says whether a task has ended, and nothing else does.
        values["finished_at"] = None
    own = raw if isinstance(raw, dict) else {"task": raw}
    return Task(provider=description.name, state=state, raw_state=found["state"], raw=own, **values)


def answers_with(*fields: Field) -> AnswerSchema:
    """Return the schema of answers that are objects with these fields, and perhaps with others."""
    return AnswerSchema(object_schema(fields))


def object_schema(fields: Iterable[Field]) -> dict[str, Any]:
    """Return the JSON Schema of an object with these fields, and perhaps with others."""
    inner: dict[str, list[Field]] = {}
    for field in fields:
        inner.setdefault(field.path[0], []).append(field)
    properties: dict[str, Any] = {}
    needed: list[str] = []
    for name, mine in inner.items():
        direct = next((field for field in mine if len(field.path) == 1), None)
        if direct is not None:
            properties[name] = direct.schema()
        else:
            below = object_schema(field._replace(path=field.path[1:]) for field in mine)
            properties[name] = below if "required" in below else {**below, "type": ["object", "null"]}
        if any(field.is_needed for field in mine):
            needed.append(name)
    schema = {"type": "object", "properties": properties}
    return {**schema, "required": needed} if needed else schema
