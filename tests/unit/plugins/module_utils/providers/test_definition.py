# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import copy
import re
import time
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import MissingLibraryError, OptionError
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.options import ConnectionOptions
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.rest import DONE, RestRequest
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.custom import definition as _definition
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.custom import expressions
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.custom.definition import (
    SCHEMA,
    read_definition,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.custom.templates import fill_body, fill_path
from ansible_collections.longrunning.tasks.tests.unit.support.fuzzing import FUZZ

ROOT = Path(__file__).parents[5]
GUIDE = ROOT / "docs" / "docsite" / "rst" / "custom_guide.rst"
SHIPPED = sorted((ROOT / "plugins" / "plugin_utils" / "task_definitions").glob("*.yml"))
LEAST = {
    "get": {"path": "/tasks/{id}"},
    "fields": {"id": "id", "state": "state"},
    "states": {"done": "succeeded", "busy": "running"},
}
SESSION = {"path": "/login", "token": "token"}
LIST = {"path": "/tasks", "items": "tasks"}
ABSENT = object()
ALL_OPTIONS = ("username", "password", "api_key", "api_token", "app_id", "app_secret", "account_id", "region")


def changed(path, value):
    """Return the least definition with one place of it changed; dots lead to the place."""
    definition = copy.deepcopy(LEAST)
    *way, last = path.split(".")
    place = definition
    for key in way:
        place = place.setdefault(key, {})
    if value is ABSENT:
        del place[last]
    else:
        place[last] = value
    return definition


def read(definition, **options):
    return read_definition(definition, ConnectionOptions("custom", **options))


def paging(**keys):
    return changed("list", {**LIST, "paging": keys})


def session(**keys):
    return changed("login", {"type": "session", "session": {**SESSION, **keys}})


def oauth2(grant, **keys):
    return {"type": "oauth2", "oauth2": {"grant": grant, **keys}}


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ([], ["at $: expected object, got array"]),
        (changed("gte", {}), ["at $: gte is not known here (did you mean get?); choose from title, about"]),
        (changed("get.pth", "/"), ["at $.get: pth is not known here"]),
        (changed("get", ABSENT), ["at $: get is missing"]),
        (changed("states.*", "succeeded"), ['$.states."*" is succeeded: a word that nobody knows']),
        (changed("get.statuses", {"200": "ok"}), ["at $.get.statuses['200']: 'ok' is not one of task, queued"]),
        (
            changed("get.statuses", {"404": "failed"}),
            ["$.get.statuses has 404, which means that there is no such task"],
        ),
        (changed("get.statuses", {"401": "failed"}), ["$.get.statuses has 401, which is for the login"]),
        (
            changed("get.statuses", {"accepted": "running"}),
            ["$.get.statuses has accepted, which is not an HTTP status"],
        ),
        (changed("get.statuses", [202]), ["at $.get.statuses: expected object, got array"]),
        (changed("fields", ABSENT), ["at $: fields is missing"]),
        (changed("states", ABSENT), ["at $: states is missing"]),
        (changed("states", {}), ["at $.states"]),
        (changed("states", ["done"]), ["at $.states: expected object, got array"]),
        (changed("fields.state", ABSENT), ["at $.fields: state is missing"]),
        (
            {**changed("fields.id", ABSENT), "list": LIST},
            ["at $.fields: id is missing; it distinguishes the tasks of a list"],
        ),
        (changed("fields.progress", "p"), ["at $.fields: progress is not known here"]),
        (changed("fields.state", "[["), ["$.fields.state is not a JMESPath expression"]),
        (changed("fields.state", 5), ["at $.fields.state: expected string, got number"]),
        (
            changed("fields.state", "[to_string(a), [lenght(b)]]"),
            ["$.fields.state is not a JMESPath expression: there is no function lenght()"],
        ),
        (changed("succeeded_if", "ok ="), ["$.succeeded_if is not a JMESPath expression"]),
        (changed("states.done", "success"), ["at $.states.done: 'success' is not one of", "succeeded"]),
        (changed("states.done", "unknown"), ["at $.states.done: 'unknown' is not one of"]),
        (changed("get.path", "tasks/{id}"), ["at $.get.path: 'tasks/{id}': a path begins with a slash"]),
        (changed("base_path", "v1"), ["at $.base_path: 'v1': a path begins with a slash"]),
        (changed("transient_status", [409]), ["transient_status is not known here (did you mean transient_statuses?)"]),
        ({}, ["at $: get, fields and states are missing"]),
        (changed("headers", {"X Y": "1"}), ["at $.headers", "'X Y': the name of a header has letters"]),
        (changed("headers", {"X": "a\nb"}), ["at $.headers.X", "printable ASCII"]),
        (
            changed("headers", {"Content-type": "x"}),
            ["$.headers.Content-type is a header that every request sets itself"],
        ),
        (changed("headers", {"X": 1200}), ["at $.headers.X: expected string, got number"]),
        (changed("headers", {"X": "{user}"}), ["$.headers.X has {user}, which is not a placeholder here", "{api_key}"]),
        (changed("headers", {"Authorization": "Bearer abc"}), ["$.headers.Authorization contains a secret"]),
        (changed("headers", {"X": "{region}"}), ["$.headers.X has {region}, but the option region is not given"]),
        (changed("get.body", {"auth": "{token}"}), ["$.get.body.auth has {token}, which is not a placeholder here"]),
        (changed("get.body", {"limit": float("nan")}), ["definition contains something that JSON cannot express"]),
        (changed("get.body", "{job {id} {state}"), ["$.get.body has {state}", "For a plain brace, write"]),
        (changed("get.path", "/tasks/{id} "), ["at $.get.path"]),
        (changed("get.path", "/tasks/{id}\n"), ["at $.get.path"]),
        (changed("get.path", "/tasks"), ["$.get does not contain {id}"]),
        (changed("get.path", "/tasks/{task}"), ["$.get.path has {task}, which is not a placeholder here"]),
        (changed("get.path", "/tasks/{id:int}"), ["$.get.path has {id:int}, which is not a placeholder here"]),
        (changed("get.query", {"p": "{password}"}), ["$.get.query.p has {password}, but addresses are shown"]),
        (changed("get.query", {"p": ["x"]}), ["at $.get.query.p: expected string or number or boolean, got array"]),
        (changed("get.body", {"a": [{"b": "{x}"}]}), ["$.get.body.a[0].b has {x}"]),
        (changed("get.method", "PUT"), ["at $.get.method: 'PUT' is not one of GET, POST"]),
        (changed("get.not_found_statuses", [{}]), ["at $.get.not_found_statuses[0]: expected integer, got object"]),
        (changed("list", {**LIST, "path": "/tasks/{id}"}), ["$.list.path has {id}, which is not a placeholder here"]),
        (changed("list", {"path": "/tasks"}), ["at $.list: items is missing"]),
        (changed("cancel", {"path": "/cancel"}), ["$.cancel does not contain {id}"]),
        (
            changed("cancel", {"path": "/c/{id}", "method": "HEAD"}),
            ["at $.cancel.method: 'HEAD' is not one of POST, DELETE"],
        ),
        (changed("cancel", {"path": "/c/{id}", "possible_if": "["}), ["$.cancel.possible_if is not a JMESPath"]),
        (changed("launch_id", ["json.id", "{json.id"]), ["$.launch_id has '{json.id'", "places in braces"]),
        (changed("handle", {"path": "/queue/{id}"}), ["at $.handle: next is missing"]),
        (changed("handle", {"path": "/queue", "next": "n"}), ["$.handle does not contain {id}"]),
        (changed("get.path", "/builds/{next}"), ["$.get.path has {next}, which is not a placeholder here"]),
        (changed("when_ended", {"path": "/output"}), ["$.when_ended does not contain {id}"]),
        (changed("when_ended", {"path": "/o/{id}", "message": "["}), ["$.when_ended.message is not a JMESPath"]),
        (changed("base_path", "/{account_id}"), ["$.base_path has {account_id}", "option account_id is not given"]),
        (changed("login", {"type": "digest"}), ["at $.login.type: 'digest' is not one of none, basic"]),
        (changed("login", {}), ["at $.login: type is missing"]),
        (
            changed("login", {"type": "basic", "header": "X"}),
            ["at $.login: header is not known here"],
        ),
        (changed("login", {"type": "basic", "session": SESSION}), ["at $.login: session is not known here"]),
        (changed("login", {"type": "session"}), ["at $.login: session is missing"]),
        (changed("login", {"type": "header", "header": "X-Key\n"}), ["at $.login.header"]),
        (changed("login", {"type": "header", "prefix": "a\nb"}), ["at $.login.prefix"]),
        (changed("login", {"type": "session", "session": {"path": "/"}}), ["$.login.session needs exactly one of"]),
        (
            session(token_header="X"),
            ["$.login.session needs exactly one of token, token_header, token_cookie and cookies"],
        ),
        (session(body={"user": "{user}"}), ["$.login.session.body.user has {user}, which is not a placeholder here"]),
        (session(path="/{region}"), ["$.login.session.path has {region}", "option region is not given"]),
        (
            session(logout={"method": "DELETE"}),
            ["$.login.session.logout needs exactly one of path, address and address_header"],
        ),
        (session(logout={"method": "DELETE", "path": "/{x}"}), ["$.login.session.logout.path has {x}"]),
        (session(lifetime=0), ["at $.login.session.lifetime"]),
        (session(lifetime="["), ["$.login.session.lifetime is not a JMESPath expression"]),
        (session(body={}, form={}), ["$.login.session has both body and form, and a request takes only one of them"]),
        (session(form={"n": 5}), ["at $.login.session.form.n: expected string, got number"]),
        (
            session(path="https://x/login"),
            ["at $.login.session.path: 'https://x/login': a path begins with a slash or"],
        ),
        (session(path="/login/{auth_url}"), ["$.login.session.path has {auth_url}, which is not a placeholder here"]),
        (session(cookies=False), ["at $.login.session.cookies"]),
        (changed("login", {"type": "oauth2"}), ["at $.login: oauth2 is missing"]),
        (changed("login", {"type": "oauth2", "oauth2": {}}), ["at $.login.oauth2: grant is missing"]),
        (
            changed("login", {"type": "oauth2", "oauth2": {"grant": "implicit"}}),
            ["at $.login.oauth2.grant: 'implicit' is not one of client_credentials, password"],
        ),
        (session(lifetime=float("inf")), ["at $.login.session.lifetime"]),
        (paging(), ["at $.list.paging: style is missing"]),
        (
            paging(style="pages"),
            ["at $.list.paging.style: 'pages' is not one of link, link_header, cursor, offset, page"],
        ),
        (paging(style="link"), ["at $.list.paging: next is missing"]),
        (paging(style="link_header", next="n"), ["at $.list.paging: next is not known here"]),
        (
            paging(style="cursor", next="n", parameter="p", **{"in": "body"}),
            ["$.list.paging is in the body, but $.list.body is not an object"],
        ),
        (paging(style="link", next="n", **{"in": "body"}), ["at $.list.paging: in is not known here"]),
        (changed("list", {**LIST, "id": "["}), ["$.list.id is not a JMESPath expression"]),
        (paging(style="link", next="n", size=5), ["at $.list.paging: size is not known here", "style, next"]),
        (paging(style="cursor", next="n"), ["at $.list.paging: parameter is missing"]),
        (paging(style="offset", parameter="o"), ["at $.list.paging: size_parameter and size are missing"]),
        (
            paging(style="cursor", parameter="o", next="n", first=1),
            ["at $.list.paging: first is not known here"],
        ),
        (
            paging(style="page", parameter="p", size_parameter="s", size="20"),
            ["at $.list.paging.size: expected integer, got string"],
        ),
        (paging(style="link", next="]"), ["$.list.paging.next is not a JMESPath expression"]),
        (changed("task_id", {"pattern": "(", "words": "x"}), ["$.task_id.pattern is not a regular expression"]),
        (changed("task_id", {"pattern": "x"}), ["at $.task_id: words is missing"]),
        (changed("task_id", {"words": "x"}), ["at $.task_id: pattern is missing"]),
        (changed("task_id.address", "item/{id}"), ["at $.task_id.address: 'item/{id}': a path begins with a slash"]),
        (changed("task_id.address", "/item/{number}"), ["$.task_id.address has to have {id}, and nothing else"]),
        (changed("task_id", {"parts": "{a}-{b}", "address": "/x/{a}"}), ["{id}, or all parts of {a}-{b}, and nothing"]),
        *[
            (changed("task_id", {"parts": parts}), ["$.task_id.parts needs names in braces, each once"])
            for parts in ("{a}{b}", "a", "{a}:{a}", "{a}:{b}}", "{}:x")
        ],
        (changed("get.path", "/nodes/{id.node}/{id}"), ["$.get.path has {id.node}, which is not a placeholder here"]),
        *[
            (changed("task_id", {"words": "x", "pattern": pattern}), ["$.task_id.pattern could run forever"])
            for pattern in (
                *("(a+)+", "(a|a)*", "(a*){20}", "([a-z]+:)*x", "a*a*a*a*", r"(a)\1", "(?P<x>a)(?P=x)", "(?i)a"),
                *("a?" * 25, "(a|a)" * 25, "((a?)b)+", "((a|b))+", "a{1,99}" * 5, "(?:a*)*", "(?=a*)*"),
            )
        ],
        (changed("get.task", "tasks[?id=='{id}']"), ["$.get.task has {id} in quotes"]),
        (changed("get.task", "tasks[?id=={id}"), ["$.get.task is not a JMESPath expression"]),
        (
            changed("fields.state", "(" * 900 + "a" + ")" * 900),
            ["$.fields.state is not a JMESPath expression: it is nested"],
        ),
        (changed("fields.state", f"a[{'9' * 5000}]"), ["at $.fields.state"]),
        (changed("fields.state", "|".join(["[@,@][]"] * 30)), ["$.fields.state could make the answer too large"]),
        (
            changed("fields.state", "|".join(["to_string([@])"] * 30)),
            ["$.fields.state could make the answer too large"],
        ),
        (changed("failure_codes", [{"code": 1}]), ["at $.failure_codes[0]: title is missing"]),
        (changed("times", "unix"), ["at $.times: 'unix' is neither one of rfc3339"]),
        (changed("times", ["rfc3339", "%Y-%Q"]), ["at $.times: '%Y-%Q' is neither one of rfc3339"]),
        (
            changed("times", "%Y %Y"),
            ["at $.times: '%Y %Y' is neither one of rfc3339", "nor a pattern such as %d.%m.%Y"],
        ),
        (changed("times", []), ["at $.times"]),
        (changed("fields.percent_of", 0), ["at $.fields.percent_of"]),
        (changed("fields.percent_of", "["), ["$.fields.percent_of is not a JMESPath expression"]),
        (changed("poll_interval", "5"), ["at $.poll_interval: expected number, got string"]),
        (changed("poll_interval", 0), ["at $.poll_interval"]),
        (changed("quota", {"requests": 5}), ["at $.quota: seconds is missing"]),
        (changed("quota", [{"requests": 5}]), ["at $.quota[0]: seconds is missing"]),
        (changed("quota", []), ["at $.quota"]),
        (changed("transient_statuses", [200]), ["at $.transient_statuses[0]"]),
        (changed("launch_id", "json.id"), ["at $.launch_id: expected array, got string"]),
    ],
)
def test_a_wrong_definition_is_told_with_place_and_mistake(definition, words):
    with pytest.raises(OptionError) as caught:
        read(definition)
    message = caught.value.message
    assert message.startswith("definition")
    assert "\n" not in message
    for word in words:
        assert word in message


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_least_definition():
    definition = read(LEAST)
    assert (definition.title, definition.root, definition.login.type) == ("The API", "", "none")
    assert (definition.list, definition.when_ended, definition.quota, definition.login.session) == (
        None,
        None,
        (),
        None,
    )
    assert (definition.get.method, definition.poll_interval, definition.times) == ("GET", 5.0, ("rfc3339",))
    assert definition.needs == ()


@pytest.mark.parametrize(
    ("login", "needed"),
    [
        ({"type": "none"}, ()),
        ({"type": "basic"}, ("username", "password")),
        ({"type": "bearer"}, ("api_token",)),
        ({"type": "header", "header": "X-Key"}, ("api_token",)),
        ({"type": "session", "session": {**SESSION, "basic": True}}, ("username", "password")),
        ({"type": "session", "session": {**SESSION, "body": {"key": "{api_key}"}}}, ("api_key",)),
        ({"type": "session", "session": {**SESSION, "body": ["{username}:{password}"]}}, ("username", "password")),
        ({"type": "session", "session": SESSION}, ()),
        ({"type": "session", "session": {**SESSION, "path": "{auth_url}/in"}}, ("auth_url",)),
        ({"type": "session", "session": {**SESSION, "form": {"key": "{api_key}"}}}, ("api_key",)),
        (oauth2("client_credentials"), ("auth_url", "app_id", "app_secret")),
        (oauth2("client_credentials", path="/token", client="basic"), ("app_id", "app_secret")),
        (oauth2("password", path="/token"), ("username", "password")),
        (oauth2("password", path="/token", client="body"), ("username", "password", "app_id", "app_secret")),
    ],
)
def test_a_login_needs_what_it_names(login, needed):
    assert read(changed("login", login)).needs == needed


def test_places_are_filled_where_they_are_known():
    given = changed("base_path", "/accounts/{account_id}/")
    given["login"] = {
        "type": "session",
        "session": {**SESSION, "path": "/{region}/in", "logout": {"method": "POST", "path": "/{region}/out"}},
    }
    definition = read(given, account_id="a b", region="x/y")
    assert definition.root == "/accounts/a%20b"
    assert fill_path(definition.login.session.own_path, definition.values) == "/x%2Fy/in"
    with pytest.raises(OptionError) as caught:
        read(given, account_id=" ", region="x")
    assert caught.value.option == "account_id"


@pytest.mark.parametrize("value", [".", "..", "\ud800"])
def test_an_option_that_cannot_be_part_of_a_path_is_named_before_anything_is_sent(value):
    with pytest.raises(OptionError, match=r"account_id is .* cannot be part of a path") as caught:
        read(changed("base_path", "/{account_id}"), account_id=value)
    assert caught.value.option == "account_id"


def test_a_request_is_filled():
    given = changed("get", {"method": "POST", "path": "/t/{id}", "query": {"q": "{id}", "all": True, "n": 5}})
    given["get"]["body"] = {"params": {"id": "{id:int}", "text": "task {id}", "list": ["{id}", 1, None]}}
    assert read(given).get.fill({}, {"id": "7"}) == RestRequest(
        "/t/7",
        (("q", "7"), ("all", "true"), ("n", "5")),
        {"params": {"id": 7, "text": "task 7", "list": ["7", 1, None]}},
        "POST",
    )


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        (r"job(id:$id)\{id}", "job(id:$id){id}"),
        (r"\{\{id} {id}", "{{id} 7"),
        ("{ id } {id x}", "{ id } {id x}"),
        (r"C:\x \d", r"C:\x \d"),
    ],
)
def test_a_brace_that_begins_no_placeholder(text, filled):
    assert fill_body({"q": text}, {"id": "7"}) == {"q": filled}
    assert fill_path("/t/\\{id}", {"id": "7"}) == "/t/%7Bid}"


def test_a_cancel_is_filled():
    cancel = {"path": "/tasks/{id}/cancel", "body": {"ids": ["{id:int}"]}, "possible_if": "can_cancel"}
    definition = read(changed("cancel", cancel))
    assert definition.cancel.fill({}, {"id": "7"}) == RestRequest("/tasks/7/cancel", (), {"ids": [7]}, "POST", DONE)
    assert definition.cancel.possible_if.find({"can_cancel": True}) is True


@pytest.mark.parametrize("task_id", ["x", "", "1.5", "٣", "9" * 5000])
def test_an_id_that_has_to_be_a_number(task_id):
    with pytest.raises(OptionError, match="IDs of this API are numbers"):
        fill_body({"id": "{id:int}"}, {"id": task_id})


@pytest.mark.parametrize(
    ("task_id", "path"),
    [("a/b", "/t/a%2Fb"), ("a?b#c", "/t/a%3Fb%23c"), ("{id}", "/t/%7Bid%7D"), ("é", "/t/%C3%A9")],
)
def test_an_id_stays_one_segment(task_id, path):
    assert fill_path("/t/{id}", {"id": task_id}) == path


@pytest.mark.parametrize(
    ("template", "task_id", "path"),
    [
        ("{id:path}", "/api/tasks/1/", "/api/tasks/1/"),
        ("{id:path}", "/a b#c", "/a%20b%23c"),
        ("{id:path}", "/Jobs('x%20y')/50%", "/Jobs('x%20y')/50%25"),
        # A query is one: so are IDs that an answer gives as links.
        ("{id:path}", "/a/b?v=1&w=a/b c", "/a/b?v=1&w=a/b%20c"),
        ("{id:path}/log", "/a/b?v=1", "/a/b/log?v=1"),
        ("{id:path}", "https://api.example/a/b?v=1", "https://api.example/a/b?v=1"),
        ("{id:path}/log", "https://api.example:8443/a/b/", "https://api.example:8443/a/b//log"),
        ("/v1/{id:path}", "projects/p/operations/o", "/v1/projects/p/operations/o"),
        ("/v1/{id:path}:wait", "/projects/p", "/v1/projects/p:wait"),
        ("/v1/{id:path}", "https://api.example/v1/projects/p", "https://api.example/v1/projects/p"),
    ],
)
def test_an_id_can_be_a_path_or_an_address(template, task_id, path):
    assert fill_path(template, {"id": task_id}) == path


@pytest.mark.parametrize(
    "task_id", ["7", "//other.example/1", "/a/../b", "/..", "/./b", "", "/a/%2e%2E/b", "https://x/../b", "ftp://x/a"]
)
def test_a_path_that_is_no_id(task_id):
    with pytest.raises(OptionError):
        fill_path("{id:path}", {"id": task_id})


@pytest.mark.parametrize(
    "pattern",
    [
        "[0-9]+",
        "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "UPID:.+",
        "/[!-~]*/tasks/[0-9a-f-]{36}/",
        "(a|b)?[)+]+",
        "-?x",
    ],
)
def test_patterns_that_are_quick(pattern):
    assert read(changed("task_id", {"pattern": pattern, "words": "x"})).task_ids.pattern == pattern


@FUZZ
@given(pattern=st.text(alphabet="ab().*+?|{}2,[]^\\", max_size=14))
def test_no_pattern_takes_long(pattern):
    with contextlib.suppress(OptionError):
        read(changed("task_id", {"pattern": pattern, "words": "x"}))
        begun = time.process_time()
        re.fullmatch(pattern, "ab" * 60 + "!")
        assert time.process_time() - begun < 20


IDS = {
    "upid": {"parts": "UPID:{node}:{rest}"},
    "run": {"parts": "{dag}/{run}", "address": "/dags/{dag}/dagRuns/{run}"},
    "item": {"address": "/item/{id}"},
}


@pytest.mark.parametrize(
    ("ids", "given", "task_id", "parts"),
    [
        ("upid", "UPID:pve1:0001:vz:", "UPID:pve1:0001:vz:", {"node": "pve1", "rest": "0001:vz:"}),
        ("run", "etl/manual__2026/x", "etl/manual__2026/x", {"dag": "etl", "run": "manual__2026/x"}),
        ("run", "https://api.example/api/v2/dags/etl/dagRuns/a%20b?x=1", "etl/a b", {"dag": "etl", "run": "a b"}),
        ("item", "https://api.example/ci/queue/item/4128/", "4128", {}),
        ("item", "https://API.example:443/item/7#x", "7", {}),
        ("item", "4128", "4128", {}),
    ],
)
def test_an_id_in_an_address_and_its_parts(ids, given, task_id, parts):
    found = read(changed("task_id", IDS[ids])).task_ids
    assert found.read(given, "https://api.example/ci") == task_id
    assert found.values(task_id) == {"id": task_id, **{f"id.{name}": part for name, part in parts.items()}}


@pytest.mark.parametrize(
    ("definition", "given", "words"),
    [
        (
            LEAST,
            "https://api.example/tasks/1?sig=s3cret",
            "the address https://api.example/tasks/1, but this API takes an ID",
        ),
        (changed("task_id", IDS["item"]), "https://api.example/job/4", "does not end like /item/{id}"),
        (changed("task_id", IDS["item"]), "https://other.example/item/4", "api_url is https://api.example: the login"),
        (changed("get.path", "{id:path}"), "https://other.example/a", "api_url is https://api.example: the login"),
        (changed("get.path", "{id:path}"), "http://api.example/a", "api_url is https://api.example: the login"),
        (changed("get.path", "{id:path}"), "https://api.example@other.example/a", "with a login, or an @"),
        (changed("get.path", "{id:path}"), "https://u:pw@api.example/a", "with a login, or an @"),
        (changed("get.path", "{id:path}"), "https://[/a", "the login is for that"),
        (changed("task_id", IDS["item"]), "//[x", "contains '//[x', which is no path: remove one of the first two"),
    ],
)
def test_an_address_that_is_no_id(definition, given, words):
    with pytest.raises(OptionError) as caught:
        read(definition).task_ids.read(given, "https://api.example")
    assert words in caught.value.message
    assert "s3cret" not in caught.value.message
    assert "pw" not in caught.value.message


def test_an_id_without_its_parts():
    with pytest.raises(OptionError, match="an ID of this API looks like UPID:"):
        read(changed("task_id", IDS["upid"])).task_ids.values("7")


@pytest.mark.parametrize("task_id", ["7", "a`b", "a'b", 'a"b', "\\", "{id}", "ü\n", "`]|[0]|`"])
def test_an_id_in_an_expression(task_id):
    task = read(changed("get.task", "tasks[?id=={id}] | [0]")).get.task
    wanted = {"id": task_id}
    assert task.find({"tasks": [{"id": "x"}, wanted]}, task_id) == wanted


def test_numbers_and_booleans_as_states():
    states = read(changed("states", {0: "queued", True: "succeeded", "3": "failed"})).states.words
    assert {raw.lower() for raw in states} == {"0", "true", "3"}


WHOLE = {
    **LEAST,
    "headers": {"X-Version": "1"},
    "base_path": "/v1",
    "login": {"type": "session", "session": {**SESSION, "logout": {"method": "POST", "path": "/out"}}},
    "list": {**LIST, "paging": {"style": "page", "parameter": "p", "size_parameter": "s", "size": 5}},
    "when_ended": {"path": "/tasks/{id}/end", "message": "m"},
    "failure": {"code": "c"},
    "failure_codes": [{"code": 1, "title": "One"}],
    "task_id": {"pattern": "x", "words": "x"},
    "states": {"done": "succeeded", "null": "queued", "*": "running"},
    "launch_id": ["json.id"],
    "quota": {"requests": 1, "seconds": 1},
    "transient_statuses": [409],
    "times": ["%d.%m.%Y", "rfc3339"],
}
WORDS = st.sampled_from(["{id}", "{", "/", "[", "@", "(", "link", "basic", "session", "succeeded", "a\nb", "\x00", "ü"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.sampled_from(sorted(WHOLE)), inner),
    max_leaves=6,
)


OTHER = {
    "login": {"type": "oauth2", "oauth2": {"grant": "password", "path": "{auth_url}/t", "form": {"a": "b"}}},
    "handle": {"path": "/queue/{id}", "next": "n", "cancelled_if": "c"},
    "get": {"path": "{next:path}/x", "task": "[?id=={id}]|[0]", "statuses": {"500": "task", "202": "running"}},
    "fields": {"id": "id", "state": "state", "percent": "p", "percent_of": "q"},
    "states": {"done": "succeeded"},
    "list": {
        "path": "/t",
        "method": "POST",
        "body": {"a": "{token}"},
        "items": "t",
        "by_id": True,
        "id": "@",
        "paging": {"style": "cursor", "next": "n", "parameter": "a.b", "in": "body"},
    },
    "task_id": {"parts": "{a}-{b}", "address": "/{a}/{b}"},
    "quota": [{"requests": 1, "seconds": 1}],
    "cancel": {"path": "/tasks/{id}", "method": "DELETE", "possible_if": "c"},
}


@FUZZ
@given(whole=st.sampled_from([WHOLE, OTHER]), data=st.data())
def test_any_definition_is_one_or_is_told_to_be_wrong(whole, data):
    whole = copy.deepcopy(whole)
    key = data.draw(st.sampled_from(sorted(whole)))
    place = whole
    while isinstance(place.get(key), dict) and data.draw(st.booleans()):
        place = place[key]
        key = data.draw(st.sampled_from(sorted(place)))
    place[key] = data.draw(ANYTHING)
    with contextlib.suppress(OptionError):
        read(whole)


@pytest.mark.parametrize("whole", [WHOLE, OTHER])
def test_the_definitions_that_are_fuzzed_are_good(whole):
    read(whole)


def test_without_xmltodict_answers_in_xml_cannot_be_read(monkeypatch):
    monkeypatch.setattr(_definition, "HAS_XMLTODICT", False)
    read(LEAST)
    with pytest.raises(MissingLibraryError) as caught:
        read({**LEAST, "format": "xml"})
    assert caught.value.library == "xmltodict"


def test_without_jmespath_the_library_is_named(monkeypatch):
    monkeypatch.setattr(expressions, "HAS_JMESPATH", False)
    with pytest.raises(MissingLibraryError) as caught:
        read(LEAST)
    assert caught.value.library == "jmespath"


# --- documents ------------------------------------------------------------------------------------------------


def keys_of(schema):
    """Return every key that a definition can have, and every word that it chooses from."""
    found = set(schema.get("properties", {})) | set(schema.get("enum", ())) | set(schema.get("examples", ()))
    inner = [*schema.get("properties", {}).values(), *schema.get("allOf", ())]
    inner += [
        schema[word] for word in ("then", "else", "items", "additionalProperties") if isinstance(schema.get(word), dict)
    ]
    return found.union(*map(keys_of, inner))


@pytest.mark.parametrize("key", sorted(keys_of(SCHEMA)))
def test_the_guide_names_every_key(key):
    assert f"``{key}``" in GUIDE.read_text(encoding="utf-8")


def test_the_keys_are_found_deep_down():
    assert {"title", "token_header", "size_parameter", "retryable", "dismissed", "epoch_seconds", "DELETE"} <= keys_of(
        SCHEMA
    )


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_shipped_definitions_are_good(path):
    read(yaml.safe_load(path.read_text(encoding="utf-8")), **dict.fromkeys(ALL_OPTIONS, "x"))


def examples_of(text):
    """Return the examples in YAML of a part of a guide."""
    for block in text.split(".. code-block:: yaml")[1:]:
        lines = block.partition("\n\n")[2].splitlines()
        end = next((number for number, line in enumerate(lines) if line and not line.startswith(" ")), len(lines))
        yield yaml.safe_load("\n".join(lines[:end]))


REFERENCE = GUIDE.read_text(encoding="utf-8").partition("\nAll keys\n")[2]


@pytest.mark.parametrize("example", [*examples_of(REFERENCE)], ids="-".join)
def test_the_guides_examples_are_read(example):
    read({**LEAST, **example}, **dict.fromkeys(ALL_OPTIONS, "x"))
