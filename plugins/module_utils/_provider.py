# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a provider is: a frozen description of the vendor, and an adapter of few methods that talks to it."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote

from ._clock import Clock, Deadline
from ._errors import OptionError
from ._http import HttpClient, TlsOptions
from ._options import ConnectionOptions
from ._pacing import Quota
from ._task import Task, TaskFailure, TaskState


class DocumentedFailure(NamedTuple):
    """A failure that the vendor documents, or that was seen and understood.

    ``code`` is the vendor's code, None for a failure that the vendor tells by its text only. ``pattern`` is a
    regular expression that recognises the vendor's text. ``source`` names the document, or says where it was seen.
    """

    code: str | None
    title: str
    detail: str
    remedy: str
    retryable: bool | None
    source: str
    pattern: str | None = None

    def to_failure(self, detail: str | None = None) -> TaskFailure:
        """Return it as a task's failure, with the vendor's own words as its detail where there are better ones."""
        return TaskFailure(
            code=self.code,
            title=self.title,
            detail=detail or self.detail,
            remedy=self.remedy,
            retryable=self.retryable,
            source=self.source,
        )


class LoginForm(NamedTuple):
    """One way to log in: the options it takes, all of them."""

    options: tuple[str, ...]

    def missing(self, options: ConnectionOptions) -> list[str]:
        """Return the options that are still missing for this way."""
        return [name for name in self.options if getattr(options, name) is None]


def named_state(states: Mapping[str, TaskState], raw_state: str) -> TaskState:
    """Return what a table of states has for a vendor's word, with or without its case; ``unknown`` for any other."""
    folded = {raw.casefold(): state for raw, state in states.items()}
    return states.get(raw_state, folded.get(raw_state.casefold(), TaskState.UNKNOWN))


_OF_ALL = frozenset({"api_url", "validate_certs", "ca_path", "client_cert", "client_key", "request_timeout"})


@dataclass(frozen=True)
class ProviderDescription:
    """What a vendor is like, stated apart from talking to it.

    Every field has a default where a default is true, so that a new vendor's quirk changes one file.
    Times are in seconds.
    """

    name: str
    title: str
    #: The vendor's word for a state -> ours. Compared without regard to case.
    states: Mapping[str, TaskState]
    #: The ways to log in, the usual one first.
    logins: tuple[LoginForm, ...]
    #: Where the facts come from: title -> address.
    documents: Mapping[str, str]
    #: Environment variables are this, an underscore and the option's name in capitals ...
    environment_prefix: str
    #: The connection options that mean something to this provider, besides its logins' and those of TLS.
    options: tuple[str, ...] = ()
    #: Values of options that the user does not give.
    defaults: Mapping[str, str] = field(default_factory=dict)
    #: The only values that an option can have here.
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: What a task's id looks like, as a regular expression for the whole of it, and in words for people.
    task_id_pattern: str | None = None
    task_id_words: str = ""
    #: ... except for these, which have names of their own.
    environment: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    failures: tuple[DocumentedFailure, ...] = ()
    #: A regular expression whose first group is the code in the vendor's text, for codes that no document has.
    failure_code: str | None = None
    poll_interval: float = 5.0
    #: A poll more often than this breaks what the vendor asks for.
    least_poll_interval: float = 0.0
    #: A poll less often than this loses something, and what that is.
    longest_poll_interval: float | None = None
    longest_poll_reason: str = ""
    #: The most requests that the vendor allows.
    quota: Quota | None = None
    #: Tasks asked for in one page of a list.
    page_size: int = 100
    #: HTTP statuses that mean "not now" at this vendor, besides the usual ones.
    transient_statuses: frozenset[int] = frozenset()
    #: Where the registered result of a launching task has the new task's id: paths of keys, the first hit counts. A
    #: list on the way or at its end has the ids of several. Empty where no launching call returns one.
    launch_id_paths: tuple[tuple[str, ...], ...] = (("json", "id"), ("id",), ("task_id",))
    #: What ``TaskProvider.launch`` can launch, in words for the user. Empty where it can launch nothing.
    launch_types: tuple[str, ...] = ()
    #: Whether a launch that succeeded once has done its work for good. Else it means something else the next time.
    success_lasts: bool = True

    @property
    def used_options(self) -> frozenset[str]:
        """All connection options that mean something to this provider."""
        return _OF_ALL | {name for form in self.logins for name in form.options} | set(self.options)

    def state_of(self, raw_state: str) -> TaskState:
        """Return our state for the vendor's word; ``unknown`` for a word that the table does not have."""
        return named_state(self.states, raw_state)

    def raw_states(self, states: frozenset[TaskState]) -> list[str]:
        """Return the vendor's words for our states."""
        return [raw for raw, state in self.states.items() if state in states]

    def failure_for(self, message: str | None) -> TaskFailure:
        """Return what is known about a failure that the vendor tells with this text."""
        for failure in self.failures:
            match = failure.pattern and message and re.search(failure.pattern, message, re.IGNORECASE)
            if match:
                # A text that only carries the code says less than the document; any other says more.
                return failure.to_failure(None if failure.code else message)
        match = self.failure_code and message and re.search(self.failure_code, message, re.IGNORECASE)
        return TaskFailure(code=match[1] if match else None, detail=message)

    def documented_failure(self, code: str) -> DocumentedFailure | None:
        """Return what the vendor documents about a code."""
        return next((failure for failure in self.failures if failure.code == code), None)


class TaskQuery(NamedTuple):
    """Which tasks a list should have. Empty or None: no restriction. ``filters`` go to the vendor untouched."""

    states: frozenset[TaskState] = frozenset()
    types: frozenset[str] = frozenset()
    started_after: datetime | None = None
    started_before: datetime | None = None
    filters: tuple[tuple[str, str], ...] = ()

    def matches(self, task: Task) -> bool:
        """Whether a task fits, as far as that can be told on this side."""
        if self.states and task.state not in self.states:
            return False
        if self.types and task.type not in self.types:
            return False
        began = task.began_at
        if self.started_after is not None and (began is None or began < self.started_after):
            return False
        return self.started_before is None or (began is not None and began < self.started_before)


class Launch(NamedTuple):
    """A task that is to be launched: its type, and the parameters that the vendor documents for it."""

    type: str
    input: Mapping[str, Any]


class TaskPage(NamedTuple):
    """One page of a list. ``next_cursor`` is what the adapter needs to read the page after it, None at the end.

    ``is_cut``: the vendor may have more of this list, and no way to it.
    """

    tasks: tuple[Task, ...]
    next_cursor: str | None = None
    is_cut: bool = False


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
    def can_list(self) -> bool:
        """Whether the vendor can list tasks."""
        return True

    def read_subtasks(self, task_id: str, deadline: Deadline) -> tuple[Task, ...]:  # noqa: ARG002 - a default
        """Return the tasks that are directly a part of one, in the order of their work.

        Empty where the vendor has no such thing, which is the default; that raises nothing.

        Raises:
            RequestError: they could not be read.
        """
        return ()

    def check_launch(self, launch: Launch, wanted: Mapping[str, Any] | None) -> None:  # noqa: ARG002 - a default
        """Make sure, without asking the vendor, that a launch makes sense, and what is wanted of it.

        Raises:
            OptionError: it does not.
        """
        if wanted is not None:
            title = self.description.title
            raise OptionError("wanted", f"wanted cannot be told at {title}: leave it away, and look at reuse")

    def launch(self, launch: Launch, deadline: Deadline) -> str:
        """Send the call that launches a task, once, and return the task's id.

        Only providers whose description has ``launch_types`` can do that.

        Raises:
            TransientError: with ``was_sent``, nobody can tell whether the vendor started it.
            BadAnswerError: nobody can tell either.
            RequestError: the vendor refused it.
        """
        raise NotImplementedError(f"{self.description.name} launches nothing")

    @property
    def lists_lack_input(self) -> bool:
        """Whether ``is_launch`` needs a task as ``read_task`` tells it. Else an entry of a list will do."""
        return False

    def launch_query(self, launch: Launch) -> TaskQuery:
        """Return the list in which a launched task has to turn up."""
        return TaskQuery(types=frozenset({launch.type}))

    def is_launch(self, launch: Launch, task: Task) -> bool:  # noqa: ARG002 - a default
        """Whether a task surely does what this launch is to do. False in doubt."""
        return False

    def find_wanted(
        self,
        launch: Launch,  # noqa: ARG002 - a default
        wanted: Mapping[str, Any],  # noqa: ARG002
        deadline: Deadline,  # noqa: ARG002
    ) -> Mapping[str, Any] | None:
        """Return what the launch is to bring about, where the vendor has it already. ``check_launch`` let it through.

        Raises:
            OptionError: the vendor has nothing that could be compared with it.
            RequestError: it could not be read.
        """
        return None

    def close(self, deadline: Deadline) -> None:  # noqa: B027 - most have nothing to give back
        """End what would go on at the vendor, such as a session. Raises nothing."""

    def list_entry_lacks_something(self, task: Task) -> bool:  # noqa: ARG002 - a default; adapters look at it
        """Whether a task as a list shows it lacks what ``read_task`` would tell about it."""
        return False


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


def path_segment(task_id: str) -> str:
    """Quote a task's id so that it is one segment of a path, whatever it holds.

    Raises:
        OptionError: it is empty, or a dot segment, which no quoting protects: it would ask for another address. Or
            it is no text that can be written down.
    """
    if not task_id.strip():
        raise OptionError("task_ids", "task_ids holds an empty id: was the task that should have given it skipped?")
    if task_id in (".", ".."):
        raise OptionError("task_ids", f"task_ids holds {task_id!r}, which is no task's id")
    try:
        return quote(task_id, safe="")
    except UnicodeEncodeError:
        raise OptionError("task_ids", f"task_ids holds {task_id!r}, which no address can carry") from None


def dig(data: object, path: tuple[str, ...]) -> Any:
    """Follow keys into nested dicts; None where the way ends."""
    for key in path:
        if not isinstance(data, Mapping):
            return None
        data = data.get(key)
    return data
