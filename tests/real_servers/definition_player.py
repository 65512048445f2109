# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Play the playbooks of custom definitions."""

from __future__ import annotations

from pathlib import Path

from playbook_runner import PlaybookRunner, Run, find_secret

DEFINITIONS = Path(__file__).resolve().parents[2] / "plugins" / "plugin_utils" / "task_definitions"


class DefinitionPlayer:
    """Runs ``custom_<module>.yml`` with one of the documented definitions."""

    def __init__(self, folder: Path, definition: str, api_url: str, secrets: tuple[str, ...] = ()) -> None:
        """Work in a folder; none of the secrets may turn up in an output."""
        self._variables = {"definition_file": str(DEFINITIONS / f"{definition}.yml"), "api_url": api_url}
        self._runner = PlaybookRunner(
            folder, environment_prefix="LONGRUNNING_", find_leak=lambda text: find_secret(text, secrets)
        )

    def play(self, module: str, login: dict[str, str] | None = None, **options: object) -> Run:
        """Run a module with these options and return what came out."""
        variables = {**self._variables, "login": login or {}, "options": options}
        return self._runner.run(f"custom_{module}.yml", variables, verbosity="-vvv")
