# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a wait notes of its progress, and the lines that come of it."""

from __future__ import annotations

import math

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.loop import WaitPlan
from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.progress import Change, ProgressNote
from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.progress_recorder import (
    MOST_CHANGES,
    ProgressRecorder,
)
from ansible_collections.longrunning.tasks.plugins.plugin_utils._progress_lines import ProgressTeller
from ansible_collections.longrunning.tasks.tests.unit.support.scripted_reader import (
    ScriptedReader,
    Step,
    running_until,
    trouble,
)

QUEUED, RUNNING, SUCCEEDED, FAILED = (
    TaskState.QUEUED,
    TaskState.RUNNING,
    TaskState.SUCCEEDED,
    TaskState.FAILED,
)


def notes_of(reader, **plan):
    notes = []
    reader.wait(WaitPlan(**{"timeout": 100, "poll_interval": 10, **plan}), observer=ProgressRecorder(notes.append))
    return notes


def test_a_note_is_made_when_something_changed():
    reader = ScriptedReader({"a": running_until(25, SUCCEEDED), "b": running_until(45, FAILED)})
    assert notes_of(reader) == [
        ProgressNote(0, total=2, counts={"running": 2}),
        ProgressNote(
            30,
            total=2,
            ended=1,
            counts={"succeeded": 1, "running": 1},
            changes=(Change("task a", "succeeded", "running"),),
        ),
        ProgressNote(
            50,
            total=2,
            ended=2,
            counts={"succeeded": 1, "failed": 1},
            changes=(Change("task b", "failed", "running"),),
        ),
    ]


def test_a_single_task_is_told_in_words_and_progress_is_a_change_too():
    reader = ScriptedReader(
        {
            "a": (
                Step(0, QUEUED, "waiting for a slot"),
                Step(5, RUNNING, percent=10),
                Step(15, RUNNING, percent=20),
                Step(35, SUCCEEDED, "2"),
            )
        }
    )
    notes = notes_of(reader)
    assert [(note.elapsed, note.only, note.percent, note.seconds_left) for note in notes] == [
        (0, "task a: queued (waiting for a slot)", None, None),
        (10, "task a: running", 10.0, None),
        (20, "task a: running", 20.0, 80.0),
        # The same progress, but less of the time is left: nothing to tell.
        (40, "task a: succeeded", None, None),
    ]
    assert [note.changes for note in notes][1] == (Change("task a", "running", "queued (waiting for a slot)"),)


def test_together_they_are_as_far_as_they_are_on_average():
    steps = {
        "a": (Step(0, RUNNING, percent=40),),
        "b": (Step(0, RUNNING, percent=20),),
        "c": (Step(0, SUCCEEDED),),
    }
    assert notes_of(ScriptedReader(steps))[0].percent == 53.3
    steps["d"] = (Step(0, QUEUED),)
    assert notes_of(ScriptedReader(steps))[0].percent is None


def test_the_rate_of_ends_tells_what_is_left_where_progress_does_not():
    ends = {f"t{number}": running_until(10 * number - 1, SUCCEEDED) for number in range(1, 7)}
    # One that had ended before tells nothing of the rate.
    reader = ScriptedReader({"before": running_until(0, SUCCEEDED), **ends})
    assert [(note.ended, note.seconds_left) for note in notes_of(reader)] == [
        (1, None),
        (2, None),
        (3, None),
        (4, 30),
        (5, 20),
        (6, 10),
        (7, None),
    ]


def test_trouble_is_noted_and_so_is_what_comes_after_it():
    reader = ScriptedReader({"a": running_until(35, SUCCEEDED)}, trouble(10, 12, message="No <b>answer</b>"))
    assert [(note.elapsed, note.trouble) for note in notes_of(reader)] == [
        (0, None),
        # The same trouble again, at 11, is no news.
        (10, "No answer"),
        (13, None),
        (43, None),
    ]


def test_a_change_of_thousands_is_told_in_part():
    reader = ScriptedReader({f"t{number}": running_until(5, SUCCEEDED) for number in range(1000)})
    note = notes_of(reader)[1]
    assert (len(note.changes), note.more_changes) == (MOST_CHANGES, 1000 - MOST_CHANGES)


def test_the_same_id_twice_is_one_task():
    reader = ScriptedReader({"a": running_until(5, SUCCEEDED)})
    notes = []
    reader.wait(WaitPlan(timeout=9, poll_interval=10), task_ids=("a", "a"), observer=ProgressRecorder(notes.append))
    assert (notes[0].total, notes[0].only) == (1, "task a: running")


# --- lines --------------------------------------------------------------------------------------------------------


REFUSED = "The last request failed: The server answered with 502."


def many(elapsed, ended, *changes, total=20, **fields):
    counts = {"succeeded": ended, "running": total - ended}
    return ProgressNote(
        elapsed,
        total=total,
        ended=ended,
        counts={state: number for state, number in counts.items() if number},
        changes=tuple(Change(name, "succeeded", "running") for name in changes),
        **fields,
    )


def told(teller, *events):
    """Return the lines with their moments. An event is a moment, and a note that arrives then or None."""
    lines = []
    for now, note in events:
        if note is not None:
            teller.take(note, now)
        lines += [(now, line) for line in teller.lines(now)]
    return lines


def test_lines_tell_numbers_progress_and_time():
    teller = ProgressTeller(30)
    note = many(75.4, 12, "t17", percent=63.0, seconds_left=130.0)
    assert told(teller, (500, many(0, 0)), (575.4, note)) == [
        (500, "0 of 20 tasks have ended, 20 running, 0:00:00"),
        (
            575.4,
            "12 of 20 tasks have ended, 12 succeeded, 8 running, 63 %, 0:01:15, about 0:02:10 left. New: t17 succeeded",
        ),
    ]


def test_a_single_task_needs_no_numbers():
    note = ProgressNote(3605, total=1, counts={"running": 1}, only="import task 7: running (processing)", percent=12.5)
    assert ProgressTeller(30).lines(0) == []
    assert told(ProgressTeller(30), (0, note)) == [(0, "import task 7: running (processing), 12.5 %, 1:00:05")]


def test_while_nothing_changes_a_line_comes_at_each_interval():
    teller = ProgressTeller(30)
    moments = [(now, None) for now in range(1, 100)]
    lines = told(teller, (0, many(0, 5, seconds_left=70.0)), *moments)
    assert [(now, line.split("running, ")[1]) for now, line in lines] == [
        (0, "0:00:00, about 0:01:10 left"),
        (30, "0:00:30, about 0:00:40 left"),
        (60, "0:01:00, about 0:00:10 left"),
        # An estimate that has run out is no longer told.
        (90, "0:01:30"),
    ]


def test_a_percentage_that_grows_is_no_reason_for_a_line():
    teller = ProgressTeller(30)
    notes = [(now, many(now, 5, percent=float(now))) for now in range(60)]
    assert [now for now, _line in told(teller, *notes)] == [0, 30]


def test_changes_are_told_at_once_but_one_line_a_second():
    teller = ProgressTeller(30)
    events = [(0, many(0, 0)), *((0.2 * number, many(0.2 * number, number, f"t{number}")) for number in range(1, 11))]
    lines = told(teller, *events, (3.5, None))
    assert [round(now, 1) for now, _line in lines] == [0, 1.0, 2.0]
    assert lines[1][1].endswith("New: t1 succeeded, t2 succeeded, t3 succeeded and 2 more")
    assert lines[2][1].endswith("New: t6 succeeded, t7 succeeded, t8 succeeded and 2 more")


def test_a_change_in_the_pause_is_told_after_it():
    teller = ProgressTeller(30)
    teller.take(many(0, 0), 0)
    teller.lines(0)
    teller.take(many(0.4, 1, "a"), 0.4)
    assert teller.lines(0.4) == []
    assert teller.seconds_to_next(0.4) == pytest.approx(0.6)
    assert len(teller.lines(1.0)) == 1
    assert teller.seconds_to_next(1.0) == 30


def test_trouble_is_told_and_so_is_its_end():
    teller = ProgressTeller(30)
    bad = many(12, 5, trouble="The server answered with 502")
    assert told(teller, (0, many(0, 5)), (12, bad), (20, None), (31, many(31, 5)), (33, many(33, 5))) == [
        (0, "5 of 20 tasks have ended, 5 succeeded, 15 running, 0:00:00"),
        (12, f"5 of 20 tasks have ended, 5 succeeded, 15 running, 0:00:12. {REFUSED}"),
        (31, "5 of 20 tasks have ended, 5 succeeded, 15 running, 0:00:31"),
    ]


def test_trouble_before_the_first_answer():
    notes = notes_of(ScriptedReader({"a": running_until(25, SUCCEEDED)}, trouble(0, 7)))
    teller = ProgressTeller(5)
    assert told(teller, *((note.elapsed, note) for note in notes), (12, None)) == [
        (0, f"task a: not seen yet, 0:00:00. {REFUSED}"),
        (7, "task a: running, 0:00:07"),
    ]
    notes = notes_of(
        ScriptedReader({"a": running_until(25, SUCCEEDED), "b": running_until(25, SUCCEEDED)}, trouble(0, 7))
    )
    assert notes[0].counts == {"not seen yet": 2}


# The module's own message comes at that moment.
def test_the_end_has_no_line_and_costs_no_waking():
    teller = ProgressTeller(30)
    assert told(teller, (0, many(0, 20, *"abc"))) == []
    assert teller.seconds_to_next(0) == 30
    teller = ProgressTeller(30)
    assert len(told(teller, (0, many(0, 5)), (5, many(5, 20)))) == 1
    assert teller.seconds_to_next(5) == 30


def test_events_have_lines_of_their_own_where_that_is_wanted():
    teller = ProgressTeller(30, one_by_one=True)
    note = many(7, 2, "a", "b", more_changes=3)
    assert told(teller, (0, many(0, 0)), (7, note), (8, many(8, 2, trouble="Cut off"))) == [
        (0, "0 of 20 tasks have ended, 20 running, 0:00:00"),
        (7, "0:00:07 a: running -> succeeded"),
        (7, "0:00:07 b: running -> succeeded"),
        (7, "0:00:07 3 more tasks are in another state"),
        (7, "2 of 20 tasks have ended, 2 succeeded, 18 running, 0:00:07"),
        (8, "0:00:08 Cut off."),
        (8, "2 of 20 tasks have ended, 2 succeeded, 18 running, 0:00:08"),
    ]
    teller.take(many(9, 20, "c"), 9)
    assert teller.events() == ["0:00:09 c: running -> succeeded"]
    assert teller.events() == []


def test_the_interval_is_a_second_at_least():
    teller = ProgressTeller(0.001)
    assert [now for now, _line in told(teller, (0, many(0, 5)), (0.5, None), (1, None))] == [0, 1]


@pytest.mark.parametrize("one_by_one", [False, True])
def test_with_no_log_nothing_is_told_but_counts(one_by_one):
    teller = ProgressTeller(30, one_by_one=one_by_one, counts_only=True)
    note = many(7, 2, "a", "b", more_changes=3, percent=12.0, seconds_left=9.0, trouble="Cut off")
    only = ProgressNote(9, total=1, counts={"running": 1}, only="task a: running", changes=(Change("a", "b", "c"),))
    assert told(teller, (0, many(0, 0)), (7, note), (9, only)) == [
        (0, "0 of 20 tasks have ended, 20 running, 0:00:00"),
        (7, "2 of 20 tasks have ended, 2 succeeded, 18 running, 0:00:07"),
        (9, "0 of 1 tasks have ended, 1 running, 0:00:09"),
    ]


@pytest.mark.parametrize("seconds", [math.inf, 1e300])
def test_senseless_numbers_end_no_lines(seconds):
    teller = ProgressTeller(seconds)
    assert told(teller, (0, many(0, 5, seconds_left=seconds))) == [
        (0, "5 of 20 tasks have ended, 5 succeeded, 15 running, 0:00:00")
    ]
    assert teller.seconds_to_next(0) == 86400
