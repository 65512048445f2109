# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of the ready definitions: what each says of itself, and what its golden examples or a real server prove.

document_providers.py writes the page.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from ansible_collections.longrunning.tasks.plugins.module_utils._provider.options import (
    SECRET_OPTIONS,
    ConnectionOptions,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.custom.definition import (
    ANY_OTHER,
    Definition,
    read_definition,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.custom.templates import (
    LOGIN_VALUES,
    PLACES,
    placeholders,
)
from ansible_collections.longrunning.tasks.tests.unit.support.definitions import FOLDER, described, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ROOT = Path(__file__).resolve().parents[2]
DEFINITIONS = ROOT / "plugins" / "plugin_utils" / "task_definitions"
REAL_SERVERS = ROOT / "tests" / "real_servers"
PAGE = ROOT / "docs" / "docsite" / "rst" / "ready_definitions.rst"
WIDTH = 120
_LABEL = "ansible_collections.longrunning.tasks.docsite.ready_definitions"
_HEAD = f"""\
.. Copyright: (c) 2026, longrunning.tasks contributors
   GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
   SPDX-License-Identifier: GPL-3.0-or-later

.. document_providers.py writes this page.

.. _{_LABEL}:

Ready definitions
=================

These definitions come with the collection: set ``definition`` to the name. A definition says how to log in, where the
tasks are and what the API's words mean. To change one, copy it: :ref:`the reference of definitions
<ansible_collections.longrunning.tasks.docsite.custom_guide>` has all keys. The files are in the folder
``plugins/plugin_utils/task_definitions`` of the collection.

A definition that is not proven on a server follows the documents that it names. The collection's tests give it answers
as in these documents: a task, a list, a failure, a refused login, an unknown ID, a launch and a cancel. *Limits* says
what the documents leave open. A word that a definition does not know is ``unknown``, and never a success.

"""
#: Whether another try can help.
WORTH = {True: "yes", False: "no", None: "not known"}
_PARTS = (
    ("login", "Login"),
    ("launch", "Launch"),
    ("cancel", "Cancelling"),
    ("limits", "Limits"),
    ("proven_on", "Proven on"),
)
_VALUES = {
    "username": "ann",
    "account_id": "my-project",
    "region": "eu-1",
    "app_id": "my-app",
}


class Ready(NamedTuple):
    """A ready definition: as it is written, and as it is read."""

    name: str
    given: Mapping[str, Any]
    read: Definition

    @property
    def about(self) -> Mapping[str, Any]:
        """What it tells its readers."""
        return self.read.about

    @property
    def is_played(self) -> bool:
        """Whether the collection's tests play it with a real server."""
        paths = [*REAL_SERVERS.glob("test_*.py"), *REAL_SERVERS.glob("playbooks/*.yml")]
        return any(re.search(rf"[\"'/]{self.name}(\.yml)?[\"']", path.read_text(encoding="utf-8")) for path in paths)

    @property
    def shown(self) -> set[str]:
        """What its golden examples show."""
        if not (FOLDER / f"{self.name}.yml").is_file():
            return set()
        return {kind_of(example) for example in described(self.name).examples.values()}


@cache
def every() -> tuple[Ready, ...]:
    """Return the definitions that the collection ships."""
    filled: dict[str, Any] = dict.fromkeys((*LOGIN_VALUES, *PLACES), "x")
    options = ConnectionOptions("custom", api_url="https://api.example", **filled)
    found = []
    for path in sorted(DEFINITIONS.glob("*.yml")):
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
        found.append(Ready(path.stem, given, read_definition(given, options)))
    return tuple(found)


# --- reStructuredText -----------------------------------------------------------------------------------------


def prose(text: str, *, links: bool = False) -> str:
    """Return a text in which nothing is markup, and -- is no dash. Addresses are links only if it has links."""
    marks = r"([*`|\\]|_(?!\w)|-(?=-)" + ("" if links else r"|@|:(?=//)") + ")"
    return re.sub(marks, r"\\\1", " ".join(text.split()))


def code(text: object) -> str:
    """Return a text as code."""
    return f"``{' '.join(str(text).split())}``"


def filled(text: str, first: str = "", rest: str = "") -> list[str]:
    """Break a text into lines."""
    lines = [first]
    for word in text.split():
        if len(lines[-1]) + len(word) > WIDTH and lines[-1].strip():
            lines.append(rest)
        lines[-1] += f"{word} "
    return [line.rstrip() for line in lines]


def source_once(
    columns: tuple[str, ...], rows: list[tuple[str, ...]]
) -> tuple[tuple[str, ...], list[tuple[str, ...]], str]:
    """Take the source, the last column, out of a table in which all rows have the same; return it as a sentence."""
    sources = {row[-1] for row in rows}
    if len(sources) > 1:
        return columns, rows, ""
    return columns[:-1], [row[:-1] for row in rows], f"Source: {sources.pop()}."


def table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]], widths: str = "auto") -> list[str]:
    """Return a list-table."""
    lines = [".. list-table::", "   :header-rows: 1", *([] if widths == "auto" else [f"   :widths: {widths}"]), ""]
    for row in (columns, *rows):
        for number, cell in enumerate(row):
            lines += filled(cell, "   * - " if number == 0 else "     - ", "       ")
    return [*lines, ""]


# --- the page -------------------------------------------------------------------------------------------------


def index_row(one: Ready) -> tuple[str, ...]:
    """Return what a definition can do, as it says itself and as is proven."""
    proven = "yes" if one.is_played or {"succeeded", "failed"} <= one.shown else "no"
    reasons = {*one.read.failure, *one.read.fields, *one.given.get("when_ended", ())}
    has_code = "code" in {*one.read.failure, *one.given.get("when_ended", ())}
    return (
        f":ref:`{one.name} <{_LABEL}.{one.name}>`",
        prose(one.given["title"]),
        "a server" if one.is_played else "documents",
        "no" if one.read.list is None else "yes",
        proven,
        "code and words" if has_code else "words" if "message" in reasons else "no",
        "no" if one.read.cancel is None else "yes",
    )


def options_of(one: Ready) -> list[str]:
    """Return the connection options that it needs."""
    others = {key: value for key, value in one.given.items() if key not in ("about", "list")}
    return [*one.read.needs, *(name for name in PLACES if name in placeholders(others))]


def example(one: Ready) -> list[str]:
    """Return a task that waits with it."""
    options: dict[str, Any] = {"definition": one.name, "api_url": f"https://{one.name.replace('_', '-')}.example"}
    for name in options_of(one):
        options[name] = f"{{{{ my_{name} }}}}" if name in SECRET_OPTIONS else _VALUES.get(name, "my-value")
    options |= one.about.get("example", {})
    if "task_ids" not in options:
        options["launch_results"] = "{{ launched }}"
    lines = [f"    {name}: {_written(value)}" for name, value in options.items()]
    lines = ["- name: Wait for what was launched", "  longrunning.tasks.task_wait:", *lines]
    return ["", ".. code-block:: yaml", "", *(f"   {line}" for line in lines), ""]


def _written(value: Any) -> str:
    """Return an option's value as YAML."""
    if isinstance(value, list):
        return f"[{', '.join(map(_written, value))}]"
    return json.dumps(value) if "{{" in str(value) else str(value)


def states(one: Ready) -> list[str]:
    """Return the API's words, by what they mean."""
    means: dict[str, list[str]] = {}
    for status, state in one.read.get.statuses.items():
        if state is not None:
            means.setdefault(state.value, []).append(f"HTTP {status}")
    for word, state in one.given.get("states", {}).items():
        means.setdefault(state, []).append("any other word" if word == ANY_OTHER else code(word))
    condition = one.given.get("succeeded_if")
    if condition is not None:
        means["succeeded"].append(f"(if {code(condition)}, else failed)")
    return table(("here", "at the API"), ((code(state), ", ".join(words)) for state, words in means.items()))


def failures(one: Ready) -> list[str]:
    """Return the documented codes of failures."""
    if not one.read.failure_codes:
        return []
    columns, rows, source = source_once(
        ("code", "what it is", "try again?", "source"),
        [
            (code(error.code), prose(error.title), WORTH[error.retryable], prose(error.source, links=True))
            for error in one.read.failure_codes
        ],
    )
    return [*table(columns, rows), *filled(source), ""]


def section(one: Ready) -> list[str]:
    """Return what the page says of a definition."""
    title = f"{one.given['title']}: {one.name}"
    lines = ["", f".. _{_LABEL}.{one.name}:", "", title, "-" * len(title), ""]
    lines += filled(prose(one.about.get("description", one.given["title"])))
    lines += example(one)
    for key, name in _PARTS:
        if key in one.about:
            lines += filled(prose(one.about[key]), f":{name}: ", "  ")
    places = [".".join(path) for path in one.read.launch_id]
    if places:
        lines += filled(", ".join(map(code, places)), ":Where the ID is: ", "  ")
    sources = one.about.get("sources", ())
    if sources:
        lines += filled("; ".join(prose(source, links=True) for source in sources), ":Sources: ", "  ")
    return [*lines, "", *states(one), *failures(one)]


def page() -> str:
    """Return the page."""
    ready = every()
    columns = ("definition", "API", "proven on", "list", "wait", "reason", "cancel")
    lines = table(columns, map(index_row, ready), widths="32 20 12 7 7 14 8")
    for one in ready:
        lines += section(one)
    return _HEAD + "\n".join(lines).rstrip() + "\n"


def documents() -> dict[Path, str]:
    """Return the page as it should be, by its path."""
    return {PAGE: page()}
