# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The face of a small OpenStack: Keystone, and what test_simulated_glance.py cannot ask of a real Glance."""

from __future__ import annotations

import contextlib
from operator import attrgetter

import pytest

ID = "0e6f7d8e-2b1c-4c2a-9a7e-3f5c1d2e4a6b"
ADMIN = "admin-token"
IMPORT = {
    "type": "import",
    "input": {
        "import_from": "https://images.example.com/a",
        "import_from_format": "raw",
        "image_properties": {"container_format": "bare"},
    },
}
UNKNOWN = "00000000-0000-4000-8000-000000000000"
TWO_USERS = {
    "openstack_images": {
        "users": [
            {"name": "admin", "password": "a", "project": "demo", "roles": ["admin"]},
            {"name": "bob", "password": "b", "project": "others", "roles": ["member"]},
        ],
        "application_credentials": [{"id": "ac1", "name": "robot", "secret": "s", "user": "bob"}],
        "api_tokens": [{"token": ADMIN, "user": "admin"}, {"token": "bob-token", "user": "bob"}],
    }
}


def task(**keys):
    return {"provider": "openstack_images", "id": ID, **keys}


def password(name="admin", secret="admin-password", **auth):
    user = {"name": name, "domain": {"name": "Default"}, "password": secret}
    return {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, **auth}}


SCOPE = {"project": {"name": "demo", "domain": {"id": "default"}}}


def explanation(answer):
    text, markup, rest = answer.json()["message"].partition("<br />")
    assert (markup, rest) == ("<br />", "<br />\n\n\n")
    return text


class TestKeystone:
    def test_discovery(self, play, client):
        simulator = play()
        versions = client(simulator).get("/identity")
        assert versions.status == 300
        assert versions.json()["versions"]["values"][0]["links"][0]["href"] == f"{simulator.url}/identity/v3/"
        version = client(simulator).get("/identity/v3/")
        assert (version.status, version.json()["version"]["status"]) == (200, "stable")

    def test_a_scoped_login_gives_the_catalogue(self, play, client):
        simulator = play()
        answer = client(simulator).post("/identity/v3/auth/tokens", password(scope=SCOPE))
        assert answer.status == 201
        token = answer.json()["token"]
        assert (token["user"]["name"], token["project"]["name"]) == ("admin", "demo")
        assert (token["roles"][0]["name"], token["methods"]) == ("admin", ["password"])
        assert (token["issued_at"], token["expires_at"]) == (
            *("2014-02-26T03:02:23.000000Z", "2014-02-26T04:02:23.000000Z"),
        )
        image = next(service for service in token["catalog"] if service["type"] == "image")
        assert {each["interface"] for each in image["endpoints"]} == {"public", "internal", "admin"}
        assert {(each["url"], each["region"]) for each in image["endpoints"]} == {
            (f"{simulator.url}/image", "RegionOne")
        }
        subject = answer.headers["X-Subject-Token"]
        assert client(simulator, subject).get("/image/v2/tasks").status == 200

    def test_an_unscoped_login_opens_nothing(self, play, client):
        simulator = play()
        answer = client(simulator).post("/identity/v3/auth/tokens", password())
        assert answer.status == 201
        assert not {"project", "catalog", "roles"} & set(answer.json()["token"])
        assert client(simulator, answer.headers["X-Subject-Token"]).get("/image/v2/tasks").status == 403

    def test_users_and_projects_may_be_named_by_id(self, play, client):
        simulator = play()
        found = client(simulator).post("/identity/v3/auth/tokens", password(scope=SCOPE)).json()["token"]
        user = {"id": found["user"]["id"], "password": "admin-password"}
        identity = {"methods": ["password"], "password": {"user": user}}
        body = {"auth": {"identity": identity, "scope": {"project": {"id": found["project"]["id"]}}}}
        assert client(simulator).post("/identity/v3/auth/tokens", body).status == 201

    @pytest.mark.parametrize(
        "body",
        [
            password(secret="wrong"),
            password(name="nobody"),
            password(scope={"project": {"name": "other", "domain": {"id": "default"}}}),
            password(scope={"project": {"name": "demo", "domain": {"id": "elsewhere"}}}),
            password(scope={"project": {"id": "demo"}}),
            password(scope={"system": {"all": True}}),
            {"auth": {"identity": {"methods": ["totp"]}}},
        ],
    )
    def test_bad_logins(self, play, client, body):
        answer = client(play()).post("/identity/v3/auth/tokens", body)
        assert answer.status == 401
        assert answer.json()["error"]["title"] == "Unauthorized"
        assert answer.headers["WWW-Authenticate"].startswith("Keystone uri=")

    @pytest.mark.parametrize(
        "body",
        [
            "{",
            "[]",
            {},
            {"auth": {}},
            {"auth": {"identity": {}}},
            {"auth": {"identity": {"methods": ["password"]}}},
            {"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "admin", "password": "x"}}}}},
            {"auth": {"identity": {"methods": ["password"], "password": {"user": {"id": "admin"}}}}},
            {"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"id": "x"}}}},
        ],
    )
    def test_malformed_logins(self, play, client, body):
        answer = client(play()).post("/identity/v3/auth/tokens", body)
        assert (answer.status, answer.json()["error"]["code"]) == (400, 400)

    @pytest.mark.parametrize(
        ("named", "scope", "status"),
        [
            ({"id": "ac1", "secret": "s"}, None, 201),
            ({"name": "robot", "secret": "s", "user": {"name": "bob", "domain": {"id": "default"}}}, None, 201),
            ({"name": "robot", "secret": "s", "user": {"name": "admin", "domain": {"id": "default"}}}, None, 401),
            ({"id": "ac1", "secret": "wrong"}, None, 401),
            ({"id": "ac2", "secret": "s"}, None, 401),
            ({"id": "ac1", "secret": "s"}, SCOPE, 401),
        ],
    )
    def test_application_credentials(self, play, client, named, scope, status):
        identity = {"methods": ["application_credential"], "application_credential": named}
        body = {"auth": {"identity": identity, **({"scope": scope} if scope else {})}}
        answer = client(play(credentials=TWO_USERS)).post("/identity/v3/auth/tokens", body)
        assert answer.status == status
        if status == 201:
            assert answer.json()["token"]["project"]["name"] == "others"
            assert answer.json()["token"]["application_credential"]["name"] == "robot"

    def test_a_token_can_be_shown_traded_and_revoked(self, play, client, clock):
        simulator = play()
        subject = client(simulator).post("/identity/v3/auth/tokens", password()).headers["X-Subject-Token"]
        asking = client(simulator, ADMIN)
        shown = asking.get("/identity/v3/auth/tokens", X_Subject_Token=subject)
        assert (shown.status, shown.headers["X-Subject-Token"]) == (200, subject)
        trade = {"auth": {"identity": {"methods": ["token"], "token": {"id": subject}}, "scope": SCOPE}}
        assert "catalog" in client(simulator).post("/identity/v3/auth/tokens", trade).json()["token"]
        assert asking.send("DELETE", "/identity/v3/auth/tokens", headers={"X-Subject-Token": subject}).status == 204
        assert asking.get("/identity/v3/auth/tokens", X_Subject_Token=subject).status == 404
        assert client(simulator).post("/identity/v3/auth/tokens", trade).status == 401
        assert client(simulator).get("/identity/v3/auth/tokens", X_Subject_Token=ADMIN).status == 401

    def test_a_token_ends(self, play, client, clock):
        simulator = play()
        token = client(simulator).post("/identity/v3/auth/tokens", password(scope=SCOPE)).headers["X-Subject-Token"]
        clock.pass_(3600)
        answer = client(simulator, token).get("/image/v2/tasks")
        assert (answer.status, answer.json()["code"]) == (401, "401 Unauthorized")
        assert answer.headers["WWW-Authenticate"] == f'Keystone uri="{simulator.url}/identity"'


class TestTasks:
    def test_a_task_from_birth_to_end(self, play, client, clock):
        steps = [{"state": "pending", "seconds": 1}, {"state": "processing", "seconds": 3, "message": "Copied 15 MiB"}]
        simulator = play(tasks=[task(steps=steps, end={"state": "success", "result": {"image_id": "i"}})])
        mine = client(simulator, ADMIN)
        pending = mine.get(f"/image/v2/tasks/{ID}").json()
        assert (pending["status"], pending["message"], pending["result"]) == ("pending", "", None)
        assert (pending["self"], pending["schema"]) == (f"/v2/tasks/{ID}", "/v2/schemas/task")
        assert not {"expires_at", "image_id"} & set(pending)
        assert pending["request_id"].startswith("req-")
        assert len(pending["user_id"]) == 32
        clock.pass_(1)
        assert mine.get(f"/image/v2/tasks/{ID}").json()["message"] == "Copied 15 MiB"
        clock.pass_(3)
        ended = mine.get(f"/image/v2/tasks/{ID}").json()
        assert (ended["status"], ended["result"]) == ("success", {"image_id": "i"})
        assert (ended["updated_at"], ended["expires_at"]) == ("2014-02-26T03:02:27Z", "2014-02-28T03:02:27Z")

    def test_a_task_can_be_found_by_its_time_and_its_user(self, play, client):
        mine = client(play(tasks=[task(), task(id=UNKNOWN, age=60)]), ADMIN)
        shown = mine.get(f"/image/v2/tasks/{ID}").json()
        for name in ("created_at", "request_id"):
            (found,) = mine.get(f"/image/v2/tasks?{name}={shown[name]}").json()["tasks"]
            assert found["id"] == ID
        assert len(mine.get(f"/image/v2/tasks?user_id={shown['user_id']}").json()["tasks"]) == 2

    def test_a_full_last_page_still_has_a_next_one_which_is_empty(self, play, client):
        simulator = play(tasks=[task(id="00000000-0000-4000-8000-{n:012d}", count=50)])
        mine = client(simulator, ADMIN)
        sizes = []
        path = "/v2/tasks?status=pending"
        while path:
            body = mine.get(f"/image{path}").json()
            sizes.append(len(body["tasks"]))
            assert body["first"] == "/v2/tasks?status=pending"
            path = body.get("next", "")
            assert not path or path.startswith("/v2/tasks?status=pending&marker=00000000-")
        assert sizes == [25, 25, 0]
        assert "next" not in mine.get("/image/v2/tasks?limit=51").json()
        assert mine.get("/image/v2/tasks?limit=0").json()["tasks"] == []
        assert mine.get("/image/v2/tasks?status=").json()["tasks"] == []

    def test_lists_are_sorted(self, play, client):
        simulator = play(
            tasks=[
                task(id="b", age=10, type="api_image_import"),
                task(id="a", age=10, steps=[], end={"state": "failure"}),
                task(id="c", owner="them"),
            ]
        )
        mine = client(simulator, ADMIN)

        def ids(query):
            return "".join(entry["id"] for entry in mine.get(f"/image/v2/tasks?{query}").json()["tasks"])

        assert ids("") == "cba"
        assert ids("sort_dir=asc") == "abc"
        assert ids("sort_key=type&sort_dir=asc") == "bac"
        assert ids("owner=them") == "c"
        assert ids("type=import") == "ca"
        assert ids("unknown=parameter") == "cba"

    def test_with_a_changed_policy_other_projects_tasks_are_hidden(self, play, client):
        open_to_all = {"openstack_images": {**TWO_USERS["openstack_images"], "tasks_api_access": "everyone"}}
        bob = client(play(credentials=open_to_all, tasks=[task()]), "bob-token")
        answer = bob.get(f"/image/v2/tasks/{ID}")
        assert (answer.status, explanation(answer)) == (404, f"Could not find task {ID}")
        mine = bob.post("/image/v2/tasks", IMPORT).json()
        assert [entry["id"] for entry in bob.get("/image/v2/tasks").json()["tasks"]] == [mine["id"]]

    def test_only_a_list_sweeps_expired_tasks_away(self, play, client, clock):
        open_to_all = {"openstack_images": {**TWO_USERS["openstack_images"], "tasks_api_access": "everyone"}}
        simulator = play(credentials=open_to_all)
        bob, admin = client(simulator, "bob-token"), client(simulator, ADMIN)
        path = "/image" + bob.post("/image/v2/tasks", IMPORT).json()["self"]
        clock.pass_(10 + 48 * 3600)
        assert bob.get(path).status == 200
        assert len(admin.get("/image/v2/tasks").json()["tasks"]) == 1  # The list of another project does not sweep.
        assert bob.get("/image/v2/tasks").json()["tasks"] == []
        assert bob.get(path).status == 404
        assert admin.get(path).json()["updated_at"] == "2014-02-28T03:02:33Z"

    def test_a_marker_that_is_swept_away_is_one_for_administrators_only(self, play, client, clock):
        open_to_all = {"openstack_images": {**TWO_USERS["openstack_images"], "tasks_api_access": "everyone"}}
        simulator = play(credentials=open_to_all, tasks=[task(owner="x")])
        bob, admin = client(simulator, "bob-token"), client(simulator, ADMIN)
        clock.pass_(1)
        mine = bob.post("/image/v2/tasks", IMPORT).json()["id"]
        refused = bob.get(f"/image/v2/tasks?marker={ID}")
        assert (refused.status, explanation(refused)) == (403, f"Forbidding request, task {ID} is not visible")
        clock.pass_(10 + 48 * 3600)
        # The sweep comes first, and is undone when the list is refused.
        for query in (f"marker={mine}", f"marker={mine}&sort_key=x", "sort_key=x"):
            assert bob.get(f"/image/v2/tasks?{query}").status == 400
        assert bob.get(f"/image/v2/tasks/{mine}").status == 200
        assert bob.get("/image/v2/tasks").json()["tasks"] == []
        assert bob.get(f"/image/v2/tasks?marker={mine}").status == 400
        # It was the newest: the other one comes after it.
        assert [each["id"] for each in admin.get(f"/image/v2/tasks?marker={mine}").json()["tasks"]] == [ID]


class TestLaunches:
    def test_a_good_launch(self, play, client, clock):
        simulator = play()
        mine = client(simulator, ADMIN)
        answer = mine.post("/image/v2/tasks", IMPORT)
        assert answer.status == 201
        assert answer.headers["Location"] == f"{simulator.url}{answer.json()['self']}"
        assert (answer.json()["status"], answer.json()["result"]) == ("pending", None)
        assert answer.json()["request_id"] == answer.headers["X-Openstack-Request-Id"]
        clock.pass_(5)
        assert mine.get("/image" + answer.json()["self"]).json()["status"] == "success"

    # What else is refused, the real Glance says too: tests/real_servers asks both. There it has other ports and hosts.
    @pytest.mark.parametrize("source", ["http://127.0.0.1/a", "http://images.example.com:8080/a"])
    def test_sources_that_are_refused(self, play, client, source):
        body = {"type": "import", "input": {**IMPORT["input"], "import_from": source}}
        assert client(play(), ADMIN).post("/image/v2/tasks", body).status == 400


class TestKeystoneauth:
    """The library that real clients log in with must find nothing odd."""

    @pytest.fixture
    def open_session(self):
        """Make a session from a class of the library's identity package and what it takes."""
        identity = pytest.importorskip("keystoneauth1.identity")
        session = pytest.importorskip("keystoneauth1.session")
        with contextlib.ExitStack() as stack:

            def make(name, **given):
                made = session.Session(auth=attrgetter(name)(identity)(**given))
                stack.callback(made.session.close)
                return made

            yield make

    @pytest.mark.parametrize("auth_path", ["/identity", "/identity/v3"])
    def test_password(self, play, open_session, auth_path):
        simulator = play(tasks=[task()])
        session = open_session(
            "generic.Password",
            auth_url=simulator.url + auth_path,
            username="admin",
            password="admin-password",
            user_domain_name="Default",
            project_name="demo",
            project_domain_name="Default",
        )
        image = {"service_type": "image", "region_name": "RegionOne", "interface": "public", "min_version": "2"}
        assert session.get("/tasks", endpoint_filter=image).json()["tasks"][0]["id"] == ID
        assert session.get_endpoint(service_type="image") == f"{simulator.url}/image"
        # The library logs in again by itself when a token has ended.
        simulator.expire_sessions()
        assert session.get("/tasks", endpoint_filter=image).status_code == 200

    @pytest.mark.parametrize(
        "named",
        [
            {"application_credential_id": "ac1"},
            {"application_credential_name": "robot", "username": "bob", "user_domain_id": "default"},
        ],
    )
    def test_application_credential(self, play, open_session, named):
        simulator = play(credentials=TWO_USERS)
        session = open_session(
            "v3.ApplicationCredential",
            auth_url=f"{simulator.url}/identity/v3",
            application_credential_secret="s",
            **named,
        )
        assert session.get_project_id()
        assert session.get(f"{simulator.url}/image/v2/tasks", raise_exc=False).status_code == 403
