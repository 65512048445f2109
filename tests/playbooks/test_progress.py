# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Live lines of progress: where there are some and where there are none, and that they come during the wait."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parent / "plays"

FOREVER = [{"state": "running", "seconds": 100000, "percentDone": 25.5}]
SCENARIO = {
    "tasks": [
        *(
            {
                "provider": "netapp_astra_control",
                "id": f"00000000-0000-4000-8000-00000000{number}",
                "steps": FOREVER,
                "end": {"state": "completed"},
            }
            for number in ("cafe", "beef")
        ),
        {
            "provider": "netapp_astra_control",
            "id": "9cc8c321-6af1-406c-8158-2c6582c247f8",
            "steps": [],
            "end": {"state": "completed"},
        },
    ],
}
LINE = re.compile(r"(?:WAITING|STOPPED|DONE): \[([^\]]+)\] (.*)")


def lines_by_case(output):
    """Return the lines of progress below the name of their task, as (host, text)."""
    cases, current = {}, None
    for line in output.splitlines():
        if line.startswith("TASK ["):
            current = line[6:].partition("]")[0]
            cases[current] = []
        match = LINE.search(line)
        if match:
            cases[current].append(match.groups())
    return cases


@pytest.fixture(scope="module")
def method():
    """How to become root here."""
    return "ansible.builtin.su" if os.geteuid() == 0 else "ansible.builtin.sudo"


def test_there_are_lines_where_the_work_is_done_in_a_worker(run_playbook, simulate, slowness, method, tmp_path):
    simulator = simulate(SCENARIO)
    local_temp = tmp_path / "local-temp"
    run = run_playbook(
        "progress.yml",
        url=simulator.url,
        slowness=slowness,
        method=method,
        environment={"ANSIBLE_LOCAL_TEMP": local_temp},
    )
    run.assert_clean()
    cases = lines_by_case(run.output)
    hosts = {case: sorted({host for host, _text in lines}) for case, lines in cases.items() if case.startswith("Case ")}
    assert hosts == {
        "Case several hosts": ["first", "second"],
        "Case no progress": [],
        "Case no log": ["first", "second"],
        "Case check mode": [],
        "Case environment": ["first", "second"],
        "Case loop": ["first", "second"],
        "Case in the background": [],
        "Case looked up later": [],
        "Case wrong options": [],
        "Case senseless options": [],
        "Case become": [],
        "Case elsewhere": [],
        "Case delegated": ["far -> first"],
        "Case ended before it began": ["far -> first"],
    }
    task = "Backup (00000000) running, 25 %"
    first = [text for host, text in cases["Case several hosts"] if host == "first"]
    begun = re.fullmatch(rf"{re.escape(task)}, (\d+) s", first[0])
    assert int(begun[1]) < slowness
    assert {re.sub(r", \d+ s$", "", text) for text in first} == {task}
    hidden = [text for host, text in cases["Case no log"] if host == "first"]
    assert int(re.fullmatch(r"0 of 1 done, (\d+) s", hidden[0])[1]) < slowness
    assert {re.sub(r", \d+ s$", "", text) for text in hidden} == {"0 of 1 done"}
    ends = [line for _moment, line in run.lines if line.startswith(("STOPPED", "DONE"))]
    assert re.match(r"STOPPED: \[(first|second)\] Backup \(00000000\) running, 25 %, \d+ s$", ends[0])
    assert re.fullmatch(r"DONE: \[far -> first\] Backup \(9cc8c321\) succeeded in \d+ s\n", ends[-1])
    assert list(local_temp.iterdir()) == []

    came = next(moment for moment, line in run.lines if "WAITING: [first]" in line)
    ended = next(moment for moment, line in run.lines if line.startswith("ok: [first]") and moment > came)
    # The wait lasts 1.2 seconds, and longer on a slow machine. What is not live comes all at once.
    assert ended - came > 0.8


@pytest.mark.kind
def test_a_document_on_stdout_stays_one(simulate, secrets, tmp_path):
    """As with ansible.posix.json, for programs that start ansible-playbook and read what it writes."""
    play = tmp_path / "play.yml"
    play.write_text(
        f"""
- hosts: localhost
  gather_facts: false
  tasks:
    - longrunning.tasks.task_wait:
        provider: netapp_astra_control
        api_url: {simulate(SCENARIO).url}
        account_id: fdaa655c-15ab-4d34-aa61-1e9098e67be0
        api_token: {secrets["astra_token"]}
        task_id: 00000000-0000-4000-8000-00000000cafe
        timeout: 1.2
        on_timeout: continue
""",
        encoding="utf-8",
    )
    settings = {"ANSIBLE_STDOUT_CALLBACK": "all_as_json", "ANSIBLE_CALLBACK_PLUGINS": str(PLUGINS / "callback_plugins")}
    command = [str(Path(sys.executable).with_name("ansible-playbook")), str(play)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=tmp_path, env={**os.environ, **settings}
    )
    assert done.returncode == 0, done
    assert json.loads(done.stdout) == ["timed_out"]
    assert "WAITING: [localhost] Backup (" in done.stderr
