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
from ..validation import Fields, option
from .base import Face, RefusedError, Route

BASE = "/custom/v1"


@dataclass(frozen=True)
class CustomCredentials:
    """Who may ask, and how a job is cancelled; ``cancel_seconds`` is the time between the answer and the end."""

    api_tokens: Sequence[str] = option(Fields.texts, ["demo-token"])
    cancel_seconds: float = option(Fields.number, 1)
    cancelled_state: str = option(Fields.text, "cancelled")
    cancel_status: int = option(Fields.integer, 202, minimum=200, maximum=204)


class Custom(Face):
    """The face of an API whose user describes it."""

    name = "custom"
    base_paths = (BASE,)
    state_field = "state"
    task_fields = frozenset({"cancellable", "message", "percent", "result"})
    default_type = "job"
    default_steps = (Step("queued", 1.0), Step("running", 2.0))
    default_end = Step("done")
    credentials_type = CustomCredentials
    credentials: CustomCredentials

    def routes(self) -> Sequence[Route]:
        """Return the paths of the jobs."""
        return (
            Route(f"{BASE}/jobs", {"GET": self._list, "POST": self._start}),
            Route(f"{BASE}/jobs/{{id}}", {"GET": self._show}),
            Route(f"{BASE}/jobs/{{id}}/cancel", {"POST": self._cancel}),
        )

    def is_admitted(self, request: Request) -> bool:
        """Tell whether a request has a token."""
        scheme, _space, token = request.header("Authorization").partition(" ")
        return scheme.lower() == "bearer" and token in self.sessions

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
        return Response.of_json(200, {"jobs": [self.view(*job) for job in self.living()]})

    def _start(self, request: Request, values: Mapping[str, str]) -> Response:
        try:
            body = request.json() if request.body else {}
        except BadJsonError:
            raise RefusedError("the body is not JSON") from None
        task = self.launch(body, self.default_type, body, self.default_owner())
        return Response.of_json(202, self.view(task, self.at_launch(task)))

    def _job(self, job_id: str) -> tuple[Task, Moment]:
        job = self.found(job_id)
        if job is None:
            raise RefusedError(f"there is no job {job_id}", 404)
        return job

    def _show(self, request: Request, values: Mapping[str, str]) -> Response:
        return Response.of_json(200, self.view(*self._job(values["id"])))

    def _cancel(self, request: Request, values: Mapping[str, str]) -> Response:
        task, moment = self._job(values["id"])
        if not self.view(task, moment).get("cancellable"):
            raise RefusedError(f"the job is {moment.state} and cannot be cancelled", 409)
        known = self.credentials
        task.end_early(self.now(), Step(known.cancelled_state), known.cancel_seconds)
        return Response(204) if known.cancel_status == 204 else Response.of_json(known.cancel_status, {"id": task.id})

    def error(self, request: Request, status: int, text: str = "") -> Response:
        """Return a problem with a message."""
        return Response.of_json(status, {"message": text or "the server could not do what was asked"})

    def unauthorized(self, request: Request) -> Response:
        """Return 401."""
        return self.error(request, 401, "a token is needed")
