"""One restriction of an archive query: a column, an operator, and the values it is compared with.

Which operators a type of column has: https://docs.superoffice.com/en/api/search/find-selection/operators; how values
are encoded: https://docs.superoffice.com/en/api/archive-providers/encoded-values.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from typing import Any

from sandbox.boolean import Predicate
from sandbox.collation import Collation
from sandbox.columns import Column, Value

ENCODED = re.compile(r"\[(?:I|F|M|D|DT|T|TS|B):(.*)\]", re.DOTALL)
# Each type's operators under one name for each meaning; what is not here is no operator of the type.
INT = {
    "equal": ("equals", "=", "eq", "set"),
    "unequal": ("unequals", "!=", "ne"),
    "less": ("less", "<", "lt"),
    "greater": ("greater", ">", "gt"),
    "between": ("between",),
    "in": ("in",),
}
STRING = {
    "equal": ("equals", "=", "eq", "is"),
    "unequal": ("isnot", "ne"),
    "begins": ("begins", "startswith"),
    "notbegins": ("notbegins",),
    "contains": ("contains", "substringof"),
    "notcontains": ("notcontains",),
    "ends": ("endswith",),
    "between": ("between",),
    "in": ("in",),
}
OPERATORS: dict[str, dict[str, tuple[str, ...]]] = {
    "int": INT,
    "string": STRING,
    "stringorPK": STRING,
    "bool": {"equal": INT["equal"]},
    "datetime": {},
}
COMPARED_ALONE = {"less": operator.lt, "greater": operator.gt}
TRUTHS = {"true": True, "1": True, "false": False, "0": False}


class InvalidQuery(ValueError):
    """NetServer would throw; the message says why."""


def build(column: Column, word: str, given: Sequence[str], collation: Collation) -> Predicate | None:
    """Make a condition on a row's record; None where the archive ignores it, as it does with an empty text.

    Raises InvalidQuery.
    """
    if not column.restricts:
        raise InvalidQuery(f"Column '{column.name}' cannot be used as a restriction")
    if word.lower() in ("isnull", "isnotnull"):
        empty = word.lower() == "isnull"
        return lambda record: all(value in (None, "") for value in column.compared(record) or ("",)) is empty
    meaning = _meaning(column, word)
    texts = [column.search(_decode(value)) for value in given]
    if not texts or (meaning != "in" and len(texts) != (2 if meaning == "between" else 1)):
        raise InvalidQuery(f"Operator '{word}' on column '{column.name}' got {len(texts)} values")
    if column.kind in ("int", "bool"):
        return _exact(column, meaning, [_read(column, text) for text in texts])
    if not any(texts):
        return None
    return _textual(column, meaning, texts, collation)


def _meaning(column: Column, word: str) -> str:
    for meaning, words in OPERATORS[column.kind].items():
        if word.lower() in words:
            return meaning
    raise InvalidQuery(f"Operator '{word}' is not known for column '{column.name}' of type {column.kind}")


def _decode(text: str) -> str:
    """Take the value out of `[I:3]`; anything else is the value."""
    found = ENCODED.fullmatch(text)
    return found[1] if found else text


def _read(column: Column, text: str) -> int | bool:
    if column.kind == "bool" and text.strip().lower() in TRUTHS:
        return TRUTHS[text.strip().lower()]
    if column.kind == "int" and re.fullmatch(r"\s*-?[0-9]{1,10}\s*", text) and -(2**31) <= int(text) < 2**31:
        return int(text)
    raise InvalidQuery(f"'{text[:40]}' cannot be read as a value of column '{column.name}' ({column.kind})")


def _exact(column: Column, meaning: str, wanted: list[Any]) -> Predicate:
    if meaning in COMPARED_ALONE:
        compare = COMPARED_ALONE[meaning]
        return lambda record: any(value is not None and compare(value, wanted[0]) for value in column.compared(record))
    if meaning == "between":
        return lambda record: any(wanted[0] <= value <= wanted[1] for value in column.compared(record))
    found = _any(column, lambda value: value in wanted)
    return _not(found) if meaning == "unequal" else found


def _textual(column: Column, meaning: str, texts: list[str], collation: Collation) -> Predicate:
    """Compare texts; in a column of type stringorPK, a value of digits alone is the key of what is looked for."""
    keys = {text for text in texts if column.key and re.fullmatch("[0-9]{1,10}", text)}
    names = {collation.whole(text) for text in texts if text not in keys}
    part, wholes = collation.fold(texts[0]), [collation.whole(text) for text in texts]
    tests: dict[str, Callable[[str], bool]] = {
        "equal": lambda text: collation.whole(text) in names,
        "between": lambda text: wholes[0] <= collation.whole(text) <= wholes[-1],
        "begins": lambda text: collation.fold(text).startswith(part),
        "contains": lambda text: part in collation.fold(text),
        "ends": lambda text: collation.fold(text).endswith(part),
    }
    negated = meaning.startswith(("not", "un"))
    test = tests["equal" if meaning == "in" else meaning.removeprefix("not").removeprefix("un")]
    found = _any(column, lambda value: test(column.search(str(value))))
    if keys:
        found = _or_keyed(column, found, {int(key) for key in keys}, meaning)
    return _not(found) if negated else found


def _or_keyed(column: Column, found: Predicate, keys: set[int], meaning: str) -> Predicate:
    """Look among the keys too, where whole values are compared."""
    key = column.key
    if key is None or meaning not in ("equal", "unequal", "in"):
        return found
    return lambda record: found(record) or key(record) in keys


def _any(column: Column, test: Callable[[Value], bool]) -> Predicate:
    """Hold where one of the values does: a company has several e-mail addresses."""
    return lambda record: any(value is not None and test(value) for value in column.compared(record))


def _not(test: Predicate) -> Predicate:
    return lambda record: not test(record)
