"""What comes in: a payload that names the fields of a ContactRelationEntity, in any spelling people use."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from marshmallow import EXCLUDE, Schema, ValidationError, fields

from schemas.contact_relation_entity import ENTITY_FIELDS
from schemas.fields import Comment, Flag, Identifier, is_blank, shorten

WRAPPERS = frozenset({"contactrelationentity", "contactrelation", "relation"})
LONGEST_NAME = 100  # characters that are looked at of a field's name
MOST_WARNINGS = 20
REQUIRED_TO_CREATE = ("SourceContactId", "DestinationContactId", "RelationDefinitionId")


class ContactRelation(NamedTuple):
    """A relation as the sender wants it; None means "not given". In SuperOffice a Contact is a company."""

    source_company: int | None = None
    source_person: int | None = None
    destination_company: int | None = None
    destination_person: int | None = None
    definition: int | None = None
    relation_id: int | None = None
    comment: str | None = None
    reversed: int | None = None
    action: str = "save"
    warnings: tuple[str, ...] = ()

    @property
    def intent(self) -> str:
        """`create`, `update` or `delete`, as a hook's `allow` calls it."""
        if self.action == "delete":
            return "delete"
        return "create" if self.relation_id is None else "update"


class PayloadError(Exception):
    """Every mistake of one payload: the sender's own field name and what is wrong with it."""

    def __init__(self, mistakes: list[tuple[str, str]]):
        super().__init__(", ".join(name for name, _ in mistakes))
        self.mistakes = mistakes


def _field(name: str, description: str, **told: Any) -> dict[str, Any]:
    """Make the options of a field: what SuperOffice calls it, and what the OpenAPI document tells of it."""
    return {"data_key": name, "metadata": {"description": description, **told}}


def cut(comment: str | None) -> tuple[str | None, tuple[str, ...]]:
    """Return a comment as long as SuperOffice takes it, and the warning where that is not all of it."""
    short = None if comment is None else shorten(comment)
    if short == comment:
        return comment, ()
    return short, ("The comment was cut to 254 characters, the most that SuperOffice takes.",)


class ContactRelationSchema(Schema):
    """Loads the fields, by their names in SuperOffice; which are needed depends on what is to be done."""

    class Meta:
        """What is not one of the fields is reported apart, as a warning."""

        unknown = EXCLUDE

    source_company = Identifier(**_field("SourceContactId", "The id of the company that the relation starts from"))
    source_person = Identifier(**_field("SourcePersonId", "The id of a person in that company"))
    destination_company = Identifier(**_field("DestinationContactId", "The id of the company that it leads to"))
    destination_person = Identifier(**_field("DestinationPersonId", "The id of a person in that other company"))
    definition = Identifier(
        **_field("RelationDefinitionId", "What the source is to the destination: a definition's id")
    )
    relation_id = Identifier(**_field("RelationId", "The id of a relation to change or delete; without it one is made"))
    comment = Comment(**_field("Comment", "Free text; what is over 254 characters is cut"))
    reversed = Flag(**_field("Reversed", "1 where it reads against the definition's direction"))
    action = fields.String(**_field("action", "`delete` removes the relation", enum=["save", "delete"]))


_SCHEMA = ContactRelationSchema()
_NAMES = {name.lower(): name for name in (fld.data_key or "" for fld in _SCHEMA.fields.values())}
# For each of SuperOffice's names ours, and what reads its value. No blank gets here, so a field without validators
# needs no more than `_deserialize`.
_READERS = {
    fld.data_key or "": (name, fld.deserialize if fld.validators else fld._deserialize)
    for name, fld in _SCHEMA.fields.items()
}
_SET_BY_SUPEROFFICE = {name.lower() for name in ENTITY_FIELDS} - _NAMES.keys()


@lru_cache(maxsize=1024)
def letters(name: str) -> str:
    """Return what all spellings of a name share: `Source Contact ID` and `source_contact_id` are one."""
    return re.sub(r"[\W_]", "", name).lower()


def _spelled(name: str) -> str:
    """Return the letters of a name, of which none that is known is long."""
    return letters(name[:LONGEST_NAME])


def _loaded(given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what the schema's fields make of what is given, by our names, and what is wrong with the others."""
    loaded, wrong = dict[str, Any](), dict[str, str]()
    for name, value in given.items():
        ours, read = _READERS[name]
        try:
            loaded[ours] = read(value, name, given)
        except ValidationError as error:
            wrong[name] = str(error.messages[0])
    return loaded, wrong


def _missing(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name what is to be done cannot be done without."""
    action = _action(given.get("action", "save"))
    if action not in ("save", "delete"):
        yield "action", "The action is save or delete."
    if "RelationId" not in given:
        wanted = ("RelationId",) if action == "delete" else REQUIRED_TO_CREATE
        yield from ((name, "This field is missing.") for name in wanted if name not in given)


def _action(given: Any) -> str:
    return str(given).strip().lower()


def load_contact_relation(payload: Any, decision: Mapping[str, Any] = MappingProxyType({})) -> ContactRelation:
    """Read a payload, flat or wrapped; raise PayloadError naming every mistake in the sender's own words.

    `decision` has ids, by the names of a ContactRelation, that count instead of what the payload says.
    """
    if not isinstance(payload, Mapping):
        raise PayloadError([("", 'A submission is an object of fields, such as {"SourceContactId": 686}.')])
    given: dict[str, Any] = {}
    own_names: dict[str, str] = {}
    strange: list[str] = []
    mistakes: list[tuple[str, str]] = []
    for own_name, name, value in _unwrapped(payload):
        if name is None:
            strange.append(own_name)
        elif not is_blank(value):
            if name in given and given[name] != value:
                mistakes.append((own_name, f"{name} is given twice, and the two differ."))
            given[name], own_names[name] = value, own_name
    if decision:
        decided = {_SCHEMA.fields[name].data_key or "": value for name, value in decision.items()}
        mistakes = [mistake for mistake in mistakes if _NAMES.get(_spelled(mistake[0])) not in decided]
        given |= decided
    loaded, wrong = _loaded(given)
    wrong |= _missing(given)
    if mistakes or wrong:
        raise PayloadError(mistakes + [(own_names.get(name, name), message) for name, message in wrong.items()])
    return _built(loaded, strange)


def _built(loaded: dict[str, Any], strange: list[str]) -> ContactRelation:
    """Make the relation, its comment cut to what SuperOffice takes."""
    comment, warnings = cut(loaded.get("comment"))
    warnings = (*warnings, *_unrecognised(strange)) if strange else warnings
    return ContactRelation(
        **{**loaded, "comment": comment, "action": _action(loaded.get("action", "save"))}, warnings=warnings
    )


def _unwrapped(payload: Mapping[str, Any]) -> Iterator[tuple[str, str | None, Any]]:
    """Give each field, by the sender's name and ours, those inside a wrapper (`ContactRelationEntity`) included."""
    for own_name, value in payload.items():
        spelled = _spelled(str(own_name))
        if isinstance(value, dict) and spelled in WRAPPERS:
            yield from ((str(name), _NAMES.get(_spelled(str(name))), inner) for name, inner in value.items())
        else:
            yield str(own_name), _NAMES.get(spelled), value


@lru_cache(maxsize=1024)  # a form asks the same questions each time
def _hint(spelled: str) -> str:
    near = difflib.get_close_matches(spelled, _NAMES, 1)
    return f": did you mean {_NAMES[near[0]]}?" if near else "."


def _unrecognised(names: list[str]) -> Iterator[str]:
    """Say which fields were left out of account; what SuperOffice sets itself is no surprise."""
    strange = [name for name in names if _spelled(name) not in _SET_BY_SUPEROFFICE]
    for name in strange[:MOST_WARNINGS]:
        yield f"The field {name[:60]} was not recognised{_hint(_spelled(name))}"
    if len(strange) > MOST_WARNINGS:
        yield f"{len(strange) - MOST_WARNINGS} more fields were not recognised."
