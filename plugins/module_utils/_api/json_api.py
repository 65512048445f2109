# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One vendor's JSON API: sends requests with the login, and turns every answer into data or one of our errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
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
from .._core.masking import without_secrets_by_name, without_tokens
from .._core.retrying import passes, refused_for_seconds, retry_after_seconds
from .._core.text import sentence
from .addresses import on_same_server, without_query
from .answers import MOST_VALUES, Format, TooManyValuesError, excerpt, find_words, vendor_words
from .channel import Channel
from .http_client import HttpRequest, HttpResponse
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
#: It is asked about good answers too, for some vendors refuse with HTTP 200. Of a refusal without a body it gets an
#: empty text, and None of one that is no JSON.
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
    def answer_format(self) -> Format:
        """How its answers are written."""

    @property
    def read_refusal(self) -> ReadRefusal | None:
        """Reads refusals that are not of a usual shape."""


_OK = range(200, 300)
#: With a page of HTML: what a web server says that is no API.
_NO_API = frozenset({404, 405, 501})


class Accepted(NamedTuple):
    """The HTTP statuses that are good answers to a request, besides 2xx.

    What ``bare`` ones have in their body is of no interest where it is no JSON: their status says it all.
    """

    statuses: frozenset[int] = frozenset()
    bare: frozenset[int] = frozenset()


class Answer(NamedTuple):
    """A good answer: its JSON, None where it needs none, and what HTTP says around it.

    ``retry_after`` are the seconds that the vendor asks to wait before the next request of this kind.
    """

    data: Any
    status: int = 200
    headers: Mapping[str, str] = {}
    url: str = ""
    retry_after: float | None = None


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
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> Answer:
        """Send a request, and return its answer, the JSON checked against the schema.

        ``headers`` are those that it needs besides the login's. A ``path`` can be a whole address of the same server. A
        ``body`` that can be called is made of the login's access, for who wants the token there.

        An answer that refuses the login leads to one new login and one repeat: a second refusal ends it, so that no
        account gets locked. Nothing else is repeated here, so that a request that changes something can be sent too.

        Raises:
            TransientError, AuthenticationError, AccessDeniedError, NotFoundError, RejectedError, BadAnswerError
        """
        request = HttpRequest(method, path, params=params, headers=headers, json=body, stops_at=accepted.statuses)

        def read(response: HttpResponse) -> Answer:
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
            return Answer(data, response.status, response.headers, response.url, seconds)

        access = self._login.access(deadline)
        response = self._send(request, access, deadline)
        try:
            return read(response)
        except RequestError as error:
            if not (self._login.can_renew and self._login.has_run_out(error)):
                raise
        return read(self._send(request, self._login.renew(access, deadline), deadline))

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
                f"{self._traits.title} answered with a link that is not an address", url=without_query(base)
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
        accept = self._traits.answer_format.media_type
        headers = {"Accept": accept, **request.headers, **access.headers}
        request = replace(request, url=url, json=body, headers=headers)
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
    nothing of it is quoted but the words of a refusal in a JSON object.
    """
    details: dict[str, Any] = {"method": method, "url": without_query(response.url), "status": response.status}
    is_good = response.status in _OK or response.status in accepted.statuses
    # A page may come from something on the way; no page is empty, whatever its label.
    is_bare = response.status in accepted.bare and not (response.is_html and response.body.strip())
    needs_json = is_good and not is_bare
    form = traits.answer_format
    data = _read_good(response, details, traits, quote=not is_login) if needs_json else data_or_none(response, form)
    refusal = traits.read_refusal(data, response.status) if traits.read_refusal is not None else None
    if is_good and refusal is None:
        problem = None if schema is None else schema.problem(data)
        if problem is not None:
            what = f"{traits.title} answered with {form.name} of an unexpected shape ({problem})"
            code, said = (None, "") if is_login else words_instead(data)
            raise BadAnswerError(f"{what}: {method} {details['url']}{said}", **details, code=code)
        return data
    if is_login and refusal is not None and refusal.words is not None:
        refusal = refusal._replace(words=without_tokens(refusal.words))
    details["words"] = None if refusal is None else refusal.words
    if refusal is None or refusal.words is None:
        code, words = _words_of_login(data) if is_login else vendor_words(response, form)
        refusal = Refusal(code, words) if refusal is None else refusal._replace(code=code, words=words)
    details["code"] = refusal.code
    retry_after = refused_for_seconds(response.headers, clock.now())
    kind = refusal.kind or _kind_of(response.status, traits, retry_after)
    # What answers with a page is not the API: it must not be taken for a task that does not exist.
    is_page = data in (None, "") and (response.is_html or "html" in response.headers.get("content-type", ""))
    if is_page and response.status in _NO_API and kind is not TransientError:
        kind = RejectedError
        refusal = refusal._replace(advice="That address serves a web page, not an API: check api_url")
    error = kind(_told(kind, refusal, details, traits, refusal_advice), **details)
    if isinstance(error, TransientError):
        error.retry_after = retry_after
    raise error


def words_instead(data: object) -> tuple[str | None, str]:
    """Return the code and the words of an answer without what was asked for, the words as a sentence to add."""
    code, words = find_words(data) or (None, "")
    return code, f". It says: {sentence(words)}" if words else ""


def _words_of_login(data: object) -> tuple[str | None, str]:
    """Return the code and the words of a refused login. The object that has them, and they, can have a token too."""
    found = find_words(without_secrets_by_name(data)) if isinstance(data, Mapping) else None
    code, words = found or (None, "")
    return code, without_tokens(words)


def _told(
    kind: type[RequestError],
    refusal: Refusal,
    details: Mapping[str, Any],
    traits: ApiTraits,
    refusal_advice: str,
) -> str:
    """Say what was refused: by whom, the words, the request, and what to do."""
    status = "" if details["status"] in _OK else f"HTTP {details['status']}"
    said = ": ".join(filter(None, (status, refusal.words)))
    said = f" ({said})" if said else ""
    if kind is AuthenticationError and not refusal.advice:
        return f"{traits.title} refused the login{said}: {refusal_advice}"
    advice = refusal.advice
    what = "refused the request"
    if kind is TransientError:
        what = "cannot answer now"
    elif kind is AccessDeniedError:
        what, advice = "does not allow this request with this login", advice or traits.denied_advice
    message = f"{traits.title} {what}{said}: {details['method']} {details['url']}"
    return f"{sentence(message)} {advice}" if advice else message


def _kind_of(status: int, traits: ApiTraits, retry_after: float | None) -> type[RequestError]:
    if passes(status, retry_after, traits.transient_statuses):
        return TransientError
    kinds: Mapping[int, type[RequestError]] = {401: AuthenticationError, 403: AccessDeniedError, 404: NotFoundError}
    return kinds.get(status, RejectedError)


def _read_good(response: HttpResponse, details: Mapping[str, Any], traits: ApiTraits, *, quote: bool) -> Any:
    title, form = traits.title, traits.answer_format
    where = f"{details['method']} {details['url']}"
    if not response.body.strip():
        raise TransientError(f"{title} answered with HTTP {response.status} and no body: {where}", **details)
    try:
        return form.read(response)
    except TooManyValuesError:
        what = f"more than {MOST_VALUES:,} {form.name} values, which is too many"
        raise BadAnswerError(f"{title} answered with {what}: {where}", **details) from None
    except ValueError:
        # A proxy, a load balancer or a login portal stands in between: that passes, or the budget ends it.
        what = f"an HTML page instead of {form.name}" if response.is_html else f"broken {form.name}"
        quoted = f' ("{excerpt(response)}")' if quote else ""
        raise TransientError(f"{title} answered with {what}{quoted}: {where}", **details) from None
    except RecursionError:
        raise BadAnswerError(
            f"{title} answered with {form.name} that is nested too deeply: {where}", **details
        ) from None


def data_or_none(response: HttpResponse, form: Format) -> Any:
    """Return the data of an answer, "" of an empty one, None of anything else."""
    if not response.body.strip():
        return ""
    try:
        return form.read(response)
    except (ValueError, RecursionError):
        return None
