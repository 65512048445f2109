# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The launching calls of the vendors: what is sent, what is read, and by what a launched task is known again."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    AuthenticationError,
    BadAnswerError,
    OptionError,
    RejectedError,
    TransientError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.contract import Launch, TaskQuery
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS
from ansible_collections.longrunning.tasks.tests.unit.support.fake_http import reply
from ansible_collections.longrunning.tasks.tests.unit.support.fake_provider import task
from ansible_collections.longrunning.tasks.tests.unit.support.session import FakeSession

URL = "https://api.example.com"
TOKEN = {"api_url": URL, "api_token": "t0ken"}
APP = {"api_url": URL, "app_id": "app", "app_secret": "s3cret", "user_id": "7"}


class Session(FakeSession):
    login = TOKEN

    def __init__(self, name, *script, **options):
        self.name = name
        super().__init__(*script, **options)

    @property
    def sent(self):
        request = self.http.requests[-1]
        return request.method, request.url.removeprefix(URL), request.json


def test_who_launches_says_so():
    launching = {name for name, provider in PROVIDERS.items() if provider.description.launch_types}
    assert launching == {"rackspace_images", "openstack_images", "dbvisit_standby", "huawei_koodrive"}


@pytest.mark.parametrize(
    "name", sorted(set(PROVIDERS) - {"custom", "netapp_astra_control", "vmware_live_site_recovery"})
)
def test_a_task_without_anything_is_never_the_same(name):
    description = PROVIDERS[name].description
    for launch_type in description.launch_types:
        launch = Launch(launch_type, {"configuration_id": 1})
        assert not Session(name).provider.is_launch(launch, task("a", type=launch_type))


# --- images ---------------------------------------------------------------------------------------------------

IMAGES = pytest.mark.parametrize("name", ["rackspace_images", "openstack_images"])
INPUT = {"import_from": "exports/golden.vhd", "image_properties": {"name": "golden"}}
IMPORT = Launch("import", INPUT)


def image_task(**fields):
    return {"id": "t-1", "status": "pending", "type": "import", "input": INPUT, **fields}


@IMAGES
def test_an_image_task_is_launched(name):
    session = Session(name, reply(image_task(), 201))
    assert session.launch("import", INPUT) == "t-1"
    assert session.sent == ("POST", "/v2/tasks", {"type": "import", "input": INPUT})


@IMAGES
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (reply({"message": "Invalid type value"}, 400), RejectedError),
        (reply({}, 401), AuthenticationError),
        (reply({"id": "", "status": "pending"}, 201), BadAnswerError),
        (reply("<html>", 201, content_type="text/html"), TransientError),
        (reply("", 502), TransientError),
    ],
)
def test_a_launch_that_was_not_answered_well(name, answer, kind):
    with pytest.raises(kind) as caught:
        Session(name, answer).launch("import", INPUT)
    assert (kind is not TransientError) or caught.value.was_sent


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
    session = Session(name, reply(image_task(input=given)))
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
    provider = Session(name).provider
    assert provider.is_launch(Launch("import", given), task("t", type="import", raw={"input": given}))
    assert not provider.is_launch(Launch("import", given), task("t", type="import", raw={"input": other}))


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
        Session(name).provider.check_launch(launch, desired)
    assert caught.value.option == option
    Session(name).provider.check_launch(IMPORT, {"name": "golden"})


def test_glance_is_asked_only_for_types_that_it_can_list():
    queries = {
        name: Session(name).provider.launch_query(Launch("export", {}))
        for name in ("rackspace_images", "openstack_images")
    }
    assert queries == {"rackspace_images": TaskQuery(types=frozenset({"export"})), "openstack_images": TaskQuery()}


@IMAGES
def test_an_image_of_that_name_is_found(name):
    image = {"id": "i-1", "name": "golden", "status": "active", "size": 7}
    session = Session(name, reply({"images": [{"id": "i-0", "name": "other", "status": "active"}, image]}))
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
    assert Session(name, reply({"images": images})).desired(IMPORT, {"name": "golden"}) is None


@IMAGES
def test_an_image_is_found_on_a_later_page(name):
    image = {"id": "i-1", "name": "golden", "status": "active"}
    pages = [{"images": [{"id": "i-0"}], "next": "/v2/images?marker=i-0&name=golden"}, {"images": [image]}]
    session = Session(name, *map(reply, pages))
    assert session.desired(IMPORT, {"name": "golden"}) == image
    assert session.http.requests[-1].params == (("marker", "i-0"), ("name", "golden"))


@IMAGES
def test_a_list_of_images_leads_to_no_other_server(name):
    with pytest.raises(BadAnswerError, match="another server"):
        Session(name, reply({"images": [], "next": "https://evil.example.com/v2/images"})).desired(
            IMPORT, {"name": "a"}
        )


@IMAGES
def test_a_list_of_images_without_an_end(name):
    with pytest.raises(BadAnswerError, match="has no end"):
        Session(name, lambda _request: reply({"images": [], "next": "/v2/images?marker=x"})).desired(
            IMPORT, {"name": "a"}
        )


# Templates before ansible-core 2.19 make this text of null.
@IMAGES
def test_what_an_image_lacks_is_not_none(name):
    images = {"images": [{"name": "golden", "status": "active"}]}
    assert Session(name, reply(images)).desired(IMPORT, {"name": "golden", "os_distro": "None"}) is None


@IMAGES
@pytest.mark.parametrize("answer", [{}, {"images": {}}, {"images": ["golden"]}, []])
def test_a_list_of_images_that_is_none(name, answer):
    with pytest.raises(BadAnswerError):
        Session(name, reply(answer)).desired(IMPORT, {"name": "golden"})


# --- Dbvisit --------------------------------------------------------------------------------------------------

SWITCHOVER = Launch("switchover/oracle", {"configuration_id": 1})


def dbvisit(*script):
    return Session("dbvisit_standby", *script)


def good(result):
    return reply({"result": result, "successful": True})


@pytest.mark.parametrize("launch_type", PROVIDERS["dbvisit_standby"].description.launch_types)
def test_a_switchover_and_its_like_are_launched(launch_type):
    session = dbvisit(good({"task_id": 9007199254740993}))
    assert session.launch(launch_type, {"configuration_id": 1}) == "9007199254740993"
    assert session.sent == ("POST", f"/api/{launch_type}", {"params": {"configuration_id": 1}})


# Playbooks before ansible-core 2.19 make texts of numbers and flags in templates.
def test_parameters_get_the_types_that_the_vendor_documents():
    session = dbvisit(good({"task_id": 1}))
    given = {"configuration_id": "3", "resume": "True", "sync_lag": False, "transportable": "false", "backup_dir": "1"}
    session.launch("sync/oracle", given)
    flags = {"resume": True, "sync_lag": False, "transportable": False}
    assert session.sent[2]["params"] == {"configuration_id": 3, **flags, "backup_dir": "1"}


@pytest.mark.parametrize("configuration_id", [None, 0, -1, "", "one", True, 1.5])
def test_a_launch_without_a_configuration_is_refused(configuration_id):
    with pytest.raises(OptionError, match="input: configuration_id has to be a whole number, 1 or more"):
        dbvisit().provider.launch_query(Launch("switchover/oracle", {"configuration_id": configuration_id}))


@pytest.mark.parametrize("result", [{}, {"task_id": 0}, {"task_id": None}, None, []])
def test_an_answer_without_a_task_is_no_launch(result):
    with pytest.raises(BadAnswerError):
        dbvisit(good(result)).launch("switchover/oracle", {"configuration_id": 1})


def test_a_refused_switchover_with_a_task_may_be_none():
    answer = {"error": {"message": "busy"}, "result": {"task_id": 7}, "successful": False}
    with pytest.raises(BadAnswerError, match="refused POST /switchover/oracle: busy, and gave the ID of a task"):
        dbvisit(reply(answer)).launch("switchover/oracle", {"configuration_id": 1})


def test_a_refused_switchover_is_told():
    refusal = reply({"error": {"message": "standby is not in sync"}, "successful": False}, 400)
    with pytest.raises(RejectedError, match="standby is not in sync"):
        dbvisit(refusal).launch("switchover/oracle", {"configuration_id": 1})


@pytest.mark.parametrize(
    ("launch_type", "title", "configuration_id", "is_same"),
    [
        ("switchover/oracle", "Switchover", 1, True),
        ("switchover/sqlserver", "Graceful switchover of DB1", 1, True),
        ("switchover/oracle", "Switchover", 2, False),
        ("switchover/oracle", "Synchronize", 1, False),
        ("activate/oracle", "Activate standby", 1, True),
        ("dr-test/start/oracle", "DR test", 1, True),
        ("sync/oracle", "Synchronize", 1, True),
        ("sync/oracle", "", 1, False),
        ("sync/oracle", "Asynchronous log gap report", 1, False),
        ("activate/oracle", "Deactivate observer", 1, False),
        ("dr-test/start/oracle", "Stop DR test", 1, False),
        ("dr-test/start/oracle", "Apply latest logs", 1, False),
        ("dr-test/start/oracle", "Test connection", 1, False),
        ("switchover/oracle", "Switch log file", 1, False),
        ("switchover/oracle", "Switch off observer", 1, False),
    ],
)
def test_the_same_switchover_says_so_in_its_title(launch_type, title, configuration_id, is_same):
    launch = Launch(launch_type, {"configuration_id": "1"})
    raw = {"configuration_id": configuration_id, "title": title}
    assert dbvisit().provider.is_launch(launch, task("7", name=title or None, raw=raw)) is is_same


def test_only_the_configurations_tasks_are_looked_at():
    session = dbvisit(good({"tasks": []}))
    session.provider.read_page(session.provider.launch_query(SWITCHOVER), None, session.deadline)
    assert session.sent == ("POST", "/api/task/list", {"params": {"show_hidden": True, "configuration_id": 1}})


def configuration(primary, standby, number=1):
    return {"configuration_id": number, "configuration_name": "CONF1", "primary": primary, "standby": standby}


def test_a_host_that_has_the_primary_already():
    mine = configuration({"host": "DB1", "port": 1}, {"host": "db2"})
    session = dbvisit(good({"configurations": [configuration({}, {}, 2), mine]}))
    assert session.desired(SWITCHOVER, {"primary": "db1"}) == mine
    assert session.sent == ("POST", "/api/list", {"params": {"configuration_id": 1}})


def test_a_host_that_has_the_standby():
    session = dbvisit(good({"configurations": [configuration({"host": "db1"}, {"host": "db2", "name": "ORCL"})]}))
    assert session.desired(SWITCHOVER, {"primary": "db2"}) is None


@pytest.mark.parametrize(
    ("primary", "standby", "host"),
    [
        ({"host": "db1"}, {"host": "db2"}, "db3"),
        # The databases of both often have one name.
        ({"host": "db1", "name": "ORCL"}, {"host": "db2", "name": "ORCL"}, "ORCL"),
        ({"host": "db1"}, None, "db2"),
    ],
)
def test_a_host_that_decides_nothing(primary, standby, host):
    session = dbvisit(good({"configurations": [configuration(primary, standby)]}))
    with pytest.raises(OptionError, match=f"desired: '{host}' does not tell which .* The primary one is at 'db1'"):
        session.desired(SWITCHOVER, {"primary": host})


@pytest.mark.parametrize("configurations", [None, [], [configuration({}, {}, 2)]])
def test_a_configuration_that_does_not_exist(configurations):
    session = dbvisit(good({"configurations": configurations}))
    with pytest.raises(OptionError, match="has no configuration with the configuration_id 1"):
        session.desired(SWITCHOVER, {"primary": "db1"})


@pytest.mark.parametrize("desired", [{"host": "db1"}, {"primary": 1}, {"primary": "db1", "standby": "db2"}])
def test_only_the_primary_can_be_desired(desired):
    with pytest.raises(OptionError, match="desired takes only primary"):
        dbvisit().provider.check_launch(SWITCHOVER, desired)


# What a DR test or a synchronisation brings about is no primary: it would be skipped in silence.
@pytest.mark.parametrize("launch_type", ["activate/oracle", "dr-test/start/oracle", "sync/oracle"])
def test_only_of_a_switchover(launch_type):
    with pytest.raises(OptionError, match="desired says where a switchover leads"):
        dbvisit().provider.check_launch(Launch(launch_type, {"configuration_id": 1}), {"primary": "db1"})


# --- KooDrive -------------------------------------------------------------------------------------------------

TRANSFER = Launch("transfer", {"srcUserId": "1397687227244555008", "dstUserId": "1507947856550550784"})


def koodrive(*script, **options):
    return Session("huawei_koodrive", *script, **options)


def test_a_transfer_is_launched():
    session = koodrive(reply({"taskId": "1534087020903704704", "code": 0, "msg": "Success."}))
    assert session.launch("transfer", TRANSFER.input) == "1534087020903704704"
    assert session.sent == ("POST", "/koodrive/ose/v1/task/create", {**TRANSFER.input, "taskType": 0})


def test_a_job_is_launched():
    session = koodrive(reply({"data": 1534087020903704705, "code": "0", "msg": "x"}), service="jobs")
    assert session.launch("move", {"actionType": 301}) == "1534087020903704705"
    assert session.sent == ("POST", "/koodrive/ose/v1/jobs", {"actionType": 301, "taskType": 3})


@pytest.mark.parametrize("service", ["task", "jobs"])
@pytest.mark.parametrize(
    "answer", [{"code": 0}, {"code": 0, "taskId": None, "data": None}, {"code": 0, "taskId": " ", "data": ""}]
)
def test_an_answer_without_an_id_is_no_launch(service, answer):
    session = koodrive(reply(answer), service=service)
    with pytest.raises(BadAnswerError, match=r"unexpected shape .*: POST "):
        session.launch(session.provider.description.launch_types[0], {})


@pytest.mark.parametrize("service", ["task", "jobs"])
def test_what_a_launch_names_and_does_not_exist_is_no_wrong_address(service):
    session = koodrive(reply({"code": 13000309, "msg": "x"}, 400), service=service)
    with pytest.raises(RejectedError, match=r"code 13000309 \(The resource does not exist\): x\): POST "):
        session.launch(session.provider.description.launch_types[0], {})


def test_a_code_refuses_a_launch_even_under_http_200():
    session = koodrive(reply({"code": 13000102, "msg": "x"}))
    with pytest.raises(RejectedError, match=r"refused the request \(code 13000102 \(A parameter did not pass.*: POST "):
        session.launch("transfer", {})


@pytest.mark.parametrize(
    ("known", "is_same"),
    [
        ('{"srcUserId": "1397687227244555008", "dstUserId": "1507947856550550784", "x": 1}', True),
        ({"srcUserId": 1397687227244555008, "dstUserId": "1507947856550550784"}, True),
        ('{"srcUserId": "1397687227244555008", "dstUserId": "2"}', False),
        ('{"srcUserId": "1397687227244555008"}', False),
        ("{", False),
        ("[]", False),
        ("[" * 100_000, False),
        (None, False),
        (7, False),
        ({"srcUserId": ["1397687227244555008"], "dstUserId": "1507947856550550784"}, False),
    ],
    ids=str,
)
def test_the_same_transfer_has_the_same_parameters(known, is_same):
    raw = {"taskId": "1", "status": 1, "taskType": 0, "initParams": known}
    session = koodrive(reply({"code": 0, "taskList": [raw]}))
    (listed,) = session.provider.read_page(session.provider.launch_query(TRANSFER), None, session.deadline).tasks
    assert listed.state is TaskState.RUNNING
    assert session.provider.is_launch(TRANSFER, listed) is is_same
    assert not session.provider.is_launch(Launch("user_import", TRANSFER.input), listed)
    assert not session.provider.is_launch(Launch("transfer", {}), listed)
    assert not session.provider.lists_lack_input


@pytest.mark.parametrize(
    ("given", "other"), [(["a"], ["b", "c"]), (True, False), (0.5, 0.7), (None, ""), ({"a": 1}, {"a": 2}), (True, 1)]
)
def test_parameters_that_are_no_words_are_compared_too(given, other):
    provider = koodrive().provider
    launch = Launch("transfer", {"x": given})
    assert provider.is_launch(launch, task("1", type="transfer", raw={"initParams": {"x": given}}))
    assert not provider.is_launch(launch, task("1", type="transfer", raw={"initParams": {"x": other}}))


def test_nothing_can_be_desired_of_a_drive():
    with pytest.raises(OptionError, match="desired cannot be checked at Huawei Cloud KooDrive"):
        koodrive().provider.check_launch(TRANSFER, {"owner": "7"})


def test_the_type_of_a_drives_task_is_said_once():
    with pytest.raises(OptionError, match="input must not hold taskType"):
        koodrive().provider.check_launch(Launch("transfer", {"taskType": 1}), None)
    koodrive().provider.check_launch(TRANSFER, None)


@pytest.mark.parametrize(
    ("service", "answer"),
    [("task", {"code": "200", "taskId": "1534087020903704704"}), ("jobs", {"code": 13000102, "data": "1"})],
)
def test_a_refusal_with_an_id_may_be_none(service, answer):
    session = koodrive(reply(answer), service=service)
    with pytest.raises(BadAnswerError, match="and gave an ID all the same"):
        session.launch(session.provider.description.launch_types[0], {})


def test_the_body_of_a_launch_is_signed():
    session = koodrive(reply({"taskId": "7", "code": 0}), **APP, api_token=None)
    session.launch("transfer", {"srcUserId": "ä"})
    (request,) = session.http.requests
    assert request.body == b'{"srcUserId": "\\u00e4", "taskType": 0}'
    headers = request.headers
    canonical = "\n".join(
        [
            "POST",
            "/koodrive/ose/v1/task/create/",
            "",
            f"host:{headers['Host']}",
            f"x-date:{headers['X-Date']}",
            "x-user-id:7",
            "",
            "host;x-date;x-user-id",
            hashlib.sha256(request.body).hexdigest(),
        ]
    )
    to_sign = f"HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(b"s3cret", to_sign.encode(), hashlib.sha256).hexdigest()
    assert headers["Authorization"].endswith(f"Signature={signature}")
