# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the event source task_events does: it watches tasks without an end, and makes an event of each change."""

from __future__ import annotations

import json
import math
import re
import traceback
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, NoReturn
from urllib.parse import urlsplit

from .._core.clock import Deadline
from .._core.errors import InterruptError, OptionError, RequestError, TransientError, WorkError
from .._core.retrying import Backoff, TroubleRun
from .._core.task import TaskState, format_time
from .._core.text import seconds_in_words, sentence
from .._provider.contract import TaskQuery
from .._provider.options import ConnectionOptions
from .._work.watching import Change, TaskWatch, Watched
from .context import Context, checked_task_ids, distinct
from .queries import vendor_filters
from .waits import check_longest_interval, poll_interval

#: The seconds that a look may take in all.
MOST_LOOK_SECONDS = 600.0
#: The most seconds between two tries while there is trouble that passes.
MOST_BACKOFF = 60.0
#: Trouble that usually passes is told as an event when it has lasted so many seconds.
LONG_TROUBLE = 300.0
#: After a refusal the next try comes after so many seconds, and then after twice as many each time: some vendors lock
#: an account whose login fails too often.
REFUSED_SECONDS, MOST_REFUSED_SECONDS = 300.0, 3600.0

Event = dict[str, Any]
Tell = Callable[[Event], None]


class Origin(NamedTuple):
    """Whose tasks these are: what tells tasks with the same ID apart, and no secret."""

    provider: str
    endpoint: str

    def uuid(self, *words: str | None) -> str:
        """Return an ID that is the same for the same words, in another process too."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([*self, *words])))


def origin_of(options: ConnectionOptions) -> Origin:
    """Return where tasks come from, by what the options say of the address and the account."""
    address = urlsplit(options.api_url or options.auth_url or "")
    port = f":{address.port}" if address.port else ""
    parts = [f"{address.hostname or ''}{port}{address.path.rstrip('/')}", options.cloud, options.region]
    parts += [options.api_path, options.service, options.account_id, options.project_name]
    return Origin(options.provider, " ".join(part for part in parts if part))


def event_of(change: Change, origin: Origin) -> Event:
    """Return what a rulebook gets of a change: plain data, whose keys conditions can name."""
    task = {name: value for name, value in change.task.to_result().items() if name != "raw"}
    state, raw_state = change.task.state, change.task.raw_state
    return {
        "task": readable_keys(task),
        "change": {
            "state": state.value,
            "raw_state": raw_state,
            "previous_state": None if change.previous is None else change.previous.value,
            "is_end": state.is_final or state is TaskState.NOT_FOUND,
            "at": format_time(change.at),
        },
        "meta": _meta(origin, origin.uuid(change.task.id, state.value, raw_state)),
    }


def _meta(origin: Origin, event_id: str) -> dict[str, str]:
    return {"uuid": event_id, "provider": origin.provider, "endpoint": origin.endpoint}


def readable_keys(value: Any) -> Any:
    """Return data whose keys have letters, digits and underscores only, and whose numbers the rule engine can hold."""
    if isinstance(value, Mapping):
        named: dict[str, Any] = {}
        for number, (key, item) in enumerate(value.items()):
            name = re.sub(r"\W", "_", str(key), flags=re.ASCII) or "_"
            named[_other_name(name, number, named) if name in named else name] = readable_keys(item)
        return named
    if isinstance(value, (list, tuple)):
        return [readable_keys(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    # Java has no larger whole numbers.
    return str(value) if isinstance(value, int) and not -(2**63) <= value < 2**63 else value


def _other_name(name: str, number: int, taken: Mapping[str, Any]) -> str:
    """Return a name that is not taken yet, for the key that comes at this place."""
    while f"{name}_{number}" in taken:
        name += "_"
    return f"{name}_{number}"


def run(context: Context, tell: Tell) -> NoReturn:
    """Watch, and tell each event, until the clock's sleep raises.

    Raises:
        OptionError: the options make no sense.
    """
    _Watcher(context, tell).run()


def _watched(context: Context) -> Watched:
    params = context.params
    task_ids: tuple[str, ...] = ()
    if params["task_ids"] is not None:
        for option in ("types", "filters"):
            if params[option]:
                raise OptionError(option, f"{option} cannot go with task_ids: omit one of them")
        task_ids = distinct(checked_task_ids(params["task_ids"], context.provider.description))
    elif not context.provider.can_list:
        title = context.provider.description.title
        raise OptionError("task_ids", f"task_ids is needed, because {title} has no list that tells the tasks' states")
    if params["limit"] < 1:
        raise OptionError("limit", f"limit is {params['limit']}; it has to be 1 or more")
    query = TaskQuery(types=frozenset(params["types"] or ()), filters=vendor_filters(params["filters"] or {}))
    return Watched(
        task_ids=task_ids,
        query=query,
        limit=params["limit"],
        states=frozenset(TaskState(state) for state in params["states"] or ()),
        ends_only=params["events"] == "ends",
        lookback=context.seconds("lookback") or 0.0,
    )


def _interval(context: Context) -> float:
    interval = poll_interval(context)
    check_longest_interval("poll_interval", interval, context.provider.description)
    return interval


class _Watcher:
    """The endless loop around looks. Whatever goes wrong with a look, there is another one."""

    def __init__(self, context: Context, tell: Tell) -> None:
        self._context = context
        self._tell = tell
        self._interval = _interval(context)
        self._watch = TaskWatch(context.provider, _watched(context), context.clock, context.warn)
        self._origin = origin_of(context.options)
        self._backoff = Backoff(cap=max(MOST_BACKOFF, self._interval))
        self._trouble: TroubleRun | None = None
        self._refusals = 0
        #: The reason of the trouble that was told as an event.
        self._told: str | None = None

    def run(self) -> NoReturn:
        while True:
            began = self._context.clock.monotonic()
            pause = self._look(began)
            self._context.clock.sleep(max(0.0, began + pause - self._context.clock.monotonic()))

    def _look(self, began: float) -> float:
        """Look once and tell what is new; return the seconds from the beginning of this look to that of the next."""
        deadline = Deadline(self._context.clock, self._context.options.request_timeout, began + MOST_LOOK_SECONDS)
        try:
            found = self._watch.look(deadline)
        except InterruptError:
            raise
        except TransientError as error:
            return self._after_trouble(error)
        except RequestError as error:
            return self._after_refusal(error.message, error.reason, error)
        except WorkError as error:
            # By an answer an option is wrong, such as a region that the account lacks, which may be the answer's fault.
            return self._after_refusal(error.message, error.reason, None)
        except Exception as error:  # noqa: BLE001 - a source that ends stops the whole engine
            told = f"This is a bug in longrunning.tasks. Please report it: {type(error).__name__}: {error}"
            self._context.warn(traceback.format_exc())
            return self._after_refusal(told, "defect", None)
        for change in found.changes:
            self._tell(event_of(change, self._origin))
        if found.trouble is not None:
            self._after_trouble(found.trouble)
        else:
            self._is_over()
        return max(self._interval, found.retry_after or 0.0)

    def _after_trouble(self, error: TransientError) -> float:
        now = self._context.clock.monotonic()
        if self._trouble is None:
            self._context.warn(f"{sentence(error.message)} It is retried")
        self._trouble = run = TroubleRun.after(self._trouble, error, now)
        if run.is_over_budget(LONG_TROUBLE, now):
            self._tell_trouble(error.message, error.reason, error)
        return max(run.delay(self._backoff, math.inf, now), min(self._interval, MOST_BACKOFF))

    def _after_refusal(self, message: str, reason: str, error: RequestError | None) -> float:
        pause = max(self._interval, min(MOST_REFUSED_SECONDS, REFUSED_SECONDS * 2.0 ** min(self._refusals, 30)))
        self._refusals += 1
        self._context.warn(f"{sentence(message)} The next try comes in {seconds_in_words(pause)}")
        self._tell_trouble(message, reason, error)
        return pause

    def _tell_trouble(self, message: str, reason: str, error: RequestError | None) -> None:
        """Tell of trouble once, until it is over or another one takes its place."""
        if self._told == reason:
            return
        self._told = reason
        since = _text(self._context.clock.now())
        trouble = {
            "reason": reason,
            "message": message,
            "status": None if error is None else error.status,
            "code": None if error is None else error.code,
            "at": since,
        }
        meta = _meta(self._origin, self._origin.uuid("trouble", reason, since))
        self._tell({"trouble": trouble, "meta": meta})

    def _is_over(self) -> None:
        if self._trouble is not None or self._refusals:
            self._context.warn(f"{self._context.provider.description.title} answers again")
        self._trouble, self._refusals, self._told = None, 0, None


def _text(moment: datetime) -> str:
    return str(format_time(moment))
