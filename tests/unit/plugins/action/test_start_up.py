# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible compiles what an action plugin imports with each play anew."""

from __future__ import annotations

from ansible_collections.longrunning.tasks.tests.unit.support.fresh_python import imported_by

PLUGINS = "ansible_collections.longrunning.tasks.plugins"

NEEDED = ("_core.errors", "_core.masking", "_core.text", "_module.interrupts", "_waiting.progress")


def test_the_action_plugin_imports_its_end_of_live_progress_and_nothing_else():
    imported = imported_by(f"import {PLUGINS}.action.task_wait")
    mine = {name.removeprefix(f"{PLUGINS}.") for name in imported if name.startswith(f"{PLUGINS}.")}
    # Packages have no files.
    assert {name for name in mine if name.startswith("plugin_utils.") or name.count(".") == 2} == {
        "plugin_utils._progress_lines",
        *(f"module_utils.{name}" for name in NEEDED),
    }
