# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One vendor's JSON API: sends requests with the login, and turns every answer into data or one of our errors."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, Optional, Protocol
from urllib.parse import urljoin

from .._core.clock import Clock, Deadline
from .._core.errors import (
    AccessDeniedError,
    AuthenticationError,
    BadAnswerError,
    NotFoundError,
    RejectedError,
    RequestError,
    TransientError,
)
from .._core.retrying import TRANSIENT_STATUSES, retry_after_seconds
from .._core.text import readable, sentence
from .addresses import on_same_server, without_query
from .channel import Channel
from .http import HttpRequest, HttpResponse
from .login import Access, Login

if TYPE_CHECKING:
    from .schemas import AnswerSchema


class Refusal(NamedTuple):
    """What a vendor says when it refuses a request: its code, its words, and what that means.

    ``words`` are None where they are looked for in the usual places, ``kind`` is None where the HTTP status tells what
    it means. ``advice`` is a sentence for the user.
    """

    code: str | None
    words: str | None
    kind: type[RequestError] | None = None
    advice: str = ""


#: Reads a refusal of the vendor's own shape out of an answer's JSON and its HTTP status; None where there is none.
#: It is asked about good answers too, for some vendors refuse with HTTP 200.
ReadRefusal = Callable[[object, int], Optional[Refusal]]


class ApiTraits(Protocol):
    """What has to be known of a vendor to read its answers."""

    @property
    def title(self) -> str:
        """The vendor's name for people."""

    @property
    def transient_statuses(self) -> frozenset[int]:
        """HTTP statuses that mean "not now" at this vendor, besides the usual ones."""

    @property
    def denied_advice(self) -> str:
        """A sentence for a login that is good but not allowed to do this."""

    @property
    def read_refusal(self) -> ReadRefusal | None:
        """Reads refusals that are not of a usual shape."""


_OK = range(200, 300)
#: With a page of HTML: what a web server says that is no API.
_NO_API = frozenset({404, 405, 501})
#: Objects and lists inside each other. No vendor comes near it.
_DEEPEST = 100
#: Characters of a text that are looked at for words to show.
_MOST_TEXT = 6000


class Accepted(NamedTuple):
    """The HTTP statuses that are good answers to a request, besides 2xx.

    What ``bare`` ones have in their body is of no interest where it is no JSON: their status says it all.
    """

    statuses: frozenset[int] = frozenset()
    bare: frozenset[int] = frozenset()


class Answer(NamedTuple):
    """A good answer: its JSON, None where it needs none, and what HTTP says around it."""

    data: Any
    status: int = 200
    headers: Mapping[str, str] = {}
    url: str = ""


class JsonApi:
    """A client for one API."""

    def __init__(self, channel: Channel, login: Login, clock: Clock, traits: ApiTraits) -> None:
        self._channel = channel
        self._login = login
        self._clock = clock
        self._traits = traits
        #: Before this moment, of the monotonic clock, good answers asked for no further request.
        self._not_before = float("-inf")

    @property
    def asked_to_wait(self) -> float | None:
        """The seconds that good answers, by ``Retry-After``, have asked to wait before the next request."""
        left = self._not_before - self._clock.monotonic()
        return left if left > 0 else None

    def get(
        self,
        path: str,
        deadline: Deadline,
        *,
        params: tuple[tuple[str, str], ...] = (),
        schema: AnswerSchema | None = None,
    ) -> Any:
        """Read what is at a path below the API's base address: ``call`` with GET."""
        return self.call("GET", path, deadline, params=params, schema=schema)

    def call(
        self,
        method: str,
        path: str,
        deadline: Deadline,
        *,
        params: tuple[tuple[str, str], ...] = (),
        body: Any = None,
        schema: AnswerSchema | None = None,
    ) -> Any:
        """Send a request, and return the JSON of its answer: ``ask`` for who wants no more."""
        return self.ask(method, path, deadline, params=params, body=body, schema=schema).data

    def ask(
        self,
        method: str,
        path: str,
        deadline: Deadline,
        *,
        params: tuple[tuple[str, str], ...] = (),
        body: Any = None,
        schema: AnswerSchema | None = None,
        accepted: Accepted = Accepted(),  # noqa: B008 - frozen
    ) -> Answer:
        """Send a request, and return its answer, the JSON checked against the schema.

        A ``path`` can be a whole address of the same server. A ``body`` that can be called is made of the login's
        access, for who wants the token there.

        An answer that refuses the login leads to one new login and one repeat: a second refusal ends it, so that no
        account gets locked. Nothing else is repeated here, so that a request that changes something can be sent too.

        Raises:
            TransientError, AuthenticationError, AccessDeniedError, NotFoundError, RejectedError, BadAnswerError
        """
        request = HttpRequest(method, path, params=params, json=body, stops_at=accepted.statuses)

        def answer(access: Access) -> Answer:
            response = self._send(request, access, deadline)
            data = read_answer(
                response,
                method=method,
                traits=self._traits,
                clock=self._clock,
                refusal_advice=self._login.refusal_advice,
                schema=schema,
                accepted=accepted,
            )
            seconds = retry_after_seconds(response.headers, self._clock.now())
            if seconds is not None:
                self._not_before = max(self._not_before, self._clock.monotonic() + seconds)
            return Answer(data, response.status, response.headers, response.url)

        access = self._login.access(deadline)
        try:
            return answer(access)
        except RequestError as error:
            if not (self._login.can_renew and self._login.has_run_out(error)):
                raise
        return answer(self._login.renew(access, deadline))

    def close(self, deadline: Deadline) -> None:
        """Give the login back to the vendor, where it has to be."""
        self._login.close(deadline)

    def url_of(self, path: str, deadline: Deadline) -> str:
        """Return the address of a path below the API's base address, for messages."""
        return without_query(self._address(self._login.access(deadline).base_url, path))

    def _address(self, base: str, path: str) -> str:
        """Return the address of a path below the API's base address, or of one of the same server."""
        if not path.startswith(("http://", "https://")):
            return f"{base}{path}"
        return self.same_server_address(base, path)

    def check_link(self, link: str, deadline: Deadline) -> None:
        """Make sure that a link in an answer leads to the server that the login is for.

        Raises:
            BadAnswerError: it leads elsewhere.
        """
        self.same_server_address(self._login.access(deadline).base_url, link)

    def same_server_address(self, base: str, link: str) -> str:
        """Return the address that a link in an answer leads to.

        Raises:
            BadAnswerError: it leads to another server.
        """
        try:
            target = on_same_server(base, link)
        except ValueError:
            raise BadAnswerError(
                f"{self._traits.title} answered with a link that is no address", url=without_query(base)
            ) from None
        if target is None:
            raise BadAnswerError(
                f"{self._traits.title} answered with a link to another server, {without_query(urljoin(base, link))}. "
                "The login is not sent there",
                url=without_query(base),
            )
        return target

    def _send(self, request: HttpRequest, access: Access, deadline: Deadline) -> HttpResponse:
        url = self._address(access.base_url, request.url)
        body = request.json(access) if callable(request.json) else request.json
        request = replace(request, url=url, json=body, headers={"Accept": "application/json", **access.headers})
        if access.sign is not None:
            request = replace(request, headers={**request.headers, **access.sign(request)})
        return self._channel.send(request, deadline)


def read_answer(
    response: HttpResponse,
    *,
    method: str,
    traits: ApiTraits,
    clock: Clock,
    refusal_advice: str = "check the login's options",
    schema: AnswerSchema | None = None,
    accepted: Accepted = Accepted(),  # noqa: B008 - frozen
    is_login: bool = False,
) -> Any:
    """Return the JSON of a good answer; raise what a bad one means.

    ``refusal_advice`` is the end of the sentence about a refused login. The answer to a login can hold a token, so that
    nothing of it is quoted but the words of a refusal in JSON.
    """
    details: dict[str, Any] = {"method": method, "url": without_query(response.url), "status": response.status}
    is_good = response.status in _OK or response.status in accepted.statuses
    # A page may come from something on the way; no page is empty, whatever its label.
    is_bare = response.status in accepted.bare and not (response.is_html and response.body.strip())
    needs_json = is_good and not is_bare
    data = _read_good(response, details, traits.title, quote=not is_login) if needs_json else json_or_none(response)
    refusal = traits.read_refusal(data, response.status) if traits.read_refusal is not None else None
    if is_good and refusal is None:
        problem = None if schema is None else schema.problem(data)
        if problem is not None:
            where = f"{method} {details['url']}"
            raise BadAnswerError(
                f"{traits.title} answered {where} with JSON of an unexpected shape: {problem}", **details
            )
        return data
    details["words"] = None if refusal is None else refusal.words
    if refusal is None or refusal.words is None:
        code, words = (None, "") if is_login and data is None else vendor_words(response)
        refusal = Refusal(code, words) if refusal is None else refusal._replace(code=code, words=words)
    details["code"] = refusal.code
    error = _meaning(refusal, response, details, traits, refusal_advice)
    if isinstance(error, TransientError):
        error.retry_after = retry_after_seconds(response.headers, clock.now())
    raise error


def _meaning(
    refusal: Refusal,
    response: HttpResponse,
    details: Mapping[str, Any],
    traits: ApiTraits,
    refusal_advice: str,
) -> RequestError:
    """Return what a refusal means, by its own kind or else by the HTTP status."""
    title, status = traits.title, response.status
    where = f"{details['method']} {details['url']}"
    said = f": {refusal.words}" if refusal.words else ""
    kind = refusal.kind or _kind_of(response, traits)
    if kind is TransientError:
        return TransientError(f"{title} answered {where} with HTTP {status}{said}", **details)
    if kind is AuthenticationError and not refusal.advice:
        return AuthenticationError(f"{title} refused the login (HTTP {status}{said}): {refusal_advice}", **details)
    if kind is AccessDeniedError:
        message = f"{title} does not allow {where} with this login (HTTP {status}{said})."
        return AccessDeniedError(f"{message} {refusal.advice or traits.denied_advice}".strip(), **details)
    if status in _NO_API and response.is_html:
        # Not the API, but something else at that address: it must not be taken for a task that does not exist.
        return RejectedError(f"{title} has no API at {details['url']} (HTTP {status}{said}): check api_url", **details)
    message = f"{title} refused {where}{'' if status in _OK else f' with HTTP {status}'}{said}"
    return kind(f"{sentence(message)} {refusal.advice}" if refusal.advice else message, **details)


def _kind_of(response: HttpResponse, traits: ApiTraits) -> type[RequestError]:
    status = response.status
    # A status below 200 announces an answer, which then did not come.
    if status in TRANSIENT_STATUSES | traits.transient_statuses or status < 200:
        return TransientError
    # Who says when to come again refuses for a while only: some tell a rate limit so.
    if status not in (401, 404) and "retry-after" in response.headers:
        return TransientError
    kinds: Mapping[int, type[RequestError]] = {401: AuthenticationError, 403: AccessDeniedError, 404: NotFoundError}
    return kinds.get(status, RejectedError)


def _read_good(response: HttpResponse, details: Mapping[str, Any], title: str, *, quote: bool) -> Any:
    where = f"{details['method']} {details['url']}"
    excerpt = f": {_excerpt(response)}" if quote else ""
    if response.is_html:
        # A proxy, a load balancer or a login portal stands in between: that passes, or the budget ends it.
        raise TransientError(f"{title} answered {where} with an HTML page instead of JSON{excerpt}", **details)
    try:
        return _json_of(response)
    except ValueError:
        raise TransientError(f"{title} answered {where} with broken JSON{excerpt}", **details) from None
    except RecursionError:
        raise BadAnswerError(f"{title} answered {where} with JSON that is nested too deeply", **details) from None


def json_or_none(response: HttpResponse) -> Any:
    """Return the JSON of an answer, None where it has none."""
    try:
        return _json_of(response)
    except (ValueError, RecursionError):
        return None


def _json_of(response: HttpResponse) -> Any:
    """Return the JSON of an answer.

    Raises:
        ValueError: it is none.
        RecursionError: it is nested so deeply that something that walks it, down to Ansible itself, would break.
    """
    data = response.json()
    level = [data]
    for _depth in range(_DEEPEST):
        level = [
            child
            for item in level
            if isinstance(item, (dict, list))
            for child in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return _printable(data) if rb"\ud" in response.body.lower() else data
    raise RecursionError


def _printable(data: Any) -> Any:
    """Replace halves of surrogate pairs, which JSON can escape and no UTF-8 output can carry."""
    if isinstance(data, str):
        return data.encode("utf-8", "replace").decode()
    if isinstance(data, list):
        return [_printable(item) for item in data]
    if isinstance(data, dict):
        return {_printable(key): _printable(value) for key, value in data.items()}
    return data


def _excerpt(response: HttpResponse) -> str:
    text = readable(response.text, limit=120)
    return f'"{text}"' if text else "an empty body"


def vendor_words(response: HttpResponse) -> tuple[str | None, str]:
    """Return the vendor's own error code, if any, and its words, from an error answer of any usual shape."""
    try:
        data = _json_of(response)
    except (ValueError, RecursionError):
        # Only the beginning: a search through megabytes of somebody's page could take for ever.
        return None, readable(_TITLE.sub(" ", response.text[:_MOST_TEXT]), limit=300)
    found = find_words(data)
    return found if found is not None else (None, readable(response.text, limit=300))


#: Pages of HTML say the same in their title and in their first heading.
_TITLE = re.compile(r"<(title|style|script)\b.*?</\1>", re.IGNORECASE | re.DOTALL)
_CODES = ("error_code", "code", "status")
_WORDS = ("message", "detail", "msg", "error_msg", "error", "description", "title")


def find_words(data: object) -> tuple[str | None, str] | None:
    """Return the code and the words of an error of any usual shape; None where there are no words."""
    if not isinstance(data, Mapping):
        return None
    for key in _WORDS:
        words = data.get(key)
        if isinstance(words, str) and readable(words):
            code: Callable[[str], object] = data.get
            number = next((code(name) for name in _CODES if isinstance(code(name), (str, int))), None)
            return None if number is None else str(number), readable(words, limit=300)
    # Some wrap it once more, as in {"error": {"message": ...}}.
    return next((found for found in map(find_words, data.values()) if found is not None), None)
