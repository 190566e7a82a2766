"""Relations given by ids alone, and what is said of all others."""

import pytest

from services.errors import InvalidSubmission
from services.ids_only import ids_only
from services.mapping import MappedRelation, Party, Selector

ACME = Party(company=(Selector("id", 4, ("company_id",)),))
ADA = Party(company=(Selector("id", 5),), person=(Selector("id", 9), Selector("email", "ada@example.com")))


def test_gives_the_entitys_fields():
    """Ids go to the fields that SuperOffice has for them; what was not given is left out."""
    relation = MappedRelation(definition=12, source=ACME, destination=ADA, comment="Hi", relation_id=888)

    assert ids_only(relation) == {
        "SourceContactId": 4,
        "DestinationContactId": 5,
        "DestinationPersonId": 9,
        "RelationDefinitionId": 12,
        "RelationId": 888,
        "Comment": "Hi",
        "action": "save",
    }


def test_deletes_by_id():
    """Nothing but the id is needed."""
    assert ids_only(MappedRelation(relation_id=888, action="delete")) == {"RelationId": 888, "action": "delete"}


def company(*selectors):
    """Make a relation whose source is a company found so."""
    return MappedRelation(definition=12, source=Party(company=selectors), destination=ACME)


@pytest.mark.parametrize(
    ("relation", "field", "words"),
    [
        (company(Selector("name", "Acme", ("company",))), "company", "Looking up a company by name is not built"),
        (company(Selector("name", "Acme")), "source.company.name", "as in source.company: {id: 42}."),
        (company(Selector("name", "Acme"), Selector("id", 4)), "source.company.name", "a company by name"),
        (company(Selector("id", 4), Selector("orgnr", "1")), "source.company.orgnr", "a company by orgnr"),
        (MappedRelation("Partner of", ACME, ACME), "definition", "a definition by its name"),
        (MappedRelation("Partner of", ACME, ACME, definition_names=("level",)), "level", "definition: 42."),
        (MappedRelation(1, Party(person=ADA.person), ACME), "source.person", "the company that a person belongs to"),
        (MappedRelation(1, ACME, ACME, action="delete"), "id", "Only a relation with an id can be deleted"),
    ],
)
def test_says_what_needs_a_look_up(relation, field, words):
    """What this version cannot do is told with what to do instead."""
    with pytest.raises(InvalidSubmission) as caught:
        ids_only(relation)

    assert (caught.value.errors[0].field, len(caught.value.errors)) == (field, 1)
    assert words in caught.value.errors[0].message


def test_says_it_all_at_once():
    """Every look-up that would be needed is named."""
    stranger = Party(company=(Selector("name", "Acme"),), person=(Selector("email", "ada@example.com"),))

    with pytest.raises(InvalidSubmission) as caught:
        ids_only(MappedRelation("Partner of", stranger, stranger))

    assert len(caught.value.errors) == 5
