# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each case of a playbook through both edges: in ansible-core's worker, and as a module. Field for field the same."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret

from unit.support.json_server import JsonHandler, serving

PLAYS = Path(__file__).parent / "plays"
#: Fields that differ between any two runs.
VOLATILE = {"at", "elapsed", "ansible_job_id", "results_file", "frame"}
#: ansible-core's own marks of a module: in 2.22, and in 2.19 and 2.20 for a failure that failed_when says is none.
MARKS = {"ansible_parsed", "failed_when_suppressed_exception"}

#: The tasks that are told as cancelled at the next look.
CANCELLED: set[str] = set()


class Vendor(JsonHandler):
    """A vendor, and a proxy to it too. Its tasks say who was asked."""

    def do_GET(self):
        task_id = self.path.rpartition("/")[2]
        if task_id in CANCELLED:
            # Told once, so that both edges find the same.
            CANCELLED.discard(task_id)
            return self.answer(200, {**self._task(task_id), "status": "cancelled"})
        tasks = [self._task("a"), self._task("endless")] if task_id.startswith("tasks") else None
        return self.answer(200, {"tasks": tasks} if tasks else self._task(task_id))

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        if self.path.endswith("/cancel"):
            CANCELLED.add(self.path.split("/")[-2])
        self.answer(201, self._task("new"))

    def _task(self, task_id):
        status = {"bad": "failure", "endless": "processing"}.get(task_id, "success")
        message = f"{self.server.name}, not {self.headers['X-Auth-Token']}. Error code: '396'"
        return {
            "id": task_id,
            "status": status,
            "type": "import",
            "message": message,
            "created_at": "2026-01-01T00:00:00Z",
        }


@pytest.fixture
def vendors():
    """Return the addresses of two vendors."""
    with serving(Vendor, name="vendor 0") as one, serving(Vendor, name="vendor 1") as other:
        yield [one, other]


@pytest.fixture
def vault(tmp_path, secrets):
    """Return the arguments with which ansible-playbook knows a variable of the vault."""
    (tmp_path / "vault-password").write_text("open", encoding="utf-8")
    sealed = VaultLib([("default", VaultSecret(b"open"))]).encrypt(secrets["wrong"]).decode()
    lines = "\n".join(f"  {line}" for line in sealed.splitlines())
    (tmp_path / "vaulted.yml").write_text(f"vaulted_token: !vault |\n{lines}\n", encoding="utf-8")
    return ["--vault-password-file", str(tmp_path / "vault-password"), "-e", f"@{tmp_path / 'vaulted.yml'}"]


def settled(value):
    """Return a result without what differs between any two runs."""
    if isinstance(value, dict):
        return {key: settled(item) for key, item in value.items() if key not in VOLATILE | MARKS}
    if isinstance(value, list):
        return [settled(item) for item in value]
    return re.sub(r"\d+(\.\d+)? s\b", "_ s", value) if isinstance(value, str) else value


def tasks_with_modules(output):
    """Return the names of the tasks for which a module of the collection was run, as -vvv tells it."""
    parts = (part.partition("]") for part in output.split("TASK [")[1:])
    return {name for name, _bracket, told in parts if re.search(r"Using module file .*/task_\w+\.py", told)}


@pytest.mark.smoke
@pytest.mark.parametrize("way", ["-vvvvv linear", pytest.param(" free", marks=pytest.mark.newest)])
def test_both_edges_give_the_same_results(run_playbook, vendors, vault, tmp_path, way):
    verbosity, strategy = way.split(" ")
    run = run_playbook(
        "edges.yml",
        *("-i", str(PLAYS / "edges.inventory.yml"), *vault),
        url=vendors[0],
        proxies=vendors,
        method="ansible.builtin.su" if os.geteuid() == 0 else "ansible.builtin.sudo",
        verbosity=verbosity,
        environment={"ANSIBLE_STRATEGY": strategy, "ANSIBLE_PIPELINING": "true"},
    )
    run.assert_clean()
    registered = {
        edge: {
            host: settled(json.loads((tmp_path / f"{edge}.{host}.json").read_text(encoding="utf-8")))
            for host in ("first", "far")
        }
        for edge in ("worker", "module")
    }
    assert registered["worker"] == registered["module"]
    results = registered["worker"]["first"]
    assert len(results) > 30
    assert len(results["case_warning"]["warnings"]) == 1
    assert [cancel["outcome"] for cancel in results["case_cancel"]["cancels"]] == ["cancelled", "already_ended"]
    assert (results["case_on_timeout_cancel"]["outcome"], results["case_on_timeout_cancel"]["changed"]) == (
        "timed_out",
        True,
    )
    assert [item["task"]["message"][:8] for item in results["case_environment"]["results"]] == ["vendor 0", "vendor 1"]
    if verbosity:
        here, _end, there = run.output.partition("TASK [Keep what was registered]")
        assert {name for name in tasks_with_modules(here) if "as a module" not in name} == set()
        assert {name for name in tasks_with_modules(there) if "as a module" in name} == tasks_with_modules(here)
        assert len(tasks_with_modules(there)) > 30
