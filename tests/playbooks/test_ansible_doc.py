# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

COLLECTION = Path(os.environ["LONGRUNNING_TESTS_COLLECTIONS"], "ansible_collections", "longrunning", "tasks")
MODULES = {f"longrunning.tasks.{path.stem}" for path in (COLLECTION / "plugins" / "modules").glob("*.py")}


def ansible_doc(*arguments):
    done = subprocess.run(["ansible-doc", "-t", "module", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_lists_the_modules():
    listed = json.loads(ansible_doc("--list", "--json", "longrunning.tasks"))
    assert set(listed) == MODULES
    assert MODULES, "the installed collection has no module"


@pytest.mark.smoke
def test_shows_every_module():
    text = ansible_doc(*sorted(MODULES))
    for name in MODULES:
        assert name.rpartition(".")[2] in text.lower()
