# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module's process begins with what this run needs: every import is paid for by each run anew."""

from __future__ import annotations

import pytest

from ansible_collections.longrunning.tasks.tests.unit.support.fresh_python import imported_by

PLUGINS = "ansible_collections.longrunning.tasks.plugins"
MODULE_UTILS = f"{PLUGINS}.module_utils"
PROVIDERS = f"{MODULE_UTILS}._providers"


@pytest.mark.parametrize("module", ["task_info", "task_list", "task_wait"])
def test_a_module_imports_no_provider(module):
    imported = imported_by(f"import {PLUGINS}.modules.{module}")
    assert {name for name in imported if name.startswith(PROVIDERS)} == {PROVIDERS, f"{PROVIDERS}.registry"}


def test_asking_for_a_provider_imports_that_one():
    imported = imported_by(f"from {PROVIDERS}.registry import PROVIDERS", "PROVIDERS['netapp_astra_control']")
    assert {name for name in imported if name.startswith(f"{PROVIDERS}.")} == {
        f"{PROVIDERS}.registry",
        f"{PROVIDERS}.netapp_astra_control",
    }


def test_looking_into_launch_results_waits_for_some():
    imported = imported_by(f"import {PLUGINS}.modules.task_wait")
    assert f"{MODULE_UTILS}._module.launch_results" not in imported


def test_an_answer_that_fits_imports_no_jsonschema():
    schema = f"from {MODULE_UTILS}._api.schemas import AnswerSchema; schema = AnswerSchema({{'type': 'string'}})"
    assert "jsonschema" not in imported_by(schema, "assert schema.problem('x') is None")
    assert "jsonschema" in imported_by(schema, "assert schema.problem(5) is not None")


def test_keystoneauth1_waits_for_a_login():
    imported = imported_by(f"from {PROVIDERS}.registry import PROVIDERS", "PROVIDERS['openstack_images']")
    assert not imported & {"keystoneauth1", "openstack"}
