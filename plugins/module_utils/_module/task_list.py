# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the module task_list does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.errors import OptionError
from .._core.task import TaskState
from .._provider.contract import TaskQuery
from .._work.reading import list_tasks
from .context import REPEAT_SECONDS, Context
from .lookups import MOST_LOOKUP_SECONDS, look_up
from .moments import read_moment


def run(context: Context) -> dict[str, Any]:
    """Return the tasks that match, at most as many as the limit says."""
    params = context.params
    limit = params["limit"]
    if limit < 1:
        raise OptionError("limit", f"limit is {limit}; it has to be 1 or more")
    after, before = (read_moment(params[option], option) for option in ("started_after", "started_before"))
    if after is not None and before is not None and after >= before:
        raise OptionError("started_after", "started_after has to be earlier than started_before, or no task can match")
    query = TaskQuery(
        states=frozenset(TaskState(state) for state in params["states"] or ()),
        types=frozenset(params["types"] or ()),
        started_after=after,
        started_before=before,
        filters=_vendor_filters(params["filters"] or {}),
    )
    tasks, truncated = look_up(
        context,
        lambda deadline: list_tasks(context.provider, query, limit, deadline, context.warn),
        seconds=MOST_LOOKUP_SECONDS,
        repeat_for=REPEAT_SECONDS,
        advice="Set a lower limit, or filters that the vendor knows",
    )
    return {"tasks": [task.to_result() for task in tasks], "count": len(tasks), "truncated": truncated}


def _vendor_filters(filters: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return what the user wants the vendor to get: a list gives its parameter several times."""
    pairs: list[tuple[str, str]] = []
    for name, value in filters.items():
        values = value if isinstance(value, list) else [value]
        if any(isinstance(item, (dict, list)) for item in values):
            raise OptionError("filters", f"filters: the value of {name} has to be a text, a number, or a list of them")
        pairs += [(str(name), _parameter(item)) for item in values]
    return tuple(pairs)


def _parameter(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
