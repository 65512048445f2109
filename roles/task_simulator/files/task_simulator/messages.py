# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests and responses as plain values, so that a vendor's face can be tested and read without sockets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

JSON = "application/json"
HTML = "text/html; charset=UTF-8"
TEXT = "text/plain; charset=UTF-8"


class BadJsonError(ValueError):
    """The request's body is not JSON."""


@dataclass(frozen=True)
class Request:
    """One request as it came in; ``path`` is still percent-encoded and has no query."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    scheme: str = "http"
    authority: str = "localhost"

    def header(self, name: str) -> str:
        """Return a header's value, whatever the case of its name; empty when it was not sent."""
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), "")

    @property
    def base_url(self) -> str:
        """Scheme and authority as the client wrote them: what links in answers have to start with."""
        return f"{self.scheme}://{self.authority}"

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """The query's parameters in their order, empty ones included."""
        return parse_qsl(self.query, keep_blank_values=True)

    def json(self) -> Any:
        """Return the decoded body."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise BadJsonError(str(error)) from error


class _Nothing:
    """Stands for "this answer has no JSON payload", because ``None`` is a payload."""


NOTHING = _Nothing()


@dataclass
class Response:
    """One answer. A ``payload`` is encoded late, so that a fault can still change what a vendor says."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    payload: Any = NOTHING
    stream: Iterator[bytes] | None = None
    stream_length: int = 0

    @classmethod
    def of_json(cls, status: int, payload: Any, headers: Mapping[str, str] | None = None) -> Response:
        """Answer with a JSON document."""
        return cls(status, {"Content-Type": JSON, **(headers or {})}, payload=payload)

    @classmethod
    def of_text(
        cls, status: int, text: str, content_type: str = TEXT, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Answer with text of any type."""
        return cls(status, {"Content-Type": content_type, **(headers or {})}, text.encode())

    @property
    def has_payload(self) -> bool:
        """Whether the answer is a JSON document that a fault may still change."""
        return self.payload is not NOTHING

    def encoded(self) -> bytes:
        """Return the body as it goes onto the wire."""
        if self.has_payload:
            return json.dumps(self.payload, ensure_ascii=False).encode()
        return self.body


def reason(status: int) -> str:
    """Return the standard phrase of a status code; empty for a code that has none."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
