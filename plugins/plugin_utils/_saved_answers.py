# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Saved answers of a server, read as the provider custom reads those that it gets: for trying definitions out.

The provider's own code reads them. What it would only say in the end, such as that a state is unknown, is said at once.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ansible_collections.longrunning.tasks.plugins.module_utils._api.answers import XML
from ansible_collections.longrunning.tasks.plugins.module_utils._api.http_client import HttpResponse
from ansible_collections.longrunning.tasks.plugins.module_utils._api.json_api import Accepted, Answer, read_answer
from ansible_collections.longrunning.tasks.plugins.module_utils._core.clock import Deadline, SystemClock
from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    AuthenticationError,
    BadAnswerError,
    NotFoundError,
    OptionError,
    RequestError,
    TransientError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import Task, TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._core.text import listed, readable, sentence
from ansible_collections.longrunning.tasks.plugins.module_utils._module.context import checked_task_ids
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.fields import as_word
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.options import ConnectionOptions
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.custom.definition import read_definition
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.custom.expressions import Expression
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.custom.provider import (
    CustomProvider,
    describe,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.custom.templates import LOGIN_VALUES, PLACES

#: Stands for the server where an address is needed. It is never asked.
_NO_SERVER = "https://saved.answer"
#: Keys that a message tells.
_MOST_KEYS = 20
#: An expression that is a way of keys and numbers.
_WAY = re.compile(r"""(?:[A-Za-z_]\w*|"[^"\\]+")(?:\.(?:[A-Za-z_]\w*|"[^"\\]+")|\[\d+\])*""", re.ASCII)
_STEP = re.compile(r"""([A-Za-z_]\w*)|"([^"\\]+)"|\[(\d+)\]""", re.ASCII)


class Saved(NamedTuple):
    """An answer that somebody saved: its body as text or as data, its HTTP status and headers."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = {}


class Reading(NamedTuple):
    """What is in an answer, and what may be wrong with the definition though it can be read."""

    tasks: tuple[Task, ...]
    hints: tuple[str, ...]


def read_task(saved: Saved, definition: object, task_id: str | None) -> Reading:
    """Return the task of an answer to the definition's ``get``.

    Raises:
        OptionError: the definition is wrong, or does not fit the answer.
        RequestError: the answer is a refusal, as the definition describes them.
    """
    return _Reader.of(definition, task_id).task(saved)


def read_tasks(saved: Saved, definition: object) -> Reading:
    """Return the tasks of an answer to the definition's ``list``. Raises as ``read_task`` does."""
    return _Reader.of(definition, None).list(saved)


@dataclass(frozen=True)
class _Reader:
    provider: CustomProvider
    task_id: str | None

    @classmethod
    def of(cls, given: object, task_id: str | None) -> _Reader:
        api_url = _server_of(task_id or "") or _NO_SERVER
        placeholders: dict[str, Any] = dict.fromkeys((*LOGIN_VALUES, *PLACES), "x")
        options = ConnectionOptions("custom", api_url=api_url, auth_url=_NO_SERVER, **placeholders)
        # Nothing is asked for, so that no answer moves the next request.
        definition = read_definition(given, options)
        definition = replace(definition, get=replace(definition.get, follow_location=False))
        description = describe(definition)
        no_api: Any = None
        provider = CustomProvider(description, definition, no_api, {})
        return cls(provider, None if task_id is None else checked_task_ids([task_id], description)[0])

    def task(self, saved: Saved) -> Reading:
        definition, asked = self.provider.definition, self.task_id or ""
        answer = self._answer(saved, definition.get.accepted)
        if definition.get.statuses.get(answer.status) is None:
            raw = self._task_of(answer.data)
        else:
            raw = answer.data if isinstance(answer.data, Mapping) else {}
        try:
            task = self.provider.task_in(answer, asked)
        except BadAnswerError as error:
            raise OptionError("definition", self._explained(error.message, raw)) from None
        if not task.id:
            raise OptionError("definition", self._explained("The answer has no ID where fields.id looks", raw))
        if asked and not self.provider.is_same_id(task.id, asked):
            raise OptionError("task_id", f"The answer is about the task {task.id}, and task_id is {asked}")
        self._check_states([task])
        return Reading((task if not asked else replace(task, id=asked),), tuple(self._hints(task, raw)))

    def list(self, saved: Saved) -> Reading:
        listing = self.provider.definition.list
        if listing is None:
            raise OptionError("definition", "definition has no list")
        data = self._answer(saved, Accepted()).data
        try:
            entries = self.provider.find_entries(data)
        except BadAnswerError as error:
            raise OptionError(
                "definition", _joined(error.message, _lost("list.items", listing.items.text, data))
            ) from None
        if listing.id is not None:
            return _links(list(entries), listing.id)
        tasks, problems = self.provider.read_entries(entries, Deadline(SystemClock(), 1))
        if problems and not tasks:
            first = next(iter(entries))
            raw = first[1] if listing.by_id else first
            raise OptionError("definition", self._explained(problems[0].message, raw))
        self._check_states(tasks)
        left_out = (f"{len(problems)} of {len(entries)} entries cannot be read, and are left out",) if problems else ()
        return Reading(tasks, left_out + (tuple(self._hints(tasks[0], tasks[0].raw)) if tasks else ()))

    def _answer(self, saved: Saved, accepted: Accepted) -> Answer:
        if not isinstance(saved.body, str) and self.provider.definition.format is XML:
            raise OptionError("answer", "The definition says format: xml, and the saved answer is no text")
        body = saved.body if isinstance(saved.body, str) else json.dumps(saved.body)
        headers = {name.lower(): str(value) for name, value in saved.headers.items()}
        response = HttpResponse(saved.status, headers, body.encode("utf-8", "replace"), "the saved answer")
        try:
            data = read_answer(
                response, method="see", traits=self.provider.description, clock=SystemClock(), accepted=accepted
            )
        except RequestError as error:
            error.message = f"{sentence(error.message)} {self._meaning(error)}"
            raise
        return Answer(data, saved.status, headers, _NO_SERVER)

    def _meaning(self, error: RequestError) -> str:
        """Tell what a module makes of such an answer."""
        if isinstance(error, NotFoundError) or error.status in self.provider.definition.get.not_found_statuses:
            return "The modules treat it as a task that does not exist"
        if isinstance(error, TransientError):
            return "The modules ask again after such an answer"
        if isinstance(error, AuthenticationError):
            return "The modules treat it as a refused login"
        return "The modules treat it as a refusal"

    def _task_of(self, data: Any) -> Any:
        expression = self.provider.definition.get.task
        if expression is None:
            return data
        if self.task_id is None and "{id}" in expression.text:
            raise OptionError("task_id", f"get.task is {expression.text!r}, so that task_id is needed to find the task")
        raw = expression.find(data, self.task_id or "")
        if raw is None:
            told = f"get.task is {expression.text!r}, and finds nothing in the answer"
            raise OptionError("definition", _joined(told, _lost("get.task", expression.text, data)))
        return raw

    def _explained(self, message: str, raw: Any) -> str:
        """Return what is wrong, and what is there instead of what is needed."""
        name = next((name for name in ("id", "state") if f"fields.{name}" in message), None)
        if name is None:
            return message
        expression = self.provider.definition.fields.get(name)
        if expression is None:
            return "fields has no id, so that task_id is needed"
        return _joined(message, _lost(f"fields.{name}", expression.text, raw))

    def _check_states(self, tasks: Sequence[Task]) -> None:
        states = self.provider.definition.states.words
        unknown = {task.raw_state for task in tasks if task.state is TaskState.UNKNOWN}
        words = sorted(readable(str(word), limit=60) for word in unknown)
        if words:
            told = listed([repr(word) for word in words])
            means = "means" if len(words) == 1 else "mean"
            advice = f"Add a line such as {json.dumps(words[0])}: running. It has {', '.join(states) or 'none yet'}"
            raise OptionError("definition", f"states does not say what {told} {means}. {advice}")

    def _hints(self, task: Task, raw: Any) -> Iterator[str]:
        """Yield what finds nothing, though it may in other answers, and what cannot be read."""
        definition = self.provider.definition
        places = {f"fields.{name}": expression for name, expression in definition.fields.items()}
        if task.error is not None:
            places |= {f"failure.{name}": expression for name, expression in definition.failure.items()}
        for place, expression in places.items():
            lost = _lost(place, expression.text, raw)
            if lost is not None:
                yield lost
        for name, expression in definition.fields.items():
            value = expression.find(raw)
            is_pending = name == "finished_at" and not task.is_final
            if value is not None and not is_pending and getattr(task, name) is None:
                told = f"fields.{name} finds {readable(repr(value), limit=60)}, which cannot be read"
                yield f"{told}: times is {listed([*definition.times], 'or')}" if name.endswith("_at") else told


def _server_of(task_id: str) -> str | None:
    """Return the server of an ID that is an address."""
    try:
        server = urlsplit(task_id)
    except ValueError:
        # The check of the ID says so.
        return None
    return f"{server.scheme}://{server.netloc}" if server.netloc else None


def _links(entries: list[Any], entry_id: Expression) -> Reading:
    """Return what a list of IDs and links tells of its tasks."""
    found = [as_word(entry_id.find(entry)) for entry in entries]
    if None in found:
        lost = _lost("list.id", entry_id.text, entries[found.index(None)])
        raise OptionError("definition", _joined("An entry has no ID where list.id looks", lost))
    tasks = tuple(Task(str(task_id), "custom", TaskState.UNKNOWN) for task_id in found)
    return Reading(tasks, ("The list has IDs only, as list.id says: each task is then read by get",))


def _lost(place: str, expression: str, data: Any) -> str | None:
    """Return where an expression that is a plain way of keys gets lost, and what is there; None where it does not."""
    if not _WAY.fullmatch(expression):
        return None
    done = ""
    for step in _STEP.finditer(expression):
        key, number = step[1] or step[2], step[3]
        if data is None:
            return None
        if number is not None:
            if not isinstance(data, list):
                return f"{place} looks for an entry of a list at {done or 'the top'}, and there is none"
            data = data[int(number)] if int(number) < len(data) else None
        elif not isinstance(data, Mapping):
            return f"{place} looks for {key} in {done or 'the answer'}, which is no object"
        elif key not in data:
            return f"{place} looks for {key}, which is not there: {_keys(data, key, done)}"
        else:
            data = data[key]
        done += f".{key}" if done and number is None else key or f"[{number}]"
    return None


def _keys(data: Mapping[str, Any], key: str, where: str) -> str:
    keys = [readable(str(name), limit=60) for name in data]
    more = " and more" if len(keys) > _MOST_KEYS else ""
    told = f"{where or 'the answer'} has {', '.join(keys[:_MOST_KEYS]) or 'no keys'}{more}"
    close = difflib.get_close_matches(key, keys, 1)
    return f"{told}. Is {close[0]} meant?" if close else told


def _joined(message: str, lost: str | None) -> str:
    return message if lost is None else f"{sentence(message)} {lost}"
