# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that say what is returned of a task."""

from __future__ import annotations


class ModuleDocFragment:
    """Options about the results of all modules of the collection."""

    DOCUMENTATION = r"""
options:
  return_raw:
    description:
      - Whether to return the vendor's own object with each task, under C(raw). It can be long.
    type: bool
    default: false
"""
