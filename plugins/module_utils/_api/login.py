# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Logins: how a provider gets the headers that its API wants, and new ones when the old are refused."""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock

from .._core.clock import Deadline
from .._core.errors import AuthenticationError, OptionError, RequestError, TransientError, WorkError
from .http_client import HttpRequest


@dataclass(frozen=True)
class Access:
    """What a login gives: the headers that carry it, and the one base address that they are for."""

    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: Where every request is signed on its own: returns the headers of the signature.
    sign: Callable[[HttpRequest], Mapping[str, str]] | None = field(default=None, repr=False)
    #: The token alone, for requests that carry it in their body.
    token: str = field(default="", repr=False)


def basic_login(username: str, password: str) -> dict[str, str]:
    """Return the header of a Basic login (RFC 7617).

    Raises:
        OptionError: the user name holds a colon, which would end it.
    """
    if ":" in username:
        raise OptionError("username", "username contains a colon, which HTTP Basic authentication does not allow")
    return {"Authorization": f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"}


class Login(ABC):
    """A login that is made when first needed, kept, and renewed when the server refuses it.

    Safe to use from several threads: who comes second takes what the first one got, a refusal too.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._access: Access | None = None
        self._refusal: RequestError | None = None
        #: Whether there was a login: then its address is right, whatever it answers now.
        self._was_made = False

    @abstractmethod
    def _log_in(self, deadline: Deadline) -> Access:
        """Log in anew.

        Raises:
            AuthenticationError: refused.
            TransientError: the server could not be asked.
        """

    @property
    def can_renew(self) -> bool:
        """Whether logging in again can give something new."""
        return True

    def has_run_out(self, error: RequestError) -> bool:
        """Whether a refused request says that the login is no longer good."""
        return isinstance(error, AuthenticationError)

    @property
    def refusal_advice(self) -> str:
        """What to do about a login that was refused for good, as the end of a sentence."""
        return "check the login's options"

    def close(self, deadline: Deadline) -> None:
        """End the session at the vendor, where there is one that would go on. Trouble with that is nobody's."""
        # Who is interrupted can find somebody else in the midst of a login here.
        if not self._lock.acquire(timeout=deadline.next_request_timeout()):
            return
        try:
            access, self._access = self._access, None
        finally:
            self._lock.release()
        if access is not None:
            self._log_out(access, deadline)

    def _log_out(self, access: Access, deadline: Deadline) -> None:  # noqa: B027 - most logins end by themselves
        """Tell the vendor that the access is no longer needed."""

    def no_service(self, what: str, url: str, *, option: str, advice: str, status: int = 404) -> WorkError:
        """Return what it means that nothing that logs in is at an address.

        Before the first login the address is wrong. After it the service is away for a while, as behind a gateway
        whose server starts anew.
        """
        message = f"there is no {what} at {url}"
        if self._was_made:
            return TransientError(f"{message} any more (HTTP {status})", method="POST", url=url, status=status)
        return OptionError(option, f"{option}: {message} (HTTP {status}). {advice}")

    def access(self, deadline: Deadline) -> Access:
        """Return the access, after logging in where that has not been done."""
        with self._lock:
            return self._access or self._make(deadline)

    def renew(self, refused: Access, deadline: Deadline) -> Access:
        """Return an access other than the refused one."""
        with self._lock:
            if self._access is refused:
                self._access = None
            return self._access or self._make(deadline)

    def _make(self, deadline: Deadline) -> Access:
        """Log in, unless that was refused before: each further try with the same words could lock the account."""
        if self._refusal is not None:
            raise self._refusal
        try:
            access = self._access = self._log_in(deadline)
        except RequestError as error:
            error.is_of_login = True
            if isinstance(error, TransientError):
                # It speaks of the login: the request that needed it was not sent.
                error.was_sent = False
            else:
                # Some say with another status than 401 that the password is wrong.
                self._refusal = error
            raise
        self._was_made = True
        return access


class FixedLogin(Login):
    """Headers that the user gave and that nothing can renew: a ready token."""

    def __init__(self, access: Access, *, advice: str) -> None:
        super().__init__()
        self._given = access
        self._advice = advice

    @property
    def can_renew(self) -> bool:
        """Never."""
        return False

    @property
    def refusal_advice(self) -> str:
        """What the provider says about its tokens."""
        return self._advice

    def _log_in(self, deadline: Deadline) -> Access:  # noqa: ARG002 - other logins need it
        return self._given
