# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a provider is: a frozen description of the vendor, and an adapter of few methods that talks to it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from .._api.http_client import HttpClient
from .._api.tls import TlsOptions
from .._core.clock import Clock, Deadline
from .._core.errors import BadAnswerError, OptionError
from .._core.task import Task, TaskState
from .description import ProviderDescription
from .options import ConnectionOptions


class TaskQuery(NamedTuple):
    """Which tasks a list should have. Empty or None: no restriction. ``filters`` go to the vendor untouched."""

    states: frozenset[TaskState] = frozenset()
    types: frozenset[str] = frozenset()
    started_after: datetime | None = None
    started_before: datetime | None = None
    filters: tuple[tuple[str, str], ...] = ()
    resource: str | None = None

    def matches(self, task: Task) -> bool:
        """Whether a task fits, as far as that can be told on this side."""
        return all(self._fits(task))

    def may_match(self, task: Task) -> bool:
        """Whether a task fits, or does not tell what that depends on."""
        return all(fits is not False for fits in self._fits(task))

    def _fits(self, task: Task) -> Iterator[bool | None]:
        """Yield for each restriction whether a task fits, None where it does not tell that."""
        if self.states:
            yield task.state in self.states
        if self.types:
            yield task.type in self.types if task.type else None
        if self.resource is not None:
            yield task.resource == self.resource if task.resource else None
        began = task.began_at
        if self.started_after is not None:
            yield began >= self.started_after if began else None
        if self.started_before is not None:
            yield began < self.started_before if began else None


class Launch(NamedTuple):
    """A task that is to be launched: its type, and the parameters that the vendor documents for it."""

    type: str
    input: Mapping[str, Any]


class TaskPage(NamedTuple):
    """One page of a list. ``next_cursor`` is what the adapter needs to read the page after it, None at the end.

    ``is_cut``: the vendor may have more of this list, and no way to it. ``unreadable`` is the number of entries that
    were left out because they cannot be read, ``problem`` is that of the first.
    """

    tasks: tuple[Task, ...]
    next_cursor: str | None = None
    is_cut: bool = False
    unreadable: int = 0
    problem: BadAnswerError | None = None


class TaskProvider(ABC):
    """The adapter of a vendor. Safe to use from several threads."""

    def __init__(self, description: ProviderDescription) -> None:
        self.description = description

    @abstractmethod
    def read_task(self, task_id: str, deadline: Deadline) -> Task:
        """Return one task, with everything the vendor tells about it.

        Raises:
            NotFoundError: the vendor has no such task.
            RequestError: it could not be read.
        """

    @abstractmethod
    def read_page(self, query: TaskQuery, cursor: str | None, deadline: Deadline) -> TaskPage:
        """Return a page of the tasks, the newest first where the vendor can sort.

        The page may hold more than the query asks for: what the vendor cannot filter is filtered by the caller.

        Raises:
            RequestError: it could not be read.
        """

    @property
    def asked_to_wait(self) -> float | None:
        """The seconds that the vendor, in good answers, has asked to wait before the next request."""
        return None

    @property
    def can_list(self) -> bool:
        """Whether the vendor can list tasks with their states. Else many are read one by one."""
        return True

    def read_subtasks(self, task_id: str, deadline: Deadline) -> tuple[Task, ...]:
        """Return the tasks that are directly a part of one, in the order of their work.

        Empty where the vendor has no such thing, which is the default; that raises nothing.

        Raises:
            RequestError: they could not be read.
        """
        return ()

    def close(self, deadline: Deadline) -> None:  # noqa: B027 - most have nothing to give back
        """End what would go on at the vendor, such as a session. Raises nothing."""

    def list_entry_lacks_something(self, task: Task) -> bool:
        """Whether a task as a list shows it lacks what ``read_task`` would tell about it."""
        return False


class TaskLauncher(TaskProvider):
    """The adapter of a vendor whose tasks can be launched too. Its description names their types."""

    def check_launch(self, launch: Launch, desired: Mapping[str, Any] | None) -> None:
        """Make sure, without asking the vendor, that a launch makes sense, and what is desired of it.

        Raises:
            OptionError: it does not.
        """
        if desired is not None:
            title = self.description.title
            raise OptionError("desired", f"desired cannot be checked at {title}: omit it, and see the option reuse")

    @abstractmethod
    def launch(self, launch: Launch, deadline: Deadline) -> str:
        """Send the call that launches a task, once, and return the task's ID.

        Raises:
            TransientError: with ``was_sent``, nobody can tell whether the vendor started it.
            BadAnswerError: nobody can tell either.
            RequestError: the vendor refused it.
        """

    @property
    def lists_lack_input(self) -> bool:
        """Whether ``is_launch`` needs a task as ``read_task`` tells it. Else an entry of a list will do."""
        return False

    def launch_query(self, launch: Launch) -> TaskQuery:
        """Return the list in which a launched task has to turn up."""
        return TaskQuery(types=frozenset({launch.type}))

    def is_launch(self, launch: Launch, task: Task) -> bool:
        """Whether a task surely does what this launch is to do. False in doubt."""
        return False

    def find_desired(self, launch: Launch, desired: Mapping[str, Any], deadline: Deadline) -> Mapping[str, Any] | None:
        """Return what the launch is to bring about, where the vendor has it already. ``check_launch`` let it through.

        Raises:
            OptionError: the vendor has nothing that could be compared with it.
            RequestError: it could not be read.
        """
        return None


class TaskCanceller(TaskProvider):
    """The adapter of a vendor whose tasks can be cancelled, at least some of them."""

    @property
    def lists_lack_cancelling(self) -> bool:
        """Whether ``cancel`` needs a task as ``read_task`` tells it. Else an entry of a list will do."""
        return False

    def why_not_cancellable(self, task: Task) -> str | None:
        """Return why the vendor does not cancel this task, as far as that is known before; None where it may do so.

        The reason is what comes after "cannot be cancelled: ".
        """
        return None

    @abstractmethod
    def cancel(self, task: Task, deadline: Deadline) -> None:
        """Send the call that asks for the end of a task, once. The end comes later, if it comes.

        Raises:
            TransientError: with ``was_sent``, nobody can tell whether the vendor got it.
            BadAnswerError: nobody can tell either.
            NotFoundError: the vendor has no such task.
            RequestError: the vendor refused it.
        """


class ProviderTools(NamedTuple):
    """What a provider is handed to work with."""

    clock: Clock
    make_http: Callable[[TlsOptions], HttpClient]
    #: Tells the user something that does not end the work.
    warn: Callable[[str], None]
    #: Makes a secret that was not an option, such as a token got by a login, as hidden as one that was.
    hide: Callable[[str], None]


class Provider(NamedTuple):
    """An entry of the registry: the description, and how to make the adapter from the user's options."""

    description: ProviderDescription
    create: Callable[[ConnectionOptions, ProviderTools], TaskProvider]
