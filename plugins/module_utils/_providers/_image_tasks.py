# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The family of image task APIs: OpenStack Glance v2 and Rackspace Cloud Images, which grew from it.

The two differ in their logins, limits and failures; the shape of a task and of a list is the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .._api.addresses import check_url, plain_http_warning, with_path
from .._api.json_api import JsonApi
from .._api.login import Access
from .._core.clock import Deadline
from .._core.errors import BadAnswerError, OptionError
from .._core.task import Task, TaskState
from .._provider.contract import Launch, ProviderTools, TaskLauncher, TaskQuery
from .._provider.description import ProviderDescription
from .._provider.fields import ANYTHING, LIST, OBJECT, OBJECTS, PROSE, TIME, TaskFields, answers_with, at, dig
from .._provider.rest import Params, RestProvider, RestRequest, changed, whole_number, with_filters

STATES: Mapping[str, TaskState] = {
    "pending": TaskState.QUEUED,
    "processing": TaskState.RUNNING,
    "success": TaskState.SUCCEEDED,
    "failure": TaskState.FAILED,
}

#: A list's entries lack input, result and message. The API has no time of the end.
FIELDS = TaskFields(
    at("input", OBJECT),
    id=at("id", needed=True),
    state=at("status", needed=True),
    type=at("type"),
    message=at("message", PROSE),
    owner=at("owner"),
    result=at("result", ANYTHING),
    created_at=at("created_at", TIME),
    updated_at=at("updated_at", TIME),
    expires_at=at("expires_at", TIME),
)


def image_api_url(endpoint: str) -> str:
    """Return an image endpoint with its version: catalogues have it with and without."""
    return endpoint if re.search(r"/v2\.\d+$", endpoint) else with_path(endpoint, "/v2")


def image_access(endpoint: str, token: str) -> Access:
    """Return the access to an image endpoint with a token of its identity service."""
    return Access(image_api_url(endpoint), {"X-Auth-Token": token})


def catalogued_access(endpoint: str, token: str, tools: ProviderTools, login_url: str) -> Access:
    """Return it for an endpoint that the identity service named when it was asked at ``login_url``.

    Raises:
        BadAnswerError: the endpoint cannot be used.
    """
    try:
        endpoint = check_url("api_url", endpoint)
    except OptionError:
        raise BadAnswerError(
            "The address of the image service in the service catalogue cannot be used: give one as api_url",
            method="POST",
            url=login_url,
        ) from None
    warning = plain_http_warning(endpoint)
    if warning:
        tools.warn(warning)
    return image_access(endpoint, token)


def task_from_json(raw: Mapping[str, Any], description: ProviderDescription, known_id: str | None = None) -> Task:
    """Turn a task of the API into ours.

    No message is "" upstream, the word "None" or "" at Rackspace, or null. An ended task is not updated any more.
    """
    task = FIELDS.read(raw, description, known_id)
    message = None if task.message == "None" else task.message
    image = dig(raw, ("result", "image_id")) or dig(raw, ("input", "image_uuid"))
    name = dig(raw, ("input", "image_properties", "name"))
    return replace(
        task,
        name=name if isinstance(name, str) else None,
        message=message,
        error=description.error_for(message) if task.state is TaskState.FAILED else None,
        finished_at=task.updated_at if task.is_final else None,
        resource=image if isinstance(image, str) else None,
    )


#: Of the images, only what is looked at: which there are.
IMAGES_SCHEMA = answers_with(at("images", OBJECTS, needed=True), at("next"))
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


class ImageTaskProvider(RestProvider, TaskLauncher):
    """The adapter of both.

    ``listable_types`` are the types that the API can filter by, None for any. ``lists_end_quietly``: a list may
    have no ``next`` link although there is more of it, so that a full page has to be followed by its last ID.
    """

    fields = FIELDS
    entries_at = at("tasks", LIST, needed=True)
    list_schema = answers_with(entries_at, at("next"))

    def __init__(
        self,
        description: ProviderDescription,
        api: JsonApi,
        *,
        listable_types: frozenset[str] | None,
        lists_end_quietly: bool,
    ) -> None:
        super().__init__(description, api)
        self._listable_types = listable_types
        self._lists_end_quietly = lists_end_quietly

    def list_request(self, query: TaskQuery) -> RestRequest:
        """GET /v2/tasks. The API takes one status and one type; more are sorted out on our side."""
        own = {"limit": str(self.description.page_size)}
        state = self.raw_state_for(query)
        if state is not None:
            own["status"] = state
        if len(query.types) == 1 and (self._listable_types is None or query.types <= self._listable_types):
            own["type"] = next(iter(query.types))
        return RestRequest("/tasks", with_filters(own, query))

    def to_task(self, raw: Any, known_id: str | None = None) -> Task:
        return task_from_json(raw, self.description, known_id)

    def next_params(self, answer: Any, params: Params, tasks: Sequence[Task], deadline: Deadline) -> Params | None:
        """Follow the link, or the last ID of a full page."""
        if answer.get("next"):
            return self.link_params(answer["next"], deadline)
        limit = whole_number(params, "limit")
        if self._lists_end_quietly and tasks and limit is not None and len(tasks) >= limit:
            return changed(params, "marker", tasks[-1].id)
        return None

    def check_launch(self, launch: Launch, desired: Mapping[str, Any] | None) -> None:
        """Make sure that it is said what to do, and that an image can be desired of it."""
        if not launch.input:
            raise OptionError("input", "input is empty: say what to import or export, as the vendor documents it")
        if desired is not None and launch.type == "export":
            raise OptionError("desired", "desired describes an image, but an export creates none: omit it")
        odd = sorted(_NO_PROPERTIES & set(desired or ()))
        if odd:
            raise OptionError("desired", f"desired takes properties of an image, such as name, not {odd[0]}")

    def launch(self, launch: Launch, deadline: Deadline) -> str:
        """POST /v2/tasks, which answers with the task."""
        body = {"type": launch.type, "input": dict(launch.input)}
        raw = self.ask(RestRequest("/tasks", body=body, method="POST"), deadline, schema=FIELDS.schema)
        return str(raw["id"])

    @property
    def lists_lack_input(self) -> bool:
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

    def find_desired(self, launch: Launch, desired: Mapping[str, Any], deadline: Deadline) -> Mapping[str, Any] | None:
        """GET /v2/images: return an image with these properties. One that cannot be used yet is none."""
        properties = {**{name: str(value) for name, value in desired.items()}, "status": "active"}
        params: Params | None = tuple(properties.items())
        for _page in range(_MOST_PAGES):
            answer = self.ask(RestRequest("/images", params or ()), deadline, schema=IMAGES_SCHEMA)
            for image in answer["images"]:
                # A service that does not know a filter leaves it out.
                if all(name in image and str(image[name]) == value for name, value in properties.items()):
                    return dict(image)
            params = self.link_params(answer["next"], deadline) if answer.get("next") else None
            if params is None:
                return None
        raise BadAnswerError(f"{self.description.title} answered with a list of images that has no end")

    def list_entry_lacks_something(self, task: Task) -> bool:
        """Whether it ended: then its result and its message are needed, which a list does not have."""
        return task.is_final
