# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults, as a client on a real socket gets to feel them."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import socket
import time
import zlib
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import pytest

TOKEN = "demo-token"
TASK = {"provider": "rackspace_images", "id": "x"}
LOGIN = {"auth": {"RAX-KSKEY:apiKeyCredentials": {"username": "demo", "apiKey": "demo-key"}}}


@pytest.fixture
def faulty(play, client):
    """Play one task with these faults and give a client that has a token."""

    def start(*faults, **scenario):
        simulator = play(tasks=[TASK], faults=list(faults), **scenario)
        return client(simulator, TOKEN)

    return start


def statuses(mine, path="/v2/tasks/x", times=5):
    return [mine.get(path).status for _number in range(times)]


class TestWhichRequests:
    def test_after_and_count(self, faulty):
        assert statuses(faulty({"kind": "status", "status": 503, "after": 2, "count": 2})) == [200, 200, 503, 503, 200]

    def test_a_stretch_of_time(self, faulty, clock):
        mine = faulty({"kind": "status", "status": 502, "from_second": 2, "for_seconds": 2})
        seen = []
        for _number in range(5):
            seen.append(mine.get("/v2/tasks/x").status)
            clock.pass_(1)
        assert seen == [200, 200, 502, 502, 200]

    @pytest.mark.parametrize(
        ("path", "struck"),
        [
            (None, ["/v2/tasks", "/v2/tasks/x", "/nowhere"]),
            ("/v2/tasks", ["/v2/tasks", "/v2/tasks/x"]),
            ("/v2/tasks/*", ["/v2/tasks/x"]),
            ("*/tasks", ["/v2/tasks"]),
            ("/v2/tasks/[a-c]", []),
        ],
    )
    def test_prefixes_and_globs(self, faulty, path, struck):
        mine = faulty({"kind": "status", "status": 599, **({"path": path} if path else {})})
        paths = ["/v2/tasks", "/v2/tasks/x", "/nowhere"]
        assert [each for each in paths if mine.get(each).status == 599] == struck
        assert mine.get("/__simulator__/health").status == 200

    def test_methods(self, faulty):
        mine = faulty({"kind": "status", "status": 500, "method": "post"})
        assert mine.get("/v2/tasks").status == 200
        assert mine.post("/v2/tasks", {}).status == 500

    def test_a_list_reads_like_a_script(self, faulty):
        mine = faulty(
            {"kind": "status", "status": 503, "count": 2},
            {"kind": "unauthorized", "count": 1},
            {"kind": "over_limit", "count": 1},
        )
        assert statuses(mine) == [503, 503, 401, 413, 200]

    def test_seconds_of_a_fault_added_later_count_from_then(self, play, client, clock):
        simulator = play(tasks=[TASK])
        mine = client(simulator, TOKEN)
        clock.pass_(100)
        simulator.add_fault(kind="status", status=503, from_second=1, for_seconds=1)
        assert mine.get("/v2/tasks").status == 200
        clock.pass_(1)
        assert mine.get("/v2/tasks").status == 503
        simulator.clear_faults()
        assert mine.get("/v2/tasks").status == 200


class TestAnswersInsteadOfTheVendors:
    def test_any_status_body_and_headers(self, faulty):
        mine = faulty(
            {"kind": "status", "status": 503, "body": "later", "headers": {"Retry-After": "1", "X-a": 2}, "count": 1},
            {"kind": "status", "status": 500, "body": {"error": "x"}, "count": 1},
            {"kind": "status", "status": 502, "body": "<html></html>", "count": 1},
            {"kind": "status", "status": 400, "body": '{"a": 1}', "headers": {"content-type": "a/b"}, "count": 1},
        )
        later = mine.get("/v2/tasks")
        assert (later.status, later.body, later.headers["Retry-After"], later.headers["X-a"]) == (
            503,
            b"later",
            "1",
            "2",
        )
        assert later.headers["Content-Type"].startswith("text/plain")
        assert mine.get("/v2/tasks").json() == {"error": "x"}
        assert mine.get("/v2/tasks").headers["Content-Type"].startswith("text/html")
        assert mine.get("/v2/tasks").headers.get_all("Content-Type") == ["a/b"]

    def test_without_a_body_the_vendor_words_it(self, faulty):
        mine = faulty({"kind": "status", "status": 503})
        assert mine.get("/v2/tasks").json()["code"] == "503 Service Unavailable"
        assert mine.get("/v2.0/tokens").json()["serviceUnavailable"]["code"] == 503
        assert mine.get("/identity/v3").json()["error"]["code"] == 503
        assert b"plays no vendor" in mine.get("/nowhere").body

    def test_retry_after_that_lies_in_the_past(self, faulty):
        mine = faulty(
            {"kind": "over_limit", "retry_after": -3, "count": 1},
            {"kind": "status", "status": 503, "retry_after": -60, "retry_after_form": "date"},
        )
        assert mine.get("/v2/tasks").headers["Retry-After"] == "-3"
        date = parsedate_to_datetime(mine.get("/v2/tasks").headers["Retry-After"])
        assert -61 <= date.timestamp() - time.time() < -55

    def test_over_limit_in_the_vendors_shape(self, faulty):
        mine = faulty({"kind": "over_limit", "count": 2}, {"kind": "over_limit", "retry_after": None})
        rackspace = mine.get("/v2/tasks")
        assert (rackspace.status, rackspace.headers["Retry-After"]) == (413, "1")
        assert rackspace.json()["overLimit"] == {
            "code": 413,
            "message": "OverLimit Retry...",
            "details": "Error Details...",
            "retryAfter": "1",
        }
        openstack = mine.get("/image/v2/tasks")
        assert (openstack.status, openstack.headers["Retry-After"]) == (429, "1")
        assert mine.get("/v2/tasks").headers["Retry-After"] is None

    def test_unauthorized_in_the_vendors_shape(self, faulty):
        mine = faulty({"kind": "unauthorized"})
        assert "unauthorized" in mine.get("/v2/tasks").json()
        assert mine.get("/image/v2/tasks").json()["code"] == "401 Unauthorized"
        assert "error" in mine.get("/identity/v3/auth/tokens").json()
        assert mine.get("/nowhere").status == 401

    def test_the_clock_is_set_once(self, faulty):
        mine = faulty({"kind": "set_clock", "seconds": -3600, "path": "/v2/tasks", "after": 1})
        times = [mine.get("/v2/tasks/x").json()["created_at"] for _number in range(3)]
        assert times == ["2014-02-26T03:02:23Z", "2014-02-26T02:02:23Z", "2014-02-26T02:02:23Z"]
        assert mine.post("/v2.0/tokens", LOGIN).json()["access"]["token"]["expires"] == "2014-02-27T02:02:23.000Z"

    def test_a_clock_is_set_anew_from_the_true_time(self, faulty):
        fault = {"kind": "set_clock", "count": 1}
        mine = faulty(
            *({**fault, "seconds": seconds, "after": after} for seconds, after in ((60, 1), (-60, 2), (0, 3)))
        )
        assert [mine.get("/v2/tasks/x").json()["created_at"][11:19] for _number in range(4)] == [
            "03:02:23",
            "03:03:23",
            "03:01:23",
            "03:02:23",
        ]

    def test_a_page_a_redirect_another_shape_and_garbage(self, faulty):
        mine = faulty(
            {"kind": "html", "count": 1},
            {"kind": "redirect", "location": "https://elsewhere.example.com/", "count": 1},
            {"kind": "wrong_shape", "count": 1},
            {"kind": "wrong_shape", "body": {"tasks": None}, "count": 1},
            {"kind": "gzip_garbage"},
        )
        page = mine.get("/v2/tasks")
        assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=UTF-8")
        redirect = mine.get("/v2/tasks")
        assert (redirect.status, redirect.headers["Location"]) == (302, "https://elsewhere.example.com/")
        assert mine.get("/v2/tasks").json() == []
        assert mine.get("/v2/tasks").json() == {"tasks": None}
        garbage = mine.get("/v2/tasks")
        assert garbage.headers["Content-Encoding"] == "gzip"
        with pytest.raises((OSError, EOFError, zlib.error)):
            gzip.decompress(garbage.body)

    def test_a_huge_answer_is_json_of_about_that_size(self, faulty):
        answer = faulty({"kind": "huge", "megabytes": 2}).get("/v2/tasks")
        assert 1_800_000 < len(answer.body) < 2_200_000
        assert answer.json()["tasks"][0]["status"] == "success"


class TestSpoiledAnswers:
    def test_the_right_body_with_the_wrong_type(self, faulty):
        answer = faulty({"kind": "content_type"}).get("/v2/tasks/x")
        assert (answer.headers["Content-Type"], answer.json()["id"]) == ("text/plain", "x")

    def test_json_that_breaks_off_with_the_right_length(self, faulty):
        answer = faulty({"kind": "bad_json"}).get("/v2/tasks/x")
        assert int(answer.headers["Content-Length"]) == len(answer.body)
        with pytest.raises(json.JSONDecodeError):
            answer.json()

    def test_states_nobody_knows(self, faulty):
        mine = faulty({"kind": "unknown_state", "state": "hibernating"})
        assert mine.get("/v2/tasks/x").json()["status"] == "hibernating"
        assert mine.get("/v2/tasks").json()["tasks"][0]["status"] == "hibernating"
        assert mine.get("/v2/tasks/y").json()["code"] == "404 Not Found"

    def test_ids_of_the_other_type(self, play, client):
        simulator = play(
            tasks=[{**TASK, "id": "12"}, TASK, {"provider": "dbvisit_standby", "id": "7"}],
            faults=[{"kind": "id_type"}],
        )
        mine = client(simulator, TOKEN)
        assert mine.get("/v2/tasks/12").json()["id"] == 12
        assert {task["id"] for task in mine.get("/v2/tasks").json()["tasks"]} == {12, "x"}
        assert mine.get("/v2/tasks/13").status == 404
        basic = {"Authorization": "Basic YWRtaW46YWRtaW4tcGFzc3dvcmQ="}
        shown = mine.send("POST", "/api/task/show", {"params": {"task_id": 7}}, basic)
        assert shown.json()["result"]["task_id"] == "7"

    @pytest.mark.parametrize(("where", "got"), [("before", b""), ("head", b"\r\n\r\n"), ("body", b'{"created_at')])
    def test_what_comes_before_a_reset(self, play, where, got):
        simulator = play(tasks=[TASK], faults=[{"kind": "reset", "where": where}])
        with socket.create_connection(("127.0.0.1", simulator.port), timeout=60) as connection:
            connection.sendall(f"GET /v2/tasks/x HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {TOKEN}\r\n\r\n".encode())
            read = b""
            with contextlib.suppress(ConnectionResetError):
                while chunk := connection.recv(4096):
                    read += chunk
                pytest.fail("the connection came to a clean end")
        assert got in read
        assert bool(read) is bool(got)
        assert read.endswith(b"\r\n\r\n") is (where == "head")

    def test_a_launch_that_was_reset_has_happened(self, faulty):
        mine = faulty({"kind": "reset", "method": "POST"})
        with pytest.raises(ConnectionResetError):
            mine.post("/v2/tasks", {"type": "import", "input": {}})
        assert len(mine.get("/v2/tasks").json()["tasks"]) == 2

    def test_slow_lets_the_next_fault_strike_too(self, faulty):
        mine = faulty({"kind": "slow", "seconds": 0.1}, {"kind": "status", "status": 503, "count": 1})
        begin = time.monotonic()
        assert mine.get("/v2/tasks/x").status == 503
        assert time.monotonic() - begin >= 0.1

    def test_a_body_byte_by_byte(self, faulty):
        mine = faulty({"kind": "drip", "seconds": 0.0005})
        begin = time.monotonic()
        answer = mine.get("/v2/tasks/x")
        assert answer.json()["id"] == "x"
        assert time.monotonic() - begin >= 0.0005 * len(answer.body)

    def test_stopping_does_not_wait_for_slow_answers(self, play):
        simulator = play(faults=[{"kind": "slow", "seconds": 600}])
        with socket.create_connection(("127.0.0.1", simulator.port)) as connection:
            connection.sendall(b"GET /v2/tasks HTTP/1.1\r\nHost: x\r\n\r\n")
            while simulator.requests()["total"] == 0:
                time.sleep(0.005)
            begin = time.monotonic()
            simulator.stop()
            assert time.monotonic() - begin < 60


class TestRefusedConnections:
    @staticmethod
    def until_answered(mine, patience=60.0):
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            with contextlib.suppress(ConnectionError):
                return mine.get("/v2/tasks/x").status
            time.sleep(0.01)
        return None

    @staticmethod
    def ask_for_ever(connection):
        while True:
            connection.request("GET", "/v2/tasks", headers={"X-Auth-Token": TOKEN})
            connection.getresponse().read()

    def test_a_request_closes_the_port_for_a_while(self, faulty, clock):
        mine = faulty({"kind": "refuse", "after": 1, "for_seconds": 30})
        assert mine.get("/v2/tasks/x").status == 200
        with pytest.raises(ConnectionError):
            mine.get("/v2/tasks/x")
        for _number in range(3):
            with pytest.raises(ConnectionRefusedError):
                mine.get("/v2/tasks/x")
        clock.pass_(30)
        assert self.until_answered(mine) == 200
        assert mine.get("/v2/tasks/x").status == 200

    def test_the_clock_closes_the_port_and_all_connections(self, play, clock):
        simulator = play(tasks=[TASK], faults=[{"kind": "refuse", "from_second": 10, "for_seconds": 5}])
        kept = http.client.HTTPConnection(urlsplit(simulator.url).netloc, timeout=60)
        with contextlib.closing(kept):
            for _number in range(2):
                kept.request("GET", "/v2/tasks", headers={"X-Auth-Token": TOKEN})
                assert kept.getresponse().read()
            clock.pass_(10)
            with pytest.raises(ConnectionError):
                self.ask_for_ever(kept)

    def test_clearing_the_faults_opens_the_port(self, play, client):
        simulator = play(tasks=[TASK], faults=[{"kind": "refuse", "from_second": 0, "for_seconds": 1e6}])
        mine = client(simulator, TOKEN)
        with pytest.raises(ConnectionRefusedError):
            mine.get("/v2/tasks/x")
        simulator.clear_faults()
        assert mine.get("/v2/tasks/x").status == 200
