# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Launching a task once: not where it is under way or done already, and never twice because an answer was lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from ._clock import Clock, Deadline
from ._errors import BadAnswerError, InterruptError, LaunchUnclearError, RequestError, TransientError
from ._provider import Launch, TaskProvider
from ._reading import TaskReader, list_tasks
from ._retrying import Backoff, repeat_transient
from ._task import Task, TaskState
from ._text import listed, sentence

T = TypeVar("T")

#: HTTP statuses with which a server says that it did not begin: too many requests.
_NOT_NOW = frozenset({413, 429})
#: The newest tasks of a list that are looked at. Those beyond are no new ones.
_MOST_TASKS = 10_000
#: Seconds between two looks for a task whose launch got no clear answer, at first and at most.
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 10.0
_UNFINISHED = frozenset({TaskState.QUEUED, TaskState.RUNNING, TaskState.PAUSED, TaskState.UNKNOWN})


class ReusePolicy(str, Enum):
    """Which task of an earlier launch, of just the same, is taken instead of launching another one."""

    NONE = "none"
    UNFINISHED = "unfinished"
    #: Or one that has succeeded.
    SUCCEEDED = "succeeded"

    @property
    def states(self) -> frozenset[TaskState]:
        """The states of the tasks that are taken."""
        if self is ReusePolicy.NONE:
            return frozenset()
        return _UNFINISHED if self is ReusePolicy.UNFINISHED else _UNFINISHED | {TaskState.SUCCEEDED}


class LaunchOutcome(str, Enum):
    """What became of a launch."""

    LAUNCHED = "launched"
    #: It got no clear answer, and the task was found in the vendor's list.
    FOUND = "found"
    #: An earlier launch had started the same.
    REUSED = "reused"
    #: The vendor has already what the task is to bring about.
    NOT_NEEDED = "not_needed"
    #: In check mode.
    WOULD_LAUNCH = "would_launch"


@dataclass(frozen=True)
class LaunchPlan:
    """How a launch is to be gone about.

    ``wanted`` is what the vendor is asked for beforehand, None for nothing. ``transient_timeout`` are the seconds that
    trouble is borne, and a task looked for whose launch got no clear answer.
    """

    reuse: ReusePolicy = ReusePolicy.UNFINISHED
    wanted: Mapping[str, Any] | None = None
    transient_timeout: float = 60.0
    #: Only to tell what would be done.
    is_rehearsed: bool = False


@dataclass(frozen=True)
class LaunchResult:
    """The task, where there is one: its id, and what the vendor tells about it where it could be read at once.

    ``existing`` is the vendor's object that ``wanted`` found.
    """

    outcome: LaunchOutcome
    task_id: str | None = None
    task: Task | None = None
    existing: Mapping[str, Any] | None = None


class Launcher:
    """Launches tasks at one vendor."""

    def __init__(self, provider: TaskProvider, clock: Clock, request_timeout: float) -> None:
        self._provider = provider
        self._clock = clock
        self._request_timeout = request_timeout

    def launch(self, launch: Launch, plan: LaunchPlan) -> LaunchResult:
        """Launch a task, unless that is not needed.

        Raises:
            LaunchUnclearError: it may have been launched or not, and must not be launched again.
            RequestError: it was surely not launched.
            OptionError: it cannot be launched.
        """
        if plan.wanted is not None:
            wanted = plan.wanted
            existing = self._bearing(plan, lambda: self._provider.find_wanted(launch, wanted, self._deadline()))
            if existing is not None:
                return LaunchResult(LaunchOutcome.NOT_NEEDED, existing=existing)
        known = self._bearing(plan, lambda: self._listed(launch))
        same = self._bearing(plan, lambda: self._same(launch, known, plan.reuse.states))
        if same:
            # One that is under way comes before one that is over; the newest are the first of a list.
            task = next((task for task in same if not task.is_final), same[0])
            return LaunchResult(LaunchOutcome.REUSED, task.id, task)
        if plan.is_rehearsed:
            return LaunchResult(LaunchOutcome.WOULD_LAUNCH)
        try:
            task_id = self._bearing(plan, lambda: self._send(launch))
        except _UnclearError as unclear:
            found = self._find(launch, frozenset(known), plan, unclear.error)
            return LaunchResult(LaunchOutcome.FOUND, found.id, found)
        return LaunchResult(LaunchOutcome.LAUNCHED, task_id, self._told(task_id))

    def _send(self, launch: Launch) -> str:
        """Send the launch.

        Raises:
            _UnclearError: nobody can tell what became of it.
            TransientError: it was surely not sent, or not taken, and can be sent again.
        """
        try:
            return self._provider.launch(launch, self._deadline())
        except InterruptError as error:
            raise InterruptError(
                f"{sentence(error.message)} The launch was on its way: look whether {self._title} has started it"
            ) from None
        except RequestError as error:
            if _surely_started_nothing(error):
                raise
            raise _UnclearError(error) from None

    def _told(self, task_id: str) -> Task | None:
        """Return what the vendor tells about a task that was launched just now, if it does: it was launched anyway."""
        try:
            return self._provider.read_task(task_id, self._deadline())
        except RequestError:
            return None

    def _find(self, launch: Launch, known: frozenset[str], plan: LaunchPlan, cause: RequestError) -> Task:
        """Return the one task that came up since, and that surely is the launched one.

        Raises:
            LaunchUnclearError: there is none, or there are several.
        """
        until = self._clock.monotonic() + plan.transient_timeout
        pause = _FIRST_PAUSE
        new: dict[str, Task] = {}
        trouble: RequestError | None = None
        while True:
            try:
                listed_now = self._listed(launch)
                new = {task_id: task for task_id, task in listed_now.items() if task_id not in known}
                same = self._same(launch, new, frozenset(TaskState))
                trouble = None
            except TransientError as error:
                same, trouble = [], error
            except RequestError as error:
                raise self._unclear(cause, new, error) from None
            if len(same) == 1:
                return same[0]
            left = until - self._clock.monotonic()
            if same or left <= 0:
                raise self._unclear(cause, {task.id: task for task in same} or new, trouble)
            self._clock.sleep(min(pause, left))
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _unclear(
        self, cause: RequestError, new: Mapping[str, Task], trouble: RequestError | None
    ) -> LaunchUnclearError:
        words = [f"Nobody can tell whether the task was launched: {sentence(cause.message)}"]
        if trouble is not None:
            words.append(f"Its list could not be read afterwards: {sentence(trouble.message)}")
        elif new:
            words.append(
                f"It may be {listed([task.describe() for task in new.values()], 'or')}, which came up since then. "
                "If so, wait for it by its ID."
            )
        else:
            words.append("No such task has come up since then.")
        words.append(f"It was not launched again. Look at {self._title} before you do that")
        return LaunchUnclearError(" ".join(words), tasks=tuple(new.values()))

    def _listed(self, launch: Launch) -> dict[str, Task]:
        """Return the tasks among which a launched one turns up, as a list shows them."""
        query = self._provider.launch_query(launch)
        tasks, _truncated = list_tasks(self._provider, query, _MOST_TASKS, self._deadline())
        return {task.id: task for task in tasks}

    def _same(self, launch: Launch, tasks: Mapping[str, Task], states: frozenset[TaskState]) -> list[Task]:
        """Return those that surely do the same as the launch, in their order."""
        wanted = [task_id for task_id, task in tasks.items() if task.state in states]
        if not wanted:
            return []
        found = [tasks[task_id] for task_id in wanted]
        if self._provider.lists_lack_input:
            snapshot = TaskReader(self._provider).read_each(wanted, self._deadline())
            for trouble in snapshot.troubles.values():
                raise trouble
            # It may have ended since it was listed, or been forgotten.
            found = [task for task in map(snapshot.tasks.__getitem__, wanted) if task.state in states]
        return [task for task in found if self._provider.is_launch(launch, task)]

    def _bearing(self, plan: LaunchPlan, call: Callable[[], T]) -> T:
        return repeat_transient(call, budget=plan.transient_timeout, clock=self._clock, backoff=Backoff())

    def _deadline(self) -> Deadline:
        return Deadline(self._clock, self._request_timeout)

    @property
    def _title(self) -> str:
        return self._provider.description.title


class _UnclearError(Exception):
    """A launch got no clear answer. ``error`` is what came instead."""

    def __init__(self, error: RequestError) -> None:
        super().__init__(error.message)
        self.error = error


def _surely_started_nothing(error: RequestError) -> bool:
    """Whether an error says that the vendor did not begin."""
    if isinstance(error, TransientError):
        return not error.was_sent or error.status in _NOT_NOW
    if isinstance(error, BadAnswerError):
        # A redirect that is not followed. All other answers of an odd shape may speak of a task.
        return error.status is not None and 300 <= error.status < 400
    return True
