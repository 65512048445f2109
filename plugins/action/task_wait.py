# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the module task_wait."""

from __future__ import annotations

from ansible_collections.longrunning.tasks.plugins.module_utils._module.argument_specs import TASK_WAIT, TASK_WAIT_RULES
from ansible_collections.longrunning.tasks.plugins.module_utils._module.task_wait import NOT_STARTED, run
from ansible_collections.longrunning.tasks.plugins.plugin_utils._in_worker import TasksAction


class ActionModule(TasksAction):
    work = staticmethod(run)
    spec = TASK_WAIT
    rules = TASK_WAIT_RULES
    failure_keys = NOT_STARTED
