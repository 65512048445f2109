# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that belong to an option: text in AWX like all others."""

from __future__ import annotations

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import OptionError
from ansible_collections.longrunning.tasks.plugins.module_utils._core.masking import masking
from ansible_collections.longrunning.tasks.plugins.module_utils._module.argument_specs import TASK_WAIT
from ansible_collections.longrunning.tasks.plugins.module_utils._module.given import given, told_unknown
from ansible_collections.longrunning.tasks.plugins.module_utils._module.runner import options_to_check


@pytest.mark.parametrize(
    "select",
    [
        {"types": '["import"]', "filters": '{"a": 1}', "resource": "", "started_after": ""},
        '{"types": ["import"], "filters": {"a": 1}, "states": ""}',
        {"types": ["import"], "filters": "{'a': 1}"},
    ],
)
def test_they_are_read_as_options_are(select):
    assert given({"select": select}, TASK_WAIT) == {"select": {"types": ["import"], "filters": {"a": 1}}}


def test_one_that_ansible_would_misread_is_named_with_its_way():
    with masking() as mask:
        rest, error = options_to_check({"select": {"filters": "a: 1"}, "task_ids": "a"}, TASK_WAIT, mask)
    assert isinstance(error, OptionError)
    assert error.option == "select.filters"
    assert error.message.startswith("select.filters is text, but not JSON")
    assert rest == {"task_ids": "a"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"task_id": "a", "select": {"types": ["import"]}, "_ansible_debug": False}, ""),
        ({"task_idd": "a"}, "Unsupported options: task_idd. Did you mean task_id?"),
        ({"Timeout": 3}, "Unsupported options: Timeout. Did you mean timeout?"),
        ({"select": {"typess": []}, "timeouts": 3}, "select.typess, timeouts. Did you mean select.types and timeout?"),
        ({"select": {"colour": "red"}}, "Unsupported options: select.colour. Supported options: "),
        ({"colour": "red", "_ansible_ignore_unknown_opts": True}, ""),
    ],
)
def test_an_option_that_there_is_not_is_told_with_the_one_that_is_meant(arguments, told):
    found = told_unknown(arguments, TASK_WAIT)
    assert told in found
    assert bool(found) is bool(told)
