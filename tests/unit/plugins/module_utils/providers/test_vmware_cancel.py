# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cancelling the run of a recovery plan, which VMware's API does by the plan."""

from __future__ import annotations

from typing import ClassVar

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._api.login import basic_login
from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    AccessDeniedError,
    NotFoundError,
    RejectedError,
    TransientError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.contract import TaskCanceller
from ansible_collections.longrunning.tasks.tests.unit.support.fake_http import reply
from ansible_collections.longrunning.tasks.tests.unit.support.session import FakeSession

PLAN = "DrRecoveryRecoveryPlan:5b55:52af"
RUN = {"id": "t1", "status": "RUNNING", "entity": PLAN}
LOGIN = reply({"session_id": "s3ssion-s3ssion"})
SRM = "https://srm.example.com/api/rest/srm/v2"
CANCEL = f"{SRM}/pairings/p1/recovery-management/plans/DrRecoveryRecoveryPlan%3A5b55%3A52af/actions/cancel"
DONE = reply(b"", 204)


class Session(FakeSession):
    name = "vmware_live_site_recovery"
    login: ClassVar = {
        "api_url": "https://srm.example.com",
        "username": "ann@vsphere.local",
        "password": "pa55-pa55",
        "service": "srm",
    }

    def cancel(self, raw=None):
        self.provider.cancel(self.provider.to_task(raw or RUN), self.deadline)

    @property
    def sent(self):
        return [(request.method, request.url.removeprefix(SRM)) for request in self.requests]


def pairings(*names):
    return reply({"list": [{"pairing_id": name} for name in names], "_meta": {}})


def test_it_is_cancelled_by_its_plan_with_a_session_at_the_other_site():
    here = Session(LOGIN, pairings("p1"), DONE, DONE)
    here.cancel()
    assert here.sent == [
        ("POST", "/session"),
        ("GET", "/pairings"),
        ("POST", "/pairings/p1/remote-session"),
        ("POST", CANCEL.removeprefix(SRM)),
    ]
    there, last = here.requests[2:]
    assert there.headers["Authorization"] == basic_login("ann@vsphere.local", "pa55-pa55")["Authorization"]
    assert there.headers["x-dr-session"] == "s3ssion-s3ssion"
    assert "Authorization" not in last.headers


def test_the_pairing_is_the_one_that_has_the_plan():
    here = Session(LOGIN, pairings("p0", "p1"), reply(b"", 404), reply({"id": PLAN}), DONE, DONE)
    here.cancel()
    assert here.requests[-1].url == CANCEL


@pytest.mark.parametrize("answers", [[pairings()], [pairings("p0", "p1"), reply(b"", 404), reply(b"", 404)]])
def test_a_plan_of_no_pairing_is_none(answers):
    with pytest.raises(RejectedError, match="has the recovery plan DrRecoveryRecoveryPlan:5b55:52af in none"):
        Session(LOGIN, *answers).cancel()


def test_a_login_that_the_other_site_refuses_is_not_tried_again():
    here = Session(LOGIN, pairings("p1"), reply(b"", 401), DONE, pairings("p1"), DONE)
    here.cancel()
    here.cancel()
    assert here.sent.count(("POST", "/pairings/p1/remote-session")) == 1
    # A wrong password at the other site says nothing of the session here.
    assert here.sent.count(("POST", "/session")) == 1


@pytest.mark.parametrize("there", [reply(b"", 401), reply({"error_code": "DOWN", "message": "is down"}, 500)])
def test_the_cancel_is_tried_without_the_other_site(there):
    here = Session(LOGIN, pairings("p1"), there, DONE)
    here.cancel()
    assert here.requests[-1].url == CANCEL


@pytest.mark.parametrize(("status", "kind"), [(400, RejectedError), (403, AccessDeniedError)])
def test_a_refusal_says_that_the_other_site_refused_the_login(status, kind):
    refusal = reply({"error_code": "E", "message": "remote login needed"}, status)
    with pytest.raises(kind, match=r"remote login needed.* failed before: username and password are not those of the"):
        Session(LOGIN, pairings("p1"), reply(b"", 401), refusal).cancel()
    with pytest.raises(kind) as caught:
        Session(LOGIN, pairings("p1"), DONE, refusal).cancel()
    assert "other site" not in caught.value.message


def test_a_plan_that_is_gone_is_not_found():
    with pytest.raises(NotFoundError):
        Session(LOGIN, pairings("p1"), DONE, reply(b"", 404)).cancel()


@pytest.mark.parametrize(
    "answers",
    [
        [TransientError("reset")],
        [reply(b"", 404)],
        [reply(b"", 503)],
        [pairings("p0", "p1"), TransientError("reset")],
    ],
)
def test_trouble_before_the_cancel_is_none_of_the_cancel(answers):
    with pytest.raises(TransientError) as caught:
        Session(LOGIN, *answers).cancel()
    assert not caught.value.was_sent


def test_an_odd_answer_before_the_cancel_is_none_of_the_cancel():
    with pytest.raises(RejectedError):
        Session(LOGIN, reply({"odd": 1})).cancel()


def test_trouble_with_the_cancel_is_the_cancels():
    with pytest.raises(TransientError) as caught:
        Session(LOGIN, pairings("p1"), DONE, TransientError("reset")).cancel()
    assert caught.value.was_sent


@pytest.mark.parametrize("entity", [None, "DrReplicationGroup:1"])
def test_nothing_else_can_be_cancelled(entity):
    provider = Session(LOGIN).provider
    assert "no run of a recovery plan" in provider.why_not_cancellable(provider.to_task({**RUN, "entity": entity}))
    assert provider.why_not_cancellable(provider.to_task(RUN)) is None


@pytest.mark.parametrize("service", ["configure", "vr"])
def test_the_other_services_cancel_nothing(service):
    provider = Session(LOGIN, service=service).provider
    assert not isinstance(provider, TaskCanceller)
    assert "with service: srm" in provider.description.why_not_cancellable
