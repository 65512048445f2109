# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dbvisit Standby MultiPlatform: the tasks of its control center below ``/api``.

Confirmed by the vendor's pages: POST with ``params`` everywhere, the envelope with ``successful`` and with an ``error``
in good answers too, a task's fields and its four states, an empty ``finished`` while it runs, fractions of nine digits,
lists without pages that hide dismissed tasks, 400 with a text as the only refusal, the launching calls for Oracle, the
list of configurations with its params and the names of a configuration's fields, its types that are other words than
those of the filter; for version 11 the login by Basic or by cookie. Inferred: that path and logins are those of version
11, the texts of refusals, that unknown params are ignored, that a dismissed task can still be shown, the bodies of 401
and 404, the launching calls for PostgreSQL and SQL Server, what ``primary`` and ``standby`` have in them, and that a
switchover that ended well swaps the two. What is not known is an option of ``credentials``.
"""

from __future__ import annotations

import base64
import itertools
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any, Callable

from ..messages import TEXT, BadJsonError, Request, Response, reason
from ..tasks import Moment, Step, Task
from ..validation import Fields, option, options_reader
from .base import Face, RefusedError, Route

BASE = "/api"
COOKIE = "dbvisit-standby"
IN_PROGRESS, END, FAILED, DISMISSED = "In Progress", "End", "Failed", "Dismissed"
#: A configuration's type in launching calls and filters -> in answers.
DATABASES = {"oracle": "oracle", "postgresql": "pgsql", "sqlserver": "mssql"}
#: The launching calls without the database, with the type that their tasks have in a scenario.
LAUNCHES = {
    "/switchover": "switchover",
    "/activate": "activate",
    "/dr-test/start": "dr-test",
    "/sync": "sync",
}
TITLES = {"switchover": "Switchover", "activate": "Activate standby", "dr-test": "DR test", "sync": "Synchronize"}
_NO_ERROR: Mapping[str, dict[str, Any]] = {
    "example": {"error": {"message": "string"}},
    "absent": {},
    "null": {"error": None},
    "empty": {"error": {"message": ""}},
    "empty_text": {"error": ""},
}


@dataclass(frozen=True)
class Configuration:
    """Two hosts with one database, as they are when the simulator starts; ``database`` is one of DATABASES."""

    configuration_id: int = option(Fields.integer, minimum=1)
    configuration_name: str = option(Fields.text, lambda fields: f"CONF{fields.integer('configuration_id')}")
    database: str = option(Fields.text, "oracle", choices=tuple(DATABASES))
    primary: str = option(Fields.text)
    standby: str = option(Fields.text)


_CONFIGURATIONS = tuple(
    Configuration(number, f"CONF{number}", database, f"db{2 * number - 1}.example.com", f"db{2 * number}.example.com")
    for number, database in enumerate(DATABASES, 1)
)


def _read_configurations(fields: Fields, name: str) -> Sequence[Configuration]:
    """Read ``configurations``; without them there is one for each database."""
    return options_reader(Configuration)(fields, name) if fields.has(name) else _CONFIGURATIONS


@dataclass(frozen=True)
class DbvisitCredentials:
    """Who may log in, and to what; ``cookie_lifetime`` is in seconds."""

    username: str = option(Fields.text, "admin")
    password: str = option(Fields.text, "admin-password")
    cookie_lifetime: float = option(Fields.number, 30 * 86400.0)
    api_tokens: Sequence[str] = option(Fields.texts, ["demo-cookie"])
    dismissed_field: str = option(Fields.text, "hidden_by", choices=("hidden_by", "dismissed_by"))
    show_parameter: str = option(Fields.text, "show_hidden", choices=("show_hidden", "show_dismissed"))
    no_error: str = option(Fields.text, "empty", choices=tuple(_NO_ERROR))
    refusal_status: int = option(Fields.integer, 400, minimum=200, maximum=599)
    configurations: Sequence[Configuration] = option(_read_configurations)
    host_field: str = option(Fields.text, "host")


class DbvisitStandby(Face):
    """The face of a control center, which listens on port 4433."""

    name = "dbvisit_standby"
    base_paths = (BASE,)
    state_field = "state"
    id_field = "task_id"
    task_fields = frozenset(
        {
            "configuration_id",
            "configuration_name",
            "dismissed_by",
            "finished",
            "hidden_by",
            "messages",
            "performed_by",
            "started",
            "title",
            "updated",
        }
    )
    default_type = "switchover"
    default_steps = (Step(IN_PROGRESS, 3.0),)
    default_end = Step(END)
    credentials_type = DbvisitCredentials
    credentials: DbvisitCredentials

    def begin(self) -> None:
        """Begin to count the IDs."""
        self._numbers = itertools.count(1)

    @classmethod
    def default_input(cls, task_type: str) -> Any:
        """Return the params of the vendor's examples."""
        return {"configuration_id": 1}

    @classmethod
    def random_id(cls) -> str:
        """Return a whole number: large, so that who takes it for a float loses digits."""
        return str(2**53 + secrets.randbelow(2**53))

    def new_id(self) -> str:
        """Return the smallest whole number that is free."""
        return next(str(number) for number in self._numbers if self.store.get(str(number)) is None)

    def routes(self) -> Sequence[Route]:
        """Return version 11's login and the calls of the newer API."""
        return (
            Route(f"{BASE}/login", {"POST": self._log_in}, is_login=True),
            Route(f"{BASE}/task/list", {"POST": self._answering(self._list)}),
            Route(f"{BASE}/task/show", {"POST": self._answering(self._show)}),
            Route(f"{BASE}/list", {"POST": self._answering(self._list_configurations)}),
            *(
                Route(f"{BASE}{path}/{database}", {"POST": self._answering(self._launcher(LAUNCHES[path], database))})
                for path in LAUNCHES
                for database in DATABASES
            ),
        )

    def default_owner(self) -> str:
        """Return the one user."""
        return self.credentials.username

    # Login

    def _log_in(self, request: Request, values: Mapping[str, str]) -> Response:
        """Answer version 11's ``POST /api/login``, which gives a cookie."""
        try:
            given = request.json()
            is_right = self._is_user(f"{given['UserName']}:{given['Password']}")
        except (BadJsonError, KeyError, TypeError):
            raise RefusedError("invalid request") from None
        if not is_right:
            return self.unauthorized(request)
        lifetime = self.credentials.cookie_lifetime
        cookie = base64.urlsafe_b64encode(secrets.token_bytes(48)).decode()
        until = formatdate(self.instant(self.sessions.begin(cookie, lifetime)).timestamp(), usegmt=True)
        attributes = f"Path=/; Expires={until}; Max-Age={lifetime:.0f}"
        return Response.of_json(200, {"Status": 200, "Result": {}}, {"Set-Cookie": f"{COOKIE}={cookie}; {attributes}"})

    def _is_user(self, given: str) -> bool:
        right = f"{self.credentials.username}:{self.credentials.password}"
        return secrets.compare_digest(given.encode(), right.encode())

    def is_admitted(self, request: Request) -> bool:
        """Tell whether a request has the user's name and password, or a cookie."""
        scheme, _space, given = request.header("Authorization").partition(" ")
        if scheme.lower() == "basic":
            try:
                return self._is_user(base64.b64decode(given, validate=True).decode())
            except ValueError:
                return False
        pairs = (pair.strip().partition("=") for pair in request.header("Cookie").split(";"))
        return next((value for name, _sign, value in pairs if name == COOKIE), "") in self.sessions

    # Answers

    def error(self, request: Request, status: int, text: str = "") -> Response:
        """Return 400 in the vendor's envelope, all others as servers in Go write them (inferred)."""
        if status == 400:
            return self._refused(status, text or "bad request")
        words = "404 page not found" if status == 404 else text or reason(status)
        return Response.of_text(status, f"{words}\n", TEXT)

    @staticmethod
    def _refused(status: int, text: str) -> Response:
        return Response.of_json(status, {"error": {"message": text}, "successful": False})

    def _answering(
        self, result_of: Callable[[Mapping[str, Any]], Any]
    ) -> Callable[[Request, Mapping[str, str]], Response]:
        """Make what answers a call out of what returns its result for its params."""

        def handle(request: Request, values: Mapping[str, str]) -> Response:
            try:
                result = result_of(_params(request))
            except RefusedError as refused:
                return self._refused(self.credentials.refusal_status, refused.text)
            return Response.of_json(200, {**_NO_ERROR[self.credentials.no_error], "result": result, "successful": True})

        return handle

    # Tasks

    def document(self, task: Task, moment: Moment) -> dict[str, Any]:
        """Return the object of the vendor's pages."""
        given = task.input if isinstance(task.input, Mapping) else {}
        configuration = given.get("configuration_id", 1)
        title = TITLES.get(task.type, task.type)
        ended = _ended_at(task, moment)
        messages = [self._message(f"{title} started", task.born)]
        if ended is not None:
            words = "failed" if _outcome(task, moment) == FAILED else "completed"
            messages.append(self._message(f"{title} {words}", task.born + ended))
        return {
            "configuration_id": configuration,
            "configuration_name": self._name_of(configuration),
            self.credentials.dismissed_field: self.credentials.username if moment.state == DISMISSED else "",
            "finished": "" if ended is None else self._nanoseconds(task.born + ended),
            "messages": messages,
            "performed_by": task.owner,
            "started": self._nanoseconds(task.born),
            "state": moment.state,
            # A scenario may name tasks as it likes; what is no number is then one more thing to rehearse.
            "task_id": int(task.id) if task.id.isdecimal() else task.id,
            "title": title,
            "updated": self._nanoseconds(task.born + moment.since),
        }

    def view(self, task: Task, moment: Moment) -> dict[str, Any]:
        """Return a task; a scenario's messages may be plain texts."""
        document = super().view(task, moment)
        messages = document.get("messages")
        if isinstance(messages, list):
            at = task.born + moment.since
            document["messages"] = [self._message(each, at) if isinstance(each, str) else each for each in messages]
        return document

    def _name_of(self, number: Any) -> str:
        known = (each.configuration_name for each in self.credentials.configurations if each.configuration_id == number)
        return next(known, f"CONF{number}")

    def _message(self, text: str, instant: float) -> dict[str, str]:
        return {"message": text, "time": self._nanoseconds(instant)}

    def _nanoseconds(self, instant: float) -> str:
        """Write an instant with nine digits, of which a computer's clock knows six."""
        return self.instant(instant).strftime("%Y-%m-%dT%H:%M:%S.%f456Z")

    def _list(self, params: Mapping[str, Any]) -> Any:
        configuration = _whole_number(params, "configuration_id", 0)
        shows_dismissed = params.get(self.credentials.show_parameter)
        if shows_dismissed is not None and not isinstance(shows_dismissed, bool):
            raise RefusedError(f"{self.credentials.show_parameter} must be a boolean")
        tasks = [self.view(*task) for task in self.living()]
        return {
            "tasks": [
                task
                for task in tasks
                if (shows_dismissed or not self._is_dismissed(task))
                and configuration in (0, task.get("configuration_id"))
            ]
        }

    def _is_dismissed(self, view: Mapping[str, Any]) -> bool:
        return view.get("state") == DISMISSED or bool(view.get(self.credentials.dismissed_field))

    def _show(self, params: Mapping[str, Any]) -> Any:
        number = _whole_number(params, "task_id", 0)
        task = self.found(str(number))
        if task is None:
            raise RefusedError(f"task {number} not found")
        return self.view(*task)

    def _list_configurations(self, params: Mapping[str, Any]) -> Any:
        wanted_id = _whole_number(params, "configuration_id", 0)
        wanted_name, wanted_type = params.get("configuration_name") or "", params.get("configuration_type") or ""
        if wanted_type not in ("", *DATABASES):
            raise RefusedError(f"configuration_type must be one of {', '.join(DATABASES)}")
        return {
            "configurations": [
                self._configuration(each)
                for each in self.credentials.configurations
                if wanted_id in (0, each.configuration_id)
                and wanted_name in ("", each.configuration_name)
                and wanted_type in ("", each.database)
            ]
        }

    def _configuration(self, configuration: Configuration) -> dict[str, Any]:
        hosts = [configuration.primary, configuration.standby]
        if self._switchovers(configuration.configuration_id) % 2:
            hosts.reverse()
        primary, standby = ({self.credentials.host_field: host} for host in hosts)
        return {
            "configuration_id": configuration.configuration_id,
            "configuration_name": configuration.configuration_name,
            "configuration_type": DATABASES[configuration.database],
            "primary": primary,
            "standby": standby,
            "replication_mode": "STREAMING" if configuration.database == "postgresql" else "",
        }

    def _switchovers(self, configuration_id: int) -> int:
        """Count the switchovers that have ended well since the simulator's start."""
        now = self.now()
        count = 0
        for task in self.store.all():
            given = task.input if isinstance(task.input, Mapping) else {}
            if task.type == "switchover" and given.get("configuration_id", 1) == configuration_id:
                age = task.life.age_when(lambda state: state == END)
                # One that had ended before is in the scenario's hosts already.
                count += age is not None and 0.0 < task.born + age <= now
        return count

    def _launcher(self, task_type: str, database: str) -> Callable[[Mapping[str, Any]], Any]:
        def start(params: Mapping[str, Any]) -> Any:
            if not _whole_number(params, "configuration_id", 0):
                raise RefusedError("configuration_id is required")
            # Type and database are not in the body, but a rule has to be able to ask for it.
            body = {"type": task_type, "database": database, "params": params}
            task = self.launch(body, task_type, params, self.credentials.username)
            return {"task_id": int(task.id)}

        return start


def _params(request: Request) -> Mapping[str, Any]:
    """Return what a call was asked with."""
    try:
        body = request.json()
    except BadJsonError:
        raise RefusedError("invalid JSON") from None
    params = body.get("params") if isinstance(body, Mapping) else None
    if not isinstance(params, Mapping):
        raise RefusedError("params must be an object")
    return params


def _whole_number(params: Mapping[str, Any], name: str, default: int) -> int:
    value = params.get(name)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise RefusedError(f"{name} must be a non-negative integer")
    return value


def _ended_at(task: Task, moment: Moment) -> float | None:
    """Return the age, in seconds, at which a task was no longer in progress: a dismissal comes after it."""
    if moment.state not in (END, FAILED, DISMISSED):
        return None
    age = 0.0
    for step in task.life.steps:
        if age >= moment.since or step.state in (END, FAILED, DISMISSED):
            break
        age += step.seconds or 0.0
    return age


def _outcome(task: Task, moment: Moment) -> str | int:
    """Return how a task really ended, which a dismissal hides from its state."""
    if moment.state != DISMISSED:
        return moment.state
    return FAILED if any(step.state == FAILED for step in task.life.steps) else END
