# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import OptionError
from ansible_collections.longrunning.tasks.plugins.module_utils._module.launch_results import launched_task_ids
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS
from ansible_collections.longrunning.tasks.tests.unit.support.fake_provider import DESCRIPTION


def launched(task_id):
    return {"changed": False, "status": 201, "json": {"id": task_id, "status": "pending"}}


SKIPPED = {"skipped": True, "changed": False, "skip_reason": "Conditional result was False"}
FAILED = {"failed": True, "msg": "no", "json": {"id": "x"}}


@pytest.mark.parametrize(
    ("results", "ids"),
    [
        (launched("a"), ("a",)),
        ({"results": [launched("a"), launched("b")], "changed": False}, ("a", "b")),
        ([launched("a"), launched("b"), launched("a")], ("a", "b", "a")),
        ([{"results": [launched("a")]}, launched("b"), [launched("c")]], ("a", "b", "c")),
        ({"results": [{"results": [launched("a")]}, {"results": []}]}, ("a",)),
        (SKIPPED, ()),
        ({"results": [SKIPPED, launched("a"), SKIPPED]}, ("a",)),
        ({"results": [SKIPPED]}, ()),
        ({"results": [], "skipped": True}, ()),
        ([], ()),
        ((launched("a"),), ("a",)),
        ({"id": "a"}, ("a",)),
        ({"task_id": "a"}, ("a",)),
        ({"json": {"id": "a"}, "id": "b", "task_id": "c"}, ("a",)),
        ({"json": {"other": 1}, "id": "b"}, ("b",)),
        ({"json": "text", "task_id": "c"}, ("c",)),
        ({"json": {"id": ""}, "id": None, "task_id": 17}, ("17",)),
        ({"id": 0}, ("0",)),
        ({"id": True, "task_id": "a"}, ("a",)),
        ({"failed": False, "skipped": False, "id": "a"}, ("a",)),
        ({"results": "none of a loop", "id": "a"}, ("a",)),
        ({"json": {"id": ["a", 2]}}, ("a", "2")),
        ({"json": [{"id": "a"}, {"id": "b"}]}, ("a", "b")),
        ({"json": [[{"id": "a"}], [{"id": "b"}, {"id": "c"}]]}, ("a", "b", "c")),
        ({"json": {"id": []}, "task_id": "c"}, ("c",)),
        ({"json": {"id": [None, {}]}, "task_id": "c"}, ("c",)),
        ({"results": [{"json": [{"id": "a"}, {"id": "b"}]}, SKIPPED, launched("c")]}, ("a", "b", "c")),
    ],
)
def test_ids_are_found(results, ids):
    assert launched_task_ids(results, DESCRIPTION) == ids


OF_PARTS = replace(DESCRIPTION, launch_id_paths=(("{json.dag.id}/{json.run}",),))


def test_an_id_is_put_together_of_several_places():
    assert launched_task_ids({"json": {"dag": {"id": "nightly"}, "run": 7}}, OF_PARTS) == ("nightly/7",)


@pytest.mark.parametrize("answer", [{"run": 7}, {"dag": {"id": ["a", "b"]}, "run": 7}, {"dag": {"id": None}, "run": 7}])
def test_an_id_that_lacks_a_part_is_none(answer):
    with pytest.raises(OptionError, match=r"looks for it \(\{json\.dag\.id\}/\{json\.run\}\)"):
        launched_task_ids({"json": answer}, OF_PARTS)


@pytest.mark.parametrize(
    ("results", "name"),
    [
        (FAILED, "launch_results "),
        ({"results": [launched("a"), FAILED]}, "launch_results.results[1]"),
        ([launched("a"), [FAILED]], "launch_results[1][0]"),
    ],
)
def test_a_failed_launch_is_named(results, name):
    with pytest.raises(OptionError, match="failed, so there is nothing to wait for") as caught:
        launched_task_ids(results, DESCRIPTION)
    assert name in caught.value.message
    assert caught.value.option == "launch_results"


@pytest.mark.parametrize(
    "result",
    [
        {},
        {"json": {}},
        {"json": []},
        {"json": {"id": []}},
        {"json": {"id": [" ", 1.5, True, {}]}},
        {"json": [{"other": "a"}]},
        {"id": " "},
        {"id": {"x": 1}},
        {"id": 1.5},
    ],
)
def test_a_result_without_an_id_says_where_it_was_looked_for(result):
    with pytest.raises(OptionError) as caught:
        launched_task_ids([launched("a"), result], DESCRIPTION)
    for word in ("launch_results[1] has no task ID", "example", "json.id, id, task_id", "task_ids"):
        assert word in caught.value.message


@pytest.mark.parametrize("entries", [[{"id": "a"}, {}], [{"id": None}, {"id": "a"}], [{"id": "a"}, "b"]])
def test_no_task_of_a_launch_of_several_is_left_out(entries):
    with pytest.raises(OptionError) as caught:
        launched_task_ids([launched("a"), {"json": entries}], DESCRIPTION)
    assert caught.value.message.startswith("launch_results[1] has 2 tasks at json.id, but an ID for 1 of them only")


@pytest.mark.parametrize(
    ("name", "result", "ids"),
    [
        (
            "vmware_live_site_recovery",
            {"json": {"list": [{"id": "a"}, {"id": "b"}], "_meta": {"total": 2}}},
            ("a", "b"),
        ),
        ("vmware_live_site_recovery", {"list": [{"id": "a"}]}, ("a",)),
        ("dbvisit_standby", {"result": {"task_id": 41}, "successful": True}, ("41",)),
    ],
)
def test_where_vendors_launches_have_their_ids(name, result, ids):
    assert launched_task_ids(result, PROVIDERS[name].description) == ids


@pytest.mark.parametrize(
    ("path", "answer", "ids"),
    [
        ("json.result.0", {"result": [5, {"2": 7}]}, ("5",)),
        ("json.result.1.*", {"result": [5, {"2": 7}]}, ("7",)),
        ("json.result.1.*", {"result": [5, {"2": 7, "3": 8}]}, ("7", "8")),
        ("json.*.id", {"a": {"id": "x"}, "b": {"id": "y"}}, ("x", "y")),
        ("json.result.0", {"result": {"0": "a"}}, ("a",)),
        ("json.*", {"*": "a", "other": "b"}, ("a",)),
        ("json.0.id", [{"id": "a"}, {"id": "b"}], ("a",)),
    ],
)
def test_a_path_can_pick_an_entry_and_take_all_values(path, answer, ids):
    description = replace(DESCRIPTION, launch_id_paths=(tuple(path.split(".")),))
    assert launched_task_ids({"json": answer}, description) == ids


@pytest.mark.parametrize(
    ("path", "answer"),
    [("json.result.2", {"result": [5, 6]}), ("json.*", {}), ("json.*", {"a": "x", "b": None}), ("json.0", {"1": "a"})],
)
def test_a_path_that_picks_nothing(path, answer):
    description = replace(DESCRIPTION, launch_id_paths=(tuple(path.split(".")),))
    with pytest.raises(OptionError, match=r"has (no task ID|2 tasks)"):
        launched_task_ids({"json": answer}, description)


@pytest.mark.parametrize("results", ["a", "", b"a", 5, None, True, ["a"], [None], {"results": ["a", "b"]}])
def test_what_is_no_result(results):
    with pytest.raises(OptionError, match="is not a registered result"):
        launched_task_ids(results, DESCRIPTION)


def test_nothing_of_the_result_is_repeated():
    secret = {"invocation": {"module_args": {"password": "s3cr3t"}}, "content": "s3cr3t"}
    for results in ({**secret, "failed": True}, secret, ["s3cr3t"]):
        with pytest.raises(OptionError) as caught:
            launched_task_ids(results, DESCRIPTION)
        assert "s3cr3t" not in caught.value.message


def test_a_vendor_whose_launches_return_no_task_says_so():
    description = replace(DESCRIPTION, launch_id_paths=())
    with pytest.raises(OptionError, match="no launching call of Example Cloud returns one"):
        launched_task_ids(launched("a"), description)
    assert launched_task_ids({"skipped": True}, description) == ()
