# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures around real servers.

Environment variables:

``LONGRUNNING_REAL_SERVERS_DIR``
    Work folder of the servers, for instance one that a CI job keeps; without it a temporary one, and then every run
    installs them again.
``LONGRUNNING_REAL_SERVERS_PYTHON``
    Interpreter (>= 3.11) for the servers, when pytest runs with an older one.
``CI``
    When it is ``true``, a machine that cannot run the servers is a failure instead of a skip.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from aptly_server import AptlyServer
from azure_server import AzureServer
from buildbot_server import BuildbotServer
from flower_server import FlowerServer
from ganeti_server import GanetiServer
from image_tasks import ImageSource
from lxd_server import LxdServer
from openstack_server import OpenStackServer
from pulp_server import PulpServer
from pygeoapi_server import PygeoapiServer
from real_server import Pool, RealServer
from sushy_server import SushyServer

pytest.register_assert_rewrite("definition_proof", "playbook_runner")

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from definition_proof import Case
    from playbook_runner import Run

#: A fixture has the name of its server.
KINDS: tuple[type[RealServer], ...] = (
    AptlyServer,
    AzureServer,
    BuildbotServer,
    FlowerServer,
    GanetiServer,
    LxdServer,
    OpenStackServer,
    PulpServer,
    PygeoapiServer,
    SushyServer,
)


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


def _need(what: str, missing: list[str], tell: Callable[[str], None]) -> None:
    """Skip with a loud reason when something is missing; in CI fail."""
    if not missing:
        return
    reason = f"REAL {what} NOT TESTED: {'; '.join(missing)}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    tell(reason)
    pytest.skip(reason)


def _work_folder(name: str, factory: pytest.TempPathFactory) -> Path:
    folder = os.environ.get("LONGRUNNING_REAL_SERVERS_DIR")
    return Path(folder) if folder else factory.mktemp(name)


def _python() -> str:
    return os.environ.get("LONGRUNNING_REAL_SERVERS_PYTHON") or sys.executable


@pytest.fixture(scope="session")
def pool(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    """All servers that the chosen tests need, which start side by side."""
    wanted = {name for item in request.session.items for name in getattr(item, "fixturenames", ())}
    pool = Pool(lambda name: _work_folder(name, tmp_path_factory), _python())
    pool.begin(kind for kind in KINDS if kind.name in wanted)
    yield pool
    pool.stop()


def _server(kind: type[RealServer]) -> object:
    @pytest.fixture(scope="session", name=kind.name)
    def running(request: pytest.FixtureRequest, pool: Pool) -> RealServer:
        tell = _teller(request.config)
        _need(kind.name.upper(), kind.missing(_python()), tell)
        server = pool.get(kind.name)
        installing, starting = server.seconds
        tell(f"{kind.name}: installed in {installing:.1f} s, started in {starting:.1f} s")
        return server

    return running


globals().update({f"{kind.name}_fixture": _server(kind) for kind in KINDS})


@pytest.fixture(scope="session")
def image_source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ImageSource]:
    """Serve images that Glance can import quickly, slowly or not at all."""
    with ImageSource(tmp_path_factory.mktemp("images")) as source:
        yield source


@pytest.fixture(scope="class")
def played(case: Case, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """Play the playbook with a ready definition, once for all tests of a class."""
    began = time.monotonic()
    runs = case.play(tmp_path_factory.mktemp("plays"))
    _teller(request.config)(f"{case.definition}: played in {time.monotonic() - began:.1f} s")
    return runs


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Callable[[str, object], None]:
    """Print what the server and the module said, so that it stands in the log of the test run."""

    def print_line(title: str, value: object) -> None:
        with capsys.disabled():
            print(f"\n    {title}: {value}", end="", flush=True)

    return print_line
