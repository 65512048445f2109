# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines that come while a wait sleeps, and the end of a wait whose ansible-playbook is gone."""

from __future__ import annotations

import os
import threading

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import InterruptError
from ansible_collections.longrunning.tasks.plugins.module_utils._core.masking import masking
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import Task, TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.loop import Look
from ansible_collections.longrunning.tasks.plugins.plugin_utils import _live
from ansible_collections.longrunning.tasks.plugins.plugin_utils._live import LOOK_SECONDS, AttendedClock, LiveLines
from ansible_collections.longrunning.tasks.plugins.plugin_utils._progress_lines import ProgressTeller
from ansible_collections.longrunning.tasks.tests.unit.support.fake_clock import FakeClock

RUNNING = Task("s3cret-task", "vendor", TaskState.RUNNING)
LOOK = Look(0, [RUNNING], [RUNNING], frozenset({RUNNING.id}), {}, None)


class Screen:
    """Keeps when lines came, and what they were."""

    def __init__(self, *, breaks=False):
        self.clock = FakeClock()
        self.attended = AttendedClock(self.clock, parent=lambda: 1)
        self.moments, self.lines = [], []
        self._breaks = breaks
        self.live = LiveLines(self._show, ProgressTeller("[host]", 10), self.attended)

    def _show(self, line):
        self.moments.append(self.clock.elapsed)
        self.lines.append(line.text)
        if self._breaks:
            raise OSError("no such screen")


def test_lines_come_after_a_look_and_while_the_wait_sleeps():
    screen = Screen()
    screen.live(LOOK)
    screen.attended.sleep(25)
    assert screen.moments == pytest.approx([0, 10, 20], abs=0.1)
    assert screen.clock.elapsed == pytest.approx(25)
    assert max(screen.clock.slept) == LOOK_SECONDS


def test_lines_are_masked():
    screen = Screen()
    with masking() as mask:
        mask.hide("s3cret-task")
        screen.live(LOOK)
    assert screen.lines
    assert "s3cret-task" not in screen.lines[0]


def test_lines_that_cannot_be_shown_end_the_lines_and_nothing_else():
    screen = Screen(breaks=True)
    screen.live(LOOK)
    screen.attended.sleep(25)
    screen.live.end()
    assert screen.moments == [0]
    assert screen.clock.elapsed == pytest.approx(25)


def test_an_interrupt_while_a_line_is_shown_is_one():
    screen = Screen()

    def interrupt(_line):
        raise InterruptError("SIGINT")

    screen.live._show = interrupt
    with pytest.raises(InterruptError):
        screen.live(LOOK)


def test_a_sleep_ends_with_ansible_playbook():
    clock = FakeClock()
    attended = AttendedClock(clock, parent=lambda: 1 if clock.elapsed < 3 else 0)
    with pytest.raises(InterruptError, match="ansible-playbook"):
        attended.sleep(3600)
    assert clock.elapsed == pytest.approx(3, abs=LOOK_SECONDS)


def test_a_process_without_ansible_playbook_ends(monkeypatch):
    ends, parent = [], [1, 1, 0]
    monkeypatch.setattr(os, "_exit", ends.append)
    attended = AttendedClock(FakeClock(), parent=lambda: parent.pop(0))
    attended.end_with_parent()
    assert ends == []
    attended.end_with_parent()
    assert ends == [1]


def test_only_the_main_thread_shows_lines():
    screen = Screen()
    screen.live(LOOK)
    other = threading.Thread(target=screen.attended.sleep, args=(25,))
    other.start()
    other.join()
    assert screen.moments == [0]
    assert screen.clock.elapsed == pytest.approx(25)


def test_a_module_ends_with_ansible_playbook_too(monkeypatch):
    """With the real thread: it looks at once."""
    ended = threading.Event()
    monkeypatch.setattr(_live, "LOOK_SECONDS", 0.001)
    monkeypatch.setattr(AttendedClock, "end_with_parent", lambda _self: ended.set())
    with _live.ending_with_parent(applies=True):
        assert ended.wait(60)
    with _live.ending_with_parent(applies=False):
        assert threading.active_count() == 1
