# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server: connections, HTTP/1.1 and the way from a request over faults and faces to bytes on the wire."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import struct
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable
from urllib.parse import urlsplit

from . import control
from .faces import FACES, Face, NoFace, face_of
from .faults import Delivery, FaultBook, perform, read_fault
from .listener import Listener
from .messages import Request, Response, reason
from .requests_log import RequestsLog
from .scenario import Scenario, TaskPlan, read_task
from .tasks import MOST_ADDED, Task
from .validation import Fields, ScenarioError

if TYPE_CHECKING:
    from typing_extensions import Self

#: Seconds after which a kept-alive connection without a request is closed.
IDLE = 120.0
#: Seconds a client has for its TLS handshake.
HANDSHAKE = 10.0
LARGEST_BODY = 16 * 1024 * 1024


class TlsError(Exception):
    """The certificate or its key cannot be used."""


class Simulator:
    """All vendors on one port.

    ``clock`` returns seconds and may be moved by hand in tests; ``epoch`` is the Unix time at the start, which the
    vendors' timestamps are made from. Waiting faults (``slow``, ``drip``) wait in real time.
    """

    def __init__(
        self,
        scenario: object = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Callable[[], float] = time.monotonic,
        epoch: float | None = None,
        tls_certificate: str | None = None,
        tls_key: str | None = None,
        verbose: bool = False,
    ) -> None:
        """Check the scenario (a mapping, or a :class:`Scenario`) and bind the port; ``start`` then listens."""
        plan = scenario if isinstance(scenario, Scenario) else Scenario.read(scenario)
        self._clock = clock
        self._born = clock()
        self._verbose = verbose
        self._log = RequestsLog()
        self._faults = FaultBook(self.elapsed)
        self._refuses_until: float | None = None
        self._stopping = threading.Event()
        self._connections: set[socket.socket] = set()
        self._connections_lock = threading.Lock()
        start = time.time() if epoch is None else epoch
        self._faces: dict[str, Face] = {
            name: face(plan.credentials[name], plan.launches.get(name, ()), self.elapsed, start)
            for name, face in FACES.items()
        }
        self._no_face = NoFace(None, (), self.elapsed, start)
        for entry in plan.tasks:
            self._add_plan(entry, planned=True)
        self._faults.add(plan.faults)
        self._tls = _tls_context(tls_certificate, tls_key)
        self._listener = Listener(host, port, self._on_connection, self._is_refusing, self._drop_connections)
        shown = f"[{self._listener.host}]" if ":" in self._listener.host else self._listener.host
        self.authority = f"{shown}:{self._listener.port}"
        self.url = f"{self.scheme}://{self.authority}"

    # Life

    def start(self) -> None:
        """Listen, in threads of its own."""
        self._listener.start()
        self._listener.settle(watches_clock=self._faults.has_timed_refusals())

    def stop(self) -> None:
        """Close the port and all connections; never waits for a client."""
        self._stopping.set()
        self._listener.stop()
        self._drop_connections()

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    # For tests and the control paths

    @property
    def scheme(self) -> str:
        """The scheme clients have to use."""
        return "https" if self._tls else "http"

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._listener.port

    def elapsed(self) -> float:
        """Return the seconds since the start, by the simulator's clock."""
        return self._clock() - self._born

    def requests(self) -> dict[str, Any]:
        """Return the counts of requests."""
        return self._log.counts()

    def reset_requests(self) -> None:
        """Begin to count anew."""
        self._log.reset()

    def add_task(self, task: Mapping[str, Any] | None = None, **keys: Any) -> list[str]:
        """Add one entry of ``tasks`` (a mapping, keywords or both), born now; return the IDs it made."""
        return self.add_tasks([{**(task or {}), **keys}])

    def add_tasks(self, tasks: object, path: str = "tasks") -> list[str]:
        """Add entries of ``tasks``, one mapping or a list of them; return all IDs."""
        plans: list[TaskPlan] = []
        room = MOST_ADDED
        for index, entry in enumerate(_as_list(tasks)):
            plans.append(read_task(Fields(entry, f"{path}[{index}]"), MOST_ADDED))
            room -= len(plans[-1].ids)
            # Not after the last entry: a short list can stand for more IDs than there is memory.
            if room < 0:
                raise ScenarioError(f"{path} must not make more than {MOST_ADDED} tasks")
        return [task_id for plan in plans for task_id in self._add_plan(plan)]

    def add_fault(self, fault: Mapping[str, Any] | None = None, **keys: Any) -> None:
        """Add one entry of ``faults`` (a mapping, keywords or both); its seconds count from now on."""
        self.add_faults([{**(fault or {}), **keys}])

    def add_faults(self, faults: object, path: str = "faults") -> int:
        """Add entries of ``faults``, one mapping or a list of them; return how many."""
        read = [read_fault(Fields(entry, f"{path}[{index}]")) for index, entry in enumerate(_as_list(faults))]
        self._faults.add(read)
        self._listener.settle(watches_clock=self._faults.has_timed_refusals())
        return len(read)

    def clear_faults(self) -> None:
        """Forget all faults, and listen again if the port was closed by one."""
        self._faults.clear()
        self._refuses_until = None
        self._listener.settle(watches_clock=False)

    def expire_sessions(self) -> None:
        """Forget everybody who is logged in at any vendor."""
        for face in self._faces.values():
            face.expire_sessions()

    def health(self) -> dict[str, Any]:
        """Return that all is well, and for how many seconds already."""
        return {"status": "ok", "elapsed": round(self.elapsed(), 3), "providers": sorted(self._faces)}

    def _add_plan(self, plan: TaskPlan, *, planned: bool = False) -> list[str]:
        face = self._faces[plan.provider]
        owner = face.default_owner() if plan.owner is None else plan.owner
        born = self.elapsed() - plan.age
        tasks = [Task(task_id, plan.type, plan.input, owner, born, plan.life) for task_id in plan.ids]
        try:
            face.store.add(tasks, planned=planned)
        except KeyError as taken:
            raise ScenarioError(f"tasks: id is already the ID of another task: {taken.args[0]}") from None
        return list(plan.ids)

    # Requests

    def face(self, path: str) -> Face:
        """Return the face that owns a path."""
        return self._faces.get(face_of(path), self._no_face)

    def serve(self, request: Request, send: Callable[[Response, Delivery], None]) -> None:
        """Answer one request and count it until its answer has been sent."""
        if control.is_control(request.path):
            send(control.answer(self, request), Delivery())
            return
        face = self.face(request.path)
        self._log.begin(face.name, request.method, face.template(request.path))
        running = True
        try:
            struck = self._faults.strike(request.method, request.path)
            response, delivery = perform(struck, lambda: face.answer(request), face, request)
            if self._verbose:
                kinds = f" [{', '.join(fault.kind for fault in struck)}]" if struck else ""
                # Neither headers nor query nor body: they may hold what nobody should read in a log.
                self.say(f"{request.method} {request.path} {response.status}{kinds}")
            if delivery.wait:
                self.pause(delivery.wait)
            if delivery.drip is None and response.stream is None:
                # Before the answer leaves: a client that asks again at once must not look like two.
                running = False
                self._log.end()
            send(response, delivery)
        finally:
            if running:
                self._log.end()

    def say(self, line: str) -> None:
        """Write a line of the log."""
        if self._verbose:
            with contextlib.suppress(OSError, ValueError):
                sys.stderr.write(f"{self.elapsed():10.3f} {line}\n")
                sys.stderr.flush()

    def pause(self, seconds: float) -> None:
        """Wait in real time, but not beyond the simulator's end."""
        self._stopping.wait(seconds)

    def is_stopping(self) -> bool:
        """Tell whether there is no point any more in answering."""
        return self._stopping.is_set()

    # Connections

    def refuse(self, seconds: float) -> None:
        """Close the port for a while, as if the service had died, and return when it is closed."""
        self._refuses_until = self.elapsed() + seconds
        self._listener.settle(watches_clock=self._faults.has_timed_refusals())

    def _is_refusing(self) -> bool:
        until = self._refuses_until
        return (until is not None and self.elapsed() < until) or self._faults.refuses()

    def _drop_connections(self) -> None:
        """Cut all connections; a dead service keeps none."""
        with self._connections_lock:
            connections = list(self._connections)
        for connection in connections:
            # The plain socket's own method: TLS state belongs to the thread that reads.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def _on_connection(self, connection: socket.socket) -> None:
        # Known before the listener goes on, so that none slips through when it closes the port.
        with self._connections_lock:
            self._connections.add(connection)
        threading.Thread(target=self._attend, args=(connection,), name="task-simulator-connection", daemon=True).start()

    def _attend(self, connection: socket.socket) -> None:
        """Answer the requests of one connection, one after the other."""
        try:
            if self._tls is not None:
                connection = self._speak_tls(self._tls, connection)
            if not self.is_stopping():
                _Handler(connection, self)
        except (OSError, ValueError):
            # A client that goes away, speaks plain HTTP to a TLS port or refuses the certificate is no news.
            pass
        finally:
            with self._connections_lock:
                self._connections.discard(connection)
            with contextlib.suppress(OSError):
                connection.close()

    def _speak_tls(self, context: ssl.SSLContext, connection: socket.socket) -> ssl.SSLSocket:
        with self._connections_lock:
            self._connections.discard(connection)
            secured = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
            self._connections.add(secured)
        try:
            secured.settimeout(HANDSHAKE)
            secured.do_handshake()
        except BaseException:
            with self._connections_lock:
                self._connections.discard(secured)
            secured.close()
            raise
        return secured


def _as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _tls_context(certificate: str | None, key: str | None) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key)
    except OSError as error:
        words = error.strerror or "they are not a certificate with its key in PEM form"
        raise TlsError(f"cannot use the certificate {certificate} and its key: {words}") from None
    return context


class _Handler(BaseHTTPRequestHandler):
    """HTTP on one connection; the standard library parses, everything else is here."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE
    disable_nagle_algorithm = True

    def __init__(self, connection: socket.socket, simulator: Simulator) -> None:
        self._simulator = simulator
        # The parent's constructor handles the whole connection; it has no use for a server object.
        super().__init__(connection, ("", 0), None)  # type: ignore[arg-type]

    def handle_one_request(self) -> None:
        """Read, answer, and decide whether the connection lives on."""
        try:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline:
                self.close_connection = True
                return
            if len(self.raw_requestline) > 65536:
                self.requestline, self.request_version, self.command = "", "", ""
                self.send_error(414)
                self.close_connection = True
                return
            if not self.parse_request():
                return
            request = self._read_request()
            if request is not None:
                self._answer(request)
        except (OSError, ValueError):
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's name
        """Say nothing of what the parent would say; it would show the query."""

    def _read_request(self) -> Request | None:
        if self.headers.get("Transfer-Encoding"):
            self._refuse_body(411)
            return None
        length = self.headers.get("Content-Length", "0").strip()
        if not length.isascii() or not length.isdigit():
            self._refuse_body(400)
            return None
        if int(length) > LARGEST_BODY:
            self._refuse_body(413)
            return None
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise ConnectionError
        # Clients of proxies send whole addresses.
        target = self.path if self.path.startswith("/") else self._origin_form(self.path)
        path, _mark, query = target.partition("?")
        return Request(
            method=self.command,
            path=path,
            query=query.partition("#")[0],
            headers=dict(self.headers.items()),
            body=body,
            scheme=self._simulator.scheme,
            authority=self.headers.get("Host") or self._simulator.authority,
        )

    @staticmethod
    def _origin_form(address: str) -> str:
        parts = urlsplit(address)
        return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"

    def _refuse_body(self, status: int) -> None:
        self.close_connection = True
        self.send_error(status)

    # Answers

    def _answer(self, request: Request) -> None:
        try:
            self._simulator.serve(request, self._send)
        except OSError:
            raise
        except Exception as error:  # noqa: BLE001 - see below
            # A mistake in a face must show as itself, not as one more fault of the network.
            self._simulator.say(f"failed over {request.method} {request.path}: {error!r}")
            self.close_connection = True
            text = f"The task simulator failed over this request: {error!r}\n"
            self._send(Response.of_text(500, text), Delivery())

    def _send(self, response: Response, delivery: Delivery) -> None:
        """Bring an answer onto the wire, or what a fault leaves of it."""
        if self._simulator.is_stopping():
            self.close_connection = True
        elif delivery.refuse_for is not None:
            self._simulator.refuse(delivery.refuse_for)
            self._reset()
        elif delivery.reset == "before":
            self._reset()
        elif response.stream is not None:
            self.wfile.write(self._head(response, response.stream_length))
            self._write_slowly(response.stream if self._has_body(response) else (), 0.0)
        else:
            self._send_body(response, delivery)

    def _has_body(self, response: Response) -> bool:
        return self.command != "HEAD" and response.status not in (204, 304)

    def _send_body(self, response: Response, delivery: Delivery) -> None:
        body = response.encoded()
        sent = body
        if delivery.reset == "head":
            sent = b""
        elif delivery.truncate or delivery.reset is not None:
            sent = body[: len(body) // 2]
        if len(sent) < len(body):
            self.close_connection = True
        head = self._head(response, len(body))
        if not self._has_body(response):
            self.wfile.write(head)
        elif delivery.drip is not None:
            self.wfile.write(head)
            self._write_slowly((body[position : position + 1] for position in range(len(body))), delivery.drip)
        else:
            # One write, one packet: a head that goes alone costs a client a delayed acknowledgement.
            self.wfile.write(head + sent)
        if delivery.reset is not None:
            # The client has to get what was sent before the reset overtakes it.
            self._simulator.pause(0.05)
            self._reset()

    def _write_slowly(self, parts: Iterable[bytes], seconds: float) -> None:
        """Write part by part with a pause before each; gives up when the simulator stops."""
        for part in parts:
            self._simulator.pause(seconds)
            if self._simulator.is_stopping():
                self.close_connection = True
                return
            self.wfile.write(part)

    def _head(self, response: Response, length: int) -> bytes:
        lines = [f"HTTP/1.1 {response.status} {reason(response.status)}", f"Date: {formatdate(usegmt=True)}"]
        headers = dict(response.headers)
        if response.status not in (204, 304) and not any(name.lower() == "content-length" for name in headers):
            headers["Content-Length"] = str(length)
        if self.close_connection:
            headers["Connection"] = "close"
        lines.extend(f"{name}: {value}" for name, value in headers.items())
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")

    def _reset(self) -> None:
        """End the connection with RST instead of a clean end."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # Detached, because the files made of the socket would keep it open until they are closed.
        os.close(self.connection.detach())
