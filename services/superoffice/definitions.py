"""The definitions of the tenant's relations: which pairs each may join, and what it is called from either end.

Source: SuperOffice docs, MDO provider "contactrelationdefinition".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True)
class Meaning:
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
    """Return every definition that is meant: those so called in the tenant's language, or else in any."""
    listed = [
        (definition, end)
        for end, pairs in (("active", _pairs(pair)), ("passive", _pairs(pair[::-1])))
        for each in pairs
        for definition in list_definitions(each, directory, deadline, younger_than)
    ]
    if isinstance(wanted, int):
        return [
            Meaning(wanted, False, "id") for definition, end in listed if (definition.id, end) == (wanted, "active")
        ]
    for language in (directory.language, ""):
        meant = [
            Meaning(definition.id, end == "passive", f"{end} text")
            for definition, end in listed
            if fold(wanted) in {fold(text) for text in _called(definition, end, language)}
        ]
        if meant:
            return meant
    return []


def _called(definition: Definition, end: str, language: str) -> tuple[str, ...]:
    texts = definition.active if end == "active" else definition.passive
    return _own(texts, language) if language else tuple(texts.values())


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
