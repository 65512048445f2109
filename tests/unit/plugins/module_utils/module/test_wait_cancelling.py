# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A wait that gives up cancels its tasks where that is wanted, and says what became of them."""

from __future__ import annotations

import signal
import threading

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    InterruptError,
    OptionError,
    RejectedError,
    TransientError,
    WaitError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._module import task_wait, wait_cancelling
from ansible_collections.longrunning.tasks.plugins.module_utils._module.interrupts import Interrupts
from ansible_collections.longrunning.tasks.tests.unit.support.fake_provider import (
    CancellingProvider,
    FakeProvider,
    Run,
    task,
)
from ansible_collections.longrunning.tasks.tests.unit.support.fake_provider import task as fake_task

INTERRUPT = InterruptError("Interrupted by the signal SIGTERM")


class Vendor(CancellingProvider):
    """Its tasks go on until they are cancelled. They end so many looks after that, in a state."""

    def __init__(self, *names, looks=0, state="cancelled", **reasons):
        super().__init__(None, tasks={name: task(name) for name in names}, **reasons)
        self.looks = looks
        self.state = state

    def cancel(self, task, deadline):
        super().cancel(task, deadline)
        self.tasks[task.id] = [*[fake_task(task.id)] * self.looks, fake_task(task.id, self.state)]


def fails(provider, *task_ids, **params):
    run = Run(
        task_wait.run, provider, task_ids=list(task_ids or ["a"]), **{"timeout": 60, "return_history": True, **params}
    )
    with pytest.raises(WaitError) as caught:
        run()
    return run, caught.value.to_result()


def outcomes(result):
    return {one["task_id"]: one["outcome"] for one in result["cancels"]}


# --- time is up -----------------------------------------------------------------------------------------------


def test_the_time_is_up_and_the_task_is_cancelled():
    provider = Vendor("a", looks=2)
    run, result = fails(provider, on_timeout="cancel", poll_interval=5)
    assert (result["outcome"], result["reason"], result["timed_out"]) == ("timed_out", "timed_out", True)
    assert (provider.cancels, outcomes(result), result["changed"]) == (["a"], {"a": "cancelled"}, True)
    assert (result["task"]["state"], result["pending_task_ids"], result["failed_task_ids"]) == ("cancelled", [], ["a"])
    assert result["counts"]["cancelled"] == 1
    assert [entry["state"] for entry in result["task"]["history"]] == ["running", "cancelled"]
    assert [entry["elapsed"] for entry in result["task"]["history"]] == [0.0, 70.0]
    assert run.clock.elapsed == result["elapsed"] == 70
    assert result["msg"] == (
        "Example Cloud: task a (last seen busy) has not ended within the timeout of 60 s. Task a was cancelled."
    )


def test_the_time_that_the_requests_take_counts():
    class Slow(Vendor):
        def cancel(self, task, deadline):
            super().cancel(task, deadline)
            deadline.clock.advance(20)

    run, result = fails(Slow("a", looks=1), on_timeout="cancel", poll_interval=5)
    assert run.clock.elapsed == result["elapsed"] == 60 + 20 + 5
    assert [entry["elapsed"] for entry in result["task"]["history"]] == [0.0, 85.0]


def test_nobody_waits_long_for_the_end():
    provider = Vendor("a", looks=1000)
    run, result = fails(provider, on_timeout="cancel", poll_interval=5)
    assert (outcomes(result), result["pending_task_ids"]) == ({"a": "sent"}, ["a"])
    assert run.clock.elapsed == 60 + wait_cancelling.END_SECONDS
    assert result["msg"].endswith("A cancel was sent for task a, which has not ended yet: it is running.")


@pytest.mark.parametrize(("looks", "outcome"), [([None, task("a")], "sent"), ([None], "gone")])
def test_several_answers_say_that_a_cancelled_task_is_gone(looks, outcome):
    class Forgetful(Vendor):
        def cancel(self, task, deadline):
            super().cancel(task, deadline)
            self.tasks["a"] = list(looks)

    run, result = fails(Forgetful("a"), on_timeout="cancel", poll_interval=60)
    assert outcomes(result) == {"a": outcome}
    assert run.clock.elapsed <= 60 + wait_cancelling.END_SECONDS


@pytest.mark.parametrize("where", ["cancel", "look"])
def test_a_defect_loses_no_cancel(where):
    class Faulty(Vendor):
        def cancel(self, task, deadline):
            super().cancel(task, deadline)
            if where == "cancel":
                raise KeyError("surprise")
            self.tasks["a"] = KeyError("surprise")

    run, result = fails(Faulty("a", looks=1000), on_timeout="cancel")
    assert (result["outcome"], result["reason"], result["changed"]) == ("timed_out", "timed_out", True)
    assert (outcomes(result), result["pending_task_ids"]) == ({"a": "unclear" if where == "cancel" else "sent"}, ["a"])
    told = f"{result['msg']} {run.warnings}"
    assert told.count("This is a bug in longrunning.tasks.") == 1
    assert "KeyError" in result["exception"]


def test_only_what_has_not_ended_is_cancelled():
    provider = Vendor("a", "b", "c")
    provider.tasks["b"] = task("b", "succeeded")
    _run, result = fails(provider, "a", "b", "c", on_timeout="cancel")
    assert sorted(provider.cancels) == ["a", "c"]
    assert [one["state"] for one in result["tasks"]] == ["cancelled", "succeeded", "cancelled"]
    assert "2 tasks to cancel: 2 cancelled. Task a was cancelled. Task c was cancelled." in result["msg"]


def test_a_failure_before_stays_the_reason():
    provider = Vendor("a", "b")
    provider.tasks["b"] = task("b", "failed", code="7")
    _run, result = fails(provider, "a", "b", on_timeout="cancel")
    assert (result["outcome"], result["reason"], result["timed_out"]) == ("timed_out", "task_failed", True)
    assert (result["failed_task_ids"], result["failure_codes"]) == (["a", "b"], ["7"])


def test_on_failure_continue_does_not_hide_that_the_time_was_up():
    _run, result = fails(Vendor("a"), on_timeout="cancel", on_failure="continue")
    assert (result["reason"], outcomes(result)) == ("timed_out", {"a": "cancelled"})


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [(RejectedError("not now", status=409), "refused"), (TransientError("lost"), "unclear")],
)
def test_a_bad_answer_is_told(answer, outcome):
    provider = CancellingProvider(answer, tasks={"a": task("a")})
    _run, result = fails(provider, on_timeout="cancel")
    assert (outcomes(result), provider.cancels) == ({"a": outcome}, ["a"])
    assert answer.message in result["msg"]
    assert result.get("changed", False) is (outcome == "unclear")


def test_a_standstill_ends_in_a_cancel_too():
    _run, result = fails(Vendor("a"), on_timeout="cancel", timeout=600, stall_timeout=60)
    assert (result["outcome"], result["reason"], outcomes(result)) == ("stalled", "stalled", {"a": "cancelled"})


def test_the_requests_have_a_limit_of_their_own():
    provider = CancellingProvider(TransientError("busy", status=429), tasks={"a": task("a")})
    run, result = fails(provider, on_timeout="cancel")
    assert outcomes(result) == {"a": "not_sent"}
    assert run.clock.elapsed <= 60 + wait_cancelling.SEND_SECONDS


@pytest.mark.parametrize("params", [{}, {"on_timeout": "fail"}, {"on_interrupt": "cancel"}])
def test_nothing_is_cancelled_unasked(params):
    provider = Vendor("a")
    _run, result = fails(provider, **params)
    assert (provider.cancels, result["cancels"], "changed" in result) == ([], [], False)
    assert "wait for the same IDs again" in result["msg"]


def test_a_success_cancels_nothing():
    provider = Vendor("a", "b")
    provider.tasks["b"] = task("b", "succeeded")
    both = {"on_timeout": "cancel", "on_interrupt": "cancel"}
    result = Run(task_wait.run, provider, task_ids=["a", "b"], wait_for="any", **both)()
    assert (result["outcome"], provider.cancels, result["cancels"]) == ("succeeded", [], [])


def test_check_mode_cancels_nothing():
    provider = Vendor("a")
    result = Run(task_wait.run, provider, task_ids=["a"], on_timeout="cancel", check_mode=True)()
    assert (result["outcome"], provider.cancels) == ("timed_out", [])


@pytest.mark.parametrize("option", ["on_timeout", "on_interrupt"])
def test_who_cannot_cancel_is_told_at_the_start(option):
    provider = FakeProvider({"a": task("a", "succeeded")})
    with pytest.raises(OptionError, match=f"{option}: cancel cannot cancel tasks of Example Cloud: its API") as caught:
        Run(task_wait.run, provider, task_ids=["a"], **{option: "cancel"})()
    assert (caught.value.option, provider.asked) == (option, [])


# --- interrupts -----------------------------------------------------------------------------------------------


def interrupted(provider, *task_ids, **params):
    """Return a wait that is interrupted while it sleeps for the first time, and its result."""
    run = Run(task_wait.run, provider, task_ids=list(task_ids), **params)
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        raise InterruptError("Interrupted by the signal SIGTERM")

    run.clock.sleep = sleep
    with pytest.raises(WaitError) as caught:
        run()
    assert len(slept) == 1
    return caught.value.to_result()


def test_an_interrupt_cancels_what_has_not_ended():
    provider = Vendor("a", "b")
    result = interrupted(provider, "a", "b", on_interrupt="cancel")
    assert (result["outcome"], result["reason"], result["changed"]) == ("interrupted", "interrupted", True)
    assert (sorted(provider.cancels), outcomes(result)) == (["a", "b"], {"a": "sent", "b": "sent"})
    assert "Interrupted by the signal SIGTERM. Example Cloud: task a" in result["msg"]
    assert "2 tasks to cancel: 2 sent. " in result["msg"]
    assert "wait for the same IDs again" not in result["msg"]


@pytest.mark.parametrize("params", [{}, {"on_interrupt": "leave"}, {"on_timeout": "cancel"}])
def test_an_interrupt_leaves_the_tasks_alone_unasked(params):
    provider = Vendor("a")
    result = interrupted(provider, "a", **params)
    assert (result["outcome"], provider.cancels, result["cancels"]) == ("interrupted", [], [])


def test_what_does_not_answer_in_time_is_told(monkeypatch):
    monkeypatch.setattr(wait_cancelling, "LAST_SECONDS", 0.1)
    go_on = threading.Event()

    class Slow(Vendor):
        def cancel(self, task, deadline):
            if task.id == "b":
                go_on.wait(60)
            super().cancel(task, deadline)

    result = interrupted(Slow("a", "b", "c"), "a", "b", "c", on_interrupt="cancel")
    go_on.set()
    assert outcomes(result) == {"a": "sent", "b": "unclear", "c": "sent"}
    assert "whether the cancel of task b arrived: there was no time to wait for the answer." in result["msg"]


def test_nothing_is_retried_in_the_last_second():
    provider = CancellingProvider(TransientError("busy", status=429), tasks={"a": task("a")})
    result = interrupted(provider, "a", on_interrupt="cancel")
    assert (outcomes(result), provider.cancels) == ({"a": "not_sent"}, ["a"])
    assert "Task a was not cancelled: busy." in result["msg"]
    assert "changed" not in result


def test_a_task_that_was_never_seen_is_read_before():
    provider = CancellingProvider(None, tasks={"a": iter([INTERRUPT, task("a", "succeeded")]).__next__})
    _run, result = fails(provider, on_interrupt="cancel")
    assert (outcomes(result), provider.cancels) == ({"a": "already_ended"}, [])


def test_an_interrupt_while_cancels_are_sent_sends_the_others():
    provider = Vendor("a")
    send = provider.cancel

    def cancel(wanted, deadline):
        provider.cancel = send
        raise InterruptError("Interrupted by the signal SIGINT")

    provider.cancel = cancel
    _run, result = fails(provider, "a", on_timeout="cancel")
    # Nobody can tell whether it was sent before the signal.
    assert (result["outcome"], outcomes(result), provider.cancels) == ("timed_out", {"a": "unclear"}, [])


def interrupt_the_main_thread():
    signal.pthread_kill(threading.main_thread().ident, signal.SIGTERM)


def let_helpers_end(go_on):
    go_on.set()
    for thread in threading.enumerate():
        if thread.name == "helper":
            thread.join(60)


def test_an_interrupt_while_many_cancels_are_sent_sends_each_once():
    names = [f"t{number}" for number in range(20)]
    go_on = threading.Event()

    class Slow(Vendor):
        def cancel(self, task, deadline):
            super().cancel(task, deadline)
            if len(self.cancels) <= 8:
                if len(self.cancels) == 8:
                    interrupt_the_main_thread()
                go_on.wait(60)

    provider = Slow(*names)
    with Interrupts(None):
        _run, result = fails(provider, *names, on_timeout="cancel")
    let_helpers_end(go_on)
    assert sorted(provider.cancels) == sorted(names)
    assert set(outcomes(result).values()) <= {"sent", "unclear"}


def test_a_retry_that_an_interrupt_left_behind_sends_nothing():
    go_on = threading.Event()
    both = threading.Barrier(2, action=interrupt_the_main_thread)
    provider = Vendor("a", "b")
    run = Run(task_wait.run, provider, task_ids=["a", "b"], timeout=60, on_timeout="cancel")
    send, sleep = provider.cancel, run.clock.sleep

    def refuse_first(wanted, deadline):
        if wanted.id in provider.cancels:
            return send(wanted, deadline)
        provider.cancels.append(wanted.id)
        raise TransientError("busy", status=429)

    def sleep_on(seconds):
        if threading.current_thread() is threading.main_thread():
            sleep(seconds)
            return
        both.wait(60)
        go_on.wait(60)

    provider.cancel, run.clock.sleep = refuse_first, sleep_on
    with Interrupts(None), pytest.raises(WaitError) as caught:
        run()
    let_helpers_end(go_on)
    assert sorted(provider.cancels) == ["a", "a", "b", "b"]
    assert outcomes(caught.value.to_result()) == {"a": "sent", "b": "sent"}
