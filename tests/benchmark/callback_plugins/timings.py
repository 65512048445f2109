# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes when each task ended and how long it took, a line of JSON each, to LONGRUNNING_BENCHMARK_TIMINGS."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

#: What of a result is kept.
_KEPT = ("msg", "requests", "polls", "elapsed", "attempts")


class CallbackModule(CallbackBase):  # type: ignore[misc]  # Ansible has no types
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "timings"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._began = 0.0

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._began = time.time()

    def v2_runner_on_ok(self, result: Any) -> None:
        self._write(result, failed=False)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._write(result, failed=True)

    def _write(self, result: Any, *, failed: bool) -> None:
        now = time.time()
        told = {key: result._result[key] for key in _KEPT if key in result._result}
        entry = {"name": result._task.name, "seconds": now - self._began, "ended": now, "failed": failed, "told": told}
        with Path(os.environ["LONGRUNNING_BENCHMARK_TIMINGS"]).open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(entry)}\n")
