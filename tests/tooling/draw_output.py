# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the README's first example and put its output there: as text, and as the picture docs/images/task_wait.svg.

Then run it once more, and have the filter timeline draw docs/images/timeline.svg.

    python -m tooling.draw_output

The runs are real ones of ansible-playbook, against the simulator. They take a minute each, and need ansible-core, what
is in requirements.txt, and the repository on ANSIBLE_COLLECTIONS_PATH. Nothing of the output is left out.
"""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
PICTURE = ROOT / "docs" / "images" / "task_wait.svg"
TIMELINE = PICTURE.with_name("timeline.svg")
#: Is done behind the example for the second picture.
DRAWING = """
- name: Draw the wait
  ansible.builtin.copy:
    content: "{{ backups | longrunning.tasks.timeline(title='Nightly backups') }}"
    dest: "{{ timeline }}"
    mode: "0644"
"""
COLUMNS = 114

ACCOUNT = "fdaa655c-15ab-4d34-aa61-1e9098e67be0"
COUNT = 20
#: Which of them fails.
BROKEN = 14
#: Seconds that the shortest backup takes, and how much longer each next one does.
SHORTEST, LONGER = 25.0, 2.0

#: What Ansible's colours look like on a dark ground.
COLOURS = {"0;31": "#f47067", "1;31": "#f47067", "0;32": "#8ddb8c", "0;33": "#f69d50", "0;36": "#76e3ea"}
GROUND, PLAIN = "#22272e", "#cdd9e5"
CHARACTER, LINE, MARGIN = 7.8, 18, 16
#: Spaces that are drawn as many as they are.
NO_BREAK = "\N{NO-BREAK SPACE}"


def scenario() -> dict[str, object]:
    """Return twenty backups at Astra Control that run side by side, one of which fails."""
    tasks = []
    for number in range(COUNT):
        seconds = SHORTEST + LONGER * number
        failed = number == BROKEN
        tasks.append(
            {
                "provider": "netapp_astra_control",
                "id": task_id(number),
                "type": "astra.backup",
                "steps": [{"state": "running", "seconds": seconds / 20, "percentDone": part * 5} for part in range(20)],
                "end": {"state": "failed", "code": "problems/40"} if failed else {"state": "completed"},
            }
        )
    return {"credentials": {"netapp_astra_control": {"account_id": ACCOUNT, "api_tokens": ["demo"]}}, "tasks": tasks}


def task_id(number: int) -> str:
    """Return the ID of one of the backups."""
    return f"5d1c7a60-0000-4000-8000-0000000000{number:02d}"


def example(readme: str) -> str:
    """Return the README's first example."""
    return str(re.findall(r"(?ms)^```yaml\n(.*?)^```", readme)[0])


def run(tasks: str) -> list[str]:
    """Run these tasks in a play, and return what ansible-playbook wrote, colours included."""
    sys.path.insert(0, str(ROOT / "roles" / "task_simulator" / "files"))
    from task_simulator import Simulator  # noqa: PLC0415 - the path had to be set first.

    play = "- name: Nightly backups\n  hosts: localhost\n  gather_facts: false\n  tasks:\n"
    with tempfile.TemporaryDirectory() as folder, Simulator(scenario()) as simulator:
        playbook = Path(folder, "backups.yml")
        playbook.write_text(play + textwrap.indent(tasks, "    "), encoding="utf-8")
        variables = {
            "ansible_python_interpreter": sys.executable,
            "timeline": str(TIMELINE),
            "backup_ids": [task_id(number) for number in range(COUNT)],
        }
        done = subprocess.run(
            ["ansible-playbook", "-e", json.dumps(variables), str(playbook)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            cwd=folder,
            env={
                **os.environ,
                "ANSIBLE_FORCE_COLOR": "true",
                "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
                "ANSIBLE_LOCALHOST_WARNING": "false",
                "NETAPP_ASTRA_ACCOUNT_ID": ACCOUNT,
                "NETAPP_ASTRA_API_TOKEN": "demo",
                "NETAPP_ASTRA_API_URL": simulator.url,
            },
        )
    return done.stdout.strip().splitlines()


def plain(line: str) -> str:
    """Take the colours away."""
    return re.sub(r"\x1b\[[\d;]*m", "", line)


def wrapped(text: str) -> list[str]:
    """Break a line between words, so that it fits."""
    return textwrap.wrap(text, COLUMNS, drop_whitespace=False, break_long_words=True) or [""]


def draw(lines: list[str]) -> str:
    """Draw lines in COLUMNS columns as SVG, the longest broken between words."""
    rows = []
    for line in lines:
        colour = next((COLOURS[code] for code in re.findall(r"\x1b\[([\d;]+)m", line) if code in COLOURS), PLAIN)
        rows += [(colour, part) for part in wrapped(plain(line))]
    width, height = round(COLUMNS * CHARACTER) + 2 * MARGIN, len(rows) * LINE + 2 * MARGIN
    drawn = [
        f'<text x="{MARGIN}" y="{MARGIN + 13 + number * LINE}" fill="{colour}" '
        f'textLength="{len(text) * CHARACTER:.1f}">{html.escape(text).replace(" ", NO_BREAK)}</text>'
        for number, (colour, text) in enumerate(rows)
        if text.strip()
    ]
    font = 'font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="13"'
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font}>',
        "<title>What ansible-playbook shows while task_wait waits for twenty backups</title>",
        f'<rect width="{width}" height="{height}" rx="8" fill="{GROUND}"/>',
        *drawn,
        "</svg>\n",
    ]
    return "\n".join(parts)


def main() -> int:
    """Run, write and draw."""
    readme = README.read_text(encoding="utf-8")
    lines = run(example(readme))
    text = "\n".join(map(plain, lines)).strip("\n")
    marks = r"(<!-- output: begin, written by draw_output\.py -->\n).*?(<!-- output: end -->)"
    readme, found = re.subn(marks, lambda marks: f"{marks[1]}```text\n{text}\n```\n{marks[2]}", readme, flags=re.DOTALL)
    if not found:
        print("The README has no marks for the output.", file=sys.stderr)
        return 1
    README.write_text(readme, encoding="utf-8")
    PICTURE.write_text(draw(lines), encoding="utf-8")
    run(example(readme) + DRAWING)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
