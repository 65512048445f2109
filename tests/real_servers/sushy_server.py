# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real sushy-emulator, which plays a BMC with Redfish. It has no sessions, and one task, which has ended."""

from __future__ import annotations

from real_server import Command, RealServer
from server_process import answers


class SushyServer(RealServer):
    """The emulator, with a machine that it makes up."""

    name = "sushy"
    is_python = True

    def start(self) -> None:
        """Start it."""
        configuration = self.state / "emulator.conf"
        configuration.write_text(
            f"SUSHY_EMULATOR_LISTEN_IP = '127.0.0.1'\nSUSHY_EMULATOR_LISTEN_PORT = {self.port}\n", encoding="utf-8"
        )
        command: Command = [self.program("sushy-emulator"), "--fake", "--config", configuration]
        self.serve("emulator", command, lambda: answers(f"{self.url}/redfish/v1/"), folder=self.state)
