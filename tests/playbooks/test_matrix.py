# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every vendor through login, list, wait to success and to failure, an expired login, paging, and its other ends."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest

ACCOUNT = "fdaa655c-15ab-4d34-aa61-1e9098e67be0"
#: Tasks in a list that has several pages where the vendor has pages.
LISTED = 230


@dataclass(frozen=True)
class Vendor:
    """How the simulator's face of a vendor is asked, and what its tasks look like there."""

    login: dict
    #: Options that are secrets -> their names in the fixture.
    secrets: dict
    running: object
    good: dict
    bad: dict
    code: str | None
    #: Other ends and halts: the step or end, and the state that it is here.
    others: dict = field(default_factory=dict)
    #: What becomes of a wait whose login ends in its middle.
    after_expiry: str = "went on"
    ids: str = "00000000-0000-4000-8000-{:012d}"

    def task_id(self, number):
        return self.ids.format(number)


VENDORS = {
    "rackspace_images": Vendor(
        login={"auth_url": "", "username": "demo", "region": "DFW"},
        secrets={"api_key": "api_key"},
        running="processing",
        good={"state": "success"},
        bad={"state": "failure", "code": "614"},
        code="614",
    ),
    "openstack_images": Vendor(
        login={"auth_url": "/identity/v3", "username": "admin", "project_name": "demo"},
        secrets={"password": "admin_password"},
        running="processing",
        good={"state": "success"},
        bad={"state": "failure", "message": "Task failed due to Internal Error"},
        code="internal_error",
    ),
    "vmware_live_site_recovery": Vendor(
        login={"api_url": "", "username": "admin"},
        secrets={"password": "vmware_password"},
        running="RUNNING",
        good={"state": "SUCCESS"},
        bad={"state": "ERROR"},
        code=None,
        others={"cancelled": {"state": "CANCELLED"}},
    ),
    "netapp_astra_control": Vendor(
        login={"api_url": "", "account_id": ACCOUNT},
        secrets={"api_token": "astra_token"},
        running="running",
        good={"state": "completed"},
        bad={
            "state": "failed",
            "stateDetails": [
                {"type": "https://astra.netapp.io/stateDetails/7", "title": "No bucket", "detail": "It is gone."},
            ],
        },
        code="stateDetails/7",
        others={"paused": "paused", "cancelled": {"state": "cancelled"}},
        # Its tokens do not run out: one that is refused was revoked, for good.
        after_expiry="authentication",
    ),
    "dbvisit_standby": Vendor(
        login={"api_url": "", "username": "admin"},
        secrets={"password": "dbvisit_password"},
        running="In Progress",
        good={"state": "End"},
        bad={"state": "Failed", "messages": ["No space left"]},
        code=None,
        others={"dismissed": {"state": "Dismissed", "hidden_by": "bob"}},
        ids="{}",
    ),
    "huawei_koodrive": Vendor(
        login={"api_url": "", "user_id": "1395497048157130881"},
        secrets={"api_token": "koodrive_token"},
        running=1,
        good={"state": 2},
        bad={"state": 3, "code": "18000205"},
        code="18000205",
        # The token came from a browser: nothing can renew it.
        after_expiry="authentication",
        ids="1534087020903{:06d}",
    ),
}


def scenario(name, vendor):
    def task(number, steps, **keys):
        return {"provider": name, "id": vendor.task_id(number), "steps": steps, **keys}

    others = [
        task(10 + number, [], end=end) if isinstance(end, dict) else task(10 + number, [{"state": end, "seconds": 1e5}])
        for number, end in enumerate(vendor.others.values())
    ]
    ends = [task(1, [], end=vendor.good), task(2, [], end=vendor.bad)]
    endless = task(3, [{"state": vendor.running, "seconds": 1e5}])
    return {"tasks": [*ends, endless, *others]}


def cell(simulator, name, column, number=None):
    """Return what the playbook needs to fill a cell of the table."""
    vendor = VENDORS[name]
    login = {
        key: f"{simulator.url}{value}" if key in ("api_url", "auth_url") else value
        for key, value in vendor.login.items()
    }
    found = {"provider": name, "login": login, "secrets": vendor.secrets, "column": column}
    return found if number is None else {**found, "id": vendor.task_id(number)}


def cells(simulate, name):
    """Return the cells of a vendor's row: to wait for, to look up, to list."""
    vendor = VENDORS[name]
    plain, expiring = (simulate(scenario(name, vendor)) for _number in range(2))
    many = simulate({"tasks": [{"provider": name, "count": LISTED, "steps": [], "end": vendor.good}]})
    method = "POST" if name == "dbvisit_standby" else "GET"
    expiring.add_fault(kind="expire_sessions", method=method, after=1, count=1)
    waits = [(expiring, "login ends", 3), (plain, "wait, good", 1), (plain, "wait, bad", 2)]
    waits += [(plain, state, 10 + number) for number, state in enumerate(vendor.others)]
    return [cell(found, name, *rest) for found, *rest in waits], cell(plain, name, "info", 1), cell(many, name, "list")


def told(column, result):
    """Return what a result says, in a word or two."""
    if column == "login ends":
        # The task goes on for ever: a wait that reaches its own end has come through.
        return "went on" if result["outcome"] == "timed_out" else result["reason"]
    if column == "wait, good":
        return result["outcome"]
    task = result["tasks"][0]
    return (result["outcome"], task["error"]["code"] if column == "wait, bad" else task["state"])


@pytest.mark.oldest
def test_every_vendor_through_every_module(run_playbook, simulate, tmp_path, capsys):
    parts = [cells(simulate, name) for name in VENDORS]
    waits = [found for part in parts for found in part[0]]
    run = run_playbook(
        "matrix.yml", waits=waits, lookups=[part[1] for part in parts], lists=[part[2] for part in parts]
    )
    run.assert_clean()

    saw = json.loads((tmp_path / "matrix.json").read_text(encoding="utf-8"))
    rows = {name: {} for name in VENDORS}
    for result in saw["found"]:
        rows[result["item"]["provider"]]["info"] = (result.get("task") or {}).get("state")
    for result in saw["listed"]:
        rows[result["item"]["provider"]]["list, pages"] = result.get("count")
    for result in saw["waited"]:
        column = result["item"]["column"]
        rows[result["item"]["provider"]][column] = told(column, result)
    with capsys.disabled():
        print()
        for name, row in rows.items():
            print(f"{name}: " + "; ".join(f"{column} {word}" for column, word in row.items()))
    assert rows == {
        name: {
            "info": "succeeded",
            "list, pages": LISTED,
            "login ends": vendor.after_expiry,
            "wait, good": "succeeded",
            "wait, bad": ("failed", vendor.code),
            **{state: ("timed_out" if state == "paused" else "failed", state) for state in vendor.others},
        }
        for name, vendor in VENDORS.items()
    }
