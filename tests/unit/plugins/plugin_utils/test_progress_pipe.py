# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Both ends of the pipe on which notes of progress travel, with real pipes and the real thread."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.progress import ProgressNote
from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.progress_recorder import PipeWriter
from ansible_collections.longrunning.tasks.plugins.plugin_utils._progress_lines import ProgressTeller, live_lines

NOTE = ProgressNote(1.5, total=2, ended=1, counts={"succeeded": 1, "running": 1})
DONE = "DONE: [here] 2 tasks in 2 s: 1 succeeded, 1 running"


def as_it_is(data):
    return data


class Screen:
    """Keeps the lines, and lets the clock stand still."""

    def __init__(self, folder):
        self.lines = []
        self.live_lines = live_lines(
            str(folder), ProgressTeller("[here]", 30), lambda line: self.lines.append(line.text), lambda: 1000.0
        )


def test_a_note_becomes_a_line(tmp_path):
    screen = Screen(tmp_path)
    with screen.live_lines as path:
        PipeWriter(path, as_it_is).write(NOTE)
    assert screen.lines[-1:] == ["STOPPED: [here] 1 of 2 done, 2 s"]


def test_what_came_last_is_told(tmp_path):
    screen = Screen(tmp_path)
    with screen.live_lines as path:
        PipeWriter(path, as_it_is).write(NOTE._replace(ended=2, failures=("task a: code 1",)))
    assert screen.lines == ["FAILED: [here] task a: code 1", DONE]


def test_nobody_else_can_read_the_pipe_and_nothing_stays(tmp_path):
    with Screen(tmp_path).live_lines as path:
        found = Path(path).stat()
        assert stat.S_ISFIFO(found.st_mode)
        assert stat.S_IMODE(found.st_mode) == 0o600
        assert stat.S_IMODE(Path(path).parent.stat().st_mode) == 0o700
    assert list(tmp_path.iterdir()) == []


def test_nothing_stays_after_an_error_either(tmp_path):
    with pytest.raises(RuntimeError, match="the module broke"), Screen(tmp_path).live_lines:
        raise RuntimeError("the module broke")
    assert list(tmp_path.iterdir()) == []


def test_where_no_pipe_can_be_made_there_are_no_lines(tmp_path):
    with Screen(tmp_path / "missing").live_lines as path:
        assert path is None


def test_a_folder_without_pipes_is_left_empty(tmp_path, monkeypatch):
    def refuse(path, mode):
        raise PermissionError(path)

    monkeypatch.setattr(os, "mkfifo", refuse)
    with Screen(tmp_path).live_lines as path:
        assert path is None
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_note_is_passed_over(tmp_path):
    screen = Screen(tmp_path)
    with screen.live_lines as path:
        with Path(path).open("wb", buffering=0) as pipe:
            pipe.write(b"\xff\xfe what?\n{}\n\n")
        PipeWriter(path, as_it_is).write(NOTE._replace(ended=2, failures=("task a: code 1",)))
    assert screen.lines == ["FAILED: [here] task a: code 1", DONE]


def test_lines_that_cannot_be_shown_stop_nobody(tmp_path):
    def refuse(_line):
        raise OSError("no such screen")

    with live_lines(str(tmp_path), ProgressTeller("[here]", 30), refuse, lambda: 1000.0) as path:
        PipeWriter(path, as_it_is).write(NOTE._replace(ended=2, failures=("task a: code 1",)))
    assert list(tmp_path.iterdir()) == []


def test_secrets_are_taken_out(tmp_path):
    screen = Screen(tmp_path)
    with screen.live_lines as path:

        def hide(note):
            return {**note, "failures": ["task ********"]}

        PipeWriter(path, hide).write(NOTE._replace(ended=2, failures=("task s3cret",)))
    assert screen.lines == ["FAILED: [here] task ********", DONE]


def test_a_note_too_long_for_one_write_is_told_in_short(tmp_path):
    screen = Screen(tmp_path)
    failures = ("\N{SNOWMAN}" * 120,) * 10
    with screen.live_lines as path:
        PipeWriter(path, as_it_is).write(NOTE._replace(ended=2, failures=failures))
    assert screen.lines == ["FAILED: [here] 10 more tasks", DONE]


@pytest.fixture
def pipe(tmp_path):
    """A pipe that somebody has open and does not read."""
    path = tmp_path / "pipe"
    os.mkfifo(path, 0o600)
    descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    yield path, descriptor
    os.close(descriptor)


def test_a_reader_that_is_too_slow_loses_notes_and_stops_nobody(pipe):
    path, descriptor = pipe
    writer = PipeWriter(str(path), as_it_is)
    for _number in range(2000):
        writer.write(NOTE)
    received = os.read(descriptor, 2**20)
    assert 0 < received.count(b"\n") < 2000
    assert received.endswith(b"\n")
    # It goes on when there is room again.
    writer.write(NOTE)
    assert os.read(descriptor, 2**20).count(b"\n") == 1
    writer.close()


def test_a_reader_that_is_gone_ends_the_notes(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path, 0o600)
    descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    writer = PipeWriter(str(path), as_it_is)
    os.close(descriptor)
    writer.write(NOTE)
    assert writer._descriptor is None
    writer.write(NOTE)
    writer.close()


def test_only_a_private_pipe_is_written_to(tmp_path, pipe):
    path, descriptor = pipe
    plain = tmp_path / "plain"
    plain.write_text("as it was", encoding="utf-8")
    plain.chmod(0o600)
    link = tmp_path / "link"
    link.symlink_to(path)
    for target in (plain, link, tmp_path / "missing", tmp_path):
        PipeWriter(str(target), as_it_is).write(NOTE)
    path.chmod(0o620)
    PipeWriter(str(path), as_it_is).write(NOTE)
    assert plain.read_text(encoding="utf-8") == "as it was"
    with pytest.raises(BlockingIOError):
        os.read(descriptor, 1)
