# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Threads that help the main one."""

from __future__ import annotations

import signal
from collections.abc import Callable
from threading import Thread


def start_thread(run: Callable[[], None], *, name: str = "helper") -> Thread | None:
    """Start a thread that takes no signals, and return it; None where the system has no room for another one.

    Signals are for the main thread: one that a helper takes does not wake it, and the interrupt is lost until something
    else does. A thread inherits what is blocked where it is started.
    """
    thread = Thread(target=run, name=name, daemon=True)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        thread.start()
    except RuntimeError:
        return None
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return thread
