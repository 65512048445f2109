# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task's life as a function of its age, and the rules for launched tasks."""

from __future__ import annotations

import pytest

from task_simulator.tasks import LaunchRule, Life, Step, Task, TaskStore

LIFE = Life((Step("pending", 1.0), Step("processing", 3.0)), Step("success"), forgotten_after=10.0)


@pytest.mark.parametrize(
    ("age", "state", "since", "ended"),
    [
        (0.0, "pending", 0.0, False),
        (0.999, "pending", 0.0, False),
        (1.0, "processing", 1.0, False),
        (3.999, "processing", 1.0, False),
        (4.0, "success", 4.0, True),
        (13.999, "success", 4.0, True),
    ],
)
def test_the_state_follows_from_the_age(age, state, since, ended):
    moment = LIFE.at(age)
    assert moment is not None
    assert (moment.state, moment.since, moment.ended) == (state, since, ended)


def test_a_task_is_forgotten_that_long_after_its_end():
    assert LIFE.at(14.0) is None


def test_the_age_at_which_a_task_ends():
    assert LIFE.ends_at() == 4.0
    assert Life((), Step("success")).ends_at() == 0.0
    assert Life((Step("pending", 1.0),)).ends_at() is None
    assert Life((Step("pending"),), Step("success")).ends_at() is None


def test_without_an_end_the_last_step_lasts_for_ever():
    life = Life((Step("pending", 1.0), Step("processing", 1.0)), forgotten_after=1.0)
    moment = life.at(1e9)
    assert moment is not None
    assert (moment.state, moment.ended) == ("processing", False)


@pytest.mark.parametrize("age", [0.0, 0.5, 1.0, 3.5])
@pytest.mark.parametrize("life", [LIFE, Life(LIFE.steps), Life((Step("processing"),), Step("success"))])
def test_a_task_can_be_given_another_end(life, age):
    cut = life.cut(age, Step("cancelled"), 2.0)
    assert [cut.at(age + 1.999).state, cut.at(age + 2.0).state] == [life.at(age).state, "cancelled"]
    assert (cut.ends_at(), cut.forgotten_after) == (age + 2.0, life.forgotten_after)


def test_a_step_of_no_length_is_skipped():
    moment = Life((Step("pending", 0.0), Step("processing", 1.0)), Step("success")).at(0.0)
    assert moment is not None
    assert moment.state == "processing"


def test_a_task_may_appear_late_and_has_lived_meanwhile():
    life = Life((Step("pending", 1.0),), Step("success"), appears_after=2.0)
    assert life.at(1.9) is None
    moment = life.at(2.0)
    assert moment is not None
    assert moment.ended


def test_a_store_takes_all_or_nothing():
    store = TaskStore()
    task = Task("a", "import", {}, "me", 0.0, LIFE)
    store.add([task])
    with pytest.raises(KeyError, match="a"):
        store.add([Task("b", "import", {}, "me", 0.0, LIFE), task])
    assert [each.id for each in store.all()] == ["a"]


@pytest.mark.parametrize(
    ("conditions", "fits"),
    [
        ({}, True),
        ({"type": "import"}, True),
        ({"type": "export"}, False),
        ({"input.import_from": "/broken/"}, True),
        ({"input.import_from": "/^broken/"}, False),
        ({"input.disks.1.size": 40}, True),
        ({"input.disks.2.size": 40}, False),
        ({"input.disks.1.size": "/^4/"}, True),
        ({"type": "import", "input.nothing": None}, False),
        ({"input.none": None}, True),
        ({"input.none": "/./"}, False),
        ({"type.deeper": "import"}, False),
    ],
)
def test_a_rule_fits_when_all_its_conditions_do(conditions, fits):
    body = {
        "type": "import",
        "input": {"import_from": "exports/broken.vhd", "disks": [{"size": 1}, {"size": 40}], "none": None},
    }
    assert LaunchRule(tuple(conditions.items()), LIFE).fits(body) is fits
