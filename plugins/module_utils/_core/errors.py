# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The errors of this collection. Each says in a sentence what went wrong and makes its own result fields.

Work raises them; only the runner of the modules ends the process.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

if TYPE_CHECKING:
    from .task import Task


class WorkError(Exception):
    """Base of all errors. ``tasks`` are the tasks as last known when it happened."""

    reason: ClassVar[str] = "error"

    def __init__(self, message: str, *, tasks: Sequence[Task] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.tasks = tuple(tasks)

    def to_result(self) -> dict[str, Any]:
        """Return the fields of a failed module: ``msg``, ``reason`` and what the error knows besides."""
        result: dict[str, Any] = {"msg": self.message, "reason": self.reason}
        if self.tasks:
            result["tasks"] = [task.to_result() for task in self.tasks]
        return result


class OptionError(WorkError):
    """An option is missing, or has a value that cannot be used. The message names it and the way out."""

    reason = "invalid_option"

    def __init__(self, option: str, message: str) -> None:
        super().__init__(message)
        self.option = option

    def to_result(self) -> dict[str, Any]:
        """Add the option's name."""
        return {**super().to_result(), "option": self.option}


class MissingLibraryError(WorkError):
    """A Python library that this use needs is not installed where the module runs."""

    reason = "missing_library"

    def __init__(self, library: str, purpose: str) -> None:
        super().__init__(f"The Python library {library} is needed {purpose}")
        self.library = library
        self.purpose = purpose


AnyRequestError = TypeVar("AnyRequestError", bound="RequestError")


class RequestError(WorkError):
    """A request gave nothing usable. ``status`` is None when no HTTP answer came at all.

    ``words`` are what the vendor itself said; None where the answer is not of the vendor's own shape, or where the
    provider does not tell the two apart. ``is_of_login``: the request was the login's, and no other one was sent.
    """

    is_of_login = False

    def __init__(
        self,
        message: str,
        *,
        method: str = "GET",
        url: str = "",
        status: int | None = None,
        code: str | None = None,
        words: str | None = None,
    ) -> None:
        super().__init__(message)
        self.method = method
        self.url = url
        self.status = status
        self.code = code
        self.words = words

    def to_result(self) -> dict[str, Any]:
        """Add which request it was, and the vendor's own error code where it gave one."""
        request = {"method": self.method, "url": self.url, "status": self.status, "code": self.code}
        return {**super().to_result(), "request": request}

    def turned_into(self, kind: type[AnyRequestError], message: str | None = None) -> AnyRequestError:
        """Return an error of another kind about the same request, for who knows better what the answer means."""
        return kind(
            message or self.message,
            method=self.method,
            url=self.url,
            status=self.status,
            code=self.code,
            words=self.words,
        )


class TransientError(RequestError):
    """Trouble that usually passes. ``retry_after``: seconds that the server asked to wait, if it did.

    ``was_sent`` is false where the server surely never got the request: then it can be sent again, whatever it does.
    """

    reason = "unreachable"

    def __init__(
        self, message: str, *, retry_after: float | None = None, was_sent: bool = True, **request: Any
    ) -> None:
        super().__init__(message, **request)
        self.retry_after = retry_after
        self.was_sent = was_sent


class NoConnectionError(TransientError):
    """No connection was made, so that no request was sent: the server is down, or the address is wrong."""

    #: The option that gave the address.
    option = "api_url"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message, **{**details, "was_sent": False})

    @property
    def advice(self) -> str:
        """What to check where nothing has answered yet."""
        return f"Check {self.option}, the network and the proxy."


class UnknownHostError(NoConnectionError):
    """The host's name cannot be resolved: a passing fault of DNS, or a wrong name."""


class UntrustedServerError(RequestError):
    """The server's certificate is not trusted, or it does not speak TLS at all."""

    reason = "untrusted_certificate"


class AuthenticationError(RequestError):
    """The vendor refused the login, and asking again would not help."""

    reason = "authentication"


class AccessDeniedError(RequestError):
    """The vendor knows who asks and does not allow it."""

    reason = "permission"


class NotFoundError(RequestError):
    """The server has nothing at this address."""

    reason = "not_found"


class RejectedError(RequestError):
    """The vendor refused the request in itself; the same request will be refused again."""

    reason = "rejected"


class BadAnswerError(RequestError):
    """The answer is not what the vendor documents. The message says where it differs."""

    reason = "bad_answer"


class TaskNotFoundError(WorkError):
    """The vendor has none of the tasks asked for, or lacks some of them."""

    reason = "not_found"


class OutOfTimeError(WorkError):
    """The work as a whole took longer than it may, whatever its single requests took."""

    reason = "timed_out"


class LaunchUnclearError(WorkError):
    """A launch got no clear answer, and no task is surely the one it was to start. It must not be sent again.

    ``tasks`` are those that have come up since, of which it may be one.
    """

    reason = "launch_unclear"

    def to_result(self) -> dict[str, Any]:
        """Call the tasks what they are."""
        fields = super().to_result()
        return {**fields, "candidates": fields.pop("tasks", [])}


class InterruptError(WorkError):
    """A signal asked for the end of the work, which has about a second left to come to it."""

    reason = "interrupted"


class DefectError(WorkError):
    """The collection itself has a bug: ``error`` came up, which nothing expects."""

    reason = "defect"

    def __init__(self, error: Exception) -> None:
        super().__init__(
            "This is a bug in longrunning.tasks. Please report it with the traceback that -vvv shows: "
            f"{type(error).__name__}: {error}"
        )
        self.error = error

    def to_result(self) -> dict[str, Any]:
        """Add the traceback, which Ansible shows with -vvv."""
        lines = traceback.format_exception(type(self.error), self.error, self.error.__traceback__)
        return {**super().to_result(), "exception": "".join(lines)}


class WaitError(WorkError):
    """A wait ended without success. ``fields`` are the result keys that a successful wait has too."""

    def __init__(self, message: str, *, fields: Mapping[str, Any], reason: str) -> None:
        super().__init__(message)
        self._fields = dict(fields)
        self._reason = reason

    def to_result(self) -> dict[str, Any]:
        """Return everything a successful wait returns, and why this one was not."""
        return {**self._fields, "msg": self.message, "reason": self._reason}
