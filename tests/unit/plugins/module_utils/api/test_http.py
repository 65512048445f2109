# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import errno
import gzip
import json
import socket
import ssl
import threading
import time
import warnings
from datetime import date

import pytest
import trustme

from ansible_collections.longrunning.tasks.plugins.module_utils._api import http_client as _http
from ansible_collections.longrunning.tasks.plugins.module_utils._api.addresses import (
    on_same_server,
    origin,
    without_query,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._api.causes import server_of, translated
from ansible_collections.longrunning.tasks.plugins.module_utils._api.http_client import (
    HttpRequest,
    HttpResponse,
    RequestsClient,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._api.tls import TlsOptions
from ansible_collections.longrunning.tasks.plugins.module_utils._core import threads as helpers
from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    AuthenticationError,
    BadAnswerError,
    MissingLibraryError,
    NoConnectionError,
    OptionError,
    RejectedError,
    RequestError,
    TransientError,
    UnknownHostError,
    UntrustedServerError,
)
from ansible_collections.longrunning.tasks.tests.unit.support.certificates import (
    authority,
    ca_file,
    client_files,
    server_context,
)
from ansible_collections.longrunning.tasks.tests.unit.support.socket_server import (
    CLOSE,
    RESET,
    StartTls,
    answer,
    closed_port,
    serving,
)

TOKEN = "s3cr3t-t0ken"
SOON = 0.3
#: Seconds that the slowest answers would take.
LONG = 200.0


@pytest.fixture
def new_client():
    clients = []

    def new(**tls):
        clients.append(RequestsClient(TlsOptions(**tls)))
        return clients[-1]

    yield new
    for client in clients:
        client.close()


@pytest.fixture
def client(new_client):
    return new_client()


def get(url, **fields):
    return HttpRequest("GET", url, headers={"X-Auth-Token": TOKEN}, **fields)


def data_of(response):
    return json.loads(response.text)


# --- plain exchanges ------------------------------------------------------------------------------------------


def test_an_answer_is_returned_whole_whatever_its_status(client):
    with serving(answer({"a": 1}, 418, X_Odd="Yes")) as server:
        response = client.send(get(server.url + "/tea", params=(("a", "1"), ("a", "2 3"))), 5)
    assert (response.status, data_of(response), response.headers["x-odd"]) == (418, {"a": 1}, "Yes")
    assert server.requests[0].target == "/tea?a=1&a=2+3"
    assert server.requests[0].headers["x-auth-token"] == TOKEN
    assert TOKEN not in repr(get("http://x")) + repr(response)


def test_json_is_sent_as_the_body(client):
    with serving(answer()) as server:
        client.send(HttpRequest("POST", server.url, json={"auth": {}}), 5)
    assert server.requests[0].json() == {"auth": {}}
    assert server.requests[0].headers["content-type"] == "application/json"


def test_one_connection_serves_many_requests(client):
    with serving(lambda _request: answer({})) as server:
        for number in range(5):
            client.send(get(f"{server.url}/{number}"), 5)
        assert (server.connections, client.requests_sent) == (1, 5)


def test_a_connection_that_the_server_closed_is_replaced(client):
    with serving([answer(1), CLOSE], answer(2)) as server:
        assert data_of(client.send(get(server.url), 5)) == 1
        time.sleep(0.02)
        assert data_of(client.send(get(server.url), 5)) == 2
        assert server.connections == 2


def test_requests_of_threads_are_all_counted(client):
    with serving(lambda _request: answer({})) as server:
        threads = [threading.Thread(target=client.send, args=(get(server.url), 5)) for _number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert client.requests_sent == len(server.requests) == 12


def test_failed_requests_are_counted_too(client):
    with pytest.raises(TransientError):
        client.send(get(f"http://127.0.0.1:{closed_port()}"), 1)
    assert client.requests_sent == 1


def test_a_gzipped_answer_is_unpacked(client):
    packed = gzip.compress(b'{"a": 1}')
    with serving([answer(packed, Content_Encoding="gzip")[:-3], 0.02, packed[-3:]]) as server:
        assert data_of(client.send(get(server.url), 5)) == {"a": 1}


def test_a_gzipped_answer_may_come_byte_by_byte(client):
    packed = gzip.compress(bytes(range(256)) * 4)
    head = answer(packed, Content_Encoding="gzip")[: -len(packed)]
    steps = [item for byte in packed[:40] for item in (bytes([byte]), 0.001)]
    with serving([head, *steps, packed[40:]]) as server:
        assert client.send(get(server.url), 5).body == bytes(range(256)) * 4


def test_a_chunked_answer_is_put_together(client):
    play = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{"\r\n', 0.02, b'5\r\na":1}\r\n0\r\n\r\n'
    with serving(play, answer({})) as server:
        assert data_of(client.send(get(server.url), 5)) == {"a": 1}
        client.send(get(server.url), 5)
        assert server.connections == 1


def test_an_answer_without_length_ends_with_its_connection(client):
    with serving([b'HTTP/1.1 200 OK\r\n\r\n{"a":', 0.02, b"1}", CLOSE]) as server:
        assert data_of(client.send(get(server.url), 5)) == {"a": 1}


# --- no whole answer ------------------------------------------------------------------------------------------

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


#: Plays that break off, and what is told of them.
BROKEN = {
    "reset before": ([RESET], "reset"),
    "closed before": ([CLOSE], "closed the connection without an answer"),
    "reset inside": ([answer({"a": "b" * 100})[:-20], 0.02, RESET], "reset"),
    "short of its length": ([answer({"a": "b" * 100})[:-20], CLOSE], "cut off"),
    "inside a chunk": ([CHUNKED + b"5\r\nabcde\r\nff\r\nabc", CLOSE], "cut off"),
    "between chunks": ([CHUNKED + b"5\r\nabcde\r\n", CLOSE], "cut off"),
    "no chunk at all": ([CHUNKED + b"zz\r\nabcde\r\n", CLOSE], "cut off"),
    "no gzip": ([answer(b"no gzip at all", Content_Encoding="gzip")], "content encoding is broken"),
    "no HTTP": ([b"SSH-2.0-OpenSSH_9.2\r\n\r\n", CLOSE], "is not HTTP"),
    "a header without end": ([b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70000 + b"\r\n\r\n", CLOSE], "is not HTTP"),
    "headers without end": ([b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 300 + b"\r\n", CLOSE], "is not HTTP"),
}


@pytest.mark.parametrize(("play", "words"), BROKEN.values(), ids=BROKEN)
def test_an_answer_that_breaks_off_is_transient(client, play, words):
    with serving(play) as server, pytest.raises(TransientError) as caught:
        client.send(get(server.url + "/tasks?secret=1"), 5)
    assert words in caught.value.message
    assert caught.value.to_result()["request"] == {
        "method": "GET",
        "url": server.url + "/tasks",
        "status": None,
        "code": None,
    }
    assert "secret" not in caught.value.message
    assert "object at 0x" not in caught.value.message


def test_a_closed_port_is_transient(client):
    port = closed_port()
    with pytest.raises(
        NoConnectionError, match=rf"^The connection was refused: GET http://127.0.0.1:{port}/tasks"
    ) as caught:
        client.send(get(f"http://127.0.0.1:{port}/tasks"), 5)
    assert not caught.value.was_sent


@pytest.mark.parametrize("variable", [None, "HTTP_PROXY"], ids=["the server", "its proxy"])
@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (OSError(errno.EHOSTUNREACH, "No route to host"), "[Nn]o route to host"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "[Nn]etwork is unreachable"),
        (socket.timeout("timed out"), "in time"),
    ],
)
def test_trouble_before_there_is_a_connection_is_told_from_later_trouble(client, monkeypatch, variable, problem, words):
    def connect(*_args, **_kwargs):
        raise problem

    if variable is not None:
        monkeypatch.setenv(variable, "http://127.0.0.1:3128")
    monkeypatch.setattr(_http.urllib3.util.connection, "create_connection", connect)
    with pytest.raises(NoConnectionError, match=words):
        client.send(get("http://images.example/tasks"), 5)


def test_an_unknown_host_is_named(client, monkeypatch):
    def resolve(*_args, **_kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(UnknownHostError, match=r"host name images\.example cannot be resolved") as caught:
        client.send(get("https://images.example/v2"), 5)
    assert isinstance(caught.value, TransientError)


#: Before urllib3 2.0 each chunk of an answer has the timeout to itself.
@pytest.mark.parametrize(
    "play",
    [
        pytest.param([LONG], id="silence"),
        pytest.param([answer({"a": "b"})[:-5], LONG], id="silence inside"),
        pytest.param([b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", *[b"x", 0.05] * 4000], id="a byte at a time"),
        pytest.param([CHUNKED, *[b"1\r\nx\r\n", 0.05] * 4000], id="a chunk at a time"),
        pytest.param([b"H", 0.05] * 4000, id="its headers a byte at a time"),
        pytest.param([b"HTTP/1.1 100 Continue\r\n\r\n", 0.05] * 4000, id="announced again and again"),
        pytest.param([CHUNKED + b"0\r\n", *[b"X: y\r\n", 0.05] * 4000], id="trailers without end"),
    ],
)
def test_a_slow_answer_ends_at_the_timeout(client, play):
    began = time.monotonic()
    with serving(play) as server, pytest.raises(TransientError, match=r"did not answer the request in time: GET "):
        client.send(get(server.url), SOON)
    assert time.monotonic() - began < LONG / 2


@pytest.mark.kind
@pytest.mark.parametrize("play", [[b"H", 0.05] * 1200, [CHUNKED + b"0\r\n", *[b"X: y\r\n", 0.05] * 1200]])
def test_an_answer_that_drips_leaves_neither_a_thread_nor_a_socket(client, monkeypatch, play):
    started = []
    start = threading.Thread.start
    with serving(play) as server:
        monkeypatch.setattr(threading.Thread, "start", lambda thread: started.append(thread) or start(thread))
        with pytest.raises(TransientError, match="in time"):
            client.send(get(server.url), SOON)
        # The server, too: it finds out when it writes on.
        for left in (*started, *server.conversations):
            left.join(30)
            assert not left.is_alive()


def test_a_name_that_is_looked_up_for_ever_is_given_up(client, monkeypatch):
    go_on = threading.Event()

    def resolve(*_args, **_kwargs):
        go_on.wait(60)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(TransientError, match=r"in time: GET http://images\.example/v2$"):
        client.send(get("http://images.example/v2"), 0.01)
    go_on.set()


def test_a_machine_without_threads_still_sends_requests(client, monkeypatch):
    class NoThread:
        def __init__(self, **_kwargs):
            pass

        def start(self):
            raise RuntimeError("can't start new thread")

    with serving(answer({"a": 1})) as server:
        monkeypatch.setattr(helpers, "Thread", NoThread)
        assert data_of(client.send(get(server.url), 5)) == {"a": 1}


# --- bounds ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "a bomb"])
def test_a_huge_answer_is_not_read_on(client, monkeypatch, packed):
    monkeypatch.setattr(_http, "LARGEST_ANSWER", 2 * 2**20)
    body = b" " * (4 * 2**20)
    play = answer(gzip.compress(body), Content_Encoding="gzip") if packed else answer(body)
    with serving(play) as server, pytest.raises(BadAnswerError, match="larger than 2 MiB") as caught:
        client.send(get(server.url), 5)
    assert caught.value.status == 200


def test_the_largest_answer_is_read(client, monkeypatch):
    monkeypatch.setattr(_http, "LARGEST_ANSWER", 200_000)
    with serving(answer(b"x" * 200_000)) as server:
        assert len(client.send(get(server.url), 5).body) == 200_000


# --- redirects ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["/v2/tasks/1?a=b", "{url}/v2/tasks/1?a=b", "//{host}/v2/tasks/1?a=b#part"])
def test_a_get_follows_a_redirect_on_the_same_server(client, status, target):
    def play(request):
        if request.target == "/old":
            host = request.headers["host"]
            return answer(status=status, Location=target.format(url=f"http://{host}", host=host))
        return answer({"found": request.target})

    with serving(play) as server:
        response = client.send(get(server.url + "/old"), 5)
    assert data_of(response) == {"found": "/v2/tasks/1?a=b"}
    assert [request.headers["x-auth-token"] for request in server.requests] == [TOKEN, TOKEN]


@pytest.mark.parametrize(
    "target",
    [
        "http://localhost:{port}/x",
        "http://127.0.0.1:{other}/x",
        "https://127.0.0.1:{port}/x",
        "//127.0.0.2:{port}/x",
        "ftp://127.0.0.1:{port}/x",
        "file:///etc/hostname",
        "http://127.0.0.1:{port}@127.0.0.1:{other}/x",
    ],
)
def test_a_redirect_to_another_server_is_refused(client, target):
    with serving(lambda _request: answer({})) as other, serving(lambda _request: moved) as server:
        moved = answer(status=302, Location=target.format(port=server.port, other=other.port))
        with pytest.raises(BadAnswerError, match="redirected to another server") as caught:
            client.send(get(server.url + "/tasks?limit=1"), 5)
        assert other.requests == []
        assert len(server.requests) == 1
    assert caught.value.to_result()["request"]["status"] == 302
    assert TOKEN not in caught.value.message
    assert client.requests_sent == 1


@pytest.mark.parametrize("separator", ["\\@", "\\\\@", "%5C@", "#@", "?@"])
def test_an_address_that_parsers_read_differently_leads_nowhere_else(client, separator):
    def redirect(request):
        if request.target != "/tasks":
            return answer({})
        return answer(status=302, Location=f"http://127.0.0.1:{other.port}{separator}127.0.0.1:{server.port}/x")

    with serving(lambda _request: answer({})) as other, serving(redirect) as server:
        with contextlib.suppress(BadAnswerError):
            client.send(get(server.url + "/tasks"), 5)
        assert other.requests == []


@pytest.mark.parametrize("target", ["http://[::1", "http://127.0.0.1:port/x", "http://127.0.0.1:99999/", "//["])
def test_a_redirect_that_is_no_address_is_a_bad_answer(client, target):
    with serving(answer(status=302, Location=target)) as server, pytest.raises(BadAnswerError):
        client.send(get(server.url), 5)


@pytest.mark.parametrize(
    ("target", "asked"),
    [
        ("/a b", "/a%20b"),
        ("/\u00e9", "/%C3%A9"),
        ("/a%zz", "/a%25zz"),
        ("?x", "/v2/tasks?x"),
        ("", "/v2/tasks"),
        ("../../../x", "/x"),
        ("http:///x", "/x"),
        ("/\x7f", "/%7F"),
    ],
)
def test_a_redirect_to_an_odd_path_stays_on_the_server(client, target, asked):
    with serving(answer(status=302, Location=target), answer({})) as server:
        assert client.send(get(server.url + "/v2/tasks"), 5).status == 200
    assert server.targets == ["/v2/tasks", asked]


def test_a_post_is_not_sent_elsewhere(client):
    with serving(answer(status=307, Location="/other")) as server:
        with pytest.raises(BadAnswerError, match="only GET requests"):
            client.send(HttpRequest("POST", server.url, json={"password": "secret"}), 5)
        assert len(server.requests) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_can_be_the_answer(client, method):
    with serving(answer(status=303, Location="/other")) as server:
        response = client.send(HttpRequest(method, server.url, stops_at={303}), 5)
        assert (response.status, response.headers["location"]) == (303, "/other")
        assert len(server.requests) == 1


def test_a_form_is_sent_as_browsers_do(client):
    with serving(answer({})) as server:
        client.send(HttpRequest("POST", server.url, form=(("user", "a b"), ("pass", "&=%é"))), 5)
    (request,) = server.requests
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.body == b"user=a+b&pass=%26%3D%25%C3%A9"


def test_the_cookies_that_an_answer_sets(client):
    set_cookie = 'sid="abc"; Path=/; Expires=Wed, 21 Oct 2037 07:28:00 GMT\r\nSet-Cookie: csrf=x=1; Secure'
    with serving(answer({}, Set_Cookie=set_cookie)) as server:
        assert _http.cookies_of(client.send(get(server.url), 5)) == {"sid": "abc", "csrf": "x=1"}


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("/x/1?a=b#c", "https://api.example/x/1?a=b"),
        ("2", "https://api.example/base/2"),
        ("https://API.example:443/x", "https://api.example/x"),
        ("https://other.example/x", None),
        ("//other.example/x", None),
        ("http://api.example/x", None),
        ("https://api.example@other.example/", None),
        ("https://api.example\\@other.example/", None),
    ],
)
def test_where_a_link_leads_to(link, address):
    assert on_same_server("https://api.example/base/1", link) == address


def test_redirects_that_go_round_end(client):
    with serving(lambda _request: answer(status=302, Location="/round")) as server:
        with pytest.raises(BadAnswerError, match="more than 3 times"):
            client.send(get(server.url), 5)
        assert len(server.requests) == 4


def test_redirects_share_one_timeout(client):
    with serving(lambda _request: [0.15, answer(status=302, Location="/round")]) as server:
        with pytest.raises(TransientError, match="in time"):
            client.send(get(server.url), SOON)
        assert len(server.requests) < 4


def test_the_body_of_a_redirect_is_bounded_too(client, monkeypatch):
    monkeypatch.setattr(_http, "LARGEST_ANSWER", 2**20)
    play = answer(b" " * 2**21, 302, Location="/x")
    with serving(play) as server, pytest.raises(BadAnswerError, match="larger than 1 MiB"):
        client.send(get(server.url), 5)


def test_the_body_of_a_redirect_may_not_outlast_the_timeout(client):
    play = b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 999\r\n\r\n", *[b"x", 0.05] * 4000
    began = time.monotonic()
    with serving(play) as server, pytest.raises(TransientError, match="in time"):
        client.send(get(server.url), SOON)
    assert time.monotonic() - began < LONG / 2


def test_a_redirect_without_a_target_is_an_answer(client):
    with serving(answer(status=304)) as server:
        assert client.send(get(server.url), 5).status == 304


# --- what the environment may and may not do ------------------------------------------------------------------


@pytest.mark.parametrize("way", ["NETRC", "HOME"])
def test_a_netrc_file_is_not_used(client, monkeypatch, tmp_path, way):
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\ndefault login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv(way, str(netrc if way == "NETRC" else tmp_path))
    with serving(answer(), answer(status=302, Location="/x"), answer()) as server:
        client.send(get(server.url), 5)
        client.send(get(server.url), 5)
    assert not any("authorization" in request.headers for request in server.requests)


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_bundle_of_the_environment_makes_no_server_trusted(client, monkeypatch, tmp_path, variable):
    monkeypatch.setenv(variable, ca_file(tmp_path))
    with serving(answer(), tls=server_context()) as server, pytest.raises(UntrustedServerError):
        client.send(get(server.url), 5)


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_bundle_of_the_environment_replaces_no_option(new_client, monkeypatch, tmp_path, variable):
    monkeypatch.setenv(variable, str(tmp_path / "missing.pem"))
    with serving(answer(), answer(), tls=server_context()) as server:
        new_client(ca_path=ca_file(tmp_path)).send(get(server.url), 5)
        new_client(validate_certs=False).send(get(server.url), 5)


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_of_the_environment_is_used(client, monkeypatch, variable):
    with serving(answer({"by": "proxy"})) as proxy:
        monkeypatch.setenv(variable, proxy.url)
        assert data_of(client.send(get("http://images.example/v2/tasks"), 5)) == {"by": "proxy"}
    assert proxy.targets == ["http://images.example/v2/tasks"]


@pytest.mark.parametrize("bypass", ["127.0.0.1", "other.example,127.0.0.0/8", "*"])
def test_no_proxy_is_honoured(client, monkeypatch, bypass):
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("NO_PROXY", bypass)
    with serving(answer({})) as server:
        assert client.send(get(server.url), 5).status == 200


def test_a_broken_proxy_is_named_as_the_cause(client, monkeypatch):
    port = closed_port()
    monkeypatch.setenv("HTTP_PROXY", f"http://somebody:pr0xy-secret@127.0.0.1:{port}")
    with pytest.raises(TransientError, match="proxy") as caught:
        client.send(get("http://images.example/v2"), 5)
    assert "pr0xy-secret" not in caught.value.message


def test_an_unknown_proxy_is_not_taken_for_an_unknown_server(client, monkeypatch):
    def resolve(host, *_args, **_kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    with pytest.raises(TransientError, match="proxy"):
        client.send(get("http://images.example/v2"), 5)


def from_proxy(status):
    page = b"<html><title>Refused</title></html>"
    return answer(page, status, Content_Type="text/html", Proxy_Authenticate='Basic realm="squid"')


@pytest.mark.kind
@pytest.mark.parametrize("login", ["", "bob:pr0xy-secret@"])
@pytest.mark.parametrize(
    ("scheme", "status", "kind"),
    [
        ("http", 407, AuthenticationError),
        ("https", 407, AuthenticationError),
        ("https", 403, RejectedError),
        ("https", 503, NoConnectionError),
    ],
)
def test_what_a_proxy_answers_is_told_as_the_proxys(monkeypatch, login, scheme, status, kind):
    variable = f"{scheme.upper()}_PROXY"
    words = "does not connect to the server"
    if status == 407:
        words = "refuses the login in it" if login else "wants a login"
    with serving(from_proxy(status)) as proxy, contextlib.closing(RequestsClient(TlsOptions())) as client:
        monkeypatch.setenv(variable, proxy.url.replace("//", f"//{login}"))
        with pytest.raises(kind) as caught:
            client.send(get(f"{scheme}://images.example/v2?token=1"), 5)
    assert caught.type is kind
    assert caught.value.message.startswith(f"The proxy that {variable} names {words} (HTTP {status}): GET {scheme}:")
    assert caught.value.status == status
    for secret in ("pr0xy-secret", "token=1"):
        assert secret not in str(caught.value.to_result())


def test_407_without_a_proxy_is_an_answer(client):
    with serving(answer(status=407)) as server:
        assert client.send(get(server.url), 5).status == 407


@pytest.mark.kind
@pytest.mark.parametrize("variable", ["ALL_PROXY", "https_proxy"])
def test_a_socks_proxy_names_the_library_that_it_needs(client, monkeypatch, variable):
    def missing(*_args, **_kwargs):
        raise _http.requests.exceptions.InvalidSchema("Missing dependencies for SOCKS support.")

    monkeypatch.setattr(_http.requests.adapters, "SOCKSProxyManager", missing)
    monkeypatch.setenv(variable, "socks5h://bob:pr0xy-secret@127.0.0.1:1080")
    with pytest.raises(MissingLibraryError, match=rf"PySocks .* SOCKS proxy that {variable} names") as caught:
        client.send(get("https://images.example/v2"), 5)
    assert caught.value.library == "PySocks"
    assert "pr0xy-secret" not in caught.value.message


def test_a_socks_proxy_that_is_away_is_named(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "socks5h://bob:pr0xy-secret@127.0.0.1:1080")
    error = _http.urllib3.exceptions.NewConnectionError(None, "no connection")
    error.__context__ = type("ProxyConnectionError", (OSError,), {"__module__": "socks"})("bob:pr0xy-secret")
    error.__context__.__context__ = ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
    told = translated(error, "GET", "https://images.example/v2")
    assert isinstance(told, NoConnectionError)
    assert told.message.startswith("The proxy that ALL_PROXY names did not connect (the connection was refused): GET ")


@pytest.mark.parametrize("address", ["foo://127.0.0.1:1", "http://", "http://a:b:c", "http://[::1"])
def test_an_address_of_a_proxy_that_cannot_be_used_is_named(client, monkeypatch, address):
    monkeypatch.setenv("HTTP_PROXY", address)
    with pytest.raises(OptionError, match="HTTP_PROXY contains no usable proxy address"):
        client.send(get("http://images.example/v2"), 5)


def test_a_proxy_that_does_not_speak_tls_is_named(client, monkeypatch):
    with serving([answer(status=400), CLOSE]) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("http:", "https:"))
        with pytest.raises(OptionError, match=r"HTTPS_PROXY begins with https://.*write http://"):
            client.send(get("https://images.example/v2"), 5)


def test_tls_goes_through_a_proxy(new_client, monkeypatch, tmp_path):
    tunnel = [b"HTTP/1.1 200 OK\r\n\r\n", StartTls(server_context("images.example"))]
    with serving(tunnel, answer({"deep": 1})) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        response = new_client(ca_path=ca_file(tmp_path)).send(get("https://images.example/v2"), 5)
    assert data_of(response) == {"deep": 1}
    connect, inside = proxy.requests
    assert (connect.method, connect.target) == ("CONNECT", "images.example:443")
    assert "x-auth-token" not in connect.headers
    assert inside.headers["x-auth-token"] == TOKEN


@pytest.mark.parametrize("proxied", [False, True], ids=["directly", "through a proxy"])
def test_the_systems_trust_store_is_trusted(new_client, monkeypatch, tmp_path, proxied):
    # OpenSSL's own variable stands for a store to which an administrator has added an authority.
    monkeypatch.setenv("SSL_CERT_FILE", ca_file(tmp_path))
    if proxied:
        tunnel = [b"HTTP/1.1 200 OK\r\n\r\n", StartTls(server_context("images.example"))]
        with serving(tunnel, answer({})) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            assert new_client().send(get("https://images.example"), 5).status == 200
    else:
        with serving(answer({}), tls=server_context()) as server:
            assert new_client().send(get(server.url), 5).status == 200


def test_plain_http_does_not_load_it(new_client, monkeypatch):
    monkeypatch.setattr(_http.urllib3.util.ssl_, "create_urllib3_context", None)
    with serving(answer({})) as server:
        assert new_client().send(get(server.url), 5).status == 200


def test_it_is_loaded_once_for_all_that_is_encrypted(new_client, monkeypatch, tmp_path):
    monkeypatch.setenv("SSL_CERT_FILE", ca_file(tmp_path))
    made = []
    make = _http.urllib3.util.ssl_.create_urllib3_context
    monkeypatch.setattr(_http.urllib3.util.ssl_, "create_urllib3_context", lambda: made.append(make()) or made[-1])
    with serving(answer({})) as plain, serving(answer({}), answer({}), tls=server_context()) as encrypted:
        client = new_client()
        for url in (plain.url, encrypted.url, encrypted.url):
            assert client.send(get(url), 5).status == 200
    assert len(made) == 1


# --- TLS ------------------------------------------------------------------------------------------------------


def test_an_unknown_authority_is_refused_with_advice(client):
    with serving(answer(), tls=server_context()) as server:
        with pytest.raises(UntrustedServerError) as caught:
            client.send(get(server.url + "/v2"), 5)
        assert server.requests == []
    for word in (f"127.0.0.1:{server.port}", "ca_path", "validate_certs"):
        assert word in caught.value.message
    assert caught.value.to_result()["reason"] == "untrusted_certificate"


def test_a_given_authority_is_trusted(new_client, tmp_path):
    with serving(answer({}), tls=server_context()) as server:
        assert new_client(ca_path=ca_file(tmp_path)).send(get(server.url), 5).status == 200


def test_a_given_authority_replaces_the_others(new_client, tmp_path, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", ca_file(tmp_path))
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    with serving(answer({}), tls=server_context()) as server, pytest.raises(UntrustedServerError):
        new_client(ca_path=str(other)).send(get(server.url), 5)


def test_the_check_can_be_switched_off(new_client):
    with serving(answer({}), tls=server_context("elsewhere.example")) as server, warnings.catch_warnings():
        warnings.simplefilter("error")
        assert new_client(validate_certs=False).send(get(server.url), 5).status == 200


def test_switched_off_wins_over_ca_path(new_client, tmp_path):
    with serving(answer({}), tls=server_context("elsewhere.example")) as server:
        assert new_client(validate_certs=False, ca_path=ca_file(tmp_path)).send(get(server.url), 5).status == 200


def test_a_certificate_for_another_name_is_refused(new_client, tmp_path):
    client = new_client(ca_path=ca_file(tmp_path))
    with serving(tls=server_context("elsewhere.example")) as server, pytest.raises(UntrustedServerError) as caught:
        client.send(get(server.url), 5)
    assert "is not trusted" in caught.value.message


@pytest.mark.kind
def test_https_to_a_plain_port_says_so(client):
    with serving([answer(status=400), CLOSE]) as server:
        with pytest.raises(UntrustedServerError, match=r"does not speak TLS.*scheme.*port.*auth_url"):
            client.send(get(server.url.replace("http:", "https:"), option="auth_url"), 5)
        assert server.requests[0].method == "TLS"


@pytest.mark.kind
@pytest.mark.parametrize(
    ("play", "kind"),
    [
        # What most do; some send an alert first, and that says it for sure.
        ([RESET], TransientError),
        ([CLOSE], TransientError),
        ([b"\x15\x03\x03\x00\x02\x02\x46", CLOSE], RejectedError),
    ],
)
def test_plain_http_to_a_tls_port_says_what_to_write(client, play, kind):
    with serving(play) as server, pytest.raises(kind, match=r"expects TLS.*write https:// in auth_url$|Write https:"):
        client.send(get(server.url, option="auth_url"), 5)


def old_cipher(context):
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AES256-SHA:@SECLEVEL=0")


def old_version(context):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")


@pytest.mark.kind
@pytest.mark.parametrize("configure", [old_cipher, old_version])
def test_an_old_server_has_no_way_to_encrypt_in_common(new_client, configure):
    tls = server_context()
    configure(tls)
    with serving(answer(), tls=tls) as server, pytest.raises(UntrustedServerError) as caught:
        new_client(validate_certs=False).send(get(server.url), 5)
    assert "no cipher or TLS version in common" in caught.value.message
    assert "check client_cert" not in caught.value.message


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("WRONG_VERSION_NUMBER", "does not speak TLS: check the scheme and the port of api_url"),
        ("RECORD_LAYER_FAILURE", "does not speak TLS"),
        ("SSLV3_ALERT_HANDSHAKE_FAILURE", "no cipher or TLS version in common (handshake failure)"),
        ("TLSV1_ALERT_PROTOCOL_VERSION", "no cipher or TLS version in common (protocol version)"),
        ("UNSUPPORTED_PROTOCOL", "no cipher or TLS version in common (unsupported protocol)"),
        ("DH_KEY_TOO_SMALL", "no cipher or TLS version in common (dh key too small)"),
        ("UNSAFE_LEGACY_RENEGOTIATION_DISABLED", "no cipher or TLS version in common"),
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "(certificate required): check client_cert and client_key"),
        ("TLSV1_ALERT_UNKNOWN_CA", "(unknown ca): check client_cert and client_key"),
        ("TLSV1_ALERT_INTERNAL_ERROR", "refused the TLS connection (internal error)"),
        ("TLSV1_UNRECOGNIZED_NAME", None),
        ("SSLV3_ALERT_BAD_RECORD_MAC", None),
        (None, None),
    ],
)
def test_trouble_with_tls_in_words(reason, words):
    error = ssl.SSLError(1, "words of OpenSSL")
    error.reason = reason
    told = translated(error, "GET", "https://images.example/v2")
    assert isinstance(told, UntrustedServerError) is (words is not None)
    assert (words or "The TLS connection broke") in told.message
    assert "words of OpenSSL" not in told.message


@pytest.mark.parametrize("both", [False, True], ids=["two files", "one file"])
def test_a_client_certificate_is_shown(new_client, tmp_path, both):
    cert, key, one = client_files(tmp_path)
    files = {"client_cert": one} if both else {"client_cert": cert, "client_key": key}
    with serving(answer({}), tls=server_context(wants_client=True)) as server:
        assert new_client(ca_path=ca_file(tmp_path), **files).send(get(server.url), 5).status == 200


def test_a_missing_client_certificate_is_no_passing_trouble(new_client, tmp_path):
    client = new_client(ca_path=ca_file(tmp_path))
    tls = server_context(wants_client=True)
    with serving(answer({}), tls=tls) as server, pytest.raises(RequestError, match="client certificate") as caught:
        client.send(get(server.url), 5)
    assert not isinstance(caught.value, TransientError)


@pytest.mark.parametrize("option", ["ca_path", "client_cert", "client_key"])
def test_a_file_that_is_not_there_is_named(tmp_path, option):
    files = {"client_cert": client_files(tmp_path)[2]} if option == "client_key" else {}
    with pytest.raises(OptionError, match=rf"{option}: .*missing.pem does not exist") as caught:
        TlsOptions(**{**files, option: str(tmp_path / "missing.pem")})
    assert caught.value.option == option


@pytest.mark.parametrize("option", ["ca_path", "client_cert"])
@pytest.mark.parametrize(
    "text", ["", "nothing of the kind", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_file_that_is_no_certificate_is_named(new_client, tmp_path, option, text):
    path = tmp_path / "odd.pem"
    path.write_text(text)
    with serving(answer({}), tls=server_context()) as server, pytest.raises(OptionError, match=option) as caught:
        new_client(**{option: str(path)}).send(get(server.url), 5)
    assert caught.value.option == option


def test_a_key_of_another_certificate_is_named(new_client, tmp_path):
    cert, key, _both = client_files(tmp_path)
    other = authority().issue_cert("other.example")
    other.private_key_pem.write_to_path(key)
    with pytest.raises(OptionError, match="client_cert"):
        new_client(client_cert=cert, client_key=key)


def test_a_key_without_a_certificate_is_refused(tmp_path):
    with pytest.raises(OptionError, match="client_key is given without client_cert"):
        TlsOptions(client_key=client_files(tmp_path)[1])


def test_a_folder_of_authorities_can_be_given(new_client, tmp_path):
    with serving(answer({}), tls=server_context()) as server, pytest.raises(UntrustedServerError):
        new_client(ca_path=str(tmp_path)).send(get(server.url), 5)


# --- cookies --------------------------------------------------------------------------------------------------


def cookies_of(server):
    return [request.headers.get("cookie") for request in server.requests]


@pytest.mark.kind
def test_a_cookie_goes_back_to_the_server_that_set_it_and_to_no_other_port(client):
    with serving(
        answer(Set_Cookie="id=1; Path=/"), answer(), answer(Set_Cookie="id=; Max-Age=0; Path=/"), answer()
    ) as one:
        with serving(answer(), answer()) as other:
            for server in (one, one, other, one, one, other):
                client.send(get(server.url), 5)
            assert cookies_of(other) == [None, None]
        assert cookies_of(one) == [None, "id=1", "id=1", None]


def test_a_cookie_does_not_replace_that_of_a_login(client):
    with serving(answer(Set_Cookie="id=1"), answer()) as server:
        client.send(get(server.url), 5)
        client.send(HttpRequest("GET", server.url, headers={"Cookie": "mine=2"}), 5)
    assert cookies_of(server) == [None, "mine=2"]


@pytest.mark.kind
def test_the_cookies_of_a_server_are_few(client):
    def another(request):
        return answer(Set_Cookie=f"n{request.target[1:]}=1; Path=/")

    with serving(another) as server:
        for number in range(120):
            client.send(get(f"{server.url}/{number}"), 5)
        assert max(len((cookies or "").split(";")) for cookies in cookies_of(server)) <= 50
        # The first one is the session's.
        assert all("n0=1" in cookies for cookies in cookies_of(server)[1:])


# --- requests that cannot be sent -----------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["abc\ndef", "abc\r\nX-Evil: 1", " abc", "abc\u2603", "\ud800abc"])
def test_a_credential_that_no_header_can_carry_is_not_shown(client, value):
    with serving(answer()) as server:
        with pytest.raises(OptionError, match="secret of the login") as caught:
            client.send(HttpRequest("GET", server.url, headers={"X-Auth-Token": value}), 5)
        assert server.requests == []
    assert "abc" not in str(caught.value.to_result())
    assert not isinstance(caught.value, TransientError)


@pytest.mark.parametrize(
    "url", ["http://", "https://exa mple/", "http://.example/", "http://" + "a" * 70 + ".example/", "http://*/x", "x"]
)
def test_an_address_that_cannot_be_used_is_an_option_error(client, url):
    with pytest.raises((OptionError, TransientError)):
        client.send(get(url), 1)


@pytest.mark.parametrize(
    ("value", "words"), [(float("nan"), "JSON"), (float("-inf"), "JSON"), (date(2026, 1, 2), "date"), ({1, 2}, "set")]
)
def test_an_input_that_json_has_no_form_for_is_told_as_that(client, value, words):
    with serving(answer()) as server:
        with pytest.raises(OptionError, match=words) as caught:
            client.send(HttpRequest("POST", server.url, json={"size": [value]}), 5)
        assert server.requests == []
    assert caught.value.option == "input"
    assert "api_url" not in caught.value.message


def test_without_requests_the_library_is_named(monkeypatch):
    monkeypatch.setattr(_http, "HAS_REQUESTS", False)
    with pytest.raises(MissingLibraryError) as caught:
        RequestsClient(TlsOptions())
    assert caught.value.library == "requests"


# --- small parts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://A.example/x", ("https", "a.example", 443)),
        ("HTTP://a.example:80", ("http", "a.example", 80)),
        ("http://a.example:8080/?a", ("http", "a.example", 8080)),
        ("https://[::1]:5000", ("https", "::1", 5000)),
        ("/only/a/path", ("", "", 0)),
    ],
)
def test_origin(url, expected):
    assert origin(url) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/x", "a.example:443"),
        ("http://[2001:db8::7]/x", "[2001:db8::7]:80"),
        ("http://[::1]:5000", "[::1]:5000"),
    ],
)
def test_a_server_in_words(url, expected):
    assert server_of(url) == expected


def test_without_query():
    assert without_query("https://a.example/b?token=1#c") == "https://a.example/b"


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ({"content-type": "text/html; charset=UTF-8"}, b"", False),
        ({"content-type": "text/html; charset=UTF-8"}, b'{"text": "<html>"}', False),
        ({}, b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "...">', True),
        ({}, b'<?xml version="1.0"?><error/>', False),
        ({}, b"\xef\xbb\xbf<!-- x --><head>", True),
        ({}, "<html>".encode("utf-16"), True),
        ({}, b"\n <!DOCTYPE html><html>", True),
        ({}, b"<HTML>", True),
        ({"content-type": "application/json"}, b"{}", False),
        ({}, b"", False),
    ],
)
def test_is_html(headers, body, expected):
    assert HttpResponse(200, headers, body).is_html is expected


def test_text_is_text_whatever_the_bytes():
    assert HttpResponse(200, {}, b"a\xff").text == "a\ufffd"
