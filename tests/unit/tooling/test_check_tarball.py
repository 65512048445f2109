# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.longrunning.tasks.tests.tooling import check_tarball

WHOLE = [
    ".ansible-lint",
    "MANIFEST.json",
    "FILES.json",
    "README.md",
    "COPYING",
    "LICENSES/GPL-3.0-or-later.txt",
    "requirements.txt",
    "meta/runtime.yml",
    "meta/execution-environment.yml",
    "docs/images/task_wait.svg",
    "docs/definitions/aptly.yml",
    "docs/docsite/extra-docs.yml",
    "docs/docsite/rst/waiting_guide.rst",
    "playbooks/demo.yml",
    "playbooks/vars/awx/credential_types.yml",
    "playbooks/files/awx/execution-environment.yml",
    "plugins/action/task_wait.py",
    "plugins/doc_fragments/connection.py",
    "plugins/lookup/failure_code.py",
    "plugins/modules/task_wait.py",
    "plugins/module_utils/_core/task.py",
    "plugins/module_utils/_module/runner.py",
    "plugins/module_utils/_providers/_definition.py",
    "roles/task_simulator/README.md",
    "roles/task_simulator/tasks/main.yml",
    "roles/task_simulator/meta/argument_specs.yml",
    "roles/task_simulator/files/task_simulator/faces/__init__.py",
]


def test_what_belongs_in_it():
    assert check_tarball.faults(WHOLE) == []


@pytest.mark.parametrize(
    "stray",
    [
        ".ansible/collections.yml",
        "plugins/module_utils/__pycache__/_task.cpython-313.pyc",
        "plugins/modules/task_wait.py.orig",
        "plugins/modules/.env",
        "roles/task_simulator/files/key.pem",
        "tests/config.yml",
    ],
)
def test_nothing_stray(stray):
    (fault,) = check_tarball.faults([*WHOLE, stray])
    assert fault.startswith(f"{stray}:")


@pytest.mark.parametrize("missing", ["COPYING", "plugins/lookup/failure_code.py", "meta/runtime.yml"])
def test_nothing_missing(missing):
    assert len(check_tarball.faults(set(WHOLE) - {missing})) == 1


def test_a_role_without_argument_specs_must_be_documented_too():
    kinds = check_tarball.documented(["roles/plain/tasks/main.yml", "plugins/lookup/failure_code.py"])
    assert kinds == {"module": set(), "lookup": {"longrunning.tasks.failure_code"}, "role": {"longrunning.tasks.plain"}}
