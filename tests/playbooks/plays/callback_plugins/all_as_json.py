# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: all_as_json
type: stdout
short_description: Writes one JSON document, as ansible.posix.json does
description: For the tests of this collection.
author: longrunning.tasks contributors
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "all_as_json"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._outcomes = []

    def v2_runner_on_ok(self, result):
        self._outcomes.append(self._dump_results(getattr(result, "result", None) or result._result))

    def v2_playbook_on_stats(self, stats):
        print(json.dumps([json.loads(text)["outcome"] for text in self._outcomes]))
