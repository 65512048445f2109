# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that fail in mid-wait: points 5 to 7 of the wait rule."""

from __future__ import annotations

import math

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    AccessDeniedError,
    AuthenticationError,
    BadAnswerError,
    InterruptError,
    MissingLibraryError,
    NoConnectionError,
    NotFoundError,
    OptionError,
    RejectedError,
    UnknownHostError,
    UntrustedServerError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.loop import (
    NO_CONNECTION_PATIENCE,
    Outcome,
    WaitPlan,
)
from ansible_collections.longrunning.tasks.tests.unit.support.fake_clock import FakeClock
from ansible_collections.longrunning.tasks.tests.unit.support.scripted_reader import (
    FOREVER_RUNNING,
    ScriptedReader,
    Story,
    Trouble,
    refusal,
    running_until,
    stories,
    trouble,
)

SUCCEEDED, RUNNING = TaskState.SUCCEEDED, TaskState.RUNNING


def nobody_there(since, until=math.inf, kind=NoConnectionError):
    return Trouble(since, until, lambda: kind("The connection to api.exmaple:443 was refused"))


def api_away(since, until=math.inf):
    return Trouble(since, until, lambda: RejectedError("Example has no API at /tasks", status=404))


STORIES = {
    # uri with until dies of one 502 or one reset; awx.awx fails at once, and on 429 with a KeyError.
    "one error in mid-wait is borne": Story(
        running_until(25, SUCCEEDED),
        trouble(10, 10.5),
        ends=Outcome.SUCCEEDED,
        looks=[0, 10, 11, 21, 31],
        tells={"transient_errors": 1, "last_transient_error": "The server answered with 502"},
    ),
    # uri with until: dies when the server does not listen yet at the first poll.
    "an error at the first look is borne": Story(
        running_until(25, SUCCEEDED), trouble(0, 2), ends=Outcome.SUCCEEDED, looks=[0, 1, 3, 13, 23, 33]
    ),
    "the repeats back off, and the last one falls on the end of the budget": Story(
        FOREVER_RUNNING,
        trouble(10),
        ends=Outcome.UNREACHABLE,
        at=60,
        looks=[0, 10, 11, 13, 17, 25, 41, 60],
        tells={"transient_errors": 7, "last_seen": {"a": 60}, "pending": ["a"]},
        transient_timeout=50,
    ),
    "what ends at the end of the budget is still a success": Story(
        running_until(30, SUCCEEDED), trouble(10, 59), ends=Outcome.SUCCEEDED, at=60, transient_timeout=50
    ),
    # netapp.ontap never resets its count of "consecutive" errors; the 30 seconds of dellemc.openmanage never refill.
    "one good answer refills the budget": Story(
        running_until(600, SUCCEEDED),
        *(trouble(10 + 40 * n, 38 + 40 * n) for n in range(20)),
        ends=Outcome.SUCCEEDED,
        poll_interval=5,
        transient_timeout=40,
    ),
    "a second run of errors begins with short delays again": Story(
        FOREVER_RUNNING, trouble(0, 6), trouble(17, 18.5), looks=[0, 1, 3, 7, 17, 18, 20, 30], timeout=30
    ),
    "without a budget the first error ends the wait": Story(
        FOREVER_RUNNING,
        trouble(10),
        ends=Outcome.UNREACHABLE,
        at=10,
        tells={"transient_errors": 1},
        transient_timeout=0,
    ),
    "a wait without a single answer is unreachable and not timed out": Story(
        FOREVER_RUNNING, trouble(0), ends=Outcome.UNREACHABLE, at=20, tells={"last_seen": {}}, timeout=20
    ),
    "an error at the only look is unreachable": Story(
        FOREVER_RUNNING, trouble(0), ends=Outcome.UNREACHABLE, looks=[0], timeout=0
    ),
    "a wait with an answer for one of two tasks is timed out": Story(
        {"a": FOREVER_RUNNING, "b": FOREVER_RUNNING},
        trouble(0, math.inf, "b"),
        ends=Outcome.TIMED_OUT,
        tells={"last_seen": {"a": 0}},
        timeout=20,
    ),
    # In 90 collections no task waiter honours Retry-After.
    "Retry-After takes the place of the backoff": Story(
        FOREVER_RUNNING, trouble(10, 11, retry_after=42), looks=[0, 10, 52, 62, 70], timeout=70
    ),
    "Retry-After is honoured beyond the budget": Story(
        running_until(20, SUCCEEDED),
        trouble(10, 11, retry_after=600),
        ends=Outcome.SUCCEEDED,
        at=610,
        transient_timeout=60,
    ),
    "it is not granted twice beyond the budget": Story(
        FOREVER_RUNNING, trouble(10, retry_after=600), ends=Outcome.UNREACHABLE, at=610, transient_timeout=60
    ),
    "it is honoured beyond the budget while other tasks are looked at": Story(
        {"a": running_until(700, SUCCEEDED), "b": running_until(20, SUCCEEDED)},
        trouble(10, 11, "b", retry_after=600),
        ends=Outcome.SUCCEEDED,
        transient_timeout=60,
    ),
    "Retry-After is cut at the deadline": Story(
        running_until(20, SUCCEEDED),
        trouble(10, 11, retry_after=1e11),
        ends=Outcome.SUCCEEDED,
        at=60,
        looks=[0, 10, 60],
        timeout=60,
    ),
    "Retry-After: 0 is not a spin": Story(
        FOREVER_RUNNING,
        trouble(0, retry_after=0),
        ends=Outcome.UNREACHABLE,
        tells={"polls": 51},
        timeout=100,
        transient_timeout=10,
    ),
    # A refused, unreachable or unknown address: before anything has answered there, it is most likely wrong.
    "nobody listens at the address": Story(
        FOREVER_RUNNING, nobody_there(0), ends=Outcome.UNREACHABLE, at=NO_CONNECTION_PATIENCE
    ),
    "nobody knows the host": Story(
        FOREVER_RUNNING, nobody_there(0, kind=UnknownHostError), ends=Outcome.UNREACHABLE, at=NO_CONNECTION_PATIENCE
    ),
    "a server may begin to listen meanwhile": Story(
        running_until(5, SUCCEEDED), nobody_there(0, 10), ends=Outcome.SUCCEEDED
    ),
    "a budget that is smaller holds where nobody listens": Story(
        FOREVER_RUNNING, nobody_there(0), ends=Outcome.UNREACHABLE, at=3, transient_timeout=3
    ),
    "after an answer it is trouble like any other": Story(
        FOREVER_RUNNING, nobody_there(10), ends=Outcome.UNREACHABLE, at=310
    ),
    # Who answers with 502, or breaks a connection off, is there: it restarts.
    "a bad answer is an answer": Story(
        running_until(5, SUCCEEDED), trouble(0, 15), nobody_there(15, 200), ends=Outcome.SUCCEEDED
    ),
    # A proxy's page in place of the API: where a task was seen there is one.
    "an API that is not there was never there": Story(
        running_until(20, SUCCEEDED), api_away(0, 15), ends=Outcome.UNREACHABLE, at=0, tells={"transient_errors": 0}
    ),
    "an API that is gone after a task was seen may come back": Story(
        running_until(20, SUCCEEDED), api_away(10, 25), ends=Outcome.SUCCEEDED, tells={"transient_errors": 4}
    ),
    "an API that stays away is unreachable in the end": Story(
        FOREVER_RUNNING, api_away(10), ends=Outcome.UNREACHABLE, at=310
    ),
}


@stories(STORIES)
def test_a_wait_bears_trouble(story):
    story.play()


# kubernetes.core judges the stale object again after a connection error.
def test_an_error_is_no_look_at_the_task():
    reader = ScriptedReader({"a": FOREVER_RUNNING}, trouble(10, 31))
    outcome = reader.wait(WaitPlan(timeout=40, poll_interval=10))
    assert len(outcome.histories["a"]) == 1
    assert (outcome.transient_errors, outcome.polls) == (5, 7)


# awx.awx forgets the job's data on 401; f5networks loops for ever when its token expires.
@pytest.mark.parametrize(
    "error",
    [
        AuthenticationError("The login was refused"),
        AccessDeniedError("Not for you"),
        NotFoundError("Nothing there"),
        RejectedError("Malformed"),
        BadAnswerError("No JSON object"),
        UntrustedServerError("Self-signed"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_final_error_ends_the_wait_at_once_and_keeps_what_was_known(error):
    timelines = {"a": running_until(10, SUCCEEDED), "b": FOREVER_RUNNING}
    reader = ScriptedReader(timelines, refusal(error, since=20))
    outcome = reader.wait(WaitPlan(timeout=100, poll_interval=10))
    assert (outcome.outcome, outcome.elapsed, outcome.cause) == (Outcome.UNREACHABLE, 20, error)
    assert [task.state for task in outcome.tasks] == [SUCCEEDED, RUNNING]
    assert reader.moments == [0, 10, 20]
    assert outcome.transient_errors == 0


@pytest.mark.parametrize("error", [MissingLibraryError("jsonschema", "to check answers"), KeyError("surprise")])
def test_what_the_first_look_fails_for_is_no_matter_of_the_wait(error):
    reader = ScriptedReader({"a": FOREVER_RUNNING}, refusal(error))
    with pytest.raises(type(error)):
        reader.wait(WaitPlan(timeout=100, poll_interval=10))


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (KeyError("surprise"), "defect"),
        (OptionError("region", "region is 'X', and the account has none of that name"), "invalid_option"),
        (MissingLibraryError("jmespath", "to read answers"), "missing_library"),
    ],
)
def test_what_ends_the_looks_for_any_other_reason_loses_no_task(error, reason):
    reader = ScriptedReader({"a": FOREVER_RUNNING}, Trouble(20, math.inf, lambda: error))
    outcome = reader.wait(WaitPlan(timeout=100, poll_interval=10))
    assert (outcome.outcome, outcome.cause.reason, outcome.elapsed) == (Outcome.ABORTED, reason, 20)
    assert ([task.state for task in outcome.pending], outcome.last_seen) == ([RUNNING], {"a": 10})


def test_no_backoff_handed_in_means_jitter_up_to_the_interval():
    reader = ScriptedReader({"a": FOREVER_RUNNING}, trouble(0, 400))
    reader.wait(WaitPlan(timeout=300, poll_interval=2), backoff=None)
    assert reader.clock.slept
    assert all(seconds <= 2 for seconds in reader.clock.slept)


def test_the_observer_is_told_of_looks_changes_and_troubles():
    timelines = {"a": running_until(15, SUCCEEDED), "b": running_until(25, SUCCEEDED)}
    reader = ScriptedReader(timelines, trouble(10, 11))
    looks = []
    reader.wait(WaitPlan(timeout=100, poll_interval=10), task_ids=("b", "a"), observer=looks.append)
    assert [
        (
            look.elapsed,
            [str(task.state) for task in look.tasks],
            [task.id for task in look.changed],
            sorted(look.pending),
        )
        for look in looks
    ] == [
        (0, ["running", "running"], ["b", "a"], ["a", "b"]),
        (10, ["running", "running"], [], ["a", "b"]),
        (11, ["running", "running"], [], ["a", "b"]),
        (21, ["running", "succeeded"], ["a"], ["b"]),
        (31, ["succeeded", "succeeded"], ["b"], []),
    ]
    assert [look.trouble and look.trouble.message for look in looks] == [
        None,
        "The server answered with 502",
        None,
        None,
        None,
    ]


@pytest.mark.kind
@pytest.mark.parametrize(
    "error", [RuntimeError("can't start new thread"), OverflowError(), RejectedError("No"), OSError()]
)
def test_an_observer_that_fails_ends_the_observing_and_not_the_wait(error):
    looks = []

    def observer(look):
        looks.append(look)
        raise error

    reader = ScriptedReader({"a": running_until(15, SUCCEEDED)})
    assert reader.wait(WaitPlan(timeout=100, poll_interval=10), observer=observer).outcome is Outcome.SUCCEEDED
    assert len(looks) == 1


def test_a_signal_that_comes_while_somebody_observes_is_heard():
    def observer(_look):
        raise InterruptError("Stopped.")

    reader = ScriptedReader({"a": FOREVER_RUNNING})
    outcome = reader.wait(WaitPlan(timeout=100, poll_interval=10), observer=observer)
    assert (outcome.outcome, outcome.polls) == (Outcome.INTERRUPTED, 1)


# A task whose requests fail is in trouble until it is read, whatever the others do.
def test_trouble_stands_until_the_task_is_read():
    reader = ScriptedReader({"a": FOREVER_RUNNING, "b": FOREVER_RUNNING}, trouble(10, 35, "b", retry_after=17))
    looks = []
    reader.wait(WaitPlan(timeout=50, poll_interval=10), observer=looks.append)
    assert [(look.elapsed, look.trouble is not None) for look in looks] == [
        (0, False),
        (10, True),
        (20, True),
        (27, True),
        (30, True),
        (40, True),
        (44, False),
        (50, False),
    ]


# --- interrupts -----------------------------------------------------------------------------------------------


def test_an_interrupt_in_a_look_keeps_what_is_known():
    stop = Trouble(20, math.inf, lambda: InterruptError("Stopped."))
    reader = ScriptedReader({"a": running_until(15, SUCCEEDED), "b": FOREVER_RUNNING}, stop)
    outcome = reader.wait(WaitPlan(timeout=100, poll_interval=10))
    assert (outcome.outcome, outcome.elapsed, outcome.cause.message) == (Outcome.INTERRUPTED, 20, "Stopped.")
    assert [task.state for task in outcome.tasks] == [RUNNING, RUNNING]
    assert outcome.polls == 3


def test_an_interrupt_in_a_sleep_keeps_what_is_known():
    class StoppingClock(FakeClock):
        def sleep(self, seconds):
            self.advance(seconds / 2)
            if self.elapsed > 20:
                raise InterruptError("Stopped.")
            self.advance(seconds / 2)

    reader = ScriptedReader({"a": running_until(15, SUCCEEDED), "b": FOREVER_RUNNING}, clock=StoppingClock())
    outcome = reader.wait(WaitPlan(timeout=100, poll_interval=10))
    assert (outcome.outcome, outcome.elapsed, outcome.polls) == (Outcome.INTERRUPTED, 25, 3)
    assert [task.state for task in outcome.tasks] == [SUCCEEDED, RUNNING]
