# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The engine of every JSON API: one task, a list in pages, and what a refusal means, around what is a vendor's own.

A vendor says which requests to send, where the answer has the task or the list, how a task is read, and which page
comes next. All the rest is here, once.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from threading import Lock
from types import MappingProxyType
from typing import Any, NamedTuple, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

from .._api.addresses import check_url, path_segment, with_path, without_query
from .._api.channel import Channel
from .._api.json_api import Accepted, Answer, JsonApi, words_instead
from .._api.login import Login
from .._api.schemas import AnswerSchema
from .._core.clock import Deadline
from .._core.errors import BadAnswerError, NotFoundError, OptionError, RejectedError, RequestError, TransientError
from .._core.task import Task, TaskState
from .._core.text import sentence
from .contract import ProviderTools, TaskPage, TaskProvider, TaskQuery
from .description import ProviderDescription
from .fields import Field, TaskFields
from .options import ConnectionOptions

#: The query of an address: names and values, in their order.
Params = tuple[tuple[str, str], ...]


#: Good answers to a request of which nothing but its success is of interest: any 2xx, or the address of what it did.
DONE = Accepted(frozenset({303}), frozenset({*range(200, 300), 303}))


class RestRequest(NamedTuple):
    """A request: its path below the API's base address, its query, its JSON, and what is a good answer to it.

    ``headers`` are those that it needs besides the login's.
    """

    path: str
    params: Params = ()
    body: Any = None
    method: str = "GET"
    accepted: Accepted = Accepted()
    headers: Mapping[str, str] = MappingProxyType({})


def connect(
    description: ProviderDescription,
    options: ConnectionOptions,
    tools: ProviderTools,
    make_login: Callable[[Channel], Login],
) -> JsonApi:
    """Return the client of a vendor's API, within the vendor's quota, with the login that is made for its channel."""
    channel = Channel.within(description.quota, tools.make_http(options.tls), tools.clock)
    return JsonApi(channel, make_login(channel), tools.clock, description)


def base_url(options: ConnectionOptions, *below: str) -> str:
    """Return ``api_url`` with the path of the API, which is ``api_path`` and what is ``below`` it.

    Raises:
        OptionError: ``api_path`` is no path.
    """
    url = check_url("api_url", options.needed("api_url"))
    root = f"/{(options.api_path or '').strip('/')}".rstrip("/")
    try:
        return check_url("api_path", with_path(url, root, *below))
    except OptionError:
        raise OptionError("api_path", f"api_path is {root!r}: it has to be a path such as /api") from None


class RestProvider(TaskProvider):
    """The adapter of a JSON API, but for what is the vendor's own."""

    #: The folder of the tasks, below which each has the path that is its ID.
    folder = "/tasks"
    #: Where an answer has the task; None where it is the task.
    task_at: Field | None = None
    #: Where the answer to a list has its entries. A provider without it has a ``find_entries`` of its own.
    entries_at: Field
    #: What has to be around a task that was asked for by its ID, and around the entries of a list; None: anything.
    answer_schema: AnswerSchema | None = None
    list_schema: AnswerSchema | None = None
    #: The fields of each task, alone or in a list, which say what it has to be; None: ``to_task`` finds out.
    fields: TaskFields | None = None

    def __init__(self, description: ProviderDescription, api: JsonApi) -> None:
        super().__init__(description)
        self.api = api
        #: What has had a good answer, so that its address is right: requests for one task, requests for others, and
        #: the paths of calls that may change something. The API may lack one of those and have the others.
        self._answered: set[bool | str] = set()
        #: The tasks that were seen: no single 404 ends a wait for one.
        self._seen: set[str] = set()
        self._lock = Lock()
        #: How often it was asked whether the API is there, and the number of the last such question with a good answer.
        self._questions = 0
        self._confirmed = 0

    # --- what a vendor says -----------------------------------------------------------------------------------

    def task_request(self, task_id: str) -> RestRequest:
        """Return the request for one task: by default GET of its path in the folder of the tasks."""
        return RestRequest(f"{self.folder}/{path_segment(task_id)}")

    @abstractmethod
    def list_request(self, query: TaskQuery) -> RestRequest:
        """Return the request for the first page of a list."""

    def to_task(self, raw: Any, known_id: str | None = None) -> Task:
        """Turn an object of the API into a task: by default as ``fields`` say, with the error that its message tells.

        ``known_id`` is for one that does not repeat the ID asked for.

        Raises:
            BadAnswerError: it is none.
        """
        task = cast("TaskFields", self.fields).read(raw, self.description, known_id)
        if task.state is not TaskState.FAILED:
            return task
        return replace(task, error=self.description.error_for(task.message))

    def task_in(self, answer: Answer, task_id: str) -> Task:
        """Return the task of an answer to ``task_request``."""
        return self._checked(self.find_task(answer.data, task_id), task_id)

    def is_same_id(self, found: str, asked: str) -> bool:
        """Whether the ID that an answer has is the one that was asked for."""
        return found.casefold() == asked.casefold()

    def find_task(self, answer: Any, task_id: str) -> Any:
        """Return the task in an answer."""
        return answer if self.task_at is None else self.task_at.find(answer)

    def find_entries(self, answer: Any) -> Sequence[Any]:
        """Return the entries of the list in an answer."""
        entries: Sequence[Any] = self.entries_at.find(answer) or ()
        return entries

    def next_params(self, answer: Any, params: Params, tasks: Sequence[Task], deadline: Deadline) -> Params | None:
        """Return the query of the next page, after one that was asked for with ``params``; None at the end."""
        return None

    def is_cut(self, answer: Any, params: Params, tasks: Sequence[Task]) -> bool:
        """Whether the vendor may have more of the list, with no way to it."""
        return False

    # --- what all have in common ------------------------------------------------------------------------------

    def read_task(self, task_id: str, deadline: Deadline) -> Task:
        """Ask for one task, and make sure that it is the one that was asked for."""
        return self.read_task_at(self.task_request(task_id), task_id, deadline)

    def read_task_at(self, request: RestRequest, task_id: str, deadline: Deadline) -> Task:
        """Do so with this request."""
        answer = self.ask_about(task_id, request, deadline)
        with self._reading(request, deadline, answer):
            task = self.task_in(answer, task_id)
        if not self.is_same_id(task.id, task_id):
            raise BadAnswerError(f"{self.description.title} was asked for task {task_id} and answered with another one")
        # Some write an ID in another case than it was launched with.
        return task if task.id == task_id else replace(task, id=task_id)

    def read_page(self, query: TaskQuery, cursor: str | None, deadline: Deadline) -> TaskPage:
        """Ask for a page. The cursor is the page's query."""
        request = self.list_request(query)
        if cursor is not None:
            request = request._replace(params=tuple(parse_qsl(cursor, keep_blank_values=True)))
        answer = self.ask_whole(self.as_sent(request), deadline, schema=self.list_schema)
        with self._reading(request, deadline, answer):
            entries = self.find_entries(answer.data)
        tasks, problems = self.read_entries(entries, deadline)
        problem = next(iter(problems), None)
        if problem is not None:
            self._tell(problem, request, deadline)
        self._seen.update(task.id for task in tasks)
        following = self.params_after(answer, request.params, tasks, deadline)
        return TaskPage(
            tasks,
            None if following is None else urlencode(following),
            is_cut=self.is_cut(answer.data, request.params, tasks),
            unreadable=len(problems),
            problem=problem,
        )

    def as_sent(self, request: RestRequest) -> RestRequest:
        """Return the request for a page as the vendor takes it; its ``params`` say which page it is."""
        return request

    def params_after(self, answer: Answer, params: Params, tasks: Sequence[Task], deadline: Deadline) -> Params | None:
        """Return the query of the page after an answer, None at the end."""
        return self.next_params(answer.data, params, tasks, deadline)

    def read_entries(
        self, entries: Iterable[Any], deadline: Deadline
    ) -> tuple[tuple[Task, ...], tuple[BadAnswerError, ...]]:
        """Return the tasks of a list, and why other entries of it cannot be read, which are left out."""
        tasks: list[Task] = []
        problems: list[BadAnswerError] = []
        for entry in entries:
            try:
                tasks.append(self.read_entry(entry, deadline))
            except BadAnswerError as error:
                problems.append(error)
        return tuple(tasks), tuple(problems)

    def read_entry(self, entry: Any, deadline: Deadline) -> Task:
        """Return the task that an entry of a list is."""
        return self._checked(entry)

    def ask(
        self,
        request: RestRequest,
        deadline: Deadline,
        *,
        schema: AnswerSchema | None = None,
        of_task: bool = False,
    ) -> Any:
        """Send a request and return the JSON of its answer: ``ask_whole`` for who wants no more."""
        return self.ask_whole(request, deadline, schema=schema, of_task=of_task).data

    def ask_whole(
        self,
        request: RestRequest,
        deadline: Deadline,
        *,
        schema: AnswerSchema | None = None,
        of_task: bool = False,
    ) -> Answer:
        """Send a request and return its answer.

        Raises:
            NotFoundError: there is no such task. Only a request ``of_task`` can say that.
            RequestError: there is no usable answer.
        """
        try:
            answer = self.api.ask(
                request.method,
                request.path,
                deadline,
                params=request.params,
                body=request.body,
                schema=schema,
                accepted=request.accepted,
                headers=request.headers,
            )
        except (NotFoundError, RejectedError) as error:
            is_about_task = of_task and not error.is_of_login
            if isinstance(error, NotFoundError) and is_about_task and self.means_the_task(error):
                raise
            has_answered = self._kind_of(request, of_task=of_task) in self._answered
            raise self.nothing_there(error, has_answered=has_answered) from None
        self._answered.add(self._kind_of(request, of_task=of_task))
        return answer

    def means_the_task(self, error: NotFoundError) -> bool:
        """Whether a 404 says that there is no such task.

        Where the vendor has a shape of its own for a refusal, any other comes from a gateway on the way.
        """
        return self.description.read_refusal is None or error.words is not None

    def ask_about(self, task_id: str, request: RestRequest, deadline: Deadline) -> Answer:
        """Send a request about a task and return its answer.

        Raises:
            NotFoundError: there is no such task. One that was seen needs more than a 404 that anything can have sent.
            RequestError: there is no usable answer.
        """
        questions_before = self._questions
        try:
            answer = self.ask_whole(request, deadline, schema=self.answer_schema, of_task=True)
        except NotFoundError as error:
            if self.is_doubtful(error, task_id):
                self._make_sure_of_the_api(error, questions_before, deadline)
            raise
        self._seen.add(task_id)
        return answer

    def is_doubtful(self, error: NotFoundError, task_id: str) -> bool:
        """Whether a 404 that may mean a task may be a gateway's as well: no document says what it looks like."""
        return error.words is None and task_id in self._seen

    def _make_sure_of_the_api(self, error: NotFoundError, questions_before: int, deadline: Deadline) -> None:
        """Find out whether the API itself answers, after a 404 that may come from something in its place.

        One question serves all requests that were under way when it was asked: those that began after no more than
        so many questions.

        Raises:
            TransientError: nothing shows that it does.
        """
        with self._lock:
            if self._confirmed > questions_before:
                return
            self._questions += 1
            self.ask_the_api(error, deadline)
            self._confirmed = self._questions

    def ask_the_api(self, error: NotFoundError, deadline: Deadline) -> None:
        """Ask for a list, which nothing else than the API answers well. Raises as ``_make_sure_of_the_api`` does."""
        try:
            request = self.as_sent(self.list_request(TaskQuery()))
            self.find_entries(self.ask(request, deadline, schema=self.list_schema))
        except (OptionError, RequestError):
            told = f"{sentence(error.message)} The task was there before, and this answer may not be the API's own"
            raise error.turned_into(TransientError, told) from None

    def nothing_there(self, error: RequestError, *, has_answered: bool) -> RequestError:
        """Return what a 404 means that is no missing task: a wrong address, or a service that is away for a while."""
        if error.status == 404 and error.words is None and has_answered:
            return error.turned_into(TransientError, f"{sentence(error.message)} It had answered before")
        if not isinstance(error, NotFoundError):
            return error
        return self.wrong_address(error)

    def wrong_address(self, error: NotFoundError) -> RejectedError:
        """Return what it means that nothing is at an address which is not that of a task."""
        return error.turned_into(RejectedError, f"{sentence(error.message)} {self.description.address_advice}")

    def link_params(self, link: str, deadline: Deadline) -> Params | None:
        """Return the query of a link to another page; None where it has none.

        Nothing else of the link is used: behind a proxy its path can lack the prefix that the address has.

        Raises:
            BadAnswerError: it leads to another server.
        """
        self.api.check_link(link, deadline)
        return tuple(parse_qsl(urlsplit(link).query, keep_blank_values=True)) or None

    def raw_state_for(self, query: TaskQuery) -> str | None:
        """Return the one vendor's word for the one state that a query asks for; None where it is not that simple."""
        words = self.description.raw_states(query.states)
        return words[0] if len(words) == len(query.states) == 1 else None

    @property
    def asked_to_wait(self) -> float | None:
        """What the client has seen of it."""
        return self.api.asked_to_wait

    def close(self, deadline: Deadline) -> None:
        """Give the login back."""
        self.api.close(deadline)

    @contextmanager
    def _reading(self, request: RestRequest, deadline: Deadline, answer: Answer) -> Iterator[None]:
        """Tell what cannot be read with the request, and what the answer says instead."""
        try:
            yield
        except BadAnswerError as error:
            if not error.url:
                error.code, said = words_instead(answer.data)
                error.message += said
                self._tell(error, request, deadline, answer.url)
            raise

    def _tell(self, error: BadAnswerError, request: RestRequest, deadline: Deadline, answered_at: str = "") -> None:
        """Add the request that an answer belongs to, and where that was redirected."""
        if error.url:
            return
        error.method, error.url, error.status = request.method, self.api.url_of(request.path, deadline), 200
        if answered_at and without_query(answered_at) != error.url:
            error.message = f"{sentence(error.message)} The request was redirected to {without_query(answered_at)}"

    def _kind_of(self, request: RestRequest, *, of_task: bool) -> bool | str:
        return of_task if request.method == "GET" else request.path

    def _checked(self, raw: Any, known_id: str | None = None) -> Task:
        problem = None if self.fields is None else self.fields.schema.problem(raw)
        if problem is not None:
            raise BadAnswerError(f"{self.description.title} answered with a task of an unexpected shape: {problem}")
        return self.to_task(raw, known_id)


def with_filters(own: Mapping[str, str], query: TaskQuery) -> Params:
    """Return our own parameters of a list and the user's, which win."""
    given = {name for name, _value in query.filters}
    return (*((name, value) for name, value in own.items() if name not in given), *query.filters)


def changed(params: Params, name: str, value: str) -> Params:
    """Return a query with another value of one parameter."""
    return (*((key, old) for key, old in params if key != name), (name, value))


def whole_number(params: Params, name: str) -> int | None:
    """Return a parameter that is a whole number, None where it is missing or something else."""
    text = dict(params).get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None
