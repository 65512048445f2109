# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All providers by name. They are imported one by one: Ansible ships only what import statements name."""

from __future__ import annotations

from collections.abc import Mapping

from .._provider import Provider
from . import (
    custom,
    dbvisit_standby,
    huawei_koodrive,
    netapp_astra_control,
    openstack_images,
    rackspace_images,
    vmware_live_site_recovery,
)

PROVIDERS: Mapping[str, Provider] = {
    provider.description.name: provider
    for provider in (
        custom.PROVIDER,
        dbvisit_standby.PROVIDER,
        huawei_koodrive.PROVIDER,
        netapp_astra_control.PROVIDER,
        openstack_images.PROVIDER,
        rackspace_images.PROVIDER,
        vmware_live_site_recovery.PROVIDER,
    )
}
