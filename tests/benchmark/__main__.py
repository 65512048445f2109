# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures task_wait side by side with ansible.builtin.uri and until, prints one table and writes it as JSON.

Needs the environment of the nox session bench: Linux, and the folder of the installed collection as
LONGRUNNING_TESTS_COLLECTIONS and on PYTHONPATH.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

COLLECTIONS = Path(os.environ["LONGRUNNING_TESTS_COLLECTIONS"])
SIMULATOR = COLLECTIONS / "ansible_collections" / "longrunning" / "tasks" / "roles" / "task_simulator" / "files"
sys.path.insert(0, str(SIMULATOR))

from .playing import Player  # noqa: E402 - the path above had to be set first
from .report import Report  # noqa: E402 - as above
from .scenes import SCENES, Seen, Size  # noqa: E402 - as above


def main(arguments: list[str]) -> int:
    """Run the scenes and return 0: aims that are missed are told, not punished."""
    parser = argparse.ArgumentParser(prog="benchmark", description=__doc__.partition("\n")[0])
    parser.add_argument("scenes", nargs="*", metavar="SCENE", help=f"only these: {', '.join(SCENES)}")
    parser.add_argument("--short", action="store_true", help="only see that all of it runs: the figures mean little")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there")
    options = parser.parse_args(arguments)
    unknown = set(options.scenes) - set(SCENES)
    if unknown:
        parser.error(f"there is no scene {', '.join(sorted(unknown))}")
    seen: list[Seen] = []
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        scratch = Path(folder)
        player = Player(COLLECTIONS, scratch)
        size = Size().short if options.short else Size()
        for name in options.scenes or SCENES:
            print(f"{name} ...", file=sys.stderr, flush=True)
            seen.append(SCENES[name](player, size, scratch))
    report = Report(
        machine={
            "cores": os.cpu_count(),
            "Python": platform.python_version(),
            "ansible-core": version("ansible-core"),
            "requests": version("requests"),
        },
        notes={one.measures[0].scene: one.note for one in seen},
        measures=[measure for one in seen for measure in one.measures],
        told=[told for one in seen for told in one.told],
    )
    print(report.to_text())
    if options.json:
        options.json.write_text(f"{json.dumps(report.to_json(), indent=2)}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
