# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A wait that is ended from outside leaves nothing behind: neither a process that polls on nor a session."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

import pytest

SCENARIO = {"tasks": [{"provider": "vmware_live_site_recovery", "id": "endless", "steps": [{"state": "RUNNING"}]}]}
#: Seconds for what takes less than one where nothing else runs. The task is waited for for an hour.
PATIENCE = 120
LOOK, LOGOUT = "GET /api/rest/configure/v2/tasks/{id}", "DELETE /api/rest/configure/v2/session"


def states():
    """Return the state and the parent of all processes."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            # The name before these is in parentheses, and may hold anything.
            state, parent = (process / "stat").read_text(errors="replace").rpartition(")")[2].split()[:2]
            found[int(process.name)] = (state, int(parent))
    return found


def family(process):
    """Return the processes that this one has started, and theirs: a worker, and the module where it has one."""
    parents = {number: parent for number, (_state, parent) in states().items()}
    found = {process}
    while more := {number for number, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {process}


def are_gone(processes):
    """Whether none of these processes runs any more. A zombie waits for somebody to take note of its end."""
    running = {number for number, (state, _parent) in states().items() if state != "Z"}
    return not running & processes


def until(condition, seconds):
    """Wait for a condition; return whether it came true in time."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


@pytest.fixture(params=[True, False], ids=["worker", "module"])
def edge(request):
    """Where the work is done."""
    return {"longrunning_tasks_in_process": request.param}


# What a terminal does on Ctrl-C, and what stops a job: the signal goes to all processes of the group.
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_playbook_ends_the_wait(run_playbook, simulate, edge, number):
    simulator = simulate(SCENARIO)

    def interrupt(process):
        assert until(lambda: LOOK in simulator.requests()["by_path"], PATIENCE)
        waiting = family(process.pid)
        os.killpg(process.pid, number)
        assert until(lambda: are_gone(waiting), PATIENCE)

    run = run_playbook("interrupts.yml", url=simulator.url, meanwhile=interrupt, **edge)
    assert run.status != 0
    assert simulator.requests()["by_path"][LOGOUT] == 1
    assert "Traceback (most recent call last)" not in run.output
    run.assert_keeps_secrets()


# ansible-runner ends a job, and so AWX does, with SIGKILL to the group. Others end the main process alone.
@pytest.mark.parametrize(
    ("send", "number"),
    [(os.killpg, signal.SIGKILL), (os.kill, signal.SIGKILL), (os.kill, signal.SIGTERM)],
    ids=["group-SIGKILL", "SIGKILL", "SIGTERM"],
)
def test_the_end_of_ansible_playbook_ends_the_wait(run_playbook, simulate, edge, send, number):
    simulator = simulate(SCENARIO)

    def end(process):
        assert until(lambda: LOOK in simulator.requests()["by_path"], PATIENCE)
        waiting = family(process.pid)
        send(process.pid, number)
        assert until(lambda: are_gone(waiting), PATIENCE)

    run = run_playbook("interrupts.yml", url=simulator.url, meanwhile=end, **edge)
    assert run.status != 0
    # Older ansible-core has all of it in the same group: SIGKILL leaves it no time for anything.
    assert simulator.requests()["by_path"].get(LOGOUT) == 1 or (send, number) == (os.killpg, signal.SIGKILL)
    run.assert_keeps_secrets()


# As where a keyword "timeout" of the task is up, or a connection breaks: nobody sends the module anything.
def test_the_end_of_the_worker_leaves_no_module(run_playbook, simulate):
    simulator = simulate(SCENARIO)

    def kill(process):
        assert until(lambda: LOOK in simulator.requests()["by_path"], PATIENCE)
        waiting = family(process.pid)
        (worker,) = (number for number in waiting if states()[number][1] == process.pid)
        os.kill(worker, signal.SIGKILL)
        assert until(lambda: are_gone(waiting), PATIENCE)

    run = run_playbook("interrupts.yml", url=simulator.url, meanwhile=kill, longrunning_tasks_in_process=False)
    assert run.status != 0
    assert simulator.requests()["by_path"][LOGOUT] == 1
    run.assert_keeps_secrets()


# The client of ssh would go on, and with it the module at its other end, which nobody sends anything.
def test_the_end_of_ansible_playbook_ends_a_module_at_the_other_end_of_ssh(run_playbook, simulate, tmp_path):
    simulator = simulate(SCENARIO)
    ssh = tmp_path / "ssh"
    ssh.write_text(f'#!/bin/sh\nexec {sys.executable} {Path(__file__).parent}/plays/ssh.py "$@"\n', encoding="utf-8")
    ssh.chmod(0o700)

    def kill(process):
        assert until(lambda: LOOK in simulator.requests()["by_path"], PATIENCE)
        os.kill(process.pid, signal.SIGKILL)
        assert until(lambda: LOGOUT in simulator.requests()["by_path"], PATIENCE)

    connection = {
        "ansible_connection": "ssh",
        "ansible_ssh_executable": str(ssh),
        "ansible_pipelining": True,
        "ansible_python_interpreter": sys.executable,
    }
    run = run_playbook("interrupts.yml", url=simulator.url, meanwhile=kill, **connection)
    assert run.status != 0
    run.assert_keeps_secrets()
