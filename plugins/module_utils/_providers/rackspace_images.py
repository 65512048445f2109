# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rackspace Cloud Images: import and export tasks.

Facts: the Cloud Images developer guide ("Get task details", "List tasks", "Task statuses"), the Cloud Identity
v2.0 guide, and the how-to on transferring images, which asks for no more than one poll in 30 seconds.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from .._api.addresses import with_path
from .._api.channel import Channel
from .._api.http_client import HttpRequest, HttpResponse
from .._api.login import Access, FixedLogin, Login
from .._api.session import SessionLogin
from .._core.errors import OptionError, RejectedError
from .._provider.contract import Provider, ProviderTools, TaskProvider
from .._provider.description import DocumentedError, LoginForm, ProviderDescription
from .._provider.fields import OBJECT, OBJECTS, Kind, answers_with, as_it_is, at, object_schema
from .._provider.options import ConnectionOptions
from .._provider.rest import connect
from ._image_tasks import STATES, ImageTaskProvider, catalogued_access, image_access

_TASK_DETAILS = "Rackspace Cloud Images developer guide, Get task details"
_OWN_TESTS = "Rackspace's published functional tests of Cloud Images (cloudroast)"


def _vhd(code: str, detail: str, remedy: str, *, retryable: bool = False, title: str | None = None) -> DocumentedError:
    """Describe a documented import failure. On the wire it is ``Image cannot be imported. Error code: '396'``."""
    return DocumentedError(
        code=code,
        title=title or detail,
        detail=detail,
        remedy=remedy,
        retryable=retryable,
        source=_TASK_DETAILS,
        pattern=rf"error code:\s*['\"]?{code}\b",
    )


def _text(code: str, pattern: str, title: str, remedy: str, source: str) -> DocumentedError:
    """Describe a failure for which the vendor has no code, only a text. The code is this collection's own."""
    return DocumentedError(code, title, title, remedy, retryable=False, source=source, pattern=pattern)


DOCUMENTED_ERRORS = (
    _vhd(
        "111",
        "An unspecified problem with the VHD made it fail the validation checks",
        "Check the VHD with a tool such as vhd-util or qemu-img, write it again as a fixed or dynamic VHD, and import "
        "that one",
        title="The VHD failed validation",
    ),
    _vhd(
        "396",
        "The file is not a valid VHD",
        "Check the VHD and upload it again. A good file can get this code too, so another import may succeed",
        retryable=True,
    ),
    _vhd(
        "413",
        "The virtual size of the disk exceeds the limit of 40 GB",
        "Shrink the disk to 40 GB or less and export it to a VHD again",
    ),
    _vhd("523", "Only fixed or dynamic disks may be imported", "Convert the image to a fixed or dynamic VHD"),
    _vhd(
        "609",
        "The physical size of the disk exceeds the limit of 40 GB",
        "Make the file smaller than 40 GB, for example as a dynamic VHD",
    ),
    _vhd(
        "614",
        "The internal UUID of the VHD is all zeros",
        "Give the VHD a new UUID with the tool that made it, or convert it again",
    ),
    _vhd(
        "721",
        "The VHD has a parent disk, and only a stand-alone VHD can be imported",
        "Merge the differencing disk with its parent into one VHD",
    ),
    _text(
        "object_exists",
        "swift already has an object|object already exists in user's container",
        "The container already has an object of that name",
        "Delete or rename that object, or export to another container",
        _TASK_DETAILS,
    ),
    _text(
        "container_not_found",
        "container not found",
        "The receiving container does not exist",
        "Create the container in the same region first; its name must not hold a slash, a question mark or a dot",
        _OWN_TESTS,
    ),
    _text(
        "not_the_owner",
        "only be exported by the image owner",
        "Only the owner of an image can export it",
        "Run the export with the account that owns the image",
        _OWN_TESTS,
    ),
    _text(
        "not_exportable",
        "licensing or billing restrictions",
        "The image's licence does not allow its export",
        "Images of Windows and Red Hat systems cannot be exported; move the data in another way",
        _OWN_TESTS,
    ),
    _text(
        "source_not_found",
        "image not found for import|swift could not find object",
        "There is no object at the place that the import names",
        "Check import_from: it is container/object, in the region of the import",
        _TASK_DETAILS,
    ),
    _text(
        "image_not_found",
        "requested image for export was not found",
        "There is no image with the ID that the export names",
        "Check image_uuid, and that the image is in the region of the export",
        "an answer of the API that a user published in 2015",
    ),
    _text(
        "unsupported_property",
        "unsupported element in image_properties",
        "image_properties contains something that an import does not take",
        "Leave only the name in image_properties",
        _OWN_TESTS,
    ),
)

DESCRIPTION = ProviderDescription(
    name="rackspace_images",
    title="Rackspace Cloud Images",
    states=STATES,
    logins=(
        LoginForm(("username", "api_key")),
        LoginForm(("username", "password")),
        LoginForm(("api_token", "api_url")),
        LoginForm(("api_token", "region")),
    ),
    documents={
        "Cloud Images developer guide": "https://docs.rackspace.com/docs/cloud-images",
        "Cloud Identity, authentication tokens": "https://docs.rackspace.com/docs/manage-authentication-tokens",
    },
    environment_prefix="RACKSPACE",
    options=("auth_url", "region"),
    documented_errors=DOCUMENTED_ERRORS,
    error_code_pattern=r"error code:\s*['\"]?(\w+)",
    poll_interval=30.0,
    least_poll_interval=30.0,
    page_size=100,
    # Over limit, as the identity service and the gateways in front of the others answer. In a task's message the
    # same number means a disk that is too large.
    transient_statuses=frozenset({413}),
    launch_types=("import", "export"),
)

_DEFAULT_AUTH_URL = "https://identity.api.rackspacecloud.com/v2.0"
_SERVICES = Kind(("array",), as_it_is, {"items": object_schema((at("endpoints", OBJECTS),))})
_TOKEN_SCHEMA = answers_with(
    at("access.token.id", needed=True), at("access.serviceCatalog", _SERVICES), at("access.user", OBJECT)
)


class _IdentityLogin(SessionLogin):
    """Cloud Identity v2.0: an API key or a password gives a token (24 hours by default) and the endpoints."""

    schema = _TOKEN_SCHEMA
    address_option = "auth_url"
    service = "Cloud Identity v2.0"
    address_advice = f"It is an address such as {_DEFAULT_AUTH_URL}"

    def __init__(self, channel: Channel, options: ConnectionOptions, tools: ProviderTools) -> None:
        super().__init__(channel, tools.clock, replace(DESCRIPTION, title="Rackspace Cloud Identity"), tools.hide)
        self._options = options
        self._tools = tools
        self._url = with_path(options.auth_url or _DEFAULT_AUTH_URL, "/v2.0", "/tokens")

    @property
    def refusal_advice(self) -> str:
        return f"check username and {self._options.login[1]}, and that the account is active"

    def _login_request(self) -> HttpRequest:
        options = self._options
        credentials: dict[str, Any]
        if "api_key" in options.login:
            credentials = {"RAX-KSKEY:apiKeyCredentials": {"username": options.username, "apiKey": options.api_key}}
        else:
            credentials = {"passwordCredentials": {"username": options.username, "password": options.password}}
        return HttpRequest("POST", self._url, headers={"Accept": "application/json"}, json={"auth": credentials})

    def _access_from(self, answer: Any, response: HttpResponse) -> Access:
        token = answer["access"]["token"]["id"]
        self._hide(token)
        if self._options.api_url:
            return image_access(self._options.api_url, token)
        return catalogued_access(_endpoint(answer["access"], self._options.region), token, self._tools, self._url)


def _endpoint(access: dict[str, Any], region: str | None) -> str:
    """Return the address of Cloud Images in a region, from the service catalogue."""
    endpoints: dict[str, str] = {
        str(endpoint.get("region", "")).upper(): endpoint["publicURL"]
        for service in access.get("serviceCatalog") or ()
        if service.get("type") == "image" or service.get("name") == "cloudImages"
        for endpoint in service.get("endpoints") or ()
        if isinstance(endpoint.get("publicURL"), str)
    }
    if not endpoints:
        raise RejectedError("The account's service catalogue has no Cloud Images: give the address as api_url")
    chosen = region or (access.get("user") or {}).get("RAX-AUTH:defaultRegion")
    if isinstance(chosen, str) and chosen.upper() in endpoints:
        return endpoints[chosen.upper()]
    if region is None and len(endpoints) == 1:
        return next(iter(endpoints.values()))
    problem = f"region is {region!r}, where the account has no Cloud Images" if region else "region is missing"
    raise OptionError("region", f"{problem}: choose one of {', '.join(sorted(endpoints))}")


def _regions_address(region: str) -> str:
    """Return the address by the pattern that the developer guide gives."""
    if not re.fullmatch(r"[A-Za-z]{2,10}", region):
        raise OptionError("region", f"region is {region!r}; it has to be a name such as DFW, ORD, IAD, LON, SYD or HKG")
    return f"https://{region.lower()}.images.api.rackspacecloud.com"


def _login(channel: Channel, options: ConnectionOptions, tools: ProviderTools) -> Login:
    if "username" in options.login:
        return _IdentityLogin(channel, options, tools)
    url = options.api_url or _regions_address(options.needed("region"))
    return FixedLogin(
        image_access(url, options.needed("api_token")),
        advice="api_token is wrong or has run out. Give username and api_key, then a new token is fetched when needed",
    )


def _create(options: ConnectionOptions, tools: ProviderTools) -> TaskProvider:
    api = connect(DESCRIPTION, options, tools, lambda channel: _login(channel, options, tools))
    # The documents know neither parameters nor links of the list; the vendor's own tests page it by marker.
    return ImageTaskProvider(DESCRIPTION, api, listable_types=None, lists_end_quietly=True)


PROVIDER = Provider(DESCRIPTION, _create)
