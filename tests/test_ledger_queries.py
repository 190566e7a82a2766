"""What the ledger tells of many submissions: due, listed, counted, emptied; and many at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from services.finding import gone_hooks
from services.hooks import Hooks
from services.ledger.contract import LEASE, Arrival, Entry, Refusal, Wanted
from tests.ledgers import BOTH, DOWN, ELSEWHERE, HERE, NOW, REFUSED, bring, created, opened

DAY = 86400


@pytest.fixture(params=BOTH)
def ledger(request, tmp_path):
    """Give an empty ledger, one of each kind in turn."""
    with opened(request.param, tmp_path) as ledger:
        yield ledger


def due(ledger, now, limit=100):
    """Return the ids of what is due."""
    return [one.id for one in ledger.store.due(HERE, now, limit)]


def test_the_oldest_due_comes_first(ledger):
    """In the order of arrival, however long each was postponed."""
    first, second = bring(ledger, "id-1"), bring(ledger, "id-2", NOW + 1)
    ledger.postpone(first.claim, NOW + 60, DOWN)
    ledger.postpone(second.claim, NOW + 30, DOWN)

    assert due(ledger, NOW + 29) == []
    assert due(ledger, NOW + 30) == [second.delivery.id]
    assert due(ledger, NOW + 60) == [first.delivery.id, second.delivery.id]
    assert due(ledger, NOW + 60, limit=1) == [first.delivery.id]


def test_what_nobody_came_back_for_is_due(ledger):
    """A process that died leaves nothing but a lease that ends."""
    told = bring(ledger)

    assert due(ledger, NOW + LEASE - 1) == []
    assert due(ledger, NOW + LEASE) == [told.delivery.id]


def test_a_worker_that_died_leaves_it_due_at_the_end_of_its_lease(ledger):
    """Not before, or a second one would be sent after it in vain."""
    told = bring(ledger, claim=False)
    ledger.extend(ledger.claim(HERE, told.delivery.id, NOW), NOW + 20)

    assert due(ledger, NOW + 20 + LEASE - 1) == []
    assert due(ledger, NOW + 20 + LEASE) == [told.delivery.id]


def test_what_is_done_or_an_operators_is_never_due(ledger):
    """Nor is what belongs to another tenant."""
    created(ledger, "id-1")
    ledger.park(bring(ledger, "id-2").claim, "dead", DOWN)
    bring(ledger, "id-3", status="held")
    bring(ledger, "id-4", environment=ELSEWHERE, claim=False)

    assert due(ledger, NOW + 100 * DAY) == []


def test_what_is_opened_for_others_is_due_when_it_is_said_to_be(ledger):
    """At once, or when the queue is expected to have been there."""
    now, later = bring(ledger, "id-1", claim=False), bring(ledger, "id-2", claim=False, due_at=NOW + 60)

    assert due(ledger, NOW) == [now.delivery.id]
    assert due(ledger, NOW + 60) == [now.delivery.id, later.delivery.id]


@pytest.fixture
def four(ledger):
    """Fill the ledger with a created, a rejected, a dead and a queued one, newest last."""
    rows = [created(ledger, "Zap-1")]
    rows += [ledger.park(bring(ledger, "id-2", NOW + 1, hook="other").claim, "rejected", REFUSED)]
    rows += [ledger.park(bring(ledger, "id-3", NOW + 2).claim, "dead", DOWN)]
    rows += [bring(ledger, "id-4", NOW + 3).delivery]
    bring(ledger, "id-5", NOW + 4, environment=ELSEWHERE)
    return [row.id for row in rows]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(), [3, 2, 1, 0]),
        (Wanted(("created",)), [0]),
        (Wanted(("rejected", "dead")), [2, 1]),
        (Wanted(("created", "queued")), [3, 0]),
        (Wanted(hook="form"), [3, 2, 0]),
        (Wanted(("dead", "rejected"), "form"), [2]),
        (Wanted(since=NOW + 1, until=NOW + 3), [2, 1]),
        (Wanted(hook="form", since=NOW + 3), [3]),
        (Wanted(("dead",), since=NOW + 3), []),
        (Wanted(search="zap"), [0]),
        (Wanted(search="SUPEROFFICE-UNAVAIL"), [2]),
        (Wanted(search="Lovelace"), []),
        (Wanted(hook="%"), []),
        (Wanted(search="%"), []),
    ],
)
def test_lists_what_is_wanted(ledger, four, wanted, found):
    """Newest first; a search looks at ids, keys, hooks and reasons, never at what people typed."""
    assert [row.id for row in ledger.store.find(HERE, wanted, 10)] == [four[place] for place in found]


def test_lists_no_more_than_asked(ledger, four):
    """The newest ones."""
    assert [row.id for row in ledger.store.find(HERE, Wanted(), 2)] == [four[3], four[2]]


def test_counts_what_is_not_done(ledger, four):
    """How many, since when the oldest waits, and since when something is due."""
    backlog = ledger.store.backlog(HERE)

    assert backlog.counts == {"rejected": 1, "dead": 1, "queued": 1}
    assert (backlog.waiting_since, backlog.due_since) == (NOW + 3, NOW + 3 + LEASE)
    assert ledger.store.backlog("nowhere").counts == {}


def test_tells_of_a_hook(ledger, four):
    """What was last accepted and last refused, and how many wait: what an operator asks first."""
    ledger.door.refuse(HERE, Refusal(NOW, "form", 401, "not-proven", 12))
    state = ledger.hook_state(HERE, "form")

    assert (state.accepted.id, state.refused.id, state.waiting) == (four[3], four[2], 1)
    assert state.refusals == (Refusal(NOW, "form", 401, "not-proven", 12),)


def test_tells_of_hooks_that_have_gone(ledger):
    """As long as something waits for them; what was refused does not."""
    bring(ledger, "id-1", hook="here", claim=False)
    for key in ("id-2", "id-3"):
        ledger.postpone(bring(ledger, key, hook="gone").claim, NOW, DOWN, status="misconfigured")
    bring(ledger, "id-4", hook="held", status="held")
    ledger.park(bring(ledger, "id-5", hook="refused").claim, "rejected", REFUSED)
    bring(ledger, "id-6", hook="elsewhere", claim=False, environment=ELSEWHERE)
    told = gone_hooks(ledger, HERE, Hooks({"here": "a mistake"}))

    assert list(told) == ["gone", "held"]
    assert "2 deliveries wait for it" in told["gone"]


def test_a_hook_that_was_never_called_says_so(ledger):
    """Nothing ever came."""
    state = ledger.hook_state(HERE, "form")

    assert (state.accepted, state.refused, state.waiting, state.refusals) == (None, None, 0, ())


RELATION = {"RelationId": 888, "SourceContactId": 686, "SourceContactName": "Acme AS", "Rights": {"Edit": "Full"}}
ANSWER = {"status": "created", "delivery": "01J", "relation": RELATION, "warnings": ["Ada was cut"]}


def test_empties_what_was_delivered(ledger):
    """After RETAIN_DAYS nothing is left that a person typed; ids and the outcome stay, and the key is known."""
    row = ledger.settle(bring(ledger, body=b"Ada").claim, "created", ANSWER, NOW)

    assert (ledger.purge(NOW + 30 * DAY - 1), ledger.purge(NOW + 30 * DAY)) == (0, 1)
    emptied = bring(ledger, "id-1", NOW + 31 * DAY).delivery
    assert emptied.answer == {
        "status": "created",
        "delivery": "01J",
        "relation": {"RelationId": 888, "SourceContactId": 686},
    }
    assert (emptied.content, ledger.store.content(row.content)) == (None, None)
    assert ledger.purge(NOW + 99 * DAY) == 0


@pytest.mark.parametrize("status", ["rejected", "dead", "dismissed"])
def test_empties_what_was_refused(ledger, status):
    """After RETAIN_REFUSED_DAYS: until then an operator may mend it."""
    row = ledger.park(bring(ledger).claim, "dead" if status == "dismissed" else status, REFUSED)
    ledger.dismiss(HERE, row.id, "Ada called.", NOW) if status == "dismissed" else None

    assert (ledger.purge(NOW + 90 * DAY - 1), ledger.purge(NOW + 90 * DAY)) == (0, 1)
    emptied = ledger.get(HERE, row.id)
    assert {trouble.words for trouble in emptied.troubles} == {""}
    assert (emptied.status, emptied.reason) == (status, "dismissed" if status == "dismissed" else REFUSED.reason)


def test_empties_nothing_that_may_still_be_sent(ledger):
    """What waits or is held has no end to its time; nor has a settled one that was replayed."""
    bring(ledger, "id-1", claim=False)
    bring(ledger, "id-2", status="held")
    ledger.replay(HERE, created(ledger, "id-3").id, NOW + 1)

    assert ledger.purge(NOW + 1000 * DAY) == 0


def test_empties_other_tenants_too(ledger):
    """People's data goes, whichever tenant Liaison is for by now."""
    told = bring(ledger, environment=ELSEWHERE)
    ledger.settle(told.claim, "created", {}, NOW)

    assert ledger.purge(NOW + 30 * DAY) == 1


def test_an_arrays_content_goes_with_its_last_item(ledger):
    """A rejected item may still be replayed when the others were emptied."""
    entries = [Entry(f"id-1/{number}", "", item=number) for number in range(3)]
    told = ledger.open(HERE, Arrival("form", b"[0,1,2]"), entries, NOW)
    for one in told[:2]:
        ledger.settle(one.claim, "created", {}, NOW)
    ledger.park(told[2].claim, "rejected", REFUSED)

    assert ledger.purge(NOW + 30 * DAY) == 2
    assert ledger.store.content(told[0].delivery.content).body == b"[0,1,2]"
    assert ledger.purge(NOW + 90 * DAY) == 1
    assert ledger.store.content(told[0].delivery.content) is None


def test_empties_as_many_as_asked(ledger):
    """A sweep has a time budget."""
    for number in range(5):
        ledger.settle(bring(ledger, f"id-{number}").claim, "created", {}, NOW)

    assert [ledger.purge(NOW + 30 * DAY, limit=3) for _ in range(3)] == [3, 2, 0]


def test_fifty_claims_of_one_delivery_are_one(ledger):
    """In whatever thread they come."""
    delivery = bring(ledger, claim=False).delivery
    with ThreadPoolExecutor(16) as pool:
        claims = list(pool.map(lambda _: ledger.claim(HERE, delivery.id, NOW), range(50)))

    assert sum(claim is not None for claim in claims) == 1


def test_fifty_arrivals_of_one_key_are_one(ledger):
    """A sender that retries does not wait for its first try to end."""
    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(lambda _: bring(ledger, "id-1"), range(50)))

    assert sorted(one.how for one in told) == ["known"] * 49 + ["new"]
    assert len({one.delivery.id for one in told}) == 1


def test_fifty_submissions_about_one_pair_hold_it_one_after_the_other(ledger):
    """The pair's lock is one, and each that gets it sees what the one before has left."""
    claims = [bring(ledger, f"id-{number}").claim for number in range(50)]
    inside = []

    def save(claim):
        while (held := ledger.hold_pair(claim, "pair", NOW, wanted={})) is None:
            pass
        inside.append(held.is_superseded or (held.is_marked and held.in_doubt_elsewhere is None))
        ledger.settle(held, "superseded" if held.is_superseded else "created", {}, NOW)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(save, claims))
    assert inside == [True] * 50
    assert ledger.store.pairs(HERE, ["pair"])["pair"].saved == claims[-1].delivery.arrival
