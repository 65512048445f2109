# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-builder takes the definitions, and finds what the installed collection needs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from installed import COLLECTION, COLLECTIONS

ROOT = Path(__file__).parents[2]
FROM_GALAXY = (COLLECTION / "playbooks" / "files" / "awx" / "execution-environment.yml").read_text(encoding="utf-8")
(FROM_GIT,) = re.findall(r"(?s)```yaml\n(version: 3\n.*?)```", (COLLECTION / "README.md").read_text(encoding="utf-8"))


def builder(*arguments, cwd):
    command = [Path(sys.executable).with_name("ansible-builder"), *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def wanted(text):
    """Return the requirements of a file, those in its comments too."""
    return set(re.findall(r"(?m)^[# ]*([a-z0-9]+[><=]\S+)", text))


@pytest.mark.parametrize("text", [FROM_GALAXY, FROM_GIT], ids=["from Galaxy", "from git, as in the README"])
def test_create_writes_a_build_context_with_the_collection(tmp_path, text):
    (tmp_path / "execution-environment.yml").write_text(text, encoding="utf-8")
    builder("create", "--output-filename", "Containerfile", cwd=tmp_path)
    definition = yaml.safe_load(text)
    build = tmp_path / "context" / "_build"
    galaxy = yaml.safe_load(build.joinpath("requirements.yml").read_text(encoding="utf-8"))
    assert galaxy == definition["dependencies"]["galaxy"]
    containerfile = (tmp_path / "context" / "Containerfile").read_text(encoding="utf-8")
    assert f'ARG EE_BASE_IMAGE="{definition["images"]["base_image"]["name"]}"' in containerfile
    for tool in ("ansible_core", "ansible_runner"):
        assert definition["dependencies"][tool]["package_pip"] in containerfile
    # The collections come first: the image is asked for their requirements after that.
    assert containerfile.index("ansible-galaxy collection install") < containerfile.index("introspect.py introspect")
    if text == FROM_GIT:
        assert containerfile.index("install -y git-core") < containerfile.index("ansible-galaxy collection install")


def test_galaxy_is_asked_for_the_version_of_today():
    version = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    galaxy = yaml.safe_load(FROM_GALAXY)["dependencies"]["galaxy"]
    assert galaxy == {"collections": [{"name": "longrunning.tasks", "version": f">={version}"}]}


def test_introspect_finds_what_all_providers_need(tmp_path):
    printed = builder("introspect", COLLECTIONS, cwd=tmp_path)
    assert yaml.safe_load(printed) == {
        "python": [
            f"{package}  # from collection longrunning.tasks"
            for package in (
                "requests>=2.28.0",
                "jsonschema>=4.10.0",
                "keystoneauth1>=5.0.0",
                "jmespath>=1.0",
                "xmltodict>=0.13",
                "openstacksdk>=1.0.0",
            )
        ],
        "system": [],
    }


def test_the_requirements_are_those_of_the_collection():
    mine = wanted((COLLECTION / "meta" / "ee-requirements.txt").read_text(encoding="utf-8"))
    assert mine == wanted((COLLECTION / "requirements.txt").read_text(encoding="utf-8"))
