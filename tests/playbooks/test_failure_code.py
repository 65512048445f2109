# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup failure_code as people use it: documented, on the command line, in a playbook, and without a network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

NAME = "longrunning.tasks.failure_code"
#: Python imports this before anything else: nothing can be reached, and none of the modules' libraries is there.
ALONE = """
import socket
import sys

for library in ("requests", "jsonschema", "jmespath", "keystoneauth1", "openstack"):
    sys.modules[library] = None


class Alone(socket.socket):
    def connect(self, address):
        if self.family != getattr(socket, "AF_UNIX", None):
            raise OSError("there is no network")
        return super().connect(address)

    connect_ex = connect


socket.socket = Alone
"""


@pytest.fixture
def command(tmp_path):
    """Return a function that runs one of Ansible's programs, and returns what it printed."""
    (tmp_path / "alone").mkdir()
    (tmp_path / "alone" / "sitecustomize.py").write_text(ALONE, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "alone"), "ANSIBLE_HOME": str(tmp_path / "home")}

    def run(program, *arguments, status=0):
        done = subprocess.run(
            [Path(sys.executable).with_name(program), *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env={**environment, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_REMOTE_TMP": str(tmp_path / "tmp")},
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


def test_it_is_documented(command):
    listed = json.loads(command("ansible-doc", "-t", "lookup", "--list", "--json", "longrunning.tasks"))
    assert NAME in listed
    shown = json.loads(command("ansible-doc", "-t", "lookup", "--json", NAME))[NAME]
    assert set(shown["doc"]["options"]) == {"_terms", "provider"}
    fields = shown["return"]["_list"]["sample"][0]
    assert set(fields) == {"code", "title", "detail", "remedy", "retryable", "source"}
    assert f"lookup('{NAME}'" in shown["examples"]


@pytest.mark.parametrize(
    ("provider", "code", "words"),
    [
        ("rackspace_images", "396", "The file is not a valid VHD"),
        ("netapp_astra_control", "24", "Service unavailable"),
        ("huawei_koodrive", "13000311", "There is no space left"),
        ("huawei_koodrive", "taskResultCode=2", "The job failed in part"),
    ],
)
def test_on_the_command_line(command, provider, code, words):
    expression = f"{{{{ lookup('{NAME}', '{code}', provider='{provider}') | to_json }}}}"
    printed = command("ansible", "localhost", "-m", "ansible.builtin.debug", "-a", f'msg="{expression}"')
    assert words in printed
    assert "remedy" in printed


def test_a_code_that_nobody_documents(command):
    expression = f"{{{{ lookup('{NAME}', '18000205', provider='huawei_koodrive') }}}}"
    printed = command("ansible", "localhost", "-m", "ansible.builtin.debug", "-a", f'msg="{expression}"', status=2)
    assert "documents no failure code" in printed
    assert "18000205" in printed


@pytest.mark.smoke
def test_in_a_playbook(command, tmp_path):
    play = [
        {
            "hosts": "localhost",
            "gather_facts": False,
            "tasks": [
                {
                    "name": "All codes of a vendor, and one by its number",
                    "ansible.builtin.assert": {
                        "that": [
                            f"query('{NAME}', provider='huawei_koodrive') | length == 33",
                            f"query('{NAME}', provider='netapp_astra_control') | length == 24",
                            f"query('{NAME}', provider='vmware_live_site_recovery') == []",
                            f"query('{NAME}', provider='dbvisit_standby') == []",
                            f"lookup('{NAME}', 396, provider='rackspace_images').retryable",
                            f"query('{NAME}', 721, '111', provider='rackspace_images') | length == 2",
                        ]
                    },
                }
            ],
        }
    ]
    path = tmp_path / "play.json"
    path.write_text(json.dumps(play), encoding="utf-8")
    command("ansible-playbook", str(path))
