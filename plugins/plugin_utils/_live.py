# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes on while a wait sleeps: lines of progress that are due, and the end of ansible-playbook.

There is no thread for it. A thread would take signals that are for the main thread, and share its locks.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.longrunning.tasks.plugins.module_utils._core.clock import Clock, SystemClock
from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import InterruptError
from ansible_collections.longrunning.tasks.plugins.module_utils._core.masking import mask
from ansible_collections.longrunning.tasks.plugins.module_utils._module.interrupts import helper_thread
from ansible_collections.longrunning.tasks.plugins.plugin_utils._progress_lines import Line, ProgressTeller
from ansible_collections.longrunning.tasks.plugins.plugin_utils._progress_recorder import ProgressRecorder

if TYPE_CHECKING:
    from datetime import datetime

    from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.loop import Look

#: Seconds between two looks whether ansible-playbook still is there, and the least between any two.
LOOK_SECONDS = 0.5
_LEAST_SECONDS = 0.01


class AttendedClock:
    """A clock by whose sleep somebody else can do something now and then, and that ends with ansible-playbook.

    Whoever ends ansible-playbook with SIGKILL, as ansible-runner does, leaves its workers behind, and with them a wait
    that nobody wants any more.
    """

    def __init__(self, clock: Clock | None = None, parent: Callable[[], int] = os.getppid) -> None:
        self._clock = clock or SystemClock()
        self._parent = parent
        self._born_of = parent()
        #: Is called in a sleep of the main thread; returns the seconds after which it wants to be called again.
        self.meanwhile: Callable[[], float] = lambda: LOOK_SECONDS

    def monotonic(self) -> float:
        """Return the system's monotonic seconds."""
        return self._clock.monotonic()

    def now(self) -> datetime:
        """Return the time of day in UTC."""
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        """Block for so many seconds.

        Raises:
            InterruptError: ansible-playbook is gone.
        """
        end = self.monotonic() + seconds
        while (left := end - self.monotonic()) > 0:
            if self.is_left_behind:
                raise InterruptError("ansible-playbook has ended")
            is_main = threading.current_thread() is threading.main_thread()
            pause = self.meanwhile() if is_main else LOOK_SECONDS
            self._clock.sleep(min(left, LOOK_SECONDS, max(pause, _LEAST_SECONDS)))

    @property
    def is_left_behind(self) -> bool:
        """Whether ansible-playbook is gone."""
        return self._parent() != self._born_of

    def end_with_parent(self) -> None:
        """End this process at once where ansible-playbook is gone: its result would have no reader."""
        if self.is_left_behind:
            os._exit(1)


class LiveLines:
    """The observer of a wait that shows lines for a person: after each look, and by its clock while the wait sleeps.

    Whatever goes wrong with showing ends the lines and nothing else.
    """

    def __init__(self, show: Callable[[Line], None], teller: ProgressTeller, clock: AttendedClock) -> None:
        self._show = show
        self._teller = teller
        self._clock = clock
        self._record = ProgressRecorder(lambda note: teller.take(note, clock.monotonic()))
        clock.meanwhile = self._tell

    def __call__(self, look: Look) -> None:
        """Take note of a look. What it raises ends the calls."""
        self._record(look)
        self._tell()

    def end(self) -> None:
        """Show what was not shown yet, and how it ended."""
        self._show_all(lambda: self._teller.last_lines(self._clock.monotonic()))

    def _tell(self) -> float:
        now = self._clock.monotonic()
        self._show_all(lambda: self._teller.lines(now))
        return self._teller.seconds_to_next(now)

    def _show_all(self, lines: Callable[[], list[Line]]) -> None:
        try:
            for line in lines():
                self._show(line._replace(text=mask(line.text)))
        except InterruptError:
            raise
        except Exception:  # noqa: BLE001 - a courtesy
            self._show = _show_nothing


def _show_nothing(_line: Line) -> None:
    pass


@contextmanager
def ending_with_parent(*, applies: bool) -> Iterator[None]:
    """End this process when ansible-playbook, its parent, is gone while a module runs.

    The module notices the end of this process, and comes to its own in good order.
    """
    if not applies:
        yield
        return
    clock, is_over = AttendedClock(), threading.Event()

    def watch() -> None:
        while not is_over.wait(LOOK_SECONDS):
            if clock.is_left_behind:
                _end_children()
            clock.end_with_parent()

    with helper_thread(watch, is_over.set, name="end with ansible-playbook"):
        yield


def _end_children() -> None:
    """End what this process has started. A client of ssh would go on by itself, and the module at its other end too."""
    for children in Path("/proc/self/task").glob("*/children"):
        for child in children.read_text(encoding="ascii").split():
            with suppress(OSError):
                os.kill(int(child), signal.SIGTERM)
