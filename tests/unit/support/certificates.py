# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of an authority that nobody trusts unasked. Made once for a whole run, written where a test says."""

from __future__ import annotations

import ssl
from functools import cache
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    from pathlib import Path


@cache
def authority() -> trustme.CA:
    return trustme.CA()


@cache
def _issued(name: str) -> trustme.LeafCert:
    return authority().issue_cert(name)


def server_context(name: str = "127.0.0.1", *, wants_client: bool = False) -> ssl.SSLContext:
    """Return the TLS of a server of that name; it may insist on a client's certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _issued(name).configure_cert(context)
    if wants_client:
        context.verify_mode = ssl.CERT_REQUIRED
        # In 1.3 the refusal comes after the handshake and can get lost with the connection.
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        authority().configure_trust(context)
    return context


def ca_file(folder: Path) -> str:
    """Write the authority's certificate; return the path."""
    path = folder / "ca.pem"
    authority().cert_pem.write_to_path(path)
    return str(path)


def server_files(folder: Path, name: str) -> tuple[str, str]:
    """Write a server's certificate and its key; return the paths."""
    leaf = _issued(name)
    paths = folder / "server.pem", folder / "server.key"
    leaf.cert_chain_pems[0].write_to_path(paths[0])
    leaf.private_key_pem.write_to_path(paths[1])
    return str(paths[0]), str(paths[1])


def client_files(folder: Path) -> tuple[str, str, str]:
    """Write a client's certificate, its key, and both in one; return the paths."""
    leaf = _issued("client.example")
    paths = folder / "client.pem", folder / "client.key", folder / "client-both.pem"
    leaf.cert_chain_pems[0].write_to_path(paths[0])
    leaf.private_key_pem.write_to_path(paths[1])
    leaf.private_key_and_cert_chain_pem.write_to_path(paths[2])
    return str(paths[0]), str(paths[1]), str(paths[2])
