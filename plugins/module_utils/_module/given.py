# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the user gave, before Ansible checks it. AWX gives everything as text, and "" for what was left empty."""

from __future__ import annotations

import ast
import difflib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .._core.errors import OptionError
from .._core.text import listed

_KEY_VALUE = re.compile(r"[\w.-]+\s*=")
#: The provider that a definition makes.
CUSTOM = "custom"
#: Options that are mappings, though their type says that the controller takes names for them too.
_MAPPINGS = ("definition",)
_TYPES: Mapping[str, tuple[str, type]] = {"dict": ("{", dict), "list": ("[", list)}
#: What Ansible gives a module's process besides the user's options, and the one with which it takes any option.
_INTERNAL, _TAKES_ANY = "_ansible_", "_ansible_ignore_unknown_opts"


def given(
    arguments: Mapping[str, Any], argument_spec: Mapping[str, Mapping[str, Any]], prefix: str = ""
) -> dict[str, Any]:
    """Return a module's arguments without options that are blank, and with dictionaries and lists in place of JSON.

    ``prefix`` is the way to options that belong to one, as in ``select.``.

    Raises:
        OptionError: the text for a dictionary is something that Ansible would misread.
    """
    specs = _by_every_name(argument_spec)
    return {
        name: _value(f"{prefix}{name}", value, specs[name]) if name in specs else value
        for name, value in arguments.items()
        if not (name in specs and _is_blank(value))
    }


def _is_blank(value: object) -> bool:
    return isinstance(value, str) and not value.strip()


def _by_every_name(argument_spec: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {name: option for first, option in argument_spec.items() for name in (first, *option.get("aliases", ()))}


def told_unknown(arguments: Mapping[str, Any], argument_spec: Mapping[str, Mapping[str, Any]]) -> str:
    """Return what to say of options that a module does not have, "" where there are none.

    It counts before what Ansible finds, which may follow from it: a misspelt ``task_id`` is a missing one too.
    """
    unknown = {} if arguments.get(_TAKES_ANY) else dict(_unknown(arguments, argument_spec))
    if not unknown:
        return ""
    close = [f"{prefix}{name}" for prefix, name in map(_closest, unknown, unknown.values()) if name]
    first = next(iter(unknown.values()))
    hint = f"Did you mean {listed(close)}?" if close else f"Supported options: {', '.join(first)}."
    return f"Unsupported options: {', '.join(unknown)}. {hint}"


def _unknown(
    arguments: Mapping[str, Any], argument_spec: Mapping[str, Mapping[str, Any]], prefix: str = ""
) -> Iterator[tuple[str, list[str]]]:
    """Yield each option that there is not, with those that there are in its place."""
    specs = _by_every_name(argument_spec)
    for name, value in sorted(arguments.items()):
        if name in specs:
            if isinstance(value, Mapping) and "options" in specs[name]:
                yield from _unknown(value, specs[name]["options"], f"{prefix}{name}.")
        elif not name.startswith(_INTERNAL):
            yield f"{prefix}{name}", sorted(specs)


def _closest(unknown: str, known: list[str]) -> tuple[str, str]:
    prefix, dot, name = unknown.rpartition(".")
    return f"{prefix}{dot}", next(iter(difflib.get_close_matches(name.lower(), known, 1)), "")


def _value(name: str, value: Any, option: Mapping[str, Any]) -> Any:
    option_type = "dict" if name in _MAPPINGS else option["type"]
    if isinstance(value, str) and option_type in _TYPES:
        value = _read(name, value, option_type)
    # What belongs to an option is text in AWX too.
    return given(value, option["options"], f"{name}.") if isinstance(value, Mapping) and "options" in option else value


def with_provider(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options with the provider that they mean: with a definition it is custom.

    Raises:
        OptionError: they name none, or another one.
    """
    provider = provider_of(options)
    if provider is None:
        raise OptionError("provider", "Neither provider nor definition is given. Give one of the two")
    if options.get("definition") is not None and provider != CUSTOM:
        raise OptionError(
            "definition", f"definition is for provider {CUSTOM}, and provider is {provider}. Omit one of the two"
        )
    return {**options, "provider": provider}


def provider_of(options: Mapping[str, Any]) -> Any:
    """Return the provider that options mean, None where they mean none."""
    definition = options.get("definition")
    return options.get("provider") or (None if definition is None or _is_blank(definition) else CUSTOM)


def _read(name: str, value: str, option_type: str) -> Any:
    opening, wanted = _TYPES[option_type]
    text = value.strip()
    readers: tuple[Callable[[str], Any], ...] = (json.loads, ast.literal_eval)
    for read in readers if text.startswith(opening) else ():
        try:
            data = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(data, wanted):
            return data
    if option_type == "list" or (name not in _MAPPINGS and _KEY_VALUE.match(text)):
        return value
    raise OptionError(
        name,
        f"{name} is text, but not JSON, so Ansible cannot read it as a dictionary. For text in YAML, write "
        f'{name}: "{{{{ the_text | from_yaml }}}}"',
    )
