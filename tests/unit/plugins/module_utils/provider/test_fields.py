# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._provider import fields
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.fields import PERCENT, TIME, WORD, at

NEW_YEAR = datetime(2026, 1, 1, tzinfo=timezone.utc)


def test_a_table_gives_a_schema():
    table = fields.TaskFields(
        at("extra", fields.OBJECT),
        id=at("id", WORD, needed=True),
        name=at("meta.name"),
        state=at("meta.state", needed=True),
    )
    assert table.schema.schema == {
        "type": "object",
        "required": ["id", "meta"],
        "properties": {
            "id": {"type": ["string", "integer"], "pattern": r"\S"},
            "meta": {
                "type": "object",
                "required": ["state"],
                "properties": {
                    "name": {"type": ["string", "null"]},
                    "state": {"type": ["string"], "pattern": r"\S"},
                },
            },
            "extra": {"type": ["object", "null"]},
        },
    }


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (fields.as_text, "a  b", "a  b"),
        (fields.as_text, " ", None),
        (fields.as_text, 5, None),
        (fields.as_word, 5, "5"),
        (fields.as_word, 5.0, "5"),
        (fields.as_word, 5.5, None),
        (fields.as_word, True, "true"),
        (fields.as_word, " ", None),
        (fields.as_word, [], None),
        (fields.as_prose, "<b>a</b>\n b", "a b"),
        (fields.as_prose, False, "false"),
        (fields.as_prose, {}, None),
        (fields.as_percent, "41.5 %", 41.5),
        (fields.as_percent, 100.1, None),
        (fields.as_percent, -1, None),
        (fields.as_percent, "NaN", None),
        (fields.as_percent, 10**400, None),
        (fields.as_percent, True, None),
        (fields.as_time, "2026-01-01T00:00:00Z", NEW_YEAR),
        (fields.as_time, NEW_YEAR.timestamp(), NEW_YEAR),
        (fields.as_time_in_milliseconds, 1000 * int(NEW_YEAR.timestamp()), NEW_YEAR),
        (fields.as_time_in_milliseconds, str(1000 * int(NEW_YEAR.timestamp())), NEW_YEAR),
        (fields.as_time, 1e300, None),
        (fields.as_time, None, None),
    ],
)
def test_values_are_read_with_care(read, value, expected):
    assert read(value) == expected


def test_the_way_to_a_field_can_end_early():
    assert at("a.b.c", TIME).find({"a": {"b": 5}}) is None
    assert at("a.b", PERCENT).find({"a": {"b": 5}}) == 5.0
