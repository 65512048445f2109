# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading once, for task_info and task_list: with repeats where trouble may pass, and with a limit for the whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from .._core.clock import Deadline
from .._core.errors import OutOfTimeError, TransientError
from .._core.retrying import Backoff, repeat_transient
from .._core.text import seconds_in_words, sentence
from .context import Context

T = TypeVar("T")

#: The seconds that a lookup or a list may take in all. A vendor's quota alone can make a long list take minutes.
MOST_LOOKUP_SECONDS = 600.0


def look_up(context: Context, read: Callable[[Deadline], T], *, seconds: float, repeat_for: float, advice: str) -> T:
    """Return what ``read`` reads within so many seconds. Trouble that may pass is retried for ``repeat_for`` of them.

    Raises:
        OutOfTimeError: the time is up; its message ends with the advice.
        TransientError: the trouble did not pass.
    """
    deadline = Deadline(context.clock, context.options.request_timeout, context.clock.monotonic() + seconds)

    def attempt() -> T:
        try:
            return read(deadline)
        except TransientError as error:
            if deadline.left > 0:
                raise
            # Without an address it is only the time that was up.
            why = f" The last request failed: {sentence(error.message)}" if error.url else ""
            raise OutOfTimeError(
                f"Reading everything from {context.provider.description.title} took longer than "
                f"{seconds_in_words(seconds)}.{why} {advice}"
            ) from None

    return repeat_transient(attempt, budget=repeat_for, clock=context.clock, backoff=Backoff())
