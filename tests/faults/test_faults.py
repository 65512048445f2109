# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fault at every vendor. The cells run side by side, since they mostly sleep; each test is the end of one."""

from __future__ import annotations

import pytest

from .cells import VENDORS
from .rows import ROWS


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_wait_comes_through(row, vendor, cells, table):
    table[row, vendor] = "FAILED"
    table[row, vendor] = cells[row, vendor].result(timeout=120)
