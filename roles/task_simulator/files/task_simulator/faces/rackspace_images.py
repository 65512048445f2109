# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rackspace Cloud Images: Identity v2, the image tasks below ``/v2`` and the images they make.

Confirmed by the vendor's documents and functional tests: login and its error bodies, the token's milliseconds against
the tasks' whole seconds, stubs in lists, 201 for a launch even with a bad input, 405 for DELETE, 404 for another
tenant's task, pages of at most 100, the message "None", expires_at 48 hours after the end and only then, the wire form
of code 396, lists of images with ``next`` that compare an image's fields. Inferred: the bodies of errors other than
Identity's, the same wire form for the other codes, that an expired task answers 404, what comes with 413, and an
imported image's formats. Facts on which sources disagree are options of ``credentials``. The vendor's own images are
not played.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from ..messages import BadJsonError, Request, Response
from ..tasks import Life, Moment, State, Step, Task
from ..validation import Fields, option
from .base import RefusedError, Route, stable_uuid
from .glance_errors import glance_error
from .glance_images import ImageFace, KnownImage, read_images

#: Seconds for which a task that has ended can still be read.
KEPT = 48 * 3600.0
LARGEST_PAGE = 100
STATES = ("pending", "processing", "success", "failure")
TYPES = ("import", "export")
ROLES = ("admin", "creator", "observer")
_DETAILS = ("input", "message", "result")


def _read_regions(fields: Fields, name: str) -> Sequence[str]:
    regions = fields.texts(name, ["DFW", "ORD", "IAD"])
    if not regions:
        raise fields.error("must name at least one region", name)
    return regions


@dataclass(frozen=True)
class RackspaceCredentials:
    """Who may log in; ``token_lifetime`` is in seconds."""

    username: str = option(Fields.text, "demo")
    api_key: str = option(Fields.text, "demo-key")
    password: str = option(Fields.text, "demo-password")
    tenant_id: str = option(Fields.text, "00000123")
    role: str = option(Fields.text, "admin", choices=ROLES)
    token_lifetime: float = option(Fields.number, 86400)
    api_tokens: Sequence[str] = option(Fields.texts, ["demo-token"])
    regions: Sequence[str] = option(_read_regions)
    no_message: str = option(Fields.text, "None")
    no_result: str = option(Fields.text, "absent", choices=("absent", "null"))
    next_links: bool = option(Fields.flag, default=False)
    unknown_marker: str = option(Fields.text, "empty", choices=("empty", "error"))
    images: Sequence[KnownImage] = option(read_images)


class RackspaceImages(ImageFace):
    """The face of ``identity.api.rackspacecloud.com`` and of ``{region}.images.api.rackspacecloud.com`` in one."""

    name = "rackspace_images"
    base_paths = ("/v2.0", "/v2")
    task_fields = frozenset({"created_at", "expires_at", "input", "message", "owner", "result", "type", "updated_at"})
    has_failure_codes = True
    default_type = "import"
    default_steps = (Step("pending", 1.0), Step("processing", 2.0))
    default_end = Step("success")
    default_forgotten_after = KEPT
    default_page = largest_page = LARGEST_PAGE
    image_properties: ClassVar[Mapping[str, Any]] = {"disk_format": "vhd", "container_format": "ovf"}
    credentials_type = RackspaceCredentials
    credentials: RackspaceCredentials

    @classmethod
    def failure_fields(cls, code: State) -> dict[str, Any]:
        """Word a documented import code as it was seen on the wire for 396."""
        return {"message": f"Image cannot be imported. Error code: '{code}'"}

    @classmethod
    def default_input(cls, task_type: str) -> Any:
        """Return the input of the vendor's own examples."""
        if task_type == "export":
            return {
                "image_uuid": "ca5e7f11-5d57-4dd7-8ace-03ab647fe6c6",
                "receiving_swift_container": "exports",
            }
        return {
            "image_properties": {"name": "My excellent custom image"},
            "import_from": "exports/my-excellent-image.vhd",
        }

    def routes(self) -> Sequence[Route]:
        """Return Identity's one path and those of the tasks."""
        return (
            Route("/v2.0/tokens", {"POST": self._log_in}, is_login=True),
            Route("/v2/tasks", {"GET": self._list, "POST": self._create}),
            Route("/v2/tasks/{id}", {"GET": self._show}),
            *self.image_routes("/v2"),
            Route("/v2/schemas/task", {"GET": self._task_schema}),
            Route("/v2/schemas/tasks", {"GET": self._tasks_schema}),
        )

    def default_owner(self) -> str:
        """Return the tenant of the one user."""
        return self.credentials.tenant_id

    def default_launch(self, task_type: str, task_input: Any) -> Life:
        """Let an import with properties that the vendor does not take fail later, as its tests show (201 first)."""
        properties = task_input.get("image_properties") if isinstance(task_input, Mapping) else None
        if task_type == "import" and isinstance(properties, Mapping) and set(properties) - {"name"}:
            text = "Unsupported element in image_properties, please consult the documentation."
            return Life(self.default_steps, Step("failure", fields={"message": text}), self.default_forgotten_after)
        return self.default_life()

    # Identity

    def _log_in(self, request: Request, values: Mapping[str, str]) -> Response:
        try:
            auth = request.json()["auth"]
            if "RAX-KSKEY:apiKeyCredentials" in auth:
                given = auth["RAX-KSKEY:apiKeyCredentials"]
                username, secret, method = given["username"], given["apiKey"], "APIKEY"
            else:
                given = auth["passwordCredentials"]
                username, secret, method = given["username"], given["password"], "PASSWORD"
            words = f"{username}\0{secret}" if isinstance(username, str) and isinstance(secret, str) else ""
        except (BadJsonError, KeyError, TypeError):
            words = ""
        if not words:
            text = "Invalid request body: unable to parse Auth data. Please review XML or JSON formatting."
            return Response.of_json(400, {"badRequest": {"code": 400, "message": text}})
        right = self.credentials.api_key if method == "APIKEY" else self.credentials.password
        if not secrets.compare_digest(words.encode(), f"{self.credentials.username}\0{right}".encode()):
            text = "Unable to authenticate user with credentials provided."
            return Response.of_json(401, {"unauthorized": {"code": 401, "message": text}})
        return Response.of_json(200, self._access(request, method))

    def _access(self, request: Request, method: str) -> dict[str, Any]:
        """Return the body of a good login with a new token and the service catalogue."""
        known = self.credentials
        token = secrets.token_hex(20)
        until = self.instant(self.sessions.begin(token, known.token_lifetime))
        account = f"MossoCloudFS_{known.tenant_id}"
        return {
            "access": {
                "token": {
                    "id": token,
                    # Milliseconds are the vendor's; its tasks have whole seconds.
                    "expires": until.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                    "tenant": {"id": known.tenant_id, "name": known.tenant_id},
                    "RAX-AUTH:authenticatedBy": [method],
                },
                "serviceCatalog": [
                    # A second service, because a client has to choose the right one.
                    {
                        "name": "cloudFiles",
                        "type": "object-store",
                        "endpoints": [
                            {
                                "region": region,
                                "tenantId": account,
                                "publicURL": f"{request.base_url}/v1/{account}",
                                "internalURL": f"{request.base_url}/v1/{account}",
                            }
                            for region in known.regions
                        ],
                    },
                    {
                        "name": "cloudImages",
                        "type": "image",
                        "endpoints": [
                            {"region": region, "tenantId": known.tenant_id, "publicURL": f"{request.base_url}/v2"}
                            for region in known.regions
                        ],
                    },
                ],
                "user": {
                    "id": stable_uuid("user", known.username).replace("-", "")[:20],
                    "name": known.username,
                    "roles": [{"id": "3", "name": "identity:user-admin", "description": "User Admin Role."}],
                    "RAX-AUTH:defaultRegion": known.regions[0],
                },
            }
        }

    def unauthorized(self, request: Request) -> Response:
        """Return what the proxy in front of the vendor's services says (inferred)."""
        text = "No valid token provided. Please use the 'X-Auth-Token' header with a valid token."
        return Response.of_json(401, {"unauthorized": {"code": 401, "message": text}})

    def is_admitted(self, request: Request) -> bool:
        """Tell whether a request has a token."""
        return request.header("X-Auth-Token") in self.sessions

    # Tasks

    def document(self, task: Task, moment: Moment) -> dict[str, Any]:
        """Return the object of the vendor's examples."""
        document = {
            "created_at": self.utc(task.born),
            "id": task.id,
            "input": task.input,
            "message": self.credentials.no_message,
            "owner": task.owner,
            "schema": "/v2/schemas/task",
            "self": f"/v2/tasks/{task.id}",
            "status": moment.state,
            "type": task.type,
            "updated_at": self.utc(task.born + moment.since),
        }
        if self.credentials.no_result == "null":
            document["result"] = None
        if moment.ended:
            document["expires_at"] = self.utc(task.born + moment.since + KEPT)
            if moment.state == "success":
                document["result"] = self._result(task)
        return document

    @staticmethod
    def _result(task: Task) -> dict[str, str]:
        """Return what a successful task leaves behind."""
        if task.type == "export":
            given = task.input if isinstance(task.input, Mapping) else {}
            container = given.get("receiving_swift_container", "exports")
            return {"export_location": f"{container}/{given.get('image_uuid', task.id)}.vhd"}
        return {"image_id": stable_uuid("image", task.id)}

    def _list(self, request: Request, values: Mapping[str, str]) -> Response:
        wanted = dict(request.parameters)
        numbers = {"limit": wanted.get("limit", str(LARGEST_PAGE)), "offset": wanted.get("offset", "0")}
        for name, text in numbers.items():
            if not (text.isascii() and text.isdigit() and len(text) < 10):
                raise RefusedError(f"{name} param must be an integer")
        limit, offset = min(int(numbers["limit"]), LARGEST_PAGE), int(numbers["offset"])
        living = [pair for pair in self.living() if pair[0].owner == self.credentials.tenant_id]
        living.sort(key=lambda pair: (pair[0].born, pair[0].id), reverse=wanted.get("sort_dir", "desc") != "asc")
        marker = wanted.get("marker")
        if marker is not None:
            position = next((index for index, (task, _moment) in enumerate(living) if task.id == marker), None)
            if position is None and self.credentials.unknown_marker == "error":
                raise RefusedError(f"Task with the given id {marker} was not found")
            living = [] if position is None else living[position + 1 :]
        stubs = list(itertools.islice(self._stubs(living, wanted), offset, offset + limit))
        body: dict[str, Any] = {"first": "/v2/tasks", "schema": "/v2/schemas/tasks", "tasks": stubs}
        if self.credentials.next_links and stubs and len(stubs) == limit:
            body["next"] = f"/v2/tasks?limit={limit}&marker={stubs[-1]['id']}"
        return Response.of_json(200, body)

    def _stubs(self, living: Iterable[tuple[Task, Moment]], wanted: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        """Return what a list shows of the tasks that fit; a rehearsed state is found under its own name."""
        for task, moment in living:
            stub = self.view(task, moment)
            if all(str(stub.get(key)) == wanted[key] for key in ("type", "status") if key in wanted):
                yield {key: value for key, value in stub.items() if key not in _DETAILS}

    def _show(self, request: Request, values: Mapping[str, str]) -> Response:
        task = self.found(values["id"])
        if task is None or task[0].owner != self.credentials.tenant_id:
            raise RefusedError(f"No task found with ID {values['id']}", 404)
        return Response.of_json(200, self.view(*task))

    def _create(self, request: Request, values: Mapping[str, str]) -> Response:
        if self.credentials.role != "admin":
            raise RefusedError(status=403)
        if request.header("Content-Type").split(";")[0].strip().lower() != "application/json":
            raise RefusedError(status=415)
        try:
            body = request.json()
        except BadJsonError:
            raise RefusedError("Malformed JSON in request body.") from None
        if not isinstance(body, Mapping):
            raise RefusedError("The request body must be an object")
        for key in ("type", "input"):
            if key not in body:
                raise RefusedError(f"Task '{key}' is required")
        if body["type"] not in TYPES or not isinstance(body["input"], Mapping):
            raise RefusedError("Provided object does not match schema 'task'")
        task = self.launch(body, body["type"], body["input"], self.credentials.tenant_id)
        return Response.of_json(201, self.view(task, self.at_launch(task)))

    # Images

    def visible_images(self, request: Request) -> list[Any]:
        """Return the tenant's images, and public ones."""
        own = self.credentials.tenant_id
        return [image for image in self.images() if image["owner"] == own or image["visibility"] == "public"]

    # Schemas

    def _task_schema(self, request: Request, values: Mapping[str, str]) -> Response:
        return Response.of_json(200, {"name": "task", "properties": _schema_properties(details=True)})

    def _tasks_schema(self, request: Request, values: Mapping[str, str]) -> Response:
        item = {"name": "task", "properties": _schema_properties(details=False)}
        body = {
            "name": "tasks",
            "links": [{"href": "{schema}", "rel": "describedby"}],
            "properties": {"schema": {"type": "string"}, "tasks": {"type": "array", "items": item}},
        }
        return Response.of_json(200, body)

    # Errors

    def error(self, request: Request, status: int, text: str = "") -> Response:
        """Return Identity's JSON below ``/v2.0``, Glance's page below ``/v2`` (both inferred for most codes)."""
        if request.path.startswith("/v2.0"):
            names = {400: "badRequest", 404: "itemNotFound", 405: "badMethod", 503: "serviceUnavailable"}
            name = names.get(status, "identityFault")
            return Response.of_json(status, {name: {"code": status, "message": text or "The request failed."}})
        return glance_error(request, status, text)

    def over_limit(self, request: Request, retry_after: str | None) -> Response:
        """Return 413, which is this vendor's word for too many requests."""
        body = {"code": 413, "message": "OverLimit Retry...", "details": "Error Details..."}
        response = Response.of_json(413, {"overLimit": body})
        if retry_after is not None:
            response.headers["Retry-After"] = retry_after
            response.payload["overLimit"]["retryAfter"] = retry_after
        return response


def _schema_properties(*, details: bool) -> dict[str, Any]:
    """Return the properties of the vendor's task schema, whole or as a stub."""
    plain = {"type": "string"}
    properties: dict[str, Any] = {
        "created_at": {"description": "When the task was created", **plain},
        "expires_at": {"description": "When the task can no longer be read", **plain},
        "id": {"description": "The task's id", **plain},
        "input": {"description": "What the task was asked to do", "type": "object"},
        "message": {"description": "Why the task failed", **plain},
        "owner": {"description": "The tenant that owns the task", **plain},
        "result": {"description": "What the task left behind", "type": "object"},
        "schema": plain,
        "self": plain,
        "status": {"description": "The task's state", "enum": list(STATES), **plain},
        "type": {"description": "What kind of task it is", "enum": list(TYPES), **plain},
        "updated_at": {"description": "When the task's state last changed", **plain},
    }
    return {key: value for key, value in properties.items() if details or key not in _DETAILS}
