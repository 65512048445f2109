# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Huawei Cloud KooDrive: the tasks below ``/koodrive/ose/v1/task`` and the batch tasks below ``…/jobs``.

Confirmed by the vendor's documents: paths, fields, states and types of both families, IDs of 19 digits, ``code`` as a
number where text is documented, taskListDtos in the example, a nextCursor that is a number of milliseconds, pages that
are short or empty before the end, two shapes of errors, the sliding 20 minutes of a token, the signature and its 15
minutes, the language of ``msg``. Inferred: the path of a single job, what an unknown task and a bad login are answered
with, the codes of those answers, that both forms of a token are taken (``Bearer+``, as that page writes it, and
``Bearer`` with a blank), what a request without a mandatory header gets, and that ``initParams``, a documented field of
lists, is the JSON text of what the task was created with. Facts on which sources disagree are options of
``credentials``. Whether a task belongs to ``/task`` or ``/jobs`` follows from its type.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote, unquote

from ..messages import BadJsonError, Request, Response
from ..tasks import Moment, State, Step, Task
from ..validation import Fields, option
from .base import Face, RefusedError, Route

BASE = "/koodrive/ose/v1"
#: A task's type in a scenario -> taskType.
TASK_TYPES = {"transfer": 0, "user_import": 1}
JOB_TYPES = {
    "copy": 1,
    "delete": 2,
    "move": 3,
    "restore": 4,
    "decompress": 5,
    "package_download": 6,
    "empty_recycle_bin": 7,
}
#: What a launch of each type must have.
NEEDED = {"transfer": ("srcUserId", "dstUserId"), "user_import": ("resultId", "orgId", "orgUserId")}
#: Whether a token's request needs X-User-Id and X-Date unless a scenario says otherwise: the page of ``GET /task/{id}``
#: calls them mandatory, older pages of other calls do not have them, and all say that app authentication uses them.
STRICT = True
LARGEST_PAGE = 100
SIGNATURE_SECONDS = 15 * 60.0
#: The simulator's clock and that of the machine drift apart a little.
CLOCK_TOLERANCE = 2.0
#: nextCursor looks like the moment of the vendor's example.
_FIRST_CURSOR = 1723549107000
_SIGNATURE = re.compile(r"HMAC-SHA256 AppId=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})")
_PREFIX = re.compile(r"(Bearer|AT)[ +]")
_BAD_PARAMETER = 13000102
_NO_RESOURCE = 13000309


@dataclass(frozen=True)
class KooDriveCredentials:
    """Who may log in; ``token_lifetime`` is in seconds and begins anew with every request."""

    api_tokens: Sequence[str] = option(Fields.texts, ["demo-token"])
    token_lifetime: float = option(Fields.number, 1200)
    app_id: str = option(Fields.text, "demo-app")
    app_secret: str = option(Fields.text, "demo-app-secret")
    user_id: str = option(Fields.text, "1395497048157130881")
    tenant_id: str = option(Fields.text, "d5ac574bd2934a69baa4f23c55daa8d4")
    list_key: str = option(Fields.text, "taskListDtos", choices=("taskList", "taskListDtos"))
    numbers_as_text: bool = option(Fields.flag, default=False)
    sparse_pages: bool = option(Fields.flag, default=False)
    refusal: str = option(Fields.text, "401", choices=("400", "401"))
    unknown_task: str = option(Fields.text, "400", choices=("200", "400", "404"))
    job_path: str = option(Fields.text, "jobs", choices=("jobs", "root"))
    init_params: str = option(Fields.text, "json", choices=("json", "absent"))
    strict: bool = option(Fields.flag, default=STRICT)


class HuaweiKooDrive(Face):
    """The face of ``cn.myhuaweicloud-koodrive.com`` and of ``intl.myhuaweicloud-koodrive.com``."""

    name = "huawei_koodrive"
    base_paths = (BASE,)
    id_field = "taskId"
    task_fields = frozenset(
        {
            *("createTime", "downloadUrl", "endTime", "progress", "resultCode", "startTime", "taskName"),
            *("taskResultCode", "tenantId", "userId", "contentNum", "containerId", "beginTime", "initParams"),
        }
    )
    has_failure_codes = True
    default_type = "transfer"
    default_steps = (Step(0, 1.0), Step(1, 2.0))
    default_end = Step(2)
    credentials_type = KooDriveCredentials
    credentials: KooDriveCredentials

    @classmethod
    def failure_fields(cls, code: State) -> dict[str, Any]:
        """Return a result code, or the outcome of a job, which is written as ``taskResultCode=3``."""
        name, _equals, outcome = str(code).partition("=")
        return {name: int(outcome)} if name == "taskResultCode" and outcome.isdigit() else {"resultCode": str(code)}

    def routes(self) -> Sequence[Route]:
        """Return the paths of both families."""
        routes = [
            Route(f"{BASE}/task/list", {"GET": self._list_tasks}),
            Route(f"{BASE}/task/create", {"POST": self._create_task}),
            Route(f"{BASE}/task/{{id}}", {"GET": self._show_task}),
            Route(f"{BASE}/jobs", {"GET": self._list_jobs, "POST": self._create_job}),
        ]
        prefix = "/jobs" if self.credentials.job_path == "jobs" else ""
        return (*routes, Route(f"{BASE}{prefix}/{{id}}", {"GET": self._show_job}))

    def default_owner(self) -> str:
        """Return the one user."""
        return self.credentials.user_id

    @classmethod
    def random_id(cls) -> str:
        """Return 19 digits."""
        return str(random.randrange(10**18, 10**19))  # noqa: S311 - an ID is no secret

    # Logins

    def refusal(self, request: Request, values: Mapping[str, str]) -> Response | None:
        """Return the answer to a request without a good login; None for a good one."""
        value = request.header("Authorization")
        is_signed = value.startswith("HMAC-SHA256 ")
        if not (self._is_signed(request, value) if is_signed else self._has_token(value)):
            return self.unauthorized(request)
        lacking = [] if is_signed or not self.credentials.strict else self._lacking(request)
        return self.error(request, 400, f"Mandatory: {', '.join(lacking)}.") if lacking else None

    def _lacking(self, request: Request) -> list[str]:
        """Return which of the headers beside the token a request lacks, or has in a form that they cannot have."""
        right = {"X-User-Id": request.header("X-User-Id") == self.credentials.user_id, "X-Date": self._is_now(request)}
        return [name for name, is_right in right.items() if not is_right]

    def _has_token(self, value: str) -> bool:
        prefix = _PREFIX.match(value)
        token = value[prefix.end() :] if prefix else ""
        if token not in self.sessions:
            return False
        # Its time begins anew with every use.
        self.sessions.begin(token, self.credentials.token_lifetime)
        return True

    def _is_signed(self, request: Request, value: str) -> bool:
        """Check a signature by the vendor's own steps."""
        found = _SIGNATURE.fullmatch(value)
        known = self.credentials
        if found is None or found[1] != known.app_id or request.header("X-User-Id") != known.user_id:
            return False
        names = found[2].split(";")
        if names != sorted(names) or not {"x-date", "x-user-id"} <= set(names) or not self._is_now(request):
            return False
        # Of query and path every name, value and segment is decoded and encoded anew.
        query = sorted((quote(name, safe=""), quote(text, safe="")) for name, text in request.parameters)
        path = "/".join(quote(unquote(part), safe="") for part in request.path.split("/"))
        canonical = (
            f"{request.method}\n{path if path.endswith('/') else path + '/'}\n"
            + "&".join(f"{name}={text}" for name, text in query)
            + "\n"
            + "".join(f"{name}:{request.header(name).strip()}\n" for name in names)
            + f"\n{found[2]}\n{hashlib.sha256(request.body).hexdigest()}"
        )
        text = f"HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        right = hmac.new(known.app_secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        return hmac.compare_digest(right, found[3])

    def _is_now(self, request: Request) -> bool:
        try:
            date = datetime.strptime(request.header("X-Date"), "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
        except ValueError:
            return False
        age = (self.instant(self.now()) - date).total_seconds()
        return -CLOCK_TOLERANCE <= age <= SIGNATURE_SECONDS

    # The family /task

    def _list_tasks(self, request: Request, values: Mapping[str, str]) -> Response:
        wanted = dict(request.parameters)
        size = _number(wanted.get("pageSize") or str(LARGEST_PAGE), 1, LARGEST_PAGE)
        cursor = _number(wanted.get("pageCursor") or str(_FIRST_CURSOR), _FIRST_CURSOR)
        if size is None or cursor is None:
            raise RefusedError
        shown = [
            {key: value for key, value in document.items() if key not in ("code", "msg", "tenantId", "userId")}
            for document in self._shown(
                TASK_TYPES, {"taskType": wanted.get("taskType"), "status": wanted.get("status")}
            )
        ]
        # A cursor of an odd number is that of an empty page before the tasks from there on.
        position, is_empty = divmod(cursor - _FIRST_CURSOR, 2)
        if self.credentials.sparse_pages:
            size = max(1, size // 2)
        page = [] if is_empty else shown[position : position + size]
        answer: dict[str, Any] = {self.credentials.list_key: page}
        following = position + len(page)
        if following < len(shown):
            is_next_empty = self.credentials.sparse_pages and not is_empty
            answer["nextCursor"] = _FIRST_CURSOR + 2 * following + is_next_empty
        return self._good(request, answer)

    def _show_task(self, request: Request, values: Mapping[str, str]) -> Response:
        document = self._document_of(values["id"], TASK_TYPES)
        if document is None:
            return self._unknown(request)
        return self._good(
            request,
            {key: value for key, value in document.items() if key != "initParams" and not key.endswith("Time")},
        )

    def _create_task(self, request: Request, values: Mapping[str, str]) -> Response:
        return self._good(request, {"taskId": self._launched(request, TASK_TYPES)})

    # The family /jobs

    def _list_jobs(self, request: Request, values: Mapping[str, str]) -> Response:
        wanted = dict(request.parameters)
        limit = _number(wanted.get("limit", "10"), 1, LARGEST_PAGE)
        offset = _number(wanted.get("offset", "0"), 0)
        if limit is None or offset is None:
            # This call documents its refusals in the gateway's shape.
            return self._gateway(400, f"KooDrive.{_BAD_PARAMETER}", "The parameter is invalid.")
        shown = self._shown(JOB_TYPES, {"taskType": wanted.get("type"), "status": wanted.get("status")})
        return self._good(request, {"data": shown[offset : offset + limit]})

    def _show_job(self, request: Request, values: Mapping[str, str]) -> Response:
        document = self._document_of(values["id"], JOB_TYPES)
        if document is None:
            return self._unknown(request)
        files = [{"fileId": "f1", "status": "1", "newFileId": "f2", "srcContainerId": document.get("containerId")}]
        return self._good(request, {"data": {"jobInfo": document, "taskInfos": files}})

    def _create_job(self, request: Request, values: Mapping[str, str]) -> Response:
        return self._good(request, {"data": self._launched(request, JOB_TYPES)})

    # Both

    def document(self, task: Task, moment: Moment) -> dict[str, Any]:
        """Return all fields of a task; each call shows its own part of them."""
        return self._job(task, moment) if task.type in JOB_TYPES else self._task(task, moment)

    def _task(self, task: Task, moment: Moment) -> dict[str, Any]:
        document = {
            "taskId": task.id,
            "taskName": f"{task.type} {task.id[-4:]}",
            "taskType": TASK_TYPES.get(task.type, task.type),
            "tenantId": self.credentials.tenant_id,
            "userId": task.owner,
            "status": moment.state,
            "createTime": self._milliseconds(task.born),
        }
        given = task.input if isinstance(task.input, Mapping) else {}
        created_with = {key: value for key, value in given.items() if key != "taskType"}
        if created_with and self.credentials.init_params == "json":
            document["initParams"] = json.dumps(created_with, ensure_ascii=False, separators=(",", ":"))
        if moment.since or moment.ended:
            document["startTime"] = self._milliseconds(task.born + (0 if moment.ended else moment.since))
        if moment.ended:
            document["endTime"] = self._milliseconds(task.born + moment.since)
        return document

    def _job(self, task: Task, moment: Moment) -> dict[str, Any]:
        document = {
            "taskId": task.id,
            "userId": task.owner,
            "taskType": JOB_TYPES[task.type],
            "actionType": JOB_TYPES[task.type] * 100 + 1,
            "status": moment.state,
            "progress": 100 if moment.ended else 0,
            "contentNum": 1,
            "containerId": "c1",
            "tenantId": self.credentials.tenant_id,
            "createTime": self._digits(task.born),
            "beginTime": self._digits(task.born),
        }
        if moment.ended:
            document["endTime"] = self._digits(task.born + moment.since)
            if moment.state == self.default_end.state:
                document["taskResultCode"] = 1
        return document

    def _milliseconds(self, instant: float) -> str:
        return self.instant(instant).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _digits(self, instant: float) -> str:
        """Write a moment as the batch tasks do; that it is UTC is inferred."""
        return self.instant(instant).strftime("%Y%m%d%H%M%S")

    def _shown(self, types: Mapping[str, int], wanted: Mapping[str, str | None]) -> list[dict[str, Any]]:
        """Return one family's tasks that fit, the oldest first."""
        own = [pair for pair in self.living() if self._is_own(pair[0], types)]
        own.sort(key=lambda pair: (pair[0].born, pair[0].id))
        return [
            self._formed(document)
            for document in (self.view(*pair) for pair in own)
            if all(value in (None, "", str(document.get(key))) for key, value in wanted.items())
        ]

    def _document_of(self, task_id: str, types: Mapping[str, int]) -> dict[str, Any] | None:
        task = self.found(task_id)
        return self._formed(self.view(*task)) if task and self._is_own(task[0], types) else None

    def _is_own(self, task: Task, types: Mapping[str, int]) -> bool:
        """Tell whether a task is of the family and of the one user."""
        return (task.type in JOB_TYPES) is (types is JOB_TYPES) and task.owner == self.credentials.user_id

    def _formed(self, document: dict[str, Any]) -> dict[str, Any]:
        """Write numbers as the scenario wants them."""
        names = ("status", "taskType", "taskResultCode", "progress")
        if not self.credentials.numbers_as_text:
            return document
        return {key: str(value) if key in names else value for key, value in document.items()}

    def _launched(self, request: Request, types: Mapping[str, int]) -> str:
        """Return the ID of what was launched."""
        try:
            body = request.json()
        except BadJsonError:
            body = None
        given = body.get("taskType") if isinstance(body, Mapping) else None
        kind = next((name for name, number in types.items() if number == given and given is not True), None)
        if kind is None or not all(body.get(name) for name in NEEDED.get(kind, ())):
            raise RefusedError
        return self.launch(body, kind, body, self.default_owner()).id

    # Answers

    def _good(self, request: Request, body: Mapping[str, Any]) -> Response:
        # The code is documented as text and shown as a number; its text follows a header.
        is_chinese = request.header("language").lower().startswith("zh")
        code = "0" if self.credentials.numbers_as_text else 0
        return Response.of_json(200, {**body, "code": code, "msg": "成功" if is_chinese else "Success."})

    def _unknown(self, request: Request) -> Response:
        """Return what stands for "no such task": no document says what the vendor answers."""
        status = int(self.credentials.unknown_task)
        return self._refused(request, status, _NO_RESOURCE, "The resource does not exist.", "资源不存在")

    def error(self, request: Request, status: int, text: str = "") -> Response:
        """Return the vendor's error, or the gateway's for what never gets to the vendor."""
        if status == 404:
            words = "The API does not exist or has not been published in the environment."
            return self._gateway(404, "APIGW.0101", text or words)
        if status == 429:
            return self._gateway(429, "APIGW.0308", text or "The throttling threshold has been reached.")
        code = _BAD_PARAMETER if status == 400 else status
        return self._refused(request, status, code, text or "The request failed.", text or "失败")

    def unauthorized(self, request: Request) -> Response:
        """Return 401, or the 400 that the vendor's table of statuses has for a failed authentication."""
        status = int(self.credentials.refusal)
        return self._refused(request, status, status, "Authentication failed.", "鉴权不通过")

    def method_not_allowed(self, request: Request, route: Route) -> Response:
        """Return the gateway's answer: to it, a method and a path are one API."""
        return self.error(request, 404)

    def _refused(self, request: Request, status: int, code: int, words: str, chinese: str) -> Response:
        is_chinese = request.header("language").lower().startswith("zh")
        return Response.of_json(status, {"code": code, "msg": chinese if is_chinese else words})

    def _gateway(self, status: int, code: str, words: str) -> Response:
        identifier = f"{random.getrandbits(128):032x}"
        body = {"error_code": code, "error_msg": words, "request_id": identifier}
        return Response.of_json(status, body, {"X-request-id": identifier})


def _number(text: str, least: int, most: int | None = None) -> int | None:
    """Read a whole number within its bounds; None for anything else."""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        return None
    number = int(text)
    return number if number >= least and (most is None or number <= most) else None
