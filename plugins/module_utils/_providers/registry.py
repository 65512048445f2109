# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All providers by name. Each is imported when it is asked for: a module's process compiles what it imports anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .._provider.contract import Provider


class _Providers(Mapping[str, Provider]):
    """Ansible ships to a host only what import statements name, so each provider has one here."""

    _names = (
        "custom",
        "dbvisit_standby",
        "huawei_koodrive",
        "netapp_astra_control",
        "openstack_images",
        "rackspace_images",
        "vmware_live_site_recovery",
    )

    def __getitem__(self, name: str) -> Provider:
        if name == "custom":
            from .custom.provider import PROVIDER
        elif name == "dbvisit_standby":
            from .dbvisit_standby import PROVIDER
        elif name == "huawei_koodrive":
            from .huawei_koodrive.provider import PROVIDER
        elif name == "netapp_astra_control":
            from .netapp_astra_control import PROVIDER
        elif name == "openstack_images":
            from .openstack_images import PROVIDER
        elif name == "rackspace_images":
            from .rackspace_images import PROVIDER
        elif name == "vmware_live_site_recovery":
            from .vmware_live_site_recovery import PROVIDER
        else:
            raise KeyError(name)
        return PROVIDER

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


PROVIDERS: Mapping[str, Provider] = _Providers()
