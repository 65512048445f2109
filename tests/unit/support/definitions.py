# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The golden examples of definitions, a file for each in ``tests/unit/golden/definitions``.

``tests/unit/golden/README.md`` says how they are written. They are played as those of the vendors are.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import yaml

from ansible_collections.longrunning.tasks.plugins.module_utils._api.http_client import HttpRequest
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS

from .golden import DEFINITIONS, GOLDEN, SERVER, Answer, Connection, Example, Login
from .socket_server import answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.longrunning.tasks.plugins.module_utils._api.http_client import HttpResponse

    from .socket_server import Received

FOLDER = GOLDEN / "definitions"
_EXAMPLE_KEYS = frozenset({"task_id", "task", "tasks", "truncated", "launched", "registered", "error", "answers"})


@dataclass(frozen=True)
class Described:
    """A definition, and what its golden examples say of it.

    ``words`` are those that the API's documents have for states; ``examples`` has the examples by their names.
    """

    name: str
    definition: Mapping[str, Any]
    options: Mapping[str, Any]
    login: Login
    words: tuple[str, ...]
    examples: Mapping[str, Example]
    #: The request that cancels the running task: ``to``, ``json``; ``of`` names another example.
    cancel: Mapping[str, Any] | None
    is_shipped: bool
    #: The request that ends the session.
    logout: str | None

    def __str__(self) -> str:
        return self.name

    def example(self, wanted: str) -> Example | None:
        """Return the first example of a kind: of a task in a state, or of what an example is for."""
        return next((one for one in self.examples.values() if kind_of(one) == wanted), None)

    def connect(self, answers: Sequence[Answer]) -> Connection:
        """Connect to an API that has these answers, each for the request that it is to, in this order."""
        left = list(answers)

        def respond(request: HttpRequest) -> HttpResponse | None:
            return left.pop(0).reply() if left and left[0].fits(request) else None

        return Connection(PROVIDERS["custom"], self.login, respond, self.options)


def kind_of(example: Example) -> str:
    """Return what an example shows."""
    if example.task is not None:
        return str(example.task["state"])
    if example.error is not None:
        return str(example.error["class"])
    return "list" if example.tasks is not None else "launched"


def _answer(given: Mapping[str, Any], to: str) -> Answer:
    given = dict(given)
    body = json.dumps(given.pop("json")) if "json" in given else given.pop("body", "")
    return Answer(**{"to": to, "body": body, **given})


def _listed(given: Mapping[str, Any] | Sequence[str]) -> dict[str, Any]:
    """Return a task of a list, of which a pair tells the ID and the state only."""
    told = dict(given) if isinstance(given, dict) else dict(zip(("id", "state"), given))
    return {"is_final": TaskState(told["state"]).is_final, **told}


def _example(name: str, given: Mapping[str, Any], file: Mapping[str, Any]) -> Example:
    """Read an example. What stands beside its outcome is its one answer, to the usual request for the usual task."""
    given = dict(given)
    told = {key: given.pop(key) for key in [*given] if key not in _EXAMPLE_KEYS}
    answers = given.pop("answers", [told] if told else [])
    asked = {} if given.keys() & {"tasks", "launched"} else {"task_id": given.get("task_id", file["id"])}
    if "task" in given:
        state = TaskState(given["task"]["state"])
        usual = {"id": asked["task_id"], "is_final": state.is_final}
        given["task"] = {**usual, **given["task"]}
    if "tasks" in given:
        given["tasks"] = tuple(map(_listed, given["tasks"]))
    if "launched" in given:
        given["launched"] = tuple(given["launched"])
    return Example("custom", name, "", tuple(_answer(answer, file["asks"]) for answer in answers), **{**given, **asked})


@cache
def described(name: str) -> Described:
    """Return a definition with its golden examples."""
    file = yaml.safe_load((FOLDER / f"{name}.yml").read_text(encoding="utf-8"))
    shipped = DEFINITIONS / f"{name}.yml"
    definition = file.get("definition") or yaml.safe_load(shipped.read_text(encoding="utf-8"))
    login = file.get("login", {})
    options = {"api_url": SERVER, "definition": definition, **file.get("options", {})}
    begun = tuple(_answer(answer, "") for answer in login.get("answers", ()))
    examples = {key: _example(f"{name}/{key}", given, file) for key, given in file["examples"].items()}
    return Described(
        name,
        definition,
        options,
        Login(options, "", begun, login.get("carries", {}), tuple(login.get("secrets", ()))),
        tuple(map(str, file["words"])),
        examples,
        file.get("cancel"),
        "definition" not in file,
        login.get("logout"),
    )


#: The examples of these are those of the provider ``custom``, for what all providers have in common.
_USUAL, *_OTHERS = ("pulp", "aptly")


def usual_login() -> Login:
    """Return the login of the usual definition."""
    return described(_USUAL).login


def examples_of_custom() -> tuple[Example, ...]:
    """Return the golden examples of ``custom``. Those that are not of the usual definition name another one."""
    found = [(one, {}) for one in (described(_USUAL),)]
    found += [(one, {"definition": one.definition}) for one in map(described, _OTHERS)]
    return tuple(
        replace(example, document=one.definition["title"], options=options)
        for one, options in found
        for example in one.examples.values()
    )


def every_described() -> list[Described]:
    """Return all definitions with golden examples here."""
    return [described(path.stem) for path in sorted(FOLDER.glob("*.yml"))]


class PlayedApi:
    """Answers over sockets the login of a definition, and each look at its task by the answers of an example.

    It refuses the request of the number ``refused``, counted from 1 and without those of the login.
    """

    def __init__(self, one: Described, example: Example, refused: int = 0) -> None:
        self.one, self.example, self.refused = one, example, refused
        self.asked = self.logins = 0

    def __call__(self, request: Received) -> bytes:
        sent = HttpRequest(request.method, request.target)
        for documented in self.one.login.answers:
            if documented.fits(sent):
                self.logins += f"{sent.method} {urlsplit(sent.url).path}" != self.one.logout
                return self._reply(documented, request)
        self.asked += 1
        if self.asked == self.refused:
            return answer(b"", 401)
        fitting = (documented for documented in self.example.answers if documented.fits(sent))
        return self._reply(next(fitting, Answer("", 404)), request)

    def _reply(self, documented: Answer, request: Received) -> bytes:
        here = f"http://{request.headers['host']}"
        headers = {name: text.replace(SERVER, here) for name, text in documented.headers.items()}
        return answer(documented.body.replace(SERVER, here), documented.status, **headers)

    def options(self, url: str) -> dict[str, Any]:
        """Return the connection options with the address of the server that plays it."""
        addresses = {"api_url": url}
        if "auth_url" in self.one.options:
            addresses["auth_url"] = f"{url}{urlsplit(self.one.options['auth_url']).path}"
        return {**self.one.options, **addresses}

    def task_id(self, url: str) -> str:
        """Return the ID of the example's task, which can be an address."""
        return str(self.example.task_id).replace(SERVER, url)
