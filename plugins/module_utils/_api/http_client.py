# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP behind one method: a request goes in, a whole answer or one of our errors comes out.

What the ``requests`` library would do unasked is switched off here, because each of it can send a credential
to the wrong place or replace the one we were given: logins from a ``.netrc`` file, certificate bundles named
by ``REQUESTS_CA_BUNDLE``, and redirects, on which it would keep headers such as ``X-Auth-Token``. Proxies of the
environment are honoured.
"""

from __future__ import annotations

import http.client
import io
import json
import re
import socket
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from http.cookiejar import DefaultCookiePolicy
from queue import Empty, SimpleQueue
from threading import TIMEOUT_MAX, Lock
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast
from urllib.parse import urlencode, urljoin

from .._core.errors import BadAnswerError, MissingLibraryError, OptionError
from .._core.masking import mask
from .._core.threads import start_thread
from .addresses import on_same_server, origin, without_query
from .causes import PROXY_ANSWERED, out_of_time, server_of, translated
from .tls import TlsOptions

try:
    import requests
    import requests.adapters
    import requests.cookies
    import requests.utils
    import urllib3.exceptions
    import urllib3.util.ssl_

    HAS_REQUESTS = True
except ImportError:
    HAS_REQUESTS = False
    # The classes below need some base for the file to be importable where requests is missing.
    _BaseAdapter: Any = object
    _BaseSession: Any = object
else:
    _BaseAdapter = requests.adapters.HTTPAdapter
    _BaseSession = requests.Session

if TYPE_CHECKING:
    from requests import PreparedRequest, Response

Result = TypeVar("Result")

#: An answer larger than this, in bytes, is not read to its end. 10,000 tasks of one list are about a third of it.
LARGEST_ANSWER = 32 * 1024 * 1024
_CHUNK = 64 * 1024
#: Servers, and connections to each, that are kept.
_POOLS, _POOL_SIZE = 4, 16
#: Seconds after which a request that should have ended is given up.
_GRACE = 0.3
_MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: Cookies that are kept of one server: as many as RFC 6265, 6.1, asks a client to have room for.
_MOST_COOKIES = 50
#: What the beginning of a page of HTML has one of.
_TAGS = ("<!doctype html", "<html", "<head", "<title", "<body", "<h1", "<center")


@dataclass(frozen=True)
class HttpRequest:
    """One request. Its body is ``json``, or ``form`` as browsers send one, or empty; credentials stand in ``headers``.

    ``option`` is the one that gave the address, for messages. Redirects with a status of ``stops_at`` are answers.
    """

    method: str
    url: str
    params: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    json: Any = field(default=None, repr=False)
    form: tuple[tuple[str, str], ...] | None = field(default=None, repr=False)
    option: str = "api_url"
    stops_at: Collection[int] = ()

    @property
    def body(self) -> bytes:
        """What is sent: some logins sign it.

        Raises:
            OptionError: it cannot be sent. Only what a user launches can hold such values.
        """
        if self.form is not None:
            return urlencode(self.form).encode()
        try:
            return b"" if self.json is None else json.dumps(self.json, allow_nan=False).encode()
        except (TypeError, ValueError) as error:
            raise OptionError("input", f"The input cannot be sent as JSON ({error}): {_where(self)}") from None


@dataclass(frozen=True)
class HttpResponse:
    """A whole answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    url: str = ""

    @property
    def text(self) -> str:
        """The body as text, whatever it is: in the encoding of Unicode in which JSON would be."""
        return self.body.decode(json.detect_encoding(self.body), errors="replace")

    def beginning(self, size: int) -> str:
        """Return the text of the first bytes, without half a secret at its end."""
        return mask(replace(self, body=self.body[: 2 * size]).text)[:size]

    @property
    def is_html(self) -> bool:
        """Whether it is a page for a browser: what proxies and login portals answer instead of the API."""
        text = self.beginning(1000).lstrip().lower()
        return text.startswith("<") and any(tag in text for tag in _TAGS)


#: A date in a cookie has a comma too, but no name and = after it.
_COOKIE = re.compile(r"(?:^|,)\s*([^=;,\s]+)=\"?([^;,\"]*)")


def cookies_of(response: HttpResponse) -> dict[str, str]:
    """Return the cookies that an answer sets."""
    return dict(_COOKIE.findall(response.headers.get("set-cookie", "")))


class HttpClient(Protocol):
    """The one thing that everything above needs of HTTP."""

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        """Send the request and return the answer, of whatever status, within ``timeout`` seconds.

        Raises:
            TransientError: no whole answer came.
            UntrustedServerError: TLS failed.
            BadAnswerError: the answer is too large, or leads to another server.
        """

    def close(self) -> None:
        """Close the connections."""


class _TimedReader(io.RawIOBase):
    """Reads an answer from a socket within the socket's timeout, which by itself begins anew with every byte."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        super().__init__()
        self._raw = raw
        self._sock = sock
        seconds = sock.gettimeout()
        self._until = float("inf") if seconds is None else time.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise socket.timeout
        self._sock.settimeout(min(left, TIMEOUT_MAX))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_TimedReader(self.fp.detach(), sock))


def _timed(manager: Any) -> Any:
    """Have all connections of a pool manager read their answers in time: their headers, too."""

    def timed(pool: Any) -> Any:
        if pool.ConnectionCls.response_class is _TimedResponse:
            return pool
        connection = type("TimedConnection", (pool.ConnectionCls,), {"response_class": _TimedResponse})
        return type("TimedPool", (pool,), {"ConnectionCls": connection})

    classes = manager.pool_classes_by_scheme
    manager.pool_classes_by_scheme = {scheme: timed(pool) for scheme, pool in classes.items()}
    return manager


class _CountingAdapter(_BaseAdapter):  # type: ignore[misc]  # requests may be missing, then the base is object
    """Counts what is sent, and trusts the system's certificate store besides the one that requests brings."""

    def __init__(self, *, trust_system_store: bool) -> None:
        self.sent = 0
        self._lock = Lock()
        self._trust: dict[str, Any] = {}
        self._has_to_load_store = trust_system_store
        super().__init__(pool_connections=_POOLS, pool_maxsize=_POOL_SIZE)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, **self._trust)
        _timed(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        return _timed(super().proxy_manager_for(*args, **kwargs, **self._trust))

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        with self._lock:
            self.sent += 1
            # It takes longer than many a request, and plain http without a proxy never needs it.
            if self._has_to_load_store and (kwargs.get("proxies") or not (request.url or "").startswith("http:")):
                self._load_store()
        response: Response = super().send(request, *args, **kwargs)
        return response

    def _load_store(self) -> None:
        # Of urllib3's making, for 1.26 checks host names itself and stumbles where the context does.
        context = urllib3.util.ssl_.create_urllib3_context()
        context.load_default_certs()
        self._trust["ssl_context"] = context
        self._has_to_load_store = False
        self.init_poolmanager(_POOLS, _POOL_SIZE)


class _Session(_BaseSession):  # type: ignore[misc]  # as above
    """Takes from the environment its proxies, and nothing else."""

    def __init__(self, adapter: _CountingAdapter) -> None:
        super().__init__()
        # No .netrc, no REQUESTS_CA_BUNDLE.
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self._cookies_of: dict[tuple[str, str, int], Any] = {}
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def prepare_request(self, request: Any) -> PreparedRequest:
        # A jar of requests gives a cookie to every port of its host, and to the hosts below it.
        request.cookies = self._cookies_of.get(origin(request.url))
        prepared: PreparedRequest = super().prepare_request(request)
        return prepared

    def send(self, request: PreparedRequest, **kwargs: Any) -> Response:
        response: Response = super().send(request, **kwargs)
        url = request.url or ""
        if response.status_code == 407 and requests.utils.select_proxy(url, kwargs.get("proxies")):
            response.close()
            # As where the request is encrypted, so that the proxy is asked for a connection first.
            raise requests.exceptions.ProxyError(f"{PROXY_ANSWERED}407")
        cookies = self._cookies_of.setdefault(origin(url), requests.cookies.RequestsCookieJar())
        requests.cookies.extract_cookies_to_jar(cookies, request, response.raw)  # type: ignore[no-untyped-call]  # by its stub
        # The first ones, of which one is the session's. More come from a server that makes new names all the time.
        for cookie in list(cookies)[_MOST_COOKIES:]:
            cookies.clear(cookie.domain, cookie.path, cookie.name)
        return response

    def get_redirect_target(self, resp: Response) -> str | None:  # noqa: ARG002 - requests' name for it
        # Even when it does not follow, requests would read the body to its end and stumble over an odd target.
        return None

    def merge_environment_settings(self, url: str, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        environment = requests.utils.get_environ_proxies(url, no_proxy=None)
        return super().merge_environment_settings(url, {**environment, **(proxies or {})}, stream, verify, cert)


class RequestsClient:
    """``HttpClient`` on the requests library: one session, its connections kept alive.

    Raises:
        MissingLibraryError: requests is not installed.
    """

    def __init__(self, tls: TlsOptions) -> None:
        if not HAS_REQUESTS:
            raise MissingLibraryError("requests", "to talk to the vendors' APIs")
        self._adapter = _CountingAdapter(trust_system_store=tls.validate_certs and tls.ca_path is None)
        self._session: requests.Session = _Session(self._adapter)
        self._session.verify = tls.verify
        self._session.cert = tls.cert
        if not tls.validate_certs:
            # The user has said so; one line per request on stderr would not tell them more.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    @property
    def session(self) -> requests.Session:
        """The session itself, for a library that brings its own login over HTTP."""
        return self._session

    @property
    def requests_sent(self) -> int:
        """How many requests were sent, failed ones included."""
        return self._adapter.sent

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        """Send the request, following redirects only on the same server and only for GET."""
        prepared = self._prepare(request)
        until = time.monotonic() + timeout
        return within(timeout, lambda: self._follow(prepared, request, until), request.method, request.url)

    def _follow(self, prepared: PreparedRequest, request: HttpRequest, until: float) -> HttpResponse:
        for _hop in range(_MOST_REDIRECTS + 1):
            answer = self._exchange(prepared, request, until)
            if answer.status not in _REDIRECTS or answer.status in request.stops_at or "location" not in answer.headers:
                return answer
            prepared = self._prepare_redirect(prepared, request, answer)
        raise _bad_answer(f"The request was redirected more than {_MOST_REDIRECTS} times", request, answer.status)

    def _prepare(self, request: HttpRequest) -> PreparedRequest:
        headers = dict(request.headers)
        if request.json is not None:
            headers["Content-Type"] = "application/json"
        elif request.form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            if not all(_fits_a_header(value) for value in headers.values()):
                raise requests.exceptions.InvalidHeader  # noqa: TRY301 - requests finds others
            return self._session.prepare_request(
                requests.Request(
                    request.method,
                    request.url,
                    params=list(request.params),
                    headers=headers,
                    data=request.body or None,
                ),
            )
        # The text of these errors can hold a header's value, so it is not passed on.
        except requests.exceptions.InvalidHeader:
            raise OptionError(
                "login",
                f"A secret of the login has characters that an HTTP header cannot contain: {_where(request)}",
            ) from None
        except (ValueError, UnicodeError):
            told = f"{without_query(request.url)} is not a usable address: check {request.option}"
            raise OptionError(request.option, told) from None

    def _prepare_redirect(
        self,
        prepared: PreparedRequest,
        request: HttpRequest,
        answer: HttpResponse,
    ) -> PreparedRequest:
        here = prepared.url or request.url
        details: dict[str, Any] = {"method": request.method, "url": without_query(here), "status": answer.status}
        try:
            there = urljoin(here, answer.headers["location"])
            target = on_same_server(here, there)
        except ValueError:
            raise BadAnswerError(
                f"The request was redirected to something that is not an address: {_where(request)}", **details
            ) from None
        if target is None:
            elsewhere = f"{origin(there)[0]}://{server_of(there)}"
            raise BadAnswerError(
                f"The request was redirected to another server, {elsewhere}: {_where(request)}. "
                f"The login is not sent there. If that is the right server, give its address as {request.option}",
                **details,
            )
        if request.method != "GET":
            raise BadAnswerError(
                f"The request was redirected, and only GET requests follow a redirect: {_where(request)}", **details
            )
        follow = prepared.copy()
        follow.url = requests.utils.requote_uri(target)
        return follow

    def _exchange(self, prepared: PreparedRequest, request: HttpRequest, until: float) -> HttpResponse:
        url = prepared.url or request.url
        left = max(0.1, until - time.monotonic())
        try:
            settings = self._session.merge_environment_settings(url, {}, True, None, None)  # noqa: FBT003 - not our API
            response = self._session.send(prepared, timeout=(left, left), allow_redirects=False, **settings)
            try:
                body = self._read_body(response, request)
            finally:
                response.close()
        # requests lets some errors of urllib3 and of the socket through while it prepares or reads.
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise translated(error, request.method, url, request.option) from error
        headers = {name.lower(): value for name, value in response.headers.items()}
        return HttpResponse(status=response.status_code, headers=headers, body=body, url=url)

    def _read_body(self, response: Response, request: HttpRequest) -> bytes:
        # Off before urllib3 2.0.
        response.raw.enforce_content_length = True
        parts: list[bytes] = []
        size = 0
        while part := response.raw.read(_CHUNK, decode_content=True):
            parts.append(part)
            size += len(part)
            if size > LARGEST_ANSWER:
                told = f"The answer is larger than {LARGEST_ANSWER // 2**20} MiB, which is too large"
                raise _bad_answer(told, request, response.status_code)
        return b"".join(parts)


def within(seconds: float, call: Callable[[], Result], method: str, url: str) -> Result:
    """Return what a call returns or raises, and give it up when it takes longer than that.

    A name that is looked up, or a connection that tries one address after the other, has no timeout for the whole.
    The call runs in a thread, which goes on until its own timeouts end it.

    Raises:
        TransientError: the time is over.
    """
    done: SimpleQueue[tuple[Result | None, BaseException | None]] = SimpleQueue()

    def work() -> None:
        try:
            done.put((call(), None))
        except BaseException as error:  # noqa: BLE001 - it is raised where it was asked for
            done.put((None, error))

    if start_thread(work) is None:
        # The call's own timeouts have to do.
        return call()
    try:
        # The call has limits of its own, whose words say more: they come first.
        result, error = done.get(timeout=seconds + _GRACE)
    except Empty:
        raise out_of_time(method, url) from None
    if error is not None:
        raise error
    return cast("Result", result)


def _bad_answer(told: str, request: HttpRequest, status: int) -> BadAnswerError:
    url = without_query(request.url)
    return BadAnswerError(f"{told}: {_where(request)}", method=request.method, url=url, status=status)


def _where(request: HttpRequest) -> str:
    return f"{request.method} {without_query(request.url)}"


def _fits_a_header(value: str) -> bool:
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True
