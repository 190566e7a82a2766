"""Secrets in files: a YAML mapping that only its owner can read, or a folder with a file for each."""

from __future__ import annotations

import math
import os
import stat
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from services.errors import SecretStoreDown, SecretUnusable
from services.yaml_file import Loader

LOOKED_AT = 0.02  # seconds between two looks whether the file was changed: each webhook asks several times


class SecretsFile:
    """A YAML mapping from name to text or, for a rotation, to a list: the current text, the one before."""

    is_far = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: object = None
        self._looked_at = -math.inf
        self._content = b""
        self._secrets: Mapping[Any, object] = {}

    def __repr__(self) -> str:
        return f"file:{self.path}"

    def stamp(self) -> object:
        """Return what tells that the file was changed, renamed over, or given other rights.

        An editor may take the file away for a moment or empty it before it writes: that is no news yet.
        """
        moment = time.monotonic()
        if moment - self._looked_at < LOOKED_AT:
            return self._stamp
        self._looked_at = moment
        try:
            now = self.path.stat()
        except OSError:
            return self._stamp
        if now.st_size:
            self._stamp = (now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns)
        return self._stamp

    def newest(self, name: str, pinned: int | None) -> tuple[bytes, int]:
        """Return the text, or the first of the list. A file counts no versions: the number is 0."""
        _refuse_pin(name, pinned, self)
        return self._texts(name)[0], 0

    def before(self, name: str, number: int) -> bytes | None:  # noqa: ARG002
        """Return the second of the list, if there is one."""
        texts = self._texts(name)
        return texts[1] if len(texts) > 1 else None

    def _texts(self, name: str) -> list[bytes]:
        secrets = self.read()
        if name not in secrets:
            raise SecretUnusable(f"{self.path} has no secret {name!r}. Add a line: {name}: its value.")
        value = secrets[name]
        texts = value if isinstance(value, list) else [value]
        if len(texts) not in (1, 2):
            raise SecretUnusable(
                f"The secret {name!r} in {self.path} is a list of {len(texts)}."
                " List two: the current value, then the one before it."
            )
        return [self._text(name, text) for text in texts]

    def _text(self, name: str, value: object) -> bytes:
        if value is None:
            raise SecretUnusable(f"The secret {name!r} in {self.path} is empty. Write its value after it.")
        if not isinstance(value, str):
            # 0123 is 83 to YAML, and yes is true: nothing that was typed may silently become something else
            raise SecretUnusable(
                f"YAML reads the secret {name!r} in {self.path} as a {_kind(value)}. Put it in quotes."
            )
        return value.encode("utf-8", "surrogatepass")  # what is not UTF-8 then is refused with the rest

    def read(self) -> Mapping[Any, object]:
        """Return the whole mapping as YAML gives it; raise SecretUnusable."""
        content = self._bytes()
        if content == self._content:
            return self._secrets
        try:
            secrets = yaml.load(content, Loader)  # noqa: S506 - it is the safe one
        except yaml.YAMLError as error:
            # `from None`: the parser's error quotes the line, and with it the secret
            mark = getattr(error, "problem_mark", None)
            where = f" (line {mark.line + 1})" if mark else ""
            raise SecretUnusable(f"{self.path} is not YAML{where}. Correct it there.") from None
        if not isinstance(secrets, dict):
            raise SecretUnusable(f"{self.path} is not a mapping. Write one line for each: name: value.")
        self._secrets, self._content = secrets, content
        return secrets

    def _bytes(self) -> bytes:
        """Return the content of the very file whose owner and rights were looked at."""
        try:
            with self.path.open("rb") as file:
                self._refuse_shared(os.fstat(file.fileno()))
                return file.read()
        except FileNotFoundError:
            raise SecretUnusable(f"There is no file {self.path}. Make it, or correct SECRETS.") from None
        except OSError as error:
            raise SecretUnusable(f"{self.path} cannot be read: {error.strerror}.") from error

    def _refuse_shared(self, status: os.stat_result) -> None:
        if status.st_uid not in (0, os.geteuid()):
            raise SecretUnusable(
                f"{self.path} belongs to another user, who could change it. Run: chown {os.geteuid()} {self.path}"
            )
        if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SecretUnusable(f"Others can read or write {self.path}. Run: chmod 600 {self.path}")


class SecretsFolder:
    """A folder as Docker and Kubernetes mount it: the file `name`, and `name.previous` for the one before."""

    is_far = True  # on Cloud Run

    def __init__(self, path: Path) -> None:
        self.path = path

    def __repr__(self) -> str:
        return f"dir:{self.path}"

    def stamp(self) -> object:
        """Return nothing: on Cloud Run each look into a mounted secret is a call, so time alone tells."""
        return None

    def newest(self, name: str, pinned: int | None) -> tuple[bytes, int]:
        """Return the file's content. A folder counts no versions: the number is 0."""
        _refuse_pin(name, pinned, self)
        value = self._read(name)
        if value is None:
            raise SecretUnusable(f"There is no file {self.path / name}. Mount the secret {name!r} there.")
        return value, 0

    def before(self, name: str, number: int) -> bytes | None:  # noqa: ARG002
        """Return the content of `name.previous`, if there is such a file."""
        return self._read(f"{name}.previous")

    def _read(self, file: str) -> bytes | None:
        path = self.path / file
        try:
            # Opening a pipe would wait for its writer, for ever.
            if path.exists() and not path.is_file():
                raise SecretUnusable(f"{path} is not a file. Put the secret itself there.")
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except PermissionError as error:
            raise SecretUnusable(f"{path} may not be read by us. Give user {os.geteuid()} the right.") from error
        except OSError as error:  # a mount that Secret Manager stands behind fails like this in an outage
            raise SecretStoreDown(
                "The folder of secrets cannot be read just now. Try again in half a minute."
            ) from error


def _refuse_pin(name: str, pinned: int | None, source: SecretsFile | SecretsFolder) -> None:
    if pinned is not None:
        raise SecretUnusable(
            f"{name}@{pinned} pins a version, and {source!r} has none. Write {name}, or use Secret Manager."
        )


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "yes or no"
    if isinstance(value, int | float):
        return "number"
    return "mapping or list" if isinstance(value, dict | list) else "date"
