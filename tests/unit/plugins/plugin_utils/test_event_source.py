# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source as ansible-rulebook runs it: by its path, with a queue and the rulebook's arguments."""

from __future__ import annotations

import asyncio
import logging
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ansible_collections.longrunning.tasks.plugins.doc_fragments.connection import ModuleDocFragment
from ansible_collections.longrunning.tasks.plugins.module_utils._core import masking
from ansible_collections.longrunning.tasks.plugins.module_utils._module.argument_specs import CONNECTION, TASK_EVENTS
from ansible_collections.longrunning.tasks.plugins.plugin_utils import _event_source
from ansible_collections.longrunning.tasks.plugins.plugin_utils._event_source import EventSource, SourceError
from task_simulator import Simulator

#: As it is found below a folder of collections.
SOURCE = Path(_event_source.__file__).absolute().parents[2] / "extensions" / "eda" / "plugins" / "event_source"
API_KEY = "sEcReT-of-the-demo"
TASKS = [f"11111111-0000-4000-8000-00000000000{number}" for number in range(3)]


@pytest.fixture(autouse=True)
def own_mask():
    """Leave the mask of this process as it was."""
    yield
    _event_source._mask.cache_clear()
    _event_source._kept.close()


@pytest.fixture
def args():
    """Return the arguments of a source whose three tasks have ended."""
    tasks = [{"provider": "rackspace_images", "id": one, "steps": [], "end": {"state": "success"}} for one in TASKS]
    credentials = {"rackspace_images": {"username": "demo", "api_key": API_KEY, "regions": ["DFW"]}}
    with Simulator({"credentials": credentials, "tasks": tasks}) as simulator:
        yield {
            "provider": "rackspace_images",
            "auth_url": simulator.url,
            "username": "demo",
            "api_key": API_KEY,
            "region": "DFW",
            "task_ids": TASKS,
        }


async def first(number, args, queue=None):
    """Run the source until it has sent so many events, and return them."""
    queue = queue or asyncio.Queue(1)
    main = runpy.run_path(str(SOURCE / "task_events.py"))["main"]
    source = asyncio.create_task(main(queue, dict(args)))
    events = []
    while len(events) < number:
        getting = asyncio.create_task(queue.get())
        await asyncio.wait([getting, source], return_when=asyncio.FIRST_COMPLETED)
        if source.done():
            source.result()
        events.append(await getting)
    source.cancel()
    with pytest.raises(asyncio.CancelledError):
        await source
    return events


def test_sends_an_event_for_each_task_and_ends_when_the_engine_does(args):
    events = asyncio.run(first(3, args))
    assert sorted(event["task"]["id"] for event in events) == TASKS
    assert {event["change"]["state"] for event in events} == {"succeeded"}
    assert API_KEY not in str(events)


def test_with_feedback_an_event_is_sent_when_the_one_before_is_taken(args):
    async def run():
        feedback = asyncio.Queue(1)
        queue = asyncio.Queue()
        source = asyncio.create_task(
            EventSource(queue, {**args, "feedback": True, "eda_feedback_queue": feedback}).run()
        )
        sizes = []
        for _event in TASKS:
            event = await queue.get()
            sizes.append(queue.qsize())
            await feedback.put({"meta": {"uuid": "of another one"}})
            await feedback.put(event)
        source.cancel()
        with pytest.raises(asyncio.CancelledError):
            await source
        return sizes

    assert asyncio.run(run()) == [0, 0, 0]


def test_an_event_that_a_filter_drops_holds_up_no_other_one(args, monkeypatch, caplog):
    monkeypatch.setattr(_event_source, "FEEDBACK_SECONDS", 0.0)
    events = asyncio.run(first(3, {**args, "feedback": True, "eda_feedback_queue": asyncio.Queue(1)}))
    assert len(events) == 3
    assert "did not say that it has taken" in caplog.text


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"poll_intervall": 3}, "Unsupported options: poll_intervall"),
        ({3: "three"}, "Unsupported options: 3"),
        ({None: "nothing"}, "Unsupported options: null"),
        ({("task_ids",): []}, "a key that is not text"),
        ({"events": "starts"}, "value of events must be one of: changes, ends"),
        ({"task_ids": ["{}"]}, "task_ids contains a value that is neither text nor a number"),
        ({"provider": None}, "provider"),
        ({"definition": "no_such_definition"}, "there is no file"),
        ({"poll_interval": "often"}, "poll_interval"),
        ({"api_key": None}, "provider rackspace_images cannot log in"),
    ],
)
def test_options_that_make_no_sense_end_it_at_once(args, wrong, told):
    given = {name: value for name, value in {**args, **wrong}.items() if value is not None}
    with pytest.raises(SourceError, match=told) as caught:
        asyncio.run(first(1, given))
    assert API_KEY not in str(caught.value)


def test_texts_as_templates_give_them_are_read(args):
    given = {**args, "task_ids": ",".join(TASKS), "poll_interval": "0.5", "lookback": "", "types": []}
    assert len(asyncio.run(first(3, given))) == 3


@pytest.mark.kind
def test_a_secret_is_in_no_log(args, caplog):
    caplog.set_level(logging.DEBUG, logger="longrunning")
    with_secret = {**args, "auth_url": f"{args['auth_url']}/{API_KEY}"}
    events = asyncio.run(first(1, with_secret))
    assert "trouble" in events[0]
    assert API_KEY not in str(events) + caplog.text


def test_sources_of_one_process_share_a_mask():
    mask = _event_source._mask()
    assert _event_source._mask() is mask
    mask.hide(API_KEY)
    assert masking.mask(f"key {API_KEY}") == "key ********"


# ansible-rulebook may run in a Python where another package is called ansible_collections, as pip's ansible brings it.
@pytest.mark.parametrize("is_package", [False, True])
def test_it_is_found_beside_another_ansible_collections(tmp_path, is_package):
    other = tmp_path / "ansible_collections" / "other"
    other.mkdir(parents=True)
    if is_package:
        (other.parent / "__init__.py").touch()
    program = f"import runpy; print(runpy.run_path({str(SOURCE / 'task_events.py')!r})['main'].__name__)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
    )
    assert done.stdout == "main\n", done.stderr


# --- documentation ----------------------------------------------------------------------------------------------


def test_every_option_is_documented_as_it_is():
    sidecar = yaml.safe_load((SOURCE / "task_events.yml").read_text(encoding="utf-8"))
    documented = sidecar["DOCUMENTATION"]
    assert documented["extends_documentation_fragment"] == ["longrunning.tasks.connection"]
    own = {name: option for name, option in documented["options"].items() if name != "feedback"}
    described = {
        name: {key: value for key, value in option.items() if key != "description"} for name, option in own.items()
    }
    assert described == {name: dict(option) for name, option in TASK_EVENTS.items()}
    fragment = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]
    assert set(fragment) == set(CONNECTION)
