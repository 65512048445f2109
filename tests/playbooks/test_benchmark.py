# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The benchmark runs to its end, and counts what does not depend on how busy the machine is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
URI, URI_LIST, OURS = "uri + until", "uri of the list", "task_wait"
#: The others differ from one of these in numbers only.
SCENES = ["module", "finished", "failure", "many", "many-running", "quota", "listed"]


@pytest.mark.newest
@pytest.mark.skipif(sys.platform != "linux", reason="it reads Linux's /proc")
def test_the_benchmark_runs(tmp_path):
    collections = os.environ["LONGRUNNING_TESTS_COLLECTIONS"]
    table = tmp_path / "table.json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmark", "--quick", "--json", str(table), *SCENES],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([collections, str(TESTS)])},
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    report = json.loads(table.read_text(encoding="utf-8"))
    medians = {(one["scene"], one["quantity"]): one["medians"] for one in report["measures"]}
    assert {scene for scene, _quantity in medians} == set(report["notes"])
    assert len(report["notes"]) == len(SCENES)
    assert medians["One finished task", "requests"] == {URI: 1, OURS: 1}
    assert medians["4 tasks that have ended, one list has all", "requests"] == {URI: 4, URI_LIST: 1, OURS: 1}
    assert medians["4 tasks that end within 2 s", "requests in a look"][OURS] <= 1
    assert medians["200 tasks in one list", "requests"] == {URI: 1, OURS: 1}
    quota = "300 tasks at VMware, 50 requests a minute"
    assert medians[quota, "requests in a look"][OURS] <= 2
    assert medians[quota, "most requests in 60 s"][OURS] <= 50
    assert medians[quota, "refused for the quota"][OURS] == 0
    ours = next(told["words"] for told in report["told"] if told["alternative"] == OURS)
    assert "failed with code 396" in ours
    assert ours in done.stdout
