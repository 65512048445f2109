# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A launch is sent once. Only what surely did not reach the vendor is sent again."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    AccessDeniedError,
    AuthenticationError,
    BadAnswerError,
    InterruptError,
    LaunchUnclearError,
    NotFoundError,
    OptionError,
    RejectedError,
    TransientError,
    UnknownHostError,
    UntrustedServerError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.contract import Launch, TaskPage
from ansible_collections.longrunning.tasks.plugins.module_utils._work.launching import (
    Launcher,
    LaunchOutcome,
    LaunchPlan,
    ReusePolicy,
)
from ansible_collections.longrunning.tasks.tests.unit.support.fake_clock import FakeClock
from ansible_collections.longrunning.tasks.tests.unit.support.fake_provider import LaunchingProvider, task

INPUT = {"from": "a/b"}
LAUNCH = Launch("import", INPUT)
LOST = TransientError("the connection was reset", method="POST", url="https://example.com/tasks")


def same(task_id, state="running", **fields):
    return task(task_id, state, **{"type": "import", "raw": INPUT, **fields})


@pytest.fixture
def clock():
    return FakeClock()


def launch(provider, clock, **plan):
    return Launcher(provider, clock, 30.0).launch(LAUNCH, LaunchPlan(**plan))


# --- a launch -------------------------------------------------------------------------------------------------


def test_it_is_sent_once_and_told_with_its_task(clock):
    provider = LaunchingProvider("new", tasks={"old": same("old", "failed")})
    result = launch(provider, clock)
    assert (result.outcome, result.task_id, result.task.id) == (LaunchOutcome.LAUNCHED, "new", "new")
    assert provider.launches == [LAUNCH]
    assert clock.slept == []


@pytest.mark.parametrize(
    "answer",
    [
        NotFoundError("not yet", status=404),
        LOST,
        BadAnswerError("odd"),
        OptionError("task_ids", "an odd id"),
        InterruptError("Interrupted by the signal SIGTERM"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_task_that_cannot_be_read_yet_was_launched_all_the_same(clock, answer):
    provider = LaunchingProvider("new", tasks={"new": answer})
    result = launch(provider, clock)
    assert (result.outcome, result.task_id, result.task) == (LaunchOutcome.LAUNCHED, "new", None)


def test_a_rehearsal_sends_nothing(clock):
    provider = LaunchingProvider()
    result = launch(provider, clock, is_rehearsed=True)
    assert (result.outcome, result.task_id, provider.launches) == (LaunchOutcome.WOULD_LAUNCH, None, [])


@pytest.mark.parametrize(
    "refusal",
    [
        AuthenticationError("no", status=401),
        AccessDeniedError("no", status=403),
        NotFoundError("no", status=404),
        RejectedError("no", status=400),
        RejectedError("no", status=200),
        RejectedError("the login is for nothing"),
        OptionError("input", "no"),
        # Redirects that want the same elsewhere.
        BadAnswerError("no", status=307),
        RejectedError("no", status=308),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_refusal_is_passed_on(clock, refusal):
    provider = LaunchingProvider(refusal)
    with pytest.raises(type(refusal)) as caught:
        launch(provider, clock)
    assert caught.value is refusal
    assert len(provider.launches) == 1


# --- trouble --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble",
    [
        TransientError("the connection was refused", was_sent=False),
        UnknownHostError("no such name", was_sent=False),
        TransientError("too many requests", status=429),
        TransientError("too many requests", status=413, retry_after=3.0),
        TransientError("a limit of another kind", status=403, retry_after=3.0),
    ],
    ids=str,
)
def test_what_did_not_reach_the_vendor_is_sent_again(clock, trouble):
    provider = LaunchingProvider(trouble, trouble, "new")
    assert launch(provider, clock).outcome is LaunchOutcome.LAUNCHED
    assert len(provider.launches) == 3
    assert clock.elapsed > 0


def test_it_is_sent_again_for_so_long_only(clock):
    refused = TransientError("the connection was refused", was_sent=False)
    provider = LaunchingProvider(*[refused] * 100)
    with pytest.raises(TransientError) as caught:
        launch(provider, clock, transient_timeout=20.0)
    assert clock.elapsed <= 20.0
    assert caught.value.message == "the connection was refused. Nothing was launched"


@pytest.mark.kind
def test_all_of_it_has_a_limit(clock):
    provider = LaunchingProvider()

    def read_page(_query, cursor, deadline):
        deadline.next_request_timeout()
        clock.advance(30)
        number = int(cursor or 0)
        return TaskPage((task(f"t{number}"),), str(number + 1))

    provider.read_page = read_page
    with pytest.raises(TransientError) as caught:
        launch(provider, clock, transient_timeout=20.0)
    assert caught.value.message == "There was no time left for another request. Nothing was launched"
    assert 600 < clock.elapsed <= 600 + 3 * 20 + 30


UNCLEAR = pytest.mark.parametrize(
    "lost",
    [
        LOST,
        TransientError("bad gateway", status=502),
        TransientError("unavailable", status=503),
        TransientError("request timed out", status=408, retry_after=3.0),
        TransientError("timed out"),
        TransientError("a page of HTML", status=200),
        BadAnswerError("no id in it", status=201),
        # The answer to a request that was carried out, and what proxies say of their own troubles.
        BadAnswerError("see other", status=303),
        RejectedError("not implemented", status=501),
        RejectedError("a proxy's read timeout", status=598),
        # The list came over the same TLS.
        UntrustedServerError("does not speak TLS"),
    ],
    ids=str,
)


@UNCLEAR
def test_a_lost_answer_is_looked_for_and_not_asked_for_again(clock, lost):
    def start():
        provider.tasks |= {"other": task("other", type="import", raw={"from": "c/d"}), "new": same("new")}
        return lost

    provider = LaunchingProvider(start, tasks={"old": same("old", "failed")})
    result = launch(provider, clock)
    assert (result.outcome, result.task_id, result.task.id) == (LaunchOutcome.FOUND, "new", "new")
    assert len(provider.launches) == 1


@UNCLEAR
def test_what_is_not_found_is_not_launched_again(clock, lost):
    provider = LaunchingProvider(lost, tasks={"old": same("old", "failed")})
    with pytest.raises(LaunchUnclearError) as caught:
        launch(provider, clock, transient_timeout=20.0)
    assert len(provider.launches) == 1
    assert clock.elapsed == 20.0
    assert caught.value.to_result() == {
        "reason": "launch_unclear",
        "candidates": [],
        "msg": f"It is not clear whether the task was launched: {lost}. No such task has appeared since then. "
        "It was not launched again. Check at Example Cloud before you launch it",
    }


@pytest.mark.kind
@pytest.mark.parametrize("blank", ["", " ", "\n"])
def test_a_blank_id_is_no_clear_answer(clock, blank):
    provider = LaunchingProvider(blank, tasks={blank: None, "new": [None, same("new")]})
    result = launch(provider, clock)
    assert (result.outcome, result.task_id) == (LaunchOutcome.FOUND, "new")
    with pytest.raises(
        LaunchUnclearError, match="whether the task was launched: Example Cloud answered with a blank ID"
    ):
        launch(LaunchingProvider(blank, tasks={blank: None}), clock)


def test_a_task_that_comes_up_late_is_found(clock):
    provider = LaunchingProvider(LOST, tasks={"new": [None, None, None, same("new")]})
    assert launch(provider, clock).outcome is LaunchOutcome.FOUND
    assert clock.slept == [1.0, 2.0]


def test_a_task_that_has_ended_meanwhile_is_found(clock):
    provider = LaunchingProvider(LOST, tasks={"new": [None, same("new", "failed")]})
    result = launch(provider, clock)
    assert (result.outcome, result.task.state) == (LaunchOutcome.FOUND, "failed")


def test_trouble_with_the_list_is_borne_meanwhile(clock):
    provider = LaunchingProvider(LOST, tasks={"new": [None, same("new")]})
    provider.answers[0] = lambda: provider.list_problems.extend([LOST, LOST]) or LOST
    assert launch(provider, clock).outcome is LaunchOutcome.FOUND


def test_trouble_with_the_list_to_the_end_is_told(clock):
    provider = LaunchingProvider(lambda: provider.list_problems.extend([LOST] * 100) or LOST)
    with pytest.raises(LaunchUnclearError, match="of tasks could not be read afterwards: the connection was reset"):
        launch(provider, clock)


@pytest.mark.parametrize("refusal", [AuthenticationError("no", status=401), BadAnswerError("odd")])
def test_a_list_that_is_refused_leaves_it_unclear(clock, refusal):
    provider = LaunchingProvider(lambda: provider.list_problems.append(refusal) or LOST)
    with pytest.raises(LaunchUnclearError, match="list of tasks could not be read afterwards"):
        launch(provider, clock)
    assert clock.slept == []


def test_of_two_that_came_up_none_is_taken(clock):
    provider = LaunchingProvider(LOST, tasks={name: [None, same(name)] for name in ("one", "two")})
    with pytest.raises(LaunchUnclearError) as caught:
        launch(provider, clock)
    result = caught.value.to_result()
    assert [candidate["id"] for candidate in result["candidates"]] == ["one", "two"]
    assert "It may be import task one or import task two, which has appeared since then" in result["msg"]
    assert clock.slept == []


def test_a_task_that_may_be_it_is_named_and_not_taken(clock):
    provider = LaunchingProvider(LOST, tasks={"maybe": [None, task("maybe", type="import")]})
    with pytest.raises(
        LaunchUnclearError, match="It may be import task maybe, which has appeared since then"
    ) as caught:
        launch(provider, clock, transient_timeout=0.0)
    assert [candidate.id for candidate in caught.value.tasks] == ["maybe"]


SIGNAL = InterruptError("Interrupted by the signal SIGTERM")


def test_who_interrupts_it_is_told_that_it_was_on_its_way(clock):
    provider = LaunchingProvider(SIGNAL)
    with pytest.raises(
        LaunchUnclearError, match=r"SIGTERM\. The launch was sent: check at Example Cloud whether it has"
    ):
        launch(provider, clock)


def test_so_is_who_interrupts_the_search(clock):
    provider = LaunchingProvider(lambda: provider.list_problems.append(SIGNAL) or LOST)
    with pytest.raises(LaunchUnclearError, match="The launch was sent"):
        launch(provider, clock)


def test_who_interrupts_it_before_that_is_not(clock):
    provider = LaunchingProvider("new")
    provider.list_problems = [SIGNAL]
    with pytest.raises(InterruptError) as caught:
        launch(provider, clock)
    assert caught.value.message == SIGNAL.message


def test_who_interrupts_a_pause_is_not(clock, monkeypatch):
    def interrupt(_seconds):
        raise SIGNAL

    monkeypatch.setattr(clock, "sleep", interrupt)
    with pytest.raises(InterruptError) as caught:
        launch(LaunchingProvider(TransientError("refused", was_sent=False)), clock)
    assert caught.value.message == SIGNAL.message


def test_a_list_that_cannot_be_read_beforehand_launches_nothing(clock):
    provider = LaunchingProvider("new")
    provider.list_problems = [LOST] * 100
    with pytest.raises(TransientError):
        launch(provider, clock, transient_timeout=5.0)
    assert provider.launches == []


# --- what is there already ------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["queued", "running", "paused", "unknown"])
@pytest.mark.parametrize("input_is_listed", [True, False])
def test_one_that_is_under_way_is_taken(clock, state, input_is_listed):
    provider = LaunchingProvider(tasks={"old": same("old", state)})
    provider.input_is_listed = input_is_listed
    result = launch(provider, clock)
    assert (result.outcome, result.task_id, result.task.id) == (LaunchOutcome.REUSED, "old", "old")
    assert provider.asked == ([] if input_is_listed else ["old"])


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled", "dismissed"])
def test_one_that_is_over_is_not(clock, state):
    provider = LaunchingProvider("new", tasks={"old": same("old", state)})
    assert launch(provider, clock).outcome is LaunchOutcome.LAUNCHED


def test_one_that_succeeded_is_taken_where_that_is_asked_for(clock):
    provider = LaunchingProvider(
        tasks={"bad": same("bad", "failed"), "good": same("good", "succeeded"), "older": same("older", "succeeded")}
    )
    result = launch(provider, clock, reuse=ReusePolicy.SUCCEEDED)
    assert (result.outcome, result.task_id) == (LaunchOutcome.REUSED, "good")


def test_one_that_is_under_way_comes_first(clock):
    provider = LaunchingProvider(tasks={"good": same("good", "succeeded"), "busy": same("busy")})
    assert launch(provider, clock, reuse=ReusePolicy.SUCCEEDED).task_id == "busy"


def test_none_is_taken_where_that_is_asked_for(clock):
    provider = LaunchingProvider("new", tasks={"old": same("old")})
    assert launch(provider, clock, reuse=ReusePolicy.NONE).task_id == "new"
    assert len(provider.queries) == 1


def test_another_one_is_not_taken(clock):
    others = {"other": task("other", type="import", raw={"from": "x/y"}), "export": same("export", type="export")}
    provider = LaunchingProvider("new", tasks=others)
    assert launch(provider, clock).outcome is LaunchOutcome.LAUNCHED


def test_one_that_ended_between_list_and_look_is_not_taken(clock):
    provider = LaunchingProvider("new", tasks={"old": [same("old"), same("old", "failed")]})
    provider.input_is_listed = False
    assert launch(provider, clock).outcome is LaunchOutcome.LAUNCHED


def test_one_that_cannot_be_read_is_not_taken(clock):
    provider = LaunchingProvider("new", tasks={"old": [same("old"), BadAnswerError("odd")]})
    provider.input_is_listed = False
    assert launch(provider, clock).outcome is LaunchOutcome.LAUNCHED


def test_each_is_read_once(clock):
    busy = {name: task(name, type="import", raw={"from": name}) for name in "abcdef"}
    trouble = TransientError("too many requests", status=429)
    provider = LaunchingProvider(trouble, trouble, "new", tasks=busy)
    provider.input_is_listed = False
    assert launch(provider, clock).outcome is LaunchOutcome.LAUNCHED
    assert provider.asked == [*"abcdef", "new"]


def test_no_more_are_read_than_it_takes(clock):
    done = {name: same(name, "succeeded") for name in "abcdef"}
    provider = LaunchingProvider(tasks=done)
    provider.input_is_listed = False
    assert launch(provider, clock, reuse=ReusePolicy.SUCCEEDED).task_id == "a"
    assert provider.asked == ["a"]


def test_one_that_succeeded_between_list_and_look_is_taken(clock):
    provider = LaunchingProvider("new", tasks={"old": [same("old"), same("old", "succeeded")]})
    provider.input_is_listed = False
    result = launch(provider, clock, reuse=ReusePolicy.SUCCEEDED)
    assert (result.outcome, result.task_id, provider.launches) == (LaunchOutcome.REUSED, "old", [])


def test_a_launched_task_that_can_be_read_later_than_listed_is_found(clock):
    class Provider(LaunchingProvider):
        def read_task(self, task_id, deadline):
            self.asked.append(task_id)
            if len(self.asked) < 3:
                raise NotFoundError("not yet", status=404)
            return same("new")

    provider = Provider(LOST, tasks={"new": [None, same("new")]})
    provider.input_is_listed = False
    assert launch(provider, clock).outcome is LaunchOutcome.FOUND


def test_one_that_was_forgotten_between_list_and_look_is_not_taken(clock):
    provider = LaunchingProvider("new", tasks={"old": [same("old"), None]})
    provider.input_is_listed = False
    assert launch(provider, clock).outcome is LaunchOutcome.LAUNCHED


def test_trouble_with_a_look_is_borne(clock):
    provider = LaunchingProvider(tasks={"old": [same("old"), LOST, same("old")]})
    provider.input_is_listed = False
    assert launch(provider, clock).outcome is LaunchOutcome.REUSED


def test_nothing_is_launched_where_there_is_what_is_wanted(clock):
    provider = LaunchingProvider()
    provider.existing = {"name": "golden"}
    result = launch(provider, clock, desired={"name": "golden"})
    assert (result.outcome, result.existing, result.task_id) == (LaunchOutcome.NOT_NEEDED, {"name": "golden"}, None)
    assert (provider.desired, provider.launches) == ([{"name": "golden"}], [])


def test_it_is_launched_where_there_is_not(clock):
    provider = LaunchingProvider("new")
    assert launch(provider, clock, desired={"name": "golden"}).outcome is LaunchOutcome.LAUNCHED


def test_one_that_is_under_way_comes_before_what_is_there(clock):
    provider = LaunchingProvider(tasks={"busy": same("busy")})
    provider.existing = {"name": "golden"}
    assert launch(provider, clock, desired={"name": "golden"}).task_id == "busy"


def test_what_is_there_comes_before_one_that_is_over(clock):
    provider = LaunchingProvider(tasks={"good": same("good", "succeeded")})
    provider.existing = {"name": "golden"}
    result = launch(provider, clock, desired={"name": "golden"}, reuse=ReusePolicy.SUCCEEDED)
    assert result.outcome is LaunchOutcome.NOT_NEEDED


# Somebody else's switchover while ours could not be sent: sending it afterwards would undo theirs.
def test_after_a_pause_everything_is_looked_at_again(clock):
    def refuse():
        provider.existing = {"primary": "db2"}
        return TransientError("the connection was refused", was_sent=False)

    provider = LaunchingProvider(refuse, "new")
    assert launch(provider, clock, desired={"primary": "db2"}).outcome is LaunchOutcome.NOT_NEEDED
    assert len(provider.launches) == 1


def test_a_twin_that_came_up_during_a_pause_is_taken(clock):
    def refuse():
        provider.tasks["twin"] = same("twin")
        return TransientError("the connection was refused", was_sent=False)

    provider = LaunchingProvider(refuse, "new")
    assert launch(provider, clock).outcome is LaunchOutcome.REUSED


# A list that was cut short before the launch and not after it shows old tasks that look new.
def test_a_task_that_began_before_others_is_no_new_one(clock):
    early, late = (datetime(2026, 1, 2, hour, tzinfo=timezone.utc) for hour in (1, 2))
    old = same("old", "failed", created_at=early)
    provider = LaunchingProvider(LOST, tasks={"last": same("last", "failed", created_at=late), "old": [None, old]})
    with pytest.raises(LaunchUnclearError, match="No such task has appeared"):
        launch(provider, clock)
