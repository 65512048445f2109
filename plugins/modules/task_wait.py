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
  - The message of a failure says which task failed, with which of the vendor's codes, what that means, and what to do.
  - Retries for O(transient_timeout) seconds after what networks and servers do in the middle of a long wait, such as
    refused and broken connections, timeouts, answers such as 429, 502 and 503, pages of HTML and cut off answers. A
    login that runs out is renewed once.
  - Only an end that is known to be a success counts as one. When a list and the task itself contradict each other, the
    task itself counts, and no success comes of it before they agree.
extends_documentation_fragment:
  - longrunning.tasks.connection
  - longrunning.tasks.attributes
  - longrunning.tasks.attributes.action_group
attributes:
  check_mode:
    details:
      - In check mode it looks once and does not wait. A task that is still under way is no failure, and
        nothing is cancelled.
  diff_mode:
    support: none
    details:
      - It changes nothing, unless O(on_timeout=cancel) or O(on_interrupt=cancel).
  idempotent:
    support: full
    details:
      - It changes something only where it cancels tasks. Those have ended when it runs again.
options:
  task_ids:
    description:
      - IDs of the tasks, as the vendor gave them when they were launched.
      - Exactly one of O(task_ids), O(launch_results) and O(select) is needed.
    type: list
    elements: str
    aliases: [task_id]
  launch_results:
    description:
      - What the tasks that launched them registered. One result, the result of a loop, or a list of either.
      - Results of skipped tasks are ignored. A failed one is an error.
      - The ID is looked for where the vendor's launching call has it, at Rackspace, OpenStack and VMware in C(json.id),
        which M(ansible.builtin.uri) returns, then in C(id) and C(task_id). At Dbvisit it is in C(json.result.task_id),
        at KooDrive in C(json.taskId) or C(json.data), with O(provider=custom) where O(definition) says. At NetApp Astra
        Control no call returns one.
      - A call that launches several tasks at once, and answers with a list of them, gives the IDs of all. At VMware
        that is C(json.list).
    type: raw
  select:
    description:
      - Which tasks to wait for, instead of their IDs. The wait goes on until no unfinished task of the vendor matches.
        Tasks that begin meanwhile are waited for too.
      - Use it before a maintenance begins, or to let one import run at a time. C({}) selects all.
      - A task that failed is told in RV(failed_task_ids), and is no failure of the wait unless you set
        O(on_failure=fail). The task can be somebody else's.
      - An unfinished task that does not tell what the selection depends on, such as its type, is waited for, with a
        warning. So is one in a state that this collection does not know. A list that the vendor cuts is a failure.
      - Each look reads the vendor's whole list. Keep that short with O(select.filters) where the vendor has many tasks.
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
          - Only tasks in these states. By default all that have not ended.
        type: list
        elements: str
        choices: [queued, running, paused]
      started_after:
        description:
          - Only tasks that started at this time or later, as in V(2026-11-22T07:30:00Z). Where the vendor does not tell
            when a task started, the time when it was made counts.
        type: str
      started_before:
        description:
          - Only tasks that started before this time.
        type: str
      filters:
        description:
          - Parameters that go to the vendor as they are, as O(longrunning.tasks.task_list#module:filters).
        type: dict
      resource:
        description:
          - Only tasks that work on this resource, as C(resource) of a task has it.
        type: str
      quiet_seconds:
        description:
          - For how many seconds no unfinished task may match before the wait ends. V(0) needs one look.
        type: float
        default: 0.0
  timeout:
    description:
      - Seconds for the whole wait. V(0) looks once.
      - The tasks go on at the vendor when the time is up, unless O(on_timeout=cancel).
      - The keyword C(timeout) of Ansible's tasks is something else. It ends the module without a result.
    type: float
    default: 3600.0
  deadline:
    description:
      - The moment at which the wait has to be over, for several waits that share one. The smaller of the time until
        then and O(timeout) counts.
      - A time with its zone, such as V(2026-11-22T07:30:00Z) and V(2026-11-22T08:30+01:00), or seconds since 1970, such
        as C(now().timestamp() + 7200).
      - When it has passed, the wait looks once.
    type: str
  poll_interval:
    description:
      - Seconds between two looks. The default is the provider's own, V(30) for Rackspace, which asks for no more than
        one poll in 30 seconds, V(10) for KooDrive, and V(5) for the others.
      - Where the vendor's answer says how long to wait, the next look comes no sooner.
      - KooDrive's tokens end after 20 minutes without a request, so that an interval of more than 19 minutes is refused
        with such a token.
    type: float
  max_poll_interval:
    description:
      - The most seconds between two looks. Looks are more than O(poll_interval) apart only while the progress of the
        tasks says that their ends are further away. Near an end they are O(poll_interval) apart again.
      - When you set it, the interval also grows up to there while nothing changes, for tasks that tell no progress.
      - The default is O(poll_interval) where you set that, and V(60) where you set neither.
    type: float
  wait_for:
    description:
      - V(all) - wait until all tasks have ended.
      - V(any) - wait until one has succeeded. It is a failure when all have ended and none has.
    type: str
    choices: [all, any]
    default: all
  fail_fast:
    description:
      - End the wait at the first task that fails, whatever the others do.
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
      - V(cancel) - ask the vendor to cancel them, all at once. There is less than half a second for that, so that
        RV(msg) and RV(cancels) say which cancels were sent and which were not. What ends the process with SIGKILL
        leaves no time for anything.
    type: str
    choices: [leave, cancel]
    default: leave
  accept_failure_codes:
    description:
      - Failure codes of the vendor that count as a success here, such as a code that says that the work was done
        before.
    type: list
    elements: str
    default: []
  success_states:
    description:
      - The vendor's words for a state that count as a success here, whatever the provider's table says. No others do.
      - They are for resources, such as a server that has to become C(ACTIVE), or a volume that has to be C(available)
        or C(in-use).
      - A state that the table calls a success, and that is not among these, counts as V(running).
      - Give the words in the case in which the vendor writes them, as C(raw_state) has them. When the vendor writes one
        in another case, the module fails and says so.
      - For a resource that has to go, set O(not_found=succeed), and here the vendor's word for a deleted one. With no
        word here, a resource that is still there and well would be a success.
      - A task that failed for another reason than its word, such as a part of it that failed, stays a failure.
    type: list
    elements: str
  failure_states:
    description:
      - The vendor's words for a state that count as a failure here, besides those that the provider's table calls one.
      - A word must not be in O(success_states) too. For the case of a word, see there.
    type: list
    elements: str
  not_found:
    description:
      - What it means when the vendor does not have a task.
      - V(fail) - it is a failure.
      - V(wait) - the task is not registered yet, so wait for it to appear.
      - V(succeed) - this vendor forgets tasks that ended, so it counts as a success. What became of the task is then
        a guess. See the waiting guide.
      - A task that the wait has seen counts as not found only after three such answers in a row, over at least five
        seconds, since one may come from a proxy or from a node that lags behind.
    type: str
    choices: [fail, wait, succeed]
    default: fail
  unknown_state:
    description:
      - What to do about a state that this collection does not know, or that the vendor does not tell. It never counts
        as a success.
      - V(wait) - warn once and go on waiting.
      - V(fail) - it is a failure.
    type: str
    choices: [wait, fail]
    default: wait
  stall_timeout:
    description:
      - End the wait when neither state nor progress nor message of a task has changed for so many seconds.
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
      - Whether the wait goes on until the tasks that are directly a part of those waited for have ended too. Until then
        an ended task counts as V(running), with its own C(raw_state), and its C(subtasks) say what goes on. With
        O(fail_fast) a failed task ends the wait at once.
      - A task's own state decides whether it succeeded. A subtask without success is told in the task's C(message).
      - Of the vendors, NetApp Astra Control has subtasks. For the others this makes no difference.
    type: bool
    default: false
  progress:
    description:
      - Whether lines in the playbook's output tell what goes on during the wait, such as how many tasks have ended,
        their progress, about how long it will still take, and how it ended. A failure is told at once, with its reason.
      - There are such lines where ansible-playbook does the work itself, with the C(local) connection. With C(async),
        with C(become) and in check mode there are none.
      - A line has at most 100 characters. With C(-v) nothing is cut, and each change of a task's state and each request
        that failed has a line of its own.
      - With C(no_log) they tell counts only. With a stdout callback that writes JSON they go to stderr.
    type: bool
    default: true
  progress_interval:
    description:
      - The most seconds between two such lines, also while nothing changes.
      - While there is news, such as a percentage that grows, a line comes every 10 seconds in the first minute, every
        30 seconds until ten minutes have passed and every 60 seconds from then on, but never later than this.
    type: float
    default: 30.0
  return_raw:
    description:
      - Whether each task has the vendor's own object too, under C(raw). It can be long.
    type: bool
    default: false
seealso:
  - module: longrunning.tasks.task_cancel
  - module: longrunning.tasks.task_info
  - module: longrunning.tasks.task_list
  - ref: ansible_collections.longrunning.tasks.docsite.waiting_guide
    description: When a wait ends, when it looks, what it retries, and what live progress shows.
  - ref: ansible_collections.longrunning.tasks.docsite.describe_your_api
    description: How to describe an API, from a saved answer to a wait.
  - ref: ansible_collections.longrunning.tasks.docsite.custom_guide
    description: How any other API is described with O(definition).
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
  description: In a sentence, how the wait ended, and for a bad end what to do.
  returned: always
  type: str
  sample: >-
    Rackspace Cloud Images: import task fc29a67c-ad76-49bc-a317-a5f38dcb44c0 (my image) failed with code 396: The file
    is not a valid VHD. What to do: Check that the object in the container is a whole VHD and upload it again.
outcome:
  description:
    - How the wait ended.
    - V(succeeded) - all tasks succeeded, or one did with O(wait_for=any). Tasks that O(not_found) or
      O(accept_failure_codes) make a success of count too. With O(select), no unfinished task matches.
    - V(failed) - tasks ended without success.
    - V(timed_out) - O(timeout) or O(deadline) was up before they had ended. RV(msg) says which.
    - V(stalled) - nothing had changed for O(stall_timeout).
    - V(unreachable) - the vendor could not be reached any more, so nobody can tell what became of them. See RV(reason)
      and RV(request).
    - V(interrupted) - the module got one of the signals SIGHUP, SIGINT and SIGTERM, or nobody was left to read its
      result.
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
    - The tasks as last known, one to one with the IDs and in their order. With O(select), all that were seen
      unfinished, in the order in which they were seen first. Each has the keys of
      RV(longrunning.tasks.task_info#module:task). With O(follow_subtasks=true) an ended task has its
      C(subtasks) too.
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
      description: The changes of its state that the wait saw, the newest 200.
      type: list
      elements: dict
      returned: success
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
          description: How much was done, or null.
          type: float
          returned: success
          sample: null
        at:
          description: When it was seen, as an RFC 3339 time in UTC.
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
  description: How many of RV(tasks) are in each state. Every state is there.
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
    - The vendor's codes of the tasks in RV(failed_task_ids), each once, to branch on. Tasks that failed without a code
      add nothing.
  returned: always
  type: list
  elements: str
  sample: ["396"]
pending_task_ids:
  description: IDs of the tasks that had not ended when the wait did.
  returned: always
  type: list
  elements: str
  sample: []
elapsed:
  description: Seconds that the wait took.
  returned: always
  type: float
  sample: 1812.4
polls:
  description: How many times the wait looked.
  returned: always
  type: int
  sample: 61
requests:
  description: How many requests were sent, those of logins included.
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
      O(on_interrupt=cancel). It has the keys of RV(longrunning.tasks.task_cancel#module:cancels). Else it is empty.
    - A task that ended since then is among RV(failed_task_ids), unless it succeeded.
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
    - Why the module failed, in a word to branch on. V(task_failed), V(timed_out), V(stalled) and V(interrupted) come
      from the wait itself. With the outcome V(unreachable) it says why, such as V(unreachable), V(authentication) or
      V(permission).
    - The others are those of RV(longrunning.tasks.task_info#module:reason). They come with the outcome
      V(not_started).
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
