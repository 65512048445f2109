# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The programs that some tests start and no package index has: which Debian package has each, and for which tests.

Run as a program, it prints the packages that are missing here, on one line. It needs nothing but Python.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

#: Debian keeps PostgreSQL's programs off PATH.
_OFF_PATH = Path("/usr/lib/postgresql")


class Program(NamedTuple):
    """A program, the package that has it, and what is left out without it."""

    name: str
    package: str
    parts: tuple[str, ...]
    #: Only `make real-all` starts it.
    on_demand: bool = False


PROGRAMS = (
    Program("aptly", "aptly", ("real aptly",)),
    Program("gnt-cluster", "ganeti", ("real Ganeti",), on_demand=True),
    Program("initdb", "postgresql", ("real OpenStack Glance", "real Pulp")),
    Program("ip", "iproute2", ("real Ganeti",), on_demand=True),
    Program("java", "default-jre-headless", ("ansible-rulebook",)),
    Program("lxd", "lxd", ("real LXD",), on_demand=True),
    Program("node", "nodejs", ("Azure's test server",)),
    Program("npm", "npm", ("Azure's test server",)),
    Program("openssl", "openssl", ("real Ganeti",), on_demand=True),
    Program("qemu-img", "qemu-utils", ("real OpenStack Glance",)),
    Program("redis-server", "redis-server", ("real Flower",)),
    Program("unshare", "util-linux", ("real Ganeti", "real LXD"), on_demand=True),
)


def is_there(program: Program) -> bool:
    """Tell whether a program can be started here."""
    return shutil.which(program.name) is not None or any(_OFF_PATH.glob(f"*/bin/{program.name}"))


def missing() -> list[Program]:
    """Return the programs of `make test` that are not there."""
    return [program for program in PROGRAMS if not program.on_demand and not is_there(program)]


def left_out(programs: list[Program]) -> str:
    """Say in one line what is not tested without these programs, and how to install them. Empty without any."""
    if not programs:
        return ""
    parts = sorted({part for program in programs for part in program.parts}, key=str.casefold)
    names = " ".join(program.name for program in programs)
    packages = " ".join(sorted({program.package for program in programs}))
    return f"LEFT OUT: tests with {', '.join(parts)} (missing: {names}). To run them too: apt-get install {packages}"


if __name__ == "__main__":
    print(*(program.package for program in missing()))
