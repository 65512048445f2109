# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The provider that the guide adds works as it stands there."""

from __future__ import annotations

import importlib.util
import textwrap
from pathlib import Path

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._clock import Deadline
from ansible_collections.longrunning.tasks.plugins.module_utils._options import connection_options
from ansible_collections.longrunning.tasks.plugins.module_utils._provider import ProviderTools, TaskQuery
from ansible_collections.longrunning.tasks.plugins.module_utils._task import TaskState
from ansible_collections.longrunning.tasks.tests.unit.support.fake_clock import FakeClock
from ansible_collections.longrunning.tasks.tests.unit.support.fake_http import FakeHttp, reply

GUIDE = Path(__file__).parents[3] / "docs" / "docsite" / "rst" / "adding_a_provider.rst"
#: Where the names of the guide come from.
CORE = ("_auth", "_clock", "_json_api", "_options", "_provider", "_schemas", "_task")
CLOCK = FakeClock()
DEADLINE = Deadline(CLOCK, 30)


def code_of(guide):
    """Return the Python of a guide, its blocks one after the other."""
    blocks = guide.read_text(encoding="utf-8").split(".. code-block:: python\n")[1:]
    lines = []
    for block in blocks:
        for line in block.splitlines():
            if line and not line.startswith("   "):
                break
            lines.append(line)
    return textwrap.dedent("\n".join(lines))


@pytest.fixture(scope="module")
def guide(tmp_path_factory):
    path = tmp_path_factory.mktemp("guide") / "example_backup.py"
    core = "ansible_collections.longrunning.tasks.plugins.module_utils"
    imports = [f"from {core}.{name} import *" for name in CORE]
    path.write_text(
        "\n".join(["from __future__ import annotations", *imports, code_of(GUIDE)]),
        encoding="utf-8",
    )
    spec = importlib.util.spec_from_file_location("example_backup", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def provider_of(guide, *script):
    options = connection_options(guide.DESCRIPTION, {"api_url": "https://b.example", "api_token": "t"}, {})
    tools = ProviderTools(CLOCK, lambda _tls: FakeHttp(*script), pytest.fail, str)
    return guide.PROVIDER.create(options, tools)


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
    task = provider_of(guide, reply({"job": "7", "status": status})).read_task("7", DEADLINE)
    assert (task.id, task.state) == ("7", state)


def test_it_explains_a_failure(guide):
    task = provider_of(guide, reply({"job": "7", "status": "broken", "text": "E7 volume 3"})).read_task("7", DEADLINE)
    assert task.error.code == "E7"
    assert task.error.title == "The target is full"


def test_it_lists_tasks(guide):
    page = provider_of(guide, reply([{"job": "7", "status": "busy"}])).read_page(TaskQuery(), None, DEADLINE)
    assert [task.id for task in page.tasks] == ["7"]
