"""What a small team would write for the same job, and what Liaison is measured against.

It reads the fields, saves the relation and hands the answer back. It proves nobody, checks nothing and
tries nothing twice.
"""

import os

import functions_framework
import requests
from marshmallow import EXCLUDE, Schema, ValidationError, fields

SAVE = os.environ["SUPEROFFICE_API"] + "/Agents/Relation/SaveContactRelation"


class ContactRelationSchema(Schema):
    """The fields of a contact relation, under SuperOffice's own names."""

    class Meta:
        """Anything else in the body is left out."""

        unknown = EXCLUDE

    RelationId = fields.Integer()
    SourceContactId = fields.Integer(required=True)
    SourcePersonId = fields.Integer()
    DestinationContactId = fields.Integer(required=True)
    DestinationPersonId = fields.Integer()
    RelationDefinitionId = fields.Integer(required=True)
    Comment = fields.String()
    Reversed = fields.Integer()


schema = ContactRelationSchema()
session = requests.Session()


def save(request, ticket):
    """Save the relation in the request's body and return what SuperOffice answered."""
    try:
        entity = schema.load(request.get_json())
    except ValidationError as error:
        return {"errors": error.messages}, 422
    answer = session.post(
        SAVE,
        json={"ContactRelationEntity": entity},
        headers={"Authorization": f"SOTicket {ticket}", "SO-AppToken": os.environ["SUPEROFFICE_APP_TOKEN"]},
        timeout=10,
    )
    answer.raise_for_status()
    return answer.json()


@functions_framework.http
def plain(request):
    """Answer a probe, or save a relation."""
    if request.method == "GET":
        return {"status": "ok"}
    return save(request, os.environ["SUPEROFFICE_TICKET"])
