# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the module task_list does."""

from __future__ import annotations

from typing import Any

from .._core.errors import OptionError
from .._core.task import TaskState
from .._work.reading import list_tasks
from .context import REPEAT_SECONDS, Context
from .lookups import MOST_LOOKUP_SECONDS, look_up
from .queries import read_query


def run(context: Context) -> dict[str, Any]:
    """Return the tasks that match, at most as many as the limit says."""
    params = context.params
    limit = params["limit"]
    if limit < 1:
        raise OptionError("limit", f"limit is {limit}; it has to be 1 or more")
    query = read_query(params)._replace(states=frozenset(TaskState(state) for state in params["states"] or ()))
    tasks, truncated = look_up(
        context,
        lambda deadline: list_tasks(context.provider, query, limit, deadline, context.warn),
        seconds=MOST_LOOKUP_SECONDS,
        repeat_for=REPEAT_SECONDS,
        advice="Set a lower limit, or filters that the vendor knows",
    )
    return {"tasks": [task.to_result() for task in tasks], "count": len(tasks), "truncated": truncated}
