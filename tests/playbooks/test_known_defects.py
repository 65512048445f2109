# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What waits made of ansible.builtin.uri with until were seen to die of, and what Ansible's own keywords do to a wait.

One 502, one page of HTML and one reset in mid-wait are in passing_faults.yml, the reason of a failure is in wait.yml,
many tasks at once are in many.yml.
"""

from __future__ import annotations

import threading
import time

GOOD, ENDLESS = (f"00000000-0000-4000-8000-{number:012d}" for number in (1, 2))


def task(task_id, seconds):
    steps = [{"state": "processing", "seconds": seconds}]
    return {
        "provider": "rackspace_images",
        "id": task_id,
        "type": "import",
        "steps": steps,
        "end": {"state": "success"},
    }


def test_a_server_that_does_not_listen_yet(run_playbook, simulate, tmp_path):
    simulator = simulate({"tasks": [task(GOOD, 0)]}, starts=False)

    def start_when_told():
        end = time.monotonic() + 120
        while time.monotonic() < end and not (tmp_path / "listen").exists():
            time.sleep(0.1)
        simulator.start()

    starter = threading.Thread(target=start_when_told, daemon=True)
    starter.start()
    run_playbook("late_server.yml", url=simulator.url, id=GOOD).assert_clean()
    starter.join(5)


def test_ansibles_own_keywords(run_playbook, simulate):
    simulator = simulate({"tasks": [task(GOOD, 0), task(ENDLESS, 1e6)]})
    run_playbook("keywords.yml", url=simulator.url).assert_clean()
