# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No form of a secret is left in what leaves a run, and nothing else is hidden."""

from __future__ import annotations

import base64
import html
import json
import time
import unicodedata
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.longrunning.tasks.plugins.module_utils._core.masking import (
    Mask,
    mask,
    masking,
    secrets_by_name,
    secrets_in_url,
    without_secrets_by_name,
    without_tokens,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._core.text import readable
from ansible_collections.longrunning.tasks.tests.unit.support.fuzzing import FUZZ

HIDDEN = "********"


def lower_hex(text):
    head, *rest = text.split("%")
    return "%".join([head, *(part[:2].lower() + part[2:] for part in rest)])


FORMS = {
    "as it is": str,
    "in an address": quote,
    "as a segment of an address": lambda text: quote(text, safe=""),
    "in a form": quote_plus,
    "in an address in lower case": lambda text: lower_hex(quote(text, safe="")),
    "twice in an address": lambda text: quote(quote(text, safe=""), safe=""),
    "in JSON": lambda text: json.dumps(text)[1:-1],
    "in JSON with all letters": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "in JSON with slashes escaped": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "in JSON in JSON": lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1],
    "in HTML": html.escape,
    "in HTML by numbers": lambda text: "".join(c if c.isalnum() else f"&#x{ord(c):X};" for c in text),
    "with accents apart": lambda text: unicodedata.normalize("NFD", text),
    "with accents put together": lambda text: unicodedata.normalize("NFC", text),
    "with blanks folded": lambda text: " ".join(text.split()),
}


def masked(text, *secrets):
    known = Mask()
    known.hide(*secrets)
    return known.text(text)


def test_what_was_hidden_before_stays_hidden():
    known = Mask()
    known.hide("first-secret")
    known.hide("second-secret")
    assert known.text("first-secret second-secret") == f"{HIDDEN} {HIDDEN}"


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize(
    "secret",
    [
        "s3cr3t-v4lue",
        "pass/word?&",
        "a\"b\\c'd<e>",
        "two  words\tand more",
        "Grüße+100%",
        "\U0001f511 keys",
        "%2f%2F&amp;",
    ],
)
def test_a_secret_is_hidden_in_every_form(secret, form):
    assert masked(f"before {form(secret)} after", secret) == f"before {HIDDEN} after"


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("secret", ["s3cr3t-v4lue", "\u00fc\u00ff~~~???>>>", "eight888"])
def test_a_secret_is_hidden_as_base64(secret, encode):
    assert masked(f"({encode(secret.encode()).decode().rstrip('=')})", secret) == f"({HIDDEN})"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The token 0123456789abcdefghij is too old", f"The token {HIDDEN} is too old"),
        ("got=eyJhbGciOiJIUzI1NiJ9.eyJzdWIi/Ox9.c2ln, too old", f"{HIDDEN}, too old"),
        ("only 0123456789abcdefghi", "only 0123456789abcdefghi"),
        ("0123456789012345678901234567890", "0123456789012345678901234567890"),
        ("org.example.authentication.RefusedException", "org.example.authentication.RefusedException"),
        ("at https://identity.example.com/v3/auth/tokens", "at https://identity.example.com/v3/auth/tokens"),
        (
            "(Request-ID: req-5b2f0c1e-8f0a-4c39-9d3f-1c1b2a3d4e5f)",
            "(Request-ID: req-5b2f0c1e-8f0a-4c39-9d3f-1c1b2a3d4e5f)",
        ),
    ],
)
def test_what_may_be_a_token_is_hidden(text, expected):
    assert without_tokens(text) == expected


@pytest.mark.kind
@FUZZ
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=8), st.sampled_from(sorted(FORMS)))
def test_no_form_of_any_secret_is_left(secret, form):
    secret = secret.strip()
    assert masked(f"({FORMS[form](secret)})", secret) == f"({HIDDEN})" or len(secret) < 8


@pytest.mark.kind
@pytest.mark.parametrize(
    ("text", "secret", "expected"),
    [
        # A short one is hidden where it stands alone.
        ("token 7.", "7", f"token {HIDDEN}."),
        ("X-Auth-Token: 7", "7", f"X-Auth-Token: {HIDDEN}"),
        ('{"token":"7"}', "7", f'{{"token":"{HIDDEN}"}}'),
        ("task 17 of 70, disk-7, 1.7, 7-up, v7", "7", "task 17 of 70, disk-7, 1.7, 7-up, v7"),
        ("5d1c7a60-7", "7", "5d1c7a60-7"),
        ("ann:hunter2@host", "hunter2", f"ann:{HIDDEN}@host"),
        ("ann_hunter2-x", "hunter2", f"ann_{HIDDEN}-x"),
        ("xhunter2", "hunter2", "xhunter2"),
        # A longer one wherever it is.
        ("xhunter22y", "hunter22", f"x{HIDDEN}y"),
        ("", "hunter22", ""),
        ("hunter2", "hunter22", "hunter2"),
        ("hunter22hunter22", "hunter22", HIDDEN),
    ],
)
def test_short_secrets_leave_other_words_alone(text, secret, expected):
    assert masked(text, secret) == expected


def test_of_secrets_that_overlap_nothing_is_left():
    assert masked("abcd-efgh-ijkl", "abcd-efgh", "efgh-ijkl", "abcd-efgh") == HIDDEN


def test_blanks_around_a_secret_and_empty_ones_hide_nothing():
    assert masked("one two  three", "", "  ", " two ") == f"one {HIDDEN}  three"


# --- values -----------------------------------------------------------------------------------------------------


def test_texts_numbers_and_foreign_keys_are_hidden_in_a_value():
    known = Mask()
    known.hide("s3cr3t-v4lue", "12345678", "succeeded", "7")
    value = {
        "state": "succeeded",
        "counts": {"succeeded": 1, "failed": 7},
        "raw": {"s3cr3t-v4lue": [12345678, 123456789, 7, True, None, 1.5], "succeeded": "by s3cr3t-v4lue"},
        "s3cr3t-v4lue": ("12345678",),
    }
    assert known.value(value) == {
        "state": HIDDEN,
        # Our own names stay: what a playbook looks at has to be there.
        "counts": {"succeeded": 1, "failed": 7},
        "raw": {HIDDEN: [HIDDEN, 123456789, 7, True, None, 1.5], f"{HIDDEN}*": f"by {HIDDEN}"},
        HIDDEN: [HIDDEN],
    }


def test_what_has_no_secret_is_not_copied():
    known = Mask()
    known.hide("s3cr3t-v4lue")
    value = {"tasks": [{"id": "a", "raw": {"b": [1, None]}}], "msg": "fine"}
    assert known.value(value) is value


def test_no_text_takes_long_to_search():
    known = Mask()
    known.hide("\\\\ \\\\ abc \\\\", '"""" abc', "    abc   x")
    began = time.process_time()
    for text in (
        "\\" * 10_000 + "abc",
        '\\"' * 10_000 + "abc",
        " " * 20_000 + "abc" + " " * 20_000,
        "%25" * 10_000 + "abc",
    ):
        known.text(text)
    assert time.process_time() - began < 10


# --- the run ----------------------------------------------------------------------------------------------------


def test_a_run_has_a_mask_of_its_own():
    with masking() as outer:
        outer.hide("s3cr3t-v4lue")
        with masking():
            assert mask("s3cr3t-v4lue") == "s3cr3t-v4lue"
        assert mask("s3cr3t-v4lue") == HIDDEN
    assert mask("s3cr3t-v4lue") == "s3cr3t-v4lue"


@pytest.mark.kind
@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("said s3cr3t <b> v&lue", 500),
        ("said s3cr3t  &lt;b&gt;\n v&amp;lue", 500),
        ("said s3cr3t <b> v&lue", 9),
        ("said &#115;3cr3t &#60;b&#62; v&amp;l&#x75;e", 500),
        ("said &#0115;&#51;cr3t <b> v&l&#117;e", 16),
        ("said s\u200b3\u00adcr3t <b> v&lu\u202ee", 500),
        ("x" * 190 + "s3cr3t <b> v&lue", 10),
    ],
)
def test_a_vendors_words_are_masked_before_they_are_changed(text, limit):
    with masking() as known:
        known.hide("s3cr3t <b> v&lue")
        assert "s3" not in readable(text, limit=limit)
        assert "lue" not in readable(text, limit=limit)


@pytest.mark.kind
@pytest.mark.parametrize("secret", ["pa&#97;ss-w0rd-1234", "pass\u200bw0rd-1234"])
def test_a_secret_with_an_entity_or_an_unseen_letter_is_hidden_too(secret):
    with masking() as known:
        known.hide(secret)
        assert readable(f"said {secret}.") == f"said {HIDDEN}."


# --- names and addresses ----------------------------------------------------------------------------------------


@pytest.mark.kind
@pytest.mark.parametrize(
    "name",
    [
        *("password", "userPass", "pass", "db_pass", "passphrase", "pass-code", "pwd", "client_secret", "secretName2"),
        *(
            "accessToken",
            "X-Auth-Token",
            "credentials",
            "Authorization",
            "Set-Cookie",
            "api_key",
            "privateKey",
            "sas_url",
        ),
        *("sasToken", "pin", "otp", "url_password", "session_id", "JSESSIONID", "session-id", "jwt", "auth_key"),
        *("X-Api-Key", "Ocp-Apim-Subscription-Key", "x-functions-key", "AccountKey", "pre-shared-key"),
        "connectionString",
    ],
)
def test_names_of_secrets_are_known(name):
    data = {"input": [{name: "v4lue", "name": "golden"}]}
    assert list(secrets_by_name(data)) == ["v4lue"]
    assert without_secrets_by_name(data) == {"input": [{name: HIDDEN, "name": "golden"}]}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bypass", "on"),
        ("compass", "north"),
        ("token_type", "import"),
        ("password_file", "/etc/x"),
        ("application_credential_id", "robot"),
        ("token_count", 3),
        ("access_token_age", 12345),
        ("key", "a"),
        ("password", True),
        ("password", None),
        ("password", "********"),
        ("password", "$encrypted$"),
        ("password", "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"),
    ],
)
def test_what_only_looks_like_a_secret_is_shown(name, value):
    assert list(secrets_by_name({name: value})) == []
    assert without_secrets_by_name({name: value}) == {name: value}


def test_secrets_below_a_secret_name_numbers_and_words_of_headers_are_found():
    data = {"credentials": {"user": "ann", "tries": [1]}, "pin": 4711, "Authorization": "Bearer abc"}
    assert list(secrets_by_name(data)) == ["ann", "1", "4711", "Bearer abc", "abc"]


@pytest.mark.kind
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://ann:s3cr3t@host/disk.img", ["s3cr3t"]),
        ("https://host/disk.img?X-Amz-Signature=4fe1&X-Amz-Date=20260301#top", ["4fe1"]),
        ("https://host/disk.img?sv=1&sig=a%2Fb", ["a%2Fb", "a/b"]),
        ("Server=db;User=ann;Password=s3cr3t;Timeout=3", ["s3cr3t"]),
        ("mysql --password=s3cr3t -h db", ["s3cr3t"]),
        ("Bearer s3cr3t-t0ken", ["s3cr3t-t0ken"]),
        ("curl -H 'Authorization: Basic YW5uOnMzY3IzdA=='", ["YW5uOnMzY3IzdA=="]),
        ("https://host/disk.img?token_type=import&size=4", []),
        ("the bearer is away", []),
        ("a basic installation with bearer certificates", []),
        ("a=" * 500_000, []),
        ("a" * 1_000_000, []),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else None,
)
def test_secrets_inside_of_texts_are_found(text, expected):
    assert sorted(secrets_by_name({"input": [text]})) == expected


@pytest.mark.kind
@pytest.mark.parametrize("key", ["name", "key"])
def test_secrets_in_lists_of_pairs_are_found(key):
    data = [{key: "DB_PASSWORD", "value": "s3cr3t"}, {key: "DB_HOST", "value": "db"}]
    assert list(secrets_by_name(data)) == ["s3cr3t"]
    assert without_secrets_by_name(data) == [{key: "DB_PASSWORD", "value": HIDDEN}, data[1]]


@pytest.mark.kind
@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (None, set()),
        ("https://api.example/v2", set()),
        ("https://ann:s3cr3t%2F@api.example/v2", {"ann:s3cr3t%2F", "ann:s3cr3t/", "s3cr3t%2F", "s3cr3t/"}),
        ("ann:pa@ss@api.example", {"ann:pa@ss", "pa@ss"}),
        ("https://api.example/v2?sig=a%2Fb&v=1#top", {"sig=a%2Fb&v=1", "sig=a/b&v=1", "a/b"}),
        ("https://api.example/v2?x=longvalue", {"x=longvalue", "longvalue"}),
    ],
)
def test_what_may_be_secret_in_an_address_is_found(url, expected):
    assert secrets_in_url(url) == expected
