# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every vendor's face has in common: routes, tasks, launches, and the shapes that faults ask it for.

A new vendor is one file with a subclass of :class:`Face`, and one line in the registry of this package.
"""

from __future__ import annotations

import re
import uuid
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Callable, ClassVar
from urllib.parse import unquote

from ..messages import TEXT, Request, Response, reason
from ..tasks import LaunchRule, Life, Moment, State, Step, Task, TaskStore
from ..validation import Fields, read_options

Handler = Callable[[Request, Mapping[str, str]], Response]


class RefusedError(Exception):
    """A request that a vendor refuses, with the status and the words that it says."""

    def __init__(self, text: str = "", status: int = 400) -> None:
        super().__init__(text)
        self.text = text
        self.status = status


class Sessions:
    """Tokens, each with the moment of its end; those that a scenario gives have none."""

    def __init__(self, now: Callable[[], float], ready: Iterable[str] = ()) -> None:
        self._now = now
        self._until: dict[str, float | None] = dict.fromkeys(ready)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._until))

    def __contains__(self, token: str) -> bool:
        until = self._until.get(token, 0.0)
        return until is None or self._now() < until

    def begin(self, token: str, seconds: float) -> float:
        """Let somebody be logged in with a token for so long, and return until when."""
        until = self._until[token] = self._now() + seconds
        return until

    def end(self, token: str) -> None:
        """Log somebody out."""
        self._until.pop(token, None)

    def clear(self) -> None:
        """Log everybody out, also with the tokens of the scenario."""
        self._until.clear()


@dataclass(frozen=True)
class Route:
    """A path with ``{placeholders}`` and what answers each method there; ``is_login``: a POST there logs in."""

    pattern: str
    handlers: Mapping[str, Handler]
    is_login: bool = False

    def match(self, path: str) -> dict[str, str] | None:
        """Return the placeholders' values, or None when the path is another one."""
        wanted, given = self.pattern.strip("/").split("/"), path.strip("/").split("/")
        if len(wanted) != len(given):
            return None
        values = {}
        for name, segment in zip(wanted, given):
            if name.startswith("{"):
                values[name.strip("{}")] = unquote(segment)
            elif name != segment:
                return None
        return values


class Face(ABC):
    """One vendor's API as its clients see it."""

    #: The provider's name in scenarios and counts.
    name: ClassVar[str]
    #: A dataclass of options: the vendor's part of ``credentials``, in which every key has a usable default.
    credentials_type: ClassVar[type]
    #: Paths below which this face answers.
    base_paths: ClassVar[tuple[str, ...]]
    #: The key of the vendor's task object that holds the state, and the others a step may override.
    state_field: ClassVar[str] = "status"
    #: The key of its ID, by which a task is told from other objects with a state.
    id_field: ClassVar[str] = "id"
    task_fields: ClassVar[frozenset[str]] = frozenset()
    #: Whether failures may be written as ``code`` in a scenario.
    has_failure_codes: ClassVar[bool] = False
    #: What a task without an own plan goes through.
    default_type: ClassVar[str]
    default_steps: ClassVar[tuple[Step, ...]]
    default_end: ClassVar[Step]
    #: Seconds from its end until the vendor forgets a task; None: never.
    default_forgotten_after: ClassVar[float | None] = None

    def __init__(
        self,
        credentials: Any,
        launches: Sequence[LaunchRule],
        now: Callable[[], float],
        epoch: float,
    ) -> None:
        """Take the vendor's part of the scenario.

        ``now`` gives the seconds since the simulator's start, ``epoch`` is the Unix time of that start.
        """
        self.credentials = credentials
        self.store = TaskStore()
        self.now = now
        self._true_epoch = self._epoch = epoch
        self._launches = tuple(launches)
        self._uses: Counter[int] = Counter()
        #: Who is logged in, where a token alone says so.
        self.sessions = Sessions(now, getattr(credentials, "api_tokens", ()))
        self.begin()
        self._routes = tuple(self.routes())

    # What a vendor's file has to say

    @abstractmethod
    def routes(self) -> Sequence[Route]:
        """Return all paths the vendor has."""

    @abstractmethod
    def default_owner(self) -> str:
        """Return who owns tasks for which the scenario names nobody."""

    @abstractmethod
    def document(self, task: Task, moment: Moment) -> dict[str, Any]:
        """Return the vendor's whole object for a task, before the overrides of the step."""

    @abstractmethod
    def error(self, request: Request, status: int, text: str = "") -> Response:
        """Return an error in the vendor's shape."""

    # What a vendor's file may say otherwise

    def begin(self) -> None:  # noqa: B027 - a vendor may have nothing to remember
        """Begin with what the vendor remembers, such as who is logged in."""

    def is_admitted(self, request: Request) -> bool:
        """Tell whether who asks is logged in."""
        return True

    def refusal(self, request: Request, values: Mapping[str, str]) -> Response | None:
        """Return the answer to who may not ask; None: the path's handler answers."""
        return None if self.is_admitted(request) else self.unauthorized(request)

    def unauthorized(self, request: Request) -> Response:
        """Return the vendor's answer to a session that is no longer good."""
        return self.error(request, 401)

    def expire_sessions(self) -> None:
        """Forget everybody who is logged in."""
        self.sessions.clear()

    @classmethod
    def read_credentials(cls, fields: Fields) -> Any:
        """Read the vendor's part of ``credentials``."""
        return read_options(cls.credentials_type, fields)

    @classmethod
    def failure_fields(cls, code: State) -> dict[str, Any]:
        """Return how a documented failure code looks in the vendor's object."""
        raise NotImplementedError(f"{cls.name} has no failure codes")

    @classmethod
    def default_input(cls, task_type: str) -> Any:
        """Return what a task was asked to do when the scenario does not say."""
        return {}

    @classmethod
    def random_id(cls) -> str:
        """Return an ID for a task that the scenario does not name."""
        return str(uuid.uuid4())

    def default_launch(self, task_type: str, task_input: Any) -> Life:
        """Return what a launched task becomes for which no rule fits."""
        return self.default_life()

    def over_limit(self, request: Request, retry_after: str | None) -> Response:
        """Return the vendor's way to say "too many requests", with a Retry-After unless it is None."""
        response = self.error(request, 429)
        if retry_after is not None:
            response.headers["Retry-After"] = retry_after
        return response

    def method_not_allowed(self, request: Request, route: Route) -> Response:
        """Return the answer to a method that a path does not have."""
        response = self.error(request, 405)
        response.headers["Allow"] = ", ".join(route.handlers)
        return response

    def replace_state(self, payload: Any, state: State) -> Any:
        """Return an answer with the state of every task in it replaced."""
        return self._with_tasks(payload, lambda task: {**task, self.state_field: state})

    def swap_id_types(self, payload: Any) -> Any:
        """Return an answer whose tasks have numbers as IDs where they had digits, and the other way round."""
        return self._with_tasks(payload, lambda task: {**task, self.id_field: _of_other_type(task[self.id_field])})

    def is_task(self, document: Mapping[str, Any]) -> bool:
        """Tell whether an object of an answer is a task."""
        return self.state_field in document and self.id_field in document

    def _with_tasks(self, payload: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
        """Return an answer with every task in it changed."""
        if isinstance(payload, list):
            return [self._with_tasks(item, change) for item in payload]
        if isinstance(payload, Mapping):
            changed = {key: self._with_tasks(value, change) for key, value in payload.items()}
            return change(changed) if self.is_task(changed) else changed
        return payload

    # What every vendor's file can use

    @classmethod
    def default_life(cls) -> Life:
        """Return the plan of a task for which the scenario gives none."""
        return Life(cls.default_steps, cls.default_end, cls.default_forgotten_after)

    def answer(self, request: Request) -> Response:
        """Answer a request for one of the vendor's paths."""
        for route in self._routes:
            values = route.match(request.path)
            if values is not None:
                handler = route.handlers.get("GET" if request.method == "HEAD" else request.method)
                if handler is None:
                    return self.method_not_allowed(request, route)
                is_login = route.is_login and request.method == "POST"
                refusal = None if is_login else self.refusal(request, values)
                return refusal or self._handled(handler, request, values)
        return self.error(request, 404)

    def _handled(self, handler: Handler, request: Request, values: Mapping[str, str]) -> Response:
        try:
            return handler(request, values)
        except RefusedError as refused:
            if refused.status == 401:
                return self.unauthorized(request)
            return self.error(request, refused.status, refused.text)

    def template(self, path: str) -> str:
        """Return a path with placeholders instead of IDs, for the counts."""
        return next((route.pattern for route in self._routes if route.match(path) is not None), path)

    def launch(self, body: Any, task_type: str, task_input: Any, owner: str) -> Task:
        """Start the task that a client asked for."""
        rule = self._rule_for(body)
        life = rule.life if rule else self.default_launch(task_type, task_input)
        task = Task(self.new_id(), task_type, task_input, owner, self.now(), life)
        self.store.add([task])
        return task

    def _rule_for(self, body: Any) -> LaunchRule | None:
        """Return the first rule that fits and is not used up, and count its use."""
        for number, rule in enumerate(self._launches):
            if rule.fits(body) and (rule.count is None or self._uses[number] < rule.count):
                self._uses[number] += 1
                return rule
        return None

    def at_launch(self, task: Task) -> Moment:
        """Return what the answer to a launch shows; that answer knows the task even if later ones do not yet."""
        first_step = task.life.steps[0] if task.life.steps else self.default_steps[0]
        return task.at(self.now()) or Moment(first_step, 0.0, ended=False)

    def living(self) -> list[tuple[Task, Moment]]:
        """Return the tasks that the vendor knows now, as they are."""
        now = self.now()
        return [(task, moment) for task in self.store.all() if (moment := task.at(now)) is not None]

    def found(self, task_id: str) -> tuple[Task, Moment] | None:
        """Return a task that the vendor knows now, as it is."""
        task = self.store.get(task_id)
        moment = None if task is None else task.at(self.now())
        return None if task is None or moment is None else (task, moment)

    def new_id(self) -> str:
        """Return an ID for a task that a client launches."""
        return self.random_id()

    def view(self, task: Task, moment: Moment) -> dict[str, Any]:
        """Return the vendor's whole object for a task, with what the scenario says otherwise about this step."""
        return moment.shown(self.document(task, moment))

    def set_clock(self, seconds: float) -> None:
        """Set the vendor's clock so many seconds ahead of the true time, or behind it."""
        self._epoch = self._true_epoch + seconds

    def utc(self, instant: float) -> str:
        """Return seconds since the simulator's start as ``YYYY-MM-DDThh:mm:ssZ``."""
        return self.instant(instant).strftime("%Y-%m-%dT%H:%M:%SZ")

    def instant(self, instant: float) -> datetime:
        """Return seconds since the simulator's start as a date in UTC."""
        return datetime.fromtimestamp(self._epoch + instant, timezone.utc)


class NoFace(Face):
    """Answers paths that belong to no vendor; faults may strike there too."""

    name = "none"
    base_paths = ()
    default_type = ""
    default_steps = ()
    default_end = Step("")

    def routes(self) -> Sequence[Route]:
        """Have none."""
        return ()

    def default_owner(self) -> str:
        """Own nothing."""
        return ""

    def document(self, task: Task, moment: Moment) -> dict[str, Any]:
        """Have no tasks."""
        raise NotImplementedError

    def error(self, request: Request, status: int, text: str = "") -> Response:
        """Answer with plain words."""
        text = text or f"{status} {reason(status)}: the task simulator plays no vendor at {request.path}"
        return Response.of_text(status, f"{text}\n", TEXT)

    def unauthorized(self, request: Request) -> Response:
        """Answer 401 with plain words."""
        return self.error(request, 401, "401 Unauthorized")


def _of_other_type(value: object) -> object:
    """Return a number as text, digits as a number, and what is neither as it is."""
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdigit() else value
    return str(value) if isinstance(value, int) else value


_UUID = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)


def is_uuid_like(text: str) -> bool:
    """Tell whether a text is a UUID in one of the ways in which people write one."""
    return bool(_UUID.fullmatch(text.replace("urn:", "").replace("uuid:", "").strip("{}").replace("-", "")))


def stable_uuid(*parts: str) -> str:
    """Return the same UUID for the same words every time, so that a rehearsal can be repeated."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "task-simulator:" + ":".join(parts)))
