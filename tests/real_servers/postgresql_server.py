# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A PostgreSQL for one of the real servers, gone with it.

PostgreSQL refuses to run as root. Then it runs as the user ``postgres`` or ``nobody``, in a private folder, and listens
on a Unix socket there only, unless a client needs a port.
"""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import tempfile
from pathlib import Path

from machine import ServerError, run
from server_process import ServerProcess


def initdb() -> Path | None:
    """Return PostgreSQL's program that makes a database: Debian keeps it out of PATH."""
    found = shutil.which("initdb")
    candidates = [Path(found)] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return candidates[-1].resolve() if candidates else None


class PostgreSQL:
    """A database server in a private folder of the system's temporary folder, so that its user can reach it."""

    def __init__(self, user: str, port: int | None = None) -> None:
        """Remember who owns the databases. Everybody is let in who reaches the folder, or the port of this machine."""
        self.folder = Path()
        self._user = user
        self._listening = ["listen_addresses="] if port is None else ["listen_addresses=127.0.0.1", f"port={port}"]
        self._process: ServerProcess | None = None

    def start(self) -> None:
        """Make it and start it."""
        program = initdb()
        if program is None:
            message = "PostgreSQL's initdb is not installed: install the package postgresql"
            raise ServerError(message)
        self.folder = Path(tempfile.mkdtemp(prefix="longrunning-"))
        user = self._other_user() if os.geteuid() == 0 else None
        if user is not None:
            shutil.chown(self.folder, user, user)
        data = self.folder / "data"
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
        form = ("--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")
        make: list[str | Path] = [program, "--pgdata", data, f"--username={self._user}", *form]
        run(make, cwd=Path("/"), environment=environment, user=user)
        command: list[str | Path] = [program.with_name("postgres"), "-D", data, "-k", self.folder]
        for setting in (*self._listening, "fsync=off", "shared_buffers=32MB"):
            command += ["-c", setting]
        self._process = ServerProcess("PostgreSQL", command, self.folder / "log", environment, user=user)
        self._process.wait_until(self._is_ready)

    def _is_ready(self) -> bool:
        status = self.folder / "data" / "postmaster.pid"
        return status.exists() and status.read_text(encoding="utf-8").splitlines()[-1].strip() == "ready"

    def stop(self) -> None:
        """Stop it and remove it; fine to call when it does not run."""
        if self._process is not None:
            self._process.stop()
            self._process = None
        if self.folder != Path():
            shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def _other_user() -> str:
        for name in ("postgres", "nobody"):
            try:
                pwd.getpwnam(name)
            except KeyError:
                continue
            return name
        message = f"{getpass.getuser()} cannot run PostgreSQL, and there is no user postgres or nobody"
        raise ServerError(message)
