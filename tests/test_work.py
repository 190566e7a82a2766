"""A delivery in somebody's hands: what is left of its mark when a try ends."""

from __future__ import annotations

import pytest

from services.errors import InDoubt, LiaisonError, LoginRefused, RefusedBySuperOffice, SuperOfficeUnavailable
from services.work import Work
from tests.ledgers import NOW, opened, saving


@pytest.fixture
def work(tmp_path):
    """Give a delivery whose save may be on its way."""
    with opened("sqlite", tmp_path) as ledger:
        yield Work(saving(ledger, "id-1"), ledger, lambda: NOW, is_new=True)


@pytest.mark.parametrize("error", [RefusedBySuperOffice, LoginRefused, SuperOfficeUnavailable])
def test_a_save_that_was_surely_not_done_leaves_no_mark(work, error):
    """The next try need not look first."""
    assert work.postpone(NOW + 30, error("No."), status="queued", counts=True).doubt is None


@pytest.mark.parametrize("error", [InDoubt, LiaisonError])
def test_a_save_that_may_have_been_done_stays_marked(work, error):
    """No answer, or a mistake of our own after it: whoever comes next looks first."""
    assert work.postpone(NOW + 30, error("?"), status="queued", counts=True).doubt is not None
