# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real aptly with its REST API on loopback, and an empty database at every start.

aptly manages Debian repositories; with ``?_async=1`` its API works in the background and answers with a task.
"""

from __future__ import annotations

import hashlib
import json

from real_server import RealServer
from server_process import answers
from upstream import Upstream

RELEASE = "/dists/stable/Release"
_RELEASE = (
    "Suite: stable\nCodename: stable\nArchitectures: amd64\nComponents: main\n"
    f"SHA256:\n {hashlib.sha256(b'').hexdigest()} 0 main/binary-amd64/Packages\n"
)


class AptlyServer(RealServer):
    """aptly, with an empty Debian repository to fetch from."""

    name = "aptly"
    programs = ("aptly",)

    def start(self) -> None:
        """Start it."""
        configuration = self.state / "aptly.conf"
        settings = {
            "rootDir": str(self.state / "root"),
            "architectures": ["amd64"],
            # Nothing is published: no key is needed.
            "gpgDisableSign": True,
            "gpgDisableVerify": True,
            "downloadRetries": 0,
        }
        configuration.write_text(json.dumps(settings), encoding="utf-8")
        command = ["aptly", f"-config={configuration}", "api", "serve", f"-listen=127.0.0.1:{self.port}"]
        self.serve("api", command, lambda: answers(f"{self.url}/api/version"))
        self.upstream = Upstream({RELEASE: _RELEASE.encode(), "/dists/stable/main/binary-amd64/Packages": b""})
        self._ending.callback(self.upstream.stop)
        self.send("POST", "/api/repos", {"Name": "main"})
        mirror = {
            "Name": "patient",
            "ArchiveURL": f"{self.upstream.url}/",
            "Distribution": "stable",
            "Components": ["main"],
            "Architectures": ["amd64"],
            "IgnoreSignatures": True,
        }
        self.send("POST", "/api/mirrors", mirror)
