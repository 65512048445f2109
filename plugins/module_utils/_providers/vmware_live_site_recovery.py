# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""VMware Live Site Recovery (Site Recovery Manager) and vSphere Replication: the tasks of their appliances.

Facts: the OpenAPI specifications in VMware's repository of REST examples, the API reference at developer.broadcom.com
and, for the quota, the rate limits in the administration guide of vSphere Replication 8.8. Inferred: the base path of
the configuration API's version 2, HTTP 401 for a wrong login, 429 beyond the quota, that the ``entity`` of a recovery
plan's run is the plan's ID.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import islice
from threading import Lock
from typing import Any

from .._api.addresses import path_segment
from .._api.channel import Channel
from .._api.http_client import HttpRequest, HttpResponse
from .._api.json_api import Accepted, JsonApi, Refusal
from .._api.login import Access, basic_login
from .._api.pacing import Quota
from .._api.session import SessionLogin
from .._core.clock import Deadline
from .._core.errors import AccessDeniedError, BadAnswerError, NotFoundError, RejectedError, RequestError, TransientError
from .._core.masking import mask
from .._core.task import Task, TaskError, TaskState
from .._core.text import readable, sentence
from .._provider.contract import Provider, ProviderTools, TaskCanceller, TaskProvider, TaskQuery
from .._provider.description import LoginForm, ProviderDescription
from .._provider.fields import ANYTHING, LIST, MOMENT, WORD, Kind, TaskFields, answers_with, as_it_is, at
from .._provider.options import ConnectionOptions
from .._provider.rest import (
    DONE,
    Params,
    RestProvider,
    RestRequest,
    base_url,
    changed,
    connect,
    whole_number,
    with_filters,
)


def _read_refusal(data: object, status: int) -> Refusal | None:
    """Read the error of a refused request; its ``op_id`` is what support asks for."""
    if status == 404 and data == "":
        # As documented, for a task that does not exist.
        return Refusal(None, "")
    own = {"error_code", "op_id"} if status == 404 else {"error_code", "op_id", "message"}
    if status < 400 or not isinstance(data, Mapping) or not own & data.keys():
        return None
    fields = (data.get(key) for key in ("error_code", "message", "op_id"))
    code, message, operation = (readable(field) if isinstance(field, str) else "" for field in fields)
    words = [f"{code}: {message}" if code and message else code or message, f"(op_id {operation})" if operation else ""]
    return Refusal(code or None, " ".join(filter(None, words)))


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
    documented_errors=(),
    poll_interval=5.0,
    # Of one session. An address has twice as much.
    quota=Quota(requests=50, seconds=60.0),
    # Without a limit a page has 100. Clients are known to ask for 200 to 1000. With 200 a wait that has to read four
    # pages with every look is still within the quota.
    page_size=200,
    read_refusal=_read_refusal,
    denied_advice=(
        "Reading tasks of the services srm and vr needs the privilege System.View, and cancelling the run of a "
        "recovery plan VcDr.RecoveryProfile.com.vmware.vcDr.Run or Failover"
    ),
    why_not_cancellable="its API cancels runs of recovery plans only, with service: srm",
    # Operations on several objects answer with a list of tasks.
    launch_id_paths=(("json", "id"), ("json", "list", "id"), ("id",), ("list", "id"), ("task_id",)),
)


# --- a task -----------------------------------------------------------------------------------------------------


def _as_clamped_percent(value: Any) -> float | None:
    # Python reads NaN and Infinity as JSON.
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return float(min(100, max(0, value)))


_DESCRIPTION_ID = at("description_id")
#: What is inside is read with care: an end must not get lost over the words about it.
_ERROR = at("error", Kind(("object", "string"), as_it_is))
#: Of every service and version. Version 1 of the configuration API writes times as text, the others as milliseconds.
#: A number in the place of an ID is the same ID: no wait shall end over missing quotes.
FIELDS = TaskFields(
    _DESCRIPTION_ID,
    _ERROR,
    id=at("id", WORD),
    state=at("status", needed=True),
    name=at("entity_name"),
    type=at("type"),
    description=at("description"),
    percent=at("progress", Kind(("number",), _as_clamped_percent)),
    result=at("result", ANYTHING),
    created_at=at("queued_time", MOMENT),
    started_at=at("start_time", MOMENT),
    finished_at=at("complete_time", MOMENT),
    resource=at("entity"),
)
#: Of a list.
_TOTAL = at("_meta.total", Kind(("integer",), as_it_is))
_NEXT = at("_meta.links.next.href")


def task_from_json(raw: Mapping[str, Any], known_id: str | None = None) -> Task:
    """Turn a task of any service and version into ours.

    What differs between them: times are texts or milliseconds; an error is a serialized Java Throwable or a message
    with details; there is a type, or an ``entity`` the task is about and a ``description_id`` that says which
    operation it is; a result is an object or a plain text, such as the ID of what was made.
    """
    task = FIELDS.read(raw, DESCRIPTION, known_id)
    has_failed = task.state in (TaskState.FAILED, TaskState.CANCELLED)
    words = tuple(_error_words(_ERROR.find(raw))) if has_failed else ()
    error = TaskError(title=_chain(words[:-1]), detail=words[-1]) if words else None
    return replace(
        task,
        type=task.type or _DESCRIPTION_ID.find(raw),
        message=_chain(words),
        error=TaskError() if task.state is TaskState.FAILED and error is None else error,
    )


#: The classes of exceptions before a message, as Java writes them: "java.io.IOException: Connection refused".
_EXCEPTIONS = re.compile(r"(?:(?:[a-zA-Z_]\w*\.)+[A-Z][\w$]*(?::\s*|$))+")
#: Where a stack trace begins inside a text. No line is looked at twice.
_STACK = re.compile(r"\n[^\S\n]*at [\w.$<>/]+\(")
#: Where the next cause begins inside a printed stack trace.
_CAUSE = re.compile(r"\n[ \t]*Caused by: ")
#: More causes inside each other than this are not told, nor more messages than two for each.
_MOST_CAUSES = 20


def _error_words(error: object) -> Iterator[str]:
    """Yield what an error says, from its outermost message to its innermost; the last says why.

    A message that repeats its cause's is left out, as is one that says nothing. Stack traces are in the raw task only.
    """
    told = islice(_messages(error), 2 * _MOST_CAUSES)
    found = [message for message in map(_plain_message, told) if message]
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
    return _CAUSE.split(mask(text)[:100_000], maxsplit=_MOST_CAUSES) if isinstance(text, str) else []


def _plain_message(message: str) -> str:
    # What is shown of it is shorter by far.
    message = mask(message)[:10_000]
    stack = _STACK.search(message)
    text = readable(message[: stack.start()] if stack else message)
    classes = _EXCEPTIONS.match(text)
    text = text[classes.end() :] if classes else text
    return "" if text == "null" else text


def _without_inner(message: str, inner: list[str]) -> str:
    """Return a message without its cause's at its end, which Java and many a programmer put there."""
    for other in inner:
        if message.endswith(other):
            outer = message.removesuffix(other).rstrip()
            start, _space, last = outer.rpartition(" ")
            is_class = last.endswith(":") and _EXCEPTIONS.fullmatch(last)
            return (start if is_class else outer).rstrip(" :-") or message
    return message


# --- the login --------------------------------------------------------------------------------------------------


class _ServiceLogin(SessionLogin):
    """A session of one service: got with a Basic login, carried in a header, ended when the work is done."""

    schema = answers_with(at("session_id", needed=True))
    address_advice = "Check service, api_version and api_path too"

    def __init__(self, channel: Channel, options: ConnectionOptions, tools: ProviderTools) -> None:
        super().__init__(channel, tools.clock, DESCRIPTION, tools.hide)
        self.service = f"API of service {options.service}, version {options.api_version},"
        self._options = options
        self._base_url = base_url(options, f"/{options.service}/{options.api_version}")
        self._basic = basic_login(options.needed("username"), options.needed("password"))

    @property
    def refusal_advice(self) -> str:
        if self._options.service == "configure":
            return "check username and password; service configure wants those of the appliance itself, such as admin"
        return (
            f"check username and password; service {self._options.service} wants those of a vCenter Single Sign-On "
            "user, such as administrator@vsphere.local"
        )

    def _login_request(self) -> HttpRequest:
        return HttpRequest("POST", f"{self._base_url}/session", headers={"Accept": "application/json", **self._basic})

    def _access_from(self, answer: Any, response: HttpResponse) -> Access:
        session = answer["session_id"]
        self._hide(session)
        return Access(self._base_url, {"x-dr-session": session})

    def _logout_request(self, access: Access) -> HttpRequest:
        # 204 is the documented answer, and 401 means that it had run out.
        return HttpRequest("DELETE", f"{access.base_url}/session", headers=access.headers)


# --- the adapter ------------------------------------------------------------------------------------------------


class LiveSiteRecoveryProvider(RestProvider):
    """The adapter of all services and versions. ``type_property`` is the field that tells what kind of task it is."""

    fields = FIELDS
    entries_at = at("list", LIST, needed=True)
    list_schema = answers_with(entries_at, _TOTAL, _NEXT)

    def __init__(self, api: JsonApi, *, type_property: str) -> None:
        super().__init__(DESCRIPTION, api)
        self._type_property = type_property

    def list_request(self, query: TaskQuery) -> RestRequest:
        """GET /tasks: the newest first, and what the query asks for as far as one filtered field can say it."""
        given = {name for name, _value in query.filters}
        own = {"limit": str(self.description.page_size), "offset": "0"}
        if not given & {"sort_by", "order_by"}:
            own |= {"sort_by": "start_time", "order_by": "desc"}
        filters = () if given & {"filter_property", "filter"} else self._filters(query)
        return RestRequest("/tasks", (*with_filters(own, query), *filters))

    def to_task(self, raw: Any, known_id: str | None = None) -> Task:
        """Turn a task of the API into ours. The configuration API's documents call the ID optional."""
        return task_from_json(raw, known_id)

    def read_entry(self, entry: Any, deadline: Deadline) -> Task:
        """Return the task of an entry. The documents call its ID optional, but nothing else tells tasks apart."""
        if isinstance(entry, Mapping) and not entry.get("id"):
            raise BadAnswerError(f"{self.description.title} answered with a list entry that has no ID")
        return super().read_entry(entry, deadline)

    def next_params(self, answer: Any, params: Params, tasks: Sequence[Task], deadline: Deadline) -> Params | None:
        """Follow the link; without one the count tells whether there is more."""
        link = _NEXT.find(answer)
        following = self.link_params(link, deadline) if link else None
        if following is not None:
            return following
        reached = (whole_number(params, "offset") or 0) + len(answer["list"])
        total = _TOTAL.find(answer)
        if total is None or reached >= total or not answer["list"]:
            return None
        return changed(params, "offset", str(reached))

    def is_doubtful(self, error: NotFoundError, task_id: str) -> bool:
        """Whether it has no word: the whole API may be away."""
        return not error.words

    def ask_the_api(self, error: NotFoundError, deadline: Deadline) -> None:
        """Ask for the session, which any version of the API has."""
        with suppress(RejectedError):
            self.ask(RestRequest("/session"), deadline)

    def nothing_there(self, error: RequestError, *, has_answered: bool) -> RequestError:
        """Return what a 404 is where a session was got: while an appliance reconfigures itself its API goes away."""
        if error.status != 404:
            return super().nothing_there(error, has_answered=has_answered)
        told = f"{sentence(error.message)} An appliance that reconfigures itself can be away for a while"
        return error.turned_into(TransientError, told)

    def _filters(self, query: TaskQuery) -> Params:
        # A state that no table has cannot be asked for.
        words = [] if TaskState.UNKNOWN in query.states else self.description.raw_states(query.states)
        field, values = ("status", words) if words else (self._type_property, sorted(query.types))
        return (("filter_property", field), *(("filter", value) for value in values)) if values else ()


#: What the ID of a recovery plan begins with.
_PLAN = "DrRecoveryRecoveryPlan:"
_PAIRING = at("pairing_id", WORD)


class RecoveryProvider(LiveSiteRecoveryProvider, TaskCanceller):
    """The adapter of the service srm, which can cancel the run of a recovery plan: by its plan, not by its task."""

    def __init__(self, api: JsonApi, login: Mapping[str, str]) -> None:
        super().__init__(api, type_property="description_id")
        self._login = login
        self._there_lock = Lock()
        #: What went wrong with the logins at the other sites, by their pairings.
        self._refusals: dict[str, str] = {}

    def why_not_cancellable(self, task: Task) -> str | None:
        if task.resource is not None and task.resource.startswith(_PLAN):
            return None
        return "it is no run of a recovery plan, and the API cancels nothing else"

    def cancel(self, task: Task, deadline: Deadline) -> None:
        """POST /pairings/{id}/recovery-management/plans/{id}/actions/cancel, with a session at the other site."""
        with _before_the_cancel():
            pairing = self._pairing_of(task, deadline)
            trouble = self._log_in_there(pairing, deadline)
        request = RestRequest(f"{_plan_path(pairing, task)}/actions/cancel", method="POST", accepted=DONE)
        try:
            self.ask(request, deadline, of_task=True)
        except (AccessDeniedError, RejectedError) as error:
            if not trouble:
                raise
            told = f"{sentence(error.message)} The login at the other site had failed before: {trouble}"
            raise error.turned_into(type(error), told) from None

    def _pairing_of(self, task: Task, deadline: Deadline) -> str:
        """Return the pairing of sites that a task's plan belongs to."""
        listed = self.ask(RestRequest("/pairings"), deadline, schema=self.list_schema)["list"]
        pairings: list[str] = [pairing for pairing in map(_PAIRING.find, listed) if pairing]
        for pairing in pairings:
            with suppress(NotFoundError):
                if len(pairings) > 1:
                    self.ask(RestRequest(_plan_path(pairing, task)), deadline, of_task=True)
                return pairing
        raise RejectedError(f"{self.description.title} has the recovery plan {task.resource} in none of its pairings")

    def _log_in_there(self, pairing: str, deadline: Deadline) -> str:
        """Log in at the other site of a pairing, as the documents ask; return what went wrong.

        A refused login is not tried again, for each try could lock the account. The cancel itself is not given up for
        it: where the other site is down it may do without.
        """
        with self._there_lock:
            if pairing not in self._refusals:
                trouble = self._try_there(pairing, deadline)
                if not trouble:
                    return ""
                self._refusals[pairing] = trouble
            return self._refusals[pairing]

    def _try_there(self, pairing: str, deadline: Deadline) -> str:
        # The 401 is the other site's: the session here is good, and must not be renewed for a second try.
        accepted = Accepted(DONE.statuses | {401}, DONE.bare | {401})
        path = f"/pairings/{path_segment(pairing)}/remote-session"
        try:
            answer = self.ask_whole(RestRequest(path, (), None, "POST", accepted, self._login), deadline)
        except RequestError as error:
            return error.message
        return "username and password are not those of the other site (HTTP 401)" if answer.status == 401 else ""


@contextmanager
def _before_the_cancel() -> Iterator[None]:
    """Let no trouble with what comes before a cancel look as if the cancel had been sent."""
    try:
        yield
    except TransientError as error:
        error.was_sent = False
        raise
    except BadAnswerError as error:
        raise error.turned_into(RejectedError) from None


def _plan_path(pairing: str, task: Task) -> str:
    plan = path_segment(task.resource or "")
    return f"/pairings/{path_segment(pairing)}/recovery-management/plans/{plan}"


def _create(options: ConnectionOptions, tools: ProviderTools) -> TaskProvider:
    api = connect(DESCRIPTION, options, tools, lambda channel: _ServiceLogin(channel, options, tools))
    if options.service == "srm":
        return RecoveryProvider(api, basic_login(options.needed("username"), options.needed("password")))
    return LiveSiteRecoveryProvider(api, type_property="type" if options.service == "configure" else "description_id")


PROVIDER = Provider(DESCRIPTION, _create)
