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
    TransientError,
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
    Step,
    Trouble,
    refusal,
    running_until,
    trouble,
)

SUCCEEDED, RUNNING = TaskState.SUCCEEDED, TaskState.RUNNING


# uri with until dies of one 502 or one reset; awx.awx fails at once, and on 429 with a KeyError.
def test_one_error_in_mid_wait_is_borne():
    reader = ScriptedReader({"a": running_until(25, SUCCEEDED)}, trouble(10, 10.5))
    outcome = reader.wait(WaitPlan(timeout=100, poll_interval=10))
    assert outcome.outcome is Outcome.SUCCEEDED
    assert (outcome.transient_errors, outcome.last_transient_error) == (1, "The server answered with 502")
    assert reader.moments == [0, 10, 11, 21, 31]


# uri with until: dies when the server does not listen yet at the first poll.
def test_an_error_at_the_first_look_is_borne():
    reader = ScriptedReader({"a": running_until(25, SUCCEEDED)}, trouble(0, 2))
    outcome = reader.wait(WaitPlan(timeout=100, poll_interval=10))
    assert outcome.outcome is Outcome.SUCCEEDED
    assert reader.moments == [0, 1, 3, 13, 23, 33]


def test_the_repeats_back_off_and_the_last_one_falls_on_the_end_of_the_budget():
    reader = ScriptedReader({"a": FOREVER_RUNNING}, trouble(10))
    outcome = reader.wait(WaitPlan(timeout=3600, poll_interval=10, transient_timeout=50))
    assert (outcome.outcome, outcome.elapsed) == (Outcome.UNREACHABLE, 60)
    assert reader.moments == [0, 10, 11, 13, 17, 25, 41, 60]
    assert outcome.transient_errors == 7
    assert isinstance(outcome.cause, TransientError)


def test_what_ends_at_the_end_of_the_budget_is_still_a_success():
    reader = ScriptedReader({"a": running_until(30, SUCCEEDED)}, trouble(10, 59))
    outcome = reader.wait(WaitPlan(timeout=3600, poll_interval=10, transient_timeout=50))
    assert (outcome.outcome, outcome.elapsed) == (Outcome.SUCCEEDED, 60)


def test_unreachable_keeps_what_was_known():
    reader = ScriptedReader({"a": (Step(0, RUNNING, "copying", percent=40),)}, trouble(10))
    outcome = reader.wait(WaitPlan(timeout=3600, poll_interval=10, transient_timeout=50))
    assert (outcome.tasks[0].raw_state, outcome.tasks[0].percent) == ("copying", 40)
    assert outcome.last_seen == {"a": 60}
    assert outcome.pending == list(outcome.tasks)


# netapp.ontap never resets its count of "consecutive" errors; the 30 seconds of dellemc.openmanage never refill.
def test_one_good_answer_refills_the_budget():
    stretches = [trouble(10 + 40 * n, 38 + 40 * n) for n in range(20)]
    reader = ScriptedReader({"a": running_until(600, SUCCEEDED)}, *stretches)
    outcome = reader.wait(WaitPlan(timeout=3600, poll_interval=5, transient_timeout=40))
    assert outcome.outcome is Outcome.SUCCEEDED
    assert outcome.transient_errors > 30


def test_a_second_run_of_errors_begins_with_short_delays_again():
    reader = ScriptedReader({"a": FOREVER_RUNNING}, trouble(0, 6), trouble(17, 18.5))
    reader.wait(WaitPlan(timeout=30, poll_interval=10))
    assert reader.moments == [0, 1, 3, 7, 17, 18, 20, 30]


def test_without_a_budget_the_first_error_ends_the_wait():
    reader = ScriptedReader({"a": FOREVER_RUNNING}, trouble(10))
    outcome = reader.wait(WaitPlan(timeout=100, poll_interval=10, transient_timeout=0))
    assert (outcome.outcome, outcome.elapsed, outcome.transient_errors) == (Outcome.UNREACHABLE, 10, 1)


def test_a_wait_without_a_single_answer_is_unreachable_and_not_timed_out():
    reader = ScriptedReader({"a": FOREVER_RUNNING}, trouble(0))
    outcome = reader.wait(WaitPlan(timeout=20, poll_interval=10))
    assert (outcome.outcome, outcome.elapsed) == (Outcome.UNREACHABLE, 20)
    assert outcome.last_seen == {}
    assert outcome.tasks[0].raw_state is None


@pytest.mark.parametrize("timeout", [0, 0.0001])
def test_an_error_at_the_only_look_is_unreachable(timeout):
    reader = ScriptedReader({"a": FOREVER_RUNNING}, trouble(0))
    assert reader.wait(WaitPlan(timeout=timeout, poll_interval=10)).outcome is Outcome.UNREACHABLE
    assert reader.moments == [0]


def test_a_wait_with_one_answer_for_one_of_two_tasks_is_timed_out():
    reader = ScriptedReader({"a": FOREVER_RUNNING, "b": FOREVER_RUNNING}, trouble(0, math.inf, "b"))
    outcome = reader.wait(WaitPlan(timeout=20, poll_interval=10))
    assert outcome.outcome is Outcome.TIMED_OUT
    assert list(outcome.last_seen) == ["a"]


# kubernetes.core judges the stale object again after a connection error.
def test_an_error_is_no_look_at_the_task():
    reader = ScriptedReader({"a": FOREVER_RUNNING}, trouble(10, 31))
    outcome = reader.wait(WaitPlan(timeout=40, poll_interval=10))
    assert len(outcome.histories["a"]) == 1
    assert (outcome.transient_errors, outcome.polls) == (5, 7)


class TestRetryAfter:
    # In 90 collections no task waiter honours it.
    def test_it_takes_the_place_of_the_backoff(self):
        reader = ScriptedReader({"a": FOREVER_RUNNING}, trouble(10, 11, retry_after=42))
        reader.wait(WaitPlan(timeout=70, poll_interval=10))
        assert reader.moments == [0, 10, 52, 62, 70]

    def test_it_is_honoured_beyond_the_budget(self):
        reader = ScriptedReader({"a": running_until(20, SUCCEEDED)}, trouble(10, 11, retry_after=600))
        outcome = reader.wait(WaitPlan(timeout=3600, poll_interval=10, transient_timeout=60))
        assert (outcome.outcome, outcome.elapsed) == (Outcome.SUCCEEDED, 610)

    def test_it_is_not_granted_twice_beyond_the_budget(self):
        reader = ScriptedReader({"a": FOREVER_RUNNING}, trouble(10, retry_after=600))
        outcome = reader.wait(WaitPlan(timeout=3600, poll_interval=10, transient_timeout=60))
        assert (outcome.outcome, outcome.elapsed) == (Outcome.UNREACHABLE, 610)

    def test_it_is_honoured_beyond_the_budget_while_other_tasks_are_looked_at(self):
        timelines = {"a": running_until(700, SUCCEEDED), "b": running_until(20, SUCCEEDED)}
        reader = ScriptedReader(timelines, trouble(10, 11, "b", retry_after=600))
        outcome = reader.wait(WaitPlan(timeout=3600, poll_interval=10, transient_timeout=60))
        assert outcome.outcome is Outcome.SUCCEEDED
        assert reader.moments_of("b") == [0, 10, 610]

    @pytest.mark.parametrize("retry_after", [600, 1e11])
    def test_it_is_cut_at_the_deadline(self, retry_after):
        reader = ScriptedReader({"a": running_until(20, SUCCEEDED)}, trouble(10, 11, retry_after=retry_after))
        outcome = reader.wait(WaitPlan(timeout=60, poll_interval=10))
        assert (outcome.outcome, outcome.elapsed) == (Outcome.SUCCEEDED, 60)
        assert reader.moments == [0, 10, 60]

    def test_at_once_is_not_a_spin(self):
        reader = ScriptedReader({"a": FOREVER_RUNNING}, trouble(0, retry_after=0), most_looks=60)
        outcome = reader.wait(WaitPlan(timeout=100, poll_interval=10, transient_timeout=10))
        assert (outcome.outcome, outcome.polls) == (Outcome.UNREACHABLE, 51)


class TestNoConnection:
    """A refused, unreachable or unknown address: nothing has answered there."""

    @staticmethod
    def nobody_there(since, until=math.inf, kind=NoConnectionError):
        return Trouble(since, until, lambda: kind("The connection to api.exmaple:443 was refused"))

    @pytest.mark.kind
    @pytest.mark.parametrize("kind", [NoConnectionError, UnknownHostError])
    def test_before_the_server_was_reached_the_address_is_most_likely_wrong(self, kind):
        reader = ScriptedReader({"a": FOREVER_RUNNING}, self.nobody_there(0, kind=kind))
        outcome = reader.wait(WaitPlan(timeout=3600, poll_interval=10))
        assert (outcome.outcome, outcome.elapsed) == (Outcome.UNREACHABLE, NO_CONNECTION_PATIENCE)
        assert isinstance(outcome.cause, kind)

    def test_it_may_pass_meanwhile(self):
        reader = ScriptedReader({"a": running_until(5, SUCCEEDED)}, self.nobody_there(0, 10))
        assert reader.wait(WaitPlan(timeout=3600, poll_interval=10)).outcome is Outcome.SUCCEEDED

    def test_a_smaller_budget_holds(self):
        reader = ScriptedReader({"a": FOREVER_RUNNING}, self.nobody_there(0))
        outcome = reader.wait(WaitPlan(timeout=3600, poll_interval=10, transient_timeout=3))
        assert (outcome.outcome, outcome.elapsed) == (Outcome.UNREACHABLE, 3)

    def test_after_an_answer_it_is_trouble_like_any_other(self):
        reader = ScriptedReader({"a": FOREVER_RUNNING}, self.nobody_there(10))
        outcome = reader.wait(WaitPlan(timeout=3600, poll_interval=10))
        assert (outcome.outcome, outcome.elapsed) == (Outcome.UNREACHABLE, 310)

    # Who answers with 502, or breaks a connection off, is there: it restarts.
    def test_a_bad_answer_is_an_answer(self):
        reader = ScriptedReader({"a": running_until(5, SUCCEEDED)}, trouble(0, 15), self.nobody_there(15, 200))
        assert reader.wait(WaitPlan(timeout=3600, poll_interval=10)).outcome is Outcome.SUCCEEDED


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


# A proxy's page in place of the API: where a task was seen there is one.
@pytest.mark.parametrize(("since", "expected"), [(0, Outcome.UNREACHABLE), (10, Outcome.SUCCEEDED)])
def test_an_api_that_is_gone_after_a_task_was_seen_may_come_back(since, expected):
    away = Trouble(since, since + 15, lambda: RejectedError("Example has no API at /tasks", status=404))
    outcome = ScriptedReader({"a": running_until(20, SUCCEEDED)}, away).wait(WaitPlan(timeout=100, poll_interval=10))
    assert outcome.outcome is expected
    assert outcome.transient_errors == (4 if since else 0)


def test_an_api_that_stays_away_is_unreachable_in_the_end():
    away = Trouble(10, math.inf, lambda: RejectedError("Example has no API at /tasks", status=404))
    outcome = ScriptedReader({"a": FOREVER_RUNNING}, away).wait(WaitPlan(timeout=3600, poll_interval=10))
    assert (outcome.outcome, outcome.elapsed, outcome.cause.status) == (Outcome.UNREACHABLE, 310, 404)


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
