# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user writes to describe an API of their own, read into frozen values.

Expressions are JMESPath. In paths, queries and bodies ``{id}`` stands for the task's ID, ``{account_id}`` and
``{region}`` for the connection options of these names. In a body ``{id:int}`` is the ID as a number, in a path
``{id:path}`` is an ID that is itself a path or an address, and ``{id.NAME}`` is a part of an ID. Headers and bodies
take the login's options too, and bodies the token of a session.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from ..._api.answers import HAS_XMLTODICT, Format
from ..._api.json_api import Accepted
from ..._api.pacing import Quota
from ..._api.schemas import AnswerSchema
from ..._core.errors import MissingLibraryError, OptionError, RequestError
from ..._core.task import TaskState
from ..._core.text import listed
from ..._provider.description import DocumentedError
from ..._provider.options import ConnectionOptions
from ..._provider.rest import DONE
from .expressions import Expression, IdExpression
from .schema import (
    ANY_OTHER,
    AUTH_URL,
    FIELDS,
    FORMATS,
    HOLDS_TASK,
    LOGIN_OPTIONS,
    LOGIN_VALUES,
    MEANINGS,
    NULL,
    PLACES,
    SCHEMA,
    TIMES,
    TOKEN,
    mistake,
)
from .task_ids import TaskIds, read_task_ids
from .templates import RequestTemplate, check_placeholders, fill_path, placeholders

_SCHEMA = AnswerSchema(SCHEMA)
#: Any moment, to try patterns of times with.
_MOMENT = datetime(2026, 12, 31, 23, 59, 58, tzinfo=timezone.utc)
#: Headers that belong to the connection or the body.
_OWN_HEADERS = frozenset({"host", "connection", "content-length", "content-type", "transfer-encoding"})
#: Headers that hold a secret and nothing else.
_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie"})


@dataclass(frozen=True)
class Paging:
    """How a list goes on: what its style needs."""

    style: str = "none"
    next: Expression | None = None
    parameter: str = ""
    size_parameter: str = ""
    size: int = 0
    #: The number of the first page, or of the first task.
    first: int = 0
    #: Whether the parameters are keys of the body, with dots for those inside of others.
    in_body: bool = False


@dataclass(frozen=True)
class LogoutTemplate:
    """The request that ends a session: at a path, or at the address that the login's answer gave."""

    method: str
    path: str | None
    address: Expression | None
    address_header: str | None
    body: Any = None


@dataclass(frozen=True)
class SessionTemplate:
    """How a session is begun and ended. ``lifetime`` is in seconds, or where the answer has them."""

    method: str
    #: Below the address of the API, or of the server of logins that the user names.
    path: str
    is_elsewhere: bool
    #: The options that make a Basic login.
    basic: tuple[str, ...]
    body: Any
    form: Mapping[str, str] | None
    #: Where the answer has the token; without any the session is in its cookies.
    token: Expression | None
    token_header: str | None
    token_cookie: str | None
    lifetime: float | Expression | None
    #: HTTP statuses besides 401 that say that it has run out.
    expired_statuses: frozenset[int]
    logout: LogoutTemplate | None


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
class HandleTemplate:
    """The request for what a launch gives, which has the task's own ID or address as soon as there is one."""

    request: RequestTemplate
    next: Expression
    message: Expression | None
    cancelled_if: Expression | None


@dataclass(frozen=True)
class Definition:
    """A definition that was checked."""

    title: str
    api_url: str
    base_path: str
    answer_format: Format
    headers: Mapping[str, str]
    login: str
    #: The connection options that its login and its placeholders need.
    needs: tuple[str, ...]
    #: Where the login's token is sent; None where bodies alone have it, or where there is none.
    login_header: str | None
    login_prefix: str
    session: SessionTemplate | None
    get: RequestTemplate
    task: IdExpression | None
    #: What HTTP statuses of ``get`` mean by themselves: a state, or None where the answer holds the task.
    statuses: Mapping[int, TaskState | None]
    not_found_statuses: frozenset[int]
    #: Whether an answer about a task that goes on can say where to look next.
    follows_location: bool
    #: What a launch gives first, where that is no task yet.
    handle: HandleTemplate | None
    list: RequestTemplate | None
    #: The option that the list alone needs and that is not given.
    list_lacks: OptionError | None
    items: Expression | None
    #: Whether the list is an object of tasks by their IDs.
    is_by_id: bool
    #: Where an entry that is no task has a task's ID.
    entry_id: Expression | None
    paging: Paging
    state_parameter: str | None
    list_is_complete: bool
    when_ended: RequestTemplate | None
    #: The request that cancels a task, and what is true of a task that can be cancelled.
    cancel: RequestTemplate | None
    cancel_possible_if: Expression | None
    ended: Mapping[str, Expression]
    fields: Mapping[str, Expression]
    #: What ``fields["percent"]`` counts to.
    percent_of: float | Expression
    #: The forms of times: words of ``TIMES``, or patterns as those of ``strptime``.
    times: tuple[str, ...]
    states: Mapping[str, TaskState]
    #: What any other word means.
    other_state: TaskState
    succeeded_if: Expression | None
    failure: Mapping[str, Expression]
    documented_errors: tuple[DocumentedError, ...]
    refusal: RefusalTemplate | None
    task_ids: TaskIds
    launch_id: tuple[tuple[str, ...], ...]
    poll_interval: float
    quota: tuple[Quota, ...]
    transient_statuses: frozenset[int]
    values: Mapping[str, str] = field(default_factory=dict)


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
    login = _as_session(given.get("login", {"type": "none"}))
    places = {name: getattr(options, name) for name in PLACES}
    values = {name: value for name, value in places.items() if value is not None and value.strip()}
    # What bodies can name: of a session's token too, where there is a session.
    inside = (*values, *LOGIN_VALUES, *((TOKEN,) if "session" in login else ()))
    base_path = given.get("base_path", "").rstrip("/")
    check_placeholders(base_path, "$.base_path", values)
    headers = _headers(given.get("headers", {}), values)
    statuses = _statuses(given["get"].get("statuses", {}))
    states, other_state = _states(given.get("states", {}))
    handle, listing = given.get("handle"), given.get("list")
    paging = (listing or {}).get("paging", {"style": "none"})
    ended, cancel = given.get("when_ended"), given.get("cancel")
    if listing is not None and "id" not in given.get("fields", {}) and not listing.keys() & {"id", "by_id"}:
        raise OptionError(
            "definition", "definition is wrong at $.fields: id is missing; it distinguishes the tasks of a list"
        )
    ids = read_task_ids(given)
    of_task = ids.placeholders if handle is None else ("next", *ids.placeholders)
    quota = given.get("quota", [])
    list_request, list_lacks = (None, None) if listing is None else _listing(listing, values, inside)

    def about_task(request: Mapping[str, Any], path: str) -> RequestTemplate:
        return _task_request(request, path, values, inside, of_task)

    return Definition(
        title=given.get("title", "The API"),
        api_url=(options.api_url or "").rstrip("/"),
        base_path=fill_path(base_path, values),
        answer_format=_format(given.get("format", "json")),
        headers=headers,
        login=login["type"],
        needs=_needs(login, (headers, given["get"], handle, listing, ended, cancel)),
        login_header=_login_header(login, placeholders((given["get"], handle, listing, ended, cancel))),
        login_prefix=login.get("prefix", "Bearer " if login["type"] == "bearer" else ""),
        session=_session(login, values),
        get=replace(about_task(given["get"], "$.get"), accepted=_accepted(statuses)),
        statuses=statuses,
        task=IdExpression(given["get"]["task"], "$.get.task") if "task" in given["get"] else None,
        not_found_statuses=frozenset(given["get"].get("not_found_statuses", ())),
        follows_location=given["get"].get("follow_location", False),
        handle=None if handle is None else _handle(handle, values, inside, ids),
        list=list_request,
        list_lacks=list_lacks,
        items=None if listing is None else _expression(listing, "items", "$.list"),
        is_by_id=(listing or {}).get("by_id", False),
        entry_id=None if listing is None else _expression(listing, "id", "$.list"),
        paging=_paging(paging, listing or {}),
        state_parameter=(listing or {}).get("state_parameter"),
        list_is_complete=(listing or {}).get("is_complete", True),
        when_ended=None if ended is None else about_task(ended, "$.when_ended"),
        cancel=None if cancel is None else replace(about_task({"method": "POST", **cancel}, "$.cancel"), accepted=DONE),
        cancel_possible_if=_expression(cancel or {}, "possible_if", "$.cancel"),
        ended=_expressions(ended or {}, ("message", "result", "code"), "$.when_ended"),
        fields=_expressions(given.get("fields", {}), FIELDS, "$.fields"),
        percent_of=_percent_of(given.get("fields", {})),
        times=_times(given.get("times", "rfc3339")),
        states=states,
        other_state=other_state,
        succeeded_if=_expression(given, "succeeded_if", "$"),
        failure=_expressions(given.get("failure", {}), ("code", "message"), "$.failure"),
        documented_errors=tuple(map(_documented_error, given.get("failure_codes", []))),
        refusal=None if "refusal" not in given else _refusal(given["refusal"]),
        task_ids=ids,
        launch_id=tuple(map(_launch_id, given.get("launch_id", ()))),
        poll_interval=float(given.get("poll_interval", 5.0)),
        quota=tuple(
            Quota(one["requests"], one["seconds"]) for one in ([quota] if isinstance(quota, Mapping) else quota)
        ),
        transient_statuses=frozenset(given.get("transient_statuses", ())),
        values=values,
    )


def _format(name: str) -> Format:
    if name == "xml" and not HAS_XMLTODICT:
        raise MissingLibraryError("xmltodict", "for a definition with format: xml")
    return FORMATS[name]


def _launch_id(place: str) -> tuple[str, ...]:
    """Read where a launch's result has the ID: keys joined by dots, or a text with such places in braces."""
    if not {*"{}"} & {*place}:
        return tuple(place.split("."))
    if not re.fullmatch(r"[^{}]*(?:\{[^{}]+\}[^{}]*)+", place):
        what = "is no text with places in braces, such as {json.dag_id}/{json.dag_run_id}"
        raise mistake(f"$.launch_id has {place!r}, which {what}")
    return (place,)


def _session(login: Mapping[str, Any], values: Mapping[str, str]) -> SessionTemplate | None:
    session = login.get("session")
    if session is None:
        return None
    where = "$.login.session"
    _need_one(session, ("token", "token_header", "token_cookie", "cookies"), where)
    if "body" in session and "form" in session:
        raise mistake(f"{where} has both body and form, and a request takes only one of them")
    path = session["path"]
    is_elsewhere = path.startswith(AUTH_URL)
    path = path[len(AUTH_URL) :] if is_elsewhere else path
    check_placeholders(path, f"{where}.path", values)
    for key in ("body", "form"):
        check_placeholders(session.get(key), f"{where}.{key}", (*values, *LOGIN_VALUES))
    lifetime = session.get("lifetime")
    return SessionTemplate(
        method=session.get("method", "POST"),
        path=fill_path(path, values),
        is_elsewhere=is_elsewhere,
        basic=_basic_options(login) if session.get("basic") else (),
        body=session.get("body"),
        form=session.get("form"),
        token=_expression(session, "token", where),
        token_header=session.get("token_header"),
        token_cookie=session.get("token_cookie"),
        lifetime=_expression(session, "lifetime", where) if isinstance(lifetime, str) else lifetime,
        expired_statuses=frozenset(session.get("expired_statuses", ())),
        logout=None if "logout" not in session else _logout(session["logout"], f"{where}.logout", values),
    )


def _logout(given: Mapping[str, Any], where: str, values: Mapping[str, str]) -> LogoutTemplate:
    _need_one(given, ("path", "address", "address_header"), where)
    check_placeholders(given.get("path"), f"{where}.path", (*values, TOKEN))
    address = _expression(given, "address", where)
    return LogoutTemplate(given["method"], given.get("path"), address, given.get("address_header"), given.get("body"))


def _paging(given: Mapping[str, Any], listing: Mapping[str, Any]) -> Paging:
    keys = {key: value for key, value in given.items() if key != "in"}
    in_body = given.get("in") == "body"
    if in_body and not isinstance(listing.get("body"), Mapping):
        raise mistake("$.list.paging is in the body, but $.list.body is not an object")
    first = {"first": 1} if given["style"] == "page" else {}
    return Paging(**{**first, **keys, "next": _expression(given, "next", "$.list.paging"), "in_body": in_body})


def _percent_of(fields: Mapping[str, Any]) -> float | Expression:
    whole = fields.get("percent_of", 100)
    return Expression(whole, "$.fields.percent_of") if isinstance(whole, str) else float(whole)


def _times(given: str | list[str]) -> tuple[str, ...]:
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
            raise OptionError("definition", f"definition is wrong at $.times: {form!r} {what}")
    return forms


def _need_one(given: Mapping[str, Any], keys: tuple[str, ...], where: str) -> None:
    if len(given.keys() & {*keys}) != 1:
        raise mistake(f"{where} needs exactly one of {listed([*keys])}")


def _basic_options(login: Mapping[str, Any]) -> tuple[str, str]:
    return ("app_id", "app_secret") if "oauth2" in login else ("username", "password")


def _refusal(given: Mapping[str, Any]) -> RefusalTemplate:
    if not given.keys() & {"when", "code", "message"}:
        raise mistake("$.refusal needs when, code or message, by which a refusal is recognised")
    return RefusalTemplate(
        **{key: _expression(given, key, "$.refusal") for key in ("when", "code", "message")},
        meanings={str(code): MEANINGS[meaning] for code, meaning in given.get("meanings", {}).items()},
    )


#: How an OAuth 2 client says who it is (RFC 6749, 2.3.1).
_CLIENT = {"client_id": "{app_id}", "client_secret": "{app_secret}"}


def _as_session(login: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an OAuth 2 login (RFC 6749, 4.3 and 4.4) as the session that it is."""
    given = login.get("oauth2")
    if given is None:
        return login
    is_password = given["grant"] == "password"
    client = given.get("client", "none" if is_password else "body")
    form = {
        "grant_type": given["grant"],
        **({"username": "{username}", "password": "{password}"} if is_password else {}),
        **(_CLIENT if client == "body" else {}),
        **({"scope": given["scope"]} if "scope" in given else {}),
        **given.get("form", {}),
    }
    session = {"path": given.get("path", AUTH_URL), "form": form, "token": "access_token", "lifetime": "expires_in"}
    return {"prefix": "Bearer ", **login, "session": {**session, "basic": client == "basic"}}


def _states(given: Mapping[Any, str]) -> tuple[dict[str, TaskState], TaskState]:
    """Return what the API's words mean, and what any other means."""
    states = {NULL if raw is None else str(raw): TaskState(state) for raw, state in given.items()}
    other_state = states.pop(ANY_OTHER, TaskState.UNKNOWN)
    if other_state is TaskState.SUCCEEDED:
        raise mistake(
            '$.states."*" is succeeded: a word that nobody knows must not end a wait as a success. '
            "Name the words that do"
        )
    return states, other_state


def _statuses(given: Mapping[Any, str]) -> dict[int, TaskState | None]:
    for status in given:
        if not re.fullmatch(r"[2-5][0-9]{2}", str(status)) or str(status) in ("401", "404"):
            what = "is for the login" if str(status) == "401" else "means that there is no such task"
            told = what if str(status) in ("401", "404") else "is not an HTTP status from 200 to 599"
            raise mistake(f"$.get.statuses has {status}, which {told}")
    return {int(status): None if means == HOLDS_TASK else TaskState(means) for status, means in given.items()}


def _accepted(statuses: Mapping[int, TaskState | None]) -> Accepted:
    bare = frozenset(status for status, state in statuses.items() if state is not None)
    return Accepted(frozenset(statuses), bare)


def _login_header(login: Mapping[str, Any], named: Collection[str]) -> str | None:
    is_cookie = "cookies" in login.get("session", {})
    if login["type"] in ("none", "basic") or is_cookie or (TOKEN in named and "header" not in login):
        return None
    return str(login.get("header", "Authorization"))


def _headers(given: Mapping[str, str], values: Mapping[str, str]) -> Mapping[str, str]:
    for name, text in given.items():
        path = f"$.headers.{name}"
        named = check_placeholders(text, path, (*values, *LOGIN_VALUES))
        if name.lower() in _OWN_HEADERS:
            raise mistake(f"{path} is a header that every request sets itself")
        if name.lower() in _SECRET_HEADERS and not named & {*LOGIN_VALUES}:
            raise mistake(
                f"{path} contains a secret, and a definition is not hidden: use login, or a "
                f"placeholder such as {{api_token}}"
            )
    return given


def _needs(login: Mapping[str, Any], parts: object) -> tuple[str, ...]:
    """Return the connection options that a login and the placeholders in some parts of the definition need."""
    session = login.get("session", {})
    by_basic = _basic_options(login) if session.get("basic") else ()
    inside = placeholders((session.get("path"), session.get("body"), session.get("form"), parts))
    named = {*LOGIN_OPTIONS[login["type"]], *by_basic, *inside}
    return tuple(name for name in ("auth_url", *LOGIN_VALUES) if name in named)


def _task_request(
    given: Mapping[str, Any], path: str, values: Mapping[str, str], inside: Collection[str], of_task: Sequence[str]
) -> RequestTemplate:
    """Read a request about one task. Of the placeholders ``of_task`` the first one says best which task."""
    named = check_placeholders(given["path"], f"{path}.path", (*values, *of_task), kinds=("path",))
    named |= check_placeholders(given.get("query"), f"{path}.query", (*values, *of_task))
    named |= check_placeholders(given.get("body"), f"{path}.body", (*inside, *of_task), kinds=("int",))
    if not named & {*of_task} and "{id}" not in given.get("task", ""):
        what = f"{{{of_task[0]}}}"
        raise mistake(f"{path} does not contain {what}, so it does not say which task it asks for")
    return _template(given)


def _handle(
    given: Mapping[str, Any], values: Mapping[str, str], inside: Collection[str], ids: TaskIds
) -> HandleTemplate:
    where = "$.handle"
    request = _task_request(given, where, values, inside, ids.placeholders)
    message, cancelled_if = (_expression(given, key, where) for key in ("message", "cancelled_if"))
    return HandleTemplate(request, Expression(given["next"], f"{where}.next"), message, cancelled_if)


def _listing(
    given: Mapping[str, Any], values: Mapping[str, str], inside: Collection[str]
) -> tuple[RequestTemplate | None, OptionError | None]:
    """Return the request of a list, or the option that it alone needs and that is not given."""
    try:
        for key, names in (("path", values), ("query", values), ("body", inside)):
            check_placeholders(given.get(key), f"$.list.{key}", names)
    except OptionError as error:
        if error.option not in PLACES:
            raise
        return None, error
    return _template(given), None


def _template(given: Mapping[str, Any]) -> RequestTemplate:
    query, body = given.get("query", {}), given.get("body")
    return RequestTemplate(given.get("method", "GET"), given["path"], query, body, _accepted({}))


def _expression(given: Mapping[str, Any], key: str, path: str) -> Expression | None:
    return Expression(given[key], f"{path}.{key}") if key in given else None


def _expressions(given: Mapping[str, Any], keys: tuple[str, ...], path: str) -> dict[str, Expression]:
    return {key: Expression(given[key], f"{path}.{key}") for key in keys if key in given}


def _documented_error(given: Mapping[str, Any]) -> DocumentedError:
    return DocumentedError(
        code=str(given["code"]),
        title=given["title"],
        detail=given.get("detail", given["title"]),
        remedy=given.get("remedy", ""),
        retryable=given.get("retryable"),
        source=given.get("source", "the definition"),
    )
