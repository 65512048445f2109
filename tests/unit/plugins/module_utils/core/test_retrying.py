# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which failed requests are sent again, when, and for how long."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import AuthenticationError, TransientError
from ansible_collections.longrunning.tasks.plugins.module_utils._core.retrying import (
    TRANSIENT_STATUSES,
    Backoff,
    TroubleRun,
    refused_for_seconds,
    repeat_transient,
    retry_after_seconds,
)
from ansible_collections.longrunning.tasks.tests.unit.support.fake_clock import FakeClock

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=timezone.utc)
MOST = Backoff(uniform=lambda _low, high: high)
LEAST = Backoff(uniform=lambda low, _high: low)


@pytest.mark.kind
@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 507, 529, 530, 561, 596, 599])
def test_statuses_that_may_pass(status):
    assert status in TRANSIENT_STATUSES


@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 404, 405, 409, 410, 413, 422, 501, 505, 600, 999])
def test_statuses_that_will_not_pass(status):
    assert status not in TRANSIENT_STATUSES


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        ("  7 ", 7),
        ("1.5", 1.5),
        ("99999999999", 99999999999),
        ("Sun, 01 Mar 2026 12:02:00 GMT", 120),
        ("Sun, 01 Mar 2026 12:00:00 GMT", 0),
        ("Sun, 01 Mar 2026 13:00:30 +0100", 30),
        # "-0000" says nothing of the zone, which is UTC then.
        ("Sun, 01 Mar 2026 12:00:09 -0000", 9),
        # The two obsolete forms that RFC 9110 still asks a reader to take.
        ("Sunday, 01-Mar-26 12:01:00 GMT", 60),
        ("Sun Mar  1 12:01:00 2026", 60),
        # A time that has come; this machine's clock may be ahead.
        ("Sun, 01 Mar 2026 11:59:59 GMT", 0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        # Two headers, which HTTP joins.
        ("1, 2", 2),
        ("30,5", 30),
        ("1, soon", None),
        ("-1", None),
        ("-0.001", None),
        ("nan", None),
        ("inf", None),
        ("-inf", None),
        ("1e999", None),
        ("", None),
        ("soon", None),
        ("12 seconds", None),
        ("2026-03-01T12:02:00Z", None),
        ("Sun, 99 Foo 2026 12:02:00 GMT", None),
        ("Sun, 01 Mar 99999 12:02:00 GMT", None),
    ],
)
def test_retry_after(text, seconds):
    assert retry_after_seconds({"retry-after": text}, NOW) == seconds


def test_without_the_header_there_is_nothing_to_wait():
    assert retry_after_seconds({}, NOW) is None


@pytest.mark.parametrize("wrong", [timedelta(hours=-1), timedelta(hours=1), timedelta(0)])
def test_a_date_counts_from_that_of_the_answer_and_not_from_a_clock_that_is_wrong(wrong):
    headers = {"date": format_datetime(NOW, usegmt=True), "retry-after": format_datetime(NOW + timedelta(seconds=7))}
    assert retry_after_seconds(headers, NOW + wrong) == 7.0


def test_a_date_of_the_answer_that_is_none_is_passed_over():
    headers = {"date": "today", "retry-after": format_datetime(NOW + timedelta(seconds=7))}
    assert retry_after_seconds(headers, NOW) == 7.0


@pytest.mark.kind
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        # GitHub, GitLab, the IETF's draft, Twitter and others.
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": f"{NOW.timestamp() + 90:.0f}"}, 90),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "90"}, 90),
        ({"x-rate-limit-remaining": " 0 ", "x-rate-limit-reset": f"{NOW.timestamp() - 90:.0f}"}, 0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "90", "retry-after": "7"}, 7),
        ({"x-ratelimit-remaining": "12", "x-ratelimit-reset": "90"}, None),
        ({"x-ratelimit-remaining": "0"}, None),
        ({"x-ratelimit-reset": "90"}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9" * 5000}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "tomorrow"}, None),
    ],
)
def test_what_a_limit_of_requests_asks_for(headers, seconds):
    assert refused_for_seconds(headers, NOW) == seconds


@given(st.text(), st.text())
def test_no_header_can_do_harm(text, date):
    for name in ("retry-after", "x-ratelimit-reset"):
        seconds = refused_for_seconds({"x-ratelimit-remaining": "0", name: text, "date": date}, NOW)
        assert seconds is None or (seconds >= 0 and math.isfinite(seconds))


class TestBackoff:
    def test_the_span_doubles_up_to_the_cap(self):
        assert [MOST.delay(repeats) for repeats in range(7)] == [1, 2, 4, 8, 16, 30, 30]

    def test_jitter_is_full_but_never_nothing(self):
        spans = []

        def uniform(low, high):
            spans.append((low, high))
            return low

        backoff = Backoff(base=2, cap=10, least=0.5, uniform=uniform)
        assert [backoff.delay(repeats) for repeats in range(4)] == [0.5] * 4
        assert spans == [(0, 2), (0, 4), (0, 8), (0, 10)]

    @pytest.mark.parametrize("repeats", [31, 1000, 10**9])
    def test_no_number_of_repeats_overflows(self, repeats):
        assert Backoff(cap=60, uniform=lambda _low, high: high).delay(repeats) == 60

    @given(st.integers(0, 10**6))
    def test_chance_stays_between_its_bounds(self, repeats):
        assert 0.2 <= Backoff().delay(repeats) <= 30


class TestTroubleRun:
    FIRST, SECOND = TransientError("first"), TransientError("second")

    def test_it_remembers_since_when_how_often_and_the_last_error(self):
        run = TroubleRun.after(TroubleRun.after(None, self.FIRST, 100), self.SECOND, 130)
        assert run == TroubleRun(since=100, count=2, error=self.SECOND)

    @pytest.mark.parametrize(("now", "is_over"), [(100, False), (149.9, False), (150, True), (1000, True)])
    def test_the_budget_is_counted_from_the_first_error(self, now, is_over):
        assert TroubleRun(100, 5, self.FIRST).is_over_budget(50, now) is is_over

    @pytest.mark.parametrize(("count", "now", "delay"), [(1, 100, 1), (4, 110, 8), (6, 135, 15), (6, 150, 0)])
    def test_the_last_try_falls_on_the_end_of_the_budget(self, count, now, delay):
        assert TroubleRun(100, count, self.FIRST).delay(MOST, 50, now) == delay

    @pytest.mark.parametrize(("asked", "delay"), [(0, 0.2), (7, 7), (600, 600)])
    def test_what_the_server_asks_for_counts_even_beyond_the_budget(self, asked, delay):
        run = TroubleRun(100, 6, TransientError("busy", retry_after=asked))
        assert run.delay(MOST, 50, 135) == delay


class Flaky:
    """Fails until a second of fake time."""

    def __init__(self, clock, until, *, retry_after=None, request_seconds=0.0):
        self.clock = clock
        self.calls = []
        self._until = until
        self._retry_after = retry_after
        self._request_seconds = request_seconds

    def __call__(self):
        self.calls.append(round(self.clock.elapsed, 6))
        assert len(self.calls) < 1000, "it spins"
        self.clock.advance(self._request_seconds)
        if self.clock.elapsed < self._until:
            raise TransientError(f"failed for the {len(self.calls)}. time", retry_after=self._retry_after)
        return "answer"


class TestRepeatTransient:
    def test_an_answer_needs_no_repeat(self):
        clock = FakeClock()
        assert repeat_transient(Flaky(clock, 0), budget=60, clock=clock, backoff=MOST) == "answer"
        assert clock.slept == []

    def test_it_repeats_until_there_is_an_answer(self):
        clock = FakeClock()
        call = Flaky(clock, 10)
        assert repeat_transient(call, budget=60, clock=clock, backoff=MOST) == "answer"
        assert call.calls == [0, 1, 3, 7, 15]

    def test_it_gives_up_with_the_last_error_after_a_try_at_the_end_of_the_budget(self):
        clock = FakeClock()
        call = Flaky(clock, math.inf)
        with pytest.raises(TransientError, match=r"^failed for the 6\. time$"):
            repeat_transient(call, budget=20, clock=clock, backoff=MOST)
        assert call.calls == [0, 1, 3, 7, 15, 20]

    def test_the_time_of_the_requests_is_part_of_the_budget(self):
        clock = FakeClock()
        call = Flaky(clock, math.inf, request_seconds=8)
        with pytest.raises(TransientError):
            repeat_transient(call, budget=20, clock=clock, backoff=MOST)
        # The run begins at 8, when the first error is there.
        assert call.calls == [0, 9, 19, 28]

    def test_no_budget_means_one_try(self):
        clock = FakeClock()
        call = Flaky(clock, math.inf)
        with pytest.raises(TransientError):
            repeat_transient(call, budget=0, clock=clock, backoff=MOST)
        assert call.calls == [0]

    @pytest.mark.parametrize(("asked", "calls"), [(7, [0, 7, 14]), (20, [0, 20]), (21, [0])])
    def test_it_waits_as_the_server_asks_but_not_beyond_the_budget(self, asked, calls):
        clock = FakeClock()
        call = Flaky(clock, math.inf, retry_after=asked)
        with pytest.raises(TransientError):
            repeat_transient(call, budget=20, clock=clock, backoff=MOST)
        assert call.calls == calls

    def test_other_errors_are_not_repeated(self):
        clock = FakeClock()
        calls = []

        def refuse():
            calls.append(clock.elapsed)
            raise AuthenticationError("The login was refused")

        with pytest.raises(AuthenticationError):
            repeat_transient(refuse, budget=60, clock=clock, backoff=MOST)
        assert calls == [0]

    @given(
        start=st.floats(0, 1e8),
        budget=st.floats(0, 120),
        request_seconds=st.sampled_from([0.0, 0.1, 7.3]),
        backoff=st.sampled_from([MOST, LEAST]),
    )
    def test_it_ends_wherever_the_clock_stands_and_uses_the_budget(self, start, budget, request_seconds, backoff):
        clock = FakeClock(start)
        call = Flaky(clock, math.inf, request_seconds=request_seconds)
        with pytest.raises(TransientError):
            repeat_transient(call, budget=budget, clock=clock, backoff=backoff)
        spent = clock.elapsed - request_seconds
        assert budget - 0.01 <= spent <= budget + request_seconds + 0.01

    def test_a_clock_set_back_is_no_matter(self):
        clock = FakeClock()
        call = Flaky(clock, 10)
        clock.set_wall_clock(timedelta(days=-400))
        assert repeat_transient(call, budget=60, clock=clock, backoff=MOST) == "answer"
