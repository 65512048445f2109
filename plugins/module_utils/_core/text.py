# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Making vendors' texts fit into one sentence."""

from __future__ import annotations

import html
import re

from .masking import mask

#: Characters of a vendor's text that are shown. The longest that a vendor's document allows is a title of 40 and a
#: detail of 511 characters, which are told together.
LONGEST_TEXT = 600

#: "< 10 GB and >" is none.
_TAG = re.compile(r"<[/!?a-zA-Z][^<>]{0,200}>")
#: Longer ones name no character, and Python refuses to read numbers of thousands of digits.
_ENTITY = re.compile(r"&(#\d{1,7}|#[xX][\da-fA-F]{1,6}|[a-zA-Z]\w{1,31});", re.ASCII)
#: Soft hyphens, blanks without width and marks of a text's direction: a reader does not see them.
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\s]+")


def readable(text: str, *, limit: int = LONGEST_TEXT) -> str:
    """Return a vendor's text without HTML tags, entities, line breaks and control characters, cut at ``limit``.

    Secrets in it are masked first. Give it the whole text: what was cut out of it before may be half a secret.
    """
    # More than this is never shown; a page of megabytes need not be searched for tags.
    # Masked as it is, because a secret may have an entity or an unseen letter in itself; and once more without those.
    shown = mask(_with_letters(mask(text)[: 200 * limit]))[: 20 * limit]
    plain = _ENTITY.sub(lambda found: html.unescape(found[0]), _TAG.sub(" ", shown))
    plain = _CONTROL.sub(" ", _UNSEEN.sub("", plain)).strip()
    return plain if len(plain) <= limit else f"{plain[: limit - 1].rstrip()}…"


def _with_letters(text: str) -> str:
    """Return a text without what keeps the mask from a secret: letters as entities, and what nobody sees."""

    def letter(entity: re.Match[str]) -> str:
        found = html.unescape(entity[0])
        return found if found.isascii() and found.isalnum() else entity[0]

    return _ENTITY.sub(letter, _UNSEEN.sub("", text))


def sentence(text: str) -> str:
    """Return the text with a full stop at its end."""
    text = text.strip()
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def capitalised(text: str) -> str:
    """Return the text with a capital letter at its beginning."""
    return text[:1].upper() + text[1:]


def listed(words: list[str], conjunction: str = "and") -> str:
    """Join words as a sentence does: "a", "a and b", "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {conjunction} {words[-1]}"


def seconds_in_words(seconds: float) -> str:
    """Write a duration for people: "0.4 s", "42 s", "12 min 40 s", "2 h 05 min"."""
    if seconds < 9.95:
        return f"{round(seconds, 1):g} s"
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if minutes else f"{hours} h"
