"""Secrets are stored and rotated here: in Secret Manager, in a file, or in a folder, as SECRETS says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from services.errors import SecretUnusable
from services.google_secret_writing import GoogleWriter
from services.google_secrets import GoogleSecrets
from services.private_file import write_private
from services.secret_files import SecretsFile, SecretsFolder
from services.secret_sources import open_source
from services.yaml_edit import replace_values

UNCHANGED = "unchanged"


class Writer(Protocol):
    """Stores secrets under their names. Each call raises SecretUnusable or SecretStoreDown, in words."""

    takes_effect: str

    def prepare(self) -> None:
        """Find out what would keep us from writing, as far as that can be known before."""

    def write(self, name_to_value: Mapping[str, str], *, keep: bool) -> Mapping[str, str]:
        """Store the values, and say by name what became of each; `keep` lets the one before prove senders on."""

    def end_previous(self, name: str) -> str:
        """End the value before the newest, and say what was done; empty where there was none."""


def open_writer(location: str) -> Writer:
    """Return the writer for the setting SECRETS; nothing is opened yet. Raises InvalidSettings."""
    source = open_source(location)
    if isinstance(source, GoogleSecrets):
        return GoogleWriter(source)
    return FileWriter(source) if isinstance(source, SecretsFile) else FolderWriter(source)


class FileWriter:
    """Writes the YAML file: all of it or nothing, with its comments and its other keys."""

    takes_effect = "It takes effect at once, on this machine."

    def __init__(self, source: SecretsFile) -> None:
        self._source = source

    def prepare(self) -> None:
        """Read what is there, and look whether the folder can be written to."""
        self._known()
        _check_folder(self._source.path.resolve().parent, repr(self._source))

    def write(self, name_to_value: Mapping[str, str], *, keep: bool) -> Mapping[str, str]:
        """Put each value in its place; with `keep` it becomes a list, the newest first."""
        known = self._known()
        changed = {name: value for name, value in name_to_value.items() if _newest(known.get(name)) != value.strip()}
        if changed:
            self._rewrite({name: _rotated(value, known.get(name), keep) for name, value in changed.items()})
        return {name: _said(name in changed, str(self._source.path)) for name in name_to_value}

    def end_previous(self, name: str) -> str:
        """Leave of a list its first alone."""
        value = self._known().get(name)
        if value is None:
            raise SecretUnusable(f"{self._source.path} has no secret {name!r}. Store one: ./liaison secret {name}")
        if not isinstance(value, list) or len(value) < 2:
            return ""
        self._rewrite({name: value[0]})
        return f"taken out of {self._source.path}"

    def _known(self) -> Mapping[Any, object]:
        path = self._source.path
        if not path.exists() or not path.stat().st_size:
            return {}
        return self._source.read()

    def _rewrite(self, values: Mapping[str, object]) -> None:
        path = self._source.path
        try:
            text = path.read_text(encoding="utf-8") if path.exists() else ""
            write_private(path, replace_values(text, values))
        except OSError as error:
            raise SecretUnusable(f"{path} cannot be written: {error.strerror}. Nothing was changed.") from error


class FolderWriter:
    """Writes a file for each secret, and `name.previous` for the one before."""

    takes_effect = "It takes effect within ten minutes; after a failed proof or a refused login within 30 seconds."

    def __init__(self, source: SecretsFolder) -> None:
        self._source = source

    def prepare(self) -> None:
        """Look whether the folder is there and can be written to."""
        _check_folder(self._source.path, repr(self._source))

    def write(self, name_to_value: Mapping[str, str], *, keep: bool) -> Mapping[str, str]:
        """Write each file whole, the one before it first."""
        self.prepare()
        outcome = {}
        for name, value in name_to_value.items():
            path = self._source.path / name
            before = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None
            if changed := before is None or before.strip() != value.strip():
                if keep and before is not None:
                    self._put(path.with_name(f"{name}.previous"), before)
                self._put(path, value)
            outcome[name] = _said(changed, str(path))
        return outcome

    def end_previous(self, name: str) -> str:
        """Delete `name.previous`."""
        path = self._source.path / f"{name}.previous"
        try:
            path.unlink()
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise SecretUnusable(f"{path} cannot be deleted: {error.strerror}.") from error
        return f"{path} is deleted"

    def _put(self, path: Path, value: str) -> None:
        try:
            write_private(path, value)
        except OSError as error:
            raise SecretUnusable(f"{path} cannot be written: {error.strerror}.") from error


def _check_folder(folder: Path, location: str) -> None:
    if not folder.is_dir():
        raise SecretUnusable(f"There is no folder {folder}. Make it, or correct SECRETS ({location}).")
    if not os.access(folder, os.W_OK):
        raise SecretUnusable(f"The folder {folder} may not be written to by us. Give user {os.geteuid()} the right.")


def _newest(value: object) -> object:
    newest = value[0] if isinstance(value, list) and value else value
    return newest.strip() if isinstance(newest, str) else newest


def _rotated(value: str, known: object, keep: bool) -> object:
    before = _newest(known)
    return [value, before] if keep and isinstance(before, str) and before else value


def _said(changed: bool, where: str) -> str:
    return f"stored in {where}" if changed else UNCHANGED
