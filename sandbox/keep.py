"""The file that keeps a tenant over restarts: its relations, its next id, and the app's registration with its key."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.tenant import Relation


class UnusableFile(Exception):
    """Cannot be read or written; the message says what to do."""


@dataclass(frozen=True)
class Kept:
    """What the file says."""

    app: dict[str, str]
    next_id: int
    relations: list[Relation]


def load(path: Path) -> Kept | None:
    """Read the file; None where there is none yet."""
    try:
        content = json.loads(path.read_bytes())
        relations = [_relation(row) for row in content["relations"]]
        return Kept(dict(content["app"]), int(content["next_id"]), relations)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnusableFile(f"{path} cannot be read ({error.strerror}); name another file.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UnusableFile(f"{path} does not hold a sandbox tenant; move it away, and a fresh one is made.") from error


def write(path: Path, kept: Kept) -> None:
    """Write all or nothing, for the owner alone: it holds a private key."""
    rows = [asdict(relation) for relation in kept.relations]
    content = {"app": kept.app, "next_id": kept.next_id, "relations": rows}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1, default=datetime.isoformat)
        os.replace(temporary, path)
    except OSError as error:
        raise UnusableFile(f"{path} cannot be written ({error.strerror}); name another file.") from error


def _relation(row: dict[str, Any]) -> Relation:
    dates = {name: row[name] and datetime.fromisoformat(row[name]) for name in ("created", "updated")}
    return Relation(**{**row, **dates})
