# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an answer holds, whatever its label says: JSON in any encoding, XML, or the words of a refusal."""

from __future__ import annotations

import contextlib
import json
import re
import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.longrunning.tasks.plugins.module_utils._api import answers as _answers
from ansible_collections.longrunning.tasks.plugins.module_utils._api.answers import (
    TooManyValuesError,
    find_words,
    json_of,
    vendor_words,
    xml_of,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._core.masking import masking
from ansible_collections.longrunning.tasks.tests.unit.support.fake_http import reply
from ansible_collections.longrunning.tasks.tests.unit.support.fuzzing import FUZZ

# --- JSON -------------------------------------------------------------------------------------------------------

DATA = {"name": "Gr\u00f6\u00dfe \U0001f600", "ids": [1, 2.5, None]}


@pytest.mark.kind
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
def test_json_is_read_in_any_encoding_of_unicode(encoding):
    assert json_of(reply(json.dumps(DATA, ensure_ascii=False).encode(encoding))) == DATA


@pytest.mark.kind
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # Bytes that are no UTF-8: half a surrogate pair, and Latin-1.
        (b'{"a": "x\xed\xa0\x80y"}', {"a": "x\ufffd\ufffd\ufffdy"}),
        (b'{"a": "Gr\xf6\xdfe"}', {"a": "Gr\ufffd\ufffde"}),
        ('{"a": "x\ud800y"}'.encode("utf-16", "surrogatepass"), {"a": "x\ufffdy"}),
        # The same, escaped.
        (rb'{"a": "x\ud800y"}', {"a": "x?y"}),
        (rb'{"a": "x\uDfffy"}', {"a": "x?y"}),
        (rb'{"\uD800": ["\ud83d"]}', {"?": ["?"]}),
        ('{"a": "\\ud800"}'.encode("utf-16"), {"a": "?"}),
        (rb'{"a": "\ud83d\ude00"}', {"a": "\U0001f600"}),
        # No JSON, but Python writes it so.
        (
            b'{"a": NaN, "b": -Infinity, "c": 1e999, "d": -1e999, "e": 1.5e3}',
            {"a": None, "b": None, "c": None, "d": None, "e": 1500},
        ),
        # JSON, but Python refuses to read so many digits.
        (b'{"a": -12, "b": ' + 5000 * b"9" + b"}", {"a": -12, "b": None}),
    ],
)
def test_what_nobody_could_write_down_again_is_replaced(body, expected):
    data = json_of(reply(body))
    assert data == expected
    json.dumps(data, ensure_ascii=False, allow_nan=False).encode()


@FUZZ
@given(st.binary(max_size=40))
def test_whatever_the_bytes_the_text_can_be_written_down(body):
    reply(body).text.encode()
    reply(b'{"a": "' + body + b'"}').text.encode()


@pytest.mark.kind
@pytest.mark.parametrize("value", [b"{}", b"[]", b"1", b'{"a":1}'])
def test_more_values_than_can_be_read_in_time_are_not_read(value):
    with pytest.raises(TooManyValuesError):
        json_of(reply(b"[" + b",".join([value] * (_answers.MOST_VALUES + 1)) + b"]"))


def test_ten_thousand_tasks_of_many_fields_are_read():
    task = b"{" + b",".join(b'"field%d":%d' % (number, number) for number in range(98)) + b"}"
    assert len(json_of(reply(b"[" + b",".join([task] * 10_000) + b"]"))) == 10_000


@pytest.mark.kind
def test_signals_are_heard_while_json_is_read():
    heard = set()
    body = b"[" + b",".join([b'{"a":1}'] * 400_000) + b"]"
    before = signal.signal(signal.SIGALRM, lambda _number, frame: heard.add(frame.f_code.co_name))
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    try:
        json_of(reply(body))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert "_as_it_is" in heard


# --- XML --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"<a/>", {"a": None}),
        (b'<a x="1"><b>2</b><b> 3 </b></a>', {"a": {"@x": "1", "b": ["2", "3"]}}),
        (b"<?xml version='1.0'?>\n<!-- <!DOCTYPE a> -->\n<a>&lt;&#65;</a>", {"a": "<A"}),
        (b"<a><![CDATA[<!DOCTYPE html>]]></a>", {"a": "<!DOCTYPE html>"}),
        ("\ufeff<a>\u00f6</a>".encode(), {"a": "\u00f6"}),
        ("<a>\u00f6</a>".encode("utf-16"), {"a": "\u00f6"}),
        (b'<?xml version="1.0" encoding="ISO-8859-1"?><a>\xf6</a>', {"a": "\u00f6"}),
        (b"<n:a xmlns:n='urn:n'><n:b>1</n:b></n:a>", {"n:a": {"@xmlns:n": "urn:n", "n:b": "1"}}),
    ],
)
def test_xml_is_read(body, expected):
    assert xml_of(reply(body)) == expected


LAUGHS = "".join(f'<!ENTITY l{n} "{10 * f"&l{n - 1};"}">' for n in range(1, 10))


@pytest.mark.kind
@pytest.mark.parametrize(
    "body",
    [
        f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]><a>&l9;</a>',
        '<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]><a>&f;</a>',
        '<!--x--> <?p?>\n<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd"><a/>',
        '<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]><a>&f;</a>'.encode("utf-16"),
        '<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE a+AD4-<a/>',
        "<!DOCTYPE html><html></html>",
        "<a>&f;</a>",
        "<a>",
        "<a/><b/>",
        "plain words",
        "<a>\x00</a>",
        "<?" + 50_000 * "<!--",
    ],
)
def test_hostile_and_broken_xml_is_no_data(body):
    with pytest.raises(ValueError, match=r"."):
        xml_of(reply(body if isinstance(body, bytes) else body.encode()))


@pytest.mark.kind
def test_xml_has_bounds():
    with pytest.raises(TooManyValuesError):
        xml_of(reply(b"<a>" + 1_000_001 * b"<b/>" + b"</a>"))
    with pytest.raises(RecursionError):
        xml_of(reply(5_000 * b"<a>" + 5_000 * b"</a>"))


@FUZZ
@given(st.binary(max_size=60) | st.text(alphabet="<>/!?[]ab=\"' &;-", max_size=60).map(str.encode))
def test_xml_is_data_or_a_value_error(body):
    with contextlib.suppress(ValueError):
        json.dumps(xml_of(reply(body)))


# --- the vendors' words ---------------------------------------------------------------------------------------

GLANCE_PAGE = (
    b"<html>\n <head>\n  <title>404 Not Found</title>\n </head>\n <body>\n  <h1>404 Not Found</h1>\n"
    b"  Could not find task 42<br /><br />\n\n\n </body>\n</html>"
)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            {"message": "Could not find task 42<br /><br />\n\n\n", "code": "404 Not Found", "title": "Not Found"},
            ("404 Not Found", "Could not find task 42"),
        ),
        (GLANCE_PAGE, (None, "404 Not Found Could not find task 42")),
        (
            {"error": {"message": "Please log in.", "code": 401, "title": "Unauthorized"}},
            ("401", "Please log in."),
        ),
        (
            {"overLimit": {"code": 413, "message": "Slow down", "details": "x", "retryAfter": "9"}},
            ("413", "Slow down"),
        ),
        ({"unauthorized": {"code": 401, "message": "Wrong key"}}, ("401", "Wrong key")),
        ({"badRequest": {"code": 400, "message": "unable to parse"}}, ("400", "unable to parse")),
        ({"error": "invalid_client", "status": "E1"}, ("E1", "invalid_client")),
        ({"error_code": "A.1", "error_msg": "No quota"}, ("A.1", "No quota")),
        ({"title": "Only a title"}, (None, "Only a title")),
        ({"message": "", "detail": "The detail"}, (None, "The detail")),
        ({"message": "<br />", "detail": "The detail"}, (None, "The detail")),
        ({"message": None, "code": None}, (None, '{"message": null, "code": null}')),
        ("Plain words & more\n", (None, "Plain words & more")),
        (b"", (None, "")),
        (b"\xff\xff", (None, "\ufffd\ufffd")),
        ([1, 2], (None, "[1, 2]")),
        (b"<style>p {color: red}</style><p>Bad &amp; worse</p>", (None, "Bad & worse")),
        ("x" * 5000, (None, "x" * 299 + "\u2026")),
    ],
)
def test_vendor_words(body, expected):
    assert vendor_words(reply(body, 400)) == expected


@pytest.mark.kind
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        # JSON:API, and texts alone.
        (
            {"errors": [{"status": "409", "code": "run-locked", "title": "Conflict", "detail": "Locked by bob."}]},
            ("run-locked", "Locked by bob."),
        ),
        ({"errors": ["permission denied", "no such mount"]}, (None, "permission denied; no such mount")),
        (
            {"errors": {"name": ["is blank", "is short"], "size": "is odd"}},
            (None, "name: is blank; name: is short; size: is odd"),
        ),
        (
            {"title": "Some errors occurred.", "errors": {"Name": ["The name is missing."]}},
            (None, "Some errors occurred: Name: The name is missing."),
        ),
        (
            {"message": "Validation failed", "errors": [{"field": "title", "code": "missing"}]},
            (None, "Validation failed: field: title; code: missing"),
        ),
        ({"message": "Not allowed", "code": 7, "errors": [{"message": "Not allowed"}]}, ("7", "Not allowed")),
        # Redfish: the general sentence beside it says nothing.
        (
            {
                "error": {
                    "code": "Base.1.7.GeneralError",
                    "message": "A general error has occurred. See ExtendedInfo for more information",
                    "@Message.ExtendedInfo": [
                        {"Message": "Too many sessions.", "MessageId": "IDRAC.2.4.RAC0218", "Resolution": "Log out."}
                    ],
                }
            },
            ("IDRAC.2.4.RAC0218", "Too many sessions."),
        ),
        ({"@Message.ExtendedInfo": [{"Message": "One."}, {"Message": "Two."}]}, (None, "One.; Two.")),
        (
            {"error": {"code": "Base.1.7.GeneralError", "message": "It broke.", "@Message.ExtendedInfo": []}},
            ("Base.1.7.GeneralError", "It broke."),
        ),
        # APIC, OAuth 2, problem+json, FastAPI, Salesforce.
        (
            {"imdata": [{"error": {"attributes": {"code": "403", "text": "Token was invalid"}}}]},
            ("403", "Token was invalid"),
        ),
        ({"error": "invalid_grant", "error_description": "Account is locked"}, ("invalid_grant", "Account is locked")),
        (
            {"type": "about:blank", "title": "Conflict", "status": 409, "detail": "Job 17 was purged"},
            ("409", "Job 17 was purged"),
        ),
        ({"detail": [{"loc": ["body", "name"], "msg": "field required"}]}, (None, "body.name: field required")),
        (
            [{"message": "Session expired", "errorCode": "INVALID_SESSION_ID"}],
            ("INVALID_SESSION_ID", "Session expired"),
        ),
        # vSphere, Jira, and the ones of .NET and AWS.
        ({"value": {"messages": [{"id": "vc.7", "default_message": "Not found"}]}}, (None, "Not found")),
        ({"errorMessages": ["Issue does not exist"], "errors": {}}, (None, "Issue does not exist")),
        ({"Message": "No route"}, (None, "No route")),
        ({"errorMessage": "No route", "errorCode": 5}, ("5", "No route")),
        ({"message": "x", "code": True, "status": ""}, (None, "x")),
        ("only a text", (None, "only a text")),
        ([], None),
        ({"id": "7", "tags": ["a", "b"]}, None),
        ({"errors": [{"detail": "d" * 511}]}, (None, "d" * 511)),
    ],
)
def test_words_stand_in_many_places(data, expected):
    assert find_words(data) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["message", "errors", "error", "code", "x"]), inner)
    ),
)


@FUZZ
@given(JSON)
def test_words_are_one_short_line_wherever_they_stand(data):
    code, words = find_words(data) or (None, "x")
    assert words
    assert len(words) <= 600
    assert "\n" not in f"{code}{words}"


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (
            b"<html><head><title>407 Proxy Authentication Required</title></head></html>",
            "407 Proxy Authentication Required",
        ),
        (b"<style>a {b: c}</style><script>d()</script><p>Sorry</p>", "Sorry"),
        (b"<title>One</title><p>Two</p><TITLE lang='x'>Three</TITLE>Four", "Two Four"),
        (b"<p>Shown</p><script>and no end", "Shown"),
    ],
)
def test_the_words_of_a_page(page, words):
    assert vendor_words(reply(page, 400)) == (None, words)


@pytest.mark.parametrize("part", [b"<title ", b"<title>", b"<script></title>", b"<", b"&#", b"{", b'{"errors":['])
def test_a_huge_page_is_not_searched_through(part):
    # With all of it, some of these would take minutes.
    assert len(vendor_words(reply(part * (4_000_000 // len(part)), 400))[1]) <= 300


@pytest.mark.parametrize("begin", range(_answers._MOST_TEXT - 24, _answers._MOST_TEXT + 1, 4))
def test_no_half_of_a_secret_is_left_where_a_page_is_cut(begin):
    page = f"{'<style>'.ljust(begin - 8)}</style>s3cr3t-of-many-letters said the page"
    with masking() as known:
        known.hide("s3cr3t-of-many-letters")
        assert not re.search("s3cr3t|letters", str(vendor_words(reply(page.encode(), 500))))
