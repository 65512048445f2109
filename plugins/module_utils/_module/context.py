# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the work of a module is handed: the options, the provider, the clock. Nothing in it can end the process."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from .._api.addresses import bad_id, path_segment
from .._core.clock import Clock
from .._core.errors import OptionError
from .._provider.contract import TaskCanceller, TaskProvider
from .._provider.description import ProviderDescription
from .._provider.options import MOST_SECONDS, ConnectionOptions
from .._waiting.loop import WaitObserver, unobserved

#: How long task_info and task_list retry after transient trouble, in seconds. A wait has an option for it.
REPEAT_SECONDS = 10.0


class Context(NamedTuple):
    """A module's run."""

    params: Mapping[str, Any]
    check_mode: bool
    options: ConnectionOptions
    provider: TaskProvider
    clock: Clock
    warn: Callable[[str], None]
    requests_sent: Callable[[], int]
    #: Is told of a wait's progress.
    observer: WaitObserver = unobserved

    def seconds(self, option: str, *, least: float = 0.0, above_zero: bool = False) -> float | None:
        """Return an option that is a time in seconds.

        Raises:
            OptionError: it is no time that can be waited.
        """
        return checked_seconds(self.params[option], option, least=least, above_zero=above_zero)


def checked_seconds(value: float | None, option: str, *, least: float = 0.0, above_zero: bool = False) -> float | None:
    """Return an option's value that is a time in seconds.

    Raises:
        OptionError: it is no time that can be waited.
    """
    if value is None:
        return None
    if not least <= value <= MOST_SECONDS or (above_zero and value == 0):
        bound = "more than 0" if above_zero else f"{least:g} or more"
        raise OptionError(
            option,
            f"{option} is {value:g}; it has to be a finite number of seconds, {bound} and at most {MOST_SECONDS:g}",
        )
    return float(value)


def checked_task_ids(task_ids: Sequence[str], description: ProviderDescription) -> tuple[str, ...]:
    """Return the IDs, after making sure that each can be asked for.

    Raises:
        OptionError: there is none, or one is no ID.
    """
    if not task_ids:
        raise OptionError("task_ids", "task_ids is empty. Give at least one ID")
    return tuple(_checked(task_id.strip(), description) for task_id in task_ids)


def _checked(task_id: str, description: ProviderDescription) -> str:
    # What Ansible makes a text of on its way here: it is not repeated, since a result can hold secrets.
    if task_id[:1] in ("{", "[", "(") or task_id in ("None", "True", "False"):
        raise bad_id(
            "contains a value that is neither text nor a number. Give what a launching task registered as "
            "launch_results"
        )
    if description.read_task_id is not None:
        task_id = description.read_task_id(task_id)
    path_segment(task_id)
    if description.task_id_pattern and not re.fullmatch(description.task_id_pattern, task_id):
        raise bad_id(f"contains {task_id!r}. A task ID of {description.title} is {description.task_id_hint}")
    return task_id


def distinct(task_ids: Sequence[str]) -> tuple[str, ...]:
    """Return each ID once, in the order of their first appearance: no task is asked for twice."""
    return tuple(dict.fromkeys(task_ids))


def checked_canceller(provider: TaskProvider, option: str, what: str) -> TaskCanceller:
    """Return a provider that can cancel tasks. ``what`` needs that, and ``option`` asks for it.

    Raises:
        OptionError: it cannot.
    """
    if not isinstance(provider, TaskCanceller):
        description = provider.description
        raise OptionError(
            option, f"{what} cannot cancel tasks of {description.title}: {description.why_not_cancellable}"
        )
    return provider
