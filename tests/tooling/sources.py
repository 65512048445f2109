# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of the repository, as git sees them, and clean copies of them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Only asked when git cannot answer (an unpacked archive).
_NOT_SOURCES = {
    ".ansible",
    ".build",
    ".git",
    ".hypothesis",
    ".mypy_cache",
    ".nox",
    ".pytest_cache",
    ".ruff_cache",
    ".venv",
    "__pycache__",
    "collections",
}


def files(root: Path = ROOT) -> list[Path]:
    """Return the paths, relative to the root, of all files that are tracked or new and not ignored."""
    try:
        listed = subprocess.run(
            ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        listed = _walked(root)
    # A tracked file may be gone from the working tree.
    return sorted({Path(name) for name in listed if name and (root / name).is_file()})


def _walked(root: Path) -> list[str]:
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in _NOT_SOURCES]
        found += [os.path.relpath(Path(folder, name), root) for name in names if not name.endswith((".pyc", ".tar.gz"))]
    return found


def copy(destination: Path, root: Path = ROOT) -> list[Path]:
    """Make `destination` a copy of the repository's files and of nothing else."""
    shutil.rmtree(destination, ignore_errors=True)
    copied = files(root)
    for path in copied:
        target = destination / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / path, target)
    return copied


def fingerprint(root: Path = ROOT) -> str:
    """Return a digest that changes with any name, mode or byte below `root`."""
    digest = hashlib.sha256()
    for path in files(root):
        content = (root / path).read_bytes()
        executable = os.access(root / path, os.X_OK)
        digest.update(f"{path}\0{executable}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()
