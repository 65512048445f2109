# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The installed collection's simulators, by a clock that tests move."""

from __future__ import annotations

import contextlib
import sys

from installed import COLLECTION

sys.path.insert(0, str(COLLECTION / "roles" / "task_simulator" / "files"))

from task_simulator import Simulator


class HandClock:
    """Seconds that pass when the test says so, so that a busy machine changes nothing."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@contextlib.contextmanager
def simulators(credentials, clock):
    """Yield a function that starts a simulator with a scenario."""
    with contextlib.ExitStack() as running:
        yield lambda scenario: running.enter_context(Simulator({"credentials": credentials, **scenario}, clock=clock))
