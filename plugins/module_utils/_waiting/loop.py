# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The wait: a pure loop over looks at tasks. Reading, time and sleep are handed in.

The rule, in short: look first, then at the state before the clock; sleep at most until the deadline and look
once more there; bear transient trouble for as long as its own budget lasts; never take an unknown end for a
success.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from .._core.clock import Clock, Deadline
from .._core.errors import InterruptError, RequestError, TransientError, UnknownHostError
from .._core.retrying import Backoff, TroubleRun
from .._core.snapshot import Snapshot
from .._core.task import StateChange, Task, TaskState
from .polling import PollingPolicy, ProgressTrack, seconds_left

ReadTasks = Callable[[Sequence[str], Deadline], Snapshot]

#: The newest entries of a task's history that are kept: a task that flaps for hours must not fill the memory.
LONGEST_HISTORY = 200
#: While a wait has not had a single answer, a host name that does not resolve is rather a wrong name: seconds.
UNKNOWN_HOST_PATIENCE = 20.0
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
    """What a task means that the vendor does not have."""

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
    #: The vendor could not be asked any more, for whatever reason: what became of the tasks is not known.
    UNREACHABLE = "unreachable"
    #: A signal ended the wait, and not the tasks.
    INTERRUPTED = "interrupted"


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

    def judge(self, task: Task) -> Verdict:
        """Return what a task's state means under this plan."""
        if task.state is TaskState.SUCCEEDED:
            return Verdict.GOOD
        if task.state is TaskState.UNKNOWN:
            # Without even the vendor's word there was no answer yet.
            if task.raw_state is None:
                return Verdict.PENDING
            return Verdict.BAD if self.unknown_state is UnknownStatePolicy.FAIL else Verdict.PENDING
        if task.state is TaskState.NOT_FOUND:
            return _NOT_FOUND_VERDICTS[self.not_found]
        if task.error is not None and task.error.code in self.accept_failure_codes and task.is_final:
            return Verdict.GOOD
        return Verdict.BAD if task.is_final else Verdict.PENDING


_NOT_FOUND_VERDICTS = {
    NotFoundPolicy.FAIL: Verdict.BAD,
    NotFoundPolicy.WAIT: Verdict.PENDING,
    NotFoundPolicy.SUCCEED: Verdict.GOOD,
}


class WaitOutcome(NamedTuple):
    """All that is known at the end of a wait.

    ``tasks`` are one to one with the ids that were waited for, in their order. ``elapsed`` and ``last_seen``
    (the age of each task's last answer) are in seconds. ``cause`` is why the vendor could not be asked any more, or was
    not to be.
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
    cause: RequestError | InterruptError | None = None
    unknown_states: tuple[str, ...] = ()
    #: Those whose standstill ended the wait.
    stalled: tuple[Task, ...] = ()

    def with_verdict(self, verdict: Verdict) -> list[Task]:
        """Return the tasks with this verdict, each once."""
        return list({task.id: task for task in self.tasks if self.plan.judge(task) is verdict}.values())

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

    ``elapsed`` is in seconds, and so is ``seconds_left``: until the likely end of those tasks that have an estimate.
    ``trouble`` is the last error of a task that could not be read since, the first such task's.
    """

    elapsed: float
    tasks: Sequence[Task]
    changed: Sequence[Task]
    pending: frozenset[str]
    seconds_left: Mapping[str, float]
    trouble: TransientError | None


#: Is told what a wait sees, while it goes on: the seam for live progress.
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
) -> WaitOutcome:
    """Wait until the tasks have ended, or one of the limits of the plan is reached.

    Neither what happens to a request nor an interrupt is raised: it becomes the outcome, with all that was known.
    """
    deadline = Deadline(clock, request_timeout, clock.monotonic() + plan.timeout)
    return _Wait(
        tuple(task_ids),
        read,
        plan,
        provider=provider,
        deadline=deadline,
        backoff=backoff or Backoff(cap=max(1.0, plan.poll_interval)),
        observer=observer,
    ).run()


@dataclass
class _Followed:
    """What the loop knows about one task. Moments are monotonic seconds."""

    task: Task
    due: float
    changed: float
    seen: float | None = None
    #: Its progress since it is in its state.
    progress: ProgressTrack | None = None
    trouble: TroubleRun | None = None
    history: list[StateChange] = field(default_factory=list)

    def is_new(self, task: Task) -> bool:
        return self.seen is None or (task.state, task.raw_state) != (self.task.state, self.task.raw_state)

    def has_progressed(self, task: Task) -> bool:
        return self.is_new(task) or (task.percent, task.message) != (self.task.percent, self.task.message)

    def note_progress(self, task: Task, now: float) -> None:
        if task.percent is None:
            self.progress = None
        elif self.progress is None or self.is_new(task):
            self.progress = ProgressTrack.begun(task.percent, now)
        else:
            self.progress = self.progress.then(task.percent, now)

    def seconds_left(self, now: float) -> float | None:
        return seconds_left(self.task, self.progress, now)


class _Wait:
    """One run of the loop."""

    def __init__(
        self,
        task_ids: tuple[str, ...],
        read: ReadTasks,
        plan: WaitPlan,
        *,
        provider: str,
        deadline: Deadline,
        backoff: Backoff,
        observer: WaitObserver,
    ) -> None:
        self._ids = task_ids
        self._read = read
        self._plan = plan
        self._clock = deadline.clock
        self._deadline = deadline
        self._backoff = backoff
        self._observer = observer
        self._began = self._clock.monotonic()
        self._policy = PollingPolicy(plan.poll_interval, max(plan.poll_interval, plan.max_poll_interval))
        self._interval = plan.poll_interval
        # Until the first answer nothing is known of a task, which is not a state of the vendor either.
        self._followed = {
            task_id: _Followed(Task(task_id, provider, TaskState.UNKNOWN), due=self._began, changed=self._began)
            for task_id in task_ids
        }
        self._asked: frozenset[str] = frozenset()
        self._polls = 0
        self._transient_errors = 0
        self._last_transient_error: str | None = None
        self._unknown_states: list[str] = []

    def run(self) -> WaitOutcome:
        if not self._ids:
            return self._ended(Outcome.SUCCEEDED)
        try:
            return self._loop()
        except RequestError as error:
            return self._ended(Outcome.UNREACHABLE, error)
        except InterruptError as error:
            return self._ended(Outcome.INTERRUPTED, error)

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
        due = [task_id for task_id in self._pending() if last_look or self._followed[task_id].due <= now]
        self._asked = frozenset(due)
        self._polls += 1
        try:
            snapshot = self._read(due, self._deadline)
        except TransientError as error:
            snapshot = Snapshot(troubles=dict.fromkeys(due, error))
        now = self._clock.monotonic()
        changed = [task for task in snapshot.tasks.values() if self._note(task, now)]
        self._note_troubles(snapshot.troubles, now)
        pending = self._pending()
        estimates = {task_id: self._followed[task_id].seconds_left(now) for task_id in pending}
        left = {task_id: seconds for task_id, seconds in estimates.items() if seconds is not None}
        self._plan_next(snapshot.tasks, pending, left, now, changed=bool(changed))
        runs = [self._followed[task_id].trouble for task_id in pending]
        self._observer(
            Look(
                elapsed=now - self._began,
                tasks=[self._followed[task_id].task for task_id in self._ids],
                changed=changed,
                pending=frozenset(pending),
                seconds_left=left,
                trouble=next((run.error for run in runs if run is not None), None),
            ),
        )

    def _note(self, task: Task, now: float) -> bool:
        """Take a task's new description over; return whether its state is new."""
        followed = self._followed[task.id]
        is_new = followed.is_new(task)
        if followed.has_progressed(task):
            followed.changed = now
        if is_new:
            followed.history.append(
                StateChange(task.state, task.raw_state, task.percent, self._clock.now(), now - self._began),
            )
            del followed.history[:-LONGEST_HISTORY]
        if task.state is TaskState.UNKNOWN and str(task.raw_state) not in self._unknown_states:
            self._unknown_states.append(str(task.raw_state))
        followed.note_progress(task, now)
        followed.task, followed.seen, followed.trouble = task, now, None
        return is_new

    def _note_troubles(self, troubles: Mapping[str, TransientError], now: float) -> None:
        # One error can stand for all tasks of a list: it happened once.
        for error in dict.fromkeys(troubles.values()):
            self._transient_errors += 1
            self._last_transient_error = error.message
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
        delays = [self._policy.delay(left[task_id]) if task_id in left else self._interval for task_id in again]
        others = [
            followed.due
            for followed in (self._followed[task_id] for task_id in pending if task_id not in seen)
            if followed.trouble is None and followed.due > now
        ]
        due = min([now + min(delays), *others])
        for task_id in again:
            self._followed[task_id].due = due

    # --- what it means --------------------------------------------------------------------------------------

    def _pending(self) -> list[str]:
        return [
            task_id
            for task_id, followed in self._followed.items()
            if self._plan.judge(followed.task) is Verdict.PENDING
        ]

    def _verdict(self) -> WaitOutcome | None:
        """Return the outcome if the wait is over: the states count before the clock."""
        plan = self._plan
        pending = self._pending()
        verdicts = {plan.judge(followed.task) for followed in self._followed.values()}
        if plan.wait_for is WaitFor.ANY and Verdict.GOOD in verdicts:
            return self._ended(Outcome.SUCCEEDED)
        if Verdict.BAD in verdicts and (plan.fail_fast or not pending):
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
            answered = [followed for followed in asked if followed.trouble is None]
            stalled = [followed.task for followed in answered if now - followed.changed >= plan.stall_timeout]
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
        """Return the seconds that trouble of this kind is borne."""
        budget = self._plan.transient_timeout
        if isinstance(error, UnknownHostError) and all(followed.seen is None for followed in self._followed.values()):
            return min(budget, UNKNOWN_HOST_PATIENCE)
        return budget

    def _next_wake(self) -> float:
        pending = [self._followed[task_id] for task_id in self._pending()]
        moments = [self._deadline.at, *(followed.due for followed in pending)]
        if self._plan.stall_timeout is not None:
            for followed in pending:
                stalls_at = followed.changed + self._plan.stall_timeout
                if followed.trouble is None and stalls_at <= followed.due:
                    # It gets one more look before it is called stalled.
                    followed.due = stalls_at
                    moments.append(stalls_at)
        return min(moments)

    def _ended(
        self,
        outcome: Outcome,
        cause: RequestError | InterruptError | None = None,
        stalled: Sequence[Task] = (),
    ) -> WaitOutcome:
        now = self._clock.monotonic()
        return WaitOutcome(
            outcome=outcome,
            plan=self._plan,
            tasks=tuple(self._followed[task_id].task for task_id in self._ids),
            histories={task_id: tuple(followed.history) for task_id, followed in self._followed.items()},
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
            stalled=tuple(stalled),
        )
