# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The edge to Ansible, and the only place that ends the process: work raises, the runner exits."""

from __future__ import annotations

import os
import re
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible.module_utils.common.parameters import remove_values

from .._api.addresses import logins_in_url, plain_http_warning
from .._api.http import RequestsClient
from .._api.tls import TlsOptions
from .._core.clock import Deadline, SystemClock
from .._core.errors import InterruptError, MissingLibraryError, WorkError
from .._provider.connecting import connection_options
from .._provider.contract import ProviderTools
from .._provider.options import secret_forms
from .._providers.registry import PROVIDERS
from .._waiting.loop import WaitObserver, unobserved
from .._waiting.progress import VARIABLE
from .._waiting.progress_recorder import PipeWriter, ProgressRecorder
from .argument_specs import CONNECTION, ArgumentSpec
from .context import Context
from .interrupts import Interrupts

#: A logout is a courtesy: it may take so many seconds.
LOGOUT_SECONDS = 5.0
#: And so many where a signal asked for the end, which has to come within a second.
LAST_LOGOUT_SECONDS = 0.4

_SECRET_NAME = re.compile(r"passw|pwd|secret|token|credential|(api|private|access)_?key", re.IGNORECASE)

Work = Callable[[Context], Mapping[str, Any]]


def run_module(work: Work, argument_spec: ArgumentSpec, **rules: Any) -> None:
    """Run a module: read its options, do the work, exit with what it returned or raised.

    ``rules`` are AnsibleModule's rules about options that go together, such as ``required_one_of``.
    """
    module = AnsibleModule(
        argument_spec={name: dict(option) for name, option in {**CONNECTION, **argument_spec}.items()},
        supports_check_mode=True,
        **rules,
    )
    with Interrupts(output=1) as interrupts:
        failed, result = _attempt(module, work, interrupts)
        # What is written from here on is written to its end.
        interrupts.ignore()
        result = {"changed": False, **result, **_invocation(module)}
        for name, value in result.items():
            if isinstance(value, list):
                result[name] = _HandedOver(value)
        finish = module.fail_json if failed else module.exit_json
        finish(**result)


class _HandedOver(Sequence[Any]):
    """Takes the items out of a list, and lets go of each as it is read, which can be done once.

    Ansible copies all that a module returns, to hide secrets in it, and writes the copy. Without this the original
    would stay in memory beside it.

    Raises:
        RuntimeError: somebody reads it again, who would take it for empty.
    """

    def __init__(self, items: list[Any]) -> None:
        self._items = deque(items)
        self._is_read = False
        items.clear()

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: Any) -> Any:
        return self._items[index]

    def __iter__(self) -> Iterator[Any]:
        if self._is_read:
            raise RuntimeError("what was handed over once is gone")
        self._is_read = True
        while self._items:
            yield self._items.popleft()


def _attempt(module: AnsibleModule, work: Work, interrupts: Interrupts) -> tuple[bool, Mapping[str, Any]]:
    """Do the work; return whether it failed, and the result of either."""
    clients: list[RequestsClient] = []
    try:
        context = _context(module, clients)
        try:
            return False, work(context)
        finally:
            # What is known already is not given up for an interrupt that comes now.
            with suppress(InterruptError):
                seconds = LAST_LOGOUT_SECONDS if interrupts.came else LOGOUT_SECONDS
                context.provider.close(Deadline(context.clock, seconds))
    except MissingLibraryError as error:
        return True, {**error.to_result(), "msg": missing_required_lib(error.library, reason=error.purpose)}
    except WorkError as error:
        return True, error.to_result()
    # A defect of ours must not print its traceback past the hiding of secrets, which fail_json does.
    except Exception as error:  # noqa: BLE001 - the last line of defence
        kind = type(error).__name__
        msg = f"This is a defect of longrunning.tasks, please report it with the traceback of -vvv: {kind}: {error}"
        return True, {"msg": msg, "reason": "defect", "exception": traceback.format_exc()}
    finally:
        for client in clients:
            client.close()


def _context(module: AnsibleModule, clients: list[RequestsClient]) -> Context:
    def make_http(tls: TlsOptions) -> RequestsClient:
        clients.append(RequestsClient(tls))
        return clients[-1]

    provider = PROVIDERS[module.params["provider"]]
    # An address with a login in it will be refused; until then it must not be shown.
    for name in ("api_url", "auth_url"):
        module.no_log_values.update(logins_in_url(module.params[name]))
    options = connection_options(provider.description, module.params, os.environ)
    _hide_only(module, secret_forms(options) | set(_secrets_of(module.params.get("input"))))
    for url in (options.api_url, options.auth_url):
        warning = plain_http_warning(url) if url else None
        if warning:
            module.warn(warning)
    clock = SystemClock()
    tools = ProviderTools(clock=clock, make_http=make_http, warn=module.warn, hide=module.no_log_values.add)
    return Context(
        params=module.params,
        check_mode=module.check_mode,
        options=options,
        provider=provider.create(options, tools),
        clock=clock,
        warn=module.warn,
        requests_sent=lambda: sum(client.requests_sent for client in clients),
        observer=_observer(module),
    )


def _observer(module: AnsibleModule) -> WaitObserver:
    """Return who is told of a wait's progress: the action plugin, where it listens."""
    path = os.environ.get(VARIABLE)
    if not path:
        return unobserved
    return ProgressRecorder(PipeWriter(path, lambda note: remove_values(note, module.no_log_values)).write)


def _hide_only(module: AnsibleModule, secrets: set[str]) -> None:
    """Hide the secrets in all that the module returns, those of the environment included, and nothing else.

    AnsibleModule hides every text of ``launch_results`` too: tasks' ids among them, which are not to be hidden.
    """
    module.no_log_values.clear()
    module.no_log_values.update(secrets)


def _invocation(module: AnsibleModule) -> dict[str, Any]:
    """Return the invocation to show, where the usual one would show too much or nothing.

    That is other tasks' results with their secrets, and a launch's input, of which only the secrets are to be hidden.
    """
    if module.params.get("launch_results") is not None:
        shown = {"launch_results": "left out: it can hold secrets of the tasks that launched these"}
    elif "input" in module.params:
        shown = {"input": module.params["input"]}
    else:
        return {}
    return {"invocation": {"module_args": {**module.params, **shown}}}


def _secrets_of(launch_input: object, *, is_secret: bool = False) -> Iterator[str]:
    """Yield the texts of a launch's input whose names say that they are secrets."""
    if isinstance(launch_input, Mapping):
        for name, value in launch_input.items():
            yield from _secrets_of(value, is_secret=is_secret or _SECRET_NAME.search(str(name)) is not None)
    elif isinstance(launch_input, list):
        for value in launch_input:
            yield from _secrets_of(value, is_secret=is_secret)
    elif is_secret and isinstance(launch_input, str) and launch_input:
        yield launch_input
