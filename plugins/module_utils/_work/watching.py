# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Watching tasks: what changes from one look to the next. It has no end, so that its memory has a bound."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from .._core.clock import Clock, Deadline
from .._core.errors import TransientError
from .._core.task import Task, TaskState
from .._provider.contract import TaskPage, TaskProvider, TaskQuery
from .reading import TaskReader, list_tasks, read_each

#: One "not found" may come from a proxy or a node that lags behind, and some vendors register tasks late. A task is
#: gone when so many answers in a row say so, over at least so many seconds.
GONE_ANSWERS = 3
GONE_SECONDS = 60.0
#: A vendor's times of tasks that come up late may lie so many seconds back.
OVERLAP_SECONDS = 600.0
#: Tasks that have ended are forgotten when lists have not had them for so many seconds.
FORGET_SECONDS = 900.0
#: Each so many looks a list is read to its end, though its first pages have nothing new, and tasks that are gone are
#: asked for again.
WHOLE_EVERY = 10
#: Warnings that are remembered, so that each is given once.
_MOST_WARNINGS = 1000


class Watched(NamedTuple):
    """What is watched, and what of it is told.

    Those with the IDs, or without any those that the list has for the query, ``limit`` at most. ``states`` and
    ``ends_only`` say which changes are told; no states are all. Tasks that a list shows for the first time after their
    end are told when they ended while it was watched, or at most ``lookback`` seconds before.
    """

    task_ids: tuple[str, ...] = ()
    query: TaskQuery = TaskQuery()
    limit: int = 1000
    states: frozenset[TaskState] = frozenset()
    ends_only: bool = False
    lookback: float = 0.0


class Change(NamedTuple):
    """A task in a state that it was not in at the look before. ``previous`` is None for one that is seen first."""

    task: Task
    previous: TaskState | None
    at: datetime


class Changes(NamedTuple):
    """What a look found. ``trouble`` is an error of tasks that could not be read; others could."""

    changes: tuple[Change, ...]
    trouble: TransientError | None = None
    retry_after: float | None = None


@dataclass(frozen=True)
class _Known:
    """What is remembered of a task. Moments are monotonic seconds, but for ``ended``, which the vendor tells."""

    state: TaskState
    raw_state: str | None
    seen: float
    ended: datetime | None = None

    @property
    def has_ended(self) -> bool:
        return _has_ended(self.state)

    def is_still(self, task: Task) -> bool:
        return (self.state, self.raw_state) == (task.state, task.raw_state)


def _has_ended(state: TaskState) -> bool:
    return state.is_final or state is TaskState.NOT_FOUND


class TaskWatch:
    """Looks at tasks again and again, and tells what has changed since the look before."""

    def __init__(self, provider: TaskProvider, watched: Watched, clock: Clock, warn: Callable[[str], None]) -> None:
        self._provider = provider
        self._watched = watched
        self._clock = clock
        self._warn = warn
        self._warned: set[str] = set()
        self._reader = TaskReader(provider, self._warn_once)
        self._known: dict[str, _Known] = {}
        #: Of tasks that were not found: the answers in a row, and when the first of them came.
        self._missed: dict[str, tuple[int, float]] = {}
        self._began = clock.now()
        self._looks = 0
        #: The newest time that the vendor told at the first look, and the newest end of a task that was forgotten.
        self._newest: datetime | None = None
        self._forgotten: datetime | None = None
        self._is_newest_first = False

    def look(self, deadline: Deadline) -> Changes:
        """Read the tasks, and return what is new.

        Raises:
            RequestError: nothing could be read. The next look finds what this one missed.
        """
        found = self._read_ids(deadline) if self._watched.task_ids else self._read_list(deadline)
        self._looks += 1
        return found

    def _warn_once(self, text: str) -> None:
        if text not in self._warned:
            if len(self._warned) >= _MOST_WARNINGS:
                self._warned.clear()
            self._warned.add(text)
            self._warn(text)

    # --- tasks by their IDs -------------------------------------------------------------------------------------

    def _read_ids(self, deadline: Deadline) -> Changes:
        due = [task_id for task_id in self._watched.task_ids if self._is_due(task_id)]
        if not due:
            return Changes(())
        snapshot = self._reader.read(due, deadline)
        return self._changes(snapshot.tasks.values(), snapshot.troubles, snapshot.retry_after)

    def _is_due(self, task_id: str) -> bool:
        known = self._known.get(task_id)
        is_gone = known is not None and known.state is TaskState.NOT_FOUND
        return known is None or not known.has_ended or (is_gone and self._is_whole)

    @property
    def _is_whole(self) -> bool:
        return self._looks % WHOLE_EVERY == 0

    # --- tasks of a list ----------------------------------------------------------------------------------------

    def _read_list(self, deadline: Deadline) -> Changes:
        listed = self._list(deadline)
        if self._looks == 0:
            moments = (moment for task in listed.values() for moment in _moments(task))
            self._newest = max(moments, default=None)
        absent = [task_id for task_id, known in self._known.items() if not (known.has_ended or task_id in listed)]
        poor = [task.id for task in listed.values() if self._is_poor(task)]
        tasks, troubles = dict(listed), {}
        for task_id, answer in read_each(self._provider, [*absent, *poor], deadline).items():
            if isinstance(answer, Task):
                tasks[task_id] = answer
            elif isinstance(answer, TransientError):
                # It is told at the next look, with what the list does not know.
                troubles[task_id] = answer
                tasks.pop(task_id, None)
            else:
                self._warn_once(answer.message)
        self._forget(listed)
        return self._changes(tasks.values(), troubles, self._provider.asked_to_wait)

    def _list(self, deadline: Deadline) -> dict[str, Task]:
        watched = self._watched
        stopped = False

        def is_enough(page: TaskPage) -> bool:
            nonlocal stopped
            stopped = not self._is_whole and self._is_newest_first and all(map(self._is_settled, page.tasks))
            return stopped

        tasks, is_cut = list_tasks(
            self._provider, watched.query, watched.limit, deadline, self._warn_once, is_enough=is_enough
        )
        if not stopped:
            self._is_newest_first = _is_newest_first(tasks)
            now = self._clock.monotonic()
            for task in tasks:
                if task.id in self._known:
                    self._known[task.id] = replace(self._known[task.id], seen=now)
        if is_cut:
            title = self._provider.description.title
            self._warn_once(
                f"{title} has more matching tasks than the limit of {watched.limit}. The rest is not watched"
            )
        return {task.id: task for task in tasks}

    def _is_settled(self, task: Task) -> bool:
        known = self._known.get(task.id)
        return known is not None and known.has_ended and known.is_still(task)

    def _is_poor(self, task: Task) -> bool:
        """Whether a change is to be told about which the task itself says more than the list."""
        known = self._known.get(task.id)
        is_new = known is None or not known.is_still(task)
        return is_new and self._is_told(known, task) and self._provider.list_entry_lacks_something(task)

    def _forget(self, listed: Mapping[str, Task]) -> None:
        """Forget tasks that have ended and left the list: one that comes back ended too long ago to be news."""
        now = self._clock.monotonic()
        for task_id, known in list(self._known.items()):
            if known.has_ended and task_id not in listed and now - known.seen >= FORGET_SECONDS:
                del self._known[task_id]
                self._forgotten = max(filter(None, (self._forgotten, known.ended)), default=None)

    # --- what is new --------------------------------------------------------------------------------------------

    def _changes(
        self, tasks: Iterable[Task], troubles: Mapping[str, TransientError], retry_after: float | None
    ) -> Changes:
        changes = [change for change in map(self._note, tasks) if change is not None]
        return Changes(tuple(changes), next(iter(troubles.values()), None), retry_after)

    def _note(self, task: Task) -> Change | None:
        """Remember a task; return its change if there is one to tell."""
        now = self._clock.monotonic()
        known = self._known.get(task.id)
        if task.state is TaskState.NOT_FOUND and not self._is_gone(task.id, now):
            return None
        self._missed.pop(task.id, None)
        self._known[task.id] = _Known(task.state, task.raw_state, now, task.finished_at or task.updated_at)
        if (known is not None and known.is_still(task)) or not self._is_told(known, task):
            return None
        return Change(task, None if known is None else known.state, self._clock.now())

    def _is_gone(self, task_id: str, now: float) -> bool:
        """Take note of an answer that has no such task; return whether it is believed."""
        known = self._known.get(task_id)
        if known is not None and known.state is TaskState.NOT_FOUND:
            return True
        count, since = self._missed.get(task_id, (0, now))
        self._missed[task_id] = (count + 1, since)
        return count + 1 >= GONE_ANSWERS and now - since >= GONE_SECONDS

    def _is_told(self, known: _Known | None, task: Task) -> bool:
        watched = self._watched
        if watched.states and task.state not in watched.states:
            return False
        if not _has_ended(task.state):
            return not watched.ends_only
        return known is not None or bool(watched.task_ids) or self._is_recent(task)

    def _is_recent(self, task: Task) -> bool:
        """Whether a task that is seen first after its end is news.

        At the first look this machine's clock decides. From then on it is the vendor's, which may be another: old is
        what ended well before the newest that was there at the first look.
        """
        ended = task.finished_at or task.updated_at
        since = self._began - timedelta(seconds=self._watched.lookback)
        if self._looks == 0:
            return self._watched.lookback > 0 if ended is None else ended >= since
        if ended is None:
            return True
        if self._forgotten is not None and ended <= self._forgotten:
            return False
        return self._newest is None or min(since, self._newest) - ended <= timedelta(seconds=OVERLAP_SECONDS)


def _moments(task: Task) -> Iterable[datetime]:
    return filter(None, (task.created_at, task.started_at, task.updated_at, task.finished_at))


def _is_newest_first(tasks: Sequence[Task]) -> bool:
    """Whether a list is in such an order that nothing new can be behind a page without news."""
    moments = [task.created_at or task.started_at for task in tasks]
    return all(above is not None and below is not None and above >= below for above, below in zip(moments, moments[1:]))
