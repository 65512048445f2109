# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures around real servers.

Environment variables:

``LONGRUNNING_REAL_SERVERS_DIR``
    Work folder of the servers, for instance one that a CI job keeps; without it a temporary one, and then every run
    installs OpenStack again.
``LONGRUNNING_REAL_SERVERS_PYTHON``
    Interpreter (>= 3.11) for the servers, when pytest runs with an older one.
``CI``
    When it is ``true``, a machine that cannot run the servers is a failure instead of a skip.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

# With --import-mode=importlib pytest itself does not make the helpers beside this file importable.
HERE = str(Path(__file__).resolve().parent)
if HERE not in sys.path:
    sys.path.insert(0, HERE)

from image_source import ImageSource  # noqa: E402 - the path comes first
from image_tasks import launch_import  # noqa: E402 - as above
from openstack_server import Endpoints, OpenStackServer, missing_requirements  # noqa: E402 - as above

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["launch_import"]


def _teller(config: pytest.Config) -> Callable[[str], None]:
    """Return a function that writes a line to the terminal, although pytest captures the output of fixtures."""
    reporter = config.pluginmanager.getplugin("terminalreporter")
    capture = config.pluginmanager.getplugin("capturemanager")

    def tell(line: str) -> None:
        if reporter is not None:
            with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
                reporter.ensure_newline()
                reporter.write_line(line, yellow=True)

    return tell


@pytest.fixture(scope="session")
def openstack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    """Addresses and accounts of a running Keystone and Glance."""
    tell = _teller(request.config)
    python = os.environ.get("LONGRUNNING_REAL_SERVERS_PYTHON") or sys.executable
    missing = missing_requirements(python)
    if missing:
        reason = f"REAL OPENSTACK NOT TESTED: {'; '.join(missing)}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        tell(reason)
        pytest.skip(reason)
    folder = os.environ.get("LONGRUNNING_REAL_SERVERS_DIR")
    directory = Path(folder) if folder else tmp_path_factory.mktemp("openstack")
    with OpenStackServer(directory, python, lambda words: tell(f"openstack: {words}")) as server:
        yield server.endpoints


@pytest.fixture(scope="session")
def image_source() -> Iterator[ImageSource]:
    """Serve images that Glance can import quickly, slowly or not at all."""
    with ImageSource() as source:
        yield source
