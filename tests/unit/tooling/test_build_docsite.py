# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation's build checks itself, and the links of the texts that it does not build."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import pytest

from ansible_collections.longrunning.tasks.tests.tooling import build_docsite

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("link", "told"),
    [
        ("other.html", None),
        ("other.html#here", None),
        ("#top", None),
        ("https://example.org/nothing#at-all", None),
        ("sub/../other.html", None),
        ("nowhere.html", "index.html: nowhere.html does not exist"),
        ("other.html#there", "index.html: other.html#there has no such place"),
        ("#bottom", "index.html: #bottom has no such place"),
    ],
)
def test_a_link_that_leads_nowhere_is_told(tmp_path, link, told):
    (tmp_path / "index.html").write_text(f'<p id="top"><a href="{link}">x</a></p>', encoding="utf-8")
    (tmp_path / "other.html").write_text('<h1 id="here">x</h1>', encoding="utf-8")
    assert build_docsite.broken_links(tmp_path) == ([told] if told else [])


def test_every_module_plugin_role_and_guide_has_a_page():
    pages = build_docsite.expected_pages(ROOT)
    for page in ("task_wait_module", "failure_code_lookup", "task_simulator_role", "docsite/waiting_guide"):
        assert f"{page}.html" in pages


def test_the_inventory_has_the_form_that_sphinx_reads(tmp_path):
    build_docsite.write_inventory(tmp_path / "x.inv")
    *head, rest = (tmp_path / "x.inv").read_bytes().split(b"\n", 4)
    assert head[0] == b"# Sphinx inventory version 2"
    lines = zlib.decompress(rest).decode().splitlines()
    form = r"\S+ std:label -1 \S+ .+"
    assert len(lines) == len(build_docsite.FOREIGN)
    assert all(re.fullmatch(form, line) for line in lines)


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "roles/task_simulator/README.md"])
def test_the_links_of_a_text_lead_to_files(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in target]
    assert [target for target in targets if not (ROOT / name).parent.joinpath(target).exists()] == []
