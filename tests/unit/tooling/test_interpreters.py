# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.longrunning.tasks.tests.tooling.interpreters import left_out


@pytest.mark.parametrize(
    ("here", "cores", "missing"),
    [
        ([(3, 11)], "2.20, 2.21, 2.22", "3.13"),
        ([(3, 13)], "2.16, 2.17", "3.10"),
        ([(3, 9), (3, 14)], "2.16, 2.17, 2.18, 2.19", "3.11"),
        ([(3, 9)], "2.16, 2.17, 2.18, 2.19, 2.20, 2.21, 2.22", "3.12 and 3.13"),
    ],
)
def test_one_line_says_which_cores_are_left_out_and_what_to_install(here, cores, missing):
    assert left_out(here) == f"LEFT OUT: tests on ansible-core {cores}. To run them too: install Python {missing}"


def test_nothing_is_said_where_each_core_has_a_python():
    assert left_out([(3, 11), (3, 13)]) == ""
