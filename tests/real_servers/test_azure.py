# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ready definitions for Azure, against the server on which Azure's own clients are tested.

``END`` says of each operation how it ends for a client that follows Azure's rules.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from azure_server import HEADERS
from definition_proof import DEFINITIONS
from playbook_runner import PlaybookRunner

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure_server import AzureServer

    Outcomes = dict[str, tuple[str, dict[str, Any]]]

#: These are launched by ansible.builtin.uri: with each of the headers, and with none.
BY_URI = ("/lro/putasync/retry/succeeded", "/lro/put/202/retry/200", "/lro/put/201/creating/succeeded/200")
PATIENCE = 1.5

#: The launch is answered with the end; with a refusal; with nothing to look at later.
AT_ONCE, REFUSED, NOTHING = "ended at once", "launch refused", "nothing to wait for"
#: The wait ends so.
SUCCEEDED, FAILED, CANCELLED = "succeeded", "failed", "cancelled"
#: What is asked for the state answers without one: the wait ends with that, and calls nothing a success.
NO_STATE = "no state"

END = {
    "/lro/put/200/succeeded": AT_ONCE,
    "/lro/patch/200/succeeded/ignoreheaders": AT_ONCE,
    "/lro/put/201/succeeded": AT_ONCE,
    "/lro/put/200/succeeded/nostate": AT_ONCE,
    "/lro/delete/204/succeeded": AT_ONCE,
    "/lro/error/delete/204/nolocation": AT_ONCE,
    "/lro/nonretryerror/put/400": REFUSED,
    "/lro/nonretryerror/delete/400": REFUSED,
    "/lro/nonretryerror/post/400": REFUSED,
    "/lro/error/post/202/nolocation": NOTHING,
    "/lro/put/201/created/failed/200": FAILED,
    "/lro/putasync/retry/failed": FAILED,
    "/lro/delete/provisioning/202/deleting/200/failed": FAILED,
    "/lro/deleteasync/retry/failed": FAILED,
    "/lro/postasync/retry/failed": FAILED,
    "/lro/put/200/accepted/canceled/200": CANCELLED,
    "/lro/putasync/noretry/canceled": CANCELLED,
    "/lro/delete/provisioning/202/deleting/200/canceled": CANCELLED,
    "/lro/deleteasync/retry/canceled": CANCELLED,
    "/lro/postasync/retry/canceled": CANCELLED,
    # Asked for the state, the server answers 400: the operation or the question is refused.
    "/lro/nonretryerror/put/201/creating/400": FAILED,
    "/lro/nonretryerror/put/201/creating/400/invalidjson": FAILED,
    "/lro/nonretryerror/putasync/retry/400": FAILED,
    "/lro/nonretryerror/delete/202/retry/400": FAILED,
    "/lro/nonretryerror/deleteasync/retry/400": FAILED,
    "/lro/nonretryerror/post/202/retry/400": FAILED,
    "/lro/nonretryerror/postasync/retry/400": FAILED,
    "/lro/error/put/201/noprovisioningstatepayload": NO_STATE,
    "/lro/error/putasync/retry/nostatus": NO_STATE,
    "/lro/error/putasync/retry/nostatuspayload": NO_STATE,
    "/lro/error/deleteasync/retry/nostatus": NO_STATE,
    "/lro/error/postasync/retry/nopayload": NO_STATE,
    "/lro/error/put/200/invalidjson": NO_STATE,
    "/lro/error/putasync/retry/invalidheader": NO_STATE,
    "/lro/error/putasync/retry/invalidjsonpolling": NO_STATE,
    "/lro/error/delete/202/retry/invalidheader": NO_STATE,
    "/lro/error/deleteasync/retry/invalidheader": NO_STATE,
    "/lro/error/deleteasync/retry/invalidjsonpolling": NO_STATE,
    "/lro/error/post/202/retry/invalidheader": NO_STATE,
    "/lro/error/postasync/retry/invalidheader": NO_STATE,
    "/lro/error/postasync/retry/invalidjsonpolling": NO_STATE,
    **dict.fromkeys(
        (
            "/lro/LROPostDoubleHeadersFinalAzureHeaderGet",
            "/lro/LROPostDoubleHeadersFinalAzureHeaderGetDefault",
            "/lro/LROPostDoubleHeadersFinalLocationGet",
            "/lro/customheader/post/202/retry/200",
            "/lro/customheader/postasync/retry/succeeded",
            "/lro/customheader/put/201/creating/succeeded/200",
            "/lro/customheader/putasync/retry/succeeded",
            "/lro/delete/202/noretry/204",
            "/lro/delete/202/retry/200",
            "/lro/delete/noheader",
            "/lro/delete/provisioning/202/accepted/200/succeeded",
            "/lro/deleteasync/noheader/202/204",
            "/lro/deleteasync/noretry/succeeded",
            "/lro/deleteasync/retry/succeeded",
            "/lro/list",
            "/lro/patch/201/retry/onlyAsyncHeader",
            "/lro/patch/202/retry/asyncAndLocationHeader",
            "/lro/post/202/noretry/204",
            "/lro/post/202/retry/200",
            "/lro/post/payload/200",
            "/lro/postasync/noretry/succeeded",
            "/lro/postasync/retry/succeeded",
            "/lro/put/200/updating/succeeded/200",
            "/lro/put/201/creating/succeeded/200",
            "/lro/put/202/retry/200",
            "/lro/put/noheader/202/200",
            "/lro/putasync/noheader/201/200",
            "/lro/putasync/noretry/succeeded",
            "/lro/putasync/retry/succeeded",
            "/lro/putnonresource/202/200",
            "/lro/putnonresourceasync/202/200",
            "/lro/putsubresource/202/200",
            "/lro/putsubresourceasync/202/200",
            # The server is not well each time before.
            "/lro/retryerror/delete/202/retry/200",
            "/lro/retryerror/delete/provisioning/202/accepted/200/succeeded",
            "/lro/retryerror/deleteasync/retry/succeeded",
            "/lro/retryerror/post/202/retry/200",
            "/lro/retryerror/postasync/retry/succeeded",
            "/lro/retryerror/put/201/creating/succeeded/200",
            "/lro/retryerror/putasync/retry/succeeded",
        ),
        SUCCEEDED,
    ),
}
#: What is told in other words than in ``END``: that an operation was cancelled, where the address of its launch's
#: Location answers with HTTP 200 and the resource.
KNOWN = {"/lro/delete/provisioning/202/deleting/200/canceled": FAILED}


def definition(name: str) -> dict[str, Any]:
    """Return a definition, with the header that the server looks for."""
    return {**yaml.safe_load((DEFINITIONS / f"{name}.yml").read_text(encoding="utf-8")), "headers": HEADERS}


@pytest.fixture(scope="module")
def outcomes(azure: AzureServer, tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """Launch all operations and wait for them; return by path how it was waited, and the result."""
    operations = azure.operations()
    by_uri = [[method, path] for method, path in operations if path in BY_URI]
    before = [azure.launch(method, path) for method, path in operations if path not in BY_URI]
    runner = PlaybookRunner(tmp_path_factory.mktemp("plays"), (azure.password,))
    variables = {
        # Read here: the play would read them anew for each of a hundred waits.
        "by_operation": definition("azure_resource_manager"),
        "by_location": definition("azure_resource_manager_location"),
        "headers": HEADERS,
        "api_url": azure.url,
        "auth_url": f"{azure.tokens.url}/token",
        "app_secret": azure.password,
        "operations": by_uri,
        "launched_before": before,
        "patience": PATIENCE,
    }
    report = runner.run("azure_operations.yml", variables, verbosity=None).result
    found: Outcomes = {}
    for number, launch in enumerate(report["launched"]):
        waits = [(how, report[how][number]) for how in ("operation", "location", "resource")]
        waited = [(how, result) for how, result in waits if not result.get("skipped")]
        assert len(waited) <= 1
        found[launch["item"][1]] = waited[0] if waited else ("not", launch)
    return found


def end_of(how: str, result: dict[str, Any]) -> str:
    """Return in the words of ``END`` what came out."""
    if how == "not":
        launch_ended = {200: AT_ONCE, 201: AT_ONCE, 202: NOTHING, 204: AT_ONCE, 400: REFUSED}
        return launch_ended[result["status"]]
    if result["outcome"] in (SUCCEEDED, FAILED):
        return str(result["tasks"][0]["state"])
    return FAILED if "HTTP 400" in result["msg"] else NO_STATE


def test_every_operation_ends_as_it_should(outcomes: Outcomes, show: Callable[[str, object], None]) -> None:
    """All that the server describes are launched, and waited for to the right end."""
    assert outcomes.keys() == END.keys()
    found = {path: end_of(*outcome) for path, outcome in outcomes.items()}
    counts = Counter((how, end_of(how, result)) for how, result in outcomes.values())
    for (how, end), count in sorted(counts.items()):
        show(f"waited by {how}", f"{count} {end}")
    right = sum(found[path] == END[path] for path in END)
    show("right", f"{right} of {len(END)}")
    assert {path: end for path, end in found.items() if end != END[path]} == KNOWN


def test_nothing_without_a_state_is_a_success(outcomes: Outcomes) -> None:
    """A broken answer ends the wait within its patience, and the message says what is broken."""
    for path, end in END.items():
        how, result = outcomes[path]
        if end == NO_STATE:
            assert result["outcome"] == "unreachable", path
            assert result["reason"] in ("bad_answer", "unreachable", "rejected"), (how, path, result["reason"])


def test_a_server_that_is_not_well_is_asked_again(outcomes: Outcomes) -> None:
    """HTTP 500 during the wait is trouble that passes."""
    retried = [result for path, (_how, result) in outcomes.items() if path.startswith("/lro/retryerror")]
    assert len(retried) == 7
    assert all(result["outcome"] == "succeeded" and "HTTP 500" in result["last_transient_error"] for result in retried)
