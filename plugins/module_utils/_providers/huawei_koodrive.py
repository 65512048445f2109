# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Huawei Cloud KooDrive: the tasks of ``/task`` (service task) and the batch tasks of ``/jobs`` (service jobs).

Facts: the KooDrive API reference (getTaskDetail, getTaskLIst, createTask, CreateJob, GetJobList, GetJobDetail,
getBatchTask, "Authentication", "Status Codes", "Returned Results") and its page of error codes. The two families number
their states differently: 3 is FAILED in one and canceled in the other. No text of the vendor is looked at, because its
language follows a header.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from .._api.addresses import path_segment
from .._api.http import HttpRequest
from .._api.json_api import JsonApi
from .._api.login import Access, FixedLogin
from .._api.schemas import AnswerSchema
from .._core.clock import Clock, Deadline
from .._core.errors import AuthenticationError, BadAnswerError, NotFoundError, OptionError, RejectedError, RequestError
from .._core.task import Task, TaskError, TaskState, parse_time
from .._core.text import readable, sentence
from .._provider.contract import Launch, Provider, ProviderTools, TaskPage, TaskProvider, TaskQuery
from .._provider.description import DocumentedError, LoginForm, ProviderDescription
from .._provider.options import ConnectionOptions

_ERROR_CODES = "KooDrive API reference, Error Codes"
_GATEWAY_CODES = "Huawei Cloud API request signing guide, Error Codes"
_GATEWAY_FAQ = "Huawei Cloud, frequently asked questions on the codes APIG.0301 and APIG.0307"
_BATCH_TASK = "KooDrive API reference, getBatchTask: taskResultCode"

#: Code, title, remedy. The vendor's table says no more than the title.
_CODES = (
    ("13000102", "A parameter did not pass its check", "Check the values that the request sends"),
    ("13000301", "The space is missing or in an abnormal state", "Check the space in the KooDrive console"),
    ("13000302", "The file is not in this space", "Check the ID of the file and that of the space"),
    ("13000303", "The file is not in the recycle bin", "Check whether it was restored or deleted already"),
    ("13000304", "The target folder is in an abnormal state", "Choose another target folder"),
    ("13000305", "The target folder is in the recycle bin", "Restore that folder or choose another one"),
    ("13000306", "The file is in the recycle bin", "Restore the file first"),
    ("13000307", "The folders contain one another", "Choose a target outside of what is moved or copied"),
    ("13000308", "The file's metadata are wrong", "Upload the file again"),
    ("13000309", "The resource does not exist", "Check the ID, and that it belongs to the user who asks"),
    ("13000310", "The folders are nested too deeply", "Choose a target folder nearer to the root"),
    ("13000311", "There is no space left", "Delete files, empty the recycle bin, or get a larger quota"),
    ("13000312", "The file is in the target folder already", "Choose another target folder"),
    ("13000401", "The upload task is not known", "Begin the upload anew"),
    ("13000402", "The file did not pass the integrity check", "Upload the file again"),
    ("13000403", "The file's state could not be changed", "Look at the file's state and try again"),
    ("13000404", "The parent folder is in the recycle bin", "Restore the parent folder first"),
    ("13000405", "The name is taken", "Choose another name, or remove the file that has it"),
    ("13000406", "Folders cannot be treated in this way", "Give files instead of folders"),
    ("13000407", "There is no address to download from", "Ask for the download again"),
    ("13000408", "The download failed", "Download it again"),
    ("13000409", "The upload failed", "Upload the file again"),
    ("13000410", "The user may not work in this space", "Ask the space's administrator for the permission"),
    ("13000411", "The file does not belong to the given space", "Check the IDs of the file and of the space"),
    ("13000412", "The space is not active", "Activate the space in the KooDrive console"),
    ("13000413", "This kind of search is not supported", "Choose another kind of search"),
    ("13000414", "The kind of search is empty", "Name the kind of search"),
)
FAILURES = (
    *(
        DocumentedError(code, title, title, remedy, retryable=None, source=_ERROR_CODES)
        for code, title, remedy in _CODES
    ),
    # Of the gateway in front of KooDrive, which has more of them than documents about KooDrive name.
    DocumentedError(
        "APIGW.0101",
        "There is no such API",
        "The API does not exist there, or was not published",
        "Check api_url and region",
        retryable=None,
        source=_GATEWAY_CODES,
    ),
    DocumentedError(
        "APIGW.0201",
        "The gateway did not accept the request",
        "Its parameters are not valid (HTTP 400), or it is too large (HTTP 413)",
        "Check the values in filters",
        retryable=None,
        source=_GATEWAY_CODES,
    ),
    DocumentedError(
        "APIG.0301",
        "The gateway did not accept the login",
        "A token is missing, cannot be read or has run out, or a signature is wrong",
        "Check the login's options, and that the login is for the region asked",
        retryable=None,
        source=_GATEWAY_FAQ,
    ),
    DocumentedError(
        "APIG.0307",
        "The token has to be renewed",
        "The token has run out, or is for another region",
        "Get a new token, and check that it is for the region asked",
        retryable=None,
        source=_GATEWAY_FAQ,
    ),
    DocumentedError(
        "taskResultCode=2",
        "The job failed in part",
        "The job was completed only partly: some of its items failed and the others succeeded",
        "Look at the items in result.taskInfos, and launch a new job for those that failed",
        retryable=None,
        source=_BATCH_TASK,
    ),
    DocumentedError(
        "taskResultCode=3",
        "The job failed",
        "None of the job's items succeeded",
        "Look at the items in result.taskInfos and at the job's target",
        retryable=None,
        source=_BATCH_TASK,
    ),
)

TASK_STATES: Mapping[str, TaskState] = {
    "0": TaskState.QUEUED,
    "1": TaskState.RUNNING,
    "2": TaskState.SUCCEEDED,
    "3": TaskState.FAILED,
}
#: A completed job has its outcome in a second field, which stands after the slash here.
JOB_STATES: Mapping[str, TaskState] = {
    "0": TaskState.QUEUED,
    "1": TaskState.RUNNING,
    "2/1": TaskState.SUCCEEDED,
    "2/2": TaskState.FAILED,
    "2/3": TaskState.FAILED,
    "3": TaskState.CANCELLED,
}
#: taskType -> a name for it.
TASK_TYPES: Mapping[str, str] = {"0": "transfer", "1": "user_import"}
JOB_TYPES: Mapping[str, str] = {
    "1": "copy",
    "2": "delete",
    "3": "move",
    "4": "restore",
    "5": "decompress",
    "6": "package_download",
    "7": "empty_recycle_bin",
}

_API_PATH = "/koodrive/ose/v1"
#: No region but these two is documented, and the hosts do not follow the pattern of other Huawei services.
_HOSTS = {"cn": "https://cn.myhuaweicloud-koodrive.com", "intl": "https://intl.myhuaweicloud-koodrive.com"}

DESCRIPTION = ProviderDescription(
    name="huawei_koodrive",
    title="Huawei Cloud KooDrive",
    states=TASK_STATES,
    logins=(
        LoginForm(("api_token", "api_url")),
        LoginForm(("api_token", "region")),
        LoginForm(("app_id", "app_secret", "user_id", "api_url")),
        LoginForm(("app_id", "app_secret", "user_id", "region")),
    ),
    documents={
        "KooDrive API reference": "https://support.huaweicloud.com/intl/en-us/api-koodrive/",
        "KooDrive, authentication": "https://support.huaweicloud.com/api-koodrive/koodrive_05_0010.html",
    },
    environment_prefix="KOODRIVE",
    options=("service",),
    defaults={"service": "task"},
    choices={"service": ("task", "jobs"), "region": tuple(_HOSTS)},
    # The documents say "string" and show 19 digits. Whatever has a point or a plus was a float on its way.
    task_id_pattern=r"[0-9A-Za-z_-]+",
    task_id_words=(
        "like 1534087020903704704; a number with a point or an exponent has lost its last digits on its way: "
        "put IDs in quotes"
    ),
    failures=FAILURES,
    poll_interval=10.0,
    page_size=100,
    launch_id_paths=(("json", "taskId"), ("json", "data")),
    launch_types=tuple(TASK_TYPES.values()),
)
JOBS_DESCRIPTION = replace(DESCRIPTION, states=JOB_STATES, launch_types=tuple(JOB_TYPES.values()))

#: A token ends after 20 minutes without a request. A minute of them is left for the request itself.
TOKEN_SECONDS = 20 * 60.0
LONGEST_TOKEN_POLL = TOKEN_SECONDS - 60.0

# --- answers --------------------------------------------------------------------------------------------------

# Documented as text, sent as a number, or the other way round.
_WORD = {"type": ["string", "integer"]}
_OPTIONAL_WORD = {"type": ["string", "integer", "null"]}
_ID = {"anyOf": [{"type": "string", "minLength": 1}, {"type": "integer"}]}

#: What every answer has to be before its code is looked at: an error lacks all the rest.
_ENVELOPE = AnswerSchema({"type": "object", "properties": {"code": _OPTIONAL_WORD, "error_code": _OPTIONAL_WORD}})
_TASK = {
    "type": "object",
    "required": ["taskId", "status"],
    "properties": {"taskId": _ID, "status": _WORD, "taskType": _OPTIONAL_WORD, "resultCode": _OPTIONAL_WORD},
}
TASK_SCHEMA = AnswerSchema(_TASK)
_SOME_TASKS = {"type": ["array", "null"], "items": _TASK}
#: The reference's table says taskList, its example taskListDtos.
TASK_LIST_SCHEMA = AnswerSchema(
    {
        "anyOf": [{"required": ["taskList"]}, {"required": ["taskListDtos"]}],
        "properties": {"taskList": _SOME_TASKS, "taskListDtos": _SOME_TASKS, "nextCursor": _OPTIONAL_WORD},
    },
)
CREATED_TASK_SCHEMA = AnswerSchema({"required": ["taskId"], "properties": {"taskId": _ID}})
CREATED_JOB_SCHEMA = AnswerSchema({"required": ["data"], "properties": {"data": _ID}})
_JOB = {**_TASK, "properties": {**_TASK["properties"], "taskResultCode": _OPTIONAL_WORD}}  # type: ignore[dict-item]
JOB_SCHEMA = AnswerSchema(
    {
        "required": ["data"],
        "properties": {
            "data": {
                "type": "object",
                "required": ["jobInfo"],
                "properties": {"jobInfo": _JOB, "taskInfos": {"type": ["array", "null"]}},
            },
        },
    },
)
JOB_LIST_SCHEMA = AnswerSchema(
    {"required": ["data"], "properties": {"data": {"type": ["array", "null"], "items": _JOB}}},
)


def _word(value: object) -> str:
    """Return a number or a text as text; "" for anything else. JSON Schema takes 2.0 for an integer as well."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


def _same(one: object, other: object) -> bool:
    """Whether two values are the same, which may each be a number or a text."""
    words = _word(one), _word(other)
    return words[0] == words[1] if all(words) else type(one) is type(other) and one == other


def _task_id(value: object) -> str:
    """Return an id as text.

    Raises:
        BadAnswerError: it came as a float, which cannot hold 19 digits.
    """
    if isinstance(value, float):
        raise BadAnswerError(f"{DESCRIPTION.title} answered with a task whose ID is no whole number")
    return str(value)


def _is_none(code: str) -> bool:
    """Whether a result code says that there is none: it is left out when all went well."""
    return not code.strip("0")


def _compact_time(value: object) -> str:
    """Write the jobs' 14 digits as RFC 3339. Their zone is not documented: they are taken for UTC."""
    found = re.fullmatch(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)", _word(value), re.ASCII)
    return "{}-{}-{}T{}:{}:{}Z".format(*found.groups()) if found else _word(value)


def _percent(value: object) -> float | None:
    try:
        percent = value if isinstance(value, float) else float(_word(value).rstrip("%"))
    except (ValueError, OverflowError):
        return None
    return percent if math.isfinite(percent) and 0 <= percent <= 100 else None


def _failure(code: str) -> TaskError:
    """Return what is known about a result code, which is passed on as it came."""
    if _is_none(code):
        return TaskError()
    documented = DESCRIPTION.documented_error(code)
    if documented is not None:
        return documented.to_error()
    known = "Huawei's public documents call codes of this kind specific errors and explain none of them"
    return TaskError(
        code=code,
        detail=known if _is_specific(code) else "No public document explains this code",
        remedy=f"Look at the task in the KooDrive console, or ask Huawei's support what {code} means",
    )


def _job_failure(outcome: str, code: str) -> TaskError:
    """Return why a job failed: how much of it did, and what is known about its result code where it has one."""
    extent = _failure(f"taskResultCode={outcome}")
    if _is_none(code):
        return extent
    reason = _failure(code)
    if reason.title:
        return reason._replace(detail=extent.detail)
    # The documents tell the outcome and not the code, so that they are no source of it.
    detail, remedy = (
        " ".join(sentence(text) for text in texts if text)
        for texts in ((extent.detail, reason.detail), (extent.remedy, reason.remedy))
    )
    return reason._replace(title=extent.title, detail=detail, remedy=remedy)


def _is_specific(code: str) -> bool:
    """Whether it is one of the codes 18xxxxxx, whose meanings are documented nowhere."""
    return re.fullmatch(r"18\d{6}", code) is not None


def task_from_json(raw: Mapping[str, Any], description: ProviderDescription = DESCRIPTION) -> Task:
    """Turn a task of ``/task`` into ours. ``msg`` is about the request and not about the task."""
    word, code = _word(raw["status"]), _word(raw.get("resultCode"))
    state = description.state_of(word)
    if state is TaskState.SUCCEEDED and not _is_none(code):
        # The code "is not returned when the task is successful": together they are nothing that is documented.
        word, state = f"{word} with resultCode {code}", TaskState.UNKNOWN
    kind = _word(raw.get("taskType"))
    return Task(
        id=_task_id(raw["taskId"]),
        provider=description.name,
        state=state,
        raw_state=word,
        name=_word(raw.get("taskName")) or None,
        type=TASK_TYPES.get(kind, kind) or None,
        error=_failure(code) if state is TaskState.FAILED else None,
        created_at=parse_time(raw.get("createTime")),
        started_at=parse_time(raw.get("startTime")),
        finished_at=parse_time(raw.get("endTime")) if state.is_final else None,
        owner=_word(raw.get("userId")) or None,
        raw=raw,
    )


def job_from_json(
    raw: Mapping[str, Any],
    items: list[Any] | None = None,
    description: ProviderDescription = JOBS_DESCRIPTION,
) -> Task:
    """Turn a job of ``/jobs`` into ours. ``items`` are the job's parts, which only a single job comes with."""
    word, outcome = _word(raw["status"]), _word(raw.get("taskResultCode"))
    if word == "2":
        # "Completed" says nothing about success: only the outcome does.
        word = f"2/{outcome}" if outcome else "2 without taskResultCode"
    state = description.state_of(word)
    kind = _word(raw.get("taskType"))
    result = {key: raw[key] for key in ("downloadUrl", "contentNum", "containerId") if raw.get(key) is not None}
    if items:
        result["taskInfos"] = items
    return Task(
        id=_task_id(raw["taskId"]),
        provider=description.name,
        state=state,
        raw_state=word,
        type=JOB_TYPES.get(kind, kind) or None,
        percent=_percent(raw.get("progress")),
        error=_job_failure(outcome, _word(raw.get("resultCode"))) if state is TaskState.FAILED else None,
        result=(result or None) if state.is_final else None,
        created_at=parse_time(_compact_time(raw.get("createTime"))),
        started_at=parse_time(_compact_time(raw.get("beginTime"))),
        finished_at=parse_time(_compact_time(raw.get("endTime"))) if state.is_final else None,
        owner=_word(raw.get("userId")) or None,
        raw=raw,
    )


# --- errors ---------------------------------------------------------------------------------------------------


def explain(answer: object) -> tuple[str | None, str] | None:
    """Return the code and the words of an error, {code, msg} or the gateway's {error_code, error_msg}; None of none.

    A code other than 0 is an error whatever the HTTP status is.
    """
    if not isinstance(answer, Mapping):
        return None
    for code_key, words_key in (("error_code", "error_msg"), ("code", "msg")):
        value = answer.get(code_key)
        code = _word(value)
        if value is None or code == "0" or (code_key == "error_code" and not code):
            continue
        documented = DESCRIPTION.documented_error(code)
        known = f" ({documented.title})" if documented else ""
        known = " (not documented publicly)" if _is_specific(code) else known
        said = readable(_word(answer.get(words_key)), limit=300)
        return code, f"code {code or 'that is empty'}{known}{f': {said}' if said else ''}"
    return None


def _is_gateways(error: RequestError) -> bool:
    """Whether the gateway in front of KooDrive answered, and not KooDrive."""
    return (error.code or "").startswith("APIG")


def _meaning(error: RequestError, *, of_one_task: bool) -> RequestError:
    """Return what a refusal is at KooDrive, where its HTTP status alone tells something else."""
    code = error.code or ""
    details: dict[str, Any] = {"method": error.method, "url": error.url, "status": error.status, "code": error.code}
    if error.status == 404 and _is_gateways(error):
        # It is the API that is not there, not the task.
        return RejectedError(f"{sentence(error.message)} Check api_url and region", **details)
    if of_one_task and code == "13000309":
        return NotFoundError(error.message, **details)
    is_about_the_request = _is_gateways(error) or _is_specific(code) or DESCRIPTION.documented_error(code) is not None
    if error.status == 400 and not is_about_the_request:
        return AuthenticationError(
            f"{sentence(error.message)} KooDrive documents HTTP 400 as a failed authentication as well: "
            "check the login's options, for a token may have run out",
            **details,
        )
    return error


# --- logins ---------------------------------------------------------------------------------------------------

#: The documents show the header's value with either of these in front. With one of them it is sent as it is.
_PREFIX = re.compile(r"(Bearer|AT)[ +]", re.IGNORECASE)


def authorization(api_token: str) -> str:
    """Return the value of the Authorization header for a token as the user gives it."""
    return api_token if _PREFIX.match(api_token) else f"Bearer {api_token}"


_SIGNED_HEADERS = "host;x-date;x-user-id"


def _canonical_request(request: HttpRequest, headers: Mapping[str, str]) -> str:
    """Write a request in the form that is signed. ``headers`` are those of the signature, in their order."""
    path = "/".join(quote(unquote(segment), safe="~") for segment in urlsplit(request.url).path.split("/"))
    parts = [(quote(name, safe="~"), quote(value, safe="~")) for name, value in request.params]
    lines = [
        request.method,
        path if path.endswith("/") else f"{path}/",
        "&".join(f"{name}={value}" for name, value in sorted(parts)),
        *(f"{name.lower()}:{value.strip()}" for name, value in headers.items()),
        "",
        _SIGNED_HEADERS,
        hashlib.sha256(request.body).hexdigest(),
    ]
    return "\n".join(lines)


class AppSigner:
    """App authentication: HMAC-SHA256 over each request, good for 15 minutes."""

    def __init__(self, options: ConnectionOptions, clock: Clock) -> None:
        self._app_id = options.needed("app_id")
        self._key = options.needed("app_secret").encode("utf-8", "surrogatepass")
        self._user_id = options.needed("user_id")
        self._clock = clock

    def __call__(self, request: HttpRequest) -> Mapping[str, str]:
        """Return the headers of the signature."""
        headers = {
            # Sent by us, so that what is signed is what arrives.
            "Host": _host(request.url),
            "X-Date": self._clock.now().strftime("%Y%m%dT%H%M%SZ"),
            "X-User-Id": self._user_id,
        }
        canonical = _canonical_request(request, headers).encode("utf-8", "surrogatepass")
        # Unlike other signatures of this kind it has no line with the date.
        to_sign = f"HMAC-SHA256\n{hashlib.sha256(canonical).hexdigest()}"
        signature = hmac.new(self._key, to_sign.encode(), hashlib.sha256).hexdigest()
        login = f"HMAC-SHA256 AppId={self._app_id},SignedHeaders={_SIGNED_HEADERS},Signature={signature}"
        return {**headers, "Authorization": login}


class SignedLogin(FixedLogin):
    """A login whose every request is signed anew, so that a repeat is a new login: the first may have come too late."""

    @property
    def can_renew(self) -> bool:
        """Always."""
        return True


def _host(url: str) -> str:
    """Return the value of the Host header for an address: without the port that the scheme has anyway."""
    parts = urlsplit(url)
    usual = {"https": ":443", "http": ":80"}.get(parts.scheme.lower(), "")
    return parts.netloc.removesuffix(usual)


def _base_url(options: ConnectionOptions) -> str:
    url = (options.api_url or _HOSTS[options.needed("region")]).rstrip("/")
    return url if url.endswith(_API_PATH) else f"{url}{_API_PATH}"


# --- the adapter ----------------------------------------------------------------------------------------------


class KooDriveProvider(TaskProvider):
    """What both services have in common."""

    #: The query's word for the type, and the names of the types.
    type_parameter: str
    types: Mapping[str, str]

    def __init__(self, description: ProviderDescription, api: JsonApi, base_url: str) -> None:
        super().__init__(description)
        self._api = api
        self._base_url = base_url

    def close(self, deadline: Deadline) -> None:
        """Give the login back."""
        self._api.close(deadline)

    def check_launch(self, launch: Launch, desired: Mapping[str, Any] | None) -> None:
        """Make sure that the type is said once."""
        super().check_launch(launch, desired)
        if "taskType" in launch.input:
            raise OptionError("input", "input must not hold taskType: it follows from type")

    def _launch_body(self, launch: Launch) -> dict[str, Any]:
        number = next(number for number, name in self.types.items() if name == launch.type)
        return {**launch.input, "taskType": int(number)}

    def _get(
        self,
        path: str,
        deadline: Deadline,
        schema: AnswerSchema,
        params: tuple[tuple[str, str], ...] = (),
        *,
        of_one_task: bool = False,
    ) -> Any:
        """Read a path."""
        return self._call("GET", path, deadline, schema, params=params, of_one_task=of_one_task)

    def _call(
        self,
        method: str,
        path: str,
        deadline: Deadline,
        schema: AnswerSchema,
        *,
        params: tuple[tuple[str, str], ...] = (),
        body: Mapping[str, Any] | None = None,
        of_one_task: bool = False,
    ) -> Any:
        """Return an answer. One with a code is an error, whatever its HTTP status is."""
        try:
            answer = self._api.call(method, path, deadline, params=params, body=body, schema=_ENVELOPE)
            details: dict[str, Any] = {"method": method, "url": f"{self._base_url}{path}", "status": 200}
            refused = explain(answer)
            if refused is not None:
                code, words = refused
                where = f"{method} {details['url']}"
                if method == "POST" and (answer.get("taskId") or answer.get("data")):
                    raise BadAnswerError(
                        f"{self.description.title} refused {where}: {words}, and gave an ID all the same", **details
                    )
                raise RejectedError(f"{self.description.title} refused {where}: {words}", code=code, **details)  # noqa: TRY301 - both ways of telling an error lead to one place
        except (RejectedError, NotFoundError) as error:
            raise _meaning(error, of_one_task=of_one_task) from None
        problem = schema.problem(answer)
        if problem is not None:
            raise BadAnswerError(
                f"{self.description.title} answered {method} {details['url']} with JSON of an unexpected shape: "
                f"{problem}",
                **details,
            )
        return answer

    def _checked(self, task: Task, task_id: str) -> Task:
        if task.id != task_id:
            raise BadAnswerError(f"{self.description.title} was asked for task {task_id} and answered with another one")
        return task

    def _params(self, query: TaskQuery, paging: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        """Return the query of a list's first page. How it takes several states or types is not documented."""
        params = dict(paging)
        words = {word.partition("/")[0] for word in self.description.raw_states(query.states)}
        is_told = all(self.description.raw_states(frozenset({state})) for state in query.states)
        if is_told and len(words) == 1:
            params["status"] = words.pop()
        numbers = [number for number, name in self.types.items() if name in query.types]
        if len(numbers) == len(query.types) == 1:
            params[self.type_parameter] = numbers[0]
        given = {name for name, _value in query.filters}
        return (*((name, value) for name, value in params.items() if name not in given), *query.filters)


def _next_page(params: tuple[tuple[str, str], ...], name: str, value: str) -> str:
    """Return the query of the page that begins there, which is the cursor of it."""
    return urlencode([*(pair for pair in params if pair[0] != name), (name, value)])


class TaskService(KooDriveProvider):
    """The tasks of ``/task``: transfers of a user's files, imports of users."""

    type_parameter = "taskType"
    types = TASK_TYPES

    def read_task(self, task_id: str, deadline: Deadline) -> Task:
        """GET /task/{id}."""
        raw = self._get(f"/task/{path_segment(task_id)}", deadline, TASK_SCHEMA, of_one_task=True)
        return self._checked(task_from_json(raw, self.description), task_id)

    def read_page(self, query: TaskQuery, cursor: str | None, deadline: Deadline) -> TaskPage:
        """GET /task/list. A page may be short or empty with more behind it: the end has no nextCursor."""
        size = str(self.description.page_size)
        params = (
            self._params(query, {"pageSize": size})
            if cursor is None
            else tuple(parse_qsl(cursor, keep_blank_values=True))
        )
        answer = self._get("/task/list", deadline, TASK_LIST_SCHEMA, params)
        found = answer.get("taskList") or answer.get("taskListDtos") or ()
        tasks = tuple(task_from_json(raw, self.description) for raw in found)
        next_cursor = _word(answer.get("nextCursor"))
        return TaskPage(tasks, _next_page(params, "pageCursor", next_cursor) if next_cursor else None)

    def launch(self, launch: Launch, deadline: Deadline) -> str:
        """POST /task/create."""
        body = self._launch_body(launch)
        return _task_id(self._call("POST", "/task/create", deadline, CREATED_TASK_SCHEMA, body=body)["taskId"])

    def is_launch(self, launch: Launch, task: Task) -> bool:
        """Whether its initParams, which only lists tell, have all that was given. Their form is not documented."""
        given = task.raw.get("initParams")
        try:
            known = json.loads(given) if isinstance(given, str) else given
        except (ValueError, RecursionError):
            return False
        if task.type != launch.type or not isinstance(known, Mapping) or not launch.input:
            return False
        return all(name in known and _same(known[name], value) for name, value in launch.input.items())

    def list_entry_lacks_something(self, task: Task) -> bool:
        """Whether it failed without a code: the list of the documents' example leaves that out."""
        return task.state is TaskState.FAILED and (task.error is None or task.error.code is None)


class JobService(KooDriveProvider):
    """The batch tasks of ``/jobs``: copies, deletions, moves and more."""

    type_parameter = "type"
    types = JOB_TYPES
    _folder = "/jobs"

    def read_task(self, task_id: str, deadline: Deadline) -> Task:
        """GET /jobs/{id}, or /{id} where the gateway has no such API: the documents print the second one."""
        segment = path_segment(task_id)
        # Another thread can find the other address while this one asks at the first.
        folder = self._folder
        try:
            answer = self._get(f"{folder}/{segment}", deadline, JOB_SCHEMA, of_one_task=True)
        except RejectedError as error:
            if error.status != 404 or not _is_gateways(error) or not folder:
                raise
            answer = self._get(f"/{segment}", deadline, JOB_SCHEMA, of_one_task=True)
            self._folder = ""
        data = answer["data"]
        return self._checked(job_from_json(data["jobInfo"], data.get("taskInfos"), self.description), task_id)

    def read_page(self, query: TaskQuery, cursor: str | None, deadline: Deadline) -> TaskPage:
        """GET /jobs. Nothing tells the end but an empty page."""
        paging = {"offset": "0", "limit": str(self.description.page_size)}
        params = self._params(query, paging) if cursor is None else tuple(parse_qsl(cursor, keep_blank_values=True))
        answer = self._get("/jobs", deadline, JOB_LIST_SCHEMA, params)
        tasks = tuple(job_from_json(raw, None, self.description) for raw in answer["data"] or ())
        offset = dict(params)["offset"]
        if not tasks or not re.fullmatch(r"\d{1,18}", offset, re.ASCII):
            return TaskPage(tasks)
        return TaskPage(tasks, _next_page(params, "offset", str(int(offset) + len(tasks))))

    def launch(self, launch: Launch, deadline: Deadline) -> str:
        """POST /jobs. Nothing that a job tells is enough to know it again by."""
        body = self._launch_body(launch)
        return _task_id(self._call("POST", "/jobs", deadline, CREATED_JOB_SCHEMA, body=body)["data"])

    def list_entry_lacks_something(self, task: Task) -> bool:
        """Whether it was completed: its parts, and perhaps its outcome, are told of a single job only."""
        return task.is_final or task.state is TaskState.UNKNOWN


def _create(options: ConnectionOptions, tools: ProviderTools) -> TaskProvider:
    is_jobs = options.service == "jobs"
    description = JOBS_DESCRIPTION if is_jobs else DESCRIPTION
    base_url = _base_url(options)
    language = {"language": "en-US"}
    if "api_token" in options.login:
        token = authorization(options.needed("api_token"))
        # The token alone is as secret as the header's whole value.
        bare = _PREFIX.sub("", token, count=1)
        if bare:
            tools.hide(bare)
        login = FixedLogin(
            Access(base_url, {**language, "Authorization": token}),
            advice="api_token is wrong or has run out: it ends after 20 minutes without a request. Get a new one",
        )
        description = replace(
            description,
            longest_poll_interval=LONGEST_TOKEN_POLL,
            longest_poll_reason="a token ends after 20 minutes without a request, and polling keeps it alive",
        )
    else:
        login = SignedLogin(
            Access(base_url, language, AppSigner(options, tools.clock)),
            advice=(
                "check app_id, app_secret and user_id, and this machine's clock: a signature is good for 15 minutes, "
                "and none may be of the future"
            ),
        )
    api = JsonApi(
        tools.make_http(options.tls),
        login,
        tools.clock,
        title=DESCRIPTION.title,
        explain=explain,
    )
    return (JobService if is_jobs else TaskService)(description, api, base_url)


PROVIDER = Provider(DESCRIPTION, _create)
