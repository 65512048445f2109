# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of progress where nobody knows how many tasks there will be."""

from __future__ import annotations

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.snapshot import SELECTION, Snapshot
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import Task, TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.loop import WaitPlan, wait_for_tasks
from ansible_collections.longrunning.tasks.plugins.plugin_utils._progress_lines import ProgressTeller
from ansible_collections.longrunning.tasks.plugins.plugin_utils._progress_recorder import ProgressRecorder
from ansible_collections.longrunning.tasks.tests.unit.support.fake_clock import FakeClock

RUNNING, QUEUED, SUCCEEDED, FAILED = TaskState.RUNNING, TaskState.QUEUED, TaskState.SUCCEEDED, TaskState.FAILED


def lines_of(*looks, timeout=100.0, **options):
    """Return the lines of a wait whose looks see these states, by IDs. The selection ends with the last look."""
    clock, seen = FakeClock(), iter(enumerate(looks, 1))
    teller = ProgressTeller("[here]", 1, **options)
    lines = []

    def read(_task_ids, _deadline):
        number, states = next(seen)
        itself = SUCCEEDED if number == len(looks) else RUNNING
        tasks = {task_id: Task(task_id, "p", state, percent=50) for task_id, state in states.items()}
        return Snapshot({**tasks, SELECTION: Task(SELECTION, "p", itself, message=str(number))})

    def observe(look):
        record(look)
        lines.extend(line.text for line in teller.lines(clock.monotonic()))

    record = ProgressRecorder(lambda note: teller.take(note, clock.monotonic()))
    plan = WaitPlan(timeout=timeout, poll_interval=10, watched=frozenset({RUNNING, QUEUED}), failures_count=False)
    wait_for_tasks([SELECTION], read, plan, provider="p", clock=clock, request_timeout=5, observer=observe)
    return lines + [line.text for line in teller.last_lines(clock.monotonic())]


def test_they_tell_what_goes_on():
    assert lines_of(
        {"a": RUNNING, "b": QUEUED},
        {"a": SUCCEEDED, "b": RUNNING, "c": RUNNING},
        {"b": FAILED, "c": RUNNING},
        {"c": SUCCEEDED},
        {},
    ) == [
        "WAITING: [here] 1 running, 1 queued, 0 s",
        "WAITING: [here] 2 running, 1 succeeded, 10 s",
        "FAILED: [here] task b: the vendor gave no reason",
        "WAITING: [here] 1 running, 1 succeeded, 1 failed, 20 s",
        "WAITING: [here] 0 running, 2 succeeded, 1 failed, 30 s",
        "DONE: [here] 3 tasks in 40 s: 2 succeeded, 1 failed",
    ]


def test_nothing_goes_on():
    assert lines_of({}) == ["DONE: [here] no unfinished task, in 0 s"]
    assert lines_of({}, {}) == ["WAITING: [here] 0 running, 0 s", "DONE: [here] no unfinished task, in 10 s"]


def test_a_wait_that_ends_before_says_so():
    assert lines_of({"a": RUNNING}, {"a": RUNNING}, {}, timeout=10)[-1] == "STOPPED: [here] 1 running, 10 s"


@pytest.mark.parametrize("options", [{"counts_only": True}, {"is_verbose": True}])
def test_counts_are_told_with_no_log_and_changes_with_v(options):
    lines = lines_of({"a": RUNNING}, {"a": FAILED}, {}, **options)
    assert lines[0] == "WAITING: [here] 1 running, 0 s"
    assert any("task a" in line for line in lines) is ("is_verbose" in options)
    assert lines[-1].startswith("DONE: [here] ")
