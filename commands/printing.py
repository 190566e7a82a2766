"""How the command line prints: sections, aligned columns, ticks and crosses; colour on a terminal alone."""

from __future__ import annotations

import json
import os
import shutil
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from services.logs import STDOUT

INDENT = "  "
WIDEST = 36  # of a column; a first one that is longer pushes what follows it, in its own line alone
NARROWEST = 24  # columns that are left for a value, however narrow the terminal


def section(title: str) -> None:
    """Print a blank line and a title."""
    click.echo()
    click.secho(title, bold=True)


def columns(rows: Sequence[Sequence[str]]) -> None:
    """Print rows whose columns stand below each other; all but the first are cut where there is no room for them."""
    widths = [min(max(map(_width, cells)), WIDEST) for cells in list(zip(*rows, strict=True))[:-1]]
    room = shutil.get_terminal_size((110, 24)).columns
    for first, *row in rows:
        cells = [first, *(cut(cell, WIDEST) for cell in row[:-1])]
        padded = [cell + " " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True)]
        start = INDENT + "".join(f"{cell}  " for cell in padded)
        click.echo(start + cut(row[-1], max(room - _width(start), NARROWEST)))


def verdict(ok: bool, text: str) -> str:
    """Put a tick or a cross before a text."""
    return f"{click.style('✓', fg='green') if ok else click.style('✗', fg='red')} {text}"


def warn(text: str) -> None:
    """Print a warning below the rest."""
    click.echo(f"{INDENT}{click.style('!', fg='yellow')} {printable(text)}")


def written(value: Any) -> str:
    """Write a value as JSON on one line, so that the text "42" and the number 42 look different."""
    return printable(json.dumps(value, ensure_ascii=False, default=str))


def as_json(value: Any) -> None:
    """Print for a script: JSON, and nothing else."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def printable(text: str) -> str:
    """Take out what a terminal would obey instead of showing it: a stranger's text is shown here."""
    return "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in text)


def cut(text: str, longest: int) -> str:
    """Shorten what would not fit; styled text is left whole."""
    if _width(text) <= longest or text != click.unstyle(text):
        return text
    while _width(text) > longest - 1:
        text = text[: longest - 1] if len(text) >= longest else text[:-1]
    return text.rstrip() + "…"


def _width(text: str) -> int:
    """Return the columns that a text takes: Chinese, Japanese and Korean signs take two, accents none."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in click.unstyle(text)
    )


@contextmanager
def log_aside() -> Iterator[None]:
    """Let what the services log go to stderr meanwhile: stdout is for what was asked."""
    sys.stdout.flush()
    kept = os.dup(STDOUT)
    os.dup2(sys.__stderr__.fileno() if sys.__stderr__ else STDOUT, STDOUT)
    try:
        yield
    finally:
        os.dup2(kept, STDOUT)
        os.close(kept)
