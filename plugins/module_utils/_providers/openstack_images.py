# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""OpenStack Glance v2: the tasks of the image service, as it runs in OpenStack clouds.

Facts: the Image API reference ("Tasks"), the source of Glance 33 where the reference is silent, and what a real
Glance 33 answered. Logging in is in ``_keystone.py`` and ``_clouds.py``.
"""

from __future__ import annotations

from collections.abc import Mapping

from .._api.channel import Channel
from .._api.json_api import JsonApi, Refusal
from .._api.login import FixedLogin
from .._core.text import readable
from .._provider.contract import Provider, ProviderTools, TaskProvider
from .._provider.description import DocumentedError, Library, LoginForm, ProviderDescription
from .._provider.options import ConnectionOptions
from .._provider.rest import connect
from ._image_tasks import STATES, ImageTaskProvider, image_access

_SEEN = "seen on a Glance 33 server"


def read_refusal(answer: object, _status: int) -> Refusal | None:
    """Return the words of a refusal of Glance's own, {message, code, title}; None of one that came from elsewhere."""
    if not isinstance(answer, Mapping) or not answer.keys() >= {"message", "code", "title"}:
        return None
    words, code = answer["message"], answer["code"]
    return Refusal(str(code), readable(words, limit=300)) if isinstance(words, str) else None


DESCRIPTION = ProviderDescription(
    name="openstack_images",
    title="OpenStack Glance",
    states=STATES,
    libraries=(Library("keystoneauth1", "keystoneauth1"), Library("openstacksdk", "openstack", option="cloud")),
    logins=(
        LoginForm(("auth_url", "username", "password")),
        LoginForm(("auth_url", "application_credential_id", "application_credential_secret")),
        LoginForm(("cloud",)),
        LoginForm(("api_token", "api_url")),
    ),
    documents={"Image API reference, Tasks": "https://docs.openstack.org/api-ref/image/v2/index.html#tasks"},
    environment_prefix="OS",
    # The names that OpenStack's own clients use.
    environment={
        "region": ("OS_REGION_NAME",),
        "api_token": ("OS_TOKEN",),
        "api_url": ("OS_IMAGE_ENDPOINT_OVERRIDE",),
        "ca_path": ("OS_CACERT",),
        "client_cert": ("OS_CERT",),
        "client_key": ("OS_KEY",),
    },
    options=("region", "project_name", "user_domain_name", "project_domain_name"),
    # Glance has no codes: these are this collection's own.
    documented_errors=(
        DocumentedError(
            code="internal_error",
            title="Glance met an internal error",
            detail="Glance gives its users no further detail",
            remedy="Check the source's address, the server's import filters and the image's format. The server's log "
            "names the cause",
            retryable=None,
            source=_SEEN,
            pattern="internal error",
        ),
        DocumentedError(
            code="missing_input",
            title="The task's input lacks a field",
            detail="An import needs import_from, import_from_format and image_properties",
            remedy="Launch the task again with the field in its input",
            retryable=False,
            source=_SEEN,
            pattern="input does not contain",
        ),
    ),
    poll_interval=5.0,
    # Glance gives 25 where nothing is asked for, and cuts anything above its own limit (1000) silently.
    page_size=200,
    read_refusal=read_refusal,
    denied_advice="By default Glance shows tasks to administrators only (policy tasks_api_access)",
    # Glance itself has no exports and refuses them; clouds that have them take the same call.
    launch_types=("import", "export", "api_image_import", "location_import"),
)


def _create(options: ConnectionOptions, tools: ProviderTools) -> TaskProvider:
    if "api_token" in options.login:
        login = FixedLogin(
            image_access(options.needed("api_url"), options.needed("api_token")),
            advice="api_token is wrong or has run out. Give auth_url and a login: then new tokens are fetched when "
            "needed",
        )
        api = connect(DESCRIPTION, options, tools, lambda _channel: login)
    else:
        if "cloud" in options.login:
            from ._clouds import login_by_cloud as log_in  # noqa: PLC0415 - slow to import
        else:
            from ._keystone import login_by_options as log_in  # noqa: PLC0415 - as above
        keystone, http = log_in(options, tools)
        api = JsonApi(Channel.within(DESCRIPTION.quota, http, tools.clock), keystone, tools.clock, DESCRIPTION)
    # Glance's list takes the type "import" and calls every other one invalid, its own included.
    return ImageTaskProvider(DESCRIPTION, api, listable_types=frozenset({"import"}), lists_end_quietly=False)


PROVIDER = Provider(DESCRIPTION, _create)
