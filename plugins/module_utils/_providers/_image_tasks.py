# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The family of image task APIs: OpenStack Glance v2 and Rackspace Cloud Images, which grew from it.

The two differ in their logins, limits and failures; the shape of a task and of a list is the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from .._api.addresses import path_segment
from .._api.json_api import JsonApi
from .._api.schemas import AnswerSchema
from .._core.clock import Deadline
from .._core.errors import BadAnswerError, OptionError
from .._core.task import Task, TaskState, parse_time
from .._core.text import readable
from .._provider.contract import Launch, TaskPage, TaskProvider, TaskQuery, dig
from .._provider.description import ProviderDescription

STATES: Mapping[str, TaskState] = {
    "pending": TaskState.QUEUED,
    "processing": TaskState.RUNNING,
    "success": TaskState.SUCCEEDED,
    "failure": TaskState.FAILED,
}

_TEXT = {"type": ["string", "null"]}
_TASK = {
    "type": "object",
    "required": ["id", "status"],
    "properties": {
        "id": {"type": "string", "minLength": 1},
        "status": {"type": "string"},
        "type": _TEXT,
        "message": _TEXT,
        "owner": _TEXT,
        "created_at": _TEXT,
        "updated_at": _TEXT,
        "expires_at": _TEXT,
        "input": {"type": ["object", "null"]},
    },
}
TASK_SCHEMA = AnswerSchema(_TASK)
LIST_SCHEMA = AnswerSchema(
    {
        "type": "object",
        "required": ["tasks"],
        "properties": {"tasks": {"type": "array", "items": _TASK}, "next": _TEXT},
    },
)
#: Of the images, only what is looked at: which there are.
IMAGES_SCHEMA = AnswerSchema(
    {
        "type": "object",
        "required": ["images"],
        "properties": {"images": {"type": "array", "items": {"type": "object"}}, "next": _TEXT},
    },
)


def image_api_url(endpoint: str) -> str:
    """Return an image endpoint with its version: catalogues have it with and without."""
    endpoint = endpoint.rstrip("/")
    return endpoint if re.search(r"/v2(\.\d+)?$", endpoint) else f"{endpoint}/v2"


def task_from_json(raw: Mapping[str, Any], description: ProviderDescription) -> Task:
    """Turn a task of the API into ours.

    A list's entries lack ``input``, ``result`` and ``message``. No message is "" upstream, the word "None" or ""
    at Rackspace, or null.
    """
    state = description.state_of(raw["status"])
    message = readable(raw.get("message") or "")
    failed = state is TaskState.FAILED
    updated_at = parse_time(raw.get("updated_at"))
    image = dig(raw, ("result", "image_id")) or dig(raw, ("input", "image_uuid"))
    name = dig(raw, ("input", "image_properties", "name"))
    said = message if message not in ("", "None") else None
    return Task(
        id=raw["id"],
        provider=description.name,
        state=state,
        raw_state=raw["status"],
        name=name if isinstance(name, str) else None,
        type=raw.get("type"),
        message=said,
        error=description.error_for(said) if failed else None,
        result=raw.get("result"),
        created_at=parse_time(raw.get("created_at")),
        updated_at=updated_at,
        # The API has no time of the end; an ended task is not updated any more.
        finished_at=updated_at if state.is_final else None,
        expires_at=parse_time(raw.get("expires_at")),
        owner=raw.get("owner"),
        resource=image if isinstance(image, str) else None,
        raw=raw,
    )


#: Words of a query for images that are no properties of an image, and the one that is always asked for.
_NO_PROPERTIES = frozenset(
    {
        *("limit", "marker", "member_status", "size_max", "size_min"),
        *("sort", "sort_dir", "sort_key", "status", "tag"),
    }
)
#: More pages of images than these are a list without an end.
_MOST_PAGES = 1000


def same_json(one: object, other: object) -> bool:
    """Whether two values are the same in JSON, where true is not 1."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same_json(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_json, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and one == other


class ImageTaskProvider(TaskProvider):
    """The adapter of both.

    ``listable_types`` are the types that the API can filter by, None for any. ``lists_end_quietly``: a list may
    have no ``next`` link although there is more of it, so that a full page has to be followed by its last id.
    """

    def __init__(
        self,
        description: ProviderDescription,
        api: JsonApi,
        *,
        listable_types: frozenset[str] | None,
        lists_end_quietly: bool,
    ) -> None:
        super().__init__(description)
        self._api = api
        self._listable_types = listable_types
        self._lists_end_quietly = lists_end_quietly

    def read_task(self, task_id: str, deadline: Deadline) -> Task:
        """GET /v2/tasks/{id}."""
        raw = self._api.get(f"/tasks/{path_segment(task_id)}", deadline, schema=TASK_SCHEMA)
        if raw["id"].casefold() != task_id.casefold():
            raise BadAnswerError(f"{self.description.title} was asked for task {task_id} and answered with another one")
        return task_from_json({**raw, "id": task_id}, self.description)

    def read_page(self, query: TaskQuery, cursor: str | None, deadline: Deadline) -> TaskPage:
        """GET /v2/tasks. The cursor is the query of the next page."""
        params = self._params(query) if cursor is None else tuple(parse_qsl(cursor, keep_blank_values=True))
        answer = self._api.get("/tasks", deadline, params=params, schema=LIST_SCHEMA)
        tasks = tuple(task_from_json(raw, self.description) for raw in answer["tasks"])
        link = answer.get("next")
        if link:
            self._api.check_link(link, deadline)
            # Only the query is used: behind a proxy the link's path lacks the prefix that the endpoint has.
            return TaskPage(tasks, urlsplit(link).query)
        limit = dict(params).get("limit", "")
        if self._lists_end_quietly and tasks and limit.isdecimal() and len(tasks) >= int(limit):
            rest = [(name, value) for name, value in params if name != "marker"]
            return TaskPage(tasks, urlencode([*rest, ("marker", tasks[-1].id)]))
        return TaskPage(tasks)

    def check_launch(self, launch: Launch, desired: Mapping[str, Any] | None) -> None:
        """Make sure that it is said what to do, and that an image can be desired of it."""
        if not launch.input:
            raise OptionError("input", "input is empty: say what to import or export, as the vendor documents it")
        if desired is not None and launch.type == "export":
            raise OptionError("desired", "desired asks for images, and an export makes none: leave it away")
        odd = sorted(_NO_PROPERTIES & set(desired or ()))
        if odd:
            raise OptionError("desired", f"desired takes properties of an image, such as name, and not {odd[0]}")

    def launch(self, launch: Launch, deadline: Deadline) -> str:
        """POST /v2/tasks, which answers with the task."""
        body = {"type": launch.type, "input": dict(launch.input)}
        raw = self._api.call("POST", "/tasks", deadline, body=body, schema=TASK_SCHEMA)
        return str(raw["id"])

    @property
    def lists_lack_input(self) -> bool:
        """Always."""
        return True

    def launch_query(self, launch: Launch) -> TaskQuery:
        """Return the tasks of its type, where the API can tell them apart."""
        listable = self._listable_types is None or launch.type in self._listable_types
        return TaskQuery(types=frozenset({launch.type}) if listable else frozenset())

    def is_launch(self, launch: Launch, task: Task) -> bool:
        """Whether it was launched with the same input. The service may have added to that, but not to a part of it."""
        known = task.raw.get("input")
        if task.type != launch.type or not launch.input or not isinstance(known, Mapping):
            return False
        return all(name in known and same_json(known[name], value) for name, value in launch.input.items())

    def find_desired(
        self,
        launch: Launch,  # noqa: ARG002 - whatever made it, the image is there
        desired: Mapping[str, Any],
        deadline: Deadline,
    ) -> Mapping[str, Any] | None:
        """GET /v2/images: return an image with these properties. One that cannot be used yet is none."""
        properties = {**{name: str(value) for name, value in desired.items()}, "status": "active"}
        params: tuple[tuple[str, str], ...] = tuple(properties.items())
        for _page in range(_MOST_PAGES):
            answer = self._api.get("/images", deadline, params=params, schema=IMAGES_SCHEMA)
            for image in answer["images"]:
                # A service that does not know a filter leaves it out.
                if all(name in image and str(image[name]) == value for name, value in properties.items()):
                    return dict(image)
            link = answer.get("next")
            if not link:
                return None
            self._api.check_link(link, deadline)
            params = tuple(parse_qsl(urlsplit(link).query, keep_blank_values=True))
        raise BadAnswerError(f"{self.description.title} answered with a list of images that has no end")

    def close(self, deadline: Deadline) -> None:
        """Give the login back."""
        self._api.close(deadline)

    def list_entry_lacks_something(self, task: Task) -> bool:
        """Whether it ended: then its result and its message are desired, which a list does not have."""
        return task.is_final

    def _params(self, query: TaskQuery) -> tuple[tuple[str, str], ...]:
        params = {"limit": str(self.description.page_size)}
        words = self.description.raw_states(query.states)
        # The API takes one status and one type; more are sorted out on our side.
        if len(words) == 1 and len(query.states) == 1:
            params["status"] = words[0]
        if len(query.types) == 1 and (self._listable_types is None or query.types <= self._listable_types):
            params["type"] = next(iter(query.types))
        given = {name for name, _value in query.filters}
        return (*((name, value) for name, value in params.items() if name not in given), *query.filters)
