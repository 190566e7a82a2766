"""The ledger against its model: whatever is done in whatever order, by workers that die and clocks that jump."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from schemas.ledger import Trouble
from services.ledger.contract import LeaseLost, UnderWay
from tests.ledger_model import LOST, Model
from tests.ledgers import HERE, NOW, bring, opened

PAIRS = st.sampled_from(["pair-1", "pair-2"])
JUMPS = st.sampled_from([1.0, 30.0, 59.0, 60.0, 61.0, 900.0, -1.0, -45.0])


class LedgerMachine(RuleBasedStateMachine):
    """Does the same to a ledger and to the model. A worker that is never heard of again has died."""

    kind = "sqlite"
    ids = Bundle("ids")
    workers = Bundle("workers")  # (row, owner): the claim itself is in self.claims, as its worker has it

    def __init__(self):
        super().__init__()
        self.now = NOW
        self.model = Model()
        self.claims = {}
        self.places = {}
        self.stack = ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.ledger = self.stack.enter_context(opened(self.kind, Path(folder)))

    def teardown(self):
        """Close the ledger."""
        self.stack.close()

    @rule(seconds=JUMPS)
    def clock_jumps(self, seconds):
        """Time passes, or the clock is put back."""
        self.now += seconds

    @rule(
        target=ids,
        key=st.sampled_from(["id-1", "id-2", "hash-1", "hash-2"]),
        body=st.sampled_from([b"one", b"two"]),
    )
    def arrives(self, key, body):
        """A submission comes, or comes again."""
        seconds = 300.0 if key.startswith("hash") else None
        how, row_id = self.model.open(key, self.now)
        told = bring(self.ledger, key, self.now, body=body, seconds=seconds)
        assert told.how == how
        assert row_id in (None, told.delivery.id)
        if how == "known":
            assert told.other_content == (self.model.rows[row_id].body != body)
            return multiple()
        row = self.model.opened(told.delivery.id, how, key, body, seconds, self.now)
        self.places[told.delivery.arrival] = row.place
        row.worker = self.remember(told.claim)
        return told.delivery.id if how == "new" else multiple()

    @rule(target=workers, row_id=ids, early=st.booleans())
    def claims_it(self, row_id, early):
        """Somebody takes a delivery, who is due to or early."""
        claim = self.ledger.claim(HERE, row_id, self.now, early=early)
        assert (claim is not None) == self.model.may_claim(row_id, self.now, early)
        if claim is None:
            return multiple()
        self.model.rows[row_id].worker = self.remember(claim)
        self.model.renew(row_id, claim.delivery.owner, self.now)
        return row_id, claim.delivery.owner

    @rule(target=workers, row_id=ids)
    def goes_on(self, row_id):
        """The opener itself does the work."""
        worker = self.model.rows[row_id].worker
        return (row_id, worker) if worker else multiple()

    @rule(worker=workers, pair=PAIRS, wanted=st.booleans())
    def holds(self, worker, pair, wanted):
        """A worker takes the pair, and may mark its save at once."""
        row_id, owner = worker
        expected = self.model.hold(row_id, owner, pair, wanted, self.now)
        told = self.attempt(
            owner,
            lambda claim: self.ledger.hold_pair(claim, pair, self.now, wanted={"n": 1} if wanted else None),
        )
        if expected in (LOST, "busy"):
            assert told == (LOST if expected == LOST else None)
            return
        self.remember(told)
        assert not wanted or told.is_marked == (expected == "marked")

    @rule(worker=workers)
    def marks(self, worker):
        """A worker that holds a pair is about to save."""
        row_id, owner = worker
        row, name = self.model.rows[row_id], self.model.held.get(owner)
        told = self.attempt(owner, lambda claim: self.ledger.mark(claim, {"n": 2}, self.now))
        if row.worker != owner or name is None or self.model.pairs[name].worker != owner:
            assert told == LOST
            return
        self.remember(told)
        self.model.renew(row_id, owner, self.now)
        self.model.mark(row_id, name, self.now)

    @rule(worker=workers)
    def extends(self, worker):
        """A worker needs longer."""
        row_id, owner = worker
        name = self.model.held.get(owner)
        told = self.attempt(owner, lambda claim: self.ledger.extend(claim, self.now))
        if self.model.rows[row_id].worker != owner or (name and self.model.pairs[name].worker != owner):
            assert told == LOST
            return
        self.remember(told)
        self.model.renew(row_id, owner, self.now)

    @rule(worker=consumes(workers), status=st.sampled_from(["created", "unchanged", "ignored", "superseded"]))
    def settles(self, worker, status):
        """It is done."""
        self.ends(worker, status, None, False, lambda claim: self.ledger.settle(claim, status, {}, self.now))

    @rule(
        worker=consumes(workers),
        status=st.sampled_from(["queued", "misconfigured"]),
        pause=st.sampled_from([0.0, 30.0]),
        not_done=st.booleans(),
    )
    def postpones(self, worker, status, pause, not_done):
        """It cannot be done now."""
        trouble = Trouble(self.now, "down", "…")

        def postpone(claim):
            return self.ledger.postpone(claim, self.now + pause, trouble, status=status, not_done=not_done)

        self.ends(worker, status, self.now + pause, not not_done, postpone)

    @rule(worker=consumes(workers), status=st.sampled_from(["rejected", "dead", "held"]), not_done=st.booleans())
    def parks(self, worker, status, not_done):
        """It waits for an operator."""
        trouble = Trouble(self.now, "refused", "…")
        self.ends(
            worker,
            status,
            None,
            not not_done,
            lambda claim: self.ledger.park(claim, status, trouble, not_done=not_done),
        )

    @rule(row_id=ids)
    def is_replayed(self, row_id):
        """An operator sends it again."""
        row = self.model.rows[row_id]
        if self.by_operator(row_id, lambda: self.ledger.replay(HERE, row_id, self.now, {"n": 3})):
            row.status, row.due, row.worker, row.until, row.tries = "queued", self.now, None, 0.0, 0

    @rule(row_id=ids)
    def is_dismissed(self, row_id):
        """An operator closes it."""
        row = self.model.rows[row_id]
        done = row.status in ("created", "unchanged", "ignored", "superseded", "dismissed")
        if self.by_operator(row_id, lambda: self.ledger.dismiss(HERE, row_id, "…", self.now)) and not done:
            self.model.end(row_id, None, "dismissed", None, keeps_doubt=True)

    @invariant()
    def same(self):
        """Both say the same of every row, of every pair, and of what is due."""
        found = self.ledger.store.deliveries(self.model.rows)
        for row_id, row in self.model.rows.items():
            real = found[row_id]
            told = (real.status, real.due_at, self.places[real.arrival], real.tries, real.saves)
            assert told == (row.status, row.due, row.place, row.tries, row.saves)
            assert (real.doubt and real.doubt.pair) == row.doubt
        due = {one.id for one in self.ledger.store.due(HERE, self.now, 1000)}
        assert due == {row_id for row_id, row in self.model.rows.items() if row.due is not None and row.due <= self.now}
        for name, pair in self.ledger.store.pairs(HERE, ["pair-1", "pair-2"]).items():
            known = self.model.pairs[name]
            told = (pair.owner, pair.in_doubt, pair.doubt_ends)
            assert told == (known.worker, known.in_doubt, known.doubt_ends)
            assert (self.places.get(pair.saved, 0), self.places.get(pair.accepted, 0)) == (known.saved, known.accepted)

    @invariant()
    def nothing_is_lost(self):
        """What came last can be read as long as it may be sent."""
        for row in self.ledger.store.deliveries(self.model.rows).values():
            assert self.ledger.store.content(row.content).body == self.model.rows[row.id].body

    def remember(self, claim):
        """Keep a claim as its worker has it."""
        self.claims[claim.delivery.owner] = claim
        return claim.delivery.owner

    def attempt(self, owner, write):
        """Do it with the worker's claim; a lost lease changes nothing."""
        try:
            return write(self.claims[owner])
        except LeaseLost:
            return LOST

    def ends(self, worker, status, due, keeps_doubt, write):
        """End a try in both."""
        row_id, owner = worker
        lost = self.model.rows[row_id].worker != owner
        assert (self.attempt(owner, write) == LOST) == lost
        if lost:
            self.model.held.pop(owner, None)
        else:
            self.model.end(row_id, owner, status, due, keeps_doubt)

    def by_operator(self, row_id, wish):
        """Tell whether the wish was granted: not while somebody is at work."""
        busy = self.model.rows[row_id].until > self.now
        try:
            wish()
        except UnderWay:
            assert busy
            return False
        assert not busy
        return True


@pytest.mark.parametrize(
    ("kind", "examples"),
    [
        ("sqlite", 40),
        pytest.param("sqlite", 800, marks=pytest.mark.check),
        pytest.param("firestore", 40, marks=pytest.mark.check),
    ],
)
@pytest.mark.timeout(600)
def test_does_what_the_model_does(kind, examples):
    """Open, claim, die, hold, mark, settle, postpone, park, replay and dismiss, in any order and at any time."""
    machine = type("Machine", (LedgerMachine,), {"kind": kind})
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    chosen = settings(max_examples=examples, stateful_step_count=30, deadline=None, suppress_health_check=checks)
    run_state_machine_as_test(machine, settings=chosen)
