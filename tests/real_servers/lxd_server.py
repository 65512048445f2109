# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real LXD, which downloads images from a server of ours. It trusts one client certificate."""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import socket
import tarfile
import threading
from typing import TYPE_CHECKING

import trustme
from machine import ServerError, write_private
from real_server import RealServer
from upstream import LONGEST_HOLD, Answer, Asked, SmallServer

if TYPE_CHECKING:
    from pathlib import Path

METADATA = b"architecture: x86_64\ncreation_date: 1700000000\nproperties: {description: an empty image}\n"


class LxdServer(RealServer):
    """LXD with its API on loopback, over TLS."""

    name = "lxd"
    programs = ("lxd", "unshare")
    needs_root = True

    def start(self) -> None:
        """Start it, and let it trust the client."""
        self.url = f"https://127.0.0.1:{self.port}"
        folder = self.state / "lxd"
        folder.mkdir()
        self._make_certificates(folder)
        # What it mounts is gone with it.
        command = ["unshare", "--mount", "lxd", "--debug", "--group", "root"]
        self._socket = folder / "unix.socket"
        self._process = self.serve("lxd", command, "Daemon started", variables={"LXD_DIR": str(folder)})
        self._set_up()
        self._image, self._stopping = empty_image(), threading.Event()
        self.images = SmallServer(self._download)
        self._ending.callback(self.images.stop)
        self._ending.callback(self._stopping.set)

    def _make_certificates(self, folder: Path) -> None:
        authority = trustme.CA()
        self.ca_path, self.client_path = self.state / "ca.pem", self.state / "client.pem"
        authority.cert_pem.write_to_path(str(self.ca_path))
        server = authority.issue_cert("127.0.0.1")
        write_private(folder / "server.crt", server.cert_chain_pems[0].bytes().decode())
        write_private(folder / "server.key", server.private_key_pem.bytes().decode())
        client = authority.issue_cert("client.example")
        self._client_certificate = client.cert_chain_pems[0].bytes().decode()
        self.stranger_path = self.state / "stranger.pem"
        stranger = authority.issue_cert("stranger.example").private_key_and_cert_chain_pem
        write_private(self.stranger_path, stranger.bytes().decode())
        write_private(self.client_path, client.private_key_and_cert_chain_pem.bytes().decode())

    def _set_up(self) -> None:
        lines = self._client_certificate.split("-----")[2].split()
        self._send("POST", "/certificates", {"type": "client", "name": "client", "certificate": "".join(lines)})
        self._send("POST", "/storage-pools", {"name": "default", "driver": "dir", "config": {}})
        self._send("PATCH", "", {"config": {"core.https_address": f"127.0.0.1:{self.port}"}})

    def _send(self, method: str, path: str, body: object) -> None:
        connection = http.client.HTTPConnection("lxd", timeout=60)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(self._socket))
        connection.request(method, f"/1.0{path}", json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        said = answer.read().decode()
        connection.close()
        if answer.status >= 400:
            message = f"LXD answered {answer.status} to {method} /1.0{path}: {said}"
            raise ServerError(message)

    def looks(self, instance: str) -> int:
        """Return how many requests for an instance there have been."""
        return self._process.count(f"url=/1.0/instances/{instance} ")

    def _download(self, asked: Asked) -> Answer:
        """Serve ``/good``; ``/bad``, whose checksum is wrong; and ``/long``, which goes on until it is stopped.

        LXD forgets an operation five seconds after its end, so a download ends after a look.
        """
        # LXD downloads no image that it has.
        checksums = {"/good": hashlib.sha256(self._image).hexdigest(), "/bad": "0" * 64, "/long": "1" * 64}
        if asked.method == "HEAD":
            location = f"http://{asked.host}{asked.path}"
            return Answer(headers={"LXD-Image-Hash": checksums[asked.path], "LXD-Image-URL": location})
        if asked.path == "/long":
            self._stopping.wait(LONGEST_HOLD)
        else:
            self._process.wait_until_it_says_again("url=/1.0/operations/")
        return Answer(body=self._image)


def empty_image() -> bytes:
    """Return an image in LXD's form, of an empty root."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        metadata = tarfile.TarInfo("metadata.yaml")
        metadata.size = len(METADATA)
        archive.addfile(metadata, io.BytesIO(METADATA))
        root = tarfile.TarInfo("rootfs")
        root.type, root.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(root)
    return packed.getvalue()
