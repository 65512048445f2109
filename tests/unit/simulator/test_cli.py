# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program: foreground, background, stop, and what it says when something is wrong."""

from __future__ import annotations

import io
import json
import os
import signal
import stat
import subprocess
import sys
import time
import urllib.request
from dataclasses import replace

import pytest

from task_simulator import processes
from task_simulator.cli import main
from task_simulator.state import Running, StateError, StateFolder


@pytest.fixture
def environment(files):
    return {**os.environ, "PYTHONPATH": str(files), "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture
def run(environment):
    def start(*arguments, text=""):
        argv = [sys.executable, "-m", "task_simulator", *map(str, arguments)]
        return subprocess.run(
            argv, input=text, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    return start


@pytest.fixture
def call(monkeypatch, capsys):
    """Call the program without a process of its own, where it neither serves nor forks."""

    def start(*arguments, text=""):
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        code = main([str(argument) for argument in arguments])
        return code, capsys.readouterr()

    return start


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "state"
    yield folder
    main(["stop", "--state-dir", str(folder)])


def health(url):
    with urllib.request.urlopen(f"{url}/__simulator__/health", timeout=60) as answer:
        return json.load(answer)["status"]


def test_in_the_foreground_until_a_signal_comes(environment, folder):
    argv = [sys.executable, "-m", "task_simulator", "--state-dir", str(folder)]
    with subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        line = program.stdout.readline()
        url = line.removeprefix("Task simulator listens on ").strip()
        assert health(url) == "ok"
        left = json.loads((folder / "simulator.json").read_text())
        assert (left["url"], left["pid"]) == (url, program.pid)
        assert stat.S_IMODE((folder / "simulator.json").stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=60) == 0
        assert program.stderr.read() == ""
    assert list(folder.iterdir()) == []


def test_the_whole_life_in_the_background(run, call, folder):
    scenario = "tasks: [{provider: rackspace_images, id: x}]"
    start = ("--daemonize", "--state-dir", folder, "--scenario", "-", "--json")

    def outcome(*arguments, text=""):
        return json.loads(call(*arguments, text=text)[1].out)

    assert outcome(*start, "--check", text=scenario) == {"outcome": "would_start", "url": None, "pid": None}
    assert not folder.exists()

    first = json.loads(run(*start, text=scenario).stdout)
    assert first["outcome"] == "started"
    assert health(first["url"]) == "ok"
    assert outcome(*start, text=scenario) == {**first, "outcome": "running"}
    assert outcome("status", "--state-dir", folder, "--json") == {**first, "outcome": "running"}

    assert outcome(*start, "--check") == {**first, "outcome": "would_restart"}
    second = json.loads(run(*start).stdout)
    assert second["outcome"] == "restarted"
    assert second["pid"] != first["pid"]
    assert processes.find(first["pid"]) is None
    assert health(second["url"]) == "ok"

    assert call("stop", "--state-dir", folder)[1].out == "Task simulator has ended\n"
    assert processes.find(second["pid"]) is None
    assert not folder.exists()
    assert call("stop", "--state-dir", folder)[1].out == "No task simulator runs\n"
    assert call("status", "--state-dir", folder)[0] == 1


def test_what_a_killed_one_left_is_no_hindrance(run, folder):
    start = ("--daemonize", "--state-dir", folder, "--json", "--verbose")
    first = json.loads(run(*start).stdout)
    os.kill(first["pid"], signal.SIGKILL)
    while processes.find(first["pid"]) is not None:
        time.sleep(0.01)
    second = json.loads(run(*start).stdout)
    assert (second["outcome"], health(second["url"])) == ("started", "ok")
    assert stat.S_IMODE((folder / "simulator.log").stat().st_mode) == 0o600


def test_only_one_per_folder(run, call, folder):
    url = json.loads(run("--daemonize", "--state-dir", folder, "--json").stdout)["url"]
    code, said = call("--state-dir", folder)
    assert (code, url in said.err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "text", "code", "error"),
    [
        (("--scenario", "-"), "tasks: [{}]", 2, "task_simulator: tasks[0].provider is required"),
        (("--scenario", "-"), "a: [", 2, "task_simulator: the scenario is not YAML: "),
        (("--scenario", "/nowhere.yml"), "", 2, "task_simulator: cannot read /nowhere.yml: No such file or directory"),
        (("--daemonize",), "", 2, "task_simulator: --daemonize needs --state-dir"),
        (("--check",), "", 2, "task_simulator: --check needs --daemonize"),
        (("--port", "70000"), "", 2, "task_simulator: --port must be from 0 to 65535"),
        (("--tls-key", "x"), "", 2, "task_simulator: --tls-key needs --tls-certificate"),
        (("--tls-certificate", "/nowhere.pem"), "", 1, "task_simulator: cannot use the certificate /nowhere.pem"),
        (("--host", "192.0.2.1"), "", 1, "task_simulator: cannot listen on 192.0.2.1 port 0: "),
    ],
)
def test_errors_are_one_line(call, monkeypatch, *, arguments, text, code, error):
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)
    ended, said = call(*arguments, text=text)
    assert (ended, said.out) == (code, "")
    assert said.err.startswith(error)
    assert said.err.count("\n") == 1


def test_errors_of_the_background_come_to_the_front(run, folder):
    ended = run("--daemonize", "--state-dir", folder, "--host", "192.0.2.1")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("task_simulator: cannot listen on 192.0.2.1 port 0: ")


class TestState:
    def test_a_folder_that_others_can_read_is_refused(self, tmp_path):
        tmp_path.chmod(0o755)
        with pytest.raises(StateError, match="open to other users"):
            StateFolder(str(tmp_path)).make()

    # Root's own sees a forged folder so: its user is another one.
    @pytest.mark.kind
    @pytest.mark.parametrize("forged", ["folder", "file", "link"])
    def test_nobody_elses_word_ends_a_process(self, call, tmp_path, monkeypatch, forged):
        folder = tmp_path / "state"
        script = tmp_path / "task_simulator.py"
        script.write_text("print('x', flush=True)\nimport time; time.sleep(60)\n")
        with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE) as victim:
            assert victim.stdout.read(1)
            folder.mkdir(mode=0o700)
            StateFolder(str(folder)).write(Running(victim.pid, "http://x", processes.find(victim.pid).started, ""))
            if forged == "link":
                folder.rename(tmp_path / "elsewhere")
                folder.symlink_to(tmp_path / "elsewhere")
            mine = os.geteuid()
            if forged == "folder":
                monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
            elif forged == "file":
                monkeypatch.setattr(StateFolder, "_check", lambda _self: None)
                monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
            code, said = call("stop", "--state-dir", folder)
            monkeypatch.undo()
            assert (code, said.out, victim.poll()) == (1, "", None)
            assert said.err.strip().endswith("is not a folder" if forged == "link" else "belongs to another user")
            victim.kill()

    def test_a_file_is_no_folder(self, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(StateError, match="is not a folder"):
            StateFolder(str(tmp_path / "file")).make()

    @pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pid": 1, "url": "", "started": "", "fingerprint": ""}'])
    def test_a_file_that_cannot_be_read_is_told(self, tmp_path, text):
        (tmp_path / "simulator.json").write_text(text)
        with pytest.raises(StateError, match="remove it if no simulator runs"):
            StateFolder(str(tmp_path)).read()

    def test_files_of_others_stay(self, tmp_path):
        (tmp_path / "mine").touch()
        (tmp_path / "simulator.log").touch()
        assert StateFolder(str(tmp_path)).remove()
        assert [path.name for path in tmp_path.iterdir()] == ["mine"]


class TestProcesses:
    @pytest.fixture
    def bystander(self):
        argv = [sys.executable, "-c", "import time; time.sleep(60)"]
        with subprocess.Popen(argv) as process:
            yield process
            process.kill()

    def test_a_reused_pid_is_never_touched(self, bystander, tmp_path):
        found = processes.find(bystander.pid)
        assert found is not None
        # Another start time, and the right start time but another command line.
        for started in ("long/ago", found.started):
            state = StateFolder(str(tmp_path))
            state.write(Running(bystander.pid, "http://x", started, ""))
            assert state.alive() is None
            assert processes.end(bystander.pid, started) is False
        assert bystander.poll() is None

    def test_who_does_not_listen_is_killed(self, tmp_path):
        script = tmp_path / "task_simulator.py"
        script.write_text(
            "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nprint('x', flush=True)\ntime.sleep(60)\n"
        )
        with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE) as process:
            assert process.stdout.read(1)
            found = processes.find(process.pid)
            assert found is not None
            assert processes.end(process.pid, found.started, patience=0.1)
            assert process.wait() == -signal.SIGKILL

    # An ending process loses its command line before it is gone; the next one may then find its port taken.
    def test_the_end_is_waited_for_to_the_last(self, bystander, monkeypatch):
        lives = processes.Process(bystander.pid, "now", "python -m task_simulator")
        seen = [lives, replace(lives, command=""), replace(lives, command=""), None]
        monkeypatch.setattr(processes, "find", lambda _pid: seen.pop(0))
        assert processes.end(bystander.pid, "now")
        assert seen == []

    def test_without_proc_ps_knows_the_same(self, bystander):
        found = processes._find_by_ps(bystander.pid)
        if found is None:
            pytest.skip("needs the ps program")
        assert "time.sleep" in found.command
        assert found == processes._find_by_ps(bystander.pid)
        bystander.kill()
        bystander.wait()
        assert processes._find_by_ps(bystander.pid) is None

    def test_nobody(self):
        assert processes.find(2**22 + 1) is None
        assert processes.end(2**22 + 1, "x") is False
