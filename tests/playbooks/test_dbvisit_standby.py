# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


def test_waits_for_dbvisit(run_playbook, simulate):
    simulator = simulate("dbvisit_standby.scenario.yml")
    run_playbook("dbvisit_standby.yml", url=simulator.url).assert_clean()
