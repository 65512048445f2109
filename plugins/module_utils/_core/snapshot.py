# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one look at some tasks gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .errors import TransientError
from .task import Task

#: The ID, which no task has, of a selection among what a wait waits for. It goes on as long as a task of it does.
SELECTION = ""


@dataclass(frozen=True)
class Snapshot:
    """What one look at some tasks gave: each ID is in exactly one of the two mappings.

    A look at a selection has further IDs than were asked for: those of tasks that have begun since the look before.
    ``retry_after`` are the seconds that the vendor asks to wait before the next look.
    """

    tasks: Mapping[str, Task] = field(default_factory=dict)
    troubles: Mapping[str, TransientError] = field(default_factory=dict)
    retry_after: float | None = None

    @classmethod
    def of(cls, answers: Mapping[str, Task | TransientError], retry_after: float | None = None) -> Snapshot:
        """Tell tasks from troubles."""
        return cls(
            {task_id: answer for task_id, answer in answers.items() if isinstance(answer, Task)},
            {task_id: answer for task_id, answer in answers.items() if isinstance(answer, TransientError)},
            retry_after,
        )
