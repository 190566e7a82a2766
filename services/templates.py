"""Works out a template over the fields of one submission."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from schemas.expressions import Expression
from schemas.fields import is_blank
from schemas.templates import Choice, Constant, Single, Template, Text, fold

if TYPE_CHECKING:
    from services.interpreter import Interpreter

NOT_GIVEN: Final = None  # missing, null, a blank, and lists of these: a sender who says nothing says it in many ways
MOST_LISTED = 10


def evaluate(template: Template, fields: Mapping[str, Any]) -> Any:
    """Return the template's value, or NOT_GIVEN; InvalidSubmission names what cannot be worked out."""
    return read(template, over(fields))


def over(fields: Mapping[str, Any]) -> Interpreter:
    """Make the interpreter that reads templates over one submission."""
    from services.interpreter import Interpreter

    return Interpreter(fields)


def read(template: Template, submission: Interpreter) -> Any:
    """Return the template's value, or NOT_GIVEN.

    `{value, map, else}`: `else` stands for every value that `map` does not list, one that was not given
    included (a box left unticked is often not sent at all). Without `else`, not given stays not given.
    """
    if isinstance(template, Single):
        value = submission.work_out(template.expression)
    elif isinstance(template, Text):
        parts = [part if isinstance(part, str) else _words(part, submission) for part in template.parts]
        value = "".join(parts)
    elif isinstance(template, Constant):
        value = template.value
    else:
        return _choose(template, submission)
    return NOT_GIVEN if is_nothing(value) else value


def is_frame_alone(template: Text, submission: Interpreter) -> bool:
    """Tell whether a text has nothing of the submission in it: `+47{phone}` without a phone is `+47`."""
    return not any(_words(part, submission).strip() for part in template.parts if isinstance(part, Expression))


def is_nothing(value: Any) -> bool:
    """Tell whether a value means "not given"."""
    if isinstance(value, list | dict):
        return all(is_blank(item) for item in (value if isinstance(value, list) else value.values()))
    return is_blank(value)


def words(value: Any, submission: Interpreter) -> str:
    """Write a value as text: a list with commas, 1 and not 1.0, true and false, an object as JSON."""
    try:
        return _text_of(value)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, lists in lists in lists
        raise submission.refusal("This value cannot be written as text") from error


def _text_of(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(_text_of(item) for item in value if not is_nothing(item))
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _words(expression: Expression, submission: Interpreter) -> str:
    return words(submission.work_out(expression), submission)


def _choose(choice: Choice, submission: Interpreter) -> Any:
    value = read(choice.value, submission)
    if value is NOT_GIVEN and choice.otherwise is None:
        return NOT_GIVEN
    text = words(value, submission)
    result = choice.table.get(text) or choice.table.get(fold(text)) or choice.otherwise
    if result is None:
        listed = ", ".join(choice.listed[:MOST_LISTED]) + (", …" if len(choice.listed) > MOST_LISTED else "")
        raise submission.refusal(f"This value is not one that hooks.yaml lists. Send one of: {listed}")
    return read(result, submission)
