# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a process imports that begins with nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from ansible_collections.longrunning.tasks.plugins.module_utils._providers import registry


def imported_by(*statements):
    """Return the names of all that a fresh Python has imported after these statements."""
    program = "; ".join([*statements, "import sys", "print(*sys.modules)"])
    # The folder with ansible_collections, which is not on every test runner's path.
    path = [str(Path(registry.__file__).parents[6]), *filter(None, sys.path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    return set(done.stdout.split())
