# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The logins of KooDrive: a token, or a signature for each request.

Facts: "Authentication" of the KooDrive API reference, and its tables of headers. They call ``X-User-Id`` and ``X-Date``
mandatory, "used for app authentication": with a token they are sent as well, as far as they are known.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from urllib.parse import quote, unquote, urlsplit

from ..._api.addresses import with_path
from ..._api.http_client import HttpRequest
from ..._api.login import Access, FixedLogin, Login
from ..._core.clock import Clock
from ..._provider.contract import ProviderTools
from ..._provider.options import ConnectionOptions

_API_PATH = "/koodrive/ose/v1"
#: No region but these two is documented, and the hosts do not follow the pattern of other Huawei services.
HOSTS = {"cn": "https://cn.myhuaweicloud-koodrive.com", "intl": "https://intl.myhuaweicloud-koodrive.com"}
#: A token ends after 20 minutes without a request.
TOKEN_SECONDS = 20 * 60.0

#: The documents show the header's value with either of these in front. With one of them it is sent as it is.
_PREFIX = re.compile(r"(Bearer|AT)[ +]", re.IGNORECASE)


def make_login(options: ConnectionOptions, tools: ProviderTools) -> Login:
    """Return the login that the options make."""
    base_url = with_path(options.api_url or HOSTS[options.needed("region")], _API_PATH)
    headers = {"language": "en-US"}
    if "api_token" not in options.login:
        return SignedLogin(
            Access(base_url, headers, AppSigner(options, tools.clock, tools.hide)),
            advice=(
                "check app_id, app_secret and user_id, and this machine's clock: a signature is valid for 15 minutes, "
                "and its time must not be in the future"
            ),
        )
    value = authorization(options.needed("api_token"))
    # The token alone is as secret as the header's whole value.
    bare = _PREFIX.sub("", value, count=1)
    if bare:
        tools.hide(bare)
    return FixedLogin(
        Access(base_url, {**headers, "Authorization": value}, lambda _request: _sender(options, tools.clock)),
        advice="api_token is wrong or has run out: it ends after 20 minutes without a request. Get a new one",
    )


def authorization(api_token: str) -> str:
    """Return the value of the Authorization header for a token as the user gives it."""
    return api_token if _PREFIX.match(api_token) else f"Bearer {api_token}"


def _sender(options: ConnectionOptions, clock: Clock) -> dict[str, str]:
    """Return the headers that say when a request is sent and, where that is known, for whom."""
    date = {"X-Date": clock.now().strftime("%Y%m%dT%H%M%SZ")}
    return date if options.user_id is None else {**date, "X-User-Id": options.user_id}


_SIGNED_HEADERS = "host;x-date;x-user-id"


def _canonical_request(request: HttpRequest, headers: Mapping[str, str]) -> str:
    """Write a request in the form that is signed. ``headers`` are those of the signature, in their order."""
    path = "/".join(quote(unquote(segment), safe="~") for segment in urlsplit(request.url).path.split("/"))
    parts = [(quote(name, safe="~"), quote(value, safe="~")) for name, value in request.params]
    lines = [
        request.method,
        path if path.endswith("/") else f"{path}/",
        "&".join(f"{name}={value}" for name, value in sorted(parts)),
        *(f"{name.lower()}:{value.strip()}" for name, value in headers.items()),
        "",
        _SIGNED_HEADERS,
        hashlib.sha256(request.body).hexdigest(),
    ]
    return "\n".join(lines)


class AppSigner:
    """App authentication: HMAC-SHA256 over each request, good for 15 minutes."""

    def __init__(self, options: ConnectionOptions, clock: Clock, hide: Callable[[str], None]) -> None:
        self._options = options
        self._key = options.needed("app_secret").encode("utf-8", "surrogatepass")
        self._clock = clock
        self._hide = hide

    def __call__(self, request: HttpRequest) -> Mapping[str, str]:
        # The host is sent by us, so that what is signed is what arrives.
        headers = {"Host": _host(request.url), **_sender(self._options, self._clock)}
        canonical = _canonical_request(request, headers).encode("utf-8", "surrogatepass")
        # Unlike other signatures of this kind it has no line with the date.
        to_sign = f"HMAC-SHA256\n{hashlib.sha256(canonical).hexdigest()}"
        signature = hmac.new(self._key, to_sign.encode(), hashlib.sha256).hexdigest()
        # Whoever sees it can send this request for 15 minutes.
        self._hide(signature)
        app_id = self._options.needed("app_id")
        login = f"HMAC-SHA256 AppId={app_id},SignedHeaders={_SIGNED_HEADERS},Signature={signature}"
        return {**headers, "Authorization": login}


class SignedLogin(FixedLogin):
    """A login whose every request is signed anew, so that a repeat is a new login: the first may have come too late."""

    @property
    def can_renew(self) -> bool:
        return True


def _host(url: str) -> str:
    """Return the value of the Host header for an address: without the port that the scheme has anyway."""
    parts = urlsplit(url)
    usual = {"https": ":443", "http": ":80"}.get(parts.scheme.lower(), "")
    return parts.netloc.removesuffix(usual)
