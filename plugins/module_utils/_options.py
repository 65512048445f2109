# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection options: what a user can say about a provider, where else it may come from, and checks of it."""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from ._errors import OptionError
from ._http import TlsOptions
from ._text import listed

if TYPE_CHECKING:
    from ._provider import LoginForm, ProviderDescription


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
#: These are settings of this collection, not of a vendor: they have no environment variable.
_WITHOUT_ENVIRONMENT = frozenset({"provider", "definition", "validate_certs", "request_timeout"})
#: Say where to go, not who asks: they are taken from the environment whatever the login.
_ADDRESSES = frozenset({"api_url", "api_path", "service", "api_version", "auth_url", "region"})
#: Belong to who asks, though no login needs them.
_SCOPE = frozenset({"project_name", "user_domain_name", "project_domain_name"})
CONNECTION_OPTIONS = tuple(option.name for option in fields(ConnectionOptions) if option.name != "login")


def environment_names(description: ProviderDescription, option: str) -> tuple[str, ...]:
    """Return the environment variables that can carry an option of a provider."""
    if option in _WITHOUT_ENVIRONMENT or option not in description.used_options:
        return ()
    own = description.environment.get(option)
    return own if own is not None else (f"{description.environment_prefix}_{option.upper()}",)


def connection_options(
    description: ProviderDescription,
    given: Mapping[str, Any],
    environ: Mapping[str, str],
) -> ConnectionOptions:
    """Put together what the user gave and what the environment adds, and check it.

    A login that the options make on their own is used as it is: the environment's does not mix with it.

    Raises:
        OptionError: an option cannot be used, or those given make no login.
    """
    values = {option: given[option] for option in CONNECTION_OPTIONS if given.get(option) is not None}
    values["provider"] = description.name

    def add_from_environment(wanted: Iterable[str]) -> None:
        for option in wanted:
            names = environment_names(description, option) if option not in values else ()
            value = next((environ[name] for name in names if environ.get(name)), None)
            if value is not None:
                values[option] = value

    add_from_environment(_ADDRESSES)
    whole = next((form.options for form in description.logins if not form.missing(ConnectionOptions(**values))), None)
    foreign = {option for form in description.logins for option in form.options} | _SCOPE if whole else set()
    add_from_environment(option for option in CONNECTION_OPTIONS if option not in foreign)
    options = ConnectionOptions(**{**description.defaults, **values})
    for option, choices in description.choices.items():
        value = getattr(options, option)
        if value is not None and value not in choices:
            raise OptionError(
                option, f"{option} is {value!r}; provider {description.name} takes {listed(list(choices), 'or')}"
            )
    for option in SECRET_OPTIONS:
        _check_secret(option, getattr(options, option))
    if not 0 < options.request_timeout <= MOST_SECONDS:
        raise OptionError(
            "request_timeout",
            f"request_timeout is {options.request_timeout:g}; it has to be a finite number of seconds, "
            f"more than 0 and at most {MOST_SECONDS:g}",
        )
    for option in ("api_url", "auth_url"):
        if getattr(options, option) is not None:
            check_url(option, getattr(options, option))
    return replace(options, login=_check_login(description, options))


def _check_secret(option: str, value: str | None) -> None:
    if value is not None and (not value.strip() or any(ord(letter) < 32 or ord(letter) == 127 for letter in value)):
        raise OptionError(option, f"{option} is blank or holds a line break or another control character")


def _check_login(description: ProviderDescription, options: ConnectionOptions) -> tuple[str, ...]:
    """Return the way to log in that is complete; name what is missing of the one that was meant."""
    for form in description.logins:
        if not form.missing(options):
            return form.options
    # The form that the given options fill best is the one that was meant. An address tells little: all forms need one.
    meant = min(
        description.logins, key=lambda form: (_share_missing(form, options, _ADDRESSES), _share_missing(form, options))
    )
    missing = meant.missing(options)
    begun = len(missing) < len(meant.options)

    def with_environment(option: str) -> str:
        names = environment_names(description, option)
        return f"{option} (environment {' or '.join(names)})" if names else option

    what = listed([with_environment(option) for option in missing])
    verb = "is" if len(missing) == 1 else "are"
    ways = "; or ".join(listed(list(form.options)) for form in description.logins)
    raise OptionError(
        missing[0],
        f"provider {description.name} cannot log in: {what} {verb} {'still ' if begun else ''}missing. It takes {ways}",
    )


def _share_missing(form: LoginForm, options: ConnectionOptions, besides: frozenset[str] = frozenset()) -> float:
    """Return how much of a form is still missing, from 0 to 1, without looking at some of its options."""
    counted = [option for option in form.options if option not in besides]
    missing = [option for option in form.missing(options) if option in counted]
    return len(missing) / len(counted) if counted else 1.0


def check_url(option: str, value: str) -> str:
    """Return the address without a slash at its end.

    Raises:
        OptionError: it is no address that a login may be sent to.
    """
    problem = _url_problem(value)
    if problem is not None:
        raise OptionError(option, f"{option} {problem}")
    return value.rstrip("/")


def _url_problem(value: str) -> str | None:
    """Say what is wrong, without repeating the value where it may hold a password."""
    if any(letter.isspace() or not letter.isprintable() for letter in value):
        return "holds a space or a control character"
    try:
        parts = urlsplit(value)
        port_is_usable = parts.port is None or parts.port > 0
    except ValueError:
        return "is no usable address: its host or port cannot be read"
    # Half an address shows its login too.
    if "@" in (parts.netloc or value):
        return "holds a login: give it with the login's options instead, where it stays hidden"
    if "\\" in value:
        return "holds a backslash"
    if parts.scheme.lower() not in ("http", "https"):
        return f"is {value!r}: it has to begin with https:// (or http://)"
    if not parts.hostname or not port_is_usable:
        return f"is {value!r}: it has no usable host and port"
    if parts.query or parts.fragment:
        return f"is {value!r}: it must not hold a query or a fragment"
    return None


def logins_in_url(value: str | None) -> set[str]:
    """Return what may be a login in an address that a user gave: all before the last @, and its password."""
    login, at, _host = (value or "").rpartition("@")
    if not at:
        return set()
    login = login.rpartition("//")[2]
    return {part for part in (login, login.partition(":")[2]) if part}


def is_loopback(url: str) -> bool:
    """Whether an address stays on this machine."""
    host = (urlsplit(url).hostname or "").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def plain_http_warning(url: str) -> str | None:
    """Return a warning when the address makes a login cross the network unencrypted."""
    parts = urlsplit(url)
    if parts.scheme.lower() != "http" or is_loopback(url):
        return None
    return (
        f"{parts.hostname} is spoken to in plain http: the login and the answers can be read and changed on the way. "
        "Use an https address"
    )


def secret_forms(options: ConnectionOptions) -> set[str]:
    """Return every form in which a secret could turn up: as given, quoted for an address, and in a Basic header."""
    forms: set[str] = set()
    for option in SECRET_OPTIONS:
        secret = getattr(options, option)
        if secret:
            forms |= {secret, quote(secret), quote(secret, safe="")}
            if options.username:
                forms.add(base64.b64encode(f"{options.username}:{secret}".encode()).decode())
    return forms
