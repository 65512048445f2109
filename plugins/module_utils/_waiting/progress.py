# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Live progress: notes of what a wait sees, in which only what is told of is left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Change(NamedTuple):
    """A task that came into a new state, in words for people."""

    task: str
    state: str
    was: str

    def __str__(self) -> str:
        return f"{self.task}: {self.was} -> {self.state}"


class ProgressNote(NamedTuple):
    """What a wait knew after a look. Times are in seconds.

    ``only`` is the task, in words, where there is only one. ``trouble`` is the last error of a task that could not be
    read since.
    """

    elapsed: float
    total: int
    counts: Mapping[str, int]
    ended: int = 0
    percent: float | None = None
    seconds_left: float | None = None
    only: str | None = None
    changes: tuple[Change, ...] = ()
    more_changes: int = 0
    trouble: str | None = None
