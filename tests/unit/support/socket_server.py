# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server on loopback that plays scripted bytes, for tests of what happens on the wire."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Steps of a play, besides bytes to send and seconds to wait.
CLOSE = object()
RESET = object()

_TLS_HELLO = b"\x16\x03"
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_OTHERS = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC")


@dataclass(frozen=True)
class StartTls:
    """A step: what follows on this connection is encrypted, as behind a proxy's CONNECT."""

    context: ssl.SSLContext


@dataclass
class Received:
    """One request as it came over the wire; the method is TLS where a client began to encrypt unasked."""

    connection: int
    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


def answer(body: Any = b"", status: int = 200, **headers: str) -> bytes:
    """Return the bytes of an answer. What is not bytes or text is sent as JSON; ``_`` in header names is ``-``."""
    if isinstance(body, str):
        body = body.encode()
    elif not isinstance(body, bytes):
        body = json.dumps(body).encode()
        headers.setdefault("Content_Type", "application/json")
    headers.setdefault("Content_Length", str(len(body)))
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} Scripted\r\n{head}\r\n".encode("latin-1") + body


@dataclass
class SocketServer:
    """Answers each request with the next play of its script, or with what a function returns for it.

    A play is one step or a list of steps: bytes, seconds to wait, CLOSE, RESET, StartTls.
    """

    script: list[Any] | Callable[[Received], Any]
    tls: ssl.SSLContext | None = None
    requests: list[Received] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def targets(self) -> list[str]:
        return [request.target for request in self.requests]

    @property
    def conversations(self) -> list[threading.Thread]:
        """The threads that serve a connection, one each."""
        return self._threads[1:]

    def stop(self) -> None:
        """End all connections and threads."""
        self._stopping.set()
        # Closing alone does not wake a thread that waits in accept().
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        self._listener.close()

    def _start(self, target: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _peer = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open.append(connection)
                self._start(self._serve, connection, self.connections)

    def _serve(self, connection: socket.socket, number: int) -> None:
        # What the client does to the connection, and TLS that fails, is what the tests are about.
        with contextlib.suppress(OSError, ValueError), contextlib.ExitStack() as stack:
            stack.enter_context(connection)
            self._converse(connection, number, stack)

    def _converse(self, wire: socket.socket, number: int, stack: contextlib.ExitStack) -> None:
        if self.tls is not None:
            wire = stack.enter_context(self._encrypted(wire, self.tls))
        buffer = bytearray()
        while (request := _read_request(wire, buffer, number)) is not None:
            with self._lock:
                self.requests.append(request)
                play = self._next_play(request)
            for step in play if isinstance(play, (list, tuple)) else [play]:
                if step is CLOSE:
                    with contextlib.suppress(OSError):
                        wire.shutdown(socket.SHUT_RDWR)
                    wire.close()
                    return
                if step is RESET:
                    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    wire.close()
                    return
                if isinstance(step, StartTls):
                    wire = stack.enter_context(self._encrypted(wire, step.context))
                elif isinstance(step, (int, float)):
                    self._stopping.wait(step)
                else:
                    wire.sendall(step)

    def _encrypted(self, wire: socket.socket, context: ssl.SSLContext) -> ssl.SSLSocket:
        encrypted = context.wrap_socket(wire, server_side=True, do_handshake_on_connect=False)
        with contextlib.ExitStack() as undo:
            undo.enter_context(encrypted)
            encrypted.do_handshake()
            undo.pop_all()
        with self._lock:
            self._open.append(encrypted)
        return encrypted

    def _next_play(self, request: Received) -> Any:
        if callable(self.script):
            return self.script(request)
        return self.script.pop(0) if self.script else answer("the script is at its end", 599)


def _read_request(wire: socket.socket, buffer: bytearray, number: int) -> Received | None:
    while b"\r\n\r\n" not in buffer:
        data = wire.recv(65536)
        if not data:
            return None
        buffer += data
        if buffer.startswith(_TLS_HELLO):
            buffer.clear()
            return Received(number, "TLS", "", {})
    head, _blank, rest = bytes(buffer).partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _version = first.split(" ", 2)
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _colon, value in pairs}
    length = int(headers.get("content-length", "0"))
    while len(rest) < length:
        data = wire.recv(65536)
        if not data:
            return None
        rest += data
    buffer[:] = rest[length:]
    return Received(number, method, target, headers, rest[:length])


@contextlib.contextmanager
def serving(*script: Any, tls: ssl.SSLContext | None = None) -> Iterator[SocketServer]:
    """Run a server with a script: plays, or one function that makes them."""
    function = len(script) == 1 and callable(script[0])
    server = SocketServer(script[0] if function else list(script), tls)
    try:
        yield server
    finally:
        server.stop()


def closed_port() -> int:
    """Return a port of loopback on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def bare_environment(monkeypatch: Any) -> None:
    """Take away what the environment of whoever runs the tests says about proxies and certificates."""
    for name in _PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in _OTHERS:
        monkeypatch.delenv(name, raising=False)
    # An empty store of the system: loading the real one takes longer than most tests.
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent/store.pem")
    monkeypatch.setenv("SSL_CERT_DIR", "/nonexistent")
