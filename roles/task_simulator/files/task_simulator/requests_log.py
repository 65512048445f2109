# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts of requests, for tests and benchmarks that have to show how gently a client polls."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

#: More than these many different paths are counted together, so that a fuzzer cannot fill the memory.
MOST_PATHS = 2000
OTHER_PATHS = "(other paths)"


class RequestsLog:
    """Counters, safe for the server's threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running = 0
        self.reset()

    def reset(self) -> None:
        """Begin to count anew; requests that are still being answered stay counted as running."""
        with self._lock:
            self._total = 0
            self._by_provider: Counter[str] = Counter()
            self._by_path: Counter[str] = Counter()
            self._peak = self._running

    def begin(self, provider: str, method: str, path: str) -> None:
        """Count a request that came in; ``path`` has the placeholder instead of the ID."""
        key = f"{method} {path}"
        with self._lock:
            if key not in self._by_path and len(self._by_path) >= MOST_PATHS:
                key = OTHER_PATHS
            self._total += 1
            self._by_provider[provider] += 1
            self._by_path[key] += 1
            self._running += 1
            self._peak = max(self._peak, self._running)

    def end(self) -> None:
        """Note that a request has been answered, or will never be."""
        with self._lock:
            self._running -= 1

    def counts(self) -> dict[str, Any]:
        """Return what has been counted, in the shape of ``GET /__simulator__/requests``."""
        with self._lock:
            return {
                "total": self._total,
                "by_provider": dict(sorted(self._by_provider.items())),
                "by_path": dict(sorted(self._by_path.items())),
                "peak_concurrent": self._peak,
            }
