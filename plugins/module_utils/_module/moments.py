# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that are a moment."""

from __future__ import annotations

import re
from datetime import datetime, timezone

from .._core.errors import OptionError
from .._core.task import format_time, parse_time

_SECONDS = re.compile(r"\d{1,11}(\.\d+)?")
_ZONE = re.compile(r"([Zz]|[+-]\d\d:?\d\d)$")
_WITHOUT_SECONDS = re.compile(r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d)(?!:)")
#: An earlier moment in seconds since 1970, before September 2001, is none: somebody means seconds from now.
_LEAST_SECONDS = 1e9
_FORMS = "a time with its zone, such as 2026-11-22T07:30:00Z, or seconds since 1970, such as 1795332600"


def read_moment(text: str | None, option: str) -> datetime | None:
    """Return a time as vendors write it; one without a zone is in UTC.

    Raises:
        OptionError: it is none.
    """
    if text is None:
        return None
    moment = parse_time(text)
    if moment is None:
        raise OptionError(option, f"{option} is {text!r}; it has to be a time such as 2026-11-22T07:30:00Z")
    return moment


def read_deadline(text: str | None) -> datetime | None:
    """Return a moment that means the same everywhere: a time with its zone, or seconds since 1970.

    Raises:
        OptionError: it is none.
    """
    if text is None:
        return None
    text = text.strip()
    if _SECONDS.fullmatch(text):
        return _since_1970(text)
    moment = parse_time(_WITHOUT_SECONDS.sub(r"\1:00", text))
    if moment is None:
        raise OptionError("deadline", f"deadline is {text!r}; it has to be {_FORMS}")
    if not _ZONE.search(text):
        raise OptionError(
            "deadline",
            f"deadline is {text!r}, a time without a zone. Add the zone, as in {text}Z for UTC or {text}+01:00",
        )
    return moment


def _since_1970(text: str) -> datetime:
    moment = datetime.fromtimestamp(float(text), timezone.utc)
    if float(text) < _LEAST_SECONDS:
        raise OptionError(
            "deadline",
            f"deadline is {text}, which is the time {format_time(moment)}. For seconds from now, set timeout. Else "
            f"give {_FORMS}",
        )
    return moment
