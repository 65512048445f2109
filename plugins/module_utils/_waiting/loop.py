# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The wait: a pure loop over looks at tasks. Reading, time and sleep are handed in.

The rule, in short: look at once; the state counts before the clock; sleep at most until the deadline and look once more
there; retry after transient trouble for as long as its own budget lasts; believe that a task is gone only when several
answers say so; an end that is not known to be a success is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from http import HTTPStatus
from types import MappingProxyType
from typing import NamedTuple

from .._core.clock import Clock, Deadline
from .._core.errors import DefectError, InterruptError, NoConnectionError, RequestError, TransientError, WorkError
from .._core.retrying import Backoff, TroubleRun
from .._core.snapshot import SELECTION, Snapshot
from .._core.task import StateChange, Task, TaskState
from .polling import PollingPolicy, ProgressTrack, seconds_left

ReadTasks = Callable[[Sequence[str], Deadline], Snapshot]

#: The newest entries of a task's history that are kept: a task that flaps for hours must not fill the memory.
LONGEST_HISTORY = 200
#: While a wait has not reached the server once, an address that nothing answers at is most likely wrong: seconds.
NO_CONNECTION_PATIENCE = 20.0
#: One "not found" may come from a proxy, or from a node that lags behind. A task that was seen is gone when so many
#: answers in a row say so, over at least so many seconds.
NOT_FOUND_ANSWERS = 3
NOT_FOUND_SECONDS = 5.0
#: Moments closer together than this, in seconds, are one: adding and subtracting floats moves them a little.
_TOLERANCE = 0.001
#: By how much the interval grows with each look that finds nothing new, where the plan backs off.
_INTERVAL_GROWTH = 1.5


class WaitFor(str, Enum):
    """When a wait for several tasks is over."""

    #: When all have ended.
    ALL = "all"
    #: When one has succeeded.
    ANY = "any"


class NotFoundPolicy(str, Enum):
    """What it means that the vendor does not have a task."""

    FAIL = "fail"
    #: It is not registered yet.
    WAIT = "wait"
    #: This vendor forgets tasks that ended well.
    SUCCEED = "succeed"


class UnknownStatePolicy(str, Enum):
    """What a state means that the provider's table does not have."""

    WAIT = "wait"
    FAIL = "fail"


class Outcome(str, Enum):
    """How a wait ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    STALLED = "stalled"
    #: The vendor could not be reached any more, for whatever reason: what became of the tasks is not known.
    UNREACHABLE = "unreachable"
    #: A signal ended the wait, and not the tasks.
    INTERRUPTED = "interrupted"
    #: A look has shown that an option is wrong, or that this collection has a bug.
    ABORTED = "aborted"


class Verdict(Enum):
    """What a task's state means for the wait."""

    PENDING = "pending"
    GOOD = "good"
    BAD = "bad"


class WaitPlan(NamedTuple):
    """What the user wants of a wait. Times are in seconds."""

    timeout: float
    #: The least between two looks, and the usual.
    poll_interval: float
    #: The most between two looks, while the ends of all tasks are by estimate further away. Not above the interval: it
    #: is always the same.
    max_poll_interval: float = 0.0
    #: Whether the looks also move apart, up to there, while nothing changes.
    backs_off: bool = True
    wait_for: WaitFor = WaitFor.ALL
    fail_fast: bool = False
    accept_failure_codes: frozenset[str] = frozenset()
    not_found: NotFoundPolicy = NotFoundPolicy.FAIL
    unknown_state: UnknownStatePolicy = UnknownStatePolicy.WAIT
    stall_timeout: float | None = None
    transient_timeout: float = 300.0
    #: When the timeout is up, where the user gave that moment and it comes before the timeout that the user gave.
    deadline: datetime | None = None
    #: For a selection: the states that it waits for the end of, and for how long no task may be in one.
    watched: frozenset[TaskState] | None = None
    quiet_seconds: float = 0.0
    #: Whether tasks without success make a failure of the wait.
    failures_count: bool = True

    def judge(self, task: Task) -> Verdict:
        """Return what a task's state means under this plan."""
        if task.state is TaskState.SUCCEEDED:
            return Verdict.GOOD
        if task.state is TaskState.UNKNOWN:
            return Verdict.BAD if self.unknown_state is UnknownStatePolicy.FAIL else Verdict.PENDING
        if task.state is TaskState.NOT_FOUND:
            return _NOT_FOUND_VERDICTS[self.not_found]
        if task.error is not None and task.error.code in self.accept_failure_codes and task.is_final:
            return Verdict.GOOD
        if task.is_final:
            return Verdict.BAD
        is_watched = self.watched is None or task.state in self.watched or task.id == SELECTION
        return Verdict.PENDING if is_watched else Verdict.GOOD


_NOT_FOUND_VERDICTS = {
    NotFoundPolicy.FAIL: Verdict.BAD,
    NotFoundPolicy.WAIT: Verdict.PENDING,
    NotFoundPolicy.SUCCEED: Verdict.GOOD,
}


class WaitOutcome(NamedTuple):
    """All that is known at the end of a wait.

    ``tasks`` are one to one with the IDs that were waited for, in their order; of a selection, all tasks that were seen
    unfinished. ``elapsed`` and ``last_seen`` are in
    seconds. ``last_seen`` has the age of each task's last answer, and no entry for a task that was never seen.
    ``unknown_states`` has None for a task without a state. ``cause`` is what ended the looks. ``lost`` are the tasks
    that were seen, and that the last answers do not have: what they were, and how many seconds ago.
    """

    outcome: Outcome
    plan: WaitPlan
    tasks: tuple[Task, ...]
    histories: Mapping[str, tuple[StateChange, ...]]
    last_seen: Mapping[str, float]
    elapsed: float
    polls: int
    transient_errors: int
    last_transient_error: str | None = None
    cause: WorkError | None = None
    unknown_states: tuple[str | None, ...] = ()
    lost: Mapping[str, tuple[Task, float]] = MappingProxyType({})
    #: Those whose standstill ended the wait.
    stalled: tuple[Task, ...] = ()
    #: Whether those that have not ended are left to the vendor. Else nobody needs advice to wait for them again.
    leaves_tasks: bool = True

    def verdict_of(self, task: Task) -> Verdict:
        """Return what one of the tasks means for the wait."""
        return self.plan.judge(task) if task.id in self.last_seen else Verdict.PENDING

    def is_out_of_sight(self, task: Task) -> bool:
        """Whether the last look did not show a task."""
        return self.last_seen.get(task.id, self.plan.poll_interval) >= self.plan.poll_interval

    def with_verdict(self, verdict: Verdict) -> list[Task]:
        """Return the tasks with this verdict, each once."""
        return list({task.id: task for task in self.tasks if self.verdict_of(task) is verdict}.values())

    @property
    def failed(self) -> list[Task]:
        """The tasks that ended without success."""
        return self.with_verdict(Verdict.BAD)

    @property
    def pending(self) -> list[Task]:
        """The tasks that have not ended, as far as is known."""
        return self.with_verdict(Verdict.PENDING)


class Look(NamedTuple):
    """What a wait knows after a look: all its tasks, and those of them whose state is new.

    ``failed`` are those that ended without success, ``unseen`` those that no answer has told about yet. ``elapsed`` is
    in seconds, and so is ``seconds_left``: until the likely end of those tasks that have an estimate. ``trouble`` is
    the last error of a task that could not be read since, the first such task's.
    """

    elapsed: float
    tasks: Sequence[Task]
    changed: Sequence[Task]
    pending: frozenset[str]
    seconds_left: Mapping[str, float]
    trouble: TransientError | None
    unseen: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()
    #: Whether further tasks may join, as long as a wait for a selection goes on.
    is_open: bool = False


#: Is told what a wait sees, while it goes on: the seam for live progress. What it raises ends the telling only.
WaitObserver = Callable[[Look], None]


def unobserved(_look: Look) -> None:
    """Take no note of a look."""


def wait_for_tasks(
    task_ids: Sequence[str],
    read: ReadTasks,
    plan: WaitPlan,
    *,
    provider: str,
    clock: Clock,
    request_timeout: float,
    backoff: Backoff | None = None,
    observer: WaitObserver = unobserved,
    known: Sequence[Task] = (),
) -> WaitOutcome:
    """Wait until the tasks have ended, or one of the limits of the plan is reached.

    ``known`` are those of them that were seen just before: one answer is not enough to believe that they are gone.

    With the ID ``SELECTION`` among the ``task_ids`` the wait goes on until ``read`` says that this one has ended too,
    and takes in all tasks that ``read`` tells of.

    Neither what happens to a request nor an interrupt is raised: it becomes the outcome, with all that was known. So
    does whatever else happens after the first look.
    """
    deadline = Deadline(clock, request_timeout, clock.monotonic() + plan.timeout)
    return _Wait(
        task_ids,
        read,
        plan,
        provider=provider,
        deadline=deadline,
        backoff=backoff or Backoff(cap=max(1.0, plan.poll_interval)),
        observer=observer,
        known=known,
    ).run()


@dataclass
class _Followed:
    """What the loop knows about one task. Moments are monotonic seconds."""

    due: float
    changed: float
    #: None until the first answer, and so is ``seen``, the moment of the last one.
    task: Task | None = None
    seen: float | None = None
    #: Its progress since it is in its state.
    progress: ProgressTrack | None = None
    trouble: TroubleRun | None = None
    #: Answers without it since it was last seen, whatever trouble is between them. ``found`` is what it was then.
    misses: TroubleRun | None = None
    found: tuple[Task, float] | None = None
    history: list[StateChange] = field(default_factory=list)

    def is_new(self, task: Task) -> bool:
        known = self.task
        return known is None or (task.state, task.raw_state) != (known.state, known.raw_state)

    def has_progressed(self, task: Task) -> bool:
        known = self.task
        return known is None or self.is_new(task) or (task.percent, task.message) != (known.percent, known.message)

    def next_look(self, stall_timeout: float | None) -> float:
        """Return when it is to be asked for: before it is called stalled it gets one more look."""
        if stall_timeout is None or self.trouble is not None or self.is_in_doubt:
            return self.due
        return min(self.due, self.changed + stall_timeout)

    @property
    def is_in_doubt(self) -> bool:
        """Whether it was not found just now, which is not believed yet."""
        return self.misses is not None and self.task is not None and self.task.state is not TaskState.NOT_FOUND

    def believes(self, task: Task, now: float) -> bool:
        """Take note of an answer; return whether it is believed."""
        if task.state is not TaskState.NOT_FOUND:
            self.misses, self.found = None, (task, now)
        elif self.found is not None:
            said = f": {task.message}" if task.message else ""
            error = TransientError(f"Task {task.id} was seen before, and was not found now{said}")
            self.misses = TroubleRun.after(self.misses, error, now)
            return self.misses.count >= NOT_FOUND_ANSWERS and self.misses.is_over_budget(NOT_FOUND_SECONDS, now)
        return True

    def note_progress(self, task: Task, now: float) -> None:
        if task.percent is None:
            self.progress = None
        elif self.progress is None or self.is_new(task):
            self.progress = ProgressTrack.begun(task.percent, now)
        else:
            self.progress = self.progress.then(task.percent, now)

    def seconds_left(self, now: float) -> float | None:
        return None if self.task is None else seconds_left(self.task, self.progress, now)


class _Wait:
    """One run of the loop."""

    def __init__(
        self,
        task_ids: Sequence[str],
        read: ReadTasks,
        plan: WaitPlan,
        *,
        provider: str,
        deadline: Deadline,
        backoff: Backoff,
        observer: WaitObserver,
        known: Sequence[Task],
    ) -> None:
        self._ids = [task_id for task_id in task_ids if task_id != SELECTION]
        self._read = read
        self._plan = plan
        self._provider = provider
        self._clock = deadline.clock
        self._deadline = deadline
        self._backoff = backoff
        self._observer = observer
        self._began = self._clock.monotonic()
        self._policy = PollingPolicy(plan.poll_interval, max(plan.poll_interval, plan.max_poll_interval))
        self._interval = plan.poll_interval
        self._followed = {task_id: _Followed(due=self._began, changed=self._began) for task_id in task_ids}
        for task in known:
            self._followed[task.id].found = (task, self._began)
        self._asked: frozenset[str] = frozenset()
        self._is_reached = False
        #: The moment before which the vendor does not want to be asked again. Only the last look is before it.
        self._not_before = self._began
        self._polls = 0
        self._transient_errors = 0
        self._last_transient_error: str | None = None
        #: In their order.
        self._unknown_states: dict[str | None, None] = {}

    def run(self) -> WaitOutcome:
        if not self._followed:
            return self._ended(Outcome.SUCCEEDED)
        try:
            return self._loop()
        except RequestError as error:
            return self._ended(Outcome.UNREACHABLE, error)
        except InterruptError as error:
            return self._ended(Outcome.INTERRUPTED, error)
        except Exception as error:
            if not self._has_begun:
                raise
            return self._ended(Outcome.ABORTED, error if isinstance(error, WorkError) else DefectError(error))

    @property
    def _has_begun(self) -> bool:
        """Whether anything is known that must not be lost."""
        return self._polls > 1 or any(followed.found or followed.task for followed in self._followed.values())

    def _loop(self) -> WaitOutcome:
        while True:
            self._look()
            outcome = self._verdict()
            if outcome is not None:
                return outcome
            self._clock.sleep(max(0.0, self._next_wake() - self._clock.monotonic()))

    # --- a look ---------------------------------------------------------------------------------------------

    def _look(self) -> None:
        now = self._clock.monotonic() + _TOLERANCE
        last_look = now >= self._deadline.at
        due = [task_id for task_id in self._pending() if last_look or self._next_look(task_id) <= now]
        self._asked = frozenset(due)
        self._polls += 1
        try:
            snapshot = self._read(due, self._deadline)
        except RequestError as error:
            snapshot = Snapshot(troubles=dict.fromkeys(due, self._passing(error)))
        now = self._clock.monotonic()
        self._take_in(snapshot, now)
        self._not_before = now + (snapshot.retry_after or 0.0)
        changed = [task for task in snapshot.tasks.values() if self._note(task, now)]
        self._note_troubles(snapshot.troubles, now)
        pending = self._pending()
        estimates = {
            task_id: self._followed[task_id].seconds_left(now)
            for task_id in pending
            if not self._followed[task_id].is_in_doubt
        }
        left = {task_id: seconds for task_id, seconds in estimates.items() if seconds is not None}
        self._plan_next(snapshot.tasks, pending, left, now, changed=bool(changed))
        self._show(changed, pending, left, now)

    def _take_in(self, snapshot: Snapshot, now: float) -> None:
        """Follow the tasks that a selection has found."""
        self._asked |= snapshot.tasks.keys()
        for task_id in (*snapshot.tasks, *snapshot.troubles):
            if task_id not in self._followed:
                self._followed[task_id] = _Followed(due=now, changed=now)
                self._ids.append(task_id)

    def _show(self, changed: Sequence[Task], pending: Sequence[str], left: Mapping[str, float], now: float) -> None:
        runs = [run for task_id in pending for run in (self._followed[task_id].trouble, self._followed[task_id].misses)]
        look = Look(
            elapsed=now - self._began,
            tasks=[self._task(task_id) for task_id in self._ids],
            changed=[task for task in changed if task.id != SELECTION],
            pending=frozenset(pending) - {SELECTION},
            seconds_left=left,
            trouble=next((run.error for run in runs if run is not None), None),
            unseen=frozenset(task_id for task_id in pending if self._followed[task_id].task is None) - {SELECTION},
            failed=frozenset(
                task_id for task_id, followed in self._followed.items() if self._judge(followed) is Verdict.BAD
            ),
            is_open=SELECTION in pending,
        )
        try:
            self._observer(look)
        except InterruptError:
            raise
        except Exception:  # noqa: BLE001 - observing is a courtesy: whatever goes wrong with it ends it, and no wait
            self._observer = unobserved

    def _passing(self, error: RequestError) -> TransientError:
        """Return an error that may pass as one that does, and raise any other.

        Where a task was seen there is an API. Who has none at its address now stands in its place, such as a proxy.
        """
        if isinstance(error, TransientError):
            return error
        if error.status != HTTPStatus.NOT_FOUND or not any(followed.found for followed in self._followed.values()):
            raise error
        return error.turned_into(TransientError)

    def _note(self, task: Task, now: float) -> bool:
        """Take a task's new description over; return whether its state is new."""
        followed = self._followed[task.id]
        self._is_reached = True
        followed.trouble = None
        if not followed.believes(task, now):
            return False
        is_new = followed.is_new(task)
        if followed.has_progressed(task):
            followed.changed = now
        if is_new:
            followed.history.append(
                StateChange(task.state, task.raw_state, task.percent, self._clock.now(), now - self._began),
            )
            del followed.history[:-LONGEST_HISTORY]
        if task.state is TaskState.UNKNOWN:
            self._unknown_states[task.raw_state] = None
        followed.note_progress(task, now)
        followed.task, followed.seen = task, now
        return is_new

    def _note_troubles(self, troubles: Mapping[str, TransientError], now: float) -> None:
        # One error can stand for all tasks of a list: it happened once.
        for error in dict.fromkeys(troubles.values()):
            self._transient_errors += 1
            self._last_transient_error = error.message
            self._is_reached = self._is_reached or not isinstance(error, NoConnectionError)
        delays: dict[TransientError, float] = {}
        for task_id, error in troubles.items():
            followed = self._followed[task_id]
            run = TroubleRun.after(followed.trouble, error, now)
            followed.trouble = run
            # Tasks that failed together are asked for together again.
            delay = delays.setdefault(error, run.delay(self._backoff, self._patience(error), now))
            followed.due = now + delay

    def _plan_next(
        self, seen: Mapping[str, Task], pending: Sequence[str], left: Mapping[str, float], now: float, *, changed: bool
    ) -> None:
        if changed:
            self._interval = self._policy.least
        elif seen and self._plan.backs_off:
            self._interval = min(self._interval * _INTERVAL_GROWTH, self._policy.most)
        again = [task_id for task_id in pending if task_id in seen]
        if not again:
            return
        # One look for all costs fewer requests, so the task that needs one first decides for all. A task that was
        # asked for out of turn joins the others again.
        delays = [self._delay(task_id, left) for task_id in again]
        others = [
            self._next_look(task_id)
            for task_id in pending
            if task_id not in seen and self._followed[task_id].trouble is None
        ]
        due = min([now + min(delays), *(moment for moment in others if moment > now)])
        for task_id in again:
            self._followed[task_id].due = due

    def _delay(self, task_id: str, left: Mapping[str, float]) -> float:
        if self._followed[task_id].is_in_doubt:
            return self._policy.least
        return self._policy.delay(left[task_id]) if task_id in left else self._interval

    # --- what it means --------------------------------------------------------------------------------------

    def _task(self, task_id: str) -> Task:
        """Return a task as last seen. One that was never seen is in no state that is known."""
        return self._followed[task_id].task or Task(task_id, self._provider, TaskState.UNKNOWN)

    def _judge(self, followed: _Followed) -> Verdict:
        return Verdict.PENDING if followed.task is None else self._plan.judge(followed.task)

    def _pending(self) -> list[str]:
        return [task_id for task_id, followed in self._followed.items() if self._judge(followed) is Verdict.PENDING]

    def _verdict(self) -> WaitOutcome | None:
        """Return the outcome if the wait is over: the states count before the clock."""
        plan = self._plan
        pending = self._pending()
        verdicts = {self._judge(followed) for followed in self._followed.values()}
        if plan.wait_for is WaitFor.ANY and Verdict.GOOD in verdicts:
            return self._ended(Outcome.SUCCEEDED)
        if Verdict.BAD in verdicts and plan.failures_count and (plan.fail_fast or not pending):
            return self._ended(Outcome.FAILED)
        if not pending:
            return self._ended(Outcome.SUCCEEDED)
        now = self._clock.monotonic() + _TOLERANCE
        # No limit is reached by a task that was not asked for just now: it still has its own look to come.
        asked = [self._followed[task_id] for task_id in pending if task_id in self._asked]
        for followed in asked:
            trouble = followed.trouble
            if trouble is not None and trouble.is_over_budget(self._patience(trouble.error), now):
                return self._ended(Outcome.UNREACHABLE, trouble.error)
        if now >= self._deadline.at and len(asked) == len(pending):
            return self._out_of_time(pending)
        if plan.stall_timeout is not None:
            stalled = [
                followed.task
                for followed in asked
                if followed.task is not None
                and followed.trouble is None
                and not followed.is_in_doubt
                and now - followed.changed >= plan.stall_timeout
            ]
            if stalled:
                return self._ended(Outcome.STALLED, stalled=stalled)
        return None

    def _out_of_time(self, pending: list[str]) -> WaitOutcome:
        never_seen = [self._followed[task_id] for task_id in pending if self._followed[task_id].seen is None]
        # Without a single answer nobody can say that the tasks took too long.
        if len(never_seen) == len(self._followed) and never_seen[0].trouble is not None:
            return self._ended(Outcome.UNREACHABLE, never_seen[0].trouble.error)
        return self._ended(Outcome.TIMED_OUT)

    def _patience(self, error: TransientError) -> float:
        """Return the seconds for which trouble of this kind is retried."""
        budget = self._plan.transient_timeout
        if isinstance(error, NoConnectionError) and not self._is_reached:
            return min(budget, NO_CONNECTION_PATIENCE)
        return budget

    def _next_look(self, task_id: str) -> float:
        return self._followed[task_id].next_look(self._plan.stall_timeout)

    def _next_wake(self) -> float:
        moment = min(map(self._next_look, self._pending()), default=self._deadline.at)
        return min(self._deadline.at, max(self._not_before, moment))

    def _ended(
        self,
        outcome: Outcome,
        cause: WorkError | None = None,
        stalled: Sequence[Task] = (),
    ) -> WaitOutcome:
        now = self._clock.monotonic()
        return WaitOutcome(
            outcome=outcome,
            plan=self._plan,
            tasks=tuple(self._task(task_id) for task_id in self._ids),
            histories={task_id: tuple(self._followed[task_id].history) for task_id in self._ids},
            last_seen={
                task_id: now - followed.seen
                for task_id, followed in self._followed.items()
                if followed.seen is not None
            },
            elapsed=now - self._began,
            polls=self._polls,
            transient_errors=self._transient_errors,
            last_transient_error=self._last_transient_error,
            cause=cause,
            unknown_states=tuple(self._unknown_states),
            lost={
                task_id: (followed.found[0], now - followed.found[1])
                for task_id, followed in self._followed.items()
                if followed.misses is not None and followed.found is not None
            },
            stalled=tuple(stalled),
        )
