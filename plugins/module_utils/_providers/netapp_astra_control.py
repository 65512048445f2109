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
from collections.abc import Iterable, Mapping
from typing import Any

from .._api.addresses import path_segment
from .._api.json_api import JsonApi
from .._api.login import Access, FixedLogin
from .._api.schemas import AnswerSchema
from .._core.clock import Deadline
from .._core.errors import BadAnswerError, NotFoundError, OptionError, RejectedError
from .._core.task import Task, TaskError, TaskState, parse_time
from .._core.text import readable, sentence
from .._provider.contract import Provider, ProviderTools, TaskPage, TaskProvider, TaskQuery, dig
from .._provider.description import DocumentedError, LoginForm, ProviderDescription
from .._provider.options import ConnectionOptions

_PROBLEMS = "Astra Control API 24.02, problem types"
_ADDRESS = "Check api_url and account_id"
_NEW_LOGIN = "Make a new token in Astra Control's web interface: one that was revoked never works again"
_LATER = "Ask again in a while"


def _problem(code: int, title: str, detail: str, remedy: str, *, retryable: bool = False) -> DocumentedError:
    """Describe a problem. On the wire its type is ``https://astra.netapp.io/problems/5``."""
    return DocumentedError(str(code), title, detail, remedy, retryable=retryable, source=_PROBLEMS)


FAILURES = (
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

#: The documents allow UUIDs of versions 4 and 5 and the one of zeros, in lower case.
_UUID = "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
_UUID_WORDS = "a UUID in lower case, such as 9cc8c321-6af1-406c-8158-2c6582c247f8"

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
    task_id_words=_UUID_WORDS,
    failures=FAILURES,
    # No document speaks of how often one may ask.
    poll_interval=5.0,
    # A POST returns the resource that it made, a backup for example, whose id is not that of its task.
    launch_id_paths=(),
)

_TEXT = {"type": ["string", "null"]}
_NUMBER = {"type": ["number", "null"]}
_TASK = {
    "type": "object",
    "required": ["id", "state"],
    "properties": {
        "id": {"type": "string", "minLength": 1},
        "state": {"type": "string"},
        "name": _TEXT,
        "summary": _TEXT,
        "description": _TEXT,
        "parentTaskID": _TEXT,
        "userID": _TEXT,
        "resourceID": _TEXT,
        "stateDetails": {
            "type": ["array", "null"],
            "items": {"type": "object", "properties": {"type": _TEXT, "title": _TEXT, "detail": _TEXT}},
        },
        "orderHint": _NUMBER,
        "percentDone": _NUMBER,
        "startTime": _TEXT,
        "endTime": _TEXT,
        "cancelTime": _TEXT,
        "metadata": {
            "type": ["object", "null"],
            "properties": {"creationTimestamp": _TEXT, "modificationTimestamp": _TEXT},
        },
    },
}
TASK_SCHEMA = AnswerSchema(_TASK)
LIST_SCHEMA = AnswerSchema(
    {
        "type": "object",
        "required": ["items"],
        "properties": {
            "items": {"type": "array", "items": _TASK},
            "metadata": {"type": ["object", "null"], "properties": {"continue": _TEXT}},
        },
    },
)


def task_from_json(raw: Mapping[str, Any], description: ProviderDescription = DESCRIPTION) -> Task:
    """Turn a task of the API into ours.

    The documents' own example of a running task has an ``endTime``: only ``state`` says that a task has ended.
    """
    state = description.state_of(raw["state"])
    details = raw.get("stateDetails") or []
    done = raw.get("percentDone")
    ended_at = parse_time(raw.get("endTime")) or parse_time(raw.get("cancelTime"))
    return Task(
        id=raw["id"],
        provider=description.name,
        state=state,
        raw_state=raw["state"],
        name=raw.get("summary"),
        # "astra.backup", a kind; what the API calls type is "application/astra-task" for all.
        type=raw.get("name"),
        description=raw.get("description"),
        # A comparison, since a number in JSON can be too large for a float.
        percent=float(done) if done is not None and 0 <= done <= 100 else None,
        message=_words_of_all(details) or None,
        error=_failure(state, details, description),
        created_at=parse_time(dig(raw, ("metadata", "creationTimestamp"))),
        started_at=parse_time(raw.get("startTime")),
        updated_at=parse_time(dig(raw, ("metadata", "modificationTimestamp"))),
        finished_at=ended_at if state.is_final else None,
        owner=raw.get("userID"),
        resource=raw.get("resourceID"),
        parent_id=raw.get("parentTaskID"),
        raw=raw,
    )


def _failure(state: TaskState, details: list[Mapping[str, Any]], description: ProviderDescription) -> TaskError | None:
    """Return why a task ended badly, by the first of its state details that has a code."""
    if state is not TaskState.FAILED and not (state is TaskState.CANCELLED and details):
        return None
    if not details:
        return TaskError()
    telling = next((detail for detail in details if _code(detail)), details[0])
    code = _code(telling)
    words = readable(telling.get("detail") or "") if len(details) == 1 else _words_of_all(details)
    documented = description.documented_error(code) if code else None
    if documented is not None:
        return documented.to_error(words)
    return TaskError(code=code, title=readable(telling.get("title") or "") or None, detail=words or None)


def _code(problem: Mapping[str, Any]) -> str | None:
    """Return "5" for ``…/problems/5``, "stateDetails/3" for ``…/stateDetails/3``: the two are numbered apart.

    A type of another kind is a code as it is.
    """
    text = readable(problem.get("type") or "", limit=100)
    match = re.search(r"/problems/(\d+)$", text) or re.search(r"/(stateDetails/\d+)$", text)
    return match[1] if match else (text if text != "about:blank" else "") or None


def _words_of_all(problems: Iterable[Mapping[str, Any]]) -> str:
    return readable("; ".join(filter(None, map(_words, problems))))


def _words(problem: Mapping[str, Any]) -> str:
    """Return "title: detail", or what there is of it."""
    title, detail = (readable(problem.get(key) or "") for key in ("title", "detail"))
    return f"{title}: {detail}" if title and detail else title or detail


def explain_problem(data: object) -> tuple[str | None, str] | None:
    """Return the number and the words of an ``application/problem+json``; None of an answer of another shape."""
    problem = _texts_of(data)
    match = re.search(r"/problems/(\d+)$", problem.get("type", ""))
    if match is None or not isinstance(data, Mapping):
        return None
    code = match[1]
    words = f"problem {code}, {_words(problem)}"
    parts = [f"{part.get('name', '?')}: {part.get('reason', '?')}" for part in _parts(data, "invalidParams")]
    # One that stands for several has them in a list.
    parts += [_words(part) for part in _parts(data, "problemDetails")]
    if parts:
        words = f"{words.rstrip('.')} ({'; '.join(parts)})"
    words = readable(words, limit=600)
    documented = DESCRIPTION.documented_error(code)
    # Refused logins and wrong addresses have advice of their own; what passes needs none.
    if documented is not None and not documented.retryable and problem.get("status") not in ("401", "403", "404"):
        words = f"{sentence(words)} What to do: {documented.remedy}"
    return code, words


def _texts_of(data: object) -> dict[str, str]:
    """Return what of an object is text. The documents have even the status as text."""
    return {key: value for key, value in data.items() if isinstance(value, str)} if isinstance(data, Mapping) else {}


def _parts(data: Mapping[str, Any], key: str) -> list[dict[str, str]]:
    parts = data.get(key)
    return [texts for texts in map(_texts_of, parts) if texts] if isinstance(parts, list) else []


def _condition(field: str, value: str) -> str | None:
    """Return a condition of the API's filter language; None for a value that it cannot carry."""
    return f"{field} eq '{value}'" if re.fullmatch(r"[0-9a-zA-Z.:_-]+", value) else None


def _order(subtask: Task) -> tuple[bool, float, str, str]:
    """Sort by the API's hint, those without one last, and then by what is stable."""
    hint = subtask.raw.get("orderHint")
    return hint is None, hint or 0, subtask.raw.get("startTime") or "", subtask.id


class AstraTaskProvider(TaskProvider):
    """The adapter."""

    def __init__(self, api: JsonApi) -> None:
        super().__init__(DESCRIPTION)
        self._api = api

    def read_task(self, task_id: str, deadline: Deadline) -> Task:
        """GET …/core/v1/tasks/{id}."""
        try:
            raw = self._api.get(f"/tasks/{path_segment(task_id)}", deadline, schema=TASK_SCHEMA)
        except NotFoundError as error:
            # Only this one means the task. A wrong account or address must not look like a task that was forgotten.
            if error.code == "1":
                raise
            raise _wrong_address(error) from None
        if raw["id"] != task_id:
            raise BadAnswerError(f"{self.description.title} was asked for task {task_id} and answered with another one")
        return task_from_json(raw, self.description)

    def read_page(self, query: TaskQuery, cursor: str | None, deadline: Deadline) -> TaskPage:  # noqa: ARG002 - no paging
        """GET …/core/v1/tasks: all in one answer. A limit of the user's cuts it off, and nothing leads on."""
        params = self._params(query)
        try:
            answer = self._api.get("/tasks", deadline, params=params, schema=LIST_SCHEMA)
        except NotFoundError as error:
            raise _wrong_address(error) from None
        tasks = tuple(task_from_json(raw, self.description) for raw in answer["items"])
        limits = [int(value) for name, value in params if name == "limit" and re.fullmatch("[0-9]{1,9}", value)]
        # A list's metadata can say that it goes on, but this collection has no documented way to ask for the rest.
        goes_on = bool(dig(answer, ("metadata", "continue")))
        return TaskPage(tasks, is_cut=goes_on or any(len(tasks) >= limit for limit in limits))

    def read_subtasks(self, task_id: str, deadline: Deadline) -> tuple[Task, ...]:
        """Return the tasks that name this one as their parent, by their ``orderHint``."""
        condition = _condition("parentTaskID", task_id)
        filters = (("filter", condition),) if condition else ()
        page = self.read_page(TaskQuery(filters=filters), None, deadline)
        if page.is_cut:
            raise BadAnswerError(f"{self.description.title} did not list all subtasks of task {task_id}")
        return tuple(sorted((task for task in page.tasks if task.parent_id == task_id), key=_order))

    def close(self, deadline: Deadline) -> None:
        """Give the login back, of which there is nothing."""
        self._api.close(deadline)

    def _params(self, query: TaskQuery) -> tuple[tuple[str, str], ...]:
        given = {name for name, _value in query.filters}
        if "include" in given:
            raise OptionError(
                "filters",
                "filters holds include, which makes the API return bare lists of values instead of tasks. Leave "
                "it out: each task's raw has all fields",
            )
        # One condition only: the pattern of the parameter in the documents does not let different ones be joined, and
        # they do not show how "in" takes several values. What is not asked for is sorted out on our side.
        words = self.description.raw_states(query.states)
        condition = None
        if len(words) == 1 and len(query.states) == 1:
            condition = _condition("state", words[0])
        elif len(query.types) == 1:
            condition = _condition("name", next(iter(query.types)))
        own = (("filter", condition),) if condition and "filter" not in given else ()
        return (*own, *query.filters)


def _wrong_address(error: NotFoundError) -> RejectedError:
    return RejectedError(
        f"{sentence(error.message)} {_ADDRESS}",
        method=error.method,
        url=error.url,
        status=error.status,
        code=error.code,
    )


def _create(options: ConnectionOptions, tools: ProviderTools) -> TaskProvider:
    account_id = options.needed("account_id")
    if not re.fullmatch(_UUID, account_id):
        raise OptionError("account_id", f"account_id is {account_id!r}; it is {_UUID_WORDS}")
    # What this makes the API answer with is documented, unlike what "application/json" does.
    headers = {"Authorization": f"Bearer {options.needed('api_token')}", "Accept": "*/*"}
    api = JsonApi(
        tools.make_http(options.tls),
        FixedLogin(
            Access(f"{options.needed('api_url')}/accounts/{account_id}/core/v1", headers),
            advice=f"api_token is wrong or was revoked. {_NEW_LOGIN}",
        ),
        tools.clock,
        title=DESCRIPTION.title,
        denied_advice="Check that the token's user is enabled and has a role in the account",
        explain=explain_problem,
    )
    return AstraTaskProvider(api)


PROVIDER = Provider(DESCRIPTION, _create)
