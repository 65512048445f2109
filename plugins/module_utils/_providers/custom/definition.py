# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user writes to describe an API of their own: its JSON Schema, and the frozen values it is read into.

Expressions are JMESPath. In paths, queries and bodies ``{id}`` stands for the task's id, ``{account_id}`` and
``{region}`` for the connection options of these names. In a body ``{id:int}`` is the id as a number; at the beginning
of a path ``{id:path}`` is an id that is itself a path. Headers and bodies take the login's options too, and bodies the
token of a session.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..._api.addresses import path_segment
from ..._api.json_api import Accepted
from ..._api.pacing import Quota
from ..._api.schemas import AnswerSchema
from ..._core.errors import (
    AccessDeniedError,
    AuthenticationError,
    BadAnswerError,
    MissingLibraryError,
    NotFoundError,
    OptionError,
    RejectedError,
    RequestError,
    TransientError,
)
from ..._core.task import TaskState
from ..._provider.description import DocumentedError
from ..._provider.options import ConnectionOptions
from ..._provider.rest import Params, RestRequest

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
#: The connection options that a login needs. A session needs those that its request names.
_LOGIN_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "none": (),
    "basic": ("username", "password"),
    "bearer": ("api_token",),
    "header": ("api_token",),
    "session": (),
}
#: The connection options that every request can name.
_PLACES = ("account_id", "region")
#: What headers and bodies can name besides: addresses are shown, these are not.
LOGIN_VALUES = ("username", "password", "api_key", "api_token")
#: The token of a session, in bodies.
_TOKEN = "token"  # noqa: S105 - the name of a placeholder
#: Headers that hold a secret and nothing else.
_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie"})

#: What ``get.statuses`` says of a status whose answer holds the task, as that of 200 does.
_HOLDS_TASK = "task"
#: For any word that ``states`` does not name, and for none at all.
_ANY_OTHER, _NULL = "*", "null"

_EXPRESSION = {"type": "string", "minLength": 1}
_NAME = {"type": "string", "minLength": 1}
_SECONDS = {"type": "number", "exclusiveMinimum": 0, "maximum": 366 * 86400}
#: Python's ``$`` would also stand before a line break at the end.
_PATH = {
    "type": "string",
    "pattern": r"^/[!\"$-~]*$(?!\n)",
    "description": "a path begins with a slash and holds no spaces, # or letters beyond ASCII",
}
_TASK_PATH = {
    **_PATH,
    "pattern": r"^(/|\{id:path\})[!\"$-~]*$(?!\n)",
    "description": "a path begins with a slash or with {id:path}, and holds no spaces, # or letters beyond ASCII",
}
_HEADER = {
    "type": "string",
    "pattern": r"^[A-Za-z0-9_-]+$(?!\n)",
    "description": "the name of a header has letters, digits, - and _",
}
_HEADER_TEXT = {
    "type": "string",
    "pattern": r"^[ -~]*$(?!\n)",
    "description": "a header holds printable ASCII only",
}
_PARAMETERS = {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}
_REQUEST: dict[str, Any] = {
    "method": {"enum": ["GET", "POST"]},
    "path": _PATH,
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


def _variants(key: str, variants: Mapping[str, tuple[Mapping[str, Any], tuple[str, ...]]]) -> dict[str, Any]:
    """Describe an object whose other keys depend on one: its value -> the properties, and which have to be there."""
    return {
        "type": "object",
        "required": [key],
        "properties": {key: {"enum": list(variants)}},
        "allOf": [
            {
                "if": {"properties": {key: {"const": value}}, "required": [key]},
                "then": _closed({key: {}, **properties}, *required),
            }
            for value, (properties, required) in variants.items()
        ],
    }


_PAGE = {"parameter": _NAME, "size_parameter": _NAME, "size": {"type": "integer", "minimum": 1}}
_PAGING = _variants(
    "style",
    {
        "link": ({"next": _EXPRESSION}, ("next",)),
        "cursor": ({"next": _EXPRESSION, "parameter": _NAME}, ("next", "parameter")),
        "offset": (_PAGE, tuple(_PAGE)),
        "page": ({**_PAGE, "first": {"type": "integer", "minimum": 0}}, tuple(_PAGE)),
    },
)
_HTTP_STATUSES = {"type": "array", "items": {"type": "integer", "minimum": 400, "maximum": 599}}
_TOKEN_PLACE = {"header": _HEADER, "prefix": _HEADER_TEXT}
_SESSION = _closed(
    {
        "method": {"enum": ["GET", "POST", "PUT"]},
        "path": _PATH,
        "basic": {"type": "boolean"},
        "body": {},
        "token": _EXPRESSION,
        "token_header": _HEADER,
        "lifetime": _SECONDS,
        "expired_statuses": _HTTP_STATUSES,
        "logout": _closed({"method": {"enum": ["DELETE", "POST", "GET"]}, "path": _PATH}, "method", "path"),
    },
    "path",
)
_LOGIN = _variants(
    "type",
    {
        "none": ({}, ()),
        "basic": ({}, ()),
        "bearer": (_TOKEN_PLACE, ()),
        "header": (_TOKEN_PLACE, ()),
        "session": ({**_TOKEN_PLACE, "session": _SESSION}, ("session",)),
    },
)
#: What a code of a refusal can mean.
_MEANINGS: Mapping[str, type[RequestError]] = {
    "not_found": NotFoundError,
    "transient": TransientError,
    "authentication": AuthenticationError,
    "permission": AccessDeniedError,
    "rejected": RejectedError,
}

_SCHEMA_OF_ALL: dict[str, Any] = _closed(
    {
        "title": {"type": "string", "minLength": 1},
        "base_path": _PATH,
        "headers": {"type": "object", "propertyNames": _HEADER, "additionalProperties": _HEADER_TEXT},
        "login": _LOGIN,
        "get": _closed(
            {
                **_REQUEST,
                "path": _TASK_PATH,
                "task": _EXPRESSION,
                "statuses": {
                    "type": "object",
                    "minProperties": 1,
                    "additionalProperties": {"enum": [_HOLDS_TASK, *_STATES]},
                },
                "not_found_statuses": _HTTP_STATUSES,
            },
            "path",
        ),
        "list": _closed(
            {
                **_REQUEST,
                "items": _EXPRESSION,
                "paging": _PAGING,
                "state_parameter": _NAME,
                "is_complete": {"type": "boolean"},
            },
            "path",
            "items",
        ),
        "when_ended": _closed(
            {**_REQUEST, "path": _TASK_PATH, "message": _EXPRESSION, "result": _EXPRESSION, "code": _EXPRESSION},
            "path",
        ),
        "fields": _closed(dict.fromkeys(_FIELDS, _EXPRESSION)),
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
        "refusal": _closed(
            {
                "when": _EXPRESSION,
                "code": _EXPRESSION,
                "message": _EXPRESSION,
                "meanings": {"type": "object", "additionalProperties": {"enum": list(_MEANINGS)}},
            }
        ),
        "launch_id": {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}},
        "poll_interval": _SECONDS,
        "quota": _closed({"requests": {"type": "integer", "minimum": 1}, "seconds": _SECONDS}, "requests", "seconds"),
        "transient_statuses": _HTTP_STATUSES,
    }
)
_STATUSES_TELL = {"properties": {"get": {"type": "object", "required": ["statuses"]}}, "required": ["get"]}
#: The JSON Schema of a definition. Where HTTP statuses tell the state, the answer need not.
SCHEMA: dict[str, Any] = {
    **_SCHEMA_OF_ALL,
    "required": [],
    "if": _STATUSES_TELL,
    "else": {
        "required": ["get", "fields", "states"],
        "properties": {"fields": {"type": "object", "required": ["id", "state"]}},
    },
}
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
            what = str(error).partition("\n")[0].rstrip(":")
            raise OptionError("definition", f"definition: {path} is no JMESPath expression: {what}") from None

    def find(self, data: Any) -> Any:
        """Return what the expression finds, None where it finds nothing.

        Raises:
            BadAnswerError: it cannot be applied to this answer.
        """
        try:
            return self._compiled.search(data)
        # Besides its own errors the library lets some of Python's through, such as that of a slice with step 0.
        except (TypeError, ValueError, ArithmeticError) as error:
            what = str(error).partition("\n")[0]
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
    accepted: Accepted

    def fill(self, values: Mapping[str, str], task_id: str | None = None) -> RestRequest:
        """Return the request with the placeholders filled; the token of a session is filled when it is sent."""
        known = dict(values) if task_id is None else {**values, "id": task_id}
        path = fill_path(self.path, known)
        query = tuple((name, fill_text(_parameter(value), known)) for name, value in self.query.items())
        if _TOKEN in placeholders(self.body):
            return self._request(path, query, lambda access: fill_body(self.body, {**known, _TOKEN: access.token}))
        return self._request(path, query, fill_body(self.body, known))

    def _request(self, path: str, query: Params, body: Any) -> RestRequest:
        return RestRequest(path, query, body, self.method, self.accepted)


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
    #: HTTP statuses besides 401 that say that it has run out.
    expired_statuses: frozenset[int]
    logout: tuple[str, str] | None


@dataclass(frozen=True)
class RefusalTemplate:
    """How an answer tells a refusal, whatever its HTTP status is, and what each of the API's codes means.

    Without ``when`` an answer is a refusal where it has a code or a message at these places.
    """

    when: Expression | None
    code: Expression | None
    message: Expression | None
    meanings: Mapping[str, type[RequestError]]


@dataclass(frozen=True)
class Definition:
    """A definition that was checked."""

    title: str
    base_path: str
    headers: Mapping[str, str]
    login: str
    #: The connection options that its login and its placeholders need.
    needs: tuple[str, ...]
    #: Where the login's token is sent; None where bodies alone have it, or where there is none.
    login_header: str | None
    login_prefix: str
    session: SessionTemplate | None
    get: RequestTemplate
    task: Expression | None
    #: What HTTP statuses of ``get`` mean by themselves: a state, or None where the answer holds the task.
    statuses: Mapping[int, TaskState | None]
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
    #: What any other word means.
    other_state: TaskState
    succeeded_if: Expression | None
    failure: Mapping[str, Expression]
    failures: tuple[DocumentedError, ...]
    refusal: RefusalTemplate | None
    task_id: tuple[str, str] | None
    launch_id: tuple[tuple[str, ...], ...]
    poll_interval: float
    quota: Quota | None
    transient_statuses: frozenset[int]
    values: Mapping[str, str] = field(default_factory=dict)


#: A brace after a backslash is one.
_PLACEHOLDER = re.compile(r"\\\{|\{(\w+)(?::(\w+))?\}")


def _parameter(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def fill_text(text: str, values: Mapping[str, str]) -> str:
    """Fill the placeholders of a text."""
    return _PLACEHOLDER.sub(lambda found: "{" if found[1] is None else values[found[1]], text)


def fill_path(text: str, values: Mapping[str, str]) -> str:
    """Fill the placeholders of a path. Every value is quoted to be one segment, except for that of ``{id:path}``."""

    def fill(found: re.Match[str]) -> str:
        if found[1] is None:
            return "%7B"
        value = values[found[1]]
        return path_segment(value) if found[2] is None else _whole_path(value)

    return _PLACEHOLDER.sub(fill, text)


def _whole_path(task_id: str) -> str:
    """Quote an id that is a path."""
    if not task_id.startswith("/"):
        raise OptionError("task_ids", f"task_ids holds {task_id!r}; an id of this API is a path and begins with a /")
    first, *inner, last = task_id.split("/")
    return "/".join([first, *map(path_segment, inner), path_segment(last) if last else ""])


def fill_body(body: Any, values: Mapping[str, str]) -> Any:
    """Fill the placeholders in every text of a body; a text that is ``{name:int}`` alone becomes a number."""
    if isinstance(body, Mapping):
        return {name: fill_body(value, values) for name, value in body.items()}
    if isinstance(body, list):
        return [fill_body(value, values) for value in body]
    if not isinstance(body, str):
        return body
    whole = _PLACEHOLDER.fullmatch(body)
    text = fill_text(body, values)
    if whole is None or whole[2] is None:
        return text
    if not re.fullmatch(r"-?[0-9]{1,1000}", text):
        raise OptionError("task_ids", f"task_ids holds {text!r}; this API numbers its tasks")
    return int(text)


def read_definition(given: object, options: ConnectionOptions) -> Definition:
    """Check a definition and read it.

    Raises:
        OptionError: it is wrong; the message names the place and the mistake.
    """
    problem = _SCHEMA.problem(given)
    if problem is not None or not isinstance(given, Mapping):
        raise OptionError("definition", f"definition is wrong {problem}")
    login = given.get("login", {"type": "none"})
    places = {name: getattr(options, name) for name in _PLACES}
    values = {name: value for name, value in places.items() if value is not None and value.strip()}
    # What bodies can name: of a session's token too, where there is a session.
    inside = (*values, *LOGIN_VALUES, *((_TOKEN,) if login["type"] == "session" else ()))
    base_path = given.get("base_path", "").rstrip("/")
    _check_placeholders(base_path, "$.base_path", values)
    headers = _headers(given.get("headers", {}), values)
    statuses = _statuses(given["get"].get("statuses", {}))
    states = {_state_word(raw): TaskState(state) for raw, state in given.get("states", {}).items()}
    other_state = states.pop(_ANY_OTHER, TaskState.UNKNOWN)
    if other_state is TaskState.SUCCEEDED:
        raise OptionError(
            "definition",
            'definition: $.states."*" is succeeded: a word that nobody knows must not end a wait as a success. '
            "Name the words that do",
        )
    listing = given.get("list")
    paging = (listing or {}).get("paging", {"style": "none"})
    ended = given.get("when_ended")
    task_id = given.get("task_id")
    quota = given.get("quota")
    return Definition(
        title=given.get("title", "The API"),
        base_path=fill_path(base_path, values),
        headers=headers,
        login=login["type"],
        needs=_needs(login, (headers, given["get"], listing, ended)),
        login_header=_login_header(login, placeholders((given["get"], listing, ended))),
        login_prefix=login.get("prefix", "Bearer " if login["type"] == "bearer" else ""),
        session=_session(login, values),
        get=replace(_task_request(given["get"], "$.get", values, inside), accepted=_accepted(statuses)),
        statuses=statuses,
        task=_expression(given["get"], "task", "$.get"),
        not_found_statuses=frozenset(given["get"].get("not_found_statuses", ())),
        list=None if listing is None else _request(listing, "$.list", values, inside),
        items=None if listing is None else _expression(listing, "items", "$.list"),
        paging=Paging(**{**paging, "next": _expression(paging, "next", "$.list.paging")}),
        state_parameter=(listing or {}).get("state_parameter"),
        list_is_complete=(listing or {}).get("is_complete", True),
        when_ended=None if ended is None else _task_request(ended, "$.when_ended", values, inside),
        ended=_expressions(ended or {}, ("message", "result", "code"), "$.when_ended"),
        fields=_expressions(given.get("fields", {}), _FIELDS, "$.fields"),
        times=given.get("times", "rfc3339"),
        states=states,
        other_state=other_state,
        succeeded_if=_expression(given, "succeeded_if", "$"),
        failure=_expressions(given.get("failure", {}), ("code", "message"), "$.failure"),
        failures=tuple(map(_failure, given.get("failure_codes", []))),
        refusal=None if "refusal" not in given else _refusal(given["refusal"]),
        task_id=None if task_id is None else (_pattern(task_id["pattern"]), task_id["words"]),
        launch_id=tuple(tuple(path.split(".")) for path in given.get("launch_id", ())),
        poll_interval=float(given.get("poll_interval", 5.0)),
        quota=None if quota is None else Quota(quota["requests"], quota["seconds"]),
        transient_statuses=frozenset(given.get("transient_statuses", ())),
        values=values,
    )


def _session(login: Mapping[str, Any], values: Mapping[str, str]) -> SessionTemplate | None:
    session = login.get("session")
    if session is None:
        return None
    where = "$.login.session"
    if ("token" in session) == ("token_header" in session):
        what = "needs exactly one of token and token_header, the place of the session's token in the answer"
        raise OptionError("definition", f"definition: {where} {what}")
    logout = session.get("logout")
    _check_placeholders(session["path"], f"{where}.path", values)
    _check_placeholders((logout or {}).get("path"), f"{where}.logout.path", values)
    _check_placeholders(session.get("body"), f"{where}.body", (*values, *LOGIN_VALUES))
    return SessionTemplate(
        method=session.get("method", "POST"),
        path=fill_path(session["path"], values),
        basic=session.get("basic", False),
        body=session.get("body"),
        token=_expression(session, "token", where),
        token_header=session.get("token_header"),
        lifetime=session.get("lifetime"),
        expired_statuses=frozenset(session.get("expired_statuses", ())),
        logout=None if logout is None else (logout["method"], fill_path(logout["path"], values)),
    )


def _refusal(given: Mapping[str, Any]) -> RefusalTemplate:
    if not given.keys() & {"when", "code", "message"}:
        raise OptionError("definition", "definition: $.refusal needs when, code or message, to know a refusal by")
    return RefusalTemplate(
        **{key: _expression(given, key, "$.refusal") for key in ("when", "code", "message")},
        meanings={str(code): _MEANINGS[meaning] for code, meaning in given.get("meanings", {}).items()},
    )


def _state_word(raw: object) -> str:
    return _NULL if raw is None else str(raw)


def _statuses(given: Mapping[Any, str]) -> dict[int, TaskState | None]:
    for status in given:
        if not re.fullmatch(r"[2-5][0-9]{2}", str(status)) or str(status) in ("401", "404"):
            what = "is for the login" if str(status) == "401" else "means that there is no such task"
            told = what if str(status) in ("401", "404") else "is no HTTP status from 200 to 599"
            raise OptionError("definition", f"definition: $.get.statuses has {status}, which {told}")
    return {int(status): None if means == _HOLDS_TASK else TaskState(means) for status, means in given.items()}


def _accepted(statuses: Mapping[int, TaskState | None]) -> Accepted:
    bare = frozenset(status for status, state in statuses.items() if state is not None)
    return Accepted(frozenset(statuses), bare)


def _login_header(login: Mapping[str, Any], named: Collection[str]) -> str | None:
    if login["type"] in ("none", "basic") or (_TOKEN in named and "header" not in login):
        return None
    return str(login.get("header", "Authorization"))


def _headers(given: Mapping[str, str], values: Mapping[str, str]) -> Mapping[str, str]:
    for name, text in given.items():
        path = f"$.headers.{name}"
        named = _check_placeholders(text, path, (*values, *LOGIN_VALUES))
        if name.lower() in _SECRET_HEADERS and not named & {*LOGIN_VALUES}:
            raise OptionError(
                "definition",
                f"definition: {path} would hold a secret, and a definition is no place for one: use login, or a "
                f"placeholder such as {{api_token}}",
            )
    return given


def _needs(login: Mapping[str, Any], parts: object) -> tuple[str, ...]:
    """Return the connection options that a login and the placeholders in some parts of the definition need."""
    session = login.get("session", {})
    kind = "basic" if session.get("basic") else login["type"]
    named = {*_LOGIN_OPTIONS[kind], *placeholders(session.get("body")), *placeholders(parts)}
    return tuple(name for name in LOGIN_VALUES if name in named)


def _task_request(
    given: Mapping[str, Any], path: str, values: Mapping[str, str], inside: Collection[str]
) -> RequestTemplate:
    """Read a request about one task."""
    named = _check_placeholders(given["path"], f"{path}.path", (*values, "id"), kinds=("path",))
    named |= _check_placeholders(given.get("query"), f"{path}.query", (*values, "id"))
    named |= _check_placeholders(given.get("body"), f"{path}.body", (*inside, "id"), kinds=("int",))
    if "id" not in named:
        raise OptionError("definition", f"definition: {path} has {{id}} nowhere, so that it asks for no task")
    return _template(given)


def _request(
    given: Mapping[str, Any], path: str, values: Mapping[str, str], inside: Collection[str]
) -> RequestTemplate:
    for key, names in (("path", values), ("query", values), ("body", inside)):
        _check_placeholders(given.get(key), f"{path}.{key}", names)
    return _template(given)


def _template(given: Mapping[str, Any]) -> RequestTemplate:
    query, body = given.get("query", {}), given.get("body")
    return RequestTemplate(given.get("method", "GET"), given["path"], query, body, _accepted({}))


def _texts(part: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text in a part of the definition, with its place."""
    if isinstance(part, Mapping):
        for key, value in part.items():
            yield from _texts(value, f"{path}.{key}")
    elif isinstance(part, (list, tuple)):
        for number, value in enumerate(part):
            yield from _texts(value, f"{path}[{number}]")
    elif isinstance(part, str):
        yield path, part


def placeholders(part: Any) -> set[str]:
    """Return the names of the placeholders in a part of the definition."""
    return {found[1] for _path, text in _texts(part) for found in _PLACEHOLDER.finditer(text) if found[1]}


def _check_placeholders(part: Any, path: str, names: Collection[str], *, kinds: Collection[str] = ()) -> set[str]:
    """Return the names of the placeholders in a part of the definition, after making sure that each can be filled."""
    for place, text in _texts(part, path):
        for found in _PLACEHOLDER.finditer(text):
            if found[1] is not None:
                _check_placeholder(found, place, names, kinds)
    return placeholders(part)


def _check_placeholder(found: re.Match[str], path: str, names: Collection[str], kinds: Collection[str]) -> None:
    name, kind = found[1], found[2]
    if name not in names and name in _PLACES:
        raise OptionError(name, f"definition: {path} has {found[0]}, but the option {name} is not given")
    if name not in names and name in LOGIN_VALUES:
        raise OptionError(
            "definition",
            f"definition: {path} has {found[0]}, and addresses are shown: a secret goes into headers or a body",
        )
    # Only an id is looked at in another way than as a text.
    if name not in names or (kind is not None and (kind not in kinds or name != "id")):
        can_be = [f"{{{word}}}" for word in names] + [f"{{id:{word}}}" for word in kinds if "id" in names]
        known = f"; there can be {', '.join(can_be)}" if can_be else ""
        raise OptionError(
            "definition",
            f"definition: {path} has {found[0]}, which is no placeholder here{known}. "
            f"A brace that begins no placeholder is written \\{{",
        )


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


def _failure(given: Mapping[str, Any]) -> DocumentedError:
    return DocumentedError(
        code=str(given["code"]),
        title=given["title"],
        detail=given.get("detail", given["title"]),
        remedy=given.get("remedy", ""),
        retryable=given.get("retryable"),
        source=given.get("source", "the definition"),
    )
