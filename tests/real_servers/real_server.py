# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the servers have in common: a folder, an environment of their own, processes; and the pool that starts them."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from machine import MINIMUM_PYTHON, ServerError, VirtualEnvironment, clean_environment, python_version
from postgresql_server import PostgreSQL
from server_process import ServerProcess, direct_session, free_port

from tooling.system_packages import PROGRAMS, is_there

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

#: A program and its arguments.
Command = list[str | Path]
HERE = Path(__file__).resolve().parent
#: Servers that are installed or started side by side.
SIDE_BY_SIDE = 3


class RealServer:
    """One server, which keeps what it installed and makes everything else anew at every start.

    Subclasses say what they need of the machine, and in ``start`` how the server starts.
    """

    name: ClassVar[str]
    #: Whether ``NAME-requirements.txt`` has the packages that it is made of.
    is_python: ClassVar[bool] = False
    #: What it starts of the programs that the machine must have.
    programs: ClassVar[tuple[str, ...]] = ()
    needs_root: ClassVar[bool] = False
    #: The user whose login its requests carry; empty: it wants none.
    username: ClassVar[str] = ""
    #: Where it listens, once it starts.
    port: int
    url: str

    def __init__(self, directory: Path, python: str = sys.executable) -> None:
        """Remember where to work."""
        self.state = directory.resolve() / self.name
        self.installed = directory.resolve() / f"{self.name}-installed"
        self.password = secrets.token_urlsafe(24)
        #: Seconds of installing and of starting.
        self.seconds = (0.0, 0.0)
        requirements = HERE / f"{self.name}-requirements.txt"
        self._environment = VirtualEnvironment(self.installed, python, requirements) if self.is_python else None
        #: What stop() stops.
        self._ending = contextlib.ExitStack()

    @classmethod
    def missing(cls, python: str) -> list[str]:
        """Say in words what this machine lacks; an empty list means: go."""
        missing = [
            f"{program.name} is not installed: install the package {program.package}"
            for program in PROGRAMS
            if program.name in cls.programs and not is_there(program)
        ]
        if cls.needs_root and os.geteuid() != 0:
            missing.append(f"{cls.name} needs root")
        if cls.is_python and (python_version(python) or (0, 0)) < MINIMUM_PYTHON:
            wanted = ".".join(map(str, MINIMUM_PYTHON))
            missing.append(f"{python} is no Python >= {wanted}, which {cls.name} needs")
        return missing

    def install(self) -> None:
        """Install what it is made of, unless that was done already."""
        if self._environment is not None:
            self._environment.make()

    def start(self) -> None:
        """Start it, in an empty folder."""
        raise NotImplementedError

    def up(self) -> None:
        """Install and start it."""
        began = time.monotonic()
        self.installed.parent.mkdir(parents=True, exist_ok=True)
        self.install()
        installed = time.monotonic()
        shutil.rmtree(self.state, ignore_errors=True)
        self.state.mkdir(mode=0o700)
        # Chosen now: while it was installed another one could have taken the port.
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        self.seconds = (installed - began, time.monotonic() - installed)

    def stop(self) -> None:
        """Stop it; fine to call when it does not run."""
        self._ending.close()

    def program(self, name: str) -> Path:
        """Return the path of a program of its own Python environment."""
        assert self._environment is not None
        return self._environment.program(name)

    def environment(self, **additions: str) -> dict[str, str]:
        """Return the environment of its programs, which find each other by name."""
        environment = clean_environment(**additions)
        if self._environment is not None:
            environment["PATH"] = f"{self.program('python').parent}{os.pathsep}{environment['PATH']}"
        return environment

    def serve(
        self,
        name: str,
        command: Sequence[str | Path],
        ready: Callable[[], bool] | str,
        *,
        folder: Path | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> ServerProcess:
        """Start one of its processes and return when that is ready, or has said these words."""
        environment = self.environment(**(variables or {}))
        log = self.state / f"{name}.log"
        process = ServerProcess(f"{self.name}-{name}", command, log, environment, folder=folder)
        self._ending.callback(process.stop)
        process.wait_until(ready)
        return process

    def postgresql(self) -> PostgreSQL:
        """Return a database that has started, whose owner has the server's name."""
        database = PostgreSQL(self.name)
        self._ending.callback(database.stop)
        database.start()
        return database

    def send(self, method: str, path: str, body: object = None) -> Any:
        """Send a request with its login, if any, and return the JSON of its answer."""
        login = (self.username, self.password) if self.username else None
        with direct_session() as session:
            answer = session.request(method, f"{self.url}{path}", json=body, auth=login, timeout=30)
        if not answer.ok:
            message = f"{self.name} answered {answer.status_code} to {method} {path}: {answer.text}"
            raise ServerError(message)
        return answer.json()


class Pool:
    """Starts all servers that a run needs side by side, as soon as the first one is asked for."""

    def __init__(self, directory: Callable[[str], Path], python: str) -> None:
        """Work below the folder that a server is given."""
        self._directory = directory
        self._python = python
        self._threads = ThreadPoolExecutor(SIDE_BY_SIDE)
        self._servers: dict[str, tuple[RealServer, Future[None]]] = {}

    def begin(self, kinds: Iterable[type[RealServer]]) -> None:
        """Start those that the machine can run."""
        for kind in kinds:
            if not kind.missing(self._python):
                server = kind(self._directory(kind.name), self._python)
                self._servers[kind.name] = (server, self._threads.submit(server.up))

    def get(self, name: str) -> RealServer:
        """Return a running server. Raises what kept it from running."""
        server, started = self._servers[name]
        started.result()
        return server

    def stop(self) -> None:
        """Stop all of them."""
        self._threads.shutdown(cancel_futures=True)
        for server, _started in self._servers.values():
            server.stop()
