# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answers of docs/docsite/rst/checklists.rst that can be looked up."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ansible_collections.longrunning.tasks.tests.tooling import interpreters, sources

ROOT = Path(__file__).resolve().parents[3]
GUIDES = ROOT / "docs" / "docsite" / "rst"
CHECKLISTS = (GUIDES / "checklists.rst").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
GALAXY = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
REQUIRES = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["requires_ansible"]
MODULES = sorted((ROOT / "plugins" / "modules").glob("*.py"))
EACH_MODULE = pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
#: Those that change nothing at a vendor.
READING = {"task_info", "task_list", "task_wait"}
#: What the collection requirements allow below plugins/, besides data.
PLUGIN_TYPES = {
    *("action", "become", "cache", "callback", "cliconf", "connection", "doc_fragments", "filter", "httpapi"),
    *("inventory", "lookup", "module_utils", "modules", "netconf", "plugin_utils", "shell", "strategy", "terminal"),
    *("test", "vars"),
}
#: Galaxy's own limit for the tarball is 20 MB.
LARGEST = 1_000_000


def constants(path):
    """Return the texts that a plugin assigns to names such as DOCUMENTATION."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.targets[0].id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    }


def documentation(path):
    return yaml.safe_load(constants(path)["DOCUMENTATION"])


def test_every_check_that_is_named_exists():
    named = set(re.findall(r"``(test_\w+)``", CHECKLISTS))
    here = set(re.findall(r"(?m)^def (test_\w+)", Path(__file__).read_text(encoding="utf-8")))
    assert named
    assert named == here - {"test_every_check_that_is_named_exists", "test_every_session_that_is_named_exists"} - {
        "test_the_table_of_cores"
    }


def test_every_session_that_is_named_exists():
    # The last cell of each row, where nothing but a test or a session is in such quotes.
    rows = re.findall(r"(?m)^     - (.*)(?=\n   \* -|\n\n|\Z)", CHECKLISTS)
    named = {name for row in rows for name in re.findall(r"``([a-z_0-9.-]+)``", row) if not name.startswith("test_")}
    testing = (ROOT / "TESTING.md").read_text(encoding="utf-8")
    assert {"importer", "lint"} <= named
    assert [name for name in named if f"`{name}`" not in testing] == []


def test_the_version_is_a_release():
    assert re.fullmatch(r"[1-9]\d*\.\d+\.\d+", GALAXY["version"])


def test_the_changelog_has_the_version():
    released = yaml.safe_load((ROOT / "changelogs" / "changelog.yaml").read_text(encoding="utf-8"))["releases"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", released[GALAXY["version"]]["release_date"])
    assert f"\nv{GALAXY['version']}\n===" in (ROOT / "CHANGELOG.rst").read_text(encoding="utf-8")


def test_documents_are_there():
    for name in ("CODE_OF_CONDUCT.md", "SECURITY.md", "MAINTAINERS.md", "CONTRIBUTING.md", "AGENTS.md"):
        assert (ROOT / name).is_file()
    assert "docs.ansible.com/ansible/latest/community/code_of_conduct" in (ROOT / "CODE_OF_CONDUCT.md").read_text()
    support = (GUIDES / "support.rst").read_text(encoding="utf-8")
    assert "semantic versioning" in support
    assert "deprecated" in support


def test_the_table_of_cores():
    support = (GUIDES / "support.rst").read_text(encoding="utf-8")
    told = re.findall(r"(?m)^   \* - (2\.\d+)\n     - (3\.\d+) to (3\.\d+)$", support)
    known = {**interpreters.CORES, **interpreters.NEXT_CORES}
    assert told == [(core, *map(interpreters.dotted, pythons)) for core, pythons in known.items()]


def test_galaxy_yml_is_complete():
    assert {"namespace", "name", "version", "readme", "authors", "description", "license", "tags"} <= set(GALAXY)
    assert GALAXY["dependencies"] == {}
    missing = {"repository", "documentation", "homepage", "issues"} - set(GALAXY)
    # What is not there is said to be not there.
    assert [name for name in missing if f"``{name}``" not in CHECKLISTS] == []


def test_the_oldest_ansible_is_the_one_that_is_tested():
    assert f">={next(iter(interpreters.CORES))}.0" == REQUIRES


@EACH_MODULE
def test_every_module_supports_check_mode(path):
    text = path.read_text(encoding="utf-8")
    assert "longrunning.tasks.attributes" in text
    fragment = yaml.safe_load(constants_of_fragment("attributes")["DOCUMENTATION"])
    assert fragment["attributes"]["check_mode"]["support"] == "full"
    own = documentation(path).get("attributes", {}).get("check_mode", {})
    assert own.get("support", "full") == "full"


def constants_of_fragment(name):
    tree = ast.parse((ROOT / "plugins" / "doc_fragments" / f"{name}.py").read_text(encoding="utf-8"))
    (fragment,) = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    return {
        node.targets[0].id: node.value.value
        for node in fragment.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    }


@EACH_MODULE
def test_no_module_has_a_state_option(path):
    assert "state" not in documentation(path).get("options", {})


def test_reading_modules_behave_as_info_modules():
    reading = [path for path in MODULES if path.stem in READING]
    assert {path.stem for path in reading} == READING
    for path in reading:
        returned = yaml.safe_load(constants(path)["RETURN"])
        assert "ansible_facts" not in returned
        assert "changed" not in returned
        assert "diff" not in returned
    assert "Why is the module called task_list" in (GUIDES / "faq.rst").read_text(encoding="utf-8")


@EACH_MODULE
def test_version_added(path):
    assert re.fullmatch(r"\d+\.\d+\.\d+", str(documentation(path)["version_added"]))


@pytest.mark.parametrize("path", sorted((ROOT / "roles").iterdir()), ids=lambda path: path.name)
def test_version_added_of_roles(path):
    specs = yaml.safe_load((path / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", specs["main"]["version_added"])


def test_the_python_is_documented():
    assert "Python 3.9 or newer" in README
    requirements = yaml.safe_load(constants_of_fragment("connection")["DOCUMENTATION"])["requirements"]
    assert "python >= 3.9" in requirements


def test_only_allowed_plugin_types():
    assert {path.name for path in (ROOT / "plugins").iterdir() if path.is_dir()} - {"__pycache__"} <= PLUGIN_TYPES


def test_no_file_is_large():
    assert [path for path in sources.files(ROOT) if (ROOT / path).stat().st_size > LARGEST] == []


def test_no_sanity_error_is_ignored():
    assert [path for path in sources.files(ROOT) if path.name.startswith("ignore-")] == []


def test_ci_runs_for_pull_requests_and_every_week():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    assert {"pull_request", "push", "schedule"} <= set(workflow["on"])
    assert len(workflow["on"]["schedule"]) == 1
    steps = workflow["jobs"]["test"]["steps"]
    assert ".ci/run" in [step.get("run") for step in steps]


def test_the_readme_has_the_sections():
    assert {"Install", "Support", "Release notes", "Licence"} <= set(re.findall(r"(?m)^## (.+)$", README))


def test_nothing_else_is_needed(tmp_path):
    """Run a module and the lookup from a copy that has only the folders that plugins may use."""
    tree = tmp_path / "ansible_collections" / "longrunning" / "tasks"
    for folder in ("meta", "plugins", "roles", "playbooks"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "galaxy.yml", tree)
    arguments = {"provider": "rackspace_images", "region": "DFW", "task_id": "x"}
    done = subprocess.run(
        [
            Path(sys.executable).with_name("ansible"),
            *("localhost", "-m", "longrunning.tasks.task_info", "-a", json.dumps(arguments)),
        ],
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "RACKSPACE_"))},
            "ANSIBLE_COLLECTIONS_PATH": str(tmp_path),
            "ANSIBLE_HOME": str(tmp_path / "home"),
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        },
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert "provider rackspace_images cannot log in" in done.stdout + done.stderr
