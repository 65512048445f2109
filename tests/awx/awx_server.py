# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server with the shapes of AWX's API, as far as setting it up and deciding approvals need them.

It answers with pages of lists, with ``url``, ``related`` and ``summary_fields``, and refuses the credential types and
surveys that AWX refuses, names that are taken and IDs that are not there. Clients of AWX's own check the shapes.
"""

from __future__ import annotations

import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

from awx_rules import check_credential_type, check_survey
from awx_workflows import Workflows

TOKEN = "a-token"
UNKNOWN = {"detail": "Authentication credentials were not provided."}
#: Collections of the API, each with the type of what is in it and the fields that have to be the IDs of others.
TYPES = {
    "organizations": ("organization", {}),
    "credential_types": ("credential_type", {}),
    "credentials": ("credential", {}),
    "execution_environments": ("execution_environment", {"organization": "organizations"}),
    "projects": ("project", {"organization": "organizations"}),
    "inventories": ("inventory", {"organization": "organizations"}),
    "hosts": ("host", {"inventory": "inventories"}),
    "job_templates": (
        "job_template",
        {
            "organization": "organizations",
            "project": "projects",
            "inventory": "inventories",
            "execution_environment": "execution_environments",
        },
    ),
}


class AwxServer:
    """Listens on a free port of this machine while it is entered."""

    def __init__(self):
        self.objects = {name: {} for name in TYPES}
        #: Method and collection of every request that changed something.
        self.changes = []
        self.workflows = Workflows()
        self.create("organizations", {"name": "Default"})
        self.changes.clear()

    def __enter__(self):
        handler = type("Handler", (_Handler,), {"awx": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_reason):
        self._server.shutdown()
        self._server.server_close()

    def create(self, name, fields):
        self._check(name, fields)
        if any(one["name"] == fields["name"] for one in self.objects[name].values()):
            raise ValueError(f"{TYPES[name][0]} with this name already exists.")
        number = len(self.objects[name]) + 1
        url = f"/api/v2/{name}/{number}/"
        related = {"survey_spec": f"{url}survey_spec/"} if name == "job_templates" else {}
        one = {"id": number, "type": TYPES[name][0], "url": url, "related": related, "summary_fields": {}}
        if name == "projects":
            one["scm_revision"] = ""
        self.objects[name][number] = {**one, **fields}
        self.changes.append(("POST", name))
        return self.objects[name][number]

    def update(self, name, number, fields):
        self._check(name, {**self.objects[name][number], **fields})
        self.objects[name][number].update(fields)
        self.changes.append(("PATCH", name))
        return self.objects[name][number]

    def survey(self, number, survey):
        check_survey(survey)
        self.objects["job_templates"][number]["survey"] = survey
        self.changes.append(("POST", "survey_spec"))

    def _check(self, name, fields):
        for field, others in TYPES[name][1].items():
            if field in fields and fields[field] not in self.objects[others]:
                raise ValueError(f'Invalid pk "{fields[field]}" - object does not exist.')
        if name == "credential_types":
            check_credential_type(fields)


class _Handler(BaseHTTPRequestHandler):
    awx: AwxServer

    def do_GET(self):
        address = urlsplit(self.path)
        name, number, rest = self._place(address.path)
        workflows = self.awx.workflows.get(self.path)
        if workflows is not None:
            self._send(200 if self._is_known() else 401, workflows if self._is_known() else UNKNOWN)
        elif address.path == "/api/":
            versions = {"v2": "/api/v2/"}
            self._send(
                200, {"description": "AWX REST API", "current_version": "/api/v2/", "available_versions": versions}
            )
        elif address.path == "/api/v2/":
            self._send(200, {known: f"/api/v2/{known}/" for known in TYPES})
        elif name and not number:
            wanted = {
                key: values[0] for key, values in parse_qs(address.query).items() if key in {"name", "organization"}
            }
            found = [
                one for one in self.awx.objects[name].values() if all(str(one[key]) == wanted[key] for key in wanted)
            ]
            self._send(200, {"count": len(found), "next": None, "previous": None, "results": found})
        elif name and number in self.awx.objects[name]:
            one = self.awx.objects[name][number]
            self._send(200, one.get("survey", {}) if rest else {key: one[key] for key in one if key != "survey"})
        else:
            self._send(404, {"detail": "Not found."})

    def do_POST(self):
        decided = self.awx.workflows.decide(self.path) if self._is_known() else None
        if decided is not None:
            self._send(*decided)
            return
        name, number, rest = self._place(self.path)
        self._change(
            lambda body: self.awx.survey(number, body) if rest else self.awx.create(name, body), 201 - bool(rest)
        )

    def do_PATCH(self):
        name, number, _rest = self._place(self.path)
        self._change(lambda body: self.awx.update(name, number, body), 200)

    def _change(self, change, status):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self._is_known():
            self._send(401, UNKNOWN)
            return
        try:
            answer = change(body)
        except Exception as error:  # noqa: BLE001 - the rules raise what they like
            self._send(400, {"__all__": [str(error)]})
        else:
            self._send(status, answer or {})

    def _is_known(self):
        return self.headers["Authorization"] == f"Bearer {TOKEN}"

    def _place(self, path):
        match = re.fullmatch(r"/api/v2/(\w+)/(?:(\d+)/(?:(survey_spec)/)?)?", path)
        if not match or match[1] not in TYPES:
            return None, None, None
        return match[1], int(match[2]) if match[2] else None, match[3]

    def _send(self, status, body):
        text = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.send_header("X-API-Product-Name", "AWX")
        self.send_header("X-API-Product-Version", "24.6.1")
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_words):
        """Say nothing."""
