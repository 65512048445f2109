# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bring up a real OpenStack Glance with a real Keystone on loopback, and take both down again.

By hand::

    python openstack_server.py up --dir DIR [--python PYTHON]
    python openstack_server.py down --dir DIR

In a test::

    with OpenStackServer(directory) as server:
        server.endpoints.auth_url

The folder then holds ``venv`` (kept, and used again while the pins are the same), ``state`` (configuration, keys,
Keystone's database, images and logs; made anew at every start), ``endpoints.json`` (addresses and secrets, mode 0600)
and ``database``, which says where Glance's PostgreSQL is.

Glance is set up to work on one task at a time, so that another one waits; see :func:`image_tasks.launch_import`.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import dataclasses
import importlib.util
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import TracebackType

    from typing_extensions import Self

HERE = Path(__file__).resolve().parent
REQUIREMENTS_FILE = HERE / "openstack-requirements.txt"
WSGI_SERVICE = HERE / "wsgi_service.py"

MINIMUM_PYTHON = (3, 11)
REGION = "RegionOne"
ADMIN_PROJECT = "admin"
MEMBER_PROJECT = "demo"
SERVICE_PROJECT = "service"

START_TIMEOUT = 180.0
"""Seconds until a service must answer; 3 to 6 s are usual, a busy machine may need much more."""

STOP_TIMEOUT = 10.0
"""Seconds a service gets between the polite signal and the one that it cannot refuse."""

LOG_LINES = 30
"""How many of a log's last lines an error carries."""


class ServerError(RuntimeError):
    """The servers could not be prepared, started or reached; the text has the last lines of the log."""


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

    ``pids`` and ``request_logs`` have the keys ``keystone`` and ``glance``. The logs are files with a line for each
    answered request. ``database`` is the folder with the socket of Glance's PostgreSQL.
    """

    auth_url: str
    image_url: str
    region: str
    admin: Account
    member: Account
    application_credential: ApplicationCredential
    pids: dict[str, int]
    request_logs: dict[str, str]
    database: str

    def secrets(self) -> tuple[str, ...]:
        """Return every value that must never show up in an output."""
        return (self.admin.password, self.member.password, self.application_credential.secret)

    def to_json(self) -> str:
        """Return the text of ``endpoints.json``, with the secrets."""
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read the text of ``endpoints.json``."""
        data = json.loads(text)
        data["admin"] = Account(**data["admin"])
        data["member"] = Account(**data["member"])
        data["application_credential"] = ApplicationCredential(**data["application_credential"])
        return cls(**data)


def missing_requirements(python: str = sys.executable) -> list[str]:
    """Say in words what this machine lacks to run the servers with ``python``; an empty list means: go."""
    missing = []
    if not Path("/proc/self/cmdline").exists():
        missing.append("this is not Linux: processes are recognised by their entry in /proc")
    version = _python_version(python)
    wanted = ".".join(map(str, MINIMUM_PYTHON))
    if version is None:
        missing.append(f"{python} does not run: name a Python >= {wanted}")
    elif version < MINIMUM_PYTHON:
        missing.append(f"{python} is Python {version[0]}.{version[1]}: Glance from PyPI needs Python >= {wanted}")
    if shutil.which("qemu-img") is None:
        # Without it Glance starts and takes tasks, but every import ends as a failure.
        missing.append("qemu-img is not installed: install the package qemu-utils")
    from postgresql_server import initdb  # noqa: PLC0415 - it needs what is below

    if initdb() is None:
        missing.append("PostgreSQL's initdb is not installed: install the package postgresql")
    return missing


def _python_version(python: str) -> tuple[int, int] | None:
    """Return major and minor version of an interpreter, or None when it cannot be run."""
    if python == sys.executable:
        return sys.version_info[:2]
    code = "import sys; print(*sys.version_info[:2])"
    try:
        answer = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return None
    major, minor = answer.stdout.split()
    return int(major), int(minor)


def _clean_environment(**additions: str) -> dict[str, str]:
    """Return the environment for the servers' programs, without what could bend them.

    oslo.config takes options from variables named OS_<group>__<option>, Keystone from OS_BOOTSTRAP_*, and a proxy would
    catch what the servers say to each other on loopback.
    """
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("OS_", "PYTHON")) and not name.lower().endswith("_proxy")
    }
    return {**environment, "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", **additions}


def _last_lines(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-LOG_LINES:])


def _run(command: Sequence[str | Path], *, cwd: Path, environment: dict[str, str] | None = None) -> None:
    """Run a program to its end; when it fails, raise with the last lines of what it said."""
    result = subprocess.run(
        command,
        cwd=cwd,
        env=_clean_environment() if environment is None else environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        name = " ".join(str(part) for part in command[:2])
        message = f"{name} ... ended with status {result.returncode}:\n{_last_lines(result.stdout)}"
        raise ServerError(message)


def _write_private(path: Path, text: str) -> None:
    """Write a file that nobody else can read, not even for a moment; the old file, if any, is replaced as a whole."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)


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


class _VirtualEnvironment:
    """The servers' own Python environment; made once for one set of pins."""

    def __init__(self, directory: Path, python: str, requirements: Path = REQUIREMENTS_FILE) -> None:
        self.directory = directory
        self._python = python
        self._requirements = requirements

    def program(self, name: str) -> Path:
        """Return the path of an installed program."""
        return self.directory / "bin" / name

    def make(self) -> bool:
        """Install the requirements; False when an environment of earlier is still right."""
        marker = self.directory / "longrunning-requirements.txt"
        wanted = f"# Python {_python_version(self._python)}\n{self._requirements.read_text(encoding='utf-8')}"
        if marker.is_file() and marker.read_text(encoding="utf-8") == wanted:
            return False
        # Half an environment, or one for other pins: a new one is made in seconds, a repaired one is never quite known.
        shutil.rmtree(self.directory, ignore_errors=True)
        python = self.program("python")
        # The installers read their settings (an index to use, a cache) from the environment and from files, so they
        # get the environment as it is.
        environment = dict(os.environ)
        uv = self._uv()
        if uv:
            steps: list[list[str | Path]] = [
                [*uv, "venv", "--quiet", "--python", self._python, self.directory],
                [*uv, "pip", "install", "--quiet", "--python", python, "--requirement", self._requirements],
            ]
        else:
            steps = [
                [self._python, "-m", "venv", self.directory],
                [python, "-m", "pip", "install", "--quiet", "--requirement", self._requirements],
            ]
        for step in steps:
            _run(step, cwd=self.directory.parent, environment=environment)
        # Last of all, so that an interrupted installation is not taken for a whole one.
        marker.write_text(wanted, encoding="utf-8")
        return True

    @staticmethod
    def _uv() -> list[str | Path]:
        """Return how to call uv, which is ten times as quick as pip here; empty when it is not installed."""
        if importlib.util.find_spec("uv"):
            return [sys.executable, "-m", "uv"]
        found = shutil.which("uv")
        return [found] if found else []


class _Service:
    """One WSGI application in a process of its own, in a process group of its own."""

    def __init__(self, name: str, application: str, threads: int, state: Path, python: Path) -> None:
        self.name = name
        self.log = state / "log" / f"{name}.log"
        self.request_log = state / "log" / f"{name}-requests.log"
        self._application = application
        self._threads = threads
        self._pid_file = state / f"{name}.pid"
        self._python = python
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, listener: socket.socket, environment: dict[str, str]) -> int:
        """Start the process on a bound socket and return its id."""
        command: list[str | Path] = [
            self._python,
            WSGI_SERVICE,
            self._application,
            str(listener.fileno()),
            str(self._threads),
            self.request_log,
        ]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self.log.parent,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[listener.fileno()],
                # A group of its own: a Ctrl-C for the test run does not hit it, and stop() reaches its children too.
                start_new_session=True,
            )
        self._pid_file.write_text(f"{self._process.pid}\n", encoding="ascii")
        return self._process.pid

    def wait_until_answering(self, url: str) -> None:
        """Return as soon as the address answers with success; raise when the process ends or takes too long."""
        deadline = time.monotonic() + START_TIMEOUT
        last = "no answer yet"
        while time.monotonic() < deadline:
            if self._process is not None and self._process.poll() is not None:
                last = f"the process ended with status {self._process.returncode}"
                break
            try:
                answer = _session().get(url, timeout=5)
            except requests.RequestException as error:
                last = str(error)
            else:
                if answer.ok:
                    return
                last = f"HTTP {answer.status_code}"
            time.sleep(0.1)
        message = f"{self.name} did not start ({last}). The end of {self.log.name}:\n{self.last_log_lines()}"
        raise ServerError(message)

    def last_log_lines(self) -> str:
        """Return the end of the log."""
        with contextlib.suppress(OSError):
            return _last_lines(self.log.read_text(encoding="utf-8", errors="replace"))
        return "(there is no log)"

    def stop(self) -> None:
        """End the process, whoever started it; do nothing when it does not run."""
        pid = self._running_pid()
        if pid is not None:
            for wanted, seconds in ((signal.SIGTERM, STOP_TIMEOUT), (signal.SIGKILL, STOP_TIMEOUT)):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, wanted)
                if self._wait_until_gone(pid, seconds):
                    break
            else:
                message = f"{self.name} (process {pid}) cannot be stopped"
                raise ServerError(message)
        if self._process is not None:
            # Our own child stays in the process table until it is asked for its status.
            self._process.wait()
            self._process = None
        self._pid_file.unlink(missing_ok=True)

    def _running_pid(self) -> int | None:
        try:
            pid = int(self._pid_file.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None
        # Numbers are used again: after a restart of the machine it could be the process of somebody else.
        return pid if self._is_ours(pid) else None

    def _is_ours(self, pid: int) -> bool:
        """Whether the process runs and is this service; one that has ended has no command line any more."""
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return os.fsencode(self._python) in command and self._application.encode() in command

    def _wait_until_gone(self, pid: int, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self._is_ours(pid):
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        return True


def _session() -> requests.Session:
    """Return a session that goes straight to loopback, whatever proxy or .netrc the caller has."""
    session = requests.Session()
    session.trust_env = False
    return session


class _KeystoneAdministration:
    """The few calls of Keystone's API that set up who may do what."""

    def __init__(self, auth_url: str, admin: Account) -> None:
        self._url = auth_url
        self._session = _session()
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
        """Remember where to work; nothing happens before :meth:`start`.

        :param directory: the work folder; made when it is missing
        :param python: the interpreter (>= 3.11) for the servers' virtual environment
        :param on_step: called with a few words at the beginning of each step
        """
        self.directory = Path(directory).resolve()
        self._state = self.directory / "state"
        self._endpoints_file = self.directory / "endpoints.json"
        self._environment = _VirtualEnvironment(self.directory / "venv", python)
        self._python = python
        self._on_step = on_step
        interpreter = self._environment.program("python")
        self._keystone = _Service("keystone", "keystone.wsgi.api:application", 4, self._state, interpreter)
        from postgresql_server import PostgreSQL  # noqa: PLC0415 - it needs what is above

        # SQLite has room for one writer: Glance's tasks failed now and then, "database is locked".
        self._database = PostgreSQL("glance", self.directory / "database")
        self._glance = _Service("glance", "glance.wsgi.api:application", 8, self._state, interpreter)
        self._endpoints: Endpoints | None = None

    @property
    def endpoints(self) -> Endpoints:
        """Addresses and accounts of the running servers."""
        if self._endpoints is None:
            message = "the servers are not running"
            raise ServerError(message)
        return self._endpoints

    def start(self) -> Endpoints:
        """Start both servers with fresh databases; servers still running below the same folder are stopped first."""
        missing = missing_requirements(self._python)
        if missing:
            raise ServerError("; ".join(missing))
        self.directory.mkdir(parents=True, exist_ok=True)
        self.stop()
        try:
            self._endpoints = self._start()
        except BaseException:
            # Also on Ctrl-C: no process may stay behind. The logs stay.
            self.stop()
            raise
        _write_private(self._endpoints_file, self._endpoints.to_json())
        return self._endpoints

    def stop(self) -> None:
        """Stop both servers; fine to call when they do not run."""
        self._endpoints = None
        self._endpoints_file.unlink(missing_ok=True)
        # Glance first: it asks Keystone about every token.
        try:
            self._glance.stop()
        finally:
            self._keystone.stop()
            self._database.stop()

    def __enter__(self) -> Self:
        """Start the servers."""
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop the servers."""
        self.stop()

    def _step(self, words: str) -> None:
        if self._on_step is not None:
            self._on_step(words)

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
            pids = {
                "keystone": self._keystone.start(
                    keystone_socket, _clean_environment(OS_KEYSTONE_CONFIG_DIR=str(self._state / "etc-keystone"))
                ),
                "glance": self._glance.start(
                    glance_socket, _clean_environment(OS_GLANCE_CONFIG_DIR=str(self._state / "etc-glance"))
                ),
            }
        # From here on only the services hold the sockets: when one ends, its port refuses connections.
        self._keystone.wait_until_answering(auth_url)
        self._step("make users, project and application credential")
        keystone = _KeystoneAdministration(auth_url, admin)
        keystone.create_user(service, "service")
        keystone.create_user(member, "member")
        keystone.create_image_endpoint(image_url)
        credential = keystone.create(
            f"users/{keystone.admin_id}/application_credentials", "application_credential", name="tests"
        )
        self._glance.wait_until_answering(f"{image_url}/healthcheck")
        self._check_login(auth_url, image_url, admin)
        self._step("both answer")
        return Endpoints(
            auth_url=auth_url,
            image_url=image_url,
            region=REGION,
            admin=admin,
            member=member,
            application_credential=ApplicationCredential(credential["id"], credential["secret"]),
            pids=pids,
            request_logs={service.name: str(service.request_log) for service in (self._keystone, self._glance)},
            database=str(self._database.folder),
        )

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
                _write_private(state / repository / number, base64.urlsafe_b64encode(os.urandom(32)).decode("ascii"))
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
        _write_private(state / "etc-keystone" / "keystone.conf", text)

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
        _write_private(state / "etc-glance" / "glance-api.conf", text)

    def _prepare_keystone(self, auth_url: str, admin: Account) -> None:
        manage = self._environment.program("keystone-manage")
        options = ["--config-file", str(self._state / "etc-keystone" / "keystone.conf")]
        _run([manage, *options, "db_sync"], cwd=self._state)
        urls = [word for kind in ("admin", "internal", "public") for word in (f"--bootstrap-{kind}-url", auth_url)]
        _run(
            [manage, *options, "bootstrap", *urls, "--bootstrap-region-id", REGION],
            cwd=self._state,
            # Not as an argument: everybody on the machine can read the arguments of a process.
            environment=_clean_environment(OS_BOOTSTRAP_PASSWORD=admin.password),
        )

    def _prepare_glance(self) -> None:
        configuration = self._state / "etc-glance" / "glance-api.conf"
        _run([self._environment.program("glance-manage"), "--config-file", configuration, "db_sync"], cwd=self._state)

    def _check_login(self, auth_url: str, image_url: str, admin: Account) -> None:
        """Make one request that needs everything: a token, its check by Glance at Keystone, both databases."""
        login = _session().post(f"{auth_url}/auth/tokens", json=password_login(admin), timeout=30)
        token = login.headers.get("X-Subject-Token", "")
        answer = _session().get(f"{image_url}/v2/tasks", headers={"X-Auth-Token": token}, timeout=30)
        if answer.status_code != requests.codes.ok:
            message = (
                f"Glance answered {answer.status_code} to its first request. The end of its log:\n"
                f"{self._glance.last_log_lines()}"
            )
            raise ServerError(message)


def main(arguments: Iterable[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    parser = argparse.ArgumentParser(description="Bring up a real OpenStack Glance with Keystone on loopback.")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start both with fresh databases; print the content of endpoints.json")
    down = commands.add_parser("down", help="stop both")
    for command in (up, down):
        command.add_argument("--dir", required=True, help="work folder")
    up.add_argument("--python", default=sys.executable, help="interpreter for the servers' virtual environment")
    options = parser.parse_args(None if arguments is None else list(arguments))
    started = time.monotonic()

    def show_step(words: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {words}", file=sys.stderr, flush=True)

    try:
        if options.command == "up":
            server = OpenStackServer(options.dir, options.python, show_step)
            print(server.start().to_json(), end="")
        else:
            OpenStackServer(options.dir).stop()
    except ServerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
