# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the collection is that is tested."""

from __future__ import annotations

import os
from pathlib import Path

COLLECTIONS = Path(os.environ["LONGRUNNING_TESTS_COLLECTIONS"])
COLLECTION = COLLECTIONS / "ansible_collections" / "longrunning" / "tasks"
