# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a module as Ansible does, inside the process of the test."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any
from unittest import mock

from ansible.module_utils import basic
from ansible.module_utils.common import warnings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


try:
    from ansible.module_utils import _internal
except ImportError:  # Newer than the older cores.
    _internal = None

try:
    from ansible.module_utils.testing import patch_module_args
except ImportError:  # Newer than the oldest ansible-core.
    patch_module_args = None


@contextlib.contextmanager
def _arguments(params: dict[str, Any]) -> Iterator[None]:
    if hasattr(basic, "_PARSED_MODULE_ARGS"):
        # As with -vvv: newer versions return the invocation only when asked to.
        params = {"_ansible_inject_invocation": True, **params}
    # Other tests of this process may have made it a controller, which shows warnings itself.
    with mock.patch.object(_internal, "is_controller", new=False) if _internal else contextlib.nullcontext():
        yield from _parsed(params)


def _parsed(params: dict[str, Any]) -> Iterator[None]:
    if patch_module_args is None:
        text = json.dumps({"ANSIBLE_MODULE_ARGS": params}).encode()
        with mock.patch.object(basic, "_ANSIBLE_ARGS", text):
            yield
    else:
        with patch_module_args(params):
            yield


def run_as_module(call: Callable[[], None], params: dict[str, Any], capsys: Any) -> tuple[int, dict[str, Any], str]:
    """Return the exit code, the result, and everything that was written for people."""
    # Ansible keeps them for the life of a process, which is one module elsewhere.
    warnings._global_warnings.clear()
    warnings._global_deprecations.clear()
    capsys.readouterr()
    code = 0
    with _arguments(params):
        try:
            call()
        except SystemExit as end:
            code = int(end.code or 0)
        else:
            raise AssertionError("the module did not exit")
    written = capsys.readouterr()
    result = json.loads(written.out)
    # How a module tells the newest ansible-core what to hide: nobody sees it.
    result.pop("_ansible_new_secrets", None)
    return code, result, json.dumps(result) + written.err
