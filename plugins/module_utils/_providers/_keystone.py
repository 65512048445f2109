# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Logging in to Keystone v3, which is left to keystoneauth1.

A file of its own, since keystoneauth1 is slow to import and a ready token needs none of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._api.addresses import check_url, with_path
from .._api.causes import translated
from .._api.http_client import HttpClient, RequestsClient, within
from .._api.login import Access, Login
from .._api.tls import TlsOptions
from .._core.clock import Deadline
from .._core.errors import (
    AccessDeniedError,
    AuthenticationError,
    BadAnswerError,
    MissingLibraryError,
    RejectedError,
    RequestError,
    TransientError,
    WorkError,
)
from .._core.masking import without_tokens
from .._core.retrying import passes, refused_for_seconds
from .._core.text import readable
from .._provider.contract import ProviderTools
from .._provider.options import ConnectionOptions
from ._image_tasks import catalogued_access

try:
    from keystoneauth1 import exceptions as keystone_errors
    from keystoneauth1 import session as keystone_session
    from keystoneauth1.identity import v3
    from keystoneauth1.identity.base import BaseIdentityPlugin

    HAS_KEYSTONEAUTH = True
except ImportError:
    HAS_KEYSTONEAUTH = False


class KeystoneLogin(Login):
    """A token and the image endpoint from Keystone v3, by any way that keystoneauth1 knows."""

    def __init__(
        self,
        auth: Any,
        *,
        auth_url: str,
        http: HttpClient,
        tls: TlsOptions,
        tools: ProviderTools,
        region: str | None,
        find_endpoint: Callable[[Any], str | None],
    ) -> None:
        super().__init__()
        self._auth = auth
        self._auth_url = auth_url
        # One session for everything: its rules about the environment hold for the login as well.
        self._requests_session = http.session if isinstance(http, RequestsClient) else None
        self._tls = tls
        self._tools = tools
        self._region = region
        self._find_endpoint = find_endpoint

    @property
    def refusal_advice(self) -> str:
        return (
            "check username, password, user_domain_name, project_name and project_domain_name, "
            "or the application credential"
        )

    def _log_in(self, deadline: Deadline) -> Access:
        session = keystone_session.Session(
            auth=self._auth,
            session=self._requests_session,
            verify=self._tls.verify,
            cert=self._tls.cert,
            timeout=deadline.next_request_timeout(),
            redirect=False,
        )
        try:
            timeout = deadline.next_request_timeout()
            token = within(timeout, lambda: self._get_token(session), "POST", self._auth_url)
            endpoint = self._find_endpoint(session)
        except keystone_errors.CatalogException:
            endpoint = None
        except keystone_errors.ClientException as error:
            raise self._translated(error) from error
        # keystoneauth1 takes the shape of the answer for granted.
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            raise BadAnswerError(
                f"Keystone answered the login with JSON of an unexpected shape ({type(error).__name__})",
                method="POST",
                url=self._auth_url,
            ) from error
        if not token:
            raise AuthenticationError(
                "Keystone returned no token: check the kind of login", method="POST", url=self._auth_url
            )
        self._tools.hide(token)
        if not isinstance(endpoint, str) or not endpoint:
            where = f" in the region {self._region}" if self._region else ""
            raise RejectedError(
                f"Keystone's catalogue has no public image service endpoint{where} for this project: "
                "check region and project_name, or give the address as api_url",
                method="POST",
                url=self._auth_url,
            )
        return catalogued_access(endpoint, token, self._tools, self._auth_url)

    def _get_token(self, session: Any) -> Any:
        """Return a new token.

        The plugin's own way to one keeps a lock while it asks, which a login that was given up would hold until its
        server comes to an end. It also asks anew for the catalogue when by this machine's clock the token is over.
        """
        if not isinstance(self._auth, BaseIdentityPlugin):
            # Kinds that ask nobody.
            return session.get_token()
        access = self._auth.get_auth_ref(session)
        self._auth.auth_ref = access
        self._auth.reauthenticate = False
        return access.auth_token

    def _translated(self, error: Exception) -> WorkError:
        """Turn an error of keystoneauth1 into one of ours."""
        details: dict[str, Any] = {"method": "POST", "url": self._auth_url}
        if isinstance(error, keystone_errors.ConnectionError):
            return translated(error, "POST", self._auth_url, "auth_url")
        words = without_tokens(readable(str(error), limit=300))
        status = getattr(error, "http_status", None)
        if isinstance(error, keystone_errors.HttpError) and isinstance(status, int):
            details["status"] = status
            if status == 401:
                return AuthenticationError(f"Keystone refused the login ({words}): {self.refusal_advice}", **details)
            # keystoneauth1 reads whole seconds only.
            headers = {name.lower(): value for name, value in getattr(error.response, "headers", {}).items()}
            retry_after = refused_for_seconds(headers, self._tools.clock.now())
            if passes(status, retry_after):
                told = f"Keystone answered the login with HTTP {status}: {words}"
                return TransientError(told, retry_after=retry_after, **details)
            if status == 403:
                return AccessDeniedError(f"Keystone does not allow the login ({words})", **details)
            if status == 404:
                return self._no_keystone(status)
        if isinstance(error, keystone_errors.InvalidResponse):
            answered: int = getattr(error.response, "status_code", 200)
            if 300 <= answered < 400:
                return self._no_keystone(answered)
            return TransientError(f"Keystone answered the login with something other than JSON: {words}", **details)
        kind: type[RequestError] = RejectedError
        return kind(f"Keystone refused the login: {words}", **details)

    def _no_keystone(self, status: int) -> WorkError:
        advice = "It is an address such as https://HOST:5000/v3"
        return self.no_service("Keystone v3", self._auth_url, option="auth_url", advice=advice, status=status)


def _keystone_url(auth_url: str) -> str:
    """Return the address of version 3: given with it or without, so that no discovery is needed.

    What a server says about its own addresses is not asked for: the password goes where the user said.
    """
    url = check_url("auth_url", auth_url)
    return with_path(url.removesuffix("/v2.0"), "/v3")


def require_keystoneauth() -> None:
    if not HAS_KEYSTONEAUTH:
        raise MissingLibraryError("keystoneauth1", "to log in to Keystone")


def login_by_options(options: ConnectionOptions, tools: ProviderTools) -> tuple[Login, HttpClient]:
    """Return a login with a password or an application credential, and the client that it uses."""
    require_keystoneauth()
    auth_url = _keystone_url(options.needed("auth_url"))
    if "application_credential_id" in options.login:
        auth: Any = v3.ApplicationCredential(
            auth_url,
            application_credential_id=options.needed("application_credential_id"),
            application_credential_secret=options.needed("application_credential_secret"),
        )
    else:
        auth = v3.Password(
            auth_url,
            username=options.needed("username"),
            password=options.needed("password"),
            user_domain_name=options.user_domain_name or "Default",
            project_name=options.project_name,
            project_domain_name=(options.project_domain_name or "Default") if options.project_name else None,
        )

    def find_endpoint(session: Any) -> str | None:
        if options.api_url:
            return options.api_url
        endpoint: str | None = session.get_endpoint(
            service_type="image",
            interface="public",
            region_name=options.region,
            skip_discovery=True,
        )
        return endpoint

    http = tools.make_http(options.tls)
    login = KeystoneLogin(
        auth,
        auth_url=auth_url,
        http=http,
        tls=options.tls,
        tools=tools,
        region=options.region,
        find_endpoint=find_endpoint,
    )
    return login, http
