# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fault at the request that cancels: sent once unless the vendor surely did nothing, and no success by mistake.

By task_cancel, and by a wait whose time is up. All run side by side, since they mostly sleep.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.clock import Deadline
from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import WorkError
from ansible_collections.longrunning.tasks.plugins.module_utils._module import task_cancel, task_wait, wait_cancelling
from ansible_collections.longrunning.tasks.plugins.module_utils._module.argument_specs import TASK_CANCEL, TASK_WAIT
from ansible_collections.longrunning.tasks.plugins.module_utils._module.context import Context
from ansible_collections.longrunning.tasks.tests.unit.support.socket_server import bare_environment
from ansible_collections.longrunning.tasks.tests.unit.support.vendors import CANCEL_PATHS, CANCELLERS, MARK, at
from task_simulator import Simulator

from .cells import ShiftedClock, TimedSession
from .conftest import CANCELS

#: What was asked for, and what becomes of the task: the vendor did it, or did not and nobody can tell, and so on.
DONE, UNCLEAR, REFUSED, UNHEARD = "cancelled", "unclear", "refused", "sent"
#: Fault -> what it is, and what comes of it.
FAULTS = {
    "no fault": ({}, DONE),
    "reset before the answer": ({"kind": "reset", "where": "before"}, DONE),
    "reset before the body": ({"kind": "reset", "where": "head"}, DONE),
    "reset inside the body": ({"kind": "reset", "where": "body"}, DONE),
    "read timeout": ({"kind": "slow", "seconds": 3}, DONE),
    "slow drip": ({"kind": "drip", "seconds": 0.05}, DONE),
    "truncated body": ({"kind": "truncate"}, DONE),
    "broken JSON": ({"kind": "bad_json"}, DONE),
    "wrong content type": ({"kind": "content_type"}, DONE),
    "connection refused for a while": ({"kind": "refuse", "for_seconds": 1}, UNCLEAR),
    "gzip garbage": ({"kind": "gzip_garbage"}, UNCLEAR),
    "HTML page": ({"kind": "html"}, UNCLEAR),
    "HTML page, 404": ({"kind": "html", "status": 404}, REFUSED),
    "redirect, 302": ({"kind": "redirect", "location": "/login"}, UNCLEAR),
    "redirect, 307": ({"kind": "redirect", "status": 307, "location": "/elsewhere"}, REFUSED),
    # Taken for good answers: that nothing comes of them is seen by waiting.
    "redirect, 303": ({"kind": "redirect", "status": 303, "location": "/done"}, UNHEARD),
    "JSON of another shape": ({"kind": "wrong_shape"}, UNHEARD),
    **{str(status): ({"kind": "status", "status": status}, UNCLEAR) for status in (408, 500, 502, 503, 504)},
    "503, Retry-After": ({"kind": "status", "status": 503, "retry_after": 1}, UNCLEAR),
    **{str(status): ({"kind": "status", "status": status}, REFUSED) for status in (400, 403, 404, 405, 409)},
    "403, Retry-After": ({"kind": "status", "status": 403, "retry_after": 1}, DONE),
    "429": ({"kind": "status", "status": 429}, DONE),
    "429, Retry-After": ({"kind": "over_limit"}, DONE),
    # Where the login can be renewed, VMware's session at the other site is gone with the old one.
    "401": ({"kind": "unauthorized"}, REFUSED),
    "expired session": ({"kind": "expire_sessions"}, REFUSED),
}
#: VMware's appliance is away for a while now and then, with a page instead of its API.
ELSEWHERE = {("HTML page, 404", "vmware_live_site_recovery"): UNCLEAR}
#: These are sent twice: the second time they meet no fault, but for a login that cannot be renewed.
SENT_AGAIN = {"429", "429, Retry-After", "403, Retry-After"}
RENEWED = {"401", "expired session"}
WAYS = {
    "task_cancel": (task_cancel, TASK_CANCEL, {"timeout": 3.0}),
    "on_timeout": (task_wait, TASK_WAIT, {"timeout": 0.0, "on_timeout": "cancel"}),
}


def run(vendor, fault, way):
    """Return the result under a fault, what was sent, and what must not be told."""
    work, spec, given = WAYS[way]
    task_id = vendor.task_id(1)
    faults = [{"path": CANCEL_PATHS, "count": 1, **fault}] if fault else []
    scenario = {
        "credentials": {vendor.face: vendor.credentials},
        "tasks": [vendor.endless(1)],
        "faults": faults,
    }
    clock = ShiftedClock()
    params = {name: option.get("default") for name, option in spec.items()}
    params |= {"task_ids": [task_id], "poll_interval": 0.25, "transient_timeout": 10.0, **given}
    with Simulator(scenario) as simulator:
        options = {**at(simulator.url, vendor.login), "request_timeout": 0.8}
        with TimedSession(clock, vendor, options) as session:
            context = Context(
                params=params,
                check_mode=False,
                options=session.options,
                provider=session.provider,
                clock=clock,
                warn=session.warnings.append,
                requests_sent=lambda: session.requests_sent,
            )
            try:
                result = dict(work.run(context))
            except WorkError as error:
                result = error.to_result()
            finally:
                session.provider.close(Deadline(clock, 5.0))
        return result, simulator.requests()["by_path"].get(vendor.cancel_request, 0), session.secrets


CELLS = [(name, vendor, way) for name in FAULTS for vendor in CANCELLERS for way in WAYS]


@pytest.fixture(scope="module")
def runs(side_by_side):
    with pytest.MonkeyPatch.context() as monkeypatch, ThreadPoolExecutor(side_by_side) as pool:
        bare_environment(monkeypatch)
        monkeypatch.setattr(wait_cancelling, "END_SECONDS", 3.0)
        yield {
            (name, vendor, way): pool.submit(run, CANCELLERS[vendor], FAULTS[name][0], way)
            for name, vendor, way in CELLS
        }
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize(("name", "vendor", "way"), CELLS)
def test_a_cancel_comes_through(name, vendor, way, runs, pytestconfig):
    cells = pytestconfig.stash.setdefault(CANCELS, dict.fromkeys(CELLS, ""))
    cells[name, vendor, way] = "FAILED"
    result, sent, secrets = runs[name, vendor, way].result(timeout=120)
    told = json.dumps(result, indent=1, default=str)
    (cancel,) = result["cancels"]
    outcome = ELSEWHERE.get((name, vendor), FAULTS[name][1])
    assert cancel["outcome"] == outcome, told
    assert sent == (2 if name in SENT_AGAIN or (name in RENEWED and vendor != "custom") else 1), told
    assert result.get("changed", False) is (outcome != REFUSED), told
    assert result["task"]["state"] == ("cancelled" if outcome == DONE else "running"), told
    assert result["pending_task_ids"] == ([] if outcome == DONE else [result["task"]["id"]]), told
    if way == "on_timeout":
        assert (result["outcome"], result["reason"]) == ("timed_out", "timed_out"), told
    assert not [secret for secret in {MARK, *secrets} if secret in told]
    cells[name, vendor, way] = outcome
