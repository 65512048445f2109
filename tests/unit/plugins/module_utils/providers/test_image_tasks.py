# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._api.channel import Channel
from ansible_collections.longrunning.tasks.plugins.module_utils._api.json_api import JsonApi
from ansible_collections.longrunning.tasks.plugins.module_utils._api.login import Access, FixedLogin
from ansible_collections.longrunning.tasks.plugins.module_utils._core.clock import Deadline
from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    BadAnswerError,
    OptionError,
    RejectedError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import TaskError, TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.contract import Launch, TaskQuery
from ansible_collections.longrunning.tasks.plugins.module_utils._providers import openstack_images, rackspace_images
from ansible_collections.longrunning.tasks.plugins.module_utils._providers._image_tasks import (
    ImageTaskProvider,
    task_from_json,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS
from ansible_collections.longrunning.tasks.plugins.module_utils._work.reading import list_tasks
from ansible_collections.longrunning.tasks.tests.unit.support.fake_clock import FakeClock
from ansible_collections.longrunning.tasks.tests.unit.support.fake_http import FakeHttp, reply
from ansible_collections.longrunning.tasks.tests.unit.support.fake_provider import task as any_task
from ansible_collections.longrunning.tasks.tests.unit.support.session import FakeSession

BASE = "https://images.example/v2"
RACKSPACE, OPENSTACK = rackspace_images.DESCRIPTION, openstack_images.DESCRIPTION
BOTH = pytest.mark.parametrize("description", [RACKSPACE, OPENSTACK], ids=lambda description: description.name)
DEADLINE = Deadline(FakeClock(), 30.0)


def new_provider(*script, description=OPENSTACK, quiet=False, types=None):
    http = FakeHttp(*script)
    login = FixedLogin(Access(BASE, {"X-Auth-Token": "t"}), advice="")
    api = JsonApi(Channel(http), login, DEADLINE.clock, description)
    return http, ImageTaskProvider(description, api, listable_types=types, lists_end_quietly=quiet)


def stub(number, status="pending", **fields):
    return {"id": f"id-{number}", "status": status, "type": "import", **fields}


# --- one task -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("message", [None, "", "None", " None ", "<br />", "\n"])
@pytest.mark.parametrize("status", ["pending", "success", "failure"])
@BOTH
def test_no_message_is_no_message(message, status, description):
    task = task_from_json(stub(1, status, message=message), description)
    assert task.message is None
    assert task.error == (TaskError() if status == "failure" else None)


# --- lists ----------------------------------------------------------------------------------------------------


def params(request):
    return dict(request.params)


def whole_list(provider, query=None, limit=100):
    tasks, truncated = list_tasks(provider, query or TaskQuery(), limit, DEADLINE)
    assert not truncated
    return [task.id for task in tasks]


def test_a_full_page_may_be_the_last():
    http, provider = new_provider(
        reply({"tasks": [stub(number) for number in range(100)]}),
        reply({"tasks": [stub(number) for number in range(100, 200)]}),
        reply({"tasks": []}),
        description=RACKSPACE,
        quiet=True,
    )
    assert len(whole_list(provider, limit=1000)) == 200
    assert params(http.requests[2]) == {"limit": "100", "marker": "id-199"}


@pytest.mark.parametrize("limit", ["3", "03"])
def test_the_users_own_limit_is_the_size_of_a_page(limit):
    http, provider = new_provider(
        reply({"tasks": [stub(number) for number in range(3)]}), reply({"tasks": []}), quiet=True
    )
    query = TaskQuery(filters=(("limit", limit), ("owner", "77")))
    assert len(whole_list(provider, query)) == 3
    assert params(http.requests[0]) == {"limit": limit, "owner": "77"}
    assert params(http.requests[1]) == {"limit": limit, "owner": "77", "marker": "id-2"}


@pytest.mark.parametrize("limit", ["", "all", "-1", "\u00b2", "1e3"])
def test_a_limit_that_is_no_number_is_the_vendors_business(limit):
    http, provider = new_provider(reply({"tasks": [stub(1)]}), quiet=True)
    assert whole_list(provider, TaskQuery(filters=(("limit", limit),))) == ["id-1"]
    assert params(http.requests[0]) == {"limit": limit}


@pytest.mark.parametrize(
    ("states", "types", "pushed"),
    [
        (set(), set(), {}),
        ({"succeeded"}, set(), {"status": "success"}),
        ({"failed"}, {"import"}, {"status": "failure", "type": "import"}),
        ({"queued", "running"}, set(), {}),
        ({"unknown"}, set(), {}),
        ({"queued", "paused"}, set(), {}),
        ({"cancelled"}, set(), {}),
        (set(), {"import", "export"}, {}),
        (set(), {"api_image_import"}, {}),
    ],
)
def test_what_the_server_can_filter_is_pushed_to_it(states, types, pushed):
    http, provider = new_provider(reply({"tasks": []}), types=frozenset({"import"}))
    query = TaskQuery(states=frozenset(map(TaskState, states)), types=frozenset(types))
    whole_list(provider, query)
    assert params(http.requests[0]) == {"limit": "200", **pushed}


# --- no such task -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"", b"default backend - 404", {"message": "no Route matched"}, "<html>404</html>"])
def test_a_404_that_is_not_glances_is_no_missing_task(body):
    _http, provider = new_provider(reply(body, 404))
    with pytest.raises(RejectedError, match="api_url"):
        provider.read_task("id-1", DEADLINE)


# --- launches -------------------------------------------------------------------------------------------------

URL = "https://api.example.com"
IMAGES = pytest.mark.parametrize("name", ["rackspace_images", "openstack_images"])
INPUT = {"import_from": "exports/golden.vhd", "image_properties": {"name": "golden"}}
IMPORT = Launch("import", INPUT)


def with_token(name, *script):
    return FakeSession(*script, provider=PROVIDERS[name], api_url=URL, api_token="t0ken")


def image_task(**fields):
    return {"id": "t-1", "status": "pending", "type": "import", "input": INPUT, **fields}


@IMAGES
def test_an_image_task_is_launched(name):
    session = with_token(name, reply(image_task(), 201))
    assert session.launch("import", INPUT) == "t-1"
    assert session.last_sent == ("POST", "/v2/tasks", {"type": "import", "input": INPUT})


@IMAGES
@pytest.mark.parametrize(
    ("given", "is_same"),
    [
        (INPUT, True),
        ({**INPUT, "import_from_format": "vhd"}, True),
        ({**INPUT, "image_properties": {"name": "golden", "visibility": "private"}}, False),
        ({**INPUT, "image_properties": {"name": "other"}}, False),
        ({**INPUT, "image_properties": "golden"}, False),
        ({"import_from": INPUT["import_from"]}, False),
        ({}, False),
        (None, False),
    ],
)
def test_the_same_image_task_has_the_same_input(name, given, is_same):
    session = with_token(name, reply(image_task(input=given)))
    read = session.provider.read_task("t-1", session.deadline)
    assert session.provider.is_launch(IMPORT, read) is is_same
    assert not session.provider.is_launch(Launch("export", INPUT), read)
    assert session.provider.lists_lack_input


@IMAGES
@pytest.mark.parametrize(
    ("given", "other"),
    [({"a": True}, {"a": 1}), ({"a": [1]}, {"a": [True]}), ({"a": [1]}, {"a": [1, 2]}), ({"a": "1"}, {"a": 1})],
)
def test_true_is_not_one(name, given, other):
    provider = with_token(name).provider
    assert provider.is_launch(Launch("import", given), any_task("t", type="import", raw={"input": given}))
    assert not provider.is_launch(Launch("import", given), any_task("t", type="import", raw={"input": other}))


@IMAGES
@pytest.mark.parametrize(
    ("launch", "desired", "option"),
    [
        (Launch("import", {}), None, "input"),
        (Launch("export", {"image_uuid": "i"}), {"name": "golden"}, "desired"),
        *[(IMPORT, {"name": "golden", word: "1"}, "desired") for word in ("status", "limit", "marker", "tag", "sort")],
    ],
)
def test_a_launch_that_makes_no_sense(name, launch, desired, option):
    with pytest.raises(OptionError) as caught:
        with_token(name).provider.check_launch(launch, desired)
    assert caught.value.option == option
    with_token(name).provider.check_launch(IMPORT, {"name": "golden"})


def test_glance_is_asked_only_for_types_that_it_can_list():
    queries = {
        name: with_token(name).provider.launch_query(Launch("export", {}))
        for name in ("rackspace_images", "openstack_images")
    }
    assert queries == {"rackspace_images": TaskQuery(types=frozenset({"export"})), "openstack_images": TaskQuery()}


@IMAGES
def test_an_image_of_that_name_is_found(name):
    image = {"id": "i-1", "name": "golden", "status": "active", "size": 7}
    session = with_token(name, reply({"images": [{"id": "i-0", "name": "other", "status": "active"}, image]}))
    assert session.desired(IMPORT, {"name": "golden", "size": 7}) == image
    request = session.http.requests[-1]
    assert request.params == (("name", "golden"), ("size", "7"), ("status", "active"))
    assert request.url == f"{URL}/v2/images"


# Rackspace's documents name no filters of this list: it may well answer with all images.
@IMAGES
@pytest.mark.parametrize(
    "images", [[], [{"id": "i-1", "name": "golden", "status": "queued"}], [{"name": "other", "status": "active"}]]
)
def test_no_image_of_that_name_is_found(name, images):
    assert with_token(name, reply({"images": images})).desired(IMPORT, {"name": "golden"}) is None


@IMAGES
def test_an_image_is_found_on_a_later_page(name):
    image = {"id": "i-1", "name": "golden", "status": "active"}
    pages = [{"images": [{"id": "i-0"}], "next": "/v2/images?marker=i-0&name=golden"}, {"images": [image]}]
    session = with_token(name, *map(reply, pages))
    assert session.desired(IMPORT, {"name": "golden"}) == image
    assert session.http.requests[-1].params == (("marker", "i-0"), ("name", "golden"))


@IMAGES
def test_a_list_of_images_without_an_end(name):
    with pytest.raises(BadAnswerError, match="has no end"):
        with_token(name, lambda _request: reply({"images": [], "next": "/v2/images?marker=x"})).desired(
            IMPORT, {"name": "a"}
        )


# Templates before ansible-core 2.19 make this text of null.
@IMAGES
def test_what_an_image_lacks_is_not_none(name):
    images = {"images": [{"name": "golden", "status": "active"}]}
    assert with_token(name, reply(images)).desired(IMPORT, {"name": "golden", "os_distro": "None"}) is None


@IMAGES
@pytest.mark.parametrize("answer", [{}, {"images": {}}, {"images": ["golden"]}, []])
def test_a_list_of_images_that_is_none(name, answer):
    with pytest.raises(BadAnswerError):
        with_token(name, reply(answer)).desired(IMPORT, {"name": "golden"})
