# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check what the tarball holds: nothing that no pattern names, nothing missing; and that all of it is documented.

python -m tooling.check_tarball TARBALL
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAME = r"[a-z][a-z0-9_]*"
#: What may be in the tarball. Each must be there at least once, but for those of MAY_BE_ABSENT.
PATTERNS = (
    r"MANIFEST\.json",
    r"FILES\.json",
    r"\.ansible-lint",
    r"README\.md",
    r"CHANGELOG\.rst",
    r"changelogs/changelog\.yaml",
    r"COPYING",
    r"LICENSES/GPL-3\.0-or-later\.txt",
    r"requirements\.txt",
    r"meta/(extensions|runtime)\.yml",
    rf"extensions/eda/plugins/event_source/{_NAME}\.(py|yml)",
    rf"extensions/eda/rulebooks/{_NAME}\.yml",
    r"meta/(execution-environment\.yml|ee-requirements\.txt)",
    r"plugins/plugin_utils/task_definitions/([a-z0-9_]+\.yml|definition\.schema\.json)",
    r"docs/docsite/(config|extra-docs)\.yml",
    rf"docs/docsite/rst/{_NAME}\.rst",
    rf"docs/images/{_NAME}\.svg",
    rf"playbooks/(tasks/)?{_NAME}\.yml",
    rf"playbooks/vars/awx/{_NAME}\.yml",
    r"playbooks/files/awx/[a-z-]+\.yml",
    rf"plugins/action/{_NAME}\.py",
    rf"plugins/doc_fragments/{_NAME}\.py",
    rf"plugins/filter/{_NAME}\.py",
    rf"plugins/lookup/{_NAME}\.py",
    rf"plugins/modules/{_NAME}\.py",
    rf"plugins/module_utils/_{_NAME}/({_NAME}/)?_?{_NAME}\.py",
    rf"plugins/plugin_utils/_{_NAME}\.py",
    rf"roles/{_NAME}/README\.md",
    rf"roles/{_NAME}/(defaults|tasks|vars)/{_NAME}\.yml",
    rf"roles/{_NAME}/meta/(main|argument_specs)\.yml",
    rf"roles/task_simulator/files/task_simulator/(faces/)?(__init__|__main__|{_NAME})\.py",
)
MAY_BE_ABSENT = (
    r"docs/docsite/links\.yml",
    rf"roles/{_NAME}/(handlers|templates)/{_NAME}\.(yml|j2)",
)
#: The kinds of ansible-doc and where they lie; a role is known by its argument_specs.
DOCUMENTED = {
    "module": re.compile(rf"plugins/modules/({_NAME})\.py"),
    "filter": re.compile(rf"plugins/filter/({_NAME})\.py"),
    "lookup": re.compile(rf"plugins/lookup/({_NAME})\.py"),
    "role": re.compile(rf"roles/({_NAME})/meta/argument_specs\.yml"),
}
ROLE = re.compile(rf"roles/({_NAME})/")


def faults(names: Iterable[str]) -> list[str]:
    """Return what is wrong with the files' names, a sentence each."""
    names = sorted(names)
    known = [re.compile(pattern) for pattern in (*PATTERNS, *MAY_BE_ABSENT)]
    stray = [name for name in names if not any(pattern.fullmatch(name) for pattern in known)]
    lacking = [pattern for pattern in PATTERNS if not any(re.fullmatch(pattern, name) for name in names)]
    return [f"{name}: no pattern of {Path(__file__).name} names it" for name in stray] + [
        f"{pattern}: nothing in the tarball is so named" for pattern in lacking
    ]


def documented(names: Iterable[str]) -> dict[str, set[str]]:
    """Return the names that ansible-doc must know, by kind. Every role counts, with argument_specs or without."""
    names = set(names)
    found = {kind: {m[1] for m in map(where.fullmatch, names) if m} for kind, where in DOCUMENTED.items()}
    found["role"] |= {m[1] for m in map(ROLE.match, names) if m}
    return {kind: {f"longrunning.tasks.{name}" for name in short} for kind, short in found.items()}


def undocumented(kind: str, names: set[str]) -> list[str]:
    """Ask ansible-doc for all names of a kind; return those about which it says nothing, each with a sentence."""
    done = subprocess.run(
        ["ansible-doc", "-t", kind, "--json", *sorted(names)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        return [f"ansible-doc -t {kind}: {done.stderr.strip()}"]
    known = json.loads(done.stdout)
    described = {name for name in names if (known.get(name) or {}).get("doc" if kind != "role" else "entry_points")}
    return [f"{name}: ansible-doc -t {kind} says nothing about it" for name in sorted(names - described)]


def main(tarball: str) -> int:
    """Check one tarball, which is installed where Ansible looks."""
    with tarfile.open(tarball) as opened:
        members = opened.getmembers()
    names = [member.name for member in members if member.isfile()]
    found = [
        f"{member.name}: neither a file nor a folder" for member in members if not (member.isfile() or member.isdir())
    ]
    found += faults(names)
    kinds = documented(names)
    for kind, known in kinds.items():
        found += undocumented(kind, known)
    told = ", ".join(f"{len(known)} of kind {kind}" for kind, known in kinds.items())
    print("\n".join(found) if found else f"{len(names)} files, all named by a pattern; documented: {told}.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
