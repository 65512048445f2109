# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading of untrusted mappings: every error names the place in the file and what would be right there.

No message repeats a value, because scenario files hold passwords.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Callable, TypeVar

T = TypeVar("T")


class ScenarioError(ValueError):
    """A scenario cannot be used; the text starts with the path of the faulty key."""


class _Required:
    """Stands for "this key has no default"."""


REQUIRED: Any = _Required()

_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),
    (str, "text"),
    (int, "a number"),
    (float, "a number"),
    (Mapping, "a mapping"),
    (list, "a list"),
)


def _kind(value: object) -> str:
    """Say in a person's words what a value is."""
    if value is None:
        return "nothing"
    return next((words for kind, words in _KINDS if isinstance(value, kind)), f"a {type(value).__name__}")


def is_number(value: object) -> bool:
    """Tell whether a value is a finite number; true and false are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


class Fields:
    """One mapping of a scenario, read key by key; ``done`` then refuses the keys nobody asked for."""

    def __init__(self, value: object, path: str = "") -> None:
        self.path = path
        if not isinstance(value, Mapping):
            raise self.error(f"must be a mapping, not {_kind(value)}")
        self._value: Mapping[str, Any] = value
        self._asked: set[str] = set()

    def error(self, problem: str, name: str | None = None) -> ScenarioError:
        """Build an error about this mapping, or about one of its keys."""
        return ScenarioError(f"{self.path_of(name) or 'the scenario'} {problem}")

    def path_of(self, name: str | None) -> str:
        """Return the dotted path of a key."""
        if name is None:
            return self.path
        return f"{self.path}.{name}" if self.path else name

    def has(self, name: str) -> bool:
        """Tell whether a key is there (even with nothing in it)."""
        self._asked.add(name)
        return name in self._value

    def anything(self, name: str, default: Any = REQUIRED) -> Any:
        """Return a key's value unchecked."""
        self._asked.add(name)
        if name in self._value:
            return self._value[name]
        if default is REQUIRED:
            raise self.error("is required", name)
        return default

    def text(self, name: str, default: Any = REQUIRED, choices: Sequence[str] = ()) -> Any:
        """Return text. A default of None makes the key optional, and null the same as leaving it out."""
        value = self.anything(name, default)
        if value is None and default is None:
            return None
        if not isinstance(value, str):
            hint = " (put it in quotes)" if is_number(value) else ""
            raise self.error(f"must be text, not {_kind(value)}{hint}", name)
        if choices and value not in choices:
            raise self.error(f"must be one of: {', '.join(choices)}", name)
        return value

    def number(self, name: str, default: Any = REQUIRED, minimum: float | None = 0) -> Any:
        """Return a finite number that is not below the minimum, where there is one."""
        value = self.anything(name, default)
        if value is None and default is None:
            return None
        if not is_number(value) or (minimum is not None and value < minimum):
            raise self.error("must be a number" if minimum is None else f"must be a number >= {minimum:g}", name)
        return float(value)

    def integer(self, name: str, default: Any = REQUIRED, minimum: int = 0, maximum: int | None = None) -> Any:
        """Return a whole number within its bounds."""
        value = self.anything(name, default)
        if value is None and default is None:
            return None
        within = isinstance(value, int) and not isinstance(value, bool) and value >= minimum
        if not within or (maximum is not None and value > maximum):
            bound = f">= {minimum}" if maximum is None else f"from {minimum} to {maximum}"
            raise self.error(f"must be a whole number {bound}", name)
        return value

    def flag(self, name: str, default: Any = REQUIRED) -> bool:
        """Return true or false."""
        value = self.anything(name, default)
        if not isinstance(value, bool):
            raise self.error(f"must be true or false, not {_kind(value)}", name)
        return value

    def word(self, name: str, default: Any = REQUIRED) -> Any:
        """Return text or a whole number: what vendors use for states and codes."""
        value = self.anything(name, default)
        if value is None and default is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise self.error(f"must be text or a whole number, not {_kind(value)}", name)
        return value

    def mapping(self, name: str, default: Any = REQUIRED) -> dict[str, Any]:
        """Return a mapping with text keys as a new dict."""
        value = self.anything(name, default)
        if not isinstance(value, Mapping):
            raise self.error(f"must be a mapping, not {_kind(value)}", name)
        if not all(isinstance(key, str) for key in value):
            raise self.error("must have only keys that are text", name)
        return dict(value)

    def sequence(self, name: str, default: Any = REQUIRED) -> list[Any]:
        """Return a list."""
        value = self.anything(name, default)
        if not isinstance(value, list):
            raise self.error(f"must be a list, not {_kind(value)}", name)
        return value

    def texts(self, name: str, default: Any = REQUIRED) -> tuple[str, ...]:
        """Return texts of a list."""
        value = self.sequence(name, default)
        for index, item in enumerate(value):
            if not isinstance(item, str):
                raise ScenarioError(f"{self.path_of(name)}[{index}] must be text, not {_kind(item)}")
        return tuple(value)

    def child(self, name: str) -> Fields:
        """Return a mapping below this one; one that is left out is empty."""
        value = self.anything(name, {})
        return Fields({} if value is None else value, self.path_of(name))

    def children(self, name: str) -> Iterator[Fields]:
        """Return the mappings of a list; a list that is left out is empty."""
        value = self.anything(name, [])
        if value is None:
            return
        if not isinstance(value, list):
            raise self.error(f"must be a list, not {_kind(value)}", name)
        for index, item in enumerate(value):
            yield Fields(item, f"{self.path_of(name)}[{index}]")

    def headers(self, name: str) -> dict[str, str]:
        """Return HTTP headers; a line break in one would break the whole answer."""
        value = self.mapping(name, {})
        for key, text in value.items():
            if not isinstance(text, (str, int)) or isinstance(text, bool):
                raise self.error("must have values that are text", name)
            if any(sign in f"{key}{text}" for sign in "\r\n"):
                raise self.error("must not have line breaks", name)
        return {key: str(text) for key, text in value.items()}

    def done(self) -> None:
        """Refuse keys that do not exist here; a typo must not pass as a rehearsal without its fault."""
        unknown = sorted(str(key) for key in self._value if key not in self._asked)
        if unknown:
            words = "an unknown key" if len(unknown) == 1 else "unknown keys"
            raise self.error(f"has {words}: {', '.join(unknown)}; keys here are: {', '.join(sorted(self._asked))}")


def option(read: Callable[..., Any], *default: Any, **more: Any) -> Any:
    """Return a field of a dataclass, read from the key of its name.

    ``read`` is one of the methods above, or is called like them. A default that can be called gets the mapping.
    """

    def read_it(fields: Fields, name: str) -> Any:
        return read(fields, name, *(each(fields) if callable(each) else each for each in default), **more)

    # pylint: disable-next=invalid-field-call  # what this returns stands in a dataclass
    return dataclasses.field(metadata={"read": read_it})


def read_options(kind: type[T], fields: Fields) -> T:
    """Read a dataclass whose fields are options; any other key is refused."""
    options = dataclasses.fields(kind)  # type: ignore[arg-type]  # all of them are dataclasses
    read = {each.name: each.metadata["read"](fields, each.name) for each in options}
    fields.done()
    return kind(**read)


def options_reader(kind: type[T]) -> Callable[[Fields, str], tuple[T, ...]]:
    """Return what reads a list of such dataclasses."""
    return lambda fields, name: tuple(read_options(kind, entry) for entry in fields.children(name))


def first(value: T | None, fallback: T) -> T:
    """Return the value, or the fallback for None (an empty value counts as given)."""
    return fallback if value is None else value
