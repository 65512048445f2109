# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._api.addresses import (
    check_url,
    is_loopback,
    plain_http_warning,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import OptionError
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.connecting import (
    connection_options,
    environment_names,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.description import (
    LoginForm,
    ProviderDescription,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.options import (
    CONNECTION_OPTIONS,
    SECRET_OPTIONS,
    ConnectionOptions,
    secrets_of,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._providers import openstack_images, rackspace_images
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS

RACKSPACE, OPENSTACK = rackspace_images.DESCRIPTION, openstack_images.DESCRIPTION
KEY = {"username": "ann", "api_key": "k3y"}
PASSWORD = {"auth_url": "https://id.example", "username": "ann", "password": "pa55"}
CREDENTIAL = {"application_credential_id": "ac", "application_credential_secret": "s3c"}


def rackspace(given=(), environ=()):
    return connection_options(RACKSPACE, dict(given), dict(environ))


def openstack(given=(), environ=()):
    return connection_options(OPENSTACK, dict(given), dict(environ))


def two_logins(given=(), environ=()):
    logins = (LoginForm(("api_token", "api_url")), LoginForm(("app_id", "app_secret", "user_id", "api_url")))
    description = ProviderDescription("example", "Example", {}, logins, {}, "EXAMPLE")
    return connection_options(description, dict(given), dict(environ))


# --- the environment ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=PROVIDERS)
def test_every_option_is_taken_from_its_variable(provider):
    description = provider.description
    options = [name for name in CONNECTION_OPTIONS if environment_names(description, name)]
    values = {name: f"https://{name}.example" if name.endswith("url") else f"the-{name}" for name in options}
    values.update({name: choices[-1] for name, choices in description.choices.items() if name in values})
    environ = {environment_names(description, name)[0]: value for name, value in values.items()}
    # A definition is no text, so that no variable has it.
    given = {"definition": {}} if provider.description.name == "custom" else {}
    found = connection_options(description, given, environ)
    assert {name: getattr(found, name) for name in options} == values


@pytest.mark.parametrize("empty", ["", None])
def test_an_empty_variable_is_none(empty):
    environ = {"RACKSPACE_REGION": empty} if empty is not None else {}
    assert rackspace(KEY, environ).region is None


def test_an_option_wins_over_its_variable():
    found = rackspace({**KEY, "region": "DFW"}, {"RACKSPACE_REGION": "ORD", "RACKSPACE_AUTH_URL": "https://id.example"})
    assert (found.region, found.auth_url) == ("DFW", "https://id.example")


def test_options_and_variables_can_make_a_login_together():
    found = rackspace({"username": "ann"}, {"RACKSPACE_API_KEY": "k3y", "RACKSPACE_USERNAME": "bob"})
    assert (found.username, found.api_key, found.login) == ("ann", "k3y", ("username", "api_key"))


@pytest.mark.parametrize(
    ("provider", "given", "environ", "login", "absent"),
    [
        (
            rackspace,
            {"username": "ann", "password": "pa55"},
            {"RACKSPACE_USERNAME": "bob", "RACKSPACE_API_KEY": "k"},
            ("username", "password"),
            ["api_key"],
        ),
        (
            rackspace,
            {"api_token": "t"},
            {"RACKSPACE_REGION": "DFW", "RACKSPACE_USERNAME": "bob", "RACKSPACE_API_KEY": "k"},
            ("api_token", "region"),
            ["username", "api_key"],
        ),
        (
            openstack,
            CREDENTIAL,
            {"OS_AUTH_URL": "https://id.example", "OS_USERNAME": "bob", "OS_PASSWORD": "x"},
            ("auth_url", "application_credential_id", "application_credential_secret"),
            ["username", "password"],
        ),
        (
            openstack,
            {"cloud": "mine"},
            {"OS_AUTH_URL": "https://id.example", "OS_USERNAME": "bob", "OS_PASSWORD": "x"},
            ("cloud",),
            ["username", "password"],
        ),
        (
            openstack,
            {"api_token": "t", "api_url": "https://images.example"},
            {"OS_CLOUD": "theirs", "OS_USERNAME": "bob", "OS_PASSWORD": "x"},
            ("api_token", "api_url"),
            ["cloud", "username", "password"],
        ),
        (
            openstack,
            PASSWORD,
            {"OS_PROJECT_NAME": "theirs", "OS_USER_DOMAIN_NAME": "theirs", "OS_PROJECT_DOMAIN_NAME": "theirs"},
            ("auth_url", "username", "password"),
            ["project_name", "user_domain_name", "project_domain_name"],
        ),
    ],
)
def test_a_whole_login_of_options_is_not_mixed_with_the_environments(provider, given, environ, login, absent):
    found = provider(given, environ)
    assert found.login == login
    assert {name: getattr(found, name) for name in absent} == dict.fromkeys(absent)
    assert {name: getattr(found, name) for name in given} == given


def test_a_login_of_the_environment_is_taken_whole():
    environ = {
        "OS_AUTH_URL": "https://id.example",
        "OS_USERNAME": "bob",
        "OS_PASSWORD": "x",
        "OS_PROJECT_NAME": "demo",
        "OS_USER_DOMAIN_NAME": "people",
    }
    found = openstack({}, environ)
    assert (found.username, found.project_name, found.user_domain_name) == ("bob", "demo", "people")


# --- which login ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("provider", "given", "login"),
    [
        (rackspace, {**KEY, "password": "pa55"}, ("username", "api_key")),
        (rackspace, {"username": "ann", "password": "pa55"}, ("username", "password")),
        (rackspace, {"api_token": "t", "api_url": "https://a.example", "region": "DFW"}, ("api_token", "api_url")),
        (rackspace, {"api_token": "t", "region": "DFW"}, ("api_token", "region")),
        (openstack, PASSWORD, ("auth_url", "username", "password")),
        (openstack, {"cloud": "mine"}, ("cloud",)),
    ],
)
def test_the_first_whole_login_is_taken(provider, given, login):
    assert provider(given).login == login


@pytest.mark.parametrize(
    ("provider", "given", "words"),
    [
        (rackspace, {}, ["rackspace_images cannot log in", "username (environment RACKSPACE_USERNAME)"]),
        (rackspace, {"username": "ann"}, ["api_key (environment RACKSPACE_API_KEY) is missing"]),
        (rackspace, {"api_key": "k"}, ["username (environment RACKSPACE_USERNAME) is missing"]),
        (rackspace, {"password": "k"}, ["username (environment RACKSPACE_USERNAME) is missing"]),
        (rackspace, {"api_token": "k"}, ["api_url (environment RACKSPACE_API_URL) is missing", "region"]),
        # Not a token: an address goes with every login.
        (
            two_logins,
            {"app_id": "a", "api_url": "https://x.example"},
            ["app_secret", "and user_id", "are missing"],
        ),
        (two_logins, {"api_token": "t"}, ["cannot log in: api_url (environment EXAMPLE_API_URL) is missing"]),
        (openstack, {}, ["openstack_images cannot log in", "OS_"]),
        (openstack, {"username": "ann", "password": "p"}, ["auth_url (environment OS_AUTH_URL) is missing"]),
        (openstack, {"auth_url": "https://id.example", "username": "a"}, ["password (environment OS_PASSWORD)"]),
        (openstack, {"api_token": "t"}, ["api_url (environment OS_IMAGE_ENDPOINT_OVERRIDE) is missing"]),
        (
            openstack,
            {"auth_url": "https://id.example", "application_credential_id": "ac"},
            ["application_credential_secret (environment OS_APPLICATION_CREDENTIAL_SECRET) is missing"],
        ),
    ],
)
def test_what_a_login_lacks_is_named_with_its_variable(provider, given, words):
    with pytest.raises(OptionError) as caught:
        provider(given)
    for word in [*words, "Give "]:
        assert word in caught.value.message
    assert f"{caught.value.option} (environment" in caught.value.message


def test_an_option_that_the_login_made_sure_of():
    options = rackspace(KEY)
    assert options.needed("api_key") == "k3y"
    with pytest.raises(OptionError):
        options.needed("region")


# --- addresses ------------------------------------------------------------------------------------------------


@pytest.mark.kind
@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example", "https://a.example"),
        ("https://a.example/v2/", "https://a.example/v2"),
        ("HTTP://a.example:8080//", "HTTP://a.example:8080"),
        ("https://[::1]:9292/v2", "https://[::1]:9292/v2"),
        ("https://b\u00fccher.example", "https://b\u00fccher.example"),
    ],
)
def test_a_usable_address(url, expected):
    assert check_url("api_url", url) == expected


@pytest.mark.kind
@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "has to begin with https://"),
        ("images.example", "has to begin with https://"),
        ("images.example:9292", "has to begin with https://"),
        ("/v2", "has to begin with https://"),
        ("ftp://images.example", "has to begin with https://"),
        ("file:///etc/passwd", "has to begin with https://"),
        ("https://", "no usable host"),
        ("https:///v2", "no usable host"),
        ("https://:9292", "no usable host"),
        ("https://images.example:0", "no usable host"),
        ("https://images.example:99999", "cannot be read"),
        ("https://images.example:port", "cannot be read"),
        ("https://[::1", "cannot be read"),
        ("https://::1:9292/v2", "an IPv6 address stands in brackets"),
        ("https://2001:db8::7", "an IPv6 address stands in brackets"),
        ("https://images.example?limit=1", "query"),
        ("https://images.example/#top", "fragment"),
        ("https://images. example", "space"),
        (" https://images.example", "space"),
        ("https://images.example\n", "space or a control character"),
        ("https://images.example\t/", "space or a control character"),
        ("https://images.example/\x00", "space or a control character"),
        ("https://images.example/\u200b", "space or a control character"),
        ("https://images.example\u00a0/", "space"),
        ("https://good.example\\@evil.example", "login"),
        ("https://good.example\\.evil.example", "backslash"),
    ],
)
@pytest.mark.parametrize("option", ["api_url", "auth_url"])
def test_an_address_that_cannot_be_used(option, url, words):
    with pytest.raises(OptionError, match=f"^{option} ") as caught:
        check_url(option, url)
    assert words in caught.value.message
    assert caught.value.option == option


@pytest.mark.parametrize(
    "url",
    [
        "https://ann:s3cr3t@images.example",
        "https://s3cr3t@images.example",
        "https://:s3cr3t@images.example",
        "https://ann:s3cr3t@images.example:99999",
        "https://ann:s3cr3t@images.example:port",
        "https://ann:s3cr3t@[::1",
        "https://ann:s3cr3t @images.example",
        "ftp://ann:s3cr3t@images.example",
        "https://ann:s3cr3t@",
        "ann:s3cr3t@images.example",
        "//ann:s3cr3t@images.example",
        "https:ann:s3cr3t@x",
    ],
)
def test_a_login_in_an_address_is_refused_and_not_repeated(url):
    with pytest.raises(OptionError) as caught:
        check_url("api_url", url)
    assert "s3cr3t" not in str(caught.value.to_result())


def test_an_address_of_the_environment_is_checked_too():
    with pytest.raises(OptionError, match=r"^auth_url "):
        rackspace(KEY, {"RACKSPACE_AUTH_URL": "id.example"})


# --- secrets and times ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", SECRET_OPTIONS)
@pytest.mark.parametrize("value", ["", " ", "\t", "s3cr3t\n", "s3\r\ncr3t", "s3cr3t\x00", "s3cr3t\x7f"])
def test_a_secret_that_is_blank_or_broken_is_refused(option, value):
    given = {"username": "ann", "password": "x", "api_key": "x", "auth_url": "https://id.example", option: value}
    with pytest.raises(OptionError, match=f"^{option} is blank, or contains") as caught:
        openstack(given)
    assert "cr3t" not in str(caught.value.to_result())


def test_a_token_that_no_header_can_carry_is_refused_by_its_option():
    with pytest.raises(OptionError, match=r"^api_token contains a character that no HTTP header can carry") as caught:
        openstack({"api_url": "https://glance.example", "api_token": "s3cr3t\u200b"})
    assert caught.value.option == "api_token"
    assert "cr3t" not in str(caught.value.to_result())
    latin = openstack({"api_url": "https://glance.example", "api_token": "t\u00f6ken"})
    assert latin.api_token == "t\u00f6ken"


@pytest.mark.parametrize("value", ["a", "p\u00e4ss w\u00f6rd", " leading", "{{ }}", "x" * 5000])
def test_a_secret_may_be_anything_else(value):
    assert openstack({**PASSWORD, "password": value}).password == value


def test_secrets_are_in_no_repr():
    values = {name: f"s3cr3t-{name}" for name in SECRET_OPTIONS}
    assert "s3cr3t" not in repr(ConnectionOptions("x", **values))
    assert set(SECRET_OPTIONS) == {"password", "api_key", "api_token", "app_secret", "application_credential_secret"}


@pytest.mark.parametrize("value", [0, 0.0, -1, -0.001, float("nan"), float("inf"), float("-inf")])
def test_a_request_needs_some_time(value):
    with pytest.raises(OptionError, match=r"^request_timeout is") as caught:
        rackspace({**KEY, "request_timeout": value})
    assert caught.value.option == "request_timeout"


@pytest.mark.parametrize("value", [0.001, 1, 30.0, 86400])
def test_a_request_may_have_any_other_time(value):
    assert rackspace({**KEY, "request_timeout": value}).request_timeout == value


def test_the_defaults():
    options = rackspace(KEY)
    assert (options.provider, options.request_timeout, options.validate_certs) == ("rackspace_images", 30.0, True)
    assert (options.tls.verify, options.tls.cert) == (True, None)


def test_the_tls_part(tmp_path):
    path = tmp_path / "ca"
    path.mkdir()
    options = rackspace({**KEY, "ca_path": str(path)})
    assert options.tls.verify == str(path)
    with pytest.raises(OptionError, match="ca_path"):
        assert rackspace({**KEY, "ca_path": str(tmp_path / "missing")}).tls


def test_a_login_is_secret_in_a_basic_header_too():
    options = ConnectionOptions("x", username="ann", password="a/b \u00e9")
    assert secrets_of(options) == {"a/b \u00e9", base64.b64encode("ann:a/b \u00e9".encode()).decode()}


def test_every_secret_option_is_secret():
    options = ConnectionOptions("x", **{name: f"s-{name}" for name in SECRET_OPTIONS})
    assert secrets_of(options) == {f"s-{name}" for name in SECRET_OPTIONS}
    assert secrets_of(ConnectionOptions("x", username="ann")) == set()


# --- plain http -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:1", True),
        ("http://LOCALHOST", True),
        ("http://a.localhost", True),
        ("http://127.0.0.1", True),
        ("http://127.8.9.1:80/x", True),
        ("http://[::1]:5000", True),
        ("http://localhost.example", False),
        ("http://127.0.0.1.example", False),
        ("http://10.0.0.1", False),
        ("http://0.0.0.0", False),
        ("http://[::2]", False),
        ("http://", False),
    ],
)
def test_loopback(url, expected):
    assert is_loopback(url) is expected


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("http://images.example/v2", True),
        ("HTTP://10.0.0.1", True),
        ("https://images.example", False),
        ("http://127.0.0.1:8080", False),
        ("http://localhost", False),
    ],
)
def test_plain_http_is_warned_of(url, warned):
    warning = plain_http_warning(url)
    assert (warning is not None) is warned
    if warning:
        assert "plain http" in warning
