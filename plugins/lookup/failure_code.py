# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: failure_code
short_description: Look up what a vendor documents about a failure code
version_added: 1.0.0
author: longrunning.tasks contributors (@longrunning)
description:
  - Returns title, detail, remedy and source of the failure codes that a vendor documents for its long-running tasks.
  - Works offline. M(longrunning.tasks.task_wait) uses the same data to explain failures.
options:
  _terms:
    description:
      - The vendor's codes. Without a code, the lookup returns all codes that the vendor documents.
  provider:
    description:
      - Whose codes these are, as the option O(longrunning.tasks.task_wait#module:provider).
    type: str
    required: true
seealso:
  - module: longrunning.tasks.task_wait
"""

EXAMPLES = r"""
- name: Explain a code
  ansible.builtin.debug:
    msg: "{{ lookup('longrunning.tasks.failure_code', '396', provider='rackspace_images').remedy }}"

- name: Show all codes that are worth another try
  ansible.builtin.debug:
    msg: "{{ codes | selectattr('retryable') | map(attribute='code') }}"
  vars:
    codes: "{{ query('longrunning.tasks.failure_code', provider='rackspace_images') }}"

# On the command line:
# ansible localhost -m debug -a "msg={{ lookup('longrunning.tasks.failure_code', '396', provider='rackspace_images') }}"
"""

RETURN = r"""
_list:
  description:
    - For each code the same keys as RV(longrunning.tasks.task_info#module:task.error).
  type: list
  elements: dict
  sample:
    - code: "396"
      title: The file is not a valid VHD
      detail: The file is not a valid VHD
      remedy: Check that the object in the container is a whole VHD and upload it again.
      retryable: true
      source: Rackspace Cloud Images developer guide, Get task details
"""

from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import WorkError
from ansible_collections.longrunning.tasks.plugins.module_utils._module.failure_codes import documented_failures


class LookupModule(LookupBase):
    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        self.set_options(var_options=variables, direct=kwargs)
        try:
            return documented_failures(self.get_option("provider"), [str(term) for term in self._flatten(terms)])
        except WorkError as error:
            raise AnsibleError(error.message) from None
