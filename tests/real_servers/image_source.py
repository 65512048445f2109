# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A web server on loopback from which Glance imports a small disk image: at once, slowly, or when a test says so."""

from __future__ import annotations

import contextlib
import math
import secrets
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from typing_extensions import Self

IMAGE_FORMAT = "qcow2"
"""The ``disk_format`` of what the server serves; Glance refuses data that does not look like the declared format."""

SLOW_SECONDS = 4.0
"""How long ``/slow.img`` takes when its address does not say otherwise."""

HOLD_SECONDS = 300.0
"""How long a held image waits to be released before its connection is closed."""

_DRIP_SECONDS = 0.25
"""Pause between two pieces of the slow image: short, so that a stopping server is not held up."""


def small_qcow2_image() -> bytes:
    """Return an empty but valid qcow2 (version 3) disk of 1 MiB in 2 KiB.

    It consists of four clusters of 512 bytes: header, refcount table, refcount block, and an L1 table whose entries are
    all 0 ("nothing allocated"). ``qemu-img check`` has nothing to say against it.
    """
    cluster_bits = 9
    cluster = 1 << cluster_bits
    virtual_size = 1024 * 1024
    # One L2 table (one cluster of 8 byte entries) maps 64 data clusters; the L1 table has an entry for each L2 table.
    level1_entries = virtual_size // (cluster // 8 * cluster)
    header = struct.pack(
        ">4sIQIIQIIQQIIQQQQII",
        b"QFI\xfb",  # magic
        3,  # version
        0,  # offset of the backing file's name: none
        0,  # length of the backing file's name
        cluster_bits,
        virtual_size,
        0,  # not encrypted
        level1_entries,
        3 * cluster,  # offset of the L1 table
        1 * cluster,  # offset of the refcount table
        1,  # clusters of the refcount table
        0,  # no internal snapshots
        0,  # offset of the snapshots
        0,  # incompatible features
        0,  # compatible features
        0,  # autoclear features
        4,  # refcounts are 2**4 bits wide
        104,  # length of this header
    )
    refcount_table = struct.pack(">Q", 2 * cluster)
    refcount_block = struct.pack(">4H", 1, 1, 1, 1)
    return b"".join(part.ljust(cluster, b"\0") for part in (header, refcount_table, refcount_block, b""))


class _Handler(BaseHTTPRequestHandler):
    """Answers ``/fast.img``, ``/slow.img`` and held images, and 404 to everything else."""

    server: _Server

    def do_GET(self) -> None:
        """Serve one request."""
        address = urlsplit(self.path)
        if address.path == "/fast.img":
            self._send_image(0.0)
        elif address.path == "/slow.img":
            seconds = parse_qs(address.query).get("seconds", [str(SLOW_SECONDS)])[0]
            self._send_image(float(seconds))
        elif address.path in self.server.held:
            self._send_held_image(self.server.held[address.path])
        else:
            self.send_error(404, "There is no such image")

    def _send_header(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(self.server.image)))
        self.end_headers()

    def _send_held_image(self, held: HeldImage) -> None:
        self._send_header()
        self.wfile.flush()
        if held.wait(HOLD_SECONDS) and not self.server.stopping.is_set():
            self.wfile.write(self.server.image)

    def _send_image(self, seconds: float) -> None:
        image = self.server.image
        self._send_header()
        pieces = max(1, round(seconds / _DRIP_SECONDS))
        size = math.ceil(len(image) / pieces)
        try:
            for start in range(0, len(image), size):
                if seconds and self.server.stopping.wait(seconds * size / len(image)):
                    return
                self.wfile.write(image[start : start + size])
                self.wfile.flush()
        except (BrokenPipeError, ConnectionResetError):
            # The importing side went away, for instance because the servers are being stopped. Nobody misses the rest.
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is given by http.server
        """Keep the output of the test run clean."""


class HeldImage:
    """An image whose download begins, and gets its bytes when the test calls :meth:`release`."""

    def __init__(self, url: str) -> None:
        """Hold the image at an address."""
        self.url = url
        self._released = threading.Event()

    def release(self) -> None:
        """Let the download end."""
        self._released.set()

    def wait(self, seconds: float) -> bool:
        """Wait for the release; False when it does not come in time."""
        return self._released.wait(seconds)


class _Server(ThreadingHTTPServer):
    """The HTTP server, with what its handlers share."""

    daemon_threads = True

    def __init__(self, image: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.image = image
        self.stopping = threading.Event()
        self.held: dict[str, HeldImage] = {}


class ImageSource:
    """Context manager around the image server; the addresses are valid inside the ``with`` block."""

    def __init__(self) -> None:
        """Choose a free port; nothing is served before :meth:`start`."""
        self._server = _Server(small_qcow2_image())
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="image-source", daemon=True
        )

    @property
    def url(self) -> str:
        """The address of the server, without a path."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def fast_url(self) -> str:
        """The address of an image that is there at once."""
        return f"{self.url}/fast.img"

    @property
    def missing_url(self) -> str:
        """An address that answers 404."""
        return f"{self.url}/missing.img"

    def slow_url(self, seconds: float = SLOW_SECONDS) -> str:
        """Return the address of an image whose bytes come little by little, for about ``seconds`` seconds."""
        return f"{self.url}/slow.img?seconds={seconds:g}"

    @contextlib.contextmanager
    def held(self) -> Iterator[HeldImage]:
        """Offer an image that is held until the test releases it, at the latest at the end of the ``with`` block.

        This is how a test knows that a task is under way, on a machine of any speed.
        """
        path = f"/held-{secrets.token_hex(4)}.img"
        image = HeldImage(self.url + path)
        self._server.held[path] = image
        try:
            yield image
        finally:
            image.release()

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and end the downloads which are under way."""
        self._server.stopping.set()
        for image in self._server.held.values():
            image.release()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        """Start the server."""
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop the server."""
        self.stop()
