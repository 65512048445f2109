# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The JSON Schema of a definition, and the words that it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from ..._api.answers import JSON, XML, Format
from ..._core.errors import (
    AccessDeniedError,
    AuthenticationError,
    NotFoundError,
    OptionError,
    RejectedError,
    RequestError,
    TransientError,
)
from ..._core.task import Task, TaskState


def mistake(told: str) -> OptionError:
    """Return the error that a definition is wrong."""
    return OptionError("definition", f"definition: {told}")


_STATES = [state.value for state in TaskState if state not in (TaskState.UNKNOWN, TaskState.NOT_FOUND)]
#: The fields of a task for which a definition says where they are.
FIELDS = tuple(
    field.name for field in fields(Task) if field.name not in ("provider", "raw_state", "error", "subtasks", "raw")
)
#: What a definition tells its readers, in prose. Nothing else reads it.
ABOUT = ("description", "login", "launch", "limits", "cancel", "proven_on")
#: The connection options that a login needs. A session needs those that its request names.
LOGIN_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "none": (),
    "basic": ("username", "password"),
    "bearer": ("api_token",),
    "header": ("api_token",),
    "session": (),
    "oauth2": (),
}
#: The connection options that every request can name.
PLACES = ("account_id", "region")
#: What headers and bodies can name besides: addresses are shown, these are not.
LOGIN_VALUES = ("username", "password", "api_key", "api_token", "app_id", "app_secret")
#: How answers are written.
FORMATS: Mapping[str, Format] = {"json": JSON, "xml": XML}
#: How times are written, where no pattern says so.
TIMES = ("rfc3339", "epoch_seconds", "epoch_milliseconds")
#: Where a login's path can begin, on a server that the user names.
AUTH_URL = "{auth_url}"
#: The token of a session, in bodies.
TOKEN = "token"  # noqa: S105 - the name of a placeholder

#: What ``get.statuses`` says of a status whose answer holds the task, as that of 200 does.
HOLDS_TASK = "task"
#: For any word that ``states`` does not name, and for none at all.
ANY_OTHER, NULL = "*", "null"

_EXPRESSION = {"type": "string", "minLength": 1, "maxLength": 2000}
_NAME = {"type": "string", "minLength": 1}
_SECONDS = {"type": "number", "exclusiveMinimum": 0, "maximum": 366 * 86400}
#: Python's ``$`` would also stand before a line break at the end.
_PATH: dict[str, Any] = {
    "type": "string",
    "pattern": r'^/[!"$-~]*$(?!\n)',
    "description": "a path begins with a slash and contains no spaces, # or letters beyond ASCII",
}
_TASK_PATH: dict[str, Any] = {
    **_PATH,
    "pattern": r'^(/|\{(id|next):path\})[!"$-~]*$(?!\n)',
    "description": "a path begins with a slash or with {id:path}, and contains no spaces, # or letters beyond ASCII",
}
_HEADER = {
    "type": "string",
    "pattern": r"^[A-Za-z0-9_-]+$(?!\n)",
    "description": "the name of a header has letters, digits, - and _",
}
_HEADER_TEXT = {
    "type": "string",
    "pattern": r"^[ -~]*$(?!\n)",
    "description": "a header contains printable ASCII only",
}
_PARAMETERS = {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}
_REQUEST: dict[str, Any] = {
    "method": {"enum": ["GET", "POST"]},
    "path": _PATH,
    "query": _PARAMETERS,
    "body": {},
}


def _closed(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    """Describe an object that takes these keys and no other, so that a slip of the pen is found."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


def _variants(key: str, variants: Mapping[str, tuple[Mapping[str, Any], tuple[str, ...]]]) -> dict[str, Any]:
    """Describe an object whose other keys depend on one: its value -> the properties, and which have to be there."""
    return {
        "type": "object",
        "required": [key],
        "properties": {key: {"enum": list(variants)}},
        "allOf": [
            {
                "if": {"properties": {key: {"const": value}}, "required": [key]},
                "then": _closed({key: {}, **properties}, *required),
            }
            for value, (properties, required) in variants.items()
        ],
    }


_IN = {"in": {"enum": ["query", "body"]}}
_PAGE = {"parameter": _NAME, "size_parameter": _NAME, "size": {"type": "integer", "minimum": 1}}
_FIRST = {"first": {"type": "integer", "minimum": 0}}
_PAGING = _variants(
    "style",
    {
        "link": ({"next": _EXPRESSION}, ("next",)),
        "link_header": ({}, ()),
        "cursor": ({"next": _EXPRESSION, "parameter": _NAME, **_IN}, ("next", "parameter")),
        "offset": ({**_PAGE, **_IN, **_FIRST}, tuple(_PAGE)),
        "page": ({**_PAGE, **_IN, **_FIRST}, tuple(_PAGE)),
    },
)
_HTTP_STATUSES = {"type": "array", "items": {"type": "integer", "minimum": 400, "maximum": 599}}
_LOGIN_PATH: dict[str, Any] = {
    **_PATH,
    "pattern": r'^(/|\{auth_url\})[!"$-~]*$(?!\n)',
    "description": "a path begins with a slash or with {auth_url}, and contains no spaces, # or letters beyond ASCII",
}
_FORM = {"type": "object", "additionalProperties": {"type": "string"}}
_TOKEN_PLACE = {"header": _HEADER, "prefix": _HEADER_TEXT}
_SESSION = _closed(
    {
        "method": {"enum": ["GET", "POST", "PUT"]},
        "path": _LOGIN_PATH,
        "basic": {"type": "boolean"},
        "body": {},
        "form": _FORM,
        "token": _EXPRESSION,
        "token_header": _HEADER,
        "token_cookie": _NAME,
        "cookies": {"const": True},
        "lifetime": {"anyOf": [_SECONDS, _EXPRESSION]},
        "expired_statuses": _HTTP_STATUSES,
        "logout": _closed(
            {
                "method": {"enum": ["DELETE", "POST", "GET"]},
                "path": _PATH,
                "address": _EXPRESSION,
                "address_header": _HEADER,
                "body": {},
            },
            "method",
        ),
    },
    "path",
)
_OAUTH2 = _closed(
    {
        "grant": {"enum": ["client_credentials", "password"]},
        "path": _LOGIN_PATH,
        "client": {"enum": ["body", "basic", "none"]},
        "scope": _NAME,
        "form": _FORM,
    },
    "grant",
)
_LOGIN = _variants(
    "type",
    {
        "none": ({}, ()),
        "basic": ({}, ()),
        "bearer": (_TOKEN_PLACE, ()),
        "header": (_TOKEN_PLACE, ()),
        "session": ({**_TOKEN_PLACE, "session": _SESSION}, ("session",)),
        "oauth2": ({**_TOKEN_PLACE, "oauth2": _OAUTH2}, ("oauth2",)),
    },
)
_QUOTA = _closed({"requests": {"type": "integer", "minimum": 1}, "seconds": _SECONDS}, "requests", "seconds")
#: What a code of a refusal can mean.
MEANINGS: Mapping[str, type[RequestError]] = {
    "not_found": NotFoundError,
    "transient": TransientError,
    "authentication": AuthenticationError,
    "permission": AccessDeniedError,
    "rejected": RejectedError,
}

_SCHEMA_OF_ALL: dict[str, Any] = _closed(
    {
        "title": {"type": "string", "minLength": 1},
        "about": _closed(
            {
                **dict.fromkeys(ABOUT, _NAME),
                "sources": {"type": "array", "minItems": 1, "items": _NAME},
                "example": {"type": "object"},
            },
        ),
        "base_path": _PATH,
        "format": {"enum": list(FORMATS)},
        "headers": {"type": "object", "propertyNames": _HEADER, "additionalProperties": _HEADER_TEXT},
        "login": _LOGIN,
        "get": _closed(
            {
                **_REQUEST,
                "path": _TASK_PATH,
                "task": _EXPRESSION,
                "statuses": {
                    "type": "object",
                    "minProperties": 1,
                    "additionalProperties": {"enum": [HOLDS_TASK, *_STATES]},
                },
                "not_found_statuses": _HTTP_STATUSES,
                "follow_location": {"type": "boolean"},
            },
            "path",
        ),
        "cancel": _closed(
            {
                **_REQUEST,
                "method": {"enum": ["POST", "DELETE", "PUT", "PATCH", "GET"]},
                "path": _TASK_PATH,
                "possible_if": _EXPRESSION,
            },
            "path",
        ),
        "handle": _closed(
            {
                **_REQUEST,
                "path": _TASK_PATH,
                "next": _EXPRESSION,
                "message": _EXPRESSION,
                "cancelled_if": _EXPRESSION,
            },
            "path",
            "next",
        ),
        "list": _closed(
            {
                **_REQUEST,
                "items": _EXPRESSION,
                "by_id": {"type": "boolean"},
                "id": _EXPRESSION,
                "paging": _PAGING,
                "state_parameter": _NAME,
                "is_complete": {"type": "boolean"},
            },
            "path",
            "items",
        ),
        "when_ended": _closed(
            {**_REQUEST, "path": _TASK_PATH, "message": _EXPRESSION, "result": _EXPRESSION, "code": _EXPRESSION},
            "path",
        ),
        "fields": _closed(
            {
                **dict.fromkeys(FIELDS, _EXPRESSION),
                "percent_of": {"type": ["number", "string"], "exclusiveMinimum": 0, "minLength": 1, "maxLength": 2000},
            }
        ),
        "times": {"type": ["string", "array"], "items": {"type": "string"}, "minItems": 1, "examples": list(TIMES)},
        "states": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"enum": _STATES},
        },
        "succeeded_if": _EXPRESSION,
        "failure": _closed({"code": _EXPRESSION, "message": _EXPRESSION}),
        "failure_codes": {
            "type": "array",
            "items": _closed(
                {
                    "code": {"type": ["string", "integer"]},
                    "title": {"type": "string"},
                    "detail": {"type": "string"},
                    "remedy": {"type": "string"},
                    "retryable": {"type": ["boolean", "null"]},
                    "source": {"type": "string"},
                },
                "code",
                "title",
            ),
        },
        "task_id": _closed(
            {
                "pattern": {"type": "string", "maxLength": 500},
                "words": {"type": "string"},
                "address": {**_PATH, "maxLength": 500},
                "parts": {"type": "string", "maxLength": 500},
            }
        ),
        "refusal": _closed(
            {
                "when": _EXPRESSION,
                "code": _EXPRESSION,
                "message": _EXPRESSION,
                "meanings": {"type": "object", "additionalProperties": {"enum": list(MEANINGS)}},
            }
        ),
        "launch_id": {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}},
        "poll_interval": _SECONDS,
        "quota": {"if": {"type": "array"}, "then": {"type": "array", "minItems": 1, "items": _QUOTA}, "else": _QUOTA},
        "transient_statuses": _HTTP_STATUSES,
    }
)
_STATUSES_TELL = {"properties": {"get": {"type": "object", "required": ["statuses"]}}, "required": ["get"]}
#: The JSON Schema of a definition. Where HTTP statuses tell the state, the answer need not.
SCHEMA: dict[str, Any] = {
    **_SCHEMA_OF_ALL,
    "required": [],
    "if": _STATUSES_TELL,
    "else": {
        "required": ["get", "fields", "states"],
        "properties": {"fields": {"type": "object", "required": ["state"]}},
    },
}
