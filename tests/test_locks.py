"""Locks for what is made beside relations: one at a time in all processes, and longer where nobody knows."""

from __future__ import annotations

import pytest

from services.deadline import Deadline
from services.errors import InDoubt, PairBusy, SuperOfficeUnavailable
from services.ledger.locks import LASTS, Locks
from tests.ledgers import BOTH, HERE, NOW, opened


@pytest.fixture(params=BOTH)
def store(request, tmp_path):
    """Give an empty store, one of each kind in turn."""
    with opened(request.param, tmp_path) as ledger:
        yield ledger.store


def locks(store, now=NOW):
    """Give the locks as another process would open them at that time."""
    return Locks(store, HERE, lambda: now)


def is_free(store, name, now=NOW):
    """Tell whether another process could take it at that time."""
    try:
        with locks(store, now).take([name], Deadline.after(0.05)):
            return True
    except PairBusy:
        return False


def test_one_at_a_time_holds_a_name(store):
    """Another process waits for it in vain, and has it once it is free; other names are free all the while."""
    with locks(store).take(["acme", "317333013"], Deadline.after(1)):
        assert not is_free(store, "acme")
        assert is_free(store, "another")

    assert is_free(store, "acme")


def test_all_names_are_taken_or_none(store):
    """Who cannot have the second one does not keep the first."""
    with locks(store).take(["b"], Deadline.after(1)), pytest.raises(PairBusy):
        locks(store).take(["a", "b"], Deadline.after(0.05)).__enter__()

    assert is_free(store, "a")


def test_what_is_in_doubt_stays_locked_until_it_must_have_been_done(store):
    """A save whose answer was lost may still be on its way."""
    with pytest.raises(InDoubt), locks(store).take(["acme"], Deadline.after(1)):
        raise InDoubt("no answer")

    assert not is_free(store, "acme", NOW + LASTS - 1)
    assert is_free(store, "acme", NOW + LASTS)


def test_what_surely_was_not_done_frees_its_lock(store):
    """A tenant that was busy keeps nobody else waiting."""
    with pytest.raises(SuperOfficeUnavailable), locks(store).take(["acme"], Deadline.after(1)):
        raise SuperOfficeUnavailable("busy")

    assert is_free(store, "acme")


def test_a_name_is_not_written_down(store):
    """It is made of what people typed."""
    with locks(store).take(["person by email ada@acme.example"], Deadline.after(1)):
        assert store.pairs(HERE, ["person by email ada@acme.example"]) == {}
