# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the work of a module, at one of two edges to Ansible: work raises, edges return or exit.

A module's own process is the edge here, and the only place that ends a process. The other one is ansible-core's worker
process on the controller: ``plugin_utils/_in_worker.py``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any, Protocol

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from .._api.addresses import plain_http_warning
from .._api.http_client import RequestsClient
from .._api.tls import TlsOptions
from .._core.clock import Clock, Deadline, SystemClock
from .._core.errors import DefectError, InterruptError, MissingLibraryError, NoConnectionError, OptionError, WorkError
from .._core.masking import (
    LEAST_GUESS,
    LEAST_LENGTH,
    Mask,
    masking,
    secrets_by_name,
    secrets_in_url,
    without_secrets_by_name,
)
from .._core.text import listed, sentence
from .._provider.connecting import connection_options, environment_names, ignored_options
from .._provider.contract import ProviderTools
from .._provider.description import ProviderDescription
from .._provider.options import SECRET_OPTIONS, secrets_of
from .._providers.registry import PROVIDERS
from .._waiting.loop import WaitObserver, unobserved
from .argument_specs import CONNECTION, ArgumentSpec
from .context import Context
from .given import given, told_unknown, with_provider
from .interrupts import Interrupts

try:
    # ansible-core 2.22 and newer.
    from ansible.module_utils.secrets import register_secrets
except ImportError:
    register_secrets = None

#: A logout is a courtesy: it may take so many seconds.
LOGOUT_SECONDS = 5.0
#: And so many where a signal asked for the end, which has to come within a second.
LAST_LOGOUT_SECONDS = 0.4

#: What others put in these is theirs to name: what has the name of a secret in there is hidden.
_WITH_SECRETS = ("input", "launch_results", "filters", "select")
#: The keys of a definition whose values are sent.
_SENT = ("body", "form", "headers", "query")
#: These are not even logged, as ansible-core does with the options of every module.
_NEVER_LOGGED = ("input", "launch_results")
#: The keys of a result under which there are tasks.
_OF_TASKS = ("task", "tasks", "candidates")
_ADDRESSES = ("api_url", "auth_url")

Work = Callable[[Context], Mapping[str, Any]]


class Edge(Protocol):
    """What the work needs of whoever runs it for Ansible."""

    @property
    def params(self) -> Mapping[str, Any]:
        """The options, checked by Ansible."""

    @property
    def check_mode(self) -> bool:
        """Whether nothing may be changed."""

    def hide(self, secrets: Iterable[str]) -> None:
        """Have Ansible hide these in all that it shows, whatever comes after this run too. They are surely secret."""

    def warn(self, warning: str) -> None:
        """Tell the user something that does not end the work."""

    @property
    def clock(self) -> Clock:
        """The clock by which the work sleeps."""

    @property
    def observer(self) -> WaitObserver:
        """Who is told of a wait's progress."""


def run_module(
    work: Work, argument_spec: ArgumentSpec, failure_keys: Mapping[str, Any] = MappingProxyType({}), **rules: Any
) -> None:
    """Run a module: read its options, do the work, exit with what it returned or raised.

    ``failure_keys`` are what a failure returns that has nothing better under a key, such as that of a wrong option.
    ``rules`` are AnsibleModule's rules about options that go together, such as ``required_one_of``.
    """
    with masking() as mask:
        module = _Module(mask, argument_spec, failure_keys, rules)
        with Interrupts(output=1) as interrupts:
            failed, result = attempt(module, work, mask, interrupts)
            # What is written from here on is written to its end.
            interrupts.ignore()
            finish = module.fail_json if failed else module.exit_json
            finish(**result)


class _Module(AnsibleModule):  # type: ignore[misc]  # ansible-core is not typed.
    """A module's process as an edge. All that Ansible logs and returns passes the mask."""

    params: dict[str, Any]
    check_mode: bool
    no_log_values: set[str]
    warn: Callable[[str], None]
    clock = SystemClock()
    observer = staticmethod(unobserved)
    _refusal: OptionError | None = None
    _unknown = ""

    def __init__(
        self, mask: Mask, argument_spec: ArgumentSpec, failure_keys: Mapping[str, Any], rules: Mapping[str, Any]
    ) -> None:
        self._mask = mask
        self._failure_keys = {"reason": OptionError.reason, **failure_keys}
        super().__init__(
            argument_spec=with_connection(argument_spec),
            supports_check_mode=True,
            **rules,
        )
        if self._refusal is not None:
            self.fail_json(**self._refusal.to_result())
        # Ansible would blot the short ones out of every word. The mask hides them.
        self.no_log_values = set(filter(_is_long, self.no_log_values))

    def _load_params(self) -> None:
        super()._load_params()
        self.params, self._refusal = options_to_check(self.params, self.argument_spec, self._mask)
        self._unknown = told_unknown(self.params, self.argument_spec)

    def hide(self, secrets: Iterable[str]) -> None:
        """Have ansible-core hide the long ones: a short one would be blotted out of the whole run."""
        if not registered(secrets):
            self.no_log_values.update(filter(_is_long, secrets))

    def log(self, msg: str, log_args: Mapping[str, Any] | None = None) -> None:
        """Write to the system's log. With arguments it is what ansible-core writes about every module that starts."""
        if log_args:
            log_args = {
                name: self._mask.text(str(value)) for name, value in log_args.items() if name not in _NEVER_LOGGED
            }
            msg = f"Invoked with {' '.join(f'{name}={value}' for name, value in log_args.items())}"
        super().log(msg, log_args=log_args)

    def exit_json(self, **result: Any) -> None:
        """End the process with a result."""
        super().exit_json(**shown(result, self.params, self._mask))

    def fail_json(self, msg: str, **result: Any) -> None:
        """End the process with a failure, one of ansible-core's own too."""
        refusal = {} if self._refusal is None or self._unknown else self._refusal.to_result()
        told = {**self._failure_keys, "msg": self._unknown or msg, **result, **refusal}
        super().fail_json(**shown(told, self.params, self._mask))


def _is_long(secret: str) -> bool:
    return len(secret) >= LEAST_LENGTH


def registered(secrets: Iterable[str]) -> bool:
    """Tell ansible-core the long ones, which hides them in all that it shows; return whether it is new enough."""
    if register_secrets is None:
        return False
    # It would refuse a result with one that is not UTF-8; no request carries such a secret.
    register_secrets([secret for secret in secrets if _is_long(secret) and _is_utf_8(secret)])
    return True


def _is_utf_8(text: str) -> bool:
    return text.encode("utf-8", "replace").decode() == text


def with_connection(argument_spec: ArgumentSpec) -> dict[str, dict[str, Any]]:
    """Return a module's whole argument spec, which is Ansible's to change."""
    return {name: dict(option) for name, option in {**CONNECTION, **argument_spec}.items()}


def options_to_check(
    params: Mapping[str, Any], argument_spec: ArgumentSpec, mask: Mask
) -> tuple[dict[str, Any], OptionError | None]:
    """Hide what is secret in the options that the user gave, and return those that Ansible can check.

    One that it would misread is not among them: it is the error, which counts before what Ansible finds without it.
    """
    mask.hide(*secrets_of_options(params))
    options, refusal = _readable(params, argument_spec)
    # A text for a mapping has shown its names only now.
    mask.hide(*secrets_of_options(options))
    try:
        return with_provider(options), refusal
    except OptionError as error:
        return options, refusal or error


def _readable(params: Mapping[str, Any], argument_spec: ArgumentSpec) -> tuple[dict[str, Any], OptionError | None]:
    try:
        return given(params, argument_spec), None
    except OptionError as error:
        rest = {name: value for name, value in params.items() if name != error.option.partition(".")[0]}
        return _readable(rest, argument_spec)[0], error


def shown(result: Mapping[str, Any], params: Mapping[str, Any], mask: Mask) -> dict[str, Any]:
    """Return a result as it may leave, with the invocation to show: without other tasks' results, without secrets.

    What is long about a task leaves with the option for it only.
    """
    arguments = {
        name: without_secrets_by_name(value) if name in _WITH_SECRETS else value for name, value in params.items()
    }
    if arguments.get("launch_results") is not None:
        arguments["launch_results"] = "left out: it can hold secrets of the tasks that launched these"
    if not arguments.get("return_raw"):
        result = {name: _without_raw(value) if name in _OF_TASKS else value for name, value in result.items()}
    masked: dict[str, Any] = mask.value({"changed": False, **result, "invocation": {"module_args": arguments}})
    return masked


def _without_raw(tasks: Any) -> Any:
    """Return a task's result, or several, and their subtasks' without the vendor's own objects, which can be long."""
    if isinstance(tasks, list):
        return [_without_raw(task) for task in tasks]
    if not isinstance(tasks, Mapping):
        return tasks
    kept = {name: value for name, value in tasks.items() if name != "raw"}
    return {**kept, "subtasks": _without_raw(kept["subtasks"])} if "subtasks" in kept else kept


def secrets_of_options(params: Mapping[str, Any]) -> set[str]:
    """Return what is secret in the options of a module, before Ansible has checked them."""
    found = {str(params[name]) for name in SECRET_OPTIONS if params.get(name) is not None}
    for name in _ADDRESSES:
        found |= secrets_in_url(str(params.get(name) or ""))
    guessed = (
        *secrets_by_name({name: params.get(name) for name in _WITH_SECRETS}),
        *_secrets_of_definition(params.get("definition")),
    )
    return found | {text for text in guessed if len(text) >= LEAST_GUESS}


def _secrets_of_definition(data: object) -> Iterator[str]:
    """Yield what a definition sends, is named as a secret, and is no placeholder, though it should hold none."""
    if isinstance(data, Mapping):
        for name, value in data.items():
            if name in _SENT:
                yield from (text for text in secrets_by_name(value) if "{" not in text)
            else:
                yield from _secrets_of_definition(value)


def attempt(edge: Edge, work: Work, mask: Mask, interrupts: Interrupts) -> tuple[bool, dict[str, Any]]:
    """Do the work; return whether it failed, and the result of either."""
    clients: list[RequestsClient] = []
    provider = PROVIDERS[edge.params["provider"]]
    try:
        context = _context(edge, mask, clients)
        try:
            return False, dict(work(context))
        finally:
            # What is known already is not given up for an interrupt that comes now.
            with suppress(InterruptError):
                seconds = LAST_LOGOUT_SECONDS if interrupts.came else LOGOUT_SECONDS
                context.provider.close(Deadline(context.clock, seconds))
    except MissingLibraryError as error:
        return True, {**error.to_result(), "msg": explain_missing(error, provider.description, edge.params)}
    except NoConnectionError as error:
        return True, {**error.to_result(), "msg": f"{sentence(error.message)} {error.advice}"}
    except WorkError as error:
        return True, error.to_result()
    # A defect of ours must not print its traceback past the hiding of secrets, which fail_json does.
    except Exception as error:  # noqa: BLE001 - the last line of defence
        return True, DefectError(error).to_result()
    finally:
        for client in clients:
            client.close()


def missing_libraries(description: ProviderDescription, params: Mapping[str, Any]) -> list[str]:
    """Return the libraries that these options need, and that are not installed here."""
    return [
        library.name
        for library in description.needed_libraries
        if library.is_needed(params) and find_spec(library.module) is None
    ]


def explain_missing(error: MissingLibraryError, description: ProviderDescription, params: Mapping[str, Any]) -> str:
    """Name all libraries that are missing for these options, and not only the one that was needed first."""
    names = list(dict.fromkeys([error.library, *missing_libraries(description, params)]))
    told = missing_required_lib(listed(names), reason=error.purpose)
    return f"{told} To install: {sys.executable} -m pip install {' '.join(names)}"


def _context(edge: Edge, mask: Mask, clients: list[RequestsClient]) -> Context:
    def make_http(tls: TlsOptions) -> RequestsClient:
        clients.append(RequestsClient(tls))
        return clients[-1]

    def hide(*secrets: str) -> None:
        mask.hide(*secrets)
        edge.hide(secrets)

    def warn(warning: str) -> None:
        edge.warn(mask.text(warning))

    provider = PROVIDERS[edge.params["provider"]]
    # Before they are checked: what is said of an option that cannot be used must not show them either.
    hide(*_secrets_of_environment(provider.description, os.environ))
    options = connection_options(provider.description, edge.params, os.environ)
    hide(*secrets_of(options))
    for url in (options.api_url, options.auth_url):
        warning = plain_http_warning(url) if url else None
        if warning:
            warn(warning)
    ignored = ignored_options(provider.description, edge.params)
    if ignored:
        is_one = len(ignored) == 1
        warn(
            f"{listed(ignored)} {'is' if is_one else 'are'} ignored: provider {provider.description.name} does not use "
            f"{'it' if is_one else 'them'}"
        )
    tools = ProviderTools(clock=edge.clock, make_http=make_http, warn=warn, hide=hide)
    return Context(
        params=edge.params,
        check_mode=edge.check_mode,
        options=options,
        provider=provider.create(options, tools),
        clock=edge.clock,
        warn=warn,
        requests_sent=lambda: sum(client.requests_sent for client in clients),
        observer=edge.observer,
    )


def _secrets_of_environment(description: ProviderDescription, environ: Mapping[str, str]) -> set[str]:
    found = {
        environ[variable]
        for option in SECRET_OPTIONS
        for variable in environment_names(description, option)
        if environ.get(variable)
    }
    urls = (environ.get(variable) for option in _ADDRESSES for variable in environment_names(description, option))
    return found.union(*map(secrets_in_url, urls))
