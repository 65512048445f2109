# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that say which tasks of a list are meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.errors import OptionError
from .._core.task import TaskState
from .._provider.contract import TaskQuery
from .._work.selecting import UNFINISHED, Selection
from .context import checked_seconds
from .moments import read_moment


def read_query(params: Mapping[str, Any], prefix: str = "") -> TaskQuery:
    """Return what the options ask for, but for the states. ``prefix`` is the way to them, as in ``select.``.

    Raises:
        OptionError: one cannot be used.
    """
    after, before = (read_moment(params[option], f"{prefix}{option}") for option in ("started_after", "started_before"))
    if after is not None and before is not None and after >= before:
        raise OptionError(
            f"{prefix}started_after",
            f"{prefix}started_after has to be earlier than {prefix}started_before, or no task can match",
        )
    return TaskQuery(
        types=frozenset(params["types"] or ()),
        started_after=after,
        started_before=before,
        filters=vendor_filters(params["filters"] or {}, f"{prefix}filters"),
        resource=params.get("resource"),
    )


def read_selection(params: Mapping[str, Any]) -> Selection:
    """Return what ``select`` asks for. A state that nobody knows may be one that goes on, so it always counts as one.

    Raises:
        OptionError: one of its options cannot be used.
    """
    states = frozenset(map(TaskState, params["states"] or ())) | {TaskState.UNKNOWN}
    return Selection(
        read_query(params, "select."),
        states if params["states"] else UNFINISHED,
        checked_seconds(params["quiet_seconds"], "select.quiet_seconds") or 0.0,
    )


def vendor_filters(filters: Mapping[str, Any], option: str = "filters") -> tuple[tuple[str, str], ...]:
    """Return what the user wants the vendor to get: a list gives its parameter several times."""
    pairs: list[tuple[str, str]] = []
    for name, value in filters.items():
        values = value if isinstance(value, list) else [value]
        if any(isinstance(item, (dict, list)) for item in values):
            raise OptionError(option, f"{option}: the value of {name} has to be a text, a number, or a list of them")
        pairs += [(str(name), _parameter(item)) for item in values]
    return tuple(pairs)


def _parameter(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
