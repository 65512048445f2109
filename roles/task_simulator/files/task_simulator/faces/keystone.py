# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keystone's Identity v3 as far as keystoneauth and its like need it: discovery, login, tokens with a catalogue.

Confirmed by the public Identity API reference and by keystoneauth itself, which the tests drive against this file.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable

from ..messages import BadJsonError, Request, Response, reason
from ..validation import Fields, option, options_reader
from .base import RefusedError, Route, stable_uuid
from .glance_images import KnownImage, read_images

#: Where the services are mounted on the one port; development clouds use the same paths.
IDENTITY = "/identity"
IMAGE = "/image"
DOMAIN = {"id": "default", "name": "Default"}
_REFUSED = "The request you have made requires authentication."


def _hex_id(*parts: str) -> str:
    """Return an ID in Keystone's way, a UUID without dashes."""
    return stable_uuid(*parts).replace("-", "")


@dataclass(frozen=True)
class User:
    """One user of one project."""

    name: str = option(Fields.text)
    password: str = option(Fields.text)
    project: str = option(Fields.text, "demo")
    id: str = option(Fields.text, lambda fields: _hex_id("user", fields.text("name")))
    project_id: str = option(Fields.text, lambda fields: _hex_id("project", fields.text("project", "demo")))
    roles: Sequence[str] = option(Fields.texts, ["member"])


_DEFAULT_USERS = {"users": [{"name": "admin", "password": "admin-password", "roles": ["admin"]}]}
_read_users = options_reader(User)


@dataclass(frozen=True)
class ApplicationCredential:
    """A login that carries its user's project and roles."""

    id: str
    name: str
    secret: str
    user: User


@dataclass(frozen=True)
class OpenStackCredentials:
    """Who may log in; ``token_lifetime`` is in seconds."""

    users: tuple[User, ...]
    application_credentials: tuple[ApplicationCredential, ...]
    api_tokens: Mapping[str, User]
    token_lifetime: float
    region: str
    tasks_api_access: str
    images: Sequence[KnownImage]

    @classmethod
    def read(cls, fields: Fields) -> OpenStackCredentials:
        """Read users, application credentials and ready-made tokens."""
        users = _read_users(fields, "users") or _read_users(Fields(_DEFAULT_USERS), "users")
        by_name = {user.name: user for user in users}

        def user_of(entry: Fields) -> User:
            name: str = entry.text("user", users[0].name)
            if name not in by_name:
                raise entry.error("names nobody of credentials.openstack_images.users", "user")
            return by_name[name]

        application_credentials = []
        for entry in fields.children("application_credentials"):
            known = ApplicationCredential(
                id=entry.text("id"),
                name=entry.text("name", f"credential-{entry.text('id')}"),
                secret=entry.text("secret"),
                user=user_of(entry),
            )
            entry.done()
            application_credentials.append(known)
        if not fields.has("application_credentials"):
            application_credentials.append(
                ApplicationCredential("demo-credential", "demo-credential", "demo-secret", users[0])
            )
        api_tokens = {}
        for entry in fields.children("api_tokens"):
            api_tokens[entry.text("token")] = user_of(entry)
            entry.done()
        if not fields.has("api_tokens"):
            api_tokens["admin-token"] = users[0]
        credentials = cls(
            users=users,
            application_credentials=tuple(application_credentials),
            api_tokens=api_tokens,
            token_lifetime=fields.number("token_lifetime", 3600),
            region=fields.text("region", "RegionOne"),
            tasks_api_access=fields.text("tasks_api_access", "admin", choices=("admin", "everyone")),
            images=read_images(fields, "images"),
        )
        fields.done()
        return credentials


@dataclass(frozen=True)
class Session:
    """What a token stands for; times are seconds since the simulator's start, ``until`` None is for ever."""

    user: User
    methods: tuple[str, ...]
    scoped: bool
    issued: float
    until: float | None
    audit_id: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    application_credential: ApplicationCredential | None = None


def keystone_error(status: int, text: str = "") -> Response:
    """Return an error in Keystone's shape."""
    error = {"code": status, "message": text or reason(status), "title": reason(status)}
    return Response.of_json(status, {"error": error})


def keystone_unauthorized(request: Request, text: str = _REFUSED) -> Response:
    """Return the 401 of Keystone, which its middleware repeats in front of every service."""
    response = keystone_error(401, text)
    response.headers["WWW-Authenticate"] = f'Keystone uri="{request.base_url}{IDENTITY}"'
    return response


def _section(value: Any, name: str) -> Mapping[str, Any]:
    """Return a mapping of the login's body, or refuse the body as malformed."""
    found = value.get(name) if isinstance(value, Mapping) else None
    if not isinstance(found, Mapping):
        raise RefusedError(f"Expecting to find {name} in the request body, as an object.")
    return found


def _same(left: Any, right: str) -> bool:
    """Compare secrets without telling by the time taken how much of them was right."""
    return isinstance(left, str) and secrets.compare_digest(left.encode(), right.encode())


def _in_default_domain(owner: Mapping[str, Any]) -> bool:
    """Tell whether a name is asked for in the one domain there is."""
    domain = owner.get("domain")
    if not isinstance(domain, Mapping):
        return False
    return DOMAIN["id"] == domain.get("id") or DOMAIN["name"] == domain.get("name")


class Keystone:
    """Logins, tokens and the catalogue."""

    def __init__(
        self, credentials: OpenStackCredentials, now: Callable[[], float], utc: Callable[[float], str]
    ) -> None:
        """Begin with the scenario's ready-made tokens; ``utc`` writes an instant with microseconds."""
        self._credentials = credentials
        self._now = now
        self._utc = utc
        self._sessions = {
            token: Session(user, ("token",), scoped=True, issued=now(), until=None)
            for token, user in credentials.api_tokens.items()
        }

    def routes(self) -> Sequence[Route]:
        """Return Keystone's paths."""
        return (
            Route(IDENTITY, {"GET": self._versions}),
            Route(f"{IDENTITY}/v3", {"GET": self._version}),
            Route(
                f"{IDENTITY}/v3/auth/tokens", {"POST": self._log_in, "GET": self._show_token, "DELETE": self._revoke}
            ),
            Route(f"{IDENTITY}/v3/auth/catalog", {"GET": self._show_catalog}),
        )

    def session_of(self, request: Request, header: str = "X-Auth-Token") -> Session | None:
        """Return who sends a request; None when the token is unknown or over."""
        return self._live(request.header(header))

    def _live(self, token: str) -> Session | None:
        session = self._sessions.get(token)
        is_over = session is not None and session.until is not None and self._now() >= session.until
        return None if is_over else session

    def expire_sessions(self) -> None:
        """Forget all tokens, also those that the scenario gives."""
        self._sessions.clear()

    # Discovery

    @staticmethod
    def _version_entry(request: Request) -> dict[str, Any]:
        return {
            "id": "v3.14",
            "status": "stable",
            "updated": "2020-04-07T00:00:00Z",
            "links": [{"rel": "self", "href": f"{request.base_url}{IDENTITY}/v3/"}],
            "media-types": [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}],
        }

    def _versions(self, request: Request, values: Mapping[str, str]) -> Response:
        headers = {"Location": f"{request.base_url}{IDENTITY}/v3/"}
        return Response.of_json(300, {"versions": {"values": [self._version_entry(request)]}}, headers)

    def _version(self, request: Request, values: Mapping[str, str]) -> Response:
        return Response.of_json(200, {"version": self._version_entry(request)})

    # Tokens

    def _log_in(self, request: Request, values: Mapping[str, str]) -> Response:
        try:
            session = self._authenticate(request)
        except RefusedError as refused:
            if refused.status == 401:
                return keystone_unauthorized(request, refused.text)
            return keystone_error(refused.status, refused.text)
        token = f"gAAAAA{secrets.token_urlsafe(48)}"
        self._sessions[token] = session
        return self._token_response(request, 201, token, session)

    def _authenticate(self, request: Request) -> Session:
        """Return the session a login's body is good for."""
        try:
            auth = _section(request.json(), "auth")
        except BadJsonError:
            raise RefusedError("The request body is not valid JSON.") from None
        identity = _section(auth, "identity")
        methods = identity.get("methods")
        if not isinstance(methods, list) or not methods:
            raise RefusedError("Expecting to find methods in identity, as a list.")
        scope = auth.get("scope")
        if methods == ["password"]:
            user = self._user_of(_section(_section(identity, "password"), "user"))
            return self._session(user, "password", scoped=self._is_scoped(user, scope))
        if methods == ["application_credential"]:
            known = self._application_credential_of(_section(identity, "application_credential"))
            if scope not in (None, "unscoped"):
                raise RefusedError("Application credentials cannot request a scope.", 401)
            return self._session(known.user, "application_credential", scoped=True, known=known)
        if methods == ["token"]:
            previous = self._live(str(_section(identity, "token").get("id")))
            if previous is None:
                raise RefusedError(_REFUSED, 401)
            return self._session(previous.user, "token", scoped=self._is_scoped(previous.user, scope))
        raise RefusedError(f"Attempted to authenticate with an unsupported method: {methods}.", 401)

    def _session(self, user: User, method: str, *, scoped: bool, known: ApplicationCredential | None = None) -> Session:
        now = self._now()
        until = now + self._credentials.token_lifetime
        return Session(user, (method,), scoped, now, until, application_credential=known)

    def _find_user(self, given: Mapping[str, Any]) -> User | None:
        """Return the user that is named by ID, or by name and domain."""
        for user in self._credentials.users:
            if "id" in given:
                if given["id"] == user.id:
                    return user
            elif given.get("name") == user.name and _in_default_domain(given):
                return user
        return None

    def _user_of(self, given: Mapping[str, Any]) -> User:
        """Return the user whose password was given."""
        if "id" not in given and ("name" not in given or "domain" not in given):
            raise RefusedError("Expecting to find id, or name and domain, in user.")
        if not isinstance(given.get("password"), str):
            raise RefusedError("Expecting to find password in user.")
        user = self._find_user(given)
        if user is None or not _same(given["password"], user.password):
            raise RefusedError(_REFUSED, 401)
        return user

    def _application_credential_of(self, given: Mapping[str, Any]) -> ApplicationCredential:
        """Return the application credential whose secret was given; it is named by ID, or by name and user."""
        if not isinstance(given.get("secret"), str):
            raise RefusedError("Expecting to find secret in application_credential.")
        user = None if "id" in given else self._find_user(_section(given, "user"))
        for known in self._credentials.application_credentials:
            named = given["id"] == known.id if "id" in given else user == known.user and given.get("name") == known.name
            if named and _same(given["secret"], known.secret):
                return known
        raise RefusedError(_REFUSED, 401)

    @staticmethod
    def _is_scoped(user: User, scope: Any) -> bool:
        """Tell whether a login asks for its project; any other scope is refused."""
        if scope is None or scope == "unscoped" or (isinstance(scope, Mapping) and "unscoped" in scope):
            return False
        project = scope.get("project") if isinstance(scope, Mapping) else None
        if not isinstance(project, Mapping):
            raise RefusedError(_REFUSED, 401)
        if "id" in project:
            right = project["id"] == user.project_id
        else:
            right = project.get("name") == user.project and _in_default_domain(project)
        if not right:
            raise RefusedError(_REFUSED, 401)
        return True

    def _show_token(self, request: Request, values: Mapping[str, str]) -> Response:
        if self.session_of(request) is None:
            return keystone_unauthorized(request)
        session = self.session_of(request, "X-Subject-Token")
        if session is None:
            return keystone_error(404, "Could not find the token.")
        return self._token_response(request, 200, request.header("X-Subject-Token"), session)

    def _revoke(self, request: Request, values: Mapping[str, str]) -> Response:
        if self.session_of(request) is None:
            return keystone_unauthorized(request)
        if self._sessions.pop(request.header("X-Subject-Token"), None) is None:
            return keystone_error(404, "Could not find the token.")
        return Response(204)

    def _show_catalog(self, request: Request, values: Mapping[str, str]) -> Response:
        session = self.session_of(request)
        if session is None:
            return keystone_unauthorized(request)
        links = {"self": f"{request.base_url}{IDENTITY}/v3/auth/catalog", "next": None, "previous": None}
        return Response.of_json(200, {"catalog": self._catalog(request), "links": links})

    def _token_response(self, request: Request, status: int, token: str, session: Session) -> Response:
        """Return what a token stands for; its own text is only in the header."""
        user = session.user
        # A ready-made token never ends, but Keystone always names an end.
        until = session.until if session.until is not None else self._now() + self._credentials.token_lifetime
        body: dict[str, Any] = {
            "methods": list(session.methods),
            "user": {"domain": DOMAIN, "id": user.id, "name": user.name, "password_expires_at": None},
            "audit_ids": [session.audit_id],
            "expires_at": self._utc(until),
            "issued_at": self._utc(session.issued),
        }
        if session.scoped:
            body["project"] = {"domain": DOMAIN, "id": user.project_id, "name": user.project}
            body["is_domain"] = False
            body["roles"] = [{"id": _hex_id("role", role), "name": role} for role in user.roles]
            if "nocatalog" not in dict(request.parameters):
                body["catalog"] = self._catalog(request)
        if session.application_credential is not None:
            known = session.application_credential
            body["application_credential"] = {"id": known.id, "name": known.name, "restricted": True}
        return Response.of_json(status, {"token": body}, {"X-Subject-Token": token, "Vary": "X-Auth-Token"})

    def _catalog(self, request: Request) -> list[dict[str, Any]]:
        """Return the services; their addresses are made of the address the client used."""
        region = self._credentials.region
        return [
            {
                "id": _hex_id("service", name),
                "name": name,
                "type": kind,
                "endpoints": [
                    {
                        "id": _hex_id("endpoint", name, interface),
                        "interface": interface,
                        "region": region,
                        "region_id": region,
                        "url": f"{request.base_url}{path}",
                    }
                    for interface in ("public", "internal", "admin")
                ],
            }
            for name, kind, path in (("keystone", "identity", IDENTITY), ("glance", "image", IMAGE))
        ]
