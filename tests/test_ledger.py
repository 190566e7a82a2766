"""What the ledger promises about what comes: written down as it came, and what a repeat of it is."""

from __future__ import annotations

import pytest

from services.ledger.contract import LEASE, Arrival, Entry
from tests.ledgers import BOTH, DOWN, ELSEWHERE, HERE, NOW, REFUSED, bring, created, opened

PAIR = "686|4|12"


@pytest.fixture(params=BOTH)
def ledger(request, tmp_path):
    """Give an empty ledger, one of each kind in turn."""
    with opened(request.param, tmp_path) as ledger:
        yield ledger


def test_keeps_a_request_as_it_came(ledger):
    """Body, content type, headers and query can be read again, byte for byte."""
    told = bring(ledger, body=b'\xff\x00{"a": 1}')
    content = ledger.store.content(told.delivery.content)

    assert (content.body, content.content_type) == (b'\xff\x00{"a": 1}', "application/json")
    assert (content.headers, content.query) == ({"X-Form": "7"}, "a=1")


@pytest.mark.parametrize("size", [0, 700_000, 700_001, 1_600_001, 8 * 1024 * 1024])
def test_keeps_a_body_of_any_size(ledger, size):
    """A hook takes up to 8 MiB."""
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    told = bring(ledger, body=body)

    assert ledger.store.content(told.delivery.content).body == body


def test_a_known_key_opens_nothing(ledger):
    """Where the first was accepted, its own row comes back, and nobody may work on it anew."""
    first = created(ledger, "id-1")
    again = bring(ledger, "id-1", NOW + 5)

    assert (again.how, again.claim, again.delivery) == ("known", None, first)


def test_a_known_key_with_another_content_is_told(ledger):
    """The sender says it is the same, and it is not."""
    created(ledger, "id-1", body=b"one")

    assert bring(ledger, "id-1", body=b"two").other_content
    assert not bring(ledger, "id-1", body=b"one").other_content


@pytest.mark.parametrize("differs", [{"hook": "another"}, {"environment": ELSEWHERE}, {"key": "id-2"}, {"key": None}])
def test_a_key_is_the_hooks_own(ledger, differs):
    """The same id at another hook, or for another tenant, is another submission; so is one without."""
    bring(ledger, "id-1")

    assert bring(ledger, **{"key": "id-1", **differs}).how == "new"


@pytest.mark.parametrize("key", ["x" * 5000, "\ud800", "a\x00b", "Æ/..", "__x__"])
def test_any_text_is_a_key(ledger, key):
    """Senders choose their ids; no store may stumble over one."""
    assert [bring(ledger, key).how, bring(ledger, key).how] == ["new", "known"]


def test_a_content_counts_as_a_repeat_for_its_time(ledger):
    """A hash says little: after its time the same content is a new submission."""
    created(ledger, "hash", seconds=900)

    assert bring(ledger, "hash", NOW + 899, seconds=900).how == "known"
    assert bring(ledger, "hash", NOW + 900, seconds=900).how == "new"
    assert bring(ledger, "hash", NOW + 901, seconds=900).how == "known"


def test_a_newer_submission_about_the_pair_ends_that_time(ledger):
    """A, then B, then A again within minutes: the last one is a wish of its own."""
    created(ledger, "a", seconds=900)
    created(ledger, "b", NOW + 1, seconds=900)

    assert bring(ledger, "a", NOW + 2, seconds=900).how == "new"
    assert bring(ledger, "b", NOW + 3, seconds=900).how == "known"


def test_what_is_queued_about_the_pair_ends_it_too(ledger):
    """B was accepted: its sender was told so."""
    created(ledger, "a", seconds=900)
    claim = ledger.hold_pair(bring(ledger, "b", NOW + 1).claim, PAIR, NOW + 1)
    ledger.postpone(claim, NOW + 30, DOWN)

    assert bring(ledger, "a", NOW + 2, seconds=900).how == "new"


@pytest.mark.parametrize("seconds", [None, 900])
@pytest.mark.parametrize("status", ["rejected", "dead", "misconfigured"])
def test_a_refused_one_is_tried_anew_on_its_row(ledger, status, seconds):
    """With what came now: the sender may have mended it."""
    claim = bring(ledger, "id-1", body=b"one", seconds=seconds).claim
    refused = (
        ledger.postpone(claim, NOW + 60, REFUSED, status=status)
        if status == "misconfigured"
        else ledger.park(claim, status, REFUSED)
    )
    again = bring(ledger, "id-1", NOW + 5, body=b"two", seconds=seconds)

    assert (again.how, again.delivery.id, again.claim.delivery.status) == ("again", refused.id, "queued")
    assert again.delivery.arrival > refused.arrival
    assert ledger.store.content(again.delivery.content).body == b"two"
    assert ledger.store.content(refused.content) is None


@pytest.mark.parametrize("status", ["held", "dismissed", "ignored", "superseded"])
def test_others_are_not_tried_anew(ledger, status):
    """They were accepted, or an operator closed them."""
    told = bring(ledger, "id-1", status="held") if status == "held" else bring(ledger, "id-1")
    if status == "dismissed":
        ledger.dismiss(HERE, told.delivery.id, "A test of ours.", NOW + LEASE)
    elif status != "held":
        ledger.settle(told.claim, status, {}, NOW)

    assert bring(ledger, "id-1", NOW + 1).how == "known"


def test_one_under_way_is_not_tried_anew(ledger):
    """The sender asks again while the first request is still being worked on."""
    bring(ledger, "id-1")

    assert bring(ledger, "id-1", NOW + 1).how == "known"


def items(numbers, key="id-1"):
    """Return the entries of an array."""
    return [Entry(f"{key}/{number}", str(number), item=number) for number in numbers]


def test_an_array_is_opened_as_a_whole(ledger):
    """Each item has its own row and place in the order, and one content for all."""
    told = ledger.open(HERE, Arrival("form", b"[0,1,2]"), items(range(3)), NOW)

    assert [one.how for one in told] == ["new"] * 3
    assert len({one.delivery.content for one in told}) == 1
    assert sorted(one.delivery.arrival for one in told) == [one.delivery.arrival for one in told]


def test_an_array_that_comes_again_opens_what_is_new_in_it(ledger):
    """Known items stay known, a rejected one is tried anew, and the rest is new: in one commit."""
    told = ledger.open(HERE, Arrival("form", b"[0,1]"), items(range(2)), NOW)
    ledger.park(told[0].claim, "rejected", REFUSED)
    again = ledger.open(HERE, Arrival("form", b"[0,1,2]"), items(range(3)), NOW + 1)

    assert [one.how for one in again] == ["again", "known", "new"]
    assert ledger.store.content(told[1].delivery.content).deliveries == 1
    assert ledger.store.content(again[0].delivery.content).deliveries == 2


def test_a_thousand_items_are_one_commit(ledger):
    """That many an array may have."""
    told = ledger.open(HERE, Arrival("form", b"[]"), items(range(1000)), NOW)

    assert len({one.delivery.id for one in told}) == 1000


def test_two_entries_with_one_key_are_a_mistake(ledger):
    """They could not both be new."""
    with pytest.raises(ValueError, match="id-1/0"):
        ledger.open(HERE, Arrival("form", b"[]"), [*items([0]), *items([0])], NOW)


def test_a_settled_one_tells_its_first_outcome(ledger):
    """That is what a repeat is answered with."""
    created(ledger, "id-1")

    assert bring(ledger, "id-1").delivery.answer == {"status": "created", "relation": {"RelationId": 888}}
