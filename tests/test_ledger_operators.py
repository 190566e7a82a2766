"""What an operator may do: replay a delivery from what came, and dismiss it."""

from __future__ import annotations

import pytest

from services.ledger.contract import LEASE, ContentGone, LeaseLost, UnderWay
from services.ledger.transitions import earlier_of, with_earlier
from tests.ledgers import BOTH, DOWN, HERE, NOW, REFUSED, bring, created, opened

PAIR = "686|4|12"


@pytest.fixture(params=BOTH)
def ledger(request, tmp_path):
    """Give an empty ledger, one of each kind in turn."""
    with opened(request.param, tmp_path) as ledger:
        yield ledger


@pytest.mark.parametrize("status", ["rejected", "dead", "held", "created", "dismissed"])
def test_a_replay_is_due_at_once(ledger, status):
    """From what came, with its days before it; no duplicate check swallows it."""
    told = bring(ledger, body=b"one")
    if status == "created":
        ledger.settle(told.claim, status, {}, NOW)
    else:
        ledger.park(told.claim, "dead" if status == "dismissed" else status, REFUSED)
        ledger.dismiss(HERE, told.delivery.id, "", NOW) if status == "dismissed" else None
    replayed = ledger.replay(HERE, told.delivery.id, NOW + 99, {"source-company": 686})

    assert (replayed.status, replayed.due_at, replayed.tries) == ("queued", NOW + 99, 0)
    assert (replayed.decision, replayed.retrying_since) == ({"source-company": 686}, NOW + 99)
    assert ledger.claim(HERE, replayed.id, NOW + 99)
    assert ledger.store.content(replayed.content).body == b"one"


def test_a_replay_does_not_forget_what_was_saved(ledger):
    """The relation stays in SuperOffice, whatever comes of the replay, and after what was typed is forgotten."""
    first = created(ledger, "id-1")
    ledger.replay(HERE, first.id, NOW)
    claim = ledger.claim(HERE, first.id, NOW)
    assert earlier_of(claim.delivery) == [888]
    told = with_earlier({"status": 422, "detail": "Ada Lovelace is not known here."}, claim.delivery)
    ledger.park(claim, "rejected", REFUSED, answer=told)
    ledger.purge(1e10)

    assert ledger.get(HERE, first.id).answer == {"status": 422, "earlier_relations": [888]}


def test_a_decision_stays_until_another_content_comes(ledger):
    """It was made about what came then."""
    delivery = ledger.park(bring(ledger, body=b"one").claim, "rejected", REFUSED)
    ledger.replay(HERE, delivery.id, NOW, {"source-company": 686})
    ledger.park(ledger.claim(HERE, delivery.id, NOW), "rejected", REFUSED)

    assert ledger.replay(HERE, delivery.id, NOW).decision == {"source-company": 686}
    ledger.park(ledger.claim(HERE, delivery.id, NOW), "rejected", REFUSED)
    again = bring(ledger, body=b"one")
    assert again.delivery.decision == {"source-company": 686}
    ledger.park(again.claim, "rejected", REFUSED)
    assert bring(ledger, body=b"two").delivery.decision is None


@pytest.mark.parametrize("wish", ["replay", "dismiss"])
def test_an_operator_waits_for_what_is_under_way(ledger, wish):
    """Else the worker would settle what was taken from it."""
    told = bring(ledger)
    ask = {
        "replay": lambda now: ledger.replay(HERE, told.delivery.id, now),
        "dismiss": lambda now: ledger.dismiss(HERE, told.delivery.id, "", now),
    }[wish]

    with pytest.raises(UnderWay):
        ask(NOW + 1)
    ask(NOW + LEASE)
    with pytest.raises(LeaseLost):
        ledger.settle(told.claim, "created", {}, NOW + LEASE)


def test_what_was_accepted_is_not_dismissed(ledger):
    """It is in SuperOffice, and the ledger goes on saying so."""
    delivery = created(ledger, "id-1")

    assert ledger.dismiss(HERE, delivery.id, "", NOW).status == "created"


def test_what_was_emptied_is_not_replayed(ledger):
    """There is nothing left to send."""
    delivery = ledger.park(bring(ledger).claim, "dead", DOWN)
    ledger.purge(NOW + 91 * 86400)

    with pytest.raises(ContentGone):
        ledger.replay(HERE, delivery.id, NOW + 91 * 86400)
