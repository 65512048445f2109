# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    OptionError,
    OutOfTimeError,
    TransientError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._module.task_list import run
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.contract import TaskPage
from ansible_collections.longrunning.tasks.tests.unit.support.fake_provider import FakeProvider, Run, task


def at(hour):
    return datetime(2026, 1, 2, hour, tzinfo=timezone.utc)


@pytest.fixture
def provider():
    return FakeProvider(
        {
            "a": task("a", "queued", type="import", created_at=at(1)),
            "b": task("b", "running", type="export", created_at=at(2)),
            "c": task("c", "succeeded", type="import", created_at=at(3), started_at=at(5)),
            "d": task("d", "failed", type="clone"),
            "e": task("e", "unknown"),
        },
    )


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, "abcde"),
        ({"states": []}, "abcde"),
        ({"states": ["queued", "running"]}, "ab"),
        ({"states": ["paused"]}, ""),
        ({"types": ["import", "clone"], "states": ["succeeded", "failed"]}, "cd"),
        ({"started_after": "2026-01-02T02:00:00Z"}, "bc"),
        ({"started_before": "2026-01-02T02:00:00Z"}, "a"),
        ({"started_after": "2026-01-02T04:00:00+01:00"}, "c"),
        ({"started_after": "2026-01-02 01:00:00", "started_before": "2026-01-02T05:00:00.000Z"}, "ab"),
        ({"limit": 2}, "ab"),
        ({"limit": 1, "types": ["clone"]}, "d"),
    ],
)
def test_what_is_listed(provider, params, expected):
    result = Run(run, provider, **params)()
    assert "".join(entry["id"] for entry in result["tasks"]) == expected
    assert result["count"] == len(expected)


@pytest.mark.parametrize(
    ("params", "truncated"),
    [
        ({"limit": 4}, True),
        ({"limit": 5}, False),
        ({"limit": 1, "types": ["import"]}, True),
        ({"limit": 2, "types": ["import"]}, False),
    ],
)
def test_more_tasks_than_the_limit_are_told(provider, params, truncated):
    assert Run(run, provider, **params)()["truncated"] is truncated


def test_no_task_is_no_failure():
    assert Run(run, FakeProvider())() == {"tasks": [], "count": 0, "truncated": False}


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_lets_at_least_one_through(provider, limit):
    with pytest.raises(OptionError, match=f"limit is {limit}") as caught:
        Run(run, provider, limit=limit)()
    assert (caught.value.option, provider.queries) == ("limit", [])


@pytest.mark.parametrize("option", ["started_after", "started_before"])
@pytest.mark.parametrize("text", ["", "yesterday", "2026-01-02", "2026-13-02T00:00:00Z", "12:00", "1767312000"])
def test_a_time_that_is_none(provider, option, text):
    with pytest.raises(OptionError, match=f"^{option} is ") as caught:
        Run(run, provider, **{option: text})()
    assert repr(text) in caught.value.message
    assert provider.queries == []


@pytest.mark.parametrize("before", ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"])
def test_times_between_which_there_is_none(provider, before):
    with pytest.raises(OptionError, match="earlier than started_before") as caught:
        Run(run, provider, started_after="2026-01-02T00:00:00Z", started_before=before)()
    assert (caught.value.option, provider.queries) == ("started_after", [])


@pytest.mark.parametrize(
    ("filters", "pairs"),
    [
        (None, ()),
        ({}, ()),
        ({"owner": "77", "limit": 5}, (("owner", "77"), ("limit", "5"))),
        (
            {"a": True, "b": False, "c": None, "d": 1.5, "e": ""},
            (("a", "true"), ("b", "false"), ("c", ""), ("d", "1.5"), ("e", "")),
        ),
        ({"sort_key": ["status", "created_at"]}, (("sort_key", "status"), ("sort_key", "created_at"))),
        ({"none": []}, ()),
        ({5: 6}, (("5", "6"),)),
        ({"x&y=z": "\u00e4 \n"}, (("x&y=z", "\u00e4 \n"),)),
    ],
)
def test_filters_go_to_the_vendor_untouched(provider, filters, pairs):
    Run(run, provider, filters=filters)()
    assert provider.queries[0].filters == pairs


@pytest.mark.parametrize("value", [{"a": 1}, [[1]], [{"a": 1}], ["a", []]])
def test_a_filter_that_is_no_parameter(provider, value):
    with pytest.raises(OptionError, match="filters: the value of owner") as caught:
        Run(run, provider, filters={"owner": value})()
    assert caught.value.option == "filters"


def test_passing_trouble_is_borne(provider):
    provider.list_problems = [TransientError("away")]
    assert Run(run, provider)()["count"] == 5


def test_what_a_list_contradicts_itself_about_is_warned_of(provider):
    pages = TaskPage((task("a", "failed"), task("a", "succeeded")), unreadable=1)
    provider.read_page = lambda _query, _cursor, _deadline: pages
    provider.tasks["a"] = task("a", "succeeded")
    listing = Run(run, provider)
    assert [(entry["id"], entry["state"]) for entry in listing()["tasks"]] == [("a", "running")]
    assert [text.partition(",")[0] for text in listing.warnings] == [
        "Example Cloud: the list shows task a as failed (bad) and as succeeded (done)",
        "The list of Example Cloud has one entry that cannot be read. It is left out",
    ]


@pytest.mark.kind
def test_a_list_takes_ten_minutes_at_most(provider):
    listing = Run(run, provider)

    def read_page(_query, cursor, deadline):
        deadline.next_request_timeout()
        listing.clock.advance(30)
        number = int(cursor or 0)
        return TaskPage((task(f"t{number}"),), str(number + 1))

    provider.read_page = read_page
    with pytest.raises(OutOfTimeError) as caught:
        listing()
    assert 600 <= listing.clock.elapsed <= 600 + 30
    assert caught.value.to_result() == {
        "msg": (
            "Reading everything from Example Cloud took longer than 10 min. "
            "Set a lower limit, or filters that the vendor knows"
        ),
        "reason": "timed_out",
    }


def test_check_mode_makes_no_difference(provider):
    assert Run(run, provider, check_mode=True)() == Run(run, provider)()
