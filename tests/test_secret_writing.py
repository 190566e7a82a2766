"""Secrets are stored and rotated: in a file, in a folder, and in Secret Manager by the real client."""

from __future__ import annotations

import os

import grpc
import pytest

from services.errors import LiaisonError, SecretStoreDown, SecretUnusable
from services.secret_store import open_store
from services.secret_writing import open_writer
from tests.secret_manager import start


@pytest.fixture
def file(tmp_path):
    """Return a file of secrets with a comment."""
    path = tmp_path / "secrets.yaml"
    path.write_text("# mine\nkey: old\nother: kept # by me\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def manager():
    """Return a Secret Manager with one secret, `key`."""
    manager = start()
    manager.add("key", "old")
    yield manager
    manager.stop()


@pytest.fixture(params=["file", "dir", "gcp"])
def location(request, tmp_path, file, manager):
    """Return SECRETS of each kind, each with the secret `key`."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "key").write_text("old\n")
    return {"file": f"file:{file}", "dir": f"dir:{folder}", "gcp": manager.location()}[request.param]


def refusal(work, error=SecretUnusable):
    """Return what the operator is told."""
    with pytest.raises(LiaisonError) as caught:
        work()
    assert type(caught.value) is error
    return caught.value.detail


def test_a_rotation_keeps_the_one_before_until_it_is_ended(location):
    """A new value is the newest, the old one proves senders on, and ending that leaves the new one alone."""
    writer = open_writer(location)

    assert "stored" in writer.write({"key": "new"}, keep=True)["key"]
    assert open_store(location).proofs("key") == (b"new", b"old")
    assert writer.end_previous("key")
    assert open_store(location).proofs("key") == (b"new",)
    assert writer.end_previous("key") == ""


def test_a_secret_that_is_not_there_is_made(location):
    """Several are stored at once, one of them of several lines, and the others stay."""
    told = open_writer(location).write({"new-one": "a\nb", "second": "0123"}, keep=True)
    store = open_store(location)

    assert [store.text(name) for name in ("new-one", "second", "key")] == ["a\nb", "0123", "old"]
    assert all(words.startswith("stored") for words in told.values())


def test_the_same_value_again_changes_nothing(location):
    """Whoever runs a command twice neither loses the value before nor pays for another version."""
    writer = open_writer(location)
    writer.write({"key": "new"}, keep=True)

    assert writer.write({"key": "new"}, keep=True) == {"key": "unchanged"}
    assert open_store(location).proofs("key") == (b"new", b"old")


def test_a_third_value_pushes_the_first_out(location):
    """Two values prove a sender, never three."""
    writer = open_writer(location)
    for value in ("new", "newest"):
        writer.write({"key": value}, keep=True)

    assert open_store(location).proofs("key") == (b"newest", b"new")


def test_a_file_keeps_its_comments_and_its_rights(file):
    """What the owner wrote beside the value stays, and nobody else may read the file."""
    open_writer(f"file:{file}").write({"key": "new"}, keep=False)

    assert file.read_text() == "# mine\nkey: new\nother: kept # by me\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["secrets.yaml"]


def test_a_file_behind_a_link_is_changed_where_it_is(file):
    """The link goes on leading to the file."""
    link = file.with_name("link.yaml")
    link.symlink_to(file)
    open_writer(f"file:{link}").write({"key": "new"}, keep=False)

    assert link.is_symlink()
    assert "key: new" in file.read_text()


def test_a_new_file_is_its_owners_alone(tmp_path):
    """Where there is no file yet one is made, closed to others whatever the umask is."""
    old = os.umask(0)
    try:
        open_writer(f"file:{tmp_path}/new.yaml").write({"key": "new"}, keep=True)
    finally:
        os.umask(old)

    assert (tmp_path / "new.yaml").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda file: file.chmod(0o644), "chmod 600"),
        (lambda file: file.write_text("a: [b"), "is not YAML"),
        (lambda file: file.write_text("- a"), "is not a mapping"),
    ],
)
def test_a_file_that_will_not_do_is_left_as_it_is(file, harm, told):
    """It is said what to mend, before anything is written."""
    harm(file)
    before = file.read_bytes()

    assert told in refusal(open_writer(f"file:{file}").prepare)
    assert told in refusal(lambda: open_writer(f"file:{file}").write({"key": "new"}, keep=True))
    assert file.read_bytes() == before


@pytest.mark.parametrize("location", ["file:/nowhere/secrets.yaml", "dir:/nowhere"])
def test_a_folder_that_is_not_there_is_said(location):
    """Nothing is made in places that were mistyped."""
    assert "There is no folder /nowhere" in refusal(open_writer(location).prepare)


@pytest.mark.parametrize(
    ("denied", "told"),
    [
        ("AddSecretVersion", "Grant roles/secretmanager.secretVersionManager"),
        ("CreateSecret", "Grant roles/secretmanager.admin"),
    ],
)
def test_a_right_that_is_missing_is_named(manager, denied, told):
    """With the line that grants it."""
    manager.writing.denied.add(denied)
    words = refusal(lambda: open_writer(manager.location()).write({"new": "value"}, keep=True))

    assert told in words
    assert "gcloud projects add-iam-policy-binding my-project" in words


def test_who_may_write_and_not_read_adds_a_version(manager):
    """The comparison with what is there is left out."""
    manager.deny("key")

    assert open_writer(manager.location()).write({"key": "old"}, keep=True) == {
        "key": "stored as version 2 in Secret Manager"
    }


def test_a_newest_version_that_is_disabled_keeps_the_one_before(manager):
    """Ending that too would leave nothing to log in with."""
    manager.disable("key", manager.add("key", "new"))

    assert "is not enabled" in refusal(lambda: open_writer(manager.location()).end_previous("key"))
    assert manager.disabled == {("key", 2)}


@pytest.mark.parametrize(
    ("harm", "error", "told"),
    [
        (lambda m: m.switch_off(), SecretUnusable, "gcloud services enable secretmanager.googleapis.com"),
        (lambda m: m.outage(), SecretStoreDown, "does not answer (UNAVAILABLE)"),
        (lambda m: m.outage(grpc.StatusCode.UNAUTHENTICATED), SecretUnusable, "does not accept our credentials"),
    ],
)
def test_what_keeps_secret_manager_from_it_is_said(manager, harm, error, told):
    """Each is a sentence and a next step."""
    harm(manager)

    assert told in refusal(lambda: open_writer(manager.location()).end_previous("key"), error)
