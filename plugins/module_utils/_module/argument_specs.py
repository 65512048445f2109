# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the modules, as Ansible's argument specs. Their documentation is in plugins/doc_fragments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.task import TaskState
from .._provider.options import CONNECTION_OPTIONS, SECRET_OPTIONS
from .._providers.registry import PROVIDERS
from .._waiting.loop import NotFoundPolicy, UnknownStatePolicy, WaitFor

ArgumentSpec = Mapping[str, Mapping[str, Any]]

#: Those that are not named below are texts.
CONNECTION: ArgumentSpec = {
    **{name: {"type": "str"} for name in CONNECTION_OPTIONS},
    "provider": {"type": "str", "choices": sorted(PROVIDERS)},
    **{name: {"type": "str", "no_log": True} for name in SECRET_OPTIONS},
    # A mapping, or its name, which the controller replaces by the mapping.
    "definition": {"type": "raw"},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
    "client_cert": {"type": "path"},
    # A path, not the key itself.
    "client_key": {"type": "path", "no_log": False},
    "request_timeout": {"type": "float", "default": 30.0},
}

#: Of every module: what becomes of the vendors' objects is decided where a result leaves.
_RETURN_RAW: ArgumentSpec = {"return_raw": {"type": "bool", "default": False}}

TASK_CANCEL: ArgumentSpec = {
    **_RETURN_RAW,
    "task_ids": {"type": "list", "elements": "str", "aliases": ["task_id"]},
    "launch_results": {"type": "raw"},
    "wait": {"type": "bool", "default": True},
    "timeout": {"type": "float", "default": 300.0},
    "deadline": {"type": "str"},
    "poll_interval": {"type": "float"},
    "not_found": {"type": "str", "default": "fail", "choices": ["fail", "succeed"]},
    "transient_timeout": {"type": "float", "default": 60.0},
}

TASK_INFO: ArgumentSpec = {
    **_RETURN_RAW,
    "task_ids": {"type": "list", "elements": "str", "required": True, "aliases": ["task_id"]},
    "not_found": {"type": "str", "default": "fail", "choices": ["fail", "succeed"]},
    "subtasks": {"type": "bool", "default": False},
}

# A ReusePolicy as words: the other modules need not load what launches.
TASK_LAUNCH: ArgumentSpec = {
    **_RETURN_RAW,
    "type": {"type": "str", "required": True},
    # It can hold secrets, such as the password of an archive. With no_log ansible-core would hide all else in it too:
    # the runner keeps it out of the log, and hides what has the name of a secret.
    "input": {"type": "dict", "default": {}},
    "reuse": {"type": "str", "default": "unfinished", "choices": ["none", "unfinished", "succeeded"]},
    "desired": {"type": "dict"},
    "transient_timeout": {"type": "float", "default": 60.0},
}

TASK_LIST: ArgumentSpec = {
    **_RETURN_RAW,
    "states": {
        "type": "list",
        "elements": "str",
        "choices": [state.value for state in TaskState if state.value != "not_found"],
    },
    "types": {"type": "list", "elements": "str"},
    "started_after": {"type": "str"},
    "started_before": {"type": "str"},
    "filters": {"type": "dict"},
    "limit": {"type": "int", "default": 100},
}

TASK_WAIT: ArgumentSpec = {
    **_RETURN_RAW,
    "return_history": {"type": "bool", "default": False},
    "task_ids": {"type": "list", "elements": "str", "aliases": ["task_id"]},
    # Results of other tasks can hold those tasks' secrets. With no_log ansible-core 2.22 would hide each of their texts
    # and numbers in the whole run: the runner keeps them out of the log and out of the invocation instead.
    "launch_results": {"type": "raw"},
    "select": {
        "type": "dict",
        "options": {
            "types": {"type": "list", "elements": "str"},
            "states": {"type": "list", "elements": "str", "choices": ["queued", "running", "paused"]},
            "started_after": {"type": "str"},
            "started_before": {"type": "str"},
            "filters": {"type": "dict"},
            "resource": {"type": "str"},
            "quiet_seconds": {"type": "float", "default": 0.0},
        },
    },
    "timeout": {"type": "float", "default": 3600.0},
    # A time or a number, as text.
    "deadline": {"type": "str"},
    "poll_interval": {"type": "float"},
    "max_poll_interval": {"type": "float"},
    "wait_for": {"type": "str", "default": "all", "choices": [choice.value for choice in WaitFor]},
    "fail_fast": {"type": "bool", "default": False},
    # Its default is another one with select.
    "on_failure": {"type": "str", "choices": ["fail", "continue"]},
    "on_timeout": {"type": "str", "default": "fail", "choices": ["fail", "continue", "cancel"]},
    "on_interrupt": {"type": "str", "default": "leave", "choices": ["leave", "cancel"]},
    "accept_failure_codes": {"type": "list", "elements": "str", "default": []},
    "success_states": {"type": "list", "elements": "str"},
    "failure_states": {"type": "list", "elements": "str"},
    "not_found": {"type": "str", "default": "fail", "choices": [choice.value for choice in NotFoundPolicy]},
    "unknown_state": {"type": "str", "default": "wait", "choices": [choice.value for choice in UnknownStatePolicy]},
    "stall_timeout": {"type": "float"},
    "transient_timeout": {"type": "float", "default": 300.0},
    "follow_subtasks": {"type": "bool", "default": False},
    # Read by the controller, which shows the lines.
    "progress": {"type": "bool", "default": True},
    "progress_interval": {"type": "float", "default": 30.0},
}

#: Of the event source, which is no module and takes the same options.
TASK_EVENTS: ArgumentSpec = {
    "task_ids": {"type": "list", "elements": "str", "aliases": ["task_id"]},
    "types": {"type": "list", "elements": "str"},
    "filters": {"type": "dict"},
    "states": {"type": "list", "elements": "str", "choices": [state.value for state in TaskState]},
    "events": {"type": "str", "default": "changes", "choices": ["changes", "ends"]},
    "lookback": {"type": "float", "default": 0.0},
    "limit": {"type": "int", "default": 1000},
    "poll_interval": {"type": "float"},
}

#: AnsibleModule's rules about options that go together.
TASK_IDS_RULES: Mapping[str, Any] = {
    "required_one_of": [("task_ids", "launch_results")],
    "mutually_exclusive": [("task_ids", "launch_results")],
}
TASK_WAIT_RULES: Mapping[str, Any] = {
    "required_one_of": [("task_ids", "launch_results", "select")],
    "mutually_exclusive": [("task_ids", "launch_results", "select")],
}
