# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenario files: what the simulator plays, read and checked before anything starts."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from .faces import FACES, Face
from .faults import Fault, read_fault
from .tasks import LaunchRule, Life, Step
from .validation import Fields, ScenarioError

_NUMBER = re.compile(r"\{n(?::(\d{1,3})d?)?\}")
MOST_TASKS = 1_000_000


@dataclass(frozen=True)
class TaskPlan:
    """Tasks of one kind as a scenario describes them; ``age`` is in seconds, an ``owner`` of None is the default."""

    provider: str
    ids: tuple[str, ...]
    type: str
    input: Any
    owner: str | None
    age: float
    life: Life


@dataclass(frozen=True)
class Scenario:
    """Everything the simulator plays."""

    credentials: Mapping[str, Any]
    tasks: Sequence[TaskPlan] = ()
    launches: Mapping[str, Sequence[LaunchRule]] = field(default_factory=dict)
    faults: Sequence[Fault] = ()

    @classmethod
    def read(cls, document: object) -> Scenario:
        """Check a scenario that has been loaded from YAML or JSON; nothing at all is the default scenario."""
        fields = Fields({} if document is None else document)
        credentials = fields.child("credentials")
        scenario = cls(
            credentials={name: face.read_credentials(credentials.child(name)) for name, face in FACES.items()},
            tasks=tuple(read_task(entry) for entry in fields.children("tasks")),
            launches=_read_launches(fields),
            faults=tuple(read_fault(entry) for entry in fields.children("faults")),
        )
        credentials.done()
        fields.done()
        _refuse_doubles(scenario.tasks)
        return scenario

    @classmethod
    def parse(cls, text: str) -> Scenario:
        """Check a scenario that is still text."""
        try:
            # JSON first: it is faster by far, and may be indented with tabs, which YAML forbids.
            return cls.read(json.loads(text))
        except json.JSONDecodeError:
            pass
        try:
            document = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ScenarioError(f"the scenario is not YAML: {' '.join(str(error).split())}") from None
        return cls.read(document)


def _face(fields: Fields) -> type[Face]:
    name: str = fields.text("provider", choices=tuple(FACES))
    return FACES[name]


def read_task(fields: Fields, most: int = MOST_TASKS) -> TaskPlan:
    """Read one entry of ``tasks``, which may stand for so many."""
    face = _face(fields)
    count = fields.integer("count", 1, minimum=1, maximum=most)
    task_type = fields.text("type", face.default_type)
    plan = TaskPlan(
        provider=face.name,
        ids=_read_ids(fields, count, face),
        type=task_type,
        input=fields.anything("input", face.default_input(task_type)),
        owner=fields.text("owner", None),
        age=fields.number("age", 0.0),
        life=_read_life(fields, face),
    )
    fields.done()
    return plan


def _read_ids(fields: Fields, count: int, face: type[Face]) -> tuple[str, ...]:
    """Return as many IDs as tasks; ``{n}`` counts from 1 and ``{n:012d}`` fills it with zeros."""
    pattern = fields.text("id", None)
    if pattern is None:
        return tuple(face.random_id() for _number in range(count))
    if not pattern:
        raise fields.error("must not be empty", "id")
    if not _NUMBER.search(pattern):
        if count > 1:
            # Not in the raise itself: older pylint takes the braces for a format.
            problem = "must contain {n} when count is more than 1"
            raise fields.error(problem, "id")
        return (pattern,)

    def numbered(number: int) -> str:
        return _NUMBER.sub(lambda found: str(number).zfill(int(found.group(1) or 0)), pattern)

    return tuple(numbered(number) for number in range(1, count + 1))


def _read_life(fields: Fields, face: type[Face]) -> Life:
    """Read what a task goes through; without ``steps`` it is the vendor's default, without ``end`` too it succeeds."""
    has_end = fields.has("end")
    if fields.has("steps"):
        entries = list(fields.children("steps"))
        if not entries and not has_end:
            raise fields.error("must have an entry when there is no end", "steps")
        last = len(entries) - 1
        steps = tuple(
            _read_step(entry, face, lasts=position < last or has_end) for position, entry in enumerate(entries)
        )
        end = None
    else:
        steps, end = face.default_steps, face.default_end
    if has_end:
        end = _read_end(fields.child("end"), face)
    return Life(
        steps=steps,
        end=end,
        forgotten_after=fields.number("forgotten_after", face.default_forgotten_after),
        appears_after=fields.number("appears_after", 0.0),
    )


def _read_overrides(fields: Fields, face: type[Face]) -> dict[str, Any]:
    """Read the vendor's fields: the known ones by their names, any others below ``fields``."""
    overrides = {name: fields.anything(name) for name in sorted(face.task_fields) if fields.has(name)}
    return {**overrides, **fields.mapping("fields", {})}


def _read_step(fields: Fields, face: type[Face], *, lasts: bool) -> Step:
    """Read one step; only the last one of a life without an end may leave out how long it lasts."""
    step = Step(
        state=fields.word("state"),
        seconds=fields.number("seconds") if lasts else fields.number("seconds", None),
        fields=_read_overrides(fields, face),
        without=fields.texts("without", []),
    )
    fields.done()
    return step


def _read_end(fields: Fields, face: type[Face]) -> Step:
    """Read how a task ends."""
    overrides = _read_overrides(fields, face)
    if face.has_failure_codes:
        code = fields.word("code", None)
        if code is not None:
            overrides = {**face.failure_fields(code), **overrides}
    step = Step(state=fields.word("state"), fields=overrides, without=fields.texts("without", []))
    fields.done()
    return step


def _read_launches(fields: Fields) -> dict[str, list[LaunchRule]]:
    """Read the rules per vendor, in their order."""
    rules: dict[str, list[LaunchRule]] = {}
    for entry in fields.children("launches"):
        face = _face(entry)
        conditions = entry.mapping("match", {})
        for path, wanted in conditions.items():
            if isinstance(wanted, str) and len(wanted) > 1 and wanted.startswith("/") and wanted.endswith("/"):
                try:
                    re.compile(wanted[1:-1])
                except re.error as error:
                    where = f"{entry.path_of('match')}.{path}"
                    raise ScenarioError(f"{where} is not a regular expression: {error}") from None
        count = entry.integer("count", None, minimum=1)
        rules.setdefault(face.name, []).append(LaunchRule(tuple(conditions.items()), _read_life(entry, face), count))
        entry.done()
    return rules


def _refuse_doubles(plans: Sequence[TaskPlan]) -> None:
    """Refuse two tasks of one vendor with the same ID."""
    seen: set[tuple[str, str]] = set()
    for position, plan in enumerate(plans):
        for task_id in plan.ids:
            if (plan.provider, task_id) in seen:
                raise ScenarioError(f"tasks[{position}].id is already the ID of another task: {task_id}")
            seen.add((plan.provider, task_id))
