# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which failed requests are sent again, when, and for how long: apart from polling, with a budget of its own."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import NamedTuple, TypeVar

from .clock import Clock
from .errors import BadAnswerError, RequestError, TransientError, UntrustedServerError

#: HTTP statuses that say "not now" of any server: request timeout, too early, too many requests, and the server's own
#: faults, with those that proxies and gateways have made up. 501 and 505 are missing on purpose: what a server cannot
#: do now it will not do later.
TRANSIENT_STATUSES = frozenset({408, 425, 429, *range(500, 600)}) - {501, 505}

#: Refusals that no Retry-After makes pass: another login is needed, at the vendor or at a proxy.
_NEVER_PASSES = frozenset({401, 407})
#: Those with which a server says that it did not begin: too many requests.
_NOT_NOW = frozenset({413, 429})
#: Those redirects that want the same request elsewhere. Others are also what a request that was carried out answers.
_SEND_ELSEWHERE = frozenset({307, 308})

#: Moments closer together than this, in seconds, are one: floats could keep a run a hair within its budget.
_TOLERANCE = 0.001

#: What the names of headers about a limit of requests begin with.
_RATE_LIMITS = ("x-ratelimit", "ratelimit", "x-rate-limit")
#: Seconds since 1970 that are the time of a reset: less are those until then. More digits are no time of this century.
_LEAST_TIME, _MOST_DIGITS = 1_000_000_000, 10

T = TypeVar("T")


def passes(status: int, retry_after: float | None, others: frozenset[int] = frozenset()) -> bool:
    """Whether what a refusal says passes: by its status, or since it names a time. ``others`` are further statuses."""
    # A status below 200 announces an answer, which then did not come.
    names_a_time = retry_after is not None and status >= 400 and status not in _NEVER_PASSES
    return status in TRANSIENT_STATUSES | others or status < 200 or names_a_time


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """Read the Retry-After header (RFC 9110, 10.2.3): seconds, or a date. None when absent or senseless.

    A date counts from the Date of the answer, which is by the same clock: ``now`` is another, and may be wrong. So a
    date in the past is a time that has come. Of two headers, a gateway's and the server's, the longer time counts.
    """
    text = headers.get("retry-after", "").strip()
    try:
        seconds = max(map(float, text.split(",")))
    except ValueError:
        moment = _http_date(text)
        if moment is None:
            return None
        seconds = max(0.0, _seconds_until(moment, headers, now))
    return seconds if seconds >= 0 and math.isfinite(seconds) else None


def refused_for_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the time that a refusal asks for: by Retry-After, or by a limit of requests of which none is left."""
    seconds = retry_after_seconds(headers, now)
    return _until_reset(headers, now) if seconds is None else seconds


def _until_reset(headers: Mapping[str, str], now: datetime) -> float | None:
    """Read X-RateLimit-Remaining and X-RateLimit-Reset, which is in seconds from now or since 1970."""
    for name in _RATE_LIMITS:
        if headers.get(f"{name}-remaining", "").strip() != "0":
            continue
        reset = headers.get(f"{name}-reset", "").strip()
        if reset.isascii() and reset.isdecimal() and len(reset) <= _MOST_DIGITS:
            moment = int(reset)
            if moment < _LEAST_TIME:
                return float(moment)
            return max(0.0, _seconds_until(datetime.fromtimestamp(moment, timezone.utc), headers, now))
    return None


def _seconds_until(moment: datetime, headers: Mapping[str, str], now: datetime) -> float:
    return (moment - (_http_date(headers.get("date", "")) or now)).total_seconds()


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)


class Backoff(NamedTuple):
    """Exponential backoff with full jitter: the n-th repeat waits a random part of ``base * 2**n`` seconds.

    Full jitter keeps many clients of one recovering server apart. ``least`` prevents a spin.
    """

    base: float = 1.0
    cap: float = 30.0
    least: float = 0.2
    uniform: Callable[[float, float], float] = random.uniform

    def delay(self, repeats: int) -> float:
        """Return the seconds to wait before the next repeat, after so many repeats."""
        # 2**30 seconds is beyond any cap; a larger exponent would only overflow.
        return max(self.least, self.uniform(0.0, min(self.cap, self.base * 2.0 ** min(repeats, 30))))


@dataclass(frozen=True)
class TroubleRun:
    """An unbroken run of transient errors: since when (monotonic seconds), how many, and the last one."""

    since: float
    count: int
    error: TransientError

    @classmethod
    def after(cls, run: TroubleRun | None, error: TransientError, now: float) -> TroubleRun:
        """Return the run that this error begins or goes on with."""
        if run is None:
            return cls(since=now, count=1, error=error)
        return replace(run, count=run.count + 1, error=error)

    def is_over_budget(self, budget: float, now: float) -> bool:
        """Whether the run has lasted that many seconds."""
        return now - self.since >= budget - _TOLERANCE

    def delay(self, backoff: Backoff, budget: float, now: float) -> float:
        """Return the seconds to the next try.

        What the server asked for is honoured, even beyond the budget: it said when it will be back. Else the
        last try falls on the end of the budget.
        """
        if self.error.retry_after is not None:
            return max(self.error.retry_after, backoff.least)
        return min(backoff.delay(self.count - 1), max(0.0, self.since + budget - now))


def repeat_transient(call: Callable[[], T], *, budget: float, clock: Clock, backoff: Backoff) -> T:
    """Call until it succeeds, or until an unbroken run of transient errors has lasted ``budget`` seconds.

    For single requests outside a wait. A server that asks for more time than the budget has is not waited for.

    Raises:
        TransientError: the last one, when the budget is used up.
    """
    run: TroubleRun | None = None
    while True:
        try:
            return call()
        except TransientError as error:
            now = clock.monotonic()
            run = TroubleRun.after(run, error, now)
            delay = run.delay(backoff, budget, now)
            if run.is_over_budget(budget, now) or delay > run.since + budget - now:
                raise
            clock.sleep(delay)


def surely_did_nothing(error: RequestError) -> bool:
    """Whether an error says that the vendor did not begin what the request was to change."""
    status = error.status
    if isinstance(error, TransientError):
        is_refusal = error.retry_after is not None and status is not None and 400 <= status < 500
        return not error.was_sent or status in _NOT_NOW or (is_refusal and status != 408)
    if isinstance(error, UntrustedServerError):
        # Something was read over the same TLS a moment ago, so that this may have come after the request.
        return False
    if isinstance(error, BadAnswerError):
        return status in _SEND_ELSEWHERE
    # 200 with a refusal in it; without a status, something before the request.
    return status is None or status == 200 or 400 <= status < 500 or status in _SEND_ELSEWHERE
