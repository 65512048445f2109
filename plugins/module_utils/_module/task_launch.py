# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the module task_launch does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .._core.errors import OptionError
from .._core.task import Task, TaskState
from .._core.text import listed
from .._provider.contract import Launch, TaskLauncher
from .._provider.description import ProviderDescription
from .._work.launching import Launcher, LaunchOutcome, LaunchPlan, LaunchResult, ReusePolicy
from .context import Context


def run(context: Context) -> dict[str, Any]:
    """Launch a task, once, unless that is not needed, and return it.

    Raises:
        LaunchUnclearError: nobody can tell whether it was launched.
    """
    params = context.params
    description = context.provider.description
    provider = context.provider
    if not isinstance(provider, TaskLauncher):
        raise OptionError(
            "provider",
            f"task_launch cannot launch tasks of {description.title}. Send the launching request with "
            "ansible.builtin.uri, and give its registered result to task_wait as launch_results",
        )
    launch = Launch(_launch_type(params["type"], description), _input(params["input"] or {}))
    plan = LaunchPlan(
        reuse=_reuse(params["reuse"], description),
        desired=_desired(params["desired"]),
        transient_timeout=context.seconds("transient_timeout") or 0.0,
        is_rehearsed=context.check_mode,
    )
    launcher = Launcher(provider, context.clock, context.options.request_timeout)
    result = launcher.launch(launch, plan)
    return {
        "changed": result.outcome in (LaunchOutcome.LAUNCHED, LaunchOutcome.FOUND, LaunchOutcome.WOULD_LAUNCH),
        "msg": _message(launch, plan, result, description),
        "outcome": result.outcome.value,
        "task_id": result.task_id,
        "task": None if result.task is None else result.task.to_result(),
        "existing": None if result.existing is None else dict(result.existing),
    }


def _launch_type(launch_type: str, description: ProviderDescription) -> str:
    if launch_type not in description.launch_types:
        known = listed([*description.launch_types], "or")
        raise OptionError("type", f"type is {launch_type!r}; provider {description.name} launches {known}")
    return launch_type


def _input(given: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        json.dumps(given, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise OptionError("input", "input contains something that JSON cannot express, such as .nan or .inf") from None
    return given


def _reuse(value: str, description: ProviderDescription) -> ReusePolicy:
    reuse = ReusePolicy(value)
    if reuse is ReusePolicy.SUCCEEDED and not description.success_lasts:
        raise OptionError(
            "reuse",
            f"reuse cannot be succeeded at {description.title}: a later task may have undone one that succeeded. "
            "Describe the result that you want with desired",
        )
    return reuse


def _desired(desired: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if desired is None:
        return None
    if not desired:
        raise OptionError("desired", "desired is empty: describe the result that you want, or omit it")
    for name, value in desired.items():
        if not isinstance(value, (str, int, float)) or value == "":
            raise OptionError("desired", f"desired: the value of {name} has to be a text or a number")
        if any(0xD800 <= ord(letter) < 0xE000 for letter in f"{name}{value}"):
            raise OptionError("desired", "desired contains a broken character, which cannot be part of an address")
    return desired


def _message(launch: Launch, plan: LaunchPlan, result: LaunchResult, description: ProviderDescription) -> str:
    desired = listed([f"{name}: {value}" for name, value in (plan.desired or {}).items()])
    known = Task(result.task_id or "", description.name, TaskState.UNKNOWN, type=launch.type)
    task = (result.task or known).describe()
    state = None if result.task is None else result.task.state.value
    told = {
        LaunchOutcome.LAUNCHED: f"{task} was launched",
        LaunchOutcome.FOUND: f"the launch got no clear answer, but {task}, which matches it, has appeared since",
        LaunchOutcome.REUSED: f"{task} matches this launch and is {state}. Nothing was launched",
        LaunchOutcome.NOT_NEEDED: f"the desired result ({desired}) is there already. Nothing was launched",
        LaunchOutcome.WOULD_LAUNCH: f"a task of type {launch.type} would be launched (check mode)",
    }
    return f"{description.title}: {told[result.outcome]}."
