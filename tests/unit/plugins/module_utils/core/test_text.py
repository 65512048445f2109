# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vendors' texts, made to fit into one sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.longrunning.tasks.plugins.module_utils._core.text import (
    LONGEST_TEXT,
    listed,
    readable,
    seconds_in_words,
    sentence,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("Disk full", "Disk full"),
        ("  Disk\r\n\tfull \n", "Disk full"),
        ("Disk\x00\x1b[31m full\x7f\x85", "Disk [31m full"),
        ("<h1>502 Bad Gateway</h1>\n<hr/>nginx", "502 Bad Gateway nginx"),
        ("<!DOCTYPE html><html><body class='a'>Sorry</body></html>", "Sorry"),
        ("<!-- hidden -->shown", "shown"),
        ("Disk\u200b \u202efull\u2069\u00ad", "Disk full"),
        ("5 &lt; 6 &amp;&nbsp;7 &#x41;", "5 < 6 & 7 A"),
        # Python reads no number of so many digits.
        ("&#" + "9" * 550 + ";", "&#" + "9" * 550 + ";"),
        ("&#xD800;&#0;", "\ufffd\ufffd"),
        ("Größe 5 µm — 数", "Größe 5 µm — 数"),
        # What only looks like a tag is the vendor's word.
        ("size must be > 1 GB and < 10 GB", "size must be > 1 GB and < 10 GB"),
        ("size must be < 10 GB and > 1 GB", "size must be < 10 GB and > 1 GB"),
        ("a <- b -> c", "a <- b -> c"),
        ("<" + "x" * 300 + ">", "<" + "x" * 300 + ">"),
    ],
)
def test_a_text_is_readable(text, expected):
    assert readable(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abcdefghij", "abcdefghij"),
        ("abcdefghijk", "abcdefghi…"),
        ("abcdefgh ijk", "abcdefgh…"),
    ],
)
def test_a_long_text_is_cut_at_the_limit(text, expected):
    assert readable(text, limit=10) == expected


@given(st.text(), st.integers(1, 40))
def test_whatever_the_text_it_is_one_line_within_the_limit(text, limit):
    short = readable(text, limit=limit)
    assert len(short) <= limit
    assert short == short.strip()
    assert short.splitlines() in ([], [short])


def test_a_page_of_megabytes_takes_no_time():
    assert len(readable("<" * 5_000_000)) == LONGEST_TEXT
    assert len(readable("&#115;" * 1_000_000)) == LONGEST_TEXT
    assert readable("\u200b" * 5_000_000) == ""


@pytest.mark.parametrize("text", ["&#" + "9" * 5000 + ";", "&#x" + "f" * 5000, "&" + "a" * 5000 + ";"])
def test_an_entity_without_end_is_a_text(text):
    assert readable(text).startswith(text[:500])


def test_the_longest_text_that_a_vendor_allows_comes_whole():
    words = f"{'t' * 40}: {'d' * 511}"
    assert readable(words) == words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Disk full", "Disk full."),
        ("Disk full ", "Disk full."),
        ("Disk full.", "Disk full."),
        ("Why?", "Why?"),
        ("Stop!", "Stop!"),
        ("and so on…", "and so on…"),
    ],
)
def test_a_sentence_ends_once(text, expected):
    assert sentence(text) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_words_are_listed_as_in_a_sentence(words, expected):
    assert listed(words) == expected
    assert listed(words, "or") == expected.replace("and", "or")


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (0.04, "0 s"),
        (0.44, "0.4 s"),
        (5.0, "5 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (10, "10 s"),
        (42.4, "42 s"),
        (119.4, "119 s"),
        (119.6, "2 min"),
        (185, "3 min 05 s"),
        (3599, "59 min 59 s"),
        (3599.6, "1 h"),
        (7199, "1 h 59 min"),
        (7500, "2 h 05 min"),
        (7800, "2 h 10 min"),
        (90061, "25 h 01 min"),
    ],
)
def test_durations_in_words(seconds, expected):
    assert seconds_in_words(seconds) == expected


@given(st.floats(0, 1e9, allow_nan=False))
def test_no_duration_has_more_seconds_than_a_minute(seconds):
    words = seconds_in_words(seconds).split()
    assert len(words) in (2, 4)
    assert len(words) == 2 or 0 < int(words[2]) < 60
