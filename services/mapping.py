"""From a submission's fields to the relation that a hook's `relation:` makes of them; nothing is looked up yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from marshmallow import ValidationError

from schemas.fields import identifier, is_blank
from schemas.relation_mapping import PartyMapping, RelationMapping, Selectors, action, definition
from schemas.templates import Template, Text
from services.errors import FieldError, InvalidSubmission
from services.templates import NOT_GIVEN, is_frame_alone, over, read, words

if TYPE_CHECKING:
    from services.interpreter import Interpreter

NOT_WANTED = ("", "false", "no", "0")
LONGEST_NAME = 60  # in messages: a field's name may be a whole question
MOST_COMPARED = 300  # names of a submission that are compared with those it lacks


class Selector(NamedTuple):
    """One way to find a company or a person; `names` are the sender's fields that it came from."""

    kind: str
    value: str | int
    names: tuple[str, ...] = ()


class Party(NamedTuple):
    """One end of the relation, by the selectors that were given, in the order hooks.yaml has them.

    A `department` follows a `name` and belongs to it.
    """

    company: tuple[Selector, ...] = ()
    person: tuple[Selector, ...] = ()


NOBODY = Party()


class MappedRelation(NamedTuple):
    """A relation in the words of hooks.yaml; None means "not given". A definition is an id or a name."""

    definition: int | str | None = None
    source: Party = NOBODY
    destination: Party = NOBODY
    comment: str | None = None
    relation_id: int | None = None
    action: str = "save"
    warnings: tuple[str, ...] = ()
    definition_names: tuple[str, ...] = ()


@dataclass
class _Slots:
    """Reads one template after another, and keeps the mistakes and what was asked for on the way."""

    submission: Interpreter
    mistakes: list[FieldError] = field(default_factory=list)
    wrong: set[str] = field(default_factory=set)
    asked: dict[str, dict[str, bool]] = field(default_factory=dict)

    def take(self, path: str, template: Template | None, meaning: Callable[[Any], Any]) -> Any:
        """Return what the template at `path` means, or None where it was not given or is wrong."""
        if template is None:
            return None
        self.submission.asked = self.asked[path] = {}
        try:
            value = read(template, self.submission)
            if value is NOT_GIVEN:
                return None
            if isinstance(template, Text) and path != "comment" and is_frame_alone(template, self.submission):
                return None
            return meaning(value)
        except InvalidSubmission as error:
            found = [FieldError(mistake.field or path, mistake.message) for mistake in error.errors]
        except ValidationError as error:
            found = [FieldError(self.submission.blamed() or path, str(error.messages[0]))]
        self.mistakes += found
        self.wrong.add(path)
        return None

    def names(self, path: str) -> tuple[str, ...]:
        """Return the fields of the submission that the template at `path` was made of."""
        return tuple([name for name, there in self.asked.get(path, {}).items() if there])

    def text(self, value: Any) -> str | None:
        """Return the one text that a value is."""
        return words(_one(value), self.submission).strip() or None

    def words(self, value: Any) -> str | None:
        """Return a value as text, a list with commas."""
        text = words(value, self.submission)
        return None if is_blank(text) else text


def map_submission(mapping: RelationMapping, fields: Mapping[str, Any]) -> MappedRelation:
    """Return the relation that the fields mean; InvalidSubmission names every mistake at once."""
    slots = _Slots(over(fields))
    relation = MappedRelation(
        relation_id=slots.take("id", mapping.id, _id),
        definition=slots.take("definition", mapping.definition, lambda value: definition(_one(value))),
        source=_party(slots, "source", mapping.source),
        destination=_party(slots, "destination", mapping.destination),
        comment=slots.take("comment", mapping.comment, slots.words),
        action=slots.take("action", mapping.action, lambda value: action(_one(value))) or "save",
        definition_names=slots.names("definition"),
    )
    if relation.relation_id is None and "id" not in slots.wrong:
        slots.mistakes += _missing(slots, relation, mapping)
    if slots.mistakes:
        raise refusal(slots.mistakes)
    warnings = tuple(_warnings(slots))
    return relation._replace(warnings=warnings) if warnings else relation


def wanted(when: Template | None, fields: Mapping[str, Any]) -> bool:
    """Tell whether the hook's `when` lets this submission through: nothing, false, no and 0 do not."""
    if when is None:
        return True
    submission = over(fields)
    value = read(when, submission)
    return words(value, submission).strip().lower() not in NOT_WANTED


def refusal(mistakes: list[FieldError]) -> InvalidSubmission:
    """Make one error of all mistakes; its detail fits where tools show only that."""
    if len(mistakes) == 1:
        return InvalidSubmission(_cut(f"{_cut(mistakes[0].field)}: {mistakes[0].message}", 249), errors=mistakes)
    names = ", ".join(dict.fromkeys(_cut(mistake.field) for mistake in mistakes))
    detail = f"{len(mistakes)} fields are missing or wrong; mend them and send again: {names}"
    return InvalidSubmission(_cut(detail, 249), errors=mistakes)


def _party(slots: _Slots, path: str, party: PartyMapping) -> Party:
    return Party(
        _selectors(slots, f"{path}.company", party.company) if party.company else (),
        _selectors(slots, f"{path}.person", party.person) if party.person else (),
    )


def _selectors(slots: _Slots, path: str, selectors: Selectors) -> tuple[Selector, ...]:
    """Return the selectors that were given; a department only where its name is, and behind it."""
    given: dict[str, Selector] = {}
    for kind, template in selectors:
        slot = f"{path}.{kind}"
        value = slots.take(slot, template, _id if kind == "id" else slots.text)
        if value is not None:
            given[kind] = Selector(kind, value, slots.names(slot))
    department = given.pop("department", None)
    found = list[Selector]()
    for selector in given.values():
        found.append(selector)
        if selector.kind == "name" and department:
            found.append(department)
    return tuple(found)


def _id(value: Any) -> int:
    return identifier(_one(value))


def _one(value: Any) -> Any:
    """Return the one value of a list of one; people who tick one box of many still mean one thing."""
    while isinstance(value, list):
        items = [item for item in value if not is_blank(item)]
        if len(items) != 1:
            raise ValidationError(
                "Only one value can be used here: send one, or let hooks.yaml choose, as {name[0]} does."
            )
        value = items[0]
    if isinstance(value, dict):
        raise ValidationError("This is a group of values: let hooks.yaml choose one, as {name.first} does.")
    return value


def _missing(slots: _Slots, relation: MappedRelation, mapping: RelationMapping) -> Iterator[FieldError]:
    """Name what a relation without an id cannot do without."""
    has_source, has_destination = relation.source != NOBODY, relation.destination != NOBODY
    if relation.definition and has_source and has_destination and not mapping.id:  # as most have
        return
    needed = {
        "definition": ("what the relation is", mapping.definition, relation.definition),
        "source": ("who the source is", mapping.source != PartyMapping(), has_source),
        "destination": ("who the destination is", mapping.destination != PartyMapping(), has_destination),
    }
    if mapping.id and (relation.action == "delete" or not all(mapped for _, mapped, _ in needed.values())):
        needed = {"id": ("which relation is meant", mapping.id, None)}
    for path, (what, _, given) in needed.items():
        if given:
            continue
        inside = [slot for slot in slots.asked if slot == path or slot.startswith(f"{path}.")]
        if slots.wrong.intersection(inside):
            continue
        asked = {name: there for slot in inside for name, there in slots.asked[slot].items()}
        names = list(asked)
        advice = f"Fill in {' or '.join(_cut(name) for name in names[:5])}" if names else "Give it in hooks.yaml"
        if names and not any(asked.values()):
            advice += f". The submission has no {_cut(names[0])}; {_nearest(slots, names[:1])[0]}"
        yield FieldError(names[0] if names else path, f"This is missing: it says {what}. {advice}.")


def _warnings(slots: _Slots) -> Iterator[str]:
    """Say which names of hooks.yaml the submission does not have at all, and what it has that is like them."""
    missing = list(dict.fromkeys(name for asked in slots.asked.values() for name, there in asked.items() if not there))
    for name, hint in zip(missing, _nearest(slots, missing) if missing else (), strict=True):
        yield f"hooks.yaml asks for {_cut(name)}, which the submission does not have; {hint}."


def _nearest(slots: _Slots, missing: Sequence[str]) -> list[str]:
    """Say for each name that the submission lacks what it has that is like it."""
    has = [name for name in slots.submission.fields if name != "raw" and len(name) <= LONGEST_NAME]
    pairs = {name: _pairs(name) for name in has[:MOST_COMPARED]}
    near = [sorted(pairs, key=partial(_distance, _pairs(name.lower()), pairs))[:3] for name in missing]
    return [f"the nearest it has: {', '.join(names)}" if names else "it has none that can be used" for names in near]


def _pairs(name: str) -> frozenset[str]:
    """Return the pairs of neighbouring signs in a name."""
    return frozenset(map("".join, zip(f"_{name}", f"{name}_", strict=True)))


def _distance(wanted: frozenset[str], pairs: Mapping[str, frozenset[str]], name: str) -> float:
    """Tell from 0 to 1 how unlike two names are (Dice's coefficient); difflib takes thirty times as long."""
    return 1 - 2 * len(wanted & pairs[name]) / (len(wanted) + len(pairs[name]))


def _cut(text: str, longest: int = LONGEST_NAME) -> str:
    """Shorten what would not fit."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
