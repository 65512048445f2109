# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a request got no answer, in words: the cause first, then the request, then what to do.

The texts of requests, urllib3 and OpenSSL are left out. They repeat the whole address, which can hold a login, and name
objects instead of what happened.
"""

from __future__ import annotations

import errno
import os
import re
import socket
import ssl
from http.client import BadStatusLine, HTTPException, IncompleteRead, RemoteDisconnected
from typing import Any

from .._core.errors import (
    AuthenticationError,
    MissingLibraryError,
    NoConnectionError,
    OptionError,
    RejectedError,
    TransientError,
    UnknownHostError,
    UntrustedServerError,
    WorkError,
)
from .._core.retrying import TRANSIENT_STATUSES
from .addresses import origin, without_query

try:
    import requests.exceptions
    import urllib3.exceptions
except ImportError:
    # Then nothing is sent, and nothing fails.
    pass
else:
    _CUT_OFF: tuple[type[Exception], ...] = (
        IncompleteRead,
        urllib3.exceptions.IncompleteRead,
        requests.exceptions.ChunkedEncodingError,
    )
    _BAD_ADDRESS = (
        requests.exceptions.InvalidProxyURL,
        urllib3.exceptions.LocationParseError,
        urllib3.exceptions.ProxySchemeUnknown,
    )
    _NO_CONNECTION = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)
    _PROXY = (requests.exceptions.ProxyError, urllib3.exceptions.ProxyError)
    _TIMEOUT = (requests.exceptions.Timeout, socket.timeout)

#: What http.client says of a proxy that refuses to connect; ``http_client.py`` says it of one that refuses plain HTTP.
PROXY_ANSWERED = "Tunnel connection failed: "
#: OpenSSL's reasons, where the other side answers with something that is not TLS.
_NO_TLS = frozenset({"HTTP_REQUEST", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL", "WRONG_VERSION_NUMBER"})
#: OpenSSL's reasons, its own or those of the server's alert, where the two have no way to encrypt in common.
_NOTHING_IN_COMMON = re.compile(
    r"ALERT_(HANDSHAKE_FAILURE|PROTOCOL_VERSION|INSUFFICIENT_SECURITY)|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE"
    r"|DH_KEY_TOO_SMALL|UNSAFE_LEGACY_RENEGOTIATION_DISABLED|WRONG_SSL_VERSION|WRONG_CIPHER_RETURNED"
)
#: Bytes with which a server that expects TLS answers plain HTTP: an alert.
_TLS_ALERT = "\x15\x03"


def server_of(url: str) -> str:
    """Return "host:port" of an address, with an IPv6 host in brackets."""
    _scheme, host, port = origin(url)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def out_of_time(method: str, url: str, kind: type[TransientError] = TransientError) -> TransientError:
    """Return what it means that a request took too long."""
    what = "accept a connection" if kind is NoConnectionError else "answer the request"
    url = without_query(url)
    return kind(f"The server did not {what} in time: {method} {url}", method=method, url=url)


def translated(error: Exception, method: str, url: str, option: str = "api_url") -> WorkError:
    """Turn a failure of requests, urllib3 or a socket into one of ours.

    ``option`` is the one that gave the address.
    """
    failure = _Failure(_chain(error), method, url, option)
    told = failure.of_proxy() or failure.of_tls() or failure.of_connection()
    if isinstance(told, NoConnectionError):
        told.option = option
    return told


def _chain(error: BaseException) -> list[BaseException]:
    """Return the error and all it came from: requests wraps urllib3, which wraps the socket's error."""
    found: list[BaseException] = []
    queue: list[object] = [error]
    while queue:
        item = queue.pop(0)
        if isinstance(item, BaseException) and item not in found:
            found.append(item)
            queue += [getattr(item, "reason", None), item.__cause__, item.__context__, *item.args]
    return found


class _Failure:
    """A request that failed: the errors it brought, and what has to be said of it."""

    def __init__(self, chain: list[BaseException], method: str, url: str, option: str) -> None:
        self._chain = chain
        self._method = method
        self._url = url
        self._option = option
        self._details: dict[str, Any] = {"method": method, "url": without_query(url)}
        self._where = f"{method} {without_query(url)}"
        self._kind = NoConnectionError if self._has(_NO_CONNECTION) else TransientError

    def _has(self, kinds: type[BaseException] | tuple[type[BaseException], ...]) -> bool:
        return any(isinstance(item, kinds) for item in self._chain)

    def of_proxy(self) -> WorkError | None:
        """Say what is wrong with the proxy, without its address, which can hold a login."""
        scheme = origin(self._url)[0]
        # As requests looks for it.
        names = (f"{scheme}_proxy", f"{scheme}_proxy".upper(), "all_proxy", "ALL_PROXY")
        variable = next((name for name in names if os.environ.get(name)), "")
        named = f"proxy that {variable or 'the system'} names"
        texts = " ".join(map(str, self._chain))
        if "SOCKS support" in texts:
            return MissingLibraryError("PySocks", f"to use the SOCKS {named} (pip install 'requests[socks]')")
        if variable and self._has(_BAD_ADDRESS):
            return OptionError(variable, f"The environment variable {variable} contains no usable proxy address")
        # PySocks has errors of its own.
        if not self._has(_PROXY) and not any(type(item).__module__ == "socks" for item in self._chain):
            return None
        answered = re.search(rf"{PROXY_ANSWERED}(\d{{3}})", texts)
        if answered is not None:
            return self._refused_by(named, int(answered[1]), has_login="@" in os.environ.get(variable, ""))
        if any(isinstance(item, ssl.SSLError) and item.reason in _NO_TLS for item in self._chain):
            told = f"The environment variable {variable} begins with https://, but the proxy does not speak TLS"
            return OptionError(variable, f"{told}: write http:// in it")
        return self._kind(f"The {named} did not connect ({self._cause()}): {self._where}", **self._details)

    def _refused_by(self, named: str, status: int, *, has_login: bool) -> WorkError:
        details = {**self._details, "status": status}
        if status == 407:
            told = f"The {named} {'refuses the login in it' if has_login else 'wants a login'} (HTTP 407)"
            advice = "Its address takes one, as http://USER:PASSWORD@HOST:PORT"
            return AuthenticationError(f"{told}: {self._where}. {advice}", **details)
        told = f"The {named} does not connect to the server (HTTP {status}): {self._where}"
        return (NoConnectionError if status in TRANSIENT_STATUSES else RejectedError)(told, **details)

    def of_tls(self) -> WorkError | None:
        """Say why the server is not trusted; None where TLS is not the cause, or where it may pass."""
        problem = next(filter(None, map(self._tls_problem, self._chain)), None)
        return None if problem is None else UntrustedServerError(problem, **self._details)

    def _tls_problem(self, item: BaseException) -> str | None:
        server = server_of(self._url)
        # urllib3 has an error of its own for a wrong host name, in another module in each of its versions.
        if isinstance(item, ssl.SSLCertVerificationError) or type(item).__name__ == "CertificateError":
            why = getattr(item, "verify_message", "") or str(item)
            return (
                f"The certificate of {server} is not trusted ({why.rstrip('.')}). "
                "If its authority is your own, give the authority's PEM file as ca_path; "
                "validate_certs: false switches the check off"
            )
        reason = item.reason or "" if isinstance(item, ssl.SSLError) else ""
        words = reason.rpartition("_ALERT_")[2].replace("_", " ").lower()
        if reason in _NO_TLS:
            return f"{server} does not speak TLS: check the scheme and the port of {self._option}"
        if _NOTHING_IN_COMMON.search(reason):
            return (
                f"{server} and this Python's OpenSSL have no cipher or TLS version in common ({words}). "
                "Update the server, or allow older TLS in the file that the environment variable OPENSSL_CONF names. "
                "A server that wants a client certificate can answer like this too"
            )
        # A record that was damaged on its way is the one alert that passes.
        if "_ALERT_" in reason and "MAC" not in reason:
            advice = ": check client_cert and client_key" if re.search("CERT|UNKNOWN_CA|ACCESS", reason) else ""
            return f"{server} refused the TLS connection ({words}){advice}"
        return None

    def of_connection(self) -> WorkError:
        """Say what happened to the connection, or that there was none."""
        for item in self._chain:
            if isinstance(item, socket.gaierror):
                told = f"The host name {origin(self._url)[1]} cannot be resolved ({item.strerror})"
                return UnknownHostError(f"{told}: {self._where}", **self._details)
            if isinstance(item, BadStatusLine) and str(item).startswith(_TLS_ALERT):
                told = f"{server_of(self._url)} expects TLS: {self._where}. Write https:// in {self._option}"
                return RejectedError(told, **self._details)
        if self._has(_BAD_ADDRESS):
            return OptionError(self._option, f"{self._details['url']} is not a usable address: check {self._option}")
        if self._has(_TIMEOUT):
            return out_of_time(self._method, self._url, self._kind)
        cause = self._cause()
        hint = ""
        if self._url.startswith("http:") and self._has(ConnectionResetError):
            hint = f". A server that expects TLS does the same: if this one does, write https:// in {self._option}"
        return self._kind(f"{cause[0].upper()}{cause[1:]}: {self._where}{hint}", **self._details)

    def _cause(self) -> str:
        """Say what happened, as the beginning of a sentence."""
        for item in reversed(self._chain):
            if isinstance(item, OSError) and item.errno == errno.ECONNREFUSED:
                return "the connection was refused"
            if isinstance(item, RemoteDisconnected):
                return "the server closed the connection without an answer"
            if isinstance(item, ConnectionResetError):
                return "the connection was reset"
            if isinstance(item, ssl.SSLError):
                return f"the TLS connection broke ({(item.reason or 'it was cut off').replace('_', ' ').lower()})"
            if isinstance(item, OSError) and item.errno and item.strerror:
                return item.strerror.lower()
        for kinds, words in (
            (urllib3.exceptions.DecodeError, "the answer's content encoding is broken"),
            (_CUT_OFF, "the answer was cut off before its end"),
            (_TIMEOUT, "it did not answer in time"),
            (HTTPException, "the answer is not HTTP"),
        ):
            if self._has(kinds):
                return words
        return f"the connection broke ({type(self._chain[-1]).__name__})"
