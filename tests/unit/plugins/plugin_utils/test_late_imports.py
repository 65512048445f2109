# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a forked process has imported late, the one that forked it imports before it forks the next."""

from __future__ import annotations

import pytest

from ansible_collections.longrunning.tasks.plugins.plugin_utils._late_imports import BeforeEachTask
from ansible_collections.longrunning.tasks.tests.unit.support.fresh_python import imported_by

MODULE = "ansible_collections.longrunning.tasks.plugins.plugin_utils._late_imports"
START = f"""
import os
from {MODULE} import LateImports
late = LateImports(["not_there", "cmd", "shelve"])
"""
FORK = """
worker = os.fork()
if worker == 0:
    import {imported}
    late.mark()
    os._exit(0)
os.waitpid(worker, 0)
"""


@pytest.mark.parametrize("imported", ["cmd", "shelve"])
def test_what_one_worker_has_imported_is_there_for_the_next(imported):
    assert imported_by(f"{START}{FORK.format(imported=imported)}late.follow()") & {"cmd", "shelve"} == {imported}


def test_nothing_is_imported_before_somebody_asks():
    assert not imported_by(f"{START}{FORK.format(imported='cmd')}pass") & {"cmd", "shelve"}


def test_what_cannot_be_imported_is_left_to_a_worker():
    assert "cmd" in imported_by(f"{START}late._marks[0] = late._marks[1] = 1; late.follow(); late.follow()")


def test_the_question_before_each_task_is_answered_with_no():
    class Asked(metaclass=BeforeEachTask):
        class late_imports:  # noqa: N801 - an attribute
            times = 0

            @classmethod
            def follow(cls):
                cls.times += 1

    assert (Asked.BYPASS_HOST_LOOP, Asked.BYPASS_HOST_LOOP, Asked.late_imports.times) == (False, False, 2)
