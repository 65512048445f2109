# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Launches at the vendors of the simulator: once, whatever becomes of the answer. One clock, moved by hand, is all."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    AuthenticationError,
    LaunchUnclearError,
    RejectedError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._module import task_launch
from ansible_collections.longrunning.tasks.tests.unit.support.stage import Stage
from ansible_collections.longrunning.tasks.tests.unit.support.vendors import VENDORS

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Case:
    """A launch at a vendor, and the call it makes there."""

    vendor: str
    type: str
    input: Mapping[str, Any]
    call: str


_IMPORT = {
    "import_from": "http://images.example.com/disk.qcow2",
    "import_from_format": "qcow2",
    "image_properties": {"name": "golden"},
}
CASES = [
    Case("rackspace_images", "import", {**_IMPORT, "import_from": "exports/golden.vhd"}, "POST /v2/tasks"),
    Case(
        "openstack_images",
        "import",
        {**_IMPORT, "image_properties": {"name": "golden", "container_format": "bare"}},
        "POST /image/v2/tasks",
    ),
    Case(
        "dbvisit_standby",
        "switchover/oracle",
        {"configuration_id": 1},
        "POST /api/switchover/oracle",
    ),
    Case(
        "huawei_koodrive",
        "transfer",
        {"srcUserId": "1397687227244555008", "dstUserId": "1507947856550550784"},
        "POST /koodrive/ose/v1/task/create",
    ),
]
EACH = pytest.mark.parametrize("case", CASES, ids=[case.vendor for case in CASES])


@pytest.fixture
def stage():
    """Return a function that starts a simulator."""
    with contextlib.ExitStack() as stack:
        yield lambda case, *faults, **scenario: Stage(
            stack, VENDORS[case.vendor], faults=list(faults), **scenario
        ).start()


def launch(here, case, *, check_mode=False, **params):
    return here.run(task_launch.run, check_mode=check_mode, **{"type": case.type, "input": dict(case.input), **params})


def fault(case, kind, **keys):
    method, path = case.call.split()
    return {"kind": kind, "method": method, "path": path, **keys}


@EACH
def test_it_is_launched_and_can_be_waited_for(stage, case):
    here = stage(case)
    result = launch(here, case)
    assert (result["outcome"], result["changed"], here.asked(case.call)) == ("launched", True, 1)
    assert result["task"]["id"] == result["task_id"]
    waited = here.wait(launch_results=result)
    assert (waited["outcome"], waited["task"]["id"]) == ("succeeded", result["task_id"])


@EACH
def test_the_same_is_not_launched_beside_it(stage, case):
    here = stage(case)
    first = launch(here, case)
    second = launch(here, case)
    assert (second["outcome"], second["changed"], second["task_id"]) == ("reused", False, first["task_id"])
    assert launch(here, case, reuse="none")["task_id"] != first["task_id"]
    here.wait(launch_results=first)
    # The second one was launched at the same moment of the clock, and has ended with the first.
    assert launch(here, case, reuse="unfinished")["outcome"] == "launched"
    assert here.asked(case.call) == 3


@EACH
def test_check_mode_launches_nothing(stage, case):
    here = stage(case)
    result = launch(here, case, check_mode=True)
    assert (result["outcome"], result["changed"], result["task_id"]) == ("would_launch", True, None)
    assert here.asked(case.call) == 0
    assert here.wait(launch_results=result)["tasks"] == []


LOST = [
    ("reset", {"where": "before"}),
    ("reset", {"where": "body"}),
    ("truncate", {}),
    ("bad_json", {}),
]


@EACH
@pytest.mark.parametrize(("kind", "keys"), LOST, ids=[" ".join([kind, *keys.values()]) for kind, keys in LOST])
def test_a_lost_answer_is_found_in_the_list(stage, case, kind, keys):
    here = stage(case, fault(case, kind, count=1, **keys))
    result = launch(here, case)
    assert (result["outcome"], result["changed"], here.asked(case.call)) == ("found", True, 1)
    assert here.wait(launch_results=result)["outcome"] == "succeeded"


# These answers come in the place of the vendor's, so that nothing was started. Who gets them cannot know that.
ODD = [*[("status", {"status": status}) for status in (500, 502, 503, 504)], ("html", {}), ("wrong_shape", {})]


@EACH
@pytest.mark.parametrize(("kind", "keys"), ODD, ids=[" ".join([kind, *map(str, keys.values())]) for kind, keys in ODD])
def test_where_nothing_is_found_nothing_is_sent_again(stage, case, kind, keys):
    here = stage(case, fault(case, kind, count=1, **keys))
    with pytest.raises(LaunchUnclearError, match=r": POST http.* No such task has appeared since then") as caught:
        launch(here, case)
    assert here.asked(case.call) == 1
    assert caught.value.to_result()["candidates"] == []
    assert here.clock.elapsed == pytest.approx(60.0)


@EACH
def test_too_many_requests_are_sent_again(stage, case):
    here = stage(case, fault(case, "status", status=429, headers={"Retry-After": "3"}, count=2))
    assert launch(here, case)["outcome"] == "launched"
    assert here.asked(case.call) == 3
    assert here.clock.elapsed == pytest.approx(6.0)


@EACH
def test_trouble_beforehand_is_borne(stage, case):
    here = stage(case, {"kind": "status", "status": 503, "count": 3})
    assert launch(here, case)["outcome"] == "launched"
    assert here.asked(case.call) == 1


@EACH
def test_a_refusal_is_final(stage, case):
    here = stage(case, fault(case, "status", status=400))
    # KooDrive refuses logins with this status too.
    with pytest.raises((RejectedError, AuthenticationError)):
        launch(here, case)
    assert here.asked(case.call) == 1
    assert here.clock.slept == []


@EACH
def test_a_wrong_login_launches_nothing(stage, case):
    here = stage(case)
    wrong = {name: "wrong" for name in ("api_key", "password", "api_token") if name in here.login}
    here.login = {**here.login, **wrong}
    with pytest.raises(AuthenticationError):
        launch(here, case)
    assert here.asked(case.call) == 0


# --- what is there already ------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES[:2], ids=[case.vendor for case in CASES[:2]])
def test_an_image_is_imported_once(stage, case):
    here = stage(case)
    first = launch(here, case, desired={"name": "golden"})
    assert first["outcome"] == "launched"
    # It is under way, so that there is no image yet.
    assert launch(here, case, desired={"name": "golden"})["outcome"] == "reused"
    image_id = here.wait(launch_results=first)["task"]["result"]["image_id"]
    again = launch(here, case, desired={"name": "golden"})
    assert (again["outcome"], again["changed"], again["existing"]["id"]) == ("not_needed", False, image_id)
    assert launch(here, case, reuse="succeeded")["task_id"] == first["task_id"]
    assert here.asked(case.call) == 1
    assert launch(here, case, reuse="none")["outcome"] == "launched"


def test_a_switchover_is_made_once(stage):
    case = CASES[2]
    here = stage(case)
    first = launch(here, case, desired={"primary": "db2.example.com"})
    here.wait(launch_results=first)
    again = launch(here, case, desired={"primary": "DB2.example.com"})
    assert (again["outcome"], again["changed"], again["existing"]["configuration_id"]) == ("not_needed", False, 1)
    assert launch(here, case, desired={"primary": "db1.example.com"})["outcome"] == "launched"
    assert here.asked(case.call) == 2


def test_a_transfer_is_made_once(stage):
    case = CASES[3]
    here = stage(case)
    first = launch(here, case)
    here.wait(launch_results=first)
    assert launch(here, case, reuse="succeeded")["task_id"] == first["task_id"]
    other = launch(here, case, input={**case.input, "dstUserId": "7"}, reuse="succeeded")
    assert (other["outcome"], here.asked(case.call)) == ("launched", 2)


# Where the vendor's list does not tell what its tasks were made with, nothing can be known again.
def test_a_transfer_that_cannot_be_told_apart_is_not_taken_for_ours(stage):
    case = CASES[3]
    here = stage(case, fault(case, "truncate", count=1), credentials={"init_params": "absent"})
    with pytest.raises(LaunchUnclearError, match="It may be transfer task") as caught:
        launch(here, case)
    assert [task["type"] for task in caught.value.to_result()["candidates"]] == ["transfer"]
    assert here.asked(case.call) == 1
