# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real OpenStack Glance with a real Keystone.

Glance is set up to work on one task at a time, so that another one waits; see :func:`image_tasks.launch_import`.
"""

from __future__ import annotations

import base64
import dataclasses
import os
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import requests
from machine import ServerError, run, write_private
from real_server import HERE, Command, RealServer
from server_process import answers, direct_session, free_port

if TYPE_CHECKING:
    from pathlib import Path

    from server_process import ServerProcess

REGION = "RegionOne"


@dataclasses.dataclass(frozen=True)
class Account:
    """A user who can log in with a password; both domains are ``Default``."""

    username: str
    project: str
    password: str = dataclasses.field(repr=False, default_factory=lambda: secrets.token_urlsafe(24))


@dataclasses.dataclass(frozen=True)
class ApplicationCredential:
    """An application credential of the administrator."""

    id: str
    secret: str = dataclasses.field(repr=False)


def _write_configuration(path: Path, sections: dict[str, dict[str, object]]) -> None:
    """Write a file of oslo.config."""
    lines = []
    for section, options in sections.items():
        lines.append(f"[{section}]")
        lines.extend(f"{name} = {value}" for name, value in options.items())
        lines.append("")
    write_private(path, "\n".join(lines))


class OpenStackServer(RealServer):
    """Keystone at ``auth_url``, Glance at ``url``."""

    name = "openstack"
    is_python = True
    # Without qemu-img Glance starts and takes tasks, but every import ends as a failure.
    programs = ("initdb", "qemu-img")
    region = REGION

    def start(self) -> None:
        """Start both side by side: each takes seconds, most of them for loading modules."""
        self.admin, self.member = Account("admin", "admin"), Account("member", "demo")
        self._service = Account("glance", "service")
        self.auth_url = f"http://127.0.0.1:{free_port()}/v3"
        for name in ("etc-keystone", "etc-glance", "lock", "images", "staging", "tasks", "task-work"):
            (self.state / name).mkdir()
        with ThreadPoolExecutor(2) as pool:
            started = [pool.submit(start) for start in (self._start_keystone, self._start_glance)]
        for each in started:
            each.result()
        # A request that needs everything: a token, its check by Glance at Keystone, both databases.
        self.ask("GET", f"{self.url}/v2/tasks", self.token())

    def secrets(self) -> tuple[str, ...]:
        """Return every value that must never show up in an output."""
        return (self.admin.password, self.member.password, self.application_credential.secret)

    def request_log(self, name: str) -> Path:
        """Return the file with a line for each request that keystone or glance has answered."""
        return self.state / f"{name}-requests.log"

    def _serve_wsgi(self, name: str, url: str, health: str, threads: int) -> ServerProcess:
        address = url.split("/")[2]
        arguments = (f"{name}.wsgi.api:application", address, str(threads), self.request_log(name))
        command: Command = [self.program("python"), HERE / "wsgi_service.py", *arguments]
        settings = {f"OS_{name.upper()}_CONFIG_DIR": str(self.state / f"etc-{name}")}
        return self.serve(name, command, lambda: answers(f"{url}{health}"), variables=settings)

    # Requests

    def token(self, account: Account | None = None) -> str:
        """Log in, as the administrator unless told otherwise."""
        account = account or self.admin
        domain = {"name": "Default"}
        user = {"name": account.username, "password": account.password, "domain": domain}
        body = {
            "auth": {
                "identity": {"methods": ["password"], "password": {"user": user}},
                "scope": {"project": {"name": account.project, "domain": domain}},
            }
        }
        return self.ask("POST", f"{self.auth_url}/auth/tokens", json=body).headers["X-Subject-Token"]

    @staticmethod
    def ask(method: str, url: str, token: str = "", **more: Any) -> requests.Response:
        """Send a request and return its good answer."""
        # Glance describes an error in HTML to everybody who does not ask for JSON.
        headers = {
            "Accept": "application/json",
            **({"X-Auth-Token": token} if token else {}),
            **more.pop("headers", {}),
        }
        with direct_session() as session:
            answer = session.request(method, url, headers=headers, timeout=30, **more)
        if not answer.ok:
            message = f"{answer.status_code} was the answer to {method} {url}: {answer.text}"
            raise ServerError(message)
        return answer

    # Keystone

    def _start_keystone(self) -> None:
        state = self.state
        for repository in ("fernet-keys", "credential-keys"):
            (state / repository).mkdir(mode=0o700)
            # 0 is the next key, the highest number is the one in use. `keystone-manage fernet_setup` makes the same,
            # but takes seconds for it and complains when it runs as root.
            for number in ("0", "1"):
                write_private(state / repository / number, base64.urlsafe_b64encode(os.urandom(32)).decode("ascii"))
        configuration = state / "etc-keystone" / "keystone.conf"
        _write_configuration(
            configuration,
            {
                "DEFAULT": {"use_stderr": "true"},
                "database": {"connection": f"sqlite:///{state}/keystone.db"},
                "fernet_tokens": {"key_repository": state / "fernet-keys"},
                # Receipts are for logins with two factors; without their keys bootstrapping ends with an error.
                "fernet_receipts": {"key_repository": state / "fernet-keys"},
                "credential": {"key_repository": state / "credential-keys"},
                # The cheapest bcrypt: the accounts live for minutes and have random passwords.
                "identity": {"password_hash_rounds": 4},
                "oslo_concurrency": {"lock_path": state / "lock"},
            },
        )
        manage: Command = [self.program("keystone-manage"), "--config-file", configuration]
        run([*manage, "db_sync"], cwd=state)
        urls = [word for kind in ("admin", "internal", "public") for word in (f"--bootstrap-{kind}-url", self.auth_url)]
        run(
            [*manage, "bootstrap", *urls, "--bootstrap-region-id", REGION],
            cwd=state,
            # Not as an argument: everybody on the machine can read the arguments of a process.
            environment=self.environment(OS_BOOTSTRAP_PASSWORD=self.admin.password),
        )
        self._serve_wsgi("keystone", self.auth_url, "", threads=4)
        self._set_up_accounts()

    def _set_up_accounts(self) -> None:
        """Make users with their projects, Glance's place in the catalogue, and an application credential."""
        token = self.token()

        def create(path: str, kind: str, **attributes: object) -> dict[str, Any]:
            answer = self.ask("POST", f"{self.auth_url}/{path}", token, json={kind: attributes})
            created: dict[str, Any] = answer.json()[kind]
            return created

        def get(path: str) -> Any:
            return self.ask("GET", f"{self.auth_url}/{path}", token).json()

        for account, role in ((self._service, "service"), (self.member, "member")):
            login = {"name": account.username, "password": account.password}
            project = create("projects", "project", name=account.project, domain_id="default")["id"]
            user = create("users", "user", **login, domain_id="default")["id"]
            role_id = get(f"roles?name={role}")["roles"][0]["id"]
            self.ask("PUT", f"{self.auth_url}/projects/{project}/users/{user}/roles/{role_id}", token)
        service = create("services", "service", type="image", name="glance")["id"]
        for interface in ("public", "internal", "admin"):
            create("endpoints", "endpoint", service_id=service, interface=interface, url=self.url, region_id=REGION)
        admin = get("users?name=admin")["users"][0]["id"]
        made = create(f"users/{admin}/application_credentials", "application_credential", name="tests")
        self.application_credential = ApplicationCredential(made["id"], made["secret"])

    # Glance

    def _start_glance(self) -> None:
        state = self.state
        # SQLite has room for one writer: Glance's tasks failed now and then, "database is locked".
        self.database = self.postgresql()
        configuration = state / "etc-glance" / "glance-api.conf"
        _write_configuration(
            configuration,
            {
                "DEFAULT": {
                    "use_stderr": "true",
                    "enabled_backends": "images:file",
                    # Without it Glance does not start: it is where other workers would find this one.
                    "worker_self_reference_url": self.url,
                },
                "glance_store": {"default_backend": "images"},
                "images": {"filesystem_store_datadir": state / "images"},
                "os_glance_staging_store": {"filesystem_store_datadir": state / "staging"},
                "os_glance_tasks_store": {"filesystem_store_datadir": state / "tasks"},
                "task": {"work_dir": state / "task-work"},
                # A second task waits as `pending`, which the tests make use of.
                "wsgi": {"task_pool_threads": 1},
                "database": {"connection": f"postgresql+psycopg2://{self.name}@/postgres?host={self.database.folder}"},
                # Glance refuses sources on loopback which are not named here, and every port but 80 and 443 unless
                # the list of ports is empty.
                "import_filtering_opts": {"allowed_hosts": "[127.0.0.1]", "allowed_ports": "[]"},
                "paste_deploy": {
                    "flavor": "keystone",
                    "config_file": self.installed / "etc" / "glance" / "glance-api-paste.ini",
                },
                "oslo_concurrency": {"lock_path": state / "lock"},
                "keystone_authtoken": {
                    "auth_type": "password",
                    "auth_url": self.auth_url,
                    "www_authenticate_uri": self.auth_url,
                    "username": self._service.username,
                    "password": self._service.password,
                    "project_name": self._service.project,
                    "user_domain_id": "default",
                    "project_domain_id": "default",
                    "service_token_roles_required": "true",
                },
            },
        )
        run([self.program("glance-manage"), "--config-file", configuration, "db_sync"], cwd=state)
        self._serve_wsgi("glance", self.url, "/healthcheck", threads=8)
