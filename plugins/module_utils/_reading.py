# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading many tasks with few requests, and lists without their paging."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from ._clock import Deadline
from ._errors import BadAnswerError, NotFoundError, TransientError
from ._provider import TaskProvider, TaskQuery
from ._task import Task, missing_task
from ._waiting import Snapshot

#: Requests that run side by side when tasks are read one by one.
MOST_PARALLEL_REQUESTS = 8


class TaskReader:
    """Reads tasks by their ids in the way that costs fewer requests: by lists, or one by one and side by side."""

    def __init__(self, provider: TaskProvider) -> None:
        self._provider = provider
        #: How many pages the last list took: the best guess for the next one.
        self._pages = 1

    def read(self, task_ids: Sequence[str], deadline: Deadline) -> Snapshot:
        """Return the tasks with these ids; a task that the vendor does not have is there as ``not_found``.

        Raises:
            TransientError: the vendor could not be asked about any of them.
            RequestError: asking again would not help.
        """
        if len(task_ids) <= self._pages or not self._provider.can_list:
            return self._read_each(task_ids, deadline)
        listed = self._read_list(frozenset(task_ids), deadline)
        # What a list does not show may still be there: only asking for the task itself can tell.
        lacking = [
            task_id
            for task_id in task_ids
            if task_id not in listed or self._provider.list_entry_lacks_something(listed[task_id])
        ]
        if not lacking:
            return Snapshot(listed)
        single = self._read_each(lacking, deadline)
        tasks = {**listed, **single.tasks}
        troubles = dict(single.troubles)
        for task_id in lacking:
            ended = listed.get(task_id)
            if ended is None or not ended.is_final:
                continue
            # It ended, as the list says. An end that is known is not given up because the task was forgotten before it
            # could be read in full, or because reading it failed and there is no time for another try.
            in_full = single.tasks.get(task_id)
            if (in_full is None and deadline.left <= 0) or (in_full is not None and not in_full.is_final):
                tasks[task_id] = ended
                troubles.pop(task_id, None)
        for task_id in troubles:
            tasks.pop(task_id, None)
        return Snapshot(tasks, troubles)

    def _read_list(self, wanted: frozenset[str], deadline: Deadline) -> dict[str, Task]:
        found: dict[str, Task] = {}
        pages = 0
        for page in read_pages(self._provider, TaskQuery(), deadline):
            pages += 1
            found.update((task.id, task) for task in page if task.id in wanted)
            # Another page would cost a request, as would asking for one of those still missing.
            if len(wanted) - len(found) <= 1 or pages >= len(wanted):
                break
        self._pages = pages
        return found

    def _read_each(self, task_ids: Sequence[str], deadline: Deadline) -> Snapshot:
        def read_one(task_id: str) -> Task | TransientError:
            try:
                return self._provider.read_task(task_id, deadline)
            except NotFoundError as error:
                return missing_task(task_id, self._provider.description.name, error.words)
            except TransientError as error:
                return error

        if len(task_ids) == 1:
            answers = [read_one(task_ids[0])]
        else:
            with ThreadPoolExecutor(max_workers=min(MOST_PARALLEL_REQUESTS, len(task_ids))) as pool:
                answers = list(pool.map(read_one, task_ids))
        pairs = list(zip(task_ids, answers))
        return Snapshot(
            tasks={task_id: answer for task_id, answer in pairs if isinstance(answer, Task)},
            troubles={task_id: answer for task_id, answer in pairs if isinstance(answer, TransientError)},
        )


def read_pages(provider: TaskProvider, query: TaskQuery, deadline: Deadline) -> Iterator[tuple[Task, ...]]:
    """Yield the pages of a list, one request each.

    Raises:
        BadAnswerError: the vendor's paging runs in a circle.
    """
    cursor: str | None = None
    seen: set[str] = set()
    while True:
        page = provider.read_page(query, cursor, deadline)
        yield page.tasks
        cursor = page.next_cursor
        if cursor is None:
            return
        if cursor in seen:
            raise BadAnswerError(f"{provider.description.title} answered with a list whose pages run in a circle")
        seen.add(cursor)


def list_tasks(provider: TaskProvider, query: TaskQuery, limit: int, deadline: Deadline) -> tuple[list[Task], bool]:
    """Return at most ``limit`` tasks that match, and whether there are more."""
    found: dict[str, Task] = {}
    for page in read_pages(provider, query, deadline):
        for task in page:
            # Pages shift while tasks are added, so that one can turn up twice.
            if query.matches(task) and task.id not in found:
                if len(found) == limit:
                    return list(found.values()), True
                found[task.id] = task
    return list(found.values()), False
