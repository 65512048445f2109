# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""NetApp Astra Control: tasks below ``/accounts/{account}/core/v1`` and the one launch that makes backups.

Confirmed by the published OpenAPI description (24.02) and the pages around it: paths, bearer tokens that never end and
can be revoked, the fields and states of tasks and backups, include, limit and filter as the only parameters and their
patterns, arrays for ``include``, numbered problems with a status as text and which of them a path has, content types
and the ETag, what a new backup needs, 201 with the Location of the backup and no ID of a task.
Inferred: that unknown parameters get problem 6, malformed ones problem 5, wrong accounts and malformed IDs problem 1 or
2 (the catalogue has 18, 33 and 35 for them, but no path of tasks lists those), other types in Accept problem 32, that
conditions joined by commas must all hold, how ``in`` writes its values, the order of a list, a backup's state while its
task runs.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Callable

from ..messages import JSON, BadJsonError, Request, Response
from ..tasks import Moment, State, Step, Task
from ..validation import Fields, option
from .base import Face, Route, stable_uuid

PROBLEM = "application/problem+json"
TASK_TYPE = "application/astra-task"
BACKUP_TYPE = "application/astra-appBackup"
BACKUP_VERSIONS = ("1.0", "1.1", "1.2")
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
    7: (400, "Invalid JSON payload", "The request body is not valid JSON."),
    8: (400, "Invalid JSON resource", "The request body JSON doesn't conform to the schema."),
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
#: The state of a backup for that of its task; the others are the same word.
_BACKUP_STATES: Mapping[str, str] = {
    "notStarted": "pending",
    **dict.fromkeys(("pausing", "paused", "cancelling"), "running"),
    "cancelled": "failed",
}
_IDENTIFIER = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-(4[0-9a-f]{3}-[89ab]|5[0-9a-f]{3}-[0-9a-f])[0-9a-f]{3}-[0-9a-f]{12}|" + NOBODY
)
_INCLUDE = re.compile(r"[0-9a-zA-Z]+(,[0-9a-zA-Z]+)*")
_LIMIT = re.compile(r"[1-9][0-9]*")
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
#: The documented pattern has the range from comma to underscore, and so ``/``.
_CONDITION = re.compile(
    r"([0-9a-zA-Z]+(?:\[\*\])?(?:\.[0-9a-zA-Z]+(?:\[\*\])?)*) (eq|lt|gt|lte|gte|in) '([0-9a-zA-Z,-_@ {}\"]+)'"
)
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda found, wanted: bool(found == wanted),
    "lt": lambda found, wanted: bool(found < wanted),
    "gt": lambda found, wanted: bool(found > wanted),
    "lte": lambda found, wanted: bool(found <= wanted),
    "gte": lambda found, wanted: bool(found >= wanted),
}


def _read_account(fields: Fields, name: str, default: str) -> str:
    account: str = fields.text(name, default)
    if not _IDENTIFIER.fullmatch(account):
        raise fields.error("must be a UUID of version 4 or 5 in lower case", name)
    return account


@dataclass(frozen=True)
class AstraCredentials:
    """One account, and the tokens of its one user."""

    account_id: str = option(_read_account, "fdaa655c-15ab-4d34-aa61-1e9098e67be0")
    api_tokens: Sequence[str] = option(Fields.texts, ["demo-token"])
    role: str = option(Fields.text, "owner", choices=ROLES)
    path_problems: str = option(Fields.text, "listed", choices=("listed", "own"))


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
    credentials_type = AstraCredentials
    credentials: AstraCredentials

    def begin(self) -> None:
        """Begin without backups."""
        #: Task, application and document of each backup.
        self._backups: list[tuple[Task, str, dict[str, Any]]] = []

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
        backups = "/accounts/{account_id}/k8s/v1/apps/{app_id}/appBackups"
        return (
            Route("/accounts/{account_id}/core/v1/tasks", {"GET": self._list}),
            Route("/accounts/{account_id}/core/v1/tasks/{id}", {"GET": self._show}),
            Route(backups, {"GET": self._list_backups, "POST": self._back_up}),
            Route(f"{backups}/{{id}}", {"GET": self._show_backup}),
        )

    def default_owner(self) -> str:
        """Return the one user."""
        return stable_uuid("astra-user", self.credentials.account_id)

    # Who asks

    def refusal(self, request: Request, values: Mapping[str, str]) -> Response | None:
        """Return why a request is not answered; None when it is."""
        is_one = "id" in values or request.method == "POST"
        media_type = (BACKUP_TYPE if "app_id" in values else TASK_TYPE) if is_one else ""
        scheme, _space, token = request.header("Authorization").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return _problem(3)
        if token not in self.sessions:
            return _problem(4)
        accepted = {part.split(";")[0].strip().lower() for part in request.header("Accept").split(",")}
        if not accepted & {"", "*/*", "application/*", JSON, f"{media_type}+json".lower()}:
            return _problem(32)
        if not _IDENTIFIER.fullmatch(values["account_id"]):
            return self._nowhere(values, 33)
        if values["account_id"] != self.credentials.account_id:
            return self._nowhere(values, 18)
        if not all(_IDENTIFIER.fullmatch(values.get(name, NOBODY)) for name in ("id", "app_id")):
            return self._nowhere(values, 35)
        return None

    def _nowhere(self, values: Mapping[str, str], number: int) -> Response:
        """Return the problem of an address: one that its path lists, or the catalogue's own number."""
        listed = 1 if "id" in values else 2
        return _problem(number if self.credentials.path_problems == "own" else listed)

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
        # A task that is cancelled before it starts has no start.
        began = task.life.age_when(lambda state: state not in ("notStarted", "cancelled"))
        if began is not None and began <= moment.since:
            document["startTime"] = self.utc(task.born + began)
        if moment.state == "completed":
            document["percentDone"] = 100
        if moment.state in _FINAL:
            document["endTime"] = changed
        if moment.state == "cancelled":
            document["cancelTime"] = changed
        return document

    def _show(self, request: Request, values: Mapping[str, str]) -> Response:
        task = self.found(values["id"])
        return self._one(request, None if task is None else self.view(*task))

    @staticmethod
    def _one(request: Request, document: Mapping[str, Any] | None) -> Response:
        if request.parameters:
            return _problem(6, invalid=[(name, "is not supported") for name, _value in request.parameters])
        return _problem(1) if document is None else _resource(request, 200, document)

    def _list(self, request: Request, values: Mapping[str, str]) -> Response:
        documents = (self.view(*task) for task in self.living())
        return self._page(request, f"{TASK_TYPE}s", "1.1", documents, {"include", "limit", "filter"})

    def _page(
        self, request: Request, kind: str, version: str, documents: Iterable[dict[str, Any]], known: set[str]
    ) -> Response:
        """Return the collection of what the query asks for."""
        wanted = dict(request.parameters)
        unknown = sorted(set(wanted) - known)
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
        fitting = (item for item in documents if all(_holds(item, *condition) for condition in conditions or ()))
        # Ten digits are more than there can be, and a number may be too long to be read.
        limit = wanted.get("limit", "")
        items: list[Any] = list(itertools.islice(fitting, int(limit) if 0 < len(limit) < 10 else None))
        if "include" in wanted:
            names = wanted["include"].split(",")
            items = [[item.get(name) for name in names] for item in items]
        body = {"type": kind, "version": version, "items": items, "metadata": self._metadata(self.now())}
        return Response.of_json(200, body)

    def _metadata(self, made: float) -> dict[str, Any]:
        at = self.utc(made)
        return {
            "labels": [],
            "creationTimestamp": at,
            "modificationTimestamp": at,
            "createdBy": self.default_owner(),
        }

    # Backups

    def _back_up(self, request: Request, values: Mapping[str, str]) -> Response:
        """Make a backup, whose task has to be found by the backup's ID."""
        if self.credentials.role == "viewer":
            return _problem(11)
        try:
            body = request.json()
        except BadJsonError:
            return _problem(7)
        if not _is_backup(body):
            return _problem(8)
        backup_id = str(uuid.uuid4())
        uri = f"{request.path.rstrip('/')}/{backup_id}"
        constant = {"resourceID": backup_id, "resourceURI": uri, "resourceCollectionURI": [uri]}
        task = self.launch(body, self.default_type, constant, self.default_owner())
        backup = {
            # The system chooses the bucket, and a name, where none is given.
            "bucketID": stable_uuid("astra-bucket"),
            "name": f"backup-{backup_id[:8]}",
            **body,
            "id": backup_id,
            "state": "pending",
            "stateUnready": [],
            "metadata": self._metadata(task.born),
        }
        self._backups.append((task, values["app_id"], backup))
        response = _resource(request, 201, backup)
        response.headers["Location"] = f"{request.base_url}{uri}"
        return response

    def _backups_of(self, app_id: str) -> Iterator[dict[str, Any]]:
        """Return an application's backups, each in the state that follows from its task's."""
        for task, app, backup in self._backups:
            moment = task.at(self.now()) if app == app_id else None
            if moment is not None:
                yield {**backup, "state": _BACKUP_STATES.get(str(moment.state), moment.state)}

    def _show_backup(self, request: Request, values: Mapping[str, str]) -> Response:
        own = (each for each in self._backups_of(values["app_id"]) if each["id"] == values["id"])
        return self._one(request, next(own, None))

    def _list_backups(self, request: Request, values: Mapping[str, str]) -> Response:
        backups = self._backups_of(values["app_id"])
        return self._page(request, f"{BACKUP_TYPE}s", "1.2", backups, {"include", "limit"})

    def error(self, request: Request, status: int, text: str = "") -> Response:
        """Return the problem that is usual for a status."""
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


def _is_backup(body: Any) -> bool:
    """Tell whether a body is what a new backup needs: type and version, and nothing that its schema does not have."""
    if not isinstance(body, Mapping) or body.get("type") != BACKUP_TYPE or body.get("version") not in BACKUP_VERSIONS:
        return False
    forms = {"name": _LABEL, "bucketID": _IDENTIFIER, "snapshotID": _IDENTIFIER}
    return not set(body) - {"type", "version", "metadata", *forms} and all(
        isinstance(body[name], str) and form.fullmatch(body[name]) for name, form in forms.items() if name in body
    )


def _found(item: Any, names: Sequence[str]) -> Iterator[Any]:
    """Return all that lies at a path; ``[*]`` stands for each entry of a list."""
    if not names:
        yield item
    elif isinstance(item, Mapping):
        name = names[0].removesuffix("[*]")
        below = item.get(name)
        for each in below if name != names[0] and isinstance(below, list) else [below]:
            yield from _found(each, names[1:])


def _holds(item: Mapping[str, Any], field: str, operator: str, value: str) -> bool:
    return any(_compares(found, operator, value) for found in _found(item, field.split(".")))


def _compares(found: Any, operator: str, value: str) -> bool:
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
