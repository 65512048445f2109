# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task's life as a pure function of its age, and the store of all tasks.

Nothing here runs or sleeps: who asks for a task says how old it is and gets the state it has at that age. So thousands
of tasks cost nothing while nobody looks, and a test moves time by hand.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Union

from .validation import ScenarioError

State = Union[str, int]
#: How many tasks may come after the start: anybody on the machine can send them, and each one takes memory.
MOST_ADDED = 10_000


@dataclass(frozen=True)
class Step:
    """One stretch of a task's life.

    ``seconds`` is how long it lasts (None: for ever), ``fields`` what of the vendor's object it overrides and
    ``without`` which of its keys are left out.
    """

    state: State
    seconds: float | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Moment:
    """What a task is like at one age; ``since`` is the age (seconds) at which it came into its present state."""

    step: Step
    since: float
    ended: bool

    @property
    def state(self) -> State:
        """The vendor's own word for the state."""
        return self.step.state

    def shown(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return a vendor's object with what the scenario says otherwise about this step."""
        changed = {**document, **self.step.fields}
        return {key: value for key, value in changed.items() if key not in self.step.without}


@dataclass(frozen=True)
class Life:
    """The whole plan of a task.

    Without an ``end`` the last step lasts for ever. ``forgotten_after`` counts seconds from the end,
    ``appears_after`` seconds from the birth until the vendor knows the task at all.
    """

    steps: tuple[Step, ...]
    end: Step | None = None
    forgotten_after: float | None = None
    appears_after: float = 0.0

    def at(self, age: float) -> Moment | None:
        """Return the moment at this age in seconds; None when the vendor does not know the task (any more)."""
        if age < self.appears_after:
            return None
        begins = 0.0
        for position, step in enumerate(self.steps):
            last_of_endless = self.end is None and position == len(self.steps) - 1
            if last_of_endless or step.seconds is None or age < begins + step.seconds:
                return Moment(step, begins, ended=False)
            begins += step.seconds
        if self.end is None or (self.forgotten_after is not None and age >= begins + self.forgotten_after):
            return None
        return Moment(self.end, begins, ended=True)

    def cut(self, age: float, end: Step, seconds: float) -> Life:
        """Return the plan of a task that comes to this end so many seconds after this age, whatever was planned."""
        steps, begins = [], 0.0
        for position, step in enumerate(self.steps):
            is_last = self.end is None and position == len(self.steps) - 1
            if is_last or step.seconds is None or age < begins + step.seconds:
                steps.append(replace(step, seconds=age - begins + seconds))
                break
            steps.append(step)
            begins += step.seconds
        return replace(self, steps=tuple(steps), end=end)

    def ends_at(self) -> float | None:
        """Return the age at which the task ends; None when it never does. A vendor may forget it then, not its work."""
        seconds = [step.seconds for step in self.steps]
        if self.end is None or None in seconds:
            return None
        return sum(each for each in seconds if each is not None)

    def age_when(self, fits: Callable[[State], bool]) -> float | None:
        """Return the age at which the task first comes into a state that fits; None when it never does."""
        age = 0.0
        for step in (*self.steps, *filter(None, [self.end])):
            if fits(step.state):
                return age
            if step.seconds is None:
                break
            age += step.seconds
        return None


@dataclass
class Task:
    """One task of one vendor; ``born`` is in seconds since the simulator's start and negative for older tasks."""

    id: str
    type: str
    input: Any
    owner: str
    born: float
    life: Life
    swept_at: float | None = None

    def at(self, now: float) -> Moment | None:
        """Return what the task is like now, given in seconds since the simulator's start."""
        return self.life.at(now - self.born)

    def end_early(self, now: float, end: Step, seconds: float) -> None:
        """Cancel it: what it does now goes on for so many seconds, and then it is at this end."""
        self.life = self.life.cut(now - self.born, end, seconds)


class TaskStore:
    """All tasks of one vendor, safe for the server's threads."""

    def __init__(self) -> None:
        self._tasks: dict[str, Task] = {}
        self._added = 0
        self._lock = threading.Lock()

    def add(self, tasks: Iterable[Task], *, planned: bool = False) -> None:
        """Keep tasks; all or, when an ID is taken, none. Those ``planned`` from the start may be any number."""
        with self._lock:
            new: dict[str, Task] = {}
            for task in tasks:
                if task.id in self._tasks or task.id in new:
                    raise KeyError(task.id)
                new[task.id] = task
            added = 0 if planned else len(new)
            if self._added + added > MOST_ADDED:
                raise ScenarioError(f"tasks must not be more than {MOST_ADDED} that are added after the start")
            self._added += added
            self._tasks.update(new)

    def get(self, task_id: str) -> Task | None:
        """Return a task, whether or not its vendor still knows it."""
        with self._lock:
            return self._tasks.get(task_id)

    def all(self) -> list[Task]:
        """Return all tasks in the order in which they came."""
        with self._lock:
            return list(self._tasks.values())


ABSENT = object()


def at_path(body: Any, dotted: str) -> Any:
    """Return what lies at a dotted path (numbers index lists), or a mark that nothing does."""
    for name in dotted.split("."):
        if isinstance(body, Mapping) and name in body:
            body = body[name]
        elif isinstance(body, Sequence) and not isinstance(body, str) and name.isdigit() and int(name) < len(body):
            body = body[int(name)]
        else:
            return ABSENT
    return body


@dataclass(frozen=True)
class LaunchRule:
    """What a task becomes that a client launches with a body that fits all conditions of the rule.

    ``count`` is how many launches it is for; None means all of them.
    """

    conditions: tuple[tuple[str, Any], ...]
    life: Life
    count: int | None = None

    def fits(self, body: Any) -> bool:
        """Tell whether a launch's request body fits; a value ``/like this/`` is a regular expression to search for."""
        for path, wanted in self.conditions:
            found = at_path(body, path)
            if isinstance(wanted, str) and len(wanted) > 1 and wanted.startswith("/") and wanted.endswith("/"):
                if not isinstance(found, (str, int, float)) or not re.search(wanted[1:-1], str(found)):
                    return False
            elif found is ABSENT or found != wanted:
                return False
        return True
