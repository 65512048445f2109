# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every provider makes of answers that differ a little from the documented ones."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import BadAnswerError, OptionError
from ansible_collections.longrunning.tasks.plugins.module_utils._core.task import TaskState
from ansible_collections.longrunning.tasks.plugins.module_utils._module.context import checked_task_ids
from ansible_collections.longrunning.tasks.plugins.module_utils._provider.contract import Launch
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS
from ansible_collections.longrunning.tasks.plugins.module_utils._waiting.explaining import explain_task
from ansible_collections.longrunning.tasks.plugins.module_utils._work.reading import MOST_EMPTY_PAGES
from ansible_collections.longrunning.tasks.tests.unit.support.fake_provider import task as any_task
from ansible_collections.longrunning.tasks.tests.unit.support.fuzzing import (
    FUZZ,
    ODD_WORD,
    OTHER_VALUES,
    changed,
    inside,
    places,
)
from ansible_collections.longrunning.tasks.tests.unit.support.golden import (
    Connection,
    every_example,
    logins,
    play,
    play_loosely,
    usual_example,
)

pytestmark = pytest.mark.usefixtures("_definitions_are_read_once")

READ = [example for example in every_example() if example.launched is None]
#: An answer of an example that is JSON, by its number.
ANSWERED = [(example, number) for example in READ for number, answer in enumerate(example.answers) if answer.body]
EACH_ANSWER = pytest.mark.parametrize(
    ("example", "number"), ANSWERED, ids=[f"{one}-{number}" for one, number in ANSWERED]
)


def enriched(data):
    """Return JSON with a field more in every object."""
    if isinstance(data, dict):
        return {**{key: enriched(value) for key, value in data.items()}, "x_new": {"deep": [1, None, {}]}}
    return [enriched(item) for item in data] if isinstance(data, list) else data


def check(example, number, body):
    """Play an example with another body: tasks or one of our errors, none more a success than before."""
    tasks, _error = play_loosely(example.with_body(number, body)).outcome(example)
    good = [task for task in tasks if task.state is TaskState.SUCCEEDED]
    assert len(good) <= sum(task["state"] == "succeeded" for task in example.expected_tasks), body
    for task in tasks:
        json.dumps(task.to_result())
        explain_task(task, example.provider)


@EACH_ANSWER
def test_a_field_may_be_missing_or_null(example, number):
    body = json.loads(example.answers[number].body)
    for path in places(body):
        check(example, number, changed(body, path))
        check(example, number, changed(body, path, None))


@EACH_ANSWER
def test_a_field_may_be_of_another_type(example, number):
    body = json.loads(example.answers[number].body)
    for path in places(body):
        for value in OTHER_VALUES:
            check(example, number, changed(body, path, value))


@EACH_ANSWER
def test_an_answer_may_be_anything_else(example, number):
    for body in (None, *OTHER_VALUES):
        check(example, number, body)
        _tasks, error = play_loosely(example.with_body(number, body)).outcome(example)
        # What is asked for besides may be missing, and null or a list of nothing readable can be a list.
        decides = number == 0 and example.answers[number].status == 200 and body not in (None, [None])
        assert isinstance(error, BadAnswerError) or not decides


@pytest.mark.parametrize("example", READ, ids=str)
def test_a_field_that_nobody_knows_changes_nothing(example):
    changed_example = example
    for number, answer in enumerate(example.answers):
        if answer.body:
            changed_example = changed_example.with_body(number, enriched(json.loads(answer.body)))
    tasks, error = play(changed_example).outcome(example)
    expected, expected_error = play(example).outcome(example)
    assert [plain(task) for task in tasks] == [plain(task) for task in expected]
    assert getattr(error, "message", None) == getattr(expected_error, "message", None)


def plain(task):
    """Return a task without the vendor's own objects."""
    return replace(task, raw={}, result=None)


@pytest.mark.parametrize("example", [example for example in READ if example.expected_tasks], ids=str)
def test_a_state_that_nobody_knows_is_no_end(example):
    known = {task["raw_state"] for task in example.expected_tasks}
    found = []
    for number, answer in enumerate(example.answers):
        body = json.loads(answer.body)
        for path in places(body):
            tasks, _error = play_loosely(example.with_body(number, changed(body, path, ODD_WORD))).outcome(example)
            found += [task for task in tasks if task.raw_state not in known]
    assert found, "no place of the answer is that of the state"
    for task in found:
        assert (task.state, task.is_final, task.finished_at) == (TaskState.UNKNOWN, False, None), task


@pytest.mark.kind
@pytest.mark.parametrize("example", [example for example in READ if example.tasks], ids=str)
def test_an_entry_of_a_list_that_cannot_be_read_is_left_out_and_counted(example):
    body = json.loads(example.answers[0].body)
    found = play(example).page(filters=tuple(example.filters.items()))
    (path, entries) = next((path, at) for path in [(), *places(body)] if isinstance(at := inside(body, path), list))
    for odd in (None, "odd", [], {}):
        spoilt = changed({"": body}, ("", *path), [odd, *entries])[""]
        page = play_loosely(example.with_body(0, spoilt)).page(filters=tuple(example.filters.items()))
        assert (page.tasks, page.unreadable) == (found.tasks, found.unreadable + 1)


@pytest.mark.parametrize("example", [example for example in READ if example.tasks], ids=str)
def test_a_list_whose_first_page_comes_again_and_again_has_an_end(example):
    connection = play_loosely(replace(example, answers=example.answers[:1]))
    connection.outcome(example)
    assert 1 <= len(connection.requests) <= 2 + MOST_EMPTY_PAGES


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_another_task_than_the_one_asked_for_is_a_bad_answer(name):
    example = usual_example(name)
    other = example.task_id[:-1] + ("2" if example.task_id.endswith("1") else "1")
    answers = tuple(replace(answer, body=answer.body.replace(example.task_id, other)) for answer in example.answers)
    _tasks, error = play_loosely(replace(example, answers=answers)).outcome(example)
    assert isinstance(error, BadAnswerError)
    assert f"asked for task {example.task_id} and answered with another one" in error.message


@pytest.mark.parametrize("task_id", ["a/../b?c#d%2Fe", "x y;z&1=2", "../../admin", "\u00e4"])
@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_an_id_is_refused_or_one_segment_of_the_path(name, task_id):
    example = replace(usual_example(name), task_id=task_id, answers=())
    connection = play_loosely(example)
    try:
        checked_task_ids([task_id], connection.provider.description)
    except OptionError:
        return
    connection.outcome(example)
    # After a 404 some ask for something else, to be sure.
    request, *_others = connection.requests
    assert request.params == ()
    address = urlsplit(request.url)
    assert (unquote(address.path.rpartition("/")[2]), address.query, address.fragment) == (task_id, "", "")


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_a_task_that_says_nothing_of_itself_is_never_what_was_launched(name):
    provider = play(usual_example(name)).provider
    for launch_type in provider.description.launch_types:
        launch = Launch(launch_type, {"configuration_id": 1})
        assert not provider.is_launch(launch, any_task("a", type=launch_type))


# --- anything at all ------------------------------------------------------------------------------------------

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def spoiled(draw, body, words):
    """Return some JSON in which up to four places hold anything, words of the vendor's among it, or nothing."""
    for _number in range(draw(st.integers(1, 4))):
        every = list(places(body))
        if not every or draw(st.integers(0, 19)) == 0:
            return draw(ANYTHING)
        value = draw(st.just(None) | st.tuples(st.sampled_from(words) | ANYTHING))
        body = changed(body, draw(st.sampled_from(every)), *(value or ()))
    return body


@settings(FUZZ, max_examples=120)
@given(data=st.data())
@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_any_answer_gives_tasks_or_one_of_our_errors(name, data):
    answered = [(example, number) for example, number in ANSWERED if example.provider == name]
    example, number = data.draw(st.sampled_from(answered))
    states = play(example).provider.description.states
    words = [*states, *(int(word) for word in states if word.isdecimal()), "2026-03-01T12:00:00Z", 10**400]
    body = data.draw(spoiled(json.loads(example.answers[number].body), words))
    connection = play_loosely(example.with_body(number, body))
    tasks, _error = connection.outcome(example)
    for task in tasks:
        json.dumps(task.to_result())
        explain_task(task, name)
        if task.state is TaskState.SUCCEEDED:
            assert states[next(word for word in states if word.casefold() == task.raw_state.casefold())] is task.state


@FUZZ
@given(data=st.data())
@pytest.mark.parametrize("name", [name for name in sorted(PROVIDERS) if logins(name)["login"].answers])
def test_any_answer_to_a_login_gives_tasks_or_one_of_our_errors(name, data):
    example, login = usual_example(name), logins(name)["login"]
    (answer,) = login.answers
    body = data.draw(spoiled(json.loads(answer.body), [name, "https://[x"]))
    login = replace(login, answers=(replace(answer, body=json.dumps(body)),))
    connection = Connection(
        PROVIDERS[name],
        login,
        lambda request: example.answers[0].reply() if login.answer_to(request) is None else None,
        example.options,
    )
    connection.outcome(example)
