# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The events that come of a watch, and that nothing but the engine's end is its end."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from functools import partial

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    AuthenticationError,
    InterruptError,
    OptionError,
    TransientError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import Task, TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._module import task_events
from ansible_collections.longrunning.tasks.plugins.module_utils._module.task_events import (
    LONG_TROUBLE,
    MOST_REFUSED_SECONDS,
    Origin,
    event_of,
    origin_of,
    readable_keys,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.options import ConnectionOptions
from ansible_collections.longrunning.tasks.plugins.module_utils._work.watching import Change
from ansible_collections.longrunning.tasks.tests.unit.support.fake_clock import WALL_START
from ansible_collections.longrunning.tasks.tests.unit.support.fake_provider import DESCRIPTION, FakeProvider, Run, task

ORIGIN = Origin("example", "example.com")


def run(provider, *, seconds=100.0, **params):
    """Watch for so many seconds; return the events, each with the second at which it was told, and the warnings."""
    events = []

    def watch(context):
        sleep = context.clock.sleep

        def sleep_until_the_end(pause):
            sleep(pause)
            if context.clock.elapsed >= seconds:
                raise InterruptError("The engine ends")

        context.clock.sleep = sleep_until_the_end
        task_events.run(context, lambda event: events.append((context.clock.elapsed, event)))

    watch.__module__ = task_events.__name__
    doing = Run(watch, provider, **params)
    with pytest.raises(InterruptError):
        doing()
    return events, doing


def event(one=None, previous=None):
    return event_of(Change(one or task("t-1", "failed", "396"), previous, WALL_START), ORIGIN)


# --- an event ---------------------------------------------------------------------------------------------------


def test_an_event_has_the_task_and_its_change():
    told = event(previous=TaskState.RUNNING)
    assert told["change"] == {
        "state": "failed",
        "raw_state": "bad",
        "previous_state": "running",
        "is_end": True,
        "at": "2026-03-01T12:00:00Z",
    }
    assert (told["task"]["id"], told["task"]["error"]["code"], "raw" in told["task"]) == ("t-1", "396", False)
    assert (told["meta"]["provider"], told["meta"]["endpoint"]) == ("example", "example.com")


def test_the_same_change_has_the_same_id_in_another_process():
    assert event()["meta"]["uuid"] == "f2f3edbc-e0da-5397-a4e3-4d8ef0409754"


@pytest.mark.parametrize(
    "other",
    [
        event(task("t-1", "succeeded")),
        event(task("t-2", "failed")),
        event(replace(task("t-1", "failed"), raw_state="worse")),
        event_of(Change(task("t-1", "failed"), None, WALL_START), Origin("other", "example.com")),
        event_of(Change(task("t-1", "failed"), None, WALL_START), Origin("example", "example.com a-2")),
    ],
)
def test_other_changes_have_other_ids(other):
    assert other["meta"]["uuid"] != event()["meta"]["uuid"]


def test_what_else_is_told_of_a_task_does_not_change_its_id():
    more = event(replace(task("t-1", "failed", "1"), percent=3.0, message="x"), TaskState.QUEUED)
    assert more["meta"]["uuid"] == event()["meta"]["uuid"]


def test_keys_can_be_named_in_conditions_and_numbers_fit_into_java():
    told = readable_keys({"Content-Type": 1, "a.b": [{"é": 2**70}], "a b": float("nan"), "a_b": True, 3: None, "": ()})
    assert told == {"Content_Type": 1, "a_b": [{"_": str(2**70)}], "a_b_2": None, "a_b_3": True, "3": None, "_": []}


def test_many_keys_that_become_one_name_are_kept_apart_in_short_names():
    told = readable_keys({"_1": 0, **{chr(0x4E00 + number): number for number in range(20_000)}})
    assert [*told.values()] == [0, *range(20_000)]
    assert max(map(len, told)) < 10


def test_a_vendors_result_has_readable_keys_in_an_event():
    result = {"image-id": {"x.y": 1}}
    assert event(Task("t", "example", TaskState.SUCCEEDED, result=result))["task"]["result"] == {"image_id": {"x_y": 1}}


@pytest.mark.kind
def test_the_origin_tells_accounts_apart_and_no_secret():
    options = ConnectionOptions(
        "example",
        api_url="https://user:secret@example.com:8443/api/?token=secret",
        account_id="a-1",
        api_token="secret",
        region="DFW",
    )
    assert origin_of(options) == Origin("example", "example.com:8443/api DFW a-1")
    assert origin_of(ConnectionOptions("example", auth_url="https://example.com")).endpoint == "example.com"
    assert origin_of(ConnectionOptions("example", cloud="production")).endpoint == "production"


# --- a watch ----------------------------------------------------------------------------------------------------


def test_each_change_is_told_when_it_is_seen():
    provider = FakeProvider({"t": [task("t"), task("t"), task("t", "succeeded")]})
    events, doing = run(provider, task_ids=["t"])
    assert [(at, told["task"]["state"]) for at, told in events] == [(0, "running"), (20, "succeeded")]
    # Ten seconds is what suits this vendor, and after the end there is nothing to ask for.
    assert (len(provider.asked), doing.warnings) == (3, [])


def test_ends_only():
    events, _doing = run(FakeProvider({"t": [task("t"), task("t", "succeeded")]}), task_ids=["t"], events="ends")
    assert [told["task"]["state"] for _at, told in events] == ["succeeded"]


def test_a_vendor_that_asks_to_wait_is_not_asked_before():
    class Slow(FakeProvider):
        asked_to_wait = 40.0

    provider = Slow({"t": task("t")})
    run(provider, task_ids=["t"])
    assert len(provider.asked) == 3


def test_trouble_that_lasts_is_told_once_and_its_end_is_logged():
    provider = FakeProvider({"t": [TransientError("503", status=503)] * 40 + [task("t")]})
    events, doing = run(provider, task_ids=["t"], seconds=3000.0)
    (at, told), (_later, change) = events
    assert LONG_TROUBLE <= at <= LONG_TROUBLE + 70
    assert told["trouble"] == {
        "reason": "unreachable",
        "message": "503",
        "status": 503,
        "code": None,
        "at": told["trouble"]["at"],
    }
    assert uuid.UUID(told["meta"]["uuid"])
    assert change["task"]["state"] == "running"
    assert doing.warnings == ["503. It is retried", "Example Cloud answers again"]


def test_a_refusal_is_told_at_once_and_retried_more_and_more_slowly():
    provider = FakeProvider({"t": [AuthenticationError("The login was refused", status=401)] * 6 + [task("t")]})
    events, doing = run(provider, task_ids=["t"], seconds=5 * MOST_REFUSED_SECONDS)
    assert [(at, told.get("trouble", {}).get("reason")) for at, told in events] == [
        (0, "authentication"),
        (300 + 600 + 1200 + 2400 + 3600 + 3600, None),
    ]
    assert doing.warnings[0] == "The login was refused. The next try comes in 5 min"
    assert doing.warnings[-1] == "Example Cloud answers again"


def test_a_defect_ends_nothing():
    provider = FakeProvider({"t": [KeyError("colour"), task("t")]})
    events, doing = run(provider, task_ids=["t"], seconds=1000.0)
    assert [told.get("trouble", {}).get("reason") for _at, told in events] == ["defect", None]
    assert "Please report it" in events[0][1]["trouble"]["message"]
    assert "Traceback" in doing.warnings[0]


def test_an_option_that_an_answer_refutes_is_told_as_such_and_ends_nothing():
    provider = FakeProvider({"t": [OptionError("region", "region is odd"), task("t", "succeeded")]})
    events, doing = run(provider, task_ids=["t"], seconds=1000.0)
    assert [told.get("trouble", {}).get("message") for _at, told in events] == ["region is odd", None]
    assert events[0][1]["trouble"]["reason"] == "invalid_option"
    assert doing.warnings[0] == "region is odd. The next try comes in 5 min"


def test_an_interrupt_in_a_request_ends_the_watch():
    provider = FakeProvider({"t": InterruptError("The engine ends")})
    with pytest.raises(InterruptError):
        Run(task_events_run(), provider, task_ids=["t"])()


def task_events_run():
    work = partial(task_events.run, tell=pytest.fail)
    work.__module__ = task_events.__name__
    return work


class WithoutList(FakeProvider):
    can_list = False


@pytest.mark.parametrize(
    ("provider", "params", "option", "told"),
    [
        (FakeProvider(), {"task_ids": ["t"], "types": ["import"]}, "types", "types cannot go with task_ids"),
        (FakeProvider(), {"task_ids": ["t"], "filters": {"a": 1}}, "filters", "filters cannot go with task_ids"),
        (FakeProvider(), {"task_ids": []}, "task_ids", "task_ids is empty"),
        (WithoutList(), {}, "task_ids", "task_ids is needed, because Example Cloud has no list"),
        (FakeProvider(), {"limit": 0}, "limit", "limit is 0; it has to be 1 or more"),
        (FakeProvider(), {"lookback": -1.0}, "lookback", "lookback is -1"),
        (FakeProvider(), {"poll_interval": 0.0}, "poll_interval", "poll_interval is 0"),
        (
            FakeProvider(description=replace(DESCRIPTION, longest_poll_interval=20.0, longest_poll_reason="x")),
            {"poll_interval": 30.0},
            "poll_interval",
            "20 seconds or less for example: x",
        ),
    ],
)
def test_options_that_make_no_sense(provider, params, option, told):
    with pytest.raises(OptionError, match=re.escape(told)) as caught:
        Run(task_events_run(), provider, **params)()
    assert caught.value.option == option
