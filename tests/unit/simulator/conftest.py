# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the simulator's tests: a clock moved by hand, simulators that are stopped, a small HTTP client."""

from __future__ import annotations

import contextlib
import http.client
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from task_simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: 2014-02-26T03:02:23Z, the moment at which the vendor's own example begins.
EPOCH = 1393383743.0


class HandClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One request, one connection; never follows, never retries."""

    def __init__(self, url: str, token: str = "") -> None:
        self.netloc = urlsplit(url).netloc
        self.token = token

    def send(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        sent = {"Accept": "application/json", **(headers or {})}
        if self.token:
            sent.setdefault("X-Auth-Token", self.token)
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        with contextlib.closing(http.client.HTTPConnection(self.netloc, timeout=60)) as connection:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, path: str, body: Any) -> Answer:
        return self.send("POST", path, body)


@pytest.fixture
def files() -> Path:
    return Path(__file__).resolve().parents[3] / "roles" / "task_simulator" / "files"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def play(clock: HandClock) -> Iterator[Callable[..., Simulator]]:
    """Start simulators from keyword arguments that are the scenario's top-level keys."""
    with contextlib.ExitStack() as stack:

        def start(**scenario: Any) -> Simulator:
            return stack.enter_context(Simulator(scenario, clock=clock, epoch=EPOCH))

        yield start


@pytest.fixture
def client() -> Callable[[Simulator, str], Client]:
    """Make a client of a simulator, with a token or without."""

    def make(simulator: Simulator, token: str = "") -> Client:
        return Client(simulator.url, token)

    return make
