# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the watching work for ansible-rulebook, as a third edge beside modules and workers.

The engine has one loop for all: a request that blocks it stalls every rule. So the work runs in a thread of its own,
and hands its events over one by one. Each is in the engine's queue before the next one is made.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import json
import logging
import signal
import threading
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from functools import cache, partial
from pathlib import Path
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.longrunning.tasks.plugins.module_utils._core.clock import SystemClock
from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import InterruptError, OptionError
from ansible_collections.longrunning.tasks.plugins.module_utils._core.masking import Mask, masking
from ansible_collections.longrunning.tasks.plugins.module_utils._core.threads import start_thread
from ansible_collections.longrunning.tasks.plugins.module_utils._module import runner, task_events
from ansible_collections.longrunning.tasks.plugins.module_utils._module.argument_specs import TASK_EVENTS
from ansible_collections.longrunning.tasks.plugins.module_utils._module.given import told_unknown
from ansible_collections.longrunning.tasks.plugins.module_utils._module.interrupts import Interrupts
from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.loop import unobserved
from ansible_collections.longrunning.tasks.plugins.plugin_utils._definitions import with_definition

#: The engine's own words among the arguments of a source: whether it is to say that it has taken an event, and where.
_FEEDBACK, _FEEDBACK_QUEUE = "feedback", "eda_feedback_queue"
#: The seconds to wait for the engine to say so. An event that a filter has dropped is never taken.
FEEDBACK_SECONDS = 60.0
#: The seconds that the work has to log out when the engine ends.
LAST_SECONDS = 2.0

logger = logging.getLogger("longrunning.tasks.task_events")
_kept = ExitStack()


class SourceError(Exception):
    """The source cannot run as it is configured. ansible-rulebook shows the message."""


class _StoppableClock(SystemClock):
    """A clock whose sleep ends when the engine does."""

    def __init__(self) -> None:
        self.stopped = threading.Event()

    def sleep(self, seconds: float) -> None:
        """Sleep so long.

        Raises:
            InterruptError: the engine ends.
        """
        if self.stopped.wait(min(seconds, threading.TIMEOUT_MAX)):
            raise InterruptError("The rule engine ends")


class _Engine:
    """The rule engine as an edge."""

    check_mode = False
    observer = staticmethod(unobserved)

    def __init__(self, params: Mapping[str, Any]) -> None:
        self.params = params
        self.clock = _StoppableClock()

    def hide(self, secrets: Iterable[str]) -> None:
        """Do nothing more: the mask hides them in all that leaves."""

    def warn(self, warning: str) -> None:
        """Write it to the log of the engine."""
        logger.warning("%s", warning)


@cache
def _mask() -> Mask:
    """Return the mask of this process: all its sources share one, and none knows which of them ends last."""
    return _kept.enter_context(masking())


class EventSource:
    """A source of events for one rule set, until it is cancelled."""

    def __init__(self, queue: Any, args: Mapping[str, Any]) -> None:
        self._queue = queue
        self._feedback: Any = args.get(_FEEDBACK_QUEUE)
        self._mask = _mask()
        self._engine = _Engine(_checked(args, self._mask))
        self._interrupts = Interrupts(None)

    async def run(self) -> None:
        """Send events until the task is cancelled.

        Raises:
            SourceError: an option makes no sense, or a library is missing.
        """
        self._loop = asyncio.get_running_loop()
        ended: asyncio.Future[Mapping[str, Any]] = self._loop.create_future()

        def work() -> None:
            result = self._work()
            with suppress(RuntimeError):  # The loop is gone.
                self._loop.call_soon_threadsafe(lambda: None if ended.done() else ended.set_result(result))

        if start_thread(work, name="task_events") is None:
            raise SourceError("The system has no room for another thread")
        try:
            result = await asyncio.shield(ended)
        except asyncio.CancelledError:
            await self._stop(ended)
            raise
        raise SourceError(str(result["msg"]))

    async def _stop(self, ended: asyncio.Future[Mapping[str, Any]]) -> None:
        """Have the work log out, which a request that hangs does not delay."""
        self._interrupts.came = signal.SIGTERM
        self._engine.clock.stopped.set()
        await asyncio.wait([ended], timeout=LAST_SECONDS)

    def _work(self) -> Mapping[str, Any]:
        work = partial(task_events.run, tell=self._tell)
        _failed, result = runner.attempt(self._engine, work, self._mask, self._interrupts)
        masked: Mapping[str, Any] = self._mask.value(result)
        return masked

    def _tell(self, event: task_events.Event) -> None:
        """Hand an event over, in the work's thread.

        Raises:
            InterruptError: the engine ends.
        """
        masked = self._mask.value(event)
        try:
            asyncio.run_coroutine_threadsafe(self._put(masked), self._loop).result()
        except (concurrent.futures.CancelledError, RuntimeError):
            raise InterruptError("The rule engine ends") from None

    async def _put(self, event: task_events.Event) -> None:
        await self._queue.put(event)
        if self._feedback is None:
            return
        try:
            await asyncio.wait_for(self._taken(event["meta"]["uuid"]), FEEDBACK_SECONDS)
        except asyncio.TimeoutError:
            logger.warning("The rule engine did not say that it has taken the event %s", event["meta"]["uuid"])

    async def _taken(self, event_id: str) -> None:
        while (await self._feedback.get())["meta"]["uuid"] != event_id:
            pass


def _plain(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options as on their way to a module: YAML has dates, and keys that are numbers."""
    try:
        plain: dict[str, Any] = json.loads(json.dumps(options, default=str))
    except (TypeError, ValueError, RecursionError):
        raise SourceError(
            "The options of task_events contain themselves, or a key that is not text. Correct them in the rulebook"
        ) from None
    return plain


def _checked(args: Mapping[str, Any], mask: Mask) -> Mapping[str, Any]:
    """Return the options, checked as those of a module are."""
    given = _plain({name: value for name, value in args.items() if name not in (_FEEDBACK, _FEEDBACK_QUEUE)})
    spec = runner.with_connection(TASK_EVENTS)
    try:
        params, refusal = runner.options_to_check(with_definition(given, [str(Path.cwd())]), spec, mask)
    except OptionError as error:
        raise SourceError(mask.text(error.message)) from None
    checked = ArgumentSpecValidator(spec).validate(params)
    unknown = told_unknown(params, spec)
    if refusal is not None and not unknown:
        raise SourceError(mask.text(refusal.message))
    if checked.error_messages:
        raise SourceError(mask.text(unknown or checked.error_messages[0]))
    options: Mapping[str, Any] = checked.validated_parameters
    return options
