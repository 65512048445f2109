# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.longrunning.tasks.tests.tooling import interpreters


def pythons(*versions):
    return {version: Path(f"/somewhere/python{interpreters.dotted(version)}") for version in versions}


@pytest.mark.parametrize(
    ("which", "here", "core", "version", "wanted"),
    [
        ("oldest", [(3, 9), (3, 10), (3, 12)], "2.16", (3, 10), True),
        ("newest", [(3, 9), (3, 12), (3, 13)], "2.21", (3, 13), True),
        ("newest", [(3, 11)], "2.19", (3, 11), False),
        ("oldest", [(3, 13)], "2.18", (3, 13), False),
        ("newest", [(3, 10)], "2.17", (3, 10), False),
    ],
)
def test_choice(which, here, core, version, wanted):
    choice = interpreters.choose(which, pythons(*here))
    assert (choice.core, choice.version) == (core, version)
    assert (choice.note == "") is wanted


def test_no_choice_without_a_fitting_python():
    assert interpreters.choose("oldest", pythons((3, 9))) is None


@pytest.mark.parametrize(
    ("core", "version"), [("2.17", (3, 10)), ("2.19", (3, 11)), ("2.20", (3, 12)), ("2.22", (3, 13))]
)
def test_a_core_between_runs_on_the_oldest_python_that_carries_it(core, version):
    choice = interpreters.carry(core, pythons((3, 9), (3, 10), (3, 11), (3, 12), (3, 13)))
    assert (choice.core, choice.version, choice.note) == (core, version, "")


@pytest.mark.parametrize(("core", "wanted"), [("2.21", "ansible-core~=2.21.0"), ("2.22", "ansible-core~=2.22.0rc1")])
def test_pre_releases_are_installed_only_of_a_core_that_is_not_final(core, wanted):
    assert interpreters.carry(core, pythons((3, 13))).requirement == wanted


def test_a_core_without_its_python_is_not_replaced():
    assert interpreters.carry("2.20", pythons((3, 9), (3, 11))) is None


def script(folder, name, text):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def interpreter(folder):
    script(folder, "python3.12", f'echo \'["CPython", [3, 12], true, "{folder / "python3"}"]\'')


def test_a_shim_that_does_not_run_is_no_interpreter(tmp_path):
    script(tmp_path / "shims", "python3.12", "echo 'python3.12: command not found' >&2; exit 127")
    interpreter(tmp_path / "real")
    environ = {"PATH": f"{tmp_path / 'shims'}:{tmp_path / 'real'}", "HOME": str(tmp_path)}
    assert interpreters.working(environ)[3, 12] == tmp_path / "real" / "python3.12"


def test_a_shim_that_runs_leads_to_the_interpreter(tmp_path):
    interpreter(tmp_path / "real")
    script(tmp_path / "shims", "python3.12", f"exec '{tmp_path / 'real' / 'python3.12'}'")
    environ = {"PATH": str(tmp_path / "shims"), "HOME": str(tmp_path)}
    assert interpreters.working(environ)[3, 12] == tmp_path / "real" / "python3.12"


def test_a_folder_with_a_broken_interpreter_leaves_the_path(tmp_path):
    script(tmp_path / "shims", "python3.12", "exit 127")
    interpreter(tmp_path / "real")
    environ = {"PATH": f"{tmp_path / 'shims'}:/usr/sbin", "HOME": str(tmp_path)}
    found = {(3, 12): tmp_path / "real" / "python3.12"}
    assert interpreters.path_of("/first", found, environ) == f"/first:{tmp_path / 'real'}:/usr/sbin"
