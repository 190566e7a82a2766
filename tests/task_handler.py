"""What Cloud Tasks calls, for tests: an address that notes each call and answers what it is told to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

Answer = tuple[int, dict[str, str]]


class Call(NamedTuple):
    """One call as it came; `at` is monotonic."""

    headers: dict[str, str]
    body: bytes
    at: float


class Handler(ThreadingHTTPServer):
    """Notes each call, and answers 200 or what `answers` holds next; `work` is done before the answer."""

    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Call)
        self.url = f"http://127.0.0.1:{self.server_port}/deliver"
        self.calls: list[Call] = []
        self.answers: list[Answer] = []
        self.work: Callable[[], object] = lambda: None
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()


class _Call(BaseHTTPRequestHandler):
    server: Handler

    def do_POST(self) -> None:
        server, at = self.server, time.monotonic()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with server.lock:
            server.calls.append(Call(dict(self.headers), body, at))
            status, headers = server.answers.pop(0) if server.answers else (200, {})
            server.at_once += 1
            server.most_at_once = max(server.most_at_once, server.at_once)
        server.work()
        with server.lock:
            server.at_once -= 1
        self.send_response(status)
        for name, value in {**headers, "Content-Length": "0"}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def listening() -> Iterator[Handler]:
    """Give a handler that listens on a free port of this machine."""
    with Handler() as handler:
        handler.daemon_threads = True
        thread = threading.Thread(target=handler.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield handler
        handler.shutdown()
        thread.join()
