# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks of ``/task``: transfers of a user's files, imports of users.

Facts: getTaskDetail, getTaskLIst and createTask of the KooDrive API reference.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..._core.clock import Deadline
from ..._core.task import Task, TaskState, parse_time
from ..._provider.contract import Launch, TaskQuery
from ..._provider.description import ProviderDescription
from ..._provider.fields import Kind, TaskFields, as_word, at
from ..._provider.rest import Params, RestRequest, changed
from .codes import error_of, is_none
from .service import (
    CODE,
    ID,
    LOOSE,
    OPTIONAL_CODE,
    OPTIONAL_LIST,
    KooDriveProvider,
    envelope,
    type_of,
    without_contradiction,
)

TASK_STATES: Mapping[str, TaskState] = {
    "0": TaskState.QUEUED,
    "1": TaskState.RUNNING,
    "2": TaskState.SUCCEEDED,
    "3": TaskState.FAILED,
}
#: taskType -> a name for it.
TASK_TYPES: Mapping[str, str] = {"0": "transfer", "1": "user_import"}

_TIME = Kind((), parse_time)
_RESULT_CODE = at("resultCode", CODE)
#: ``msg`` is about the request and not about the task. The list of the documents' example leaves the code out.
FIELDS = TaskFields(
    _RESULT_CODE,
    id=at("taskId", ID, needed=True),
    state=at("status", CODE, needed=True),
    name=at("taskName", LOOSE),
    type=at("taskType", type_of(TASK_TYPES)),
    created_at=at("createTime", _TIME),
    started_at=at("startTime", _TIME),
    finished_at=at("endTime", _TIME),
    owner=at("userId", LOOSE),
)


def task_from_json(raw: Any, description: ProviderDescription) -> Task:
    """Turn a task of ``/task`` into ours.

    Raises:
        BadAnswerError: it has no ID.
    """
    task, code = FIELDS.read(raw, description), _RESULT_CODE.find(raw)
    if task.state is TaskState.FAILED:
        return replace(task, error=error_of(code))
    return without_contradiction(task, code)


def _same(one: object, other: object) -> bool:
    """Whether two values are the same, which may each be a number or a text."""
    words = as_word(one), as_word(other)
    if None in words or isinstance(one, bool) or isinstance(other, bool):
        return type(one) is type(other) and one == other
    return words[0] == words[1]


class TaskService(KooDriveProvider):
    """The adapter of ``/task``."""

    folder = "/task"
    answer_schema = envelope()
    #: The reference's table says taskList, its example taskListDtos.
    list_schema = envelope(
        {"taskList": OPTIONAL_LIST, "taskListDtos": OPTIONAL_LIST, "nextCursor": OPTIONAL_CODE},
        anyOf=[{"required": ["taskList"]}, {"required": ["taskListDtos"]}],
    )
    fields = FIELDS
    type_parameter = "taskType"
    types = TASK_TYPES
    launch_path = "/task/create"
    launch_key = "taskId"

    def list_request(self, query: TaskQuery) -> RestRequest:
        """GET /task/list."""
        return RestRequest("/task/list", self.list_params(query, {"pageSize": str(self.description.page_size)}))

    def to_task(self, raw: Any, known_id: str | None = None) -> Task:
        return task_from_json(raw, self.description)

    def find_entries(self, answer: Any) -> Sequence[Any]:
        return answer.get("taskList") or answer.get("taskListDtos") or ()

    def next_params(self, answer: Any, params: Params, tasks: Sequence[Task], deadline: Deadline) -> Params | None:
        """Follow the cursor: the end has none."""
        cursor = as_word(answer.get("nextCursor"))
        return changed(params, "pageCursor", cursor) if cursor else None

    def is_launch(self, launch: Launch, task: Task) -> bool:
        """Whether its initParams, which only lists tell, have all that was given. Their form is not documented."""
        given = task.raw.get("initParams")
        try:
            known = json.loads(given) if isinstance(given, str) else given
        except (ValueError, RecursionError):
            return False
        if task.type != launch.type or not isinstance(known, Mapping) or not launch.input:
            return False
        return all(name in known and _same(known[name], value) for name, value in launch.input.items())

    def list_entry_lacks_something(self, task: Task) -> bool:
        """Whether it ended without a result code, which explains a failure and contradicts a success.

        The list of the documents' example leaves it out.
        """
        return task.is_final and is_none(_RESULT_CODE.find(task.raw))
