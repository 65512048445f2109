# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Golden examples: what the vendors document as answers, and what has to become of them.

``tests/unit/golden/README.md`` says how the files are written. Here they are read, and played to the real adapters.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import yaml

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import WorkError
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import Task, TaskError, TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._module.launch_results import launched_task_ids
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.options import SECRET_OPTIONS
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS

from .fake_http import reply
from .session import FakeSession

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ansible_collections.longrunning.tasks.plugins.module_utils._api.http_client import HttpRequest, HttpResponse
    from ansible_collections.longrunning.tasks.plugins.module_utils._provider.contract import Provider

GOLDEN = Path(__file__).parents[1] / "golden"
DEFINITIONS = Path(__file__).parents[3] / "plugins" / "plugin_utils" / "task_definitions"
#: Where every vendor of the examples is.
SERVER = "https://vendor.example"
#: More than any example lists.
EVERY = 1000

TASK_FIELDS = frozenset(Task("", "", TaskState.QUEUED).to_result()) - {"raw"}
FAILURE_FIELDS = frozenset(TaskError().to_result())
_OUTCOMES = frozenset({"task", "tasks", "launched", "error"})


@dataclass(frozen=True)
class Answer:
    """What a vendor answers one request with. ``to`` has its method, its path, and what matters of its query."""

    to: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""

    def fits(self, request: HttpRequest) -> bool:
        """Whether it is the answer to this request."""
        method, _space, address = self.to.partition(" ")
        wanted, parts = urlsplit(address), urlsplit(request.url)
        sent = {*request.params, *parse_qsl(parts.query, keep_blank_values=True)}
        return (
            fnmatchcase(f"{request.method} {parts.path}", f"{method} {wanted.path}")
            and set(parse_qsl(wanted.query)) <= sent
        )

    def reply(self) -> HttpResponse:
        return reply(self.body, self.status, **self.headers)


@dataclass(frozen=True)
class Login:
    """How the examples of a provider are logged in, and how the vendor answers that.

    ``carries`` are the headers of every request after it; ``secrets`` is what must be hidden of its answers. Where a
    login ``signs`` each request, a refused one is sent once more with a new signature.
    """

    options: Mapping[str, Any]
    document: str
    answers: tuple[Answer, ...] = ()
    carries: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    signs: bool = False

    @property
    def every_secret(self) -> set[str]:
        """Everything that must not be shown, in the forms in which it is sent."""
        given = {self.options[name] for name in SECRET_OPTIONS if name in self.options}
        basic = {base64.b64encode(f"{self.options.get('username')}:{secret}".encode()).decode() for secret in given}
        return given | basic | set(self.secrets)

    def answer_to(self, request: HttpRequest) -> HttpResponse | None:
        return next((answer.reply() for answer in self.answers if answer.fits(request)), None)


@dataclass(frozen=True)
class Example:
    """A documented answer, or the answers to one look at a task or a list, and what has to become of it."""

    provider: str
    name: str
    document: str
    answers: tuple[Answer, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    task_id: str | None = None
    filters: Mapping[str, str] = field(default_factory=dict)
    task: Mapping[str, Any] | None = None
    tasks: tuple[Mapping[str, Any], ...] | None = None
    truncated: bool = False
    launched: tuple[str, ...] | None = None
    #: What a module other than ansible.builtin.uri registers for a launch.
    registered: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        return f"{self.provider}/{self.name}"

    def with_body(self, number: int, body: Any) -> Example:
        """Return the example with another JSON in the answer of that number."""
        changed = replace(self.answers[number], body=json.dumps(body))
        return replace(self, answers=(*self.answers[:number], changed, *self.answers[number + 1 :]))

    @property
    def expected_tasks(self) -> list[dict[str, Any]]:
        """The tasks in full: what a file does not name is null."""
        named = [*([] if self.task is None else [self.task]), *(self.tasks or ())]
        return [self._in_full(task) for task in named]

    def _in_full(self, named: Mapping[str, Any]) -> dict[str, Any]:
        error = named.get("error")
        strange = (set(named) - TASK_FIELDS) | (set(error or ()) - FAILURE_FIELDS)
        assert not strange, f"{self} expects {', '.join(sorted(strange))}, which no task has"
        task = {**dict.fromkeys(TASK_FIELDS), "provider": self.provider, **named}
        return task if error is None else {**task, "error": {**dict.fromkeys(FAILURE_FIELDS), **error}}


def _read(path: Path) -> dict[str, Any]:
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    data["answers"] = tuple(Answer(**answer) for answer in data.get("answers", ()))
    return {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}


@cache
def examples(provider: str, folder: Path = GOLDEN) -> tuple[Example, ...]:
    """Return the golden examples of a provider, none where nobody has written any."""
    if provider == "custom":
        # An example of it is one of a definition.
        from .definitions import examples_of_custom  # noqa: PLC0415 - that module is on top of this one

        return examples_of_custom()
    paths = sorted((folder / provider).glob("*.yml"))
    found = []
    for path in paths:
        if not path.stem.startswith("login"):
            data = _read(path)
            assert len(_OUTCOMES & set(data)) == 1, f"{path} needs exactly one of {', '.join(sorted(_OUTCOMES))}"
            found.append(Example(provider, path.stem, **data))
    return tuple(found)


@cache
def logins(provider: str, folder: Path = GOLDEN) -> Mapping[str, Login]:
    """Return the golden logins of a provider by the names of their files. The examples take ``login``."""
    if provider == "custom":
        from .definitions import usual_login  # noqa: PLC0415 - as above

        return {"login": usual_login()}
    return {path.stem: Login(**_read(path)) for path in sorted((folder / provider).glob("login*.yml"))}


def every_example() -> list[Example]:
    """Return the golden examples of all providers."""
    return [example for name in sorted(PROVIDERS) for example in examples(name)]


def usual_example(provider: str) -> Example:
    """Return an example of a single task in the provider's usual dialect."""
    return next(example for example in examples(provider) if example.task is not None and not example.options)


# --- playing them ---------------------------------------------------------------------------------------------


class Connection(FakeSession):
    """A session with a golden login.

    ``respond`` returns the answer to a request; None where it has none, so that the login may have it.
    """

    def __init__(
        self,
        provider: Provider,
        login: Login,
        respond: Callable[[HttpRequest], HttpResponse | None],
        options: Mapping[str, Any],
    ) -> None:
        self.golden_login = login
        self._respond = respond
        super().__init__(self._answer, provider=provider, **{**login.options, **options})

    @property
    def requests(self) -> list[HttpRequest]:
        """The requests, those of the login left out."""
        return [request for request in self.http.requests if self.golden_login.answer_to(request) is None]

    def ask(self, example: Example) -> tuple[list[Task], bool]:
        """Return the tasks that become of an example, and whether a list has or may have more of them."""
        if example.task_id is not None:
            read_task_id = self.provider.description.read_task_id
            return [self.read(read_task_id(example.task_id) if read_task_id else example.task_id)], False
        return self.list(EVERY, filters=tuple(example.filters.items()))

    def launched(self, example: Example) -> tuple[str, ...]:
        """Return the IDs that ``launch_results`` has, as ansible.builtin.uri registers the answer."""
        if example.registered is not None:
            return launched_task_ids({**example.registered, "changed": True}, self.provider.description)
        (answer,) = example.answers
        headers = {name.replace("-", "_").lower(): value for name, value in answer.headers.items()}
        body = {"json": json.loads(answer.body)} if answer.body else {}
        registered = {"status": answer.status, **headers, **body, "changed": False}
        return launched_task_ids(registered, self.provider.description)

    def outcome(self, example: Example) -> tuple[list[Task], WorkError | None]:
        """Return the tasks that become of an example, or the error. Anything else that is raised is a defect."""
        try:
            return self.ask(example)[0], None
        except WorkError as error:
            return [], error

    def _answer(self, request: HttpRequest) -> HttpResponse:
        answer = self._respond(request) or self.golden_login.answer_to(request)
        assert answer is not None, f"{request.method} {request.url} {request.params} has no answer here"
        return answer


def play(example: Example, provider: Provider | None = None, folder: Path = GOLDEN) -> Connection:
    """Connect to a vendor that has the answers of an example, each for the request that it is to, in this order."""
    left = list(example.answers)

    def respond(request: HttpRequest) -> HttpResponse | None:
        return left.pop(0).reply() if left and left[0].fits(request) else None

    login = logins(example.provider, folder)["login"]
    return Connection(provider or PROVIDERS[example.provider], login, respond, example.options)


def play_loosely(example: Example) -> Connection:
    """Connect to a vendor that has the answers of an example, and that may be asked for them again, or for anything."""
    left = list(example.answers)
    login = logins(example.provider)["login"]

    def respond(request: HttpRequest) -> HttpResponse | None:
        if left and left[0].fits(request):
            return left.pop(0).reply()
        again = [answer for answer in example.answers if answer.fits(request)]
        if again:
            return again[-1].reply()
        return None if login.answer_to(request) else reply(b"", 404)

    return Connection(PROVIDERS[example.provider], login, respond, example.options)
