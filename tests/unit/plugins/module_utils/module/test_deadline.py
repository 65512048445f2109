# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option deadline: a moment that several waits share."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import OptionError, WaitError
from ansible_collections.longrunning.tasks.plugins.module_utils._module import task_cancel
from ansible_collections.longrunning.tasks.plugins.module_utils._module.moments import read_deadline
from ansible_collections.longrunning.tasks.plugins.module_utils._module.task_wait import run
from ansible_collections.longrunning.tasks.tests.unit.support.fake_clock import WALL_START
from ansible_collections.longrunning.tasks.tests.unit.support.fake_provider import (
    CancellingProvider,
    FakeProvider,
    Run,
    task,
)

HALF_PAST_SEVEN = datetime(2026, 11, 22, 7, 30, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T07:30:00Z",
        "2026-11-22 07:30:00+00:00",
        "2026-11-22T07:30Z",
        "2026-11-22T08:30+01:00",
        "2026-11-22T02:00:00.000-0530",
        " 1795332600 ",
        "1795332600.0",
    ],
)
def test_a_moment_has_several_forms(text):
    assert read_deadline(text) == HALF_PAST_SEVEN


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2026-11-22T07:30:00", "a time without a zone. Add the zone, as in 2026-11-22T07:30:00Z for UTC"),
        ("2026-11-22 07:30", "Add the zone, as in 2026-11-22 07:30Z for UTC"),
        ("7200", "is the time 1970-01-01T02:00:00Z. For seconds from now, set timeout"),
        ("2026-11-22", "it has to be a time with its zone, such as"),
        ("1795332600000", "or seconds since 1970"),
        ("-5", "or seconds since 1970"),
        ("nan", "or seconds since 1970"),
        ("tomorrow", "or seconds since 1970"),
        ("2026-13-01T00:00:00Z", "it has to be a time with its zone"),
    ],
)
def test_what_is_no_moment_is_refused_with_the_fix(text, told):
    with pytest.raises(OptionError, match=r"^deadline is ") as caught:
        read_deadline(text)
    assert told in caught.value.message
    assert caught.value.option == "deadline"


def at(seconds):
    return (WALL_START + timedelta(seconds=seconds)).isoformat()


def wait(**params):
    waiting = Run(run, FakeProvider({"a": task("a")}), task_ids=["a"], on_timeout="continue", **params)
    return waiting, waiting()


@pytest.mark.parametrize(
    ("params", "elapsed", "told"),
    [
        ({"deadline": at(25)}, 25.0, "not ended by the deadline 2026-03-01T12:00:25Z."),
        ({"deadline": at(25), "timeout": 20}, 20.0, "not ended within the timeout of 20 s."),
        ({"deadline": at(20), "timeout": 20}, 20.0, "not ended within the timeout of 20 s."),
        ({"deadline": at(15), "timeout": 20}, 15.0, "a later deadline if needed"),
        ({"deadline": at(0)}, 0.0, "by the deadline 2026-03-01T12:00:00Z, which had passed when the wait began."),
        ({"deadline": at(-86400)}, 0.0, "which had passed when the wait began."),
        ({"deadline": at(-5), "timeout": 0}, 0.0, "not ended yet."),
    ],
)
def test_the_smaller_of_deadline_and_timeout_counts_and_is_named(params, elapsed, told):
    _waiting, result = wait(**params)
    assert (result["outcome"], result["timed_out"], result["elapsed"]) == ("timed_out", True, elapsed)
    assert told in result["msg"]


def test_a_task_that_ended_in_time_is_no_timeout_after_the_deadline():
    assert Run(run, FakeProvider({"a": task("a", "succeeded")}), task_ids=["a"], deadline=at(-60))()["outcome"] == (
        "succeeded"
    )


def test_waits_share_a_deadline():
    provider = FakeProvider({"a": [*[task("a")] * 3, task("a", "succeeded")], "b": task("b")})
    first = Run(run, provider, task_ids=["a"], deadline=at(50))
    assert first()["elapsed"] == 30.0
    second = Run(run, provider, task_ids=["b"], deadline=at(50))
    second.clock.advance(30)
    with pytest.raises(WaitError) as caught:
        second()
    assert caught.value.to_result()["elapsed"] == 20.0


# NTP or a person can set it while a wait goes on.
def test_a_clock_that_is_set_during_the_wait_moves_no_deadline():
    waiting = Run(run, FakeProvider({}), task_ids=["a"], deadline=at(30), on_timeout="continue")
    waiting.provider.tasks["a"] = lambda: waiting.clock.set_wall_clock(timedelta(hours=1)) or task("a")
    assert waiting()["elapsed"] == 30.0


@pytest.mark.parametrize(("params", "elapsed"), [({"deadline": at(25)}, 25.0), ({"deadline": at(-5)}, 0.0)])
def test_a_cancel_is_sent_whatever_the_deadline_is_and_waits_until_then(params, elapsed):
    provider = CancellingProvider(None, tasks={"a": task("a")})
    with pytest.raises(WaitError) as caught:
        Run(task_cancel.run, provider, task_ids=["a"], **params)()
    result = caught.value.to_result()
    assert (result["timed_out"], result["changed"], result["elapsed"]) == (True, True, elapsed)
