# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated Glance beside the real one: the same requests to both, and what differs.

``LEFT`` is the whole list of differences, with the reason of each. The test fails over one that is not in it, and over
one in it that is gone. Of errors the first line is compared, which details of Glance's validator follow; of schemas the
properties with their types, enumerations and ``readOnly``, not their descriptions and lengths.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import image_tasks
import requests
from postgresql_server import initdb
from server_process import direct_session

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "roles" / "task_simulator" / "files"))

from task_simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pytest
    from image_tasks import ImageSource
    from openstack_server import OpenStackServer

INTERNAL_ERROR = "Task failed due to Internal Error"
HEADERS = ("Allow", "Content-Type", "Location")
UNKNOWN = "00000000-0000-4000-8000-000000000000"
SIMULATED = {
    "users": [
        {"name": "admin", "password": "a", "project": "admin", "roles": ["admin"]},
        {"name": "member", "password": "m", "project": "demo", "roles": ["member"]},
    ],
    "api_tokens": [{"token": "admin-token", "user": "admin"}, {"token": "member-token", "user": "member"}],
}


class Ask(NamedTuple):
    """A request; ``{good}``, ``{bad}`` and ``{swept}`` in it are IDs of tasks, ``{source}`` is an image's address."""

    method: str
    path: str
    body: object = None
    who: str = "admin"
    accept: str = "application/json"

    def __str__(self) -> str:
        """Return a line of the table."""
        body = "" if self.body is None else f" {self.body if isinstance(self.body, str) else json.dumps(self.body)}"
        extra = "" if self.who == "admin" else f" ({self.who})"
        return f"{self.method} {self.path}{body}{extra}{'' if self.accept.endswith('json') else f' ({self.accept})'}"


def _get(*paths: str, **more: str) -> list[Ask]:
    return [Ask("GET", path, **more) for path in paths]


VERSIONS = [
    *_get("", "/", "/v2", "/v2/", "/v2.0", "/v2.9", "/v2.17/", "/v2.8/tasks?limit=0", "/v1/tasks", "/v3", "/nothing"),
    *_get("/versions", "/versions/", "/versions/x", "/v2/nothing", "/v2/tasks/", "//v2//tasks?limit=0", "/healthcheck"),
    *_get("", "/v2", "/v2/", "/v2/tasks", "/v2/schemas/task", "/versions", who="nobody"),
    *_get("/v2/tasks", who="nobody", accept="*/*"),
    *[Ask("POST", "/v2"), Ask("DELETE", "/versions"), Ask("OPTIONS", "/v2/tasks"), Ask("HEAD", "/v2/tasks")],
    Ask("GET", "/v2/tasks", accept="application/vnd.openstack.images-v2"),
]
SCHEMAS = [
    *_get(*(f"/v2/schemas/{name}" for name in ("image", "images", "member", "members", "task", "tasks", "nothing"))),
    *_get(*(f"/v2/schemas/metadefs/{name}{end}" for name in ("namespace", "object", "tag") for end in ("", "s"))),
    *_get(*(f"/v2/schemas/metadefs/{name}" for name in ("property", "properties", "resource_type", "resource_types"))),
    *_get("/v2/metadefs/namespaces", "/v2/metadefs/namespaces?limit=1", "/v2/metadefs/namespaces/x", "/v2/metadefs"),
    *_get("/v2/metadefs/resource_types", "/v2/metadefs/namespaces/x/objects", "/v2/metadefs/namespaces/x/tags"),
    Ask("POST", "/v2/schemas/task"),
]
TASKS = [
    *_get("/v2/tasks/{good}", "/v2/tasks/{bad}", "/v2/tasks/{swept}", f"/v2/tasks/{UNKNOWN}", "/v2/tasks/x/y"),
    *_get("/v2/tasks/{good}", f"/v2/tasks/{UNKNOWN}", "/v2/tasks", "/v2/schemas/task", who="member"),
    *_get("/v2/tasks/not-a-uuid", accept="*/*"),
    *(Ask(method, "/v2/tasks") for method in ("PUT", "PATCH", "DELETE")),
    *(Ask(method, "/v2/tasks/{good}") for method in ("PUT", "PATCH", "DELETE", "POST")),
    Ask("PUT", "/v2/tasks", accept="*/*"),
]
_QUERIES = (
    # Filters: columns, times, other attributes of a row, and names that are none of these.
    *("", "unknown=x", "unknown=", "name=x", "message=x", "input=x", "result=x", "visibility=private", "deleted=true"),
    *("owner=x", "owner=", "id={good}", f"id={UNKNOWN}", "image_id=x", "user_id=x", "user_id={user}", "request_id=x"),
    *("created_at=x", "created_at=2030-01-01", "expires_at=x", "expires_at=2030-01-01T00:00:00Z", "deleted_at=x"),
    *("updated_at=gt:2020-01-01T00:00:00Z", "metadata=x", "save=x", "keys=x", "__class__=x", "info=x", "OWNER=x"),
    *("status=", "status=SUCCESS", "status=success", "status=failure&type=import", "status=success&status=failure"),
    "status=success&status=X",
    *("type=", "type=import", "type=api_image_import", "type=export", "status=X&type=Y", "type=import;status=x"),
    "owner=%00",
    # Pages.
    *("limit=0", "limit=1", "limit=2&a=b&a=c", "limit=-1", "limit=x", "limit=", "limit=1.0", "limit=1000&limit=0"),
    *("limit=2&marker={good}", "marker=", f"marker={UNKNOWN}", "marker=x", "marker={swept}", "limit=1&marker={swept}"),
    *("id={swept}", f"marker={UNKNOWN.replace('-', '')}", "marker={good}&id={bad}", "marker={bad}&id={good}"),
    # Order.
    *("sort_key=", "sort_key=message", "sort_key=image_id", "sort_key=deleted_at", "sort_key=info", "sort_key=id"),
    "sort_key=user_id",
    *("sort_key=created_at&sort_key=x", "sort_dir=", "sort_dir=ASC", "sort_dir=asc&limit=1", "sort=created_at:asc"),
    # Which of two mistakes is told.
    *(
        "limit=x&status=X",
        "sort_dir=x&limit=x",
        "marker=x&limit=x",
        "sort_key=x&limit=x",
        f"sort_key=x&marker={UNKNOWN}",
    ),
)
LISTS = _get(*(f"/v2/tasks?{query}" for query in _QUERIES))
_GOOD = {
    "import_from": "{source}",
    "import_from_format": "qcow2",
    "image_properties": {"name": "compared", "container_format": "bare"},
}
_METHOD: dict[str, Any] = {"method": {"name": "web-download", "uri": "{source}"}}
_NOTHING: dict[str, Any] = {}
_ODD: tuple[Any, ...] = (None, [], "x", 1, _NOTHING)
_BODIES: tuple[object, ...] = (
    *("", "{", "[]", "null", "1", '"x"', '["type","input"]', "{}"),
    *({"type": "import"}, {"input": {}}, {"type": None, "input": {}}, {"type": "export", "input": {}}),
    *({"type": "import", "input": given} for given in _ODD),
    *({"type": kind, "input": None} for kind in ("api_image_import", "location_import")),
    *(
        {"type": "import", "input": _GOOD, **more}
        for more in (
            {"unknown": 1},
            {"more": 1, "unknown": 2},
            {"status": "bad"},
            {"id": "x"},
            {"owner": 1},
            {"owner": "x"},
            {"message": None},
        )
    ),
    *(
        {"type": "import", "input": {"import_from": source}}
        for source in (
            *(None, "", [], 0, 1, True, ["x"], "x", "exports/a.vhd", "file:///etc/passwd", "file://etc", "ftp://a/b"),
            *(
                "filesystem:///x",
                "HTTP://a/b",
                "http:",
                "http://",
                "http:///x",
                "https://[broken/",
                "http://localhost/x",
            ),
            *("http://[::1]/x", "http://0.0.0.0/x", "http://127.0.0.2/x", "http://169.254.169.254/x", "http://127.1/x"),
            *("{source}", "http://nowhere.invalid/x"),
        )
    ),
    *({"type": "import", "input": {key: _GOOD[key] for key in _GOOD if key != left}} for left in list(_GOOD)[1:]),
    *(
        {"type": "import", "input": {**_GOOD, "image_properties": properties}}
        for properties in (*_ODD, {"name": "x"}, {"container_format": ""})
    ),
    *(
        {"type": kind, "input": given}
        for kind in ("api_image_import", "location_import")
        for given in (_NOTHING, {"x": 1})
    ),
    {"type": "api_image_import", "input": _GOOD},
    *(
        {"type": "api_image_import", "input": {"image_id": UNKNOWN, **more}}
        for more in (_NOTHING, *({"import_req": value} for value in (None, _NOTHING, _METHOD)))
    ),
    {"type": "api_image_import", "input": {"image_id": None}},
    *(
        {"type": "location_import", "input": {"image_id": UNKNOWN, **more}}
        for more in (_NOTHING, {"loc_url": "x"}, {"loc_url": "x", "validation_data": {}})
    ),
    {"type": "import", "input": _GOOD},
    {"type": "import", "input": {**_GOOD, "image_id": "x"}},
)
LAUNCHES = [Ask("POST", "/v2/tasks", body) for body in _BODIES]

LEFT = {
    "GET /healthcheck": "belongs to a deployment, and a client of tasks does not ask for it",
    "OPTIONS /v2/tasks": "is for browsers",
    "HEAD /v2/tasks": "the simulator answers HEAD as GET for every vendor",
    "GET /v2/tasks (application/vnd.openstack.images-v2)": "nobody chooses the version by the media type",
    "GET /v2/tasks?type=import;status=x": "Glance still takes a semicolon for an ampersand",
    "GET /v2/tasks?owner=%00": "an error of PostgreSQL, which not every Glance has",
    'POST /v2/tasks {"type": "import", "input": {"import_from": "http://nowhere.invalid/x"}}': (
        "the simulator looks no names up"
    ),
}


class Side:
    """One of the two servers, with its logins and the names of its things."""

    def __init__(self, url: str, tokens: Mapping[str, str], wait: Callable[[str], object]) -> None:
        """Begin without names; they come as things are made. ``wait`` lets a task end."""
        self.url = url
        self.tokens = tokens
        self.wait = wait
        self.names: dict[str, str] = {}

    def send(self, ask: Ask) -> requests.Response:
        """Send a request as it is written, without following where an answer points."""
        headers = {"Accept": ask.accept, "X-Auth-Token": self.tokens.get(ask.who, "")}
        body = ask.body if isinstance(ask.body, str) else None if ask.body is None else json.dumps(ask.body)
        with direct_session() as session:
            return session.request(
                ask.method,
                self.url + self.named(ask.path),
                headers={name: value for name, value in headers.items() if value},
                data=None if body is None else self.named(body),
                allow_redirects=False,
                timeout=30,
            )

    def answer(self, ask: Ask) -> str:
        """Return what the answer says, and for a launch how its task ends."""
        answer = self.send(ask)
        told = self.told(answer)
        if answer.status_code == requests.codes.created:
            task_id = answer.json()["id"]
            self.wait(task_id)
            end = self.send(Ask("GET", f"/v2/tasks/{task_id}"))
            outcome = f"{end.json()['status']} {end.json()['message']!r}"
            told = f"201 -> {outcome} | {told} | {self.told(end)}".replace(task_id, "{new}")
        return told

    def named(self, text: str) -> str:
        """Put this side's names in."""
        for name, value in self.names.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    def unnamed(self, text: str) -> str:
        """Take this side's names out again; its origin is where it is without a path that it is mounted at."""
        origin = self.url.removesuffix("/image")
        for name, value in {**self.names, "glance": self.url, "origin": origin}.items():
            text = text.replace(value, f"{{{name}}}")
        return text.replace("{glance}", "{origin}")

    def told(self, answer: requests.Response) -> str:
        """Return what an answer says in a form that does not depend on the side."""
        told = [f"{name}: {answer.headers[name]}" for name in HEADERS if name in answer.headers]
        try:
            body = answer.json()
        except ValueError:
            words = " ".join(answer.text.split())
        else:
            if "title" in body and "code" in body:
                # After its first line come markup, or details of the validator.
                words = body["message"].partition("\n")[0].removesuffix("<br /><br />")
            else:
                # How many tasks there are is known only where a limit is given.
                has_limit = "limit=" in (answer.request.url or "")
                words = shape({key: value for key, value in body.items() if key != "next" or has_limit})
        return self.unnamed(f"{answer.status_code} {words} {told}")


def shape(value: Any, definitions: Mapping[str, Any] | None = None) -> str:
    """Return names and types of what is in a document; of a list that of its first entry."""
    if isinstance(value, dict) and isinstance(value.get("properties"), dict) and "name" in value:
        definitions = value.get("definitions") or definitions or {}
        inner = ", ".join(f"{name}: {_kind(each, definitions)}" for name, each in sorted(value["properties"].items()))
        rest = {key: value[key] for key in ("additionalProperties", "links", "required") if key in value}
        return f"schema {value['name']} {{{inner}}} {json.dumps(rest, sort_keys=True)}"
    if isinstance(value, dict):
        told = {
            key: repr(each) if key in ("first", "status", "message") else shape(each) for key, each in value.items()
        }
        return "{" + ", ".join(f"{key}: {each}" for key, each in sorted(told.items())) + "}"
    if isinstance(value, list):
        return f"[{shape(value[0])}]" if value else "[]"
    return type(value).__name__


def _kind(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """Return the type of a property, its enumeration, and what its entries are called."""
    while "$ref" in schema or "allOf" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema["allOf"][0]
    facts = {key: schema[key] for key in ("type", "enum", "readOnly") if key in schema}
    items = schema.get("items", {})
    return json.dumps(facts) + (f" of {shape(items, definitions)}" if "properties" in items and "name" in items else "")


def _let_expire(openstack: OpenStackServer, task_id: str) -> None:
    """Let a real task's time be over; the next list sweeps it away."""
    _in_database(openstack, f"UPDATE tasks SET expires_at = '2020-01-01' WHERE id = '{task_id}'")  # noqa: S608 - Glance's


def _in_database(openstack: OpenStackServer, statement: str) -> None:
    program = initdb()
    assert program is not None
    server: tuple[str | Path, ...] = ("-h", openstack.database.folder, "-U", openstack.name, "-d", "postgres")
    command = [program.with_name("psql"), *server, "-c", statement]
    subprocess.run(command, check=True, capture_output=True, cwd="/")


def test_the_simulated_glance_answers_like_the_real_one(
    openstack: OpenStackServer, image_source: ImageSource, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every answer is the same in status, words and shape, but those of ``LEFT``."""
    now = [0.0]
    ids = [f"00000000-0000-4000-8000-00000000000{number}" for number in (1, 2, 3)]
    ends = ({"state": "success"}, {"state": "failure", "message": INTERNAL_ERROR}, {"state": "success"})
    scenario = {
        "credentials": {"openstack_images": SIMULATED},
        "tasks": [
            {"provider": "openstack_images", "id": task_id, "age": age, "steps": [], "end": end}
            for task_id, age, end in zip(ids, (49 * 3600, 20, 10), ends, strict=True)
        ],
    }

    def pass_time(_task_id: str) -> None:
        now[0] += 10

    with Simulator(scenario, clock=lambda: now[0]) as simulator:
        tokens = {"admin": openstack.token(), "member": openstack.token(openstack.member)}
        real = Side(openstack.url, tokens, lambda task_id: image_tasks.wait_for_status(openstack, task_id))
        simulated = Side(f"{simulator.url}/image", {who: f"{who}-token" for who in tokens}, pass_time)
        # Those of other tests would be in its lists.
        _in_database(openstack, "DELETE FROM task_info; DELETE FROM tasks")
        made = []
        for source in (image_source.fast_url, image_source.missing_url, image_source.fast_url):
            made.append(image_tasks.launch_import(openstack, source))
            real.wait(made[-1])
        _let_expire(openstack, made[0])
        sources = (image_source.fast_url, "https://images.example.com/a.img")
        for side, known, source in zip((real, simulated), (made, ids), sources, strict=True):
            side.names = {**dict(zip(("swept", "bad", "good"), known, strict=True)), "source": source}
            side.names["user"] = side.send(Ask("GET", "/v2/tasks/{good}")).json()["user_id"]
            # Any list sweeps.
            assert side.send(Ask("GET", "/v2/tasks?limit=0")).ok
        asks = (*VERSIONS, *SCHEMAS, *TASKS, *LISTS, *LAUNCHES)
        rows = [(str(ask), real.answer(ask), simulated.answer(ask)) for ask in asks]
    found = {name for name, told, simulated_told in rows if told != simulated_told}
    with capsys.disabled():
        print(f"\n    {len(rows)} requests, {len(rows) - len(found)} of them answered alike")
        for name, told, simulated_told in rows:
            if told == simulated_told:
                print(f"    same  {name[:110]}: {told[:160]}")
            else:
                why = LEFT.get(name, "NOT IN THE LIST")
                print(f"    LEFT  {name}: {why}\n      real: {told[:300]}\n      simulated: {simulated_told[:300]}")
    assert found == set(LEFT)
