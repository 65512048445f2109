# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the module task_info does."""

from __future__ import annotations

from typing import Any

from .._core.errors import TaskNotFoundError
from .._core.retrying import Backoff, repeat_transient
from .._core.snapshot import Snapshot
from .._core.task import TaskState
from .._core.text import listed, sentence
from .._work.reading import TaskReader
from .context import REPEAT_SECONDS, Context, checked_task_ids, distinct


def run(context: Context) -> dict[str, Any]:
    """Return the tasks with the ids asked for, in their order.

    Raises:
        TaskNotFoundError: some do not exist, and not_found says that this is a failure.
    """
    asked = checked_task_ids(context.params["task_ids"], context.provider.description)
    reader = TaskReader(context.provider)

    def read() -> Snapshot:
        read_tasks = reader.read_with_subtasks if context.params["subtasks"] else reader.read
        snapshot = read_tasks(distinct(asked), context.deadline())
        for trouble in snapshot.troubles.values():
            raise trouble
        return snapshot

    snapshot = repeat_transient(read, budget=REPEAT_SECONDS, clock=context.clock, backoff=Backoff())
    tasks = [snapshot.tasks[task_id] for task_id in asked]
    missing = [task.id for task in tasks if task.state is TaskState.NOT_FOUND]
    if missing and context.params["not_found"] == "fail":
        title = context.provider.description.title
        words = next((task.message for task in tasks if task.id == missing[0]), None)
        told = f" The answer was: {sentence(words)}" if words else ""
        what = f"no task {missing[0]}" if len(missing) == 1 else f"none of the tasks {listed(missing)}"
        raise TaskNotFoundError(
            f"{title} has {what}, or no longer has it.{told} Check the id and api_url; "
            "with not_found: succeed it is returned with the state not_found instead",
            tasks=tasks,
        )
    results = [task.to_result() for task in tasks]
    return {"tasks": results, "task": results[0] if len(results) == 1 else None}
