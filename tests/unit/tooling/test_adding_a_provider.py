# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The provider that the guide adds works as it stands there."""

from __future__ import annotations

import importlib.util
import itertools
import re
import textwrap
from pathlib import Path

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import TaskState
from ansible_collections.longrunning.tasks.tests.unit.support.fake_http import reply
from ansible_collections.longrunning.tasks.tests.unit.support.golden import examples, play
from ansible_collections.longrunning.tasks.tests.unit.support.session import FakeSession

ROOT = Path(__file__).parents[3]
GUIDE = ROOT / "docs" / "docsite" / "rst" / "adding_a_provider.rst"
#: Where the imports of the guide begin, as seen from a file beside the providers.
PACKAGE = "ansible_collections.longrunning.tasks.plugins.module_utils"


def blocks_of(guide, language):
    """Return the blocks of a guide that are in one language."""
    found = []
    for block in guide.read_text(encoding="utf-8").split(f".. code-block:: {language}\n")[1:]:
        lines = itertools.takewhile(lambda line: not line or line.startswith("   "), block.splitlines())
        found.append(textwrap.dedent("\n".join(lines)))
    return found


@pytest.fixture(scope="module")
def guide(tmp_path_factory):
    path = tmp_path_factory.mktemp("guide") / "example_backup.py"
    path.write_text("\n".join(blocks_of(GUIDE, "python")).replace("from ..", f"from {PACKAGE}."), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("example_backup", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def session(guide, *script):
    return FakeSession(*script, provider=guide.PROVIDER, api_url="https://b.example", api_token="t")


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("waiting", TaskState.QUEUED),
        ("busy", TaskState.RUNNING),
        ("done", TaskState.SUCCEEDED),
        ("?", TaskState.UNKNOWN),
    ],
)
def test_it_reads_a_task(guide, status, state):
    task = session(guide, reply({"job": "7", "status": status})).read("7")
    assert (task.id, task.state) == ("7", state)


def test_it_explains_a_failure(guide):
    task = session(guide, reply({"job": "7", "status": "broken", "text": "E7 volume 3"})).read("7")
    assert task.error.code == "E7"
    assert task.error.title == "The target is full"


def test_it_lists_tasks(guide):
    page = session(guide, reply([{"job": "7", "status": "busy"}])).page()
    assert [task.id for task in page.tasks] == ["7"]


def test_its_golden_example_holds(guide, tmp_path):
    folder = tmp_path / guide.DESCRIPTION.name
    folder.mkdir()
    login, job = blocks_of(GUIDE, "yaml")
    (folder / "login.yml").write_text(login, encoding="utf-8")
    (folder / "job_broken.yml").write_text(job, encoding="utf-8")
    (example,) = examples(guide.DESCRIPTION.name, tmp_path)
    connection = play(example, guide.PROVIDER, tmp_path)
    found = [task.to_result() for task in connection.ask(example)[0]]
    assert found == [{**task, "raw": found[0]["raw"]} for task in example.expected_tasks]
    assert connection.requests[0].headers.items() >= connection.golden_login.carries.items()
    assert example.document in guide.DESCRIPTION.documents


def test_every_file_that_it_names_is_there():
    named = set(re.findall(r"``([\w./]+\.(?:md|py|rst|yml))``", GUIDE.read_text(encoding="utf-8")))
    # The vendor's own, which the guide adds.
    named = {name for name in named if "example_backup" not in name and not name.endswith("NAME.yml")} - {
        "job_broken.yml",
        "login.yml",
    }
    folders = ("docs", "playbooks", "plugins", "roles", "tests")
    files = [
        "/README.md",
        *(f"/{path.relative_to(ROOT)}" for folder in folders for path in (ROOT / folder).rglob("*.*")),
    ]
    assert sorted(name for name in named if not any(file.endswith(f"/{name}") for file in files)) == []
