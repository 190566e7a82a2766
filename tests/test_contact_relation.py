"""The schemas of a relation: what comes in, and SuperOffice's wire form, there and back."""

from __future__ import annotations

import pytest

from schemas.contact_relation import ContactRelation, PayloadError, load_contact_relation
from schemas.contact_relation_entity import (
    ENTITY_FIELDS,
    EntityMismatch,
    dump_entity,
    load_entity,
    save_request,
    written_fields,
)
from schemas.fields import shorten
from tests.examples import PARTNERS

SAVED = {
    **dict.fromkeys(ENTITY_FIELDS),
    **PARTNERS,
    "RelationId": 888,
    "CreatedDate": "2026-01-02T03:04:05.1234567+01:00",
    "UpdatedDate": "0001-01-01T00:00:00",
    "CreatedBy": {"AssociateId": 7, "Name": "LIA", "Type": "SystemAssociate"},
    "TableRight": {"Mask": "Select, Update", "Reason": ""},
    "FieldProperties": {"Comment": {"FieldRight": {"Mask": "FULL"}, "FieldType": "String", "FieldLength": 254}},
}


def test_there_are_twenty_fields():
    """The whole of SuperOffice's entity is known, so that none of it is lost on the way back."""
    assert len(ENTITY_FIELDS) == 20


def test_what_is_given_goes_out_under_superoffices_names():
    """Nothing is sent that was not given, but for what the agent needs."""
    relation = ContactRelation(source_company=686, destination_company=4, definition=18)

    assert save_request(written_fields(relation)) == {
        "ContactRelationEntity": {
            "RelationId": 0,
            "Reversed": 0,
            "SourceContactId": 686,
            "DestinationContactId": 4,
            "RelationDefinitionId": 18,
        }
    }


def test_an_answer_comes_back_whole():
    """Associates and rights are carried through, dates keep their offset, and "no date" is none."""
    relation = dump_entity(load_entity(SAVED, PARTNERS))

    assert relation["CreatedDate"] == "2026-01-02T03:04:05.123456+01:00"
    assert relation["UpdatedDate"] is None
    assert relation["FieldProperties"]["Comment"]["FieldLength"] == 254


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("2026-01-02T03:04:05", "2026-01-02T03:04:05+00:00"),
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05+00:00"),
        ("2026-01-02T03:04:05.9999999-08:00", "2026-01-02T03:04:05.999999-08:00"),
        ("yesterday", None),
        (17, None),
    ],
)
def test_dates_are_read_in_every_form_and_never_undo_a_save(sent, read):
    """A date without an offset is UTC; one that cannot be read is left out."""
    assert dump_entity(load_entity({**SAVED, "CreatedDate": sent}, PARTNERS)).get("CreatedDate") == read


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        "saved",
        {},
        {**SAVED, "RelationId": 0},
        {**SAVED, "RelationId": "888"},
        {**SAVED, "SourceContactId": 687},
        {**SAVED, "RelationDefinitionId": None},
    ],
)
def test_what_is_not_the_relation_that_was_sent_is_no_success(answer):
    """A 200 proves nothing: the ids have to be there, and to be those that were sent."""
    with pytest.raises(EntityMismatch):
        load_entity(answer, PARTNERS)


def test_fields_that_were_not_selected_say_nothing():
    """`$select` leaves the others null, and that is not another relation."""
    trimmed = {**dict.fromkeys(ENTITY_FIELDS), "RelationId": 888, "Comment": "x"}

    assert dump_entity(load_entity(trimmed, PARTNERS, ["RelationId", "Comment"]), ["RelationId"]) == {"RelationId": 888}


def test_a_field_given_twice_with_two_values_is_a_mistake():
    """Nobody can tell which of the two was meant."""
    with pytest.raises(PayloadError) as raised:
        load_contact_relation({**PARTNERS, "source_contact_id": 687})

    assert raised.value.mistakes == [("source_contact_id", "SourceContactId is given twice, and the two differ.")]


@pytest.mark.parametrize("action", ["remove", 7, ["delete"]])
def test_an_unknown_action_is_a_mistake(action):
    """What is not known is not done."""
    with pytest.raises(PayloadError):
        load_contact_relation({**PARTNERS, "action": action})


@pytest.mark.parametrize(("given", "meant"), [(0, 0), ("1", 1), (True, 1), ("False", 0)])
def test_reversed_is_0_or_1(given, meant):
    """Forms send it as a number, a text or a box that is ticked."""
    assert load_contact_relation({**PARTNERS, "Reversed": given}).reversed == meant


def test_what_superoffice_sets_itself_is_no_surprise():
    """People send back the whole entity that they were given."""
    assert load_contact_relation({**PARTNERS, "ActiveText": "Partner of", "CreatedBy": {}}).warnings == ()


@pytest.mark.parametrize(
    ("comment", "units"),
    [("a" * 254, 254), ("a" * 255, 254), ("word " * 60, None), ("\U0001f600" * 127, 254), ("\U0001f600" * 128, 253)],
)
def test_a_comment_is_cut_in_utf16_units(comment, units):
    """SuperOffice's column counts an emoji as two, and half of one must not be left."""
    short = shorten(comment)
    length = len(short.encode("utf-16-le")) // 2

    assert length <= 254
    assert units in (None, length)
    assert short == comment or short.endswith("…")
    assert "wor…" not in short
