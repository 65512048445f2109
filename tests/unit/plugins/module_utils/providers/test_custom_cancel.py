# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cancelling tasks of an API that a definition describes."""

from __future__ import annotations

from typing import ClassVar

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    NotFoundError,
    RejectedError,
    TransientError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.contract import TaskCanceller
from ansible_collections.longrunning.tasks.tests.unit.support.fake_http import reply
from ansible_collections.longrunning.tasks.tests.unit.support.session import FakeSession

DEFINITION = {
    "title": "Pipelines",
    "login": {"type": "bearer"},
    "get": {"path": "/runs/{id}"},
    "cancel": {"path": "/runs/{id}/cancel"},
    "fields": {"id": "id", "state": "state", "message": "message"},
    "states": {"running": "running", "done": "succeeded", "aborted": "cancelled"},
}
RUNNING = {"id": "7", "state": "running"}


class Session(FakeSession):
    name = "custom"
    login: ClassVar = {"api_url": "https://api.example", "api_token": "t0ken-t0ken"}

    def cancel(self, raw=None):
        task = self.provider.to_task(raw or RUNNING)
        self.provider.cancel(task, self.deadline)
        return self.last_sent


def session(*answers, login=None, **definition):
    given = {key: value for key, value in {**DEFINITION, **definition}.items() if value is not None}
    return Session(*answers, definition=given, **(login or {}))


def test_only_a_definition_with_cancel_can_cancel():
    assert isinstance(session().provider, TaskCanceller)
    without = session(cancel=None).provider
    assert not isinstance(without, TaskCanceller)
    assert "definition has no cancel" in without.description.why_not_cancellable


@pytest.mark.parametrize("status", [200, 201, 202, 204])
@pytest.mark.parametrize("body", [b"", {"any": "thing"}, b"true", b"Accepted"])
def test_every_good_answer_will_do(status, body):
    assert session(reply(body, status)).cancel() == ("POST", "/runs/7/cancel", None)


def test_a_303_leads_to_what_was_done_and_is_not_followed():
    here = session(reply(b"", 303, location="https://api.example/runs/7"))
    here.cancel()
    assert len(here.requests) == 1


# The API's login page, to where an expired session is sent, must not be taken for a good answer.
@pytest.mark.parametrize("answer", [reply("<html><body>Log in</body></html>", 200, content_type="text/html")])
def test_a_page_is_no_clear_answer(answer):
    with pytest.raises(TransientError, match="HTML page") as caught:
        session(answer).cancel()
    assert caught.value.was_sent


SESSION = {"type": "session", "session": {"path": "/login", "body": {"p": "{password}"}, "token": "t"}}


def in_session(*answers, **definition):
    login = {"api_url": "https://api.example", "password": "pa55-pa55"}
    return Session(*answers, definition={**DEFINITION, "login": SESSION, **definition}, login=login)


def test_bodies_take_the_token_of_a_session():
    body = {"method": "remove", "params": ["token:{token}", "{id}"]}
    here = in_session(reply({"t": "s3ssion-s3ssion"}), reply({"result": "OK"}), cancel={"path": "/rpc", "body": body})
    assert here.cancel()[2] == {"method": "remove", "params": ["token:s3ssion-s3ssion", "7"]}


def test_an_expired_session_is_renewed_and_the_cancel_sent_again():
    here = in_session(reply({"t": "first-first"}), reply(b"", 401), reply({"t": "second-second"}), reply(b"", 204))
    assert here.cancel() == ("POST", "/runs/7/cancel", None)
    assert len(here.http.asked("/cancel")) == 2


# --- refusals -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (reply({"message": "no such run"}, 404), NotFoundError, "no such run"),
        (reply({"message": "the run has ended"}, 409), RejectedError, "HTTP 409: the run has ended"),
        (reply({"message": "broken"}, 500), TransientError, "broken"),
    ],
)
def test_a_refusal_is_no_success(answer, kind, words):
    with pytest.raises(kind, match=words):
        session(answer).cancel()


def test_a_refusal_inside_a_good_answer_is_one():
    here = session(
        reply({"error": {"code": 17, "message": "it has ended"}}),
        refusal={"code": "error.code", "message": "error.message"},
    )
    with pytest.raises(RejectedError, match="it has ended") as caught:
        here.cancel()
    assert (caught.value.code, caught.value.status) == ("17", 200)


def test_the_meaning_of_a_code_counts():
    here = session(
        reply({"code": "GONE"}, 200),
        refusal={"when": "code == 'GONE'", "code": "code", "meanings": {"GONE": "not_found"}},
    )
    with pytest.raises(NotFoundError):
        here.cancel()


# --- what is known before -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "is_possible"), [(True, True), (False, False), ("yes", False), (None, False)])
def test_possible_if_has_to_be_true(value, is_possible):
    provider = session(cancel={**DEFINITION["cancel"], "possible_if": "actions.cancel"}).provider
    why = provider.why_not_cancellable(provider.to_task({**RUNNING, "actions": {"cancel": value}}))
    assert (why is None) == is_possible
    if why is not None:
        assert "cancel.possible_if of the definition" in why


@pytest.mark.parametrize(("is_complete", "lacks"), [(True, False), (False, True)])
def test_a_poor_list_does_not_tell_what_is_possible(is_complete, lacks):
    listing = {"path": "/runs", "items": "runs", "is_complete": is_complete}
    cancel = {**DEFINITION["cancel"], "possible_if": "cancellable"}
    assert session(list=listing, cancel=cancel).provider.lists_lack_cancelling is lacks
    assert session(list=listing).provider.lists_lack_cancelling is False


def test_what_has_not_begun_has_no_task_to_cancel():
    here = session(
        reply({"build": None, "id": "7"}),
        reply({"build": "99"}),
        reply({"id": "99", "state": "running"}),
        reply(b"", 204),
        handle={"path": "/queue/{id}", "next": "build"},
        get={"path": "/builds/{next}"},
        cancel={"path": "/builds/{next}/stop"},
    )
    assert "has not begun" in here.provider.why_not_cancellable(here.read("7"))
    task = here.read("7")
    assert here.provider.why_not_cancellable(task) is None
    here.provider.cancel(task, here.deadline)
    assert here.last_sent == ("POST", "/builds/99/stop", None)
