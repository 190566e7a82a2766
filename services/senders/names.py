"""What a field is called: one spelling, whichever way a tool or a person writes the name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

LONGEST = 200  # signs of a name that count; a question's whole text is a name too

# Latin letters that Unicode does not take apart into a plain one and a mark (NFKD leaves them as they are).
_LETTERS = {
    "æ": "ae", "œ": "oe", "ø": "o", "ß": "ss", "đ": "d", "ð": "d", "þ": "th", "ł": "l",
    "ħ": "h", "ŧ": "t", "ŋ": "ng", "ı": "i", "ĸ": "k", "ə": "e",
}  # fmt: skip
_LATIN = str.maketrans(_LETTERS)
_LOWER = "a-z" + "".join(_LETTERS)
_UPPER = "A-ZÆŒØẞĐÐÞŁĦŦŊƏ"
_MARKS = re.compile(f"(?<=[{_UPPER}{_LOWER}])[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+")
_WORD_STARTS = re.compile(f"(?<=[{_LOWER}0-9])(?=[{_UPPER}])|(?<=[{_UPPER}])(?=[{_UPPER}][{_LOWER}])")
_BETWEEN_WORDS = re.compile(r"[\W_]+", re.ASCII)
_LOOSE = re.compile(r"_(?![0-9])|(?<![0-9])_")


def normalise(name: str) -> str:
    """Write a name as lower-case ASCII words joined by `_`; letters of other scripts are kept.

    `Your e-mail` is `your_e_mail`, `orgNr` is `org_nr`, `Selskapsområde` is `selskapsomrade`. A name that begins
    with a digit gets `_` in front, so that an expression can use it; one without a letter or digit is `_`.
    """
    return _normalise(name[:LONGEST])


@lru_cache(maxsize=4096)  # cut before it is kept: a stranger's megabyte must not stay in memory
def _normalise(name: str) -> str:
    if name.isascii():
        words = _BETWEEN_WORDS.sub("_", _WORD_STARTS.sub("_", name).lower()).strip("_")
    else:
        words = _other_letters(name)
    return words if words and not words[0].isdigit() else f"_{words}"


def _other_letters(name: str) -> str:
    """Take accents off Latin letters alone: in other scripts a mark makes another letter of it."""
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", name))
    latin = _WORD_STARTS.sub("_", plain).lower().translate(_LATIN)
    whole = unicodedata.normalize("NFC", latin)
    return "_".join(whole.translate({ord(sign): _sign(sign) for sign in set(whole) if not sign.isalnum()}).split())


def _sign(sign: str) -> str:
    """Keep the marks of letters; drop what has no width (joiners, a BOM); all else parts words."""
    return {"M": sign, "C": ""}.get(unicodedata.category(sign)[0], " ") if sign > "\x7f" else " "


def loose(name: str) -> str:
    """Make one text of all spellings that come to the same: `E-post`, `e_post` and `epost`.

    `_` stays between digits: `1.3` and `13` are two fields.
    """
    return _loose(name[:LONGEST])


@lru_cache(maxsize=4096)
def _loose(name: str) -> str:
    return _LOOSE.sub("", _normalise(name))


class Answer(NamedTuple):
    """A value under every name that its sender has for it, the first being the one that people are shown."""

    names: tuple[str, ...]
    value: Any


class Named(NamedTuple):
    """Values under their normalised names, and for each of these names the sender's own.

    `repeated` has the sender's names that came a second time, each with the new name it got.
    """

    values: dict[str, Any]
    originals: dict[str, str]
    repeated: dict[str, str]


def name_all(answers: Iterable[Answer], reserved: Mapping[str, Any]) -> Named:
    """Put every answer under all its names; a second one of the same name gets `_2`, the next `_3`.

    First names go first: another question's label never takes away a name that the form's author gave.
    """
    named, counts, later = Named(dict(reserved), {}, {}), dict[str, int](), []
    for names, value in answers:
        tidied, first = tidy(value), normalise(names[0])
        _add(named, counts, first, names[0], tidied)
        seen = {first}
        for rank, original in enumerate(names[1:]):
            name = normalise(original)
            if name not in seen:
                later.append((rank, name, original, tidied))
                seen.add(name)
    for _, name, original, value in sorted(later, key=itemgetter(0)):
        _add(named, counts, name, original, value)
    return named


def _add(named: Named, counts: dict[str, int], name: str, original: str, value: Any) -> None:
    free = name
    while free in named.values:  # the count goes on from call to call: all fields may have one name
        counts[name] = counts.get(name, 1) + 1
        free = f"{name}_{counts[name]}"
    if free != name:
        named.repeated.setdefault(original, free)
    named.values[free] = value
    named.originals[free] = original


def tidy(value: Any) -> Any:
    """Normalise the names inside a value, at every level, so that a template can write `name.first`."""
    if isinstance(value, dict):
        return name_all((Answer((str(key),), inner) for key, inner in value.items()), {}).values
    if isinstance(value, list):
        return [tidy(item) for item in value]
    return value
