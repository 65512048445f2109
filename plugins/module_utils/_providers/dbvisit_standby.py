# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dbvisit Standby MultiPlatform: the tasks of its control center, such as a switchover or a DR test.

Facts: the vendor's pages on ``/task/list``, ``/task/show`` and the launching calls, in the copies on its support site
and in its wiki for version 12. Everything there is a POST with ``{"params": ...}``.

Inferred, for those pages do not say it: that the API lies below ``/api`` and takes the logins of version 11's older
API; that an unknown id is the documented 400 with a text; that a 200 may still say ``"successful": false``; the
launching calls for other databases than Oracle; what the title of a launched task says; which of the texts that
``/list`` tells of a database is its host.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit

from .._api.addresses import check_url
from .._api.json_api import JsonApi
from .._api.login import Access, FixedLogin
from .._api.schemas import AnswerSchema
from .._core.clock import Deadline
from .._core.errors import BadAnswerError, NotFoundError, OptionError, RejectedError
from .._core.task import Task, TaskState, parse_time
from .._core.text import readable
from .._provider.contract import Launch, Provider, ProviderTools, TaskPage, TaskProvider, TaskQuery, dig
from .._provider.description import LoginForm, ProviderDescription
from .._provider.options import ConnectionOptions

#: The launching calls, without the database at their end -> how the title of such a task reads (inferred).
_ACTIONS = {
    "switchover": r"\bswitch(es|ed|ing)?[ -]?over\b",
    "activate": r"\bactivat",
    "dr-test/start": r"^(?!.*\b(stop|end|finish))(.*\b)?(dr|disaster recovery)[ -]?test\b",
    "sync": r"\bsync(hron[a-z]*)?\b",
}
_DATABASES = ("oracle", "postgresql", "sqlserver")
#: Documented parameters that are no texts: playbooks often have them as texts all the same.
_INTEGERS = frozenset({"configuration_id"})
_FLAGS = frozenset(
    {
        *("allow_closed_pdbs", "resume", "stop_before_activation"),
        *("sync_lag", "sync_nologging", "transportable"),
    }
)

DESCRIPTION = ProviderDescription(
    name="dbvisit_standby",
    title="Dbvisit StandbyMP",
    states={
        "In Progress": TaskState.RUNNING,
        "End": TaskState.SUCCEEDED,
        "Failed": TaskState.FAILED,
        # Takes the place of the other two words, so that nothing tells any more which of them it was.
        "Dismissed": TaskState.DISMISSED,
    },
    logins=(
        LoginForm(("username", "password", "api_url")),
        LoginForm(("api_token", "api_url")),
    ),
    documents={
        "List tasks": "https://support.dbvisit.com/hc/en-us/articles/12515185528719",
        "Show a task": "https://support.dbvisit.com/hc/en-us/articles/12515207870607",
        "Show a task, version 12": "https://dbvisit.atlassian.net/wiki/spaces/DSMPV12/pages/4290805947",
        "Switchover, Oracle": "https://support.dbvisit.com/hc/en-us/articles/12515184723087",
        "List configurations, version 12": "https://dbvisit.atlassian.net/wiki/spaces/DSMPV12/pages/4290805887",
        "Authentication, version 11": "https://dbvisit.atlassian.net/wiki/spaces/DSMP/pages/3432972289",
    },
    environment_prefix="DBVISIT",
    options=("api_path",),
    defaults={"api_path": "/api"},
    # An int64. 0 is what its API writes for "none".
    task_id_pattern=r"[1-9][0-9]{0,18}",
    task_id_words="a whole number, 1 or more",
    # With ansible.builtin.uri the answer of a launching call, {"result": {"task_id": 7}, ...}, is in json.
    launch_id_paths=(("json", "result", "task_id"), ("result", "task_id"), ("task_id",)),
    launch_types=tuple(f"{action}/{database}" for action in _ACTIONS for database in _DATABASES),
    # The next switchover undoes one.
    success_lasts=False,
)

COOKIE = "dbvisit-standby"
#: The letters that a cookie's value may have (RFC 6265).
_COOKIE_VALUE = re.compile(r"[!#-+\--:<-\[\]-~]+")
_WHOLE_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,18})")
_LONG_AGO = datetime.min.replace(tzinfo=timezone.utc)

_TEXT = {"type": ["string", "null"]}
_TASK = {
    "type": "object",
    "required": ["task_id", "state"],
    "properties": {
        # An int64. Digits as text would be the same id: no wait shall end over the quotes around it.
        "task_id": {"type": ["integer", "string"], "minimum": 0, "maximum": 2**63 - 1, "pattern": "^[0-9]{1,19}$"},
        "state": {"type": "string"},
        "configuration_id": {"type": ["integer", "null"]},
        "configuration_name": _TEXT,
        "title": _TEXT,
        "performed_by": _TEXT,
        # The pages of version 12 have the second name for it.
        "hidden_by": _TEXT,
        "dismissed_by": _TEXT,
        "started": _TEXT,
        "updated": _TEXT,
        "finished": _TEXT,
        "messages": {
            "type": ["array", "null"],
            "items": {"type": "object", "properties": {"message": _TEXT, "time": _TEXT}},
        },
    },
}


def _envelope(result: Mapping[str, Any]) -> AnswerSchema:
    """Return the schema of an answer. ``error`` is read with care instead: no page tells what a success has there."""
    return AnswerSchema(
        {
            "type": "object",
            "required": ["successful"],
            "properties": {"successful": {"type": "boolean"}},
            "if": {"properties": {"successful": {"const": True}}},
            "then": {"required": ["result"], "properties": {"result": result}},
        },
    )


SHOW_SCHEMA = _envelope(_TASK)
LIST_SCHEMA = _envelope(
    {
        "type": "object",
        "required": ["tasks"],
        # An empty list may well be null (inferred: servers in Go write it so).
        "properties": {"tasks": {"type": ["array", "null"], "items": _TASK}},
    },
)
LAUNCH_SCHEMA = _envelope(
    {
        "type": "object",
        "required": ["task_id"],
        "properties": {"task_id": {**_TASK["properties"]["task_id"], "minimum": 1}},  # type: ignore[index]
    },
)
_CONFIGURATION = {
    "type": "object",
    "required": ["configuration_id", "primary", "standby"],
    "properties": {
        "configuration_id": {"type": "integer"},
        "primary": {"type": ["object", "null"]},
        "standby": {"type": ["object", "null"]},
    },
}
CONFIGURATIONS_SCHEMA = _envelope(
    {
        "type": "object",
        "required": ["configurations"],
        "properties": {"configurations": {"type": ["array", "null"], "items": _CONFIGURATION}},
    },
)


def explain(data: object) -> tuple[None, str] | None:
    """Return the words of the vendor's own refusal, which has no codes; None for what is none."""
    if not isinstance(data, Mapping) or data.get("successful") is not False:
        return None
    words = dig(data, ("error", "message")) or data.get("error")
    return None, readable(words, limit=300) if isinstance(words, str) else ""


def task_from_json(raw: Mapping[str, Any]) -> Task:
    """Turn a task of the API into ours.

    ``finished`` is "" while it runs, though the pages' own example of a task in progress has a time there: only
    ``state`` tells whether and how it ended. ``configuration_id`` is 0 when the configuration has been deleted since.
    """
    state = DESCRIPTION.state_of(raw["state"])
    words = _last_words(raw)
    dismissed = state is TaskState.DISMISSED
    configuration_id = raw.get("configuration_id")
    return Task(
        id=str(int(raw["task_id"])),
        provider=DESCRIPTION.name,
        state=state,
        raw_state=raw["state"],
        name=readable(raw.get("title") or "") or None,
        description="Its configuration has been deleted" if configuration_id == 0 else None,
        message=_of_dismissal(raw, words) if dismissed else words,
        error=DESCRIPTION.error_for(words) if state is TaskState.FAILED else None,
        started_at=parse_time(raw.get("started")),
        updated_at=parse_time(raw.get("updated")),
        finished_at=parse_time(raw.get("finished")) if state.is_final else None,
        owner=raw.get("performed_by") or None,
        resource=raw.get("configuration_name") or (str(configuration_id) if configuration_id else None),
        raw=raw,
    )


def _last_words(raw: Mapping[str, Any]) -> str | None:
    """Return the newest message. The pages do not say in which order they stand."""
    told = [
        (parse_time(message.get("time")) or _LONG_AGO, number, readable(message.get("message") or ""))
        for number, message in enumerate(raw.get("messages") or ())
    ]
    return max((entry for entry in told if entry[2]), default=(None, 0, None))[2]


def _of_dismissal(raw: Mapping[str, Any], words: str | None) -> str:
    who = readable(raw.get("dismissed_by") or raw.get("hidden_by") or "") or "somebody"
    return f"dismissed by {who}; its last message was: {words}" if words else f"dismissed by {who}"


class DbvisitProvider(TaskProvider):
    """The adapter."""

    def __init__(self, api: JsonApi) -> None:
        super().__init__(DESCRIPTION)
        self._api = api

    def read_task(self, task_id: str, deadline: Deadline) -> Task:
        """POST /task/show."""
        try:
            raw = self._ask("/task/show", {"task_id": int(task_id)}, deadline, SHOW_SCHEMA)
        except RejectedError as error:
            if error.status != 400 or error.words is None:
                raise
            return self._listed_task(task_id, error, deadline)
        task = task_from_json(raw)
        if task.id != task_id:
            raise BadAnswerError(f"{DESCRIPTION.title} was asked for task {task_id} and answered with another one")
        return task

    def read_page(self, query: TaskQuery, cursor: str | None, deadline: Deadline) -> TaskPage:  # noqa: ARG002
        """POST /task/list, which has no pages. The newest come first, for the vendor promises no order."""
        # Else a dismissed task is not in the list, and looks as if it had never been.
        params = {"show_hidden": True, **_vendor_filters(query)}
        listed = self._ask("/task/list", params, deadline, LIST_SCHEMA)["tasks"] or ()
        tasks = map(task_from_json, listed)
        return TaskPage(
            tuple(sorted(tasks, key=lambda task: (task.started_at or _LONG_AGO, int(task.id)), reverse=True))
        )

    def check_launch(self, launch: Launch, desired: Mapping[str, Any] | None) -> None:
        """Make sure that it is for a configuration, and that only a host is desired, of a switchover."""
        _configuration_id(launch)
        if desired is None:
            return
        if not launch.type.startswith("switchover/"):
            raise OptionError("desired", f"desired says where a switchover leads: leave it away for {launch.type}")
        if set(desired) != {"primary"} or not isinstance(desired["primary"], str):
            raise OptionError(
                "desired", f"desired takes only primary at {DESCRIPTION.title}, the host that is to have it"
            )

    def launch(self, launch: Launch, deadline: Deadline) -> str:
        """POST /switchover/oracle and its like."""
        answer = self._ask(f"/{launch.type}", _launch_params(launch), deadline, LAUNCH_SCHEMA, is_launch=True)
        return str(int(answer["task_id"]))

    def launch_query(self, launch: Launch) -> TaskQuery:
        """Return the tasks of the launch's configuration."""
        return TaskQuery(filters=(("configuration_id", str(_configuration_id(launch))),))

    def is_launch(self, launch: Launch, task: Task) -> bool:
        """Whether it is about the same configuration, and its title says the same. It tells nothing else of itself."""
        title = _ACTIONS[launch.type.rpartition("/")[0]]
        is_titled = re.search(title, task.name or "", re.IGNORECASE) is not None
        return is_titled and task.raw.get("configuration_id") == _configuration_id(launch)

    def find_desired(self, launch: Launch, desired: Mapping[str, Any], deadline: Deadline) -> Mapping[str, Any] | None:
        """POST /list: return the configuration, where the desired host has the primary database.

        Raises:
            OptionError: it has neither the primary nor the standby database, so that no switchover can help.
        """
        host = desired["primary"]
        number = _configuration_id(launch)
        listed = self._ask("/list", {"configuration_id": number}, deadline, CONFIGURATIONS_SCHEMA)["configurations"]
        configuration = next((each for each in listed or () if each["configuration_id"] == number), None)
        if configuration is None:
            raise OptionError(
                "input", f"input: {DESCRIPTION.title} has no configuration with the configuration_id {number}"
            )
        primary, standby = (_texts_of(configuration[role]) for role in ("primary", "standby"))
        if _names(primary, host) and not _names(standby, host):
            return dict(configuration)
        if not _names(standby, host) or _names(primary, host):
            raise OptionError(
                "desired",
                f"desired: {host!r} does not tell which database of configuration {number} is meant. The primary one "
                f"is at {_shown(primary)}, the standby one at {_shown(standby)}",
            )
        return None

    def close(self, deadline: Deadline) -> None:
        """Give the login back."""
        self._api.close(deadline)

    def _listed_task(self, task_id: str, refusal: RejectedError, deadline: Deadline) -> Task:
        """Return the task that /task/show refused, from the list.

        400 with a text is the API's only refusal. Whether it speaks of an unknown task or of something else, such as
        the login, shows where the list is refused as well.

        Raises:
            NotFoundError: the list is good, and the task is not in it.
        """
        for task in self.read_page(TaskQuery(), None, deadline).tasks:
            if task.id == task_id:
                return task
        raise NotFoundError(
            refusal.message, method=refusal.method, url=refusal.url, status=refusal.status, words=refusal.words
        )

    def _ask(
        self,
        path: str,
        params: Mapping[str, Any],
        deadline: Deadline,
        schema: AnswerSchema,
        *,
        is_launch: bool = False,
    ) -> Any:
        """Return the ``result`` of a call, which is good only if it says so itself."""
        try:
            answer = self._api.call("POST", path, deadline, body={"params": params}, schema=schema)
        except NotFoundError as error:
            # Not a task is missing, but the call itself.
            raise RejectedError(
                f"{error.message}. Check api_url and api_path",
                method="POST",
                url=error.url,
                status=error.status,
                words=error.words,
            ) from None
        refused = explain(answer)
        if refused is not None:
            words = refused[1]
            said = f": {words}" if words else ""
            if is_launch and dig(answer, ("result", "task_id")):
                raise BadAnswerError(
                    f"{DESCRIPTION.title} refused POST {path}{said}, and gave the ID of a task all the same",
                    method="POST",
                    url=path,
                    status=200,
                )
            raise RejectedError(
                f"{DESCRIPTION.title} refused POST {path}, though with HTTP 200{said}",
                method="POST",
                url=path,
                status=200,
                words=words,
            )
        return answer["result"]


def _configuration_id(launch: Launch) -> int:
    number = _launch_params(launch).get("configuration_id")
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise OptionError("input", "input: configuration_id has to be a whole number, 1 or more")
    return number


def _launch_params(launch: Launch) -> dict[str, Any]:
    """Return the parameters of a launching call with the types that the pages give."""
    return {
        name: _typed(value.lower()) if name in _INTEGERS | _FLAGS and isinstance(value, str) else value
        for name, value in launch.input.items()
    }


def _texts_of(database: object) -> list[str]:
    """Return what a configuration tells of one of its databases. Its fields are not documented."""
    return [value for value in database.values() if isinstance(value, str)] if isinstance(database, Mapping) else []


def _names(texts: list[str], host: str) -> bool:
    return host.casefold() in (text.casefold() for text in texts)


def _shown(texts: list[str]) -> str:
    return " and ".join(repr(readable(text, limit=100)) for text in texts if text) or "no name"


def _vendor_filters(query: TaskQuery) -> dict[str, Any]:
    """Return the user's filters with the types that they have in JSON: they come as texts."""
    found: dict[str, list[Any]] = {}
    for name, text in query.filters:
        found.setdefault(name, []).append(_typed(text))
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _typed(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    return int(text) if _WHOLE_NUMBER.fullmatch(text) else text or None


def _base_url(options: ConnectionOptions) -> str:
    """Return the address of the API: users give it with and without the path."""
    url = options.needed("api_url").rstrip("/")
    path = (options.api_path or "").strip("/")
    if not path or urlsplit(url).path.endswith(f"/{path}"):
        return url
    try:
        return check_url("api_path", f"{url}/{path}")
    except OptionError:
        raise OptionError("api_path", f"api_path is {path!r}: it has to be a path such as /api") from None


def _login(options: ConnectionOptions, tools: ProviderTools) -> tuple[dict[str, str], str]:
    """Return the headers that carry the login, and what to do when they are refused."""
    if "username" in options.login:
        username, password = options.needed("username"), options.needed("password")
        if ":" in username:
            raise OptionError("username", "username holds a colon, which this login cannot carry")
        basic = base64.b64encode(f"{username}:{password}".encode()).decode()
        return {"Authorization": f"Basic {basic}"}, "check username and password"
    cookie = options.needed("api_token").removeprefix(f"{COOKIE}=")
    if not _COOKIE_VALUE.fullmatch(cookie):
        raise OptionError("api_token", f"api_token is no cookie's value: give what stands between {COOKIE}= and ;")
    # It may have been given with its name, and is a secret without it too.
    tools.hide(cookie)
    advice = f"api_token, the cookie {COOKIE}, is wrong or has run out. Give username and password, which do not"
    return {"Cookie": f"{COOKIE}={cookie}"}, advice


def _create(options: ConnectionOptions, tools: ProviderTools) -> TaskProvider:
    headers, advice = _login(options, tools)
    # Every request carries the login itself, so that there is nothing to renew: a 401 is final.
    login = FixedLogin(Access(_base_url(options), headers), advice=advice)
    api = JsonApi(
        tools.make_http(options.tls),
        login,
        tools.clock,
        title=DESCRIPTION.title,
        explain=explain,
    )
    return DbvisitProvider(api)


PROVIDER = Provider(DESCRIPTION, _create)
