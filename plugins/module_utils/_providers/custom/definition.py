# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user writes to describe an API of their own, read into frozen values that are named as the keys are.

Expressions are JMESPath. In paths, queries and bodies ``{id}`` stands for the task's ID, ``{account_id}`` and
``{region}`` for the connection options of these names. In a body ``{id:int}`` is the ID as a number, in a path
``{id:path}`` is an ID that is itself a path or an address, and ``{id.NAME}`` is a part of an ID. Headers and bodies
take the login's options too, and bodies the token of a session.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timezone
from typing import Any, NamedTuple

from ..._api.addresses import path_segment
from ..._api.answers import HAS_XMLTODICT, JSON, XML, Format
from ..._api.json_api import Accepted
from ..._api.pacing import Quota
from ..._api.schemas import AnswerSchema
from ..._core.errors import (
    AccessDeniedError,
    AuthenticationError,
    MissingLibraryError,
    NotFoundError,
    OptionError,
    RejectedError,
    RequestError,
    TransientError,
)
from ..._core.task import Task, TaskState
from ..._core.text import listed
from ..._provider.description import DocumentedError
from ..._provider.options import ConnectionOptions
from ..._provider.rest import DONE
from .expressions import EXPRESSION, Expression, IdExpression, expressions
from .keys import (
    ANYTHING,
    FLAG,
    NAME,
    PATH,
    SECONDS,
    STATUSES,
    TEXT,
    Kind,
    closed,
    key,
    mapping,
    mistake,
    one_of,
    path,
    read,
    schema_of,
    section,
    variants,
)
from .task_ids import TaskIdKeys, TaskIds, read_task_ids
from .templates import LOGIN_VALUES, PLACES, TOKEN, RequestTemplate, check_placeholders, fill_path, placeholders

#: The fields of a task for which a definition says where they are.
FIELDS = tuple(
    one.name for one in fields(Task) if one.name not in ("provider", "raw_state", "error", "subtasks", "raw")
)
#: What a definition tells its readers, in prose. Nothing else reads it.
ABOUT = ("description", "login", "launch", "limits", "cancel", "proven_on")
#: How answers are written.
FORMATS: Mapping[str, Format] = {"json": JSON, "xml": XML}
#: How times are written, where no pattern says so.
TIMES = ("rfc3339", "epoch_seconds", "epoch_milliseconds")
#: Where a login's path can begin, on a server that the user names.
AUTH_URL = "{auth_url}"
#: What ``get.statuses`` says of a status whose answer holds the task, as that of 200 does.
HOLDS_TASK = "task"
#: For any word that ``states`` does not name, and for none at all.
ANY_OTHER, NULL = "*", "null"
#: What a code of a refusal can mean.
MEANINGS: Mapping[str, type[RequestError]] = {
    "not_found": NotFoundError,
    "transient": TransientError,
    "authentication": AuthenticationError,
    "permission": AccessDeniedError,
    "rejected": RejectedError,
}

_STATES = [state.value for state in TaskState if state not in (TaskState.UNKNOWN, TaskState.NOT_FOUND)]
#: Any moment, to try patterns of times with.
_MOMENT = datetime(2026, 12, 31, 23, 59, 58, tzinfo=timezone.utc)
#: Headers that belong to the connection or the body.
_OWN_HEADERS = frozenset({"host", "connection", "content-length", "content-type", "transfer-encoding"})
#: Headers that hold a secret and nothing else.
_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie"})

_TASK_PATH = path(r"\{(id|next):path\}", "{id:path}")
_LOGIN_PATH = path(r"\{auth_url\}", AUTH_URL)
_HEADER = Kind(
    {
        "type": "string",
        "pattern": r"^[A-Za-z0-9_-]+$(?!\n)",
        "description": "the name of a header has letters, digits, - and _",
    }
)
_HEADER_TEXT = Kind(
    {"type": "string", "pattern": r"^[ -~]*$(?!\n)", "description": "a header contains printable ASCII only"}
)
_FORM = mapping(TEXT.schema)


# --- the login ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Logout:
    """The request that ends a session: at a path, or at the address that the login's answer gave."""

    method: str = key(one_of("DELETE", "POST", "GET"), needed=True)
    path: str | None = key(PATH)
    address: Expression | None = key(EXPRESSION)
    address_header: str | None = key(_HEADER)
    body: Any = key(ANYTHING)


def _read_logout(given: Mapping[str, Any], where: str) -> Logout:
    _need_one(given, ("path", "address", "address_header"), where)
    return read(Logout, given, where)


def _read_lifetime(given: float | str, where: str) -> float | Expression:
    return Expression(given, where) if isinstance(given, str) else given


@dataclass(frozen=True)
class Session:
    """How a session is begun and ended. ``lifetime`` is in seconds, or where the answer has them."""

    method: str = key(one_of("GET", "POST", "PUT"), "POST")
    #: Below the address of the API, or of the server of logins that the user names.
    path: str = key(_LOGIN_PATH, needed=True)
    basic: bool = key(FLAG, default=False)
    body: Any = key(ANYTHING)
    form: Mapping[str, str] | None = key(_FORM)
    #: Where the answer has the token; without any the session is in its cookies.
    token: Expression | None = key(EXPRESSION)
    token_header: str | None = key(_HEADER)
    token_cookie: str | None = key(NAME)
    cookies: bool = key(Kind({"const": True}), default=False)
    lifetime: float | Expression | None = key(
        Kind({"anyOf": [SECONDS.schema, EXPRESSION.schema]}, _read_lifetime),
    )
    #: HTTP statuses besides 401 that say that it has run out.
    expired_statuses: frozenset[int] = key(STATUSES, ())
    logout: Logout | None = key(section(Logout, _read_logout))

    @property
    def is_elsewhere(self) -> bool:
        """Whether it begins on the server of logins that the user names."""
        return self.path.startswith(AUTH_URL)

    @property
    def own_path(self) -> str:
        """The path on its server."""
        return self.path[len(AUTH_URL) :] if self.is_elsewhere else self.path


def _read_session(given: Mapping[str, Any], where: str) -> Session:
    _need_one(given, ("token", "token_header", "token_cookie", "cookies"), where)
    if "body" in given and "form" in given:
        raise mistake(f"{where} has both body and form, and a request takes only one of them")
    return read(Session, given, where)


@dataclass(frozen=True)
class OAuth2:
    """An OAuth 2 login (RFC 6749, 4.3 and 4.4)."""

    grant: str = key(one_of("client_credentials", "password"), needed=True)
    path: str = key(_LOGIN_PATH, AUTH_URL)
    client: str | None = key(one_of("body", "basic", "none"))
    scope: str | None = key(NAME)
    form: Mapping[str, str] = key(_FORM, {})

    def as_session(self) -> dict[str, Any]:
        """Return the keys of the session that it is."""
        is_password = self.grant == "password"
        client = self.client or ("none" if is_password else "body")
        form = {
            "grant_type": self.grant,
            **({"username": "{username}", "password": "{password}"} if is_password else {}),
            # How a client says who it is (RFC 6749, 2.3.1).
            **({"client_id": "{app_id}", "client_secret": "{app_secret}"} if client == "body" else {}),
            **({} if self.scope is None else {"scope": self.scope}),
            **self.form,
        }
        told = {"token": "access_token", "lifetime": "expires_in", "basic": client == "basic"}
        return {"path": self.path, "form": form, **told}


@dataclass(frozen=True)
class Login:
    """How to log in. A login by OAuth 2 is a session."""

    type: str = key(NAME)
    header: str | None = key(_HEADER)
    prefix: str = key(_HEADER_TEXT)
    session: Session | None = key(section(Session, _read_session))
    oauth2: OAuth2 | None = key(section(OAuth2))

    @property
    def basic(self) -> tuple[str, str]:
        """The options that make a Basic login."""
        return ("username", "password") if self.oauth2 is None else ("app_id", "app_secret")

    @property
    def needs(self) -> set[str]:
        """The connection options that it needs by itself."""
        has_basic = self.type == "basic" or (self.session is not None and self.session.basic)
        return {*(self.basic if has_basic else ()), *(("api_token",) if self.type in ("bearer", "header") else ())}

    def token_header(self, named: Collection[str]) -> str | None:
        """Return the header for its token; None where only bodies have it, which name these, or where there is none."""
        is_cookie = self.session is not None and self.session.cookies
        if self.type in ("none", "basic") or is_cookie or (TOKEN in named and self.header is None):
            return None
        return self.header or "Authorization"


def _read_login(given: Mapping[str, Any], where: str) -> Login:
    prefix = "Bearer " if given["type"] in ("bearer", "oauth2") else ""
    login = read(Login, {"prefix": prefix, **given}, where)
    if login.oauth2 is None:
        return login
    return replace(login, session=_read_session(login.oauth2.as_session(), f"{where}.session"))


_TOKEN_PLACE = ("header", "prefix")
_LOGIN = Kind(
    variants(
        Login,
        "type",
        {
            "none": ((), ()),
            "basic": ((), ()),
            "bearer": ((), _TOKEN_PLACE),
            "header": ((), _TOKEN_PLACE),
            "session": (("session",), _TOKEN_PLACE),
            "oauth2": (("oauth2",), _TOKEN_PLACE),
        },
    ),
    _read_login,
)


# --- the requests -------------------------------------------------------------------------------------------------


def _read_statuses(given: Mapping[Any, str], where: str) -> dict[int, TaskState | None]:
    for status in given:
        if not re.fullmatch(r"[2-5][0-9]{2}", str(status)) or str(status) in ("401", "404"):
            what = "is for the login" if str(status) == "401" else "means that there is no such task"
            told = what if str(status) in ("401", "404") else "is not an HTTP status from 200 to 599"
            raise mistake(f"{where} has {status}, which {told}")
    return {int(status): None if means == HOLDS_TASK else TaskState(means) for status, means in given.items()}


@dataclass(frozen=True)
class TaskRequest(RequestTemplate):
    """A request about one task."""

    path: str = key(_TASK_PATH, needed=True)


@dataclass(frozen=True)
class Get(TaskRequest):
    """The request for a task."""

    task: IdExpression | None = key(Kind(EXPRESSION.schema, IdExpression))
    #: What HTTP statuses mean by themselves: a state, or None where the answer holds the task.
    statuses: Mapping[int, TaskState | None] = key(
        mapping({"enum": [HOLDS_TASK, *_STATES]}, _read_statuses, minProperties=1), {}
    )
    not_found_statuses: frozenset[int] = key(STATUSES, ())
    #: Whether an answer about a task that goes on can say where to look next.
    follow_location: bool = key(FLAG, default=False)

    @property
    def accepted(self) -> Accepted:
        bare = frozenset(status for status, state in self.statuses.items() if state is not None)
        return Accepted(frozenset(self.statuses), bare)


@dataclass(frozen=True)
class Cancel(TaskRequest):
    """The request that cancels a task, and what is true of a task that can be cancelled."""

    method: str = key(one_of("POST", "DELETE", "PUT", "PATCH", "GET"), "POST")
    possible_if: Expression | None = key(EXPRESSION)

    @property
    def accepted(self) -> Accepted:
        return DONE


@dataclass(frozen=True)
class Handle(TaskRequest):
    """The request for what a launch gives, which has the task's own ID or address as soon as there is one."""

    next: Expression = key(EXPRESSION, needed=True)
    message: Expression | None = key(EXPRESSION)
    cancelled_if: Expression | None = key(EXPRESSION)


@dataclass(frozen=True)
class WhenEnded(TaskRequest):
    """The request for what an API tells of an ended task at another place."""

    message: Expression | None = key(EXPRESSION)
    result: Expression | None = key(EXPRESSION)
    code: Expression | None = key(EXPRESSION)


@dataclass(frozen=True)
class Paging:
    """How a list goes on: what its style needs."""

    style: str = key(NAME)
    next: Expression | None = key(EXPRESSION)
    parameter: str = key(NAME, "")
    size_parameter: str = key(NAME, "")
    size: int = key(Kind({"type": "integer", "minimum": 1}), 0)
    #: Whether the parameters are keys of the body, with dots for those inside of others.
    in_body: bool = key(Kind({"enum": ["query", "body"]}, lambda given, _where: given == "body"), "query", name="in")
    #: The number of the first page, or of the first task.
    first: int = key(Kind({"type": "integer", "minimum": 0}))


def _read_paging(given: Mapping[str, Any], where: str) -> Paging:
    return read(Paging, {"first": 1 if given["style"] == "page" else 0, **given}, where)


_COUNTED = (("parameter", "size_parameter", "size"), ("in", "first"))
_PAGING = Kind(
    variants(
        Paging,
        "style",
        {
            "link": (("next",), ()),
            "link_header": ((), ()),
            "cursor": (("next", "parameter"), ("in",)),
            "offset": _COUNTED,
            "page": _COUNTED,
        },
    ),
    _read_paging,
)


@dataclass(frozen=True)
class Listing(RequestTemplate):
    """The request for a list of tasks."""

    items: Expression = key(EXPRESSION, needed=True)
    #: Whether it is an object of tasks by their IDs.
    by_id: bool = key(FLAG, default=False)
    #: Where an entry that is no task has a task's ID.
    id: Expression | None = key(EXPRESSION)
    paging: Paging = key(_PAGING, {"style": "none"})
    state_parameter: str | None = key(NAME)
    is_complete: bool = key(FLAG, default=True)


def _read_listing(given: Mapping[str, Any], where: str) -> Listing:
    listing = read(Listing, given, where)
    if listing.paging.in_body and not isinstance(listing.body, Mapping):
        raise mistake(f"{where}.paging is in the body, but {where}.body is not an object")
    return listing


def _read_meanings(given: Mapping[Any, str], _where: str) -> dict[str, type[RequestError]]:
    return {str(code): MEANINGS[meaning] for code, meaning in given.items()}


@dataclass(frozen=True)
class RefusalKeys:
    """How an answer tells a refusal, whatever its HTTP status is, and what each of the API's codes means.

    Without ``when`` an answer is a refusal where it has a code or a message at these places.
    """

    when: Expression | None = key(EXPRESSION)
    code: Expression | None = key(EXPRESSION)
    message: Expression | None = key(EXPRESSION)
    meanings: Mapping[str, type[RequestError]] = key(mapping({"enum": list(MEANINGS)}, _read_meanings), {})


def _read_refusal(given: Mapping[str, Any], where: str) -> RefusalKeys:
    if not given.keys() & {"when", "code", "message"}:
        raise mistake(f"{where} needs when, code or message, by which a refusal is recognised")
    return read(RefusalKeys, given, where)


# --- the whole ----------------------------------------------------------------------------------------------------


class States(NamedTuple):
    """What the API's words mean, and what any other word means."""

    words: Mapping[str, TaskState]
    other: TaskState


def _read_states(given: Mapping[Any, str], where: str) -> States:
    words = {NULL if raw is None else str(raw): TaskState(state) for raw, state in given.items()}
    other = words.pop(ANY_OTHER, TaskState.UNKNOWN)
    if other is TaskState.SUCCEEDED:
        raise mistake(
            f'{where}."*" is succeeded: a word that nobody knows must not end a wait as a success. '
            "Name the words that do"
        )
    return States(words, other)


def _read_format(given: str, _where: str) -> Format:
    if given == "xml" and not HAS_XMLTODICT:
        raise MissingLibraryError("xmltodict", "for a definition with format: xml")
    return FORMATS[given]


def _read_percent_of(given: float | str, where: str) -> float | Expression:
    return Expression(given, where) if isinstance(given, str) else float(given)


def _read_times(given: str | list[str], where: str) -> tuple[str, ...]:
    forms = (given,) if isinstance(given, str) else tuple(given)
    for form in forms:
        if form in TIMES:
            continue
        try:
            written = _MOMENT.strftime(form)
            usable = "%" in form and len(form) < 100 and datetime.strptime(written, form) is not None  # noqa: DTZ007 - a trial
        except (ValueError, re.error):
            usable = False
        if not usable:
            what = f"is neither one of {', '.join(TIMES)} nor a pattern such as %d.%m.%Y %H:%M:%S"
            raise OptionError("definition", f"definition is wrong at {where}: {form!r} {what}")
    return forms


def _read_launch_ids(given: Sequence[str], where: str) -> tuple[tuple[str, ...], ...]:
    """Read where a launch's result has the ID: keys joined by dots, or a text with such places in braces."""
    for place in given:
        if {*"{}"} & {*place} and not re.fullmatch(r"[^{}]*(?:\{[^{}]+\}[^{}]*)+", place):
            what = "is no text with places in braces, such as {json.dag_id}/{json.dag_run_id}"
            raise mistake(f"{where} has {place!r}, which {what}")
    return tuple((place,) if "{" in place else tuple(place.split(".")) for place in given)


def _read_failure_codes(given: Sequence[Mapping[str, Any]], _where: str) -> tuple[DocumentedError, ...]:
    """Read what the API's documents tell of codes."""
    usual = {"remedy": "", "retryable": None, "source": "the definition"}
    return tuple(DocumentedError(**{**usual, "detail": one["title"], **one, "code": str(one["code"])}) for one in given)


_FAILURE_CODE = closed(
    {
        "code": {"type": ["string", "integer"]},
        **dict.fromkeys(("title", "detail", "remedy"), TEXT.schema),
        "retryable": {"type": ["boolean", "null"]},
        "source": TEXT.schema,
    },
    "code",
    "title",
)
_QUOTA = closed({"requests": {"type": "integer", "minimum": 1}, "seconds": SECONDS.schema}, "requests", "seconds")


def _read_quota(given: Mapping[str, Any] | Sequence[Mapping[str, Any]], _where: str) -> tuple[Quota, ...]:
    return tuple(Quota(**one) for one in ([given] if isinstance(given, Mapping) else given))


_PERCENT_OF = {"type": ["number", "string"], "exclusiveMinimum": 0, "minLength": 1, "maxLength": 2000}


@dataclass(frozen=True)
class Definition:
    """A definition that was checked."""

    title: str = key(NAME, "The API")
    about: Mapping[str, Any] = key(
        Kind(
            closed(
                {
                    **dict.fromkeys(ABOUT, NAME.schema),
                    "sources": {"type": "array", "minItems": 1, "items": NAME.schema},
                    "example": {"type": "object"},
                }
            )
        ),
        {},
    )
    base_path: str = key(PATH, "")
    format: Format = key(Kind({"enum": list(FORMATS)}, _read_format), "json")
    headers: Mapping[str, str] = key(mapping(_HEADER_TEXT.schema, propertyNames=_HEADER.schema), {})
    login: Login = key(_LOGIN, {"type": "none"})
    get: Get = key(section(Get))
    cancel: Cancel | None = key(section(Cancel))
    #: What a launch gives first, where that is no task yet.
    handle: Handle | None = key(section(Handle))
    list: Listing | None = key(section(Listing, _read_listing))
    when_ended: WhenEnded | None = key(section(WhenEnded))
    fields: Mapping[str, Expression] = key(expressions(*FIELDS, percent_of=_PERCENT_OF), {})
    #: The forms of times: words of ``TIMES``, or patterns as those of ``strptime``.
    times: tuple[str, ...] = key(
        Kind(
            {"type": ["string", "array"], "items": {"type": "string"}, "minItems": 1, "examples": [*TIMES]}, _read_times
        ),
        "rfc3339",
    )
    states: States = key(mapping({"enum": _STATES}, _read_states, minProperties=1), {})
    succeeded_if: Expression | None = key(EXPRESSION)
    failure: Mapping[str, Expression] = key(expressions("code", "message"), {})
    failure_codes: tuple[DocumentedError, ...] = key(
        Kind({"type": "array", "items": _FAILURE_CODE}, _read_failure_codes), ()
    )
    task_id: TaskIdKeys = key(section(TaskIdKeys), {})
    refusal: RefusalKeys | None = key(section(RefusalKeys, _read_refusal))
    launch_id: tuple[tuple[str, ...], ...] = key(
        Kind({"type": "array", "minItems": 1, "items": NAME.schema}, _read_launch_ids), ()
    )
    poll_interval: float = key(SECONDS, 5.0)
    quota: tuple[Quota, ...] = key(
        Kind(
            {"if": {"type": "array"}, "then": {"type": "array", "minItems": 1, "items": _QUOTA}, "else": _QUOTA},
            _read_quota,
        ),
        (),
    )
    transient_statuses: frozenset[int] = key(STATUSES, ())

    # What follows, with the connection options.
    api_url: str = ""
    #: The path that all paths begin with.
    root: str = ""
    #: What the placeholders of paths stand for.
    values: Mapping[str, str] = field(default_factory=dict)
    #: The connection options that its login and its placeholders need.
    needs: tuple[str, ...] = ()
    #: Where the login's token is sent; None where bodies alone have it, or where there is none.
    token_header: str | None = None
    #: The option that the list alone needs and that is not given, so that there is none.
    list_lacks: OptionError | None = None
    #: What ``fields["percent"]`` counts to.
    percent_of: float | Expression = 100.0
    task_ids: TaskIds = TaskIds()


_STATUSES_TELL = {"properties": {"get": {"type": "object", "required": ["statuses"]}}, "required": ["get"]}
#: The JSON Schema of a definition. Where HTTP statuses tell the state, the answer need not.
SCHEMA: dict[str, Any] = {
    **schema_of(Definition),
    "if": _STATUSES_TELL,
    "else": {
        "required": ["get", "fields", "states"],
        "properties": {"fields": {"type": "object", "required": ["state"]}},
    },
}
_SCHEMA = AnswerSchema(SCHEMA)


def read_definition(given: object, options: ConnectionOptions) -> Definition:
    """Check a definition and read it.

    Raises:
        OptionError: it is wrong; the message names the place and the mistake.
    """
    problem = _SCHEMA.problem(given)
    if problem is not None or not isinstance(given, Mapping):
        raise OptionError("definition", f"definition is wrong {problem}")
    try:
        json.dumps(given, allow_nan=False)
    except ValueError:
        raise OptionError(
            "definition", "definition contains something that JSON cannot express, such as .nan or .inf"
        ) from None
    read_it = read(Definition, given, "$")
    listing, login = read_it.list, read_it.login
    if listing is not None and "id" not in read_it.fields and listing.id is None and not listing.by_id:
        raise OptionError(
            "definition", "definition is wrong at $.fields: id is missing; it distinguishes the tasks of a list"
        )
    values = _places(options)
    ids = read_task_ids(read_it.task_id, is_path="{id:path}" in (read_it.handle or read_it.get).path)
    # What bodies can name: of a session's token too, where there is a session.
    inside = (*values, *LOGIN_VALUES, *(() if login.session is None else (TOKEN,)))
    check_placeholders(read_it.base_path, "$.base_path", values)
    _check_headers(read_it.headers, values)
    _check_login(login, values)
    of_task = ids.placeholders if read_it.handle is None else ("next", *ids.placeholders)
    for name in ("get", "when_ended", "cancel"):
        _check_task_request(getattr(read_it, name), f"$.{name}", values, inside, of_task)
    _check_task_request(read_it.handle, "$.handle", values, inside, ids.placeholders)
    named = placeholders([given.get(name) for name in ("get", "handle", "list", "when_ended", "cancel")])
    list_lacks = None if listing is None else _list_lacks(listing, values, inside)
    return replace(
        read_it,
        list=listing if list_lacks is None else None,
        api_url=(options.api_url or "").rstrip("/"),
        root=fill_path(read_it.base_path.rstrip("/"), values),
        values=values,
        needs=_needs(login, named | placeholders(read_it.headers)),
        token_header=login.token_header(named),
        list_lacks=list_lacks,
        percent_of=_read_percent_of(given.get("fields", {}).get("percent_of", 100), "$.fields.percent_of"),
        task_ids=ids,
    )


def _places(options: ConnectionOptions) -> dict[str, str]:
    """Return what the placeholders of paths stand for, by the options that are given."""
    given = {name: getattr(options, name) for name in PLACES}
    values = {name: value for name, value in given.items() if value is not None and value.strip()}
    for name, value in values.items():
        try:
            path_segment(value)
        except OptionError:
            raise OptionError(name, f"{name} is {value!r}, which cannot be part of a path") from None
    return values


def _need_one(given: Mapping[str, Any], keys: tuple[str, ...], where: str) -> None:
    if len(given.keys() & {*keys}) != 1:
        raise mistake(f"{where} needs exactly one of {listed([*keys])}")


def _check_headers(headers: Mapping[str, str], values: Mapping[str, str]) -> None:
    for name, text in headers.items():
        where = f"$.headers.{name}"
        named = check_placeholders(text, where, (*values, *LOGIN_VALUES))
        if name.lower() in _OWN_HEADERS:
            raise mistake(f"{where} is a header that every request sets itself")
        if name.lower() in _SECRET_HEADERS and not named & {*LOGIN_VALUES}:
            raise mistake(
                f"{where} contains a secret, and a definition is not hidden: use login, or a "
                f"placeholder such as {{api_token}}"
            )


def _check_login(login: Login, values: Mapping[str, str]) -> None:
    session, where = login.session, "$.login.session"
    if session is None:
        return
    check_placeholders(session.own_path, f"{where}.path", values)
    for name, part in (("body", session.body), ("form", session.form)):
        check_placeholders(part, f"{where}.{name}", (*values, *LOGIN_VALUES))
    if session.logout is not None:
        check_placeholders(session.logout.path, f"{where}.logout.path", (*values, TOKEN))


def _check_task_request(
    request: RequestTemplate | None,
    where: str,
    values: Mapping[str, str],
    inside: Collection[str],
    of_task: Sequence[str],
) -> None:
    """Check a request about one task. Of the placeholders ``of_task`` the first one says best which task."""
    if request is None:
        return
    named = check_placeholders(request.path, f"{where}.path", (*values, *of_task), kinds=("path",))
    named |= check_placeholders(request.query, f"{where}.query", (*values, *of_task))
    named |= check_placeholders(request.body, f"{where}.body", (*inside, *of_task), kinds=("int",))
    if isinstance(request, Get) and request.task is not None and "{id}" in request.task.text:
        return
    if not named & {*of_task}:
        raise mistake(f"{where} does not contain {{{of_task[0]}}}, so it does not say which task it asks for")


def _list_lacks(listing: Listing, values: Mapping[str, str], inside: Collection[str]) -> OptionError | None:
    """Return the option that a list alone needs and that is not given."""
    try:
        for name, part, names in (
            ("path", listing.path, values),
            ("query", listing.query, values),
            ("body", listing.body, inside),
        ):
            check_placeholders(part, f"$.list.{name}", names)
    except OptionError as error:
        if error.option not in PLACES:
            raise
        return error
    return None


def _needs(login: Login, named: Collection[str]) -> tuple[str, ...]:
    """Return the connection options that a login needs, and those that requests name."""
    session = login.session
    inside = set() if session is None else placeholders((session.path, session.body, session.form))
    return tuple(name for name in ("auth_url", *LOGIN_VALUES) if name in {*login.needs, *inside, *named})
