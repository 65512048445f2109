# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import yaml
from rulebook_engine import API_KEY, Engine

INSTALLED = Path(os.environ["LONGRUNNING_TESTS_COLLECTIONS"])
COLLECTION = INSTALLED / "ansible_collections" / "longrunning" / "tasks"
sys.path.insert(0, str(COLLECTION / "roles" / "task_simulator" / "files"))

from task_simulator import Simulator  # noqa: E402 - the path had to be set first


class HandClock:
    """Seconds that pass when the test says so, so that a busy machine changes nothing."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def simulate(clock):
    """Return a function that starts a simulator with tasks."""
    running = []

    def start(tasks, **scenario):
        credentials = {"rackspace_images": {"username": "demo", "api_key": API_KEY, "regions": ["DFW"]}}
        simulator = Simulator({"credentials": credentials, "tasks": tasks, **scenario}, clock=clock)
        running.append(simulator)
        simulator.start()
        return simulator

    yield start
    for simulator in running:
        simulator.stop()


@pytest.fixture
def engine(tmp_path):
    """Return a function that starts ansible-rulebook with a rulebook, a list or a name, and variables."""
    running = []
    inventory = tmp_path / "inventory.yml"
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    inventory.write_text(yaml.safe_dump({"all": {"hosts": {"localhost": local}}}), encoding="utf-8")

    def start(rulebook, *arguments, environment=None, **variables):
        if not isinstance(rulebook, str):
            path = tmp_path / "rulebook.yml"
            path.write_text(yaml.safe_dump(rulebook, sort_keys=False), encoding="utf-8")
            rulebook = str(path)
        given = tmp_path / "vars.yml"
        given.write_text(yaml.safe_dump(variables), encoding="utf-8")
        folder = Path(sys.executable).parent
        command = [folder / "ansible-rulebook", "--rulebook", rulebook, "-i", inventory, "--vars", given, *arguments]
        settings = {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(INSTALLED),
            "ANSIBLE_HOME": str(tmp_path / "ansible-home"),
            "PATH": os.pathsep.join([str(folder), os.environ["PATH"]]),
            **(environment or {}),
        }
        running.append(Engine([str(part) for part in command], tmp_path, settings))
        return running[-1]

    yield start
    for one in running:
        one.kill()
