# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a module's work in ansible-core's worker process, where that is the same as running the module.

This file alone decides when that is, and alone knows the versions of ansible-core. Where a version lacks what is needed
here, the module runs, as it does wherever the two could differ.

ansible-playbook loads the action plugins once, before it forks the workers: whatever is imported here is there in each.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible import constants
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase, normal
from ansible.release import __version__
from ansible.utils.display import Display

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import OptionError
from ansible_collections.longrunning.tasks.plugins.module_utils._core.masking import masking
from ansible_collections.longrunning.tasks.plugins.module_utils._core.text import readable
from ansible_collections.longrunning.tasks.plugins.module_utils._module.given import provider_of, told_unknown
from ansible_collections.longrunning.tasks.plugins.module_utils._module.interrupts import Interrupts
from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.loop import WaitObserver, unobserved
from ansible_collections.longrunning.tasks.plugins.plugin_utils._late_imports import BeforeEachTask, LateImports
from ansible_collections.longrunning.tasks.plugins.plugin_utils._live import (
    AttendedClock,
    LiveLines,
    ending_with_parent,
)
from ansible_collections.longrunning.tasks.plugins.plugin_utils._progress_lines import Line, ProgressTeller

with warnings.catch_warnings():
    # On stderr, requests complains of its neighbours' versions.
    warnings.simplefilter("ignore")
    from ansible_collections.longrunning.tasks.plugins.module_utils._api.http_client import HAS_REQUESTS
    from ansible_collections.longrunning.tasks.plugins.module_utils._module import runner
    from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS

try:
    # ansible-core 2.19 and newer.
    from ansible.module_utils.common.json import Direction, get_module_decoder, get_module_encoder
except ImportError:
    from ansible.module_utils.common.json import AnsibleJSONEncoder

    _ENCODING: dict[str, Any] = {"cls": AnsibleJSONEncoder, "vault_to_text": True}
    _DECODING: dict[str, Any] = {}
else:
    _ENCODING = {"cls": get_module_encoder("legacy", Direction.CONTROLLER_TO_MODULE)}
    _DECODING = {"cls": get_module_decoder("legacy", Direction.CONTROLLER_TO_MODULE)}
#: Newer ones put what is displayed as a warning into the result, and let no condition see warnings that are there.
_RESULT_TAKES_WARNINGS = __version__.startswith(tuple(f"2.{minor}." for minor in range(16, 21)))

if TYPE_CHECKING:
    from ansible_collections.longrunning.tasks.plugins.module_utils._module.argument_specs import ArgumentSpec
    from ansible_collections.longrunning.tasks.plugins.module_utils._module.runner import Work

#: The variable with which a user has the module run everywhere.
SETTING = "longrunning_tasks_in_process"
LOCAL = ("local", "ansible.builtin.local")
#: With these strategies one task runs at a time, and Ansible has shown its name.
IN_STEP = ("linear", "debug")
#: Names of tasks are cut at so many characters.
LONGEST_NAME = 30
#: Variables of an environment that only a process of its own obeys begin so: its Python, linker and libraries read them
#: when they start.
_FOR_A_NEW_PROCESS = ("PYTHON", "LD_", "OPENSSL_")

display = Display()

_PLUGINS = Path(__file__).parents[1]
#: What only some tasks need.
_LATE = [
    f"{__name__.rpartition('.plugin_utils.')[0]}.{'.'.join(file.relative_to(_PLUGINS).with_suffix('').parts)}"
    for file in (
        *(_PLUGINS / "module_utils" / "_providers").rglob("*.py"),
        *(_PLUGINS / "module_utils" / "_module" / f"{name}.py" for name in ("launch_results", "wait_cancelling")),
        _PLUGINS / "plugin_utils" / "_definitions.py",
    )
]


class TasksAction(normal.ActionModule, metaclass=BeforeEachTask):  # type: ignore[misc]  # ansible-core is not typed.
    """Runs a module of this collection, whose action plugin says what there is to do: what its ``main`` says too."""

    work: Work
    spec: ArgumentSpec
    rules: Mapping[str, Any] = MappingProxyType({})
    failure_keys: Mapping[str, Any] = MappingProxyType({})
    late_imports = LateImports(_LATE)

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        variables = task_vars or {}
        try:
            self._task.args = _with_definition(self._task.args, variables.get("ansible_search_path", ()))
        except OptionError as error:
            return {"changed": False, "failed": True, **self.failure_keys, **error.to_result()}
        call = _call(self, variables)
        if call is None:
            with ending_with_parent(applies=not self._task.async_val):
                result: dict[str, Any] = super().run(tmp, task_vars)
            return result
        # What ansible-core checks for every action.
        ActionBase.run(self, tmp, task_vars)
        with ExitStack() as surroundings:
            for surrounding in (_environment(call.environment), _folder(self._loader.get_basedir()), _quiet()):
                surroundings.enter_context(surrounding)
            return self._do(call)

    def _do(self, call: _Call) -> dict[str, Any]:
        spec = runner.with_connection(self.spec)
        with masking() as mask:
            params, refusal = runner.options_to_check(call.arguments, spec, mask)
            checked = ArgumentSpecValidator(spec, **self.rules).validate(params)
            params = checked.validated_parameters
            worker = _Worker(params, check_mode=call.check_mode)
            for both in getattr(checked, "_warnings", ()):
                worker.warn(f"Both option {both['option']} and its alias {both['alias']} are set.")
            failed, result = True, {"reason": OptionError.reason, **self.failure_keys}
            unknown = told_unknown(params, spec)
            if refusal is not None and not unknown:
                result |= refusal.to_result()
            elif checked.error_messages:
                result["msg"] = unknown or checked.errors.msg
            else:
                lines = self._live_lines(call, worker)
                with Interrupts(None) as interrupts:
                    failed, done = runner.attempt(worker, self.work, mask, interrupts)
                worker.clock.end_with_parent()
                self.late_imports.mark()
                if interrupts.came:
                    # Nobody is left who wants the result. The signal does what it would have done.
                    signal.raise_signal(interrupts.came)
                if lines is not None:
                    lines.end()
                result = {**result, **done} if failed else done
            # As from a module: what JSON can carry.
            result = json.loads(json.dumps(runner.shown(result, params, mask)))
        if failed:
            result["failed"] = True
        if not call.shows_invocation:
            del result["invocation"]
        return _with_warnings(result, worker.warnings)

    def _live_lines(self, call: _Call, worker: _Worker) -> LiveLines | None:
        """Have lines of progress shown, where the module has any and they are wanted."""
        if call.check_mode or not worker.params.get("progress"):
            return None

        def show(line: Line) -> None:
            display.display(
                line.text,
                color=constants.COLOR_ERROR if line.is_failure else None,
                stderr=is_for_programs(constants.DEFAULT_STDOUT_CALLBACK),
            )

        teller = ProgressTeller(
            self._where(call),
            worker.params["progress_interval"],
            is_verbose=display.verbosity > 0,
            counts_only=bool(self._task.no_log),
        )
        worker.observer = lines = LiveLines(show, teller, worker.clock)
        return lines

    def _where(self, call: _Call) -> str:
        """Tell whose lines these are. Where the hosts run ahead of each other, the task is named too."""
        task = self._task
        where = f"[{call.host} -> {task.delegate_to}]" if task.delegate_to else f"[{call.host}]"
        strategy = task.get_play().strategy.rpartition(".")[2]
        return where if strategy in IN_STEP else f"{where} {readable(task.get_name(), limit=LONGEST_NAME)}:"


class _Worker:
    """ansible-core's worker process as an edge. The mask hides what is secret in its result."""

    def __init__(self, params: Mapping[str, Any], *, check_mode: bool) -> None:
        self.params = params
        self.check_mode = check_mode
        self.warnings: list[str] = []
        self.clock = AttendedClock()
        self.observer: WaitObserver = unobserved

    def hide(self, secrets: Iterable[str]) -> None:
        """Have ansible-core hide these, where it can."""
        runner.registered(secrets)

    def warn(self, warning: str) -> None:
        """Keep it for the result."""
        self.warnings.append(warning)


class _Call(NamedTuple):
    """A module's call, as ansible-core would send it."""

    host: str
    arguments: dict[str, Any]
    environment: Mapping[str, str]
    check_mode: bool
    shows_invocation: bool


def _with_definition(arguments: Mapping[str, Any], search_path: Iterable[str]) -> Mapping[str, Any]:
    if arguments.get("definition") in (None, "") and arguments.get("provider") in PROVIDERS:
        return arguments
    from ansible_collections.longrunning.tasks.plugins.plugin_utils._definitions import with_definition  # noqa: PLC0415 - see _LATE

    return with_definition(arguments, search_path)


def _call(action: Any, task_vars: Mapping[str, Any]) -> _Call | None:
    """Return the call, None where the module has to run."""
    task, connection = action._task, action._connection  # noqa: SLF001 - the way of all action plugins
    if not (
        HAS_REQUESTS
        # macOS forks badly where its system libraries are asked for proxies.
        and sys.platform == "linux"
        and multiprocessing.parent_process() is not None
        and connection.transport in LOCAL
        and connection.become is None
        and not task.async_val
        and _is_wanted(action, task_vars)
    ):
        return None
    environment: dict[str, Any] = {}
    action._compute_environment_string(environment)  # noqa: SLF001 - as above
    if any(name.startswith(_FOR_A_NEW_PROCESS) for name in environment):
        return None
    try:
        # As on its way to a module: plain values, those of the vault decrypted.
        arguments = json.loads(json.dumps(dict(task.args), **_ENCODING), **_DECODING)
    except (TypeError, ValueError):
        # ansible-core says what is wrong with them.
        return None
    provider = PROVIDERS.get(provider_of(arguments))
    if provider is not None and runner.missing_libraries(provider.description, arguments):
        # The Python that the host names may have them, and else says which it lacks.
        return None
    return _Call(
        host=task_vars.get("inventory_hostname", "localhost"),
        arguments=arguments,
        environment={name: str(value) for name, value in environment.items()},
        check_mode=bool(task.check_mode),
        shows_invocation=_shows_invocation(task_vars),
    )


def _is_wanted(action: Any, task_vars: Mapping[str, Any]) -> bool:
    setting = action._templar.template(task_vars.get(SETTING, True))  # noqa: SLF001 - as above
    return bool(boolean(setting))


def _shows_invocation(task_vars: Mapping[str, Any]) -> bool:
    # An option since ansible-core 2.21. Before that there always is one.
    name, config = "INJECT_INVOCATION", constants.config
    return not config.get_configuration_definition(name) or bool(config.get_config_value(name, variables=task_vars))


def _with_warnings(result: dict[str, Any], texts: list[str]) -> dict[str, Any]:
    if _RESULT_TAKES_WARNINGS:
        return {**result, "warnings": texts} if texts else result
    for text in texts:
        display.warning(text)
    return result


def is_for_programs(stdout_callback: str) -> bool:
    """Whether stdout is a document that a program reads, as with ``ansible.posix.json`` and ``ansible.posix.jsonl``."""
    return "json" in stdout_callback.rpartition(".")[2]


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables for the body, and for nothing after it."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _folder(path: str) -> Iterator[None]:
    """Be in the folder in which ansible-core runs modules on this machine."""
    before = Path.cwd()
    os.chdir(path)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def _quiet() -> Iterator[None]:
    """Let no library write its warnings to ansible-playbook's stderr. Nobody sees those of a module."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
