# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every vendor through login, list, wait to success and to failure, an expired login, paging, and its other ends."""

from __future__ import annotations

import json

import pytest

from unit.support.vendors import VENDORS as EVERY
from unit.support.vendors import at

VENDORS = {name: vendor for name, vendor in EVERY.items() if name != "custom"}
#: Tasks in a list that has several pages where the vendor has pages.
LISTED = 230
#: Other ends and halts than success and failure: the state here, and the end or the step.
OTHERS = {
    "vmware_live_site_recovery": {"cancelled": {"state": "CANCELLED"}},
    "netapp_astra_control": {"paused": "paused", "cancelled": {"state": "cancelled"}},
    "dbvisit_standby": {"dismissed": {"state": "Dismissed", "hidden_by": "bob"}},
}
#: Their tokens come from elsewhere: nothing can renew one.
LOGINS_END = {"netapp_astra_control", "huawei_koodrive"}
SECRETS = {"api_key", "api_token", "password"}


def secrets_of(vendor):
    return {option: value for option, value in vendor.login.items() if option in SECRETS}


def start(simulate, vendor, tasks):
    """Start a simulator with the login of the table."""
    # Many modules run one after the other from this address, more than a real playbook in a minute.
    more = {"ip_rate_limit": 1000} if vendor.name == "vmware_live_site_recovery" else {}
    return simulate({"credentials": {vendor.name: {**vendor.credentials, **more}}, "tasks": tasks})


def scenario(vendor):
    """Return a task that succeeds, one that fails, one that goes on, and from the tenth on the others."""
    others = [
        vendor.task(10 + number, end=end)
        if isinstance(end, dict)
        else {**vendor.task(10 + number), "steps": [{"state": end, "seconds": 1e5}]}
        for number, end in enumerate(OTHERS.get(vendor.name, {}).values())
    ]
    return [vendor.task(1), vendor.failing(2), vendor.endless(3), *others]


def cell(simulator, vendor, column, number=None):
    """Return what the playbook needs to fill a cell of the table."""
    login = {option: value for option, value in at(simulator.url, vendor.login).items() if option not in SECRETS}
    found = {"provider": vendor.name, "login": login, "column": column}
    return found if number is None else {**found, "id": vendor.task_id(number)}


def cells(simulate, vendor):
    """Return the cells of a vendor's row: to wait for, to look up, to list."""
    plain, expiring = (start(simulate, vendor, scenario(vendor)) for _number in range(2))
    listed = {"provider": vendor.name, "count": LISTED, "steps": [], "end": {"state": vendor.good}}
    expiring.add_fault(kind="expire_sessions", method=vendor.list_request.partition(" ")[0], after=1, count=1)
    waits = [(expiring, "login ends", 3), (plain, "wait, good", 1), (plain, "wait, bad", 2)]
    waits += [(plain, state, 10 + number) for number, state in enumerate(OTHERS.get(vendor.name, ()))]
    filled = [cell(found, vendor, *rest) for found, *rest in waits]
    return filled, cell(plain, vendor, "info", 1), cell(start(simulate, vendor, [listed]), vendor, "list")


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
    parts = [cells(simulate, vendor) for vendor in VENDORS.values()]
    waits = [found for part in parts for found in part[0]]
    run = run_playbook(
        "matrix.yml",
        waits=waits,
        lookups=[part[1] for part in parts],
        lists=[part[2] for part in parts],
        logins={name: secrets_of(vendor) for name, vendor in VENDORS.items()},
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
            "login ends": "authentication" if name in LOGINS_END else "went on",
            "wait, good": "succeeded",
            "wait, bad": ("failed", vendor.code),
            **{state: ("timed_out" if state == "paused" else "failed", state) for state in OTHERS.get(name, ())},
        }
        for name, vendor in VENDORS.items()
    }
