# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection options put together: from what the user gave and from the environment, checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from .._api.addresses import check_url
from .._core.errors import OptionError
from .._core.text import listed
from .description import LoginForm, ProviderDescription
from .options import CONNECTION_OPTIONS, MOST_SECONDS, SECRET_OPTIONS, ConnectionOptions

#: These are settings of this collection, not of a vendor: they have no environment variable.
_WITHOUT_ENVIRONMENT = frozenset({"provider", "definition", "validate_certs", "request_timeout"})
#: Say where to go, not who asks: they are taken from the environment whatever the login.
_ADDRESSES = frozenset({"api_url", "api_path", "service", "api_version", "auth_url", "region"})
#: Belong to who asks, though no login needs them.
_SCOPE = frozenset({"project_name", "user_domain_name", "project_domain_name"})
#: Always sent as they are. What a definition's other headers are made of is looked at when they are sent.
_IN_HEADERS = frozenset({"api_token"})
_UNUSABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


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

    def add_from_environment(options: Iterable[str]) -> None:
        for option in options:
            names = environment_names(description, option) if option not in values else ()
            name = next((name for name in names if environ.get(name)), None)
            if name is not None:
                values[option] = _utf_8(environ[name], option, name)

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


def ignored_options(description: ProviderDescription, given: Mapping[str, Any]) -> list[str]:
    """Return the connection options that the user gave, and that mean something to other providers only.

    That is no error: defaults for a group of modules may hold the options of several providers.
    """
    used = description.used_options | {"provider"}
    return [option for option in CONNECTION_OPTIONS if given.get(option) is not None and option not in used]


def _utf_8(value: str, option: str, variable: str) -> str:
    # Its other bytes come out of the environment as halves of characters.
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise OptionError(option, f"{option} (environment {variable}) is not UTF-8: write it again in that encoding")
    return value


def _check_secret(option: str, value: str | None) -> None:
    if value is None:
        return
    if not value.strip() or _UNUSABLE.search(value):
        raise OptionError(option, f"{option} is blank, or contains a line break, a control or a broken character")
    if option in _IN_HEADERS and any(letter > "\xff" for letter in value):
        raise OptionError(option, f"{option} contains a character that no HTTP header can carry: copy it again")


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

    def with_environment(option: str) -> str:
        names = environment_names(description, option)
        return f"{option} (environment {' or '.join(names)})" if names else option

    what = listed([with_environment(option) for option in missing])
    verb = "is" if len(missing) == 1 else "are"
    ways = "; or ".join(listed(list(form.options)) for form in description.logins)
    raise OptionError(
        missing[0],
        f"provider {description.name} cannot log in: {what} {verb} missing. Give {ways}",
    )


def _share_missing(form: LoginForm, options: ConnectionOptions, besides: frozenset[str] = frozenset()) -> float:
    """Return how much of a form is still missing, from 0 to 1, without looking at some of its options."""
    counted = [option for option in form.options if option not in besides]
    missing = [option for option in form.missing(options) if option in counted]
    return len(missing) / len(counted) if counted else 1.0
