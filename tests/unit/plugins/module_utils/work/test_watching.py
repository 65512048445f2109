# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a watch tells from look to look: every end once, nothing old, and with bounded memory."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.clock import Deadline
from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    AuthenticationError,
    NotFoundError,
    RejectedError,
    TransientError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.contract import TaskPage, TaskQuery
from ansible_collections.longrunning.tasks.plugins.module_utils._work.watching import (
    FORGET_SECONDS,
    GONE_SECONDS,
    WHOLE_EVERY,
    TaskWatch,
    Watched,
)
from ansible_collections.longrunning.tasks.tests.unit.support.fake_clock import WALL_START, FakeClock
from ansible_collections.longrunning.tasks.tests.unit.support.fake_provider import FakeProvider, task


class Vendor(FakeProvider):
    """Has tasks that run from one second to another, and lists the newest first, in pages.

    ``kept`` seconds after its end a task is dropped from lists, and nobody has it any more. ``skew`` is by how much the
    vendor's clock is ahead.
    """

    def __init__(self, *, kept=1e9, page_size=100, skew=0.0, is_sorted=True, tells_times=True):
        super().__init__()
        self.clock = FakeClock()
        self.runs = {}
        self.kept, self.page_size, self.skew = kept, page_size, skew
        self.is_sorted, self.tells_times = is_sorted, tells_times
        self.pages = 0
        self.poor = False
        self.problems = {}

    def run(self, task_id, begin, end, state="succeeded"):
        self.runs[task_id] = (begin, end, state)
        return task_id

    def _now(self, task_id):
        begin, end, state = self.runs.get(task_id, (1e9, 1e9, ""))
        now = self.clock.elapsed
        if not begin <= now < end + self.kept:
            return None
        times = {"created_at": begin, **({"finished_at": end} if now >= end else {})}
        moments = {name: WALL_START + timedelta(seconds=second + self.skew) for name, second in times.items()}
        told = moments if self.tells_times else {}
        return task(task_id, state if now >= end else "running", **told)

    def read_task(self, task_id, deadline):
        if task_id in self.problems:
            self.asked.append(task_id)
            raise self.problems[task_id]
        return super().read_task(task_id, deadline)

    def list_entry_lacks_something(self, task):
        return self.poor and task.is_final

    def read_page(self, query, cursor, deadline):
        self.pages += 1
        if self.list_problems:
            raise self.list_problems.pop(0)
        there = [one for one in map(self._now, self.runs) if one is not None]
        there.sort(key=lambda one: self.runs[one.id][0], reverse=self.is_sorted)
        if self.poor:
            there = [replace(one, message=None, error=None) for one in there]
        start = int(cursor or 0)
        stop = start + self.page_size
        return TaskPage(tuple(there[start:stop]), str(stop) if stop < len(there) else None)


class Watch:
    """A watch of a vendor, and what it has told."""

    def __init__(self, vendor, **watched):
        self.vendor = vendor
        self.told = []
        self.warnings = []
        self.trouble = None
        self.watch = TaskWatch(vendor, Watched(**watched), vendor.clock, self.warnings.append)

    def look(self, *, after=0.0):
        self.vendor.clock.advance(after)
        found = self.watch.look(Deadline(self.vendor.clock, 30.0))
        self.trouble = found.trouble
        new = [(change.task.id, change.task.state.value) for change in found.changes]
        self.told += new
        return new


def test_the_first_look_tells_what_has_not_ended():
    vendor = Vendor()
    vendor.run("old", -100, -50)
    vendor.run("new", -10, 50)
    watch = Watch(vendor)
    assert watch.look() == [("new", "running")]
    assert watch.look(after=20) == []
    assert watch.look(after=40) == [("new", "succeeded")]
    assert watch.look(after=40) == []


def test_previous_states_are_told():
    vendor = Vendor()
    vendor.run("t", 0, 50)
    watch = TaskWatch(vendor, Watched(), vendor.clock, pytest.fail)
    previous = []
    for _look in range(2):
        previous += [change.previous for change in watch.look(Deadline(vendor.clock, 30.0)).changes]
        vendor.clock.advance(60)
    assert previous == [None, TaskState.RUNNING]


@pytest.mark.parametrize("skew", [-7200, 0, 7200])
@pytest.mark.parametrize("tells_times", [False, True])
def test_a_task_that_begins_and_ends_between_two_looks_has_its_end(skew, tells_times):
    vendor = Vendor(skew=skew, tells_times=tells_times)
    vendor.run("earlier", -100, 5)
    watch = Watch(vendor, ends_only=True)
    watch.look()
    vendor.run("short", 20, 22, "failed")
    assert watch.look(after=30) == [("short", "failed"), ("earlier", "succeeded")]


@pytest.mark.parametrize("tells_times", [False, True])
def test_lookback_tells_what_ended_while_nobody_watched(tells_times):
    vendor = Vendor(tells_times=tells_times)
    vendor.run("long ago", -5000, -4000)
    vendor.run("just now", -200, -100)
    told = Watch(vendor, ends_only=True, lookback=600.0).look()
    # Without times nobody can tell them apart, and none may be lost.
    assert told == [("just now", "succeeded"), *([] if tells_times else [("long ago", "succeeded")])]
    assert Watch(vendor, ends_only=True).look() == []


def test_what_ended_while_the_first_looks_failed_is_told():
    vendor = Vendor()
    vendor.run("t", -10, 20)
    vendor.list_problems = [TransientError("The server answered with 503")] * 3
    watch = Watch(vendor, ends_only=True)
    for _look in range(3):
        with pytest.raises(TransientError):
            watch.look(after=10)
    assert watch.look(after=10) == [("t", "succeeded")]


def test_nothing_is_lost_by_a_look_that_fails():
    vendor = Vendor()
    watch = Watch(vendor)
    watch.look()
    vendor.run("t", 10, 20, "failed")
    vendor.list_problems = [AuthenticationError("no"), TransientError("503")]
    for problem in (AuthenticationError, TransientError):
        with pytest.raises(problem):
            watch.look(after=10)
    assert watch.look(after=10) == [("t", "failed")]


def test_states_choose_what_is_told():
    vendor = Vendor()
    vendor.run("good", -10, 20)
    vendor.run("bad", -10, 20, "failed")
    watch = Watch(vendor, states=frozenset({TaskState.FAILED}))
    assert [watch.look(), watch.look(after=30)] == [[], [("bad", "failed")]]


def test_the_query_chooses_what_is_watched():
    vendor = Vendor()
    vendor.run("t", -10, 20)
    assert Watch(vendor, query=TaskQuery(types=frozenset({"export"}))).look() == []


def test_a_task_is_gone_when_several_answers_say_so():
    vendor = Vendor(kept=0)
    vendor.run("t", -10, 20)
    watch = Watch(vendor)
    watch.look()
    told = [watch.look(after=GONE_SECONDS / 2) for _look in range(5)]
    assert told == [[], [], [("t", "not_found")], [], []]


def test_one_answer_without_a_task_tells_nothing():
    vendor = Vendor()
    vendor.run("t", -10, 1000)
    watch = Watch(vendor, task_ids=("t",))
    watch.look()
    vendor.problems["t"] = NotFoundError("gone")
    assert watch.look(after=30) == []
    vendor.problems.clear()
    assert [watch.look(after=100), watch.look(after=1000)] == [[], [("t", "succeeded")]]


def test_tasks_by_their_ids_are_not_asked_for_after_their_end():
    vendor = Vendor()
    vendor.run("a", -100, -50)
    vendor.run("b", -100, 25)
    watch = Watch(vendor, task_ids=("a", "b"), ends_only=True)
    assert [watch.look(), watch.look(after=30)] == [[("a", "succeeded")], [("b", "succeeded")]]
    before = len(vendor.asked) + vendor.pages
    for _look in range(50):
        watch.look(after=30)
    assert len(vendor.asked) + vendor.pages == before


def test_a_task_that_is_registered_late_is_found():
    vendor = Vendor()
    watch = Watch(vendor, task_ids=("late",))
    told = [watch.look(after=30) for _look in range(6)]
    assert [new for new in told if new] == [[("late", "not_found")]]
    vendor.run("late", vendor.clock.elapsed, 1e6)
    assert [new for _look in range(WHOLE_EVERY + 1) if (new := watch.look(after=30))] == [[("late", "running")]]


def test_a_task_that_fell_out_of_the_list_is_read_by_its_id():
    vendor = Vendor(page_size=10)
    vendor.run("slow", -10, 500)
    watch = Watch(vendor, limit=5, ends_only=True)
    watch.look()
    for number in range(20):
        vendor.run(f"t-{number}", 50, 60)
    watch.look(after=100)
    assert ("slow", "succeeded") in watch.look(after=500)
    assert [text for text in watch.warnings if "limit of 5" in text] == watch.warnings[:1]


def test_an_end_is_told_with_what_only_the_task_itself_tells():
    vendor = Vendor()
    vendor.poor = True
    vendor.run("t", -10, 20, "failed")
    watch = TaskWatch(vendor, Watched(), vendor.clock, pytest.fail)
    watch.look(Deadline(vendor.clock, 30.0))
    vendor.clock.advance(30)
    (change,) = watch.look(Deadline(vendor.clock, 30.0)).changes
    assert (change.task.error.title, vendor.asked) == ("It broke", ["t"])


def test_trouble_with_one_task_delays_that_one_only():
    vendor = Vendor()
    vendor.poor = True
    vendor.run("a", -10, 20)
    vendor.run("b", -10, 20)
    watch = Watch(vendor, ends_only=True)
    watch.look()
    vendor.problems["a"] = TransientError("503")
    assert watch.look(after=30) == [("b", "succeeded")]
    assert watch.trouble is vendor.problems["a"]
    vendor.problems.clear()
    assert watch.look(after=30) == [("a", "succeeded")]


def test_a_task_that_cannot_be_read_is_told_as_the_list_has_it():
    vendor = Vendor()
    vendor.poor = True
    vendor.run("a", -10, 20, "failed")
    watch = Watch(vendor, ends_only=True)
    watch.look()
    vendor.problems["a"] = RejectedError("Not this one")
    assert watch.look(after=30) == [("a", "failed")]
    assert watch.warnings == ["Not this one"]


@pytest.mark.parametrize("is_sorted", [False, True])
def test_pages_without_news_are_read_only_where_news_could_be_behind_them(is_sorted):
    vendor = Vendor(page_size=10, is_sorted=is_sorted)
    for number in range(50):
        vendor.run(f"t-{number}", -1000 + number, -500)
    watch = Watch(vendor)
    watch.look()
    vendor.pages = 0
    for _look in range(WHOLE_EVERY):
        watch.look(after=30)
    assert vendor.pages == (WHOLE_EVERY - 1 + 5 if is_sorted else 5 * WHOLE_EVERY)
    vendor.run("new", vendor.clock.elapsed + 1, vendor.clock.elapsed + 2)
    assert watch.look(after=30) == [("new", "succeeded")]


def test_ended_tasks_that_left_the_list_are_forgotten_and_not_told_again():
    vendor = Vendor(kept=100)
    vendor.run("t", 10, 20)
    watch = Watch(vendor, ends_only=True)
    watch.look()
    assert watch.look(after=30) == [("t", "succeeded")]
    while len(watch.watch._known):
        watch.look(after=60)
    assert FORGET_SECONDS <= vendor.clock.elapsed <= FORGET_SECONDS + 200
    vendor.run("other", vendor.clock.elapsed, vendor.clock.elapsed + 10)
    # The vendor lists it once more.
    vendor.kept = 1e9
    assert watch.look(after=30) == [("other", "succeeded")]


def test_times_at_the_edge_of_the_calendar_break_no_look():
    early = datetime(1, 1, 1, tzinfo=timezone.utc)
    vendor = FakeProvider({"a": task("a", "succeeded", finished_at=early)})
    vendor.clock = FakeClock()
    watch = Watch(vendor)
    watch.look()
    vendor.tasks["b"] = task("b", "succeeded", finished_at=early)
    assert watch.look(after=30) == [("b", "succeeded")]


@pytest.mark.kind
@pytest.mark.parametrize("seed", range(30))
def test_every_end_is_told_once_whatever_the_times(seed):
    chance = random.Random(seed)
    vendor = Vendor(page_size=chance.choice([5, 100]), skew=chance.choice([-9000, 0, 300]))
    vendor.poor = chance.random() < 0.5
    ends = {}
    for number in range(60):
        begin = chance.uniform(-100, 900)
        ends[f"t-{number}"] = end = max(1.0, begin + chance.choice([0.5, 30, 400]) * chance.random())
        vendor.run(f"t-{number}", begin, end, chance.choice(["succeeded", "failed", "cancelled"]))
    watch = Watch(vendor, ends_only=True)
    watch.look()
    while vendor.clock.elapsed < 1500:
        if chance.random() < 0.2:
            vendor.list_problems = [chance.choice([TransientError("503"), AuthenticationError("no")])]
            with pytest.raises((TransientError, AuthenticationError)):
                watch.look(after=chance.uniform(1, 60))
        watch.look(after=chance.uniform(1, 60))
    assert sorted(task_id for task_id, _state in watch.told) == sorted(ends)


def test_an_hour_costs_one_request_a_look_and_remembers_what_is_there(capsys):
    """A vendor with 2,000 tasks in the hour, which keeps each for ten minutes after its end."""
    vendor = Vendor(kept=600)
    for number in range(2000):
        vendor.run(f"t-{number}", 1.8 * number, 1.8 * number + 60)
    watch = Watch(vendor, ends_only=True)
    most = 0
    for _look in range(120):
        watch.look(after=30)
        most = max(most, len(watch.watch._known))
    requests = vendor.pages + len(vendor.asked)
    ended = sum(end <= vendor.clock.elapsed for _begin, end, _state in vendor.runs.values())
    with capsys.disabled():
        print(f"\nan hour, {ended} ends: {len(watch.told)} events, {requests} requests, {most} tasks remembered")
    assert len(watch.told) == ended
    assert requests <= 2.2 * 120
    assert most <= 2000
    for _look in range(150):
        watch.look(after=30)
    assert len(watch.watch._known) == 0
