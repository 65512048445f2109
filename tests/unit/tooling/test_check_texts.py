# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.longrunning.tasks.tests.tooling import check_texts

# Built from pieces, or this very file would be found.
OF_ONE_MACHINE = [f"/{top}/{rest}" for top, rest in [("home", "somebody/x"), ("work", "main"), ("root", ".netrc")]]


def with_header(text):
    return "".join(f"# {line}\n" for line in check_texts.HEADER) + text


@pytest.mark.parametrize("path", OF_ONE_MACHINE)
def test_a_path_of_one_machine_is_found(path):
    (fault,) = check_texts.faults(Path("a.py"), with_header(f"x = '{path}'\n"), check_texts._machine_paths())
    assert fault.startswith("a.py:4: a path of one machine")


@pytest.mark.parametrize(
    "text", ["x = 'https://example.org/home/a'", "see ~/somewhere/x", "/usr/bin/python", "{{ here }}/home/x"]
)
def test_other_paths_are_nobodys_business(text):
    assert check_texts.faults(Path("a.py"), with_header(text), check_texts._machine_paths()) == []


def test_a_missing_header_is_found():
    (fault,) = check_texts.faults(Path("a.py"), "x = 1\n", re.compile("^$"))
    assert "licence header" in fault


def test_an_empty_file_needs_no_header():
    assert check_texts.faults(Path("a/__init__.py"), "", check_texts._machine_paths()) == []
