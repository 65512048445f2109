# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any task API that speaks JSON, as a definition of the user's describes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from typing import Any, cast
from urllib.parse import quote, urljoin

from ..._api.addresses import bad_id
from ..._api.answers import XML, find_words
from ..._api.json_api import Answer, JsonApi, ReadRefusal, Refusal
from ..._core.clock import Deadline
from ..._core.errors import (
    AccessDeniedError,
    AuthenticationError,
    BadAnswerError,
    NotFoundError,
    OptionError,
    RejectedError,
    RequestError,
    TransientError,
)
from ..._core.task import Task, TaskError, TaskState, parse_time
from ..._core.text import sentence
from ..._provider.contract import Provider, ProviderTools, TaskCanceller, TaskPage, TaskProvider, TaskQuery
from ..._provider.description import Library, LoginForm, ProviderDescription
from ..._provider.fields import (
    as_it_is,
    as_number,
    as_percent,
    as_prose,
    as_time,
    as_time_in_milliseconds,
    as_word,
    new_task,
)
from ..._provider.options import ConnectionOptions
from ..._provider.rest import Params, RestProvider, RestRequest, changed, connect, whole_number, with_filters
from .definition import NULL, Cancel, Definition, Listing, RefusalKeys, read_definition
from .expressions import Expression, find
from .session import make_login, values_of
from .task_ids import LONGEST_ID
from .templates import LOGIN_VALUES, RequestTemplate, fill_path, put

DESCRIPTION = ProviderDescription(
    name="custom",
    title="The API",
    # The definition says what its states are, and what its login needs.
    states={},
    libraries=(
        Library("jmespath", "jmespath"),
        Library("xmltodict", "xmltodict", option="definition", key=("format", "xml")),
    ),
    logins=(LoginForm(("api_url", "definition")),),
    documents={},
    environment_prefix="LONGRUNNING",
    why_not_cancellable="its definition has no cancel, which says how a task is cancelled",
    options=(*LOGIN_VALUES, "auth_url", "account_id", "region"),
)


_TIMES: dict[str, Callable[[Any], datetime | None]] = {
    "rfc3339": parse_time,
    "epoch_seconds": as_time,
    "epoch_milliseconds": as_time_in_milliseconds,
}
#: Of a list of reasons so many are told.
_MOST_REASONS = 5


def _as_time(value: Any, forms: Sequence[str]) -> datetime | None:
    """Return a time in the first of some forms that it is written in."""
    found = (_TIMES[form](value) if form in _TIMES else _by_pattern(value, form) for form in forms)
    return next((moment for moment in found if moment is not None), None)


def _by_pattern(value: Any, form: str) -> datetime | None:
    try:
        moment = datetime.strptime(value.strip(), form)  # noqa: DTZ007 - the next line
        return moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    except (AttributeError, ValueError, OverflowError):
        return None


def _as_reason(value: Any) -> str | None:
    """Return words for people out of a text, of an object that holds one, or of a list of either."""
    if isinstance(value, list):
        reasons = [reason for reason in map(_as_reason, value[: 4 * _MOST_REASONS]) if reason]
        more = ["…"] if len(reasons) > _MOST_REASONS or len(value) > 4 * _MOST_REASONS else []
        return as_prose("; ".join([*dict.fromkeys(reasons[:_MOST_REASONS]), *more]))
    if isinstance(value, Mapping):
        found = find_words(value)
        return None if found is None else found[1]
    return as_prose(value)


def _as_code(value: Any) -> str | None:
    """Return a code, of a list the first one."""
    return next(filter(None, map(as_word, value)), None) if isinstance(value, list) else as_word(value)


def _percent(raw: Any, definition: Definition) -> float | None:
    value, whole = definition.fields["percent"].find(raw), definition.percent_of
    if isinstance(whole, float) and whole == 100:
        return as_percent(value)
    part, of = as_number(value), as_number(whole.find(raw)) if isinstance(whole, Expression) else whole
    return None if part is None or not of else as_percent(round(100 * part / of, 4))


def _field(name: str, raw: Any, definition: Definition) -> Any:
    """Return a field, read. An API of somebody's own may send a number as text, or the other way round."""
    if name == "percent":
        return _percent(raw, definition)
    found = definition.fields[name].find(raw)
    if name.endswith("_at"):
        return _as_time(found, definition.times)
    readers: dict[str, Callable[[Any], Any]] = {
        "id": as_word,
        "state": as_word,
        "message": _as_reason,
        "result": as_it_is,
    }
    return readers.get(name, as_prose)(found)


def task_from_json(
    raw: Any,
    definition: Definition,
    description: ProviderDescription,
    known_id: str | None = None,
    *,
    status: int = 200,
) -> Task:
    """Turn an object of the API into a task. The HTTP status can say its state by itself.

    Raises:
        BadAnswerError: it has no ID or no state where the definition says that they are.
    """
    found = {name: _field(name, raw, definition) for name in definition.fields}
    found["id"] = found.get("id") or known_id
    told = definition.get.statuses.get(status)
    if told is not None:
        found["state"] = str(status)
    elif found.get("state") is None and NULL in definition.states.words:
        found["state"] = NULL
    missing = next((name for name in ("id", "state") if found.get(name) is None), None)
    if missing is not None:
        raise BadAnswerError(
            f"{description.title} answered with a task that has no {missing} where fields.{missing} looks"
        )
    task = new_task(raw, found, description, _state(raw, told or description.state_of(found["state"]), definition))
    if task.state in (TaskState.FAILED, TaskState.CANCELLED):
        return replace(task, error=_error(raw, definition, description, task.message))
    return task


def _state(raw: Any, state: TaskState, definition: Definition) -> TaskState:
    """Return what a state means for a task, whether a word or the HTTP status told it."""
    if state is TaskState.UNKNOWN:
        return definition.states.other
    if state is TaskState.SUCCEEDED and definition.succeeded_if is not None:
        # Anything but true is no success.
        return state if definition.succeeded_if.find(raw) is True else TaskState.FAILED
    return state


def _error(raw: Any, definition: Definition, description: ProviderDescription, message: str | None) -> TaskError:
    code, words = (find(definition.failure.get(name), raw) for name in ("code", "message"))
    return _documented(description, _as_code(code), _as_reason(words) or message)


def _documented(description: ProviderDescription, code: str | None, words: str | None) -> TaskError:
    documented = None if code is None else description.documented_error(code)
    return TaskError(code=code, detail=words) if documented is None else documented.to_error(words)


def _read_refusal(refusal: RefusalKeys) -> ReadRefusal:
    """Return what reads the refusals that a definition describes."""

    def read(answer: object, _status: int) -> Refusal | None:
        code, words = _as_code(find(refusal.code, answer)), _as_reason(find(refusal.message, answer))
        applies = (code or words) is not None if refusal.when is None else bool(refusal.when.find(answer))
        return Refusal(code, words or "", refusal.meanings.get(code or "")) if applies else None

    return read


class CustomProvider(RestProvider):
    """The adapter that a definition steers."""

    def __init__(
        self, description: ProviderDescription, definition: Definition, api: JsonApi, values: Mapping[str, str]
    ) -> None:
        super().__init__(description, api)
        self.definition = definition
        #: What the placeholders stand for, secrets too.
        self._values = values
        #: The handles that have led to a task, and its own ID or address.
        self._next: dict[str, str] = {}
        #: Where the last answers about tasks that go on said to look next.
        self._moved: dict[str, str] = {}
        #: The HTTP statuses, as states, of which the answer leads to the result.
        self._redirects = {str(status) for status in definition.get.statuses if 300 <= status < 400}

    def task_request(self, task_id: str) -> RestRequest:
        request = self._about(self.definition.get, task_id)
        moved = self._moved.get(task_id)
        return request if moved is None else request._replace(path=moved, params=())

    def _about(self, request: RequestTemplate, task_id: str) -> RestRequest:
        """Fill a request about a task, which its handle, where it has one, has led to."""
        values = self.definition.task_ids.values(task_id)
        if self.definition.handle is None:
            return request.fill(self._values, values)
        try:
            return request.fill(self._values, {**values, "next": self._next[task_id]})
        except OptionError as error:
            raise BadAnswerError(f"The value that handle.next found is not an ID: {error.message}") from None

    def list_request(self, query: TaskQuery) -> RestRequest:
        definition, listing = self.definition, self._list
        request, paging = listing.fill(self._values), listing.paging
        own = dict(request.params)
        if paging.style in ("offset", "page"):
            own[paging.size_parameter] = str(paging.size)
            own[paging.parameter] = str(paging.first)
        words = self.description.raw_states(query.states)
        # With succeeded_if a state of the API says only half of it, and "any other word" is none.
        is_simple = definition.succeeded_if is None and definition.states.other not in query.states
        if listing.state_parameter and len(words) == 1 and is_simple and words[0] != NULL:
            own[listing.state_parameter] = words[0]
        return request._replace(params=with_filters(own, query))

    @property
    def _list(self) -> Listing:
        listing = self.definition.list
        if listing is None:
            none = OptionError("definition", "definition has no list, so tasks can only be read by their IDs")
            raise self.definition.list_lacks or none
        return listing

    def to_task(self, raw: Any, known_id: str | None = None) -> Task:
        return task_from_json(raw, self.definition, self.description, known_id)

    def task_in(self, answer: Answer, task_id: str) -> Task:
        """Return the task of an answer, or what its HTTP status says of it."""
        task = self._task_in(answer, task_id)
        location = answer.headers.get("location")
        if self.definition.get.follow_location and location and not task.is_final:
            self._moved[task_id] = self.api.same_server_address(answer.url, location)
        return task

    def _task_in(self, answer: Answer, task_id: str) -> Task:
        definition, get = self.definition, self.definition.get
        if get.statuses.get(answer.status) is None:
            return super().task_in(answer, task_id)
        raw = answer.data if get.task is None else get.task.find(answer.data, task_id)
        task = task_from_json({} if raw is None else raw, definition, self.description, task_id, status=answer.status)
        location = answer.headers.get("location") if 300 <= answer.status < 400 else None
        if location is None or task.result is not None:
            return task
        # Where it leads is the result, until that was read.
        with suppress(ValueError):
            location = urljoin(answer.url, location)
        return replace(task, result=location)

    def is_same_id(self, found: str, asked: str) -> bool:
        """Whether they are the same, as the definition's ``task_id`` tells."""
        return self.definition.handle is not None or self.definition.task_ids.is_same(found, asked)

    def find_task(self, answer: Any, task_id: str) -> Any:
        at = self.definition.get.task
        raw = answer if at is None else at.find(answer, task_id)
        if raw is None:
            # That there is no such task is for the API to say: this may be a refusal, or a slip in the definition.
            raise BadAnswerError(f"{self.definition.title} answered without the task {task_id} where get.task looks")
        return raw

    def means_the_task(self, error: NotFoundError) -> bool:
        """Whether a 404 says that there is no such task: always, as far as a definition tells."""
        return True

    def is_doubtful(self, error: NotFoundError, task_id: str) -> bool:
        """Whether nothing in the definition says what a 404 means."""
        return 404 not in self.definition.get.not_found_statuses and super().is_doubtful(error, task_id)

    def ask_the_api(self, error: NotFoundError, deadline: Deadline) -> None:
        """Ask for the list, where there is one; else only the definition can tell."""
        try:
            super().ask_the_api(error, deadline)
        except TransientError as doubt:
            told = f"{sentence(doubt.message)} If it is, say so in the definition: get.not_found_statuses: [404]"
            raise doubt.turned_into(TransientError, told) from None

    def find_entries(self, answer: Any) -> Sequence[Any]:
        """Return what ``list.items`` finds; where that is an object of tasks, its pairs."""
        definition, listing = self.definition, self._list
        items = listing.items.find(answer)
        if listing.by_id and isinstance(items, Mapping):
            return tuple(items.items())
        if listing.by_id or not isinstance(items, list):
            told = f"{definition.title} answered with no list of tasks where list.items looks"
            if definition.format is XML:
                told += f". XML has no lists of one or none: write [{listing.items.text}][] there"
            raise BadAnswerError(told)
        return items

    def read_entry(self, entry: Any, deadline: Deadline) -> Task:
        """Return the task of an entry; one that has no more than an ID is asked for."""
        definition, listing = self.definition, self._list
        if listing.id is None:
            return self.to_task(entry[1], entry[0]) if listing.by_id else super().read_entry(entry, deadline)
        found = as_word(listing.id.find(entry))
        if found is None:
            raise BadAnswerError(f"{definition.title} answered with a list entry that has no ID where list.id looks")
        try:
            return self.read_task(definition.task_ids.read(found, definition.api_url), deadline)
        except (NotFoundError, OptionError) as error:
            # It went away since, or is none.
            raise BadAnswerError(error.message) from None

    def as_sent(self, request: RestRequest) -> RestRequest:
        """Put the parameters of the page into the body, where the API wants them there."""
        paging = self._list.paging
        if not paging.in_body:
            return request
        own = {name: value for name, value in request.params if name in (paging.parameter, paging.size_parameter)}

        def with_page(body: Any) -> Any:
            for name, value in own.items():
                number = whole_number(request.params, name) if paging.style != "cursor" else None
                body = put(body, name, value if number is None else number)
            return body

        given = request.body
        body = (lambda access: with_page(given(access))) if callable(given) else with_page(given)
        return request._replace(params=tuple(pair for pair in request.params if pair[0] not in own), body=body)

    def read_task(self, task_id: str, deadline: Deadline) -> Task:
        """Send the definition's ``get``, and ``when_ended`` where the task has ended."""
        try:
            before = self._before_the_task(task_id, deadline)
            if before is not None:
                return before
            task = super().read_task(task_id, deadline)
        except RequestError as error:
            # A refused login says nothing of a task, whatever its status.
            is_login = error.is_of_login or isinstance(error, AuthenticationError)
            if is_login or error.status not in self.definition.get.not_found_statuses:
                raise
            raise error.turned_into(NotFoundError) from None
        if not task.is_final:
            return task
        return self._with_end(self._with_result(task, deadline), deadline)

    def _before_the_task(self, task_id: str, deadline: Deadline) -> Task | None:
        """Ask for the handle of a task, and return what stands for the task until there is one; None once it is."""
        handle = self.definition.handle
        if handle is None or task_id in self._next:
            return None
        request = handle.fill(self._values, self.definition.task_ids.values(task_id))
        raw = self.ask_about(task_id, request, deadline).data
        following = as_word(handle.next.find(raw))
        if following is not None:
            self._next[task_id] = following
            return None
        state = TaskState.CANCELLED if find(handle.cancelled_if, raw) is True else TaskState.QUEUED
        found = {
            "id": task_id,
            "state": state.value,
            "message": _as_reason(find(handle.message, raw)),
        }
        return new_task(raw, found, self.description, state)

    def _with_result(self, task: Task, deadline: Deadline) -> Task:
        """Read the result that a redirect led to, where it can be read."""
        is_redirect = task.raw_state is not None and task.raw_state in self._redirects
        if not (is_redirect and isinstance(task.result, str) and task.result.startswith(("http://", "https://"))):
            return task
        with suppress(NotFoundError, RejectedError, AccessDeniedError, BadAnswerError, TransientError):
            return replace(task, result=self.ask(RestRequest(task.result), deadline))
        return task

    def read_page(self, query: TaskQuery, cursor: str | None, deadline: Deadline) -> TaskPage:
        """Send the definition's ``list``. The cursor is the next page's query, # and this page's first task."""
        own_query, _separator, previous = (cursor or "").partition("#")
        style = self._list.paging.style
        try:
            page = super().read_page(query, None if cursor is None else own_query, deadline)
        except (RejectedError, TransientError) as error:
            # Some say so that the last page, a full one, was the last.
            is_missing = error.status == 404 and not error.is_of_login
            if cursor is None or style != "page" or not is_missing:
                raise
            return TaskPage(())
        first = quote(page.tasks[0].id, safe="") if page.tasks else ""
        if first and first == previous:
            raise BadAnswerError(
                f"{self.definition.title} answered with the same page of tasks again: it does not page as list.paging "
                "says"
            )
        if page.next_cursor is None or style not in ("offset", "page"):
            return page
        return page._replace(next_cursor=f"{page.next_cursor}#{first}")

    def params_after(self, answer: Answer, params: Params, tasks: Sequence[Task], deadline: Deadline) -> Params | None:
        """Return the next page, also as the header ``Link`` tells of it (RFC 8288)."""
        if self._list.paging.style != "link_header":
            return super().params_after(answer, params, tasks, deadline)
        link = next_link(answer.headers.get("link", ""))
        return None if link is None else self._by_link(link, deadline)

    def next_params(self, answer: Any, params: Params, tasks: Sequence[Task], deadline: Deadline) -> Params | None:
        """Return the next page as ``list.paging`` tells of it."""
        paging = self._list.paging
        if paging.next is not None:
            following = paging.next.find(answer)
            if following is None or following is False or following == "":
                return None
            return self._by_link(following, deadline) if paging.style == "link" else self._by_cursor(following, params)
        size = whole_number(params, paging.size_parameter)
        count = len(self.find_entries(answer))
        if paging.style == "none" or not count or count < (paging.size if size is None else size):
            return None
        step = count if paging.style == "offset" else 1
        return changed(params, paging.parameter, str((whole_number(params, paging.parameter) or 0) + step))

    def list_entry_lacks_something(self, task: Task) -> bool:
        """Whether there is more to be read than a list shows."""
        if not self._list.is_complete:
            # Its entry may have no state at all.
            return task.is_final or task.raw_state == NULL
        return task.is_final and self.definition.when_ended is not None

    @property
    def can_list(self) -> bool:
        definition = self.definition
        return definition.list is not None and definition.list.id is None and definition.handle is None

    def _with_end(self, task: Task, deadline: Deadline) -> Task:
        """Add what the API tells of an ended task at another place."""
        ended = self.definition.when_ended
        if ended is None:
            return task
        try:
            answer = self.ask(self._about(ended, task.id), deadline, of_task=True)
            message, result, code = (find(at, answer) for at in (ended.message, ended.result, ended.code))
        except NotFoundError:
            # That is forgotten sooner than the task, or never was: the task itself is there.
            return task
        except (AccessDeniedError, BadAnswerError, RejectedError) as error:
            # Trouble with this request is not the end of the task.
            told = f"The request of when_ended failed: {sentence(error.message)}"
            return replace(task, message=f"{sentence(task.message)} {told}" if task.message else told)
        words, failed = _as_reason(message), task.error
        if failed is not None:
            failed = _documented(self.description, _as_code(code) or failed.code, words or failed.detail)
        return replace(
            task,
            message=words or task.message,
            result=task.result if result is None else result,
            error=failed,
        )

    def _by_cursor(self, following: object, params: Params) -> Params:
        word = as_word(following)
        if word is None:
            raise BadAnswerError(f"{self.definition.title} answered with a cursor that is neither text nor number")
        return changed(params, self._list.paging.parameter, word)

    def _by_link(self, link: object, deadline: Deadline) -> Params:
        if not isinstance(link, str):
            raise BadAnswerError(f"{self.definition.title} answered with a link to the next page that is not text")
        params = self.link_params(link, deadline)
        if params is None:
            raise BadAnswerError(
                f"{self.definition.title} answered with a link to the next page that has no query to follow"
            )
        return params


class CancellingProvider(CustomProvider, TaskCanceller):
    """The adapter of an API whose definition says how a task is cancelled."""

    @property
    def lists_lack_cancelling(self) -> bool:
        """Whether ``possible_if`` may look for what no list has."""
        listing = self.definition.list
        return self._cancel.possible_if is not None and listing is not None and not listing.is_complete

    @property
    def _cancel(self) -> Cancel:
        return cast("Cancel", self.definition.cancel)

    def why_not_cancellable(self, task: Task) -> str | None:
        """Return that the definition's ``possible_if`` is not true of it, or that there is only its handle yet."""
        if self.definition.handle is not None and task.id not in self._next:
            return "it has not begun, and the definition says how to cancel a task that has"
        possible_if = self._cancel.possible_if
        if possible_if is None or possible_if.find(task.raw) is True:
            return None
        return f"the API says so, by cancel.possible_if of the definition (its state is {task.raw_state})"

    def cancel(self, task: Task, deadline: Deadline) -> None:
        self.ask(self._about(self._cancel, task.id), deadline, of_task=True)


#: A link of the header and its parameters; an address holds neither < nor >.
_LINK = re.compile(r"<([^<>]*)>([^<>]*)")
_NEXT = re.compile(r";\s*rel\s*=\s*(?:next\b|\"(?:[^\"]*\s)?next(?:\s[^\"]*)?\")", re.IGNORECASE)


def next_link(header: str) -> str | None:
    """Return the address of the next page in a header ``Link`` (RFC 8288), None where it has none."""
    return next((link for link, rest in _LINK.findall(header) if _NEXT.search(rest)), None)


def describe(definition: Definition) -> ProviderDescription:
    """Return the description of the API that a definition describes."""
    ids = definition.task_ids
    return replace(
        DESCRIPTION,
        title=definition.title,
        states=definition.states.words,
        documented_errors=definition.failure_codes,
        poll_interval=definition.poll_interval,
        quota=definition.quota,
        transient_statuses=definition.transient_statuses,
        answer_format=definition.format,
        launch_id_paths=definition.launch_id or DESCRIPTION.launch_id_paths,
        task_id_pattern=ids.pattern,
        task_id_hint=ids.hint,
        read_task_id=partial(_read_task_id, definition),
        read_refusal=None if definition.refusal is None else _read_refusal(definition.refusal),
        address_advice="Check api_url, and the paths in the definition",
    )


def _read_task_id(definition: Definition, given: str) -> str:
    task_id = definition.task_ids.read(given, definition.api_url)
    if definition.task_ids.pattern is not None and len(task_id) > LONGEST_ID:
        raise bad_id(f"contains an ID of {len(task_id)} characters; at most {LONGEST_ID} are allowed")
    # Fails here where the ID lacks its parts or is no path, before anything is sent.
    fill_path((definition.handle or definition.get).path, {**definition.values, **definition.task_ids.values(task_id)})
    return task_id


def _create(options: ConnectionOptions, tools: ProviderTools) -> TaskProvider:
    definition = read_definition(options.definition, options)
    description = describe(definition)
    api = connect(
        description, options, tools, lambda channel: make_login(channel, definition, options, tools, description)
    )
    kind = CustomProvider if definition.cancel is None else CancellingProvider
    return kind(description, definition, api, values_of(definition, options))


PROVIDER = Provider(DESCRIPTION, _create)
