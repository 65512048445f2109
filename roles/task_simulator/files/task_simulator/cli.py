# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: serve in the foreground, start in the background, stop, tell what runs.

Exit codes: 0 all is well, 1 it did not work, 2 the scenario or the command line is wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from . import processes
from .scenario import Scenario
from .server import Simulator, TlsError
from .state import Running, StateError, StateFolder
from .validation import ScenarioError

PROGRAM = "task_simulator"


class _CliError(Exception):
    """Ends the program with one line on stderr."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True)
class _Plan:
    """A checked command line."""

    scenario: Scenario
    host: str
    port: int
    tls_certificate: str | None
    tls_key: str | None
    verbose: bool
    fingerprint: str

    def simulator(self) -> Simulator:
        """Bind the port."""
        try:
            return Simulator(
                self.scenario,
                host=self.host,
                port=self.port,
                tls_certificate=self.tls_certificate,
                tls_key=self.tls_key,
                verbose=self.verbose,
            )
        except TlsError as error:
            raise _CliError(str(error)) from None
        except OSError as error:
            raise _CliError(f"cannot listen on {self.host} port {self.port}: {error.strerror or error}") from None


def main(arguments: Sequence[str]) -> int:
    """Run the program and return its exit code."""
    try:
        if arguments and arguments[0] == "stop":
            return _stop(_state_parser("stop", "End a simulator and wait for its end.").parse_args(arguments[1:]))
        if arguments and arguments[0] == "status":
            return _status(_state_parser("status", "Tell whether a simulator runs.").parse_args(arguments[1:]))
        return _start(_start_parser().parse_args(arguments))
    except _CliError as failure:
        sys.stderr.write(f"{PROGRAM}: {failure}\n")
        return failure.code
    except StateError as error:
        sys.stderr.write(f"{PROGRAM}: {error}\n")
        return 1


def _start_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python3 -m {PROGRAM}",
        description="Plays the task APIs of several vendors on one port, with tasks and faults from a scenario file.",
        epilog=f"Also: python3 -m {PROGRAM} stop --state-dir DIR, python3 -m {PROGRAM} status --state-dir DIR.",
    )
    parser.add_argument("--scenario", metavar="FILE", help="YAML or JSON; - reads it from standard input")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one (default)")
    parser.add_argument("--tls-certificate", metavar="PEM", help="speak TLS with this certificate chain")
    parser.add_argument("--tls-key", metavar="PEM", help="the certificate's key, unless it is in the same file")
    parser.add_argument("--state-dir", metavar="DIR", help="private folder in which to leave address and pid")
    parser.add_argument(
        "--daemonize",
        action="store_true",
        help="start in the background unless the same already runs there; needs --state-dir",
    )
    parser.add_argument("--check", action="store_true", help="with --daemonize: only tell what would be done")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
    parser.add_argument("--verbose", action="store_true", help="a line per request, on stderr or in the state folder")
    return parser


def _state_parser(name: str, description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python3 -m {PROGRAM} {name}", description=description)
    parser.add_argument("--state-dir", metavar="DIR", required=True, help="the folder the simulator was started with")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
    return parser


def _read_plan(options: argparse.Namespace) -> _Plan:
    """Read and check everything the command line names."""
    if options.scenario is None:
        text = ""
    elif options.scenario == "-":
        text = sys.stdin.read()
    else:
        try:
            text = Path(options.scenario).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            words = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise _CliError(f"cannot read {options.scenario}: {words}", 2) from None
    try:
        scenario = Scenario.parse(text)
    except ScenarioError as error:
        raise _CliError(str(error), 2) from None
    if not 0 <= options.port <= 65535:
        raise _CliError("--port must be from 0 to 65535", 2)
    if options.tls_key and not options.tls_certificate:
        raise _CliError("--tls-key needs --tls-certificate", 2)
    # Absolute, because a program in the background changes to the root folder.
    certificate, key = _absolute(options.tls_certificate), _absolute(options.tls_key)
    return _Plan(
        scenario=scenario,
        host=options.host,
        port=options.port,
        tls_certificate=certificate,
        tls_key=key,
        verbose=options.verbose,
        fingerprint=_fingerprint(text, [options.host, str(options.port), str(options.verbose)], [certificate, key]),
    )


def _absolute(name: str | None) -> str | None:
    return str(Path(name).expanduser().absolute()) if name else None


def _fingerprint(scenario: str, words: Sequence[str], files: Sequence[str | None]) -> str:
    """Return the same text for the same simulator: scenario, options, certificates, and this program itself."""
    digest = hashlib.sha256()
    own = sorted(Path(__file__).parent.rglob("*.py"))
    for part in (scenario, *words):
        digest.update(hashlib.sha256(part.encode()).digest())
    for path in (*(Path(name) for name in files if name), *own):
        with contextlib.suppress(OSError):
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _report(options: argparse.Namespace, outcome: str, line: str, running: Running | None) -> None:
    """Print how it went, for people or for programs."""
    if options.json:
        document = {
            "outcome": outcome,
            "url": running.url if running else None,
            "pid": running.pid if running else None,
        }
        line = json.dumps(document)
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


# Starting


def _start(options: argparse.Namespace) -> int:
    plan = _read_plan(options)
    folder = StateFolder(options.state_dir) if options.state_dir else None
    if options.daemonize:
        if folder is None:
            raise _CliError("--daemonize needs --state-dir", 2)
        return _start_in_background(options, plan, folder)
    if options.check:
        raise _CliError("--check needs --daemonize", 2)
    if folder is None:
        _serve(options, plan, None)
        return 0
    folder.make()
    with folder.lock() as descriptor:
        running = folder.alive()
        if running is not None:
            raise _CliError(f"a simulator already runs with {folder.path} as its state folder: {running.url}")
        _serve(options, plan, folder, held=descriptor)
    return 0


def _serve(options: argparse.Namespace, plan: _Plan, folder: StateFolder | None, held: int | None = None) -> None:
    """Serve in this process until a signal comes; ``held`` is a lock to give back once all is in place."""
    with _serving(plan, folder) as (running, done):
        if held is not None:
            os.close(held)
        _report(options, "started", f"Task simulator listens on {running.url}", running)
        done.wait()


@contextlib.contextmanager
def _serving(plan: _Plan, folder: StateFolder | None) -> Iterator[tuple[Running, threading.Event]]:
    """Serve and leave word of it; the event is set when a signal comes."""
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: done.set())
    with plan.simulator() as simulator:
        running = _leave_word(plan, simulator, folder)
        try:
            yield running, done
        finally:
            if folder is not None:
                folder.forget(os.getpid())


def _leave_word(plan: _Plan, simulator: Simulator, folder: StateFolder | None) -> Running:
    own = processes.find(os.getpid())
    running = Running(os.getpid(), simulator.url, own.started if own else "", plan.fingerprint)
    if folder is not None:
        folder.write(running)
    return running


def _start_in_background(options: argparse.Namespace, plan: _Plan, folder: StateFolder) -> int:
    """Start a daemon, unless the same one runs already; another one in its place is ended first."""
    if options.check:
        running = folder.alive() if folder.exists else None
        if running is not None and running.fingerprint == plan.fingerprint:
            _report(options, "running", f"Task simulator already listens on {running.url}", running)
        elif running is not None:
            _report(options, "would_restart", f"Task simulator on {running.url} would be restarted", running)
        else:
            _report(options, "would_start", "Task simulator would be started", None)
        return 0
    folder.make()
    with folder.lock() as descriptor:
        running = folder.alive()
        if running is not None and running.fingerprint == plan.fingerprint:
            _report(options, "running", f"Task simulator already listens on {running.url}", running)
            return 0
        outcome = "started"
        if running is not None:
            outcome = "restarted"
            _end(running)
        running = _fork(plan, folder, descriptor)
    _report(options, outcome, f"Task simulator listens on {running.url}", running)
    return 0


def _fork(plan: _Plan, folder: StateFolder, descriptor: int) -> Running:
    """Start the daemon and return what it says of itself once it listens."""
    receiver, sender = os.pipe()
    child = os.fork()
    if child == 0:
        # Nothing may return from here: the parent's stack is not the child's to unwind.
        code = 1
        try:
            os.close(receiver)
            os.close(descriptor)
            os.setsid()
            # A second fork, so that the daemon leads no session and can never get a terminal.
            if os.fork() == 0:
                _become_daemon(plan, folder, sender)
            code = 0
        finally:
            os._exit(code)
    os.close(sender)
    os.waitpid(child, 0)
    with os.fdopen(receiver, encoding="utf-8") as pipe:
        said = pipe.read()
    running = folder.alive() if said == "listening" else None
    if running is None:
        raise _CliError(said if said and said != "listening" else "the simulator ended before it listened")
    return running


def _become_daemon(plan: _Plan, folder: StateFolder, sender: int) -> None:
    """Serve as a daemon; says "listening" or what went wrong into the pipe."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    pipe: TextIO = os.fdopen(sender, "w", encoding="utf-8")
    try:
        os.chdir("/")
        os.umask(0o077)
        _let_go_of_terminal(folder if plan.verbose else None)
        with _serving(plan, folder) as (_running, done):
            pipe.write("listening")
            pipe.close()
            done.wait()
    except BaseException as error:
        if pipe.closed:
            raise
        # Whatever it is, the parent has to hear of it.
        pipe.write(str(error) or repr(error))
        pipe.close()


def _let_go_of_terminal(folder: StateFolder | None) -> None:
    """Close the standard streams for whoever started it; stderr becomes the log if one is wanted."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.close(nothing)
    if folder is not None:
        log = os.open(folder.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 2)
        os.close(log)


# Stopping


def _end(running: Running) -> bool:
    try:
        return processes.end(running.pid, running.started)
    except (OSError, TimeoutError) as error:
        raise _CliError(f"cannot end process {running.pid}: {error}") from None


def _stop(options: argparse.Namespace) -> int:
    folder = StateFolder(options.state_dir)
    ended = False
    running: Running | None = None
    if folder.exists:
        with folder.lock():
            running = folder.read()
            ended = running is not None and _end(running)
            folder.remove()
    if ended:
        _report(options, "stopped", "Task simulator has ended", running)
    else:
        _report(options, "absent", "No task simulator runs", None)
    return 0


def _status(options: argparse.Namespace) -> int:
    folder = StateFolder(options.state_dir)
    running = folder.alive() if folder.exists else None
    if running is None:
        _report(options, "absent", "No task simulator runs", None)
        return 1
    _report(options, "running", f"Task simulator listens on {running.url}", running)
    return 0
