# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Logins that one request makes: its answer has the token that all other requests carry."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from .._core.clock import Clock, Deadline
from .._core.errors import RequestError
from .channel import Channel
from .http_client import HttpRequest, HttpResponse
from .json_api import ApiTraits, read_answer
from .login import Access, Login
from .schemas import AnswerSchema

#: A token is renewed after this part of its lifetime: it must not run out on its way.
_RENEWED_AFTER = 0.9


class SessionLogin(Login):
    """A token, or a session that ends with the work. Subclasses know the request, and where its answer has what."""

    #: What the answer has to be; None where that is not known beforehand.
    schema: AnswerSchema | None = None
    #: The option that is wrong where nothing that logs in is at the address, what should be there, and what to check.
    address_option = "api_url"
    service = "login"
    address_advice = "Check api_url"

    def __init__(self, channel: Channel, clock: Clock, traits: ApiTraits, hide: Callable[[str], None]) -> None:
        super().__init__()
        self._channel = channel
        self._clock = clock
        self._traits = traits
        self._hide = hide
        self._renew_at = float("inf")

    @abstractmethod
    def _login_request(self) -> HttpRequest:
        """Return the request that logs in."""

    @abstractmethod
    def _access_from(self, answer: Any, response: HttpResponse) -> Access:
        """Return what the answer gives; what is secret in it goes to ``_hide`` first.

        Raises:
            BadAnswerError: it has no token.
        """

    def _logout_request(self, access: Access) -> HttpRequest | None:  # noqa: ARG002 - most logins end by themselves
        """Return the request that ends the session, None where it ends by itself."""
        return None

    def _lifetime(self) -> float | None:
        """Return the seconds after which the token runs out, where that is known."""
        return None

    def access(self, deadline: Deadline) -> Access:
        """Return the access, after logging in where that has not been done or was too long ago."""
        with self._lock:
            if self._clock.monotonic() >= self._renew_at:
                self._access = None
        return super().access(deadline)

    def _log_in(self, deadline: Deadline) -> Access:
        request = replace(self._login_request(), option=self.address_option)
        response = self._channel.send(request, deadline)
        if response.status == 404:
            # Else it would be taken for a task that does not exist.
            raise self.no_service(self.service, request.url, option=self.address_option, advice=self.address_advice)
        access = self._access_from(self._read(response, request.method), response)
        lifetime = self._lifetime()
        self._renew_at = float("inf") if lifetime is None else self._clock.monotonic() + _RENEWED_AFTER * lifetime
        return access

    def _read(self, response: HttpResponse, method: str) -> Any:
        return read_answer(
            response,
            method=method,
            traits=self._traits,
            clock=self._clock,
            refusal_advice=self.refusal_advice,
            schema=self.schema,
            is_login=True,
        )

    def _log_out(self, access: Access, deadline: Deadline) -> None:
        request = self._logout_request(access)
        if request is not None:
            # The session will end by itself.
            with suppress(RequestError):
                self._channel.send_last(request, deadline)
