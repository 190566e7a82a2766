"""Asks for what must not be seen: without echo on a terminal, else line by line from stdin; never as an argument."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from commands.private_key import ENDS, read_key
from services.errors import InvalidSettings, SecretUnusable


def is_terminal() -> bool:
    """Whether a person sits there."""
    return sys.stdin is not None and sys.stdin.isatty()


def go_ahead(question: str) -> None:
    """Have somebody agree; raise InvalidSettings where nobody does, or can be asked."""
    try:
        agreed = click.confirm(f"\n{question}")
    except click.Abort:
        click.echo()
        raise InvalidSettings("Nobody answered, so nothing was done. Where nobody can be asked, give --yes.") from None
    if not agreed:
        raise InvalidSettings("Nothing was done.")


def from_environment(secret: str) -> str:
    """Return what the environment says for a secret: SUPEROFFICE_APP_TOKEN for superoffice-app-token."""
    return os.environ.get(secret.upper().replace("-", "_"), "").strip()


def ask(label: str, *, hidden: bool = True, twice: bool = False, stored: str = "") -> str:
    """Return one line, never an empty one; an empty answer, or none, stands for what is stored."""
    if is_terminal():
        label, default = (f"{label} (Enter: as stored)", "") if stored else (label, None)
        text = str(click.prompt(label, default, hide_input=hidden, confirmation_prompt=twice, show_default=False))
    else:
        text = sys.stdin.readline() if sys.stdin else ""
    if not (text.strip() or stored):
        raise SecretUnusable(f"{label}: nothing was given. Run the command again on a terminal, or give it by stdin.")
    return text.strip() or stored


def read_all() -> str:
    """Return what stdin holds, which may be of several lines; white space around it is cut."""
    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig").strip() if sys.stdin else ""
    except UnicodeDecodeError:
        raise SecretUnusable("What came by stdin is not text in UTF-8. Store a secret as text.") from None
    if not text:
        raise SecretUnusable("Nothing came by stdin. Give the value there, or run the command on a terminal.")
    return text


def ask_key(file: str | None = None, *, folder: Path, stored: str = "") -> str:
    """Return the app's private key as PEM, from a file (`-` is stdin) or as it is pasted, line by line.

    A file's name is taken as it is from `folder`; an empty answer, or none, stands for what is stored.
    """
    if file is not None and file != "-":
        return _read_file(folder / Path(file).expanduser(), f"The key file {file}")
    with _no_echo("The app's private key: its file, or paste the key itself (PEM or XML)", bool(stored)):
        lines = [_next_line(may_be_none=bool(stored))]
        is_key = lines[0].lstrip("\ufeff ").startswith(("-----", "<"))
        while is_key and not any(end in lines[-1] for end in ENDS):
            lines.append(_next_line())
    name = lines[0].strip()
    if is_key or not name:
        return read_key("\n".join(lines) if name else stored)
    # not quoted: it may be a part of the key
    return _read_file(folder / Path(name).expanduser(), "The file that was named instead of a PEM or XML")


@contextmanager
def _no_echo(label: str, is_stored: bool) -> Iterator[None]:
    """Ask on a terminal, and show nothing of the answer: getpass would throw away all of a paste but its first line."""
    if not is_terminal():
        yield
        return
    try:
        with echo_off():
            click.echo(f"{label}{' (Enter: as stored)' if is_stored else ''}: ", nl=False)
            yield
    finally:
        click.echo()


@contextmanager
def echo_off() -> Iterator[None]:
    """Keep a terminal from showing what is typed; begin before the prompt, or a quick paste would be seen."""
    if not is_terminal():
        yield
        return
    import termios

    terminal, local_modes = sys.stdin.fileno(), 3
    before = termios.tcgetattr(terminal)
    hidden = [*before]
    hidden[local_modes] &= ~termios.ECHO
    termios.tcsetattr(terminal, termios.TCSADRAIN, hidden)  # what was pasted already is not thrown away
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _next_line(*, may_be_none: bool = False) -> str:
    line = sys.stdin.readline() if sys.stdin else ""
    if not line and not may_be_none:
        raise SecretUnusable("The private key ends too early, or was not given. Give it whole, or use --key-file.")
    return line.rstrip("\r\n")


def _read_file(path: Path, what: str) -> str:
    try:
        return read_key(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SecretUnusable(f"{what} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise SecretUnusable(f"{what} is not text: take the PEM or the XML, not a .pfx or .der.") from error
