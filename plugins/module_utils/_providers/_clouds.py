# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading a clouds.yaml, which is left to openstacksdk.

A file of its own, since openstacksdk is slow to import and other logins need none of it.
"""

from __future__ import annotations

from typing import Any

from .._api.addresses import plain_http_warning
from .._api.http_client import HttpClient
from .._api.login import Login
from .._api.tls import TlsOptions
from .._core.errors import MissingLibraryError, OptionError
from .._core.masking import secrets_by_name, secrets_in_url
from .._core.text import readable
from .._provider.contract import ProviderTools
from .._provider.options import ConnectionOptions
from ._keystone import KeystoneLogin, require_keystoneauth

try:
    from keystoneauth1.exceptions import ClientException
    from openstack import config as openstack_config
    from openstack import exceptions as openstack_errors

    HAS_OPENSTACKSDK = True
except ImportError:
    HAS_OPENSTACKSDK = False


def login_by_cloud(options: ConnectionOptions, tools: ProviderTools) -> tuple[Login, HttpClient]:
    """Return the login of a cloud of a clouds.yaml, and the client that it uses."""
    require_keystoneauth()
    if not HAS_OPENSTACKSDK:
        raise MissingLibraryError("openstacksdk", "to read a clouds.yaml")
    try:
        cloud = openstack_config.OpenStackConfig().get_one(cloud=options.cloud, region_name=options.region)
        auth = cloud.get_auth()
    except (openstack_errors.ConfigException, ClientException) as error:
        raise OptionError("cloud", f"cloud: {readable(str(error), limit=300)}") from None
    said = cloud.config.get("auth", {})
    auth_url = str(said.get("auth_url") or "")
    for secret in (*secrets_by_name(said), *secrets_in_url(auth_url)):
        tools.hide(secret)
    verify, cert = cloud.get_requests_verify_args()
    certificate, key = cert if isinstance(cert, tuple) else (cert, None)
    tls = TlsOptions(
        # What the user says here counts; what the file says counts where nothing is said here.
        validate_certs=options.validate_certs and verify is not False,
        ca_path=options.ca_path or (verify if isinstance(verify, str) else None),
        client_cert=options.client_cert or certificate or None,
        client_key=options.client_key or key or None,
    )

    def find_endpoint(session: Any) -> str | None:
        fixed = options.api_url or cloud.get_endpoint("image")
        if fixed:
            return str(fixed)
        endpoint: str | None = session.get_endpoint(
            service_type="image",
            interface=cloud.get_interface("image") or "public",
            region_name=options.region or cloud.get_region_name("image"),
            skip_discovery=True,
        )
        return endpoint

    http = tools.make_http(tls)
    try:
        warning = plain_http_warning(auth_url)
    except ValueError:
        raise OptionError("cloud", f"cloud: the auth_url of {options.cloud} is not a usable address") from None
    if warning:
        tools.warn(warning)
    login = KeystoneLogin(
        auth,
        auth_url=auth_url,
        http=http,
        tls=tls,
        tools=tools,
        region=options.region or cloud.get_region_name("image"),
        find_endpoint=find_endpoint,
    )
    return login, http
