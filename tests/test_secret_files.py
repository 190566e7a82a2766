"""Secrets in a file of one's own, and in a folder as it is mounted."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from services.errors import SecretUnusable
from services.secret_files import LOOKED_AT
from services.secret_store import KEPT, SecretStore, open_store


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file of secrets as it should be."""
    path = tmp_path / "secrets.yaml"
    rewrite(path, "key: |\n  -----BEGIN-----\n  abc\nrotated: [new, old]\nshort: ' s3cret '\n")
    return path


def rewrite(path: Path, content: str | bytes) -> None:
    """Replace a file as most editors do: a new one is renamed over it."""
    new = path.with_suffix(".new")
    new.write_bytes(content.encode() if isinstance(content, str) else content)
    new.chmod(0o600)
    new.replace(path)
    time.sleep(2 * LOOKED_AT)


def refusal(store: SecretStore, name: str) -> str:
    """Return what the operator is told."""
    with pytest.raises(SecretUnusable) as caught:
        store.text(name)
    return caught.value.detail


def test_reads_text_and_lists_from_a_file(file: Path) -> None:
    """White space around a text is cut, that within stays; of a list the first is the current value."""
    store = open_store(f"file:{file}")

    assert store.text("short") == "s3cret"
    assert store.text("key") == "-----BEGIN-----\nabc"
    assert store.text("rotated") == "new"
    assert store.proofs("rotated") == (b"new", b"old")
    assert store.proofs("short") == (b"s3cret",)


def test_sees_a_changed_file_at_once(file: Path) -> None:
    """Who edits the file on his own machine need not wait or restart."""
    store = open_store(f"file:{file}")
    before = store.text("short"), store.proofs("rotated")
    rewrite(file, "short: other\nrotated: [new, older]\n")

    assert before == ("s3cret", (b"new", b"old"))
    assert (store.text("short"), store.proofs("rotated")) == ("other", (b"new", b"older"))


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(b"")])
def test_bears_an_editor_that_is_just_writing(file: Path, harm: Callable[[Path], object]) -> None:
    """A file that is away or empty for a moment costs no request; after ten minutes it counts."""
    now = [0.0]
    store = open_store(f"file:{file}", clock=lambda: now[0])
    store.text("short")
    harm(file)
    time.sleep(2 * LOOKED_AT)

    assert store.text("short") == "s3cret"
    now[0] += KEPT
    assert refusal(store, "short")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o666])
def test_refuses_a_file_that_others_can_open(file: Path, mode: int) -> None:
    """Secrets that others can read or change are not used, and one command mends it at once."""
    file.chmod(mode)
    store = open_store(f"file:{file}")

    assert f"chmod 600 {file}" in refusal(store, "short")
    file.chmod(0o600)
    time.sleep(2 * LOOKED_AT)
    assert store.text("short") == "s3cret"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_refuses_another_users_file(file: Path) -> None:
    """A file that another user owns can be changed by him."""
    os.chown(file, 4711, -1)

    assert "belongs to another user" in refusal(open_store(f"file:{file}"), "short")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("short: 0123", "as a number. Put it in quotes"),
        ("short: 1.5", "as a number. Put it in quotes"),
        ("short: yes", "as a yes or no. Put it in quotes"),
        ("short: 2026-01-01", "as a date. Put it in quotes"),
        ("short: {a: b}", "as a mapping or list. Put it in quotes"),
        ("short: [[a]]", "as a mapping or list. Put it in quotes"),
        ("short: [a, 7]", "as a number. Put it in quotes"),
        ("short:", "empty"),
        ("short: ~", "empty"),
        ("short: ''", "empty"),
        ("short: ' \t '", "empty"),
        ("short: []", "list of 0"),
        ("short: [a, b, c]", "list of 3"),
        ('short: "\\ud800"', "not YAML (line 1)"),
        ("other: s3cret", "no secret 'short'"),
        ("- s3cret", "not a mapping"),
        ("s3cret", "not a mapping"),
        ("# nothing yet", "not a mapping"),
        ("short: a\nother: 's3cret", "not YAML (line 2)"),
        ("short: s3cret: s3cret", "not YAML (line 1)"),
        (b"short: s3cret\xff", "not YAML"),
        (b"\x00\x00", "not YAML"),
    ],
)
def test_says_what_is_wrong_in_a_file(file: Path, content: str | bytes, told: str) -> None:
    """Each mistake has a sentence of its own, and none of them repeats a secret."""
    rewrite(file, content)
    detail = refusal(open_store(f"file:{file}"), "short")

    assert told in detail
    assert "s3cret" not in detail


def test_says_that_there_is_no_file(tmp_path: Path) -> None:
    """A missing file and a folder in its place are said, with the path."""
    assert f"no file {tmp_path / 'none.yaml'}" in refusal(open_store(f"file:{tmp_path / 'none.yaml'}"), "a")
    assert f"{tmp_path} cannot be read" in refusal(open_store(f"file:{tmp_path}"), "a")


@pytest.mark.parametrize("name", ["", "a/b", "..", "../a", "a b", "ключ", "a@", "a@0", "a@b", "a@1@2", "s3cret="])
def test_takes_no_path_for_a_name(tmp_path: Path, name: str) -> None:
    """A name cannot lead out of the folder; it is not repeated, for it may be the secret itself, pasted."""
    detail = refusal(open_store(f"dir:{tmp_path}"), name)

    assert "named by letters, digits, - and _" in detail
    assert "s3cret" not in detail


def test_pins_no_version_where_there_are_none(tmp_path: Path, file: Path) -> None:
    """`name@3` is for Secret Manager; elsewhere it is refused rather than taken for the newest."""
    for location in (f"file:{file}", f"dir:{tmp_path}"):
        assert f"short@3 pins a version, and {location} has none" in refusal(open_store(location), "short@3")


def test_reads_a_mounted_folder(tmp_path: Path) -> None:
    """Docker and Kubernetes mount secrets as files, behind links; `.previous` is the one before."""
    (tmp_path / "..data").mkdir()
    (tmp_path / "..data" / "key").write_text("\ufeffnew\r\n")
    (tmp_path / "key").symlink_to("..data/key")
    store = open_store(f"dir:{tmp_path}")

    assert (store.text("key"), store.proofs("key")) == ("new", (b"new",))
    (tmp_path / "key.previous").write_text("old\n")
    assert open_store(f"dir:{tmp_path}").proofs("key") == (b"new", b"old")


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (Path.exists, "There is no file"),
        (lambda path: path.write_bytes(b" \n"), "empty"),
        (lambda path: path.write_bytes(b"\xff\xfes\x003\x00"), "not text in UTF-8"),
        (Path.mkdir, "is not a file"),
        (os.mkfifo, "is not a file"),
        (lambda path: path.symlink_to("nowhere"), "There is no file"),
    ],
)
def test_says_what_is_wrong_in_a_folder(tmp_path: Path, make: Callable[[Path], object], told: str) -> None:
    """Each mistake has a sentence of its own; a pipe does not hang."""
    make(tmp_path / "key")

    assert told in refusal(open_store(f"dir:{tmp_path}"), "key")


def test_a_bad_value_before_harms_nothing(tmp_path: Path) -> None:
    """Whatever is wrong with the value before, the current one still proves a sender."""
    (tmp_path / "key").write_text("new")
    (tmp_path / "key.previous").write_text("  ")

    assert open_store(f"dir:{tmp_path}").proofs("key") == (b"new",)
