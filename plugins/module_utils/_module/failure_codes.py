# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the vendors document about their failure codes, looked up without asking anybody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._core.errors import OptionError
from .._core.text import listed
from .._providers.registry import PROVIDERS


def look_up(provider: str, codes: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return a result for each code, or for all codes of the provider when none is asked for.

    Raises:
        OptionError: there is no such provider, or it documents no such code.
    """
    if provider not in PROVIDERS:
        raise OptionError("provider", f"provider is {provider!r}; choose one of {listed(sorted(PROVIDERS), 'or')}")
    documented = {error.code: error for error in PROVIDERS[provider].description.documented_errors if error.code}
    for code in codes:
        if code not in documented:
            known = f"it documents {listed(list(documented))}" if documented else "it documents none"
            raise OptionError("_terms", f"{provider} documents no failure code {code!r}; {known}")
    return [documented[code].to_error().to_result() for code in codes or documented]
