# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading many tasks with few requests, and lists without their paging."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Union

from .._core.clock import Deadline
from .._core.errors import AccessDeniedError, BadAnswerError, NotFoundError, RejectedError, RequestError, TransientError
from .._core.snapshot import Snapshot
from .._core.task import Task, TaskState, missing_task
from .._core.text import readable
from .._core.threads import side_by_side
from .._provider.contract import TaskPage, TaskProvider, TaskQuery
from .._waiting.explaining import explain_task

#: A task, or what stood in the way of reading it.
Answer = Union[Task, TransientError]

#: Empty pages in a row that are followed: some vendors have them before the end, none has so many. Pages that bring
#: nothing new count as empty: they come where a server does not page as it is asked to.
MOST_EMPTY_PAGES = 100
#: Pages of a list that are followed at all: a million tasks where a page has 100. Only a list without an end has more.
#: Before that the time for the whole is up, or a wait for few tasks has asked for each by its ID.
MOST_PAGES = 10_000


def unwarned(_text: str) -> None:
    """Warn nobody."""


class TaskReader:
    """Reads tasks by their IDs in the way that costs fewer requests: by lists, or one by one and side by side.

    ``warn`` is told once of each task whose answers contradict each other, and once of entries that cannot be read.
    With ``selects`` it also reads the tasks that nobody asked for by their IDs and that this takes, out of the list of
    a ``query``.
    """

    def __init__(
        self,
        provider: TaskProvider,
        warn: Callable[[str], None] = unwarned,
        *,
        query: TaskQuery | None = None,
        selects: Callable[[Task], bool] | None = None,
    ) -> None:
        self._provider = provider
        self._warn = warn
        self._query = query or TaskQuery()
        self._selects = selects
        #: How many pages the last list took: the best guess for the next one.
        self._pages = 1
        #: The tasks that the last answers contradict each other about.
        self._doubted: set[str] = set()
        self._warned: set[str] = set()

    def read(self, task_ids: Sequence[str], deadline: Deadline) -> Snapshot:
        """Return the tasks with these IDs; a task that the vendor does not have is there as ``not_found``.

        Raises:
            TransientError: the vendor could not be asked about any of them.
            RequestError: asking again would not help.
        """
        return self._snapshot(self._read(task_ids, deadline))

    def read_with_subtasks(self, task_ids: Sequence[str], deadline: Deadline) -> Snapshot:
        """Return the same with each task's subtasks, which cost a request for each task where the vendor has any."""
        answers = self._read(task_ids, deadline)
        return self._snapshot({**answers, **self._read_subtasks(_tasks_in(answers), deadline)})

    def read_following_subtasks(
        self, task_ids: Sequence[str], deadline: Deadline, *, failures_end_at_once: bool = False
    ) -> Snapshot:
        """Return the same, but a task that has ended counts as running while subtasks of it have not.

        Subtasks are asked for only when their task has ended. ``failures_end_at_once``: a task without success is
        not held back by its subtasks.
        """
        answers = self._read(task_ids, deadline)
        ended = [
            task
            for task in _tasks_in(answers)
            if task.is_final and not (failures_end_at_once and task.state is not TaskState.SUCCEEDED)
        ]
        answers.update(self._read_subtasks(ended, deadline))
        answers.update({task.id: held_by_subtasks(task, self._title) for task in _tasks_in(answers)})
        return self._snapshot(answers)

    def _snapshot(self, answers: Mapping[str, Answer]) -> Snapshot:
        return Snapshot.of(answers, self._provider.asked_to_wait)

    def _read(self, task_ids: Sequence[str], deadline: Deadline) -> dict[str, Answer]:
        is_shorter = len(task_ids) <= self._pages or not self._provider.can_list
        if is_shorter and self._selects is None:
            return self._read_each(task_ids, deadline)
        listed = self._read_list(frozenset(task_ids), deadline)
        answers: dict[str, Answer] = {task_id: entries[-1] for task_id, entries in listed.items()}
        # What a list does not show may still be there: only asking for the task itself can tell.
        known = dict.fromkeys((*task_ids, *listed))
        lacking = [task_id for task_id in known if self._has_to_be_read(listed.get(task_id, ()))]
        for task_id, read in self._read_each(lacking, deadline).items():
            answers[task_id] = self._settle(task_id, listed.get(task_id, ()), read, deadline)
        return answers

    def _has_to_be_read(self, entries: Sequence[Task]) -> bool:
        """Whether a list does not tell all about a task: it has no entry of it, or several, or a poor one."""
        return len(entries) != 1 or self._provider.list_entry_lacks_something(entries[0])

    def _settle(self, task_id: str, entries: Sequence[Task], read: Answer, deadline: Deadline) -> Answer:
        """Return what counts, and remember a contradiction until list and task agree again."""
        answer, doubt = reconciled(
            entries, read, self._title, is_doubted=task_id in self._doubted, is_last_look=deadline.left <= 0
        )
        if doubt is not None:
            self._doubted.add(task_id)
            self._warn_once(task_id, doubt)
        elif isinstance(answer, Task):
            self._doubted.discard(task_id)
        return answer

    def _warn_once(self, about: str, text: str) -> None:
        if about not in self._warned:
            self._warned.add(about)
            self._warn(text)

    def _read_subtasks(self, tasks: Sequence[Task], deadline: Deadline) -> dict[str, Answer]:
        """Return tasks with their subtasks. Trouble with a task's subtasks is trouble with the task."""

        def read_subtasks(task: Task) -> Answer:
            if task.state is TaskState.NOT_FOUND:
                return replace(task, subtasks=())
            try:
                return replace(task, subtasks=self._provider.read_subtasks(task.id, deadline))
            except TransientError as error:
                return error

        return dict(zip((task.id for task in tasks), side_by_side(read_subtasks, tasks)))

    @property
    def _title(self) -> str:
        return self._provider.description.title

    def _read_list(self, asked: frozenset[str], deadline: Deadline) -> dict[str, list[Task]]:
        """Return what a list says of the tasks asked for: for each the last entry, and those that contradict it."""
        found: dict[str, list[Task]] = {}
        pages = 0
        selects = self._selects
        for page in read_pages(self._provider, self._query, deadline):
            pages += 1
            for task in page.tasks:
                if task.id in asked or (selects is not None and selects(task)):
                    _add(found, task)
            if page.unreadable:
                self._warn_once("", _left_out(page.unreadable, self._title))
            if selects is not None:
                _make_sure_of_all(page, self._title)
                continue
            # Another page would cost a request, as would asking for one of those still missing.
            if len(asked) - len(found) <= 1 or pages >= min(len(asked), MOST_PAGES):
                break
        self._pages = pages
        return found

    def _read_each(self, task_ids: Sequence[str], deadline: Deadline) -> dict[str, Answer]:
        answers = side_by_side(lambda task_id: read_one(self._provider, task_id, deadline), task_ids)
        return dict(zip(task_ids, answers))


def _make_sure_of_all(page: TaskPage, title: str) -> None:
    if page.is_cut:
        raise BadAnswerError(
            f"{title} did not list all of its tasks, so nobody can tell whether others are under way. Narrow the "
            "selection down with filters that the vendor knows, and omit a limit among them"
        )
    if page.unreadable:
        # Such an entry may be about a task that goes on, and may be whole at the next look.
        why = "" if page.problem is None else f" ({page.problem.message})"
        raise TransientError(
            f"The list of {title} has {_entries(page.unreadable)} that cannot be read{why}, so nobody can tell whether "
            "all tasks have ended. If that does not pass, narrow the selection down with filters that the vendor knows"
        )


def _tasks_in(answers: Mapping[str, Answer]) -> list[Task]:
    return [answer for answer in answers.values() if isinstance(answer, Task)]


def read_one(provider: TaskProvider, task_id: str, deadline: Deadline) -> Answer:
    """Return a task, one that stands for a task that the vendor does not have, or what stood in the way for now.

    Raises:
        RequestError: asking again would not help.
    """
    try:
        return provider.read_task(task_id, deadline)
    except NotFoundError as error:
        said = error.message
        if error.words:
            request = f"{error.method} {error.url}" if error.url else error.method
            said = f"{error.words} (HTTP {error.status}, {request})" if error.status else error.words
        return missing_task(task_id, provider.description.name, said)
    except TransientError as error:
        return error


def _add(found: dict[str, list[Task]], task: Task) -> None:
    """Add what a list says of a task to what it said before, unless it says the same again.

    The last entry is the newest: pages shift while they are read.
    """
    entries = found.setdefault(task.id, [])
    entries[:] = [entry for entry in entries if (entry.state, entry.error) != (task.state, task.error)]
    entries.append(task)


def reconciled(
    entries: Sequence[Task],
    read: Answer,
    title: str,
    *,
    is_doubted: bool = False,
    is_last_look: bool = False,
) -> tuple[Answer, str | None]:
    """Return what counts of a task that a list shows and that was read by its ID, and the contradiction, if any.

    The task itself knows more, and is newer. ``entries`` are what one list says of it: several contradict each other.
    An end that only a list tells counts where the task was forgotten since, or could not be read in the last look, and
    where nothing has contradicted it (``is_doubted``). A success that is contradicted counts as running.
    """
    entry = entries[-1] if entries else None
    ends = {told.state for told in entries if told.is_final}
    is_sure = len(entries) == 1 and bool(ends) and not is_doubted
    if isinstance(read, TransientError):
        return (entry if entry is not None and is_sure and is_last_look else read), None
    is_gone = read.state is TaskState.NOT_FOUND
    if entry is None or (not is_gone and ends <= {read.state}):
        return read, None
    if is_gone and is_sure:
        return entry, None
    if read.is_final and read.state is not TaskState.SUCCEEDED:
        # It is no success, whatever the list says.
        return read, None
    doubt = (
        f"{_listed_as(entries, title)}, but the task itself is {_state_words(read)}. "
        "It does not count as ended until the two agree"
    )
    task = entry if is_gone else read
    if task.is_final:
        task = replace(task, state=TaskState.RUNNING, raw_state=None, finished_at=None, error=None, message=doubt)
    return task, doubt


def _listed_as(entries: Sequence[Task], title: str) -> str:
    """Say as what a list shows a task."""
    return f"{title}: the list shows {entries[-1].describe()} as {' and as '.join(map(_state_words, entries))}"


def _state_words(task: Task) -> str:
    state = task.state.value.replace("_", " ")
    return state if task.raw_state in (None, state) else f"{state} ({readable(str(task.raw_state), limit=60)})"


def _left_out(number: int, title: str) -> str:
    """Say that a list has entries that make no task."""
    left = "It is" if number == 1 else "They are"
    return f"The list of {title} has {_entries(number)} that cannot be read. {left} left out"


def _entries(number: int) -> str:
    return "one entry" if number == 1 else f"{number} entries"


def read_each(provider: TaskProvider, task_ids: Sequence[str], deadline: Deadline) -> Mapping[str, Task | RequestError]:
    """Return for each ID what ``read_one`` returns, or the error where the answer about this task cannot be used.

    Raises:
        RequestError: none can be read, such as after a login that was refused.
    """

    def read(task_id: str) -> Task | RequestError:
        try:
            return read_one(provider, task_id, deadline)
        except (AccessDeniedError, BadAnswerError, RejectedError) as error:
            return error

    return dict(zip(task_ids, side_by_side(read, task_ids)))


def held_by_subtasks(task: Task, title: str) -> Task:
    """Return a task as it counts for a wait that follows its subtasks: as running while they have not ended.

    Its own state decides how it ended, as the vendor keeps the two apart; a subtask without success is told in the
    task's message.
    """
    subtasks = task.subtasks or ()
    bad = [subtask for subtask in subtasks if subtask.is_final and subtask.state is not TaskState.SUCCEEDED]
    parts = [task.message] if task.message else []
    left = task.unfinished_subtasks
    if left:
        parts.append(f"{left} of {len(subtasks)} subtasks {'has' if left == 1 else 'have'} not ended")
    parts += [f"Subtask: {explain_task(subtask, title)}" for subtask in bad]
    message = "; ".join(parts) or None
    if left:
        return replace(task, state=TaskState.RUNNING, error=None, finished_at=None, message=message)
    return replace(task, message=message)


def read_pages(provider: TaskProvider, query: TaskQuery, deadline: Deadline) -> Iterator[TaskPage]:
    """Yield the pages of a list, one request each.

    Raises:
        BadAnswerError: the vendor's paging runs in a circle, or goes on and on.
    """
    title = provider.description.title
    cursor: str | None = None
    seen: set[str] = set()
    known: set[str] = set()
    empty = 0
    for _page in range(MOST_PAGES):
        page = provider.read_page(query, cursor, deadline)
        yield page
        cursor = page.next_cursor
        if cursor is None:
            return
        new = {task.id for task in page.tasks} - known
        known |= new
        empty = 0 if new else empty + 1
        if cursor in seen or empty > MOST_EMPTY_PAGES:
            raise BadAnswerError(f"{title} answered with a list whose pages run in a circle")
        seen.add(cursor)
    raise BadAnswerError(
        f"{title} answered with a list that goes on after {MOST_PAGES:,} pages. No more are read: narrow it down "
        "with a lower limit, or with filters that the vendor knows"
    )


def list_tasks(
    provider: TaskProvider,
    query: TaskQuery,
    limit: int,
    deadline: Deadline,
    warn: Callable[[str], None] = unwarned,
    *,
    is_enough: Callable[[TaskPage], bool] = lambda _page: False,
) -> tuple[list[Task], bool]:
    """Return at most ``limit`` tasks that match, and whether there are or may be more.

    A task about which the list contradicts itself is read by its ID. ``is_enough`` says of a page that those after it
    are of no interest.

    Raises:
        RequestError: they could not be listed.
    """
    found: dict[str, list[Task]] = {}
    matching: set[str] = set()
    is_cut = False
    unreadable = 0
    problem: RequestError | None = None
    for page in read_pages(provider, query, deadline):
        is_cut = is_cut or page.is_cut
        unreadable += page.unreadable
        problem = problem or page.problem
        for task in page.tasks:
            _add(found, task)
            if query.matches(task):
                matching.add(task.id)
        if len(matching) > limit or is_enough(page):
            break
    if problem is not None and not found:
        # Not an odd entry, but a vendor or a definition that is another one than expected.
        raise problem
    tasks = [_one_of(entries, provider, deadline, warn) for entries in found.values()]
    if unreadable:
        warn(_left_out(unreadable, provider.description.title))
    return [task for task in tasks if query.matches(task)][:limit], is_cut or len(matching) > limit


def _one_of(entries: Sequence[Task], provider: TaskProvider, deadline: Deadline, warn: Callable[[str], None]) -> Task:
    """Return what counts of the entries that a list has of one task."""
    if len(entries) == 1:
        return entries[0]
    title = provider.description.title
    try:
        read = read_one(provider, entries[0].id, deadline)
    except (AccessDeniedError, BadAnswerError, RejectedError) as error:
        told = f"{_listed_as(entries, title)}, and the task itself could not be read: {error.message}"
        warn(told)
        return replace(entries[-1], state=TaskState.UNKNOWN, raw_state=None, finished_at=None, error=None, message=told)
    answer, doubt = reconciled(entries, read, title)
    if isinstance(answer, TransientError):
        raise answer
    if doubt is not None:
        warn(doubt)
    return answer
