# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendors as the fault suite plays them: their logins, paths, words and ids."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Is in every secret, and must be nowhere else.
MARK = f"mArKeD{uuid.uuid4().hex[:12]}sEcReT"
_ACCOUNT = "fdaa655c-15ab-4d34-aa61-1e9098e67be0"


@dataclass(frozen=True, eq=False)
class Vendor:
    """A vendor. Paths are prefixes or patterns, as the simulator's faults take them.

    ``logins`` and ``logout`` are templates of the simulator's counts; without them every request carries the login.
    """

    name: str
    #: The heading of its column.
    title: str
    options: Mapping[str, str]
    credentials: Mapping[str, Any]
    reads: str
    #: The vendor's words for a task that has not begun, runs, and has succeeded.
    queued: str | int
    running: str | int
    succeeded: str | int
    ids: tuple[str, str]
    #: Where the simulator is spoken to: option -> path.
    urls: Mapping[str, str] = field(default_factory=lambda: {"api_url": ""})
    login: str | None = None
    logout: str | None = None
    #: Options of other ways to log in, by a name for them.
    other_logins: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def login_path(self) -> str:
        """The path at which it logs in."""
        return (self.login or "").partition(" ")[2]


_UUIDS = ("ae1e6561-9e22-406c-8a5a-762f4604da01", "ae1e6561-9e22-406c-8a5a-762f4604da02")

VENDORS = (
    Vendor(
        name="rackspace_images",
        title="Rackspace",
        options={"username": "demo", "api_key": f"{MARK}-key", "region": "DFW"},
        credentials={"username": "demo", "api_key": f"{MARK}-key", "api_tokens": []},
        urls={"auth_url": "/v2.0"},
        reads="/v2/tasks",
        login="POST /v2.0/tokens",
        queued="pending",
        running="processing",
        succeeded="success",
        ids=_UUIDS,
    ),
    Vendor(
        name="openstack_images",
        title="OpenStack",
        options={"username": "admin", "password": f"{MARK}-admin", "project_name": "demo"},
        credentials={
            "users": [{"name": "admin", "password": f"{MARK}-admin", "project": "demo", "roles": ["admin"]}],
        },
        urls={"auth_url": "/identity"},
        reads="/image/v2/tasks",
        login="POST /identity/v3/auth/tokens",
        queued="pending",
        running="processing",
        succeeded="success",
        ids=_UUIDS,
    ),
    Vendor(
        name="vmware_live_site_recovery",
        title="VMware",
        options={"username": "admin", "password": f"{MARK}-vmware"},
        credentials={"username": "admin", "password": f"{MARK}-vmware"},
        reads="/api/rest/configure/v2/tasks",
        login="POST /api/rest/configure/v2/session",
        logout="DELETE /api/rest/configure/v2/session",
        queued="QUEUED",
        running="RUNNING",
        succeeded="SUCCESS",
        ids=("4711", "4712"),
    ),
    Vendor(
        name="netapp_astra_control",
        title="Astra",
        options={"account_id": _ACCOUNT, "api_token": f"{MARK}-astra"},
        credentials={"account_id": _ACCOUNT, "api_tokens": [f"{MARK}-astra"]},
        reads=f"/accounts/{_ACCOUNT}/core/v1/tasks",
        queued="notStarted",
        running="running",
        succeeded="completed",
        ids=_UUIDS,
    ),
    Vendor(
        name="dbvisit_standby",
        title="Dbvisit",
        options={"username": "admin", "password": f"{MARK}-dbvisit"},
        credentials={"username": "admin", "password": f"{MARK}-dbvisit", "api_tokens": [f"{MARK}-cookie"]},
        reads="/api/task",
        # It has no word for it.
        queued="In Progress",
        running="In Progress",
        succeeded="End",
        ids=("7", "8"),
        other_logins={"token": {"api_token": f"{MARK}-cookie"}},
    ),
    Vendor(
        name="huawei_koodrive",
        title="KooDrive",
        options={"api_token": f"{MARK}-koodrive"},
        credentials={
            "api_tokens": [f"{MARK}-koodrive"],
            "app_id": "demo-app",
            "app_secret": f"{MARK}-app",
            "user_id": "1395497048157130881",
        },
        reads="/koodrive/ose/v1/task",
        queued=0,
        running=1,
        succeeded=2,
        ids=("1534087020903704704", "1534087020903704705"),
        other_logins={
            "signature": {"app_id": "demo-app", "app_secret": f"{MARK}-app", "user_id": "1395497048157130881"},
        },
    ),
)
