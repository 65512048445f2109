# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One vendor's JSON API: sends requests with the login, and turns every answer into data or one of our errors."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Optional
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
from .._core.text import readable
from .addresses import origin, without_query
from .http import HttpClient, HttpRequest, HttpResponse
from .login import Access, Login
from .pacing import Pacer

if TYPE_CHECKING:
    from .schemas import AnswerSchema

#: Returns the vendor's code and words of an error answer's JSON, or None where it is not of the vendor's own shape.
Explain = Callable[[object], Optional[tuple[Optional[str], str]]]

_OK = range(200, 300)
#: With a page of HTML: what a web server says that is no API.
_NO_API = frozenset({404, 405, 501})
#: Objects and lists inside each other. No vendor comes near it.
_DEEPEST = 100
#: Characters of a text that are looked at for words to show.
_MOST_TEXT = 6000


class JsonApi:
    """A client for one API.

    ``transient_statuses`` are HTTP statuses that mean "not now" at this vendor, besides the usual ones;
    ``denied_advice`` is a sentence for who is refused with 403; ``explain`` reads the vendor's own code and words out
    of an error answer's JSON, where they are not in the usual places.
    """

    def __init__(
        self,
        http: HttpClient,
        login: Login,
        clock: Clock,
        *,
        title: str,
        transient_statuses: frozenset[int] = frozenset(),
        denied_advice: str = "",
        pacer: Pacer | None = None,
        explain: Explain | None = None,
    ) -> None:
        self._http = http
        self._login = login
        self._clock = clock
        self._title = title
        self._denied_advice = denied_advice
        self._pacer = pacer
        self._explain = explain
        self._transient = TRANSIENT_STATUSES | transient_statuses

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
        """Send a request, and return the JSON of its answer, checked against the schema.

        A 401 leads to one new login and one repeat: a second refusal ends it, so that no account gets locked. Nothing
        else is repeated here, so that a request that changes something can be sent too.

        Raises:
            TransientError, AuthenticationError, AccessDeniedError, NotFoundError, RejectedError, BadAnswerError
        """
        access = self._login.access(deadline)
        request = HttpRequest(method, path, params=params, json=body)
        response = self._send(request, access, deadline)
        if response.status == 401 and self._login.can_renew:
            access = self._login.renew(access, deadline)
            response = self._send(request, access, deadline)
        return read_answer(
            response,
            method=method,
            title=self._title,
            clock=self._clock,
            transient=self._transient,
            refusal_advice=self._login.refusal_advice,
            denied_advice=self._denied_advice,
            explain=self._explain,
            schema=schema,
        )

    def close(self, deadline: Deadline) -> None:
        """Give the login back to the vendor, where it has to be."""
        self._login.close(deadline)

    def check_link(self, link: str, deadline: Deadline) -> None:
        """Make sure that a link in an answer leads to the server that the login is for.

        Raises:
            BadAnswerError: it leads elsewhere.
        """
        base = self._login.access(deadline).base_url
        try:
            target = urljoin(base, link)
            is_ours = origin(target) == origin(base)
        except ValueError:
            raise BadAnswerError(
                f"{self._title} answered with a link that is no address", url=without_query(base)
            ) from None
        if not is_ours:
            raise BadAnswerError(
                f"{self._title} answered with a link to another server, {without_query(target)}. "
                "The login is not sent there",
                url=without_query(base),
            )

    def _send(self, request: HttpRequest, access: Access, deadline: Deadline) -> HttpResponse:
        if self._pacer is not None:
            self._pacer.take_turn(deadline)
        url = f"{access.base_url}{request.url}"
        request = replace(request, url=url, headers={"Accept": "application/json", **access.headers})
        if access.sign is not None:
            request = replace(request, headers={**request.headers, **access.sign(request)})
        return self._http.send(request, deadline.next_request_timeout())


def read_answer(
    response: HttpResponse,
    *,
    method: str,
    title: str,
    clock: Clock,
    transient: frozenset[int] = TRANSIENT_STATUSES,
    refusal_advice: str = "check the login's options",
    denied_advice: str = "",
    explain: Explain | None = None,
    schema: AnswerSchema | None = None,
) -> Any:
    """Return the JSON of a good answer; raise what a bad one means.

    ``title`` is the vendor's name for people, ``refusal_advice`` the end of the sentence about a refused login,
    ``denied_advice`` a sentence for a login that is good but not allowed to do this.
    """
    url = without_query(response.url)
    details: dict[str, Any] = {"method": method, "url": url, "status": response.status}
    if response.status in _OK:
        return _read_good(response, details, title, schema)
    own = _own_words(response, explain)
    code, words = own or vendor_words(response)
    details["code"] = code
    details["words"] = own and own[1]
    said = f": {words}" if words else ""
    # A status below 200 announces an answer, which then did not come.
    if response.status in transient or response.status < 200:
        retry_after = retry_after_seconds(response.headers, clock.now())
        raise TransientError(
            f"{title} answered {method} {url} with HTTP {response.status}{said}",
            retry_after=retry_after,
            **details,
        )
    if response.status == 401:
        raise AuthenticationError(f"{title} refused the login (HTTP 401{said}): {refusal_advice}", **details)
    if response.status == 403:
        raise AccessDeniedError(
            f"{title} does not allow {method} {url} with this login (HTTP 403{said}). {denied_advice}".strip(),
            **details,
        )
    if response.status in _NO_API and response.is_html:
        # Not the API, but something else at that address: it must not be taken for a task that does not exist.
        raise RejectedError(f"{title} has no API at {url} (HTTP {response.status}{said}): check api_url", **details)
    kind: type[RequestError] = NotFoundError if response.status == 404 else RejectedError
    raise kind(f"{title} refused {method} {url} with HTTP {response.status}{said}", **details)


def _read_good(response: HttpResponse, details: dict[str, Any], title: str, schema: AnswerSchema | None) -> Any:
    where = f"{details['method']} {details['url']}"
    if response.is_html:
        # A proxy, a load balancer or a login portal stands in between: that passes, or the budget ends it.
        raise TransientError(
            f"{title} answered {where} with an HTML page instead of JSON: {_excerpt(response)}", **details
        )
    try:
        data = _json_of(response)
    except ValueError:
        raise TransientError(f"{title} answered {where} with broken JSON: {_excerpt(response)}", **details) from None
    except RecursionError:
        raise BadAnswerError(f"{title} answered {where} with JSON that is nested too deeply", **details) from None
    if schema is not None:
        problem = schema.problem(data)
        if problem is not None:
            raise BadAnswerError(f"{title} answered {where} with JSON of an unexpected shape: {problem}", **details)
    return data


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


def _own_words(response: HttpResponse, explain: Explain | None) -> tuple[str | None, str] | None:
    """Return the code and the words of an error answer of the vendor's own shape."""
    try:
        return explain(_json_of(response)) if explain is not None else None
    except (ValueError, RecursionError):
        return None


def vendor_words(response: HttpResponse) -> tuple[str | None, str]:
    """Return the vendor's own error code, if any, and its words, from an error answer of any usual shape."""
    try:
        data = _json_of(response)
    except (ValueError, RecursionError):
        # Only the beginning: a search through megabytes of somebody's page could take for ever.
        return None, readable(_TITLE.sub(" ", response.text[:_MOST_TEXT]), limit=300)
    found = _find_words(data)
    return found if found is not None else (None, readable(response.text, limit=300))


#: Pages of HTML say the same in their title and in their first heading.
_TITLE = re.compile(r"<(title|style|script)\b.*?</\1>", re.IGNORECASE | re.DOTALL)
_CODES = ("error_code", "code", "status")
_WORDS = ("message", "detail", "msg", "error_msg", "error", "description", "title")


def _find_words(data: object) -> tuple[str | None, str] | None:
    if not isinstance(data, Mapping):
        return None
    for key in _WORDS:
        words = data.get(key)
        if isinstance(words, str) and readable(words):
            code: Callable[[str], object] = data.get
            number = next((code(name) for name in _CODES if isinstance(code(name), (str, int))), None)
            return None if number is None else str(number), readable(words, limit=300)
    # Some wrap it once more, as in {"error": {"message": ...}}.
    return next((found for found in map(_find_words, data.values()) if found is not None), None)
