# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""KooDrive's codes: what is documented about them, what a failure with one means, and what a refusal with one means.

Facts: the page of error codes of the KooDrive API reference, "Status Codes", "Returned Results" and getBatchTask. No
text of the vendor is looked at, because its language follows a header.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..._api.json_api import Refusal
from ..._core.errors import AuthenticationError, BadAnswerError, NotFoundError, RejectedError
from ..._core.task import TaskError
from ..._core.text import readable, sentence
from ..._provider.description import DocumentedError
from ..._provider.fields import as_word

_ERROR_CODES = "KooDrive API reference, Error Codes"
_GATEWAY_CODES = "Huawei Cloud API request signing guide, Error Codes"
_GATEWAY_FAQ = "Huawei Cloud, frequently asked questions on the codes APIG.0301 and APIG.0307"
_BATCH_TASK = "KooDrive API reference, getBatchTask: taskResultCode"

#: Code, title, remedy. The vendor's table says no more than the title.
_CODES = (
    ("13000102", "A parameter did not pass its check", "Check the values that the request sends"),
    ("13000301", "The space is missing or in an abnormal state", "Check the space in the KooDrive console"),
    ("13000302", "The file is not in this space", "Check the ID of the file and that of the space"),
    ("13000303", "The file is not in the recycle bin", "Check whether it was restored or deleted already"),
    ("13000304", "The target folder is in an abnormal state", "Choose another target folder"),
    ("13000305", "The target folder is in the recycle bin", "Restore that folder or choose another one"),
    ("13000306", "The file is in the recycle bin", "Restore the file first"),
    ("13000307", "The folders contain one another", "Choose a target outside of what is moved or copied"),
    ("13000308", "The file's metadata are wrong", "Upload the file again"),
    ("13000309", "The resource does not exist", "Check the ID, and that it belongs to the user who asks"),
    ("13000310", "The folders are nested too deeply", "Choose a target folder nearer to the root"),
    ("13000311", "There is no space left", "Delete files, empty the recycle bin, or get a larger quota"),
    ("13000312", "The file is in the target folder already", "Choose another target folder"),
    ("13000401", "The upload task is not known", "Start the upload again"),
    ("13000402", "The file did not pass the integrity check", "Upload the file again"),
    ("13000403", "The file's state could not be changed", "Look at the file's state and try again"),
    ("13000404", "The parent folder is in the recycle bin", "Restore the parent folder first"),
    ("13000405", "The name is taken", "Choose another name, or remove the file that has it"),
    ("13000406", "Folders cannot be treated in this way", "Give files instead of folders"),
    ("13000407", "There is no address to download from", "Ask for the download again"),
    ("13000408", "The download failed", "Download it again"),
    ("13000409", "The upload failed", "Upload the file again"),
    ("13000410", "The user may not work in this space", "Ask the space's administrator for the permission"),
    ("13000411", "The file does not belong to the given space", "Check the IDs of the file and of the space"),
    ("13000412", "The space is not active", "Activate the space in the KooDrive console"),
    ("13000413", "This kind of search is not supported", "Choose another kind of search"),
    ("13000414", "The kind of search is empty", "Name the kind of search"),
)


def _known(code: str, title: str, remedy: str, detail: str = "", source: str = _ERROR_CODES) -> DocumentedError:
    return DocumentedError(code, title, detail or title, remedy, retryable=None, source=source)


DOCUMENTED_ERRORS = (
    *(_known(*row) for row in _CODES),
    # Of the gateway in front of KooDrive, which has more of them than documents about KooDrive name.
    _known(
        "APIGW.0101",
        "There is no such API",
        "Check api_url and region",
        "The API does not exist there, or was not published",
        _GATEWAY_CODES,
    ),
    _known(
        "APIGW.0201",
        "The gateway did not accept the request",
        "Check the values in filters",
        "Its parameters are not valid (HTTP 400), or it is too large (HTTP 413)",
        _GATEWAY_CODES,
    ),
    _known(
        "APIG.0301",
        "The gateway did not accept the login",
        "Check the login's options, and that the login is for the region asked",
        "A token is missing, cannot be read or has run out, or a signature is wrong",
        _GATEWAY_FAQ,
    ),
    _known(
        "APIG.0307",
        "The token must be renewed",
        "Get a new token, and check that it is for the region asked",
        "The token has run out, or is for another region",
        _GATEWAY_FAQ,
    ),
    _known(
        "taskResultCode=2",
        "The job failed in part",
        "Look at the items in result.taskInfos, and launch a new job for those that failed",
        "The job was completed only partly: some of its items failed and the others succeeded",
        _BATCH_TASK,
    ),
    _known(
        "taskResultCode=3",
        "The job failed",
        "Look at the items in result.taskInfos and at the job's target",
        "None of the job's items succeeded",
        _BATCH_TASK,
    ),
)
_DOCUMENTED = {error.code: error for error in DOCUMENTED_ERRORS}

#: "The resource does not exist": the only documented code that an unknown task can be refused with.
NO_RESOURCE = "13000309"
ADDRESS_ADVICE = "Check api_url and region"
_LOGIN_ADVICE = (
    "KooDrive documents HTTP 400 as a failed authentication as well: check the login's options, for a token may have "
    "run out"
)


def is_none(code: str) -> bool:
    """Whether a result code says that there is none: it is left out when all went well."""
    return not code.strip("0")


def is_gateways(code: str | None) -> bool:
    """Whether a code is of the gateway in front of KooDrive."""
    return (code or "").startswith("APIG")


def _is_specific(code: str) -> bool:
    """Whether it is one of the codes 18xxxxxx, whose meanings are documented nowhere."""
    return re.fullmatch(r"18\d{6}", code) is not None


def error_of(code: str) -> TaskError:
    """Return what is known about a result code, which is passed on as it came."""
    if is_none(code):
        return TaskError()
    documented = _DOCUMENTED.get(code)
    if documented is not None:
        return documented.to_error()
    known = "Huawei's public documents call codes of this kind specific errors and explain none of them"
    return TaskError(
        code=code,
        detail=known if _is_specific(code) else "No public document explains this code",
        remedy=f"Look at the task in the KooDrive console, or ask Huawei's support what {code} means",
    )


def job_error_of(outcome: str, code: str) -> TaskError:
    """Return why a job failed: how much of it did, and what is known about its result code where it has one."""
    extent = error_of(f"taskResultCode={outcome}")
    if is_none(code):
        return extent
    reason = error_of(code)
    if reason.title:
        return reason._replace(detail=extent.detail)
    # The documents tell the outcome and not the code, so that they are no source of it.
    detail, remedy = (
        " ".join(sentence(text) for text in texts if text)
        for texts in ((extent.detail, reason.detail), (extent.remedy, reason.remedy))
    )
    return reason._replace(title=extent.title, detail=detail, remedy=remedy)


def read_refusal(answer: object, status: int) -> Refusal | None:
    """Return what a refusal means: {code, msg}, or the gateway's {error_code, error_msg}.

    A code other than 0 refuses a request whatever the HTTP status is. Of the statuses the documents have 200, 400, 401
    and 500, and 400 for a failed authentication as well as for each of the codes.
    """
    found = _code_and_words(answer)
    if found is None:
        return Refusal(None, None, AuthenticationError, _LOGIN_ADVICE) if status == 400 else None
    code, words = found
    if status >= 300 and status not in (400, 404):
        return Refusal(code, words)
    if code == NO_RESOURCE:
        return Refusal(code, words, NotFoundError)
    if status == 404:
        # It is the API that is not there, not the task.
        return Refusal(code, words, RejectedError, ADDRESS_ADVICE)
    if status == 400:
        is_about_the_request = is_gateways(code) or _is_specific(code) or code in _DOCUMENTED
        return (
            Refusal(code, words) if is_about_the_request else Refusal(code, words, AuthenticationError, _LOGIN_ADVICE)
        )
    if _has_launched(answer):
        return Refusal(code, f"{words}, but returned an ID anyway", BadAnswerError)
    return Refusal(code, words)


def _code_and_words(answer: object) -> tuple[str, str] | None:
    """Return the code and the words of a refusal; None where there is none, or where the code is no code."""
    if not isinstance(answer, Mapping):
        return None
    for code_key, words_key in (("error_code", "error_msg"), ("code", "msg")):
        value = answer.get(code_key)
        code = value.strip() if isinstance(value, str) else as_word(value)
        if code is None or isinstance(value, bool) or code == "0" or (code_key == "error_code" and not code):
            continue
        documented = _DOCUMENTED.get(code)
        known = f" ({documented.title})" if documented else ""
        known = " (not documented publicly)" if _is_specific(code) else known
        said = readable(as_word(answer.get(words_key)) or "", limit=300)
        return code, f"code {code or 'that is empty'}{known}{f': {said}' if said else ''}"
    return None


def _has_launched(answer: object) -> bool:
    """Whether an answer has what only that to a launch has: an ID, and nothing else of a task."""
    if not isinstance(answer, Mapping):
        return False
    data = answer.get("data")
    return bool(answer.get("taskId") and "status" not in answer) or bool(data and isinstance(data, (str, int)))
