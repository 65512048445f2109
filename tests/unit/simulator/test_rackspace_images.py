# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The face of Rackspace Cloud Images."""

from __future__ import annotations

import re

import pytest

ID = "d8dd8c24-2534-473c-881f-9097bc784068"
TOKEN = "demo-token"
MINUTES = 60.0


@pytest.fixture
def vendors_example(play):
    """Play the example of the vendor's documents, an import of 26 minutes."""
    return play(
        tasks=[
            {
                "provider": "rackspace_images",
                "id": ID,
                "steps": [{"state": "pending", "seconds": 5 * MINUTES}, {"state": "processing", "seconds": 1255}],
                "end": {"state": "success", "result": {"image_id": "1d944ab7-6748-4f3c-b7e2-3553bf006677"}},
            }
        ]
    )


def log_in(client, name="RAX-KSKEY:apiKeyCredentials", **secret):
    given = {"username": "demo", **(secret or {"apiKey": "demo-key"})}
    return client.post("/v2.0/tokens", {"auth": {name: given}})


def test_the_example_of_the_documents_is_answered_word_for_word(vendors_example, client, clock):
    clock.pass_(1555)
    assert client(vendors_example, TOKEN).get(f"/v2/tasks/{ID}").json() == {
        "created_at": "2014-02-26T03:02:23Z",
        "expires_at": "2014-02-28T03:28:18Z",
        "id": ID,
        "input": {
            "image_properties": {"name": "My excellent custom image"},
            "import_from": "exports/my-excellent-image.vhd",
        },
        "message": "None",
        "owner": "00000123",
        "result": {"image_id": "1d944ab7-6748-4f3c-b7e2-3553bf006677"},
        "schema": "/v2/schemas/task",
        "self": f"/v2/tasks/{ID}",
        "status": "success",
        "type": "import",
        "updated_at": "2014-02-26T03:28:18Z",
    }


def test_a_task_that_runs_has_neither_result_nor_expiry(vendors_example, client, clock):
    clock.pass_(6 * MINUTES)
    task = client(vendors_example, TOKEN).get(f"/v2/tasks/{ID}").json()
    assert (task["status"], task["message"], task["updated_at"]) == ("processing", "None", "2014-02-26T03:07:23Z")
    assert not {"result", "expires_at"} & set(task)


def test_an_expired_task_is_gone(vendors_example, client, clock):
    clock.pass_(1555 + 48 * 3600 - 1)
    assert client(vendors_example, TOKEN).get(f"/v2/tasks/{ID}").status == 200
    clock.pass_(1)
    assert client(vendors_example, TOKEN).get(f"/v2/tasks/{ID}").status == 404
    assert client(vendors_example, TOKEN).get("/v2/tasks").json()["tasks"] == []


def test_login_with_an_api_key_gives_token_and_catalogue(play, client):
    simulator = play()
    access = log_in(client(simulator)).json()["access"]
    assert access["token"]["expires"] == "2014-02-27T03:02:23.000Z"
    assert access["token"]["tenant"] == {"id": "00000123", "name": "00000123"}
    assert access["token"]["RAX-AUTH:authenticatedBy"] == ["APIKEY"]
    images = next(service for service in access["serviceCatalog"] if service["name"] == "cloudImages")
    assert images["type"] == "image"
    assert [(each["region"], each["publicURL"]) for each in images["endpoints"]] == [
        (region, f"{simulator.url}/v2") for region in ("DFW", "ORD", "IAD")
    ]
    assert access["user"]["RAX-AUTH:defaultRegion"] == "DFW"
    assert client(simulator, access["token"]["id"]).get("/v2/tasks").status == 200


def test_the_catalogue_repeats_the_address_the_client_used(play, client):
    answer = client(play()).send(
        "POST",
        "/v2.0/tokens",
        {"auth": {"passwordCredentials": {"username": "demo", "password": "demo-password"}}},
        {"Host": "images.example.com:8443"},
    )
    assert b"http://images.example.com:8443/v2" in answer.body
    assert answer.json()["access"]["token"]["RAX-AUTH:authenticatedBy"] == ["PASSWORD"]


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("RAX-KSKEY:apiKeyCredentials", {"apiKey": "wrong"}),
        ("RAX-KSKEY:apiKeyCredentials", {"apiKey": "demo-password"}),
        ("passwordCredentials", {"password": "demo-key"}),
        ("passwordCredentials", {"password": "pässwort"}),
        ("passwordCredentials", {"username": "somebody", "password": "demo-password"}),
    ],
)
def test_a_bad_login_is_refused_in_the_vendors_words(play, client, name, secret):
    answer = log_in(client(play()), name, **secret)
    assert answer.status == 401
    assert answer.json() == {
        "unauthorized": {"code": 401, "message": "Unable to authenticate user with credentials provided."}
    }


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "{}", '{"auth": 1}', '{"auth": {}}', '{"auth": {"passwordCredentials": []}}']
)
def test_a_malformed_login_is_told_from_a_bad_one(play, client, body):
    answer = client(play()).post("/v2.0/tokens", body)
    assert answer.status == 400
    assert answer.json()["badRequest"]["message"].startswith("Invalid request body: unable to parse Auth data.")


def test_a_token_ends_after_its_lifetime(play, client, clock):
    simulator = play(credentials={"rackspace_images": {"token_lifetime": 60}})
    token = log_in(client(simulator)).json()["access"]["token"]["id"]
    clock.pass_(59.9)
    assert client(simulator, token).get("/v2/tasks").status == 200
    clock.pass_(0.1)
    answer = client(simulator, token).get("/v2/tasks")
    assert answer.status == 401
    assert answer.json()["unauthorized"]["code"] == 401


@pytest.mark.parametrize("path", ["/v2/tasks", f"/v2/tasks/{ID}", "/v2/schemas/task", "/v2/schemas/tasks"])
def test_nothing_is_shown_without_a_token(vendors_example, client, path):
    assert client(vendors_example).get(path).status == 401
    assert client(vendors_example, "wrong").get(path).status == 401


def test_a_list_shows_stubs_newest_first_and_only_the_own_tenants(play, client):
    simulator = play(
        tasks=[
            {"provider": "rackspace_images", "id": "old", "age": 10},
            {"provider": "rackspace_images", "id": "foreign", "owner": "999"},
            {"provider": "rackspace_images", "id": "new"},
        ]
    )
    mine = client(simulator, TOKEN)
    body = mine.get("/v2/tasks").json()
    assert (body["first"], body["schema"]) == ("/v2/tasks", "/v2/schemas/tasks")
    assert "next" not in body
    assert [task["id"] for task in body["tasks"]] == ["new", "old"]
    assert set(body["tasks"][0]) == {*("created_at", "id", "owner", "schema", "self", "status", "type", "updated_at")}
    assert [task["id"] for task in mine.get("/v2/tasks?sort_dir=asc").json()["tasks"]] == ["old", "new"]
    assert mine.get("/v2/tasks/foreign").status == 404


def test_pages_go_on_after_the_marker_and_hold_100_at_most(play, client):
    simulator = play(tasks=[{"provider": "rackspace_images", "count": 250, "id": "{n:03d}"}])
    mine = client(simulator, TOKEN)
    seen: list[str] = []
    marker = ""
    while page := mine.get(f"/v2/tasks?limit=1000{marker}").json()["tasks"]:
        assert len(page) <= 100
        seen += [task["id"] for task in page]
        marker = f"&marker={seen[-1]}"
    assert sorted(seen) == [f"{number:03d}" for number in range(1, 251)]
    assert mine.get("/v2/tasks?marker=unknown").json()["tasks"] == []
    assert len(mine.get("/v2/tasks?limit=2").json()["tasks"]) == 2
    for offset in (0, 3, 249, 250):
        found = mine.get(f"/v2/tasks?limit=2&offset={offset}").json()["tasks"]
        assert [task["id"] for task in found] == seen[offset : offset + 2]
    assert mine.get("/v2/tasks?limit=many").status == mine.get("/v2/tasks?offset=many").status == 400


def test_disputed_facts_can_be_the_other_way_round(play, client):
    options = {"no_message": "", "no_result": "null", "next_links": True, "unknown_marker": "error"}
    simulator = play(
        credentials={"rackspace_images": options}, tasks=[{"provider": "rackspace_images", "id": "{n}", "count": 3}]
    )
    mine = client(simulator, TOKEN)
    task = mine.get("/v2/tasks/1").json()
    assert (task["message"], task["result"]) == ("", None)
    assert re.fullmatch(r"/v2/tasks\?limit=2&marker=\d", mine.get("/v2/tasks?limit=2").json()["next"])
    assert "next" not in mine.get("/v2/tasks").json()
    assert mine.get("/v2/tasks?marker=unknown").status == 400


def test_filters_match_what_is_shown(play, client):
    simulator = play(
        tasks=[
            {
                "provider": "rackspace_images",
                "id": "exported",
                "type": "export",
                "steps": [],
                "end": {"state": "success"},
            },
            {"provider": "rackspace_images", "id": "strange", "steps": [{"state": "hibernating"}]},
        ]
    )
    mine = client(simulator, TOKEN)

    def found(query):
        return [task["id"] for task in mine.get(f"/v2/tasks?{query}").json()["tasks"]]

    assert found("type=export") == ["exported"]
    assert found("status=hibernating") == ["strange"]
    assert found("status=success&type=import") == []
    assert mine.get("/v2/tasks/exported").json()["result"] == {
        "export_location": "exports/ca5e7f11-5d57-4dd7-8ace-03ab647fe6c6.vhd"
    }


def test_a_launch_answers_201_and_pending(play, client, clock):
    mine = client(play(), TOKEN)
    answer = mine.post("/v2/tasks", {"type": "import", "input": {"import_from": "exports/a.vhd"}})
    assert answer.status == 201
    task = answer.json()
    assert (task["status"], task["message"], task["owner"]) == ("pending", "None", "00000123")
    clock.pass_(3)
    task = mine.get(task["self"]).json()
    assert task["status"] == "success"
    assert set(task["result"]) == {"image_id"}


def test_the_first_rule_that_fits_a_launch_wins(play, client, clock):
    broken = {"type": "import", "input.import_from": "exports/broken.vhd"}
    simulator = play(
        launches=[
            {"provider": "openstack_images", "end": {"state": "success"}},
            {"provider": "rackspace_images", "match": broken, "end": {"state": "failure", "code": "721"}},
            {"provider": "rackspace_images", "end": {"state": "failure", "message": "second rule"}},
        ]
    )
    mine = client(simulator, TOKEN)
    first = mine.post("/v2/tasks", {"type": "import", "input": {"import_from": "exports/broken.vhd"}}).json()
    other = mine.post("/v2/tasks", {"type": "export", "input": {}}).json()
    clock.pass_(10)
    assert mine.get(first["self"]).json()["message"] == "Image cannot be imported. Error code: '721'"
    assert mine.get(other["self"]).json()["message"] == "second rule"


def test_a_rule_can_be_for_some_launches_only(play, client, clock):
    rules = [
        {"provider": "rackspace_images", "count": 1, "end": {"state": "failure", "code": "396"}},
        {"provider": "rackspace_images", "end": {"state": "success"}},
    ]
    mine = client(play(launches=rules), TOKEN)
    launched = [mine.post("/v2/tasks", {"type": "export", "input": {}}).json() for _number in range(3)]
    clock.pass_(10)
    assert [mine.get(task["self"]).json()["status"] for task in launched] == ["failure", "success", "success"]


def test_a_bad_input_fails_only_later(play, client, clock):
    mine = client(play(), TOKEN)
    task_input = {"import_from": "a/b", "image_properties": {"name": "x", "os_type": "y"}}
    answer = mine.post("/v2/tasks", {"type": "import", "input": task_input})
    assert answer.status == 201
    clock.pass_(10)
    assert mine.get(answer.json()["self"]).json()["message"].startswith("Unsupported element in image_properties")


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ("{", {"Content-Type": "application/json"}, 400),
        ("[]", {"Content-Type": "application/json"}, 400),
        ({"type": "import"}, {}, 400),
        ({"type": "clone", "input": {}}, {}, 400),
        ({"type": "import", "input": []}, {}, 400),
        ({"type": "import", "input": {}}, {"Content-Type": "text/plain"}, 415),
    ],
)
def test_launches_that_are_refused_at_once(play, client, body, headers, status):
    assert client(play(), TOKEN).send("POST", "/v2/tasks", body, headers).status == status


def test_only_an_admin_may_launch(play, client):
    mine = client(play(credentials={"rackspace_images": {"role": "observer"}}), TOKEN)
    assert mine.get("/v2/tasks").status == 200
    assert mine.post("/v2/tasks", {"type": "import", "input": {}}).status == 403


def test_a_task_cannot_be_deleted(vendors_example, client):
    mine = client(vendors_example, TOKEN)
    answer = mine.send("DELETE", f"/v2/tasks/{ID}")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET")
    assert mine.get(f"/v2/tasks/{ID}").status == 200


def test_schemas_name_states_and_types(vendors_example, client):
    mine = client(vendors_example, TOKEN)
    properties = mine.get("/v2/schemas/task").json()["properties"]
    assert properties["status"]["enum"] == ["pending", "processing", "success", "failure"]
    assert properties["type"]["enum"] == ["import", "export"]
    tasks = mine.get("/v2/schemas/tasks").json()
    # Neither the schema nor its links know pages.
    assert (set(tasks["properties"]), [link["rel"] for link in tasks["links"]]) == (
        {"schema", "tasks"},
        ["describedby"],
    )
    assert not {"input", "result", "message"} & set(tasks["properties"]["tasks"]["items"]["properties"])


def test_a_task_may_appear_late_or_be_forgotten_early(play, client, clock):
    life = {"steps": [{"state": "pending", "seconds": 3}], "end": {"state": "success"}}
    simulator = play(
        tasks=[{"provider": "rackspace_images", "id": "x", **life, "appears_after": 2, "forgotten_after": 4}]
    )
    mine = client(simulator, TOKEN)
    statuses = []
    for _number in range(8):
        statuses.append(mine.get("/v2/tasks/x").status)
        clock.pass_(1)
    assert statuses == [404, 404, 200, 200, 200, 200, 200, 404]


def test_a_step_may_show_anything(play, client):
    steps = [{"state": "processing", "message": "Copied 15 MiB", "fields": {"progress": 7}, "without": ["updated_at"]}]
    mine = client(play(tasks=[{"provider": "rackspace_images", "id": "x", "steps": steps}]), TOKEN)
    task = mine.get("/v2/tasks/x").json()
    assert (task["message"], task["progress"]) == ("Copied 15 MiB", 7)
    assert "updated_at" not in task


def test_errors_are_pages_unless_json_is_asked_for(play, client):
    mine = client(play(), TOKEN)
    page = mine.get("/v2/tasks/x", Accept="*/*")
    assert page.headers["Content-Type"].startswith("text/html")
    assert b"<h1>404 Not Found</h1>" in page.body
    assert mine.get("/v2/tasks/x").json()["code"] == "404 Not Found"
    assert mine.get("/v2/nothing").status == 404
    assert mine.get("/v2.0/nothing").json()["itemNotFound"]["code"] == 404
