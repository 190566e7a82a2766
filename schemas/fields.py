"""Field types that marshmallow lacks: ids as people send them, SuperOffice's dates, comments that fit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError, fields

LARGEST_ID = 2**31 - 1  # SuperOffice's ids are int32
LONGEST_COMMENT = 254  # UTF-16 units: the column is String(254), and SQL Server counts them so

_FLAGS = {"0": 0, "1": 1, "false": 0, "true": 1, "no": 0, "yes": 1}
_DIGITS = re.compile(r"[0-9]{1,12}")
_FRACTION = re.compile(r"(\.[0-9]{6})[0-9]+")  # SuperOffice writes seven decimals; Python keeps six


def identifier(value: Any) -> int:
    """Return the id that `value` means: 42 and "42" do; 42.9, True, "Acme", 0, -1 and "٤٢" do not."""
    if isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
        value = int(value.strip())
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValidationError("This is not an id: send a whole number such as 42.")
    if value < 1:
        raise ValidationError("An id is 1 or more: leave the field out where there is none.")
    if value > LARGEST_ID:
        raise ValidationError(f"This is too large for an id: the largest is {LARGEST_ID}.")
    return value


def is_blank(value: Any) -> bool:
    """Tell whether people who send this mean "not given": null, nothing, or white space alone."""
    return value is None or (isinstance(value, str) and not value.strip())


def shorten(comment: str) -> str:
    """Cut a comment to SuperOffice's 254 UTF-16 units, at a word, with `…`."""
    units = comment.encode("utf-16-le", "surrogatepass")
    if len(units) <= LONGEST_COMMENT * 2:
        return comment
    head = units[: (LONGEST_COMMENT - 1) * 2].decode("utf-16-le", "ignore")
    if not comment[len(head)].isspace():
        at_word = head.rsplit(maxsplit=1)[0] if len(head.split()) > 1 else head
        head = at_word if len(at_word) > LONGEST_COMMENT // 2 else head
    return head.rstrip() + "…"


class Identifier(fields.Field[int]):
    """An id of SuperOffice, as a number or as the text of one."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        return identifier(value)


class Flag(fields.Field[int]):
    """`Reversed`: 0 or 1, also as text or as true and false."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        meant = _FLAGS.get(str(value).strip().lower()) if isinstance(value, str | int) else None
        if meant is None:
            raise ValidationError("Reversed is 0 or 1.")
        return meant


class Comment(fields.Field[str]):
    """Free text; numbers that a form sends for text are taken as typed."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if isinstance(value, list) and all(isinstance(item, str | int | float) for item in value):
            value = ", ".join(str(item) for item in value)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ValidationError("The comment is not text.")
        return str(value)


def read_date(value: Any) -> datetime | None:
    """Read a date-time of SuperOffice: any offset, none meaning UTC, seven decimals; 0001-01-01 is no date."""
    if value is None:
        return None
    try:
        date = datetime.fromisoformat(_FRACTION.sub(r"\1", value))
    except (TypeError, ValueError) as error:
        raise ValidationError("This is not a date-time.") from error
    if date.year == 1:
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date


class WireDate(fields.Field[datetime | None]):
    """A date-time of SuperOffice."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> datetime | None:
        return read_date(value)
