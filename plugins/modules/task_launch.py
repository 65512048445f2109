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
  - Launches nothing if the same task is under way already, or if the vendor has what O(desired) asks for.
  - It never repeats a launch that may have begun. When there is no usable answer, the module looks for the task in the
    vendor's list of tasks. If it cannot find the task for sure, it fails with RV(reason=launch_unclear) and leaves the
    decision to you. A request that surely did not reach the vendor is sent again, for instance after a refused
    connection.
  - It takes at most ten minutes, plus three times O(transient_timeout).
  - It does not wait for the end of the task. Give its registered result to M(longrunning.tasks.task_wait).
extends_documentation_fragment:
  - longrunning.tasks.connection
  - longrunning.tasks.attributes
attributes:
  check_mode:
    details:
      - In check mode it sends the requests that only read, and launches nothing.
  diff_mode:
    support: none
    details:
      - A task has no state before its launch.
  idempotent:
    support: partial
    details:
      - With O(desired) or O(reuse=succeeded), for vendors that support them, a second run launches nothing. Otherwise
        it launches another task as soon as the first one has ended. Two runs at the same moment may both launch.
options:
  type:
    description:
      - What to launch.
      - With O(provider=rackspace_images) V(import) and V(export). With O(provider=openstack_images) V(import), and
        V(export), V(api_image_import) and V(location_import) if the cloud supports them.
      - With O(provider=dbvisit_standby) the path of the launching call, V(switchover/oracle), V(activate/oracle),
        V(dr-test/start/oracle), V(sync/oracle), and the same with C(postgresql) and C(sqlserver).
      - With O(provider=huawei_koodrive) V(transfer) and V(user_import), with O(service=jobs) V(copy), V(delete),
        V(move), V(restore), V(decompress), V(package_download) and V(empty_recycle_bin).
      - This module cannot launch tasks of the other providers. Launch them with M(ansible.builtin.uri).
    type: str
    required: true
  input:
    description:
      - The parameters that the vendor documents for this kind of task. The module sends them unchanged. Only for
        Dbvisit it turns texts into the numbers and flags that the documents demand.
      - At Rackspace and OpenStack this is the C(input) of the task, at Dbvisit the C(params) of the call, at KooDrive
        the whole body except C(taskType).
      - Values of keys that have the name of a secret, such as C(password), C(passphrase), C(token) or C(sas_url), are
        hidden.
    type: dict
    default: {}
  reuse:
    description:
      - Which task of an earlier launch, with the same O(type) and O(input), the module takes instead of launching
        another one.
      - V(unfinished) - a task that has not ended. One in a state that this collection does not know counts too.
      - V(succeeded) - a task that has not ended, or one that has succeeded, as long as the vendor remembers it. Not
        available for Dbvisit, since another switchover may have undone the first one.
      - V(none) - none.
      - The module can recognise the same task at Rackspace and OpenStack, and with the C(task) service of KooDrive if
        its list has C(initParams). At Dbvisit a task of the same configuration counts as the same if its title names
        the same action, whatever its other parameters. At other vendors no task is taken.
      - V(succeeded) does not notice that an image was deleted since its import. Use O(desired) for images.
    type: str
    choices: [none, unfinished, succeeded]
    default: unfinished
  desired:
    description:
      - The result that you want. If the vendor has it already, nothing is launched.
      - For an import at Rackspace and OpenStack, properties of an image, such as C(name). Only active images count.
        Images that others share count too, so add C(owner) or C(visibility) if that matters.
      - For a switchover at Dbvisit, C(primary) is the host that should have the primary database of the configuration,
        as the vendor lists it. Any other host than the two of the configuration is an error. While a switchover of
        that configuration is under way, the module takes that one, as O(reuse) says, because nobody knows where it
        leads.
      - Not available for other vendors and tasks.
    type: dict
  transient_timeout:
    description:
      - Seconds for which the module retries after transient errors, before the launch has reached the vendor.
      - When a launch gets no clear answer, the module looks for its task for the same time again. With V(0) it looks
        once.
    type: float
    default: 60.0
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
  description: What the module did, in a sentence, or why it failed.
  returned: always
  type: str
  sample: >-
    Rackspace Cloud Images: import task fc29a67c-ad76-49bc-a317-a5f38dcb44c0 (Golden image) was launched.
outcome:
  description:
    - What became of the launch.
    - V(launched) - the task was launched.
    - V(found) - the task was launched, but the answer was lost. The module found the task in the vendor's list.
    - V(reused) - the module took a task of an earlier launch, as O(reuse) says.
    - V(not_needed) - the vendor has what O(desired) asks for.
    - V(would_launch) - in check mode, a task would be launched.
  returned: success
  type: str
  sample: launched
task_id:
  description: ID of the task. Null if there is none, as with V(not_needed) and V(would_launch).
  returned: success
  type: str
  sample: fc29a67c-ad76-49bc-a317-a5f38dcb44c0
task:
  description:
    - The task, with the same keys as RV(longrunning.tasks.task_info#module:task). Null if there is none, or if the
      vendor returned no details yet.
  returned: success
  type: dict
existing:
  description: The vendor's object that O(desired) found, such as the image. Null if there is none.
  returned: success
  type: dict
  sample: null
candidates:
  description:
    - The tasks that are new since the launch. One of them may be the launched one. They have the same keys as
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
    - Why the module failed, as a word to branch on. With V(launch_unclear) nobody knows whether the task was
      launched. Check at the vendor before you launch it again. With every other value it was surely not launched,
      except with V(defect), a bug of this collection.
    - The other values are those of RV(longrunning.tasks.task_info#module:reason).
  returned: failure
  type: str
  sample: launch_unclear
request:
  description: Which request failed. See RV(longrunning.tasks.task_info#module:request).
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
