# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a worker does the work, and that it leaves nothing behind. The playbook test_edges.py compares the results."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import warnings
from contextlib import suppress
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from ansible.plugins.action import ActionBase, normal

from ansible_collections.longrunning.tasks.plugins.action.task_info import ActionModule
from ansible_collections.longrunning.tasks.plugins.module_utils._api import http_client as _http
from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import InterruptError
from ansible_collections.longrunning.tasks.plugins.module_utils._module import runner
from ansible_collections.longrunning.tasks.plugins.plugin_utils import _in_worker
from ansible_collections.longrunning.tasks.plugins.plugin_utils._in_worker import SETTING, is_for_programs
from ansible_collections.longrunning.tasks.tests.unit.support.socket_server import answer, serving

MODULE = {"the module": "ran"}
LOCKS = (type(threading.Lock()), type(threading.RLock()))
#: Seconds for what takes less than one where nothing else runs.
PATIENCE = 60
TASK = {"id": "a", "status": "success", "type": "import"}


@pytest.fixture(autouse=True)
def _a_worker(monkeypatch):
    monkeypatch.setattr(_in_worker.multiprocessing, "parent_process", object)
    monkeypatch.setattr(ActionBase, "run", lambda *_args: {})
    monkeypatch.setattr(normal.ActionModule, "run", lambda *_args: MODULE)


def action(folder, *, environment=(), transport="local", become=None, **fields):
    """Return the action plugin of a task."""
    task = SimpleNamespace(
        action="longrunning.tasks.task_info",
        resolved_action="longrunning.tasks.task_info",
        async_val=0,
        check_mode=False,
        delegate_to=None,
        no_log=False,
        args={"provider": "rackspace_images", "task_id": "a", "api_token": "t0ken-of-a-test", **fields},
    )
    made = object.__new__(ActionModule)
    made._task = task
    made._connection = SimpleNamespace(transport=transport, become=become)
    made._loader = SimpleNamespace(get_basedir=lambda: str(folder))
    made._templar = SimpleNamespace(template=lambda value: value)
    made._compute_environment_string = lambda found: found.update(environment)
    return made


@pytest.fixture
def run(tmp_path):
    """Return a function that runs the task where a vendor has it, and returns the result."""
    with serving(lambda _request: answer(TASK)) as server:

        def run(task_vars=None, async_val=0, **fields):
            plugin = action(tmp_path, **{"api_url": server.url, **fields})
            plugin._task.async_val = async_val
            return plugin.run(task_vars=task_vars or {})

        yield run


def test_an_option_that_there_is_not_counts_before_one_that_is_missing(run):
    result = run(task_id=None, task_idd="a")
    assert result["failed"]
    assert result["msg"] == "Unsupported options: task_idd. Did you mean task_id?"


def test_a_local_task_is_done_in_the_worker(run):
    assert run()["task"]["state"] == "succeeded"
    assert run(transport="ansible.builtin.local")["task"]["state"] == "succeeded"
    assert run({SETTING: "yes"})["task"]["state"] == "succeeded"


@pytest.mark.parametrize(
    "case",
    [
        {"transport": "ssh"},
        # What delegate_to names is the connection: ansible-core makes it before the action.
        {"transport": "community.general.lxc"},
        {"become": object()},
        {"async_val": 60},
        {"task_vars": {SETTING: False}},
        {"task_vars": {SETTING: "no"}},
        {"environment": {"PYTHONPATH": "/opt"}},
        {"environment": {"OPENSSL_CONF": "/opt/openssl.cnf"}},
        # What no module could be sent is for ansible-core to refuse.
        {"filters": object()},
    ],
)
def test_where_it_could_differ_the_module_runs(run, case):
    assert run(**case) == MODULE


@pytest.mark.parametrize(
    ("target", "name", "value"),
    [
        (_in_worker, "HAS_REQUESTS", False),
        (runner, "find_spec", lambda name: None if name == "jsonschema" else name),
        (_in_worker.multiprocessing, "parent_process", lambda: None),
        (sys, "platform", "darwin"),
    ],
)
def test_where_it_cannot_be_done_the_module_runs(run, monkeypatch, target, name, value):
    monkeypatch.setattr(target, name, value)
    assert run() == MODULE


@pytest.mark.parametrize(("format_", "is_done_here"), [("json", True), ("xml", False)])
def test_a_library_that_only_the_definition_needs_counts(run, monkeypatch, format_, is_done_here):
    monkeypatch.setattr(runner, "find_spec", lambda name: None if name == "xmltodict" else name)
    definition = {"get": {"path": "/tasks/{id}"}, "fields": {"state": "status"}, "states": {"success": "succeeded"}}
    assert (run(provider="", definition={**definition, "format": format_}) != MODULE) is is_done_here


def test_the_name_of_a_definition_is_resolved_before(run):
    result = run(provider="", definition="no_such_name")
    assert (result["failed"], result["reason"], result["option"]) == (True, "invalid_option", "definition")


def state():
    return (
        dict(os.environ),
        Path.cwd(),
        [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)],
    )


def clients():
    gc.collect()
    return sum(isinstance(kept, _http.RequestsClient) for kept in gc.get_objects())


def descriptors():
    return len([*Path("/proc/self/fd").iterdir()])


def test_a_task_leaves_nothing_to_the_next_one(run, monkeypatch):
    """As a loop does, all of whose items one worker runs, and unlike a daemon that keeps settings."""
    seen = []
    work = ActionModule.work

    def looking(context):
        seen.append((os.environ.get("http_proxy"), Path.cwd()))
        return work(context)

    monkeypatch.setattr(ActionModule, "work", staticmethod(looking))
    here = Path.cwd()
    run(environment={"no_proxy": "127.0.0.1", "http_proxy": "http://proxy.invalid"})
    before, open_before, threads, clients_before = state(), descriptors(), threading.active_count(), clients()
    for _number in range(20):
        run()
    assert state() == before
    # The vendor of the test closes a connection of its own later.
    assert descriptors() <= open_before + 3
    assert threading.active_count() <= threads + 3
    assert [proxy for proxy, _folder in seen] == ["http://proxy.invalid", *[None] * 20]
    assert here not in {folder for _proxy, folder in seen}
    # Other tests in this process have theirs, and a thread that has just answered may hold one more.
    assert clients() <= clients_before + 1


@pytest.mark.parametrize("error", [KeyError("a defect"), InterruptError("a signal"), KeyboardInterrupt()])
def test_an_error_leaves_nothing_behind_either(run, monkeypatch, error):
    def fail(_context):
        raise error

    monkeypatch.setattr(ActionModule, "work", staticmethod(fail))
    before = state()
    with suppress(KeyboardInterrupt):
        assert run(environment={"http_proxy": "http://proxy.invalid"})["failed"] is True
    assert state() == before


def test_after_a_signal_the_worker_ends_as_it_would_have(run, monkeypatch):
    ends = []
    monkeypatch.setattr(ActionModule, "work", staticmethod(lambda _context: signal.raise_signal(signal.SIGTERM)))
    before = signal.signal(signal.SIGTERM, lambda number, _frame: ends.append(number))
    try:
        run()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert ends == [signal.SIGTERM]


def test_a_worker_whose_ansible_playbook_is_gone_ends_with_its_work(run, monkeypatch):
    ended = []
    monkeypatch.setattr(_in_worker.AttendedClock, "end_with_parent", lambda _clock: ended.append("here"))
    run()
    assert ended == ["here"]


def test_secrets_are_registered_where_ansible_core_can(run, monkeypatch):
    told = []
    monkeypatch.setattr(runner, "register_secrets", told.extend)
    assert "t0ken-of-a-test" not in str(run())
    assert "t0ken-of-a-test" in told


def locks_of_the_process():
    """Yield the locks that are there once: those of modules that the work uses, of their classes and their objects."""
    used = ("ansible_collections.longrunning.tasks.plugins.", "requests", "urllib3", "jsonschema")
    for module in [module for name, module in sys.modules.items() if module and name.startswith(used)]:
        for value in list(vars(module).values()):
            # Python gives back those of its own modules.
            has_more = hasattr(value, "__dict__") and not isinstance(value, ModuleType)
            kept = list(vars(value).values()) if has_more else []
            yield from (lock for lock in (value, *kept) if isinstance(lock, LOCKS))


def test_a_worker_needs_no_lock_that_it_inherits(run):
    """A thread of ansible-playbook may hold any when it forks a worker, where nobody gives them back."""
    run()
    locks = list(dict.fromkeys(locks_of_the_process()))
    assert locks
    are_held, are_free = threading.Event(), threading.Event()

    def hold():
        taken = [lock for lock in locks if lock.acquire(blocking=False)]
        are_held.set()
        are_free.wait()
        for lock in taken:
            lock.release()

    holder = threading.Thread(target=hold)
    holder.start()
    are_held.wait()
    with warnings.catch_warnings():
        # Of Python: that threads and forks do not go together.
        warnings.simplefilter("ignore")
        worker = os.fork()
    if worker == 0:
        with suppress(BaseException):
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(PATIENCE)
            os._exit(0 if run()["task"]["state"] == "succeeded" else 1)
        os._exit(2)
    are_free.set()
    holder.join()
    assert os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]) == 0


@pytest.fixture
def teller_of(tmp_path, monkeypatch):
    """Return a function that returns how the lines of a wait are told, None where there are none."""

    def teller_of(*, strategy="linear", check_mode=False, progress=True, **fields):
        plugin, told = action(tmp_path), []
        vars(plugin._task).update(fields, get_play=lambda: SimpleNamespace(strategy=strategy), get_name=lambda: "Wait")
        monkeypatch.setattr(_in_worker, "ProgressTeller", lambda *where, **how: told.append((*where, how)))
        worker = SimpleNamespace(params={"progress": progress, "progress_interval": 60.0}, clock=SimpleNamespace())
        call = SimpleNamespace(host="web", check_mode=check_mode)
        lines = plugin._live_lines(call, worker)
        assert (lines is None) is (told == [])
        return told[0] if told else None

    return teller_of


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({}, "[web]"),
        ({"delegate_to": "localhost"}, "[web -> localhost]"),
        ({"strategy": "ansible.builtin.free"}, "[web] Wait:"),
        ({"strategy": "debug"}, "[web]"),
    ],
)
def test_live_lines_say_whose_they_are(teller_of, fields, where):
    told, interval, how = teller_of(**fields)
    assert (told, interval, how["counts_only"]) == (where, 60.0, False)


def test_live_lines_of_a_task_with_no_log_tell_counts_only(teller_of):
    assert teller_of(no_log=True)[2]["counts_only"] is True


@pytest.mark.parametrize("fields", [{"check_mode": True}, {"progress": False}])
def test_there_are_no_live_lines_where_nobody_waits_or_wants_them(teller_of, fields):
    assert teller_of(**fields) is None


@pytest.mark.parametrize(
    ("callback", "is_one"),
    [("ansible.posix.json", True), ("ansible.posix.jsonl", True), ("default", False), ("json.default", False)],
)
def test_callbacks_for_programs_are_known(callback, is_one):
    assert is_for_programs(callback) is is_one
