# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server itself: HTTP, counts, control paths, TLS, many tasks."""

from __future__ import annotations

import contextlib
import http.client
import json
import shutil
import socket
import ssl
import subprocess
import threading
from urllib.parse import urlsplit

import pytest

from task_simulator import ScenarioError, Simulator
from task_simulator.faces import FACES
from task_simulator.faults import MOST_FAULTS
from task_simulator.requests_log import MOST_PATHS, OTHER_PATHS, RequestsLog
from task_simulator.tasks import MOST_ADDED

TOKEN = "demo-token"
TASK = {"provider": "rackspace_images", "id": "x"}
MANY = {"provider": "rackspace_images"}


def raw(simulator, request, *, patience=5.0):
    """Send bytes and return all that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", simulator.port), timeout=patience) as connection:
        connection.sendall(request)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
        return b"".join(parts)


class TestHttp:
    def test_a_connection_is_kept_alive(self, play):
        simulator = play(tasks=[TASK])
        connection = http.client.HTTPConnection(urlsplit(simulator.url).netloc, timeout=60)
        with contextlib.closing(connection):
            connection.connect()
            kept = connection.sock
            for path, status in (("/v2/tasks", 200), ("/v2/tasks/y", 404), ("/__simulator__/health", 200)):
                connection.request("GET", path, headers={"X-Auth-Token": TOKEN})
                response = connection.getresponse()
                assert (response.status, response.version) == (status, 11)
                assert len(response.read()) == int(response.headers["Content-Length"])
            assert connection.sock is kept

    def test_head_has_the_length_but_no_body(self, play):
        answer = raw(play(), b"HEAD /image/versions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        head, _blank, body = answer.partition(b"\r\n\r\n")
        assert b"Content-Length: " in head
        assert body == b""

    def test_whole_addresses_of_proxies(self, play):
        answer = raw(play(), b"GET http://x/image/versions?a=b HTTP/1.0\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200 OK")

    @pytest.mark.parametrize(
        ("request_", "status"),
        [
            (b"nonsense\r\n\r\n", b"400"),
            (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n", b"400"),
            (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", b"411"),
            (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", b"413"),
            (b"GET /" + b"x" * 70000 + b" HTTP/1.1\r\n\r\n", b"414"),
        ],
    )
    def test_requests_that_are_not_understood(self, play, request_, status):
        assert status in raw(play(), request_).split(b"\r\n", maxsplit=1)[0]

    def test_paths_of_nobody(self, play, client):
        mine = client(play())
        for path in ("/", "/v3/tasks", "/v20", "/imagery", "/__simulator"):
            assert mine.get(path).status == 404

    def test_a_mistake_in_a_face_shows_as_itself(self, play, client, monkeypatch):
        simulator = play()
        monkeypatch.setattr(type(simulator.face("/v2/tasks")), "answer", lambda self, request: 1 / 0)
        answer = client(simulator).get("/v2/tasks")
        assert answer.status == 500
        assert b"ZeroDivisionError" in answer.body


class TestCounts:
    def test_counts_per_provider_and_path(self, play, client):
        simulator = play(tasks=[TASK])
        mine = client(simulator, TOKEN)
        for path in (
            "/v2/tasks",
            "/v2/tasks/x",
            "/v2/tasks/y",
            "/image/v2/tasks/z",
            "/nowhere",
            "/__simulator__/health",
        ):
            mine.get(path)
        assert mine.get("/__simulator__/requests").json() == {
            "total": 5,
            "by_provider": {"none": 1, "openstack_images": 1, "rackspace_images": 3},
            "by_path": {
                "GET /image/v2/tasks/{id}": 1,
                "GET /nowhere": 1,
                "GET /v2/tasks": 1,
                "GET /v2/tasks/{id}": 2,
            },
            "peak_concurrent": 1,
        }
        assert mine.send("DELETE", "/__simulator__/requests").status == 204
        assert simulator.requests()["total"] == 0

    def test_requests_side_by_side(self, play, client):
        simulator = play(faults=[{"kind": "slow", "seconds": 0.3}])
        threads = [threading.Thread(target=client(simulator).get, args=("/v2/tasks",)) for _number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert simulator.requests()["peak_concurrent"] == 4

    def test_one_after_the_other_is_never_two_at_once(self, play, client):
        simulator = play()
        mine = client(simulator, TOKEN)
        for _number in range(50):
            mine.get("/v2/tasks")
        assert simulator.requests()["peak_concurrent"] == 1

    def test_the_number_of_paths_is_bounded(self):
        log = RequestsLog()
        for number in range(MOST_PATHS + 5):
            log.begin("none", "GET", f"/{number}")
            log.end()
        assert log.counts()["by_path"][OTHER_PATHS] == 5


class TestControl:
    def test_tasks_can_be_added(self, play, client):
        simulator = play(tasks=[TASK])
        mine = client(simulator, TOKEN)
        added = mine.post("/__simulator__/tasks", {"provider": "rackspace_images", "count": 2})
        assert added.status == 201
        more = mine.post("/__simulator__/tasks", [{"provider": "openstack_images", "id": "y"}])
        assert more.json() == {"ids": ["y"]}
        assert len(mine.get("/v2/tasks").json()["tasks"]) == 3
        assert simulator.add_task(TASK, id="z") == ["z"]
        with pytest.raises(ScenarioError, match="already the ID of another task: z"):
            simulator.add_task(TASK, id="z")

    def test_faults_can_be_added_and_cleared(self, play, client):
        mine = client(play(tasks=[TASK]), TOKEN)
        assert mine.post("/__simulator__/faults", [{"kind": "status", "status": 503}]).json() == {"added": 1}
        assert mine.get("/v2/tasks").status == 503
        assert mine.send("DELETE", "/__simulator__/faults").status == 204
        assert mine.get("/v2/tasks").status == 200

    # Anybody on the machine can send these.
    @pytest.mark.kind
    @pytest.mark.parametrize(
        ("path", "body", "error"),
        [
            ("tasks", {**MANY, "count": MOST_ADDED + 1}, "tasks[0].count must be a whole number from 1 to 10000"),
            ("tasks", [{**MANY, "count": MOST_ADDED}] * 1000, "tasks must not make more than 10000 tasks"),
            ("faults", [{"kind": "unauthorized"}] * (MOST_FAULTS + 1), "faults must not be more than 1000 at once"),
        ],
    )
    def test_what_anybody_can_add_is_bounded(self, play, client, path, body, error):
        simulator = play()
        answer = client(simulator).post(f"/__simulator__/{path}", body)
        assert (answer.status, answer.json()["error"]) == (400, error)
        assert client(simulator, TOKEN).get("/v2/tasks").json()["tasks"] == []

    def test_what_is_launched_and_added_over_time_is_bounded_too(self, play, client):
        simulator = play(tasks=[TASK])
        assert len(simulator.add_task(MANY, count=MOST_ADDED - 1)) == MOST_ADDED - 1
        mine = client(simulator, TOKEN)
        launch = {"type": "import", "input": {"import_from": "a/b"}}
        assert [mine.post("/v2/tasks", launch).status for _number in range(2)] == [201, 500]
        answer = mine.post("/__simulator__/tasks", MANY)
        assert (answer.status, answer.json()["error"]) == (
            *(400, "tasks must not be more than 10000 that are added after the start"),
        )

    def test_health(self, play, client, clock):
        simulator = play()
        clock.pass_(7)
        assert client(simulator).get("/__simulator__/health").json() == {
            "status": "ok",
            "elapsed": 7.0,
            "providers": sorted(FACES),
        }

    @pytest.mark.parametrize(
        ("path", "body", "expected"),
        [
            ("tasks", {"provider": "x"}, (400, "tasks[0].provider must be one of: ")),
            ("faults", [{"kind": "slow"}], (400, "faults[0].seconds is required")),
            ("tasks", TASK, (400, "tasks: id is already the ID of another task: x")),
            ("tasks", "{", (400, "the body is not JSON: ")),
            ("health", {}, (405, "no such method here")),
            ("nothing", {}, (404, "there are only: ")),
        ],
    )
    def test_errors_are_told(self, play, client, path, body, expected):
        status, error = expected
        answer = client(play(tasks=[TASK])).post(f"/__simulator__/{path}", body)
        assert answer.status == status
        assert answer.json()["error"].startswith(error)


class TestSimulator:
    def test_a_port_that_is_taken(self, play):
        with pytest.raises(OSError, match="in use"):
            Simulator(port=play().port)

    def test_stopping_closes_port_and_connections(self):
        with Simulator() as simulator:
            connection = socket.create_connection(("127.0.0.1", simulator.port), timeout=60)
            connection.sendall(b"GET /__simulator__/health HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.recv(10)
        with connection:
            while connection.recv(4096):
                pass
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", simulator.port), timeout=60).close()

    def test_thousands_of_tasks(self, play, client):
        simulator = play(
            tasks=[{"provider": "openstack_images", "count": 5000, "id": "00000000-0000-4000-8000-{n:012d}"}]
        )
        mine = client(simulator, "admin-token")
        path, seen = "/v2/tasks?limit=1000", 0
        while path:
            body = mine.get(f"/image{path}").json()
            seen += len(body["tasks"])
            path = body.get("next")
        assert seen == 5000

    def test_verbose_shows_no_secret(self, capfd):
        with Simulator(verbose=True) as simulator:
            connection = http.client.HTTPConnection(urlsplit(simulator.url).netloc, timeout=60)
            with contextlib.closing(connection):
                login = {"auth": {"passwordCredentials": {"username": "demo", "password": "hunter2"}}}
                connection.request(
                    "POST", "/v2.0/tokens?secret=hunter2", json.dumps(login), {"X-Auth-Token": "hunter2"}
                )
                connection.getresponse().read()
        shown = capfd.readouterr().err
        assert "POST /v2.0/tokens 401" in shown
        assert "hunter2" not in shown


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl program")
    folder = tmp_path_factory.mktemp("tls")
    argv = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    argv += ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    argv += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(argv, check=True, capture_output=True)
    return folder


class TestTls:
    @pytest.fixture
    def secure(self, certificate):
        faults = [{"kind": "reset", "path": "/reset"}, {"kind": "truncate", "path": "/v2.0"}]
        with Simulator(
            {"tasks": [TASK], "faults": faults},
            tls_certificate=str(certificate / "cert.pem"),
            tls_key=str(certificate / "key.pem"),
        ) as simulator:
            yield simulator

    @pytest.fixture
    def connect(self, secure, certificate):
        with contextlib.ExitStack() as stack:

            def make():
                context = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
                connection = http.client.HTTPSConnection(urlsplit(secure.url).netloc, timeout=60, context=context)
                return stack.enter_context(contextlib.closing(connection))

            yield make

    def test_the_catalogue_says_https(self, secure, connect):
        connection = connect()
        login = {"auth": {"passwordCredentials": {"username": "demo", "password": "demo-password"}}}
        connection.request("GET", "/image/versions")
        assert f"{secure.url}/image/v2/".encode() in connection.getresponse().read()
        assert secure.url.startswith("https://")
        connection.request("POST", "/v2.0/tokens", json.dumps(login))
        with pytest.raises(http.client.IncompleteRead):
            connection.getresponse().read()

    def test_a_reset(self, connect):
        connection = connect()
        connection.request("GET", "/reset")
        with pytest.raises(ConnectionResetError):
            connection.getresponse()

    def test_strangers_do_no_harm(self, secure, connect):
        with socket.create_connection(("127.0.0.1", secure.port), timeout=60) as stranger:
            stranger.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            with contextlib.suppress(ConnectionResetError):
                stranger.recv(100)
        with socket.create_connection(("127.0.0.1", secure.port), timeout=60):
            connection = connect()  # Not even one who never shakes hands.
            connection.request("GET", "/__simulator__/health")
            assert connection.getresponse().read()
