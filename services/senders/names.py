"""What a field is called: one spelling, whichever way a tool or a person writes the name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import chain, count
from operator import itemgetter
from typing import Any, NamedTuple

from services.errors import UnreadableBody

LONGEST = 200  # signs of a name that count; a question's whole text is a name too
MOST_NAMES = 5_000  # of one submission's fields; a form of 200 questions has some 600
MOST_SIGNS = 100_000  # of all the different names of one submission; the dearest cost half a microsecond each
MOST_KEPT = 4096  # names, and signs, that stay in memory from one submission to the next
FORMS_KEPT = 32  # forms whose names stay in memory too, as each form's submissions have the same ones
MOST_OF_A_FORM, SIGNS_OF_A_FORM = 500, 20_000  # answers, and signs of their names, of a form that is kept

GROUPS = (dict, list)

# Latin letters that Unicode does not take apart into a plain one and a mark (NFKD leaves them as they are).
_LETTERS = {
    "æ": "ae", "œ": "oe", "ø": "o", "ß": "ss", "đ": "d", "ð": "d", "þ": "th", "ł": "l",
    "ħ": "h", "ŧ": "t", "ŋ": "ng", "ı": "i", "ĸ": "k", "ə": "e",
}  # fmt: skip
_LATIN = str.maketrans(_LETTERS)
_LOWER = "a-z" + "".join(_LETTERS)
_UPPER = "A-ZÆŒØẞĐÐÞŁĦŦŊƏ"
_MARK = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff"
# The sign itself comes before what must stand in front of it: a pattern that begins with a look-behind is slow.
_MARKS = re.compile(f"[{_MARK}](?<=[{_UPPER}{_LOWER}].)[{_MARK}]*", re.DOTALL)
_LOOSE = re.compile(r"_(?:(?![0-9])|(?<![0-9]_))")
_WORD_STARTS = re.compile(f"(?<=[{_LOWER}0-9])(?=[{_UPPER}])|(?<=[{_UPPER}])(?=[{_UPPER}][{_LOWER}])")
_ASCII_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]*[a-z0-9]+|[A-Z]+")


def normalise(name: str) -> str:
    """Write a name as lower-case ASCII words joined by `_`; letters of other scripts are kept.

    `Your e-mail` is `your_e_mail`, `orgNr` is `org_nr`, `Selskapsområde` is `selskapsomrade`. A name that begins
    with a digit gets `_` in front, so that an expression can use it; one without a letter or digit is `_`.
    """
    return _normalise(name[:LONGEST])


@lru_cache(maxsize=MOST_KEPT)  # cut before it is kept: a stranger's megabyte must not stay in memory
def _normalise(name: str) -> str:
    if not name.isascii():
        words = _other_letters(name)
    elif name == (lower := name.lower()):
        words = "_".join(lower.translate(_SIGNS).split())
    else:
        words = "_".join(_ASCII_WORDS.findall(name)).lower()
    return words if words and not words[0].isdigit() else f"_{words}"


def _other_letters(name: str) -> str:
    """Take accents off Latin letters alone: in other scripts a mark makes another letter of it."""
    apart = unicodedata.normalize("NFKD", name)[: 3 * len(name)]  # one sign may stand for a phrase of eighteen
    plain = _MARKS.sub("", apart)
    lower = plain.lower()
    latin = lower if lower == plain else _WORD_STARTS.sub("_", plain).lower()
    if not latin.isascii():
        latin = unicodedata.normalize("NFC", latin.translate(_LATIN))
    return "_".join(latin.translate(_SIGNS).split())


class _Signs(dict[int, str]):
    """What becomes of each sign in a name, worked out when it is first met."""

    def __missing__(self, number: int) -> str:
        """Keep letters, digits and marks of letters; drop what has no width (joiners, a BOM); all else parts words."""
        sign = chr(number)
        kept = sign if sign.isalnum() else " "
        if kept == " " and sign > "\x7f":
            kept = {"M": sign, "C": ""}.get(unicodedata.category(sign)[0], " ")
        if len(self) >= MOST_KEPT:
            self.clear()
        self[number] = kept
        return kept


_SIGNS = _Signs()


def loose(name: str) -> str:
    """Make one text of all spellings that come to the same: `E-post`, `e_post` and `epost`.

    `_` stays between digits: `1.3` and `13` are two fields.
    """
    return _loose(name[:LONGEST])


@lru_cache(maxsize=MOST_KEPT)
def _loose(name: str) -> str:
    return _LOOSE.sub("", _normalise(name))


class Spellings(dict[str, str]):
    """What `spell` makes of each name of one submission; UnreadableBody where that would take too long."""

    def __init__(self, spell: Callable[[str], str], before: Spellings | None = None):
        """`before` has those that are spelt already; their signs count too."""
        super().__init__()
        self._spell = spell
        self._before: Mapping[str, str] = before or {}
        self._left: int = before._left if before else MOST_SIGNS

    def __missing__(self, name: str) -> str:
        if name in self._before:
            return self._before[name]
        cut = name[:LONGEST]
        self._left -= len(cut)
        if self._left < 0:
            raise UnreadableBody(
                f"The names of the fields have more than {MOST_SIGNS:,} signs in all. Send only the fields needed."
            )
        self[name] = spelled = self._spell(cut)
        return spelled


def too_many_names() -> UnreadableBody:
    """Return the refusal of a submission whose names would take too long."""
    return UnreadableBody(f"It has more than {MOST_NAMES:,} fields. Send only the fields that are needed.")


# A value under every name that its sender has for it, the first being the one that people are shown. There are many
# in each submission, and a class of them would take a third of the time in which they are gathered.
Answer = tuple[tuple[str, ...], Any]


class _Form(NamedTuple):
    """What the names of its answers come to: which answer stands under each, what else Named has, how each is spelt.

    The places of the reserved values follow those of the answers.
    """

    places: dict[str, int]
    originals: dict[str, str]
    repeated: dict[str, str]
    spellings: Spellings


class Named(NamedTuple):
    """Values under their normalised names, and for each of these names the sender's own.

    `repeated` has the sender's names that came a second time, each with the new name it got.
    """

    values: dict[str, Any]
    originals: dict[str, str]
    repeated: dict[str, str]


def name_all(answers: Sequence[Answer], reserved: Mapping[str, Any]) -> Named:
    """Put every answer under all its names; a second one of the same name gets `_2`, the next `_3`.

    First names go first: another question's label never takes away a name that the form's author gave. Raises
    UnreadableBody where there are too many names.
    """
    names, others = tuple([names for names, _ in answers]), tuple(reserved)
    form = None
    with suppress(_TooLarge):
        form = _kept_form(names, others)
    form = form or _name_form(names, others)
    spellings = Spellings(_normalise, form.spellings)
    tidied = [_tidy(value, spellings) if isinstance(value, GROUPS) else value for _, value in answers]
    tidied += reserved.values()
    return Named({name: tidied[place] for name, place in form.places.items()}, form.originals, form.repeated)


class _TooLarge(Exception):
    """A form that is not kept in memory."""


@lru_cache(maxsize=FORMS_KEPT)  # what ends in an exception is not kept
def _kept_form(answers: tuple[tuple[str, ...], ...], reserved: tuple[str, ...]) -> _Form:
    if len(answers) > MOST_OF_A_FORM or sum(map(len, chain.from_iterable(answers))) > SIGNS_OF_A_FORM:
        raise _TooLarge
    return _name_form(answers, reserved)


def _name_form(answers: tuple[tuple[str, ...], ...], reserved: tuple[str, ...]) -> _Form:
    """Name the answers of a form, of which each is given by its names."""
    spellings = Spellings(_normalise)
    behind = dict(zip(reserved, count(len(answers)), strict=False))
    named, counts, later = Named(behind, {}, {}), dict[str, int](), []
    for place, names in enumerate(answers):
        first = spellings[names[0]]
        _add(named, counts, first, names[0], place)
        seen = {first}
        for rank, original in enumerate(names[1:]):
            if (name := spellings[original]) not in seen:
                later.append((rank, name, original, place))
                seen.add(name)
    for _, name, original, place in sorted(later, key=itemgetter(0)):
        _add(named, counts, name, original, place)
    return _Form(named.values, named.originals, named.repeated, spellings)


def _add(named: Named, counts: dict[str, int], name: str, original: str, value: Any) -> None:
    free = name
    while free in named.values:  # the count goes on from call to call: all fields may have one name
        counts[name] = counts.get(name, 1) + 1
        free = f"{name}_{counts[name]}"
    if free != name:
        named.repeated.setdefault(original, free)
    if len(named.values) >= MOST_NAMES:
        raise too_many_names()
    named.values[free] = value
    named.originals[free] = original


def _tidy(value: Any, spellings: Spellings) -> Any:
    if isinstance(value, dict):
        inner = [(name, _tidy(item, spellings)) for name, item in value.items()]
        tidied = {spellings[name]: item for name, item in inner}
        if len(tidied) < len(inner):  # some come to the same
            tidied = _numbered(inner, spellings)
        return tidied
    if isinstance(value, list):
        return [_tidy(item, spellings) for item in value]
    return value


def _numbered(items: list[tuple[str, Any]], spellings: Spellings) -> dict[str, Any]:
    named, counts = Named({}, {}, {}), dict[str, int]()
    for name, item in items:
        _add(named, counts, spellings[name], name, item)
    return named.values
