# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection options: what a user can say about a provider, where else it may come from, and checks of it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from .._api.tls import TlsOptions
from .._core.errors import OptionError


@dataclass(frozen=True)
class ConnectionOptions:
    """Everything a provider may need to be reached and logged in to. None: not given.

    ``request_timeout`` is in seconds.
    """

    provider: str
    api_url: str | None = None
    api_path: str | None = None
    service: str | None = None
    api_version: str | None = None
    account_id: str | None = None
    region: str | None = None
    auth_url: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    api_token: str | None = field(default=None, repr=False)
    user_id: str | None = None
    app_id: str | None = None
    app_secret: str | None = field(default=None, repr=False)
    cloud: str | None = None
    project_name: str | None = None
    user_domain_name: str | None = None
    project_domain_name: str | None = None
    application_credential_id: str | None = None
    application_credential_secret: str | None = field(default=None, repr=False)
    #: How an API of the user's own is described, for the provider that takes that.
    definition: Mapping[str, Any] | None = field(default=None, hash=False)
    validate_certs: bool = True
    ca_path: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    request_timeout: float = 30.0
    #: The options of the login that is used: the first way of the provider's that is complete.
    login: tuple[str, ...] = ()

    @property
    def tls(self) -> TlsOptions:
        """The part about TLS."""
        return TlsOptions(self.validate_certs, self.ca_path, self.client_cert, self.client_key)

    def needed(self, option: str) -> str:
        """Return an option that the chosen login has made sure of."""
        value = getattr(self, option)
        if not isinstance(value, str):
            raise OptionError(option, f"{option} is needed")
        return value


#: Some thirty years: more than that is a slip of the pen, and too much for the clocks of some systems.
MOST_SECONDS = 1e9
#: Never shown, wherever they come from.
SECRET_OPTIONS = tuple(option.name for option in fields(ConnectionOptions) if not option.repr)
CONNECTION_OPTIONS = tuple(option.name for option in fields(ConnectionOptions) if option.name != "login")


def secrets_of(options: ConnectionOptions) -> set[str]:
    """Return the secrets, and what a Basic header makes of them. The mask knows their other forms."""
    secrets = {secret for option in SECRET_OPTIONS if (secret := getattr(options, option))}
    user = options.username
    return secrets | {base64.b64encode(f"{user}:{secret}".encode()).decode() for secret in secrets if user}
