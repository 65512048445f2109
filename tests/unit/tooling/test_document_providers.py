# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.longrunning.tasks.tests.tooling.document_providers import documents


def test_the_documentation_says_what_the_providers_say():
    differing = [path.name for path, text in documents().items() if path.read_text(encoding="utf-8") != text]
    assert not differing, f"run make pages, it changes {', '.join(differing)}"
