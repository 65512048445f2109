# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenStack: Glance's tasks at ``/image/v2/tasks``, the images they make, and Keystone at ``/identity/v3``.

Confirmed on a real Glance: routes with their odd Allow headers, the checks of filters, limit and marker, links without
the mount's prefix, a full last page that still has ``next``, expired tasks that only a list sweeps away (and that an
administrator can still read), 403 for everybody else, imports whose errors show only later, launches that stay pending
for ever. Confirmed by Glance's sources: every user of a project may list its images, administrators those of all.
Inferred: the body of 401, the words that refuse a source on the local network, the list of versions.
"""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Callable
from urllib.parse import urlencode, urlsplit

from ..messages import BadJsonError, Request, Response
from ..tasks import LaunchRule, Life, Moment, Step, Task
from ..validation import Fields
from .base import Face, Route, is_uuid_like, stable_uuid
from .glance_errors import glance_error
from .glance_images import ImageShelf, page_of_images
from .keystone import IDENTITY, IMAGE, Keystone, OpenStackCredentials, Session, keystone_error, keystone_unauthorized

#: Seconds from a task's end until a list may sweep it away.
KEPT = 48 * 3600.0
DEFAULT_PAGE = 25
LARGEST_PAGE = 1000
STATES = ("pending", "processing", "success", "failure")
TYPES = ("import", "api_image_import", "location_import")
SORT_KEYS = ("created_at", "expires_at", "id", "owner", "status", "type", "updated_at")
_DETAILS = ("input", "message", "result", "image_id", "request_id", "user_id")
_NO_DELETE = (
    "This operation is currently not permitted on Glance Tasks. "
    "They are auto deleted after reaching the time based on their expires_at property."
)
_NO_ACCESS = "You are not authorized to complete tasks_api_access action."


class OpenStackImages(Face):
    """The face of a small cloud with the two services a task's client needs."""

    name = "openstack_images"
    base_paths = (IDENTITY, IMAGE)
    task_fields = frozenset(
        {
            "created_at",
            "expires_at",
            "image_id",
            "input",
            "message",
            "owner",
            "request_id",
            "result",
            "type",
            "updated_at",
            "user_id",
        }
    )
    default_type = "import"
    default_steps = (Step("pending", 1.0), Step("processing", 2.0))
    default_end = Step("success")
    credentials: OpenStackCredentials

    def __init__(
        self,
        credentials: OpenStackCredentials,
        launches: Sequence[LaunchRule],
        now: Callable[[], float],
        epoch: float,
    ) -> None:
        """Set Keystone up in front of Glance."""
        self._keystone = Keystone(credentials, now, self._microseconds)
        super().__init__(credentials, launches, now, epoch)
        self._shelf = ImageShelf(credentials.images, self.default_owner(), self.utc, {})

    def _microseconds(self, instant: float) -> str:
        """Write an instant in Keystone's way."""
        return self.instant(instant).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    @classmethod
    def read_credentials(cls, fields: Fields) -> OpenStackCredentials:
        """Read users, application credentials and ready-made tokens."""
        return OpenStackCredentials.read(fields)

    @classmethod
    def default_input(cls, task_type: str) -> Any:
        """Return an input that a real Glance accepts."""
        del task_type
        return {
            "import_from": "https://images.example.com/disk.qcow2",
            "import_from_format": "qcow2",
            "image_properties": {"name": "disk", "disk_format": "qcow2", "container_format": "bare"},
        }

    def routes(self) -> Sequence[Route]:
        """Return the paths of both services."""
        # The handlers' order is the order of the Allow header; a real one names DELETE although DELETE answers 405.
        return (
            *self._keystone.routes(),
            Route(IMAGE, {"GET": self._root}),
            Route(f"{IMAGE}/versions", {"GET": self._versions}),
            Route(f"{IMAGE}/v2", {"GET": self._root}),
            Route(f"{IMAGE}/v2/tasks", {"GET": self._list, "POST": self._create}),
            Route(f"{IMAGE}/v2/tasks/{{id}}", {"GET": self._show, "DELETE": self._delete}),
            Route(f"{IMAGE}/v2/images", {"GET": self._list_images}),
            Route(f"{IMAGE}/v2/images/{{id}}", {"GET": self._show_image}),
            Route(f"{IMAGE}/v2/schemas/task", {"GET": self._task_schema}),
            Route(f"{IMAGE}/v2/schemas/tasks", {"GET": self._tasks_schema}),
        )

    def default_owner(self) -> str:
        """Return the project of the first user."""
        return self.credentials.users[0].project_id

    def default_launch(self, task_type: str, task_input: Any) -> Life:
        """Let bad inputs end as they do on a real Glance."""
        if task_type == "api_image_import":
            # Its worker dies over an input that the API did not make itself; nobody ever ends the task.
            return Life((Step("pending"),))
        for name in ("import_from", "import_from_format", "image_properties"):
            if name not in task_input:
                text = f"Input does not contain '{name}' field"
                return Life(self.default_steps, Step("failure", fields={"message": text}))
        return self.default_life()

    # Answers

    def answer(self, request: Request) -> Response:
        """Add the request's id, which both services send with every answer."""
        response = super().answer(request)
        response.headers["X-Openstack-Request-Id"] = f"req-{uuid.uuid4()}"
        return response

    def error(self, request: Request, status: int, text: str = "") -> Response:
        """Return the error in the shape of the service whose path it is."""
        if request.path.startswith(IDENTITY):
            return keystone_error(status, text)
        return glance_error(request, status, text)

    def unauthorized(self, request: Request) -> Response:
        """Return the 401 of Keystone's middleware."""
        return keystone_unauthorized(request)

    def expire_sessions(self) -> None:
        """Forget all tokens."""
        self._keystone.expire_sessions()

    # Discovery

    @staticmethod
    def _version_list(request: Request) -> dict[str, Any]:
        versions = ["v2.17", "v2.16", "v2.15", "v2.14", "v2.9", "v2.7", "v2.6", "v2.5", "v2.4", "v2.3", "v2.2", "v2.1"]
        link = {"rel": "self", "href": f"{request.base_url}{IMAGE}/v2/"}
        return {
            "versions": [
                {"id": name, "status": "CURRENT" if position == 0 else "SUPPORTED", "links": [link]}
                for position, name in enumerate([*versions, "v2.0"])
            ]
        }

    def _root(self, request: Request, values: Mapping[str, str]) -> Response:
        del values
        return Response.of_json(300, self._version_list(request))

    def _versions(self, request: Request, values: Mapping[str, str]) -> Response:
        del values
        return Response.of_json(200, self._version_list(request))

    # Tasks

    def document(self, task: Task, moment: Moment) -> dict[str, Any]:
        """Return a task as Glance shows it."""
        document = {
            "id": task.id,
            "type": task.type,
            "status": moment.state,
            "owner": task.owner,
            "input": task.input,
            "message": "",
            "result": None,
            "created_at": self.utc(task.born),
            # The sweep writes to the row, so a swept task looks as if it had changed.
            "updated_at": self.utc(task.swept_at if task.swept_at is not None else task.born + moment.since),
            "self": f"/v2/tasks/{task.id}",
            "schema": "/v2/schemas/task",
        }
        if moment.ended:
            document["expires_at"] = self.utc(task.born + moment.since + KEPT)
            if moment.state == "success":
                document["result"] = {"image_id": stable_uuid("image", task.id)}
        return document

    def _admitted(self, request: Request) -> tuple[Session | None, Response | None]:
        """Return who asks, or why they get no answer."""
        session = self._keystone.session_of(request)
        if session is None:
            return None, self.unauthorized(request)
        everyone = self.credentials.tasks_api_access == "everyone" and session.scoped
        if not everyone and not self._is_admin(session):
            return None, self.error(request, 403, _NO_ACCESS)
        return session, None

    @staticmethod
    def _is_admin(session: Session) -> bool:
        return session.scoped and "admin" in session.user.roles

    def _sees(self, session: Session, task: Task) -> bool:
        return self._is_admin(session) or task.owner == session.user.project_id

    def _sweep(self, session: Session, now: float) -> None:
        """Delete the asking project's expired tasks softly; on a real Glance only lists do so."""
        for task in self.store.all():
            if task.swept_at is None and task.owner == session.user.project_id:
                moment = task.at(now)
                if moment is not None and moment.ended and now >= task.born + moment.since + KEPT:
                    task.swept_at = now

    def _list(self, request: Request, values: Mapping[str, str]) -> Response:
        del values
        session, refusal = self._admitted(request)
        if session is None or refusal is not None:
            return refusal or self.unauthorized(request)
        query = dict(request.parameters)
        problem = self._query_problem(query)
        if problem:
            return self.error(request, 400, problem)
        now = self.now()
        self._sweep(session, now)
        limit = min(int(query.get("limit", DEFAULT_PAGE)), LARGEST_PAGE)
        visible = self._visible(session, query, now)
        marker = query.get("marker")
        if marker:
            position = next((index for index, (task, _moment) in enumerate(visible) if task.id == marker), None)
            if position is None:
                return self.error(request, 400, f"Task with the given id {marker} was not found")
            visible = visible[position + 1 :]
        filters = {key: query[key] for key in ("status", "type", "owner", "id") if key in query}
        page: list[dict[str, Any]] = []
        for task, moment in visible:
            if len(page) == limit:
                break
            row = self.view(task, moment)
            if all(str(row.get(key)) == value for key, value in filters.items()):
                page.append({key: value for key, value in row.items() if key not in _DETAILS})
        parameters = {key: value for key, value in query.items() if key != "marker"}
        first = f"/v2/tasks?{urlencode(parameters)}" if parameters else "/v2/tasks"
        body: dict[str, Any] = {"tasks": page, "first": first, "schema": "/v2/schemas/tasks"}
        if page and len(page) == limit:
            body["next"] = f"/v2/tasks?{urlencode({**parameters, 'marker': page[-1]['id']})}"
        return Response.of_json(200, body)

    @staticmethod
    def _query_problem(query: Mapping[str, str]) -> str:
        """Return why a list's parameters are refused; empty when they are good."""
        limit = query.get("limit")
        if limit is not None:
            try:
                number = int(limit)
            except ValueError:
                return "limit param must be an integer"
            if number < 0:
                return "limit param must be positive"
        if query.get("sort_dir", "desc") not in ("asc", "desc"):
            return f"Invalid sort direction: {query['sort_dir']}"
        # An empty filter passes the check and then finds nothing.
        if query.get("status") and query["status"] not in STATES:
            return f"Invalid status value: {query['status']}"
        # The check of types was never taught the newer ones.
        if query.get("type") and query["type"] != "import":
            return f"Invalid type value: {query['type']}"
        if query.get("marker") and not is_uuid_like(query["marker"]):
            return "Invalid marker format"
        if query.get("sort_key", "created_at") not in SORT_KEYS:
            return "Sort key supplied was not valid."
        return ""

    def _visible(self, session: Session, query: Mapping[str, str], now: float) -> list[tuple[Task, Moment]]:
        """Return all tasks the asking user sees, in the order asked for; equal ones newest first, then by id."""
        sort_key, downwards = query.get("sort_key", "created_at"), query.get("sort_dir", "desc") == "desc"
        visible = [
            (task, moment)
            for task in self.store.all()
            if self._sees(session, task) and task.swept_at is None and (moment := task.at(now)) is not None
        ]
        visible.sort(key=lambda pair: (pair[0].born, pair[0].id), reverse=downwards)
        if sort_key != "created_at":
            visible.sort(key=lambda pair: str(self.view(*pair).get(sort_key) or ""), reverse=downwards)
        return visible

    def _show(self, request: Request, values: Mapping[str, str]) -> Response:
        session, refusal = self._admitted(request)
        if session is None or refusal is not None:
            return refusal or self.unauthorized(request)
        task = self.store.get(values["id"])
        moment = task.at(self.now()) if task and self._sees(session, task) else None
        if task is None or moment is None or (task.swept_at is not None and not self._is_admin(session)):
            return self.error(request, 404, f"Could not find task {values['id']}")
        return Response.of_json(200, self.view(task, moment))

    def _delete(self, request: Request, values: Mapping[str, str]) -> Response:
        del values
        if self._keystone.session_of(request) is None:
            return self.unauthorized(request)
        response = glance_error(request, 405, _NO_DELETE, bare=True)
        response.headers["Allow"] = "GET"
        return response

    # Launches

    def _create(self, request: Request, values: Mapping[str, str]) -> Response:
        del values
        session, refusal = self._admitted(request)
        if session is None or refusal is not None:
            return refusal or self.unauthorized(request)
        try:
            body = request.json()
        except BadJsonError:
            return self.error(request, 400, "Malformed JSON in request body.")
        problem = self._launch_problem(body)
        if problem:
            return self.error(request, 400, problem)
        task = self.launch(body, body["type"], body["input"], session.user.project_id)
        # The service itself does not know under which prefix it is mounted.
        location = f"{request.base_url}/v2/tasks/{task.id}"
        return Response.of_json(201, self.view(task, self.at_launch(task)), {"Location": location})

    @staticmethod
    def _launch_problem(body: Any) -> str:
        """Return why a launch is refused at once; empty when it becomes a task."""
        if not isinstance(body, Mapping):
            return "Provided object does not match schema 'task'"
        for name in ("type", "input"):
            if name not in body:
                return f"Task '{name}' is required"
        if body["type"] not in TYPES:
            return (
                f"Provided object does not match schema 'task': {body['type']!r} is not one of {list(TYPES)!r} "
                "Failed validating 'enum' in schema['properties']['type']"
            )
        if not isinstance(body["input"], Mapping):
            return "Provided object does not match schema 'task': input is not of type 'object'"
        if body["type"] == "import" and "import_from" in body["input"]:
            return _source_problem(body["input"]["import_from"])
        return ""

    # Images

    def is_task(self, document: Mapping[str, Any]) -> bool:
        """Tell tasks from images, which have an id and a status too."""
        return super().is_task(document) and "file" not in document

    def _images_of(self, session: Session) -> list[Any]:
        """Return the images that a user sees: those of the own project, and public ones."""
        images = self._shelf.at(self.now(), self.store.all(), self.view) if session.scoped else []
        return [
            image
            for image in images
            if self._is_admin(session)
            or image["owner"] == session.user.project_id
            or image["visibility"] in ("public", "community")
        ]

    def _list_images(self, request: Request, values: Mapping[str, str]) -> Response:
        del values
        session = self._keystone.session_of(request)
        if session is None:
            return self.unauthorized(request)
        page = page_of_images(
            self._images_of(session),
            dict(request.parameters),
            default_page=DEFAULT_PAGE,
            largest_page=LARGEST_PAGE,
        )
        return self.error(request, 400, page) if isinstance(page, str) else page

    def _show_image(self, request: Request, values: Mapping[str, str]) -> Response:
        session = self._keystone.session_of(request)
        if session is None:
            return self.unauthorized(request)
        image = next((image for image in self._images_of(session) if image["id"] == values["id"]), None)
        if image is None:
            return self.error(request, 404, f"No image found with ID {values['id']}")
        return Response.of_json(200, image)

    # Schemas

    def _task_schema(self, request: Request, values: Mapping[str, str]) -> Response:
        del values
        if self._keystone.session_of(request) is None:
            return self.unauthorized(request)
        return Response.of_json(200, {"name": "task", "properties": _schema_properties(details=True)})

    def _tasks_schema(self, request: Request, values: Mapping[str, str]) -> Response:
        del values
        if self._keystone.session_of(request) is None:
            return self.unauthorized(request)
        item = {"name": "task", "properties": _schema_properties(details=False)}
        body = {
            "name": "tasks",
            "properties": {
                "tasks": {"type": "array", "items": item},
                "first": {"type": "string"},
                "next": {"type": "string"},
                "schema": {"type": "string"},
            },
            "links": [
                {"rel": "first", "href": "{first}"},
                {"rel": "next", "href": "{next}"},
                {"rel": "describedby", "href": "{schema}"},
            ],
        }
        return Response.of_json(200, body)


def _source_problem(source: Any) -> str:
    """Return why Glance would not fetch from this address; empty when it would."""
    if not isinstance(source, str) or not source:
        return f"Invalid location: {source}"
    if source.startswith("file://"):
        return "File based imports are not allowed. Please use a non-local source of image data."
    if not source.startswith(("http://", "https://")):
        return (
            "The given uri is not valid. Please specify a valid uri from the following list of supported uri "
            "['http', 'https']"
        )
    try:
        host = urlsplit(source).hostname or ""
    except ValueError:
        host = ""
    local = host in ("", "localhost")
    try:
        address = ipaddress.ip_address(host)
        local = local or address.is_loopback or address.is_link_local or address.is_unspecified
    except ValueError:
        pass
    return "The given URI does not pass the import filters: its host is not allowed." if local else ""


def _schema_properties(*, details: bool) -> dict[str, Any]:
    """Return the properties of Glance's task schema, whole or as a stub."""
    plain = {"type": "string"}
    pattern = "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$"
    properties: dict[str, Any] = {
        "id": {"description": "The task's id", "pattern": pattern, **plain},
        "type": {"description": "What kind of task it is", "enum": list(TYPES), **plain},
        "status": {"description": "The task's state", "enum": list(STATES), **plain},
        "input": {"description": "What the task was asked to do", "type": ["null", "object"]},
        "result": {"description": "What the task left behind", "type": ["null", "object"]},
        "owner": {"description": "The project that owns the task", **plain},
        "message": {"description": "Progress or the reason of a failure", **plain},
        "image_id": {"description": "The image the task works on", **plain},
        "request_id": {"description": "The request that started the task", **plain},
        "user_id": {"description": "The user who started the task", **plain},
        "expires_at": {"description": "When the task may be deleted", "type": ["null", "string"]},
        "created_at": {"description": "When the task was created", **plain},
        "updated_at": {"description": "When the task last changed", **plain},
        "self": plain,
        "schema": plain,
    }
    return {key: value for key, value in properties.items() if details or key not in _DETAILS}
