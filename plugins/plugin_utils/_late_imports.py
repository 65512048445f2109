# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Imports in ansible-playbook what one of its workers has imported late, so that the next workers need not.

ansible-playbook loads an action plugin before it knows which logins the play needs; a worker knows after its task. It
leaves a mark in memory that all of them share, and ansible-playbook looks for marks before it starts the next task.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from mmap import mmap

from ansible.plugins.action import ActionBase


class LateImports:
    """Modules that most tasks do not need. Processes forked from the one that made this share the marks."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._marks = mmap(-1, len(names))

    def mark(self) -> None:
        """Mark those that this process has imported."""
        for number, name in enumerate(self._names):
            if name in sys.modules:
                self._marks[number] = 1

    def follow(self) -> None:
        """Import those that are marked. Where that fails, a worker says why."""
        for number, name in enumerate(self._names):
            if self._marks[number] and name not in sys.modules:
                self._marks[number] = 0
                with suppress(Exception), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    import_module(name)


class BeforeEachTask(type(ActionBase)):  # type: ignore[misc]  # ansible-core is not typed.
    """The class of an action plugin's class, which ansible-core asks a question before it forks a worker."""

    late_imports: LateImports

    @property
    def BYPASS_HOST_LOOP(cls) -> bool:  # noqa: N802 - ansible-core's name
        """Whether one task is for all hosts at once: no. All strategies ask this before each task."""
        cls.late_imports.follow()
        return False
