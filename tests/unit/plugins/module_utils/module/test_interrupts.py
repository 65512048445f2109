# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signals that ask for the end. tests/faults sends them to real processes of modules."""

from __future__ import annotations

import os
import signal
import sys
import threading

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import InterruptError
from ansible_collections.longrunning.tasks.plugins.module_utils._module.interrupts import (
    SIGNALS,
    Interrupts,
    helper_thread,
)


@pytest.fixture
def output():
    """Return both ends of a pipe that stands for what the module writes."""
    reader, writer = os.pipe()
    with os.fdopen(reader) as reading, os.fdopen(writer, "w") as writing:
        yield reading, writing.fileno()


@pytest.fixture(autouse=True)
def _handlers_are_left_alone():
    # Who runs the tests with nohup has them ignore this one.
    hangup = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    before = [signal.getsignal(number) for number in SIGNALS]
    yield
    after = [signal.getsignal(number) for number in SIGNALS]
    signal.signal(signal.SIGHUP, hangup)
    assert after == before


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_is_raised_and_the_next_ones_are_not(output, number):
    with Interrupts(output[1]) as interrupts:
        assert not interrupts.came
        with pytest.raises(InterruptError, match=f"Interrupted by the signal {number.name}"):
            signal.raise_signal(number)
        assert interrupts.came
        for other in SIGNALS:
            signal.raise_signal(other)


def test_of_two_signals_at_once_the_second_leaves_no_traceback(output, monkeypatch):
    printed = []
    monkeypatch.setattr(sys, "unraisablehook", printed.append)
    both = {signal.SIGINT, signal.SIGTERM}
    with Interrupts(output[1]):
        signal.pthread_sigmask(signal.SIG_BLOCK, both)
        for number in both:
            signal.raise_signal(number)
        with pytest.raises(InterruptError):
            signal.pthread_sigmask(signal.SIG_UNBLOCK, both)
    assert printed == []


def test_nothing_is_raised_any_more_when_told_so(output):
    with Interrupts(output[1]) as interrupts:
        interrupts.ignore()
        signal.raise_signal(signal.SIGTERM)
        assert not interrupts.came


def test_what_was_ignored_stays_ignored(output):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interrupts(output[1]) as interrupts:
            signal.raise_signal(signal.SIGHUP)
        assert not interrupts.came
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_the_end_of_who_reads_counts_as_a_signal(output):
    with pytest.raises(InterruptError), Interrupts(output[1]):  # noqa: PT012 - it can come before the wait for it
        output[0].close()
        threading.Event().wait(5)


def test_a_file_is_never_at_its_end(tmp_path, output):
    threads = threading.active_count()
    with (tmp_path / "output").open("wb") as file, Interrupts(file.fileno()):
        file.write(b"{}")
    assert threading.active_count() == threads


def test_an_output_that_is_closed_already_is_none(output):
    number = os.dup(output[1])
    os.close(number)
    with Interrupts(number) as interrupts:
        for thread in threading.enumerate():
            if thread.name == "watch the output":
                thread.join(5)
    assert not interrupts.came


@pytest.mark.kind
def test_other_threads_get_no_signals(output):
    seen = []

    def enter():
        with Interrupts(output[1]):
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGTERM)]


def test_a_helper_gets_no_signals_and_ends_with_the_body():
    blocked, is_over = [], threading.Event()

    def help_out():
        blocked.append(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
        is_over.wait(5)

    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with helper_thread(help_out, is_over.set, name="helper"):
        assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
    assert set(SIGNALS) <= blocked[0]
    assert "helper" not in {thread.name for thread in threading.enumerate()}


# As with a low limit for a process's memory (ulimit -v).
def test_without_room_for_a_thread_the_work_is_done_all_the_same(output, monkeypatch):
    def refuse(_thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with pytest.raises(InterruptError), Interrupts(output[1]):
        signal.raise_signal(signal.SIGTERM)
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
