# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting until nothing goes on, in a playbook."""

from __future__ import annotations

import re
import threading
import time

ASTRA = "netapp_astra_control"
LINE = re.compile(r"(WAITING|DONE|FAILED): \[localhost\] (.*)")


def a_task(number, seconds, end):
    return {
        "provider": ASTRA,
        "id": f"00000000-0000-4000-8000-00000000000{number}",
        "steps": [{"state": "running", "seconds": seconds}] if seconds else [],
        "end": end,
    }


def launch_later(simulator):
    """Launch a task when the wait has looked twice."""
    while simulator.requests()["total"] < 2:
        time.sleep(0.05)
    simulator.add_tasks([a_task(4, 3, {"state": "completed"})])


def test_a_wait_until_nothing_goes_on(run_playbook, simulate):
    good, bad = {"state": "completed"}, {"state": "failed", "code": "stateDetails/7"}
    simulator = simulate({"tasks": [a_task(3, 0, good)]})
    thread = threading.Thread(target=launch_later, args=(simulator,))
    thread.start()
    run = run_playbook("select.yml", url=simulator.url, tasks=[a_task(1, 5, good), a_task(2, 6, bad)])
    thread.join()
    run.assert_clean()
    lines = [match.groups() for match in map(LINE.search, run.output.splitlines()) if match]
    assert ("WAITING", "2 running, 0 s") in lines
    assert any(kind == "WAITING" and text.startswith("3 running") for kind, text in lines)
    assert any(kind == "FAILED" and "code " in text for kind, text in lines)
    assert any(kind == "DONE" and re.match(r"3 tasks in .*: 2 succeeded, 1 failed", text) for kind, text in lines)
    assert ("DONE", "no unfinished task, in 0 s") in lines
