# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the servers have in common: a folder, an environment of their own, processes; and the pool that starts them."""

from __future__ import annotations

import os
import shutil
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from machine import MINIMUM_PYTHON, ServerError, VirtualEnvironment, clean_environment, python_version
from server_process import ServerProcess, free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

#: A program and its arguments.
Command = list[str | Path]
HERE = Path(__file__).resolve().parent
#: Servers that are installed or started side by side.
SIDE_BY_SIDE = 3


class RealServer:
    """One server, which keeps what it installed and makes everything else anew at every start.

    Subclasses say in ``missing`` what the machine lacks, and in ``start`` how the server starts.
    """

    name: ClassVar[str]
    #: Whether ``NAME-requirements.txt`` has the packages that it is made of.
    is_python: ClassVar[bool] = False

    def __init__(self, directory: Path, python: str = sys.executable) -> None:
        """Remember where to work."""
        self.state = directory.resolve() / self.name
        self.installed = directory.resolve() / f"{self.name}-installed"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.processes: list[ServerProcess] = []
        #: Seconds of installing and of starting.
        self.seconds = (0.0, 0.0)
        requirements = HERE / f"{self.name}-requirements.txt"
        self._environment = VirtualEnvironment(self.installed, python, requirements) if self.is_python else None

    @classmethod
    def missing(cls, python: str) -> list[str]:
        """Say in words what this machine lacks; an empty list means: go."""
        wanted = ".".join(map(str, MINIMUM_PYTHON))
        too_old = cls.is_python and (python_version(python) or (0, 0)) < MINIMUM_PYTHON
        return [f"{python} is no Python >= {wanted}, which {cls.name} needs"] if too_old else []

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
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        self.seconds = (installed - began, time.monotonic() - installed)

    def stop(self) -> None:
        """Stop it; fine to call when it does not run."""
        for process in reversed(self.processes):
            process.stop()
        self.processes = []

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
        ready: Callable[[], bool],
        *,
        folder: Path | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> ServerProcess:
        """Start one of its processes and return when that is ready."""
        environment = self.environment(**(variables or {}))
        log = self.state / f"{name}.log"
        process = ServerProcess(f"{self.name}-{name}", command, log, environment, folder=folder)
        self.processes.append(process)
        process.start(ready)
        return process


def missing_programs(**packages: str) -> list[str]:
    """Say which programs are missing, and in which package each is."""
    return [
        f"{program} is not installed: install the package {package}"
        for program, package in ((name.replace("_", "-"), package) for name, package in packages.items())
        if shutil.which(program) is None
    ]


def _up(server: RealServer) -> RealServer:
    server.up()
    return server


class Pool:
    """Starts all servers that a run needs side by side, as soon as the first one is asked for."""

    def __init__(self, directory: Callable[[str], Path], python: str) -> None:
        """Work below the folder that a server is given."""
        self._directory = directory
        self._python = python
        self._threads = ThreadPoolExecutor(SIDE_BY_SIDE)
        self._servers: dict[str, Future[RealServer]] = {}

    def begin(self, kinds: Iterable[type[RealServer]]) -> None:
        """Start those that the machine can run."""
        for kind in kinds:
            if not kind.missing(self._python):
                server = kind(self._directory(kind.name), self._python)
                self._servers[kind.name] = self._threads.submit(_up, server)

    def get(self, name: str) -> RealServer:
        """Return a running server. Raises what kept it from running."""
        return self._servers[name].result()

    def stop(self) -> None:
        """Stop all of them."""
        self._threads.shutdown(cancel_futures=True)
        for future in self._servers.values():
            if future.done() and not future.cancelled() and future.exception() is None:
                future.result().stop()


__all__ = ["Command", "Pool", "RealServer", "ServerError", "missing_programs"]
