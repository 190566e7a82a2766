"""A save whose answer was lost: what it holds up, for how long, and what comes of it when something else is wanted."""

from __future__ import annotations

import sys
import time

import pytest

from services.ledger.contract import LEASE
from services.redelivery import sweep
from tests.examples import HOOKS, KEY, PARTNERS

SAVE = "SaveContactRelation"
SEARCH = "GetArchiveListByColumns"
OTHER = {**PARTNERS, "SourceContactId": 11}


@pytest.fixture
def post(function):
    """Return a sender to two hooks: one that updates, and one that strangers may post to."""
    hooks = {"example": {**HOOKS["example"], "existing": "update"}, "open": {"verify": "none", "repeat_within": 0}}
    client = function(hooks, RETRY_DAYS="0", RETRY_DELAY="1")

    def send(payload, key=None, hook="example"):
        headers = {"X-Api-Key": KEY, **({"Idempotency-Key": key} if key else {})}
        return client.post(f"/hooks/{hook}", json=payload, headers=headers)

    return send


def test_a_dead_one_in_doubt_keeps_its_pair_for_a_minute(post, sandbox, ledger):
    """Its save may still be on its way, so nobody else creates there yet."""
    sandbox.fault(path=SAVE, drop="before")
    post(PARTNERS)
    assert ledger.all()[0].status == "dead"

    post({**PARTNERS, "Comment": "Another"})
    assert sandbox.counts[SAVE] == 1


@pytest.mark.parametrize("existing", ["update", "keep", "add"])
def test_one_that_is_not_found_is_made_again_after_a_minute(function, sandbox, ledger, existing):
    """SuperOffice may still be at it: until then it is looked for, and not saved."""
    client = function({"example": {**HOOKS["example"], "existing": existing}}, RETRY_DELAY="0")
    sandbox.fault(path=SAVE, drop="before")
    client.post("/hooks/example", json=PARTNERS, headers={"X-Api-Key": KEY})
    services, looks = sys.modules["main"].services(), sandbox.counts[SEARCH]
    for later, saves in ((LEASE / 2 + 1, 1), (LEASE - 2, 1), (LEASE + 2, 2)):
        sweep(services._replace(clock=lambda later=later: time.time() + later))
        assert sandbox.counts[SAVE] == saves

    assert sandbox.counts[SEARCH] - looks >= 2
    assert [row.status for row in ledger.all()] == ["created"]


@pytest.mark.parametrize("existing", ["update", "keep", "add"])
def test_one_that_was_done_is_found_though_it_was_looked_for_before(function, sandbox, ledger, existing):
    """NetServer remembers for a minute what a look-up found; the look after a save must not be that answer."""
    client = function({"example": {**HOOKS["example"], "existing": existing}}, RETRY_DELAY="0")
    sandbox.set_archive_cache(3600)
    sandbox.fault(path=SAVE, drop="after")
    client.post("/hooks/example", json=PARTNERS, headers={"X-Api-Key": KEY})
    services = sys.modules["main"].services()
    sweep(services._replace(clock=lambda: time.time() + LEASE / 2 + 1))

    assert [row.status for row in ledger.all()] == ["created"]
    assert (sandbox.counts[SAVE], len(sandbox.relations)) == (1, 1)


def test_what_comes_anew_about_others_is_saved_too(post, sandbox, ledger):
    """The first save was done after all, and the second is another relation."""
    sandbox.fault(path=SAVE, drop="after")
    post(PARTNERS, key="k-1")
    answer = post(OTHER, key="k-1").json

    assert (answer["status"], answer["relation"]["SourceContactId"]) == ("created", 11)
    assert sandbox.counts["created"] == 2
    [earlier] = answer["earlier_relations"]
    assert sandbox.relations[earlier]["SourceContactId"] == PARTNERS["SourceContactId"]
    assert f"Relation {earlier}, which this was saved as before, is still in SuperOffice" in answer["warnings"][0]


def test_what_was_done_for_others_is_not_forgotten_by_another_doubt(post, sandbox, ledger):
    """That it was done is on disk before the next save goes out, and no sender hears of it with a refusal."""
    sandbox.fault(path=SAVE, drop="after")
    post(PARTNERS, key="k-1")
    sandbox.fault(path=SAVE, status=500)
    assert post(OTHER, key="k-1").status_code == 422
    refused = post({**OTHER, "SourceContactId": "Acme"}, key="k-1").json
    assert "earlier_relations" not in refused
    assert "earlier_relations" not in post({**OTHER, "SourceContactId": "Acme"}, key="k-1").json
    [delivery] = ledger.all()

    [earlier] = delivery.answer["earlier_relations"]
    assert sandbox.relations[earlier]["SourceContactId"] == PARTNERS["SourceContactId"]


def test_a_stranger_who_may_only_create_changes_nothing(post, sandbox):
    """What is there stays as it is."""
    post(PARTNERS)
    answer = post({**PARTNERS, "Comment": "by a stranger"}, hook="open").json

    assert answer["status"] == "unchanged"
    assert {relation["Comment"] for relation in sandbox.relations.values()} == {"Since 2019"}


def test_an_older_update_by_id_does_not_undo_a_newer_one_by_its_parties(function, sandbox, ledger):
    """One relation has two names: its id, and its two parties."""
    client = function({"example": {**HOOKS["example"], "existing": "update"}}, RETRY_DELAY="0")
    send = lambda payload: client.post("/hooks/example", json=payload, headers={"X-Api-Key": KEY}).json  # noqa: E731
    relation = send(PARTNERS)["relation"]["RelationId"]
    sandbox.fault(path="/Relation/", status=503, times=1)
    older = send({"RelationId": relation, "Comment": "old"})
    assert send({**PARTNERS, "Comment": "new"})["status"] == "updated"

    ledger.ledger.replay(ledger.environment, older["delivery"], time.time())
    function({"example": HOOKS["example"]}, target="redeliver").post("/")
    assert sandbox.relations[relation]["Comment"] == "new"
    assert ledger.ledger.get(ledger.environment, older["delivery"]).status == "superseded"


def test_one_whose_hook_has_gone_keeps_its_pair_for_a_minute(function, sandbox, ledger):
    """Nobody can look into its save any more, so others wait only until SuperOffice must have done it, if ever."""
    both = {name: {**HOOKS["example"], "existing": "update"} for name in ("example", "gone")}
    sandbox.fault(path=SAVE, drop="before")
    post = function(both, RETRY_DELAY="0").post
    lost = post("/hooks/gone", json=PARTNERS, headers={"X-Api-Key": KEY}).json
    waiting = post("/hooks/example", json={**PARTNERS, "Comment": "Another"}, headers={"X-Api-Key": KEY})
    function({"example": both["example"]}, target="redeliver", RETRY_DELAY="0").post("/")
    services = sys.modules["main"].services()
    for later, status in ((LEASE / 2 + 1, "queued"), (LEASE + 1, "created")):
        sweep(services._replace(clock=lambda later=later: time.time() + later))
        assert ledger.ledger.get(ledger.environment, lost["delivery"]).status == "misconfigured"
        assert ledger.delivery(waiting).status == status
    assert sandbox.counts["created"] == 1
