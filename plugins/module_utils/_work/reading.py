# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading many tasks with few requests, and lists without their paging."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar

from .._core.clock import Deadline
from .._core.errors import BadAnswerError, NotFoundError, TransientError
from .._core.snapshot import Snapshot
from .._core.task import Task, TaskState, missing_task
from .._provider.contract import TaskPage, TaskProvider, TaskQuery
from .._waiting.explaining import explain_task

T = TypeVar("T")

#: Empty pages in a row that are followed: some vendors have them before the end, none has so many. Pages that bring
#: nothing new count as empty: they come where a server does not page as it is asked to.
MOST_EMPTY_PAGES = 100
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
        return replace(self._read(task_ids, deadline), retry_after=self._provider.asked_to_wait)

    def _read(self, task_ids: Sequence[str], deadline: Deadline) -> Snapshot:
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

    def read_with_subtasks(self, task_ids: Sequence[str], deadline: Deadline) -> Snapshot:
        """Return the same with each task's subtasks, which cost a request for each task where the vendor has any."""
        snapshot = self.read(task_ids, deadline)
        return self._with_subtasks(snapshot, list(snapshot.tasks.values()), deadline)

    def read_following_subtasks(
        self, task_ids: Sequence[str], deadline: Deadline, *, failures_end_at_once: bool = False
    ) -> Snapshot:
        """Return the same, but a task that has ended counts as running while subtasks of it have not.

        Subtasks are asked for only when their task has ended. ``failures_end_at_once``: a task without success is
        not held back by its subtasks.
        """
        snapshot = self.read(task_ids, deadline)
        ended = [
            task
            for task in snapshot.tasks.values()
            if task.is_final and not (failures_end_at_once and task.state is not TaskState.SUCCEEDED)
        ]
        snapshot = self._with_subtasks(snapshot, ended, deadline)
        title = self._provider.description.title
        return replace(snapshot, tasks={task.id: held_by_subtasks(task, title) for task in snapshot.tasks.values()})

    def _with_subtasks(self, snapshot: Snapshot, asked: Sequence[Task], deadline: Deadline) -> Snapshot:
        """Add subtasks to some of the tasks. Trouble with a task's subtasks is trouble with the task."""

        def read_one(task: Task) -> Task | TransientError:
            if task.state is TaskState.NOT_FOUND:
                return replace(task, subtasks=())
            try:
                return replace(task, subtasks=self._provider.read_subtasks(task.id, deadline))
            except TransientError as error:
                return error

        answers = dict(zip((task.id for task in asked), _side_by_side(read_one, asked)))
        troubles = {task_id: answer for task_id, answer in answers.items() if isinstance(answer, TransientError)}
        read = {task_id: answer for task_id, answer in answers.items() if isinstance(answer, Task)}
        tasks = {task_id: read.get(task_id, task) for task_id, task in snapshot.tasks.items()}
        for task_id in troubles:
            del tasks[task_id]
        return replace(snapshot, tasks=tasks, troubles={**snapshot.troubles, **troubles})

    def _read_list(self, asked: frozenset[str], deadline: Deadline) -> dict[str, Task]:
        found: dict[str, Task] = {}
        pages = 0
        for page in read_pages(self._provider, TaskQuery(), deadline):
            pages += 1
            found.update((task.id, task) for task in page.tasks if task.id in asked)
            # Another page would cost a request, as would asking for one of those still missing.
            if len(asked) - len(found) <= 1 or pages >= len(asked):
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

        pairs = list(zip(task_ids, _side_by_side(read_one, task_ids)))
        return Snapshot(
            tasks={task_id: answer for task_id, answer in pairs if isinstance(answer, Task)},
            troubles={task_id: answer for task_id, answer in pairs if isinstance(answer, TransientError)},
        )


def _side_by_side(read_one: Callable[[T], Task | TransientError], items: Sequence[T]) -> list[Task | TransientError]:
    """Return what is read for each item, in their order; raise the first error after what runs has ended.

    Not a pool of the standard library: the process would wait at its end for the threads of one, and who interrupts it
    waits for no request that hangs.
    """
    if len(items) < 2:
        return [read_one(item) for item in items]
    waiting = deque(enumerate(items))
    answers: dict[int, Task | TransientError] = {}
    errors: dict[int, BaseException] = {}
    ended: SimpleQueue[None] = SimpleQueue()

    def work() -> None:
        while waiting:
            try:
                number, item = waiting.popleft()
            except IndexError:
                break
            try:
                answers[number] = read_one(item)
            except BaseException as error:  # noqa: BLE001 - it is raised where it was asked for
                errors[number] = error
                waiting.clear()
        ended.put(None)

    workers = min(MOST_PARALLEL_REQUESTS, len(items))
    for _number in range(workers):
        Thread(target=work, daemon=True).start()
    for _number in range(workers):
        ended.get()
    if errors:
        raise errors[min(errors)]
    return [answers[number] for number in range(len(items))]


def held_by_subtasks(task: Task, title: str) -> Task:
    """Return a task as it counts for a wait that follows its subtasks: as running while they have not ended.

    Its own state decides how it ended, as the vendor keeps the two apart; a subtask without success is told in the
    task's message.
    """
    subtasks = task.subtasks or ()
    bad = [subtask for subtask in subtasks if subtask.is_final and subtask.state is not TaskState.SUCCEEDED]
    words = [task.message] if task.message else []
    left = task.unfinished_subtasks
    if left:
        words.append(f"{left} of {len(subtasks)} subtasks {'has' if left == 1 else 'have'} not ended")
    words += [f"Subtask: {explain_task(subtask, title)}" for subtask in bad]
    message = "; ".join(words) or None
    if left:
        return replace(task, state=TaskState.RUNNING, error=None, finished_at=None, message=message)
    return replace(task, message=message)


def read_pages(provider: TaskProvider, query: TaskQuery, deadline: Deadline) -> Iterator[TaskPage]:
    """Yield the pages of a list, one request each.

    Raises:
        BadAnswerError: the vendor's paging runs in a circle.
    """
    cursor: str | None = None
    seen: set[str] = set()
    known: set[str] = set()
    empty = 0
    while True:
        page = provider.read_page(query, cursor, deadline)
        yield page
        cursor = page.next_cursor
        if cursor is None:
            return
        new = {task.id for task in page.tasks} - known
        known |= new
        empty = 0 if new else empty + 1
        if cursor in seen or empty > MOST_EMPTY_PAGES:
            raise BadAnswerError(f"{provider.description.title} answered with a list whose pages run in a circle")
        seen.add(cursor)


def list_tasks(provider: TaskProvider, query: TaskQuery, limit: int, deadline: Deadline) -> tuple[list[Task], bool]:
    """Return at most ``limit`` tasks that match, and whether there are or may be more."""
    found: dict[str, Task] = {}
    is_cut = False
    for page in read_pages(provider, query, deadline):
        is_cut = is_cut or page.is_cut
        for task in page.tasks:
            # Pages shift while tasks are added, so that one can turn up twice.
            if query.matches(task) and task.id not in found:
                if len(found) == limit:
                    return list(found.values()), True
                found[task.id] = task
    return list(found.values()), is_cut
