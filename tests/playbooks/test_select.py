# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting until nothing goes on, in a playbook. A thread moves the vendor's clock, so that no machine is too slow."""

from __future__ import annotations

import re
import threading
import time

ASTRA = "netapp_astra_control"
LINE = re.compile(r"(WAITING|DONE|FAILED): \[localhost\] (.*)")
GOOD, BAD = {"state": "completed"}, {"state": "failed", "code": "stateDetails/7"}


def a_task(number, seconds, end=None):
    return {
        "provider": ASTRA,
        "id": f"00000000-0000-4000-8000-00000000000{number}",
        "steps": [{"state": "running", "seconds": seconds}] if seconds else [],
        "end": end or GOOD,
    }


class Vendor(threading.Thread):
    """Launches one more task when the wait has looked, and ends all that goes on step by step."""

    def __init__(self):
        super().__init__(daemon=True)
        self.now = 0.0
        self.simulator = None

    def clock(self):
        return self.now

    def run(self):
        self._after_looks(3)
        self.simulator.add_tasks([a_task(4, 50)])
        self._after_looks(3)
        self.now = 10.0
        self._after_looks(3)
        self.now = 100.0

    def _after_looks(self, number):
        until = self.simulator.requests()["total"] + number
        while self.simulator.requests()["total"] < until:
            time.sleep(0.02)


def test_a_wait_until_nothing_goes_on(run_playbook, simulate):
    vendor = Vendor()
    vendor.simulator = simulate({"tasks": [a_task(1, 5), a_task(2, 6, BAD), a_task(3, 0)]}, clock=vendor.clock)
    vendor.start()
    run = run_playbook("select.yml", url=vendor.simulator.url)
    run.assert_clean()
    lines = [match.groups() for match in map(LINE.search, run.output.splitlines()) if match]
    assert ("WAITING", "2 running, 0 s") in lines
    assert any(kind == "WAITING" and text.startswith("3 running, ") for kind, text in lines)
    assert any(kind == "FAILED" and "code " in text for kind, text in lines)
    assert any(kind == "DONE" and re.match(r"3 tasks in .*: 2 succeeded, 1 failed", text) for kind, text in lines)
    assert ("DONE", "no unfinished task, in 0 s") in lines
