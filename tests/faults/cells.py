# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One cell of the table: a wait with the module's real work, against a simulator over real sockets, under one fault."""

from __future__ import annotations

import base64
import contextlib
import json
import math
import re
import socket
import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ansible_collections.longrunning.tasks.plugins.module_utils._api.http_client import RequestsClient
from ansible_collections.longrunning.tasks.plugins.module_utils._core.clock import Deadline, SystemClock
from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import WorkError
from ansible_collections.longrunning.tasks.plugins.module_utils._module import task_wait
from ansible_collections.longrunning.tasks.plugins.module_utils._module.argument_specs import TASK_WAIT
from ansible_collections.longrunning.tasks.plugins.module_utils._module.runner import LOGOUT_SECONDS
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.options import secrets_of
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS
from ansible_collections.longrunning.tasks.tests.unit.support.session import SocketSession
from ansible_collections.longrunning.tasks.tests.unit.support.vendors import MARK, at
from ansible_collections.longrunning.tasks.tests.unit.support.vendors import VENDORS as EVERY
from task_simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.loop import Look
    from ansible_collections.longrunning.tasks.tests.unit.support.vendors import Vendor

#: The columns. The provider custom is no vendor.
VENDORS = tuple(vendor for vendor in EVERY.values() if vendor.name != "custom")
POLL_INTERVAL = 0.25
LONGEST_WAIT = 30.0
#: Longer than the longest pause of a backoff, so that a longer one shows that the server was heard.
LONG_PAUSE = 1.2
#: No task of a simulator ends before this second, its clock's, while something is yet to happen to the wait.
HELD_AT = 0.9
#: What has happened beside a wait has struck it when it has sent so many further requests.
TO_BE_STRUCK = 4
#: Host names below this are this machine, unless a cell says that they cannot be resolved.
DOMAIN = ".faults.test"


class Names:
    """Resolves the cells' host names in place of DNS, and fails where a cell wants it."""

    def __init__(self) -> None:
        self.unknown: set[str] = set()
        self._really = socket.getaddrinfo

    def getaddrinfo(self, host: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(host, str) and host.endswith(DOMAIN):
            if host in self.unknown:
                raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
            host = "127.0.0.1"
        return self._really(host, *args, **kwargs)


NAMES = Names()


@dataclass(frozen=True)
class Tls:
    """Paths of the files for a cell that runs over TLS."""

    authority: str
    certificate: str
    key: str


@dataclass(frozen=True)
class Ends:
    """How a wait has to end. ``states`` are those of the two tasks; ``trouble`` and ``message`` are searched for.

    ``transient`` is the least number of transient errors besides those of logins.
    ``pauses``: so many times the wait has to keep still for longer than any backoff would.
    """

    label: str
    outcome: str
    states: tuple[str, str]
    reason: str | None = None
    transient: int = 0
    most_transient: int | None = None
    trouble: str = ""
    message: str = ""
    pauses: int = 0
    least_seconds: float = 0.0


@dataclass(frozen=True)
class Impossible:
    """Why a fault cannot be at a vendor."""

    why: str


def wait_is_borne(trouble: str, transient: int = 2, **more: Any) -> Ends:
    """Return the end of a wait that bears its trouble and succeeds."""
    return Ends("borne", "succeeded", ("succeeded", "succeeded"), transient=transient, trouble=trouble, **more)


def wait_succeeds(label: str = "no trouble", **more: Any) -> Ends:
    """Return the end of a wait that what happens is no trouble to."""
    return Ends(label, "succeeded", ("succeeded", "succeeded"), most_transient=0, **more)


def wait_ends(reason: str, most_transient: int | None = 0, **more: Any) -> Ends:
    """Return the end of a wait that nothing can save; what was known of its tasks is still known."""
    states = "succeeded", "running"
    return Ends(f"ends: {reason}", "unreachable", states, reason=reason, most_transient=most_transient, **more)


def wait_fails(state: str, **more: Any) -> Ends:
    """Return the end of a wait whose second task ends badly."""
    return Ends(f"fails: {state}", "failed", ("succeeded", state), reason="task_failed", **more)


# The lives of the two tasks


def both_end(vendor: Vendor, seconds: float = 2.5) -> list[dict[str, Any]]:
    """One task ends soon, the other after so many seconds."""
    return [
        {"steps": [{"state": vendor.running, "seconds": min(1.0, seconds)}], "end": {"state": vendor.good}},
        {"steps": [{"state": vendor.running, "seconds": seconds}], "end": {"state": vendor.good}},
    ]


def one_has_ended(vendor: Vendor) -> list[dict[str, Any]]:
    """One has ended before the wait begins, the other never does."""
    return [{"steps": [], "end": {"state": vendor.good}}, {"steps": [{"state": vendor.running}]}]


@dataclass(frozen=True)
class Case:
    """What happens to a wait, and how it has to end.

    ``faults`` are the simulator's. ``meanwhile`` runs beside the wait. ``renewals`` is how often it may log in again
    besides the logins that a fault spoiled. ``logs_out`` is false where the server is away in the end.
    """

    ends: Ends | Impossible
    faults: Callable[[Vendor], list[dict[str, Any]]] = lambda _vendor: []
    lives: Callable[[Vendor], list[dict[str, Any]]] = both_end
    meanwhile: Callable[[Cell], None] | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    login: str = ""
    renewals: int = 0
    request_timeout: float = 5.0
    logs_out: bool = True


class ShiftedClock(SystemClock):
    """The machine's clock, whose time of day somebody sets. Else it agrees with the simulator's."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self.of_simulator: HeldClock | None = None

    def now(self) -> Any:
        behind = self.of_simulator.behind if self.of_simulator else 0.0
        return super().now() + self.ahead - timedelta(seconds=behind)

    def sleep(self, seconds: float) -> None:
        # Else a wait that takes the time of day for its clock would hold up the suite for an hour.
        assert seconds <= LONGEST_WAIT, f"a sleep of {seconds} seconds"
        super().sleep(seconds)


class HeldClock:
    """A simulator's seconds: they begin with the wait's first request, and stand still until all has struck it."""

    def __init__(self, requests_sent: Callable[[], int], requests_needed: Callable[[], float]) -> None:
        self._sent = requests_sent
        self._needed = requests_needed
        self._began = self._begins = time.monotonic()
        self._lock = threading.Lock()

    def __call__(self) -> float:
        with self._lock:
            sent, now = self._sent(), time.monotonic()
            most = HELD_AT if sent else 0.0
            if sent < self._needed() and now - self._begins > most:
                self._begins = now - most
            return now - self._begins

    @property
    def behind(self) -> float:
        """For how many seconds it stood still."""
        return self._begins - self._began


class TimedSession(SocketSession):
    """A session that notes when requests are sent, and what must not be told."""

    def __init__(self, clock: ShiftedClock, vendor: Vendor, options: Mapping[str, Any]) -> None:
        self.moments: list[float] = []
        super().__init__(provider=PROVIDERS[vendor.name], clock=clock, **options)

    def make_http(self, tls: Any) -> RequestsClient:
        client = super().make_http(tls)
        send = client._adapter.send

        def timed(*args: Any, **kwargs: Any) -> Any:
            self.moments.append(time.monotonic())
            return send(*args, **kwargs)

        client._adapter.send = timed
        return client

    @property
    def secrets(self) -> set[str]:
        return {form for secret in self.hidden | secrets_of(self.options) for form in (secret, quote(secret, safe=""))}


class Cell:
    """A run of one case at one vendor."""

    def __init__(self, vendor: Vendor, case: Case, name: str, tls: Tls | None) -> None:
        self.vendor = vendor
        self.case = case
        self.clock = ShiftedClock()
        self.host = f"{name}{DOMAIN}"
        self._tls = tls
        self._simulators: list[Simulator] = []
        self.task_ids = [vendor.task_id(number) for number in (1, 2)]
        self._session: TimedSession | None = None
        self._troubles: list[Exception] = []
        # The first look comes through each of them, after a login.
        faults = [] if isinstance(case.ends, Impossible) else case.faults(vendor)
        of_faults = 1 + sum(fault.get("after", 0) + fault.get("count", 0) for fault in faults)
        self._requests_needed: float = of_faults if case.meanwhile is None else math.inf

    def play(self, lives: list[dict[str, Any]], faults: list[dict[str, Any]], port: int = 0) -> None:
        """Start a simulator, in place of one that has ended."""
        vendor = self.vendor
        tasks = [{"provider": vendor.name, "id": task_id, **life} for task_id, life in zip(self.task_ids, lives)]
        scenario = {"credentials": {vendor.name: vendor.credentials}, "tasks": tasks, "faults": faults}
        files = {"tls_certificate": self._tls.certificate, "tls_key": self._tls.key} if self._tls else {}
        clock = self.clock.of_simulator = HeldClock(lambda: self.requests_sent, lambda: self._requests_needed)
        self._simulators.append(Simulator(scenario, port=port, clock=clock, **files))
        self.simulator.start()

    @property
    def simulator(self) -> Simulator:
        return self._simulators[-1]

    @property
    def requests_sent(self) -> int:
        return 0 if self._session is None else len(self._session.moments)

    def restart(self, lives: list[dict[str, Any]]) -> None:
        """End the server and its sessions, and start it again on its port when the wait has noticed."""
        port = self.simulator.port
        self.simulator.stop()
        self.wait_for_troubles(1)
        self.play(lives, [], port)

    def count(self, template: str | None) -> int:
        """Return how many requests there were, by method and path of the vendor."""
        return sum(simulator.requests()["by_path"].get(template, 0) for simulator in self._simulators)

    def wait_for_reads(self, number: int) -> None:
        """Return when so many requests for tasks came."""
        self._wait_until(lambda: self.simulator.requests()["total"] - self.count(self.vendor.login_request) >= number)

    def wait_for_troubles(self, number: int) -> None:
        """Return when the wait has noticed so many transient errors."""
        self._wait_until(lambda: len(self._troubles) >= number)

    def _wait_until(self, is_so: Callable[[], bool]) -> None:
        until = time.monotonic() + LONGEST_WAIT
        while not is_so() and time.monotonic() < until:
            time.sleep(0.01)

    def _notice(self, look: Look) -> None:
        if look.trouble is not None and look.trouble not in self._troubles:
            self._troubles.append(look.trouble)

    def _meanwhile(self) -> None:
        if self.case.meanwhile is not None:
            self.case.meanwhile(self)
            self._requests_needed = self.requests_sent + TO_BE_STRUCK

    def run(self) -> str:
        """Wait, check how that ended, and return a word for it."""
        ends = self.case.ends
        if isinstance(ends, Impossible):
            return "-"
        self.play(self.case.lives(self.vendor), self.case.faults(self.vendor))
        meanwhile = threading.Thread(target=self._meanwhile)
        meanwhile.start()
        try:
            result = self._wait()
            self._check(result, ends)
        finally:
            meanwhile.join()
            NAMES.unknown.discard(self.host)
            for simulator in self._simulators:
                simulator.stop()
        borne = result["transient_errors"]
        return f"{ends.label} ({borne})" if borne else ends.label

    # The wait, as the runner of the modules makes it

    def _wait(self) -> dict[str, Any]:
        params = {name: option.get("default") for name, option in TASK_WAIT.items()}
        params |= {"task_ids": self.task_ids, "poll_interval": POLL_INTERVAL, "timeout": LONGEST_WAIT}
        params |= {"transient_timeout": 20.0, **self.case.params}
        with TimedSession(self.clock, self.vendor, self._connection()) as session:
            self._session = session
            try:
                return dict(task_wait.run(session.context(params)._replace(observer=self._notice)))
            except WorkError as error:
                return error.to_result()
            finally:
                session.provider.close(Deadline(self.clock, LOGOUT_SECONDS))

    def _connection(self) -> dict[str, Any]:
        address = f"{self.simulator.scheme}://{self.host}:{self.simulator.port}"
        trust = {"ca_path": self._tls.authority} if self._tls else {}
        login = at(address, self.vendor.options(self.case.login))
        return {**login, **trust, "request_timeout": self.case.request_timeout}

    # What has to be

    def _check(self, result: dict[str, Any], ends: Ends) -> None:
        told = json.dumps(result, indent=1, default=str)
        self._check_secrets(told)
        assert (result.get("outcome"), result.get("reason")) == (ends.outcome, ends.reason), told
        tasks = result["tasks"]
        if "select" in self.case.params:
            # In the order of the vendor's list, whatever that is.
            tasks = sorted(tasks, key=lambda task: self.task_ids.index(task["id"]))
        assert tuple(task["state"] for task in tasks) == ends.states, told
        assert [task["id"] for task in tasks] == self.task_ids, told
        assert result["transient_errors"] >= ends.transient + self._spoiled_logins, told
        if ends.most_transient is not None:
            assert result["transient_errors"] <= ends.most_transient, told
        assert re.search(ends.trouble, result["last_transient_error"] or ""), told
        assert re.search(ends.message, result["msg"]), told
        assert result["elapsed"] >= ends.least_seconds, told
        moments = self._session.moments
        gaps = [later - earlier for earlier, later in zip(moments, moments[1:])]
        assert sum(gap >= LONG_PAUSE for gap in gaps) >= ends.pauses, (gaps, told)
        self._check_logins()

    def _check_secrets(self, told: str) -> None:
        text = "\n".join([told, *self._session.warnings])
        # A secret in a Basic login has one of three forms, by where it begins.
        marks = [MARK, *(base64.b64encode(b" " * shift + MARK.encode())[4:-4].decode() for shift in range(3))]
        assert not [secret for secret in {*marks, *self._session.secrets} if secret in text]

    @property
    def _spoiled_logins(self) -> int:
        """How many logins the faults spoil in a way that passes."""
        login = self.vendor.login_path
        faults = self.case.faults(self.vendor) if login else []
        return sum(fault.get("count", 0) for fault in faults if fault.get("path") == login)

    def _check_logins(self) -> None:
        vendor = self.vendor
        if vendor.login_request is None:
            return
        assert 1 <= self.count(vendor.login_request) <= 1 + self._spoiled_logins + self.case.renewals
        if vendor.logout_request is not None and self.case.logs_out:
            # None goes on that it was told of. One whose answer got lost is nobody's to end.
            alive = set(self.simulator.face(vendor.login_path).sessions)
            assert not alive & self._session.secrets


@contextlib.contextmanager
def resolved_names() -> Any:
    """Resolve the cells' host names while entered."""
    socket.getaddrinfo = NAMES.getaddrinfo
    try:
        yield
    finally:
        socket.getaddrinfo = NAMES._really
