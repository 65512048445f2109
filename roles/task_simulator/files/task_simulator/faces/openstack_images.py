# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenStack: Glance's tasks at ``/image/v2/tasks``, the images they make, and Keystone at ``/identity/v3``.

Confirmed on a real Glance 33, with which ``tests/real_servers/test_simulated_glance.py`` compares this file request by
request: routes with their odd Allow headers, versions and schemas, the checks of filters, limit and marker in their
order, links without the mount's prefix, a full last page that still has ``next``, expired tasks that only a list sweeps
away (and that an administrator can still read), 403 for everybody else, launches that are refused and those that fail
only later, the words of both, 401 and 500. Confirmed by Glance's sources: every user of a project may list its images,
administrators those of all. Inferred: Keystone's bodies.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..messages import Request, Response
from ..tasks import Life, Moment, Step, Task
from ..validation import Fields
from .base import Handler, RefusedError, Route, stable_uuid
from .glance_checks import check_columns, check_query, fits, later_problem, read_launch, split_query
from .glance_errors import glance_error
from .glance_images import ImageFace, page_of
from .glance_schemas import SCHEMAS
from .keystone import IDENTITY, IMAGE, Keystone, OpenStackCredentials, Session, keystone_error, keystone_unauthorized

#: Seconds from a task's end until a list may sweep it away.
KEPT = 48 * 3600.0
#: The newest minor version and the others; each of them is a path too.
VERSIONS = {
    f"v2.{minor}": "CURRENT" if minor == 17 else "SUPPORTED"
    for minor in (15, 13, 12, 11, 10, 9, 8, 17, 7, 6, 5, 4, 3, 2, 1, 0)
}
_DETAILS = ("input", "message", "result", "image_id", "request_id", "user_id")
_REQUEST_ID = "X-Openstack-Request-Id"
_NO_DELETE = (
    "This operation is currently not permitted on Glance Tasks. "
    "They are auto deleted after reaching the time based on their expires_at property."
)
#: What is said below a namespace of metadata definitions, of which there are none.
_NO_NAMESPACE = {
    **dict.fromkeys(("", "/objects"), "Metadata definition namespace={} was not found."),
    **dict.fromkeys(("/properties", "/resource_types", "/tags"), "Namespace {} not found"),
}
_NO_ACCESS = "You are not authorized to complete tasks_api_access action."


class OpenStackImages(ImageFace):
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
    default_page = 25
    largest_page = 1000
    credentials: OpenStackCredentials

    def begin(self) -> None:
        """Set Keystone up in front of Glance."""
        self._keystone = Keystone(self.credentials, self.now, self._microseconds)
        #: The request and the user that launched a task.
        self._launched_by: dict[str, tuple[str, str]] = {}

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
            Route(f"{IMAGE}/v2/tasks", {"GET": self._list, "POST": self._create}),
            Route(f"{IMAGE}/v2/tasks/{{id}}", {"GET": self._show, "DELETE": self._delete}),
            *self.image_routes(f"{IMAGE}/v2"),
            Route(f"{IMAGE}/v2/metadefs/namespaces", {"GET": self._list_namespaces}),
            *(
                Route(f"{IMAGE}/v2/metadefs/namespaces/{{id}}{below}", {"GET": self._missing(words)})
                for below, words in _NO_NAMESPACE.items()
            ),
            Route(f"{IMAGE}/v2/metadefs/resource_types", {"GET": self._fixed({"resource_types": []})}),
            *(Route(f"{IMAGE}/v2/schemas/{name}", {"GET": self._fixed(schema)}) for name, schema in SCHEMAS.items()),
        )

    def default_owner(self) -> str:
        """Return the project of the first user."""
        return self.credentials.users[0].project_id

    def default_launch(self, task_type: str, task_input: Any) -> Life:
        """Let bad inputs end as they do on a real Glance."""
        text = later_problem(task_type, task_input)
        return Life(self.default_steps, Step("failure", fields={"message": text})) if text else self.default_life()

    # Answers

    def answer(self, request: Request) -> Response:
        """Add the request's ID, which both services send with every answer."""
        number = f"req-{uuid.uuid4()}"
        request = replace(request, headers={**request.headers, _REQUEST_ID: number})
        response = self._answer_glance(request) if request.path.startswith(IMAGE) else super().answer(request)
        response.headers[_REQUEST_ID] = number
        return response

    def _answer_glance(self, request: Request) -> Response:
        """Choose the API by the first segment of the path: what is no version gets the list of versions."""
        version, slash, rest = request.path[len(IMAGE) :].lstrip("/").partition("/")
        if version == "versions":
            return Response.of_json(200, self._version_list(request))
        if version not in ("v2", *VERSIONS):
            return Response.of_json(300, self._version_list(request))
        if self._keystone.session_of(request) is None:
            return self.unauthorized(request)
        if not slash:
            return Response(
                302, {"Location": f"{request.base_url}{IMAGE}/v2/", "Content-Type": "text/plain; charset=utf8"}
            )
        if rest.endswith("/"):
            return self.error(request, 404)
        return super().answer(replace(request, path=f"{IMAGE}/v2/{rest.lstrip('/')}"))

    def error(self, request: Request, status: int, text: str = "") -> Response:
        """Return the error in the shape of the service whose path it is."""
        if request.path.startswith(IDENTITY):
            return keystone_error(status, text)
        return glance_error(request, status, text)

    def unauthorized(self, request: Request) -> Response:
        """Return the 401 of the service whose path it is; Keystone's middleware leaves it to Glance to say so."""
        response = keystone_unauthorized(request)
        if request.path.startswith(IDENTITY):
            return response
        challenge = response.headers["WWW-Authenticate"]
        response = self.error(request, 401)
        response.headers["WWW-Authenticate"] = challenge
        return response

    def expire_sessions(self) -> None:
        """Forget all tokens."""
        self._keystone.expire_sessions()

    # Discovery

    @staticmethod
    def _version_list(request: Request) -> dict[str, Any]:
        links = [{"rel": "self", "href": f"{request.base_url}{IMAGE}/v2/"}]
        return {"versions": [{"id": name, "status": status, "links": links} for name, status in VERSIONS.items()]}

    # Tasks

    def document(self, task: Task, moment: Moment) -> dict[str, Any]:
        """Return a task as Glance shows it."""
        given = task.input if isinstance(task.input, Mapping) else {}
        users = (user.id for user in self.credentials.users if user.project_id == task.owner)
        request_id, user_id = self._launched_by.get(task.id) or (
            f"req-{stable_uuid('request', task.id)}",
            next(users, self.credentials.users[0].id),
        )
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
            "request_id": request_id,
            "user_id": user_id,
        }
        if given.get("image_id"):
            document["image_id"] = given["image_id"]
        if moment.ended:
            document["expires_at"] = self.utc(task.born + moment.since + KEPT)
            if moment.state == "success":
                document["result"] = {"image_id": stable_uuid("image", task.id)}
        return document

    def _session(self, request: Request) -> Session:
        session = self._keystone.session_of(request)
        if session is None:
            raise RefusedError(status=401)
        return session

    def _session_for_tasks(self, request: Request) -> Session:
        """Return who asks, where that is somebody who may see tasks."""
        session = self._session(request)
        everyone = self.credentials.tasks_api_access == "everyone" and session.scoped
        if not everyone and not self._is_admin(session):
            raise RefusedError(_NO_ACCESS, 403)
        return session

    @staticmethod
    def _is_admin(session: Session) -> bool:
        return session.scoped and "admin" in session.user.roles

    def _sees(self, session: Session, task: Task) -> bool:
        return self._is_admin(session) or task.owner == session.user.project_id

    def _expired(self, session: Session, now: float) -> list[Task]:
        """Return the asking project's tasks that a list deletes, softly; on a real Glance only lists do so."""
        return [
            task
            for task, moment in self.living()
            if task.swept_at is None
            and task.owner == session.user.project_id
            and moment.ended
            and now >= task.born + moment.since + KEPT
        ]

    def _list(self, request: Request, values: Mapping[str, str]) -> Response:
        session = self._session_for_tasks(request)
        paging, filters = split_query(request.parameters)
        check_query(paging, filters)
        # The marker is looked for after the sweep, which is undone when the request is refused.
        expired = self._expired(session, self.now())
        if "marker" in paging:
            self._check_marker(session, paging["marker"], expired)
        check_columns(paging, filters)
        for task in expired:
            task.swept_at = self.now()
        limit = min(int(paging.get("limit", self.default_page)), self.largest_page)
        page: list[dict[str, Any]] = []
        for task, moment in self._after(session, paging):
            if len(page) == limit:
                break
            row = self.view(task, moment)
            if task.swept_at is None and fits(row, filters):
                page.append({key: value for key, value in row.items() if key not in _DETAILS})
        return Response.of_json(200, page_of(dict(request.parameters), "tasks", page, limit))

    def _check_marker(self, session: Session, marker: str, expired: Sequence[Task]) -> None:
        """Refuse a marker that the asking user cannot see; an administrator sees those that were swept away too."""
        found = self.found(marker)
        is_gone = found is not None and (found[0].swept_at is not None or found[0] in expired)
        if found is None or (is_gone and not self._is_admin(session)):
            raise RefusedError(f"Task with the given id {marker} was not found")
        if not self._sees(session, found[0]):
            raise RefusedError(f"Forbidding request, task {marker} is not visible", 403)

    def _after(self, session: Session, paging: Mapping[str, str]) -> list[tuple[Task, Moment]]:
        """Return the tasks after the marker, in the order asked for; equal ones newest first, then by ID."""
        sort_key, downwards = paging.get("sort_key", "created_at"), paging.get("sort_dir", "desc") == "desc"
        ordered = [pair for pair in self.living() if self._sees(session, pair[0])]
        ordered.sort(key=lambda pair: (pair[0].born, pair[0].id), reverse=downwards)
        if sort_key != "created_at":
            ordered.sort(key=lambda pair: str(self.view(*pair).get(sort_key) or ""), reverse=downwards)
        if "marker" in paging:
            del ordered[: [task.id for task, _moment in ordered].index(paging["marker"]) + 1]
        return ordered

    def _show(self, request: Request, values: Mapping[str, str]) -> Response:
        session, found = self._session_for_tasks(request), self.found(values["id"])
        is_hidden = found and (not self._sees(session, found[0]) or found[0].swept_at is not None)
        if found is None or (is_hidden and not self._is_admin(session)):
            raise RefusedError(f"Could not find task {values['id']}", 404)
        return Response.of_json(200, self.view(*found))

    def _delete(self, request: Request, values: Mapping[str, str]) -> Response:
        response = glance_error(request, 405, _NO_DELETE, bare=True)
        response.headers["Allow"] = "GET"
        return response

    # Launches

    def _create(self, request: Request, values: Mapping[str, str]) -> Response:
        session = self._session_for_tasks(request)
        body = read_launch(request)
        task = self.launch(body, body["type"], body["input"], session.user.project_id)
        self._launched_by[task.id] = (request.header(_REQUEST_ID), session.user.id)
        # The service itself does not know under which prefix it is mounted.
        location = f"{request.base_url}/v2/tasks/{task.id}"
        return Response.of_json(201, self.view(task, self.at_launch(task)), {"Location": location})

    # Images

    def visible_images(self, request: Request) -> list[Any]:
        """Return the images that a user sees: those of the own project, and public ones."""
        session = self._session(request)
        return [
            image
            for image in (self.images() if session.scoped else [])
            if self._is_admin(session)
            or image["owner"] == session.user.project_id
            or image["visibility"] in ("public", "community")
        ]

    # Schemas and metadata definitions

    @staticmethod
    def _fixed(body: Mapping[str, Any]) -> Handler:
        return lambda _request, _values: Response.of_json(200, body)

    def _missing(self, words: str) -> Handler:
        return lambda request, values: self.error(request, 404, words.format(values["id"]))

    @staticmethod
    def _list_namespaces(request: Request, values: Mapping[str, str]) -> Response:
        return Response.of_json(200, page_of(dict(request.parameters), "metadefs/namespaces", [], 0))
