# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules that wait have in common: the options of a wait, and what they return of its tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from .._core.errors import OptionError
from .._core.task import TaskState
from .._core.text import capitalised, listed
from .._provider.description import ProviderDescription
from .._waiting.explaining import explain_outcome
from .._waiting.loop import WaitOutcome
from .context import Context, checked_task_ids
from .moments import read_deadline

if TYPE_CHECKING:
    from .._work.cancelling import Cancellation

#: Looks closer together than this, in seconds, would only burden the vendor.
LEAST_INTERVAL = 0.1
_NO_COUNTS = MappingProxyType(dict.fromkeys((state.value for state in TaskState), 0))


class GivenUp(NamedTuple):
    """A wait that has come to its end, and the cancels that it sent then.

    ``latest`` is its outcome with what the tasks have become since.
    """

    outcome: WaitOutcome
    latest: WaitOutcome
    cancels: tuple[Cancellation, ...] = ()

    def explain(self, title: str) -> str:
        """Say in one message how the wait ended, and what became of the cancels."""
        if not self.cancels:
            return explain_outcome(self.outcome, title)
        from .._work.cancelling import explain_cancellations  # noqa: PLC0415 - most waits cancel nothing

        ended = explain_outcome(self.outcome._replace(leaves_tasks=False), title)
        return f"{ended} {capitalised(explain_cancellations(self.cancels))}"


def asked_ids(context: Context) -> tuple[str, ...]:
    """Return the IDs that task_ids or launch_results give.

    Raises:
        OptionError: there are none.
    """
    params = context.params
    if params["launch_results"] is not None:
        from .launch_results import launched_task_ids  # noqa: PLC0415 - most waits are given IDs

        ids = launched_task_ids(params["launch_results"], context.provider.description)
        # Every launch was skipped: there is nothing to wait for, and nothing wrong.
        return checked_task_ids(ids, context.provider.description) if ids else ()
    if params["task_ids"] is None:
        # Ansible counts null as given.
        names = [name for name in ("task_ids", "launch_results", "select") if name in params]
        raise OptionError("task_ids", f"{listed(names)} are null or missing. Give one of them")
    return checked_task_ids(params["task_ids"], context.provider.description)


def time_limit(context: Context) -> tuple[float, datetime | None]:
    """Return the seconds for a wait that begins now, and the deadline where that is what limits them.

    Raises:
        OptionError: one of the two cannot be used.
    """
    timeout = context.seconds("timeout") or 0.0
    deadline = read_deadline(context.params["deadline"])
    if deadline is None:
        return timeout, None
    left = max(0.0, (deadline - context.clock.now()).total_seconds())
    return (left, deadline) if left < timeout else (timeout, None)


def poll_interval(context: Context) -> float:
    """Return the seconds between two looks, those of the provider where the user sets none.

    Raises:
        OptionError: they cannot be used.
    """
    given = context.seconds("poll_interval", least=LEAST_INTERVAL)
    return context.provider.description.poll_interval if given is None else given


def check_longest_interval(option: str, seconds: float, description: ProviderDescription) -> None:
    """Make sure that looks so far apart lose nothing.

    Raises:
        OptionError: they do.
    """
    longest = description.longest_poll_interval
    if longest is not None and seconds > longest:
        bound = f"{longest:g} seconds or less for {description.name}"
        raise OptionError(option, f"{option} has to be {bound}: {description.longest_poll_reason}")


def results_of(tasks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the keys of a result that tell of its tasks, each of which is as a module returns it."""
    counts = dict(_NO_COUNTS)
    for task in tasks:
        counts[task["state"]] += 1
    return {"tasks": list(tasks), "task": tasks[0] if len(tasks) == 1 else None, "counts": counts}
