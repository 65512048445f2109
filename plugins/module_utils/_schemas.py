# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checking answers against a JSON Schema: lenient about what we do not read, strict about what we do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._errors import MissingLibraryError
from ._text import readable

try:
    import jsonschema
    import jsonschema.exceptions

    HAS_JSONSCHEMA = True
except ImportError:
    HAS_JSONSCHEMA = False


class AnswerSchema:
    """A schema, compiled at its first use and then kept.

    Raises:
        MissingLibraryError: at the first use, when jsonschema is not installed.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = schema
        self._validator: Any = None

    def problem(self, data: object) -> str | None:
        """Return where and how the data differ from the schema, or None when they fit."""
        if self._validator is None:
            if not HAS_JSONSCHEMA:
                raise MissingLibraryError("jsonschema", "to check the vendors' answers")
            self._validator = jsonschema.Draft202012Validator(self.schema)
        error = jsonschema.exceptions.best_match(self._validator.iter_errors(data))
        if error is None:
            return None
        return f"at {error.json_path}: {_mistake(error)}"


def _mistake(error: Any) -> str:
    """Say what is wrong without repeating the data, which may be large."""
    if error.validator == "type":
        expected = error.validator_value
        names = [expected] if isinstance(expected, str) else list(expected)
        return f"expected {' or '.join(names)}, got {_kind(error.instance)}"
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return f"{', '.join(missing)} is missing"
    if error.validator == "additionalProperties" and isinstance(error.instance, Mapping):
        known = error.schema.get("properties", {})
        strange = [str(name) for name in error.instance if name not in known]
        return readable(f"{', '.join(strange)} is not known here; there can be {', '.join(known) or 'nothing'}")
    if error.validator == "enum":
        return f"{readable(repr(error.instance), limit=60)} is none of {', '.join(map(str, error.validator_value))}"
    return readable(error.message, limit=200)


def _kind(value: object) -> str:
    names = {bool: "boolean", type(None): "null", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "number")
