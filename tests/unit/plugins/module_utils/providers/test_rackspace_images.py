# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    AccessDeniedError,
    AuthenticationError,
    BadAnswerError,
    NotFoundError,
    OptionError,
    RejectedError,
    TransientError,
    WorkError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._providers._image_tasks import task_from_json
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.rackspace_images import (
    DESCRIPTION,
    DOCUMENTED_ERRORS,
)
from ansible_collections.longrunning.tasks.tests.unit.support.fake_http import reply
from ansible_collections.longrunning.tasks.tests.unit.support.session import FakeSession

IDENTITY = "https://identity.api.rackspacecloud.com/v2.0/tokens"
KEY = {"username": "ann", "api_key": "k3y"}


class Session(FakeSession):
    name = "rackspace_images"


def catalogue(*regions, default=None, token="t0ken"):
    endpoints = [
        {"publicURL": f"https://{region.lower()}.images.example/v2", "region": region, "tenantId": "77"}
        for region in regions
    ]
    user = {"id": "5", "name": "ann", "roles": []}
    if default:
        user["RAX-AUTH:defaultRegion"] = default
    return {
        "access": {
            "token": {"id": token, "expires": "2026-01-02T03:04:05.678Z", "tenant": {"id": "77", "name": "77"}},
            "serviceCatalog": [
                {"name": "cloudFiles", "type": "object-store", "endpoints": [{"publicURL": "https://files.example"}]},
                {"name": "cloudImages", "type": "image", "endpoints": endpoints},
            ],
            "user": user,
        },
    }


def task(task_id="1", status="pending", **fields):
    return reply({"id": task_id, "status": status, "type": "import", **fields})


# --- failures -------------------------------------------------------------------------------------------------


def failure_of(message):
    return task_from_json({"id": "1", "status": "failure", "message": message}, DESCRIPTION).error


@pytest.mark.parametrize(
    ("code", "word", "retryable"),
    [
        ("111", "validation", False),
        ("396", "not a valid VHD", True),
        ("413", "virtual size", False),
        ("523", "fixed or dynamic", False),
        ("609", "physical size", False),
        ("614", "UUID", False),
        ("721", "parent", False),
    ],
)
@pytest.mark.parametrize(
    "form",
    [
        "Image cannot be imported. Error code: '{}'",
        'Image cannot be imported. Error code: "{}"',
        "Image cannot be imported. Error code: {}",
        "image cannot be imported. error code:'{}'.",
        "Image cannot be imported.<br />\nError code: '{}'<br /><br />\n\n",
    ],
)
def test_every_documented_code_is_recognised(code, word, retryable, form):
    error = failure_of(form.format(code))
    assert (error.code, error.retryable) == (code, retryable)
    assert word in error.title + error.detail
    assert error.remedy
    assert "Get task details" in error.source
    assert form not in error.detail


def test_the_seven_documented_codes_are_all_there():
    codes = [error.code for error in DOCUMENTED_ERRORS if error.code.isdecimal()]
    assert sorted(codes) == ["111", "396", "413", "523", "609", "614", "721"]
    assert DESCRIPTION.documented_error("396").retryable
    assert DESCRIPTION.documented_error("397") is None


@pytest.mark.parametrize("code", ["999", "1111", "3960", "41", "0", "E17"])
def test_an_undocumented_code_passes_untouched(code):
    message = f"Image cannot be imported. Error code: '{code}'"
    error = failure_of(message)
    assert error.code == code
    assert (error.title, error.remedy, error.retryable, error.source) == (None, None, None, None)
    assert error.detail == message


@pytest.mark.parametrize(
    ("message", "code", "word"),
    [
        (
            "Swift already has an object with id 'ab.vhd' in container 'outgoing'",
            "object_exists",
            "already has an object",
        ),
        (
            "Object already exists in user's container. Container/Object: outgoing/ab.vhd",
            "object_exists",
            "already has",
        ),
        ("Container not found. Container: outgoing", "container_not_found", "does not exist"),
        ("An image may only be exported by the image owner.", "not_the_owner", "owner"),
        (
            "Image cannot be exported due to licensing or billing restrictions (com.rackspace__1__options: '4')",
            "not_exportable",
            "licence",
        ),
        ("Error: Image not found for import. Possible invalid location", "source_not_found", "no object"),
        ("Error: Swift could not find object incoming/web.vhd.", "source_not_found", "no object"),
        (
            "Unsupported element in image_properties, please consult the documentation.",
            "unsupported_property",
            "image_prop",
        ),
    ],
)
def test_every_known_text_is_recognised(message, code, word):
    error = failure_of(message)
    assert (error.code, error.retryable, error.detail) == (code, False, message)
    assert word in error.title
    assert error.remedy
    assert error.source


def test_any_other_text_passes_untouched():
    error = failure_of("The moon was in the way")
    assert (error.code, error.title, error.detail) == (None, None, "The moon was in the way")


def test_413_means_two_things():
    in_message = task(status="failure", message="Image cannot be imported. Error code: '413'")
    session = Session(
        in_message,
        reply({"overLimit": {"code": 413, "message": "Slow down"}}, 413, retry_after="11"),
        api_token="t",
        region="DFW",
    )
    assert session.read().error.code == "413"
    with pytest.raises(TransientError, match="Slow down") as caught:
        session.read()
    assert (caught.value.retry_after, caught.value.status) == (11.0, 413)


# --- the login ------------------------------------------------------------------------------------------------


def test_a_login_with_an_api_key():
    session = Session(reply(catalogue("DFW", "ORD")), task(), **KEY, region="DFW")
    assert session.read().id == "1"
    login, asked = session.http.requests
    assert (login.method, login.url) == ("POST", IDENTITY)
    assert login.json == {"auth": {"RAX-KSKEY:apiKeyCredentials": {"username": "ann", "apiKey": "k3y"}}}
    assert login.headers["Accept"] == "application/json"
    assert (asked.method, asked.url) == ("GET", "https://dfw.images.example/v2/tasks/1")
    assert asked.headers["X-Auth-Token"] == "t0ken"
    assert session.hidden == {"t0ken"}
    assert "k3y" not in repr(login)


def test_a_login_with_a_password():
    session = Session(reply(catalogue("DFW")), task(), username="ann", password="pa55", region="dfw")
    session.read()
    assert session.http.requests[0].json == {
        "auth": {"passwordCredentials": {"username": "ann", "password": "pa55"}},
    }
    # For messages about the address.
    assert [request.option for request in session.http.requests[:2]] == ["auth_url", "api_url"]


def test_a_ready_token_needs_no_login():
    session = Session(task(), api_token="mine", region="ORD")
    session.read()
    (asked,) = session.http.requests
    assert asked.url == "https://ord.images.api.rackspacecloud.com/v2/tasks/1"
    assert asked.headers["X-Auth-Token"] == "mine"


@pytest.mark.parametrize("region", ["dfw.evil.example/", "D", "DFW1", "a b", "evil.example#", "../x", ""])
def test_a_region_that_is_no_name_is_refused(region):
    with pytest.raises(OptionError, match="region"):
        Session(api_token="mine", region=region)


def test_an_address_of_ones_own_wins_over_region_and_catalogue():
    session = Session(reply(catalogue("DFW")), task(), **KEY, region="DFW", api_url="https://own.example/")
    session.read()
    assert session.http.requests[1].url == "https://own.example/v2/tasks/1"


@pytest.mark.parametrize(
    ("auth_url", "expected"),
    [
        (None, IDENTITY),
        ("https://id.example", "https://id.example/v2.0/tokens"),
        ("https://id.example/", "https://id.example/v2.0/tokens"),
        ("https://id.example/v2.0", "https://id.example/v2.0/tokens"),
        ("https://id.example/v2.0/", "https://id.example/v2.0/tokens"),
        ("https://id.example/v2.0/tokens", "https://id.example/v2.0/tokens"),
        ("https://id.example/v2.0/tokens/", "https://id.example/v2.0/tokens"),
        ("https://id.example/passed-on", "https://id.example/passed-on/v2.0/tokens"),
        ("http://127.0.0.1:8080/identity/v2.0", "http://127.0.0.1:8080/identity/v2.0/tokens"),
    ],
)
def test_the_identity_services_address(auth_url, expected):
    options = {**KEY, "auth_url": auth_url} if auth_url else KEY
    session = Session(reply(catalogue("DFW")), task(), **options)
    session.read()
    assert session.http.requests[0].url == expected


@pytest.mark.parametrize(
    ("regions", "default", "region", "expected"),
    [
        (["DFW", "ORD"], None, "ORD", "ord"),
        (["DFW", "ORD"], None, "ord", "ord"),
        (["DFW", "ORD"], "ORD", None, "ord"),
        (["DFW", "ORD"], "ORD", "DFW", "dfw"),
        (["DFW"], None, None, "dfw"),
        (["DFW"], "LON", None, "dfw"),
    ],
)
def test_the_region_that_is_taken(regions, default, region, expected):
    options = {**KEY, "region": region} if region else KEY
    session = Session(reply(catalogue(*regions, default=default)), task(), **options)
    session.read()
    assert session.http.requests[1].url == f"https://{expected}.images.example/v2/tasks/1"


@pytest.mark.parametrize(
    ("default", "region", "words"),
    [
        (None, None, ["region is missing", "DFW, ORD"]),
        ("LON", None, ["region is missing", "DFW, ORD"]),
        ("ORD", "HKG", ["'HKG'", "DFW, ORD"]),
    ],
)
def test_a_region_that_is_missing_or_wrong_lists_the_regions(default, region, words):
    options = {**KEY, "region": region} if region else KEY
    session = Session(reply(catalogue("ORD", "DFW", default=default)), **options)
    with pytest.raises(OptionError) as caught:
        session.read()
    assert caught.value.option == "region"
    for word in words:
        assert word in caught.value.message


@pytest.mark.parametrize(
    "services", [[], [{"type": "compute"}], [{"type": "image"}], [{"type": "image", "endpoints": [{}]}]]
)
def test_an_account_without_cloud_images(services):
    answer = catalogue("DFW")
    answer["access"]["serviceCatalog"] = services
    session = Session(reply(answer), **KEY)
    with pytest.raises(RejectedError, match="no Cloud Images"):
        session.read()


@pytest.mark.parametrize("url", ["ftp://images.example", "https://a:b@images.example", "https://images.example:0"])
def test_an_endpoint_that_cannot_be_used(url):
    answer = catalogue("DFW")
    answer["access"]["serviceCatalog"][1]["endpoints"][0]["publicURL"] = url
    session = Session(reply(answer), **KEY)
    with pytest.raises(BadAnswerError, match="catalogue"):
        session.read()


def test_an_endpoint_in_plain_http_is_warned_of():
    answer = catalogue("DFW")
    answer["access"]["serviceCatalog"][1]["endpoints"][0]["publicURL"] = "http://images.example/v2"
    session = Session(reply(answer), task(), **KEY)
    session.read()
    assert len(session.warnings) == 1
    assert "images.example" in session.warnings[0]


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (
            reply({"unauthorized": {"code": 401, "message": "Unable to authenticate user"}}, 401),
            AuthenticationError,
            ["Cloud Identity", "Unable to authenticate user", "check username and api_key"],
        ),
        (reply({"badRequest": {"code": 400, "message": "unable to parse"}}, 400), RejectedError, ["unable to parse"]),
        (reply({"forbidden": {"code": 403, "message": "no"}}, 403), AccessDeniedError, ["HTTP 403: no"]),
        (reply({"overLimit": {"code": 413, "message": "Wait"}}, 413, retry_after="3"), TransientError, ["Wait"]),
        (reply(b"", 503), TransientError, ["503"]),
        (reply(b"<html>Log in</html>", content_type="text/html"), TransientError, ["HTML"]),
        (reply(b'{"access": '), TransientError, ["broken JSON"]),
        (reply({"access": {"token": {}}}), BadAnswerError, ["$.access.token: id is missing"]),
        (reply({"access": {"token": {"id": ""}}}), BadAnswerError, ["$.access.token.id"]),
        (reply({}), BadAnswerError, ["$: access is missing"]),
        (reply({"access": {"token": {"id": "t"}, "serviceCatalog": {}}}), BadAnswerError, ["serviceCatalog"]),
    ],
)
def test_a_login_that_fails(answer, kind, words):
    session = Session(answer, **KEY)
    with pytest.raises(kind) as caught:
        session.read()
    assert caught.type is kind
    assert len(session.http.requests) == 1
    for word in words:
        assert word in caught.value.message
    assert "k3y" not in str(caught.value.to_result())


def test_a_wrong_address_of_the_identity_service_is_no_missing_task():
    session = Session(reply(b"Not here", 404), **KEY, auth_url="https://id.example/v9")
    with pytest.raises(WorkError, match="auth_url") as caught:
        session.read()
    assert not isinstance(caught.value, NotFoundError)


def test_an_identity_service_that_is_away_in_mid_wait_may_come_back():
    script = reply(catalogue("DFW")), reply({}, 401), reply(b"Not here", 404), reply(catalogue("DFW")), task()
    session = Session(*script, **KEY)
    with pytest.raises(TransientError, match=r"no Cloud Identity v2.0 at \S+ any more \(HTTP 404\)"):
        session.read()
    assert session.read().id == "1"


def test_a_password_is_named_in_the_advice():
    session = Session(reply({}, 401), username="ann", password="pa55")
    with pytest.raises(AuthenticationError, match="check username and password"):
        session.read()


def test_a_ready_token_that_ran_out_says_what_to_do():
    session = Session(reply({}, 401), api_token="mine", region="DFW")
    with pytest.raises(AuthenticationError, match="Give username and api_key") as caught:
        session.read()
    assert "mine" not in caught.value.message


def test_tls_options_reach_the_transport(tmp_path):
    session = Session(**KEY, validate_certs=False)
    assert [tls.validate_certs for tls in session.tls] == [False]


# --- the rest -------------------------------------------------------------------------------------------------


def test_the_vendors_advice_on_polling():
    assert DESCRIPTION.poll_interval == DESCRIPTION.least_poll_interval == 30.0
