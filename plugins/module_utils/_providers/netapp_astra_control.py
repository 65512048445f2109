# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""NetApp Astra Control: the tasks of backups, restores and the like, read-only.

Facts: the published OpenAPI description of the Astra Control API 24.02 (NetAppDocs/astra-automation), the newest that
there is, and the pages of the Astra Automation documentation around it. The same API serves the service (ACS) and the
self-hosted product (ACC).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from .._api.addresses import with_path
from .._api.json_api import Refusal
from .._api.login import Access, FixedLogin
from .._core.clock import Deadline
from .._core.errors import BadAnswerError, NotFoundError, OptionError, RejectedError
from .._core.task import Task, TaskError, TaskState
from .._core.text import readable
from .._provider.contract import Provider, ProviderTools, TaskProvider, TaskQuery
from .._provider.description import DocumentedError, LoginForm, ProviderDescription
from .._provider.fields import (
    LIST,
    LONGEST_PROSE,
    PERCENT,
    PROSE,
    TIME,
    Kind,
    TaskFields,
    answers_with,
    as_it_is,
    as_number,
    at,
)
from .._provider.options import ConnectionOptions
from .._provider.rest import Params, RestProvider, RestRequest, connect, whole_number, with_filters

_PROBLEMS = "Astra Control API 24.02, problem types"
_ADDRESS = "Check api_url and account_id"
_NEW_LOGIN = "Make a new token in Astra Control's web interface: a revoked token never works again"
_LATER = "Try again in a while"


def _problem(code: int, title: str, detail: str, remedy: str, *, retryable: bool = False) -> DocumentedError:
    """Describe a problem. On the wire its type is ``https://astra.netapp.io/problems/5``."""
    return DocumentedError(str(code), title, detail, remedy, retryable=retryable, source=_PROBLEMS)


DOCUMENTED_ERRORS = (
    _problem(1, "Resource not found", "There is nothing at the request's address", "Check the task's ID"),
    _problem(2, "Collection not found", "There is no such collection at the request's address", _ADDRESS),
    _problem(3, "Missing bearer token", "The request came without a token", "Give api_token"),
    _problem(4, "Invalid bearer token", "The token is wrong, unknown, or was revoked", _NEW_LOGIN),
    _problem(
        5,
        "Invalid query parameters",
        "A parameter of the request has a value that the API does not take",
        "Correct the named parameters in filters",
    ),
    _problem(
        6,
        "Query parameters not supported",
        "The collection does not have such a parameter",
        "Take it out of filters: a list of tasks knows only filter, include and limit",
    ),
    _problem(
        11,
        "Operation not permitted",
        "The token's user may not do this",
        "Use a token of a user with a higher role in the account",
    ),
    _problem(12, "Invalid headers", "A header of the request is not valid", "Check what a proxy on the way adds"),
    _problem(14, "Unauthorized access", "The token's user is not enabled", "Enable the user in Astra Control"),
    _problem(18, "Account not found", "There is no such account", "Check account_id"),
    _problem(24, "Service unavailable", "The service cannot be used at present", _LATER, retryable=True),
    _problem(
        30,
        "Version not available",
        "This server does not have that version of the API",
        "Tasks need Astra Control 22.11 or newer",
    ),
    _problem(
        32,
        "Unsupported content type",
        "The answer cannot be given in the format asked for",
        "Check what a proxy on the way does to the header Accept",
    ),
    _problem(33, "Invalid account ID", "The account's ID is malformed", "Check account_id: it is a UUID"),
    _problem(34, "Internal server error", "The server failed to handle the request", _LATER, retryable=True),
    _problem(35, "Invalid resource ID", "The ID asked for is malformed", "Check the task's ID: it is a UUID"),
    _problem(40, "Communication failed", "A service behind the API was not reached", _LATER, retryable=True),
    _problem(41, "Service not ready", "The service cannot answer at the moment", _LATER, retryable=True),
    _problem(
        68,
        "Multiple problems encountered",
        "The request has several problems, told one by one in the answer",
        "See to each of the problems",
    ),
    _problem(69, "Method not supported", "The resource does not have this method", _ADDRESS),
    _problem(79, "Missing request header", "A header that is needed is missing", "Send the header that the call needs"),
    _problem(85, "Request body too large", "The request's body is too large", "Send less in one request"),
    _problem(
        164,
        "Requested resource in unexpected state",
        "The resource cannot be given in its present state",
        "Wait until the conflict is resolved, then ask again",
        retryable=True,
    ),
    _problem(166, "Unauthorized access", "The request could not be authorised", _NEW_LOGIN),
)


def _words(problem: Mapping[str, str]) -> str:
    """Return "title: detail", or what there is of it. The documents allow 40 and 511 characters: none is cut here."""
    title, detail = (readable(problem.get(key, ""), limit=LONGEST_PROSE) for key in ("title", "detail"))
    return f"{title}: {detail}" if title and detail else title or detail


def _words_of_all(problems: Iterable[Mapping[str, str]]) -> str:
    return readable("; ".join(filter(None, map(_words, problems))), limit=LONGEST_PROSE)


def _texts_of(data: object) -> dict[str, str]:
    """Return what of an object is text. The documents have even the status as text."""
    return {key: value for key, value in data.items() if isinstance(value, str)} if isinstance(data, Mapping) else {}


def _texts_of_all(parts: object) -> list[dict[str, str]]:
    """Return the texts of each object in a list, those without any left out."""
    return [texts for texts in map(_texts_of, parts) if texts] if isinstance(parts, list) else []


def read_refusal(data: object, status: int) -> Refusal | None:
    """Return what an ``application/problem+json`` says; None for an answer of another shape."""
    problem = _texts_of(data)
    match = re.search(r"/problems/(\d+)$", problem.get("type", ""))
    if match is None or not isinstance(data, Mapping):
        return None
    code = match[1]
    words = f"problem {code}, {_words(problem)}"
    parts = [f"{part.get('name', '?')}: {part.get('reason', '?')}" for part in _texts_of_all(data.get("invalidParams"))]
    # One that stands for several has them in a list.
    parts += [_words(part) for part in _texts_of_all(data.get("problemDetails"))]
    if parts:
        words = f"{words.rstrip('.')} ({'; '.join(parts)})"
    words = readable(words, limit=LONGEST_PROSE)
    if status == 404:
        # Only problem 1 can mean the task. A wrong account or address must not look like a task that was forgotten.
        return Refusal(code, words) if code == "1" else Refusal(code, words, RejectedError, _ADDRESS)
    documented = DESCRIPTION.documented_error(code)
    # Refused logins have advice of their own; what passes needs none.
    if documented is None or documented.retryable or status in (401, 403):
        return Refusal(code, words)
    return Refusal(code, words, advice=f"What to do: {documented.remedy}")


#: The documents allow UUIDs of versions 4 and 5 and the one of zeros, in lower case.
_UUID = "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
_UUID_HINT = "a UUID in lower case, such as 9cc8c321-6af1-406c-8158-2c6582c247f8"

DESCRIPTION = ProviderDescription(
    name="netapp_astra_control",
    title="NetApp Astra Control",
    states={
        "notStarted": TaskState.QUEUED,
        "running": TaskState.RUNNING,
        # Asked to pause, or to end: on the way there it still runs.
        "pausing": TaskState.RUNNING,
        "cancelling": TaskState.RUNNING,
        "paused": TaskState.PAUSED,
        # That these three are the final ones follows from their descriptions; no document says so.
        "completed": TaskState.SUCCEEDED,
        "failed": TaskState.FAILED,
        "cancelled": TaskState.CANCELLED,
    },
    logins=(LoginForm(("api_token", "account_id", "api_url")),),
    documents={
        "Astra Automation documentation": "https://docs.netapp.com/us-en/astra-automation/",
        "OpenAPI description": "https://github.com/NetAppDocs/astra-automation/blob/main/reference/astra.json",
    },
    environment_prefix="NETAPP_ASTRA",
    task_id_pattern=_UUID,
    task_id_hint=_UUID_HINT,
    documented_errors=DOCUMENTED_ERRORS,
    # No document speaks of how often one may ask.
    poll_interval=5.0,
    read_refusal=read_refusal,
    denied_advice="Check that the token's user is enabled and has a role in the account",
    address_advice=_ADDRESS,
    # A POST returns the resource that it made, a backup for example, whose ID is not that of its task.
    launch_id_paths=(),
)

_DETAILS = at("stateDetails", Kind(("array",), _texts_of_all))
_HINT = at("orderHint", Kind(("number",), as_number))
_CANCELLED_AT = at("cancelTime", TIME)
#: Of a list.
_CONTINUE = at("metadata.continue")
#: A list has tasks whole. The documents' own example of a running task has an ``endTime``.
FIELDS = TaskFields(
    _DETAILS,
    _HINT,
    _CANCELLED_AT,
    id=at("id", needed=True),
    state=at("state", Kind(("string",), as_it_is), needed=True),
    name=at("summary"),
    # "astra.backup", a kind; what the API calls type is "application/astra-task" for all.
    type=at("name"),
    description=at("description", PROSE),
    percent=at("percentDone", PERCENT),
    created_at=at("metadata.creationTimestamp", TIME),
    started_at=at("startTime", TIME),
    updated_at=at("metadata.modificationTimestamp", TIME),
    finished_at=at("endTime", TIME),
    owner=at("userID"),
    resource=at("resourceID"),
    parent_id=at("parentTaskID"),
)


def task_from_json(raw: Any, description: ProviderDescription = DESCRIPTION, known_id: str | None = None) -> Task:
    """Turn a task of the API into ours.

    Raises:
        BadAnswerError: it has no ID.
    """
    task = FIELDS.read(raw, description, known_id)
    details = _DETAILS.find(raw)
    return replace(
        task,
        message=_words_of_all(details) or None,
        error=_error_of(task.state, details, description),
        finished_at=task.finished_at or (_CANCELLED_AT.find(raw) if task.is_final else None),
    )


def _error_of(
    state: TaskState, details: Sequence[Mapping[str, str]], description: ProviderDescription
) -> TaskError | None:
    """Return why a task ended badly, by the first of its state details that has a code."""
    if state is not TaskState.FAILED and not (state is TaskState.CANCELLED and details):
        return None
    if not details:
        return TaskError()
    telling = next((detail for detail in details if _code(detail)), details[0])
    code = _code(telling)
    words = _words_of_all(details)
    if len(details) == 1:
        words = readable(telling.get("detail", ""), limit=LONGEST_PROSE)
    documented = description.documented_error(code) if code else None
    if documented is not None:
        return documented.to_error(words)
    return TaskError(code=code, title=readable(telling.get("title", "")) or None, detail=words or None)


def _code(problem: Mapping[str, str]) -> str | None:
    """Return "5" for ``…/problems/5``, "stateDetails/3" for ``…/stateDetails/3``: the two are numbered apart.

    A type of another kind is a code as it is.
    """
    text = readable(problem.get("type", ""), limit=100)
    match = re.search(r"/problems/(\d+)$", text) or re.search(r"/(stateDetails/\d+)$", text)
    return match[1] if match else (text if text != "about:blank" else "") or None


def _condition(field: str, value: str) -> str | None:
    """Return a condition of the API's filter language; None for a value that it cannot carry."""
    return f"{field} eq '{value}'" if re.fullmatch(r"[0-9a-zA-Z.:_-]+", value) else None


def _order(subtask: Task) -> tuple[bool, float, str, str]:
    """Sort by the API's hint, those without one last, and then by what is stable."""
    hint = _HINT.find(subtask.raw)
    return hint is None, hint or 0, subtask.raw.get("startTime") or "", subtask.id


class AstraTaskProvider(RestProvider):
    """The adapter."""

    fields = FIELDS
    entries_at = at("items", LIST, needed=True)
    list_schema = answers_with(entries_at, _CONTINUE)

    def read_task(self, task_id: str, deadline: Deadline) -> Task:
        """Ask for one task. Before "no such task" is believed, something has to show that the account is right.

        The documents list for a task's path no other problem of an address than 1, which a wrong account can have too.
        The list of a wrong account has a problem of its own.
        """
        try:
            return super().read_task(task_id, deadline)
        except NotFoundError:
            if not self._answered:
                self.ask(RestRequest("/tasks", (("limit", "1"),)), deadline, schema=self.list_schema)
            raise

    def list_request(self, query: TaskQuery) -> RestRequest:
        """GET …/core/v1/tasks.

        It takes one condition: the pattern of the parameter in the documents does not let different ones be joined, and
        they do not show how "in" takes several values. What is not asked for is sorted out on our side.
        """
        if "include" in dict(query.filters):
            raise OptionError(
                "filters",
                "filters contains include, which makes the API return bare lists of values instead of tasks. Omit it: "
                "with return_raw each task has all its fields",
            )
        state = self.raw_state_for(query)
        condition = None
        if state is not None:
            condition = _condition("state", state)
        elif len(query.types) == 1:
            condition = _condition("name", next(iter(query.types)))
        return RestRequest("/tasks", with_filters({"filter": condition} if condition else {}, query))

    def to_task(self, raw: Any, known_id: str | None = None) -> Task:
        return task_from_json(raw, self.description, known_id)

    def is_cut(self, answer: Any, params: Params, tasks: Sequence[Task]) -> bool:
        """Whether a limit of the user's cut it off: there are no pages, and nothing leads to the rest.

        A list's metadata can say that it goes on, but this collection has no documented way to ask for the rest.
        """
        limit = whole_number(params, "limit")
        return bool(_CONTINUE.find(answer)) or (limit is not None and len(answer["items"]) >= limit)

    def read_subtasks(self, task_id: str, deadline: Deadline) -> tuple[Task, ...]:
        """Return the tasks that name this one as their parent, by their ``orderHint``."""
        condition = _condition("parentTaskID", task_id)
        filters = (("filter", condition),) if condition else ()
        page = self.read_page(TaskQuery(filters=filters), None, deadline)
        if page.is_cut or page.unreadable:
            raise BadAnswerError(f"{self.description.title} did not list all subtasks of task {task_id}")
        return tuple(sorted((task for task in page.tasks if task.parent_id == task_id), key=_order))


def _create(options: ConnectionOptions, tools: ProviderTools) -> TaskProvider:
    account_id = options.needed("account_id")
    if not re.fullmatch(_UUID, account_id):
        raise OptionError("account_id", f"account_id is {account_id!r}; it has to be {_UUID_HINT}")
    # What this makes the API answer with is documented, unlike what "application/json" does.
    headers = {"Authorization": f"Bearer {options.needed('api_token')}", "Accept": "*/*"}
    login = FixedLogin(
        Access(with_path(options.needed("api_url"), f"/accounts/{account_id}", "/core/v1"), headers),
        advice=f"api_token is wrong or was revoked. {_NEW_LOGIN}",
    )
    return AstraTaskProvider(DESCRIPTION, connect(DESCRIPTION, options, tools, lambda _channel: login))


PROVIDER = Provider(DESCRIPTION, _create)
