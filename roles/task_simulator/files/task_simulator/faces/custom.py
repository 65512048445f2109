# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An API of nobody's below ``/custom/v1``: jobs that can be launched and cancelled, to rehearse definitions with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..messages import BadJsonError, Request, Response
from ..tasks import Moment, Step, Task
from ..validation import Fields
from .base import Face, Route

BASE = "/custom/v1"


@dataclass(frozen=True)
class CustomCredentials:
    """Who may ask, and how a job is cancelled; ``cancel_seconds`` is the time between the answer and the end."""

    api_tokens: tuple[str, ...]
    cancel_seconds: float
    cancelled_state: str
    cancel_status: int


class Custom(Face):
    """The face of an API whose user describes it."""

    name = "custom"
    base_paths = (BASE,)
    state_field = "state"
    task_fields = frozenset({"cancellable", "message", "percent", "result"})
    default_type = "job"
    default_steps = (Step("queued", 1.0), Step("running", 2.0))
    default_end = Step("done")
    credentials: CustomCredentials

    @classmethod
    def read_credentials(cls, fields: Fields) -> CustomCredentials:
        """Read the tokens and what a cancel is here."""
        credentials = CustomCredentials(
            api_tokens=tuple(fields.texts("api_tokens", ["demo-token"])),
            cancel_seconds=fields.number("cancel_seconds", 1),
            cancelled_state=fields.text("cancelled_state", "cancelled"),
            cancel_status=fields.integer("cancel_status", 202, minimum=200, maximum=204),
        )
        fields.done()
        return credentials

    def routes(self) -> Sequence[Route]:
        """Return the paths of the jobs."""
        return (
            Route(f"{BASE}/jobs", {"GET": self._list, "POST": self._start}),
            Route(f"{BASE}/jobs/{{id}}", {"GET": self._show}),
            Route(f"{BASE}/jobs/{{id}}/cancel", {"POST": self._cancel}),
        )

    def answer(self, request: Request) -> Response:
        """Answer whoever has a token."""
        scheme, _space, token = request.header("Authorization").partition(" ")
        if scheme.lower() != "bearer" or token not in self.credentials.api_tokens or self._is_expired:
            return self.unauthorized(request)
        return super().answer(request)

    _is_expired = False

    def expire_sessions(self) -> None:
        """Take no token any more."""
        self._is_expired = True

    def default_owner(self) -> str:
        """Return the one user."""
        return "demo"

    def document(self, task: Task, moment: Moment) -> dict[str, Any]:
        """Return a job."""
        return {
            "id": task.id,
            "type": task.type,
            "state": moment.state,
            "cancellable": not moment.ended,
            "message": "it broke" if moment.state == "error" else None,
            "created_at": self.utc(task.born),
            "finished_at": self.utc(task.born + moment.since) if moment.ended else None,
        }

    def _list(self, request: Request, values: Mapping[str, str]) -> Response:
        now = self.now()
        jobs = [self.view(task, moment) for task in self.store.all() if (moment := task.at(now)) is not None]
        return Response.of_json(200, {"jobs": jobs})

    def _start(self, request: Request, values: Mapping[str, str]) -> Response:
        try:
            body = request.json() if request.body else {}
        except BadJsonError:
            return self.error(request, 400, "the body is not JSON")
        task = self.launch(body, self.default_type, body, self.default_owner())
        return Response.of_json(202, self.view(task, self.at_launch(task)))

    def _show(self, request: Request, values: Mapping[str, str]) -> Response:
        task = self.store.get(values["id"])
        moment = None if task is None else task.at(self.now())
        if task is None or moment is None:
            return self.error(request, 404, f"there is no job {values['id']}")
        return Response.of_json(200, self.view(task, moment))

    def _cancel(self, request: Request, values: Mapping[str, str]) -> Response:
        task = self.store.get(values["id"])
        moment = None if task is None else task.at(self.now())
        if task is None or moment is None:
            return self.error(request, 404, f"there is no job {values['id']}")
        if not self.view(task, moment).get("cancellable"):
            return self.error(request, 409, f"the job is {moment.state} and cannot be cancelled")
        known = self.credentials
        task.end_early(self.now(), Step(known.cancelled_state), known.cancel_seconds)
        return Response(204) if known.cancel_status == 204 else Response.of_json(known.cancel_status, {"id": task.id})

    def error(self, request: Request, status: int, text: str = "") -> Response:
        """Return a problem with a message."""
        return Response.of_json(status, {"message": text or "the server could not do what was asked"})

    def unauthorized(self, request: Request) -> Response:
        """Return 401."""
        return self.error(request, 401, "a token is needed")
