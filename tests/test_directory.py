"""What is kept and for how long, whose turn it is, and doing several things at once."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from services.deadline import Deadline
from services.errors import SuperOfficeUnavailable
from services.superoffice import directory as module
from services.superoffice.directory import Directory, Kept, Turns


@pytest.fixture
def directory():
    """Make a directory that is never asked for anything."""
    return Directory(webapi=None)


def test_what_is_kept_goes_when_it_is_old():
    """It counts from when it was learnt, and a caller may want it younger."""
    moments = iter([0, 59, 59, 61])
    kept = Kept(60, lambda: next(moments))
    kept.put("a", 1)

    assert (kept.get("a"), kept.get("a", younger_than=30), kept.get("a")) == (1, None, None)


def test_what_was_never_there_is_nothing():
    """Asking is not an error."""
    assert Kept(60, lambda: 0).get("a") is None


def test_the_oldest_goes_where_there_is_too_much(monkeypatch):
    """What is kept is bounded."""
    monkeypatch.setattr(module, "MOST_KEPT", 2)
    kept = Kept(60, lambda: 0)
    for name in ("a", "b", "a", "c"):
        kept.put(name, name)

    assert [kept.get(name) for name in "abc"] == ["a", None, "c"]


def test_turns_with_a_common_name_wait():
    """Whoever comes second gives up at its deadline, and has its turn once the first is done."""
    turns = Turns()
    with turns.take(["a", "b"], Deadline.after(1)), turns.take(["c"], Deadline.after(1)):
        second = turns.take(["b", "d"], Deadline.after(0.01))
        with pytest.raises(SuperOfficeUnavailable):
            second.__enter__()
    with turns.take(["d", "b", "b"], Deadline.after(0.01)):
        pass


def test_turns_taken_in_any_order_do_not_lock_up():
    """All names of a turn are taken at once."""
    turns, done = Turns(), []

    def take(names):
        for _ in range(50):
            with turns.take(names, Deadline.after(5)):
                done.append(names)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(take, [["a", "b"], ["b", "a"]]))
    assert len(done) == 100


def test_jobs_run_at_the_same_time_and_answer_in_order(directory):
    """The first runs in the caller's own thread."""
    together = threading.Barrier(3)

    def job(name):
        together.wait(5)
        return name, threading.current_thread() is threading.main_thread()

    jobs = [lambda: job("a"), lambda: job("b"), lambda: job("c")]
    assert directory.side_by_side(Deadline.after(5), *jobs) == [("a", True), ("b", False), ("c", False)]


def test_jobs_may_have_jobs_of_their_own(directory):
    """However many wait for a worker, each is done by somebody."""

    def outer():
        return sum(directory.side_by_side(Deadline.after(5), *[lambda: 1] * 5))

    assert sum(directory.side_by_side(Deadline.after(5), *[outer] * 40)) == 200


def test_a_job_that_fails_fails_them_all(directory):
    """Whichever thread it was in."""

    def fail():
        raise SuperOfficeUnavailable("no")

    for jobs in ([fail, lambda: 1], [lambda: 1, fail]):
        with pytest.raises(SuperOfficeUnavailable):
            directory.side_by_side(Deadline.after(5), *jobs)


def test_jobs_end_at_the_deadline(directory):
    """Whoever waits is told in time."""
    with pytest.raises(SuperOfficeUnavailable, match="not enough time"):
        directory.side_by_side(Deadline.after(0.05), lambda: time.sleep(0.01), lambda: time.sleep(0.3))


def test_no_jobs_are_done_at_once(directory):
    """There may be nothing to ask."""
    assert directory.side_by_side(Deadline.after(1)) == []
