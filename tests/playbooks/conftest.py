# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs real ansible-playbook with the installed collection, against the simulator over real sockets.

Every run is made at -vvvvv with marked secrets, and fails where the mark or a traceback turns up: in what Ansible
prints, or in the process list while it runs.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme
import yaml

COLLECTIONS = Path(os.environ["LONGRUNNING_TESTS_COLLECTIONS"])
COLLECTION = COLLECTIONS / "ansible_collections" / "longrunning" / "tasks"
sys.path[:0] = [str(COLLECTION / "roles" / "task_simulator" / "files"), str(Path(__file__).parents[1])]

from task_simulator import Simulator  # noqa: E402 - the path above had to be set first
from unit.support.vendors import CANCELLERS, MARK, PASSWORD, TOKEN, VENDORS  # noqa: E402 - as above

PLAYS = Path(__file__).parent / "plays"
#: Seconds.
LONGEST_RUN = 900

#: What plays call them. Those of the table are the vendors' usual logins.
SECRETS = {
    "api_key": VENDORS["rackspace_images"].login["api_key"],
    "password": f"{MARK}-pass/word?&",
    "admin_password": PASSWORD,
    "member_password": f"{MARK}-member",
    "application_credential_secret": f"{MARK}-credential",
    "dbvisit_password": PASSWORD,
    "dbvisit_cookie": f"{MARK}-cookie==",
    "astra_token": TOKEN,
    "koodrive_token": TOKEN,
    "app_secret": VENDORS["huawei_koodrive"].credentials["app_secret"],
    "vmware_password": PASSWORD,
    "custom_token": TOKEN,
    "vmware_sso_password": f"{MARK}-vmware:sso",
    "image_token": TOKEN,
    "wrong": f"{MARK}-wrong",
}
_MEMBER = {"name": "bob", "password": SECRETS["member_password"], "project": "demo", "roles": ["member"]}
_MORE = {
    "dbvisit_standby": {"api_tokens": [SECRETS["dbvisit_cookie"]]},
    "rackspace_images": {"password": SECRETS["password"], "regions": ["DFW", "ORD"]},
    "openstack_images": {
        "users": [*VENDORS["openstack_images"].credentials["users"], _MEMBER],
        "application_credentials": [
            {"id": "robot", "secret": SECRETS["application_credential_secret"], "user": "admin"},
        ],
    },
    "vmware_live_site_recovery": {
        "sso_password": SECRETS["vmware_sso_password"],
        # Many modules run one after the other from this address, more than a real playbook in a minute.
        "ip_rate_limit": 1000,
    },
}
CREDENTIALS = {
    name: {**vendor.credentials, **_MORE.get(name, {})} for name, vendor in VENDORS.items() if not vendor.plays
}
CREDENTIALS["custom"] = CANCELLERS["custom"].credentials
#: Forms of the mark in a Basic header depend on where it begins: three possibilities.
MARKS = [MARK, *(base64.b64encode(b" " * shift + MARK.encode())[4:-4].decode() for shift in range(3))]


@dataclass(frozen=True)
class Run:
    """What a run of ansible-playbook left behind."""

    status: int
    #: Each line, and when it came, in monotonic seconds.
    lines: tuple[tuple[float, str], ...] = field(repr=False)
    processes: frozenset[str] = field(repr=False)

    @property
    def output(self):
        return "".join(line for _moment, line in self.lines)

    def assert_keeps_secrets(self):
        for mark in MARKS:
            assert mark not in self.output
            assert not [command for command in self.processes if mark in command]

    def assert_clean(self):
        if self.status != 0:
            signs = ("TASK [", "[ERROR]", "fatal:", '    "msg":')
            told = [line[:3000] for line in self.output.splitlines() if line.startswith(signs)]
            ended = f"it ended with status {self.status}"
            pytest.fail("\n".join([ended, *told[-6:], self.output[-1500:]]), pytrace=False)
        assert "Traceback (most recent call last)" not in self.output
        self.assert_keeps_secrets()


class ProcessList:
    """Collects the command lines of all processes that can be seen, as anybody on the machine could."""

    #: A process changes its command line when it becomes another program, soon after it was made.
    _LOOKS = 5

    def __init__(self):
        self.found = set()
        self._looks = {}

    def look(self):
        for process in Path("/proc").iterdir():
            looks = self._looks.get(process.name, 0)
            if not process.name.isdigit() or looks >= self._LOOKS:
                continue
            self._looks[process.name] = looks + 1
            try:
                line = process.joinpath("cmdline").read_bytes()
            except OSError:
                continue
            self.found.add(line.replace(b"\0", b" ").decode(errors="replace"))


@pytest.fixture
def secrets():
    """Return the secrets of the simulators' logins."""
    return SECRETS


@pytest.fixture
def slowness():
    """Return by how much a wait in which several looks are counted has to last longer here and now: 1 or more."""
    began = time.monotonic()
    subprocess.run([Path(sys.executable).with_name("ansible-playbook"), "--version"], check=True, capture_output=True)
    return max(1.0, time.monotonic() - began)


@pytest.fixture
def run_playbook(tmp_path):
    """Return a function that runs a playbook of the folder plays, or of a collection, and returns the run.

    ``meanwhile`` is called while it runs, with its process, which then leads a process group.
    """

    def run(playbook, *arguments, environment=None, verbosity="-vvvvv", meanwhile=None, **variables):
        extra = tmp_path / "variables.json"
        extra.touch(mode=0o600)
        extra.write_text(json.dumps({"secrets": SECRETS, "scratch": str(tmp_path), **variables}), encoding="utf-8")
        # Else ansible-playbook spends a tenth of its time on looking each millisecond whether a task has ended.
        config = tmp_path / "ansible.cfg"
        config.write_text("[defaults]\ninternal_poll_interval = 0.01\n", encoding="utf-8")
        ansible_playbook = Path(sys.executable).with_name("ansible-playbook")
        command = [
            str(ansible_playbook),
            *([verbosity] if verbosity else []),
            *arguments,
            "-e",
            f"@{extra}",
            playbook if str(playbook).startswith("longrunning.tasks.") else str(PLAYS / playbook),
        ]
        settings = {
            **os.environ,
            "ANSIBLE_CONFIG": str(config),
            "ANSIBLE_HOME": str(tmp_path / "ansible-home"),
            "ANSIBLE_REMOTE_TMP": str(tmp_path / "ansible-tmp"),
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_FORCE_COLOR": "false",
            # Ansible warns when PATH's python is not the one it found, which is no concern of these tests.
            "ANSIBLE_DEPRECATION_WARNINGS": "false",
            **(environment or {}),
        }
        processes = ProcessList()
        done = threading.Event()

        def watch():
            while not done.wait(0.1):
                processes.look()

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=settings,
            text=True,
            cwd=tmp_path,
            start_new_session=meanwhile is not None,
        )
        too_long = threading.Timer(LONGEST_RUN, process.kill)
        too_long.start()
        try:
            if meanwhile is not None:
                meanwhile(process)
            lines = tuple((time.monotonic(), line) for line in process.stdout)
            status = process.wait()
        finally:
            too_long.cancel()
            process.kill()
            process.stdout.close()
            process.wait()
            done.set()
            watcher.join()
        return Run(status, lines, frozenset(processes.found))

    return run


@pytest.fixture
def simulate():
    """Return a function that starts a simulator with a scenario: a dict, or a file of the folder plays."""
    running = []

    def start(scenario=None, **options):
        if isinstance(scenario, str):
            scenario = yaml.safe_load((PLAYS / scenario).read_text(encoding="utf-8"))
        simulator = Simulator({"credentials": CREDENTIALS, **(scenario or {})}, **options)
        running.append(simulator)
        simulator.start()
        return simulator

    yield start
    for simulator in running:
        simulator.stop()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    """Make an authority and a certificate of localhost by it; return their paths."""
    folder = tmp_path_factory.mktemp("certificates")
    paths = {name: folder / f"{name}.pem" for name in ("authority", "server", "key")}
    authority = trustme.CA()
    leaf = authority.issue_cert("localhost", "127.0.0.1")
    authority.cert_pem.write_to_path(paths["authority"])
    leaf.cert_chain_pems[0].write_to_path(paths["server"])
    leaf.private_key_pem.write_to_path(paths["key"])
    return {name: str(path) for name, path in paths.items()}
