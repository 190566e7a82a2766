"""The wire to SuperOffice: what goes out on it, and what is made of what comes back."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from services.errors import InDoubt, Misconfigured
from services.superoffice.connections import NotConnected
from services.superoffice.incoming import LARGEST_ANSWER
from services.superoffice.transport import Transport
from tests.accepting import accepted

OK = b"HTTP/1.1 200 OK\r\n"
PACKED = gzip.compress(b"{}")
KEPT = OK + b"Content-Length: 2\r\n\r\n{}"


class Line:
    """A server that says the same to each request, and hangs up where it is told to; `heard` is what came."""

    def __init__(self, answer: bytes, *, pause: float = 0.0, hangs_up: bool = False):
        self.answer, self.pause, self.hangs_up = answer, pause, hangs_up
        self.heard: list[bytes] = []
        self.connections = 0
        self.ended = threading.Semaphore(0)  # once for each connection that was hung up
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/api"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        """Take one connection after the other, until the listener is closed."""
        for line in accepted(self.listener):
            self.connections += 1
            with line, suppress(OSError):  # who has heard enough hangs up
                while heard := line.recv(65_536):
                    self.heard.append(heard)
                    self.tell(line)
                    if self.hangs_up:
                        break
            self.ended.release()

    def tell(self, line: socket.socket) -> None:
        """Answer, with a pause between the bytes where there is one."""
        if not self.pause:
            line.sendall(self.answer)
        for byte in self.answer if self.pause else b"":
            line.sendall(bytes([byte]))
            time.sleep(self.pause)


@pytest.fixture
def answering(request: pytest.FixtureRequest) -> Iterator[type[Line]]:
    """Make servers that are closed in the end."""
    lines: list[Line] = []

    def make(answer: bytes, **how: float) -> Line:
        lines.append(Line(answer, **how))  # type: ignore[arg-type]
        return lines[-1]

    yield make  # type: ignore[misc]
    for line in lines:
        line.listener.close()


def send(line: Line, transport: Transport, time_limit: float = 5.0) -> bytes:
    """Send a request; return what came back."""
    return transport.send("POST", line.url, time_limit=time_limit, body={"Comment": "Blåbær"}).body


def test_a_request_goes_out_in_one_piece(answering):
    """Head and body are one packet, on a new connection and on a kept one; a server that looks once has them both."""
    line, transport = answering(KEPT), Transport(1)

    assert [send(line, transport) for _ in range(2)] == [b"{}", b"{}"]
    assert line.connections == 1
    assert [request.count('\r\n\r\n{"Comment":"Blåbær"}'.encode()) for request in line.heard] == [1, 1]


@pytest.mark.parametrize(
    "answer",
    [
        KEPT,
        OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
        OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(PACKED), PACKED),
        b"HTTP/1.1 100 Continue\r\n\r\n" + KEPT,
    ],
    ids=["its length", "chunks", "gzip", "a go-ahead first"],
)
def test_every_framing_of_a_body_is_read(answering, answer):
    """However the server frames the body, it is read to its end, and the connection is used again."""
    line, transport = answering(answer), Transport(1)

    assert [send(line, transport) for _ in range(2)] == [b"{}", b"{}"]
    assert line.connections == 1


@pytest.mark.parametrize("answer", [KEPT, OK + b"\r\n{}", OK + b"Connection: close\r\n\r\n{}"])
def test_a_connection_that_ends_is_made_anew(answering, answer):
    """A server that hangs up after its answer, said or not, costs no call."""
    line, transport = answering(answer, hangs_up=True), Transport(1)

    assert [send(line, transport), line.ended.acquire(timeout=5), send(line, transport)] == [b"{}", True, b"{}"]
    assert line.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"no HTTP at all\r\n\r\n",
        OK + b"Content-Length: 9\r\n\r\n{}",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{}",
        OK + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        OK + b"Content-Encoding: gzip\r\nContent-Length: 9\r\n\r\n" + PACKED[:9],
        OK + b"Content-Encoding: br\r\nContent-Length: 2\r\n\r\n{}",
        OK + b"Content-Length: %d\r\n\r\n" % (2 * LARGEST_ANSWER) + bytes(LARGEST_ANSWER + 1),
        OK + b"X: " + b"y" * (LARGEST_ANSWER + 70_000) + b"\r\n\r\n{}",
    ],
    ids=["none", "not HTTP", "cut", "chunks cut", "no gzip", "gzip cut", "unknown coding", "too large", "no end"],
)
def test_an_answer_that_is_not_whole_leaves_doubt(answering, answer):
    """The request went out, and nobody knows what became of it."""
    with pytest.raises(InDoubt):
        send(answering(answer, hangs_up=True), Transport(1))


def test_more_than_was_asked_for_ends_the_connection(answering):
    """What stands behind an answer is nobody's: the next request does not take it for its own."""
    line, transport = answering(KEPT + KEPT), Transport(1)

    assert [send(line, transport) for _ in range(2)] == [b"{}", b"{}"]
    assert line.connections == 2


@pytest.mark.parametrize("secret", ["a\nX-Other: b", "a\rb", "k€y"])
def test_a_secret_that_breaks_a_header_is_not_sent(answering, secret):
    """A line break in a secret would end the header and begin another one."""
    line = answering(KEPT)

    with pytest.raises(Misconfigured, match="line break"):
        Transport(1).send("GET", line.url, time_limit=5, headers={"SO-AppToken": secret})
    assert line.heard == []


def test_an_answer_that_drips_ends_with_the_time(answering):
    """A byte now and then does not hold a thread for longer than the call may take."""
    line = answering(OK + b"Content-Length: 2000\r\n\r\n" + bytes(2000), pause=0.01)
    begun = time.monotonic()

    with pytest.raises(InDoubt):
        send(line, Transport(1), time_limit=1.0)
    assert time.monotonic() - begun < 3


def test_nobody_there_is_no_doubt(answering):
    """Where no connection came about nothing was sent, and the words say why."""
    line = answering(KEPT)
    line.listener.shutdown(socket.SHUT_RDWR)
    line.listener.close()

    with pytest.raises(NotConnected, match="refused"):
        send(line, Transport(1))
