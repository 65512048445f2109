# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bring up a real OpenStack Glance with a real Keystone on loopback, and take both down again.

The virtual environment is kept, and used again while the pins are the same; configuration, keys, databases, images and
logs are made anew at every start. Glance is set up to work on one task at a time, so that another one waits; see
:func:`image_tasks.launch_import`.
"""

from __future__ import annotations

import base64
import dataclasses
import os
import secrets
import shutil
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from machine import (
    MINIMUM_PYTHON,
    ServerError,
    VirtualEnvironment,
    clean_environment,
    python_version,
    run,
    write_private,
)
from postgresql_server import PostgreSQL, initdb
from server_process import ServerProcess, answers, direct_session

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


HERE = Path(__file__).resolve().parent
REQUIREMENTS_FILE = HERE / "openstack-requirements.txt"
WSGI_SERVICE = HERE / "wsgi_service.py"

REGION = "RegionOne"
ADMIN_PROJECT = "admin"
MEMBER_PROJECT = "demo"
SERVICE_PROJECT = "service"


@dataclasses.dataclass(frozen=True)
class Account:
    """A user who can log in with a password; both domains are ``Default``."""

    username: str
    project: str
    password: str = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True)
class ApplicationCredential:
    """An application credential of the administrator."""

    id: str
    secret: str = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True)
class Endpoints:
    """Everything a client needs to know about the running servers.

    ``request_logs`` has the keys ``keystone`` and ``glance``: files with a line for each answered request. ``database``
    is the folder with the socket of Glance's PostgreSQL.
    """

    auth_url: str
    image_url: str
    region: str
    admin: Account
    member: Account
    application_credential: ApplicationCredential
    request_logs: dict[str, str]
    database: str

    def secrets(self) -> tuple[str, ...]:
        """Return every value that must never show up in an output."""
        return (self.admin.password, self.member.password, self.application_credential.secret)


def missing_requirements(python: str = sys.executable) -> list[str]:
    """Say in words what this machine lacks to run the servers with ``python``; an empty list means: go."""
    missing = []
    version = python_version(python)
    wanted = ".".join(map(str, MINIMUM_PYTHON))
    if version is None:
        missing.append(f"{python} does not run: name a Python >= {wanted}")
    elif version < MINIMUM_PYTHON:
        missing.append(f"{python} is Python {version[0]}.{version[1]}: Glance from PyPI needs Python >= {wanted}")
    if shutil.which("qemu-img") is None:
        # Without it Glance starts and takes tasks, but every import ends as a failure.
        missing.append("qemu-img is not installed: install the package qemu-utils")
    if initdb() is None:
        missing.append("PostgreSQL's initdb is not installed: install the package postgresql")
    return missing


def _configuration(sections: dict[str, dict[str, object]]) -> str:
    """Return the text of an oslo.config file."""
    lines = []
    for section, options in sections.items():
        lines.append(f"[{section}]")
        lines.extend(f"{name} = {value}" for name, value in options.items())
        lines.append("")
    return "\n".join(lines)


def _bound_socket() -> tuple[socket.socket, int]:
    """Take a free port on loopback; the socket refuses connections until somebody listens on it."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    return listener, listener.getsockname()[1]


class _KeystoneAdministration:
    """The few calls of Keystone's API that set up who may do what."""

    def __init__(self, auth_url: str, admin: Account) -> None:
        self._url = auth_url
        self._session = direct_session()
        answer = self._session.post(f"{auth_url}/auth/tokens", json=password_login(admin), timeout=30)
        self._check(answer)
        self._session.headers["X-Auth-Token"] = answer.headers["X-Subject-Token"]
        self.admin_id: str = answer.json()["token"]["user"]["id"]

    def create(self, path: str, kind: str, **attributes: object) -> dict[str, Any]:
        """Create something and return it."""
        answer = self._session.post(f"{self._url}/{path}", json={kind: attributes}, timeout=30)
        self._check(answer)
        created: dict[str, Any] = answer.json()[kind]
        return created

    def create_user(self, account: Account, role: str) -> None:
        """Create a project, and a user who has just one role in it."""
        project = self.create("projects", "project", name=account.project, domain_id="default")["id"]
        user = self.create("users", "user", name=account.username, password=account.password, domain_id="default")["id"]
        answer = self._session.get(f"{self._url}/roles", params={"name": role}, timeout=30)
        self._check(answer)
        role_id = answer.json()["roles"][0]["id"]
        path = f"projects/{project}/users/{user}/roles/{role_id}"
        self._check(self._session.put(f"{self._url}/{path}", timeout=30))

    def create_image_endpoint(self, url: str) -> None:
        """Put Glance into the service catalogue."""
        service = self.create("services", "service", type="image", name="glance")["id"]
        for interface in ("public", "internal", "admin"):
            self.create("endpoints", "endpoint", service_id=service, interface=interface, url=url, region_id=REGION)

    @staticmethod
    def _check(answer: requests.Response) -> None:
        if not answer.ok:
            message = f"Keystone answered {answer.status_code} to {answer.request.method} {answer.url}: {answer.text}"
            raise ServerError(message)


def password_login(account: Account) -> dict[str, object]:
    """Return the body of Keystone's ``POST /v3/auth/tokens`` for a user, password and project."""
    domain = {"name": "Default"}
    user = {"name": account.username, "password": account.password, "domain": domain}
    return {
        "auth": {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"name": account.project, "domain": domain}},
        }
    }


class OpenStackServer:
    """Keystone and Glance below one folder. A context manager: it starts both, and stops both at the end."""

    def __init__(
        self,
        directory: str | os.PathLike[str],
        python: str = sys.executable,
        on_step: Callable[[str], None] | None = None,
    ) -> None:
        """Remember where to work, for which interpreter (>= 3.11), and whom to tell about each step."""
        directory = Path(directory).resolve()
        directory.mkdir(parents=True, exist_ok=True)
        self._state = directory / "state"
        self._environment = VirtualEnvironment(directory / "venv", python, REQUIREMENTS_FILE)
        self._step = on_step or (lambda _words: None)
        # SQLite has room for one writer: Glance's tasks failed now and then, "database is locked".
        self._database = PostgreSQL("glance")
        self._services: list[ServerProcess] = []

    def __enter__(self) -> Endpoints:
        """Start the servers."""
        try:
            return self._start()
        except BaseException:
            # Also on Ctrl-C: no process may stay behind. The logs stay.
            self._stop()
            raise

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop the servers."""
        self._stop()

    def _stop(self) -> None:
        # Glance first: it asks Keystone about every token.
        for service in reversed(self._services):
            service.stop()
        self._database.stop()

    def _start(self) -> Endpoints:
        self._step("install the requirements")
        if not self._environment.make():
            self._step("(they were installed already)")
        self._make_state()
        admin = Account("admin", ADMIN_PROJECT, secrets.token_urlsafe(24))
        member = Account("member", MEMBER_PROJECT, secrets.token_urlsafe(24))
        service = Account("glance", SERVICE_PROJECT, secrets.token_urlsafe(24))
        keystone_socket, keystone_port = _bound_socket()
        glance_socket, glance_port = _bound_socket()
        with keystone_socket, glance_socket:
            auth_url = f"http://127.0.0.1:{keystone_port}/v3"
            image_url = f"http://127.0.0.1:{glance_port}"
            self._database.start()
            self._write_keystone_configuration()
            self._write_glance_configuration(auth_url, image_url, service)
            self._step("make the databases")
            with ThreadPoolExecutor(2) as pool:
                # Each takes seconds, most of them for loading modules, and neither needs the other.
                results = (pool.submit(self._prepare_keystone, auth_url, admin), pool.submit(self._prepare_glance))
            for result in results:
                result.result()
            self._step("start Keystone and Glance")
            keystone_process = self._serve("keystone", 4, keystone_socket)
            glance_process = self._serve("glance", 8, glance_socket)
        # From here on only the services hold the sockets: when one ends, its port refuses connections.
        keystone_process.wait_until(lambda: answers(auth_url))
        self._step("make users, project and application credential")
        keystone = _KeystoneAdministration(auth_url, admin)
        keystone.create_user(service, "service")
        keystone.create_user(member, "member")
        keystone.create_image_endpoint(image_url)
        credential = keystone.create(
            f"users/{keystone.admin_id}/application_credentials", "application_credential", name="tests"
        )
        glance_process.wait_until(lambda: answers(f"{image_url}/healthcheck"))
        self._check_login(auth_url, image_url, admin)
        self._step("both answer")
        return Endpoints(
            auth_url=auth_url,
            image_url=image_url,
            region=REGION,
            admin=admin,
            member=member,
            application_credential=ApplicationCredential(credential["id"], credential["secret"]),
            request_logs={name: str(self._request_log(name)) for name in ("keystone", "glance")},
            database=str(self._database.folder),
        )

    def _request_log(self, name: str) -> Path:
        return self._state / "log" / f"{name}-requests.log"

    def _serve(self, name: str, threads: int, listener: socket.socket) -> ServerProcess:
        """Start one of the two on a bound socket."""
        python, application = self._environment.program("python"), f"{name}.wsgi.api:application"
        command: list[str | Path] = [
            python,
            WSGI_SERVICE,
            application,
            str(listener.fileno()),
            str(threads),
            self._request_log(name),
        ]
        settings = {f"OS_{name.upper()}_CONFIG_DIR": str(self._state / f"etc-{name}")}
        log = self._state / "log" / f"{name}.log"
        process = ServerProcess(name, command, log, clean_environment(**settings))
        self._services.append(process)
        process.launch(listener.fileno())
        return process

    def _make_state(self) -> None:
        shutil.rmtree(self._state, ignore_errors=True)
        self._state.mkdir(mode=0o700)
        for name in ("etc-keystone", "etc-glance", "log", "lock", "images", "staging", "tasks", "task-work"):
            (self._state / name).mkdir()

    def _write_keystone_configuration(self) -> None:
        state = self._state
        for repository in ("fernet-keys", "credential-keys"):
            (state / repository).mkdir(mode=0o700)
            # 0 is the next key, the highest number is the one in use. `keystone-manage fernet_setup` makes the same,
            # but takes seconds for it and complains when it runs as root.
            for number in ("0", "1"):
                write_private(state / repository / number, base64.urlsafe_b64encode(os.urandom(32)).decode("ascii"))
        text = _configuration(
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
            }
        )
        write_private(state / "etc-keystone" / "keystone.conf", text)

    def _write_glance_configuration(self, auth_url: str, image_url: str, service: Account) -> None:
        state = self._state
        text = _configuration(
            {
                "DEFAULT": {
                    "use_stderr": "true",
                    "enabled_backends": "images:file",
                    # Without it Glance does not start: it is where other workers would find this one.
                    "worker_self_reference_url": image_url,
                },
                "glance_store": {"default_backend": "images"},
                "images": {"filesystem_store_datadir": state / "images"},
                "os_glance_staging_store": {"filesystem_store_datadir": state / "staging"},
                "os_glance_tasks_store": {"filesystem_store_datadir": state / "tasks"},
                "task": {"work_dir": state / "task-work"},
                # A second task waits as `pending`, which the tests make use of.
                "wsgi": {"task_pool_threads": 1},
                "database": {"connection": f"postgresql+psycopg2://glance@/postgres?host={self._database.folder}"},
                # Glance refuses sources on loopback which are not named here, and every port but 80 and 443 unless
                # the list of ports is empty.
                "import_filtering_opts": {"allowed_hosts": "[127.0.0.1]", "allowed_ports": "[]"},
                "paste_deploy": {
                    "flavor": "keystone",
                    "config_file": self._environment.directory / "etc" / "glance" / "glance-api-paste.ini",
                },
                "oslo_concurrency": {"lock_path": state / "lock"},
                "keystone_authtoken": {
                    "auth_type": "password",
                    "auth_url": auth_url,
                    "www_authenticate_uri": auth_url,
                    "username": service.username,
                    "password": service.password,
                    "project_name": service.project,
                    "user_domain_id": "default",
                    "project_domain_id": "default",
                    "service_token_roles_required": "true",
                },
            }
        )
        write_private(state / "etc-glance" / "glance-api.conf", text)

    def _prepare_keystone(self, auth_url: str, admin: Account) -> None:
        manage = self._environment.program("keystone-manage")
        options = ["--config-file", str(self._state / "etc-keystone" / "keystone.conf")]
        run([manage, *options, "db_sync"], cwd=self._state)
        urls = [word for kind in ("admin", "internal", "public") for word in (f"--bootstrap-{kind}-url", auth_url)]
        run(
            [manage, *options, "bootstrap", *urls, "--bootstrap-region-id", REGION],
            cwd=self._state,
            # Not as an argument: everybody on the machine can read the arguments of a process.
            environment=clean_environment(OS_BOOTSTRAP_PASSWORD=admin.password),
        )

    def _prepare_glance(self) -> None:
        configuration = self._state / "etc-glance" / "glance-api.conf"
        run([self._environment.program("glance-manage"), "--config-file", configuration, "db_sync"], cwd=self._state)

    def _check_login(self, auth_url: str, image_url: str, admin: Account) -> None:
        """Make one request that needs everything: a token, its check by Glance at Keystone, both databases."""
        login = direct_session().post(f"{auth_url}/auth/tokens", json=password_login(admin), timeout=30)
        token = login.headers.get("X-Subject-Token", "")
        answer = direct_session().get(f"{image_url}/v2/tasks", headers={"X-Auth-Token": token}, timeout=30)
        if answer.status_code != requests.codes.ok:
            message = f"Glance answered {answer.status_code} to its first request: {answer.text}"
            raise ServerError(message)
