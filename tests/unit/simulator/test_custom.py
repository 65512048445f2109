# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The made-up API, whose jobs can be cancelled."""

from __future__ import annotations

import pytest

JOBS = "/custom/v1/jobs"


@pytest.fixture
def ask(play, client):
    def ask(*tasks, **known):
        mine = client(play(tasks=[{"provider": "custom", **task} for task in tasks], credentials={"custom": known}))

        def send(method, path="", body=None, token="demo-token"):
            return mine.send(method, f"{JOBS}{path}", body, {"Authorization": f"Bearer {token}"})

        return send

    return ask


def test_jobs_are_listed_shown_and_launched(ask):
    send = ask({"id": "a"})
    assert [job["id"] for job in send("GET").json()["jobs"]] == ["a"]
    assert send("GET", "/a").json()["state"] == "queued"
    assert send("GET", "/b").status == 404
    launched = send("POST", body={"any": "thing"})
    assert (launched.status, len(send("GET").json()["jobs"])) == (202, 2)
    assert send("POST", body="no json").status == 400


def test_a_token_is_needed(ask):
    assert ask()("GET", token="wrong").status == 401


@pytest.mark.parametrize(("known", "state"), [({}, "cancelled"), ({"cancelled_state": "error"}, "error")])
def test_a_job_is_cancelled_later(ask, clock, known, state):
    send = ask({"id": "a", "steps": [{"state": "running"}]}, cancel_seconds=2, **known)
    assert send("POST", "/a/cancel").json() == {"id": "a"}
    assert send("GET", "/a").json()["state"] == "running"
    clock.pass_(2)
    assert send("GET", "/a").json()["state"] == state
    answer = send("POST", "/a/cancel")
    assert (answer.status, answer.json()["message"]) == (409, f"the job is {state} and cannot be cancelled")


def test_some_jobs_cannot_be_cancelled(ask):
    send = ask({"id": "a", "steps": [{"state": "running", "cancellable": False}]})
    assert (send("GET", "/a").json()["cancellable"], send("POST", "/a/cancel").status) == (False, 409)
    assert send("POST", "/b/cancel").status == 404


def test_the_answer_may_be_empty(ask):
    answer = ask({"id": "a"}, cancel_status=204)("POST", "/a/cancel")
    assert (answer.status, answer.body) == (204, b"")
