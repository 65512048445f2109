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
from typing import Any

from ..messages import BadJsonError, Request, Response
from ..tasks import Life, Moment, State, Step, Task
from ..validation import Fields
from .base import Face, Route, stable_uuid
from .glance_errors import glance_error
from .glance_images import ImageShelf, KnownImage, page_of_images, read_images

#: Seconds for which a task that has ended can still be read.
KEPT = 48 * 3600.0
LARGEST_PAGE = 100
STATES = ("pending", "processing", "success", "failure")
TYPES = ("import", "export")
ROLES = ("admin", "creator", "observer")
_DETAILS = ("input", "message", "result")


@dataclass(frozen=True)
class RackspaceCredentials:
    """Who may log in; ``token_lifetime`` is in seconds."""

    username: str
    api_key: str
    password: str
    tenant_id: str
    role: str
    token_lifetime: float
    api_tokens: tuple[str, ...]
    regions: tuple[str, ...]
    no_message: str
    no_result: str
    next_links: bool
    unknown_marker: str
    images: tuple[KnownImage, ...]


class RackspaceImages(Face):
    """The face of ``identity.api.rackspacecloud.com`` and of ``{region}.images.api.rackspacecloud.com`` in one."""

    name = "rackspace_images"
    base_paths = ("/v2.0", "/v2")
    task_fields = frozenset({"created_at", "expires_at", "input", "message", "owner", "result", "type", "updated_at"})
    has_failure_codes = True
    default_type = "import"
    default_steps = (Step("pending", 1.0), Step("processing", 2.0))
    default_end = Step("success")
    default_forgotten_after = KEPT
    credentials: RackspaceCredentials

    def begin(self) -> None:
        """Begin with the tokens that the scenario gives; those have no end."""
        self._sessions: dict[str, float | None] = dict.fromkeys(self.credentials.api_tokens)
        self._shelf = ImageShelf(
            self.credentials.images,
            self.credentials.tenant_id,
            self.utc,
            {"disk_format": "vhd", "container_format": "ovf"},
        )

    @classmethod
    def read_credentials(cls, fields: Fields) -> RackspaceCredentials:
        """Read one user with one tenant."""
        credentials = RackspaceCredentials(
            username=fields.text("username", "demo"),
            api_key=fields.text("api_key", "demo-key"),
            password=fields.text("password", "demo-password"),
            tenant_id=fields.text("tenant_id", "00000123"),
            role=fields.text("role", "admin", choices=ROLES),
            token_lifetime=fields.number("token_lifetime", 86400),
            api_tokens=tuple(fields.texts("api_tokens", ["demo-token"])),
            regions=tuple(fields.texts("regions", ["DFW", "ORD", "IAD"])),
            no_message=fields.text("no_message", "None"),
            no_result=fields.text("no_result", "absent", choices=("absent", "null")),
            next_links=fields.flag("next_links", default=False),
            unknown_marker=fields.text("unknown_marker", "empty", choices=("empty", "error")),
            images=read_images(fields),
        )
        if not credentials.regions:
            raise fields.error("must name at least one region", "regions")
        fields.done()
        return credentials

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
            Route("/v2.0/tokens", {"POST": self._log_in}),
            Route("/v2/tasks", {"GET": self._list, "POST": self._create}),
            Route("/v2/tasks/{id}", {"GET": self._show}),
            Route("/v2/images", {"GET": self._list_images}),
            Route("/v2/images/{id}", {"GET": self._show_image}),
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
        expires = self.now() + known.token_lifetime
        token = secrets.token_hex(20)
        self._sessions[token] = expires
        # Milliseconds are the vendor's; its tasks have whole seconds.
        until = self.instant(expires).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        account = f"MossoCloudFS_{known.tenant_id}"
        return {
            "access": {
                "token": {
                    "id": token,
                    "expires": until,
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

    def expire_sessions(self) -> None:
        """Forget all tokens, also those that the scenario gives."""
        self._sessions.clear()

    def unauthorized(self, request: Request) -> Response:
        """Return what the proxy in front of the vendor's services says (inferred)."""
        text = "No valid token provided. Please use the 'X-Auth-Token' header with a valid token."
        return Response.of_json(401, {"unauthorized": {"code": 401, "message": text}})

    def _has_token(self, request: Request) -> bool:
        token = request.header("X-Auth-Token")
        if token not in self._sessions:
            return False
        until = self._sessions[token]
        return until is None or self.now() < until

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
        if not self._has_token(request):
            return self.unauthorized(request)
        wanted = dict(request.parameters)
        numbers = {"limit": wanted.get("limit", str(LARGEST_PAGE)), "offset": wanted.get("offset", "0")}
        for name, text in numbers.items():
            if not (text.isascii() and text.isdigit() and len(text) < 10):
                return self.error(request, 400, f"{name} param must be an integer")
        limit, offset = min(int(numbers["limit"]), LARGEST_PAGE), int(numbers["offset"])
        now = self.now()
        own = [task for task in self.store.all() if task.owner == self.credentials.tenant_id]
        own.sort(key=lambda task: (task.born, task.id), reverse=wanted.get("sort_dir", "desc") != "asc")
        living = [(task, moment) for task in own if (moment := task.at(now)) is not None]
        marker = wanted.get("marker")
        if marker is not None:
            position = next((index for index, (task, _moment) in enumerate(living) if task.id == marker), None)
            if position is None and self.credentials.unknown_marker == "error":
                return self.error(request, 400, f"Task with the given id {marker} was not found")
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
        if not self._has_token(request):
            return self.unauthorized(request)
        task = self.store.get(values["id"])
        moment = task.at(self.now()) if task and task.owner == self.credentials.tenant_id else None
        if task is None or moment is None:
            return self.error(request, 404, f"No task found with ID {values['id']}")
        return Response.of_json(200, self.view(task, moment))

    def _create(self, request: Request, values: Mapping[str, str]) -> Response:
        if not self._has_token(request):
            return self.unauthorized(request)
        if self.credentials.role != "admin":
            return self.error(request, 403)
        if request.header("Content-Type").split(";")[0].strip().lower() != "application/json":
            return self.error(request, 415)
        try:
            body = request.json()
        except BadJsonError:
            return self.error(request, 400, "Malformed JSON in request body.")
        if not isinstance(body, Mapping):
            return self.error(request, 400, "The request body must be an object")
        for key in ("type", "input"):
            if key not in body:
                return self.error(request, 400, f"Task '{key}' is required")
        if body["type"] not in TYPES or not isinstance(body["input"], Mapping):
            return self.error(request, 400, "Provided object does not match schema 'task'")
        task = self.launch(body, body["type"], body["input"], self.credentials.tenant_id)
        return Response.of_json(201, self.view(task, self.at_launch(task)))

    # Images

    def is_task(self, document: Mapping[str, Any]) -> bool:
        """Tell tasks from images, which have an ID and a status too."""
        return super().is_task(document) and "file" not in document

    def _images(self) -> list[Any]:
        """Return the tenant's images, and public ones."""
        images = self._shelf.at(self.now(), self.store.all(), self.view)
        return [
            image for image in images if image["owner"] == self.credentials.tenant_id or image["visibility"] == "public"
        ]

    def _list_images(self, request: Request, values: Mapping[str, str]) -> Response:
        if not self._has_token(request):
            return self.unauthorized(request)
        query = dict(request.parameters)
        page = page_of_images(self._images(), query, default_page=LARGEST_PAGE, largest_page=LARGEST_PAGE)
        return self.error(request, 400, page) if isinstance(page, str) else page

    def _show_image(self, request: Request, values: Mapping[str, str]) -> Response:
        if not self._has_token(request):
            return self.unauthorized(request)
        image = next((image for image in self._images() if image["id"] == values["id"]), None)
        if image is None:
            return self.error(request, 404, f"No image found with ID {values['id']}")
        return Response.of_json(200, image)

    # Schemas

    def _task_schema(self, request: Request, values: Mapping[str, str]) -> Response:
        if not self._has_token(request):
            return self.unauthorized(request)
        return Response.of_json(200, {"name": "task", "properties": _schema_properties(details=True)})

    def _tasks_schema(self, request: Request, values: Mapping[str, str]) -> Response:
        if not self._has_token(request):
            return self.unauthorized(request)
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
