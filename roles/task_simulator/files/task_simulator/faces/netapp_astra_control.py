# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""NetApp Astra Control: tasks below ``/accounts/{account}/core/v1`` and the one launch that makes backups.

Confirmed by the published OpenAPI description (24.02) and the pages around it: paths, bearer tokens that never end and
can be revoked, the task's fields and states, include, limit and filter as the only parameters, arrays for ``include``,
numbered problems with a status as text, content types and the ETag, 201 with the Location of the backup and no ID of a
task.
Inferred: that unknown parameters get problem 6, malformed ones problem 5, wrong accounts problem 18, other types in
Accept problem 32, that conditions joined by commas must all hold, how ``in`` writes its values, the order of a list.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Callable

from ..messages import JSON, BadJsonError, Request, Response
from ..tasks import LaunchRule, Moment, State, Step, Task
from ..validation import Fields
from .base import Face, Route, stable_uuid

PROBLEM = "application/problem+json"
TASK_TYPE = "application/astra-task"
BACKUP_TYPE = "application/astra-appBackup"
NOBODY = "00000000-0000-0000-0000-000000000000"
ROLES = ("owner", "admin", "member", "viewer")
#: Number: HTTP status, title and detail.
PROBLEMS: Mapping[int, tuple[int, str, str]] = {
    1: (404, "Resource not found", "The resource specified in the request URI wasn't found."),
    2: (404, "Collection not found", "The collection specified in the request URI wasn't found."),
    3: (401, "Missing bearer token", "The request is missing the required bearer token."),
    4: (401, "Invalid bearer token", "The bearer token provided is invalid, revoked, or doesn't exist."),
    5: (400, "Invalid query parameters", "The supplied query parameters are invalid."),
    6: (400, "Query parameters not supported", "The supplied query parameters aren't supported for this endpoint."),
    11: (403, "Operation not permitted", "The requested operation isn't permitted."),
    18: (404, "Account not found", "The account isn't found."),
    24: (503, "Service unavailable", "The service is unavailable."),
    32: (406, "Unsupported content type", "The response can't be returned in the requested format."),
    33: (400, "Invalid account ID", "The specified account ID isn't in the appropriate format."),
    34: (500, "Internal server error", "The server was unable to process this request."),
    35: (400, "Invalid resource ID", "The resource ID isn't in the appropriate format."),
    40: (502, "Communication failed", "Communication wasn't made with downstream services."),
    69: (405, "Method not supported", "The requested method isn't supported for the specified resource."),
}
#: What a bare status is told as.
_USUAL = {400: 5, 401: 4, 403: 11, 404: 1, 405: 69, 406: 32, 500: 34, 502: 40, 503: 24}
#: What a scenario may say of a task for all of its life, as its ``input``.
_CONSTANT = (
    *("summary", "description", "service", "parentTaskID", "userID"),
    *("resourceID", "resourceURI", "resourceCollectionURI", "orderHint"),
)
_CHANGING = ("percentDone", "stateDetails", "startTime", "endTime", "cancelTime", "stateTransitions", "metadata")
_TRANSITIONS = [{"from": "running", "to": ["paused", "cancelled"]}, {"from": "paused", "to": ["running", "cancelled"]}]
_FINAL = ("completed", "failed", "cancelled")
_IDENTIFIER = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-(4[0-9a-f]{3}-[89ab]|5[0-9a-f]{3}-[0-9a-f])[0-9a-f]{3}-[0-9a-f]{12}|" + NOBODY
)
_INCLUDE = re.compile(r"[0-9a-zA-Z]+(,[0-9a-zA-Z]+)*")
_LIMIT = re.compile(r"[1-9][0-9]{0,8}")
_CONDITION = re.compile(r"([0-9a-zA-Z.]+) (eq|lt|gt|lte|gte|in) '([0-9a-zA-Z.,:_@ {}\"-]+)'")
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda found, wanted: bool(found == wanted),
    "lt": lambda found, wanted: bool(found < wanted),
    "gt": lambda found, wanted: bool(found > wanted),
    "lte": lambda found, wanted: bool(found <= wanted),
    "gte": lambda found, wanted: bool(found >= wanted),
}


@dataclass(frozen=True)
class AstraCredentials:
    """One account, and the tokens of its one user."""

    account_id: str
    api_tokens: tuple[str, ...]
    role: str


class NetappAstraControl(Face):
    """The face of ``astra.netapp.io`` and of a self-hosted Astra Control Center, which have the same API."""

    name = "netapp_astra_control"
    base_paths = ("/accounts",)
    state_field = "state"
    task_fields = frozenset({*_CONSTANT, *_CHANGING})
    has_failure_codes = True
    default_type = "astra.backup"
    default_steps = (Step("notStarted", 1.0), Step("running", 2.0))
    default_end = Step("completed")
    credentials: AstraCredentials

    def __init__(
        self,
        credentials: AstraCredentials,
        launches: Sequence[LaunchRule],
        now: Callable[[], float],
        epoch: float,
    ) -> None:
        """Begin with the tokens that the scenario gives; those have no end."""
        super().__init__(credentials, launches, now, epoch)
        self._tokens = set(credentials.api_tokens)

    @classmethod
    def read_credentials(cls, fields: Fields) -> AstraCredentials:
        """Read one account with one user."""
        credentials = AstraCredentials(
            account_id=fields.text("account_id", "fdaa655c-15ab-4d34-aa61-1e9098e67be0"),
            api_tokens=tuple(fields.texts("api_tokens", ["demo-token"])),
            role=fields.text("role", "owner", choices=ROLES),
        )
        if not _IDENTIFIER.fullmatch(credentials.account_id):
            raise fields.error("must be a UUID of version 4 or 5 in lower case", "account_id")
        fields.done()
        return credentials

    @classmethod
    def failure_fields(cls, code: State) -> dict[str, Any]:
        """Write a number as a state detail's type, ``problems/24`` as that problem."""
        kind, _slash, number = str(code).rpartition("/")
        kind = kind or "stateDetails"
        known = PROBLEMS.get(int(number)) if kind == "problems" and number.isdecimal() else None
        title, detail = known[1:] if known else ("Task failed", "The task ended with an error.")
        return {
            "stateDetails": [{"type": f"https://astra.netapp.io/{kind}/{number}", "title": title, "detail": detail}]
        }

    def routes(self) -> Sequence[Route]:
        """Return the paths of the tasks and the one that makes a backup."""
        return (
            Route("/accounts/{account_id}/core/v1/tasks", {"GET": self._list}),
            Route("/accounts/{account_id}/core/v1/tasks/{id}", {"GET": self._show}),
            Route("/accounts/{account_id}/k8s/v1/apps/{app_id}/appBackups", {"POST": self._back_up}),
        )

    def default_owner(self) -> str:
        """Return the one user."""
        return stable_uuid("astra-user", self.credentials.account_id)

    # Who asks

    def expire_sessions(self) -> None:
        """Revoke all tokens."""
        self._tokens.clear()

    def unauthorized(self, request: Request) -> Response:
        """Return what a revoked token gets."""
        del request
        return _problem(4)

    def _refusal(self, request: Request, values: Mapping[str, str], media_type: str = "") -> Response | None:
        """Return why a request is not answered; None when it is."""
        scheme, _space, token = request.header("Authorization").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return _problem(3)
        if token not in self._tokens:
            return _problem(4)
        accepted = {part.split(";")[0].strip().lower() for part in request.header("Accept").split(",")}
        if not accepted & {"", "*/*", "application/*", JSON, f"{media_type}+json".lower()}:
            return _problem(32)
        if not _IDENTIFIER.fullmatch(values["account_id"]):
            return _problem(33)
        if values["account_id"] != self.credentials.account_id:
            return _problem(18)
        return None

    # Tasks

    def document(self, task: Task, moment: Moment) -> dict[str, Any]:
        """Return a task; what never changes in it comes from its input."""
        given = task.input if isinstance(task.input, Mapping) else {}
        resource = stable_uuid("astra-resource", task.id)
        uri = f"/accounts/{self.credentials.account_id}/k8s/v1/apps/{stable_uuid('astra-app')}/appBackups/{resource}"
        changed = self.utc(task.born + moment.since)
        document: dict[str, Any] = {
            "type": TASK_TYPE,
            "version": "1.1",
            "id": task.id,
            "name": task.type,
            "summary": "Backup",
            "description": "Task to take a backup of an application",
            "service": "nautilus",
            "userID": task.owner,
            "resourceID": resource,
            "resourceURI": uri,
            "resourceCollectionURI": [uri],
            "orderHint": 0,
            **{key: value for key, value in given.items() if key in _CONSTANT},
            "state": moment.state,
            "stateTransitions": _TRANSITIONS,
            "stateDetails": [],
            "percentDone": 0,
            "metadata": {
                "labels": [],
                "creationTimestamp": self.utc(task.born),
                "modificationTimestamp": changed,
                "createdBy": NOBODY,
            },
        }
        if moment.state != "notStarted":
            document["startTime"] = self.utc(task.born)
        if moment.state == "completed":
            document["percentDone"] = 100
        if moment.state in _FINAL:
            document["endTime"] = changed
        if moment.state == "cancelled":
            document["cancelTime"] = changed
        return document

    def _show(self, request: Request, values: Mapping[str, str]) -> Response:
        refusal = self._refusal(request, values, TASK_TYPE)
        if refusal is not None:
            return refusal
        if not _IDENTIFIER.fullmatch(values["id"]):
            return _problem(35)
        if request.parameters:
            return _problem(6, invalid=[(name, "is not supported") for name, _value in request.parameters])
        task = self.store.get(values["id"])
        moment = task.at(self.now()) if task else None
        if task is None or moment is None:
            return _problem(1)
        return _resource(request, 200, self.view(task, moment))

    def _list(self, request: Request, values: Mapping[str, str]) -> Response:
        refusal = self._refusal(request, values)
        if refusal is not None:
            return refusal
        wanted = dict(request.parameters)
        unknown = sorted(set(wanted) - {"include", "limit", "filter"})
        if unknown:
            return _problem(6, invalid=[(name, "is not supported") for name in unknown])
        conditions = _conditions(wanted["filter"]) if "filter" in wanted else []
        invalid = [
            name
            for name, form in (("include", _INCLUDE), ("limit", _LIMIT))
            if not form.fullmatch(wanted.get(name, "1"))
        ]
        if conditions is None:
            invalid.append("filter")
        if invalid:
            return _problem(5, invalid=[(name, "is not in the appropriate format") for name in invalid])
        now = self.now()
        items: list[Any] = []
        for task in self.store.all():
            moment = task.at(now)
            if len(items) == int(wanted.get("limit", "999999999")):
                break
            if moment is not None:
                item = self.view(task, moment)
                if all(_holds(item, *condition) for condition in conditions or ()):
                    items.append(item)
        if "include" in wanted:
            names = wanted["include"].split(",")
            items = [[item.get(name) for name in names] for item in items]
        made = self.utc(now)
        metadata = {
            "labels": [],
            "creationTimestamp": made,
            "modificationTimestamp": made,
            "createdBy": self.default_owner(),
        }
        body = {"type": "application/astra-tasks", "version": "1.1", "items": items, "metadata": metadata}
        return Response.of_json(200, body)

    def _back_up(self, request: Request, values: Mapping[str, str]) -> Response:
        """Make a backup, whose task has to be found by the backup's id."""
        refusal = self._refusal(request, values, BACKUP_TYPE)
        if refusal is not None:
            return refusal
        if self.credentials.role == "viewer":
            return _problem(11)
        if not _IDENTIFIER.fullmatch(values["app_id"]):
            return _problem(35)
        try:
            body = request.json()
        except BadJsonError:
            body = None
        if not isinstance(body, Mapping) or body.get("type") != BACKUP_TYPE or not isinstance(body.get("name"), str):
            return _problem(5)
        backup_id = str(uuid.uuid4())
        uri = f"{request.path.rstrip('/')}/{backup_id}"
        constant = {"resourceID": backup_id, "resourceURI": uri, "resourceCollectionURI": [uri]}
        task = self.launch(body, self.default_type, constant, self.default_owner())
        made = self.utc(task.born)
        backup = {
            "type": BACKUP_TYPE,
            "version": "1.2",
            "id": backup_id,
            "name": body["name"],
            "state": "pending",
            "stateUnready": [],
            "metadata": {
                "labels": [],
                "creationTimestamp": made,
                "modificationTimestamp": made,
                "createdBy": self.default_owner(),
            },
        }
        response = _resource(request, 201, backup)
        response.headers["Location"] = f"{request.base_url}{uri}"
        return response

    def error(self, request: Request, status: int, text: str = "") -> Response:
        """Return the problem that is usual for a status."""
        del request
        number = _USUAL.get(status)
        if number is not None:
            return _problem(number, text)
        body = {"type": "about:blank", "title": text or "Error", "detail": text, "status": str(status)}
        return Response.of_json(status, body, {"Content-Type": PROBLEM})


def _problem(number: int, text: str = "", *, invalid: Sequence[tuple[str, str]] = ()) -> Response:
    status, title, detail = PROBLEMS[number]
    body: dict[str, Any] = {
        "type": f"https://astra.netapp.io/problems/{number}",
        "title": title,
        "detail": text or detail,
        # Text, as the documents have it.
        "status": str(status),
    }
    if invalid:
        body["invalidParams"] = [{"name": name, "reason": why} for name, why in invalid]
    return Response.of_json(status, body, {"Content-Type": PROBLEM})


def _resource(request: Request, status: int, document: Mapping[str, Any]) -> Response:
    """Answer with one resource, under its own media type for those who ask for that."""
    own = f"{document['type']}+json"
    asked = {part.split(";")[0].strip().lower() for part in request.header("Accept").split(",")}
    digest = hashlib.md5(json.dumps(document).encode(), usedforsecurity=False).hexdigest()
    return Response.of_json(
        status, document, {"Content-Type": own if own.lower() in asked else JSON, "Etag": f'"{digest}"'}
    )


def _conditions(text: str) -> list[tuple[str, str, str]] | None:
    """Return field, operator and value of each condition; None when the text is no filter."""
    found: list[tuple[str, str, str]] = []
    position = 0
    while True:
        match = _CONDITION.match(text, position)
        if match is None:
            return None
        found.append((match[1], match[2], match[3]))
        if match.end() == len(text):
            return found
        if text[match.end()] != ",":
            return None
        position = match.end() + 1


def _holds(item: Mapping[str, Any], field: str, operator: str, value: str) -> bool:
    found: Any = item
    for name in field.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    if found is None:
        return False
    if operator == "in":
        return str(found) in value.split(",")
    if isinstance(found, (int, float)):
        try:
            return _COMPARE[operator](found, float(value))
        except ValueError:
            return False
    return _COMPARE[operator](str(found), value)
