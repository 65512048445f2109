# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Threads that help the main one."""

from __future__ import annotations

import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

T = TypeVar("T")
Result = TypeVar("Result")

_ALL_SIGNALS = frozenset(signal.valid_signals())
#: Requests that run side by side.
MOST_PARALLEL_REQUESTS = 8


def start_thread(run: Callable[[], None], *, name: str = "helper") -> Thread | None:
    """Start a thread that takes no signals, and return it; None where the system has no room for another one.

    Signals are for the main thread: one that a helper takes does not wake it, and the interrupt is lost until something
    else does. A thread inherits what is blocked where it is started.
    """
    thread = Thread(target=run, name=name, daemon=True)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ALL_SIGNALS)
    try:
        thread.start()
    except RuntimeError:
        return None
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return thread


def side_by_side(do: Callable[[T], Result], items: Sequence[T]) -> list[Result]:
    """Return what is done for each item, in their order; raise the first error after what runs has ended.

    Not a pool of the standard library: the process would wait at its end for the threads of one, and who interrupts it
    waits for no request that hangs.
    """
    if len(items) < 2:
        return [do(item) for item in items]
    answers = done_within(None, do, items, MOST_PARALLEL_REQUESTS)
    return [answers[number] for number in range(len(items))]


def done_within(seconds: float | None, do: Callable[[T], Result], items: Sequence[T], most: int) -> dict[int, Result]:
    """Return what is done within so many seconds, by the items' numbers. What takes longer goes on unheard.

    Of the threads there are ``most`` at a time.
    """
    waiting = deque(enumerate(items))
    answers: dict[int, Result] = {}
    errors: dict[int, BaseException] = {}
    ended: SimpleQueue[None] = SimpleQueue()

    def work() -> None:
        while waiting:
            try:
                number, item = waiting.popleft()
            except IndexError:
                break
            try:
                answers[number] = do(item)
            except BaseException as error:  # noqa: BLE001 - it is raised where it was asked for
                errors[number] = error
                waiting.clear()
        ended.put(None)

    threads = [start_thread(work) for _number in range(min(most, len(items)))]
    started = [thread for thread in threads if thread is not None]
    if not started:
        work()
    until = None if seconds is None else time.monotonic() + seconds
    try:
        for _thread in started or (None,):
            ended.get(timeout=None if until is None else max(0.0, until - time.monotonic()))
    except Empty:
        pass
    finally:
        # Of what has not begun nothing begins any more, neither after the time nor after an interrupt.
        waiting.clear()
    if errors:
        raise errors[min(errors)]
    return dict(answers)
