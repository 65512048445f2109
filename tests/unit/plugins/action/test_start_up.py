# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-playbook imports an action plugin once and forks then: what is imported with it is there for each task."""

from __future__ import annotations

import pytest

from ansible_collections.longrunning.tasks.tests.unit.support.fresh_python import imported_by

PLUGINS = "ansible_collections.longrunning.tasks.plugins"
#: What has a lock, a thread or a connection would be shared by the forks, or be held for ever in them.
SHARED = ("lock", "RLock", "Condition", "Thread", "Session", "socket")


def test_an_action_plugin_imports_what_all_tasks_need_and_not_what_few_do():
    imported = imported_by(f"import {PLUGINS}.action.task_wait")
    assert {"requests", f"{PLUGINS}.module_utils._waiting.loop"} <= imported
    late = {"_providers", "_module.wait_cancelling", "_module.launch_results", "_work.cancelling"}
    late_files = {f"{PLUGINS}.module_utils.{name}" for name in late} | {f"{PLUGINS}.plugin_utils._definitions"}
    assert {name for name in imported if name.startswith(tuple(late_files))} == {
        f"{PLUGINS}.module_utils._providers",
        f"{PLUGINS}.module_utils._providers.registry",
    }
    assert not imported & {"jsonschema", "keystoneauth1", "openstack"}


@pytest.mark.parametrize(
    ("asks", "late"),
    [
        ("_in_worker.PROVIDERS['huawei_koodrive']", "module_utils._providers.huawei_koodrive.provider"),
        ("_in_worker._with_definition({'definition': 'pulp'}, ())", "plugin_utils._definitions"),
    ],
)
def test_what_a_task_needs_besides_is_imported_for_it_and_noted(asks, late):
    imported = imported_by(
        f"from {PLUGINS}.plugin_utils import _in_worker",
        f"assert '{PLUGINS}.{late}' in _in_worker._LATE",
        asks,
    )
    assert f"{PLUGINS}.{late}" in imported


def test_what_is_imported_before_a_fork_shares_no_lock():
    ours = f"[vars(module) for name, module in sys.modules.items() if name.startswith('{PLUGINS}.')]"
    held = (
        f"['a:' + type(value).__name__ for names in {ours} for value in names.values() if not isinstance(value, type)]"
    )
    printed = imported_by("import sys", f"import {PLUGINS}.action.task_wait", f"print(*{held})")
    assert "a:frozenset" in printed
    assert not printed & {f"a:{name}" for name in SHARED}
