# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors as Glance words them; Rackspace Cloud Images is a descendant of the same code.

Confirmed on a real Glance: the default is an HTML page even for API clients; JSON comes only to those who ask for
``application/json``, and its message still carries the page's ``<br />`` and line breaks.
"""

from __future__ import annotations

from string import Template
from typing import Any

from ..messages import HTML, JSON, Request, Response, reason

_PAGE = Template("""<html>
 <head>
  <title>$status</title>
 </head>
 <body>
  <h1>$status</h1>
  $message
 </body>
</html>""")

_WORDS = {
    400: "The server could not comply with the request since it is either malformed or otherwise incorrect.",
    401: "This server could not verify that you are authorized to access the document you requested. Either you "
    "supplied the wrong credentials (e.g., bad password), or your browser does not understand how to supply the "
    "credentials required.",
    403: "Access was denied to this resource.",
    404: "The resource could not be found.",
    413: "The body of your request was too large for this server.",
    415: "The request media type is not supported by this server.",
    500: "The server has either erred or is incapable of performing the requested operation.",
    503: "The server is currently unavailable. Please try again at a later time.",
}


def wants_json(request: Request) -> bool:
    """Tell whether the client asked for JSON by name; ``*/*`` is not enough."""
    accepted = [part.split(";")[0].strip().lower() for part in request.header("Accept").split(",")]
    return JSON in accepted and not ("text/html" in accepted and accepted.index("text/html") < accepted.index(JSON))


def glance_error(request: Request, status: int, text: str = "", *, bare: bool = False) -> Response:
    """Return an error; ``bare`` leaves out the tail of markup, as some of Glance's own errors do."""
    line = f"{status} {reason(status)}".strip()
    if status == 405 and not text:
        message = f"The method {request.method} is not allowed for this resource. <br /><br />\n"
    else:
        text = text or _WORDS.get(status, reason(status))
        message = text if bare else f"{text}<br /><br />\n\n\n"
    if wants_json(request):
        body: dict[str, Any] = {"message": message, "code": line, "title": reason(status)}
        return Response.of_json(status, body)
    return Response.of_text(status, _PAGE.substitute(status=line, message=message), HTML)
