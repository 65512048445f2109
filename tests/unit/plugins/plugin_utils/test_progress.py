# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a wait notes of its progress, and the lines that come of it."""

from __future__ import annotations

import math

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import TransientError
from ansible_collections.longrunning.tasks.plugins.module_utils._core.masking import masking
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import Task, TaskError, TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.loop import Look, WaitPlan
from ansible_collections.longrunning.tasks.plugins.plugin_utils._progress_lines import Line, ProgressTeller
from ansible_collections.longrunning.tasks.plugins.plugin_utils._progress_recorder import (
    MOST_TOLD,
    ProgressNote,
    ProgressRecorder,
)
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
            changes=("task a: running -> succeeded",),
        ),
        ProgressNote(
            50,
            total=2,
            ended=2,
            counts={"succeeded": 1, "failed": 1},
            failures=("task b: the vendor gave no reason",),
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
        (0, "task a queued (waiting for a slot)", None, None),
        (10, "task a running", 10.0, None),
        (20, "task a running", 20.0, 80.0),
        # The same progress, but less of the time is left: nothing to tell.
        (40, "task a succeeded", None, None),
    ]
    assert [note.changes for note in notes][1] == ("task a: queued (waiting for a slot) -> running",)


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
    assert (len(note.changes), note.more_changes) == (MOST_TOLD, 1000 - MOST_TOLD)


def test_the_same_id_twice_is_one_task():
    reader = ScriptedReader({"a": running_until(5, SUCCEEDED)})
    notes = []
    reader.wait(WaitPlan(timeout=9, poll_interval=10), task_ids=("a", "a"), observer=ProgressRecorder(notes.append))
    assert (notes[0].total, notes[0].only) == (1, "task a running")


# --- words ----------------------------------------------------------------------------------------------------------

UUID = "5d1c7a60-0000-4000-8000-000000000014"


@pytest.mark.parametrize(
    ("task", "told"),
    [
        (Task("17", "p", FAILED), "task 17: the vendor gave no reason"),
        (Task(UUID, "p", FAILED, type="astra.backup"), f"astra.backup {UUID}: the vendor gave no reason"),
        (
            Task(UUID, "p", FAILED, name="Backup nightly-7", error=TaskError("40", "Communication failed", "Too long")),
            "Backup nightly-7 (5d1c7a60): code 40, Communication failed",
        ),
        (Task("web1", "p", FAILED, name="web1"), "task web1: the vendor gave no reason"),
        (Task("17", "p", FAILED, name="Backup", error=TaskError(detail="Disk full")), "Backup (17): Disk full"),
        (Task("job/0123456789/42", "p", FAILED, name="Backup"), "Backup (…23456789/42): the vendor gave no reason"),
        (Task("17", "p", TaskState.CANCELLED, message="By <b>Ann</b>"), "task 17: cancelled, By Ann"),
        (Task("17", "p", TaskState.NOT_FOUND), "task 17: not found"),
    ],
)
def test_a_failure_is_told_in_few_words(task, told):
    notes = []
    look = Look(1, [task], [task], frozenset(), {}, None, failed=frozenset({task.id}))
    ProgressRecorder(notes.append)(look)
    assert notes[0].failures == (told,)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (TransientError("The connection was refused: GET x"), "The connection was refused: GET x"),
        (TransientError("A cannot answer now", status=502, url="https://a"), "HTTP 502: GET https://a"),
        (TransientError("A cannot", status=503, words="Busy", url="https://a"), "HTTP 503, Busy: GET https://a"),
        (TransientError("A answered with broken JSON: GET x", status=200), "A answered with broken JSON: GET x"),
    ],
)
def test_of_trouble_the_cause_is_told_first(error, told):
    notes = []
    ProgressRecorder(notes.append)(Look(1, [Task("1", "p", QUEUED)], [], frozenset("1"), {}, error))
    assert notes[0].trouble == told


def test_ids_that_begin_alike_are_told_apart_by_their_ends():
    notes = []
    tasks = [Task(f"{UUID[:-2]}{number}", "p", FAILED, name="Backup") for number in (14, 15)]
    ProgressRecorder(notes.append)(Look(1, tasks, tasks, frozenset(), {}, None, failed=frozenset({tasks[1].id})))
    assert notes[0].failures == ("Backup (…00000000015): the vendor gave no reason",)


def test_unknown_without_a_word_was_seen():
    notes = []
    tasks = [Task("1", "p", TaskState.UNKNOWN), Task("2", "p", TaskState.UNKNOWN)]
    ProgressRecorder(notes.append)(
        Look(1, tasks, [], frozenset("12"), {}, None, unseen=frozenset("2")),
    )
    assert notes[0].counts == {"unknown": 1, "not seen yet": 1}


# --- lines ----------------------------------------------------------------------------------------------------------


def many(elapsed, ended, *, total=20, **fields):
    counts = {"succeeded": ended, "running": total - ended}
    return ProgressNote(
        elapsed,
        total=total,
        ended=ended,
        **{"counts": {state: number for state, number in counts.items() if number}, **fields},
    )


def told(teller, *events):
    """Return the lines with their moments. An event is a moment, and a note that arrives then or None."""
    lines = []
    for now, note in events:
        if note is not None:
            teller.take(note, now)
        lines += [(now, line.text) for line in teller.lines(now)]
    return lines


def new_teller(interval=30, **options):
    return ProgressTeller("[here]", interval, **options)


def test_lines_tell_numbers_progress_and_time():
    teller = new_teller()
    note = many(75.4, 12, counts={"succeeded": 11, "failed": 1, "running": 8}, percent=93.9, seconds_left=16.0)
    assert told(teller, (500, many(0, 0)), (575.4, note)) == [
        (500, "WAITING: [here] 0 of 20 done, 0 s"),
        (575.4, "WAITING: [here] 12 of 20 done, 1 failed, 93 %, 75 s, about 16 s left"),
    ]


def test_a_single_task_needs_no_numbers():
    note = ProgressNote(3605, total=1, counts={"running": 1}, only="import 7 running (processing)", percent=12.5)
    assert new_teller().lines(0) == []
    assert told(new_teller(), (0, note)) == [(0, "WAITING: [here] import 7 running (processing), 12 %, 1 h")]


def test_while_nothing_changes_a_line_comes_at_each_interval():
    teller = new_teller()
    moments = [(now, None) for now in range(1, 100)]
    lines = told(teller, (0, many(0, 5, seconds_left=70.0)), *moments)
    assert [(now, line.split("done, ")[1]) for now, line in lines] == [
        (0, "0 s, about 70 s left"),
        (30, "30 s, about 40 s left"),
        (60, "60 s, about 10 s left"),
        # An estimate that has run out is no longer told.
        (90, "90 s"),
    ]


@pytest.mark.parametrize(
    ("interval", "moments"),
    [
        (3600, [0, 10, 20, 30, 40, 50, 60, 90, 120, 150, 180, *range(210, 601, 30), 660, 720, 780]),
        # Never slower than this.
        (25, [0, 10, 20, 30, 40, 50, 60, *range(85, 800, 25)]),
    ],
)
def test_a_percentage_that_grows_is_news_at_the_usual_pace(interval, moments):
    notes = [(now, many(now, 5, percent=now / 10)) for now in range(800)]
    assert [now for now, _line in told(new_teller(interval), *notes)] == moments


def test_news_in_the_pause_is_told_after_it():
    teller = new_teller()
    teller.take(many(0, 0), 0)
    teller.lines(0)
    assert teller.seconds_to_next(4) == 26
    teller.take(many(4, 1), 4)
    assert teller.lines(4) == []
    assert teller.seconds_to_next(4) == 6
    assert len(teller.lines(10)) == 1
    assert teller.seconds_to_next(10) == 30


def test_failures_are_told_at_once():
    teller = new_teller()
    teller.take(many(0, 0), 0)
    teller.lines(0)
    teller.take(many(1, 4, failures=("task a: code 1", "task b: code 2"), more_failures=2), 1)
    assert teller.lines(1) == [
        Line("FAILED: [here] task a: code 1", is_failure=True),
        Line("FAILED: [here] task b: code 2", is_failure=True),
        Line("FAILED: [here] 2 more tasks", is_failure=True),
    ]
    assert teller.lines(1) == []


def test_trouble_is_told_and_so_is_its_end():
    bad = many(12, 5, trouble="The connection was refused: GET https://astra.example")
    assert told(new_teller(), (0, many(0, 5)), (12, bad), (20, None), (31, many(31, 5)), (33, many(33, 5))) == [
        (0, "WAITING: [here] 5 of 20 done, 0 s"),
        (12, "WAITING: [here] 5 of 20 done, 12 s, retrying: the connection was refused: GET https://astra.example"),
        (31, "WAITING: [here] 5 of 20 done, 31 s"),
    ]


def test_trouble_before_the_first_answer():
    notes = notes_of(ScriptedReader({"a": running_until(25, SUCCEEDED)}, trouble(0, 7)))
    assert told(new_teller(5), *((note.elapsed, note) for note in notes[:2]), (12, None)) == [
        (0, "WAITING: [here] task a not seen yet, 0 s, retrying: the server answered with 502"),
        (7, "WAITING: [here] task a running, 7 s"),
        (12, "WAITING: [here] task a running, 12 s"),
    ]
    notes = notes_of(
        ScriptedReader({"a": running_until(25, SUCCEEDED), "b": running_until(25, SUCCEEDED)}, trouble(0, 7))
    )
    assert notes[0].counts == {"not seen yet": 2}


@pytest.mark.parametrize("is_verbose", [False, True])
def test_a_line_fits_into_a_hundred_columns_unless_more_is_wanted(is_verbose):
    teller = new_teller(is_verbose=is_verbose)
    teller.take(many(0, 1, failures=("task a: " + "long words " * 20,), trouble="GET " + "x" * 200), 0)
    lengths = [len(line.text) for line in teller.lines(0)]
    assert min(lengths) > 100 if is_verbose else max(lengths) <= 100


def test_the_end_is_always_told_and_costs_no_waking():
    teller = new_teller()
    assert told(teller, (0, many(0, 20))) == []
    assert teller.seconds_to_next(0) == 30
    assert teller.last_lines(0) == [Line("DONE: [here] 20 tasks in 0 s: 20 succeeded")]
    only = many(55.2, 1, total=1, only="Backup (17) succeeded")
    teller = new_teller()
    assert len(told(teller, (0, many(0, 0, total=1)), (55, only))) == 1
    assert teller.last_lines(56) == [Line("DONE: [here] Backup (17) succeeded in 55 s")]


def test_a_wait_that_ends_before_its_tasks_says_so():
    teller = new_teller()
    assert teller.last_lines(0) == []
    teller.take(many(0, 0), 0)
    teller.take(many(50, 2, failures=("task a: code 1",), counts={"succeeded": 1, "failed": 1, "running": 18}), 50)
    assert [line.text for line in teller.last_lines(60)] == [
        "FAILED: [here] task a: code 1",
        "STOPPED: [here] 2 of 20 done, 1 failed, 60 s",
    ]


def test_changes_have_lines_of_their_own_where_that_is_wanted():
    teller = new_teller(is_verbose=True)
    note = many(7, 2, changes=("a: running -> succeeded",), more_changes=3)
    assert told(teller, (0, many(0, 0)), (7, note), (11, many(11, 2, trouble="Cut off"))) == [
        (0, "WAITING: [here] 0 of 20 done, 0 s"),
        (7, "WAITING: [here] after 7 s, a: running -> succeeded"),
        (7, "WAITING: [here] after 7 s, 3 more tasks have changed their state"),
        (11, "WAITING: [here] after 11 s, retrying: Cut off"),
        (11, "WAITING: [here] 2 of 20 done, 11 s, retrying: Cut off"),
    ]


def test_the_interval_is_a_second_at_least():
    assert [now for now, _line in told(new_teller(0.001), (0, many(0, 5)), (0.5, None), (1, None))] == [0, 1]


@pytest.mark.kind
@pytest.mark.parametrize("is_verbose", [False, True])
def test_with_no_log_nothing_is_told_but_counts(is_verbose):
    teller = new_teller(is_verbose=is_verbose, counts_only=True)
    fields = {"percent": 12.0, "seconds_left": 9.0, "trouble": "Cut off"}
    note = many(12, 2, failures=("a",), more_failures=1, changes=("b",), more_changes=3, **fields)
    only = ProgressNote(25, total=1, ended=1, counts={"failed": 1}, only="task a failed", failures=("a",))
    assert told(teller, (0, many(0, 0)), (12, note), (13, many(13, 2, **fields)), (25, only)) == [
        (0, "WAITING: [here] 0 of 20 done, 0 s"),
        (12, "WAITING: [here] 2 of 20 done, 12 s"),
    ]
    assert teller.seconds_to_next(25) == 30
    assert teller.last_lines(25) == [Line("DONE: [here] 1 task in 25 s: 1 failed")]


@pytest.mark.parametrize("seconds", [math.inf, 1e300])
def test_senseless_numbers_end_no_lines(seconds):
    teller = new_teller(seconds)
    assert told(teller, (0, many(0, 5, seconds_left=seconds))) == [(0, "WAITING: [here] 5 of 20 done, 0 s")]
    assert teller.seconds_to_next(0) == 86400


def test_a_name_is_masked_before_it_is_shortened():
    with masking() as known:
        known.hide("s3cr3t-of-many-letters")
        task = Task("x" * 20 + "/s3cr3t-of-many-letters", "vendor", RUNNING, name="Backup")
        notes = []
        ProgressRecorder(notes.append)(Look(1, [task], [task], frozenset({task.id}), {}, None))
    assert notes[0].only == "Backup (…xx/********) running"
