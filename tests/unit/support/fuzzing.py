# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the tests spoil answers, and use hypothesis: a slow machine is no failure, nothing is written into the tree."""

from __future__ import annotations

import copy

from hypothesis import HealthCheck, settings

FUZZ = settings(max_examples=60, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
ODD_WORD = "no word of any document"
OTHER_VALUES = (True, 1.5, ODD_WORD, [None], {"a": []})


def places(data, path=()):
    """Yield the way to everything inside some JSON; of a list's items, which are alike, to the first."""
    for key in data if isinstance(data, dict) else range(len(data[:1])) if isinstance(data, list) else ():
        yield (*path, key)
        yield from places(data[key], (*path, key))


def inside(data, path):
    """Return what stands at a place of some JSON."""
    for key in path:
        data = data[key]
    return data


def changed(data, path, *value):
    """Return JSON with another value at a place, or without the place."""
    data = copy.deepcopy(data)
    inner = inside(data, path[:-1])
    if value:
        (inner[path[-1]],) = value
    else:
        del inner[path[-1]]
    return data


def has(data, path, value):
    """Say whether a value of the same type stands at a place of some JSON."""
    try:
        data = inside(data, path)
    except (KeyError, IndexError, TypeError):
        return False
    return type(data) is type(value) and data == value
