# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All providers by name, each imported when it is asked for: Ansible has every run of a module compile what it imports.

The import statements stand here all the same, for Ansible ships only what they name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from .._provider.contract import Provider


def _custom() -> Provider:
    from .custom import PROVIDER

    return PROVIDER


def _dbvisit_standby() -> Provider:
    from .dbvisit_standby import PROVIDER

    return PROVIDER


def _huawei_koodrive() -> Provider:
    from .huawei_koodrive import PROVIDER

    return PROVIDER


def _netapp_astra_control() -> Provider:
    from .netapp_astra_control import PROVIDER

    return PROVIDER


def _openstack_images() -> Provider:
    from .openstack_images import PROVIDER

    return PROVIDER


def _rackspace_images() -> Provider:
    from .rackspace_images import PROVIDER

    return PROVIDER


def _vmware_live_site_recovery() -> Provider:
    from .vmware_live_site_recovery import PROVIDER

    return PROVIDER


class _Registry(Mapping[str, Provider]):
    """Providers by name; asking for one imports it."""

    def __init__(self, **loaders: Callable[[], Provider]) -> None:
        self._loaders = loaders

    def __getitem__(self, name: str) -> Provider:
        return self._loaders[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._loaders)

    def __len__(self) -> int:
        return len(self._loaders)


PROVIDERS: Mapping[str, Provider] = _Registry(
    custom=_custom,
    dbvisit_standby=_dbvisit_standby,
    huawei_koodrive=_huawei_koodrive,
    netapp_astra_control=_netapp_astra_control,
    openstack_images=_openstack_images,
    rackspace_images=_rackspace_images,
    vmware_live_site_recovery=_vmware_live_site_recovery,
)
