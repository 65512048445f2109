# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The face of NetApp Astra Control."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

import pytest

ACCOUNT = "fdaa655c-15ab-4d34-aa61-1e9098e67be0"
BASE = f"/accounts/{ACCOUNT}/core/v1/tasks"
APP = "7c8bef49-697e-4fb4-810c-675cef4cf6c9"
BACKUPS = f"/accounts/{ACCOUNT}/k8s/v1/apps/{APP}/appBackups"
BACKUP = {"type": "application/astra-appBackup", "version": "1.2"}
PARENT, CHILD, OTHER = (f"00000000-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))


@pytest.fixture
def ask(client):
    """Send a request with the token, and return status, content type and body."""

    def send(simulator, path=BASE, *, token="demo-token", method="GET", body=None, **headers):
        sent = {"Authorization": f"Bearer {token}", **headers} if token else headers
        answer = client(simulator).send(method, path, body, {"Accept": "*/*", **sent})
        return answer.status, answer.headers["Content-Type"], answer.json()

    return send


@pytest.fixture
def family(play):
    """Play a backup with one part, and another task."""
    return play(
        tasks=[
            {
                "provider": "netapp_astra_control",
                "id": CHILD,
                "type": "astra.backup.prep",
                "input": {"parentTaskID": PARENT, "orderHint": 2, "summary": "Backup preparation"},
                "steps": [{"state": "running", "seconds": 30, "percentDone": 20.25}],
                "end": {"state": "completed"},
            },
            {"provider": "netapp_astra_control", "id": PARENT},
            {"provider": "netapp_astra_control", "id": OTHER, "end": {"state": "failed", "code": 7}},
        ]
    )


def number(body):
    return int(body["type"].rpartition("/")[2])


def filtered(text):
    return f"{BASE}?filter={quote(text)}"


def test_a_task_goes_its_way(family, ask, clock):
    status, content_type, task = ask(family, f"{BASE}/{PARENT}")
    assert (status, content_type, task["state"]) == (200, "application/json", "notStarted")
    assert not {"startTime", "endTime", "parentTaskID"} & set(task)
    clock.pass_(1)
    task = ask(family, f"{BASE}/{PARENT}")[2]
    assert (task["state"], task["startTime"]) == ("running", "2014-02-26T03:02:24Z")
    clock.pass_(2)
    task = ask(family, f"{BASE}/{PARENT}")[2]
    assert (task["state"], task["percentDone"], task["endTime"]) == ("completed", 100, "2014-02-26T03:02:26Z")
    assert (task["type"], task["version"], task["name"]) == ("application/astra-task", "1.1", "astra.backup")


def test_a_part_names_its_parent_in_every_state(family, ask, clock):
    for state, percent in (("running", 20.25), ("completed", 100)):
        task = ask(family, f"{BASE}/{CHILD}")[2]
        assert (task["state"], task["percentDone"]) == (state, percent)
        assert (task["parentTaskID"], task["orderHint"], task["summary"]) == (PARENT, 2, "Backup preparation")
        clock.pass_(30)


@pytest.mark.parametrize(
    ("code", "kind", "title"),
    [(7, "stateDetails/7", "Task failed"), ("problems/24", "problems/24", "Service unavailable")],
)
def test_a_failure_has_its_code_in_a_state_detail(play, ask, code, kind, title):
    failed = {"provider": "netapp_astra_control", "id": OTHER, "steps": [], "end": {"state": "failed", "code": code}}
    (detail,) = ask(play(tasks=[failed]), f"{BASE}/{OTHER}")[2]["stateDetails"]
    assert (detail["type"], detail["title"]) == (f"https://astra.netapp.io/{kind}", title)


def test_the_media_type_asked_for_comes_back(family, ask, client):
    own = "application/astra-task+json"
    assert ask(family, f"{BASE}/{PARENT}", Accept=own)[1] == own
    assert ask(family, Accept="application/json")[1] == "application/json"
    assert number(ask(family, f"{BASE}/{PARENT}", Accept="text/html")[2]) == 32
    answer = client(family).get(f"{BASE}/{PARENT}", Authorization="Bearer demo-token")
    assert len(answer.headers["Etag"].strip('"')) == 32


@pytest.mark.parametrize(
    ("path", "token", "expected"),
    [
        (BASE, "", (401, 3)),
        (BASE, "wrong", (401, 4)),
        (f"{BASE}/{PARENT}", "wrong", (401, 4)),
        (f"{BASE}/00000000-0000-4000-8000-00000000dead", "demo-token", (404, 1)),
        (f"{BASE}/not-a-uuid", "demo-token", (404, 1)),
        (f"{BASE}/{PARENT.upper().replace('0000-4', '00AB-4')}", "demo-token", (404, 1)),
        (BASE.replace(ACCOUNT, "me"), "demo-token", (404, 2)),
        (BASE.replace(ACCOUNT, PARENT), "demo-token", (404, 2)),
        (f"{BASE.replace(ACCOUNT, PARENT)}/{PARENT}", "demo-token", (404, 1)),
        (f"{BACKUPS.replace(APP, 'mine')}", "demo-token", (404, 2)),
        (f"{BASE}?skip=1", "demo-token", (400, 6)),
        (f"{BASE}?orderBy=state", "demo-token", (400, 6)),
        (f"{BASE}?limit=0", "demo-token", (400, 5)),
        (f"{BASE}?include=a,", "demo-token", (400, 5)),
        (f"{BASE}?filter=state", "demo-token", (400, 5)),
        (f"/accounts/{ACCOUNT}/core/v1/nothing", "demo-token", (404, 1)),
    ],
)
def test_errors_are_numbered_problems(family, ask, path, token, expected):
    status, problem = expected
    got, content_type, body = ask(family, path, token=token)
    assert (got, content_type, number(body)) == (status, "application/problem+json", problem)
    # Text, as the documents have it.
    assert body["status"] == str(status)
    assert ("invalidParams" in body) is (problem in (5, 6))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"{BASE}/not-a-uuid", (400, 35)),
        (BASE.replace(ACCOUNT, "me"), (400, 33)),
        (BASE.replace(ACCOUNT, PARENT), (404, 18)),
    ],
)
def test_addresses_can_have_the_catalogues_own_problems(play, ask, path, expected):
    status, _type, body = ask(play(credentials={"netapp_astra_control": {"path_problems": "own"}}), path)
    assert (status, number(body)) == expected


def test_a_task_that_never_started_has_no_start(play, ask, clock):
    steps = [{"state": "notStarted", "seconds": 5}]
    ends = ("failed", "cancelled")
    tasks = [
        {"provider": "netapp_astra_control", "id": task_id, "steps": steps, "end": {"state": end}}
        for task_id, end in zip((PARENT, CHILD), ends)
    ]
    simulator = play(tasks=tasks)
    clock.pass_(9)
    failed, cancelled = (ask(simulator, f"{BASE}/{task_id}")[2] for task_id in (PARENT, CHILD))
    assert failed["startTime"] == failed["endTime"] == "2014-02-26T03:02:28Z"
    assert "startTime" not in cancelled


def test_tasks_are_read_only(family, ask):
    status, _type, body = ask(family, f"{BASE}/{PARENT}", method="DELETE")
    assert (status, number(body)) == (405, 69)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("state eq 'running'", [CHILD]),
        (f"parentTaskID eq '{PARENT}'", [CHILD]),
        ("state in 'running,notStarted'", [CHILD, PARENT, OTHER]),
        ("percentDone gt '20'", [CHILD]),
        ("orderHint lte '0'", [PARENT, OTHER]),
        ("name eq 'astra.backup',state eq 'notStarted'", [PARENT, OTHER]),
        ("metadata.createdBy eq '00000000-0000-0000-0000-000000000000'", [CHILD, PARENT, OTHER]),
        ("percentDone gt 'much'", []),
        ("nothing eq '1'", []),
        (f"resourceURI eq '/accounts/{ACCOUNT}/somewhere'", []),
        ("stateTransitions[*].from eq 'paused'", [CHILD, PARENT, OTHER]),
        ("stateTransitions[*].to[*] eq 'cancelled'", [CHILD, PARENT, OTHER]),
        ("stateTransitions[*].from eq 'completed'", []),
        ("name[*] eq 'astra.backup'", [PARENT, OTHER]),
    ],
)
def test_filters(family, ask, text, ids):
    assert [item["id"] for item in ask(family, filtered(text))[2]["items"]] == ids
    assert [item["id"] for item in ask(family, filtered(text).replace("%20", "+"))[2]["items"]] == ids


def test_a_limit_cuts_off_and_nothing_leads_on(family, ask):
    body = ask(family, f"{BASE}?limit=2")[2]
    assert [item["id"] for item in body["items"]] == [CHILD, PARENT]
    assert set(body) == {"type", "version", "items", "metadata"}
    assert "continue" not in body["metadata"]
    assert len(ask(family, f"{BASE}?limit={'9' * 5000}")[2]["items"]) == 3


def test_include_makes_bare_lists(family, ask):
    items = ask(family, f"{BASE}?include=id,parentTaskID,state")[2]["items"]
    assert items[:2] == [[CHILD, PARENT, "running"], [PARENT, None, "notStarted"]]


def test_a_backup_is_made_and_its_task_found_by_its_id(play, ask, client, clock):
    simulator = play(
        launches=[
            {
                "provider": "netapp_astra_control",
                "match": {"name": "broken"},
                "steps": [{"state": "running", "seconds": 1}],
                "end": {"state": "failed", "code": 7},
            }
        ]
    )
    body = {"type": "application/astra-appBackup", "version": "1.2", "name": "broken"}
    answer = client(simulator).send("POST", BACKUPS, body, {"Authorization": "Bearer demo-token"})
    backup = answer.json()
    assert (answer.status, backup["state"]) == (201, "pending")
    assert answer.headers["Location"] == f"{simulator.url}{BACKUPS}/{backup['id']}"
    clock.pass_(1)
    (task,) = ask(simulator, filtered(f"resourceURI eq '{BACKUPS}/{backup['id']}'"))[2]["items"]
    assert task["resourceID"] == backup["id"]
    assert task["id"] != backup["id"]
    assert (task["state"], task["resourceURI"]) == ("failed", f"{BACKUPS}/{backup['id']}")


def test_a_backup_needs_no_name_and_can_be_read(play, ask, clock):
    simulator = play()
    made = ask(simulator, BACKUPS, method="POST", body=BACKUP)[2]
    assert UUID(made["bucketID"])
    assert made["name"].startswith("backup-")
    chosen = {"bucketID": OTHER, "snapshotID": PARENT, "name": "nightly"}
    named = ask(simulator, BACKUPS, method="POST", body={**BACKUP, **chosen})[2]
    assert {key: named[key] for key in chosen} == chosen
    assert ask(simulator, f"{BACKUPS}/{made['id']}")[2] == made
    clock.pass_(1)
    assert ask(simulator, f"{BACKUPS}?include=name,state&limit=1")[2]["items"] == [[made["name"], "running"]]
    clock.pass_(2)
    page = ask(simulator, BACKUPS)[2]
    assert (page["type"], [each["state"] for each in page["items"]]) == (
        *("application/astra-appBackups", ["completed", "completed"]),
    )
    assert number(ask(simulator, f"{BACKUPS}?filter=state%20eq%20'running'")[2]) == 6
    for path in (f"{BACKUPS}/{OTHER}", f"{BACKUPS.replace(APP, OTHER)}/{made['id']}"):
        assert ask(simulator, path)[0] == 404
    assert ask(simulator, BACKUPS.replace(APP, OTHER))[2]["items"] == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("{", 7),
        ([], 8),
        ({"type": "application/astra-appBackup"}, 8),
        ({**BACKUP, "type": "x"}, 8),
        ({**BACKUP, "version": "2"}, 8),
        ({**BACKUP, "name": "No Label"}, 8),
        ({**BACKUP, "bucketID": "x"}, 8),
        ({**BACKUP, "snapshotID": 1}, 8),
        ({**BACKUP, "colour": "red"}, 8),
    ],
)
def test_a_malformed_backup(play, ask, body, problem):
    status, _type, answer = ask(play(), BACKUPS, method="POST", body=body)
    assert (status, number(answer)) == (400, problem)


def test_a_viewer_reads_and_makes_nothing(play, ask):
    simulator = play(credentials={"netapp_astra_control": {"role": "viewer"}})
    assert ask(simulator)[0] == 200
    body = {**BACKUP, "name": "x"}
    status, _type, answer = ask(simulator, BACKUPS, method="POST", body=body)
    assert (status, number(answer)) == (403, 11)


@pytest.mark.parametrize(("status", "problem"), [(500, 34), (502, 40), (503, 24), (403, 11)])
def test_faults_speak_the_vendors_words(family, ask, status, problem):
    family.add_fault(kind="status", status=status, count=1)
    got, content_type, body = ask(family)
    assert (got, content_type, number(body)) == (status, "application/problem+json", problem)


def test_a_status_that_no_document_has(family, ask):
    family.add_fault(kind="over_limit", count=1)
    status, _type, body = ask(family)
    assert (status, body["type"], body["status"]) == (429, "about:blank", "429")


def test_an_unknown_state(family, ask):
    family.add_fault(kind="unknown_state", state="resting", count=1)
    assert {item["state"] for item in ask(family)[2]["items"]} == {"resting"}


def test_an_account_of_a_scenario_has_to_be_a_uuid(play):
    with pytest.raises(ValueError, match=r"credentials\.netapp_astra_control\.account_id must be a UUID"):
        play(credentials={"netapp_astra_control": {"account_id": "me"}})
