# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the module task_wait as any module is run and, where that is on this machine, shows its progress meanwhile."""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from ansible import constants
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible.utils.vars import merge_hash

from ansible_collections.longrunning.tasks.plugins.module_utils._core.text import readable
from ansible_collections.longrunning.tasks.plugins.module_utils._module.interrupts import helper_thread
from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.progress import VARIABLE
from ansible_collections.longrunning.tasks.plugins.plugin_utils._progress_lines import Line, ProgressTeller, live_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

display = Display()

MODULE = "longrunning.tasks.task_wait"
#: Modules on this machine can open what is made here.
LOCAL = ("local", "ansible.builtin.local")
#: With these strategies one task runs at a time, and Ansible has shown its name.
IN_STEP = ("linear", "debug")
#: Names of tasks are cut at so many characters.
LONGEST_NAME = 30
#: Seconds between two looks whether ansible-playbook still is there.
LOOK_SECONDS = 0.5


class ActionModule(ActionBase):
    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        wrap_async = self._task.async_val and not self._connection.has_native_async
        try:
            with _ending_with(os.getppid(), applies=not wrap_async), self._live_lines(task_vars or {}):
                answer = self._execute_module(module_name=MODULE, task_vars=task_vars, wrap_async=wrap_async)
        finally:
            # A module that goes on in the background needs its folder, and removes it itself.
            if not wrap_async:
                self._remove_tmp_path(self._connection._shell.tmpdir)  # noqa: SLF001 - the way of all action plugins
        return dict(merge_hash(result, answer))

    @contextmanager
    def _live_lines(self, task_vars: dict[str, Any]) -> Iterator[None]:
        """Show lines of progress, where somebody can see them and the module can send them."""
        interval = self._interval()
        if interval is None:
            yield
            return
        teller = ProgressTeller(
            self._where(task_vars), interval, is_verbose=display.verbosity > 0, counts_only=bool(self._task.no_log)
        )

        def show(line: Line) -> None:
            display.display(
                line.text,
                color=constants.COLOR_ERROR if line.is_failure else None,
                stderr=is_for_programs(constants.DEFAULT_STDOUT_CALLBACK),
            )

        with live_lines(constants.DEFAULT_LOCAL_TMP, teller, show, time.monotonic) as path:
            if path is None:
                yield
                return
            # As ansible-core does for the folder of background jobs: for this one module, and taken back.
            self._task.environment.append({VARIABLE: path})
            try:
                yield
            finally:
                self._task.environment.pop()

    def _where(self, task_vars: dict[str, Any]) -> str:
        """Tell whose lines these are. Where the hosts run ahead of each other, the task is named too."""
        host = task_vars.get("inventory_hostname", "localhost")
        where = f"[{host} -> {self._task.delegate_to}]" if self._task.delegate_to else f"[{host}]"
        strategy = self._task.get_play().strategy.rpartition(".")[2]
        return where if strategy in IN_STEP else f"{where} {readable(self._task.get_name(), limit=LONGEST_NAME)}:"

    def _interval(self) -> float | None:
        """Return the seconds between two lines, None where there are to be none."""
        task = self._task
        if task.async_val or task.check_mode or self._connection.transport not in LOCAL:
            return None
        # An empty text counts as not given, as in the module.
        given = {name: value for name, value in task.args.items() if value not in (None, "")}
        try:
            is_wanted = boolean(given.get("progress", True))
            interval = float(given.get("progress_interval", 30))
        except (TypeError, ValueError):
            # The module says what is wrong with them.
            return None
        return interval if is_wanted and interval > 0 else None


def is_for_programs(stdout_callback: str) -> bool:
    """Whether stdout is a document that a program reads, as with ``ansible.posix.json`` and ``ansible.posix.jsonl``."""
    return "json" in stdout_callback.rpartition(".")[2]


@contextmanager
def _ending_with(parent: int, *, applies: bool) -> Iterator[None]:
    """End this process when ansible-playbook, its parent, is gone while the body runs.

    Whoever ends ansible-playbook with SIGKILL, as ansible-runner does, leaves this process behind, and with it a module
    that waits for nobody. The module notices that nobody reads what it writes, and comes to its own end in good order.
    """
    if not applies:
        yield
        return
    is_over = Event()

    def watch() -> None:
        while not is_over.wait(LOOK_SECONDS):
            if os.getppid() != parent:
                _end_children()
                os._exit(1)

    with helper_thread(watch, is_over.set, name="end with ansible-playbook"):
        yield


def _end_children() -> None:
    """End what this process has started. A client of ssh would go on by itself, and the module at its other end too."""
    for children in Path("/proc/self/task").glob("*/children"):
        for child in children.read_text(encoding="ascii").split():
            with suppress(OSError):
                os.kill(int(child), signal.SIGTERM)
