# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a vendor repeats shows no secret: not in the output at any verbosity, and not in the process list."""

from __future__ import annotations

import html
import json
from urllib.parse import quote

import pytest

from unit.support.json_server import JsonHandler, serving


class Parrot(JsonHandler):
    """A vendor that repeats whatever it gets, in every form."""

    def do_GET(self):
        token = self.headers["X-Auth-Token"]
        forms = " ".join([token, quote(token, safe=""), html.escape(token), json.dumps(token), token[:1] + "…"])
        task_id = self.path.rpartition("/")[2]
        if task_id == "away":
            self.answer(503, {"message": f"<b>Busy</b> with {forms}"})
        elif task_id.startswith("tasks"):
            self.answer(200, {"tasks": []})
        else:
            status = "processing" if task_id == "endless" else "success"
            known = {"id": task_id, "status": status, "type": "import", "message": f"by {token[:1]}*, not by {forms}"}
            self.answer(200, {**known, "input": {token: [forms]}, "result": {"x" * 490: forms}})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/v2.0/tokens":
            endpoint = {"region": "DFW", "publicURL": f"http://{self.headers['Host']}/v2"}
            token = {"id": self.server.token}
            self.answer(
                200, {"access": {"token": token, "serviceCatalog": [{"type": "image", "endpoints": [endpoint]}]}}
            )
        else:
            self.answer(400, {"message": f"Cannot use {body}. {'x' * 230} {body}"})


@pytest.fixture
def parrot(secrets):
    with serving(Parrot, token=f'{secrets["password"]}"+<b>') as url:
        yield url


@pytest.mark.kind
@pytest.mark.smoke
@pytest.mark.parametrize("in_worker", [True, False])
def test_nothing_that_a_vendor_repeats_shows_a_secret(run_playbook, parrot, secrets, in_worker):
    environment = {"RACKSPACE_API_TOKEN": f'{secrets["wrong"]}/"&<i>', "RACKSPACE_API_KEY": secrets["api_key"]}
    run = run_playbook("leaks.yml", url=parrot, environment=environment, longrunning_tasks_in_process=in_worker)
    run.assert_clean()
    assert ("WAITING: [localhost]" in run.output) is in_worker
    # ansible-core 2.22 hides in the whole run what it is told: only what is surely secret is.
    assert "0 and 1 and import" in run.output
