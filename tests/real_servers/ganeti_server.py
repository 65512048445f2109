# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real Ganeti cluster of one node without virtual machines, in namespaces of its own.

It has its own network, host name, processes and folders there, so that nothing of the machine is changed, and nothing
is left when its first process ends.
"""

from __future__ import annotations

import subprocess

import trustme
from machine import write_private
from real_server import RealServer

PORT = 5080
NAMESPACES = ("unshare", "--mount", "--uts", "--net", "--ipc", "--pid", "--fork", "--kill-child")
#: The delay holds the node's lock, so that whatever needs the node waits until it is cancelled.
SCRIPT = """
set -e
cd {state}
mkdir lib log ssh queue
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
mkdir -p /run/lock /run/ganeti /srv/ganeti /var/log/ganeti ~root/.ssh
mount --bind lib /var/lib/ganeti
mount --bind log /var/log/ganeti
mount --bind ssh ~root/.ssh
hostname node1.ganeti.example
printf '127.0.0.1 localhost\\n192.0.2.10 node1.ganeti.example node1\\n192.0.2.11 cluster.ganeti.example\\n' > hosts
mount --bind hosts /etc/hosts
ip link set lo up
ip link add d0 type veth peer name d1
ip link set d1 up
ip addr add 192.0.2.10/24 dev d0
ip link set d0 up
gnt-cluster init --no-ssh-init --no-etc-hosts --enabled-hypervisors=fake --enabled-disk-templates=diskless \\
    --master-netdev=d0 --nic-parameters=mode=routed,link=main cluster.ganeti.example
mkdir -p /var/lib/ganeti/rapi
cp users /var/lib/ganeti/rapi/users
chown -R gnt-rapi:gnt-masterd /var/lib/ganeti/rapi
# With a certificate that can be checked. The file keeps its owner.
/usr/lib/ganeti/daemon-util stop ganeti-rapi
cat rapi.pem > /var/lib/ganeti/rapi.pem
/usr/lib/ganeti/daemon-util start ganeti-rapi
gnt-debug delay --submit -n node1.ganeti.example 3000
until gnt-job list --no-headers -o status,summary | grep -q 'running.*TEST_DELAY'; do sleep 0.2; done
while ! ss -ltnH 'sport = :{port}' | grep -q .; do sleep 0.2; done
echo The cluster is ready
exec sleep infinity
"""


class GanetiServer(RealServer):
    """The cluster. Only a program that runs in its network reaches it: see ``inside``."""

    name = "ganeti"
    programs = ("gnt-cluster", "ip", "openssl", "unshare")
    needs_root = True
    username = "admin"

    @classmethod
    def missing(cls, python: str) -> list[str]:
        """Say in words what this machine lacks."""
        missing = super().missing(python)
        if not missing and subprocess.run([*NAMESPACES, "true"], check=False, capture_output=True).returncode != 0:
            missing.append("this machine lets nobody make namespaces")
        return missing

    def start(self) -> None:
        """Make the cluster."""
        self.url = f"https://127.0.0.1:{PORT}"
        authority = trustme.CA()
        self.ca_path = self.state / "ca.pem"
        authority.cert_pem.write_to_path(str(self.ca_path))
        certificate = authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem
        write_private(self.state / "rapi.pem", certificate.bytes().decode())
        write_private(self.state / "users", f"{self.username} {self.password} write\n")
        script = self.state / "start.sh"
        script.write_text(SCRIPT.format(state=self.state, port=PORT), encoding="utf-8")
        # Its daemons are other users.
        self.state.chmod(0o755)
        self._first = self.serve("cluster", [*NAMESPACES, "bash", script], "The cluster is ready")

    @property
    def inside(self) -> tuple[str, ...]:
        """Return the command in front of one that has to reach the cluster."""
        return ("nsenter", f"--net=/proc/{self._first.pid}/ns/net")
