"""The sandbox's Relation agent keeps to what SuperOffice's documents say of the real one."""

from __future__ import annotations

import datetime
import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.sandbox_api import AGENT, PARTNER, Online

FIELDS = [
    "SourceContactId",
    "SourcePersonId",
    "DestinationContactId",
    "DestinationPersonId",
    "RelationId",
    "Comment",
    "RelationDefinitionId",
    "Reversed",
    "UpdatedDate",
    "CreatedDate",
    "CreatedBy",
    "UpdatedBy",
    "SourceContactName",
    "SourcePersonName",
    "DestinationContactName",
    "DestinationPersonName",
    "ActiveText",
    "PassiveText",
    "TableRight",
    "FieldProperties",
]
EMPLOYS = {"SourceContactId": 686, "DestinationContactId": 686, "DestinationPersonId": 90, "RelationDefinitionId": 21}


@pytest.fixture
def api(sandbox):
    """Open the online tenant's API."""
    with Online(sandbox) as session:
        yield session


def test_creates_a_relation(api, sandbox):
    """RelationId 0 or none creates; names are looked up from the ids, and all twenty fields come back."""
    saved = api.save({**EMPLOYS, "SourceContactName": "Not this"}).json()

    assert list(saved) == FIELDS
    assert (saved["SourceContactName"], saved["DestinationPersonName"]) == ("Acme", "Ada Lovelace")
    assert list(sandbox.relations) == [saved["RelationId"]]
    assert sandbox.counts["created"] == sandbox.counts["SaveContactRelation"] == 1


def test_an_update_overwrites_the_whole_row(api, sandbox):
    """The fields that are left out of a save are reset: the agent knows no partial update."""
    first = api.save().json()
    entity = {name: value for name, value in PARTNER.items() if name != "Comment"}
    second = api.save({**entity, "RelationId": first["RelationId"]}).json()

    assert (second["RelationId"], second["Comment"]) == (first["RelationId"], "")
    assert second["CreatedDate"] == first["CreatedDate"]
    assert (len(sandbox.relations), sandbox.counts["updated"]) == (1, 1)


def test_keeps_who_and_when(api):
    """Dates have seven decimals and an offset; a row that was never updated has the empty date."""
    first = api.save().json()
    second = api.save({**PARTNER, "RelationId": first["RelationId"]}).json()
    age = datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(second["UpdatedDate"])

    assert re.fullmatch(r"[-0-9]{10}T[:0-9]{8}\.[0-9]{7}\+01:00", first["CreatedDate"])
    assert (first["UpdatedDate"], first["UpdatedBy"]) == ("0001-01-01T00:00:00", None)
    assert abs(age.total_seconds()) < 10
    assert second["CreatedBy"]["Type"] == second["UpdatedBy"]["Type"] == "SystemAssociate"


def test_tells_lengths_and_rights(api):
    """The answer says how long a comment may be."""
    saved = api.save().json()

    assert saved["TableRight"] == {"Mask": "FULL", "Reason": ""}
    assert saved["FieldProperties"]["Comment"]["FieldLength"] == 254


def test_names_are_read_in_any_case(api):
    """The official client posts camelCase."""
    body = {"contactRelationEntity": {name[0].lower() + name[1:]: value for name, value in PARTNER.items()}}
    saved = api.post(f"{AGENT}SaveContactRelation", json=body).json()

    assert saved["Comment"] == PARTNER["Comment"]


@pytest.mark.parametrize("body", [PARTNER, {"ContactRelationEntity": None}, {}, [PARTNER], None], ids=repr)
def test_what_is_not_wrapped_is_nothing(api, sandbox, body):
    """A bare entity binds as null, and saving null answers 200 with null and stores nothing."""
    answer = api.post(f"{AGENT}SaveContactRelation", data=json.dumps(body), headers={"Content-Type": "text/json"})

    assert (answer.status_code, answer.text) == (200, "null")
    assert sandbox.relations == {}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"SourceContactId": 0}, "source contact id is mandatory"),
        ({"DestinationContactId": 0}, "destination contact id is mandatory"),
        ({"SourceContactId": 99999}, "Contact id 99999"),
        ({"SourceContactId": 112}, "Contact id 112"),
        ({"SourceContactId": -1}, "Contact id -1"),
        ({"SourcePersonId": 4711, "RelationDefinitionId": 24}, "Person id 4711"),
        ({"SourcePersonId": 5, "RelationDefinitionId": 24}, "does not belong to contact id 686"),
        ({"RelationDefinitionId": 0}, "RelationDefinition id 0"),
        ({"RelationDefinitionId": 999}, "RelationDefinition id 999"),
        ({"RelationDefinitionId": 33}, "RelationDefinition id 33"),
        ({"RelationDefinitionId": 21}, "does not join CC"),
        ({"SourcePersonId": 90, "RelationDefinitionId": 19}, "does not join PC"),
        ({"Reversed": 445}, "Reversed must be 0 or 1"),
        ({"Comment": "x" * 255}, "255 characters"),
        ({"Comment": "\N{GRINNING FACE}" * 128}, "256 characters"),
        ({"RelationId": 4711}, "id 4711 not found"),
    ],
    ids=str,
)
def test_refuses_what_does_not_hold(api, sandbox, wrong, words):
    """A mistake in the entity is 400 with SuperOffice's error object, and nothing is stored."""
    answer = api.save({**PARTNER, **wrong})

    assert (answer.status_code, answer.json()["Error"]) == (400, True)
    assert words in answer.json()["ErrorMessage"]
    assert answer.json()["ErrorType"] in ("ArgumentException", "SoNotFoundException")
    assert sandbox.relations == {}


@pytest.mark.parametrize("value", ["Acme", 42.9, 42.0, True, None, "٤٢", "9" * 5000, 2**31, [42], {"Id": 42}], ids=str)
def test_refuses_what_is_no_int32(api, sandbox, value):
    """What .NET cannot read as an id is refused before SuperOffice sees it."""
    answer = api.save({**PARTNER, "SourceContactId": value})

    assert (answer.status_code, answer.json()["Message"]) == (400, "The request is invalid.")
    assert sandbox.relations == {}


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 200_000, "application/json", 400),
        (b'{"ContactRelationEntity": %s}' % (b"9" * 5000), "application/json", 400),
        (b'{"ContactRelationEntity": "Acme"}', "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"{}", "", 415),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_survives_malformed_bodies(api, body, kind, status):
    """Whatever is posted has an answer that is JSON."""
    answer = api.post(f"{AGENT}SaveContactRelation", data=body, headers={"Content-Type": kind})

    assert answer.status_code == status
    assert answer.json()["Message"]


@pytest.mark.parametrize("entity", [{**EMPLOYS, "Comment": "é" * 254}, {**EMPLOYS, "SourceContactId": "686"}], ids=len)
def test_takes_what_just_holds(api, entity):
    """254 characters, and digits in a string."""
    assert api.save(entity).status_code == 200


def test_reversed_reads_against_the_definition(api):
    """A company-to-person definition may be entered from the person's end with Reversed 1."""
    entity = {"SourceContactId": 686, "SourcePersonId": 90, "DestinationContactId": 686, "RelationDefinitionId": 21}

    assert api.save(entity).status_code == 400
    assert api.save({**entity, "Reversed": 1}).json()["Reversed"] == 1


def test_select_trims_the_answer_and_nothing_else(api, sandbox):
    """Fields that are not listed are null in the answer; the save is whole all the same."""
    saved = api.save(query="?$select=relationid,Comment").json()
    given = {name: value for name, value in saved.items() if value is not None}

    assert given == {"RelationId": saved["RelationId"], "Comment": "Since 2019"}
    assert list(saved) == FIELDS
    assert sandbox.relations[saved["RelationId"]]["SourceContactId"] == 686


def test_gets_a_relation_or_null(api):
    """An unknown id is not an error for an agent; the body, literally null from some clients, does not matter."""
    number = api.save().json()["RelationId"]
    options = {"data": "null", "headers": {"Content-Type": "application/json"}}
    found = api.post(f"{AGENT}GetContactRelationEntity?contactRelationEntityId={number}", **options)
    missing = api.post(f"{AGENT}GetContactRelationEntity?contactRelationEntityId=4711", **options)

    assert found.json()["Comment"] == "Since 2019"
    assert (missing.status_code, missing.text) == (200, "null")


@pytest.mark.parametrize("query", ["", "?contactRelationEntityId=glops"])
def test_a_get_without_an_id_is_malformed(api, query):
    """The id is mandatory and a number."""
    assert api.post(f"{AGENT}GetContactRelationEntity{query}").status_code == 400


def test_gives_defaults(api, sandbox):
    """A blank entity is unsaved and has every field."""
    blank = api.post(f"{AGENT}CreateDefaultContactRelationEntity").json()

    assert list(blank) == FIELDS
    assert (blank["RelationId"], blank["Comment"], blank["CreatedDate"]) == (0, "", "0001-01-01T00:00:00")
    assert sandbox.relations == {}


def test_deletes_a_relation_once(api, sandbox):
    """204 without a body; the second time there is nothing to delete."""
    body = {"ContactRelationEntityId": api.save().json()["RelationId"]}
    first = api.post(f"{AGENT}DeleteContactRelation", json=body)
    second = api.post(f"{AGENT}DeleteContactRelation", json=body)

    assert (first.status_code, first.content, second.status_code) == (204, b"", 400)
    assert (sandbox.relations, sandbox.counts["deleted"]) == ({}, 1)


def test_the_same_relation_can_be_stored_twice(api, sandbox):
    """SuperOffice has no idempotency key and no uniqueness: that is for the caller to see to."""
    assert api.save().json()["RelationId"] != api.save().json()["RelationId"]
    assert len(sandbox.relations) == 2


def test_ids_are_given_once_under_load(api, sandbox):
    """Saves from many threads never share an id."""

    def save(_):
        with Online(sandbox) as session:
            return session.save().json()["RelationId"]

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(save, range(40)))) == 40 == len(sandbox.relations)


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        ({}, 'US:"Partner of";NO:"Partner til";GE:"Partner von"'),
        ({"Accept-Language": "*"}, 'US:"Partner of";NO:"Partner til";GE:"Partner von"'),
        ({"Accept-Language": "en"}, "Partner of"),
        ({"Accept-Language": "nb-NO,nb;q=0.9,en;q=0.8"}, "Partner til"),
        ({"SO-Language": "de"}, "Partner von"),
        ({"SO-Language": "de", "Accept-Language": "en"}, "Partner von"),
        ({"Accept-Language": "fi"}, "Partner of"),
    ],
    ids=str,
)
def test_speaks_the_language_that_is_asked_for(api, headers, text):
    """SO-Language wins over Accept-Language; without either, texts come in all languages at once."""
    assert api.save(headers=headers).json()["ActiveText"] == text
