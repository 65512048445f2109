# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Installs the collection from a git repository, with nothing but ansible-core, and runs its modules from there."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tooling import sources

NAME = Path("ansible_collections", "longrunning", "tasks")


@pytest.fixture
def repository(tmp_path):
    """Return a git repository with one commit: the files of the working tree."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed (Debian: apt-get install git)")
    tree = tmp_path / "repository"
    sources.copy(tree)
    somebody = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", "-c", "init.defaultBranch=main"]
    for command in (["init"], ["add", "--all"], ["commit", "--message", "All files"]):
        subprocess.run(["git", "-C", tree, *somebody, *command], check=True, capture_output=True)
    return tree


@pytest.mark.smoke
def test_install_from_git(run_playbook, simulate, repository, tmp_path):
    assert importlib.util.find_spec("distlib") is None, "a plain ansible-core has no distlib"
    installed = tmp_path / "installed"
    galaxy = Path(sys.executable).with_name("ansible-galaxy")
    subprocess.run(
        [galaxy, "collection", "install", f"git+file://{repository}", "-p", installed],
        check=True,
        env={**os.environ, "ANSIBLE_HOME": str(tmp_path / "home"), "ANSIBLE_COLLECTIONS_PATH": str(installed)},
    )

    # What the tarball has, and nothing else.
    def listed(collection):
        files = json.loads((collection / "FILES.json").read_text(encoding="utf-8"))["files"]
        return {entry["name"] for entry in files if entry["ftype"] == "file"}

    built = Path(os.environ["LONGRUNNING_TESTS_COLLECTIONS"])
    assert listed(installed / NAME) == listed(built / NAME)

    simulator = simulate("wait.scenario.yml")
    environment = {"ANSIBLE_COLLECTIONS_PATH": str(installed)}
    run_playbook("smoke.yml", url=simulator.url, environment=environment).assert_clean()
