# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each vendor's habits in a play. What an ansible-core makes of every vendor is looked at in test_matrix.py."""

from __future__ import annotations

from pathlib import Path

import pytest

PLAYS = Path(__file__).parent / "plays"
pytestmark = pytest.mark.newest


@pytest.fixture
def openstack(simulate, secrets, tmp_path):
    """Return the address of a simulated OpenStack, and an environment with a clouds.yaml for it."""
    simulator = simulate("openstack.scenario.yml")
    clouds = tmp_path / "clouds.yaml"
    clouds.touch(mode=0o600)
    clouds.write_text(
        "clouds:\n  rehearsal:\n    region_name: RegionOne\n    auth:\n"
        f"      auth_url: {simulator.url}/identity/v3\n      username: admin\n"
        f"      password: {secrets['admin_password']}\n"
        "      project_name: demo\n      user_domain_name: Default\n      project_domain_name: Default\n",
        encoding="utf-8",
    )
    return simulator.url, {"OS_CLIENT_CONFIG_FILE": str(clouds)}


def test_waits_for_openstack(run_playbook, openstack):
    url, environment = openstack
    run_playbook("openstack.yml", url=url, environment=environment).assert_clean()


def test_libraries_that_are_slow_to_load_are_loaded_once(run_playbook, openstack):
    url, environment = openstack
    told = {
        "ANSIBLE_CALLBACK_PLUGINS": str(PLAYS / "callback_plugins"),
        "ANSIBLE_CALLBACKS_ENABLED": "tells_what_is_loaded",
    }
    run = run_playbook("slow_libraries.yml", url=url, environment={**environment, **told})
    run.assert_clean()
    both = "['keystoneauth1.session', 'openstack.config']"
    lines = [line.partition("LOADED: ")[2].strip() for _moment, line in run.lines if "LOADED: " in line]
    assert lines == ["[]", "['keystoneauth1.session']", "['keystoneauth1.session']", both]


def test_waits_for_dbvisit(run_playbook, simulate):
    simulator = simulate("dbvisit_standby.scenario.yml")
    run_playbook("dbvisit_standby.yml", url=simulator.url).assert_clean()


def test_waits_for_koodrive(run_playbook, simulate, secrets):
    simulator = simulate("huawei_koodrive.scenario.yml")
    # The play omits these options once.
    environment = {
        "KOODRIVE_API_URL": simulator.url,
        "KOODRIVE_API_TOKEN": f"Bearer+{secrets['koodrive_token']}",
        "KOODRIVE_USER_ID": "1395497048157130881",
    }
    run_playbook("huawei_koodrive.yml", url=simulator.url, environment=environment).assert_clean()


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


def test_waits_for_vmware(run_playbook, simulate):
    simulator = simulate("vmware_live_site_recovery.scenario.yml")
    run_playbook("vmware_live_site_recovery.yml", url=simulator.url).assert_clean()
    counts = simulator.requests()["by_path"]
    logins = sum(count for path, count in counts.items() if path.startswith("POST ") and path.endswith("/session"))
    logouts = sum(count for path, count in counts.items() if path.startswith("DELETE "))
    # A module ends its session, unless it ran out. Two are the play's own, one login was refused, one address was none.
    assert logouts == logins - (1 + 2 + 1 + 1)
