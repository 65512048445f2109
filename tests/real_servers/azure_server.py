# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The server on which Azure's own clients are tested: 81 long-running operations, well-behaved ones and broken ones.

It wants no login. A token server beside it lets the ready definition log in as it does at Azure.
"""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from machine import run
from real_server import Command, RealServer
from server_process import answers, direct_session
from upstream import Answer, Asked, SmallServer

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE = "@microsoft.azure/autorest.testserver"
VERSION = "3.3.51"
MINIMUM_NODE = 20
#: What the server looks for in some operations.
HEADERS = {"x-ms-client-request-id": "9C4D50EE-2D56-4CD3-8152-34347DC9F2B0"}


class AzureServer(RealServer):
    """The test server, and one that hands out tokens."""

    name = "azure"
    programs = ("node", "npm")

    @classmethod
    def missing(cls, python: str) -> list[str]:
        """Say in words what this machine lacks."""
        missing = super().missing(python)
        if not missing:
            said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
            if int(said.lstrip("v").partition(".")[0] or 0) < MINIMUM_NODE:
                missing = [f"node {said.strip()} is older than {MINIMUM_NODE}"]
        return missing

    @property
    def _program(self) -> Path:
        return self.installed / "node_modules" / PACKAGE

    def install(self) -> None:
        """Install the package, unless it is there."""
        about = self._program / "package.json"
        if about.is_file() and json.loads(about.read_text(encoding="utf-8"))["version"] == VERSION:
            return
        shutil.rmtree(self.installed, ignore_errors=True)
        self.installed.mkdir(parents=True)
        npm: Command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", self.installed]
        run([*npm, f"{PACKAGE}@{VERSION}"], cwd=self.installed)

    def start(self) -> None:
        """Start both."""
        self.tokens = SmallServer(self._token)
        self._ending.callback(self.tokens.stop)
        command: Command = ["node", self._program / "dist" / "cli" / "cli.js", "run", "--port", str(self.port)]
        self.serve("testserver", command, lambda: answers(f"{self.url}/report"))

    def _token(self, asked: Asked) -> Answer:
        """Answer a client that knows the secret with a token (RFC 6749, 4.4)."""
        good = f"client_secret={self.password}" in asked.body
        token = {"access_token": secrets.token_urlsafe(32), "expires_in": 3600, "token_type": "Bearer"}
        body = json.dumps(token if good else {"error": "invalid_client"}).encode()
        return Answer(200 if good else 401, body, {"Content-Type": "application/json"})

    def launch(self, method: str, path: str) -> dict[str, Any]:
        """Launch an operation and return what ansible.builtin.uri would register."""
        with direct_session() as session:
            answer = session.request(method, f"{self.url}{path}", json={}, headers=HEADERS, timeout=30)
            if answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR:
                # Some operations want to be asked once more, with the cookie of the first answer.
                answer = session.request(method, f"{self.url}{path}", json={}, headers=HEADERS, timeout=30)
        headers = {name.lower().replace("-", "_"): value for name, value in answer.headers.items()}
        good = answer.status_code in (HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT)
        known = {"url": answer.url, "status": answer.status_code, "content": answer.text, "failed": not good}
        return {**headers, **known, "item": [method, path]}

    def operations(self) -> list[tuple[str, str]]:
        """Return method and path of all operations, as the server's own description names them."""
        described = json.loads((self._program / "swagger" / "lro.json").read_text(encoding="utf-8-sig"))
        return [(method.upper(), path) for path, methods in described["paths"].items() for method in methods]
