"""The wire to SuperOffice over TLS: whose certificate is taken, and whose is not."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from services.superoffice.connections import Connections, NotConnected
from tests.accepting import accepted
from tests.certificates import make_certificate

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class SecureLine:
    """A server for one host name; `records` are what came on its connections, a TLS record each."""

    def __init__(self, folder: Path, host: str):
        key, certificate = make_certificate(host)
        self.authorities = folder / "authorities.pem"
        self.authorities.write_bytes(certificate)
        (folder / "server.pem").write_bytes(key + certificate)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(folder / "server.pem")
        self.records: list[bytes] = []
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://localhost:{self.listener.getsockname()[1]}/api"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        """Take one connection after the other, until the listener is closed."""
        for line in accepted(self.listener):
            self.connections += 1
            with suppress(OSError), self.context.wrap_socket(line, server_side=True) as secure:
                while record := secure.recv(65_536):
                    self.records.append(record)
                    secure.sendall(ANSWER)


@pytest.fixture
def speaking_tls(tmp_path: Path) -> Iterator[type[SecureLine]]:
    """Make a server for a host name, closed in the end."""
    lines: list[SecureLine] = []

    def make(host: str) -> SecureLine:
        lines.append(SecureLine(tmp_path, host))
        return lines[-1]

    yield make  # type: ignore[misc]
    for line in lines:
        line.listener.close()


def send(line: SecureLine, connections: Connections) -> bytes:
    """Post a small body; return what came back."""
    request = requests.Request("POST", line.url, data=b"{}").prepare()
    return connections.send(request, timeout=5).content


def test_a_trusted_host_is_spoken_to_in_one_record(speaking_tls):
    """Head and body are one TLS record, and the connection is used again."""
    line = speaking_tls("localhost")
    connections = Connections(1, authorities=str(line.authorities))

    assert [send(line, connections) for _ in range(2)] == [b"{}", b"{}"]
    assert line.connections == 1
    assert [record.endswith(b"\r\n\r\n{}") for record in line.records] == [True, True]


def test_a_certificate_of_nobody_known_is_not_taken(speaking_tls):
    """Who is not vouched for gets nothing, and the words say why."""
    line = speaking_tls("localhost")

    with pytest.raises(NotConnected, match="certificate is not valid"):
        send(line, Connections(1))
    assert line.records == []


def test_a_certificate_of_another_host_is_not_taken(speaking_tls):
    """A host that is trusted for its own name is not trusted for this one."""
    line = speaking_tls("elsewhere.example")

    with pytest.raises(NotConnected, match="certificate is not valid"):
        send(line, Connections(1, authorities=str(line.authorities)))
    assert line.records == []


def test_a_host_that_speaks_no_tls_is_not_spoken_to():
    """Neither is one that answers in the clear."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            with listener.accept()[0] as line:
                line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                line.recv(65_536)

        threading.Thread(target=answer, daemon=True).start()
        request = requests.Request("GET", f"https://localhost:{listener.getsockname()[1]}/").prepare()
        with pytest.raises(NotConnected, match="no secure connection"):
            Connections(1).send(request, timeout=5)
