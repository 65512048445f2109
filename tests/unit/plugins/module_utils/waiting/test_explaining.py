# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole sentences, as a person reads them."""

from __future__ import annotations

import math

import pytest
from urllib3.exceptions import NewConnectionError

from ansible_collections.longrunning.tasks.plugins.module_utils._api.causes import translated
from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    AuthenticationError,
    InterruptError,
    NoConnectionError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import (
    Task,
    TaskError,
    TaskState,
    missing_task,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.explaining import explain_outcome, explain_task
from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.loop import NotFoundPolicy, WaitFor, WaitPlan
from ansible_collections.longrunning.tasks.tests.unit.support.scripted_reader import (
    FOREVER_RUNNING,
    ScriptedReader,
    Step,
    refusal,
    running_until,
    trouble,
)

SUCCEEDED, FAILED, RUNNING = TaskState.SUCCEEDED, TaskState.FAILED, TaskState.RUNNING
GOOD_AT_15, BAD_AT_5 = running_until(15, SUCCEEDED), running_until(5, FAILED, "E42")
COPYING = (Step(0, RUNNING, "copying", percent=37.5),)
STOPPED = InterruptError("Interrupted by the signal SIGTERM")
REFUSED = AuthenticationError("Example refused the login of user bob")


def failed(state=FAILED, message=None, **error):
    return Task("7", "example", state, message=message, error=TaskError(**error) if error else None)


@pytest.mark.parametrize(
    ("task", "sentences"),
    [
        (
            Task(
                "7",
                "example",
                FAILED,
                type="import",
                name="disk",
                error=TaskError("396", "No disk", "The file is a text", "Convert it first"),
            ),
            (
                "Example: import task 7 (disk) failed with code 396: No disk. The file is a text. "
                "What to do: Convert it first."
            ),
        ),
        (failed(), "Example: task 7 failed, and the vendor gave no reason."),
        (failed(message="Disk full"), "Example: task 7 failed: Disk full."),
        (failed(code="396"), "Example: task 7 failed with code 396, and the vendor gave no reason."),
        (failed(code="396", message="Disk full"), "Example: task 7 failed with code 396: Disk full."),
        (failed(code="396", title="No disk"), "Example: task 7 failed with code 396: No disk."),
        (failed(detail="It broke!", message="Other"), "Example: task 7 failed: It broke!"),
        # A title that the detail repeats is left out.
        (failed(title="No disk.", detail="There is no disk here"), "Example: task 7 failed: There is no disk here."),
        (
            failed(TaskState.CANCELLED, code="9", remedy="Ask who did it."),
            "Example: task 7 was cancelled with code 9, and the vendor gave no reason. What to do: Ask who did it.",
        ),
        (failed(TaskState.CANCELLED), "Example: task 7 was cancelled, and the vendor gave no reason."),
        (
            failed(TaskState.DISMISSED),
            (
                "Example: task 7 was dismissed by somebody, so its outcome can no longer be known. It does not count "
                "as a success."
            ),
        ),
        (
            Task("7", "example", TaskState.DISMISSED, message="dismissed by ann"),
            (
                "Example: task 7 was dismissed by somebody, so its outcome can no longer be known. It does not count "
                "as a success. What is known of it: dismissed by ann."
            ),
        ),
        (
            missing_task("7", "example", "no task 7"),
            (
                "Example: task 7 was not found. The answer was: no task 7. Check the ID, api_url, and what the login "
                "may see. If the vendor registers tasks late, set not_found to wait. If it forgets tasks that have "
                "ended, set it to succeed."
            ),
        ),
        (
            missing_task("7", "example"),
            (
                "Example: task 7 was not found. Check the ID, api_url, and what the login may see. If the vendor "
                "registers tasks late, set not_found to wait. If it forgets tasks that have ended, set it to succeed."
            ),
        ),
        (
            Task("7", "example", TaskState.UNKNOWN, raw_state="New"),
            (
                "Example: task 7 is in the state 'New', which this collection does not know. unknown_state: fail makes "
                "that a failure. Set it to wait to keep waiting."
            ),
        ),
        (
            Task("7", "example", TaskState.UNKNOWN),
            ("Example: task 7 has no state. unknown_state: fail makes that a failure. Set it to wait to keep waiting."),
        ),
    ],
)
def test_a_task_that_did_not_succeed(task, sentences):
    assert explain_task(task, "Example") == sentences


def told(timelines, *stretches, timeout=20.0, request_timeout=30.0, **plan):
    """Return what is said of a wait that looks every 10 seconds."""
    reader = ScriptedReader(timelines, *stretches)
    outcome = reader.wait(WaitPlan(timeout=timeout, poll_interval=10, **plan), request_timeout=request_timeout)
    return explain_outcome(outcome, "Example")


class TestSucceeded:
    def test_one(self):
        assert told({"a": GOOD_AT_15}) == "Example: task a succeeded after 20 s."

    def test_one_at_the_first_look(self):
        assert told({"a": (Step(0, SUCCEEDED),)}) == "Example: task a has succeeded."

    def test_many(self):
        assert told({"a": GOOD_AT_15, "b": GOOD_AT_15}) == "Example: both tasks succeeded after 20 s."

    def test_any(self):
        assert told({"a": BAD_AT_5, "b": GOOD_AT_15}, wait_for=WaitFor.ANY) == "Example: task b succeeded after 20 s."

    def test_none(self):
        assert told({}) == "There was no task to wait for."

    def test_one_that_was_never_there(self):
        assert told({"a": (Step(99, RUNNING),)}, not_found=NotFoundPolicy.SUCCEED) == (
            "Example: task a was not found. not_found: succeed counts a as succeeded. If that is wrong, check api_url."
        )

    # What was seen of it is all that somebody can judge this success by.
    def test_one_that_was_seen_and_is_gone(self):
        timelines = {"a": (*COPYING, Step(15, TaskState.NOT_FOUND)), "b": GOOD_AT_15}
        assert told(timelines, timeout=60, not_found=NotFoundPolicy.SUCCEED) == (
            "Example: both tasks succeeded after 40 s. not_found: succeed counts a (last seen copying, "
            "37.5 %, 30 s ago) as succeeded. If that is wrong, check api_url."
        )


class TestFailed:
    def test_one(self):
        assert told({"a": BAD_AT_5}) == "Example: task a failed with code E42, and the vendor gave no reason."

    def test_one_of_two(self):
        assert told({"a": BAD_AT_5, "b": GOOD_AT_15}) == (
            "1 of 2 tasks did not succeed. Example: task a failed with code E42, and the vendor gave no reason."
        )

    def test_fail_fast_tells_how_many_were_pending(self):
        assert told({"a": BAD_AT_5, "b": GOOD_AT_15}, fail_fast=True) == (
            "1 of 2 tasks did not succeed. Example: task a failed with code E42, and the vendor gave no reason. "
            "One more task had not ended yet."
        )

    def test_of_many_the_first_three_are_told(self):
        assert told(dict.fromkeys("abcd", BAD_AT_5)) == (
            "4 of 4 tasks did not succeed. "
            "Example: task a failed with code E42, and the vendor gave no reason. "
            "Example: task b failed with code E42, and the vendor gave no reason. "
            "Example: task c failed with code E42, and the vendor gave no reason. "
            "All 4 are in failed_task_ids."
        )

    def test_one_that_was_seen_and_is_gone(self):
        assert told({"a": (*COPYING, Step(15, TaskState.NOT_FOUND))}, timeout=60) == (
            "Example: task a is gone. It was last seen copying, 37.5 %, 30 s ago, and is not found any more. Check at "
            "the vendor what became of it. If the vendor forgets tasks that have ended, set not_found to "
            "succeed."
        )

    def test_what_is_gone_has_the_name_that_it_had(self):
        disk = Task("7", "example", RUNNING, "copying", type="import", name="disk")
        assert explain_task(missing_task("7", "example", "no task 7"), "Example", (disk, 0.5)) == (
            "Example: import task 7 (disk) is gone. It was last seen copying, and is not found any more. The answer "
            "was: no task 7. Check at the vendor what became of it. If the vendor forgets tasks that have "
            "ended, set not_found to succeed."
        )


class TestTimedOut:
    ADVICE = "The vendor keeps working: wait for the same IDs again, with a longer timeout if needed."

    # check_point.mgmt tells the ID only; ovhcloud-cli was asked to say "last seen", not "still running".
    def test_one(self):
        assert told({"a": COPYING}, timeout=185) == (
            "Example: task a (last seen copying, 37.5 %) has not ended within the timeout of 3 min 05 s. " + self.ADVICE
        )

    def test_a_single_look(self):
        assert told({"a": FOREVER_RUNNING}, timeout=0) == (
            "Example: task a (last seen running) has not ended yet. The vendor keeps working: wait for the "
            "same IDs again."
        )

    # "last seen 1" would mean nothing to a person.
    def test_a_state_that_is_a_number(self):
        assert "task a (last seen running, 37.5 %)" in told({"a": (Step(0, RUNNING, "1", percent=37.5),)})

    def test_many(self):
        assert told(dict.fromkeys("abcde", FOREVER_RUNNING)) == (
            "Example: task a (last seen running), task b (last seen running), "
            "task c (last seen running) and 2 more have not ended within the timeout of 20 s. " + self.ADVICE
        )

    @pytest.mark.kind
    def test_the_age_of_what_was_seen_and_why_no_more_was(self):
        assert told({"a": FOREVER_RUNNING}, trouble(5), timeout=185) == (
            "Example: task a (last seen running, 3 min 05 s ago) has not ended within the timeout of 3 min 05 s. "
            f"{self.ADVICE} The last request failed: The server answered with 502."
        )

    def test_one_that_was_never_seen(self):
        assert told({"a": FOREVER_RUNNING, "b": FOREVER_RUNNING}, trouble(0, math.inf, "b")) == (
            "Example: task a (last seen running) and task b (never seen) have not ended within the timeout of "
            f"20 s. {self.ADVICE} The last request failed: The server answered with 502."
        )

    def test_one_that_has_failed_meanwhile(self):
        assert told({"a": FOREVER_RUNNING, "b": BAD_AT_5}) == (
            "Example: task a (last seen running) has not ended within the timeout of 20 s. "
            f"{self.ADVICE} 1 of 2 tasks did not succeed. "
            "Example: task b failed with code E42, and the vendor gave no reason."
        )

    def test_one_that_is_not_registered(self):
        assert told({"a": (Step(99, RUNNING),)}, not_found=NotFoundPolicy.WAIT) == (
            "Example: task a (not found) has not ended within the timeout of 20 s. A task that is not found may not "
            "exist: check its ID and api_url."
        )

    def test_one_that_is_not_found_any_more(self):
        assert told({"a": (*COPYING, Step(15, TaskState.NOT_FOUND))}) == (
            "Example: task a (last seen copying, 37.5 %, 10 s ago, not found since) has not ended within the timeout "
            "of 20 s. A task that is not found may not exist: check its ID and api_url."
        )

    # Whether it goes on is just what nobody knows.
    def test_one_in_a_state_that_is_not_known(self):
        timelines = {"a": (Step(0, TaskState.UNKNOWN, "New"),), "b": (Step(0, TaskState.UNKNOWN, "Odd"),)}
        assert told(timelines) == (
            "Example: task a (last seen New) and task b (last seen Odd) have not ended within the timeout of 20 s. "
            "This collection does not know the state 'New' and the state 'Odd', so it cannot tell whether such a task "
            "has ended: check at the vendor."
        )


class TestStalled:
    def test_one(self):
        assert told({"a": COPYING}, timeout=3600, stall_timeout=300) == (
            "Example: task a (last seen copying, 37.5 %) has shown no change of state, progress or message for the "
            "stall_timeout of 5 min. Check at the vendor what holds it up."
        )

    def test_only_those_that_stand_still_are_named(self):
        moving = [Step(second, RUNNING, percent=second) for second in range(0, 100, 5)]
        timelines = {"a": FOREVER_RUNNING, "b": moving, "c": FOREVER_RUNNING}
        assert told(timelines, timeout=3600, stall_timeout=60) == (
            "Example: task a (last seen running) and task c (last seen running) have shown no "
            "change of state, progress or message for the stall_timeout of 60 s. Check at the vendor what holds "
            "them up."
        )

    def test_one_that_has_failed_meanwhile(self):
        assert told({"a": COPYING, "b": BAD_AT_5}, timeout=3600, stall_timeout=60) == (
            "Example: task a (last seen copying, 37.5 %) has shown no change of state, progress or message for the "
            "stall_timeout of 60 s. Check at the vendor what holds it up. 1 of 2 tasks did not succeed. "
            "Example: task b failed with code E42, and the vendor gave no reason."
        )


class TestUnreachable:
    def test_from_the_beginning(self):
        assert told({"a": FOREVER_RUNNING}, refusal(REFUSED)) == "Example refused the login of user bob."

    def test_from_the_beginning_with_repeats(self):
        assert told({"a": FOREVER_RUNNING}, trouble(0), timeout=3600) == (
            "The server answered with 502. The wait gave up after 15 transient errors."
        )

    def test_an_address_at_which_nothing_answers(self):
        refused = NoConnectionError("The connection to vendor.example:443 was refused")
        assert told({"a": FOREVER_RUNNING}, refusal(refused), timeout=3600) == (
            "The connection to vendor.example:443 was refused. Nothing has answered within 20 s, so the wait gave up. "
            "Check api_url, the network and the proxy."
        )

    def test_an_address_of_the_login_at_which_nothing_answers(self):
        no_connection = translated(NewConnectionError(None, ""), "POST", "https://login.example", "auth_url")
        ends = told({"a": FOREVER_RUNNING}, refusal(no_connection), timeout=3600)
        assert ends.endswith("Check auth_url, the network and the proxy.")

    def test_trouble_in_mid_wait(self):
        assert told({"a": COPYING}, trouble(5), timeout=3600, transient_timeout=10.0) == (
            "The server answered with 502. The wait gave up after 5 transient errors. The outcome of task a "
            "(last seen copying, 37.5 %, 20 s ago) is unknown. Wait for the same IDs again when Example answers."
        )

    def test_in_mid_wait(self):
        assert told({"a": COPYING}, refusal(REFUSED, since=5)) == (
            "Example refused the login of user bob. "
            "The outcome of task a (last seen copying, 37.5 %, 10 s ago) is unknown."
        )

    def test_many_in_mid_wait(self):
        assert told({"a": COPYING, "b": GOOD_AT_15, "c": FOREVER_RUNNING}, refusal(REFUSED, since=25), timeout=60) == (
            "Example refused the login of user bob. "
            "The outcome of task a (last seen copying, 37.5 %, 10 s ago) and "
            "task c (last seen running, 10 s ago) is unknown."
        )

    def test_one_that_has_failed_meanwhile(self):
        assert told({"a": COPYING, "b": BAD_AT_5}, refusal(REFUSED, since=15)) == (
            "Example refused the login of user bob. "
            "The outcome of task a (last seen copying, 37.5 %, 10 s ago) is unknown. "
            "1 of 2 tasks did not succeed. Example: task b failed with code E42, and the vendor gave no reason."
        )


class TestInterrupted:
    def test_before_the_first_answer(self):
        assert told({"a": FOREVER_RUNNING}, refusal(STOPPED)) == (
            "Interrupted by the signal SIGTERM. Example: task a (never seen) was not seen to end."
        )

    def test_some_have_ended(self):
        timelines = {"a": COPYING, "b": BAD_AT_5, "c": GOOD_AT_15, "d": FOREVER_RUNNING}
        assert told(timelines, refusal(STOPPED, since=25), timeout=60) == (
            "Interrupted by the signal SIGTERM. Example: task a (last seen copying, 37.5 %, 10 s ago) and "
            "task d (last seen running, 10 s ago) were not seen to end. The vendor keeps working: wait for the "
            "same IDs again. 1 of 4 tasks did not succeed. "
            "Example: task b failed with code E42, and the vendor gave no reason."
        )


def test_an_accepted_failure_is_not_said_to_have_succeeded():
    text = told({"a": BAD_AT_5}, accept_failure_codes=frozenset({"E42"}))
    assert text == "Example: task a ended after 10 s. accept_failure_codes counts a as succeeded."
