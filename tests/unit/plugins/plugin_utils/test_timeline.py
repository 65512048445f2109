# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a timeline shows: bars where their times say, failures with their code, and nothing that a name can break."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import OptionError
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import TaskState, format_time
from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.loop import WaitPlan
from ansible_collections.longrunning.tasks.plugins.plugin_utils._timeline import (
    LEFT,
    RIGHT,
    WIDTH,
    Stretch,
    bars_of,
    draw,
)
from ansible_collections.longrunning.tasks.tests.unit.support.scripted_reader import ScriptedReader, running_until

START = datetime(2026, 11, 22, 7, 30, tzinfo=timezone.utc)
QUEUED, RUNNING, PAUSED, SUCCEEDED = TaskState.QUEUED, TaskState.RUNNING, TaskState.PAUSED, TaskState.SUCCEEDED


def at(seconds):
    return START + timedelta(seconds=seconds)


def seen(state, seconds, *, clock=0):
    return {"state": state, "at": format_time(at(seconds + clock)), "elapsed": float(seconds)}


def task(task_id="t-1", state="succeeded", history=(), error=None, **times):
    moments = {f"{name}_at": format_time(at(seconds)) for name, seconds in times.items() if name != "name"}
    name = {"name": times["name"]} if "name" in times else {}
    return {"id": task_id, "state": state, "history": list(history), "error": error, **name, **moments}


def waited(*tasks, elapsed=0.0):
    return {"tasks": list(tasks), "elapsed": elapsed, "msg": "", "changed": False}


def only_bar(*tasks, **result):
    (row,) = bars_of(waited(*tasks, **result))
    return row


def stretches(row):
    return [
        (stretch.state, (stretch.start - START).total_seconds(), (stretch.end - START).total_seconds())
        for stretch in row.stretches
    ]


def parsed(svg):
    return ET.fromstring(svg)  # noqa: S314 - our own


def elements(svg, tag):
    return parsed(svg).iter(f"{{http://www.w3.org/2000/svg}}{tag}")


def blocks(svg):
    """Return state, left and right of what is drawn of bars, without the legend."""
    found = []
    for group in elements(svg, "g"):
        for rect in group.iter("{http://www.w3.org/2000/svg}rect"):
            if rect.get("class").startswith("state-"):
                left = float(rect.get("x"))
                found.append((rect.get("class")[6:], left, left + float(rect.get("width"))))
    return found


# --- reading results --------------------------------------------------------------------------------------------


def test_the_vendors_times_are_the_ends_of_a_bar():
    row = only_bar(task(history=[seen("running", 5), seen("succeeded", 65)], started=0, finished=61), elapsed=65.0)
    assert stretches(row) == [(RUNNING, 0, 61)]


def test_the_time_before_the_start_is_queued():
    row = only_bar(task(history=[seen("running", 25), seen("succeeded", 65)], created=0, started=20, finished=60))
    assert stretches(row) == [(QUEUED, 0, 20), (RUNNING, 20, 60)]


def test_the_looks_tell_what_the_vendor_does_not():
    history = [seen("queued", 0), seen("running", 10), seen("paused", 30), seen("running", 40), seen("succeeded", 60)]
    assert stretches(only_bar(task(history=history))) == [
        (QUEUED, 0, 10),
        (RUNNING, 10, 30),
        (PAUSED, 30, 40),
        (RUNNING, 40, 60),
    ]


def test_a_task_without_an_end_goes_on_until_the_last_look():
    assert stretches(only_bar(task(state="running", history=[seen("running", 10)]), elapsed=100.0)) == [
        (RUNNING, 10, 100),
    ]


def test_a_task_that_never_began_stays_queued():
    assert stretches(only_bar(task(state="queued", history=[seen("queued", 0)], created=-5), elapsed=50.0)) == [
        (QUEUED, -5, 50),
    ]


def test_a_task_that_had_ended_before_ran_until_then():
    assert stretches(only_bar(task(history=[seen("succeeded", 100)], started=-60, finished=0))) == [(RUNNING, -60, 0)]


def test_a_vendors_clock_that_differs_moves_the_history():
    history = [seen("running", 5, clock=3600), seen("paused", 20, clock=3600), seen("succeeded", 60, clock=3600)]
    assert stretches(only_bar(task(history=history, started=0, finished=60))) == [(RUNNING, 0, 20), (PAUSED, 20, 60)]


def test_an_end_before_the_start_makes_no_bar_that_runs_backwards():
    (stretch,) = only_bar(task(history=[seen("failed", 5)], state="failed", started=10, finished=0)).stretches
    assert stretch == Stretch(RUNNING, at(10), at(10))


@pytest.mark.parametrize(
    "one",
    [
        task(state="unknown"),
        task(state="not_found", history=[seen("not_found", 0)]),
        task(history=[{"state": "succeeded", "at": "yesterday"}]),
    ],
)
def test_a_task_without_times_has_no_bar(one):
    assert only_bar(one).stretches == ()
    assert f"{one['state'].replace('_', ' ')}, no times known" in draw(bars_of(waited(one)))


def test_a_task_that_vanished_was_there_until_then():
    history = [seen("running", 0), seen("not_found", 30)]
    assert stretches(only_bar(task(state="not_found", history=history))) == [(RUNNING, 0, 30)]


@pytest.mark.parametrize(
    "odd",
    [
        {"history": "abc"},
        {"history": 5},
        {"history": ["abc", None]},
        {"history": [{"at": 5, "state": ["running"]}, {"at": "2026-01-01T00:00:00Z", "state": ["running"]}]},
        {"history": [{"at": "2026-01-01T00:00:00Z", "state": "running", "elapsed": "long"}]},
        {"history": [{"at": "2026-01-01T00:00:00Z", "state": "running", "elapsed": float("nan")}]},
        {"history": [{"at": "9999-12-31T00:00:00Z", "state": "running", "elapsed": 1}]},
        {
            "finished_at": "9999-12-31T23:59:59Z",
            "history": [
                {"at": "2026-01-02T00:00:00Z", "state": "running"},
                {"at": "2026-01-01T00:00:00Z", "state": "failed"},
            ],
        },
        {"error": "It broke"},
        {"error": ["It broke"]},
    ],
)
@pytest.mark.parametrize("elapsed", [None, "long", float("inf"), 1e300])
def test_a_result_with_odd_values_is_drawn_without_them(odd, elapsed):
    assert parsed(draw(bars_of({"elapsed": elapsed, "tasks": [{"id": "a", "state": "failed", **odd}]}))) is not None


def test_loops_lists_and_other_modules_results_are_read():
    one, two = waited(task("a")), waited(task("b"), task("c"))
    forms = [{"results": [one, two, {"skipped": True, "changed": False}]}, [one, two], [task("a"), two]]
    assert [[row.id for row in bars_of(form)] for form in forms] == [["a", "b", "c"]] * 3
    assert bars_of({"skipped": True, "changed": False}) == []


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "cannot draw nothing"),
        ("t-1", "a value of the type str"),
        ({"msg": "x", "rc": 0}, "no tasks in a dictionary with msg and rc"),
        ({"tasks": ["t-1"]}, "needs an id and a state"),
        ({"tasks": [{"id": "t-1", "state": "done"}]}, "needs an id and a state"),
        ([3], "a value of the type int"),
    ],
)
def test_what_is_no_result_is_refused_with_what_to_give(value, told):
    with pytest.raises(OptionError, match=f"{told}.*Give what task_wait registered"):
        bars_of(value)


def test_tasks_of_one_name_are_told_apart_by_their_ids():
    bars = bars_of(waited(task("a", name="Backup"), task("b", name="Backup"), task("c", name="Import")))
    assert [row.name for row in bars] == ["Backup a", "Backup b", "Import"]


def test_the_result_of_a_real_wait_is_drawn():
    reader = ScriptedReader({"t-1": running_until(30, TaskState.SUCCEEDED), "t-2": running_until(50, TaskState.FAILED)})
    outcome = reader.wait(WaitPlan(timeout=100, poll_interval=10))
    results = [
        {**one.to_result(), "history": [change.to_result() for change in outcome.histories[one.id]]}
        for one in outcome.tasks
    ]
    svg = draw(bars_of({"tasks": results, "elapsed": outcome.elapsed}))
    assert [state for state, _left, _right in blocks(svg)] == ["running", "succeeded", "running", "failed"]


# --- drawing ----------------------------------------------------------------------------------------------------


def test_bars_are_where_their_times_say():
    first = task("a", history=[], started=0, finished=50)
    second = task("b", "failed", history=[], started=25, finished=100)
    middle, quarter = (LEFT + (RIGHT - LEFT) * part for part in (0.5, 0.25))
    assert blocks(draw(bars_of(waited(first, second)))) == [
        ("running", LEFT, middle),
        ("succeeded", middle, middle + 4),
        ("running", quarter, RIGHT),
        ("failed", RIGHT, RIGHT + 4),
    ]


def test_a_failure_shows_its_code_and_tells_its_reason():
    error = {"code": "396", "title": "No VHD", "detail": "The file is not a valid VHD."}
    svg = draw(bars_of(waited(task("a", "failed", error=error, started=0, finished=12, name="Golden"))))
    texts = [text.text for text in elements(svg, "text")]
    titles = [title.text for title in elements(svg, "title")]
    assert "12 s, code 396" in texts
    assert "Golden (a): failed, 12 s, code 396: The file is not a valid VHD" in titles


def test_title_and_description_are_for_readers_of_a_screen():
    svg = draw(bars_of(waited(task("a", started=0, finished=12), task("b", "failed"))), "Nightly <backups>")
    root = parsed(svg)
    ids = root.get("aria-labelledby").split()
    told = {element.get("id"): element.text for element in root if element.get("id") in ids}
    assert root.get("role") == "img"
    assert told[ids[0]] == "Nightly <backups>"
    assert told[ids[1]] == (
        "2 tasks in 12 s: 1 succeeded, 1 failed. From 2026-11-22 07:30:00 UTC. b: failed, no times known. "
        "a: succeeded, 12 s."
    )


HOSTILE = (
    "<script>alert(1)</script>",
    '"><image href="http://example.com/x"/>',
    "]]></style><script>x</script>",
    "' onload='alert(1)",
    "\x00\x08\x1b[31mred\ud800\uffff",
    "\u202ereversed\u2066",
    "&lt;&#0;&unknown;",
)


@pytest.mark.kind
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_a_text(name):
    hostile = task(name, "failed", started=0, finished=5, name=name, error={"code": name, "detail": name})
    svg = draw(bars_of(waited(hostile, task("b", started=0, finished=9))), name)
    root = parsed(svg.encode("utf-8"))
    assert {element.tag.rpartition("}")[2] for element in root.iter()} == {
        *("svg", "title", "desc", "style", "rect", "text", "line", "g"),
    }
    names = {name for element in root.iter() for name in element.attrib}
    assert not [name for name in names if name.startswith("on") or "href" in name]
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", svg)


def test_it_needs_no_other_file():
    svg = draw(bars_of(waited(task(started=0, finished=5))))
    assert re.findall(r"https?://[^\"' ]+", svg) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"@import|@font-face|url\(|<script", svg)


def test_two_pictures_in_one_page_do_not_share_their_ids():
    one, two = (draw(bars_of(waited(task(started=0, finished=seconds)))) for seconds in (5, 6))
    ids = [{element.get("id") for element in parsed(svg).iter()} - {None} for svg in (one, two)]
    assert ids[0].isdisjoint(ids[1])
    assert all(rule.startswith("#timeline-") for rule in re.findall(r"[{}]([#.\w-]+ \.[\w-]+)(?=\{)", one))


@pytest.mark.parametrize("count", [0, 1, 20, 200, 1000])
def test_rows_neither_overlap_nor_leave_the_picture(count):
    tasks = [task(f"t-{number}", started=number, finished=number + 40, name="n" * number) for number in range(count)]
    root = parsed(draw(bars_of(waited(*tasks))))
    height = float(root.get("height"))
    rows = [group.find("{http://www.w3.org/2000/svg}text") for group in elements(ET.tostring(root), "g")]
    tops = [float(text.get("y")) for text in rows]
    font = float(rows[0].get("font-size")) if rows else 0
    assert len(rows) == count
    assert all(below - above > font for above, below in zip(tops, tops[1:]))
    assert max(tops, default=0) < height
    assert all(len(text.text) * font * 0.62 <= LEFT for text in rows)


@pytest.mark.parametrize("seconds", [0, 0.4, 1, 59, 3599, 90_000, 40 * 86400])
def test_the_axis_has_a_few_marks_whatever_the_span(seconds):
    svg = draw(bars_of(waited(task(started=0, finished=seconds))))
    places = [float(line.get("x1")) for line in elements(svg, "line")]
    assert 1 <= len(places) <= 9
    assert places[0] == LEFT
    assert max(places) <= RIGHT
    assert all(right <= WIDTH for _state, _left, right in blocks(svg))


def test_the_legend_explains_what_is_there():
    svg = draw(bars_of(waited(task("a", created=0, started=5, finished=9), task("b", "cancelled"))))
    texts = [text.text for text in elements(svg, "text")]
    assert texts[-4:] == ["queued", "running", "succeeded", "cancelled"]
