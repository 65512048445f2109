# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user writes to describe an API of their own: its JSON Schema, and the frozen values it is read into.

Expressions are JMESPath. In paths, queries and bodies ``{id}`` stands for the task's id, ``{id:int}`` for the id as a
number, and ``{account_id}``, ``{username}`` and so on for the connection options of these names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .._errors import BadAnswerError, MissingLibraryError, OptionError
from .._options import ConnectionOptions
from .._pacing import Quota
from .._provider import DocumentedFailure, path_segment
from .._schemas import AnswerSchema
from .._task import TaskState

try:
    import jmespath
    import jmespath.exceptions

    HAS_JMESPATH = True
except ImportError:
    HAS_JMESPATH = False

_STATES = [state.value for state in TaskState if state not in (TaskState.UNKNOWN, TaskState.NOT_FOUND)]
_FIELDS = (
    "id",
    "state",
    "name",
    "type",
    "description",
    "percent",
    "message",
    "result",
    "created_at",
    "started_at",
    "updated_at",
    "finished_at",
    "expires_at",
    "owner",
    "resource",
    "parent_id",
)
#: The connection options that a definition can refer to, by login. What is not named is not handed on.
_LOGIN_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "none": (),
    "basic": ("username", "password"),
    "bearer": ("api_token",),
    "header": ("api_token",),
    "session": ("username", "password"),
}
_PLACES = ("account_id", "region")
#: What the body that begins a session can refer to besides.
LOGIN_VALUES = ("username", "password", "api_key", "api_token")

_EXPRESSION = {"type": "string", "minLength": 1}
_SECONDS = {"type": "number", "exclusiveMinimum": 0}
_PARAMETERS = {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}
_REQUEST: dict[str, Any] = {
    "method": {"enum": ["GET", "POST"]},
    "path": {"type": "string", "pattern": "^/"},
    "query": _PARAMETERS,
    "body": {},
}


def _closed(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    """Describe an object that takes these keys and no other, so that a slip of the pen is found."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


_PAGING: dict[str, Any] = {
    "type": "object",
    "required": ["style"],
    "properties": {"style": {"enum": ["link", "cursor", "offset", "page"]}},
    "allOf": [
        {
            "if": {"properties": {"style": {"const": style}}},
            "then": _closed({"style": {}, **properties}, "style", *required),
        }
        for style, properties, required in (
            ("link", {"next": _EXPRESSION}, ("next",)),
            ("cursor", {"next": _EXPRESSION, "parameter": _EXPRESSION}, ("next", "parameter")),
            (
                "offset",
                {"parameter": _EXPRESSION, "size_parameter": _EXPRESSION, "size": {"type": "integer", "minimum": 1}},
                ("parameter", "size_parameter", "size"),
            ),
            (
                "page",
                {
                    "parameter": _EXPRESSION,
                    "size_parameter": _EXPRESSION,
                    "size": {"type": "integer", "minimum": 1},
                    "first": {"type": "integer"},
                },
                ("parameter", "size_parameter", "size"),
            ),
        )
    ],
}

#: The JSON Schema of a definition.
SCHEMA: dict[str, Any] = _closed(
    {
        "title": {"type": "string", "minLength": 1},
        "base_path": {"type": "string", "pattern": "^(/.*)?$"},
        "login": _closed(
            {
                "type": {"enum": sorted(_LOGIN_OPTIONS)},
                "header": {"type": "string", "pattern": "^[A-Za-z0-9-]+$"},
                "prefix": {"type": "string"},
                "session": _closed(
                    {
                        "method": {"enum": ["GET", "POST", "PUT"]},
                        "path": {"type": "string", "pattern": "^/"},
                        "basic": {"type": "boolean"},
                        "body": {},
                        "token": _EXPRESSION,
                        "token_header": {"type": "string", "pattern": "^[A-Za-z0-9-]+$"},
                        "lifetime": _SECONDS,
                        "logout": _closed(
                            {"method": {"enum": ["DELETE", "POST", "GET"]}, "path": _REQUEST["path"]},
                            "method",
                            "path",
                        ),
                    },
                    "path",
                ),
            },
            "type",
        ),
        "get": _closed({**_REQUEST, "task": _EXPRESSION, "not_found_statuses": {"type": "array"}}, "path"),
        "list": _closed(
            {
                **_REQUEST,
                "items": _EXPRESSION,
                "paging": _PAGING,
                "state_parameter": _EXPRESSION,
                "is_complete": {"type": "boolean"},
            },
            "path",
            "items",
        ),
        "when_ended": _closed(
            {**_REQUEST, "message": _EXPRESSION, "result": _EXPRESSION, "code": _EXPRESSION},
            "path",
        ),
        "fields": _closed(dict.fromkeys(_FIELDS, _EXPRESSION), "id", "state"),
        "times": {"enum": ["rfc3339", "epoch_seconds", "epoch_milliseconds"]},
        "states": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"enum": _STATES},
        },
        "succeeded_if": _EXPRESSION,
        "failure": _closed({"code": _EXPRESSION, "message": _EXPRESSION}),
        "failure_codes": {
            "type": "array",
            "items": _closed(
                {
                    "code": {"type": ["string", "integer"]},
                    "title": {"type": "string"},
                    "detail": {"type": "string"},
                    "remedy": {"type": "string"},
                    "retryable": {"type": ["boolean", "null"]},
                    "source": {"type": "string"},
                },
                "code",
                "title",
            ),
        },
        "task_id": _closed({"pattern": {"type": "string"}, "words": {"type": "string"}}, "pattern", "words"),
        "launch_id": {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}},
        "poll_interval": _SECONDS,
        "quota": _closed({"requests": {"type": "integer", "minimum": 1}, "seconds": _SECONDS}, "requests", "seconds"),
        "transient_statuses": {"type": "array", "items": {"type": "integer", "minimum": 400, "maximum": 599}},
    },
    "get",
    "fields",
    "states",
)
_SCHEMA = AnswerSchema(SCHEMA)


class Expression:
    """A JMESPath expression, compiled once.

    Raises:
        OptionError: it is none.
    """

    def __init__(self, text: str, path: str) -> None:
        if not HAS_JMESPATH:
            raise MissingLibraryError("jmespath", "for the provider custom")
        self._text = text
        try:
            self._compiled = jmespath.compile(text)
        except jmespath.exceptions.JMESPathError as error:
            what = str(error).splitlines()[0]
            raise OptionError("definition", f"definition: {path} is no JMESPath expression: {what}") from None

    def find(self, data: Any) -> Any:
        """Return what the expression finds, None where it finds nothing.

        Raises:
            BadAnswerError: it cannot be applied to this answer.
        """
        try:
            return self._compiled.search(data)
        except jmespath.exceptions.JMESPathError as error:
            what = str(error).splitlines()[0]
            raise BadAnswerError(
                f"The definition's expression {self._text!r} does not fit the answer: {what}"
            ) from None


@dataclass(frozen=True)
class RequestTemplate:
    """A request whose parts may hold placeholders."""

    method: str
    path: str
    query: Mapping[str, Any]
    body: Any

    def fill(
        self, values: Mapping[str, str], task_id: str | None = None
    ) -> tuple[str, tuple[tuple[str, str], ...], Any]:
        """Return path, query and body with the placeholders filled. Every value is quoted to be one path segment."""
        known = dict(values) if task_id is None else {**values, "id": task_id}
        path = _fill_text(self.path, {name: path_segment(value) for name, value in known.items()})
        query = tuple((name, _fill_text(_parameter(value), known)) for name, value in self.query.items())
        return path, query, fill_body(self.body, known)


@dataclass(frozen=True)
class Paging:
    """How a list goes on: what its style needs."""

    style: str = "none"
    next: Expression | None = None
    parameter: str = ""
    size_parameter: str = ""
    size: int = 0
    first: int = 1


@dataclass(frozen=True)
class SessionTemplate:
    """How a session is begun and ended. ``lifetime`` is in seconds."""

    method: str
    path: str
    basic: bool
    body: Any
    token: Expression | None
    token_header: str | None
    lifetime: float | None
    logout: tuple[str, str] | None


@dataclass(frozen=True)
class Definition:
    """A definition that was checked."""

    title: str
    base_path: str
    login: str
    login_header: str
    login_prefix: str
    session: SessionTemplate | None
    get: RequestTemplate
    task: Expression | None
    not_found_statuses: frozenset[int]
    list: RequestTemplate | None
    items: Expression | None
    paging: Paging
    state_parameter: str | None
    list_is_complete: bool
    when_ended: RequestTemplate | None
    ended: Mapping[str, Expression]
    fields: Mapping[str, Expression]
    times: str
    states: Mapping[str, TaskState]
    succeeded_if: Expression | None
    failure: Mapping[str, Expression]
    failures: tuple[DocumentedFailure, ...]
    task_id: tuple[str, str] | None
    launch_id: tuple[tuple[str, ...], ...]
    poll_interval: float
    quota: Quota | None
    transient_statuses: frozenset[int]
    values: Mapping[str, str] = field(default_factory=dict)


_PLACEHOLDER = re.compile(r"\{(\w+)(:int)?\}")


def _parameter(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _fill_text(text: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values[found[1]], text)


def fill_body(body: Any, values: Mapping[str, str]) -> Any:
    """Fill the placeholders in every text of a body; a text that is ``{name:int}`` alone becomes a number."""
    if isinstance(body, Mapping):
        return {name: fill_body(value, values) for name, value in body.items()}
    if isinstance(body, list):
        return [fill_body(value, values) for value in body]
    if not isinstance(body, str):
        return body
    whole = _PLACEHOLDER.fullmatch(body)
    text = _fill_text(body, values)
    return int(text) if whole and whole[2] and re.fullmatch(r"-?\d+", text) else text


def read_definition(given: object, options: ConnectionOptions) -> Definition:
    """Check a definition and read it.

    Raises:
        OptionError: it is wrong; the message names the place and the mistake.
    """
    problem = _SCHEMA.problem(given)
    if problem is not None or not isinstance(given, Mapping):
        raise OptionError("definition", f"definition is wrong {problem}")
    login = given.get("login", {"type": "none"})
    values = {name: value for name in _PLACES for value in [getattr(options, name)] if isinstance(value, str)}
    listing = given.get("list")
    paging = (listing or {}).get("paging", {"style": "none"})
    ended = given.get("when_ended")
    task_id = given.get("task_id")
    quota = given.get("quota")
    definition = Definition(
        title=given.get("title", "The API"),
        base_path=given.get("base_path", "").rstrip("/"),
        login=login["type"],
        login_header=login.get("header", "Authorization"),
        login_prefix=login.get("prefix", "Bearer " if login["type"] == "bearer" else ""),
        session=_session(login),
        get=_request(given["get"], "$.get", {*values, "id"}),
        task=_expression(given["get"], "task", "$.get"),
        not_found_statuses=frozenset(given["get"].get("not_found_statuses", [404])),
        list=None if listing is None else _request(listing, "$.list", set(values)),
        items=None if listing is None else _expression(listing, "items", "$.list"),
        paging=Paging(**{**paging, "next": _expression(paging, "next", "$.list.paging")}),
        state_parameter=(listing or {}).get("state_parameter"),
        list_is_complete=(listing or {}).get("is_complete", True),
        when_ended=None if ended is None else _request(ended, "$.when_ended", {*values, "id"}),
        ended=_expressions(ended or {}, ("message", "result", "code"), "$.when_ended"),
        fields=_expressions(given["fields"], _FIELDS, "$.fields"),
        times=given.get("times", "rfc3339"),
        states={str(raw): TaskState(state) for raw, state in given["states"].items()},
        succeeded_if=_expression(given, "succeeded_if", "$"),
        failure=_expressions(given.get("failure", {}), ("code", "message"), "$.failure"),
        failures=tuple(map(_failure, given.get("failure_codes", []))),
        task_id=None if task_id is None else (_pattern(task_id["pattern"]), task_id["words"]),
        launch_id=tuple(tuple(path.split(".")) for path in given.get("launch_id", ())),
        poll_interval=float(given.get("poll_interval", 5.0)),
        quota=None if quota is None else Quota(quota["requests"], quota["seconds"]),
        transient_statuses=frozenset(given.get("transient_statuses", ())),
        values=values,
    )
    _check_login(definition, login)
    return definition


def needed_options(definition: Definition) -> tuple[str, ...]:
    """Return the connection options that the definition's login needs."""
    return _LOGIN_OPTIONS[definition.login]


def _check_login(definition: Definition, login: Mapping[str, Any]) -> None:
    if definition.login == "session" and definition.session is None:
        raise OptionError("definition", "definition: $.login.session is missing, which the type session needs")
    if definition.login != "session" and "session" in login:
        raise OptionError("definition", f"definition: $.login.session is not for the type {definition.login}")
    session = definition.session
    if session is not None and (session.token is None) == (session.token_header is None):
        what = "needs exactly one of token and token_header, the place of the session's token in the answer"
        raise OptionError("definition", f"definition: $.login.session {what}")


def _session(login: Mapping[str, Any]) -> SessionTemplate | None:
    session = login.get("session")
    if session is None:
        return None
    _check_placeholders(session.get("body"), "$.login.session.body", {*LOGIN_VALUES, *_PLACES})
    logout = session.get("logout")
    return SessionTemplate(
        method=session.get("method", "POST"),
        path=session["path"],
        basic=session.get("basic", False),
        body=session.get("body"),
        token=_expression(session, "token", "$.login.session"),
        token_header=session.get("token_header"),
        lifetime=session.get("lifetime"),
        logout=None if logout is None else (logout["method"], logout["path"]),
    )


def _request(given: Mapping[str, Any], path: str, names: set[str]) -> RequestTemplate:
    for key in ("path", "query", "body"):
        _check_placeholders(given.get(key), f"{path}.{key}", names)
    return RequestTemplate(given.get("method", "GET"), given["path"], given.get("query", {}), given.get("body"))


def _check_placeholders(part: Any, path: str, names: set[str]) -> None:
    if isinstance(part, Mapping):
        for key, value in part.items():
            _check_placeholders(value, f"{path}.{key}", names)
    elif isinstance(part, list):
        for number, value in enumerate(part):
            _check_placeholders(value, f"{path}[{number}]", names)
    elif isinstance(part, str):
        for name, _kind in _PLACEHOLDER.findall(part):
            if name not in names:
                there = "is given as no option" if name in _PLACES else "is no placeholder here"
                raise OptionError("definition", f"definition: {path} has {{{name}}}, which {there}")


def _expression(given: Mapping[str, Any], key: str, path: str) -> Expression | None:
    return Expression(given[key], f"{path}.{key}") if key in given else None


def _expressions(given: Mapping[str, Any], keys: tuple[str, ...], path: str) -> dict[str, Expression]:
    return {key: Expression(given[key], f"{path}.{key}") for key in keys if key in given}


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise OptionError("definition", f"definition: $.task_id.pattern is no regular expression: {error}") from None
    return text


def _failure(given: Mapping[str, Any]) -> DocumentedFailure:
    return DocumentedFailure(
        code=str(given["code"]),
        title=given["title"],
        detail=given.get("detail", given["title"]),
        remedy=given.get("remedy", ""),
        retryable=given.get("retryable"),
        source=given.get("source", "the definition"),
    )
