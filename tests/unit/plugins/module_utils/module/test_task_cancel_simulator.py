# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cancels at the vendors of the simulator, and what is said where there are none. One clock, moved by hand, is all."""

from __future__ import annotations

import contextlib

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import OptionError
from ansible_collections.longrunning.tasks.plugins.module_utils._module import task_cancel, task_wait
from ansible_collections.longrunning.tasks.tests.unit.support.stage import Stage
from ansible_collections.longrunning.tasks.tests.unit.support.vendors import CANCELLERS, VENDORS

EACH = pytest.mark.parametrize("vendor", CANCELLERS.values(), ids=CANCELLERS)
NO_CALL = "its API has no call that cancels a task"
#: What is said where nothing can be cancelled, and it is more than that.
REFUSED = {
    "custom": "its definition has no cancel, which says how a task is cancelled",
    "vmware_live_site_recovery": "its API cancels runs of recovery plans only, with service: srm",
}


@pytest.fixture
def stage():
    with contextlib.ExitStack() as stack:
        yield lambda vendor, *tasks, **scenario: Stage(stack, vendor, *tasks, **scenario).start()


def cancel(here, *numbers, **params):
    return here.run(task_cancel.run, task_ids=[here.vendor.task_id(number) for number in numbers], **params)


def outcomes(result):
    return [one["outcome"] for one in result["cancels"]]


@EACH
def test_a_task_is_cancelled(stage, vendor):
    here = stage(vendor, vendor.endless(1), vendor.endless(2), vendor.task(3))
    result = cancel(here, 1, 2, 3)
    assert outcomes(result) == ["cancelled", "cancelled", "already_ended"]
    assert (result["outcome"], result["changed"]) == ("cancelled", True)
    assert [task["state"] for task in result["tasks"]] == ["cancelled", "cancelled", "succeeded"]
    assert here.asked(vendor.cancel_request) == 2
    # Again, as in a playbook that runs twice.
    result = cancel(here, 1, 2, 3)
    assert (result["outcome"], result["changed"], here.asked(vendor.cancel_request)) == ("already_ended", False, 2)


@EACH
def test_a_wait_cancels_when_its_time_is_up(stage, vendor):
    here = stage(vendor, vendor.endless(1), vendor.task(2))
    result = here.fails(1, 2, timeout=30, on_timeout="cancel")
    assert (result["outcome"], result["reason"], outcomes(result)) == ("timed_out", "timed_out", ["cancelled"])
    assert [task["state"] for task in result["tasks"]] == ["cancelled", "succeeded"]
    assert here.clock.elapsed < 30 + 10


@pytest.mark.parametrize("vendor", VENDORS.values(), ids=VENDORS)
@pytest.mark.parametrize("option", ["provider", "on_timeout", "on_interrupt"])
def test_where_nothing_can_be_cancelled_the_message_says_so(stage, vendor, option):
    here = stage(vendor, vendor.endless(1))
    given = {} if option == "provider" else {option: "cancel"}
    work = task_wait.run if given else task_cancel.run
    with pytest.raises(OptionError) as caught:
        here.run(work, task_ids=[vendor.task_id(1)], **given)
    assert caught.value.option == option
    assert caught.value.message.endswith(f": {REFUSED.get(vendor.name, NO_CALL)}")
    assert here.simulator.requests()["total"] == 0
