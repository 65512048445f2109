# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cancelling tasks: each request is sent once, and what became of the task is for the task itself to say.

A vendor cancels later than it answers, may show a cancelled task as failed, and may get the request too late. So an
answer says no more than that the request was taken, and a lost answer or a refusal is settled by reading the task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from threading import Lock
from typing import Any, NamedTuple, TypeVar

from .._core.clock import Clock, Deadline
from .._core.errors import AuthenticationError, DefectError, InterruptError, RequestError, TransientError, WorkError
from .._core.retrying import Backoff, repeat_transient, surely_did_nothing
from .._core.task import Task, TaskState
from .._core.text import capitalised, listed, sentence
from .._core.threads import done_within, side_by_side
from .._provider.contract import TaskCanceller
from .._waiting.explaining import explain_reason
from .reading import read_one

T = TypeVar("T")

#: Tasks that are cancelled at once where there is a second left: one that hangs must not keep the others back.
_MOST_AT_ONCE = 64
#: Seconds that a request is allowed however little time is left.
_LEAST_SECONDS = 0.05
#: So many tasks are told apart in one message; the result has them all.
_MOST_TOLD = 3


class CancelOutcome(str, Enum):
    """What became of the wish to cancel a task, the best first."""

    ALREADY_ENDED = "already_ended"
    #: In check mode.
    WOULD_CANCEL = "would_cancel"
    CANCELLED = "cancelled"
    #: The request was sent, and the vendor no longer has the task.
    GONE = "gone"
    #: The request was sent, and the task ended as failed: that is how some vendors show a cancelled one.
    FAILED = "failed"
    #: The task had ended by itself before the request had an effect.
    TOO_LATE = "too_late"
    #: The vendor took the request. The task was not seen to end.
    SENT = "sent"
    #: The vendor does not have the task; nothing was sent.
    NOT_FOUND = "not_found"
    NOT_CANCELLABLE = "not_cancellable"
    #: The vendor refused the request.
    REFUSED = "refused"
    #: The request was sent and got no clear answer. The task was not seen to end.
    UNCLEAR = "unclear"
    #: No request reached the vendor.
    NOT_SENT = "not_sent"

    @property
    def is_open(self) -> bool:
        """Whether the task may still come to the end that was asked for."""
        return self in (CancelOutcome.SENT, CancelOutcome.UNCLEAR)

    @property
    def is_change(self) -> bool:
        """Whether a request has, or may have, changed what becomes of the task; in check mode, whether it would."""
        return self.is_open or self in _CHANGES


_CHANGES = frozenset({CancelOutcome.CANCELLED, CancelOutcome.GONE, CancelOutcome.FAILED, CancelOutcome.WOULD_CANCEL})


class Cancellation(NamedTuple):
    """What became of the wish to cancel a task. ``task`` is as last read, ``why`` is what stands against it."""

    task: Task
    outcome: CancelOutcome
    why: str = ""
    error: WorkError | None = None

    def settled(self, task: Task) -> Cancellation:
        """Return what it has come to, now that the task is like this."""
        if not self.outcome.is_open:
            return self
        ends = {
            TaskState.CANCELLED: CancelOutcome.CANCELLED,
            TaskState.FAILED: CancelOutcome.FAILED,
            TaskState.SUCCEEDED: CancelOutcome.TOO_LATE,
            TaskState.DISMISSED: CancelOutcome.GONE,
            TaskState.NOT_FOUND: CancelOutcome.GONE,
        }
        return self._replace(task=task, outcome=ends.get(task.state, self.outcome))

    def to_result(self) -> dict[str, Any]:
        """Return it as a module returns it."""
        return {"task_id": self.task.id, "outcome": self.outcome.value, "msg": capitalised(self.explain())}

    def explain(self) -> str:
        """Say it in a sentence that does not yet begin with a capital letter."""
        who, state = self.task.describe(), self.task.state.value.replace("_", " ")
        told = {
            CancelOutcome.ALREADY_ENDED: f"{who} has ended already: it is {state}. No cancel was sent",
            CancelOutcome.WOULD_CANCEL: f"{who} would be cancelled (check mode)",
            CancelOutcome.CANCELLED: f"{who} was cancelled",
            CancelOutcome.GONE: f"a cancel was sent for {who}, and the vendor no longer has it",
            CancelOutcome.FAILED: (
                f"a cancel was sent, and {who} failed{explain_reason(self.task)} Some vendors show a cancelled task so"
            ),
            CancelOutcome.TOO_LATE: f"the cancel came too late: {who} has ended by itself and is {state}",
            CancelOutcome.SENT: f"a cancel was sent for {who}, which has not ended yet: it is {state}",
            CancelOutcome.NOT_FOUND: f"{who} was not found",
            CancelOutcome.NOT_CANCELLABLE: f"{who} cannot be cancelled: {self.why}",
            CancelOutcome.REFUSED: f"the cancel of {who} was refused, and the task is {state}: {self.why}",
            CancelOutcome.UNCLEAR: (
                f"it is not clear whether the cancel of {who} arrived: {sentence(self.why)} The task is {state}. "
                "It was not sent again"
            ),
            CancelOutcome.NOT_SENT: f"{who} was not cancelled: {self.why}",
        }
        return sentence(told[self.outcome])


class CancelPlan(NamedTuple):
    """How to cancel. ``transient_timeout``: seconds to retry what surely has not reached the vendor."""

    request_timeout: float
    transient_timeout: float = 60.0
    #: Only to tell what would be done.
    is_rehearsed: bool = False


class _Turn:
    """A call of the canceller. Threads that an interrupt or the time left behind outlive it, and may send no more."""

    def __init__(self) -> None:
        self.is_over = False


class Canceller:
    """Cancels tasks at a vendor. One serves for one run; ``done`` has what became of each task so far."""

    def __init__(self, provider: TaskCanceller, clock: Clock, plan: CancelPlan) -> None:
        self._provider = provider
        self._clock = clock
        self._plan = plan
        self._tasks: dict[str, Task] = {}
        #: The tasks whose request was begun, and by whom.
        self._begun: dict[str, _Turn] = {}
        self._done: dict[str, Cancellation] = {}
        self._lock = Lock()

    def cancel(self, tasks: Sequence[Task], deadline: Deadline) -> None:
        """Cancel tasks that were read just now, side by side.

        Raises:
            InterruptError: a signal came; ``done`` says how far it got.
        """
        with self._turn(tasks) as turn:
            side_by_side(lambda task: self._cancel(task, deadline, turn), tasks)

    def cancel_within(self, seconds: float, tasks: Sequence[Task]) -> None:
        """Cancel tasks as far as so many seconds allow, without retries and without looking what becomes of them."""
        deadline = Deadline(self._clock, seconds, self._clock.monotonic() + seconds, _LEAST_SECONDS)
        with self._turn(tasks) as turn:
            done_within(seconds, lambda task: self._cancel(task, deadline, turn, is_last=True), tasks, _MOST_AT_ONCE)

    @contextmanager
    def _turn(self, tasks: Sequence[Task]) -> Iterator[_Turn]:
        self._tasks.update((task.id, task) for task in tasks)
        turn = _Turn()
        try:
            yield turn
        finally:
            with self._lock:
                turn.is_over = True

    @property
    def done(self) -> dict[str, Cancellation]:
        """What became of each task, also of those that an end came between."""
        return {task_id: self._done.get(task_id) or self._cut_off(task) for task_id, task in self._tasks.items()}

    @property
    def open_tasks(self) -> list[Task]:
        """The tasks that may still come to the end that was asked for, as last read."""
        return [found.task for found in self.done.values() if found.outcome.is_open]

    def settle(self, tasks: Mapping[str, Task]) -> None:
        """Take note of what has become of tasks since."""
        for task_id, found in self.done.items():
            self._done[task_id] = found.settled(tasks.get(task_id, found.task))

    def _cut_off(self, task: Task) -> Cancellation:
        if task.id in self._begun:
            return Cancellation(task, CancelOutcome.UNCLEAR, "there was no time to wait for the answer")
        return Cancellation(task, CancelOutcome.NOT_SENT, "there was no time for it")

    def _failed(self, task: Task, error: DefectError) -> Cancellation:
        outcome = CancelOutcome.UNCLEAR if task.id in self._begun else CancelOutcome.NOT_SENT
        return Cancellation(task, outcome, error.message, error)

    def _cancel(self, task: Task, deadline: Deadline, turn: _Turn, *, is_last: bool = False) -> None:
        """Cancel one task. What stands in the way of one says nothing of the others."""
        try:
            found = self._cancelled(task, deadline, turn, is_last=is_last)
        except InterruptError:
            raise
        except WorkError as error:
            found = Cancellation(task, CancelOutcome.NOT_SENT, error.message, error)
        except Exception as error:  # noqa: BLE001 - it must not lose what became of the others
            found = self._failed(task, DefectError(error))
        with self._lock:
            # After its turn only who sent the request knows more than who took over.
            if not turn.is_over or self._begun.get(task.id) is turn:
                self._done[task.id] = found

    def _cancelled(self, task: Task, deadline: Deadline, turn: _Turn, *, is_last: bool) -> Cancellation:
        """Return what became of one task.

        Raises:
            RequestError: nothing was sent.
        """
        if self._provider.lists_lack_cancelling or task.state is TaskState.UNKNOWN:
            task = self._bearing(lambda: self._read(task, deadline), is_last=is_last)
        if task.state is TaskState.NOT_FOUND:
            return Cancellation(task, CancelOutcome.NOT_FOUND)
        if task.is_final:
            return Cancellation(task, CancelOutcome.ALREADY_ENDED)
        why = self._provider.why_not_cancellable(task)
        if why is not None:
            return Cancellation(task, CancelOutcome.NOT_CANCELLABLE, why)
        if self._plan.is_rehearsed:
            return Cancellation(task, CancelOutcome.WOULD_CANCEL)
        error = self._bearing(lambda: self._send(task, deadline, turn), is_last=is_last)
        return self._after(error, task, deadline, is_last=is_last)

    def _send(self, task: Task, deadline: Deadline, turn: _Turn) -> RequestError | None:
        """Send the request, and return what it got instead of a good answer.

        Raises:
            TransientError: it surely has not reached the vendor.
            InterruptError: the turn is over.
        """
        with self._lock:
            if turn.is_over:
                raise InterruptError("Nobody waits for this cancel any more")
            self._begun[task.id] = turn
        try:
            self._provider.cancel(task, deadline)
        except RequestError as error:
            if isinstance(error, TransientError) and surely_did_nothing(error):
                del self._begun[task.id]
                raise
            return error
        return None

    def _after(self, error: RequestError | None, task: Task, deadline: Deadline, *, is_last: bool) -> Cancellation:
        """Return what an answer means, after a look at the task where the answer alone does not tell."""
        if error is None:
            return Cancellation(task, CancelOutcome.SENT)
        is_refusal = surely_did_nothing(error)
        outcome = CancelOutcome.REFUSED if is_refusal else CancelOutcome.UNCLEAR
        if is_last or isinstance(error, AuthenticationError):
            return Cancellation(task, outcome, error.message, error)
        try:
            task = self._read(task, deadline)
        except RequestError:
            return Cancellation(task, outcome, error.message, error)
        if is_refusal and (task.is_final or task.state is TaskState.NOT_FOUND):
            # It was refused because there was nothing left to cancel.
            return Cancellation(task, CancelOutcome.TOO_LATE)
        found = Cancellation(task, outcome, error.message, error)
        # A proxy that answers in the vendor's place loses the request, and has no task either: a wait makes sure.
        return found if task.state is TaskState.NOT_FOUND else found.settled(task)

    def _read(self, task: Task, deadline: Deadline) -> Task:
        answer = read_one(self._provider, task.id, deadline)
        if isinstance(answer, TransientError):
            raise answer
        return answer

    def _bearing(self, call: Callable[[], T], *, is_last: bool) -> T:
        budget = 0.0 if is_last else self._plan.transient_timeout
        return repeat_transient(call, budget=budget, clock=self._clock, backoff=Backoff())


def explain_cancellations(cancellations: Sequence[Cancellation]) -> str:
    """Say in one message what became of one or several, the worst first."""
    order = list(CancelOutcome)
    worst_first = sorted(cancellations, key=lambda one: order.index(one.outcome), reverse=True)
    if len(cancellations) == 1:
        return cancellations[0].explain()
    told = [capitalised(one.explain()) for one in worst_first[:_MOST_TOLD]]
    counts = {outcome: sum(one.outcome is outcome for one in cancellations) for outcome in order}
    summary = listed([f"{number} {outcome.value.replace('_', ' ')}" for outcome, number in counts.items() if number])
    more = ["All are in cancels."] if len(cancellations) > _MOST_TOLD else []
    return " ".join([f"{len(cancellations)} tasks to cancel: {summary}.", *told, *more])
