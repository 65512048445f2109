# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filters share: their arguments as plain values, hints as warnings, errors as those of a template."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.plugins.filter.core import to_json
from ansible.utils.display import Display
from jinja2 import Undefined

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    MissingLibraryError,
    OptionError,
    WorkError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._module.runner import explain_missing
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS
from ansible_collections.longrunning.tasks.plugins.plugin_utils._definitions import with_definition
from ansible_collections.longrunning.tasks.plugins.plugin_utils._saved_answers import Reading, Saved

display = Display()


def results(
    variables: Mapping[str, Any], definition: Any, answer: Saved, read: Callable[[Saved, object], Reading]
) -> list[dict[str, Any]]:
    """Return what was read of a saved answer, as the modules return it without ``return_raw``.

    Raises:
        AnsibleFilterError: it cannot be read.
    """
    try:
        reading = read(answer, _definition(variables, definition))
    except MissingLibraryError as error:
        raise AnsibleFilterError(explain_missing(error, PROVIDERS["custom"].description, {})) from None
    except WorkError as error:
        raise AnsibleFilterError(error.message) from None
    for hint in reading.hints:
        display.warning(hint)
    return [{key: value for key, value in task.to_result().items() if key != "raw"} for task in reading.tasks]


def _plain(name: str, value: Any) -> Any:
    """Return what a template hands over as values that know nothing of templates.

    Raises:
        AnsibleFilterError: it holds what JSON cannot express.
    """
    if isinstance(value, Undefined):
        # Says which variable it is. Ansible-core before 2.19 leaves that to the filters.
        str(value)
    try:
        return json.loads(to_json(value))
    except (TypeError, ValueError, RecursionError):
        told = f"{name} holds a value that JSON cannot express, such as bytes. Give text, or data as JSON has it"
        raise AnsibleFilterError(told) from None


def saved(answer: Any, status: Any, headers: Any) -> Saved:
    """Return an answer as plain values.

    Raises:
        AnsibleFilterError: an argument cannot be used.
    """
    try:
        code = int(status)
    except (TypeError, ValueError, OverflowError):
        code = 0
    if code not in range(100, 600):
        raise AnsibleFilterError(f"status is {status!r}; it has to be an HTTP status such as 200")
    if not isinstance(headers or {}, Mapping):
        raise AnsibleFilterError("headers has to be a mapping of names and texts")
    return Saved(_plain("The answer", answer), code, _plain("headers", headers or {}))


def _definition(variables: Mapping[str, Any], given: Any) -> Any:
    search_path = variables.get("ansible_search_path") or [variables.get("playbook_dir") or "."]
    found = with_definition({"definition": _plain("definition", given)}, search_path)["definition"]
    if isinstance(found, str):
        raise OptionError(
            "definition", "definition is text, but not a name. Give a mapping, such as (the_text | from_yaml)"
        )
    return found
