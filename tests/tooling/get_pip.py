# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stand-in for get-pip.py, which ansible-test would download: unpacks the wheels that lie in the same folder.

ansible-test looks for ~/.ansible/test/cache/get_pip_X_Y.py; the nox session copies this file there under that name.
It runs in each of ansible-test's many environments, on every Python that ansible-test knows. Its arguments are options
of pip, and what is wanted: pip==24.2, and for older ansible-cores setuptools and wheel.
"""

from __future__ import annotations

import glob
import os
import sys
import sysconfig
from zipfile import ZipFile

HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - paths of older Pythons take text.


def main() -> None:
    """Install what get-pip.py would install."""
    for wanted in sys.argv[1:]:
        name, is_package, version = wanted.partition("==")
        if is_package:
            (wheel,) = glob.glob(os.path.join(HERE, f"{name}-{version}-*.whl"))  # noqa: PTH118, PTH207 - as above.
            with ZipFile(wheel) as files:
                files.extractall(sysconfig.get_path("purelib"))


if __name__ == "__main__":
    main()
