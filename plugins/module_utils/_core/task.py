# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The values every layer speaks of: a task, its state, why it failed, what its state was before.

Everything here is frozen and knows neither Ansible nor HTTP nor any vendor.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import Any, NamedTuple


class TaskState(str, Enum):
    """One vocabulary for the states of every vendor's tasks."""

    QUEUED = "queued"
    RUNNING = "running"
    #: Held until a person lets it go on.
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    #: Put away by somebody, with whatever outcome it had: that can no longer be known.
    DISMISSED = "dismissed"
    #: The vendor used a word that the provider's table does not have.
    UNKNOWN = "unknown"
    #: The vendor has no such task, or no longer has it.
    NOT_FOUND = "not_found"

    @property
    def is_final(self) -> bool:
        """Whether a task in this state has ended and stays as it is."""
        return self in _FINAL

    def __str__(self) -> str:
        return self.value


_FINAL = frozenset({TaskState.SUCCEEDED, TaskState.FAILED, TaskState.CANCELLED, TaskState.DISMISSED})


class TaskError(NamedTuple):
    """Why a task ended without success, in the vendor's words and, where the vendor documents it, in full.

    ``code`` is the vendor's own code; None when the vendor gave only a text. ``source`` names the document
    that explains the code, None when no document does. ``retryable`` is None when nobody says.
    """

    code: str | None = None
    title: str | None = None
    detail: str | None = None
    remedy: str | None = None
    retryable: bool | None = None
    source: str | None = None

    def to_result(self) -> dict[str, Any]:
        """Return the fields as a module returns them."""
        return self._asdict()


class StateChange(NamedTuple):
    """One entry of a task's history during a wait.

    ``at`` is the wall clock's time of the look that saw it, ``elapsed`` the seconds since the wait began.
    """

    state: TaskState
    raw_state: str | None
    percent: float | None
    at: datetime
    elapsed: float

    def to_result(self) -> dict[str, Any]:
        """Return the entry as a module returns it."""
        return {
            "state": self.state.value,
            "raw_state": self.raw_state,
            "percent": self.percent,
            "at": format_time(self.at),
            "elapsed": round(self.elapsed, 3),
        }


@dataclass(frozen=True)
class Task:
    """A task as the vendor last described it.

    ``percent`` runs from 0 to 100. Times are aware and in UTC. ``raw`` is the vendor's object, untouched.
    """

    id: str
    provider: str
    state: TaskState
    raw_state: str | None = None
    name: str | None = None
    type: str | None = None
    description: str | None = None
    percent: float | None = None
    message: str | None = None
    error: TaskError | None = None
    result: Any = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    updated_at: datetime | None = None
    finished_at: datetime | None = None
    expires_at: datetime | None = None
    owner: str | None = None
    resource: str | None = None
    parent_id: str | None = None
    #: The tasks that are a part of this one, in their order; None when nobody asked for them.
    subtasks: tuple[Task, ...] | None = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def is_final(self) -> bool:
        """Whether the task has ended."""
        return self.state.is_final

    @property
    def unfinished_subtasks(self) -> int:
        """How many of its subtasks have not ended, as far as they were asked for."""
        return sum(not subtask.is_final for subtask in self.subtasks or ())

    @property
    def began_at(self) -> datetime | None:
        """When it started or, where the vendor does not tell that, when it was made."""
        return self.started_at or self.created_at

    def to_result(self) -> dict[str, Any]:
        """Return the task as a module returns it."""
        return {
            "id": self.id,
            "provider": self.provider,
            "state": self.state.value,
            "raw_state": self.raw_state,
            "is_final": self.is_final,
            "name": self.name,
            "type": self.type,
            "description": self.description,
            "percent": self.percent,
            "message": self.message,
            "error": None if self.error is None else self.error.to_result(),
            "result": self.result,
            "created_at": format_time(self.created_at),
            "started_at": format_time(self.started_at),
            "updated_at": format_time(self.updated_at),
            "finished_at": format_time(self.finished_at),
            "expires_at": format_time(self.expires_at),
            "owner": self.owner,
            "resource": self.resource,
            "parent_id": self.parent_id,
            "raw": dict(self.raw),
            **({} if self.subtasks is None else {"subtasks": [subtask.to_result() for subtask in self.subtasks]}),
        }

    def describe(self) -> str:
        """Name the task for a person: its type, its ID and, where that is another word, its name."""
        kind = self.type or "task"
        name = f"{kind} {self.id}" if kind.casefold().endswith("task") else f"{kind} task {self.id}"
        return name if self.name in (None, "", self.id) else f"{name} ({self.name})"


def missing_task(task_id: str, provider: str, words: str | None = None) -> Task:
    """Return what stands for a task that the vendor does not have; ``words`` are the vendor's own about that."""
    return Task(id=task_id, provider=provider, state=TaskState.NOT_FOUND, message=words or None)


_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d+))?\s*(?:([Zz])|([+-])([01]\d|2[0-3]):?([0-5]\d))?",
)


def parse_time(text: object) -> datetime | None:
    """Read an RFC 3339 time, as vendors really write it, into UTC.

    Accepts any number of fraction digits (some have nine), a comma before them, and a missing zone, which
    is taken for UTC. Anything else gives None: a time that cannot be read is no reason to lose a task.
    So does the year 1, where Go and .NET have the time that was never set.
    """
    match = _RFC3339.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        return None
    *numbers, fraction, _zulu, sign, hours, minutes = match.groups()
    microsecond = int((fraction or "0")[:6].ljust(6, "0"))
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    try:
        year, month, day, hour, minute, second = map(int, numbers)
        moment = datetime(year, month, day, hour, minute, second, microsecond, tzinfo=timezone.utc)
        moment = moment + offset if sign == "-" else moment - offset
    except (ValueError, OverflowError):
        return None
    return moment if moment.year > 1 else None


def format_time(moment: datetime | None) -> str | None:
    """Write a time as RFC 3339 in UTC, with milliseconds only where it has a fraction."""
    if moment is None:
        return None
    precision = "milliseconds" if moment.microsecond else "seconds"
    return moment.astimezone(timezone.utc).isoformat(timespec=precision).replace("+00:00", "Z")
