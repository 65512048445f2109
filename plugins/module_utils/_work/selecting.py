# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looking at all tasks of a selection that have not ended, whatever their IDs, until there is none for a while."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from .._core.clock import Deadline
from .._core.snapshot import SELECTION, Snapshot
from .._core.task import Task, TaskState
from .._provider.contract import TaskProvider, TaskQuery
from .._waiting.loop import ReadTasks
from .reading import TaskReader, unwarned

#: The states of tasks that go on. What a word means that nobody knows cannot be told: such a task may go on too.
UNFINISHED = frozenset({TaskState.QUEUED, TaskState.RUNNING, TaskState.PAUSED, TaskState.UNKNOWN})

#: Moments closer together than this, in seconds, are one: floats could keep a quiet a hair too short.
_TOLERANCE = 0.001


class Selection(NamedTuple):
    """Which tasks to wait for, and for how many seconds none of them may be unfinished.

    The query names no states: a vendor that filters by them would leave out those that this collection does not know.
    """

    query: TaskQuery
    states: frozenset[TaskState] = UNFINISHED
    quiet_seconds: float = 0.0

    def takes(self, task: Task) -> bool:
        """Whether a task of a list has to be waited for: in doubt, yes."""
        return task.state in self.states and self.query.may_match(task)


class SelectionReader:
    """Reads a selection: its unfinished tasks, those that were asked for, and the selection itself.

    The selection is there as a task with the ID ``SELECTION``, which has succeeded when no task was unfinished for long
    enough. ``way`` says how the reader of tasks reads them.
    """

    def __init__(
        self,
        provider: TaskProvider,
        selection: Selection,
        way: Callable[[TaskReader], ReadTasks],
        warn: Callable[[str], None] = unwarned,
    ) -> None:
        self._provider = provider
        self._selection = selection
        self._warn = warn
        self._read = way(TaskReader(provider, warn, query=selection.query, selects=self._takes))
        self._looks = 0
        self._quiet_since: float | None = None
        self._has_warned = False

    def read(self, task_ids: Sequence[str], deadline: Deadline) -> Snapshot:
        """Return what the list has of the selection, and the tasks with these IDs.

        Raises:
            TransientError: the vendor could not be asked.
            RequestError: asking again would not help.
            OptionError: the provider has no list.
        """
        asked = {task_id for task_id in task_ids if task_id != SELECTION}
        snapshot = self._read(tuple(asked), deadline)
        # An entry of a list may have told less than the task itself, which has ended.
        tasks = {
            task_id: task for task_id, task in snapshot.tasks.items() if task_id in asked or self._is_unfinished(task)
        }
        is_quiet = not snapshot.troubles and not any(map(self._is_unfinished, tasks.values()))
        return replace(snapshot, tasks={**tasks, SELECTION: self._itself(deadline, is_quiet=is_quiet)})

    def _is_unfinished(self, task: Task) -> bool:
        # One that was asked for and is not found is not believed to be gone yet.
        return task.state in self._selection.states or task.state is TaskState.NOT_FOUND

    def _itself(self, deadline: Deadline, *, is_quiet: bool) -> Task:
        now = deadline.clock.monotonic()
        if not is_quiet:
            self._quiet_since = None
        elif self._quiet_since is None:
            self._quiet_since = now
        least = self._selection.quiet_seconds - _TOLERANCE
        has_ended = self._quiet_since is not None and now - self._quiet_since >= least
        # Each look is a progress: the selection itself never stalls.
        self._looks += 1
        return Task(
            SELECTION,
            self._provider.description.name,
            TaskState.SUCCEEDED if has_ended else TaskState.RUNNING,
            message=str(self._looks),
        )

    def _takes(self, task: Task) -> bool:
        takes = self._selection.takes(task)
        if takes and not self._has_warned and not self._selection.query.matches(task):
            self._has_warned = True
            self._warn(
                f"The list of {self._provider.description.title} does not show of {task.describe()} what select asks "
                "for, so the wait includes it, and all others like it"
            )
        return takes
