# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.longrunning.tasks.plugins.module_utils._api.pacing import Pacer, Quota
from ansible_collections.longrunning.tasks.plugins.module_utils._core.clock import Deadline
from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import TransientError
from ansible_collections.longrunning.tasks.tests.unit.support.fake_clock import FakeClock


def test_turns_come_at_once_until_the_quota_is_used_up():
    clock = FakeClock()
    pacer = Pacer(Quota(3, 60.0), clock)
    moments = []
    for _number in range(7):
        pacer.take_turn(Deadline(clock, 30.0))
        moments.append(clock.elapsed)
    assert moments == [0.0, 0.0, 0.0, 60.0, 60.0, 60.0, 120.0]


@given(
    requests=st.integers(1, 5),
    seconds=st.floats(0.5, 100.0),
    pauses=st.lists(st.floats(0.0, 80.0), max_size=30),
)
def test_no_stretch_of_time_has_more_than_the_quota(requests, seconds, pauses):
    clock = FakeClock()
    pacer = Pacer(Quota(requests, seconds), clock)
    moments = []
    for pause in pauses:
        clock.advance(pause)
        pacer.take_turn(Deadline(clock, 30.0))
        moments.append(clock.monotonic())
    assert all(later - earlier > seconds - 0.001 for earlier, later in zip(moments, moments[requests:]))


def test_a_turn_that_is_due_after_the_deadline_is_not_waited_for():
    clock = FakeClock()
    pacer = Pacer(Quota(1, 60.0), clock)
    pacer.take_turn(Deadline(clock, 30.0))
    clock.advance(20)
    with pytest.raises(TransientError) as caught:
        pacer.take_turn(Deadline(clock, 30.0, clock.monotonic() + 39))
    assert caught.value.retry_after == 40.0
    assert caught.value.message.endswith("at most 1 request is sent in 60 seconds")
    # The pace is ours: the vendor did not say that anything is used up.
    assert "used up" not in caught.value.message
    assert clock.slept == []
    pacer.take_turn(Deadline(clock, 30.0, clock.monotonic() + 40))
    assert clock.slept == [40.0]


def test_who_sleeps_holds_nobody_up():
    class Busy(FakeClock):
        def sleep(self, seconds):
            # Meanwhile somebody comes who has no time: a logout, when the work is to end at once.
            other = threading.Thread(target=late, daemon=True)
            other.start()
            other.join(20)
            super().sleep(seconds)

    def late():
        with pytest.raises(TransientError):
            pacer.take_turn(Deadline(clock, 30.0, clock.monotonic()))
        gone.append(True)

    gone = []
    clock = Busy()
    pacer = Pacer(Quota(1, 60.0), clock)
    pacer.take_turn(Deadline(clock, 30.0))
    pacer.take_turn(Deadline(clock, 30.0))
    assert gone
    assert clock.elapsed == 60.0
