# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running workflows with the shapes of AWX's API: a job that has launched something, and an approval that is pending.

Written down from its sources: ``WorkflowApprovalApprove`` in ``awx/api/views``, and the serializers of
unified jobs, workflow nodes and workflow approvals.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

_DECISIONS = {"approve": "successful", "deny": "failed"}


class Workflows:
    """Has for each workflow, by its number N, the job 10 N + 1 and the approval 10 N + 2."""

    def __init__(self):
        self._jobs = {}
        self.approvals = {}
        self._meanwhile = {}

    def add(self, **artifacts):
        """Let a workflow run whose first job has handed this on, and return its approval's number."""
        number = len(self.approvals) + 1
        job, approval = 10 * number + 1, 10 * number + 2
        related = {"source_workflow_job": f"/api/v2/workflow_jobs/{number}/"}
        self._jobs[job] = {"id": job, "type": "job", "artifacts": artifacts, "related": related}
        decisions = {decision: f"/api/v2/workflow_approvals/{approval}/{decision}/" for decision in _DECISIONS}
        self.approvals[approval] = {
            "id": approval,
            "type": "workflow_approval",
            "name": "Wait for the task",
            "status": "pending",
            "related": {**related, **decisions},
        }
        return approval

    def add_hidden(self):
        """Let a workflow run whose first job has handed on what AWX hides."""
        number = len(self.approvals) + 1
        self.add()
        self._jobs[10 * number + 1]["artifacts"] = "$hidden due to Ansible no_log flag$"

    def decided_meanwhile(self, approval, status):
        """Let somebody decide just before the next decision comes."""
        self._meanwhile[approval] = status

    def get(self, path):
        """Return what AWX answers, None for what is none of these."""
        address = urlsplit(path)
        if address.path == "/api/v2/workflow_approvals/":
            wanted = parse_qs(address.query).get("status")
            return _page([one for one in self.approvals.values() if not wanted or one["status"] in wanted])
        nodes = re.fullmatch(r"/api/v2/workflow_jobs/(\d+)/workflow_nodes/", address.path)
        if nodes:
            number = int(nodes[1])
            places = (f"jobs/{10 * number + 1}", f"workflow_approvals/{10 * number + 2}")
            # The last node has not begun, and so has no job.
            return _page([{"related": {"job": f"/api/v2/{place}/"}} for place in places] + [{"related": {}}])
        job = re.fullmatch(r"/api/v2/jobs/(\d+)/", address.path)
        return self._jobs.get(int(job[1])) if job else None

    def decide(self, path):
        """Approve or deny, and return status and body; None for another path."""
        match = re.fullmatch(r"/api/v2/workflow_approvals/(\d+)/(approve|deny)/", path)
        if not match or int(match[1]) not in self.approvals:
            return None
        approval = self.approvals[int(match[1])]
        approval["status"] = self._meanwhile.get(approval["id"], approval["status"])
        if approval["status"] != "pending":
            return 400, {"error": "This workflow step has already been approved or denied."}
        approval["status"] = _DECISIONS[match[2]]
        return 204, None


def _page(results):
    return {"count": len(results), "next": None, "previous": None, "results": results}
