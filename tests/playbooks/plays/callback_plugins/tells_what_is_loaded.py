# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import sys

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: tells_what_is_loaded
type: aggregate
short_description: Says at the end of each task which libraries ansible-playbook itself has loaded
description: For the tests of this collection.
author: longrunning.tasks contributors
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "tells_what_is_loaded"
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_ok(self, _result):
        loaded = [name for name in ("keystoneauth1.session", "openstack.config") if name in sys.modules]
        self._display.display(f"LOADED: {loaded}")
