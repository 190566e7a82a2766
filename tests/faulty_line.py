"""A line to a server that can be cut, or go silent, in between: TCP, whatever is spoken on it."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class FaultyLine:
    """Forwards to a server. `fault` says what becomes of its next answer: None, `silent` or `cut`; then all is well.

    With `lasts` it becomes of all answers, until there is no fault any more.
    """

    def __init__(self, server: str) -> None:
        host, port = server.rsplit(":", 1)
        self._server = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.fault: str | None = None
        self.lasts = False
        self.lost = 0
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Let nobody in any more, and cut all lines."""
        for line in (self._listener, *self._open):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                self._open += [client, server]
                threading.Thread(target=self._forward, args=(client, server), daemon=True).start()
                threading.Thread(target=self._answer, args=(server, client), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while chunk := client.recv(65536):
                server.sendall(chunk)
            server.shutdown(socket.SHUT_WR)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        """Pass answers on. Once an answer is lost, so is the connection: what comes later makes no sense alone."""
        with suppress(OSError):
            while chunk := server.recv(65536):
                if self.fault is not None:
                    fault, self.fault = self.fault, self.fault if self.lasts else None
                    self.lost += 1
                    if fault == "cut":
                        break
                    while server.recv(65536):
                        pass
                    return
                client.sendall(chunk)
            client.shutdown(socket.SHUT_RDWR)
