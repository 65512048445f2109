# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""APIs that people have, each described in a file beside this one, with answers as the API's documents show them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import RequestError
from ansible_collections.longrunning.tasks.tests.unit.support.fake_http import reply
from ansible_collections.longrunning.tasks.tests.unit.support.session import FakeSession

FOLDER = Path(__file__).parent / "definitions"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yml"))


class Session(FakeSession):
    name = "custom"


def described(name):
    return yaml.safe_load((FOLDER / f"{name}.yml").read_text(encoding="utf-8"))


def answer(saved):
    return reply(saved.get("json", saved.get("text", b"")), saved.get("status", 200), **saved.get("headers", {}))


def session(api, answers, **more):
    script = [*api.get("before", []), *answers]
    return Session(
        *map(answer, script), api_url="https://api.example", definition=api["definition"], **api["options"], **more
    )


def found(task, place):
    result = task.to_result()
    for key in place.split("."):
        result = result[key]
    return result


@pytest.mark.kind
@pytest.mark.parametrize("name", NAMES)
def test_the_tasks_of_an_api(name):
    api = described(name)
    followed = session(api, [saved for look in api["looks"] for saved in look["answers"]])
    for look in api["looks"]:
        seen = len(followed.requests) or len(api.get("before", []))
        task_id = followed.provider.description.read_task_id(look["id"])
        if "error" in look:
            with pytest.raises(RequestError, match=re.escape(look["error"])):
                followed.read(task_id)
            continue
        task = followed.read(task_id)
        assert {place: found(task, place) for place in look["task"]} == look["task"]
        assert look.get("asked", followed.requests[seen].url) == followed.requests[seen].url


@pytest.mark.parametrize("name", [name for name in NAMES if "lists" in described(name)])
def test_the_lists_of_an_api(name):
    api = described(name)
    for listing in api["lists"]:
        tasks, _is_cut = session(api, listing["answers"]).list()
        assert [[task.id, task.state.value] for task in tasks] == listing["tasks"]


@pytest.mark.parametrize("name", NAMES)
def test_secrets_of_an_api_stay_hidden(name):
    api = described(name)
    followed = session(api, api["looks"][0]["answers"] + [{"status": 204}])
    followed.read(followed.provider.description.read_task_id(api["looks"][0]["id"]))
    followed.provider.close(followed.deadline)
    told = repr(followed.requests)
    secrets = [api["options"][option] for option in ("password", "api_token", "app_secret") if option in api["options"]]
    assert not [secret for secret in secrets if secret in told]
    after = [f"{request.method} {request.url}" for request in followed.requests[-1:] if request.method == "DELETE"]
    assert after == api.get("after", [])
    assert not [secret for secret in secrets if secret in json.dumps(api["definition"])]


@pytest.mark.parametrize("name", NAMES)
def test_a_definition_is_short(name):
    text = (FOLDER / f"{name}.yml").read_text(encoding="utf-8").partition("\ndefinition:\n")[2]
    lines = [line for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    own = next(number for number, line in enumerate(lines) if not line.startswith(" "))
    assert own <= 44
