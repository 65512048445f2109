# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event source task_events of ansible-rulebook. Its documentation is in task_events.yml beside it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

# ansible-rulebook runs this file by its path: nobody has told Python where collections are. The folder above
# ansible_collections comes first. Where another ansible_collections is a package already, it gets this one's folder.
_ROOT = Path(__file__).absolute().parents[7]
if str(_ROOT) not in sys.path:
    sys.path.insert(0, str(_ROOT))

import ansible_collections  # noqa: E402 - the path had to be set first

if str(_ROOT / "ansible_collections") not in ansible_collections.__path__:
    ansible_collections.__path__.insert(0, str(_ROOT / "ansible_collections"))

from ansible_collections.longrunning.tasks.plugins.plugin_utils._event_source import EventSource  # noqa: E402 - as above


async def main(queue: Any, args: dict[str, Any]) -> None:
    """Put an event into the queue for each change of a task, until the engine ends."""
    await EventSource(queue, args).run()
