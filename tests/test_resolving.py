"""A relation in people's words becomes one of ids: both ends, the definition, the warnings, and what it costs."""

import time

import pytest

from services.errors import InvalidSubmission, PartyNotFound, SuperOfficeUnavailable
from services.mapping import MappedRelation, Party
from services.saving import look_and_save
from services.superoffice.directory import Directory
from services.superoffice.relations import Request
from services.superoffice.resolving import resolve
from tests.tenant import SEARCH, US, company, meet, open_directory, person, refused, soon

SIGNUP = person(of={"orgnr": "317 333 013", "name": "Acme"}, email="ada@acme.example")
EFFECTS = {"created", "updated"}


class Clock:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    """Give a clock that stands still."""
    return Clock()


@pytest.fixture
def directory(tmp_path, settings, secrets, clock):
    """Open the sandbox's tenant."""
    return open_directory(tmp_path, settings, secrets, clock=clock)


def ids(relation):
    """Return the ids of both ends: company and person."""
    return (
        (relation.source_company, relation.source_person),
        (relation.destination_company, relation.destination_person),
    )


def test_a_sign_up_becomes_a_relation(directory):
    """An organization number and a name, an e-mail address, a definition's name, a constant."""
    resolved = meet(directory, SIGNUP, definition="Partner of", comment="Signed up")

    assert ids(resolved.relation) == ((686, 90), (4, None))
    assert (resolved.relation.definition, resolved.relation.comment) == (18, "Signed up")
    assert resolved.matched == {
        "source.company": "orgnr",
        "source.person": "email",
        "destination.company": "id",
        "definition": "active text",
    }
    assert (resolved.created, resolved.warnings, resolved.relation.intent) == ((), (), "create")


def test_the_passive_text_swaps_the_parties(directory):
    """`Is employed by` is said of the person; the company is the source all the same."""
    resolved = meet(directory, SIGNUP, definition="is employed by")

    assert ids(resolved.relation) == ((4, None), (686, 90))
    assert resolved.matched["source.person"] == "email"  # as the sender calls the ends


def test_a_definition_must_fit_the_pair(directory):
    """A person employs nobody here."""
    caught = refused(directory, SIGNUP, definition="Employs")

    assert caught.reason == "definition-unknown"
    assert (
        "a relation from a person to a company. Those that do: Partner of (18), Board member of (24)" in caught.detail
    )


@pytest.mark.parametrize("action", ["save", "delete"])
def test_a_relation_with_an_id_needs_nothing_else(directory, sandbox, action):
    """What is not given is not looked up."""
    mapped = MappedRelation(relation_id=888, comment="New", action=action)
    relation = resolve(mapped, directory, soon()).relation

    assert (relation.relation_id, relation.comment, relation.action) == (888, "New", action)
    assert sandbox.counts[SEARCH] == 0


def test_a_relation_may_be_deleted_by_its_parties(directory):
    """Its number is found later."""
    relation = meet(directory, SIGNUP, definition="Partner of", action="delete").relation

    assert (relation.intent, relation.relation_id, ids(relation)) == ("delete", None, ((686, 90), (4, None)))


def test_one_end_alone_may_change(directory):
    """An update gives what is new."""
    relation = resolve(MappedRelation(relation_id=888, source=company(name="Acme")), directory, soon()).relation

    assert ids(relation) == ((686, None), (None, None))


def test_a_comment_is_cut_to_what_superoffice_takes(directory):
    """The warning says so."""
    relation = meet(directory, SIGNUP, definition="Partner of", comment="word " * 99).relation

    assert len(relation.comment) <= 254
    assert "was cut" in relation.warnings[0]


def test_mistakes_of_one_kind_stay_of_that_kind(directory):
    """Several fields, one error; its detail names them all."""
    caught = refused(directory, company(name="Nobody"), company(orgnr="999999999"))

    assert type(caught) is PartyNotFound
    assert caught.detail == "2 fields are wrong; mend them and send again: the_name, the_orgnr"


def test_mistakes_of_several_kinds_are_an_invalid_submission(directory):
    """Each keeps its sentence."""
    caught = refused(directory, company(name="Nobody"), company(name="Acme AS"))

    assert type(caught) is InvalidSubmission
    assert [mistake.message.partition(":")[0] for mistake in caught.errors] == [
        "No company was found",
        "More than one company fits",
    ]


NAMES = (person(of={"name": "Acme"}, email="ada@acme.example"), company(name="Liaison Demo AS"))
ALONE = (person(email="ada@acme.example"), person(name="Kari Nordmann", email="kari@liaison-demo.example"))
IDS = (person(of={"id": 686}, id=90), company(id=4))
NUMBERS = (company(orgnr="317333013", name="Acme"), company(number="10004"))


@pytest.mark.parametrize(
    ("parties", "existing", "calls"),
    [
        (NAMES, "update", 4),
        (NAMES, "add", 3),
        (ALONE, "update", 3),
        (NUMBERS, "update", 2),
        (NUMBERS, "keep", 2),
        (IDS, "update", 2),
        (IDS, "add", 1),
    ],
)
def test_calls_are_counted_when_warm(directory, sandbox, parties, existing, calls):
    """Names cost a call for the companies and one for the persons, ids and numbers none; then a look, and a save."""
    meet(directory, *parties, definition="Partner of" if parties is NUMBERS else "Recommends")
    before = sandbox.counts
    relation = meet(directory, *parties, definition="Partner of" if parties is NUMBERS else "Recommends").relation
    look_and_save(relation, existing, directory, Request(soon()), lambda _, same: same)

    made = sandbox.counts - before
    assert sum(number for name, number in made.items() if name not in EFFECTS) == calls
    assert made["created"] == 1


def test_what_is_kept_is_kept_for_a_minute(directory, sandbox, clock):
    """A company that is deleted meanwhile is noticed then."""
    for moment, searches in ((0, 1), (59, 1), (61, 2)):
        clock.now = moment
        meet(directory, company(id=686))

        assert sandbox.counts[SEARCH] == searches


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({"id": 686}, {"id": 686, "orgnr": "315111056"}),
        ({"orgnr": "317333013"}, {"orgnr": "317333013", "number": "10004"}),
    ],
)
def test_what_is_kept_may_still_be_contradicted(directory, first, then):
    """A short cut must not hide a mistake."""
    meet(directory, company(**first))

    assert refused(directory, company(**then)).reason == "party-mismatch"


def test_what_is_missing_is_not_kept(directory, sandbox):
    """Whoever adds the company in SuperOffice can send again at once."""
    for searches in (1, 2):
        refused(directory, company(orgnr="999999999"), company(orgnr="999999998"))

        assert sandbox.counts[SEARCH] == searches


def test_look_ups_run_side_by_side(directory, sandbox):
    """Companies, persons and definitions do not wait for each other."""
    meet(directory, US)
    sandbox.fault(delay=0.2, times=0)
    started = time.monotonic()
    meet(directory, *NAMES, definition="Partner of")

    assert time.monotonic() - started < 0.55  # three calls of 0.2 s, of which two definitions' lists in a row


def test_what_is_kept_needs_no_worker(directory):
    """A submission whose parties and definition are all known is not handed from thread to thread."""
    meet(directory, company(orgnr="317333013"), definition="Partner of")
    known = Directory(webapi=None, country="NO")
    known.parties, known.definitions = directory.parties, directory.definitions
    resolved = meet(known, company(orgnr="NO 317 333 013"), definition="partner of")

    assert (ids(resolved.relation), resolved.relation.definition) == (((686, None), (4, None)), 18)
    assert "_workers" not in vars(known)


def test_an_outage_is_not_the_senders_mistake(directory, sandbox):
    """Nothing is refused because SuperOffice is down."""
    sandbox.fault(path=SEARCH, times=0, status=503)

    with pytest.raises(SuperOfficeUnavailable):
        meet(directory, *NAMES)


def test_nobody_is_looked_up_for_a_party_that_is_empty(directory):
    """An end that is not given stays so."""
    relation = resolve(MappedRelation(relation_id=888, source=Party(), definition=18), directory, soon()).relation

    assert ids(relation) == ((None, None), (None, None))
