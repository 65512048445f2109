# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import yaml
from distlib.manifest import Manifest

ROOT = Path(__file__).resolve().parents[3]
GALAXY = yaml.safe_load((ROOT / "galaxy.yml").read_text())

SHIPPED = [
    ".ansible-lint",
    "COPYING",
    "LICENSES/GPL-3.0-or-later.txt",
    "README.md",
    "changelogs/changelog.yaml",
    "docs/guide.md",
    "extensions/eda/plugins/event_source/task_events.py",
    "extensions/eda/rulebooks/awx_approval.yml",
    "meta/ee-requirements.txt",
    "meta/execution-environment.yml",
    "meta/runtime.yml",
    "playbooks/demo.yml",
    "playbooks/files/awx/execution-environment.yml",
    "playbooks/vars/awx/credential_types.yml",
    "plugins/doc_fragments/options.py",
    "plugins/module_utils/_module/runner.py",
    "plugins/modules/task_wait.py",
    "requirements.txt",
    "roles/task_simulator/files/task_simulator/__main__.py",
    "roles/task_simulator/meta/argument_specs.yml",
    "roles/task_simulator/tasks/main.yml",
]
KEPT_BACK = [
    ".ci/run",
    ".gitignore",
    ".yamllint",
    "Makefile",
    "changelogs/config.yaml",
    "changelogs/fragments/0.1.0.yml",
    "extensions/molecule/config.yml",
    "extensions/molecule/task_wait/converge.yml",
    "galaxy.yml",
    "noxfile.py",
    "playbooks/.ansible/collections.yml",
    "plugins/module_utils/__pycache__/_task.cpython-312.pyc",
    "plugins/modules/task_wait.py.orig",
    "pyproject.toml",
    "roles/task_simulator/files/task_simulator/__pycache__/__main__.cpython-312.pyc",
    "tests/config.yml",
    "tests/unit/golden/README.md",
    "tests/unit/golden/dbvisit_standby/login.yml",
    "tests/unit/tooling/test_tarball_manifest.py",
]


@pytest.fixture
def released(tmp_path):
    """What the directives of galaxy.yml choose from a tree, found by the library that ansible-galaxy uses."""
    for name in SHIPPED + KEPT_BACK:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    manifest = Manifest(tmp_path)
    for directive in GALAXY["manifest"]["directives"]:
        manifest.process_directive(directive)
    return {Path(path).relative_to(tmp_path).as_posix() for path in manifest.files}


def test_what_ships(released):
    assert released == set(SHIPPED)


def test_nothing_ships_by_default():
    assert GALAXY["manifest"]["omit_default_directives"] is True
    assert "build_ignore" not in GALAXY, "ansible-galaxy accepts only one of manifest and build_ignore"


def test_grafted_folders_exist(caplog):
    caplog.set_level(logging.WARNING)
    grafted = [words[1] for words in map(str.split, GALAXY["manifest"]["directives"]) if words[0] == "graft"]
    assert {"plugins", "roles", "playbooks", "meta", "docs", "LICENSES", "extensions/eda"} == set(grafted)


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
