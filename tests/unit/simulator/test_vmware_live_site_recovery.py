# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The face of VMware's appliances."""

from __future__ import annotations

import base64
import uuid
from urllib.parse import urlsplit

import pytest

from task_simulator.validation import ScenarioError

NAME = "vmware_live_site_recovery"
LOGINS = {
    "configure": ("admin", "demo-password"),
    "srm": ("administrator@vsphere.local", "demo-sso-password"),
    "vr": ("administrator@vsphere.local", "demo-sso-password"),
}
EACH = pytest.mark.parametrize("service", LOGINS)
VERSIONS = pytest.mark.parametrize("version", ["v1", "v2"])
PATHS = ["/session", "/tasks", "/tasks/a", "/storage-replication-adapters"]


def basic(username, password):
    return {"Authorization": f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"}


class Session:
    """A client that is logged in to one service."""

    def __init__(self, client, service="configure", version="v2"):
        self.client = client
        self.base = f"/api/rest/{service}/{version}"
        answer = client.send("POST", f"{self.base}/session", headers=basic(*LOGINS[service]))
        assert answer.status == 200
        self.id = answer.json()["session_id"]

    def send(self, method, path, body=None, headers=()):
        return self.client.send(method, self.base + path, body, {"x-dr-session": self.id, **dict(headers)})

    def get(self, path):
        return self.send("GET", path)

    def tasks(self, query=""):
        answer = self.get(f"/tasks{query}")
        assert answer.status == 200
        return [task["id"] for task in answer.json()["list"]]


@pytest.fixture
def log_in(client):
    def log_in(simulator, service="configure", version="v2"):
        return Session(client(simulator), service, version)

    return log_in


def task(task_id="a", **keys):
    return {"provider": NAME, "id": task_id, **keys}


# --- sessions -------------------------------------------------------------------------------------------------


@EACH
@VERSIONS
def test_a_login_gives_a_session_of_its_service(play, log_in, service, version):
    session = log_in(play(), service, version)
    assert uuid.UUID(base64.b64decode(session.id).decode())
    assert session.get("/session").json() == {"username": LOGINS[service][0]}
    assert session.get("/tasks").status == 200


def test_a_session_is_good_for_no_other_service(play, log_in):
    session = log_in(play(), "srm", "v1")
    assert session.client.get("/api/rest/srm/v2/tasks", x_dr_session=session.id).status == 200
    assert session.client.get("/api/rest/vr/v2/tasks", x_dr_session=session.id).status == 401


@EACH
@pytest.mark.parametrize(
    "headers", [{}, basic("admin", "wrong"), basic("somebody", "demo-password"), {"Authorization": "Basic ?"}]
)
def test_a_wrong_login_is_refused_without_a_word(play, client, service, headers):
    answer = client(play()).send("POST", f"/api/rest/{service}/v2/session", headers=headers)
    assert (answer.status, answer.body) == (401, b"")


def test_each_service_has_its_own_users(play, client):
    mine = client(play())
    assert mine.send("POST", "/api/rest/srm/v2/session", headers=basic(*LOGINS["configure"])).status == 401
    assert mine.send("POST", "/api/rest/configure/v2/session", headers=basic(*LOGINS["srm"])).status == 401


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_shown_without_a_session(play, client, path):
    mine = client(play(tasks=[task()]))
    for headers in ({}, {"x-dr-session": "wrong"}):
        answer = mine.send("GET", f"/api/rest/configure/v2{path}", headers=headers)
        assert (answer.status, answer.body) == (401, b"")


def test_a_session_ends_after_its_lifetime(play, log_in, clock):
    session = log_in(play(credentials={NAME: {"session_lifetime": 60}}))
    clock.pass_(59.9)
    assert session.get("/tasks").status == 200
    clock.pass_(0.1)
    assert session.get("/tasks").status == 401


def test_a_session_ends_with_the_logout_and_on_command(play, log_in):
    simulator = play()
    session = log_in(simulator)
    answer = session.send("DELETE", "/session")
    assert (answer.status, answer.body) == (204, b"")
    assert session.send("DELETE", "/session").status == 401
    session = log_in(simulator)
    simulator.expire_sessions()
    assert session.get("/tasks").status == 401


# --- the dialects ---------------------------------------------------------------------------------------------

STEPS = [{"state": "QUEUED", "seconds": 10}, {"state": "RUNNING", "seconds": 100}]


def life(play, log_in, clock, service, version, *, state="SUCCESS"):
    """Return a task as it is queued, running, and at its end."""
    session = log_in(play(tasks=[task(type="T", steps=STEPS, end={"state": state})]), service, version)
    found = []
    for seconds in (5, 55, 100):
        clock.pass_(seconds)
        found.append(session.get("/tasks/a").json())
    return found


def test_version_1_of_the_configuration(play, log_in, clock):
    queued, running, ended = life(play, log_in, clock, "configure", "v1")
    assert queued == {
        "id": "a",
        "description": "T of the appliance",
        "type": "T",
        "status": "QUEUED",
        "_meta": {"errors": []},
    }
    assert (running["status"], running["progress"], running["start_time"]) == ("RUNNING", 50, "2014-02-26T03:02:33Z")
    assert "complete_time" not in running
    assert (ended["status"], ended["progress"], ended["complete_time"]) == ("SUCCESS", 100, "2014-02-26T03:04:13Z")
    assert list(ended["result"]) == ["id"]


def test_version_1_of_the_configuration_fails_with_a_throwable(play, log_in, clock):
    error = life(play, log_in, clock, "configure", "v1", state="ERROR")[2]["error"]
    assert error["message"] == "The operation failed."
    assert error["cause"]["message"] == "The service did not answer: Connection refused"
    # No field of version 1 can be null.
    frame = error["stack_trace"][0]
    assert (frame["line_number"], None in frame.values(), "module_name" in frame) == (42, False, False)


def test_version_2_of_the_configuration(play, log_in, clock):
    queued, running, ended = life(play, log_in, clock, "configure", "v2")
    assert queued == {
        "id": "a",
        "description": "T of the appliance",
        "type": "T",
        "status": "QUEUED",
        "start_time": None,
        "complete_time": None,
        "error": None,
        "result": None,
        "_meta": {"errors": []},
    }
    assert (running["progress"], running["start_time"]) == (50, 1393383753000)
    assert (ended["complete_time"], list(ended["result"])) == (1393383853000, ["id"])


@pytest.mark.parametrize("service", ["srm", "vr"])
@VERSIONS
def test_the_other_services(play, log_in, clock, service, version):
    queued, running, ended = life(play, log_in, clock, service, version)
    assert not {"type", "progress"} & set(queued)
    assert (queued["description_id"], queued["entity_name"]) == ("T", None)
    assert queued["entity"].startswith("DrRecoveryRecoveryPlan:")
    times = (1393383743000, 1393383753000) if version == "v2" else ("2014-02-26T03:02:23Z", "2014-02-26T03:02:33Z")
    assert (running["queued_time"], running["start_time"]) == times
    assert isinstance(ended["result"], str)


@pytest.mark.parametrize(("service", "version"), [("configure", "v2"), ("srm", "v1"), ("srm", "v2"), ("vr", "v2")])
def test_the_others_fail_with_a_message_and_details(play, log_in, clock, service, version):
    ended = life(play, log_in, clock, service, version, state="ERROR")[2]
    assert set(ended["error"]) == {"message", "details"}
    assert ended["result"] is None


def test_a_scenario_can_say_otherwise(play, log_in):
    end = {"state": "CANCELLED", "error": {"message": "By ann"}, "progress": 3, "fields": {"x": 1}, "without": ["id"]}
    shown = log_in(play(tasks=[task(steps=[], end=end)])).get("/tasks/a").json()
    assert (shown["status"], shown["error"], shown["progress"], shown["x"]) == (
        "CANCELLED",
        {"message": "By ann"},
        3,
        1,
    )
    assert "id" not in shown


def test_a_task_that_nobody_knows_has_no_body(play, log_in):
    answer = log_in(play()).get("/tasks/a")
    assert (answer.status, answer.body) == (404, b"")


def test_an_id_with_colons_is_found_quoted(play, log_in):
    session = log_in(play(tasks=[task("DrTask:1:2")]))
    assert session.get("/tasks/DrTask%3A1%3A2").json()["id"] == "DrTask:1:2"


def test_a_task_cannot_be_cancelled(play, log_in):
    assert log_in(play(tasks=[task()])).send("DELETE", "/tasks/a").status == 405


# --- lists ----------------------------------------------------------------------------------------------------


@pytest.fixture
def five(play, log_in):
    """Play five tasks, t1 the youngest; t2 and t4 have failed."""
    ends = [{"state": "ERROR" if number % 2 == 0 else "SUCCESS"} for number in range(1, 6)]
    tasks = [task(f"t{number}", type="T", age=10 * number, end=end) for number, end in enumerate(ends, 1)]

    def start(**credentials):
        return log_in(play(tasks=tasks, credentials={NAME: credentials}))

    return start


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", ["t1", "t2", "t3", "t4", "t5"]),
        ("?limit=2", ["t1", "t2"]),
        ("?limit=2&offset=4", ["t5"]),
        ("?limit=2&offset=9", []),
        ("?sort_by=start_time", ["t5", "t4", "t3", "t2", "t1"]),
        ("?sort_by=start_time&order_by=desc", ["t1", "t2", "t3", "t4", "t5"]),
        ("?sort_by=id&order_by=descending&limit=1", ["t5"]),
        ("?filter_property=status&filter=ERROR", ["t2", "t4"]),
        ("?filter_property=status&filter=ERROR&filter=SUCCESS&limit=3", ["t1", "t2", "t3"]),
        ("?filter_property=status&filter=ERR", []),
        ("?filter_property=id&filter=t3", ["t3"]),
        ("?filter_property=colour&filter=red", []),
        ("?filter_property=result&filter=None", []),
        ("?filter_property=error.message&filter=The operation failed.".replace(" ", "%20"), ["t2", "t4"]),
        ("?filter_property=error.cause.message&filter=x", []),
    ],
)
def test_lists_are_filtered_sorted_and_paged(five, query, ids):
    assert five().tasks(query) == ids


def test_a_filter_may_compare_parts(five):
    assert five(filter_match="part").tasks("?filter_property=status&filter=ERR") == ["t2", "t4"]


@pytest.mark.parametrize(
    "query",
    [
        "?limit=x",
        "?limit=0",
        "?limit=-1",
        "?offset=1",
        "?offset=x&limit=1",
        "?order_by=asc",
        "?order_by=up&sort_by=id",
        "?filter=a",
        "?filter_property=id",
    ],
)
def test_parameters_that_do_not_go_together(five, query):
    answer = five().get(f"/tasks{query}")
    assert answer.status == 400
    assert set(answer.json()) == {"error_code", "message", "op_id"}
    assert uuid.UUID(answer.json()["op_id"])


@pytest.mark.parametrize("form", ["absolute", "relative"])
def test_pages_are_linked(five, form):
    session = five(next_links=form)
    query, seen = "?limit=2&sort_by=id", []
    while True:
        body = session.get(f"/tasks{query}").json()
        seen.append((body["_meta"]["offset"], body["_meta"]["total"], len(body["list"])))
        links = body["_meta"]["links"]
        assert ("previous" in links) is (body["_meta"]["offset"] > 0)
        link = links.get("next")
        if link is None:
            break
        assert link["href"].startswith("http://127.0.0.1" if form == "absolute" else "/api/rest/configure/v2/tasks?")
        query = f"?{urlsplit(link['href']).query}"
        assert "sort_by=id" in query
    assert seen == [(0, 5, 2), (2, 5, 2), (4, 5, 1)]


def test_a_link_that_there_is_not_can_be_null(five):
    links = five(no_link="null").get("/tasks").json()["_meta"]["links"]
    assert (links["next"], links["previous"]) == (None, None)
    assert set(five().get("/tasks").json()["_meta"]["links"]) == {"self"}


def test_links_can_be_left_out_and_the_page_size_set(five):
    meta = five(next_links="absent", page_size=3).get("/tasks").json()["_meta"]
    assert meta == {"errors": [], "total": 5, "offset": 0, "limit": 3, "links": {}}


# --- what starts tasks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "call"),
    [
        ("configure", "PUT /appliance/configuration-manager/configuration"),
        ("configure", "POST /appliance/configuration-manager/configuration/actions/remove"),
        ("configure", "POST /appliance/update-manager/actions/retrieve-updates"),
        ("configure", "POST /appliance/update-manager/updates/9.0.1/actions/install"),
        ("configure", "POST /support-bundles"),
        ("configure", "GET /storage-replication-adapters"),
        ("srm", "POST /pairings/p1/recovery-management/plans/plan:1/actions/test"),
    ],
)
def test_what_takes_long_answers_with_a_task(play, log_in, clock, service, call):
    method, path = call.split(" ")
    session = log_in(play(), service)
    answer = session.send(method, path, {"a": 1} if method != "GET" else None)
    assert (answer.status, answer.json()["status"]) == (202, "QUEUED")
    assert "Location" not in answer.headers
    clock.pass_(10)
    assert session.get(f"/tasks/{answer.json()['id']}").json()["status"] == "SUCCESS"


def test_replications_are_many_tasks_at_once(play, log_in):
    rule = {"provider": NAME, "match": {"vm_id": "vm-2"}, "steps": [], "end": {"state": "ERROR"}}
    session = log_in(play(launches=[rule]), "vr")
    answer = session.send("POST", "/pairings/p1/replications", [{"vm_id": "vm-1"}, {"vm_id": "vm-2"}])
    assert answer.status == 202
    assert [each["status"] for each in answer.json()["list"]] == ["QUEUED", "ERROR"]
    assert session.tasks() == [each["id"] for each in answer.json()["list"]]


@pytest.mark.parametrize("body", ["", "{", "{}", "[]"])
def test_replications_that_are_none(play, log_in, body):
    assert log_in(play(), "vr").send("POST", "/pairings/p1/replications", body).status == 400


def test_a_plan_has_the_documented_actions_only(play, log_in):
    session = log_in(play(), "srm")

    def run(action):
        return session.send("POST", f"/pairings/p1/recovery-management/plans/x/actions/{action}")

    assert {run(action).status for action in ("cleanup", "reconfigure", "recovery", "reprotect", "test")} == {202}
    answer = run("explode")
    assert (answer.status, answer.body, len(session.tasks())) == (404, b"", 5)


PLAN = "/pairings/p1/recovery-management/plans/DrRecoveryRecoveryPlan:x"


def there(session, login=LOGINS["srm"], pairing="p1"):
    return session.send("POST", f"/pairings/{pairing}/remote-session", headers=basic(*login)).status


def test_the_cancel_of_a_plan_ends_its_run(play, log_in, clock):
    session = log_in(play(), "srm")
    task = session.send("POST", f"{PLAN}/actions/recovery").json()
    assert task["entity"] == "DrRecoveryRecoveryPlan:x"
    assert there(session) == 204
    answer = session.send("POST", f"{PLAN}/actions/cancel")
    assert (answer.status, answer.body, len(session.tasks())) == (204, b"", 1)
    assert session.send("GET", f"/tasks/{task['id']}").json()["status"] == "QUEUED"
    clock.pass_(1)
    assert session.send("GET", f"/tasks/{task['id']}").json()["status"] == "CANCELLED"
    # Nothing is left to cancel.
    assert session.send("POST", f"{PLAN}/actions/cancel").status == 400


def test_a_cancel_needs_a_session_at_the_other_site(play, log_in):
    session = log_in(play(), "srm")
    session.send("POST", f"{PLAN}/actions/test")
    assert there(session, ("administrator@vsphere.local", "wrong")) == 401
    assert session.send("POST", f"{PLAN}/actions/cancel").status == 400
    assert there(session, pairing="p2") == 204
    assert session.send("POST", f"{PLAN}/actions/cancel").status == 400


def test_a_pairing_has_its_own_plans(play, log_in):
    session = log_in(play(credentials={NAME: {"pairings": ["p1", "p2"]}}), "srm")
    session.send("POST", f"{PLAN}/actions/test")
    assert [entry["pairing_id"] for entry in session.send("GET", "/pairings").json()["list"]] == ["p1", "p2"]
    assert session.send("GET", PLAN).json()["id"] == "DrRecoveryRecoveryPlan:x"
    assert session.send("GET", PLAN.replace("p1", "p2")).status == 404


def test_a_launch_needs_json_and_a_session(play, log_in, client):
    simulator = play()
    assert log_in(simulator).send("POST", "/support-bundles", "{").status == 400
    assert client(simulator).send("POST", "/api/rest/configure/v2/support-bundles").status == 401
    assert client(simulator).send("POST", "/api/rest/vr/v2/pairings/p/replications").status == 401
    path = "/api/rest/srm/v2/pairings/p/recovery-management/plans/x/actions/cancel"
    assert client(simulator).send("POST", path).status == 401


# --- limits and errors ----------------------------------------------------------------------------------------


def test_a_session_has_its_limit_in_each_window(play, log_in, clock):
    simulator = play()
    session = log_in(simulator)
    assert {session.get("/tasks").status for _number in range(50)} == {200}
    answer = session.get("/tasks")
    assert (answer.status, answer.body, answer.headers["Retry-After"]) == (429, b"", None)
    assert log_in(simulator).get("/tasks").status == 200
    clock.pass_(60)
    assert session.get("/tasks").status == 200


@pytest.mark.parametrize("limit", ["ip_rate_limit", "service_rate_limit"])
def test_an_address_and_a_service_have_theirs(play, log_in, limit):
    session = log_in(play(credentials={NAME: {limit: 3}}))
    assert [session.get("/tasks").status for _number in range(3)] == [200, 200, 429]


@pytest.mark.parametrize(("status", "has_body"), [(400, True), (401, False), (403, True), (404, False), (500, True)])
def test_errors_have_the_documented_bodies(play, log_in, status, has_body):
    simulator = play(faults=[{"kind": "status", "path": "/api/rest/*/tasks", "status": status}])
    answer = log_in(simulator).get("/tasks")
    assert answer.status == status
    assert bool(answer.body) is has_body
    assert not has_body or set(answer.json()) == {"error_code", "message", "op_id"}


def test_a_path_that_is_none(play, client):
    mine = client(play())
    assert mine.get("/api/rest/configure/v3/tasks").status == 404
    assert mine.get("/api/rest/configure").status == 404
    assert mine.send("PATCH", "/api/rest/configure/v2/session").status == 405


def test_an_unknown_state_can_be_played(play, log_in):
    simulator = play(
        tasks=[task()], faults=[{"kind": "unknown_state", "state": "DREAMING", "path": "/api/rest/*/tasks*"}]
    )
    session = log_in(simulator)
    assert session.get("/tasks").json()["list"][0]["status"] == "DREAMING"
    assert session.get("/tasks/a").json()["status"] == "DREAMING"


def test_a_scenario_names_what_is_wrong_with_the_credentials(play):
    with pytest.raises(ScenarioError, match="next_links must be one of: absolute, relative, absent"):
        play(credentials={NAME: {"next_links": "sideways"}})
