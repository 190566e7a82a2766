"""What somebody who is not proven hears of a refusal: the fields to blame, and nothing out of SuperOffice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.examples import PARTNERS


def test_a_stranger_does_not_hear_superoffices_words(function):
    """Why the CRM refuses may tell what is in it."""
    client = function({"open": {"verify": "none"}})

    answer = client.post("/hooks/open", json={**PARTNERS, "SourceContactId": 999_999})
    assert answer.status_code == 422
    assert "999999" not in answer.text


@pytest.mark.parametrize(
    ("relation", "told"),
    [
        ({}, {"source": {"company": {"name": "Nobody Ltd"}}}),
        ({}, {"definition": "Nothing of"}),
        ({"id": "{id}", "action": "delete"}, {"id": "999999"}),
    ],
)
def test_every_refusal_of_superoffices_is_one_to_a_stranger(function, relation, told):
    """Neither type nor title tells who is in the CRM, and the fields to blame are the sender's own."""
    fixed = {"definition": 18, "source": {"company": {"id": 686}}, "destination": {"company": {"id": 4}}}
    hook = {"verify": "none", "allow": ["create", "delete"], "relation": {**fixed, **relation, **told}}
    answer = function({"open": hook}).post("/hooks/open", json={"id": 999_999})

    assert answer.status_code == 422
    assert (answer.json["type"], answer.json["title"]) == (
        "urn:liaison:problem:invalid-submission",
        "The submission cannot be used",
    )
    assert {error["message"] for error in answer.json.get("errors", ())} <= {"This could not be used."}


def test_a_stranger_who_asks_meanwhile_hears_the_fields_to_blame(function, sandbox):
    """He waits for the first one's end, and hears as much of it, though none of its words."""
    fixed = {"definition": 18, "source": {"company": {"name": "{company}"}}, "destination": {"company": {"id": 4}}}
    client = function({"open": {"verify": "none", "relation": fixed}})
    sandbox.fault(delay=0.3)
    with ThreadPoolExecutor(2) as threads:
        first, again = threads.map(lambda _: client.post("/hooks/open", json={"company": "Nobody Ltd"}), range(2))

    assert first.status_code == 422
    assert first.json == again.json
    assert [error["field"] for error in again.json["errors"]] == ["company"]
