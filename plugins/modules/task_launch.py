#!/usr/bin/python
# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: task_launch
short_description: Launch a long-running task of a vendor, once
version_added: 1.0.0
author: longrunning.tasks contributors (@longrunning)
description:
  - Launches a task, such as an image import or a switchover, with the same login as the modules that wait for it.
  - Launches nothing where just the same is under way already, or where the vendor has what O(desired) asks for.
  - A launch that may have begun is never sent again. When its answer is lost, or is none, the task is looked for in
    the vendor's list of tasks. Where it cannot be found for sure, the module fails with RV(reason=launch_unclear) and
    leaves the decision to you. What surely did not reach the vendor is sent again, as after a refused connection.
  - It takes at most ten minutes, and three times O(transient_timeout).
  - It does not wait for the end of the task. Give what it registered to M(longrunning.tasks.task_wait).
extends_documentation_fragment:
  - longrunning.tasks.connection
  - longrunning.tasks.attributes
  - longrunning.tasks.attributes.action_group
attributes:
  check_mode:
    details:
      - In check mode it asks the vendor what it would ask otherwise, and launches nothing.
  diff_mode:
    support: none
    details:
      - A task has no state before its launch.
  idempotent:
    support: partial
    details:
      - With O(desired) or O(reuse=succeeded), where the vendor can be asked, for one run after the other. Else a second
        run launches another task as soon as the first one has ended. Two runs at the same moment may both launch.
options:
  type:
    description:
      - What to launch.
      - With O(provider=rackspace_images) V(import) and V(export). With O(provider=openstack_images) V(import), and
        V(export), V(api_image_import) and V(location_import) where the cloud takes them.
      - With O(provider=dbvisit_standby) the path of the launching call, V(switchover/oracle), V(activate/oracle),
        V(dr-test/start/oracle), V(sync/oracle), and the same with C(postgresql) and C(sqlserver).
      - With O(provider=huawei_koodrive) V(transfer) and V(user_import), with O(service=jobs) V(copy), V(delete),
        V(move), V(restore), V(decompress), V(package_download) and V(empty_recycle_bin).
      - Tasks of the other providers cannot be launched here. Launch them with M(ansible.builtin.uri).
    type: str
    required: true
  input:
    description:
      - The parameters that the vendor documents for this kind of task. They are sent as they are. Only at Dbvisit do
        texts become the numbers and flags that its pages document.
      - At Rackspace and OpenStack the C(input) of the task, at Dbvisit the C(params) of the call, at KooDrive all of
        the body but C(taskType).
      - What has the name of a secret, such as C(password), C(passphrase), C(token) or C(sas_url), is hidden.
    type: dict
    default: {}
  reuse:
    description:
      - Which task of an earlier launch, with the same O(type) and O(input), is taken instead of launching another one.
      - V(unfinished) - one that has not ended. A state that this collection does not know counts as such.
      - V(succeeded) - that, or one that has succeeded, as long as the vendor remembers it. Dbvisit cannot be asked
        that, for a switchover may have been undone by another one since.
      - V(none) - none.
      - Whether a task is the same can be told at Rackspace and OpenStack, and for the C(task) service of KooDrive where
        its list tells C(initParams). At Dbvisit a task of the same configuration whose title names the same action is
        taken for it, whatever its other parameters. Elsewhere none is taken.
      - An image that was deleted since its import is not noticed with V(succeeded). Use O(desired) for images.
    type: str
    choices: [none, unfinished, succeeded]
    default: unfinished
  desired:
    description:
      - What there is to be after the task. Where the vendor has it already, nothing is launched.
      - For an import at Rackspace and OpenStack properties of an image, such as C(name). An image that is not active is
        none. Images that others share count too, so add C(owner) or C(visibility) where that matters.
      - For a switchover at Dbvisit C(primary), the host that should have the primary database of the configuration, as
        the vendor lists it. It is an error where it is neither of the two hosts. While a switchover of that
        configuration is under way, that one is taken, as O(reuse) says, because nobody knows where it leads.
      - Other vendors and tasks cannot be asked.
    type: dict
  transient_timeout:
    description:
      - Seconds for which an unbroken run of trouble is retried before the launch has reached the vendor.
      - When a launch gets no clear answer, the module looks for its task for as long again. V(0) looks once.
    type: float
    default: 60.0
  return_raw:
    description:
      - Whether each task has the vendor's own object too, under C(raw). It can be long.
    type: bool
    default: false
seealso:
  - module: longrunning.tasks.task_wait
  - ref: ansible_collections.longrunning.tasks.docsite.waiting_guide
    description: When a wait ends, when it looks, what it retries, and what live progress shows.
"""

EXAMPLES = r"""
- name: Import an image unless there is one of that name, and wait for it
  block:
    - name: Launch
      longrunning.tasks.task_launch:
        provider: rackspace_images
        username: "{{ rackspace_username }}"
        api_key: "{{ rackspace_api_key }}"
        region: DFW
        type: import
        input:
          import_from: exports/golden.vhd
          image_properties:
            name: Golden image
        desired:
          name: Golden image
      register: launched

    - name: Wait
      longrunning.tasks.task_wait:
        provider: rackspace_images
        username: "{{ rackspace_username }}"
        api_key: "{{ rackspace_api_key }}"
        region: DFW
        launch_results: "{{ launched }}"
        timeout: 7200

- name: Make the standby database the primary one, unless it is already
  longrunning.tasks.task_launch:
    provider: dbvisit_standby
    api_url: "{{ control_center }}"
    username: "{{ dbvisit_username }}"
    password: "{{ dbvisit_password }}"
    type: switchover/oracle
    input:
      configuration_id: 1
    desired:
      primary: "{{ new_primary_host }}"
  register: switchover
"""

RETURN = r"""
msg:
  description: In a sentence, what was done, or why it was not.
  returned: always
  type: str
  sample: >-
    Rackspace Cloud Images: import task fc29a67c-ad76-49bc-a317-a5f38dcb44c0 (Golden image) was launched.
outcome:
  description:
    - What became of the launch.
    - V(launched) - the task was launched.
    - V(found) - likewise, but the answer was lost, and the task was found in the vendor's list.
    - V(reused) - a task of an earlier launch is taken, as O(reuse) says.
    - V(not_needed) - there is what O(desired) asks for.
    - V(would_launch) - in check mode, a task would be launched.
  returned: success
  type: str
  sample: launched
task_id:
  description: ID of the task. Null where there is none, as with V(not_needed) and V(would_launch).
  returned: success
  type: str
  sample: fc29a67c-ad76-49bc-a317-a5f38dcb44c0
task:
  description:
    - The task, with the same keys as RV(longrunning.tasks.task_info#module:task). Null where there is none, or where
      the vendor did not tell anything about it yet.
  returned: success
  type: dict
existing:
  description: The vendor's object that O(desired) found, such as the image. Null where there is none.
  returned: success
  type: dict
  sample: null
candidates:
  description:
    - The tasks that came up since the launch, of which it may be one. They have the same keys as
      RV(longrunning.tasks.task_info#module:task).
  returned: when it is unclear whether the task was launched
  type: list
  elements: dict
option:
  description: The option that is wrong or missing.
  returned: when an option is wrong
  type: str
  sample: region
reason:
  description:
    - Why the module failed, in a word to branch on. With V(launch_unclear) nobody can tell whether the task was
      launched, so that it must not be launched again before somebody has looked. With all others it was surely not
      launched, except for V(defect), a defect of this collection.
    - The others are those of RV(longrunning.tasks.task_info#module:reason).
  returned: failure
  type: str
  sample: launch_unclear
request:
  description: Which request was answered badly or not at all. See RV(longrunning.tasks.task_info#module:request).
  returned: when a request failed
  type: dict
"""

from ansible_collections.longrunning.tasks.plugins.module_utils._module.argument_specs import TASK_LAUNCH
from ansible_collections.longrunning.tasks.plugins.module_utils._module.runner import run_module
from ansible_collections.longrunning.tasks.plugins.module_utils._module.task_launch import run


def main() -> None:
    run_module(run, TASK_LAUNCH)


if __name__ == "__main__":
    main()
