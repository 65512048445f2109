# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.longrunning.tasks.plugins.module_utils._core.clock import Deadline
from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import (
    AuthenticationError,
    BadAnswerError,
    MissingLibraryError,
    OptionError,
    RejectedError,
    RequestError,
    TransientError,
    UntrustedServerError,
    WorkError,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._providers import _clouds, _keystone
from ansible_collections.longrunning.tasks.tests.unit.support.certificates import ca_file, server_context
from ansible_collections.longrunning.tasks.tests.unit.support.fake_clock import FakeClock
from ansible_collections.longrunning.tasks.tests.unit.support.fuzzing import FUZZ
from ansible_collections.longrunning.tasks.tests.unit.support.session import SocketSession
from ansible_collections.longrunning.tasks.tests.unit.support.socket_server import answer, closed_port, serving

pytest.importorskip("keystoneauth1")

# openstacksdk speaks of its own future.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")

SECRET = "pa55-w0rd"
CLOCK = FakeClock()


class Session(SocketSession):
    name = "openstack_images"


class Cloud:
    """Keystone and Glance behind one address. ``refuse`` holds tokens that Glance does not take."""

    def __init__(self):
        self.logins = 0
        self.refuse = set()
        self.path = ""
        self.scheme = "http"
        self.regions = ["one", "two"]
        self.expires = "2099-01-01T00:00:00.000000Z"

    def __call__(self, request):
        if request.target == "/v3/auth/tokens":
            self.logins += 1
            base = f"http://{request.headers['host']}"
            return answer(self.token(base), 201, X_Subject_Token=f"token-{self.logins}")
        if request.target.rstrip("/") == "/v3":
            # Asked for by openstacksdk before it logs in.
            links = [{"rel": "self", "href": f"{self.scheme}://{request.headers['host']}/v3/"}]
            return answer({"version": {"id": "v3.14", "status": "stable", "links": links}})
        if request.headers.get("x-auth-token") in self.refuse:
            return answer({"error": {"message": "Please log in", "code": 401}}, 401)
        return answer({"id": "1", "status": "success", "type": "import", "at": request.target})

    def token(self, base):
        endpoints = [
            {"interface": interface, "region": region, "region_id": region, "url": f"{base}/{region}{port}", "id": "x"}
            for region in self.regions
            for interface, port in [("internal", "-internal"), ("public", self.path)]
        ]
        return {
            "token": {
                "methods": ["password"],
                "expires_at": self.expires,
                "issued_at": "2026-01-01T00:00:00.000000Z",
                "user": {"id": "u", "name": "ann", "domain": {"id": "default", "name": "Default"}},
                "catalog": [{"type": "image", "name": "glance", "id": "g", "endpoints": endpoints}],
            },
        }


@pytest.fixture
def cloud():
    return Cloud()


def by_password(server, **more):
    return {"auth_url": server.url + "/v3", "username": "ann", "password": SECRET, **more}


# --- logging in -----------------------------------------------------------------------------------------------


def test_a_login_with_a_password(cloud):
    with serving(cloud) as server, Session(**by_password(server, project_name="demo", region="two")) as session:
        assert session.read().raw["at"] == "/two/v2/tasks/1"
        login, asked = server.requests
    assert login.json()["auth"] == {
        "identity": {
            "methods": ["password"],
            "password": {"user": {"name": "ann", "password": SECRET, "domain": {"name": "Default"}}},
        },
        "scope": {"project": {"name": "demo", "domain": {"name": "Default"}}},
    }
    assert asked.headers["x-auth-token"] == "token-1"
    assert session.hidden == {"token-1"}
    assert server.connections == 1
    assert session.clients[0].requests_sent == 2


def test_the_domains_can_be_named(cloud):
    domains = {"project_name": "demo", "user_domain_name": "people", "project_domain_name": "work"}
    with serving(cloud) as server, Session(**by_password(server, **domains)) as session:
        session.read()
        auth = server.requests[0].json()["auth"]
    assert auth["identity"]["password"]["user"]["domain"] == {"name": "people"}
    assert auth["scope"]["project"]["domain"] == {"name": "work"}


def test_without_a_project_there_is_no_scope(cloud):
    with serving(cloud) as server, Session(**by_password(server)) as session:
        session.read()
        assert "scope" not in server.requests[0].json()["auth"]


def test_a_login_with_an_application_credential(cloud):
    with serving(cloud) as server:
        options = {"application_credential_id": "ac1", "application_credential_secret": SECRET}
        with Session(auth_url=server.url, **options) as session:
            session.read()
        assert server.requests[0].json()["auth"] == {
            "identity": {
                "methods": ["application_credential"],
                "application_credential": {"id": "ac1", "secret": SECRET},
            },
        }


@pytest.mark.parametrize("ending", ["", "/", "/v3", "/v3/", "/v2.0", "/v2.0/"])
def test_the_version_of_keystone_is_added(cloud, ending):
    with serving(cloud) as server, Session(**by_password(server) | {"auth_url": server.url + ending}) as session:
        session.read()
        assert server.targets[0] == "/v3/auth/tokens"


@pytest.mark.parametrize("path", ["", "/v2", "/v2/"])
def test_the_version_of_glance_is_added(cloud, path):
    cloud.path = path
    with serving(cloud) as server, Session(**by_password(server)) as session:
        assert session.read().raw["at"] == "/one/v2/tasks/1"


def test_an_address_of_ones_own_wins_over_the_catalogue(cloud):
    with serving(cloud) as server, Session(**by_password(server, api_url=server.url + "/own")) as session:
        assert session.read().raw["at"] == "/own/v2/tasks/1"


@pytest.mark.parametrize("wrong", ["region", "catalogue"])
def test_a_catalogue_without_the_image_service_is_named(cloud, wrong):
    options = {"region": "nowhere"} if wrong == "region" else {}
    if wrong == "catalogue":
        cloud.regions = []
    with serving(cloud) as server, Session(**by_password(server, **options)) as session:
        with pytest.raises(RejectedError, match=r"no public image service endpoint.*region.*project_name.*api_url"):
            session.read()
        assert len(server.requests) == 1


def test_a_token_that_is_over_by_this_machines_clock_is_not_asked_for_twice(cloud):
    cloud.expires = "2001-01-01T00:00:00.000000Z"
    with serving(cloud) as server, Session(**by_password(server)) as session:
        assert session.read().id == "1"
        assert cloud.logins == 1


def test_a_login_that_was_given_up_does_not_hold_up_the_next_one(cloud):
    logins = []

    def play(request):
        if request.target != "/v3/auth/tokens" or logins:
            return cloud(request)
        logins.append(request)
        # Bytes for ever: no timeout of a socket ends that.
        return [b"HTTP/1.1 201 Created\r\nContent-Length: 1000\r\n\r\n", *[b"x", 0.05] * 400]

    with serving(play) as server, Session(**by_password(server)) as session:
        with pytest.raises(TransientError, match="in time"):
            session.provider.read_task("1", Deadline(CLOCK, 0.2))
        assert session.read().id == "1"


def test_a_login_is_not_taken_from_a_netrc_file(cloud, monkeypatch, tmp_path):
    netrc = tmp_path / ".netrc"
    netrc.write_text("default login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with serving(cloud) as server, Session(**by_password(server)) as session:
        session.read()
        assert not any("authorization" in request.headers for request in server.requests)


# --- logins that fail -----------------------------------------------------------------------------------------

PAGE = "<html><head><title>Welcome</title></head><body>Welcome</body></html>"


def problem(status, words="Words of Keystone"):
    return answer({"error": {"message": words, "code": status, "title": "Title"}}, status)


@pytest.mark.parametrize(
    ("play", "kind", "words"),
    [
        (problem(401), AuthenticationError, ["refused the login", "Words of Keystone", "user_domain_name"]),
        (problem(404), OptionError, ["auth_url", "404", "/v3"]),
        (answer(PAGE, 404, Content_Type="text/html"), OptionError, ["auth_url"]),
        (problem(400), RejectedError, ["Words of Keystone"]),
        (problem(413), RejectedError, ["Words of Keystone"]),
        (answer({}, 201, X_Subject_Token="t"), (TransientError, BadAnswerError), ["Keystone"]),
        (answer({"token": 5}, 201, X_Subject_Token="t"), BadAnswerError, ["Keystone"]),
        (answer({"token": {"catalog": 5}}, 201, X_Subject_Token="t"), BadAnswerError, ["Keystone"]),
        (answer(status=302, Location="https://elsewhere.example/v3/auth/tokens"), OptionError, ["auth_url", "302"]),
        (answer(status=300), OptionError, ["auth_url", "300"]),
    ],
)
def test_a_login_that_fails(play, kind, words):
    with serving(play, play) as server, Session(**by_password(server)) as session:
        with pytest.raises(kind) as caught:
            session.read()
        assert len(server.requests) == 1
    for word in words:
        assert word in caught.value.message
    assert SECRET not in str(caught.value.to_result())
    assert "object at 0x" not in caught.value.message
    if isinstance(caught.value, RequestError):
        assert caught.value.method == "POST"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("Sun, 01 Mar 2026 13:00:07 GMT", 7.0),
        (None, None),
        ("soon", None),
    ],
)
def test_keystone_may_say_when_to_come_again(header, seconds):
    # An hour ahead of this machine.
    headers = {"Retry_After": header, "Date": "Sun, 01 Mar 2026 13:00:00 GMT"} if header else {}
    play = answer({"error": {"message": "Busy", "code": 503}}, 503, **headers)
    with serving(play) as server, Session(**by_password(server)) as session, pytest.raises(TransientError) as caught:
        session.read()
    assert caught.value.retry_after == seconds


@pytest.mark.kind
@pytest.mark.parametrize(
    "headers", [{"Retry_After": "7"}, {"RateLimit_Remaining": "0", "RateLimit_Reset": "7"}], ids=["time", "limit"]
)
@pytest.mark.parametrize("status", [400, 403, 409])
def test_a_refused_login_that_names_a_time_passes(status, headers):
    play = answer({"error": {"message": "Too many logins", "code": status}}, status, **headers)
    with serving(play) as server, Session(**by_password(server)) as session, pytest.raises(TransientError) as caught:
        session.read()
    assert (caught.value.retry_after, "Too many logins" in caught.value.message) == (7.0, True)


def test_a_keystone_that_is_away_in_mid_wait_may_come_back(cloud):
    cloud.refuse = {"token-1"}
    away = []

    def play(request):
        if request.target == "/v3/auth/tokens" and cloud.logins == 1 and not away:
            away.append(request)
            return answer(PAGE, 404, Content_Type="text/html")
        return cloud(request)

    with serving(play) as server, Session(**by_password(server)) as session:
        with pytest.raises(TransientError, match=r"no Keystone v3 at \S+ any more \(HTTP 404\)"):
            session.read()
        assert session.read().id == "1"


def test_keystone_is_away():
    url = f"http://127.0.0.1:{closed_port()}"
    refused = pytest.raises(TransientError, match=rf"connection was refused: POST {url}")
    with refused, Session(auth_url=url, username="ann", password=SECRET) as session:
        session.read()


def test_keystone_is_not_trusted(cloud, tmp_path):
    with serving(cloud, tls=server_context()) as server:
        with Session(**by_password(server)) as session, pytest.raises(UntrustedServerError, match="ca_path"):
            session.read()
        assert server.requests == []
        with Session(**by_password(server, ca_path=ca_file(tmp_path), api_url=server.url)) as session:
            assert session.read().id == "1"
        with Session(**by_password(server, validate_certs=False, api_url=server.url)) as session:
            assert session.read().id == "1"


def test_a_bundle_of_the_environment_is_not_used(cloud, monkeypatch, tmp_path):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", ca_file(tmp_path))
    distrusted = pytest.raises(UntrustedServerError)
    with distrusted, serving(cloud, tls=server_context()) as server, Session(**by_password(server)) as session:
        session.read()


def test_an_endpoint_in_plain_http_is_warned_of(cloud):
    token = cloud.token("http://images.example")
    with serving(answer(token, 201, X_Subject_Token="t")) as server, Session(**by_password(server)) as session:
        session.provider.api._login.access(Deadline(CLOCK, 5.0))
    assert [warning for warning in session.warnings if "images.example" in warning]


# --- clouds.yaml ----------------------------------------------------------------------------------------------


@pytest.fixture
def write_clouds(monkeypatch, tmp_path):
    pytest.importorskip("openstack")

    def write(**entry):
        path = tmp_path / "clouds.yaml"
        path.write_text(json.dumps({"clouds": {"here": entry}}))
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))

    monkeypatch.chdir(tmp_path)
    for name in ("OS_CLOUD", "OS_AUTH_URL", "OS_USERNAME", "OS_PASSWORD", "OS_PROJECT_NAME", "OS_REGION_NAME"):
        monkeypatch.delenv(name, raising=False)
    return write


def cloud_entry(server, **more):
    auth = {
        "auth_url": server.url + "/v3",
        "username": "ann",
        "password": SECRET,
        "project_name": "demo",
        "user_domain_name": "Default",
        "project_domain_name": "Default",
    }
    return {"auth": auth, "region_name": "two", "identity_api_version": "3", **more}


def test_a_cloud_of_a_file(cloud, write_clouds):
    with serving(cloud) as server:
        write_clouds(**cloud_entry(server))
        with Session(cloud="here") as session:
            assert session.read().raw["at"] == "/two/v2/tasks/1"
        assert "/v3/auth/tokens" in server.targets
    assert {SECRET, "token-1"} <= session.hidden


def test_all_secrets_of_a_file_are_hidden(write_clouds):
    auth = {"auth_url": "https://bob:s3cr3t@keystone.example/v3", "username": "ann", "passcode": "123456"}
    write_clouds(auth_type="v3totp", auth={**auth, "user_domain_name": "Default"})
    with Session(cloud="here") as session:
        assert {"bob:s3cr3t", "s3cr3t", "123456"} == session.hidden


def test_options_win_over_the_file(cloud, write_clouds):
    with serving(cloud) as server:
        write_clouds(**cloud_entry(server, regions=["two", "one"]))
        with Session(cloud="here", region="one") as session:
            assert session.read().raw["at"] == "/one/v2/tasks/1"
        with Session(cloud="here", api_url=server.url + "/own") as session:
            assert session.read().raw["at"] == "/own/v2/tasks/1"


@pytest.mark.parametrize(
    "more", [{"image_endpoint_override": "/own/v2"}, {"interface": "internal"}], ids=["override", "interface"]
)
def test_what_else_the_file_says(cloud, write_clouds, more):
    with serving(cloud) as server:
        values = {key: server.url + value if value.startswith("/") else value for key, value in more.items()}
        write_clouds(**cloud_entry(server, **values))
        with Session(cloud="here") as session:
            expected = "/own/v2/tasks/1" if "image_endpoint_override" in more else "/two-internal/v2/tasks/1"
            assert session.read().raw["at"] == expected


@pytest.mark.parametrize(
    ("said", "trusted"),
    [
        (({}, {}), False),
        (({"verify": False}, {}), True),
        (({"cacert": "ca"}, {}), True),
        (({}, {"ca_path": "ca"}), True),
        (({}, {"validate_certs": False}), True),
        (({"verify": True}, {"validate_certs": False}), True),
    ],
)
def test_trust_comes_from_the_file_and_from_the_options(cloud, write_clouds, tmp_path, said, trusted):
    ca = ca_file(tmp_path)
    entry, options = ({key: ca if value == "ca" else value for key, value in each.items()} for each in said)
    cloud.scheme = "https"
    with serving(cloud, tls=server_context()) as server:
        write_clouds(**cloud_entry(server, image_endpoint_override=server.url, **entry))
        with Session(cloud="here", **options) as session:
            if trusted:
                assert session.read().id == "1"
            else:
                with pytest.raises(UntrustedServerError):
                    session.read()


def test_a_keystone_of_the_file_in_plain_http_is_warned_of(write_clouds):
    auth = {"auth_url": "http://keystone.example/v3", "username": "ann", "password": SECRET, "project_name": "demo"}
    write_clouds(auth=auth)
    with Session(cloud="here") as session:
        assert [warning for warning in session.warnings if "keystone.example" in warning]


@pytest.mark.parametrize("entry", [{}, {"auth_type": "no_such_way"}, {"auth": {"username": "ann"}}])
def test_a_cloud_that_cannot_be_used_is_named(write_clouds, entry):
    write_clouds(**entry)
    with pytest.raises(WorkError) as caught, Session(cloud="here") as session:
        session.read()
    assert (caught.value.reason, caught.value.option) == ("invalid_option", "cloud")


def test_a_cloud_that_is_not_in_the_file_is_named(write_clouds):
    write_clouds()
    with pytest.raises(OptionError, match=r"cloud: .*elsewhere") as caught:
        Session(cloud="elsewhere")
    assert caught.value.option == "cloud"


def test_a_file_that_is_no_yaml_is_named(monkeypatch, tmp_path, write_clouds):
    write_clouds()
    (tmp_path / "clouds.yaml").write_text("clouds: [unclosed\n")
    with pytest.raises(OptionError, match="cloud"):
        Session(cloud="here")


# --- missing libraries ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {"auth_url": "https://k.example", "username": "ann", "password": "x"},
        {"auth_url": "https://k.example", "application_credential_id": "a", "application_credential_secret": "x"},
        {"cloud": "here"},
    ],
)
def test_without_keystoneauth_the_library_is_named(monkeypatch, options):
    monkeypatch.setattr(_keystone, "HAS_KEYSTONEAUTH", False)
    with pytest.raises(MissingLibraryError) as caught:
        Session(**options)
    assert caught.value.library == "keystoneauth1"


def test_a_ready_token_needs_no_keystoneauth(monkeypatch, cloud):
    # Not even the file that would import it.
    monkeypatch.setitem(sys.modules, _keystone.__name__, None)
    monkeypatch.delattr(sys.modules[_keystone.__package__], "_keystone")
    with serving(cloud) as server, Session(api_token="mine", api_url=server.url) as session:
        assert session.read().id == "1"


def test_without_openstacksdk_the_library_is_named(monkeypatch):
    monkeypatch.setattr(_clouds, "HAS_OPENSTACKSDK", False)
    with pytest.raises(MissingLibraryError) as caught:
        Session(cloud="here")
    assert caught.value.library == "openstacksdk"


# --- the rest -------------------------------------------------------------------------------------------------


def test_only_imports_can_be_filtered_by_the_server():
    with Session(api_token="t", api_url="https://images.example") as session:
        assert session.provider._listable_types == {"import"}
        assert session.provider._lists_end_quietly is False


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["catalog", "endpoints", "type", "url", "interface", "expires_at", "user"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
SERVICES = st.lists(
    st.fixed_dictionaries(
        {"type": st.just("image") | JSON},
        optional={
            "endpoints": st.lists(
                st.fixed_dictionaries({"url": JSON | st.just("http://[x"), "interface": st.just("public")}) | JSON
            ),
        },
    )
    | JSON
)


def test_any_answer_of_keystone_gives_access_or_one_of_our_errors():
    tokens = []

    def play(_request):
        return answer({"token": tokens[-1]}, 201, X_Subject_Token="t")

    @FUZZ
    @given(token=st.fixed_dictionaries({}, optional={"catalog": SERVICES | JSON, "expires_at": JSON}) | JSON)
    def log_in(token):
        tokens.append(token)
        login.__init__(
            login._auth,
            auth_url=login._auth_url,
            http=session.clients[0],
            tls=login._tls,
            tools=login._tools,
            region=login._region,
            find_endpoint=login._find_endpoint,
        )
        with contextlib.suppress(WorkError):
            login.access(Deadline(CLOCK, 5.0))

    with serving(play) as server, Session(**by_password(server)) as session:
        login = session.provider.api._login
        log_in()
