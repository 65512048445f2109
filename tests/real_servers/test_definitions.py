# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ready definitions against real servers of their APIs. Pulp has more tests, in a file of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aptly_server import RELEASE
from definition_proof import Case, DefinitionProof, case_of, one_task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aptly_server import AptlyServer
    from buildbot_server import BuildbotServer
    from definition_proof import Show
    from flower_server import FlowerServer
    from ganeti_server import GanetiServer
    from lxd_server import LxdServer
    from playbook_runner import Run
    from pygeoapi_server import PygeoapiServer

#: An ID that no server has.
NOBODYS = "00000000-0000-1000-8000-000000000000"

SNAPSHOT = {"path": "/api/repos/main/snapshots?_async=1", "body": {"Name": "today"}}


class TestAptly(DefinitionProof):
    """aptly's tasks, which nobody can cancel."""

    @pytest.fixture(scope="class")
    @classmethod
    def case(cls, aptly: AptlyServer) -> Iterator[Case]:
        """Make a snapshot; make it again; update a mirror whose upstream keeps it waiting."""
        aptly.upstream.hold(RELEASE)
        yield case_of(
            aptly,
            definition="aptly",
            good=SNAPSHOT,
            bad=SNAPSHOT,
            long={"path": "/api/mirrors/patient?_async=1", "method": "PUT", "body": {"IgnoreSignatures": True}},
            reason="snapshot with name today already exists",
            unknown_id="4711",
        )
        aptly.upstream.release(RELEASE)

    def in_the_list(self) -> dict[str, str]:
        """Return those that have ended."""
        return {"good": "succeeded", "bad": "failed", "after": "running"}

    def test_cancel(self, played: dict[str, Run], show: Show) -> None:
        """It is told that the API has no such request."""
        run = played["cancelled"]
        show("cancel", run.msg)
        assert "cancel" in run.msg
        assert one_task(played["after"])["state"] == "running"

    def test_fields(self, played: dict[str, Run]) -> None:
        """States are numbers; what a task printed is asked for apart."""
        assert (one_task(played["good"])["raw_state"], one_task(played["bad"])["raw_state"]) == ("2", "3")
        assert "already exists" in one_task(played["bad"])["error"]["detail"]


def force(builder: str) -> dict[str, object]:
    """Return the launch of a build."""
    body = {"jsonrpc": "2.0", "id": 1, "method": "force", "params": {"builderNames": [builder], "reason": "a test"}}
    return {"path": "/api/v2/forceschedulers/force", "body": body}


class TestBuildbot(DefinitionProof):
    """Forced builds, as requests for builds."""

    @pytest.fixture(scope="class")
    @classmethod
    def case(cls, buildbot: BuildbotServer) -> Case:
        """Force a build that succeeds, one that fails, one that has to be stopped."""
        return case_of(
            buildbot,
            definition="buildbot",
            good=force("good"),
            bad=force("bad"),
            long=force("long"),
            reason="failed 'false' (failure)",
            unknown_id="4711",
            headers={"Cookie": buildbot.cookie()},
        )

    def test_fields(self, played: dict[str, Run]) -> None:
        """A failure has its code, and what that means."""
        assert one_task(played["bad"])["error"]["code"] == "2"
        assert "A step of the build failed" in played["bad"].msg


NAP = "/api/task/async-apply/jobs.nap"


class TestFlower(DefinitionProof):
    """Tasks that sleep."""

    @pytest.fixture(scope="class")
    @classmethod
    def case(cls, flower: FlowerServer) -> Case:
        """Sleep for a moment, fail at once, sleep long."""
        return case_of(
            flower,
            definition="flower",
            good={"path": NAP, "body": {"args": [0.5]}},
            bad={"path": NAP, "body": {"args": [0, True]}},
            long={"path": NAP, "body": {"args": [300]}},
            reason="the disk is full",
            unknown_id=NOBODYS,
        )

    def test_fields(self, played: dict[str, Run]) -> None:
        """What Flower knows of a task is where a playbook looks for it."""
        task = one_task(played["good"])
        assert task["type"] == "jobs.nap"
        assert task["result"] == "{'napped': 0.5}"
        assert task["created_at"] <= task["started_at"] <= task["finished_at"]


@pytest.mark.on_demand
class TestGaneti(DefinitionProof):
    """Jobs of the cluster."""

    @pytest.fixture(scope="class")
    @classmethod
    def case(cls, ganeti: GanetiServer) -> Case:
        """Tag the cluster, remove an instance that is none, and do something for which the node's lock is missing."""
        return case_of(
            ganeti,
            definition="ganeti",
            good={"path": "/2/tags?tag=good", "method": "PUT"},
            bad={"path": "/2/instances/nobodys", "method": "DELETE"},
            long={"path": "/2/redistribute-config", "method": "PUT"},
            reason="Instance 'nobodys' not known",
            unknown_id="4711",
            trust={"ca_path": str(ganeti.ca_path)},
            inside=ganeti.inside,
        )

    def test_fields(self, played: dict[str, Run]) -> None:
        """The names of a job's parts are its name, and a failure has its kind as code."""
        assert one_task(played["good"])["name"] == "TAGS_SET"
        assert one_task(played["bad"])["error"]["code"] == "OpPrereqError"


def download(lxd: LxdServer, name: str) -> dict[str, object]:
    """Return the launch of a download."""
    return {"path": "/1.0/images", "body": {"source": {"type": "url", "url": f"{lxd.images.url}/{name}"}}}


@pytest.mark.on_demand
class TestLxd(DefinitionProof):
    """Downloads of images. Five seconds after their end LXD has forgotten them."""

    @pytest.fixture(scope="class")
    @classmethod
    def case(cls, lxd: LxdServer) -> Case:
        """Download an image, one with a wrong checksum, and one that never comes."""
        return case_of(
            lxd,
            definition="lxd",
            good=download(lxd, "good"),
            bad=download(lxd, "bad"),
            long=download(lxd, "long"),
            reason="Hash mismatch",
            unknown_id=NOBODYS,
            trust={"client_cert": str(lxd.client_path), "ca_path": str(lxd.ca_path)},
            wrong_login={"client_cert": str(lxd.stranger_path)},
        )

    def in_the_list(self) -> dict[str, str]:
        """Return nothing: all tasks may be forgotten by then."""
        return {}

    def test_cancel(self, played: dict[str, Run], show: Show) -> None:
        """LXD calls it failed, and means cancelled."""
        run = played["cancelled"]
        show("cancel", run.result["msg"])
        assert (run.failed, run.result["outcome"], run.states) == (False, "cancelled", ["cancelled"])

    def test_info(self, played: dict[str, Run]) -> None:
        """A task that is forgotten is told as such."""
        run = played["looked"]
        assert run.states == ["succeeded", "failed"] if not run.failed else run.result["reason"] == "not_found"

    def test_fields(self, played: dict[str, Run]) -> None:
        """What LXD says of an operation is where a playbook looks for it."""
        task = one_task(played["good"])
        assert (task["name"], task["type"]) == ("Downloading image", "task")
        assert [entry["state"] for entry in task["history"]] == ["running", "succeeded"]


def execute(**inputs: object) -> dict[str, object]:
    """Return the launch of a job."""
    return {"path": "/processes/slow/execution", "body": {"inputs": inputs}}


@pytest.mark.on_demand
class TestPygeoapi(DefinitionProof):
    """Jobs of a process. The list has one of them a page. Of a cancelled one pygeoapi knows nothing any more."""

    @pytest.fixture(scope="class")
    @classmethod
    def case(cls, pygeoapi: PygeoapiServer) -> Case:
        """Sleep for a moment, fail, sleep long."""
        return case_of(
            pygeoapi,
            definition="ogc_api_processes",
            good=execute(seconds=0.5),
            bad=execute(seconds=0, fail=True),
            long=execute(seconds=120),
            reason="no raster there",
            unknown_id=NOBODYS,
            headers={"Prefer": "respond-async"},
        )

    def in_the_list(self) -> dict[str, str]:
        """Return those that were not cancelled."""
        return {"good": "succeeded", "bad": "failed"}

    def test_cancel(self, played: dict[str, Run], show: Show) -> None:
        """A job that is gone was not seen to be cancelled, and that is told."""
        run = played["cancelled"]
        show("cancel", run.result["msg"])
        assert (run.failed, run.result["outcome"], run.states) == (False, "gone", ["not_found"])

    def test_fields(self, played: dict[str, Run]) -> None:
        """What the job's status has is where a playbook looks for it."""
        task = one_task(played["good"])
        assert (task["type"], task["percent"]) == ("slow", 100)
