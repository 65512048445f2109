# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

SCENARIO = "vmware_live_site_recovery.scenario.yml"
PLAY = "vmware_live_site_recovery.yml"


def test_waits_for_vmware(run_playbook, simulate):
    simulator = simulate(SCENARIO)
    run_playbook(PLAY, url=simulator.url).assert_clean()
    counts = simulator.requests()["by_path"]
    logins = sum(count for path, count in counts.items() if path.startswith("POST ") and path.endswith("/session"))
    logouts = sum(count for path, count in counts.items() if path.startswith("DELETE "))
    # A module ends its session, unless it ran out. Two are the play's own, one login was refused, one address was none.
    assert logouts == logins - (1 + 2 + 1 + 1)
