"""A relation that is there already: found from either end, changed, left alone, or joined by another."""

import pytest

from schemas.contact_relation import ContactRelation
from services.errors import RelationNotFound
from services.saving import look_and_save
from services.superoffice.existing import find_existing
from services.superoffice.relations import Request, create
from tests.tenant import SEARCH, open_directory, soon

PARTNERS = ContactRelation(source_company=686, destination_company=4, definition=18, comment="Since 2019")
HIRED = ContactRelation(
    source_company=686, destination_company=4, destination_person=5, definition=30, comment="Since 2020"
)
TURNED = {"source_company": 4, "destination_company": 686}


@pytest.fixture
def directory(tmp_path, settings, secrets):
    """Give a directory of the sandbox's tenant, in which two relations have been saved."""
    directory = open_directory(tmp_path, settings, secrets)
    for relation in (PARTNERS, HIRED):
        create(relation, directory.webapi, Request(soon()))
    return directory


@pytest.fixture
def webapi(directory):
    """Give the sandbox's WebAPI."""
    return directory.webapi


@pytest.fixture
def carry_out(directory):
    """Return a save that says what became of it."""

    def run(relation, existing="update", **options):
        return look_and_save(relation, existing, directory, Request(soon(), **options), lambda _, same: same)

    return run


@pytest.mark.parametrize(
    ("relation", "number"),
    [
        (PARTNERS, 888),
        (PARTNERS._replace(**TURNED), 888),
        (HIRED, 889),
        (HIRED._replace(source_company=4, source_person=5, destination_company=686, destination_person=None), 889),
    ],
)
def test_it_is_found_from_either_end(webapi, relation, number):
    """A pair is two parties and a definition, whichever end it is seen from."""
    assert find_existing(relation, webapi, soon()).relation_id == number


@pytest.mark.parametrize(
    "relation",
    [
        PARTNERS._replace(definition=19),
        PARTNERS._replace(destination_company=11),
        PARTNERS._replace(source_person=90),
        HIRED._replace(destination_person=None),
        HIRED._replace(destination_person=5, source_person=90),
        HIRED._replace(definition=18),
    ],
)
def test_other_parties_and_definitions_are_other_relations(webapi, relation):
    """SuperOffice cannot be asked for persons, so they are compared here."""
    assert find_existing(relation, webapi, soon()) is None


def test_the_one_that_runs_the_same_way_is_preferred(webapi):
    """Where both ways were saved, each finds its own."""
    turned = PARTNERS._replace(**TURNED)
    create(turned, webapi, Request(soon()))

    assert find_existing(turned, webapi, soon()).relation_id == 890
    assert find_existing(PARTNERS, webapi, soon()).relation_id == 888


@pytest.mark.parametrize("end", ["source", "destination"])
def test_who_has_retired_since_still_has_relations(webapi, end):
    """SuperOffice lists them apart."""
    retired = PARTNERS._replace(**{f"{end}_company": 686, f"{end}_person": 92}, definition=30)
    other = {"source": "destination", "destination": "source"}[end]
    retired = retired._replace(**{f"{other}_company": 4})
    number = create(retired, webapi, Request(soon())).relation["RelationId"]

    assert find_existing(retired, webapi, soon()).relation_id == number


@pytest.mark.parametrize(
    ("existing", "comment", "status", "stored"),
    [
        ("update", "Since 2021", "updated", "Since 2021"),
        ("update", "Since 2019", "unchanged", "Since 2019"),
        ("update", "Since 2019 \r\n", "unchanged", "Since 2019"),
        ("update", None, "unchanged", "Since 2019"),
        ("keep", "Since 2021", "unchanged", "Since 2019"),
        ("add", "Since 2021", "created", "Since 2019"),
    ],
)
def test_what_becomes_of_it_is_the_hooks_to_say(carry_out, sandbox, existing, comment, status, stored):
    """`update` saves the comment onto it, `keep` leaves it, `add` makes another."""
    outcome = carry_out(PARTNERS._replace(comment=comment), existing)

    assert outcome.status == status
    assert sandbox.relations[888]["Comment"] == stored
    assert len(sandbox.relations) == (3 if existing == "add" else 2)


def test_an_update_from_the_other_end_changes_the_comment_alone(carry_out, sandbox):
    """The parties stay where they were."""
    outcome = carry_out(PARTNERS._replace(**TURNED, comment="New"))

    assert outcome.relation["RelationId"] == 888
    assert (sandbox.relations[888]["SourceContactId"], sandbox.relations[888]["Comment"]) == (686, "New")


@pytest.mark.parametrize(
    ("relation", "existing", "calls"),
    [
        (PARTNERS._replace(destination_company=11), "update", {SEARCH: 1, "SaveContactRelation": 1}),
        (PARTNERS._replace(comment="New"), "update", {SEARCH: 1, "PATCH Relation/{id}": 1}),
        (PARTNERS, "update", {SEARCH: 1}),
        (PARTNERS, "keep", {SEARCH: 1}),
        (PARTNERS, "add", {"SaveContactRelation": 1}),
        (ContactRelation(relation_id=888, comment="New"), "update", {"PATCH Relation/{id}": 1}),
    ],
)
def test_calls_are_counted(carry_out, sandbox, relation, existing, calls):
    """One look, one save; no save where nothing changes, no look where it makes no difference."""
    before = sandbox.counts
    carry_out(relation, existing)

    made = {name: number for name, number in (sandbox.counts - before).items() if name not in ("created", "updated")}
    assert made == calls


def test_what_is_unchanged_is_told_as_it_is(carry_out):
    """The answer has the ids and the comment, as far as the hook selects them."""
    assert carry_out(PARTNERS).relation == {
        "RelationId": 888,
        "RelationDefinitionId": 18,
        "SourceContactId": 686,
        "SourcePersonId": 0,
        "DestinationContactId": 4,
        "DestinationPersonId": 0,
        "Comment": "Since 2019",
    }
    assert carry_out(PARTNERS, select=("RelationId", "Comment")).relation == {
        "RelationId": 888,
        "Comment": "Since 2019",
    }


@pytest.mark.parametrize("relation", [PARTNERS, PARTNERS._replace(**TURNED), ContactRelation(relation_id=888)])
def test_it_is_deleted_by_its_id_or_by_what_it_joins(carry_out, sandbox, relation):
    """Whoever knows the parties need not know the number."""
    assert carry_out(relation._replace(action="delete"), "add").status == "deleted"
    assert list(sandbox.relations) == [889]


def test_what_is_not_there_cannot_be_deleted(carry_out):
    """The sender hears so."""
    with pytest.raises(RelationNotFound, match="There is no such relation"):
        carry_out(PARTNERS._replace(definition=19, action="delete"))


def test_two_that_come_one_after_the_other_make_one(carry_out, sandbox):
    """SuperOffice keeps what a search found for a minute; the second look must see what the first one led to."""
    new = PARTNERS._replace(destination_company=11)

    assert [carry_out(new).status for _ in range(3)] == ["created", "unchanged", "unchanged"]
    assert len(sandbox.relations) == 3
