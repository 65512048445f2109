# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ends in the user's choice of the vendor's words, for resources such as a server that has to become ACTIVE."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from .._core.clock import Deadline
from .._core.errors import OptionError
from .._core.task import Task, TaskError, TaskState
from .._provider.contract import TaskPage, TaskProvider, TaskQuery
from .._provider.description import ProviderDescription


class StateWords(NamedTuple):
    """The vendor's words for a good end and for a bad one. With words for a good end no other word is one."""

    success: frozenset[str] = frozenset()
    failure: frozenset[str] = frozenset()

    @classmethod
    def given(cls, success: Iterable[str] | None, failure: Iterable[str] | None) -> StateWords:
        """Return the words of the two options, without blanks around them."""
        return cls(*(frozenset(word.strip() for word in words or ()) for words in (success, failure)))

    @property
    def options(self) -> Mapping[str, frozenset[str]]:
        """The words by the options that give them."""
        return {"success_states": self.success, "failure_states": self.failure}

    def checked(self, description: ProviderDescription) -> StateWords:
        """Return them, after making sure that they can be told apart.

        Raises:
            OptionError: a word is blank, in both, or none of a vendor's whose states are numbers.
        """
        for word in sorted(self.success & self.failure):
            raise OptionError(
                "failure_states", f"{word!r} is in success_states and in failure_states. Keep it in one of them"
            )
        numbers = [f"{word} ({state})" for word, state in description.states.items() if word[:1].isdecimal()]
        for option, words in self.options.items():
            for word in sorted(words):
                if not word:
                    raise OptionError(option, f"{option} holds a blank word. Give the words that raw_state has")
                if numbers and len(numbers) == len(description.states) and not word[0].isdecimal():
                    raise OptionError(
                        option,
                        f"{option} holds {word!r}, but the states of {description.title} are numbers: "
                        f"{', '.join(numbers)}. Give the number",
                    )
        return self

    def judge(self, task: Task, description: ProviderDescription) -> Task:
        """Return a task in the state that its word means here.

        Raises:
            OptionError: an option has the word in another case.
        """
        word = task.raw_state
        if word in self.failure:
            told = task.error or TaskError(detail=task.message or f"Its state is {word}, one of failure_states")
            return replace(task, state=TaskState.FAILED, error=told)
        if word in self.success:
            is_no_success = _is_failed_by_more(task, description)
            return task if is_no_success else replace(task, state=TaskState.SUCCEEDED, error=None)
        self._refuse_other_case(word, description)
        if self.success and task.state is TaskState.SUCCEEDED:
            return replace(task, state=TaskState.RUNNING, finished_at=None)
        return task

    def _refuse_other_case(self, word: str | None, description: ProviderDescription) -> None:
        for option, words in self.options.items():
            for given in words if word else ():
                if given.casefold() == (word or "").casefold():
                    raise OptionError(
                        option,
                        f"{option} holds {given!r}, but {description.title} writes {word!r}. Write the word in the "
                        "same case",
                    )


def _is_failed_by_more(task: Task, description: ProviderDescription) -> bool:
    """Whether the vendor's word is a success, and the rest of the answer says that it is none."""
    by_word = description.state_of(task.raw_state or "")
    return by_word is TaskState.SUCCEEDED and task.is_final and task.state is not TaskState.SUCCEEDED


class JudgedProvider(TaskProvider):
    """Reads tasks as another provider does, in the states that their words mean to the user."""

    def __init__(self, provider: TaskProvider, words: StateWords) -> None:
        super().__init__(provider.description)
        self._provider = provider
        self._words = words

    def read_task(self, task_id: str, deadline: Deadline) -> Task:
        return self._words.judge(self._provider.read_task(task_id, deadline), self.description)

    def read_page(self, query: TaskQuery, cursor: str | None, deadline: Deadline) -> TaskPage:
        page = self._provider.read_page(query, cursor, deadline)
        return page._replace(tasks=tuple(self._words.judge(task, self.description) for task in page.tasks))

    @property
    def asked_to_wait(self) -> float | None:
        return self._provider.asked_to_wait

    @property
    def can_list(self) -> bool:
        return self._provider.can_list

    def read_subtasks(self, task_id: str, deadline: Deadline) -> tuple[Task, ...]:
        """Read them: the words are those of the tasks themselves."""
        return self._provider.read_subtasks(task_id, deadline)

    def list_entry_lacks_something(self, task: Task) -> bool:
        return self._provider.list_entry_lacks_something(task)
