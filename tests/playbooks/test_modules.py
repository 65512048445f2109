# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import socket
import subprocess
import sys
import venv
from pathlib import Path

import pytest

THREE_TASKS = {"tasks": [{"provider": "rackspace_images", "count": 3, "type": "import", "end": {"state": "success"}}]}


def test_waits_for_rackspace(run_playbook, simulate, slowness):
    simulator = simulate("wait.scenario.yml")
    run_playbook("wait.yml", url=simulator.url, slowness=slowness).assert_clean()


def test_fifty_tasks_of_mixed_endings(run_playbook, simulate, tmp_path, capsys):
    def task(number, **keys):
        steps = [{"state": "processing", "seconds": 2 + number % 4}]
        return {"provider": "rackspace_images", "id": uuid(number), "type": "import", "steps": steps, **keys}

    def uuid(number):
        return f"00000000-0000-4000-8000-{number:012d}"

    ends = ["success"] * 35 + ["failure"] * 10 + ["missing"] * 5
    # Spread over the list, so that no part of it has one kind only.
    ends = [ends[(number * 7) % 50] for number in range(50)]
    end = {"success": {"state": "success"}, "failure": {"state": "failure", "code": "523"}}
    tasks = [task(number, end=end[kind]) for number, kind in enumerate(ends) if kind in end]
    simulator = simulate({"tasks": tasks})
    states = {"success": "succeeded", "failure": "failed", "missing": "not_found"}

    run = run_playbook(
        "many.yml",
        url=simulator.url,
        ids=[uuid(number) for number in range(50)],
        expected_states=[states[kind] for kind in ends],
    )

    run.assert_clean()
    with capsys.disabled():
        print(f"\n50 tasks: {(tmp_path / 'numbers.txt').read_text()}")


def closed_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.mark.newest
def test_bad_input(run_playbook, simulate):
    simulator = simulate("wait.scenario.yml")
    run_playbook("bad_input.yml", url=simulator.url, closed_port=closed_port()).assert_clean()
    paths = simulator.requests()["by_path"]
    assert set(paths) <= {"POST /v2.0/tokens", "GET /v2/tasks", "GET /v2/tasks/{id}"}, paths


def final_faults(other_url):
    """Yield faults that last, the reason they lead to, and words of the message."""
    good = "d8dd8c24-2534-473c-881f-9097bc784068"
    forbidden = '{"forbidden": {"code": 403, "message": "Not for you"}}'
    page = '{"message": "Bad <b>thing</b><br /><br />\\n\\n"}'
    yield {"kind": "status", "status": 403, "body": forbidden}, "permission", "Not for you"
    yield {"kind": "status", "status": 400, "body": page}, "rejected", "Bad thing"
    yield {"kind": "wrong_shape", "body": []}, "bad_answer", "at $: expected object, got array"
    body = {"id": good, "status": 5}
    yield {"kind": "wrong_shape", "body": body}, "bad_answer", "at $.status: expected string, got number"
    body = {"id": "other", "status": "success"}
    yield {"kind": "wrong_shape", "body": body}, "bad_answer", "answered with another one"
    yield {"kind": "huge", "megabytes": 100}, "bad_answer", "larger than 32 MiB"
    yield {"kind": "redirect", "location": f"{other_url}/v2/tasks"}, "bad_answer", "redirected to another server"
    yield {"kind": "html"}, "unreachable", "an HTML page instead of JSON"
    yield {"kind": "bad_json"}, "unreachable", "broken JSON"
    yield {"kind": "truncate"}, "unreachable", "cut off"
    yield {"kind": "gzip_garbage"}, "unreachable", "content encoding is broken"
    yield {"kind": "reset"}, "unreachable", "reset"
    yield {"kind": "slow", "seconds": 3}, "unreachable", "in time"
    yield {"kind": "unauthorized"}, "authentication", "refused the login"


@pytest.mark.newest
def test_answers_that_end_the_work(run_playbook, simulate):
    other = simulate()
    cases = [
        {"url": simulate({"faults": [{"path": "/v2/tasks", **fault}]}).url, "reason": reason, "words": words}
        for fault, reason, words in final_faults(other.url)
    ]
    link = {"tasks": [], "next": f"{other.url}/v2/tasks?marker=x"}
    paging = simulate({"faults": [{"path": "/v2/tasks", "kind": "wrong_shape", "body": link}]})
    run_playbook("final_faults.yml", cases=cases, paging_url=paging.url).assert_clean()
    assert other.requests()["total"] == 0


def test_bad_weather_passes(run_playbook, simulate):
    simulator = simulate("passing_faults.scenario.yml")
    run_playbook("passing_faults.yml", url=simulator.url).assert_clean()


@pytest.mark.parametrize("provider", ["rackspace_images", "openstack_images"])
def test_tls(run_playbook, simulate, secrets, certificates, provider):
    simulator = simulate(
        {"tasks": [{"provider": provider, "count": 3, "type": "import", "end": {"state": "success"}}]},
        tls_certificate=certificates["server"],
        tls_key=certificates["key"],
    )
    rackspace = provider == "rackspace_images"
    run_playbook(
        "tls.yml",
        provider=provider,
        auth_url=simulator.url if rackspace else f"{simulator.url}/identity/v3",
        username="demo" if rackspace else "admin",
        password=secrets["password" if rackspace else "admin_password"],
        region="DFW" if rackspace else "RegionOne",
        certificates=certificates,
        # It must not replace what the options say.
        environment={"REQUESTS_CA_BUNDLE": certificates["authority"], "CURL_CA_BUNDLE": certificates["authority"]},
    ).assert_clean()


def test_logins_of_the_environment(run_playbook, simulate, secrets, tmp_path):
    simulator = simulate(THREE_TASKS)
    netrc = tmp_path / "netrc"
    netrc.touch(mode=0o600)
    netrc.write_text(f"machine 127.0.0.1 login wrong password {secrets['wrong']}\n", encoding="utf-8")
    environment = {
        "RACKSPACE_AUTH_URL": simulator.url,
        "RACKSPACE_USERNAME": "demo",
        "RACKSPACE_API_KEY": secrets["api_key"],
        "RACKSPACE_REGION": "DFW",
        "OS_AUTH_URL": f"{simulator.url}/identity/v3",
        "OS_USERNAME": "admin",
        "OS_PASSWORD": secrets["admin_password"],
        "OS_PROJECT_NAME": "demo",
        "OS_REGION_NAME": "RegionOne",
        "NETRC": str(netrc),
    }
    run_playbook("environment.yml", environment=environment).assert_clean()


def test_missing_libraries_are_named(run_playbook, simulate, tmp_path):
    simulator = simulate(THREE_TASKS)
    bare = tmp_path / "bare"
    venv.create(bare, with_pip=False)
    run_playbook("missing_library.yml", url=simulator.url, bare=str(bare / "bin" / "python")).assert_clean()


def test_a_typo_is_answered_in_few_lines(run_playbook):
    run = run_playbook("typo.yml", verbosity="")
    assert run.status == 2
    assert "api_kee" in run.output
    assert "Did you mean api_key?" in run.output
    assert "Traceback" not in run.output


def test_runs_by_the_tarballs_name_alone(tmp_path):
    """As a user has it: an empty folder, and nothing but the installed collection."""
    play = tmp_path / "play.yml"
    play.write_text(
        "- hosts: localhost\n  gather_facts: false\n  tasks:\n"
        "    - longrunning.tasks.task_info: {provider: rackspace_images, task_id: x}\n",
        encoding="utf-8",
    )
    command = [str(Path(sys.executable).with_name("ansible-playbook")), str(play)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=dict(os.environ))
    assert "RACKSPACE_USERNAME" in done.stdout + done.stderr


def test_ansibles_own_keywords(run_playbook, simulate):
    good, endless = (
        {
            "provider": "rackspace_images",
            "id": f"00000000-0000-4000-8000-{number:012d}",
            "steps": [{"state": "processing", "seconds": seconds}],
            "end": {"state": "success"},
        }
        for number, seconds in ((1, 0), (2, 1e6))
    )
    simulator = simulate({"tasks": [good, endless]})
    run_playbook("keywords.yml", url=simulator.url).assert_clean()
