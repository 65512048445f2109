# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a wait reads in tests: tasks whose states are a function of time, and troubles for stretches of time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.clock import Deadline
from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    DefectError,
    RequestError,
    TransientError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._core.retrying import Backoff
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import (
    Task,
    TaskError,
    TaskState,
    missing_task,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.loop import (
    Outcome,
    WaitObserver,
    WaitOutcome,
    WaitPlan,
    unobserved,
    wait_for_tasks,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._work.reading import Snapshot

from .fake_clock import FakeClock

PROVIDER = "example"
#: Backoff without chance: 1, 2, 4 ... seconds, at most 30.
STEADY_BACKOFF = Backoff(uniform=lambda _low, high: high)


@dataclass(frozen=True)
class Step:
    """What a task is from a second of fake time on. The vendor's word is ours where none is given."""

    since: float
    state: TaskState
    raw_state: str | None = None
    percent: float | None = None
    message: str | None = None
    code: str | None = None

    def task(self, task_id: str) -> Task:
        if self.state is TaskState.NOT_FOUND:
            return missing_task(task_id, PROVIDER)
        return Task(
            id=task_id,
            provider=PROVIDER,
            state=self.state,
            raw_state=self.raw_state or self.state.value,
            percent=self.percent,
            message=self.message,
            error=TaskError(code=self.code) if self.code else None,
        )


Timeline = Sequence[Step]


def running_until(second: float, end: TaskState, code: str | None = None) -> Timeline:
    return (Step(0, TaskState.RUNNING), Step(second, end, code=code))


FOREVER_RUNNING: Timeline = (Step(0, TaskState.RUNNING),)


@dataclass(frozen=True)
class Trouble:
    """An error for requests that begin in a stretch of fake time: for whole requests, or for some tasks of them."""

    since: float
    until: float
    make: Callable[[], RequestError]
    task_ids: frozenset[str] | None = None


def trouble(
    since: float,
    until: float = math.inf,
    *task_ids: str,
    retry_after: float | None = None,
    message: str = "The server answered with 502",
) -> Trouble:
    """Return a stretch of transient errors; without IDs every request fails as a whole."""
    return Trouble(
        since,
        until,
        lambda: TransientError(message, retry_after=retry_after),
        frozenset(task_ids) or None,
    )


def refusal(error: RequestError, since: float = 0) -> Trouble:
    """Return an error that asking again does not help against."""
    return Trouble(since, math.inf, lambda: error)


@dataclass(frozen=True)
class Look:
    """One request: when it began, which IDs it asked for, and the seconds it was allowed to take."""

    at: float
    ids: tuple[str, ...]
    allowed: float


class ScriptedReader:
    """The ``read`` of a wait, and the record of its looks. More than ``most_looks`` of them fail the test."""

    def __init__(
        self,
        timelines: Mapping[str, Timeline],
        *troubles: Trouble,
        request_seconds: float = 0.0,
        clock: FakeClock | None = None,
        most_looks: int = 1000,
    ) -> None:
        self.clock = clock or FakeClock()
        self.looks: list[Look] = []
        #: What each task was each time that it was told.
        self.told: dict[str, list[Task]] = {}
        self._timelines = timelines
        self._troubles = troubles
        self._request_seconds = request_seconds
        self._most_looks = most_looks

    def __call__(self, task_ids: Sequence[str], deadline: Deadline) -> Snapshot:
        look = Look(self.clock.elapsed, tuple(task_ids), deadline.next_request_timeout())
        self.looks.append(look)
        assert look.ids, "a look that asks for nothing"
        assert len(set(look.ids)) == len(look.ids), f"asked twice for one task: {look.ids}"
        assert len(self.looks) <= self._most_looks, "the wait spins"
        self.clock.advance(min(self._request_seconds, look.allowed))
        if self._request_seconds > look.allowed:
            raise TransientError(f"No answer within {look.allowed:g} seconds")
        troubles: dict[str, TransientError] = {}
        for stretch in self._troubles:
            if not stretch.since <= look.at < stretch.until:
                continue
            error = stretch.make()
            if stretch.task_ids is None or not isinstance(error, TransientError):
                raise error
            troubles.update(dict.fromkeys(stretch.task_ids.intersection(look.ids), error))
        tasks = {task_id: self.task_now(task_id) for task_id in look.ids if task_id not in troubles}
        for task_id, task in tasks.items():
            self.told.setdefault(task_id, []).append(task)
        return Snapshot(tasks, troubles)

    @property
    def moments(self) -> list[float]:
        """When the looks began, in seconds since the start."""
        return [round(look.at, 6) for look in self.looks]

    def moments_of(self, task_id: str) -> list[float]:
        """When this task was asked for."""
        return [round(look.at, 6) for look in self.looks if task_id in look.ids]

    def task_now(self, task_id: str) -> Task:
        """Return the task as it is at this moment; before its first step it is not there."""
        steps = [step for step in self._timelines[task_id] if step.since <= self.clock.elapsed + 1e-6]
        return steps[-1].task(task_id) if steps else missing_task(task_id, PROVIDER)

    def wait(
        self,
        plan: WaitPlan,
        *,
        task_ids: Sequence[str] | None = None,
        request_timeout: float = 30.0,
        backoff: Backoff | None = STEADY_BACKOFF,
        observer: WaitObserver = unobserved,
    ) -> WaitOutcome:
        """Wait for the tasks of the script, or for those with these ids."""
        outcome = wait_for_tasks(
            tuple(self._timelines) if task_ids is None else task_ids,
            self,
            plan,
            provider=PROVIDER,
            clock=self.clock,
            request_timeout=request_timeout,
            backoff=backoff,
            observer=observer,
        )
        if isinstance(outcome.cause, DefectError) and isinstance(outcome.cause.error, AssertionError):
            raise outcome.cause.error
        return outcome


class Story:
    """A wait for what a script plays, and how it has to end; what is not said of the end is not looked at.

    ``timelines`` can be that of a task ``a`` alone. ``looks`` are the moments of its looks. ``tells`` are further
    fields of the outcome, of which tasks are named by their IDs. Unless ``plan`` says otherwise, it waits for an hour
    and looks every ten seconds.
    """

    def __init__(
        self,
        timelines: Mapping[str, Timeline] | Timeline,
        *troubles: Trouble,
        ends: Outcome | None = None,
        at: float | None = None,
        looks: Sequence[float] | None = None,
        states: str | None = None,
        tells: Mapping[str, Any] | None = None,
        request_seconds: float = 0.0,
        request_timeout: float = 30.0,
        **plan: Any,
    ) -> None:
        self.timelines = timelines if isinstance(timelines, Mapping) else {"a": timelines}
        self.troubles = troubles
        end = {"outcome": ends, "elapsed": at, "moments": looks, "states": states and states.split(), **(tells or {})}
        self.end = {name: value for name, value in end.items() if value is not None}
        self.request_seconds, self.request_timeout = request_seconds, request_timeout
        self.plan = WaitPlan(**{"timeout": 3600, "poll_interval": 10, **plan})

    def play(self) -> None:
        """Wait, and look at the end."""
        reader = ScriptedReader(self.timelines, *self.troubles, request_seconds=self.request_seconds)
        outcome = reader.wait(self.plan, request_timeout=self.request_timeout)
        told = {"moments": reader.moments, "states": [task.state.value for task in outcome.tasks]}
        for name in set(self.end) - set(told):
            value = getattr(outcome, name)
            told[name] = [task.id for task in value] if name in ("failed", "pending", "stalled") else value
        found = {name: told[name] for name in self.end}
        assert found == self.end, f"{found} has to be {self.end}"


def stories(told: Mapping[str, Story]) -> Any:
    """Return the mark of a test that plays stories by their names."""
    return pytest.mark.parametrize("story", told.values(), ids=told)
