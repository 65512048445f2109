# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write into the documentation what the providers' descriptions already say.

That is the environment variables of the connection options, the tables of states and failures in the guides, the
README's list of ready definitions, and the credential types and the choice of a vendor in AWX. The JSON Schema of
definitions is written with it.
``make pages`` runs it, after a provider or a definition was added or changed.
A unit test fails where the documentation and the providers differ.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.longrunning.tasks.plugins.module_utils._provider.connecting import environment_names
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.options import CONNECTION_OPTIONS
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS
from ansible_collections.longrunning.tasks.tests.tooling import definition_page, definition_schema
from ansible_collections.longrunning.tasks.tests.tooling.awx_credential_types import playbook_variables
from ansible_collections.longrunning.tasks.tests.tooling.definition_page import WORTH, filled, source_once, table

if TYPE_CHECKING:
    from ansible_collections.longrunning.tasks.plugins.module_utils._provider.description import ProviderDescription

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
DEFINITIONS = ROOT / "plugins" / "plugin_utils" / "task_definitions"
FRAGMENT = ROOT / "plugins" / "doc_fragments" / "connection.py"
GUIDES = ROOT / "docs" / "docsite" / "rst"
CREDENTIAL_TYPES = ROOT / "playbooks" / "vars" / "awx" / "credential_types.yml"
JOB_TEMPLATES = CREDENTIAL_TYPES.with_name("job_templates.yml")
#: An option whose variables differ in their prefixes only names no more than so many.
MOST_NAMED = 2
PREFIXES = "C(PREFIX) in the name of an environment variable is"
#: These have no vendor: what their tables would say is said by a definition.
WITHOUT_TABLES = frozenset({"custom"})


def environment_lines(option: str) -> list[str]:
    """Return the item of the description that names the variables; nothing where there are none."""
    common: list[str] = []
    own: list[str] = []
    for description in (provider.description for provider in PROVIDERS.values()):
        regular = f"{description.environment_prefix}_{option.upper()}"
        for name in environment_names(description, option):
            (common if name == regular else own).append(f"E({name})")
    if len(common) > MOST_NAMED:
        common = [f"C(PREFIX_{option.upper()})"]
    marked = [*sorted(common), *sorted(own)]
    return filled(f"Environment {' or '.join(marked)}.", "      - ", "        ") if marked else []


def prefixes() -> str:
    """Return the sentence about the prefixes of environment variables."""
    named = sorted((provider.description.environment_prefix, name) for name, provider in PROVIDERS.items())
    return f"{PREFIXES} {', '.join(f'C({prefix}) for V({name})' for prefix, name in named)}."


def fragment(text: str) -> str:
    """Return the documentation of the connection options with the variables of every option."""
    for option in CONNECTION_OPTIONS:
        block = re.search(rf"(?m)^  {option}:\n(?:^    .*\n)+", text)
        if block is None:
            message = f"{FRAGMENT.name} does not document the option {option}"
            raise LookupError(message)
        body = re.sub(r"(?m)^      - Environment .*\n(?:^        .*\n)*", "", block[0])
        lines = "".join(f"{line}\n" for line in environment_lines(option))
        before, type_, after = body.partition("\n    type: ")
        text = text.replace(block[0], f"{before}\n{lines.rstrip()}{type_}{after}" if lines else body)
    note = "".join(f"{line}\n" for line in filled(prefixes(), "  - ", "    "))
    return re.sub(rf"(?m)^  - {re.escape(PREFIXES)} .*\n(?:^    .*\n)*", lambda _found: note, text)


def ready_definitions(text: str) -> str:
    """Return the README with the definitions that come with the collection, by their names."""
    named = ", ".join(f"`{path.stem}`" for path in sorted(DEFINITIONS.glob("*.yml")))
    content = "\n".join(filled(f"{named}."))
    marks = r"(<!-- definitions: begin, .* -->\n)(?s:.*?)(<!-- definitions: end -->)"
    return re.sub(marks, lambda marks: f"{marks[1]}\n{content}\n\n{marks[2]}", text)


def tables(description: ProviderDescription) -> dict[str, str]:
    """Return the tables of a guide by their names."""
    states = table(
        ("state at the vendor", "here"),
        ((f"``{raw}``", f"``{state.value}``") for raw, state in description.states.items()),
    )
    return {"states": "\n".join(states).rstrip(), "failures": failures(description)}


def failures(description: ProviderDescription) -> str:
    """Return the table of the documented failures."""
    if not description.documented_errors:
        return "The vendor documents no failure codes."
    columns, rows, source = source_once(
        ("code", "what it is", "what to do", "try again?", "source"),
        [
            (
                f"``{error.code}``" if error.code else "(text only)",
                error.title if error.detail == error.title else f"{error.title}. {error.detail}",
                error.remedy,
                WORTH[error.retryable],
                error.source,
            )
            for error in description.documented_errors
        ],
    )
    return "\n".join([*table(columns, rows), source]).rstrip()


def guide(text: str, description: ProviderDescription) -> str:
    """Return a guide with its tables between their marks."""
    for name, content in tables(description).items():
        begin, end = f".. {name}: begin, written by document_providers.py", f".. {name}: end"
        before, found, rest = text.partition(f"{begin}\n")
        _old, found_too, after = rest.partition(f"{end}\n")
        if not (found and found_too):
            message = f"the guide of {description.name} lacks the lines '{begin}' and '{end}'"
            raise LookupError(message)
        text = f"{before}{begin}\n\n{content}\n\n{end}\n{after}"
    return text


def survey(text: str) -> str:
    """Return the job templates of AWX, with all vendors to choose from."""
    vendors = "".join(f"          - {name}\n" for name in PROVIDERS if name not in WITHOUT_TABLES)
    question = r"(variable: wait_for_tasks_provider\n.*\n.*\n +choices:\n)(?: {10}- \w+\n)+"
    return re.sub(question, lambda found: found[1] + vendors, text)


def documents() -> dict[Path, str]:
    """Return every file that this writes to, as it should be."""
    found = {
        README: ready_definitions(README.read_text(encoding="utf-8")),
        FRAGMENT: fragment(FRAGMENT.read_text(encoding="utf-8")),
        CREDENTIAL_TYPES: playbook_variables(),
        JOB_TEMPLATES: survey(JOB_TEMPLATES.read_text(encoding="utf-8")),
        **definition_schema.documents(),
        **definition_page.documents(),
    }
    for name, provider in PROVIDERS.items():
        if name not in WITHOUT_TABLES:
            path = GUIDES / f"{name}_guide.rst"
            found[path] = guide(path.read_text(encoding="utf-8"), provider.description)
    return found


if __name__ == "__main__":
    for path, text in documents().items():
        path.write_text(text, encoding="utf-8")
