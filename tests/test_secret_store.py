"""How long secrets are kept, when they are fetched anew, and what an outage changes."""

from __future__ import annotations

import threading
import time

import pytest

from services.errors import InvalidSettings, SecretStoreDown, SecretUnusable
from services.secret_store import FAILED, KEPT, LAST_RESORT, RENEWED, SecretStore, open_store


class Clock:
    """A clock that stands until it is told to go on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


class Counting:
    """A source with a value for every name, that counts its calls and may be slow or down."""

    is_far = True

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.asked = threading.Event()
        self.value, self.number = b"first", 1
        self.slow = 0.0
        self.error: Exception | None = None

    def newest(self, name: str, pinned: int | None) -> tuple[bytes, int]:
        assert pinned is None
        return self._answer(name, self.value), self.number

    def before(self, name: str, number: int) -> bytes | None:
        return self._answer(f"{name} before {number}", b"before")

    def stamp(self) -> object:
        return None

    def _answer(self, call: str, value: bytes) -> bytes:
        self.calls.append(call)
        self.asked.set()
        time.sleep(self.slow)
        if self.error:
            raise self.error
        return value


@pytest.fixture
def clock() -> Clock:
    """Return a clock that only the test moves."""
    return Clock()


@pytest.fixture
def source() -> Counting:
    """Return the source of `store`."""
    return Counting()


@pytest.fixture
def store(source: Counting, clock: Clock) -> SecretStore:
    """Return a store whose source and clock the test has in its hands."""
    return SecretStore(source, clock=clock)


def fall_silent(store: SecretStore, source: Counting, clock: Clock) -> None:
    """Have the store know of an outage; from now on the source takes a second to fail."""
    source.error = SecretStoreDown("The store is down.")
    clock.wait(KEPT)
    store.text("a")
    clock.wait(FAILED)
    source.slow = 1.0
    source.asked.clear()


def refusal(store: SecretStore, name: str) -> str:
    """Return what the operator is told."""
    with pytest.raises(SecretUnusable) as caught:
        store.text(name)
    return caught.value.detail


@pytest.mark.parametrize(
    "location",
    ["", "s3cret", "secrets.yaml", "env:", "file:", "dir:", "gcp:", "gcp://", "gcp://My Project", "gcp://p/x"],
)
def test_names_the_three_forms(location: str) -> None:
    """A setting that is none of the three forms is answered with all of them, and not repeated."""
    with pytest.raises(InvalidSettings, match=r"gcp://PROJECT, file:\S+ or dir:") as caught:
        open_store(location)
    assert "s3cret" not in caught.value.detail


@pytest.mark.parametrize(
    "query",
    ["", "region=x", "endpoint=", "endpoint=https://h", "endpoint=h:x", "prefix=", "prefix=a/b", "prefix=a&prefix=b"],
)
def test_refuses_another_query(query: str) -> None:
    """What stands behind the project is an endpoint or a prefix, and nothing that would be passed over in silence."""
    with pytest.raises(InvalidSettings):
        open_store(f"gcp://p?{query}")


@pytest.mark.parametrize(
    "location",
    [
        *("gcp://p", "gcp://p?endpoint=h.example:443", "gcp://p?prefix=liaison-", "gcp://p?endpoint=h&prefix=l-"),
        *("file:x.yaml", "dir:/x"),
    ],
)
def test_opens_without_touching_anything(location: str) -> None:
    """Opening reads no file and makes no client, and a store can be printed."""
    assert repr(open_store(location)) == f"SecretStore({location})"


def test_keeps_a_value_for_ten_minutes(store: SecretStore, source: Counting, clock: Clock) -> None:
    """One fetch serves all requests of ten minutes, and not of a second more."""
    texts = [store.text("a"), store.text("a")]
    source.value = b"second"
    clock.wait(KEPT - 1)
    texts.append(store.text("a"))
    clock.wait(1)

    assert (*texts, store.text("a")) == ("first", "first", "first", "second")
    assert source.calls == ["a", "a"]


def test_fetches_the_version_before_for_proofs_alone(store: SecretStore, source: Counting) -> None:
    """A text needs no second fetch; proofs do, once, and again when the newest is another version."""
    store.text("a")
    assert source.calls == ["a"]
    source.number = 2
    store.renew(["a"])
    assert (store.proofs("a"), store.proofs("a")) == ((b"first", b"before"),) * 2
    assert source.calls == ["a", "a", "a before 2"]


def test_renews_at_most_every_half_minute(store: SecretStore, source: Counting, clock: Clock) -> None:
    """Wrong proofs cost Secret Manager one call in half a minute, however many there are."""
    store.text("a")
    assert [store.renew(["a"]) for _ in range(20)] == [False] * 20
    clock.wait(RENEWED - 1)
    store.renew(["a"])
    assert len(source.calls) == 2
    clock.wait(1)
    store.renew(["a"])
    assert len(source.calls) == 3


def test_tells_everybody_that_a_value_changed(store: SecretStore, source: Counting, clock: Clock) -> None:
    """Of two requests whose proof failed with the old value, the second learns of the new one too."""
    store.text("a")
    source.value = b"second"
    assert [store.renew(["a"]), store.renew(["a"]), store.renew(["b"])] == [True, True, False]
    assert store.text("a") == "second"
    clock.wait(RENEWED)
    assert store.renew(["a"]) is False


def test_one_thread_fetches_for_all(store: SecretStore, source: Counting) -> None:
    """Twenty requests at a cold start make one call, and all have its answer."""
    source.slow = 0.2
    texts: list[str] = []
    threads = [threading.Thread(target=lambda: texts.append(store.text("a"))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (texts, source.calls) == (["first"] * 20, ["a"])


def test_fetches_several_side_by_side(store: SecretStore, source: Counting) -> None:
    """Six secrets take the time of one, and no second call when they are asked for."""
    source.slow = 0.3
    begun = time.monotonic()
    store.fetch("abcdef")
    assert time.monotonic() - begun < 2 * source.slow
    store.fetch("abcdef")
    assert [store.text(name) for name in "abcdef"] == ["first"] * 6
    assert sorted(source.calls) == list("abcdef")


def test_a_slow_secret_holds_up_no_other(store: SecretStore, source: Counting) -> None:
    """Nobody holds a lock over all while he waits for an answer."""
    store.text("a")
    source.slow = 1.0
    source.asked.clear()
    threading.Thread(target=store.text, args=("b",)).start()
    assert source.asked.wait(5)
    begun = time.monotonic()
    store.text("a")
    assert time.monotonic() - begun < 0.5


def test_remembers_a_failure_for_a_moment(store: SecretStore, source: Counting, clock: Clock) -> None:
    """A secret that cannot be used is not asked for with every request, and soon after it was mended it is."""
    source.error = SecretUnusable("disabled")
    assert [refusal(store, "a"), refusal(store, "a")] == ["disabled", "disabled"]
    assert source.calls == ["a"]
    source.error = None
    clock.wait(FAILED)
    assert store.text("a") == "first"


def test_goes_on_for_an_hour_without_the_source(
    store: SecretStore, source: Counting, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """In an outage a value serves until it is an hour old; the log says so and does not say the value."""
    store.text("a")
    source.error = SecretStoreDown("The store is down.")
    clock.wait(LAST_RESORT - 1)
    assert (store.text("a"), store.renew(["a"])) == ("first", False)
    assert caplog.messages == ["secret a: The store is down. The value of 3599 s ago is used on."]
    clock.wait(1)
    with pytest.raises(SecretStoreDown, match="The store is down"):
        store.text("a")


def test_asks_seldom_in_an_outage(store: SecretStore, source: Counting, clock: Clock) -> None:
    """An outage is found out once in a few seconds for all secrets, and its end as soon."""
    store.fetch("ab")
    source.error = SecretStoreDown("The store is down.")
    clock.wait(KEPT)
    assert [store.text(name) for name in "abab"] == ["first"] * 4
    assert len(source.calls) == 3
    source.error, source.value = None, b"second"
    clock.wait(FAILED)
    assert [store.text(name) for name in "ab"] == ["second", "second"]


@pytest.mark.parametrize("name", ["a", "b"])
def test_only_one_request_waits_for_a_silent_source(
    store: SecretStore, source: Counting, clock: Clock, name: str
) -> None:
    """While one thread finds out whether an outage is over, all others go on with the old values."""
    store.fetch("ab")
    fall_silent(store, source, clock)
    thread = threading.Thread(target=store.text, args=("a",))
    thread.start()
    assert source.asked.wait(5)
    begun = time.monotonic()
    assert (store.text(name), time.monotonic() - begun < 0.5) == ("first", True)
    thread.join()


def test_a_disabled_secret_is_not_used_on(store: SecretStore, source: Counting, clock: Clock) -> None:
    """What the operator switched off is off: only an outage is bridged with the old value."""
    store.text("a")
    source.error = SecretUnusable("disabled")
    assert store.renew(["a"]) is False
    assert refusal(store, "a") == "disabled"
    source.error = SecretStoreDown("The store is down.")
    clock.wait(FAILED)
    with pytest.raises(SecretStoreDown):
        store.text("a")


def test_does_not_print_values(store: SecretStore) -> None:
    """Neither a store nor what it keeps shows a value when it is printed."""
    store.proofs("a")
    kept = repr([store, *(slot.answer for slot in store._slots.values())])

    assert "version 1" in kept
    assert "first" not in kept
