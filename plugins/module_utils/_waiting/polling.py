# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When to look next: near a task's likely end, where its progress and the time it took tell of one."""

from __future__ import annotations

from typing import NamedTuple

from .._core.task import Task, TaskState

#: The part of the estimated time after which the next look comes. The rest is for an estimate that was too long; the
#: nearer the end, the better the next one.
_APPROACH = 0.8
#: An estimate of more seconds than this, 100 days, tells nothing: a rate that is almost nothing makes it, or one that
#: floats cannot hold.
_LONGEST_ESTIMATE = 100 * 86400.0


class PollingPolicy(NamedTuple):
    """The bounds of the time between two looks, in seconds."""

    least: float
    most: float

    def delay(self, left: float) -> float:
        """Return the seconds to the next look at a task that has so many left by estimate."""
        return max(self.least, min(_APPROACH * left, self.most))


class ProgressTrack(NamedTuple):
    """A running task's progress: when it was first seen, and when it last went on. Percent, and monotonic seconds."""

    first_percent: float
    first_at: float
    percent: float
    at: float

    @classmethod
    def begun(cls, percent: float, now: float) -> ProgressTrack:
        """Return the track of a task that is seen for the first time."""
        return cls(percent, now, percent, now)

    def then(self, percent: float, now: float) -> ProgressTrack:
        """Return the track after another look. Progress that fell begins a new one."""
        if percent < self.percent:
            return self.begun(percent, now)
        return self if percent == self.percent else self._replace(percent=percent, at=now)


def seconds_left(task: Task, track: ProgressTrack | None, now: float) -> float | None:
    """Return the seconds until a running task is likely to end, None where nothing tells it.

    The rate since it was first seen counts or, until there is one, the rate that the vendor's own two times tell:
    this machine's clock may differ from the vendor's. Time that passed since its progress last went on is taken off,
    down to 0 for a task that is overdue: some tell their progress in large steps, or stand still at 99 percent.
    """
    if task.state is not TaskState.RUNNING or track is None or not 0 < track.percent < 100:
        return None
    left = 100 - track.percent
    if track.percent > track.first_percent:
        left *= (track.at - track.first_at) / (track.percent - track.first_percent)
    elif task.started_at is not None and task.updated_at is not None and task.updated_at > task.started_at:
        left *= (task.updated_at - task.started_at).total_seconds() / track.percent
    else:
        return None
    left = max(0.0, left - (now - track.at))
    return left if left <= _LONGEST_ESTIMATE else None
