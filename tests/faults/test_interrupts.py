# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signals to real processes of task_wait: each ends at once, its session closed, without a traceback.

tests/playbooks has the same with ansible-playbook in between.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from ansible_collections.longrunning.tasks.tests.unit.support.vendors import CANCEL_PATHS, CANCELLERS, MARK, VENDORS, at
from task_simulator import Simulator

MODULE = "ansible_collections.longrunning.tasks.plugins.modules.task_wait"
VENDOR = VENDORS["vmware_live_site_recovery"]
SESSION, TASKS = "/api/rest/configure/v2/session", "/api/rest/configure/v2/tasks"
SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda each: each.name)
#: Longer than anything here may last, on the slowest machine.
HANGING = {"kind": "slow", "seconds": 600}
PATIENCE = 120


class Process:
    """A process of the module, which waits for tasks of a simulator."""

    def __init__(self, stack, *faults, tasks=("endless",), appears_after=0, vendor=VENDOR, **options):
        scenario = {
            "credentials": {vendor.name: vendor.credentials},
            "tasks": [
                {
                    "provider": vendor.name,
                    "id": task_id,
                    "steps": [{"state": vendor.running}],
                    "appears_after": appears_after,
                }
                for task_id in tasks
            ],
            "faults": list(faults),
        }
        self.simulator = stack.enter_context(Simulator(scenario))
        params = {
            "provider": vendor.name,
            **at(self.simulator.url, vendor.login),
            "task_ids": list(tasks),
            "not_found": "wait",
            **options,
        }
        self.process = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-m", MODULE],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, "NO_PROXY": "127.0.0.1"},
                text=True,
            )
        )
        stack.callback(self.process.kill)
        self.process.stdin.write(json.dumps({"ANSIBLE_MODULE_ARGS": params}))
        self.process.stdin.close()
        self.process.stdin = None

    def wait_for(self, template, number=1):
        """Return when so many requests of a kind came, and the process has had time to go on."""
        until = time.monotonic() + PATIENCE
        while self.count(template) < number:
            assert time.monotonic() < until, self.simulator.requests()
            time.sleep(0.01)
        time.sleep(0.1)

    def count(self, template):
        return self.simulator.requests()["by_path"].get(template, 0)

    def interrupt(self, *numbers):
        """Send signals; return the result, after making sure that it came in good order."""
        for number in numbers:
            self.process.send_signal(number)
            time.sleep(0.02)
        output, errors = self.process.communicate(timeout=PATIENCE)
        assert (self.process.returncode, errors) == (1, "")
        assert MARK not in output
        result = json.loads(output)
        assert (result["failed"], result["outcome"], result["reason"]) == (True, "interrupted", "interrupted")
        assert f"Interrupted by the signal {numbers[0].name}" in result["msg"]
        return result

    def assert_logged_out(self):
        assert self.count(f"DELETE {SESSION}") == self.count(f"POST {SESSION}") == 1
        assert not list(self.simulator.face(SESSION).sessions)


@pytest.fixture
def start():
    # nohup, or a shell that starts the tests in the background, has them and all that they start ignore these.
    usual = {signal.SIGHUP: signal.SIG_DFL, signal.SIGINT: signal.default_int_handler}
    with contextlib.ExitStack() as stack:
        for number, heard in usual.items():
            stack.callback(signal.signal, number, signal.signal(number, heard))
        yield lambda *faults, **more: Process(stack, *faults, **more)


@SIGNALS
def test_while_it_sleeps(start, number):
    here = start()
    here.wait_for(f"GET {TASKS}/{{id}}")
    result = here.interrupt(number)
    assert (result["task"]["state"], result["pending_task_ids"], result["polls"]) == ("running", ["endless"], 1)
    here.assert_logged_out()


@SIGNALS
def test_while_a_request_hangs(start, number):
    here = start({**HANGING, "path": TASKS})
    here.wait_for(f"GET {TASKS}/{{id}}")
    assert here.interrupt(number)["task"]["state"] == "unknown"
    here.assert_logged_out()


def test_while_requests_hang_side_by_side(start):
    tasks = [f"late-{index}" for index in range(20)]
    here = start({**HANGING, "path": f"{TASKS}/"}, tasks=tasks, appears_after=1000)
    here.wait_for(f"GET {TASKS}/{{id}}", 8)
    assert here.interrupt(signal.SIGHUP)["counts"]["unknown"] == 20
    here.assert_logged_out()


def test_while_the_login_hangs(start):
    here = start({**HANGING, "path": SESSION})
    here.wait_for(f"POST {SESSION}")
    here.interrupt(signal.SIGTERM)
    # It has got no session to end.
    assert here.count(f"DELETE {SESSION}") == 0


def test_while_everything_hangs(start):
    here = start({**HANGING, "path": TASKS}, {**HANGING, "method": "DELETE"})
    here.wait_for(f"GET {TASKS}/{{id}}")
    here.interrupt(signal.SIGTERM)
    assert here.count(f"DELETE {SESSION}") == 1


def test_a_second_signal_changes_nothing(start):
    here = start({**HANGING, "method": "DELETE"})
    here.wait_for(f"GET {TASKS}/{{id}}")
    here.interrupt(signal.SIGTERM, signal.SIGINT, signal.SIGTERM)


def test_nobody_is_left_to_read_the_result(start):
    here = start()
    here.wait_for(f"GET {TASKS}/{{id}}")
    here.process.stdout.close()
    here.process.wait(PATIENCE)
    here.assert_logged_out()


# --- on_interrupt: cancel ---------------------------------------------------------------------------------------

EACH = pytest.mark.parametrize("vendor", CANCELLERS.values(), ids=CANCELLERS)


def outcomes(result):
    return [cancel["outcome"] for cancel in result["cancels"]]


@EACH
@SIGNALS
def test_the_tasks_are_cancelled(start, vendor, number):
    here = start(vendor=vendor, on_interrupt="cancel")
    here.wait_for(vendor.single_request)
    result = here.interrupt(number)
    assert (outcomes(result), result["changed"], here.count(vendor.cancel_request)) == (["sent"], True, 1)
    assert here.count(vendor.logout_request) == (0 if vendor.logout_request is None else 1)


def test_many_are_cancelled_side_by_side(start):
    vendor = CANCELLERS["custom"]
    here = start(vendor=vendor, tasks=[f"job-{number}" for number in range(20)], on_interrupt="cancel")
    here.wait_for(vendor.list_request)
    assert outcomes(here.interrupt(signal.SIGTERM)) == ["sent"] * 20
    assert here.count(vendor.cancel_request) == 20


@EACH
def test_a_cancel_that_hangs_is_told_and_does_not_hold_up_the_end(start, vendor):
    here = start({**HANGING, "path": CANCEL_PATHS}, vendor=vendor, on_interrupt="cancel")
    here.wait_for(vendor.single_request)
    result = here.interrupt(signal.SIGTERM)
    assert (outcomes(result), here.count(vendor.cancel_request)) == (["unclear"], 1)
    assert "It is not clear whether the cancel of" in result["msg"]


def test_what_hangs_before_a_cancel_is_told(start):
    vendor = CANCELLERS["vmware_live_site_recovery"]
    here = start({**HANGING, "path": "*/pairings*"}, vendor=vendor, on_interrupt="cancel")
    here.wait_for(vendor.single_request)
    result = here.interrupt(signal.SIGTERM)
    # It was begun, and nothing that changes anything was sent.
    assert outcomes(result)[0] in ("unclear", "not_sent")
    assert here.count(vendor.cancel_request) == 0


def test_the_tasks_are_left_alone_unasked(start):
    vendor = CANCELLERS["custom"]
    here = start(vendor=vendor)
    here.wait_for(vendor.single_request)
    assert (here.interrupt(signal.SIGTERM)["cancels"], here.count(vendor.cancel_request)) == ([], 0)
