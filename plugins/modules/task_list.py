#!/usr/bin/python
# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: task_list
short_description: List long-running tasks of a vendor
version_added: 1.0.0
author: longrunning.tasks contributors (@longrunning)
description:
  - Lists a vendor's long-running tasks in one vocabulary for all vendors.
  - The module reads all pages. It lets the vendor filter where the vendor can, and filters the rest itself.
  - The module reads for ten minutes at most, and 10,000 pages at most. If the list needs more, it fails and says how to
    narrow the list down.
extends_documentation_fragment:
  - longrunning.tasks.connection
  - longrunning.tasks.attributes
options:
  states:
    description:
      - Only tasks in these states.
    type: list
    elements: str
    choices: [queued, running, paused, succeeded, failed, cancelled, dismissed, unknown]
  types:
    description:
      - Only tasks of these types, in the vendor's words, such as V(import).
    type: list
    elements: str
  started_after:
    description:
      - Only tasks that started at this time or later, as in V(2026-11-22T07:30:00Z).
      - If the vendor does not return the start of a task, as Rackspace and OpenStack, the time when it was created
        counts.
    type: str
  started_before:
    description:
      - Only tasks that started before this time.
    type: str
  filters:
    description:
      - Parameters that go to the vendor unchanged. They replace those of the other options.
      - With a list as the value, the parameter is sent several times.
    type: dict
  limit:
    description:
      - The most tasks to return.
    type: int
    default: 100
notes:
  - The module omits an entry of the list that it cannot read, and a warning counts such entries.
  - If the list contradicts itself about a task, such as with one entry as failed and one as succeeded, the module reads
    the task by its ID. If that contradicts the list too, the task is in the state V(running), and a warning says why.
  - Some vendors show less of a task in a list. At Rackspace and OpenStack the tasks of a list have no C(message) and no
    C(result). M(longrunning.tasks.task_info) returns them.
seealso:
  - module: longrunning.tasks.task_info
  - module: longrunning.tasks.task_wait
  - ref: ansible_collections.longrunning.tasks.docsite.describe_your_api
    description: How to describe an API, from a saved answer to a wait.
  - ref: ansible_collections.longrunning.tasks.docsite.custom_guide
    description: How O(definition) describes any other API.
"""

EXAMPLES = r"""
- name: Find the imports of today that failed
  longrunning.tasks.task_list:
    provider: rackspace_images
    username: "{{ rackspace_username }}"
    api_key: "{{ rackspace_api_key }}"
    region: DFW
    types: [import]
    states: [failed]
    started_after: "{{ now(utc=true, fmt='%Y-%m-%dT00:00:00Z') }}"
  register: failed_imports

- name: Say what is under way
  block:
    - name: Find it
      longrunning.tasks.task_list:
        provider: openstack_images
        cloud: production
        states: [queued, running, paused, unknown]
      register: under_way

    # To wait until it has ended, give task_wait a select.
    - name: Name it
      ansible.builtin.debug:
        msg: "{{ under_way.tasks | map(attribute='id') }}"
"""

RETURN = r"""
tasks:
  description:
    - The tasks that match, with the same keys as RV(longrunning.tasks.task_info#module:task). Usually the newest first.
  returned: success
  type: list
  elements: dict
  sample:
    - id: 7bdc8ede-9098-4d79-9477-697f586cb333
      provider: rackspace_images
      state: running
      raw_state: processing
      is_final: false
      name: null
      type: export
      description: null
      percent: null
      message: null
      error: null
      result: null
      created_at: "2014-02-26T02:01:13Z"
      started_at: null
      updated_at: "2014-02-26T02:16:50Z"
      finished_at: null
      expires_at: null
      owner: "00000123"
      resource: null
      parent_id: null
count:
  description: How many tasks are returned.
  returned: success
  type: int
  sample: 1
truncated:
  description:
    - Whether more tasks match than O(limit) allows, or may match because the vendor cut its list.
  returned: success
  type: bool
  sample: false
option:
  description: The option that is wrong or missing.
  returned: when an option is wrong
  type: str
  sample: region
reason:
  description: Why the module failed, as a word to branch on. See RV(longrunning.tasks.task_info#module:reason).
  returned: failure
  type: str
  sample: authentication
request:
  description: Which request failed. See RV(longrunning.tasks.task_info#module:request).
  returned: when a request failed
  type: dict
"""

from ansible_collections.longrunning.tasks.plugins.module_utils._module.argument_specs import TASK_LIST
from ansible_collections.longrunning.tasks.plugins.module_utils._module.runner import run_module
from ansible_collections.longrunning.tasks.plugins.module_utils._module.task_list import run


def main() -> None:
    run_module(run, TASK_LIST)


if __name__ == "__main__":
    main()
