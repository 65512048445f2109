# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A wait that is ended from outside leaves nothing behind: neither a process that polls on nor a session."""

from __future__ import annotations

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


def processes(folder, *, but=None):
    """Return the processes of a run in a folder: workers of ansible-playbook, and modules. ``but`` is the main one."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = process.joinpath("cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(folder) in line and process.name != str(but):
            found.append(process.name)
    return found


def parent(process):
    """Return the process that started this one."""
    # The name before it is in parentheses, and may hold anything.
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def until(condition, seconds):
    """Wait for a condition; return whether it came true in time."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


@pytest.fixture
def interrupted(run_playbook, simulate, tmp_path):
    """Return a function that sends a signal to a run that waits, and returns the run and how often it logged out."""
    # Where the tests run in the background or under nohup, all would ignore one of these.
    wanted = {signal.SIGINT: signal.default_int_handler, signal.SIGHUP: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in wanted.items()}

    def interrupted(send, number, *, in_process):
        simulator = simulate(SCENARIO)

        def interrupt(process):
            assert until(lambda: LOOK in simulator.requests()["by_path"], PATIENCE)
            assert processes(tmp_path, but=process.pid)
            send(process.pid, number)
            assert until(lambda: not processes(tmp_path, but=process.pid), PATIENCE)

        variables = {"url": simulator.url, "longrunning_tasks_in_process": in_process}
        run = run_playbook("interrupts.yml", meanwhile=interrupt, **variables)
        assert run.status != 0
        run.assert_keeps_secrets()
        return run, simulator.requests()["by_path"].get(LOGOUT)

    yield interrupted
    for number, handler in before.items():
        signal.signal(number, handler)


# What a terminal does on Ctrl-C and when it is closed, and what stops a job: the signal goes to the process group.
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("in_process", [True, False], ids=["worker", "module"])
def test_a_signal_to_the_playbook_ends_the_wait(interrupted, number, in_process):
    run, logouts = interrupted(os.killpg, number, in_process=in_process)
    assert logouts == 1
    assert "Traceback (most recent call last)" not in run.output


JOBS = {"tasks": [{"provider": "custom", "id": "endless", "steps": [{"state": "running"}]}]}
JOB, CANCEL = "GET /custom/v1/jobs/{id}", "POST /custom/v1/jobs/{id}/cancel"


# ansible-playbook passes its own SIGTERM on to nobody: a worker notices its end.
@pytest.mark.parametrize("way", [(os.killpg, signal.SIGINT), (os.kill, signal.SIGTERM)], ids=["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("in_process", [True, False], ids=["worker", "module"])
def test_an_interrupt_can_cancel_the_tasks(run_playbook, simulate, tmp_path, way, in_process):
    send, number = way
    simulator = simulate(JOBS)

    def interrupt(process):
        assert until(lambda: JOB in simulator.requests()["by_path"], PATIENCE)
        send(process.pid, number)
        assert until(lambda: not processes(tmp_path, but=process.pid), PATIENCE)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    variables = {"url": simulator.url, "longrunning_tasks_in_process": in_process}
    run = run_playbook("interrupts_cancel.yml", meanwhile=interrupt, **variables)
    signal.signal(signal.SIGINT, before)
    assert run.status != 0
    assert simulator.requests()["by_path"][CANCEL] == 1
    run.assert_keeps_secrets()


# ansible-runner ends a job, and so AWX does, with SIGKILL to the group. Others end the main process alone.
@pytest.mark.parametrize(
    ("send", "number"),
    [(os.killpg, signal.SIGKILL), (os.kill, signal.SIGKILL), (os.kill, signal.SIGTERM)],
    ids=["group-SIGKILL", "SIGKILL", "SIGTERM"],
)
@pytest.mark.parametrize("in_process", [True, False], ids=["worker", "module"])
def test_the_end_of_ansible_playbook_ends_the_wait(interrupted, send, number, in_process):
    _run, logouts = interrupted(send, number, in_process=in_process)
    # Older ansible-core has all in the same group: SIGKILL leaves it no time for anything.
    assert logouts == 1 or (send, number) == (os.killpg, signal.SIGKILL)


# As where a keyword "timeout" of the task is up, or a connection breaks: nobody sends the module anything.
def test_the_end_of_the_worker_leaves_no_module(run_playbook, simulate, tmp_path):
    simulator = simulate(SCENARIO)

    def kill(process):
        assert until(lambda: LOOK in simulator.requests()["by_path"], PATIENCE)
        (worker,) = (int(name) for name in processes(tmp_path, but=process.pid) if parent(name) == process.pid)
        os.kill(worker, signal.SIGKILL)
        assert until(lambda: not processes(tmp_path, but=process.pid), PATIENCE)

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
        assert until(lambda: LOOK in simulator.requests()["by_path"], 60)
        os.kill(process.pid, signal.SIGKILL)
        assert until(lambda: LOGOUT in simulator.requests()["by_path"], 20)

    connection = {
        "ansible_connection": "ssh",
        "ansible_ssh_executable": str(ssh),
        "ansible_pipelining": True,
        "ansible_python_interpreter": sys.executable,
    }
    run = run_playbook("interrupts.yml", url=simulator.url, meanwhile=kill, **connection)
    assert run.status != 0
    run.assert_keeps_secrets()
