# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source in a real ansible-rulebook: each end of a task is told once, whatever happens to the engine."""

from __future__ import annotations

import socket

import pytest
from awx_server import TOKEN, AwxServer
from postgresql_server import PostgreSQL, initdb
from rulebook_engine import API_KEY, LOGIN

SOURCE = "longrunning.tasks.task_events"
#: As many fail as said here, and the other ones succeed.
TASKS, FAILED = 20, 6


def task_id(number):
    return f"11111111-0000-4000-8000-{number:012d}"


def image_task(number, seconds, *, fails=False):
    end = {"state": "failure", "code": "396"} if fails else {"state": "success"}
    steps = [{"state": "processing", "seconds": seconds}]
    return {"provider": "rackspace_images", "id": task_id(number), "type": "import", "steps": steps, "end": end}


def mixed_tasks():
    """Return tasks that end at second 10, the odd ones, and at second 1000. Lists have high numbers first."""
    return [image_task(number, 10 if number % 2 else 1000, fails=number % 10 < 3) for number in range(TASKS)]


def rulebook(url, *, filters=(), **options):
    source = {"name": "images", SOURCE: {**LOGIN, "auth_url": url, "events": "ends", "poll_interval": 0.2, **options}}
    if filters:
        source["filters"] = list(filters)
    rules = [
        ("Failed", 'event.task.error.code == "396"', "FAILED {{ event.task.id }}"),
        ("Done", 'event.task.state == "succeeded"', "DONE {{ event.task.id }}"),
        ("Trouble", "event.trouble is defined", "TROUBLE {{ event.trouble.reason }}"),
    ]
    rules = [
        {"name": name, "condition": condition, "action": {"debug": {"msg": message}}}
        for name, condition, message in rules
    ]
    return [{"name": "Images", "hosts": "all", "sources": [source], "rules": rules}]


def ends_told(*engines):
    return sorted(told for engine in engines for word in ("DONE", "FAILED") for told in engine.told(word))


def have_told(number):
    return lambda engine: len(ends_told(engine)) >= number


def test_twenty_tasks_of_mixed_ends(engine, simulate, clock):
    simulator = simulate(mixed_tasks())
    running = engine(rulebook(simulator.url, lookback=3600))
    clock.now = 500.0
    running.until(have_told(TASKS // 2))
    clock.now = 2000.0
    running.until(have_told(TASKS))
    running.stop()
    assert ends_told(running) == [task_id(number) for number in range(TASKS)]
    assert len(running.told("FAILED")) == FAILED
    assert running.told("TROUBLE") == []
    assert API_KEY not in running.output
    assert "Traceback" not in running.output


#: Ends alone, when the engine is done with those before it. Whether a killed engine is done with it is chance.
LAST = 99


@pytest.fixture
def persistent():
    """Return the variables with which an engine keeps what it knows in a PostgreSQL.

    The database in a file, which the engine calls unfit for production, loses what came in the second before a kill.
    """
    if initdb() is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    database = PostgreSQL("rules", port)
    try:
        database.start()
        yield {
            "drools_db_host": "127.0.0.1",
            "drools_db_port": port,
            "drools_db_name": "postgres",
            "drools_db_user": "rules",
            "drools_db_password": "not asked for",
            # It remembers the last five events, unless it is told otherwise.
            "drools_deduplication_window_size": 1000,
        }
    finally:
        database.stop()


@pytest.fixture
def killed(engine, simulate, clock, persistent):
    """Return a function that kills an engine when ten of twenty tasks have ended, and returns what two told."""

    def run(**options):
        simulator = simulate([*mixed_tasks(), image_task(LAST, 600)])
        book = rulebook(simulator.url, lookback=86400, feedback=True, **options)
        first = engine(book, "--persistence-id", "7", **persistent)
        clock.now = 500.0
        first.until(have_told(TASKS // 2))
        clock.now = 700.0
        first.until(have_told(TASKS // 2 + 1))
        first.kill()
        # The other ten end while no engine is there.
        clock.now = 2000.0
        second = engine(book, "--persistence-id", "7", **persistent)
        late = {task_id(number) for number in range(0, TASKS, 2)}
        second.until(lambda one: late <= set(ends_told(one)))
        second.stop()
        return [one for one in ends_told(first, second) if one != task_id(LAST)]

    return run


def test_an_engine_that_is_killed_tells_each_end_once(killed):
    assert killed() == [task_id(number) for number in range(TASKS)]


#: Takes the ID of an event away, so that the engine makes one by chance.
WITHOUT_ID = """\
def main(event):
    event["meta"].pop("uuid")
    return event
"""


# Why the IDs are not left to chance.
def test_without_stable_ids_the_next_engine_would_tell_ends_again(killed, tmp_path):
    (tmp_path / "event_filter").mkdir()
    (tmp_path / "event_filter" / "without_id.py").write_text(WITHOUT_ID, encoding="utf-8")
    told = killed(filters=[{"without_id": {}}])
    late, early = ([task_id(number) for number in range(first, TASKS, 2)] for first in (0, 1))
    assert told == sorted([*early, *early, *late])


def test_what_is_wrong_with_the_options_ends_the_engine_at_once(engine):
    running = engine(rulebook("http://127.0.0.1:9", poll_intervall=3))
    assert running.end() != 0
    assert "Unsupported options: poll_intervall" in running.output
    assert API_KEY not in running.output


def test_a_login_that_is_refused_is_told_and_ends_nothing(engine, simulate):
    book = rulebook(simulate([]).url, api_key="wRoNg-key-of-the-demo")
    running = engine(book)
    running.until(lambda one: one.told("TROUBLE"))
    assert running.told("TROUBLE") == ["authentication"]
    assert "The next try comes in 5 min" in running.output
    running.stop()
    assert "wRoNg-key" not in running.output


def test_a_server_that_comes_back_has_its_events_told(engine, simulate, clock):
    fault = {"path": "/v2/tasks", "method": "GET", "kind": "status", "status": 503, "count": 3}
    running = engine(rulebook(simulate([image_task(1, 10)], faults=[fault]).url, lookback=3600))
    clock.now = 500.0
    running.until(have_told(1))
    running.stop()
    assert ends_told(running) == [task_id(1)]
    assert "answers again" in running.output


@pytest.mark.parametrize(("fails", "status"), [(False, "successful"), (True, "failed")])
def test_an_approval_of_awx_is_decided_by_the_end_of_a_task(engine, simulate, clock, fails, status):
    with AwxServer() as awx:
        others = awx.workflows.add(image_import_task_id=task_id(2))
        ours = awx.workflows.add(image_import_task_id=task_id(1), image_import_outcome="launched")
        simulator = simulate([image_task(1, 10, fails=fails), image_task(2, 10000)])
        login = {f"RACKSPACE_{name.upper()}": LOGIN[name] for name in ("username", "api_key", "region")}
        running = engine(
            "longrunning.tasks.awx_approval",
            environment={
                **login,
                "RACKSPACE_AUTH_URL": simulator.url,
                "CONTROLLER_HOST": awx.url,
                "CONTROLLER_OAUTH_TOKEN": TOKEN,
            },
            task_provider="rackspace_images",
            task_poll_interval=0.2,
            task_lookback=3600,
        )
        clock.now = 500.0
        running.until(lambda one: "PLAY RECAP" in one.output)
        running.stop()
        assert awx.workflows.approvals[ours]["status"] == status, running.output
        assert awx.workflows.approvals[others]["status"] == "pending"
        assert TOKEN not in running.output.replace("CONTROLLER_OAUTH_TOKEN", "")
