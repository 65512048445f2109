# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real Buildbot, whose worker runs in the master's process. Everything in it needs a login."""

from __future__ import annotations

from machine import run, write_private
from real_server import RealServer
from server_process import answers, direct_session

#: One builder succeeds, one fails, one runs until somebody stops it. A worker takes one build at a time.
CONFIGURATION = """
from buildbot.plugins import schedulers, steps, util, worker

def builder(name, *commands):
    factory = util.BuildFactory([steps.ShellCommand(command=command) for command in commands])
    return util.BuilderConfig(name=name, workernames=["worker"], factory=factory)

BuildmasterConfig = dict(
    workers=[worker.LocalWorker("worker", max_builds=1)],
    builders=[
        builder("good", ["sleep", "0.5"]),
        builder("bad", ["true"], ["false"]),
        builder("long", ["sleep", "300"]),
    ],
    schedulers=[schedulers.ForceScheduler(name="force", builderNames=["good", "bad", "long"])],
    protocols={{"null": {{}}}},
    title="Builds", titleURL="{url}/", buildbotURL="{url}/",
    www=dict(
        port="tcp:{port}:interface=127.0.0.1",
        auth=util.UserPasswordAuth({{"{username}": "{password}"}}),
        authz=util.Authz(
            allowRules=[util.AnyEndpointMatcher(role="admins")],
            roleMatchers=[util.RolesFromUsername(roles=["admins"], usernames=["{username}"])],
        ),
    ),
    db={{"db_url": "sqlite:///state.sqlite"}},
    buildbotNetUsageData=None,
)
"""


class BuildbotServer(RealServer):
    """Master and worker."""

    name = "buildbot"
    is_python = True
    username = "builder"

    def start(self) -> None:
        """Make a master, and start it."""
        master = self.state / "master"
        program = self.program("buildbot")
        run([program, "create-master", "--quiet", master], cwd=self.state, environment=self.environment())
        configuration = CONFIGURATION.format(
            url=self.url, port=self.port, username=self.username, password=self.password
        )
        write_private(master / "master.cfg", configuration)
        # The page that needs no login.
        self.serve("master", [program, "start", "--nodaemon", master], lambda: answers(f"{self.url}/"))

    def cookie(self) -> str:
        """Log in and return the session's cookie."""
        session = direct_session()
        session.get(f"{self.url}/auth/login", auth=(self.username, self.password), allow_redirects=False, timeout=10)
        return f"TWISTED_SESSION={session.cookies['TWISTED_SESSION']}"
