# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entry point of ``python3 -m task_simulator``."""

from __future__ import annotations

import sys

try:
    from .cli import main
except ModuleNotFoundError as missing:
    # A bare Python has no PyYAML: say what to install instead of showing a traceback.
    if missing.name != "yaml":
        raise
    sys.stderr.write(f"The task simulator needs PyYAML for {sys.executable}: install python3-yaml or PyYAML.\n")
    sys.exit(1)

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
