# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the environment variables of the providers into the documentation of the connection options.

Run it after a provider was added or changed, with the collection importable:

    PYTHONPATH=.build/collections .nox/unit/bin/python tests/tooling/document_environment.py

A unit test fails where the documentation and the providers differ.
"""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.longrunning.tasks.plugins.module_utils._options import CONNECTION_OPTIONS, environment_names
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS

FRAGMENT = Path(__file__).resolve().parents[2] / "plugins" / "doc_fragments" / "connection.py"
WIDTH = 120


def environment_lines(option: str) -> list[str]:
    """Return the item of the description that names the variables, wrapped; nothing where there are none."""
    names = [name for provider in PROVIDERS.values() for name in environment_names(provider.description, option)]
    if not names:
        return []
    marked = [f"E({name})" for name in sorted(names)]
    text = f"Environment {marked[0]}."
    if len(marked) > 1:
        text = f"Environment {', '.join(marked[:-1])} or {marked[-1]}, by O(provider)."
    lines = ["      - "]
    for word in text.split():
        if len(lines[-1]) + len(word) > WIDTH:
            lines.append("        ")
        lines[-1] += word + " "
    return [line.rstrip() for line in lines]


def documented(text: str) -> str:
    """Return the fragment with the variables of every option as the registry has them."""
    for option in CONNECTION_OPTIONS:
        block = re.search(rf"(?m)^  {option}:\n(?:^    .*\n)+", text)
        if block is None:
            raise SystemExit(f"{FRAGMENT}: there is no option {option}")
        body = re.sub(r"(?m)^      - Environment .*\n(?:^        .*\n)*", "", block[0])
        lines = "".join(f"{line}\n" for line in environment_lines(option))
        body = re.sub(r"(?m)^(    type: )", lambda found, lines=lines: lines + found[1], body, count=1)
        text = text.replace(block[0], body)
    return text


if __name__ == "__main__":
    FRAGMENT.write_text(documented(FRAGMENT.read_text(encoding="utf-8")), encoding="utf-8")
