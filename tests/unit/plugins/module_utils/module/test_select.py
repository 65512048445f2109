# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option select: waiting until no task of a kind goes on, whatever its ID."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    OptionError,
    TransientError,
    WaitError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._module.argument_specs import TASK_WAIT
from ansible_collections.longrunning.tasks.plugins.module_utils._module.task_wait import run
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.contract import TaskPage
from ansible_collections.longrunning.tasks.tests.unit.support.fake_provider import FakeProvider, Run, task

SUBOPTIONS = {name: option.get("default") for name, option in TASK_WAIT["select"]["options"].items()}
MIDNIGHT = datetime(2026, 3, 1, tzinfo=timezone.utc)


class World(FakeProvider):
    """Has for each ID what the task is from which second on; None: the vendor does not have it.

    ``unlisted`` are IDs that only ``read_task`` knows.
    """

    def __init__(self, lives, unlisted=()):
        super().__init__()
        self.lives = lives
        self.unlisted = unlisted
        self.clock = None
        self.is_cut = False
        #: Until which second the list has an entry that cannot be read.
        self.odd_until = 0.0

    def _now(self, task_id):
        states = [state for since, state in self.lives.get(task_id, ()) if since <= self.clock.elapsed + 1e-6]
        if not states or states[-1] is None:
            return None
        return states[-1] if not isinstance(states[-1], str) else task(task_id, states[-1], type="import")

    def read_page(self, query, cursor, deadline):
        self.tasks = dict.fromkeys(task_id for task_id in self.lives if task_id not in self.unlisted)
        page = super().read_page(query, cursor, deadline)
        return page._replace(is_cut=self.is_cut, unreadable=int(self.clock.elapsed < self.odd_until))


def waiting(lives, *, unlisted=(), check_mode=False, select=None, **params):
    provider = World(lives, unlisted)
    given = {**SUBOPTIONS, **(select or {})}
    made = Run(run, provider, check_mode=check_mode, select=given, **{"timeout": 300, "return_history": True, **params})
    provider.clock = made.clock
    return made


def fails(run_of):
    with pytest.raises(WaitError) as caught:
        run_of()
    return caught.value.to_result()


def ids(result):
    return [one["id"] for one in result["tasks"]]


RUNS_FOR_15 = [(0, "running"), (15, "succeeded")]


def test_where_nothing_goes_on_there_is_one_look():
    result = waiting({"a": [(0, "succeeded")], "b": [(0, "failed")]})()
    assert (result["outcome"], result["polls"], result["requests"], result["tasks"]) == ("succeeded", 1, 1, [])
    assert result["msg"] == "Example Cloud: no unfinished task matches the selection."


def test_all_that_goes_on_is_waited_for():
    run_of = waiting({"a": RUNS_FOR_15, "b": [(0, "queued"), (25, "succeeded")], "old": [(0, "succeeded")]})
    result = run_of()
    assert (result["outcome"], ids(result), result["elapsed"]) == ("succeeded", ["a", "b"], 30.0)
    assert result["counts"]["succeeded"] == 2
    assert result["msg"].endswith(
        "no unfinished task matches the selection any more. The wait took 30 s and saw 2 tasks end."
    )
    assert [change["state"] for change in result["tasks"][1]["history"]] == ["queued", "succeeded"]
    # A look is one list.
    assert (len(run_of.provider.queries), run_of.provider.asked) == (4, [])


# With task_list and task_wait it took two tasks, and missed what began between them.
def test_tasks_that_begin_meanwhile_are_waited_for_too():
    result = waiting({"a": RUNS_FOR_15, "late": [(12, "running"), (45, "succeeded")], "later": [(41, "queued")]})
    ended = fails(result)
    assert (ended["outcome"], ids(ended)) == ("timed_out", ["a", "late", "later"])
    assert ended["pending_task_ids"] == ["later"]
    assert ended["counts"] | {"succeeded": 2, "queued": 1} == ended["counts"]


@pytest.mark.kind
def test_an_entry_that_cannot_be_read_may_be_a_task_that_goes_on():
    run_of = waiting({"a": [(0, "succeeded")]})
    run_of.provider.odd_until = 25.0
    result = run_of()
    assert (result["outcome"], result["elapsed"] >= 25.0) == ("succeeded", True)
    assert "one entry that cannot be read, so nobody can tell" in result["last_transient_error"]
    assert len(run_of.warnings) == 1


def test_such_an_entry_that_stays_ends_the_wait_as_no_success():
    run_of = waiting({"a": [(0, "succeeded")]}, transient_timeout=60)
    run_of.provider.odd_until = 300.0
    result = fails(run_of)
    assert (result["outcome"], result["elapsed"]) == ("unreachable", 60.0)
    assert "narrow the selection down with filters" in result["msg"]


def test_it_has_to_be_quiet_for_a_while():
    lives = {"a": RUNS_FOR_15, "late": [(35, "running"), (55, "succeeded")]}
    assert waiting(lives)()["elapsed"] == 20.0
    result = waiting(lives, select={"quiet_seconds": 30})()
    # The look at 20 s sees the first quiet, that at 40 s sees its end, and that at 60 s sees the next.
    assert (result["elapsed"], ids(result)) == (90.0, ["a", "late"])
    assert "no unfinished task has matched the selection any more for 30 s." in result["msg"]


def test_a_quiet_that_was_too_short_is_told():
    result = fails(waiting({"a": RUNS_FOR_15}, select={"quiet_seconds": 60}, timeout=50))
    assert (result["outcome"], result["pending_task_ids"]) == ("timed_out", [])
    assert result["msg"] == (
        "Example Cloud: no unfinished task matches the selection, but it was not so for 60 s within the timeout of "
        "50 s."
    )


def test_a_task_that_leaves_the_list_is_read_by_its_id():
    run_of = waiting({"a": RUNS_FOR_15})
    run_of.provider.unlisted = {"a"}
    run_of.provider.lives = {"a": RUNS_FOR_15}
    first = run_of.provider.read_page

    def listed_once(query, cursor, deadline):
        page = first(query, cursor, deadline)
        return page if len(run_of.provider.queries) > 1 else TaskPage((task("a", type="import"),))

    run_of.provider.read_page = listed_once
    result = run_of()
    assert (result["outcome"], ids(result), result["counts"]["succeeded"]) == ("succeeded", ["a"], 1)
    assert run_of.provider.asked == ["a", "a"]


def test_a_task_that_vanishes_is_believed_to_be_gone_after_three_answers():
    run_of = waiting({"a": [(0, "running"), (15, None)]})
    result = run_of()
    assert (result["outcome"], result["failed_task_ids"]) == ("succeeded", ["a"])
    assert result["counts"]["not_found"] == 1
    # Looks at 20, 30 and 40 s do not have it, and after that nothing is asked for.
    assert (result["elapsed"], run_of.provider.asked) == (50.0, ["a", "a", "a"])
    assert fails(waiting({"a": [(0, "running"), (15, None)]}, not_found="wait"))["outcome"] == "timed_out"


def test_the_failures_of_others_are_told_and_do_not_count():
    lives = {"a": [(0, "running"), (15, "failed")]}
    result = waiting(lives)()
    assert (result["outcome"], result["failed_task_ids"]) == ("succeeded", ["a"])
    assert result["msg"].endswith("a did not succeed, which counts with on_failure: fail only.")
    assert "reason" not in result
    failed = fails(waiting(lives, on_failure="fail"))
    assert (failed["outcome"], failed["reason"]) == ("failed", "task_failed")
    assert waiting(lives, on_failure="continue")()["outcome"] == "succeeded"


@pytest.mark.parametrize(
    ("select", "seen"),
    [
        ({}, ["import", "export", "old", "other"]),
        ({"types": ["import"]}, ["import"]),
        ({"types": ["import", "export"]}, ["import", "export"]),
        ({"resource": "r1"}, ["import"]),
        ({"started_after": "2026-03-01T00:00:00Z"}, ["import", "export", "other"]),
        ({"started_before": "2026-03-01T00:00:00Z"}, ["old"]),
        ({"states": ["queued"]}, ["other"]),
    ],
)
def test_what_is_selected(select, seen):
    made = {"created_at": MIDNIGHT, "resource": "r2"}
    tasks = [
        task("import", type="import", **{**made, "resource": "r1"}),
        task("export", type="export", **made),
        task("old", type="copy", **{**made, "created_at": MIDNIGHT - timedelta(days=1)}),
        task("other", "queued", type="copy", **made),
    ]
    result = fails(waiting({one.id: [(0, one)] for one in tasks}, select=select, timeout=0))
    assert ids(result) == seen


def test_the_vendor_gets_types_and_filters_but_no_states():
    run_of = waiting({}, select={"types": ["import"], "states": ["running"], "filters": {"project": [1, True]}})
    run_of()
    (query,) = run_of.provider.queries
    assert (query.types, query.states) == (frozenset({"import"}), frozenset())
    assert query.filters == (("project", "1"), ("project", "true"))


# Nobody is to begin a maintenance because a vendor keeps something to itself.
def test_a_task_that_does_not_tell_what_is_asked_for_is_waited_for():
    run_of = waiting({"a": [(0, task("a")), (15, task("a", "succeeded"))]}, select={"types": ["import"]})
    result = run_of()
    assert (ids(result), result["elapsed"]) == (["a"], 20.0)
    (warning,) = run_of.warnings
    assert "does not show of task a what select asks for, so the wait includes it" in warning


@pytest.mark.parametrize("states", [None, ["running"]])
def test_a_state_that_nobody_knows_is_none_of_an_idle_system(states):
    run_of = waiting({"a": [(0, "unknown")]}, select={"states": states})
    assert fails(run_of)["pending_task_ids"] == ["a"]
    assert "reports the state 'unknown'" in run_of.warnings[0]


def test_a_task_in_a_state_that_is_not_selected_is_let_go():
    lives = {"a": [(0, "running"), (15, "paused"), (60, "running"), (70, "succeeded")]}
    assert waiting(lives, select={"states": ["running", "queued"]})()["elapsed"] == 20.0
    assert waiting(lives)()["elapsed"] == 70.0
    # It goes on again before it was quiet for long enough.
    assert waiting(lives, select={"states": ["running"], "quiet_seconds": 50})()["elapsed"] == 120.0


def test_a_list_that_is_cut_is_never_idle():
    run_of = waiting({})
    run_of.provider.is_cut = True
    result = fails(run_of)
    assert (result["outcome"], result["reason"]) == ("unreachable", "bad_answer")
    assert "did not list all of its tasks, so nobody can tell whether others are under way." in result["msg"]


def test_a_provider_without_a_list_says_so_at_once():
    run_of = waiting({})
    run_of.provider.list_problems = [OptionError("definition", "definition has no list")]
    with pytest.raises(OptionError, match="has no list"):
        run_of()


@pytest.mark.parametrize("lives", [{}, {"a": RUNS_FOR_15}])
def test_trouble_with_the_list_is_retried(lives):
    run_of = waiting(lives)
    run_of.provider.list_problems = [TransientError("HTTP 502"), TransientError("HTTP 503")]
    result = run_of()
    assert (result["outcome"], result["transient_errors"]) == ("succeeded", 2)


def test_trouble_that_lasts_ends_the_wait_with_what_was_known():
    known = waiting({"a": [(0, "running")]}, transient_timeout=40)
    first = known.provider.read_page

    def once(query, cursor, deadline):
        if known.provider.queries:
            raise TransientError("HTTP 502")
        return first(query, cursor, deadline)

    known.provider.read_page = once
    result = fails(known)
    assert (result["outcome"], result["pending_task_ids"]) == ("unreachable", ["a"])
    assert "import task a (last seen busy" in result["msg"]


def test_check_mode_looks_once():
    busy = waiting({"a": RUNS_FOR_15}, check_mode=True)()
    assert (busy["outcome"], busy["polls"], busy["pending_task_ids"]) == ("timed_out", 1, ["a"])
    assert busy["msg"].startswith("Check mode: looked once and did not wait. ")
    idle = waiting({}, check_mode=True, select={"quiet_seconds": 60})()
    assert (idle["outcome"], idle["polls"]) == ("succeeded", 1)


def test_a_stall_is_one_of_a_task_and_not_of_the_quiet():
    assert waiting({}, select={"quiet_seconds": 100}, stall_timeout=20)()["elapsed"] == 100.0
    result = fails(waiting({"a": [(0, "running")]}, stall_timeout=20))
    assert (result["outcome"], result["elapsed"]) == ("stalled", 20.0)


def test_subtasks_are_followed():
    run_of = waiting({"a": RUNS_FOR_15}, follow_subtasks=True)
    run_of.provider.subtasks = {"a": [(task("part"),), (task("part", "succeeded"),)]}
    result = run_of()
    assert (result["elapsed"], run_of.provider.subtasks_asked) == (30.0, ["a", "a"])


def test_the_vendors_words_say_what_goes_on():
    lives = {"a": [(0, replace(task("a", "succeeded"), raw_state="ACTIVE")), (15, task("a", "failed"))]}
    assert waiting(lives, success_states=["DELETED"])()["elapsed"] == 20.0
    assert waiting(lives)()["polls"] == 1


@pytest.mark.parametrize(
    ("params", "option", "told"),
    [
        ({"wait_for": "any"}, "wait_for", "which wait_for: any contradicts"),
        ({"fail_fast": True}, "fail_fast", "which fail_fast: true contradicts"),
        ({"on_timeout": "cancel"}, "on_timeout", "would cancel tasks of others"),
        ({"on_interrupt": "cancel"}, "on_interrupt", "would cancel tasks of others"),
        ({"select": {"quiet_seconds": -1}}, "select.quiet_seconds", "select.quiet_seconds is -1; it has to be"),
        ({"select": {"started_after": "noon"}}, "select.started_after", "select.started_after is 'noon'"),
        ({"select": {"filters": {"a": {}}}}, "select.filters", "select.filters: the value of a has to be"),
    ],
)
def test_what_makes_no_sense_is_refused(params, option, told):
    run_of = waiting({}, **params)
    with pytest.raises(OptionError) as caught:
        run_of()
    assert (caught.value.option, run_of.provider.queries) == (option, [])
    assert told in caught.value.message


def test_a_deadline_ends_it():
    result = fails(waiting({"a": [(0, "running")]}, deadline="2026-03-01T12:00:25Z"))
    assert "by the deadline 2026-03-01T12:00:25Z. The vendor keeps working: wait again, with a later" in result["msg"]


moments = st.integers(0, 200)
lives = st.dictionaries(
    st.sampled_from("abcdef"),
    st.lists(st.tuples(moments, st.sampled_from([*TaskState, None])), min_size=1, max_size=4).map(
        lambda life: sorted(((since, state and state.value) for since, state in life), key=lambda step: step[0])
    ),
)
troubles = st.lists(st.sampled_from([TransientError("HTTP 502"), TransientError("HTTP 503")]), max_size=4)


@settings(max_examples=150, deadline=None)
@given(
    lives=lives,
    troubles=troubles,
    quiet_seconds=st.sampled_from([0, 15, 60]),
    not_found=st.sampled_from(["fail", "succeed"]),
    states=st.sampled_from([None, ["running"]]),
)
def test_whatever_happens_an_end_is_idle(lives, troubles, quiet_seconds, not_found, states):
    lives = {
        task_id: [(since, None if state == "not_found" else state) for since, state in life]
        for task_id, life in lives.items()
    }
    run_of = waiting(
        lives,
        select={"quiet_seconds": quiet_seconds, "states": states},
        not_found=not_found,
        on_timeout="continue",
    )
    provider = run_of.provider
    provider.list_problems = list(troubles)
    result = run_of()
    selected = {"unknown", "running"} if states else {"unknown", "running", "queued", "paused"}
    busy = {
        task_id for task_id, now in ((one, provider._now(one)) for one in lives) if now and now.state.value in selected
    }
    assert result["outcome"] in ("succeeded", "timed_out")
    assert result["elapsed"] <= 300.0
    if result["outcome"] == "succeeded":
        assert not busy
        assert result["pending_task_ids"] == []
        assert result["elapsed"] >= quiet_seconds
        assert not {one["state"] for one in result["tasks"]} & selected
    assert len(set(ids(result))) == len(ids(result))
    assert all(one["history"] for one in result["tasks"])
    # Whatever was seen to go on was there, and nothing else was.
    assert set(ids(result)) <= set(lives)
