# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check what no other tool checks: licence headers, lists, and no trace of the machine a file was written on."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from . import sources

# REUSE-IgnoreStart - these lines are looked for, they are not said of this file.
HEADER = (
    "Copyright: (c) 2026, longrunning.tasks contributors",
    "GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)",
    "SPDX-License-Identifier: GPL-3.0-or-later",
)
# REUSE-IgnoreEnd
HEADER_WITHIN = 12
# The licence itself; written by antsibull-changelog; formats without comments.
NO_HEADER = re.compile(
    r"^(LICENSES/.*|COPYING|CHANGELOG\.\w+|changelogs/(changelog|\.plugin-cache)\.yaml|.*\.(json|pem|crt|key|png|svg))$"
)
# Folders that exist on one machine only. They are put together here so that this file does not find itself.
MACHINE = (
    [rf"/{top}/[\w.-]+" for top in ("home", "Users")]
    + [rf"/{top}/" for top in ("root", "work")]
    + [r"\.pyenv/" + "versions/"]
)
SHORTEST_ROOT = 3
# An item of a list that a reformatted paragraph has swallowed.
SWALLOWED = re.compile(r"[a-z]\. -(?: [A-Z]|$)", re.MULTILINE)


def _machine_paths() -> re.Pattern[str]:
    here = [path for path in (sources.ROOT, Path.home()) if len(path.parts) >= SHORTEST_ROOT]
    words = [rf"{re.escape(str(path))}(?=[/\s\"':]|$)" for path in here]
    return re.compile("|".join([*(rf"(?<![\w.$}}~-]){word}" for word in MACHINE), *words]), re.MULTILINE)


def faults(path: Path, text: str, machine: re.Pattern[str]) -> list[str]:
    """Return what is wrong with one file, a sentence each."""
    found = [
        f"{path}:{text.count(chr(10), 0, hit.start()) + 1}: a path of one machine: {hit.group()}"
        for hit in machine.finditer(text)
    ]
    found += [
        f"{path}:{text.count(chr(10), 0, hit.start()) + 1}: an item of a list begins within a line"
        for hit in SWALLOWED.finditer(text)
    ]
    if text.strip() and not NO_HEADER.match(path.as_posix()):
        top = "\n".join(text.splitlines()[:HEADER_WITHIN])
        missing = [line for line in HEADER if line not in top]
        if missing:
            found.append(f"{path}:1: licence header: '{missing[0]}' is not in the first {HEADER_WITHIN} lines")
    return found


def main() -> int:
    """Check every file of the repository."""
    machine = _machine_paths()
    found: list[str] = []
    paths = sources.files()
    for path in paths:
        try:
            text = (sources.ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        except FileNotFoundError:  # Somebody removed it meanwhile.
            continue
        found += faults(path, text, machine)
    print("\n".join(found) if found else f"{len(paths)} files: licence headers, lists and paths are in order.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
