"""SuperOffice's own webhooks: what we changed ourselves comes back, and is left alone."""

from __future__ import annotations

import pytest

from tests.examples import KEY

HOOK = {
    "mirror": {
        "verify": {"header": "X-Api-Key", "secret": "example-key"},
        "unpack": {"changed_by": "ChangedByAssociateId"},
        "relation": {
            "definition": 18,
            "source": {"company": {"id": "{primary_key}"}},
            "destination": {"company": {"id": 4}},
        },
    }
}


def own_associate(sandbox, client):
    """Let the function save something, and see under whose name it stands."""
    post(client, ChangedByAssociateId=999)
    return next(iter(sandbox.relations.values()))["CreatedBy"]["AssociateId"]


def post(client, **fields):
    """Send what SuperOffice would."""
    return client.post("/hooks/mirror", json={"PrimaryKey": 686, **fields}, headers={"X-Api-Key": KEY}).json["status"]


@pytest.mark.parametrize("spelled", [int, str])
def test_our_own_change_is_ignored(function, sandbox, spelled):
    """Acting on it would never end."""
    client = function(HOOK)
    ours = own_associate(sandbox, client)

    assert post(client, ChangedByAssociateId=spelled(ours)) == "ignored"
    assert len(sandbox.relations) == 1


def test_who_we_are_is_asked_for_once(function, sandbox):
    """The login's associate stays what it is."""
    client = function(HOOK)
    for _ in range(3):
        post(client, ChangedByAssociateId=999)

    assert sum("currentPrincipal" in call["path"] for call in sandbox.calls) == 1


def test_an_event_that_does_not_say_who_is_not_ignored(function):
    """Only what is known to be ours is left alone."""
    assert post(function(HOOK)) == "created"
