# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waits in this process for very many tasks, as both edges do, and prints what that took as JSON.

Called as a program: the address of the API of ``pages.py``, the number of tasks, and ``task_ids`` or ``select``.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ansible_collections.longrunning.tasks.plugins.module_utils._core.clock import SystemClock
from ansible_collections.longrunning.tasks.plugins.module_utils._core.masking import masking
from ansible_collections.longrunning.tasks.plugins.module_utils._module import runner
from ansible_collections.longrunning.tasks.plugins.module_utils._module.argument_specs import CONNECTION, TASK_WAIT
from ansible_collections.longrunning.tasks.plugins.module_utils._module.interrupts import Interrupts
from ansible_collections.longrunning.tasks.plugins.module_utils._module.task_wait import run
from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.loop import unobserved

from .pages import DEFINITION, task_id


class _Edge:
    """What the work needs of an edge."""

    check_mode = False
    observer = staticmethod(unobserved)

    def __init__(self, params: dict[str, Any]) -> None:
        self.params = params
        self.clock = SystemClock()

    def hide(self, secrets: Iterable[str]) -> None:
        """There are none."""

    def warn(self, warning: str) -> None:
        """Tell nobody."""


def main(url: str, number: str, way: str) -> None:
    """Wait, and make the result's text."""
    spec = {**CONNECTION, **TASK_WAIT}
    params = {name: option.get("default") for name, option in spec.items()}
    params |= {"provider": "custom", "api_url": url, "definition": DEFINITION}
    if way == "select":
        params["select"] = {name: option.get("default") for name, option in TASK_WAIT["select"]["options"].items()}
    else:
        params["task_ids"] = [task_id(one) for one in range(int(number))]
    before = time.process_time()
    with masking() as mask, Interrupts(None) as interrupts:
        edge = _Edge(params)
        failed, result = runner.attempt(edge, run, mask, interrupts)
        text = json.dumps(runner.shown(result, params, mask))
    if failed:
        raise SystemExit(text)
    seconds = time.process_time() - before
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    peak = int(next(line.split()[1] for line in lines if line.startswith("VmHWM:")))
    print(json.dumps({"cpu": seconds, "peak": peak / 1024, "requests": result["requests"]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
