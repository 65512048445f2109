# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the collection's documentation site, and fail on anything in it that leads nowhere.

Sphinx takes every warning for an error, a reference without a target among them. It looks up references into Ansible's
own pages in an inventory that has to be downloaded. FOREIGN stands in for that: it names all that we refer to, so that
the build needs no network, the links are right, and a mistyped reference fails. What Sphinx does not look at, plain
links and whether every page is there, is checked at the end.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import shutil
import subprocess
import sys
import zlib
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml

NAME = "longrunning.tasks"
#: Makes pages fit a narrow screen: the theme has cells as wide as their longest line and lists as wide as their longest
#: word, breaks links in cells anywhere, and breaks the lines of code and drawings. Shows that a name of an option or
#: return value leads to another page.
STYLE = """
.wy-table-responsive table td, .wy-table-responsive table th, .rst-content code { white-space: normal; }
.wy-table-responsive table p a { overflow-wrap: normal; }
.rst-content { overflow-wrap: break-word; }
html.writer-html5 .rst-content dl.field-list { grid-template-columns: fit-content(25%) minmax(0, 1fr); }
.rst-content code a { text-decoration: underline; }
@media (max-width: 768px) {
  .rst-content div[class^="highlight"] pre { white-space: pre; overflow-x: auto; }
  .rst-content .headerlink { display: none; }
  .rst-content table:has(colgroup) code { overflow-wrap: anywhere; }
}
"""
ANSIBLE_DOCS = "https://docs.ansible.com/projects/ansible/devel/"
#: Labels of Ansible's documentation that our pages refer to: page with anchor, and title.
FOREIGN = {
    "action_plugins": ("plugins/action.html#action-plugins", "Action plugins"),
    "ansible_collections.ansible.builtin.uri_module": (
        "collections/ansible/builtin/uri_module.html#ansible-collections-ansible-builtin-uri-module",
        "ansible.builtin.uri module - Interacts with webservices",
    ),
    "common_return_values": ("reference_appendices/common_return_values.html#common-return-values", "Return Values"),
}
for _name in ("async_status", "wait_for"):
    _page = f"collections/ansible/builtin/{_name}_module.html#ansible-collections-ansible-builtin-"
    FOREIGN[f"ansible_collections.ansible.builtin.{_name}_module"] = (
        f"{_page}{_name.replace('_', '-')}-module",
        f"ansible.builtin.{_name} module",
    )


def write_inventory(path: Path) -> None:
    """Write FOREIGN in the form of Sphinx's objects.inv, version 2."""
    head = (
        "# Sphinx inventory version 2\n# Project: Ansible\n# Version: devel\n"
        "# The remainder of this file is compressed using zlib.\n"
    )
    lines = "".join(f"{label} std:label -1 {page} {title}\n" for label, (page, title) in FOREIGN.items())
    path.write_bytes(head.encode() + zlib.compress(lines.encode()))


def with_paragraphs(index: str, collection: Path) -> str:
    """Put below each module of the index what its documentation begins with."""

    def described(found: re.Match[str]) -> str:
        tree = ast.parse((collection / "plugins" / "modules" / f"{found[1]}.py").read_text(encoding="utf-8"))
        (text,) = [
            node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id == "DOCUMENTATION"
            and isinstance(node.value, ast.Constant)
        ]
        paragraph = " ".join(yaml.safe_load(str(text))["description"][:2])
        # The marks of options, values and modules become plain code.
        plain = re.sub(r"[A-Z]+[(]([^)]*)[)]", r"``\1``", paragraph)
        return f"{found[0]}\n\n  {plain}\n"

    return re.sub(r"(?m)^\* :ansplugin:`(\w+) module <.*$", described, index)


def with_install(page: str) -> str:
    """Say how to install what exists: antsibull-docs knows Galaxy only, where the collection is not yet."""
    known = r"To install it,? use: :code:`ansible\\-galaxy collection install [\w.]+`\."
    guide = f"ansible_collections.{NAME}.docsite.getting_started"
    return re.sub(known, f"To install it, see :ref:`getting started <{guide}>`.", page)


def build(site: Path, collection: Path) -> None:
    """Build the pages of the collection, which is found on ANSIBLE_COLLECTIONS_PATH, into site/build/html."""
    # Sphinx keeps pages that have not changed, with links to what is gone.
    for old in ("rst", "build"):
        shutil.rmtree(site / old, ignore_errors=True)
    site.mkdir(parents=True, exist_ok=True)
    site.chmod(0o700)  # antsibull-docs insists on a folder that nobody else can write to.
    described = ["--project", NAME, "--copyright", f"{NAME} contributors", "--title", f"Collection {NAME}"]
    names = ["--html-short-title", NAME, "--squash-hierarchy", "--use-current"]
    _run(["antsibull-docs", "sphinx-init", *described, *names, "--dest-dir", str(site), NAME], site)
    inventory = site / "ansible.inv"
    write_inventory(inventory)
    with (site / "conf.py").open("a", encoding="utf-8") as conf:
        mapping = {"ansible": (ANSIBLE_DOCS, str(inventory))}
        conf.write(f"\nintersphinx_mapping = {mapping!r}\n")
        conf.write("html_static_path = ['static']\nhtml_css_files = ['narrow.css']\n")
    (site / "static").mkdir(exist_ok=True)
    (site / "static" / "narrow.css").write_text(STYLE, encoding="utf-8")
    rst = site / "rst"
    rst.mkdir(exist_ok=True)
    rst.chmod(0o700)
    config = ["--config-file", "antsibull-docs.cfg"]
    how = ["--cleanup", "everything", "--use-current", "--squash-hierarchy", "--fail-on-error"]
    _run(["antsibull-docs", *config, "collection", *how, "--dest-dir", str(rst), NAME], site)
    # It knows variables of plugins only, and would deny those of modules, which stand with their options.
    variables = rst / "environment_variables.rst"
    if "No environment variables have been defined" in variables.read_text(encoding="utf-8"):
        variables.unlink()
    index = rst / "index.rst"
    index.write_text(with_paragraphs(index.read_text(encoding="utf-8"), collection), encoding="utf-8")
    for page in rst.glob("*.rst"):
        page.write_text(with_install(page.read_text(encoding="utf-8")), encoding="utf-8")
    _run(["sphinx-build", "-M", "html", "rst", "build", "-c", ".", "-q", "-W", "--keep-going"], site)


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True)


class Page(HTMLParser):
    """Collects a page's anchors and what it leads to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.targets: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the IDs and links of an element."""
        for name, value in attrs:
            if value and (name == "id" or (name == "name" and tag == "a")):
                self.anchors.add(value)
            if value and name in ("href", "src"):
                self.targets.append(value)


def broken_links(html: Path) -> list[str]:
    """Return the links to files or anchors of this site that are not there, a sentence each."""
    pages = {path.resolve(): Page(path) for path in html.rglob("*.html")}
    found = []
    for path, page in pages.items():
        for target in page.targets:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            aim = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not aim.exists():
                found.append(f"{path.relative_to(html.resolve())}: {target} does not exist")
            elif parts.fragment and aim in pages and unquote(parts.fragment) not in pages[aim].anchors:
                found.append(f"{path.relative_to(html.resolve())}: {target} has no such place")
    return sorted(set(found))


def expected_pages(collection: Path) -> list[str]:
    """Name the page of every module, plugin, role and guide of the collection, and of its release notes."""
    plugins = [
        (kind, path.stem)
        for kind, folder in (("module", "modules"), ("lookup", "lookup"), ("filter", "filter"), ("test", "test"))
        for path in (collection / "plugins" / folder).glob("*.py")
    ]
    # A role without argument_specs has no page, and is a fault of the role.
    roles = [("role", path.name) for path in (collection / "roles").iterdir() if path.is_dir()]
    guides = [path.stem for path in (collection / "docs" / "docsite" / "rst").glob("*.rst")]
    pages = [f"{name}_{kind}.html" for kind, name in plugins + roles]
    return sorted(pages + [f"docsite/{name}.html" for name in guides] + ["changelog.html"])


def main() -> int:
    """Build, check, and say what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("site", type=Path, help="folder to build in; the pages are below build/html")
    site = parser.parse_args().site.resolve()
    path = os.environ["ANSIBLE_COLLECTIONS_PATH"]
    collection = Path(path, "ansible_collections", *NAME.split("."))
    try:
        build(site, collection)
    except subprocess.CalledProcessError as failed:
        print(f"{failed.cmd[0]} failed: the lines above say why.", file=sys.stderr)
        return 1
    html = site / "build" / "html"
    expected = expected_pages(collection)
    found = [f"{name} is missing" for name in expected if not (html / name).is_file()] + broken_links(html)
    print("\n".join(found) if found else f"{len(expected)} pages: no broken reference.")
    print(f"Open {(html / 'index.html').as_uri()}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
