# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which lists and launches of tasks Glance refuses, and which launches fail only later.

All of it is confirmed on a real Glance 33: the words, and the order in which it looks.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit

from ..messages import BadJsonError, Request
from .base import RefusedError, is_uuid_like
from .glance_schemas import TASK_STATES, mismatch

#: What a list's query holds beside filters, and the columns of Glance's table of tasks: a filter is one of them.
_PAGING = ("limit", "marker", "sort_dir", "sort_key")
_COLUMNS = ("id", "image_id", "owner", "request_id", "status", "type", "user_id")
_TIMES = ("created_at", "deleted_at", "expires_at", "updated_at")
SORT_KEYS = (*_COLUMNS, *_TIMES, "deleted")
#: Other attributes of a row, which no value equals. Any other name filters nothing.
_ATTRIBUTES = (
    "delete",
    "get",
    "items",
    "iteritems",
    "keys",
    "metadata",
    "next",
    "registry",
    "save",
    "update",
    "values",
)
#: What a task of each type needs in its input.
_NEEDED = {
    "import": ("import_from", "import_from_format", "image_properties"),
    "api_image_import": ("image_id",),
    "location_import": ("image_id", "loc_url", "validation_data"),
}
#: The ports from which Glance fetches as it is set at first.
_PORTS = (None, 80, 443)
Filters = Sequence[tuple[str, str]]


def split_query(parameters: Iterable[tuple[str, str]]) -> tuple[dict[str, str], Filters]:
    """Return what a query says of pages and order, whose first word counts, and the filters, all of which count."""
    paging: dict[str, str] = {}
    filters = []
    for name, value in parameters:
        if name in _PAGING and name not in paging:
            paging[name] = value
        else:
            filters.append((name, value))
    return paging, filters


def check_query(paging: Mapping[str, str], filters: Filters) -> None:
    """Refuse what Glance refuses before it asks its database."""
    if paging.get("sort_dir", "desc") not in ("asc", "desc"):
        raise RefusedError(f"Invalid sort direction: {paging['sort_dir']}")
    last = dict(filters)
    # An empty filter passes the check and then finds nothing; the check of types was never taught the newer ones.
    for name, known in (("status", TASK_STATES), ("type", ("import",))):
        if last.get(name) and last[name] not in known:
            raise RefusedError(f"Invalid {name} value: {last[name]}")
    if paging.get("marker") and not is_uuid_like(paging["marker"]):
        raise RefusedError("Invalid marker format")
    try:
        limit = int(paging.get("limit", "0"))
    except ValueError:
        raise RefusedError("limit param must be an integer") from None
    if limit < 0:
        raise RefusedError("limit param must be positive")


def check_columns(paging: Mapping[str, str], filters: Filters) -> None:
    """Refuse what Glance's database refuses; that of a filter is an error which nobody catches."""
    if paging.get("sort_key", "id") not in (*SORT_KEYS, "info"):
        raise RefusedError("Sort key supplied was not valid.")
    if paging.get("sort_key") == "info" or any(
        name == "info" or (name in _TIMES and _time(value) is None) for name, value in filters
    ):
        raise RefusedError("", 500)


def fits(row: Mapping[str, Any], filters: Filters) -> bool:
    """Tell whether a task fits all filters."""
    return all(_fits(row, name, value) for name, value in filters)


def _fits(row: Mapping[str, Any], name: str, value: str) -> bool:
    if name in _COLUMNS:
        return name in row and str(row[name]) == value
    if name in _TIMES:
        return name in row and _time(str(row[name])) == _time(value)
    return name not in _ATTRIBUTES and not name.startswith("__")


def _time(text: str) -> datetime | None:
    """Read a moment as a database does; None when it cannot."""
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def read_launch(request: Request) -> Mapping[str, Any]:
    """Return the body of a launch that becomes a task."""
    if not request.body:
        raise RefusedError("Body expected in request.")
    try:
        body = request.json()
    except BadJsonError:
        raise RefusedError("Malformed JSON in request body.") from None
    if not isinstance(body, (list, Mapping)):
        raise RefusedError("Unexpected body type. Expected list/dict.")
    for name in ("type", "input"):
        if name not in body:
            raise RefusedError(f"Task '{name}' is required")
    if isinstance(body, list):
        raise RefusedError("", 500)
    words = mismatch(body)
    if words:
        raise RefusedError(f"Provided object does not match schema 'task': {words}")
    if body["type"] == "import":
        _check_source((body["input"] or {}).get("import_from"))
    elif body["input"] is None:
        raise RefusedError("", 500)
    return body


def _check_source(source: Any) -> None:
    """Refuse an address from which Glance would not fetch."""
    if not source:
        raise RefusedError(f"Invalid location: {source}")
    if not isinstance(source, str):
        raise RefusedError("", 500)
    if source.startswith(("file:///", "filesystem:///")):
        raise RefusedError("File based imports are not allowed. Please use a non-local source of image data.")
    if not source.startswith(("http://", "https://")):
        words = "The given uri is not valid. Please specify a valid uri from the following list of supported uri"
        raise RefusedError(f"{words} ['http']")
    if not _passes_filter(source):
        raise RefusedError(f"URI for legacy import task does not pass filtering: {source}")


def _passes_filter(source: str) -> bool:
    """Tell whether Glance's filter, as it is set at first, lets an address through; no name is looked up here."""
    try:
        parts = urlsplit(source)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        # A number is an address in disguise.
        is_local = host in ("", "localhost") or host.replace(".", "").isdigit()
    else:
        is_local = address.is_loopback or address.is_link_local or address.is_unspecified
    return not is_local and port in _PORTS


def later_problem(task_type: str, given: Mapping[str, Any]) -> str:
    """Return the words with which a launched task fails; empty when it succeeds."""
    if task_type != "import" and not given:
        return f"Input to {task_type} task is empty."
    lacking = next((name for name in _NEEDED.get(task_type, ()) if name not in given), None)
    if lacking is not None:
        is_by_api = task_type == "api_image_import"
        return f"Missing required '{lacking}' field" if is_by_api else f"Input does not contain '{lacking}' field"
    # Tasks of the other types are the API's own: it prepares an image for them, which nobody has done here.
    properties = given.get("image_properties") if task_type == "import" else None
    is_good = isinstance(properties, Mapping) and properties.get("container_format") not in (None, "")
    return "" if is_good else "Task failed due to Internal Error"
