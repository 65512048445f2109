# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import OptionError
from ansible_collections.longrunning.tasks.plugins.module_utils._module.failure_codes import look_up
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS


def test_a_code_is_explained():
    (found,) = look_up("rackspace_images", ["396"])
    assert found["title"] == "The file is not a valid VHD"
    assert found["remedy"]
    assert found["source"]


def test_codes_come_in_the_order_asked_for():
    assert [found["code"] for found in look_up("rackspace_images", ["721", "111"])] == ["721", "111"]


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
def test_without_a_code_all_are_returned(provider):
    codes = [error.code for error in PROVIDERS[provider].description.documented_errors if error.code]
    assert [found["code"] for found in look_up(provider)] == codes


@pytest.mark.parametrize(
    ("codes", "provider", "words"),
    [
        (["999"], "rackspace_images", "documents no failure code '999'; it documents 111, 396"),
        (["1"], "vmware_live_site_recovery", "it documents none"),
        (["1"], "nobody", "choose one of"),
    ],
)
def test_what_is_not_documented_is_said_to_be_so(codes, provider, words):
    with pytest.raises(OptionError, match=words):
        look_up(provider, codes)


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
def test_every_documented_failure_says_what_it_is_what_to_do_and_who_says_so(provider):
    for error in PROVIDERS[provider].description.documented_errors:
        assert error.title, error
        assert error.detail, error
        assert error.remedy, error
        assert error.source, error
