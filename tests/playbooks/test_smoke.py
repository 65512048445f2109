# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest


@pytest.mark.smoke
def test_each_module_once(run_playbook, simulate):
    simulator = simulate("wait.scenario.yml")
    run = run_playbook("smoke.yml", url=simulator.url)
    run.assert_clean()
    assert "WAITING: [" in run.output, "the action plugin told no progress"
