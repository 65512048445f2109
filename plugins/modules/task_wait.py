#!/usr/bin/python
# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: task_wait
short_description: Wait until long-running tasks of a vendor have ended
version_added: 1.0.0
author: longrunning.tasks contributors (@longrunning)
description:
  - Waits for any number of a vendor's long-running tasks at once, and fails when one of them ends without success.
  - The message of a failure says which task failed, with which code of the vendor, what the code means, and what to
    do.
  - Retries for O(transient_timeout) seconds after errors that happen during a long wait, such as refused and broken
    connections, timeouts, answers such as 429, 502 and 503, pages of HTML and cut off answers. When a login runs out,
    it logs in again.
  - Only a known success counts as a success. When a list and the task itself contradict each other, the task itself
    counts, and it is not a success before they agree.
extends_documentation_fragment:
  - longrunning.tasks.connection
  - longrunning.tasks.attributes
attributes:
  check_mode:
    details:
      - In check mode it looks once and does not wait. A task that is still under way is not a failure, and the module
        cancels nothing.
  diff_mode:
    support: none
    details:
      - It changes something only with O(on_timeout=cancel) or O(on_interrupt=cancel).
  idempotent:
    support: full
    details:
      - It changes something only when it cancels tasks. These have ended when it runs again.
options:
  task_ids:
    description:
      - IDs of the tasks, as the vendor gave them when they were launched.
      - Exactly one of O(task_ids), O(launch_results) and O(select) is required.
    type: list
    elements: str
    aliases: [task_id]
  launch_results:
    description:
      - The registered results of the playbook tasks that launched them. One result, the result of a loop, or a list
        of either.
      - Results of skipped tasks are ignored. A failed result is an error.
      - The module looks for the ID where the vendor's launching call has it. At Rackspace, OpenStack and VMware this is
        C(json.id), which M(ansible.builtin.uri) returns, then C(id) and C(task_id). At Dbvisit it is
        C(json.result.task_id), at KooDrive C(json.taskId) or C(json.data). With O(provider=custom), O(definition) says
        where. At NetApp Astra Control no call returns an ID.
      - When a call launches several tasks and answers with a list, the module takes the IDs of all. At VMware this list
        is C(json.list).
    type: raw
  select:
    description:
      - Which tasks to wait for, instead of their IDs. The wait goes on until no unfinished task of the vendor matches.
        It includes tasks that begin meanwhile.
      - Use it before a maintenance begins, or to run only one import at a time. C({}) selects all tasks.
      - RV(failed_task_ids) names a task that failed. The wait does not fail, since the task may be somebody else's,
        unless you set O(on_failure=fail).
      - If an unfinished task lacks something that the selection depends on, such as its type, or has a state that this
        collection does not know, the wait includes it and warns. A list that the vendor cuts is a failure.
      - Each look reads the vendor's whole list. If the vendor has many tasks, keep the list short with
        O(select.filters).
      - A provider that cannot list tasks refuses it.
    type: dict
    suboptions:
      types:
        description:
          - Only tasks of these types, in the vendor's words, such as V(import).
        type: list
        elements: str
      states:
        description:
          - Only tasks in these states. By default all unfinished ones.
        type: list
        elements: str
        choices: [queued, running, paused]
      started_after:
        description:
          - Only tasks that started at this time or later, as in V(2026-11-22T07:30:00Z). If the vendor does not
            return the start of a task, the time when it was created counts.
        type: str
      started_before:
        description:
          - Only tasks that started before this time.
        type: str
      filters:
        description:
          - Parameters that go to the vendor unchanged, as O(longrunning.tasks.task_list#module:filters).
        type: dict
      resource:
        description:
          - Only tasks with this value as their C(resource).
        type: str
      quiet_seconds:
        description:
          - The wait ends when no unfinished task has matched for so many seconds. With V(0) one look is enough.
        type: float
        default: 0.0
  timeout:
    description:
      - Seconds for the whole wait. V(0) looks once.
      - When the time is up, the tasks go on at the vendor, unless O(on_timeout=cancel).
      - The keyword C(timeout) of Ansible's tasks is a different limit. It ends the module without a result.
    type: float
    default: 3600.0
  deadline:
    description:
      - The moment at which the wait must be over. Several waits can share it. The limit that comes first counts, this
        one or O(timeout).
      - A time with its zone, such as V(2026-11-22T07:30:00Z) and V(2026-11-22T08:30+01:00), or seconds since 1970.
        The cookbook has an example.
      - If it has passed already, the wait looks once.
    type: str
  poll_interval:
    description:
      - Seconds between two looks. The default depends on the provider. It is V(30) for Rackspace, which allows no
        more than one poll in 30 seconds, V(10) for KooDrive, the definition's own with V(custom), and V(5) for the
        others.
      - If the vendor's answer says how long to wait, the next look comes no sooner.
      - KooDrive's tokens end after 20 minutes without a request. So with such a token, an interval of more than 19
        minutes is an error.
    type: float
  max_poll_interval:
    description:
      - The most seconds between two looks. Looks are more than O(poll_interval) apart only while the progress of the
        tasks says that their ends are further away. Near an end they are O(poll_interval) apart again.
      - When you set it, the interval also grows up to this value while nothing changes, for tasks without a progress.
      - The default is O(poll_interval) if you set that, and V(60) if you set neither.
    type: float
  wait_for:
    description:
      - V(all) - wait until all tasks have ended.
      - V(any) - wait until one has succeeded. The wait fails when all have ended without success.
    type: str
    choices: [all, any]
    default: all
  fail_fast:
    description:
      - End the wait when the first task fails, even if others are still under way.
    type: bool
    default: false
  on_failure:
    description:
      - Whether tasks that end without success make the module fail. With V(continue), look at RV(outcome) and
        RV(failed_task_ids).
      - The default is V(fail), and V(continue) with O(select).
    type: str
    choices: [fail, continue]
  on_timeout:
    description:
      - What to do when O(timeout), O(deadline) or O(stall_timeout) is up before all tasks have ended.
      - V(fail) - the module fails, and the tasks go on at the vendor.
      - V(continue) - it does not fail. Look at RV(outcome) and RV(pending_task_ids).
      - V(cancel) - it asks the vendor to cancel the tasks that have not ended, takes up to 30 seconds to see their
        ends, and fails. RV(cancels) says what became of each.
      - It is an error with O(select), and when the tasks of this O(provider) cannot be cancelled, see
        M(longrunning.tasks.task_cancel).
    type: str
    choices: [fail, continue, cancel]
    default: fail
  on_interrupt:
    description:
      - What to do about tasks that have not ended when somebody interrupts the wait, as with Ctrl-C.
      - V(leave) - nothing. They go on at the vendor.
      - V(cancel) - ask the vendor to cancel them, all at once. There is less than half a second for that. RV(msg) and
        RV(cancels) say which cancels were sent and which were not. SIGKILL leaves no time for this.
    type: str
    choices: [leave, cancel]
    default: leave
  accept_failure_codes:
    description:
      - Failure codes of the vendor that count as a success here, such as a code for work that was already done.
    type: list
    elements: str
    default: []
  success_states:
    description:
      - The vendor's words for a state that count as a success here, whatever the provider's table says. No other words
        do.
      - Use it for resources, such as a server that should become C(ACTIVE), or a volume that should be C(available) or
        C(in-use).
      - A state that is a success in the table, but not in this list, counts as V(running).
      - Write the words as the vendor does, in the same case. C(raw_state) shows them. If the case differs, the module
        fails and says so.
      - To wait for a resource to disappear, set O(not_found=succeed), and give the vendor's word for a deleted resource
        here. Without a word here, a resource that still exists and is well would be a success.
      - A task that failed for another reason than its word, such as a failed part, stays a failure.
    type: list
    elements: str
  failure_states:
    description:
      - The vendor's words for a state that count as a failure here, in addition to the failures in the provider's
        table.
      - A word must not also be in O(success_states). The same rule holds for the case of a word.
    type: list
    elements: str
  not_found:
    description:
      - What to do when the vendor does not have a task.
      - V(fail) - the task counts as a failure.
      - V(wait) - the task is not registered yet, so wait for it to appear.
      - V(succeed) - the task counts as a success, for vendors that forget tasks that ended. Whether it really succeeded
        is then a guess. See the waiting guide.
      - A task that the wait has seen counts as not found only after three such answers in a row, over at least five
        seconds, since a single one may come from a proxy or from a node that lags behind.
    type: str
    choices: [fail, wait, succeed]
    default: fail
  unknown_state:
    description:
      - What to do when a task has no state, or one that this collection does not know. It never counts as a success.
      - V(wait) - warn once and go on waiting.
      - V(fail) - the task counts as a failure.
    type: str
    choices: [wait, fail]
    default: wait
  stall_timeout:
    description:
      - End the wait when state, progress and message of a task have not changed for so many seconds.
        By default there is no such limit.
    type: float
  transient_timeout:
    description:
      - Seconds for which the wait retries after transient errors. Each good answer resets the count. With V(0) the
        first error ends the wait.
      - While nothing has ever answered, it retries for 20 seconds only, since a refused, unreachable or unknown address
        is most likely wrong.
    type: float
    default: 300.0
  follow_subtasks:
    description:
      - Whether to wait until the direct subtasks of each task have ended too. Until then an ended task counts as
        V(running), with its own C(raw_state), and its C(subtasks) say what is under way. With O(fail_fast) a failed
        task ends the wait at once.
      - A task's own state decides whether it succeeded. The task's C(message) names a subtask without success.
      - Of the vendors, only NetApp Astra Control has subtasks. For the others this option has no effect.
    type: bool
    default: false
  return_history:
    description:
      - Whether each task has a C(history), the changes of its state that the wait saw. With many tasks this is long.
    type: bool
    default: false
  progress:
    description:
      - Whether to print lines about the wait in the playbook's output, such as how many tasks have ended, their
        progress, the estimated time left, and the outcome. A failure gets its line at once, with its reason.
      - There are such lines when ansible-playbook does the work itself, with the C(local) connection. There are none
        with C(async), with C(become) and in check mode.
      - A line has at most 100 characters. With C(-v) nothing is cut, and each change of a task's state and each failed
        request has a line of its own.
      - With C(no_log) the lines show counts only. With a stdout callback that writes JSON they go to stderr.
    type: bool
    default: true
  progress_interval:
    description:
      - The most seconds between two such lines, also while nothing changes.
      - While there is news, such as a growing percentage, a line comes every 10 seconds in the first minute, every 30
        seconds until ten minutes have passed, and then every 60 seconds, but at least as often as this option says.
    type: float
    default: 30.0
seealso:
  - module: longrunning.tasks.task_cancel
  - module: longrunning.tasks.task_info
  - module: longrunning.tasks.task_list
  - ref: ansible_collections.longrunning.tasks.docsite.waiting_guide
    description: When a wait ends, when it looks, what it retries, and what live progress shows.
  - ref: ansible_collections.longrunning.tasks.docsite.describe_your_api
    description: How to describe an API, from a saved answer to a wait.
  - ref: ansible_collections.longrunning.tasks.docsite.custom_guide
    description: How O(definition) describes any other API.
"""

EXAMPLES = r"""
- name: Wait for two image tasks
  longrunning.tasks.task_wait:
    provider: rackspace_images
    username: "{{ rackspace_username }}"
    api_key: "{{ rackspace_api_key }}"
    region: DFW
    task_ids:
      - d8dd8c24-2534-473c-881f-9097bc784068
      - 7bdc8ede-9098-4d79-9477-697f586cb333
    timeout: 7200

- name: Launch imports and wait for all of them
  block:
    - name: Launch
      ansible.builtin.uri:
        url: "{{ image_api }}/v2/tasks"
        method: POST
        headers:
          X-Auth-Token: "{{ token }}"
        body_format: json
        body:
          type: import
          input:
            import_from: "{{ item }}"
            import_from_format: qcow2
            image_properties:
              name: "{{ item | basename }}"
              disk_format: qcow2
              container_format: bare
        status_code: 201
      loop: "{{ image_sources }}"
      register: launched

    - name: Wait
      longrunning.tasks.task_wait:
        provider: openstack_images
        api_url: "{{ image_api }}"
        api_token: "{{ token }}"
        launch_results: "{{ launched }}"

- name: Wait for a switchover at Dbvisit
  longrunning.tasks.task_wait:
    provider: dbvisit_standby
    api_url: "{{ control_center }}"
    username: "{{ dbvisit_username }}"
    password: "{{ dbvisit_password }}"
    task_id: "7"

- name: Wait for a transfer at KooDrive
  longrunning.tasks.task_wait:
    provider: huawei_koodrive
    region: intl
    api_token: "{{ koodrive_token }}"
    user_id: "{{ koodrive_user }}"
    task_id: "1534087020903704704"

- name: Wait for a task of VMware's appliance
  longrunning.tasks.task_wait:
    provider: vmware_live_site_recovery
    api_url: https://srm.example.com
    username: admin
    password: "{{ password }}"
    task_id: configure-7

- name: Wait for a job of AWX, which a ready definition describes
  longrunning.tasks.task_wait:
    definition: awx
    api_url: https://awx.example.com
    api_token: "{{ awx_token }}"
    task_id: /api/v2/jobs/3/

- name: Branch on the code of a failure
  block:
    - name: Wait for an import
      longrunning.tasks.task_wait:
        provider: rackspace_images
        username: "{{ rackspace_username }}"
        api_key: "{{ rackspace_api_key }}"
        task_id: "{{ import_id }}"
  rescue:
    - name: Ask for a smaller disk
      ansible.builtin.debug:
        msg: "{{ ansible_failed_result.task.error.remedy }}"
      when: "'413' in ansible_failed_result.failure_codes"

    - name: Pass every other failure on
      ansible.builtin.fail:
        msg: "{{ ansible_failed_result.msg }}"
      when: "'413' not in ansible_failed_result.failure_codes"

- name: Wait for the imports that have to be over when the change window ends
  longrunning.tasks.task_wait:
    provider: openstack_images
    cloud: production
    launch_results: "{{ launched }}"
    deadline: "2026-11-22T04:00:00+01:00"
    timeout: 86400

- name: Begin the maintenance when nothing has run for five minutes
  longrunning.tasks.task_wait:
    provider: netapp_astra_control
    api_url: "{{ astra_url }}"
    account_id: "{{ astra_account }}"
    api_token: "{{ astra_token }}"
    select:
      quiet_seconds: 300
    timeout: 14400

- name: Import when no other import runs
  longrunning.tasks.task_wait:
    provider: openstack_images
    cloud: production
    select:
      types: [import]

- name: Wait until a volume can be used, attached or not
  longrunning.tasks.task_wait:
    definition: openstack_volume
    api_url: "{{ volume_api }}"
    auth_url: "{{ keystone }}"
    app_id: "{{ application_credential_id }}"
    app_secret: "{{ application_credential_secret }}"
    task_id: "{{ volume_id }}"
    success_states: [available, in-use]
    failure_states: [error_restoring]

- name: Wait until a server is gone
  longrunning.tasks.task_wait:
    definition: openstack_server
    api_url: "{{ compute_api }}"
    auth_url: "{{ keystone }}"
    app_id: "{{ application_credential_id }}"
    app_secret: "{{ application_credential_secret }}"
    task_id: "{{ server_id }}"
    success_states: [DELETED]
    not_found: succeed

- name: Wait for the first of several mirrors
  longrunning.tasks.task_wait:
    provider: openstack_images
    cloud: production
    task_ids: "{{ mirror_task_ids }}"
    wait_for: any
"""

RETURN = r"""
msg:
  description: How the wait ended, in a sentence, and after a failure what to do.
  returned: always
  type: str
  sample: >-
    Rackspace Cloud Images: import task fc29a67c-ad76-49bc-a317-a5f38dcb44c0 (my image) failed with code 396: The file
    is not a valid VHD. What to do: Check that the object in the container is a whole VHD and upload it again.
outcome:
  description:
    - How the wait ended.
    - V(succeeded) - all tasks succeeded, or one did with O(wait_for=any). A task can also count as a success because
      of O(not_found) or O(accept_failure_codes). With O(select), no unfinished task matches.
    - V(failed) - tasks ended without success.
    - V(timed_out) - O(timeout) or O(deadline) was up before they had ended. RV(msg) says which.
    - V(stalled) - nothing had changed for O(stall_timeout).
    - V(unreachable) - the vendor gave no usable answer, so it is unknown what became of the tasks. See RV(reason) and
      RV(request).
    - V(interrupted) - the module got one of the signals SIGHUP, SIGINT and SIGTERM, or ansible-playbook was gone.
    - V(aborted) - after its first look the wait could not go on, because the vendor's answer shows that an option is
      wrong, or because this collection has a bug. See RV(reason).
    - V(not_started) - no wait began, because an option is wrong or a library is missing. See RV(reason).
  returned: always
  type: str
  sample: failed
timed_out:
  description: Whether the time was up before the tasks had ended.
  returned: always
  type: bool
  sample: false
tasks:
  description:
    - The tasks as last known, one for each ID and in the same order. With O(select), all tasks that the wait saw
      unfinished, in the order in which it saw them first. Each has the keys of
      RV(longrunning.tasks.task_info#module:task). With O(follow_subtasks=true) an ended task also has its
      C(subtasks).
    - A task that was never seen has the state V(unknown) and no C(raw_state).
    - Empty when no wait began.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: The task's ID.
      type: str
      returned: success
      sample: fc29a67c-ad76-49bc-a317-a5f38dcb44c0
    state:
      description: The state in the vocabulary of this collection.
      type: str
      returned: success
      sample: failed
    error:
      description: Why the task failed, as in RV(longrunning.tasks.task_info#module:task.error).
      type: dict
      returned: success
      sample: {code: "396", title: The file is not a valid VHD}
    history:
      description: The newest 200 changes of its state that the wait saw.
      type: list
      elements: dict
      returned: when O(return_history=true)
      contains:
        state:
          description: The state in the vocabulary of this collection.
          type: str
          returned: success
          sample: running
        raw_state:
          description: The vendor's word for it.
          type: str
          returned: success
          sample: processing
        percent:
          description: The progress in percent, or null.
          type: float
          returned: success
          sample: null
        at:
          description: When the wait saw it, as an RFC 3339 time in UTC.
          type: str
          returned: success
          sample: "2014-02-26T02:58:49.120Z"
        elapsed:
          description: Seconds since the wait began.
          type: float
          returned: success
          sample: 3.012
task:
  description: The task, when there was exactly one to wait for. Null otherwise.
  returned: always
  type: dict
counts:
  description: How many of RV(tasks) are in each state. The dictionary has every state.
  returned: always
  type: dict
  sample:
    queued: 0
    running: 1
    paused: 0
    succeeded: 48
    failed: 1
    cancelled: 0
    dismissed: 0
    unknown: 0
    not_found: 0
failed_task_ids:
  description: IDs of the tasks that ended without success. Those with an accepted failure code are not among them.
  returned: always
  type: list
  elements: str
  sample: [fc29a67c-ad76-49bc-a317-a5f38dcb44c0]
failure_codes:
  description:
    - The vendor's codes of the tasks in RV(failed_task_ids), each once, to branch on. Tasks without a code are not
      included.
  returned: always
  type: list
  elements: str
  sample: ["396"]
pending_task_ids:
  description: IDs of the tasks that were unfinished when the wait ended.
  returned: always
  type: list
  elements: str
  sample: []
elapsed:
  description: How many seconds the wait took.
  returned: always
  type: float
  sample: 1812.4
polls:
  description: How many times the wait looked.
  returned: always
  type: int
  sample: 61
requests:
  description: How many requests were sent, including logins.
  returned: always
  type: int
  sample: 63
transient_errors:
  description: How many transient errors the wait met.
  returned: always
  type: int
  sample: 2
last_transient_error:
  description: The last of these errors, or null.
  returned: always
  type: str
  sample: null
cancels:
  description:
    - What became of each task that the wait asked the vendor to cancel, because of O(on_timeout=cancel) or
      O(on_interrupt=cancel). Otherwise it is empty. The keys are those of
      RV(longrunning.tasks.task_cancel#module:cancels), which M(longrunning.tasks.task_cancel) returns.
    - RV(failed_task_ids) includes tasks that ended since then, unless they succeeded.
  returned: always
  type: list
  elements: dict
  sample: []
option:
  description: The option that is wrong or missing.
  returned: when an option is wrong
  type: str
  sample: region
reason:
  description:
    - Why the module failed, as a word to branch on. V(task_failed), V(timed_out), V(stalled) and V(interrupted) come
      from the wait itself. With the outcome V(unreachable) it is the cause, such as V(unreachable), V(authentication)
      or V(permission).
    - All other values are those of RV(longrunning.tasks.task_info#module:reason). They come with the outcomes
      V(aborted) and V(not_started).
  returned: failure
  type: str
  sample: task_failed
request:
  description:
    - Which request ended the wait, with the outcome V(unreachable). See
      RV(longrunning.tasks.task_info#module:request).
  returned: when a request failed
  type: dict
"""

from ansible_collections.longrunning.tasks.plugins.module_utils._module.argument_specs import TASK_WAIT, TASK_WAIT_RULES
from ansible_collections.longrunning.tasks.plugins.module_utils._module.runner import run_module
from ansible_collections.longrunning.tasks.plugins.module_utils._module.task_wait import NOT_STARTED, run


def main() -> None:
    run_module(run, TASK_WAIT, failure_keys=NOT_STARTED, **TASK_WAIT_RULES)


if __name__ == "__main__":
    main()
