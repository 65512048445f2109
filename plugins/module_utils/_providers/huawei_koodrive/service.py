# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What both services of KooDrive have in common: how a field is written, how a list is asked for, how to launch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..._api.schemas import AnswerSchema
from ..._core.clock import Deadline
from ..._core.errors import BadAnswerError, NotFoundError, OptionError, RejectedError
from ..._core.task import Task, TaskState
from ..._provider.contract import Launch, TaskLauncher, TaskQuery
from ..._provider.fields import WORD, Kind, as_word
from ..._provider.rest import Params, RestProvider, RestRequest, with_filters
from .codes import NO_RESOURCE, is_none

TITLE = "Huawei Cloud KooDrive"


def as_code(value: object) -> str:
    """Return a number or a text as text, "" for anything else: documented as the one, codes are sent as the other."""
    return as_word(value) or ""


def as_id(value: object) -> str | None:
    """Return an ID as text.

    Raises:
        BadAnswerError: it came as a float, which cannot hold 19 digits.
    """
    if isinstance(value, float):
        raise BadAnswerError(f"{TITLE} answered with a task whose ID is not a whole number")
    return as_word(value)


CODE = Kind(WORD.types, as_code)
ID = Kind(WORD.types, as_id)
#: Of a field that is not worth losing a task for.
LOOSE = Kind((), as_word)
OPTIONAL_CODE = {"type": [*WORD.types, "null"]}
OPTIONAL_LIST = {"type": ["array", "null"]}


def type_of(types: Mapping[str, str]) -> Kind:
    """Return how a task's type is read: a number without a name stays one."""
    return Kind(WORD.types, lambda value: types.get(as_code(value), as_code(value)) or None)


def envelope(properties: Mapping[str, Any] | None = None, **keywords: Any) -> AnswerSchema:
    """Return the schema of an answer with these properties, around which a code can say that it is a refusal."""
    codes = {"code": OPTIONAL_CODE, "error_code": OPTIONAL_CODE}
    return AnswerSchema({"type": "object", "properties": {**codes, **(properties or {})}, **keywords})


def without_contradiction(task: Task, code: str) -> Task:
    """Return a task; one that succeeded with a result code is nothing that is documented.

    The code "is not returned when the task is successful".
    """
    if task.state is not TaskState.SUCCEEDED or is_none(code):
        return task
    raw_state = f"{task.raw_state} with resultCode {code}"
    return replace(task, state=TaskState.UNKNOWN, raw_state=raw_state, finished_at=None)


class KooDriveProvider(RestProvider, TaskLauncher):
    """An adapter of either service."""

    #: The query's word for the type, the names of the types, and where a launch has the new ID.
    type_parameter: str
    types: Mapping[str, str]
    launch_path: str
    launch_key: str

    def check_launch(self, launch: Launch, desired: Mapping[str, Any] | None) -> None:
        super().check_launch(launch, desired)
        if "taskType" in launch.input:
            raise OptionError("input", "input must not contain taskType: it follows from type")

    def launch(self, launch: Launch, deadline: Deadline) -> str:
        """POST /task/create or /jobs."""
        number = next(number for number, name in self.types.items() if name == launch.type)
        body = {**launch.input, "taskType": int(number)}
        key = self.launch_key
        schema = envelope({key: {"type": [*WORD.types], "pattern": r"\S"}}, required=[key])
        answer = self.ask(RestRequest(self.launch_path, body=body, method="POST"), deadline, schema=schema)
        return as_id(answer[key]) or ""

    def wrong_address(self, error: NotFoundError) -> RejectedError:
        """Return what it means that nothing is there. A code says so of what the request names, not of its address."""
        return error.turned_into(RejectedError) if error.code == NO_RESOURCE else super().wrong_address(error)

    def list_params(self, query: TaskQuery, paging: Mapping[str, str]) -> Params:
        """Return the query of a list's first page. How it takes several states or types is not documented."""
        own = dict(paging)
        words = {word.partition("/")[0] for word in self.description.raw_states(query.states)}
        is_told = all(self.description.raw_states(frozenset({state})) for state in query.states)
        if is_told and len(words) == 1:
            own["status"] = words.pop()
        numbers = [number for number, name in self.types.items() if name in query.types]
        if len(numbers) == len(query.types) == 1:
            own[self.type_parameter] = numbers[0]
        return with_filters(own, query)
