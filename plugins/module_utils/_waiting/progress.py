# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Live progress: notes of what a wait sees, in which only what is told of is left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class ProgressNote(NamedTuple):
    """What a wait knew after a look. Times are in seconds.

    ``counts`` has the number of tasks in each state. ``only`` names the task where there is only one. ``failures`` and
    ``changes`` tell in words which tasks have just failed, and which came into another state. ``trouble`` is the last
    error of a task that could not be read since.
    """

    elapsed: float
    total: int
    counts: Mapping[str, int]
    ended: int = 0
    percent: float | None = None
    seconds_left: float | None = None
    only: str | None = None
    failures: tuple[str, ...] = ()
    more_failures: int = 0
    changes: tuple[str, ...] = ()
    more_changes: int = 0
    trouble: str | None = None
