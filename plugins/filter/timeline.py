# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: timeline
short_description: Draw the times of tasks as a picture
version_added: 1.0.0
author: longrunning.tasks contributors (@longrunning)
description:
  - Turns the result of M(longrunning.tasks.task_wait) into an SVG, for a report, an artifact of a pipeline, or a
    merge request. Each task has a bar from its start to its end.
  - The colours of a bar are the states of a task. With O(longrunning.tasks.task_wait#module:return_history=true) these
    are all that the wait saw, else those for which the vendor returns times. A task that failed stands out, with its
    code beside the bar.
  - The picture is one file without scripts, fonts or addresses. It follows a browser's light or dark theme, and has a
    description for screen readers.
  - Works offline, on the controller.
options:
  _input:
    description:
      - The registered result of M(longrunning.tasks.task_wait), with or without a loop, or a list of such results.
      - It also draws the tasks of M(longrunning.tasks.task_info) and M(longrunning.tasks.task_list), if the vendor
        returns their times.
    type: raw
    required: true
  title:
    description:
      - The text above the bars.
    type: str
    default: Tasks
notes:
  - Start and end are the vendor's times. If it has none, they are the times at which the wait saw them, and
    O(longrunning.tasks.task_wait#module:return_history=true) is needed.
  - The picture shows the names of tasks. Do not publish it where others must not see them.
seealso:
  - module: longrunning.tasks.task_wait
"""

EXAMPLES = r"""
- name: Wait for two image tasks, and keep a picture of that
  block:
    - name: Wait
      longrunning.tasks.task_wait:
        provider: openstack_images
        cloud: production
        task_ids: "{{ import_ids }}"
        return_history: true
      register: waited
  always:
    - name: Draw the wait
      ansible.builtin.copy:
        content: "{{ waited | longrunning.tasks.timeline(title='Image tasks') }}"
        dest: "{{ playbook_dir }}/wait.svg"
        mode: "0644"

- name: Draw several waits in one picture
  ansible.builtin.copy:
    content: "{{ [first_wait, second_wait] | longrunning.tasks.timeline(title='Imports and exports') }}"
    dest: "{{ playbook_dir }}/waits.svg"
    mode: "0644"
"""

RETURN = r"""
_value:
  description: The SVG.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from jinja2 import Undefined

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import OptionError
from ansible_collections.longrunning.tasks.plugins.plugin_utils._timeline import bars_of, draw


def timeline(results: Any, title: str = "Tasks") -> str:
    if isinstance(results, Undefined):
        # Says which variable it is. Ansible-core before 2.19 leaves that to the filters.
        str(results)
    try:
        return draw(bars_of(results), str(title))
    except OptionError as error:
        raise AnsibleFilterError(error.message) from None


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"timeline": timeline}
