"""`relation:` of a hook: the templates that say who the parties are, what they are to each other, what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from marshmallow import ValidationError, fields, post_load, validates_schema

from schemas.fields import identifier, is_blank
from schemas.strict import Strict, suggestion
from schemas.templates import Template, TemplateField, compile_template, constants

COMPANY_SELECTORS = ("id", "number", "orgnr", "name", "department", "email", "phone", "domain")
PERSON_SELECTORS = ("id", "email", "name", "phone")
ACTIONS = ("save", "delete")

Selectors: TypeAlias = tuple[tuple[str, Template], ...]


class PartyMapping(NamedTuple):
    """How a company, a person in it, or both are found: selectors and their templates, in the order written."""

    company: Selectors = ()
    person: Selectors = ()


class RelationMapping(NamedTuple):
    """The templates of a relation; None and an empty party are what hooks.yaml does not say."""

    definition: Template | None = None
    source: PartyMapping = PartyMapping()
    destination: PartyMapping = PartyMapping()
    comment: Template | None = None
    id: Template | None = None
    action: Template | None = None


def check_constants(template: Template, check: Callable[[Any], object]) -> None:
    """Put what a template can come to without a submission through `check`; blanks mean "not given"."""
    for value in constants(template):
        if not is_blank(value):
            check(value)


class SelectorsField(fields.Field[Selectors]):
    """A company's or a person's selectors: a mapping whose order counts."""

    default_error_messages = {  # noqa: RUF012 (marshmallow's own way)
        "null": "Nothing stands here: say how to find it, such as {id: 4}.",
    }

    def __init__(self, kinds: tuple[str, ...], **kwargs: Any):
        super().__init__(**kwargs)
        self.kinds = kinds

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Selectors:
        if not isinstance(value, Mapping) or not value:
            raise ValidationError(f"Say how to find it: one or more of {', '.join(self.kinds)}, such as {{id: 4}}.")
        selectors: list[tuple[str, Template]] = []
        mistakes: dict[str, Any] = {}
        for kind, written in value.items():
            try:
                selectors.append((kind, self._selector(kind, written)))
            except ValidationError as error:
                mistakes[str(kind)] = error.messages
        if "department" in value and "name" not in value:
            mistakes.setdefault("department", ["A department goes with a name: add name."])
        if mistakes:
            raise ValidationError(mistakes)
        return tuple(selectors)

    def _selector(self, kind: Any, written: Any) -> Template:
        if kind not in self.kinds:
            raise ValidationError(f"{kind} is not known here; {suggestion(kind, self.kinds)}")
        if is_blank(written):
            raise ValidationError("Nothing stands here: write a value, or leave the key out.")
        template = compile_template(written)
        if kind == "id":
            check_constants(template, identifier)
        return template


class PartySchema(Strict):
    """One end of the relation."""

    company = SelectorsField(COMPANY_SELECTORS)
    person = SelectorsField(PERSON_SELECTORS)

    @validates_schema
    def require(self, loaded: dict[str, Any], **_: Any) -> None:
        """Refuse a party that is nobody."""
        if not loaded:
            raise ValidationError({"company": ["This is missing: write company, person, or both."]})

    @post_load
    def build(self, loaded: dict[str, Any], **_: Any) -> PartyMapping:
        """Make the party."""
        return PartyMapping(**loaded)


class RelationMappingSchema(Strict):
    """What `relation:` may say."""

    definition = TemplateField()
    source = fields.Nested(PartySchema)
    destination = fields.Nested(PartySchema)
    comment = TemplateField()
    id = TemplateField()
    action = TemplateField()

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def require(self, loaded: dict[str, Any], original: Any, **_: Any) -> None:
        """Without an id, a relation needs a definition and both its ends."""
        if not isinstance(original, Mapping) or original.get("id") is not None:
            return
        missing = [key for key in ("definition", "source", "destination") if original.get(key) is None]
        if missing:
            raise ValidationError(
                {key: ["This is missing: only a relation with an id can go without."] for key in missing}
            )

    @validates_schema
    def check(self, loaded: dict[str, Any], **_: Any) -> None:
        """Judge what needs no submission now, when the file is read."""
        mistakes: dict[str, Any] = {}
        for key, rule in (("id", identifier), ("definition", definition), ("action", action)):
            try:
                if key in loaded:
                    check_constants(loaded[key], rule)
            except ValidationError as error:
                mistakes[key] = error.messages
        if mistakes:
            raise ValidationError(mistakes)

    @post_load
    def build(self, loaded: dict[str, Any], **_: Any) -> RelationMapping:
        """Make the mapping."""
        return RelationMapping(**loaded)


def definition(value: Any) -> int | str:
    """Return the id, or else the name, that says what the parties are to each other."""
    text = value.strip() if isinstance(value, str) else ""
    looks_like_a_number = text.lstrip("+-").replace(".", "").replace(",", "").isdigit()
    return text if text and not looks_like_a_number else identifier(value)


def action(value: Any) -> str:
    """Return `save` or `delete`, whatever the case."""
    word = str(value).strip().lower()
    if word not in ACTIONS:
        raise ValidationError("The action is save or delete.")
    return word
