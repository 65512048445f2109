# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendors as the simulator plays them: how to log in, what their words are, where their tasks are.

The only table of them, for unit tests, the fault suite and playbooks.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .fake_clock import WALL_START

#: Is in every secret, and must be nowhere else. Another run beside this one has another mark.
MARK = f"mArKeD{uuid.uuid4().hex[:12]}sEcReT"
ACCOUNT = "fdaa655c-15ab-4d34-aa61-1e9098e67be0"
KOODRIVE_USER = "1395497048157130881"
TOKEN, PASSWORD = f"{MARK}-token", f"{MARK}-password"


@dataclass(frozen=True)
class Launch:
    """A call that starts a task at a vendor. ``session`` is the path of a login before it, and the header for it."""

    path: str
    body: Any
    headers: Mapping[str, str]
    session: tuple[str, str] | None = None


@dataclass(frozen=True, eq=False)
class Vendor:
    """A vendor's face in the simulator. Addresses are what follows the simulator's; requests are named as it counts."""

    name: str
    #: The heading of its column in a table.
    title: str
    #: Connection options.
    login: Mapping[str, Any]
    #: What the simulator has to know of that login, and of the others.
    credentials: Mapping[str, Any]
    #: The vendor's words for a task that has not begun, runs, succeeded, failed.
    queued: str | int
    running: str | int
    good: str | int
    bad: str | int
    #: What every path of its tasks begins with.
    tasks_path: str
    list_request: str
    single_request: str
    launch: Launch
    #: The request that cancels a task, where there is any.
    cancel_request: str = ""
    #: Connection options of other ways to log in, by a name for them.
    other_logins: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    #: The name of one that never looks at the machine's clock, where the usual one does.
    timeless_login: str = ""
    #: The requests of its login; without them every request carries the login.
    login_request: str | None = None
    logout_request: str | None = None
    #: What a task that has not begun shows besides its state.
    begins: Mapping[str, Any] = field(default_factory=dict)
    #: A word that it does not have for a state.
    odd: str | int = "hibernating"
    ids: str = "00000000-0000-4000-8000-{:012d}"
    #: What makes a task of a scenario fail with a code, and that code; nothing where the vendor's tasks have none.
    bad_fields: Mapping[str, Any] = field(default_factory=dict)
    code: str | None = None
    #: Whose face it is in the simulator, where that has another name.
    plays: str | None = None

    @property
    def face(self) -> str:
        return self.plays or self.name

    @property
    def login_path(self) -> str:
        """The path at which it logs in, or nothing."""
        return (self.login_request or "").partition(" ")[2]

    def options(self, login: str = "") -> Mapping[str, Any]:
        """Return the connection options of a login, of the usual one by default."""
        return self.other_logins[login] if login else self.login

    def task_id(self, number: int) -> str:
        return self.ids.format(number)

    def task(self, number: int, seconds: float = 0.0, end: Any = None, **keys: Any) -> dict[str, Any]:
        """Return a task of a scenario that runs for so many seconds; ``end`` is a vendor's word or a whole end."""
        if not isinstance(end, dict):
            end = {"state": self.good if end is None else end}
        steps = [{"state": self.running, "seconds": seconds}] if seconds else []
        return {"provider": self.face, "id": self.task_id(number), "steps": steps, "end": end, **keys}

    def failing(self, number: int, seconds: float = 0.0, **keys: Any) -> dict[str, Any]:
        """Return a task that fails, with ``code`` where the vendor has such a thing."""
        return self.task(number, seconds, {"state": self.bad, **self.bad_fields}, **keys)

    def endless(self, number: int, **keys: Any) -> dict[str, Any]:
        """Return a task that never ends."""
        return self.task(number, 1e9, **keys)


def at(address: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return connection options of the table for a simulator at an address."""
    return {name: f"{address}{value}" if name in ("api_url", "auth_url") else value for name, value in options.items()}


def _basic(username: str) -> dict[str, str]:
    """Return the header of a Basic login."""
    return {"Authorization": f"Basic {base64.b64encode(f'{username}:{PASSWORD}'.encode()).decode()}"}


_GLANCE_INPUT = {
    "import_from": "http://images.example.com/disk.qcow2",
    "import_from_format": "qcow2",
    "image_properties": {"container_format": "bare"},
}
_RACKSPACE = Vendor(
    name="rackspace_images",
    title="Rackspace",
    login={"auth_url": "/v2.0", "username": "demo", "api_key": f"{MARK}-key", "region": "DFW"},
    credentials={"username": "demo", "api_key": f"{MARK}-key", "api_tokens": [TOKEN]},
    queued="pending",
    running="processing",
    good="success",
    bad="failure",
    tasks_path="/v2/tasks",
    list_request="GET /v2/tasks",
    single_request="GET /v2/tasks/{id}",
    login_request="POST /v2.0/tokens",
    launch=Launch("/v2/tasks", {"type": "import", "input": {}}, {"X-Auth-Token": TOKEN}),
    bad_fields={"code": "614"},
    code="614",
)
_OPENSTACK = Vendor(
    name="openstack_images",
    title="OpenStack",
    login={"auth_url": "/identity", "username": "admin", "password": PASSWORD, "project_name": "demo"},
    other_logins={"token": {"api_url": "/image", "api_token": TOKEN}},
    timeless_login="token",
    credentials={
        "users": [{"name": "admin", "password": PASSWORD, "project": "demo", "roles": ["admin"]}],
        "api_tokens": [{"token": TOKEN, "user": "admin"}],
    },
    queued="pending",
    running="processing",
    good="success",
    bad="failure",
    tasks_path="/image/v2/tasks",
    list_request="GET /image/v2/tasks",
    single_request="GET /image/v2/tasks/{id}",
    login_request="POST /identity/v3/auth/tokens",
    launch=Launch("/image/v2/tasks", {"type": "import", "input": _GLANCE_INPUT}, {"X-Auth-Token": TOKEN}),
    bad_fields={"message": "Task failed due to Internal Error"},
    code="internal_error",
)
_VMWARE = Vendor(
    name="vmware_live_site_recovery",
    title="VMware",
    login={"api_url": "", "username": "admin", "password": PASSWORD},
    credentials={"username": "admin", "password": PASSWORD},
    queued="QUEUED",
    running="RUNNING",
    good="SUCCESS",
    bad="ERROR",
    tasks_path="/api/rest/configure/v2/tasks",
    list_request="GET /api/rest/configure/v2/tasks",
    single_request="GET /api/rest/configure/v2/tasks/{id}",
    login_request="POST /api/rest/configure/v2/session",
    logout_request="DELETE /api/rest/configure/v2/session",
    launch=Launch(
        "/api/rest/configure/v2/support-bundles",
        {},
        _basic("admin"),
        session=("/api/rest/configure/v2/session", "x-dr-session"),
    ),
    ids="47{:02d}",
)
_ASTRA = Vendor(
    name="netapp_astra_control",
    title="Astra",
    login={"api_url": "", "account_id": ACCOUNT, "api_token": TOKEN},
    credentials={"account_id": ACCOUNT, "api_tokens": [TOKEN]},
    queued="notStarted",
    running="running",
    good="completed",
    bad="failed",
    tasks_path=f"/accounts/{ACCOUNT}/core/v1/tasks",
    list_request="GET /accounts/{account_id}/core/v1/tasks",
    single_request="GET /accounts/{account_id}/core/v1/tasks/{id}",
    launch=Launch(
        f"/accounts/{ACCOUNT}/k8s/v1/apps/{ACCOUNT}/appBackups",
        {"type": "application/astra-appBackup", "version": "1.2", "name": "nightly"},
        {"Authorization": f"Bearer {TOKEN}"},
    ),
    bad_fields={"code": 7},
    code="stateDetails/7",
)
_DBVISIT = Vendor(
    name="dbvisit_standby",
    title="Dbvisit",
    login={"api_url": "", "username": "admin", "password": PASSWORD},
    other_logins={"token": {"api_url": "", "api_token": TOKEN}},
    credentials={"username": "admin", "password": PASSWORD, "api_tokens": [TOKEN]},
    # It has no word for it.
    queued="In Progress",
    running="In Progress",
    good="End",
    bad="Failed",
    tasks_path="/api/task",
    list_request="POST /api/task/list",
    single_request="POST /api/task/show",
    launch=Launch("/api/sync/oracle", {"params": {"configuration_id": 1}}, _basic("admin")),
    begins={"messages": ["Begun"]},
    ids="{}",
)
_KOODRIVE = Vendor(
    name="huawei_koodrive",
    title="KooDrive",
    login={"api_url": "", "api_token": TOKEN, "user_id": KOODRIVE_USER},
    other_logins={
        "signature": {
            "api_url": "",
            "app_id": "demo-app",
            "app_secret": f"{MARK}-app",
            "user_id": KOODRIVE_USER,
        },
    },
    credentials={
        "api_tokens": [TOKEN],
        "app_id": "demo-app",
        "app_secret": f"{MARK}-app",
        "user_id": KOODRIVE_USER,
    },
    queued=0,
    running=1,
    good=2,
    bad=3,
    tasks_path="/koodrive/ose/v1/task",
    list_request="GET /koodrive/ose/v1/task/list",
    single_request="GET /koodrive/ose/v1/task/{id}",
    launch=Launch(
        "/koodrive/ose/v1/task/create",
        {"taskType": 0, "srcUserId": "1", "dstUserId": "2"},
        {
            "Authorization": f"Bearer {TOKEN}",
            "X-User-Id": KOODRIVE_USER,
            "X-Date": WALL_START.strftime("%Y%m%dT%H%M%SZ"),
        },
    ),
    odd=9,
    ids="1534087020903{:06d}",
    bad_fields={"code": "18000205"},
    code="18000205",
)
#: An API without a list and without a login of its own, as a user's definition describes it: here OpenStack's.
_CUSTOM = Vendor(
    name="custom",
    title="custom",
    plays="openstack_images",
    login={
        "api_url": "/image/v2",
        "api_token": TOKEN,
        "definition": {
            "title": "Images",
            "login": {"type": "header", "header": "X-Auth-Token"},
            "get": {"path": "/tasks/{id}"},
            "fields": {"id": "id", "state": "status", "message": "message", "result": "result"},
            "states": {"pending": "queued", "processing": "running", "success": "succeeded", "failure": "failed"},
            "failure": {"code": "message"},
            # Its own refusals have a title, a gateway's have none.
            "refusal": {"when": "title", "message": "message"},
        },
    },
    credentials=_OPENSTACK.credentials,
    queued="pending",
    running="processing",
    good="success",
    bad="failure",
    tasks_path="/image/v2/tasks",
    list_request="GET /image/v2/tasks",
    single_request="GET /image/v2/tasks/{id}",
    launch=_OPENSTACK.launch,
    bad_fields={"message": "E17"},
    code="E17",
)

#: The paths of their requests that cancel, for faults.
CANCEL_PATHS = "*/cancel"
#: Those whose tasks can be cancelled: an API that a definition describes, and a vendor's runs of recovery plans.
CANCELLERS = {
    "custom": Vendor(
        name="custom",
        title="custom",
        login={
            "api_url": "/custom/v1",
            "api_token": TOKEN,
            "definition": {
                "title": "Jobs",
                "login": {"type": "bearer"},
                "get": {"path": "/jobs/{id}"},
                "list": {"path": "/jobs", "items": "jobs"},
                "cancel": {"path": "/jobs/{id}/cancel", "possible_if": "cancellable"},
                "fields": {"id": "id", "state": "state", "message": "message"},
                "states": {
                    "queued": "queued",
                    "running": "running",
                    "done": "succeeded",
                    "error": "failed",
                    "cancelled": "cancelled",
                },
                "poll_interval": 0.5,
            },
        },
        credentials={"api_tokens": [TOKEN]},
        queued="queued",
        running="running",
        good="done",
        bad="error",
        tasks_path="/custom/v1/jobs",
        list_request="GET /custom/v1/jobs",
        single_request="GET /custom/v1/jobs/{id}",
        cancel_request="POST /custom/v1/jobs/{id}/cancel",
        launch=Launch("/custom/v1/jobs", {}, {"Authorization": f"Bearer {TOKEN}"}),
        ids="job-{}",
    ),
    "vmware_live_site_recovery": replace(
        _VMWARE,
        login={"api_url": "", "service": "srm", "username": "ann@vsphere.local", "password": PASSWORD},
        credentials={"sso_username": "ann@vsphere.local", "sso_password": PASSWORD},
        tasks_path="/api/rest/srm/v2/tasks",
        list_request="GET /api/rest/srm/v2/tasks",
        single_request="GET /api/rest/srm/v2/tasks/{id}",
        cancel_request=(
            "POST /api/rest/srm/v2/pairings/{pairing_id}/recovery-management/plans/{plan_id}/actions/{action}"
        ),
        login_request="POST /api/rest/srm/v2/session",
        logout_request="DELETE /api/rest/srm/v2/session",
    ),
}

#: By their names. ``custom`` is no vendor, but behaves as one.
VENDORS = {vendor.name: vendor for vendor in (_RACKSPACE, _OPENSTACK, _VMWARE, _ASTRA, _DBVISIT, _KOODRIVE, _CUSTOM)}
