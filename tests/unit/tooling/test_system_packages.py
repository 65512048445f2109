# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.longrunning.tasks.tests.tooling import system_packages
from ansible_collections.longrunning.tasks.tests.tooling.run_all import Outcome
from ansible_collections.longrunning.tasks.tests.tooling.system_packages import Program, left_out, missing

REAL_SERVERS = Path(__file__).resolve().parents[2] / "real_servers"


def test_one_line_says_what_is_left_out_and_what_to_install():
    programs = [Program("makeit", "maker", ("Zope", "Apache")), Program("runit", "runner", ("Apache",))]
    assert left_out(programs) == (
        "LEFT OUT: tests with Apache, Zope (missing: makeit runit). To run them too: apt-get install maker runner"
    )


def test_nothing_is_said_where_nothing_is_left_out():
    assert left_out([]) == ""


def test_what_is_not_on_the_path_is_missing(monkeypatch, tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "15" / "bin").mkdir(parents=True)
    program = tmp_path / "bin" / "aptly"
    program.touch(mode=0o700)
    (tmp_path / "15" / "bin" / "initdb").touch(mode=0o700)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(system_packages, "_OFF_PATH", tmp_path)
    assert [program.name for program in missing()] == [
        program.name
        for program in system_packages.PROGRAMS
        if program.name not in ("aptly", "initdb") and not program.on_demand
    ]


def test_every_package_that_a_real_server_asks_for_is_known():
    texts = [
        path.read_text(encoding="utf-8")
        for path in (*REAL_SERVERS.glob("*.py"), REAL_SERVERS.parents[1] / "noxfile.py")
    ]
    said = re.compile(r"(?:install the package|apt-get install) ([\w-]+)")
    asked = {name for text in texts for name in said.findall(text)}
    needed = re.compile(r"missing_programs\((\w+=[^)]+)\)")
    asked |= {name for text in texts for given in needed.findall(text) for name in re.findall(r'"([\w-]+)"', given)}
    assert asked == {program.package for program in system_packages.PROGRAMS}


def test_a_session_that_skips_tests_has_not_simply_passed():
    assert "IN PART" in str(Outcome("real_servers", 1.0, passed=8, skipped=47))
    assert " passed " in str(Outcome("unit", 1.0, passed=8))
    assert "SKIPPED" in str(Outcome("demo", 1.0, skipped=1))
    assert "FAILED" in str(Outcome("lint", 1.0, passed=8, failed=1, skipped=1))
