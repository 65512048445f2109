# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The face of Dbvisit Standby MultiPlatform."""

from __future__ import annotations

import base64

import pytest

COOKIE = {"Cookie": "dbvisit-standby=demo-cookie"}
GOOD = {"error": {"message": ""}, "successful": True}
#: In progress for three seconds, failed for two, then dismissed.
RACE = {
    "provider": "dbvisit_standby",
    "id": "9",
    "steps": [{"state": "In Progress", "seconds": 3}, {"state": "Failed", "seconds": 2}],
    "end": {"state": "Dismissed"},
}


@pytest.fixture
def ask(client):
    """Return a function that calls the API with a login and returns the answer."""

    def call(simulator, path, params=None, headers=None):
        login = COOKIE if headers is None else headers
        return client(simulator).send("POST", f"/api{path}", {"params": params or {}}, login)

    return call


def basic(text):
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


def ids(answer):
    return [task["task_id"] for task in answer.json()["result"]["tasks"]]


def test_a_task_has_the_fields_of_the_pages(play, ask, clock):
    simulator = play(tasks=[{"provider": "dbvisit_standby", "id": "7", "input": {"configuration_id": 3}}])
    running = {
        "configuration_id": 3,
        "configuration_name": "CONF3",
        "hidden_by": "",
        "finished": "",
        "messages": [{"message": "Switchover started", "time": "2014-02-26T03:02:23.000000456Z"}],
        "performed_by": "admin",
        "started": "2014-02-26T03:02:23.000000456Z",
        "state": "In Progress",
        "task_id": 7,
        "title": "Switchover",
        "updated": "2014-02-26T03:02:23.000000456Z",
    }
    assert ask(simulator, "/task/show", {"task_id": 7}).json() == {**GOOD, "result": running}
    assert ask(simulator, "/task/list").json() == {**GOOD, "result": {"tasks": [running]}}
    clock.pass_(5)
    ended = ask(simulator, "/task/show", {"task_id": 7}).json()["result"]
    assert (ended["state"], ended["finished"]) == ("End", "2014-02-26T03:02:26.000000456Z")
    assert ended["messages"][-1] == {"message": "Switchover completed", "time": ended["finished"]}


def test_a_dismissed_task_hides_its_outcome_and_itself(play, ask, clock):
    simulator = play(tasks=[RACE])
    clock.pass_(4)
    failed = ask(simulator, "/task/show", {"task_id": 9}).json()["result"]
    assert (failed["state"], failed["hidden_by"], ids(ask(simulator, "/task/list"))) == ("Failed", "", [9])
    clock.pass_(2)
    dismissed = ask(simulator, "/task/show", {"task_id": 9}).json()["result"]
    assert (dismissed["state"], dismissed["hidden_by"]) == ("Dismissed", "admin")
    assert dismissed["finished"] == failed["finished"] == "2014-02-26T03:02:26.000000456Z"
    assert dismissed["messages"][-1]["message"] == "Switchover failed"
    assert ids(ask(simulator, "/task/list")) == []
    assert ids(ask(simulator, "/task/list", {"show_hidden": False})) == []
    assert ids(ask(simulator, "/task/list", {"show_hidden": True})) == [9]


def test_facts_that_are_not_known_can_be_chosen(play, ask, clock):
    options = {
        "dismissed_field": "dismissed_by",
        "show_parameter": "show_dismissed",
        "no_error": "absent",
        "refusal_status": 200,
    }
    simulator = play(tasks=[RACE], credentials={"dbvisit_standby": options})
    clock.pass_(6)
    assert ids(ask(simulator, "/task/list", {"show_hidden": True})) == []
    answer = ask(simulator, "/task/list", {"show_dismissed": True}).json()
    assert "error" not in answer
    (task,) = answer["result"]["tasks"]
    assert task["dismissed_by"] == "admin"
    assert "hidden_by" not in task
    refused = ask(simulator, "/task/show", {"task_id": 8})
    assert (refused.status, refused.json()["successful"]) == (200, False)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        # The page of /task/list has one in the example of a success.
        ({}, {"message": ""}),
        ({"no_error": "example"}, {"message": "string"}),
        ({"no_error": "null"}, None),
        ({"no_error": "empty_text"}, ""),
        ({"no_error": "absent"}, "none at all"),
    ],
)
def test_a_success_may_have_an_error_of_any_kind(play, ask, options, error):
    simulator = play(credentials={"dbvisit_standby": options})
    assert ask(simulator, "/task/list").json().get("error", "none at all") == error


@pytest.mark.parametrize(
    ("path", "params", "words"),
    [
        ("/task/show", {"task_id": 8}, "task 8 not found"),
        ("/task/show", {}, "task 0 not found"),
        ("/task/show", {"task_id": "7"}, "task_id must be a non-negative integer"),
        ("/task/show", {"task_id": 7.0}, "task_id must be a non-negative integer"),
        ("/task/list", {"configuration_id": -1}, "configuration_id must be a non-negative integer"),
        ("/task/list", {"show_hidden": "true"}, "show_hidden must be a boolean"),
        ("/switchover/oracle", {}, "configuration_id is required"),
    ],
)
def test_a_refusal_is_400_with_a_text(play, ask, path, params, words):
    answer = ask(play(tasks=[{"provider": "dbvisit_standby", "id": "7"}]), path, params)
    assert (answer.status, answer.json()) == (400, {"error": {"message": words}, "successful": False})


@pytest.mark.parametrize("body", ["", "{", "[]", "{}", '{"params": []}', '{"params": null}'])
def test_a_body_without_params_is_refused(play, client, body):
    answer = client(play()).send("POST", "/api/task/list", body, COOKIE)
    assert (answer.status, answer.json()["successful"]) == (400, False)


def test_a_list_can_be_of_one_configuration(play, ask):
    tasks = [{"provider": "dbvisit_standby", "id": str(n), "input": {"configuration_id": n}} for n in (1, 2)]
    simulator = play(tasks=tasks)
    assert ids(ask(simulator, "/task/list", {"configuration_id": 2, "unheard": "of"})) == [2]
    assert ids(ask(simulator, "/task/list", {"configuration_id": 0})) == [1, 2]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (basic("admin:admin-password"), 200),
        (basic("admin:wrong"), 401),
        (basic("admin"), 401),
        ({"Authorization": "Basic !"}, 401),
        ({"Authorization": "Bearer demo-cookie"}, 401),
        ({"Cookie": "other=1; dbvisit-standby=demo-cookie"}, 200),
        ({"Cookie": "dbvisit-standby=wrong"}, 401),
        ({}, 401),
    ],
)
def test_logins(play, ask, headers, status):
    answer = ask(play(), "/task/list", headers=headers)
    assert answer.status == status
    assert status == 200 or answer.body == b"Unauthorized\n"


def test_the_older_login_gives_a_cookie_for_thirty_days(play, client, ask, clock):
    simulator = play()
    answer = client(simulator).post("/api/login", {"UserName": "admin", "Password": "admin-password"})
    assert (answer.status, answer.json()) == (200, {"Status": 200, "Result": {}})
    pair, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert attributes == ["Path=/", "Expires=Fri, 28 Mar 2014 03:02:23 GMT", "Max-Age=2592000"]
    assert ask(simulator, "/task/list", headers={"Cookie": pair}).status == 200
    clock.pass_(2592000)
    assert ask(simulator, "/task/list", headers={"Cookie": pair}).status == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [({"UserName": "admin", "Password": "wrong"}, 401), ({"UserName": "admin"}, 400), ("[", 400), ([], 400)],
)
def test_a_bad_login(play, client, body, status):
    assert client(play()).post("/api/login", body).status == status


def test_expired_sessions_are_cookies(play, ask):
    simulator = play()
    simulator.expire_sessions()
    assert ask(simulator, "/task/list").status == 401
    assert ask(simulator, "/task/list", headers=basic("admin:admin-password")).status == 200


@pytest.mark.parametrize(
    ("path", "title"),
    [
        (f"/{action}/{database}", title)
        for database in ("oracle", "postgresql", "sqlserver")
        for action, title in (
            ("switchover", "Switchover"),
            ("activate", "Activate standby"),
            ("dr-test/start", "DR test"),
            ("sync", "Synchronize"),
        )
    ],
)
def test_a_launch_answers_with_the_tasks_id(play, ask, clock, path, title):
    simulator = play(tasks=[{"provider": "dbvisit_standby", "id": "1"}])
    answer = ask(simulator, path, {"configuration_id": 4})
    assert (answer.status, answer.json()) == (200, {**GOOD, "result": {"task_id": 2}})
    clock.pass_(3)
    task = ask(simulator, "/task/show", {"task_id": 2}).json()["result"]
    assert (task["title"], task["configuration_id"], task["state"]) == (title, 4, "End")


def test_a_rule_can_ask_for_the_kind_of_launch_and_its_params(play, ask, clock):
    broken = {"state": "Failed", "messages": ["Connecting", "The standby cannot be reached"]}
    rule = {"provider": "dbvisit_standby", "match": {"type": "sync", "params.configuration_id": 2}, "end": broken}
    simulator = play(launches=[rule])
    for path, configuration in (("/sync/oracle", 1), ("/sync/oracle", 2), ("/activate/oracle", 2)):
        ask(simulator, path, {"configuration_id": configuration})
    clock.pass_(3)
    tasks = ask(simulator, "/task/list").json()["result"]["tasks"]
    assert [task["state"] for task in tasks] == ["End", "Failed", "End"]
    assert tasks[1]["messages"] == [
        {"message": words, "time": tasks[1]["finished"]} for words in ("Connecting", "The standby cannot be reached")
    ]


def test_a_rule_can_ask_for_the_database(play, ask, clock):
    rule = {"provider": "dbvisit_standby", "match": {"database": "sqlserver"}, "end": {"state": "Failed"}}
    simulator = play(launches=[rule])
    for database in ("oracle", "sqlserver"):
        ask(simulator, f"/switchover/{database}", {"configuration_id": 1})
    clock.pass_(3)
    assert [task["state"] for task in ask(simulator, "/task/list").json()["result"]["tasks"]] == ["End", "Failed"]


def configurations(answer):
    assert answer.json()["successful"]
    return answer.json()["result"]["configurations"]


def hosts(simulator, ask, number):
    (found,) = configurations(ask(simulator, "/list", {"configuration_id": number}))
    return found["primary"]["host"], found["standby"]["host"]


def test_there_is_a_configuration_for_each_database(play, ask):
    simulator = play()
    found = configurations(ask(simulator, "/list"))
    assert [each["configuration_type"] for each in found] == ["oracle", "pgsql", "mssql"]
    assert found[1] == {
        "configuration_id": 2,
        "configuration_name": "CONF2",
        "configuration_type": "pgsql",
        "primary": {"host": "db3.example.com"},
        "standby": {"host": "db4.example.com"},
        "replication_mode": "STREAMING",
    }
    assert configurations(ask(simulator, "/list", {"configuration_type": "postgresql"})) == [found[1]]
    assert configurations(ask(simulator, "/list", {"configuration_name": "CONF3"})) == [found[2]]
    assert configurations(ask(simulator, "/list", {"configuration_id": 1})) == [found[0]]
    assert configurations(ask(simulator, "/list", {"configuration_id": 1, "configuration_name": "CONF3"})) == []
    assert ask(simulator, "/list", {"configuration_type": "pgsql"}).status == 400
    assert ask(simulator, "/list", {"configuration_id": "1"}).status == 400
    assert ask(simulator, "/list", headers={"Cookie": "none"}).status == 401


def test_configurations_of_the_scenario(play, ask):
    known = {
        "configuration_id": 7,
        "configuration_name": "SALES",
        "database": "sqlserver",
        "primary": "east",
        "standby": "west",
    }
    credentials = {"dbvisit_standby": {"configurations": [known], "host_field": "address"}}
    simulator = play(credentials=credentials, tasks=[{**RACE, "input": {"configuration_id": 7}}])
    (found,) = configurations(ask(simulator, "/list"))
    assert (found["configuration_id"], found["configuration_type"], found["primary"]) == (
        7,
        "mssql",
        {"address": "east"},
    )
    assert ask(simulator, "/task/show", {"task_id": 9}).json()["result"]["configuration_name"] == "SALES"
    assert configurations(ask(play(credentials={"dbvisit_standby": {"configurations": []}}), "/list")) == []


def test_a_switchover_that_ended_well_swaps_the_hosts(play, ask, clock):
    failing = {"provider": "dbvisit_standby", "match": {"params.fails": True}, "end": {"state": "Failed"}}
    endless = {"provider": "dbvisit_standby", "match": {"params.hangs": True}, "steps": [{"state": "In Progress"}]}
    simulator = play(launches=[failing, endless])
    before = hosts(simulator, ask, 1)
    for params in ({"fails": True}, {"hangs": True}):
        ask(simulator, "/switchover/oracle", {"configuration_id": 1, **params})
    ask(simulator, "/sync/oracle", {"configuration_id": 1})
    clock.pass_(3)
    assert hosts(simulator, ask, 1) == before
    ask(simulator, "/switchover/oracle", {"configuration_id": 1})
    clock.pass_(2.9)
    assert hosts(simulator, ask, 1) == before
    clock.pass_(0.1)
    assert hosts(simulator, ask, 1) == before[::-1]
    assert hosts(simulator, ask, 2) == ("db3.example.com", "db4.example.com")
    ask(simulator, "/switchover/oracle", {"configuration_id": 1})
    clock.pass_(3)
    assert hosts(simulator, ask, 1) == before


def test_hosts_are_those_of_the_simulators_start(play, ask, clock):
    ended = {"provider": "dbvisit_standby", "steps": [], "end": {"state": "End"}}
    dismissed = {
        "provider": "dbvisit_standby",
        "input": {"configuration_id": 2},
        "steps": [{"state": "In Progress", "seconds": 1}, {"state": "End", "seconds": 1}],
        "end": {"state": "Dismissed"},
    }
    simulator = play(tasks=[ended, {**ended, "age": 60}, dismissed])
    clock.pass_(5)
    assert hosts(simulator, ask, 1) == ("db1.example.com", "db2.example.com")
    assert hosts(simulator, ask, 2) == ("db4.example.com", "db3.example.com")


def test_ids_that_the_scenario_does_not_give_are_large_numbers(play, ask):
    simulator = play(tasks=[{"provider": "dbvisit_standby", "count": 3}])
    found = ids(ask(simulator, "/task/list"))
    assert len(set(found)) == 3
    assert all(2**53 <= number < 2**63 for number in found)


def test_an_unknown_state_reaches_every_task(play, ask):
    simulator = play(tasks=[{"provider": "dbvisit_standby", "id": "7"}])
    simulator.add_fault(kind="unknown_state", state="Hibernating")
    assert ask(simulator, "/task/show", {"task_id": 7}).json()["result"]["state"] == "Hibernating"
    assert ask(simulator, "/task/list").json()["result"]["tasks"][0]["state"] == "Hibernating"


def test_other_paths_and_methods_are_answered_in_plain_words(play, client):
    mine = client(play())
    assert mine.get("/api/nothing").body == b"404 page not found\n"
    assert (mine.get("/api/task/list").status, mine.get("/api/task/list").headers["Allow"]) == (405, "POST")


def test_forgotten_tasks_are_refused(play, ask, clock):
    simulator = play(tasks=[{"provider": "dbvisit_standby", "id": "7", "forgotten_after": 1}])
    clock.pass_(4)
    assert ask(simulator, "/task/show", {"task_id": 7}).status == 400
    assert ids(ask(simulator, "/task/list", {"show_hidden": True})) == []
