# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bring up a real Pulp 3 with one worker and a PostgreSQL of its own, and take them down again.

The virtual environment is kept, everything else is made anew at every start.
"""

from __future__ import annotations

import base64
import os
import secrets
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from machine import (
    MINIMUM_PYTHON,
    ServerError,
    VirtualEnvironment,
    clean_environment,
    python_version,
    run,
    write_private,
)
from postgresql_server import PostgreSQL, initdb
from server_process import ServerProcess, answers, direct_session, free_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from typing_extensions import Self

REQUIREMENTS_FILE = Path(__file__).resolve().parent / "pulp-requirements.txt"
USERNAME = "admin"


def missing_requirements(python: str = sys.executable) -> list[str]:
    """Say in words what this machine lacks; an empty list means: go."""
    missing = []
    version = python_version(python)
    if version is None or version < MINIMUM_PYTHON:
        wanted = ".".join(map(str, MINIMUM_PYTHON))
        missing.append(f"{python} is no Python >= {wanted}, which Pulp needs")
    if initdb() is None:
        missing.append("PostgreSQL's initdb is not installed: install the package postgresql")
    return missing


class PulpServer:
    """Pulp below one folder. A context manager."""

    def __init__(
        self,
        directory: str | os.PathLike[str],
        python: str = sys.executable,
        on_step: Callable[[str], None] | None = None,
    ) -> None:
        """Remember where to work, and whom to tell about each step."""
        directory = Path(directory).resolve()
        self._state = directory / "pulp"
        self._environment = VirtualEnvironment(directory / "pulp-venv", python, REQUIREMENTS_FILE)
        self._step = on_step or (lambda _words: None)
        self._database = PostgreSQL("pulp")
        self._processes: list[ServerProcess] = []
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.password = secrets.token_urlsafe(24)

    def __enter__(self) -> Self:
        """Start it."""
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop it."""
        self._stop()

    def wait_for_a_look(self, what: str) -> None:
        """Return when somebody asks for a path once more."""
        words = f"GET {what}"
        self._processes[0].wait_until_it_says(words, self._processes[0].count(words) + 1)

    def send(self, method: str, path: str, body: object = None) -> Any:
        """Send a request as the administrator and return the JSON of its answer."""
        answer = direct_session().request(
            method, f"{self.url}{path}", json=body, auth=(USERNAME, self.password), timeout=30
        )
        if not answer.ok:
            message = f"Pulp answered {answer.status_code} to {method} {path}: {answer.text}"
            raise ServerError(message)
        return answer.json()

    def _start(self) -> None:
        self._state.parent.mkdir(parents=True, exist_ok=True)
        self._step("install the requirements")
        if not self._environment.make():
            self._step("(they were installed already)")
        shutil.rmtree(self._state, ignore_errors=True)
        self._state.mkdir(mode=0o700)
        self._step("make the database")
        self._database.start()
        environment = clean_environment(PULP_SETTINGS=str(self._write_settings()))
        # The programs of the environment call each other by name.
        environment["PATH"] = f"{self._environment.program('python').parent}{os.pathsep}{environment['PATH']}"
        manager = self._environment.program("pulpcore-manager")
        run([manager, "migrate", "--no-input"], cwd=self._state, environment=environment)
        run([manager, "reset-admin-password", "--password", self.password], cwd=self._state, environment=environment)
        self._step("start Pulp")
        bind = f"127.0.0.1:{self._port}"
        # With a log of its requests.
        self._serve("api", ["pulpcore-api", "--bind", bind, "--workers", "1", "--access-logfile", "-"], environment)
        self._serve("worker", ["pulpcore-worker"], environment)
        self._step("it answers")

    def _serve(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        program, *arguments = command
        process = ServerProcess(
            f"pulp-{name}",
            [self._environment.program(program), *arguments],
            self._state / f"{name}.log",
            environment,
        )
        self._processes.append(process)
        process.start(self._has_worker if name == "worker" else lambda: answers(f"{self.url}/pulp/api/v3/status/"))

    def _has_worker(self) -> bool:
        status = direct_session().get(f"{self.url}/pulp/api/v3/status/", timeout=10).json()
        return bool(status["online_workers"])

    def _write_settings(self) -> Path:
        key = self._state / "key"
        write_private(key, base64.urlsafe_b64encode(os.urandom(32)).decode("ascii"))
        names = ("MEDIA_ROOT", "STATIC_ROOT", "WORKING_DIRECTORY", "FILE_UPLOAD_TEMP_DIR")
        folders = {name: self._state / name.lower() for name in names}
        for folder in folders.values():
            folder.mkdir()
        database = {"ENGINE": "django.db.backends.postgresql", "HOST": str(self._database.folder)}
        settings = {
            "SECRET_KEY": secrets.token_urlsafe(48),
            "DB_ENCRYPTION_KEY": str(key),
            "DATABASES": {"default": {**database, "NAME": "postgres", "USER": "pulp"}},
            "CONTENT_ORIGIN": self.url,
            "CACHE_ENABLED": False,
            "ANALYTICS": False,
            "DEPLOY_ROOT": str(self._state),
            **{name: str(folder) for name, folder in folders.items()},
        }
        path = self._state / "settings.py"
        write_private(path, "".join(f"{name} = {value!r}\n" for name, value in settings.items()))
        return path

    def _stop(self) -> None:
        for process in reversed(self._processes):
            process.stop()
        self._processes = []
        self._database.stop()
