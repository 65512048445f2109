# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How servers are trusted, and how we prove who we are."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass

from .._core.errors import OptionError
from .._core.text import listed


@dataclass(frozen=True)
class TlsOptions:
    """How servers are trusted and how we prove who we are: paths of PEM files, None where not given."""

    validate_certs: bool = True
    ca_path: str | None = None
    client_cert: str | None = None
    client_key: str | None = None

    def __post_init__(self) -> None:
        for option in ("ca_path", "client_cert", "client_key"):
            path = getattr(self, option)
            if path is not None and not os.access(path, os.R_OK):
                raise OptionError(option, f"{option}: {path} does not exist or cannot be read")
        if self.client_key and not self.client_cert:
            raise OptionError(
                "client_key", "client_key is given without client_cert: give both, or one file as client_cert"
            )
        self._check_contents()

    def _check_contents(self) -> None:
        """Make sure that the files can be used: the requests library would find out with every request anew."""
        if self.ca_path is None and self.client_cert is None:
            return
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            if self.ca_path is not None and not os.path.isdir(self.ca_path):  # noqa: PTH112 - a path as text
                context.load_verify_locations(cafile=self.ca_path)
        except (ssl.SSLError, ValueError):
            raise OptionError("ca_path", f"ca_path: {self.ca_path} contains no certificate in PEM format") from None
        try:
            if self.client_cert is not None:
                # An empty password, for else OpenSSL asks at the terminal for that of an encrypted key.
                context.load_cert_chain(self.client_cert, self.client_key, password="")
        except (OSError, ValueError):
            raise OptionError(
                "client_cert",
                f"client_cert: {listed([path for path in (self.client_cert, self.client_key) if path])} cannot be "
                "used: a certificate and its unencrypted key in PEM format are needed, in one file or in two",
            ) from None

    @property
    def verify(self) -> bool | str:
        """What the requests library calls ``verify``."""
        return (self.ca_path or True) if self.validate_certs else False

    @property
    def cert(self) -> str | tuple[str, str] | None:
        """What the requests library calls ``cert``."""
        return (self.client_cert, self.client_key) if self.client_cert and self.client_key else self.client_cert
