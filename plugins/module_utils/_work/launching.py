# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Launching a task once: not where it is under way or done already, and never twice because an answer was lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from enum import Enum
from typing import Any, NamedTuple, TypeVar

from .._core.clock import Clock, Deadline
from .._core.errors import (
    BadAnswerError,
    InterruptError,
    LaunchUnclearError,
    NotFoundError,
    OptionError,
    RequestError,
    TransientError,
    WorkError,
)
from .._core.retrying import Backoff, repeat_transient, surely_did_nothing
from .._core.task import Task, TaskState
from .._core.text import listed, sentence
from .._provider.contract import Launch, TaskLauncher
from .reading import list_tasks

T = TypeVar("T")

#: The newest tasks of a list that are looked at. Those beyond are no new ones.
_MOST_TASKS = 10_000
#: The seconds that a launch may take in all, besides those of its transient_timeout.
_MOST_SECONDS = 600.0
#: Seconds between two looks for a task whose launch got no clear answer, at first and at most.
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
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


class LaunchPlan(NamedTuple):
    """How to launch.

    ``desired`` is what the vendor is asked for beforehand, None for nothing. ``transient_timeout`` are the seconds to
    retry requests before the launch, and the seconds to search for the task of a launch that got no clear answer.
    """

    reuse: ReusePolicy = ReusePolicy.UNFINISHED
    desired: Mapping[str, Any] | None = None
    transient_timeout: float = 60.0
    #: Only to tell what would be done.
    is_rehearsed: bool = False


class LaunchResult(NamedTuple):
    """The task, where there is one: its ID, and what the vendor tells about it where it could be read at once.

    ``existing`` is the vendor's object that ``desired`` found.
    """

    outcome: LaunchOutcome
    task_id: str | None = None
    task: Task | None = None
    existing: Mapping[str, Any] | None = None


class Launcher:
    """Launches a task at a vendor. One serves for one launch."""

    def __init__(self, provider: TaskLauncher, clock: Clock, request_timeout: float) -> None:
        self._provider = provider
        self._clock = clock
        self._request_timeout = request_timeout
        self._until = float("inf")
        #: What was read of tasks, in full: what a task was launched with does not change.
        self._read: dict[str, Task] = {}
        self._may_have_begun = False

    def launch(self, launch: Launch, plan: LaunchPlan) -> LaunchResult:
        """Launch a task, unless that is not needed.

        Raises:
            LaunchUnclearError: it may have been launched or not, and must not be launched again.
            RequestError: it was surely not launched.
            OptionError: it cannot be launched.
            InterruptError: a signal came before the launch was sent.
        """
        self._provider.check_launch(launch, plan.desired)
        # Trouble before the launch is retried for that long, and a task whose launch got no clear answer looked for.
        self._until = self._clock.monotonic() + _MOST_SECONDS + 2 * plan.transient_timeout
        try:
            # The whole round again, for what was seen before a pause may be different after it.
            return self._bearing(plan, lambda: self._attempt(launch, plan))
        except _UnclearError as unclear:
            return self._found(launch, unclear, plan)
        except TransientError as error:
            told = copy(error)
            told.message = f"{sentence(error.message)} Nothing was launched"
            raise told from None
        except InterruptError as error:
            raise self._interrupted(error) from None

    def _attempt(self, launch: Launch, plan: LaunchPlan) -> LaunchResult:
        """Look, and launch where that is needed.

        Raises:
            TransientError: nothing was launched, and all of it can be done again.
            _UnclearError: it was sent, and nobody can tell what became of it.
        """
        known = self._listed(launch)
        # One that is under way comes before all else: it may be about to undo what is there.
        same = self._first_same(launch, known, plan.reuse.states & _UNFINISHED, plan.reuse)
        if same is None and plan.desired is not None:
            existing = self._provider.find_desired(launch, plan.desired, self._deadline())
            if existing is not None:
                return LaunchResult(LaunchOutcome.NOT_NEEDED, existing=existing)
        same = same or self._first_same(launch, known, plan.reuse.states - _UNFINISHED, plan.reuse)
        if same is not None:
            return LaunchResult(LaunchOutcome.REUSED, same.id, same)
        if plan.is_rehearsed:
            return LaunchResult(LaunchOutcome.WOULD_LAUNCH)
        task_id = self._send(launch, known)
        return LaunchResult(LaunchOutcome.LAUNCHED, task_id, self._told(task_id))

    def _send(self, launch: Launch, known: Mapping[str, Task]) -> str:
        self._may_have_begun = True
        try:
            task_id = self._provider.launch(launch, self._deadline())
        except RequestError as error:
            if not surely_did_nothing(error):
                raise _UnclearError(error, known) from None
            self._may_have_begun = False
            raise
        except OptionError:
            self._may_have_begun = False
            raise
        if not task_id.strip():
            raise _UnclearError(BadAnswerError(f"{self._title} answered with a blank ID"), known)
        return task_id

    def _told(self, task_id: str) -> Task | None:
        """Return what the vendor tells about a task that was launched just now, if it does: it was launched anyway."""
        try:
            return self._provider.read_task(task_id, self._deadline())
        except WorkError:
            return None

    def _found(self, launch: Launch, unclear: _UnclearError, plan: LaunchPlan) -> LaunchResult:
        try:
            task = self._find(launch, unclear, plan)
        except InterruptError as error:
            raise self._interrupted(error) from None
        return LaunchResult(LaunchOutcome.FOUND, task.id, task)

    def _find(self, launch: Launch, unclear: _UnclearError, plan: LaunchPlan) -> Task:
        """Return the one task that came up since, and that surely is the launched one.

        Raises:
            LaunchUnclearError: there is none, or there are several.
        """
        until = self._clock.monotonic() + plan.transient_timeout
        pause = _FIRST_PAUSE
        new: dict[str, Task] = {}
        trouble: RequestError | None = None
        while True:
            same: list[Task] = []
            try:
                new = _since(self._listed(launch), unclear.known)
                same = [task for task in new.values() if self._is_same(launch, task)]
                trouble = None
            except TransientError as error:
                trouble = error
            except RequestError as error:
                raise self._unclear(unclear.error, new, error) from None
            if len(same) == 1:
                return self._read.get(same[0].id, same[0])
            left = until - self._clock.monotonic()
            if same or left <= 0:
                raise self._unclear(unclear.error, {task.id: task for task in same} or new, trouble)
            self._clock.sleep(min(pause, left))
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _unclear(
        self, cause: RequestError, new: Mapping[str, Task], trouble: RequestError | None
    ) -> LaunchUnclearError:
        sentences = [f"It is not clear whether the task was launched: {sentence(cause.message)}"]
        if trouble is not None:
            sentences.append(f"The list of tasks could not be read afterwards: {sentence(trouble.message)}")
        elif new:
            sentences.append(
                f"It may be {listed([task.describe() for task in new.values()], 'or')}, which has appeared since then. "
                "If so, wait for it by its ID."
            )
        else:
            sentences.append("No such task has appeared since then.")
        sentences.append(f"It was not launched again. Check at {self._title} before you launch it")
        return LaunchUnclearError(" ".join(sentences), tasks=tuple(new.values()))

    def _interrupted(self, error: InterruptError) -> InterruptError | LaunchUnclearError:
        if not self._may_have_begun:
            return error
        advice = f"The launch was sent: check at {self._title} whether it has started"
        return LaunchUnclearError(f"{sentence(error.message)} {advice}")

    def _listed(self, launch: Launch) -> dict[str, Task]:
        """Return the tasks among which a launched one turns up, as a list shows them."""
        query = self._provider.launch_query(launch)
        tasks, _truncated = list_tasks(self._provider, query, _MOST_TASKS, self._deadline())
        return {task.id: task for task in tasks}

    def _first_same(
        self, launch: Launch, tasks: Mapping[str, Task], states: frozenset[TaskState], reuse: ReusePolicy
    ) -> Task | None:
        """Return the first that is listed in one of the states and does the same: a list begins with the newest."""
        for task in tasks.values():
            if task.state in states and self._is_same(launch, task):
                read = self._read.get(task.id, task)
                # It may have ended since it was listed, one way or the other.
                if read.state in reuse.states:
                    return read
        return None

    def _is_same(self, launch: Launch, task: Task) -> bool:
        """Whether a task of a list surely does the same as the launch."""
        if not self._provider.lists_lack_input:
            return self._provider.is_launch(launch, task)
        if task.id not in self._read:
            try:
                self._read[task.id] = self._provider.read_task(task.id, self._deadline())
            except (NotFoundError, BadAnswerError):
                # Forgotten, not to be had yet, or nothing that could be known again: the next look may tell.
                return False
        return self._provider.is_launch(launch, self._read[task.id])

    def _bearing(self, plan: LaunchPlan, call: Callable[[], T]) -> T:
        return repeat_transient(call, budget=plan.transient_timeout, clock=self._clock, backoff=Backoff())

    def _deadline(self) -> Deadline:
        return Deadline(self._clock, self._request_timeout, self._until)

    @property
    def _title(self) -> str:
        return self._provider.description.title


class _UnclearError(Exception):
    """A launch got no clear answer. ``error`` is what came instead, ``known`` the tasks that were there before it."""

    def __init__(self, error: RequestError, known: Mapping[str, Task]) -> None:
        super().__init__(error.message)
        self.error = error
        self.known = known


def _since(tasks: Mapping[str, Task], known: Mapping[str, Task]) -> dict[str, Task]:
    """Return the tasks that were not there before, and that did not begin before one that was.

    A list that was cut short, by whatever, lacks the oldest.
    """
    begun = [task.began_at for task in known.values() if task.began_at is not None]
    newest = max(begun, default=None)
    return {
        task_id: task
        for task_id, task in tasks.items()
        if task_id not in known and (newest is None or task.began_at is None or task.began_at >= newest)
    }
