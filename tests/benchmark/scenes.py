# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is measured. In each scene the alternatives take turns, so that a busy machine slows down all of them."""

from __future__ import annotations

import base64
import io
import json
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.longrunning.tasks.plugins.module_utils._api.http_client import (
    HttpRequest,
    HttpResponse,
    RequestsClient,
)
from ansible_collections.longrunning.tasks.plugins.module_utils._api.tls import TlsOptions
from ansible_collections.longrunning.tasks.plugins.module_utils._core.clock import Deadline
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.connecting import connection_options
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.contract import ProviderTools
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS
from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.loop import WaitPlan, wait_for_tasks
from ansible_collections.longrunning.tasks.plugins.module_utils._work.reading import TaskReader
from task_simulator import Simulator
from unit.support.fake_clock import WALL_START, FakeClock

from .pages import DEFINITION, PAGE_SIZE, serving, task_id
from .playing import HERE, PlaybookRun, Player, TaskRun
from .report import MODULE, OURS, URI, Aim, Measure, Told

ASTRA = "netapp_astra_control"
RACKSPACE = "rackspace_images"
VMWARE = "vmware_live_site_recovery"
ACCOUNT = "fdaa655c-15ab-4d34-aa61-1e9098e67be0"
TOKEN = "demo-token"
#: What is compared besides.
EMPTY = "empty module"
LISTED = "uri of the list"
FULL = "with return_raw and return_history"
DEBUG = "debug"
NOT_SLOWER = Aim("no slower than uri", least_ratio=1.0)
#: What runs the module, instead of a worker of ansible-playbook.
NOT_IN_PROCESS = {"longrunning_tasks_in_process": False}


@dataclass(frozen=True)
class Size:
    """How much is measured. Times are in seconds."""

    #: Repetitions of what takes seconds, of what takes minutes, and of bare modules.
    repetitions: int = 5
    long_repetitions: int = 1
    module_repetitions: int = 9
    turns: int = 8
    tasks: int = 100
    #: Seconds over which the ends of so many tasks are spread.
    spread: int = 20
    duration: int = 10
    #: Waits whose ends are spread over one interval: then it does not count when a look happens to come.
    waits: int = 10
    interval: int = 2
    hosts: int = 300
    forks: int = 20
    quota_tasks: int = 1000
    #: Shorter than a session lives, so that none is renewed in the middle of a look.
    quota_spread: int = 500
    listed_tasks: int = 10_000
    #: So many tasks in a list of pages.
    scale: tuple[int, ...] = (1_000, 10_000, 100_000)
    tasks_in_a_play: int = 1000

    @property
    def short(self) -> Size:
        """A size that shows in two minutes whether all can be measured."""
        return Size(
            repetitions=1,
            module_repetitions=1,
            turns=1,
            tasks=5,
            spread=2,
            duration=2,
            waits=2,
            interval=1,
            hosts=4,
            forks=2,
            quota_tasks=60,
            quota_spread=60,
            listed_tasks=100,
            tasks_in_a_play=20,
        )


@dataclass(frozen=True)
class Seen:
    """What a scene found out. ``note`` says how."""

    note: str
    measures: Sequence[Measure]
    told: Sequence[Told] = ()


Scene = Callable[[Player, Size, Path], Seen]


# --- the stage --------------------------------------------------------------------------------------------------


def task_ids(count: int) -> list[str]:
    """Return IDs as the simulator numbers them."""
    return [f"00000000-0000-4000-8000-{number:012d}" for number in range(1, count + 1)]


def variables(simulator: Simulator, provider: str, ids: Sequence[str], interval: int) -> dict[str, Any]:
    """Return what the playbooks need: for both alternatives the same tasks, the same token, the same interval."""
    common = {"provider": provider, "token": TOKEN, "ids": list(ids), "interval": interval}
    if provider == ASTRA:
        return {
            **common,
            "api_url": simulator.url,
            "account_id": ACCOUNT,
            "tasks_url": f"{simulator.url}/accounts/{ACCOUNT}/core/v1/tasks",
            "headers": {"Authorization": f"Bearer {TOKEN}"},
            "list_field": "items",
            "state_field": "state",
            "ended": ["completed", "failed", "cancelled"],
            "succeeded": "completed",
        }
    return {
        **common,
        "api_url": f"{simulator.url}/v2",
        "tasks_url": f"{simulator.url}/v2/tasks",
        "headers": {"X-Auth-Token": TOKEN},
        "list_field": "tasks",
        "state_field": "status",
        "ended": ["success", "failure"],
        "succeeded": "success",
    }


def ended_tasks(provider: str, count: int) -> list[dict[str, Any]]:
    """Return tasks that have ended, seven of ten well, spread evenly over the list."""
    good, bad = ("completed", "failed") if provider == ASTRA else ("success", "failure")
    code = "stateDetails/7" if provider == ASTRA else "396"
    ends = [{"state": bad, "code": code} if number % 10 in (2, 5, 8) else {"state": good} for number in range(count)]
    return [
        {"provider": provider, "id": task_id, "type": "import", "steps": [], "end": end}
        for task_id, end in zip(task_ids(count), ends)
    ]


def turns(count: int, play: Callable[[str], None], names: Sequence[str] = (URI, OURS)) -> None:
    """Let the alternatives take turns, each time another one first."""
    for turn in range(count):
        for name in names if turn % 2 == 0 else reversed(names):
            play(name)


class Values:
    """Collects the values of each alternative, quantity by quantity."""

    #: What is measured of a playbook: on a busy machine its processor time says more than the clock.
    WHOLE, WHOLE_CPU = "whole playbook", "its processor time"

    def __init__(self) -> None:
        self._values: dict[str, dict[str, list[float]]] = {}

    def add(self, quantity: str, alternative: str, value: float) -> None:
        """Take one value."""
        self._values.setdefault(quantity, {}).setdefault(alternative, []).append(value)

    def add_playbook(self, alternative: str, played: PlaybookRun) -> None:
        """Take the times of a whole playbook."""
        self.add(self.WHOLE, alternative, played.seconds)
        self.add(self.WHOLE_CPU, alternative, played.cpu)

    def playbooks(self, scene: str, aim: Aim | None = None) -> list[Measure]:
        """Return the times of the playbooks."""
        return [self.measure(scene, quantity, "s", aim) for quantity in (self.WHOLE, self.WHOLE_CPU)]

    def measure(self, scene: str, quantity: str, unit: str = "", aim: Aim | None = None) -> Measure:
        """Return what was collected of one quantity."""
        return Measure(scene, quantity, unit, self._values[quantity], aim)


# --- one task ---------------------------------------------------------------------------------------------------


def start_up(player: Player, size: Size, scratch: Path) -> Seen:
    """Run the modules alone, without ansible-playbook."""
    scene, values = "Module alone", Values()
    with Simulator({"tasks": ended_tasks(ASTRA, 1)}) as simulator:
        given = variables(simulator, ASTRA, task_ids(1), size.interval)
        given["uri_url"] = f"{given['tasks_url']}/{task_ids(1)[0]}"
        payloads = payloads_of(player, given, scratch / "payloads")

        def run(name: str) -> None:
            done = player.run_payload(payloads[name])
            values.add("time", name, done.seconds)
            values.add("processor time", name, done.cpu)
            values.add("peak memory", name, done.peak)

        turns(size.module_repetitions, run, list(payloads))
    for name, payload in payloads.items():
        files, kilobytes = shipped(payload)
        values.add("files shipped", name, files)
        values.add("size of the payload", name, kilobytes)
    return Seen(
        "the process of the module, on a task that has ended: its start, one request, its end",
        [
            values.measure(scene, "time", "s"),
            values.measure(scene, "processor time", "s"),
            values.measure(scene, "peak memory", "MB"),
            values.measure(scene, "files shipped"),
            values.measure(scene, "size of the payload", "kB"),
        ],
    )


def payloads_of(player: Player, given: Mapping[str, Any], folder: Path) -> dict[str, Path]:
    """Return the files that Ansible makes of the modules, by the alternatives' names."""
    player.play("payloads.yml", {**given, **NOT_IN_PROCESS}, payloads=folder)
    names = {EMPTY: "nothing", URI: "uri", OURS: "task_wait"}
    return {name: next(folder.glob(f"*/AnsiballZ_{module}.py")) for name, module in names.items()}


def shipped(payload: Path) -> tuple[int, float]:
    """Return how many files a payload has in it, and its own size in kB."""
    text = payload.read_text(encoding="utf-8")
    archive = base64.b64decode(max(re.findall(r"[A-Za-z0-9+/=]{1000,}", text), key=len))
    return len(zipfile.ZipFile(io.BytesIO(archive)).namelist()), len(text) / 1000


def one_finished_task(player: Player, size: Size, scratch: Path) -> Seen:
    """Wait for a task that has ended: whole playbooks, and once more within one."""
    scene, values = "One finished task", Values()
    with Simulator({"tasks": ended_tasks(ASTRA, 1)}) as simulator:
        given = variables(simulator, ASTRA, task_ids(1), size.interval)

        def run(name: str) -> None:
            simulator.reset_requests()
            playbook, more = ways(name, "uri.yml")
            values.add_playbook(name, player.play(playbook, {**given, **more}))
            values.add("requests", name, simulator.requests()["total"])

        turns(size.repetitions, run, [URI, MODULE, OURS])
        again = player.play("again.yml", {**given, "turns": size.turns + 1})
    for name in (URI, MODULE, OURS):
        # The first turn makes the module's file, which is part of a whole playbook above.
        for task in [task for task in again.tasks if task.name == name][1:]:
            values.add("the task, later in a play", name, task.seconds)
    return Seen(
        "a ready token, one GET; later in a play Ansible has the module's file already",
        [
            *values.playbooks(scene, Aim("at most 0.75 of uri", least_ratio=1 / 0.75)),
            values.measure(scene, "the task, later in a play", "s", Aim("at most 0.1 of uri", least_ratio=10.0)),
            values.measure(scene, "requests"),
        ],
    )


def ways(name: str, uri: str) -> tuple[str, Mapping[str, Any]]:
    """Return an alternative's playbook, and the variables that it has besides."""
    return (uri if name == URI else "task_wait.yml", NOT_IN_PROCESS if name == MODULE else {})


def with_hosts(count: int, forks: int, scratch: Path) -> tuple[str, ...]:
    """Return the arguments of ansible-playbook for so many hosts."""
    inventory = scratch / "hosts.ini"
    inventory.write_text("".join(f"host{number}\n" for number in range(count)), encoding="utf-8")
    return ("-i", str(inventory), "-f", str(forks))


def many_hosts(player: Player, size: Size, scratch: Path) -> Seen:
    """Wait for a task of each of many hosts, from the controller."""
    scene, values = f"{size.hosts} hosts at {size.forks} forks", Values()
    arguments = with_hosts(size.hosts, size.forks, scratch)
    with Simulator({"tasks": ended_tasks(ASTRA, 1)}) as simulator:
        given = {**variables(simulator, ASTRA, task_ids(1), size.interval), "where": "all"}

        def run(name: str) -> None:
            playbook, more = ways(name, "uri.yml")
            values.add_playbook(name, player.play(playbook, {**given, **more}, *arguments))

        turns(size.long_repetitions, run, [URI, MODULE, OURS])
    return Seen(
        "each host has one task that has ended; all is delegated to localhost",
        values.playbooks(scene, Aim("at most 0.15 of uri", least_ratio=1 / 0.15)),
    )


def waits_at_once(player: Player, size: Size, scratch: Path) -> Seen:
    """Wait in as many processes as there are forks, and look at the memory that they share and have."""
    scene, values = f"{size.forks} waits at once", Values()
    arguments = with_hosts(size.forks, size.forks, scratch)
    life: dict[str, Any] = {"steps": [{"state": "running", "seconds": size.duration}], "end": {"state": "completed"}}

    def run(name: str) -> None:
        with Simulator() as simulator:
            ids = simulator.add_task(provider=ASTRA, id=task_ids(1)[0], **life)
            given = {**variables(simulator, ASTRA, ids, size.interval), "where": "all"}
            playbook, more = ways(name, "uri.yml")
            values.add("peak memory", name, player.play(playbook, {**given, **more}, *arguments, watched=True).peak)

    turns(1, run, [URI, MODULE, OURS])
    return Seen(
        "ansible-playbook with all its processes, what they share counted once; uri has a module only while it asks",
        [values.measure(scene, "peak memory", "MB", Aim("at most half of the module's", 2.0, against=MODULE))],
    )


def one_login(player: Player, size: Size, scratch: Path) -> Seen:
    """Wait for a task that has ended, where a login has to come first."""
    scene, values = "One finished task, with its login", Values()
    with Simulator({"tasks": ended_tasks(RACKSPACE, 1)}) as simulator:
        given = variables(simulator, RACKSPACE, task_ids(1), size.interval)
        given |= {"auth_url": f"{simulator.url}/v2.0", "username": "demo", "api_key": "demo-key", "region": "DFW"}

        def run(name: str) -> None:
            simulator.reset_requests()
            played = player.play("uri_login.yml" if name == URI else "task_wait_login.yml", given)
            values.add_playbook(name, played)
            values.add("requests", name, simulator.requests()["total"])

        turns(size.repetitions, run)
    return Seen(
        "a user name and a key; uri logs in with a task of its own",
        [*values.playbooks(scene, NOT_SLOWER), values.measure(scene, "requests")],
    )


def running_tasks(player: Player, size: Size, scratch: Path) -> Seen:
    """Wait for a task that takes a while, on several hosts, whose tasks end one after the other within one interval."""
    scene, values = f"One task of {size.duration} s", Values()
    arguments = with_hosts(size.waits, size.waits, scratch)
    durations = [size.duration + size.interval * number / size.waits for number in range(size.waits)]

    def run(name: str) -> None:
        with Simulator() as simulator:
            ids = task_ids(size.waits)
            lives = [
                {
                    "provider": ASTRA,
                    "id": task_id,
                    "steps": [{"state": "running", "seconds": seconds}],
                    "end": {"state": "completed"},
                }
                for task_id, seconds in zip(ids, durations)
            ]
            simulator.add_tasks(lives)
            began = time.time()
            given = {
                **variables(simulator, ASTRA, ids, size.interval),
                "where": "all",
                "task_of": ids,
                "ids": "{{ [task_of[inventory_hostname | replace('host', '') | int]] }}",
            }
            playbook, more = ways(name, "uri.yml")
            played = player.play(playbook, {**given, **more}, *arguments)
            values.add("processor time of the playbook", name, played.cpu)
            late = [task.ended - began - duration for task, duration in zip(sorted_by_end(played), durations)]
            values.add("told after its end, on average", name, sum(late) / len(late))
            values.add("requests", name, simulator.requests()["total"])

    turns(size.long_repetitions, run, [URI, MODULE, OURS])
    return Seen(
        f"{size.waits} hosts wait side by side for one task each; all look every {size.interval} s, and uri does so in "
        "a new process each time",
        [
            values.measure(scene, "told after its end, on average", "s", Aim("no later than uri", least_ratio=1.0)),
            values.measure(scene, "processor time of the playbook", "s"),
            values.measure(scene, "requests"),
        ],
    )


def sorted_by_end(played: PlaybookRun) -> list[TaskRun]:
    """Return a playbook's tasks in the order in which they ended."""
    return sorted(played.tasks, key=lambda task: task.ended)


def thousand_tasks(player: Player, size: Size, scratch: Path) -> Seen:
    """Run many tasks in one play, and look at the memory of all processes."""
    scene, values = f"{size.tasks_in_a_play} tasks in one play", Values()
    with Simulator({"tasks": ended_tasks(ASTRA, 1)}) as simulator:
        given = variables(simulator, ASTRA, task_ids(1), size.interval)
        options = ("provider", "api_url", "account_id")
        login = {name: given[name] for name in options} | {"api_token": TOKEN, "task_ids": given["ids"]}
        tasks = {OURS: {"longrunning.tasks.task_wait": login}, DEBUG: {"ansible.builtin.debug": {"msg": "none"}}}
        for name, task in tasks.items():
            play = [{"hosts": "localhost", "gather_facts": False, "tasks": [task] * size.tasks_in_a_play}]
            playbook = scratch / "thousand.yml"
            playbook.write_text(json.dumps(play), encoding="utf-8")
            played = player.play(str(playbook), {}, watched=True)
            values.add("peak memory", name, played.peak)
            values.add("a task", name, played.seconds / size.tasks_in_a_play)
    return Seen(
        "ansible-playbook with all its processes, beside as many tasks that do nothing",
        [values.measure(scene, "peak memory", "MB"), values.measure(scene, "a task", "s")],
    )


def failure(player: Player, size: Size, scratch: Path) -> Seen:
    """Let a task fail, and keep what each says about it."""
    scene = "A failed import (code 396)"
    words = {}
    with Simulator({"tasks": ended_tasks(RACKSPACE, 3)}) as simulator:
        given = variables(simulator, RACKSPACE, task_ids(3)[2:], size.interval)
        for name, playbook in ((URI, "uri.yml"), (OURS, "task_wait.yml")):
            (task,) = player.play(playbook, given).tasks
            words[name] = str(task.told["msg"])
    return Seen(
        "msg of the task that failed; the answer's JSON is in the result of both",
        [Measure(scene, "length of msg", "characters", {name: [len(text)] for name, text in words.items()})],
        [Told(scene, name, text) for name, text in words.items()],
    )


# --- many tasks -------------------------------------------------------------------------------------------------

#: The alternatives for many tasks, and their playbooks.
FOR_MANY = {URI: "uri_loop.yml", LISTED: "uri_list.yml", MODULE: "task_wait.yml", OURS: "task_wait.yml"}


def many_ended_tasks(provider: str, title: str) -> Scene:
    """Return a scene in which many tasks have ended, some of them badly."""

    def scene_of(player: Player, size: Size, scratch: Path) -> Seen:
        scene, values = f"{size.tasks} tasks that have ended, {title}", Values()
        with Simulator({"tasks": ended_tasks(provider, size.tasks)}) as simulator:
            given = variables(simulator, provider, task_ids(size.tasks), size.interval)

            def run(name: str) -> None:
                # What is over in a second has to be seen more often than what takes a minute.
                for _again in range(1 if name == URI else 3):
                    simulator.reset_requests()
                    played = player.play(FOR_MANY[name], given | (NOT_IN_PROCESS if name == MODULE else {}))
                    values.add_playbook(name, played)
                    values.add("the task", name, played.tasks[0].seconds)
                    values.add("requests", name, simulator.requests()["total"])

            turns(size.long_repetitions, run, list(FOR_MANY))
        faster = Aim("100 times faster", least_ratio=100.0) if provider == ASTRA else None
        return Seen(
            "three of ten have failed; uri in a loop, or once for the list, which here has these tasks and no others"
            if provider == ASTRA
            else "the same, but this vendor's list has neither result nor message, so that task_wait reads each ended "
            "task once, side by side; uri of the list knows states only",
            [
                values.measure(scene, "the task", "s", faster),
                *values.playbooks(scene),
                values.measure(scene, "requests"),
            ],
        )

    return scene_of


def many_running_tasks(player: Player, size: Size, scratch: Path) -> Seen:
    """Wait for tasks that end one after the other."""
    scene, values = f"{size.tasks} tasks that end within {size.spread} s", Values()

    def run(name: str) -> None:
        with Simulator() as simulator:
            ends = [
                {**task, "steps": [{"state": "running", "seconds": size.spread * number / size.tasks}]}
                for number, task in enumerate(ended_tasks(ASTRA, size.tasks), 1)
            ]
            simulator.add_tasks(ends)
            last = time.time() + size.spread
            given = variables(simulator, ASTRA, task_ids(size.tasks), size.interval)
            played = player.play(FOR_MANY[name], given | (NOT_IN_PROCESS if name == MODULE else {}))
            values.add("told after the last end", name, played.tasks[0].ended - last)
            requests = simulator.requests()["total"]
            values.add("requests", name, requests)
            if name == OURS:
                values.add("requests in a look", name, requests / played.tasks[0].told["polls"])

    turns(size.long_repetitions, run, list(FOR_MANY))
    return Seen(
        f"all look every {size.interval} s; the list has one page",
        [
            values.measure(scene, "told after the last end", "s"),
            values.measure(scene, "requests"),
            values.measure(scene, "requests in a look", aim=Aim("at most its pages, 1", most=1.0)),
        ],
    )


def listed_tasks(player: Player, size: Size, scratch: Path) -> Seen:
    """Wait for all tasks of a very long list."""
    scene, values = f"{size.listed_tasks} tasks in one list", Values()
    task = {"provider": ASTRA, "count": size.listed_tasks, "id": "00000000-0000-4000-8000-{n:012d}"}
    with Simulator({"tasks": [{**task, "steps": [], "end": {"state": "completed"}}]}) as simulator:
        given = variables(simulator, ASTRA, task_ids(size.listed_tasks), size.interval)
        payloads = payloads_of(player, {**given, "uri_url": given["tasks_url"]}, scratch / "listed")
        del payloads[EMPTY]

        def run(name: str) -> None:
            simulator.reset_requests()
            done = player.run_payload(payloads[name])
            values.add("module alone", name, done.seconds)
            values.add("module's processor time", name, done.cpu)
            values.add("peak memory", name, done.peak)
            values.add("requests", name, simulator.requests()["total"])

        turns(size.long_repetitions, run)
        ways_to_play = {URI: {}, FULL: {"return_raw": True, "return_history": True}, MODULE: NOT_IN_PROCESS, OURS: {}}

        def play(name: str) -> None:
            played = player.play("uri_list.yml" if name == URI else "task_wait.yml", {**given, **ways_to_play[name]})
            values.add_playbook(name, played)

        turns(size.long_repetitions, play, list(ways_to_play))
    return Seen(
        "all have ended; uri gets the whole list, which beats any loop by far, and until looks at all states in it",
        [
            values.measure(scene, values.WHOLE, "s"),
            values.measure(scene, values.WHOLE_CPU, "s", Aim("at least 40 % less than full", 1 / 0.6, against=FULL)),
            values.measure(scene, "module alone", "s"),
            values.measure(scene, "module's processor time", "s"),
            values.measure(scene, "peak memory", "MB", Aim("below 150 MB", most=150.0)),
            values.measure(scene, "requests"),
        ],
    )


def scale(player: Player, size: Size, scratch: Path) -> Seen:
    """Wait for more and more tasks in a list of pages."""
    scene, values = "Tasks in a list of pages", Values()
    for way in ("task_ids", "select"):
        runs = {number: _run_scale(number, way) for number in size.scale}
        least = size.scale[0]
        for number, (peak, cpu, requests) in runs.items():
            values.add(f"{way}: peak memory", f"{number:,}", peak)
            values.add(f"{way}: processor time", f"{number:,}", cpu)
            values.add(f"{way}: requests", f"{number:,}", requests)
            if number > least:
                more = number - least
                values.add(f"{way}: memory of each more", f"{number:,}", 1024 * (peak - runs[least][0]) / more)
                values.add(f"{way}: processor time of each more", f"{number:,}", 1e6 * (cpu - runs[least][1]) / more)
        values.add(f"{way}: peak memory of {size.listed_tasks:,}", OURS, runs[size.listed_tasks][0])
    for number in (1, size.listed_tasks):
        with serving(number) as url:
            given = {"definition": DEFINITION, "api_url": url, "ids": [task_id(one) for one in range(number)]}
            peak = player.play("scale.yml", given, watched=True).peak
        values.add("the whole playbook: peak memory", f"{number:,}", peak)
    aim = Aim("below 150 MB", most=150.0)
    measures = [
        values.measure(scene, f"{way}: {quantity}", unit, goal)
        for way in ("task_ids", "select")
        for quantity, unit, goal in (
            ("peak memory", "MB", None),
            ("memory of each more", "kB", None),
            ("processor time", "s", None),
            ("processor time of each more", "µs", None),
            ("requests", "", None),
            (f"peak memory of {size.listed_tasks:,}", "MB", aim),
        )
    ]
    return Seen(
        f"{PAGE_SIZE} tasks a page, all have ended; the work and its result in a process, as both edges do them",
        [*measures, values.measure(scene, "the whole playbook: peak memory", "MB")],
    )


def _run_scale(number: int, way: str) -> tuple[float, float, float]:
    """Return the peak memory in MB, the processor time in seconds, and the requests of a wait for so many tasks."""
    with serving(number) as url:
        command = [sys.executable, "-m", "benchmark.run_scale", url, str(number), way]
        done = subprocess.run(command, cwd=HERE.parent, capture_output=True, text=True, check=True)
    result = json.loads(done.stdout)
    return result["peak"], result["cpu"], result["requests"]


# --- a quota ----------------------------------------------------------------------------------------------------


class _Witness:
    """Passes requests on, and notes the moment of each."""

    def __init__(self, http: RequestsClient, clock: FakeClock) -> None:
        self._http = http
        self._clock = clock
        self.moments: list[float] = []

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        self.moments.append(self._clock.monotonic())
        return self._http.send(request, timeout)

    def close(self) -> None:
        self._http.close()

    def most_within(self, seconds: float) -> int:
        """Return how many requests there were in the busiest stretch of so many seconds."""
        return max(sum(1 for other in self.moments if 0 <= other - moment < seconds) for moment in self.moments)


def quota(player: Player, size: Size, scratch: Path) -> Seen:
    """Wait for many tasks at a vendor that counts requests, on a clock that is moved instead of waited for."""
    scene, values = f"{size.quota_tasks} tasks at VMware, 50 requests a minute", Values()
    clock = FakeClock()
    tasks = [
        {
            "provider": VMWARE,
            "id": task_id,
            "steps": [{"state": "RUNNING", "seconds": size.quota_spread * number / size.quota_tasks}],
            "end": {"state": "SUCCESS"},
        }
        for number, task_id in enumerate(task_ids(size.quota_tasks), 1)
    ]
    provider = PROVIDERS[VMWARE]
    description = provider.description
    with (
        Simulator({"tasks": tasks}, clock=clock.monotonic, epoch=WALL_START.timestamp()) as simulator,
        closing(_Witness(RequestsClient(TlsOptions()), clock)) as http,
    ):
        tools = ProviderTools(clock, lambda _tls: http, lambda _text: None, lambda _secret: None)
        given = {"api_url": simulator.url, "username": "admin", "password": "demo-password"}
        adapter = provider.create(connection_options(description, given, {}), tools)
        outcome = wait_for_tasks(
            task_ids(size.quota_tasks),
            TaskReader(adapter).read,
            WaitPlan(timeout=3600.0, poll_interval=description.poll_interval),
            provider=description.name,
            clock=clock,
            request_timeout=30.0,
        )
        adapter.close(Deadline(clock, 5.0))
    pages = -(-size.quota_tasks // description.page_size)
    values.add("told after the last end", OURS, outcome.elapsed - size.quota_spread)
    values.add("requests", OURS, len(http.moments))
    # Without those that begin and end the session.
    values.add("requests in a look", OURS, (len(http.moments) - 2) / outcome.polls)
    values.add("most requests in 60 s", OURS, http.most_within(60.0))
    values.add("refused for the quota", OURS, outcome.transient_errors)
    minutes = size.quota_tasks / 50 - 1
    return Seen(
        f"the tasks end within {size.quota_spread} s of a clock that is moved by hand, for the simulator and the wait "
        f"alike: real requests, no real waiting. By the quota a look of uri's in a loop would take {minutes:g} minutes",
        [
            values.measure(scene, "told after the last end", "s"),
            values.measure(scene, "requests"),
            values.measure(
                scene,
                "requests in a look",
                aim=Aim(f"at most its pages, {pages}", most=float(pages)),
            ),
            values.measure(scene, "most requests in 60 s", aim=Aim("at most 50", most=50.0)),
            values.measure(scene, "refused for the quota"),
        ],
    )


SCENES: Mapping[str, Scene] = {
    "module": start_up,
    "finished": one_finished_task,
    "hosts": many_hosts,
    "at-once": waits_at_once,
    "login": one_login,
    "running": running_tasks,
    "thousand": thousand_tasks,
    "failure": failure,
    "many": many_ended_tasks(ASTRA, "one list has all"),
    "many-read": many_ended_tasks(RACKSPACE, "each read once"),
    "many-running": many_running_tasks,
    "quota": quota,
    "listed": listed_tasks,
    "scale": scale,
}
