# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stand-in for get-pip.py, which ansible-test would download: runs pip out of its wheel in the same folder.

ansible-test looks for ~/.ansible/test/cache/get_pip_X_Y.py; the nox session copies this file there under that name.
It runs on every Python that ansible-test knows.
"""

from __future__ import annotations

import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - sys.path takes text.
NOT_FOR_PIP = ("--no-setuptools", "--no-wheel")


def main() -> int:
    """Install what get-pip.py would install, with the pip of the version in this file's name."""
    name = os.path.basename(__file__)  # noqa: PTH119 - as above.
    version = re.sub(r"^get_pip_|\.py$", "", name).replace("_", ".")
    sys.path.insert(0, os.path.join(HERE, f"pip-{version}-py3-none-any.whl"))  # noqa: PTH118 - as above.
    from pip._internal.cli.main import main as pip  # noqa: PLC0415 - the wheel had to come onto the path first.

    wanted = [argument for argument in sys.argv[1:] if argument not in NOT_FOR_PIP]
    return int(pip(["install", "--upgrade", "--force-reinstall", *wanted]))


if __name__ == "__main__":
    sys.exit(main())
