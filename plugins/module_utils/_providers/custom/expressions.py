# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JMESPath expressions of a definition."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ..._core.errors import BadAnswerError, MissingLibraryError
from .keys import Kind, closed, mistake

try:
    import jmespath
    import jmespath.exceptions
    import jmespath.functions

    HAS_JMESPATH = True
except ImportError:
    HAS_JMESPATH = False


#: So many times as large as the answer the result of an expression may be.
_MOST_GROWTH = 10_000


def _growth(parsed: Any) -> int:
    """Return how many copies of what it is applied to an expression can make, at the most."""
    growth, nodes = 1, [parsed]
    while nodes and growth <= _MOST_GROWTH:
        node = nodes.pop()
        if node["type"] in ("multi_select_list", "multi_select_dict"):
            growth *= len(node["children"])
        elif node.get("value") == "to_string":
            # Backslashes of texts inside of texts double.
            growth *= 2
        # A slice has numbers.
        nodes += [child for child in node["children"] if isinstance(child, dict)]
    return growth


def _unknown_function(parsed: Any) -> str | None:
    """Return the first function of an expression that JMESPath does not have. It would be found at the first answer."""
    nodes = [parsed]
    while nodes:
        node = nodes.pop()
        if node["type"] == "function_expression" and node["value"] not in jmespath.functions.Functions.FUNCTION_TABLE:
            return str(node["value"])
        nodes += [child for child in node["children"] if isinstance(child, dict)]
    return None


class Expression:
    """A JMESPath expression, compiled once.

    Raises:
        OptionError: it is none.
    """

    def __init__(self, text: str, path: str) -> None:
        if not HAS_JMESPATH:
            raise MissingLibraryError("jmespath", "for the provider custom")
        self.text = text
        try:
            self._compiled = jmespath.compile(text)
        except jmespath.exceptions.JMESPathError as error:
            what = str(error).partition("\n")[0].rstrip(":")
            raise mistake(f"{path} is not a JMESPath expression: {what}") from None
        # The library reads numbers of thousands of digits with int, and nested parentheses by recursion.
        except (RecursionError, ValueError):
            what = "it is nested too deeply, or has a number that is too long"
            raise mistake(f"{path} is not a JMESPath expression: {what}") from None
        unknown = _unknown_function(self._compiled.parsed)
        if unknown is not None:
            what = f"there is no function {unknown}()"
            raise mistake(f"{path} is not a JMESPath expression: {what}")
        if _growth(self._compiled.parsed) > _MOST_GROWTH:
            raise mistake(f"{path} could make the answer too large: it has too many lists")

    def find(self, data: Any) -> Any:
        """Return what the expression finds, None where it finds nothing.

        Raises:
            BadAnswerError: it cannot be applied to this answer.
        """
        try:
            return self._compiled.search(data)
        # Besides its own errors the library lets some of Python's through, such as that of a slice with step 0.
        except (TypeError, ValueError, ArithmeticError, RecursionError) as error:
            what = str(error).partition("\n")[0]
            raise BadAnswerError(f"The definition's expression {self.text!r} does not fit the answer: {what}") from None


def find(expression: Expression | None, data: Any) -> Any:
    """Return what an expression finds, None where there is none."""
    return None if expression is None else expression.find(data)


EXPRESSION = Kind({"type": "string", "minLength": 1, "maxLength": 2000}, Expression)


def expressions(*names: str, **others: Mapping[str, Any]) -> Kind:
    """Describe a key that holds expressions by their names. Its schema has the ``others`` too; its value does not."""

    def read(given: Mapping[str, Any], where: str) -> dict[str, Expression]:
        return {name: Expression(text, f"{where}.{name}") for name, text in given.items() if name not in others}

    return Kind(closed({**dict.fromkeys(names, EXPRESSION.schema), **others}), read)


class IdExpression:
    """An expression in which ``{id}`` stands for the ID that was asked for, as a text."""

    def __init__(self, text: str, path: str) -> None:
        if re.search(r"[\"'`]\{id\}[\"'`]", text):
            raise mistake(f"{path} has {{id}} in quotes. Omit the quotes: it is text without them")
        self.text = text
        self._path = path
        self.find("{}", "x")

    def find(self, data: Any, task_id: str) -> Any:
        """Return what the expression finds for a task, None where it finds nothing. Raises as ``Expression.find``."""
        literal = json.dumps(task_id).replace("`", "\\u0060")
        return Expression(self.text.replace("{id}", f"`{literal}`"), self._path).find(data)
