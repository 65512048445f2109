# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a vendor is like, stated apart from talking to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .._api.answers import JSON, Format
from .._api.json_api import ReadRefusal
from .._api.pacing import Quota
from .._core.task import TaskError, TaskState
from .options import ConnectionOptions


class DocumentedError(NamedTuple):
    """An error of tasks that the vendor documents, or that was seen and understood.

    ``code`` is the vendor's code. For an error that the vendor tells by its text only, it is one of this collection's
    own, or None. ``pattern`` is a regular expression that recognises the vendor's text. ``source`` names the document,
    or says where it was seen.
    """

    code: str | None
    title: str
    detail: str
    remedy: str
    retryable: bool | None
    source: str
    pattern: str | None = None

    def to_error(self, detail: str | None = None) -> TaskError:
        """Return it as a task's error, with the vendor's own words as its detail where there are better ones."""
        return TaskError(self.code, self.title, detail or self.detail, self.remedy, self.retryable, self.source)


class LoginForm(NamedTuple):
    """One way to log in: the options it takes, all of them."""

    options: tuple[str, ...]

    def missing(self, options: ConnectionOptions) -> list[str]:
        """Return the options that are still missing for this way."""
        return [name for name in self.options if getattr(options, name) is None]


class Library(NamedTuple):
    """A Python library that has to be installed: its name for pip, and what it is imported as.

    ``option`` is the one that makes it needed, None for always; with ``key``, where the option is a mapping that has
    this value under a key.
    """

    name: str
    module: str
    option: str | None = None
    key: tuple[str, str] | None = None

    def is_needed(self, params: Mapping[str, Any]) -> bool:
        """Whether these options need it."""
        if self.option is None:
            return True
        given = params.get(self.option)
        if self.key is None:
            return given is not None
        return isinstance(given, Mapping) and self.key in given.items()


def named_state(states: Mapping[str, TaskState], raw_state: str) -> TaskState:
    """Return what a table of states has for a vendor's word, with or without its case; ``unknown`` for any other."""
    if raw_state in states:
        return states[raw_state]
    folded = {raw.casefold(): state for raw, state in states.items()}
    return folded.get(raw_state.casefold(), TaskState.UNKNOWN)


_LIBRARIES_OF_ALL = (Library("requests", "requests"), Library("jsonschema", "jsonschema"))
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
    #: Environment variables are this, an underscore and the option's name in capitals; ``environment`` has others.
    environment_prefix: str
    #: The connection options that mean something to this provider, besides its logins' and those of TLS.
    options: tuple[str, ...] = ()
    #: Values of options that the user does not give.
    defaults: Mapping[str, str] = field(default_factory=dict)
    #: The only values that an option can have here.
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: What a task's ID looks like, as a regular expression for the whole of it, and as a hint for people.
    task_id_pattern: str | None = None
    task_id_hint: str = ""
    #: Makes an ID of what a user gave for one, such as an address; raises ``OptionError`` where it is none.
    read_task_id: Callable[[str], str] | None = None
    #: The environment variables of options that have names of their own.
    environment: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    documented_errors: tuple[DocumentedError, ...] = ()
    #: A regular expression whose first group is the code in the vendor's text, for codes that no document has.
    error_code_pattern: str | None = None
    poll_interval: float = 5.0
    #: A poll more often than this breaks what the vendor asks for.
    least_poll_interval: float = 0.0
    #: A poll less often than this loses something, and what that is.
    longest_poll_interval: float | None = None
    longest_poll_reason: str = ""
    #: The most requests that the vendor allows, those of logins too: one quota or several. ``connect`` keeps below.
    quota: Quota | tuple[Quota, ...] | None = None
    #: Tasks asked for in one page of a list.
    page_size: int = 100
    #: HTTP statuses that mean "not now" at this vendor, besides the usual ones.
    transient_statuses: frozenset[int] = frozenset()
    #: Reads the vendor's own code and words out of a refusal, where they are not in the usual places or where the
    #: vendor refuses with HTTP 200.
    read_refusal: ReadRefusal | None = None
    #: How its answers are written.
    answer_format: Format = JSON
    #: A sentence for a login that is good but not allowed to do this.
    denied_advice: str = ""
    #: A sentence for an answer that says that nothing is at the address, where that is not a missing task.
    address_advice: str = "Check api_url"
    #: Where the registered result of a launching task has the new task's ID: paths of keys, the first hit counts. A
    #: list on the way or at its end has the IDs of several. Empty where no launching call returns one.
    launch_id_paths: tuple[tuple[str, ...], ...] = (("json", "id"), ("id",), ("task_id",))
    #: The types of tasks that a ``TaskLauncher`` launches.
    launch_types: tuple[str, ...] = ()
    #: Whether a launch that succeeded once has done its work for good. Else it means something else the next time.
    success_lasts: bool = True
    #: Why none of its tasks can be cancelled, where its provider is no ``TaskCanceller``.
    why_not_cancellable: str = "its API has no call that cancels a task"
    #: The Python libraries that it needs besides those that all need.
    libraries: tuple[Library, ...] = ()

    @property
    def needed_libraries(self) -> tuple[Library, ...]:
        """All Python libraries that have to be installed for it."""
        return (*_LIBRARIES_OF_ALL, *self.libraries)

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

    def error_for(self, message: str | None) -> TaskError:
        """Return what is known about an error that the vendor tells with this text."""
        for error in self.documented_errors:
            if error.pattern and message and re.search(error.pattern, message, re.IGNORECASE):
                # A text that only carries the code says less than the document; any other says more.
                return error.to_error(None if error.code and error.code in (message or "") else message)
        match = self.error_code_pattern and message and re.search(self.error_code_pattern, message, re.IGNORECASE)
        return TaskError(code=match[1] if match else None, detail=message)

    def documented_error(self, code: str) -> DocumentedError | None:
        """Return what the vendor documents about a code."""
        return next((error for error in self.documented_errors if error.code == code), None)
