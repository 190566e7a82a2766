"""The names of a submission's fields that templates ask for, read off their syntax trees.

Node types: https://jmespath.org/specification.html#grammar, as the library `jmespath` calls them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schemas.expressions import Expression
from schemas.templates import Choice, Single, Template, Text

# What follows the first part of these is read inside what that part gives: `name.first` asks for `name`.
_FIRST_ALONE = frozenset(
    {"subexpression", "index_expression", "projection", "filter_projection", "value_projection", "pipe"}
)
_WITHOUT_NAMES = frozenset({"literal", "current", "identity", "expref", "index", "slice"})


def names_of(template: Template) -> Iterator[tuple[str, bool]]:
    """Give the fields that a template may ask a submission for, as written, and whether each is used as it comes."""
    if isinstance(template, Choice):
        yield from names_of(template.value)
        for other in (*(template.table[text] for text in template.listed), template.otherwise):
            yield from ((name, False) for name, _ in names_of(other)) if other else ()
    for expression in _expressions(template):
        as_it_comes = expression.tree["type"] == "field"
        yield from ((name, as_it_comes) for name in _names(expression.tree))


def _expressions(template: Template) -> tuple[Expression, ...]:
    if isinstance(template, Single):
        return (template.expression,)
    parts = template.parts if isinstance(template, Text) else ()
    return tuple(part for part in parts if isinstance(part, Expression))


def _names(node: Any) -> Iterator[str]:
    if node["type"] == "field":
        yield node["value"]
    elif node["type"] in _FIRST_ALONE:
        yield from _names(node["children"][0])
    elif node["type"] not in _WITHOUT_NAMES:
        for child in node["children"]:
            yield from _names(child)
