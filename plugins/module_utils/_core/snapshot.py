# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one look at some tasks gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .errors import TransientError
from .task import Task


@dataclass(frozen=True)
class Snapshot:
    """What one look at some tasks gave: each ID is in exactly one of the two mappings."""

    tasks: Mapping[str, Task] = field(default_factory=dict)
    troubles: Mapping[str, TransientError] = field(default_factory=dict)

    @classmethod
    def of(cls, answers: Mapping[str, Task | TransientError]) -> Snapshot:
        """Tell tasks from troubles."""
        return cls(
            {task_id: answer for task_id, answer in answers.items() if isinstance(answer, Task)},
            {task_id: answer for task_id, answer in answers.items() if isinstance(answer, TransientError)},
        )

    @property
    def retry_after(self) -> float:
        """The seconds that the vendor asks to wait before the next look."""
        return max((task.retry_after or 0.0 for task in self.tasks.values()), default=0.0)
