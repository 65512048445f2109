# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Draws what became of tasks as an SVG of its own: a bar for each, from its start to its end.

Reading results (``bars_of``) and drawing (``draw``) are apart: a bar is all that the drawing knows of a task.
"""

from __future__ import annotations

import math
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast
from xml.sax.saxutils import escape

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import OptionError
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import TaskState, format_time, parse_time
from ansible_collections.longrunning.tasks.plugins.module_utils._core.text import listed, seconds_in_words
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.options import MOST_SECONDS

_WANTED = "Give what task_wait registered, with or without a loop, or a list of such results"


class Stretch(NamedTuple):
    """A part of a bar: a state, and how long the task was in it."""

    state: TaskState
    start: datetime
    end: datetime


class Bar(NamedTuple):
    """A task as it is drawn. ``stretches`` is empty where no time of it is known."""

    id: str
    name: str
    state: TaskState
    stretches: tuple[Stretch, ...] = ()
    code: str | None = None
    reason: str | None = None

    @property
    def is_bad(self) -> bool:
        """Whether the task ended without success."""
        return self.state in _BAD

    @property
    def start(self) -> datetime:
        """The beginning of a bar that has one."""
        return self.stretches[0].start

    @property
    def end(self) -> datetime:
        """The end of a bar that has one."""
        return self.stretches[-1].end


_ENDS = frozenset(state for state in TaskState if state.is_final or state is TaskState.NOT_FOUND)
_BAD = _ENDS - {TaskState.SUCCEEDED}


# --- reading results ----------------------------------------------------------------------------------------------


def bars_of(results: object) -> list[Bar]:
    """Return a bar for each task in what waits returned, in their order.

    Raises:
        OptionError: it is no such result.
    """
    bars = [_bar(task, last_look) for task, last_look in _tasks_in(results)]
    names = Counter(row.name for row in bars)
    return [
        row._replace(name=f"{row.name} {row.id}") if names[row.name] > 1 and row.name != row.id else row for row in bars
    ]


def _tasks_in(results: object) -> Iterator[tuple[Mapping[str, Any], datetime | None]]:
    """Yield each task with the moment of its wait's last look, where that is known."""
    if isinstance(results, (list, tuple)):
        for result in results:
            yield from _tasks_in(result)
    elif not isinstance(results, Mapping):
        raise OptionError("_input", f"timeline cannot draw {_kind(results)}. {_WANTED}")
    elif isinstance(results.get("results"), (list, tuple)):
        yield from _tasks_in(results["results"])
    elif isinstance(results.get("tasks"), (list, tuple)):
        last_look = _last_look(results)
        yield from ((_checked(task), last_look) for task in results["tasks"])
    elif "id" in results and "state" in results:
        yield _checked(results), None
    elif not results.get("skipped"):
        keys = listed(sorted(map(str, results))[:5]) or "no keys"
        raise OptionError("_input", f"timeline found no tasks in a dictionary with {keys}. {_WANTED}")


def _kind(value: object) -> str:
    return "nothing" if value is None else f"a value of the type {type(value).__name__}"


def _checked(task: object) -> Mapping[str, Any]:
    known = [state.value for state in TaskState]
    if not isinstance(task, Mapping) or "id" not in task or task.get("state") not in known:
        raise OptionError("_input", f"timeline needs an id and a state of each task, and one has none. {_WANTED}")
    return task


def _entries(task: Mapping[str, Any]) -> list[tuple[TaskState, datetime, float]]:
    """Return a task's history: states, and when they were seen, by the wall clock and since the wait began."""
    known = [state.value for state in TaskState]
    history = task.get("history")
    found = []
    for entry in history if isinstance(history, (list, tuple)) else ():
        moment = parse_time(entry.get("at")) if isinstance(entry, Mapping) else None
        if moment is not None and entry.get("state") in known:
            found.append((TaskState(entry["state"]), moment, _seconds(entry.get("elapsed"))))
    return found


def _seconds(value: object) -> float:
    """Return a time since a wait began, 0 for what is none."""
    is_time = isinstance(value, (int, float)) and 0 <= value <= MOST_SECONDS
    return float(cast("float", value)) if is_time else 0.0


def _moved(moment: datetime, by: timedelta) -> datetime:
    """Return another moment, the same where the calendar has no such."""
    try:
        return moment + by
    except OverflowError:
        return moment


def _last_look(result: Mapping[str, Any]) -> datetime | None:
    """Return when a wait ended. Any entry of a history tells when it began."""
    for task in result["tasks"]:
        for _state, moment, elapsed in _entries(task) if isinstance(task, Mapping) else ():
            return _moved(moment, timedelta(seconds=(_seconds(result.get("elapsed")) or elapsed) - elapsed))
    return None


def _bar(task: Mapping[str, Any], last_look: datetime | None) -> Bar:
    state = TaskState(task["state"])
    error = task.get("error")
    error = error if isinstance(error, Mapping) else {}
    reason = error.get("detail") or error.get("title") or task.get("message")
    return Bar(
        id=str(task["id"]),
        name=str(task.get("name") or task["id"]),
        state=state,
        stretches=_stretches(task, state, last_look),
        code=None if error.get("code") is None else str(error["code"]),
        reason=str(reason) if reason and state in _BAD else None,
    )


def _stretches(task: Mapping[str, Any], state: TaskState, last_look: datetime | None) -> tuple[Stretch, ...]:
    """Return the states of a task in the order of their times, the last until its end or until the last look."""
    created, started, finished = (parse_time(task.get(f"{what}_at")) for what in ("created", "started", "finished"))
    history = _on_one_clock(_entries(task), finished)
    seen = [(entry, moment) for entry, moment, _elapsed in history]
    changes = []
    if created is not None:
        changes.append((TaskState.QUEUED if started else seen[0][0] if seen else state, created))
    if started is not None:
        changes.append((TaskState.RUNNING, started))
    begun = changes[-1][1] if changes else None
    # What was seen first was so before, since the task began.
    changes += [(entry, moment) for entry, moment in seen if begun is None or moment > begun]
    if not changes or changes[0][0] is TaskState.NOT_FOUND:
        return ()
    ends = [finished, seen[-1][1] if seen and state in _ENDS else last_look, changes[-1][1]]
    end = max(changes[0][1], next(moment for moment in ends if moment is not None))
    # A task that was seen only when it had ended ran until then.
    lived = [(entry, min(moment, end)) for entry, moment in changes if entry not in _ENDS]
    return _joined(lived or [(TaskState.RUNNING, changes[0][1])], end)


def _on_one_clock(
    history: list[tuple[TaskState, datetime, float]], finished: datetime | None
) -> list[tuple[TaskState, datetime, float]]:
    """Return a history by the vendor's clock, where that differs from this machine's.

    A task's end lies between the look that saw it running and the one that saw it ended.
    """
    if finished is None or len(history) < 2 or history[-2][1] <= finished <= history[-1][1]:
        return history
    shift = finished - history[-1][1]
    return [(state, _moved(moment, shift), elapsed) for state, moment, elapsed in history]


def _joined(changes: Sequence[tuple[TaskState, datetime]], end: datetime) -> tuple[Stretch, ...]:
    """Return stretches without gaps, neighbours of one state as one."""
    stretches: list[Stretch] = []
    for place, (state, start) in enumerate(changes):
        until = changes[place + 1][1] if place + 1 < len(changes) else end
        if stretches and stretches[-1].state is state:
            stretches[-1] = stretches[-1]._replace(end=until)
        elif until > start or place + 1 == len(changes):
            stretches.append(Stretch(state, start, until))
    return tuple(stretches)


# --- drawing ------------------------------------------------------------------------------------------------------

WIDTH, MARGIN = 1000, 16
#: Where the bars are, in the SVG's own units: the names stand left of them, how tasks ended right.
LEFT, RIGHT = 270, 820
_TOP = 86
#: The height of a row, and the size of its font, for so many tasks at most.
_ROWS = ((40, 24, 13), (100, 18, 12), (math.inf, 14, 10.5))
#: The width of a character, in parts of the font's size: generous, so that no name runs into the bars.
_CHARACTER = 0.62
#: Seconds between two marks of the axis.
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
_MOST_MARKS = 8
#: With more rows than this the axis is told below them too.
_MANY_ROWS = 30
#: Tasks that the description for readers of a screen names.
_MOST_DESCRIBED = 20
#: The width of a stretch at least, for a task of no time at all is there too, and that of the mark at a bar's end.
_LEAST_WIDTH, _END_WIDTH = 1.5, 4.0
#: The seconds that the axis spans at least.
_LEAST_SPAN = 1.0

_COLOURS = {
    TaskState.QUEUED: ("#b6bec9", "#57606a"),
    TaskState.RUNNING: ("#4c8dde", "#4184e4"),
    TaskState.PAUSED: ("#e0a82e", "#c69026"),
    TaskState.SUCCEEDED: ("#2c974b", "#57ab5a"),
    TaskState.FAILED: ("#cf222e", "#f47067"),
    TaskState.CANCELLED: ("#8250df", "#b083f0"),
    TaskState.DISMISSED: ("#8250df", "#b083f0"),
    TaskState.UNKNOWN: ("#8c959f", "#768390"),
    TaskState.NOT_FOUND: ("#cf222e", "#f47067"),
}
#: The class, and what it is on a light and on a dark ground.
_INKS = {
    "ground": ("fill:#ffffff", "fill:#22272e"),
    "ink": ("fill:#1f2328", "fill:#cdd9e5"),
    # With a rim, so that the lines of the axis do not cross the letters.
    "pale": ("fill:#59636e;stroke:#ffffff", "fill:#909dab;stroke:#22272e"),
    "bad": ("fill:#b3131f;stroke:#ffebe9", "fill:#ff938a;stroke:#3c2a2d"),
    "band": ("fill:#ffebe9", "fill:#3c2a2d"),
    "line": ("stroke:#d1d9e0", "stroke:#373e47"),
}
#: What XML cannot hold, or what turns the writing around it.
_UNDRAWABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]+")


class _Grid(NamedTuple):
    """Where a moment and a row are. ``start`` is None where no time of any task is known."""

    start: datetime | None
    span: float
    height: int
    font: float

    def x(self, moment: datetime) -> float:
        """Return the place of a moment."""
        seconds = (moment - self.start).total_seconds() if self.start is not None else 0.0
        return LEFT + (RIGHT - LEFT) * seconds / self.span


def _grid(bars: Sequence[Bar]) -> _Grid:
    timed = [row for row in bars if row.stretches]
    start = min((row.start for row in timed), default=None)
    span = max([_LEAST_SPAN, *((row.end - start).total_seconds() for row in timed if start)])
    height, font = next((height, font) for most, height, font in _ROWS if len(bars) <= most)
    return _Grid(start, span, height, font)


def draw(bars: Sequence[Bar], title: str = "Tasks") -> str:
    """Draw the bars as an SVG that needs nothing else: no font, no script, no file."""
    grid = _grid(bars)
    bottom = _TOP + grid.height * len(bars)
    size = f'width="{WIDTH}" height="{bottom + 52}"'
    summary = _summary(bars, grid)
    name = f"timeline-{zlib.crc32(repr((title, bars)).encode('utf-8', 'replace')):08x}"
    labels = f'role="img" aria-labelledby="{name}-title {name}-desc"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{name}" {size} viewBox="0 0 {WIDTH} {bottom + 52}" {labels}>',
        f'<title id="{name}-title">{_xml(title)}</title>',
        f'<desc id="{name}-desc">{_xml(f"{summary}. {_description(bars)}".strip())}</desc>',
        f"<style>{_style(f'#{name}')}</style>",
        f'<rect class="ground" {size} rx="8"/>',
        _text(MARGIN, 34, _cut(title, 18, WIDTH - 2 * MARGIN), 18, "ink", weight="600"),
        _text(MARGIN, 56, summary, 13, "pale"),
        *(_axis(grid, bottom) if grid.start is not None else ()),
        *(_row(row, grid, _TOP + grid.height * place) for place, row in enumerate(bars)),
        *_legend(bars, bottom + 32),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _xml(text: str) -> str:
    return escape(_UNDRAWABLE.sub(" ", text), {'"': "&quot;", "'": "&#39;"})


def _style(root: str) -> str:
    """Return the rules of this picture alone: it may stand in a page beside others."""
    colours = {f"state-{state}": tuple(f"fill:{one}" for one in both) for state, both in _COLOURS.items()}
    rules = [
        "".join(f"{root} .{name}{{{both[ground]}}}" for name, both in {**colours, **_INKS}.items()) for ground in (0, 1)
    ]
    family = f'{root} text{{font-family:system-ui,"Segoe UI",Roboto,"DejaVu Sans",Helvetica,Arial,sans-serif;'
    family += "paint-order:stroke;stroke-width:3px}"
    return f"{family}{rules[0]}@media (prefers-color-scheme:dark){{{rules[1]}}}"


def _text(x: float, y: float, text: str, size: float, ink: str, *, anchor: str = "start", weight: str = "400") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" class="{ink}" text-anchor="{anchor}" '
        f'font-weight="{weight}">{_xml(text)}</text>'
    )


def _cut(text: str, size: float, width: float) -> str:
    """Return a text that fits: its beginning and its end tell tasks apart."""
    text = _UNDRAWABLE.sub(" ", text)
    most = int(width / (size * _CHARACTER))
    if len(text) <= most:
        return text
    tail = most // 3
    return f"{text[: most - tail - 1]}…{text[-tail:]}"


def _summary(bars: Sequence[Bar], grid: _Grid) -> str:
    if not bars:
        return "No tasks"
    number = "1 task" if len(bars) == 1 else f"{len(bars)} tasks"
    counts = Counter(row.state for row in bars)
    states = ", ".join(f"{counts[state]} {_word(state)}" for state in TaskState if counts[state])
    if grid.start is None:
        return f"{number}: {states}"
    since = str(format_time(grid.start.replace(microsecond=0))).replace("T", " ").replace("Z", " UTC")
    return f"{number} in {seconds_in_words(grid.span)}: {states}. From {since}"


def _word(state: TaskState) -> str:
    return state.value.replace("_", " ")


def _description(bars: Sequence[Bar]) -> str:
    """Tell the tasks in words, those that ended badly first."""
    told = sorted(bars, key=lambda row: not row.is_bad)[:_MOST_DESCRIBED]
    more = len(bars) - len(told)
    return " ".join([*(f"{_told(row)}." for row in told), *([f"And {more} more."] if more else [])])


def _told(row: Bar) -> str:
    spent = f", {seconds_in_words((row.end - row.start).total_seconds())}" if row.stretches else ", no times known"
    code = f", code {row.code}" if row.code else ""
    reason = f": {row.reason.rstrip('.')}" if row.reason else ""
    name = row.name if row.id in row.name else f"{row.name} ({row.id})"
    return f"{name}: {_word(row.state)}{spent}{code}{reason}"


def _axis(grid: _Grid, bottom: float) -> Iterator[str]:
    days = 86400 * math.ceil(grid.span / 86400 / _MOST_MARKS)
    step = next((step for step in _STEPS if grid.span / step <= _MOST_MARKS), days)
    for number in range(int(grid.span / step) + 1):
        x = LEFT + (RIGHT - LEFT) * number * step / grid.span
        words = seconds_in_words(number * step) if number else "0"
        yield f'<line class="line" x1="{x:.1f}" y1="{_TOP - 4}" x2="{x:.1f}" y2="{bottom:.1f}"/>'
        for y in (_TOP - 9, bottom + 12) if bottom > _TOP + _MANY_ROWS * grid.height else (_TOP - 9,):
            yield _text(x, y, words, 11, "pale", anchor="middle")


def _row(row: Bar, grid: _Grid, top: float) -> str:
    base = top + grid.height / 2 + grid.font * 0.36
    ink, weight = ("bad", "600") if row.is_bad else ("ink", "400")
    parts = [f"<title>{_xml(_told(row))}</title>"]
    if row.is_bad:
        parts.append(f'<rect class="band" y="{top:.1f}" width="{WIDTH}" height="{grid.height}"/>')
    name = _cut(row.name, grid.font, LEFT - 12 - MARGIN)
    parts.append(_text(LEFT - 12, base, name, grid.font, ink, anchor="end"))
    x = float(LEFT)
    for stretch in row.stretches:
        left, x = grid.x(stretch.start), max(grid.x(stretch.end), grid.x(stretch.start) + _LEAST_WIDTH)
        parts.append(_block(stretch.state, left, x, top, grid))
    if row.stretches and row.state in _ENDS:
        parts.append(_block(row.state, x, x + _END_WIDTH, top, grid))
        x += _END_WIDTH
    words = _cut(_end_in_words(row), grid.font, WIDTH - 8 - x)
    parts.append(_text(x + 8, base, words, grid.font, "bad" if row.is_bad else "pale", weight=weight))
    return f"<g>{''.join(parts)}</g>"


def _block(state: TaskState, left: float, right: float, top: float, grid: _Grid) -> str:
    inset = grid.height * 0.2
    place = f'x="{left:.2f}" y="{top + inset:.1f}" width="{right - left:.2f}" height="{grid.height - 2 * inset:.1f}"'
    return f'<rect class="state-{state}" {place}/>'


def _end_in_words(row: Bar) -> str:
    """Say what the colours do not."""
    spent = seconds_in_words((row.end - row.start).total_seconds()) if row.stretches else ""
    if row.code and row.state is TaskState.FAILED:
        return f"{spent}, code {row.code}" if spent else f"code {row.code}"
    if row.state is TaskState.SUCCEEDED and spent:
        return spent
    return f"{spent}, {_word(row.state)}" if spent else f"{_word(row.state)}, no times known"


def _legend(bars: Sequence[Bar], y: float) -> Iterator[str]:
    """Explain the colours that there are."""
    shown = {state for row in bars for state in (row.state, *(stretch.state for stretch in row.stretches))}
    x = float(LEFT)
    for state in TaskState:
        if state in shown:
            yield f'<rect class="state-{state}" x="{x:.1f}" y="{y - 9:.1f}" width="10" height="10" rx="2"/>'
            yield _text(x + 15, y, _word(state), 11, "pale")
            x += 33 + len(_word(state)) * 6.3
