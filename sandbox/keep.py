"""The file that keeps a tenant over restarts: what was stored in it, its next id, and the app's registration."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.records import Company, Person
from sandbox.tenant import Relation

DATES = ("created", "updated", "deleted_at")


class UnusableFile(Exception):
    """Cannot be read or written; the message says what to do."""


@dataclass(frozen=True)
class Kept:
    """What the file says; companies and persons are those that the seed does not have."""

    app: dict[str, str]
    next_id: int
    relations: list[Relation]
    companies: list[Company] = field(default_factory=list)
    persons: list[Person] = field(default_factory=list)


def load(path: Path) -> Kept | None:
    """Read the file; None where there is none yet."""
    try:
        content = json.loads(path.read_bytes())
        return Kept(
            dict(content["app"]),
            int(content["next_id"]),
            [Relation(**_values(row)) for row in content["relations"]],
            [Company(**_values(row)) for row in content.get("companies", ())],
            [Person(**_values(row)) for row in content.get("persons", ())],
        )
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnusableFile(f"{path} cannot be read ({error.strerror}); name another file.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UnusableFile(f"{path} does not hold a sandbox tenant; move it away, and a fresh one is made.") from error


def write(path: Path, kept: Kept) -> None:
    """Write all or nothing, for the owner alone: it holds a private key."""
    content = asdict(kept)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1, default=datetime.isoformat)
        os.replace(temporary, path)
    except OSError as error:
        raise UnusableFile(f"{path} cannot be written ({error.strerror}); name another file.") from error


def _values(row: dict[str, Any]) -> dict[str, Any]:
    """Turn a row's values back into what JSON has no types for: dates, and lists that never change."""
    dates = {name: row[name] and datetime.fromisoformat(row[name]) for name in DATES if name in row}
    lists = {name: tuple(value) for name, value in row.items() if isinstance(value, list)}
    return {**row, **dates, **lists}
