# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator's own paths below ``/__simulator__``: counts, new tasks, new faults, health. They need no login."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable, Protocol

from .messages import BadJsonError, Request, Response
from .validation import ScenarioError

BASE = "/__simulator__"


class Controlled(Protocol):
    """What the control paths need of the simulator."""

    def requests(self) -> dict[str, Any]:
        """Return the counts."""

    def reset_requests(self) -> None:
        """Begin to count anew."""

    def add_tasks(self, tasks: object, path: str = "tasks") -> list[str]:
        """Add tasks in the scenario's shape."""

    def add_faults(self, faults: object, path: str = "faults") -> int:
        """Add faults in the scenario's shape."""

    def clear_faults(self) -> None:
        """Forget all faults."""

    def health(self) -> dict[str, Any]:
        """Tell that all is well."""


def is_control(path: str) -> bool:
    """Tell whether a path is the simulator's own; faults and counts leave those alone."""
    return path == BASE or path.startswith(BASE + "/")


def _reset(simulator: Controlled, request: Request) -> Response:
    simulator.reset_requests()
    return Response(204)


def _add_tasks(simulator: Controlled, request: Request) -> Response:
    return Response.of_json(201, {"ids": simulator.add_tasks(request.json())})


def _add_faults(simulator: Controlled, request: Request) -> Response:
    return Response.of_json(201, {"added": simulator.add_faults(request.json())})


def _clear_faults(simulator: Controlled, request: Request) -> Response:
    simulator.clear_faults()
    return Response(204)


_ROUTES: Mapping[str, Mapping[str, Callable[[Controlled, Request], Response]]] = {
    "health": {"GET": lambda simulator, _request: Response.of_json(200, simulator.health())},
    "requests": {"GET": lambda simulator, _request: Response.of_json(200, simulator.requests()), "DELETE": _reset},
    "tasks": {"POST": _add_tasks},
    "faults": {"POST": _add_faults, "DELETE": _clear_faults},
}


def answer(simulator: Controlled, request: Request) -> Response:
    """Answer a request for one of the simulator's own paths."""
    name = request.path[len(BASE) :].strip("/")
    handlers = _ROUTES.get(name)
    if handlers is None:
        return Response.of_json(404, {"error": f"there are only: {', '.join(f'{BASE}/{known}' for known in _ROUTES)}"})
    handler = handlers.get(request.method)
    if handler is None:
        return Response.of_json(405, {"error": "no such method here"}, {"Allow": ", ".join(handlers)})
    try:
        return handler(simulator, request)
    except BadJsonError as error:
        return Response.of_json(400, {"error": f"the body is not JSON: {error}"})
    except ScenarioError as error:
        return Response.of_json(400, {"error": str(error)})
