#!/usr/bin/python
# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: task_info
short_description: Look up long-running tasks of a vendor
version_added: 1.0.0
author: longrunning.tasks contributors (@longrunning)
description:
  - Returns some of a vendor's long-running tasks, in one vocabulary for all vendors.
  - Use M(longrunning.tasks.task_wait) to wait until they have ended.
  - The module fails after ten minutes, plus two seconds for each task.
extends_documentation_fragment:
  - longrunning.tasks.connection
  - longrunning.tasks.attributes
options:
  task_ids:
    description:
      - IDs of the tasks, as the vendor gave them when they were launched.
    type: list
    elements: str
    required: true
    aliases: [task_id]
  not_found:
    description:
      - What to do when the vendor does not have one of the tasks. Vendors forget ended tasks; Rackspace and OpenStack
        do after 48 hours.
      - V(fail) - fail, and name them.
      - V(succeed) - return them in the state V(not_found).
    type: str
    choices: [fail, succeed]
    default: fail
  subtasks:
    description:
      - Whether to return the direct subtasks of each task. This takes one more request for each task.
      - Of the vendors, only NetApp Astra Control has subtasks. For the others the list is empty.
    type: bool
    default: false
seealso:
  - module: longrunning.tasks.task_list
  - module: longrunning.tasks.task_wait
  - ref: ansible_collections.longrunning.tasks.docsite.describe_your_api
    description: How to describe an API, from a saved answer to a wait.
  - ref: ansible_collections.longrunning.tasks.docsite.custom_guide
    description: How O(definition) describes any other API.
"""

EXAMPLES = r"""
- name: Look at an image import
  longrunning.tasks.task_info:
    provider: rackspace_images
    username: "{{ rackspace_username }}"
    api_key: "{{ rackspace_api_key }}"
    region: DFW
    task_id: d8dd8c24-2534-473c-881f-9097bc784068
  register: image_import

- name: Say how far it is
  ansible.builtin.debug:
    msg: "{{ image_import.task.name }} is {{ image_import.task.state }}"

- name: Look at several tasks, of which some may be gone
  longrunning.tasks.task_info:
    provider: openstack_images
    cloud: production
    task_ids: "{{ image_task_ids }}"
    not_found: succeed
"""

RETURN = r"""
task:
  description: The task, when exactly one was asked for. Null otherwise.
  returned: success
  type: dict
  contains: &task_fields
    id:
      description: The task's ID.
      type: str
      returned: success
      sample: d8dd8c24-2534-473c-881f-9097bc784068
    provider:
      description: The provider.
      type: str
      returned: success
      sample: rackspace_images
    state:
      description:
        - The state in the vocabulary of this collection, one of V(queued), V(running), V(paused), V(succeeded),
          V(failed), V(cancelled), V(dismissed), V(unknown) and V(not_found).
        - V(paused) means that the task waits for a person. V(dismissed) means that somebody dismissed it, so nobody
          knows how it ended. V(unknown) means that the vendor's word is new to this collection. Only V(succeeded) is
          a success.
      type: str
      returned: success
      sample: succeeded
    raw_state:
      description:
        - The vendor's own word for the state. Null if the task was not found, if it has no such word, or if the
          vendor contradicts itself.
      type: str
      returned: success
      sample: success
    is_final:
      description:
        - Whether the task has ended. False in the states V(unknown) and V(not_found), since these do not say whether
          it has.
      type: bool
      returned: success
      sample: true
    name:
      description: What the vendor or the user calls the task, or null.
      type: str
      returned: success
      sample: My excellent custom image
    type:
      description: The vendor's word for the kind of task, or null.
      type: str
      returned: success
      sample: import
    description:
      description: The vendor's description of the task, or null.
      type: str
      returned: success
      sample: null
    percent:
      description: The progress in percent, from 0 to 100, or null if the vendor has none.
      type: float
      returned: success
      sample: 42.5
    message:
      description:
        - The vendor's latest message about the task, or null. For a task that was not found, the vendor's answer.
      type: str
      returned: success
      sample: "Image cannot be imported. Error code: '396'"
    error:
      description: Why the task failed, or null.
      type: dict
      returned: success
      contains:
        code:
          description: The vendor's code, or null if there is only a text.
          type: str
          returned: success
          sample: "396"
        title:
          description: A short description of the failure, or null if the vendor does not document it.
          type: str
          returned: success
          sample: The file is not a valid VHD
        detail:
          description: The full description of the failure, from the vendor's document or from its answer.
          type: str
          returned: success
          sample: The file is not a valid VHD
        remedy:
          description: What to do about it, or null if that is unknown.
          type: str
          returned: success
          sample: Check that the object in the container is a whole VHD and upload it again.
        retryable:
          description: Whether launching the same task again can succeed, or null if that is unknown.
          type: bool
          returned: success
          sample: true
        source:
          description: The document that explains the failure, or null.
          type: str
          returned: success
          sample: Rackspace Cloud Images developer guide, Get task details
    result:
      description: What the vendor returns for a task that succeeded, in the vendor's form.
      type: raw
      returned: success
      sample: {image_id: 1d944ab7-6748-4f3c-b7e2-3553bf006677}
    created_at:
      description: When it was created, as an RFC 3339 time in UTC, or null.
      type: str
      returned: success
      sample: "2014-02-26T03:02:23Z"
    started_at:
      description: When it started to run, or null.
      type: str
      returned: success
      sample: null
    updated_at:
      description: When the vendor last changed it, or null.
      type: str
      returned: success
      sample: "2014-02-26T03:28:18Z"
    finished_at:
      description: When it ended, or null.
      type: str
      returned: success
      sample: "2014-02-26T03:28:18Z"
    expires_at:
      description: When the vendor forgets it, or null.
      type: str
      returned: success
      sample: "2014-02-28T03:28:18Z"
    owner:
      description: The tenant or user to whom the task belongs, or null.
      type: str
      returned: success
      sample: "00000123"
    resource:
      description: The ID of the object that the task works on or has created, such as an image, or null.
      type: str
      returned: success
      sample: 1d944ab7-6748-4f3c-b7e2-3553bf006677
    parent_id:
      description: The ID of the task of which this one is a part, or null.
      type: str
      returned: success
      sample: null
    raw:
      description: The vendor's own object, unchanged.
      type: dict
      returned: when O(return_raw=true)
    subtasks:
      description:
        - The direct subtasks of this task, in the order of their work, each with the keys above.
      type: list
      elements: dict
      returned: when O(subtasks=true)
tasks:
  description:
    - The tasks, in the order of O(task_ids). Also returned when the module fails because it did not find some of them.
  returned: success
  type: list
  elements: dict
  contains: *task_fields
option:
  description: The option that is wrong or missing.
  returned: when an option is wrong
  type: str
  sample: region
reason:
  description:
    - Why the module failed, as a word to branch on. One of V(invalid_option), V(missing_library), V(unreachable),
      V(untrusted_certificate), V(authentication), V(permission), V(not_found), V(rejected), V(bad_answer),
      V(timed_out), V(interrupted) and V(defect).
  returned: failure
  type: str
  sample: not_found
request:
  description:
    - Which request failed. Its C(method), C(url), HTTP C(status) and the vendor's C(code).
  returned: when a request failed
  type: dict
  sample: {method: GET, url: "https://dfw.images.api.rackspacecloud.com/v2/tasks", status: 403, code: null}
"""

from ansible_collections.longrunning.tasks.plugins.module_utils._module.argument_specs import TASK_INFO
from ansible_collections.longrunning.tasks.plugins.module_utils._module.runner import run_module
from ansible_collections.longrunning.tasks.plugins.module_utils._module.task_info import run


def main() -> None:
    run_module(run, TASK_INFO)


if __name__ == "__main__":
    main()
