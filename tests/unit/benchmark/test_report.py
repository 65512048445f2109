# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.longrunning.tasks.tests.benchmark.report import OURS, URI, Aim, Measure, Report, Told

FASTER = Aim("10 times faster", least_ratio=10.0)
SMALL = Aim("below 150 MB", most=150.0)


def measure(values, aim=None, unit="s"):
    return Measure("A scene", "time", unit, values, aim)


def report(*measures, told=()):
    return Report({"cores": 2}, {"A scene": "how it was done"}, measures, told)


def test_the_middle_of_the_repetitions_counts():
    one = measure({URI: [4.0, 90.0, 6.0], OURS: [2.0, 3.0, 50.0]})
    assert one.medians == {URI: 6.0, OURS: 3.0}
    assert one.ratio == 2.0


@pytest.mark.parametrize("values", [{OURS: [1.0]}, {URI: [1.0]}, {URI: [1.0], OURS: [0.0]}])
def test_without_both_there_is_no_ratio(values):
    assert measure(values).ratio is None


@pytest.mark.parametrize(
    ("values", "aim", "is_met"),
    [
        ({URI: [10.0], OURS: [1.0]}, FASTER, True),
        ({URI: [9.9], OURS: [1.0]}, FASTER, False),
        ({OURS: [1.0]}, FASTER, False),
        ({OURS: [150.0]}, SMALL, True),
        ({URI: [1.0], OURS: [150.1]}, SMALL, False),
        ({URI: [1.0], OURS: [9.0]}, None, None),
    ],
)
def test_an_aim_is_met_or_not(values, aim, is_met):
    assert measure(values, aim).is_met is is_met


def test_the_table_has_a_line_for_each_measure():
    fast = measure({URI: [25.5], OURS: [1.5], "empty module": [0.25]}, FASTER)
    large = measure({URI: [40.0], OURS: [160.25]}, SMALL, "MB")
    machine, table, notes, told = report(fast, large, told=[Told("A scene", URI, "OK")]).to_text().split("\n\n")
    assert machine == "cores 2"
    head, _line, first, second = table.splitlines()
    assert head.split() == ["scene", "quantity", *URI.split(), OURS, "others", "ratio", "aim"]
    assert first.split("  ")[0] == "A scene"
    assert "25.50 s" in first
    assert first.endswith("empty module 0.25 s  17     10 times faster: met")
    # The scene is named once.
    assert second.startswith(" ")
    assert "40 MB" in second
    assert "160.2 MB" in second
    assert second.endswith("0.25   below 150 MB: MISSED")
    assert notes == "A scene: how it was done"
    assert told == f"A scene, {URI}:\n    OK\n"


def test_the_json_has_everything():
    one = measure({URI: [10.0, 30.0], OURS: [1.0]}, FASTER)
    written = json.loads(json.dumps(report(one, told=[Told("A scene", OURS, "words")]).to_json()))
    assert written == {
        "machine": {"cores": 2},
        "notes": {"A scene": "how it was done"},
        "measures": [
            {
                "scene": "A scene",
                "quantity": "time",
                "unit": "s",
                "values": {URI: [10.0, 30.0], OURS: [1.0]},
                "medians": {URI: 20.0, OURS: 1.0},
                "ratio": 20.0,
                "aim": "10 times faster",
                "is_met": True,
            }
        ],
        "told": [{"scene": "A scene", "alternative": OURS, "words": "words"}],
    }
