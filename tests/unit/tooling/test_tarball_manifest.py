# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
GALAXY = yaml.safe_load((ROOT / "galaxy.yml").read_text())

#: What lies in a working tree and must not ship. That all else ships, and nothing that no pattern names, is looked at
#: in the session tarball, which has a clean tree.
KEPT_BACK = [
    ".ansible/collections/ansible_collections/other/thing/plugins/modules/some.py",
    ".build/dist/longrunning-tasks-1.0.0.tar.gz",
    ".ci/run",
    ".github/workflows/ci.yml",
    ".gitignore",
    ".nox/unit/bin/python",
    ".venv/bin/nox",
    ".yamllint",
    "Makefile",
    "REUSE.toml",
    "changelogs/.plugin-cache.yaml",
    "changelogs/config.yaml",
    "changelogs/fragments/first.yml",
    "extensions/molecule/config.yml",
    "extensions/molecule/task_wait/converge.yml",
    "noxfile.py",
    "playbooks/.ansible/collections.yml",
    "plugins/module_utils/__pycache__/_task.cpython-312.pyc",
    "plugins/modules/.task_wait.py.swp",
    "plugins/modules/task_wait.py.orig",
    "plugins/modules/task_wait.py~",
    "pyproject.toml",
    "roles/task_simulator/files/task_simulator/__pycache__/__main__.cpython-312.pyc",
    "tests/config.yml",
    "tests/unit/golden/README.md",
    "tests/unit/golden/dbvisit_standby/login.yml",
    "tests/unit/tooling/test_tarball_manifest.py",
]


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """What `ansible-galaxy collection build` takes from a tree."""
    tree, dist = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("dist")
    for name in ["README.md", *KEPT_BACK]:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).touch()
    shutil.copy(ROOT / "galaxy.yml", tree)
    galaxy = Path(sys.executable).with_name("ansible-galaxy")
    subprocess.run([galaxy, "collection", "build", tree, "--output-path", dist], check=True, capture_output=True)
    (tarball,) = dist.iterdir()
    with tarfile.open(tarball) as opened:
        return {member.name for member in opened.getmembers() if member.isfile()}


def test_what_is_kept_back(released):
    assert released == {"FILES.json", "MANIFEST.json", "README.md"}


def test_distlib_is_not_needed():
    assert "manifest" not in GALAXY, "a manifest needs distlib, for an installation from git too"


def test_the_licence_is_there_twice_and_the_same():
    assert (ROOT / "COPYING").read_text() == (ROOT / "LICENSES" / "GPL-3.0-or-later.txt").read_text()


def test_every_module_is_in_the_action_group():
    modules = {path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")}
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())
    assert modules <= set(runtime["action_groups"]["tasks"])


def test_everything_is_tried_by_a_reviewers_tools():
    tried = {path.name for path in (ROOT / "tests" / "integration" / "targets").iterdir()}
    assert {path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")} <= tried
    assert {f"lookup_{path.stem}" for path in (ROOT / "plugins" / "lookup").glob("*.py")} <= tried
    scenarios = {path.parent.name for path in (ROOT / "extensions" / "molecule").glob("*/molecule.yml")}
    assert {path.name for path in (ROOT / "roles").iterdir()} <= scenarios


@pytest.mark.parametrize("tests", ["unit", "integration"])
def test_the_requirements_of_tests_hold_those_of_the_collection(tests):
    own, theirs = (
        {line for line in path.read_text().splitlines() if line and not line.startswith("#")}
        for path in (ROOT / "requirements.txt", ROOT / "tests" / tests / "requirements.txt")
    )
    assert own <= theirs
    assert not [line for line in theirs if line.startswith("-")], "ansible-test reads a copy of it in another folder"
