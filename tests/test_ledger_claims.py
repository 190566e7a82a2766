"""What the ledger promises to who works on a delivery: alone, on its pair too, and the next one sees how far it got."""

from __future__ import annotations

import pytest

from services.ledger.contract import LEASE, LeaseLost
from tests.ledgers import BOTH, DOWN, ELSEWHERE, HERE, NOW, REFUSED, bring, created, opened, saving

PAIR = "686|4|12"


@pytest.fixture(params=BOTH)
def ledger(request, tmp_path):
    """Give an empty ledger, one of each kind in turn."""
    with opened(request.param, tmp_path) as ledger:
        yield ledger


def test_one_at_a_time_works_on_a_delivery(ledger):
    """Until its lease ends nobody else has it; then anybody may."""
    told = bring(ledger)

    assert ledger.claim(HERE, told.delivery.id, NOW + LEASE - 1, early=True) is None
    assert ledger.claim(HERE, told.delivery.id, NOW + LEASE).delivery.id == told.delivery.id
    assert ledger.claim(HERE, told.delivery.id, NOW + LEASE) is None


def test_a_delivery_is_taken_when_it_is_due(ledger):
    """Or before, by who was told to: a queue has its own clock."""
    delivery = ledger.postpone(bring(ledger).claim, NOW + 30, DOWN)

    assert ledger.claim(HERE, delivery.id, NOW + 29) is None
    assert ledger.claim(HERE, delivery.id, NOW + 29, early=True)


def test_a_delivery_is_its_environments(ledger):
    """Neither told of nor taken for another tenant."""
    delivery = bring(ledger, claim=False).delivery

    assert ledger.get(ELSEWHERE, delivery.id) is None
    assert ledger.claim(ELSEWHERE, delivery.id, NOW) is None
    assert ledger.replay(ELSEWHERE, delivery.id, NOW) is None
    assert ledger.dismiss(ELSEWHERE, delivery.id, "", NOW) is None


@pytest.mark.parametrize("status", ["held", "rejected", "created"])
def test_only_what_waits_is_taken(ledger, status):
    """The rest is done, or an operator's."""
    told = bring(ledger)
    ledger.settle(told.claim, status, {}, NOW) if status == "created" else ledger.park(told.claim, status, REFUSED)

    assert ledger.claim(HERE, told.delivery.id, NOW + LEASE, early=True) is None


WRITES = {
    "extend": lambda ledger, claim: ledger.extend(claim, NOW),
    "hold_pair": lambda ledger, claim: ledger.hold_pair(claim, "another", NOW),
    "mark": lambda ledger, claim: ledger.mark(claim, {}, NOW),
    "settle": lambda ledger, claim: ledger.settle(claim, "created", {}, NOW),
    "postpone": lambda ledger, claim: ledger.postpone(claim, NOW, DOWN),
    "park": lambda ledger, claim: ledger.park(claim, "dead", DOWN),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_lost_lease_is_found_out(ledger, write):
    """Whoever comes back too late changes nothing."""
    late = ledger.hold_pair(bring(ledger).claim, PAIR, NOW)
    taken = ledger.claim(HERE, late.delivery.id, NOW + LEASE)

    with pytest.raises(LeaseLost):
        write(ledger, late)
    assert ledger.get(HERE, late.delivery.id) == taken.delivery


def test_a_lease_that_ended_unnoticed_is_still_held(ledger):
    """As long as nobody else has come, the work is not lost."""
    claim = saving(ledger, "id-1")

    assert ledger.settle(claim, "created", {}, NOW + 10 * LEASE).status == "created"


def test_a_lease_is_extended(ledger):
    """A long look-up does not cost the delivery; the pair's lease goes with it."""
    claim = ledger.extend(saving(ledger, "id-1"), NOW + 30)

    assert claim.until == claim.pair.leased_until == NOW + 30 + LEASE
    assert ledger.claim(HERE, claim.delivery.id, NOW + LEASE) is None


def test_one_at_a_time_works_on_a_pair(ledger):
    """So two submissions about it never create at once."""
    first, second = saving(ledger, "id-1"), bring(ledger, "id-2").claim

    assert ledger.hold_pair(second, PAIR, NOW) is None
    ledger.settle(first, "created", {}, NOW)
    assert ledger.hold_pair(second, PAIR, NOW).pair.name == PAIR


def test_a_pair_is_free_when_its_lease_ended(ledger):
    """Who held it may have died; if not, it finds out before its next save."""
    late, second = ledger.hold_pair(bring(ledger, "id-1").claim, PAIR, NOW), bring(ledger, "id-2", NOW + 30).claim

    assert ledger.hold_pair(second, PAIR, NOW + LEASE)
    with pytest.raises(LeaseLost):
        ledger.mark(late, {}, NOW + LEASE)
    assert ledger.settle(late, "created", {}, NOW + LEASE).status == "created"


def test_a_lost_pair_is_not_extended(ledger):
    """Its lease is somebody else's by now, and would end too late."""
    late, second = ledger.hold_pair(bring(ledger, "id-1").claim, PAIR, NOW), bring(ledger, "id-2", NOW + 30).claim
    held = ledger.hold_pair(second, PAIR, NOW + LEASE)

    with pytest.raises(LeaseLost):
        ledger.extend(late, NOW + LEASE + 1)
    assert ledger.store.pairs(HERE, [PAIR])[PAIR] == held.pair


def test_another_pair_frees_the_first(ledger):
    """Today's hooks.yaml may lead to another pair than yesterday's."""
    claim = ledger.hold_pair(bring(ledger, "id-1").claim, "before", NOW)
    ledger.hold_pair(claim, "after", NOW)

    assert ledger.hold_pair(bring(ledger, "id-2").claim, "before", NOW)


def test_the_mark_is_there_for_the_next_worker(ledger):
    """What was to be saved, when, and about which pair: on disk before the save goes out."""
    lost = saving(ledger, "id-1")
    found = ledger.claim(HERE, lost.delivery.id, NOW + LEASE).delivery

    assert (found.doubt.at, found.doubt.pair, found.doubt.wanted) == (NOW, PAIR, {"Comment": "Signed up"})
    assert found.saves == 1


def test_a_mark_needs_the_pair(ledger):
    """Without it another submission could save at the same moment."""
    with pytest.raises(LeaseLost):
        ledger.mark(bring(ledger).claim, {}, NOW)


@pytest.mark.parametrize(("not_done", "marked"), [(False, True), (True, False)])
def test_a_postponed_save_stays_in_doubt_unless_it_was_not_done(ledger, not_done, marked):
    """503 says that nothing was done; a dropped line says nothing."""
    delivery = ledger.postpone(saving(ledger, "id-1"), NOW + 30, DOWN, not_done=not_done)
    other = ledger.hold_pair(bring(ledger, "id-2", NOW + 1).claim, PAIR, NOW + 1, wanted={})

    assert (delivery.doubt is not None) == marked
    assert other.in_doubt_elsewhere == (delivery.id if marked else None)
    assert other.is_marked != marked


@pytest.mark.parametrize("end", ["settle", "park", "dismiss"])
def test_a_pair_is_not_in_doubt_for_ever(ledger, end):
    """An operator may take long to come: others wait only until SuperOffice must have done it, if it ever does."""
    delivery = ledger.postpone(saving(ledger, "id-1"), NOW + 30, DOWN)
    claim = ledger.claim(HERE, delivery.id, NOW + 30)
    if end == "dismiss":
        ledger.dismiss(HERE, delivery.id, "", NOW + 30 + LEASE)
    else:
        ledger.settle(claim, "ignored", {}, NOW) if end == "settle" else ledger.park(claim, "dead", DOWN)

    pair = ledger.store.pairs(HERE, [PAIR])[PAIR]
    assert (pair.at(NOW + LEASE - 1).in_doubt is None) == (end == "settle")
    assert pair.at(NOW + LEASE).in_doubt is None
    assert (ledger.get(HERE, delivery.id).doubt is None) == (end == "settle")


@pytest.mark.parametrize(("status", "superseded"), [("created", True), ("unchanged", True), ("ignored", False)])
def test_an_older_submission_is_superseded(ledger, status, superseded):
    """Once a newer one about the pair was saved, the older one must not undo it."""
    older = bring(ledger, "id-1").claim
    newer = ledger.hold_pair(bring(ledger, "id-2", NOW + 1).claim, PAIR, NOW + 1)
    ledger.settle(newer, status, {}, NOW + 1)
    held = ledger.hold_pair(older, PAIR, NOW + 2, wanted={})

    assert (held.is_superseded, held.is_marked) == (superseded, not superseded)


def test_a_replay_does_not_supersede_itself(ledger):
    """It may be sent again as long as it is the newest."""
    delivery = created(ledger, "id-1")
    ledger.replay(HERE, delivery.id, NOW + 1)
    held = ledger.hold_pair(ledger.claim(HERE, delivery.id, NOW + 1), PAIR, NOW + 1, wanted={})

    assert (held.is_superseded, held.is_marked, held.delivery.saves) == (False, True, 2)


def test_the_order_holds_when_the_clock_is_put_back(ledger):
    """What came later is later, whatever the time says."""
    first, second = bring(ledger, "id-1", NOW), bring(ledger, "id-2", NOW - 3600)

    assert second.delivery.arrival > first.delivery.arrival


def test_a_failed_try_is_remembered(ledger):
    """When, why, and in which words; being given back without a reason is no try."""
    delivery = ledger.postpone(bring(ledger).claim, NOW + 30, DOWN)
    delivery = ledger.postpone(ledger.claim(HERE, delivery.id, NOW + 30), NOW + 31, None)

    assert (delivery.troubles, delivery.tries, delivery.reason) == ((DOWN,), 1, DOWN.reason)
    assert (delivery.due_at, delivery.owner) == (NOW + 31, None)


def test_the_history_has_an_end(ledger):
    """A week of tries keeps its first and its latest."""
    delivery = ledger.postpone(bring(ledger).claim, NOW, REFUSED)
    for _ in range(30):
        delivery = ledger.postpone(ledger.claim(HERE, delivery.id, NOW), NOW, DOWN)

    assert (len(delivery.troubles), delivery.tries) == (20, 31)
    assert delivery.troubles[:2] == (REFUSED, DOWN)
