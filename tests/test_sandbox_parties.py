"""The sandbox's companies and persons: the agents that store them, the REST lists that show them, and the seed."""

from __future__ import annotations

import json

import pytest

from sandbox.seed_definitions import DEFINITIONS
from sandbox.seed_parties import COMPANIES, PERSONS
from sandbox.server import start
from tests.sandbox_api import Online, where

NEW_COMPANY = {
    "Name": "Nyskapt AS",
    "Department": "Tromsø",
    "OrgNr": "318666059",
    "Number1": "20001",
    "Emails": [{"Value": "post@nyskapt.example"}],
    "Phones": [{"Value": "+47 77 12 34 56", "Description": "Desk"}],
    "Urls": [{"Value": "https://nyskapt.example"}],
}
NEW_PERSON = {
    "Firstname": "Nora",
    "Lastname": "Ny",
    "Contact": {"ContactId": 686},
    "Emails": [{"Value": "nora@acme.example"}],
    "MobilePhones": [{"Value": "999 88 777"}],
}
SAVE_COMPANY, SAVE_PERSON = "Agents/Contact/SaveContactEntity", "Agents/Person/SavePersonEntity"


@pytest.fixture
def api(sandbox):
    """Open the online tenant's API."""
    with Online(sandbox) as session:
        yield session


def test_creates_a_company(api, sandbox):
    """The entity is bare; what was created is found by its number, its e-mail, and in the archive."""
    saved = api.post(SAVE_COMPANY, json=NEW_COMPANY).json()
    found = api.post(f"Agents/Contact/GetContactEntity?contactEntityId={saved['ContactId']}").json()

    assert (found, sandbox.companies[saved["ContactId"]]["OrgNr"]) == (saved, "318666059")
    assert saved["Phones"][0]["StrippedValue"] == "4777123456"
    assert api.keys("SimpleContact", where("orgnr", "equals", "318666059")) == [saved["ContactId"]]
    assert sandbox.counts["created_companies"] == sandbox.counts["SaveContactEntity"] == 1


def test_creates_a_person_in_a_company(api, sandbox):
    """Its company is in its Contact; relations can be saved with it at once."""
    saved = api.post(SAVE_PERSON, json=NEW_PERSON).json()
    board = {"SourceContactId": 686, "SourcePersonId": saved["PersonId"], "DestinationContactId": 4}

    assert (saved["FullName"], saved["Contact"]["Name"]) == ("Nora Ny", "Acme")
    assert sandbox.persons[saved["PersonId"]]["Emails"][0]["Value"] == "nora@acme.example"
    assert api.save({**board, "RelationDefinitionId": 24}).json()["SourcePersonName"] == "Nora Ny"
    assert sandbox.counts["created_persons"] == 1


def test_starts_from_defaults(api):
    """A blank entity, filled and saved, is what the documents recommend."""
    blank = api.post("Agents/Person/CreateDefaultPersonEntity").json()
    company = api.post("Agents/Contact/CreateDefaultContactEntity").json()

    assert (blank["PersonId"], company["ContactId"], company["Name"]) == (0, 0, "")
    assert api.post(SAVE_PERSON, json={**blank, **NEW_PERSON}).json()["PersonId"] > 0
    assert api.post(SAVE_COMPANY, json={**company, **NEW_COMPANY}).json()["ContactId"] > 0


def test_an_update_overwrites_the_whole_card(api, sandbox):
    """What is left out is emptied, as with a relation."""
    number = api.post(SAVE_PERSON, json=NEW_PERSON).json()["PersonId"]
    entity = {"PersonId": number, "Lastname": "Ny", "Contact": {"ContactId": 4}, "Retired": True}
    saved = api.post(SAVE_PERSON, json=entity).json()

    assert (saved["PersonId"], saved["Firstname"], saved["Emails"], saved["Retired"]) == (number, "", [], True)
    assert (sandbox.counts["created_persons"], sandbox.counts["updated_persons"]) == (1, 1)


@pytest.mark.parametrize(
    ("path", "entity", "words"),
    [
        (SAVE_COMPANY, {}, "Name is mandatory"),
        (SAVE_COMPANY, {**NEW_COMPANY, "Name": " "}, "Name is mandatory"),
        (SAVE_COMPANY, {"ContactEntity": NEW_COMPANY}, "Name is mandatory"),
        (SAVE_COMPANY, {**NEW_COMPANY, "Name": "x" * 220}, "Name is 220 characters"),
        (SAVE_COMPANY, {**NEW_COMPANY, "OrgNr": "x" * 50}, "OrgNr is 50 characters"),
        (SAVE_COMPANY, {**NEW_COMPANY, "ContactId": 4711}, "Contact id 4711 not found"),
        (SAVE_PERSON, {**NEW_PERSON, "Contact": None}, "contact id 0 not found"),
        (SAVE_PERSON, {**NEW_PERSON, "Contact": {"ContactId": 112}}, "contact id 112 not found"),
        (SAVE_PERSON, {"Contact": {"ContactId": 686}}, "needs a name or an e-mail"),
        (SAVE_PERSON, {**NEW_PERSON, "Lastname": "x" * 100}, "Lastname is 100 characters"),
        (SAVE_PERSON, {**NEW_PERSON, "Emails": [{"Value": "x" * 240}]}, "Emails is 240 characters"),
        (SAVE_PERSON, {**NEW_PERSON, "PersonId": 4711}, "Person id 4711 not found"),
    ],
    ids=str,
)
def test_refuses_what_does_not_hold(api, sandbox, path, entity, words):
    """A mistake is 400 with the error object, and nothing is stored; a wrapped entity is an empty one."""
    answer = api.post(path, json=entity)

    assert (answer.status_code, words in answer.json()["ErrorMessage"]) == (400, True)
    assert (len(sandbox.companies), len(sandbox.persons)) == (len(COMPANIES), len(PERSONS))


@pytest.mark.parametrize(
    ("path", "entity"),
    [
        (SAVE_COMPANY, []),
        (SAVE_COMPANY, {"Name": 42}),
        (SAVE_COMPANY, {"Name": "x", "Emails": "a@b.example"}),
        (SAVE_COMPANY, {"Name": "x", "Emails": ["a@b.example"]}),
        (SAVE_COMPANY, {"Name": "x", "ContactId": "Acme"}),
        (SAVE_PERSON, {**NEW_PERSON, "Retired": "no"}),
        (SAVE_PERSON, {**NEW_PERSON, "Contact": {"ContactId": None}}),
    ],
    ids=str,
)
def test_refuses_what_does_not_fit_the_entity(api, path, entity):
    """What .NET cannot read is refused before SuperOffice sees it."""
    answer = api.post(path, json=entity)

    assert (answer.status_code, answer.json()["Message"]) == (400, "The request is invalid.")


@pytest.mark.parametrize(
    "path",
    [
        "Agents/Contact/GetContactEntity?contactEntityId=4711",
        "Agents/Person/GetPersonEntity?personEntityId=4711",
        SAVE_COMPANY,
        SAVE_PERSON,
    ],
)
def test_nothing_is_null_to_an_agent(api, path):
    """An unknown id is no error, and saving null saves nothing."""
    answer = api.post(path, data="null", headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.text) == (200, "null")


def test_deletes_a_company_softly(api, sandbox):
    """It stays on record and is marked; relations with it are refused from then on."""
    api.post("Agents/Contact/DeleteContactEntity?contactEntityId=686")

    assert sandbox.companies[686]["Deleted"] == 1
    assert 686 in api.keys("SimpleContact", where("contactDeleted", "set", "true"))
    assert api.save().status_code == 400


@pytest.mark.parametrize(
    ("path", "status", "name"),
    [("Contact/686", 200, "Acme"), ("Contact/112", 200, "Gone Fishing Ltd"), ("Contact/4711", 404, None)],
)
def test_reads_a_company(api, path, status, name):
    """REST tells the truth by status; a deleted company can still be looked at."""
    answer = api.get(path)

    assert (answer.status_code, answer.json().get("Name")) == (status, name)


def test_reads_a_person(api):
    """With its company, its phones in both forms, and links."""
    person = api.get("Person/90").json()

    assert (person["FullName"], person["Contact"]["ContactId"], person["Retired"]) == ("Ada Lovelace", 686, False)
    assert person["MobilePhones"][0]["StrippedValue"] == "4790011222"
    assert person["_Links"]["Self"].endswith("/person/90")
    assert api.get("Person/4711").status_code == 404


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("Contact?$filter=contactId eq 686", ["686"]),
        ("Contact?$filter=name eq 'Acme AS' and department eq 'Oslo' and contactDeleted set false", ["687"]),
        ("Contact?$filter=name begins 'acme' and (contactId lt 687 or contactId gt 688)", ["686", "689"]),
        ("Contact?$filter=contactId in (4,11) or startswith(name,'Beta')", ["4", "11", "720", "721"]),
        ("Contact?$filter=substringof('maskin',name) or name contains 'Maschinen'", ["57"]),
        ("Contact?$filter=name eq '1881'", ["1881"]),
        ("Contact?$filter=deletedDate isNotNull&$orderBy=contactId desc&$top=2", ["689", "112"]),
        ("Person?$filter=lastName eq 'D\\'Angelo'", ["104"]),
        ("Person?$filter=email/emailAddress eq 'wile@acme.example'&$entities=person", ["97"]),
        ("Archive/Person?$filter=contactId = 686&$skip=1&$top=1", ["91"]),
    ],
    ids=str,
)
def test_lists_by_filter(api, path, found):
    """The documented subset of OData; primary keys are text here."""
    assert [row["PrimaryKey"] for row in api.get(path).json()["value"]] == found


@pytest.mark.parametrize(
    "query",
    [
        "$filter=glops eq 1",
        "$filter=contactId ge 4",
        "$filter=contactId eq",
        "$filter=contactId in ()",
        "$filter=contactId in (4,",
        "$filter=startswith(name)",
        "$filter=(contactId eq 4",
        "$filter=contactId eq 4)",
        "$filter=name eq 'L'Oréal'",
        "$filter=name eq 'Acme",
        "$filter=contactId eq 4 contactId eq 5",
        "$select=glops",
        "$orderBy=glops",
        "$mode=Full",
    ],
)
def test_refuses_filters_it_cannot_read(api, query):
    """A filter is refused, never half applied."""
    answer = api.get(f"Contact?{query}")

    assert (answer.status_code, answer.json()["ErrorType"]) == (400, "ArgumentException")


def test_slim_rows_have_plain_values(api):
    """Numbers and truth values as JSON has them, and every column where none was chosen."""
    row = api.get("Contact?$select=contactId,contactDeleted,name&$filter=contactId eq 4").json()["value"]

    assert row == [
        {"PrimaryKey": "4", "EntityName": "contact", "contactId": 4, "contactDeleted": False, "name": "Liaison Demo AS"}
    ]
    assert api.get("Person?$filter=personId eq 90").json()["value"][0]["email/emailAddress"] == "ada@acme.example"


def test_keeps_them_over_restarts(tmp_path):
    """What was created or changed is in the file; the seed is not."""
    file = tmp_path / "tenant.json"
    with start(keep=file) as first, Online(first) as session:
        session.post(SAVE_COMPANY, json=NEW_COMPANY)
        session.post(SAVE_PERSON, json=NEW_PERSON)
        session.post("Agents/Contact/DeleteContactEntity?contactEntityId=720")
        companies, persons = first.companies, first.persons
    with start(keep=file) as second:
        assert (second.companies, second.persons) == (companies, persons)
    kept = json.loads(file.read_text())
    assert ([c["id"] for c in kept["companies"]], [p["id"] for p in kept["persons"]]) == ([720, 1882], [105])


def test_the_partner_signup_has_what_it_needs(api):
    """An organization number with its name, an e-mail of a person there, a partner definition for a person."""
    company = where("orgnr", "equals", "317333013"), where("name", "equals", "Acme")
    person = where("email/emailAddress", "equals", "ada@acme.example"), where("contactId", "equals", "686")
    relation = {"SourceContactId": 686, "SourcePersonId": 90, "DestinationContactId": 4, "RelationDefinitionId": 18}

    assert (api.keys("SimpleContact", *company), api.keys("Person", *person)) == ([686], [90])
    assert api.save(relation).json()["PassiveText"].startswith('US:"Has partner"')


def test_the_seed_holds_together():
    """Every person's company exists, and the definitions cover each pair."""
    assert {person.company for person in PERSONS.values()} <= COMPANIES.keys()
    assert {pair for each in DEFINITIONS.values() for pair in each.pairs} == {"CC", "CP", "PC", "PP"}
    assert (len(COMPANIES) >= 12, len(PERSONS) >= 16) == (True, True)
