# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses: what may be asked for, what stays hidden, and which server one belongs to."""

from __future__ import annotations

import ipaddress
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from .._core.errors import OptionError

_DEFAULT_PORTS = {"http": 80, "https": 443}


def origin(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of an address: a credential belongs to exactly one such triple."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), parts.port or _DEFAULT_PORTS.get(scheme, 0)


def on_same_server(base: str, link: str) -> str | None:
    """Return the address that a link leads to from ``base``, None where it is on another server.

    Nothing of it but its path and query is used: another parser may read another host out of the rest.

    Raises:
        ValueError: it is no address.
    """
    target = urljoin(base, link)
    if origin(target) != origin(base):
        return None
    to = urlsplit(target)
    return urlunsplit(urlsplit(base)._replace(path=to.path, query=to.query, fragment=""))


def without_query(url: str) -> str:
    """Return the address without its query and fragment, for messages."""
    return urlunsplit(urlsplit(url)._replace(query="", fragment=""))


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
        return "contains a space or a control character"
    try:
        parts = urlsplit(value)
        port_is_usable = parts.port is None or parts.port > 0
    except ValueError:
        told = "is not a usable address: its host or port cannot be read"
        return f"{told} (an IPv6 address stands in brackets, as in https://[2001:db8::7]:8443)"
    # Half an address shows its login too.
    if "@" in (parts.netloc or value):
        return "contains a login: give the login in its own options, where it stays hidden"
    if "\\" in value:
        return "contains a backslash"
    if parts.scheme.lower() not in ("http", "https"):
        return f"is {value!r}: it has to begin with https:// (or http://)"
    if not parts.hostname or not port_is_usable:
        return f"is {value!r}: it has no usable host and port"
    if parts.query or parts.fragment:
        return f"is {value!r}: it must not contain a query or a fragment"
    return None


def with_path(url: str, *parts: str) -> str:
    """Return an address with a path at its end: users give it without the path, with its first parts, or with all."""
    url, path = url.rstrip("/"), "".join(parts)
    for count in range(len(parts), 0, -1):
        given = "".join(parts[:count])
        if given and urlsplit(url).path.endswith(given):
            return url + path[len(given) :]
    return url + path


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
        f"The connection to {parts.hostname} is plain http: others on the way can read and change the login and the "
        "answers. Use an https address"
    )


def bad_id(told: str) -> OptionError:
    """Return the error that something is no ID of a task."""
    return OptionError("task_ids", f"task_ids {told}")


def path_segment(task_id: str) -> str:
    """Quote a task's ID so that it is one segment of a path, whatever it holds.

    Raises:
        OptionError: it is empty, or a dot segment, which no quoting protects: it would ask for another address. Or
            it is no text that can be written down.
    """
    if not task_id.strip():
        raise bad_id("contains an empty ID. Perhaps the task that gives it was skipped")
    if task_id in (".", ".."):
        raise bad_id(f"contains {task_id!r}, which is not a task ID")
    try:
        return quote(task_id, safe="")
    except UnicodeEncodeError:
        raise bad_id(f"contains {task_id!r}, which cannot be part of an address") from None
