# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry of vendors' faces: a new vendor is one more file here and one more line below."""

from __future__ import annotations

from collections.abc import Mapping

from .base import Face, NoFace, Route
from .custom import Custom
from .dbvisit_standby import DbvisitStandby
from .huawei_koodrive import HuaweiKooDrive
from .netapp_astra_control import NetappAstraControl
from .openstack_images import OpenStackImages
from .rackspace_images import RackspaceImages
from .vmware_live_site_recovery import VmwareLiveSiteRecovery

FACES: Mapping[str, type[Face]] = {
    face.name: face
    for face in (
        Custom,
        DbvisitStandby,
        HuaweiKooDrive,
        NetappAstraControl,
        OpenStackImages,
        RackspaceImages,
        VmwareLiveSiteRecovery,
    )
}

__all__ = ["FACES", "Face", "NoFace", "Route", "face_of"]


def face_of(path: str) -> str:
    """Return the name of the vendor that owns a path; empty when none does."""
    owners = [
        (len(base), name)
        for name, face in FACES.items()
        for base in face.base_paths
        if path == base or path.startswith(base + "/")
    ]
    return max(owners)[1] if owners else ""
