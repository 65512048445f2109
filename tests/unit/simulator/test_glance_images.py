# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The images that imports leave behind, at Glance and at Rackspace."""

from __future__ import annotations

import pytest

IMAGE = "1d944ab7-6748-4f3c-b7e2-3553bf006677"
SOURCES = {"openstack_images": "https://images.example.com/a.qcow2", "rackspace_images": "exports/a.vhd"}
PATHS = {"openstack_images": "/image/v2", "rackspace_images": "/v2"}
#: What makes an image active; Rackspace takes a name only.
BARE = {"openstack_images": {"container_format": "bare"}, "rackspace_images": {}}
TOKENS = {"openstack_images": "admin-token", "rackspace_images": "demo-token"}


@pytest.fixture(params=sorted(PATHS))
def provider(request):
    return request.param


@pytest.fixture
def start(provider, play, client):
    """Start a simulator and return a function that sends requests to the images' API."""

    def begin(token=None, **scenario):
        simulator = play(**scenario)
        mine = client(simulator, TOKENS[provider] if token is None else token)

        def send(method, path, body=None):
            return mine.send(method, PATHS[provider] + path, body)

        send.simulator = simulator
        return send

    return begin


def launch(send, provider, name="golden", **properties):
    given = {
        "import_from": SOURCES[provider],
        "import_from_format": "qcow2",
        "image_properties": {"name": name, **BARE[provider], **properties},
    }
    answer = send("POST", "/tasks", {"type": "import", "input": given})
    assert answer.status == 201
    return answer.json()["id"]


def names(answer):
    assert answer.status == 200
    return [image["name"] for image in answer.json()["images"]]


def test_an_image_is_there_when_its_import_has_ended(start, provider, clock):
    send = start()
    task_id = launch(send, provider)
    clock.pass_(2.9)
    assert names(send("GET", "/images")) == []
    clock.pass_(0.1)
    (image,) = send("GET", "/images").json()["images"]
    task = send("GET", f"/tasks/{task_id}").json()
    assert (image["id"], image["name"], image["status"]) == (task["result"]["image_id"], "golden", "active")
    assert (image["owner"], image["created_at"]) == (task["owner"], task["updated_at"])
    assert (image["self"], image["schema"]) == (f"/v2/images/{image['id']}", "/v2/schemas/image")
    assert send("GET", f"/images/{image['id']}").json() == image


def test_an_image_outlives_its_task(start, provider, clock):
    send = start()
    launch(send, provider)
    clock.pass_(100 * 3600)
    assert send("GET", "/tasks").json()["tasks"] == []
    assert names(send("GET", "/images")) == ["golden"]


def test_other_tasks_leave_no_image(start, provider, clock):
    send = start(
        tasks=[
            {"provider": provider, "end": {"state": "failure", "message": "no"}},
            {"provider": provider, "end": {"state": "success", "result": None}},
            {"provider": provider, "steps": [{"state": "processing"}]},
            {"provider": provider, "owner": "somebody", "end": {"state": "failure", "message": "no"}},
            {"provider": provider, "type": "export" if provider == "rackspace_images" else "api_image_import"},
        ]
    )
    clock.pass_(60)
    assert names(send("GET", "/images")) == []


def test_the_result_that_a_scenario_names_is_the_image(start, provider):
    end = {"state": "success", "result": {"image_id": IMAGE}}
    send = start(tasks=[{"provider": provider, "steps": [], "end": end, "input": "no mapping"}])
    image = send("GET", f"/images/{IMAGE}").json()
    assert (image["id"], image["name"]) == (IMAGE, None)


def test_images_of_the_scenario(start, provider):
    known = [
        {"name": "base", "id": IMAGE, "fields": {"os_distro": "debian", "protected": True}},
        {"name": "broken", "status": "killed"},
        {"name": "theirs", "owner": "somebody"},
    ]
    send = start(credentials={provider: {"images": known}})
    assert "base" in names(send("GET", "/images"))
    assert names(send("GET", "/images?name=base")) == ["base"]
    assert names(send("GET", "/images?status=killed")) == ["broken"]
    assert names(send("GET", "/images?os_distro=debian&protected=true")) == ["base"]
    assert names(send("GET", "/images?name=base&status=killed")) == []
    assert names(send("GET", "/images?nobody_has=this")) == []
    assert send("GET", f"/images/{IMAGE}").json()["os_distro"] == "debian"
    assert send("GET", "/images/nothing").status == 404


def test_pages_have_a_next_link_while_they_are_full(start, provider, clock):
    send = start()
    for number in range(3):
        launch(send, provider, f"image-{number}")
        clock.pass_(1)
    clock.pass_(3)
    first = send("GET", "/images?limit=2&status=active").json()
    assert [image["name"] for image in first["images"]] == ["image-2", "image-1"]
    assert first["first"] == "/v2/images?limit=2&status=active"
    marker = first["images"][-1]["id"]
    assert first["next"] == f"/v2/images?limit=2&status=active&marker={marker}"
    second = send("GET", first["next"].removeprefix("/v2")).json()
    assert [image["name"] for image in second["images"]] == ["image-0"]
    assert "next" not in second
    # A last page that is full has one too, and behind it there is nothing.
    last = send("GET", "/images?limit=3").json()
    assert names(send("GET", last["next"].removeprefix("/v2"))) == []
    assert send("GET", "/images?limit=0").json()["images"] == []


@pytest.mark.parametrize("query", ["limit=x", "limit=-1", "marker=x", f"marker={IMAGE}"])
def test_a_bad_page_is_refused(start, query):
    assert start()("GET", f"/images?{query}").status == 400


def test_faults_of_tasks_leave_images_alone(start, provider, clock):
    send = start()
    launch(send, provider)
    clock.pass_(3)
    send.simulator.add_fault(kind="unknown_state", state="hibernating")
    assert names(send("GET", "/images?status=active")) == ["golden"]
    assert send("GET", "/images").json()["images"][0]["status"] == "active"
    assert send("GET", "/tasks").json()["tasks"][0]["status"] == "hibernating"


def test_images_need_a_login(start):
    send = start(token="")
    assert send("GET", "/images").status == 401
    assert send("GET", f"/images/{IMAGE}").status == 401


def test_everybody_in_a_glance_project_may_list_its_images(play, client, clock):
    users = [
        {"name": "admin", "password": "a", "project": "demo", "roles": ["admin"]},
        {"name": "bob", "password": "b", "project": "demo", "roles": ["member"]},
        {"name": "eve", "password": "e", "project": "others", "roles": ["member"]},
    ]
    tokens = [{"token": user["name"], "user": user["name"]} for user in users]
    known = [{"name": "public", "owner": "somebody", "fields": {"visibility": "public"}}]
    simulator = play(credentials={"openstack_images": {"users": users, "api_tokens": tokens, "images": known}})
    login = {"identity": {"methods": ["password"], "password": {"user": {}}}}
    login["identity"]["password"]["user"] = {"name": "bob", "domain": {"id": "default"}, "password": "b"}
    unscoped = client(simulator).post("/identity/v3/auth/tokens", {"auth": login}).headers["X-Subject-Token"]

    def seen(token):
        return sorted(names(client(simulator, token).get("/image/v2/images")))

    admin = client(simulator, "admin")
    launch(lambda method, path, body: admin.send(method, f"/image/v2{path}", body), "openstack_images")
    clock.pass_(3)
    assert seen("admin") == seen("bob") == ["golden", "public"]
    assert seen("eve") == ["public"]
    assert seen(unscoped) == []
    assert client(simulator, "bob").get("/image/v2/tasks").status == 403
