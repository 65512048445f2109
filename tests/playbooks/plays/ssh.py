# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands for ssh and the server at its other end, of which nothing knows anything of the other but what it sends.

The server runs the command, which is the last argument. When its client is gone it closes what the command writes to,
and leaves it alone, as a real one does for a command without a terminal.
"""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys


def serve(client, command):
    """Pass on both ways until either is at its end."""
    os.setsid()
    process = subprocess.Popen(command, shell=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S602
    while True:
        readable, _writable, _broken = select.select([client, process.stdout], [], [])
        if process.stdout in readable:
            data = os.read(process.stdout.fileno(), 65536)
            if not data:
                break
            client.sendall(data)
        if client in readable:
            data = client.recv(65536)
            if data == b"":
                return
            # The end of what the client was given.
            if data.endswith(b"\0"):
                process.stdin.write(data[:-1])
                process.stdin.close()
            else:
                process.stdin.write(data)
    client.sendall(b"\0" + bytes([process.wait()]))


def main():
    near, far = socket.socketpair()
    if os.fork() == 0:
        near.close()
        sys.stdout.close()
        serve(far, sys.argv[-1])
        os._exit(0)
    far.close()
    while data := os.read(0, 65536):
        near.sendall(data)
    near.sendall(b"\0")
    said = b""
    while data := near.recv(65536):
        said += data
    os.write(1, said[:-2])
    sys.exit(said[-1])


main()
