# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Definitions by name. Their files are found on the controller, so that a module elsewhere gets the mapping."""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml
from ansible.module_utils.common.yaml import SafeLoader, yaml_load

from ansible_collections.longrunning.tasks.plugins.module_utils._core.errors import OptionError
from ansible_collections.longrunning.tasks.plugins.module_utils._core.text import listed, readable
from ansible_collections.longrunning.tasks.plugins.module_utils._providers.registry import PROVIDERS

#: The folder of definitions beside a playbook, in a role, and below ``plugins/plugin_utils`` of a collection.
FOLDER = "task_definitions"
OWN = Path(__file__).parent / FOLDER
ENDINGS = (".yml", ".yaml")
_OF_COLLECTION = re.compile(r"(\w+\.\w+)\.([\w-]+)")
_WORD = re.compile(r"[\w-]+")
#: What a mapping written as text has, and no name of a file.
_OF_MAPPING = re.compile(r"[{\[\n]|:\s|:$")
#: Larger than any definition: a file of megabytes is another one.
_MOST_BYTES = 1_000_000
#: Values of a definition, with those that aliases of YAML repeat: a few lines of them can stand for billions.
_MOST_VALUES = 100_000


def with_definition(arguments: Mapping[str, Any], search_path: Iterable[str]) -> dict[str, Any]:
    """Return the arguments of a task with the mapping in place of the definition's name, where one is named.

    Raises:
        OptionError: it is not found, or its file cannot be read, or it is given as the provider.
    """
    given = arguments.get("definition")
    if given in (None, ""):
        _check_provider(arguments.get("provider"), [Path(base) for base in search_path])
    if not isinstance(given, str) or not given.strip() or _OF_MAPPING.search(given):
        return dict(arguments)
    return {**arguments, "definition": definition_named(given.strip(), search_path)}


def definition_named(name: str, search_path: Iterable[str]) -> dict[str, Any]:
    """Return the definition of a name or of a file's path, which is looked for below the folders of a search path.

    Raises:
        OptionError: it is not found, or its file cannot be read.
    """
    bases = [Path(base) for base in search_path]
    if "/" in name or name.endswith((*ENDINGS, ".json")):
        return _read(_file_at(name, bases))
    collection = _OF_COLLECTION.fullmatch(name)
    if collection is not None:
        return _read(_file_of(collection[2], name, [_folder_of(collection[1], name)]))
    return _read(_file_of(name, name, [*(base / FOLDER for base in bases), OWN]))


def _check_provider(name: Any, bases: Sequence[Path]) -> None:
    if not isinstance(name, str) or name in PROVIDERS or not _WORD.fullmatch(name):
        return
    folders = [*(base / FOLDER for base in bases), OWN]
    if any(_is_file(folder / f"{name}{ending}") for folder in folders for ending in ENDINGS):
        raise OptionError(
            "provider",
            f"provider is {_shown(name)}, which is no provider but a definition. Write definition: {name} instead",
        )


def _file_at(path: str, bases: Sequence[Path]) -> Path:
    wanted = Path(os.path.expanduser(path))  # noqa: PTH111 - that of pathlib raises for users that are none
    folders = [Path()] if wanted.is_absolute() else [folder for base in bases for folder in (base / FOLDER, base)]
    found = next(filter(_is_file, (folder / wanted for folder in folders)), None)
    if found is None:
        where = "" if wanted.is_absolute() else f" in {_listed(folders)}"
        raise OptionError("definition", f"definition is {_shown(path)}, and there is no such file{where}")
    return found


def _file_of(stem: str, name: str, folders: Sequence[Path]) -> Path:
    files = (folder / f"{stem}{ending}" for folder in folders for ending in ENDINGS)
    found = next(filter(_is_file, files), None)
    if found is None:
        sought = listed([_shown(f"{stem}{ending}") for ending in ENDINGS], "or")
        told = f"there is no file {sought} in {_listed(folders)}. {_hint(stem, folders)}"
        raise OptionError("definition", f"definition is {_shown(name)}, and {told}")
    return found


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        # Its name is too long, or a folder on the way is closed.
        return False


def _hint(stem: str, folders: Sequence[Path]) -> str:
    known = sorted({file.stem for folder in folders for ending in ENDINGS for file in folder.glob(f"*{ending}")})
    close = difflib.get_close_matches(stem.lower(), known)
    if close:
        return f"Did you mean {listed(close, 'or')}?"
    return f"Names that are there: {', '.join(known) or 'none'}"


def _folder_of(collection: str, name: str) -> Path:
    try:
        package = import_module(f"ansible_collections.{collection}")
    except ImportError:
        raise OptionError(
            "definition", f"definition is {_shown(name)}, and the collection {collection} is not installed"
        ) from None
    return Path(next(iter(package.__path__))) / "plugins" / "plugin_utils" / FOLDER


def _read(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as opened:
            data = _loaded(opened.read(_MOST_BYTES + 1))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise OptionError("definition", f"definition: {file} cannot be used: {reason}") from None
    return data


def _loaded(content: bytes) -> dict[str, Any]:
    if len(content) > _MOST_BYTES:
        raise ValueError("it is too large for a definition")
    if content.startswith(b"$ANSIBLE_VAULT"):
        raise ValueError(
            "it is encrypted. A definition holds no secrets: keep it as plain text, and give secrets by options such "
            "as api_token"
        )
    try:
        text = content.decode()
        data = yaml_load(text)
        _refuse_other_files(data)
        _refuse_repeated_keys(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = "" if mark is None else f" in line {mark.line + 1}, column {mark.column + 1}"
        raise ValueError(f"it is no YAML: {error.problem or error.context}{where}") from None
    except yaml.YAMLError:
        raise ValueError("it contains control characters") from None
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if _size(data, {}) > _MOST_VALUES:
        raise ValueError("it is too large for a definition, with what its aliases repeat")
    try:
        # As on its way to a module: YAML has dates and keys that are numbers.
        plain: dict[str, Any] = json.loads(json.dumps(data, default=str))
    except (TypeError, RecursionError, ValueError):
        raise ValueError("it holds itself, or a key that is no text") from None
    return plain


def _refuse_other_files(data: Any) -> None:
    """Make sure that a file holds a definition: of another one, which may hold secrets, no message shows a key."""
    if not isinstance(data, dict):
        raise ValueError("it contains no mapping, such as one with the keys get, fields and states")  # noqa: TRY004 - of a file
    if "get" not in data:
        raise ValueError("it is no definition: it lacks the key get, which every definition has")


def _refuse_repeated_keys(text: str) -> None:
    """Make sure that no mapping has a key twice, of which YAML would keep the last: a state could mean something else.

    Raises:
        MarkedYAMLError: one has, or it is no YAML.
    """
    waiting, seen = [yaml.compose(text, Loader=SafeLoader)], set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif isinstance(node, yaml.MappingNode):
            waiting += [value for _key, value in node.value]
            keys: set[tuple[str, str]] = set()
            for key, _value in node.value:
                name = (key.tag, str(key.value))
                if name in keys:
                    raise yaml.MarkedYAMLError(
                        problem=f"the key {key.value} is there twice", problem_mark=key.start_mark
                    )
                keys.add(name)


def _size(value: Any, known: dict[int, int]) -> int:
    """Return how many values there are, written out. What holds itself is for others to find."""
    if not isinstance(value, (dict, list)):
        return 1
    if id(value) not in known:
        known[id(value)] = 0
        items = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_size(item, known) for item in items)
    return known[id(value)]


def _listed(folders: Sequence[Path]) -> str:
    return listed([str(folder) for folder in dict.fromkeys(folders)], "or")


def _shown(text: str) -> str:
    return repr(readable(text, limit=200))
