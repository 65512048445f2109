# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an answer holds: JSON or XML, or the words of a refusal. Its label does not count, only what can be read."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple
from xml.parsers.expat import ExpatError

from .._core.text import readable
from .http_client import HttpResponse

try:
    import xmltodict

    HAS_XMLTODICT = True
except ImportError:
    HAS_XMLTODICT = False

#: Values in one answer: 10,000 tasks of 100 fields. More would take seconds and hundreds of megabytes.
MOST_VALUES = 1_000_000
#: Objects and lists inside each other. No vendor comes near it.
_DEEPEST = 100
#: Python reads whole numbers of 4300 digits by default.
_MOST_DIGITS = 1000
#: Bytes of a text that are looked at for words to show, and entries of a list or an object.
_MOST_TEXT, _MOST_ENTRIES = 20_000, 20

#: What can stand before the root of XML, but for a document type, with which all entities come.
_PROLOG = re.compile(r"\ufeff?\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*)*", re.DOTALL)
_ENCODING = re.compile(rb"""<\?xml[^<>?]*\sencoding=["'](iso-8859-1|iso-8859-15|windows-1252)["']""", re.IGNORECASE)

_HALF_A_PAIR = re.compile(r"\\u[dD][89a-fA-F]")
#: In a page of HTML they hold no words, or those of the first heading.
_NOT_SHOWN = re.compile(r"<(/?)(?:title|style|script)\b[^<>]{0,200}>", re.IGNORECASE)

#: Where errors have their words and codes, in lower case and without "_", the best first.
_WORDS = (
    "message",
    "errordescription",
    "detail",
    "msg",
    "errormsg",
    "errormessage",
    "text",
    "faultstring",
    "explanation",
    "reason",
    "statusmessage",
    "usermessage",
    "localizedmessage",
    "error",
    "description",
    "defaultmessage",
    "title",
)
_CODES = ("errorcode", "code", "messageid", "status", "error")
#: Where they have several: JSON:API and others, Redfish (DSP0266), Cisco APIC, and others.
_REDFISH = "@message.extendedinfo"
_LISTS = (_REDFISH, "errors", "imdata", "messages", "errormessages", "messagelist")


class TooManyValuesError(ValueError):
    """More values than can be read in time."""


def json_of(response: HttpResponse) -> Any:
    """Return the JSON of an answer, in any encoding of Unicode, as values that can be written down.

    Raises:
        TooManyValuesError: it is too much.
        ValueError: it is none.
        RecursionError: it is nested so deeply that something that walks it, down to Ansible itself, would break.
    """
    # Those inside texts count too; it is a bound and no measure.
    if sum(map(response.body.count, (b"{", b"[", b","))) > MOST_VALUES:
        raise TooManyValuesError
    text = response.text
    # While the parser runs, no signal is heard but in functions of ours that it calls.
    data = json.loads(text, object_hook=_as_it_is, parse_float=_finite, parse_int=_whole, parse_constant=_no_number)
    _check_depth(data)
    return _printable(data) if _HALF_A_PAIR.search(text) else data


def _check_depth(data: Any) -> None:
    level = [data]
    for _depth in range(_DEEPEST):
        level = [
            child
            for item in level
            if isinstance(item, (dict, list))
            for child in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return
    raise RecursionError


def xml_of(response: HttpResponse) -> Any:
    """Return the XML of an answer as xmltodict gives it: elements are keys, attributes have an ``@`` before the name.

    Raises:
        TooManyValuesError: it is too much.
        ValueError: it is none, or has a document type: there are no entities but those that every XML has.
        RecursionError: it is nested too deeply.
    """
    if sum(map(response.body.count, (b"<", b"="))) > MOST_VALUES:
        raise TooManyValuesError
    declared = _ENCODING.match(response.body)
    text = response.text if declared is None else response.body.decode(declared[1].decode(), "replace")
    prolog = _PROLOG.match(text)
    if prolog is not None and text.startswith("<!", prolog.end()):
        raise ValueError("a document type")
    try:
        data = xmltodict.parse(text)
    except ExpatError as error:
        raise ValueError(str(error)) from None
    _check_depth(data)
    return data


class Format(NamedTuple):
    """How an API writes its answers: the name for people, what a request asks for, and what reads one."""

    name: str
    media_type: str
    read: Callable[[HttpResponse], Any]


JSON = Format("JSON", "application/json", json_of)
XML = Format("XML", "application/xml", xml_of)


def _as_it_is(data: dict[str, Any]) -> dict[str, Any]:
    return data


def _finite(text: str) -> float | None:
    """Read a number; None for one beyond all bounds, which could not be written as JSON again."""
    number = float(text)
    return number if math.isfinite(number) else None


def _whole(text: str) -> int | None:
    """Read a number; None for one that Python refuses to read, or takes long for."""
    return int(text) if len(text) <= _MOST_DIGITS else None


def _no_number(_name: str) -> None:
    """Read NaN and Infinity, which are no JSON but are written by some, as null."""


def _printable(data: Any) -> Any:
    """Replace halves of surrogate pairs, which JSON can escape and no UTF-8 output can carry."""
    if isinstance(data, str):
        return data.encode("utf-8", "replace").decode()
    if isinstance(data, list):
        return [_printable(item) for item in data]
    if isinstance(data, dict):
        return {_printable(key): _printable(value) for key, value in data.items()}
    return data


def excerpt(response: HttpResponse) -> str:
    """Return the beginning of an answer, for a message."""
    return readable(response.beginning(_MOST_TEXT), limit=120)


def vendor_words(response: HttpResponse, form: Format = JSON) -> tuple[str | None, str]:
    """Return the vendor's own error code, if any, and its words, from an error answer of any usual shape."""
    beginning = response.beginning(_MOST_TEXT)
    try:
        found = find_words(form.read(response))
    except (ValueError, RecursionError):
        shown, *rest = _NOT_SHOWN.split(beginning)
        # Each tag is followed by its slash, if any, and by a text, which is shown after an end tag.
        shown += " ".join(text for slash, text in zip(rest[::2], rest[1::2]) if slash)
        found = None, readable(shown, limit=300)
    return found if found is not None and found[1] else (None, readable(beginning, limit=300))


def find_words(data: object) -> tuple[str | None, str] | None:
    """Return the code and the words of an error of any usual shape; None where there are no words."""
    told = list(_told(data, are_words=not isinstance(data, Mapping)))
    if not told:
        return None
    return next((code for code, _words in told if code is not None), None), readable(_joined(told))


def _joined(told: list[tuple[str | None, str]]) -> str:
    return "; ".join(words for _code, words in told)


def _told(value: object, *, are_words: bool) -> Iterator[tuple[str | None, str]]:
    """Yield codes and words. ``are_words`` says that a text is one to show, since what it stands in is."""
    if isinstance(value, str) and are_words and readable(value):
        yield None, readable(value)
    elif isinstance(value, list):
        for item in value[:_MOST_ENTRIES]:
            yield from _told(item, are_words=are_words)
    elif isinstance(value, Mapping):
        fields = {str(name).lower().replace("_", ""): item for name, item in islice(value.items(), _MOST_ENTRIES)}
        own = next((name for name in _WORDS if isinstance(fields.get(name), str) and readable(fields[name])), None)
        several = [fields[name] for name in (*_LISTS, *_WORDS) if isinstance(fields.get(name), (list, Mapping))]
        parts = [part for item in several for part in _told(item, are_words=True)]
        if own is not None or parts:
            yield _of_error(fields, own, parts)
            return
        # Some wrap it once more, as in {"badRequest": {"message": ...}}, or name the field that is wrong.
        for name, item in islice(value.items(), _MOST_ENTRIES):
            for code, words in _told(item, are_words=are_words):
                yield code, words if isinstance(item, Mapping) or not are_words else f"{name}: {words}"


def _of_error(
    fields: Mapping[str, Any], own: str | None, parts: list[tuple[str | None, str]]
) -> tuple[str | None, str]:
    """Return the code and the words of one error: its own, and those of its parts, which say more."""
    codes = [code for code, _words in parts]
    codes += [_code(fields.get(name)) for name in _CODES if name != own]
    words = "" if own is None else readable(fields[own])
    place = fields.get("loc", fields.get("field"))
    if words and place:
        words = f"{'.'.join(map(str, place)) if isinstance(place, list) else place}: {words}"
    more = _joined(parts)
    if _REDFISH in fields or not words or words in more:
        words = more or words
    elif more and more not in words:
        words = f"{words.rstrip('.:')}: {more}"
    return next((code for code in codes if code), None), words


def _code(value: object) -> str | None:
    return readable(str(value), limit=100) if isinstance(value, (str, int)) and not isinstance(value, bool) else None
