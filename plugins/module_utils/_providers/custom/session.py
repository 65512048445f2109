# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a definition logs in: fixed headers, or a session that one request begins."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from ..._api.addresses import on_same_server, origin, plain_http_warning, with_path
from ..._api.channel import Channel
from ..._api.http_client import HttpRequest, HttpResponse, cookies_of
from ..._api.json_api import Refusal, data_or_none
from ..._api.login import Access, FixedLogin, Login, basic_login
from ..._api.session import SessionLogin
from ..._core.errors import AuthenticationError, BadAnswerError, OptionError, RequestError, TransientError
from ..._core.text import listed
from ..._provider.connecting import environment_names
from ..._provider.contract import ProviderTools
from ..._provider.description import ProviderDescription
from ..._provider.fields import as_number, as_prose, as_word
from ..._provider.options import ConnectionOptions
from .definition import Definition, Session
from .expressions import Expression
from .templates import LOGIN_VALUES, fill_body, fill_path, fill_text, placeholders

#: What an OAuth 2 server calls a login that it refuses (RFC 6749, 5.2).
_OAUTH2_REFUSALS = frozenset({"invalid_grant", "invalid_client", "unauthorized_client", "access_denied"})
#: A cookie with a shorter value is no secret, and hiding it would spoil every message.
_LEAST_SECRET = 8


def _read_oauth2_refusal(answer: object, status: int) -> Refusal | None:
    code = as_word(answer.get("error")) if isinstance(answer, Mapping) else None
    if code is None or status < 400:
        return None
    words = as_prose(answer.get("error_description")) if isinstance(answer, Mapping) else None
    return Refusal(code, words or code, AuthenticationError if code in _OAUTH2_REFUSALS else None)


class _DefinedSession(SessionLogin):
    """A session that one request begins and, where the API wants it, another one ends."""

    address_advice = "Check login in the definition too"

    def __init__(
        self,
        channel: Channel,
        definition: Definition,
        session: Session,
        options: ConnectionOptions,
        *,
        tools: ProviderTools,
        description: ProviderDescription,
    ) -> None:
        if definition.login.oauth2 is not None:
            description = replace(description, read_refusal=_read_oauth2_refusal)
        super().__init__(channel, tools.clock, description, tools.hide)
        self._definition = definition
        self._session = session
        self._options = options
        self._seconds: float | None = None
        self._logout_address: str | None = None
        if session.is_elsewhere:
            self.address_option = "auth_url"

    @property
    def refusal_advice(self) -> str:
        return f"check {listed([*self._definition.needs, 'login in the definition'])}"

    def _login_request(self) -> HttpRequest:
        session, options = self._session, self._options
        values = values_of(self._definition, options)
        base = options.needed("auth_url").rstrip("/") if session.is_elsewhere else base_url(self._definition, options)
        url = f"{base}{fill_path(session.own_path, self._definition.values)}"
        headers = {"Accept": self._definition.format.media_type, **_headers(self._definition, options, url)}
        if session.basic:
            name, secret = self._definition.login.basic
            headers.update(basic_login(options.needed(name), options.needed(secret)))
        form = None if session.form is None else tuple(fill_body(session.form, values).items())
        return HttpRequest(
            session.method,
            url,
            headers=headers,
            json=fill_body(session.body, values),
            form=form,
            option=self.address_option,
            # A login by a page of a browser's leads to the next page, once the cookies are set.
            stops_at=() if session.token is not None else range(300, 400),
        )

    def _read(self, response: HttpResponse, method: str) -> Any:
        if self._session.token is None and response.status in range(200, 400):
            # What such an answer has as its body is of no interest, but for the address of the logout.
            return data_or_none(response, self._definition.format)
        return super()._read(response, method)

    def _access_from(self, answer: Any, response: HttpResponse) -> Access:
        session, definition = self._session, self._definition
        cookies = cookies_of(response)
        for value in cookies.values():
            if len(value) >= _LEAST_SECRET:
                self._hide(value)
        if session.token is not None:
            token = as_word(session.token.find(answer))
        elif session.token_header is not None:
            token = response.headers.get(session.token_header.lower()) or None
        elif session.token_cookie is not None:
            token = cookies.get(session.token_cookie) or None
        else:
            # The HTTP client keeps them, for this server only.
            token = "" if cookies else None
        if token is None or not token.isprintable():
            is_named = session.token or session.token_header or session.token_cookie
            what = "a token at that place" if is_named else "a cookie"
            raise BadAnswerError(f"{definition.title} answered the login without {what}", status=response.status)
        if token:
            self._hide(token)
        self._seconds = self._seconds_of(answer)
        self._logout_address = self._address_of_logout(answer, response)
        base = base_url(definition, self._options)
        headers = _headers(definition, self._options, base)
        if definition.token_header is not None:
            headers[definition.token_header] = f"{definition.login.prefix}{token}"
        return Access(base, headers, token=token)

    def _seconds_of(self, answer: Any) -> float | None:
        lifetime = self._session.lifetime
        if not isinstance(lifetime, Expression):
            return lifetime
        seconds = as_number(lifetime.find(answer))
        return seconds if seconds is not None and seconds > 0 else None

    def _address_of_logout(self, answer: Any, response: HttpResponse) -> str | None:
        logout = self._session.logout
        if logout is None:
            return None
        if logout.address_header is not None:
            return response.headers.get(logout.address_header.lower())
        found = None if logout.address is None else logout.address.find(answer)
        return found if isinstance(found, str) else None

    def _logout_request(self, access: Access) -> HttpRequest | None:
        logout, url = self._session.logout, None
        if logout is None:
            return None
        if logout.path is not None:
            url = f"{access.base_url}{fill_path(logout.path, {**self._definition.values, 'token': access.token})}"
        elif self._logout_address:
            with suppress(ValueError):
                url = on_same_server(access.base_url, self._logout_address)
        return None if url is None else HttpRequest(logout.method, url, headers=access.headers, json=logout.body)

    def has_run_out(self, error: RequestError) -> bool:
        """Whether the session has run out, by the definition's ``expired_statuses`` too."""
        asks_to_wait = isinstance(error, TransientError) and error.retry_after is not None
        is_named = error.status in self._session.expired_statuses and not asks_to_wait
        return is_named or super().has_run_out(error)

    def _lifetime(self) -> float | None:
        return self._seconds


def base_url(definition: Definition, options: ConnectionOptions) -> str:
    """Return the address that all paths of the API begin at."""
    return with_path(options.needed("api_url"), definition.root)


def values_of(definition: Definition, options: ConnectionOptions) -> dict[str, str]:
    """Return what the placeholders of bodies and headers stand for."""
    return {**definition.values, **{name: options.needed(name) for name in definition.needs}}


def _headers(definition: Definition, options: ConnectionOptions, url: str) -> dict[str, str]:
    """Return the headers that every request has, without those with a secret where it goes to another server."""
    values = values_of(definition, options)
    is_ours = origin(url) == origin(options.needed("api_url"))
    return {
        name: fill_text(text, values)
        for name, text in definition.headers.items()
        if is_ours or not placeholders(text) & {*LOGIN_VALUES}
    }


def make_login(
    channel: Channel,
    definition: Definition,
    options: ConnectionOptions,
    tools: ProviderTools,
    description: ProviderDescription,
) -> Login:
    """Return the login that a definition describes.

    Raises:
        OptionError: it needs options that are not given.
    """
    missing = [name for name in definition.needs if getattr(options, name) is None]
    if missing:
        named = [f"{name} (environment {environment_names(description, name)[0]})" for name in missing]
        verb = "is" if len(missing) == 1 else "are"
        raise OptionError(
            missing[0],
            f"the definition (its login is {definition.login.type}) needs {listed(named)}, which {verb} missing",
        )
    session = definition.login.session
    if session is not None:
        warning = plain_http_warning(options.needed("auth_url")) if session.is_elsewhere else None
        if warning is not None:
            tools.warn(warning)
        return _DefinedSession(channel, definition, session, options, tools=tools, description=description)
    headers = _headers(definition, options, options.needed("api_url"))
    if definition.login.type == "basic":
        headers.update(basic_login(options.needed("username"), options.needed("password")))
    elif definition.token_header is not None:
        headers[definition.token_header] = f"{definition.login.prefix}{options.needed('api_token')}"
    access = Access(base_url(definition, options), headers)
    return FixedLogin(access, advice="check the login's options, and login in the definition")
