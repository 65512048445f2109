# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


def test_waits_for_koodrive(run_playbook, simulate, secrets):
    simulator = simulate("huawei_koodrive.scenario.yml")
    # The play leaves both options out once.
    environment = {
        "KOODRIVE_API_URL": simulator.url,
        "KOODRIVE_API_TOKEN": f"Bearer+{secrets['koodrive_token']}",
    }
    run_playbook("huawei_koodrive.yml", url=simulator.url, environment=environment).assert_clean()
