#!/usr/bin/python
# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: task_cancel
short_description: Cancel long-running tasks of a vendor
version_added: 1.0.0
author: longrunning.tasks contributors (@longrunning)
description:
  - Asks a vendor to cancel some of its long-running tasks, and waits until they have ended.
  - Of the vendors, only VMware can cancel tasks, namely runs of recovery plans, with O(service=srm). With
    O(provider=custom) the module can cancel tasks if O(definition) says how. For all other providers it fails and says
    that the API has no such call.
  - It sends nothing for a task that has ended already, or that cannot be cancelled.
  - It sends each request once. When the answer is lost, the task itself shows the effect. A request that surely did not
    reach the vendor is sent again, for instance after a refused connection.
  - A vendor cancels later than it answers. It may be too late, or the vendor may show the cancelled task as failed. So
    RV(cancels) shows what the task itself says.
extends_documentation_fragment:
  - longrunning.tasks.connection
  - longrunning.tasks.attributes
attributes:
  check_mode:
    details:
      - In check mode it reads the tasks, says which it would cancel, and sends nothing that changes them.
  diff_mode:
    support: none
    details:
      - Nobody knows beforehand what a vendor does when it cancels a task.
  idempotent:
    support: full
    details:
      - A task that has ended is left alone.
options:
  task_ids:
    description:
      - IDs of the tasks, as the vendor gave them when they were launched.
      - Exactly one of O(task_ids) and O(launch_results) is required.
    type: list
    elements: str
    aliases: [task_id]
  launch_results:
    description:
      - The registered results of the playbook tasks that launched them, as in
        O(longrunning.tasks.task_wait#module:launch_results).
    type: raw
  wait:
    description:
      - Whether to wait until the tasks have ended. With V(false) the module ends when the vendor has accepted the
        requests, and the tasks may go on for a while.
    type: bool
    default: true
  timeout:
    description:
      - Seconds to wait for the ends of all tasks together. The module fails when one has not ended by then.
    type: float
    default: 300.0
  deadline:
    description:
      - The moment until which it waits for their ends, as O(longrunning.tasks.task_wait#module:deadline). The limit
        that comes first counts, this one or O(timeout). The module sends the requests to cancel even after the
        deadline.
    type: str
  poll_interval:
    description:
      - Seconds between two looks while it waits. The default is the one of
        O(longrunning.tasks.task_wait#module:poll_interval).
    type: float
  not_found:
    description:
      - What to do when the vendor does not have one of the tasks. Vendors forget ended tasks.
      - V(fail) - cancel the others, then fail and name the missing ones.
      - V(succeed) - count them as ended.
    type: str
    choices: [fail, succeed]
    default: fail
  transient_timeout:
    description:
      - Seconds for which the module retries after transient errors, such as refused connections or answers such as
        429.
      - The module never repeats a request to cancel that may have reached the vendor.
    type: float
    default: 60.0
seealso:
  - module: longrunning.tasks.task_wait
  - ref: ansible_collections.longrunning.tasks.docsite.waiting_guide
    description: What each vendor can cancel, and how a wait that runs out of time cancels its tasks.
  - ref: ansible_collections.longrunning.tasks.docsite.custom_guide
    description: How a definition describes cancelling.
"""

EXAMPLES = r"""
- name: Cancel a test of a recovery plan
  longrunning.tasks.task_cancel:
    provider: vmware_live_site_recovery
    api_url: https://srm.example.com
    service: srm
    username: administrator@vsphere.local
    password: "{{ srm_password }}"
    task_id: "{{ plan_test.json.id }}"

- name: Cancel what a rollout has launched, and go on without waiting
  longrunning.tasks.task_cancel:
    definition: "{{ pipeline_api }}"
    provider: custom
    api_url: https://pipelines.example.com
    api_token: "{{ pipeline_token }}"
    launch_results: "{{ pipelines }}"
    wait: false
    not_found: succeed
  register: cancelled

- name: Say what became of each
  ansible.builtin.debug:
    msg: "{{ cancelled.cancels | map(attribute='msg') }}"
"""

RETURN = r"""
msg:
  description: What became of the tasks, in a sentence, and after a failure why.
  returned: always
  type: str
  sample: >-
    VMware Live Site Recovery: recovery task 5d1c7a60 was cancelled.
outcome:
  description:
    - What became of the task. With several tasks, the worst of their outcomes. These are the values, the best first.
    - V(already_ended) - it had ended before. Nothing was sent.
    - V(would_cancel) - in check mode, a request would be sent.
    - V(cancelled) - a request was sent, and the task ended as cancelled.
    - V(gone) - a request was sent, and the vendor no longer has the task, as several answers in a row say.
    - V(failed) - a request was sent, and the task ended as failed. Some vendors show a cancelled task like that, so
      the module does not fail.
    - V(too_late) - the task ended by itself before the request had an effect. Its C(state) says how.
    - V(sent) - the vendor accepted the request. The task has not ended since.
    - V(not_found) - the vendor does not have the task.
    - V(not_cancellable) - the vendor says beforehand that the task cannot be cancelled. Nothing was sent.
    - V(refused) - the vendor refused the request, and the task goes on.
    - V(unclear) - the request got no clear answer, and the task has not ended since.
    - V(not_sent) - no request reached the vendor.
    - V(not_started) - the module sent no request to cancel, because an option is wrong, a library is missing, or it
      could not read the tasks. See RV(reason).
  returned: always
  type: str
  sample: cancelled
timed_out:
  description: Whether O(timeout) or O(deadline) was up before the tasks had ended.
  returned: always
  type: bool
  sample: false
cancels:
  description: What became of each task, once for each.
  returned: always
  type: list
  elements: dict
  contains:
    task_id:
      description: The task's ID.
      type: str
      returned: success
      sample: 5d1c7a60
    outcome:
      description: One of the values of RV(outcome).
      type: str
      returned: success
      sample: cancelled
    msg:
      description: The same in a sentence, with the vendor's own words where it gave any.
      type: str
      returned: success
      sample: "Recovery task 5d1c7a60 was cancelled."
tasks:
  description:
    - The tasks as last read, one for each ID and in the same order. Each has the keys of
      RV(longrunning.tasks.task_info#module:task).
  returned: always
  type: list
  elements: dict
task:
  description: The task, when there was exactly one. Null otherwise.
  returned: always
  type: dict
counts:
  description: How many of RV(tasks) are in each state. The dictionary has every state.
  returned: always
  type: dict
  sample:
    queued: 0
    running: 0
    paused: 0
    succeeded: 0
    failed: 0
    cancelled: 1
    dismissed: 0
    unknown: 0
    not_found: 0
pending_task_ids:
  description: IDs of the tasks that may not have ended.
  returned: always
  type: list
  elements: str
  sample: []
elapsed:
  description: How many seconds it took.
  returned: always
  type: float
  sample: 12.4
requests:
  description: How many requests were sent, including logins.
  returned: always
  type: int
  sample: 6
option:
  description: The option that is wrong or missing.
  returned: when an option is wrong
  type: str
  sample: provider
reason:
  description:
    - Why the module failed, as a word to branch on. V(not_cancellable), V(cancel_unclear) and V(timed_out) come from
      the cancel itself.
    - All other values are those of RV(longrunning.tasks.task_info#module:reason). With the outcomes V(refused) and
      V(not_sent) they are the cause, such as V(rejected) or V(permission).
  returned: failure
  type: str
  sample: not_cancellable
request:
  description:
    - Which request failed. See RV(longrunning.tasks.task_info#module:request).
  returned: when a request failed
  type: dict
"""

from ansible_collections.longrunning.tasks.plugins.module_utils._module.argument_specs import (
    TASK_CANCEL,
    TASK_IDS_RULES,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._module.runner import run_module
from ansible_collections.longrunning.tasks.plugins.module_utils._module.task_cancel import NOT_STARTED, run


def main() -> None:
    run_module(run, TASK_CANCEL, failure_keys=NOT_STARTED, **TASK_IDS_RULES)


if __name__ == "__main__":
    main()
