# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    BadAnswerError,
    OptionError,
    RejectedError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._providers._image_tasks import task_from_json
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.rackspace_images import DESCRIPTION
from ansible_collections.longrunning.tasks.tests.unit.support.fake_http import reply
from ansible_collections.longrunning.tasks.tests.unit.support.session import FakeSession

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


@pytest.mark.parametrize("code", ["111", "396", "413", "523", "609", "614", "721"])
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
def test_every_documented_code_is_recognised(code, form):
    error = failure_of(form.format(code))
    assert (error.code, error.retryable) == (code, code == "396")
    assert "Get task details" in error.source
    assert form not in error.detail


@pytest.mark.parametrize("code", ["999", "1111", "3960", "41", "0", "E17"])
def test_an_undocumented_code_passes_untouched(code):
    message = f"Image cannot be imported. Error code: '{code}'"
    error = failure_of(message)
    assert error.code == code
    assert (error.title, error.remedy, error.retryable, error.source) == (None, None, None, None)
    assert error.detail == message


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("Swift already has an object with id 'ab.vhd' in container 'outgoing'", "object_exists"),
        ("Object already exists in user's container. Container/Object: outgoing/ab.vhd", "object_exists"),
        ("Container not found. Container: outgoing", "container_not_found"),
        ("An image may only be exported by the image owner.", "not_the_owner"),
        ("Image cannot be exported due to licensing or billing restrictions (options: '4')", "not_exportable"),
        ("Error: Image not found for import. Possible invalid location", "source_not_found"),
        ("Error: Swift could not find object incoming/web.vhd.", "source_not_found"),
        ("Unsupported element in image_properties, please consult the documentation.", "unsupported_property"),
    ],
)
def test_every_known_text_is_recognised(message, code):
    error = failure_of(message)
    assert (error.code, error.retryable, error.detail) == (code, False, message)
    assert error.title == DESCRIPTION.documented_error(code).title


# --- the login ------------------------------------------------------------------------------------------------


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
    (asked,) = session.requests
    assert asked.url == "https://ord.images.api.rackspacecloud.com/v2/tasks/1"
    assert asked.headers["X-Auth-Token"] == "mine"


def test_an_address_of_ones_own_wins_over_region_and_catalogue():
    session = Session(reply(catalogue("DFW")), task(), **KEY, region="DFW", api_url="https://own.example/")
    session.read()
    assert session.http.requests[1].url == "https://own.example/v2/tasks/1"


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
