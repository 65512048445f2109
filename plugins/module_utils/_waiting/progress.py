# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Live progress: the notes that travel as JSON from a module to the controller while it runs on the same machine.

Their way is a private named pipe. A pipe and not a file: it wakes the reader, and it does not grow. Progress is a
courtesy, so that whatever goes wrong with it ends the progress and not the work. ``_progress_recorder`` is the module's
end, ``_progress_lines`` the controller's; each reads its own end only, for both compile their files anew each time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")

#: The environment variable of the module's process that names the pipe.
VARIABLE = "LONGRUNNING_TASKS_PROGRESS"


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

    def to_json(self) -> dict[str, Any]:
        """Return it as what JSON can carry."""
        return self._asdict()

    @classmethod
    def from_json(cls, text: str | bytes) -> ProgressNote:
        """Read what to_json made.

        Raises:
            ValueError: it is something else.
        """
        try:
            data = json.loads(text)
            return cls(
                elapsed=float(data["elapsed"]),
                total=int(data["total"]),
                ended=int(data["ended"]),
                counts={str(state): int(number) for state, number in data["counts"].items()},
                percent=_optional(float, data["percent"]),
                seconds_left=_optional(float, data["seconds_left"]),
                only=_optional(str, data["only"]),
                failures=tuple(map(str, data["failures"])),
                more_failures=int(data["more_failures"]),
                changes=tuple(map(str, data["changes"])),
                more_changes=int(data["more_changes"]),
                trouble=_optional(str, data["trouble"]),
            )
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(str(error)) from error

    def in_short(self) -> ProgressNote:
        """Return it with the failures and changes counted only."""
        return self._replace(
            failures=(),
            more_failures=len(self.failures) + self.more_failures,
            changes=(),
            more_changes=len(self.changes) + self.more_changes,
        )


def _optional(convert: Callable[[Any], T], value: Any) -> T | None:
    return None if value is None else convert(value)
