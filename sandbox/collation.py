"""How the tenant's database compares text: by default as SQL Server does out of the box (CI_AS).

https://learn.microsoft.com/sql/relational-databases/collations/collation-and-unicode-support
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Collation:
    """Case does not count, accents do, and blanks at the end count only in a part of a text."""

    ignore_case: bool = True
    ignore_accents: bool = False
    ignore_trailing_blanks: bool = True

    def fold(self, text: str) -> str:
        """Make texts that are the same to the database the same."""
        text = unicodedata.normalize("NFC", text)
        if self.ignore_case:
            text = text.casefold()
        if self.ignore_accents:
            letters = unicodedata.normalize("NFD", text)
            text = "".join(letter for letter in letters if not unicodedata.combining(letter))
        return text

    def whole(self, text: str) -> str:
        """Fold a text that is compared as a whole."""
        return self.fold(text).rstrip(" ") if self.ignore_trailing_blanks else self.fold(text)


def read(told: Any) -> Collation:
    """Take the fields of Collation, each true or false; raises ValueError."""
    known = [each.name for each in fields(Collation)]
    if not isinstance(told, dict) or not set(told) <= set(known):
        raise ValueError(f"A collation is told as an object with {', '.join(known)}.")
    if not all(isinstance(value, bool) for value in told.values()):
        raise ValueError("A collation's members are true or false.")
    return Collation(**told)
