# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""VMware Live Site Recovery (Site Recovery Manager) and vSphere Replication: the tasks of their appliances.

Facts: the OpenAPI specifications in VMware's repository of REST examples, the API reference at developer.broadcom.com
and, for the quota, the rate limits in the administration guide of vSphere Replication 8.8. Inferred: the base path of
the configuration API's version 2, HTTP 401 for a wrong login, 429 beyond the quota.
"""

from __future__ import annotations

import base64
import contextlib
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from .._api.addresses import check_url, path_segment
from .._api.http import HttpClient, HttpRequest
from .._api.json_api import JsonApi, read_answer
from .._api.login import Access, Login
from .._api.pacing import Pacer, Quota
from .._api.schemas import AnswerSchema
from .._core.clock import Deadline
from .._core.errors import (
    BadAnswerError,
    NotFoundError,
    OptionError,
    RejectedError,
    RequestError,
    TransientError,
    WorkError,
)
from .._core.task import Task, TaskError, TaskState, parse_time
from .._core.text import readable
from .._provider.contract import Provider, ProviderTools, TaskPage, TaskProvider, TaskQuery, dig
from .._provider.description import LoginForm, ProviderDescription
from .._provider.options import ConnectionOptions

DESCRIPTION = ProviderDescription(
    name="vmware_live_site_recovery",
    title="VMware Live Site Recovery",
    states={
        "QUEUED": TaskState.QUEUED,
        "RUNNING": TaskState.RUNNING,
        "SUCCESS": TaskState.SUCCEEDED,
        "ERROR": TaskState.FAILED,
        "CANCELLED": TaskState.CANCELLED,
    },
    logins=(LoginForm(("api_url", "username", "password")),),
    documents={
        "REST API examples and specifications": (
            "https://github.com/vmware-samples/site-recovery-manager-rest-api-examples"
        ),
        "Configuration API, version 1": (
            "https://developer.broadcom.com/xapis/vmware-live-site-recovery-configuration-v1-api/latest"
        ),
    },
    environment_prefix="VMWARE_LSR",
    options=("api_path", "service", "api_version"),
    defaults={"api_path": "/api/rest", "service": "configure", "api_version": "v2"},
    choices={"service": ("configure", "srm", "vr"), "api_version": ("v1", "v2")},
    # The documents have no codes of failed tasks: a failure is told by its text.
    failures=(),
    poll_interval=5.0,
    # Of one session. An address has twice as much.
    quota=Quota(requests=50, seconds=60.0),
    # Without a limit a page has 100. Clients are known to ask for 200 to 1000. With 200 a wait that has to read four
    # pages with every look is still within the quota.
    page_size=200,
    # Operations on several objects answer with a list of tasks.
    launch_id_paths=(("json", "id"), ("json", "list", "id"), ("id",), ("list", "id"), ("task_id",)),
)
#: One request of the quota is kept for the logout, which does not wait for its turn. The window is longer by what
#: requests may lose on their way: the vendor counts when they arrive.
_PACE = Quota(requests=49, seconds=62.0)

_TEXT = {"type": ["string", "null"]}
#: Version 1 of the configuration API writes times as text, the others as milliseconds.
_TIME = {"type": ["string", "integer", "null"]}
_TASK = {
    "type": "object",
    "required": ["status"],
    "properties": {
        # A text of any form. A number in its place is the same id: no wait shall end over missing quotes.
        "id": {"type": ["string", "integer", "null"]},
        "status": {"type": "string"},
        "description": _TEXT,
        "description_id": _TEXT,
        "type": _TEXT,
        "entity": _TEXT,
        "entity_name": _TEXT,
        "progress": {"type": ["number", "null"]},
        "queued_time": _TIME,
        "start_time": _TIME,
        "complete_time": _TIME,
        # What is inside is read with care: an end must not get lost over the words about it.
        "error": {"type": ["object", "string", "null"]},
    },
}
TASK_SCHEMA = AnswerSchema(_TASK)
_LINK = {"type": ["object", "null"], "properties": {"href": _TEXT}}
LIST_SCHEMA = AnswerSchema(
    {
        "type": "object",
        "required": ["list"],
        "properties": {
            "list": {"type": "array", "items": _TASK},
            "_meta": {
                "type": ["object", "null"],
                "properties": {
                    "total": {"type": ["integer", "null"]},
                    "links": {"type": ["object", "null"], "properties": {"next": _LINK}},
                },
            },
        },
    },
)
_SESSION_SCHEMA = AnswerSchema(
    {
        "type": "object",
        "required": ["session_id"],
        "properties": {"session_id": {"type": "string", "minLength": 1}},
    },
)


# --- a task -----------------------------------------------------------------------------------------------------


def task_from_json(raw: Mapping[str, Any], description: ProviderDescription) -> Task:
    """Turn a task of any service and version into ours.

    What differs between them: times are texts or milliseconds; an error is a serialized Java Throwable or a message
    with details; there is a type, or an ``entity`` the task is about and a ``description_id`` that says which
    operation it is; a result is an object or a plain text, such as the id of what was made.
    """
    state = description.state_of(raw["status"])
    words = tuple(_failure_words(raw.get("error"))) if state in (TaskState.FAILED, TaskState.CANCELLED) else ()
    failure = TaskError(title=_chain(words[:-1]), detail=words[-1]) if words else None
    return Task(
        id=str(raw.get("id") or ""),
        provider=description.name,
        state=state,
        raw_state=raw["status"],
        name=raw.get("entity_name"),
        type=raw.get("type") or raw.get("description_id"),
        description=raw.get("description"),
        percent=_percent(raw.get("progress")),
        message=_chain(words),
        error=TaskError() if state is TaskState.FAILED and failure is None else failure,
        result=raw.get("result"),
        created_at=_moment(raw.get("queued_time")),
        started_at=_moment(raw.get("start_time")),
        # The state says whether a task has ended, and nothing else does.
        finished_at=_moment(raw.get("complete_time")) if state.is_final else None,
        resource=raw.get("entity"),
        raw=raw,
    )


def _moment(value: str | int | None) -> datetime | None:
    if isinstance(value, str) or value is None:
        return parse_time(value)
    try:
        return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=value)
    except OverflowError:
        return None


def _percent(value: Any) -> float | None:
    # Python reads NaN and Infinity as JSON.
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return float(min(100, max(0, value)))


#: The class of an exception before its message, as Java writes it: "java.io.IOException: Connection refused".
_EXCEPTION = re.compile(r"^(?:[a-zA-Z_]\w*\.)+[A-Z][\w$]*(?::\s*|$)")
#: Where a stack trace begins inside a text.
_STACK = re.compile(r"\n\s*at [\w.$<>/]+\(.*", re.DOTALL)
#: Where the next cause begins inside a printed stack trace.
_CAUSE = re.compile(r"\n[ \t]*Caused by: ")
#: More causes inside each other than this are not told.
_MOST_CAUSES = 20


def _failure_words(error: object) -> Iterator[str]:
    """Yield what an error says, from its outermost message to its innermost; the last says why.

    A message that repeats its cause's is left out, as is one that says nothing. Stack traces are in the raw task only.
    """
    found = [message for message in map(_plain_message, _messages(error)) if message]
    for number, message in enumerate(found):
        inner = found[number + 1 :]
        if not any(message.casefold() in other.casefold() for other in inner):
            yield _without_inner(message, inner)


def _chain(words: tuple[str, ...]) -> str | None:
    return readable(": ".join(word.rstrip(".:") for word in words)) or None


def _messages(error: object) -> Iterator[str]:
    """Yield the messages along the causes, from the outside in."""
    yield from _told(error)
    for _depth in range(_MOST_CAUSES):
        if not isinstance(error, Mapping):
            return
        yield from _told(error.get("message") or error.get("localized_message"))
        yield from _told(error.get("details"))
        error = error.get("cause")


def _told(text: object) -> list[str]:
    """Return the messages of a text: more than one where it is a printed stack trace."""
    return _CAUSE.split(text[:100_000], maxsplit=_MOST_CAUSES) if isinstance(text, str) else []


def _plain_message(message: str) -> str:
    # What is shown of it is shorter by far.
    text = readable(_STACK.sub("", message[:10_000]))
    while (shorter := _EXCEPTION.sub("", text)) != text:
        text = shorter
    return "" if text == "null" else text


def _without_inner(message: str, inner: list[str]) -> str:
    """Return a message without its cause's at its end, which Java and many a programmer put there."""
    for other in inner:
        if message.endswith(other):
            outer = re.sub(r"(?:[a-zA-Z_]\w*\.)+[A-Z][\w$]*:\s*$", "", message.removesuffix(other)).rstrip(" :-")
            return outer or message
    return message


def _explain(data: object) -> tuple[str | None, str] | None:
    """Read the error of a refused request; its ``op_id`` is what support asks for."""
    if not isinstance(data, Mapping) or not {"error_code", "message", "op_id"} & data.keys():
        return None
    fields = (data.get(key) for key in ("error_code", "message", "op_id"))
    code, message, operation = (readable(field) if isinstance(field, str) else "" for field in fields)
    words = [f"{code}: {message}" if code and message else code or message, f"(op_id {operation})" if operation else ""]
    return code or None, " ".join(filter(None, words))


# --- the login --------------------------------------------------------------------------------------------------


class _SessionLogin(Login):
    """A session of one service: got with a Basic login, carried in a header, ended when the work is done."""

    def __init__(self, options: ConnectionOptions, http: HttpClient, pacer: Pacer, tools: ProviderTools) -> None:
        super().__init__()
        self._options = options
        self._base_url = _base_url(options)
        self._http = http
        self._pacer = pacer
        self._tools = tools

    @property
    def refusal_advice(self) -> str:
        """What to check."""
        if self._options.service == "configure":
            return "check username and password; service configure wants those of the appliance itself, such as admin"
        return (
            f"check username and password; service {self._options.service} wants those of a vCenter Single Sign-On "
            "user, such as administrator@vsphere.local"
        )

    def _log_in(self, deadline: Deadline) -> Access:
        options = self._options
        words = f"{options.needed('username')}:{options.needed('password')}".encode()
        headers = {"Accept": "application/json", "Authorization": f"Basic {base64.b64encode(words).decode()}"}
        self._pacer.take_turn(deadline)
        url = f"{self._base_url}/session"
        response = self._http.send(HttpRequest("POST", url, headers=headers), deadline.next_request_timeout())
        if response.status == 404:
            # Else it would be taken for a task that does not exist.
            what = f"service {options.service}, version {options.api_version}"
            missing = f"there is no API of {what}, at {self._base_url}"
            if self._was_made:
                # While an appliance reconfigures itself, what stands in front of its services answers alone.
                raise TransientError(f"{missing} any more (HTTP 404)", method="POST", url=url, status=404)
            raise OptionError("api_url", f"api_url: {missing} (HTTP 404). Check service, api_version and api_path too")
        answer = read_answer(
            response,
            method="POST",
            title=DESCRIPTION.title,
            clock=self._tools.clock,
            refusal_advice=self.refusal_advice,
            explain=_explain,
            schema=_SESSION_SCHEMA,
        )
        session = answer["session_id"]
        self._tools.hide(session)
        return Access(self._base_url, {"x-dr-session": session})

    def _log_out(self, access: Access, deadline: Deadline) -> None:
        request = HttpRequest("DELETE", f"{access.base_url}/session", headers=access.headers)
        # 204 is the documented answer, 401 means that it had run out: both are an end, and trouble is no concern.
        with contextlib.suppress(WorkError):
            self._http.send(request, deadline.next_request_timeout())


def _base_url(options: ConnectionOptions) -> str:
    """Return the address of the service and version, from a bare address of the appliance or a whole one."""
    root = f"/{options.needed('api_path').strip('/')}".rstrip("/")
    path = f"{root}/{options.service}/{options.api_version}"
    url = check_url("api_url", options.needed("api_url"))
    given = next((part for part in (path, root) if part and url.endswith(part)), "")
    return check_url("api_path", f"{url.removesuffix(given)}{path}")


# --- the adapter ------------------------------------------------------------------------------------------------


class LiveSiteRecoveryProvider(TaskProvider):
    """The adapter of all services and versions. ``type_property`` is the field that tells what kind of task it is."""

    def __init__(self, api: JsonApi, *, type_property: str) -> None:
        super().__init__(DESCRIPTION)
        self._api = api
        self._type_property = type_property
        self._lock = Lock()
        #: How often it was asked whether the API is there, and the number of the last such question with a good answer.
        self._questions = 0
        self._answered = 0

    def read_task(self, task_id: str, deadline: Deadline) -> Task:
        """GET /tasks/{id}."""
        questions_before = self._questions
        try:
            raw = self._get(f"/tasks/{path_segment(task_id)}", deadline, TASK_SCHEMA)
        except NotFoundError:
            self._make_sure_of_the_api(questions_before, deadline)
            raise
        # The configuration API's documents call the id optional.
        if raw.get("id") and str(raw["id"]).casefold() != task_id.casefold():
            raise BadAnswerError(f"{self.description.title} was asked for task {task_id} and answered with another one")
        return replace(task_from_json(raw, self.description), id=task_id)

    def read_page(self, query: TaskQuery, cursor: str | None, deadline: Deadline) -> TaskPage:
        """GET /tasks. The cursor is the query of the next page."""
        params = self._params(query) if cursor is None else tuple(parse_qsl(cursor, keep_blank_values=True))
        try:
            answer = self._get("/tasks", deadline, LIST_SCHEMA, params)
        except NotFoundError as error:
            raise _away(error) from None
        # An entry without an id can be asked for by nobody.
        tasks = tuple(task_from_json(raw, self.description) for raw in answer["list"] if raw.get("id"))
        return TaskPage(tasks, self._next_cursor(answer, params, deadline))

    def close(self, deadline: Deadline) -> None:
        """End the session."""
        self._api.close(deadline)

    def _get(
        self, path: str, deadline: Deadline, schema: AnswerSchema, params: tuple[tuple[str, str], ...] = ()
    ) -> Any:
        """Read a path; a page of HTML with 404 comes from what stands in front of an API that has just logged us in."""
        try:
            return self._api.get(path, deadline, params=params, schema=schema)
        except RejectedError as error:
            if error.status != 404:
                raise
            raise _away(error) from None

    def _make_sure_of_the_api(self, questions_before: int, deadline: Deadline) -> None:
        """Ask for the session, after a 404 that does not tell whether it is the API's or the whole API is away.

        One question serves all requests that were under way when it was asked: those that began after no more than
        so many questions.

        Raises:
            TransientError: it is away, or cannot be asked.
        """
        with self._lock:
            if self._answered > questions_before:
                return
            self._questions += 1
            try:
                self._api.get("/session", deadline)
            except (NotFoundError, RejectedError) as error:
                if error.status == 404:
                    raise _away(error) from None
            self._answered = self._questions

    def _next_cursor(
        self, answer: Mapping[str, Any], params: tuple[tuple[str, str], ...], deadline: Deadline
    ) -> str | None:
        link: str | None = dig(answer, ("_meta", "links", "next", "href"))
        if link:
            self._api.check_link(link, deadline)
            # Only the query is used: behind a proxy the link's path can lack the prefix that the address has.
            if urlsplit(link).query:
                return urlsplit(link).query
        # Without a link the count tells whether there is more.
        offset = dict(params).get("offset", "")
        reached = (int(offset) if re.fullmatch("[0-9]{1,15}", offset) else 0) + len(answer["list"])
        total = dig(answer, ("_meta", "total"))
        if total is None or reached >= total or not answer["list"]:
            return None
        return urlencode([*((name, value) for name, value in params if name != "offset"), ("offset", str(reached))])

    def _params(self, query: TaskQuery) -> tuple[tuple[str, str], ...]:
        """Return the newest first, and what the query asks for as far as one filtered field can say it."""
        params = [("limit", str(self.description.page_size)), ("offset", "0")]
        given = {name for name, _value in query.filters}
        if not given & {"sort_by", "order_by"}:
            params += [("sort_by", "start_time"), ("order_by", "desc")]
        if not given & {"filter_property", "filter"}:
            params += self._filters(query)
        return (*((name, value) for name, value in params if name not in given), *query.filters)

    def _filters(self, query: TaskQuery) -> list[tuple[str, str]]:
        # A state that no table has cannot be asked for.
        words = [] if TaskState.UNKNOWN in query.states else self.description.raw_states(query.states)
        field, values = ("status", words) if words else (self._type_property, sorted(query.types))
        return [("filter_property", field), *(("filter", value) for value in values)] if values else []


def _away(error: RequestError) -> TransientError:
    """Return what a 404 is where a session was got: while an appliance reconfigures itself its API goes away."""
    return TransientError(
        f"{error.message}. An appliance that reconfigures itself can be away for a while",
        method=error.method,
        url=error.url,
        status=error.status,
    )


def _create(options: ConnectionOptions, tools: ProviderTools) -> TaskProvider:
    pacer = Pacer(_PACE, tools.clock)
    http = tools.make_http(options.tls)
    login = _SessionLogin(options, http, pacer, tools)
    api = JsonApi(
        http,
        login,
        tools.clock,
        title=DESCRIPTION.title,
        denied_advice="Reading tasks of the services srm and vr needs the privilege System.View",
        pacer=pacer,
        explain=_explain,
    )
    return LiveSiteRecoveryProvider(api, type_property="type" if options.service == "configure" else "description_id")


PROVIDER = Provider(DESCRIPTION, _create)
