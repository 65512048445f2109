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
from dataclasses import dataclass, replace
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
            scale=(10, 100),
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


#: The vendors' words, for playbooks with uri and for ends.
WORDS: Mapping[str, Mapping[str, Any]] = {
    ASTRA: {"list_field": "items", "state_field": "state", "ended": ["completed", "failed", "cancelled"]},
    RACKSPACE: {"list_field": "tasks", "state_field": "status", "ended": ["success", "failure"]},
}
CODES = {ASTRA: "stateDetails/7", RACKSPACE: "396"}


def variables(simulator: Simulator, provider: str, ids: Sequence[str], size: Size) -> dict[str, Any]:
    """Return what the playbooks need: for both alternatives the same tasks, the same token, the same interval."""
    common = {"provider": provider, "token": TOKEN, "ids": list(ids), "interval": size.interval, **WORDS[provider]}
    common["succeeded"] = common["ended"][0]
    if provider == ASTRA:
        account = {"api_url": simulator.url, "account_id": ACCOUNT, "headers": {"Authorization": f"Bearer {TOKEN}"}}
        return {**common, **account, "tasks_url": f"{simulator.url}/accounts/{ACCOUNT}/core/v1/tasks"}
    api_url = f"{simulator.url}/v2"
    return {**common, "api_url": api_url, "headers": {"X-Auth-Token": TOKEN}, "tasks_url": f"{api_url}/tasks"}


def ended_tasks(provider: str, count: int) -> list[dict[str, Any]]:
    """Return tasks that have ended, seven of ten well, spread evenly over the list."""
    good, bad = WORDS[provider]["ended"][:2]
    failed = {"state": bad, "code": CODES[provider]}
    ends = [failed if number % 10 in (2, 5, 8) else {"state": good} for number in range(count)]
    return [
        {"provider": provider, "id": task_id, "type": "import", "steps": [], "end": end}
        for task_id, end in zip(task_ids(count), ends)
    ]


class Stage:
    """Plays the alternatives of a scene, and collects the values of each, quantity by quantity."""

    #: What is measured of a playbook: on a busy machine its processor time says more than the clock.
    WHOLE, WHOLE_CPU = "whole playbook", "its processor time"

    def __init__(self, scene: str, player: Player) -> None:
        self.scene = scene
        self._player = player
        self._values: dict[str, dict[str, list[float]]] = {}

    def add(self, alternative: str, values: Mapping[str, float]) -> None:
        """Take values by the quantities' names."""
        for quantity, value in values.items():
            self._values.setdefault(quantity, {}).setdefault(alternative, []).append(value)

    def play(
        self,
        alternative: str,
        given: Mapping[str, Any],
        *arguments: str,
        uri: str = "uri.yml",
        simulator: Simulator | None = None,
        watched: bool = False,
    ) -> PlaybookRun:
        """Play an alternative's playbook, and take its times, and the requests that it sent."""
        before = simulator.requests()["total"] if simulator else 0
        more = {MODULE: NOT_IN_PROCESS, FULL: {"return_raw": True, "return_history": True}}.get(alternative, {})
        name = uri if alternative in (URI, LISTED) else "task_wait.yml"
        played = self._player.play(name, {**given, **more}, *arguments, watched=watched)
        self.add(alternative, {self.WHOLE: played.seconds, self.WHOLE_CPU: played.cpu})
        if watched:
            self.add(alternative, {"peak memory": played.peak})
        if simulator:
            self.add(alternative, {"requests": simulator.requests()["total"] - before})
        return played

    def run_payload(self, alternative: str, payload: Path, seconds_as: str, cpu_as: str) -> None:
        """Run a module alone, and take what that took; the names are those of the quantities."""
        done = self._player.run_payload(payload)
        self.add(alternative, {seconds_as: done.seconds, cpu_as: done.cpu, "peak memory": done.peak})

    @staticmethod
    def turns(count: int, play: Callable[[str], object], names: Sequence[str] = (URI, MODULE, OURS)) -> None:
        """Let the alternatives take turns, each time another one first."""
        for turn in range(count):
            for name in names if turn % 2 == 0 else reversed(names):
                play(name)

    def seen(self, note: str, *wanted: tuple[str, str] | tuple[str, str, Aim | None]) -> Seen:
        """Return what was collected of these quantities, each with its unit and, if wanted, an aim."""
        return Seen(note, [Measure(self.scene, each[0], each[1], self._values[each[0]], *each[2:]) for each in wanted])

    @classmethod
    def playbook(cls, aim: Aim | None = None) -> list[tuple[str, str, Aim | None]]:
        """Return the quantities of whole playbooks."""
        return [(cls.WHOLE, "s", aim), (cls.WHOLE_CPU, "s", aim)]


# --- one task ---------------------------------------------------------------------------------------------------


def start_up(player: Player, size: Size, scratch: Path) -> Seen:
    """Run the modules alone, without ansible-playbook."""
    stage = Stage("Module alone", player)
    with Simulator({"tasks": ended_tasks(ASTRA, 1)}) as simulator:
        given = variables(simulator, ASTRA, task_ids(1), size)
        given["uri_url"] = f"{given['tasks_url']}/{task_ids(1)[0]}"
        payloads = payloads_of(player, given, scratch / "payloads")

        def run(name: str) -> None:
            stage.run_payload(name, payloads[name], "time", "processor time")

        stage.turns(size.module_repetitions, run, list(payloads))
    for name, payload in payloads.items():
        files, kilobytes = shipped(payload)
        stage.add(name, {"files shipped": files, "size of the payload": kilobytes})
    return stage.seen(
        "the process of the module, on a task that has ended: its start, one request, its end",
        *(("time", "s"), ("processor time", "s"), ("peak memory", "MB")),
        *(("files shipped", ""), ("size of the payload", "kB")),
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
    stage = Stage("One finished task", player)
    with Simulator({"tasks": ended_tasks(ASTRA, 1)}) as simulator:
        given = variables(simulator, ASTRA, task_ids(1), size)
        stage.turns(size.repetitions, lambda name: stage.play(name, given, simulator=simulator))
        again = player.play("again.yml", {**given, "turns": size.turns + 1})
    for name in (URI, MODULE, OURS):
        # The first turn makes the module's file, which is part of a whole playbook above.
        for task in [task for task in again.tasks if task.name == name][1:]:
            stage.add(name, {"the task, later in a play": task.seconds})
    return stage.seen(
        "a ready token, one GET; later in a play Ansible has the module's file already",
        *stage.playbook(Aim("at most 0.75 of uri", least_ratio=1 / 0.75)),
        ("the task, later in a play", "s", Aim("at most 0.1 of uri", least_ratio=10.0)),
        ("requests", ""),
    )


def with_hosts(count: int, forks: int, scratch: Path) -> tuple[str, ...]:
    """Return the arguments of ansible-playbook for so many hosts."""
    inventory = scratch / "hosts.ini"
    inventory.write_text("".join(f"host{number}\n" for number in range(count)), encoding="utf-8")
    return ("-i", str(inventory), "-f", str(forks))


def many_hosts(player: Player, size: Size, scratch: Path) -> Seen:
    """Wait for a task of each of many hosts, from the controller."""
    stage = Stage(f"{size.hosts} hosts at {size.forks} forks", player)
    arguments = with_hosts(size.hosts, size.forks, scratch)
    with Simulator({"tasks": ended_tasks(ASTRA, 1)}) as simulator:
        given = {**variables(simulator, ASTRA, task_ids(1), size), "where": "all"}
        stage.turns(size.long_repetitions, lambda name: stage.play(name, given, *arguments))
    return stage.seen(
        "each host has one task that has ended; all is delegated to localhost",
        *stage.playbook(Aim("at most 0.15 of uri", least_ratio=1 / 0.15)),
    )


def waits_at_once(player: Player, size: Size, scratch: Path) -> Seen:
    """Wait in as many processes as there are forks, and look at the memory that they share and have."""
    stage = Stage(f"{size.forks} waits at once", player)
    arguments = with_hosts(size.forks, size.forks, scratch)
    life: dict[str, Any] = {"steps": [{"state": "running", "seconds": size.duration}], "end": {"state": "completed"}}

    def run(name: str) -> None:
        with Simulator() as simulator:
            ids = simulator.add_task(provider=ASTRA, id=task_ids(1)[0], **life)
            given = {**variables(simulator, ASTRA, ids, size), "where": "all"}
            stage.play(name, given, *arguments, watched=True)

    stage.turns(1, run)
    return stage.seen(
        "ansible-playbook with all its processes, what they share counted once; uri has a module only while it asks",
        ("peak memory", "MB", Aim("at most half of the module's", 2.0, against=MODULE)),
    )


def one_login(player: Player, size: Size, scratch: Path) -> Seen:
    """Wait for a task that has ended, where a login has to come first."""
    stage = Stage("One finished task, with its login", player)
    login = {"username": "demo", "api_key": "demo-key", "region": "DFW"}
    with Simulator({"tasks": ended_tasks(RACKSPACE, 1)}) as simulator:
        given = {**variables(simulator, RACKSPACE, task_ids(1), size), **login, "auth_url": f"{simulator.url}/v2.0"}

        def run(name: str) -> None:
            # task_wait takes no address and token where it is to log in.
            without = () if name == URI else ("api_url", "token")
            own = {key: value for key, value in given.items() if key not in without}
            stage.play(name, own, uri="uri_login.yml", simulator=simulator)

        stage.turns(size.repetitions, run, (URI, OURS))
    return stage.seen(
        "a user name and a key; uri logs in with a task of its own",
        *stage.playbook(NOT_SLOWER),
        ("requests", ""),
    )


def running_tasks(player: Player, size: Size, scratch: Path) -> Seen:
    """Wait for a task that takes a while, on several hosts, whose tasks end one after the other within one interval."""
    stage = Stage(f"One task of {size.duration} s", player)
    arguments = with_hosts(size.waits, size.waits, scratch)
    durations = [size.duration + size.interval * number / size.waits for number in range(size.waits)]
    ids = task_ids(size.waits)

    def run(name: str) -> None:
        with Simulator() as simulator:
            simulator.add_tasks([running_task(task_id, seconds) for task_id, seconds in zip(ids, durations)])
            began = time.time()
            own = "{{ [task_of[inventory_hostname | replace('host', '') | int]] }}"
            given = {**variables(simulator, ASTRA, ids, size), "where": "all", "task_of": ids, "ids": own}
            played = stage.play(name, given, *arguments, simulator=simulator)
            late = [task.ended - began - duration for task, duration in zip(sorted_by_end(played), durations)]
            stage.add(name, {"told after its end, on average": sum(late) / len(late)})

    stage.turns(size.long_repetitions, run)
    return stage.seen(
        f"{size.waits} hosts wait side by side for one task each; all look every {size.interval} s, and uri does so in "
        "a new process each time",
        ("told after its end, on average", "s", Aim("no later than uri", least_ratio=1.0)),
        (stage.WHOLE_CPU, "s"),
        ("requests", ""),
    )


def running_task(task_id: str, seconds: float, end: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a task that runs for so long, and then succeeds unless it is said otherwise."""
    steps = [{"state": "running", "seconds": seconds}]
    return {"provider": ASTRA, "id": task_id, "type": "import", "steps": steps, "end": end or {"state": "completed"}}


def sorted_by_end(played: PlaybookRun) -> list[TaskRun]:
    """Return a playbook's tasks in the order in which they ended."""
    return sorted(played.tasks, key=lambda task: task.ended)


def thousand_tasks(player: Player, size: Size, scratch: Path) -> Seen:
    """Run many tasks in one play, and look at the memory of all processes."""
    stage = Stage(f"{size.tasks_in_a_play} tasks in one play", player)
    with Simulator({"tasks": ended_tasks(ASTRA, 1)}) as simulator:
        given = variables(simulator, ASTRA, task_ids(1), size)
        options = ("provider", "api_url", "account_id")
        login = {name: given[name] for name in options} | {"api_token": TOKEN, "task_ids": given["ids"]}
        tasks = {OURS: {"longrunning.tasks.task_wait": login}, DEBUG: {"ansible.builtin.debug": {"msg": "none"}}}
        for name, task in tasks.items():
            play = [{"hosts": "localhost", "gather_facts": False, "tasks": [task] * size.tasks_in_a_play}]
            playbook = scratch / "thousand.yml"
            playbook.write_text(json.dumps(play), encoding="utf-8")
            played = player.play(str(playbook), {}, watched=True)
            stage.add(name, {"peak memory": played.peak, "a task": played.seconds / size.tasks_in_a_play})
    return stage.seen(
        "ansible-playbook with all its processes, beside as many tasks that do nothing",
        *(("peak memory", "MB"), ("a task", "s")),
    )


def failure(player: Player, size: Size, scratch: Path) -> Seen:
    """Let a task fail, and keep what each says about it."""
    stage = Stage("A failed import (code 396)", player)
    told = []
    with Simulator({"tasks": ended_tasks(RACKSPACE, 3)}) as simulator:
        given = variables(simulator, RACKSPACE, task_ids(3)[2:], size)
        for name in (URI, OURS):
            (task,) = stage.play(name, given).tasks
            told.append(Told(stage.scene, name, str(task.told["msg"])))
            stage.add(name, {"length of msg": len(told[-1].words)})
    seen = stage.seen(
        "msg of the task that failed; the answer's JSON is in the result of both", ("length of msg", "characters")
    )
    return replace(seen, told=told)


# --- many tasks -------------------------------------------------------------------------------------------------

#: The alternatives for many tasks; the playbooks of those that are none of ours.
FOR_MANY = (URI, LISTED, MODULE, OURS)
FOR_MANY_BY_URI = {URI: "uri_loop.yml", LISTED: "uri_list.yml"}


def many_ended_tasks(provider: str, title: str) -> Scene:
    """Return a scene in which many tasks have ended, some of them badly."""

    def scene_of(player: Player, size: Size, scratch: Path) -> Seen:
        stage = Stage(f"{size.tasks} tasks that have ended, {title}", player)
        with Simulator({"tasks": ended_tasks(provider, size.tasks)}) as simulator:
            given = variables(simulator, provider, task_ids(size.tasks), size)

            def run(name: str) -> None:
                # What is over in a second has to be seen more often than what takes a minute.
                for _again in range(1 if name == URI else 3):
                    played = stage.play(name, given, uri=FOR_MANY_BY_URI.get(name, ""), simulator=simulator)
                    stage.add(name, {"the task": played.tasks[0].seconds})

            stage.turns(size.long_repetitions, run, FOR_MANY)
        return stage.seen(
            "three of ten have failed; uri in a loop, or once for the list, which here has these tasks and no others"
            if provider == ASTRA
            else "the same, but this vendor's list has neither result nor message, so that task_wait reads each ended "
            "task once, side by side; uri of the list knows states only",
            ("the task", "s", Aim("100 times faster", least_ratio=100.0) if provider == ASTRA else None),
            *stage.playbook(),
            ("requests", ""),
        )

    return scene_of


def many_running_tasks(player: Player, size: Size, scratch: Path) -> Seen:
    """Wait for tasks that end one after the other."""
    stage = Stage(f"{size.tasks} tasks that end within {size.spread} s", player)
    ended = enumerate(ended_tasks(ASTRA, size.tasks), 1)
    tasks = [running_task(task["id"], size.spread * number / size.tasks, task["end"]) for number, task in ended]

    def run(name: str) -> None:
        with Simulator() as simulator:
            simulator.add_tasks(tasks)
            last = time.time() + size.spread
            given = variables(simulator, ASTRA, task_ids(size.tasks), size)
            played = stage.play(name, given, uri=FOR_MANY_BY_URI.get(name, ""), simulator=simulator)
            stage.add(name, {"told after the last end": played.tasks[0].ended - last})
            if name == OURS:
                requests = simulator.requests()["total"]
                stage.add(name, {"requests in a look": requests / played.tasks[0].told["polls"]})

    stage.turns(size.long_repetitions, run, FOR_MANY)
    return stage.seen(
        f"all look every {size.interval} s; the list has one page",
        ("told after the last end", "s"),
        ("requests", ""),
        ("requests in a look", "", Aim("at most its pages, 1", most=1.0)),
    )


def listed_tasks(player: Player, size: Size, scratch: Path) -> Seen:
    """Wait for all tasks of a very long list."""
    stage = Stage(f"{size.listed_tasks} tasks in one list", player)
    task = {"provider": ASTRA, "count": size.listed_tasks, "id": "00000000-0000-4000-8000-{n:012d}"}
    with Simulator({"tasks": [{**task, "steps": [], "end": {"state": "completed"}}]}) as simulator:
        given = variables(simulator, ASTRA, task_ids(size.listed_tasks), size)
        payloads = payloads_of(player, {**given, "uri_url": given["tasks_url"]}, scratch / "listed")

        def run(name: str) -> None:
            simulator.reset_requests()
            stage.run_payload(name, payloads[name], "module alone", "module's processor time")
            stage.add(name, {"requests": simulator.requests()["total"]})

        stage.turns(size.long_repetitions, run, (URI, OURS))
        ways = (URI, FULL, MODULE, OURS)
        stage.turns(size.long_repetitions, lambda name: stage.play(name, given, uri="uri_list.yml"), ways)
    return stage.seen(
        "all have ended; uri gets the whole list, which beats any loop by far, and until looks at all states in it",
        (stage.WHOLE, "s"),
        (stage.WHOLE_CPU, "s", Aim("at least 40 % less than full", 1 / 0.6, against=FULL)),
        *(("module alone", "s"), ("module's processor time", "s")),
        ("peak memory", "MB", Aim("below 150 MB", most=150.0)),
        ("requests", ""),
    )


def scale(player: Player, size: Size, scratch: Path) -> Seen:
    """Wait for more and more tasks in a list of pages."""
    stage = Stage("Tasks in a list of pages", player)
    wanted: list[tuple[str, str, Aim | None]] = []
    for way in ("task_ids", "select"):
        runs = {number: _run_scale(number, way) for number in size.scale}
        least, *others = size.scale
        for number, (peak, cpu, requests) in runs.items():
            values = {"peak memory": peak, "processor time": cpu, "requests": requests}
            stage.add(f"{number:,}", {f"{way}: {quantity}": value for quantity, value in values.items()})
        for number in others:
            memory, cpu = (runs[number][index] - runs[least][index] for index in (0, 1))
            values = {"memory": 1024 * memory, "processor time": 1e6 * cpu}
            more = {f"{way}: {quantity} of each more": value / (number - least) for quantity, value in values.items()}
            stage.add(f"{number:,}", more)
        of_listed = f"{way}: peak memory of {size.listed_tasks:,}"
        stage.add(OURS, {of_listed: runs[size.listed_tasks][0]})
        wanted += [
            *((f"{way}: peak memory", "MB", None), (f"{way}: memory of each more", "kB", None)),
            *((f"{way}: processor time", "s", None), (f"{way}: processor time of each more", "µs", None)),
            *((f"{way}: requests", "", None), (of_listed, "MB", Aim("below 150 MB", most=150.0))),
        ]
    for number in (1, size.listed_tasks):
        with serving(number) as url:
            given = {"definition": DEFINITION, "api_url": url, "ids": [task_id(one) for one in range(number)]}
            peak = player.play("scale.yml", given, watched=True).peak
        stage.add(f"{number:,}", {"the whole playbook: peak memory": peak})
    return stage.seen(
        f"{PAGE_SIZE} tasks a page, all have ended; the work and its result in a process, as both edges do them",
        *wanted,
        ("the whole playbook: peak memory", "MB"),
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
    stage = Stage(f"{size.quota_tasks} tasks at VMware, 50 requests a minute", player)
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
    found = {
        "told after the last end": outcome.elapsed - size.quota_spread,
        "requests": len(http.moments),
        # Without those that begin and end the session.
        "requests in a look": (len(http.moments) - 2) / outcome.polls,
        "most requests in 60 s": http.most_within(60.0),
        "refused for the quota": outcome.transient_errors,
    }
    stage.add(OURS, found)
    minutes = size.quota_tasks / 50 - 1
    return stage.seen(
        f"the tasks end within {size.quota_spread} s of a clock that is moved by hand, for the simulator and the wait "
        f"alike: real requests, no real waiting. By the quota a look of uri's in a loop would take {minutes:g} minutes",
        *(("told after the last end", "s"), ("requests", "")),
        ("requests in a look", "", Aim(f"at most its pages, {pages}", most=float(pages))),
        ("most requests in 60 s", "", Aim("at most 50", most=50.0)),
        ("refused for the quota", ""),
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
