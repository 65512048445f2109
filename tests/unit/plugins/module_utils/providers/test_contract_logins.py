# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every provider does when its login is refused, at once or later, over real sockets; and what it never shows."""

from __future__ import annotations

import json

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._api.http_client import HttpRequest
from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    AccessDeniedError,
    AuthenticationError,
    BadAnswerError,
    OptionError,
    RejectedError,
    TransientError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._module import task_info as work
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS
from ansible_collections.longrunning.tasks.plugins.modules import task_info
from ansible_collections.longrunning.tasks.tests.unit.support.golden import SERVER, logins, usual_example
from ansible_collections.longrunning.tasks.tests.unit.support.module_run import run_as_module
from ansible_collections.longrunning.tasks.tests.unit.support.session import SocketSession
from ansible_collections.longrunning.tasks.tests.unit.support.socket_server import CLOSE, answer, serving


def parametrized(*, asking_only=False):
    """Run a test with each golden login, or only with those that ask the vendor for something."""
    ways = [
        pytest.param(name, way, id=f"{name}/{way}")
        for name in sorted(PROVIDERS)
        for way, login in logins(name).items()
        if login.answers or not asking_only
    ]
    return pytest.mark.parametrize(("name", "way"), ways)


EACH_LOGIN = parametrized()


class Vendor:
    """Answers logins, and the requests of a provider's usual example.

    ``refuse`` says which of the requests for the task, counted from 1, it refuses with ``refusal``; ``answers_login``
    is its answer to logins, where it is another one than the documented.
    """

    def __init__(self, name, way, *, refuse=lambda number: False, refusal=None, answers_login=None):
        self.login = logins(name)[way]
        self.example = usual_example(name)
        self.refuse = refuse
        self.refusal = refusal or (lambda request: answer(b"", 401))
        self.answers_login = answers_login
        self.logins = 0
        self.asked = 0

    @property
    def renews(self):
        """Whether a new login can be made."""
        return bool(self.login.answers)

    def __call__(self, request):
        sent = HttpRequest(request.method, request.target)
        here = f"http://{request.headers['host']}"
        for documented in self.login.answers:
            if documented.fits(sent):
                self.logins += 1
                if self.answers_login is not None:
                    return self.answers_login(request)
                return answer(documented.body.replace(SERVER, here), documented.status, **documented.headers)
        for documented in self.example.answers:
            if documented.fits(sent):
                self.asked += 1
                if self.refuse(self.asked):
                    return self.refusal(request)
                return answer(documented.body, documented.status, **documented.headers)
        return answer(b"", 404)

    def options(self, server):
        """Return the connection options, with the address of a server."""
        return {
            name: value.replace(SERVER, server.url) if isinstance(value, str) else value
            for name, value in self.login.options.items()
        }


class Visit(SocketSession):
    """A provider that talks to a vendor."""

    def __init__(self, name, vendor, server):
        self.vendor = vendor
        super().__init__(provider=PROVIDERS[name], **vendor.options(server))

    def read(self):
        return super().read(self.vendor.example.task_id)


def expect_refusal(visit):
    """The login is refused for good, and no secret is in what is said about that."""
    with pytest.raises(AuthenticationError) as caught:
        visit.read()
    assert caught.value.__class__ is AuthenticationError
    told = json.dumps(caught.value.to_result())
    assert not [secret for secret in visit.vendor.login.every_secret if secret in told]


@EACH_LOGIN
def test_a_login_that_is_good(name, way):
    vendor = Vendor(name, way)
    with serving(vendor) as server, Visit(name, vendor, server) as visit:
        first, second = visit.read(), visit.read()
        assert first == second
        assert first.id == vendor.example.task["id"]
        assert (vendor.logins, vendor.asked) == (int(vendor.renews), 2)
        # What the login gave must be hidden by whoever was given it.
        assert set(vendor.login.secrets) <= visit.hidden


@EACH_LOGIN
def test_a_login_that_is_refused_is_tried_once(name, way):
    vendor = Vendor(name, way, refuse=lambda _number: True, answers_login=lambda _request: answer(b"", 401))
    with serving(vendor) as server, Visit(name, vendor, server) as visit:
        expect_refusal(visit)
        # Once, so that no account gets locked.
        assert len(server.requests) == (2 if vendor.login.signs else 1)


@parametrized(asking_only=True)
@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (answer({"error": {"message": "no"}}, 400), RejectedError),
        (answer({"error": {"message": "no"}}, 403), AccessDeniedError),
        (answer("Not here", 404), OptionError),
        (answer(b"", 429), TransientError),
        (answer({"message": "Starting"}, 500), TransientError),
        (answer(b"", 503, Retry_After="4"), TransientError),
        (answer("<html>Log in</html>", Content_Type="text/html"), TransientError),
        (answer('{"access": ', Content_Type="application/json"), TransientError),
        (answer({"token": {}}, 201), BadAnswerError),
        ([CLOSE], TransientError),
    ],
)
def test_what_a_login_fails_for_is_told(name, way, given, kind):
    vendor = Vendor(name, way, answers_login=lambda _request: given)
    with serving(vendor) as server, Visit(name, vendor, server) as visit:
        with pytest.raises(kind) as caught:
            visit.read()
        assert (caught.type, len(server.requests)) == (kind, 1)
    told = json.dumps(caught.value.to_result())
    assert not [secret for secret in vendor.login.every_secret if secret in told]


@EACH_LOGIN
def test_a_login_that_has_run_out_is_renewed_where_that_can_be(name, way):
    vendor = Vendor(name, way, refuse=lambda number: number == 2)
    with serving(vendor) as server, Visit(name, vendor, server) as visit:
        visit.read()
        if vendor.renews or vendor.login.signs:
            assert visit.read().id == vendor.example.task["id"]
            assert (vendor.logins, vendor.asked) == (2 if vendor.renews else 0, 3)
        else:
            expect_refusal(visit)
            assert vendor.asked == 2


@EACH_LOGIN
def test_a_login_that_is_refused_for_good_is_not_made_again_and_again(name, way):
    vendor = Vendor(name, way, refuse=lambda number: number >= 2)
    with serving(vendor) as server, Visit(name, vendor, server) as visit:
        visit.read()
        expect_refusal(visit)
        assert vendor.logins == (2 if vendor.renews else 0)
        assert vendor.asked == (3 if vendor.renews or vendor.login.signs else 2)


# --- what is never shown --------------------------------------------------------------------------------------


def echo(status):
    """Answer with everything that was sent, as servers do that explain too much."""

    def repeat(request):
        words = f"{request.target} {json.dumps(request.headers)} {request.body.decode()}"
        return answer({"message": words, "msg": words, "code": 1, "title": words, "detail": words}, status)

    return repeat


@pytest.fixture
def show_refusal(monkeypatch, capsys):
    """Let task_info meet a vendor that refuses it; whatever it writes has no secret."""
    # What may pass is not asked for again.
    monkeypatch.setattr(work, "REPEAT_SECONDS", 0.0)

    def run(name, vendor):
        with serving(vendor) as server:
            params = {"provider": name, "task_ids": [vendor.example.task_id], **vendor.options(server)}
            code, result, written = run_as_module(task_info.main, params, capsys)
            assert server.requests
            assert (code, result["failed"]) == (1, True)
            assert result["reason"] != "defect"
            assert not [secret for secret in vendor.login.every_secret if secret in written]

    return run


STATUSES = pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 500])


@STATUSES
@EACH_LOGIN
def test_no_secret_is_shown_though_the_vendor_repeats_the_request(name, way, status, show_refusal):
    show_refusal(name, Vendor(name, way, refuse=lambda _number: True, refusal=echo(status)))


@STATUSES
@parametrized(asking_only=True)
def test_no_secret_is_shown_though_the_vendor_repeats_the_login(name, way, status, show_refusal):
    show_refusal(name, Vendor(name, way, answers_login=echo(status)))
