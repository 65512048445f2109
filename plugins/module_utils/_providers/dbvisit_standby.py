# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dbvisit Standby MultiPlatform: the tasks of its control center, such as a switchover or a DR test.

Facts: the vendor's pages on ``/task/list``, ``/task/show`` and the launching calls, in the copies on its support site
and in its wiki for version 12. Everything there is a POST with ``{"params": ...}``.

Inferred, for those pages do not say it: that the API lies below ``/api`` and takes the logins of version 11's older
API; that an unknown ID is the documented 400 with a text; that a 200 may still say ``"successful": false``; the
launching calls for other databases than Oracle; what the title of a launched task says; which of the texts that
``/list`` tells of a database is its host.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from .._api.json_api import Refusal
from .._api.login import Access, FixedLogin, basic_login
from .._api.schemas import AnswerSchema
from .._core.clock import Deadline
from .._core.errors import BadAnswerError, NotFoundError, OptionError, RejectedError
from .._core.task import Task, TaskState, parse_time
from .._core.text import readable
from .._provider.contract import Launch, Provider, ProviderTools, TaskLauncher, TaskPage, TaskProvider, TaskQuery
from .._provider.description import LoginForm, ProviderDescription
from .._provider.fields import (
    OBJECT,
    PROSE,
    TIME,
    Field,
    Kind,
    TaskFields,
    answers_with,
    as_it_is,
    as_word,
    at,
    dig,
    object_schema,
)
from .._provider.options import ConnectionOptions
from .._provider.rest import RestProvider, RestRequest, base_url, connect

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


def _read_refusal(data: object, status: int) -> Refusal | None:  # noqa: ARG001 - it refuses with HTTP 200 too
    """Return the words of the vendor's own refusal, which has no codes."""
    if not isinstance(data, Mapping) or data.get("successful") is not False:
        return None
    told = dig(data, ("error", "message")) or data.get("error")
    words = readable(told, limit=300) if isinstance(told, str) else ""
    result = data.get("result")
    if isinstance(result, Mapping) and result.get("task_id") and "state" not in result:
        # The answer of a launching call, and of no other. Nobody can tell whether it started the task.
        return Refusal(None, words, BadAnswerError, "It returned the ID of a task anyway")
    return Refusal(None, words)


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
    task_id_hint="a whole number, 1 or more",
    # With ansible.builtin.uri the answer of a launching call, {"result": {"task_id": 7}, ...}, is in json.
    launch_id_paths=(("json", "result", "task_id"), ("result", "task_id"), ("task_id",)),
    read_refusal=_read_refusal,
    address_advice="Check api_url and api_path",
    launch_types=tuple(f"{action}/{database}" for action in _ACTIONS for database in _DATABASES),
    # The next switchover undoes one.
    success_lasts=False,
)

COOKIE = "dbvisit-standby"
#: The letters that a cookie's value may have (RFC 6265).
_COOKIE_VALUE = re.compile(r"[!#-+\--:<-\[\]-~]+")
_WHOLE_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,18})")
_LONG_AGO = datetime.min.replace(tzinfo=timezone.utc)


def _as_task_id(value: object) -> str | None:
    word = as_word(value)
    return str(int(word)) if word else None


#: An int64. Digits as text would be the same ID: no wait shall end over the quotes around it.
_TASK_ID = Kind(("integer", "string"), _as_task_id, {"minimum": 0, "maximum": 2**63 - 1, "pattern": "^[0-9]{1,19}$"})


def _newest(messages: Iterable[Mapping[str, Any]] | None) -> str | None:
    """Return the last words of a task. The pages do not say in which order its messages stand."""
    told = [
        (parse_time(message.get("time")) or _LONG_AGO, number, readable(message.get("message") or ""))
        for number, message in enumerate(messages or ())
    ]
    return max((entry for entry in told if entry[2]), default=(None, 0, None))[2]


_CONFIGURATION_ID = at("configuration_id", Kind(("integer",), as_it_is))
#: The pages of version 12 have the second name for it.
_DISMISSED_BY = (at("hidden_by", PROSE), at("dismissed_by", PROSE))
FIELDS = TaskFields(
    _CONFIGURATION_ID,
    *_DISMISSED_BY,
    id=at("task_id", _TASK_ID, needed=True),
    state=at("state", needed=True),
    name=at("title", PROSE),
    message=at("messages", Kind(("array",), _newest, {"items": object_schema((at("message"), at("time")))})),
    owner=at("performed_by"),
    resource=at("configuration_name"),
    started_at=at("started", TIME),
    updated_at=at("updated", TIME),
    # "" while it runs, though the pages' own example of a task in progress has a time there.
    finished_at=at("finished", TIME),
)


def _envelope(*results: Field) -> AnswerSchema:
    """Return the schema of a good answer with these results. No page tells what stands as its ``error``."""
    return answers_with(at("successful", Kind(("boolean",), as_it_is), needed=True), *results)


#: An empty list may well be null (inferred: servers in Go write it so).
_LIST = Kind(("array", "null"), as_it_is)
_LAUNCH_SCHEMA = _envelope(
    at("result.task_id", _TASK_ID._replace(keywords={**_TASK_ID.keywords, "minimum": 1}), needed=True)
)
_DATABASE = Kind(("object", "null"), as_it_is)
_CONFIGURATION = object_schema(
    (
        _CONFIGURATION_ID._replace(is_needed=True),
        at("primary", _DATABASE, needed=True),
        at("standby", _DATABASE, needed=True),
    )
)
_CONFIGURATIONS_SCHEMA = _envelope(
    at("result.configurations", _LIST._replace(keywords={"items": _CONFIGURATION}), needed=True)
)


def task_from_json(raw: Mapping[str, Any]) -> Task:
    """Turn a task of the API into ours. ``configuration_id`` is 0 when the configuration has been deleted since."""
    task = FIELDS.read(raw, DESCRIPTION)
    configuration_id = _CONFIGURATION_ID.find(raw)
    message = task.message
    if task.state is TaskState.DISMISSED:
        who = next(filter(None, (field.find(raw) for field in _DISMISSED_BY)), "somebody")
        message = f"dismissed by {who}" + (f"; its last message was: {message}" if message else "")
    return replace(
        task,
        description="Its configuration has been deleted" if configuration_id == 0 else None,
        message=message,
        error=DESCRIPTION.error_for(message) if task.state is TaskState.FAILED else None,
        resource=task.resource or (str(configuration_id) if configuration_id else None),
    )


def _call(path: str, params: Mapping[str, Any]) -> RestRequest:
    return RestRequest(path, body={"params": params}, method="POST")


class DbvisitProvider(RestProvider, TaskLauncher):
    """The adapter."""

    task_at = at("result", OBJECT, needed=True)
    answer_schema = _envelope(task_at)
    entries_at = at("result.tasks", _LIST, needed=True)
    list_schema = _envelope(entries_at)
    fields = FIELDS

    def task_request(self, task_id: str) -> RestRequest:
        """POST /task/show."""
        return _call("/task/show", {"task_id": int(task_id)})

    def list_request(self, query: TaskQuery) -> RestRequest:
        """POST /task/list."""
        # Else a dismissed task is not in the list, and looks as if it had never been.
        return _call("/task/list", {"show_hidden": True, **_vendor_filters(query)})

    def to_task(self, raw: Any, known_id: str | None = None) -> Task:
        return task_from_json(raw)

    def means_the_task(self, error: NotFoundError) -> bool:
        """Return false: the API has no 404 of its own."""
        return False

    def read_task(self, task_id: str, deadline: Deadline) -> Task:
        """Ask for one task. Where that is refused, the list tells whether there is such a task.

        400 with a text is the API's only refusal. Whether it speaks of an unknown task or of something else, such as
        the login, shows where the list is refused as well.
        """
        try:
            return super().read_task(task_id, deadline)
        except RejectedError as error:
            if error.status != 400 or error.words is None:
                raise
            missing = error.turned_into(NotFoundError)
        for task in self.read_page(TaskQuery(), None, deadline).tasks:
            if task.id == task_id:
                return task
        raise missing

    def read_page(self, query: TaskQuery, cursor: str | None, deadline: Deadline) -> TaskPage:
        """Ask for the list, which has no pages. The newest come first, for the vendor promises no order."""
        page = super().read_page(query, cursor, deadline)
        newest = sorted(page.tasks, key=lambda task: (task.started_at or _LONG_AGO, int(task.id)), reverse=True)
        return page._replace(tasks=tuple(newest))

    def check_launch(self, launch: Launch, desired: Mapping[str, Any] | None) -> None:
        """Make sure that it is for a configuration, and that only a host is desired, of a switchover."""
        _configuration_id(launch)
        if desired is None:
            return
        if not launch.type.startswith("switchover/"):
            raise OptionError("desired", f"desired describes the result of a switchover: omit it for {launch.type}")
        if set(desired) != {"primary"} or not isinstance(desired["primary"], str):
            raise OptionError(
                "desired",
                f"{DESCRIPTION.title} takes only primary in desired: the host that should have the primary database",
            )

    def launch(self, launch: Launch, deadline: Deadline) -> str:
        """POST /switchover/oracle and its like."""
        answer = self.ask(_call(f"/{launch.type}", _launch_params(launch)), deadline, schema=_LAUNCH_SCHEMA)
        return str(int(answer["result"]["task_id"]))

    def launch_query(self, launch: Launch) -> TaskQuery:
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
        answer = self.ask(_call("/list", {"configuration_id": number}), deadline, schema=_CONFIGURATIONS_SCHEMA)
        listed = answer["result"]["configurations"] or ()
        configuration = next((each for each in listed if each["configuration_id"] == number), None)
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
                f"desired: {host!r} does not identify one database of configuration {number}. Its primary is at "
                f"{_shown(primary)}, its standby at {_shown(standby)}",
            )
        return None


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


def _login(options: ConnectionOptions, tools: ProviderTools) -> FixedLogin:
    """Return the login that every request carries itself: there is nothing to renew, and a 401 is final."""
    url = base_url(options)
    if "username" in options.login:
        basic = basic_login(options.needed("username"), options.needed("password"))
        return FixedLogin(Access(url, basic), advice="check username and password")
    cookie = options.needed("api_token").removeprefix(f"{COOKIE}=")
    if not _COOKIE_VALUE.fullmatch(cookie):
        raise OptionError("api_token", f"api_token is not the value of a cookie: give what is between {COOKIE}= and ;")
    # It may have been given with its name, and is a secret without it too.
    tools.hide(cookie)
    advice = f"api_token, the cookie {COOKIE}, is wrong or has run out. Give username and password instead"
    return FixedLogin(Access(url, {"Cookie": f"{COOKIE}={cookie}"}), advice=advice)


def _create(options: ConnectionOptions, tools: ProviderTools) -> TaskProvider:
    return DbvisitProvider(DESCRIPTION, connect(DESCRIPTION, options, tools, lambda _channel: _login(options, tools)))


PROVIDER = Provider(DESCRIPTION, _create)
