# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


def test_waits_for_netapp_astra_control(run_playbook, simulate):
    simulator = simulate("netapp_astra_control.scenario.yml")
    run_playbook("netapp_astra_control.yml", url=simulator.url).assert_clean()
    paths = simulator.requests()["by_path"]
    tasks = "/accounts/{account_id}/core/v1/tasks"
    backups = "POST /accounts/{account_id}/k8s/v1/apps/{app_id}/appBackups"
    assert set(paths) == {f"GET {tasks}", f"GET {tasks}/{{id}}", backups}, paths


def test_the_login_of_the_environment(run_playbook, simulate, secrets):
    simulator = simulate("netapp_astra_control.scenario.yml")
    environment = {
        "NETAPP_ASTRA_API_URL": simulator.url,
        "NETAPP_ASTRA_ACCOUNT_ID": "fdaa655c-15ab-4d34-aa61-1e9098e67be0",
        "NETAPP_ASTRA_API_TOKEN": secrets["astra_token"],
    }
    run_playbook("netapp_astra_control_environment.yml", environment=environment).assert_clean()
