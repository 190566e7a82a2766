"""The sandbox's archive answers from memory as NetServer does, and its Relation archive reads from both ends."""

from __future__ import annotations

import time

import pytest
import requests

from tests.sandbox_api import Online, where

OF_ACME = where("source/restrictionContactId", "equals", "[I:686]")
TO_US = where("target/restrictionContactId", "equals", "[I:4]")
BOARD = {
    "SourceContactId": 686,
    "SourcePersonId": 90,
    "DestinationContactId": 4,
    "RelationDefinitionId": 24,
    "Comment": "",
}


@pytest.fixture
def api(sandbox):
    """Open the online tenant's API."""
    with Online(sandbox) as session:
        yield session


def test_the_same_query_is_answered_from_memory(api, sandbox):
    """A relation saved since is not found by a query that was asked within the last minute, its page aside."""
    api.keys("Relation", OF_ACME, TO_US)
    number = api.save().json()["RelationId"]

    assert api.keys("Relation", OF_ACME, TO_US) == api.keys("Relation", OF_ACME, TO_US, Page=1) == []
    assert sandbox.counts["from_archive_cache"] == 2
    assert api.keys("Relation", OF_ACME, TO_US, PageSize=51) == [number]


@pytest.mark.parametrize(
    "changed",
    [
        {"PageSize": 51},
        {"Columns": ["relationId"]},
        {"Entities": ["relation"]},
        {"SortOrder": [{"Name": "relationId", "Direction": "ASC"}]},
        {"Restriction": [OF_ACME, TO_US, where("relationId", "greater", "0")]},
        {"headers": {"Accept-Language": "de"}},
    ],
    ids=str,
)
def test_any_other_query_is_fresh(api, changed):
    """Whatever differs but the page makes it another query."""
    api.keys("Relation", OF_ACME, TO_US)
    number = api.save().json()["RelationId"]

    assert [row["PrimaryKey"] for row in api.archive("Relation", [], OF_ACME, TO_US, **changed).json()] == [number]


def test_rows_are_read_anew(api):
    """Only the keys are remembered: a deleted row is gone, a changed one has its new values."""
    kept, deleted = (api.save().json()["RelationId"] for _ in range(2))
    first = api.archive("Relation", ["relationComment"], OF_ACME).json()
    api.delete(f"Relation/{deleted}")
    api.patch(f"Relation/{kept}", json={"Comment": "Since 2020"})
    (row,) = api.archive("Relation", ["relationComment"], OF_ACME).json()

    assert len(first) == 2
    assert row["ColumnData"]["relationComment"]["DisplayValue"] == "Since 2020"


def test_the_memory_dies_after_the_last_call(api, sandbox):
    """Each call keeps it alive; left alone for so long, it is gone."""
    sandbox.set_archive_cache(0.4)
    api.keys("Relation", OF_ACME)
    api.save()
    time.sleep(0.25)
    assert api.keys("Relation", OF_ACME) == []
    time.sleep(0.25)
    assert api.keys("Relation", OF_ACME) == []
    time.sleep(0.45)
    assert len(api.keys("Relation", OF_ACME)) == 1


def test_both_switches_are_told_over_http(api, sandbox):
    """`PUT /sandbox/archive-cache` and `/sandbox/collation`; a reset puts them back."""
    requests.put(f"{sandbox.url}/sandbox/archive-cache", json={"seconds": 0}, timeout=10).raise_for_status()
    requests.put(f"{sandbox.url}/sandbox/collation", json={"ignore_case": False}, timeout=10).raise_for_status()
    shown = requests.get(f"{sandbox.url}/sandbox", timeout=10).json()
    sandbox.reset()
    reset = requests.get(f"{sandbox.url}/sandbox", timeout=10).json()

    assert (shown["archive_cache"], shown["collation"]["ignore_case"]) == ({"seconds": 0}, False)
    assert (reset["archive_cache"], reset["collation"]["ignore_case"]) == ({"seconds": 60}, True)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("archive-cache", {}),
        ("archive-cache", {"seconds": -1}),
        ("archive-cache", {"seconds": True}),
        ("archive-cache", []),
        ("collation", {"ignore_glops": True}),
        ("collation", {"ignore_case": 1}),
    ],
    ids=str,
)
def test_refuses_switches_it_has_not(sandbox, path, body):
    """A mistake is told, not ignored."""
    answer = requests.put(f"{sandbox.url}/sandbox/{path}", json=body, timeout=10)

    assert (answer.status_code, "told as" in answer.text or "true or false" in answer.text) == (400, True)


@pytest.mark.parametrize(
    ("restriction", "direction", "ends"),
    [
        (("source/restrictionContactId", "equals", "686"), 1, (686, 90, 4, 0)),
        (("target/restrictionContactId", "equals", "4"), 1, (686, 90, 4, 0)),
        (("source/restrictionContactId", "equals", "4"), 2, (4, 0, 686, 90)),
        (("target/contactId", "equals", "686"), 2, (4, 0, 686, 90)),
        (("source/name", "equals", "Liaison Demo AS"), 2, (4, 0, 686, 90)),
        (("relationDefinitionId", "equals", "24"), 1, (686, 90, 4, 0)),
    ],
    ids=str,
)
def test_a_relation_reads_from_the_end_that_is_asked_for(api, restriction, direction, ends):
    """One row for a relation; where the passive end was looked for, source and target change places."""
    number = api.save(BOARD).json()["RelationId"]
    columns = ["direction", "source/contactId", "source/personId", "target/contactId", "target/personId"]
    (row,) = api.archive("Relation", columns, where(*restriction)).json()

    assert row["PrimaryKey"] == number
    assert [cell["DisplayValue"] for cell in row["ColumnData"].values()] == [f"[I:{n}]" for n in (direction, *ends)]


def test_names_both_texts(api):
    """`relationName` and `reversedName` are the definition's, whichever way the row reads; `processedName` follows."""
    api.save(BOARD)
    columns, english = ["relationName", "reversedName", "processedName", "source/who"], {"Accept-Language": "en"}
    own = where("source/restrictionContactId", "equals", "4")
    (row,) = api.archive("Relation", columns, own, headers=english).json()

    assert [cell["DisplayValue"] for cell in row["ColumnData"].values()] == [
        "Board member of",
        "Has board member",
        "Has board member",
        "Liaison Demo AS",
    ]


@pytest.mark.parametrize("column", ["source/personId", "target/personId", "target/fullName", "source/who"])
def test_persons_cannot_be_looked_for(api, column):
    """The Relation archive shows them and no more."""
    answer = api.archive("Relation", [column], where(column, "equals", "90"))

    assert (answer.status_code, "cannot be used as a restriction" in answer.json()["ErrorMessage"]) == (400, True)
    assert api.archive("Relation", [column]).status_code == 200


def test_a_retired_persons_relation_is_of_another_entity(api):
    """Who asks for the entity `relation` alone does not see it."""
    api.save({**BOARD, "SourcePersonId": 92})

    assert api.keys("Relation", OF_ACME, Entities=["relation"]) == []
    assert len(api.keys("Relation", OF_ACME, Entities=["relation", "retired"])) == 1
