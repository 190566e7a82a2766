"""A file that only its owner can read, written all of it or nothing."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Put a new file in the old one's place, which is what every reader sees until then. Raises OSError."""
    target = path.resolve()  # a link goes on being one
    handle, unfinished = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")  # its mode is 600
    try:
        with open(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(unfinished)
        raise
