# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults: which request one strikes, and what it does to the answer.

A fault sees only requests that no earlier fault of the list has answered, so that a list reads like a script: two times
503, then a reset, then good answers. ``slow``, ``expire_sessions`` and ``set_clock`` let later faults strike the same
request.
"""

from __future__ import annotations

import fnmatch
import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any, Callable

from .faces import Face
from .messages import HTML, JSON, TEXT, Request, Response
from .validation import Fields, ScenarioError, first

#: Kinds after which a later fault may strike the same request as well.
PASSING = frozenset({"slow", "expire_sessions", "set_clock"})
#: How many faults there may be at once: each request looks at all of them.
MOST_FAULTS = 1000
_PAGE = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>Sign in to continue</h1></body></html>\n"
_MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Fault:
    """One fault; ``details`` are what its kind takes, checked. Times are in seconds."""

    kind: str
    path: str | None = None
    method: str | None = None
    after: int = 0
    count: int | None = None
    from_second: float | None = None
    for_seconds: float | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_timed_refusal(self) -> bool:
        """Whether the clock, and not a request, closes the port."""
        return self.kind == "refuse" and self.from_second is not None

    def concerns(self, method: str, path: str) -> bool:
        """Tell whether a request is one of those the fault is about."""
        if self.method is not None and self.method != method:
            return False
        if self.path is None:
            return True
        if any(sign in self.path for sign in "*?["):
            return fnmatch.fnmatchcase(path, self.path)
        return path.startswith(self.path)

    def covers(self, second: float) -> bool:
        """Tell whether the fault is at work so many seconds after it began to count."""
        begins = first(self.from_second, 0.0)
        if second < begins:
            return False
        # The stretch of a refusal that a request triggers is how long the port stays closed afterwards.
        if self.for_seconds is None or (self.kind == "refuse" and not self.is_timed_refusal):
            return True
        return second < begins + self.for_seconds


# Reading

Reader = Callable[[Fields], dict[str, Any]]


def _nothing(fields: Fields) -> dict[str, Any]:
    return {}


def _retry_after(fields: Fields, default: float | None) -> dict[str, Any]:
    """Read Retry-After: seconds or null, written as seconds or as an HTTP date. Some servers send what lies behind."""
    # An explicit null is "without", which number() alone could not tell from "the default".
    without = fields.anything("retry_after", default) is None
    seconds = None if without else fields.number("retry_after", default, minimum=None)
    return {
        "retry_after": seconds,
        "retry_after_form": fields.text("retry_after_form", "seconds", choices=("seconds", "date")),
    }


def _read_status(fields: Fields) -> dict[str, Any]:
    return {
        "status": fields.integer("status", minimum=200, maximum=599),
        "body": fields.anything("body", None),
        "headers": fields.headers("headers"),
        **_retry_after(fields, None),
    }


def _read_redirect(fields: Fields) -> dict[str, Any]:
    location = fields.text("location")
    if any(sign in location for sign in "\r\n"):
        raise fields.error("must not have line breaks", "location")
    return {"status": fields.integer("status", 302, minimum=300, maximum=399), "location": location}


def _read_refuse(fields: Fields) -> dict[str, Any]:
    if not fields.has("for_seconds"):
        raise fields.error("is required by the kind refuse", "for_seconds")
    return {}


_READERS: Mapping[str, Reader] = {
    "bad_json": _nothing,
    "content_type": lambda fields: {"content_type": fields.text("content_type", "text/plain")},
    "drip": lambda fields: {"seconds": fields.number("seconds")},
    "expire_sessions": _nothing,
    "gzip_garbage": _nothing,
    "html": lambda fields: {
        "status": fields.integer("status", 200, minimum=200, maximum=599),
        "body": fields.text("body", _PAGE),
    },
    "huge": lambda fields: {"megabytes": fields.number("megabytes", 8)},
    "id_type": _nothing,
    "over_limit": lambda fields: _retry_after(fields, 1.0),
    "redirect": _read_redirect,
    "refuse": _read_refuse,
    "reset": lambda fields: {"where": fields.text("where", "before", choices=("before", "head", "body"))},
    "set_clock": lambda fields: {"seconds": fields.number("seconds", minimum=None)},
    "slow": lambda fields: {"seconds": fields.number("seconds")},
    "status": _read_status,
    "truncate": _nothing,
    "unauthorized": _nothing,
    "unknown_state": lambda fields: {"state": fields.word("state")},
    "wrong_shape": lambda fields: {"body": fields.anything("body", [])},
}

KINDS = tuple(sorted(_READERS))


def read_fault(fields: Fields) -> Fault:
    """Read one fault of a scenario."""
    kind = fields.text("kind", choices=KINDS)
    method = fields.text("method", None)
    # These happen once unless the scenario says otherwise; for ever would leave nothing to rehearse.
    once = kind in ("expire_sessions", "refuse", "set_clock")
    fault = Fault(
        kind=kind,
        path=fields.text("path", None),
        method=method.upper() if method is not None else None,
        after=fields.integer("after", 0),
        count=fields.integer("count", 1 if once else None, minimum=1),
        from_second=fields.number("from_second", None),
        for_seconds=fields.number("for_seconds", None),
        details=_READERS[kind](fields),
    )
    fields.done()
    return fault


# Striking


@dataclass
class _Entry:
    fault: Fault
    since: float
    skipped: int = 0
    hits: int = 0


class FaultBook:
    """All faults with their counts, safe for the server's threads."""

    def __init__(self, now: Callable[[], float]) -> None:
        """Begin empty; ``now`` gives the seconds since the simulator's start."""
        self._now = now
        self._entries: list[_Entry] = []
        self._lock = threading.Lock()

    def add(self, faults: Sequence[Fault]) -> None:
        """Add faults; their seconds count from now on."""
        with self._lock:
            if len(self._entries) + len(faults) > MOST_FAULTS:
                raise ScenarioError(f"faults must not be more than {MOST_FAULTS} at once")
            self._entries.extend(_Entry(fault, self._now()) for fault in faults)

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._entries.clear()

    def strike(self, method: str, path: str) -> list[Fault]:
        """Return the faults that hit a request, and count the hits."""
        struck = []
        now = self._now()
        with self._lock:
            for entry in self._entries:
                fault = entry.fault
                if fault.is_timed_refusal or not fault.concerns(method, path) or not fault.covers(now - entry.since):
                    continue
                if fault.count is not None and entry.hits >= fault.count:
                    continue
                if entry.skipped < fault.after:
                    entry.skipped += 1
                    continue
                entry.hits += 1
                struck.append(fault)
                if fault.kind not in PASSING:
                    break
        return struck

    def has_timed_refusals(self) -> bool:
        """Tell whether somebody has to look at the clock."""
        with self._lock:
            return any(entry.fault.is_timed_refusal for entry in self._entries)

    def refuses(self) -> bool:
        """Tell whether the clock says that the port is closed now."""
        now = self._now()
        with self._lock:
            return any(
                entry.fault.is_timed_refusal and entry.fault.covers(now - entry.since) for entry in self._entries
            )


# Doing


@dataclass
class Delivery:
    """How an answer goes onto the wire. Waits are in seconds."""

    wait: float = 0.0
    drip: float | None = None
    reset: str | None = None
    truncate: bool = False
    refuse_for: float | None = None


def _header_of(details: Mapping[str, Any]) -> str | None:
    """Return the value of Retry-After."""
    seconds: float | None = details["retry_after"]
    if seconds is None:
        return None
    if details["retry_after_form"] == "date":
        # A real date, whatever clock the simulator runs by: the client compares it with its own.
        return formatdate(time.time() + seconds, usegmt=True)
    return f"{seconds:g}"


def _status(fault: Fault, face: Face, request: Request) -> Response:
    body, status = fault.details["body"], fault.details["status"]
    if body is None:
        response = face.error(request, status)
    elif isinstance(body, str):
        response = Response.of_text(status, body, _type_of(body))
    else:
        response = Response.of_json(status, body)
    retry_after = _header_of(fault.details)
    if retry_after is not None:
        response.headers["Retry-After"] = retry_after
    # A header of the scenario replaces one of the vendor, whatever the case of its name.
    given = {name.lower() for name in fault.details["headers"]}
    response.headers = {name: value for name, value in response.headers.items() if name.lower() not in given}
    response.headers.update(fault.details["headers"])
    return response


def _type_of(body: str) -> str:
    """Guess the type of a body that a scenario gives as text."""
    if body.lstrip().startswith("<"):
        return HTML
    try:
        json.loads(body)
    except ValueError:
        return TEXT
    return JSON


def _huge(fault: Fault, face: Face, request: Request) -> Response:
    """Stream a JSON document that looks right for long, without ever having it in memory."""
    item = json.dumps({"id": "0" * 36, "status": "success", "message": "x" * 900}).encode()
    block = (item + b",") * 64
    blocks = max(1, int(fault.details["megabytes"] * _MEGABYTE) // len(block))

    def parts() -> Iterator[bytes]:
        yield b'{"tasks":['
        for _number in range(blocks):
            yield block
        yield item + b"]}"

    length = len(b'{"tasks":[') + blocks * len(block) + len(item) + 2
    return Response(200, {"Content-Type": JSON}, stream=parts(), stream_length=length)


def _gzip_garbage(fault: Fault, face: Face, request: Request) -> Response:
    body = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + b"\xff\x00garbage" * 8
    return Response(200, {"Content-Type": JSON, "Content-Encoding": "gzip"}, body)


#: Kinds that answer instead of the vendor.
_INSTEAD: Mapping[str, Callable[[Fault, Face, Request], Response]] = {
    "status": _status,
    "unauthorized": lambda _fault, face, request: face.unauthorized(request),
    "over_limit": lambda fault, face, request: face.over_limit(request, _header_of(fault.details)),
    "html": lambda fault, _face, _request: Response.of_text(fault.details["status"], fault.details["body"], HTML),
    "wrong_shape": lambda fault, _face, _request: Response.of_json(200, fault.details["body"]),
    "huge": _huge,
    "redirect": lambda fault, _face, _request: Response(
        fault.details["status"], {"Location": fault.details["location"]}
    ),
    "gzip_garbage": _gzip_garbage,
}


def _bad_json(fault: Fault, face: Face, response: Response) -> Response:
    """Break the text, not the transport: the length is right for what is sent."""
    whole = response.encoded()
    body = whole[: max(1, len(whole) // 2)] if whole else b'{"'
    return Response(200, {**response.headers, "Content-Type": JSON}, body)


def _content_type(fault: Fault, face: Face, response: Response) -> Response:
    response.headers["Content-Type"] = fault.details["content_type"]
    return response


def _unknown_state(fault: Fault, face: Face, response: Response) -> Response:
    if response.has_payload and response.status < 300:
        response.payload = face.replace_state(response.payload, fault.details["state"])
    return response


def _id_type(fault: Fault, face: Face, response: Response) -> Response:
    if response.has_payload and response.status < 300:
        response.payload = face.swap_id_types(response.payload)
    return response


#: Kinds that spoil the vendor's answer.
_SPOILED: Mapping[str, Callable[[Fault, Face, Response], Response]] = {
    "bad_json": _bad_json,
    "content_type": _content_type,
    "id_type": _id_type,
    "unknown_state": _unknown_state,
}

#: Kinds that spoil the way of the vendor's answer.
_ON_THE_WAY: Mapping[str, Callable[[Fault], Delivery]] = {
    "drip": lambda fault: Delivery(drip=fault.details["seconds"]),
    "reset": lambda fault: Delivery(reset=fault.details["where"]),
    "truncate": lambda _fault: Delivery(truncate=True),
}


def perform(
    struck: Sequence[Fault], ask_vendor: Callable[[], Response], face: Face, request: Request
) -> tuple[Response, Delivery]:
    """Answer a request under the faults that hit it.

    Where a fault spoils only the answer or its way (``reset``, ``truncate`` ...), the vendor has done its work: a
    launch that looked failed has started a task, as in life.
    """
    wait = 0.0
    decisive: Fault | None = None
    for fault in struck:
        if fault.kind == "slow":
            wait += fault.details["seconds"]
        elif fault.kind == "expire_sessions":
            face.expire_sessions()
        elif fault.kind == "set_clock":
            face.set_clock(fault.details["seconds"])
        else:
            decisive = fault
    if decisive is None:
        return ask_vendor(), Delivery(wait)
    if decisive.kind == "refuse":
        return Response(503), Delivery(wait, refuse_for=first(decisive.for_seconds, 0.0))
    if decisive.kind in _INSTEAD:
        return _INSTEAD[decisive.kind](decisive, face, request), Delivery(wait)
    response = ask_vendor()
    if decisive.kind in _SPOILED:
        return _SPOILED[decisive.kind](decisive, face, response), Delivery(wait)
    delivery = _ON_THE_WAY[decisive.kind](decisive)
    delivery.wait = wait
    return response, delivery
