# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets are hidden here, and nowhere else, in whatever leaves a run: results, messages, warnings, live lines.

A text is masked first and formatted then: whoever cuts, unescapes or folds a text that is not masked yet lets pieces of
a secret through. ``readable`` of ``text.py`` masks what it is given, so that vendors' words are safe with it. Code that
cuts a text before that calls ``mask`` itself.

A run has one mask, which the process keeps: one that is handed from function to function would be missing where
somebody forgot it. ansible-core keeps its registry of secrets in the same way.
"""

from __future__ import annotations

import base64
import operator
import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache, lru_cache
from html.entities import codepoint2name
from typing import Any
from urllib.parse import parse_qsl, unquote

PLACEHOLDER = "********"
#: Secrets with fewer characters are masked only where they stand alone: a token "7" must not blot digits out of IDs.
LEAST_LENGTH = 8
#: Secrets with fewer characters are too short to be looked for where only their name says that they are secrets. Beside
#: a hyphen, an underscore or a dot they do not stand alone, as in the ID "disk-7".
LEAST_GUESS = 4
#: Below these, keys are the vendor's or the user's. Elsewhere a name in lower case is one of our own and stays.
_FOREIGN = frozenset({"existing", "input", "invocation", "raw", "result"})

_SECRET_NAME = re.compile(
    r"passw|pass[-_]?(phrase|code|key)|(^|[-_. ]|(?-i:[a-z](?=P)))pass$|pwd|secret|token|credential|authorization"
    r"|cookie|signature|session[-_]?id|sas[-_]?ur[il]|connection[-_]?string|^(pin|otp|sas|sig|jwt)$"
    r"|(api|private|access|account|shared|sas|encryption|auth|subscription|functions?|master|signing)[-_]?key",
    re.IGNORECASE,
)
#: These only tell something about a secret: "token_type", "password_file".
_NAME_OF_DETAIL = re.compile(
    r"(type|kind|name|count|length|policy|method|enabled|required|path|file|ttl|lifetime|expir\w*|credential_?id)$",
    re.IGNORECASE,
)
#: A number is secret only where the name ends so: an "access_token_age" is none.
_NAME_OF_NUMBER = re.compile(r"(pass(word|wd|phrase|code|key)?|pwd|secret|token|credential|pin|otp)s?$", re.IGNORECASE)
#: What others have put in a secret's place.
_NO_SECRET = re.compile(r"\**|\$\w+\$|VALUE_SPECIFIED_IN_NO_LOG_PARAMETER|")


class Mask:
    """Knows secrets, and hides them. Safe to use from several threads."""

    def __init__(self) -> None:
        # With a part of each that looks the same in all its forms.
        self._secrets: Mapping[str, str] = {}

    def hide(self, *secrets: str) -> None:
        """Hide these from now on."""
        texts = (
            {form for secret in secrets for form in _written_otherwise(secret.strip())} - {""} - self._secrets.keys()
        )
        self._secrets = {**{text: _anchor(text) for text in texts}, **self._secrets}

    def text(self, text: str) -> str:
        """Return a text with a placeholder where a secret was, however it is escaped."""
        found = [_pattern(secret) for secret, anchor in self._secrets.items() if anchor in text]
        if not found:
            return text
        parts, end = [], -1
        for start, stop in sorted(match.span() for pattern in found for match in pattern.finditer(text)):
            # Where two overlap, nothing of either is left.
            if start > end:
                parts += [text[max(end, 0) : start], PLACEHOLDER]
            end = max(end, stop)
        return "".join([*parts, text[max(end, 0) :]])

    def value(self, value: Any, *, is_ours: bool = True) -> Any:
        """Return what JSON can carry without the secrets in its texts, numbers and keys; itself where it has none.

        ``is_ours``: keys may be names of our own results, which have to stay whatever the secrets are.
        """
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, (int, float)):
            is_secret = len(str(value)) >= LEAST_GUESS and not isinstance(value, bool) and str(value) in self._secrets
            return PLACEHOLDER if is_secret else value
        if isinstance(value, Mapping):
            items: dict[Any, Any] = {}
            is_clean = True
            for key, item in value.items():
                name = key if is_ours and _is_our_name(key) else self.value(key)
                while name in items:
                    name = f"{name}*"
                items[name] = masked = self.value(item, is_ours=is_ours and key not in _FOREIGN)
                is_clean = is_clean and masked is item and name is key
            return value if is_clean else items
        if isinstance(value, (list, tuple)):
            parts = [self.value(item, is_ours=is_ours) for item in value]
            return value if all(map(operator.is_, parts, value)) else parts
        return value


@lru_cache(maxsize=1024)
def _is_our_name(key: object) -> bool:
    return isinstance(key, str) and key.islower() and key.isidentifier()


class _Run:
    """The run that this process does."""

    mask = Mask()


def mask(text: str) -> str:
    """Mask a text by what this run knows to be secret."""
    return _Run.mask.text(text)


@contextmanager
def masking() -> Iterator[Mask]:
    """Give a run, which is the body, a mask of its own."""
    before, _Run.mask = _Run.mask, Mask()
    try:
        yield _Run.mask
    finally:
        _Run.mask = before


def secrets_by_name(data: object) -> Iterator[str]:
    """Yield what is named as a secret in the data: texts and numbers, also in addresses and below such a name."""
    for value, is_secret in _values(data):
        text = str(value)
        if not is_secret:
            yield from _secrets_in_text(text)
            continue
        yield text
        if "://" in text:
            yield from secrets_in_url(text)
        # Of "Bearer abc" somebody may repeat the second word alone.
        yield from text.split()[1:] if text.count(" ") == 1 else ()


_LONG_WORD = re.compile(r"[\w.~+/=:-]{20,}")
#: An address, a path, and the ID of a request, by which its server's log is searched.
_NO_TOKEN = re.compile(r"\w+://|/|req-")


def without_tokens(text: str) -> str:
    """Return a text with placeholders for what may be a token in it: long words of letters and digits."""

    def hidden(found: re.Match[str]) -> str:
        word = found[0]
        is_mixed = re.search(r"\d", word) and re.search(r"[A-Za-z]", word)
        return PLACEHOLDER if is_mixed and not _NO_TOKEN.match(word) else word

    return _LONG_WORD.sub(hidden, text)


def _values(data: object, *, is_secret: bool = False) -> Iterator[tuple[object, bool]]:
    """Yield what can be a secret, and whether a name says so."""
    if isinstance(data, Mapping):
        for name, value in data.items():
            yield from _values(value, is_secret=is_secret or _names_secret(_name_in(data, name), value))
    elif isinstance(data, (list, tuple)):
        for value in data:
            yield from _values(value, is_secret=is_secret)
    elif _can_be_secret(data):
        yield data, is_secret


def without_secrets_by_name(data: Any, *, is_secret: bool = False) -> Any:
    """Return the data with placeholders for what ``secrets_by_name`` finds, however short it is."""
    if isinstance(data, Mapping):
        return {
            name: without_secrets_by_name(value, is_secret=is_secret or _names_secret(_name_in(data, name), value))
            for name, value in data.items()
        }
    if isinstance(data, (list, tuple)):
        return [without_secrets_by_name(value, is_secret=is_secret) for value in data]
    return PLACEHOLDER if is_secret and _can_be_secret(data) else data


def _name_in(data: Mapping[Any, Any], key: object) -> object:
    """Return the name of a value: its key, or in one of a list of pairs the name beside it."""
    return data.get("name", data.get("key", key)) if key == "value" else key


def _names_secret(name: object, value: object) -> bool:
    names = _NAME_OF_NUMBER if isinstance(value, (int, float)) else _SECRET_NAME
    return names.search(str(name)) is not None and _NAME_OF_DETAIL.search(str(name)) is None


def _can_be_secret(value: object) -> bool:
    is_value = isinstance(value, (str, int, float)) and not isinstance(value, bool)
    return is_value and _NO_SECRET.fullmatch(str(value)) is None


#: What a text says to be a secret: in a query, in a connection string, in a command's options, in a header. A word
#: without a digit is none: "a basic installation".
_ASSIGNED = re.compile(
    r"(?<![\w.-])([\w.-]{2,60})=([^\s;&,#\"']+)|\b(?:bearer|basic)\s+(?=\S*[\d=])([\w.~+/=-]{8,})",
    re.IGNORECASE,
)


def _secrets_in_text(text: str) -> set[str]:
    """Return the login in an address, and what a text calls a secret, as in ``password=...``."""
    login = _parts_of_url(text)[0] if "://" in text else ""
    told = [header or value for name, value, header in _ASSIGNED.findall(text) if header or _names_secret(name, value)]
    return _as_written(login.partition(":")[2], *told)


def secrets_in_url(url: str | None) -> set[str]:
    """Return what may be secret in an address: all before its last @, the password in that, and its query."""
    login, query = _parts_of_url(url or "")
    values = (
        value for name, value in parse_qsl(query) if len(value) >= LEAST_LENGTH or _SECRET_NAME.search(name) is not None
    )
    return _as_written(login, login.partition(":")[2], query, *values)


def _parts_of_url(url: str) -> tuple[str, str]:
    """Return the login and the query."""
    query = url.partition("?")[2].partition("#")[0]
    login, at, _host = url.rpartition("@")
    return login.rpartition("//")[2] if at else "", query


def _as_written(*texts: str) -> set[str]:
    return {form for text in texts for form in (text, unquote(text)) if form}


def _written_otherwise(secret: str) -> set[str]:
    """Return a secret with what others make of its whole: its accents put together or apart, and its Base64."""
    forms = {secret}
    if not secret.isascii():
        forms |= {unicodedata.normalize(form, secret) for form in ("NFC", "NFD", "NFKC", "NFKD")}
    if len(secret) >= LEAST_LENGTH:
        data = secret.encode("utf-8", "surrogatepass")
        forms |= {encode(data).decode().rstrip("=") for encode in (base64.b64encode, base64.urlsafe_b64encode)}
    return forms


_WORDS = re.compile(r"[A-Za-z0-9]+")
_LETTERS = re.compile(r"\s+|\\+|.", re.DOTALL)


def _anchor(secret: str) -> str:
    return max(_WORDS.findall(secret), key=len, default="")


@lru_cache(maxsize=256)
def _pattern(secret: str) -> re.Pattern[str]:
    """Return a pattern of all forms of a secret."""
    parts = _LETTERS.findall(secret)
    forms = "".join(_blank_forms(part) if part.isspace() else _forms(part[0]) for part in parts)
    if len(secret) < LEAST_GUESS:
        forms = rf"(?<![\w-])(?<!\w\.)(?:{forms})(?![\w-]|\.\w)"
    elif len(secret) < LEAST_LENGTH:
        forms = rf"(?<![^\W_])(?:{forms})(?![^\W_])"
    return re.compile(forms)


def _blank_forms(blanks: str) -> str:
    """Return a pattern of blanks. Somebody may have folded them: any blanks, and any number of them."""
    letters = "|".join(_forms(letter) for letter in sorted({*blanks, *" \t\n\r\xa0"}))
    return rf"(?:{letters}|\s|\+|\\{{1,7}}[nrtf])+"


@cache
def _forms(letter: str) -> str:
    """Return a pattern of a letter in all its forms: as it is, in an address, in JSON, in HTML, escaped twice too.

    A vendor chooses the text that is searched, and none of it may take long: repetitions have an end, and nothing that
    is repeated matches the same in two ways.
    """
    if letter.isascii() and letter.isalnum():
        return letter
    utf_8 = letter.encode("utf-8", "surrogatepass")
    utf_16 = letter.encode("utf-16-be", "surrogatepass").hex()
    names = [f"#0*{ord(letter)}", f"#[xX]0*{_any_case(f'{ord(letter):x}')}"]
    name = "apos" if letter == "'" else codepoint2name.get(ord(letter))
    forms = [
        f"&(?:amp;)*(?:{'|'.join(names if name is None else [*names, name])});",
        "".join(f"%(?:25)*{_any_case(f'{byte:02x}')}" for byte in utf_8),
        "".join(rf"\\{{1,7}}u{_any_case(utf_16[place : place + 4])}" for place in range(0, len(utf_16), 4)),
    ]
    if letter == "\b":
        forms.append(r"\\{1,7}b")
    # As it is comes last: it may be the beginning of another form.
    if not letter.isspace():
        forms.append(r"\\{1,64}" if letter == "\\" else rf"\\{{0,7}}{re.escape(letter)}")
    return f"(?:{'|'.join(forms)})"


def _any_case(digits: str) -> str:
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in digits)
