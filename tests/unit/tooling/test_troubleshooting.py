# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page on troubleshooting has every reason of a failure, and quotes messages that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
MODULE_UTILS = ROOT / "plugins" / "module_utils"
PAGE = (ROOT / "docs" / "docsite" / "rst" / "troubleshooting.rst").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"(?m)^([\w ]+)\n-{3,}\n((?:(?!^[\w ]+\n-{3,}$).*\n)*)", PAGE))
#: Sections that stand for no reason.
OTHERS = {"Warnings", "Messages of Ansible"}


def trees():
    return [ast.parse(path.read_text(encoding="utf-8")) for path in MODULE_UTILS.rglob("*.py")]


def text_of(node):
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def reasons_of_errors(tree):
    """Yield what classes set as their ``reason``."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(getattr(target, "id", "") == "reason" for target in targets):
                yield text_of(node.value)


def chosen(node):
    """Return what a value is, or in any case can be."""
    return text_of(node.body if isinstance(node, ast.IfExp) else node)


def reasons_of_results(tree):
    """Yield what results have under the key ``reason``, and what names the reason of a wait or a cancel."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            yield from (text_of(v) for k, v in zip(node.keys, node.values) if k is not None and text_of(k) == "reason")
        if isinstance(node, ast.FunctionDef) and node.name == "_failure_reason":
            yield from (text_of(inner.value) for inner in ast.walk(node) if isinstance(inner, ast.Return))
            yield from (chosen(v) for inner in ast.walk(node) if isinstance(inner, ast.Dict) for v in inner.values)


def outcomes(tree):
    """Yield the outcomes of a wait, which are reasons when it fails with them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name == "Outcome":
            yield from (text_of(item.value) for item in node.body if isinstance(item, ast.Assign))


def known_reasons():
    found = {
        reason
        for tree in trees()
        for look in (reasons_of_errors, reasons_of_results, outcomes)
        for reason in look(tree)
        if reason
    }
    # What an error is called that has no kind of its own; and outcomes that no module fails with.
    return found - {"error", "succeeded", "failed", "aborted", "not_started"}


def test_every_reason_has_its_entry_and_no_other_is_there():
    reasons = known_reasons()
    assert {"task_failed", "defect", "cancel_unclear", "stalled", "launch_unclear", "invalid_option"} <= reasons
    assert set(SECTIONS) - OTHERS == reasons


def test_every_entry_says_what_to_do():
    assert [title for title, text in SECTIONS.items() if "what it means, what to do" not in text] == [
        "Messages of Ansible"
    ]


QUOTED = re.findall(r"(?m)^   \* - ``(.+)``$", PAGE)


@pytest.fixture(scope="module")
def texts():
    return [node.value for tree in trees() for node in ast.walk(tree) if text_of(node)]


@pytest.mark.parametrize("message", QUOTED)
def test_quoted_messages_exist(texts, message):
    assert [text for text in texts if message in text]
