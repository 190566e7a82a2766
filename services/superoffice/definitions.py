"""The definitions of the tenant's relations: which pairs each may join, and what it is called from either end.

Source: SuperOffice docs, MDO provider "contactrelationdefinition".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from services.deadline import Deadline
from services.errors import DefinitionUnknown, SuperOfficeUnavailable
from services.superoffice.asking import ask
from services.superoffice.blame import Mistake
from services.superoffice.client import Call
from services.superoffice.directory import Directory
from services.superoffice.spelling import fold

PAIRS = ("CC", "CP", "PC", "PP")  # C is a company, P a person; the active party first
PATH = "/MDOList/contactrelationdefinition"
UNTRANSLATED = {
    "Accept-Language": "*",
    "SO-Language": "*",
}  # texts in every language, as US:"Employs";NO:"Sysselsetter"
YOUNG = 30.0  # seconds; a name that is not in an older list may have been added since
MOST_TOLD = 150  # characters of a list in a sentence
_TEXT = re.compile(r'([A-Za-z]{2}):"(.*?)"(?:;|$)', re.DOTALL)
# SuperOffice's own codes for languages, where they are not those of ISO 639.
_CODES = {
    "en": ("US", "GB", "EN"),
    "nb": ("NO", "NB"),
    "nn": ("NO", "NN"),
    "de": ("GE", "DE"),
    "sv": ("SW", "SE", "SV"),
    "da": ("DA", "DK"),
    "nl": ("DU", "NL"),
    "fi": ("FI", "SU"),
    "es": ("ES", "SP"),
}
_KINDS = {"C": "company", "P": "person"}


@dataclass(frozen=True)
class Definition:
    """A kind of relation, by its texts in each language."""

    id: int
    active: Mapping[str, str]
    passive: Mapping[str, str]


class Meaning(NamedTuple):
    """The definition that is meant, whether from its passive end, and what told it: id, active or passive text."""

    id: int
    is_passive: bool
    by: str


def list_definitions(
    pair: str, directory: Directory, deadline: Deadline, younger_than: float = float("inf")
) -> tuple[Definition, ...]:
    """Return the definitions that may join a pair, from memory where they were listed a short while ago."""
    known: tuple[Definition, ...] | None = directory.definitions.get(pair, younger_than)
    if known is None:
        call = Call("GET", PATH, params={"additional": pair, "flat": "true"}, headers=UNTRANSLATED)
        listed = ask(call, directory.webapi, deadline)
        try:
            known = tuple(_read(listed))
        except (AttributeError, TypeError, KeyError, ValueError) as error:
            raise SuperOfficeUnavailable("SuperOffice's list of definitions cannot be read.") from error
        directory.definitions.put(pair, known)
    return known


def recall_definition(wanted: int | str, pair: str, directory: Directory) -> Meaning | None:
    """Return what `find_definition` would, where the lists that are kept tell it, or else None."""
    listed = list[tuple[Definition, str]]()
    for each, end in _ends(pair, is_id=isinstance(wanted, int)):
        definitions = directory.definitions.get(each)
        if definitions is None:
            return None
        listed += ((definition, end) for definition in definitions)
    meanings = _meant(wanted, listed, directory.language)
    return meanings[0] if len({meaning.id for meaning in meanings}) == 1 else None


def find_definition(
    wanted: int | str, pair: str, names: Sequence[str], directory: Directory, deadline: Deadline
) -> Meaning | Mistake:
    """Return the definition of that id or text which fits the pair, or what to say.

    `pair` may have `?` for a party that is not known.
    """
    meanings = _meanings(wanted, pair, directory, deadline, float("inf"))
    if not meanings:
        meanings = _meanings(wanted, pair, directory, deadline, YOUNG)
    if len({meaning.id for meaning in meanings}) == 1:
        return meanings[0]
    if meanings:
        ids = ", ".join(dict.fromkeys(str(meaning.id) for meaning in meanings))
        message = f"More than one definition is called so. Send the id of the one that is meant: {ids}."
    else:
        message = _unfit(wanted, pair, directory, deadline)
    return Mistake(DefinitionUnknown, next(iter(names), "definition"), message)


def text_of(texts: Mapping[str, str], language: str) -> str:
    """Return a text in the tenant's language, or in whichever there is."""
    return next(iter(_own(texts, language) or tuple(texts.values())), "")


def _read(listed: Any) -> Iterator[Definition]:
    """Read the list's items; those under a heading too."""
    for item in listed:
        if children := item.get("ChildItems"):
            yield from _read(children)
        elif not item.get("Deleted"):
            yield Definition(int(item["Id"]), _texts(item.get("Name")), _texts(item.get("ExtraInfo")))


def _texts(raw: str | None) -> dict[str, str]:
    found = {code.upper(): text for code, text in _TEXT.findall(raw or "")}
    return found or ({"": raw} if raw else {})


def _own(texts: Mapping[str, str], language: str) -> tuple[str, ...]:
    codes = _CODES.get(language[:2], (language[:2].upper(),))
    return tuple(texts[code] for code in (*codes, "") if code in texts)


def _meanings(
    wanted: int | str, pair: str, directory: Directory, deadline: Deadline, younger_than: float
) -> list[Meaning]:
    """Return every definition of a pair that is meant."""
    listed = [
        (definition, end)
        for each, end in _ends(pair, is_id=isinstance(wanted, int))
        for definition in list_definitions(each, directory, deadline, younger_than)
    ]
    return _meant(wanted, listed, directory.language)


def _meant(wanted: int | str, listed: Sequence[tuple[Definition, str]], language: str) -> list[Meaning]:
    """Choose those of that id, or so called in the tenant's language, or else in any."""
    if isinstance(wanted, int):
        return [Meaning(wanted, False, "id") for definition, _ in listed if definition.id == wanted]
    folded = fold(wanted)
    for spoken in (language, ""):
        meant = [
            Meaning(definition.id, end == "passive", f"{end} text")
            for definition, end in listed
            if folded in map(_folded, _called(definition, end, spoken))
        ]
        if meant:
            return meant
    return []


def _called(definition: Definition, end: str, language: str) -> tuple[str, ...]:
    texts = definition.active if end == "active" else definition.passive
    return _own(texts, language) if language else tuple(texts.values())


@lru_cache(maxsize=4096)  # the tenant's own texts, never a stranger's
def _folded(text: str) -> str:
    return fold(text)


@lru_cache(maxsize=64)
def _ends(pair: str, *, is_id: bool) -> tuple[tuple[str, str], ...]:
    """Return the lists to look in, and which of their texts counts there; an id means its active end."""
    passive = () if is_id else _pairs(pair[::-1])
    return (*((each, "active") for each in _pairs(pair)), *((each, "passive") for each in passive))


@lru_cache(maxsize=64)
def _pairs(pair: str) -> tuple[str, ...]:
    return tuple(each for each in PAIRS if re.fullmatch(pair.replace("?", "."), each))


def _unfit(wanted: int | str, pair: str, directory: Directory, deadline: Deadline) -> str:
    """Say which definitions fit the pair."""
    elsewhere = _meanings(wanted, "??", directory, deadline, float("inf"))
    what = "This definition does not fit" if elsewhere else "No such definition fits"
    source, destination = (_KINDS.get(letter, "party") for letter in pair)
    fitting = [
        f"{text_of(definition.active, directory.language)} ({definition.id})"
        for each in _pairs(pair)
        for definition in list_definitions(each, directory, deadline)
    ]
    told = ", ".join(dict.fromkeys(fitting)) or "none yet: add one in SuperOffice's settings"
    told = told if len(told) <= MOST_TOLD else told[:MOST_TOLD].rpartition(", ")[0] + " …"
    return f"{what} a relation from a {source} to a {destination}. Those that do: {told}."
