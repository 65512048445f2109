# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ansible-rulebook as a process, and the login of its sources here."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import threading
import time

import pytest

API_KEY = "sEcReT-of-the-demo"
#: The source of all rulebooks here.
LOGIN = {"provider": "rackspace_images", "username": "demo", "api_key": API_KEY, "region": "DFW"}
#: A test that waits longer than this, in seconds, has failed. Java takes its time where many programs run.
PATIENCE = 240.0


class Engine:
    """A process of ansible-rulebook."""

    def __init__(self, command, folder, environment):
        self.lines = []
        self._new = queue.SimpleQueue()
        self._process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            self._new.put(line)
        self._new.put(None)

    @property
    def output(self):
        return "".join(self.lines)

    def told(self, word):
        """Return what the rules wrote behind a word of theirs."""
        return [line.split()[1] for line in self.lines if line.startswith(f"{word} ")]

    def until(self, is_enough):
        """Read what it writes until that is enough."""
        ends = time.monotonic() + PATIENCE
        while not is_enough(self):
            line = self._line(ends)
            assert line is not None, f"ansible-rulebook has ended:\n{self.output}"

    def end(self):
        """Wait until it has ended by itself, and return its status."""
        ends = time.monotonic() + PATIENCE
        while self._line(ends) is not None:
            pass
        return self._process.wait()

    def _line(self, ends):
        try:
            line = self._new.get(timeout=max(0.0, ends - time.monotonic()))
        except queue.Empty:
            pytest.fail(f"ansible-rulebook did not do in {PATIENCE:g} s what it should:\n{self.output}", pytrace=False)
        if line is not None:
            self.lines.append(line)
        return line

    def stop(self):
        """End it as a terminal does, and return its status."""
        self._process.send_signal(signal.SIGINT)
        return self.end()

    def kill(self):
        """End it as a machine that loses its power does."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join()
        self._process.stdout.close()
