# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signals that ask for the end: they raise an error of ours where the module works or sleeps, and wake no helper."""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Any

from .._core.errors import InterruptError
from .._core.threads import start_thread

if TYPE_CHECKING:
    from typing_extensions import Self

#: A terminal that was closed, Ctrl-C, and what controllers send when a job is cancelled.
SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """While it is entered, the first of these signals raises ``InterruptError`` in the main thread; more are ignored.

    It counts as one when nobody is left to read what is written to the file descriptor ``output``: Ansible ends its
    own part of a task that takes too long, or whose connection broke, and leaves the module behind. ``None`` is for a
    process that is that part.

    Signals that whoever started the process has it ignore, as nohup does, stay ignored.
    """

    def __init__(self, output: int | None) -> None:
        self._output = output
        self._before: dict[signal.Signals, Any] = {}
        self._watch_is_on = ExitStack()
        #: The signal that came.
        self.came: signal.Signals | None = None

    def __enter__(self) -> Self:
        """Begin to listen. Only a main thread gets signals; elsewhere nothing happens."""
        if threading.current_thread() is not threading.main_thread():
            return self
        for number in SIGNALS:
            before = signal.getsignal(number)
            # None: it belongs to something that is not Python.
            if before not in (signal.SIG_IGN, None):
                self._before[number] = signal.signal(number, self._raise)
        if self._output is None:
            return self
        receiver, sender = os.pipe()
        self._watch_is_on.callback(os.close, receiver)
        watch = partial(self._watch, self._output, threading.get_ident(), receiver)
        self._watch_is_on.enter_context(helper_thread(watch, partial(os.close, sender), name="watch the output"))
        return self

    def __exit__(self, *_error: object) -> None:
        """Leave the signals to those who had them before."""
        self.ignore()
        self._watch_is_on.close()
        for number, before in self._before.items():
            signal.signal(number, before)

    def ignore(self) -> None:
        """Be deaf from now on."""
        for number in self._before:
            # Not SIG_IGN: of a signal that has come and waits for its turn, Python would print a traceback.
            signal.signal(number, _do_nothing)

    def _raise(self, number: int, _frame: FrameType | None) -> None:
        self.ignore()
        self.came = signal.Signals(number)
        raise InterruptError(f"Interrupted by the signal {self.came.name}")

    def _watch(self, output: int, main_thread: int, receiver: int) -> None:
        """Wait, at no cost, for the end of the watch or until the other end of the output is gone."""
        poll = select.poll()
        poll.register(receiver, select.POLLIN)
        # Asked for nothing, it reports only what is wrong.
        poll.register(output, 0)
        seen = dict(poll.poll())
        if seen.get(output, 0) & (select.POLLERR | select.POLLHUP) and signal.SIGTERM in self._before:
            signal.pthread_kill(main_thread, signal.SIGTERM)


def _do_nothing(_number: int, _frame: FrameType | None) -> None:
    pass


@contextmanager
def helper_thread(run: Callable[[], None], end: Callable[[], None], *, name: str) -> Iterator[None]:
    """Let a thread help while the body runs, if there can be one, and tell it with ``end`` to come to its end."""
    thread = start_thread(run, name=name)
    try:
        yield
    finally:
        end()
        if thread is not None:
            thread.join()
