# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading many tasks with few requests: by lists where that is cheaper, else one by one."""

from __future__ import annotations

import signal
import threading
from dataclasses import replace
from itertools import islice

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core import threads as _threads
from ansible_collections.longrunning.tasks.plugins.module_utils._core.clock import Deadline
from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    AccessDeniedError,
    AuthenticationError,
    BadAnswerError,
    InterruptError,
    NotFoundError,
    TransientError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import Task, TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._core.threads import MOST_PARALLEL_REQUESTS
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.contract import TaskPage, TaskQuery
from ansible_collections.longrunning.tasks.plugins.module_utils._work.reading import (
    MOST_EMPTY_PAGES,
    MOST_PAGES,
    TaskReader,
    list_tasks,
    read_pages,
)
from ansible_collections.longrunning.tasks.tests.unit.support import fake_provider
from ansible_collections.longrunning.tasks.tests.unit.support.fake_clock import FakeClock
from ansible_collections.longrunning.tasks.tests.unit.support.fake_provider import FakeProvider

DESCRIPTION = replace(fake_provider.DESCRIPTION, title="Example", states={state.value: state for state in TaskState})
DEADLINE = Deadline(FakeClock(), 30)
OVER = Deadline(DEADLINE.clock, 30, at=DEADLINE.clock.monotonic())
QUERY = TaskQuery()
RUNNING, SUCCEEDED, FAILED = TaskState.RUNNING, TaskState.SUCCEEDED, TaskState.FAILED
UNKNOWN, NOT_FOUND = TaskState.UNKNOWN, TaskState.NOT_FOUND
ENDS = frozenset({SUCCEEDED, FAILED})


def task(task_id, state=RUNNING, **fields):
    return Task(task_id, "example", state, raw_state=state.value, **fields)


class PagedProvider(FakeProvider):
    """Has pages of a list, and remembers all requests. An error in place of the list has the name "list"."""

    def __init__(self, *pages, singles=(), errors=None, lacking=frozenset(), next_cursors=None):
        super().__init__({single.id: single for single in singles} | (errors or {}), DESCRIPTION)
        self.requests = []
        self._pages = pages
        self._lacking = lacking
        self._next_cursors = next_cursors or {}
        self._lock = threading.Lock()

    def read_task(self, task_id, deadline):
        assert deadline in {DEADLINE, OVER}
        with self._lock:
            self.requests.append(task_id)
        return super().read_task(task_id, deadline)

    def read_page(self, query, cursor, deadline):
        assert deadline in {DEADLINE, OVER}
        number = int(cursor or 0)
        self.requests.append(f"page {number}")
        if "list" in self.tasks:
            raise self.tasks["list"]
        following = str(number + 1) if number + 1 < len(self._pages) else None
        return TaskPage(tuple(self._pages[number]), self._next_cursors.get(number, following))

    def list_entry_lacks_something(self, task):
        return task.state in self._lacking

    def take_requests(self):
        taken, self.requests = sorted(self.requests), []
        return taken


def states(snapshot):
    return {task_id: task.state for task_id, task in snapshot.tasks.items()}


class TestTheChoice:
    def test_one_task_is_read_by_itself(self):
        provider = PagedProvider(singles=[task("a")])
        assert states(TaskReader(provider).read(["a"], DEADLINE)) == {"a": RUNNING}
        assert provider.requests == ["a"]

    # Words that are not known to be the vendor's own say where they came from.
    @pytest.mark.kind
    @pytest.mark.parametrize(
        ("words", "request_of", "message"),
        [
            ("no task a", {}, "no task a"),
            ("no task a", {"url": "https://x/a", "status": 404}, "no task a (HTTP 404, GET https://x/a)"),
            ("", {}, "Refused"),
            (None, {"url": "https://x/a", "status": 404}, "Refused"),
        ],
    )
    def test_what_was_answered_about_a_missing_task_is_kept(self, words, request_of, message):
        provider = PagedProvider(errors={"a": NotFoundError("Refused", words=words, **request_of)})
        snapshot = TaskReader(provider).read(["a"], DEADLINE)
        assert (states(snapshot), snapshot.tasks["a"].message) == ({"a": NOT_FOUND}, message)

    def test_several_tasks_cost_one_list(self):
        provider = PagedProvider([task("x"), task("a"), task("b"), task("c")])
        snapshot = TaskReader(provider).read(["c", "a", "b"], DEADLINE)
        assert states(snapshot) == {"a": RUNNING, "b": RUNNING, "c": RUNNING}
        assert provider.requests == ["page 0"]

    def test_what_the_list_does_not_show_is_asked_for_by_itself(self):
        provider = PagedProvider([task("a"), task("b")], singles=[task("c", SUCCEEDED)])
        assert states(TaskReader(provider).read(["a", "b", "c", "d"], DEADLINE)) == {
            "a": RUNNING,
            "b": RUNNING,
            "c": SUCCEEDED,
            "d": NOT_FOUND,
        }
        assert provider.take_requests() == ["c", "d", "page 0"]

    # community.proxmox looks in the first page only: a task beyond it "does not exist".
    def test_a_task_beyond_the_first_page_is_found(self):
        provider = PagedProvider([task("x")], [task("a")], [task("b")], singles=[task("b")])
        assert states(TaskReader(provider).read(["a", "b", "c"], DEADLINE)) == {
            "a": RUNNING,
            "b": RUNNING,
            "c": NOT_FOUND,
        }

    def test_one_missing_task_is_cheaper_to_ask_for_than_another_page(self):
        provider = PagedProvider([task("a")], [task("b")], singles=[task("b")])
        TaskReader(provider).read(["a", "b"], DEADLINE)
        assert provider.requests == ["page 0", "b"]

    def test_pages_that_help_nothing_are_given_up(self):
        pages = [[task(f"x{number}")] for number in range(50)]
        provider = PagedProvider(*pages, singles=[task("a"), task("b"), task("c")])
        reader = TaskReader(provider)
        reader.read(["a", "b", "c"], DEADLINE)
        assert provider.take_requests() == ["a", "b", "c", "page 0", "page 1", "page 2"]
        # The next time three pages are known to cost as much as three tasks.
        reader.read(["a", "b", "c"], DEADLINE)
        assert provider.take_requests() == ["a", "b", "c"]

    def test_never_more_than_twice_the_requests_of_single_reads(self):
        for number in range(2, 12):
            wanted = [f"t{index}" for index in range(number)]
            provider = PagedProvider(*[[task("x")]] * 30, singles=[task(task_id) for task_id in wanted])
            TaskReader(provider).read(wanted, DEADLINE)
            assert len(provider.requests) <= 2 * number

    @pytest.mark.parametrize("room", [0, 1, 3])
    def test_tasks_are_read_by_as_many_threads_as_the_system_has_room_for(self, monkeypatch, room):
        started = []
        start = threading.Thread.start

        def start_if_there_is_room(thread):
            if len(started) == room:
                raise RuntimeError("can't start new thread")
            started.append(thread)
            start(thread)

        monkeypatch.setattr(threading.Thread, "start", start_if_there_is_room)
        wanted = [f"t{number}" for number in range(20)]
        provider = PagedProvider([], singles=[task(task_id) for task_id in wanted])
        assert list(TaskReader(provider).read(wanted, DEADLINE).tasks) == wanted

    def test_tasks_are_read_side_by_side_but_not_too_many(self):
        together = threading.Barrier(MOST_PARALLEL_REQUESTS, timeout=60)
        running, most, lock = [], [], threading.Lock()

        class Slow(FakeProvider):
            def read_task(self, task_id, deadline):
                with lock:
                    running.append(task_id)
                    most.append(len(running))
                together.wait()
                with lock:
                    running.remove(task_id)
                return task(task_id)

        wanted = [f"t{number}" for number in range(2 * MOST_PARALLEL_REQUESTS)]
        snapshot = TaskReader(Slow([])).read(wanted, DEADLINE)
        assert list(snapshot.tasks) == wanted
        assert max(most) == MOST_PARALLEL_REQUESTS

    def test_an_error_of_one_is_raised_when_those_that_run_have_ended(self):
        refused, ended = threading.Event(), []

        class Refusing(FakeProvider):
            def read_task(self, task_id, deadline):
                if task_id == "b":
                    refused.set()
                    raise AuthenticationError("no")
                assert refused.wait(60)
                ended.append(task_id)
                return task(task_id)

        with pytest.raises(AuthenticationError):
            TaskReader(Refusing([])).read(["a", "b"], DEADLINE)
        assert ended == ["a"]

    def test_after_an_error_nothing_more_is_asked_for(self, monkeypatch):
        monkeypatch.setattr(_threads, "start_thread", lambda _work: None)
        provider = PagedProvider([], errors={"a": AuthenticationError("no")})
        with pytest.raises(AuthenticationError):
            TaskReader(provider).read(["a", "b"], DEADLINE)
        assert provider.take_requests() == ["a", "page 0"]

    def test_who_is_interrupted_does_not_wait_for_requests_that_hang(self):
        hanging, go_on = threading.Event(), threading.Event()

        class Hanging(FakeProvider):
            def read_task(self, task_id, deadline):
                hanging.set()
                go_on.wait(60)
                return task(task_id)

        def interrupt():
            hanging.wait(60)
            signal.pthread_kill(threading.main_thread().ident, signal.SIGTERM)

        def stop(_number, _frame):
            raise InterruptError("Stopped.")

        threads = set(threading.enumerate())
        before = signal.signal(signal.SIGTERM, stop)
        interrupter = threading.Thread(target=interrupt)
        interrupter.start()
        try:
            with pytest.raises(InterruptError):
                TaskReader(Hanging([])).read(["a", "b"], DEADLINE)
            # They still hang. Else the end of the process would wait for them.
            left = set(threading.enumerate()) - threads - {interrupter}
            assert left
            assert all(thread.daemon for thread in left)
        finally:
            signal.signal(signal.SIGTERM, before)
            go_on.set()


class TestCompletion:
    ENDED = frozenset({SUCCEEDED})

    def test_an_entry_that_lacks_something_is_read_in_full(self):
        full = task("a", SUCCEEDED, message="Well done")
        provider = PagedProvider([task("a", SUCCEEDED), task("b")], singles=[full], lacking=self.ENDED)
        snapshot = TaskReader(provider).read(["a", "b"], DEADLINE)
        assert snapshot.tasks["a"] == full
        assert provider.requests == ["page 0", "a"]

    # dell: finished tasks vanish from the monitor.
    def test_an_end_is_not_lost_when_the_task_is_forgotten_before_it_is_read_in_full(self):
        provider = PagedProvider([task("a", SUCCEEDED), task("b")], lacking=self.ENDED)
        assert states(TaskReader(provider).read(["a", "b"], DEADLINE)) == {"a": SUCCEEDED, "b": RUNNING}

    def test_an_entry_that_has_not_ended_is_completed_too(self):
        full = task("a", message="half way")
        provider = PagedProvider([task("a"), task("b", SUCCEEDED)], singles=[full], lacking={RUNNING})
        assert TaskReader(provider).read(["a", "b"], DEADLINE).tasks["a"] == full

    def test_an_end_is_not_lost_at_the_deadline_when_the_full_reading_fails(self):
        errors = {"a": TransientError("502")}
        provider = PagedProvider([task("a", SUCCEEDED), task("b")], errors=errors, lacking=self.ENDED)
        assert states(TaskReader(provider).read(["a", "b"], OVER)) == {"a": SUCCEEDED, "b": RUNNING}

    def test_before_the_deadline_the_full_reading_is_tried_again(self):
        errors = {"a": TransientError("502")}
        provider = PagedProvider([task("a", SUCCEEDED), task("b")], errors=errors, lacking=self.ENDED)
        assert set(TaskReader(provider).read(["a", "b"], DEADLINE).troubles) == {"a"}


#: What the task itself can say after a list has said something, and how that is read. None: not found.
SINGLES = [None, RUNNING, UNKNOWN, SUCCEEDED, FAILED]


class TestContradictions:
    """A list is the weaker source: what it says of an end counts only where nothing says anything else."""

    @staticmethod
    def both(entries, single, deadline=DEADLINE, errors=None):
        """Return what the wait and task_list make of a task, and the warnings of both."""
        singles = [] if single is None else [task("a", single)]
        pages = [[task("a", state) for state in entries], [task("b")]]
        warnings, others = [], []
        provider = PagedProvider(*pages, singles=singles, errors=errors, lacking=ENDS)
        reader = TaskReader(provider, warnings.append)
        snapshot = reader.read(["a", "b"], deadline)
        provider = PagedProvider(*pages, singles=singles, errors=errors)
        found, _more = list_tasks(provider, QUERY, 10, deadline, others.append)
        return snapshot, found, warnings, others

    @pytest.mark.kind
    @pytest.mark.parametrize("single", SINGLES)
    @pytest.mark.parametrize("entries", [[SUCCEEDED], [FAILED, SUCCEEDED], [SUCCEEDED, FAILED], [RUNNING, SUCCEEDED]])
    def test_a_success_is_one_only_when_nothing_says_otherwise(self, entries, single):
        snapshot, found, warnings, others = self.both(entries, single)
        is_forgotten = single is None and entries == [SUCCEEDED]
        is_agreed = single is SUCCEEDED and FAILED not in entries
        assert (snapshot.tasks["a"].state is SUCCEEDED) is (is_forgotten or is_agreed)
        if len(entries) > 1:
            # In one list, a task_list and a wait come to the same.
            assert found[0].state is snapshot.tasks["a"].state
            assert others == warnings
        is_bad_end = single is FAILED
        assert len(warnings) == (not (is_forgotten or is_agreed or is_bad_end))

    @pytest.mark.parametrize("single", [RUNNING, UNKNOWN, FAILED])
    def test_what_is_no_success_is_what_the_task_itself_says(self, single):
        snapshot, *_rest = self.both([SUCCEEDED], single)
        assert snapshot.tasks["a"] == task("a", single)

    @pytest.mark.parametrize(("entries", "single"), [([FAILED], SUCCEEDED), ([FAILED, SUCCEEDED], None)])
    def test_an_end_that_is_contradicted_counts_as_running_and_says_why(self, entries, single):
        snapshot, _found, warnings, _others = self.both(entries, single)
        held = snapshot.tasks["a"]
        assert (held.state, held.raw_state, held.message) == (RUNNING, None, warnings[0])

    def test_the_warning_names_what_contradicts_what(self):
        *_rest, warnings, _others = self.both([FAILED, SUCCEEDED], RUNNING)
        (warning,) = warnings
        assert warning == (
            "Example: the list shows task a as failed and as succeeded, but the task itself is running. "
            "It does not count as ended until the two agree"
        )

    def test_a_contradiction_is_warned_of_once_and_remembered_until_list_and_task_agree(self):
        provider = PagedProvider([task("a", SUCCEEDED), task("b")], singles=[task("a")], lacking=ENDS)
        warnings = []
        reader = TaskReader(provider, warnings.append)
        assert reader.read(["a", "b"], DEADLINE).tasks["a"].state is RUNNING
        # The list's end was contradicted: neither a lost answer at the deadline nor a task that is gone proves it now.
        provider.tasks["a"] = TransientError("502")
        assert set(reader.read(["a", "b"], OVER).troubles) == {"a"}
        provider.tasks["a"] = NotFoundError("gone")
        assert reader.read(["a", "b"], OVER).tasks["a"].state is RUNNING
        assert len(warnings) == 1
        provider.tasks["a"] = task("a", SUCCEEDED)
        assert reader.read(["a", "b"], DEADLINE).tasks["a"].state is SUCCEEDED
        provider.tasks["a"] = TransientError("502")
        assert reader.read(["a", "b"], OVER).tasks["a"].state is SUCCEEDED

    def test_entries_that_say_the_same_twice_cost_no_request_and_the_last_one_counts(self):
        older, newer = task("a", percent=10.0), task("a", percent=20.0)
        provider = PagedProvider([older, newer, task("b")])
        assert TaskReader(provider).read(["a", "b"], DEADLINE).tasks["a"] == newer
        assert list_tasks(provider, QUERY, 10, DEADLINE)[0][0] == newer
        assert provider.requests == ["page 0"] * 2

    @pytest.mark.kind
    def test_a_contradiction_that_cannot_be_settled_does_not_end_a_list(self):
        entries = [task("a", FAILED), task("a", SUCCEEDED), task("b")]
        provider = PagedProvider(entries, errors={"a": AccessDeniedError("No right to see it")})
        warnings = []
        tasks, _truncated = list_tasks(provider, QUERY, 10, DEADLINE, warnings.append)
        assert [(one.id, one.state) for one in tasks] == [("a", UNKNOWN), ("b", RUNNING)]
        told = "Example: the list shows task a as failed and as succeeded, and the task itself could not be read: "
        assert warnings == [f"{told}No right to see it"]

    def test_a_list_that_contradicts_itself_is_not_filtered_by_the_half_of_it(self):
        provider = PagedProvider([task("a", FAILED), task("a", SUCCEEDED)], singles=[task("a", FAILED)])
        for state, ids in ((SUCCEEDED, []), (FAILED, ["a"])):
            query = TaskQuery(states=frozenset({state}))
            assert [one.id for one in list_tasks(provider, query, 10, DEADLINE)[0]] == ids

    def test_trouble_with_reading_such_a_task_is_trouble_with_the_list(self):
        provider = PagedProvider([task("a", FAILED), task("a", SUCCEEDED)], errors={"a": TransientError("502")})
        with pytest.raises(TransientError):
            list_tasks(provider, QUERY, 10, DEADLINE)


class TestUnreadableEntries:
    @staticmethod
    def provider():
        provider = PagedProvider([task("a"), task("b")], [task("c")])
        read_page = provider.read_page
        provider.read_page = lambda *args: read_page(*args)._replace(unreadable=2)
        return provider

    def test_a_wait_warns_once(self):
        warnings = []
        reader = TaskReader(self.provider(), warnings.append)
        for _look in range(3):
            assert set(reader.read(["a", "b", "c", "d"], DEADLINE).tasks) == set("abcd")
        assert warnings == ["The list of Example has 2 entries that cannot be read. They are left out"]

    @pytest.mark.kind
    def test_a_list_of_none_but_those_ends_no_wait_for_tasks_by_their_ids(self):
        provider = self.provider()
        page = TaskPage((), unreadable=1, problem=BadAnswerError("It has no state"))
        provider.read_page = lambda *_args: page
        assert set(TaskReader(provider).read(["a", "b", "c"], DEADLINE).tasks) == set("abc")
        # But nothing can be said about its tasks.
        with pytest.raises(BadAnswerError, match="It has no state"):
            list_tasks(provider, QUERY, 10, DEADLINE)

    @pytest.mark.kind
    def test_a_page_of_none_but_those_does_not_hide_the_tasks_of_others(self):
        problem = BadAnswerError("It has no state")
        pages = [TaskPage((task("a"),), "2"), TaskPage((), unreadable=1, problem=problem)]
        provider = self.provider()
        provider.read_page = lambda _query, cursor, _deadline: pages[1 if cursor else 0]
        warnings = []
        assert [one.id for one in list_tasks(provider, QUERY, 10, DEADLINE, warnings.append)[0]] == ["a"]
        assert warnings == ["The list of Example has one entry that cannot be read. It is left out"]

    @pytest.mark.kind
    def test_a_list_counts_them(self):
        warnings = []
        found, _more = list_tasks(self.provider(), QUERY, 10, DEADLINE, warnings.append)
        assert [one.id for one in found] == ["a", "b", "c"]
        assert warnings == ["The list of Example has 4 entries that cannot be read. They are left out"]


class TestTroubles:
    def test_trouble_with_the_list_is_trouble_with_all(self):
        provider = PagedProvider([], errors={"list": TransientError("502")})
        with pytest.raises(TransientError):
            TaskReader(provider).read(["a", "b"], DEADLINE)

    def test_trouble_with_one_task_leaves_the_others(self):
        error = TransientError("502")
        provider = PagedProvider([task("x")], singles=[task("a"), task("c")], errors={"b": error})
        snapshot = TaskReader(provider).read(["a", "b", "c"], DEADLINE)
        assert states(snapshot) == {"a": RUNNING, "c": RUNNING}
        assert snapshot.troubles == {"b": error}

    def test_trouble_with_the_only_task_is_told_and_not_raised(self):
        provider = PagedProvider(errors={"a": TransientError("502")})
        assert list(TaskReader(provider).read(["a"], DEADLINE).troubles) == ["a"]

    def test_each_id_is_in_exactly_one_of_the_two(self):
        provider = PagedProvider(
            [task("a", SUCCEEDED), task("b", SUCCEEDED), task("c")],
            singles=[task("a", SUCCEEDED)],
            errors={"b": TransientError("502"), "d": TransientError("503")},
            lacking=frozenset({SUCCEEDED}),
        )
        snapshot = TaskReader(provider).read(["a", "b", "c", "d", "e"], DEADLINE)
        assert sorted([*snapshot.tasks, *snapshot.troubles]) == ["a", "b", "c", "d", "e"]

    @pytest.mark.parametrize("where", ["list", "b"])
    def test_what_does_not_pass_is_raised(self, where):
        provider = PagedProvider([task("x")], singles=[task("a")], errors={where: AuthenticationError("Refused")})
        with pytest.raises(AuthenticationError):
            TaskReader(provider).read(["a", "b"], DEADLINE)

    def test_after_trouble_with_the_list_it_is_tried_again(self):
        errors = {"list": TransientError("502")}
        provider = PagedProvider([task("a"), task("b")], errors=errors)
        reader = TaskReader(provider)
        with pytest.raises(TransientError):
            reader.read(["a", "b"], DEADLINE)
        del provider.tasks["list"]
        assert list(reader.read(["a", "b"], DEADLINE).tasks) == ["a", "b"]
        assert provider.requests == ["page 0", "page 0"]


class TestPages:
    def test_pages_come_one_request_at_a_time(self):
        provider = PagedProvider([task("a")], [], [task("b")])
        pages = read_pages(provider, QUERY, DEADLINE)
        assert provider.requests == []
        assert [found.id for found in next(pages).tasks] == ["a"]
        assert provider.requests == ["page 0"]
        assert [[found.id for found in page.tasks] for page in pages] == [[], ["b"]]

    def test_empty_pages_without_end_are_a_bad_answer(self):
        provider = PagedProvider(*[[] for _number in range(MOST_EMPTY_PAGES + 10)])
        with pytest.raises(BadAnswerError, match="run in a circle"):
            list(read_pages(provider, QUERY, DEADLINE))
        assert len(provider.requests) == MOST_EMPTY_PAGES + 1

    def test_pages_that_bring_nothing_new_are_a_bad_answer(self):
        provider = PagedProvider(*[[task("a"), task("b")] for _number in range(MOST_EMPTY_PAGES + 10)])
        with pytest.raises(BadAnswerError, match="run in a circle"):
            list(read_pages(provider, QUERY, DEADLINE))
        assert len(provider.requests) == MOST_EMPTY_PAGES + 2

    # 10,000 requests in 20 seconds, and no end of them.
    @pytest.mark.kind
    def test_a_list_without_end_is_given_up(self):
        provider = PagedProvider(*[[task(f"t{number}")] for number in range(MOST_PAGES + 10)])
        with pytest.raises(BadAnswerError, match=r"goes on after 10,000 pages\. No more are read: narrow it"):
            list_tasks(provider, TaskQuery(types=frozenset({"none"})), 10, DEADLINE)
        assert len(provider.requests) == MOST_PAGES

    def test_a_wait_does_without_such_a_list(self):
        asked = [f"x{number}" for number in range(MOST_PAGES + 5)]
        provider = PagedProvider(*[[task(f"t{number}")] for number in range(MOST_PAGES + 10)])
        snapshot = TaskReader(provider).read(asked, DEADLINE)
        assert {one.state for one in snapshot.tasks.values()} == {NOT_FOUND}
        assert len(provider.requests) == MOST_PAGES + len(asked)

    @pytest.mark.parametrize("cursors", [{1: "1"}, {2: "1"}, {0: "0"}])
    def test_pages_in_a_circle_are_a_bad_answer(self, cursors):
        provider = PagedProvider([task("a")], [task("b")], [task("c")], next_cursors=cursors)
        with pytest.raises(BadAnswerError, match=r"^Example answered with a list whose pages run in a circle$"):
            list(islice(read_pages(provider, QUERY, DEADLINE), 10))
        assert len(provider.requests) <= 4


class TestListTasks:
    PAGES = ([task("a"), task("b", SUCCEEDED)], [task("b", SUCCEEDED), task("c")], [task("d")])

    @pytest.mark.parametrize(
        ("limit", "ids", "truncated", "requests"),
        [(1, "a", True, 1), (2, "ab", True, 2), (3, "abc", True, 3), (4, "abcd", False, 3), (99, "abcd", False, 3)],
    )
    def test_the_limit_hides_the_paging_and_says_when_there_is_more(self, limit, ids, truncated, requests):
        provider = PagedProvider(*self.PAGES)
        found, more = list_tasks(provider, QUERY, limit, DEADLINE)
        assert ("".join(one.id for one in found), more) == (ids, truncated)
        assert len(provider.requests) == requests

    @pytest.mark.parametrize(("limit", "truncated"), [(3, False), (2, True)])
    def test_what_does_not_match_does_not_count(self, limit, truncated):
        query = TaskQuery(states=frozenset({RUNNING}))
        found, more = list_tasks(PagedProvider(*self.PAGES), query, limit, DEADLINE)
        assert ([one.id for one in found], more) == (["a", "c", "d"][:limit], truncated)

    def test_a_task_that_turns_up_twice_is_no_more_of_them(self):
        found, more = list_tasks(PagedProvider([task("a"), task("b")], [task("b")]), QUERY, 2, DEADLINE)
        assert ([one.id for one in found], more) == (["a", "b"], False)

    def test_a_list_that_the_vendor_cut_off_is_not_taken_for_whole(self):
        provider = PagedProvider([])
        provider.read_page = lambda _query, _cursor, _deadline: TaskPage((task("a"),), is_cut=True)
        found, more = list_tasks(provider, QUERY, 10, DEADLINE)
        assert ([one.id for one in found], more) == (["a"], True)

    def test_a_list_of_nothing(self):
        assert list_tasks(PagedProvider([]), QUERY, 10, DEADLINE) == ([], False)
