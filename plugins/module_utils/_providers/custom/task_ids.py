# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an ID looks like, and which ID is meant by an address or by an answer."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit

from ..._api.addresses import bad_id, on_same_server
from ..._core.errors import OptionError
from .keys import PATH, TEXT, Kind, key, mistake
from .templates import fill_text

#: Characters of an ID that a pattern is tried on, and the bits of work that this may be: see ``_work_of``.
LONGEST_ID = 255
_MOST_WORK = 24
_REGEX_TOKENS = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\((?:\?(?:P<\w+>|[:=!]|<[=!]))?|\)|[*+?]\??|\{\d*,?\d*\}\??|.", re.DOTALL
)


@dataclass(frozen=True)
class IdTemplate:
    """How an ID is put together of parts, or where an address has it: texts around names."""

    text: str
    #: Every name ends where the text after it begins, so that this takes no longer than the ID is long.
    pattern: str

    def parts(self, task_id: str) -> dict[str, str] | None:
        """Return the parts of an ID by their names, None where it is not put together like this."""
        found = re.fullmatch(self.pattern, task_id)
        return None if found is None else found.groupdict()

    def parts_at_end(self, path: str) -> dict[str, str] | None:
        """Return the parts that the end of an address's path has, None where it ends in another way."""
        found = re.search(f"{self.pattern}/?\\Z", path)
        return None if found is None else {name: unquote(part) for name, part in found.groupdict().items()}


@dataclass(frozen=True)
class TaskIds:
    """What an ID looks like, and what is one of what a user can give for it."""

    pattern: str | None = None
    hint: str = ""
    #: Where an address has the ID, or its parts.
    address: IdTemplate | None = None
    parts: IdTemplate | None = None
    #: Whether an ID can be a path or an address as it is.
    is_path: bool = False

    @property
    def placeholders(self) -> tuple[str, ...]:
        """The names of the placeholders of a task: its ID, and the parts of it."""
        names = () if self.parts is None else re.compile(self.parts.pattern).groupindex
        return ("id", *(f"id.{name}" for name in names))

    def values(self, task_id: str) -> dict[str, str]:
        """Return what the placeholders of a task stand for.

        Raises:
            OptionError: the ID does not have its parts.
        """
        if self.parts is None:
            return {"id": task_id}
        parts = self.parts.parts(task_id)
        if parts is None:
            raise bad_id(f"contains {task_id!r}; an ID of this API looks like {self.parts.text}")
        return {"id": task_id, **{f"id.{name}": part for name, part in parts.items()}}

    def read(self, given: str, api_url: str) -> str:
        """Return the ID in what a user gave for it.

        Raises:
            OptionError: there is none.
        """
        if given.startswith("/") and self.address is not None:
            # The path of an address.
            try:
                given = urljoin(f"{api_url}/", given)
            except ValueError:
                raise bad_id(f"contains {given!r}, which is no path: remove one of the first two slashes") from None
        if not given.startswith(("http://", "https://")):
            return given
        # Its query can hold a signature.
        shown = f"the address {given.partition('?')[0]}"
        if "@" in shown:
            raise bad_id("contains an address with a login, or an @, in it")
        if not self.is_path and self.address is None:
            raise bad_id(
                f"contains {shown}, but this API takes an ID. To take "
                "addresses too, say with task_id.address in the definition where they have it"
            )
        try:
            target = on_same_server(api_url, given)
        except ValueError:
            target = None
        if target is None:
            raise bad_id(f"contains {shown}, and api_url is {api_url}: the login is for that server only")
        if self.address is None:
            return given
        parts = self.address.parts_at_end(urlsplit(given).path)
        if parts is None:
            what = f"which does not end like {self.address.text}, as task_id.address in the definition says"
            raise bad_id(f"contains {shown}, {what}")
        return parts["id"] if self.parts is None or "id" in parts else fill_text(self.parts.text, parts)

    def is_same(self, found: str, asked: str) -> bool:
        """Whether an answer's ID is the one that was asked for: a path's end and a part of an ID will do."""
        names = {asked.casefold()}
        if self.is_path:
            path = urlsplit(asked).path.rstrip("/").casefold()
            return found.casefold() in names or f"/{path}".endswith(f"/{found.strip('/').casefold()}")
        if self.parts is not None:
            names |= {part.casefold() for part in (self.parts.parts(asked) or {}).values()}
        return found.casefold() in names


@dataclass(frozen=True)
class TaskIdKeys:
    """What a definition says about IDs."""

    pattern: str | None = key(Kind({"type": "string", "maxLength": 500}))
    words: str | None = key(TEXT)
    address: str | None = key(Kind({**PATH.schema, "maxLength": 500}))
    parts: str | None = key(Kind({"type": "string", "maxLength": 500}))


def read_task_ids(given: TaskIdKeys, *, is_path: bool) -> TaskIds:
    """Read what a definition says about IDs.

    Raises:
        OptionError: it is wrong.
    """
    if (given.pattern is None) != (given.words is None):
        missing = "pattern" if given.pattern is None else "words"
        raise OptionError("definition", f"definition is wrong at $.task_id: {missing} is missing")
    parts = None if given.parts is None else _id_template(given.parts, "$.task_id.parts", ".")
    address = None if given.address is None else _id_template(given.address, "$.task_id.address", "[^/]")
    names = {"id"} if parts is None else {"id", *re.compile(parts.pattern).groupindex}
    if address is not None:
        found = {*re.compile(address.pattern).groupindex}
        if not found <= names or ("id" not in found and found != names - {"id"}):
            needed = "{id}" if parts is None else f"{{id}}, or all parts of {parts.text}"
            raise mistake(f"$.task_id.address has to have {needed}, and nothing else")
    pattern = None if given.pattern is None else _pattern(given.pattern)
    return TaskIds(pattern, given.words or "", address, parts, is_path)


def _id_template(text: str, path: str, last: str) -> IdTemplate:
    """Read a text with names in it. ``last``: what a name at the end of the text can hold."""
    pieces = re.split(r"\{(\w+)\}", text)
    literals, names = pieces[::2], pieces[1::2]
    if not names or len({*names}) < len(names) or "" in literals[1:-1] or any(set("{}") & {*word} for word in literals):
        raise mistake(f"{path} needs names in braces, each once, with a text between any two of them")
    pattern = re.escape(literals[0])
    for name, literal in zip(names, literals[1:]):
        inside = (
            f"[^{re.escape(literal[0])}/]"
            if literal and last != "."
            else f"[^{re.escape(literal[0])}]"
            if literal
            else last
        )
        pattern += f"(?P<{name}>{inside}+){re.escape(literal)}"
    return IdTemplate(text, pattern)


def _pattern(text: str) -> str:
    try:
        with warnings.catch_warnings():
            # Of what will mean something else one day.
            warnings.simplefilter("error")
            re.compile(text)
    except (re.error, RecursionError, OverflowError, Warning) as error:
        raise mistake(f"$.task_id.pattern is not a regular expression: {error}") from None
    if _work_of(text) > _MOST_WORK:
        raise mistake(
            "$.task_id.pattern could run forever on some texts: do not repeat a group with a repetition or "
            "a | in it, use *, + and the like at most three times, and no back references"
        )
    return text


def _work_of(pattern: str) -> int:
    """Return how many bits the number of ways has in which a pattern can be tried on an ID, at the most."""
    work = 0
    #: For each open group, and for the group that was read last: whether there is more than one way to match it.
    groups, last = [False], False
    pieces = _REGEX_TOKENS.findall(pattern)
    if ("(", "?") in zip(pieces, pieces[1:]):
        return _MOST_WORK + 1
    for piece in pieces:
        own, is_choice = 0, False
        if piece.startswith("("):
            groups.append(False)
        elif piece == ")":
            last = groups.pop()
            groups[-1] |= last
            continue
        elif piece == "|":
            own, is_choice = 1, True
        elif piece[0] in "*+?{" and piece != "{":
            _low, comma, high = piece.strip("{}?").partition(",")
            is_choice = piece[0] != "{" or bool(comma)
            bounded = high.isdecimal() or piece[0] == "?"
            own = 1 if piece[0] == "?" else 0 if not is_choice else 8 if not bounded else min(8, int(high).bit_length())
            if last and piece[0] != "?":
                return _MOST_WORK + 1
        elif re.fullmatch(r"\\[1-9]|\(\?.*", piece):
            return _MOST_WORK + 1
        last = False
        groups[-1] |= is_choice
        work += own
    return work
