# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The listening socket: accepts connections, and can refuse them for a while on the same port."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from typing import Callable

#: How often, in seconds, the clock is looked at while a refusal is due or at work.
TICK = 0.02
BACKLOG = 512

OnConnection = Callable[[socket.socket], None]


class Listener:
    """One thread that accepts; everything that touches the listening socket happens in it."""

    def __init__(
        self,
        host: str,
        port: int,
        on_connection: OnConnection,
        is_refusing: Callable[[], bool],
        on_closed: Callable[[], None],
    ) -> None:
        """Bind at once, so that a port that is taken shows where the simulator is made.

        ``is_refusing`` is asked whether connections are to be refused now, ``on_closed`` told when they just began
        to be. ``on_connection`` must not wait: it runs in the listener's thread.
        """
        self._on_connection = on_connection
        self._is_refusing = is_refusing
        self._on_closed = on_closed
        self._watches_clock = False
        self._closing = False
        self._settled = threading.Condition()
        self._rounds = 0
        self._family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = self._bound((host, port))
        self.host: str
        self.port: int
        self.host, self.port = self._socket.getsockname()[:2]
        self._wake_receiver, self._wake_sender = socket.socketpair()
        self._wake_receiver.settimeout(0)
        self._wake_sender.settimeout(0)
        self._thread = threading.Thread(target=self._run, name="task-simulator-listener", daemon=True)

    def start(self) -> None:
        """Listen from now on."""
        self._socket.listen(BACKLOG)
        self._thread.start()

    def stop(self) -> None:
        """Close the port and end the thread."""
        self._closing = True
        if self._thread.is_alive():
            self._wake()
            self._thread.join(timeout=5)
        for each in (self._socket, self._wake_receiver, self._wake_sender):
            each.close()

    def settle(self, *, watches_clock: bool) -> None:
        """Look again whether to refuse, and return when that has taken effect.

        ``watches_clock`` says whether the answer may change by itself as time goes by.
        """
        with self._settled:
            self._watches_clock = watches_clock
            if not self._thread.is_alive():
                return
            # The round that runs now may have asked already; the one after it has surely seen the change.
            wanted = self._rounds + 2
            while self._rounds < wanted and self._thread.is_alive() and not self._closing:
                self._wake()
                self._settled.wait(timeout=TICK)

    def _wake(self) -> None:
        with contextlib.suppress(OSError):
            self._wake_sender.send(b"!")

    def _bound(self, address: tuple[str, int]) -> socket.socket:
        new = socket.socket(self._family, socket.SOCK_STREAM)
        try:
            new.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            new.bind(address)
        except BaseException:
            new.close()
            raise
        new.settimeout(0)
        return new

    def _run(self) -> None:
        listening = True
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake_receiver, selectors.EVENT_READ)
            selector.register(self._socket, selectors.EVENT_READ)
            while not self._closing:
                refusing = self._is_refusing()
                if refusing and listening:
                    # Bound but not listening: connections are refused, and nobody else can take the port.
                    selector.unregister(self._socket)
                    self._socket.close()
                    self._socket = self._bound((self.host, self.port))
                    listening = False
                    self._on_closed()
                elif listening is refusing:
                    self._socket.listen(BACKLOG)
                    selector.register(self._socket, selectors.EVENT_READ)
                    listening = True
                with self._settled:
                    self._rounds += 1
                    self._settled.notify_all()
                    timeout: float | None = TICK if refusing or self._watches_clock else None
                for key, _events in selector.select(timeout):
                    if key.fileobj is self._wake_receiver:
                        with contextlib.suppress(BlockingIOError):
                            self._wake_receiver.recv(4096)
                    else:
                        self._accept()

    def _accept(self) -> None:
        """Take all connections that wait."""
        while True:
            try:
                connection, _address = self._socket.accept()
            except OSError:
                return
            connection.settimeout(None)
            self._on_connection(connection)
