# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A provider without a vendor, and the context that a module's work runs in, for tests of the modules."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import NotFoundError
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import Task, TaskError, TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._module import argument_specs
from ansible_collections.longrunning.tasks.plugins.module_utils._module.context import Context
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.contract import (
    Launch,
    TaskCanceller,
    TaskLauncher,
    TaskPage,
    TaskProvider,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.description import (
    LoginForm,
    ProviderDescription,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.options import ConnectionOptions

from .fake_clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Mapping

DESCRIPTION = ProviderDescription(
    name="example",
    title="Example Cloud",
    states={"open": TaskState.QUEUED, "busy": TaskState.RUNNING, "done": TaskState.SUCCEEDED, "bad": TaskState.FAILED},
    logins=(LoginForm(("api_token", "api_url")),),
    documents={"Guide": "https://example.com/guide"},
    environment_prefix="EXAMPLE",
    poll_interval=10.0,
    least_poll_interval=10.0,
)


def task(task_id: str, state: str = "running", code: str | None = None, **fields: Any) -> Task:
    """Return a task in one of our states; a failed one has the code."""
    ours = TaskState(state)
    raw = next((raw for raw, known in DESCRIPTION.states.items() if known is ours), state)
    error = TaskError(code=code, title="It broke", remedy="Mend it") if ours is TaskState.FAILED else None
    return Task(task_id, "example", ours, raw, error=error, **fields)


class FakeProvider(TaskProvider):
    """Has for each ID a task, a list of what it is look by look (the last stays), a function, or an error to raise.

    It has one page of a list: the tasks as they are now. ``asked`` has the IDs that were asked for one by one.
    """

    def __init__(self, tasks: Mapping[str, Any] | None = None, description: ProviderDescription = DESCRIPTION) -> None:
        super().__init__(description)
        self.tasks = dict(tasks or {})
        self.asked: list[str] = []
        self.queries: list[Any] = []
        self.list_problems: list[Exception] = []
        #: The subtasks of a task, look by look as above, or an error to raise; asked for in subtasks_asked.
        self.subtasks: dict[str, Any] = {}
        self.subtasks_asked: list[str] = []

    def _now(self, task_id: str) -> Any:
        entry = self.tasks.get(task_id)
        if isinstance(entry, list):
            return entry.pop(0) if len(entry) > 1 else entry[0]
        return entry() if callable(entry) else entry

    def read_task(self, task_id: str, deadline: Any) -> Task:
        self.asked.append(task_id)
        entry = self._now(task_id)
        if isinstance(entry, Exception):
            raise entry
        if entry is None:
            raise NotFoundError(f"there is no {task_id}", status=404)
        return entry

    def read_page(self, query: Any, cursor: str | None, deadline: Any) -> TaskPage:
        self.queries.append(query)
        if self.list_problems:
            raise self.list_problems.pop(0)
        return TaskPage(tuple(entry for entry in map(self._now, list(self.tasks)) if isinstance(entry, Task)))

    def read_subtasks(self, task_id: str, deadline: Any) -> tuple[Task, ...]:
        if task_id not in self.subtasks:
            return super().read_subtasks(task_id, deadline)
        self.subtasks_asked.append(task_id)
        entry = self.subtasks[task_id]
        if isinstance(entry, list):
            entry = entry.pop(0) if len(entry) > 1 else entry[0]
        if isinstance(entry, Exception):
            raise entry
        return entry


class LaunchingProvider(FakeProvider, TaskLauncher):
    """Answers each launch with the next of its answers: an ID, or an error to raise. ``launches`` has what was sent.

    An answer can be a function too, which returns one of them: what it does happens at the vendor. A task is the same
    as a launch where its type is, and its ``raw`` has the input.
    """

    def __init__(self, *answers: Any, tasks: Mapping[str, Any] | None = None, **description: Any) -> None:
        types = {"launch_types": ("import", "export"), **description}
        super().__init__(tasks, replace(DESCRIPTION, **types))
        self.answers = list(answers)
        self.launches: list[Launch] = []
        #: What the vendor has already.
        self.existing: Any = None
        self.desired: list[Any] = []
        self.input_is_listed = True

    def check_launch(self, launch: Launch, desired: Any) -> None:
        pass

    def launch(self, launch: Launch, deadline: Any) -> str:
        self.launches.append(launch)
        answer = self.answers.pop(0)
        answer = answer() if callable(answer) else answer
        if isinstance(answer, Exception):
            raise answer
        self.tasks.setdefault(answer, task(answer, type=launch.type, raw=launch.input))
        return str(answer)

    @property
    def lists_lack_input(self) -> bool:
        return not self.input_is_listed

    def is_launch(self, launch: Launch, task: Task) -> bool:
        return task.type == launch.type and task.raw == launch.input

    def find_desired(self, launch: Launch, desired: Any, deadline: Any) -> Any:
        self.desired.append(desired)
        return self.existing


class CancellingProvider(FakeProvider, TaskCanceller):
    """Answers each cancel with the next of its answers: None for a good one, an error to raise, or a function.

    What a function does happens at the vendor; what it returns is the answer. The last answer stays. ``cancels`` has
    the IDs of what was sent. ``reasons`` say why tasks cannot be cancelled.
    """

    def __init__(self, *answers: Any, tasks: Mapping[str, Any] | None = None, **reasons: str) -> None:
        super().__init__(tasks)
        self.answers = list(answers)
        self.cancels: list[str] = []
        self.reasons = reasons
        self.lists_lack_it = False

    @property
    def lists_lack_cancelling(self) -> bool:
        return self.lists_lack_it

    def why_not_cancellable(self, task: Task) -> str | None:
        return self.reasons.get(task.id) or super().why_not_cancellable(task)

    def cancel(self, task: Task, deadline: Any) -> None:
        self.cancels.append(task.id)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        answer = answer() if callable(answer) else answer
        if isinstance(answer, Exception):
            raise answer


class Run:
    """One run of a module's work with a fake provider: ``Run(work, provider, task_ids=[...])()``."""

    def __init__(self, work: Any, provider: TaskProvider, *, check_mode: bool = False, **params: Any) -> None:
        spec = getattr(argument_specs, work.__module__.rpartition(".")[2].upper())
        defaults = {name: option.get("default") for name, option in spec.items()}
        assert params.keys() <= defaults.keys()
        self.work = work
        self.clock = FakeClock()
        self.warnings: list[str] = []
        self.options = ConnectionOptions("example", api_url="https://example.com", api_token="t")
        self.provider = provider
        self.check_mode = check_mode
        self.params = {**defaults, **params}

    def __call__(self) -> dict[str, Any]:
        context = Context(
            params=self.params,
            check_mode=self.check_mode,
            options=self.options,
            provider=self.provider,
            clock=self.clock,
            warn=self.warnings.append,
            requests_sent=lambda: len(self.provider.asked) + len(self.provider.queries),
        )
        return dict(self.work(context))
