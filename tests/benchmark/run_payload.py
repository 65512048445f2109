# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the file that Ansible made of a module, in this process, and writes its peak memory to a file.

Called as a program: the payload's path, then that of the file for the number of KiB.
"""

from __future__ import annotations

import contextlib
import runpy
import sys
from pathlib import Path


def main(payload: str, peak: str) -> None:
    """Run it to its end, which modules reach by leaving the process."""
    sys.argv = [payload]
    with contextlib.suppress(SystemExit):
        runpy.run_path(payload, run_name="__main__")
    # Of this process alone, unlike what getrusage says, which begins with that of the process that made it.
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    Path(peak).write_text(next(line.split()[1] for line in lines if line.startswith("VmHWM:")), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
