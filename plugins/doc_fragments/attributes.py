# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all modules of the collection share besides the connection options."""

from __future__ import annotations


class ModuleDocFragment:
    """An option about results, and what a module can and cannot do, in the words of Ansible's module attributes."""

    DOCUMENTATION = r"""
options:
  return_raw:
    description:
      - Whether to return the vendor's own object with each task, under C(raw). It can be long.
    type: bool
    default: false
attributes:
  action_group:
    description:
      - Use C(group/longrunning.tasks.tasks) in C(module_defaults) to set the connection options once for all
        modules of this collection.
    support: full
    membership:
      - longrunning.tasks.tasks
  check_mode:
    description: Can run in C(check_mode) and return what it would return otherwise, without changing anything.
    support: full
  diff_mode:
    description: Will return details on what has changed, or possibly needs changing, in diff mode.
    support: N/A
    details:
      - This module only reads.
  idempotent:
    description: When run twice in a row, changes nothing in the second run.
    support: full
    details:
      - This module only reads. C(changed) is always V(false).
"""
