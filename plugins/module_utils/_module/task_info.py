# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the module task_info does."""

from __future__ import annotations

from typing import Any

from .._core.errors import TaskNotFoundError
from .._core.task import TaskState
from .._core.text import listed, sentence
from .._work.reading import TaskReader
from .context import REPEAT_SECONDS, Context, checked_task_ids
from .lookups import look_up_tasks


def run(context: Context) -> dict[str, Any]:
    """Return the tasks with the IDs asked for, in their order.

    Raises:
        TaskNotFoundError: some do not exist, and not_found says that this is a failure.
    """
    asked = checked_task_ids(context.params["task_ids"], context.provider.description)
    reader = TaskReader(context.provider, context.warn)
    read = reader.read_with_subtasks if context.params["subtasks"] else reader.read
    found = look_up_tasks(context, read, asked, repeat_for=REPEAT_SECONDS, advice="Ask for fewer tasks at a time")
    tasks = [found[task_id] for task_id in asked]
    missing = [task.id for task in tasks if task.state is TaskState.NOT_FOUND]
    if missing and context.params["not_found"] == "fail":
        title = context.provider.description.title
        words = next((task.message for task in tasks if task.id == missing[0]), None)
        told = f" The answer was: {sentence(words)}" if words else ""
        what, it, ids = ("no task", "it", "ID") if len(missing) == 1 else ("none of the tasks", "them", "IDs")
        raise TaskNotFoundError(
            f"{title} has {what} {listed(missing)}, or no longer has {it}.{told} Check the {ids}, api_url, and what "
            f"the login may see. Set not_found to succeed to get {it} with the state not_found instead",
            tasks=tasks,
        )
    results = [task.to_result() for task in tasks]
    return {"tasks": results, "task": results[0] if len(results) == 1 else None}
