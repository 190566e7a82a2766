"""HTTP/1.1 on loopback: keep-alive, one write for each answer, a thread for each connection, nothing on stdout.

Werkzeug's own server closes every connection after one answer, and a caller with a pool is what the sandbox is for.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

from sandbox.call import Answer, Call

POLL_SECONDS = 0.05  # how long `close` may take


class Listener(socketserver.ThreadingTCPServer):
    """Bound to a port from the start; `serve` answers from then on. Raises OSError where the port is taken."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int):
        self.respond: Callable[[Call], Answer | None] = lambda _: None
        self._connections: set[Any] = set()
        super().__init__(("127.0.0.1", port), Handler)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def serve(self, respond: Callable[[Call], Answer | None]) -> None:
        """Answer in the background; None from `respond` closes the line."""
        self.respond = respond
        threading.Thread(target=self.serve_forever, args=(POLL_SECONDS,), daemon=True).start()

    def close(self) -> None:
        """Stop listening, and hang up on everybody: a kept-alive connection must not outlive the sandbox."""
        self.shutdown()
        self.server_close()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection while it lasts."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a caller that went away: that is no error of ours."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Listener
    protocol_version = "HTTP/1.1"
    server_version = "liaison-sandbox"
    disable_nagle_algorithm = True
    wbufsize = -1  # buffered: head and body leave together, at the flush after each request

    def answer(self) -> None:
        """Read one request to its end and answer it."""
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            return self._send(Answer(411, b"The sandbox needs a Content-Length."), close=True)
        length = self.headers.get("Content-Length") or "0"
        body = self.rfile.read(int(length)) if length.isdecimal() else b""
        address = "{}:{}".format(*self.client_address)
        found = self.server.respond(Call(self.command, self.path, self.headers.items(), body, address))
        if found is None:
            self.close_connection = True
            return None
        return self._send(found)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer  # noqa: N815

    def _send(self, answer: Answer, *, close: bool = False) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status not in (204, 304):
            self.send_header("Content-Length", str(len(answer.body)))
        if close:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD" and answer.status not in (204, 304):
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class named it
        """Stay quiet: the page and `GET /sandbox` show the calls."""
