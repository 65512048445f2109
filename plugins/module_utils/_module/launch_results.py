# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finding the IDs of tasks in what the tasks that launched them registered."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .._core.errors import OptionError
from .._provider.description import ProviderDescription

_OPTION = "launch_results"
#: A place in braces, keys joined by dots.
_PLACES = re.compile(r"\{([^{}]+)\}")
#: Where task_launch has the ID, and what it says where there is no task.
_OWN_PATH = ("task_id",)
#: In a path: every value of an object.
_EACH = "*"
_NOTHING_LAUNCHED = frozenset({"not_needed", "would_launch"})


def launched_task_ids(launch_results: object, description: ProviderDescription) -> tuple[str, ...]:
    """Return the IDs in one registered result, a loop's result, or a list of either. Skipped ones have none.

    A launch of several tasks at once has several IDs.

    Raises:
        OptionError: a result failed, or has no ID where this provider's launching calls have it.
    """
    return tuple(
        task_id
        for name, result in _single_results(launch_results, _OPTION)
        for task_id in _task_ids(name, result, description)
    )


def _single_results(given: object, name: str) -> list[tuple[str, Mapping[str, Any]]]:
    if isinstance(given, Mapping):
        nested = given.get("results")
        # A loop over nothing is skipped; another module's empty list of results is none of ours.
        if isinstance(nested, list) and (nested or "json" not in given):
            return _single_results(nested, f"{name}.results")
        return [(name, given)]
    if isinstance(given, Sequence) and not isinstance(given, (str, bytes)):
        return [pair for number, item in enumerate(given) for pair in _single_results(item, f"{name}[{number}]")]
    raise OptionError(
        _OPTION, f'{name} is not a registered result: give the variable, as in launch_results: "{{{{ launch }}}}"'
    )


def _task_ids(name: str, result: Mapping[str, Any], description: ProviderDescription) -> Sequence[str]:
    if result.get("skipped"):
        return ()
    if result.get("unreachable"):
        raise OptionError(
            _OPTION, f"{name} is the result of a task whose host was unreachable, so nothing was launched"
        )
    if result.get("failed"):
        raise OptionError(_OPTION, f"{name} is the result of a task that failed, so there is nothing to wait for")
    if result.get("outcome") in _NOTHING_LAUNCHED and result.get("task_id") is None:
        return ()
    for path in (*description.launch_id_paths, _OWN_PATH):
        found = _at(result, path)
        ids = [task_id for task_id in found if task_id is not None]
        if ids and len(ids) < len(found):
            # A task that is not waited for would be taken for one that ended well.
            raise OptionError(
                _OPTION,
                f"{name} has {len(found)} tasks at {'.'.join(path)}, but an ID for {len(ids)} of them only. Give "
                "task_ids instead",
            )
        if ids:
            return ids
    if not description.launch_id_paths:
        raise OptionError(
            _OPTION,
            f"{name} has no task ID: no launching call of {description.title} returns one. Give task_ids instead",
        )
    places = ", ".join(".".join(path) for path in description.launch_id_paths)
    raise OptionError(
        _OPTION,
        f"{name} has no task ID where provider {description.name} looks for it ({places}). Give task_ids instead",
    )


def _at(data: object, path: tuple[str, ...]) -> list[str | None]:
    """Return the IDs that a path of keys leads to, one for each entry of the lists on its way; None where none is.

    A number picks an entry of a list, ``*`` stands for all values of an object.
    """
    if path and isinstance(data, list) and path[0].isdecimal():
        return _at(data[int(path[0])], path[1:]) if int(path[0]) < len(data) else [None]
    if path and isinstance(data, Mapping) and path[0] == _EACH and _EACH not in data:
        return _at([*data.values()], path[1:])
    if isinstance(data, list):
        return [task_id for entry in data for task_id in _at(entry, path)]
    if path and "{" in path[0]:
        return [_put_together(data, path[0])]
    if path:
        return _at(data.get(path[0]), path[1:]) if isinstance(data, Mapping) else [None]
    is_id = isinstance(data, (str, int)) and not isinstance(data, bool) and bool(str(data).strip())
    return [str(data) if is_id else None]


def _put_together(data: object, text: str) -> str | None:
    """Return a text with what is at the places in braces; None where one of them has nothing, or several."""
    parts = {place: _at(data, tuple(place.split("."))) for place in _PLACES.findall(text)}
    if any(len(found) != 1 or found[0] is None for found in parts.values()):
        return None
    return _PLACES.sub(lambda place: str(parts[place[1]][0]), text)
