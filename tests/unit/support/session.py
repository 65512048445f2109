# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A provider made from connection options as a module makes it, with HTTP out of a script or over real sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ansible_collections.longrunning.tasks.plugins.module_utils._api.http_client import RequestsClient
from ansible_collections.longrunning.tasks.plugins.module_utils._core.clock import Deadline
from ansible_collections.longrunning.tasks.plugins.module_utils._module.context import Context
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.connecting import connection_options
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.contract import (
    Launch,
    ProviderTools,
    TaskQuery,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS
from ansible_collections.longrunning.tasks.plugins.module_utils._work.reading import list_tasks

from .fake_clock import FakeClock
from .fake_http import FakeHttp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.longrunning.tasks.plugins.module_utils._api.http_client import HttpRequest
    from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import Task
    from ansible_collections.longrunning.tasks.plugins.module_utils._provider.contract import Provider, TaskPage


class FakeSession:
    """A provider, its HTTP, its clock, and what it warned of and hid.

    Tests of a vendor name it, its usual login and the ID of a task in a class of their own.
    """

    name = ""
    login: Mapping[str, Any] = {}
    task_id = "1"

    def __init__(
        self,
        *script: Any,
        provider: Provider | None = None,
        login: Mapping[str, Any] | None = None,
        clock: Any = None,
        environ: Any = (),
        **options: Any,
    ) -> None:
        provider = provider or PROVIDERS[self.name]
        self.clock = clock or FakeClock()
        self.http = FakeHttp(*script)
        self.tls: list[Any] = []
        self.warnings: list[str] = []
        self.hidden: set[str] = set()
        given = {**(self.login if login is None else login), **options}
        self.options = connection_options(provider.description, given, dict(environ))
        tools = ProviderTools(self.clock, self.make_http, self.warnings.append, self.hidden.add)
        self.provider = provider.create(self.options, tools)

    def make_http(self, tls: Any) -> Any:
        self.tls.append(tls)
        return self.http

    @property
    def deadline(self) -> Deadline:
        return Deadline(self.clock, 30.0)

    @property
    def requests(self) -> list[HttpRequest]:
        return self.http.requests

    @property
    def last_sent(self) -> tuple[str, str, Any]:
        """The method, the path and the JSON of the last request."""
        request = self.http.requests[-1]
        return request.method, urlsplit(request.url).path, request.json

    def read(self, task_id: str = "") -> Task:
        return self.provider.read_task(task_id or self.task_id, self.deadline)

    def page(self, cursor: str | None = None, **query: Any) -> TaskPage:
        return self.provider.read_page(TaskQuery(**query), cursor, self.deadline)

    def list(self, limit: int = 100, **query: Any) -> tuple[list[Task], bool]:
        """Return the tasks of all pages, and whether there are more of them."""
        return list_tasks(self.provider, TaskQuery(**query), limit, self.deadline)

    def subtasks(self, task_id: str) -> tuple[Task, ...]:
        return self.provider.read_subtasks(task_id, self.deadline)

    def launch(self, launch_type: str, launch_input: Mapping[str, Any]) -> str:
        return self.provider.launch(Launch(launch_type, launch_input), self.deadline)

    def desired(self, launch: Launch, desired: Any) -> Any:
        return self.provider.find_desired(launch, desired, self.deadline)

    def close(self) -> None:
        self.provider.close(self.deadline)

    def context(self, params: Mapping[str, Any], *, check_mode: bool = False) -> Context:
        """Return what a module's work gets of its runner."""
        return Context(
            params=params,
            check_mode=check_mode,
            options=self.options,
            provider=self.provider,
            clock=self.clock,
            warn=self.warnings.append,
            requests_sent=lambda: self.requests_sent,
        )

    @property
    def requests_sent(self) -> int:
        return len(self.http.requests)


class SocketSession(FakeSession):
    """A session over real sockets. Its clients are closed when it ends."""

    def __init__(self, **options: Any) -> None:
        self.clients: list[RequestsClient] = []
        try:
            super().__init__(**options)
        except BaseException:
            self.end()
            raise

    def make_http(self, tls: Any) -> RequestsClient:
        self.clients.append(RequestsClient(tls))
        return self.clients[-1]

    @property
    def requests_sent(self) -> int:
        return sum(client.requests_sent for client in self.clients)

    def end(self) -> None:
        for client in self.clients:
            client.close()

    def __enter__(self):
        return self

    def __exit__(self, *_error: object) -> None:
        self.end()
