"""One `{…}` of a template: finds where it ends, and parses the JMESPath in it or the bare name of a field."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as member
from typing import Any

from marshmallow import ValidationError

QUOTES = "'\"`"  # text, a name, a piece of JSON; a backslash in any of them takes the next sign as it is

# A label as people write it: "Your e-mail", "What's your name?", "1.3". The signs that JMESPath lives by are
# not in it: a slip in an expression must not pass for a name.
_BARE_NAME = re.compile(r"\{((?:[\w \t\-?!/]|(?<=\w)['’](?=\w)|\.(?=[\s}]|\d))+)\}")
_ANY_NAME = 'a name with spaces or signs goes in double quotes, such as {"Your e-mail"}'


@dataclass(frozen=True)
class Expression:
    """What stands between two braces, as written, and its syntax tree, which nobody may change."""

    written: str
    tree: Any = member(compare=False, repr=False)


def read_expression(text: str, start: int) -> tuple[Expression, int]:
    """Return the expression whose brace opens at `start`, and the position after the brace that closes it."""
    try:
        end = _end(text, start)
        written = text[start + 1 : end]
        return Expression(written.strip(), _parse(written, start + 2)), end + 1
    except ValidationError:
        bare = _BARE_NAME.match(text, start)
        name = bare[1].strip() if bare else ""
        if bare is None or not any(sign.isalnum() for sign in name):
            raise
        return Expression(name, {"type": "field", "value": name, "children": []}), bare.end()


def _end(text: str, start: int) -> int:
    """Find the closing brace: not one inside quotes, nor one of a pair inside the expression."""
    depth, position = 0, start
    while position < len(text):
        here = text[position]
        if here in QUOTES:
            position = _after_quote(text, position)
            continue
        depth += {"{": 1, "}": -1}.get(here, 0)
        if depth == 0:
            return position
        position += 1
    raise ValidationError(f"Column {start + 1}: this {{ is never closed. Write {{{{ if a brace is meant.")


def _after_quote(text: str, start: int) -> int:
    quote, position = text[start], start + 1
    while position < len(text) and text[position] != quote:
        position += 2 if text[position] == "\\" else 1
    if position >= len(text):
        raise ValidationError(f"Column {start + 1}: this {quote} is never closed.")
    if quote == "`":
        try:
            json.loads(text[start + 1 : position].replace("\\`", "`"))
        except (ValueError, RecursionError):
            # The library would still take it for text, with a warning (JEP-12).
            raise ValidationError(
                f"Column {start + 1}: between ` and ` stands JSON; text goes between ' and '."
            ) from None
    return position + 1


def _parse(written: str, column: int) -> Any:
    """Return the syntax tree of a JMESPath expression that begins at `column`."""
    from jmespath.exceptions import ParseError
    from jmespath.parser import Parser

    if not written.strip():
        raise ValidationError(f"Column {column}: nothing stands between the braces. Write a field's name there.")
    try:
        tree = Parser().parse(written).parsed
    except ParseError as error:
        at = column + min(error.lex_position, len(written))
        raise ValidationError(f"Column {at}: this is not JMESPath; {_ANY_NAME}.") from error
    except RecursionError as error:
        raise ValidationError(f"Column {column}: this is nested too deeply.") from error
    except (ValueError, IndexError, KeyError) as error:  # what the library lets through on odd input
        raise ValidationError(f"Column {column}: this is not JMESPath; {_ANY_NAME}.") from error
    for node in _nodes(tree):
        if node["type"] == "function_expression":
            _check_function(node, column)
    return tree


def _nodes(tree: Any) -> Iterator[Any]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):  # a slice's children are numbers
            yield node
            waiting.extend(node["children"])


def _check_function(node: Any, column: int) -> None:
    """Refuse a function that JMESPath has not, or that takes another number of arguments."""
    from jmespath.functions import Functions

    name, given = node["value"], len(node["children"])
    known = Functions.FUNCTION_TABLE
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean {near[0]}()?" if near else f"if it is a field's name: {_ANY_NAME}."
        raise ValidationError(f"Column {column}: {name}() is not a function of JMESPath; {hint}")
    signature = known[name]["signature"]
    more = bool(signature and signature[-1].get("variadic"))
    if given < len(signature) or (given > len(signature) and not more):
        wanted = f"{len(signature)}{' or more' if more else ''} in its brackets"
        raise ValidationError(f"Column {column}: {name}() takes {wanted}, not {given}.")
