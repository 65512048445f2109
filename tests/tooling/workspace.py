# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where sessions work: the folders below .build, and an environment without the settings of whoever runs them."""

from __future__ import annotations

import fcntl
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from . import sources

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = sources.ROOT
BUILD = ROOT / ".build"
COLLECTIONS = BUILD / "collections"  # The working tree under its collection's name.
INSTALLED = BUILD / "installed"  # The tarball, installed.
NAME = Path("ansible_collections", "longrunning", "tasks")

# Settings of the person at the keyboard that would change what the collection does.
FOREIGN = ("ANSIBLE_", "MOLECULE_", "OS_", "RACKSPACE_", "NETAPP_ASTRA_", "VMWARE_LSR_", "DBVISIT_", "KOODRIVE_")
FOREIGN_NAMES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC", "PYTHONPATH", "PYTHONHOME", "PYTEST_ADDOPTS")


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Let one process at a time do what changes a folder that others use."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def stage() -> Path:
    """Make the working tree importable as ansible_collections.longrunning.tasks."""
    link = COLLECTIONS / NAME
    with locked("stage"):
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink() or link.resolve() != ROOT:
            link.unlink(missing_ok=True)
            link.symlink_to(os.path.relpath(ROOT, link.parent), target_is_directory=True)
    return COLLECTIONS


def clean_environment(**extra: object) -> dict[str, str | None]:
    """Return changes to the environment: no settings of the user's, their home left alone, no proxy on loopback.

    Python compiles each library once, for all processes and sessions, and leaves no file in the tree or the tarball.
    """
    environment: dict[str, str | None] = {
        name: None for name in os.environ if name.startswith(FOREIGN) or name in FOREIGN_NAMES
    }
    ansible_home = BUILD / "ansible-home"
    ansible_home.mkdir(parents=True, exist_ok=True)
    no_settings = ansible_home / "empty.cfg"
    no_settings.touch()
    environment |= {
        "ANSIBLE_CONFIG": str(no_settings),
        "ANSIBLE_HOME": str(ansible_home),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_REMOTE_TMP": str(ansible_home / "tmp"),
        "PYTHONDONTWRITEBYTECODE": None,
        "PYTHONPYCACHEPREFIX": str(BUILD / "pycache"),
        "NO_PROXY": "127.0.0.1,localhost,::1",
        "no_proxy": "127.0.0.1,localhost,::1",
    }
    if sys.platform == "linux":
        environment["LC_ALL"] = "C.UTF-8"
    return environment | {name: str(value) for name, value in extra.items()}


def on_tree() -> dict[str, str | None]:
    """Return an environment in which the collection is the working tree."""
    return clean_environment(PYTHONPATH=stage(), ANSIBLE_COLLECTIONS_PATH=COLLECTIONS)


def on_tarball(**extra: object) -> dict[str, str | None]:
    """Return an environment in which the collection is the one that the tarball installs."""
    return clean_environment(ANSIBLE_COLLECTIONS_PATH=INSTALLED, LONGRUNNING_TESTS_COLLECTIONS=INSTALLED, **extra)
