# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: read_tasks
short_description: Read a saved list of tasks with a definition
version_added: 1.0.0
author: longrunning.tasks contributors (@longrunning)
description:
  - Turns a saved list of tasks, for instance from C(curl), into the tasks that M(longrunning.tasks.task_list) would
    return for this page. It sends no request.
  - Reports mistakes of a definition as P(longrunning.tasks.read_task#filter) does.
  - If C(list.id) says that the list has IDs only, the tasks have only their IDs.
positional: definition
options:
  _input:
    description:
      - The answer to the definition's C(list), as text or as data.
    type: raw
    required: true
  definition:
    description:
      - The definition, or its name, as O(longrunning.tasks.task_info#module:definition).
    type: raw
    required: true
  status:
    description:
      - The answer's HTTP status.
    type: int
    default: 200
  headers:
    description:
      - The answer's headers, as a mapping.
    type: dict
    default: {}
seealso:
  - plugin: longrunning.tasks.read_task
    plugin_type: filter
  - module: longrunning.tasks.task_list
"""

EXAMPLES = r"""
- name: Show the states of all jobs in a saved list
  ansible.builtin.debug:
    msg: "{{ jobs | map(attribute='state') }}"
  vars:
    jobs: "{{ lookup('ansible.builtin.file', 'jobs.json') | longrunning.tasks.read_tasks('backup') }}"
"""

RETURN = r"""
_value:
  description:
    - The tasks, as RV(longrunning.tasks.task_list#module:tasks).
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import pass_context

from ansible_collections.longrunning.tasks.plugins.plugin_utils import _saved_answers
from ansible_collections.longrunning.tasks.plugins.plugin_utils._filtering import results, saved


@pass_context
def read_tasks(
    variables: Mapping[str, Any],
    answer: Any,
    definition: Any,
    *,
    status: Any = 200,
    headers: Any = None,
) -> list[dict[str, Any]]:
    """Return the tasks of a saved list."""
    return results(variables, definition, saved(answer, status, headers), _saved_answers.read_tasks)


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return it."""
        return {"read_tasks": read_tasks}
