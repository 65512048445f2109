# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads every message of an error that the tests below make: some words are never used for people."""

from __future__ import annotations

import re

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import WorkError

#: Words of another English.
NEVER_USED = re.compile(
    r"\b(leave (it )?away|borne|bears|is spoken to|take it for|gone about|none to you|what is wanted|for nobody|"
    r"so that nothing was|just that|is no usable|got no whole|task task|goes on at the vendor|"
    r"nowhere, so|all the same|for ever|has to hold|an end nor as a success|"
    r"no HTTP status|no JMESPath|no placeholder|there can be|is none of|so that nothing)\b"
)


@pytest.fixture(autouse=True)
def _messages_are_natural(monkeypatch):
    told = []
    init = WorkError.__init__

    def note(self, message, **details):
        told.append(str(message))
        init(self, message, **details)

    monkeypatch.setattr(WorkError, "__init__", note)
    yield
    assert [message for message in told if NEVER_USED.search(message)] == []
