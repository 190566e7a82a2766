"""What comes back, described for those who write a client: outcomes, and problems as RFC 9457 has them."""

from __future__ import annotations

from typing import Any

from marshmallow import INCLUDE, Schema, fields, validate

from schemas.contact_relation_entity import ContactRelationEntitySchema
from schemas.ledger import ACCEPTED, REFUSED

VERSION = "0.1.0"
STATUSES = {
    "created": "it is a new relation",
    "updated": "a relation that was there has been changed",
    "unchanged": "the same relation was there",
    "deleted": "it is gone",
    "ignored": "a probe, a test event, or the hook's `when` said no",
    "queued": "it is kept, and will be saved",
    "duplicate": "it was accepted before",
    "superseded": "a newer one about the same two was saved first",
    "rejected": "it was refused, and the hook answers 200 to that too",
}


def _text(description: str, *examples: str, **options: Any) -> fields.Field[Any]:
    told = {"description": description, **({"examples": list(examples)} if examples else {})}
    return fields.String(metadata=told, **options)


class OutcomeSchema(Schema):
    """What became of one submission."""

    status = fields.String(
        required=True,
        validate=validate.OneOf(tuple(STATUSES)),
        metadata={"description": "; ".join(f"`{status}`: {meaning}" for status, meaning in STATUSES.items())},
    )
    delivery = _text("Liaison's own id of this submission, also in its log", "01K6Z3V5T8QJ4W0N9M2X7R1ABC")
    relation = fields.Nested(
        ContactRelationEntitySchema, metadata={"description": "The relation as SuperOffice has it now"}
    )
    matched = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        metadata={"description": "What found each party", "examples": [{"source.company": "orgnr"}]},
    )
    created_company = fields.Boolean(metadata={"description": "A company was made, because there was none"})
    created_person = fields.Boolean(metadata={"description": "A person was made, because there was none"})
    warnings = fields.List(fields.String(), metadata={"description": "What was cut or not recognised, in words"})
    earlier_relations = fields.List(
        fields.Integer(),
        metadata={"description": "The RelationIds it was saved as before it was sent again, maybe about others"},
    )


class ReadySchema(Schema):
    """The answer to a probe."""

    status = _text("That the address is there", "ready", required=True)


class MistakeSchema(Schema):
    """A field that is to blame."""

    field = _text("The field, by the name that the sender uses", "org_number", required=True)
    message = _text("What is wrong with it", "This is missing: it says who the source is.", required=True)


class ProblemSchema(Schema):
    """What went wrong, and what to do about it."""

    type = _text("What kind of problem it is", "urn:liaison:problem:invalid-submission", required=True)
    title = _text("The kind, in words", "The submission cannot be used", required=True)
    status = fields.Raw(
        required=True,
        metadata={
            "type": ["integer", "string"],
            "description": "The HTTP status; `rejected` where the hook answers refusals with 200",
            "examples": [422],
        },
    )
    detail = _text("What to do, in a sentence of under 250 characters", required=True)
    message = _text("The same sentence: some tools show only this", required=True)
    delivery = _text("The id under which the log tells more", "01K6Z3V5T8QJ4W0N9M2X7R1ABC", required=True)
    errors = fields.List(fields.Nested(MistakeSchema), metadata={"description": "The fields that are to blame"})
    results = fields.List(
        fields.Nested("ProblemSchema"),
        metadata={"description": "Of an array in which every item was refused: each one's own problem"},
    )


class DeliverySchema(OutcomeSchema):
    """A delivery as it stands now: its outcome, or the members of the problem that it was refused with."""

    status = fields.String(
        required=True,
        validate=validate.OneOf((*ACCEPTED, "queued", *REFUSED)),
        metadata={
            "description": "As in the answer to the sender; `dead`: it was tried for days and is tried no more; "
            "`dismissed`: an operator closed it"
        },
    )
    http_status = fields.Integer(metadata={"description": "Of a refused one: the status of its problem"})
    type = _text("What kind of problem it was", "urn:liaison:problem:invalid-submission")
    title = _text("The kind, in words", "The submission cannot be used")
    detail = _text("Why it waits, or what was wrong, in words")
    message = _text("The same sentence")
    errors = fields.List(fields.Nested(MistakeSchema), metadata={"description": "The fields that are to blame"})


class PartSchema(Schema):
    """One part of Liaison."""

    class Meta:
        """Each part tells more of its own."""

        unknown = INCLUDE

    ok = fields.Boolean(required=True)
    problems = fields.List(fields.String(), metadata={"description": "What is wrong, in words"})


class WaitingSchema(Schema):
    """What is not done."""

    counts = fields.Dict(
        keys=fields.String(), values=fields.Integer(), metadata={"description": "How many, by their status"}
    )
    waiting_since = fields.String(allow_none=True, metadata={"description": "When the oldest that waits came"})
    due_since = fields.String(allow_none=True, metadata={"description": "When somebody should have come to it"})


class StatusSchema(Schema):
    """How Liaison is."""

    ok = fields.Boolean(required=True, metadata={"description": "Whether nothing is wrong"})
    problems = fields.List(fields.String(), required=True, metadata={"description": "All that is wrong, in words"})
    version = _text("Of Liaison", VERSION, required=True)
    settings = fields.Nested(PartSchema)
    hooks = fields.Nested(PartSchema, metadata={"description": "hooks.yaml"})
    secrets = fields.Nested(PartSchema, metadata={"description": "Those on the same machine"})
    ledger = fields.Nested(PartSchema, metadata={"description": "Whether it answers"})
    deliveries = fields.Nested(WaitingSchema)
    redeliver = fields.Nested(PartSchema, metadata={"description": "Whether sweeps run; `last` is when"})
    tenant = fields.Nested(PartSchema, metadata={"description": "SuperOffice's own state, and an outage that is noted"})
    login = fields.Nested(PartSchema, metadata={"description": "Whether SuperOffice lets us in"})


class FailedStatusSchema(ProblemSchema, StatusSchema):
    """The same as a problem: nothing can be kept, or nothing is delivered."""
