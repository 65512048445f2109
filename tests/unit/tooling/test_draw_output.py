# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The README's first example, its output, and the picture of that belong together."""

from __future__ import annotations

import html
import re

import yaml

from ansible_collections.longrunning.tasks.tests.tooling import draw_output

README = draw_output.README.read_text(encoding="utf-8")
(OUTPUT,) = re.findall(r"(?s)<!-- output: begin.*?```text\n(.*?)\n```\n<!-- output: end -->", README)


def shown(picture):
    return "".join(re.findall(r"<text [^>]*>(.*?)</text>", picture))


def letters(text):
    return re.sub(r"\s", "", html.unescape(text))


def test_the_output_is_that_of_the_first_example():
    (step,) = yaml.safe_load(draw_output.example(README))
    assert f"TASK [{step['name']}]" in OUTPUT
    assert OUTPUT.count("WAITING: [localhost]:") > 3
    assert f"of {draw_output.COUNT} tasks did not succeed" in OUTPUT


def test_the_picture_shows_the_output():
    assert letters(shown(draw_output.PICTURE.read_text(encoding="utf-8"))) == letters(OUTPUT)


def test_a_long_line_goes_on_in_the_next_row_and_keeps_its_colour():
    line = "\x1b[0;31m" + "x" * (draw_output.COLUMNS + 5) + "  <&\x1b[0m"
    picture = draw_output.draw([line, "", "plain"])
    rows = re.findall(r'<text [^>]*fill="([^"]+)"[^>]*>(.*?)</text>', picture)
    red = draw_output.COLOURS["0;31"]
    assert [colour for colour, _text in rows] == [red, red, draw_output.PLAIN]
    assert rows[1][1] == "x" * 5 + draw_output.NO_BREAK * 2 + "&lt;&amp;"
