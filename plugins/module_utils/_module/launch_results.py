# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finding the ids of tasks in what the tasks that launched them registered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._errors import OptionError
from .._provider import ProviderDescription, dig

_OPTION = "launch_results"


def launched_task_ids(launch_results: object, description: ProviderDescription) -> tuple[str, ...]:
    """Return the ids in one registered result, a loop's result, or a list of either. Skipped ones have none.

    Raises:
        OptionError: a result failed, or has no id where this provider's launching calls have it.
    """
    return tuple(
        task_id
        for name, result in _single_results(launch_results, _OPTION)
        for task_id in [_task_id(name, result, description)]
        if task_id is not None
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
        _OPTION, f'{name} is no registered result: give the variable itself, as in launch_results: "{{{{ launch }}}}"'
    )


def _task_id(name: str, result: Mapping[str, Any], description: ProviderDescription) -> str | None:
    if result.get("skipped"):
        return None
    if result.get("unreachable"):
        raise OptionError(
            _OPTION, f"{name} is the result of a task whose host was unreachable, so nothing was launched"
        )
    if result.get("failed"):
        raise OptionError(_OPTION, f"{name} is the result of a task that failed, so there is nothing to wait for")
    for path in description.launch_id_paths:
        found = dig(result, path)
        if isinstance(found, (str, int)) and not isinstance(found, bool) and str(found).strip():
            return str(found)
    if not description.launch_id_paths:
        raise OptionError(
            _OPTION,
            f"{name} cannot have a task's id: no launching call of {description.title} returns one. Give task_ids",
        )
    places = ", ".join(".".join(path) for path in description.launch_id_paths)
    raise OptionError(
        _OPTION, f"{name} has no task's id for {description.name}: it is looked for in {places}. Give task_ids instead"
    )
