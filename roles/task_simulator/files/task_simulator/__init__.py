# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that plays vendors' task APIs, so that playbooks and tests can rehearse long waits, failures and faults.

In a test::

    with Simulator({"tasks": [{"provider": "rackspace_images", "id": "..."}]}) as sim:
        requests.get(sim.url + "/v2/tasks", headers={"X-Auth-Token": "demo-token"})
"""

from __future__ import annotations

from .scenario import Scenario
from .server import Simulator
from .validation import ScenarioError

__all__ = ["Scenario", "ScenarioError", "Simulator"]
