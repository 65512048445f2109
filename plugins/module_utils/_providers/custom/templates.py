# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Placeholders: texts in braces in paths, queries, headers and bodies that stand for options and IDs."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from ..._api.addresses import bad_id, path_segment
from ..._api.json_api import Accepted
from ..._core.errors import OptionError
from ..._provider.rest import Params, RestRequest
from .keys import ANYTHING, PARAMETERS, PATH, key, mistake, one_of

#: The connection options that every request can name.
PLACES = ("account_id", "region")
#: What headers and bodies can name besides: addresses are shown, these are not.
LOGIN_VALUES = ("username", "password", "api_key", "api_token", "app_id", "app_secret")
#: The token of a session, in bodies.
TOKEN = "token"  # noqa: S105 - the name of a placeholder

#: A brace after a backslash is one.
_PLACEHOLDER = re.compile(r"\\\{|\{(\w+(?:\.\w+)?)(?::(\w+))?\}")


_WHOLE_PATH = re.compile(r"\{(id|next):path\}")


def _parameter(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def fill_text(text: str, values: Mapping[str, str]) -> str:
    """Fill the placeholders of a text."""
    return _PLACEHOLDER.sub(lambda found: "{" if found[1] is None else values[found[1]], text)


def fill_path(text: str, values: Mapping[str, str]) -> str:
    """Fill the placeholders of a path. Every value is quoted to be one segment, unless its placeholder says ``:path``.

    Where such an ID is an address, it is one of the whole path, with what follows its placeholder put before the query.
    """
    whole = _WHOLE_PATH.search(text)
    if whole is not None:
        before, after = text[: whole.start()], text[whole.end() :]
        path, mark, query = _path_of(values[whole[1]], begins=not before).partition("?")
        is_address = path.startswith(("http://", "https://"))
        begin = "" if is_address else fill_path(before, values)
        return f"{begin}{path}{fill_path(after, values)}{mark}{query}"

    def fill(found: re.Match[str]) -> str:
        if found[1] is None:
            return "%7B"
        return path_segment(values[found[1]])

    return _PLACEHOLDER.sub(fill, text)


#: What a path can hold as it is, besides letters, digits and what is quoted already.
_IN_PATHS = "!$&'()*+,;=:@%"
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


def _path_of(task_id: str, *, begins: bool) -> str:
    """Return an ID that is a path or an address, quoted. ``begins``: nothing stands before it in the whole path."""
    address = re.match(r"https?://[^/?#]*", task_id)
    server = "" if address is None else address[0]
    path, mark, query = task_id[len(server) :].partition("?")
    if begins and not path.startswith("/"):
        raise bad_id(
            f"contains {task_id!r}; an ID of this API is a path, which begins with a /, or an address, which "
            "begins with https://"
        )
    lead = "/" if server or begins else ""
    *inner, last = path[1:].split("/") if path.startswith("/") else path.split("/")
    segments = [*map(_quoted, inner), _quoted(last) if last or not inner else ""]
    return f"{server}{lead}{'/'.join(segments)}{mark}{_LONE_PERCENT.sub('%25', quote(query, safe=_IN_PATHS + '/?'))}"


def _quoted(segment: str) -> str:
    path_segment(unquote(segment))
    return _LONE_PERCENT.sub("%25", quote(segment, safe=_IN_PATHS))


def fill_body(body: Any, values: Mapping[str, str]) -> Any:
    """Fill the placeholders in every text of a body; a text that is ``{name:int}`` alone becomes a number."""
    if isinstance(body, Mapping):
        return {name: fill_body(value, values) for name, value in body.items()}
    if isinstance(body, list):
        return [fill_body(value, values) for value in body]
    if not isinstance(body, str):
        return body
    whole = _PLACEHOLDER.fullmatch(body)
    text = fill_text(body, values)
    if whole is None or whole[2] is None:
        return text
    if not re.fullmatch(r"-?[0-9]{1,1000}", text):
        raise bad_id(f"contains {text!r}; the task IDs of this API are numbers")
    return int(text)


def _texts(part: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text in a part of the definition, with its place."""
    if isinstance(part, Mapping):
        for key, value in part.items():
            yield from _texts(value, f"{path}.{key}")
    elif isinstance(part, (list, tuple)):
        for number, value in enumerate(part):
            yield from _texts(value, f"{path}[{number}]")
    elif isinstance(part, str):
        yield path, part


def placeholders(part: Any) -> set[str]:
    """Return the names of the placeholders in a part of the definition."""
    return {found[1] for _path, text in _texts(part) for found in _PLACEHOLDER.finditer(text) if found[1]}


def check_placeholders(part: Any, path: str, names: Collection[str], *, kinds: Collection[str] = ()) -> set[str]:
    """Return the names of the placeholders in a part of the definition, after making sure that each can be filled."""
    for place, text in _texts(part, path):
        for found in _PLACEHOLDER.finditer(text):
            if found[1] is not None:
                _check_placeholder(found, place, names, kinds)
    return placeholders(part)


def _check_placeholder(found: re.Match[str], path: str, names: Collection[str], kinds: Collection[str]) -> None:
    name, kind = found[1], found[2]
    if name not in names and name in PLACES:
        raise OptionError(name, f"definition: {path} has {found[0]}, but the option {name} is not given")
    if name not in names and name in LOGIN_VALUES:
        raise mistake(f"{path} has {found[0]}, but addresses are shown: put a secret into headers or a body")
    # Only an ID is looked at in another way than as a text.
    ids = [word for word in ("id", "next") if word in names]
    if name not in names or (kind is not None and (kind not in kinds or name not in ids)):
        can_be = [f"{{{word}}}" for word in names] + [f"{{{word}:{how}}}" for word in ids for how in kinds]
        known = f"; choose from {', '.join(can_be)}" if can_be else ""
        raise mistake(f"{path} has {found[0]}, which is not a placeholder here{known}. For a plain brace, write \\{{")


def put(body: Any, place: str, value: Any) -> Any:
    """Return a body with a value at a place, which is keys joined by dots."""
    key, dot, rest = place.partition(".")
    own = body if isinstance(body, Mapping) else {}
    return {**own, key: put(own.get(key), rest, value) if dot else value}


@dataclass(frozen=True)
class RequestTemplate:
    """A request whose parts may hold placeholders."""

    method: str = key(one_of("GET", "POST"), "GET")
    path: str = key(PATH, needed=True)
    query: Mapping[str, Any] = key(PARAMETERS, {})
    body: Any = key(ANYTHING)

    @property
    def accepted(self) -> Accepted:
        """What is a good answer to it."""
        return Accepted()

    def fill(self, values: Mapping[str, str], task: Mapping[str, str] | None = None) -> RestRequest:
        """Return the request with the placeholders filled, those of a task too.

        The token of a session is filled when it is sent.
        """
        known = {**values, **(task or {})}
        path = fill_path(self.path, known)
        # What an ID brings along of a query counts more.
        brought = {name for name, _value in parse_qsl(urlsplit(path).query, keep_blank_values=True)}
        query = tuple(
            (name, fill_text(_parameter(value), known)) for name, value in self.query.items() if name not in brought
        )
        if TOKEN in placeholders(self.body):
            return self._request(path, query, lambda access: fill_body(self.body, {**known, TOKEN: access.token}))
        return self._request(path, query, fill_body(self.body, known))

    def _request(self, path: str, query: Params, body: Any) -> RestRequest:
        return RestRequest(path, query, body, self.method, self.accepted)
