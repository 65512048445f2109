# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The JSON Schema of definitions as a file for editors: the one that the provider checks with, and the guide's words.

What a key means is said once, in the tables of the guide. A key without a row has the words of the key that it is in.
document_providers.py writes the file.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ansible_collections.longrunning.tasks.plugins.module_utils._providers.custom.definition import SCHEMA

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "docsite" / "rst" / "custom_guide.rst"
DEFINITIONS = ROOT / "plugins" / "plugin_utils" / "task_definitions"
FILE = DEFINITIONS / "definition.schema.json"
#: With which a definition beside the schema begins.
FIRST_LINE = f"# yaml-language-server: $schema={FILE.name}\n"

_TABLE = re.compile(r"(?m)^\.\. list-table::\n(?:   .*\n|\n)+")
_ROW = re.compile(r"(?m)^   \* - (.*)\n     - (.*(?:\n       .*)*)")
_REQUESTS = ("get", "handle", "list", "when_ended", "cancel")
#: The words of an object of these are not those of its keys.
_MAPPINGS = ("if", "const", "enum", "required", "examples")


def words() -> dict[str, str]:
    """Return what the guide says of each key, by the key and the one that it is in: ``get.task``, ``.title``."""
    found: dict[str, str] = {}
    for table in _TABLE.findall(GUIDE.read_text(encoding="utf-8")):
        (heading, _meaning), *rows = _ROW.findall(table)
        if heading == "``style`` of ``paging``":
            found["list.paging"] += "".join(f"\n- {_plain(style)}: {_plain(text)}" for style, text in rows)
        for parent in _parents(heading):
            for cell, text in rows:
                names, _bracket, only = cell.partition(" (")
                if not only or parent in only:
                    found.update({f"{parent}.{name}": _plain(text) for name in re.findall(r"``(\w+)``", names)})
    return found


def _parents(heading: str) -> tuple[str, ...]:
    """Return whose keys a table of the guide tells."""
    if heading.startswith("key of a request"):
        return _REQUESTS
    of = re.fullmatch(r"key(?: of ``(\w+)``)?", heading)
    return () if of is None else (of[1] or "",)


def _plain(text: str) -> str:
    """Return reStructuredText as the Markdown that editors show."""
    text = re.sub(r"(?<!`)`([^`]+)`_", r"\1", " ".join(text.split()))
    return text.replace("``", "`")


def schema() -> dict[str, Any]:
    """Return the schema with the guide's words."""
    described: dict[str, Any] = _described(SCHEMA, words(), ("",), "")
    about = {"$schema": "http://json-schema.org/draft-07/schema#", "title": "How longrunning.tasks reads a task API"}
    return {**about, **described}


def _described(part: Any, words: dict[str, str], path: tuple[str, ...], inherited: str) -> Any:
    if isinstance(part, list):
        return [_described(item, words, path, inherited) for item in part]
    if not isinstance(part, dict):
        return part
    result: dict[str, Any] = {}
    for keyword, value in part.items():
        if keyword == "properties":
            result[keyword] = {name: _property(name, value[name], words, path, inherited) for name in value}
        elif keyword == "description":
            # What is said of a text that does not fit. Editors of the language server for YAML know this keyword.
            result["patternErrorMessage"] = value
        else:
            result[keyword] = value if keyword in _MAPPINGS else _described(value, words, path, inherited)
    return result


def _property(name: str, part: Any, words: dict[str, str], path: tuple[str, ...], inherited: str) -> dict[str, Any]:
    text = words.get(f"{path[-1]}.{name}", inherited)
    return {"description": text, **_described(part, words, (*path, name), text)}


def documents() -> dict[Path, str]:
    """Return the schema's file and the definitions beside it, as they should be."""
    found = {FILE: f"{json.dumps(schema(), indent=2, ensure_ascii=False)}\n"}
    for path in sorted(DEFINITIONS.glob("*.yml")):
        text = path.read_text(encoding="utf-8")
        # Once, and at the top.
        found[path] = FIRST_LINE + re.sub(r"\n{3,}", "\n\n", text.replace(FIRST_LINE, ""))
    return found
