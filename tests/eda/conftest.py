# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import yaml
from installed import COLLECTIONS
from rulebook_engine import API_KEY, Engine
from simulators import HandClock, simulators


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def simulate(clock):
    """Return a function that starts a simulator with tasks."""
    credentials = {"rackspace_images": {"username": "demo", "api_key": API_KEY, "regions": ["DFW"]}}
    with simulators(credentials, clock) as start:
        yield lambda tasks, **scenario: start({"tasks": tasks, **scenario})


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
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_HOME": str(tmp_path / "ansible-home"),
            "PATH": os.pathsep.join([str(folder), os.environ["PATH"]]),
            **(environment or {}),
        }
        running.append(Engine([str(part) for part in command], tmp_path, settings))
        return running[-1]

    yield start
    for one in running:
        one.kill()
