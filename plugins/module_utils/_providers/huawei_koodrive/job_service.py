# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The batch tasks of ``/jobs``: copies, deletions, moves and more.

Facts: CreateJob, GetJobList, GetJobDetail and getBatchTask of the KooDrive API reference. The status 3 is canceled
here, and FAILED in ``/task``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ..._api.addresses import path_segment
from ..._core.clock import Deadline
from ..._core.errors import RejectedError
from ..._core.task import Task, TaskState, parse_time
from ..._provider.contract import TaskQuery
from ..._provider.description import ProviderDescription
from ..._provider.fields import ANYTHING, Kind, TaskFields, as_it_is, as_percent, at
from ..._provider.rest import Params, RestRequest, changed, whole_number
from .codes import is_gateways, job_error_of
from .service import CODE, ID, LOOSE, OPTIONAL_LIST, KooDriveProvider, as_code, envelope, type_of, without_contradiction

#: A completed job has its outcome in a second field, which stands after the slash here.
JOB_STATES: Mapping[str, TaskState] = {
    "0": TaskState.QUEUED,
    "1": TaskState.RUNNING,
    "2/1": TaskState.SUCCEEDED,
    "2/2": TaskState.FAILED,
    "2/3": TaskState.FAILED,
    "3": TaskState.CANCELLED,
}
JOB_TYPES: Mapping[str, str] = {
    "1": "copy",
    "2": "delete",
    "3": "move",
    "4": "restore",
    "5": "decompress",
    "6": "package_download",
    "7": "empty_recycle_bin",
}
_RESULTS = ("downloadUrl", "contentNum", "containerId")


def _as_time(value: object) -> datetime | None:
    """Read the 14 digits of a job's time. Their zone is not documented: they are taken for UTC."""
    found = re.fullmatch(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)", as_code(value), re.ASCII)
    return parse_time("{}-{}-{}T{}:{}:{}Z".format(*found.groups()) if found else value)


_TIME = Kind((), _as_time)
_OUTCOME = at("jobInfo.taskResultCode", CODE)
_RESULT_CODE = at("jobInfo.resultCode", CODE)
_ITEMS = at("taskInfos", Kind(("array",), as_it_is))
#: A job with its parts, which only a single job comes with.
FIELDS = TaskFields(
    _OUTCOME,
    _RESULT_CODE,
    _ITEMS,
    id=at("jobInfo.taskId", ID, needed=True),
    state=at("jobInfo.status", CODE, needed=True),
    type=at("jobInfo.taskType", type_of(JOB_TYPES)),
    percent=at("jobInfo.progress", Kind((), as_percent)),
    created_at=at("jobInfo.createTime", _TIME),
    started_at=at("jobInfo.beginTime", _TIME),
    finished_at=at("jobInfo.endTime", _TIME),
    owner=at("jobInfo.userId", LOOSE),
)


def job_from_json(raw: Any, description: ProviderDescription) -> Task:
    """Turn a job, {jobInfo, taskInfos}, into ours.

    Raises:
        BadAnswerError: it has no ID.
    """
    job, outcome = raw["jobInfo"], _OUTCOME.find(raw)
    word = as_code(job["status"])
    if word == "2":
        # "Completed" says nothing about success: only the outcome does.
        word = f"2/{outcome}" if outcome else "2 without taskResultCode"
    task = FIELDS.read({**raw, "jobInfo": {**job, "status": word}}, description)
    task, code = replace(task, raw=job), _RESULT_CODE.find(raw)
    if task.state is TaskState.FAILED:
        task = replace(task, error=job_error_of(outcome, code))
    task = without_contradiction(task, code)
    if not task.is_final:
        return task
    result = {key: job[key] for key in _RESULTS if job.get(key) is not None}
    items = _ITEMS.find(raw)
    return replace(task, result={**result, "taskInfos": items} if items else result or None)


class JobService(KooDriveProvider):
    """The adapter of ``/jobs``."""

    folder = "/jobs"
    task_at = at("data", ANYTHING)
    answer_schema = envelope(required=["data"])
    list_schema = envelope({"data": OPTIONAL_LIST}, required=["data"])
    fields = FIELDS
    type_parameter = "type"
    types = JOB_TYPES
    launch_path = "/jobs"
    launch_key = "data"

    def read_task(self, task_id: str, deadline: Deadline) -> Task:
        """Ask for one job, at the second address where the gateway has no such API: the documents print that one."""
        request, printed = self.task_request(task_id), RestRequest(f"/{path_segment(task_id)}")
        try:
            # Another thread can find the other address while this one asks at the first.
            return self.read_task_at(request, task_id, deadline)
        except RejectedError as error:
            if error.status != 404 or not is_gateways(error.code) or request == printed:
                raise
        task = self.read_task_at(printed, task_id, deadline)
        self.folder = ""
        return task

    def list_request(self, query: TaskQuery) -> RestRequest:
        """GET /jobs."""
        return RestRequest("/jobs", self.list_params(query, {"offset": "0", "limit": str(self.description.page_size)}))

    def to_task(self, raw: Any, known_id: str | None = None) -> Task:
        return job_from_json(raw, self.description)

    def find_entries(self, answer: Any) -> Sequence[Any]:
        """Return the list, of jobs without their parts."""
        return [{"jobInfo": job} for job in answer["data"] or ()]

    def next_params(self, answer: Any, params: Params, tasks: Sequence[Task], deadline: Deadline) -> Params | None:
        """Ask on from the next job. Nothing tells the end but an empty page."""
        offset = whole_number(params, "offset")
        if not answer["data"] or offset is None:
            return None
        return changed(params, "offset", str(offset + len(answer["data"])))

    def list_entry_lacks_something(self, task: Task) -> bool:
        """Whether it was completed: its parts, and perhaps its outcome, are told of a single job only."""
        return task.is_final or task.state is TaskState.UNKNOWN
