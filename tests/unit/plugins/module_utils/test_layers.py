# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports run downwards, and each thing that must stay in one place is in that place.

Each rule is one test over all files, which says who breaks it.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[4]
MODULE_UTILS = ROOT / "plugins" / "module_utils"
FILES = {path.relative_to(MODULE_UTILS).as_posix(): path for path in sorted(MODULE_UTILS.rglob("*.py"))}

#: Each room, and the rooms that its files may import from besides their own: the picture on the architecture page.
#: Talking (``_api``, ``_provider``) and waiting (``_waiting``) know nothing of each other.
ROOMS = {
    "_core": set(),
    "_api": {"_core"},
    "_waiting": {"_core"},
    "_provider": {"_core", "_api"},
    "_work": {"_core", "_provider", "_waiting"},
    "_providers": {"_core", "_api", "_provider"},
    "_module": {"_core", "_api", "_waiting", "_provider", "_providers", "_work"},
}
REGISTRY = "_providers/registry.py"
RUNNER = "_module/runner.py"
VENDOR_WORDS = (
    *("rackspace", "openstack", "glance", "keystone", "swift", "vhd"),
    *("vmware", "netapp", "astra", "dbvisit", "huawei", "koodrive"),
)
ENDS_THE_PROCESS = {"exit_json", "fail_json", "SystemExit", "_exit", "quit"}


def room_of(name):
    return name.split("/")[0]


@cache
def nodes_of(name):
    return tuple(ast.walk(ast.parse(FILES[name].read_text(encoding="utf-8"))))


@cache
def imports_of(name):
    """Return (level, dotted name) of everything that a file imports: inside functions and for type checkers too."""
    imports = []
    for node in nodes_of(name):
        if isinstance(node, ast.Import):
            imports.extend((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            imports.append((node.level, node.module))
        elif isinstance(node, ast.ImportFrom):
            imports.extend((node.level, alias.name) for alias in node.names)
    return imports


@cache
def own_imports_of(name):
    """Return the files of module_utils that a file imports."""
    targets = []
    for level, dotted in imports_of(name):
        if level:
            folder = FILES[name].parents[level - 1]
            targets.append(f"{folder.joinpath(*dotted.split('.')).relative_to(MODULE_UTILS).as_posix()}.py")
    return targets


def packages_of(name):
    """Return the top packages that a file imports from outside module_utils."""
    return {dotted.split(".")[0] for level, dotted in imports_of(name) if not level}


def words_of(name):
    """Return the names and attributes that a file uses."""
    names = {node.id for node in nodes_of(name) if isinstance(node, ast.Name)}
    return names | {node.attr for node in nodes_of(name) if isinstance(node, ast.Attribute)}


def test_every_file_is_in_a_room_and_every_room_has_files():
    assert {room_of(name) for name in FILES} == set(ROOMS)


def test_the_architecture_page_draws_the_rooms():
    page = (ROOT / "docs" / "docsite" / "rst" / "architecture.rst").read_text(encoding="utf-8")
    picture = page.split("plugins/module_utils/\n", 1)[1].split("\n\n", 1)[0]
    drawn = re.findall(r"(_\w+)/ +([\w, ]+?)(?:  |$)", picture, re.MULTILINE)
    assert [room for room, _files in drawn] == list(reversed(ROOMS))
    for room, files in drawn:
        present = {name.split("/")[1].removesuffix(".py") for name in FILES if room_of(name) == room}
        assert set(files.split(", ")) <= present, room
    arrows = re.findall(r"(_\w+)/(?:(?!/).)*?-> ([_a-z, ]+)", picture, re.DOTALL)
    assert {room: set(below.split(", ")) for room, below in arrows} == {r: b for r, b in ROOMS.items() if b}


def test_every_import_names_a_file():
    assert {target for name in FILES for target in own_imports_of(name)} <= set(FILES)


def test_a_room_imports_only_from_the_rooms_below_it():
    wrong = [
        (name, target)
        for name in FILES
        for target in own_imports_of(name)
        if room_of(target) not in ROOMS[room_of(name)] | {room_of(name)}
    ]
    assert wrong == []


def test_no_imports_run_in_a_circle():
    for name in FILES:
        seen, waiting = set(), [*own_imports_of(name)]
        while waiting:
            target = waiting.pop()
            if target not in seen:
                seen.add(target)
                waiting.extend(own_imports_of(target))
        assert name not in seen


def test_vendors_are_known_by_the_registry_only():
    outside = [name for name in FILES if not name.startswith("_providers/")]
    assert {target for name in outside for target in own_imports_of(name) if target.startswith("_providers/")} == {
        REGISTRY
    }


def test_only_the_runner_knows_ansible():
    assert [name for name in FILES if packages_of(name) & {"ansible", "ansible_collections"}] == [RUNNER]


def test_only_the_runner_ends_the_process():
    assert [name for name in FILES if words_of(name) & ENDS_THE_PROCESS or "sys" in packages_of(name)] == [RUNNER]


def test_only_the_launcher_launches():
    calling = [
        name
        for name in FILES
        for node in nodes_of(name)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "launch"
    ]
    # The module calls the launcher, the launcher the provider.
    assert calling == ["_module/task_launch.py", "_work/launching.py"]


def test_only_the_canceller_cancels():
    calling = {
        name
        for name in FILES
        for node in nodes_of(name)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "cancel"
    }
    # The modules call the canceller, the canceller the provider.
    assert calling == {"_module/task_cancel.py", "_module/wait_cancelling.py", "_work/cancelling.py"}


def test_only_the_clock_sleeps():
    sleepers = [
        name
        for name in FILES
        for node in nodes_of(name)
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "time.sleep"
    ]
    from_time = [
        name for name in FILES for node in nodes_of(name) if isinstance(node, ast.ImportFrom) and node.module == "time"
    ]
    assert (sleepers, from_time) == (["_core/clock.py"], [])


# AnsiballZ ships only what import statements name. Asking importlib.util whether a library is there imports nothing.
def test_nothing_is_imported_by_a_name_in_a_text():
    modules = {"importlib", "importlib.machinery", "pkgutil", "runpy", "zipimport"}
    words = {"__import__", "import_module", "module_from_spec", "exec_module", "load_module"}
    importing = [
        name for name in FILES if modules & {dotted for _level, dotted in imports_of(name)} or words & words_of(name)
    ]
    assert importing == []


def test_no_vendor_is_named_outside_its_file():
    texts = {name: FILES[name].read_text(encoding="utf-8").casefold() for name in FILES}
    naming = {
        name: words
        for name, text in texts.items()
        if not name.startswith("_providers/") and (words := [word for word in VENDOR_WORDS if word in text])
    }
    assert naming == {}
