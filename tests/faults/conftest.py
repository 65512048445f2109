# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the cells that were asked for side by side, and prints the table at the end."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from ansible_collections.longrunning.tasks.tests.unit.support.certificates import ca_file, server_files
from ansible_collections.longrunning.tasks.tests.unit.support.socket_server import bare_environment

from .cells import DOMAIN, VENDORS, Cell, Impossible, Tls, resolved_names
from .rows import ROWS

#: Waits on a machine that is not slow, and how long that takes to add up numbers.
SIDE_BY_SIDE, NUMBERS, SECONDS_FOR_NUMBERS = 24, range(10_000_000), 0.2
_COLUMN = 24

TABLE = pytest.StashKey()
SECONDS = pytest.StashKey()
#: What has become of each cancel, by its fault, vendor and way.
CANCELS = pytest.StashKey()


@pytest.fixture(scope="session")
def table(pytestconfig):
    """Return what has become of each cell."""
    return pytestconfig.stash.setdefault(TABLE, {})


@pytest.fixture(scope="session")
def tls(tmp_path_factory):
    """Return the files of a server whose authority nobody trusts unasked."""
    folder = tmp_path_factory.mktemp("tls")
    return Tls(ca_file(folder), *server_files(folder, f"*{DOMAIN}"))


def _is_cell(item):
    return "table" in item.fixturenames


def pytest_collection_modifyitems(items):
    """Put what is no cell first: it runs while the cells sleep."""
    items.sort(key=_is_cell)


@pytest.fixture(scope="session")
def side_by_side():
    """Return how many waits run side by side: fewer on a slow machine, so that each gets on as it does elsewhere."""
    began = time.monotonic()
    sum(NUMBERS)
    return max(2, min(SIDE_BY_SIDE, round(SIDE_BY_SIDE * SECONDS_FOR_NUMBERS / (time.monotonic() - began))))


@pytest.fixture(scope="session", autouse=True)
def cells(request, tls, side_by_side):
    """Return the futures of all cells that were asked for, which begin with the session."""
    wanted = [item.callspec.params for item in request.session.items if _is_cell(item)]
    began = time.monotonic()

    def take_time(_future):
        request.config.stash[SECONDS] = time.monotonic() - began

    with pytest.MonkeyPatch.context() as monkeypatch, resolved_names(), ThreadPoolExecutor(side_by_side) as pool:
        bare_environment(monkeypatch)
        futures = {}
        for params in wanted:
            row, vendor = params["row"], params["vendor"]
            futures[row, vendor] = future = pool.submit(_cell(row, vendor, tls).run)
            future.add_done_callback(take_time)
        yield futures
        pool.shutdown(cancel_futures=True)


def _is_over_tls(row, vendor):
    """Every fault meets TLS at every other vendor."""
    return (ROWS.index(row) + VENDORS.index(vendor)) % 2 == 1


def _cell(row, vendor, tls):
    name = f"{ROWS.index(row)}-{VENDORS.index(vendor)}"
    return Cell(vendor, row.case_at(vendor), name, tls if _is_over_tls(row, vendor) else None)


def _print_cancels(terminalreporter, cells):
    """Print what a fault at the request that cancels comes to: the same at each vendor, or told apart."""
    terminalreporter.section("cancel x fault")
    columns = list(dict.fromkeys(cell[1:] for cell in cells))
    faults = list(dict.fromkeys(name for (name, *_cell), word in cells.items() if word))
    width = max(map(len, faults))
    heads = [f"{vendor.partition('_')[0]} {way}" for vendor, way in columns]
    rows = [("fault", heads), *((name, [cells.get((name, *column), "") for column in columns]) for name in faults)]
    for name, words in rows:
        terminalreporter.write_line(" ".join([name.ljust(width), *(word.ljust(_COLUMN) for word in words)]).rstrip())


def pytest_terminal_summary(terminalreporter, config):
    """Print the tables, or what of them was asked for."""
    cancels = config.stash.get(CANCELS, {})
    if cancels:
        _print_cancels(terminalreporter, cancels)
    done = config.stash.get(TABLE, {})
    if not done:
        return
    write = terminalreporter.write_line
    terminalreporter.section("vendor x fault")
    width = max(len(row.name) for row in ROWS)
    notes = []
    write(" ".join(["fault".ljust(width), *(vendor.title.ljust(_COLUMN) for vendor in VENDORS)]).rstrip())
    for row in ROWS:
        words = [done.get((row, vendor), "") for vendor in VENDORS]
        if not any(words):
            continue
        for number, vendor in enumerate(VENDORS):
            ends = row.case_at(vendor).ends
            if isinstance(ends, Impossible):
                if ends.why not in notes:
                    notes.append(ends.why)
                words[number] = f"- [{notes.index(ends.why) + 1}]"
            elif _is_over_tls(row, vendor):
                words[number] += " *"
        write(" ".join([row.name.ljust(width), *(word.ljust(_COLUMN) for word in words)]).rstrip())
    write("")
    cells, seconds = sum(word != "-" for word in done.values()), config.stash.get(SECONDS, 0.0)
    write(
        f"{cells} waits, at most {SIDE_BY_SIDE} at a time, in {seconds:.0f} s. (n): transient errors that were borne."
    )
    write("ends, fails: as it should, with what was known of all tasks. *: over TLS.")
    for number, why in enumerate(notes, 1):
        write(f"[{number}] {why}.")
