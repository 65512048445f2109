# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which address each provider asks first, however its options name it, and which options none of them takes."""

from __future__ import annotations

import contextlib

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import OptionError, WorkError
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS
from ansible_collections.longrunning.tasks.tests.unit.support.fake_http import reply
from ansible_collections.longrunning.tasks.tests.unit.support.session import FakeSession

HOST = "https://a.example"
ACCOUNT = "fdaa655c-15ab-4d34-aa61-1e9098e67be0"
BASIC = {"username": "ann", "password": "pa55/word"}
TOKEN = {"api_token": "t0ken"}
SIGNED = {"app_id": "app-7", "app_secret": "s3cret", "user_id": "1395497048157130881"}
#: For each provider the path of its first request, and options that name its address, each with what is before it.
ADDRESSES = {
    "vmware_live_site_recovery": (
        "/session",
        [
            ({**BASIC, "api_url": f"{HOST}/"}, f"{HOST}/api/rest/configure/v2"),
            ({**BASIC, "api_url": f"{HOST}/api/rest/configure/v2/"}, f"{HOST}/api/rest/configure/v2"),
            ({**BASIC, "api_url": f"{HOST}/api/rest", "service": "srm"}, f"{HOST}/api/rest/srm/v2"),
            ({**BASIC, "api_url": HOST, "service": "vr", "api_version": "v1"}, f"{HOST}/api/rest/vr/v1"),
            ({**BASIC, "api_url": f"{HOST}/proxy/srm/"}, f"{HOST}/proxy/srm/api/rest/configure/v2"),
            ({**BASIC, "api_url": f"{HOST}:8443", "api_path": "dr-api/"}, f"{HOST}:8443/dr-api/configure/v2"),
            ({**BASIC, "api_url": f"{HOST}/dr-api", "api_path": "/dr-api"}, f"{HOST}/dr-api/configure/v2"),
            ({**BASIC, "api_url": HOST, "api_path": "/"}, f"{HOST}/configure/v2"),
        ],
    ),
    "dbvisit_standby": (
        "/task/show",
        [
            ({**BASIC, "api_url": f"{HOST}/"}, f"{HOST}/api"),
            ({**BASIC, "api_url": f"{HOST}/api/"}, f"{HOST}/api"),
            ({**BASIC, "api_url": f"{HOST}/myapi"}, f"{HOST}/myapi/api"),
            ({**BASIC, "api_url": HOST, "api_path": "v12/api"}, f"{HOST}/v12/api"),
            ({**BASIC, "api_url": HOST, "api_path": ""}, HOST),
            ({**BASIC, "api_url": HOST, "api_path": "//evil.example"}, f"{HOST}/evil.example"),
            ({**BASIC, "api_url": HOST, "api_path": "@evil.example"}, f"{HOST}/@evil.example"),
        ],
    ),
    "huawei_koodrive": (
        "/koodrive/ose/v1/task/1",
        [
            ({**TOKEN, "region": "cn"}, "https://cn.myhuaweicloud-koodrive.com"),
            ({**SIGNED, "region": "intl"}, "https://intl.myhuaweicloud-koodrive.com"),
            ({**TOKEN, "api_url": f"{HOST}/koodrive/ose/v1/"}, HOST),
            ({**SIGNED, "api_url": f"{HOST}/k"}, f"{HOST}/k"),
            ({**TOKEN, "api_url": HOST, "region": "cn"}, HOST),
        ],
    ),
    "netapp_astra_control": (
        f"/accounts/{ACCOUNT}/core/v1/tasks/1",
        [
            ({**TOKEN, "account_id": ACCOUNT, "api_url": f"{HOST}{path}"}, HOST)
            for path in ("/", f"/accounts/{ACCOUNT}", f"/accounts/{ACCOUNT}/core/v1/")
        ],
    ),
    "openstack_images": (
        "/tasks/1",
        [
            ({**TOKEN, "api_url": f"{HOST}/"}, f"{HOST}/v2"),
            ({**TOKEN, "api_url": f"{HOST}/image/v2/"}, f"{HOST}/image/v2"),
            ({**TOKEN, "api_url": f"{HOST}/v2.12"}, f"{HOST}/v2.12"),
            ({**TOKEN, "api_url": f"{HOST}/xv2"}, f"{HOST}/xv2/v2"),
        ],
    ),
    "rackspace_images": (
        "/tokens",
        [
            ({**BASIC}, "https://identity.api.rackspacecloud.com/v2.0"),
            ({**BASIC, "auth_url": f"{HOST}/"}, f"{HOST}/v2.0"),
            ({**BASIC, "auth_url": f"{HOST}/v2.0/"}, f"{HOST}/v2.0"),
            ({**BASIC, "auth_url": f"{HOST}/v2.0/tokens/"}, f"{HOST}/v2.0"),
            ({**BASIC, "auth_url": f"{HOST}/passed-on"}, f"{HOST}/passed-on/v2.0"),
        ],
    ),
}


@pytest.mark.parametrize(
    ("name", "options", "url"),
    [(name, options, f"{base}{path}") for name, (path, rows) in ADDRESSES.items() for options, base in rows],
)
def test_an_address_may_be_given_in_many_ways(name, options, url):
    session = FakeSession(reply(b"", 503), provider=PROVIDERS[name], **options)
    with contextlib.suppress(WorkError):
        session.read()
    assert session.requests[0].url == url


VMWARE = {**BASIC, "api_url": HOST}
ASTRA = {**TOKEN, "account_id": ACCOUNT, "api_url": HOST}
REFUSED = {
    "vmware_live_site_recovery": [
        ({**VMWARE, "service": "vami"}, "service", "takes configure, srm or vr"),
        ({**VMWARE, "api_version": "v3"}, "api_version", "takes v1 or v2"),
        # It would end the user name of a Basic login.
        ({**VMWARE, "username": "ann:bob"}, "username", "colon"),
        (BASIC, "api_url", r"environment VMWARE_LSR_API_URL"),
    ],
    "dbvisit_standby": [
        *(({**VMWARE, "api_path": path}, "api_path", "api_path") for path in ("a b", "a?b", "a#b", "a\\b", "a\nb")),
        *(
            (
                {"api_token": cookie, "api_url": HOST},
                "api_token",
                "api_token is not the value of a cookie: give what is",
            )
            for cookie in ("a; Path=/", "a b", "a,b", 'a"b', "schl\u00fcssel", "a\\b")
        ),
    ],
    "huawei_koodrive": [
        ({**TOKEN, "region": "cn-north-4"}, "region", "takes cn or intl"),
        ({**TOKEN, "api_url": HOST, "service": "share"}, "service", "takes task or jobs"),
        ({**SIGNED, "api_url": HOST, "app_secret": "\udcff\ud800"}, "app_secret", "app_secret is blank, or contains"),
    ],
    "netapp_astra_control": [
        ({**ASTRA, "account_id": account}, "account_id", "account_id")
        for account in ("me", "../x", ACCOUNT.upper(), f"{ACCOUNT}/", f" {ACCOUNT}", f"{ACCOUNT}\n")
    ],
    "rackspace_images": [
        ({**TOKEN, "region": region}, "region", "region")
        for region in ("dfw.evil.example/", "D", "DFW1", "a b", "evil.example#", "../x")
    ],
}


@pytest.mark.parametrize(
    ("name", "options", "option", "words"), [(name, *row) for name, rows in REFUSED.items() for row in rows]
)
def test_an_option_that_cannot_be_used_is_named(name, options, option, words):
    with pytest.raises(OptionError, match=words) as caught:
        FakeSession(provider=PROVIDERS[name], **options)
    assert caught.value.option == option
    assert option not in ("api_token", "app_secret") or options[option] not in caught.value.message
