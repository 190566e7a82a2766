"""Persons as people name them: in their company, or alone."""

import pytest

from services.errors import PartyAmbiguous, PartyMismatch, PartyNotFound
from services.superoffice.persons import split_name
from tests.tenant import meet, open_directory, person, refused


@pytest.fixture
def directory(tmp_path, settings, secrets):
    """Open the sandbox's tenant."""
    return open_directory(tmp_path, settings, secrets)


@pytest.mark.parametrize(
    ("given", "company", "identity", "by"),
    [
        ({"id": 90}, 686, 90, "id"),
        ({"email": "ADA@acme.example"}, 686, 90, "email"),
        ({"email": "countess@lovelace.example"}, 686, 90, "email"),
        ({"email": "Sjur <sjur@aase-sonner.example>"}, 750, 104, "email"),
        ({"email": "wile@acme.example"}, 720, 97, "email"),
        ({"name": "ada lovelace"}, 686, 90, "name"),
        ({"name": "Lovelace, Ada"}, 686, 90, "name"),
        ({"name": "Sjur D'Angelo"}, 750, 104, "name"),
        ({"name": "Jose Nunez"}, 721, 101, "name"),
        ({"name": "Schmidt"}, 751, 103, "name"),
        ({"phone": "900 11 222", "name": "Ada Lovelace"}, 686, 90, "phone"),
        ({"phone": "90011333"}, 686, 91, "phone"),
        ({"name": "Ola Hansen", "email": "ola.hansen.2@acme.example"}, 687, 95, "name"),
    ],
)
def test_a_person_alone_brings_the_company(directory, given, company, identity, by):
    """Whoever has retired does not count, nor does how the name is put."""
    resolved = meet(directory, person(**given))

    assert (resolved.relation.source_company, resolved.relation.source_person) == (company, identity)
    assert resolved.matched["source.company"] == "person"
    assert resolved.matched["source.person"] == by


@pytest.mark.parametrize(
    ("given", "of", "identity"),
    [
        ({"email": "grace@acme.example"}, {"name": "Acme"}, 91),
        ({"name": "Grace Hopper"}, {"name": "Acme AS", "department": "Oslo"}, 93),
        ({"name": "Kari Nordmann"}, {"id": 1881}, 96),
        ({"phone": "90022333"}, {"id": 11}, 12),
        ({"email": "old@acme.example", "name": "Ada Lovelace"}, {"id": 686}, 90),
    ],
)
def test_a_person_is_one_of_the_companys(directory, given, of, identity):
    """The same name, address or phone elsewhere is somebody else's."""
    assert meet(directory, person(of=of, **given)).relation.source_person == identity


@pytest.mark.parametrize(
    ("given", "of", "error", "words"),
    [
        ({"email": "nobody@acme.example"}, {}, PartyNotFound, "No person was found: email found none. Correct"),
        ({"id": 92}, {}, PartyNotFound, "is marked as a former employee in SuperOffice: clear the mark there"),
        ({"name": "Wile Coyote"}, {"id": 686}, PartyNotFound, "is marked as a former employee"),
        ({"email": "finn@gone-fishing.example"}, {}, PartyNotFound, "The person's company is deleted in SuperOffice"),
        ({"email": "grace@acme.example"}, {}, PartyAmbiguous, "email found 2. Send its id as well, or merge"),
        ({"name": "Ola Hansen"}, {"id": 687}, PartyAmbiguous, "person fits in that company: name found 2. Send its"),
        ({"name": "Ola Hansen"}, {}, PartyAmbiguous, "name found 3. Send its email or id as well"),
        ({"email": "ada@acme.example"}, {"id": 4}, PartyMismatch, "email found 1, but in another company than"),
        ({"id": 90}, {"id": 4}, PartyMismatch, "Correct the company, or move the person in SuperOffice."),
        ({"id": 90, "name": "Kari Nordmann"}, {"id": 4}, PartyMismatch, "id found 1, but in another company"),
        ({"name": "Ada Lovelace"}, {"id": 4}, PartyNotFound, "No person was found in that company: name found none."),
        ({"name": "[I:90]"}, {}, PartyNotFound, "name found none"),
        ({"name": "90"}, {}, PartyNotFound, "name found none"),
    ],
)
def test_every_dead_end_has_its_own_sentence(directory, given, of, error, words):
    """It says which selector found how many and what to do."""
    caught = refused(directory, person(of=of, **given))

    assert type(caught) is error
    assert words in caught.detail
    assert not any(word in caught.detail for word in ("Ada", "Lovelace", "Hansen", "Wile", "Finn"))


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Ada Lovelace", ("Ada", "Lovelace")),
        (" Lovelace , Ada ", ("Ada", "Lovelace")),
        ("Eva Maria  Berg", ("Eva Maria", "Berg")),
        ("Schmidt", ("", "Schmidt")),
        ("Schmidt,", ("", "Schmidt")),
    ],
)
def test_a_name_is_parted_into_first_and_last(name, parts):
    """All but the last word are first names, unless a comma says otherwise."""
    assert split_name(name) == parts


def test_company_and_person_mistakes_are_told_at_once(directory):
    """Nobody sends a form five times to learn of five mistakes."""
    caught = refused(directory, person(email="nobody@acme.example"), person(name="Ola Hansen"), definition="Nonsense")

    assert [mistake.field for mistake in caught.errors] == ["the_email", "the_name", "definition"]
