"""Look-ups for the drop-downs of no-code tools: what may be asked, and what each choice is made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, ValidationError, fields, pre_load, validate

from schemas.fields import Identifier, is_blank
from schemas.strict import Strict

PAIRS = {
    "CC": "a company to a company",
    "CP": "a company to a person",
    "PC": "a person to a company",
    "PP": "a person to a person",
}
LONGEST_SEARCH = 100  # characters
LAST_PAGE = 99_999
_SEND_A_PAIR = "Send CC, CP, PC or PP: C is a company, P a person, the source first."
_WHOLE_NUMBER = re.compile(r"[0-9]{1,5}")


@dataclass(frozen=True)
class DefinitionChoice:
    """A definition, named by its active text in the tenant's language."""

    id: int
    name: str
    passive: str

    @property
    def label(self) -> str:
        """Both texts and the id, so that no two are alike."""
        return _label(self.id, " / ", self.name, self.passive)


@dataclass(frozen=True)
class CompanyChoice:
    """A company that is not deleted."""

    id: int
    name: str
    department: str
    number: str
    orgnr: str

    @property
    def label(self) -> str:
        """Name, department and id, so that no two are alike."""
        return _label(self.id, ", ", self.name, self.department)


@dataclass(frozen=True)
class PersonChoice:
    """A person who has not retired, in a company that is not deleted."""

    id: int
    name: str
    company: str
    department: str
    company_id: int

    @property
    def label(self) -> str:
        """Name, company, its department and the person's id, so that no two are alike."""
        return _label(self.id, ", ", self.name, self.company, self.department)


class _Page(fields.Integer):
    """The number of a page; the first is 0."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not _WHOLE_NUMBER.fullmatch(value):
            raise ValidationError(f"A page is a whole number from 0 to {LAST_PAGE}.")
        return int(value)


class _Search(fields.String):
    """Words to search for; none list everything."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = " ".join(value.split())
        if not text.isprintable():
            raise ValidationError("There are signs in this that cannot be searched for: send plain text.")
        if len(text) > LONGEST_SEARCH:
            raise ValidationError(f"This is too long: search for {LONGEST_SEARCH} characters or fewer.")
        return text


def _id(whose: str) -> fields.Field[Any]:
    return fields.Integer(required=True, metadata={"description": f"The {whose}'s id in SuperOffice", "minimum": 1})


def _text(description: str, example: str) -> fields.Field[Any]:
    return fields.String(required=True, metadata={"description": description, "examples": [example]})


def _search(what: str) -> fields.Field[Any]:
    told = f"Words that all stand in {what}. Without it all are listed, by name."
    return _Search(load_default="", attribute="words", metadata={"description": told, "maxLength": LONGEST_SEARCH})


class _Query(Strict):
    """The parameters of an address; what is blank was not given, as tools send what nobody filled in."""

    page = _Page(
        load_default=0,
        metadata={"description": "The first page is 0; an empty one is the end", "minimum": 0, "maximum": LAST_PAGE},
    )

    @pre_load
    def drop_blanks(self, written: Mapping[str, Any], **_kwargs: Any) -> dict[str, Any]:
        """Leave out what is blank."""
        return {name: value for name, value in written.items() if not is_blank(value)}


class DefinitionsQuery(_Query):
    """What definitions are asked for."""

    pair = fields.String(
        required=True,
        validate=validate.OneOf(tuple(PAIRS), error=f"This is not a pair. {_SEND_A_PAIR}"),
        error_messages={"required": f"This is missing. {_SEND_A_PAIR}"},
        metadata={"description": "; ".join(f"`{pair}`: {meaning}" for pair, meaning in PAIRS.items())},
    )


class CompaniesQuery(_Query):
    """What companies are asked for."""

    search = _search("a company's name or department, or its number")


class PersonsQuery(_Query):
    """What persons are asked for."""

    search = _search("a person's name, or in an e-mail address where they have an `@`")
    company = Identifier(metadata={"description": "Only persons of the company with this id"})


class DefinitionChoiceSchema(Schema):
    """One definition, as a drop-down shows it."""

    id = _id("definition")
    name = _text("Its active text, read from the source", "Partner of")
    passive = _text("Its passive text, read from the destination", "Has partner")
    label = _text("Both texts and the id", "Partner of / Has partner (18)")


class CompanyChoiceSchema(Schema):
    """One company, as a drop-down shows it."""

    id = _id("company")
    name = _text("Its name", "Acme AS")
    department = _text("Its department; empty where it has none", "Oslo")
    number = _text("Its number; empty where it has none", "10687")
    orgnr = _text("Its organization number, as it was typed in; empty where it has none", "318444021")
    label = _text("Name, department and id", "Acme AS, Oslo (687)")


class PersonChoiceSchema(Schema):
    """One person, as a drop-down shows it."""

    id = _id("person")
    name = _text("The person's whole name", "Ada Lovelace")
    company = _text("The name of the person's company", "Acme AS")
    department = _text("The company's department; empty where it has none", "Oslo")
    company_id = _id("company")
    label = _text(
        "The person's name, the company, its department, and the person's id", "Ada Lovelace, Acme AS, Oslo (90)"
    )


def _label(identity: int, joint: str, *texts: str) -> str:
    return f"{joint.join(text.strip() for text in texts if text.strip())} ({identity})"
