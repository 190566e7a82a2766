"""Asks for what must not be seen: without echo on a terminal, else line by line from stdin; never as an argument."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from commands.private_key import ENDS, read_key
from services.errors import SecretUnusable


def is_terminal() -> bool:
    """Whether a person sits there."""
    return sys.stdin is not None and sys.stdin.isatty()


def from_environment(secret: str) -> str:
    """Return what the environment says for a secret: SUPEROFFICE_APP_TOKEN for superoffice-app-token."""
    return os.environ.get(secret.upper().replace("-", "_"), "").strip()


def ask(label: str, *, hidden: bool = True, twice: bool = False) -> str:
    """Return one line, never an empty one."""
    if is_terminal():
        text = str(click.prompt(label, hide_input=hidden, confirmation_prompt=twice))
    else:
        text = sys.stdin.readline() if sys.stdin else ""
    if not text.strip():
        raise SecretUnusable(f"{label}: nothing was given. Run the command again on a terminal, or give it by stdin.")
    return text.strip()


def read_all() -> str:
    """Return what stdin holds, which may be of several lines; white space around it is cut."""
    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig").strip() if sys.stdin else ""
    except UnicodeDecodeError:
        raise SecretUnusable("What came by stdin is not text in UTF-8. Store a secret as text.") from None
    if not text:
        raise SecretUnusable("Nothing came by stdin. Give the value there, or run the command on a terminal.")
    return text


def ask_key(file: str | None = None, *, folder: Path) -> str:
    """Return the app's private key as PEM, from a file (`-` is stdin) or as it is pasted, line by line.

    A file's name is taken as it is from `folder`.
    """
    if file is not None and file != "-":
        return _read_file(folder / Path(file).expanduser())
    lines: list[str] = []
    first = "The app's private key: its file, or paste the key itself (PEM or XML)"
    while not lines or not any(end in lines[-1] for end in ENDS):
        line = _next_line(first if not lines else "…")
        if not lines and line.strip() and not line.lstrip("\ufeff ").startswith(("-----", "<")):
            return _read_file(folder / Path(line.strip()).expanduser())
        if not line and lines:
            break
        lines.append(line)
    return read_key("\n".join(lines))


def _next_line(label: str) -> str:
    if is_terminal():
        return str(click.prompt(label, hide_input=True, default="", show_default=False))
    line = sys.stdin.readline() if sys.stdin else ""
    if not line:
        raise SecretUnusable("The private key ends too early, or was not given. Give it whole, or use --key-file.")
    return line.rstrip("\r\n")


def _read_file(path: Path) -> str:
    try:
        return read_key(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SecretUnusable(f"The key file {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise SecretUnusable(
            f"The key file {path} is not text: take the PEM or the XML, not a .pfx or .der."
        ) from error
