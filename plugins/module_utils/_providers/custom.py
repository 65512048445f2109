# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any task API that speaks JSON, as a definition of the user's describes it."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from .._api.http import HttpClient, HttpRequest, HttpResponse
from .._api.json_api import JsonApi, read_answer
from .._api.login import Access, FixedLogin, Login
from .._api.pacing import Pacer
from .._core.clock import Deadline
from .._core.errors import BadAnswerError, NotFoundError, OptionError, RejectedError, RequestError
from .._core.retrying import TRANSIENT_STATUSES
from .._core.task import Task, TaskError, TaskState, parse_time
from .._core.text import listed, readable
from .._provider.connecting import environment_names
from .._provider.contract import Provider, ProviderTools, TaskPage, TaskProvider, TaskQuery
from .._provider.description import LoginForm, ProviderDescription, named_state
from .._provider.options import ConnectionOptions
from ._definition import Definition, SessionTemplate, fill_body, needed_options, read_definition

DESCRIPTION = ProviderDescription(
    name="custom",
    title="The API",
    # The definition says what its states are, and what its login needs.
    states={},
    logins=(LoginForm(("api_url", "definition")),),
    documents={},
    environment_prefix="LONGRUNNING",
    options=("username", "password", "api_key", "api_token", "account_id", "region"),
)


def task_from_json(raw: Any, definition: Definition, *, known_id: str | None = None) -> Task:
    """Turn an object of the API into a task.

    Raises:
        BadAnswerError: it has no id or no state where the definition says that they are.
    """
    found = {name: expression.find(raw) for name, expression in definition.fields.items()}
    raw_state, task_id = _word(found["state"]), known_id or _word(found["id"])
    if raw_state is None or task_id is None:
        missing = "state" if raw_state is None else "id"
        raise BadAnswerError(
            f"{definition.title} answered with a task that has no {missing} where fields.{missing} looks"
        )
    state = _state(raw, raw_state, definition)
    message = _text(found.get("message"))
    failed = state in (TaskState.FAILED, TaskState.CANCELLED)

    def moment(name: str) -> datetime | None:
        return _time(found.get(name), definition.times)

    def text(name: str) -> str | None:
        return _text(found.get(name))

    return Task(
        id=task_id,
        provider=DESCRIPTION.name,
        state=state,
        raw_state=raw_state,
        percent=_percent(found.get("percent")),
        message=message,
        error=_failure(raw, definition, message) if failed else None,
        result=found.get("result"),
        raw=raw if isinstance(raw, dict) else {"task": raw},
        name=text("name"),
        type=text("type"),
        description=text("description"),
        created_at=moment("created_at"),
        started_at=moment("started_at"),
        updated_at=moment("updated_at"),
        # The state says whether a task has ended, and nothing else does.
        finished_at=moment("finished_at") if state.is_final else None,
        expires_at=moment("expires_at"),
        owner=text("owner"),
        resource=text("resource"),
        parent_id=text("parent_id"),
    )


def _state(raw: Any, raw_state: str, definition: Definition) -> TaskState:
    state = named_state(definition.states, raw_state)
    if state is TaskState.SUCCEEDED and definition.succeeded_if is not None:
        # Anything but true is no success.
        return state if definition.succeeded_if.find(raw) is True else TaskState.FAILED
    return state


def _failure(raw: Any, definition: Definition, message: str | None) -> TaskError:
    code_at, message_at = definition.failure.get("code"), definition.failure.get("message")
    code = _word(code_at.find(raw)) if code_at is not None else None
    words = _text(message_at.find(raw)) if message_at is not None else None
    return _explained(definition, code, words or message)


def _explained(definition: Definition, code: str | None, words: str | None) -> TaskError:
    documented = next((failure for failure in definition.failures if failure.code == code), None)
    return TaskError(code=code, detail=words) if documented is None else documented.to_error(words)


def _word(value: Any) -> str | None:
    """Return a state, an id or a code as a text; booleans as JSON writes them."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, int)):
        return str(value) if str(value).strip() else None
    return None


def _text(value: Any) -> str | None:
    if isinstance(value, (dict, list)) or value is None:
        return None
    return readable(str(value).lower() if isinstance(value, bool) else str(value), limit=2000) or None


def _percent(value: Any) -> float | None:
    number = _number(value.strip().rstrip("%") if isinstance(value, str) else value)
    return number if number is not None and 0 <= number <= 100 else None


def _number(value: Any) -> float | None:
    """Return a number, also one that is written as a text."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except (OverflowError, ValueError):
        return None


def _time(value: Any, form: str) -> datetime | None:
    if form == "rfc3339":
        return parse_time(value)
    number = _number(value)
    if number is None:
        return None
    try:
        return datetime.fromtimestamp(number / (1000 if form == "epoch_milliseconds" else 1), timezone.utc)
    except (OverflowError, OSError, ValueError):
        return None


class _SessionLogin(Login):
    """A session that one request begins and, where the API wants it, another one ends."""

    def __init__(
        self,
        definition: Definition,
        session: SessionTemplate,
        options: ConnectionOptions,
        http: HttpClient,
        tools: ProviderTools,
        *,
        pacer: Pacer | None,
    ) -> None:
        super().__init__()
        self._definition = definition
        self._session = session
        self._options = options
        self._http = http
        self._tools = tools
        self._pacer = pacer
        self._ends = float("inf")

    @property
    def refusal_advice(self) -> str:
        """What to check."""
        needs = needed_options(self._definition)
        return f"check {listed([*needs, 'login in the definition'])}"

    def access(self, deadline: Deadline) -> Access:
        """Begin a new session where the lifetime of the old one is over."""
        with self._lock:
            if self._tools.clock.monotonic() >= self._ends:
                self._access = None
                self._ends = float("inf")
        return super().access(deadline)

    def _log_in(self, deadline: Deadline) -> Access:
        session, options = self._session, self._options
        headers = {"Accept": "application/json"}
        if session.basic:
            headers.update(_basic(options))
        base = _base_url(self._definition, options)
        values = {**self._definition.values, **{name: options.needed(name) for name in session.needs}}
        body = fill_body(session.body, values)
        request = HttpRequest(session.method, f"{base}{session.path}", headers=headers, json=body)
        if self._pacer is not None:
            self._pacer.take_turn(deadline)
        response = self._http.send(request, deadline.next_request_timeout())
        token = self._token(response)
        if token is None or not token.isprintable():
            raise BadAnswerError(f"{self._definition.title} answered the login without a token at that place")
        self._tools.hide(token)
        if session.lifetime is not None:
            # A little earlier than told: a token must not run out on its way.
            self._ends = self._tools.clock.monotonic() + 0.9 * session.lifetime
        return Access(base, {self._definition.login_header: f"{self._definition.login_prefix}{token}"})

    def _token(self, response: HttpResponse) -> str | None:
        session, definition = self._session, self._definition
        if session.token is None and response.status in range(200, 300):
            # What such an answer has as its body, if any, is of no interest.
            return response.headers.get((session.token_header or "").lower()) or None
        try:
            answer = read_answer(
                response,
                method=session.method,
                title=definition.title,
                clock=self._tools.clock,
                transient=TRANSIENT_STATUSES | definition.transient_statuses,
                refusal_advice=self.refusal_advice,
            )
        except NotFoundError as error:
            # Not a task is missing, but the login.
            raise RejectedError(
                f"{error.message}. Check api_url, and login.session.path in the definition",
                method=error.method,
                url=error.url,
                status=error.status,
                code=error.code,
            ) from None
        return None if session.token is None else _word(session.token.find(answer))

    def _log_out(self, access: Access, deadline: Deadline) -> None:
        if self._session.logout is None:
            return
        method, path = self._session.logout
        try:
            if self._pacer is not None:
                # Nobody waits for a logout: it goes at once, or not at all.
                self._pacer.take_turn(deadline._replace(at=deadline.clock.monotonic()))
            request = HttpRequest(method, f"{access.base_url}{path}", headers=access.headers)
            self._http.send(request, deadline.next_request_timeout())
        except RequestError:
            # The session will end by itself.
            return


class CustomProvider(TaskProvider):
    """The adapter that a definition steers."""

    def __init__(self, description: ProviderDescription, definition: Definition, api: JsonApi) -> None:
        super().__init__(description)
        self._definition = definition
        self._api = api

    def read_task(self, task_id: str, deadline: Deadline) -> Task:
        """Send the definition's ``get``, and ``when_ended`` where the task has ended."""
        definition = self._definition
        path, query, body = definition.get.fill(definition.values, task_id)
        try:
            answer = self._api.call(definition.get.method, path, deadline, params=query, body=body)
        except RequestError as error:
            if error.status not in definition.not_found_statuses:
                raise
            raise NotFoundError(
                error.message, method=error.method, url=error.url, status=error.status, code=error.code
            ) from None
        raw = answer if definition.task is None else definition.task.find(answer)
        if raw is None and definition.task is not None:
            raise NotFoundError(f"{definition.title} answered without the task {task_id}", url=path)
        task = task_from_json(raw, definition, known_id=task_id)
        found = _word(definition.fields["id"].find(raw))
        if found is not None and found.casefold() != task_id.casefold():
            raise BadAnswerError(f"{definition.title} was asked for task {task_id} and answered with task {found}")
        return self._with_end(task, deadline) if task.is_final else task

    def read_page(self, query: TaskQuery, cursor: str | None, deadline: Deadline) -> TaskPage:
        """Send the definition's ``list``. The cursor is the next page's query, # and this page's first task."""
        definition = self._definition
        if definition.list is None or definition.items is None:
            raise OptionError("definition", "definition has no list, so that tasks can only be asked for by their ids")
        path, params, body = definition.list.fill(definition.values)
        previous = ""
        if cursor is None:
            params = self._first_params(params, query)
        else:
            encoded, _separator, previous = cursor.partition("#")
            params = tuple(parse_qsl(encoded, keep_blank_values=True))
        try:
            answer = self._api.call(definition.list.method, path, deadline, params=params, body=body)
        except NotFoundError:
            if cursor is None or definition.paging.style != "page":
                raise
            # Some say so that the last page, a full one, was the last.
            return TaskPage(())
        items = definition.items.find(answer)
        if not isinstance(items, list):
            raise BadAnswerError(f"{definition.title} answered with no list of tasks where list.items looks")
        tasks = tuple(task_from_json(item, definition) for item in items)
        if tasks and quote(tasks[0].id, safe="") == previous:
            raise BadAnswerError(
                f"{definition.title} answered with the same page of tasks again: it does not page as list.paging says"
            )
        return TaskPage(tasks, self._next_cursor(answer, params, tasks, deadline))

    def list_entry_lacks_something(self, task: Task) -> bool:
        """Whether there is more to be read than a list shows."""
        return task.is_final and (self._definition.when_ended is not None or not self._definition.list_is_complete)

    @property
    def can_list(self) -> bool:
        """Whether the definition has a list."""
        return self._definition.list is not None

    def close(self, deadline: Deadline) -> None:
        """End the session."""
        self._api.close(deadline)

    def _with_end(self, task: Task, deadline: Deadline) -> Task:
        """Add what the API tells of an ended task at another place."""
        definition = self._definition
        if definition.when_ended is None:
            return task
        path, query, body = definition.when_ended.fill(definition.values, task.id)
        try:
            answer = self._api.call(definition.when_ended.method, path, deadline, params=query, body=body)
        except NotFoundError:
            # That is forgotten sooner than the task, or never was: the task itself is there.
            return task
        found = {name: expression.find(answer) for name, expression in definition.ended.items()}
        words, result, error = _text(found.get("message")), found.get("result"), task.error
        if error is not None:
            error = _explained(definition, _word(found.get("code")) or error.code, words or error.detail)
        return replace(
            task,
            message=words or task.message,
            result=task.result if result is None else result,
            error=error,
        )

    def _first_params(self, params: tuple[tuple[str, str], ...], query: TaskQuery) -> tuple[tuple[str, str], ...]:
        definition, paging = self._definition, self._definition.paging
        own = dict(params)
        if paging.style in ("offset", "page"):
            own[paging.size_parameter] = str(paging.size)
            own[paging.parameter] = "0" if paging.style == "offset" else str(paging.first)
        words = [raw for raw, state in definition.states.items() if state in query.states]
        # With succeeded_if a state of the API says only half of it.
        if definition.state_parameter and len(words) == 1 and definition.succeeded_if is None:
            own[definition.state_parameter] = words[0]
        given = {name for name, _value in query.filters}
        return (*((name, value) for name, value in own.items() if name not in given), *query.filters)

    def _next_cursor(
        self, answer: Any, params: tuple[tuple[str, str], ...], tasks: tuple[Task, ...], deadline: Deadline
    ) -> str | None:
        paging = self._definition.paging
        if paging.next is not None:
            following = paging.next.find(answer)
            if following is None or following is False or following == "":
                return None
            if paging.style == "link":
                return self._link_query(following, deadline)
            word = _word(following)
            if word is None:
                raise BadAnswerError(f"{self._definition.title} answered with a cursor that is neither text nor number")
            return _changed(params, paging.parameter, word)
        now = dict(params)
        if paging.style == "none" or not tasks or len(tasks) < _whole(now.get(paging.size_parameter), paging.size):
            return None
        step = len(tasks) if paging.style == "offset" else 1
        query = _changed(params, paging.parameter, str(_whole(now.get(paging.parameter), 0) + step))
        return f"{query}#{quote(tasks[0].id, safe='')}"

    def _link_query(self, link: object, deadline: Deadline) -> str:
        if not isinstance(link, str):
            raise BadAnswerError(f"{self._definition.title} answered with a link to the next page that is no text")
        self._api.check_link(link, deadline)
        query = urlsplit(link).query
        if not query:
            raise BadAnswerError(
                f"{self._definition.title} answered with a link to the next page that has no query to follow"
            )
        return query


def _whole(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isdecimal() else default


def _changed(params: tuple[tuple[str, str], ...], name: str, value: str) -> str:
    return urlencode([*((key, old) for key, old in params if key != name), (name, value)])


def _basic(options: ConnectionOptions) -> dict[str, str]:
    login = f"{options.needed('username')}:{options.needed('password')}"
    return {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}


def _base_url(definition: Definition, options: ConnectionOptions) -> str:
    return f"{options.needed('api_url').rstrip('/')}{definition.base_path}"


def _login(
    definition: Definition,
    options: ConnectionOptions,
    http: HttpClient,
    tools: ProviderTools,
    pacer: Pacer | None,
) -> Login:
    missing = [name for name in needed_options(definition) if getattr(options, name) is None]
    if missing:
        named = [f"{name} (environment {environment_names(DESCRIPTION, name)[0]})" for name in missing]
        verb = "is" if len(missing) == 1 else "are"
        raise OptionError(
            missing[0], f"the definition's login {definition.login} needs {listed(named)}, which {verb} missing"
        )
    base = _base_url(definition, options)
    if definition.session is not None:
        return _SessionLogin(definition, definition.session, options, http, tools, pacer=pacer)
    headers: dict[str, str] = {}
    if definition.login == "basic":
        headers = _basic(options)
    elif definition.login in ("bearer", "header"):
        headers = {definition.login_header: f"{definition.login_prefix}{options.needed('api_token')}"}
    return FixedLogin(Access(base, headers), advice="check the login's options, and login in the definition")


def _create(options: ConnectionOptions, tools: ProviderTools) -> TaskProvider:
    definition = read_definition(options.definition, options)
    http = tools.make_http(options.tls)
    pacer = None if definition.quota is None else Pacer(definition.quota, tools.clock)
    pattern, words = definition.task_id or (None, "")
    description = replace(
        DESCRIPTION,
        title=definition.title,
        states=definition.states,
        failures=definition.failures,
        poll_interval=definition.poll_interval,
        quota=definition.quota,
        transient_statuses=definition.transient_statuses,
        launch_id_paths=definition.launch_id or DESCRIPTION.launch_id_paths,
        task_id_pattern=pattern,
        task_id_words=words,
    )
    api = JsonApi(
        http,
        _login(definition, options, http, tools, pacer),
        tools.clock,
        title=definition.title,
        transient_statuses=definition.transient_statuses,
        pacer=pacer,
    )
    return CustomProvider(description, definition, api)


PROVIDER = Provider(DESCRIPTION, _create)
