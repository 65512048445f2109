# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: read_task
short_description: Read a saved answer with a definition
version_added: 1.0.0
author: longrunning.tasks contributors (@longrunning)
description:
  - Turns a saved answer, for instance from C(curl), into the task that M(longrunning.tasks.task_info) would return.
    It sends no request.
  - Reports mistakes of a definition with their place, such as a state that C(states) does not name, an expression that
    finds nothing (with the keys that exist instead), and an ID that is not found. Something that may be right in other
    answers is a warning.
  - It uses only C(get) of the definition and the keys that read its answer. C(handle) and C(when_ended) need a server.
positional: definition
options:
  _input:
    description:
      - The answer to the definition's C(get), as text or as data.
    type: raw
    required: true
  definition:
    description:
      - The definition, or its name, as O(longrunning.tasks.task_info#module:definition).
    type: raw
    required: true
  task_id:
    description:
      - The requested ID. Required if the answer does not have it, or is a list of tasks.
    type: str
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
  - plugin: longrunning.tasks.read_tasks
    plugin_type: filter
  - module: longrunning.tasks.task_info
  - ref: ansible_collections.longrunning.tasks.docsite.describe_your_api
    description: From a saved answer to a definition, and to a wait with it.
"""

EXAMPLES = r"""
- name: Read a saved answer
  ansible.builtin.debug:
    msg: "{{ lookup('ansible.builtin.file', 'job.json') | longrunning.tasks.read_task('backup') }}"

- name: Read an answer that says no more than HTTP 202
  ansible.builtin.assert:
    that: task.state == 'running'
  vars:
    task: "{{ '' | longrunning.tasks.read_task(monitor, task_id='17', status=202) }}"
    monitor:
      get:
        path: /monitor/{id}
        statuses: {"202": running, "200": succeeded}
"""

RETURN = r"""
_value:
  description:
    - The task, as RV(longrunning.tasks.task_info#module:task).
  type: dict
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from jinja2 import pass_context

from ansible_collections.longrunning.tasks.plugins.plugin_utils import _saved_answers
from ansible_collections.longrunning.tasks.plugins.plugin_utils._filtering import results, saved


@pass_context
def read_task(
    variables: Mapping[str, Any],
    answer: Any,
    definition: Any,
    *,
    task_id: Any = None,
    status: Any = 200,
    headers: Any = None,
) -> dict[str, Any]:
    """Return the task of a saved answer."""
    read = partial(_saved_answers.read_task, task_id=None if task_id in (None, "") else str(task_id))
    return results(variables, definition, saved(answer, status, headers), read)[0]


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return it."""
        return {"read_task": read_task}
