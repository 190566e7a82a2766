"""The connections that come to a listener, for servers that say to each what a test wants."""

from __future__ import annotations

import socket
from collections.abc import Iterator


def accepted(listener: socket.socket) -> Iterator[socket.socket]:
    """Give one connection after the other, until the listener is closed."""
    while True:
        try:
            line, _ = listener.accept()
        except OSError:
            return
        yield line
