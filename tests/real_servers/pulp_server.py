# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real Pulp 3 with one worker and a PostgreSQL of its own."""

from __future__ import annotations

import base64
import os
import secrets
from typing import TYPE_CHECKING

from machine import run, write_private
from real_server import Command, RealServer
from server_process import answers

if TYPE_CHECKING:
    from pathlib import Path


class PulpServer(RealServer):
    """Pulp, with one worker and a PostgreSQL of its own."""

    name = "pulp"
    is_python = True
    programs = ("initdb",)
    username = "admin"

    def wait_for_a_look(self, what: str) -> None:
        """Return when somebody asks for a path once more."""
        self._api.wait_until_it_says_again(f"GET {what}")

    def start(self) -> None:
        """Make the database, and start Pulp."""
        self._database = self.postgresql()
        settings = {"PULP_SETTINGS": str(self._write_settings())}
        manager, environment = self.program("pulpcore-manager"), self.environment(**settings)
        run([manager, "migrate", "--no-input"], cwd=self.state, environment=environment)
        run([manager, "reset-admin-password", "--password", self.password], cwd=self.state, environment=environment)
        bind = f"127.0.0.1:{self.port}"
        # With a log of its requests.
        api: Command = [self.program("pulpcore-api"), "--bind", bind, "--workers", "1", "--access-logfile", "-"]
        self._api = self.serve("api", api, lambda: answers(f"{self.url}/pulp/api/v3/status/"), variables=settings)
        self.serve("worker", [self.program("pulpcore-worker")], self._has_worker, variables=settings)

    def _has_worker(self) -> bool:
        return bool(self.send("GET", "/pulp/api/v3/status/")["online_workers"])

    def _write_settings(self) -> Path:
        key = self.state / "key"
        write_private(key, base64.urlsafe_b64encode(os.urandom(32)).decode("ascii"))
        names = ("MEDIA_ROOT", "STATIC_ROOT", "WORKING_DIRECTORY", "FILE_UPLOAD_TEMP_DIR")
        folders = {name: self.state / name.lower() for name in names}
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
            "DEPLOY_ROOT": str(self.state),
            **{name: str(folder) for name, folder in folders.items()},
        }
        path = self.state / "settings.py"
        write_private(path, "".join(f"{name} = {value!r}\n" for name, value in settings.items()))
        return path
