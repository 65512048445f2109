# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was measured, as values; written as a table for people and guides (a simple table of RST), and as JSON."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

#: The alternatives that are compared, as the table calls them.
URI = "uri + until"
MODULE = "as a module"
OURS = "task_wait"


@dataclass(frozen=True)
class Aim:
    """What is hoped of a measure: so many times as much with another one at least, or so much of our own at most."""

    words: str
    least_ratio: float | None = None
    most: float | None = None
    against: str = URI


@dataclass(frozen=True)
class Measure:
    """One quantity of one scene: for each alternative the value of every repetition."""

    scene: str
    quantity: str
    unit: str
    values: Mapping[str, Sequence[float]]
    aim: Aim | None = None

    @property
    def medians(self) -> dict[str, float]:
        """The middle value of each alternative."""
        return {name: statistics.median(values) for name, values in self.values.items()}

    @property
    def ratio(self) -> float | None:
        """How many times as much the other one takes, where both took something."""
        medians, other = self.medians, self.aim.against if self.aim else URI
        return medians[other] / medians[OURS] if medians.get(other) and medians.get(OURS) else None

    @property
    def is_met(self) -> bool | None:
        """Whether it is as hoped; None where nothing is."""
        if self.aim is None:
            return None
        ratio, ours = self.ratio or 0.0, self.medians[OURS]
        is_enough = self.aim.least_ratio is None or ratio >= self.aim.least_ratio
        return is_enough and (self.aim.most is None or ours <= self.aim.most)

    def to_json(self) -> dict[str, Any]:
        """Return everything, for programs."""
        known = {"medians": self.medians, "ratio": self.ratio, "is_met": self.is_met}
        return {**asdict(self), **known, "aim": self.aim and self.aim.words}


@dataclass(frozen=True)
class Told:
    """What an alternative tells its user, word by word."""

    scene: str
    alternative: str
    words: str


@dataclass(frozen=True)
class Report:
    """A whole run. ``notes`` say for each scene, once, how it was measured."""

    machine: Mapping[str, Any]
    notes: Mapping[str, str]
    measures: Sequence[Measure]
    told: Sequence[Told]

    def to_json(self) -> dict[str, Any]:
        """Return everything, for programs."""
        return {**asdict(self), "measures": [measure.to_json() for measure in self.measures]}

    def to_text(self) -> str:
        """Return the table, with what it needs to be understood below it."""
        rows = [["what", URI, "others", MODULE, OURS, "ratio", "aim"]]
        last = ""
        for measure in self.measures:
            # A row whose first cell is empty would go on with the one above.
            what = measure.scene if measure.scene != last else "the same"
            rows.append([f"{what}: {measure.quantity}", *_cells(measure)])
            last = measure.scene
        machine = ", ".join(f"{name} {value}" for name, value in self.machine.items())
        notes = [f"{scene}: {note}" for scene, note in self.notes.items()]
        told = [f"{told.scene}, {told.alternative}:\n    {told.words}" for told in self.told]
        return "\n\n".join([machine, _aligned(rows), "\n".join(notes), "\n".join(told)]) + "\n"


def _cells(measure: Measure) -> list[str]:
    medians = measure.medians
    ratio, aim = measure.ratio, measure.aim
    told = {name: _written(value, measure.unit) for name, value in medians.items()}
    uri, module, ours = (told.pop(name, "") for name in (URI, MODULE, OURS))
    return [
        uri,
        ", ".join(f"{name} {value}" for name, value in told.items()),
        module,
        ours,
        "" if ratio is None else f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}",
        "" if aim is None else f"{aim.words}: {'met' if measure.is_met else 'MISSED'}",
    ]


def _written(value: float, unit: str) -> str:
    digits = 0 if float(value).is_integer() else 2 if value < 100 else 1
    return f"{value:.{digits}f} {unit}".strip()


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    border = "  ".join("=" * width for width in widths)
    return "\n".join([border, lines[0], border, *lines[1:], border])
