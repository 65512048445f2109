# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cancel is sent once, and what became of the task is what the task itself says."""

from __future__ import annotations

import signal
import threading

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    AccessDeniedError,
    AuthenticationError,
    BadAnswerError,
    InterruptError,
    NotFoundError,
    OptionError,
    RejectedError,
    TransientError,
    WaitError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._module import task_cancel
from ansible_collections.longrunning.tasks.plugins.module_utils._module.interrupts import Interrupts
from ansible_collections.longrunning.tasks.tests.unit.support.fake_provider import (
    CancellingProvider,
    FakeProvider,
    LaunchingProvider,
    Run,
    task,
)

LOST = TransientError("the connection was reset", method="POST", url="https://example.com/tasks/a/cancel")
CONFLICT = RejectedError("Example refused the request (HTTP 409: not now)", status=409, method="POST", url="u")
BUSY = TransientError("Example cannot answer now (HTTP 429)", status=429)


def cancel(provider, *task_ids, **params):
    run = Run(task_cancel.run, provider, task_ids=list(task_ids or ["a"]), **params)
    return run, run()


def fails(provider, *task_ids, **params):
    run = Run(task_cancel.run, provider, task_ids=list(task_ids or ["a"]), **params)
    with pytest.raises(WaitError) as caught:
        run()
    return run, caught.value.to_result()


def ending(state, **fields):
    """Return a provider whose task goes on until a cancel is sent, and then ends like this."""
    provider = CancellingProvider(None, tasks={"a": task("a")})

    def answer():
        provider.tasks["a"] = task("a", state, **fields) if state else None

    provider.answers = [answer]
    return provider


def outcomes(result):
    return {one["task_id"]: one["outcome"] for one in result["cancels"]}


# --- how it ends ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "outcome", "changed", "words"),
    [
        ("cancelled", "cancelled", True, "task a was cancelled"),
        ("failed", "failed", True, "a cancel was sent, and task a failed with code 396: It broke."),
        ("dismissed", "gone", True, "no longer has it"),
        (None, "gone", True, "no longer has it"),
        # It ended before the vendor came to it, so that the cancel changed nothing.
        ("succeeded", "too_late", False, "came too late: task a has ended by itself and is succeeded"),
    ],
)
def test_the_task_says_what_became_of_it(state, outcome, changed, words):
    provider = ending(state, code="396")
    _run, result = cancel(provider)
    assert provider.cancels == ["a"]
    assert (result["outcome"], result["changed"]) == (outcome, changed)
    assert words in result["msg"]
    assert result["task"]["state"] == (state or "not_found")
    assert (result["pending_task_ids"], result["timed_out"]) == ([], False)


def test_a_failure_after_a_cancel_is_told_with_its_reason():
    _run, result = cancel(ending("failed", code="RequestCanceled"))
    assert result["msg"] == (
        "Example Cloud: a cancel was sent, and task a failed with code RequestCanceled: It broke. What to do: Mend it. "
        "Some vendors show a cancelled task so."
    )
    assert result["task"]["error"]["code"] == "RequestCanceled"


def test_it_waits_for_the_end():
    looks = [task("a"), task("a"), task("a"), task("a", "cancelled")]
    run, result = cancel(CancellingProvider(None, tasks={"a": looks}), poll_interval=2)
    assert (result["outcome"], run.clock.slept) == ("cancelled", [2.0, 2.0])


def test_the_time_for_the_end_has_a_limit():
    run, result = fails(CancellingProvider(None, tasks={"a": task("a")}), timeout=60)
    assert (result["outcome"], result["reason"], result["timed_out"]) == ("sent", "timed_out", True)
    assert (result["changed"], result["pending_task_ids"]) == (True, ["a"])
    assert run.clock.elapsed == 60
    assert result["msg"] == "Example Cloud: a cancel was sent for task a, which has not ended yet: it is running."


def test_it_need_not_wait():
    provider = CancellingProvider(None, tasks={"a": task("a")})
    run, result = cancel(provider, wait=False)
    assert (result["outcome"], result["changed"], result["timed_out"]) == ("sent", True, False)
    assert (provider.asked, run.clock.slept) == (["a"], [])


# --- nothing is sent ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled", "dismissed"])
def test_a_task_that_has_ended_is_left_alone(state):
    provider = CancellingProvider(tasks={"a": task("a", state)})
    _run, result = cancel(provider)
    assert (result["outcome"], result["changed"], provider.cancels) == ("already_ended", False, [])
    assert f"has ended already: it is {state}" in result["msg"]


def test_a_task_that_cannot_be_cancelled_is_a_failure():
    provider = CancellingProvider(tasks={"a": task("a")}, a="it is a backup")
    _run, result = fails(provider)
    assert (result["outcome"], result["reason"], result["changed"]) == ("not_cancellable", "not_cancellable", False)
    assert result["msg"] == "Example Cloud: task a cannot be cancelled: it is a backup."
    assert provider.cancels == []


@pytest.mark.parametrize("provider", [FakeProvider(), LaunchingProvider()])
def test_a_vendor_without_such_a_call_is_told_before_anything_is_sent(provider):
    with pytest.raises(OptionError, match="cannot cancel tasks of Example Cloud: its API has no call") as caught:
        cancel(provider)
    assert caught.value.option == "provider"
    assert provider.asked == []


def test_check_mode_reads_and_sends_nothing():
    provider = CancellingProvider(tasks={"a": task("a"), "b": task("b", "succeeded")})
    _run, result = cancel(provider, "a", "b", check_mode=True)
    assert outcomes(result) == {"a": "would_cancel", "b": "already_ended"}
    assert (result["changed"], provider.cancels) == (True, [])
    assert "Task a would be cancelled (check mode)" in result["msg"]


def test_check_mode_says_what_cannot_be_cancelled():
    _run, result = fails(CancellingProvider(tasks={"a": task("a")}, a="it is a backup"), check_mode=True)
    assert result["outcome"] == "not_cancellable"


def test_no_launch_means_no_cancel():
    run = Run(task_cancel.run, CancellingProvider(), launch_results={"skipped": True})
    result = run()
    assert (result["outcome"], result["changed"], result["cancels"]) == ("already_ended", False, [])
    assert result["msg"] == "Example Cloud: there was no task to cancel."


@pytest.mark.parametrize(("policy", "reason"), [("fail", "not_found"), ("succeed", None)])
def test_a_missing_task_is_what_not_found_says(policy, reason):
    provider = CancellingProvider()
    _run, result = (fails if reason else cancel)(provider, not_found=policy)
    assert (result["outcome"], result.get("reason"), result["changed"]) == ("not_found", reason, False)
    assert provider.cancels == []


# --- what comes instead of a good answer ----------------------------------------------------------------------


@pytest.mark.parametrize("answer", [LOST, TransientError("bad gateway", status=502), BadAnswerError("odd", status=200)])
def test_a_lost_answer_is_settled_by_the_task(answer):
    looks = [task("a"), task("a"), task("a"), task("a", "cancelled")]
    provider = CancellingProvider(answer, tasks={"a": looks})
    _run, result = cancel(provider)
    assert (result["outcome"], result["changed"], provider.cancels) == ("cancelled", True, ["a"])


def test_a_lost_answer_is_not_taken_for_a_success():
    provider = CancellingProvider(LOST, tasks={"a": task("a")})
    _run, result = fails(provider)
    assert (result["outcome"], result["reason"], provider.cancels) == ("unclear", "cancel_unclear", ["a"])
    assert result["msg"] == (
        "Example Cloud: it is not clear whether the cancel of task a arrived: the connection was reset. The task is "
        "running. It was not sent again."
    )
    assert result["request"] == {
        "method": "POST",
        "url": "https://example.com/tasks/a/cancel",
        "status": None,
        "code": None,
    }


def test_without_waiting_a_lost_answer_is_settled_by_one_look():
    _run, result = cancel(
        CancellingProvider(LOST, tasks={"a": [task("a"), task("a", "cancelled")]}),
        wait=False,
    )
    assert result["outcome"] == "cancelled"
    _run, result = fails(CancellingProvider(LOST, tasks={"a": task("a")}), wait=False)
    assert result["outcome"] == "unclear"


@pytest.mark.parametrize("answer", [None, LOST])
def test_one_answer_without_the_task_is_not_taken_for_its_end(answer):
    provider = CancellingProvider(answer, tasks={"a": [task("a"), NotFoundError("no route", status=404), task("a")]})
    _run, result = fails(provider)
    assert (result["outcome"], result["pending_task_ids"]) == ("sent" if answer is None else "unclear", ["a"])
    provider = CancellingProvider(answer, tasks={"a": [task("a"), None]})
    _run, result = cancel(provider)
    assert (result["outcome"], result["changed"], result["task"]["state"]) == ("gone", True, "not_found")


def test_without_waiting_a_lost_answer_and_a_missing_task_stay_unclear():
    _run, result = fails(CancellingProvider(LOST, tasks={"a": [task("a"), None]}), wait=False)
    assert (result["outcome"], result["reason"]) == ("unclear", "cancel_unclear")


@pytest.mark.parametrize(
    "error",
    [BUSY, TransientError("refused", was_sent=False), TransientError("later", status=403, retry_after=2.0)],
)
def test_what_surely_did_not_arrive_is_sent_again(error):
    provider = CancellingProvider(error, error, None, tasks={"a": [task("a"), task("a", "cancelled")]})
    run, result = cancel(provider)
    assert (result["outcome"], provider.cancels) == ("cancelled", ["a"] * 3)
    assert len(run.clock.slept) == 2


def test_that_has_a_limit_too():
    run, result = fails(CancellingProvider(BUSY, tasks={"a": task("a")}), transient_timeout=30)
    assert (result["outcome"], result["reason"], result["changed"]) == ("not_sent", "unreachable", False)
    assert "task a was not cancelled: Example cannot answer now (HTTP 429)" in result["msg"]
    assert run.clock.elapsed == pytest.approx(30)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (CONFLICT, "rejected"),
        (AccessDeniedError("Example does not allow it", status=403), "permission"),
        (NotFoundError("Example has no such address", status=404), "not_found"),
        (AuthenticationError("Example refused the login", status=401), "authentication"),
        (RejectedError("Example refused the request (too late)", status=200), "rejected"),
    ],
)
def test_a_refusal_is_a_failure_while_the_task_goes_on(error, reason):
    provider = CancellingProvider(error, tasks={"a": task("a")})
    run, result = fails(provider)
    assert (result["outcome"], result["reason"], result["changed"]) == ("refused", reason, False)
    assert f"the cancel of task a was refused, and the task is running: {error.message}" in result["msg"]
    assert (provider.cancels, run.clock.slept, result["pending_task_ids"]) == (["a"], [], ["a"])


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled", None])
@pytest.mark.parametrize("error", [CONFLICT, NotFoundError("gone", status=404)])
def test_a_refusal_because_it_has_ended_comes_too_late(error, state):
    provider = ending(state)
    (end,) = provider.answers

    def refuse():
        end()
        return error

    provider.answers = [refuse]
    _run, result = cancel(provider)
    assert (result["outcome"], result["changed"]) == ("too_late", False)
    assert result["task"]["state"] == (state or "not_found")


def test_trouble_before_the_cancel_is_retried():
    provider = CancellingProvider(None, tasks={"a": [BUSY, task("a"), task("a", "cancelled")]})
    provider.tasks["a"] = iter([BUSY, task("a"), task("a", "cancelled")]).__next__
    _run, result = cancel(provider)
    assert result["outcome"] == "cancelled"


def test_a_list_that_does_not_tell_is_no_reason():
    provider = CancellingProvider(None, tasks={"a": [task("a"), task("a"), task("a", "cancelled")]})
    provider.lists_lack_it = True
    assert cancel(provider)[1]["outcome"] == "cancelled"
    assert provider.asked == ["a", "a", "a"]


# --- several --------------------------------------------------------------------------------------------------


def test_one_that_cannot_be_cancelled_keeps_no_other_back():
    provider = CancellingProvider(None, tasks={name: task(name) for name in "abc"}, b="it is a backup")
    _run, result = fails(provider, "a", "b", "c", "gone", timeout=0)
    assert outcomes(result) == {"a": "sent", "b": "not_cancellable", "c": "sent", "gone": "not_found"}
    assert (result["outcome"], result["reason"], result["changed"]) == ("not_cancellable", "not_cancellable", True)
    assert (sorted(provider.cancels), result["timed_out"]) == (["a", "c"], True)
    assert result["msg"].startswith(
        "Example Cloud: 4 tasks to cancel: 2 sent, 1 not found and 1 not cancellable. "
        "Task b cannot be cancelled: it is a backup. "
    )


def test_a_missing_one_that_is_allowed_hides_no_other_failure():
    provider = CancellingProvider(None, tasks={"a": task("a")})
    _run, result = fails(provider, "a", "gone", not_found="succeed", timeout=5)
    assert (result["outcome"], result["reason"]) == ("not_found", "timed_out")


def test_a_task_that_is_named_twice_is_cancelled_once():
    provider = CancellingProvider(None, tasks={"a": [task("a"), task("a", "cancelled")]})
    _run, result = cancel(provider, "a", "a")
    assert provider.cancels == ["a"]
    assert ([each["id"] for each in result["tasks"]], len(result["cancels"])) == (["a", "a"], 1)
    assert result["task"] is None


# --- defects --------------------------------------------------------------------------------------------------


def test_a_defect_loses_no_cancel():
    provider = CancellingProvider(None, tasks={name: task(name) for name in "abc"})

    def defect(each):
        if each.id == "b":
            raise KeyError("surprise")

    provider.why_not_cancellable = defect
    _run, result = fails(provider, "a", "b", "c", wait=False)
    assert outcomes(result) == {"a": "sent", "b": "not_sent", "c": "sent"}
    assert (result["reason"], result["changed"], len(result["tasks"])) == ("defect", True, 3)
    assert "Task b was not cancelled: This is a bug in longrunning.tasks." in result["msg"]
    assert "KeyError: 'surprise'" in result["exception"]


def test_a_defect_after_the_request_leaves_it_unclear():
    _run, result = fails(CancellingProvider(KeyError("surprise"), tasks={"a": task("a")}), wait=False)
    assert (outcomes(result), result["reason"]) == ({"a": "unclear"}, "cancel_unclear")
    assert result["msg"].endswith("KeyError: 'surprise'. The task is running. It was not sent again.")
    assert "KeyError" in result["exception"]


def test_a_defect_of_the_wait_after_it_loses_no_cancel():
    _run, result = fails(CancellingProvider(None, tasks={"a": [task("a"), KeyError("surprise")]}))
    assert (outcomes(result), result["reason"], result["changed"]) == ({"a": "sent"}, "defect", True)
    assert result["msg"].startswith("This is a bug in longrunning.tasks.")
    assert "KeyError" in result["exception"]


# --- interrupts -----------------------------------------------------------------------------------------------


def test_an_interrupt_tells_what_was_sent():
    def interrupt():
        raise InterruptError("Interrupted by the signal SIGTERM")

    _run, result = fails(CancellingProvider(interrupt, tasks={"a": task("a")}))
    assert (result["outcome"], result["reason"], result["changed"]) == ("unclear", "interrupted", True)
    assert result["msg"].startswith("Interrupted by the signal SIGTERM. ")
    assert "there was no time to wait for the answer" in result["msg"]


def test_an_interrupt_while_it_waits_leaves_the_cancel_sent():
    provider = CancellingProvider(None, tasks={"a": [task("a"), InterruptError("Interrupted by the signal SIGINT")]})
    _run, result = fails(provider)
    assert (result["outcome"], result["reason"], provider.cancels) == ("sent", "interrupted", ["a"])


def test_after_an_interrupt_nothing_more_is_sent():
    names = [f"t{number}" for number in range(20)]
    go_on = threading.Event()

    class Slow(CancellingProvider):
        def cancel(self, task, deadline):
            super().cancel(task, deadline)
            if len(self.cancels) == 8:
                signal.pthread_kill(threading.main_thread().ident, signal.SIGTERM)
            go_on.wait(60)

    provider = Slow(None, tasks={name: task(name) for name in names})
    with Interrupts(None):
        _run, result = fails(provider, *names)
    go_on.set()
    for thread in threading.enumerate():
        if thread.name == "helper":
            thread.join(60)
    told = outcomes(result)
    assert len(provider.cancels) == 8
    assert {name for name in names if told[name] == "not_sent"} == set(names) - set(provider.cancels)
