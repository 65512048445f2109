# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every vendor on the simulator, and the modules' work against it: over real sockets, on one clock moved by hand."""

from __future__ import annotations

import base64
import contextlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._api.http import HttpRequest, RequestsClient
from ansible_collections.longrunning.tasks.plugins.module_utils._api.tls import TlsOptions
from ansible_collections.longrunning.tasks.plugins.module_utils._core.clock import Deadline
from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import WaitError
from ansible_collections.longrunning.tasks.plugins.module_utils._module import task_wait
from ansible_collections.longrunning.tasks.plugins.module_utils._module.context import Context
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.connecting import connection_options
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.contract import ProviderTools
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.description import ProviderDescription
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS

from .fake_clock import WALL_START, FakeClock
from .fake_provider import Run

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "roles" / "task_simulator" / "files"))

from task_simulator import Simulator

ACCOUNT = "fdaa655c-15ab-4d34-aa61-1e9098e67be0"


def basic(username: str, password: str) -> dict[str, str]:
    """Return the header of a Basic login."""
    return {"Authorization": f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"}


@dataclass(frozen=True)
class Launch:
    """A call that starts a task at a vendor. ``session`` is the path of a login before it, and the header for it."""

    path: str
    body: Any
    headers: Mapping[str, str]
    session: tuple[str, str] | None = None


@dataclass(frozen=True)
class Vendor:
    """What tests have to know of a vendor's face in the simulator."""

    name: str
    #: Connection options; addresses are what follows the simulator's.
    login: Mapping[str, Any]
    #: The vendor's words for a task that runs, that succeeded, that failed.
    running: str | int
    good: str | int
    bad: str | int
    #: A step before those in which the task runs, from which it moves on in a way that the vendor shows.
    begins: Mapping[str, Any]
    #: How the simulator counts the requests for a list and for one task.
    list_request: str
    single_request: str
    launch: Launch
    #: A word that it does not have for a state.
    odd: str | int = "hibernating"
    ids: str = "00000000-0000-4000-8000-{:012d}"
    #: What makes a task of a scenario fail with a code, and that code; nothing where the vendor's tasks have none.
    bad_fields: Mapping[str, Any] = field(default_factory=dict)
    code: str | None = None
    #: Whose face it is in the simulator, where that has another name.
    plays: str | None = None

    @property
    def description(self) -> ProviderDescription:
        return PROVIDERS[self.name].description

    def task_id(self, number: int) -> str:
        return self.ids.format(number)

    def task(self, number: int, seconds: float = 0.0, end: Any = None, **keys: Any) -> dict[str, Any]:
        """Return a task of a scenario that runs for so many seconds; ``end`` is a vendor's word or a whole end."""
        if not isinstance(end, dict):
            end = {"state": self.good if end is None else end}
        steps = [{"state": self.running, "seconds": seconds}] if seconds else []
        face = self.plays or self.name
        return {"provider": face, "id": self.task_id(number), "steps": steps, "end": end, **keys}

    def failing(self, number: int, seconds: float = 0.0, **keys: Any) -> dict[str, Any]:
        """Return a task that fails, with ``code`` where the vendor has such a thing."""
        return self.task(number, seconds, {"state": self.bad, **self.bad_fields}, **keys)

    def endless(self, number: int, **keys: Any) -> dict[str, Any]:
        """Return a task that never ends."""
        return self.task(number, 1e9, **keys)


_GLANCE_INPUT = {
    "import_from": "http://images.example.com/disk.qcow2",
    "import_from_format": "qcow2",
    "image_properties": {},
}
_GLANCE_LAUNCH = Launch("/image/v2/tasks", {"type": "import", "input": _GLANCE_INPUT}, {"X-Auth-Token": "admin-token"})
VENDORS = {
    vendor.name: vendor
    for vendor in (
        Vendor(
            name="rackspace_images",
            login={"auth_url": "", "username": "demo", "api_key": "demo-key", "region": "DFW"},
            running="processing",
            good="success",
            bad="failure",
            begins={"state": "pending"},
            list_request="GET /v2/tasks",
            single_request="GET /v2/tasks/{id}",
            launch=Launch("/v2/tasks", {"type": "import", "input": {}}, {"X-Auth-Token": "demo-token"}),
            bad_fields={"code": "614"},
            code="614",
        ),
        Vendor(
            name="openstack_images",
            login={"api_url": "/image", "api_token": "admin-token"},
            running="processing",
            good="success",
            bad="failure",
            begins={"state": "pending"},
            list_request="GET /image/v2/tasks",
            single_request="GET /image/v2/tasks/{id}",
            launch=_GLANCE_LAUNCH,
            bad_fields={"message": "Task failed due to Internal Error"},
            code="internal_error",
        ),
        Vendor(
            name="vmware_live_site_recovery",
            login={"api_url": "", "username": "admin", "password": "demo-password"},
            running="RUNNING",
            good="SUCCESS",
            bad="ERROR",
            begins={"state": "QUEUED"},
            list_request="GET /api/rest/configure/v2/tasks",
            single_request="GET /api/rest/configure/v2/tasks/{id}",
            launch=Launch(
                "/api/rest/configure/v2/support-bundles",
                {},
                basic("admin", "demo-password"),
                session=("/api/rest/configure/v2/session", "x-dr-session"),
            ),
        ),
        Vendor(
            name="netapp_astra_control",
            login={"api_url": "", "account_id": ACCOUNT, "api_token": "demo-token"},
            running="running",
            good="completed",
            bad="failed",
            begins={"state": "notStarted"},
            list_request="GET /accounts/{account_id}/core/v1/tasks",
            single_request="GET /accounts/{account_id}/core/v1/tasks/{id}",
            launch=Launch(
                f"/accounts/{ACCOUNT}/k8s/v1/apps/{ACCOUNT}/appBackups",
                {"type": "application/astra-appBackup", "version": "1.2", "name": "nightly"},
                {"Authorization": "Bearer demo-token"},
            ),
            bad_fields={"code": 7},
            code="stateDetails/7",
        ),
        Vendor(
            name="dbvisit_standby",
            login={"api_url": "", "username": "admin", "password": "admin-password"},
            running="In Progress",
            good="End",
            bad="Failed",
            begins={"state": "In Progress", "messages": ["Begun"]},
            list_request="POST /api/task/list",
            single_request="POST /api/task/show",
            launch=Launch("/api/sync/oracle", {"params": {"configuration_id": 1}}, basic("admin", "admin-password")),
            ids="{}",
        ),
        Vendor(
            name="huawei_koodrive",
            login={"api_url": "", "api_token": "demo-token"},
            running=1,
            good=2,
            bad=3,
            begins={"state": 0},
            list_request="GET /koodrive/ose/v1/task/list",
            single_request="GET /koodrive/ose/v1/task/{id}",
            launch=Launch(
                "/koodrive/ose/v1/task/create",
                {"taskType": 0, "srcUserId": "1", "dstUserId": "2"},
                {"Authorization": "Bearer demo-token"},
            ),
            odd=9,
            ids="1534087020903{:06d}",
            bad_fields={"code": "18000205"},
            code="18000205",
        ),
        # An API without a list and without a login of its own, as a user's definition describes it: here OpenStack's.
        Vendor(
            name="custom",
            plays="openstack_images",
            login={
                "api_url": "/image/v2",
                "api_token": "admin-token",
                "definition": {
                    "title": "Images",
                    "login": {"type": "header", "header": "X-Auth-Token"},
                    "get": {"path": "/tasks/{id}"},
                    "fields": {"id": "id", "state": "status", "message": "message", "result": "result"},
                    "states": {
                        "pending": "queued",
                        "processing": "running",
                        "success": "succeeded",
                        "failure": "failed",
                    },
                    "failure": {"code": "message"},
                },
            },
            running="processing",
            good="success",
            bad="failure",
            begins={"state": "pending"},
            list_request="GET /image/v2/tasks",
            single_request="GET /image/v2/tasks/{id}",
            launch=_GLANCE_LAUNCH,
            bad_fields={"message": "E17"},
            code="E17",
        ),
    )
}


class Stage:
    """A simulator with a vendor's tasks, and the modules' work with it. Its clock is theirs too."""

    def __init__(
        self, stack: contextlib.ExitStack, vendor: Vendor, *tasks: Mapping[str, Any], port: int = 0, **scenario: Any
    ) -> None:
        self.vendor = vendor
        self.clock = FakeClock()
        self.warnings: list[str] = []
        self._stack = stack
        self.simulator = Simulator(
            {"tasks": list(tasks), **scenario}, port=port, clock=self.clock.monotonic, epoch=WALL_START.timestamp()
        )
        stack.callback(self.simulator.stop)
        #: Where the work goes: another server can stand in the simulator's place.
        self.url = self.simulator.url
        self.login = vendor.login

    def start(self) -> Stage:
        """Let the simulator listen until the test is over."""
        self.simulator.start()
        return self

    def run(self, work: Callable[[Context], Mapping[str, Any]], *, check_mode: bool = False, **params: Any) -> Any:
        """Do a module's work as its runner does, with the defaults of its options."""
        given = {
            name: f"{self.url}{value}" if name in ("api_url", "auth_url") else value
            for name, value in self.login.items()
        }
        options = connection_options(self.vendor.description, given, {})
        clients: list[RequestsClient] = []

        def make_http(tls: TlsOptions) -> RequestsClient:
            clients.append(self._stack.enter_context(contextlib.closing(RequestsClient(tls))))
            return clients[-1]

        tools = ProviderTools(self.clock, make_http, self.warnings.append, lambda _secret: None)
        provider = PROVIDERS[self.vendor.name].create(options, tools)
        context = Context(
            params=Run(work, provider, **params).params,
            check_mode=check_mode,
            options=options,
            provider=provider,
            clock=self.clock,
            warn=self.warnings.append,
            requests_sent=lambda: sum(client.requests_sent for client in clients),
        )
        try:
            return work(context)
        finally:
            provider.close(Deadline(self.clock, 5.0))

    def wait(self, *numbers: int, **params: Any) -> Any:
        """Wait for the tasks with these numbers, or for ``launch_results``."""
        if numbers:
            params["task_ids"] = [self.vendor.task_id(number) for number in numbers]
        return self.run(task_wait.run, **params)

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
                headers = {name: login.json()["session_id"]}
            url = f"{self.url}{launch.path}"
            answer = http.send(HttpRequest("POST", url, headers=headers, json=launch.body), 5.0)
        assert answer.status in range(200, 300), answer
        return {"changed": False, "status": answer.status, "json": answer.json(), "url": url}

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
