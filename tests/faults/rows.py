# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of the table: what networks, servers and people do to a wait."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ansible_collections.longrunning.tasks.plugins.module_utils._module.argument_specs import TASK_WAIT

from .cells import (
    NAMES,
    Case,
    Cell,
    Impossible,
    both_end,
    one_has_ended,
    wait_ends,
    wait_fails,
    wait_is_borne,
    wait_succeeds,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ansible_collections.longrunning.tasks.tests.unit.support.vendors import Vendor

    from .cells import Ends

YEAR = 365 * 86400
HOUR = 3600.0


@dataclass(frozen=True, eq=False)
class Row:
    """A fault, and what it is at the vendors where it is something else."""

    name: str
    case: Case
    at: Mapping[str, Case] = field(default_factory=dict)

    def case_at(self, vendor: Vendor) -> Case:
        """Return the case of one cell."""
        return self.at.get(vendor.name, self.case)


# --- on the wire ----------------------------------------------------------------------------------------------


def passing(kind: str, **details: Any) -> Callable[[Vendor], list[dict[str, Any]]]:
    """Return what spoils the first login, where there is one, and two looks at tasks later on."""

    def faults(vendor: Vendor) -> list[dict[str, Any]]:
        fault = {"kind": kind, **details}
        at_login = [{**fault, "path": vendor.login_path, "method": "POST", "count": 1}] if vendor.login_path else []
        return [*at_login, {**fault, "path": vendor.tasks_path, "after": 1, "count": 2}]

    return faults


def wire(name: str, trouble: str, kind: str, **details: Any) -> Row:
    """Return a row of trouble that passes."""
    return Row(name, Case(wait_is_borne(trouble), passing(kind, **details)))


def both_end_soon(vendor: Vendor) -> list[dict[str, Any]]:
    """Have ended at a deadline that is not far, however late the fault came."""
    return both_end(vendor, 1.2)


def both_end_late(vendor: Vendor) -> list[dict[str, Any]]:
    """Leave the first login time to fail slowly."""
    return both_end(vendor, 4.0)


def both_end_together(vendor: Vendor) -> list[dict[str, Any]]:
    """End no task before what is to happen has happened."""
    _first, second = both_end(vendor, 4.0)
    return [second, second]


def slow(name: str, trouble: str, kind: str, **details: Any) -> Row:
    """Return a row of trouble that takes its time."""
    ends = wait_is_borne(trouble)
    return Row(name, Case(ends, passing(kind, **details), lives=both_end_late, request_timeout=0.8))


def lasting(name: str, trouble: str, kind: str, *, logs_out: bool = True, **details: Any) -> Row:
    """Return a row of trouble that does not pass within the time that it is borne."""
    ends = wait_ends("unreachable", transient=2, most_transient=None, trouble=trouble, message=trouble)

    def faults(vendor: Vendor) -> list[dict[str, Any]]:
        return [{"kind": kind, "path": vendor.tasks_path, "after": 3, **details}]

    params = {"transient_timeout": 1.5}
    return Row(name, Case(ends, faults, lives=one_has_ended, params=params, logs_out=logs_out))


def refusing(vendor: Vendor) -> list[dict[str, Any]]:
    """Refuse connections at first, and again in mid-wait."""
    return [
        {"kind": "refuse", "from_second": 0, "for_seconds": 0.7},
        {"kind": "refuse", "path": vendor.tasks_path, "after": 1, "for_seconds": 1.2},
    ]


def lose_dns(cell: Cell) -> None:
    """Let the host's name be unknown for a while; the connection has to be made anew then."""
    cell.wait_for_reads(1)
    NAMES.unknown.add(cell.host)
    cell.simulator.add_fault(kind="reset", count=1)
    cell.wait_for_troubles(2)
    NAMES.unknown.discard(cell.host)


def restart(cell: Cell) -> None:
    """Start the server anew; what it knew of its clients is gone."""
    cell.wait_for_reads(2)
    cell.restart(both_end(cell.vendor, 1.0))


WIRE = (
    Row(
        "connection refused for a while",
        Case(wait_is_borne("connection was refused", 3), refusing, lives=both_end_late),
    ),
    lasting("connection refused for good", "connection was refused", "refuse", for_seconds=60, logs_out=False),
    wire("reset before the answer", "connection was reset", "reset", where="before"),
    wire("reset before the body", "connection was reset|cut off", "reset", where="head"),
    wire("reset inside the body", "connection was reset|cut off", "reset", where="body"),
    slow("read timeout", "did not answer .* in time", "slow", seconds=3),
    slow("slow drip", "did not answer .* in time", "drip", seconds=0.05),
    wire("truncated body", "cut off before its end", "truncate"),
    wire("gzip garbage", "content encoding is broken", "gzip_garbage"),
    wire("HTML page", "HTML page instead of JSON|something else than its JSON", "html"),
    Row(
        "wrong content type",
        Case(wait_succeeds(), lambda vendor: [{"kind": "content_type", "path": vendor.tasks_path}]),
    ),
    Row(
        "DNS failing for a while",
        Case(wait_is_borne("name .* cannot be resolved", 2), lives=both_end_late, meanwhile=lose_dns),
    ),
    Row(
        "server restarted on the same port",
        Case(wait_is_borne("", 1), lives=one_has_ended, meanwhile=restart, renewals=1),
    ),
)

# --- "not now" ------------------------------------------------------------------------------------------------


def not_now(status: int) -> tuple[Row, ...]:
    """Return the rows of an answer with each kind of Retry-After."""
    words = f"HTTP {status}"

    def only_reads(**details: Any) -> Callable[[Vendor], list[dict[str, Any]]]:
        return lambda vendor: [
            {"kind": "status", "status": status, "path": vendor.tasks_path, "after": 1, "count": 1, **details}
        ]

    def paused(pauses: int) -> Ends:
        return wait_is_borne(words, 2, pauses=pauses)

    def heard(**details: Any) -> Case:
        return Case(paused(2), passing("status", status=status, **details), lives=both_end_late)

    return (
        wire(f"{status} without Retry-After", words, "status", status=status),
        Row(f"{status}, Retry-After in seconds", heard(retry_after=1.5 if status == 503 else 2)),
        Row(f"{status}, Retry-After as a date", heard(retry_after=2, retry_after_form="date")),
        # Honoured up to the deadline, where the wait looks once more.
        Row(
            f"{status}, Retry-After of a year",
            Case(
                wait_is_borne(words, 1, pauses=1, least_seconds=4.0),
                only_reads(retry_after=YEAR),
                lives=both_end_soon,
                params={"timeout": 4.0},
            ),
        ),
        wire(f"{status}, Retry-After below 0", words, "status", status=status, retry_after=-5),
    )


REJECTED = Case(
    wait_ends("rejected", message="HTTP 413"),
    lambda vendor: [{"kind": "status", "status": 413, "path": vendor.tasks_path, "after": 3}],
    lives=one_has_ended,
)

STATUSES = (
    *not_now(429),
    *not_now(503),
    Row(
        "413 over limit",
        # Elsewhere it speaks of the size of a request, which does not pass.
        REJECTED,
        {"rackspace_images": Case(wait_is_borne("HTTP 413"), passing("over_limit"))},
    ),
    lasting("503 for good", "HTTP 503", "status", status=503),
    *(wire(f"{status}", f"HTTP {status}", "status", status=status) for status in (500, 502, 504)),
)

# --- logins and clocks ----------------------------------------------------------------------------------------


def expired(vendor: Vendor) -> list[dict[str, Any]]:
    """Let the vendor forget in mid-wait who is logged in."""
    return [{"kind": "expire_sessions", "path": vendor.tasks_path, "after": 3}]


def refused(vendor: Vendor) -> list[dict[str, Any]]:
    """Refuse every request from some moment on, however often somebody logs in."""
    return [*expired(vendor), {"kind": "unauthorized", "path": vendor.tasks_path, "after": 3}]


def refused_with_login(vendor: Vendor) -> list[dict[str, Any]]:
    """Refuse new logins as well."""
    at_login = {"kind": "unauthorized", "path": vendor.login_path, "method": "POST", "after": 1}
    return [*refused(vendor), *([at_login] if vendor.login_path else [])]


def set_clock(seconds: float) -> Callable[[Cell], None]:
    """Set this machine's clock while the wait goes on, so that it has to log in and to read a date after that."""

    def meanwhile(cell: Cell) -> None:
        # Who signs has to be done with signing in the first look: the list, and the task that has ended.
        cell.wait_for_reads(2 if cell.vendor.name == "huawei_koodrive" else 1)
        cell.clock.ahead = timedelta(seconds=seconds)
        if cell.vendor.name == "openstack_images":
            # keystoneauth1 looks at the real clock, so the server's is set the other way. By more than a token's life.
            cell.simulator.add_fault(kind="set_clock", seconds=-2 * seconds)
        # The next list: a task that has ended may have to be read once more in this look.
        path = f"{cell.vendor.tasks_path}/list" if cell.vendor.name == "huawei_koodrive" else cell.vendor.tasks_path
        cell.simulator.add_fault(kind="status", status=503, retry_after=2, retry_after_form="date", count=1, path=path)
        if cell.vendor.login_path:
            cell.simulator.expire_sessions()

    return meanwhile


def clock_row(name: str, seconds: float) -> Row:
    """Return the row of a clock that is set."""
    ended = Case(
        replace(wait_ends("authentication", message="this machine's clock"), most_transient=1),
        lives=one_has_ended,
        meanwhile=set_clock(seconds),
        login="signature",
    )
    borne = wait_is_borne("HTTP 503", 1, pauses=1)
    # Who signs a request writes down when.
    # Nothing else may be due during the pause, such as the look at a task that has just ended.
    return Row(
        name,
        Case(borne, lives=both_end_together, meanwhile=set_clock(seconds), renewals=1),
        {"huawei_koodrive": ended},
    )


def away(vendor: Vendor) -> list[dict[str, Any]]:
    """Let what stands in front of the login answer alone when somebody logs in again."""
    at_login = {"kind": "html", "status": 404, "path": vendor.login_path, "method": "POST", "after": 1, "count": 1}
    return [*expired(vendor), at_login]


ENDED_LOGIN = Case(wait_ends("authentication"), expired, lives=one_has_ended)
NO_LOGIN = Case(Impossible("every request carries the login, there is no other one"))
UNSIGNED = Case(Impossible("only KooDrive has requests signed"))

LOGINS = (
    Row(
        "401 in mid-wait: session or token",
        Case(wait_succeeds("new login"), expired, renewals=1),
        {
            "netapp_astra_control": ENDED_LOGIN,
            "dbvisit_standby": replace(ENDED_LOGIN, login="token"),
            "huawei_koodrive": ENDED_LOGIN,
        },
    ),
    Row(
        "the same, the login is away (404)",
        Case(wait_is_borne("any more \\(HTTP 404\\)", 0), away, lives=both_end_late, renewals=1),
        dict.fromkeys(("netapp_astra_control", "dbvisit_standby", "huawei_koodrive"), NO_LOGIN),
    ),
    Row(
        "401 in mid-wait: signature window",
        UNSIGNED,
        {
            "huawei_koodrive": Case(
                wait_succeeds("signed anew"),
                lambda vendor: [{"kind": "unauthorized", "path": vendor.tasks_path, "after": 2, "count": 1}],
                login="signature",
            ),
        },
    ),
    Row(
        "401 for good, a new login is refused",
        Case(wait_ends("authentication"), refused_with_login, lives=one_has_ended, renewals=1),
    ),
    Row(
        "401 for good, a new login does not help",
        Case(wait_ends("authentication"), refused, lives=one_has_ended, renewals=1),
        {"huawei_koodrive": Case(wait_ends("authentication"), refused, lives=one_has_ended, login="signature")},
    ),
    clock_row("clock set back by an hour", -HOUR),
    clock_row("clock set forward by an hour", HOUR),
)

# --- tasks ----------------------------------------------------------------------------------------------------


def forgotten(vendor: Vendor) -> list[dict[str, Any]]:
    """Forget the second task as soon as it ends."""
    first, second = both_end(vendor, 1.5)
    return [first, {**second, "forgotten_after": 0}]


def dismissed(vendor: Vendor) -> list[dict[str, Any]]:
    """Let somebody put the second task away between two looks: it failed, and nothing tells so any more."""
    first, _second = both_end(vendor)
    steps = [{"state": vendor.running, "seconds": 1.5}, {"state": "Failed", "seconds": 0.001}]
    return [first, {"steps": steps, "end": {"state": "Dismissed"}}]


def backwards(vendor: Vendor) -> list[dict[str, Any]]:
    """Let an end be taken back, and a task that runs wait in the queue again."""
    taken_back = [{"state": vendor.good, "seconds": 1.5}, {"state": vendor.running}]
    queued_again = [{"state": state, "seconds": 0.8} for state in (vendor.running, vendor.queued, vendor.running)]
    return [{"steps": taken_back}, {"steps": queued_again, "end": {"state": vendor.good}}]


NOT_DISMISSED = Case(Impossible("only Dbvisit lets somebody put a task away"))
NO_NUMBER = Case(Impossible("its ids are UUIDs, which no JSON number can be"))

TASKS = (
    Row("task forgotten after its end", Case(wait_fails("not_found", message="not_found"), lives=forgotten)),
    Row(
        "the same with not_found: succeed",
        Case(
            replace(wait_succeeds("succeeds", message="as succeeded"), states=("succeeded", "not_found")),
            lives=forgotten,
            params={"not_found": "succeed"},
        ),
    ),
    Row(
        "task dismissed between two polls",
        NOT_DISMISSED,
        {"dbvisit_standby": Case(wait_fails("dismissed", message="can no longer be known"), lives=dismissed)},
    ),
    Row("state going backwards", Case(wait_succeeds(), lives=backwards)),
    Row(
        "id that changes its type",
        Case(wait_succeeds(), lambda vendor: [{"kind": "id_type", "path": vendor.tasks_path, "after": 1}]),
        dict.fromkeys(("rackspace_images", "openstack_images", "netapp_astra_control"), NO_NUMBER),
    ),
)

# --- a selection instead of IDs -------------------------------------------------------------------------------

SELECT = {name: option.get("default") for name, option in TASK_WAIT["select"]["options"].items()}
#: Long enough for the first look to see both, whatever it has to come through before.
LONG = 6.0


def both_go_on(vendor: Vendor) -> list[dict[str, Any]]:
    """Let both tasks go on for long."""
    _first, second = both_end(vendor, LONG)
    return [second, second]


def neither_ends(vendor: Vendor) -> list[dict[str, Any]]:
    """Let both tasks go on for ever."""
    _ended, endless = one_has_ended(vendor)
    return [endless, endless]


def one_is_forgotten(vendor: Vendor) -> list[dict[str, Any]]:
    """Forget the second task as soon as it ends."""
    first, second = both_go_on(vendor)
    return [first, {**second, "forgotten_after": 0}]


def selecting(row: Row) -> Row:
    """Return the row of the same fault at a wait until no task goes on."""

    def of(case: Case) -> Case:
        if isinstance(case.ends, Impossible):
            return case
        is_endless = case.ends.outcome == "unreachable"
        return replace(
            case,
            ends=replace(case.ends, states=("running", "running")) if is_endless else case.ends,
            lives=neither_ends if is_endless else both_go_on,
            params={**case.params, "task_ids": None, "select": SELECT},
        )

    return Row(f"select: {row.name}", of(row.case), {vendor: of(case) for vendor, case in row.at.items()})


FORGOTTEN = Case(
    replace(wait_succeeds("told", message="did not succeed"), states=("succeeded", "not_found")),
    lives=one_is_forgotten,
    params={"task_ids": None, "select": SELECT},
)
_SELECTING = (
    *("reset inside the body", "read timeout", "truncated body", "HTML page"),
    *("429, Retry-After in seconds", "502", "503 for good", "401 in mid-wait: session or token"),
)
SELECTIONS = (
    *(selecting(row) for row in (*WIRE, *STATUSES, *LOGINS) if row.name in _SELECTING),
    Row(
        "select: task forgotten after its end",
        FORGOTTEN,
        # A look at the list and one at the task: more often than this, its quota is used up.
        {"vmware_live_site_recovery": replace(FORGOTTEN, params={**FORGOTTEN.params, "poll_interval": 1.0})},
    ),
)

ROWS = (*WIRE, *STATUSES, *LOGINS, *TASKS, *SELECTIONS)
