"""Who is not there is made, once, and only where nothing that was sent finds anybody."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from services.errors import InDoubt, PartyAmbiguous, PartyMismatch, PartyNotFound, SuperOfficeUnavailable
from tests.tenant import CREATE, SEARCH, company, meet, open_directory, person, refused

NEWCO = {
    "name": "Newco",
    "department": "Oslo",
    "orgnr": "320 000 001",
    "number": "77",
    "email": "Post@newco.example",
    "phone": "22 11 11 11",
    "domain": "https://www.newco.example/en",
}
EVA = {"name": "Berg, Eva Maria", "email": "EVA@newco.example", "phone": "90 00 00 01"}


@pytest.fixture
def directory(tmp_path, settings, secrets):
    """Open the sandbox's tenant."""
    return open_directory(tmp_path, settings, secrets)


@pytest.fixture
def made(sandbox):
    """Return what was made: companies and persons."""
    known = (set(sandbox.companies), set(sandbox.persons))

    def run():
        companies = [each for number, each in sandbox.companies.items() if number not in known[0]]
        return companies, [each for number, each in sandbox.persons.items() if number not in known[1]]

    return run


def values(elements):
    """Return the values of e-mail addresses, phones or web addresses."""
    return [element["Value"] for element in elements]


def test_a_company_is_made_with_all_that_was_sent(directory, made):
    """Its defaults are SuperOffice's; numbers and addresses are saved as they are compared."""
    resolved = meet(directory, company(**NEWCO), create=CREATE)
    ((newco,), persons) = made()

    assert (resolved.relation.source_company, resolved.created) == (newco["ContactId"], ("created_company",))
    told = ("Name", "Department", "OrgNr", "Number1")
    assert [newco[name] for name in told] == ["Newco", "Oslo", "320 000 001", "77"]
    assert values(newco["Emails"] + newco["Phones"] + newco["Urls"]) == [
        "post@newco.example",
        "+4722111111",
        "newco.example",
    ]
    assert persons == []


def test_a_person_is_made_in_the_company_that_was_made(directory, made):
    """The company comes first, the person belongs to it."""
    resolved = meet(directory, person(of=NEWCO, **EVA), create=CREATE)
    ((newco,), (eva,)) = made()

    assert resolved.created == ("created_company", "created_person")
    assert (resolved.relation.source_company, resolved.relation.source_person) == (newco["ContactId"], eva["PersonId"])
    assert (eva["Firstname"], eva["Lastname"], eva["Contact"]["ContactId"]) == ("Eva Maria", "Berg", newco["ContactId"])
    assert values(eva["Emails"] + eva["OfficePhones"]) == ["eva@newco.example", "+4790000001"]


def test_a_person_is_made_in_a_company_that_is_there(directory, made):
    """An e-mail address alone will do."""
    resolved = meet(directory, person(of={"name": "Acme"}, email="eva.berg@acme.example"), create=CREATE)

    assert resolved.created == ("created_person",)
    assert resolved.matched == {"source.company": "name", "destination.company": "id", "definition": "active text"}
    assert [(eva["Lastname"], eva["Contact"]["ContactId"]) for eva in made()[1]] == [("eva.berg", 686)]


def test_who_was_made_is_found_the_next_time(directory, made):
    """By each of the selectors."""
    meet(directory, person(of=NEWCO, **EVA), create=CREATE)
    for of, given in [
        (NEWCO, EVA),
        ({"orgnr": "NO320000001"}, {"name": "eva maria berg"}),
        ({}, {"phone": "90000001"}),
    ]:
        assert meet(directory, person(of=of, **given), create=CREATE).created == ()

    assert [len(each) for each in made()] == [1, 1]


def test_both_ends_may_be_the_same_new_company(directory, made):
    """The second look finds what the first one has led to."""
    resolved = meet(directory, company(**NEWCO), company(name="Newco"), create=CREATE | {"destination.company"})

    assert resolved.created == ("created_company",)
    assert resolved.relation.source_company == resolved.relation.destination_company
    assert len(made()[0]) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (company(**NEWCO), company(**NEWCO)),
        (company(name="Newco"), company(name=" NEWCO ")),
        (company(name="Newco", orgnr="320 000 001"), company(orgnr="NO320000001", name="newco")),
        (company(orgnr="320000001", name="Newco"), company(orgnr="320000001", name="Newco A/S")),
    ],
)
def test_two_at_the_same_moment_make_one(directory, made, sandbox, one, other):
    """Whoever comes second waits for its turn, looks again, and finds."""
    sandbox.fault(path="SaveContactEntity", delay=0.2, times=1)
    with ThreadPoolExecutor(4) as pool:
        resolved = list(pool.map(lambda party: meet(directory, party, create=CREATE), [one, other] * 2))

    assert len({each.relation.source_company for each in resolved}) == 1
    assert [each.created for each in resolved].count(("created_company",)) == len(made()[0]) == 1


def test_two_persons_at_the_same_moment_are_one(directory, made, sandbox):
    """The same goes for persons of one company."""
    sandbox.fault(path="SavePersonEntity", delay=0.2, times=1)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: meet(directory, person(of={"id": 4}, **EVA), create=CREATE), range(4)))

    assert len(made()[1]) == 1


@pytest.mark.parametrize(
    ("source", "error", "words"),
    [
        (company(orgnr="320000001"), PartyNotFound, "without a name none can be made: send the company's name"),
        (company(id=99999, name="Newco"), PartyNotFound, "SuperOffice gives ids itself: correct it, or leave it out"),
        (company(orgnr="320000001", name="Acme"), PartyMismatch, "orgnr found none, name found 1. Correct the orgnr"),
        (company(name="Acme AS"), PartyAmbiguous, "name found 2"),
        (person(email="eva@newco.example"), PartyNotFound, "without a company none can be made: send the person's"),
        (person(of={"id": 4}, phone="90000001"), PartyNotFound, "without a name or an e-mail address: send one"),
        (person(of={"id": 4}, id=99999), PartyNotFound, "SuperOffice gives ids itself"),
        (person(of={"id": 4}, email="ada@acme.example", name="Ada"), PartyMismatch, "but in another company"),
        (person(of=NEWCO, email="ada@acme.example"), PartyMismatch, "email found 1, but in another company"),
        (person(of={"orgnr": "320000001"}, **EVA), PartyNotFound, "without a name none can be made"),
    ],
)
def test_nobody_is_made_by_halves(directory, made, source, error, words):
    """What cannot be made, or should not be, is refused before anything is saved."""
    caught = refused(directory, source, create=CREATE)

    assert type(caught) is error
    assert words in caught.detail
    assert made() == ([], [])


@pytest.mark.parametrize(
    ("more", "allowed"),
    [
        ({"definition": "Nonsense"}, CREATE),
        ({"destination": company(name="Nobody")}, CREATE),
        ({}, {"source.company"}),
        ({}, {"source.person"}),
        ({}, set()),
    ],
)
def test_nobody_is_made_for_a_relation_that_cannot_be(directory, made, more, allowed):
    """The other end, the definition, or a party that may not be made: all is settled first."""
    refused(directory, person(of=NEWCO, **EVA), create=frozenset(allowed), **more)

    assert made() == ([], [])


def test_a_save_whose_answer_is_lost_is_in_doubt(directory, made, sandbox):
    """It may have been made; the next try looks first, and finds it."""
    sandbox.fault(path="SaveContactEntity", drop="after")
    with pytest.raises(InDoubt):
        meet(directory, company(**NEWCO), create=CREATE)

    assert meet(directory, company(**NEWCO), create=CREATE).created == ()
    assert len(made()[0]) == 1


@pytest.mark.parametrize("body", [None, {}, {"ContactId": 0}, {"ContactId": "5"}, [], "<html>"])
def test_an_answer_without_an_id_is_in_doubt(directory, sandbox, body):
    """SuperOffice said yes to something."""
    sandbox.fault(path="SaveContactEntity", status=200, body=body)

    with pytest.raises(InDoubt):
        meet(directory, company(**NEWCO), create=CREATE)


@pytest.mark.parametrize("fault", [{"status": 200, "body": "<html>"}, {"status": 500}, {"drop": "before"}])
def test_defaults_that_do_not_come_leave_no_doubt(directory, made, sandbox, fault):
    """Nothing was saved yet."""
    sandbox.fault(path="CreateDefaultContactEntity", times=0, **fault)

    with pytest.raises(SuperOfficeUnavailable) as caught:
        meet(directory, company(**NEWCO), create=CREATE)
    assert type(caught.value) is SuperOfficeUnavailable
    assert made()[0] == []


def test_it_costs_a_second_look_the_defaults_and_a_save(directory, sandbox):
    """Nothing is asked for twice but what must be."""
    meet(directory, company(id=4))
    before = sandbox.counts
    meet(directory, company(**NEWCO), create=CREATE)

    calls = {SEARCH: 2, "CreateDefaultContactEntity": 1, "SaveContactEntity": 1, "created_companies": 1}
    assert dict(sandbox.counts - before) == calls
