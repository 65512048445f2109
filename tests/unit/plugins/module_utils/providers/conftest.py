# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests share that connect to a provider very often."""

from __future__ import annotations

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._providers.custom import provider


@pytest.fixture(scope="module")
def _definitions_are_read_once():
    """Read each definition once: that takes longer than what becomes of an answer."""
    read, known = provider.read_definition, {}

    def read_once(given, options):
        key = repr((given, options))
        if key not in known:
            known[key] = read(given, options)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(provider, "read_definition", read_once)
        yield
