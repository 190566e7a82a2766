"""Secrets in Secret Manager: the real client over real gRPC, and a real server that forks."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import grpc
import pytest

from services.errors import LiaisonError, SecretStoreDown, SecretUnusable
from services.google_secrets import PATIENCE, GoogleSecrets
from services.secret_store import FAILED, KEPT, SecretStore, open_store
from tests.secret_manager import ACCOUNT, TOKEN, FakeSecretManager, start

ROOT = Path(__file__).parent.parent


# A function as it is deployed: the store is opened where the framework loads the source, before the fork.
@pytest.fixture
def manager() -> Iterator[FakeSecretManager]:
    """Return a Secret Manager with one secret, `key`."""
    manager = start()
    manager.add("key", "value\n")
    yield manager
    manager.stop()


@pytest.fixture
def store(manager: FakeSecretManager) -> SecretStore:
    """Return a store as it is deployed."""
    return open_store(manager.location())


def hasty(address: str, clock: Callable[[], float] = time.monotonic) -> SecretStore:
    """Return a store that gives up soon."""
    return SecretStore(GoogleSecrets("my-project", address, patience=0.4), clock=clock)


def refusal(store: SecretStore, name: str, error: type[LiaisonError] = SecretUnusable) -> str:
    """Return what the operator is told."""
    with pytest.raises(error) as caught:
        store.text(name)
    assert type(caught.value) is error
    return caught.value.detail


def run(script: str, environment: dict[str, str]) -> str:
    """Run the script in a process of its own, and return what it says on stderr."""
    command = [sys.executable, "-c", script]
    environment = {**os.environ, **environment}
    ended = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    return ended.stderr


def test_a_prefix_stands_before_every_name(manager: FakeSecretManager) -> None:
    """Two installations in one project have secrets of the same name, and each reads its own, the older ones too."""
    manager.add("two-key", "first")
    manager.add("two-key", "second")
    store = open_store(f"{manager.location()}&prefix=two-")

    assert store.proofs("key") == (b"second", b"first")
    assert "create two-other " in refusal(store, "other")


def test_reads_the_newest_version(store: SecretStore, manager: FakeSecretManager) -> None:
    """The newest version counts, is fetched once, and white space around it is cut."""
    manager.add("key", " newer \r\n")

    assert (store.text("key"), store.text("key")) == ("newer", "newer")
    assert manager.accesses == ["projects/my-project/secrets/key/versions/latest"]
    assert manager.authorizations == [f"Bearer {TOKEN}"]


def test_pins_a_version(store: SecretStore, manager: FakeSecretManager) -> None:
    """`key@1` is version 1 whatever comes later, and proves a sender alone."""
    manager.add("key", "newer")

    assert (store.text("key@1"), store.proofs("key@1")) == ("value", (b"value",))
    assert manager.accesses == ["projects/my-project/secrets/key/versions/1"]


def test_finds_a_regions_secrets() -> None:
    """A regional endpoint holds secrets of its own, under another name, and gcloud wants the region."""
    regional = GoogleSecrets("my-project", "secretmanager.europe-west3.rep.googleapis.com")

    assert regional.parent == "projects/my-project/locations/europe-west3"
    assert GoogleSecrets("my-project", "secretmanager.example.com").parent == "projects/my-project"


def test_a_rotation_loses_nothing(store: SecretStore, manager: FakeSecretManager) -> None:
    """After one renewal the new value and the one before it both prove a sender."""
    assert store.proofs("key") == (b"value",)
    manager.add("key", "newer")

    assert store.renew(["key"]) is True
    assert store.proofs("key") == (b"newer", b"value")
    assert (store.proofs("key"), len(manager.accesses)) == ((b"newer", b"value"), 3)


@pytest.mark.parametrize(
    "harm",
    [
        lambda manager: manager.disable("key", 1),
        lambda manager: manager.destroy("key", 1),
        lambda manager: manager.corrupt("key@1"),
    ],
)
def test_only_an_enabled_version_before_counts(
    store: SecretStore, manager: FakeSecretManager, harm: Callable[[FakeSecretManager], object]
) -> None:
    """A version before that is switched off or damaged proves nobody, is no error, and not asked for again."""
    manager.add("key", "newer")
    harm(manager)

    assert store.proofs("key") == (b"newer",)
    asked = len(manager.accesses)
    assert (store.proofs("key"), len(manager.accesses)) == ((b"newer",), asked)


def test_an_outage_of_the_version_before_harms_nothing(manager: FakeSecretManager) -> None:
    """Whoever has the current value is let in, also while the one before cannot be fetched."""
    manager.add("key", "newer")
    store = hasty(manager.address)
    store.text("key")
    manager.outage()
    assert store.proofs("key") == (b"newer",)


def test_damage_on_the_way_is_mended(store: SecretStore, manager: FakeSecretManager) -> None:
    """A value whose checksum is wrong is fetched once more, and never used."""
    manager.corrupt("key", times=1)

    assert store.text("key") == "value"
    assert len(manager.accesses) == 2


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda m: m.corrupt("key"), "arrived damaged twice (its CRC32C is wrong)"),
        (lambda m: m.disable("key", 1), "Version 1 of the secret 'key', the newest, is disabled. Enable it"),
        (lambda m: m.disable("key", 1), "gcloud secrets versions enable 1 --secret=key --project=my-project"),
        (lambda m: m.destroy("key", 1), "Version 1 of the secret 'key', the newest, is destroyed"),
        (lambda m: m.destroy("key", 1), "gcloud secrets versions add key --data-file=- --project=my-project"),
        (lambda m: m.deny("key"), "gcloud secrets add-iam-policy-binding key"),
        (lambda m: m.deny("key"), f"--role=roles/secretmanager.secretAccessor --member=serviceAccount:{ACCOUNT}"),
        (lambda m: m.deny("key", grpc.StatusCode.UNAUTHENTICATED), "does not accept our credentials"),
        (lambda m: m.deny("key", grpc.StatusCode.UNIMPLEMENTED), "Check the project and the endpoint"),
        (lambda m: m.switch_off(), "gcloud services enable secretmanager.googleapis.com --project=my-project"),
        (lambda m: m.add("key", " \n"), "is empty"),
        (lambda m: m.add("key", b"value\xff"), "is not text in UTF-8"),
    ],
)
def test_says_what_to_do(
    store: SecretStore, manager: FakeSecretManager, harm: Callable[[FakeSecretManager], object], told: str
) -> None:
    """Whatever is wrong with a secret has a sentence of its own, with the command that mends it."""
    harm(manager)
    detail = refusal(store, "key")

    assert told in detail
    assert "value\xff" not in detail


def test_says_what_is_missing(store: SecretStore) -> None:
    """A secret that was never made and a version that was never added are told apart."""
    assert "gcloud secrets create nokey --data-file=- --project=my-project" in refusal(store, "nokey")
    assert "The secret 'key' has no version 7" in refusal(store, "key@7")


def test_says_that_there_are_no_credentials(manager: FakeSecretManager) -> None:
    """On a machine that Google does not know, the operator is told how to log in."""
    script = f"from services.secret_store import open_store; open_store('{manager.location()}').text('key')"

    told = run(script, {**manager.environment(), "NO_GCE_CHECK": "true"})
    assert "SecretUnusable: There are no Google credentials here" in told


def test_goes_on_while_secret_manager_is_gone(manager: FakeSecretManager) -> None:
    """The port is closed: the old value serves, new ones are refused as temporary, and soon after all is well."""
    now = [0.0]
    store = hasty(manager.address, lambda: now[0])
    store.text("key")
    manager.stop()
    now[0] += KEPT
    assert store.text("key") == "value"
    assert "does not answer (UNAVAILABLE)" in refusal(store, "other", SecretStoreDown)
    manager.restart()
    manager.add("key", "newer")
    now[0] += FAILED
    assert store.text("key") == "newer"


@pytest.mark.parametrize(
    "code",
    [
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
    ],
)
def test_an_outage_is_temporary(manager: FakeSecretManager, code: grpc.StatusCode) -> None:
    """What may pass is tried again in the time there is, then told as temporary, and without names."""
    manager.outage(code)
    detail = refusal(hasty(manager.address), "key", SecretStoreDown)

    assert len(manager.accesses) > 1
    assert f"does not answer ({code.name})" in detail
    assert not any(name in detail for name in ("key", "my-project"))


def test_a_short_outage_is_not_noticed(store: SecretStore, manager: FakeSecretManager) -> None:
    """An outage that ends within the patience costs nothing but time."""
    manager.outage()
    with ThreadPoolExecutor() as pool:
        text = pool.submit(store.text, "key")
        while not manager.accesses:
            time.sleep(0.01)
        manager.outage(None)
    assert text.result() == "value"


def test_says_that_there_is_no_token(manager: FakeSecretManager) -> None:
    """Where Google gives no token, that is said, and not that Secret Manager is down."""
    manager.refuse_tokens()

    assert "gives no access token" in refusal(hasty(manager.address), "key", SecretStoreDown)
    assert manager.accesses == []


@pytest.mark.check
def test_gives_up_in_time() -> None:
    """A server that takes the connection and never says a word costs three seconds, not a minute."""
    with closing(socket.create_server(("localhost", 0))) as silent:
        store = open_store(f"gcp://my-project?endpoint=localhost:{silent.getsockname()[1]}")
        begun = time.monotonic()
        assert "(DEADLINE_EXCEEDED)" in refusal(store, "key", SecretStoreDown)
        assert time.monotonic() - begun < PATIENCE + 1


def test_opening_is_free() -> None:
    """Neither the import nor the opening brings in gRPC: before the fork there is none of it."""
    script = "import sys; from services.secret_store import open_store; open_store('gcp://p')"
    check = "assert not {'grpc', 'google.auth', 'google.cloud.secretmanager'} & set(sys.modules)"

    assert run(f"{script}; {check}", {}) == ""
