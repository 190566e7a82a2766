"""What `relation:` may say, and where its mistakes are."""

import pytest
from marshmallow import Schema, ValidationError, fields

from schemas.relation_mapping import RelationMappingSchema
from schemas.templates import Constant, Single


class Hook(Schema):
    """A hook with nothing but its relation."""

    relation = fields.Nested(RelationMappingSchema)


ACME = {"company": {"id": 4}}
SIGN_UP = {
    "definition": "Partner of",
    "source": {"company": {"orgnr": "{org_number}", "name": "{company}"}, "person": {"email": "{email}"}},
    "destination": ACME,
    "comment": "Signed up on {submitted_at}: {topics}",
}


def load(relation):
    """Load one relation."""
    return Hook().load({"relation": relation})["relation"]


def test_compiles_every_template():
    """The mapping holds templates ready to be worked out."""
    mapping = load(SIGN_UP)

    assert mapping.definition == Constant("Partner of")
    assert mapping.destination.company == (("id", Constant(4)),)
    assert isinstance(mapping.source.person[0][1], Single)
    assert (mapping.id, mapping.action) == (None, None)


@pytest.mark.parametrize("order", [("orgnr", "name", "id"), ("name", "id", "orgnr")])
def test_keeps_the_order_of_selectors(order):
    """The first selector that finds anything decides, so their order is the file's."""
    mapping = load(SIGN_UP | {"source": {"company": dict.fromkeys(order, "{x}")}})

    assert tuple(kind for kind, _ in mapping.source.company) == order


@pytest.mark.parametrize(
    "relation",
    [
        {"id": "{relation_id}"},
        {"id": 888, "action": "delete"},
        {"id": "{relation_id}", "comment": "{notes}"},
        SIGN_UP | {"definition": 12},
        SIGN_UP | {"definition": "12", "action": "SAVE"},
        SIGN_UP | {"action": {"value": "{left}", "map": {True: "delete", False: "save"}, "else": ""}},
        SIGN_UP | {"source": {"person": {"email": "{email}"}}},
        SIGN_UP | {"source": {"company": {"name": "{company}", "department": "{department}"}}},
        SIGN_UP | {"comment": None},
    ],
)
def test_takes_what_is_enough(relation):
    """With an id nothing else is needed; without one, a definition and two parties."""
    assert load(relation)


@pytest.mark.parametrize(
    ("relation", "path", "words"),
    [
        ({}, "definition", "This is missing"),
        ({"definition": 1, "source": ACME}, "destination", "This is missing"),
        ({"definition": 1, "destination": ACME}, "source", "This is missing"),
        (SIGN_UP | {"id": None, "definition": None}, "definition", "This is missing"),
        (SIGN_UP | {"sorce": ACME}, "sorce", "did you mean source?"),
        (SIGN_UP | {"source": {}}, "source.company", "write company, person, or both"),
        (SIGN_UP | {"source": {"company": None}}, "source.company", "write company, person, or both"),
        (SIGN_UP | {"source": {"compny": {"id": 4}}}, "source.compny", "did you mean company?"),
        (SIGN_UP | {"source": 4}, "source", "mapping"),
        (SIGN_UP | {"source": {"company": 4}}, "source.company", "such as {id: 4}"),
        (SIGN_UP | {"source": {"company": {}}}, "source.company", "such as {id: 4}"),
        (SIGN_UP | {"source": {"company": {"orgn": "{a}"}}}, "source.company.orgn", "did you mean orgnr?"),
        (SIGN_UP | {"source": {"person": {"orgnr": "{a}"}}}, "source.person.orgnr", "known: id, email, name, phone"),
        (SIGN_UP | {"source": {"company": {7: "{a}"}}}, "source.company.7", "7 is not known here"),
        (SIGN_UP | {"source": {"company": {"name": ""}}}, "source.company.name", "Nothing stands here"),
        (SIGN_UP | {"source": {"company": {"name": None}}}, "source.company.name", "Nothing stands here"),
        (SIGN_UP | {"source": {"company": {"name": "{a"}}}, "source.company.name", "Column 1"),
        (SIGN_UP | {"source": {"company": {"name": {"a": None}}}}, "source.company.name", '"{a}"'),
        (SIGN_UP | {"source": {"company": {"department": "{a}"}}}, "source.company.department", "add name"),
        (SIGN_UP | {"source": {"company": {"id": "Acme"}}}, "source.company.id", "not an id"),
        (SIGN_UP | {"source": {"company": {"id": True}}}, "source.company.id", "not an id"),
        (SIGN_UP | {"source": {"company": {"id": 4.5}}}, "source.company.id", "not an id"),
        (SIGN_UP | {"source": {"company": {"id": 0}}}, "source.company.id", "1 or more"),
        (
            SIGN_UP | {"source": {"company": {"id": {"value": "{a}", "map": {"x": "Acme"}}}}},
            "source.company.id",
            "not an id",
        ),
        (SIGN_UP | {"definition": 0}, "definition", "1 or more"),
        (SIGN_UP | {"definition": "42.9"}, "definition", "not an id"),
        (SIGN_UP | {"definition": ["Partner of"]}, "definition", "A template is"),
        (SIGN_UP | {"id": "888x"}, "id", "not an id"),
        (SIGN_UP | {"action": "remove"}, "action", "save or delete"),
        ("Partner of", "", "mapping"),
        (None, "", "null"),
    ],
)
def test_gives_each_mistake_its_path(relation, path, words):
    """A mistake is found where it stands in the file, and a slip of the pen is recognised."""
    with pytest.raises(ValidationError) as caught:
        load(relation)

    messages = caught.value.messages["relation"]
    for step in [*path.split("."), "_schema"] if path else ["_schema"]:
        messages = messages.get(step, messages) if isinstance(messages, dict) else messages
    assert words in messages[0]


def test_names_all_mistakes_at_once():
    """One look at the file mends it."""
    with pytest.raises(ValidationError) as caught:
        load({"definition": "{", "source": {"company": {"orgn": 1, "id": "x"}}, "destinatio": 1})

    messages = caught.value.messages["relation"]
    assert messages.keys() == {"definition", "source", "destination", "destinatio"}
    assert messages["source"]["company"].keys() == {"orgn", "id"}
