# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMware Live Site Recovery and vSphere Replication: the services configure, srm and vr below ``/api/rest``.

Confirmed by VMware's OpenAPI specifications and the administration guide: sessions with their header, a session per
service, the three dialects of a task, the five states, the list's parameters with their defaults, bodies of 400, 403
and 500 and none of 401 and 404, 202 with the task for what takes long, that nothing can be cancelled but the run of a
recovery plan and that this needs a session at the other site, the three limits of requests in fixed windows, address
before service before session, filters by nested fields, the six actions of a recovery plan. Inferred: that a plan is
the ``entity`` of its runs' tasks, 400 for a cancel without a run or without that session, the path of ``configure/v2``,
401 for a wrong login, 429 without a body beyond a limit, 400 for parameters that do not go together, 404 for any other
action, the session's lifetime, whether a filter compares whole values, and all words of errors. Every service shows the
same tasks.
"""

from __future__ import annotations

import base64
import secrets
import threading
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from ..messages import BadJsonError, Request, Response
from ..tasks import ABSENT, Moment, Step, Task, at_path
from ..validation import Fields, option
from .base import Face, Handler, RefusedError, Route, stable_uuid

BASE = "/api/rest"
SERVICES = ("configure", "srm", "vr")
VERSIONS = ("v1", "v2")
#: Where there is no limit in the query, and the server has no other default.
PAGE = 100
SSO_USERNAME, SSO_PASSWORD = "administrator@vsphere.local", "demo-sso-password"
_ORDERS = {"asc": False, "ascending": False, "desc": True, "descending": True}
_STATES_WITHOUT_PROGRESS = frozenset({"QUEUED", "ERROR", "CANCELLED"})
#: What a run of a recovery plan is about.
_PLAN = "DrRecoveryRecoveryPlan"
#: Seconds between the answer to a cancel and the end of the task.
_CANCEL_SECONDS = 1.0
#: What can be done with a recovery plan.
_PLAN_ACTIONS = ("cancel", "cleanup", "reconfigure", "recovery", "reprotect", "test")


@dataclass(frozen=True)
class VmwareCredentials:
    """Who may log in where; ``session_lifetime`` and ``rate_limit_window`` are in seconds."""

    username: str = option(Fields.text, "admin")
    password: str = option(Fields.text, "demo-password")
    sso_username: str = option(Fields.text, SSO_USERNAME)
    sso_password: str = option(Fields.text, SSO_PASSWORD)
    session_lifetime: float = option(Fields.number, 600)
    session_rate_limit: int = option(Fields.integer, 50, minimum=1)
    service_rate_limit: int = option(Fields.integer, 1000, minimum=1)
    ip_rate_limit: int = option(Fields.integer, 100, minimum=1)
    rate_limit_window: float = option(Fields.number, 60)
    pairings: Sequence[str] = option(Fields.texts, ["9d1c7b1e-6a0b-4a57-9d5e-3f0b3f6a2c11"])
    #: At the other sites; the same as here where a scenario does not say.
    remote_username: str = option(Fields.text, lambda fields: fields.text("sso_username", SSO_USERNAME))
    remote_password: str = option(Fields.text, lambda fields: fields.text("sso_password", SSO_PASSWORD))
    page_size: int = option(Fields.integer, PAGE, minimum=1)
    next_links: str = option(Fields.text, "absolute", choices=("absolute", "relative", "absent"))
    no_link: str = option(Fields.text, "absent", choices=("absent", "null"))
    filter_match: str = option(Fields.text, "whole", choices=("whole", "part"))


class VmwareLiveSiteRecovery(Face):
    """The face of an appliance."""

    name = "vmware_live_site_recovery"
    base_paths = tuple(f"{BASE}/{service}" for service in SERVICES)
    task_fields = frozenset(
        {
            *("complete_time", "description", "description_id", "entity", "entity_name", "error", "progress"),
            *("queued_time", "result", "start_time", "type"),
        }
    )
    default_type = "ConfigureAppliance"
    default_steps = (Step("QUEUED", 1.0), Step("RUNNING", 2.0))
    default_end = Step("SUCCESS")
    credentials_type = VmwareCredentials
    credentials: VmwareCredentials

    def begin(self) -> None:
        """Begin with nobody logged in."""
        #: The service that a session is for.
        self._services: dict[str, str] = {}
        #: The pairings at whose other sites a session is logged in too, and the plans of runs that were launched.
        self._remote: set[tuple[str, str]] = set()
        self._plans: dict[str, tuple[str, str]] = {}
        self._counts: dict[tuple[str, ...], tuple[float, int]] = {}
        self._lock = threading.Lock()

    def routes(self) -> Sequence[Route]:
        """Return the paths of each service and version."""
        every: dict[str, dict[str, Handler]] = {
            "/session": {"POST": self._log_in, "GET": self._who, "DELETE": self._log_out},
            "/tasks": {"GET": self._list},
            "/tasks/{id}": {"GET": self._show},
        }
        own: dict[str, dict[str, dict[str, Handler]]] = {
            "configure": {
                "/appliance/configuration-manager/configuration": {"PUT": self._start},
                "/appliance/configuration-manager/configuration/actions/remove": {"POST": self._start},
                "/appliance/update-manager/actions/retrieve-updates": {"POST": self._start},
                "/appliance/update-manager/updates/{update_version}/actions/install": {"POST": self._start},
                "/support-bundles": {"POST": self._start},
                # A GET that starts a task.
                "/storage-replication-adapters": {"GET": self._start},
            },
            "srm": {
                "/pairings": {"GET": self._pairings},
                "/pairings/{pairing_id}/remote-session": {"POST": self._log_in_there},
                "/pairings/{pairing_id}/recovery-management/plans/{plan_id}": {"GET": self._show_plan},
                "/pairings/{pairing_id}/recovery-management/plans/{plan_id}/actions/{action}": {"POST": self._run},
            },
            "vr": {"/pairings/{pairing_id}/replications": {"POST": self._replicate}},
        }
        return [
            Route(f"{BASE}/{service}/{version}{path}", handlers, is_login=path == "/session")
            for service in SERVICES
            for version in VERSIONS
            for path, handlers in {**every, **own[service]}.items()
        ]

    def default_owner(self) -> str:
        """Return the appliance's user; a task does not name its owner."""
        return self.credentials.username

    def answer(self, request: Request) -> Response:
        """Answer within the limits of requests."""
        if self._is_over_limit(request):
            return self.over_limit(request, None)
        return super().answer(request)

    # Sessions and limits

    def _log_in(self, request: Request, values: Mapping[str, str]) -> Response:
        known = self.credentials
        service = _service(request)
        right = (known.username, known.password) if service == "configure" else (known.sso_username, known.sso_password)
        if not _is_login(request, *right):
            return self.unauthorized(request)
        session = base64.b64encode(str(uuid.uuid4()).encode()).decode()
        self._services[session] = service
        self.sessions.begin(session, known.session_lifetime)
        return Response.of_json(200, {"session_id": session})

    def _who(self, request: Request, values: Mapping[str, str]) -> Response:
        known = self.credentials
        username = known.username if _service(request) == "configure" else known.sso_username
        return Response.of_json(200, {"username": username})

    def _log_out(self, request: Request, values: Mapping[str, str]) -> Response:
        self.sessions.end(request.header("x-dr-session"))
        return Response(204)

    def refusal(self, request: Request, values: Mapping[str, str]) -> Response | None:
        """Refuse actions that a plan does not have, and whoever has no session."""
        if "action" in values and values["action"] not in _PLAN_ACTIONS:
            return self.error(request, 404)
        return super().refusal(request, values)

    def is_admitted(self, request: Request) -> bool:
        """Tell whether a request has a session of its service."""
        session = request.header("x-dr-session")
        return session in self.sessions and self._services[session] == _service(request)

    def _is_over_limit(self, request: Request) -> bool:
        """Count a request against the limits in their order; the first that is reached answers."""
        known = self.credentials
        limits: list[tuple[tuple[str, ...], int]] = [
            (("ip",), known.ip_rate_limit),
            (("service", _service(request)), known.service_rate_limit),
        ]
        session = request.header("x-dr-session")
        if session:
            limits.append((("session", session), known.session_rate_limit))
        now = self.now()
        with self._lock:
            for key, limit in limits:
                began, count = self._counts.get(key, (now, 0))
                if now - began >= known.rate_limit_window:
                    began, count = now, 0
                self._counts[key] = (began, count + 1)
                if count >= limit:
                    return True
        return False

    # Tasks

    def document(self, task: Task, moment: Moment) -> dict[str, Any]:
        """Return a task as version 2 of the configuration API has it."""
        return self._document(task, moment, "configure", "v2")

    def _document(self, task: Task, moment: Moment, service: str, version: str) -> dict[str, Any]:
        """Return a task in the dialect of a service and version."""
        is_first, is_configure = version == "v1", service == "configure"
        began = None if moment.state == "QUEUED" else self._run_since(task)
        ended = task.born + moment.since if moment.ended else None
        progress = self._progress(task, moment)
        write = self.utc if is_first else self._milliseconds
        message, details = "The operation failed.", "The service did not answer: Connection refused"
        error = _throwable(message, details) if is_first and is_configure else {"message": message, "details": details}
        # The services are known to answer with a mere ID.
        result = self._result(task) if is_configure else self._result(task)["id"]
        head = {"id": task.id, "description": f"{task.type} of the appliance", "status": moment.state}
        if progress is not None:
            # Not nullable in any version.
            head["progress"] = progress
        rest = {
            "start_time": None if began is None else write(began),
            "complete_time": None if ended is None else write(ended),
            "error": error if moment.state == "ERROR" else None,
            "result": result if moment.state == "SUCCESS" else None,
        }
        if is_first and is_configure:
            # Nothing there is nullable: what is not known is left out.
            return {**head, "type": task.type, **{key: value for key, value in rest.items() if value is not None}}
        if is_configure:
            return {**head, **rest, "type": task.type}
        own = {"description_id": task.type, "entity": self._plan_of(task)[1], "entity_name": None}
        return {**head, **rest, **own, "queued_time": write(task.born)}

    @staticmethod
    def _result(task: Task) -> dict[str, str]:
        return {"id": stable_uuid("result", task.id)}

    @staticmethod
    def _run_since(task: Task) -> float:
        """Return when a task leaves the queue."""
        return task.born + (task.life.age_when(lambda state: state != "QUEUED") or 0.0)

    def _progress(self, task: Task, moment: Moment) -> int | None:
        """Return how much of its running a task has behind it, in percent."""
        if moment.state in _STATES_WITHOUT_PROGRESS:
            return None
        if moment.ended:
            return 100
        began = self._run_since(task)
        seconds = sum(step.seconds or 0.0 for step in task.life.steps) - (began - task.born)
        return min(99, int(100 * (self.now() - began) / seconds)) if seconds > 0 else 0

    def _milliseconds(self, instant: float) -> int:
        return round(self.instant(instant).timestamp() * 1000)

    def _shown(self, request: Request, task: Task, moment: Moment) -> dict[str, Any]:
        """Return a task in the dialect of the path, with what the scenario says otherwise."""
        return moment.shown(self._document(task, moment, _service(request), _version(request)))

    def _show(self, request: Request, values: Mapping[str, str]) -> Response:
        task = self.found(values["id"])
        if task is None:
            raise RefusedError(status=404)
        return Response.of_json(200, {**self._shown(request, *task), "_meta": {"errors": []}})

    def _list(self, request: Request, values: Mapping[str, str]) -> Response:
        wanted = dict(request.parameters)
        problem = _parameter_problem(wanted)
        if problem:
            raise RefusedError(problem)
        shown = [self._shown(request, *task) for task in self.living()]
        if "filter_property" in wanted:
            filters = [value for name, value in request.parameters if name == "filter"]
            shown = [task for task in shown if self._fits(at_path(task, wanted["filter_property"]), filters)]
        if "sort_by" in wanted:
            field = wanted["sort_by"]
            key = [(task.get(field) is not None, _sortable(task.get(field)), task) for task in shown]
            key.sort(key=lambda entry: entry[:2], reverse=_ORDERS[wanted.get("order_by", "asc").lower()])
            shown = [task for _has, _value, task in key]
        limit, offset = int(wanted.get("limit", self.credentials.page_size)), int(wanted.get("offset", 0))
        links = self._links(request, limit, offset, len(shown))
        meta = {"errors": [], "total": len(shown), "offset": offset, "limit": limit, "links": links}
        return Response.of_json(200, {"list": shown[offset : offset + limit], "_meta": meta})

    def _fits(self, value: object, filters: Sequence[str]) -> bool:
        if value is None or value is ABSENT:
            return False
        if self.credentials.filter_match == "part":
            return any(text in str(value) for text in filters)
        return str(value) in filters

    def _links(self, request: Request, limit: int, offset: int, total: int) -> dict[str, Any]:
        """Return the links of a page."""
        if self.credentials.next_links == "absent":
            return {}
        start = request.base_url if self.credentials.next_links == "absolute" else ""
        rest = [(name, value) for name, value in request.parameters if name not in ("limit", "offset")]

        def link(to: int) -> dict[str, str]:
            query = urlencode([*rest, ("limit", limit), ("offset", to)])
            return {"href": f"{start}{request.path}?{query}"}

        links = {
            "self": link(offset),
            "next": link(offset + limit) if offset + limit < total else None,
            "previous": link(max(0, offset - limit)) if offset else None,
        }
        return links if self.credentials.no_link == "null" else {name: to for name, to in links.items() if to}

    # What starts tasks

    def _start(self, request: Request, values: Mapping[str, str]) -> Response:
        return self._launched(request, request.path.rsplit("/", 1)[-1])

    def _run(self, request: Request, values: Mapping[str, str]) -> Response:
        if values["action"] == "cancel":
            # Of a plan, not of a task: it answers with nothing.
            return self._cancel(request, values)
        return self._launched(request, values["action"], (values["pairing_id"], values["plan_id"]))

    def _plan_of(self, task: Task) -> tuple[str, str]:
        """Return the pairing and the plan that a task is about."""
        usual = self.credentials.pairings[0], f"{_PLAN}:{stable_uuid('plan', task.id)}"
        with self._lock:
            return self._plans.get(task.id, usual)

    def _runs_of(self, values: Mapping[str, str]) -> list[Task]:
        return [task for task in self.store.all() if self._plan_of(task) == (values["pairing_id"], values["plan_id"])]

    def _pairings(self, request: Request, values: Mapping[str, str]) -> Response:
        pairings = [{"pairing_id": pairing} for pairing in self.credentials.pairings]
        return Response.of_json(200, {"list": pairings, "_meta": {"errors": [], "total": len(pairings)}})

    def _show_plan(self, request: Request, values: Mapping[str, str]) -> Response:
        if not self._runs_of(values):
            raise RefusedError(status=404)
        plan = {"id": values["plan_id"], "name": "plan", "location": "recovery", "status": "READY_STATE"}
        return Response.of_json(200, {**plan, "_meta": {"errors": []}})

    def _log_in_there(self, request: Request, values: Mapping[str, str]) -> Response:
        known = self.credentials
        if not _is_login(request, known.remote_username, known.remote_password):
            return self.unauthorized(request)
        with self._lock:
            self._remote.add((request.header("x-dr-session"), values["pairing_id"]))
        return Response(204)

    def _cancel(self, request: Request, values: Mapping[str, str]) -> Response:
        with self._lock:
            is_there = (request.header("x-dr-session"), values["pairing_id"]) in self._remote
        if not is_there:
            raise RefusedError("There is no session at the remote site.")
        now = self.now()
        running = [task for task in self._runs_of(values) if (moment := task.at(now)) is not None and not moment.ended]
        if not running:
            raise RefusedError("The recovery plan is not running.")
        for task in running:
            task.end_early(now, Step("CANCELLED"), _CANCEL_SECONDS)
        return Response(204)

    def _launched(self, request: Request, task_type: str, plan: tuple[str, str] | None = None) -> Response:
        body = _body(request) if request.body else {}
        task = self.launch(body, task_type, body, self.default_owner())
        if plan is not None:
            with self._lock:
                self._plans[task.id] = plan
        return Response.of_json(202, self._shown(request, task, self.at_launch(task)))

    def _replicate(self, request: Request, values: Mapping[str, str]) -> Response:
        """Start a replication for each virtual machine of the body; one task each."""
        body = _body(request)
        if not isinstance(body, list) or not body:
            raise RefusedError("The request body must be a list of replications.")
        tasks = [self.launch(each, "configureReplication", each, self.default_owner()) for each in body]
        shown = [self._shown(request, task, self.at_launch(task)) for task in tasks]
        return Response.of_json(202, {"list": shown, "_meta": {"errors": [], "total": len(shown)}})

    # Errors

    def error(self, request: Request, status: int, text: str = "") -> Response:
        """Return the vendor's error, which has a body for 400, 403 and 500 only."""
        names = {400: "BAD_REQUEST", 403: "FORBIDDEN", 500: "INTERNAL_SERVER_ERROR"}
        if status not in names:
            return Response(status)
        operation = stable_uuid("operation", request.method, request.path)
        message = text or "The server could not do what was asked."
        return Response.of_json(status, {"error_code": names[status], "message": message, "op_id": operation})


def _body(request: Request) -> Any:
    try:
        return request.json()
    except BadJsonError:
        raise RefusedError("The request body is not JSON.") from None


def _is_login(request: Request, username: str, password: str) -> bool:
    given = request.header("Authorization")
    wanted = f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"
    return secrets.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def _service(request: Request) -> str:
    return (request.path.split("/") + [""] * 4)[3]


def _version(request: Request) -> str:
    return (request.path.split("/") + [""] * 5)[4]


def _sortable(value: object) -> tuple[bool, float, str]:
    """Return what values of any type can be put in order by."""
    is_number = isinstance(value, (int, float))
    return is_number, float(value) if isinstance(value, (int, float)) else 0.0, "" if is_number else str(value)


def _parameter_problem(wanted: Mapping[str, str]) -> str | None:
    """Say what is wrong with a list's parameters."""
    for name in ("limit", "offset"):
        text = wanted.get(name, "0")
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            return f"The parameter {name} is not a whole number."
    if wanted.get("limit") and int(wanted["limit"]) == 0:
        return "The parameter limit has to be 1 or more."
    for name, other in (
        ("offset", "limit"),
        ("order_by", "sort_by"),
        ("filter", "filter_property"),
        ("filter_property", "filter"),
    ):
        if name in wanted and other not in wanted:
            return f"The parameter {name} has to be used with {other}."
    if wanted.get("order_by", "asc").lower() not in _ORDERS:
        return "The parameter order_by is one of asc, ascending, desc, descending."
    return None


def _throwable(message: str, cause: str) -> dict[str, Any]:
    """Return an error as Java writes an exception with its cause."""

    def one(text: str, class_name: str, method: str) -> dict[str, Any]:
        frame = {
            "class_loader_name": "app",
            "method_name": method,
            "file_name": f"{class_name.rsplit('.', 1)[-1]}.java",
            "line_number": 42,
            "class_name": class_name,
            "native_method": False,
        }
        return {"stack_trace": [frame], "message": text, "suppressed": [], "localized_message": text}

    outer = one(message, "com.example.configure.Configurator", "configure")
    return {"cause": one(cause, "com.example.configure.Registration", "register"), **outer}
