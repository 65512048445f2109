# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A vendor on the simulator, and the modules' work against it: over real sockets, on one clock moved by hand."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._api.http_client import HttpRequest, RequestsClient
from ansible_collections.longrunning.tasks.plugins.module_utils._api.tls import TlsOptions
from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import WaitError
from ansible_collections.longrunning.tasks.plugins.module_utils._module import task_wait
from ansible_collections.longrunning.tasks.plugins.module_utils._module.context import Context
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS
from task_simulator import Simulator

from .fake_clock import WALL_START, FakeClock
from .fake_provider import Run
from .session import SocketSession
from .vendors import Vendor, at


class Stage:
    """A simulator with a vendor's tasks, and the modules' work with it. Its clock is theirs too."""

    def __init__(
        self, stack: contextlib.ExitStack, vendor: Vendor, *tasks: Mapping[str, Any], port: int = 0, **scenario: Any
    ) -> None:
        self.vendor = vendor
        self.clock = FakeClock()
        self.warnings: list[str] = []
        credentials = {vendor.face: {**vendor.credentials, **scenario.pop("credentials", {})}}
        self.simulator = Simulator(
            {"tasks": list(tasks), "credentials": credentials, **scenario},
            port=port,
            clock=self.clock.monotonic,
            epoch=WALL_START.timestamp(),
        )
        stack.callback(self.simulator.stop)
        #: Where the work goes: another server can stand in the simulator's place.
        self.url = self.simulator.url
        self.login = vendor.options(vendor.timeless_login)

    def start(self) -> Stage:
        """Let the simulator listen until the test is over."""
        self.simulator.start()
        return self

    def run(self, work: Callable[[Context], Mapping[str, Any]], *, check_mode: bool = False, **params: Any) -> Any:
        """Do a module's work as its runner does, with the defaults of its options."""
        provider = PROVIDERS[self.vendor.name]
        with SocketSession(provider=provider, clock=self.clock, **at(self.url, self.login)) as session:
            context = session.context(Run(work, session.provider, **params).params, check_mode=check_mode)
            try:
                return work(context)
            finally:
                session.close()
                self.warnings += session.warnings

    def wait(self, *numbers: int, **params: Any) -> Any:
        """Wait for the tasks with these numbers, or for ``launch_results``."""
        if numbers:
            params["task_ids"] = [self.vendor.task_id(number) for number in numbers]
        return self.run(task_wait.run, **{"return_history": True, **params})

    def fails(self, *numbers: int, **params: Any) -> Any:
        """Wait likewise, and return what a failure returns."""
        with pytest.raises(WaitError) as caught:
            self.wait(*numbers, **params)
        return caught.value.to_result()

    def launch(self) -> dict[str, Any]:
        """Start a task as a playbook does, and return what ansible.builtin.uri would register."""
        launch = self.vendor.launch
        headers = dict(launch.headers)
        with contextlib.closing(RequestsClient(TlsOptions())) as http:
            if launch.session is not None:
                path, name = launch.session
                login = http.send(HttpRequest("POST", f"{self.url}{path}", headers=headers), 5.0)
                headers = {name: json.loads(login.text)["session_id"]}
            url = f"{self.url}{launch.path}"
            answer = http.send(HttpRequest("POST", url, headers=headers, json=launch.body), 5.0)
        assert answer.status in range(200, 300), answer
        return {"changed": False, "status": answer.status, "json": json.loads(answer.text), "url": url}

    @property
    def lists(self) -> int:
        """How many pages of lists the vendor was asked for."""
        return self.asked(self.vendor.list_request)

    @property
    def singles(self) -> int:
        """How many times the vendor was asked for one task."""
        return self.asked(self.vendor.single_request)

    def asked(self, request: str) -> int:
        """How often the vendor was sent this request, such as ``GET /v2/tasks/{id}``."""
        count: int = self.simulator.requests()["by_path"].get(request, 0)
        return count
