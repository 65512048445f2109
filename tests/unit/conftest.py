# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests need whoever runs them: ansible-test does not read pyproject.toml."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from ansible_collections.longrunning.tasks.tests.unit.support.socket_server import bare_environment

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "roles" / "task_simulator" / "files"))


def pytest_configure(config):
    """Name the marks that unit tests have."""
    config.addinivalue_line("markers", "kind: shows that a kind of fault is gone")


@pytest.fixture(scope="session", autouse=True)
def _signals_are_heard():
    """Hear Ctrl-C and the end of the terminal, which a shell has what it starts in the background ignore.

    Else a test that raises such a signal fails, or waits for ever.
    """
    for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)


@pytest.fixture(scope="session", autouse=True)
def _bare_environment():
    with pytest.MonkeyPatch.context() as patch:
        bare_environment(patch)
        yield
