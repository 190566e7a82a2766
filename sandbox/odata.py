"""`$filter` and `$orderBy` of the REST archives, as far as a look-up needs them.

https://docs.superoffice.com/en/api/search/odata/; an inner quote is escaped by a backslash, which OData itself has not.
"""

from __future__ import annotations

import re

from sandbox import archive, restrictions
from sandbox.boolean import Predicate, Token, combine
from sandbox.collation import Collation
from sandbox.columns import Column
from sandbox.providers import Provider
from sandbox.restrictions import InvalidQuery

WORD = re.compile(r"\s*(?:('(?:\\.|[^'\\])*')|([(),])|([^\s(),']+))")
UNARY = ("isnull", "isnotnull")
FUNCTIONS = {"startswith": "begins", "endswith": "endswith", "substringof": "contains"}


def read_filter(provider: Provider, text: str, collation: Collation) -> Predicate:
    """Make a condition; an empty text restricts nothing. Raises InvalidQuery and boolean.Unbalanced."""
    words = _words(text)
    tokens: list[Token] = []
    while words:
        word = words.pop(0)
        if word in ("(", ")") or word.lower() in ("and", "or"):
            tokens.append(word.lower())
            continue
        condition = _condition(provider, word, words, collation)
        if condition is not None:
            tokens.append(condition)
    return combine(tokens)


def read_order(provider: Provider, text: str) -> list[tuple[Column, bool]]:
    """Read `name asc,contactId desc`; raises InvalidQuery."""
    parts = [part.split() for part in text.split(",") if part.strip()]
    return [archive.order_by(provider, part[0], part[1] if part[1:] else "asc") for part in parts]


def _words(text: str) -> list[str]:
    words, at = [], 0
    text = text.rstrip()
    while at < len(text):
        found = WORD.match(text, at)
        if found is None:
            raise InvalidQuery(f"The filter cannot be read from '{text[at : at + 20]}' on")
        words.append(found[0].strip() if not found[1] else found[1])
        at = found.end()
    return words


def _condition(provider: Provider, word: str, words: list[str], collation: Collation) -> Predicate | None:
    if word.lower() in FUNCTIONS and words[:1] == ["("]:
        first, second = _pair(words)
        name, value = (second, first) if word.lower() == "substringof" else (first, second)
        column = archive.column_named(provider, name)
        return restrictions.build(column, FUNCTIONS[word.lower()], [_value(value)], collation)
    column = archive.column_named(provider, word)
    operator = _next(words)
    if operator.lower() in UNARY:
        values: list[str] = []
    elif words[:1] == ["("]:
        values = _arguments(words)
    else:
        values = [_next(words)]
    return restrictions.build(column, operator, [_value(value) for value in values], collation)


def _arguments(words: list[str]) -> list[str]:
    """Take `(a, b)` off the words."""
    values = []
    while _next(words) in ("(", ","):
        values.append(_next(words))
    return values


def _pair(words: list[str]) -> list[str]:
    values = _arguments(words)
    if len(values) != 2:
        raise InvalidQuery("A function of the filter takes two values")
    return values


def _next(words: list[str]) -> str:
    if not words:
        raise InvalidQuery("The filter ends too early")
    return words.pop(0)


def _value(word: str) -> str:
    """Take a text out of its quotes."""
    return re.sub(r"\\(.)", r"\1", word[1:-1]) if word.startswith("'") else word
