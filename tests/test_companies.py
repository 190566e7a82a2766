"""Companies as people name them: found, told apart, and refused with a sentence that helps."""

import pytest

from services.errors import InvalidSubmission, PartyAmbiguous, PartyMismatch, PartyNotFound
from services.mapping import Party, Selector
from tests.tenant import SEARCH, company, meet, open_directory, refused


@pytest.fixture
def directory(tmp_path, settings, secrets):
    """Open the sandbox's tenant."""
    return open_directory(tmp_path, settings, secrets)


@pytest.mark.parametrize(
    ("given", "identity", "by"),
    [
        ({"id": 686}, 686, "id"),
        ({"number": "10686"}, 686, "number"),
        ({"orgnr": "317 333 013"}, 686, "orgnr"),
        ({"orgnr": "NO 317.333.013 MVA"}, 686, "orgnr"),
        ({"orgnr": "319555005"}, 1881, "orgnr"),
        ({"orgnr": "319777024"}, 57, "orgnr"),
        ({"orgnr": "319888039"}, 750, "orgnr"),
        ({"name": "acme"}, 686, "name"),
        ({"name": " Acme  AS ", "department": "bergen"}, 688, "name"),
        ({"name": "Delta Data"}, 735, "name"),
        ({"name": "Straße & Söhne KG"}, 751, "name"),
        ({"email": "Invoice@Acme.example"}, 686, "email"),
        ({"phone": "21 00 00 04"}, 4, "phone"),
        ({"phone": "55667788"}, 688, "phone"),
        ({"phone": "+49 89 1234560"}, 57, "phone"),
        ({"domain": "www.acme.example"}, 686, "domain"),
        ({"domain": "kari@liaison-demo.example"}, 4, "domain"),
        ({"domain": "https://strasse-soehne.example/impressum"}, 751, "domain"),
        ({"orgnr": "318444021", "name": "Acme AS", "department": "Bergen"}, 688, "orgnr"),
        ({"name": "Nobody", "email": "post@acme.example"}, 686, "email"),
        ({"phone": "22334455", "name": "Acme"}, 686, "phone"),
        ({"email": "nobody@acme.example", "name": "Acme"}, 686, "name"),
    ],
)
def test_each_selector_finds_its_company(directory, given, identity, by):
    """However it is written, and whatever else was sent."""
    resolved = meet(directory, company(**given))

    assert (resolved.relation.source_company, resolved.matched["source.company"]) == (identity, by)


@pytest.mark.parametrize(
    ("name", "identity"),
    [("1881", 701), ("BETA Consulting", 721), ("Beta Consulting", 720), ("Cafe Aurora", 730), ("Café Aurora", 731)],
)
def test_alike_names_are_told_apart(directory, name, identity):
    """A company called 1881 is not the one with that id, and a tie is broken by the exact spelling."""
    assert meet(directory, company(name=name)).relation.source_company == identity


def test_the_tenants_collation_decides_what_a_name_finds(directory, sandbox):
    """Where the database sets accents aside, so do we."""
    assert isinstance(refused(directory, company(name="Blabær & Sonn")), PartyNotFound)
    sandbox.set_collation(ignore_accents=True)

    assert meet(directory, company(name="Blåbær & Sønn".replace("å", "a"))).relation.source_company == 23


@pytest.mark.parametrize("name", ["686", "+686", "[I:686]", "x' or name is 'Acme", "%", "Acme*"])
def test_a_name_is_never_a_key_or_a_pattern(directory, name):
    """What a stranger types finds nobody by anything but a name."""
    assert isinstance(refused(directory, company(name=name)), PartyNotFound)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"name": "Nobody"}, PartyNotFound, "the_name: No company was found: name found none. Correct"),
        ({"orgnr": "999999999", "name": "Nobody"}, PartyNotFound, "orgnr found none, name found none. Correct"),
        ({"id": 99999}, PartyNotFound, "the_id: No company was found: id found none. Correct"),
        ({"id": 112}, PartyNotFound, "The company that was found is deleted in SuperOffice: restore it there"),
        ({"name": "Gone Fishing Ltd"}, PartyNotFound, "is deleted in SuperOffice"),
        ({"name": "Acme AS"}, PartyAmbiguous, "name found 2. Send its orgnr, number or id as well, or merge"),
        ({"orgnr": "318444021"}, PartyAmbiguous, "orgnr found 2. Send its number or id as well, or merge"),
        ({"phone": "22334455"}, PartyAmbiguous, "More than one company fits: phone found 2."),
        ({"domain": "beta.example"}, PartyAmbiguous, "More than one company fits: domain found 2."),
        ({"name": "Beta consulting"}, PartyAmbiguous, "More than one company fits: name found 2."),
        (
            {"orgnr": "999999999", "name": "Acme"},
            PartyMismatch,
            "the_orgnr: orgnr found none, name found 1. Correct the orgnr, or enter it on the card of that company",
        ),
        (
            {"name": "Acme", "number": "10004"},
            PartyMismatch,
            "the_number: The number is that of another company: name found 1, number found 1. Correct one of them",
        ),
        ({"id": 4, "orgnr": "317333013"}, PartyMismatch, "The orgnr is that of another company"),
        ({"orgnr": "none"}, InvalidSubmission, "the_orgnr: This is not an organization number"),
    ],
)
def test_every_dead_end_has_its_own_sentence(directory, given, error, words):
    """It says which selector found how many and what to do, under the sender's own name of the field."""
    caught = refused(directory, company(**given))

    assert type(caught) is error
    assert words in caught.detail
    assert len(caught.detail) < 250


@pytest.mark.parametrize("given", [{"name": "Acme AS"}, {"orgnr": "999999999", "name": "Acme"}, {"id": 112}])
def test_nobody_is_named(directory, given):
    """Whoever sent it may be a stranger: numbers are told, never names."""
    told = refused(directory, company(**given)).detail

    assert not any(word in told for word in ("Acme", "Oslo", "Bergen", "Fishing", "687", "688"))


def test_a_field_of_hooks_yaml_is_blamed_where_nothing_was_sent_for_it(directory):
    """A constant has no field of the sender's."""
    constant = Party(company=(Selector("name", "Nobody"),))

    assert refused(directory, constant).errors[0].field == "source.company.name"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"domain": "ada@gmail.com", "name": "Acme"}, "the_domain: This is a public mail domain"),
        ({"domain": "acme", "name": "Acme"}, "the_domain: This is not a domain"),
        ({"phone": "call me", "name": "Acme"}, "the_phone: This is not a phone number"),
        ({"email": "n/a", "name": "Acme"}, "the_email: This is not an e-mail address"),
    ],
)
def test_what_nobody_can_be_found_by_is_passed_over(directory, given, words):
    """The next selector decides, and a warning says why."""
    resolved = meet(directory, company(**given))

    assert resolved.relation.source_company == 686
    assert words in resolved.warnings[0]


def test_a_public_mail_domain_finds_nobody(directory, sandbox):
    """One company of the tenant has its mailbox there."""
    assert isinstance(refused(directory, company(domain="hansens.ror@gmail.com")), PartyNotFound)
    assert sandbox.counts[SEARCH] == 1  # for the other end


def test_a_number_without_a_country_is_one_of_our_own(tmp_path, settings, secrets):
    """In Germany the same digits are another number."""
    german = open_directory(tmp_path, settings, secrets, country="DE")

    assert isinstance(refused(german, company(phone="21 00 00 04")), PartyNotFound)
    assert meet(german, company(phone="089 1234560")).relation.source_company == 57


@pytest.mark.parametrize(
    ("source", "destination", "identities"),
    [
        ({"name": "1881"}, {"email": "invoice@acme.example"}, (701, 686)),
        ({"name": "Acme"}, {"email": "invoice@acme.example"}, (686, 686)),
        ({"email": "invoice@acme.example", "name": "1881"}, {"name": "Acme"}, (686, 686)),
        ({"email": "invoice@acme.example"}, {"email": "post@beta.example"}, (686, 720)),
        ({"email": "invoice@acme.example", "phone": "55667788"}, {"name": "Acme"}, (686, 686)),
    ],
)
def test_a_second_address_counts_too(directory, source, destination, identities):
    """A row shows one e-mail address; whom another one means is asked for apart where it may be somebody listed."""
    relation = meet(directory, company(**source), company(**destination)).relation

    assert (relation.source_company, relation.destination_company) == identities
